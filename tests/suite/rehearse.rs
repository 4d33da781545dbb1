//! `trailwhy rehearse`: what a change would break is told before it is made, in every format, and what is
//! not known or not understood never turns into "fine".

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value as Json, json};
use trailwhy::chain::service::Table;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::history::History;
use trailwhy::history::amend::Amendment;
use trailwhy::history::dump::Dump;
use trailwhy::ingest::{self, Input, Options};
use trailwhy::rehearse::fate::{Fate, Policies};
use trailwhy::rehearse::key::Mentioned;
use trailwhy::rehearse::{self, Trail};

const VAULT: &str = "3-backup-vault-key";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/7e6d5c4b-3a29-4817-b605-f4e3d2c1b0a9";
const BEFORE: &str = "2026-09-15T10:18:00Z";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// What the command prints, and its exit status.
fn run(name: &str, arguments: &[&str]) -> (String, i32) {
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .args(["rehearse", "-q", "--lang", "en", "--policies"])
        .arg(sample(name).join("policies"))
        .args(arguments)
        .arg(sample(name).join("logs"))
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (text + &errors, output.status.code().unwrap())
}

fn report(name: &str, arguments: &[&str]) -> (Json, i32) {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let (text, status) = run(name, &all);
    (serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")), status)
}

fn change(name: &str) -> String {
    sample(name).join("change.json").to_string_lossy().into_owned()
}

/// A policy of the vault's key that lets nobody but its administrator use it.
fn vault_change() -> Vec<String> {
    ["--at", BEFORE, "--change", &change(VAULT), "--on", KEY].map(str::to_owned).to_vec()
}

fn with<'a>(first: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    first.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

fn written(folder: &tempfile::TempDir, name: &str, content: &Json) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content.to_string()).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn a_silent_failure_of_a_service_is_told_before_the_key_policy_is_put() {
    let change = vault_change();
    let (text, status) = run(VAULT, &with(&change, &[]));
    assert_eq!(status, 1, "{text}");
    for said in [
        "backup:StartBackupJob would still report success",
        "kms:Decrypt by",
        "backup-storage.amazonaws.com",
        "DenyUseByOthers",
        "aws:PrincipalIsAWSService",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let longest = text.split("\n\n").map(|card| card.lines().count()).max().unwrap();
    assert!(longest <= 14, "{text}");

    let (report, _) = report(VAULT, &with(&change, &[]));
    assert_eq!(report["result"], "breaks");
    let found = &report["findings"][0];
    assert_eq!((&found["reason"], &found["kind"]), (&json!("would_be_denied"), &json!("silent")));
    let calls = &report["calls"];
    let each: u64 = calls
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != "all")
        .map(|(_, number)| number["records"].as_u64().unwrap())
        .sum();
    assert_eq!(calls["all"]["records"].as_u64().unwrap(), each, "every record has one fate");
}

#[test]
fn the_exception_that_is_offered_breaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let change = vault_change();
    let (first, _) = report(VAULT, &with(&change, &[]));
    let statement = &first["findings"][0]["exception"]["statement"];
    let text = fs::read_to_string(self::change(VAULT)).unwrap();
    let mut document: Json = serde_json::from_str(&text).unwrap();
    for place in document["Statement"].as_array_mut().unwrap() {
        if place["Sid"] == statement["Sid"] {
            *place = statement.clone();
        }
    }
    let file = written(&folder, "with-exception.json", &document);
    let (second, status) = report(VAULT, &["--at", BEFORE, "--change", &file, "--on", KEY]);
    assert_eq!((&second["result"], status), (&json!("holds"), 0), "{second:#}");
}

#[test]
fn every_format_is_said_in_both_languages_and_fits_its_schema() {
    let schema = Command::cargo_bin("trailwhy").unwrap().args(["schema", "rehearsal"]).output();
    let schema: Json = serde_json::from_slice(&schema.unwrap().stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let change = vault_change();
    let (report, _) = report(VAULT, &with(&change, &[]));
    let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    for lang in ["en", "ja"] {
        for format in ["terminal", "markdown"] {
            let output = Command::cargo_bin("trailwhy")
                .unwrap()
                .args(["rehearse", "-q", "--lang", lang, "--format", format, "--policies"])
                .arg(sample(VAULT).join("policies"))
                .args(&change)
                .arg(sample(VAULT).join("logs"))
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains("DenyUseByOthers"), "{lang} {format}: {text}");
            assert!(!text.contains("rehearse-"), "{lang} {format}: {text}");
        }
    }
}

