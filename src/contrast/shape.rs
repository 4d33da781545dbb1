//! What a successful chain consists of, learned from the export, and the calls whose chain lacks a
//! step that every comparable one has.
//!
//! Calls are comparable when they share an action, an account and a request parameter that recurs
//! (the key, the launch template, the secret). Many calls rightly have no step below them, so a
//! missing step counts only where the comparable calls around it always had it, and where the gap
//! is a stretch of time and not a pattern.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use foldhash::quality::FixedState;
use rayon::prelude::*;

use super::needed::{Needs, Traits};
use super::trail_coverage::{RecordKind, TrailCoverage};
use crate::chain::{Chains, Knowledge, Link, LinkKind};
use crate::event::{self, Event, Field, Time, json};

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

/// The export, as it is looked at for gaps.
pub struct Export<'x> {
    /// Its events, in order of time.
    pub events: &'x [Event],
    /// Their chains.
    pub chains: &'x Chains,
    /// Of which services a call waits for its steps.
    pub knowledge: &'x Knowledge,
}

/// Every gap in the export, in order of time; of the calls in `gone` what they made was gone later.
pub fn gaps(export: &Export<'_>, gone: &BTreeSet<usize>) -> Vec<Gap> {
    let events = export.events;
    let mut shapes = Shapes::default();
    shapes.add(export, &|at| Some(at as u64), &|at| Some(at as u64));
    let gone = gone.iter().map(|at| *at as u64).collect();
    shapes.gaps(&gone, &|number| {
        let at = usize::try_from(number).ok()?;
        Some((at, events.get(at)?))
    })
}

/// Texts by number.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Box<str>, u32, RandomState>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(text.into(), number);
        number
    }
}

/// What successful chains consist of, gathered from an export in one piece or in stretches. Calls go by
/// numbers that rise with time.
#[derive(Debug, Default)]
pub struct Shapes {
    texts: Texts,
    /// Names of calls that had any call below them, as numbers of texts.
    parents: HashSet<u32, RandomState>,
    /// By action, how many calls had any.
    with_any: BTreeMap<u32, usize>,
    places: Vec<Place>,
    place_numbers: HashMap<(u32, u32), u32, RandomState>,
    nodes: Vec<Node>,
    by_number: HashMap<u64, u32, RandomState>,
    traits: Vec<Traits>,
    trait_numbers: HashMap<u64, u32, RandomState>,
    kinds: Vec<RecordKind>,
    kind_numbers: HashMap<RecordKind, u32, RandomState>,
    refusals: Vec<Refusal>,
    coverage: TrailCoverage,
}

/// Calls of one action in one account.
#[derive(Debug)]
struct Place {
    action: u32,
    /// By IAM action.
    steps: BTreeMap<Box<str>, Step>,
    /// Calls that have any step, none of which was refused.
    complete: usize,
}

/// A step of the calls of a place, none of whose steps was refused.
#[derive(Debug, Default)]
struct Step {
    number: u32,
    count: usize,
    /// Of these, how many are known to belong to their call by time alone.
    by_time: usize,
    /// The calls wait for it.
    is_awaited: bool,
    /// The sorts of the record and of that of the call above it.
    kinds: BTreeMap<(RecordKind, RecordKind), usize>,
    /// Seconds from the call to the step, where it was slowest.
    slowest: i64,
    needs: Needs,
    learned: HashSet<u32, RandomState>,
}

/// One call that may have steps below it.
#[derive(Debug)]
struct Node {
    number: u64,
    time: Time,
    place: u32,
    name: u32,
    principal: u32,
    account: u32,
    kind: u32,
    traits: u32,
    /// Numbers of the IAM actions of its steps.
    steps: Vec<u32>,
    features: Box<[u64]>,
    /// A step was refused.
    refused: bool,
}

/// A refused call that could be the step of another call than the one it was given to.
#[derive(Debug)]
struct Refusal {
    action: u32,
    account: u32,
    principal: u32,
    time: Time,
    /// The call it was given to and its name; `None` where it was given to none.
    given: Option<(u64, u32)>,
    /// What it was given to is sure.
    is_sure: bool,
    ties: Vec<u64>,
}

/// A call and what is to be known of it.
struct Call<'e> {
    at: usize,
    number: u64,
    event: &'e Event,
}

