//! From what was gathered to what is analysed, or to what a part contributes.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};

use super::super::blind_spot::BlindSpot;
use super::super::contribution::{Contribution, Terms};
use super::super::merge::{self, Known};
use super::super::plan::Books;
use super::facts::{Facts, number};
use super::gather::{self, Cuts, Gather, Kept, Seed, Surroundings};
use super::near::{By, Near, Wanted};
use super::scout::Roles;
use super::{Budget, Sorter};
use crate::error::Result;
use crate::event::{Event, Time};
use crate::ingest::Ingested;

/// What a first look at everything gave.
pub(super) struct Met<'s> {
    /// Everything, of a small export.
    pub(super) all: Option<Vec<Known>>,
    /// Else what was kept of it.
    pub(super) gather: Gather<'s>,
    /// Records, copies left out.
    pub(super) kept: u64,
    /// Of these, what services told beside CloudTrail.
    pub(super) notifications: u64,
    pub(super) books: Books,
}

/// What can be looked at again.
pub(super) trait Again {
    /// Hands over what is wanted, and perhaps more.
    fn again(&mut self, wanted: &Wanted, take: &mut dyn FnMut(Known)) -> Result<()>;

    /// Where it begins and ends.
    fn edges(&mut self) -> Result<Vec<Edge>>;
}

/// When the first and the last record of an account were made that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) account: u64,
    pub(super) first: Time,
    pub(super) last: Time,
}

impl Edge {
    /// The outermost of each account.
    pub(super) fn outermost(spans: impl Iterator<Item = (u64, Time, Time)>) -> Vec<Edge> {
        let mut edges: BTreeMap<u64, Edge> = BTreeMap::new();
        for (account, first, last) in spans {
            let edge = edges.entry(account).or_insert(Edge { account, first, last });
            edge.first = edge.first.min(first);
            edge.last = edge.last.max(last);
        }
        edges.into_values().collect()
    }
}

/// Counts a record and takes it in where it belongs.
pub(super) fn enter(
    gather: &mut Gather<'_>,
    mut is_new: impl FnMut(&Known) -> bool,
    known: &Known,
) {
    let stratum = gather.offer(known);
    if is_new(known)
        && let Some(stratum) = stratum
    {
        gather.count(stratum, known.event.time);
    }
}

/// A sample, in order, without copies.
struct Sampled {
    events: Vec<Known>,
    kept: Kept,
    /// Ids of the refused calls whose surroundings are complete.
    judged: HashSet<u128>,
}

impl Met<'_> {
    /// What is to be analysed.
    pub(super) fn ingested(
        self,
        again: &mut dyn Again,
        sorter: &dyn Sorter,
        budget: &Budget,
    ) -> Result<Ingested> {
        let Met { all, gather, kept, notifications, books } = self;
        if let Some(all) = all {
            return Ok(whole(all, books));
        }
        let seeds = |seed: &Seed| (seed.is_first, seed.in_minute);
        let Sampled { mut events, kept: gathered, judged } =
            sampled(gather, again, sorter, (budget.surroundings, 0), seeds)?;
        merge::remove_replaced(&mut events);
        let told = merge::tell_apart(&mut events);
        let sample = gather::sample(&events, kept, gathered, &judged, sorter);
        let events = bare(events);
        let mut ledger = close(books, kept, told);
        ledger.records.notifications = notifications;
        let shared = merge::shared(&events);
        Ok(Ingested { events, ledger, shared, sample: Some(sample) })
    }

    /// What it contributes to a larger whole.
    pub(super) fn contribution(
        self,
        terms: Terms,
        again: &mut dyn Again,
        sorter: &dyn Sorter,
        budget: &Budget,
    ) -> Result<Contribution> {
        let Met { all, gather, kept, notifications, books } = self;
        let Books { mut ledger, mut sight } = books;
        ledger.skipped.sort();
        sight.settle();
        if let Some(all) = all {
            let events = united(all);
            let events = bare(events);
            ledger.records.kept = events.len() as u64;
            ledger.records.notifications = merge::notifications(&events);
            let totals = HashMap::default();
            return Ok(Contribution { terms, events, ledger, sight, totals, cuts: None });
        }
        ledger.records.kept = kept;
        ledger.records.notifications = notifications;
        // Minutes that are kept here may be left out of the whole, and what is first here need not be
        // first there.
        let seeds = |seed: &Seed| (seed.is_first, false);
        // What is left out here must be left out there, where calls of other parts take room as well.
        let most = (2 * budget.surroundings, budget.edges);
        let sampled = sampled(gather, again, sorter, most, seeds)?;
        let cuts: Option<Cuts> = Some(sampled.kept.cuts);
        let totals = sampled.kept.totals;
        Ok(Contribution { terms, events: bare(sampled.events), ledger, sight, totals, cuts })
    }
}

