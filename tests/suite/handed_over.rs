//! What people hand over and get back: files are whole or untouched, nothing read is written over,
//! nothing endless fills the memory, and no name reaches a terminal as it is.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use serde_json::json;

const EXPORT: &str = "logs/export.json";

/// A folder with an export of one refused call in a folder of its own.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/deploy", "userName": "deploy"
        },
        "eventTime": "2026-03-01T12:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject", "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli", "errorCode": "AccessDenied", "errorMessage": "Access Denied",
        "requestParameters": {"bucketName": "amzn-s3-demo-bucket", "key": "a"},
        "responseElements": null, "requestID": "EXAMPLE1",
        "eventID": "47aa4706-445a-4bdb-8518-c9abbde21270", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333"
    });
    fs::write(folder.path().join(EXPORT), json!({"Records": [record]}).to_string()).unwrap();
    folder
}

fn run<S: AsRef<OsStr>>(folder: &Path, words: &[S]) -> Output {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(folder).args(words).timeout(Duration::from_secs(60));
    command.env("LANG", "C").output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Every name in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// Each way to have a file written, with the words that ask for it.
const WRITERS: [(&str, &[&str]); 9] = [
    ("r.json", &["analyze", EXPORT, "-o"]),
    ("r.html", &["analyze", EXPORT, "-o"]),
    ("r.md", &["analyze", EXPORT, "-o"]),
    ("r.sarif", &["analyze", EXPORT, "-o"]),
    ("r.csv", &["analyze", EXPORT, "-o"]),
    ("r.txt", &["analyze", EXPORT, "-o"]),
    ("r.part", &["analyze", EXPORT, "--partial"]),
    ("map.json", &["analyze", EXPORT, "--redact", "--redact-map"]),
    ("names.json", &["explain", EXPORT, "amzn-s3-demo-bucket", "--redact", "--redact-map"]),
];

fn writes(folder: &Path, words: &[&str], file: &str) -> Output {
    run(folder, &[words, &[file]].concat())
}

#[test]
fn a_written_file_is_whole_and_nothing_lies_beside_it() {
    for (file, words) in WRITERS {
        let folder = folder();
        let output = writes(folder.path(), words, file);
        assert!(output.status.code().unwrap() < 2, "{file}: {}", said(&output));
        assert!(folder.path().join(file).metadata().unwrap().len() > 0, "{file}");
        assert_eq!(names(folder.path()).len(), 2, "{:?}", names(folder.path()));
    }
}

#[test]
fn a_link_stays_and_what_it_names_is_replaced_with_its_permissions() {
    for (file, words) in WRITERS {
        let folder = folder();
        let (link, behind) = (folder.path().join(file), folder.path().join("behind"));
        for exists in [true, false] {
            let _ = fs::remove_file(&link);
            let _ = fs::remove_file(&behind);
            if exists {
                fs::write(&behind, "old").unwrap();
                fs::set_permissions(&behind, fs::Permissions::from_mode(0o640)).unwrap();
            }
            symlink("behind", &link).unwrap();
            writes(folder.path(), words, file);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{file}");
            assert_ne!(fs::read(&behind).unwrap(), b"old", "{file}");
            if exists && file.starts_with("r.") && !file.ends_with("part") {
                assert_eq!(mode(&behind), 0o640, "{file}");
            }
        }
    }
}

#[test]
fn maps_and_parts_are_for_their_owner_whatever_was_there() {
    for (file, words) in
        WRITERS.iter().filter(|(file, _)| !file.starts_with("r.") || file.ends_with("part"))
    {
        for before in [None, Some(0o644)] {
            let folder = folder();
            let path = folder.path().join(file);
            if let Some(before) = before {
                fs::write(&path, "old").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(before)).unwrap();
            }
            writes(folder.path(), words, file);
            assert_eq!(mode(&path), 0o600, "{file} {before:?}");
        }
    }
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
    for (file, words) in WRITERS {
        let folder = folder();
        fs::write(folder.path().join(file), "old").unwrap();
        // No file may grow beyond nothing: what a full disk does, without one.
        let script = format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {} {file}", words.join(" "));
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .arg(assert_cmd::cargo::cargo_bin("trailwhy"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{file}: {}", said(&output));
        let told = said(&output);
        let named = if words.contains(&"--redact") { "`…`" } else { file };
        assert!(told.contains(named) && !told.contains(".tmp"), "{told}");
        assert_eq!(fs::read(folder.path().join(file)).unwrap(), b"old", "{file}");
        assert_eq!(names(folder.path()).len(), 2, "{file}: {:?}", names(folder.path()));
    }
}

#[test]
fn pipes_and_devices_take_what_is_written() {
    let folder = folder();
    for (file, words) in WRITERS {
        let script = format!("\"$0\" {} >(cat > copy) >shown; wait; sleep 0.2", words.join(" "));
        if file == "r.part" || file.contains("map") || file.contains("names") {
            let run = std::process::Command::new("bash")
                .args(["-c", &script])
                .arg(assert_cmd::cargo::cargo_bin("trailwhy"))
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(fs::metadata(folder.path().join("copy")).unwrap().len() > 0, "{}", said(&run));
            let output = writes(folder.path(), words, "/dev/null");
            assert!(output.status.code().unwrap() < 2, "{}", said(&output));
        }
    }
}

#[test]
fn what_is_read_is_never_written_over() {
    let folder = folder();
    let at = folder.path();
    run(at, &["analyze", EXPORT, "--partial", "a.part"]);
    run(at, &["analyze", EXPORT, "-o", "known.json"]);
    fs::create_dir(at.join("dumps")).unwrap();
    fs::write(at.join("dumps/policy.json"), "{\"Version\":\"2012-10-17\",\"Statement\":[]}")
        .unwrap();
    fs::write(at.join("own.txt"), "").unwrap();
    fs::hard_link(at.join(EXPORT), at.join("same.json")).unwrap();
    symlink(EXPORT, at.join("link.json")).unwrap();
    let cases: &[&[&str]] = &[
        &["analyze", EXPORT, "-o", EXPORT],
        &["analyze", EXPORT, "-o", "logs/../logs/export.json"],
        &["analyze", EXPORT, "-o", "same.json"],
        &["analyze", EXPORT, "-o", "link.json"],
        &["analyze", "logs", "-o", EXPORT],
        &["analyze", ".", "-o", "link.json"],
        &["analyze", EXPORT, "--partial", EXPORT],
        &["analyze", EXPORT, "--redact", "--redact-map", EXPORT],
        &["analyze", EXPORT, "-o", "x.json", "-o", "./x.json"],
        &["analyze", EXPORT, "-o", "x.json", "--redact", "--redact-map", "x.json"],
        &["analyze", EXPORT, "--baseline", "known.json", "-o", "known.json"],
        &["analyze", EXPORT, "--policies", "dumps", "-o", "dumps/policy.json"],
        &["analyze", EXPORT, "--evidence", "dumps", "-o", "dumps/policy.json"],
        &["analyze", EXPORT, "--services", "own.txt", "-o", "own.txt"],
        &["analyze", EXPORT, "--config", "own.txt", "-o", "own.txt"],
        &["merge", "a.part", "--partial", "a.part"],
        &["merge", "a.part", "--redact", "--redact-map", "a.part"],
        &["explain", EXPORT, "deploy", "--redact", "--redact-map", EXPORT],
        &["compare", EXPORT, "--failed", "deploy", "--redact", "--redact-map", EXPORT],
    ];
    let before = fs::read(at.join(EXPORT)).unwrap();
    for case in cases {
        let output = run(at, case);
        assert_eq!(output.status.code(), Some(2), "{case:?}: {}", said(&output));
        assert!(said(&output).contains("would be written over"), "{case:?}: {}", said(&output));
        assert!(said(&output).contains("hint: "), "{case:?}");
        assert_eq!(fs::read(at.join(EXPORT)).unwrap(), before, "{case:?}");
        assert!(!at.join("x.json").exists());
    }
    // A new file beside the others is no input, and yesterday's page is no log.
    for _ in 0..2 {
        let output = run(at, &["analyze", "logs", "-o", "logs/report.html"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    }
    for status in [1, 2] {
        let output = run(at, &["analyze", "logs", "-o", "logs/report.json"]);
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
    }
}

/// Each way to hand a file over, with the words before its name.
const READERS: [&[&str]; 9] = [
    &["analyze", EXPORT, "--baseline"],
    &["analyze", EXPORT, "--config"],
    &["analyze", EXPORT, "--services"],
    &["analyze", EXPORT, "--evidence"],
    &["analyze", EXPORT, "--policies"],
    &["chains", EXPORT, "--services"],
    &["changes", EXPORT, "--policies"],
    &["policies", EXPORT, "--at", "1h", "--policies"],
    &["merge"],
];

#[test]
fn what_never_ends_is_told_and_ends() {
    let folder = folder();
    for words in READERS {
        for endless in ["/dev/zero", "/dev/urandom", "/dev/full"] {
            let output = run(folder.path(), &[words, &[endless]].concat());
            assert_eq!(output.status.code(), Some(2), "{words:?} {endless}: {}", said(&output));
            let told = said(&output);
            assert!(told.contains(endless) && told.contains("hint: "), "{words:?}: {told}");
        }
    }
    for endless in ["/dev/zero", "/dev/full"] {
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("trailwhy"))
            .arg("simulate")
            .stdin(fs::File::open(endless).unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("line 1 of standard input is longer than"));
    }
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("trailwhy"))
        .arg("simulate")
        .stdin(fs::File::open("/dev/urandom").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("are no cases"), "{}", said(&output));
}

#[test]
fn a_pipe_that_is_named_is_read_like_a_file() {
    let folder = folder();
    let at = folder.path();
    let binary = assert_cmd::cargo::cargo_bin("trailwhy");
    let binary = binary.to_str().unwrap();
    run(at, &["analyze", EXPORT, "-o", "known.json"]);
    run(at, &["analyze", EXPORT, "--partial", "a.part"]);
    fs::write(at.join("own.toml"), "fail_on = ['ghost']").unwrap();
    for (words, code) in [
        ("analyze logs --baseline <(cat known.json)", 0),
        ("analyze logs --config <(cat own.toml)", 0),
        ("analyze logs --config /dev/null", 1),
        ("merge <(cat a.part)", 1),
        ("analyze logs --policies <(echo '[')", 1),
        ("analyze logs --evidence <(echo '[')", 1),
    ] {
        let output = std::process::Command::new("bash")
            .args(["-c", &format!("{binary} {words}")])
            .current_dir(at)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {}", said(&output));
        // What was in the pipe came to be read.
        assert_eq!(words.contains("'['"), said(&output).contains("/dev/fd/"), "{words}");
    }
}

/// What a terminal would act on, or hide.
fn is_unseemly(character: char) -> bool {
    character != '\n' && (character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character))
}

#[test]
fn no_name_reaches_standard_error_as_it_is() {
    let folder = folder();
    let at = folder.path();
    let hostile = "a\u{1b}[31m\u{202e}b\ntrailwhy: all is well\u{9b}2J\u{7}.json";
    let mut words: Vec<Vec<&str>> = READERS.iter().map(|words| words.to_vec()).collect();
    words.extend(WRITERS.iter().map(|(_, words)| words.to_vec()));
    for command in [
        "analyze", "chains", "changes", "policies", "explain", "compare", "collect", "merge",
        "simulate",
    ] {
        words.push(vec![command]);
        for option in [
            "--format",
            "--lang",
            "--since",
            "--until",
            "--at",
            "--fail-on",
            "--threads",
            "--config",
            "--policies-as-of",
            "--failed",
            "--with",
            "--failed-since",
            "--principal",
            "--for",
            "--max-occurrences",
            "--account",
            "--region",
            "--no-such-option",
            "--services",
            "--evidence",
            "--policies",
            "--baseline",
            "-o",
            "--partial",
            "--redact-map",
        ] {
            words.push(vec![command, EXPORT, option]);
            words.push(vec![command, option]);
        }
    }
    words.push(vec![]);
    words.push(vec!["generate", "completions"]);
    // Nothing there; something there that is nothing; something there that says something hostile.
    let inside = json!({"Version": hostile, "Statement": [{"Sid": hostile, "Effect": hostile}]});
    let contents = [
        None,
        Some("nothing".to_owned()),
        Some(inside.to_string()),
        Some(format!("'{hostile}' = 1")),
    ];
    for content in contents {
        if let Some(content) = &content {
            fs::write(at.join(hostile), content).unwrap();
        }
        for words in &words {
            let mut command = Command::cargo_bin("trailwhy").unwrap();
            command.current_dir(at).args(words).arg(hostile).write_stdin("");
            let told = said(&command.output().unwrap());
            assert_eq!(told.chars().find(|c| is_unseemly(*c)), None, "{words:?}: {told:?}");
            assert!(!told.contains("\ntrailwhy: all is well"), "{words:?}: {told}");
            if let Some(content) = &content {
                fs::write(at.join(hostile), content).unwrap();
            }
        }
    }
}
