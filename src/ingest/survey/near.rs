//! What surrounds the refused calls that were kept: where to look for the calls they were made for,
//! and for those that worked at that time.

use foldhash::{HashMap, HashSet};

use super::Role;
use super::conclude::Edge;
use super::facts::{Facts, mix, number};
use super::scout::links;
use super::trace::{Held, Marks, text};
use crate::event::Time;

/// Milliseconds that are looked at as one.
const NARROW: i64 = 4_000;

/// The same for long stretches.
const WIDE: i64 = 256_000;

/// Calls that belong together may lie on both sides of an edge: as far apart as a call is from its
/// parent, and as deliveries overlap.
const EDGE: i64 = 64_000;
const EDGES: u32 = 15;

/// Longer stretches are looked at in wide steps.
const LONG: i64 = 300_000;

/// Calls near a refused one that have to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// The account the calls were delivered to.
    pub account: Option<String>,
    /// From this moment.
    pub from: Time,
    /// To this moment.
    pub to: Time,
    /// What they have in common.
    pub by: By,
}

/// What the calls around a refused one have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The caller, with its session.
    Actor(String),
    /// The service that was called, by a service.
    Source(String),
    /// The service that was called, where such a call starts work or issues credentials.
    Start(String),
    /// Both the caller and the service that was called, where such a call starts work.
    ActorAndSource(String, String),
    /// The service that called.
    Invoker(String),
    /// The caller, with its session, and the service that called on its behalf.
    ActorAndInvoker(String, String),
    /// The call: event source and event name.
    Call(String, String),
}

/// All of it, by number: the lowest rank that wants it.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    ranks: HashMap<u64, u32>,
    /// The stretches of [`WIDE`] in which anything is wanted.
    stretches: HashSet<(u64, i64)>,
    /// What is wanted in each stretch, of any account, by position in `looks`.
    by_stretch: HashMap<i64, Vec<u32>>,
    looks: Vec<Look>,
}

/// Where to look for something.
#[derive(Debug, Clone, Copy)]
struct Look {
    account: u64,
    from: Time,
    to: Time,
    /// `None` for whatever is there.
    marks: Option<Marks>,
}

/// What the kinds of [`By`] are told apart by.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Actor = 1,
    Source,
    Start,
    ActorAndSource,
    Invoker,
    ActorAndInvoker,
    Call,
    All,
}

fn key(kind: Kind, account: u64, what: u64, step: i64, at: i64) -> u64 {
    let kind = kind as u64 | if step == WIDE { 16 } else { 0 };
    mix(mix(account, what), mix(kind, at as u64))
}

impl Wanted {
    /// Wants what is near, for the refused call of that rank.
    pub(super) fn want(&mut self, near: &Near, rank: u32) {
        let account = number([near.account.as_deref()]);
        let (kind, what, marks) = match &near.by {
            By::Actor(actor) => {
                let actor = text(actor);
                (Kind::Actor, actor, Marks::actor(actor))
            }
            By::Source(source) => {
                let source = text(source);
                (Kind::Source, source, Marks::source(source))
            }
            By::Start(source) => {
                let source = text(source);
                (Kind::Start, source, Marks::start(source))
            }
            By::ActorAndSource(actor, source) => {
                let (actor, source) = (text(actor), text(source));
                let marks = Marks::actor_and_source(actor, source);
                (Kind::ActorAndSource, mix(actor, source), marks)
            }
            By::Invoker(invoker) => {
                let invoker = text(invoker);
                (Kind::Invoker, invoker, Marks::invoker(invoker))
            }
            By::ActorAndInvoker(actor, invoker) => {
                let (actor, invoker) = (text(actor), text(invoker));
                let marks = Marks::actor_and_invoker(actor, invoker);
                (Kind::ActorAndInvoker, mix(actor, invoker), marks)
            }
            By::Call(source, name) => {
                let what = mix(text(source), text(name));
                (Kind::Call, what, Marks::call(source, name))
            }
        };
        let step = if near.to.0 - near.from.0 > LONG { WIDE } else { NARROW };
        for at in near.from.0.div_euclid(step)..=near.to.0.div_euclid(step) {
            let held = self.ranks.entry(key(kind, account, what, step, at)).or_insert(rank);
            *held = rank.min(*held);
        }
        // As far as `ranks` reaches, which knows only steps.
        let from = Time(near.from.0.div_euclid(step) * step);
        let to = Time((near.to.0.div_euclid(step) + 1) * step - 1);
        let look = self.looks.len() as u32;
        self.looks.push(Look { account, from, to, marks: Some(marks) });
        for at in near.from.0.div_euclid(WIDE)..=near.to.0.div_euclid(WIDE) {
            self.stretches.insert((account, at));
            self.by_stretch.entry(at).or_default().push(look);
        }
    }

