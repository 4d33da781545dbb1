//! What failed, under its right name: which failures are reported, as what, and how they are grouped.
//! `data/right_name.jsonl` has one export a line: its records, what else was given, and every incident that
//! has to be reported. A new kind of fault is a new line there.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CASES: &str = include_str!("../data/right_name.jsonl");

/// The report, and what was written to standard error.
fn report(case: &Value, folder: &Path) -> (Value, String) {
    let logs = folder.join("logs.jsonl");
    let records = case["records"].as_array().unwrap().iter();
    let lines: Vec<String> = records.map(Value::to_string).collect();
    std::fs::write(&logs, lines.join("\n")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command.arg("analyze").arg(&logs).args(["--format", "json", "--exit-zero"]);
    if let Some(evidence) = case.get("evidence") {
        let path = folder.join("decoded.json");
        std::fs::write(&path, evidence.to_string()).unwrap();
        command.arg("--evidence").arg(path);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{case}");
    let told = String::from_utf8(output.stderr).unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), told)
}

fn wrong(expected: &Value, incidents: &[Value]) -> Option<String> {
    let of = &expected["of"];
    let holds = |incident: &&Value| {
        let occurrences = incident["occurrences"].as_array().unwrap();
        occurrences.iter().any(|occurrence| occurrence["denied_event_id"] == *of)
    };
    let Some(incident) = incidents.iter().find(holds) else { return Some(format!("none of {of}")) };
    let told = |name: &str| match name {
        "action" => incident["denied"]["action"].clone(),
        "resource" => incident["denied"]["resource"].clone(),
        "principal" => incident["denied"]["principal_arn"].clone(),
        "root" => incident["root"]["event_id"].clone(),
        other => incident[other].clone(),
    };
    let members = expected.as_object().unwrap().iter().filter(|(name, _)| *name != "of");
    let differing = members.filter(|(name, value)| told(name) != **value);
    let said: Vec<String> =
        differing.map(|(name, value)| format!("{name}: {value}, told {}", told(name))).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

#[test]
fn every_failure_has_its_right_name() {
    let (mut failed, mut count) = (Vec::new(), 0);
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (report, told) = report(&case, folder.path());
        let incidents = report["incidents"].as_array().unwrap();
        let expected = case["expect"].as_array().unwrap();
        let name = case["name"].as_str().unwrap();
        if incidents.len() != expected.len() {
            let titles: Vec<&Value> = incidents.iter().map(|i| &i["title"]).collect();
            failed.push(format!("{name}: {} incidents, told {titles:?}", expected.len()));
            continue;
        }
        failed.extend(
            expected.iter().filter_map(|one| Some(format!("{name}: {}", wrong(one, incidents)?))),
        );
        if let Some(warning) = case.get("warning").and_then(Value::as_str)
            && !told.contains(warning)
        {
            failed.push(format!("{name}: not told `{warning}`: {told}"));
        }
        count += 1;
    }
    assert!(count + failed.len() >= 27, "the data file lost its cases");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
