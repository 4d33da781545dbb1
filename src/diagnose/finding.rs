//! Finds what failed: every denied call, the user call it was made for, and what sort of failure
//! that makes; tells apart what is only the consequence of another denial.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::failing::{Failing, is_network_activity};
use super::kinds::Kind;
use super::{behind, reported};
use crate::chain::{Chains, Knowledge, Roles};
use crate::contrast;
use crate::event::{self, CallerKind, Event, Failure, Field, Form, KmsRefusal, Whose};

/// Every denied call of an export, in order of time.
pub fn failing(events: &[Event], chains: &Chains, knowledge: &Knowledge) -> Vec<Failing> {
    let refused: Vec<(usize, Failure)> = events
        .par_iter()
        .enumerate()
        .filter_map(|(i, e)| Some((i, event::failure(e)?)))
        .filter(|(i, failure)| failure.is_refusal() && chains.copy_of(*i).is_none())
        .collect();
    let twins = twins(events, &refused);
    let mut consequences = BTreeSet::new();
    for (i, failure) in &refused {
        if matches!(failure, Failure::Denied | Failure::KeyState(_)) {
            let mut at = *i;
            while let Some(link) = chains.link(at) {
                at = link.parent;
                consequences.insert(at);
            }
        }
    }
    let mut found: Vec<Failing> = refused
        .into_par_iter()
        .filter(|(i, _)| !consequences.contains(i))
        .filter(|(_, failure)| is_refused_here(*failure))
        .filter(|(i, _)| !twins.contains(i))
        .filter_map(|(i, failure)| one(events, chains, knowledge, i, failure))
        .collect();
    reported::add(&mut found, events, chains);
    name_roles(&mut found, events);
    found
}

/// Names the roles of which a text says only whose they are: "the execution role of this function".
fn name_roles(found: &mut [Failing], events: &[Event]) {
    let of_thing = |one: &&mut Failing| matches!(one.denial.whose, Whose::RoleOf(_));
    let mut asked = found.iter_mut().filter(of_thing).peekable();
    if asked.peek().is_none() {
        return;
    }
    let roles = Roles::learn(events);
    for one in asked {
        let (Whose::RoleOf(thing), Some(event)) = (&one.denial.whose, events.get(one.denied))
        else {
            continue;
        };
        let Some(role) = roles.of(event, thing) else { continue };
        one.denial.whose = Whose::Principal(role.arn.clone());
        one.principal = Some(role.arn.clone());
        one.behind = behind::call(event, &one.denial, one.caller_kind);
        one.caller_kind = one.behind.as_ref().map_or(one.caller_kind, |behind| behind.kind);
    }
}

/// A denial or key state of the call itself, or of a call below it that the log does not have.
fn is_refused_here(failure: Failure) -> bool {
    !matches!(failure, Failure::ConsequenceOfKms(KmsRefusal::NotFound | KmsRefusal::Unknown))
}

/// Refused network activity events whose call is logged by itself as well: by request id, else by who
/// did what when. They are evidence for that; the others are all that tells of a refusal (CloudTrail
/// user guide, "Logging network activity events": the record goes to the owner of the endpoint).
fn twins(events: &[Event], refused: &[(usize, Failure)]) -> BTreeSet<usize> {
    let is_network = |index: usize| events.get(index).is_some_and(is_network_activity);
    if !refused.iter().any(|(i, _)| is_network(*i)) {
        return BTreeSet::new();
    }
    type Call<'e> = (&'e str, &'e str, Option<&'e str>, Option<&'e str>, i64);
    fn call(event: &Event, second: i64) -> Call<'_> {
        let who = event.arn().or_else(|| event.principal_id());
        let at = event.time.plus_seconds(second).0 / 1000;
        (event.source(), event.name(), who, event.get(Field::VpcEndpointId), at)
    }
    let calls = refused.iter().filter(|(i, _)| !is_network(*i)).filter_map(|(i, _)| events.get(*i));
    let mut by_request = BTreeSet::new();
    let mut by_call = BTreeSet::new();
    for event in calls {
        let request = event.get(Field::RequestId);
        by_request.extend(request.map(|id| (id, event.source(), event.name())));
        by_call.extend((-2..=2).map(|second| call(event, second)));
    }
    let is_twin = |event: &Event| {
        let request = event.get(Field::RequestId);
        request.is_some_and(|id| by_request.contains(&(id, event.source(), event.name())))
            || by_call.contains(&call(event, 0))
    };
    let networks = refused.iter().map(|(i, _)| *i).filter(|i| is_network(*i));
    networks.filter(|i| events.get(*i).is_some_and(is_twin)).collect()
}

fn one(
    events: &[Event],
    chains: &Chains,
    knowledge: &Knowledge,
    index: usize,
    failure: Failure,
) -> Option<Failing> {
    let event = events.get(index)?;
    let denial = event::denial(event)?;
    let caller_kind = chains.caller_kind(index, event);
    let top = chains.asked(index, events);
    let kind = kind(events, chains, knowledge, index, top);
    let refused = contrast::refused(event, &denial);
    let inferred = chains.inferred_key(index).filter(|_| refused.resource.is_none());
    let candidates = match chains.is_key_named(index) {
        false => inferred.map(str::to_owned).into_iter().collect(),
        true => Vec::new(),
    };
    let resource = refused
        .resource
        .or_else(|| inferred.map(str::to_owned))
        .or_else(|| denial.resource_text.clone());
    let behind = behind::call(event, &denial, caller_kind);
    // The text of the call that was asked for hides the refused one, or it is somebody else's.
    let is_another = denial.form == Form::Consequence || denial.whose != Whose::Caller;
    let hides = top == index && kind == Kind::Direct && is_another;
    Some(Failing {
        denied: index,
        root: match hides {
            true => Some(index),
            false => Some(top).filter(|top| *top != index),
        },
        kind: match (hides, event.failed()) {
            (true, true) => Kind::Opaque,
            (true, false) => Kind::Silent,
            _ => kind,
        },
        caller_kind: behind.as_ref().map_or(caller_kind, |behind| behind.kind),
        action: refused.action,
        principal: refused.principal,
        resource,
        candidates,
        endpoint: event
            .get(Field::VpcEndpointId)
            .filter(|id| id.starts_with("vpce-") && event.is_own_hop(caller_kind))
            .map(str::to_owned),
        behind,
        implied_by: None,
        denial,
        failure,
    })
}

fn kind(
    events: &[Event],
    chains: &Chains,
    knowledge: &Knowledge,
    index: usize,
    top: usize,
) -> Kind {
    let (Some(event), Some(root)) = (events.get(index), events.get(top)) else {
        return Kind::Background;
    };
    let is_own = |at: usize, event: &Event| event.is_own_hop(chains.caller_kind(at, event));
    if top == index {
        return match chains.caller_kind(index, event) {
            _ if is_own(index, event) => Kind::Direct,
            // Nothing tells what it was made for.
            _ if chains.synthesized(index).is_none() => Kind::Background,
            CallerKind::ForwardAccessSession => match knowledge.waits_for(event) {
                Some(false) => Kind::Silent,
                _ => Kind::Opaque,
            },
            _ => Kind::Background,
        };
    }
    // The topmost logged call is a service's own: nobody asked for this.
    if !is_own(top, root) {
        return Kind::Background;
    }
    if root.failed() { Kind::Opaque } else { Kind::Silent }
}
