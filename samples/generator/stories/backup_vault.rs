//! The third story: a key policy that spares one role, and a service principal that is no role.

use serde_json::{Value, json};

use super::source_ip::occurrences;
use super::{ACCOUNT, SPELLS, Story, Telling};
use crate::export::caller::{Client, Role};
use crate::export::chains::backup::{self, Vault};
use crate::export::chains::{Key, Pair};
use crate::export::record::Record;
use crate::policies::{ADMINISTRATOR, Attached, LONG_AGO, allows, delegation, policy};

/// KMS does not say which of three things it is, nor which key.
const VAGUE: &str = "User: backup-storage.amazonaws.com is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access";

fn key_policy(spared: &[&str]) -> Value {
    let spared: Vec<String> =
        spared.iter().map(|role| format!("arn:aws:iam::{ACCOUNT}:role/{role}")).collect();
    policy(&[
        delegation(ACCOUNT),
        json!({
            "Sid": "DenyUseByOthers", "Effect": "Deny", "Principal": {"AWS": "*"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalArn": spared}},
        }),
    ])
}

/// The spell that begins with the first change of the key policy.
const CHANGE: usize = 5;

const FIRST: &[&str] = &["key-admin"];
const SECOND: &[&str] = &["key-admin", "service-role/AWSBackupDefaultServiceRole"];

/// A backup job that fails without a reason.
pub fn story() -> Story {
    let mut telling = Telling::new(0x5EED_0003, "us-east-1");
    let vault = |name: &str, id: &str| Vault {
        account: ACCOUNT.into(),
        name: name.into(),
        key: Key::new(ACCOUNT, "us-east-1", id),
        role: backup::DEFAULT_ROLE.into(),
    };
    let compliance = vault("compliance", "7e6d5c4b-3a29-4817-b605-f4e3d2c1b0a9");
    let daily = vault("daily", "19f8e7d6-c5b4-4a39-8271-60f5e4d3c2b1");
    let change = put_key_policy(&mut telling, &compliance, (CHANGE, "key-admin"), FIRST);
    put_key_policy(&mut telling, &compliance, (CHANGE + 2, "platform-admin"), SECOND);
    let mut pairs = Vec::new();
    for spell in 0..SPELLS {
        jobs(&mut telling, spell, &compliance, &daily, &mut pairs);
    }
    telling.fill(ACCOUNT, 105);
    describe_policies(&mut telling, &compliance, &daily);
    let expected = json!({
        "incidents": 1,
        "kinds": ["silent"],
        "root_actions": ["backup:StartBackupJob"],
        "denied_actions": ["kms:Decrypt"],
        "caller_kind": "service_principal",
        "layers": ["resource_policy"],
        "effects": ["explicit_deny"],
        "condition_keys": ["aws:PrincipalArn"],
        "statement_sid": "DenyUseByOthers",
        "policy_name": null,
        "change_event_id": change,
        "occurrences": occurrences(&pairs),
        "fix": {"layer": "resource_policy", "words": ["aws:PrincipalIsAWSService"]},
        "refuted": ["AWSBackupDefaultServiceRole"],
    });
    telling.finish("3-backup-vault-key", expected)
}

/// A job or two into each vault; from the change on, none into `compliance` ends well.
fn jobs(
    telling: &mut Telling,
    spell: usize,
    compliance: &Vault,
    daily: &Vault,
    pairs: &mut Vec<Pair>,
) {
    let role = Role::new(ACCOUNT, "/", "backup-operator");
    let operator = telling.session(&role, "nightly", spell, Client::cli("203.0.113.33"));
    let (by, scene) = (operator.direct(), telling.scene(spell, 40));
    let table = *telling.trail.random.pick(&["orders", "ledger", "customers"]);
    let denial = (spell >= CHANGE).then_some(VAGUE);
    let trail = &mut telling.trail;
    let pair = backup::run_job(trail, scene, &by, (compliance, table), denial);
    if denial.is_some() {
        pairs.push(pair);
    }
    if spell % 4 != 1 {
        backup::run_job(trail, scene.after(35), &by, (daily, table), None);
    }
}

fn put_key_policy(
    telling: &mut Telling,
    vault: &Vault,
    (spell, role): (usize, &str),
    spared: &[&str],
) -> String {
    let role = Role::new(ACCOUNT, "/", role);
    let admin = telling.session(&role, "keys", spell, Client::console("203.0.113.17"));
    let scene = telling.scene(spell, 8);
    let text = serde_json::to_string_pretty(&key_policy(spared)).unwrap_or_default();
    let record = Record::call(scene.at, scene.region, "kms", "PutKeyPolicy", &admin.direct())
        .with(json!({
            "keyId": vault.key.id, "policyName": "default", "policy": text,
            "bypassPolicyLockoutSafetyCheck": false,
        }))
        .returning(json!({"keyId": vault.key.arn()}))
        .on(&vault.key.arn(), ACCOUNT, "AWS::KMS::Key");
    telling.trail.log(record)
}

/// The grant by which the storage behind a vault uses the vault's key.
fn storage_grant(telling: &mut Telling, vault: &Vault) -> Value {
    json!({
        "KeyId": vault.key.arn(), "GrantId": telling.trail.random.hex(64), "Name": "",
        "CreationDate": LONG_AGO, "GranteePrincipal": "backup-storage.amazonaws.com",
        "RetiringPrincipal": "backup-storage.amazonaws.com",
        "IssuingAccount": format!("arn:aws:iam::{ACCOUNT}:root"),
        "Operations": ["Decrypt", "GenerateDataKey", "DescribeKey", "RetireGrant"],
    })
}

fn describe_policies(telling: &mut Telling, compliance: &Vault, daily: &Vault) {
    let grants = [storage_grant(telling, compliance), storage_grant(telling, daily)];
    let [for_compliance, for_daily] = grants;
    let dump = &mut telling.dump;
    dump.key(&compliance.key, &key_policy(SECOND), &[for_compliance]);
    dump.key(&daily.key, &policy(&[delegation(ACCOUNT)]), &[for_daily]);
    let operator = allows(&["backup:StartBackupJob", "iam:PassRole"]);
    dump.staff_role(
        &Role::new(ACCOUNT, "/", "backup-operator"),
        &Attached::inline("backup", operator),
    );
    dump.staff_role(&Role::new(ACCOUNT, "/", "key-admin"), &Attached::managed(ADMINISTRATOR));
    let backup = allows(&[
        "dynamodb:StartAwsBackupJob",
        "dynamodb:DescribeTable",
        "backup:*",
        "backup-storage:*",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
    ]);
    dump.role(
        &Role::new(ACCOUNT, "/service-role/", "AWSBackupDefaultServiceRole"),
        json!({"Service": "backup.amazonaws.com"}),
        &Attached::inline("backup", backup),
    );
    dump.organization(&[ACCOUNT]);
}
