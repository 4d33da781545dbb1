//! Which layer denied a case: the one that denies for certain, or the only one that can have.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::case::{Case, Found, only_grants_unknown, policies, replaced};
use super::optimistic::{alone, left_to_account, opened, optimistic};
use crate::event::{Effect, Layer};
use crate::iam::{
    Decision, DecisionResult, Layers, PolicyLabel, Presence, Request, Statement, StatementEffect,
    evaluate,
};

/// What denied a case, if exactly one layer can have; of several that do for certain the one that
/// AWS's text names, else the first in AWS's order.
pub(super) fn found(case: &Case, stated: Option<Layer>) -> Option<Found> {
    let decision = evaluate(&case.request, &case.layers);
    let optimistic = optimistic(&case.request, &case.layers);
    let layer = match decision.result {
        DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied => {
            stated.filter(|layer| also_denies(&decision, *layer)).or(decision.layer)
        }
        DecisionResult::Allowed => None,
        DecisionResult::Unknown => None,
    };
    let layer = match layer {
        Some(layer) => layer,
        None => lacking(&case.request, &optimistic)
            .filter(|_| decision.result == DecisionResult::Unknown)
            .or_else(|| only_suspect(&case.request, &optimistic))?,
    };
    let layer = match decision.result {
        DecisionResult::ExplicitlyDenied => layer,
        _ => in_reach(&case.request, &case.layers, layer),
    };
    let deny = decision
        .statements
        .iter()
        .filter(|d| d.layer == layer && d.effect() == StatementEffect::Deny)
        .find_map(|d| Some((Arc::clone(&d.label), Arc::clone(d.statement.as_ref()?))))
        .or_else(|| deciding_deny(case, &optimistic, layer));
    let effect = match (layer, &deny) {
        (Layer::KmsGrant | Layer::KmsKeyState, _) => Effect::NotApplicable,
        (_, Some(_)) => Effect::ExplicitDeny,
        (_, None) if decision.result == DecisionResult::ExplicitlyDenied => Effect::ExplicitDeny,
        _ => Effect::ImplicitDeny,
    };
    let (label, statement, condition_keys) = match deny {
        Some((label, statement)) => {
            let keys = statement.condition_keys().into_iter().map(str::to_owned).collect();
            (Some(label), Some(statement), keys)
        }
        None => {
            (only_policy(&case.layers, layer), None, failed_conditions(case, &optimistic, layer))
        }
    };
    let label = label.filter(|_| statement.is_some() || !case.is_as_stated);
    // A layer that denies for certain does so whatever the others say; else all must be known.
    let complete = match decision.result {
        DecisionResult::ImplicitlyDenied if case.is_as_stated => false,
        DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied => {
            decision.layer.is_some()
        }
        DecisionResult::Unknown => {
            // A grant only ever allows, and since the call was denied none did.
            let is_known = case.complete || only_grants_unknown(&case.layers);
            is_known && !case.is_as_stated
        }
        DecisionResult::Allowed => false,
    };
    Some(Found { layer, effect, label, statement, condition_keys, complete })
}

/// Whether a layer is among those that deny for certain in the way that decides.
fn also_denies(decision: &Decision, layer: Layer) -> bool {
    match decision.result {
        DecisionResult::ExplicitlyDenied => decision
            .statements
            .iter()
            .any(|d| d.layer == layer && d.effect() == StatementEffect::Deny),
        _ => decision.blocked_by.contains(&layer),
    }
}

/// The layer that lacks an Allow though all that is not known lets the call through: what is not
/// known could only have granted it by another way, and since it was denied it did not.
fn lacking(request: &Request, optimistic: &Layers) -> Option<Layer> {
    let decision = evaluate(request, optimistic);
    decision.layer.filter(|_| decision.result == DecisionResult::ImplicitlyDenied)
}

/// AWS writes the policies of service-linked roles: where these lack an Allow, the resource's side
/// was meant to give it (IAM user guide, "Service-linked roles").
fn in_reach(request: &Request, layers: &Layers, layer: Layer) -> Layer {
    let has_policy = !matches!(layers.resource, Presence::NotApplicable);
    match layer {
        Layer::IdentityPolicy if has_policy && request.principal.is_service_linked_role() => {
            Layer::ResourcePolicy
        }
        other => other,
    }
}

