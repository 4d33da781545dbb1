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

/// Minutes that lie together in files, mostly: the lot is drawn for all of them before it is for each,
/// so that fewer files hold what is kept, and what surrounds it.
const TOGETHER: i64 = 5;

/// The number of the minute of a call, that of the account given.
pub(super) fn minute(account: u64, time: Time) -> u64 {
    numbered(account, time.0.div_euclid(MINUTE))
}

fn numbered(account: u64, minute: i64) -> u64 {
    let together = mix(account, minute.div_euclid(TOGETHER) as u64);
    together & !LOW | mix(account, minute as u64) & LOW
}

const LOW: u64 = 0xffff_ffff;

/// The lowest number of the minutes that a call is kept for.
pub(super) fn lot(account: u64, time: Time) -> u64 {
    let own = time.0.div_euclid(MINUTE);
    let first = (time.0 - AFTER).div_euclid(MINUTE);
    let last = (time.0 + BEFORE).div_euclid(MINUTE);
    let next = if last > own { numbered(account, last) } else { u64::MAX };
    numbered(account, first).min(numbered(account, own)).min(next)
}

/// The records of the minutes that were chosen.
#[derive(Debug)]
pub(super) struct Minutes {
    /// So many of them are kept.
    kept: usize,
    /// So many are held meanwhile.
    held: usize,
    /// Only minutes below this number are held.
    below: u64,
    /// Minutes from this number on are not kept in any case.
    cut: u64,
    records: BTreeMap<(u64, u128), Known>,
}

/// What came of them.
pub(super) struct Chosen {
    /// Records to be analysed.
    pub(super) kept: Vec<Known>,
    /// Minutes below this number are kept.
    pub(super) below: u64,
    /// Records of further minutes.
    pub(super) spare: Vec<Known>,
    /// Minutes below this number are among either.
    pub(super) spare_below: u64,
}

impl Minutes {
    /// At most `kept` records, and while others are read `held`.
    pub(super) fn new(kept: usize, held: usize) -> Minutes {
        let records = BTreeMap::new();
        Minutes { kept, held: held.max(kept), below: u64::MAX, cut: u64::MAX, records }
    }

    /// Only minutes below this number are held.
    pub(super) fn below(&self) -> u64 {
        self.below
    }

    /// Takes a record in whose lot is drawn.
    pub(super) fn offer(&mut self, lot: u64, known: &Known) {
        if lot >= self.below {
            return;
        }
        match self.records.get_mut(&(lot, known.id.number())) {
            Some(held) => merge::keep_better(held, known),
            None => {
                self.records.insert((lot, known.id.number()), known.clone());
            }
        }
        while self.records.len() > self.held {
            let Some(((last, _), _)) = self.records.last_key_value() else { break };
            self.below = *last;
            self.records.split_off(&(self.below, 0));
        }
    }

    /// Keeps no minutes from this number on.
    pub(super) fn deepen(&mut self, below: u64) {
        self.cut = self.cut.min(below);
    }

    /// Of the minutes with the lowest numbers as many as fit.
    pub(super) fn choose(self) -> Chosen {
        let cut = self.cut.min(self.below);
        let below = self
            .records
            .keys()
            .nth(self.kept)
            .map_or(cut, |(first_left_out, _)| cut.min(*first_left_out));
        let mut chosen = Chosen {
            kept: Vec::new(),
            below,
            spare: Vec::new(),
            spare_below: self.below.max(below),
        };
        for ((lot, _), known) in self.records {
            match lot < below {
                true => chosen.kept.push(known),
                false => chosen.spare.push(known),
            }
        }
        chosen
    }
}

/// Whether all minutes from one moment to another have numbers below the given one.
pub(super) fn all_below(below: u64, account: u64, from: Time, to: Time) -> bool {
    let minutes = from.0.div_euclid(MINUTE)..=to.0.div_euclid(MINUTE);
    minutes.into_iter().all(|minute| numbered(account, minute) < below)
}
