//! Puts a stream of events in order of time while holding only a few minutes of it.
//!
//! A delivery file stamped 10:00 holds nothing that happened before 09:45 (module `delivery`), so once all files
//! up to a stamp are read, everything older than the stamp by that slack is complete. Where the names of files do
//! not say, or too much happened at once, events that wait are written to a temporary file in sorted runs, which
//! are merged by time.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;

use crate::event::{Event, Time};
use crate::ingest::order::batch::Batch;
use crate::ingest::order::merge;
use crate::ingest::order::run::{Run, RunWriter};
use crate::ingest::record::identifier::Identifier;
use crate::ingest::record::known::Part;
use crate::ingest::record::known::{self, Known};

/// The fewest events of a batch, but for the last one: each batch costs its receiver some work.
const SMALLEST_BATCH: usize = 2_048;

/// About as many events as a batch has while runs are merged.
const USUAL_BATCH: usize = 16_384;

/// How long ids are remembered after their events were handed over, in seconds: a second trail's
/// copy of a record comes within the delivery slack.
pub(crate) const MEMORY: i64 = 3_600;

/// Milliseconds. Events wait by the minute, because the names of delivery files give the minute, so what is
/// complete is complete up to a minute.
const MINUTE: i64 = 60_000;

/// Events that wait until everything before them has been read.
#[derive(Debug, Default)]
pub(crate) struct Reorder {
    minutes: BTreeMap<i64, Vec<Known>>,
    waiting: usize,
    /// Runs by the time of their first event, then in the order in which they came.
    spilled: BTreeMap<(Time, usize), Run>,
    writer: Option<RunWriter>,
    /// How many runs there have been, and how many events those that are left hold.
    run_count: usize,
    absent: usize,
    /// Whether events that a correction replaces are handed over all the same.
    keeps_replaced: bool,
    late: Vec<Known>,
    /// Everything before this moment has been handed over.
    handed: Option<Time>,
    /// Ids of events that were handed over.
    handed_over: RecentIds,
    /// Ids of records that were not needed. Of two copies one may lack so much that it does not seem to be needed;
    /// the other one is handed over.
    unneeded: RecentIds,
    last_turn: Option<Time>,
    /// Different records so far, needed or not.
    pub(crate) kept: u64,
    /// Late events so far.
    pub(crate) late_ones: u64,
}

impl Reorder {
    /// Takes in what a file gives.
    pub(crate) fn push(&mut self, part: Part) {
        for id in part.unneeded {
            let new = self.unneeded.insert(id) && !self.handed_over.contains(id);
            self.kept += u64::from(new);
        }
        for known in part.events {
            if self.handed.is_none_or(|handed| known.event.time >= handed) {
                self.hold(known);
            } else if self.is_new(known.id) {
                self.late.push(known);
            }
        }
    }

    /// Keeps events that a correction replaces, for a part: another part may hold a correction of the correction.
    pub(crate) fn keeping_replaced() -> Reorder {
        Reorder { keeps_replaced: true, ..Reorder::default() }
    }

