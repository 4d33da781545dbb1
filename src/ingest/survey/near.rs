//! What surrounds the refused calls that were kept: where to look for the calls they were made for,
//! and for those that worked at that time.

use foldhash::{HashMap, HashSet};

use super::Role;
use super::facts::{Facts, mix, number};
use super::scout::links;
use crate::event::Time;

/// Milliseconds that are looked at as one.
const NARROW: i64 = 4_000;

/// The same for long stretches.
const WIDE: i64 = 256_000;

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

/// What a file holds.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Held {
    /// The time of its first record.
    pub(in super::super) from: Time,
    /// The time of its last record.
    pub(in super::super) to: Time,
    /// The number of the account, where there is only one.
    pub(in super::super) account: Option<u64>,
}

/// All of it, by number: the lowest rank that wants it.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    ranks: HashMap<u64, u32>,
    /// The stretches of [`WIDE`] in which anything is wanted.
    stretches: HashSet<(u64, i64)>,
    /// The same, of any account.
    anywhere: HashSet<i64>,
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
}

fn text(text: &str) -> u64 {
    number([Some(text)])
}

fn key(kind: Kind, account: u64, what: u64, step: i64, at: i64) -> u64 {
    let kind = kind as u64 | if step == WIDE { 16 } else { 0 };
    mix(mix(account, what), mix(kind, at as u64))
}

impl Wanted {
    /// Wants what is near, for the refused call of that rank.
    pub(super) fn want(&mut self, near: &Near, rank: u32) {
        let account = number([near.account.as_deref()]);
        let (kind, what) = match &near.by {
            By::Actor(actor) => (Kind::Actor, text(actor)),
            By::Source(source) => (Kind::Source, text(source)),
            By::Start(source) => (Kind::Start, text(source)),
            By::ActorAndSource(actor, source) => {
                (Kind::ActorAndSource, mix(text(actor), text(source)))
            }
            By::Invoker(invoker) => (Kind::Invoker, text(invoker)),
            By::ActorAndInvoker(actor, invoker) => {
                (Kind::ActorAndInvoker, mix(text(actor), text(invoker)))
            }
            By::Call(source, name) => (Kind::Call, mix(text(source), text(name))),
        };
        let step = if near.to.0 - near.from.0 > LONG { WIDE } else { NARROW };
        for at in near.from.0.div_euclid(step)..=near.to.0.div_euclid(step) {
            let held = self.ranks.entry(key(kind, account, what, step, at)).or_insert(rank);
            *held = rank.min(*held);
        }
        for at in near.from.0.div_euclid(WIDE)..=near.to.0.div_euclid(WIDE) {
            self.stretches.insert((account, at));
            self.anywhere.insert(at);
        }
    }

    /// Whether anything is wanted at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// Whether anything is wanted of a file.
    pub(super) fn meets(&self, held: Held) -> bool {
        let mut at = held.from.0.div_euclid(WIDE)..=held.to.0.div_euclid(WIDE);
        match held.account {
            Some(account) => at.any(|at| self.stretches.contains(&(account, at))),
            None => at.any(|at| self.anywhere.contains(&at)),
        }
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
