//! The distinct calls of a trail that is too large to be held. What becomes of most calls hangs on
//! nothing but the policies and themselves: these are evaluated when they are first met, and of them
//! only counts stay.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::{self, Call, Calls, Described};
use super::fate::{self, Fate, Policies};
use super::key::Mentioned;
use super::{AT_ONCE, Count, Rehearsal, Tally, Trail, conclude, exception};
use crate::chain::{Chains, Knowledge};
use crate::event::{Event, Time};
use crate::history::History;
use crate::history::amend::Amendment;
use crate::history::inventory::Inventory;

/// What is rehearsed, on which part of the trail.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The history as it is.
    pub history: &'a History,
    /// With the changes in it.
    pub after: &'a History,
    /// The changes.
    pub amendments: &'a [Amendment],
    /// As of when the policies are taken; later calls are not looked at.
    pub present: Time,
    /// Earlier calls are not looked at.
    pub since: Option<Time>,
}

/// The calls of a trail as it goes by.
pub struct Passing<'p> {
    asked: Asked<'p>,
    policies: Policies<'p>,
    mentioned: Mentioned,
    inventory: Inventory<'p>,
    knowledge: &'p Knowledge,
    /// Those of which more than counts is kept.
    calls: Calls,
    /// How the others fare, by what tells them apart.
    plain: HashMap<u128, Plain, RandomState>,
    hashers: [RandomState; 2],
    tally: Tally,
    /// Refused calls that are kept, for trying exceptions on them.
    refused: usize,
}

/// What is easily said of a call.
#[derive(Debug, Clone, Copy)]
enum Plain {
    Untouched { is_certain: bool },
    Allowed,
    Refused,
}

impl Plain {
    fn of(fate: &Fate) -> Option<Plain> {
        match fate {
            Fate::Untouched { is_certain } => Some(Plain::Untouched { is_certain: *is_certain }),
            Fate::Allowed => Some(Plain::Allowed),
            Fate::Refused => Some(Plain::Refused),
            _ => None,
        }
    }

    fn fate(self) -> Fate {
        match self {
            Plain::Untouched { is_certain } => Fate::Untouched { is_certain },
            Plain::Allowed => Fate::Allowed,
            Plain::Refused => Fate::Refused,
        }
    }
}

impl<'p> Passing<'p> {
    /// Nothing has passed yet.
    pub fn new(asked: Asked<'p>, knowledge: &'p Knowledge) -> Passing<'p> {
        let Asked { history, after, amendments, present, .. } = asked;
        Passing {
            asked,
            policies: Policies::new(history, after, amendments, present),
            mentioned: Mentioned::by([history, after]),
            inventory: history.at(present),
            knowledge,
            calls: Calls::default(),
            plain: HashMap::default(),
            hashers: Default::default(),
            tally: Tally::default(),
            refused: 0,
        }
    }

    /// Takes in the events at these positions of a part of the trail, and its quiet calls, of which the
    /// numbers are given.
    pub fn take(&mut self, trail: &Trail<'_>, fresh: &[usize], quiet: &[usize]) {
        let Asked { present, since, .. } = self.asked;
        let takes =
            |event: &Event| event.time <= present && since.is_none_or(|since| event.time >= since);
        let of_fresh = |at: &usize| trail.events.get(*at).is_some_and(takes);
        let fresh: Vec<usize> = fresh.iter().copied().filter(of_fresh).collect();
        let own = trail.quiet.iter().zip(quiet).enumerate();
        let own = own.filter(|(_, (event, _))| takes(event));
        let own: Vec<(usize, usize)> = own.map(|(at, (_, number))| (at, *number)).collect();
        for some in fresh.chunks(AT_ONCE) {
            let of = |at: &usize| call::describe(trail, &self.inventory, &self.mentioned, *at);
            let described = some.par_iter().map(of).collect();
            self.add(trail, described);
        }
        for some in own.chunks(AT_ONCE) {
            let of = |at: &(usize, usize)| {
                call::describe_own(trail, &self.inventory, &self.mentioned, *at)
            };
            let described = some.par_iter().map(of).collect();
            self.add(trail, described);
        }
    }

    fn add(&mut self, trail: &Trail<'_>, described: Vec<Option<Described>>) {
        let first_new = self.calls.found().len();
        let mut touched = BTreeSet::new();
        for one in described.into_iter().flatten() {
            match self.plain.get(&self.digest(&one.key)) {
                Some(plain) => {
                    self.calls.see(&one);
                    self.tally.count(&plain.fate(), Count { calls: 0, records: 1 });
                }
                None => {
                    touched.insert(self.calls.add(one));
                }
            }
        }
        self.calls.keep(trail, touched.into_iter().take_while(|place| *place < first_new));
        let new = self.calls.take_from(first_new);
        let told = |call: &Call| fate::told(trail, &self.policies, call);
        let told: Vec<(Fate, bool)> = new.par_iter().map(told).collect();
        for (mut call, (fate, is_plain)) in new.into_iter().zip(told) {
            let is_tried_on = matches!(fate, Fate::Refused) && self.refused < exception::REFUSED;
            match Plain::of(&fate).filter(|_| is_plain && !is_tried_on) {
                Some(plain) => {
                    self.tally.add(&call, &fate);
                    self.plain.insert(self.digest(&call.key), plain);
                }
                None => {
                    self.refused += usize::from(is_tried_on);
                    call.keep(trail);
                    self.calls.put_back(call);
                }
            }
        }
    }

    /// Two numbers of 64 bits seeded anew in every run: no log can be written whose calls collide.
    fn digest(&self, key: &str) -> u128 {
        let [high, low] = &self.hashers;
        u128::from(high.hash_one(key)) << 64 | u128::from(low.hash_one(key))
    }

    /// What the changes would do to all that passed.
    pub fn finish(self) -> Rehearsal {
        let Asked { history, amendments, present, .. } = self.asked;
        let chains = Chains::build(&[], self.knowledge);
        let trail = &Trail::new(&[], &chains, self.knowledge);
        let calls = self.calls.found();
        let stage = exception::Stage { trail, history, amendments, present, calls };
        conclude(&stage, &self.policies, &self.calls, self.tally)
    }
}
