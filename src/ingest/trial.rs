//! Reads bytes as files are read, for tests that compare ways of reading and for fuzzing. Not part of the
//! interface: it may change at any time.
//!
//! Goes in: the content of a file, or what a part would hold. Comes out: the events and counts, or the part.

use std::path::Path;

use crate::error::Result;
use crate::event::Event;
use crate::ingest::files::selection::Selection;
use crate::ingest::inflate::caps::Caps;
use crate::ingest::ledger::reason::Reason;
use crate::ingest::parts::codec;
use crate::ingest::parts::contribution::Contribution;
use crate::ingest::reading::file::{self, ReadOptions, ReaderState};
use crate::ingest::record::known::Part;
use crate::wording::Sentence;

/// Bytes of a file that are looked at together.
pub const WINDOW: usize = file::WINDOW;

/// Bytes that a file may inflate to: a fuzzer soon finds bombs, and only loses time with them.
const INFLATED: u64 = 64 << 20;

/// What reading a file of some content gives.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// Its events.
    pub events: Vec<Event>,
    /// Records that were read.
    pub understood: u64,
    /// Records that could not be.
    pub malformed: u64,
    /// What else was met.
    pub reasons: Vec<(Reason, Option<Sentence>)>,
}

/// Reads the content of a file; `fast_path` says whether the fast path is tried before the parser.
pub fn outcome(mut content: &[u8], window: usize, fast_path: bool) -> Outcome {
    let selection = Selection::default();
    let caps = Caps { bytes: INFLATED, ..Caps::default() };
    let options = ReadOptions { window, fast_path, ..ReadOptions::new(&selection, caps) };
    let mut known = Vec::new();
    let mut emit = |mut part: Part| known.append(&mut part.events);
    let account = file::read_bytes(&mut content, options, &mut ReaderState::default(), &mut emit);
    Outcome {
        events: known.into_iter().map(|known| known.event).collect(),
        understood: account.tally.understood,
        malformed: account.tally.malformed,
        reasons: account.reasons(),
    }
}

/// Reads the file of a part that a stranger made of a head and columns, with lengths and checksum as they
/// have to be.
///
/// # Errors
/// When it is damaged, as it mostly is.
pub fn part(head: &[u8], columns: &[u8]) -> Result<Contribution> {
    let file = codec::made_up(head, columns).unwrap_or_default();
    Contribution::decode(&file, Path::new("part"))
}

/// The head of a part's file, and the columns of its first run; `None` when it is damaged.
pub fn opened(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    codec::opened(file)
}
