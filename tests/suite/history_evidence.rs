//! What AWS can be asked about a denial, saved to a file: read, and found again for the call.

use crate::support::history as history_support;

use std::path::Path;

use history_support::event;
use serde_json::json;
use trailwhy::event::{Effect, Event, Layer};
use trailwhy::history::evidence::Evidence;
use trailwhy::iam::{Context, ContextValue, Values};
use trailwhy::wording::{Language, Wording};

fn decoded() -> String {
    let message = json!({
        "allowed": false, "explicitDeny": true,
        "matchedStatements": {"items": [{"statementId": "NoVolumes", "effect": "DENY",
            "principals": {"items": [{"value": "AIDAANA"}]}, "conditions": {"items": []}}]},
        "failures": {"items": []},
        "context": {
            "principal": {"id": "AIDAANA", "arn": "arn:aws:iam::111122223333:user/ana"},
            "action": "ec2:CreateVolume",
            "resource": "arn:aws:ec2:eu-central-1:111122223333:volume/*",
            "conditions": {"items": [
                {"key": "aws:SourceIp", "values": {"items": [{"value": "203.0.113.7"}]}},
                {"key": "aws:TagKeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}}]}}
    });
    json!({ "DecodedMessage": message.to_string() }).to_string()
}

fn details() -> String {
    json!({
        "requestContext": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/ana", "aws:ViaAWSService": false},
        "evaluations": [
            {"action": "iam:PassRole", "resource": "arn:aws:iam::111122223333:role/R", "context": {},
             "evaluatedEffect": "ALLOW", "matchedPolicies": []},
            {"action": "iam:CreateInstanceProfile",
             "resource": "arn:aws:iam::111122223333:instance-profile/P", "context": {"aws:TagKeys": ["a"]},
             "evaluatedEffect": "EXPLICIT_DENY", "matchedPolicies": [
                {"uri": "arn:aws:organizations::9:policy/o-ex/service_control_policy/p-1",
                 "matchedStatements": [{"evaluatedEffect": "EXPLICIT_DENY", "sid": "NoProfiles"}]}]}],
        "policies": [{"uri": "arn:aws:organizations::9:policy/o-ex/service_control_policy/p-1",
            "type": "SERVICE_CONTROL_POLICY", "inline": false, "attachedTo": [{"arn": "ou-1"}]}],
    })
    .to_string()
}

fn denied(name: &str, message: &str) -> Event {
    event(&json!({
        "eventID": "11111111-2222-3333-4444-555555555555", "eventTime": "2026-02-01T10:00:00Z",
        "requestID": "99999999-8888-7777-6666-555555555555",
        "eventSource": if name.starts_with("CreateV") { "ec2.amazonaws.com" } else { "iam.amazonaws.com" },
        "eventName": name, "errorCode": "AccessDenied", "errorMessage": message,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana"},
    }))
}

#[test]
fn a_decoded_message_is_found_for_its_call() {
    let mut evidence = Evidence::default();
    evidence.take(Path::new("decoded.json"), &decoded());
    let call = denied(
        "CreateVolume",
        "You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/ana \
         is not authorized to perform: ec2:CreateVolume on resource: \
         arn:aws:ec2:eu-central-1:111122223333:volume/* with an explicit deny",
    );
    let found = evidence.for_event(&call).unwrap();
    assert_eq!((found.effect, found.layer), (Effect::ExplicitDeny, None));
    assert_eq!(found.statements[0].sid.as_deref(), Some("NoVolumes"));
    let mut context = Context::partial();
    found.complete(&mut context);
    let one = Values::One("203.0.113.7".to_owned());
    assert_eq!(context.get("aws:SourceIp"), ContextValue::Known(&one));
    let many = Values::Many(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(context.get("aws:TagKeys"), ContextValue::Known(&many));
}

#[test]
fn authorization_details_name_layer_and_statement() {
    let mut evidence = Evidence::default();
    evidence.take(Path::new("details.json"), &details());
    let text = "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: \
                iam:CreateInstanceProfile on resource: arn:aws:iam::111122223333:instance-profile/P";
    let found = evidence.for_event(&denied("CreateInstanceProfile", text)).unwrap();
    assert_eq!((found.effect, found.layer), (Effect::ExplicitDeny, Some(Layer::Scp)));
    assert_eq!(found.statements[0].sid.as_deref(), Some("NoProfiles"));
    assert_eq!(found.statements[0].attached_to.as_deref(), Some("ou-1"));
    // Another resource is another request.
    let other = text.replace("/P", "/Q");
    assert_eq!(evidence.for_event(&denied("CreateInstanceProfile", &other)), None);
}

#[test]
fn an_id_in_the_name_of_the_file_is_enough() {
    let mut evidence = Evidence::default();
    evidence.take(Path::new("99999999-8888-7777-6666-555555555555.json"), &details());
    let call = denied("CreateInstanceProfile", "Access Denied");
    assert_eq!(evidence.for_event(&call).and_then(|found| found.layer), Some(Layer::Scp));
}

#[test]
fn what_cannot_be_used_is_told() {
    let mut evidence = Evidence::default();
    evidence.take(Path::new("a.json"), "{");
    evidence.take(Path::new("b.json"), "{\"Users\": []}");
    let english = Wording::new(Language::En);
    let gaps: Vec<String> = evidence.gaps.iter().map(|gap| gap.say(&english)).collect();
    assert_eq!(
        gaps,
        [
            "`a.json`, line 1, column 1: no JSON",
            "`b.json`: neither a decoded authorization message nor authorization details",
        ]
    );
}
