//! What is kept of an export: the events that a diagnosis is made of, and the counts of all others.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;

use super::class::{Class, Resources, caller, hashed};
use super::window::{Mark, Places};
use crate::chain::{Chains, Knowledge, Learned, Settled};
use crate::contrast::{Export, Shapes, Vanished};
use crate::diagnose::{Failing, Folded, Look, Stood, Worth};
use crate::event::{Event, Failure, Field, Time, Whose};
use crate::history::change;
use crate::history::passing::routine_grant;

type Map<K, V> = HashMap<K, V, RandomState>;
type Set<K> = HashSet<K, RandomState>;

/// Of every sort of refused call so many of the first and of the last are kept.
const FIRST: usize = 24;
const LAST: usize = 24;
/// Calls below one that a refused call was made for.
const BELOW: usize = 64;
/// Calls of a kind that differ in session, address or program are told apart up to so many.
const SHADES: usize = 4;
/// Calls that worked just before and after a refused one of the same caller.
const BEFORE: usize = 2;
const AFTER: usize = 3;
/// The same, of one caller, in all.
const NEAR: usize = 24;
/// Grants of one key to one grantee: so many of the first and of the last are kept.
const FIRST_GRANTS: usize = 8;
const LAST_GRANTS: usize = 24;
/// Of so many kinds of calls of one caller the chains are kept, and of so many the last call.
const WITH_CHAIN: u32 = 8;
const WITH_LAST: u32 = 64;
/// Calls beside one that worked and stands for others.
const BESIDE: usize = 6;
/// Calls of an action in an account that may lack a step.
const SUSPECTS: usize = 512;

/// What was found for an event, by the numbers of others.
#[derive(Debug, Clone)]
pub(super) struct Far {
    settled: Settled,
    /// The number of the call it was made for.
    pub(super) parent: Option<u64>,
    ties: Vec<u64>,
    class: Option<Class>,
}

impl Far {
    /// What was found for the event at a position.
    pub(super) fn of(chains: &Chains, at: usize, class: Option<Class>, marks: &[Mark]) -> Far {
        let mut settled = chains.settled(at);
        let number = |at: usize| marks.get(at).map(|mark| mark.number);
        let link = settled.link.as_mut();
        let parent = link.as_ref().and_then(|link| number(link.parent));
        let ties = link.map(|link| std::mem::take(&mut link.tied_with)).unwrap_or_default();
        Far { settled, parent, ties: ties.into_iter().filter_map(number).collect(), class }
    }

    /// What there is to be found for a call on which nothing hangs.
    fn of_own(class: Class) -> Far {
        Far { settled: Settled::default(), parent: None, ties: Vec::new(), class: Some(class) }
    }

    /// The same by positions. A link to a call that is no longer there is none.
    pub(super) fn near(&self, places: &Places) -> Settled {
        let mut settled = self.settled.clone();
        let parent = self.parent.and_then(|parent| places.get(&parent)).copied();
        settled.link = settled.link.zip(parent).map(|(mut link, parent)| {
            link.parent = parent;
            link.tied_with = self.ties.iter().filter_map(|tie| places.get(tie)).copied().collect();
            link
        });
        settled
    }
}

#[derive(Debug)]
struct Kept {
    event: Event,
    far: Far,
}

/// A refused call; positions in it are numbers.
#[derive(Debug)]
struct Refused {
    failing: Failing,
    worth: Worth,
}

/// A sort of refused calls.
#[derive(Debug, Default)]
struct Sort {
    first: Vec<Refused>,
    last: VecDeque<Refused>,
    stood: Vec<Stood>,
}

/// Calls of a kind that are alike in everything.
#[derive(Debug)]
struct Shade {
    shade: u64,
    first: u64,
    last: u64,
    times: Vec<Time>,
}

/// Calls of a kind.
#[derive(Debug)]
struct CallKind {
    /// How many kinds of calls of its caller were met before.
    rank: u32,
    shades: Vec<Shade>,
}

/// Grants of one key to one grantee: the first and the last.
#[derive(Debug, Default)]
struct Grants {
    first: Vec<u64>,
    last: VecDeque<u64>,
}

