//! Time as a difference: all successes before and all failures after a moment, or all failures within a stretch
//! in which nothing succeeded. A culprit change makes the one, its repair the other.

use std::collections::BTreeSet;

use super::factor::Factor;
use super::property::{Profile, Property};
use super::split::{LogFactorials, Members};
use crate::event::Time;

/// A stretch of time in which all failures lie.
#[derive(Debug)]
pub(super) struct Window {
    /// The log holds a change at its begin.
    pub(super) is_known: bool,
    from: Option<Time>,
    to: Option<Time>,
    /// The calls that lie in it: the failures first.
    inside: Members,
    /// Stretches of a few minutes in which each call lies: calls in one are no accidents of their own.
    stretch: Vec<i64>,
    /// So many such windows could have been found.
    tried: usize,
}

/// Calls within so many seconds count once.
const STRETCH_SECONDS: i64 = 600;
/// What chance makes more often is not told: calls come in bursts anyhow.
const CHANCE: f64 = 0.01;

/// The windows that hold all failures: since a known change, since the first failure, until the last one, and
/// between the two.
pub(super) fn windows(
    failures: &[Profile<'_>],
    successes: &[Profile<'_>],
    change: Option<Time>,
) -> Vec<Window> {
    let times = || failures.iter().map(|profile| profile.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Vec::new() };
    let all: Vec<Time> = failures.iter().chain(successes).map(|profile| profile.time).collect();
    let known = change.filter(|change| *change <= first);
    let later = successes.iter().any(|profile| profile.time > last);
    let until = later.then_some(last);
    let window = |is_known, from: Option<Time>, to: Option<Time>, tried| Window {
        is_known,
        from,
        to,
        inside: Members::of(all.len(), |at| {
            all.get(at).is_some_and(|time| {
                from.is_none_or(|from| *time >= from) && to.is_none_or(|to| *time <= to)
            })
        }),
        stretch: all.iter().map(|time| time.0.div_euclid(STRETCH_SECONDS * 1000)).collect(),
        tried,
    };
    let mut found = Vec::new();
    if known.is_some() {
        found.push(window(true, known, None, 1));
        if until.is_some() {
            found.push(window(true, known, until, 1));
        }
    } else {
        found.push(window(false, Some(first), None, 2));
        found.push(window(false, None, Some(last), 2));
        found.push(window(false, Some(first), Some(last), successes.len() + 1));
    }
    found
}

impl Window {
    /// Whether no success of `members` lies in it, though there are some.
    pub(super) fn parts(&self, members: &Members, failures: usize, calls: usize) -> bool {
        let successes = failures..calls;
        members.count(successes.clone()) > 0 && members.shared(&self.inside, successes) == 0
    }

    /// How likely it is by chance that the failures and the successes among `members` do not mix.
    pub(super) fn chance(&self, members: &Members, failures: usize, calls: usize) -> f64 {
        let stretches = |which: &dyn Fn(usize) -> bool| -> BTreeSet<i64> {
            let at = (0..calls).filter(|at| which(*at));
            at.filter_map(|at| self.stretch.get(at)).copied().collect()
        };
        let failed = stretches(&|at| at < failures);
        let succeeded = stretches(&|at| at >= failures && members.has(at));
        let succeeded = succeeded.difference(&failed).count();
        let logs = LogFactorials::new(failed.len() + succeeded);
        self.tried as f64 * logs.fisher(failed.len(), failed.len(), 0, succeeded)
    }

    /// The row of the window, where all successes lie out of it and that is no accident.
    pub(super) fn alone(
        &self,
        (failures, successes): (usize, usize),
        tests: usize,
        is_few: bool,
    ) -> Option<Factor> {
        let calls = failures + successes;
        let all = Members::of(calls, |_| true);
        if !self.parts(&all, failures, calls) {
            return None;
        }
        let p = (self.chance(&all, failures, calls) * tests as f64).min(1.0);
        let is_claim = self.is_known || (!is_few && p < CHANCE);
        is_claim.then(|| self.factor(failures, successes, p))
    }

    /// Its row.
    pub(super) fn factor(&self, failures: usize, successes: usize, p_value: f64) -> Factor {
        let value = match (self.from, self.to) {
            (Some(from), Some(to)) => format!("{from} – {to}"),
            (Some(from), None) => format!("≥ {from}"),
            (None, Some(to)) => format!("≤ {to}"),
            (None, None) => String::new(),
        };
        Factor {
            property: Property::Time,
            value: Some(value),
            is_not: false,
            together_with: Vec::new(),
            failed_with: failures,
            failed: failures,
            succeeded_with: 0,
            succeeded: successes,
            score: 1.0,
            p_value,
            same_split: Vec::new(),
        }
    }
}
