//! The fourth story: one role, two keys, and an endpoint policy that names one of them.

use serde_json::{Value, json};

use super::{ACCOUNT, SPELLS, Story, Telling};
use crate::export::caller::{Caller, Client, Principal, Role};
use crate::export::chains::kms::{self, KmsCall};
use crate::export::chains::{Key, Scene};
use crate::export::record::Record;
use crate::policies::{ADMINISTRATOR, Attached, allows, delegation, policy};

const REGION: &str = "us-west-2";
/// The spell that begins with the change.
const CHANGE: usize = 6;

/// The endpoint of the network where the orders are made, and that of the batch network.
const ORDERS: &str = "vpce-0c1d2e3f4a5b6c7d8";
const BATCH: &str = "vpce-09f8e7d6c5b4a3921";

struct Keys {
    orders: Key,
    reports: Key,
}

fn endpoint_policy(keys: &Keys) -> Value {
    policy(&[json!({
        "Sid": "ReportsKey", "Effect": "Allow", "Principal": "*", "Action": "kms:*",
        "Resource": [keys.reports.arn()],
    })])
}

/// Calls with one key that fail on the way, while everything that could allow them does.
pub fn story() -> Story {
    let mut telling = Telling::new(0x5EED_0004, REGION);
    let keys = Keys {
        orders: Key::new(ACCOUNT, REGION, "a0b1c2d3-e4f5-4061-9273-8495a6b7c8d9"),
        reports: Key::new(ACCOUNT, REGION, "5a6b7c8d-9eaf-4b0c-8d1e-2f3041526374"),
    };
    let change = modify_endpoint(&mut telling, &keys);
    attach_administrator(&mut telling);
    let mut denied = Vec::new();
    for spell in 0..SPELLS {
        orders(&mut telling, spell, &keys, &mut denied);
        elsewhere(&mut telling, spell, &keys);
    }
    telling.fill(ACCOUNT, 112);
    describe_policies(&mut telling, &keys);
    let occurrences: Value =
        denied.iter().map(|id: &String| json!({"roots": [], "denied": id})).collect();
    let expected = json!({
        "incidents": 1,
        "kinds": ["direct"],
        "root_actions": [],
        "denied_actions": ["kms:GenerateDataKey", "kms:Decrypt"],
        "caller_kind": "direct",
        "layers": ["vpc_endpoint_policy"],
        "effects": ["implicit_deny"],
        "condition_keys": [],
        "statement_sid": null,
        "policy_name": null,
        "change_event_id": change,
        "occurrences": occurrences,
        "fix": {"layer": "vpc_endpoint_policy", "words": [keys.orders.arn()]},
        "refuted": ["AdministratorAccess"],
    });
    telling.finish("4-kms-vpc-endpoint", expected)
}

/// Somebody's session, signed in to through the identity account, whose trail is not here.
fn session(telling: &mut Telling, scene: Scene, role: &str) -> Principal {
    let role = Role::new(ACCOUNT, "/", role);
    let name = format!("workbench-{}", telling.trail.random.between(1, 4));
    let opened = scene.at - telling.trail.random.between(400, 3000);
    Principal::session(&mut telling.trail.random, &role, &name, opened)
}

fn sdk(address: &str) -> Client {
    Client::new(
        address,
        "aws-sdk-java/2.34.0 md/io#async md/http#NettyNio ua/2.1 os/Linux#6.8.0 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM md/vendor#Amazon.com_Inc. cfg/retry-mode#standard",
    )
}

/// A data key, and its decryption a little later, with `key`.
fn use_key(
    telling: &mut Telling,
    scene: Scene,
    by: &Caller,
    key: &Key,
    denied: bool,
) -> [String; 2] {
    let text = |action: &str| {
        let (name, arn) = (&by.name, key.arn());
        format!("User: {name} is not authorized to perform: {action} on resource: {arn}")
    };
    let [made, opened] =
        ["kms:GenerateDataKey", "kms:Decrypt"].map(|action| denied.then(|| text(action)));
    let context = json!({"purpose": "order-lines"});
    let make = KmsCall::data_key(key, context.clone(), made.as_deref());
    let first = kms::log(&mut telling.trail, scene, by, &make);
    let open = KmsCall::decrypt(key, context, opened.as_deref());
    let second = kms::log(&mut telling.trail, scene.after(7), by, &open);
    [first, second]
}

