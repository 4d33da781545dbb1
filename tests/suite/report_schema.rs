//! The JSON Schema against sample reports: it accepts them, knows every field of them, and refuses
//! what the contract forbids.

use crate::support::story;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use jsonschema::Validator;
use serde_json::{Value, json};
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose;
use trailwhy::history::{History, dump::Dump};
use trailwhy::ingest::{self, Input, Options};
use trailwhy::remedy;
use trailwhy::report::{Material, Report, json as json_report, schema::REPORT_SCHEMA};
use trailwhy::wording::{Language, Wording};

fn samples() -> Vec<(PathBuf, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/report");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 6, "one sample for each seed incident");
    let read = |path: PathBuf| {
        let value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        (path, value)
    };
    paths.into_iter().map(read).collect()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(REPORT_SCHEMA).unwrap()
}

/// The schema with every object closed: a field it does not name is an error.
fn closed(mut schema: Value) -> Value {
    for definition in schema["$defs"].as_object_mut().unwrap().values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = json!(false);
        }
    }
    schema
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn the_schema_is_a_schema() {
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn the_samples_are_valid_and_hold_no_field_the_schema_does_not_name() {
    let validator = validator(&closed(schema()));
    for (path, value) in samples() {
        assert_eq!(errors(&validator, &value), [""; 0], "{}", path.display());
    }
}

#[test]
fn the_samples_are_what_the_program_writes() {
    for (path, value) in samples() {
        let report: Report = serde_json::from_value(value.clone()).unwrap();
        let written: Value = serde_json::from_str(&json_report::render(&report).unwrap()).unwrap();
        assert!(written == value, "{} loses something", path.display());
    }
}

#[test]
fn what_the_contract_forbids_is_refused() {
    let validator = validator(&schema());
    let (_, good) =
        samples().into_iter().find(|(path, _)| path.ends_with("ebs-source-ip.json")).unwrap();
    let forbidden = [
        ("/schema", json!("trailwhy.report/2")),
        ("/coverage/events/read", json!(-1)),
        ("/coverage/span/first", json!("2026-10-07 00:00:11")),
        ("/coverage/span/first", json!("2026-10-07T00:00:11+09:00")),
        ("/coverage/span/first", json!("2026-13-07T00:00:11Z")),
        ("/incidents/0/kind", json!("loud")),
        ("/incidents/0/count", json!(0)),
        ("/incidents/0/id", json!("")),
        ("/incidents/0/root/source_ip", json!("")),
        ("/incidents/0/root/source_ip", json!(null)),
        ("/incidents/0/root/error_code", json!("")),
        ("/incidents/0/root/action", json!("CreateVolume")),
        ("/incidents/0/denied", json!(null)),
        ("/incidents/0/denied/caller_kind", json!("robot")),
        ("/incidents/0/chain/0/outcome", json!("ok")),
        ("/incidents/0/chain/1/link/kind", json!("hunch")),
        ("/incidents/0/chain/1/link/confidence", json!(1.5)),
        ("/incidents/0/verdict/layer", json!("key_policy")),
        ("/incidents/0/verdict/effect", json!("deny")),
        ("/incidents/0/verdict/certainty", json!("sure")),
        ("/incidents/0/verdict/explanation", json!("")),
        ("/incidents/0/verdict/evidence/0/witness", json!("told")),
        ("/incidents/0/change", json!({})),
        ("/incidents/0/fixes/0/verified/denied_request", json!("maybe")),
        ("/incidents/0/fixes/0/verified/unchecked_layers/0", json!("acl")),
    ];
    for (pointer, value) in forbidden {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value.clone();
        assert!(!validator.is_valid(&bad), "{pointer} = {value}");
    }
}

#[test]
fn required_fields_may_not_be_absent() {
    let validator = validator(&schema());
    let (_, good) =
        samples().into_iter().find(|(path, _)| path.ends_with("ebs-source-ip.json")).unwrap();
    let required = [
        ("", "coverage"),
        ("/coverage", "blind_spots"),
        ("/coverage/events", "duplicates"),
        ("/incidents/0", "root"),
        ("/incidents/0", "denied"),
        ("/incidents/0", "change"),
        ("/incidents/0/root", "event_id"),
        ("/incidents/0/root", "error_code"),
        ("/incidents/0/chain/0", "parent_event_id"),
        ("/incidents/0/verdict", "next_evidence"),
        ("/incidents/0/comparison/factors/0", "p_value"),
        ("/incidents/0/fixes/0/verified", "still_denied"),
    ];
    for (pointer, field) in required {
        let mut bad = good.clone();
        let object = bad.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        assert!(object.remove(field).is_some(), "{pointer}/{field}");
        assert!(!validator.is_valid(&bad), "{pointer} without {field}");
    }
}

#[test]
fn the_program_prints_the_schema() {
    let output = Command::cargo_bin("trailwhy").unwrap().arg("schema").output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), REPORT_SCHEMA);
}

/// Every folder of `samples` that holds logs.
fn exports() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
    let mut exports: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("logs"))
        .filter(|path| path.is_dir())
        .collect();
    exports.sort();
    assert!(exports.len() >= 6, "one export for each seed incident");
    exports
}

