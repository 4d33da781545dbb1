//! A case among many records of other calls of the same days, accounts and Regions gives the incidents
//! that it gives alone.

use crate::support::alone;

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// Other records beside each case; fewer where the program is slow because it is not optimised.
const RECORDS: usize = if cfg!(debug_assertions) { 20_000 } else { 150_000 };

fn report(logs: &Path) -> Value {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let output = command
        .args(["analyze", "--quiet", "--whole", "--format", "json", "--exit-zero"])
        .arg(logs)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn is_told_alike(sample: &str) {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let scratch = tempfile::tempdir().unwrap();
    let made = alone::embed(&case, scratch.path(), RECORDS, 1).unwrap();
    assert!(made >= RECORDS);
    let (alone, among) = (report(&case.join("logs")), report(&scratch.path().join("logs")));
    assert!(!alone["incidents"].as_array().unwrap().is_empty());
    let differences = alone::differences(&alone, &among).unwrap();
    assert!(differences.is_empty(), "{sample}:\n{}", differences.join("\n"));
}

#[test]
fn a_refused_volume_is_told_alike() {
    is_told_alike("1-ebs-source-ip");
}

#[test]
fn refusals_of_several_services_are_told_alike() {
    is_told_alike("2-same-condition-other-services");
}

#[test]
fn refused_launches_are_told_alike() {
    is_told_alike("5-auto-scaling-own-key");
}
