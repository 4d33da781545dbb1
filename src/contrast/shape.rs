//! What a successful chain consists of, learned from the export, and the calls whose chain lacks a
//! step that every comparable one has.
//!
//! Calls are comparable when they share an action, an account and a request parameter that recurs
//! (the key, the launch template, the secret). Many calls rightly have no step below them, so a
//! missing step counts only where the comparable calls around it always had it, and where the gap
//! is a stretch of time and not a pattern.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use crate::chain::Chains;
use crate::event::{self, Event, Field, Time, json};
use crate::ingest::Sample;

/// A call that reported success and lacks steps that every comparable success has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Position of the call.
    pub call: usize,
    /// IAM actions of the steps that never came, sorted.
    pub missing: Vec<String>,
    /// What the comparable calls share, `kmsKeyId = …`.
    pub shared: String,
    /// Positions of comparable calls that have the steps, nearest in time first; at most three.
    pub comparable: Vec<usize>,
    /// How many comparable calls have the steps.
    pub complete: usize,
}

/// Fewer comparable calls than this prove nothing.
const FEWEST: usize = 4;
/// Of the comparable calls outside the gap, this share must have the step.
const ALWAYS: f64 = 0.95;
/// A step that fewer of the calls with steps have is optional.
const REGULAR: f64 = 0.85;
/// Where calls vanished, at least this share of the comparable ones must have the step.
const MOSTLY: f64 = 0.6;
/// Steps of services come this late at most, by far; a call this near to the end of the log may
/// still get them.
const SETTLED_SECONDS: i64 = 900;

/// One call that may have steps below it.
struct Compared {
    call: usize,
    time: Time,
    steps: BTreeSet<String>,
    /// A step was refused.
    refused: bool,
    /// What it made was later said not to exist.
    gone: bool,
    place: String,
    features: Vec<String>,
}

/// Every gap in the export, in order of time.
///
/// Of a sample only calls whose surroundings were kept are compared: of any other call a step may
/// be missing because it was left out.
pub fn gaps(events: &[Event], chains: &Chains, sample: Option<&Sample>) -> Vec<Gap> {
    let parents = usual_parents(events, chains);
    let Some(end) = events.last().map(|e| e.time.plus_seconds(-SETTLED_SECONDS)) else {
        return Vec::new();
    };
    let vanished = vanished(events);
    // Asked of every event, so before anything is worked out for it.
    let names: HashSet<u32, RandomState> =
        chains.parents().filter_map(|i| chains.name(i)).collect();
    let nodes: Vec<Compared> = events
        .par_iter()
        .enumerate()
        .filter(|(i, _)| sample.is_none_or(|sample| sample.is_surrounded(*i)))
        .filter(|(i, e)| !e.failed() && e.time <= end && chains.copy_of(*i).is_none())
        .filter(|(i, _)| chains.name(*i).is_some_and(|name| names.contains(&name)))
        .filter_map(|(i, e)| compared(events, chains, &parents, &vanished, i, e))
        .collect();
    let regular = regular_steps(&nodes);
    let mut groups: BTreeMap<(&str, &str), Vec<&Compared>> = BTreeMap::new();
    for node in &nodes {
        for feature in &node.features {
            groups.entry((node.place.as_str(), feature.as_str())).or_default().push(node);
        }
    }
    let mut found: BTreeMap<usize, Gap> = BTreeMap::new();
    for ((place, feature), members) in groups.into_iter().filter(|(_, m)| m.len() > FEWEST) {
        let Some(steps) = regular.get(place) else { continue };
        for gap in gaps_in(feature, steps, &members) {
            let better = found.get(&gap.call).is_none_or(|had| gap.complete > had.complete);
            if better {
                found.insert(gap.call, gap);
            }
        }
    }
    found.into_values().collect()
}

/// By action and account, the steps that a call with any step below it nearly always has.
fn regular_steps(nodes: &[Compared]) -> BTreeMap<&str, BTreeSet<String>> {
    let mut counts: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
    for node in nodes.iter().filter(|n| !n.steps.is_empty() && !n.refused) {
        let entry = counts.entry(node.place.as_str()).or_default();
        entry.0 += 1;
        for step in &node.steps {
            *entry.1.entry(step.as_str()).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .map(|(place, (all, steps))| {
            let regular = steps.into_iter().filter(|(_, n)| *n as f64 >= REGULAR * all as f64);
            (place, regular.map(|(step, _)| step.to_owned()).collect())
        })
        .collect()
}

/// Ids that somebody was later told do not exist, by the texts of not-found errors.
fn vanished(events: &[Event]) -> BTreeMap<String, Time> {
    let mut ids = BTreeMap::new();
    for event in events.iter().filter(|e| event::failure(e) == Some(event::Failure::NotFound)) {
        let Some(text) = event.error_message() else { continue };
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            if word.len() >= 8 && word.contains('-') && word.bytes().any(|b| b.is_ascii_digit()) {
                ids.entry(word.to_owned()).or_insert(event.time);
            }
        }
    }
    ids
}

fn compared(
    events: &[Event],
    chains: &Chains,
    parents: &BTreeSet<String>,
    vanished: &BTreeMap<String, Time>,
    call: usize,
    event: &Event,
) -> Option<Compared> {
    let action = event::action(event);
    if !parents.contains(&action) {
        return None;
    }
    // What somebody asked for is no step of another call, though it hangs below it.
    let is_step = |(at, child): &(usize, &Event)| !child.is_own_hop(chains.caller_kind(*at, child));
    let below = chains.children(call).iter().filter_map(|&c| Some((c, events.get(c)?)));
    let children: Vec<&Event> = below.filter(is_step).map(|(_, child)| child).collect();
    // Where a step was refused the rest cannot follow, and the refusal is what is reported.
    let refused =
        children.iter().any(|c| event::failure(c).is_some_and(event::Failure::is_refusal));
    let mut gone = false;
    if !vanished.is_empty() {
        json::leaves(event.response().unwrap_or_default(), |_, value| {
            gone |= vanished.get(value).is_some_and(|time| *time >= event.time);
        });
    }
    Some(Compared {
        call,
        time: event.time,
        steps: children.into_iter().map(event::action).collect(),
        refused,
        gone,
        place: format!("{action}|{}", event.account().unwrap_or_default()),
        features: features(event),
    })
}

/// Actions of which at least a few calls have steps.
fn usual_parents(events: &[Event], chains: &Chains) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for event in chains.parents().filter_map(|i| events.get(i)) {
        *counts.entry(event::action(event)).or_default() += 1;
    }
    // Taking on a role says nothing of what the session is then used for.
    counts
        .into_iter()
        .filter(|(a, n)| *n >= FEWEST && !a.starts_with("sts:"))
        .map(|(a, _)| a)
        .collect()
}

