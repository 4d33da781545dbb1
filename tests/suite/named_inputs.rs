//! What is read, named by a list (`--files-from`) or told by where it came from (`--source-root`):
//! the report is that of the same paths as arguments, and what cannot be meant is refused.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn logs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/1-ebs-source-ip/logs")
}

/// A folder with the files of a sample under names that are hard to take.
fn hard_to_name() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let files = walkdir::WalkDir::new(logs()).into_iter().map(|entry| entry.unwrap().into_path());
    let odd = ["-", "--help", "a b", "é", "x=y", "'\"", "back\\slash", "*"];
    let mut names: Vec<String> = Vec::new();
    for (number, file) in files.filter(|path| path.is_file()).enumerate() {
        let odd = odd.get(number % odd.len()).unwrap();
        let name = format!("{odd}{number}");
        fs::copy(file, folder.path().join(&name)).unwrap();
        names.push(name);
    }
    (folder, names)
}

/// A file with records in it.
fn records() -> PathBuf {
    let mut files =
        walkdir::WalkDir::new(logs()).into_iter().map(|entry| entry.unwrap().into_path());
    files.find(|path| path.is_file() && path.iter().any(|name| name == "CloudTrail")).unwrap()
}

/// Exit status, standard output and standard error.
fn run(folder: &Path, arguments: &[&str], stdin: impl Into<Vec<u8>>) -> (i32, String, String) {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(folder).env("LC_ALL", "C").args(arguments);
    let output = command.write_stdin(stdin).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

const JSON: [&str; 4] = ["--format", "json", "--exit-zero", "--quiet"];

#[test]
fn a_list_names_what_arguments_would() {
    let (folder, names) = hard_to_name();
    let typed: Vec<String> = names.iter().map(|name| format!("./{name}")).collect();
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let whole = run(folder.path(), &[&["analyze"], &JSON[..], &typed].concat(), "");
    assert_eq!(whole.0, 0, "{}", whole.2);
    let listed = typed.join("\n");
    let from = ["--files-from", "-"];
    for list in [
        listed.clone(),
        listed.replace('\n', "\r\n") + "\r\n",
        listed.replace('\n', "\n\n"),
        typed.join("\0"),
        typed.join("\0") + "\0",
    ] {
        let read = run(folder.path(), &[&["analyze"], &JSON[..], &from].concat(), list);
        assert_eq!(read, whole);
    }
    // Some in the list, some as arguments.
    let (first, rest) = typed.split_at(2);
    let both = [&["analyze"], &JSON[..], first, &from].concat();
    assert_eq!(run(folder.path(), &both, rest.join("\n")), whole);
    // Without `./` a dash within a list starts a name like any other.
    let dashed: Vec<&str> = names.iter().map(String::as_str).collect();
    let lines = run(folder.path(), &[&["analyze"], &JSON[..], &from].concat(), dashed.join("\n"));
    let incidents =
        |report: &str| serde_json::from_str::<Value>(report).unwrap()["incidents"].take();
    assert_eq!(incidents(&lines.1), incidents(&whole.1));
    // The list of a file, in a folder of its own: names are as from the working directory.
    let list = tempfile::NamedTempFile::new().unwrap();
    fs::write(list.path(), &listed).unwrap();
    let from = ["--files-from", list.path().to_str().unwrap()];
    assert_eq!(run(folder.path(), &[&["analyze"], &JSON[..], &from].concat(), ""), whole);
}

#[cfg(unix)]
#[test]
fn names_of_other_bytes_and_with_line_ends_are_found() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name: &[u8] = b"l\xffne\nend\r";
    let path = folder.path().join(std::ffi::OsStr::from_bytes(name));
    fs::copy(records(), path).unwrap();
    let list = [name, &[0]].concat();
    let arguments = [&["analyze", "--files-from", "-"], &JSON[..]].concat();
    let (status, report, said) = run(folder.path(), &arguments, list);
    assert_eq!(status, 0, "{said}");
    assert!(report.contains("\"read\": 1"), "{report}");
}

#[test]
fn every_command_that_reads_paths_takes_a_list() {
    let logs = logs();
    let list = logs.to_str().unwrap().to_owned() + "\n";
    let path = logs.to_str().unwrap();
    let commands: [(&[&str], &[&str]); 5] = [
        (&["chains", "--failed"], &[]),
        (&["changes"], &[]),
        (&["policies", "--at", "1h"], &[]),
        (&["compare", "--principal", "deploy*", "--with-principal", "*"], &[]),
        (&["explain"], &["vol-0a1b2c3d4e5f60718"]),
    ];
    for (command, last) in commands {
        let typed = run(&logs, &[command, &[path], last].concat(), "");
        let listed = run(&logs, &[command, &["--files-from", "-"], last].concat(), list.clone());
        assert_eq!(typed, listed, "{command:?}");
    }
}

