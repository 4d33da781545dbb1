//! The tables behind a verdict: factors, evidence, and the calls of both chains.

use std::collections::BTreeMap;

use super::attribute::attribute;
use super::chart::share;
use super::text::{after, moment, principal};
use super::timeline::evidence;
use crate::contrast::PRESENT;
use crate::event::{Layer, Outcome, Time};
use crate::report::words::{self, p_value, telling};
use crate::report::{Evidence, Factor, Incident, Step};
use crate::wording::{Sentence, Wording};

/// Factors shown. They come best first, and those far down explain nothing.
const FACTORS: usize = 8;
/// Calls listed of one chain.
const CALLS: usize = 120;
/// Pieces of evidence shown.
const WITNESSES: usize = 60;
/// Events named beside a piece of evidence.
const EVENTS: usize = 6;

/// Where in the page an event is listed.
pub(super) struct EventLinks {
    anchors: BTreeMap<String, String>,
}

/// An event id as the page shows it.
pub(super) struct EventLink {
    pub(super) id: String,
    /// The first letters, enough to tell events apart by eye.
    pub(super) short: String,
    pub(super) anchor: Option<String>,
}

impl EventLinks {
    /// The calls of both chains; the ids of their rows are made of numbers, never of event ids,
    /// which strangers could choose.
    pub(super) fn of(incident: &Incident, number: usize) -> Self {
        let mut anchors = BTreeMap::new();
        let nearest = incident.comparison.nearest_success.as_ref();
        let worked = nearest.map_or(&[][..], |success| &success.chain);
        if is_alone(&incident.chain) {
            let id = incident.chain.first().and_then(|step| step.event_id.clone());
            anchors.extend(id.map(|id| (id, format!("said-{number}"))));
        }
        for (side, chain) in [("failed", &incident.chain[..]), ("worked", worked)] {
            for (index, step) in chain.iter().take(CALLS).enumerate() {
                if let Some(id) = &step.event_id {
                    let anchor = format!("call-{number}-{side}-{index}");
                    anchors.entry(id.clone()).or_insert(anchor);
                }
            }
        }
        EventLinks { anchors }
    }

    pub(super) fn link(&self, id: &str) -> EventLink {
        EventLink {
            short: id.chars().take(8).collect(),
            anchor: self.anchors.get(id).cloned(),
            id: id.to_owned(),
        }
    }
}

/// Whether a chain is a single call, of which a table would say nothing that does not stand above.
pub(super) fn is_alone(chain: &[Step]) -> bool {
    matches!(chain, [only] if only.link.is_none())
}

/// A factor with its bars.
pub(super) struct FactorRow {
    pub(super) attribute: String,
    pub(super) value: String,
    pub(super) failed: String,
    pub(super) failed_share: f64,
    pub(super) succeeded: String,
    pub(super) succeeded_share: f64,
    pub(super) chance: String,
    pub(super) same_split: Option<String>,
}

impl FactorRow {
    pub(super) fn of(factors: &[Factor], words: &Wording) -> Vec<Self> {
        let told = telling(factors, FACTORS).into_iter();
        told.map(|factor| FactorRow::new(factor, words)).collect()
    }

    fn new(factor: &Factor, wording: &Wording) -> Self {
        let of = |part: u64, whole: u64| format!("{part}/{whole}");
        let chance = Sentence::new("html-chance").arg("p", p_value(factor.p_value));
        let value = match factor.is_not {
            true => format!("≠ {}", factor.value),
            false => words::attribute_value(&factor.attribute, &factor.value, wording),
        };
        let others = factor.together_with.iter().map(|other| words::split(other, wording));
        let value = words::together(value, others.collect(), wording);
        let same = (!factor.same_split.is_empty()).then(|| {
            let same = factor.same_split.get(..6).unwrap_or(&factor.same_split);
            let same: Vec<String> = same.iter().map(|split| split_like(split, wording)).collect();
            wording.say(&Sentence::new("html-same-split").arg("attributes", wording.list(&same)))
        });
        let failed = of(factor.failed_with, factor.failed);
        let succeeded = of(factor.succeeded_with, factor.succeeded);
        FactorRow {
            attribute: attribute(&factor.attribute, wording),
            value,
            failed: wording.say(&Sentence::new("html-factor-failed").arg("share", failed)),
            failed_share: share(factor.failed_with, factor.failed),
            succeeded: wording.say(&Sentence::new("html-factor-succeeded").arg("share", succeeded)),
            succeeded_share: share(factor.succeeded_with, factor.succeeded),
            chance: wording.say(&chance),
            same_split: same,
        }
    }
}

/// `attribute = value` with the attribute's name.
fn split_like(text: &str, wording: &Wording) -> String {
    match text.split_once(" = ") {
        Some((word, value)) if value != PRESENT => {
            format!("{} = {value}", attribute(word, wording))
        }
        _ => words::split(text, wording),
    }
}

