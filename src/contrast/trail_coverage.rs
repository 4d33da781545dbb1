//! Whether a log would show a step that it does not show: what an account and Region recorded of
//! the step's service before and after.
//!
//! A trail can stop recording a service's calls, data events or reading calls at any moment, and an
//! export can lack a Region or end. No record says so of itself, so it is told by what is there: no
//! record of that sort from then on means that nothing was seen.

use std::collections::HashMap;
use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use crate::event::{Event, Field, Time};

/// Records that a trail keeps or leaves out together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RecordKind {
    account: Option<Box<str>>,
    region: Option<Box<str>>,
    source: Box<str>,
    is_data: bool,
    read_only: Option<bool>,
}

impl RecordKind {
    /// The sort of a record.
    pub(super) fn of(event: &Event) -> RecordKind {
        let (account, region, source, is_data, read_only) = parts(event);
        RecordKind {
            account: account.map(Box::from),
            region: region.map(Box::from),
            source: source.into(),
            is_data,
            read_only,
        }
    }

    /// The sort that a step of `to` would be of, where that of `from` is of this one: where both
    /// were in one place, so would these be.
    pub(super) fn relocated(&self, from: &RecordKind, to: &RecordKind) -> RecordKind {
        let pick = |own: &Option<Box<str>>, from: &Option<Box<str>>, to: &Option<Box<str>>| {
            if own == from { to.clone() } else { own.clone() }
        };
        RecordKind {
            account: pick(&self.account, &from.account, &to.account),
            region: pick(&self.region, &from.region, &to.region),
            ..self.clone()
        }
    }
}

/// What a sort is told by.
type Parts<'e> = (Option<&'e str>, Option<&'e str>, &'e str, bool, Option<bool>);

fn parts(event: &Event) -> Parts<'_> {
    let account = event.get(Field::RecipientAccountId).or_else(|| event.account());
    let is_data =
        event.management_event == Some(false) || event.get(Field::EventCategory) == Some("Data");
    (account, event.region(), event.source(), is_data, event.read_only)
}

/// What was recorded when, by sort.
#[derive(Debug, Default)]
pub(super) struct TrailCoverage {
    kinds: HashMap<RecordKind, usize, FixedState>,
    /// Sorts by a number of what they are told by, so that none is made of a record of a known one.
    known: HashMap<u64, usize, FixedState>,
    recorded: Vec<Recorded>,
    /// When somebody changed what a trail records.
    turns: Vec<Time>,
}

/// The records of one minute.
#[derive(Debug, Clone, Copy)]
struct Minute {
    first: Time,
    last: Time,
    count: u32,
}

/// Records of a sort. Within a minute only the first and the last are told apart: no shorter silence
/// is ever unusual.
#[derive(Debug, Default)]
struct Recorded {
    minutes: Vec<Minute>,
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

impl TrailCoverage {
    /// Adds a record, which is later than those before or nearly so.
    pub(super) fn add(&mut self, event: &Event) {
        if turns(event) {
            self.turns.push(event.time);
        }
        let number = FixedState::default().hash_one(parts(event));
        let at = match self.known.get(&number) {
            Some(at) => *at,
            None => {
                let next = self.recorded.len();
                let at = *self.kinds.entry(RecordKind::of(event)).or_insert(next);
                if at == next {
                    self.recorded.push(Recorded::default());
                }
                self.known.insert(number, at);
                at
            }
        };
        if let Some(recorded) = self.recorded.get_mut(at) {
            recorded.add(event.time);
        }
    }

    /// Works out which silences are usual, once everything was added.
    pub(super) fn settle(&mut self) {
        self.recorded.iter_mut().for_each(Recorded::settle);
    }

