//! Reads one file from first byte to last, whatever it is made of.

use std::io::{self, Read};

use crate::ingest::files::selection::Selection;
use crate::ingest::files::source::Source;
use crate::ingest::files::system_error::said_by_system;
use crate::ingest::formats::other_logs;
use crate::ingest::inflate::caps::Caps;
use crate::ingest::inflate::gzip;
use crate::ingest::inflate::stream::{Bytes, Damage, Inflate};
use crate::ingest::inflate::utf16::Charset;
use crate::ingest::inflate::whole_file;
use crate::ingest::inflate::window::Window;
use crate::ingest::ledger::books::Books;
use crate::ingest::ledger::reason::{Reason, Skip};
use crate::ingest::reading::collector::{Collector, Tally};
use crate::ingest::reading::scan::{LARGEST_VALUE, Scan};
use crate::ingest::record::header::Needs;
use crate::ingest::record::known::Part;
use crate::ingest::record::structural_index::StructuralIndex;
use crate::ingest::record::to_event::Flaw;
use crate::wording::Sentence;

/// Bytes looked at together: small enough to stay in the processor's cache between inflating and
/// parsing, large enough that a record cut by its end costs little.
pub(crate) const WINDOW: usize = 512 << 10;

/// Bytes at the start of a file by which its format is recognised, however small the window.
const START: usize = 512;

/// Records handed over together, so that a huge file does not gather all of its own first.
pub(crate) const PART: usize = 1024;

/// What a worker keeps from file to file.
#[derive(Debug, Default)]
pub(crate) struct ReaderState {
    inflate: Inflate,
    window: Window,
    /// Text that is not yet UTF-8.
    raw: Window,
    index: StructuralIndex,
}

/// How a file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadOptions<'o> {
    pub(crate) selection: &'o Selection,
    /// What decides whether a record is needed; without it all are.
    pub(crate) needs: Option<Needs>,
    pub(crate) caps: Caps,
    /// Bytes looked at together.
    pub(crate) window: usize,
    /// Whether records take the fast path where they can; tests send all through the parser, to compare.
    pub(crate) fast_path: bool,
}

impl<'o> ReadOptions<'o> {
    pub(crate) fn new(selection: &'o Selection, caps: Caps) -> ReadOptions<'o> {
        ReadOptions { selection, needs: None, caps, window: WINDOW, fast_path: true }
    }
}

/// The account of one file; its events have been handed over.
pub(crate) struct FileAccount {
    pub(crate) tally: Tally,
    pub(crate) stored: u64,
    inflated: u64,
    damage: Option<Damage>,
    invalid_utf8: bool,
}

/// Reads a source; events go to `emit` part by part, the account is returned.
pub(crate) fn read<'o>(
    source: &Source,
    options: ReadOptions<'o>,
    state: &mut ReaderState,
    emit: &mut dyn FnMut(Part),
) -> FileAccount {
    match source.open() {
        Ok(mut bytes) => read_bytes(&mut *bytes, options, state, emit),
        Err(error) => FileAccount {
            tally: Tally::default(),
            stored: 0,
            inflated: 0,
            damage: Some(Damage { reason: Reason::Unreadable, detail: said_by_system(&error) }),
            invalid_utf8: false,
        },
    }
}

/// Reads bytes as [`read`] does a file.
pub(crate) fn read_bytes<'o>(
    bytes: &mut dyn Read,
    options: ReadOptions<'o>,
    state: &mut ReaderState,
    emit: &mut dyn FnMut(Part),
) -> FileAccount {
    let ReaderState { inflate, window, raw, index } = state;
    window.shrink(whole_file::LARGEST + WINDOW);
    raw.shrink(0);
    let mut bytes = inflate.open(bytes, options.caps);
    let more = bytes.fill(window, options.window.max(START));
    if window.bytes().starts_with(&gzip::MAGIC) {
        return read_inner(&mut bytes, window, options, emit);
    }
    walk(bytes, more, options, Space { window, raw, index }, emit)
}

/// Reads gzip inside gzip: Firehose compresses what CloudWatch Logs has compressed already.
fn read_inner<'o>(
    outer: &mut Bytes<'_>,
    window: &mut Window,
    options: ReadOptions<'o>,
    emit: &mut dyn FnMut(Part),
) -> FileAccount {
    let mut state = ReaderState::default();
    let ReaderState { inflate, window: inner, raw, index } = &mut state;
    let mut rest = Rest { outer, window };
    let mut bytes = inflate.open(&mut rest, options.caps).in_pieces();
    let more = bytes.fill(inner, options.window.max(START));
    let mut account = walk(bytes, more, options, Space { window: inner, raw, index }, emit);
    account.stored = outer.stored();
    if account.damage.is_none() {
        account.damage = outer.damage().cloned();
    }
    account
}

/// A window, then the rest of the stream it was filled from.
struct Rest<'r, 'i> {
    outer: &'r mut Bytes<'i>,
    window: &'r mut Window,
}

impl Read for Rest<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.window.len() == 0 {
            self.outer.fill(self.window, 1);
        }
        Ok(self.window.read(buffer))
    }
}

/// The memory that is used while a file is walked through.
struct Space<'s> {
    window: &'s mut Window,
    raw: &'s mut Window,
    index: &'s mut StructuralIndex,
}

