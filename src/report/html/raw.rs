//! The records behind an incident, without their secrets.

use std::collections::BTreeSet;

use serde_json::Value;

use super::RawEvents;
use super::bounded::cut_to;
use super::code::{Code, pretty};
use crate::event::{Event, secrets};
use crate::report::sanitize::conceal;
use crate::report::{Incident, Report};
use crate::wording::{Sentence, Wording};

/// Records folded into one incident, at most.
pub(super) const RECORDS: usize = 24;
/// And where there are many incidents: the denied call, its root, and the change.
pub(super) const FEW_RECORDS: usize = 3;
/// Letters shown of one record. CloudTrail lets a record have 256 KB.
const LETTERS: usize = 24_000;
/// At most so many records of the events that the incident names, and how many more there are: the
/// denied call first, then its root, the change, the rest of the chain, and the success it is compared
/// with.
pub(super) fn records(
    incident: &Incident,
    raw: &dyn RawEvents,
    most: usize,
    words: &Wording,
) -> (Vec<Code>, usize) {
    let mut seen = BTreeSet::new();
    let mut all = named(incident)
        .take(RECORDS)
        .filter(|id| seen.insert(*id))
        .filter_map(|id| Some((id, raw.record(id)?)));
    let shown = all
        .by_ref()
        .take(most)
        .filter_map(|(id, record)| Some((id, shown(&record, words)?)))
        .map(|(id, text)| Code::plain(id.to_owned(), &text))
        .collect();
    (shown, all.count())
}

/// The events that an incident names, in the order in which their records are shown.
fn named(incident: &Incident) -> impl Iterator<Item = &str> {
    let denied = incident.denied.iter().map(|denied| denied.event_id.as_str());
    let mut chain = incident.chain.iter().filter_map(|step| step.event_id.as_deref());
    let root = chain.next();
    let change = incident.change.iter().map(|change| change.event_id.as_str());
    let nearest = incident.comparison.nearest_success.iter().flat_map(|success| &success.chain);
    let nearest = nearest.filter_map(|step| step.event_id.as_deref());
    denied.chain(root).chain(change).chain(chain).chain(nearest)
}

/// The events whose records a page of this report would show: what a caller has to keep for it.
pub(super) fn wanted(report: &Report) -> BTreeSet<&str> {
    report.incidents.iter().flat_map(|incident| named(incident).take(RECORDS)).collect()
}

/// The record as the page shows it; `None` where it is no JSON, because then its secrets cannot be
/// found.
fn shown(record: &str, words: &Wording) -> Option<String> {
    let mut record: Value = serde_json::from_str(record).ok()?;
    hide_secrets(&mut record, &words.say(&Sentence::new("html-secret")));
    let text = pretty(&record);
    Some(cut_to(&text, LETTERS, words).unwrap_or(text))
}

/// The record of an event as far as it was kept, with `left_out` in the place of its secrets.
pub(in crate::report) fn record_without_secrets(event: &Event, left_out: &str) -> Value {
    let mut record = super::record::record(event);
    hide_secrets(&mut record, left_out);
    record
}

fn hide_secrets(record: &mut Value, left_out: &str) {
    secrets::hide(record);
    name(record, left_out);
}

/// Says in words what was left out.
fn name(value: &mut Value, left_out: &str) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| name(value, left_out)),
        Value::Array(values) => values.iter_mut().for_each(|value| name(value, left_out)),
        Value::String(text) if text == secrets::MASK => *text = left_out.to_owned(),
        Value::String(text) => *text = conceal(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;

    #[test]
    fn secrets_are_left_out() {
        let words = Wording::new(Language::En);
        let encoded = "A".repeat(900);
        let record = r#"{
            "errorMessage": "no. Encoded authorization failure message: ENCODED",
            "responseElements": {"credentials": {"accessKeyId": "ASIAEXAMPLE", "sessionToken": "t",
                "expiration": "e"}, "more": [{"secretAccessKey": "s"}]}}"#;
        let text = shown(&record.replace("ENCODED", &encoded), &words).unwrap();
        insta::assert_snapshot!(text);
        assert_eq!(shown("sessionToken=x", &words), None);
    }
}
