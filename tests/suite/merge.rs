//! Parts of an export, read separately and merged, give the report of the whole, byte for byte; and
//! what is no part is refused with words that help.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const SAMPLES: [&str; 6] = [
    "1-ebs-source-ip",
    "2-same-condition-other-services",
    "3-backup-vault-key",
    "4-kms-vpc-endpoint",
    "5-auto-scaling-own-key",
    "6-auto-scaling-other-account-key",
];

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// The files of a sample, digests among them, as they are called from its folder.
fn files(name: &str) -> Vec<String> {
    let folder = sample(name);
    let mut files: Vec<String> = walkdir::WalkDir::new(folder.join("logs"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.is_file())
        .map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    files
}

/// Exit status, standard output and standard error of a run in that folder.
fn run(folder: &Path, arguments: &[&str]) -> (i32, Vec<u8>, String) {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let output = command.current_dir(folder).env("LC_ALL", "C").args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), output.stdout, said)
}

fn partial(folder: &Path, paths: &[&str], to: &Path) {
    let to = to.to_str().unwrap();
    let arguments: Vec<&str> = ["analyze", "--partial", to].iter().chain(paths).copied().collect();
    let (status, output, said) = run(folder, &arguments);
    assert_eq!((status, output), (0, Vec::new()), "{said}");
    assert!(said.contains(" records in "), "{said}");
}

/// All orders of so many.
fn orders(count: usize) -> Vec<Vec<usize>> {
    match count {
        0 => vec![Vec::new()],
        _ => orders(count - 1)
            .into_iter()
            .flat_map(|order| {
                (0..count).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, count - 1);
                    longer
                })
            })
            .collect(),
    }
}

const POLICIES: [&str; 4] = ["--policies", "policies", "--policies-as-of", "2027-01-01"];

fn report(folder: &Path, command: &str, paths: &[&str]) -> String {
    let mut arguments = vec![command, "--format", "json", "--exit-zero", "--quiet"];
    arguments.extend(POLICIES);
    arguments.extend(paths);
    let (status, output, said) = run(folder, &arguments);
    assert_eq!((status, said.as_str()), (0, ""));
    String::from_utf8(output).unwrap()
}

/// Each sample is split into one, two and three parts, at random but for each run of the tests
/// anew, and merged in every order.
#[test]
fn merged_parts_give_the_report_of_the_whole() {
    for name in SAMPLES {
        let folder = sample(name);
        let whole = report(&folder, "analyze", &["logs"]);
        assert!(
            whole.contains("\"incidents\": [\n") && whole.contains("\"skipped\": [\n"),
            "{name}"
        );
        let files = files(name);
        for count in 1..=3 {
            let config = Config { cases: 1, failure_persistence: None, ..Config::default() };
            let split = prop::collection::vec(0..count, files.len());
            let split = split.prop_filter("no empty part", move |split| {
                (0..count).all(|part| split.contains(&part))
            });
            TestRunner::new(config)
                .run(&split, |split| {
                    let made = tempfile::tempdir().unwrap();
                    let parts: Vec<PathBuf> =
                        (0..count).map(|part| made.path().join(part.to_string())).collect();
                    for (number, part) in parts.iter().enumerate() {
                        let own = files.iter().zip(&split).filter(|(_, of)| **of == number);
                        let own: Vec<&str> = own.map(|(file, _)| file.as_str()).collect();
                        partial(&folder, &own, part);
                    }
                    for order in orders(count) {
                        let paths: Vec<&str> =
                            order.iter().map(|at| parts[*at].to_str().unwrap()).collect();
                        prop_assert_eq!(&report(&folder, "merge", &paths), &whole);
                    }
                    Ok(())
                })
                .unwrap();
        }
    }
}

