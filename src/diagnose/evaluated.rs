//! What the policies of that moment say: evaluates the denied call and the successes around it, and
//! finds the one layer whose removal would have let the call through.
//!
//! Where a condition key is not known, the observed outcome decides: the call was denied, so if
//! only one layer can have denied it, that layer did.

use std::sync::Arc;

use super::behind::Behind;
use super::changed::Suspects;
use super::comparison_set::ComparisonSet;
use super::deciding::found;
use super::evidence::{Evidence, Witness};
use super::failing::Failing;
use super::optimistic::{as_stated, opened, optimistic};
use super::org_policy_hypothesis::org_policy_hypothesis;
use super::recreated_principal::grant_of_predecessor;
use super::worked::{Compared, Success, Worked};
use crate::chain::Chains;
use crate::contrast::{Among, Observation};
use crate::event::{self, CallerKind, Effect, Event, Layer, Time, denial};
use crate::history::History;
use crate::history::answer::Missing;
use crate::history::change::Change;
use crate::history::inventory::Inventory;
use crate::history::layers::{Likelihood, layers_of};
use crate::history::request::{self, Around, request_of};
use crate::history::subject::Subject;
use crate::iam::{
    AttachedPolicy, DecisionResult, Layers, Policy, PolicyLabel, Presence, Request, Statement,
    evaluate,
};
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

/// What evaluating showed.
#[derive(Debug, Default)]
pub struct Evaluated {
    /// What denied.
    pub found: Option<Found>,
    /// The failures of the comparison set, ready for trying fixes.
    pub denied: Vec<Case>,
    /// Successes whose policies are known, for trying fixes.
    pub successes: Compared,
    /// Successes that evaluating would deny: then something is not known rightly.
    pub contradicted: usize,
    /// Successes that evaluating allows.
    pub confirmed: usize,
    /// All layers are known, and evaluating allows the very call that was denied.
    pub is_allowed: bool,
    /// The change before which evaluating allows the very call that was denied.
    pub turned_by: Option<Change>,
}

impl Evaluated {
    /// Whether evaluating reproduces the denial and the comparable successes.
    pub fn is_proof(&self) -> bool {
        self.found.as_ref().is_some_and(|f| f.complete) && self.contradicted == 0
    }
}

/// Failures and successes evaluated per incident.
const FAILURES: usize = 12;
/// Of the changes that may have caused a failure so many are tried, the last ones first.
const MOST_CHANGES: usize = 500;
const SUCCESSES: usize = 60;

/// The last change before which evaluating allows the call that was denied after it.
fn turned_by<'h>(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &'h History,
    layer: Layer,
    suspects: &Suspects<'h>,
) -> Option<&'h Change> {
    let index = set.observation().index;
    // Services revoke grants all the time: that this one mattered is clear only where no call can
    // have worked without it.
    let worked = set.last_success_before().is_some();
    // A role loses its policies before it is deleted and gets them back when it is made anew: where
    // another layer is at fault it is the new role that this layer does not know.
    let is_remade = suspects
        .last_first()
        .any(|change| matches!(change.subject, Subject::Entity(_)) && change.concerns(layer));
    suspects.last_first().take(MOST_CHANGES).find(|change| {
        if is_remade && !change.concerns(layer) {
            return false;
        }
        // What a revoked grant said is often not recorded; that the call worked until then says it.
        if worked && matches!(change.subject, Subject::Grant { .. }) {
            return true;
        }
        let moment = Moment {
            time: change.time.plus_seconds(-1),
            resource: set.one().arn(),
            likelihood: Likelihood::Assumed,
            behind: set.one().behind.as_ref(),
        };
        case_at(events, chains, history, index, &moment).is_some_and(|case| {
            evaluate(&case.request, &optimistic(&case.request, &case.layers)).is_allowed()
        })
    })
}

