//! Puts a stream of events in order of time while holding only a few minutes of it.
//!
//! A delivery file stamped 10:00 holds nothing that happened before 09:45 (module `layout`), so once
//! all files up to a stamp are read, everything older than that by the slack is complete.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::Batch;
use super::identifier::Identifier;
use super::merge::{self, Known};
use super::reading::Part;
use crate::event::{Event, Time};

/// Do not hand over fewer than this many events at a time unless it is the end: whoever gets them
/// has something to do for each batch.
const WORTHWHILE: usize = 2_048;

/// How long ids are remembered after their events were handed over, in seconds: a second trail's
/// copy of a record comes within the delivery slack.
pub(super) const MEMORY: i64 = 3_600;

/// Milliseconds of events that wait together. Names of delivery files tell the minute, so what is
/// complete is complete by the minute.
const SHELF: i64 = 60_000;

/// Events waiting for their neighbours.
#[derive(Debug, Default)]
pub(super) struct Reorder {
    shelves: BTreeMap<i64, Vec<Known>>,
    waiting: usize,
    late: Vec<Known>,
    /// Everything before this moment has been handed over.
    handed: Option<Time>,
    /// Ids of events that were handed over.
    given: Memory,
    /// Ids of records that were not needed. Of two copies one may be so poor that it seems not to be
    /// needed; the other is handed over all the same.
    passed: Memory,
    turned: Option<Time>,
    /// Records taken in so far, needed or not.
    met: u64,
    /// Records that came once, needed or not.
    pub(super) kept: u64,
    /// Late events so far.
    pub(super) late_ones: u64,
}

impl Reorder {
    /// Takes in what a file gives.
    pub(super) fn push(&mut self, part: Part) {
        self.met += (part.events.len() + part.passed.len()) as u64;
        for id in part.passed {
            let new = self.passed.insert(id) && !self.given.contains(id);
            self.kept += u64::from(new);
        }
        for known in part.events {
            if self.handed.is_none_or(|handed| known.event.time >= handed) {
                self.shelve(known);
            } else if self.is_new(known.id) {
                self.late.push(known);
            }
        }
    }

    /// Events that wait, copies among them.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    fn shelve(&mut self, known: Known) {
        self.waiting += 1;
        let shelf = known.event.time.0.div_euclid(SHELF);
        self.shelves.entry(shelf).or_default().push(known);
    }

    /// Whether an event is handed over for the first time; then it is counted, if a copy was not.
    fn is_new(&mut self, id: Identifier) -> bool {
        let new = self.given.insert(id);
        self.kept += u64::from(new && !self.passed.contains(id));
        new
    }

    /// Copies so far.
    pub(super) fn duplicates(&self) -> u64 {
        self.met - self.kept
    }

    /// Everything older than `complete` is in; hands it over if it is worth it.
    pub(super) fn advance(&mut self, complete: Time) -> Option<Batch> {
        // Whole shelves only.
        let complete = Time(complete.0.div_euclid(SHELF) * SHELF);
        if self.handed.is_some_and(|handed| complete <= handed) {
            return None;
        }
        self.forget(complete);
        if self.waiting < WORTHWHILE {
            return None;
        }
        let later = self.shelves.split_off(&(complete.0.div_euclid(SHELF)));
        let ready = std::mem::replace(&mut self.shelves, later);
        self.handed = Some(complete);
        Some(self.hand_over(ready, Some(complete)))
    }

    /// Hands over the rest, as far as it is wanted; also says how many events are not.
    pub(super) fn finish(&mut self, takes: impl Fn(&Event) -> bool) -> (Batch, u64) {
        let mut ready = std::mem::take(&mut self.shelves);
        let before = self.waiting;
        for shelf in ready.values_mut() {
            shelf.retain(|known| takes(&known.event));
        }
        let removed = before - ready.values().map(Vec::len).sum::<usize>();
        self.waiting -= removed;
        self.met -= removed as u64;
        (self.hand_over(ready, None), removed as u64)
    }

    /// The time of the last event that waits.
    pub(super) fn last(&self) -> Option<Time> {
        self.shelves.values().next_back()?.iter().map(|known| known.event.time).max()
    }

    fn hand_over(&mut self, ready: BTreeMap<i64, Vec<Known>>, complete: Option<Time>) -> Batch {
        let count = ready.values().map(Vec::len).sum();
        self.waiting -= count;
        let mut events = Vec::with_capacity(count);
        for mut shelf in ready.into_values() {
            merge::sort(&mut shelf);
            events.append(&mut shelf);
        }
        let corrected = merge::unite(&mut events, |id| self.is_new(id));
        self.kept -= corrected;
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable_by(merge::order);
        self.late_ones += late.len() as u64;
        let bare = |known: Vec<Known>| known.into_iter().map(|known| known.event).collect();
        Batch { events: bare(events), late: bare(late), complete_before: complete }
    }

    /// Forgets ids once both stretches are full.
    fn forget(&mut self, now: Time) {
        let turned = *self.turned.get_or_insert(now);
        if now >= turned.plus_seconds(MEMORY) {
            self.given.turn();
            self.passed.turn();
            self.turned = Some(now);
        }
    }
}

/// Ids met in the present and in the previous stretch of [`MEMORY`], by their digests: a whole id
/// would take twice the memory, and looking into memory is all that this costs.
#[derive(Debug, Default)]
pub(super) struct Memory {
    young: Digests,
    old: Digests,
}

type Digests = HashSet<u64, BuildHasherDefault<Digest>>;

impl Memory {
    fn contains(&self, id: Identifier) -> bool {
        self.young.contains(&id.digest()) || self.old.contains(&id.digest())
    }

    /// True when the id is new.
    pub(super) fn insert(&mut self, id: Identifier) -> bool {
        !self.old.contains(&id.digest()) && self.young.insert(id.digest())
    }

    pub(super) fn turn(&mut self) {
        std::mem::swap(&mut self.old, &mut self.young);
        self.young.clear();
    }
}

/// A digest is scattered already.
#[derive(Debug, Default)]
struct Digest(u64);

impl Hasher for Digest {
    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
