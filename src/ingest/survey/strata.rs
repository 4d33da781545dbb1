//! Some records of every sort: of each stratum those with the lowest priorities, so many that the
//! whole fits a budget.
//!
//! Which records are kept depends only on which records there are. The cap for a stratum starts
//! high and is halved while there are too many; more records only ever lower it, so what some of
//! the records would have lost, all of them lose, and samples of parts give the sample of the whole.

use std::collections::BTreeMap;

use super::super::merge::{self, Known};

/// How far a sample had to be cut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cut {
    /// Records of a stratum, at most.
    pub(crate) cap: usize,
    /// Strata from this number on are left out; only once the cap is one.
    pub(crate) below: u64,
}

impl Cut {
    /// The deeper of two cuts.
    pub(crate) fn and(self, other: Cut) -> Cut {
        Cut { cap: self.cap.min(other.cap), below: self.below.min(other.below) }
    }
}

/// A sample of every stratum.
#[derive(Debug)]
pub(super) struct Strata {
    budget: usize,
    cut: Cut,
    size: usize,
    kept: BTreeMap<u64, Vec<(u64, Known)>>,
}

impl Strata {
    /// At most `budget` records in all and `cap` of each stratum.
    pub(super) fn new(budget: usize, cap: usize) -> Strata {
        let cut = Cut { cap, below: u64::MAX };
        Strata { budget, cut, size: 0, kept: BTreeMap::new() }
    }

    /// As far as it was cut down.
    pub(super) fn cut(&self) -> Cut {
        self.cut
    }

    /// Cuts down as far as another sample was.
    pub(super) fn deepen(&mut self, cut: Cut) {
        self.cut = self.cut.and(cut);
        self.kept.split_off(&self.cut.below);
        self.trim();
    }

    /// Whether such a stratum is kept at all.
    pub(super) fn has(&self, stratum: u64) -> bool {
        self.kept.contains_key(&stratum)
    }

    /// Takes a record in, if its priority is one of the lowest of its stratum.
    pub(super) fn offer(&mut self, stratum: u64, own: u64, known: &Known) {
        if stratum >= self.cut.below {
            return;
        }
        let kept = self.kept.entry(stratum).or_default();
        match kept.binary_search_by_key(&own, |(priority, _)| *priority) {
            Ok(at) => {
                if let Some((_, held)) = kept.get_mut(at) {
                    merge::keep_better(held, known);
                }
            }
            Err(at) if at < self.cut.cap => {
                kept.insert(at, (own, known.clone()));
                self.size += 1;
                if kept.len() > self.cut.cap {
                    kept.pop();
                    self.size -= 1;
                }
                self.fit();
            }
            Err(_) => {}
        }
    }

    fn fit(&mut self) {
        while self.size > self.budget {
            if self.cut.cap > 1 {
                self.cut.cap /= 2;
                self.trim();
            } else if let Some((stratum, kept)) = self.kept.pop_last() {
                self.cut.below = stratum;
                self.size -= kept.len();
            }
        }
    }

    fn trim(&mut self) {
        for kept in self.kept.values_mut() {
            kept.truncate(self.cut.cap);
        }
        self.size = self.kept.values().map(Vec::len).sum();
    }

    /// What was kept, with its stratum.
    pub(super) fn into_kept(self) -> impl Iterator<Item = (u64, Known)> {
        self.kept
            .into_iter()
            .flat_map(|(stratum, kept)| kept.into_iter().map(move |(_, known)| (stratum, known)))
    }
}
