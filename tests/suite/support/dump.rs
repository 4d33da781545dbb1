//! The policies of a story, in the shapes of the AWS CLI's outputs, as of the end of its trail.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::story::{ACCOUNT, OTHER, unique_id};

const ORGANIZATION: &str = "o-exampleorg1";
const MANAGEMENT: &str = "123456789012";
const UNIT: &str = "ou-a1b2-0c1d2e3f";

pub fn write(policies: &Value, root: &Path) {
    let put = |path: String, value: Value| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, serde_json::to_string_pretty(&value).unwrap()).unwrap();
    };
    for account in [ACCOUNT, OTHER] {
        put(format!("{account}/account-authorization-details.json"), details(policies, account));
    }
    for (arn, key) in members(policies, "keys") {
        for (name, value) in key_files(arn, key) {
            put(name, value);
        }
    }
    for (bucket, statements) in members(policies, "buckets") {
        put(
            format!("{ACCOUNT}/s3/{bucket}.json"),
            json!({"Policy": document(statements).to_string()}),
        );
    }
    for (bucket, settings) in members(policies, "public_access_block") {
        let name = format!("{ACCOUNT}/s3/{bucket}.get-public-access-block.json");
        put(name, json!({"PublicAccessBlockConfiguration": settings}));
    }
    for (number, (arn, statements)) in members(policies, "resources").enumerate() {
        put(
            format!("{ACCOUNT}/resources/{number}.json"),
            json!({"ResourceArn": arn, "Policy": document(statements).to_string()}),
        );
    }
    let endpoints: Vec<Value> = members(policies, "endpoints")
        .map(|(id, statements)| json!({"VpcEndpointId": id, "VpcEndpointType": "Interface", "VpcId": "vpc-0123456789abcdef0",
            "PolicyDocument": document(statements).to_string()}))
        .collect();
    if !endpoints.is_empty() {
        put(format!("{ACCOUNT}/vpc-endpoints.json"), json!({"VpcEndpoints": endpoints}));
    }
    organization(policies, &put);
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

/// Statements as a document; a whole document stays.
fn document(statements: &Value) -> Value {
    match statements {
        Value::Array(_) => json!({"Version": "2012-10-17", "Statement": statements}),
        whole => whole.clone(),
    }
}

fn details(policies: &Value, account: &str) -> Value {
    let (mut roles, mut users, mut managed) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, list) in [("roles", &mut roles), ("users", &mut users)] {
        for (name, entity) in members(policies, kind) {
            let (name, of) = name.split_once('@').unwrap_or((name, ACCOUNT));
            if of == account {
                list.push(one(kind, name, account, entity, &mut managed));
            }
        }
    }
    json!({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": roles, "Policies": managed})
}

fn one(kind: &str, name: &str, account: &str, entity: &Value, managed: &mut Vec<Value>) -> Value {
    let mut inline: Vec<Value> = Vec::new();
    if let Some(allow) = entity.get("allow") {
        let statement =
            json!([{"Sid": "Work", "Effect": "Allow", "Action": allow, "Resource": "*"}]);
        inline.push(json!({"PolicyName": "work", "PolicyDocument": document(&statement)}));
    }
    for (policy, statements) in members(entity, "inline") {
        inline.push(json!({"PolicyName": policy, "PolicyDocument": document(statements)}));
    }
    let mut attached = Vec::new();
    let mut manage = |policy: &str, statements: &Value| {
        let arn = format!("arn:aws:iam::{account}:policy/{policy}");
        managed.push(json!({"PolicyName": policy, "Arn": arn, "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": document(statements)}]}));
        arn
    };
    for (policy, statements) in members(entity, "managed") {
        let arn = manage(policy, statements);
        attached.push(json!({"PolicyName": policy, "PolicyArn": arn}));
    }
    let boundary = entity.get("boundary").map(|statements| {
        json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": manage(&format!("limits-of-{name}"), statements)})
    });
    let mut shown = Map::new();
    let mut put = |member: &str, value: Value| shown.insert(member.to_owned(), value);
    if kind == "users" {
        put("Path", json!("/"));
        put("UserName", json!(name));
        put("UserId", json!(format!("AIDA{:X<17}", name.to_uppercase())));
        put("Arn", json!(format!("arn:aws:iam::{account}:user/{name}")));
        put("UserPolicyList", json!(inline));
        put("GroupList", json!([]));
    } else {
        let (path, role) = match name.strip_prefix("slr:").and_then(|n| n.split_once('/')) {
            Some((host, role)) => (format!("/aws-service-role/{host}/"), role),
            None => ("/".to_owned(), name),
        };
        let trust = entity.get("trust").cloned().unwrap_or_else(|| {
            json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "sts:AssumeRole"}])
        });
        put("Path", json!(path));
        put("RoleName", json!(role));
        put("RoleId", json!(unique_id(role)));
        put("Arn", json!(format!("arn:aws:iam::{account}:role{path}{role}")));
        put("AssumeRolePolicyDocument", document(&trust));
        put("RolePolicyList", json!(inline));
    }
    put("AttachedManagedPolicies", json!(attached));
    if let Some(boundary) = boundary {
        put("PermissionsBoundary", boundary);
    }
    put("CreateDate", json!("2026-01-01T00:00:00Z"));
    put("Tags", entity.get("tags").cloned().unwrap_or_else(|| json!([])));
    Value::Object(shown)
}