    /// Whether a record of that sort between `from` and `to` would be in the log: others are there
    /// before and after, no longer apart than usual, and nobody changed a trail in between.
    pub(super) fn would_show(&self, kind: &RecordKind, from: Time, to: Time) -> bool {
        let recorded = self.kinds.get(kind).and_then(|at| self.recorded.get(*at));
        let Some(recorded) = recorded else { return false };
        let minutes = &recorded.minutes;
        let Some(first) = minutes.partition_point(|one| one.first <= from).checked_sub(1) else {
            return false;
        };
        let last = minutes.partition_point(|one| one.last < to);
        let Some(around) = minutes.get(first..=last) else { return false };
        let (Some(before), Some(after)) = (around.first(), around.last()) else { return false };
        let before = if before.last <= from { before.last } else { before.first };
        let after = if after.first >= to { after.first } else { after.last };
        let is_near =
            from.seconds_since(before) <= NEAR_SECONDS || after.seconds_since(to) <= NEAR_SECONDS;
        let silence = silences(around).max().unwrap_or_default();
        is_near
            && silence <= recorded.usual
            && !self.turns.iter().any(|turn| before <= *turn && *turn <= after)
    }
}

impl Recorded {
    fn add(&mut self, time: Time) {
        let minute = |time: Time| time.0.div_euclid(60_000);
        let at = match self.minutes.last() {
            Some(last) if minute(last.first) < minute(time) => self.minutes.len(),
            _ => self.minutes.partition_point(|one| minute(one.first) < minute(time)),
        };
        match self.minutes.get_mut(at).filter(|one| minute(one.first) == minute(time)) {
            Some(one) => {
                one.first = one.first.min(time);
                one.last = one.last.max(time);
                one.count = one.count.saturating_add(1);
            }
            None => self.minutes.insert(at, Minute { first: time, last: time, count: 1 }),
        }
    }

    fn settle(&mut self) {
        let within: usize = self.minutes.iter().map(|one| one.count as usize - 1).sum();
        let mut all: Vec<i64> = silences(&self.minutes).collect();
        all.sort_unstable();
        // The longest may be the one in question.
        all.pop();
        let count = all.len() + within;
        let rank = ((count as f64 * USUAL) as usize).min(count.saturating_sub(1));
        // Those within a minute are the shortest.
        let usual = rank.checked_sub(within).and_then(|rank| all.get(rank)).copied();
        self.usual = SHORT_SECONDS.max(usual.unwrap_or_default().saturating_mul(STRETCHED));
    }
}

fn silences(minutes: &[Minute]) -> impl Iterator<Item = i64> {
    let next = minutes.iter().skip(1);
    minutes.iter().zip(next).map(|(one, next)| next.first.seconds_since(one.last))
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

    fn recorded(seconds: impl IntoIterator<Item = i64>) -> TrailCoverage {
        let mut recorded = Recorded::default();
        seconds.into_iter().for_each(|second| recorded.add(Time(second * 1000)));
        recorded.settle();
        TrailCoverage {
            kinds: [(kind("eu-west-1"), 0)].into_iter().collect(),
            recorded: vec![recorded],
            ..TrailCoverage::default()
        }
    }

    fn kind(region: &str) -> RecordKind {
        RecordKind {
            account: Some("111122223333".into()),
            region: Some(region.into()),
            source: "kms.amazonaws.com".into(),
            is_data: false,
            read_only: Some(true),
        }
    }

    fn would_show(coverage: &TrailCoverage, from: i64, to: i64) -> bool {
        seen.would_show(&kind("eu-west-1"), Time(from * 1000), Time(to * 1000))
    }

    #[test]
    fn a_record_is_missed_only_where_others_are_before_and_after() {
        let mut seen = recorded((0..60).map(|minute| minute * 60));
        assert!(would_show(&seen, 1200, 1260));
        assert!(!would_show(&seen, 3500, 3560), "nothing after");
        assert!(!would_show(&seen, -60, 60), "nothing before");
        let elsewhere = kind("eu-north-1");
        assert!(!seen.would_show(&elsewhere, Time(1_200_000), Time(1_260_000)));
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
