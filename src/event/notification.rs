//! What a service tells of its work beside CloudTrail: a notification of Amazon EventBridge.
//!
//! AWS keeps none of them; who wrote a rule for them has them in a log group or a bucket. A
//! notification is no call and nobody made it. It says how work ended that a call had begun, and
//! often why (`notifications.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::json;
use super::record::{Event, Field};

/// The `eventType` of an event that was made of a notification.
pub const EVENT_TYPE: &str = "EventBridgeNotification";

/// What a service tells of its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// `detail-type`, e.g. `EBS Volume Notification`.
    pub kind: &'static str,
    /// The work and what it is about, as ids and ARNs: request, job, volume. Of an ARN the id at its
    /// end as well.
    pub subjects: Vec<String>,
    /// How the work stands, in the service's own word.
    pub state: Option<String>,
    /// Whether that means that it failed.
    pub failed: bool,
    /// Why, in the service's own words.
    pub cause: Option<String>,
    /// The ARN of the KMS key that the cause names.
    pub key: Option<String>,
    /// The page of AWS's documentation that describes such notifications.
    pub source: &'static str,
}

/// A row of `notifications.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    detail_type: String,
    source: String,
    /// The service as CloudTrail names it.
    pub(crate) event_source: String,
    /// What such an event is called.
    pub(crate) name: String,
    state: Vec<String>,
    #[serde(default)]
    failed: Vec<String>,
    #[serde(default)]
    cause: Vec<String>,
    ids: Vec<String>,
    source_of: String,
}

#[derive(Debug, Default, Deserialize)]
struct Table {
    notification: Vec<Row>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("notifications.toml")).unwrap_or_default());

/// What is known of notifications of that `detail-type` from that `source`.
pub(crate) fn row(detail_type: &str, source: &str) -> Option<&'static Row> {
    let is = |row: &&Row| row.detail_type == detail_type && row.source == source;
    TABLE.notification.iter().find(is)
}

impl Event {
    /// Whether it is no call but what a service told Amazon EventBridge.
    pub fn is_notification(&self) -> bool {
        self.get(Field::EventType) == Some(EVENT_TYPE)
    }

    /// What a service told Amazon EventBridge of its work; `None` for everything that CloudTrail
    /// recorded.
    pub fn notification(&self) -> Option<Notification> {
        of(self)
    }
}

/// What an event tells that was made of a notification.
fn of(event: &Event) -> Option<Notification> {
    if !event.is_notification() {
        return None;
    }
    let is = |row: &&Row| row.event_source == event.source() && row.name == event.name();
    let row = TABLE.notification.iter().find(is)?;
    let detail = event.get(Field::ServiceEventDetails).unwrap_or_default();
    let states = first_of(detail, &row.state);
    let bad = states.iter().find(|state| row.failed.iter().any(|f| f.eq_ignore_ascii_case(state)));
    let cause = first_of(detail, &row.cause).into_iter().next();
    let mut subjects: Vec<String> = Vec::new();
    let mut add = |id: &str| {
        for id in [Some(id), tail(id)].into_iter().flatten() {
            if !subjects.iter().any(|known| known == id) {
                subjects.push(id.to_owned());
            }
        }
    };
    json::leaves(event.get(Field::Resources).unwrap_or_default(), |_, arn| add(arn));
    for place in &row.ids {
        values(detail, place).iter().for_each(|id| add(id));
    }
    Some(Notification {
        kind: &row.detail_type,
        failed: bad.is_some(),
        state: bad.or(states.first()).cloned(),
        key: cause.as_deref().and_then(key_in).map(str::to_owned),
        cause,
        subjects,
        source: &row.source_of,
    })
}

/// The events among these that tell of failed work, by each id and ARN that they name.
pub fn failed_by_subject(events: &[Event]) -> BTreeMap<String, Vec<usize>> {
    let mut failed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let told = event.notification().filter(|told| told.failed);
        for subject in told.into_iter().flat_map(|told| told.subjects) {
            failed.entry(subject).or_default().push(at);
        }
    }
    failed
}