/// What one caller did with one operation.
#[derive(Debug, Default)]
struct Doings {
    /// How many kinds of calls these are.
    kinds: u32,
    recent: VecDeque<u64>,
    /// Calls that are still to be kept, since one was refused.
    wanted: usize,
    near: Vec<u64>,
}

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// Numbers of the events that were settled in this step.
    pub(super) fresh: Set<u64>,
    /// Numbers of the calls that somebody asks for: they stay with their chains.
    pub(super) asked_for: Set<u64>,
    kept: Map<u64, Kept>,
    /// Changes of policies, and what sets things up.
    changes: Vec<u64>,
    sorts: BTreeMap<u64, Sort>,
    /// By the call at the top of a refused one, what else was made for it.
    below: Map<u64, Vec<u64>>,
    kinds: Map<u64, CallKind>,
    /// By key and grantee, grants that services made or took back.
    grants: Map<u64, Grants>,
    doings: Map<u64, Doings>,
    /// Kinds of calls and callers that were met in this step.
    touched: Set<u64>,
    called: Set<u64>,
    shapes: Shapes,
    resources: Resources,
    /// What was made for the same call as one that worked and stands for others.
    beside: Map<u64, Vec<u64>>,
    /// By place, calls that may lack a step.
    suspects: BTreeMap<u32, Vec<u64>>,
    gone: Vec<Vanished>,
}

/// The stretch of events that is looked at.
#[derive(Clone, Copy)]
pub(super) struct View<'v> {
    pub(super) events: &'v [Event],
    pub(super) marks: &'v [Mark],
    pub(super) places: &'v Places,
    pub(super) chains: &'v Chains,
}

impl View<'_> {
    fn number(&self, at: usize) -> Option<u64> {
        self.marks.get(at).map(|mark| mark.number)
    }
}

impl Store {
    /// Takes in what was settled in a step, which is emptied, and the quiet calls of that time.
    pub(super) fn take(
        &mut self,
        view: View<'_>,
        knowledge: &Knowledge,
        look: Look,
        quiet: Vec<(Event, u64)>,
    ) {
        let View { events, chains, .. } = view;
        let fresh = std::mem::take(&mut self.fresh);
        let Look { failing, gone } = look;
        let is_fresh = |at: usize| view.number(at).is_some_and(|number| fresh.contains(&number));
        let mut refused: BTreeMap<usize, (Failing, Worth)> = BTreeMap::new();
        for (failing, worth) in failing.into_iter().filter(|(one, _)| is_fresh(one.denied)) {
            refused.insert(failing.denied, (failing, worth));
        }
        let mut quiet = quiet.into_iter().peekable();
        for (at, event) in events.iter().enumerate().filter(|(at, _)| is_fresh(*at)) {
            while let Some((before, number)) = quiet.next_if(|(one, _)| one.time < event.time) {
                self.pass(before, number);
            }
            self.settle(view, at, refused.remove(&at));
        }
        quiet.for_each(|(event, number)| self.pass(event, number));
        let before = self.shapes.len();
        let export = Export { events, chains, knowledge };
        let takes = |at: usize| view.number(at).filter(|number| fresh.contains(number));
        self.shapes.add(&export, &takes, &|at| view.number(at));
        for (place, number) in self.shapes.suspects(before) {
            self.suspect(view, place, number);
        }
        for one in gone.into_iter().filter(|one| is_fresh(one.call.max(one.told_by))) {
            self.vanish(view, one);
        }
        self.keep_last(view);
        self.sweep();
    }

