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

use super::needed::{Needs, Traits};
use super::seen::{Seen, Sort};
use crate::chain::{Chains, Knowledge, LinkKind};
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
/// A step is given so long at least, and twice as long as the slowest one took.
const PATIENCE_SECONDS: i64 = 60;
/// A step can be stamped so much before its call.
const EARLY_SECONDS: i64 = 5;

/// One call that may have steps below it.
struct Compared {
    call: usize,
    time: Time,
    /// By IAM action, the first call of it below this one.
    steps: BTreeMap<String, usize>,
    /// Steps that did not come though this call needs them and the log would show them.
    lacks: BTreeSet<String>,
    /// A step was refused.
    refused: bool,
    /// What it made was gone later.
    gone: bool,
    place: String,
    features: Vec<String>,
}

/// How a step comes where it comes.
struct Habit<'e> {
    /// The sort of the record, and that of the call above it.
    sort: (Sort<'e>, Sort<'e>),
    /// After so many seconds it has come.
    patience: i64,
    needs: Needs,
}

/// The export, as it is looked at for gaps.
pub struct Export<'x> {
    /// Its events, in order of time.
    pub events: &'x [Event],
    /// Their chains.
    pub chains: &'x Chains,
    /// Of which services a call waits for its steps.
    pub knowledge: &'x Knowledge,
    /// How the events stand for all records, where they are not all.
    pub sample: Option<&'x Sample>,
}