/// A piece of evidence.
pub(super) struct WitnessRow<'a> {
    pub(super) witness: String,
    pub(super) text: &'a str,
    pub(super) speaks_for: Option<String>,
    pub(super) speaks_against: Option<String>,
    pub(super) event_ids: &'a [String],
    pub(super) more_events: usize,
}

impl<'a> WitnessRow<'a> {
    pub(super) fn of(incident: &'a Incident, words: &Wording) -> Vec<Self> {
        let evidence =
            incident.verdict.evidence.iter().filter(|piece| !is_told_below(piece, incident));
        evidence.take(WITNESSES).map(|piece| WitnessRow::new(piece, incident, words)).collect()
    }

    fn new(evidence: &'a Evidence, incident: &Incident, words: &Wording) -> Self {
        let named = |layers: &[Layer]| words::layers(incident, layers);
        let speaks_for = Sentence::new("evidence-for").arg("layers", named(&evidence.speaks_for));
        let speaks_against =
            Sentence::new("evidence-against").arg("layers", named(&evidence.speaks_against));
        let said = |layers: &[Layer], sentence| (!layers.is_empty()).then(|| words.say(sentence));
        WitnessRow {
            witness: witness(&evidence.witness)
                .map_or_else(|| evidence.witness.clone(), |sentence| words.say(&sentence)),
            text: &evidence.text,
            speaks_for: said(&evidence.speaks_for, &speaks_for),
            speaks_against: said(&evidence.speaks_against, &speaks_against),
            event_ids: evidence.event_ids.get(..EVENTS).unwrap_or(&evidence.event_ids),
            more_events: evidence.event_ids.len().saturating_sub(EVENTS),
        }
    }
}

/// Whether it only says how AWS works, and stands word for word as the reason of what it is not.
fn is_told_below(piece: &Evidence, incident: &Incident) -> bool {
    let verdict = &incident.verdict;
    piece.witness == "documented"
        && piece.speaks_for.is_empty()
        && piece
            .speaks_against
            .iter()
            .all(|layer| verdict.ruled_out.iter().any(|out| out.layer == *layer))
        && verdict.ruled_out.iter().any(|out| out.because == piece.text)
}

fn witness(word: &str) -> Option<Sentence> {
    match word {
        "stated" => Some(Sentence::new("html-witness-stated")),
        "contrasted" => Some(Sentence::new("html-witness-contrasted")),
        "evaluated" => Some(Sentence::new("html-witness-evaluated")),
        "absent_step" => Some(Sentence::new("html-witness-absent-step")),
        "documented" => Some(Sentence::new("html-witness-documented")),
        "changed" => Some(Sentence::new("html-witness-changed")),
        _ => None,
    }
}

/// A call in the table of calls.
pub(super) struct CallRow {
    pub(super) after: String,
    pub(super) time: String,
    pub(super) action: String,
    pub(super) outcome: String,
    pub(super) failed: bool,
    pub(super) who: String,
    pub(super) signed: String,
    pub(super) resource: Option<String>,
    pub(super) evidence: Option<String>,
    pub(super) event_id: Option<String>,
}

impl CallRow {
    /// The first calls of a chain, and how many more it has.
    pub(super) fn of(chain: &[Step], words: &Wording) -> (Vec<CallRow>, usize) {
        let start = chain.first().and_then(|step| Time::parse(&step.event_time));
        let rows = chain.iter().take(CALLS).map(|step| CallRow::new(step, start, words)).collect();
        (rows, chain.len().saturating_sub(CALLS))
    }

    fn new(step: &Step, start: Option<Time>, words: &Wording) -> Self {
        let seconds = Time::parse(&step.event_time)
            .zip(start)
            .map(|(time, start)| after(time.seconds_since(start)));
        let outcome = words.say(&step.outcome.into());
        let who = step.principal_arn.as_deref().or(step.invoked_by.as_deref());
        CallRow {
            after: seconds.unwrap_or_default(),
            time: moment(&step.event_time),
            action: step.action.clone(),
            outcome: match &step.error_code {
                Some(code) => format!("{outcome} ({code})"),
                None => outcome,
            },
            failed: step.outcome != Outcome::Success,
            who: who.map_or_else(|| "–".to_owned(), |who| principal(who).to_owned()),
            signed: words.say(&step.caller_kind.into()),
            resource: step.resource.clone(),
            evidence: step.link.as_ref().map(|link| evidence(link, words)),
            event_id: step.event_id.clone(),
        }
    }
}

/// What was compared with what, where that is not everything, and whether it tells anything.
pub(super) fn bounds(incident: &Incident, wording: &Wording) -> Vec<String> {
    let comparison = &incident.comparison;
    let tells = !comparison.factors.is_empty() || comparison.successes == 0;
    let first = (!tells).then(|| wording.say(&words::compared(incident)));
    let bounds = words::bounds(incident, wording);
    first.into_iter().chain(bounds.iter().map(|bound| wording.say(bound))).collect()
}
