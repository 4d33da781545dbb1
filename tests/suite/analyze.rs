//! What makes a run of `analyze` fail, and what of an export may be shared: through the command line.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use trailwhy::wording::vocabulary;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

const FIRST: &str = "1-ebs-source-ip";
const LAST: &str = "6-auto-scaling-other-account-key";

/// A run in an empty folder, so that no configuration of whoever runs the tests is found.
struct Run {
    folder: tempfile::TempDir,
}

impl Run {
    fn new() -> Run {
        Run { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.current_dir(&self.folder).env("LC_ALL", "C").arg("analyze").args(arguments);
        command
    }

    /// Exit status, standard output and standard error.
    fn analyze(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

fn logs(name: &str) -> String {
    sample(name).join("logs").to_str().unwrap().to_owned()
}

/// An export in which nothing failed.
const QUIET: &str = r#"{"Records":[{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a","accountId":"111122223333"},"eventTime":"2026-09-14T09:36:21Z","eventSource":"ec2.amazonaws.com","eventName":"CreateVolume","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.9","eventID":"623b7d41-6f0f-4505-8041-a59eeb16685a","eventType":"AwsApiCall","recipientAccountId":"111122223333","eventCategory":"Management"}]}"#;

#[test]
fn the_exit_status_says_whether_something_was_found() {
    let run = Run::new();
    run.write("quiet.json", QUIET);
    run.write("other.txt", "no records here");
    let logs = logs(FIRST);
    assert_eq!(run.analyze(&["quiet.json"]).0, 0);
    assert_eq!(run.analyze(&[&logs]).0, 1);
    assert_eq!(run.analyze(&[&logs, "--exit-zero"]).0, 0);
    for wrong in [
        &["missing/"][..],
        &["other.txt"],
        &["quiet.json", "-o", "report.docx"],
        &["quiet.json", "--policies", "missing.json"],
        &["quiet.json", "--baseline", "missing.json"],
        &["quiet.json", "--baseline", "other.txt"],
        &["quiet.json", "--config", "missing.toml"],
        &["quiet.json", "--fail-on", "loud"],
        &["quiet.json", "--redact-map", "map.json"],
        &["quiet.json", "-o", "no/such/folder/report.json"],
        &[],
    ] {
        let (status, output, said) = run.analyze(wrong);
        assert_eq!((status, output.as_str()), (2, ""), "{wrong:?}: {said}");
        assert!(!said.is_empty(), "{wrong:?}");
    }
}

#[test]
fn only_what_is_new_and_of_the_kinds_asked_for_fails_a_run() {
    let run = Run::new();
    let logs = logs(FIRST);
    assert_eq!(run.analyze(&[&logs, "--fail-on", "silent,ghost"]).0, 1);
    let (status, shown, said) = run.analyze(&[&logs, "--fail-on", "ghost,direct"]);
    assert_eq!(status, 0);
    assert!(shown.contains("ec2:CreateVolume"), "it is still shown: {shown}");
    assert!(said.contains("0 of 1 incidents count"), "{said}");
    // A baseline of other days of the same trail knows the incident all the same.
    let (_, before, _) =
        run.analyze(&[&logs, "--format", "json", "--until", "2026-09-15T12:00:00Z"]);
    run.write("before.json", &before);
    let (_, after, _) = run.analyze(&[&logs, "--format", "json"]);
    assert_ne!(before, after);
    assert_eq!(run.analyze(&[&logs, "--baseline", "before.json"]).0, 0);
    run.write("nothing.json", r#"{"incidents":[]}"#);
    assert_eq!(run.analyze(&[&logs, "--baseline", "nothing.json"]).0, 1);
    let (_, _, said) = run.analyze(&[&logs, "--baseline", "before.json", "--quiet"]);
    assert_eq!(said, "");
}

#[test]
fn the_configuration_gives_paths_policies_language_and_what_counts() {
    let run = Run::new();
    let logs = logs(FIRST);
    let policies = sample(FIRST).join("policies");
    run.write(
        "trailwhy.toml",
        &format!(
            "language = 'ja'\npaths = ['{logs}']\npolicies = ['{}']\nfail_on = ['ghost']\n",
            policies.display()
        ),
    );
    fs::create_dir_all(run.path("deep/below")).unwrap();
    let below = |arguments: &[&str]| {
        let output = run.command(arguments).current_dir(run.path("deep/below")).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, shown) = below(&[]);
    assert_eq!(status, 0);
    assert!(shown.contains("明示的な拒否") && shown.contains("DenyOutsideOffice"), "{shown}");
    // What is typed goes before what the file says.
    let (status, shown) = below(&["--lang", "en", "--fail-on", "silent"]);
    assert_eq!(status, 1);
    assert!(shown.contains("explicit deny"), "{shown}");
    run.write("other.toml", &format!("paths = ['{logs}']"));
    let (status, shown) = below(&["--config", "../../other.toml"]);
    assert_eq!(status, 1);
    assert!(shown.contains("explicit deny"), "{shown}");
}

#[test]
fn ignored_incidents_are_noise_with_a_reason_until_the_rule_expires() {
    let run = Run::new();
    let logs = logs(FIRST);
    let rule = |expires: &str| {
        format!("[[ignore]]\naction = 'kms:*'\nreason = 'known since May'\nexpires = '{expires}'\n")
    };
    run.write("trailwhy.toml", &rule("2030-01-01"));
    let (status, shown, said) = run.analyze(&[&logs]);
    assert_eq!((status, said.as_str()), (0, ""));
    assert!(shown.contains("known since May"), "{shown}");
    run.write("trailwhy.toml", &rule("2026-01-01"));
    let (status, shown, said) = run.analyze(&[&logs]);
    assert_eq!(status, 1);
    assert!(said.contains("`known since May` has expired"), "{said}");
    assert!(!shown.contains("known since May"), "{shown}");
}

/// The members of records and policies whose values people choose.
const NAMED: [&str; 16] = [
    "userName",
    "roleName",
    "policyName",
    "groupName",
    "sid",
    "keyId",
    "principalId",
    "sessionName",
    "roleSessionName",
    "bucketName",
    "aliasName",
    "name",
    "sourceIdentity",
    "vpcEndpointId",
    "autoScalingGroupName",
    "launchTemplateName",
];

/// What the files of a sample say that would tell whose they are.
struct Identifiers {
    found: BTreeSet<String>,
    /// Words that the program says itself.
    said: BTreeSet<String>,
}

impl Identifiers {
    fn of(folder: &Path) -> BTreeSet<String> {
        let mut found = Identifiers { found: BTreeSet::new(), said: vocabulary() };
        for entry in walkdir::WalkDir::new(folder) {
            let entry = entry.unwrap();
            let path = entry.path();
            if !["gz", "json"].iter().any(|suffix| path.extension().is_some_and(|s| s == *suffix))
                || path.ends_with("expected.json")
            {
                continue;
            }
            let bytes = fs::read(path).unwrap();
            let mut text = String::new();
            if MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).is_err() {
                text = String::from_utf8(bytes).unwrap();
            }
            if let Ok(document) = serde_json::from_str(&text) {
                found.collect(&document);
            }
        }
        found.found
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::Array(parts) => parts.iter().for_each(|part| self.collect(part)),
            Value::Object(members) => {
                for (name, member) in members {
                    let named = NAMED.iter().any(|known| known.eq_ignore_ascii_case(name));
                    match member.as_str() {
                        Some(text) if named => self.name(text),
                        _ => {}
                    }
                    self.collect(member);
                }
            }
            Value::String(text) => match serde_json::from_str(text) {
                // Policies are JSON inside strings.
                Ok(document @ (Value::Object(_) | Value::Array(_))) => self.collect(&document),
                _ => self.words(text),
            },
            _ => {}
        }
    }

    /// Account ids, UUIDs, resource ids, unique ids, addresses, and names in ARNs.
    fn words(&mut self, text: &str) {
        for word in text.split(|c: char| c.is_whitespace() || "\"'(),".contains(c)) {
            if word.starts_with("arn:") {
                let parts: Vec<&str> = word.splitn(6, ':').collect();
                if parts.len() == 6 && parts[4] != "aws" {
                    let tail = parts[5].split_once(['/', ':']).map_or(parts[5], |(_, tail)| tail);
                    tail.split(['/', ':']).for_each(|name| self.name(name));
                    self.words(parts[4]);
                }
                continue;
            }
            for piece in word.split([':', '/']).chain([word]) {
                let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
                let account = piece.len() == 12 && piece.bytes().all(|b| b.is_ascii_digit());
                let uuid = piece.len() == 36 && piece.split('-').count() == 5;
                let resource = piece.rsplit_once('-').is_some_and(|(_, digits)| {
                    (8..=17).contains(&digits.len()) && digits.chars().all(hexadecimal)
                });
                let unique = ["AKIA", "ASIA", "AROA", "AIDA", "ANPA"]
                    .iter()
                    .any(|prefix| piece.starts_with(prefix) && piece.len() > 15);
                let address = piece.parse::<IpAddr>().is_ok();
                if account || uuid || resource || unique || address {
                    self.found.insert(piece.to_owned());
                }
            }
        }
    }

    /// A name somebody chose: neither one of AWS's, nor a pattern, nor too short to be found again,
    /// nor a word that the report says of itself.
    fn name(&mut self, name: &str) {
        let by_aws = name.starts_with("AWSServiceRoleFor")
            || name.starts_with("aws:")
            || name.ends_with(".amazonaws.com")
            || self.said.contains(&name.to_ascii_lowercase())
            || ["aws-service-role", "service-role", "default", "root"].contains(&name);
        if !by_aws && name.len() >= 5 && !name.contains(['*', '$', ' ']) {
            self.found.insert(name.to_owned());
        }
    }
}

/// Whether `word` stands in `text` by itself.
fn stands_in(word: &str, text: &str) -> bool {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(joins) && !text[at + word.len()..].starts_with(joins))
}

const FORMATS: [&str; 6] = ["txt", "json", "md", "html", "sarif", "csv"];

#[test]
fn no_original_identifier_survives_in_any_format() {
    for (name, language) in [(FIRST, "en"), (LAST, "en"), (FIRST, "ja")] {
        let run = Run::new();
        let folder = sample(name);
        let policies = folder.join("policies");
        let (logs, policies) = (logs(name), policies.to_str().unwrap());
        let mut arguments =
            vec![logs.as_str(), "--policies", policies, "--lang", language, "--full", "--quiet"];
        let files: Vec<String> = FORMATS.iter().map(|format| format!("r.{format}")).collect();
        files.iter().for_each(|file| arguments.extend(["-o", file.as_str()]));
        let read = |file: &String| fs::read_to_string(run.path(file)).unwrap();
        assert_eq!(run.analyze(&arguments).0, 1);
        let open: Vec<String> = files.iter().map(read).collect();
        arguments.extend(["--redact", "--redact-map", "map.json"]);
        assert_eq!(run.analyze(&arguments).0, 1);
        let shared: Vec<String> = files.iter().map(read).collect();

        let identifiers = Identifiers::of(&folder);
        let found = identifiers.iter().filter(|word| open.iter().any(|text| stands_in(word, text)));
        assert!(found.count() > 50, "{name}: the search finds what is there");
        for (format, text) in FORMATS.iter().zip(&shared) {
            let left: Vec<&String> =
                identifiers.iter().filter(|word| stands_in(word, text)).collect();
            assert!(left.is_empty(), "{name} as {format} in {language}: {left:?}");
        }
        // The mapping leads back, and one thing has one stand-in in all formats.
        let mapping: Value = serde_json::from_str(&read(&"map.json".to_owned())).unwrap();
        let report: Value = serde_json::from_str(&shared[1]).unwrap();
        let original: Value = serde_json::from_str(&open[1]).unwrap();
        let denied = |report: &Value| {
            report["incidents"][0]["denied"]["event_id"].as_str().unwrap().to_owned()
        };
        assert_eq!(mapping[denied(&report)], denied(&original));
        for text in &shared {
            assert!(text.contains(&denied(&report)), "{name}: the same stand-in everywhere");
        }
    }
}

/// A backup that was asked for and accepted; KMS refused it, and its end was recorded as an event
/// without any error.
const BACKUP: &str = r#"{"Records":[
{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/a","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"a"},"eventTime":"2026-09-14T09:00:00Z","eventSource":"backup.amazonaws.com","eventName":"StartBackupJob","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.9","requestParameters":{"backupVaultName":"nightly","resourceArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"},"responseElements":{"backupJobId":"0e6c2f44-54a1-4a0e-9e0f-0f1c5d7b8a21"},"eventID":"623b7d41-6f0f-4505-8041-a59eeb16685a","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"111122223333","eventCategory":"Management"},
{"eventVersion":"1.11","userIdentity":{"type":"AWSService","invokedBy":"backup-storage.amazonaws.com"},"eventTime":"2026-09-14T09:01:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"eu-west-1","sourceIPAddress":"backup-storage.amazonaws.com","userAgent":"backup-storage.amazonaws.com","errorCode":"AccessDenied","errorMessage":"User: backup-storage.amazonaws.com is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/11112222-3333-4444-5555-666677778888 because no resource-based policy allows the kms:Decrypt action","requestParameters":null,"responseElements":null,"eventID":"7b0f9a02-51d9-4a5e-8f6e-8a4f7a3c2b10","readOnly":true,"eventType":"AwsApiCall","recipientAccountId":"111122223333","eventCategory":"Management"},
{"eventVersion":"1.11","userIdentity":{"type":"AWSService","invokedBy":"backup.amazonaws.com"},"eventTime":"2026-09-14T09:05:00Z","eventSource":"backup.amazonaws.com","eventName":"BackupJobCompleted","awsRegion":"eu-west-1","sourceIPAddress":"backup.amazonaws.com","userAgent":"backup.amazonaws.com","requestParameters":null,"responseElements":null,"eventID":"9a1d3c55-3e0b-4f0e-a1d6-2f6d6c1b9e77","readOnly":false,"eventType":"AwsServiceEvent","recipientAccountId":"111122223333","serviceEventDetails":{"state":"STATE","backupJobId":"0e6c2f44-54a1-4a0e-9e0f-0f1c5d7b8a21","backupVaultName":"nightly","resourceArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders","statusMessage":"The key \u001b[31mcannot be used"},"eventCategory":"Management"}
]}"#;