/// Request parameters by which calls can be compared, alone and together with the caller. What is
/// unique to a call makes a group of one, which is passed over later.
fn features(event: &Event) -> Vec<String> {
    let mut features = BTreeSet::new();
    let principal = super::principal(event).unwrap_or_default();
    json::leaves(event.get(Field::RequestParameters).unwrap_or_default(), |path, value| {
        if tells(path) && (4..=256).contains(&value.len()) && features.len() < 40 {
            let name = path.rsplit('.').next().unwrap_or(path);
            features.insert(format!("{name} = {value}"));
            features.insert(format!("{name} = {value}, by {principal}"));
        }
    });
    features.into_iter().collect()
}

/// Parameters that decide what a service has to do: what is encrypted, with which key, by which
/// template; not where or how large.
fn tells(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    [
        "key",
        "encrypt",
        "template",
        "secret",
        "function",
        "queue",
        "topic",
        "table",
        "bucket",
        "rolearn",
        "vault",
        "stackname",
        "autoscalinggroupname",
        "cluster",
        "snapshotid",
    ]
    .iter()
    .any(|part| name.contains(part))
        && !name.contains("token")
}

/// The gaps among calls that share a feature; `members` are in order of time.
fn gaps_in(feature: &str, steps: &BTreeSet<String>, members: &[&Compared]) -> Vec<Gap> {
    let mut missing: BTreeMap<usize, (Vec<String>, Vec<usize>, usize)> = BTreeMap::new();
    for step in steps {
        let members: Vec<&Compared> =
            members.iter().copied().filter(|n| !n.refused || n.steps.contains(step)).collect();
        let has: Vec<bool> = members.iter().map(|n| n.steps.contains(step)).collect();
        let complete = has.iter().filter(|h| **h).count();
        if complete < FEWEST {
            continue;
        }
        let lacking: Vec<usize> = match stretch(&has) {
            Some((from, to))
                if complete as f64 >= ALWAYS * (members.len() - (to - from)) as f64 =>
            {
                (from..to).collect()
            }
            // Here and there: then only calls whose work is known to have vanished count.
            _ if complete as f64 >= MOSTLY * members.len() as f64 => members
                .iter()
                .enumerate()
                .filter(|(_, n)| n.gone && !n.steps.contains(step))
                .map(|(position, _)| position)
                .collect(),
            _ => continue,
        };
        for node in lacking.into_iter().filter_map(|position| members.get(position)) {
            let near = nearest(&members, &has, node.time);
            let entry = missing.entry(node.call).or_insert_with(|| (Vec::new(), near, complete));
            entry.0.push(step.clone());
            entry.2 = entry.2.min(complete);
        }
    }
    missing
        .into_iter()
        .map(|(call, (missing, comparable, complete))| Gap {
            call,
            missing,
            shared: feature.to_owned(),
            comparable,
            complete,
        })
        .collect()
}

/// The one stretch of at least two neighbours that lack the step, with enough before it that have
/// it; `None` where the step is missing here and there.
fn stretch(has: &[bool]) -> Option<(usize, usize)> {
    let from = has.iter().position(|h| !h)?;
    let length = has.iter().skip(from).take_while(|h| !**h).count();
    let again = has.iter().skip(from + length).any(|h| !h);
    (length >= 2 && from >= FEWEST && !again).then_some((from, from + length))
}

fn nearest(members: &[&Compared], has: &[bool], time: Time) -> Vec<usize> {
    let mut with: Vec<(i64, usize)> = members
        .iter()
        .zip(has)
        .filter(|(_, has)| **has)
        .map(|(n, _)| (n.time.seconds_since(time).abs(), n.call))
        .collect();
    with.sort_unstable();
    with.into_iter().take(3).map(|(_, call)| call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_stretch_counts() {
        let t = true;
        let f = false;
        assert_eq!(stretch(&[t, t, t, t, f, f, t]), Some((4, 6)));
        assert_eq!(stretch(&[t, t, t, t, f, f]), Some((4, 6)));
        assert_eq!(stretch(&[t, t, t, t, f, t, f]), None, "here and there is a pattern");
        assert_eq!(stretch(&[t, t, f, f, t, t]), None, "too little before");
        assert_eq!(stretch(&[t, t, t, t, f, t]), None, "one may be lost in delivery");
        assert_eq!(stretch(&[t, t, t, t]), None);
    }
}
