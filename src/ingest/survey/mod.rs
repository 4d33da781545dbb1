//! Reads an export of any size and keeps of it what can be analysed in a moment.
//!
//! A small export is kept whole. Of a large one every record is read and counted, and a sample is
//! kept that depends on nothing but which records there are: some calls of every sort, every sort of
//! refused call, what changes policies, and whole minutes with all their chains. Then what surrounds
//! the refused calls is fetched from the files that hold it. So time is that of reading and a
//! constant, and memory does not grow with what is read.

mod facts;
mod gather;
mod minutes;
mod near;
mod scout;
mod strata;
mod trace;

use std::sync::atomic::Ordering::Relaxed;

use foldhash::HashSet;

pub use facts::{Facts, number};
pub use near::{By, Near};
pub(super) use scout::{Scout, Watch};
pub(super) use trace::{Held, Trace, room};

use super::merge::{self, Known};
use super::plan::{Books, Plan};
use super::reading::Part;
use super::reorder::Memory;
use super::{Ingested, Input, Options, Progress};
use crate::error::Result;
use crate::event::{Event, Time};
use gather::{Gather, Surroundings};
use near::Wanted;
use scout::Standing;

/// What tells records apart, for those that choose among them.
pub trait Sorter: Sync {
    /// What calls of such a name are.
    fn role(&self, source: &str, name: &str) -> Role;

    /// The number of the sort that a refused call is of: all that are judged alike have the same;
    /// `None` when the call was not refused.
    fn refused(&self, event: &Event) -> Option<u64>;

    /// Where the calls are that a refused one belongs to; of the first of its sort also those that it
    /// can be compared with, and the one that issued its credentials. Of a call in a minute that is
    /// kept whole only what can be outside of it.
    fn near(&self, refused: &Event, is_first: bool, in_minute: bool) -> Vec<Near>;
}

/// What calls of a name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// They can start the work of a service, or issue credentials.
    pub starts: bool,
    /// They can change what is allowed, and are rare.
    pub changes: bool,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Up to so many records everything is kept.
    pub whole: usize,
    /// Refused calls, and how many of each sort.
    pub refused: usize,
    /// The same, of one sort, at most.
    pub refused_each: usize,
    /// Calls that change what is allowed.
    pub changes: usize,
    /// The same, of one sort, at most.
    pub changes_each: usize,
    /// Other calls.
    pub calls: usize,
    /// The same, of one sort, at most.
    pub calls_each: usize,
    /// Calls in whole minutes.
    pub minutes: usize,
    /// Calls that surround refused ones.
    pub surroundings: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            whole: 20_000,
            refused: 2_000,
            refused_each: 8,
            changes: 4_000,
            changes_each: 4_096,
            calls: 6_000,
            calls_each: 16,
            minutes: 5_000,
            surroundings: 8_000,
        }
    }
}

/// Reads everything below the inputs; of a large export a sample is kept.
///
/// Errs only when an input that the user named does not exist; damaged files are in the ledger.
pub fn survey(
    inputs: &[Input],
    options: &Options,
    sorter: &dyn Sorter,
    budget: &Budget,
    progress: &dyn Progress,
) -> Result<Ingested> {
    let mut plan = Plan::make(inputs, options)?;
    // What is to be fetched has to be read again.
    if !plan.can_be_read_again() {
        return super::read(inputs, options, progress);
    }
    plan.find_bounds();
    let Some(first) = First::read(&plan, sorter, budget, progress) else {
        return super::read(inputs, options, progress);
    };
    Ok(first.finish(&plan, sorter, budget))
}

/// What the first reading gives.
struct First<'s> {
    /// Everything, of a small export.
    all: Option<Vec<Known>>,
    gather: Gather<'s>,
    seen: Seen,
    books: Books,
    /// What every file holds.
    held: Vec<Option<Held>>,
}

