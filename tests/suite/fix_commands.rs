//! The commands of fixes, of every kind of policy: run as they are printed, in bash with `jq`, they
//! leave exactly the document that was proven, and run twice the same. Against a stand-in for the AWS
//! CLI always; against the AWS CLI itself and a mock of AWS where `.ci/run` has started one.

use crate::support::{dump, mock, shell, story};

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::{Trail, expanded};

/// An action and the resource with a policy that it is refused on; one or more of each kind of
/// policy that can be put with the AWS CLI.
const REFUSED: [(&str, &str); 13] = [
    ("kms:Decrypt", "$KEY"),
    ("s3:ListBucket", "arn:aws:s3:::shop-exports"),
    ("sqs:SendMessage", "arn:aws:sqs:$R:$A:jobs"),
    ("sns:Publish", "arn:aws:sns:$R:$A:news"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:$R:$A:secret:db-a1B2c3"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:$R:$A:table/orders"),
    ("kinesis:PutRecord", "arn:aws:kinesis:$R:$A:stream/clicks"),
    ("ecr:BatchGetImage", "arn:aws:ecr:$R:$A:repository/team/app"),
    ("backup:StartBackupJob", "arn:aws:backup:$R:$A:backup-vault:main"),
    (
        "elasticfilesystem:DescribeMountTargets",
        "arn:aws:elasticfilesystem:$R:$A:file-system/fs-0123456789abcdef0",
    ),
    ("events:PutEvents", "arn:aws:events:$R:$A:event-bus/orders"),
    ("glue:GetTable", "arn:aws:glue:$R:$A:catalog"),
    ("es:DescribeDomain", "arn:aws:es:$R:$A:domain/logs"),
];

