//! The report as SARIF 2.1.0 (OASIS), for code scanning pages: one rule for each policy layer, one
//! result for each incident, the chain as a thread flow, what could not be seen as notifications. It
//! keeps to what GitHub takes (GitHub Docs, "SARIF support for code scanning").

mod place;
mod rule;

use serde_json::{Map, Value, json};

pub use self::place::{Lines, Places, lines};

use self::place::{BASE, artifact, physical};
use self::rule::{layers, rule};
use super::{
    DeniedAction, Incident, Kind, Outcome, PoliciesGiven, Report, Step, sanitize, title, words,
};
use crate::wording::{Sentence, Wording};

/// Where the format's schema is, as SARIF wants it named (SARIF 2.1.0, §3.13.3).
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Results that code scanning shows of a run (GitHub Docs, "SARIF results exceed one or more limits").
const RESULTS: usize = 5_000;
/// Steps of a thread flow that it shows of a result (there).
const STEPS: usize = 1_000;

/// The report as one SARIF document, ending in a line end, of which it is not known in which files
/// anything stands.
pub fn render(report: &Report, wording: &Wording) -> String {
    render_at(report, &Places::default(), wording)
}

/// The same with the files that hold the records and the policies.
pub fn render_at(report: &Report, places: &Places, wording: &Wording) -> String {
    let shown = report.incidents.iter().take(RESULTS);
    let results: Vec<Value> = shown.map(|i| result(i, places, wording)).collect();
    let mut notifications = notifications(report, wording);
    notifications.extend(left_out(report, &results, wording));
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
            "originalUriBaseIds": { (BASE): { "description": { "text": "." } } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    sanitize::json(&format!("{document:#}")) + "\n"
}

/// What code scanning would not have shown or taken, by count.
fn left_out(report: &Report, results: &[Value], wording: &Wording) -> Vec<Value> {
    let counted = |id: &str, count: usize, sentence: Sentence| {
        (count > 0).then(|| {
            json!({
                "descriptor": { "id": id },
                "level": "note",
                "message": { "text": text(&wording.say(&sentence)) },
            })
        })
    };
    let incidents = report.incidents.len().saturating_sub(RESULTS);
    let shown = || report.incidents.iter().take(RESULTS);
    let steps = shown().map(|incident| incident.chain.len().saturating_sub(STEPS)).sum();
    let without_file =
        results.iter().filter(|r| r.pointer("/locations/0/physicalLocation").is_none());
    let without_file = without_file.count();
    [
        counted(
            "results_left_out",
            incidents,
            Sentence::new("sarif-results-left-out").arg("count", incidents).arg("most", RESULTS),
        ),
        counted(
            "steps_left_out",
            steps,
            Sentence::new("sarif-steps-left-out").arg("count", steps).arg("most", STEPS),
        ),
        counted("no_file", without_file, Sentence::new("sarif-no-file").arg("count", without_file)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn result(incident: &Incident, places: &Places, wording: &Wording) -> Value {
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
        "locations": [location(incident, places)],
        "relatedLocations": related(incident, places, wording),
        "partialFingerprints": {
            "incident/v1": incident.id,
            // The one that code scanning compares; without it, it hashes the line of the file.
            "primaryLocationLineHash": format!("{}:1", incident.id),
        },
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
        fields.insert(
            "codeFlows".into(),
            json!([{ "threadFlows": [thread(incident, places, wording)] }]),
        );
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

/// The policy, where it is known, else what was denied; the file is that of the policy if it came from
/// one, else that of the record.
fn location(incident: &Incident, places: &Places) -> Value {
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
    let place = places.statement(incident).or_else(|| places.record(record(incident)?));
    if let (Some(fields), Some((file, lines))) = (location.as_object_mut(), place) {
        fields.insert("physicalLocation".into(), physical(file, lines));
    }
    location
}

/// The event whose record shows the incident best: the denied call, else the user's.
fn record(incident: &Incident) -> Option<&str> {
    let denied = incident.denied.as_ref().map(|denied| denied.event_id.as_str());
    denied.or_else(|| incident.root.as_ref()?.event_id.as_deref())
}

/// Where else to look: the statement, the records of the denial and of the change.
fn related(incident: &Incident, places: &Places, wording: &Wording) -> Vec<Value> {
    let change = incident.change.as_ref().map(|change| change.event_id.as_str());
    let all = [
        (places.statement(incident), Sentence::new("sarif-deciding-statement")),
        (record(incident).and_then(|id| places.record(id)), Sentence::new("sarif-denied-record")),
        (change.and_then(|id| places.record(id)), Sentence::new("sarif-change-record")),
    ];
    let known = all.into_iter().filter_map(|(place, said)| Some((place?, said)));
    known
        .zip(1..)
        .map(|(((file, lines), said), id)| {
            json!({
                "id": id,
                "message": { "text": text(&wording.say(&said)) },
                "physicalLocation": physical(file, lines),
            })
        })
        .collect()
}

fn thread(incident: &Incident, places: &Places, wording: &Wording) -> Value {
    let steps = incident.chain.iter().take(STEPS).map(|step| flow(step, places, wording));
    json!({ "locations": steps.collect::<Vec<Value>>() })
}

fn flow(step: &Step, places: &Places, wording: &Wording) -> Value {
    let said = Sentence::new("sarif-step").arg("action", &step.action).arg("outcome", step.outcome);
    let name = step.resource.as_deref().unwrap_or(&step.action);
    let mut location = json!({
        "message": { "text": text(&wording.say(&said)) },
        "logicalLocations": [{
            "name": sanitize::line(&step.action),
            "fullyQualifiedName": sanitize::line(name),
            "kind": "function",
        }],
    });
    let place = step.event_id.as_deref().and_then(|id| places.record(id));
    if let (Some(fields), Some((file, lines))) = (location.as_object_mut(), place) {
        fields.insert("physicalLocation".into(), physical(file, lines));
    }
    json!({
        "location": location,
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
            "locations": [{ "physicalLocation": { "artifactLocation": artifact(&file.path) } }],
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