impl Shapes {
    /// Adds a stretch of an export: the calls for which `takes` gives a number. `number` is that of any
    /// call of the stretch.
    pub fn add(
        &mut self,
        export: &Export<'_>,
        takes: &(dyn Fn(usize) -> Option<u64> + Sync),
        number: &dyn Fn(usize) -> Option<u64>,
    ) {
        let Export { events, chains, .. } = *export;
        let mut parents: HashSet<u32, RandomState> = HashSet::default();
        for parent in chains.parents() {
            let (Some(event), Some(name)) = (events.get(parent), chains.name(parent)) else {
                continue;
            };
            parents.insert(name);
            let text = self.name(event);
            self.parents.insert(text);
            if takes(parent).is_some() {
                let action = self.texts.number(&event::action(event));
                *self.with_any.entry(action).or_default() += 1;
            }
        }
        for (at, event) in events.iter().enumerate() {
            let Some(own) = takes(at) else { continue };
            self.coverage.add(event);
            if event.failed() {
                self.refuse(export, at, event, number);
            } else if !reads(event) && chains.copy_of(at).is_none() {
                let is_known = chains.name(at).is_some_and(|name| parents.contains(&name));
                if is_known || self.parents.contains(&self.known_name(event)) {
                    self.call(export, &Call { at, number: own, event });
                }
            }
            self.late(export, at, event, takes, number);
        }
    }

    fn name(&mut self, event: &Event) -> u32 {
        self.texts.number(&name_of(event))
    }

    fn known_name(&self, event: &Event) -> u32 {
        self.texts.numbers.get(name_of(event).as_str()).copied().unwrap_or(u32::MAX)
    }

    fn refuse(
        &mut self,
        export: &Export<'_>,
        at: usize,
        event: &Event,
        number: &dyn Fn(usize) -> Option<u64>,
    ) {
        if !event::failure(event).is_some_and(event::Failure::is_refusal) {
            return;
        }
        let link = export.chains.link(at);
        let given = link.and_then(|link| {
            let parent = export.events.get(link.parent)?;
            Some((number(link.parent)?, self.name(parent)))
        });
        let (action, principal) = (event::action(event), super::principal(event));
        let refusal = Refusal {
            action: self.texts.number(&action),
            account: self.texts.number(event.account().unwrap_or_default()),
            principal: self.texts.number(principal.as_deref().unwrap_or_default()),
            time: event.time,
            given,
            is_sure: link.is_some_and(is_sure),
            ties: link.into_iter().flat_map(|l| &l.tied_with).filter_map(|t| number(*t)).collect(),
        };
        self.refusals.push(refusal);
    }

    /// A call that succeeded and may have steps.
    fn call(&mut self, export: &Export<'_>, call: &Call<'_>) {
        let Export { events, chains, .. } = *export;
        let event = call.event;
        let action = event::action(event);
        // Taking on a role says nothing of what the session is then used for.
        if action.starts_with("sts:") {
            return;
        }
        let (action, account) =
            (self.texts.number(&action), self.texts.number(event.account().unwrap_or_default()));
        let place = self.place(action, account);
        let principal = super::principal(event);
        let node = Node {
            number: call.number,
            time: event.time,
            place,
            name: self.name(event),
            principal: self.texts.number(principal.as_deref().unwrap_or_default()),
            account,
            kind: self.kind(event),
            traits: self.traits_of(event),
            steps: Vec::new(),
            features: features(event).iter().map(|feature| marked(feature)).collect(),
            refused: false,
        };
        self.by_number.insert(node.number, self.nodes.len() as u32);
        self.nodes.push(node);
        let steps = |call: usize| {
            let below = chains.children(call).iter().copied();
            below.filter(|at| events.get(*at).is_some_and(|step| is_step(chains, *at, step)))
        };
        // Where a step was refused, or a step of a step, the rest cannot follow, and the refusal is what
        // is reported.
        let is_refused = |at: &usize| {
            events.get(*at).and_then(event::failure).is_some_and(event::Failure::is_refusal)
        };
        let mut refused = false;
        let mut open: Vec<usize> = steps(call.at).collect();
        while let Some(at) = open.pop().filter(|_| !refused) {
            refused = is_refused(&at);
            open.extend(steps(at));
        }
        if let Some(node) = self.nodes.last_mut() {
            node.refused = refused;
        }
        for at in steps(call.at) {
            self.step(export, call.number, event, at);
        }
    }