#[test]
fn what_identifies_is_taken_out_of_every_format() {
    let change = vault_change();
    for format in ["terminal", "json", "markdown"] {
        let (text, _) = run(VAULT, &with(&change, &["--redact", "--format", format]));
        for name in ["111122223333", "7e6d5c4b", "backup-operator", "2efec85b", "key-admin"] {
            assert!(!text.contains(name), "{format} has {name}: {text}");
        }
        assert!(text.contains("kms:Decrypt"), "{text}");
    }
}

#[test]
fn what_is_meant_and_what_does_not_count_fails_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("meant.toml");
    fs::write(&rules, "[[allow]]\nprincipal = \"backup-storage.*\"\naction = \"kms:*\"\n").unwrap();
    let rules = rules.to_string_lossy().into_owned();
    let change = vault_change();
    let (report, status) = report(VAULT, &with(&change, &["--allow", &rules]));
    assert_eq!((&report["result"], status), (&json!("holds"), 0));
    assert_eq!(report["findings"][0]["is_meant"], true);
    for (kinds, expected) in [("direct,opaque", 0), ("silent", 1)] {
        let (_, status) = run(VAULT, &with(&change, &["--fail-on", kinds]));
        assert_eq!(status, expected, "{kinds}");
    }
    let (_, status) = run(VAULT, &with(&change, &["--exit-zero"]));
    assert_eq!(status, 0);
}

#[test]
fn what_hangs_on_something_unknown_is_told_and_fails() {
    let change = change("1-ebs-source-ip");
    let arguments = [
        "--at",
        "2026-09-15T10:15:00Z",
        "--change",
        &change,
        "--name",
        "office-network-only",
        "--on",
        "arn:aws:iam::111122223333:user/deploy",
    ];
    let (report, status) = report("1-ebs-source-ip", &arguments);
    assert_eq!((&report["result"], status), (&json!("may_break"), 1));
    let found = &report["findings"][0];
    assert_eq!(found["reason"], "cannot_tell");
    assert!(found["hangs_on"][0].as_str().unwrap().contains("aws:SourceIp"), "{found}");
}

#[test]
fn deleting_detaching_and_a_boundary_are_rehearsed() {
    let role = "arn:aws:iam::111122223333:role/orders-engineer";
    let folder = tempfile::tempdir().unwrap();
    let nothing = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]});
    let file = written(&folder, "boundary.json", &nothing);
    let no_kms = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]});
    let guardrail = written(&folder, "guardrail.json", &no_kms);
    let at = ["--at", "2026-09-15T13:09:00Z"];
    let sample = "4-kms-vpc-endpoint";
    let cases: [(&str, Vec<&str>); 3] = [
        ("permissions_boundary", vec!["--change", &file, "--kind", "boundary", "--on", role]),
        ("scp", vec!["--change", &guardrail, "--kind", "scp", "--on", "111122223333"]),
        ("identity_policy", vec!["--delete", role]),
    ];
    for (layer, arguments) in cases {
        let arguments: Vec<&str> = at.into_iter().chain(arguments).collect();
        let (report, status) = report(sample, &arguments);
        assert_eq!((&report["result"], status), (&json!("breaks"), 1), "{layer}: {report:#}");
        let layers: Vec<&Json> =
            report["findings"].as_array().unwrap().iter().map(|one| &one["layer"]).collect();
        assert!(layers.contains(&&json!(layer)), "{layer}: {layers:?}");
    }
    // Beside one that allows everything, a policy of the organization that only allows does nothing.
    let beside = ["--change", &file, "--kind", "scp", "--on", "111122223333"];
    let arguments: Vec<&str> = at.into_iter().chain(beside).collect();
    let (report, status) = report(sample, &arguments);
    assert_eq!((&report["result"], status), (&json!("holds"), 0));
}

#[test]
fn what_cannot_be_rehearsed_is_an_error_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = written(&folder, "damaged.json", &json!({"Statement": [{"Effect": "Maybe"}]}));
    let good = change(VAULT);
    let cases: [&[&str]; 5] = [
        &[],
        &["--change", &good],
        &["--change", &good, "--on", "no-such-thing"],
        &["--change", &damaged, "--on", KEY],
        &["--change-event", "no-such-event"],
    ];
    for arguments in cases {
        let (text, status) = run(VAULT, arguments);
        assert_eq!(status, 2, "{arguments:?}: {text}");
    }
}

