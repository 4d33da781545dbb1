//! The first two stories: a policy that denies every call from outside the office, met by calls
//! that AWS services make for the people inside it.

use serde_json::{Value, json};

use super::{ACCOUNT, SPELLS, Story, Telling, denied};
use crate::export::caller::{Client, Principal, Role};
use crate::export::chains::{Actor, Key, Pair, Scene, ebs, stacks};
use crate::export::record::{Record, format};
use crate::policies::{Attached, allows, delegation, policy};

/// The spell that begins with the change.
const CHANGE: usize = 5;

const OFFICE: [&str; 2] = ["203.0.113.0/24", "198.51.100.0/25"];
const EC2_AND_KEYS: &[&str] = &["ec2:*", "kms:*"];

fn office_only() -> Value {
    policy(&[json!({
        "Sid": "DenyOutsideOffice", "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": OFFICE}},
    })])
}

/// An encrypted volume that never appears, for a user with a policy on addresses.
pub fn encrypted_volume() -> Story {
    let mut telling = Telling::new(0x5EED_0001, "ap-northeast-1");
    let keys = [
        Key::new(ACCOUNT, telling.region, "0c7de1f4-8a39-4b7e-9d05-1f6a2b3c4d5e"),
        Key::new(ACCOUNT, telling.region, "b51f0a77-3c2e-4d18-8e66-9a0b1c2d3e4f"),
    ];
    let deploy = Actor::new(
        Principal::user(ACCOUNT, "deploy", "AKIAIOSFODNN7EXAMPLE"),
        Client::cli("203.0.113.10"),
    );
    working_volumes(&mut telling, &deploy, &keys);
    let change = put_user_policy(&mut telling);
    let pairs = vanishing_volumes(&mut telling, &deploy, &keys);
    others_succeed(&mut telling, &keys);
    telling.fill(ACCOUNT, 94);
    describe_policies(&mut telling, &keys);
    let expected = json!({
        "incidents": 1,
        "kinds": ["silent"],
        "root_actions": ["ec2:CreateVolume"],
        "denied_actions": ["kms:GenerateDataKeyWithoutPlaintext"],
        "caller_kind": "forward_access_session",
        "layers": ["identity_policy"],
        "effects": ["explicit_deny"],
        "condition_keys": ["aws:SourceIp"],
        "statement_sid": "DenyOutsideOffice",
        "policy_name": "office-network-only",
        "change_event_id": change,
        "occurrences": occurrences(&pairs),
        "fix": {"layer": "identity_policy", "words": ["kms:ViaService", "aws:ViaAWSService"]},
    });
    telling.finish("1-ebs-source-ip", expected)
}

/// The pairs as the expectation lists them.
pub fn occurrences(pairs: &[Pair]) -> Value {
    pairs.iter().map(|pair| json!({"roots": pair.roots, "denied": pair.denied})).collect()
}

/// The first day and a half: the same calls of the same user, with both keys, work.
fn working_volumes(telling: &mut Telling, deploy: &Actor, keys: &[Key; 2]) {
    for spell in 0..CHANGE {
        for (number, key) in keys.iter().enumerate() {
            let scene = telling.scene(spell, 20 + 45 * number as i64);
            let (by, trail) = (deploy.direct(), &mut telling.trail);
            let made = ebs::create_volume(trail, scene, &deploy.principal, &by, Some(key), None);
            ebs::describe_volume(trail, scene.after(9), &by, &made.volume, false);
            if number == 0 {
                let instance = trail.random.resource("i");
                let pair = (made.volume.as_str(), instance.as_str());
                ebs::attach_volume(trail, scene.after(15), &deploy.principal, &by, key, pair);
            }
        }
    }
}

fn put_user_policy(telling: &mut Telling) -> String {
    let role = Role::new(ACCOUNT, "/", "platform-admin");
    let client = Client::console("203.0.113.17");
    let admin = telling.session(&role, "platform-oncall", CHANGE, client);
    let scene = telling.scene(CHANGE, 12);
    let record =
        Record::call(scene.at, "us-east-1", "iam", "PutUserPolicy", &admin.direct()).with(json!({
            "userName": "deploy", "policyName": "office-network-only",
            "policyDocument": office_only().to_string(),
        }));
    telling.trail.log(record)
}

/// From the change on: the volume is promised and never comes. Unencrypted volumes do come.
fn vanishing_volumes(telling: &mut Telling, deploy: &Actor, keys: &[Key; 2]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for spell in CHANGE..SPELLS {
        for (number, key) in keys.iter().enumerate().take(1 + spell % 2) {
            let scene = telling.scene(spell, 90 + 60 * number as i64);
            let text = denied(
                &deploy.principal.arn(),
                "kms:GenerateDataKeyWithoutPlaintext",
                &key.arn(),
                "with an explicit deny in an identity-based policy",
            );
            let (by, trail) = (deploy.direct(), &mut telling.trail);
            let made =
                ebs::create_volume(trail, scene, &deploy.principal, &by, Some(key), Some(&text));
            ebs::describe_volume(trail, scene.after(20), &by, &made.volume, true);
            if let Some(denied) = made.data_key {
                pairs.push(Pair::new(made.root, denied));
            }
            if spell.is_multiple_of(3) {
                ebs::create_volume(trail, scene, &deploy.principal, &by, None, None);
            }
        }
    }
    pairs
}

