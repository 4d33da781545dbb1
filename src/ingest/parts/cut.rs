//! Cuts an export into parcels of files that are read separately and merged: by account and day where the names of
//! the files give them, and within a day by time where a day is too large.

use std::collections::{BTreeSet, BinaryHeap};

use crate::error::Result;
use crate::event::Time;
use crate::ingest::files::delivery::Delivery;
use crate::ingest::files::source::{Input, Source};
use crate::ingest::ledger::totals::Ledger;
use crate::ingest::options::Options;
use crate::ingest::plan::Plan;

/// The size of parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// This many parts, or one of each file if there are fewer: the largest as small as can be.
    Parts(usize),
    /// At most this many stored bytes in each part; a larger file is a part of its own.
    Bytes(u64),
}

/// Files that are read together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parcel {
    /// The files, in order of account, day and time.
    pub sources: Vec<Source>,
    /// Bytes as they are stored.
    pub bytes: u64,
}

impl Parcel {
    /// Accounts in the names of the files.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.deliveries().map(|delivery| &*delivery.account).collect()
    }

    /// Regions in the names of the files.
    pub fn regions(&self) -> BTreeSet<&str> {
        self.deliveries().map(|delivery| &*delivery.region).collect()
    }

    /// When the first and the last file were delivered; `None` when a name does not say.
    pub fn delivered(&self) -> Option<(Time, Time)> {
        let mut stamps = self.sources.iter().map(|s| s.delivery.as_ref().map(|d| d.stamp));
        let first = stamps.next()??;
        stamps.try_fold((first, first), |(first, last), stamp| {
            stamp.map(|stamp| (first.min(stamp), last.max(stamp)))
        })
    }

    fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.sources.iter().filter_map(|source| source.delivery.as_ref())
    }
}

/// The parcels of the files below the inputs, and a ledger of what could not be looked at. Only the names and sizes of
/// files are read, unless a bound counts from the last event.
///
/// # Errors
/// When an input that the user named does not exist.
pub fn cut(inputs: &[Input], options: &Options, how: Cut) -> Result<(Vec<Parcel>, Ledger)> {
    let (sources, ledger) = Plan::make(inputs, options)?.into_sources();
    Ok((parcels(sources, how), ledger))
}

/// Milliseconds, as times are.
const DAY: i64 = 86_400_000;

/// What the files of one account and day share; files without a delivery name share nothing.
fn day(source: &Source) -> Option<(&str, i64)> {
    let delivery = source.delivery.as_ref()?;
    Some((&delivery.account, delivery.stamp.0.div_euclid(DAY)))
}

fn parcels(mut sources: Vec<Source>, how: Cut) -> Vec<Parcel> {
    // Stable: within a day the order of reading stays.
    sources.sort_by(|a, b| (day(a).is_none(), day(a)).cmp(&(day(b).is_none(), day(b))));
    let files: Vec<(Source, u64)> = sources
        .into_iter()
        .map(|source| {
            let size = source.size().unwrap_or_default();
            (source, size)
        })
        .collect();
    let days: Vec<u64> = files
        .chunk_by(|(a, _), (b, _)| day(a).is_some() && day(a) == day(b))
        .map(|day| day.iter().map(|(_, size)| size).sum())
        .collect();
    let most = match how {
        Cut::Bytes(bytes) => bytes.max(1),
        Cut::Parts(parts) => least(&files, &days, parts.max(1)),
    };
    let mut parcels: Vec<Parcel> = Vec::new();
    let mut begins = beginnings(&files, &days, most);
    if let Cut::Parts(parts) = how {
        halve(&mut begins, &files, parts);
    }
    for ((source, size), begins) in files.into_iter().zip(begins) {
        if begins || parcels.is_empty() {
            parcels.push(Parcel::default());
        }
        if let Some(parcel) = parcels.last_mut() {
            parcel.sources.push(source);
            parcel.bytes += size;
        }
    }
    parcels
}

/// For each file, whether a parcel begins with it: at a new day if the whole day does not fit, and within a day
/// that fits into no parcel.
fn beginnings(files: &[(Source, u64)], days: &[u64], most: u64) -> Vec<bool> {
    let mut days = days.iter();
    let (mut held, mut left) = (0_u64, 0_usize);
    let mut last: Option<&Source> = None;
    let mut begins = Vec::with_capacity(files.len());
    for (source, size) in files {
        let is_same = last.is_some_and(|last| day(last).is_some() && day(last) == day(source));
        let wanted = match is_same {
            true => *size,
            false => days.next().copied().filter(|whole| *whole <= most).unwrap_or(*size),
        };
        let full = left > 0 && held.saturating_add(wanted) > most;
        (held, left) = if full { (*size, 1) } else { (held.saturating_add(*size), left + 1) };
        begins.push(full);
        last = Some(source);
    }
    begins
}

