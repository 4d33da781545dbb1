//! How often something happened. Of a sample only some of the calls are there; how many they stand
//! for was counted while reading.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::folded::{Folded, Stood};
use crate::event::{Event, Time};
use crate::ingest::{Sample, Total};

/// How often something happened, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Time,
    /// The last time.
    pub last: Time,
    /// What the numbers rest on; `None` where every call was analysed.
    pub basis: Option<CountBasis>,
}

impl Tally {
    /// Every one of these was analysed; `None` where there is none.
    pub(super) fn of(times: impl Iterator<Item = Time>) -> Option<Tally> {
        let once = |time| Tally { count: 1, first: time, last: time, basis: None };
        times.map(once).reduce(|one, other| Tally {
            count: one.count + other.count,
            first: one.first.min(other.first),
            last: one.last.max(other.last),
            basis: None,
        })
    }
}

/// What the count of something rests on, of which not every call was analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountBasis {
    /// Every one was counted.
    Counted,
    /// Every one was counted together with others that only the calls around them tell apart; these
    /// are the share that they have of those analysed.
    Shared,
    /// Only those analysed were found; there may be more.
    Found,
}

impl CountBasis {
    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            CountBasis::Counted => "counted",
            CountBasis::Shared => "shared",
            CountBasis::Found => "found",
        }
    }
}

/// What counts calls, each with everything like it.
pub(super) struct Counter<'s> {
    sample: Option<&'s Sample>,
    folded: Option<&'s Folded>,
    /// Calls that were analysed of each stratum.
    analysed: BTreeMap<u64, u64>,
}

impl<'s> Counter<'s> {
    /// Counts refused calls.
    pub(super) fn new(sample: Option<&'s Sample>, folded: Option<&'s Folded>) -> Counter<'s> {
        let mut analysed: BTreeMap<u64, u64> = BTreeMap::new();
        for stratum in sample.into_iter().flat_map(|sample| sample.strata.values()) {
            *analysed.entry(*stratum).or_default() += 1;
        }
        Counter { sample, folded, analysed }
    }

    /// The refused calls that the one at this position stands for.
    pub(super) fn stood(&self, call: usize) -> &'s [Stood] {
        let stood = self.folded.and_then(|folded| folded.stood.get(&call));
        stood.map(Vec::as_slice).unwrap_or_default()
    }

    /// How often the refused calls at these positions happened, which are those of one cause;
    /// `None` where there are none.
    pub(super) fn refused(&self, calls: &[usize], events: &[Event]) -> Option<Tally> {
        let times = calls.iter().filter_map(|call| events.get(*call)).map(|event| event.time);
        let stood = calls.iter().flat_map(|call| self.stood(*call)).map(|stood| stood.time);
        let seen = Tally::of(times.chain(stood))?;
        let Some(sample) = self.sample else { return Some(seen) };
        let mut tally = Tally { count: 0, basis: Some(CountBasis::Counted), ..seen };
        let mut mine: BTreeMap<u64, u64> = BTreeMap::new();
        for call in calls {
            match sample.strata.get(call).filter(|stratum| sample.totals.contains_key(*stratum)) {
                Some(stratum) => *mine.entry(*stratum).or_default() += 1,
                None => tally.count += 1,
            }
        }
        for (stratum, mine) in mine {
            let Some(total) = sample.totals.get(&stratum) else { continue };
            let analysed = self.analysed.get(&stratum).copied().unwrap_or(mine).max(mine);
            tally.count += share(total, mine, analysed);
            if mine < analysed {
                tally.basis = Some(CountBasis::Shared);
            } else {
                tally.first = tally.first.min(total.first);
                tally.last = tally.last.max(total.last);
            }
        }
        Some(tally)
    }
}

/// The part of a stratum that `mine` of the `analysed` calls stand for.
fn share(total: &Total, mine: u64, analysed: u64) -> u64 {
    let part = u128::from(total.count) * u128::from(mine) / u128::from(analysed.max(1));
    u64::try_from(part).unwrap_or(u64::MAX).max(mine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventBuilder, IdentityType};

    /// Ten calls, one a second from second 100; stratum 1 has those before the sixth.
    fn log() -> (Vec<Event>, Sample) {
        let at = |second: i64| {
            EventBuilder::default().finish(Time(second * 1000), IdentityType::parse(None))
        };
        let strata = (0..10).map(|call| (call, if call < 6 { 1 } else { 2 }));
        let total = |count| Total { count, first: Time(0), last: Time(900_000) };
        let totals = [(1, total(600)), (2, total(40))];
        ((100..110).map(at).collect(), Sample::new(1_000, strata, totals, Vec::new()))
    }

    fn tally(calls: &[usize]) -> (u64, i64, i64, Option<CountBasis>) {
        let (events, sample) = log();
        let counter = Counter::new(Some(&sample), None);
        let tally = counter.refused(calls, &events).unwrap();
        (tally.count, tally.first.0 / 1000, tally.last.0 / 1000, tally.basis)
    }

    #[test]
    fn calls_stand_for_all_that_were_counted_with_them() {
        let counted = Some(CountBasis::Counted);
        assert_eq!(tally(&[0, 1, 2, 3, 4, 5]), (600, 0, 900, counted));
        assert_eq!(tally(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (640, 0, 900, counted));
    }

    #[test]
    fn what_was_counted_together_is_shared_out() {
        let shared = Some(CountBasis::Shared);
        assert_eq!(tally(&[0, 1]), (200, 100, 101, shared));
        assert_eq!(tally(&[2, 3, 4, 5]), (400, 102, 105, shared));
        assert_eq!(tally(&[0, 6, 7, 8, 9]), (140, 0, 900, shared));
    }

    #[test]
    fn without_a_sample_calls_stand_for_themselves() {
        let (events, _) = log();
        let counter = Counter::new(None, None);
        let tally = counter.refused(&[3, 1], &events).unwrap();
        let (first, last) = (Time(101_000), Time(103_000));
        assert_eq!(tally, Tally { count: 2, first, last, basis: None });
        assert_eq!(counter.refused(&[], &events), None);
    }
}
