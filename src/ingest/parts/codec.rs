//! The file format of a contribution.
//!
//! Goes in: a contribution. Comes out: the bytes of its file, and back. A file that is something else, damaged, or
//! of another format is refused.
//!
//! ```text
//! magic                10 bytes
//! format               a number: 5
//! version              of the trailwhy that wrote it
//! inflated, packed     bytes of the head before and after
//! head                 zstd: a [`Head`], which gives the length of each run
//! runs                 zstd: [`Columns`] of some thousand events each, in order of time
//! checksum             CRC-32 of all before it, 4 bytes
//! ```
//!
//! Numbers, texts, the head and the columns are what `postcard` makes of them. The magic, the format,
//! the version and the checksum are where they are in every format, so that an older trailwhy can tell
//! a newer file from a damaged one. Whatever changes how files are made is another format.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::event::Time;
use crate::ingest::formats::other_logs::PARTIAL_RESULT;
use crate::ingest::ledger::coverage::Coverage;
use crate::ingest::ledger::totals::Ledger;
use crate::ingest::order::run::Run;
use crate::ingest::packing::compress::{INFLATED, LEVEL, checksum, inflated};
use crate::ingest::parts::contribution::{Contribution, Terms};
use crate::sanitize;

/// The format that is written and read.
const FORMAT: u64 = 5;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// The largest count that is accepted: more than was ever logged, and thousands of them add up without overflow.
const MOST: u64 = 1 << 48;

/// The farthest hour since 1970 that can be converted to a time.
const FARTHEST_HOUR: u64 = 2_500_000_000;

/// What comes before the events.
#[derive(Debug, Serialize, Deserialize)]
struct Head<'c> {
    terms: Cow<'c, Terms>,
    ledger: Cow<'c, Ledger>,
    coverage: Cow<'c, Coverage>,
    runs: Vec<RunEntry>,
}

/// What the head says of a run.
#[derive(Debug, Serialize, Deserialize)]
struct RunEntry {
    first: Time,
    last: Time,
    count: usize,
    inflated: usize,
    bytes: usize,
}

impl RunEntry {
    fn of(run: &Run) -> RunEntry {
        let Run { first, last, count, inflated, bytes, .. } = *run;
        RunEntry { first, last, count, inflated, bytes }
    }
}

impl<'c> Head<'c> {
    fn of(contribution: &'c Contribution) -> Head<'c> {
        let Contribution { terms, runs, ledger, coverage } = contribution;
        Head {
            terms: Cow::Borrowed(terms),
            ledger: Cow::Borrowed(ledger),
            coverage: Cow::Borrowed(coverage),
            runs: runs.iter().map(RunEntry::of).collect(),
        }
    }

    /// The contribution of this head, with the runs, which fill `file` from offset `from` to the checksum.
    fn contribution(self, file: &Arc<[u8]>, from: usize) -> Option<Contribution> {
        let sound = self.counts().all(|count| count <= MOST);
        let mut hours = self.coverage.streams.iter().flat_map(|stream| stream.hours.keys());
        if !sound || hours.any(|hour| hour.unsigned_abs() > FARTHEST_HOUR) {
            return None;
        }
        let mut at = from;
        let mut runs = Vec::new();
        for RunEntry { first, last, count, inflated, bytes } in self.runs {
            let run = Run::without_bytes((first, last), (count, inflated, bytes)).within(file, at);
            at = at.checked_add(bytes)?;
            // A file may come from a stranger.
            let is_sound = count <= bytes.saturating_mul(INFLATED.ratio).max(INFLATED.free);
            runs.push(Some(run).filter(|_| is_sound && first <= last)?);
        }
        (at.checked_add(CHECKSUM) == Some(file.len())).then(|| Contribution {
            terms: self.terms.into_owned(),
            ledger: self.ledger.into_owned(),
            coverage: self.coverage.into_owned(),
            runs,
        })
    }

    /// Every count of records, files and bytes, which will be added to those of other parts.
    fn counts(&self) -> impl Iterator<Item = u64> {
        let (ledger, coverage) = (&*self.ledger, &*self.coverage);
        let records = &ledger.records;
        let plain = [
            ledger.files_found,
            ledger.files_read,
            ledger.files_out_of_range,
            records.read,
            records.kept,
            records.malformed,
            records.out_of_range,
            records.notifications,
            ledger.late,
            ledger.bytes_stored,
            ledger.bytes_inflated,
            coverage.kms,
            coverage.reads,
            coverage.writes,
            coverage.data,
            coverage.without_caller,
        ];
        let skipped = ledger.skipped.iter().map(|skip| skip.recovered);
        let hours = coverage.streams.iter().flat_map(|stream| stream.hours.values().copied());
        let mentions = coverage.callers.values().chain(coverage.owners.values());
        let mentions = mentions.map(|mention| mention.count);
        plain.into_iter().chain(skipped).chain(hours).chain(mentions)
    }
}

/// Why a file is no contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    /// It is something else.
    Other,
    /// It ends too early or was changed.
    Damaged,
    /// It has a format of another version of trailwhy.
    Format {
        /// The version that wrote it.
        version: String,
        /// Whether its format is the newer one.
        newer: bool,
    },
}