/// Engineers of the orders team, in its network, with both keys.
fn orders(telling: &mut Telling, spell: usize, keys: &Keys, denied: &mut Vec<String>) {
    let scene = telling.scene(spell, 15);
    let session = session(telling, scene, "orders-engineer");
    let by = Caller::direct(&session, &sdk("10.20.4.31").through(ORDERS, ACCOUNT));
    use_key(telling, scene.after(30), &by, &keys.reports, false);
    let fails = spell >= CHANGE;
    let ids = use_key(telling, scene.after(30), &by, &keys.orders, fails);
    if fails {
        denied.extend(ids);
    }
    if spell.is_multiple_of(3) {
        use_key(telling, scene.after(90), &by, &keys.reports, false);
    }
}

/// The same role and the same key by other ways: the batch network's endpoint, and none at all.
fn elsewhere(telling: &mut Telling, spell: usize, keys: &Keys) {
    let scene = telling.scene(spell, 60);
    if spell.is_multiple_of(2) {
        let session = session(telling, scene, "orders-engineer");
        let by = Caller::direct(&session, &sdk("10.30.1.9").through(BATCH, ACCOUNT));
        use_key(telling, scene.after(25), &by, &keys.orders, false);
    } else {
        let session = session(telling, scene, "orders-engineer");
        let by = Caller::direct(&session, &sdk("198.51.100.140"));
        use_key(telling, scene.after(20), &by, &keys.orders, false);
    }
    let session = session(telling, scene.after(3), "reports-engineer");
    let by = Caller::direct(&session, &sdk("10.20.4.77").through(ORDERS, ACCOUNT));
    use_key(telling, scene.after(70), &by, &keys.reports, false);
}

fn modify_endpoint(telling: &mut Telling, keys: &Keys) -> String {
    let role = Role::new(ACCOUNT, "/", "network-admin");
    let admin = telling.session(&role, "network", CHANGE, Client::terraform("203.0.113.66"));
    let scene = telling.scene(CHANGE, 4);
    let request_id = telling.trail.random.uuid();
    let record = Record::call(scene.at, scene.region, "ec2", "ModifyVpcEndpoint", &admin.direct())
        .with(json!({"ModifyVpcEndpointRequest": {
            "VpcEndpointId": ORDERS, "PolicyDocument": endpoint_policy(keys).to_string(),
        }}))
        .returning(json!({"ModifyVpcEndpointResponse": {
            "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", "return": true,
            "requestId": request_id,
        }}))
        .within(&request_id);
    telling.trail.log(record)
}

/// What somebody tried next, in vain.
fn attach_administrator(telling: &mut Telling) {
    let role = Role::new(ACCOUNT, "/", "platform-admin");
    let admin =
        telling.session(&role, "platform-oncall", CHANGE + 2, Client::console("203.0.113.17"));
    let scene = telling.scene(CHANGE + 2, 6);
    let record = Record::call(scene.at, "us-east-1", "iam", "AttachRolePolicy", &admin.direct())
        .with(json!({"roleName": "orders-engineer", "policyArn": ADMINISTRATOR.1}));
    telling.trail.log(record);
}

fn describe_policies(telling: &mut Telling, keys: &Keys) {
    let dump = &mut telling.dump;
    let uses = allows(&["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"]);
    let trusted = || json!({"AWS": "arn:aws:iam::777788889999:root"});
    let orders = Attached::inline("keys", uses.clone()).and_managed(ADMINISTRATOR);
    dump.role(&Role::new(ACCOUNT, "/", "orders-engineer"), trusted(), &orders);
    let reports = Attached::inline("keys", uses);
    dump.role(&Role::new(ACCOUNT, "/", "reports-engineer"), trusted(), &reports);
    let network = Attached::inline("network", allows(&["ec2:*"]));
    dump.staff_role(&Role::new(ACCOUNT, "/", "network-admin"), &network);
    dump.key(&keys.orders, &policy(&[delegation(ACCOUNT)]), &[]);
    dump.key(&keys.reports, &policy(&[delegation(ACCOUNT)]), &[]);
    let everything = policy(&[json!({
        "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
    })]);
    let endpoint = |id: &str, network: &str, document: &Value| {
        json!({
            "VpcEndpointId": id, "VpcEndpointType": "Interface", "VpcId": network,
            "ServiceName": format!("com.amazonaws.{REGION}.kms"), "State": "available",
            "PolicyDocument": document.to_string(), "OwnerId": ACCOUNT,
        })
    };
    let endpoints = [
        endpoint(ORDERS, "vpc-0a4b7c91e3d25f680", &endpoint_policy(keys)),
        endpoint(BATCH, "vpc-0d3c2b1a09f8e7d65", &everything),
    ];
    dump.endpoints(ACCOUNT, &endpoints);
    dump.organization(&[ACCOUNT]);
}