/// The kind of a policy and what it belongs to.
type Told = (&'static str, &'static str);

/// Resources of a Terraform plan: type, attributes as they would be, and what is to be told of it: the
/// kind of policy and what it belongs to, or nothing where it is not understood.
fn planned() -> Vec<(&'static str, Json, Option<Told>)> {
    let role = "arn:aws:iam::111122223333:role/Build";
    let of_identity = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let of_resource = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    let managed = "arn:aws:iam::111122223333:policy/Build";
    let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs";
    let (user, group) =
        ("arn:aws:iam::111122223333:user/ci", "arn:aws:iam::111122223333:group/ops");
    let topic = "arn:aws:sns:eu-west-1:111122223333:jobs";
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf";
    let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/jobs";
    let repository = "arn:aws:ecr:eu-west-1:111122223333:repository/app";
    let inline = |role: &str, policy: &str| json!({"arn": role, "inline_policy": [{"name": "work", "policy": policy}]});
    vec![
        (
            "aws_iam_policy",
            json!({"arn": managed, "policy": of_identity}),
            Some(("managed", managed)),
        ),
        (
            "aws_iam_role",
            json!({"arn": role, "name": "Build", "assume_role_policy": of_resource}),
            Some(("trust", role)),
        ),
        (
            "aws_iam_role_policy",
            json!({"role": role, "name": "inline", "policy": of_identity}),
            Some(("identity", role)),
        ),
        (
            "aws_iam_role_policy_attachment",
            json!({"role": role, "policy_arn": managed}),
            Some(("identity", role)),
        ),
        (
            "aws_kms_key",
            json!({"arn": KEY, "key_id": "7e6d", "policy": of_resource}),
            Some(("key", KEY)),
        ),
        ("aws_kms_key_policy", json!({"key_id": KEY, "policy": of_resource}), Some(("key", KEY))),
        (
            "aws_s3_bucket_policy",
            json!({"bucket": "logs", "policy": of_resource}),
            Some(("bucket", "arn:aws:s3:::logs")),
        ),
        (
            "aws_sqs_queue_policy",
            json!({"queue_url": queue, "policy": of_resource}),
            Some(("queue", queue)),
        ),
        (
            "aws_sns_topic_policy",
            json!({"arn": topic, "policy": of_resource}),
            Some(("topic", topic)),
        ),
        (
            "aws_secretsmanager_secret_policy",
            json!({"secret_arn": secret, "policy": of_resource}),
            Some(("secret", secret)),
        ),
        (
            "aws_vpc_endpoint",
            json!({"id": "vpce-0c1d2e3f4a5b6c7d8", "policy": of_resource}),
            Some(("endpoint", "vpce-0c1d2e3f4a5b6c7d8")),
        ),
        (
            "aws_organizations_policy",
            json!({"id": "p-12345678", "type": "SERVICE_CONTROL_POLICY", "content": of_identity}),
            Some(("scp", "p-12345678")),
        ),
        (
            "aws_organizations_policy",
            json!({"id": "p-87654321", "type": "RESOURCE_CONTROL_POLICY", "content": of_resource}),
            Some(("rcp", "p-87654321")),
        ),
        (
            "aws_organizations_policy_attachment",
            json!({"policy_id": "p-12345678", "target_id": "111122223333"}),
            Some(("scp", "111122223333")),
        ),
        (
            "aws_backup_vault_policy",
            json!({"backup_vault_arn": "arn:aws:backup:us-east-1:111122223333:backup-vault:daily",
                "policy": of_resource}),
            Some(("vault", "arn:aws:backup:us-east-1:111122223333:backup-vault:daily")),
        ),
        ("aws_iam_role", inline(role, of_identity), Some(("identity", role))),
        (
            "aws_iam_role",
            json!({"arn": role, "permissions_boundary": managed}),
            Some(("boundary", role)),
        ),
        (
            "aws_iam_role",
            json!({"arn": role, "managed_policy_arns": [managed]}),
            Some(("identity", role)),
        ),
        (
            "aws_iam_user",
            json!({"arn": user, "permissions_boundary": managed}),
            Some(("boundary", user)),
        ),
        (
            "aws_iam_user_policy",
            json!({"user": user, "name": "inline", "policy": of_identity}),
            Some(("identity", user)),
        ),
        (
            "aws_iam_group_policy",
            json!({"group": group, "name": "inline", "policy": of_identity}),
            Some(("identity", group)),
        ),
        (
            "aws_iam_user_policy_attachment",
            json!({"user": user, "policy_arn": managed}),
            Some(("identity", user)),
        ),
        (
            "aws_iam_group_policy_attachment",
            json!({"group": group, "policy_arn": managed}),
            Some(("identity", group)),
        ),
        (
            "aws_iam_policy_attachment",
            json!({"name": "all", "policy_arn": managed, "groups": [group]}),
            Some(("identity", group)),
        ),
        ("aws_kms_external_key", json!({"arn": KEY, "policy": of_resource}), Some(("key", KEY))),
        ("aws_kms_replica_key", json!({"arn": KEY, "policy": of_resource}), Some(("key", KEY))),
        (
            "aws_kms_replica_external_key",
            json!({"arn": KEY, "policy": of_resource}),
            Some(("key", KEY)),
        ),
        (
            "aws_s3_bucket",
            json!({"bucket": "logs", "policy": of_resource}),
            Some(("bucket", "arn:aws:s3:::logs")),
        ),
        ("aws_sqs_queue", json!({"url": queue, "policy": of_resource}), Some(("queue", queue))),
        ("aws_sns_topic", json!({"arn": topic, "policy": of_resource}), Some(("topic", topic))),
        (
            "aws_secretsmanager_secret",
            json!({"arn": secret, "policy": of_resource}),
            Some(("secret", secret)),
        ),
        (
            "aws_dynamodb_resource_policy",
            json!({"resource_arn": table, "policy": of_resource}),
            Some(("resource", table)),
        ),
        (
            "aws_vpc_endpoint_policy",
            json!({"vpc_endpoint_id": "vpce-0c1d2e3f4a5b6c7d8", "policy": of_resource}),
            Some(("endpoint", "vpce-0c1d2e3f4a5b6c7d8")),
        ),
        (
            "aws_ecr_repository_policy",
            json!({"repository": repository, "policy": of_resource}),
            Some(("repository", repository)),
        ),
        // A type that no row has, a name that nothing known has, a document that is damaged.
        ("aws_made_up_policy", json!({"policy": of_resource}), None),
        ("aws_ecr_repository_policy", json!({"repository": "none", "policy": of_resource}), None),
        ("aws_kms_key_policy", json!({"key_id": KEY, "policy": "{"}), None),
        // What says no document, and changes who may do what.
        (
            "aws_iam_role_policies_exclusive",
            json!({"role_name": "Build", "policy_names": []}),
            None,
        ),
        ("aws_iam_user_policies_exclusive", json!({"user_name": "ci", "policy_names": []}), None),
        (
            "aws_iam_group_policies_exclusive",
            json!({"group_name": "ops", "policy_names": []}),
            None,
        ),
        (
            "aws_iam_role_policy_attachments_exclusive",
            json!({"role_name": "Build", "policy_arns": []}),
            None,
        ),
        (
            "aws_iam_user_policy_attachments_exclusive",
            json!({"user_name": "ci", "policy_arns": []}),
            None,
        ),
        (
            "aws_iam_group_policy_attachments_exclusive",
            json!({"group_name": "ops", "policy_arns": []}),
            None,
        ),
        ("aws_iam_group_membership", json!({"group": "ops", "users": []}), None),
        ("aws_iam_user_group_membership", json!({"user": "ci", "groups": []}), None),
        ("aws_kms_grant", json!({"key_id": KEY, "operations": ["Decrypt"]}), None),
        ("aws_lambda_permission", json!({"function_name": "f", "principal": "*"}), None),
        (
            "aws_s3_bucket_public_access_block",
            json!({"bucket": "logs", "block_public_policy": true}),
            None,
        ),
        // Nothing of policies.
        ("aws_instance", json!({"ami": "ami-0123456789abcdef0"}), None),
    ]
}

