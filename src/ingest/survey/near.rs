//! What surrounds the refused calls that were kept: where to look for the calls they were made for,
//! and for those that worked at that time.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

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
    /// Looked for only if none of the calls that a caller started work with is found nearer.
    pub otherwise: bool,
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
    /// The session, by its ARN, that they began.
    Session(String),
    /// The call itself, by its shared id, event source and event name: copies in any account.
    Copy(String, String, String),
}

/// All of it, by number: the lowest rank that wants it.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    ranks: HashMap<u64, u32>,
    /// The stretches of [`WIDE`] in which anything is wanted.
    stretches: HashSet<(u64, i64)>,
    /// The narrow stretches in which sessions that are looked for began.
    begun: HashSet<(u64, i64)>,
    /// The stretches in which copies are wanted, of any account.
    copies: HashSet<i64>,
    /// What is wanted in each stretch, of any account, by position in `looks`.
    by_stretch: HashMap<i64, Vec<u32>>,
    looks: Vec<Look>,
    near: Below,
    edges: Below,
}

/// Ranks from this one on are left out: more is wanted than there is room for. Only ever lowered, so
/// that threads which learn of it late only do more than they need to.
#[derive(Debug)]
struct Below(AtomicU32);

impl Default for Below {
    fn default() -> Self {
        Below(AtomicU32::new(u32::MAX))
    }
}

impl Below {
    fn takes(&self, rank: u32) -> bool {
        rank < self.0.load(Relaxed)
    }
}

/// The lowest ranks that may want something of a file. Edges have room of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranks {
    /// Of the refused calls; a higher one than any where none does.
    near: u32,
    /// Of the edges, likewise.
    edge: u32,
}

/// Where to look for something.
#[derive(Debug, Clone, Copy)]
struct Look {
    rank: u32,
    /// `None` for any.
    account: Option<u64>,
    from: Time,
    to: Time,
    /// `None` for whatever is there.
    marks: Option<Marks>,
}

/// Issues credentials.
const STS: &str = "sts.amazonaws.com";

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
    Session,
    Copy,
}

fn key(kind: Kind, account: u64, what: u64, step: i64, at: i64) -> u64 {
    let kind = kind as u64 | if step == WIDE { 16 } else { 0 };
    mix(mix(account, what), mix(kind, at as u64))
}

