//! Whole minutes of an account, chosen by lot: everything in them that can be linked is kept, so
//! that complete chains are there to learn from and to compare with.
//!
//! A minute's chains are complete only with the calls a little before and after it; those are kept
//! too. Minutes with the lowest numbers win, as many as fit: the choice depends only on which records
//! there are, and those of parts give those of the whole.

use std::collections::BTreeMap;

use super::super::merge::{self, Known};
use super::facts::mix;
use crate::event::Time;

const MINUTE: i64 = 60_000;

/// How long before a call its parent is, where that waits for it.
const BEFORE: i64 = 20_000;

/// The same of a call that makes others.
const AFTER: i64 = 40_000;

/// The number of the minute of a call, that of the account given.
pub(super) fn minute(account: u64, time: Time) -> u64 {
    mix(account, time.0.div_euclid(MINUTE) as u64)
}

/// The lowest number of the minutes that a call is kept for.
pub(super) fn lot(account: u64, time: Time) -> u64 {
    let own = time.0.div_euclid(MINUTE);
    let first = (time.0 - AFTER).div_euclid(MINUTE);
    let last = (time.0 + BEFORE).div_euclid(MINUTE);
    let next = if last > own { mix(account, last as u64) } else { u64::MAX };
    mix(account, first as u64).min(mix(account, own as u64)).min(next)
}

/// The records of the minutes that were chosen.
#[derive(Debug)]
pub(super) struct Minutes {
    budget: usize,
    below: u64,
    kept: BTreeMap<(u64, u128), Known>,
}

impl Minutes {
    /// At most `budget` records.
    pub(super) fn new(budget: usize) -> Minutes {
        Minutes { budget, below: u64::MAX, kept: BTreeMap::new() }
    }

    /// Only minutes below this number are kept.
    pub(super) fn below(&self) -> u64 {
        self.below
    }

    /// Takes a record in whose lot is drawn.
    pub(super) fn offer(&mut self, lot: u64, known: &Known) {
        if lot >= self.below {
            return;
        }
        match self.kept.get_mut(&(lot, known.id.number())) {
            Some(held) => merge::keep_better(held, known),
            None => {
                self.kept.insert((lot, known.id.number()), known.clone());
            }
        }
        while self.kept.len() > self.budget {
            let Some(((last, _), _)) = self.kept.last_key_value() else { break };
            self.deepen(*last);
        }
    }

    /// Leaves out minutes from this number on.
    pub(super) fn deepen(&mut self, below: u64) {
        self.below = self.below.min(below);
        self.kept.split_off(&(self.below, 0));
    }

    /// What was kept.
    pub(super) fn into_kept(self) -> impl Iterator<Item = Known> {
        self.kept.into_values()
    }
}