/// A pipeline and an operator use the same keys all the time, once in the second of a failure.
fn others_succeed(telling: &mut Telling, keys: &[Key; 2]) {
    let role = Role::new(ACCOUNT, "/", "release-pipeline");
    for spell in (1..SPELLS).step_by(2) {
        let client = Client::terraform("203.0.113.80");
        let pipeline = telling.session(&role, "release", spell, client);
        let ops = Actor::new(
            Principal::user(ACCOUNT, "ops", "AKIAI44QH8DHBEXAMPLE"),
            Client::cli("203.0.113.42"),
        );
        for (actor, key, seconds) in [(&pipeline, &keys[0], 90), (&ops, &keys[1], 170)] {
            let scene = telling.scene(spell, seconds);
            let (by, trail) = (actor.direct(), &mut telling.trail);
            ebs::create_volume(trail, scene, &actor.principal, &by, Some(key), None);
        }
    }
}

fn describe_policies(telling: &mut Telling, keys: &[Key; 2]) {
    let dump = &mut telling.dump;
    let deploy = Attached::inline("deploy-volumes", allows(EC2_AND_KEYS))
        .and_inline("office-network-only", office_only());
    dump.user(ACCOUNT, "deploy", &deploy);
    let pipeline = Attached::inline("release", allows(EC2_AND_KEYS));
    dump.staff_role(&Role::new(ACCOUNT, "/", "release-pipeline"), &pipeline);
    for key in keys {
        dump.key(key, &policy(&[delegation(ACCOUNT)]), &[]);
    }
    dump.organization(&[ACCOUNT]);
}

const GUARD: (&str, &str) =
    ("office-network-only", "arn:aws:iam::111122223333:policy/office-network-only");
const TEMPLATES: &str = "deploy-templates-5c1f0e";
const CERTIFICATE: &str =
    "arn:aws:acm:eu-west-1:111122223333:certificate/4f5e6d7c-8b9a-4c3d-9e1f-2a3b4c5d6e7f";

/// What one release does, and which of its calls the guard stops.
struct Release<'a> {
    telling: &'a mut Telling,
    actor: Actor,
    acm: Key,
    volumes: Key,
    guarded: bool,
    pairs: Vec<Pair>,
}

impl Release<'_> {
    /// The text for an action on a resource, once the guard is attached.
    fn text(&self, action: &str, resource: &str) -> Option<String> {
        let because = format!("with an explicit deny in an identity-based policy: {}", GUARD.1);
        let name = self.actor.principal.arn();
        self.guarded.then(|| denied(&name, action, resource, &because))
    }

    fn keep(&mut self, pair: Pair) {
        if self.guarded {
            self.pairs.push(pair);
        }
    }

    fn listener(&mut self, scene: Scene) {
        let text = self.text("kms:CreateGrant", &self.acm.arn());
        let with = (CERTIFICATE, &self.acm);
        let trail = &mut self.telling.trail;
        let pair = stacks::create_listener(trail, scene, &self.actor, with, text.as_deref());
        self.keep(pair);
    }

    fn template(&mut self, scene: Scene, stack: &str) {
        let object = format!("\"arn:aws:s3:::{TEMPLATES}/{stack}.yaml\"");
        let text = self.text("s3:GetObject", &object);
        let trail = &mut self.telling.trail;
        let from = (TEMPLATES, stack);
        let pair = stacks::create_stack(trail, scene, &self.actor, from, text.as_deref());
        self.keep(pair);
    }

    fn resources(&mut self, scene: Scene, stack: &str) {
        let root = stacks::start_stack(&mut self.telling.trail, scene, &self.actor, stack);
        let group = format!("arn:aws:ec2:{}:{ACCOUNT}:security-group/*", scene.region);
        let text = self.text("ec2:CreateSecurityGroup", &group).map(|text| {
            let encoded = self.telling.trail.random.base62(420);
            format!("You are not authorized to perform this operation. {text}. Encoded authorization failure message: {encoded}")
        });
        let later = scene.after(4);
        let trail = &mut self.telling.trail;
        let by = stacks::stack_caller(trail, later, &self.actor);
        let denied = stacks::create_security_group(trail, later, &by, stack, text.as_deref());
        self.keep(Pair::new(root, denied));
    }

    fn volume(&mut self, scene: Scene) {
        let text = self.text("kms:GenerateDataKeyWithoutPlaintext", &self.volumes.arn());
        let (actor, by) = (&self.actor, self.actor.direct());
        let trail = &mut self.telling.trail;
        let key = Some(&self.volumes);
        let made = ebs::create_volume(trail, scene, &actor.principal, &by, key, text.as_deref());
        if let Some(denied) = made.data_key {
            self.keep(Pair::new(made.root, denied));
        }
    }

    fn run(&mut self, spell: usize) {
        let scene = self.telling.scene(spell, 30);
        self.template(scene, &format!("shop-{spell}"));
        self.resources(scene.after(40), &format!("shop-net-{spell}"));
        if spell.is_multiple_of(2) {
            self.listener(scene.after(80));
        } else {
            self.volume(scene.after(120));
        }
    }
}

