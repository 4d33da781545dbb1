//! Sorted runs of events, packed, in memory or in a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use crate::event::{Event, Time};
use crate::ingest::packing::compress;
use crate::ingest::record::known::Known;

/// Events in a run that is kept in a partial result: smaller runs compress less well.
const KEPT_RUN: usize = 32_768;

/// Events in a run that waits in a temporary file: many of those may be unpacked at the same time.
const WAITING_RUN: usize = 2_048;

/// The most bytes of text in a run of either kind.
const RUN_BYTES: usize = 8 << 20;

/// Packed events in order of time.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The time of the first.
    pub(crate) first: Time,
    /// The time of the last.
    pub(crate) last: Time,
    /// How many there are.
    pub(crate) count: usize,
    /// Bytes before they were packed.
    pub(crate) inflated: usize,
    /// Bytes that they are packed into.
    pub(crate) bytes: usize,
    place: Place,
}

/// Where the bytes lie: in what, and from which offset on.
#[derive(Debug, Clone)]
enum Place {
    Memory(Arc<[u8]>, usize),
    File(Arc<Mutex<File>>, u64),
}

impl Run {
    /// Packs events that are sorted; `None` of none.
    pub(crate) fn of(events: &[Event], level: i32) -> io::Result<Option<Run>> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(None) };
        let (inflated, packed) = compress::pack(events, level)?;
        Ok(Some(Run {
            first: first.time,
            last: last.time,
            count: events.len(),
            inflated,
            bytes: packed.len(),
            place: Place::Memory(packed.into(), 0),
        }))
    }

    /// The same run with its bytes in a file that is in memory, from offset `at` on.
    pub(crate) fn within(self, file: &Arc<[u8]>, at: usize) -> Run {
        Run { place: Place::Memory(Arc::clone(file), at), ..self }
    }

    /// A run as the head of a partial result describes it, with no bytes yet: first and last time; counts of events,
    /// of inflated and of packed bytes.
    pub(crate) fn without_bytes((first, last): (Time, Time), counts: (usize, usize, usize)) -> Run {
        let (count, inflated, bytes) = counts;
        let place = Place::Memory(Arc::default(), 0);
        Run { first, last, count, inflated, bytes, place }
    }

    /// The bytes.
    ///
    /// Errs when a temporary file cannot be read.
    pub(crate) fn packed(&self) -> io::Result<Vec<u8>> {
        match &self.place {
            Place::Memory(bytes, at) => {
                let packed = at.checked_add(self.bytes).and_then(|end| bytes.get(*at..end));
                packed.map(<[u8]>::to_vec).ok_or_else(damaged)
            }
            Place::File(file, at) => {
                let mut packed = vec![0; self.bytes];
                let mut file = file.lock().map_err(|_| damaged())?;
                file.seek(SeekFrom::Start(*at))?;
                file.read_exact(&mut packed)?;
                Ok(packed)
            }
        }
    }

    /// The events.
    ///
    /// Errs when a temporary file cannot be read, or what is packed is not what was said of it.
    pub(crate) fn events(&self) -> io::Result<Vec<Known>> {
        let events = compress::unpack(&self.packed()?, self.inflated).ok_or_else(damaged)?;
        if events.len() != self.count {
            return Err(damaged());
        }
        Ok(events.into_iter().map(Known::of).collect())
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a damaged partial result")
}

/// Packs sorted events into runs.
#[derive(Debug, Default)]
pub(crate) struct RunWriter {
    waiting: Vec<Event>,
    bytes: usize,
    level: i32,
    /// The most events of a run.
    most: usize,
    /// Runs that are complete.
    runs: Vec<Run>,
    /// The file that they are written to and its length; in memory without one.
    file: Option<(Arc<Mutex<File>>, u64)>,
}

impl RunWriter {
    /// Packs in memory, at a level of zstd.
    pub(crate) fn new(level: i32) -> RunWriter {
        RunWriter { level, most: KEPT_RUN, ..RunWriter::default() }
    }

    /// Packs into a temporary file without a name, which ends with the program; in memory, if there can be none.
    pub(crate) fn to_temporary_file() -> RunWriter {
        let file = tempfile::tempfile().ok().map(|file| (Arc::new(Mutex::new(file)), 0));
        RunWriter { level: 1, most: WAITING_RUN, file, ..RunWriter::default() }
    }

    /// Takes the next event, which is not before the last.
    ///
    /// Errs when it cannot be written.
    pub(crate) fn push(&mut self, event: Event) -> io::Result<()> {
        let bytes = event.content().1.len();
        let is_full =
            self.waiting.len() >= self.most || self.bytes.saturating_add(bytes) > RUN_BYTES;
        if is_full {
            self.pack()?;
        }
        self.bytes += bytes;
        self.waiting.push(event);
        Ok(())
    }

    fn pack(&mut self) -> io::Result<()> {
        let events = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let Some(mut run) = Run::of(&events, self.level)? else { return Ok(()) };
        if let Some((file, end)) = &mut self.file {
            let packed = run.packed()?;
            let mut to = file.lock().map_err(|_| damaged())?;
            to.seek(SeekFrom::Start(*end))?;
            to.write_all(&packed)?;
            drop(to);
            run.place = Place::File(Arc::clone(file), *end);
            *end += packed.len() as u64;
        }
        self.runs.push(run);
        Ok(())
    }

    /// The runs that were packed since the last call.
    ///
    /// Errs when it cannot be written.
    pub(crate) fn runs(&mut self) -> io::Result<Vec<Run>> {
        self.pack()?;
        Ok(std::mem::take(&mut self.runs))
    }
}
