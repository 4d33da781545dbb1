//! `incidents`: what failed, a line each.

use serde_json::{Map, Value, json};

use super::super::analysis;
use super::answer::{Answer, Wrong, at, known, only, parts, said};
use super::held::Held;
use super::inputs::{Given, Input, Takes, kinds, layers};
use crate::cli::ShowArguments;
use crate::event::Time;
use crate::report::Incident;

/// Incidents of an answer.
const USUAL: usize = 10;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "kind",
        takes: Takes::Words(kinds),
        required: false,
        says: "only these kinds; silent, ghost and background are those that no caller was told of",
    },
    Input {
        name: "layer",
        takes: Takes::Word(layers),
        required: false,
        says: "only those that this policy layer is taken to have denied",
    },
    Input {
        name: "since",
        takes: Takes::Time,
        required: false,
        says: "only what happened from this moment on: RFC 3339, a date, or 2h, 3d before the last event",
    },
    Input {
        name: "until",
        takes: Takes::Time,
        required: false,
        says: "only what happened up to this moment",
    },
    Input {
        name: "principal",
        takes: Takes::Text,
        required: false,
        says: "only what this user, role or service made or was denied: an ARN, a name, or a part with *",
    },
    Input {
        name: "text",
        takes: Takes::Text,
        required: false,
        says: "only incidents in which this text stands, whatever its letter case: an action, a \
               resource, a piece of an error",
    },
    Input {
        name: "limit",
        takes: Takes::Count(50),
        required: false,
        says: "how many (default 10)",
    },
    Input {
        name: "cursor",
        takes: Takes::Text,
        required: false,
        says: "the next_cursor of the answer before",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let (since, until) = (held.moment(given.moment("since")), held.moment(given.moment("until")));
    let filter = Filter {
        kinds: given.words("kind"),
        layer: given.text("layer"),
        since,
        until,
        show: ShowArguments {
            principal: given.text("principal").map(str::to_owned),
            action: None,
            resource: None,
        },
        text: given.text("text").map(str::to_lowercase),
    };
    let fitting: Vec<usize> = held
        .shown
        .iter()
        .zip(&held.told)
        .enumerate()
        .filter(|(_, (incident, told))| filter.takes(incident, told))
        .map(|(at, _)| at)
        .collect();
    let page = given.page(fitting, USUAL)?;
    let mut answer = Answer::default();
    answer.put("incidents_in_all", held.told.len());
    page.note("found", &mut answer.members);
    answer.line(format!(
        "{} of {} incidents fit; {} are shown, worst first.",
        page.found,
        held.told.len(),
        page.parts.len()
    ));
    let mut listed = Vec::new();
    for told in page.parts.iter().filter_map(|at| held.told.get(*at)) {
        answer.line(line(told));
        listed.push(compact(told));
    }
    answer.put("incidents", listed);
    if let Some(next) = &page.next {
        answer.line(format!("More: ask again with cursor {next}."));
    }
    cover(held, &mut answer);
    Ok(answer)
}

/// What was read, without which "none" says nothing.
fn cover(held: &Held, answer: &mut Answer) {
    let coverage = &held.coverage;
    let blind = parts(coverage, &["blind_spots"]);
    let events = at(coverage, &["events", "kept"]);
    let span = at(coverage, &["span"]);
    answer.line(format!(
        "Read: {events} records, {} to {}; what is not in them cannot be seen.",
        known(span, "first"),
        known(span, "last"),
    ));
    for spot in blind {
        answer.line(format!("Blind spot: {}", known(spot, "detail")));
    }
    answer.put("coverage", only(coverage, &["events", "span", "blind_spots"]));
}

struct Filter<'g> {
    kinds: Vec<&'g str>,
    layer: Option<&'g str>,
    since: Option<Time>,
    until: Option<Time>,
    show: ShowArguments,
    text: Option<String>,
}

impl Filter<'_> {
    fn takes(&self, incident: &Incident, told: &Value) -> bool {
        let time = |text: &str| Time::parse(text);
        let is_after = self.since.is_none_or(|since| time(&incident.last_seen) >= Some(since));
        let is_before = self.until.is_none_or(|until| time(&incident.first_seen) <= Some(until));
        (self.kinds.is_empty() || self.kinds.contains(&incident.kind.as_str()))
            && self.layer.is_none_or(|layer| incident.verdict.layer.as_str() == layer)
            && is_after
            && is_before
            && analysis::shows(&self.show, incident)
            && self.text.as_ref().is_none_or(|text| told.to_string().to_lowercase().contains(text))
    }
}

/// The incident in a few members.
pub(super) fn compact(told: &Value) -> Value {
    let verdict = at(told, &["verdict"]);
    let mut own: Map<String, Value> = Map::new();
    for name in ["id", "kind", "title", "count", "first_seen", "last_seen", "guardrail"] {
        if let Some(value) = told.get(name) {
            own.insert(name.to_owned(), value.clone());
        }
    }
    let fixes: Vec<Value> =
        parts(told, &["fixes"]).iter().map(|fix| at(fix, &["title"]).clone()).collect();
    own.insert(
        "verdict".to_owned(),
        only(verdict, &["layer", "effect", "certainty", "confidence", "condition_keys"]),
    );
    own.insert("fixes".to_owned(), fixes.into());
    for (name, members) in [
        ("denied", ["event_id", "event_time", "action", "resource", "principal_arn"]),
        ("root", ["event_id", "event_time", "action", "principal_arn", "outcome"]),
    ] {
        if let Some(call) = told.get(name) {
            own.insert(name.to_owned(), only(call, &members));
        }
    }
    json!(own)
}

/// The incident on one line.
pub(super) fn line(told: &Value) -> String {
    let verdict = at(told, &["verdict"]);
    let denied = at(told, &["denied"]);
    let root = at(told, &["root"]);
    let event = said(denied, "event_id").or_else(|| said(root, "event_id"));
    format!(
        "- {} · {} · {} times · {} to {} · {} {} ({}, {}) · event {} · {}",
        known(told, "id"),
        known(told, "kind"),
        known(told, "count"),
        known(told, "first_seen"),
        known(told, "last_seen"),
        known(verdict, "layer"),
        known(verdict, "effect"),
        known(verdict, "certainty"),
        known(verdict, "confidence"),
        event.unwrap_or_else(|| "unknown".to_owned()),
        known(told, "title"),
    )
}
