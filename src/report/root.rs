//! The call at the top of an incident, and how sure it is that the denied call was made for it.
//! Where neither a record nor evidence names such a call there is none.

use super::build::{Material, error_message};
use super::view::{LinkKind, Outcome, RootCall};
use crate::chain::{Chains, Synthesized};
use crate::diagnose;
use crate::event::{self, Event, Failure, Field, IdentityType};

/// The call that the occurrence was about.
pub(super) fn of(material: &Material<'_>, occurrence: &diagnose::Occurrence) -> Option<RootCall> {
    let (events, chains) = (material.events, material.chains);
    let denied = occurrence.failing.as_ref().map(|failing| failing.denied);
    let Some(index) = occurrence.root else {
        let denied = denied?;
        return Some(unlogged(events.get(denied)?, chains.synthesized(denied)?));
    };
    if is_step(events.get(index)?, occurrence) {
        return None;
    }
    let call = recorded(events.get(index)?);
    let Some(belonging) = denied.and_then(|denied| belonging(chains, events, denied, index)) else {
        return Some(call);
    };
    Some(RootCall {
        confidence: Some(belonging.confidence),
        belongs_by: Some(belonging.by),
        tied_with: belonging.tied_with,
        ..call
    })
}

/// Whether the topmost call in the log is a service's own, by which it began a session to work in: a step,
/// and nothing that anybody asked for.
fn is_step(top: &Event, occurrence: &diagnose::Occurrence) -> bool {
    let is_background = occurrence
        .failing
        .as_ref()
        .is_some_and(|failing| failing.kind == diagnose::Kind::Background);
    is_background
        && top.source() == "sts.amazonaws.com"
        && top.identity_type == IdentityType::AwsService
}

/// How a denied call hangs from the call at the top.
struct Belonging {
    confidence: f64,
    by: LinkKind,
    tied_with: Vec<String>,
}

/// What the weakest link from `denied` up to `root` rests on, and the calls that others of equal
/// weight lead to; `None` where no links lead there, as from a call to itself.
fn belonging(chains: &Chains, events: &[Event], denied: usize, root: usize) -> Option<Belonging> {
    let confidence = chains.root_confidence(denied, events)?;
    let mut at = denied;
    let mut by = None;
    let mut others = Vec::new();
    while at != root {
        let link = chains.link(at)?;
        if link.confidence <= confidence {
            by.get_or_insert(link.kind);
        }
        others.extend(link.tied_with.iter().map(|other| chains.asked(*other, events)));
        at = link.parent;
    }
    others.sort_unstable();
    others.dedup();
    others.retain(|other| *other != root && *other != denied);
    let id = |other: usize| events.get(other).map(|event| event.id().to_owned());
    let tied_with = others.into_iter().filter_map(id).collect();
    Some(Belonging { confidence, by: by?, tied_with })
}

fn recorded(event: &Event) -> RootCall {
    RootCall {
        event_id: Some(event.id().to_owned()),
        event_time: event.time.to_string(),
        action: event::action(event),
        principal_arn: event.arn().or_else(|| event.invoked_by()).map(str::to_owned),
        account_id: event.account().map(str::to_owned),
        region: event.region().map(str::to_owned),
        source_ip: event.get(Field::SourceIpAddress).map(str::to_owned),
        vpc_endpoint_id: event.get(Field::VpcEndpointId).map(str::to_owned),
        outcome: match event::failure(event) {
            None | Some(Failure::DryRun) => Outcome::Success,
            Some(Failure::Denied | Failure::KeyState(_)) => Outcome::Denied,
            Some(_) => Outcome::Error,
        },
        error_code: event.error_code().map(str::to_owned),
        error_message: error_message(event),
        resources: event::resource::resources_of(event).into_iter().map(|r| r.id).collect(),
        synthesized: false,
        confidence: None,
        belongs_by: None,
        tied_with: Vec::new(),
    }
}

/// A call that the log lacks and that what the denied call carries names.
fn unlogged(denied: &Event, call: &Synthesized) -> RootCall {
    RootCall {
        event_id: None,
        event_time: denied.time.to_string(),
        action: call.action.clone(),
        principal_arn: denied.arn().map(str::to_owned),
        account_id: denied.caller_account().map(str::to_owned),
        region: denied.region().map(str::to_owned),
        source_ip: None,
        vpc_endpoint_id: None,
        outcome: Outcome::Unknown,
        error_code: None,
        error_message: None,
        resources: call.resource.iter().cloned().collect(),
        synthesized: true,
        confidence: None,
        belongs_by: None,
        tied_with: Vec::new(),
    }
}
