//! Occurrences as CSV (RFC 4180), one a row: for spreadsheets and pivot tables.

use super::{Incident, Occurrence, Report, sanitize, words};

/// The columns, in order.
pub const COLUMNS: [&str; 16] = [
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
    "event_name",
    "root_confidence",
];

/// All occurrences that the report lists, by incident and then in its order. What is the same for
/// the whole incident (root, verdict) is that of its representative; of an incident that holds
/// several actions each row has its own, and what most calls of that action were on.
pub fn render(report: &Report) -> String {
    let mut text = record(COLUMNS.iter().map(|name| (*name).to_owned()));
    for incident in &report.incidents {
        for occurrence in &incident.occurrences {
            text.push_str(&record(row(incident, occurrence).into_iter()));
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
    let own = occurrence.denied_action.as_deref();
    let own = own.and_then(|action| incident.actions.iter().find(|one| one.action == action));
    let (action, resource, name) = match own {
        Some(own) => (Some(&own.action), own.resource.clone(), own.event_names.first().cloned()),
        None => (
            denied.map(|denied| &denied.action),
            denied.and_then(|denied| denied.resource.clone()),
            denied.and_then(|denied| denied.event_name.clone()),
        ),
    };
    [
        incident.id.clone(),
        incident.kind.as_str().to_owned(),
        occurrence.time.clone(),
        occurrence.root_event_id.clone().unwrap_or_default(),
        occurrence.denied_event_id.clone().unwrap_or_default(),
        root.map(|root| root.action.clone()).unwrap_or_default(),
        action.cloned().unwrap_or_default(),
        resource.unwrap_or_default(),
        principal.cloned().unwrap_or_default(),
        verdict.layer.as_str().to_owned(),
        words::effect(verdict.effect).to_owned(),
        verdict.certainty.as_str().to_owned(),
        verdict.confidence.to_string(),
        incident.change.as_ref().map(|change| change.event_id.clone()).unwrap_or_default(),
        name.unwrap_or_default(),
        root.and_then(|root| root.confidence).map(|sure| sure.to_string()).unwrap_or_default(),
    ]
}

fn record(cells: impl Iterator<Item = String>) -> String {
    cells.map(|cell| sanitize::csv(&cell)).collect::<Vec<_>>().join(",") + "\r\n"
}
