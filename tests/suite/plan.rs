//! An export cut by `trailwhy plan`, its parts read each by itself and merged: the report is that of one
//! reading, however it is cut.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const SAMPLES: [&str; 6] = [
    "1-ebs-source-ip",
    "2-same-condition-other-services",
    "3-backup-vault-key",
    "4-kms-vpc-endpoint",
    "5-auto-scaling-own-key",
    "6-auto-scaling-other-account-key",
];

fn logs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name).join("logs")
}

fn run(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let output =
        command.env("LC_ALL", "C").args(arguments).write_stdin(stdin.to_owned()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn plan(logs: &str, how: &[&str]) -> Vec<String> {
    let (status, lines, said) = run(&[&["plan", logs][..], how].concat(), "");
    assert_eq!(status, 0, "{said}");
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn parts_of_a_plan_merge_to_the_report_of_one_reading() {
    for (name, how) in
        SAMPLES.iter().zip([["--parts", "3"], ["--part-bytes", "40KB"]].into_iter().cycle())
    {
        let logs = logs(name);
        let logs = logs.to_str().unwrap();
        let lines = plan(logs, &how);
        assert!(lines.len() > 1, "{name}: one part only");
        let folder = tempfile::tempdir().unwrap();
        let mut parts: Vec<String> = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let part = folder.path().join(format!("{number}.part")).to_str().unwrap().to_owned();
            let arguments = ["analyze", "-q", "--files-from", "-", "--partial", &part];
            let (status, _, said) = run(&arguments, &format!("{line}\n"));
            assert_eq!(status, 0, "{said}");
            parts.push(part);
        }
        let mut merge = vec!["merge", "-q", "--format", "json"];
        merge.extend(parts.iter().rev().map(String::as_str));
        let (_, merged, _) = run(&merge, "");
        let (_, whole, _) = run(&["analyze", "-q", "--format", "json", logs], "");
        assert!(merged == whole, "{name}: merged otherwise");
    }
}

#[test]
fn each_file_is_in_one_part_which_tells_what_is_in_it() {
    let logs = logs(SAMPLES[0]);
    let lines = plan(logs.to_str().unwrap(), &["--parts", "5"]);
    assert_eq!(lines.len(), 5);
    let mut met = BTreeSet::new();
    for (line, number) in lines.iter().zip(1..) {
        let part: Value = serde_json::from_str(line).unwrap();
        assert_eq!((part["part"].as_i64(), part["parts"].as_i64()), (Some(number), Some(5)));
        let files: Vec<&str> =
            part["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
        let bytes: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert_eq!(part["bytes"].as_u64(), Some(bytes));
        for file in files {
            assert!(met.insert(file.to_owned()), "{file} is in two parts");
            // A digest, and nothing else in a sample, has a name that tells no delivery.
            if let Some(delivered) = part["delivered"].as_object() {
                assert!(file.contains("_CloudTrail_"), "{file}");
                assert!(delivered["first"].as_str() <= delivered["last"].as_str());
            }
        }
    }
    let all =
        walkdir::WalkDir::new(&logs).into_iter().filter(|e| e.as_ref().unwrap().path().is_file());
    assert_eq!(met.len(), all.count());
}

#[test]
fn a_range_leaves_out_files_whose_names_tell_that_they_are_outside() {
    let logs = logs(SAMPLES[0]);
    let logs = logs.to_str().unwrap();
    let files = |how: &[&str]| -> usize {
        let lines = plan(logs, how);
        let parts = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        parts.map(|part| part["files"].as_array().unwrap().len()).sum()
    };
    let (all, late) = (files(&[]), files(&["--since", "2026-09-16"]));
    assert!(0 < late && late < all, "{late} of {all}");
}

#[test]
fn what_cannot_be_cut_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    for (arguments, said) in [
        (vec!["plan", "-"], "standard input cannot be cut"),
        (vec!["plan", "no-such-folder"], "is not there"),
        (vec!["plan", empty], "no file"),
        (vec!["plan", empty, "--part-bytes", "much"], "a size, such as 64MB"),
        (vec!["plan", empty, "--parts", "2", "--part-bytes", "1MB"], "cannot be used with"),
    ] {
        let (status, out, err) = run(&arguments, "");
        assert_eq!((status, &*out), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
}