    /// Takes in one event.
    fn settle(&mut self, view: View<'_>, at: usize, refused: Option<(Failing, Worth)>) {
        let (Some(event), Some(mark)) = (view.events.get(at), view.marks.get(at)) else { return };
        let Some(far) = &mark.far else { return };
        let number = mark.number;
        // It may have been kept before it was settled.
        if let Some(kept) = self.kept.get_mut(&number) {
            kept.far = far.clone();
            if let Some(parent) = far.parent {
                self.keep(view, parent);
            }
        }
        if change::is_change(event) {
            self.keep(view, number);
            match routine_grant(event) {
                None => self.changes.push(number),
                Some(of) => {
                    let grants = self.grants.entry(of).or_default();
                    match grants.first.len() < FIRST_GRANTS {
                        true => grants.first.push(number),
                        false => grants.last.push_back(number),
                    }
                    if grants.last.len() > LAST_GRANTS {
                        grants.last.pop_front();
                    }
                }
            }
        }
        self.join(view, at, number);
        if self.asked_for.contains(&number) {
            self.keep(view, number);
            self.keep_chain(view, at, None);
        }
        match (refused, far.class) {
            (Some((failing, worth)), _) => self.refuse(view, event, failing, worth),
            (None, Some(class)) => self.work(view, number, event.time, class),
            (None, None) => {}
        }
    }

    /// Keeps an event and those it was made for.
    fn keep(&mut self, view: View<'_>, number: u64) {
        let mut next = Some(number);
        while let Some(number) = next {
            if self.kept.contains_key(&number) {
                return;
            }
            let Some(at) = view.places.get(&number) else { return };
            let (Some(event), Some(mark)) = (view.events.get(*at), view.marks.get(*at)) else {
                return;
            };
            let far = match &mark.far {
                Some(far) => far.clone(),
                None => Far::of(view.chains, *at, None, view.marks),
            };
            next = far.parent;
            self.kept.insert(number, Kept { event: event.clone(), far });
        }
    }

    /// What is made for the call at the top of a refused one belongs to its chain, whenever it comes.
    fn join(&mut self, view: View<'_>, at: usize, number: u64) {
        if self.below.is_empty() {
            return;
        }
        let root = view.chains.asked(at, view.events);
        let Some(root) = view.number(root).filter(|root| *root != number) else { return };
        let Some(below) = self.below.get_mut(&root) else { return };
        if below.len() < BELOW && !below.contains(&number) {
            below.push(number);
            self.keep(view, number);
        }
    }

    fn refuse(&mut self, view: View<'_>, event: &Event, mut failing: Failing, worth: Worth) {
        let sort = sort_of(event, &failing, &worth, view);
        let (at, top) = (failing.denied, failing.root);
        let numbered = |at: usize| view.number(at).map_or(usize::MAX, |number| number as usize);
        failing.root = top.map(numbered);
        failing.denied = numbered(at);
        let number = failing.denied as u64;
        let sort = self.sorts.entry(sort).or_default();
        let is_first = sort.first.len() < FIRST;
        if is_first || self.asked_for.contains(&number) {
            sort.first.push(Refused { failing, worth });
        } else {
            sort.last.push_back(Refused { failing, worth });
            let passed = if sort.last.len() > LAST { sort.last.pop_front() } else { None };
            if let Some(passed) = passed {
                let passed = passed.failing;
                let text = |number: usize| self.kept.get(&(number as u64)).map(|k| &k.event);
                let root = passed.root.and_then(text).map(|event| event.id().into());
                let stood = text(passed.denied);
                sort.stood.extend(stood.map(|event| Stood {
                    time: event.time,
                    id: event.id().into(),
                    root,
                }));
            }
        }
        self.keep(view, number);
        self.keep_chain(view, at, top);
        let doings = self.doings.entry(caller(event)).or_default();
        doings.wanted = AFTER;
        if is_first && doings.near.len() < NEAR {
            let recent: Vec<u64> = doings.recent.iter().copied().collect();
            doings.near.extend(recent);
        }
        self.called.insert(caller(event));
    }

    /// Keeps what was made for the call that a refused one was made for.
    fn keep_chain(&mut self, view: View<'_>, at: usize, top: Option<usize>) {
        let asked = view.chains.asked(at, view.events);
        let root = top.unwrap_or(asked);
        let Some(number) = view.number(root) else { return };
        if self.below.get(&number).is_some_and(|below| below.len() >= BELOW) {
            return;
        }
        let work: Vec<u64> = view
            .chains
            .work(at, view.events)
            .into_iter()
            .take(BELOW)
            .filter_map(|at| view.number(at))
            .collect();
        for member in &work {
            self.keep(view, *member);
        }
        self.keep(view, number);
        let below = self.below.entry(number).or_default();
        for member in work {
            if below.len() < BELOW && member != number && !below.contains(&member) {
                below.push(member);
            }
        }
        let ties: Vec<u64> = view
            .marks
            .get(at)
            .and_then(|mark| mark.far.as_ref())
            .map(|far| far.ties.iter().copied().take(BEFORE).collect())
            .unwrap_or_default();
        for tie in ties {
            self.keep(view, tie);
        }
    }

