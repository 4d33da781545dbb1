//! What AWS told of a denial when it was asked, given with `--evidence`: tied to the denied call, it
//! names layer, statement and conditions, and where it disagrees with the rest that is said.

use crate::support::{dump, story};

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::{Trail, expanded};

const POLICY: &str =
    "arn:aws:organizations::123456789012:policy/o-exampleorg1/service_control_policy/p-regions01";
const CLUSTER: &str = "arn:aws:redshift:$R:$A:cluster:warehouse";

/// Three denials of one call, worded as `denied` says.
fn story(denied: &str) -> Value {
    let call = json!({"do": "redshift:CreateCluster", "by": "data", "denied": denied, "on": CLUSTER,
        "request": {"clusterIdentifier": "warehouse"}});
    serde_json::from_str(&expanded(&json!({"before": [], "after": [call]}).to_string())).unwrap()
}

/// IAM Toolbox's account of the decision, made at `time`.
fn details(time: &str) -> Value {
    let text = json!({
        "requestContext": {"aws:PrincipalArn": "arn:aws:iam::$A:role/data", "aws:RequestedRegion": "$R",
            "aws:CurrentTime": time},
        "evaluations": [{"action": "redshift:CreateCluster", "resource": CLUSTER, "context": {},
            "evaluatedEffect": "EXPLICIT_DENY", "matchedPolicies": [{"uri": POLICY, "matchedStatements":
                [{"evaluatedEffect": "EXPLICIT_DENY", "sid": "NoClusters"}]}]}],
        "policies": [{"uri": POLICY, "type": "SERVICE_CONTROL_POLICY", "inline": false, "attachedTo": [{"arn": "r-a1b2"}]}],
    });
    serde_json::from_str(&expanded(&text.to_string())).unwrap()
}

/// What STS decodes; it names no layer.
fn decoded() -> Value {
    let message = json!({"allowed": false, "explicitDeny": true,
        "matchedStatements": {"items": [{"statementId": "NoClusters", "effect": "DENY",
            "conditions": {"items": [{"key": "aws:RequestTag/team", "values": {"items": []}}]}}]},
        "failures": {"items": []},
        "context": {"principal": {"arn": "arn:aws:sts::$A:assumed-role/data/run"}, "action": "redshift:CreateCluster",
            "resource": CLUSTER, "conditions": {"items": []}}});
    json!({"DecodedMessage": expanded(&message.to_string())})
}

/// The one verdict, given evidence files by name and, where there are any, policies.
fn verdict(story: &Value, files: &[(&str, Value)], policies: Option<&Value>) -> Value {
    let folder = TempDir::new().unwrap();
    let trail = Trail::of(story);
    let logs = folder.path().join("trail.json");
    fs::write(&logs, json!({"Records": trail.records}).to_string()).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--format", "json", "--lang", "en"]).arg(&logs);
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::write(&path, content.to_string()).unwrap();
        command.arg("--evidence").arg(path);
    }
    if let Some(policies) = policies {
        let dumps = folder.path().join("policies");
        dump::write(policies, &dumps);
        command.arg("--policies").arg(&dumps).args(["--policies-as-of", "2026-05-05T00:00:00Z"]);
    }
    let output = command.assert().code(1).get_output().stdout.clone();
    let report: Value = serde_json::from_slice(&output).unwrap();
    let incidents = report["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    incidents[0]["verdict"].clone()
}

#[test]
fn authorization_details_name_layer_and_statement() {
    let alone = verdict(&story("old"), &[], None);
    assert_ne!(alone["layer"], "scp");
    let told = verdict(&story("old"), &[("details.json", details("2026-05-04T05:00:01Z"))], None);
    assert_eq!(
        (&told["layer"], &told["effect"], &told["certainty"]),
        (&json!("scp"), &json!("explicit_deny"), &json!("stated"))
    );
    assert_eq!(
        told["policy"],
        json!({"arn": POLICY, "attached_to": "r-a1b2", "statement_sid": "NoClusters"})
    );
    assert!(told["evidence"].to_string().contains("details.json"));
}

