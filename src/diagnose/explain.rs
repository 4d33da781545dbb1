//! The paragraph a tired engineer reads: what was denied, by which layer and how sure that is, what
//! carries the verdict, and what changed before.

use super::evidence::{Evidence, Witness};
use super::healed::Healed;
use super::incident::{Incident, Occurrence};
use super::kinds::{Certainty, Kind};
use super::workload;
use crate::event::{Effect, Event, Layer};
use crate::wording::{Argument, Sentence, layer_on};

/// The sentences of the explanation, in order.
pub fn explain(incident: &Incident, events: &[Event]) -> Vec<Sentence> {
    explain_occurrence(incident, incident.shown, events)
}

/// The same for another time it happened, by its position among the occurrences.
pub fn explain_occurrence(incident: &Incident, shown: usize, events: &[Event]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    if let Some(shown) = incident.occurrences.get(shown) {
        sentences.extend(happened(incident, shown, events));
    }
    let texts = incident.verdict.evidence.iter().map(|evidence| &evidence.text);
    sentences.extend(texts.filter(|text| workload::tells(text)).take(1).cloned());
    sentences.push(verdict(incident));
    sentences.extend(carried_by(incident));
    if let Some(change) = &incident.change {
        sentences.push(
            Sentence::new("explain-change")
                .arg("time", change.time.to_string())
                .arg("by", change.by.as_deref().unwrap_or("?"))
                .arg("summary", change.summary.clone()),
        );
    }
    sentences.extend(incident.verdict.healed.as_ref().map(Healed::sentence));
    sentences
}

/// What happened to the user's call, and which call below it was denied.
fn happened(incident: &Incident, shown: &Occurrence, events: &[Event]) -> Option<Sentence> {
    let root = shown.root.and_then(|i| events.get(i)).map(crate::event::action);
    let failing = shown.failing.as_ref();
    let denied = failing.map_or_else(|| incident.missing_steps.join(", "), |f| f.action.clone());
    let principal = failing.and_then(|f| f.principal.as_deref());
    let principal: Argument =
        principal.map_or_else(|| Sentence::new("who-unknown").into(), Argument::from);
    let resource = failing.and_then(|f| f.resource.clone());
    let candidates = failing.map(|f| f.candidates.clone()).unwrap_or_default();
    let on = match resource {
        _ if candidates.len() > 1 => {
            Sentence::new("explain-on-one-of").arg("resources", candidates)
        }
        Some(resource) if !candidates.is_empty() => {
            Sentence::new("explain-perhaps-on").arg("resource", resource)
        }
        Some(resource) => Sentence::new("explain-on").arg("resource", resource),
        None => Sentence::new("explain-on-nothing"),
    };
    let hiding =
        failing.filter(|f| shown.root == Some(f.denied)).and_then(|f| events.get(f.denied));
    Some(match (incident.kind, root) {
        (_, Some(root)) if hiding.is_some() => {
            let code = hiding.and_then(Event::error_code);
            Sentence::new("explain-hiding")
                .arg("root", root)
                .arg("code", code.unwrap_or("?"))
                .arg("denied", denied)
                .arg("principal", principal)
                .arg("on", on)
        }
        (Kind::Silent, Some(root)) => Sentence::new("explain-silent")
            .arg("root", root)
            .arg("denied", denied)
            .arg("principal", principal)
            .arg("on", on),
        (Kind::Opaque, Some(root)) => Sentence::new("explain-opaque")
            .arg("root", root)
            .arg("denied", denied)
            .arg("principal", principal)
            .arg("on", on),
        (Kind::Ghost, Some(root)) if incident.missing_steps.is_empty() => {
            Sentence::new("explain-gone").arg("root", root)
        }
        (Kind::Ghost, Some(root)) => {
            Sentence::new("explain-ghost").arg("root", root).arg("missing", denied)
        }
        (Kind::Direct, _) => Sentence::new("explain-direct")
            .arg("denied", denied)
            .arg("principal", principal)
            .arg("on", on),
        _ => Sentence::new("explain-background")
            .arg("denied", denied)
            .arg("principal", principal)
            .arg("on", on),
    })
}

fn verdict(incident: &Incident) -> Sentence {
    let winner = incident.verdict.ranked.first();
    let layer = winner.map_or(Layer::Unknown, |h| h.layer);
    let failing = incident.occurrences.get(incident.shown).and_then(|o| o.failing.as_ref());
    let layer = layer_on(layer, failing.and_then(|f| f.action.split(':').next()));
    let effect = winner.map_or(Effect::Unknown, |h| h.effect);
    match incident.verdict.certainty {
        Certainty::Proven if incident.verdict.confirmed == 0 => {
            Sentence::new("explain-proven-alone").arg("layer", layer).arg("effect", effect)
        }
        Certainty::Proven => {
            Sentence::new("explain-proven").arg("layer", layer).arg("effect", effect)
        }
        Certainty::Stated => {
            Sentence::new("explain-stated").arg("layer", layer).arg("effect", effect)
        }
        Certainty::Inferred => {
            Sentence::new("explain-inferred").arg("layer", layer).arg("effect", effect)
        }
        Certainty::Unknown => Sentence::new("explain-unknown").arg("layer", layer),
    }
}

/// The two loudest pieces of evidence for the winner that are not AWS's text or general knowledge.
fn carried_by(incident: &Incident) -> Vec<Sentence> {
    let Some(layer) = incident.verdict.ranked.first().map(|h| h.layer) else { return Vec::new() };
    let mut pieces: Vec<(f64, &Evidence)> = incident
        .verdict
        .evidence
        .iter()
        .filter(|t| !matches!(t.witness, Witness::Documented | Witness::Changed))
        .filter_map(|t| {
            let loudest =
                t.weights.iter().filter(|w| w.0 == layer).map(|w| w.2).fold(0.0, f64::max);
            (loudest > 0.3).then_some((loudest, t))
        })
        .collect();
    pieces.sort_by(|a, b| b.0.total_cmp(&a.0));
    pieces.into_iter().take(2).map(|(_, t)| t.text.clone()).collect()
}
