//! Texts of which only equality matters, as numbers: an export holds millions of ids, and comparing
//! and keeping their texts is what linking would otherwise spend its time and memory on.

use std::hash::BuildHasher;
use std::num::NonZeroU64;

use foldhash::quality::RandomState;

/// Stands for one text. Two texts share a mark with a probability of 2^-64; the seed differs from
/// run to run, so that nobody can write a log whose texts collide. The order of marks means nothing
/// and must never show in a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark(NonZeroU64);

impl Mark {
    fn of(hash: u64) -> Mark {
        Mark(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }
}

/// Makes marks.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks(RandomState);

impl Marks {
    pub(super) fn of(&self, text: &str) -> Mark {
        Mark::of(self.0.hash_one(text))
    }

    pub(super) fn of_pair(&self, one: &str, other: &str) -> Mark {
        Mark::of(self.0.hash_one((one, other)))
    }

    pub(super) fn of_four(&self, parts: [&str; 4]) -> Mark {
        Mark::of(self.0.hash_one(parts))
    }
}

/// Which marks were asked for, with a few that were not: one bit each.
#[derive(Debug)]
pub(super) struct Asked {
    bits: Vec<u64>,
}

impl Asked {
    pub(super) fn new(marks: impl Iterator<Item = Mark>, about: usize) -> Self {
        let words = (about.max(64) / 4).next_power_of_two();
        let mut bits = vec![0; words];
        for mark in marks {
            let (word, bit) = place(mark, words);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        Asked { bits }
    }

    pub(super) fn has(&self, mark: Mark) -> bool {
        let (word, bit) = place(mark, self.bits.len());
        self.bits.get(word).is_some_and(|w| w & bit != 0)
    }
}

/// `words` is a power of two.
fn place(mark: Mark, words: usize) -> (usize, u64) {
    let bits = mark.0.get();
    ((bits >> 6) as usize & (words - 1), 1 << (bits & 63))
}

/// Mark -> numbers, each list in ascending order.
#[derive(Debug, Default)]
pub(super) struct Lists {
    entries: Vec<(Mark, u32)>,
    /// Where the entries of each run of the highest bits begin; one more at the end.
    starts: Vec<u32>,
    shift: u32,
}

impl Lists {
    pub(super) fn new(mut entries: Vec<(Mark, u32)>) -> Self {
        use rayon::slice::ParallelSliceMut;
        entries.par_sort_unstable();
        entries.dedup();
        let bits = entries.len().max(2).ilog2();
        let shift = 64 - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (mark, _) in &entries {
            if let Some(count) = starts.get_mut((mark.0.get() >> shift) as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Lists { entries, starts, shift }
    }

    /// The numbers listed under `mark`.
    pub(super) fn get(&self, mark: Mark) -> &[(Mark, u32)] {
        if self.entries.is_empty() {
            return &[];
        }
        let run = (mark.0.get() >> self.shift) as usize;
        let (Some(from), Some(to)) = (self.starts.get(run), self.starts.get(run + 1)) else {
            return &[];
        };
        let run = self.entries.get(*from as usize..*to as usize).unwrap_or_default();
        let from = run.partition_point(|(m, _)| *m < mark);
        let rest = run.get(from..).unwrap_or_default();
        let length = if rest.len() > 16 {
            rest.partition_point(|(m, _)| *m == mark)
        } else {
            rest.iter().take_while(|(m, _)| *m == mark).count()
        };
        rest.get(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exactly_what_was_put() {
        let marks = Marks::default();
        let names: Vec<String> = (0..1000).map(|i| format!("name-{}", i % 300)).collect();
        let entries = names.iter().zip(0..).map(|(n, i)| (marks.of(n), i)).collect();
        let lists = Lists::new(entries);
        for number in 0..300u32 {
            let found: Vec<u32> =
                lists.get(marks.of(&format!("name-{number}"))).iter().map(|e| e.1).collect();
            let expected: Vec<u32> = (0..1000).filter(|i| i % 300 == number).collect();
            assert_eq!(found, expected);
        }
        assert!(lists.get(marks.of("other")).is_empty());
        assert!(Lists::default().get(marks.of("other")).is_empty());
        let asked = Asked::new(names.iter().map(|n| marks.of(n)), 300);
        assert!(names.iter().all(|n| asked.has(marks.of(n))));
    }
}
