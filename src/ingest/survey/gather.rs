//! Where the records come together: what is kept is decided here.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use foldhash::{HashMap, HashSet};

use super::super::merge::{self, Known};
use super::super::sample::{Sample, Total};
use super::facts::{Facts, mix, number, priority, priority_of_refused};
use super::minutes::{self, Minutes};
use super::near::Wanted;
use super::scout::{Roles, Standing, changes, links, stratum};
use super::strata::{Cut, Strata};
use super::{Budget, Sorter};
use crate::event::{Event, Time, json};

/// How far every part of a sample had to be cut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cuts {
    pub(crate) refused: Cut,
    pub(crate) changes: Cut,
    pub(crate) calls: Cut,
    /// Minutes from this number on are left out.
    pub(crate) minutes: u64,
}

/// A sample while it grows.
pub(super) struct Gather<'s> {
    sorter: &'s dyn Sorter,
    roles: Roles,
    refused: Strata,
    /// The first of every stratum.
    first: BTreeMap<u64, Known>,
    changes: Strata,
    most_changes: usize,
    calls: Strata,
    minutes: Minutes,
    /// How often every sort of call was refused.
    pub(super) totals: HashMap<u64, Total>,
}

impl<'s> Gather<'s> {
    pub(super) fn new(sorter: &'s dyn Sorter, budget: &Budget) -> Gather<'s> {
        Gather {
            sorter,
            roles: Roles::default(),
            refused: Strata::new(budget.refused, budget.refused_each),
            first: BTreeMap::new(),
            changes: Strata::new(budget.changes, budget.changes_each),
            most_changes: budget.changes_each,
            calls: Strata::new(budget.calls, budget.calls_each),
            minutes: Minutes::new(budget.minutes),
            totals: HashMap::default(),
        }
    }

    /// How far it was cut down so far.
    pub(super) fn cuts(&self) -> Cuts {
        Cuts {
            refused: self.refused.cut(),
            changes: self.changes.cut(),
            calls: self.calls.cut(),
            minutes: self.minutes.below(),
        }
    }

    /// Cuts down as far as another sample was.
    pub(super) fn deepen(&mut self, cuts: Cuts) {
        self.refused.deepen(cuts.refused);
        self.changes.deepen(cuts.changes);
        self.calls.deepen(cuts.calls);
        self.minutes.deepen(cuts.minutes);
    }

    /// Tells the reading threads how it stands.
    pub(super) fn tell(&self, standing: &Standing) {
        let cuts = self.cuts();
        standing.refused.set(cuts.refused);
        standing.changes.set(cuts.changes);
        standing.calls.set(cuts.calls);
        standing.minutes.store(cuts.minutes, Relaxed);
    }

    /// Takes a record in where it belongs. Gives back its stratum, if it was refused.
    pub(super) fn offer(&mut self, known: &Known) -> Option<u64> {
        let facts = Facts::of(&known.event);
        let (name, role) = self.roles.of(&facts, self.sorter);
        let lot = minutes::lot(number([facts.account]), facts.time);
        if links(&facts, role) {
            self.minutes.offer(lot, known);
        }
        let refused = if facts.failed { self.sorter.refused(&known.event) } else { None };
        if let Some(stratum) = refused {
            self.refused.offer(stratum, priority_of_refused(lot, known.id), known);
            self.offer_first(stratum, known);
            return refused;
        }
        let (stratum, own) = (stratum(&facts, name), priority(known.id));
        // That work failed is told once, and what it belongs to is looked for by its ids.
        let tells = known.event.notification().is_some_and(|told| told.failed);
        if changes(&facts, role) || tells {
            self.changes.offer(mix(stratum, 1), own, known);
        }
        self.calls.offer(stratum, own, known);
        None
    }

    fn offer_first(&mut self, stratum: u64, known: &Known) {
        match self.first.get_mut(&stratum) {
            None => {
                self.first.insert(stratum, known.clone());
            }
            Some(first) => match merge::order(known, first) {
                std::cmp::Ordering::Less => *first = known.clone(),
                std::cmp::Ordering::Equal => merge::keep_better(first, known),
                std::cmp::Ordering::Greater => {}
            },
        }
    }

    /// Counts a refused call of a stratum.
    pub(super) fn count(&mut self, stratum: u64, time: Time) {
        let one = Total { count: 1, first: time, last: time };
        self.add(stratum, one);
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, stratum: u64, total: Total) {
        let held = self.totals.entry(stratum).or_insert(Total { count: 0, ..total });
        *held = held.and(total);
    }

    /// What was kept, and the refused calls of it in the order in which their surroundings matter:
    /// the first of every sort before the others. In another part of the whole other kinds may have
    /// been refused.
    pub(super) fn finish(mut self, is_part: bool) -> (Kept, Vec<Seed>) {
        let cuts = self.cuts();
        let refused = &self.refused;
        self.first.retain(|stratum, _| refused.has(*stratum));
        let mut ranked: BTreeMap<(bool, u64, u128), Known> = BTreeMap::new();
        let first = self.first.into_values().map(|known| (false, known));
        let others = self.refused.into_kept().map(|(_, known)| (true, known));
        for (later, known) in first.chain(others) {
            let place = (later, priority(known.id), known.id.number());
            ranked.entry(place).or_insert(known);
        }
        let mut met: HashSet<u128> = HashSet::default();
        let seeds = ranked
            .into_iter()
            .filter(|(_, known)| met.insert(known.id.number()))
            .map(|((later, ..), known)| {
                let facts = Facts::of(&known.event);
                let minute = minutes::minute(number([facts.account]), facts.time);
                Seed { is_first: !later, in_minute: minute < cuts.minutes, known }
            })
            .collect::<Vec<Seed>>();
        let calls: Vec<(u64, Known)> = self.calls.into_kept().collect();
        let worked = calls.iter().map(|(_, known)| known);
        let alike = alike(&seeds, worked, cuts.minutes, is_part);
        let calls = self.changes.into_kept().chain(calls);
        let kept = self.minutes.into_kept().chain(calls.map(|(_, known)| known)).collect();
        let all_changes = cuts.changes.cap == self.most_changes && cuts.changes.below == u64::MAX;
        (Kept { events: kept, cuts, totals: self.totals, alike, all_changes }, seeds)
    }
}

/// Of every kind of call that was refused some that worked: what they were made for tells how soon
/// such calls come, with which key, and whom it works for.
/// With `any`, of every kind of call that services made.
fn alike<'k>(
    seeds: &[Seed],
    calls: impl Iterator<Item = &'k Known>,
    minutes: u64,
    any: bool,
) -> Vec<Seed> {
    let kind = |known: &Known| {
        let facts = Facts::of(&known.event);
        number([facts.account, Some(facts.source), Some(facts.name), facts.invoked_by])
    };
    let mut kinds: BTreeMap<u64, BTreeMap<(u64, u128), &Known>> =
        seeds.iter().map(|seed| (kind(&seed.known), BTreeMap::new())).collect();
    for known in calls.filter(|known| !known.event.failed()) {
        let kind = kind(known);
        if any && Facts::of(&known.event).by_service {
            kinds.entry(kind).or_default();
        }
        if let Some(kept) = kinds.get_mut(&kind) {
            kept.insert((priority(known.id), known.id.number()), known);
            if kept.len() > ALIKE {
                kept.pop_last();
            }
        }
    }
    let alike = kinds.into_values().flat_map(BTreeMap::into_values).cloned();
    alike
        .map(|known| {
            let facts = Facts::of(&known.event);
            let minute = minutes::minute(number([facts.account]), facts.time);
            Seed { is_first: false, in_minute: minute < minutes, known }
        })
        .collect()
}

