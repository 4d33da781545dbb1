//! How a contribution lies in a file.
//!
//! ```text
//! magic                10 bytes
//! format               a number: 5
//! version              of the trailwhy that wrote it
//! inflated, packed     bytes of the head before and after
//! head                 zstd: a [`Part`], which tells of each stretch how long it is
//! stretches            zstd: [`Columns`] of some thousand events each, in order of time
//! checksum             CRC-32 of all before it, 4 bytes
//! ```
//!
//! Numbers, texts, the head and the columns are what `postcard` makes of them. The magic, the format,
//! the version and the checksum are where they are in every format, so that an older trailwhy can tell
//! a newer file from a damaged one. Whatever changes how files are made is another format.

mod column;
mod events;
pub(super) mod words;

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use flate2::Crc;
use serde::{Deserialize, Serialize};

use super::contribution::{Contribution, Terms};
use super::ledger::Ledger;
use super::sight::Sight;
use super::stretch::Stretch;
use crate::event::{Event, Time};
use events::Columns;

/// What such a file begins with: no text, and damaged by whatever takes it for text.
pub(super) const MAGIC: &[u8; 10] = b"\x8ftrailwhy\n";

/// The format that is written and read.
const FORMAT: u64 = 5;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

/// How well it is compressed: beyond that it takes several times as long for a hundredth.
pub(super) const LEVEL: i32 = 9;

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

/// What stands before the events.
#[derive(Debug, Serialize, Deserialize)]
struct Part<'c> {
    terms: Cow<'c, Terms>,
    ledger: Cow<'c, Ledger>,
    sight: Cow<'c, Sight>,
    stretches: Vec<Extent>,
}

/// How far a stretch goes.
#[derive(Debug, Serialize, Deserialize)]
struct Extent {
    first: Time,
    last: Time,
    count: usize,
    inflated: usize,
    bytes: usize,
}

impl Extent {
    fn of(stretch: &Stretch) -> Extent {
        let Stretch { first, last, count, inflated, bytes, .. } = *stretch;
        Extent { first, last, count, inflated, bytes }
    }
}

impl<'c> Part<'c> {
    fn of(contribution: &'c Contribution) -> Part<'c> {
        let Contribution { terms, stretches, ledger, sight } = contribution;
        Part {
            terms: Cow::Borrowed(terms),
            ledger: Cow::Borrowed(ledger),
            sight: Cow::Borrowed(sight),
            stretches: stretches.iter().map(Extent::of).collect(),
        }
    }

    /// With the stretches, which fill `file` from a byte on to the checksum.
    fn contribution(self, file: &Arc<[u8]>, from: usize) -> Option<Contribution> {
        let sound = self.counts().all(|count| count <= MOST);
        let mut hours = self.sight.streams.iter().flat_map(|stream| stream.hours.keys());
        if !sound || hours.any(|hour| hour.unsigned_abs() > FARTHEST_HOUR) {
            return None;
        }
        let mut at = from;
        let mut stretches = Vec::new();
        for Extent { first, last, count, inflated, bytes } in self.stretches {
            let stretch = Stretch::told((first, last), (count, inflated, bytes)).within(file, at);
            at = at.checked_add(bytes)?;
            // Strangers make files, too.
            let is_sound = count <= bytes.saturating_mul(INFLATED.ratio).max(INFLATED.free);
            stretches.push(Some(stretch).filter(|_| is_sound && first <= last)?);
        }
        (at.checked_add(CHECKSUM) == Some(file.len())).then(|| Contribution {
            terms: self.terms.into_owned(),
            ledger: self.ledger.into_owned(),
            sight: self.sight.into_owned(),
            stretches,
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
        let mentions = mentions.map(|mention| mention.count);
        plain.into_iter().chain(skipped).chain(hours).chain(mentions)
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
    let head = postcard::to_stdvec(&Part::of(contribution)).map_err(io::Error::other)?;
    let stretches = contribution.stretches.iter().map(Stretch::packed);
    framed(&head, stretches.collect::<io::Result<Vec<_>>>()?.iter().flatten())
}

fn framed<'b>(head: &[u8], stretches: impl Iterator<Item = &'b u8>) -> io::Result<Vec<u8>> {
    let packed = zstd::bulk::compress(head, LEVEL)?;
    let start = (FORMAT, VERSION, head.len(), packed.len());
    let mut file = postcard::to_extend(&start, MAGIC.to_vec()).map_err(io::Error::other)?;
    file.extend(packed);
    file.extend(stretches);
    file.extend(checksum(&file).to_be_bytes());
    Ok(file)
}

/// Events, packed so well, and how many bytes they took before.
pub(super) fn pack(events: &[Event], level: i32) -> io::Result<(usize, Vec<u8>)> {
    let body = postcard::to_stdvec(&Columns::of(events)).map_err(io::Error::other)?;
    Ok((body.len(), zstd::bulk::compress(&body, level)?))
}

/// Events that were packed; `None` where they are damaged.
pub(super) fn unpack(packed: &[u8], inflated: usize) -> Option<Vec<Event>> {
    let body = self::inflated(packed, inflated, INFLATED.of(packed))?;
    let (columns, rest) = postcard::take_from_bytes::<Columns>(&body).ok()?;
    columns.events(TAKEN.of(packed)).filter(|_| rest.is_empty())
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
    let (lengths, rest) = postcard::take_from_bytes::<(usize, usize)>(rest).map_err(damaged)?;
    let (count, length) = lengths;
    let from = before - rest.len();
    let (packed, _) = rest.split_at_checked(length).ok_or(Refusal::Damaged)?;
    let body = inflated(packed, count, INFLATED.of(packed)).ok_or(Refusal::Damaged)?;
    let (part, rest) = postcard::take_from_bytes::<Part<'_>>(&body).map_err(damaged)?;
    let part = Some(part).filter(|_| rest.is_empty()).ok_or(Refusal::Damaged)?;
    part.contribution(&file.into(), from + length).ok_or(Refusal::Damaged)
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
    use super::super::{Streamed, conclude};
    use super::*;

    /// Bytes of the head before and after, the head, and what follows it.
    fn opened(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let content = file.strip_prefix(MAGIC).unwrap();
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
            let refusal = if place < MAGIC.len() { Refusal::Other } else { Refusal::Damaged };
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
            let mut file = postcard::to_extend(&(format, "9.8.7"), MAGIC.to_vec()).unwrap();
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
