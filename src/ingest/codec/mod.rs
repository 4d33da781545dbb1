//! How a contribution lies in a file.
//!
//! ```text
//! magic                10 bytes
//! format               a number: 4
//! version              of the trailwhy that wrote it
//! inflated             bytes of the body
//! body                 zstd: a [`Part`]
//! checksum             CRC-32 of all before it, 4 bytes
//! ```
//!
//! Numbers, texts and the body are what `postcard` makes of them. The magic, the format, the version
//! and the checksum are where they are in every format, so that an older trailwhy can tell a newer
//! file from a damaged one. Whatever changes how files are made, a member of a [`Part`] or the rules
//! by which events are chosen among it, is another format.

mod column;
mod events;
pub(super) mod words;

use std::borrow::Cow;
use std::io::{self, Read};

use flate2::Crc;
use serde::{Deserialize, Serialize};

use super::contribution::{Contribution, Terms};
use super::ledger::Ledger;
use super::sample::Total;
use super::sight::Sight;
use super::survey::Cuts;
use events::Columns;

/// What such a file begins with: no text, and damaged by whatever takes it for text.
pub(super) const MAGIC: &[u8; 10] = b"\x8ftrailwhy\n";

/// The format that is written and read.
const FORMAT: u64 = 4;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// How well the body is compressed: beyond that it takes several times as long for a hundredth.
const LEVEL: i32 = 9;

/// Memory for looking back while a body is inflated, as a power of two: more than [`LEVEL`] takes.
const WINDOW: u32 = 24;

/// More than all that was ever logged: thousands of such numbers can be added up.
const MOST: u64 = 1 << 48;

/// Hours that are times.
const FARTHEST_HOUR: u64 = 2_500_000_000;

/// How far the file of a stranger may go. Ids alone are 16 bytes an event that nothing can compress,
/// so real files stay far below.
#[derive(Debug, Clone, Copy)]
struct Bound {
    /// So many bytes are always given.
    free: usize,
    /// Beyond that, so many for each byte of the file.
    ratio: usize,
}

/// What the body may inflate to.
const INFLATED: Bound = Bound { free: 16 << 20, ratio: 64 };

/// What events and their columns may take in memory.
const TAKEN: Bound = Bound { free: 512 << 20, ratio: 2_048 };

impl Bound {
    fn of(self, file: &[u8]) -> usize {
        self.free.max(file.len().saturating_mul(self.ratio))
    }
}

/// What a file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Part<'c> {
    terms: Cow<'c, Terms>,
    ledger: Cow<'c, Ledger>,
    sight: Cow<'c, Sight>,
    /// By stratum.
    totals: Vec<(u64, Total)>,
    cuts: Option<Cuts>,
    events: Columns,
}

impl<'c> Part<'c> {
    fn of(contribution: &'c Contribution) -> Part<'c> {
        let Contribution { terms, events, ledger, sight, totals, cuts } = contribution;
        let mut totals: Vec<(u64, Total)> =
            totals.iter().map(|(at, total)| (*at, *total)).collect();
        totals.sort_unstable_by_key(|(stratum, _)| *stratum);
        Part {
            terms: Cow::Borrowed(terms),
            ledger: Cow::Borrowed(ledger),
            sight: Cow::Borrowed(sight),
            totals,
            cuts: *cuts,
            events: Columns::of(events),
        }
    }

    fn contribution(self, most: usize) -> Option<Contribution> {
        let sound = self.counts().all(|count| count <= MOST);
        let mut hours = self.sight.streams.iter().flat_map(|stream| stream.hours.keys());
        if !sound || hours.any(|hour| hour.unsigned_abs() > FARTHEST_HOUR) {
            return None;
        }
        Some(Contribution {
            terms: self.terms.into_owned(),
            ledger: self.ledger.into_owned(),
            sight: self.sight.into_owned(),
            totals: self.totals.into_iter().collect(),
            cuts: self.cuts,
            events: self.events.events(most)?,
        })
    }

    /// Numbers of records, files and bytes, which will be added to others.
    fn counts(&self) -> impl Iterator<Item = u64> {
        let (ledger, sight) = (&*self.ledger, &*self.sight);
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
            sight.kms,
            sight.reads,
            sight.writes,
            sight.data,
            sight.nameless,
        ];
        let skipped = ledger.skipped.iter().map(|skip| skip.recovered);
        let hours = sight.streams.iter().flat_map(|stream| stream.hours.values().copied());
        let mentions = sight.callers.values().chain(sight.owners.values());
        let totals = self.totals.iter().map(|(_, total)| total.count);
        let mentions = mentions.map(|mention| mention.count);
        plain.into_iter().chain(skipped).chain(hours).chain(mentions).chain(totals)
    }
}

/// Why a file is no contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
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

/// The file of a contribution.
pub(super) fn encode(contribution: &Contribution) -> io::Result<Vec<u8>> {
    framed(&postcard::to_stdvec(&Part::of(contribution)).map_err(io::Error::other)?)
}

