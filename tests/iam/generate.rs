//! Random cases over a universe so small that statements, principals, conditions and resources
//! meet often: a case that nothing applies to tests nothing.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

pub const KEY: &str = "arn:aws:kms:eu-west-1:111111111111:key/k-1";
const OBJECT: &str = "arn:aws:s3:::reports/2026/a.csv";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:222222222222:orders";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111111111111:function:resize:live";
const BUCKET: &str = "arn:aws:s3:::reports";
const ROLE: &str = "arn:aws:iam::111111111111:role/target";

/// Callers of both accounts and of none.
const PRINCIPALS: &[&str] = &[
    "arn:aws:iam::111111111111:user/ana",
    "arn:aws:iam::222222222222:user/ana",
    "arn:aws:iam::111111111111:role/app/deploy",
    "arn:aws:sts::111111111111:assumed-role/deploy/s1",
    "arn:aws:sts::222222222222:assumed-role/deploy/s1",
    "arn:aws:sts::111111111111:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
    "arn:aws:sts::111111111111:federated-user/ana",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:root",
    "arn:aws-cn:sts::111111111111:assumed-role/deploy/s1",
    "arn:aws-cn:iam::111111111111:root",
    "events.amazonaws.com",
    "",
];

/// What a `Principal` element may name.
const NAMED: &[(&str, &str)] = &[
    ("AWS", "*"),
    ("AWS", "111111111111"),
    ("AWS", "arn:aws:iam::222222222222:root"),
    ("AWS", "arn:aws:iam::111111111111:user/ana"),
    ("AWS", "arn:aws:iam::222222222222:user/ana"),
    ("AWS", "arn:aws:iam::111111111111:role/app/deploy"),
    ("AWS", "arn:aws:sts::111111111111:assumed-role/deploy/s1"),
    ("AWS", "arn:aws:sts::222222222222:assumed-role/deploy/s1"),
    ("AWS", "arn:aws:sts::111111111111:federated-user/ana"),
    (
        "AWS",
        "arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    ),
    ("AWS", "arn:aws-cn:iam::111111111111:root"),
    ("AWS", "arn:aws-cn:iam::111111111111:role/app/deploy"),
    ("AWS", "AROAEXAMPLE"),
    ("Service", "events.amazonaws.com"),
    ("Service", "ec2.amazonaws.com"),
];

const ASKED: &[(&str, &str, &str)] = &[
    ("s3:GetObject", OBJECT, "111111111111"),
    ("s3:PutObject", OBJECT, "222222222222"),
    ("kms:Decrypt", KEY, "111111111111"),
    ("kms:CreateGrant", KEY, "111111111111"),
    ("sqs:SendMessage", QUEUE, "222222222222"),
    ("sts:AssumeRole", ROLE, "111111111111"),
    ("s3:ListAllMyBuckets", "*", "111111111111"),
    ("s3:PutBucketPolicy", BUCKET, "111111111111"),
    ("lambda:InvokeFunction", FUNCTION, "111111111111"),
    ("kms:RetireGrant", KEY, "111111111111"),
    ("sts:GetSessionToken", "*", "111111111111"),
];

const ACTIONS: &[&str] = &[
    "*",
    "s3:*",
    "s3:Get*",
    "S3:getobject",
    "s3:?etObject",
    "kms:*",
    "kms:Decrypt",
    "sqs:Send*",
    "sts:AssumeRole",
    "lambda:*",
    "*:GetObject",
    "s3:",
    "kms:Decrypt ",
];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::reports/*",
    "arn:aws:s3:::reports/2026/?.csv",
    "arn:aws:s3:::reports/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::${aws:PrincipalTag/none, 'reports'}/*",
    "arn:aws:S3:::Reports/*",
    "arn:aws:kms:*:111111111111:key/*",
    "arn:aws:kms:eu-*:*:*",
    "arn:aws:kms",
    "arn:aws:sqs:*",
    "arn:aws:sqs:eu-west-1:*:ord*",
    "arn:aws:iam::*:role/*",
    "arn:aws:lambda:eu-*:*:resize:live",
    "arn:aws:lambda:*:live",
    "arn:aws:lambda:eu-west-1:*",
    "arn:aws:lambda:*:function:*:l?ve",
    "arn:aws:LAMBDA:*:1111*:Resize:*",
    "arn:aws:l*:eu-w*t-1:resize:live",
    "arn:*:reports",
];

/// Keys, and the values that requests and policies draw from.
pub const KEYS: &[(&str, &[&str])] = &[
    (
        "aws:SourceIp",
        &["192.0.2.7", "198.51.100.1", "2001:db8::1", "192.0.2.0/24", "2001:DB8::/32"],
    ),
    ("aws:PrincipalTag/team", &["2026", "red", "RED", "re*", "", "${aws:username}"]),
    ("aws:username", &["ana", "red", "a*"]),
    ("aws:SecureTransport", &["true", "false", "True", "maybe"]),
    (
        "aws:CurrentTime",
        &[
            "2026-01-01T00:00:00Z",
            "2026",
            "2025-12-31T23:30:00-00:30",
            "1767225600",
            "2025-06-01T12:00:00+02:00",
        ],
    ),
    ("s3:max-keys", &["10", "10.0", "9", "-1", "ten"]),
    (
        "aws:PrincipalArn",
        &["arn:aws:iam::111111111111:user/ana", "arn:aws:iam::*:user/*", "ana", "arn:aws:iam::*"],
    ),
    ("aws:TagKeys", &["team", "cost", "Team", "t*"]),
    ("kms:EncryptionContext:app", &["pay", "ship"]),
    ("aws:SourceArn", &["arn:aws:sns:eu-west-1:111111111111:alerts", QUEUE]),
];

/// What a grant may list.
const OPERATIONS: &[&[&str]] = &[&["Decrypt"], &["Decrypt", "RetireGrant"]];

const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThanEquals",
    "DateGreaterThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnLike",
    "ArnNotEquals",
    "Null",
    "StringSounds",
];

fn pick<T: Clone + std::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
    select(values.to_vec())
}

/// An operator with what may go around it.
fn operator() -> impl Strategy<Value = String> {
    let prefix = prop_oneof![3 => Just(""), 1 => Just("ForAllValues:"), 1 => Just("ForAnyValue:")];
    let suffix = prop_oneof![3 => Just(""), 1 => Just("IfExists")];
    (prefix, pick(OPERATORS), suffix).prop_map(|(a, b, c)| format!("{a}{b}{c}"))
}

fn condition() -> impl Strategy<Value = (String, String, Value)> {
    (operator(), pick(KEYS)).prop_flat_map(|(operator, (key, values))| {
        let values = if operator.contains("Null") { &["true", "false"] } else { values };
        let at_least = 1..=values.len().min(3);
        subsequence(values.to_vec(), at_least)
            .prop_map(move |values| (operator.clone(), key.to_owned(), json!(values)))
    })
}

fn conditions() -> impl Strategy<Value = Value> {
    let sizes = prop_oneof![4 => Just(0..1usize), 3 => Just(1..2), 1 => Just(2..3)];
    sizes.prop_flat_map(|size| vec(condition(), size)).prop_map(|conditions| {
        let mut block = Map::new();
        for (operator, key, values) in conditions {
            let keys = block.entry(operator).or_insert_with(|| json!({}));
            keys.as_object_mut().unwrap().insert(key, values);
        }
        Value::Object(block)
    })
}

fn principal_element() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(json!("*")),
        5 => subsequence(NAMED.to_vec(), 1..4).prop_map(|named| {
            let mut kinds = Map::new();
            for (kind, text) in named {
                let texts = kinds.entry(kind).or_insert_with(|| json!([]));
                texts.as_array_mut().unwrap().push(json!(text));
            }
            Value::Object(kinds)
        }),
    ]
}

fn texts(pool: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(json!("*")),
        2 => pick(pool).prop_map(|text| json!(text)),
        1 => subsequence(pool.to_vec(), 2..4).prop_map(|texts| json!(texts)),
    ]
}

/// A statement; one of a policy with principals has `Principal` or `NotPrincipal`.
pub fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let negated = || prop::bool::weighted(0.15);
    let elements = (
        prop_oneof![2 => Just("Allow"), 1 => Just("Deny")],
        (negated(), texts(ACTIONS)),
        (negated(), texts(RESOURCES)),
        (negated(), principal_element()),
        conditions(),
    );
    elements.prop_map(move |(effect, action, resource, principal, condition)| {
        let mut statement = Map::new();
        statement.insert("Effect".into(), json!(effect));
        let named =
            |negated: bool, name: &str| if negated { format!("Not{name}") } else { name.into() };
        statement.insert(named(action.0, "Action"), action.1);
        statement.insert(named(resource.0, "Resource"), resource.1);
        if with_principal {
            statement.insert(named(principal.0, "Principal"), principal.1);
        }
        if condition.as_object().is_some_and(|block| !block.is_empty()) {
            statement.insert("Condition".into(), condition);
        }
        Value::Object(statement)
    })
}

fn document(with_principal: bool) -> impl Strategy<Value = Value> {
    let version = prop_oneof![4 => Just("2012-10-17"), 1 => Just("2008-10-17")];
    (version, vec(statement(with_principal), 0..3))
        .prop_map(|(version, statements)| json!({"Version": version, "Statement": statements}))
}

fn named(with_principal: bool, most: usize) -> impl Strategy<Value = Value> {
    vec(document(with_principal), 0..=most).prop_map(|documents| {
        let policies = documents.into_iter().enumerate();
        policies.map(|(at, policy)| json!({"name": format!("p{at}"), "policy": policy})).collect()
    })
}

fn full(with_principal: bool) -> Value {
    let mut statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    if with_principal {
        statement["Principal"] = json!("*");
    }
    json!({"name": "Full", "policy": {"Version": "2012-10-17", "Statement": [statement]}})
}

/// Levels that mostly have the full-access policy, as they do in life.
fn levels(with_principal: bool) -> impl Strategy<Value = Value> {
    let level =
        (prop::bool::weighted(0.85), named(with_principal, 1)).prop_map(move |(is_open, own)| {
            let mut policies = own.as_array().unwrap().clone();
            if is_open {
                policies.push(full(with_principal));
            }
            json!({"ou": "ou", "policies": policies})
        });
    prop_oneof![2 => Just(json!([])), 1 => vec(level, 1..3).prop_map(Value::Array)]
}

fn grants() -> impl Strategy<Value = Value> {
    let grantee = pick(NAMED).prop_filter("a grantee is one principal", |(_, text)| *text != "*");
    let constraint = prop_oneof![
        2 => Just(json!({})),
        1 => Just(json!({"EncryptionContextSubset": {"app": "pay"}})),
        1 => Just(json!({"EncryptionContextEquals": {"app": "pay"}})),
        1 => Just(json!({"SourceArn": QUEUE})),
    ];
    let retiring =
        option::of(pick(NAMED).prop_filter("one principal retires", |(_, text)| *text != "*"));
    let operations = pick(OPERATIONS);
    let role = |kind: &str, which: &str| match kind {
        "Service" => format!("{which}_service_principal"),
        _ => format!("{which}_principal"),
    };
    let parts = (grantee, retiring, operations, constraint);
    let grant = parts.prop_map(move |((kind, grantee), retiring, operations, constraints)| {
        let mut grant = json!({"key": KEY, "operations": operations, "constraints": constraints});
        grant[role(kind, "grantee")] = json!(grantee);
        if let Some((kind, retiring)) = retiring {
            grant[role(kind, "retiring")] = json!(retiring);
        }
        grant
    });
    prop_oneof![3 => Just(json!([])), 1 => vec(grant, 1..3).prop_map(Value::Array)]
}

fn context() -> impl Strategy<Value = Value> {
    let key = |(key, values): &(&'static str, &'static [&'static str])| {
        let key = *key;
        let values = values.to_vec();
        let value = match key {
            "aws:TagKeys" => subsequence(values, 0..3).prop_map(|values| json!(values)).boxed(),
            _ => select(values).prop_map(|value| json!(value)).boxed(),
        };
        option::weighted(0.6, value)
            .prop_map(move |value| value.map(|value| (key.to_owned(), value)))
    };
    KEYS.iter()
        .map(key)
        .collect::<Vec<_>>()
        .prop_map(|keys| Value::Object(keys.into_iter().flatten().collect()))
}

/// A whole case.
pub fn case() -> impl Strategy<Value = Value> {
    let policies = (
        named(false, 2),
        option::weighted(0.3, named(false, 1)),
        option::weighted(0.3, document(false)),
        option::weighted(0.7, document(true)),
        levels(false),
        levels(true),
        option::weighted(0.2, named(true, 1)),
        grants(),
    );
    let asked = (pick(PRINCIPALS), pick(ASKED), context());
    (asked, policies).prop_map(|((principal, (action, arn, account), context), policies)| {
        let (identity, boundary, session, resource, scps, rcps, vpc_endpoint, kms_grants) =
            policies;
        let principal =
            if principal.is_empty() { json!({"type": "Anonymous"}) } else { json!(principal) };
        json!({
            "id": "generated",
            "request": {"principal": principal, "action": action,
                        "resource": {"arn": arn, "accountId": account}, "context": context},
            "policies": {"identity": identity, "boundary": boundary, "session": session,
                         "resource": resource, "scps": scps, "rcps": rcps,
                         "vpc_endpoint": vpc_endpoint, "kms_grants": kms_grants},
        })
    })
}
