//! Which calls have something, and how likely it is by chance that it is these.

use std::ops::Range;

/// Some of a number of calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Members(Vec<u64>);

impl Members {
    /// None of `calls`.
    pub(super) fn new(calls: usize) -> Members {
        Members(vec![0; calls.div_ceil(64)])
    }

    /// Those of `calls` of which `which` holds.
    pub(super) fn of(calls: usize, which: impl Fn(usize) -> bool) -> Members {
        let mut members = Members::new(calls);
        (0..calls).filter(|at| which(*at)).for_each(|at| members.add(at));
        members
    }

    pub(super) fn add(&mut self, at: usize) {
        if let Some(block) = self.0.get_mut(at / 64) {
            *block |= 1 << (at % 64);
        }
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|block| block & (1 << (at % 64)) != 0)
    }

    /// How many there are within a range.
    pub(super) fn count(&self, range: Range<usize>) -> usize {
        let blocks = self.0.iter().enumerate();
        blocks.map(|(at, block)| (block & within(at, &range)).count_ones() as usize).sum()
    }

    /// How many both have within a range.
    pub(super) fn shared(&self, other: &Members, range: Range<usize>) -> usize {
        let blocks = self.0.iter().zip(&other.0).enumerate();
        let count = |(at, (one, other)): (usize, (&u64, &u64))| {
            (one & other & within(at, &range)).count_ones() as usize
        };
        blocks.map(count).sum()
    }

    /// Those that are among the others as well.
    pub(super) fn and(&self, others: &Members) -> Members {
        Members(self.0.iter().zip(&others.0).map(|(own, other)| own & other).collect())
    }

    /// These without some others.
    pub(super) fn without(&self, others: &Members) -> Members {
        Members(self.0.iter().zip(&others.0).map(|(own, other)| own & !other).collect())
    }
}

/// The bits of a block that lie in a range.
fn within(block: usize, range: &Range<usize>) -> u64 {
    let below = |end: usize| match end.saturating_sub(block * 64) {
        0 => 0,
        bits if bits >= 64 => u64::MAX,
        bits => (1_u64 << bits) - 1,
    };
    below(range.end) & !below(range.start)
}

/// Logarithms of factorials, worked out once for all the tests of a table.
#[derive(Debug)]
pub(super) struct LogFactorials(Vec<f64>);

impl LogFactorials {
    pub(super) fn new(most: usize) -> Self {
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
    pub(super) fn fisher(&self, a: usize, failed: usize, c: usize, succeeded: usize) -> f64 {
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

    /// The least that the test can give where so many calls have something.
    pub(super) fn least(&self, failed: usize, succeeded: usize, with: usize) -> f64 {
        let with = with.min(failed + succeeded);
        let most = with.min(failed);
        let fewest = with.saturating_sub(succeeded);
        let one = self.fisher(most, failed, with - most, succeeded);
        one.min(self.fisher(fewest, failed, with - fewest, succeeded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_counted_within_a_range() {
        let mut members = Members::new(200);
        [0, 63, 64, 65, 127, 128, 199].into_iter().for_each(|at| members.add(at));
        for range in [0..200, 0..0, 1..64, 64..128, 63..65, 128..200, 199..200, 100..100] {
            let one_by_one = range.clone().filter(|at| members.has(*at)).count();
            assert_eq!(members.count(range.clone()), one_by_one, "{range:?}");
            assert_eq!(members.shared(&members.clone(), range.clone()), one_by_one, "{range:?}");
        }
    }

    #[test]
    fn fisher_agrees_with_the_textbook() {
        // Fisher's tea tasting: 3 of 4 against 1 of 4 is 0.4857 two-sided.
        let logs = LogFactorials::new(53);
        assert!((logs.fisher(3, 4, 1, 4) - 0.485_714).abs() < 1e-5);
        // 12 of 12 against 0 of 41: 1 / C(53, 12).
        let p = logs.fisher(12, 12, 0, 41);
        assert!(p > 0.0 && p < 1e-11, "{p}");
    }
}
