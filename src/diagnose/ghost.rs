//! Ghosts: calls that reported success while a step that every comparable success has never came,
//! and no denial was logged.

use std::collections::BTreeMap;

use super::incident::{Comparison, Incident, Occurrence, Verdict};
use super::rank;
use super::tally::{CountBasis, Tally};
use super::testimony::{Testimony, Witness};
use super::words::{Certainty, Kind};
use crate::chain::Chains;
use crate::contrast::{self, Gap, Observation};
use crate::event::{self, Effect, Event, Failure, Layer, json};
use crate::history::History;
use crate::history::change::Change;
use crate::ingest::Sample;
use crate::wording::Sentence;

/// A denial of the missing step this near to a ghost is taken for the same cause.
const NEAR_SECONDS: i64 = 6 * 3600;

/// The ghosts of an export, given the incidents whose denials were logged.
pub fn ghosts(
    events: &[Event],
    chains: &Chains,
    history: &History,
    logged: &[Incident],
    sample: Option<&Sample>,
) -> Vec<Incident> {
    let mut causes: BTreeMap<(String, Vec<String>, String), Vec<Gap>> = BTreeMap::new();
    for gap in contrast::gaps(events, chains, sample) {
        let Some(event) = events.get(gap.call) else { continue };
        if !could_be_seen(events, event) {
            continue;
        }
        let place = format!("{}|{}", event::action(event), event.account().unwrap_or_default());
        causes.entry((place, gap.missing.clone(), gap.shared.clone())).or_default().push(gap);
    }
    let mut ghosts: Vec<Incident> = causes
        .into_values()
        .filter_map(|gaps| incident(events, chains, history, &gaps, logged, sample))
        .collect();
    if sample.is_some() {
        // What nobody counted while reading may have happened more often than it was found.
        ghosts.iter_mut().for_each(|ghost| ghost.tally.basis = Some(CountBasis::Found));
    }
    ghosts
}

/// Whether KMS calls of the account are in the log around that time at all: where they are not, a
/// missing step says nothing.
fn could_be_seen(events: &[Event], root: &Event) -> bool {
    let from = events.partition_point(|e| e.time < root.time.plus_seconds(-3600));
    events
        .get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(|e| e.time <= root.time.plus_seconds(3600))
        .any(|e| {
            e.source() == "kms.amazonaws.com"
                && e.account() == root.account()
                && e.read_only == Some(true)
        })
}

fn incident(
    events: &[Event],
    chains: &Chains,
    history: &History,
    gaps: &[Gap],
    logged: &[Incident],
    sample: Option<&Sample>,
) -> Option<Incident> {
    let first = gaps.first()?;
    let root = events.get(first.call)?;
    let missing = first.missing.clone();
    let mut testimony = vec![absent(events, gaps, first)];
    let twin = logged.iter().find(|incident| is_twin(incident, events, root, &missing));
    let mut change = None;
    if let Some(twin) = twin {
        testimony.push(like_denied(twin, events));
        change = twin.change.clone();
    }
    let change = change.or_else(|| last_change(events, history, first).cloned());
    if let Some(change) = change.as_ref().filter(|_| twin.is_none()) {
        let changed = changed(change);
        // Calls that had the step after the change, and would clear it, may have been left out.
        testimony.push(if sample.is_some() { changed.halved() } else { changed });
    }
    let ranked = rank::rank(&testimony);
    let certainty =
        if twin.is_some() || change.is_some() { Certainty::Inferred } else { Certainty::Unknown };
    let observed = Observation::new(events, chains, first.call)?;
    let nearest = first.comparable.first().and_then(|&call| {
        let success = Observation::new(events, chains, call)?;
        Some((call, contrast::differences(&observed, &success)))
    });
    Some(Incident {
        kind: Kind::Ghost,
        cause: match twin {
            Some(twin) => twin.cause.clone(),
            None => format!("ghost|{}|{}", event::action(root), first.shared),
        },
        occurrences: gaps
            .iter()
            .map(|gap| Occurrence { root: Some(gap.call), failing: None })
            .collect(),
        tally: Tally::of(gaps.iter().filter_map(|gap| events.get(gap.call)).map(|e| e.time))?,
        shown: 0,
        verdict: Verdict {
            ranked,
            certainty,
            testimony,
            condition_keys: Vec::new(),
            found: None,
            named: None,
            contradiction: None,
            next_evidence: Vec::new(),
        },
        change,
        comparison: Comparison {
            failures: gaps.len(),
            successes: first.complete,
            nearest,
            factors: Vec::new(),
        },
        missing_steps: missing,
        successes: Vec::new(),
    })
}

