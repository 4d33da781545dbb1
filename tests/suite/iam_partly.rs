//! A layer of which only some policies are known: a Deny among them decides, an Allow does not.

use trailwhy::event::Layer;
use trailwhy::iam::{
    AttachedPolicy, Decision, DecisionResult, Layers, Level, Missing, Policy, PolicyLabel,
    Presence, Principal, Request, Resource, evaluate,
};
use trailwhy::wording::Sentence;

fn policy(effect: &str) -> AttachedPolicy {
    let text = format!(r#"{{"Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"}}}}"#);
    AttachedPolicy::new(PolicyLabel::named(effect), Policy::parse(&text).unwrap())
}

fn decide(change: impl FnOnce(&mut Layers)) -> Decision {
    let mut layers = Layers::none();
    layers.identity = Presence::Known(vec![policy("Allow")]);
    change(&mut layers);
    let caller = Principal::parse("arn:aws:iam::111122223333:user/ana").unwrap();
    let queue = Resource::new("arn:aws:sqs:eu-west-1:111122223333:jobs");
    evaluate(&Request::new(caller, "sqs:SendMessage", queue), &layers)
}

fn partly<T>(known: T) -> Presence<T> {
    Presence::Partly(known, Sentence::new("some are missing"))
}

/// Changes the layers around the request.
type Change = fn(&mut Layers);

fn level(effect: &str) -> Vec<Level> {
    vec![Level { id: "r-1".to_owned(), policies: vec![policy(effect)] }]
}

#[test]
fn a_known_deny_decides_in_every_layer() {
    let with_deny: [(Layer, Change); 6] = [
        (Layer::IdentityPolicy, |layers| layers.identity = partly(vec![policy("Deny")])),
        (Layer::PermissionsBoundary, |layers| layers.boundary = partly(vec![policy("Deny")])),
        (Layer::SessionPolicy, |layers| layers.session = partly(vec![policy("Deny")])),
        (Layer::Scp, |layers| layers.scps = partly(level("Deny"))),
        (Layer::Scp, |layers| layers.scps = Presence::Known(level("Deny"))),
        (Layer::IdentityPolicy, |layers| {
            layers.identity = partly(vec![policy("Deny"), policy("Allow")]);
        }),
    ];
    for (layer, change) in with_deny {
        let decision = decide(change);
        assert_eq!(decision.result, DecisionResult::ExplicitlyDenied, "{layer:?}");
        assert_eq!(decision.layer, Some(layer));
    }
}

#[test]
fn a_known_allow_leaves_open_what_the_missing_policies_say() {
    let with_allow: [(Layer, Change); 4] = [
        (Layer::IdentityPolicy, |layers| layers.identity = partly(vec![policy("Allow")])),
        (Layer::PermissionsBoundary, |layers| layers.boundary = partly(vec![policy("Allow")])),
        (Layer::SessionPolicy, |layers| layers.session = partly(vec![policy("Allow")])),
        (Layer::Scp, |layers| layers.scps = partly(level("Allow"))),
    ];
    for (layer, change) in with_allow {
        let decision = decide(change);
        assert_eq!(decision.result, DecisionResult::Unknown, "{layer:?}");
        let why = Missing::Policies { layer, why: Sentence::new("some are missing") };
        assert_eq!(decision.unknown, [why]);
    }
}

#[test]
fn a_known_grant_is_enough_where_other_grants_are_missing() {
    let decide = |grants| {
        let mut layers = Layers::none();
        layers.kms_grants = grants;
        let caller = Principal::parse("arn:aws:iam::111122223333:user/ana").unwrap();
        let key = Resource::new("arn:aws:kms:eu-west-1:111122223333:key/k");
        evaluate(&Request::new(caller, "kms:Decrypt", key), &layers).result
    };
    let grant = trailwhy::iam::KmsGrant::from_value(
        &serde_json::json!({
            "GranteePrincipal": "arn:aws:iam::111122223333:user/ana", "Operations": ["Decrypt"]
        }),
        PolicyLabel::default(),
    );
    assert_eq!(decide(partly(grant.into_iter().collect())), DecisionResult::Allowed);
    assert_eq!(decide(partly(Vec::new())), DecisionResult::Unknown);
    assert_eq!(decide(Presence::Known(Vec::new())), DecisionResult::ImplicitlyDenied);
}
