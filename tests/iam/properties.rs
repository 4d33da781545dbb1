//! Properties of the policy engine over generated cases, and the second, naive evaluator beside it.

use crate::generate::{self, KEYS};
use crate::naive::Naive;
use crate::support::{context, layers, request};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use trailwhy::event::Layer;
use trailwhy::iam::{Decision, DecisionResult, Layers, Missing, Presence, evaluate};
use trailwhy::wording::Sentence;

fn decide(case: &Value) -> Decision {
    evaluate(&request(case), &layers(case))
}

/// Whether `partly`, decided with something unknown, can stand beside `fully`, one of the ways the
/// unknown can turn out.
fn is_consistent(partly: &Decision, fully: &Decision) -> bool {
    match partly.result {
        DecisionResult::Unknown => true,
        DecisionResult::Allowed => fully.is_allowed(),
        DecisionResult::ExplicitlyDenied => fully.result == DecisionResult::ExplicitlyDenied,
        // Which of the two denials it is may hang on what is unknown; then the decision says so.
        DecisionResult::ImplicitlyDenied if partly.unknown.is_empty() => {
            fully.result == DecisionResult::ImplicitlyDenied
        }
        DecisionResult::ImplicitlyDenied => fully.is_denied(),
    }
}

/// Takes the layer's policies away, as unknown.
fn forget(layers: &mut Layers, layer: Layer) {
    let why = || Sentence::new("not read");
    match layer {
        Layer::IdentityPolicy => layers.identity = Presence::Unknown(why()),
        Layer::PermissionsBoundary => layers.boundary = Presence::Unknown(why()),
        Layer::SessionPolicy => layers.session = Presence::Unknown(why()),
        Layer::ResourcePolicy => layers.resource = Presence::Unknown(why()),
        Layer::Scp => layers.scps = Presence::Unknown(why()),
        Layer::Rcp => layers.rcps = Presence::Unknown(why()),
        Layer::VpcEndpointPolicy => layers.vpc_endpoint = Presence::Unknown(why()),
        Layer::KmsGrant => layers.kms_grants = Presence::Unknown(why()),
        other => panic!("{other:?} holds no policies"),
    }
}

const FORGETTABLE: [Layer; 8] = [
    Layer::IdentityPolicy,
    Layer::PermissionsBoundary,
    Layer::SessionPolicy,
    Layer::ResourcePolicy,
    Layer::Scp,
    Layer::Rcp,
    Layer::VpcEndpointPolicy,
    Layer::KmsGrant,
];

/// Every statement list of a case's policies.
fn statement_lists(policies: &mut Value) -> Vec<&mut Vec<Value>> {
    let is_document = policies.get("Statement").is_some();
    match policies {
        document if is_document => vec![document["Statement"].as_array_mut().unwrap()],
        Value::Object(members) => members.values_mut().flat_map(statement_lists).collect(),
        Value::Array(values) => values.iter_mut().flat_map(statement_lists).collect(),
        _ => Vec::new(),
    }
}

/// The case with `statement` added to one of its policies; `None` when it has none.
fn with_statement(case: &Value, place: Index, mut statement: Value, effect: &str) -> Option<Value> {
    statement["Effect"] = json!(effect);
    let mut case = case.clone();
    let mut lists = statement_lists(&mut case["policies"]);
    if lists.is_empty() {
        return None;
    }
    let at = place.index(lists.len());
    lists[at].push(statement);
    Some(case)
}

