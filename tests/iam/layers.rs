//! What the library says beyond `simulate`: unknown layers, what a decision hangs on, endpoints of
//! either kind, and policies changed for a try.

use crate::support::attached;
use serde_json::{Value, json};
use trailwhy::event::{Effect, Layer};
use trailwhy::iam::{
    Context, DecisionResult, EndpointPolicy, KeyState, KmsGrant, Layers, Level, Missing, Policy,
    PolicyLabel, PolicySource, Presence, Principal, Request, Resource, evaluate,
};
use trailwhy::wording::{Language, Sentence, Wording};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/0a0b";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/loader/run-1";

fn document(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn everything() -> Value {
    document(json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]))
}

fn key_policy() -> Value {
    document(json!([{"Sid": "Account", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
                     "Principal": {"AWS": "111122223333"}}]))
}

fn decrypt() -> Request {
    Request::new(Principal::parse(SESSION).unwrap(), "kms:Decrypt", Resource::new(KEY))
}

/// Identity and key policy allow; nothing else is there.
fn allowing() -> Layers {
    Layers {
        identity: Presence::Known(vec![attached("all", &everything())]),
        resource: Presence::Known(attached("key", &key_policy())),
        key_state: Presence::Known(KeyState::Enabled),
        ..Layers::none()
    }
}

fn unknown(why: &'static str) -> Missing {
    Missing::Policies { layer: Layer::Scp, why: Sentence::new(why) }
}

#[test]
fn an_unknown_layer_makes_an_allow_unknown_and_says_why() {
    assert!(evaluate(&decrypt(), &allowing()).is_allowed());
    let mut layers = allowing();
    layers.scps = Presence::Unknown(Sentence::new("no dump of the organization"));
    let decision = evaluate(&decrypt(), &layers);
    assert_eq!(decision.result, DecisionResult::Unknown);
    assert_eq!(decision.unknown, [unknown("no dump of the organization")]);
    let said = Wording::new(Language::En).say(&decision.unknown[0].sentence());
    assert_eq!(said, "scp: no dump of the organization");
}

#[test]
fn an_unknown_layer_does_not_matter_where_another_denies_explicitly() {
    let mut layers = allowing();
    layers.scps = Presence::Unknown(Sentence::new("no dump"));
    let deny = json!([{"Sid": "Stop", "Effect": "Deny", "Action": "kms:*", "Resource": "*"}]);
    layers.boundary = Presence::Known(vec![attached("b", &document(deny))]);
    let decision = evaluate(&decrypt(), &layers);
    assert_eq!(decision.result, DecisionResult::ExplicitlyDenied);
    assert_eq!(decision.layer, Some(Layer::PermissionsBoundary));
    assert_eq!(decision.statements[0].sid(), Some("Stop"));
    assert!(decision.unknown.is_empty());
}

#[test]
fn an_implicit_denial_says_when_an_explicit_one_may_hide_behind_it() {
    let mut layers = allowing();
    layers.identity = Presence::Known(Vec::new());
    let certain = evaluate(&decrypt(), &layers);
    assert_eq!(certain.layer, Some(Layer::IdentityPolicy));
    assert!(certain.unknown.is_empty());
    layers.scps = Presence::Unknown(Sentence::new("no dump"));
    let decision = evaluate(&decrypt(), &layers);
    assert_eq!(decision.result, DecisionResult::ImplicitlyDenied);
    assert_eq!(decision.unknown, [unknown("no dump")]);
}

/// Found by the property on forgotten layers: the rule must not hide that a boundary may deny.
#[test]
fn a_rule_of_the_service_says_so_too() {
    let alias = Resource::new("arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs");
    let request = Request::new(Principal::parse(SESSION).unwrap(), "kms:CreateAlias", alias);
    let mut layers = allowing();
    let decision = evaluate(&request, &layers);
    assert_eq!(decision.result, DecisionResult::ImplicitlyDenied);
    assert!(decision.service_rule.is_some() && decision.unknown.is_empty());
    layers.scps = Presence::Unknown(Sentence::new("no dump"));
    assert_eq!(evaluate(&request, &layers).unknown, [unknown("no dump")]);
}

#[test]
fn grants_need_not_be_known_where_policies_allow() {
    let mut layers = allowing();
    layers.kms_grants = Presence::Unknown(Sentence::new("no list-grants"));
    assert!(evaluate(&decrypt(), &layers).is_allowed());
    layers.identity = Presence::Known(Vec::new());
    let decision = evaluate(&decrypt(), &layers);
    assert_eq!(decision.result, DecisionResult::Unknown);
    let why = Sentence::new("no list-grants");
    assert_eq!(decision.unknown, [Missing::Policies { layer: Layer::KmsGrant, why }]);
}

#[test]
fn a_grant_that_decides_is_named() {
    let mut layers = allowing();
    layers.identity = Presence::Known(Vec::new());
    let label = PolicyLabel {
        name: Some("for the loader".to_owned()),
        source: Some(PolicySource::Event("11-22".to_owned())),
        ..PolicyLabel::default()
    };
    let grant = json!({"granteePrincipal": "arn:aws:iam::111122223333:role/app/loader",
                       "operations": ["Decrypt"], "keyId": "0a0b"});
    let grant = KmsGrant::from_value(&grant, label.clone()).unwrap();
    layers.kms_grants = Presence::Known(vec![grant]);
    let decision = evaluate(&decrypt(), &layers);
    assert!(decision.is_allowed());
    assert_eq!(decision.statements.len(), 1);
    assert_eq!(decision.statements[0].layer, Layer::KmsGrant);
    assert_eq!(*decision.statements[0].label, label);
}

