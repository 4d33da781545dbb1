//! The stretch of an export that is in memory: linked and looked at as a whole, settled where nothing
//! later can change it.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::class::{Class, hashed};
use super::store::{Far, Store, View};
use super::{AsksFor, Bounds, Settled};
use crate::chain::{Chains, Knowledge, Learned, Turn};
use crate::diagnose::{self, Folded};
use crate::event::{self, CallerKind, Event, Field, IdentityType, Time};
use crate::history::change;
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
    /// Calls of the time that is not settled on which nothing hangs, as far as they themselves tell,
    /// and their numbers.
    quiet: Vec<Event>,
    quiet_numbers: Vec<u64>,
    roles_of_names: HashMap<(Box<str>, Box<str>), bool, RandomState>,
    next: u64,
    /// Says whether somebody asks for a call.
    asks: Option<AsksFor<'k>>,
    /// Calls that were asked for beyond the number that stays.
    beyond: u64,
    /// Events that are not settled.
    open: usize,
    learned: Learned,
    store: Store,
    /// Is shown what is settled, of which nothing is kept then.
    watch: Option<&'k mut dyn FnMut(Settled<'_>)>,
}

/// A call that gave a service its credentials can matter for so long (IAM user guide, "AssumeRole":
/// sessions last up to 12 hours).
const ISSUED_SECONDS: i64 = 12 * 3_600;

/// What a call started may still call others after so long.
const STARTED_SECONDS: i64 = 6 * 3_600;