    /// Events that wait in memory, copies among them.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Writes everything that waits in memory to a temporary file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn make_room(&mut self) -> io::Result<()> {
        let mut writer = self.writer.take().unwrap_or_else(RunWriter::to_temporary_file);
        for mut minute in std::mem::take(&mut self.minutes).into_values() {
            known::sort(&mut minute);
            minute.into_iter().try_for_each(|known| writer.push(known.event))?;
        }
        self.waiting = 0;
        writer.runs()?.into_iter().for_each(|run| self.add_run(run));
        self.writer = Some(writer);
        Ok(())
    }

    /// Takes in events that are packed.
    pub(crate) fn add_run(&mut self, run: Run) {
        self.absent += run.count;
        self.spilled.insert((run.first, self.run_count), run);
        self.run_count += 1;
    }

    fn hold(&mut self, known: Known) {
        self.waiting += 1;
        self.minutes.entry(minute_of(known.event.time)).or_default().push(known);
    }

    /// Whether an event is handed over for the first time; then it is counted, if a copy was not.
    fn is_new(&mut self, id: Identifier) -> bool {
        let new = self.handed_over.insert(id);
        self.kept += u64::from(new && !self.unneeded.contains(id));
        new
    }

    /// Hands over a batch of what is older than `complete`, before which everything has been read. To be called until
    /// it gives `None`: then too little is left to be worth a batch.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub(crate) fn advance(&mut self, complete: Time) -> io::Result<Option<Batch>> {
        if self.handed.is_some_and(|handed| complete <= handed) {
            return Ok(None);
        }
        self.forget(complete);
        if self.waiting + self.absent < SMALLEST_BATCH {
            return Ok(None);
        }
        // Only whole minutes are handed over.
        let complete = start(minute_of(complete));
        if self.handed.is_some_and(|handed| complete <= handed) {
            return Ok(None);
        }
        let (ready, until) = self.ready(complete, &mut |_| true)?;
        self.handed = Some(until);
        Ok(Some(self.hand_over(ready, Some(until))))
    }

    /// Hands over the next batch of all that waits, without events that `takes` refuses, whose number is added to
    /// `removed`. The last batch has no `complete_before`.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub(crate) fn rest(
        &mut self,
        takes: &dyn Fn(&Event) -> bool,
        removed: &mut u64,
    ) -> io::Result<Batch> {
        let mut left_out = 0;
        let mut wanted = |known: &Known| {
            let takes = takes(&known.event);
            left_out += u64::from(!takes);
            takes
        };
        for minute in self.minutes.values_mut() {
            minute.retain(&mut wanted);
        }
        self.waiting = self.minutes.values().map(Vec::len).sum();
        let (ready, until) = self.ready(Time(i64::MAX), &mut wanted)?;
        *removed += left_out;
        let is_last = self.spilled.is_empty() && self.minutes.is_empty();
        if !is_last {
            self.forget(until);
        }
        self.handed = Some(until);
        Ok(self.hand_over(ready, (!is_last).then_some(until)))
    }

    /// Hands over all that waits in memory, without events that `takes` refuses, and how many those are.
    pub(crate) fn all(&mut self, takes: &dyn Fn(&Event) -> bool) -> (Batch, u64) {
        let mut ready = std::mem::take(&mut self.minutes);
        for minute in ready.values_mut() {
            minute.retain(|known| takes(&known.event));
        }
        let left = ready.values().map(Vec::len).sum();
        let removed = (self.waiting - left) as u64;
        self.waiting = left;
        (self.hand_over(ready, None), removed)
    }

    /// Reads all runs back into memory.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub(crate) fn fetch(&mut self) -> io::Result<()> {
        while let Some((_, run)) = self.spilled.pop_first() {
            self.absent -= run.count;
            run.events()?.into_iter().for_each(|known| self.hold(known));
        }
        Ok(())
    }

    /// How many events are in runs.
    pub(crate) fn absent(&self) -> usize {
        self.absent
    }

    /// The time of the last event that waits.
    pub(crate) fn last(&self) -> Option<Time> {
        let times = self.minutes.values().next_back().into_iter().flatten();
        let here = times.map(|known| known.event.time).max();
        here.max(self.spilled.values().map(|run| run.last).max())
    }

    /// Whole minutes before `complete` with about as many events as make a batch, and the moment before which no
    /// other event remains.
    fn ready(
        &mut self,
        complete: Time,
        wanted: &mut dyn FnMut(&Known) -> bool,
    ) -> io::Result<(BTreeMap<i64, Vec<Known>>, Time)> {
        let last = complete.0.div_euclid(MINUTE);
        loop {
            let spilled = self.spilled.first_key_value().map(|((first, _), _)| minute_of(*first));
            let until = spilled.unwrap_or(last).min(last);
            let here: usize = self.minutes.range(..until).map(|(_, minute)| minute.len()).sum();
            if until == last || here >= USUAL_BATCH {
                let later = match until {
                    _ if complete.0 == i64::MAX && until == last => BTreeMap::new(),
                    until => self.minutes.split_off(&until),
                };
                let until = if until == last { complete } else { start(until) };
                return Ok((std::mem::replace(&mut self.minutes, later), until));
            }
            let Some((_, run)) = self.spilled.pop_first() else { continue };
            self.absent -= run.count;
            for known in run.events()? {
                if !wanted(&known) {
                    continue;
                }
                // A run of a stranger may hold events before the time of its first.
                match self.handed.is_none_or(|handed| known.event.time >= handed) {
                    true => self.hold(known),
                    false if self.is_new(known.id) => self.late.push(known),
                    false => {}
                }
            }
        }
    }

    fn hand_over(&mut self, ready: BTreeMap<i64, Vec<Known>>, complete: Option<Time>) -> Batch {
        let count = ready.values().map(Vec::len).sum();
        self.waiting -= count;
        let mut events = Vec::with_capacity(count);
        for mut minute in ready.into_values() {
            known::sort(&mut minute);
            events.append(&mut minute);
        }
        merge::remove_copies(&mut events, |id| self.is_new(id));
        if !self.keeps_replaced {
            self.kept -= merge::remove_replaced(&mut events);
        }
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable_by(known::order);
        self.late_ones += late.len() as u64;
        let bare = |known: Vec<Known>| known.into_iter().map(|known| known.event).collect();
        Batch { events: bare(events), late: bare(late), complete_before: complete }
    }

    /// Forgets the ids of the period before the last, once the present period is over.
    fn forget(&mut self, now: Time) {
        let last_turn = *self.last_turn.get_or_insert(now);
        if now >= last_turn.plus_seconds(MEMORY) {
            self.handed_over.turn();
            self.unneeded.turn();
            self.last_turn = Some(now);
        }
    }
}

fn minute_of(time: Time) -> i64 {
    time.0.div_euclid(MINUTE)
}

/// When a minute begins.
fn start(minute: i64) -> Time {
    Time(minute.saturating_mul(MINUTE))
}

/// Ids of the present and the previous period of [`MEMORY`] seconds, as digests: whole ids would take twice the
/// memory, and cache misses are the whole cost of looking ids up.
#[derive(Debug, Default)]
pub(crate) struct RecentIds {
    young: Digests,
    old: Digests,
}

type Digests = HashSet<u64, BuildHasherDefault<Digest>>;

impl RecentIds {
    fn contains(&self, id: Identifier) -> bool {
        self.young.contains(&id.digest()) || self.old.contains(&id.digest())
    }

    /// True when the id is new.
    pub(crate) fn insert(&mut self, id: Identifier) -> bool {
        !self.old.contains(&id.digest()) && self.young.insert(id.digest())
    }

    pub(crate) fn turn(&mut self) {
        std::mem::swap(&mut self.old, &mut self.young);
        self.young.clear();
    }
}

/// Passes a digest through: its bits are evenly distributed already.
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
