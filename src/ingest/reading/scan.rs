//! Walks the text of one file from record to record, a window at a time.
//!
//! The walk knows JSON's structure only as far as it must: which array holds the records, where a
//! record starts. Each record is then parsed on its own, so that one broken record costs only
//! itself, and a file of any size takes no more memory than a window.

use serde_json::Deserializer;

use crate::ingest::formats::csv_table::{self, Rows, Table};
use crate::ingest::formats::envelope;
use crate::ingest::formats::json_table;
use crate::ingest::reading::collector::Collector;
use crate::ingest::reading::json_extent;
use crate::ingest::reading::json_extent::Extent;
use crate::ingest::record::fast_path::{FastPath, Stop};
use crate::ingest::record::fields::Fields;
use crate::ingest::record::structural_index::StructuralIndex;
use crate::ingest::record::to_event::Flaw;
use crate::ingest::record::wire::Record;

/// The largest value that is read: CloudTrail's own limit for a record is 1 MB, and wrappers hold few records
/// each.
pub(crate) const LARGEST_VALUE: usize = 64 << 20;

/// Bytes, more than the start by which a record is recognised after damage.
const LONGER_THAN_START: usize = 16;

/// The members that hold the records, in every form that holds them in an array.
const CONTAINERS: &[&str] = &[
    "Records",
    "events",
    "Events",
    "logEvents",
    "QueryResultRows",
    "queryResultRows",
    "results",
    "hits",
    "value",
    "data",
    "rows",
    "Rows",
    "logs",
    "detections",
    "records",
    "Messages",
    "tables",
    "values",
];

/// Members whose object holds such an array: Elasticsearch, Athena GetQueryResults.
const AROUND: &[&str] = &["hits", "ResultSet"];

/// What the walk is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Array,
    Object,
    /// An object that holds records under their numbers.
    Numbered,
}

/// The result of one step of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Go on at this offset.
    To(usize),
    /// The text goes on beyond the window.
    More,
}

/// The state of the walk through one file.
#[derive(Debug)]
pub(crate) struct Scan<'m> {
    frames: Vec<Frame>,
    /// Set after damage: look for the start of a record before anything else.
    lost: bool,
    mode: Mode,
    /// The names of columns, for rows that are lists of cells.
    names: Option<Vec<String>>,
    /// The structural index of the present text, built when the first record is found in it; without one every
    /// record goes through the parser.
    index: Option<&'m mut StructuralIndex>,
    is_indexed: bool,
}

/// What the file is made of.
#[derive(Debug, Default)]
enum Mode {
    /// The start has not been looked at.
    #[default]
    Unknown,
    /// JSON values, or lines that hold some.
    Values,
    /// Rows.
    Table(Table),
}

