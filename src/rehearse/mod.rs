//! What a change of a policy would do to everything that a trail shows, before it is made: each distinct
//! call is evaluated with the policies as they are and as they would be.
//!
//! `change` reads what is to be changed, `call` gathers the distinct calls, `passing` those of a trail
//! that is too large to be held, `fate` evaluates one before and after, `finding` puts what would break
//! back into what it was made for, `owner` says whose it is, `view` and the renderers tell it.

pub mod call;
pub mod change;
pub mod exception;
pub mod fate;
pub mod finding;
pub mod key;
pub mod markdown;
pub mod owner;
pub mod passing;
pub mod terminal;
pub mod view;

use std::ops::Range;

use rayon::prelude::*;

use crate::chain::{Chains, Knowledge};
use crate::event::{Event, Time};
use crate::history::History;
use crate::history::amend::Amendment;
use crate::history::inventory::Inventory;
use call::{Call, Calls};
use fate::Fate;
use finding::Finding;
use key::Mentioned;

/// What a trail tells, for rehearsing changes on it.
#[derive(Clone, Copy)]
pub struct Trail<'t> {
    /// The events, in order of time.
    pub events: &'t [Event],
    /// Which call was made for which.
    pub chains: &'t Chains,
    /// What is known of services.
    pub knowledge: &'t Knowledge,
    /// Calls on which nothing hangs, where these are kept apart.
    pub quiet: &'t [Event],
    /// The number of each event, where the trail is a part of another.
    pub numbers: Option<&'t [usize]>,
}

impl<'t> Trail<'t> {
    /// A whole trail.
    pub fn new(events: &'t [Event], chains: &'t Chains, knowledge: &'t Knowledge) -> Trail<'t> {
        Trail { events, chains, knowledge, quiet: &[], numbers: None }
    }

    /// The number of the event at a position.
    fn number(&self, at: usize) -> usize {
        self.numbers.map_or(Some(at), |all| all.get(at).copied()).unwrap_or(usize::MAX)
    }
}

/// What a change would do.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// As of when the policies are taken.
    pub present: Time,
    /// First and last call looked at.
    pub span: Option<(Time, Time)>,
    /// How the calls would fare.
    pub tally: Tally,
    /// What would break, may break or would be opened, worst first.
    pub findings: Vec<Finding>,
    /// Records of data events among those looked at.
    pub data_events: u64,
    /// Of the calls that worked once and are denied already, and of those that the policies do not
    /// explain, the one with most records: its action, and who makes it.
    pub doubtful: [Option<(String, String)>; 2],
}

/// Calls by how they would fare, each distinct one and each record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// The change does not touch them.
    pub untouched: Count,
    /// Touched and still allowed.
    pub allowed: Count,
    /// Would be denied.
    pub denied: Count,
    /// Touched, and it cannot be told whether they would be denied.
    pub unclear: Count,
    /// Refused so far, and would be allowed.
    pub opened: Count,
    /// Refused so far and further on, or not for certain otherwise.
    pub refused: Count,
    /// They worked once; the policies of today, changed since, deny them already.
    pub denied_already: Count,
    /// They worked, and the policies of their moment as far as they are known deny them.
    pub unexplained: Count,
    /// Of those that are not touched, or stay allowed: all that they hang on is known.
    pub explained: Count,
}

/// Distinct calls and records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Distinct calls.
    pub calls: u64,
    /// Records of them.
    pub records: u64,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.calls += other.calls;
        self.records += other.records;
    }
}

impl Tally {
    /// All of them.
    pub fn all(&self) -> Count {
        let each = [
            self.untouched,
            self.allowed,
            self.denied,
            self.unclear,
            self.opened,
            self.refused,
            self.denied_already,
            self.unexplained,
        ];
        each.into_iter().fold(Count::default(), |sum, one| Count {
            calls: sum.calls + one.calls,
            records: sum.records + one.records,
        })
    }

    fn add(&mut self, call: &Call, fate: &Fate) {
        self.count(fate, Count { calls: 1, records: call.records() });
    }