#[test]
fn a_part_goes_through_pipes_and_takes_little() {
    let folder = sample(SAMPLES[0]);
    let (status, part, said) = run(&folder, &["analyze", "logs", "--partial", "-"]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(run(&folder, &["analyze", "logs", "--partial", "-"]).1, part);
    let stored: u64 =
        files(SAMPLES[0]).iter().map(|file| fs::metadata(folder.join(file)).unwrap().len()).sum();
    assert!((part.len() as u64) < stored / 2, "{} of {stored} bytes", part.len());
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(&folder).env("LC_ALL", "C").args(["merge", "-", "--format", "csv"]);
    let merged = command.write_stdin(part).output().unwrap();
    let (status, whole, _) = run(&folder, &["analyze", "logs", "--format", "csv"]);
    assert_eq!((merged.status.code(), merged.stdout), (Some(status), whole));
    assert_eq!(status, 1, "something was found");
}

/// The same files in two parts: every record is a copy then.
#[test]
fn what_is_in_two_parts_is_counted_as_copies() {
    let folder = sample(SAMPLES[0]);
    let made = tempfile::tempdir().unwrap();
    let part = made.path().join("part");
    partial(&folder, &["logs"], &part);
    let part = part.to_str().unwrap();
    let whole: serde_json::Value =
        serde_json::from_str(&report(&folder, "analyze", &["logs"])).unwrap();
    let twice: serde_json::Value =
        serde_json::from_str(&report(&folder, "merge", &[part, part])).unwrap();
    assert_eq!(twice["incidents"], whole["incidents"]);
    let count = |report: &serde_json::Value, name: &str| {
        report["coverage"]["events"][name].as_u64().unwrap()
    };
    assert_eq!(count(&twice, "kept"), count(&whole, "kept"));
    assert_eq!(count(&twice, "read"), 2 * count(&whole, "read"));
    assert_eq!(
        count(&twice, "duplicates"),
        2 * count(&whole, "duplicates") + count(&whole, "kept")
    );
}

/// Magic, format, version, whatever that format holds, and the checksum of it all.
fn old_part() -> Vec<u8> {
    let mut file = b"\x8ftrailwhy\n\x03\x050.0.9 what was kept then".to_vec();
    let mut sum = flate2::Crc::new();
    sum.update(&file);
    file.extend(sum.sum().to_be_bytes());
    file
}

#[test]
fn what_cannot_be_merged_is_refused_with_words_that_help() {
    let folder = sample(SAMPLES[0]);
    let made = tempfile::tempdir().unwrap();
    let path = |name: &str| made.path().join(name);
    let name = |name: &str| path(name).to_str().unwrap().to_owned();
    partial(&folder, &["logs"], &path("whole"));
    partial(&folder, &["logs", "--region", "us-east-1"], &path("region"));
    fs::write(path("services.toml"), "").unwrap();
    partial(&folder, &["logs", "--services", &name("services.toml")], &path("services"));
    let bytes = fs::read(path("whole")).unwrap();
    fs::write(path("cut"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(path("empty"), "").unwrap();
    let (whole, region, services) = (name("whole"), name("region"), name("services"));
    let old = old_part();
    fs::write(path("old"), &old).unwrap();
    let (cut, empty, missing, old) = (name("cut"), name("empty"), name("missing"), name("old"));
    let out = name("out");
    let export = files(SAMPLES[0]).pop().unwrap();
    for (arguments, words) in [
        (
            vec!["merge", &missing],
            "is not there; hint: name files that `trailwhy analyze --partial`",
        ),
        (vec!["merge", "logs"], "a folder"),
        (vec!["merge", &export], "no partial result\nhint: an export is read by `trailwhy analyze"),
        (vec!["merge", &empty], "no partial result"),
        (vec!["merge", &whole, &cut], "a damaged partial result"),
        (vec!["merge", &whole, &old], "old`: made by an older trailwhy (0.0.9), in a format that"),
        (vec!["merge", &old], "\nhint: make it again with `trailwhy analyze --partial`"),
        (vec!["merge", &whole, &region], "--region us-east-1 here, no --region there"),
        (vec!["merge", &services], "made with another service table"),
        (vec!["merge"], "required"),
        (vec!["merge", &whole, "-o", "report.docx"], "no suffix that tells a format"),
        (vec!["analyze", &whole], "`trailwhy analyze --partial` wrote; hint: `trailwhy merge "),
        (vec!["analyze", "logs", "--partial", &out, "--since", "2h"], "before the last event"),
        (vec!["analyze", "logs", "--partial", &out, "-o", "a.json"], "cannot be used with"),
        (vec!["analyze", "logs", "--partial", &out, "--format", "json"], "cannot be used with"),
        (vec!["analyze", "logs", "--partial", &out, "--policies", "policies"], "cannot be used"),
        (vec!["analyze", "logs", "--partial", "no/such/folder/part"], "`no/such/folder/part`"),
        (vec!["analyze", &missing, "--partial", &out], "is not there"),
    ] {
        let (status, output, said) = run(&folder, &arguments);
        assert_eq!((status, output), (2, Vec::new()), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(!path("out").exists(), "{arguments:?}");
    }
    let (_, _, said) = run(&folder, &["analyze", "logs", &whole, "--exit-zero"]);
    assert!(said.contains("put such files together with `trailwhy merge`"), "{said}");
}
