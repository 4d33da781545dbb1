//! How many requests a second one core evaluates, with ten policies of realistic size around each.
//! The target is 200,000.

#![expect(clippy::expect_used, reason = "a bench on malformed input should stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use trailwhy::iam::{
    AttachedPolicy, Context, Layers, Level, Policy, PolicyLabel, Presence, Principal, Request,
    Resource, evaluate,
};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn attached(name: &str, statements: Value) -> AttachedPolicy {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let policy = Policy::from_value(&document).expect("the policy is well-formed");
    AttachedPolicy::new(PolicyLabel::named(name), policy)
}

/// Five identity policies, a boundary, a key policy, and a service control policy on each of three
/// levels: ten, with thirty-odd statements.
fn layers() -> Layers {
    let service = |name: &str| {
        attached(
            name,
            json!([
                {"Sid": "Use", "Effect": "Allow", "Resource": format!("arn:aws:{name}:*:*:prod-*"),
                 "Action": [format!("{name}:Describe*"), format!("{name}:Get*"), format!("{name}:List*")]},
                {"Sid": "Write", "Effect": "Allow", "Action": format!("{name}:Create*"), "Resource": "*",
                 "Condition": {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}}},
                {"Sid": "Never", "Effect": "Deny", "Action": format!("{name}:Delete*"), "Resource": "*"},
            ]),
        )
    };
    let keys = attached(
        "keys",
        json!([
            {"Sid": "Keys", "Effect": "Allow", "Action": ["kms:GenerateDataKey*", "kms:Decrypt", "kms:CreateGrant"],
             "Resource": "arn:aws:kms:eu-west-1:111122223333:key/*"},
            {"Sid": "Network", "Effect": "Deny", "Action": "*", "Resource": "*",
             "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]},
                           "Bool": {"aws:ViaAWSService": "false"}}},
        ]),
    );
    let boundary = attached(
        "boundary",
        json!([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}]),
    );
    let key_policy = attached(
        "key policy",
        json!([
            {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
             "Action": "kms:*", "Resource": "*"},
            {"Sid": "Backup", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/backup"},
             "Action": ["kms:Decrypt", "kms:CreateGrant"], "Resource": "*",
             "Condition": {"StringLike": {"kms:ViaService": "backup.*.amazonaws.com"}}},
            {"Sid": "Others", "Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*",
             "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-example"}}},
        ]),
    );
    let level = |id: &str| Level {
        id: id.to_owned(),
        policies: vec![attached(
            id,
            json!([
                {"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "sts:*", "kms:*"], "Resource": "*",
                 "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}},
                {"Sid": "Leave", "Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"},
            ]),
        )],
    };
    Layers {
        identity: Presence::Known(vec![
            service("ec2"),
            service("s3"),
            service("sqs"),
            service("dynamodb"),
            keys,
        ]),
        boundary: Presence::Known(vec![boundary]),
        resource: Presence::Known(key_policy),
        scps: Presence::Known(vec![level("r-root"), level("ou-prod"), level("111122223333")]),
        ..Layers::none()
    }
}

fn request(via_service: bool) -> Request {
    let session = "arn:aws:sts::111122223333:assumed-role/deploy/build";
    let mut context = Context::partial();
    context
        .insert("aws:PrincipalArn", "arn:aws:iam::111122223333:role/deploy")
        .insert("aws:PrincipalOrgID", "o-example")
        .insert("aws:RequestedRegion", "eu-west-1")
        .insert("aws:SourceIp", "203.0.113.9")
        .insert("aws:ViaAWSService", via_service)
        .insert("aws:userid", "AROAEXAMPLE:build")
        .insert("kms:ViaService", "ec2.eu-west-1.amazonaws.com");
    Request {
        context,
        ..Request::new(
            Principal::parse(session).expect("a session"),
            "kms:GenerateDataKeyWithoutPlaintext",
            Resource::new(KEY),
        )
    }
}

fn evaluations(criterion: &mut Criterion) {
    let layers = layers();
    let mut group = criterion.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(1));
    for (name, via_service, allowed) in [("allowed", true, true), ("denied", false, false)] {
        let request = request(via_service);
        assert_eq!(evaluate(&request, &layers).is_allowed(), allowed, "{name}");
        group.bench_function(name, |bencher| {
            bencher.iter(|| evaluate(black_box(&request), black_box(&layers)));
        });
    }
    group.finish();
}

criterion_group!(benches, evaluations);
criterion_main!(benches);