impl<'m> Scan<'m> {
    /// At the start of a file; the memory of `index` is used again.
    pub(crate) fn new(index: Option<&'m mut StructuralIndex>) -> Scan<'m> {
        Scan {
            frames: Vec::new(),
            lost: false,
            mode: Mode::Unknown,
            names: None,
            index,
            is_indexed: false,
        }
    }

    /// Reads as many records as `text` holds and returns how much of it is done with. `last` says
    /// that nothing follows.
    pub(crate) fn scan(&mut self, text: &str, last: bool, reading: &mut Collector<'_>) -> usize {
        self.is_indexed = false;
        if matches!(self.mode, Mode::Unknown) {
            self.mode = look_at_start(text, reading);
        }
        match &self.mode {
            Mode::Table(Table::Refused(..)) => text.len(),
            Mode::Table(Table::Rows(table)) => rows(table, Tail { text, at: 0, last }, reading),
            Mode::Unknown | Mode::Values => self.values(text, last, reading),
        }
    }

    fn values(&mut self, text: &str, last: bool, reading: &mut Collector<'_>) -> usize {
        let mut at = 0;
        while at < text.len() {
            match self.step(Tail { text, at, last }, reading) {
                Step::To(next) if next > at => at = next,
                Step::To(_) => at += 1,
                Step::More if last => {
                    reading.cut();
                    return text.len();
                }
                Step::More if text.len() - at > LARGEST_VALUE => {
                    reading.flawed(Flaw::TooLarge);
                    self.lost = true;
                    return text.len();
                }
                Step::More => return at,
            }
        }
        at
    }

    fn step(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
        if self.lost {
            return self.find_again(tail);
        }
        let tail = match tail.skip_blank() {
            Some(tail) => tail,
            None => return Step::To(tail.text.len()),
        };
        match self.frames.last() {
            Some(Frame::Object) => self.in_object(tail),
            Some(Frame::Numbered) => self.numbered(tail, reading),
            Some(Frame::Array) if tail.first() == b']' => {
                self.frames.pop();
                Step::To(tail.at + 1)
            }
            Some(Frame::Array) => self.value(tail, reading),
            None => self.top(tail, reading),
        }
    }

    /// Looks for the next record after damage.
    fn find_again(&mut self, tail: Tail<'_>) -> Step {
        match json_extent::next_record(tail.rest()) {
            Some(offset) => {
                self.lost = false;
                Step::To(tail.at + offset)
            }
            // The end of the window may cut the start of a record in two.
            None if !tail.last && tail.rest().len() > LONGER_THAN_START => {
                Step::To(tail.text.len() - LONGER_THAN_START)
            }
            None if !tail.last => Step::More,
            None => Step::To(tail.text.len()),
        }
    }

    /// Between two members of an object that holds an array of records.
    fn in_object(&mut self, tail: Tail<'_>) -> Step {
        if tail.first() == b'}' {
            self.frames.pop();
            return Step::To(tail.at + 1);
        }
        match member(tail) {
            Member::Container(at) => self.enter(tail, at),
            Member::Other { start, end, .. } => {
                self.note_names(tail, start, end);
                Step::To(end)
            }
            Member::More => Step::More,
            Member::None => {
                // Damage between members: what follows is read as if at the top of the file.
                self.frames.clear();
                Step::To(tail.at + 1)
            }
        }
    }

    /// At a number and the record behind it, or at the end.
    fn numbered(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
        if tail.first() == b'}' {
            self.frames.pop();
            return Step::To(tail.at + 1);
        }
        match value_of(tail) {
            At::Value(at) => self.value(Tail { at, ..tail }, reading),
            At::More => Step::More,
            At::None => {
                self.frames.clear();
                Step::To(tail.at + 1)
            }
        }
    }

    /// Keeps the names of the columns of the rows that follow.
    fn note_names(&mut self, tail: Tail<'_>, start: usize, end: usize) {
        if let Some(names) =
            json_table::names(tail.key(), tail.text.get(start..end).unwrap_or_default())
        {
            self.names = Some(names);
        }
    }

    /// Steps into the array (or the object) that starts at `at`.
    fn enter(&mut self, tail: Tail<'_>, at: usize) -> Step {
        let frame = match tail.text.as_bytes().get(at) {
            Some(b'[') => Frame::Array,
            _ => Frame::Object,
        };
        self.frames.push(frame);
        Step::To(at + 1)
    }

    /// A value at the top of the file, or a line that is none.
    fn top(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
        match tail.first() {
            b'[' => {
                self.frames.push(Frame::Array);
                Step::To(tail.at + 1)
            }
            b'{' => self.value(tail, reading),
            _ => line(tail, reading),
        }
    }

    /// A value where a record may stand.
    fn value(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
        if tail.first() != b'{' {
            return self.element(tail, reading);
        }
        if let Some(step) = self.by_fast_path(tail, reading) {
            return step;
        }
        match self.opening(tail, reading) {
            Opening::Container(at) => {
                self.frames.push(Frame::Object);
                self.enter(tail, at)
            }
            Opening::Numbered => {
                self.frames.push(Frame::Numbered);
                Step::To(tail.at + 1)
            }
            Opening::Record => record(tail, reading),
            Opening::Element => self.element(tail, reading),
            Opening::More => Step::More,
        }
    }

    /// Reads a record by the fast path; `None` when it has to go through the parser.
    fn by_fast_path(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Option<Step> {
        let index = self.index.as_deref_mut().filter(|_| json_extent::is_record(tail.rest()))?;
        if !self.is_indexed {
            index.build(tail.text.as_bytes());
            self.is_indexed = true;
        }
        let mut fields = Fields::default();
        match (FastPath { text: tail.text, index }).record(tail.at, &mut fields) {
            Ok(end) if fields.is_whole() => {
                reading.fields(&fields);
                Some(Step::To(end))
            }
            Ok(_) => None,
            Err(Stop::More) if !tail.last => Some(Step::More),
            Err(Stop::More | Stop::Unusual) => None,
        }
    }

    /// Reads the members at the start of an object until it is clear what the object is.
    fn opening(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Opening {
        let mut at = Tail { at: tail.at + 1, ..tail };
        let mut first = true;
        loop {
            let Some(here) = at.skip_blank() else {
                return if tail.last { Opening::Element } else { Opening::More };
            };
            if std::mem::take(&mut first) && here.is_numbered() {
                match value_of(here) {
                    At::Value(value) if here.text.as_bytes().get(value) == Some(&b'{') => {
                        return Opening::Numbered;
                    }
                    At::More => return Opening::More,
                    At::Value(_) | At::None => {}
                }
            }
            match member(here) {
                Member::Container(start) => {
                    reading.tally.container = true;
                    return Opening::Container(start);
                }
                Member::Other { record: true, .. } => return Opening::Record,
                Member::Other { wrapper: true, .. } => return Opening::Element,
                Member::Other { start, end, .. } => {
                    self.note_names(here, start, end);
                    at.at = end;
                }
                Member::More => return Opening::More,
                Member::None => return Opening::Element,
            }
        }
    }

    /// Reads anything else in a record's place: first finds its extent, then looks inside.
    fn element(&mut self, tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
        let rest = tail.rest();
        let length = match json_extent::value(rest) {
            Extent::Ends(length) => length,
            Extent::Open if !tail.last => return Step::More,
            Extent::Open | Extent::Broken => return salvage(tail, reading),
        };
        let text = rest.get(..length).unwrap_or_default();
        if self.row(text, reading) || reading.element(text) {
            return Step::To(tail.at + length.max(1));
        }
        salvage(tail, reading)
    }

    /// Reads a list of cells where the names of the columns are known, or takes it for the names.
    fn row(&mut self, text: &str, reading: &mut Collector<'_>) -> bool {
        if !text.starts_with('[') && !text.starts_with('{') {
            return false;
        }
        let Some(cells) = json_table::cells(text) else { return false };
        match &self.names {
            Some(names) if names.len() == cells.len() => reading.row(names, cells),
            Some(_) => return false,
            None => match json_table::header(&cells) {
                Some(names) => self.names = Some(names),
                None => return false,
            },
        }
        true
    }
}

/// What the first members of an object show it to be.
enum Opening {
    /// It holds an array of records, which starts here.
    Container(usize),
    /// It holds records under their numbers.
    Numbered,
    /// It is a record as CloudTrail writes it.
    Record,
    /// Something else: a wrapper around a record, or no record at all.
    Element,
    More,
}

/// The text from one place on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tail<'t> {
    text: &'t str,
    at: usize,
    last: bool,
}

impl<'t> Tail<'t> {
    fn rest(self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn first(self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space, commas between values, byte order marks, and the NUL bytes that some tools pad with.
    fn skip_blank(self) -> Option<Tail<'t>> {
        let rest = self.rest();
        let blank = |c: char| c.is_whitespace() || matches!(c, ',' | '\0' | '\u{feff}' | '\u{1e}');
        let left = rest.trim_start_matches(blank);
        (!left.is_empty()).then_some(Tail { at: self.text.len() - left.len(), ..self })
    }

    /// Whether the name of the member that starts here is a number.
    fn is_numbered(self) -> bool {
        let key = self.key();
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit())
    }

    /// The name of the member that starts here.
    fn key(self) -> &'t str {
        let rest = self.rest().strip_prefix('"').unwrap_or_default();
        rest.split_once('"').map(|(key, _)| key).unwrap_or_default()
    }
}

/// One member of an object, by what its name promises.
enum Member {
    /// An array (or the object around one) that holds records; it starts here.
    Container(usize),
    /// Any other; where its value starts and ends, and whether it marks the object as a record or a
    /// wrapper.
    Other {
        start: usize,
        end: usize,
        record: bool,
        wrapper: bool,
    },
    More,
    /// There is no member here.
    None,
}

/// Where the value of a member starts.
enum At {
    Value(usize),
    More,
    /// There is no member here.
    None,
}

fn value_of(tail: Tail<'_>) -> At {
    let starved = || if tail.last { At::None } else { At::More };
    if tail.first() != b'"' {
        return At::None;
    }
    let after = match json_extent::string(tail.rest()) {
        Extent::Ends(length) => Tail { at: tail.at + length, ..tail },
        Extent::Open => return starved(),
        Extent::Broken => return At::None,
    };
    let Some(colon) = after.skip_blank() else { return starved() };
    if colon.first() != b':' {
        return At::None;
    }
    match (Tail { at: colon.at + 1, ..colon }).skip_blank() {
        Some(value) => At::Value(value.at),
        None => starved(),
    }
}

fn member(tail: Tail<'_>) -> Member {
    let starved = || if tail.last { Member::None } else { Member::More };
    let value = match value_of(tail) {
        At::Value(at) => Tail { at, ..tail },
        At::More => return Member::More,
        At::None => return Member::None,
    };
    let (key, start) = (tail.key(), value.at);
    let record = envelope::is_record_member(key);
    let wrapper = envelope::is_wrapper_member(key);
    if record || wrapper {
        return Member::Other { start, end: start, record, wrapper };
    }
    let (holds, around) = (CONTAINERS.contains(&key), AROUND.contains(&key));
    if (holds && value.first() == b'[') || (around && value.first() == b'{') {
        return Member::Container(start);
    }
    match json_extent::value(value.rest()) {
        Extent::Ends(length) => Member::Other { start, end: start + length, record, wrapper },
        Extent::Open => starved(),
        Extent::Broken => Member::None,
    }
}

/// Parses a record as CloudTrail writes it.
fn record(tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
    let mut parsed = Deserializer::from_str(tail.rest()).into_iter::<Record<'_>>();
    match parsed.next() {
        Some(Ok(record)) => {
            let end = parsed.byte_offset();
            let text = tail.rest().get(..end).unwrap_or_default();
            reading.record(&record, text);
            Step::To(tail.at + end)
        }
        Some(Err(error)) if error.is_eof() => Step::More,
        Some(Err(_)) | None => salvage(tail, reading),
    }
}

/// Reads a value that is no JSON. It reaches at most to the next record, so that a missing quote or bracket
/// cannot swallow what follows; within that reach it is repaired if possible.
fn salvage(tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
    let rest = tail.rest();
    let next = rest.get(1..).and_then(json_extent::next_record).map(|offset| offset + 1);
    let reach = rest.get(..next.unwrap_or(rest.len())).unwrap_or_default();
    match (json_extent::value(reach), next) {
        (Extent::Ends(length), _) => {
            let text = reach.get(..length).unwrap_or_default();
            if !reading.element(&mended(text)) {
                reading.malformed();
            }
            Step::To(tail.at + length.max(1))
        }
        (_, Some(next)) => {
            reading.malformed();
            Step::To(tail.at + next)
        }
        (Extent::Open, None) => Step::More,
        (Extent::Broken, None) => {
            reading.malformed();
            Step::To(tail.at + 1)
        }
    }
}

/// Replaces control characters, which JSON does not allow inside strings, but some tools write.
fn mended(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_control(), " ")
}