    /// A call that worked and on which nothing hangs.
    fn pass(&mut self, event: Event, number: u64) {
        self.shapes.see(&event);
        let class = Class::of_own(&event, &mut self.resources);
        let time = event.time;
        let is_first = self.count(number, time, class);
        let kind = self.kinds.get(&class.kind).filter(|kind| kind.rank < WITH_LAST);
        let mut shades = kind.into_iter().flat_map(|kind| &kind.shades);
        let is_standing = is_first || shades.any(|shade| shade.last == number);
        let near = self.doings.get(&class.caller);
        let is_near = near.is_some_and(|d| d.recent.contains(&number) || d.near.contains(&number));
        if is_standing || is_near || self.asked_for.contains(&number) {
            let far = Far::of_own(class);
            self.kept.insert(number, Kept { event, far });
        }
    }

    /// A call that worked.
    fn work(&mut self, view: View<'_>, number: u64, time: Time, class: Class) {
        if self.count(number, time, class) {
            self.keep(view, number);
        }
        self.touched.insert(class.kind);
        self.called.insert(class.caller);
    }

    /// Counts a call that worked; whether it is the first of its sort.
    fn count(&mut self, number: u64, time: Time, class: Class) -> bool {
        let doings = self.doings.entry(class.caller).or_default();
        doings.recent.push_back(number);
        if doings.recent.len() > BEFORE {
            doings.recent.pop_front();
        }
        if doings.wanted > 0 && doings.near.len() < NEAR {
            doings.wanted -= 1;
            doings.near.push(number);
        }
        let kind = self.kinds.entry(class.kind).or_insert_with(|| {
            doings.kinds += 1;
            CallKind { rank: doings.kinds - 1, shades: Vec::new() }
        });
        let shades = &mut kind.shades;
        let known = shades.iter().position(|shade| shade.shade == class.shade);
        let at = known.or_else(|| (shades.len() >= SHADES).then_some(0));
        match at.and_then(|at| shades.get_mut(at)) {
            Some(shade) => {
                shade.last = number;
                shade.times.push(time);
            }
            None => shades.push(Shade {
                shade: class.shade,
                first: number,
                last: number,
                times: vec![time],
            }),
        }
        at.is_none()
    }

    /// Keeps the last calls of what was called in this step.
    fn keep_last(&mut self, view: View<'_>) {
        for kind in std::mem::take(&mut self.touched) {
            let Some(kind) = self.kinds.get(&kind) else { continue };
            let rank = kind.rank;
            let all: Vec<u64> =
                kind.shades.iter().flat_map(|shade| [shade.first, shade.last]).collect();
            for (at, number) in all.into_iter().enumerate() {
                match at < 2 && rank < WITH_CHAIN {
                    true => self.keep_with_chain(view, number),
                    false if at % 2 == 0 || rank < WITH_LAST => self.keep(view, number),
                    false => {}
                }
            }
        }
        for caller in std::mem::take(&mut self.called) {
            let doings = self.doings.get(&caller).into_iter();
            let recent = doings.flat_map(|doings| doings.recent.iter().chain(&doings.near));
            for number in recent.copied().collect::<Vec<u64>>() {
                self.keep(view, number);
            }
        }
    }

    /// Keeps a call that worked with what was made for the same call.
    fn keep_with_chain(&mut self, view: View<'_>, number: u64) {
        self.keep(view, number);
        let Some(at) = view.places.get(&number).copied() else { return };
        let View { events, chains, .. } = view;
        if chains.link(at).is_none() && chains.children(at).is_empty() {
            return;
        }
        let members = chains.work(at, events).into_iter().take(BESIDE);
        let members: Vec<u64> = members.filter_map(|at| view.number(at)).collect();
        for member in &members {
            self.keep(view, *member);
        }
        self.beside.insert(number, members);
    }