impl Contribution {
    /// The bytes of the file of this part.
    ///
    /// # Errors
    /// When they cannot be compressed, which does not happen in memory.
    pub fn encode(&self) -> io::Result<Vec<u8>> {
        encode(self)
    }

    /// Whether a file with this start may be a part.
    pub fn begins_as(start: &[u8]) -> bool {
        start.starts_with(PARTIAL_RESULT)
    }

    /// Reads the file of a part; `name` is what the file is called in an error.
    ///
    /// # Errors
    /// When it is something else, damaged, or of another version's format.
    pub fn decode(file: &[u8], name: &Path) -> Result<Contribution> {
        decode(file).map_err(|refusal| Error::document(name, refusal.message(name)))
    }
}

impl Refusal {
    fn message(&self, name: &Path) -> String {
        let own = env!("CARGO_PKG_VERSION");
        match self {
            Refusal::Other => format!(
                "no partial result\nhint: an export is read by `trailwhy analyze {0}`; add \
                 `--partial FILE` to make a partial result of it",
                sanitize::line(&name.to_string_lossy())
            ),
            Refusal::Damaged => {
                "a damaged partial result: it ends too early or was changed\nhint: \
                                 copy it again, or make it again with `trailwhy analyze --partial`"
                    .to_owned()
            }
            Refusal::Format { version, newer: true } => format!(
                "made by trailwhy {0}, in a format that this trailwhy {own} does not know\n\
                 hint: merge with trailwhy {0}",
                sanitize::line(version)
            ),
            Refusal::Format { version, newer: false } => format!(
                "made by an older trailwhy ({}), in a format that this one ({own}) no longer \
                 reads\nhint: make it again with `trailwhy analyze --partial`",
                sanitize::line(version)
            ),
        }
    }
}

/// The file of a contribution.
fn encode(contribution: &Contribution) -> io::Result<Vec<u8>> {
    let head = postcard::to_stdvec(&Head::of(contribution)).map_err(io::Error::other)?;
    let runs = contribution.runs.iter().map(Run::packed);
    framed(&head, runs.collect::<io::Result<Vec<_>>>()?.iter().flatten())
}

fn framed<'b>(head: &[u8], runs: impl Iterator<Item = &'b u8>) -> io::Result<Vec<u8>> {
    let packed = zstd::bulk::compress(head, LEVEL)?;
    let start = (FORMAT, VERSION, head.len(), packed.len());
    let mut file =
        postcard::to_extend(&start, PARTIAL_RESULT.to_vec()).map_err(io::Error::other)?;
    file.extend(packed);
    file.extend(runs);
    file.extend(checksum(&file).to_be_bytes());
    Ok(file)
}

/// Reads a file.
fn decode(file: &[u8]) -> std::result::Result<Contribution, Refusal> {
    let content = file.strip_prefix(PARTIAL_RESULT).ok_or(Refusal::Other)?;
    let (content, stored) = content.split_last_chunk::<CHECKSUM>().ok_or(Refusal::Damaged)?;
    let before = file.len() - CHECKSUM;
    let sum = file.get(..before).map(checksum);
    if sum != Some(u32::from_be_bytes(*stored)) {
        return Err(Refusal::Damaged);
    }
    let damaged = |_| Refusal::Damaged;
    let ((format, version), rest) =
        postcard::take_from_bytes::<(u64, &str)>(content).map_err(damaged)?;
    if format != FORMAT {
        return Err(Refusal::Format { version: version.to_owned(), newer: format > FORMAT });
    }
    let (lengths, rest) = postcard::take_from_bytes::<(usize, usize)>(rest).map_err(damaged)?;
    let (count, length) = lengths;
    let from = before - rest.len();
    let (packed, _) = rest.split_at_checked(length).ok_or(Refusal::Damaged)?;
    let body = inflated(packed, count, INFLATED.of(packed)).ok_or(Refusal::Damaged)?;
    let (part, rest) = postcard::take_from_bytes::<Head<'_>>(&body).map_err(damaged)?;
    let part = Some(part).filter(|_| rest.is_empty()).ok_or(Refusal::Damaged)?;
    part.contribution(&file.into(), from + length).ok_or(Refusal::Damaged)
}

/// The file of a head and of the columns of one run, with its lengths put right.
pub(crate) fn made_up(head: &[u8], columns: &[u8]) -> io::Result<Vec<u8>> {
    const FAST: i32 = 1;
    let mut packed = zstd::bulk::compress(columns, FAST)?;
    let Ok(mut read) = postcard::from_bytes::<Head<'_>>(head) else {
        return framed(head, packed.iter());
    };
    read.runs.truncate(1);
    if read.runs.is_empty() {
        packed.clear();
    }
    for run in &mut read.runs {
        (run.inflated, run.bytes) = (columns.len(), packed.len());
    }
    framed(&postcard::to_stdvec(&read).map_err(io::Error::other)?, packed.iter())
}

