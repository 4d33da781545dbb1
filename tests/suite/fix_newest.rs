//! A fix is built on the newest document that is known: what came after the failure stays and is
//! named, and what somebody repaired since is no fix.

use crate::support::{dump, shell, story};

use std::fs;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::{Trail, expanded};

/// A kind of document: the call that puts it, the call that it refuses, and why.
struct Kind {
    put: &'static str,
    refused: &'static str,
    on: &'static str,
    denied: &'static str,
}

const OF_THE_RESOURCE: &str = "with an explicit deny in a resource-based policy";
const KINDS: [Kind; 4] = [
    Kind { put: "kms:PutKeyPolicy", refused: "kms:Decrypt", on: "$KEY", denied: OF_THE_RESOURCE },
    Kind {
        put: "s3:PutBucketPolicy",
        refused: "s3:ListBucket",
        on: "arn:aws:s3:::shop-exports",
        denied: OF_THE_RESOURCE,
    },
    Kind {
        put: "sqs:SetQueueAttributes",
        refused: "sqs:SendMessage",
        on: "arn:aws:sqs:$R:$A:jobs",
        denied: OF_THE_RESOURCE,
    },
    Kind {
        put: "iam:PutRolePolicy",
        refused: "sns:Publish",
        on: "arn:aws:sns:$R:$A:news",
        denied: "with an explicit deny in an identity-based policy",
    },
];

impl Kind {
    fn request(&self, statements: &Value) -> Value {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let text = document.to_string();
        match self.put {
            "kms:PutKeyPolicy" => {
                json!({"keyId": self.on, "policyName": "default", "policy": text})
            }
            "s3:PutBucketPolicy" => json!({"bucketName": "shop-exports", "bucketPolicy": document}),
            "sqs:SetQueueAttributes" => json!({"attributes": {"Policy": text},
                "queueUrl": "https://sqs.$R.amazonaws.com/$A/jobs"}),
            _ => json!({"roleName": "app", "policyName": "work", "policyDocument": text}),
        }
    }

    fn statements(&self, sids: &[&str]) -> Value {
        let is_of_the_role = self.put == "iam:PutRolePolicy";
        let all = sids.iter().map(|sid| {
            let mut statement = match *sid {
                "Closed" => json!({"Sid": "Closed", "Effect": "Deny", "Action": self.refused, "Resource": "*",
                    "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::$A:role/builds"}}}),
                other => json!({"Sid": other, "Effect": "Allow", "Action": "*", "Resource": "*"}),
            };
            if !is_of_the_role {
                let everybody = if *sid == "Closed" { json!("*") } else { json!({"AWS": "arn:aws:iam::$A:root"}) };
                statement["Principal"] = everybody;
            }
            statement
        });
        all.collect()
    }

    /// Puts one document after the other, with the refused call after `refused` of them.
    fn story(&self, documents: &[&[&str]], refused: usize) -> Value {
        let mut calls = Vec::new();
        for (number, sids) in documents.iter().enumerate() {
            calls.push(json!({"do": self.put, "by": "user:keeper", "at": 3600 * (2 * number + 1),
                "request": self.request(&self.statements(sids))}));
        }
        calls.insert(
            refused,
            json!({"do": self.refused, "by": "app", "on": self.on, "denied": self.denied, "at": 3600 * 2 * refused,
                "resources": [{"ARN": self.on, "accountId": "$A"}]}),
        );
        let last = self.statements(documents.last().unwrap());
        let mut policies = json!({"roles": {"app": {"allow": ["*"]}, "builds": {"allow": ["*"]}},
            "users": {"keeper": {"allow": ["*"]}}, "keys": {}, "buckets": {}, "resources": {}});
        match self.put {
            "kms:PutKeyPolicy" => policies["keys"][self.on] = json!({"policy": last}),
            "s3:PutBucketPolicy" => policies["buckets"]["shop-exports"] = last,
            "sqs:SetQueueAttributes" => policies["resources"][self.on] = last,
            _ => policies["roles"]["app"] = json!({"inline": {"work": last}}),
        }
        let story = json!({"name": self.put, "policies": policies, "calls": calls});
        serde_json::from_str(&expanded(&story.to_string())).unwrap()
    }
}

