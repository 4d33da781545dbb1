//! The last two stories: a group whose instances are gone as soon as they are there, because the
//! service-linked role that launches them may not use the key of their volumes.

use serde_json::{Value, json};

use super::source_ip::occurrences;
use super::{ACCOUNT, SPELLS, Story, Telling, denied};
use crate::export::caller::{Client, Principal, Role};
use crate::export::chains::autoscaling::{self, Group};
use crate::export::chains::{Actor, Key, Pair, ebs};
use crate::policies::{Attached, Dump, LONG_AGO, allows, delegation, policy};

const SERVICE: &str = "autoscaling.amazonaws.com";
const DATA_KEY: &str = "kms:GenerateDataKeyWithoutPlaintext";
const OWNER: &str = "444455556666";

fn linked_role() -> Role {
    Role::linked(ACCOUNT, SERVICE, "AWSServiceRoleForAutoScaling")
}

fn group(name: &str, template: &str, key: Key) -> Group {
    Group {
        account: ACCOUNT.into(),
        name: name.into(),
        template: template.into(),
        image: "ami-0d5eff06f840b45e9".into(),
        key,
    }
}

/// A group whose launches fail from some spell on, and how AWS words it.
struct Failing<'a> {
    group: &'a Group,
    from: usize,
    text: String,
}

/// Somebody scales both groups; the failing one tries again after a while.
fn scale(telling: &mut Telling, works: &Group, fails: &Failing) -> Vec<Pair> {
    let deploy = Actor::new(
        Principal::user(ACCOUNT, "deploy", "AKIAIOSFODNN7EXAMPLE"),
        Client::cli("203.0.113.10"),
    );
    let mut pairs = Vec::new();
    for spell in 0..SPELLS {
        let (scene, by) = (telling.scene(spell, 10), deploy.direct());
        let trail = &mut telling.trail;
        let size = 2 + spell as u64 % 4;
        autoscaling::set_capacity(trail, scene, &by, works, size);
        autoscaling::launch(trail, scene.after(14), works, None);
        if spell < fails.from {
            continue;
        }
        let ask = scene.after(60);
        let asked = autoscaling::set_capacity(trail, ask, &by, fails.group, size);
        for seconds in [12, 130] {
            let scene = ask.after(seconds);
            let mut pair = autoscaling::launch(trail, scene, fails.group, Some(&fails.text));
            pair.roots.push(asked.clone());
            pairs.push(pair);
        }
        if spell.is_multiple_of(2) {
            autoscaling::launch(trail, ask.after(12), works, None);
        }
    }
    pairs
}

/// Everything the two expectations have in common.
fn expected(pairs: &[Pair], layers: &[&str], effects: &[&str], fix: Value) -> Value {
    json!({
        "incidents": 1,
        "kinds": ["silent", "background"],
        "root_actions": ["ec2:RunInstances", "autoscaling:SetDesiredCapacity", "sts:AssumeRole"],
        "denied_actions": [DATA_KEY],
        "caller_kind": "service_linked_role",
        "layers": layers,
        "effects": effects,
        "condition_keys": [],
        "statement_sid": null,
        "policy_name": null,
        "change_event_id": null,
        "occurrences": occurrences(pairs),
        "fix": fix,
    })
}

