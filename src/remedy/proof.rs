//! The proof of a fix: what was denied is evaluated again with the fix in place, and so is what
//! worked, and what must stay denied.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::candidate::Candidate;
use super::probe::{OTHER_ACCOUNT, probes};
use super::situation::Situation;
use super::undo;
use crate::contrast::{self, Attribute, Observation};
use crate::diagnose::changed::can_take_away;
use crate::diagnose::evaluated::Case;
use crate::diagnose::optimistic::optimistic;
use crate::event::{self, Event, Field, Layer, Time};
use crate::history::change::Change;
use crate::iam::{
    AttachedPolicy, BlockPublicAccess, DecisionResult, EndpointPolicy, KeyState, KmsGrant, Layers,
    Level, Policy, PolicyLabel, Presence, Principal, evaluate,
};

/// One change of what is in force.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// A policy gets another document.
    Replace { layer: Layer, label: Arc<PolicyLabel>, before: Arc<Policy>, after: Arc<Policy> },
    /// A policy is attached besides those that are there; to one level of the organization, where
    /// it is one of the organization's.
    Attach { layer: Layer, policy: AttachedPolicy, level: Option<String> },
    /// A policy, by its ARN or the end of it, is taken away.
    Detach { layer: Layer, policy: String, level: Option<String> },
    /// The caller's boundary is another, or none.
    Boundary(Option<AttachedPolicy>),
    /// S3 Block Public Access.
    PublicAccess(BlockPublicAccess),
    /// A grant on the key.
    Grant(KmsGrant),
    /// The key's state.
    KeyState(KeyState),
    /// A grant or policy of one layer is put where nothing can be evaluated.
    Untried,
}

/// What re-evaluating with a fix showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// How the denied requests end: the worst of them.
    pub denied_request: DecisionResult,
    /// Successes that stay allowed.
    pub successes_kept: usize,
    /// Successes that the fix would break.
    pub successes_broken: usize,
    /// Requests that must stay denied and do.
    pub still_denied: usize,
    /// Requests of the denied callers beside the denied ones that the fix would let through.
    pub opened: usize,
    /// Whom else it would let in.
    pub strangers: Strangers,
    /// Layers whose policies are not all known.
    pub unchecked_layers: Vec<Layer>,
}

/// Who did not ask and would be let in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strangers {
    /// Nobody.
    #[default]
    Nobody,
    /// Others of the caller's account, as far as their own policies let them.
    Account,
    /// Anybody, of whatever account.
    Anybody,
}

impl Strangers {
    fn of(accounts: &BTreeSet<String>) -> Strangers {
        match accounts.iter().any(|account| account == OTHER_ACCOUNT) {
            true => Strangers::Anybody,
            false if accounts.is_empty() => Strangers::Nobody,
            false => Strangers::Account,
        }
    }
}

impl Proof {
    /// The fix lets the denied requests through and breaks nothing.
    pub fn holds(&self) -> bool {
        self.denied_request == DecisionResult::Allowed && self.successes_broken == 0
    }
}

/// Tries the edits; `None` where evaluating does not give the denial in the first place or the
/// policies to change are not known, so that it cannot prove anything.
pub(super) fn prove(situation: &Situation<'_>, edits: &[Edit]) -> Option<Proof> {
    if edits.is_empty() || edits.iter().any(|edit| matches!(edit, Edit::Untried)) {
        return None;
    }
    let known = |case: &Case| edits.iter().all(|edit| is_known(edit, &case.layers));
    if !situation.denied.iter().all(known) {
        return None;
    }
    let before: Vec<DecisionResult> = situation.denied.iter().map(|c| result(c, &[])).collect();
    if before.is_empty() || before.iter().all(|result| *result == DecisionResult::Allowed) {
        return None;
    }
    let after = situation.denied.iter().map(|case| result(case, edits));
    let denied_request = after.max_by_key(|result| badness(*result))?;
    let (successes_kept, successes_broken) = successes(situation, edits);
    let (mut still_denied, mut opened, mut strangers) = (0, 0, BTreeSet::new());
    for probe in situation.denied.iter().take(2).flat_map(|case| probes(situation, case)) {
        if is_denied(result(&probe.case, &[])) {
            match result(&probe.case, edits) {
                DecisionResult::Allowed => match probe.stranger {
                    Some(account) => {
                        strangers.insert(account);
                    }
                    None => opened += 1,
                },
                other if is_denied(other) => still_denied += 1,
                _ => {}
            }
        }
    }
    Some(Proof {
        denied_request,
        successes_kept,
        successes_broken,
        still_denied,
        opened,
        strangers: Strangers::of(&strangers),
        unchecked_layers: situation.unchecked.clone(),
    })
}

