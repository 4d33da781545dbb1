//! What a report says of failures beside successes: changes between them, what the log cannot show, calls that did
//! not need what was refused, and what follows from few.

use crate::support::pairs;

use assert_cmd::Command;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

/// A call of the role `builder` at a minute of a morning.
fn call(minute: u32, source: &str, name: &str, request: Value) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE1:ci",
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/builder/ci"),
            "accountId": ACCOUNT,
            "accessKeyId": "ASIAEXAMPLE1",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROAEXAMPLE1", "accountId": ACCOUNT,
                    "arn": format!("arn:aws:iam::{ACCOUNT}:role/builder"), "userName": "builder",
                },
                "attributes": {
                    "creationDate": "2026-09-15T07:55:00Z", "mfaAuthenticated": "false",
                },
            },
        },
        "eventTime": format!("2026-09-15T{:02}:{:02}:00Z", 8 + minute / 60, minute % 60),
        "eventSource": source,
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.15.30",
        "requestParameters": request,
        "responseElements": null,
        "requestID": format!("req-{name}-{minute}"),
        "eventID": format!("{name}-{minute}"),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    })
}

fn refused(mut call: Value, code: &str, action: &str, on: &str) -> Value {
    let who = call["userIdentity"]["arn"].as_str().unwrap().to_owned();
    call["errorCode"] = json!(code);
    call["errorMessage"] = json!(format!(
        "User: {who} is not authorized to perform: {action} on resource: {on} because no \
         identity-based policy allows the {action} action"
    ));
    call
}

fn run(records: &[Value], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let document = json!({ "Records": records });
    std::fs::write(folder.path().join("log.json"), document.to_string()).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let command = command.args(["analyze", "--quiet", "--exit-zero"]).arg(folder.path());
    let done = command.args(arguments).env("COLUMNS", "4000").assert().code(0);
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

/// The comparison of the only incident.
fn comparison(records: &[Value]) -> Value {
    let report: Value = serde_json::from_str(&run(records, &["--format", "json"])).unwrap();
    assert_eq!(report["incidents"].as_array().map(Vec::len), Some(1), "{report:#}");
    report["incidents"][0]["comparison"].clone()
}

/// Calls of several services that go on in the same way, and fail once somebody changed the role's policy.
const CHANGED: [(&str, &str, &str); 4] = [
    ("sqs.amazonaws.com", "CreateQueue", "sqs:CreateQueue"),
    ("glue.amazonaws.com", "StartJobRun", "glue:StartJobRun"),
    ("ecr.amazonaws.com", "CreateRepository", "ecr:CreateRepository"),
    ("states.amazonaws.com", "StartExecution", "states:StartExecution"),
];

#[test]
fn a_change_between_success_and_failure_is_the_difference() {
    for (source, name, action) in CHANGED {
        for (repaired, failures) in [(false, 5), (true, 5), (false, 1)] {
            let request = json!({ "name": "jobs" });
            let on =
                format!("arn:aws:{}:eu-west-1:{ACCOUNT}:jobs", action.split(':').next().unwrap());
            let mut records: Vec<Value> =
                (0..6).map(|at| call(at * 7, source, name, request.clone())).collect();
            let policy = json!({ "roleName": "builder", "policyName": "all" });
            let mut change = call(60, "iam.amazonaws.com", "DeleteRolePolicy", policy.clone());
            change["userIdentity"]["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/admin"));
            change["userIdentity"]["type"] = json!("IAMUser");
            records.push(change);
            records.extend((0..failures).map(|at| {
                refused(
                    call(65 + at * 7, source, name, request.clone()),
                    "AccessDenied",
                    action,
                    &on,
                )
            }));
            if repaired {
                records.extend((0..3).map(|at| call(140 + at * 7, source, name, request.clone())));
            }
            let told = comparison(&records);
            let first = &told["factors"][0];
            assert_eq!(first["attribute"], "time", "{name}: {told:#}");
            assert_eq!(first["succeeded_with"], 0, "{name}: {told:#}");
            let because = told["nearest_success"]["because"].as_str().unwrap();
            assert!(
                because.contains("DeleteRolePolicy") || because.contains("change"),
                "{because}"
            );
            let shown = run(&records, &[]);
            assert!(!shown.contains("does not differ"), "{shown}");
        }
    }
}