/// The case of one call, with the policies of its own moment.
///
/// `resource` is what the call was on, where more is known of that than the record shows.
pub fn case(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
    resource: Option<&str>,
) -> Option<Case> {
    let time = events.get(index)?.time;
    let resource = resource.or_else(|| chains.inferred_key(index));
    let moment = Moment { time, resource, likelihood: Likelihood::Assumed, behind: None };
    case_at(events, chains, history, index, &moment)
}

/// The case of a refused call, which may be one behind the recorded one.
pub fn case_of(
    events: &[Event],
    chains: &Chains,
    history: &History,
    failing: &Failing,
    resource: Option<&str>,
) -> Option<Case> {
    let time = events.get(failing.denied)?.time;
    let behind = failing.behind.as_ref();
    let moment = Moment { time, resource, likelihood: Likelihood::Assumed, behind };
    case_at(events, chains, history, failing.denied, &moment)
}

/// The case of a refused call, and those of the other resources that it is refused on as well: all of
/// them have to be allowed.
pub fn cases_of(
    events: &[Event],
    chains: &Chains,
    history: &History,
    failing: &Failing,
    resource: Option<&str>,
) -> Vec<Case> {
    let mut cases: Vec<Case> =
        case_of(events, chains, history, failing, resource).into_iter().collect();
    let first = cases.first().and_then(|case| case.request.resource.arn.clone());
    let others = refused_on(events, chains, history, failing).into_iter();
    cases.extend(others.filter(|case| case.request.resource.arn != first));
    cases.extend(refused_beside(events, chains, history, failing, resource));
    cases
}

/// The actions that a refused call needs on the same resource beside its own, of which the policies
/// keep it for certain.
pub(super) fn refused_beside(
    events: &[Event],
    chains: &Chains,
    history: &History,
    failing: &Failing,
    resource: Option<&str>,
) -> Vec<Case> {
    let Some(recorded) = events.get(failing.denied) else { return Vec::new() };
    let event = failing.behind.as_ref().map_or(recorded, |behind| behind.call.as_ref());
    let case = |beside: &&str| {
        let behind = failing.behind.as_ref();
        let likelihood = Likelihood::Assumed;
        let moment = Moment { time: recorded.time, resource, likelihood, behind };
        let case = beside_at(events, chains, history, failing.denied, &moment, beside)?;
        is_denied(evaluate(&case.request, &case.layers).result).then_some(case)
    };
    request::needed_beside(event, &failing.action).iter().filter_map(case).collect()
}

/// Of the resources that a refused call asked for at once, where its text names none, those that the
/// policies keep it from for certain.
pub(super) fn refused_on(
    events: &[Event],
    chains: &Chains,
    history: &History,
    failing: &Failing,
) -> Vec<Case> {
    let Some(event) = events.get(failing.denied).filter(|_| failing.behind.is_none()) else {
        return Vec::new();
    };
    let case = |resource: &String| {
        case_of(events, chains, history, failing, Some(resource))
            .filter(|case| is_denied(evaluate(&case.request, &case.layers).result))
    };
    asked_at_once(event).iter().filter_map(case).collect()
}

/// The resources that a call asks for at once, where its text does not name the one it is about.
pub(crate) fn asked_at_once(event: &Event) -> Vec<String> {
    let denial = denial(event);
    if denial.as_ref().is_some_and(|denial| denial.resource.is_some()) {
        return Vec::new();
    }
    let named = denial.and_then(|denial| denial.action);
    request::resources(event, &named.unwrap_or_else(|| event::action(event)))
}

/// With which policies, on what and how boldly a call is evaluated.
struct Moment<'m> {
    time: Time,
    resource: Option<&'m str>,
    likelihood: Likelihood,
    behind: Option<&'m Behind>,
}

/// The case of one call, with the policies of another moment. Of several things that it asks for at
/// once all have to be allowed, so that the least allowed one decides.
fn case_at(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
    moment: &Moment<'_>,
) -> Option<Case> {
    let each = cases_at(events, chains, history, index, moment).into_iter();
    each.min_by_key(|case| match evaluate(&case.request, &case.layers).result {
        DecisionResult::ExplicitlyDenied => 0,
        DecisionResult::ImplicitlyDenied => 1,
        DecisionResult::Unknown => 2,
        DecisionResult::Allowed => 3,
    })
}

