//! Makes the case of a call: the request that its record and its chain tell, and the policies that
//! were in force at that moment.
//!
//! In go the events, their chains and the history; out comes a [`Case`], or `None` where the record
//! tells too little to ask the policies.

use super::behind::Behind;
use super::case::{Case, has_unknown};
use super::failing::Failing;
use super::optimistic::as_stated;
use crate::chain::Chains;
use crate::event::{self, CallerKind, Event, Time, denial};
use crate::history::History;
use crate::history::answer::Missing;
use crate::history::inventory::Inventory;
use crate::history::layers::{Likelihood, layers_of};
use crate::history::request::{self, Around, request_of};
use crate::iam::{DecisionResult, evaluate};
use crate::wording::Sentence;

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

/// With which policies, on what and how boldly a call is evaluated.
pub(super) struct Moment<'m> {
    pub(super) time: Time,
    pub(super) resource: Option<&'m str>,
    pub(super) likelihood: Likelihood,
    pub(super) behind: Option<&'m Behind>,
}

/// The case of one call, with the policies of another moment. Of several things that it asks for at
/// once all have to be allowed, so that the least allowed one decides.
pub(super) fn case_at(
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

pub(super) fn is_denied(result: DecisionResult) -> bool {
    matches!(result, DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied)
}