fn framed(body: &[u8]) -> io::Result<Vec<u8>> {
    let head = (FORMAT, VERSION, body.len());
    let mut file = postcard::to_extend(&head, MAGIC.to_vec()).map_err(io::Error::other)?;
    file.extend(zstd::bulk::compress(body, LEVEL)?);
    file.extend(checksum(&file).to_be_bytes());
    Ok(file)
}

/// CRC-32, as gzip has it.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Reads a file.
pub(super) fn decode(file: &[u8]) -> Result<Contribution, Refusal> {
    let content = file.strip_prefix(MAGIC).ok_or(Refusal::Other)?;
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
    let (count, packed) = postcard::take_from_bytes::<usize>(rest).map_err(damaged)?;
    let body = inflated(packed, count, INFLATED.of(file)).ok_or(Refusal::Damaged)?;
    let (part, rest) = postcard::take_from_bytes::<Part<'_>>(&body).map_err(damaged)?;
    let part = Some(part).filter(|_| rest.is_empty());
    part.and_then(|part| part.contribution(TAKEN.of(file))).ok_or(Refusal::Damaged)
}

/// What is packed, if that is so much and not too much.
fn inflated(packed: &[u8], count: usize, most: usize) -> Option<Vec<u8>> {
    let limit = u64::try_from(count).ok().filter(|_| count <= most)?.checked_add(1)?;
    let mut body = Vec::new();
    let mut decoder = zstd::Decoder::with_buffer(packed).ok()?;
    decoder.window_log_max(WINDOW).ok()?;
    decoder.take(limit).read_to_end(&mut body).ok()?;
    (body.len() == count).then_some(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::super::contribution::tests::{concluded, contribution};
    use super::*;

    /// A file with this body and a right checksum, so that damage gets as far as it can.
    fn repacked(body: &[u8]) -> Vec<u8> {
        framed(body).unwrap()
    }

    fn body_of(file: &[u8]) -> Vec<u8> {
        let content = file.strip_prefix(MAGIC).unwrap();
        let head = postcard::take_from_bytes::<(u64, &str, usize)>(content).unwrap();
        let ((_, _, count), packed) = head;
        inflated(&packed[..packed.len() - CHECKSUM], count, INFLATED.free).unwrap()
    }

    proptest! {
        #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

        #[test]
        fn contributions_come_back(contribution in contribution()) {
            let file = encode(&contribution).unwrap();
            let read = decode(&file).unwrap();
            prop_assert_eq!(&read, &contribution);
            prop_assert_eq!(encode(&read).unwrap(), file);
        }

        #[test]
        fn every_changed_byte_is_noticed(
            contribution in contribution(),
            place in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let mut file = encode(&contribution).unwrap();
            let place = place.index(file.len());
            let end = decode(&file[..place]);
            prop_assert_eq!(end, Err(if place < MAGIC.len() { Refusal::Other } else { Refusal::Damaged }));
            file[place] ^= flip;
            let changed = decode(&file);
            prop_assert_eq!(changed, Err(if place < MAGIC.len() { Refusal::Other } else { Refusal::Damaged }));
        }

        #[test]
        fn what_is_made_up_does_no_harm(
            contribution in contribution(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut body = body_of(&encode(&contribution).unwrap());
            for (place, byte) in changes {
                let place = place.index(body.len());
                body[place] = byte;
            }
            if let Some(cut) = cut {
                body.truncate(cut.index(body.len()));
            }
            if let Ok(read) = decode(&repacked(&body)) {
                // What can be read can be used.
                let own = Contribution { terms: read.terms.clone(), ..contribution };
                let ledger = concluded(vec![own, read]).ledger;
                prop_assert!(ledger.records.kept < 1 << 50);
            }
        }
    }

    #[test]
    fn bombs_are_refused() {
        let bomb = framed(&vec![0; INFLATED.free + 1]).unwrap();
        assert!(bomb.len() < 1 << 16);
        assert_eq!(decode(&bomb), Err(Refusal::Damaged));
        let (claims, packed) = (10_usize, zstd::bulk::compress(&[0; 1000], LEVEL).unwrap());
        assert_eq!(inflated(&packed, claims, INFLATED.free), None);
        assert_eq!(inflated(&packed, usize::MAX, INFLATED.free), None);
    }

    #[test]
    fn other_formats_are_told_from_damage() {
        let file = |format: u64| {
            let mut file = postcard::to_extend(&(format, "9.8.7"), MAGIC.to_vec()).unwrap();
            file.extend(b"whatever that will be");
            file.extend(checksum(&file).to_be_bytes());
            decode(&file)
        };
        let version = || "9.8.7".to_owned();
        assert_eq!(file(FORMAT + 1), Err(Refusal::Format { version: version(), newer: true }));
        assert_eq!(file(FORMAT - 1), Err(Refusal::Format { version: version(), newer: false }));
        assert_eq!(file(FORMAT), Err(Refusal::Damaged));
        assert_eq!(decode(b"{\"Records\":[]}"), Err(Refusal::Other));
        assert_eq!(decode(b""), Err(Refusal::Other));
    }
}
