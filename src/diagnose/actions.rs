//! What an incident holds: each action that was denied, how often and on what, and the sorts of
//! failure in it by which another export knows them again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::failing::Failing;
use super::folded::Folded;
use super::incident::{Incident, Occurrence};
use super::signature::Signature;
use super::tally::Counter;
use crate::event::{self, Event, action};

/// An action that was denied in an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeniedAction {
    /// The IAM action.
    pub action: String,
    /// Names of the events that recorded it, where one of them is not the action's own; sorted.
    pub event_names: Vec<String>,
    /// How often.
    pub count: u64,
    /// Position of the first refused call.
    pub first: usize,
    /// Action of the call that it was first denied for, where that is another one.
    pub root_action: Option<String>,
    /// By what the failures are known again, most frequent first.
    pub sorts: Vec<SignatureGroup>,
}

/// Failures of one action that have one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureGroup {
    /// The signature.
    pub signature: Signature,
    /// How often.
    pub count: u64,
    /// Position of the first.
    pub first: usize,
    /// What the first was denied on.
    pub resource: Option<String>,
    /// Who was denied.
    pub principal: Option<String>,
}

/// Reads what incidents hold.
pub struct Actions<'a> {
    events: &'a [Event],
    counter: Counter<'a>,
}

impl<'a> Actions<'a> {
    /// Of incidents found in `events`; what was `folded` says what these stand for.
    pub fn new(events: &'a [Event], folded: Option<&'a Folded>) -> Self {
        Actions { events, counter: Counter::new(folded) }
    }

    /// The signature of each occurrence, in their order.
    pub fn signatures(&self, occurrences: &[Occurrence]) -> Vec<Option<Signature>> {
        let signature = |one: &Occurrence| Signature::of_occurrence(one, self.events);
        occurrences.par_iter().map(signature).collect()
    }

    /// Every denied action of an incident, most frequent first; none for a ghost. `signatures` are
    /// those of its occurrences.
    pub fn of(&self, incident: &Incident, signatures: &[Option<Signature>]) -> Vec<DeniedAction> {
        let mut by_action: BTreeMap<&str, BTreeMap<Signature, Vec<&Failing>>> = BTreeMap::new();
        for (occurrence, signature) in incident.occurrences.iter().zip(signatures) {
            if let (Some(failing), Some(signature)) = (&occurrence.failing, signature) {
                let sorts = by_action.entry(&failing.action).or_default();
                sorts.entry(*signature).or_default().push(failing);
            }
        }
        let mut actions: Vec<DeniedAction> = by_action
            .into_iter()
            .filter_map(|(action, sorts)| self.action(action, sorts))
            .collect();
        actions.sort_by_key(|one| (Reverse(one.count), one.first));
        actions
    }

    fn action(
        &self,
        action: &str,
        sorts: BTreeMap<Signature, Vec<&Failing>>,
    ) -> Option<DeniedAction> {
        let names: BTreeSet<&str> = sorts
            .values()
            .flatten()
            .filter_map(|f| self.events.get(f.denied))
            .map(Event::name)
            .collect();
        let own = names.iter().all(|name| is_own_name(action, name));
        let first = sorts.values().flatten().min_by_key(|failing| failing.denied).copied()?;
        let mut sorts: Vec<SignatureGroup> =
            sorts.into_iter().filter_map(|(signature, all)| self.sort(signature, &all)).collect();
        sorts.sort_by_key(|sort| (Reverse(sort.count), sort.first));
        Some(DeniedAction {
            action: action.to_owned(),
            event_names: match own {
                true => Vec::new(),
                false => names.into_iter().map(str::to_owned).collect(),
            },
            count: sorts.iter().map(|sort| sort.count).sum(),
            first: first.denied,
            root_action: first.root.and_then(|root| self.events.get(root)).map(event::action),
            sorts,
        })
    }

    fn sort(&self, signature: Signature, failing: &[&Failing]) -> Option<SignatureGroup> {
        let calls: Vec<usize> = failing.iter().map(|failing| failing.denied).collect();
        let first = failing.iter().min_by_key(|failing| failing.denied)?;
        Some(SignatureGroup {
            signature,
            count: self.counter.refused(&calls, self.events)?.count,
            first: first.denied,
            resource: first.resource.clone().filter(|_| first.candidates.is_empty()),
            principal: first.principal.clone(),
        })
    }
}

/// Whether an event of that name is what the action is called after, API dates aside.
pub fn is_own_name(action: &str, event_name: &str) -> bool {
    let name = action::operation(event_name);
    action.split_once(':').is_some_and(|(_, own)| own.eq_ignore_ascii_case(name))
}
