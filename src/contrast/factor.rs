//! Which attribute values go with failing: raw counts, ranked, with a test of significance.
//!
//! Perfect separators come first, then by Ochiai's coefficient, which rewards a value that most
//! failures and few successes have. Fisher's exact test says how likely such a split is by chance;
//! Holm's correction pays for having looked at many values.

use std::collections::BTreeMap;

use super::attribute::{Attribute, Observation};

/// One value and how it goes with failing.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The attribute.
    pub attribute: Attribute,
    /// Its value; `None` means that the attribute is absent.
    pub value: Option<String>,
    /// Failures that have the value.
    pub failed_with: usize,
    /// All failures.
    pub failed: usize,
    /// Successes that have the value.
    pub succeeded_with: usize,
    /// All successes.
    pub succeeded: usize,
    /// Ochiai coefficient, 0 to 1.
    pub score: f64,
    /// Fisher's exact test, two-sided, Holm-corrected, 0 to 1.
    pub p_value: f64,
    /// Other attributes whose value splits the calls in exactly the same way.
    pub same_split: Vec<String>,
}

impl Factor {
    /// Every failure has the value and no success does.
    pub fn separates(&self) -> bool {
        self.failed_with == self.failed && self.succeeded_with == 0
    }
}

/// Which failures and which successes have a value.
type Split = (Vec<u32>, Vec<u32>);

/// Fewer failures than this are not ranked: any difference would separate them.
const FEWEST: usize = 3;
/// Values kept.
const MOST: usize = 12;

/// Ranks the values that failures have more often than successes.
pub fn factors(failures: &[Observation<'_>], successes: &[Observation<'_>]) -> Vec<Factor> {
    if failures.len() < FEWEST || successes.is_empty() {
        return Vec::new();
    }
    let mut splits: BTreeMap<(Attribute, Option<&str>), Split> = BTreeMap::new();
    for attribute in Attribute::ALL {
        if is_lost(attribute, failures)
            || failures.iter().chain(successes).all(|o| o.get(attribute).is_none())
        {
            continue;
        }
        // By value, so that a thousand sessions do not mean a thousand looks at every call.
        let mut by_value: BTreeMap<Option<&str>, Split> = BTreeMap::new();
        for (failure, at) in failures.iter().zip(0..) {
            by_value.entry(failure.get(attribute)).or_default().0.push(at);
        }
        for (success, at) in successes.iter().zip(0..) {
            if let Some(split) = by_value.get_mut(&success.get(attribute)) {
                split.1.push(at);
            }
        }
        splits.extend(by_value.into_iter().map(|(value, split)| ((attribute, value), split)));
    }
    let tests = splits.len();
    let logs = LogFactorials::new(failures.len() + successes.len());
    let mut merged: BTreeMap<Split, Factor> = BTreeMap::new();
    for ((attribute, value), (f, s)) in splits {
        let (failed_with, succeeded_with) = (f.len(), s.len());
        let (failed, succeeded) = (failures.len(), successes.len());
        if failed_with * succeeded <= succeeded_with * failed {
            continue;
        }
        let name = match value {
            Some(value) => format!("{} = {value}", attribute.as_str()),
            None => format!("no {}", attribute.as_str()),
        };
        let key = (f, s);
        match merged.get_mut(&key) {
            Some(factor) => factor.same_split.push(name),
            None => {
                let factor = Factor {
                    attribute,
                    value: value.map(str::to_owned),
                    failed_with,
                    failed,
                    succeeded_with,
                    succeeded,
                    score: ochiai(failed_with, failed, succeeded_with),
                    p_value: logs.fisher(failed_with, failed, succeeded_with, succeeded),
                    same_split: Vec::new(),
                };
                merged.insert(key, factor);
            }
        }
    }
    let mut factors: Vec<Factor> = merged.into_values().collect();
    holm(&mut factors, tests);
    factors.sort_by(|a, b| {
        b.separates()
            .cmp(&a.separates())
            .then(b.score.total_cmp(&a.score))
            .then(a.attribute.cmp(&b.attribute))
            .then(a.value.cmp(&b.value))
    });
    factors.truncate(MOST);
    factors
}

/// A denied call has lost its request: that it shows no encryption context says nothing.
fn is_lost(attribute: Attribute, failures: &[Observation<'_>]) -> bool {
    attribute == Attribute::EncryptionContextKeys
        && failures.iter().all(|o| o.event.request().is_none())
}

fn ochiai(failed_with: usize, failed: usize, succeeded_with: usize) -> f64 {
    let all = (failed as f64) * ((failed_with + succeeded_with) as f64);
    if all <= 0.0 { 0.0 } else { failed_with as f64 / all.sqrt() }
}

/// Logarithms of factorials, worked out once for all the tests of a table.
struct LogFactorials(Vec<f64>);

impl LogFactorials {
    fn new(most: usize) -> Self {
        let mut logs = Vec::with_capacity(most + 1);
        logs.push(0.0);
        let mut sum = 0.0;
        for n in 1..=most {
            sum += (n as f64).ln();
            logs.push(sum);
        }
        LogFactorials(logs)
    }

    fn get(&self, n: usize) -> f64 {
        self.0.get(n).copied().unwrap_or(f64::INFINITY)
    }

    fn choose(&self, n: usize, k: usize) -> f64 {
        if k > n { f64::NEG_INFINITY } else { self.get(n) - self.get(k) - self.get(n - k) }
    }

    /// Fisher's exact test, two-sided: the probability of a split at least as uneven as this one.
    fn fisher(&self, a: usize, failed: usize, c: usize, succeeded: usize) -> f64 {
        let with = a + c;
        let total = failed + succeeded;
        let probability = |x: usize| {
            let ways = self.choose(failed, x) + self.choose(succeeded, with - x);
            (ways - self.choose(total, with)).exp()
        };
        let observed = probability(a);
        let low = with.saturating_sub(succeeded);
        let high = failed.min(with);
        let at_least_as_uneven = |p: &f64| *p <= observed * (1.0 + 1e-9);
        let sum: f64 = (low..=high).map(probability).filter(at_least_as_uneven).sum();
        sum.clamp(0.0, 1.0)
    }
}

/// Holm's step-down correction for `tests` tests.
fn holm(factors: &mut [Factor], tests: usize) {
    let mut order: Vec<usize> = (0..factors.len()).collect();
    order.sort_by(|&a, &b| {
        let p = |i: usize| factors.get(i).map_or(1.0, |f| f.p_value);
        p(a).total_cmp(&p(b)).then(a.cmp(&b))
    });
    let mut highest: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        if let Some(factor) = factors.get_mut(index) {
            let corrected = factor.p_value * (tests.saturating_sub(rank)).max(1) as f64;
            highest = highest.max(corrected.min(1.0));
            factor.p_value = highest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fisher_agrees_with_the_textbook() {
        // Fisher's tea tasting: 3 of 4 against 1 of 4 is 0.4857 two-sided.
        let logs = LogFactorials::new(53);
        assert!((logs.fisher(3, 4, 1, 4) - 0.485_714).abs() < 1e-5);
        // 12 of 12 against 0 of 41: 1 / C(53, 12).
        let p = logs.fisher(12, 12, 0, 41);
        assert!(p > 0.0 && p < 1e-11, "{p}");
    }

    #[test]
    fn ochiai_is_one_for_a_perfect_separator() {
        assert!((ochiai(12, 12, 0) - 1.0).abs() < 1e-12);
        assert!(ochiai(12, 12, 12) < 0.75);
    }
}
