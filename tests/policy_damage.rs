//! Policies that are damaged: the file, line and column are named, the rest is used, and the verdict
//! says what it could not see.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

#[path = "verdict_support/dump.rs"]
mod dump;
#[path = "verdict_support/story.rs"]
mod story;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::{Trail, expanded};

/// What was said on stderr, and the verdict on a role's denied call, with one more policy on it.
fn told(document: &Value) -> (String, Value) {
    let call = json!({"do": "states:StartExecution", "by": "app", "denied": "old",
        "on": "arn:aws:states:$R:$A:stateMachine:shop"});
    let story = json!({"before": [], "after": [call]});
    let story: Value = serde_json::from_str(&expanded(&story.to_string())).unwrap();
    let folder = TempDir::new().unwrap();
    let dumps = folder.path().join("policies");
    dump::write(&json!({"roles": {"app": {"allow": ["s3:*"]}}}), &dumps);
    let file = dumps.join(story::ACCOUNT).join("account-authorization-details.json");
    let mut details: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let inline = details["RoleDetailList"][0]["RolePolicyList"].as_array_mut().unwrap();
    inline.push(json!({"PolicyName": "odd", "PolicyDocument": document}));
    fs::write(&file, serde_json::to_string_pretty(&details).unwrap()).unwrap();
    run(&story, folder.path())
}

fn run(story: &Value, folder: &Path) -> (String, Value) {
    let logs = folder.join("trail.json");
    fs::write(&logs, json!({"Records": Trail::of(story).records}).to_string()).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--format", "json", "--lang", "en"]).arg(&logs).arg("--policies");
    command.arg(folder.join("policies")).args(["--policies-as-of", "2026-05-05T00:00:00Z"]);
    let output = command.assert().code(1).get_output().clone();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (String::from_utf8(output.stderr).unwrap(), report["incidents"][0]["verdict"].clone())
}

fn statements(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[test]
fn damage_is_named_with_its_place_and_shows_in_the_verdict() {
    let rows = [
        (json!("{\"Version\": \"2012-10-17\", \"Statement\": [,]}"), "expected value", true),
        (
            statements(json!([{"Effect": "Allow", "Action": 7, "Resource": "*"}])),
            "expected a string",
            true,
        ),
        (
            statements(json!([{"Effect": "Perhaps", "Action": "*", "Resource": "*"}])),
            "Effect",
            true,
        ),
        (
            statements(json!([{"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"StringSimilar": {"aws:PrincipalArn": "x"}}}])),
            "StringSimilar",
            false,
        ),
        (
            statements(
                json!([{"Sid": "Same", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                {"Sid": "Same", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]),
            ),
            "more than once",
            false,
        ),
    ];
    for (document, complaint, is_gap) in rows {
        let (warnings, verdict) = told(&document);
        let line = warnings.lines().find(|line| line.contains(complaint)).unwrap_or(&warnings);
        assert!(line.contains("account-authorization-details.json`, line "), "{warnings}");
        assert!(line.contains(", column ") && line.contains("odd"), "{warnings}");
        let evidence = verdict["evidence"].to_string();
        assert_eq!(evidence.contains("odd of role app"), is_gap, "{complaint}: {verdict:#}");
        // The rest is used: without the damaged policy nothing allows the call, with it perhaps.
        if is_gap {
            assert_ne!(verdict["certainty"], "proven", "{complaint}");
        } else {
            assert_eq!(verdict["certainty"], "proven", "{complaint}: {verdict:#}");
            assert_eq!(verdict["layer"], "identity_policy", "{complaint}");
        }
    }
}

#[test]
fn a_policy_of_a_megabyte_is_read_like_any_other() {
    let many: Vec<Value> = (0..9000)
        .map(|n| {
            json!({"Sid": format!("Bucket{n}"), "Effect": "Allow", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::bucket-{n}-{}/*", "x".repeat(40))})
        })
        .collect();
    let document = statements(json!(many));
    assert!(document.to_string().len() > 1_000_000);
    let (warnings, verdict) = told(&document);
    assert_eq!(warnings, "");
    assert_eq!(
        (&verdict["layer"], &verdict["certainty"]),
        (&json!("identity_policy"), &json!("proven"))
    );
}