/// Tells tables from everything else by the first line.
fn look_at_start(text: &str, reading: &mut Collector<'_>) -> Mode {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\0']);
    if start.starts_with(['{', '[']) {
        return Mode::Values;
    }
    let mut lines = start.lines();
    let header = lines.next().unwrap_or_default();
    match Table::of(header, lines.next().unwrap_or_default()) {
        Some(table) => {
            if let Table::Refused(reason, why) = &table {
                reading.tally.other_log = Some((*reason, why.clone()));
            }
            Mode::Table(table)
        }
        None => Mode::Values,
    }
}

/// Reads rows; the header is met again here and passed over as the first.
fn rows(table: &Rows, tail: Tail<'_>, reading: &mut Collector<'_>) -> usize {
    // A byte order mark before a quote would take the quote for a letter.
    let mut at = tail.text.len() - tail.text.trim_start_matches('\u{feff}').len();
    while at < tail.text.len() {
        let rest = tail.text.get(at..).unwrap_or_default();
        let Some((cells, length)) = csv_table::row(rest, table.delimiter, tail.last) else {
            if rest.len() <= LARGEST_VALUE {
                break;
            }
            // A quote that is never closed.
            reading.flawed(Flaw::TooLarge);
            return tail.text.len();
        };
        at += length.max(1);
        let header = || table.names.iter().zip(&cells).all(|(name, cell)| name == cell.trim());
        if !cells.iter().all(|cell| cell.trim().is_empty()) && !header() {
            reading.cells(table, &cells);
        }
    }
    at
}

/// Reads a line of text; what stands before a `{` is a time stamp or the like.
fn line(tail: Tail<'_>, reading: &mut Collector<'_>) -> Step {
    let rest = tail.rest();
    let end = match memchr::memchr(b'\n', rest.as_bytes()) {
        Some(end) => end,
        None if tail.last => rest.len(),
        None => return Step::More,
    };
    let line = rest.get(..end).unwrap_or_default();
    match line.find('{') {
        Some(offset) => Step::To(tail.at + offset),
        None => {
            reading.unrelated_line(line);
            Step::To(tail.at + end.max(1))
        }
    }
}
