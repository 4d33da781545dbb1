//! Collects what one file gives: its events, and the counts of everything that did not become one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::event::{Field, Time};
use crate::ingest::files::selection::Selection;
use crate::ingest::formats::csv_table::Rows;
use crate::ingest::formats::envelope::{self, RecordSink};
use crate::ingest::formats::json_table;
use crate::ingest::formats::object::Object;
use crate::ingest::formats::other_logs;
use crate::ingest::formats::row_record::RowRecord;
use crate::ingest::ledger::coverage::Coverage;
use crate::ingest::ledger::reason::Reason;
use crate::ingest::ledger::totals;
use crate::ingest::ledger::trail_change;
use crate::ingest::record::fields::Fields;
use crate::ingest::record::header::{Header, Needs};
use crate::ingest::record::identifier::Identifier;
use crate::ingest::record::known::{self, Known, Part};
use crate::ingest::record::to_event::{self, Flaw};
use crate::ingest::record::wire::Record;
use crate::wording::Sentence;

/// How many lines without JSON are compared with the formats of other logs, at the start of a file.
const LINES_COMPARED: u64 = 8;

/// What was counted in one file.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// What the records cover.
    pub(crate) coverage: Coverage,
    /// Records that could be understood, kept or not.
    pub(crate) understood: u64,
    /// Records that could not.
    pub(crate) malformed: u64,
    /// Records outside the selection.
    pub(crate) out_of_range: u64,
    /// The first and last time of those.
    pub(crate) outside: Option<(Time, Time)>,
    /// Records of kinds that are no calls, by kind.
    pub(crate) passed_over: BTreeMap<Reason, u64>,
    /// Objects and lines that have nothing to do with CloudTrail.
    pub(crate) unrelated: u64,
    /// An array was found under a name that holds records.
    pub(crate) container: bool,
    /// The text ended in the middle of a record.
    pub(crate) cut: bool,
    /// Why records were not understood.
    pub(crate) flaws: BTreeMap<Flaw, u64>,
    /// What the file is instead of a CloudTrail log, as far as recognised.
    pub(crate) other_log: Option<(Reason, Sentence)>,
}

impl Tally {
    /// Whether this is a CloudTrail file at all; only then is what it holds counted as records.
    pub(crate) fn recognised(&self) -> bool {
        let summaries = self.flaws.contains_key(&Flaw::Summary);
        let records = self.understood > 0 || !self.passed_over.is_empty() || summaries;
        records || (self.container && self.unrelated == 0 && self.other_log.is_none())
    }

    fn met(&self) -> u64 {
        self.understood + self.malformed + self.passed_over.values().sum::<u64>() + self.unrelated
    }
}

/// What one file gives, collected while it is walked through.
#[derive(Debug)]
pub(crate) struct Collector<'s> {
    selection: &'s Selection,
    needs: Option<Needs>,
    /// What is not yet handed over.
    part: Part,
    /// Everything else.
    pub(crate) tally: Tally,
}

impl<'s> Collector<'s> {
    pub(crate) fn new(selection: &'s Selection, needs: Option<Needs>) -> Collector<'s> {
        Collector { selection, needs, part: Part::default(), tally: Tally::default() }
    }

    /// Takes the records collected so far, if there are at least `least` of them, in order of time. Sorting here
    /// uses all threads.
    pub(crate) fn part(&mut self, least: usize) -> Option<Part> {
        if self.part.len() < least {
            return None;
        }
        let mut part = std::mem::take(&mut self.part);
        known::sort(&mut part.events);
        Some(part)
    }

    /// A record in CloudTrail's own form; `text` is what it was parsed from.
    pub(crate) fn record(&mut self, record: &Record<'_>, text: &str) {
        if record.has_text_for_structure() || !record.is_whole() {
            return match serde_json::from_str::<Object<'_>>(text) {
                Ok(object) => self.unusual(record, text, &object),
                Err(_) => self.flawed(Flaw::NoJson),
            };
        }
        self.enter(record);
    }