/// The event pattern of an EventBridge rule that would catch what a service, named as CloudTrail does,
/// tells of failed work; `None` where nothing is known of that (EventBridge user guide, "Creating
/// Amazon EventBridge event patterns").
pub fn pattern(event_source: &str) -> Option<String> {
    let is = |row: &&Row| row.event_source == event_source && !row.failed.is_empty();
    let rows: Vec<&Row> = TABLE.notification.iter().filter(is).collect();
    let source = serde_json::to_string(&rows.first()?.source).ok()?;
    let kinds: Vec<&str> = rows.iter().map(|row| row.detail_type.as_str()).collect();
    let kinds = serde_json::to_string(&kinds).ok()?;
    Some(format!("{{\"source\":[{source}],\"detail-type\":{kinds}}}"))
}

/// What stands at the first of the places where anything does.
fn first_of(detail: &str, places: &[String]) -> Vec<String> {
    let found = places.iter().map(|place| values(detail, place));
    found.into_iter().find(|values| !values.is_empty()).unwrap_or_default()
}

fn values(detail: &str, place: &str) -> Vec<String> {
    let mut values = Vec::new();
    json::leaves(detail, |path, value| {
        if path.eq_ignore_ascii_case(place) && !value.trim().is_empty() {
            values.push(value.to_owned());
        }
    });
    values
}

/// The id at the end of an ARN.
fn tail(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?.rsplit([':', '/']).next().filter(|tail| !tail.is_empty())
}

/// The ARN of a KMS key in a text.
fn key_in(text: &str) -> Option<&str> {
    let ends = |c: char| c.is_whitespace() || "\"'`<>()[]{},;".contains(c);
    let words = text.split(ends).map(|word| word.trim_end_matches(['.', ':', '!']));
    words.into_iter().find(|word| {
        let arn = word.starts_with("arn:") && word.contains(":kms:");
        arn && word.contains(":key/")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_is_whole() {
        let table: Table = toml::from_str(include_str!("notifications.toml")).unwrap();
        let mut kinds = BTreeSet::new();
        let mut names = BTreeSet::new();
        for row in &table.notification {
            assert!(kinds.insert((&row.detail_type, &row.source)), "{}", row.detail_type);
            assert!(names.insert((&row.event_source, &row.name)), "{}", row.name);
            assert!(row.source.starts_with("aws."), "{}", row.detail_type);
            assert!(row.event_source.ends_with(".amazonaws.com"), "{}", row.detail_type);
            assert!(!row.state.is_empty() && !row.ids.is_empty(), "{}", row.detail_type);
            assert!(row.source_of.starts_with("https://docs.aws.amazon.com/"), "{}", row.name);
            assert!(!row.detail_type.ends_with("via CloudTrail"), "{}", row.detail_type);
        }
        assert!(kinds.len() >= 25);
    }

    #[test]
    fn a_rule_asks_for_what_tells_of_failure() {
        assert_eq!(
            pattern("ec2.amazonaws.com").unwrap(),
            "{\"source\":[\"aws.ec2\"],\"detail-type\":[\"EBS Volume Notification\",\
             \"EBS Snapshot Notification\",\"EBS Multi-Volume Snapshots Completion Status\"]}"
        );
        assert_eq!(pattern("iam.amazonaws.com"), None);
    }

    #[test]
    fn keys_are_found_in_causes() {
        let arn = "arn:aws:kms:us-east-2:111122223333:key/0123abcd-0123-0123-0123-0123456789ab";
        for text in [
            format!("{arn} is disabled."),
            format!("The key '{arn}' cannot be used"),
            format!("not usable: {arn}."),
        ] {
            assert_eq!(key_in(&text), Some(arn), "{text}");
        }
        assert_eq!(key_in("arn:aws:s3:::example-bucket is gone"), None);
        assert_eq!(key_in(""), None);
    }
}