#[test]
fn a_decision_of_another_time_is_not_this_one() {
    let told = verdict(&story("old"), &[("details.json", details("2026-05-04T09:00:00Z"))], None);
    assert!(!told["evidence"].to_string().contains("details.json"), "{told:#}");
    let named = verdict(
        &story("old"),
        // An id of the call in the file's name ties it whatever else it says.
        &[("00000001-5a5a-4b4b-8c8c-000000001eef.json", details("2026-05-04T05:00:00Z"))],
        None,
    );
    assert_eq!(named["layer"], "scp");
}

#[test]
fn a_decoded_message_finds_its_statement_in_the_policies_given() {
    let statement = json!([{"Sid": "NoClusters", "Effect": "Deny", "Action": "redshift:*", "Resource": "*",
        "Condition": {"Null": {"aws:RequestTag/team": "true"}}}]);
    let policies =
        json!({"roles": {"data": {"allow": ["redshift:*"], "inline": {"tags": statement}}}});
    let told = verdict(&story("old"), &[("decoded.json", decoded())], Some(&policies));
    assert_eq!(told["layer"], "identity_policy");
    assert_eq!(told["certainty"], "proven");
    assert_eq!(told["policy"]["statement_sid"], "NoClusters");
    assert_eq!(told["condition_keys"], json!(["aws:RequestTag/team"]));
    assert_eq!(told["contradiction"], Value::Null);
}

#[test]
fn what_aws_says_twice_in_two_ways_is_told() {
    let worded = "because no identity-based policy allows the redshift:CreateCluster action";
    let told = verdict(&story(worded), &[("details.json", details("2026-05-04T05:00:00Z"))], None);
    let contradiction = told["contradiction"].as_str().unwrap();
    assert!(contradiction.contains("identity-based policy"), "{contradiction}");
    assert!(contradiction.contains("service control policy"), "{contradiction}");
    assert_eq!(told["layer"], "scp");
}

#[test]
fn a_text_that_the_policies_do_not_bear_out_is_told() {
    let policies = json!({"roles": {"data": {"allow": ["redshift:*"], "boundary": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}});
    let worded = "because no identity-based policy allows the redshift:CreateCluster action";
    let told = verdict(&story(worded), &[], Some(&policies));
    let contradiction = told["contradiction"].as_str().unwrap();
    assert!(contradiction.contains("permissions boundary"), "{contradiction}");
}

#[test]
fn policies_that_allow_what_was_denied_are_told_to_be_of_another_time() {
    let policies = json!({"roles": {"data": {"allow": ["redshift:*"]}}});
    let told = verdict(&story("old"), &[], Some(&policies));
    let contradiction = told["contradiction"].as_str().unwrap();
    assert!(contradiction.contains("allows it"), "{contradiction}");
    assert_ne!(told["certainty"], "proven");
}

#[test]
fn of_two_layers_that_deny_the_one_aws_names_is_meant() {
    let denies =
        json!([{"Sid": "Here", "Effect": "Deny", "Action": "redshift:*", "Resource": "*"}]);
    let policies = json!({
        "roles": {"data": {"allow": ["redshift:*"], "inline": {"limits": denies}}},
        "scps": {"p-warehouse": {"at": "r-a1b2", "statements": denies}},
    });
    for (named, layer) in
        [("an identity-based policy", "identity_policy"), ("a service control policy", "scp")]
    {
        let told =
            verdict(&story(&format!("with an explicit deny in {named}")), &[], Some(&policies));
        assert_eq!((&told["layer"], &told["certainty"]), (&json!(layer), &json!("proven")));
        assert_eq!(told["contradiction"], Value::Null);
    }
}

#[test]
fn evidence_that_is_none_is_complained_about_and_the_rest_used() {
    let files =
        [("broken.json", json!("nothing")), ("details.json", details("2026-05-04T05:00:00Z"))];
    assert_eq!(verdict(&story("old"), &files, None)["layer"], "scp");
}
