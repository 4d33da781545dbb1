//! Gives each call one parent: what is clear first, then what still has its request, then, with what
//! those taught, the calls that lost theirs.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::Child;
use super::chains::Chains;
use super::id_hash::IdHash;
use super::learned::{Habits, Taken};
use super::link::{Basis, Link, LinkKind};
use super::names::{ActionId, Names};
use super::weigh::{CLEAR, Pair, Scales, Scratch, sort_pairs};
use crate::event::{self, Event, Failure};

type Map<K, V> = HashMap<K, V, RandomState>;

/// Below this no parent is claimed.
const ACCEPT: f64 = 1.5;
/// Nor below this, where a refused call lost all that could tell and there is only one call in the log
/// that it can have been made for.
const ALONE: f64 = 0.5;
/// How much worse two crossed links may score when uncrossed.
const CROSSING: f64 = 0.8;

/// Links children to parents.
pub(super) struct Assignment<'a, 'e> {
    pub events: &'e [Event],
    pub children: &'a [Child<'e>],
    pub names: &'a Names<'e>,
    /// What is regular for calls that still have their request, and for those that lost it.
    pub habits: [Habits; 2],
    /// When the events of a stretch are settled.
    pub turn: &'a dyn Fn(usize) -> Turn,
    /// What stretches to come are taught: each call counts in the stretch in which it is settled.
    pub taught: [Habits; 2],
}

/// When an event of a stretch is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was, in an earlier stretch, which counted it.
    Before,
    /// In this one.
    Now,
    /// In a later one.
    Later,
}

impl Assignment<'_, '_> {
    /// Gives back what is regular by then, as later stretches are taught it.
    pub(super) fn run(mut self, scales: &Scales<'_, '_>, chains: &mut Chains) -> [Habits; 2] {
        let pairs: Vec<Vec<Pair>> = self
            .children
            .par_iter()
            .enumerate()
            .map_init(Scratch::default, |scratch, (position, child)| {
                scales.pairs(position as u32, child, scratch)
            })
            .collect();
        let mut slots = Slots::default();
        let mut open: Vec<Vec<Pair>> = Vec::new();
        for list in pairs {
            match decided(&list).filter(|pair| !self.makes_cycle(chains, pair)) {
                Some(pair) => {
                    let ties = match self.child(&pair) {
                        Some(child) if pair.basis.has(Basis::ISSUED_SESSION) => {
                            let chosen = pair.parent as usize;
                            scales.sessions.rivals_by_date(child.event, chosen, scales.hasher)
                        }
                        _ => Vec::new(),
                    };
                    self.take(chains, &mut slots, &pair, ties);
                }
                None => open.push(list),
            }
        }
        let (whole, lost): (Vec<_>, Vec<_>) = open.into_iter().partition(|list| {
            list.first()
                .and_then(|p| self.child(p))
                .is_some_and(|child| child.event.request().is_some())
        });
        // The nearest teaches nothing: where much is going on, something else is always nearer.
        let best = |list: &Vec<Pair>| list.first().copied();
        let seen: Vec<_> =
            whole.iter().filter_map(best).filter_map(|pair| self.seen(&pair)).collect();
        let [first, last] = [0, 1];
        for habits in &mut self.habits {
            habits.learn_lags(seen.iter().copied());
        }
        self.learn_fan_out(&slots, &[first, last]);
        self.assign(chains, &mut slots, whole, first);
        let linked = self.linked(chains);
        if let Some(habits) = self.habits.get_mut(last) {
            habits.learn_lags(linked.into_iter());
        }
        self.learn_fan_out(&slots, &[last]);
        self.assign(chains, &mut slots, lost, last);
        for (taught, habits) in self.taught.iter_mut().zip(self.habits) {
            taught.take_lags(habits);
        }
        self.taught
    }

