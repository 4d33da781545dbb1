//! `trailwhy policies` and `trailwhy changes` as people use them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value as Json, json};

const USER: &str = "arn:aws:iam::111122223333:user/ana";

fn document(action: &str, effect: &str) -> Json {
    json!({"Version": "2012-10-17",
           "Statement": [{"Sid": "S", "Effect": effect, "Action": action, "Resource": "*"}]})
}

fn record(id: &str, time: &str, name: &str, parameters: Json) -> Json {
    json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": time, "awsRegion": "us-east-1",
        "eventSource": "iam.amazonaws.com", "eventName": name, "requestParameters": parameters,
        "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/admin\u{1b}[31m",
            "accountId": "111122223333", "principalId": "AIDAADMIN"},
    })
}

/// An export with two changes of one policy, and a dump taken after them.
fn prepare(folder: &Path) {
    let put = |document: Json| json!({"userName": "ana", "policyName": "own", "policyDocument": document.to_string()});
    let records = [
        record("e-1", "2026-02-01T10:00:00Z", "PutUserPolicy", put(document("s3:*", "Allow"))),
        record("e-2", "2026-02-01T11:00:00Z", "PutUserPolicy", put(document("s3:*", "Deny"))),
    ];
    fs::write(folder.join("trail.json"), json!({"Records": records}).to_string()).unwrap();
    let details = json!({"UserDetailList": [{
        "UserName": "ana", "UserId": "AIDAANA", "Arn": USER, "GroupList": [],
        "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document("s3:*", "Deny")}],
        "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]});
    fs::create_dir(folder.join("dump")).unwrap();
    fs::write(folder.join("dump/details.json"), details.to_string()).unwrap();
    fs::write(folder.join("dump/broken.json"), "{\"Policy\": ").unwrap();
}

/// Standard output and standard error of a run in a prepared folder.
fn run(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .current_dir(folder.path())
        .args(arguments)
        .args(["--policies", "dump", "--policies-as-of", "2026-02-02"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "status {}\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
}

#[test]
fn policies_shows_the_moment_and_where_it_is_known_from() {
    let moment = ["policies", "trail.json", "--at", "2026-02-01T10:30:00Z", "--for", USER];
    insta::assert_snapshot!(run(&moment));
}

#[test]
fn policies_shows_what_is_missing() {
    let moment = ["policies", "trail.json", "--at", "2026-02-01T09:00:00Z", "--quiet"];
    insta::assert_snapshot!(run(&moment));
}

#[test]
fn policies_speaks_json() {
    let moment =
        ["policies", "trail.json", "--at", "2026-02-01T12:00:00Z", "--quiet", "--format", "json"];
    insta::assert_snapshot!(run(&moment));
}

#[test]
fn changes_shows_the_difference() {
    insta::assert_snapshot!(run(&["changes", "trail.json", "--quiet"]));
}

#[test]
fn changes_are_chosen_by_owner_and_time() {
    let late = run(&["changes", "trail.json", "--since", "2026-02-01T10:30:00Z", "--quiet"]);
    assert!(late.contains("e-2") && !late.contains("e-1"), "{late}");
    let others =
        run(&["changes", "trail.json", "--for", "arn:aws:iam::111122223333:user/bo", "--quiet"]);
    assert!(others.contains("No change"), "{others}");
    let json = run(&["changes", "trail.json", "--for", USER, "--quiet", "--format", "json"]);
    let json = json.split_once('\n').unwrap().1.split("--- stderr").next().unwrap();
    let listing: Json = serde_json::from_str(json).unwrap();
    assert_eq!(listing["changes"].as_array().unwrap().len(), 2);
    assert_eq!(listing["changes"][1]["before"], document("s3:*", "Allow"));
}