/// What taking a change back proves without any document: it restores what was in force while the
/// same caller made the same call on the same thing, where nothing else that the call depends on was
/// changed between its last success and the first failure. `None` where that cannot be said.
pub(super) fn restored(situation: &Situation<'_>, candidate: &Candidate) -> Option<Proof> {
    let change = situation.incident.change.as_ref()?;
    if candidate.breadth != undo::BREADTH || candidate.layer != situation.layer {
        return None;
    }
    let failed = Observation::new(situation.events, situation.chains, situation.failing.denied)?;
    let on = situation.failing.arn().or_else(|| failed.get(Attribute::Resource))?;
    let (chains, event) = (situation.chains, failed.event);
    let is_same = |at: usize, other: &Event| {
        // The cheapest first: this is asked of every call of the name.
        other.get(Field::VpcEndpointId) == event.get(Field::VpcEndpointId)
            && contrast::principal(other).as_deref() == failed.get(Attribute::Principal)
            && match contrast::resource(other) {
                Some(resource) => resource == on,
                None => chains.inferred_key(at) == Some(on),
            }
    };
    let worked: Vec<Time> = situation
        .calls_like(event)
        .filter(|(_, other)| other.time < change.time)
        .filter(|(at, other)| is_same(*at, other) && event::failure(other).is_none())
        .map(|(_, worked)| worked.time)
        .collect();
    let last = worked.iter().max().copied()?;
    let occurred = situation.incident.occurrences.iter().filter_map(|o| o.failing.as_ref());
    let first = occurred.filter_map(|f| situation.events.get(f.denied)).map(|e| e.time).min()?;
    let depends = |other: &Change| {
        let owner = situation.history.owner(&other.subject);
        let own = [situation.caller_arn(), situation.resource().map(str::to_owned)];
        matches!(other.layer, Layer::Scp | Layer::Rcp)
            || owner == situation.history.owner(&change.subject)
            || own.contains(&owner)
    };
    let is_alone = situation
        .history
        .changes_within(last, first)
        .iter()
        .filter(|other| can_take_away(other) && other.event_id != change.event_id)
        .all(|other| !depends(other));
    is_alone.then(|| Proof {
        denied_request: DecisionResult::Allowed,
        successes_kept: worked.len(),
        successes_broken: 0,
        still_denied: 0,
        opened: 0,
        strangers: Strangers::Nobody,
        unchecked_layers: Vec::new(),
    })
}

/// How a case ends with the edits, taking what is not known to let it through.
pub(super) fn result(case: &Case, edits: &[Edit]) -> DecisionResult {
    result_with(case, optimistic(&case.request, &case.layers), edits)
}

/// The same, where what is not known was already taken so.
fn result_with(case: &Case, mut layers: Layers, edits: &[Edit]) -> DecisionResult {
    for edit in edits {
        apply(edit, &mut layers);
    }
    let result = evaluate(&case.request, &layers).result;
    if result != DecisionResult::ImplicitlyDenied || !may_have_more_grants(case) {
        return result;
    }
    // What is not seen may hold the grant that the call works through.
    if let (Some(grant), Some(grants)) = (grant_for(case), layers.kms_grants.known_mut()) {
        grants.push(grant);
    } else {
        layers.kms_grants = Presence::Known(grant_for(case).into_iter().collect());
    }
    match evaluate(&case.request, &layers).result {
        DecisionResult::Allowed => DecisionResult::Unknown,
        _ => result,
    }
}

fn may_have_more_grants(case: &Case) -> bool {
    matches!(case.layers.kms_grants, Presence::Unknown(_) | Presence::Partly(..))
}

/// A grant of what the case asks for.
fn grant_for(case: &Case) -> Option<KmsGrant> {
    let operation = case.request.action.strip_prefix("kms:")?;
    let grantee = match &case.request.principal {
        Principal::Service { name } => name.as_str(),
        other => other.arn()?,
    };
    let value = json!({"GranteePrincipal": grantee, "Operations": [operation]});
    KmsGrant::from_value(&value, PolicyLabel::default())
}

