//! First block: what was asked, what AWS said, what did not come to be.

use super::INDENT;
use crate::report::layout::{Ink, Page, Span, spans};
use crate::report::title::{self, Top};
use crate::report::{DeniedCall, Incident, Outcome, RootCall, words};
use crate::wording::{Sentence, Wording};

pub(super) fn put(page: &mut Page, incident: &Incident, wording: &Wording) {
    let when = when(incident, wording);
    let mut fields = vec![(wording.say(&Sentence::new("field-when")), when)];
    if let Some(root) = &incident.root {
        fields.extend(asked(root, wording));
    }
    if let Some(rootless) = title::rootless(incident) {
        let field = wording.say(&Sentence::new("field-asked"));
        fields.push((field, spans![Quiet wording.say(&rootless)]));
    }
    if let Some(denied) = &incident.denied {
        fields.extend(self::denied(incident, denied, wording));
    }
    if let Some(end) = words::end(incident) {
        fields.push((wording.say(&Sentence::new("field-ended")), spans![Failed end]));
    }
    if !incident.missing_steps.is_empty() {
        let steps = spans![Failed wording.list(&incident.missing_steps)];
        fields.push((wording.say(&Sentence::new("field-never-came")), steps));
    }
    fields.push((
        wording.say(&Sentence::new("field-meaning")),
        spans![Plain wording.say(&title::meaning(incident))],
    ));
    page.fields(INDENT, &fields);
}

/// Long series are folded: how many, first and last.
fn when(incident: &Incident, wording: &Wording) -> Vec<Span> {
    if incident.count == 1 {
        return spans![Plain & incident.first_seen];
    }
    let sentence = Sentence::new("occurred-times")
        .arg("count", incident.count)
        .arg("first", &incident.first_seen)
        .arg("last", &incident.last_seen);
    spans![Plain wording.say(&sentence)]
}

fn asked(root: &RootCall, wording: &Wording) -> Vec<(String, Vec<Span>)> {
    let mut call = spans![Strong & root.action];
    if let Some(note) = title::belongs(root) {
        call.push(Span::new(Ink::Quiet, format!(" ({})", wording.say(&note))));
    }
    let mut fields = vec![(wording.say(&Sentence::new("field-asked")), call)];
    if let Some(caller) = &root.principal_arn {
        fields.push((wording.say(&Sentence::new("field-by")), spans![Plain caller]));
    }
    if let Some(place) =
        words::place(root.source_ip.as_deref(), root.vpc_endpoint_id.as_deref(), wording)
    {
        fields.push((wording.say(&Sentence::new("field-from")), spans![Plain place]));
    }
    if !root.resources.is_empty() {
        let resources = spans![Plain wording.list(&root.resources)];
        fields.push((wording.say(&Sentence::new("field-about")), resources));
    }
    fields.push((wording.say(&Sentence::new("field-answer")), answer(root, wording)));
    fields
}

fn answer(root: &RootCall, wording: &Wording) -> Vec<Span> {
    let outcome = wording.say(&root.outcome.into());
    let mut spans = match root.outcome {
        Outcome::Success => spans![Succeeded outcome],
        Outcome::Unknown => spans![Quiet outcome],
        Outcome::Denied | Outcome::Error => spans![Failed outcome],
    };
    let said = said(root.error_code.as_deref(), root.error_message.as_deref());
    if let Some(said) = said {
        spans.extend(spans![Plain format!(": {said}")]);
    }
    spans
}

fn denied(incident: &Incident, denied: &DeniedCall, wording: &Wording) -> Vec<(String, Vec<Span>)> {
    let mut action = spans![Failed & denied.action];
    if let Some(recorded) = title::recorded_as(incident) {
        action.push(Span::new(Ink::Quiet, format!(" ({})", wording.say(&recorded))));
    }
    let mut fields = vec![(wording.say(&Sentence::new("field-denied")), action)];
    if let Some(on) = title::denied_on(incident, wording) {
        fields.push((wording.say(&Sentence::new("field-on")), spans![Plain on]));
    }
    let top = Top::of(incident);
    if top == Top::Hiding
        && let Some(principal) = &denied.principal_arn
    {
        fields.push((wording.say(&Sentence::new("field-denied-to")), spans![Plain principal]));
    }
    // One record is told once.
    if top.is_one_record() && incident.root.is_some() {
        return fields;
    }
    fields.push((wording.say(&Sentence::new("field-made-by")), made_by(denied, wording)));
    if let Some(place) = words::place(None, denied.vpc_endpoint_id.as_deref(), wording) {
        fields.push((wording.say(&Sentence::new("field-from")), spans![Plain place]));
    }
    let said = said(denied.error_code.as_deref(), denied.error_message.as_deref())
        .unwrap_or_else(|| wording.say(&Sentence::new("said-nothing")));
    fields.push((wording.say(&Sentence::new("field-aws-said")), spans![Plain said]));
    fields
}

fn made_by(denied: &DeniedCall, wording: &Wording) -> Vec<Span> {
    let kind = wording.say(&denied.caller_kind.into());
    let who = match (denied.caller_kind, &denied.invoked_by, &denied.principal_arn) {
        (kind, _, Some(principal)) if kind.is_own() => Some(principal),
        (_, Some(service), _) => Some(service),
        (_, None, principal) => principal.as_ref(),
    };
    match who {
        Some(who) => spans![Plain who, Quiet format!(" · {kind}")],
        None => spans![Plain kind],
    }
}

/// Error code and text as AWS recorded them.
pub(super) fn said(code: Option<&str>, message: Option<&str>) -> Option<String> {
    match (code, message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}