    /// A step that came when its call had been added long before.
    fn late(
        &mut self,
        export: &Export<'_>,
        at: usize,
        event: &Event,
        takes: &dyn Fn(usize) -> Option<u64>,
        number: &dyn Fn(usize) -> Option<u64>,
    ) {
        let Some(link) = export.chains.link(at) else { return };
        if takes(link.parent).is_some() || !is_step(export.chains, at, event) {
            return;
        }
        let Some(parent) = number(link.parent) else { return };
        if event::failure(event).is_some_and(event::Failure::is_refusal) {
            let mut above = Some(link.parent);
            while let Some(call) = above {
                let node = number(call).and_then(|number| self.by_number.get(&number));
                if let Some(node) = node.and_then(|at| self.nodes.get_mut(*at as usize)) {
                    node.refused = true;
                }
                above = export.chains.link(call).map(|link| link.parent);
            }
        }
        if let Some(root) = export.events.get(link.parent) {
            self.step(export, parent, root, at);
        }
    }

    /// Adds a step to a call.
    fn step(&mut self, export: &Export<'_>, call: u64, root: &Event, at: usize) {
        let Some(event) = export.events.get(at) else { return };
        let name = event::action(event);
        let number = self.texts.number(&name);
        let Some(node) = self.by_number.get(&call).and_then(|at| self.nodes.get_mut(*at as usize))
        else {
            return;
        };
        if node.steps.contains(&number) {
            return;
        }
        let is_first = node.steps.is_empty();
        node.steps.push(number);
        let (refused, traits, place) = (node.refused, node.traits, node.place);
        let Some(place) = self.places.get_mut(place as usize).filter(|_| !refused) else { return };
        place.complete += usize::from(is_first);
        let step = place.steps.entry(name.into()).or_default();
        if step.count == 0 {
            step.number = number;
            step.is_awaited = export.knowledge.waits_for(event) == Some(true);
        }
        step.count += 1;
        let link = export.chains.link(at);
        step.by_time += usize::from(link.is_none_or(|link| link.kind == LinkKind::Time));
        *step.kinds.entry((RecordKind::of(event), RecordKind::of(root))).or_default() += 1;
        step.slowest = step.slowest.max(event.time.seconds_since(root.time));
        if step.learned.insert(traits)
            && let Some(traits) = self.traits.get(traits as usize)
        {
            step.needs.and(traits);
        }
    }

    fn place(&mut self, action: u32, account: u32) -> u32 {
        let next = self.places.len() as u32;
        let place = *self.place_numbers.entry((action, account)).or_insert(next);
        if place == next {
            self.places.push(Place { action, steps: BTreeMap::new(), complete: 0 });
        }
        place
    }

    fn kind(&mut self, event: &Event) -> u32 {
        let kind = RecordKind::of(event);
        if let Some(number) = self.kind_numbers.get(&kind) {
            return *number;
        }
        let number = self.kinds.len() as u32;
        self.kind_numbers.insert(kind.clone(), number);
        self.kinds.push(kind);
        number
    }

    fn traits_of(&mut self, event: &Event) -> u32 {
        let next = self.traits.len() as u32;
        let number = *self.trait_numbers.entry(Traits::number(event)).or_insert(next);
        if number == next {
            self.traits.push(Traits::of(event));
        }
        number
    }

    /// Adds a call that has no step and is none.
    pub fn see(&mut self, event: &Event) {
        self.coverage.add(event);
    }

    /// How many calls were added that may have steps.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Of the calls added from the `first` on those that lack a step which, as far as is known by
    /// now, they need: the numbers of their places and their own.
    pub fn suspects(&self, first: usize) -> Vec<(u32, u64)> {
        let fresh = self.nodes.get(first..).unwrap_or_default();
        let places: BTreeSet<u32> = fresh.iter().map(|node| node.place).collect();
        let habits = |place: &u32| Some((*place, self.habits(self.places.get(*place as usize)?)));
        let habits: BTreeMap<u32, BTreeMap<u32, Habit<'_>>> =
            places.iter().filter_map(habits).collect();
        let lacks = |node: &&Node| {
            let traits = self.traits.get(node.traits as usize);
            let mut steps = habits.get(&node.place).into_iter().flatten();
            !node.refused
                && steps.any(|(step, habit)| {
                    !node.steps.contains(step) && traits.is_some_and(|t| habit.needs.are_met_by(t))
                })
        };
        fresh.iter().filter(lacks).map(|node| (node.place, node.number)).collect()
    }