fn key_files(arn: &str, key: &Value) -> Vec<(String, Value)> {
    let account = arn.split(':').nth(4).unwrap();
    let id = arn.rsplit('/').next().unwrap();
    let delegation = json!([{"Sid": "EnableIAM", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")},
        "Action": "kms:*", "Resource": "*"}]);
    let policy = document(key.get("policy").unwrap_or(&delegation));
    let state = key.get("state").and_then(Value::as_str).unwrap_or("Enabled");
    let grants = key.get("grants").cloned().unwrap_or_else(|| json!([]));
    let has_list = grants != json!(false);
    let folder = format!("{account}/kms/{id}");
    let mut files = vec![
        (format!("{folder}.json"), json!({"Policy": policy.to_string(), "PolicyName": "default"})),
        (
            format!("{folder}.describe-key.json"),
            json!({"KeyMetadata": {"AWSAccountId": account, "KeyId": id, "Arn": arn, "Enabled": state == "Enabled", "KeyState": state,
                "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT",
                "MultiRegion": false, "CreationDate": "2026-01-01T00:00:00Z"}}),
        ),
        (format!("{folder}.list-grants.json"), json!({"Grants": grants})),
    ];
    files.truncate(if has_list { 3 } else { 2 });
    files
}

fn organization(policies: &Value, put: &impl Fn(String, Value)) {
    let folder = "organizations";
    put(
        format!("{folder}/describe-organization.json"),
        json!({"Organization": {"Id": ORGANIZATION,
        "Arn": format!("arn:aws:organizations::{MANAGEMENT}:organization/{ORGANIZATION}"), "FeatureSet": "ALL",
        "MasterAccountId": MANAGEMENT, "MasterAccountArn": format!("arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{MANAGEMENT}")}}),
    );
    put(
        format!("{folder}/list-roots.json"),
        json!({"Roots": [{"Id": "r-a1b2", "Name": "Root",
        "Arn": format!("arn:aws:organizations::{MANAGEMENT}:root/{ORGANIZATION}/r-a1b2"),
        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}, {"Type": "RESOURCE_CONTROL_POLICY", "Status": "ENABLED"}]}]}),
    );
    let accounts: Vec<Value> = [ACCOUNT, OTHER, MANAGEMENT]
        .iter()
        .map(|id| {
            json!({"Id": id, "Name": id, "Status": "ACTIVE",
        "Arn": format!("arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{id}")})
        })
        .collect();
    put(format!("{folder}/list-accounts.json"), json!({"Accounts": accounts}));
    for (child, parent, kind) in [
        (ACCOUNT, UNIT, "ORGANIZATIONAL_UNIT"),
        (OTHER, "r-a1b2", "ROOT"),
        (MANAGEMENT, "r-a1b2", "ROOT"),
        (UNIT, "r-a1b2", "ROOT"),
    ] {
        put(
            format!("{folder}/list-parents-{child}.json"),
            json!({"Parents": [{"Id": parent, "Type": kind}]}),
        );
    }
    let everything = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    let open = json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]);
    let all = ["r-a1b2", UNIT, ACCOUNT, OTHER, MANAGEMENT];
    let full: Vec<&str> = all
        .into_iter()
        .filter(|at| {
            !policies
                .get("without_full_access")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .any(|w| w == at)
        })
        .collect();
    policy(put, "p-FullAWSAccess", "SERVICE_CONTROL_POLICY", true, &everything, &full);
    policy(put, "p-RCPFullAWSAccess", "RESOURCE_CONTROL_POLICY", true, &open, &all);
    for (member, kind) in [("scps", "SERVICE_CONTROL_POLICY"), ("rcps", "RESOURCE_CONTROL_POLICY")]
    {
        for (id, one) in members(policies, member) {
            policy(
                put,
                id,
                kind,
                false,
                &one["statements"],
                &[one["at"].as_str().unwrap_or("r-a1b2")],
            );
        }
    }
}

fn policy(
    put: &impl Fn(String, Value),
    id: &str,
    kind: &str,
    aws: bool,
    statements: &Value,
    at: &[&str],
) {
    let owner = if aws { "aws" } else { MANAGEMENT };
    let arn = format!(
        "arn:aws:organizations::{owner}:policy/{ORGANIZATION}/{}/{id}",
        kind.to_lowercase()
    );
    let name = id.trim_start_matches("p-");
    put(
        format!("organizations/describe-policy-{id}.json"),
        json!({"Policy": {
        "PolicySummary": {"Id": id, "Arn": arn, "Name": name, "Type": kind, "AwsManaged": aws},
        "Content": document(statements).to_string()}}),
    );
    let targets: Vec<Value> = at.iter().map(|target| {
        let (word, kind) = match target {
            t if t.starts_with("r-") => ("root", "ROOT"),
            t if t.starts_with("ou-") => ("ou", "ORGANIZATIONAL_UNIT"),
            _ => ("account", "ACCOUNT"),
        };
        json!({"TargetId": target, "Name": target, "Type": kind, "Arn": format!("arn:aws:organizations::{MANAGEMENT}:{word}/{ORGANIZATION}/{target}")})
    }).collect();
    put(format!("organizations/list-targets-for-policy-{id}.json"), json!({"Targets": targets}));
}