#[test]
fn lists_that_cannot_be_meant_are_refused() {
    let (folder, names) = hard_to_name();
    let list = folder.path().join("list");
    fs::write(&list, names.join("\n")).unwrap();
    let before = fs::read(&list).unwrap();
    for (arguments, stdin, words) in [
        (&["--files-from", "-"][..], "", "`-`: names no file or folder\nhint: "),
        (&["--files-from", "-"], "\n\n", "names no file or folder"),
        (&["--files-from", "-"], "\0", "names no file or folder"),
        (&["--files-from", "-"], "gone\n", "`gone` is not there; hint: name a file or folder"),
        (&["--files-from", "-"], "\u{1b}[2J", "`\\u{1b}[2J` is not there"),
        (&["--files-from", "-", "-"], "list", "cannot be both the list of files and a file"),
        (&["--files-from", "-"], "list\n-\n", "cannot be both the list of files and a file"),
        (&["--files-from", "gone"], "", "`gone`"),
        (&["--files-from", "."], "", "`.`"),
        (&["--files-from", "list", "-o", "list"], "", "list"),
        (&["--files-from", "list", "--partial", "list"], "", "list"),
    ] {
        let (status, output, said) = run(folder.path(), &[&["analyze"], arguments].concat(), stdin);
        assert_eq!((status, output.as_str()), (2, ""), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(fs::read(&list).unwrap(), before);
}

/// The paths that a report names.
fn skipped(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let skipped = report["coverage"]["files"]["skipped"].as_array().unwrap();
    skipped.iter().map(|skip| skip["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_are_told_by_where_they_came_from() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["copy/year=2026/a.json", "copy/other/b.json", "copyright/c.json"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "no records").unwrap();
    }
    fs::copy(folder.path().join("copy/other/b.json"), folder.path().join("copy/d.json")).unwrap();
    fs::copy(records(), folder.path().join("copy/records")).unwrap();
    let report = |paths: &[&str]| {
        let (status, report, said) =
            run(folder.path(), &[&["analyze"], &JSON[..], paths].concat(), "");
        assert_eq!(status, 0, "{said}");
        skipped(&report)
    };
    let absolute = folder.path().join("copy");
    let absolute = absolute.to_str().unwrap();
    for roots in [
        ["--source-root", "copy=s3://b/p/", "--source-root", "copy/year=2026=s3://c?d=e"],
        ["--source-root", "copy/year=2026/=s3://c?d=e", "--source-root", "./copy=s3://b/p"],
    ] {
        let told =
            ["copyright/c.json", "s3://b/p/d.json", "s3://b/p/other/b.json", "s3://c?d=e/a.json"];
        assert_eq!(report(&[&["copy", "copyright"], &roots[..]].concat()), told);
        let elsewhere = report(&[&[absolute, "copyright"], &roots[..]].concat());
        assert_eq!(elsewhere, told);
        // A part keeps the names.
        let part = [&["analyze", "--partial", "part", "copy", "copyright"], &roots[..]].concat();
        assert_eq!(run(folder.path(), &part, "").0, 0);
        let merged = run(folder.path(), &[&["merge", "part"], &JSON[..]].concat(), "");
        assert_eq!(skipped(&merged.1), told);
    }
    // Warnings, too.
    fs::write(folder.path().join("copy/cut.gz"), b"\x1f\x8b\x08\0").unwrap();
    let arguments = ["analyze", "copy", "--source-root", "copy=s3://b", "--exit-zero"];
    let (_, _, said) = run(folder.path(), &arguments, "");
    assert!(said.contains("`s3://b/cut.gz`"), "{said}");
    for (root, words) in [
        ("copy", "does not say where the files came from"),
        ("copy=", "does not say where the files came from"),
        ("copy=/", "does not say where the files came from"),
        ("gone=s3://b", "names no folder that is there"),
        ("", "does not say where the files came from"),
        ("\u{1b}=x", "`--source-root \\u{1b}=x`"),
    ] {
        let (status, output, said) =
            run(folder.path(), &["analyze", "copy", "--source-root", root], "");
        assert_eq!((status, output.as_str()), (2, ""), "{root}: {said}");
        assert!(said.contains(words), "{root}: {said}");
    }
}
