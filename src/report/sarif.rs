//! The report as SARIF 2.1.0 (OASIS), for code scanning pages: one rule for each policy layer, one
//! result for each incident, the chain as a thread flow, what could not be seen as notifications.

use serde_json::{Map, Value, json};

use super::{
    DeniedAction, Incident, Kind, Layer, Outcome, PoliciesGiven, Report, Step, sanitize, title,
    words,
};
use crate::wording::{Sentence, Wording};

/// Where the format's schema is, as SARIF wants it named (SARIF 2.1.0, §3.13.3).
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as one SARIF document, ending in a line end.
pub fn render(report: &Report, wording: &Wording) -> String {
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": report.tool.name,
                "semanticVersion": report.tool.version,
                "rules": layers().map(|layer| rule(layer, wording)).collect::<Vec<_>>(),
            }},
            "language": wording.language().tag(),
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(report, wording),
            }],
            "results": report.incidents.iter().map(|i| result(i, wording)).collect::<Vec<_>>(),
        }],
    });
    sanitize::json(&format!("{document:#}")) + "\n"
}

fn layers() -> impl Iterator<Item = Layer> {
    Layer::ALL.into_iter().chain([Layer::Unknown])
}

fn rule(layer: Layer, wording: &Wording) -> Value {
    let name = wording.say(&layer.into());
    json!({
        "id": layer.as_str(),
        "shortDescription": { "text": text(&name) },
        "fullDescription": {
            "text": text(&wording.say(&Sentence::new("sarif-rule").arg("layer", layer))),
        },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(incident: &Incident, wording: &Wording) -> Value {
    let verdict = &incident.verdict;
    let rule = layers().position(|layer| layer == verdict.layer);
    let said: Vec<String> = [title::headline(incident)]
        .iter()
        .chain(&title::guardrail(incident))
        .map(|sentence| wording.say(sentence))
        .chain([verdict.explanation.clone()])
        .collect();
    let mut result = json!({
        "ruleId": verdict.layer.as_str(),
        "ruleIndex": rule,
        // Someone saw a direct denial happen; the others happened behind a success or an excuse.
        "level": if incident.kind == Kind::Direct { "warning" } else { "error" },
        "kind": "fail",
        "message": { "text": text(&wording.paragraph(&said)) },
        "locations": [location(incident)],
        "partialFingerprints": { "incident/v1": incident.id },
        "occurrenceCount": incident.count,
        "rank": words::percent(verdict.confidence),
        "properties": {
            "kind": incident.kind.as_str(),
            "effect": words::effect(verdict.effect),
            "certainty": verdict.certainty.as_str(),
            "confidence": verdict.confidence,
            "firstSeen": incident.first_seen,
            "lastSeen": incident.last_seen,
            "conditionKeys": verdict.condition_keys,
            "missingSteps": incident.missing_steps,
        },
    });
    if let (Some(state), Some(fields)) = (baseline_state(incident), result.as_object_mut()) {
        fields.insert("baselineState".into(), json!(state));
    }
    let properties = result.get_mut("properties").and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.extend(more(incident, wording));
    }
    if let (Some(fields), false) = (result.as_object_mut(), incident.chain.is_empty()) {
        fields.insert("codeFlows".into(), json!([{ "threadFlows": [thread(incident, wording)] }]));
    }
    result
}

/// What a baseline knows of it, in the words of the format (SARIF 2.1.0, §3.27.24).
fn baseline_state(incident: &Incident) -> Option<&'static str> {
    let new = incident.new_signatures.as_ref()?;
    Some(match new.len() {
        0 => "unchanged",
        count if count < incident.signatures.len() => "updated",
        _ => "new",
    })
}

/// What only some incidents have.
fn more(incident: &Incident, wording: &Wording) -> Map<String, Value> {
    let (root, denied) = (incident.root.as_ref(), incident.denied.as_ref());
    let new = incident.new_signatures.as_ref();
    let actions: Vec<Value> = incident.actions.iter().map(denied_action).collect();
    let candidates = denied.map(|denied| &denied.resource_candidates);
    let told = [
        ("rootAction", root.map(|root| json!(root.action))),
        ("rootConfidence", root.and_then(|root| root.confidence).map(|sure| json!(sure))),
        (
            "rootTiedWith",
            root.map(|root| &root.tied_with).filter(|t| !t.is_empty()).map(|t| json!(t)),
        ),
        ("guardrail", incident.guardrail.then(|| json!(true))),
        ("rootUnknown", title::rootless(incident).map(|said| json!(wording.say(&said)))),
        ("eventName", denied.and_then(|denied| denied.event_name.as_ref()).map(|n| json!(n))),
        ("resourceCandidates", candidates.filter(|c| !c.is_empty()).map(|c| json!(c))),
        ("deniedActions", (!actions.is_empty()).then(|| json!(actions))),
        ("signatures", (!incident.signatures.is_empty()).then(|| json!(incident.signatures))),
        ("newSignatures", new.map(|new| json!(new))),
    ];
    told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn denied_action(action: &DeniedAction) -> Value {
    json!({
        "action": action.action,
        "count": action.count,
        "resource": action.resource,
        "firstEventId": action.first_event_id,
    })
}

/// The policy, where it is known, else what was denied; the file only if the policy came from one.
fn location(incident: &Incident) -> Value {
    let policy = incident.verdict.policy.as_ref();
    let denied = incident.denied.as_ref();
    let root = incident.root.as_ref();
    let name = policy
        .and_then(|policy| policy.arn.as_deref().or(policy.attached_to.as_deref()))
        .or_else(|| denied.and_then(|denied| denied.resource.as_deref()))
        .or_else(|| root.and_then(|root| root.resources.first().map(String::as_str)))
        .or_else(|| denied.map(|denied| denied.action.as_str()))
        .or_else(|| root.map(|root| root.action.as_str()))
        .unwrap_or("unknown");
    let mut location = json!({
        "logicalLocations": [{ "fullyQualifiedName": sanitize::line(name), "kind": "resource" }],
    });
    let file = policy.and_then(|policy| policy.source.as_ref()?.file.as_deref());
    if let (Some(fields), Some(file)) = (location.as_object_mut(), file) {
        fields
            .insert("physicalLocation".into(), json!({ "artifactLocation": { "uri": uri(file) } }));
    }
    location
}

fn thread(incident: &Incident, wording: &Wording) -> Value {
    let steps: Vec<Value> = incident.chain.iter().map(|step| flow(step, wording)).collect();
    json!({ "locations": steps })
}

fn flow(step: &Step, wording: &Wording) -> Value {
    let said = Sentence::new("sarif-step").arg("action", &step.action).arg("outcome", step.outcome);
    let name = step.resource.as_deref().unwrap_or(&step.action);
    json!({
        "location": {
            "message": { "text": text(&wording.say(&said)) },
            "logicalLocations": [{
                "name": sanitize::line(&step.action),
                "fullyQualifiedName": sanitize::line(name),
                "kind": "function",
            }],
        },
        "executionTimeUtc": step.event_time,
        "importance": match step.outcome {
            Outcome::Denied | Outcome::Error => "essential",
            Outcome::Success | Outcome::Unknown => "important",
        },
        "properties": { "eventId": step.event_id },
    })
}

/// "No result" in SARIF means nothing without what could not be seen.
fn notifications(report: &Report, wording: &Wording) -> Vec<Value> {
    let coverage = &report.coverage;
    let blind = coverage.blind_spots.iter().map(|spot| {
        json!({
            "descriptor": { "id": spot.kind },
            "level": "warning",
            "message": { "text": text(&spot.detail) },
        })
    });
    let skipped = coverage.files.skipped.iter().map(|file| {
        let detail = file.detail.as_deref().unwrap_or(&file.reason);
        json!({
            "descriptor": { "id": file.reason },
            "level": "note",
            "message": { "text": text(detail) },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&file.path) } } }],
        })
    });
    let lacking =
        |given: &&PoliciesGiven| !given.missing.is_empty() || !given.unreadable.is_empty();
    let given = coverage.policies.iter().flatten();
    let said = words::policies(coverage, wording).into_iter();
    let policies =
        given.zip(said).filter(|(given, _)| lacking(given)).map(|(_, (whose, holdings))| {
            json!({
                "descriptor": { "id": "policies" },
                "level": "warning",
                "message": { "text": text(&format!("{whose}: {holdings}")) },
            })
        });
    policies.chain(blind).chain(skipped).collect()
}

/// A plain text message: brackets would be links and braces placeholders (SARIF 2.1.0, §3.11.5 and
/// §3.11.6).
fn text(said: &str) -> String {
    let mut escaped = String::with_capacity(said.len());
    for character in sanitize::lines(said).chars() {
        match character {
            '\\' | '[' | ']' => escaped.extend(['\\', character]),
            '{' | '}' => escaped.extend([character, character]),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A path as a relative URI reference (RFC 3986): all but plain characters in per cent.
fn uri(path: &str) -> String {
    path.trim_start_matches('/')
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