    fn count(&mut self, fate: &Fate, some: Count) {
        let place = match fate {
            Fate::Untouched { .. } => &mut self.untouched,
            Fate::Allowed => &mut self.allowed,
            Fate::Denied(_) => &mut self.denied,
            Fate::Unclear(_) => &mut self.unclear,
            Fate::Opened => &mut self.opened,
            Fate::Refused => &mut self.refused,
            Fate::DeniedAlready => &mut self.denied_already,
            Fate::Unexplained => &mut self.unexplained,
        };
        place.add(some);
        if matches!(fate, Fate::Allowed | Fate::Untouched { is_certain: true }) {
            self.explained.add(some);
        }
    }
}

/// Rehearses a change on the calls of a trail up to a moment, with the policies of that moment; from
/// another moment on, where one is given.
pub fn rehearse(
    trail: &Trail<'_>,
    history: &History,
    amendments: &[Amendment],
    present: Time,
    since: Option<Time>,
) -> Rehearsal {
    let after = history.amended(amendments, present);
    let end = trail.events.partition_point(|event| event.time <= present);
    let start =
        since.map_or(0, |since| trail.events.partition_point(|event| event.time < since)).min(end);
    let mentioned = Mentioned::by([history, &after]);
    let calls = calls(trail, &mentioned, &history.at(present), start..end);
    let policies = fate::Policies::new(history, &after, amendments, present);
    let stage = exception::Stage { trail, history, amendments, present, calls: calls.found() };
    conclude(&stage, &policies, &calls, Tally::default())
}

/// What becomes of the calls, beside those that are in the tally already.
fn conclude(
    stage: &exception::Stage<'_>,
    policies: &fate::Policies<'_>,
    calls: &Calls,
    mut tally: Tally,
) -> Rehearsal {
    let fates = fates(stage.trail, policies, calls);
    for (call, fate) in calls.found().iter().zip(&fates) {
        tally.add(call, fate);
    }
    let mut findings = finding::findings(calls.found(), &fates);
    stage.offer(&mut findings, &fates);
    let inventory = stage.history.at(stage.present);
    for one in &mut findings {
        one.owner = owner::of(&inventory, &one.principal, &one.on);
    }
    Rehearsal {
        present: stage.present,
        span: calls.span(),
        tally,
        findings,
        data_events: calls.data_events(),
        doubtful: [
            most(calls.found(), &fates, |fate| matches!(fate, Fate::DeniedAlready)),
            most(calls.found(), &fates, |fate| matches!(fate, Fate::Unexplained)),
        ],
    }
}

/// The call with most records of those that fare so.
fn most(calls: &[Call], fates: &[Fate], is: fn(&Fate) -> bool) -> Option<(String, String)> {
    let such = calls.iter().zip(fates).filter(|(_, fate)| is(fate)).map(|(call, _)| call);
    let request = such.max_by_key(|call| call.records())?.requests.first()?;
    Some((request.action.clone(), finding::principal(request)))
}

/// The distinct calls among some of the events, as the policies of a moment tell them apart.
pub fn calls(
    trail: &Trail<'_>,
    mentioned: &Mentioned,
    inventory: &Inventory<'_>,
    among: Range<usize>,
) -> Calls {
    let mut calls = Calls::default();
    // Requests are built on all threads and added in order of time.
    let indices: Vec<usize> = among.collect();
    for some in indices.chunks(AT_ONCE) {
        let described: Vec<_> = some
            .par_iter()
            .map(|index| call::describe(trail, inventory, mentioned, *index))
            .collect();
        described.into_iter().flatten().for_each(|one| {
            calls.add(one);
        });
    }
    calls
}

/// Calls described before they are gathered: what they hold must not fill the memory.
const AT_ONCE: usize = 1 << 14;

/// How each of the calls would fare, in their order.
pub fn fates(trail: &Trail<'_>, policies: &fate::Policies<'_>, calls: &Calls) -> Vec<Fate> {
    calls.found().par_iter().map(|call| fate::of(trail, policies, call)).collect()
}
