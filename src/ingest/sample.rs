//! What of an export was analysed where it is too large to be analysed whole: how many records
//! stand behind those that were kept.
//!
//! Strata are kinds of records that are told apart by what the analysis tells apart. Of each a few
//! are kept and all are counted, so a report gives the true numbers.

use foldhash::HashMap;

use crate::event::Time;

/// How the events that were kept stand for all records of an export.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Records that it was drawn from: all that were kept in the sense of the ledger.
    pub(crate) records: u64,
    /// Refused calls that were counted, of sorts of which none is to be judged: there was no room
    /// for what they belong to.
    pub(crate) unjudged: u64,
    /// By position among the events, the stratum of a refused call.
    pub(crate) strata: HashMap<usize, u64>,
    /// What was counted of each stratum.
    pub(crate) totals: HashMap<u64, Total>,
    /// By position among the events, whether everything linked to it was kept as well.
    pub(crate) surrounded: Vec<bool>,
    /// Whether every change of policies and key states was kept.
    pub(crate) has_all_changes: bool,
}

/// What was counted of a stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Total {
    /// Records, copies left out.
    pub count: u64,
    /// The time of the first.
    pub first: Time,
    /// The time of the last.
    pub last: Time,
}

impl Total {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Total) -> Total {
        Total {
            count: self.count + other.count,
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }
}

impl Sample {
    /// A sample of that many records. By position among the events: the stratum of each refused
    /// call, and whether everything linked to a call was kept as well; by stratum, what was counted.
    pub fn new(
        records: u64,
        strata: impl IntoIterator<Item = (usize, u64)>,
        totals: impl IntoIterator<Item = (u64, Total)>,
        surrounded: Vec<bool>,
    ) -> Sample {
        Sample {
            records,
            unjudged: 0,
            strata: strata.into_iter().collect(),
            totals: totals.into_iter().collect(),
            surrounded,
            has_all_changes: false,
        }
    }

    /// The same sample, known to have every change of policies and key states: what is in force by
    /// the trail is in force. Of grants, which only ever allow, there may have been more.
    #[must_use]
    pub fn with_all_changes(self) -> Sample {
        Sample { has_all_changes: true, ..self }
    }

    /// Whether every change of policies and key states was kept.
    pub fn has_all_changes(&self) -> bool {
        self.has_all_changes
    }

    /// Records that the sample was drawn from.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Refused calls of sorts of which none is judged, so that no incident tells of them.
    pub fn unjudged(&self) -> u64 {
        self.unjudged
    }

    /// The same sample, in which so many refused calls are of sorts that are not judged.
    #[must_use]
    pub fn with_unjudged(self, unjudged: u64) -> Sample {
        Sample { unjudged, ..self }
    }

    /// Whether everything that is linked to the call at that position, or could be, was kept as
    /// well: only of such a call can it be said that a step is missing.
    pub fn is_surrounded(&self, index: usize) -> bool {
        self.surrounded.get(index).copied().unwrap_or(false)
    }

    /// Whether the refused call at that position is to be judged: what it belongs to was kept.
    pub fn is_judged(&self, index: usize) -> bool {
        self.strata.contains_key(&index)
    }

    /// How many records the refused calls at these positions stand for, and from when to when;
    /// `None` when none of them was counted.
    pub fn total(&self, refused: impl IntoIterator<Item = usize>) -> Option<Total> {
        let strata = refused.into_iter().filter_map(|index| self.strata.get(&index));
        let mut strata: Vec<u64> = strata.copied().collect();
        strata.sort_unstable();
        strata.dedup();
        strata.iter().filter_map(|stratum| self.totals.get(stratum).copied()).reduce(Total::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strata_count_once_however_many_of_them_were_kept() {
        let total = |count, first, last| Total { count, first: Time(first), last: Time(last) };
        let strata = [(3, 7), (5, 7), (8, 9)];
        let totals = [(7, total(900, 10, 50)), (9, total(1, 60, 60))];
        let sample = Sample::new(1_000_000, strata, totals, vec![false, true]);
        assert_eq!(sample.total([3, 5]), Some(total(900, 10, 50)));
        assert_eq!(sample.total([3, 8]), Some(total(901, 10, 60)));
        assert_eq!(sample.total([4]), None);
        assert!(sample.is_surrounded(1) && !sample.is_surrounded(0) && !sample.is_surrounded(2));
    }
}
