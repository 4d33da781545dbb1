//! Calls that change what a trail records: an export made by that trail is blind from then on.

use serde_json::Value;

use crate::event::{Event, Time};
use crate::ingest::ledger::blind_spot::{BlindSpot, BlindSpotKind};
use crate::ingest::record::header::Header;
use crate::wording::Sentence;

/// One call that changed a trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct TrailChange {
    pub(crate) time: Time,
    pub(crate) event_id: String,
    pub(crate) trail: String,
    pub(crate) effect: Effect,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) enum Effect {
    Started,
    Stopped,
    Deleted,
    /// What the selectors now leave out; nothing when they leave out nothing.
    Selected(Vec<BlindSpotKind>),
}

/// Whether a record may be such a call, by what can be seen before an event is made of it.
pub(crate) fn may_be(header: &Header<'_>) -> bool {
    header.source() == SOURCE && header.read_only() != Some(true) && !header.failed()
}

const SOURCE: &str = "cloudtrail.amazonaws.com";

/// The change that an event made; `None` when it failed or changed nothing of this kind.
pub(crate) fn of(event: &Event) -> Option<TrailChange> {
    if event.source() != SOURCE || event.failed() {
        return None;
    }
    let effect = match event.name() {
        "StartLogging" => Effect::Started,
        "StopLogging" => Effect::Stopped,
        "DeleteTrail" => Effect::Deleted,
        "PutEventSelectors" => Effect::Selected(left_out(event.request()?)?),
        _ => return None,
    };
    let named = || event.request_value("trailName").or_else(|| event.request_value("name"));
    let trail = event.response_value("trailARN").or_else(named)?;
    // A trail is named by its name or by its ARN, which ends in the name.
    let name = trail.rsplit_once('/').map_or(trail.as_str(), |(_, name)| name).to_owned();
    let account = event.account().unwrap_or_default();
    Some(TrailChange {
        time: event.time,
        event_id: event.id().to_owned(),
        trail: format!("{name} of account {account}"),
        effect,
    })
}

/// What selectors leave out (CloudTrail API reference, EventSelector and AdvancedEventSelector).
fn left_out(request: &str) -> Option<Vec<BlindSpotKind>> {
    let request: Value = serde_json::from_str(request).ok()?;
    let list = |name: &str| request.get(name).and_then(Value::as_array).filter(|l| !l.is_empty());
    let mut out = match (list("eventSelectors"), list("advancedEventSelectors")) {
        (Some(basic), _) => common(basic.iter().map(basic_left_out)),
        (None, Some(advanced)) => {
            let management = advanced.iter().filter(|s| selects_management(s));
            let each: Vec<_> = management.map(advanced_left_out).collect();
            match each.is_empty() {
                true => vec![BlindSpotKind::ManagementEventsExcluded],
                false => common(each.into_iter()),
            }
        }
        (None, None) => return None,
    };
    out.sort();
    Some(out)
}

/// What all selectors leave out: an event is recorded if one of them takes it.
fn common(mut each: impl Iterator<Item = Vec<BlindSpotKind>>) -> Vec<BlindSpotKind> {
    let Some(first) = each.next() else { return Vec::new() };
    each.fold(first, |mut all, next| {
        all.retain(|kind| next.contains(kind));
        all
    })
}

fn basic_left_out(selector: &Value) -> Vec<BlindSpotKind> {
    if selector.get("includeManagementEvents").and_then(Value::as_bool) == Some(false) {
        return vec![BlindSpotKind::ManagementEventsExcluded];
    }
    let mut out = Vec::new();
    let excluded = selector.get("excludeManagementEventSources").and_then(Value::as_array);
    let kms = |source: &Value| source.as_str() == Some("kms.amazonaws.com");
    if excluded.is_some_and(|sources| sources.iter().any(kms)) {
        out.push(BlindSpotKind::KmsEventsExcluded);
    }
    match selector.get("readWriteType").and_then(Value::as_str) {
        Some("WriteOnly") => out.push(BlindSpotKind::ReadEventsMissing),
        Some("ReadOnly") => out.push(BlindSpotKind::WriteEventsMissing),
        _ => {}
    }
    out
}

fn fields<'v>(selector: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    let all = selector.get("fieldSelectors").and_then(Value::as_array);
    let name = name.to_owned();
    let named = move |f: &&Value| f.get("field").and_then(Value::as_str) == Some(name.as_str());
    all.into_iter().flatten().filter(named)
}

