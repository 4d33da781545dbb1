//! Finds records inside what tools wrap around them: `lookup-events`, CloudWatch Logs, EventBridge, SIEM
//! exports. A wrapper is recognised by what is inside, because there are too many kinds of wrappers to list.

use foldhash::HashSet;
use memchr::memmem;
use serde_json::value::RawValue;

use serde_json::{Map, Value};

use crate::ingest::formats::column;
use crate::ingest::formats::object::Object;
use crate::ingest::formats::row_record::RowRecord;
use crate::ingest::formats::{base64_text, json_table, notification, schema_mapping};

/// The deepest nesting of wrappers that is followed. Real ones need four: a queue's message around a topic's,
/// around a log group's, around a record.
const DEPTH: usize = 12;

/// Members that only a record has: an object with one of them first is parsed as a record at once.
const ONLY_IN_RECORDS: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "eventID",
    "recipientAccountId",
];

/// Members that hold a whole record, as an object or as text, the most faithful copy first.
const WRAPPER_MEMBERS: &[&str] = &[
    "CloudTrailEvent",
    "cloudtrail_event",
    "eventJson",
    "detail",
    "_raw",
    "message",
    "@message",
    "original",
    "event",
    "_source",
    "result",
    "Event",
];

/// Whether only a CloudTrail record has a member of this name.
pub(crate) fn is_record_member(name: &str) -> bool {
    ONLY_IN_RECORDS.contains(&name)
}

/// Whether a member of this name holds a record in some known export.
pub(crate) fn is_wrapper_member(name: &str) -> bool {
    WRAPPER_MEMBERS.contains(&name)
}

/// Takes the records that are found inside wrappers.
pub(crate) trait RecordSink {
    /// An object with members of a record, under CloudTrail's names.
    fn record(&mut self, text: &str, object: &Object<'_>);
    /// A record put together from columns, or from members in another spelling.
    fn row_record(&mut self, row_record: RowRecord);
    /// A record of another schema, converted to CloudTrail's, as JSON.
    fn mapped(&mut self, json: &str);
    /// An object that holds no record.
    fn other(&mut self, object: &Object<'_>);
}

/// Looks for records in `text` and hands each to `out`. False when `text` is no JSON.
pub(crate) fn find_records(text: &str, out: &mut dyn RecordSink) -> bool {
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'{') => match serde_json::from_str::<Object<'_>>(text) {
            Ok(object) => {
                object_in(text, &object, DEPTH, out);
                true
            }
            Err(_) => false,
        },
        Some(_) => match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => {
                value_in(raw.get(), DEPTH, out);
                true
            }
            Err(_) => false,
        },
        None => true,
    }
}

/// Looks for records in a JSON value; true when one was found.
fn value_in(raw: &str, depth: usize, out: &mut dyn RecordSink) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match raw.as_bytes().first() {
        Some(b'{') => match serde_json::from_str::<Object<'_>>(raw) {
            Ok(object) => object_in(raw, &object, depth, out),
            Err(_) => false,
        },
        Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(raw) {
            Ok(elements) => array_in(&elements, depth, out),
            Err(_) => false,
        },
        Some(b'"') if mentions_a_record(raw) => match serde_json::from_str::<String>(raw) {
            Ok(inner) => text_in(&inner, depth, out),
            Err(_) => false,
        },
        _ => false,
    }
}

/// Looks for a record in text that is JSON, possibly behind a time stamp or a syslog header.
pub(crate) fn find_in_text(text: &str, out: &mut dyn RecordSink) -> bool {
    text_in(text, DEPTH, out)
}

fn text_in(text: &str, depth: usize, out: &mut dyn RecordSink) -> bool {
    if let Some(inner) = base64_text::text(text) {
        return depth.checked_sub(1).is_some_and(|depth| text_in(&inner, depth, out));
    }
    let Some(start) = text.find(['{', '[']) else { return false };
    let json = text.get(start..).unwrap_or_default();
    let mut parsed = serde_json::Deserializer::from_str(json).into_iter::<&RawValue>();
    let mut any = false;
    let mut values = 0;
    while let Some(Ok(raw)) = parsed.next() {
        values += 1;
        any |= value_in(raw.get(), depth, out);
    }
    if values > 0 {
        return any;
    }
    // `[timestamp] {…}`: the bracket was no array.
    match json.find('{').filter(|at| *at > 0) {
        Some(at) => text_in(json.get(at..).unwrap_or_default(), depth.saturating_sub(1), out),
        None => false,
    }
}