/// What one call asks for at the moment it was made, each thing that it asks for at once.
pub(super) fn each_case(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
) -> Vec<Case> {
    let Some(event) = events.get(index) else { return Vec::new() };
    let resource = chains.inferred_key(index);
    let likelihood = Likelihood::Assumed;
    let moment = Moment { time: event.time, resource, likelihood, behind: None };
    cases_at(events, chains, history, index, &moment)
}

/// The cases of one call: one for each thing that it asks for at once.
fn cases_at(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
    moment: &Moment<'_>,
) -> Vec<Case> {
    let Some(event) = events.get(index) else { return Vec::new() };
    let all = if moment.behind.is_none() { asked_at_once(event) } else { Vec::new() };
    let meant = all.iter().find(|one| moment.resource == Some(one.as_str()));
    let ask = |one: Option<&String>| {
        asked(events, chains, history, index, moment, (one.map(String::as_str), None))
    };
    if all.is_empty() || meant.is_some() {
        return ask(meant).into_iter().collect();
    }
    all.iter().filter_map(|one| ask(Some(one))).collect()
}

/// The case of another action that the call needs beside its own.
fn beside_at(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
    moment: &Moment<'_>,
    beside: &str,
) -> Option<Case> {
    asked(events, chains, history, index, moment, (None, Some(beside)))
}

/// The case of a call, for one of the resources it asks for, or for an action needed beside its own.
fn asked(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
    moment: &Moment<'_>,
    (one_of, beside): (Option<&str>, Option<&str>),
) -> Option<Case> {
    let recorded = events.get(index)?;
    let inventory = history.at(moment.time);
    let around = around(events, chains, index)?;
    let mut around = Around { one_of, beside, resource: moment.resource, ..around };
    if let Some(behind) = moment.behind {
        let is_caller = behind.kind == CallerKind::ForwardAccessSession;
        around.kind = Some(behind.kind);
        around.root = Some(recorded).filter(|_| is_caller);
        around.via = is_caller.then(|| vec![recorded.source().to_owned()]);
        around.issuer = around.issuer.filter(|_| is_caller);
        around.request = None;
    }
    let event = moment.behind.map_or(recorded, |behind| behind.call.as_ref());
    ask(event, recorded, &around, history, &inventory, moment.likelihood)
}

/// What the calls around one tell of it; `None` where there is no such call.
pub(crate) fn around<'e>(
    events: &'e [Event],
    chains: &'e Chains,
    index: usize,
) -> Option<Around<'e>> {
    let recorded = events.get(index)?;
    let root = chains.asked(index, events);
    Some(Around {
        one_of: None,
        beside: None,
        kind: Some(chains.caller_kind(index, recorded)),
        root: (root != index).then(|| events.get(root)).flatten(),
        via: via(events, chains, index),
        issuer: chains.issuer(recorded).and_then(|i| events.get(i)),
        resource: chains.inferred_key(index),
        request: shown_by_sibling(events, chains, index),
    })
}

/// The case of a call with what is around it.
fn ask(
    event: &Event,
    recorded: &Event,
    around: &Around<'_>,
    history: &History,
    inventory: &Inventory<'_>,
    likelihood: Likelihood,
) -> Option<Case> {
    let mut request = request_of(event, around, inventory)?;
    if let Some(told) = history.evidence().for_event(recorded) {
        told.complete(&mut request.context);
    }
    let surroundings = layers_of(event, &request, around, inventory, likelihood);
    let complete = !has_unknown(&surroundings.layers);
    let assumed = each_once(&surroundings.assumed);
    let mut layers = surroundings.layers;
    let is_as_stated = around.beside.is_none()
        && denial(event).is_some_and(|denial| as_stated(&denial, &mut layers));
    Some(Case { request, layers, complete, assumed, is_as_stated })
}

