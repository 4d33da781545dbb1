//! What was asked for, and of what sort that makes a failure: a program's own call is its own, a
//! service's work belongs to the call that began it, and what nobody called is no root. A new story
//! is a new line in `data/asked.jsonl`.
//!
//! A story has calls and what must be told of some of them. A call is `[id, seconds, source, name, who,
//! more]`; `who` is `user`, `agent`, `for SERVICE`, `service SERVICE`, `role NAME` for a program with
//! the role's credentials, `role NAME in SERVICE` for a service that has them from its own network.

use crate::support::history as history_support;

use std::collections::BTreeMap;

use assert_cmd::Command;
use serde_json::{Value, json};
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::event::Event;

const STORIES: &str = include_str!("../data/asked.jsonl");
const ACCOUNT: &str = "111122223333";

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn user() -> Value {
    json!({ "type": "IAMUser", "principalId": "AIDAEXAMPLEDEPLOY0001", "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/deploy"), "userName": "deploy",
        "accessKeyId": "AKIAEXAMPLEDEPLOY001" })
}

fn session(role: &str) -> Value {
    json!({ "type": "AssumedRole", "principalId": format!("AROAEXAMPLE{role}:{role}-1"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{role}-1"), "accountId": ACCOUNT,
        "accessKeyId": format!("ASIAEXAMPLE{role}"),
        "sessionContext": {
            "sessionIssuer": { "type": "Role", "principalId": format!("AROAEXAMPLE{role}"),
                "arn": role_arn(role), "accountId": ACCOUNT, "userName": role },
            "attributes": { "creationDate": "2026-05-18T06:00:00Z", "mfaAuthenticated": "false" } } })
}

fn on_behalf(mut identity: Value, service: &str) -> Value {
    identity["invokedBy"] = json!(format!("{service}.amazonaws.com"));
    identity["accessKeyId"] = json!("ASIAEXAMPLEFORWARD01");
    identity
}

/// Identity, and whence the call came.
fn who(text: &str) -> (Value, String) {
    let address = "203.0.113.10".to_owned();
    let host = |service: &str| format!("{service}.amazonaws.com");
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["user"] => (user(), address),
        ["agent"] => (on_behalf(user(), "aws-mcp"), host("aws-mcp")),
        ["for", service] => (on_behalf(user(), service), host(service)),
        ["for", service, role] => (on_behalf(session(role), service), host(service)),
        ["service", service] => {
            (json!({ "type": "AWSService", "invokedBy": host(service) }), host(service))
        }
        ["pod"] => (
            json!({ "type": "WebIdentityUser", "principalId": "oidc:system:pod",
            "userName": "system:pod", "identityProvider": "oidc" }),
            address,
        ),
        ["role", role] => (session(role), address),
        ["role", role, "in", service] => {
            let mut identity = session(role);
            identity["invokedBy"] = json!(host(service));
            (identity, host(service))
        }
        _ => panic!("who is `{text}`?"),
    }
}