#[test]
fn what_analyze_prints_for_every_sample_is_valid() {
    let validator = validator(&closed(schema()));
    for logs in exports() {
        let policies = logs.with_file_name("policies");
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.args(["analyze", "--quiet", "--format", "json", "--exit-zero"]).arg(&logs);
        if policies.is_dir() {
            command.arg("--policies").arg(policies);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(errors(&validator, &report), [""; 0], "{}", logs.display());
    }
}

/// What the library reports of these records, as `trailwhy analyze --format json` prints it.
fn reported(records: &[&Value], folder: &Path) -> Value {
    let path = folder.join("trail.json");
    fs::write(&path, json!({ "Records": records }).to_string()).unwrap();
    let inputs = [Input::Path(path)];
    let ingested = ingest::read(&inputs, &Options::default(), &()).unwrap();
    let (events, knowledge) = (&ingested.events, Knowledge::default());
    let chains = Chains::build(events, &knowledge);
    let history = History::new(events, Dump::default());
    let diagnosis = diagnose::diagnose(events, &chains, &knowledge, &history, None);
    let remedies = remedy::remedies(&diagnosis, events, &chains, &history);
    let material = Material {
        events,
        chains: &chains,
        diagnosis: &diagnosis,
        remedies: &remedies,
        history: &history,
        ledger: &ingested.ledger,
        folded: None,
        max_occurrences: None,
    };
    let report = trailwhy::report::build(&material, &Wording::new(Language::En));
    serde_json::from_str(&json_report::render(&report).unwrap()).unwrap()
}

/// The records of every story and sample, one list each.
fn worlds() -> Vec<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &str| fs::read_dir(root.join(folder)).unwrap().map(|e| e.unwrap().path());
    let mut worlds = Vec::new();
    for path in files("tests/data/verdicts") {
        let text = story::expanded(&fs::read_to_string(path).unwrap());
        let stories: Vec<Value> = serde_json::from_str(&text).unwrap();
        worlds.extend(stories.iter().map(|story| story::Trail::of(story).records));
    }
    let told = fs::read_to_string(root.join("tests/data/right_name.jsonl")).unwrap();
    for line in told.lines() {
        let story: Value = serde_json::from_str(line).unwrap();
        worlds.push(story["records"].as_array().unwrap().clone());
    }
    worlds
}

/// A record loses what ties it to others when it stands alone, and is reported all the same.
#[test]
fn reports_of_every_story_and_of_each_of_its_failed_records_alone_are_valid() {
    let validator = validator(&closed(schema()));
    let folder = tempfile::tempdir().unwrap();
    let (mut reports, mut incidents) = (0, 0);
    let mut check = |records: &[&Value]| {
        let report = reported(records, folder.path());
        assert_eq!(errors(&validator, &report), [""; 0], "{report}");
        reports += 1;
        incidents += report["incidents"].as_array().unwrap().len();
    };
    for records in worlds() {
        check(&records.iter().collect::<Vec<_>>());
        let failed = |record: &&Value| {
            ["errorCode", "errorMessage"].iter().any(|member| record[member].is_string())
        };
        let mut seen = BTreeSet::new();
        for record in records.iter().filter(failed) {
            if seen.insert((record["eventName"].to_string(), record["errorMessage"].to_string())) {
                check(&[record]);
            }
        }
    }
    assert!(reports > 300 && incidents > 300, "{reports} reports, {incidents} incidents");
}

/// Reports of records that nobody at AWS wrote.
#[test]
fn reports_of_odd_records_are_valid() {
    let validator = validator(&closed(schema()));
    let record = |name: &str, value: Value| {
        let mut record = json!({
            "eventVersion": "1.11", "eventID": "0123abcd-4567-89ab-cdef-fedcba987654",
            "eventTime": "2026-05-18T05:47:50Z", "eventSource": "s3.amazonaws.com",
            "eventName": "PutObject", "awsRegion": "eu-west-1", "eventType": "AwsApiCall",
            "userIdentity": {
                "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/Alice",
                "accountId": "111122223333"
            },
            "errorCode": "AccessDenied",
            "errorMessage": "User: arn:aws:iam::111122223333:user/Alice is not authorized to \
                perform: s3:PutObject on resource: \"arn:aws:s3:::amzn-s3-demo-bucket/a\" because \
                no identity-based policy allows the s3:PutObject action",
            "requestParameters": { "bucketName": "amzn-s3-demo-bucket", "key": "a" },
            "recipientAccountId": "111122223333"
        });
        record[name] = value;
        record
    };
    let odd = [
        ("eventName", json!("\n")),
        ("eventName", json!("Put\nObject")),
        ("eventName", json!(":")),
        ("eventSource", json!("\n.amazonaws.com")),
        ("eventSource", json!(":.amazonaws.com")),
        ("eventSource", json!(".amazonaws.com")),
        ("eventTime", json!("9999-12-31T23:59:60Z")),
        ("eventTime", json!("9999-12-31T23:59:59-12:00")),
        ("eventTime", json!("9999-12-30T23:59:60Z")),
        ("eventTime", json!("0000-01-01T00:00:00+12:00")),
        ("eventTime", json!("0000-01-02T00:00:00Z")),
        ("eventID", json!("\n")),
        ("errorCode", json!("\n")),
        ("awsRegion", json!("\u{0}")),
        ("recipientAccountId", json!(" ")),
        ("requestParameters", json!({ "": { "": "" } })),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in odd {
        let file = folder.path().join("log.json");
        let usual = record("eventID", json!("0123abcd-4567-89ab-cdef-fedcba987653"));
        let records = json!({ "Records": [record(name, value.clone()), usual] });
        fs::write(&file, records.to_string()).unwrap();
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let output = command.args(["analyze", "--format", "json"]).arg(&file).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(errors(&validator, &report), [""; 0], "{name}: {value}");
    }
}