/// Of a copy of a call. As exact as what [`Look`] says of it, so that it does not matter what else is
/// in the file.
fn copy(shared: &str, source: &str, name: &str, at: i64) -> u64 {
    key(Kind::Copy, text(shared), number([Some(source), Some(name)]), NARROW, at)
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
            By::Session(session) => {
                let narrow = near.from.0.div_euclid(NARROW)..=near.to.0.div_euclid(NARROW);
                self.begun.extend(narrow.map(|at| (account, at)));
                (Kind::Session, text(session), Marks::start(text(STS)))
            }
            By::Copy(shared, source, name) => {
                return self.want_copies(near, shared, (source, name), rank);
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
        self.looks.push(Look { rank, account: Some(account), from, to, marks: Some(marks) });
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
                let rank = u32::MAX - EDGES + step;
                for at in from.div_euclid(NARROW)..=to.div_euclid(NARROW) {
                    let key = key(Kind::All, edge.account, 0, NARROW, at);
                    let held = self.ranks.entry(key).or_insert(rank);
                    *held = rank.min(*held);
                }
                let look = self.looks.len() as u32;
                let account = Some(edge.account);
                let (from, to) = (Time(from - NARROW), Time(to + NARROW));
                self.looks.push(Look { rank, account, from, to, marks: None });
                for at in from.0.div_euclid(WIDE)..=to.0.div_euclid(WIDE) {
                    self.stretches.insert((edge.account, at));
                    self.by_stretch.entry(at).or_default().push(look);
                }
            }
        }
    }

    /// Whether a rank is that of an edge.
    pub(super) fn is_edge(rank: u32) -> bool {
        rank >= u32::MAX - EDGES
    }

    fn want_copies(&mut self, near: &Near, shared: &str, call: (&str, &str), rank: u32) {
        let (source, name) = call;
        let (first, last) = (near.from.0.div_euclid(NARROW), near.to.0.div_euclid(NARROW));
        for at in first..=last {
            let held = self.ranks.entry(copy(shared, source, name, at)).or_insert(rank);
            *held = rank.min(*held);
        }
        let marks = Marks::call(source, name);
        let look = self.looks.len() as u32;
        let (from, to) = (Time(first * NARROW), Time((last + 1) * NARROW - 1));
        self.looks.push(Look { rank, account: None, from, to, marks: Some(marks) });
        for at in from.0.div_euclid(WIDE)..=to.0.div_euclid(WIDE) {
            self.copies.insert(at);
            self.by_stretch.entry(at).or_default().push(look);
        }
    }

    /// Whether anything is wanted at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// Leaves out what only ranks from these on want.
    pub(super) fn lower(&self, near: u32, edges: u32) {
        self.near.0.fetch_min(near, Relaxed);
        self.edges.0.fetch_min(edges, Relaxed);
    }

    /// Whether what a rank wants is not left out.
    pub(super) fn takes(&self, rank: u32) -> bool {
        match Wanted::is_edge(rank) {
            true => self.edges.takes(rank),
            false => self.near.takes(rank),
        }
    }

    /// The same of a file.
    pub(super) fn takes_any(&self, ranks: Ranks) -> bool {
        self.near.takes(ranks.near) || self.edges.takes(ranks.edge)
    }

    /// The lowest ranks that may want something of a file; `None` when nothing is wanted of it.
    pub(super) fn meets(&self, held: &Held) -> Option<Ranks> {
        let meets = |look: &Look| {
            let one = held.account.zip(look.account);
            let account = one.is_none_or(|(held, wanted)| held == wanted);
            account
                && look.from <= held.to
                && held.from <= look.to
                && held
                    .trace
                    .as_ref()
                    .is_none_or(|trace| look.marks.is_none_or(|marks| marks.are_in(trace)))
        };
        let stretches = held.from.0.div_euclid(WIDE)..=held.to.0.div_euclid(WIDE);
        let looks = stretches.filter_map(|at| self.by_stretch.get(&at)).flatten();
        let none = Ranks { near: u32::MAX, edge: u32::MAX };
        let mut lowest = none;
        for look in looks.filter_map(|look| self.looks.get(*look as usize)) {
            let lowest = match Wanted::is_edge(look.rank) {
                true => &mut lowest.edge,
                false => &mut lowest.near,
            };
            // Mostly they come in order, so that few traces are asked once one had it.
            if look.rank < *lowest && meets(look) {
                *lowest = look.rank;
            }
        }
        (lowest != none).then_some(lowest)
    }

    /// Whether a call may have begun a session that is looked for; its answer tells.
    pub(super) fn may_begin(&self, facts: &Facts<'_>) -> bool {
        let at = facts.time.0.div_euclid(NARROW);
        facts.source == STS && !facts.failed && self.begun.contains(&(number([facts.account]), at))
    }

    /// The lowest rank that wants the call that began a session.
    pub(super) fn rank_of_session(&self, facts: &Facts<'_>, session: &str) -> Option<u32> {
        let at = facts.time.0.div_euclid(NARROW);
        let key = key(Kind::Session, number([facts.account]), text(session), NARROW, at);
        self.ranks.get(&key).copied()
    }

    /// The lowest rank that wants a record.
    pub(super) fn rank(&self, facts: &Facts<'_>, role: Role) -> Option<u32> {
        let account = number([facts.account]);
        let (narrow, wide) = (facts.time.0.div_euclid(NARROW), facts.time.0.div_euclid(WIDE));
        let shared = facts.shared.filter(|_| self.copies.contains(&wide));
        let copied = shared.and_then(|shared| {
            self.ranks.get(&copy(shared, facts.source, facts.name, narrow)).copied()
        });
        if !self.stretches.contains(&(account, wide)) {
            return copied;
        }
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
        also(copied);
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

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn wanted() -> Wanted {
        let mut wanted = Wanted::default();
        for (from, rank) in [(0, 7), (HOUR, 3), (3 * HOUR, 1)] {
            let by = By::Call("s3.amazonaws.com".to_owned(), "GetObject".to_owned());
            let near = Near {
                account: None,
                from: Time(from),
                to: Time(from + 1_000),
                by,
                otherwise: false,
            };
            wanted.want(&near, rank);
        }
        wanted
    }

    fn held(from: i64, to: i64) -> Held {
        Held { from: Time(from), to: Time(to), account: None, trace: None }
    }

    #[test]
    fn a_file_is_read_as_long_as_there_is_room_for_the_lowest_rank_that_wants_it() {
        let wanted = wanted();
        assert_eq!(wanted.meets(&held(HOUR + 300_000, 2 * HOUR)), None);
        let ranks = wanted.meets(&held(0, 2 * HOUR)).unwrap();
        assert_eq!((ranks.near, ranks.edge), (3, u32::MAX));
        wanted.lower(4, u32::MAX);
        assert!(wanted.takes_any(ranks) && wanted.takes(3) && !wanted.takes(7));
        wanted.lower(3, u32::MAX);
        assert!(!wanted.takes_any(ranks) && !wanted.takes(3) && wanted.takes(1));
    }

    #[test]
    fn edges_have_room_of_their_own() {
        let mut wanted = wanted();
        let (first, last) = (Time(0), Time(9 * HOUR));
        wanted.want_edge(Edge { account: number([None]), first, last });
        let ranks = wanted.meets(&held(0, HOUR)).unwrap();
        let edge = u32::MAX - EDGES;
        assert_eq!((ranks.near, ranks.edge), (3, edge));
        wanted.lower(0, u32::MAX);
        assert!(wanted.takes_any(ranks) && wanted.takes(edge) && !wanted.takes(3));
        wanted.lower(u32::MAX, edge);
        assert!(!wanted.takes_any(ranks) && !wanted.takes(edge) && !wanted.takes(3));
    }
}
