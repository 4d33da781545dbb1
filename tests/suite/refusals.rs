//! Refusals in other words, and texts that only look like one: `data/refusals.jsonl` has the text, and
//! what must be read from it. A new text is a new line there and a row in `src/event/refusals.toml`.

use std::collections::BTreeSet;

use serde_json::Value;
use trailwhy::contrast::refused;
use trailwhy::event::denial::denial;
use trailwhy::event::refusals::{self, Whose};
use trailwhy::event::{Event, EventBuilder, Failure, Field, IdentityType, Time, failure};

const CASES: &str = include_str!("../data/refusals.jsonl");
const CALLER: &str = "arn:aws:iam::111122223333:role/deployer";

fn event(row: &Value) -> Event {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let request = row.get("request").filter(|request| !request.is_null()).map(Value::to_string);
    let mut builder = EventBuilder::default();
    builder.put(Field::EventSource, text("source"));
    builder.put(Field::EventName, text("event"));
    builder.put(Field::AwsRegion, Some(text("region").unwrap_or("eu-west-1")));
    builder.put(Field::ErrorCode, text("code"));
    builder.put(Field::ErrorMessage, text("text"));
    builder.put(Field::RecipientAccountId, Some("111122223333"));
    let session = "arn:aws:sts::111122223333:assumed-role/deployer/run";
    builder.put(Field::Arn, Some(session));
    builder.put(Field::AccountId, Some("111122223333"));
    builder.put(Field::IssuerArn, Some(CALLER));
    builder.put(Field::RequestParameters, request.as_deref());
    builder.finish(Time(0), IdentityType::AssumedRole)
}

/// What was read, in the shape of `want`.
fn read(event: &Event) -> (bool, Value) {
    let Some(denial) = denial(event) else { return (false, Value::Null) };
    let refused = refused(event, &denial);
    let principal = match &denial.whose {
        Whose::Caller => Value::Null,
        Whose::RoleOf(name) => format!("role of {name}").into(),
        Whose::NotTold => "?".into(),
        Whose::Principal(named) | Whose::Service(named) => named.as_str().into(),
    };
    let read = serde_json::json!({
        "action": refused.action, "principal": principal, "resource": refused.resource,
    });
    (true, read)
}

#[test]
fn every_text_is_read() {
    let (mut count, mut wrong) = (0, Vec::new());
    for line in CASES.lines().filter(|line| !line.is_empty()) {
        let row: Value = serde_json::from_str(line).unwrap();
        let event = event(&row);
        let want = &row["want"];
        let (is_refused, read) = read(&event);
        let alike = |name: &str| {
            let wanted = want.get(name).cloned().unwrap_or(Value::Null);
            let told = read.get(name).cloned().unwrap_or(Value::Null);
            let holder = |v: &Value| v.as_str().map(trailwhy::contrast::policy_holder);
            wanted == told || name == "resource" && holder(&wanted) == holder(&told)
        };
        let right = want["refused"] == is_refused
            && (!is_refused || ["action", "principal", "resource"].into_iter().all(alike));
        if !right {
            wrong.push(format!("{line}\n   read: {is_refused} {read} {:?}", failure(&event)));
        }
        count += 1;
    }
    assert!(count >= 150, "the data file lost its texts");
    assert!(wrong.is_empty(), "{} of {count} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_covers_many_services_and_both_sides() {
    let rows: Vec<_> = refusals::all().collect();
    let services: BTreeSet<&String> = rows.iter().flat_map(|row| &row.event_source).collect();
    assert!(rows.len() >= 60 && services.len() >= 25, "{} {}", rows.len(), services.len());
    assert!(rows.iter().filter(|row| !row.refused).count() >= 15);
    let addresses = rows.iter().filter(|row| row.source.starts_with("https://")).count();
    assert_eq!(addresses, rows.len());
}

/// No row may take an error for a refusal that says nothing of permissions.
#[test]
fn ordinary_errors_stay_what_they_are() {
    let rows: BTreeSet<&String> = refusals::all().flat_map(|row| &row.event_source).collect();
    for source in rows {
        for (code, text) in [
            (
                "ValidationException",
                "1 validation error detected: Value at 'name' failed to satisfy constraint",
            ),
            (
                "InvalidParameterValueException",
                "The runtime parameter of python2.7 is no longer supported",
            ),
            (
                "InvalidRequestException",
                "The request is not valid for the current state of the resource",
            ),
            ("ResourceNotFoundException", "The resource you requested does not exist."),
            ("InternalFailure", "An internal error occurred"),
            ("ConflictException", "A role with this name exists and permission is not changed"),
        ] {
            let row = serde_json::json!({"source": source, "event": "CreateThing", "code": code,
                "text": text, "request": {"roleArn": "arn:aws:iam::111122223333:role/worker"}});
            let event = event(&row);
            let told = failure(&event).unwrap();
            assert!(!told.is_refusal(), "{source} {code}: {told:?}");
            assert_ne!(told, Failure::Denied);
        }
    }
}