#[test]
fn work_that_a_service_reports_as_failed_is_shown_as_failed() {
    let run = Run::new();
    run.write("failed.json", &BACKUP.replace("STATE", "FAILED"));
    run.write("completed.json", &BACKUP.replace("STATE", "COMPLETED"));
    let end = |file: &str| {
        let (_, report, _) = run.analyze(&[file, "--format", "json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        let chain = report["incidents"][0]["chain"].as_array().unwrap().clone();
        chain.into_iter().find(|step| step["action"] == "backup:BackupJobCompleted").unwrap()
    };
    let failed = end("failed.json");
    assert_eq!(failed["outcome"], "error");
    assert_eq!(failed["error_code"], "FAILED");
    assert_eq!(failed["error_message"], "The key \u{1b}[31mcannot be used");
    let completed = end("completed.json");
    assert_eq!(completed["outcome"], "success");
    assert_eq!(completed.get("error_message"), None);

    let ended = "Ended     FAILED, 2026-09-14T09:05:00Z: The key";
    let (_, card, _) = run.analyze(&["failed.json"]);
    assert!(
        card.contains("FAILED") && card.contains("The key") && !card.contains('\u{1b}'),
        "{card}"
    );
    let (_, page, _) = run.analyze(&["failed.json", "--full"]);
    assert!(page.contains(ended) && !page.contains('\u{1b}'), "{page}");
    let (_, page, _) = run.analyze(&["completed.json", "--full"]);
    assert!(!page.contains("Ended"), "{page}");
    for format in ["html", "markdown"] {
        let (_, page, _) = run.analyze(&["failed.json", "--format", format]);
        assert!(page.contains("cannot be used") && !page.contains('\u{1b}'), "{page}");
    }
}