#[test]
fn each_kind_of_policy_in_a_terraform_plan_is_read_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let resources: Vec<Json> = planned()
        .into_iter()
        .enumerate()
        .map(|(at, (sort, after, _))| {
            json!({"address": format!("{sort}.r{at}"), "mode": "managed", "type": sort,
                "change": {"actions": ["update"], "before": {}, "after": after, "after_unknown": {}}})
        })
        .chain([
            json!({"address": "aws_iam_role_policy.later", "mode": "managed",
                "type": "aws_iam_role_policy", "change": {"actions": ["create"], "before": null,
                "after": {"name": "x"}, "after_unknown": {"policy": true, "role": true}}}),
            json!({"address": "aws_kms_key_policy.same", "mode": "managed", "type": "aws_kms_key_policy",
                "change": {"actions": ["no-op"], "before": {}, "after": {}, "after_unknown": {}}}),
            json!({"address": "aws_iam_role_policy_attachment.gone", "mode": "managed",
                "type": "aws_iam_role_policy_attachment", "change": {"actions": ["delete"],
                "before": {"role": "arn:aws:iam::111122223333:role/Build",
                    "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
                "after": null, "after_unknown": {}}}),
        ])
        .collect();
    let plan = json!({"format_version": "1.2", "resource_changes": resources});
    let file = written(&folder, "plan.json", &plan);
    let (report, _) = report(VAULT, &["--terraform-plan", &file]);
    let told: Vec<(String, String)> = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap().into(), one["of"].as_str().unwrap().into()))
        .collect();
    let mut expected: Vec<(String, String)> = planned()
        .into_iter()
        .filter_map(|(_, _, told)| told)
        .map(|(kind, of)| (kind.to_owned(), of.to_owned()))
        .collect();
    expected.push(("identity".into(), "arn:aws:iam::111122223333:role/Build".into()));
    assert_eq!(told, expected);
    let unread: Vec<&str> = report["not_understood"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    let not_read = planned()
        .into_iter()
        .enumerate()
        .filter(|(_, (sort, _, told))| told.is_none() && *sort != "aws_instance");
    let mut wanted: Vec<String> =
        not_read.map(|(at, (sort, _, _))| format!("{sort}.r{at}")).collect();
    wanted.push("aws_iam_role_policy.later".to_owned());
    assert_eq!(unread, wanted);
}

