//! Turns a JSON case, in the form that `trailwhy simulate` reads, into a request and its layers.

use serde_json::Value;
use trailwhy::iam::{
    AttachedPolicy, Context, EndpointPolicy, KmsGrant, Layers, Level, Policy, PolicyLabel,
    Presence, Principal, Request, Resource, Values,
};

/// A document, attached under `name`.
pub fn attached(name: &str, document: &Value) -> AttachedPolicy {
    AttachedPolicy::new(PolicyLabel::named(name), Policy::from_value(document).unwrap())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn named(value: &Value) -> Vec<AttachedPolicy> {
    list(value).iter().map(|p| attached(p["name"].as_str().unwrap(), &p["policy"])).collect()
}

fn levels(value: &Value) -> Vec<Level> {
    list(value)
        .iter()
        .map(|level| Level {
            id: level["ou"].as_str().unwrap().to_owned(),
            policies: named(&level["policies"]),
        })
        .collect()
}

fn presence<T>(is_there: bool, value: T) -> Presence<T> {
    if is_there { Presence::Known(value) } else { Presence::NotApplicable }
}

/// `context` of a case, complete.
pub fn context(case: &Value) -> Context {
    let mut context = Context::complete();
    for (key, value) in case["request"]["context"].as_object().unwrap() {
        match value {
            Value::Array(values) => {
                let texts = values.iter().map(|v| v.as_str().unwrap().to_owned()).collect();
                context.insert(key, Values::Many(texts));
            }
            value => {
                context.insert(key, value.as_str().unwrap());
            }
        }
    }
    context
}

/// `request` of a case.
pub fn request(case: &Value) -> Request {
    let asked = &case["request"];
    let principal = match asked["principal"].as_str() {
        Some(text) => Principal::parse(text).unwrap(),
        None => Principal::Anonymous,
    };
    let resource = Resource::new(asked["resource"]["arn"].as_str().unwrap())
        .owned_by(asked["resource"]["accountId"].as_str().unwrap());
    Request {
        context: context(case),
        ..Request::new(principal, asked["action"].as_str().unwrap(), resource)
    }
}

/// `policies` of a case.
pub fn layers(case: &Value) -> Layers {
    let policies = &case["policies"];
    let there = |name: &str| !policies[name].is_null();
    let document = |name: &str| match &policies[name] {
        Value::Null => Presence::NotApplicable,
        policy => Presence::Known(attached(name, policy)),
    };
    let grants = list(&policies["kms_grants"]).iter();
    Layers {
        identity: Presence::Known(named(&policies["identity"])),
        boundary: presence(there("boundary"), named(&policies["boundary"])),
        session: match document("session") {
            Presence::Known(policy) => Presence::Known(vec![policy]),
            _ => Presence::NotApplicable,
        },
        resource: document("resource"),
        scps: presence(!list(&policies["scps"]).is_empty(), levels(&policies["scps"])),
        rcps: presence(!list(&policies["rcps"]).is_empty(), levels(&policies["rcps"])),
        vpc_endpoint: presence(
            !list(&policies["vpc_endpoint"]).is_empty(),
            EndpointPolicy { policies: named(&policies["vpc_endpoint"]), is_gateway: false },
        ),
        kms_grants: Presence::Known(
            grants.map(|g| KmsGrant::from_value(g, PolicyLabel::default()).unwrap()).collect(),
        ),
        ..Layers::none()
    }
}