/// Every gap in the export, in order of time; of the calls in `gone` what they made was gone later.
///
/// Of a sample only calls whose surroundings were kept are compared: of any other call a step may
/// be missing because it was left out.
pub fn gaps(export: &Export<'_>, gone: &BTreeSet<usize>) -> Vec<Gap> {
    let Export { events, chains, sample, .. } = *export;
    let parents = usual_parents(events, chains);
    // Asked of every event, so before anything is worked out for it.
    let names: HashSet<u32, RandomState> =
        chains.parents().filter_map(|i| chains.name(i)).collect();
    let mut nodes: Vec<Compared> = events
        .par_iter()
        .enumerate()
        .filter(|(i, _)| sample.is_none_or(|sample| sample.is_surrounded(*i)))
        .filter(|(i, e)| !e.failed() && !reads(e) && chains.copy_of(*i).is_none())
        .filter(|(i, _)| chains.name(*i).is_some_and(|name| names.contains(&name)))
        .filter_map(|(i, e)| compared(events, chains, &parents, gone, i, e))
        .collect();
    let regular = regular_steps(export, &nodes);
    lack(export, &mut nodes, &regular);
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

/// Whether a call only reads: its success is the answer, and nothing is left to be done.
fn reads(event: &Event) -> bool {
    event.read_only.unwrap_or_else(|| event::is_read_like(event.name()))
}

/// By action and account, the steps that a call with any step below it nearly always has and does
/// not wait for: a call that waits and succeeds had them, or needed none. What mostly belongs to its
/// call by nothing but time may be a step of anything.
fn regular_steps(export: &Export<'_>, nodes: &[Compared]) -> BTreeMap<String, BTreeSet<String>> {
    let mut counts: BTreeMap<&str, (usize, BTreeMap<&str, Regular>)> = BTreeMap::new();
    for node in nodes.iter().filter(|n| !n.steps.is_empty() && !n.refused) {
        let entry = counts.entry(node.place.as_str()).or_default();
        entry.0 += 1;
        for (step, call) in &node.steps {
            let is_by_time =
                export.chains.link(*call).is_none_or(|link| link.kind == LinkKind::Time);
            let regular = entry.1.entry(step.as_str()).or_insert(Regular::of(*call));
            regular.count += 1;
            regular.by_time += usize::from(is_by_time);
        }
    }
    let is_awaited = |call: usize| {
        export.events.get(call).and_then(|step| export.knowledge.waits_for(step)) == Some(true)
    };
    counts
        .into_iter()
        .map(|(place, (all, steps))| {
            let regular = steps
                .into_iter()
                .filter(|(_, step)| step.count as f64 >= REGULAR * all as f64)
                .filter(|(_, step)| 2 * step.by_time < step.count && !is_awaited(step.call));
            (place.to_owned(), regular.map(|(step, _)| step.to_owned()).collect())
        })
        .collect()
}

/// How often a step came.
struct Regular {
    count: usize,
    /// Of these, how many are known to belong to their call by time alone.
    by_time: usize,
    /// One of them.
    call: usize,
}

impl Regular {
    fn of(call: usize) -> Regular {
        Regular { count: 0, by_time: 0, call }
    }
}

/// Notes what every call lacks of the regular steps, where that says something: it is like those
/// that have the step, the log would show it, and no refusal in the log may be what became of it.
fn lack(export: &Export<'_>, nodes: &mut [Compared], regular: &BTreeMap<String, BTreeSet<String>>) {
    let habits = habits(export, nodes, regular);
    let sorts = nodes.iter().flat_map(|node| {
        let root = export.events.get(node.call).map(Sort::of);
        let habits = habits.get(node.place.as_str()).into_iter().flatten();
        habits.filter_map(move |(_, habit)| Some(habit.sort.0.moved(habit.sort.1, root?)))
    });
    let seen = Seen::of(export.events, &sorts.collect());
    let refusals = Refusals::of(export, &habits);
    nodes.par_iter_mut().for_each(|node| {
        let (Some(habits), Some(event)) = (habits.get(&node.place), export.events.get(node.call))
        else {
            return;
        };
        let lacking: Vec<(&String, &Habit<'_>)> =
            habits.iter().filter(|(step, _)| !node.steps.contains_key(*step)).collect();
        if lacking.is_empty() {
            return;
        }
        let traits = Traits::of(event);
        node.lacks = lacking
            .into_iter()
            .filter(|(_, habit)| habit.needs.are_met_by(&traits))
            .filter(|(step, habit)| {
                let sort = habit.sort.0.moved(habit.sort.1, Sort::of(event));
                let until = node.time.plus_seconds(habit.patience);
                seen.would_show(sort, node.time, until)
                    && !refusals.may_be_of(step, node.call, until)
            })
            .map(|(step, _)| step.clone())
            .collect();
    });
}

/// By place and step, how the step comes.
fn habits<'e>(
    export: &Export<'e>,
    nodes: &[Compared],
    regular: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, BTreeMap<String, Habit<'e>>> {
    let mut with: BTreeMap<(&str, &str), Vec<(usize, usize)>> = BTreeMap::new();
    for node in nodes.iter().filter(|node| !node.refused) {
        let Some(steps) = regular.get(&node.place) else { continue };
        for (step, call) in node.steps.iter().filter(|(step, _)| steps.contains(*step)) {
            with.entry((&node.place, step)).or_default().push((node.call, *call));
        }
    }
    let mut habits: BTreeMap<String, BTreeMap<String, Habit<'e>>> = BTreeMap::new();
    for ((place, step), calls) in with {
        if let Some(habit) = habit(export.events, &calls) {
            habits.entry(place.to_owned()).or_default().insert(step.to_owned(), habit);
        }
    }
    habits
}

fn habit<'e>(events: &'e [Event], calls: &[(usize, usize)]) -> Option<Habit<'e>> {
    let pairs = || calls.iter().filter_map(|(root, step)| events.get(*root).zip(events.get(*step)));
    let mut sorts: BTreeMap<(Sort<'e>, Sort<'e>), usize> = BTreeMap::new();
    for (root, step) in pairs() {
        *sorts.entry((Sort::of(step), Sort::of(root))).or_default() += 1;
    }
    let (sort, _) = sorts.into_iter().max_by_key(|(_, count)| *count)?;
    let slowest = pairs().map(|(root, step)| step.time.seconds_since(root.time)).max()?;
    Some(Habit {
        sort,
        patience: PATIENCE_SECONDS.max(2 * slowest),
        needs: Needs::of(pairs().map(|(root, _)| root)),
    })
}

