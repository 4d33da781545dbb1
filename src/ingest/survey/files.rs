//! An export in files: read once to know what to keep, and some of them again for what surrounds it.

use std::sync::atomic::Ordering::Relaxed;

use foldhash::HashSet;

use super::super::identifier::Identifier;
use super::super::merge::Known;
use super::super::plan::Plan;
use super::super::reorder::{MEMORY, Memory};
use super::conclude::{Again, Edge, Met, enter};
use super::gather::Gather;
use super::near::{Ranks, Wanted};
use super::scout::{Standing, Watch};
use super::trace::Held;
use super::{Budget, Given, Sorter};
use crate::error::Result;
use crate::event::Time;
use crate::ingest::Progress;

/// Files that were read.
pub(super) struct Files<'p> {
    plan: &'p Plan,
    sorter: &'p dyn Sorter,
    /// What every file holds.
    held: Vec<Option<Held>>,
}

/// While they are read.
struct Reading<'s> {
    /// Everything, as long as that is not too much.
    all: Option<Vec<Known>>,
    gather: Gather<'s>,
    seen: Seen,
    /// Records were counted that are not in `all`.
    passed_over: bool,
}

impl<'p> Files<'p> {
    /// Reads all. `None` where so many records are copies that an export is small which does not look
    /// like it, so that some of its records were passed over.
    pub(super) fn read(
        plan: &'p Plan,
        sorter: &'p dyn Sorter,
        budget: &Budget,
        progress: &dyn Progress,
    ) -> Option<(Met<'p>, Files<'p>)> {
        let standing = Standing::default();
        let all = plan.may_hold(budget.whole as u64).then(Vec::new);
        standing.all.store(all.is_some(), Relaxed);
        let gather = Gather::new(sorter, budget);
        gather.tell(&standing);
        let mut reading = Reading { all, gather, seen: Seen::default(), passed_over: false };
        let mut held = vec![None; plan.sources()];
        let most = budget.whole as u64 * 2;
        let watch = Watch { sorter, standing: &standing, most, wanted: None, ranks: &[] };
        let books = plan.survey(watch, progress, |number, given| match given {
            Given::Part(part) => {
                reading.take(part, budget);
                standing.all.store(reading.all.is_some(), Relaxed);
                reading.gather.tell(&standing);
            }
            Given::Done(holds) => {
                if let Some(slot) = held.get_mut(number) {
                    *slot = holds;
                }
                if let Some(complete) = plan.complete_after(number) {
                    reading.seen.forget(complete);
                }
            }
        });
        if reading.passed_over {
            reading.settle(budget);
            // What was passed over is to be had only by reading it again.
            if reading.all.is_some() || reading.seen.kept <= budget.whole as u64 {
                return None;
            }
        }
        let Reading { all, gather, seen, .. } = reading;
        let Seen { kept, notifications, .. } = seen;
        Some((Met { all, gather, kept, notifications, books }, Files { plan, sorter, held }))
    }
}

impl Reading<'_> {
    fn take(&mut self, part: super::Part, budget: &Budget) {
        self.passed_over |= !part.passed.is_empty() || !part.refused.is_empty();
        for id in part.passed {
            self.seen.is_new(id);
        }
        for (id, stratum, time) in part.refused {
            if self.seen.is_new(id) {
                self.gather.count(stratum, time);
            }
        }
        for known in part.events {
            match &mut self.all {
                Some(all) => all.push(known),
                None => enter(&mut self.gather, |known| self.seen.is_new_record(known), &known),
            }
        }
        if self.all.as_ref().is_some_and(|all| all.len() > budget.whole) {
            self.settle(budget);
        }
    }

    /// Gives up keeping everything, if that is too much. Copies do not count.
    fn settle(&mut self, budget: &Budget) {
        let Some(all) = &self.all else { return };
        let ids: HashSet<u128> = all.iter().map(|known| known.id.number()).collect();
        if ids.len() + self.seen.kept as usize > budget.whole {
            for known in self.all.take().unwrap_or_default() {
                enter(&mut self.gather, |known| self.seen.is_new_record(known), &known);
            }
        }
    }
}

impl Again for Files<'_> {
    fn again(&mut self, wanted: &Wanted, take: &mut dyn FnMut(Known)) -> Result<()> {
        let held = self.held.iter().enumerate();
        let mut met: Vec<(Ranks, usize)> = held
            .filter_map(|(number, held)| Some((wanted.meets(held.as_ref()?)?, number)))
            .collect();
        // The lowest ranks first: once there is no more room, the rest need not be read.
        met.sort_unstable();
        let again = self.plan.only(met.iter().map(|(_, number)| *number));
        let ranks: Vec<Ranks> = met.into_iter().map(|(ranks, _)| ranks).collect();
        let standing = Standing::default();
        let sorter = self.sorter;
        let watch =
            Watch { sorter, standing: &standing, most: 0, wanted: Some(wanted), ranks: &ranks };
        again.survey(watch, &(), |_, given| {
            if let Given::Part(part) = given {
                part.events.into_iter().for_each(&mut *take);
            }
        });
        Ok(())
    }

    fn edges(&mut self) -> Result<Vec<Edge>> {
        let held = self.held.iter().flatten();
        let one = held.filter_map(|held| Some((held.account?, held.from, held.to)));
        Ok(Edge::outermost(one))
    }
}

/// Which records were met.
#[derive(Debug, Default)]
struct Seen {
    memory: Memory,
    turned: Option<Time>,
    kept: u64,
    /// Of these, what services told beside CloudTrail.
    notifications: u64,
}

impl Seen {
    fn is_new(&mut self, id: Identifier) -> bool {
        let new = self.memory.insert(id);
        self.kept += u64::from(new);
        new
    }

    /// The same of a record that was kept.
    fn is_new_record(&mut self, known: &Known) -> bool {
        let new = self.is_new(known.id);
        self.notifications += u64::from(new && known.event.is_notification());
        new
    }

    /// Copies of what is older than this by an hour no longer come.
    fn forget(&mut self, now: Time) {
        let turned = *self.turned.get_or_insert(now);
        if now >= turned.plus_seconds(MEMORY) {
            self.memory.turn();
            self.turned = Some(now);
        }
    }
}
