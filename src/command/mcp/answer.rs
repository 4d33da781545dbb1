//! What a tool answers: a few lines for a model to read, and the same as JSON.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::outside::{self, FROM_LOG};
use crate::error::Error;

/// An answer.
#[derive(Default)]
pub(super) struct Answer {
    pub text: String,
    pub members: Map<String, Value>,
}

impl Answer {
    /// Adds a line.
    pub(super) fn line(&mut self, text: impl AsRef<str>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{}", text.as_ref());
    }

    /// Adds a member.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.members.insert(name.to_owned(), value.into());
    }
}

/// Why there is no answer, and what to ask instead.
pub(super) enum Wrong {
    /// In the program's own words.
    Said(String),
    /// With pieces that come from outside between backticks.
    Raised(String),
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Wrong::Said(text)
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Wrong::Raised(error.to_string())
    }
}

impl From<serde_json::Error> for Wrong {
    fn from(error: serde_json::Error) -> Self {
        Wrong::Raised(error.to_string())
    }
}

impl Wrong {
    /// As it is told; where names are taken out, without what is between backticks.
    pub(super) fn told(self, redacts: bool) -> String {
        match self {
            Wrong::Said(text) => text,
            Wrong::Raised(text) if redacts => {
                let pieces = text.split('`').enumerate();
                let pieces = pieces.map(|(at, piece)| if at % 2 == 1 { "…" } else { piece });
                pieces.collect()
            }
            Wrong::Raised(text) => outside::message(&text),
        }
    }
}

/// A member of what is told, by its path; nothing where it is not there.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> &'v Value {
    path.iter().fold(value, |value, name| value.get(*name).unwrap_or(&Value::Null))
}

/// A member as text: the program's own as it is, and what comes from outside in its brackets.
pub(super) fn said(value: &Value, name: &str) -> Option<String> {
    match value.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Array(parts)) => Some(listed(parts, str::to_owned)),
        _ => match value.get(FROM_LOG)?.get(name)? {
            Value::String(text) => Some(outside::quoted(text)),
            Value::Array(parts) => Some(listed(parts, outside::quoted)),
            other => Some(outside::quoted(&other.to_string())),
        },
    }
}

fn listed(parts: &[Value], each: impl Fn(&str) -> String) -> String {
    parts.iter().filter_map(Value::as_str).map(each).collect::<Vec<_>>().join(", ")
}

/// As [`said`], with a word where it is not known.
pub(super) fn known(value: &Value, name: &str) -> String {
    said(value, name).unwrap_or_else(|| "unknown".to_owned())
}

/// The parts of a list.
pub(super) fn parts<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// Only these members of an object, also of what comes from outside.
pub(super) fn only(value: &Value, names: &[&str]) -> Value {
    let Some(members) = value.as_object() else { return value.clone() };
    let kept = members.iter().filter_map(|(name, value)| match name.as_str() {
        FROM_LOG => {
            let inner = only(value, names);
            let is_empty = inner.as_object().is_some_and(Map::is_empty);
            (!is_empty).then(|| (name.clone(), inner))
        }
        known if names.contains(&known) => Some((name.clone(), value.clone())),
        _ => None,
    });
    Value::Object(kept.collect())
}

/// The object without these members.
pub(super) fn without(mut value: Value, names: &[&str]) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
        if let Some(Value::Object(inner)) = members.get_mut(FROM_LOG) {
            inner.retain(|name, _| !names.contains(&name.as_str()));
        }
    }
    value
}

/// What each certainty is worth.
pub(super) fn worth(certainty: &str) -> &'static str {
    const ROWS: [(&str, &str); 3] = [
        ("proven", "PROVEN: evaluating the policies known as of then gives this denial"),
        ("stated", "STATED: AWS's own error text names this layer"),
        (
            "inferred",
            "INFERRED, not proven: it follows from comparing calls; treat it as a lead and settle \
             it with the policies (tool collect)",
        ),
    ];
    ROWS.iter().find(|(word, _)| *word == certainty).map_or(
        "UNKNOWN: what was read does not tell which policy denied; do not guess, get the policies \
         (tool collect)",
        |(_, worth)| worth,
    )
}