/// The one layer whose removal lets the call through, though it is denied or unknown with it.
fn only_suspect(request: &Request, layers: &Layers) -> Option<Layer> {
    let decision = evaluate(request, layers);
    if decision.is_allowed() {
        return None;
    }
    // Within an account a resource's policy that says nothing of the caller leaves it to the caller's
    // own policies, and these are at fault (IAM user guide, "Policy evaluation logic").
    // AWS writes those of a service-linked role; only the resource's side can be meant to allow it.
    let may_name_caller = request.principal.is_service_linked_role()
        || decision
            .statements
            .iter()
            .any(|d| matches!(d.layer, Layer::ResourcePolicy | Layer::RoleTrustPolicy));
    let open = |layer: Layer| match layer {
        Layer::ResourcePolicy | Layer::RoleTrustPolicy if !may_name_caller => {
            left_to_account(request, layers)
        }
        _ => opened(layers, layer),
    };
    // A grant only ever allows, so no call is denied by one.
    let mut suspects = Layer::ALL
        .into_iter()
        .filter(|layer| *layer != Layer::KmsGrant)
        .filter(|layer| is_asked(request, layers, *layer))
        .filter(|layer| evaluate(request, &open(*layer)).is_allowed());
    let suspect = suspects.next()?;
    suspects.next().is_none().then_some(suspect)
}

/// A trust policy and another resource's policy have one place: which it is, the action tells.
///
/// A resource without a policy does not keep out whom nothing lets in: the caller's own policies do.
fn is_asked(request: &Request, layers: &Layers, layer: Layer) -> bool {
    let takes_on_role = request.action.to_ascii_lowercase().starts_with("sts:");
    match layer {
        Layer::RoleTrustPolicy => takes_on_role,
        Layer::ResourcePolicy => {
            !takes_on_role && !matches!(layers.resource, Presence::NotApplicable)
        }
        _ => true,
    }
}

/// The Deny statement of a layer without which the call passes.
fn deciding_deny(
    case: &Case,
    optimistic: &Layers,
    layer: Layer,
) -> Option<(Arc<PolicyLabel>, Arc<Statement>)> {
    // Only a statement that applies, or may, can have decided.
    let decision = evaluate(&case.request, optimistic);
    let touched = |label: &Arc<PolicyLabel>, statement: &Arc<Statement>| {
        decision.statements.iter().any(|d| {
            d.label == *label && d.statement.as_ref().is_some_and(|s| Arc::ptr_eq(s, statement))
        })
    };
    for policy in policies(&case.layers, layer) {
        for statement in policy.policy.statements() {
            let denies = statement.effect() == StatementEffect::Deny;
            if !denies || !touched(&policy.label, statement) {
                continue;
            }
            let without = policy.policy.with_statements(|all| {
                if statement.index() < all.len() {
                    all.remove(statement.index());
                }
            });
            let Ok(without) = without else { continue };
            let tried = replaced(optimistic, layer, &policy.label, without);
            if evaluate(&case.request, &tried).is_allowed() {
                return Some((Arc::clone(&policy.label), Arc::clone(statement)));
            }
        }
    }
    None
}

/// Condition keys of the Allow statements of a layer that would let the call through were it not
/// for their conditions.
fn failed_conditions(case: &Case, optimistic: &Layers, layer: Layer) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for policy in policies(&case.layers, layer) {
        for statement in policy.policy.statements() {
            if statement.effect() != StatementEffect::Allow || statement.condition_keys().is_empty()
            {
                continue;
            }
            let mut bare = statement.raw().clone();
            if let Some(object) = bare.as_object_mut() {
                object.shift_remove("Condition");
            }
            let passes = |statement: &Json| {
                let tried = alone(optimistic, layer, &policy.policy, statement);
                tried.is_some_and(|tried| evaluate(&case.request, &tried).is_allowed())
            };
            if passes(&bare) {
                keys.extend(unmet(statement, &passes));
            }
        }
    }
    keys.into_iter().collect()
}

/// The condition keys of a statement that are not known to be met; all of them where each by itself
/// is.
fn unmet(statement: &Statement, passes: &dyn Fn(&Json) -> bool) -> Vec<String> {
    let all = || statement.condition_keys().into_iter().map(str::to_owned);
    let unmet: Vec<String> = all().filter(|key| !passes(&only_about(statement, key))).collect();
    if unmet.is_empty() { all().collect() } else { unmet }
}

/// The statement with no conditions but those on one key.
fn only_about(statement: &Statement, key: &str) -> Json {
    let mut raw = statement.raw().clone();
    if let Some(operators) = raw.get_mut("Condition").and_then(Json::as_object_mut) {
        for tests in operators.values_mut().filter_map(Json::as_object_mut) {
            tests.retain(|name, _| name.eq_ignore_ascii_case(key));
        }
        operators.retain(|_, tests| tests.as_object().is_none_or(|tests| !tests.is_empty()));
    }
    raw
}

/// The policy of a layer that has just one.
fn only_policy(layers: &Layers, layer: Layer) -> Option<Arc<PolicyLabel>> {
    let found = policies(layers, layer);
    match found.as_slice() {
        [one] => Some(Arc::clone(&one.label)),
        _ => None,
    }
}
