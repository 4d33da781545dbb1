//! How a contribution lies in a file.
//!
//! ```text
//! magic                10 bytes
//! format               a number: 2
//! version              of the trailwhy that wrote it
//! inflated             bytes of the body
//! body                 deflate: terms, ledger, sight, totals, cuts, events
//! checksum             CRC-32 of all before it, 4 bytes
//! ```
//!
//! The magic, the format, the version and the checksum are where they are in every format, so that an
//! older trailwhy can tell a newer file from a damaged one. Whatever changes how files are made, the
//! rules by which events are chosen among it, is another format.

mod account;
mod bytes;
mod column;
mod events;
mod words;

use std::io::{self, Read, Write};

use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::contribution::Contribution;
use bytes::{Reader, Writer};

/// What such a file begins with: no text, and damaged by whatever takes it for text.
pub(super) const MAGIC: &[u8; 10] = b"\x8ftrailwhy\n";

/// The format that is written and read.
const FORMAT: u64 = 3;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes of the checksum.
const CHECKSUM: usize = 4;

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
const INFLATED: Bound = Bound { free: 64 << 20, ratio: 128 };

/// What events and their columns may take in memory.
const TAKEN: Bound = Bound { free: 512 << 20, ratio: 2_048 };

impl Bound {
    fn of(self, file: &[u8]) -> usize {
        self.free.max(file.len().saturating_mul(self.ratio))
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
    let mut body = Writer::default();
    account::write_terms(&contribution.terms, &mut body);
    account::write_ledger(&contribution.ledger, &mut body);
    account::write_sight(&contribution.sight, &mut body);
    account::write_totals(&contribution.totals, &mut body);
    account::write_cuts(contribution.cuts, &mut body);
    events::write(&contribution.events, &mut body);
    framed(&body.finish())
}

fn framed(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(body)?;
    let mut file = Writer::default();
    file.raw(MAGIC);
    file.number(FORMAT);
    file.text(VERSION);
    file.count(body.len());
    file.raw(&packed.finish()?);
    let mut file = file.finish();
    let sum = checksum(&file);
    file.extend(sum.to_be_bytes());
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
    let mut from = Reader::new(content);
    let format = from.number().ok_or(Refusal::Damaged)?;
    let version = from.text().ok_or(Refusal::Damaged)?;
    if format != FORMAT {
        return Err(Refusal::Format { version: version.to_owned(), newer: format > FORMAT });
    }
    let body = inflated(from, INFLATED.of(file)).ok_or(Refusal::Damaged)?;
    read_body(&body, TAKEN.of(file)).ok_or(Refusal::Damaged)
}

fn inflated(mut from: Reader<'_>, most: usize) -> Option<Vec<u8>> {
    let count = usize::try_from(from.number()?).ok().filter(|count| *count <= most)?;
    let mut body = Vec::new();
    let limit = u64::try_from(count).ok()?.checked_add(1)?;
    DeflateDecoder::new(from.rest()).take(limit).read_to_end(&mut body).ok()?;
    (body.len() == count).then_some(body)
}

fn read_body(body: &[u8], most: usize) -> Option<Contribution> {
    let mut from = Reader::new(body);
    let contribution = Contribution {
        terms: account::read_terms(&mut from)?,
        ledger: account::read_ledger(&mut from)?,
        sight: account::read_sight(&mut from)?,
        totals: account::read_totals(&mut from)?,
        cuts: account::read_cuts(&mut from)?,
        events: events::read(&mut from, most)?,
    };
    from.is_empty().then_some(contribution)
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
        let mut from = Reader::new(&content[..content.len() - CHECKSUM]);
        from.number().unwrap();
        from.text().unwrap();
        inflated(from, INFLATED.free).unwrap()
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
    fn what_points_at_itself_too_often_is_refused() {
        let mut columns = column::ColumnWriter::default();
        let mut to = Writer::default();
        let long = "x".repeat(1 << 20);
        columns.write((0..1_000).map(|_| (Some(long.as_str()), None)), &mut to);
        let (guids, bytes) = (columns.finish(), to.finish());
        let read = |budget| {
            let mut reader = column::ColumnReader::new(&guids, budget);
            reader.read(1_000, &mut Reader::new(&bytes), |_| None).is_some()
        };
        assert!(read(2 << 20) && !read(1 << 20));

        let mut bomb = Writer::default();
        bomb.raw(&vec![0; INFLATED.free + 1]);
        assert_eq!(decode(&framed(&bomb.finish()).unwrap()), Err(Refusal::Damaged));
    }

    #[test]
    fn other_formats_are_told_from_damage() {
        let file = |format: u64| {
            let mut file = Writer::default();
            file.raw(MAGIC);
            file.number(format);
            file.text("9.8.7");
            file.raw(b"whatever that will be");
            let mut file = file.finish();
            let sum = checksum(&file);
            file.extend(sum.to_be_bytes());
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