/// The one incident of the refused call.
fn told(story: &Value) -> Value {
    let folder = TempDir::new().unwrap();
    let records = Trail::of(story).records;
    fs::write(folder.path().join("trail.json"), json!({"Records": records}).to_string()).unwrap();
    dump::write(&story["policies"], &folder.path().join("policies"));
    let mut run = Command::cargo_bin("trailwhy").unwrap();
    run.arg("analyze").arg(folder.path().join("trail.json"));
    run.arg("--policies").arg(folder.path().join("policies"));
    run.args(["--policies-as-of", "2026-05-05T00:00:00Z", "--format", "json", "--lang", "en"]);
    let output = run.args(["--exit-zero", "--all-fixes"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["incidents"][0].clone()
}

fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn sids(document: &Value) -> Vec<&str> {
    list(document, "Statement").iter().filter_map(|statement| statement["Sid"].as_str()).collect()
}

#[test]
fn later_changes_stay_and_are_named() {
    for kind in KINDS {
        let story = kind.story(&[&["Own", "Closed"], &["Own", "Closed", "Later"]], 1);
        let incident = told(&story);
        let fixes = list(&incident, "fixes").iter().filter(|fix| fix["document"].is_object());
        let fixes: Vec<&Value> = fixes.collect();
        assert!(!fixes.is_empty(), "{}: {incident:#}", kind.put);
        for fix in fixes {
            assert!(sids(&fix["document"]).contains(&"Later"), "{}: {fix:#}", kind.put);
            assert_eq!(fix["changed_since"][0]["action"], kind.put, "{fix:#}");
            assert!(fix["note"].as_str().unwrap().contains("keeps"), "{fix:#}");
            if shell::is_there() {
                let commands: Vec<&str> =
                    list(fix, "commands").iter().map(|command| command.as_str().unwrap()).collect();
                let at = fix["attach_to"].as_str().unwrap();
                let done = shell::run(&commands, at, &mut story["policies"].clone());
                assert_eq!(done.puts, 1, "{}: {}", kind.put, done.errors);
                let left =
                    done.files.iter().find(|(name, _)| name.ends_with(".after.json")).unwrap().1;
                let left: Value = serde_json::from_str(left).unwrap();
                assert_eq!(left, fix["document"], "{}: {commands:#?}", kind.put);
            }
        }
    }
}

#[test]
fn of_what_was_repaired_since_the_repair_is_told_and_nothing_is_to_be_run() {
    for kind in KINDS {
        let story = kind.story(&[&["Own", "Closed"], &["Own"]], 1);
        let incident = told(&story);
        let [fix] = list(&incident, "fixes") else { panic!("{}: {incident:#}", kind.put) };
        let title = fix["title"].as_str().unwrap();
        assert!(title.contains(kind.put) && title.contains("keeper"), "{}: {title}", kind.put);
        assert!(list(fix, "commands").is_empty(), "{fix:#}");
        assert_eq!(sids(&fix["document"]), ["Own"], "{fix:#}");
        assert_eq!(fix["verified"]["denied_request"], "allowed", "{fix:#}");
    }
}

#[test]
fn a_change_is_taken_back_without_what_came_later() {
    let mut all = 0;
    for kind in KINDS {
        let story = kind.story(&[&["Own"], &["Own", "Closed"], &["Own", "Closed", "Later"]], 2);
        let incident = told(&story);
        let reverts = list(&incident, "fixes").iter();
        let reverts = reverts.filter(|fix| fix["title"].as_str().unwrap().starts_with("Revert"));
        for fix in reverts {
            assert_eq!(sids(&fix["document"]), ["Own", "Later"], "{}: {fix:#}", kind.put);
            all += 1;
        }
    }
    assert!(all >= KINDS.len(), "only {all} changes are taken back");
}
