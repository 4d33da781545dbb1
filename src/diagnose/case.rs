//! A request with the policies around it at its moment, and what was found to have denied it.

use std::sync::Arc;

use crate::event::{Effect, Layer};
use crate::iam::{AttachedPolicy, Layers, Policy, PolicyLabel, Presence, Request, Statement};
use crate::wording::Sentence;

/// A request with the policies around it at its moment.
#[derive(Debug, Clone)]
pub struct Case {
    /// The request.
    pub request: Request,
    /// The policies.
    pub layers: Layers,
    /// No layer is missing.
    pub complete: bool,
    /// What no trail and no dump shows and was taken for likely, such as that there is no boundary.
    pub assumed: Vec<Sentence>,
    /// What is not known of the layer that AWS's text names is taken not to allow the call, as the
    /// text says. It serves to find a repair; as evidence it would only repeat the text.
    pub is_as_stated: bool,
}

/// The policy and statement that decided.
#[derive(Debug, Clone)]
pub struct Found {
    /// The layer.
    pub layer: Layer,
    /// How it denied.
    pub effect: Effect,
    /// The policy; `None` where several could have allowed and none did.
    pub label: Option<Arc<PolicyLabel>>,
    /// The statement, for an explicit deny.
    pub statement: Option<Arc<Statement>>,
    /// Condition keys the denial hangs on, spelled as the policy does.
    pub condition_keys: Vec<String>,
    /// What is known suffices: this layer denies whatever else there may be, or nothing else can
    /// have denied.
    pub complete: bool,
}

/// The known policies of a layer.
pub fn policies(layers: &Layers, layer: Layer) -> Vec<&AttachedPolicy> {
    match layer {
        Layer::IdentityPolicy => layers.identity.known().into_iter().flatten().collect(),
        Layer::PermissionsBoundary => layers.boundary.known().into_iter().flatten().collect(),
        Layer::SessionPolicy => layers.session.known().into_iter().flatten().collect(),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => {
            layers.resource.known().into_iter().collect()
        }
        Layer::Scp => layers.scps.known().into_iter().flatten().flat_map(|l| &l.policies).collect(),
        Layer::Rcp => layers.rcps.known().into_iter().flatten().flat_map(|l| &l.policies).collect(),
        Layer::VpcEndpointPolicy => {
            layers.vpc_endpoint.known().into_iter().flat_map(|e| &e.policies).collect()
        }
        _ => Vec::new(),
    }
}

/// The layers with one policy, found by its label, replaced.
pub fn replaced(layers: &Layers, layer: Layer, label: &Arc<PolicyLabel>, policy: Policy) -> Layers {
    let mut layers = layers.clone();
    let policy = Arc::new(policy);
    let swap = |attached: &mut AttachedPolicy| {
        if attached.label == *label {
            attached.policy = Arc::clone(&policy);
        }
    };
    match layer {
        Layer::IdentityPolicy => layers.identity.known_mut().into_iter().flatten().for_each(swap),
        Layer::PermissionsBoundary => {
            layers.boundary.known_mut().into_iter().flatten().for_each(swap)
        }
        Layer::SessionPolicy => layers.session.known_mut().into_iter().flatten().for_each(swap),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => {
            layers.resource.known_mut().into_iter().for_each(swap);
        }
        Layer::Scp => {
            layers
                .scps
                .known_mut()
                .into_iter()
                .flatten()
                .flat_map(|l| &mut l.policies)
                .for_each(swap);
        }
        Layer::Rcp => {
            layers
                .rcps
                .known_mut()
                .into_iter()
                .flatten()
                .flat_map(|l| &mut l.policies)
                .for_each(swap);
        }
        Layer::VpcEndpointPolicy => {
            layers
                .vpc_endpoint
                .known_mut()
                .into_iter()
                .flat_map(|e| &mut e.policies)
                .for_each(swap);
        }
        _ => {}
    }
    layers
}

pub(super) fn has_unknown(layers: &Layers) -> bool {
    !unknown_layers(layers).is_empty()
}

/// Whether all is known but the grants on a key.
pub(super) fn only_grants_unknown(layers: &Layers) -> bool {
    let but_grants = Layers { kms_grants: Presence::NotApplicable, ..layers.clone() };
    !has_unknown(&but_grants)
}

/// Why each layer that is not wholly known is not.
pub(super) fn unknown_layers(layers: &Layers) -> Vec<Sentence> {
    fn why<T>(presence: &Presence<T>) -> Option<&Sentence> {
        match presence {
            Presence::Unknown(why) | Presence::Partly(_, why) => Some(why),
            Presence::Known(_) | Presence::NotApplicable => None,
        }
    }
    let all = [
        why(&layers.identity),
        why(&layers.boundary),
        why(&layers.session),
        why(&layers.resource),
        why(&layers.scps),
        why(&layers.rcps),
        why(&layers.vpc_endpoint),
        why(&layers.kms_grants),
        why(&layers.key_state),
    ];
    all.into_iter().flatten().cloned().collect()
}
