//! What is not known, thought away: the layers around a denied call with one of them opened, and
//! with everything unknown taken to let the call through, so that what is known shows.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use crate::event::{Denial, Effect, Layer};
use crate::iam::{
    AttachedPolicy, EndpointPolicy, KeyState, Layers, Level, Policy, PolicyLabel, Presence,
    Principal, Request,
};

/// The layers with one of them letting everything through.
pub(super) fn opened(layers: &Layers, layer: Layer) -> Layers {
    let mut layers = layers.clone();
    match layer {
        Layer::IdentityPolicy => layers.identity = Presence::Known(vec![everything()]),
        Layer::PermissionsBoundary => layers.boundary = Presence::NotApplicable,
        Layer::SessionPolicy => layers.session = Presence::NotApplicable,
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => {
            layers.resource = Presence::Known(everything_for_everybody());
        }
        Layer::Scp => layers.scps = Presence::NotApplicable,
        Layer::Rcp => layers.rcps = Presence::NotApplicable,
        Layer::VpcEndpointPolicy => layers.vpc_endpoint = Presence::NotApplicable,
        Layer::KmsKeyState => layers.key_state = Presence::Known(KeyState::Enabled),
        Layer::BlockPublicAccess => layers.block_public_access = Presence::NotApplicable,
        _ => {}
    }
    layers
}

/// The layers with the policy of the resource leaving everything to the account of the caller, as a
/// default key policy does.
pub(super) fn left_to_account(request: &Request, layers: &Layers) -> Layers {
    let resource = Presence::Known(everything_for(&request.principal));
    Layers { resource, ..layers.clone() }
}

/// The layers with one of them holding nothing but a statement, in the version of its policy: a
/// cheap way to ask what the statement would allow, however large the policy is.
pub(crate) fn alone(
    layers: &Layers,
    layer: Layer,
    of: &Policy,
    statement: &Value,
) -> Option<Layers> {
    let version = of.document().get("Version").cloned().unwrap_or_else(|| json!("2008-10-17"));
    let document = json!({"Version": version, "Statement": [statement]});
    let one = AttachedPolicy::new(PolicyLabel::default(), Policy::from_value(&document).ok()?);
    let mut layers = layers.clone();
    let in_levels = |levels: &mut Presence<Vec<Level>>| {
        for level in levels.known_mut().into_iter().flatten() {
            level.policies = vec![one.clone()];
        }
    };
    match layer {
        Layer::IdentityPolicy => layers.identity = Presence::Known(vec![one]),
        Layer::PermissionsBoundary => layers.boundary = Presence::Known(vec![one]),
        Layer::SessionPolicy => layers.session = Presence::Known(vec![one]),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => layers.resource = Presence::Known(one),
        Layer::Scp => in_levels(&mut layers.scps),
        Layer::Rcp => in_levels(&mut layers.rcps),
        Layer::VpcEndpointPolicy => layers.vpc_endpoint.known_mut()?.policies = vec![one],
        _ => return None,
    }
    Some(layers)
}

/// The layers with whatever is not known taken to let the call through, so that what is known shows.
///
/// What might have allowed it is not taken to have done so where another layer would do: the call
/// was denied, so a policy of the resource that is not known leaves it to the caller's account.
pub(crate) fn optimistic(request: &Request, layers: &Layers) -> Layers {
    let mut layers = layers.clone();
    match &mut layers.identity {
        unknown @ Presence::Unknown(_) => *unknown = Presence::Known(vec![everything()]),
        Presence::Partly(known, _) => {
            let mut all = std::mem::take(known);
            all.push(everything());
            layers.identity = Presence::Known(all);
        }
        _ => {}
    }
    open_unknown(&mut layers.boundary, |known| known.push(everything()));
    open_unknown(&mut layers.session, |known| known.push(everything()));
    open_unknown(&mut layers.scps, open_levels);
    open_unknown(&mut layers.rcps, open_levels);
    open_unknown(&mut layers.vpc_endpoint, |known: &mut EndpointPolicy| {
        known.policies.push(everything_for_everybody());
    });
    let resource = std::mem::replace(&mut layers.resource, Presence::NotApplicable);
    layers.resource = match resource {
        Presence::Unknown(_) => Presence::Known(everything_for(&request.principal)),
        Presence::Partly(known, _) => Presence::Known(with_everything(&known, &request.principal)),
        known => known,
    };
    open_unknown(&mut layers.kms_grants, |_| {});
    // A denied call has lost its encryption context, so whether a grant's constraint is met is not
    // known; AWS's services make grants that fit their calls.
    for grant in layers.kms_grants.known_mut().into_iter().flatten() {
        *grant = grant.unconstrained();
    }
    open_unknown(&mut layers.key_state, |_| {});
    open_unknown(&mut layers.block_public_access, |_| {});
    layers
}