/// The same policy on a role that releases software: a load balancer, stacks, volumes.
pub fn other_services() -> Story {
    let mut telling = Telling::new(0x5EED_0002, "eu-west-1");
    let acm = Key::new(ACCOUNT, telling.region, "e7a1c9d2-60f4-4b5b-a2c8-7d8e9f0a1b2c");
    let volumes = Key::new(ACCOUNT, telling.region, "2d9b8c7a-6e5f-4a1b-8c3d-0e1f2a3b4c5d");
    let manager = Role::new(ACCOUNT, "/", "release-manager");
    let free = Role::new(ACCOUNT, "/", "release-pipeline");
    let change = attach_guard(&mut telling);
    let mut pairs = Vec::new();
    for spell in 0..SPELLS {
        for (role, name, address) in
            [(&manager, "release", "203.0.113.12"), (&free, "nightly", "203.0.113.81")]
        {
            let guarded = spell >= CHANGE && role.name == manager.name;
            let actor = telling.session(role, name, spell, Client::cli(address));
            let mut release = Release {
                telling: &mut telling,
                actor,
                acm: acm.clone(),
                volumes: volumes.clone(),
                guarded,
                pairs: Vec::new(),
            };
            release.run(spell);
            pairs.append(&mut release.pairs);
        }
    }
    telling.fill(ACCOUNT, 94);
    describe_release(&mut telling, [&manager, &free], &acm, &volumes);
    let expected = json!({
        "incidents": 2,
        "kinds": ["silent", "opaque"],
        "root_actions": [
            "cloudformation:CreateStack", "elasticloadbalancing:CreateListener", "ec2:CreateVolume",
        ],
        "denied_actions": [
            "s3:GetObject", "ec2:CreateSecurityGroup", "kms:CreateGrant",
            "kms:GenerateDataKeyWithoutPlaintext",
        ],
        "caller_kind": "forward_access_session",
        "layers": ["identity_policy"],
        "effects": ["explicit_deny"],
        "condition_keys": ["aws:SourceIp"],
        "statement_sid": "DenyOutsideOffice",
        "policy_name": "office-network-only",
        "change_event_id": change,
        "occurrences": occurrences(&pairs),
        "fix": {"layer": "identity_policy", "words": ["aws:ViaAWSService"]},
        "refuted": ["kms:ViaService"],
    });
    telling.finish("2-same-condition-other-services", expected)
}

fn attach_guard(telling: &mut Telling) -> String {
    let role = Role::new(ACCOUNT, "/", "platform-admin");
    let admin = telling.session(&role, "platform-oncall", CHANGE, Client::console("203.0.113.17"));
    let scene = telling.scene(CHANGE, 5);
    let by = admin.direct();
    let made = format(scene.at, "%b %-d, %Y, %-I:%M:%S %p");
    let create = Record::call(scene.at, "us-east-1", "iam", "CreatePolicy", &by)
        .with(json!({
            "policyName": GUARD.0, "policyDocument": office_only().to_string(),
            "description": "calls from the office only",
        }))
        .returning(json!({"policy": {
            "policyName": GUARD.0, "policyId": "ANPAEXAMPLE1OFFICENET", "arn": GUARD.1, "path": "/",
            "defaultVersionId": "v1", "attachmentCount": 0, "permissionsBoundaryUsageCount": 0,
            "isAttachable": true, "createDate": made,
            "updateDate": made,
        }}));
    telling.trail.log(create);
    let attach = Record::call(scene.at + 14, "us-east-1", "iam", "AttachRolePolicy", &by)
        .with(json!({"roleName": "release-manager", "policyArn": GUARD.1}));
    telling.trail.log(attach)
}

fn describe_release(telling: &mut Telling, roles: [&Role; 2], acm: &Key, volumes: &Key) {
    let dump = &mut telling.dump;
    let release = allows(&[
        "cloudformation:*",
        "elasticloadbalancing:*",
        "ec2:*",
        "acm:*",
        "s3:GetObject",
        "kms:*",
    ]);
    let [manager, free] = roles;
    let allowed = Attached::inline("release", release);
    dump.staff_role(manager, &allowed.clone().and_managed(GUARD));
    dump.staff_role(free, &allowed);
    dump.managed(ACCOUNT, GUARD, &office_only());
    dump.key(volumes, &policy(&[delegation(ACCOUNT)]), &[]);
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let readers = json!({
        "Sid": "Templates", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{TEMPLATES}/*"),
    });
    dump.bucket(ACCOUNT, TEMPLATES, &policy(&[readers]));
    let through_acm = json!({
        "Sid": "Allow access through AWS Certificate Manager for all principals in the account",
        "Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*",
            "kms:CreateGrant", "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {"StringEquals": {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": format!("acm.{}.amazonaws.com", acm.region),
        }},
    });
    dump.aws_managed_key(acm, &policy(&[through_acm]));
    dump.organization(&[ACCOUNT]);
}