    fn child(&self, pair: &Pair) -> Option<&Child<'_>> {
        self.children.get(pair.child as usize)
    }

    fn action_of(&self, index: usize) -> Option<ActionId> {
        Some(self.names.action_of(index, self.events.get(index)?))
    }

    fn seen(&self, pair: &Pair) -> Option<(ActionId, ActionId, i64)> {
        Some((self.action_of(pair.parent as usize)?, self.child(pair)?.action, pair.lag))
    }

    /// The links so far: action of the parent, of the child, seconds between.
    fn linked(&self, chains: &Chains) -> Vec<(ActionId, ActionId, i64)> {
        let seen = |child: &Child<'_>| {
            let link = chains.link(child.index)?;
            let root = self.events.get(link.parent)?;
            let lag = child.event.time.seconds_since(root.time);
            Some((self.action_of(link.parent)?, child.action, lag))
        };
        self.children.iter().filter_map(seen).collect()
    }

    fn learn_fan_out(&mut self, slots: &Slots, learning: &[usize]) {
        let mut began: Map<usize, [bool; 3]> = Map::default();
        for ((parent, _), turns) in &slots.turns {
            let began = began.entry(*parent).or_default();
            began.iter_mut().zip(turns).for_each(|(began, count)| *began |= *count > 0);
        }
        let taken: Vec<(Taken, [usize; 3])> = slots
            .turns
            .iter()
            .filter_map(|((parent, action), turns)| {
                let was_met = began.get(parent).is_some_and(|[before, ..]| *before);
                let root = self.action_of(*parent)?;
                let count = turns.iter().sum();
                let parent = (!was_met).then_some(*parent);
                Some((Taken { parent, root, child: *action, count }, *turns))
            })
            .collect();
        let by_now = taken.iter().filter(|(_, [before, now, _])| *before == 0 && *now > 0);
        let by_now = by_now.map(|(taken, _)| {
            let met = taken.parent.and_then(|parent| began.get(&parent));
            let parent = taken.parent.filter(|_| met.is_some_and(|[_, now, _]| *now));
            Taken { parent, ..*taken }
        });
        let by_now: Vec<Taken> = by_now.collect();
        let new = taken.iter().filter(|(_, [before, ..])| *before == 0);
        for at in learning {
            if let Some(taught) = self.taught.get_mut(*at) {
                taught.learn_fan_out(by_now.iter().copied());
            }
            if let Some(habits) = self.habits.get_mut(*at) {
                habits.learn_fan_out(new.clone().map(|(taken, _)| *taken));
            }
        }
    }

    /// Records a link.
    fn take(&self, chains: &mut Chains, slots: &mut Slots, pair: &Pair, ties: Vec<usize>) {
        let Some(child) = self.child(pair) else { return };
        slots.add(pair.parent as usize, child, pair.basis, (self.turn)(child.index));
        chains.set_link(child.index, link(pair, ties));
    }

    /// Best pair first, so that no root takes more calls of one kind than roots of its sort do.
    fn assign(&self, chains: &mut Chains, slots: &mut Slots, open: Vec<Vec<Pair>>, learned: usize) {
        let Some(habits) = self.habits.get(learned) else { return };
        let mut pairs: Vec<Pair> = Vec::new();
        for mut list in open {
            for pair in &mut list {
                if let Some((root, child, lag)) = self.seen(pair) {
                    pair.score += habits.adjust(root, child, lag, pair.decisive);
                }
            }
            if let [pair] = list.as_mut_slice()
                && pair.score >= ALONE
                && self.child(pair).is_some_and(|c| c.denied && c.event.request().is_none())
            {
                pair.score = pair.score.max(ACCEPT);
            }
            pairs.append(&mut list);
        }
        pairs.retain(|pair| pair.score >= ACCEPT);
        sort_pairs(&mut pairs);
        let mut rivals: Map<u32, Vec<u32>> = Map::default();
        for (pair, at) in pairs.iter().zip(0..) {
            rivals.entry(pair.child).or_default().push(at);
        }
        for strict in [true, false] {
            for pair in &pairs {
                let Some(child) = self.child(pair) else { continue };
                if chains.link(child.index).is_some() || self.makes_cycle(chains, pair) {
                    continue;
                }
                // Where nothing but the time tells, one call is the reason of one other.
                let only_time = pair.basis.has(Basis::USUAL_LAG) && !pair.basis.has(Basis::ROLE);
                if (strict || only_time) && !self.has_room(slots, pair, habits) {
                    continue;
                }
                let rivals = rivals.get(&pair.child).map(Vec::as_slice).unwrap_or_default();
                let ties = self.ties(
                    (slots, habits),
                    rivals.iter().filter_map(|r| pairs.get(*r as usize)),
                    pair,
                );
                self.take(chains, slots, pair, ties);
            }
        }
        self.uncross(chains, &pairs);
    }

    /// Where two calls of one kind and their parents cross in time and nothing but time tells them
    /// apart, the earlier call goes to the earlier parent: services work in order more often than
    /// not.
    fn uncross(&self, chains: &mut Chains, pairs: &[Pair]) {
        let mut weak: Vec<u32> = pairs
            .iter()
            .filter(|p| !p.decisive && self.is_linked(chains, p))
            .map(|p| p.child)
            .collect();
        weak.sort_unstable();
        weak.dedup();
        if weak.len() < 2 {
            return;
        }
        let by_ends: Map<(u32, u32), &Pair> =
            pairs.iter().map(|p| ((p.child, p.parent), p)).collect();
        let score =
            |child: u32, parent: usize| by_ends.get(&(child, parent as u32)).map(|pair| pair.score);
        for (position, &first) in weak.iter().enumerate() {
            for &second in weak.iter().skip(position + 1).take(8) {
                let (Some(one), Some(other)) =
                    (self.children.get(first as usize), self.children.get(second as usize))
                else {
                    continue;
                };
                let (Some(a), Some(b)) = (chains.link(one.index), chains.link(other.index)) else {
                    continue;
                };
                let (a, b) = (a.parent, b.parent);
                if a <= b || !self.is_same_call(one.index, other.index) || !self.is_same_call(a, b)
                {
                    continue;
                }
                let now = score(first, a).zip(score(second, b)).map(|(x, y)| x + y);
                let then = score(first, b).zip(score(second, a)).map(|(x, y)| x + y);
                let (Some(now), Some(then)) = (now, then) else { continue };
                if then < now - CROSSING {
                    continue;
                }
                for (number, child, parent, other) in
                    [(first, one.index, b, a), (second, other.index, a, b)]
                {
                    if let Some(pair) = by_ends.get(&(number, parent as u32)) {
                        chains.set_link(child, link(pair, vec![other]));
                    }
                }
            }
        }
    }

    fn is_linked(&self, chains: &Chains, pair: &Pair) -> bool {
        self.child(pair)
            .and_then(|child| chains.link(child.index))
            .is_some_and(|link| link.parent == pair.parent as usize)
    }

    fn is_same_call(&self, one: usize, other: usize) -> bool {
        self.names.number_of(one) == self.names.number_of(other)
    }

    fn makes_cycle(&self, chains: &Chains, pair: &Pair) -> bool {
        let Some(child) = self.child(pair) else { return true };
        let mut at = pair.parent as usize;
        for _ in 0..64 {
            if at == child.index {
                return true;
            }
            match chains.link(at) {
                Some(link) => at = link.parent,
                None => return false,
            }
        }
        true
    }

    fn has_room(&self, slots: &Slots, pair: &Pair, habits: &Habits) -> bool {
        let Some(child) = self.child(pair) else { return false };
        // An id that stands in both needs no counting: one call may ask for ten parameters.
        if pair.decisive || is_throttled(child.event) {
            return true;
        }
        let parent = pair.parent as usize;
        let Some(root) = self.action_of(parent) else { return false };
        slots.has_room(parent, child, pair.basis, habits.room(root, child.action))
    }

    /// Other parents, of those that `rivals` are, that fit as well as the best.
    fn ties<'p>(
        &self,
        (slots, habits): (&Slots, &Habits),
        rivals: impl Iterator<Item = &'p Pair>,
        best: &Pair,
    ) -> Vec<usize> {
        let mut ties: Vec<usize> = rivals
            .filter(|p| p.parent != best.parent && best.score - p.score < 0.05)
            .filter(|p| self.has_room(slots, p, habits))
            .map(|p| p.parent as usize)
            .collect();
        ties.sort_unstable();
        ties
    }
}