/// The head of a file, and the columns of its first run.
pub(crate) fn opened(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let content = file.strip_prefix(PARTIAL_RESULT)?;
    let (start, rest) = postcard::take_from_bytes::<(u64, &str, usize, usize)>(content).ok()?;
    let (_, _, count, length) = start;
    let (packed, rest) = rest.split_at_checked(length)?;
    let head = inflated(packed, count, INFLATED.of(packed))?;
    let read = postcard::from_bytes::<Head<'_>>(&head).ok()?;
    let columns = match read.runs.first() {
        Some(first) => inflated(rest.get(..first.bytes)?, first.inflated, INFLATED.of(rest))?,
        None => Vec::new(),
    };
    Some((head, columns))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;
    use crate::ingest::packing::compress::unpack;
    use crate::ingest::parts::contribution::tests::{concluded, contribution};
    use crate::ingest::{Streamed, conclude};

    /// Bytes of the head before and after, the head, and what follows it.
    fn opened(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let content = file.strip_prefix(PARTIAL_RESULT).unwrap();
        let (start, rest) =
            postcard::take_from_bytes::<(u64, &str, usize, usize)>(content).unwrap();
        let (_, _, count, length) = start;
        let (packed, rest) = rest.split_at(length);
        (inflated(packed, count, INFLATED.free).unwrap(), rest[..rest.len() - CHECKSUM].to_vec())
    }

    proptest! {
        #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

        #[test]
        fn contributions_come_back(contribution in contribution()) {
            let file = encode(&contribution).unwrap();
            let read = decode(&file).unwrap();
            prop_assert_eq!(encode(&read).unwrap(), file);
            let events = |part: Contribution| concluded(vec![part]).events;
            prop_assert_eq!(events(read), events(contribution));
        }

        #[test]
        fn every_changed_byte_is_noticed(
            contribution in contribution(),
            place in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let mut file = encode(&contribution).unwrap();
            let place = place.index(file.len());
            let refusal = if place < PARTIAL_RESULT.len() { Refusal::Other } else { Refusal::Damaged };
            prop_assert_eq!(decode(&file[..place]).err(), Some(refusal.clone()));
            file[place] ^= flip;
            prop_assert_eq!(decode(&file).err(), Some(refusal));
        }

        #[test]
        fn what_is_made_up_does_no_harm(
            contribution in contribution(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
            in_head in any::<bool>(),
        ) {
            let (mut head, mut rest) = opened(&encode(&contribution).unwrap());
            let body = if in_head || rest.is_empty() { &mut head } else { &mut rest };
            for (place, byte) in changes {
                let place = place.index(body.len());
                body[place] = byte;
            }
            if let Some(cut) = cut {
                body.truncate(cut.index(body.len()));
            }
            if let Ok(read) = decode(&framed(&head, rest.iter()).unwrap()) {
                // What can be read can be used, or is told to be damaged.
                let own = Contribution { terms: read.terms.clone(), ..contribution };
                let parts = &mut [own, read].into_iter().map(Ok);
                if let Ok(Streamed::Whole(ingested)) = conclude(parts, usize::MAX, &mut |_| {}) {
                    prop_assert!(ingested.ledger.records.kept < 1 << 50);
                }
            }
        }
    }

    #[test]
    fn bombs_are_refused() {
        let bomb = framed(&vec![0; INFLATED.free + 1], [].iter()).unwrap();
        assert!(bomb.len() < 1 << 16);
        assert_eq!(decode(&bomb).err(), Some(Refusal::Damaged));
        let (claims, packed) = (10_usize, zstd::bulk::compress(&[0; 1000], LEVEL).unwrap());
        assert_eq!(inflated(&packed, claims, INFLATED.free), None);
        assert_eq!(inflated(&packed, usize::MAX, INFLATED.free), None);
        assert_eq!(unpack(&packed, usize::MAX), None);
    }

    #[test]
    fn other_formats_are_told_from_damage() {
        let file = |format: u64| {
            let mut file =
                postcard::to_extend(&(format, "9.8.7"), PARTIAL_RESULT.to_vec()).unwrap();
            file.extend(b"whatever that will be");
            file.extend(checksum(&file).to_be_bytes());
            decode(&file).err()
        };
        let version = || "9.8.7".to_owned();
        assert_eq!(file(FORMAT + 1), Some(Refusal::Format { version: version(), newer: true }));
        assert_eq!(file(FORMAT - 1), Some(Refusal::Format { version: version(), newer: false }));
        assert_eq!(file(FORMAT), Some(Refusal::Damaged));
        assert_eq!(decode(b"{\"Records\":[]}").err(), Some(Refusal::Other));
        assert_eq!(decode(b"").err(), Some(Refusal::Other));
    }
}
