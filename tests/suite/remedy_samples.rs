//! The fixes of the samples: the one each story asks for is there and proven, and the tempting
//! wrong one is refuted.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// Samples whose denied request evaluating gives, so that the fix can be proven.
const PROVEN: [&str; 6] = [
    "1-ebs-source-ip",
    "2-same-condition-other-services",
    "3-backup-vault-key",
    "4-kms-vpc-endpoint",
    "5-auto-scaling-own-key",
    "6-auto-scaling-other-account-key",
];

fn analyzed(folder: &Path) -> Value {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--format", "json", "--lang", "en"]).arg(folder.join("logs"));
    let done = command.arg("--policies").arg(folder.join("policies")).assert().code(1);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn holds_all(value: &Value, words: &[Value]) -> bool {
    let text = value.to_string();
    words.iter().all(|word| text.contains(word.as_str().unwrap()))
}

#[test]
fn every_sample_gets_its_fix_proven_and_the_wrong_one_refuted() {
    for name in PROVEN {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        let expected: Value =
            serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
        let report = analyzed(&folder);
        let incidents = list(&report, "incidents");
        let fixes: Vec<&Value> = incidents.iter().flat_map(|i| list(i, "fixes")).collect();
        let words = list(&expected["fix"], "words");
        let is_proven = fixes.iter().any(|fix| {
            let verified = &fix["verified"];
            fix["layer"] == expected["fix"]["layer"]
                && verified["denied_request"] == "allowed"
                && verified["successes_broken"] == 0
                && verified["still_denied"].as_u64() > Some(0)
        });
        assert!(is_proven, "{name}: {fixes:#?}");
        let all: Value = fixes.iter().map(|fix| (*fix).clone()).collect();
        assert!(holds_all(&all, words), "{name}: {words:?} in {fixes:#?}");
        let refuted: Value =
            incidents.iter().flat_map(|i| list(i, "refuted_fixes").to_vec()).collect();
        assert!(holds_all(&refuted, list(&expected, "refuted")), "{name}: {refuted:#?}");
    }
}

#[test]
fn no_fix_allows_what_a_statement_denies() {
    for name in ["1-ebs-source-ip", "3-backup-vault-key"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        let report = analyzed(&folder);
        for fix in list(&report, "incidents").iter().flat_map(|i| list(i, "fixes")) {
            for operation in list(fix, "patch") {
                assert_ne!(operation["value"]["Effect"], "Allow", "{name}: {fix:#}");
            }
        }
    }
}