fn walk<'o>(
    mut bytes: Bytes<'_>,
    mut more: bool,
    options: ReadOptions<'o>,
    space: Space<'_>,
    emit: &mut dyn FnMut(Part),
) -> FileAccount {
    let Space { window, raw, index } = space;
    let mut reading = Collector::new(options.selection, options.needs);
    let mut invalid_utf8 = false;
    if let Some(format) = other_logs::format(window.bytes()) {
        reading.tally.other_log = Some((Reason::UnsupportedFormat, format));
        return FileAccount::of(reading, &bytes, invalid_utf8);
    }
    let charset = Charset::of(window.bytes());
    if charset != Charset::Utf8 {
        std::mem::swap(window, raw);
        more = charset.fill(&mut bytes, more, raw, window, options.window);
    }
    let mut scan = Scan::new(options.fast_path.then_some(index));
    loop {
        let (consumed, replaced) =
            window.with_text(!more, |text| scan.scan(text, !more, &mut reading));
        invalid_utf8 |= replaced;
        if let Some(part) = reading.part(PART) {
            emit(part);
        }
        if !more {
            break;
        }
        window.consume(consumed);
        // A value beyond the cap is given up, so no more than that needs to be in memory.
        let most = LARGEST_VALUE + options.window;
        let target = options.window.max(most.min(window.len() * 2));
        more = match charset {
            Charset::Utf8 => bytes.fill(window, target),
            other => other.fill(&mut bytes, true, raw, window, target),
        };
    }
    if let Some(part) = reading.part(1) {
        emit(part);
    }
    FileAccount::of(reading, &bytes, invalid_utf8)
}

impl FileAccount {
    fn of(reading: Collector<'_>, bytes: &Bytes<'_>, invalid_utf8: bool) -> FileAccount {
        FileAccount {
            tally: reading.tally,
            stored: bytes.stored(),
            inflated: bytes.given(),
            damage: bytes.damage().cloned(),
            invalid_utf8,
        }
    }

    /// Writes this file's account into the ledger.
    pub(crate) fn enter(mut self, source: &Source, books: &mut Books) {
        books.coverage.add(std::mem::take(&mut self.tally.coverage));
        let ledger = &mut books.ledger;
        ledger.bytes_stored += self.stored;
        ledger.bytes_inflated += self.inflated;
        for (reason, detail) in self.reasons() {
            let recovered = self.tally.understood;
            ledger.skipped.push(Skip { path: source.name(), reason, detail, recovered });
        }
        if !self.tally.recognised() {
            return;
        }
        ledger.files_read += 1;
        ledger.records.read += self.tally.understood + self.tally.malformed;
        ledger.records.malformed += self.tally.malformed;
        ledger.records.out_of_range += self.tally.out_of_range;
        ledger.leave_out(self.tally.outside);
    }

    /// Every reason, with its detail, why the file gave no records or not all.
    pub(crate) fn reasons(&self) -> Vec<(Reason, Option<Sentence>)> {
        let tally = &self.tally;
        let mut reasons = Vec::new();
        for (reason, count) in &tally.passed_over {
            reasons.push((*reason, Some(passed_over(*count))));
        }
        if let Some(damage) = &self.damage {
            reasons.push((damage.reason, Some(damage.detail.clone())));
        } else if self.inflated == 0 {
            reasons.push((Reason::Empty, None));
        } else if !tally.recognised() {
            reasons.push(match &tally.other_log {
                Some((reason, detail)) => (*reason, Some(detail.clone())),
                None if tally.flaws.contains_key(&Flaw::TooLarge) => {
                    (Reason::NotCloudtrail, Some(Flaw::TooLarge.sentence()))
                }
                None => (Reason::NotCloudtrail, None),
            });
            return reasons;
        }
        if !tally.recognised() {
            return reasons;
        }
        if tally.cut && self.damage.is_none() {
            reasons.push((Reason::TruncatedJson, Some(Sentence::new("log-ends-in-record"))));
        }
        let flaws = tally.flaws.iter().map(|(flaw, count)| flawed(flaw.sentence(), *count));
        let together =
            |before, after| Sentence::new("list-next").arg("before", before).arg("after", after);
        if let Some(detail) = flaws.reduce(together) {
            reasons.push((Reason::MalformedRecords, Some(detail)));
        }
        if tally.unrelated > 0 {
            let detail = Sentence::new("log-no-records").arg("count", tally.unrelated.to_string());
            reasons.push((Reason::NotCloudtrail, Some(detail)));
        }
        if self.invalid_utf8 {
            let detail = Sentence::new("log-no-utf8");
            reasons.push((Reason::InvalidUtf8, Some(detail)));
        }
        reasons
    }
}

// Counts are passed as text, because the report writes them without separators.

fn passed_over(count: u64) -> Sentence {
    match count {
        1 => Sentence::new("log-passed-over-one"),
        _ => Sentence::new("log-passed-over").arg("count", count.to_string()),
    }
}

fn flawed(flaw: Sentence, count: u64) -> Sentence {
    match count {
        1 => Sentence::new("log-flaw-one").arg("flaw", flaw),
        _ => Sentence::new("log-flaw").arg("count", count.to_string()).arg("flaw", flaw),
    }
}
