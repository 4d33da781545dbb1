//! Whether a log would show a step that it does not show: what an account and Region recorded of
//! the step's service before and after.
//!
//! A trail can stop recording a service's calls, data events or reading calls at any moment, and an
//! export can lack a Region or end. No record says so of itself, so it is told by what is there: no
//! record of that sort from then on means that nothing was seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, Field, Time};

/// Records that a trail keeps or leaves out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sort<'e> {
    account: Option<&'e str>,
    region: Option<&'e str>,
    source: &'e str,
    is_data: bool,
    read_only: Option<bool>,
}

impl<'e> Sort<'e> {
    /// The sort of a record.
    pub(super) fn of(event: &'e Event) -> Sort<'e> {
        Sort {
            account: event.get(Field::RecipientAccountId).or_else(|| event.account()),
            region: event.region(),
            source: event.source(),
            is_data: event.management_event == Some(false)
                || event.get(Field::EventCategory) == Some("Data"),
            read_only: event.read_only,
        }
    }

    /// The sort that a step of `to` would be of, where that of `from` is of this one: where both
    /// were in one place, so would these be.
    pub(super) fn moved(self, from: Sort<'e>, to: Sort<'e>) -> Sort<'e> {
        Sort {
            account: if self.account == from.account { to.account } else { self.account },
            region: if self.region == from.region { to.region } else { self.region },
            ..self
        }
    }
}

/// What was recorded when, by sort.
#[derive(Debug, Default)]
pub(super) struct Seen<'e> {
    recorded: BTreeMap<Sort<'e>, Recorded>,
    /// When somebody changed what a trail records.
    turns: Vec<Time>,
}

#[derive(Debug, Default)]
struct Recorded {
    times: Vec<Time>,
    /// A silence of so many seconds is nothing unusual.
    usual: i64,
}

/// A record of the sort must be this near, on one side at least.
const NEAR_SECONDS: i64 = 3600;
/// A silence shorter than this is never unusual.
const SHORT_SECONDS: i64 = 900;
/// Of the silences between records, this share is usual; one a few times as long still is.
const USUAL: f64 = 0.95;
const STRETCHED: i64 = 3;

impl<'e> Seen<'e> {
    /// What was recorded of these sorts in `events`, which are in order of time.
    pub(super) fn of(events: &'e [Event], sorts: &BTreeSet<Sort<'e>>) -> Seen<'e> {
        let mut seen = Seen::default();
        if sorts.is_empty() {
            return seen;
        }
        let sources: BTreeSet<&str> = sorts.iter().map(|sort| sort.source).collect();
        for event in events {
            if turns(event) {
                seen.turns.push(event.time);
            }
            if !sources.contains(event.source()) {
                continue;
            }
            let sort = Sort::of(event);
            if sorts.contains(&sort) {
                seen.recorded.entry(sort).or_default().times.push(event.time);
            }
        }
        seen.recorded.values_mut().for_each(Recorded::settle);
        seen
    }

    /// Whether a record of that sort between `from` and `to` would be in the log: others are there
    /// before and after, no longer apart than usual, and nobody changed a trail in between.
    pub(super) fn would_show(&self, sort: Sort<'e>, from: Time, to: Time) -> bool {
        let Some(recorded) = self.recorded.get(&sort) else { return false };
        let times = &recorded.times;
        let Some(first) = times.partition_point(|time| *time <= from).checked_sub(1) else {
            return false;
        };
        let last = times.partition_point(|time| *time < to);
        let Some(around) = times.get(first..=last) else { return false };
        let (Some(before), Some(after)) = (around.first(), around.last()) else { return false };
        let is_near =
            from.seconds_since(*before) <= NEAR_SECONDS || after.seconds_since(to) <= NEAR_SECONDS;
        let silence = silences(around).max().unwrap_or_default();
        is_near
            && silence <= recorded.usual
            && !self.turns.iter().any(|turn| *before <= *turn && *turn <= *after)
    }
}

impl Recorded {
    fn settle(&mut self) {
        let mut all: Vec<i64> = silences(&self.times).collect();
        all.sort_unstable();
        // The longest may be the one in question.
        all.pop();
        let rank = (all.len() as f64 * USUAL) as usize;
        let usual = all.get(rank.min(all.len().saturating_sub(1))).copied().unwrap_or_default();
        self.usual = SHORT_SECONDS.max(usual.saturating_mul(STRETCHED));
    }
}

fn silences(times: &[Time]) -> impl Iterator<Item = i64> {
    times.iter().zip(times.iter().skip(1)).map(|(one, next)| next.seconds_since(*one))
}

/// Whether a call changed what a trail records (CloudTrail API reference).
fn turns(event: &Event) -> bool {
    event.source() == "cloudtrail.amazonaws.com"
        && !event.failed()
        && TURNING.contains(&event.name())
}

const TURNING: [&str; 5] =
    ["PutEventSelectors", "StopLogging", "StartLogging", "DeleteTrail", "UpdateTrail"];

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(seconds: impl IntoIterator<Item = i64>) -> Seen<'static> {
        let mut recorded = Recorded {
            times: seconds.into_iter().map(|second| Time(second * 1000)).collect(),
            usual: 0,
        };
        recorded.settle();
        Seen { recorded: BTreeMap::from([(SORT, recorded)]), turns: Vec::new() }
    }

    const SORT: Sort<'static> = Sort {
        account: Some("111122223333"),
        region: Some("eu-west-1"),
        source: "kms.amazonaws.com",
        is_data: false,
        read_only: Some(true),
    };

    fn would_show(seen: &Seen<'_>, from: i64, to: i64) -> bool {
        seen.would_show(SORT, Time(from * 1000), Time(to * 1000))
    }

    #[test]
    fn a_record_is_missed_only_where_others_are_before_and_after() {
        let mut seen = recorded((0..60).map(|minute| minute * 60));
        assert!(would_show(&seen, 1200, 1260));
        assert!(!would_show(&seen, 3500, 3560), "nothing after");
        assert!(!would_show(&seen, -60, 60), "nothing before");
        let elsewhere = Sort { region: Some("eu-north-1"), ..SORT };
        assert!(!seen.would_show(elsewhere, Time(1_200_000), Time(1_260_000)));
        seen.turns.push(Time(1_230_000));
        assert!(!would_show(&seen, 1200, 1260), "a trail was changed just then");
    }

    #[test]
    fn an_unusual_silence_shows_nothing() {
        let dense = (0..60).chain(105..160).map(|minute| minute * 60);
        assert!(!would_show(&recorded(dense), 4800, 4860));
        let sparse = [0, 3600, 7200, 14_000, 18_000];
        assert!(would_show(&recorded(sparse), 10_000, 10_100), "quiet always");
    }
}
