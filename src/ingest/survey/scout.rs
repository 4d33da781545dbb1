//! What every reading thread knows of the sample: enough to pass over, unread, nearly all records
//! that will not be in it. It errs on the side of keeping; what is really kept is decided where all
//! records come together.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use foldhash::HashMap;

use super::facts::{Facts, mix, number, priority, priority_of_refused};
use super::minutes;
use super::near::{Ranks, Wanted};
use super::strata::Cut;
use super::trace::Trace;
use super::{Role, Sorter};
use crate::event::Time;
use crate::ingest::identifier::Identifier;

/// How the sample stands; only ever cut down.
#[derive(Debug, Default)]
pub(in super::super) struct Standing {
    /// Still everything is kept.
    pub(super) all: AtomicBool,
    /// Records met.
    pub(super) met: AtomicU64,
    /// Minutes below this number are kept.
    pub(super) minutes: AtomicU64,
    pub(super) refused: Shared,
    pub(super) changes: Shared,
    pub(super) calls: Shared,
}

/// A [`Cut`] that all threads see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    cap: AtomicUsize,
    below: AtomicU64,
}

impl Shared {
    pub(super) fn set(&self, cut: Cut) {
        self.cap.store(cut.cap, Relaxed);
        self.below.store(cut.below, Relaxed);
    }

    fn get(&self) -> Cut {
        Cut { cap: self.cap.load(Relaxed), below: self.below.load(Relaxed) }
    }
}

/// What reading threads are to look for.
#[derive(Clone, Copy)]
pub(in super::super) struct Watch<'w> {
    pub(in super::super) sorter: &'w dyn Sorter,
    pub(in super::super) standing: &'w Standing,
    /// So many records are kept before it is known how many there are.
    pub(in super::super) most: u64,
    /// The second time, what surrounds the refused calls.
    pub(super) wanted: Option<&'w Wanted>,
    /// And how much that is worth, file by file.
    pub(super) ranks: &'w [Ranks],
}

impl Watch<'_> {
    /// Whether everything is still kept.
    pub(in super::super) fn is_all(&self) -> bool {
        self.standing.all.load(Relaxed) && self.standing.met.fetch_add(1, Relaxed) < self.most
    }

    /// Whether a file need not be read: whatever is in it would be left out.
    pub(in super::super) fn passes_over(&self, number: usize) -> bool {
        let ranks = self.wanted.zip(self.ranks.get(number));
        ranks.is_some_and(|(wanted, ranks)| !wanted.takes_any(*ranks))
    }
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("standing", self.standing).finish_non_exhaustive()
    }
}

/// Calls that failed of which it is remembered what they are.
const SORTS: usize = 1 << 15;

/// One thread's memory of what it has seen.
#[derive(Debug, Default)]
pub(in super::super) struct Scout {
    roles: Roles,
    /// What calls that failed are, by everything they say but which calls they are: many are alike,
    /// and understanding texts takes long.
    sorts: HashMap<u64, Option<u64>>,
    refused: Lowest,
    /// The time of the first refused call of each stratum.
    first: HashMap<u64, Time>,
    changes: Lowest,
    calls: Lowest,
}

/// What calls of a name are, asked once.
#[derive(Debug, Default)]
pub(super) struct Roles(HashMap<u64, Role>);

impl Roles {
    /// The number of the call's name, and what such calls are.
    pub(super) fn of(&mut self, facts: &Facts<'_>, sorter: &dyn Sorter) -> (u64, Role) {
        let name = number([Some(facts.source), Some(facts.name)]);
        let role = *self.0.entry(name).or_insert_with(|| sorter.role(facts.source, facts.name));
        (name, role)
    }
}

/// Whether a call can be part of a chain.
pub(super) fn links(facts: &Facts<'_>, role: Role) -> bool {
    facts.by_service || role.starts || facts.read_only != Some(true)
}

/// Whether a call changed what is allowed, and is not what services do all the time.
pub(super) fn changes(facts: &Facts<'_>, role: Role) -> bool {
    let is_routine = role.routine && facts.by_service;
    role.changes && !is_routine && !facts.failed && facts.read_only != Some(true)
}