/// So many calls that worked, of each kind of call that was refused.
const ALIKE: usize = 4;

/// A call whose surroundings are fetched: a refused one that was kept, or one like it.
pub(super) struct Seed {
    /// It is the first of its sort.
    pub(super) is_first: bool,
    /// The minute of the call is kept.
    pub(super) in_minute: bool,
    pub(super) known: Known,
}

/// What a sample holds, but for the refused calls and what surrounds them.
pub(super) struct Kept {
    pub(super) events: Vec<Known>,
    pub(super) cuts: Cuts,
    pub(super) totals: HashMap<u64, Total>,
    /// Calls that worked, of the kinds that were refused, to fetch what they belong to as well.
    pub(super) alike: Vec<Seed>,
    /// Every change was kept.
    pub(super) all_changes: bool,
}

/// What surrounds refused calls, by the rank of the first call that wants it.
pub(super) struct Surroundings<'w> {
    sorter: &'w dyn Sorter,
    roles: Roles,
    near: Ranked,
    edges: Ranked,
}

/// Records of the lowest ranks, as many as fit; of a rank all or none.
struct Ranked {
    budget: usize,
    /// Ranks from this one on are left out.
    below: u32,
    kept: BTreeMap<(u32, u128), Known>,
}

impl Ranked {
    fn new(budget: usize) -> Ranked {
        Ranked { budget, below: u32::MAX, kept: BTreeMap::new() }
    }

