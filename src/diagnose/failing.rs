//! Finds what failed: every denied call, the user call it was made for, and what sort of failure
//! that makes; tells apart what is only the consequence of another denial.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::words::Kind;
use crate::chain::{Chains, Knowledge};
use crate::contrast;
use crate::event::{self, CallerKind, Denial, Event, Failure, Field, IdentityType, KmsRefusal};

/// One denied call.
#[derive(Debug, Clone)]
pub struct Failing {
    /// Position of the denied call.
    pub denied: usize,
    /// Position of the call at the top of its chain; `None` when the call itself is the top.
    pub root: Option<usize>,
    /// What sort of failure.
    pub kind: Kind,
    /// Who signed the denied call.
    pub caller_kind: CallerKind,
    /// The denied action, which need not be the event's name.
    pub action: String,
    /// The role, user or service that was denied.
    pub principal: Option<String>,
    /// What it was denied on.
    pub resource: Option<String>,
    /// What it may have been on, where nothing tells which; then `resource` is `None`.
    pub candidates: Vec<String>,
    /// From what the resource is concluded, where neither the record nor the chain tells it.
    pub implied_by: Option<Implied>,
    /// What AWS's text says.
    pub denial: Denial,
    /// The kind of failure.
    pub failure: Failure,
}

/// From what the resource of a denied call was concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implied {
    /// Of those known the policies deny the call on this one alone.
    Policies,
    /// Of those the caller used before, this one alone was changed and not used since.
    Change,
}

impl Failing {
    /// The ARN of what it was denied on, where that is known.
    pub fn arn(&self) -> Option<&str> {
        self.resource.as_deref().filter(|resource| resource.starts_with("arn:"))
    }
}

/// Every denied call of an export, in order of time.
pub fn failing(events: &[Event], chains: &Chains, knowledge: &Knowledge) -> Vec<Failing> {
    let refused: Vec<(usize, Failure)> = events
        .par_iter()
        .enumerate()
        .filter(|(_, e)| e.failed())
        .filter_map(|(i, e)| Some((i, event::failure(e)?)))
        .filter(|(i, failure)| failure.is_refusal() && chains.copy_of(*i).is_none())
        .collect();
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
    refused
        .into_par_iter()
        .filter(|(i, _)| !consequences.contains(i))
        .filter(|(_, failure)| is_refused_here(*failure))
        .filter(|(i, _)| !events.get(*i).is_some_and(is_network_activity))
        .filter_map(|(i, failure)| one(events, chains, knowledge, i, failure))
        .collect()
}

/// A denial or key state of the call itself, or of a call below it that the log does not have.
fn is_refused_here(failure: Failure) -> bool {
    !matches!(failure, Failure::ConsequenceOfKms(KmsRefusal::NotFound | KmsRefusal::Unknown))
}

/// Network activity events are evidence for a denial that is logged elsewhere as well.
pub(super) fn is_network_activity(event: &Event) -> bool {
    event.get(Field::EventType) == Some("AwsVpceEvent")
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
    let action = denial.action.clone().unwrap_or_else(|| event::action(event));
    let resource = denial
        .resource
        .clone()
        .filter(|r| r != "*")
        .map(|r| contrast::policy_holder(&r))
        .or_else(|| contrast::resource(event))
        .or_else(|| chains.inferred_key(index).map(str::to_owned))
        .or_else(|| denial.resource_text.clone());
    Some(Failing {
        denied: index,
        root: (top != index).then_some(top),
        kind,
        caller_kind,
        action,
        principal: contrast::principal(event),
        resource,
        candidates: Vec::new(),
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
    if top == index {
        return match chains.caller_kind(index, event) {
            CallerKind::Direct => Kind::Direct,
            CallerKind::ForwardAccessSession => match knowledge.waits_for(event) {
                Some(false) => Kind::Silent,
                _ => Kind::Opaque,
            },
            _ => Kind::Background,
        };
    }
    // A session that a person or program took on and then used itself: its calls are its own. So
    // are those of what runs on an instance: EC2 renews its credentials all the time, and who
    // launched it asked for none of them.
    let kind = chains.caller_kind(index, event);
    if kind == CallerKind::Direct || event.is_own_hop(kind) && is_of_instance(events, chains, event)
    {
        return Kind::Direct;
    }
    // The topmost logged call is a service's own: nobody asked for this.
    if chains.caller_kind(top, root) != CallerKind::Direct
        || root.identity_type == IdentityType::AwsService
    {
        return Kind::Background;
    }
    if root.failed() { Kind::Opaque } else { Kind::Silent }
}

/// Whether EC2 got the credentials of the call for an instance.
fn is_of_instance(events: &[Event], chains: &Chains, event: &Event) -> bool {
    let issuer = chains.issuer(event).and_then(|issuer| events.get(issuer));
    issuer.is_some_and(|issuer| issuer.invoked_by() == Some("ec2.amazonaws.com"))
}