    /// Takes an object that begins like a record but lacks some of one: a transposed table, a service's message
    /// with records inside, a record whose structures a tool flattened or turned into text, or a record that
    /// really is that short.
    fn unusual(&mut self, record: &Record<'_>, text: &str, object: &Object<'_>) {
        if json_table::transposed(object).is_some() {
            self.element(text);
        } else if envelope::is_message(object) {
            let before = self.tally.met();
            envelope::find_in_message(object, self);
            if self.tally.met() == before {
                self.enter(record);
            }
        } else if record.has_text_for_structure() || envelope::is_flattened(object) {
            self.row_record(envelope::row_record_of(object));
        } else {
            self.enter(record);
        }
    }

    fn enter(&mut self, record: &Record<'_>) {
        let raws = record.raws();
        self.fields(&record.fields(&raws));
    }

    /// Takes a record by its fields.
    pub(crate) fn fields(&mut self, fields: &Fields<'_>) {
        match to_event::padded(fields) {
            None => self.take(fields),
            Some(accounts) => self.take(&to_event::with_accounts(fields, &accounts)),
        }
    }

    fn take(&mut self, fields: &Fields<'_>) {
        if let Some(reason) = no_call(fields) {
            *self.tally.passed_over.entry(reason).or_default() += 1;
            return;
        }
        if fields.get(Field::EventSource).is_some_and(|source| source.starts_with("aws:")) {
            // Notifications of S3, SQS and others look like records from outside.
            let notice = match fields.get(Field::EventSource) {
                Some("aws:s3") => Sentence::new("log-delivery-notice"),
                _ => Sentence::new("log-notifications"),
            };
            self.tally.other_log.get_or_insert((Reason::NotCloudtrail, notice));
            self.tally.unrelated += 1;
            return;
        }
        let header = match to_event::time(fields) {
            Ok(time) => Header::new(fields, time),
            Err(flaw) => return self.flawed(flaw),
        };
        self.tally.understood += 1;
        if !self.selection.takes(&header) {
            self.tally.out_of_range += 1;
            let time = header.time();
            self.tally.outside = totals::united(self.tally.outside, Some((time, time)));
            return;
        }
        let changes = trail_change::may_be(&header);
        let wanted = changes || header.is_notification();
        let needed = wanted || self.needs.is_none_or(|needs| needs(&header));
        match fields.get(Field::EventId).filter(|_| !needed) {
            Some(id) => {
                self.tally.coverage.count(&header, id);
                self.part.unneeded.push(identifier(id, fields, header.time()));
            }
            None => {
                let known = Known::of(to_event::event(fields, header.time()));
                self.tally.coverage.count(&header, known.event.id());
                if changes {
                    self.tally.coverage.change(&known.event);
                }
                self.part.events.push(known);
            }
        }
    }

    /// Counts something that should be a record and is none.
    pub(crate) fn flawed(&mut self, flaw: Flaw) {
        *self.tally.flaws.entry(flaw).or_default() += 1;
        self.tally.malformed += 1;
    }

