//! Third block: which layer, how sure, and the evidence for and against.

use super::INDENT;
use crate::report::layout::{Ink, Margin, Page, spans};
use crate::report::{Evidence, Incident, PolicyRef, Verdict, document, words};
use crate::wording::{Sentence, Wording};

/// Event ids shown for one piece of evidence.
const MOST_EVENTS: usize = 3;

pub(super) fn put(page: &mut Page, incident: &Incident, wording: &Wording) {
    let verdict = &incident.verdict;
    let named = words::verdict(incident);
    page.put(Margin::of(INDENT), &spans![Failed wording.say(&named)]);
    let means = verdict.certainty.meaning(incident.comparison.successes);
    page.put(Margin::of(INDENT), &spans![Quiet wording.say(&means)]);
    page.put(Margin::of(INDENT), &spans![Plain & verdict.explanation]);
    if let Some(contradiction) = &verdict.contradiction {
        let label = wording.say(&Sentence::new("verdict-contradiction"));
        page.put(Margin::of(INDENT), &spans![Failed label, Plain " ", Plain contradiction]);
    }
    if let Some(related) = words::related(incident) {
        page.put(Margin::of(INDENT), &spans![Plain wording.say(&related)]);
    }
    policy(page, verdict, wording);
}

/// What the verdict is made of, and the verdicts that lost.
pub(super) fn put_evidence(page: &mut Page, incident: &Incident, wording: &Wording) {
    evidence(page, incident, wording);
    others(page, incident, wording);
}

fn policy(page: &mut Page, verdict: &Verdict, wording: &Wording) {
    let nothing = PolicyRef::default();
    let policy = verdict.policy.as_ref().unwrap_or(&nothing);
    let mut fields = Vec::new();
    let mut field = |label: Sentence, value: Option<&str>| {
        if let Some(value) = value {
            fields.push((wording.say(&label), spans![Plain value]));
        }
    };
    let name = policy.arn.as_deref().or(policy.name.as_deref());
    field(Sentence::new("field-policy"), name);
    field(Sentence::new("field-attached-to"), policy.attached_to.as_deref());
    field(Sentence::new("field-statement"), policy.statement_sid.as_deref());
    let keys = (!verdict.condition_keys.is_empty()).then(|| wording.list(&verdict.condition_keys));
    field(Sentence::new("field-condition-keys"), keys.as_deref());
    let source = policy.source.as_ref();
    let event = source.and_then(|source| source.event_id.as_deref());
    field(Sentence::new("field-known-from-event"), event);
    field(Sentence::new("field-known-from-file"), source.and_then(|source| source.file.as_deref()));
    if !fields.is_empty() {
        page.blank();
    }
    page.fields(INDENT, &fields);
    if let Some(statement) = &policy.statement {
        let text = document::compact(statement, page.width().saturating_sub(4));
        page.verbatim("    ", Ink::Plain, &text);
    }
}

fn evidence(page: &mut Page, incident: &Incident, wording: &Wording) {
    let verdict = &incident.verdict;
    if verdict.evidence.is_empty() {
        return;
    }
    page.blank();
    page.put(Margin::of(INDENT), &spans![Strong wording.say(&Sentence::new("verdict-evidence"))]);
    for piece in &verdict.evidence {
        let mut line = spans![Plain & piece.text];
        for (sentence, ink_failed) in speaks(incident, piece) {
            let said = format!(" · {}", wording.say(&sentence));
            line.extend(if ink_failed { spans![Failed said] } else { spans![Quiet said] });
        }
        if let Some(events) = events(&piece.event_ids, wording) {
            line.extend(spans![Quiet format!(" · {events}")]);
        }
        page.put(Margin { first: "  • ", rest: "    " }, &line);
    }
}

/// For which layers a piece speaks (the ones accused), and against which.
fn speaks(incident: &Incident, piece: &Evidence) -> Vec<(Sentence, bool)> {
    let layers = |layers| words::layers(incident, layers);
    let mut said = Vec::new();
    if !piece.speaks_for.is_empty() {
        let sentence = Sentence::new("evidence-for").arg("layers", layers(&piece.speaks_for));
        said.push((sentence, true));
    }
    if !piece.speaks_against.is_empty() {
        let sentence =
            Sentence::new("evidence-against").arg("layers", layers(&piece.speaks_against));
        said.push((sentence, false));
    }
    said
}

/// The first few ids, and how many more there are.
fn events(ids: &[String], wording: &Wording) -> Option<String> {
    let shown: Vec<&str> = ids.iter().take(MOST_EVENTS).map(String::as_str).collect();
    let more = ids.len().saturating_sub(shown.len());
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(shown.join(", ")),
        (false, more) => {
            let more = wording.say(&Sentence::new("and-more").arg("count", more));
            Some(format!("{}, {more}", shown.join(", ")))
        }
    }
}

/// What else it could be, and what it is not.
fn others(page: &mut Page, incident: &Incident, wording: &Wording) {
    let verdict = &incident.verdict;
    let margin = Margin { first: "  • ", rest: "    " };
    if !verdict.alternatives.is_empty() {
        page.blank();
        let title = wording.say(&Sentence::new("verdict-alternatives"));
        page.put(Margin::of(INDENT), &spans![Strong title]);
    }
    for (others, because) in verdict.alternatives_together() {
        let named = Sentence::new("ruled-out-named")
            .arg("layer", words::alternatives(incident, &others))
            .arg("because", because);
        page.put(margin, &spans![Plain wording.say(&named)]);
    }
    if !verdict.ruled_out.is_empty() {
        page.blank();
        let title = wording.say(&Sentence::new("verdict-ruled-out"));
        page.put(Margin::of(INDENT), &spans![Strong title]);
    }
    for (layers, because) in verdict.ruled_out_together() {
        let named = Sentence::new("ruled-out-named")
            .arg("layer", words::layers(incident, &layers))
            .arg("because", because);
        page.put(margin, &spans![Plain wording.say(&named)]);
    }
}