fn holds(field: &Value, operator: &str, value: &str) -> bool {
    let values = field.get(operator).and_then(Value::as_array);
    values.is_some_and(|values| values.iter().any(|v| v.as_str() == Some(value)))
}

fn selects_management(selector: &Value) -> bool {
    fields(selector, "eventCategory").any(|field| holds(field, "equals", "Management"))
}

fn advanced_left_out(selector: &Value) -> Vec<BlindSpotKind> {
    let mut out = Vec::new();
    if fields(selector, "eventSource").any(|f| holds(f, "notEquals", "kms.amazonaws.com")) {
        out.push(BlindSpotKind::KmsEventsExcluded);
    }
    if fields(selector, "readOnly").any(|f| holds(f, "equals", "false")) {
        out.push(BlindSpotKind::ReadEventsMissing);
    }
    if fields(selector, "readOnly").any(|f| holds(f, "equals", "true")) {
        out.push(BlindSpotKind::WriteEventsMissing);
    }
    out
}

/// The blind spots that changes to trails leave, each with the call that made it and its end.
pub(crate) fn blind_spots(changes: &[TrailChange]) -> Vec<BlindSpot> {
    let mut changes = changes.to_vec();
    changes.sort();
    changes.dedup();
    let mut spots = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        let later = || changes.iter().skip(at + 1).filter(|other| other.trail == change.trail);
        match &change.effect {
            Effect::Started => {}
            Effect::Stopped | Effect::Deleted => {
                let end = later().find(|other| other.effect == Effect::Started);
                let done = match change.effect {
                    Effect::Deleted => Sentence::new("log-deleted"),
                    _ => Sentence::new("log-stopped"),
                };
                spots.push(spot(BlindSpotKind::LoggingStopped, change, done, end));
            }
            Effect::Selected(kinds) => {
                for kind in kinds {
                    let takes =
                        |w: &Effect| matches!(w, Effect::Selected(now) if !now.contains(kind));
                    let end = later().find(|other| takes(&other.effect));
                    spots.push(spot(*kind, change, leaves_out(*kind), end));
                }
            }
        }
    }
    spots
}

fn leaves_out(kind: BlindSpotKind) -> Sentence {
    match kind {
        BlindSpotKind::KmsEventsExcluded => Sentence::new("log-leaves-out-kms"),
        BlindSpotKind::ReadEventsMissing => Sentence::new("log-leaves-out-reads"),
        BlindSpotKind::WriteEventsMissing => Sentence::new("log-leaves-out-writes"),
        _ => Sentence::new("log-leaves-out-management"),
    }
}

fn spot(
    kind: BlindSpotKind,
    change: &TrailChange,
    done: Sentence,
    end: Option<&TrailChange>,
) -> BlindSpot {
    let detail = match end {
        Some(end) => Sentence::new("log-trail-until")
            .arg("trail", &change.trail)
            .arg("what", done)
            .arg("time", change.time.to_string())
            .arg("end", end.time.to_string()),
        None => Sentence::new("log-trail-to-the-end")
            .arg("trail", &change.trail)
            .arg("what", done)
            .arg("time", change.time.to_string()),
    };
    BlindSpot::new(kind, detail, Some(&change.event_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_tell_what_they_leave_out() {
        use BlindSpotKind::{KmsEventsExcluded, ManagementEventsExcluded, ReadEventsMissing};
        for (request, want) in [
            (
                r#"{"trailName":"t","eventSelectors":[{"readWriteType":"All","includeManagementEvents":true,"excludeManagementEventSources":["kms.amazonaws.com"]}]}"#,
                vec![KmsEventsExcluded],
            ),
            (
                r#"{"eventSelectors":[{"readWriteType":"WriteOnly","includeManagementEvents":true}]}"#,
                vec![ReadEventsMissing],
            ),
            (
                r#"{"eventSelectors":[{"readWriteType":"WriteOnly"},{"readWriteType":"All"}]}"#,
                vec![],
            ),
            (
                r#"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]},{"field":"readOnly","equals":["false"]}]}]}"#,
                vec![KmsEventsExcluded, ReadEventsMissing],
            ),
            (
                r#"{"advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]}]}]}"#,
                vec![ManagementEventsExcluded],
            ),
        ] {
            assert_eq!(left_out(request), Some(want), "{request}");
        }
        assert_eq!(left_out("{}"), None);
    }
}