#[test]
fn each_type_of_terraform_that_the_table_has_is_tried() {
    let table = include_str!("../../src/rehearse/change/templates.toml");
    let rows: toml::Table = table.parse().unwrap();
    let types: BTreeSet<&str> = rows["row"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["type"].as_str().unwrap())
        .filter(|sort| sort.starts_with("aws_"))
        .collect();
    let planned = planned();
    let tried: BTreeSet<&str> = planned.iter().map(|(sort, _, _)| *sort).collect();
    let untried: Vec<&&str> = types.difference(&tried).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

#[test]
fn what_only_allows_is_told_where_it_goes_and_not_where_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let permission = json!({"function_name": "f", "principal": "s3.amazonaws.com"});
    for (before, after, expected) in [
        (Json::Null, permission.clone(), json!([])),
        (permission.clone(), Json::Null, json!(["aws_lambda_permission.one"])),
    ] {
        let one = json!({"address": "aws_lambda_permission.one", "mode": "managed",
            "type": "aws_lambda_permission", "change": {"actions": ["update"], "before": before,
                "after": after, "after_unknown": {}}});
        let plan = written(&folder, "plan.json", &json!({"resource_changes": [one]}));
        let (report, _) = report(VAULT, &["--terraform-plan", &plan]);
        let names: Vec<&Json> =
            report["not_understood"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(json!(names), expected);
    }
}

#[test]
fn a_plan_is_rehearsed_like_the_document_in_it_and_what_is_unread_is_not_fine() {
    let folder = tempfile::tempdir().unwrap();
    let document = fs::read_to_string(change(VAULT)).unwrap();
    let resource = |sort: &str, after: Json| {
        json!({"address": format!("{sort}.vault"), "mode": "managed", "type": sort,
            "change": {"actions": ["update"], "before": {}, "after": after, "after_unknown": {}}})
    };
    let key = resource("aws_kms_key_policy", json!({"key_id": KEY, "policy": document}));
    let plan = written(&folder, "plan.json", &json!({"resource_changes": [key]}));
    let (planned, status) = report(VAULT, &["--at", BEFORE, "--terraform-plan", &plan]);
    let (typed, _) = report(VAULT, &with(&vault_change(), &[]));
    assert_eq!(status, 1);
    assert_eq!(planned["calls"], typed["calls"]);

    let strange = resource("aws_made_up_policy", json!({"policy": document}));
    let plan = written(&folder, "plan.json", &json!({"resource_changes": [strange]}));
    let (report, status) = report(VAULT, &["--at", BEFORE, "--terraform-plan", &plan]);
    assert_eq!((&report["result"], status), (&json!("may_break"), 1), "{report:#}");
}

#[test]
fn literal_documents_of_a_template_are_read_and_computed_ones_told() {
    let folder = tempfile::tempdir().unwrap();
    let document: Json = serde_json::from_str(&fs::read_to_string(change(VAULT)).unwrap()).unwrap();
    let role = json!({"Type": "AWS::IAM::RolePolicy", "Properties": {
        "RoleName": "arn:aws:iam::111122223333:role/Build", "PolicyName": "inline",
        "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}});
    let computed = json!({"Type": "AWS::S3::BucketPolicy", "Properties": {
        "Bucket": "logs", "PolicyDocument": {"Statement": [{"Effect": "Deny", "Principal": "*",
            "Action": "*", "Resource": {"Fn::Sub": "arn:aws:s3:::${Name}/*"}}]}}});
    let elsewhere = json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {
        "Queues": [{"Ref": "Jobs"}], "PolicyDocument": document}});
    let key = json!({"Type": "AWS::KMS::Key", "Properties": {"KeyId": KEY, "KeyPolicy": document}});
    let template = json!({"Resources": {"Inline": role, "Logs": computed, "Queue": elsewhere,
        "Vault": key}});
    let file = written(&folder, "template.json", &template);
    let (report, status) = report(VAULT, &["--at", BEFORE, "--cloudformation", &file]);
    assert_eq!((&report["result"], status), (&json!("breaks"), 1));
    let names = |list: &Json, name: &str| -> Vec<String> {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&report["changes"], "kind"), ["identity", "key"]);
    assert_eq!(names(&report["not_understood"], "name"), ["Logs", "Queue"]);
}

#[test]
fn a_template_in_yaml_is_read_like_the_same_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let document = fs::read_to_string(change(VAULT)).unwrap();
    let yaml = format!(
        "AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Name: {{Type: String}}
Resources:
  Inline:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: arn:aws:iam::111122223333:role/Build
      PolicyName: inline
      PolicyDocument: {{Version: 2012-10-17, Statement: []}}
  Logs:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: logs
      PolicyDocument:
        Statement:
          - {{Effect: Deny, Principal: '*', Action: '*', Resource: !Sub 'arn:aws:s3:::${{Name}}/*'}}
  Queue:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument: {{Statement: []}}
  Vault:
    Type: AWS::KMS::Key
    Properties:
      KeyId: {KEY}
      KeyPolicy: {document}
",
        document = document.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let names = |list: &Json, name: &str| -> Vec<String> {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one[name].as_str().unwrap().to_owned()).collect()
    };
    // As people keep it, and as `aws cloudformation get-template` prints it.
    let bare = folder.path().join("template.yaml");
    fs::write(&bare, &yaml).unwrap();
    let printed = written(&folder, "printed.json", &json!({"TemplateBody": yaml}));
    for file in [bare.to_string_lossy().into_owned(), printed] {
        let (report, status) = report(VAULT, &["--at", BEFORE, "--cloudformation", &file]);
        assert_eq!((&report["result"], status), (&json!("breaks"), 1), "{report:#}");
        assert_eq!(names(&report["changes"], "kind"), ["identity", "key"]);
        assert_eq!(names(&report["not_understood"], "name"), ["Logs", "Queue"]);
    }
    fs::write(&bare, "Resources:\n  A: *b\n").unwrap();
    let (text, status) = run(VAULT, &["--cloudformation", &bare.to_string_lossy()]);
    assert_eq!(status, 2);
    assert!(text.contains("line 2"), "{text}");
}

