//! What is said on standard error to who typed a wrong path, asked for what is not there, or wants to know
//! what was written; in the language of the report.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/1-ebs-source-ip/logs");

/// Exit status and standard error.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut run = Command::cargo_bin("trailwhy").unwrap();
    run.env("LC_ALL", "C").current_dir(folder).args(arguments);
    let output = run.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn what_is_no_path_is_told_with_the_command_that_gets_further() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("it's.zip"), b"PK\x03\x04 and more").unwrap();
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    fs::write(folder.path().join("export.tar"), tar).unwrap();
    fs::write(folder.path().join("export.zst"), b"\x28\xb5\x2f\xfd and more").unwrap();
    // A build that reads S3 takes it for a path (see `s3`).
    let in_s3 = (
        "s3://trail/AWSLogs/",
        "aws s3 sync s3://trail/AWSLogs/ s3-export && trailwhy analyze s3-export",
    );
    let in_s3 = (!cfg!(feature = "s3")).then_some(in_s3);
    for (path, command) in in_s3.into_iter().chain([
        (
            "https://example.com/export.json",
            "curl -fLo export.json https://example.com/export.json",
        ),
        ("arn:aws:s3:::trail", "aws s3 sync s3://trail s3-export"),
        ("it's.zip", r"unzip 'it'\''s.zip' -d unpacked"),
        ("export.tar", "mkdir unpacked && tar -xf export.tar -C unpacked"),
        ("export.zst", "zstd -d export.zst"),
        ("nowhere", "hint: name a file or folder"),
    ]) {
        for command_line in
            [vec!["analyze", path], vec!["explain", path, "vol-1"], vec!["collect", path]]
        {
            let (code, told) = said(folder.path(), &command_line);
            assert_eq!(code, 2, "{command_line:?}: {told}");
            assert!(told.contains(command), "{command_line:?}: {told}");
        }
    }
}

#[test]
fn nothing_in_range_is_told_with_the_bound_that_leaves_it_out() {
    let folder = TempDir::new().unwrap();
    let export = folder.path().join("trail.json");
    let record = |number: usize| {
        serde_json::json!({
            "eventVersion": "1.11", "eventTime": format!("2026-05-04T{:02}:{:02}:00Z", number / 60 % 24, number % 60),
            "eventSource": "ec2.amazonaws.com", "eventName": "DescribeVolumes", "awsRegion": "ap-northeast-1",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/deploy",
                "accountId": "111122223333", "userName": "deploy"},
            "eventID": format!("{number:08x}-5a5a-4b4b-8c8c-000000000000"), "eventType": "AwsApiCall",
            "recipientAccountId": "111122223333", "readOnly": true, "managementEvent": true,
        })
    };
    let records: Vec<_> = (0..1_234).map(record).collect();
    fs::write(&export, serde_json::json!({"Records": records}).to_string()).unwrap();
    let count = "1,234";
    for (arguments, expected) in [
        (vec!["--since", "2030-01-01"], format!("all {count} records are before 2030-01-01")),
        (
            vec!["--until", "2020-06-01T10:00:00Z"],
            format!("all {count} records are after 2020-06-01T10:00:00Z"),
        ),
        (vec!["--region", "us-west-9"], "no record is of Region us-west-9".to_owned()),
        (
            vec!["--region", "us-west-9", "--region", "ap-northeast-1"],
            "no record is of Region us-west-9".to_owned(),
        ),
        (vec!["--account", "444455556666"], "no record is of account 444455556666".to_owned()),
        (
            vec!["--since", "2030-01-01", "--lang", "ja"],
            format!("{count} 件のレコードはすべて 2030-01-01 より前です"),
        ),
    ] {
        let mut line = vec!["analyze", "trail.json", "--exit-zero"];
        line.extend(&arguments);
        let (code, told) = said(folder.path(), &line);
        assert!(code == 0 && told.contains(&expected), "{arguments:?}: {told}");
        line.push("-q");
        assert_eq!(said(folder.path(), &line), (0, String::new()), "{arguments:?}");
    }
    let all = ["analyze", "trail.json", "--exit-zero", "--region", "ap-northeast-1"];
    assert_eq!(said(folder.path(), &all), (0, String::new()));
}

#[test]
fn what_was_written_is_told_with_what_was_found() {
    let folder = TempDir::new().unwrap();
    for (arguments, expected) in [
        (vec!["-o", "report.html"], "trailwhy: 1 incident (silent); wrote report.html\n"),
        (
            vec!["-o", "report.json", "-o", "report.md", "--lang", "ja"],
            "trailwhy: インシデント 1 件 (無言の失敗)。report.json、report.md に書き出しました\n",
        ),
        (
            vec!["-o", "none.html", "--principal", "nobody"],
            "trailwhy: no incident; wrote none.html\n",
        ),
        (vec!["-o", "shared.html", "--redact"], ""),
        (vec!["-o", "quiet.html", "-q"], ""),
    ] {
        let mut line = vec!["analyze", LOGS, "--exit-zero"];
        line.extend(&arguments);
        let (code, told) = said(folder.path(), &line);
        assert_eq!((code, told.as_str()), (0, expected), "{arguments:?}");
    }
}

#[test]
fn errors_speak_the_language_of_the_report() {
    let folder = TempDir::new().unwrap();
    for (arguments, expected) in [
        (vec!["analyze", "nowhere", "--lang", "ja"], "`nowhere` が見つかりません"),
        (vec!["analyze", "--lang", "ja"], "読み取るパスが指定されていません"),
        (vec!["analyze", ".", "--lang", "ja"], "ファイルがありません"),
        (vec!["analyze", LOGS, "-o", "report.doc", "--lang", "ja"], "拡張子"),
        (vec!["explain", LOGS, "vol-none", "--lang", "ja"], "ID `vol-none` はありません"),
        (vec!["analyze", "nowhere", "--lang", "ja", "--redact"], "`…` が見つかりません"),
        (
            vec!["analyze", LOGS, "--policies", "nowhere", "--lang", "ja"],
            "`nowhere`: 見つかりません",
        ),
        (vec!["analyze", "nowhere", "--lang", "en"], "`nowhere` is not there"),
    ] {
        let (code, told) = said(folder.path(), &arguments);
        assert!(code == 2 && told.contains(expected), "{arguments:?}: {told}");
    }
    fs::write(folder.path().join("trailwhy.toml"), "language = 'ja'\n").unwrap();
    let (_, told) = said(folder.path(), &["policies", "nowhere", "--at", "1h"]);
    assert!(told.contains("見つかりません"), "{told}");
    let mut run = Command::cargo_bin("trailwhy").unwrap();
    let output = run.env("LC_ALL", "ja_JP.UTF-8").args(["chains", "nowhere"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("見つかりません"));
}

#[test]
fn what_is_asked_for_is_found_by_name() {
    let folder = TempDir::new().unwrap();
    let out = |arguments: &[&str]| {
        let mut run = Command::cargo_bin("trailwhy").unwrap();
        let output = run.current_dir(folder.path()).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let arn = "arn:aws:iam::111122223333:user/deploy";
    for named in ["deploy", "Deploy", "*user/dep*"] {
        let policies = |named| out(&["policies", LOGS, "--at", "1s", "--for", named]);
        assert!(policies(named).contains("deploy"), "{named}: {}", policies(named));
        assert_eq!(policies(named), policies(arn), "{named}");
        let changes = |named| out(&["changes", LOGS, "--for", named]);
        assert_eq!(changes(named), changes(arn), "{named}");
    }
    assert!(!out(&["changes", LOGS, "--for", arn]).is_empty());
}
