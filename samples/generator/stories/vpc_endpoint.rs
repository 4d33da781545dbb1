//! The fourth story: one role, two keys, and an endpoint policy that names one of them.

use serde_json::{Value, json};

use super::{ACCOUNT, Story, Telling};
use crate::export::caller::{Caller, Client, Principal, Role};
use crate::export::chains::autoscaling::assume;
use crate::export::chains::kms::{self, KmsCall};
use crate::export::chains::{Key, Scene};
use crate::export::record::Record;
use crate::policies::{ADMINISTRATOR, Attached, allows, delegation, policy};

const REGION: &str = "us-west-2";
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
    for spell in 0..18 {
        orders(&mut telling, spell, &keys, &mut denied);
        elsewhere(&mut telling, spell, &keys);
    }
    telling.fill(ACCOUNT, 84);
    describe_policies(&mut telling, &keys);
    let occurrences: Value = denied
        .iter()
        .map(|id: &String| json!({"root_event_id": id, "denied_event_id": id}))
        .collect();
    let expected = json!({
        "incidents": 1,
        "kinds": ["direct"],
        "root_actions": ["kms:GenerateDataKey", "kms:Decrypt"],
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

/// An instance's session, from the credentials EC2 fetches for it.
fn instance_session(telling: &mut Telling, scene: Scene, role: &str) -> Principal {
    let role = Role::new(ACCOUNT, "/", role);
    let instance = telling.trail.random.resource("i");
    let session = Principal::session(&mut telling.trail.random, &role, &instance, scene.at);
    assume(&mut telling.trail, scene, "ec2.amazonaws.com", &session);
    session
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

/// The order service, in its network, with both keys.
fn orders(telling: &mut Telling, spell: usize, keys: &Keys, denied: &mut Vec<String>) {
    let scene = telling.scene(spell, 15);
    let session = instance_session(telling, scene, "order-service");
    let by = Caller::direct(&session, &sdk("10.20.4.31").through(ORDERS, ACCOUNT));
    use_key(telling, scene.after(30), &by, &keys.reports, false);
    let fails = spell >= 9;
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
        let session = instance_session(telling, scene, "order-service");
        let by = Caller::direct(&session, &sdk("10.30.1.9").through(BATCH, ACCOUNT));
        use_key(telling, scene.after(25), &by, &keys.orders, false);
    } else {
        let session = instance_session(telling, scene, "order-service");
        let by = Caller::direct(&session, &sdk("198.51.100.140"));
        use_key(telling, scene.after(20), &by, &keys.orders, false);
    }
    let session = instance_session(telling, scene.after(3), "report-builder");
    let by = Caller::direct(&session, &sdk("10.20.4.77").through(ORDERS, ACCOUNT));
    use_key(telling, scene.after(70), &by, &keys.reports, false);
}

fn modify_endpoint(telling: &mut Telling, keys: &Keys) -> String {
    let role = Role::new(ACCOUNT, "/", "network-admin");
    let admin = telling.session(&role, "network", 9, Client::terraform("203.0.113.66"));
    let scene = telling.scene(9, 4);
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
    let admin = telling.session(&role, "platform-oncall", 12, Client::console("203.0.113.17"));
    let scene = telling.scene(12, 6);
    let record = Record::call(scene.at, "us-east-1", "iam", "AttachRolePolicy", &admin.direct())
        .with(json!({"roleName": "order-service", "policyArn": ADMINISTRATOR.1}));
    telling.trail.log(record);
}

fn describe_policies(telling: &mut Telling, keys: &Keys) {
    let dump = &mut telling.dump;
    let uses = allows(&["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"]);
    let trusted = || json!({"Service": "ec2.amazonaws.com"});
    let orders = Attached::inline("keys", uses.clone()).and_managed(ADMINISTRATOR);
    dump.role(&Role::new(ACCOUNT, "/", "order-service"), trusted(), &orders);
    let reports = Attached::inline("keys", uses);
    dump.role(&Role::new(ACCOUNT, "/", "report-builder"), trusted(), &reports);
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