/// The smallest size of parcels that gives no more than `parts` of them.
fn least(files: &[(Source, u64)], days: &[u64], parts: usize) -> u64 {
    let total: u64 = files.iter().map(|(_, size)| size).sum();
    let fits = |most: u64| {
        beginnings(files, days, most).into_iter().filter(|begins| *begins).count() < parts
    };
    let (mut low, mut high) = (total.div_ceil(parts as u64).max(1), total.max(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match fits(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    high
}

/// Halves the largest parcel until there are `parts` of them: who asks for as many has as many machines.
fn halve(begins: &mut [bool], files: &[(Source, u64)], parts: usize) {
    let up_to: Vec<u64> = std::iter::once(0)
        .chain(files.iter().scan(0_u64, |sum, (_, size)| {
            *sum = sum.saturating_add(*size);
            Some(*sum)
        }))
        .collect();
    let size = |from: usize, to: usize| match (up_to.get(from), up_to.get(to)) {
        (Some(before), Some(all)) => all - before,
        _ => 0,
    };
    let starts = begins.iter().enumerate().filter(|(at, begins)| *at == 0 || **begins);
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([files.len()]);
    let mut count = starts.len();
    let of = |(from, to): (usize, usize)| (size(from, to), from, to);
    let mut parcels: BinaryHeap<_> = starts.iter().copied().zip(ends).map(of).collect();
    while count < parts
        && let Some((whole, from, to)) = parcels.pop()
    {
        // Of one file; others may hold more of them although they are smaller.
        if to - from < 2 {
            continue;
        }
        let half = size(0, from) + whole / 2;
        let near = up_to.partition_point(|sum| *sum < half).clamp(from + 1, to - 1);
        let before = near.saturating_sub(1).max(from + 1);
        let cut = if size(before, to) <= size(from, near) { before } else { near };
        if let Some(begins) = begins.get_mut(cut) {
            *begins = true;
            count += 1;
        }
        parcels.extend([of((from, cut)), of((cut, to))]);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// An export of so many accounts and days with files of these sizes, in turns.
    fn export(folder: &Path, files: &[(u8, u8, u16)]) {
        for (number, (account, day, size)) in files.iter().enumerate() {
            let name = format!(
                "{:012}_CloudTrail_eu-west-1_202605{:02}T{:02}{:02}Z_{number:04}.json",
                111_122_223_333_u64 + u64::from(*account),
                1 + day,
                number / 60 % 24,
                number % 60
            );
            fs::write(folder.join(name), vec![b' '; usize::from(*size)]).unwrap();
        }
    }

    /// However many hours are between its files, a day that fits into a part is not cut.
    #[test]
    fn a_day_is_a_whole_day() {
        let folder = tempfile::tempdir().unwrap();
        for stamp in ["20260501T1200Z", "20260502T0010Z", "20260502T2350Z"] {
            let name = format!("111122223333_CloudTrail_eu-west-1_{stamp}_0000.json");
            fs::write(folder.path().join(name), [b' '; 40]).unwrap();
        }
        let inputs = [Input::Path(folder.path().to_path_buf())];
        let (parcels, _) = cut(&inputs, &Options::default(), Cut::Bytes(100)).unwrap();
        let files: Vec<usize> = parcels.iter().map(|parcel| parcel.sources.len()).collect();
        assert_eq!(files, [1, 2]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_file_is_in_one_part_and_parts_are_as_small_as_asked(
            files in prop::collection::vec((0_u8..3, 0_u8..4, 1_u16..400), 1..60),
            parts in 1_usize..80,
            most in 1_u64..3_000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            export(folder.path(), &files);
            let inputs = [Input::Path(folder.path().to_path_buf())];
            for how in [Cut::Parts(parts), Cut::Bytes(most)] {
                let (parcels, _) = cut(&inputs, &Options::default(), how).unwrap();
                let mut names: Vec<String> =
                    parcels.iter().flat_map(|p| p.sources.iter().map(Source::name)).collect();
                prop_assert_eq!(names.len(), files.len());
                names.sort();
                names.dedup();
                prop_assert_eq!(names.len(), files.len());
                for parcel in &parcels {
                    let sizes: u64 = parcel.sources.iter().filter_map(Source::size).sum();
                    prop_assert_eq!(sizes, parcel.bytes);
                    if let Cut::Bytes(most) = how {
                        prop_assert!(parcel.bytes <= most || parcel.sources.len() == 1);
                    }
                }
                if let Cut::Parts(parts) = how {
                    prop_assert_eq!(parcels.len(), parts.min(files.len()));
                }
            }
        }

        /// Days that fit are not cut.
        #[test]
        fn days_stay_whole(files in prop::collection::vec((0_u8..3, 0_u8..4, 1_u16..50), 1..60)) {
            let folder = tempfile::tempdir().unwrap();
            export(folder.path(), &files);
            let inputs = [Input::Path(folder.path().to_path_buf())];
            let (parcels, _) = cut(&inputs, &Options::default(), Cut::Bytes(60 * 50)).unwrap();
            let mut met = BTreeSet::new();
            for parcel in &parcels {
                let own: BTreeSet<_> = parcel.sources.iter().filter_map(day).collect();
                for day in own {
                    prop_assert!(met.insert(day), "{day:?} is in two parts");
                }
            }
        }
    }
}
