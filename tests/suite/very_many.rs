//! Exports that have very much of one thing get the answer that few of it get: nothing is lost, and what
//! is too much to be shown is counted.

use crate::support::many;

use std::collections::BTreeSet;
use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};

/// The incidents of an export, in their order.
fn incidents(records: &[Value]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let export = json!({ "Records": records }).to_string();
    fs::write(folder.path().join("export.json"), export).unwrap();
    let run = Command::cargo_bin("trailwhy")
        .unwrap()
        .args(["analyze", "--whole", "--quiet", "--format", "json", "--exit-zero"])
        .arg(folder.path())
        .assert()
        .success();
    let report: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    report["incidents"].as_array().unwrap().clone()
}

/// How often it happened, and how many times are listed, which is once each.
fn counts(incident: &Value) -> (u64, usize) {
    let occurrences = incident["occurrences"].as_array().unwrap();
    let ids: BTreeSet<&str> =
        occurrences.iter().filter_map(|one| one["denied_event_id"].as_str()).collect();
    assert_eq!(ids.len(), occurrences.len(), "no refused call is listed twice");
    (incident["count"].as_u64().unwrap(), ids.len())
}

#[test]
fn what_one_principal_was_refused_is_one_incident() {
    let found = incidents(&many::one_principal(60));
    assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), [(60, 60)]);
    assert_eq!(found[0]["comparison"]["successes"], 6);
}

#[test]
fn every_principal_that_was_refused_is_told_of() {
    let found = incidents(&many::principals(60));
    let principals: BTreeSet<&str> =
        found.iter().filter_map(|one| one["denied"]["principal_arn"].as_str()).collect();
    assert_eq!((found.len(), principals.len()), (60, 60));
    let ids: BTreeSet<&str> = found.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids.len(), 60);
    for incident in &found {
        assert_eq!(counts(incident), (1, 1));
        let evidence = incident["verdict"]["evidence"].to_string();
        assert!(evidence.contains("60 different principals fail on this resource"), "{evidence}");
    }
}

#[test]
fn of_a_long_chain_the_calls_around_the_refused_one_are_shown_and_the_others_counted() {
    let records = many::one_root(300);
    let found = incidents(&records);
    let mut all: Vec<(u64, usize)> = found.iter().map(counts).collect();
    all.sort_unstable();
    assert_eq!(all, [vec![(1, 1); 150], vec![(150, 150)]].concat());
    for incident in &found {
        let chain = incident["chain"].as_array().unwrap();
        let left_out = incident["chain_left_out"].as_u64().unwrap();
        assert_eq!(chain.len() as u64 + left_out, records.len() as u64);
        assert!(chain.len() < 20, "{}", chain.len());
        assert_eq!(chain[0]["action"], "glue:StartJobRun");
        let denied = &incident["denied"]["event_id"];
        assert!(chain.iter().any(|step| step["event_id"] == *denied));
        assert_eq!(incident["root"]["action"], "glue:StartJobRun");
    }
}

#[test]
fn a_chain_that_can_be_shown_is_shown_whole() {
    let records = many::one_root(40);
    for incident in incidents(&records) {
        assert_eq!(incident["chain"].as_array().unwrap().len(), records.len());
        assert_eq!(incident["chain_left_out"], Value::Null);
    }
}

#[test]
fn refusals_among_thousands_of_calls_of_one_second_are_found() {
    for (records, refused) in [(many::assume_role(3_000), 3), (many::one_second(10_000), 1)] {
        let found = incidents(&records);
        assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), [(refused, refused as usize)]);
    }
}

#[test]
fn of_many_changes_of_a_key_the_one_is_told_before_which_the_call_may_have_worked() {
    let records = many::key_policies(80);
    let found = incidents(&records);
    assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), [(8, 8)]);
    // Each policy put admits others; what was in force before the first is not known.
    let change = records.iter().find(|record| record["eventName"] == "PutKeyPolicy").unwrap();
    assert_eq!(found[0]["change"]["event_id"], change["eventID"]);
}
