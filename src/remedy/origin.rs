//! For whom a service comes that calls as itself: what its request says, else what AWS documents that
//! it says, as conditions of the statement that admits it.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::situation::{Situation, value_of};
use crate::diagnose::evaluated::Case;
use crate::event::partition;

/// What one service sends.
#[derive(Debug, Deserialize)]
struct Row {
    service: String,
    on: Vec<String>,
    #[serde(default)]
    account: bool,
    arn: Option<String>,
    context: Option<(String, String)>,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
    source: String,
}

#[derive(Debug, Default, Deserialize)]
struct Rows {
    row: Vec<Row>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows: Rows = toml::from_str(include_str!("origin.toml")).unwrap_or_default();
    rows.row
});

/// The conditions under which a service is admitted; `None` for callers that are none, and where
/// neither the requests nor AWS tell what it sends or the account that it works for is not known.
pub(super) fn origin(situation: &Situation<'_>) -> Option<Value> {
    if !situation.is_by_service() {
        return None;
    }
    sent(situation).or_else(|| documented(situation))
}

/// What all the denied requests say.
fn sent(situation: &Situation<'_>) -> Option<Value> {
    let same = |key: &str| {
        let first = situation.key(key)?;
        let is_same = |case: &Case| value_of(&case.request.context, key) == Some(first);
        situation.denied.iter().all(is_same).then_some(first)
    };
    let mut condition = Map::new();
    if let Some(account) = same("aws:SourceAccount") {
        condition.insert("StringEquals".into(), json!({"aws:SourceAccount": account}));
    }
    if let Some(arn) = same("aws:SourceArn") {
        condition.insert("ArnEquals".into(), json!({"aws:SourceArn": arn}));
    }
    (!condition.is_empty()).then_some(Value::Object(condition))
}

fn documented(situation: &Situation<'_>) -> Option<Value> {
    let account = works_for(situation)?;
    let row = row(situation)?;
    let whole = |pattern: &str| pattern.replace("$P", situation.partition()).replace("$A", account);
    let mut condition = Map::new();
    if row.account {
        condition.insert("StringEquals".into(), json!({"aws:SourceAccount": account}));
    }
    let mut like = Map::new();
    if let Some(arn) = &row.arn {
        like.insert("aws:SourceArn".into(), json!(whole(arn)));
    }
    if let Some((key, value)) = &row.context {
        like.insert(format!("kms:EncryptionContext:{key}"), json!(whole(value)));
    }
    if !like.is_empty() {
        condition.insert("ArnLike".into(), Value::Object(like));
    }
    Some(Value::Object(condition))
}

fn row(situation: &Situation<'_>) -> Option<&'static Row> {
    let (_, name) = situation.principal()?;
    let target = situation.actions.first()?.split(':').next()?;
    let service = bare(&name)?;
    let is_it = |row: &Row| row.service == service;
    TABLE.iter().find(|row| is_it(row) && row.on.iter().any(|on| on == target))
}

/// The name of a service without domain and Region: `logs.eu-west-1.amazonaws.com` is the same service
/// as `logs.amazonaws.com`.
fn bare(name: &str) -> Option<&str> {
    let name = partition::without_domain(name)?;
    match name.rsplit_once('.') {
        Some((service, region)) if partition::is_region(region) => Some(service),
        _ => Some(name),
    }
}

/// The account for which the service came: that of the call it was made for.
fn works_for<'s>(situation: &Situation<'s>) -> Option<&'s str> {
    let asked = match &situation.failing.behind {
        // The recorded call is the user's own.
        Some(_) => Some(situation.event),
        None => situation.failing.root.and_then(|root| situation.events.get(root)),
    };
    asked.and_then(|event| event.account())
}

/// What the service is known to send, for the requests in which the records do not show it.
pub(super) fn keys(situation: &Situation<'_>) -> Vec<(String, String)> {
    let Some(Value::Object(condition)) =
        situation.is_by_service().then(|| documented(situation)).flatten()
    else {
        return Vec::new();
    };
    let tests = condition.values().filter_map(Value::as_object).flatten();
    tests
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.replace('*', "x"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_in_every_region_and_partition() {
        let rows = [
            ("logs.amazonaws.com", Some("logs")),
            ("logs.eu-west-1.amazonaws.com", Some("logs")),
            ("logs.cn-north-1.amazonaws.com.cn", Some("logs")),
            ("delivery.logs.amazonaws.com", Some("delivery.logs")),
            ("logs-of-mine.example.com", None),
        ];
        for (name, expected) in rows {
            assert_eq!(bare(name), expected, "{name}");
        }
    }

    #[test]
    fn every_row_says_what_is_sent_and_where_that_is_said() {
        assert!(TABLE.len() > 10);
        for row in TABLE.iter() {
            let says = row.account || row.arn.is_some() || row.context.is_some();
            assert!(says, "{row:?}");
            assert!(row.context.is_none() || row.on == ["kms"], "{row:?}");
            assert!(row.source.starts_with("https://docs.aws.amazon.com/"), "{row:?}");
        }
    }
}