#[test]
fn whoever_owns_what_would_break_is_named_by_a_tag() {
    let folder = tempfile::tempdir().unwrap();
    let tags = json!({"Tags": [{"TagKey": "acme:Owning-Team", "TagValue": "storage"},
        {"TagKey": "stage", "TagValue": "live"}]});
    let keys = folder.path().join("111122223333/us-east-1/kms");
    fs::create_dir_all(&keys).unwrap();
    let name = "7e6d5c4b-3a29-4817-b605-f4e3d2c1b0a9.list-resource-tags.json";
    fs::write(keys.join(name), tags.to_string()).unwrap();
    let besides = folder.path().to_string_lossy().into_owned();
    let more = ["--policies", besides.as_str()];
    let (report, _) = report(VAULT, &with(&vault_change(), &more));
    let owner = json!({"tag": "acme:Owning-Team", "value": "storage"});
    assert_eq!(report["findings"][0]["owner"], owner);
    assert_eq!(report["owners"][0]["owner"], owner);
    let (text, _) = run(VAULT, &with(&vault_change(), &more));
    assert!(text.contains("acme:Owning-Team: storage"), "{text}");
    let (text, _) = run(VAULT, &with(&vault_change(), &["--policies", &besides, "--redact"]));
    assert!(!text.contains("storage)") && !text.contains("acme"), "{text}");
}