/// How many children of each action a root has so far, in all and on one thing: a call may ask for
/// ten parameters, and there are ten decryptions.
#[derive(Default)]
struct Slots {
    taken: Map<(usize, ActionId), usize>,
    on: Map<(usize, ActionId, IdHash), usize>,
    /// The same in all, by when the children are settled.
    turns: Map<(usize, ActionId), [usize; 3]>,
}

impl Slots {
    fn add(&mut self, parent: usize, child: &Child<'_>, basis: Basis, turn: Turn) {
        // A throttled call is repeated: it does not use up the root's place for that action.
        if !is_throttled(child.event) {
            *self.taken.entry((parent, child.action)).or_default() += 1;
            let turns = self.turns.entry((parent, child.action)).or_default();
            if let Some(count) = turns.get_mut(turn as usize) {
                *count += 1;
            }
            if let Some(what) = what(child, basis) {
                *self.on.entry((parent, child.action, what)).or_default() += 1;
            }
        }
    }

    /// Whether a root whose like take at most `most` children of the action takes one more.
    fn has_room(&self, parent: usize, child: &Child<'_>, basis: Basis, most: usize) -> bool {
        let on_this = |what| self.on.get(&(parent, child.action, what)).copied().unwrap_or(0);
        let taken = self.taken.get(&(parent, child.action)).copied().unwrap_or(0);
        taken < most || what(child, basis).is_some_and(|what| on_this(what) == 0)
    }
}

