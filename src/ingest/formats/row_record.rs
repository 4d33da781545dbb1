//! A record put together from the columns of a table, or from members under other names. It becomes JSON in
//! CloudTrail's own form, so that there is only one way from a record to an event.

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use crate::ingest::formats::column::{self, Place};
use crate::ingest::formats::{athena_struct, python_literal};

/// Words that tools write where there is nothing (pandas, SQL engines, Splunk, Hive).
const NOTHING: &[&str] = &["", "-", "null", "nan", "none", "nat", "<na>", "\\n"];

/// Times as people read them: Azure Monitor Logs ("TimeGenerated [UTC]"), Kibana Discover.
const TIMES: &[&str] = &["%m/%d/%Y, %I:%M:%S%.f %p", "%b %d, %Y @ %H:%M:%S%.f"];

/// Deepest nesting of names in a column's name.
const DEPTH: usize = 32;

/// A record being put together.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct RowRecord {
    record: Map<String, Value>,
    /// Values that are used if the member itself is missing.
    fallbacks: Map<String, Value>,
}

impl RowRecord {
    /// Sets a member by its name in any spelling, `userIdentity.arn` included; a name that a record does not
    /// have is skipped. The first value that is not empty stays.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        if let Some(place) = column::place(name) {
            self.put(&place, value);
        }
    }

    /// Sets the member at a place.
    pub(crate) fn put(&mut self, place: &Place, value: Value) {
        let value = parsed(place, value);
        if is_nothing(place, &value) || place.below.len() > DEPTH {
            return;
        }
        let map = if place.is_fallback { &mut self.fallbacks } else { &mut self.record };
        let value = respelled(place.member, value);
        let mut slot = map.entry(place.member).or_insert(Value::Null);
        for name in &place.below {
            if slot.is_null() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(map) = slot else { return };
            slot = map.entry(name.clone()).or_insert(Value::Null);
        }
        if slot.is_null() {
            *slot = value;
        }
    }

    /// Whether there is a member under CloudTrail's name.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.record.contains_key(member) || self.fallbacks.contains_key(member)
    }

    /// The record as JSON.
    pub(crate) fn json(self) -> Option<String> {
        let RowRecord { mut record, fallbacks } = self;
        for (member, value) in fallbacks {
            record.entry(member).or_insert(value);
        }
        for (member, value) in &mut record {
            unflatten_lists(value, DEPTH);
            if member == "resources" {
                unflatten_resources(value);
            }
        }
        serde_json::to_string(&Value::Object(record)).ok()
    }
}

/// Whether a value means that there is none. Below a request a word such as `none` is a value: `acl=none`.
fn is_nothing(place: &Place, value: &Value) -> bool {
    let asked = !place.below.is_empty() && place.member != "userIdentity";
    match value {
        Value::Null => true,
        Value::String(text) if asked => text.is_empty() || text == "-",
        Value::String(text) => NOTHING.iter().any(|word| text.trim().eq_ignore_ascii_case(word)),
        _ => false,
    }
}

/// Parses structures that come as text: JSON, `{'k': 'v'}` as Python prints it, or `{k=v}` as
/// Athena does. Below a request only Python's form is parsed, because requests themselves hold JSON as text.
fn parsed(place: &Place, value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    let trimmed = text.trim();
    if place.member == "eventTime" {
        return time(trimmed).map_or(value, Value::String);
    }
    if python_literal::begins(trimmed) {
        return python_literal::parse(trimmed).unwrap_or(value);
    }
    if is_account(place)
        && let Some(number) = trimmed.strip_suffix(".0")
    {
        return Value::String(number.to_owned());
    }
    let whole = place.below.is_empty() || place.member == "userIdentity";
    if !column::is_structure(place.member) || !whole || !trimmed.starts_with(['{', '[', '"']) {
        return value;
    }
    serde_json::from_str(trimmed).ok().or_else(|| athena_struct::parse(trimmed)).unwrap_or(value)
}

