//! Events as compressed columns, and back.

use std::io::{self, Read};

use flate2::Crc;

use crate::event::Event;
use crate::ingest::packing::event_columns::Columns;

/// How well it is compressed: beyond that it takes several times as long for a hundredth.
pub(crate) const LEVEL: i32 = 9;

/// Memory for looking back while a body is inflated, as a power of two: more than [`LEVEL`] takes.
const WINDOW: u32 = 24;

/// How far the file of a stranger may go. Ids alone are 16 bytes an event that nothing can compress,
/// so real files stay far below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// So many bytes are always given.
    pub(crate) free: usize,
    /// Beyond that, so many for each byte of the file.
    pub(crate) ratio: usize,
}

/// What the body may inflate to.
pub(crate) const INFLATED: Bound = Bound { free: 16 << 20, ratio: 64 };

/// What events and their columns may take in memory.
const TAKEN: Bound = Bound { free: 512 << 20, ratio: 2_048 };

impl Bound {
    pub(crate) fn of(self, file: &[u8]) -> usize {
        self.free.max(file.len().saturating_mul(self.ratio))
    }
}

/// Events, packed so well, and how many bytes they took before.
pub(crate) fn pack(events: &[Event], level: i32) -> io::Result<(usize, Vec<u8>)> {
    let body = postcard::to_stdvec(&Columns::of(events)).map_err(io::Error::other)?;
    Ok((body.len(), zstd::bulk::compress(&body, level)?))
}

/// Events that were packed; `None` where they are damaged.
pub(crate) fn unpack(packed: &[u8], inflated: usize) -> Option<Vec<Event>> {
    let body = self::inflated(packed, inflated, INFLATED.of(packed))?;
    let (columns, rest) = postcard::take_from_bytes::<Columns>(&body).ok()?;
    columns.events(TAKEN.of(packed)).filter(|_| rest.is_empty())
}

/// CRC-32, as gzip has it.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// What is packed, if that is so much and not too much.
pub(crate) fn inflated(packed: &[u8], count: usize, most: usize) -> Option<Vec<u8>> {
    let limit = u64::try_from(count).ok().filter(|_| count <= most)?.checked_add(1)?;
    let mut body = Vec::new();
    let mut decoder = zstd::Decoder::with_buffer(packed).ok()?;
    decoder.window_log_max(WINDOW).ok()?;
    decoder.take(limit).read_to_end(&mut body).ok()?;
    (body.len() == count).then_some(body)
}
