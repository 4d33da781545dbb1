//! The request behind a call, by kind of caller: what the record shows, what is certainly not in
//! the request, and what stays unknown. The records lie in `data/history/request-events.ndjson`.

use crate::support::history as history_support;

use history_support::event;
use trailwhy::history::History;
use trailwhy::history::dump::Dump;
use trailwhy::history::request::{Around, request_of};
use trailwhy::iam::{Context, ContextValue, Request};

const RECORDS: &str = include_str!("../data/history/request-events.ndjson");

/// Keys whose absence matters as much as their value.
const TELLING: [&str; 16] = [
    "aws:SourceIp",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "aws:CalledVia",
    "aws:MultiFactorAuthPresent",
    "aws:TokenIssueTime",
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/team",
    "aws:SourceArn",
    "aws:RequestTag/team",
    "aws:ResourceTag/team",
    "aws:username",
    "kms:ViaService",
    "kms:EncryptionContext:aws:ebs:id",
    "kms:GrantIsForAWSResource",
    "s3:x-amz-acl",
];

fn shown(request: &Request) -> String {
    let mut text = format!(
        "  {:?}\n  {} on {:?} of {:?}\n",
        request.principal,
        request.action,
        request.resource.arn,
        request.resource.owner()
    );
    for (key, values) in request.context.known() {
        text += &format!("    {key} = {}\n", values.as_slice().join(", "));
    }
    let among = |context: &Context, wanted: ContextValue<'_>| {
        let keys = TELLING.iter().filter(|key| context.get(key) == wanted);
        keys.copied().collect::<Vec<_>>().join(" ")
    };
    text += &format!("    absent: {}\n", among(&request.context, ContextValue::Absent));
    text + &format!("    unknown: {}\n", among(&request.context, ContextValue::Unknown))
}

#[test]
fn a_request_is_read_by_kind_of_caller() {
    let history = History::new([], Dump::default());
    let mut text = String::new();
    for line in RECORDS.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let event = event(&record);
        text += &format!("{} {}\n", event.id(), record["note"].as_str().unwrap());
        match request_of(&event, &Around::default(), &history.at(event.time)) {
            Some(request) => text += &shown(&request),
            None => text += "  nobody can say who\n",
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_chain_tells_what_the_record_lost() {
    let history = History::new([], Dump::default());
    let record = |line: &str| event(&serde_json::from_str(line).unwrap());
    let denied = record(RECORDS.lines().nth(3).unwrap());
    let root = record(
        r#"{"eventID":"root","eventTime":"2026-02-01T10:00:00Z","eventSource":"ec2.amazonaws.com",
            "eventName":"CreateVolume","awsRegion":"eu-central-1","responseElements":{"volumeId":"vol-7"},
            "userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana"}}"#,
    );
    let around = Around {
        root: Some(&root),
        via: Some(vec!["ec2-frontend-api.amazonaws.com".to_owned()]),
        ..Around::default()
    };
    let request = request_of(&denied, &around, &history.at(denied.time)).unwrap();
    let value = |key: &str| match request.context.get(key) {
        ContextValue::Known(values) => values.as_slice().join(","),
        other => format!("{other:?}"),
    };
    assert_eq!(value("kms:EncryptionContext:aws:ebs:id"), "vol-7");
    assert_eq!(value("kms:EncryptionContext:other"), "Unknown");
    assert_eq!(value("aws:CalledVia"), "Absent");
    assert_eq!(value("kms:ViaService"), "ec2.eu-central-1.amazonaws.com");
}