/// The layers with the edits made, and nothing else taken for granted.
pub(super) fn edited(layers: &Layers, edits: &[Edit]) -> Layers {
    let mut layers = layers.clone();
    edits.iter().for_each(|edit| apply(edit, &mut layers));
    layers
}

fn badness(result: DecisionResult) -> u8 {
    match result {
        DecisionResult::Allowed => 0,
        DecisionResult::Unknown => 1,
        DecisionResult::ImplicitlyDenied => 2,
        DecisionResult::ExplicitlyDenied => 3,
    }
}

pub(super) fn is_denied(result: DecisionResult) -> bool {
    matches!(result, DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied)
}

/// Successes of before the change that did the harm count with the present document: the fix is
/// not to blame for what the present document denies already.
fn successes(situation: &Situation<'_>, edits: &[Edit]) -> (usize, usize) {
    let present: Vec<Edit> = edits.iter().filter_map(unedited).collect();
    let (mut kept, mut broken) = (0, 0);
    situation.each_success(|success, times| {
        let with = |edits: &[Edit]| result_with(&success.case, success.optimistic.clone(), edits);
        match with(edits) {
            DecisionResult::Allowed => kept += times,
            _ if with(&present) == DecisionResult::Allowed => broken += times,
            _ => {}
        }
    });
    (kept, broken)
}

fn unedited(edit: &Edit) -> Option<Edit> {
    match edit {
        Edit::Replace { layer, label, before, .. } => Some(Edit::Replace {
            layer: *layer,
            label: Arc::clone(label),
            before: Arc::clone(before),
            after: Arc::clone(before),
        }),
        _ => None,
    }
}

/// Whether one version of a policy and another are versions of one policy.
pub(super) fn is_same_policy(one: &PolicyLabel, other: &PolicyLabel) -> bool {
    match (&one.arn, &other.arn) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.name == other.name && one.attached_to == other.attached_to,
        _ => false,
    }
}

fn apply(edit: &Edit, layers: &mut Layers) {
    match edit {
        Edit::Replace { layer, label, after, .. } => {
            for attached in attached_mut(layers, *layer) {
                if is_same_policy(&attached.label, label) {
                    attached.policy = Arc::clone(after);
                }
            }
        }
        Edit::Attach { layer, policy, level } => attach(layers, *layer, policy, level.as_deref()),
        Edit::Grant(grant) => match layers.kms_grants.known_mut() {
            Some(grants) => grants.push(grant.clone()),
            None => layers.kms_grants = Presence::Known(vec![grant.clone()]),
        },
        Edit::Detach { layer, policy, level } => detach(layers, *layer, policy, level.as_deref()),
        Edit::Boundary(policy) => {
            layers.boundary = match policy {
                Some(policy) => Presence::Known(vec![policy.clone()]),
                None => Presence::NotApplicable,
            }
        }
        Edit::PublicAccess(settings) => layers.block_public_access = Presence::Known(*settings),
        Edit::KeyState(state) => layers.key_state = Presence::Known(*state),
        Edit::Untried => {}
    }
}

fn attached_mut(layers: &mut Layers, layer: Layer) -> Vec<&mut AttachedPolicy> {
    fn in_levels(levels: &mut Presence<Vec<Level>>) -> Vec<&mut AttachedPolicy> {
        levels.known_mut().into_iter().flatten().flat_map(|level| &mut level.policies).collect()
    }
    match layer {
        Layer::IdentityPolicy => layers.identity.known_mut().into_iter().flatten().collect(),
        Layer::PermissionsBoundary => layers.boundary.known_mut().into_iter().flatten().collect(),
        Layer::SessionPolicy => layers.session.known_mut().into_iter().flatten().collect(),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => {
            layers.resource.known_mut().into_iter().collect()
        }
        Layer::Scp => in_levels(&mut layers.scps),
        Layer::Rcp => in_levels(&mut layers.rcps),
        Layer::VpcEndpointPolicy => {
            layers.vpc_endpoint.known_mut().into_iter().flat_map(|e| &mut e.policies).collect()
        }
        _ => Vec::new(),
    }
}