/// What a denied KMS call asked for, where the same call for the same parent shows it: tried before
/// in vain (`DryRun`), or once more with success.
fn shown_by_sibling<'e>(events: &'e [Event], chains: &Chains, index: usize) -> Option<&'e str> {
    let event = events.get(index).filter(|e| e.failed() && e.request().is_none())?;
    let parent = chains.link(index)?.parent;
    let siblings = chains.children(parent).iter();
    siblings
        .filter_map(|&sibling| events.get(sibling))
        .filter(|e| e.source() == event.source() && e.name() == event.name())
        .find_map(Event::request)
}

/// The services between the user's call and this one, first one first; `None` where the chain is
/// not known.
fn via(events: &[Event], chains: &Chains, index: usize) -> Option<Vec<String>> {
    let mut services = Vec::new();
    let mut at = index;
    while let Some(link) = chains.link(at) {
        let event = events.get(at)?;
        if chains.caller_kind(at, event) == CallerKind::ForwardAccessSession {
            services.push(events.get(link.parent)?.source().to_owned());
        }
        at = link.parent;
    }
    services.reverse();
    (!services.is_empty()).then_some(services)
}

/// Evaluates a comparison set's failures and the successes nearest to them.
pub fn evaluated(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &History,
    suspects: &Suspects<'_>,
    worked: &Worked,
) -> Evaluated {
    let mut result = Evaluated::default();
    for failing in set.failing.iter().take(FAILURES) {
        let resource = failing.arn();
        result.denied.extend(case_of(events, chains, history, failing, resource));
    }
    let stated = set.one().denial.stated.as_ref().map(|s| s.layer);
    result.found = result.denied.first().and_then(|case| found(case, stated));
    if let (None, Some(first)) = (&result.found, result.denied.first_mut()) {
        // Of several things asked for at once, the one of which something can be told.
        let each = each_case(events, chains, history, set.one().denied);
        let is_several = each.len() > 1 && set.one().behind.is_none();
        let told = each.into_iter().find_map(|case| Some((found(&case, stated)?, case)));
        if let Some((found, case)) = told.filter(|_| is_several) {
            result.found = Some(found);
            *first = case;
        }
    }
    if result.found.as_ref().is_none_or(|found| !found.complete && found.statement.is_none())
        && let Some((found, cases)) =
            org_policy_hypothesis(set, events, chains, history, &result.denied, suspects)
    {
        result.found = Some(found);
        result.denied = cases;
    }
    let Some(layer) = result.found.as_ref().map(|found| found.layer) else {
        result.is_allowed = result.denied.first().is_some_and(|case| {
            case.complete && evaluate(&case.request, &case.layers).is_allowed()
        });
        return result;
    };
    result.turned_by = turned_by(set, events, chains, history, layer, suspects).cloned();
    let is_revoked =
        result.turned_by.as_ref().is_some_and(|c| matches!(c.subject, Subject::Grant { .. }));
    if let Some(found) = result.found.as_mut().filter(|found| {
        let is_missed = found.effect == Effect::ImplicitDeny
            && matches!(found.layer, Layer::ResourcePolicy | Layer::IdentityPolicy);
        is_revoked || (is_missed && grant_of_predecessor(set, history).is_some())
    }) {
        // AWS names the layer where an Allow was missed last; what went away is the grant.
        found.layer = Layer::KmsGrant;
        found.effect = Effect::NotApplicable;
        found.label = None;
        found.condition_keys.clear();
    }
    for success in nearest(set) {
        let Some(tried) = worked.at(success.index, events, chains, history) else { continue };
        match tried.decided {
            DecisionResult::Allowed => result.confirmed += 1,
            DecisionResult::Unknown => {}
            // A change made seconds before may not have been in force yet.
            _ if recently_changed(history, success) => {}
            _ => result.contradicted += 1,
        }
        result.successes.add(success.index);
    }
    result
}

