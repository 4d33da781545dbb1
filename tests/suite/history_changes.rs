//! Every kind of event that changes what is allowed, as the changes read from it. The records lie
//! in `data/history/change-events.ndjson`: one more line there is one more case here.

use crate::support::history as history_support;

use history_support::events;
use trailwhy::history::change::{Before, Change, Operation, Value, changes_of};
use trailwhy::wording::{Language, Wording};

const RECORDS: &str = include_str!("../data/history/change-events.ndjson");

/// The document that most records carry, which is not worth reading a hundred times.
const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) if text.as_ref() == DOCUMENT => "the document".to_owned(),
        Value::Text(text) => text.to_string(),
        Value::Grant(grant) => format!("{grant:?}"),
        other => format!("{other:?}"),
    }
}

fn line(change: &Change, wording: &Wording) -> String {
    let operation = match &change.operation {
        Operation::Set(to) => format!("= {}", value(to)),
        other => format!("{other:?}"),
    };
    let before = match &change.before {
        Before::Unknown => String::new(),
        Before::Existed => " (existed)".to_owned(),
        Before::Certain(was) => format!(" (was {})", value(was)),
        Before::Likely(was) => format!(" (probably was {})", value(was)),
    };
    let layer = change.layer.as_str();
    let summary = wording.say(&change.summary);
    format!("  {:?} {operation}{before}\n    {layer}: {summary}", change.subject)
}

#[test]
fn every_event_that_changes_what_is_allowed_is_read() {
    let wording = Wording::new(Language::En);
    let mut shown = String::new();
    for event in events(RECORDS) {
        let changes = changes_of(&event);
        let action = changes.first().map_or("no change", |change| change.action.as_str());
        shown += &format!("{} {} -> {action}\n", event.id(), event.name());
        for change in &changes {
            shown += &line(change, &wording);
            shown.push('\n');
        }
    }
    insta::assert_snapshot!(shown);
}