/// Enough to be sure to see the rare corners; more with `PROPTEST_CASES`.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.max(2000), failure_persistence: None, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_engine_and_the_naive_evaluator_agree(case in generate::case()) {
        let decision = decide(&case);
        let naive = |half_listed_is_spared| Naive { case: &case, half_listed_is_spared }.result();
        let (spared, denied) = (naive(true), naive(false));
        if spared == denied {
            prop_assert_eq!(decision.result.as_str(), spared, "{:#}", case);
        } else {
            // AWS leaves it open, so the engine must not pretend to know.
            prop_assert!(decision.unknown.contains(&Missing::NotPrincipal), "{:#}", case);
            prop_assert!(!decision.is_allowed(), "{:#}", case);
        }
    }

    #[test]
    fn making_a_key_unknown_never_turns_one_answer_into_another(
        case in generate::case(),
        keys in proptest::sample::subsequence(KEYS.to_vec(), 1..4),
    ) {
        let fully = decide(&case);
        let mut partial = request(&case);
        for (key, _) in &keys {
            partial.context.mark_unknown(key);
        }
        let partly = evaluate(&partial, &layers(&case));
        prop_assert!(is_consistent(&partly, &fully), "{partly:?}\n{fully:?}\n{case:#}");
        if fully.is_denied() {
            prop_assert!(!partly.is_allowed());
        }
        if partly.result == DecisionResult::Unknown {
            prop_assert!(!partly.unknown.is_empty());
        }
    }

    #[test]
    fn a_known_answer_holds_whatever_the_unknown_key_turns_out_to_be(
        case in generate::case(),
        (key, value) in select(KEYS.to_vec()).prop_flat_map(|(key, values)| (Just(key), select(values.to_vec()))),
    ) {
        let mut partial = request(&case);
        partial.context.mark_unknown(key);
        let partly = evaluate(&partial, &layers(&case));
        for turned_out in [None, Some(vec![value]), Some(vec![value, "other"])] {
            let mut full = request(&case);
            full.context = context(&case);
            match turned_out {
                None => { full.context.mark_absent(key); }
                Some(values) if values.len() == 1 => { full.context.insert(key, value); }
                Some(values) => {
                    let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
                    full.context.insert(key, values);
                }
            }
            let fully = evaluate(&full, &layers(&case));
            prop_assert!(is_consistent(&partly, &fully), "{key}: {partly:?}\n{fully:?}\n{case:#}");
        }
    }

    #[test]
    fn forgetting_a_layer_leaves_only_answers_that_any_policies_there_would_give(
        case in generate::case(),
        layer in select(FORGETTABLE.to_vec()),
    ) {
        // That an unread RCP may name a service which none reaches is no reason for doubt.
        let action = case["request"]["action"].as_str().unwrap();
        prop_assume!(layer != Layer::Rcp || !action.starts_with("lambda:"));
        let fully = decide(&case);
        let mut forgetful = layers(&case);
        forget(&mut forgetful, layer);
        let partly = evaluate(&request(&case), &forgetful);
        prop_assert!(is_consistent(&partly, &fully), "{layer:?}: {partly:?}\n{fully:?}\n{case:#}");
        if partly.result == DecisionResult::Unknown {
            prop_assert!(!partly.unknown.is_empty());
        }
    }

    #[test]
    fn nothing_known_gives_nothing_but_unknown_or_what_the_service_rules(case in generate::case()) {
        let partly = evaluate(&request(&case), &Layers::unknown(&Sentence::new("no policies were read")));
        let ruled =
            partly.service_rule.is_some() || case["request"]["action"] == "sts:GetSessionToken";
        prop_assert!(ruled || partly.result == DecisionResult::Unknown, "{partly:?}");
    }

    #[test]
    fn one_more_deny_never_allows(
        case in generate::case(),
        statement in generate::statement(true),
        place in any::<Index>(),
    ) {
        let Some(more) = with_statement(&case, place, statement, "Deny") else { return Ok(()) };
        prop_assert!(decide(&case).is_allowed() || !decide(&more).is_allowed(), "{more:#}");
    }

    #[test]
    fn one_more_allow_never_denies(
        case in generate::case(),
        statement in generate::statement(true),
        place in any::<Index>(),
    ) {
        let Some(more) = with_statement(&case, place, statement, "Allow") else { return Ok(()) };
        prop_assert!(!decide(&case).is_allowed() || decide(&more).is_allowed(), "{more:#}");
    }

    #[test]
    fn the_layers_that_block_are_layers_that_deny_or_lack_an_allow(case in generate::case()) {
        let decision = decide(&case);
        if decision.is_allowed() {
            prop_assert!(decision.blocked_by.is_empty() && decision.layer.is_none());
        }
        for layer in &decision.blocked_by {
            let mut open = layers(&case);
            if let Layer::Scp = layer {
                open.scps = Presence::NotApplicable;
                let without = evaluate(&request(&case), &open);
                prop_assert!(!without.blocked_by.contains(layer), "{case:#}");
            }
        }
        if decision.result == DecisionResult::ExplicitlyDenied {
            prop_assert!(!decision.statements.is_empty() && decision.layer.is_some());
            let first = decision.statements.iter().any(|s| Some(s.layer) == decision.layer);
            prop_assert!(first);
        }
    }
}

/// A generator that only ever denies would let every property above pass.
#[test]
fn generated_cases_end_in_every_way() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..2000 {
        let case = generate::case().new_tree(&mut runner).unwrap().current();
        *counts.entry(decide(&case).result).or_insert(0) += 1;
    }
    for result in [
        DecisionResult::Allowed,
        DecisionResult::ExplicitlyDenied,
        DecisionResult::ImplicitlyDenied,
    ] {
        assert!(counts.get(&result).is_some_and(|count| *count > 100), "{counts:?}");
    }
}