#[test]
fn a_key_that_cannot_be_used_denies_though_its_layer_is_certain_only_after_authorization() {
    let mut layers = allowing();
    layers.key_state = Presence::Known(KeyState::PendingDeletion);
    let decision = evaluate(&decrypt(), &layers);
    assert_eq!(decision.layer, Some(Layer::KmsKeyState));
    assert_eq!(decision.effect, Some(Effect::NotApplicable));
    layers.scps = Presence::Unknown(Sentence::new("no dump"));
    let decision = evaluate(&decrypt(), &layers);
    assert!(decision.is_denied());
    assert_eq!((decision.layer, decision.unknown.len()), (None, 1));
}

#[test]
fn the_level_that_lacks_an_allow_is_named() {
    let mut layers = allowing();
    let only = document(json!([{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]));
    layers.scps = Presence::Known(vec![
        Level { id: "r-1".into(), policies: vec![attached("full", &everything())] },
        Level { id: "ou-7".into(), policies: vec![attached("only", &only)] },
    ]);
    let decision = evaluate(&decrypt(), &layers);
    assert_eq!(decision.levels_without_allow, ["ou-7"]);
    assert_eq!(decision.blocked_by, [Layer::Scp]);
}

/// Amazon VPC User Guide: at a gateway endpoint an account as principal is its root user only.
#[test]
fn an_account_means_less_at_a_gateway_endpoint() {
    let allow = json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                        "Principal": {"AWS": "111122223333"}}]);
    let bucket = Resource::new("arn:aws:s3:::in/x").owned_by("111122223333");
    let request = Request::new(Principal::parse(SESSION).unwrap(), "s3:GetObject", bucket);
    for (is_gateway, expected) in [(false, None), (true, Some(Layer::VpcEndpointPolicy))] {
        let policies = vec![attached("endpoint", &document(allow.clone()))];
        let layers = Layers {
            vpc_endpoint: Presence::Known(EndpointPolicy { policies, is_gateway }),
            ..allowing()
        };
        assert_eq!(evaluate(&request, &layers).layer, expected);
    }
}

#[test]
fn an_unknown_resource_is_matched_by_a_lone_star_only() {
    let mut request = decrypt();
    request.resource = Resource::unknown().owned_by("111122223333");
    assert!(evaluate(&request, &allowing()).is_allowed());
    let one_key = json!([{"Effect": "Allow", "Action": "kms:*", "Resource": KEY}]);
    let layers = Layers {
        identity: Presence::Known(vec![attached("one key", &document(one_key))]),
        ..allowing()
    };
    let decision = evaluate(&request, &layers);
    assert_eq!(decision.result, DecisionResult::Unknown);
    assert_eq!(decision.unknown, [Missing::Resource]);
}

#[test]
fn a_key_counts_once_among_what_is_missing_however_it_is_spelled() {
    let deny = |key: &str| {
        json!({"Effect": "Deny", "Action": "*", "Resource": "*",
               "Condition": {"NotIpAddress": {key: "192.0.2.0/24"}}})
    };
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let keys = ["aws:SourceIp", "aws:PrincipalTag/net", "AWS:SOURCEIP"].map(deny);
    let statements: Vec<Value> = keys.into_iter().chain([allow]).collect();
    let mut layers = allowing();
    layers.boundary = Presence::Known(vec![attached("b", &document(json!(statements)))]);
    let mut request = decrypt();
    request.context = Context::partial();
    let decision = evaluate(&request, &layers);
    assert_eq!(decision.result, DecisionResult::Unknown);
    let english = Wording::new(Language::En);
    let names: Vec<String> =
        decision.unknown.iter().map(|missing| english.say(&missing.sentence())).collect();
    assert_eq!(names, ["aws:PrincipalTag/net", "AWS:SOURCEIP"]);
}

#[test]
fn a_changed_statement_gives_a_new_policy_and_leaves_the_old_one() {
    let text = r#"{"Version": "2012-10-17", "Id": "kept", "Statement":
        {"Sid": "Net", "Effect": "Deny", "Action": "kms:*", "Resource": "*",
         "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}}"#;
    let policy = Policy::parse(text).unwrap();
    let mut statement = policy.statements()[0].raw().clone();
    statement["Condition"]["Null"] = json!({"kms:ViaService": "true"});
    let changed = policy.with_statement(0, statement).unwrap();
    assert_eq!(changed.statements()[0].condition_keys(), ["aws:SourceIp", "kms:ViaService"]);
    assert_eq!(changed.document()["Id"], "kept");
    assert_eq!(policy.statements()[0].condition_keys(), ["aws:SourceIp"]);
    let grown = changed.with_statement(9, json!({"Effect": "Allow"})).unwrap();
    assert_eq!(grown.statements().len(), 2);
    assert_eq!(grown.warnings()[0].statement, Some(1));
}

#[test]
fn statements_tell_what_they_are_made_of() {
    let policy = Policy::from_value(&document(json!([{
        "Sid": "", "Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": KEY,
        "Principal": {"AWS": ["111122223333", "*"], "Service": "ec2.amazonaws.com"},
    }])));
    let policy = policy.unwrap();
    let statement = &policy.statements()[0];
    assert_eq!(statement.sid(), None);
    assert!(statement.actions().is_empty());
    assert_eq!(statement.not_actions(), ["iam:*", "sts:*"]);
    assert_eq!(statement.resources(), [KEY]);
    assert_eq!(
        statement.principals(),
        [("AWS", "111122223333"), ("AWS", "*"), ("Service", "ec2.amazonaws.com")]
    );
}

#[test]
fn policies_can_be_shared_among_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Layers>();
    shared::<Request>();
}