    /// A call that may lack a step.
    fn suspect(&mut self, view: View<'_>, place: u32, number: u64) {
        let suspects = self.suspects.entry(place).or_default();
        if suspects.len() < SUSPECTS {
            suspects.push(number);
            self.keep(view, number);
        }
    }

    fn vanish(&mut self, view: View<'_>, one: Vanished) {
        let number = |at: usize| view.number(at).map_or(usize::MAX, |number| number as usize);
        let (call, told_by) = (number(one.call), number(one.told_by));
        self.keep(view, call as u64);
        self.keep(view, told_by as u64);
        self.gone.push(Vanished { call, told_by, ..one });
    }

    /// Lets go of what nothing needs any more.
    fn sweep(&mut self) {
        let refused = || self.sorts.values().flat_map(|sort| sort.first.iter().chain(&sort.last));
        let tops: Set<u64> = refused()
            .flat_map(|one| [Some(one.failing.denied), one.failing.root])
            .flatten()
            .map(|number| number as u64)
            .chain(self.asked_for.iter().copied())
            .collect();
        let mut needed: Set<u64> = self.changes.iter().copied().collect();
        needed.extend(&tops);
        needed.extend(
            self.grants.values().flat_map(|grants| grants.first.iter().chain(&grants.last)),
        );
        let is_of_top = |(top, below): (&u64, &Vec<u64>)| {
            tops.contains(top) || below.iter().any(|number| tops.contains(number))
        };
        self.below.retain(|top, below| is_of_top((top, below)));
        needed.extend(self.below.iter().flat_map(|(top, below)| std::iter::once(top).chain(below)));
        let ties = tops.iter().filter_map(|number| self.kept.get(number));
        needed.extend(ties.flat_map(|kept| kept.far.ties.iter().take(BEFORE)));
        let standing: Set<u64> = self
            .kinds
            .values()
            .flat_map(|kind| &kind.shades)
            .flat_map(|s| [s.first, s.last])
            .collect();
        self.beside.retain(|number, _| standing.contains(number));
        needed.extend(self.beside.values().flatten());
        needed.extend(standing);
        needed.extend(
            self.doings.values().flat_map(|doings| doings.recent.iter().chain(&doings.near)),
        );
        needed.extend(self.suspects.values().flatten());
        let gone = self.gone.iter().flat_map(|one| [&one.call, &one.told_by]);
        needed.extend(gone.map(|number| *number as u64));
        let mut open: Vec<u64> = needed.iter().copied().collect();
        while let Some(number) = open.pop() {
            let parent = self.kept.get(&number).and_then(|kept| kept.far.parent);
            if let Some(parent) = parent.filter(|parent| needed.insert(*parent)) {
                open.push(parent);
            }
        }
        self.kept.retain(|number, _| needed.contains(number));
    }