/// The last change, before the first gap and after the last complete call before it, of a key that
/// the call names or of its principal.
fn last_change<'h>(events: &[Event], history: &'h History, first: &Gap) -> Option<&'h Change> {
    let root = events.get(first.call)?;
    let mut owners: Vec<String> = contrast::principal(root).into_iter().collect();
    json::leaves(root.request().unwrap_or_default(), |_, value| {
        if value.starts_with("arn:") && value.contains(":kms:") {
            owners.push(value.to_owned());
        }
    });
    let complete = first.comparable.iter().filter_map(|&i| events.get(i)).map(|e| e.time);
    let from = complete.filter(|t| *t <= root.time).max()?;
    history.changes().iter().rev().find(|change| {
        super::changed::can_take_away(change)
            && change.time >= from
            && change.time <= root.time
            && history.owner(&change.subject).is_some_and(|owner| owners.contains(&owner))
    })
}

fn changed(change: &Change) -> Testimony {
    let text = Sentence::new("changed-before")
        .arg("action", change.action.as_str())
        .arg("time", change.time.to_string())
        .arg("summary", change.summary.clone());
    Testimony::new(Witness::Changed, text).layer(change.layer, 3.0).event(&change.event_id)
}

/// What is missing, and among how many that have it.
fn absent(events: &[Event], gaps: &[Gap], first: &Gap) -> Testimony {
    let text = Sentence::new("absent-step")
        .arg("missing", first.missing.join(", "))
        .arg("complete", first.complete as f64)
        .arg("shared", first.shared.as_str())
        .arg("count", gaps.len() as f64);
    let testimony = Testimony::new(Witness::AbsentStep, text)
        .weigh(Layer::ResourcePolicy, Effect::ImplicitDeny, 1.0)
        .weigh(Layer::KmsKeyState, Effect::NotApplicable, 1.5);
    first
        .comparable
        .iter()
        .chain(gaps.iter().map(|g| &g.call))
        .filter_map(|&i| events.get(i))
        .fold(testimony, |t, e| t.event(e.id()))
}

/// The same step was denied, and logged, for others at about that time.
fn is_twin(incident: &Incident, events: &[Event], root: &Event, missing: &[String]) -> bool {
    incident.occurrences.iter().any(|o| {
        let Some(failing) = &o.failing else { return false };
        let Some(denied) = events.get(failing.denied) else { return false };
        missing.contains(&failing.action)
            && matches!(failing.failure, Failure::Denied | Failure::KeyState(_))
            && denied.account() == root.account()
            && denied.time.seconds_since(root.time).abs() <= NEAR_SECONDS
    })
}

fn like_denied(twin: &Incident, events: &[Event]) -> Testimony {
    let layer = twin.verdict.ranked.first();
    let text = Sentence::new("absent-like-denied").arg("count", twin.tally.count as f64);
    let mut testimony = Testimony::new(Witness::AbsentStep, text);
    if let Some(hypothesis) = layer {
        testimony = testimony.weigh(hypothesis.layer, hypothesis.effect, 3.0);
    }
    twin.occurrences
        .iter()
        .filter_map(|o| events.get(o.failing.as_ref()?.denied))
        .take(3)
        .fold(testimony, |t, e| t.event(e.id()))
}
