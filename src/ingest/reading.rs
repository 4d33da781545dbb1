//! What one file gives: its events, and the account of everything that did not become one.

use std::collections::BTreeMap;

use super::build::{self, Flaw};
use super::envelope::{self, Object, Peeled};
use super::ledger::Reason;
use super::selection::Selection;
use super::wire::Record;
use crate::event::Event;

/// What one file gives, collected while it is walked through.
#[derive(Debug)]
pub(super) struct Reading<'s> {
    pub(super) selection: &'s Selection,
    /// What is kept.
    pub(super) events: Vec<Event>,
    /// Records that could be understood, kept or not.
    pub(super) understood: u64,
    /// Records that could not.
    pub(super) malformed: u64,
    /// Records outside the selection.
    pub(super) out_of_range: u64,
    /// Records of a sort that holds no calls.
    pub(super) passed_over: BTreeMap<Reason, u64>,
    /// Objects and lines that have nothing to do with CloudTrail.
    pub(super) foreign: u64,
    /// An array was found under a name that holds records.
    pub(super) container: bool,
    /// The text ended in the middle of a record.
    pub(super) cut: bool,
    /// Why records were not understood.
    pub(super) flaws: BTreeMap<Flaw, u64>,
}

impl<'s> Reading<'s> {
    pub(super) fn new(selection: &'s Selection) -> Reading<'s> {
        Reading {
            selection,
            events: Vec::new(),
            understood: 0,
            malformed: 0,
            out_of_range: 0,
            passed_over: BTreeMap::new(),
            foreign: 0,
            container: false,
            cut: false,
            flaws: BTreeMap::new(),
        }
    }

    /// A record in CloudTrail's own form; `text` is what it was parsed from.
    pub(super) fn record(&mut self, record: &Record<'_>, _text: &str) {
        if let Some(reason) = no_call(record) {
            *self.passed_over.entry(reason).or_default() += 1;
            return;
        }
        if record.event_source.get().is_some_and(|source| source.starts_with("aws:")) {
            // Notifications of S3, SQS and others have the same outside.
            self.foreign += 1;
            return;
        }
        match build::event(record) {
            Ok(event) => {
                self.understood += 1;
                match self.selection.takes(&event) {
                    true => self.events.push(event),
                    false => self.out_of_range += 1,
                }
            }
            Err(flaw) => {
                *self.flaws.entry(flaw).or_default() += 1;
                self.malformed += 1;
            }
        }
    }

    /// Any other value in a record's place. False when it is no JSON.
    pub(super) fn element(&mut self, text: &str) -> bool {
        let before = self.met();
        let json = envelope::peel(text, self);
        if json && self.met() == before {
            self.foreign += 1;
        }
        json
    }

    pub(super) fn foreign_line(&mut self, line: &str) {
        if !line.trim().is_empty() {
            self.foreign += 1;
        }
    }

    pub(super) fn container(&mut self, _name: &str) {
        self.container = true;
    }

    pub(super) fn malformed(&mut self) {
        self.malformed += 1;
    }

    /// The text ends in the middle of something.
    pub(super) fn cut(&mut self) {
        self.cut = true;
        self.malformed += 1;
    }

    /// Whether this is a CloudTrail file at all; only then is what it holds counted as records.
    pub(super) fn recognised(&self) -> bool {
        let records = self.understood > 0 || !self.passed_over.is_empty();
        records || (self.container && self.foreign == 0)
    }

    fn met(&self) -> u64 {
        self.understood + self.malformed + self.passed_over.values().sum::<u64>() + self.foreign
    }
}

impl Peeled for Reading<'_> {
    fn record(&mut self, text: &str, _object: &Object<'_>) {
        match serde_json::from_str::<Record<'_>>(text) {
            Ok(record) => Reading::record(self, &record, text),
            Err(_) => self.malformed += 1,
        }
    }
}

/// Records that tell of no call: Insights events and aggregated data events.
fn no_call(record: &Record<'_>) -> Option<Reason> {
    let kind = record.event_type.get();
    let category = record.event_category.get();
    if kind == Some("AwsCloudTrailInsight") || category == Some("Insight") {
        return Some(Reason::Insight);
    }
    let aggregated = kind == Some("AwsAggregatedEvent") || category == Some("Aggregated");
    aggregated.then_some(Reason::Aggregated)
}
