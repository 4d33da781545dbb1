//! The stretch of an export that is in memory: linked and looked at as a whole, settled where nothing
//! later can change it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Bounds;
use super::class::Class;
use super::store::{Far, Store};
use crate::chain::{Chains, Knowledge, Roles};
use crate::diagnose::{self, Folded};
use crate::event::{Event, IdentityType, Time};
use crate::ingest::Batch;

/// Positions of events by their numbers.
pub(super) type Places = HashMap<u64, usize, RandomState>;

/// What is known of an event beside itself.
#[derive(Debug)]
pub(super) struct Mark {
    /// Its number in the order in which the events came.
    pub(super) number: u64,
    /// What was found for it, where that is settled.
    pub(super) far: Option<Far>,
}

/// A stretch of events.
pub(super) struct Window<'k> {
    knowledge: &'k Knowledge,
    bounds: Bounds,
    /// Sorted by time, id and number.
    events: Vec<Event>,
    marks: Vec<Mark>,
    next: u64,
    /// Events that are not settled.
    open: usize,
    roles: Roles,
    store: Store,
}

/// A call that gave a service its credentials can matter for so long (IAM user guide, "AssumeRole":
/// sessions last up to 12 hours).
const ISSUED_SECONDS: i64 = 12 * 3_600;

impl<'k> Window<'k> {
    pub(super) fn new(knowledge: &'k Knowledge, bounds: Bounds) -> Window<'k> {
        Window {
            knowledge,
            bounds,
            events: Vec::new(),
            marks: Vec::new(),
            next: 0,
            open: 0,
            roles: Roles::default(),
            store: Store::default(),
        }
    }

    /// Takes the next events in.
    pub(super) fn take(&mut self, batch: Batch) {
        let Batch { events, late, .. } = batch;
        if !late.is_empty() {
            self.add(late);
            self.sort();
        }
        let most = self.bounds.step + self.bounds.ahead;
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let room = most.saturating_sub(self.open).max(1);
            self.add(events.by_ref().take(room).collect());
            if self.open >= most {
                self.step(false);
            }
        }
    }

    fn add(&mut self, new: Vec<Event>) {
        self.roles = std::mem::take(&mut self.roles).and(&new);
        self.open += new.len();
        for event in new {
            self.events.push(event);
            self.marks.push(Mark { number: self.next, far: None });
            self.next += 1;
        }
    }

    /// What is left of all events, in order.
    pub(super) fn finish(mut self) -> (Vec<Event>, Chains, Folded) {
        self.step(true);
        self.store.finish(self.knowledge, self.roles)
    }

    fn sort(&mut self) {
        let events = std::mem::take(&mut self.events);
        let marks = std::mem::take(&mut self.marks);
        let mut all: Vec<(Event, Mark)> = events.into_iter().zip(marks).collect();
        all.sort_by(|(a, one), (b, other)| {
            a.time.cmp(&b.time).then_with(|| a.id().cmp(b.id())).then(one.number.cmp(&other.number))
        });
        (self.events, self.marks) = all.into_iter().unzip();
    }

    /// Links what is there, settles what is old enough, and lets go of it.
    fn step(&mut self, is_last: bool) {
        if std::env::var_os("TW_TELL").is_some() {
            crate::command::tell(format_args!("step {} open {}", self.events.len(), self.open));
        }
        let places: Places = self.marks.iter().zip(0..).map(|(mark, at)| (mark.number, at)).collect();
        let roles = std::mem::take(&mut self.roles);
        let mut chains = Chains::build_with(&self.events, self.knowledge, roles);
        let settled = self.marks.iter().enumerate();
        let settled = settled.filter_map(|(at, mark)| Some((at, mark.far.as_ref()?.near(&places))));
        chains.settle(settled);
        let until = self.settled_until(is_last);
        for at in 0..until {
            let Some(mark) = self.marks.get(at).filter(|mark| mark.far.is_none()) else { continue };
            let number = mark.number;
            let far = Far::of(&chains, at, Class::of(&self.events, &chains, at), &self.marks);
            if let Some(mark) = self.marks.get_mut(at) {
                mark.far = Some(far);
            }
            self.store.fresh.insert(number);
        }
        self.open -= self.store.fresh.len();
        let look = diagnose::look(&self.events, &chains, self.knowledge);
        self.store.take(&self.events, &self.marks, &places, &chains, self.knowledge, look);
        self.roles = chains.take_roles();
        if !is_last {
            self.let_go(until, &places);
        }
    }

    /// Events before this position are settled: so much lies after them that what belongs to them
    /// is there.
    fn settled_until(&self, is_last: bool) -> usize {
        let Some(last) = self.events.last().filter(|_| !is_last) else { return self.events.len() };
        let from = last.time.plus_seconds(-self.bounds.ahead_seconds);
        let by_time = self.events.partition_point(|event| event.time < from);
        by_time.max(self.events.len().saturating_sub(self.bounds.ahead))
    }

    /// Lets go of what no later event can belong to.
    fn let_go(&mut self, until: usize, places: &Places) {
        let Some(settled) = until.checked_sub(1).and_then(|at| self.events.get(at)) else { return };
        let from = settled.time.plus_seconds(-self.bounds.behind_seconds);
        let by_time = self.events.partition_point(|event| event.time < from);
        let first = by_time.max(until.saturating_sub(self.bounds.behind));
        let mut stays: Vec<bool> = (0..self.events.len()).map(|at| at >= first).collect();
        let issued = settled.time.plus_seconds(-ISSUED_SECONDS);
        let issuers = (0..first).rev().filter(|at| {
            self.events.get(*at).is_some_and(|event| is_issuer(event, issued))
        });
        for at in issuers.take(self.bounds.issuers) {
            if let Some(stays) = stays.get_mut(at) {
                *stays = true;
            }
        }
        // And the calls that they were made for.
        for at in (0..self.events.len()).rev() {
            let mut at = at;
            while stays.get(at) == Some(&true) {
                let parent = self.marks.get(at).and_then(|mark| mark.far.as_ref()?.parent);
                let Some(above) = parent.and_then(|parent| places.get(&parent)) else { break };
                match stays.get_mut(*above) {
                    Some(stays) if !*stays => *stays = true,
                    _ => break,
                }
                at = *above;
            }
        }
        let mut at = stays.iter();
        self.events.retain(|_| at.next() == Some(&true));
        let mut at = stays.iter();
        self.marks.retain(|_| at.next() == Some(&true));
    }
}

/// Whether a service got credentials by the call, not long ago.
fn is_issuer(event: &Event, since: Time) -> bool {
    event.source() == "sts.amazonaws.com"
        && event.identity_type == IdentityType::AwsService
        && event.time >= since
        && !event.failed()
}