fn object_in(text: &str, object: &Object<'_>, depth: usize, out: &mut dyn RecordSink) -> bool {
    if let Some(json) = notification::record(object) {
        out.mapped(&json);
        return true;
    }
    if let Some(rows) = json_table::transposed(object) {
        return rows_in(rows, depth, out);
    }
    let members = object.0.iter().filter(|(name, _)| is_record_member(name)).count();
    if members >= 2 && !is_message(object) {
        out.record(text, object);
        return true;
    }
    let known = WRAPPER_MEMBERS.iter().filter_map(|name| object.get(name));
    if first_inside(known, depth, out) {
        return true;
    }
    if let Some(json) = mapped(object, text) {
        out.mapped(&json);
        return true;
    }
    if !is_message(object) && object.0.iter().filter(|(name, _)| is_column(name)).count() >= 3 {
        out.row_record(columns(object.0.iter().map(|(name, raw)| (name.as_ref(), raw.get()))));
        return true;
    }
    if inside(object, depth, out) {
        return true;
    }
    if members > 0 {
        out.record(text, object);
        return true;
    }
    out.other(object);
    false
}

fn is_column(name: &str) -> bool {
    column::place(name).is_some()
}

fn mapped(object: &Object<'_>, text: &str) -> Option<String> {
    let may = schema_mapping::may_map(object.0.iter().map(|(name, _)| name.as_ref()));
    let value: Value = may.then(|| serde_json::from_str(text).ok()).flatten()?;
    schema_mapping::record(&value)
}

/// Whether the object is a message that a service passed to a Lambda function: it has members named like those of
/// a record, and what was sent is inside (Lambda developer guide: `"eventSource": "aws:sqs"`).
pub(crate) fn is_message(object: &Object<'_>) -> bool {
    let source = object.get("eventSource").or_else(|| object.get("EventSource"));
    source.is_some_and(|source| source.get().starts_with("\"aws:"))
}

/// Looks for records inside such a message.
pub(crate) fn find_in_message(object: &Object<'_>, out: &mut dyn RecordSink) -> bool {
    inside(object, DEPTH, out)
}

/// Looks into one value after the other until one holds a record: the values are copies of the same one.
fn first_inside<'r>(
    mut values: impl Iterator<Item = &'r RawValue>,
    depth: usize,
    out: &mut dyn RecordSink,
) -> bool {
    values.any(|raw| mentions_a_record(raw.get()) && value_in(raw.get(), depth, out))
}

/// Looks into every member of an object of an unknown kind; into its texts only if no other member holds a
/// record.
fn inside(object: &Object<'_>, depth: usize, out: &mut dyn RecordSink) -> bool {
    let others = || object.0.iter().filter(|(name, _)| !is_wrapper_member(name));
    let is_text = |raw: &&RawValue| raw.get().starts_with('"');
    let mut any = false;
    for raw in others().map(|(_, raw)| *raw).filter(|raw| !is_text(raw)) {
        any |= mentions_a_record(raw.get()) && value_in(raw.get(), depth, out);
    }
    any || first_inside(others().map(|(_, raw)| *raw).filter(is_text), depth, out)
}

fn array_in(elements: &[&RawValue], depth: usize, out: &mut dyn RecordSink) -> bool {
    if let Some(row) = row_of(elements) {
        return row_in(row, depth, out);
    }
    let mut any = false;
    for element in elements {
        any |= value_in(element.get(), depth, out);
    }
    any
}

