//! An export read in place from S3 gives the report of the same files on disk, whatever the server does in
//! between; what cannot be had is told with what would help.

#![cfg(feature = "s3")]

use crate::support::s3 as support;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};
use support::{Faults, Server};

fn logs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name).join("logs")
}

/// The files of a sample under the keys they have below a prefix.
fn objects(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = logs(name);
    let files = walkdir::WalkDir::new(&folder).into_iter().map(|entry| entry.unwrap().into_path());
    files
        .filter(|path| path.is_file())
        .map(|path| {
            let key = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            (format!("prefix/{key}"), std::fs::read(path).unwrap())
        })
        .collect()
}

/// Exit status, standard output and standard error of a run against an endpoint.
fn run(endpoint: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let output = command
        .env_clear()
        .env("LC_ALL", "C")
        .env("HOME", "/nonexistent")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-west-1")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn report(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The report with the paths of files as they are on disk.
fn with_paths_of_disk(text: &str, folder: &Path) -> Value {
    report(&text.replace("s3://trail/prefix", folder.to_str().unwrap()))
}

fn on_disk(name: &str, more: &[&str]) -> Value {
    let folder = logs(name);
    let arguments = [&["analyze", "-q", "--format", "json", folder.to_str().unwrap()], more];
    let (_, text, said) = run("http://127.0.0.1:1", &arguments.concat());
    assert!(!text.is_empty(), "{said}");
    report(&text)
}

fn in_bucket(server: &Server, name: &str, more: &[&str]) -> Value {
    let arguments = [&["analyze", "-q", "--format", "json", "s3://trail/prefix/"], more];
    let (_, text, said) = run(&server.endpoint(), &arguments.concat());
    assert!(!text.is_empty(), "{said}");
    with_paths_of_disk(&text, &logs(name))
}

#[test]
fn the_report_is_that_of_the_files_on_disk() {
    for (name, more) in [
        ("1-ebs-source-ip", &[][..]),
        ("3-backup-vault-key", &["--threads", "8"]),
        ("6-auto-scaling-other-account-key", &["--threads", "1"]),
    ] {
        let server = Server::new(objects(name), Faults::default());
        assert_eq!(in_bucket(&server, name, more), on_disk(name, more), "{name}");
    }
}

#[test]
fn only_the_days_in_question_are_listed() {
    let name = "1-ebs-source-ip";
    let ranges: [&[&str]; 5] = [
        &["--since", "2026-09-16"],
        &["--until", "2026-09-14T12:00:00Z"],
        &["--since", "2h"],
        // From the middle of a day, and back over some days.
        &["--since", "2026-09-15T10:00:00Z"],
        &["--since", "60h"],
    ];
    for range in ranges {
        let mut all = objects(name);
        // Years of other days, each of which would take a listing of its own.
        for number in 0..400 {
            let decade = if range.contains(&"--until") { 30 } else { 10 };
            let year = decade + number / 100;
            let day = format!("20{year}/{:02}/{:02}", 1 + number % 12, 1 + number % 28);
            let key =
                format!("prefix/AWSLogs/111122223333/CloudTrail/eu-west-1/{day}/x{number}.json");
            all.push((key, b"{\"Records\":[]}".to_vec()));
        }
        let server = Server::new(all, Faults::default());
        let found = in_bucket(&server, name, range);
        let expected = on_disk(name, range);
        assert_eq!(found["incidents"], expected["incidents"], "{range:?}");
        assert_eq!(found["coverage"]["events"]["kept"], expected["coverage"]["events"]["kept"]);
        assert!(server.gets().iter().all(|key| !key.contains("/x")), "{range:?}");
        assert!(server.listings() < 60, "{range:?}: {} listings", server.listings());
    }
}

#[test]
fn many_objects_come_in_pages() {
    let record = |number: usize| {
        json!({ "Records": [{
            "eventVersion": "1.10", "eventID": format!("{number:08}-0000-4000-8000-000000000000"),
            "eventTime": format!("2026-09-15T{:02}:{:02}:00Z", number / 3600 % 24, number / 60 % 60),
            "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances", "awsRegion": "eu-west-1",
            "userIdentity": { "type": "IAMUser", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:user/reader", "userName": "reader" },
            "recipientAccountId": "111122223333", "sourceIPAddress": "203.0.113.10"
        }] })
    };
    let count = 20_000;
    let objects = (0..count).map(|number| {
        let key = format!("prefix/{:03}/{number:06}.json", number % 200);
        (key, record(number).to_string().into_bytes())
    });
    let server = Server::new(objects.collect(), Faults::default());
    let (status, text, said) =
        run(&server.endpoint(), &["analyze", "-q", "--format", "json", "s3://trail/prefix"]);
    assert_eq!(status, 0, "{said}");
    let coverage = &report(&text)["coverage"];
    assert_eq!(coverage["files"]["read"], json!(count));
    assert_eq!(coverage["events"]["kept"], json!(count));
    assert_eq!(server.listings(), count.div_ceil(1_000));
}

#[test]
fn a_storm_of_503_and_connections_cut_in_the_middle_lose_nothing() {
    let name = "3-backup-vault-key";
    for faults in [
        Faults { busy: 2, ..Faults::default() },
        Faults { cut: 1, ..Faults::default() },
        Faults { busy: 1, cut: 2, ..Faults::default() },
    ] {
        let server = Server::new(objects(name), faults);
        assert_eq!(in_bucket(&server, name, &[]), on_disk(name, &[]), "{faults:?}");
        assert!(server.gets().len() > objects(name).len(), "{faults:?} never showed");
    }
}

#[test]
fn what_is_refused_changed_or_gone_is_named_and_the_rest_is_read() {
    let name = "1-ebs-source-ip";
    for (faults, why) in [
        (
            Faults { forbid: true, ..Faults::default() },
            "s3:GetObject on arn:aws:s3:::trail/prefix/",
        ),
        (Faults { change: true, ..Faults::default() }, "it was changed after it was listed"),
        (Faults { lose: true, ..Faults::default() }, "it was listed and is gone"),
    ] {
        let server = Server::new(objects(name), faults);
        let arguments = ["analyze", "--format", "json", "s3://trail/prefix/"];
        let (status, text, said) = run(&server.endpoint(), &arguments);
        assert_eq!(status, 1, "{said}");
        let report = report(&text);
        let skipped = report["coverage"]["files"]["skipped"].as_array().unwrap();
        let told: Vec<&str> = skipped
            .iter()
            .filter(|skip| skip["reason"] == "unreadable")
            .map(|skip| skip["detail"].as_str().unwrap())
            .collect();
        assert!(!told.is_empty() && told.iter().all(|detail| detail.contains(why)), "{told:?}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn what_cannot_be_listed_is_told_with_what_would_help() {
    let server = Server::new(objects("1-ebs-source-ip"), Faults::default());
    for (path, faults, why) in [
        ("s3://trail/", "no-list", "s3:ListBucket on arn:aws:s3:::trail"),
        ("s3://elsewhere/", "region", "another Region than eu-west-1"),
        ("s3://nobody/", "", "no bucket `nobody`"),
        ("s3://trail/nothing/", "", "no files found"),
        ("s3://trail/prefix/not-there.json", "", "gone"),
    ] {
        server.set(faults);
        let (status, _, said) = run(&server.endpoint(), &["analyze", path]);
        assert_eq!(status, 2, "{path}: {said}");
        assert!(said.contains(why), "{path}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[test]
fn a_plan_of_a_bucket_is_read_by_names() {
    let name = "5-auto-scaling-own-key";
    let server = Server::new(objects(name), Faults::default());
    let (_, lines, said) = run(&server.endpoint(), &["plan", "s3://trail/prefix", "--parts", "3"]);
    assert_eq!(lines.lines().count(), 3, "{said}");
    let folder = tempfile::tempdir().unwrap();
    let mut parts: Vec<String> = Vec::new();
    for (number, line) in lines.lines().enumerate() {
        // Hadoop's spelling is the same.
        let line = line.replace("s3://", "s3a://");
        let list = folder.path().join(format!("{number}.jsonl"));
        std::fs::write(&list, line).unwrap();
        let part = folder.path().join(format!("{number}.part")).to_str().unwrap().to_owned();
        let list = list.to_str().unwrap().to_owned();
        let arguments = ["analyze", "-q", "--files-from", &list, "--partial", &part];
        let (status, _, said) = run(&server.endpoint(), &arguments);
        assert_eq!(status, 0, "{said}");
        parts.push(part);
    }
    let mut merge = vec!["merge", "-q", "--format", "json"];
    merge.extend(parts.iter().map(String::as_str));
    let (_, text, said) = run(&server.endpoint(), &merge);
    assert!(!text.is_empty(), "{said}");
    assert_eq!(with_paths_of_disk(&text, &logs(name)), on_disk(name, &[]));
}

/// Against another maker's server, whose address is in the environment.
#[test]
#[ignore = "needs a server that speaks S3 at AWS_ENDPOINT_URL with the samples' first in the bucket trail-of-sample"]
fn another_server_gives_the_same() {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
    let arguments = ["analyze", "-q", "--format", "json", "s3://trail-of-sample/prefix/"];
    let (_, text, said) = run(&endpoint, &arguments);
    assert!(!text.is_empty(), "{said}");
    let text = text.replace("trail-of-sample", "trail");
    let name = "1-ebs-source-ip";
    assert_eq!(with_paths_of_disk(&text, &logs(name)), on_disk(name, &[]));
}
