//! Refusals that only a report of failed work tells of: a notification or a service event whose cause
//! quotes what AWS answered to the service, while the refused call itself is not in the log.

use std::collections::{BTreeMap, BTreeSet};

use super::behind;
use super::failing::Failing;
use super::words::Kind;
use crate::chain::Chains;
use crate::contrast;
use crate::event::{
    self, CallerKind, Denial, Event, EventBuilder, Failure, Field, IdentityType, Whose, json,
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
    let accounted: BTreeSet<usize> =
        failing.iter().flat_map(|one| [one.root, Some(one.denied)]).flatten().collect();
    for one in &told {
        let maker = one.subjects.iter().find_map(|subject| makers.get(subject.as_str()).copied());
        let root = maker.or_else(|| {
            let top = chains.asked(one.index, events);
            (top != one.index).then_some(top)
        });
        let is_known = root.is_some_and(|root| {
            accounted.contains(&root) || chains.members(root).iter().any(|m| accounted.contains(m))
        });
        if !is_known {
            failing.extend(refused(events, one, root));
        }
    }
    failing.sort_by_key(|one| one.denied);
}

fn told(events: &[Event], chains: &Chains, index: usize) -> Option<Told> {
    let event = events.get(index)?;
    if let Some(told) = event.notification() {
        let cause = told.cause.filter(|_| told.failed)?;
        return Some(Told { index, subjects: told.subjects, cause });
    }
    let cause = chains.failed_work(index)?.message.clone()?;
    Some(Told { index, subjects: Vec::new(), cause })
}

/// The first call whose answer names what was told of: it made it.
fn makers<'t>(told: &'t [Told], events: &[Event]) -> BTreeMap<&'t str, usize> {
    let subjects: BTreeSet<&str> = told
        .iter()
        .flat_map(|one| &one.subjects)
        .map(String::as_str)
        .filter(|subject| subject.len() >= 8)
        .collect();
    let mut makers = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let Some(response) = event.response().filter(|_| !event.failed()) else { continue };
        if event::is_read_like(event.name()) || event.read_only == Some(true) {
            continue;
        }
        json::leaves(response, |_, value| {
            if let Some(subject) = subjects.get(value) {
                makers.entry(*subject).or_insert(index);
            }
        });
    }
    makers
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