#[test]
fn a_folder_of_documents_changes_what_differs_from_what_holds() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("111122223333/us-east-1/kms");
    fs::create_dir_all(&keys).unwrap();
    fs::copy(change(VAULT), keys.join("7e6d5c4b-3a29-4817-b605-f4e3d2c1b0a9.json")).unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let (in_folder, status) = report(VAULT, &["--at", BEFORE, "--change-dir", &path]);
    let (typed, _) = report(VAULT, &with(&vault_change(), &[]));
    assert_eq!(status, 1);
    assert_eq!(in_folder["calls"], typed["calls"], "{in_folder:#}");
}

#[test]
fn a_call_fares_like_every_record_of_it_evaluated_by_itself() {
    for name in ["1-ebs-source-ip", VAULT, "4-kms-vpc-endpoint"] {
        let input = Input::Path(sample(name).join("logs"));
        let events = ingest::read(&[input], &Options::default(), &()).unwrap().events;
        let knowledge = Knowledge::new(Table::builtin().clone());
        let chains = Chains::build(&events, &knowledge);
        let dump = Dump::read(&[sample(name).join("policies")], None).unwrap();
        let history = History::new(&events, dump);
        let trail = Trail::new(&events, &chains, &knowledge);
        let expected = fs::read_to_string(sample(name).join("expected.json")).unwrap();
        let expected: Json = serde_json::from_str(&expected).unwrap();
        let id = expected["change_event_id"].as_str().unwrap();
        let change = history.change_by(id).unwrap();
        let present = change.time.plus_seconds(-1);
        let amendments = [Amendment {
            subject: change.subject.clone(),
            operation: change.operation.clone(),
            source: id.into(),
            kind: None,
        }];
        let after = history.amended(&amendments, present);
        let asked = Mentioned::by([&history, &after]);
        let policies = Policies::new(&history, &after, &amendments, present);
        let inventory = history.at(present);
        let together = rehearse::calls(&trail, &asked, &inventory, 0..events.len());
        let fates = rehearse::fates(&trail, &policies, &together);
        let by_key: BTreeMap<&str, &Fate> =
            together.found().iter().map(|call| &*call.key).zip(&fates).collect();
        for (index, event) in events.iter().enumerate() {
            let one = rehearse::calls(&trail, &asked, &inventory, index..index + 1);
            let fate = rehearse::fates(&trail, &policies, &one);
            for (call, fate) in one.found().iter().zip(&fate) {
                let of_all = by_key[&*call.key];
                // When it worked decides between these two.
                let is_past = |fate: &Fate| matches!(fate, Fate::DeniedAlready | Fate::Unexplained);
                let same = fate == of_all || (is_past(fate) && is_past(of_all));
                assert!(same, "{name} {}: {fate:?} {of_all:?}", event.id());
            }
        }
    }
}

#[test]
fn the_command_at_the_end_of_each_sample_says_what_stands_below_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tried = 0;
    for entry in fs::read_dir(root.join("samples")).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path().join("README.md")) else {
            continue;
        };
        let mut blocks = text.split("```\n");
        let Some(command) = blocks.find(|block| block.starts_with("trailwhy rehearse ")) else {
            continue;
        };
        let shown = blocks.find(|block| !block.trim().is_empty()).unwrap();
        let words = command.split_whitespace().skip(1).filter(|word| *word != "\\");
        let output = Command::cargo_bin("trailwhy")
            .unwrap()
            .args(words)
            .args(["-q", "--lang", "en"])
            .current_dir(root)
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        for paragraph in shown.trim().split("\n\n").filter(|one| *one != "…") {
            assert!(said.contains(paragraph), "{command}\n{paragraph}\n--\n{said}");
        }
        tried += 1;
    }
    assert_eq!(tried, 6);
}