/// A call that needs a permission for what it names, and the same call that names nothing of the kind.
fn needing() -> [(&'static str, &'static str, Value, Value); 3] {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/web");
    let profile = format!("arn:aws:iam::{ACCOUNT}:instance-profile/web");
    [
        (
            "ec2.amazonaws.com",
            "RunInstances",
            json!({ "iamInstanceProfile": { "arn": profile } }),
            json!({ "instanceType": "t3.micro" }),
        ),
        (
            "ecs.amazonaws.com",
            "RegisterTaskDefinition",
            json!({ "family": "web", "taskRoleArn": role }),
            json!({ "family": "web" }),
        ),
        (
            "cloudformation.amazonaws.com",
            "CreateChangeSet",
            json!({ "stackName": "web", "roleARN": role }),
            json!({ "stackName": "web" }),
        ),
    ]
}

#[test]
fn calls_that_did_not_need_what_was_refused_are_not_comparable() {
    for (source, name, with, without) in needing() {
        let on = format!("arn:aws:iam::{ACCOUNT}:role/web");
        let mut records: Vec<Value> =
            (0..5).map(|at| call(at * 3, source, name, without.clone())).collect();
        records.extend((20..23).map(|at| {
            refused(call(at * 3, source, name, with.clone()), "AccessDenied", "iam:PassRole", &on)
        }));
        let told = comparison(&records);
        assert_eq!(told["successes"], 0, "{name}: {told:#}");
        assert_eq!(told["successes_without_need"], 5, "{name}: {told:#}");
        records.push(call(90, source, name, with));
        assert_eq!(comparison(&records)["successes"], 1, "{name}");
    }
}

#[test]
fn a_call_whose_link_is_missed_is_not_different_for_that() {
    let of_root = ["root_action", "source_address", "network", "user_agent", "root_vpc_endpoint"];
    for number in [4, 9, 14, 19, 24] {
        let pair = pairs::pair(number, None);
        let mut records = pair.records;
        // The user's calls behind what worked are not in the log.
        let failed: Vec<Value> = records
            .iter()
            .filter(|record| record.get("errorCode").is_some())
            .map(|record| record["userIdentity"]["accessKeyId"].clone())
            .collect();
        records.retain(|record| {
            record["userIdentity"].get("invokedBy").is_some()
                || failed.contains(&record["userIdentity"]["accessKeyId"])
        });
        let report: Value = serde_json::from_str(&run(&records, &["--format", "json"])).unwrap();
        let told = &report["incidents"][0]["comparison"];
        for row in told["factors"].as_array().unwrap() {
            let attribute = row["attribute"].as_str().unwrap();
            assert!(!of_root.contains(&attribute), "{}: {told:#}", pair.what);
        }
        assert!(
            told["not_compared"].as_array().unwrap().iter().any(|one| one == "root_action"),
            "{}: {told:#}",
            pair.what
        );
    }
}

#[test]
fn few_calls_tell_little_and_are_said_to() {
    let (source, name) = ("sns.amazonaws.com", "CreateTopic");
    let on = format!("arn:aws:sns:eu-west-1:{ACCOUNT}:b");
    let request =
        |name: &str, tag: &str| json!({ "name": name, "tags": [{ "key": tag, "value": "x" }] });
    let records = [
        call(0, source, name, request("a", "Team")),
        refused(
            call(20, source, name, request("b", "ProjectPegasus")),
            "AuthorizationError",
            "SNS:CreateTopic",
            &on,
        ),
    ];
    let told = comparison(&records);
    assert_eq!(told["factors"], json!([]));
    let fields: Vec<&str> = told["nearest_success"]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert!(fields.contains(&"requestParameters.tags[ProjectPegasus]"), "{fields:?}");
    let shown = run(&records, &["--full"]);
    assert!(shown.contains("too few to tell"), "{shown}");
    // Tags are named by people.
    for format in ["terminal", "json", "markdown", "html"] {
        let shared = run(&records, &["--redact", "--full", "--format", format]);
        assert!(!shared.contains("Pegasus"), "{format}: {shared}");
    }
}

#[test]
fn rows_tell_something() {
    for number in 0..10 {
        for thing in [None, Some(pairs::Thing::Tag)] {
            let pair = pairs::pair(number, thing);
            let report: Value =
                serde_json::from_str(&run(&pair.records, &["--format", "json"])).unwrap();
            for row in report["incidents"][0]["comparison"]["factors"].as_array().unwrap() {
                assert!(row["p_value"].as_f64().unwrap() < 0.05, "{}: {row:#}", pair.what);
                assert!(row["failed_with"].as_u64() > Some(0), "{row:#}");
            }
        }
    }
}
