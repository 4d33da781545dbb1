//! Occurrences as CSV (RFC 4180), one a row: for spreadsheets and pivot tables.

use super::{Incident, Occurrence, Report, sanitize, words};

/// The columns, in order.
pub const COLUMNS: [&str; 14] = [
    "incident",
    "kind",
    "time",
    "root_event_id",
    "denied_event_id",
    "root_action",
    "denied_action",
    "resource",
    "principal",
    "layer",
    "effect",
    "certainty",
    "confidence",
    "change_event_id",
];

/// All occurrences that the report lists, by incident and then in its order. What is the same for
/// the whole incident (actions, resource, verdict) is that of its representative.
pub fn render(report: &Report) -> String {
    let mut text = record(COLUMNS.map(str::to_owned));
    for incident in &report.incidents {
        for occurrence in &incident.occurrences {
            text.push_str(&record(row(incident, occurrence)));
        }
    }
    text
}

fn row(incident: &Incident, occurrence: &Occurrence) -> [String; COLUMNS.len()] {
    let (root, denied) = (incident.root.as_ref(), incident.denied.as_ref());
    let principal = denied
        .and_then(|denied| denied.principal_arn.as_ref())
        .or_else(|| root.and_then(|root| root.principal_arn.as_ref()));
    let verdict = &incident.verdict;
    [
        incident.id.clone(),
        incident.kind.as_str().to_owned(),
        occurrence.time.clone(),
        occurrence.root_event_id.clone().unwrap_or_default(),
        occurrence.denied_event_id.clone().unwrap_or_default(),
        root.map(|root| root.action.clone()).unwrap_or_default(),
        denied.map(|denied| denied.action.clone()).unwrap_or_default(),
        denied.and_then(|denied| denied.resource.clone()).unwrap_or_default(),
        principal.cloned().unwrap_or_default(),
        verdict.layer.as_str().to_owned(),
        words::effect(verdict.effect).to_owned(),
        verdict.certainty.as_str().to_owned(),
        verdict.confidence.to_string(),
        incident.change.as_ref().map(|change| change.event_id.clone()).unwrap_or_default(),
    ]
}

fn record(cells: [String; COLUMNS.len()]) -> String {
    cells.map(|cell| sanitize::csv(&cell)).join(",") + "\r\n"
}