/// Refused calls that could be the steps of other calls than those they were given to.
struct Refusals<'x> {
    export: &'x Export<'x>,
    by_step: BTreeMap<String, Vec<usize>>,
}

impl<'x> Refusals<'x> {
    fn of(
        export: &'x Export<'x>,
        habits: &BTreeMap<String, BTreeMap<String, Habit<'_>>>,
    ) -> Refusals<'x> {
        let steps: BTreeSet<&String> = habits.values().flat_map(BTreeMap::keys).collect();
        let mut by_step: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, event) in export.events.iter().enumerate().filter(|(_, e)| e.failed()) {
            let action = event::action(event);
            if steps.contains(&action)
                && event::failure(event).is_some_and(event::Failure::is_refusal)
            {
                by_step.entry(action).or_default().push(index);
            }
        }
        Refusals { export, by_step }
    }

    /// Whether one of them may be a step of a call: it came in time, of the same principal, and
    /// nothing sure says whose it is.
    fn may_be_of(&self, step: &str, call: usize, until: Time) -> bool {
        let Export { events, chains, .. } = *self.export;
        let (Some(event), Some(refused)) = (events.get(call), self.by_step.get(step)) else {
            return false;
        };
        let from = event.time.plus_seconds(-EARLY_SECONDS);
        let is_before = |index: &usize| events.get(*index).is_some_and(|e| e.time < from);
        let later = refused.get(refused.partition_point(is_before)..).unwrap_or_default();
        let is_in_time = |index: &&usize| events.get(**index).is_some_and(|e| e.time <= until);
        later.iter().take_while(is_in_time).any(|&index| {
            let Some(refusal) = events.get(index) else { return false };
            refusal.account() == event.account()
                && super::principal(refusal) == super::principal(event)
                && may_belong(chains, index, call)
        })
    }
}

/// Whether a call that was linked to another one, or to none, may belong to `call`.
pub(super) fn may_belong(chains: &Chains, index: usize, call: usize) -> bool {
    let Some(link) = chains.link(index) else { return true };
    let is_sure = matches!(
        link.kind,
        LinkKind::ResourceId | LinkKind::IssuedCredentials | LinkKind::RequestId
    );
    let is_alike = chains.name(link.parent) == chains.name(call);
    link.parent == call || !is_sure && (link.tied_with.contains(&call) || is_alike)
}

fn compared(
    events: &[Event],
    chains: &Chains,
    parents: &BTreeSet<String>,
    gone: &BTreeSet<usize>,
    call: usize,
    event: &Event,
) -> Option<Compared> {
    let action = event::action(event);
    if !parents.contains(&action) {
        return None;
    }
    // What somebody asked for is no step of another call, though it hangs below it.
    let is_step = |(at, child): &(usize, &Event)| !child.is_own_hop(chains.caller_kind(*at, child));
    let children = |call: usize| {
        let below = chains.children(call).iter().filter_map(|&c| Some((c, events.get(c)?)));
        below.filter(is_step)
    };
    // Where a step was refused, or a step of a step, the rest cannot follow, and the refusal is what
    // is reported.
    let mut refused = false;
    let mut open = vec![call];
    while let Some(at) = open.pop().filter(|_| !refused) {
        for (index, child) in children(at) {
            refused |= event::failure(child).is_some_and(event::Failure::is_refusal);
            open.push(index);
        }
    }
    let mut steps = BTreeMap::new();
    for (index, child) in children(call) {
        steps.entry(event::action(child)).or_insert(index);
    }
    Some(Compared {
        call,
        time: event.time,
        steps,
        lacks: BTreeSet::new(),
        refused,
        gone: gone.contains(&call),
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
        // A call that needs no such step, or whose step the log would not show, is none of them.
        let tells =
            |n: &&Compared| n.steps.contains_key(step) || !n.refused && n.lacks.contains(step);
        let members: Vec<&Compared> = members.iter().copied().filter(tells).collect();
        let has: Vec<bool> = members.iter().map(|n| n.steps.contains_key(step)).collect();
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
                .filter(|(_, n)| n.gone && !n.steps.contains_key(step))
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
