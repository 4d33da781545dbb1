//! Every format of every sample, as a person or a program gets it. After a change that is meant to
//! change reports: `INSTA_UPDATE=always cargo test --test sample_formats`, and read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The folders of the samples, by name.
fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("logs").is_dir())
        .collect();
    folders.sort();
    assert_eq!(folders.len(), 6);
    folders
}

/// Analyses a sample with its policies, and compares the files written with what they were.
fn formats(language: &str, suffixes: &[&str]) {
    for sample in samples() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.current_dir(&sample).args(["analyze", "logs", "--policies", "policies"]);
        command.args(["--quiet", "--lang", language]);
        for suffix in suffixes {
            command.arg("-o").arg(folder.path().join(format!("report.{suffix}")));
        }
        command.assert().code(1);
        let name = sample.file_name().unwrap().to_str().unwrap();
        for suffix in suffixes {
            let text = fs::read_to_string(folder.path().join(format!("report.{suffix}"))).unwrap();
            let text = if *suffix == "html" { without_style(&text) } else { text };
            insta::assert_snapshot!(format!("{name}.{language}.{suffix}"), text);
        }
    }
}

/// The page without its style and script, which are the same for every report.
fn without_style(page: &str) -> String {
    let mut text = page.to_owned();
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let (before, rest) = text.split_once(open).unwrap();
        let (_, after) = rest.split_once(close).unwrap();
        text = format!("{before}{open}{close}{after}");
    }
    text.lines()
        .filter(|line| !line.contains("http-equiv=\"Content-Security-Policy\""))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn english() {
    formats("en", &["txt", "json", "md", "html", "sarif", "csv"]);
}

/// The formats for programs are in English whatever the reader speaks, but for what SARIF viewers
/// show.
#[test]
fn japanese() {
    formats("ja", &["txt", "md", "html", "sarif"]);
}