/// What a call is about, where that is what ties it to its parent.
fn what(child: &Child<'_>, basis: Basis) -> Option<IdHash> {
    let told = child.in_context > 0 && basis.has(Basis::IDS);
    child.tokens.first().filter(|_| told).map(|token| token.hash)
}

fn is_throttled(event: &Event) -> bool {
    matches!(event::failure(event), Some(Failure::Throttled))
}

/// The best pair when nothing still to be learned could change it.
fn decided(list: &[Pair]) -> Option<Pair> {
    let best = list.first().filter(|p| p.decisive)?;
    let clear = list.get(1).is_none_or(|second| best.score - second.score >= CLEAR);
    clear.then_some(*best)
}

fn link(pair: &Pair, ties: Vec<usize>) -> Link {
    Link {
        parent: pair.parent as usize,
        kind: pair.kind,
        confidence: confidence(pair, ties.len()),
        basis: pair.basis,
        tied_with: ties,
    }
}

/// Probability that a link is right, by its kind and how contested it was.
fn confidence(pair: &Pair, ties: usize) -> f64 {
    let base = match pair.kind {
        LinkKind::ResourceId | LinkKind::IssuedCredentials if pair.decisive => 0.99,
        LinkKind::RequestId => 0.98,
        LinkKind::ResourceId | LinkKind::IssuedCredentials => 0.95,
        LinkKind::Session => 0.9,
        LinkKind::Key => 0.88,
        LinkKind::Time if pair.basis.has(Basis::ROLE) => 0.85,
        LinkKind::Time if pair.basis.has(Basis::USUAL_LAG) => 0.75,
        LinkKind::Time => 0.6,
        LinkKind::SharedEvent => 1.0,
    };
    let shared: f64 = base / (ties as f64 + 1.0);
    (shared * 100.0).round() / 100.0
}