    fn offer(&mut self, rank: u32, known: Known) {
        if rank >= self.below {
            return;
        }
        let key = (rank, known.id.number());
        match self.kept.get_mut(&key) {
            Some(held) => merge::keep_better(held, &known),
            None => {
                self.kept.insert(key, known);
            }
        }
        while self.kept.len() > self.budget {
            let Some(((last, _), _)) = self.kept.last_key_value() else { break };
            self.below = *last;
            self.kept.split_off(&(self.below, 0));
        }
    }
}

impl<'w> Surroundings<'w> {
    /// At most `near` records around refused calls, and `edges` at the edges.
    pub(super) fn new(sorter: &'w dyn Sorter, near: usize, edges: usize) -> Self {
        let (near, edges) = (Ranked::new(near), Ranked::new(edges));
        Surroundings { sorter, roles: Roles::default(), near, edges }
    }

    /// Takes a record in, if it is wanted.
    pub(super) fn offer(&mut self, wanted: &Wanted, known: Known) {
        let facts = Facts::of(&known.event);
        let (_, role) = self.roles.of(&facts, self.sorter);
        let near = wanted.rank(&facts, role);
        let begun = wanted.may_begin(&facts).then(|| begun_session(&known.event)).flatten();
        let begun = begun.and_then(|session| wanted.rank_of_session(&facts, &session));
        let Some(rank) = near.into_iter().chain(begun).min() else { return };
        match Wanted::is_edge(rank) {
            true => self.edges.offer(rank, known),
            false => self.near.offer(rank, known),
        }
        self.leave_out(wanted);
    }

    /// Says what there is no room for.
    pub(super) fn leave_out(&self, wanted: &Wanted) {
        wanted.lower(self.near.below, self.edges.below);
    }

    /// What was kept so far.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.near.kept.values().chain(self.edges.kept.values()).map(|known| &known.event)
    }

    /// Whether the surroundings of that rank are still complete.
    pub(super) fn has_room_for(&self, rank: u32) -> bool {
        rank < self.near.below
    }

    /// What was kept, and the first rank whose surroundings are not complete.
    pub(super) fn finish(self) -> (impl Iterator<Item = Known>, u32) {
        let below = self.near.below;
        (self.near.kept.into_values().chain(self.edges.kept.into_values()), below)
    }
}

/// The ARN of the session that a call's answer tells of.
fn begun_session(event: &Event) -> Option<String> {
    let mut session = None;
    json::leaves(event.response()?, |path, value| {
        if path.eq_ignore_ascii_case("assumedRoleUser.arn") {
            session = Some(value.to_owned());
        }
    });
    session
}

/// Says how events, in order, stand for all records. Of the refused calls those in `judged` are to
/// be judged.
pub(super) fn sample(
    events: &[Known],
    records: u64,
    kept: Kept,
    judged: &HashSet<u128>,
    sorter: &dyn Sorter,
) -> Sample {
    let mut roles = Roles::default();
    let mut sample = Sample { records, totals: kept.totals, ..Sample::default() };
    for (index, Known { id, event }) in events.iter().enumerate() {
        let facts = Facts::of(event);
        let (_, role) = roles.of(&facts, sorter);
        let minute = minutes::minute(number([facts.account]), facts.time);
        sample.surrounded.push(minute < kept.cuts.minutes && links(&facts, role));
        if judged.contains(&id.number())
            && let Some(stratum) = sorter.refused(event)
        {
            sample.strata.insert(index, stratum);
        }
    }
    if kept.all_changes {
        sample = sample.with_all_changes();
    }
    let strata: HashSet<u64> = sample.strata.values().copied().collect();
    let judged = |stratum: &u64| strata.contains(stratum);
    let left = sample.totals.iter().filter(|(stratum, _)| !judged(stratum));
    sample.unjudged = left.map(|(_, total)| total.count).sum();
    sample.totals.retain(|stratum, _| judged(stratum));
    sample
}