    /// Every gap, in order of time. `known` gives the position and the event of a call by its number;
    /// calls that it does not know are left out.
    pub fn gaps<'e>(
        &mut self,
        gone: &BTreeSet<u64>,
        known: &dyn Fn(u64) -> Option<(usize, &'e Event)>,
    ) -> Vec<Gap> {
        self.coverage.settle();
        self.refusals.sort_by_key(|refusal| (refusal.action, refusal.time));
        self.nodes.sort_by_key(|node| (node.time, node.number));
        let habits: Vec<BTreeMap<u32, Habit<'_>>> =
            self.places.iter().map(|place| self.habits(place)).collect();
        let lacks: Vec<Vec<u32>> =
            self.nodes.par_iter().map(|node| self.lack(node, &habits)).collect();
        let mut groups: BTreeMap<(u32, u64), Vec<Compared<'_>>> = BTreeMap::new();
        for (node, lacks) in self.nodes.iter().zip(&lacks) {
            if habits.get(node.place as usize).is_none_or(BTreeMap::is_empty) {
                continue;
            }
            let gone = gone.contains(&node.number);
            for feature in &node.features {
                let one = Compared { node, lacks, gone };
                groups.entry((node.place, *feature)).or_default().push(one);
            }
        }
        let mut found: BTreeMap<usize, Gap> = BTreeMap::new();
        for ((place, feature), members) in groups.into_iter().filter(|(_, m)| m.len() > FEWEST) {
            let Some(steps) = self.places.get(place as usize).map(|place| &place.steps) else {
                continue;
            };
            let habits = habits.get(place as usize);
            let regular = |step: &Step| habits.is_some_and(|h| h.contains_key(&step.number));
            let steps: Vec<(&str, u32)> = steps
                .iter()
                .filter(|(_, step)| regular(step))
                .map(|(name, step)| (&**name, step.number))
                .collect();
            for gap in gaps_in(feature, &steps, &members, known) {
                let better = found.get(&gap.call).is_none_or(|had| {
                    let order = gap.complete.cmp(&had.complete);
                    order.then_with(|| had.shared.cmp(&gap.shared)).is_gt()
                });
                if better {
                    found.insert(gap.call, gap);
                }
            }
        }
        found.into_values().collect()
    }

    /// The steps that a call with any step below it nearly always has and does not wait for: a call that
    /// waits and succeeds had them, or needed none. What mostly belongs to its call by nothing but
    /// time may be a step of anything.
    fn habits<'s>(&'s self, place: &'s Place) -> BTreeMap<u32, Habit<'s>> {
        let usual = self.with_any.get(&place.action).is_some_and(|calls| *calls >= FEWEST);
        let regular = |step: &&Step| {
            step.count as f64 >= REGULAR * place.complete as f64
                && 2 * step.by_time < step.count
                && !step.is_awaited
        };
        let steps = place.steps.values().filter(|_| usual).filter(regular);
        let habit = |step: &'s Step| {
            let (kind, _) = step.kinds.iter().max_by_key(|(_, count)| **count)?;
            let patience = PATIENCE_SECONDS.max(2 * step.slowest);
            Some((step.number, Habit { kind: (&kind.0, &kind.1), patience, needs: &step.needs }))
        };
        steps.filter_map(habit).collect()
    }

    /// What a call lacks of the regular steps, where that says something: it is like those that have
    /// the step, the log would show it, and no refusal in the log may be what became of it.
    fn lack(&self, node: &Node, habits: &[BTreeMap<u32, Habit<'_>>]) -> Vec<u32> {
        let (Some(habits), Some(traits), Some(own)) = (
            habits.get(node.place as usize),
            self.traits.get(node.traits as usize),
            self.kinds.get(node.kind as usize),
        ) else {
            return Vec::new();
        };
        habits
            .iter()
            .filter(|(step, _)| !node.steps.contains(step))
            .filter(|(_, habit)| habit.needs.are_met_by(traits))
            .filter(|(step, habit)| {
                let kind = habit.kind.0.relocated(habit.kind.1, own);
                let until = node.time.plus_seconds(habit.patience);
                self.coverage.would_show(&kind, node.time, until)
                    && !self.may_be_refused(**step, node, until)
            })
            .map(|(step, _)| *step)
            .collect()
    }

    /// Whether a refusal may be the step of a call: it came in time, of the same principal, and
    /// nothing sure says whose it is.
    fn may_be_refused(&self, step: u32, node: &Node, until: Time) -> bool {
        let from = node.time.plus_seconds(-EARLY_SECONDS);
        let all = &self.refusals;
        let first = all.partition_point(|refusal| (refusal.action, refusal.time) < (step, from));
        let later = all.get(first..).unwrap_or_default().iter();
        let in_time = |one: &&Refusal| one.action == step && one.time <= until;
        later.take_while(in_time).any(|one| {
            one.account == node.account
                && one.principal == node.principal
                && one.given.is_none_or(|(parent, name)| {
                    let is_alike = name == node.name;
                    let is_tied = one.ties.contains(&node.number);
                    parent == node.number || !one.is_sure && (is_tied || is_alike)
                })
        })
    }
}

