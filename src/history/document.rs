//! Policy documents as events and dumps carry them: a JSON text, a URL-encoded JSON text, or a
//! nested object; at times hidden by CloudTrail.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::wording::Sentence;

/// A policy document where one was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Its JSON text.
    Text(Arc<str>),
    /// It was there, and is not shown; why.
    Hidden(Hidden),
}

/// Why something that was there is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// A member that should hold a document holds something else.
    NoObject,
    /// CloudTrail leaves the value out.
    Withheld,
    /// The percent encoding cannot be undone.
    DamagedEncoding,
    /// The document cannot be read, or not all of it.
    Unreadable,
    /// The dump names it without its content.
    NotInDump,
    /// The event names it without its content.
    NotInEvent,
    /// The event does not tell the statement it adds.
    NoStatement,
    /// The document that was changed cannot be read.
    DamagedBefore,
}

impl Hidden {
    /// For a person.
    pub fn sentence(self) -> Sentence {
        match self {
            Hidden::NoObject => Sentence::new("log-hidden-no-object"),
            Hidden::Withheld => Sentence::new("log-hidden-withheld"),
            Hidden::DamagedEncoding => Sentence::new("log-hidden-encoding"),
            Hidden::Unreadable => Sentence::new("log-hidden-unreadable"),
            Hidden::NotInDump => Sentence::new("log-hidden-dump"),
            Hidden::NotInEvent => Sentence::new("log-hidden-event"),
            Hidden::NoStatement => Sentence::new("log-hidden-statement"),
            Hidden::DamagedBefore => Sentence::new("log-hidden-before"),
        }
    }
}

/// Texts CloudTrail writes in place of values it withholds (record contents, `requestParameters`).
const WITHHELD: [&str; 4] =
    ["HIDDEN_DUE_TO_SECURITY_REASONS", "***", "<sensitiveDataRemoved>", "policy-statement"];

/// Reads a document from a member that holds one; `None` where there is none.
pub fn read(value: &Json) -> Option<Found> {
    match value {
        Json::Null => None,
        Json::Object(members) if members.is_empty() => None,
        Json::String(text) => read_text(text),
        Json::Object(_) | Json::Array(_) => Some(Found::Text(value.to_string().into())),
        Json::Bool(_) | Json::Number(_) => Some(Found::Hidden(Hidden::NoObject)),
    }
}

/// Reads a document from its text, URL-encoded or not.
pub fn read_text(text: &str) -> Option<Found> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    if WITHHELD.contains(&trimmed) {
        return Some(Found::Hidden(Hidden::Withheld));
    }
    if !trimmed.starts_with('%') {
        return Some(Found::Text(text.into()));
    }
    Some(match percent_decoded(trimmed) {
        Some(decoded) => Found::Text(decoded.into()),
        None => Found::Hidden(Hidden::DamagedEncoding),
    })
}

/// Undoes the URL encoding IAM puts on documents in its answers (IAM `GetRolePolicy`, RFC 3986).
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            // The old form encoding writes blanks so; a literal plus is `%2B` in both.
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

/// The statements of a document as texts with their Sids; `None` where the text is no policy.
pub fn statements(text: &str) -> Option<Vec<(Option<String>, Json)>> {
    let document: Json = serde_json::from_str(text).ok()?;
    let statements = match document.get("Statement")? {
        Json::Array(many) => many.clone(),
        one @ Json::Object(_) => vec![one.clone()],
        _ => return None,
    };
    Some(
        statements
            .into_iter()
            .map(|s| (s.get("Sid").and_then(Json::as_str).map(str::to_owned), s))
            .collect(),
    )
}

/// The document with the statement of this Sid added or replaced; a new document where there was
/// none.
pub fn with_statement(text: Option<&str>, sid: &str, statement: &Json) -> Option<String> {
    let Some(text) = text else {
        let fresh = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] });
        return Some(fresh.to_string());
    };
    let kept = statements(text)?.into_iter().filter(|(s, _)| s.as_deref() != Some(sid));
    let all: Vec<Json> = kept.map(|(_, s)| s).chain([statement.clone()]).collect();
    replaced(text, all)
}

/// The document without the statement of this Sid; `Some(None)` where nothing is left.
pub fn without_statement(text: &str, sid: &str) -> Option<Option<String>> {
    let kept = statements(text)?.into_iter().filter(|(s, _)| s.as_deref() != Some(sid));
    let kept: Vec<Json> = kept.map(|(_, s)| s).collect();
    match kept.is_empty() {
        true => Some(None),
        false => replaced(text, kept).map(Some),
    }
}

fn replaced(text: &str, statements: Vec<Json>) -> Option<String> {
    let mut document: Json = serde_json::from_str(text).ok()?;
    *document.get_mut("Statement")? = Json::Array(statements);
    Some(document.to_string())
}

/// The document over many lines, for people and for line diffs; as it is where it is no JSON.
pub fn pretty(text: &str) -> String {
    serde_json::from_str::<Json>(text)
        .and_then(|json| serde_json::to_string_pretty(&json))
        .unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_read_in_every_dress() {
        let text = r#"{"Statement":[]}"#;
        let found = |value: Json| read(&value);
        assert_eq!(found(json!(text)), Some(Found::Text(text.into())));
        assert_eq!(found(json!({"Statement": []})), Some(Found::Text(text.into())));
        assert_eq!(found(json!("%7B%22Statement%22%3A%5B%5D%7D")), Some(Found::Text(text.into())));
        assert_eq!(found(json!("")), None);
        assert_eq!(found(Json::Null), None);
        assert_eq!(
            found(json!("HIDDEN_DUE_TO_SECURITY_REASONS")),
            Some(Found::Hidden(Hidden::Withheld))
        );
        assert_eq!(found(json!("%7")), Some(Found::Hidden(Hidden::DamagedEncoding)));
    }

    #[test]
    fn statements_come_and_go_by_sid() {
        let one = json!({"Sid": "a", "Effect": "Allow"});
        let two = json!({"Sid": "b", "Effect": "Allow"});
        let first = with_statement(None, "a", &one).unwrap();
        let both = with_statement(Some(&first), "b", &two).unwrap();
        assert_eq!(statements(&both).unwrap().len(), 2);
        assert_eq!(without_statement(&both, "b").unwrap().as_deref(), Some(first.as_str()));
        assert_eq!(without_statement(&first, "a"), Some(None));
        assert_eq!(without_statement("no policy", "a"), None);
    }
}
