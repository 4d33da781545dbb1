//! Texts of which only equality matters, as numbers: an export holds millions of ids, and comparing
//! and keeping their texts is what linking would otherwise spend its time and memory on.

use std::hash::BuildHasher;
use std::num::NonZeroU64;

use foldhash::quality::RandomState;

/// Stands for one text. Two texts share a mark with a probability of 2^-64; the seed differs from
/// run to run, so that nobody can write a log whose texts collide. The order of marks means nothing
/// and must never show in a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct IdHash(NonZeroU64);

impl IdHash {
    fn of(hash: u64) -> IdHash {
        IdHash(NonZeroU64::new(hash).unwrap_or(NonZeroU64::MIN))
    }
}

/// Makes marks.
#[derive(Debug, Clone, Default)]
pub(super) struct IdHasher(RandomState);

impl IdHasher {
    pub(super) fn of(&self, text: &str) -> IdHash {
        IdHash::of(self.0.hash_one(text))
    }

    pub(super) fn of_pair(&self, one: &str, other: &str) -> IdHash {
        IdHash::of(self.0.hash_one((one, other)))
    }

    pub(super) fn of_four(&self, parts: [&str; 4]) -> IdHash {
        IdHash::of(self.0.hash_one(parts))
    }
}

/// Which marks were asked for, with a few that were not: one bit each.
#[derive(Debug)]
pub(super) struct IdFilter {
    bits: Vec<u64>,
}

impl IdFilter {
    pub(super) fn new(hasher: impl Iterator<Item = IdHash>, about: usize) -> Self {
        let words = (about.max(64) / 4).next_power_of_two();
        let mut bits = vec![0; words];
        for hash in hasher {
            let (word, bit) = place(hash, words);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        IdFilter { bits }
    }

    pub(super) fn has(&self, hash: IdHash) -> bool {
        let (word, bit) = place(hash, self.bits.len());
        self.bits.get(word).is_some_and(|w| w & bit != 0)
    }
}

/// `words` is a power of two.
fn place(hash: IdHash, words: usize) -> (usize, u64) {
    let bits = hash.0.get();
    ((bits >> 6) as usize & (words - 1), 1 << (bits & 63))
}

/// IdHash -> numbers, each list in ascending order.
#[derive(Debug, Default)]
pub(super) struct IdLists {
    entries: Vec<(IdHash, u32)>,
    /// Where the entries of each run of the highest bits begin; one more at the end.
    starts: Vec<u32>,
    shift: u32,
}

impl IdLists {
    pub(super) fn new(mut entries: Vec<(IdHash, u32)>) -> Self {
        use rayon::slice::ParallelSliceMut;
        entries.par_sort_unstable();
        entries.dedup();
        let bits = entries.len().max(2).ilog2();
        let shift = 64 - bits;
        let mut starts = vec![0u32; (1 << bits) + 1];
        for (hash, _) in &entries {
            if let Some(count) = starts.get_mut((hash.0.get() >> shift) as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        IdLists { entries, starts, shift }
    }

    /// The numbers listed under `mark`.
    pub(super) fn get(&self, hash: IdHash) -> &[(IdHash, u32)] {
        if self.entries.is_empty() {
            return &[];
        }
        let run = (hash.0.get() >> self.shift) as usize;
        let (Some(from), Some(to)) = (self.starts.get(run), self.starts.get(run + 1)) else {
            return &[];
        };
        let run = self.entries.get(*from as usize..*to as usize).unwrap_or_default();
        let from = run.partition_point(|(m, _)| *m < hash);
        let rest = run.get(from..).unwrap_or_default();
        let length = if rest.len() > 16 {
            rest.partition_point(|(m, _)| *m == hash)
        } else {
            rest.iter().take_while(|(m, _)| *m == hash).count()
        };
        rest.get(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exactly_what_was_put() {
        let hasher = IdHasher::default();
        let names: Vec<String> = (0..1000).map(|i| format!("name-{}", i % 300)).collect();
        let entries = names.iter().zip(0..).map(|(n, i)| (hasher.of(n), i)).collect();
        let lists = IdLists::new(entries);
        for number in 0..300u32 {
            let found: Vec<u32> =
                lists.get(hasher.of(&format!("name-{number}"))).iter().map(|e| e.1).collect();
            let expected: Vec<u32> = (0..1000).filter(|i| i % 300 == number).collect();
            assert_eq!(found, expected);
        }
        assert!(lists.get(hasher.of("other")).is_empty());
        assert!(IdLists::default().get(hasher.of("other")).is_empty());
        let asked = IdFilter::new(names.iter().map(|n| hasher.of(n)), 300);
        assert!(names.iter().all(|n| asked.has(hasher.of(n))));
    }
}