fn describe_scaling(dump: &mut Dump) {
    let deploy = allows(&["autoscaling:*", "ec2:*", "kms:DescribeKey"]);
    dump.user(ACCOUNT, "deploy", &Attached::inline("deploy", deploy));
    let linked = allows(&["ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "iam:PassRole"]);
    let trusted = json!({"Service": SERVICE});
    dump.role(&linked_role(), trusted, &Attached::inline("AutoScalingServiceRolePolicy", linked));
}

/// A key policy that leaves only its administration to IAM and names who may use the key.
fn named_users(users: &[String]) -> Value {
    policy(&[
        json!({
            "Sid": "Administration", "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
            "Action": [
                "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*",
                "kms:Update*", "kms:Revoke*", "kms:Disable*", "kms:Get*", "kms:TagResource",
                "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
            ],
            "Resource": "*",
        }),
        json!({
            "Sid": "Use", "Effect": "Allow", "Principal": {"AWS": users},
            "Action": [
                "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                "kms:DescribeKey",
            ],
            "Resource": "*",
        }),
        json!({
            "Sid": "Grants", "Effect": "Allow", "Principal": {"AWS": users},
            "Action": ["kms:CreateGrant"], "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        }),
    ])
}

/// A key of the account itself, whose policy does not know the service-linked role.
pub fn own_key() -> Story {
    let mut telling = Telling::new(0x5EED_0005, "ap-northeast-1");
    let region = telling.region;
    let web = group(
        "web",
        "lt-0f1e2d3c4b5a69788",
        Key::new(ACCOUNT, region, "c3d4e5f6-0718-4293-a4b5-c6d7e8f90a1b"),
    );
    let api = group(
        "api",
        "lt-08a7b6c5d4e3f2011",
        Key::new(ACCOUNT, region, "81726354-a5b6-4c7d-8e9f-0a1b2c3d4e5f"),
    );
    let session = linked_role().session_arn("AutoScaling");
    let because = format!("because no resource-based policy allows the {DATA_KEY} action");
    let text = denied(&session, DATA_KEY, &web.key.arn(), &because);
    let pairs = scale(&mut telling, &api, &Failing { group: &web, from: 4, text });
    let pipeline = Role::new(ACCOUNT, "/", "release-pipeline");
    for spell in (1..SPELLS).step_by(2) {
        let actor = telling.session(&pipeline, "release", spell, Client::terraform("203.0.113.80"));
        let (by, scene) = (actor.direct(), telling.scene(spell, 75));
        let trail = &mut telling.trail;
        ebs::create_volume(trail, scene, &actor.principal, &by, Some(&web.key), None);
    }
    telling.fill(ACCOUNT, 96);
    let dump = &mut telling.dump;
    describe_scaling(dump);
    let attached = Attached::inline("release", allows(&["ec2:*", "kms:*"]));
    dump.staff_role(&pipeline, &attached);
    dump.key(&web.key, &named_users(&[pipeline.arn()]), &[]);
    dump.key(&api.key, &named_users(&[pipeline.arn(), linked_role().arn()]), &[]);
    dump.organization(&[ACCOUNT]);
    let fix = json!({
        "layer": "resource_policy",
        "words": ["AWSServiceRoleForAutoScaling", "kms:CreateGrant", "kms:GrantIsForAWSResource"],
    });
    let expected = expected(&pairs, &["resource_policy"], &["implicit_deny"], fix);
    telling.finish("5-auto-scaling-own-key", expected)
}

/// A key of another account, which does not know this account at all; only this account's trail
/// shows the denials.
pub fn key_of_another_account() -> Story {
    let mut telling = Telling::new(0x5EED_0006, "eu-central-1");
    let region = telling.region;
    let render = group(
        "render",
        "lt-0b9a8c7d6e5f41302",
        Key::new(OWNER, region, "d9e8f7a6-b5c4-4d3e-9f21-0a9b8c7d6e5f"),
    );
    let web = group(
        "web",
        "lt-0f1e2d3c4b5a69788",
        Key::new(OWNER, region, "3f2e1d0c-9b8a-4796-85a4-b3c2d1e0f9a8"),
    );
    let session = linked_role().session_arn("AutoScaling");
    let text = format!(
        "User: {session} is not authorized to perform: {DATA_KEY} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    );
    let pairs = scale(&mut telling, &web, &Failing { group: &render, from: 4, text });
    owner_at_work(&mut telling, &render.key);
    telling.fill(ACCOUNT, 82);
    telling.fill_every(3, OWNER, 30);
    let dump = &mut telling.dump;
    describe_scaling(dump);
    dump.key(&render.key, &policy(&[delegation(OWNER)]), &[]);
    let (shared, grant) = shared_key(&web.key);
    dump.key(&web.key, &shared, &[grant]);
    dump.organization(&[ACCOUNT, OWNER]);
    let fix = json!({
        "layer": "resource_policy",
        "words": ["create-grant", &linked_role().arn(), "kms:CreateGrant", ACCOUNT],
    });
    let layers = ["resource_policy", "kms_grant"];
    let expected = expected(&pairs, &layers, &["implicit_deny", "not_applicable"], fix);
    telling.finish("6-auto-scaling-other-account-key", expected)
}

/// The owner uses the key that the other account cannot.
fn owner_at_work(telling: &mut Telling, key: &Key) {
    let ops = Actor::new(
        Principal::user(OWNER, "ops", "AKIAI44QH8DHBEXAMPLE"),
        Client::cli("203.0.113.42"),
    );
    for spell in (0..SPELLS).step_by(2) {
        let (by, scene) = (ops.direct(), telling.scene(spell, 100));
        let trail = &mut telling.trail;
        ebs::create_volume(trail, scene, &ops.principal, &by, Some(key), None);
    }
}

/// A key policy that admits the other account, and the grant made there for its role.
fn shared_key(key: &Key) -> (Value, Value) {
    let operations = [
        "Encrypt",
        "Decrypt",
        "ReEncryptFrom",
        "ReEncryptTo",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "DescribeKey",
        "CreateGrant",
    ];
    let shared = policy(&[
        delegation(OWNER),
        json!({
            "Sid": "Allow use by the workload account", "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
            "Action": [
                "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                "kms:DescribeKey", "kms:CreateGrant",
            ],
            "Resource": "*",
        }),
    ]);
    let grant = json!({
        "KeyId": key.arn(), "Name": "", "CreationDate": LONG_AGO,
        "GrantId": "6b1e0f9d8c7b6a5948372615f0e1d2c3b4a5968778695a4b3c2d1e0f9e8d7c6b",
        "GranteePrincipal": linked_role().arn(),
        "RetiringPrincipal": linked_role().arn(),
        "IssuingAccount": format!("arn:aws:iam::{ACCOUNT}:root"), "Operations": operations,
    });
    (shared, grant)
}
