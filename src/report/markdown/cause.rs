//! The root cause: the layer, the policy, the evidence for and against, and the comparison.

use super::{Draft, LONGEST, code, codes, labelled, prose};
use crate::report::{Incident, document, words};
use crate::wording::Sentence;

/// Factors listed; the others are in the JSON report.
const MOST_FACTORS: usize = 10;

pub(super) fn put(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-cause"));
    let verdict = draft.say(&words::verdict(incident));
    draft.paragraph(&verdict);
    if let Some(related) = words::related(incident) {
        let related = draft.say(&related);
        draft.paragraph(&related);
    }
    policy(draft, incident);
    evidence(draft, incident);
    factors(draft, incident);
    nearest(draft, incident);
    ruled_out(draft, incident);
}

fn policy(draft: &mut Draft<'_>, incident: &Incident) {
    let verdict = &incident.verdict;
    if !verdict.condition_keys.is_empty() {
        labelled(draft, Sentence::new("field-condition-keys"), &codes(&verdict.condition_keys));
    }
    let Some(policy) = &verdict.policy else { return };
    let source = policy.source.as_ref();
    let fields = [
        (Sentence::new("field-policy"), policy.arn.as_ref().or(policy.name.as_ref())),
        (Sentence::new("field-attached-to"), policy.attached_to.as_ref()),
        (Sentence::new("field-statement"), policy.statement_sid.as_ref()),
        (
            Sentence::new("field-known-from-event"),
            source.and_then(|source| source.event_id.as_ref()),
        ),
        (Sentence::new("field-known-from-file"), source.and_then(|source| source.file.as_ref())),
    ];
    for (label, value) in fields {
        if let Some(value) = value {
            labelled(draft, label, &code(value));
        }
    }
    if let Some(statement) = &policy.statement {
        draft.block("json", &document::compact(statement, 80));
    }
}

fn evidence(draft: &mut Draft<'_>, incident: &Incident) {
    let layers = |layers: &[crate::event::Layer]| {
        let names: Vec<String> =
            words::layers(incident, layers).iter().map(|layer| prose(&draft.say(layer))).collect();
        names.join(", ")
    };
    let rows: Vec<[String; 4]> = incident
        .verdict
        .evidence
        .iter()
        .map(|piece| {
            [
                prose(&piece.text),
                layers(&piece.speaks_for),
                layers(&piece.speaks_against),
                codes(piece.event_ids.get(..5).unwrap_or(&piece.event_ids)),
            ]
        })
        .collect();
    let head = [
        Sentence::new("verdict-evidence"),
        Sentence::new("markdown-for"),
        Sentence::new("markdown-against"),
        Sentence::new("markdown-events"),
    ];
    draft.table(head, &rows);
}

fn factors(draft: &mut Draft<'_>, incident: &Incident) {
    let comparison = &incident.comparison;
    let compared = draft.say(&words::compared(incident));
    draft.paragraph(&compared);
    let ratio = |with: u64, all: u64| {
        prose(&draft.say(&Sentence::new("ratio").arg("with", with).arg("all", all)))
    };
    let rows: Vec<[String; 4]> = words::telling(&comparison.factors, MOST_FACTORS)
        .into_iter()
        .map(|factor| {
            let what = words::factor(factor, LONGEST, draft.wording);
            let what = match what.split_once(" = ") {
                Some((attribute, value)) => format!("{} = {}", prose(attribute), code(value)),
                None => prose(&what),
            };
            [
                what,
                ratio(factor.failed_with, factor.failed),
                ratio(factor.succeeded_with, factor.succeeded),
                words::p_value(factor.p_value),
            ]
        })
        .collect();
    let head = [
        Sentence::new("column-what"),
        Sentence::new("column-failed"),
        Sentence::new("column-succeeded"),
        Sentence::new("column-p"),
    ];
    draft.table(head, &rows);
    for bound in words::bounds(incident, draft.wording) {
        let bound = draft.say(&bound);
        draft.paragraph(&bound);
    }
}

fn nearest(draft: &mut Draft<'_>, incident: &Incident) {
    let Some(success) = &incident.comparison.nearest_success else { return };
    let id = success.root_event_id.as_deref().unwrap_or("?");
    let title = draft.say(&Sentence::new("nearest-success").arg("id", id));
    draft.paragraph(&format!("{title} {}", success.because.as_deref().unwrap_or_default()));
    let side = |field: &str, side: &Option<String>| match side {
        Some(value) => code(&words::attribute_value(field, value, draft.wording)),
        None => "–".to_owned(),
    };
    let rows: Vec<[String; 3]> = success
        .differences
        .iter()
        .map(|field| {
            [
                prose(&words::attribute(&field.field, draft.wording)),
                side(&field.field, &field.failed),
                side(&field.field, &field.succeeded),
            ]
        })
        .collect();
    let head = [
        Sentence::new("column-differs"),
        Sentence::new("column-failed"),
        Sentence::new("column-succeeded"),
    ];
    draft.table(head, &rows);
}

fn ruled_out(draft: &mut Draft<'_>, incident: &Incident) {
    let rows: Vec<[String; 2]> = incident
        .verdict
        .ruled_out_together()
        .into_iter()
        .map(|(layers, because)| {
            let layers = words::layers(incident, &layers);
            let layers = draft.say(&Sentence::new("ruled-out-layers").arg("layers", layers));
            [prose(&layers), prose(because)]
        })
        .collect();
    draft.table([Sentence::new("verdict-ruled-out"), Sentence::new("markdown-because")], &rows);
}