/// Fetches what surrounds the refused calls. `seeds` says of each whether it is the first of its sort,
/// and whether its minute is kept. So many calls at the edges are fetched too: calls just across may
/// belong to them.
fn sampled(
    gather: Gather<'_>,
    again: &mut dyn Again,
    sorter: &dyn Sorter,
    (budget, edges): (usize, usize),
    seeds: impl Fn(&Seed) -> (bool, bool),
) -> Result<Sampled> {
    let (mut kept, found) = gather.finish(edges > 0);
    let mut wanted = Wanted::default();
    let mut further: Vec<(u32, Vec<Near>)> = Vec::new();
    for (rank, seed) in (0..).zip(found.iter().chain(&kept.alike)) {
        let (is_first, in_minute) = seeds(seed);
        let near = sorter.near(&seed.known.event, is_first, in_minute);
        // What a call is only compared with need not be traced that far.
        let is_found = (rank as usize) < found.len();
        let far = |near: &Near| near.otherwise || !is_found && matches!(near.by, By::Session(_));
        near.iter().filter(|near| !far(near)).for_each(|near| wanted.want(near, rank));
        if near.iter().any(|near| near.otherwise) && is_found {
            further.push((rank, near));
        }
    }
    if edges > 0 {
        again.edges()?.into_iter().for_each(|edge| wanted.want_edge(edge));
    }
    let mut surroundings = Surroundings::new(sorter, budget, edges);
    let mut look_for = |surroundings: &mut Surroundings<'_>, wanted: Wanted| {
        surroundings.leave_out(&wanted);
        match wanted.is_empty() {
            true => Ok(()),
            false => again.again(&wanted, &mut |known| surroundings.offer(&wanted, known)),
        }
    };
    look_for(&mut surroundings, wanted)?;
    further.retain(|(rank, _)| surroundings.has_room_for(*rank));
    let starts = {
        let kept = kept.events.iter().chain(found.iter().map(|seed| &seed.known));
        Starts::of(kept.map(|known| &known.event).chain(surroundings.events()), sorter)
    };
    let mut wanted = Wanted::default();
    for (rank, near) in further.iter().filter(|(_, near)| !starts.have_any(near)) {
        near.iter().filter(|near| near.otherwise).for_each(|near| wanted.want(near, *rank));
    }
    look_for(&mut surroundings, wanted)?;
    let (near, complete) = surroundings.finish();
    let mut events = std::mem::take(&mut kept.events);
    events.extend(near);
    let mut judged: HashSet<u128> = HashSet::default();
    for (_, seed) in (0..complete).zip(found) {
        judged.insert(seed.known.id.number());
        events.push(seed.known);
    }
    Ok(Sampled { events: united(events), kept, judged })
}

/// When callers started work of a service.
struct Starts(HashMap<(u64, u64, u64), Vec<Time>>);

impl Starts {
    fn of<'e>(events: impl Iterator<Item = &'e Event>, sorter: &dyn Sorter) -> Starts {
        let mut roles = Roles::default();
        let mut starts: HashMap<(u64, u64, u64), Vec<Time>> = HashMap::default();
        for event in events {
            let facts = Facts::of(event);
            let (_, role) = roles.of(&facts, sorter);
            if let Some(actor) = facts.actor.filter(|_| role.starts) {
                let key = Starts::key(facts.account, actor, facts.source);
                starts.entry(key).or_default().push(facts.time);
            }
        }
        Starts(starts)
    }

    fn key(account: Option<&str>, actor: &str, source: &str) -> (u64, u64, u64) {
        (number([account]), number([Some(actor)]), number([Some(source)]))
    }

    /// Whether there is any of what was looked for at first.
    fn have_any(&self, near: &[Near]) -> bool {
        near.iter().filter(|near| !near.otherwise).any(|near| match &near.by {
            By::ActorAndSource(actor, source) => {
                let key = Starts::key(near.account.as_deref(), actor, source);
                let times = self.0.get(&key);
                times.is_some_and(|times| times.iter().any(|at| (near.from..=near.to).contains(at)))
            }
            _ => false,
        })
    }
}

/// Sorted and without copies.
fn united(mut events: Vec<Known>) -> Vec<Known> {
    merge::sort(&mut events);
    let mut once: HashSet<u128> = HashSet::default();
    merge::remove_copies(&mut events, |id| once.insert(id.number()));
    events
}

fn bare(events: Vec<Known>) -> Vec<Event> {
    events.into_iter().map(|known| known.event).collect()
}

fn whole(all: Vec<Known>, books: Books) -> Ingested {
    let mut events = united(all);
    merge::remove_replaced(&mut events);
    let told = merge::tell_apart(&mut events);
    let events = bare(events);
    let mut ledger = close(books, events.len() as u64, told);
    ledger.records.notifications = merge::notifications(&events);
    let shared = merge::shared(&events);
    Ingested { events, ledger, shared, sample: None }
}

fn close(books: Books, kept: u64, told: Option<BlindSpot>) -> super::super::Ledger {
    let records = books.ledger.records;
    let met = records.read.saturating_sub(records.malformed + records.out_of_range);
    let mut ledger = books.close(kept, met.saturating_sub(kept), 0);
    ledger.note(told);
    ledger
}
