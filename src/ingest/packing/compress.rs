//! Events as compressed columns, and back.

use std::io::{self, Read};

use flate2::Crc;

use crate::event::Event;
use crate::ingest::packing::event_columns::Columns;

/// The level of zstd for what is kept: higher ones take several times as long for a hundredth of the size.
pub(crate) const LEVEL: i32 = 9;

/// The largest window of zstd, as a power of two of bytes: larger than [`LEVEL`] needs.
const WINDOW: u32 = 24;

/// How large the content of a file from a stranger may be. Ids alone are 16 bytes for each event that cannot be
/// compressed, so real files stay far below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// Bytes that are always allowed.
    pub(crate) free: usize,
    /// Beyond that, bytes for each byte of the file.
    pub(crate) ratio: usize,
}

/// Bytes that a body may inflate to.
pub(crate) const INFLATED: Bound = Bound { free: 16 << 20, ratio: 64 };

/// Bytes that events and their columns may take in memory.
const TAKEN: Bound = Bound { free: 512 << 20, ratio: 2_048 };

impl Bound {
    pub(crate) fn of(self, file: &[u8]) -> usize {
        self.free.max(file.len().saturating_mul(self.ratio))
    }
}

/// Packs events at a level of zstd; returns the bytes before compression, and the packed bytes.
///
/// # Errors
/// When compressing fails, which does not happen in memory.
pub(crate) fn pack(events: &[Event], level: i32) -> io::Result<(usize, Vec<u8>)> {
    let body = postcard::to_stdvec(&Columns::of(events)).map_err(io::Error::other)?;
    Ok((body.len(), zstd::bulk::compress(&body, level)?))
}

/// The events that were packed; `None` when the bytes are damaged or too much comes out of them.
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

/// Inflates bytes, if exactly `count` come out and that is no more than `most`.
pub(crate) fn inflated(packed: &[u8], count: usize, most: usize) -> Option<Vec<u8>> {
    let limit = u64::try_from(count).ok().filter(|_| count <= most)?.checked_add(1)?;
    let mut body = Vec::new();
    let mut decoder = zstd::Decoder::with_buffer(packed).ok()?;
    decoder.window_log_max(WINDOW).ok()?;
    decoder.take(limit).read_to_end(&mut body).ok()?;
    (body.len() == count).then_some(body)
}