/// The stratum of a call that was not refused.
pub(super) fn stratum(facts: &Facts<'_>, name: u64) -> u64 {
    let texts = [
        facts.principal,
        facts.invoked_by,
        facts.account,
        facts.region,
        facts.error_code,
        facts.endpoint,
    ];
    mix(name, number(texts))
}

/// The priorities of what a thread has kept of each stratum.
#[derive(Debug, Default)]
struct Lowest(HashMap<u64, Few>);

/// Those of one stratum.
#[derive(Debug)]
struct Few {
    /// What is higher than this is not among the lowest. Nearly all are told by this alone, without
    /// a look at the others, which lie elsewhere in memory.
    highest: u64,
    /// In order.
    held: Vec<u64>,
}

impl Lowest {
    /// Whether a record may be among the lowest of its stratum.
    fn takes(&mut self, stratum: u64, priority: u64, cut: Cut) -> bool {
        if stratum >= cut.below {
            return false;
        }
        let few = self.0.entry(stratum).or_insert(Few { highest: u64::MAX, held: Vec::new() });
        if priority > few.highest {
            return false;
        }
        few.held.truncate(cut.cap);
        let takes = match few.held.binary_search(&priority) {
            // A copy may be the better one.
            Ok(_) => true,
            Err(at) if at < cut.cap => {
                few.held.insert(at, priority);
                few.held.truncate(cut.cap);
                true
            }
            Err(_) => false,
        };
        if few.held.len() == cut.cap {
            few.highest = few.held.last().copied().unwrap_or(u64::MAX);
        }
        takes
    }
}

/// What a record is a call of.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Named {
    /// The number of the call's name.
    name: u64,
    role: Role,
}

impl Scout {
    /// What a record is a call of.
    pub(in super::super) fn named(&mut self, facts: &Facts<'_>, watch: &Watch<'_>) -> Named {
        let (name, role) = self.roles.of(facts, watch.sorter);
        Named { name, role }
    }

    /// Whether a record that was not refused may be in the sample.
    pub(in super::super) fn takes(
        &mut self,
        facts: &Facts<'_>,
        named: Named,
        id: Identifier,
        watch: &Watch<'_>,
    ) -> bool {
        let Named { name, role } = named;
        let standing = watch.standing;
        let (stratum, own) = (stratum(facts, name), priority(id));
        if changes(facts, role) && self.changes.takes(mix(stratum, 1), own, standing.changes.get())
        {
            return true;
        }
        if links(facts, role) {
            let lot = minutes::lot(number([facts.account]), facts.time);
            if lot < standing.minutes.load(Relaxed) {
                return true;
            }
        }
        self.calls.takes(stratum, own, standing.calls.get())
    }

    /// The stratum of a call that failed, by the number of what it says.
    pub(in super::super) fn sort(
        &mut self,
        says: u64,
        ask: impl FnOnce() -> Option<u64>,
    ) -> Option<u64> {
        if self.sorts.len() == SORTS {
            self.sorts.clear();
        }
        *self.sorts.entry(says).or_insert_with(ask)
    }

    /// The same of a refused call, of that stratum.
    pub(in super::super) fn takes_refused(
        &mut self,
        facts: &Facts<'_>,
        stratum: u64,
        id: Identifier,
        watch: &Watch<'_>,
    ) -> bool {
        let first = self.first.entry(stratum).or_insert(facts.time);
        let is_first = facts.time <= *first;
        *first = facts.time.min(*first);
        let lot = minutes::lot(number([facts.account]), facts.time);
        let own = priority_of_refused(lot, id);
        is_first
            || self.refused.takes(stratum, own, watch.standing.refused.get())
            || lot < watch.standing.minutes.load(Relaxed)
    }
}

impl Named {
    /// Notes in a trace that a file holds such a record.
    pub(in super::super) fn note(self, facts: &Facts<'_>, trace: &mut Trace) {
        trace.note(facts, self.name, self.role);
    }

    /// Whether a record surrounds a refused call that was kept; `None` the first time, when that is
    /// not yet known.
    pub(in super::super) fn surrounds(self, facts: &Facts<'_>, watch: &Watch<'_>) -> Option<bool> {
        let wanted = watch.wanted?;
        let rank = wanted.rank(facts, self.role);
        // Which session it began, and so who wants that, only its answer tells.
        Some(rank.is_some_and(|rank| wanted.takes(rank)) || wanted.may_begin(facts))
    }
}