/// How a step comes where it comes.
struct Habit<'s> {
    /// The sort of the record, and that of the call above it.
    kind: (&'s RecordKind, &'s RecordKind),
    /// After so many seconds it has come.
    patience: i64,
    needs: &'s Needs,
}

/// A call among those that it is compared with.
#[derive(Clone, Copy)]
struct Compared<'n> {
    node: &'n Node,
    /// Steps that did not come though this call needs them and the log would show them.
    lacks: &'n [u32],
    /// What it made was gone later.
    gone: bool,
}

fn name_of(event: &Event) -> String {
    format!("{}|{}", event.source(), event.name())
}

/// What somebody asked for is no step of another call, though it hangs below it.
fn is_step(chains: &Chains, at: usize, event: &Event) -> bool {
    !event.is_own_hop(chains.caller_kind(at, event))
}

/// Whether a call only reads: its success is the answer, and nothing is left to be done.
fn reads(event: &Event) -> bool {
    event.read_only.unwrap_or_else(|| event::is_read_like(event.name()))
}

fn is_sure(link: &Link) -> bool {
    matches!(link.kind, LinkKind::ResourceId | LinkKind::IssuedCredentials | LinkKind::RequestId)
}

/// Whether a call that was linked to another one, or to none, may belong to `call`.
pub(super) fn may_belong(chains: &Chains, index: usize, call: usize) -> bool {
    let Some(link) = chains.link(index) else { return true };
    let is_alike = chains.name(link.parent) == chains.name(call);
    link.parent == call || !is_sure(link) && (link.tied_with.contains(&call) || is_alike)
}

/// The number of a feature.
fn marked(feature: &str) -> u64 {
    FixedState::default().hash_one(feature)
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
fn gaps_in<'e>(
    feature: u64,
    steps: &[(&str, u32)],
    members: &[Compared<'_>],
    known: &dyn Fn(u64) -> Option<(usize, &'e Event)>,
) -> Vec<Gap> {
    let mut missing: BTreeMap<u64, (Vec<String>, Vec<usize>, usize)> = BTreeMap::new();
    for (name, step) in steps {
        let has_it = |one: &Compared<'_>| one.node.steps.contains(step);
        // A call that needs no such step, or whose step the log would not show, is none of them.
        let tells =
            |one: &&Compared<'_>| has_it(one) || !one.node.refused && one.lacks.contains(step);
        let members: Vec<&Compared<'_>> = members.iter().filter(tells).collect();
        let has: Vec<bool> = members.iter().map(|one| has_it(one)).collect();
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
                .filter(|(_, one)| one.gone && !has_it(one))
                .map(|(position, _)| position)
                .collect(),
            _ => continue,
        };
        for one in lacking.into_iter().filter_map(|position| members.get(position)) {
            let near = || nearest(&members, &has, one.node.time, known);
            let entry = missing.entry(one.node.number);
            let entry = entry.or_insert_with(|| (Vec::new(), near(), complete));
            entry.0.push((*name).to_owned());
            entry.2 = entry.2.min(complete);
        }
    }
    let gap = |(call, (missing, comparable, complete)): (u64, (Vec<String>, Vec<usize>, usize))| {
        let (call, event) = known(call)?;
        let shared = features(event).into_iter().find(|text| marked(text) == feature)?;
        Some(Gap { call, missing, shared, comparable, complete })
    };
    missing.into_iter().filter_map(gap).collect()
}

/// The one stretch of at least two neighbours that lack the step, with enough before it that have
/// it; `None` where the step is missing here and there.
fn stretch(has: &[bool]) -> Option<(usize, usize)> {
    let from = has.iter().position(|h| !h)?;
    let length = has.iter().skip(from).take_while(|h| !**h).count();
    let again = has.iter().skip(from + length).any(|h| !h);
    (length >= 2 && from >= FEWEST && !again).then_some((from, from + length))
}

fn nearest<'e>(
    members: &[&Compared<'_>],
    has: &[bool],
    time: Time,
    known: &dyn Fn(u64) -> Option<(usize, &'e Event)>,
) -> Vec<usize> {
    let with = members.iter().zip(has).filter(|(_, has)| **has).map(|(one, _)| one.node);
    let mut with: Vec<(i64, u64)> =
        with.map(|node| (node.time.seconds_since(time).abs(), node.number)).collect();
    with.sort_unstable();
    let there = with.into_iter().filter_map(|(_, number)| known(number));
    there.take(3).map(|(at, _)| at).collect()
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