/// A call that worked, with the policies of its moment.
pub(super) fn success_at(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
) -> Option<Success> {
    let mut case = case(events, chains, history, index, None)?;
    let mut decided = evaluate(&case.request, &case.layers).result;
    if is_denied(decided) {
        // It worked, so that what was only taken for likely is the first thing to doubt.
        let time = events.get(index)?.time;
        let resource = chains.inferred_key(index);
        let moment = Moment { time, resource, likelihood: Likelihood::Unknown, behind: None };
        case = case_at(events, chains, history, index, &moment).unwrap_or(case);
        decided = evaluate(&case.request, &case.layers).result;
    }
    let optimistic = optimistic(&case.request, &case.layers);
    Some(Success { case, decided, optimistic })
}

fn is_denied(result: DecisionResult) -> bool {
    matches!(result, DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied)
}

fn recently_changed(history: &History, success: &Observation<'_>) -> bool {
    let time = success.event.time;
    !history.changes_within(time.plus_seconds(-300), time).is_empty()
}

/// Successes of the same principal or on the same resource first, then by nearness in time.
pub(super) fn nearest<'p, 'e>(set: &ComparisonSet<'p, 'e>) -> Vec<&'p Observation<'e>> {
    let Some(crowd) = set.crowd else { return Vec::new() };
    let own = |o: &Observation<'e>| set.same_principal(o);
    let there = |o: &Observation<'e>| set.same_resource(o);
    let near = |among: Among, skip: &dyn Fn(&Observation<'e>) -> bool| {
        let lists = crowd.lists(among, crowd.ever(), |_| true);
        // Of calls that another one stands for nothing more is known.
        let is_left = |at: &(i64, u32)| crowd.at(at.1).is_some_and(|o| o.is_itself() && !skip(o));
        let near =
            lists.flat_map(|list| crowd.outward(list, set.first).filter(is_left).take(SUCCESSES));
        near.collect::<Vec<_>>()
    };
    let mut both = near(set.of_both(), &|o| !own(o));
    both.sort_unstable();
    let mut one = near(set.by_principal(), &|o| !own(o) || there(o));
    one.extend(near(set.on_resource(), &|o| own(o)));
    one.sort_unstable();
    let mut found: Vec<(i64, u32)> = both.into_iter().chain(one).take(SUCCESSES).collect();
    let left = SUCCESSES - found.len();
    let is_other =
        |at: &(i64, u32)| crowd.at(at.1).is_some_and(|o| o.is_itself() && !own(o) && !there(o));
    found.extend(crowd.around(set.first).filter(is_other).take(left));
    found.into_iter().filter_map(|(_, at)| crowd.at(at)).collect()
}