impl<'k> Window<'k> {
    pub(super) fn new(
        knowledge: &'k Knowledge,
        bounds: Bounds,
        asks: Option<AsksFor<'k>>,
    ) -> Window<'k> {
        Window {
            knowledge,
            bounds,
            asks,
            beyond: 0,
            events: Vec::new(),
            marks: Vec::new(),
            quiet: Vec::new(),
            quiet_numbers: Vec::new(),
            roles_of_names: HashMap::default(),
            next: 0,
            open: 0,
            learned: Learned::default(),
            store: Store::default(),
            watch: None,
        }
    }

    pub(super) fn watched_by(self, watch: &'k mut dyn FnMut(Settled<'_>)) -> Window<'k> {
        Window { watch: Some(watch), ..self }
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
            // So that where batches end does not show.
            let room = most.saturating_sub(self.open);
            let room = room.min(self.bounds.quiet.saturating_sub(self.quiet.len())).max(1);
            self.add(events.by_ref().take(room).collect());
            if self.open >= most || self.quiet.len() >= self.bounds.quiet {
                self.step(false);
            }
        }
    }

    fn add(&mut self, new: Vec<Event>) {
        let roles = std::mem::take(&mut self.learned.roles);
        self.learned.roles = roles.and(&new);
        for event in new {
            if self.asks.is_some_and(|asks| asks(&event)) {
                match self.store.asked_for.len() < self.bounds.asked_for {
                    true => self.store.asked_for.insert(self.next),
                    false => {
                        self.beyond += 1;
                        false
                    }
                };
            }
            if self.is_quiet(&event) {
                self.quiet.push(event);
                self.quiet_numbers.push(self.next);
            } else {
                self.open += 1;
                self.events.push(event);
                self.marks.push(Mark { number: self.next, far: None });
            }
            self.next += 1;
        }
    }

    /// Whether the call itself tells that it was made for no other and that no other was made for it, but
    /// for one that has its request id: a read that somebody made himself and that worked.
    fn is_quiet(&mut self, event: &Event) -> bool {
        if event.failed()
            || event.read_only == Some(false)
            || event.get(Field::SharedEventId).is_some()
            || event.get(Field::EventType).is_some_and(|of| of != "AwsApiCall")
            || event.caller_kind() != CallerKind::Direct
            || change::is_change(event)
        {
            return false;
        }
        // Two lookups of a borrowed pair would need a key of its own.
        let key = (Box::from(event.source()), Box::from(event.name()));
        let knowledge = self.knowledge;
        *self.roles_of_names.entry(key).or_insert_with(|| {
            event::is_read_like(event.name())
                && !matches!(event.source(), "kms.amazonaws.com" | "sts.amazonaws.com")
                && !knowledge.starts(event.source(), event.name())
        })
    }

    /// Puts the quiet calls that share a request id with one that a service made among the others.
    fn wake(&mut self) {
        let made = self.events.iter().filter(|event| event.caller_kind() != CallerKind::Direct);
        let requests: HashSet<u64, RandomState> =
            made.filter_map(|event| event.get(Field::RequestId)).map(hashed).collect();
        let shares = |event: &Event| {
            event.get(Field::RequestId).is_some_and(|id| requests.contains(&hashed(id)))
        };
        if !self.quiet.iter().any(shares) {
            return;
        }
        let quiet = std::mem::take(&mut self.quiet).into_iter();
        for (event, number) in quiet.zip(std::mem::take(&mut self.quiet_numbers)) {
            if shares(&event) {
                self.open += 1;
                self.events.push(event);
                self.marks.push(Mark { number, far: None });
            } else {
                self.quiet.push(event);
                self.quiet_numbers.push(number);
            }
        }
        self.sort();
    }

    /// What is left of all events, in order; and how many calls were asked for that do not stay.
    pub(super) fn finish(mut self) -> (Vec<Event>, Chains, Folded, u64) {
        self.step(true);
        let (events, chains, folded) = self.store.finish(self.knowledge, self.learned);
        (events, chains, folded, self.beyond)
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
        self.wake();
        let places: Places =
            self.marks.iter().zip(0..).map(|(mark, at)| (mark.number, at)).collect();
        let learned = std::mem::take(&mut self.learned);
        let until = self.settled_until(is_last);
        let turn = |at: usize| match self.marks.get(at) {
            Some(mark) if mark.far.is_some() => Turn::Before,
            _ if at < until => Turn::Now,
            _ => Turn::Later,
        };
        let mut chains =
            Chains::build_with(&self.events, &self.quiet, self.knowledge, learned, &turn);
        let settled = self.marks.iter().enumerate();
        let settled = settled.filter_map(|(at, mark)| Some((at, mark.far.as_ref()?.near(&places))));
        chains.settle(settled);
        for at in 0..until {
            let Some(mark) = self.marks.get(at).filter(|mark| mark.far.is_none()) else { continue };
            let number = mark.number;
            let is_kept = self.watch.is_none();
            let class = is_kept.then(|| Class::of(&self.events, &chains, at)).flatten();
            let far = Far::of(&chains, at, class, &self.marks);
            if let Some(mark) = self.marks.get_mut(at) {
                mark.far = Some(far);
            }
            self.store.fresh.insert(number);
        }
        self.open -= self.store.fresh.len();
        if self.watch.is_some() {
            self.show(until, is_last, &chains);
        } else {
            let look = diagnose::look(&self.events, &self.quiet, &chains, self.knowledge);
            let passing = self.passing(until, is_last);
            let view =
                View { events: &self.events, marks: &self.marks, places: &places, chains: &chains };
            self.store.take(view, self.knowledge, look, passing);
        }
        self.learned = chains.take_learned();
        if !is_last {
            self.let_go(until, &places);
        }
    }

    /// Shows what is settled to whom it is wanted by.
    fn show(&mut self, until: usize, is_last: bool, chains: &Chains) {
        let now = std::mem::take(&mut self.store.fresh);
        let numbers: Vec<usize> = self.marks.iter().map(|mark| mark.number as usize).collect();
        let is_fresh = |at: &usize| self.marks.get(*at).is_some_and(|m| now.contains(&m.number));
        let fresh: Vec<usize> = (0..until).filter(is_fresh).collect();
        let (quiet, quiet_numbers): (Vec<Event>, Vec<usize>) = self
            .passing(until, is_last)
            .into_iter()
            .map(|(event, number)| (event, number as usize))
            .unzip();
        if let Some(watch) = &mut self.watch {
            watch(Settled {
                events: &self.events,
                chains,
                numbers: &numbers,
                fresh: &fresh,
                quiet: &quiet,
                quiet_numbers: &quiet_numbers,
            });
        }
    }

    /// The quiet calls of the time that is settled, in order of time. A call that shares a request id
    /// with them comes within the same seconds.
    fn passing(&mut self, until: usize, is_last: bool) -> Vec<(Event, u64)> {
        let settled = until.checked_sub(1).and_then(|at| self.events.get(at)).map(|e| e.time);
        let still = |event: &Event| !is_last && settled.is_none_or(|until| event.time > until);
        let mut passing = Vec::new();
        let quiet = std::mem::take(&mut self.quiet).into_iter();
        for (event, number) in quiet.zip(std::mem::take(&mut self.quiet_numbers)) {
            if still(&event) {
                self.quiet.push(event);
                self.quiet_numbers.push(number);
            } else {
                passing.push((event, number));
            }
        }
        passing.sort_by_key(|(event, number)| (event.time, *number));
        passing
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
        let issuers = (0..first)
            .rev()
            .filter(|at| self.events.get(*at).is_some_and(|event| is_issuer(event, issued)));
        let started = settled.time.plus_seconds(-STARTED_SECONDS);
        let starts = (0..first).rev().filter(|at| {
            self.events.get(*at).is_some_and(|event| {
                event.time >= started
                    && event.source() != "sts.amazonaws.com"
                    && !event::is_read_like(event.name())
                    && self.knowledge.starts(event.source(), event.name())
            })
        });
        let long: Vec<usize> =
            issuers.take(self.bounds.issuers).chain(starts.take(self.bounds.starts)).collect();
        for at in long {
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
