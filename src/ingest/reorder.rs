//! Puts a stream of events in order of time while holding only a few minutes of it.
//!
//! A delivery file stamped 10:00 holds nothing that happened before 09:45 (module `layout`), so once
//! all files up to a stamp are read, everything older than that by the slack is complete.

use foldhash::HashSet;

use super::Batch;
use super::merge;
use crate::event::{Event, Time};

/// Do not hand over fewer than this many events at a time unless it is the end: sorting many at
/// once costs less.
const WORTHWHILE: usize = 2_048;

/// How long ids are remembered after their events were handed over, in seconds: a second trail's
/// copy of a record comes within the delivery slack.
const MEMORY: i64 = 3_600;

/// Events waiting for their neighbours.
#[derive(Debug, Default)]
pub(super) struct Reorder {
    pending: Vec<Event>,
    late: Vec<Event>,
    /// Everything before this moment has been handed over.
    handed: Option<Time>,
    /// Ids handed over in the present and in the previous stretch of [`MEMORY`].
    young: HashSet<u128>,
    old: HashSet<u128>,
    turned: Option<Time>,
    /// Copies found so far.
    pub(super) duplicates: u64,
    /// Events handed over so far.
    pub(super) kept: u64,
    /// Late events so far.
    pub(super) late_ones: u64,
}

impl Reorder {
    /// Takes events in.
    pub(super) fn push(&mut self, events: Vec<Event>) {
        for event in events {
            if self.handed.is_none_or(|handed| event.time >= handed) {
                self.pending.push(event);
            } else if self.is_new(&event) {
                self.late.push(event);
            }
        }
    }

    fn is_new(&mut self, event: &Event) -> bool {
        let key = merge::key(event.id());
        let new = !self.old.contains(&key) && self.young.insert(key);
        self.duplicates += u64::from(!new);
        new
    }

    /// Everything older than `complete` is in; hands it over if it is worth it.
    pub(super) fn advance(&mut self, complete: Time) -> Option<Batch> {
        let moved = self.handed.is_none_or(|handed| complete > handed);
        if !moved || self.pending.len() < WORTHWHILE {
            return None;
        }
        let ready = self.pending.extract_if(.., |event| event.time < complete).collect();
        Some(self.hand_over(ready, Some(complete)))
    }

    /// Hands over the rest.
    pub(super) fn finish(&mut self, takes: impl Fn(&Event) -> bool) -> (Batch, u64) {
        let mut ready = std::mem::take(&mut self.pending);
        let before = ready.len();
        ready.retain(takes);
        let removed = (before - ready.len()) as u64;
        (self.hand_over(ready, None), removed)
    }

    /// The time of the last event that waits.
    pub(super) fn last(&self) -> Option<Time> {
        self.pending.iter().map(|event| event.time).max()
    }

    fn hand_over(&mut self, ready: Vec<Event>, complete: Option<Time>) -> Batch {
        let (mut events, copies) = merge::unite(ready);
        self.duplicates += copies;
        let last = complete.is_none();
        let known = |events: &mut Vec<Event>, this: &mut Reorder| {
            if !last || !this.old.is_empty() || !this.young.is_empty() {
                events.retain(|event| this.is_new(event));
            }
        };
        known(&mut events, self);
        if let Some(complete) = complete {
            self.handed = Some(complete);
            self.forget(complete);
        }
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable_by(merge::order);
        self.kept += (events.len() + late.len()) as u64;
        self.late_ones += late.len() as u64;
        Batch { events, late, complete_before: complete }
    }

    /// Forgets ids once both stretches are full.
    fn forget(&mut self, now: Time) {
        let turned = *self.turned.get_or_insert(now);
        if now >= turned.plus_seconds(MEMORY) {
            self.old = std::mem::take(&mut self.young);
            self.turned = Some(now);
        }
    }
}