/// Whether the policies deny a case as AWS's text says.
pub(super) fn denies(case: &Case, failing: &Failing) -> bool {
    let stated = failing.denial.stated.as_ref().map(|s| s.layer);
    let Some(found) = found(case, stated) else { return false };
    match &failing.denial.stated {
        Some(stated) => stated.layer == found.layer && stated.effect == found.effect,
        // KMS is vague only about what the key's own policy says.
        None if failing.denial.vague => found.layer == Layer::ResourcePolicy,
        None => true,
    }
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

/// What was assumed: things of a kind together, each once.
fn each_once(assumed: &[Missing]) -> Vec<Sentence> {
    let mut all: Vec<(&str, Sentence)> = assumed
        .iter()
        .map(|missing| (missing.subject.sentence().id(), missing.sentence()))
        .collect();
    all.sort();
    all.dedup();
    all.into_iter().map(|(_, sentence)| sentence).collect()
}

fn has_unknown(layers: &Layers) -> bool {
    !unknown_layers(layers).is_empty()
}

/// Whether all is known but the grants on a key.
pub(super) fn only_grants_unknown(layers: &Layers) -> bool {
    let but_grants = Layers { kms_grants: Presence::NotApplicable, ..layers.clone() };
    !has_unknown(&but_grants)
}

/// Why each layer that is not wholly known is not.
fn unknown_layers(layers: &Layers) -> Vec<Sentence> {
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

/// Whether the call is denied without what was found as well: by another statement, or since nothing
/// allows it.
fn is_denied_besides(case: &Case, found: &Found) -> bool {
    let layers = optimistic(&case.request, &case.layers);
    let without = match (&found.label, &found.statement) {
        (Some(label), Some(statement)) => {
            let here = policies(&layers, found.layer);
            let policy = here.iter().find(|policy| policy.label == *label);
            let changed = policy.and_then(|policy| {
                let index = statement.index();
                let kept = |all: &mut Vec<_>| drop((index < all.len()).then(|| all.remove(index)));
                policy.policy.with_statements(kept).ok()
            });
            let Some(changed) = changed else { return false };
            replaced(&layers, found.layer, label, changed)
        }
        _ if found.layer == Layer::KmsGrant => return false,
        _ => opened(&layers, found.layer),
    };
    evaluate(&case.request, &without).is_denied()
}

/// What evaluating says about the layers.
pub fn evidence(evaluated: &Evaluated, set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let found = evaluated.found.as_ref()?;
    let repeats = evaluated.denied.first().is_some_and(|case| case.is_as_stated);
    if repeats && found.statement.is_none() && found.layer != Layer::KmsGrant {
        return None;
    }
    let id = set.observation().event.id();
    let policy = found
        .label
        .as_ref()
        .and_then(|l| l.name.clone().or_else(|| l.arn.clone()).or_else(|| l.attached_to.clone()));
    let is_alone = evaluated.denied.first().is_none_or(|case| !is_denied_besides(case, found));
    let text = match (&found.statement, policy) {
        (Some(statement), Some(policy)) if !is_alone => {
            Sentence::new("evaluated-statement-besides")
                .arg("sid", statement.sid().unwrap_or("?"))
                .arg("number", (statement.index() + 1) as f64)
                .arg("policy", policy)
                .arg("layer", found.layer)
        }
        (Some(statement), Some(policy)) => Sentence::new("evaluated-statement")
            .arg("sid", statement.sid().unwrap_or("?"))
            .arg("number", (statement.index() + 1) as f64)
            .arg("policy", policy)
            .arg("layer", found.layer),
        _ if !is_alone => Sentence::new("evaluated-layer-besides")
            .arg("layer", found.layer)
            .arg("effect", found.effect),
        _ => Sentence::new("evaluated-layer").arg("layer", found.layer).arg("effect", found.effect),
    };
    let trust = match (found.complete, evaluated.contradicted) {
        (true, 0) => 9.0,
        (true, _) => 4.0,
        (false, 0) if found.statement.is_some() => 7.0,
        (false, 0) => 4.0,
        (false, _) => 2.0,
    };
    Some(Evidence::new(Witness::Evaluated, text).weigh(found.layer, found.effect, trust).event(id))
}

/// What the evaluation hangs on: what was assumed, and what is not known. It weighs nothing.
///
/// Where evaluating found nothing, what is not known is still told to whoever gave policies.
pub fn reservations(evaluated: &Evaluated, history: &History) -> Vec<Evidence> {
    let has_found = evaluated.found.is_some();
    let is_told = has_found || !history.is_without_dumps();
    let Some(case) = evaluated.denied.first().filter(|_| is_told) else { return Vec::new() };
    let unknown = unknown_layers(&case.layers);
    let mut told = Vec::new();
    if let Some((what, more)) = shortened(&case.assumed).filter(|_| has_found) {
        told.push(Sentence::new("evaluated-assumed").arg("what", what).arg("more", more));
    }
    if let Some((what, more)) = shortened(&unknown) {
        told.push(Sentence::new("evaluated-unknown").arg("what", what).arg("more", more));
    }
    told.into_iter().map(|text| Evidence::new(Witness::Evaluated, text)).collect()
}

/// The first of them, and how many more there are; `None` where there are none.
fn shortened(what: &[Sentence]) -> Option<(Sentence, usize)> {
    let shown = what.iter().take(MOST_RESERVATIONS).cloned();
    let shown = shown
        .reduce(|one, next| Sentence::new("log-together").arg("before", one).arg("after", next))?;
    Some((shown, what.len().saturating_sub(MOST_RESERVATIONS)))
}

/// Reservations named; more are counted.
const MOST_RESERVATIONS: usize = 4;