    fn enter_json(&mut self, json: &str) {
        match serde_json::from_str::<Record<'_>>(json) {
            Ok(record) => self.enter(&record),
            Err(_) => self.flawed(Flaw::NoJson),
        }
    }

    /// Takes any other value in a record's place. False when it is no JSON.
    pub(crate) fn element(&mut self, text: &str) -> bool {
        let before = self.tally.met();
        let json = envelope::find_records(text, self);
        if json && self.tally.met() == before {
            self.tally.unrelated += 1;
            if self.tally.other_log.is_none() {
                self.tally.other_log = other_logs::list(text);
            }
        }
        json
    }

    /// Takes one row of a CSV table.
    pub(crate) fn cells(&mut self, table: &Rows, cells: &[Cow<'_, str>]) {
        let whole = table.whole.and_then(|column| cells.get(column));
        if whole.is_some_and(|cell| self.found(|out| envelope::find_in_text(cell, out))) {
            return;
        }
        if table.has("eventName") {
            let mut row_record = RowRecord::default();
            for (place, cell) in table.places.iter().zip(cells) {
                if let Some(place) = place {
                    row_record.put(place, Value::String(cell.to_string()));
                }
            }
            return self.row_record(row_record);
        }
        let cells = table.names.iter().cloned().zip(cells);
        let filled = cells.filter(|(_, cell)| !matches!(cell.as_ref(), "" | "-"));
        self.found_in(filled.map(|(name, cell)| (name, Value::String(cell.to_string()))).collect());
    }

    /// Takes one row of a table written as JSON.
    pub(crate) fn row(&mut self, names: &[String], cells: Vec<Value>) {
        self.found_in(names.iter().cloned().zip(cells).collect());
    }

    fn found_in(&mut self, row: json_table::Row) {
        if !self.found(|out| envelope::find_in_row(row, out)) {
            self.tally.unrelated += 1;
        }
    }

    /// Calls `look`; whether it found anything that is counted.
    fn found(&mut self, look: impl FnOnce(&mut dyn RecordSink) -> bool) -> bool {
        let before = self.tally.met();
        look(self);
        self.tally.met() > before
    }

    /// Counts a line without JSON.
    pub(crate) fn unrelated_line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.tally.unrelated += 1;
        if self.tally.other_log.is_none() && self.tally.unrelated < LINES_COMPARED {
            self.tally.other_log = other_logs::line(line);
        }
    }

    /// Counts text that cannot be parsed where a record should be.
    pub(crate) fn malformed(&mut self) {
        self.flawed(Flaw::NoJson);
    }

    /// Notes that the text ends in the middle of a value.
    pub(crate) fn cut(&mut self) {
        self.tally.cut = true;
        self.tally.malformed += 1;
    }
}

/// Why the record tells of no call, if it does not: Insights events and aggregated data events.
fn no_call(fields: &Fields<'_>) -> Option<Reason> {
    let kind = fields.get(Field::EventType);
    let category = fields.get(Field::EventCategory);
    if kind == Some("AwsCloudTrailInsight") || category == Some("Insight") {
        return Some(Reason::Insight);
    }
    let aggregated = kind == Some("AwsAggregatedEvent") || category == Some("Aggregated");
    aggregated.then_some(Reason::Aggregated)
}

/// The identifier of a record with that `eventID`.
fn identifier(id: &str, fields: &Fields<'_>, time: Time) -> Identifier {
    let plain = Identifier::of_members(id, |field| fields.get(field), time);
    plain.unwrap_or_else(|| Identifier::of_event(&to_event::event(fields, time)))
}

impl RecordSink for Collector<'_> {
    fn record(&mut self, text: &str, object: &Object<'_>) {
        match serde_json::from_str::<Record<'_>>(text) {
            Ok(record) if record.has_text_for_structure() || !record.is_whole() => {
                self.unusual(&record, text, object);
            }
            Ok(record) => self.enter(&record),
            Err(_) => self.row_record(envelope::row_record_of(object)),
        }
    }

    fn row_record(&mut self, row_record: RowRecord) {
        if !row_record.has("userIdentity")
            && row_record.has("eventName")
            && !row_record.has("eventType")
        {
            return self.flawed(Flaw::Summary);
        }
        match row_record.json() {
            Some(json) => self.enter_json(&json),
            None => self.flawed(Flaw::NoJson),
        }
    }

    fn mapped(&mut self, json: &str) {
        self.enter_json(json);
    }

    fn other(&mut self, object: &Object<'_>) {
        if self.tally.other_log.is_none() {
            self.tally.other_log = other_logs::object(object);
        }
    }
}