fn detach(layers: &mut Layers, layer: Layer, policy: &str, level: Option<&str>) {
    let stays = |attached: &AttachedPolicy| {
        let names = [&attached.label.arn, &attached.label.name];
        !names
            .into_iter()
            .flatten()
            .any(|name| name == policy || name.ends_with(&format!("/{policy}")))
    };
    match layer {
        Layer::IdentityPolicy => {
            if let Some(list) = layers.identity.known_mut() {
                list.retain(stays);
            }
        }
        Layer::Scp | Layer::Rcp => {
            let levels = if layer == Layer::Scp { &mut layers.scps } else { &mut layers.rcps };
            for at in levels.known_mut().into_iter().flatten() {
                if level.is_none_or(|level| at.id == level) {
                    at.policies.retain(stays);
                }
            }
        }
        _ => {}
    }
}

fn attach(layers: &mut Layers, layer: Layer, policy: &AttachedPolicy, level: Option<&str>) {
    fn push(list: &mut Presence<Vec<AttachedPolicy>>, policy: &AttachedPolicy) {
        match list.known_mut() {
            Some(list) => list.push(policy.clone()),
            None => *list = Presence::Known(vec![policy.clone()]),
        }
    }
    fn push_at(levels: &mut Presence<Vec<Level>>, policy: &AttachedPolicy, at: Option<&str>) {
        for level in levels.known_mut().into_iter().flatten() {
            if at.is_none_or(|at| level.id == at) {
                level.policies.push(policy.clone());
            }
        }
    }
    match layer {
        Layer::IdentityPolicy => push(&mut layers.identity, policy),
        Layer::PermissionsBoundary => push(&mut layers.boundary, policy),
        Layer::SessionPolicy => push(&mut layers.session, policy),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => {
            layers.resource = Presence::Known(policy.clone());
        }
        Layer::Scp => push_at(&mut layers.scps, policy, level),
        Layer::Rcp => push_at(&mut layers.rcps, policy, level),
        Layer::VpcEndpointPolicy => match layers.vpc_endpoint.known_mut() {
            Some(endpoint) => endpoint.policies.push(policy.clone()),
            None => {
                layers.vpc_endpoint = Presence::Known(EndpointPolicy {
                    policies: vec![policy.clone()],
                    is_gateway: false,
                });
            }
        },
        _ => {}
    }
}

/// Whether what the edit changes is known at all.
fn is_known(edit: &Edit, layers: &Layers) -> bool {
    match edit {
        Edit::Replace { .. }
        | Edit::KeyState(_)
        | Edit::Boundary(_)
        | Edit::PublicAccess(_)
        | Edit::Detach { .. } => true,
        Edit::Attach { layer, .. } => !is_unknown(layers, *layer),
        // A grant adds to what the key policy leaves; a Deny there would beat it.
        Edit::Grant(_) => !is_unknown(layers, Layer::ResourcePolicy),
        Edit::Untried => false,
    }
}

fn is_unknown(layers: &Layers, layer: Layer) -> bool {
    fn unknown<T>(presence: &Presence<T>) -> bool {
        matches!(presence, Presence::Unknown(_))
    }
    match layer {
        Layer::IdentityPolicy => unknown(&layers.identity),
        Layer::PermissionsBoundary => unknown(&layers.boundary),
        Layer::SessionPolicy => unknown(&layers.session),
        Layer::ResourcePolicy | Layer::RoleTrustPolicy => unknown(&layers.resource),
        Layer::Scp => unknown(&layers.scps),
        Layer::Rcp => unknown(&layers.rcps),
        Layer::VpcEndpointPolicy => unknown(&layers.vpc_endpoint),
        _ => false,
    }
}

/// Layers of which something is not known.
pub(super) fn unknown_layers(layers: &Layers) -> Vec<Layer> {
    fn open<T>(presence: &Presence<T>) -> bool {
        matches!(presence, Presence::Unknown(_) | Presence::Partly(..))
    }
    [
        (Layer::IdentityPolicy, open(&layers.identity)),
        (Layer::PermissionsBoundary, open(&layers.boundary)),
        (Layer::SessionPolicy, open(&layers.session)),
        (Layer::ResourcePolicy, open(&layers.resource)),
        (Layer::Scp, open(&layers.scps)),
        (Layer::Rcp, open(&layers.rcps)),
        (Layer::VpcEndpointPolicy, open(&layers.vpc_endpoint)),
        (Layer::KmsGrant, open(&layers.kms_grants)),
        (Layer::KmsKeyState, open(&layers.key_state)),
        (Layer::BlockPublicAccess, open(&layers.block_public_access)),
    ]
    .into_iter()
    .filter_map(|(layer, is_open)| is_open.then_some(layer))
    .collect()
}
