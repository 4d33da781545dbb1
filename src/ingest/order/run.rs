//! Events that wait for their neighbours: packed, in memory or in a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};

use crate::event::{Event, Time};
use crate::ingest::packing::compress;
use crate::ingest::record::known::Known;

/// So many events are packed together where they are kept: fewer take more room.
const KEPT: usize = 32_768;

/// So many where they only wait, since many runs may have to be unpacked at once.
const WAITING: usize = 2_048;

/// The same, in bytes of what they say.
const BYTES: usize = 8 << 20;

/// Some events in order of time.
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

/// Where it lies: at which byte of what.
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

    /// What lies in a file that is in memory, from this byte on.
    pub(crate) fn within(self, file: &Arc<[u8]>, at: usize) -> Run {
        Run { place: Place::Memory(Arc::clone(file), at), ..self }
    }

    /// What was written of it without the bytes.
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

/// Packs events as they come.
#[derive(Debug, Default)]
pub(crate) struct RunWriter {
    waiting: Vec<Event>,
    bytes: usize,
    level: i32,
    /// So many together.
    most: usize,
    /// What was packed.
    runs: Vec<Run>,
    /// Where it is put, if not in memory.
    file: Option<(Arc<Mutex<File>>, u64)>,
}

impl RunWriter {
    /// Packs so well; in memory.
    pub(crate) fn new(level: i32) -> RunWriter {
        RunWriter { level, most: KEPT, ..RunWriter::default() }
    }

    /// Packs into a file that has no name and goes with the program; in memory, where none can be
    /// made.
    pub(crate) fn to_temporary_file() -> RunWriter {
        let file = tempfile::tempfile().ok().map(|file| (Arc::new(Mutex::new(file)), 0));
        RunWriter { level: 1, most: WAITING, file, ..RunWriter::default() }
    }

    /// Takes the next event, which is not before the last.
    ///
    /// Errs when it cannot be written.
    pub(crate) fn push(&mut self, event: Event) -> io::Result<()> {
        let bytes = event.content().1.len();
        let is_full = self.waiting.len() >= self.most || self.bytes.saturating_add(bytes) > BYTES;
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

    /// What was packed since the last time.
    ///
    /// Errs when it cannot be written.
    pub(crate) fn runs(&mut self) -> io::Result<Vec<Run>> {
        self.pack()?;
        Ok(std::mem::take(&mut self.runs))
    }
}
