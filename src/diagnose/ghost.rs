//! Ghosts: calls that reported success while a step that every comparable success has never came,
//! and no denial was logged.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Evidence, Witness};
use super::folded::{Folded, with_others};
use super::incident::{Comparison, Incident, Occurrence, Verdict};
use super::kinds::{Certainty, Kind};
use super::next;
use super::rank;
use super::tally::Tally;
use super::worked::Compared;
use crate::chain::Chains;
use crate::contrast::{self, End, Export, Gap, Ground, Observation, Vanished};
use crate::event::{self, Effect, Event, Failure, Layer, json};
use crate::history::History;
use crate::history::change::Change;
use crate::wording::Sentence;

/// A denial of the missing step this near to a ghost is taken for the same cause.
const NEAR_SECONDS: i64 = 6 * 3600;

/// The ghosts of an export, given the incidents whose denials were logged.
pub fn ghosts(
    export: &Export<'_>,
    history: &History,
    logged: &[Incident],
    folded: Option<&Folded>,
) -> Vec<Incident> {
    let Export { events, chains, .. } = *export;
    let known: BTreeSet<usize> =
        logged.iter().flat_map(|i| &i.occurrences).filter_map(|o| o.root).collect();
    let mut gone = match folded {
        Some(folded) => folded.gone.clone(),
        None => contrast::vanished(events, chains),
    };
    gone.retain(|one| !known.contains(&one.call));
    let mut causes: BTreeMap<(String, Vec<String>, String), Vec<Gap>> = BTreeMap::new();
    let gaps = match folded {
        Some(folded) => {
            folded.gaps.iter().filter(|gap| !known.contains(&gap.call)).cloned().collect()
        }
        None => contrast::gaps(export, &gone.iter().map(|one| one.call).collect()),
    };
    let lacking: BTreeSet<usize> = gaps.iter().map(|gap| gap.call).collect();
    for gap in gaps {
        let Some(event) = events.get(gap.call) else { continue };
        causes
            .entry((place(event), gap.missing.clone(), gap.shared.clone()))
            .or_default()
            .push(gap);
    }
    let mut ghosts: Vec<Incident> = causes
        .into_values()
        .filter_map(|gaps| incident(events, chains, history, &gaps, logged))
        .collect();
    gone.retain(|one| !lacking.contains(&one.call));
    ghosts.extend(vanished(events, chains, &gone, folded));
    ghosts
}

/// What ghosts of one cause have in common at least.
fn place(event: &Event) -> String {
    format!("{}|{}", event::action(event), event.account().unwrap_or_default())
}

/// The ghosts that are told by what was gone alone: nothing tells what became of it.
fn vanished(
    events: &[Event],
    chains: &Chains,
    gone: &[Vanished],
    folded: Option<&Folded>,
) -> Vec<Incident> {
    let mut causes: BTreeMap<(String, String, End), Vec<&Vanished>> = BTreeMap::new();
    for one in gone {
        let Some(event) = events.get(one.call) else { continue };
        let shared = key_of(event).or_else(|| contrast::principal(event)).unwrap_or_default();
        causes.entry((place(event), shared, one.end)).or_default().push(one);
    }
    // Worked out once for calls of one name.
    let mut comparable: BTreeMap<(&str, &str), Vec<Observation<'_>>> = BTreeMap::new();
    let incident = |((_, shared, _), gone): ((String, String, End), Vec<&Vanished>)| {
        let first = gone.first()?;
        let root = events.get(first.call)?;
        let evidence = vec![was_gone(events, &gone, first), unseen(events, root)];
        let successes = comparable.entry((root.source(), root.name())).or_insert_with(|| {
            let found = contrast::comparable(events, chains, first.call);
            with_others(found, folded)
        });
        Some(Incident {
            kind: Kind::Ghost,
            cause: format!("ghost|{}|{shared}", event::action(root)),
            occurrences: gone
                .iter()
                .map(|one| Occurrence { root: Some(one.call), failing: None })
                .collect(),
            tally: Tally::of(gone.iter().filter_map(|o| events.get(o.call)).map(|e| e.time))?,
            shown: 0,
            verdict: Verdict {
                ranked: rank::rank(&evidence),
                certainty: Certainty::Unknown,
                evidence,
                condition_keys: Vec::new(),
                found: None,
                named: None,
                contradiction: None,
                next_evidence: next::notification(root).into_iter().collect(),
                confirmed: 0,
                healed: None,
            },
            change: None,
            comparison: Comparison {
                failures: gone.len(),
                ..nearest(events, chains, first, successes)
            },
            missing_steps: Vec::new(),
            successes: Compared::default(),
            guardrail: None,
        })
    };
    causes.into_iter().filter_map(incident).collect()
}

/// The key that a call names.
fn key_of(event: &Event) -> Option<String> {
    let mut key = None;
    json::leaves(event.request().unwrap_or_default(), |path, value| {
        let name = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
        if value.contains(":kms:") || name.contains("kmskey") {
            key.get_or_insert_with(|| value.to_owned());
        }
    });
    key
}