fn record(call: &Value) -> Value {
    let text = |at: usize| call[at].as_str().unwrap();
    let seconds = call[1].as_i64().unwrap();
    let time = format!(
        "2026-05-18T{:02}:{:02}:{:02}Z",
        6 + seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let (identity, source) = who(text(4));
    let mut record = json!({
        "eventVersion": "1.11", "eventID": text(0), "eventTime": time,
        "eventSource": format!("{}.amazonaws.com", text(2)), "eventName": text(3),
        "awsRegion": "eu-west-1", "sourceIPAddress": source, "userAgent": source,
        "userIdentity": identity, "requestParameters": null, "responseElements": null,
        "requestID": format!("request-{}", text(0)), "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT, "managementEvent": true
    });
    if source == "203.0.113.10" {
        record["userAgent"] = json!("aws-sdk-go-v2/1.30.0");
    }
    for (name, value) in call.get(5).and_then(Value::as_object).into_iter().flatten() {
        match name.as_str() {
            // A service or program takes on the role whose session the stories have.
            "takes" => {
                let role = value.as_str().unwrap();
                record["requestParameters"] =
                    json!({ "roleArn": role_arn(role), "roleSessionName": format!("{role}-1") });
                record["responseElements"] = json!({
                    "credentials": { "accessKeyId": format!("ASIAEXAMPLE{role}") },
                    "assumedRoleUser": { "arn":
                        format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{role}-1") } });
            }
            "denied" => {
                record["errorCode"] = json!("AccessDenied");
                let action = value.as_str().unwrap();
                let who = record["userIdentity"]["arn"].as_str().unwrap_or("service").to_owned();
                record["errorMessage"] = json!(format!(
                    "User: {who} is not authorized to perform: {action} because no identity-based \
                     policy allows the {action} action"
                ));
            }
            "sign_in" => {
                let arn = format!(
                    "arn:aws:signin:eu-west-1:{ACCOUNT}:session/{}",
                    value.as_str().unwrap()
                );
                record["userIdentity"]["sessionContext"]["signInSessionArn"] = json!(arn);
            }
            "request" => record["requestParameters"] = value.clone(),
            "response" => record["responseElements"] = value.clone(),
            "error" => record["errorCode"] = value.clone(),
            "message" => record["errorMessage"] = value.clone(),
            "agent" => record["userAgent"] = value.clone(),
            "type" => record["eventType"] = value.clone(),
            "resources" => record["resources"] = value.clone(),
            other => panic!("what is `{other}`?"),
        }
    }
    record
}

fn run(records: &[Value], arguments: &[&str]) -> Value {
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .args(arguments)
        .args(["-", "--format", "json"])
        .write_stdin(serde_json::to_vec(&json!({ "Records": records })).unwrap())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Child to parent, as the chains are listed.
fn parents(records: &[Value]) -> BTreeMap<String, String> {
    let listing = run(records, &["chains"]);
    let chains = listing["chains"].as_array().unwrap().iter();
    let steps = chains.flat_map(|chain| chain["chain"].as_array().unwrap());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    steps.filter_map(|s| Some((text(&s["event_id"])?, text(&s["parent_event_id"])?))).collect()
}

fn differences(story: &Value) -> Vec<String> {
    let records: Vec<Value> = story["calls"].as_array().unwrap().iter().map(record).collect();
    let report = run(&records, &["analyze", "--exit-zero"]);
    let incidents = report["incidents"].as_array().unwrap();
    let parents = parents(&records);
    let mut wrong = Vec::new();
    for (id, want) in story["expect"].as_object().unwrap() {
        let is_it = |incident: &&Value| {
            let occurrences = incident["occurrences"].as_array().unwrap();
            occurrences.iter().any(|o| o["denied_event_id"] == **id)
                || incident["denied"]["event_id"] == **id
        };
        let found = incidents.iter().find(is_it);
        for (what, value) in want.as_object().unwrap() {
            let told = match what.as_str() {
                "parent" => parents.get(id).map_or(Value::Null, |parent| json!(parent)),
                "kind" => found.map_or(Value::Null, |i| i["kind"].clone()),
                "caller" => found.map_or(Value::Null, |i| i["denied"]["caller_kind"].clone()),
                "root" => found.map_or(json!("no incident"), |i| i["root"]["event_id"].clone()),
                "made_up" => json!(found.is_some_and(|i| i["root"]["synthesized"] == true)),
                other => panic!("what is `{other}`?"),
            };
            if told != *value {
                wrong.push(format!("{}: {what} of {id} is {told}, not {value}", story["story"]));
            }
        }
    }
    wrong
}

/// How sure the way to what was asked for is, told of events as the library has them.
fn root_confidence(records: &[Value], id: &str) -> Option<f64> {
    let mut events: Vec<Event> = records.iter().map(history_support::event).collect();
    events.sort_by(|a, b| (a.time, a.id()).cmp(&(b.time, b.id())));
    let chains = Chains::build(&events, &Knowledge::default());
    let at = events.iter().position(|event| event.id() == id).unwrap();
    chains.root_confidence(at, &events)
}

#[test]
fn the_way_to_the_root_is_as_sure_as_its_weakest_link() {
    let volume = |id: &str, number: &str| {
        let response = json!({ "volumeId": format!("vol-0123456789abcde{number}") });
        record(&json!([id, 10, "ec2", "CreateVolume", "user",
            { "request": { "encrypted": true }, "response": response }]))
    };
    let key = record(&json!(["key", 10, "kms", "GenerateDataKeyWithoutPlaintext",
        "for ec2-frontend-api", { "denied": "kms:GenerateDataKeyWithoutPlaintext" }]));
    let alone = root_confidence(&[volume("one", "01"), key.clone()], "key").unwrap();
    let both = [volume("one", "01"), volume("two", "02"), key];
    let tied = root_confidence(&both, "key").unwrap();
    assert!(tied <= alone / 2.0 + 0.01, "{tied} of two, {alone} of one");
    assert_eq!(root_confidence(&both, "one"), None);
}

#[test]
fn a_chain_leaves_out_what_a_long_session_only_read() {
    let mut calls = vec![
        json!(["start", 0, "codepipeline", "StartPipelineExecution", "user",
            { "request": { "name": "release" } }]),
        json!(["take", 2, "sts", "AssumeRole", "service codepipeline", { "takes": "releaser" }]),
    ];
    for second in 10..60 {
        let id = format!("look {second}");
        calls.push(json!([id, second, "ecs", "DescribeServices", "role releaser in codepipeline"]));
    }
    calls.push(json!(["deploy", 70, "codedeploy", "CreateDeployment",
        "role releaser in codepipeline", { "denied": "codedeploy:CreateDeployment" }]));
    let records: Vec<Value> = calls.iter().map(record).collect();
    let report = run(&records, &["analyze", "--exit-zero"]);
    let chain = report["incidents"][0]["chain"].as_array().unwrap().iter();
    let steps: Vec<&str> = chain.map(|step| step["event_id"].as_str().unwrap()).collect();
    assert_eq!(steps, ["start", "take", "deploy"]);
    // The tree itself has all of it.
    assert_eq!(parents(&records).len(), 52);
}

#[test]
fn every_story_is_told_right() {
    let stories = STORIES.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let wrong: Vec<String> = stories.flat_map(|story| differences(&story)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