impl<'s> First<'s> {
    /// `None` where so many records are copies that an export is small which does not look like it,
    /// so that some of its records were passed over.
    fn read(
        plan: &Plan,
        sorter: &'s dyn Sorter,
        budget: &Budget,
        progress: &dyn Progress,
    ) -> Option<First<'s>> {
        let standing = Standing::default();
        standing.all.store(true, Relaxed);
        let mut gather = Gather::new(sorter, budget);
        gather.tell(&standing);
        let mut all = Some(Vec::new());
        let mut seen = Seen::default();
        let mut passed_over = false;
        let mut held = vec![None; plan.sources()];
        let most = budget.whole as u64 * 2;
        let watch = Watch { sorter, standing: &standing, most, wanted: None };
        let books = plan.survey(watch, progress, |number, given| {
            let part = match given {
                Given::Part(part) => part,
                Given::Done(holds) => {
                    if let Some(slot) = held.get_mut(number) {
                        *slot = holds;
                    }
                    if let Some(complete) = plan.complete_after(number) {
                        seen.forget(complete);
                    }
                    return;
                }
            };
            passed_over |= !part.passed.is_empty();
            for id in part.passed {
                seen.is_new(id);
            }
            for (id, stratum, time) in part.refused {
                passed_over = true;
                if seen.is_new(id) {
                    gather.count(stratum, time);
                }
            }
            for known in part.events {
                match &mut all {
                    Some(all) => all.push(known),
                    None => enter(&mut gather, &mut seen, &known),
                }
            }
            if all.as_ref().is_some_and(|all| all.len() > budget.whole) {
                let met = all.take().unwrap_or_default();
                // Copies do not count.
                let mut ids: HashSet<u128> = HashSet::default();
                ids.extend(met.iter().map(|known| known.id.number()));
                if ids.len() + seen.len() > budget.whole {
                    met.iter().for_each(|known| enter(&mut gather, &mut seen, known));
                } else {
                    all = Some(met);
                }
            }
            standing.all.store(all.is_some(), Relaxed);
            gather.tell(&standing);
        });
        if all.is_some() && passed_over {
            // Whatever was passed over is to be had only by reading it again.
            let few = all.as_ref().map_or(0, Vec::len) + seen.len() <= budget.whole;
            if few {
                return None;
            }
            all.take().unwrap_or_default().iter().for_each(|k| enter(&mut gather, &mut seen, k));
        }
        Some(First { all, gather, seen, books, held })
    }

    fn finish(self, plan: &Plan, sorter: &dyn Sorter, budget: &Budget) -> Ingested {
        let First { all, gather, mut seen, books, held } = self;
        if let Some(mut all) = all {
            merge::sort(&mut all);
            let met = all.len() as u64;
            merge::unite(&mut all, |id| seen.is_new(id));
            let kept = all.len() as u64;
            return ingested(all, books.close(kept, met - kept, 0));
        }
        let (mut kept, seeds) = gather.finish();
        let mut wanted = Wanted::default();
        for (rank, seed) in (0..).zip(&seeds) {
            let near = sorter.near(&seed.known.event, seed.is_first, seed.in_minute);
            near.iter().for_each(|near| wanted.want(near, rank));
        }
        let mut surroundings = Surroundings::new(&wanted, sorter, budget.surroundings);
        if !wanted.is_empty() {
            let near = held.iter().map(|held| held.as_ref().is_some_and(|held| wanted.meets(held)));
            let again = plan.only(near);
            let standing = Standing::default();
            let watch = Watch { sorter, standing: &standing, most: 0, wanted: Some(&wanted) };
            again.survey(watch, &(), |_, given| {
                if let Given::Part(part) = given {
                    part.events.into_iter().for_each(|known| surroundings.offer(known));
                }
            });
        }
        let (near, complete) = surroundings.finish();
        let mut events = std::mem::take(&mut kept.events);
        events.extend(near);
        let mut judged: HashSet<u128> = HashSet::default();
        for (_, seed) in (0..complete).zip(seeds) {
            judged.insert(seed.known.id.number());
            events.push(seed.known);
        }
        merge::sort(&mut events);
        let mut once: HashSet<u128> = HashSet::default();
        merge::unite(&mut events, |id| once.insert(id.number()));
        let corrected = 0;
        let ledger = books.close(seen.kept - corrected, seen.met - seen.kept + corrected, 0);
        let mut ingested = ingested(events, ledger);
        let records = ingested.ledger.records.kept;
        ingested.sample = Some(gather::sample(&ingested.events, records, kept, &judged, sorter));
        ingested
    }
}

/// Counts a record and takes it in where it belongs.
fn enter(gather: &mut Gather<'_>, seen: &mut Seen, known: &Known) {
    let stratum = gather.offer(known);
    if seen.is_new(known.id)
        && let Some(stratum) = stratum
    {
        gather.count(stratum, known.event.time);
    }
}

fn ingested(events: Vec<Known>, ledger: super::Ledger) -> Ingested {
    let events: Vec<Event> = events.into_iter().map(|known| known.event).collect();
    let shared = merge::shared(&events);
    Ingested { events, ledger, shared, sample: None }
}

/// What the reading threads hand over.
pub(super) enum Given {
    /// Some records of a file.
    Part(Part),
    /// The file is done with; what it holds.
    Done(Option<Held>),
}

/// Which records were met.
#[derive(Debug, Default)]
struct Seen {
    memory: Memory,
    turned: Option<Time>,
    met: u64,
    kept: u64,
}

impl Seen {
    fn is_new(&mut self, id: super::identifier::Identifier) -> bool {
        let new = self.memory.insert(id);
        self.met += 1;
        self.kept += u64::from(new);
        new
    }

    /// Records met so far, without copies.
    fn len(&self) -> usize {
        self.kept as usize
    }

    /// Copies of what is older than this by an hour no longer come.
    fn forget(&mut self, now: Time) {
        let turned = *self.turned.get_or_insert(now);
        if now >= turned.plus_seconds(super::reorder::MEMORY) {
            self.memory.turn();
            self.turned = Some(now);
        }
    }
}
