//! How often something happened. Of a large export only some of the calls are there; what they stand
//! for was noted while reading.

use super::folded::{Folded, Stood};
use crate::event::{Event, Time};

/// How often something happened, and from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Time,
    /// The last time.
    pub last: Time,
}

impl Tally {
    /// Every one of these was analysed; `None` where there is none.
    pub(super) fn of(times: impl Iterator<Item = Time>) -> Option<Tally> {
        let once = |time| Tally { count: 1, first: time, last: time };
        times.map(once).reduce(|one, other| Tally {
            count: one.count + other.count,
            first: one.first.min(other.first),
            last: one.last.max(other.last),
        })
    }
}

/// What counts calls, each with everything like it.
pub(super) struct Counter<'s> {
    folded: Option<&'s Folded>,
}

impl<'s> Counter<'s> {
    /// Counts refused calls.
    pub(super) fn new(folded: Option<&'s Folded>) -> Counter<'s> {
        Counter { folded }
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
        Tally::of(times.chain(stood))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventBuilder, IdentityType};

    #[test]
    fn calls_count_with_those_that_they_stand_for() {
        let at = |second: i64| {
            EventBuilder::default().finish(Time(second * 1000), IdentityType::parse(None))
        };
        let events: Vec<Event> = (100..110).map(at).collect();
        let tally = Counter::new(None).refused(&[3, 1], &events).unwrap();
        let (first, last) = (Time(101_000), Time(103_000));
        assert_eq!(tally, Tally { count: 2, first, last });
        assert_eq!(Counter::new(None).refused(&[], &events), None);

        let stood = |second: i64| Stood { time: Time(second * 1000), id: "a".into(), root: None };
        let mut folded = Folded::default();
        folded.stood.insert(3, vec![stood(50), stood(102)]);
        let tally = Counter::new(Some(&folded)).refused(&[3, 1], &events).unwrap();
        assert_eq!(tally, Tally { count: 4, first: Time(50_000), last });
    }
}