/// The nearest call of the same action and principal whose work was not gone.
fn nearest(
    events: &[Event],
    chains: &Chains,
    one: &Vanished,
    successes: &[Observation<'_>],
) -> Comparison {
    let nearest = Observation::new(events, chains, one.call).and_then(|observed| {
        contrast::nearest_success(Ground { events, chains }, &observed, successes)
    });
    Comparison { successes: successes.len(), nearest, ..Comparison::default() }
}

/// That it was gone, and who says so.
fn was_gone(events: &[Event], gone: &[&Vanished], first: &Vanished) -> Evidence {
    let told = events.get(first.told_by);
    let action = told.map(event::action).unwrap_or_default();
    let time = told.map(|event| event.time.to_string()).unwrap_or_default();
    let (id, count) = (first.id.as_str(), gone.len() as f64);
    let text = match first.end {
        End::NotFound => {
            Sentence::new("gone-not-found").arg("id", id).arg("count", count).arg("time", time)
        }
        End::EndedByService => Sentence::new("gone-ended-by-service")
            .arg("id", id)
            .arg("action", action)
            .arg("count", count)
            .arg("time", time),
        End::Reported => Sentence::new("gone-reported")
            .arg("id", id)
            .arg("event", action)
            .arg("count", count)
            .arg("time", time),
    };
    let events_behind = gone.iter().flat_map(|one| [one.call, one.told_by]);
    events_behind
        .filter_map(|index| events.get(index))
        .fold(Evidence::new(Witness::AbsentStep, text), |t, e| t.event(e.id()))
}

/// Why nothing tells what became of it.
fn unseen(events: &[Event], root: &Event) -> Evidence {
    let text = if could_be_seen(events, root) {
        Sentence::new("gone-nothing-refused")
    } else {
        Sentence::new("gone-no-kms")
            .arg("account", root.account().unwrap_or("?"))
            .arg("region", root.region().unwrap_or("?"))
    };
    Evidence::new(Witness::AbsentStep, text)
}

/// Whether KMS calls of the account and Region are in the log around that time at all.
fn could_be_seen(events: &[Event], root: &Event) -> bool {
    let from = events.partition_point(|e| e.time < root.time);
    let until = root.time.plus_seconds(SEEN_SECONDS);
    events.get(from..).unwrap_or_default().iter().take_while(|e| e.time <= until).any(|e| {
        e.source() == "kms.amazonaws.com"
            && e.account() == root.account()
            && e.region() == root.region()
            && e.read_only == Some(true)
    })
}

/// A KMS call this much later shows that they were recorded.
const SEEN_SECONDS: i64 = 3600;

fn incident(
    events: &[Event],
    chains: &Chains,
    history: &History,
    gaps: &[Gap],
    logged: &[Incident],
) -> Option<Incident> {
    let first = gaps.first()?;
    let root = events.get(first.call)?;
    let missing = first.missing.clone();
    let mut evidence = vec![absent(events, gaps, first)];
    let twin = logged.iter().find(|incident| is_twin(incident, events, root, &missing));
    let mut change = None;
    if let Some(twin) = twin {
        evidence.push(like_denied(twin, events));
        change = twin.change.clone();
    }
    let change = change.or_else(|| last_change(events, history, first).cloned());
    if let Some(change) = change.as_ref().filter(|_| twin.is_none()) {
        evidence.push(changed(change));
    }
    let ranked = rank::rank(&evidence);
    let certainty =
        if twin.is_some() || change.is_some() { Certainty::Inferred } else { Certainty::Unknown };
    let observed = Observation::new(events, chains, first.call)?;
    let nearest = first.comparable.first().and_then(|&call| {
        let success = Observation::new(events, chains, call)?;
        Some((call, contrast::differences(Ground { events, chains }, &observed, &success)))
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
            evidence,
            condition_keys: Vec::new(),
            found: None,
            named: None,
            contradiction: None,
            next_evidence: next::notification(root).into_iter().collect(),
            confirmed: 0,
            healed: None,
        },
        change,
        comparison: Comparison {
            failures: gaps.len(),
            successes: first.complete,
            nearest,
            ..Comparison::default()
        },
        missing_steps: missing,
        successes: Compared::default(),
        guardrail: None,
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
    let last = |owner: &String| {
        history.changes_of(owner).rev().find(|change| {
            super::changed::can_take_away(change) && change.time >= from && change.time <= root.time
        })
    };
    owners
        .iter()
        .filter_map(last)
        .max_by_key(|change| (change.time, &change.event_id, &change.subject))
}

fn changed(change: &Change) -> Evidence {
    let text = Sentence::new("changed-before")
        .arg("action", change.action.as_str())
        .arg("time", change.time.to_string())
        .arg("summary", change.summary.clone());
    Evidence::new(Witness::Changed, text).layer(change.layer, 3.0).event(&change.event_id)
}

/// What is missing, and among how many that have it.
fn absent(events: &[Event], gaps: &[Gap], first: &Gap) -> Evidence {
    let text = Sentence::new("absent-step")
        .arg("missing", first.missing.join(", "))
        .arg("complete", first.complete as f64)
        .arg("shared", first.shared.as_str())
        .arg("count", gaps.len() as f64);
    let evidence = Evidence::new(Witness::AbsentStep, text)
        .weigh(Layer::ResourcePolicy, Effect::ImplicitDeny, 1.0)
        .weigh(Layer::KmsKeyState, Effect::NotApplicable, 1.5);
    first
        .comparable
        .iter()
        .chain(gaps.iter().map(|g| &g.call))
        .filter_map(|&i| events.get(i))
        .fold(evidence, |t, e| t.event(e.id()))
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

fn like_denied(twin: &Incident, events: &[Event]) -> Evidence {
    let layer = twin.verdict.ranked.first();
    let text = Sentence::new("absent-like-denied").arg("count", twin.tally.count as f64);
    let mut evidence = Evidence::new(Witness::AbsentStep, text);
    if let Some(hypothesis) = layer {
        evidence = evidence.weigh(hypothesis.layer, hypothesis.effect, 3.0);
    }
    twin.occurrences
        .iter()
        .filter_map(|o| events.get(o.failing.as_ref()?.denied))
        .take(3)
        .fold(evidence, |t, e| t.event(e.id()))
}