/// A time in RFC 3339, made of one that a portal wrote for people; `None` for any other text.
fn time(text: &str) -> Option<String> {
    let mut times = TIMES.iter().filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    times.next().map(|time| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Whether the member is the id of an account, which tools take for a number.
fn is_account(place: &Place) -> bool {
    let name = place.below.last().map_or(place.member, String::as_str);
    name.ends_with("ccountId")
}

/// CloudTrail's spelling of every name in a structure whose names are fixed.
fn respelled(member: &str, value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let name = |name: String| match column::respelled(member, &name) {
                Some(spelled) => spelled.to_owned(),
                None => name,
            };
            map.into_iter().map(|(at, v)| (name(at), respelled(member, v))).collect()
        }
        Value::Array(list) => list.into_iter().map(|v| respelled(member, v)).collect(),
        other => other,
    }
}

/// Turns objects whose names count from 0 back into the lists that were flattened.
fn unflatten_lists(value: &mut Value, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(map) => {
            map.iter_mut().for_each(|(_, value)| unflatten_lists(value, depth));
            let counts = (0..map.len()).all(|number| map.contains_key(&number.to_string()));
            if counts && !map.is_empty() {
                let taken = (0..map.len()).filter_map(|number| map.remove(&number.to_string()));
                *value = Value::Array(taken.collect());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| unflatten_lists(value, depth)),
        _ => {}
    }
}

/// Turns `resources` back into a list of objects: flattened, it is one object, or an object of lists.
fn unflatten_resources(value: &mut Value) {
    let Value::Object(map) = value else { return };
    let length = map.values().filter_map(Value::as_array).map(Vec::len).max();
    let row = |at: usize| -> Value {
        let cell = |value: &Value| match value {
            Value::Array(list) => list.get(at).cloned(),
            other => Some(other.clone()),
        };
        map.iter().filter_map(|(name, value)| Some((name.clone(), cell(value)?))).collect()
    };
    *value = (0..length.unwrap_or(1)).map(row).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_columns_together() {
        let mut row_record = RowRecord::default();
        row_record.set("eventname", "Decrypt".into());
        row_record.set("useridentity", "{type=IAMUser, principalid=AIDA}".into());
        row_record.set("requestparameters", r#"{"keyId":"k"}"#.into());
        row_record.set("resources", "[{arn=arn:aws:s3:::b, accountid=1}]".into());
        row_record.set("responseelements", "null".into());
        row_record.set("p_log_type", "AWS.CloudTrail".into());
        row_record.set("userIdentity.arn", "arn:x".into());
        assert_eq!(
            row_record.json().unwrap(),
            concat!(
                r#"{"eventName":"Decrypt","#,
                r#""userIdentity":{"type":"IAMUser","principalId":"AIDA","arn":"arn:x"},"#,
                r#""requestParameters":{"keyId":"k"},"#,
                r#""resources":[{"ARN":"arn:aws:s3:::b","accountId":"1"}]}"#
            )
        );
    }

    #[test]
    fn puts_flattened_lists_and_printed_values_together() {
        let mut row_record = RowRecord::default();
        row_record.set("@timestamp", "2026-05-18T05:47:51Z".into());
        row_record.set("eventTime", "2026-05-18T05:47:50Z".into());
        row_record.set("errorCode", "nan".into());
        row_record.set("recipientAccountId", "111122223333.0".into());
        row_record.set("resources{}.ARN", serde_json::json!(["a", "b"]));
        row_record.set("resources{}.type", serde_json::json!(["t", "u"]));
        row_record.set("requestParameters.items.0.id", "i".into());
        row_record.set("requestParameters.items.1.id", "j".into());
        row_record.set("requestParameters.policyDocument", r#"{"Version":"1"}"#.into());
        row_record.set("requestParameters.tags", "[{'key': 'k'}]".into());
        assert_eq!(
            row_record.json().unwrap(),
            concat!(
                r#"{"eventTime":"2026-05-18T05:47:50Z","recipientAccountId":"111122223333","#,
                r#""resources":[{"ARN":"a","type":"t"},{"ARN":"b","type":"u"}],"#,
                r#""requestParameters":{"items":[{"id":"i"},{"id":"j"}],"#,
                r#""policyDocument":"{\"Version\":\"1\"}","tags":[{"key":"k"}]}}"#
            )
        );
    }
}