    /// Wants what can be linked at the edges of what was read, the nearest first, after everything
    /// else.
    pub(super) fn want_edge(&mut self, edge: Edge) {
        for step in 0..EDGES {
            let begins = edge.first.0 + i64::from(step) * EDGE;
            let ends = edge.last.0 - i64::from(step) * EDGE;
            for (from, to) in [(begins, begins + EDGE), (ends - EDGE, ends)] {
                for at in from.div_euclid(NARROW)..=to.div_euclid(NARROW) {
                    let key = key(Kind::All, edge.account, 0, NARROW, at);
                    let rank = self.ranks.entry(key).or_insert(u32::MAX);
                    *rank = (u32::MAX - EDGES + step).min(*rank);
                }
                let look = self.looks.len() as u32;
                let account = edge.account;
                let (from, to) = (Time(from - NARROW), Time(to + NARROW));
                self.looks.push(Look { account, from, to, marks: None });
                for at in from.0.div_euclid(WIDE)..=to.0.div_euclid(WIDE) {
                    self.stretches.insert((account, at));
                    self.by_stretch.entry(at).or_default().push(look);
                }
            }
        }
    }

    /// Whether a rank is that of an edge.
    pub(super) fn is_edge(rank: u32) -> bool {
        rank >= u32::MAX - EDGES
    }

    /// Whether anything is wanted at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// Whether anything is wanted of a file.
    pub(super) fn meets(&self, held: &Held) -> bool {
        let meets = |look: &Look| {
            let account = held.account.is_none_or(|account| account == look.account);
            account
                && look.from <= held.to
                && held.from <= look.to
                && held
                    .trace
                    .as_ref()
                    .is_none_or(|trace| look.marks.is_none_or(|marks| marks.are_in(trace)))
        };
        let stretches = held.from.0.div_euclid(WIDE)..=held.to.0.div_euclid(WIDE);
        stretches
            .filter_map(|at| self.by_stretch.get(&at))
            .flatten()
            .any(|look| self.looks.get(*look as usize).is_some_and(meets))
    }

    /// The lowest rank that wants a record.
    pub(super) fn rank(&self, facts: &Facts<'_>, role: Role) -> Option<u32> {
        let account = number([facts.account]);
        if !self.stretches.contains(&(account, facts.time.0.div_euclid(WIDE))) {
            return None;
        }
        let (narrow, wide) = (facts.time.0.div_euclid(NARROW), facts.time.0.div_euclid(WIDE));
        let wanted = |kind, what| {
            let narrow = self.ranks.get(&key(kind, account, what, NARROW, narrow));
            let wide = self.ranks.get(&key(kind, account, what, WIDE, wide));
            narrow.into_iter().chain(wide).min().copied()
        };
        let source = text(facts.source);
        let mut lowest = wanted(Kind::Call, mix(source, text(facts.name)));
        let mut also = |rank: Option<u32>| {
            lowest = [lowest, rank].into_iter().flatten().min();
        };
        if !links(facts, role) {
            return lowest;
        }
        also(wanted(Kind::All, 0));
        if role.starts {
            also(wanted(Kind::Start, source));
        }
        if facts.by_service {
            also(wanted(Kind::Source, source));
        }
        let actor = facts.actor.map(text);
        if let Some(actor) = actor {
            also(wanted(Kind::Actor, actor));
            if role.starts {
                also(wanted(Kind::ActorAndSource, mix(actor, source)));
            }
        }
        if let Some(invoker) = facts.invoked_by.map(text) {
            also(wanted(Kind::Invoker, invoker));
            if let Some(actor) = actor {
                also(wanted(Kind::ActorAndInvoker, mix(actor, invoker)));
            }
        }
        lowest
    }
}