/// The cells of a row as CloudTrail Lake returns it, `[{"eventTime":"…"},{"eventName":"…"}]`, or
/// CloudWatch Logs Insights, `[{"field":"@message","value":"…"}]`.
fn row_of(elements: &[&RawValue]) -> Option<Vec<(String, Value)>> {
    let mut cells = Vec::with_capacity(elements.len());
    for element in elements {
        let object: Object<'_> = serde_json::from_str(element.get()).ok()?;
        let (name, value) = match (object.get("field"), object.get("value"), object.0.as_slice()) {
            (Some(field), Some(value), _) => (serde_json::from_str(field.get()).ok()?, value),
            (_, _, [(name, value)]) => (name.clone().into_owned(), *value),
            _ => return None,
        };
        cells.push((name, serde_json::from_str(value.get()).ok()?));
    }
    (!cells.is_empty()).then_some(cells)
}

fn rows_in(rows: Vec<Vec<(String, Value)>>, depth: usize, out: &mut dyn RecordSink) -> bool {
    let mut any = false;
    for row in rows {
        any |= row_in(row, depth, out);
    }
    any
}

/// Looks for a record in the cells of one row of a table; true when one was found.
pub(crate) fn find_in_row(row: Vec<(String, Value)>, out: &mut dyn RecordSink) -> bool {
    row_in(row, DEPTH, out)
}

fn row_in(row: Vec<(String, Value)>, depth: usize, out: &mut dyn RecordSink) -> bool {
    let whole = row.iter().filter(|(name, _)| column::holds_records(name));
    for (_, value) in whole {
        if cell_in(value, depth, out) {
            return true;
        }
    }
    if schema_mapping::may_map(row.iter().map(|(name, _)| name.as_str())) {
        let value = Value::Object(row.iter().cloned().collect::<Map<_, _>>());
        if let Some(json) = schema_mapping::record(&value) {
            out.mapped(&json);
            return true;
        }
    }
    if row.iter().filter(|(name, _)| is_column(name)).count() >= 2 {
        let mut row_record = RowRecord::default();
        for (name, value) in row {
            row_record.set(&name, value);
        }
        out.row_record(row_record);
        return true;
    }
    let mut any = false;
    for (_, value) in &row {
        any |= cell_in(value, depth, out);
    }
    any
}

/// Looks for a record in one cell.
fn cell_in(value: &Value, depth: usize, out: &mut dyn RecordSink) -> bool {
    match value {
        Value::String(text) => text_in(text, depth, out),
        Value::Object(_) | Value::Array(_) => {
            let text = value.to_string();
            mentions_a_record(&text) && value_in(&text, depth, out)
        }
        _ => false,
    }
}

/// A row record made of the members of an object.
pub(crate) fn row_record_of(object: &Object<'_>) -> RowRecord {
    // The last member of a name counts, as JSON parsers have it; a row record keeps the first it gets.
    let mut seen = HashSet::default();
    let mut last: Vec<_> = object.0.iter().rev().filter(|(name, _)| seen.insert(name)).collect();
    last.reverse();
    columns(last.into_iter().map(|(name, raw)| (name.as_ref(), raw.get())))
}

/// Whether some members have names that only tools write.
pub(crate) fn is_flattened(object: &Object<'_>) -> bool {
    let flat = |name: &str| {
        !is_record_member(name)
            && column::place(name).is_some_and(|place| {
                place.is_fallback || place.member != name || !place.below.is_empty()
            })
    };
    object.0.iter().any(|(name, _)| flat(name))
}

fn columns<'c>(cells: impl Iterator<Item = (&'c str, &'c str)>) -> RowRecord {
    let mut row_record = RowRecord::default();
    for (name, raw) in cells {
        if let Ok(value) = serde_json::from_str(raw) {
            row_record.set(name, value);
        }
    }
    row_record
}

/// Whether a value may hold a record, so that it is worth parsing: most do not.
fn mentions_a_record(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let mentions = |word: &[u8]| memmem::find(bytes, word).is_some();
    WORDS.iter().any(|word| mentions(word))
        || raw.match_indices('"').any(|(at, _)| raw.get(at + 1..).is_some_and(base64_text::begins))
}

/// Every value that holds a record, or a notice of one, contains one of these.
const WORDS: &[&[u8]] =
    &[b"event", b"Event", b"class_uid", b"detail-type", b"s3ObjectKey", b"\"requester\""];