    /// The events that are left in order, their chains, and what was found.
    pub(super) fn finish(
        self,
        knowledge: &Knowledge,
        learned: Learned,
    ) -> (Vec<Event>, Chains, Folded) {
        let Store { kept, sorts, kinds, mut shapes, gone, .. } = self;
        let mut all: Vec<(u64, Kept)> = kept.into_iter().collect();
        all.sort_by(|(a, one), (b, other)| {
            let (one, other) = (&one.event, &other.event);
            one.time.cmp(&other.time).then_with(|| one.id().cmp(other.id())).then(a.cmp(b))
        });
        let places: Places = all.iter().zip(0..).map(|((number, _), at)| (*number, at)).collect();
        let settled: Vec<Settled> = all.iter().map(|(_, kept)| kept.far.near(&places)).collect();
        let place = |number: usize| places.get(&(number as u64)).copied();
        let mut folded = Folded::default();
        for sort in sorts.into_values() {
            let Sort { first, last, stood } = sort;
            let last_of_first = first.last().and_then(|one| place(one.failing.denied));
            if let (Some(at), false) = (last_of_first, stood.is_empty()) {
                folded.stood.insert(at, stood);
            }
            for Refused { mut failing, worth } in first.into_iter().chain(last) {
                let Some(denied) = place(failing.denied) else { continue };
                failing.denied = denied;
                failing.root = failing.root.and_then(place);
                folded.failing.push((failing, worth));
            }
        }
        folded.failing.sort_by_key(|(failing, _)| failing.denied);
        // What is there itself is not stood for.
        let mut there: Map<u64, Vec<(u64, Time)>> = Map::default();
        for (_, kept) in &all {
            if let Some(class) = kept.far.class {
                there.entry(class.kind).or_default().push((class.shade, kept.event.time));
            }
        }
        for (kind, CallKind { shades, .. }) in kinds {
            let known: Vec<u64> = shades.iter().map(|shade| shade.shade).collect();
            let there = there.remove(&kind).unwrap_or_default();
            for (at, mut shade) in shades.into_iter().enumerate() {
                let folds = |tint: u64| tint == shade.shade || at == 0 && !known.contains(&tint);
                let own = there.iter().filter(|(tint, _)| folds(*tint));
                let own = own.map(|(_, time)| *time).collect();
                without(&mut shade.times, own);
                if let (Some(at), false) = (place(shade.first as usize), shade.times.is_empty()) {
                    folded.worked.insert(at, shade.times);
                }
            }
        }
        let vanished = gone.iter().map(|one| one.call as u64).collect();
        folded.gaps = shapes.gaps(&vanished, &|number| {
            let at = *places.get(&number)?;
            Some((at, &all.get(at)?.1.event))
        });
        let known = |one: Vanished| {
            Some(Vanished { call: place(one.call)?, told_by: place(one.told_by)?, ..one })
        };
        folded.gone = gone.into_iter().filter_map(known).collect();
        folded.gone.sort_by_key(|one| one.call);
        let events: Vec<Event> = all.into_iter().map(|(_, kept)| kept.event).collect();
        let mut chains = Chains::assemble(&events, knowledge, learned, settled);
        let is_lost = |at: &usize| chains.is_kms(*at) && chains.inferred_key(*at).is_none();
        let nameless = folded.failing.iter().filter(|(failing, _)| failing.resource.is_none());
        let lost: Vec<usize> =
            nameless.map(|(failing, _)| failing.denied).filter(is_lost).collect();
        chains.name_keys(&events, knowledge, &lost);
        for (failing, _) in &mut folded.failing {
            failing.name_key(&chains);
        }
        (events, chains, folded)
    }
}

/// Takes some of the times out, each once, and sorts what is left.
fn without(times: &mut Vec<Time>, mut taken: Vec<Time>) {
    times.sort_unstable();
    taken.sort_unstable();
    let mut taken = taken.into_iter().peekable();
    times.retain(|time| {
        while taken.peek().is_some_and(|next| next < time) {
            taken.next();
        }
        if taken.peek() == Some(time) {
            taken.next();
            return false;
        }
        true
    });
}

/// What makes refused calls alike: they are judged as one.
fn sort_of(event: &Event, failing: &Failing, worth: &Worth, view: View<'_>) -> u64 {
    let stated = failing.denial.stated.as_ref();
    let root = failing.root.and_then(|root| view.events.get(root));
    let role_of = match &failing.denial.whose {
        Whose::RoleOf(thing) => Some(thing.as_str()),
        _ => None,
    };
    hashed((
        (event.source(), event.name(), event.account(), event.region()),
        (
            failing.kind.as_str(),
            failing.caller_kind.as_str(),
            failing.principal.as_deref(),
            role_of,
        ),
        (failing.action.as_str(), failing.resource.as_deref(), failing.endpoint.as_deref()),
        stated.map(|s| (s.layer.as_str(), format!("{:?}", s.effect), s.policy_arn.as_deref())),
        (event.get(Field::VpcEndpointId), matches!(failing.failure, Failure::KeyState(_))),
        (event.error_code(), root.map(|root| (root.source(), root.name()))),
        match worth {
            Worth::Benign(because) => because.id(),
            Worth::Low => "low",
            Worth::Full => "full",
        },
    ))
}