/// A role that a statement of a resource keeps out, beside one that it spares.
fn kept_out(action: &str, arn: &str) -> Value {
    let statements = json!([
        {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::$A:root"}, "Action": "*", "Resource": "*"},
        {"Sid": "OnlyBuilds", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::$A:role/builds"}}},
    ]);
    let mut story = json!({
        "name": format!("{action} kept out by a Deny"),
        "policies": {"roles": {"app": {"allow": ["*"]}, "builds": {"allow": ["*"]}}},
        "before": [],
        "after": [{"do": action, "by": "app", "on": arn, "resources": [{"ARN": arn, "accountId": "$A"}],
            "denied": "with an explicit deny in a resource-based policy"}],
    });
    match action.split_once(':').unwrap().0 {
        "kms" => story["policies"]["keys"][arn]["policy"] = statements,
        "s3" => story["policies"]["buckets"]["shop-exports"] = statements,
        _ => story["policies"]["resources"][arn] = statements,
    }
    story
}

/// A role of another account that nothing lets in; the resource has no policy, but for keys.
fn not_let_in(action: &str, arn: &str) -> Value {
    let keys = if action.starts_with("kms:") { json!({arn: {}}) } else { json!({}) };
    json!({
        "name": format!("{action} let in by nothing"),
        "policies": {"roles": {"guest@$B": {"allow": ["*"]}, "app": {"allow": ["*"]}},
            "keys": keys, "buckets": {}, "resources": {}},
        "before": [],
        "after": [{"do": action, "by": "guest@$B", "on": arn, "resources": [{"ARN": arn, "accountId": "$A"}],
            "account": "$A", "denied": "because no resource-based policy allows the action"}],
    })
}

/// A person of a permission set who lacks a right.
fn of_a_permission_set() -> Value {
    json!({
        "name": "a permission set that lacks a right",
        "policies": {"roles": {"AWSReservedSSO_Ops_0123456789abcdef": {"inline": {"AwsSSOInlinePolicy":
            [{"Sid": "Look", "Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}}}},
        "before": [],
        "after": [{"do": "sns:Publish", "by": "AWSReservedSSO_Ops_0123456789abcdef",
            "on": "arn:aws:sns:$R:$A:news", "denied": "because no identity-based policy allows the sns:Publish action"}],
    })
}

/// For each kind a world where something keeps out, and one where nothing lets in; which comes first
/// alternates.
fn worlds() -> Vec<Value> {
    let rows = REFUSED.iter().enumerate();
    let mut made: Vec<Value> = rows
        .flat_map(|(number, (action, arn))| {
            let mut both = [kept_out(action, arn), not_let_in(action, arn)];
            both.rotate_left(number % 2);
            both
        })
        .collect();
    made.push(of_a_permission_set());
    serde_json::from_str(&expanded(&json!(made).to_string())).unwrap()
}

/// Stories of the verdicts with fixes of the other kinds.
const OTHERS: [&str; 9] = [
    "a queue of another account that admits us, and a role that lacks the right",
    "a new version of a managed policy that denies",
    "a boundary put on a role that makes file systems",
    "a service control policy that AWS's text names by its ARN",
    "a Region that the organization closes",
    "a resource control policy that names another organization",
    "a function's role whose trust policy lost the service",
    "an alias that was deleted, and by which the key was allowed",
    "an endpoint's policy that lacks a secret",
];

/// These, as they are from the change on.
fn stories() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |file| expanded(&fs::read_to_string(file).unwrap());
    let all =
        files.iter().flat_map(|file| serde_json::from_str::<Vec<Value>>(&read(file)).unwrap());
    let mut all: Vec<Value> =
        all.filter(|story| OTHERS.contains(&story["name"].as_str().unwrap())).collect();
    for story in &mut all {
        let members = story.as_object_mut().unwrap();
        members.remove("change");
        members.insert("before".into(), json!([]));
    }
    all
}

/// The fixes of a story that have commands.
fn fixes(story: &Value) -> Vec<Value> {
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
    let incidents = report["incidents"].as_array().unwrap();
    let all = incidents.iter().flat_map(|i| i["fixes"].as_array().unwrap().clone());
    // What changes no document is no matter here.
    all.filter(|fix| !kinds(fix).is_empty()).collect()
}

fn commands(fix: &Value) -> Vec<&str> {
    fix["commands"].as_array().unwrap().iter().map(|command| command.as_str().unwrap()).collect()
}

/// The kinds of documents that a fix reads: the names of the files it keeps them in.
fn kinds(fix: &Value) -> Vec<String> {
    let words = commands(fix).into_iter().flat_map(|command| command.split_ascii_whitespace());
    let mut kinds: Vec<String> =
        words.filter_map(|word| word.strip_suffix(".before.json")).map(str::to_owned).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

fn statements(document: &Value) -> Vec<String> {
    let mut all: Vec<String> =
        document["Statement"].as_array().into_iter().flatten().map(Value::to_string).collect();
    all.sort();
    all
}

#[test]
fn every_kind_of_policy_is_left_as_it_was_proven() {
    if !shell::is_there() {
        return println!("no jq or no bash to run commands with");
    }
    let (mut wrong, mut seen) = (Vec::new(), BTreeMap::new());
    for story in worlds().into_iter().chain(stories()) {
        let fixes = fixes(&story);
        if fixes.is_empty() && !OTHERS.contains(&story["name"].as_str().unwrap()) {
            wrong.push(format!("{}: no fix", story["name"]));
        }
        for fix in fixes {
            let name = format!("{}: {}", story["name"], fix["title"]);
            let told = commands(&fix);
            assert!(told[0].starts_with("# ") && told[0].contains("account"), "{name}: {told:#?}");
            let at = fix["attach_to"].as_str().unwrap_or_default();
            let mut policies = story["policies"].clone();
            let once = shell::run(&told, at, &mut policies);
            let first = policies.clone();
            let twice = shell::run(&told, at, &mut policies);
            let Some(kind) = kinds(&fix).first().cloned() else { continue };
            let document = |files: &BTreeMap<String, String>, which: &str| -> Value {
                files
                    .get(&format!("{kind}.{which}.json"))
                    .and_then(|text| serde_json::from_str(text).ok())
                    .unwrap_or_default()
            };
            let left = document(&once.files, "after");
            // What is added beside a document that is not known shows only itself.
            let (mut shown, proven) = (statements(&left), statements(&fix["document"]));
            if fix["patch"].is_null() {
                shown.retain(|statement| proven.contains(statement));
            }
            if shown != proven || once.puts == 0 {
                wrong.push(format!("{name}: leaves {left}\n{told:#?}\n{}", once.errors));
            }
            let read = document(&twice.files, "before");
            if policies != first
                || read != left
                || !twice.files[&format!("{kind}.after.json")].is_empty()
            {
                wrong.push(format!("{name}: done twice: {}\n{told:#?}", twice.errors));
            }
            *seen.entry(kind).or_insert(0) += 1;
        }
    }
    println!("{seen:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen.len() > REFUSED.len() + 4, "{seen:?}");
}

/// Fixes of each kind that the mock carries out.
const OF_A_KIND: usize = 1;

#[test]
#[ignore = "needs the AWS CLI and a mock of AWS at AWS_ENDPOINT_URL; .ci/run starts one"]
fn a_mock_of_aws_ends_with_the_document_that_was_proven() {
    let (mut wrong, mut seen) = (Vec::new(), BTreeMap::<String, usize>::new());
    for story in worlds().into_iter().chain(stories()) {
        let mut fixes = fixes(&story);
        // What needs calls besides is tried with the stand-in.
        fixes.retain(|fix| {
            let kinds = kinds(fix);
            let [kind] = kinds.as_slice() else { return false };
            let often = seen.get(kind).copied().unwrap_or_default();
            let plain = commands(fix).iter().filter(|c| c.starts_with('#')).count() == 1;
            plain && often < OF_A_KIND
        });
        let Some(fix) = fixes.first() else { continue };
        let told = commands(fix);
        let at = fix["attach_to"].as_str().unwrap_or_default();
        let alone = shell::run(&told, at, &mut story["policies"].clone());
        let kind = kinds(fix).remove(0);
        let text = |which: &str| alone.files[&format!("{kind}.{which}.json")].clone();
        if mock::is_unknown(&kind, &text("before")) {
            continue;
        }
        *seen.entry(kind.clone()).or_default() += 1;
        let name = format!("{kind}: {}: {}", story["name"], fix["title"]);
        match mock::carried_out(&kind, &told, &text("before"), &text("after")) {
            Ok(()) => println!("{name}"),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    println!("{seen:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen.len() >= 17, "{seen:?}");
}
