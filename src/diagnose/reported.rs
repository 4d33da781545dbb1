//! Refusals that only a report of failed work tells of: a notification or a service event whose cause
//! quotes what AWS answered to the service, while the refused call itself is not in the log.

use std::collections::{BTreeMap, BTreeSet};

use super::behind;
use super::failing::Failing;
use super::kinds::Kind;
use crate::chain::Chains;
use crate::contrast;
use crate::event::{
    self, CallerKind, Denial, Event, EventBuilder, Failure, Field, IdentityType, Time, Whose, json,
};

/// What was told to have failed, and why.
struct Told {
    index: usize,
    subjects: Vec<String>,
    cause: String,
}

/// Adds a failure for each report of failed work whose cause is a refusal that no call in the log
/// accounts for.
pub(super) fn add(failing: &mut Vec<Failing>, events: &[Event], chains: &Chains) {
    let told: Vec<Told> = (0..events.len()).filter_map(|i| told(events, chains, i)).collect();
    if told.is_empty() {
        return;
    }
    let makers = makers(&told, events);
    let mut below: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut refused_to: BTreeMap<(Option<String>, String), Vec<Time>> = BTreeMap::new();
    for one in failing.iter() {
        let top = one.root.unwrap_or_else(|| chains.asked(one.denied, events));
        below.insert((top, one.action.clone()));
        let times = refused_to.entry((one.principal.clone(), one.action.clone())).or_default();
        times.extend(events.get(one.denied).map(|event| event.time));
    }
    for one in &told {
        let maker = one.subjects.iter().find_map(|subject| makers.get(subject.as_str()).copied());
        let root = maker.map(|maker| carried_out(maker, one, events, chains)).or_else(|| {
            let top = chains.asked(one.index, events);
            (top != one.index).then_some(top)
        });
        let Some(found) = refused(events, one, root) else { continue };
        let is_near = |time: &Time| {
            let told = events.get(found.denied).map_or(*time, |event| event.time);
            told.seconds_since(*time).abs() <= NEAR_SECONDS
        };
        let refused_near = refused_to.get(&(found.principal.clone(), found.action.clone()));
        let is_logged = root.is_some_and(|root| below.contains(&(root, found.action.clone())))
            || refused_near.is_some_and(|times| times.iter().any(is_near));
        if !is_logged {
            failing.push(found);
        }
    }
    failing.sort_by_key(|one| one.denied);
}

/// A report follows what it is about within so much.
const NEAR_SECONDS: i64 = 900;

fn told(events: &[Event], chains: &Chains, index: usize) -> Option<Told> {
    let event = events.get(index)?;
    if let Some(told) = event.notification() {
        let cause = told.cause.filter(|_| told.failed)?;
        return Some(Told { index, subjects: told.subjects, cause });
    }
    let cause = chains.failed_work(index)?.message.clone()?;
    Some(Told { index, subjects: Vec::new(), cause })
}

/// The last call that names what was told of and does not end it: it asked for the work.
fn makers<'t>(told: &'t [Told], events: &[Event]) -> BTreeMap<&'t str, usize> {
    let subjects: BTreeSet<&str> = told
        .iter()
        .flat_map(|one| &one.subjects)
        .map(String::as_str)
        .filter(|subject| subject.len() >= 8)
        .collect();
    let mut makers = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let ends = ["Stop", "Delete", "Terminate", "Cancel", "Tag", "Untag"];
        let is_other = event::is_read_like(event.name())
            || event.read_only == Some(true)
            || ends.iter().any(|verb| event.name().starts_with(verb));
        if event.failed() || is_other || event.is_notification() {
            continue;
        }
        for raw in [event.request(), event.response()].into_iter().flatten() {
            json::leaves(raw, |_, value| {
                let subject = subjects.get(value).filter(|_| {
                    told.iter().any(|one| {
                        events.get(one.index).is_some_and(|told| told.time >= event.time)
                    })
                });
                if let Some(subject) = subject {
                    makers.insert(*subject, index);
                }
            });
        }
    }
    makers
}

/// What only prepared the work is not what asked for it: the last own call below it is (CloudFormation user
/// guide, change sets).
fn carried_out(maker: usize, told: &Told, events: &[Event], chains: &Chains) -> usize {
    let until = events.get(told.index).map(|event| event.time);
    let is_own = |index: &&usize| {
        events.get(**index).is_some_and(|event| {
            Some(event.time) <= until
                && event.is_own_hop(chains.caller_kind(**index, event))
                && !event::is_read_like(event.name())
        })
    };
    chains.children(maker).iter().rfind(is_own).copied().unwrap_or(maker)
}

fn refused(events: &[Event], told: &Told, root: Option<usize>) -> Option<Failing> {
    let event = events.get(told.index)?;
    let quoted = quoted(event, &told.cause);
    let failure = event::failure(&quoted).filter(|failure| failure.is_refusal())?;
    let mut denial = event::denial(&quoted)?;
    denial.whose = whose(&denial);
    // A report of failed work alone does not tell who was refused.
    denial.action.as_ref()?;
    let refused = contrast::refused(&quoted, &denial);
    let behind = behind::call(&quoted, &denial, CallerKind::ServiceRole);
    Some(Failing {
        denied: told.index,
        root,
        kind: match root.and_then(|root| events.get(root)) {
            Some(root) if root.failed() => Kind::Opaque,
            Some(_) => Kind::Silent,
            None => Kind::Background,
        },
        caller_kind: behind.as_ref().map_or(CallerKind::ServicePrincipal, |behind| behind.kind),
        action: refused.action,
        principal: refused.principal,
        resource: refused.resource,
        candidates: Vec::new(),
        endpoint: None,
        behind,
        implied_by: None,
        denial,
        failure: match failure {
            Failure::Denied => Failure::ConsequenceOfDenial,
            other => other,
        },
    })
}

/// The report as a call of its service that failed for that cause.
fn quoted(event: &Event, cause: &str) -> Event {
    let mut builder = EventBuilder::default();
    builder.put(Field::EventId, Some(event.id()));
    builder.put(Field::EventSource, Some(event.source()));
    builder.put(Field::EventName, Some(event.name()));
    builder.put(Field::AwsRegion, event.region());
    builder.put(Field::ErrorMessage, Some(cause));
    builder.put(Field::RecipientAccountId, event.account());
    builder.finish(event.time, IdentityType::Missing)
}

/// Who a cause says was refused; of a report nobody is the caller.
fn whose(denial: &Denial) -> Whose {
    let named = denial.principal.as_deref().and_then(|named| {
        let (account, role) = event::arn::role_name(named)?;
        let partition = named.split(':').nth(1)?;
        Some(Whose::Principal(format!("arn:{partition}:iam::{account}:role/{role}")))
    });
    match (named, &denial.whose) {
        (Some(named), _) => named,
        (None, Whose::Caller) => Whose::NotTold,
        (None, told) => told.clone(),
    }
}