/// Where AWS's text says that no policy of a layer allows the call, those that are not known do not
/// either. `true` where that changed something.
pub(super) fn as_stated(denial: &Denial, layers: &mut Layers) -> bool {
    let Some(stated) = denial.stated.as_ref().filter(|s| s.effect == Effect::ImplicitDeny) else {
        return false;
    };
    match stated.layer {
        Layer::IdentityPolicy => {
            if matches!(layers.identity, Presence::Unknown(_)) {
                layers.identity = Presence::Known(Vec::new());
                return true;
            }
            settle(&mut layers.identity)
        }
        Layer::PermissionsBoundary => settle(&mut layers.boundary),
        Layer::SessionPolicy => settle(&mut layers.session),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => settle(&mut layers.resource),
        Layer::VpcEndpointPolicy => settle(&mut layers.vpc_endpoint),
        _ => false,
    }
}

/// Where a layer is blamed because nothing in it allowed the call, what is not known of it beside
/// known documents did not allow it either; nor did the caller's own policies where that of the
/// resource is blamed, since in one account either would do. It serves to find a repair.
pub(crate) fn as_blamed(layer: Layer, effect: Effect, request: &Request, layers: &mut Layers) {
    if effect != Effect::ImplicitDeny {
        return;
    }
    match layer {
        Layer::IdentityPolicy => {
            settle(&mut layers.identity);
        }
        Layer::PermissionsBoundary => {
            settle(&mut layers.boundary);
        }
        Layer::SessionPolicy => {
            settle(&mut layers.session);
        }
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => {
            settle(&mut layers.resource);
            let in_one = request.principal.account() == request.resource.owner();
            if in_one && matches!(layers.resource, Presence::Known(_)) {
                settle(&mut layers.identity);
                if matches!(layers.identity, Presence::Unknown(_)) {
                    layers.identity = Presence::Known(Vec::new());
                }
            }
        }
        Layer::VpcEndpointPolicy => {
            settle(&mut layers.vpc_endpoint);
        }
        _ => {}
    }
}

/// Where a call worked through a grant alone, neither the key's policy nor the caller's own let it
/// through; what is not known of them is taken not to. It serves to find a repair.
pub(crate) fn as_granted(layers: &mut Layers) {
    settle(&mut layers.kms_grants);
    if matches!(layers.kms_grants, Presence::Unknown(_)) {
        layers.kms_grants = Presence::Known(Vec::new());
    }
    settle(&mut layers.identity);
    if matches!(layers.identity, Presence::Unknown(_)) {
        layers.identity = Presence::Known(Vec::new());
    }
    settle(&mut layers.resource);
    if matches!(layers.resource, Presence::Unknown(_)) {
        layers.resource = Presence::Known(hypothesis(&json!({"Statement": []})));
    }
}

/// Takes what is partly known for all there is.
fn settle<T>(presence: &mut Presence<T>) -> bool {
    let taken = std::mem::replace(presence, Presence::NotApplicable);
    let (settled, is_changed) = match taken {
        Presence::Partly(known, _) => (Presence::Known(known), true),
        other => (other, false),
    };
    *presence = settled;
    is_changed
}

/// Unknown becomes not applicable; partly known becomes known with an opening added.
fn open_unknown<T>(presence: &mut Presence<T>, open: impl FnOnce(&mut T)) {
    let taken = std::mem::replace(presence, Presence::NotApplicable);
    *presence = match taken {
        Presence::Unknown(_) => Presence::NotApplicable,
        Presence::Partly(mut known, _) => {
            open(&mut known);
            Presence::Known(known)
        }
        other => other,
    };
}

fn open_levels(levels: &mut Vec<Level>) {
    for level in levels {
        level.policies.push(everything());
    }
}

fn everything() -> AttachedPolicy {
    static EVERYTHING: LazyLock<AttachedPolicy> = LazyLock::new(|| {
        hypothesis(&json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    });
    EVERYTHING.clone()
}

/// A statement by which a resource's policy leaves everything to the account of the caller; a
/// caller without an account it admits by itself.
fn left_to(principal: &Principal) -> Value {
    let named = match principal.account() {
        Some(account) => json!({"AWS": account}),
        None => json!("*"),
    };
    json!({"Effect": "Allow", "Principal": named, "Action": "*", "Resource": "*"})
}

fn everything_for(principal: &Principal) -> AttachedPolicy {
    hypothesis(&json!({"Version": "2012-10-17", "Statement": [left_to(principal)]}))
}

fn with_everything(known: &AttachedPolicy, principal: &Principal) -> AttachedPolicy {
    let more = known.policy.with_statements(|all| all.push(left_to(principal)));
    match more {
        Ok(policy) => AttachedPolicy { label: Arc::clone(&known.label), policy: Arc::new(policy) },
        Err(_) => everything_for(principal),
    }
}

fn everything_for_everybody() -> AttachedPolicy {
    static FOR_EVERYBODY: LazyLock<AttachedPolicy> = LazyLock::new(|| {
        hypothesis(&json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}))
    });
    FOR_EVERYBODY.clone()
}

fn hypothesis(document: &Value) -> AttachedPolicy {
    #[expect(
        clippy::expect_used,
        reason = "the documents are the literals above, and a test reads them"
    )]
    let policy = Policy::from_value(document).expect("a literal policy");
    AttachedPolicy::new(PolicyLabel::default(), policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hypotheses_are_policies() {
        assert_eq!(everything().policy.statements().len(), 1);
        assert_eq!(everything_for_everybody().policy.statements().len(), 1);
    }
}
