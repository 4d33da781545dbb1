//! Chains: for every call that a service made, the call it was made for.
//!
//! No single key works for every service, so evidence adds up. Ids that stand in both records,
//! a shared request id and issued credentials decide at once. What they decide teaches how the
//! rest behaves (which key belongs to which secret, how many children a root has), and the calls
//! that lost their parameters, as denied KMS calls do, are then assigned together so that two of
//! them do not claim the same root.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::assign::{Assignment, Turn};
use super::call::{Child, Token};
use super::chains::{Chains, Learned, Settled};
use super::criteria::ParentCriteria;
use super::failed_work;
use super::id_hash::{IdHash, IdHasher};
use super::index::{Index, Sources};
use super::keys;
use super::knowledge::Knowledge;
use super::lags::Lags;
use super::learned::Habits;
use super::link::Synthesized;
use super::names::{ActionId, EventKind, Names};
use super::prepared;
use super::roles::Roles;
use super::session::Sessions;
use super::weigh::Scales;
use crate::event::{self, CallerKind, Event};

type Map<K, V> = HashMap<K, V, RandomState>;

impl Chains {
    /// Links `events`, which must be sorted by time and id.
    pub fn build(events: &[Event], knowledge: &Knowledge) -> Chains {
        let roles = Roles::learn(events);
        let learned = Learned { roles, ..Learned::default() };
        Chains::build_with(events, &[], knowledge, learned, &|_| Turn::Now)
    }

    /// Links `events`, which must be sorted by time and id and may be a stretch of more; `quiet` are
    /// calls of the same time that nothing hangs on, `learned` is what earlier ones taught, and `turn` says
    /// of each event by its position when it is settled.
    pub fn build_with(
        events: &[Event],
        quiet: &[Event],
        knowledge: &Knowledge,
        learned: Learned,
        turn: &dyn Fn(usize) -> Turn,
    ) -> Chains {
        let Learned { roles, habits: earlier, keys: known_keys, runs, hasher } = learned;
        let names = Names::new(events, knowledge);
        let mut sessions = Sessions::new(events, &names, &hasher);
        sessions.learn_handed((events, quiet), &names, &roles, knowledge.table(), &hasher);
        let mut chains =
            Chains { links: Vec::new(), copies: copies(events, &hasher), ..Chains::default() };
        chains.links.resize_with(events.len(), || None);
        let mut children: Vec<Child> = events
            .par_iter()
            .enumerate()
            .filter(|(i, _)| !chains.copies.contains_key(i))
            .filter_map(|(i, e)| {
                let brief = names.brief(i).filter(|brief| brief.kind != EventKind::Notification)?;
                let is_kms = names.of(i).is_some_and(|name| name.is_kms);
                let kind = sessions.child_kind(e, brief.signed, is_kms, &hasher)?;
                Some(Child::new(i, e, kind, &names, &hasher))
            })
            .collect();
        // No record tells a service role by itself.
        let told = children.iter().filter(|c| c.kind == CallerKind::ServiceRole);
        let told: Vec<usize> = told.map(|c| c.index).collect();
        lend_tokens(&mut children, &sessions, &hasher);
        let criteria = asked(&mut children, knowledge, &names);
        chains.roles = roles;
        let sources = Sources { names: &names, knowledge, roles: &chains.roles, hasher: &hasher };
        let mut index = Index::new(events, &children, &criteria, &chains.copies, &sources);
        let known_keys = known_keys.and(&children, &hasher);
        index.learn_keys(&known_keys);
        let (lags, runs) = Lags::learn(&children, &criteria, &index, &names, (&hasher, runs));
        let scales = Scales {
            events,
            index: &index,
            lags: &lags,
            sessions: &sessions,
            knowledge,
            names: &names,
            criteria: &criteria,
            hasher: &hasher,
        };
        let habits = earlier.each_ref().map(|earlier| Habits::of(earlier, &names));
        let taught = habits.clone();
        let learning =
            Assignment { events, children: &children, names: &names, habits, turn, taught };
        let taught = learning.run(&scales, &mut chains);
        let mut earlier = earlier.into_iter();
        chains.habits =
            taught.map(|taught| taught.remember(earlier.next().unwrap_or_default(), &names));
        // Who runs with a role makes calls as any principal does, so that it mattered for nothing
        // above.
        let programs =
            children.par_iter().filter(|c| sessions.is_program(c.event, c.kind, &hasher));
        let programs: Vec<usize> = programs.map(|c| c.index).collect();
        prepared::link(&mut chains, events, &names, knowledge.table());
        chains.fall_back(&children, knowledge);
        chains.keys = keys::inferred(events, &children, &chains, &index, &known_keys, &hasher);
        chains.failed_work = failed_work::failed(events, &names, knowledge.table());
        chains.list_children();
        chains.kms = names.all().iter().map(|name| name.is_kms).collect();
        chains.runs = names.all().iter().map(|name| name.runs).collect();
        (chains.names, chains.kinds) = names.into_numbers();
        for index in told.into_iter().chain(programs) {
            if let Some(kind) = chains.kinds.get_mut(index) {
                *kind = CallerKind::ServiceRole;
            }
        }
        chains.sessions = sessions;
        (chains.known_keys, chains.known_runs, chains.hasher) = (known_keys, runs, hasher);
        chains
    }

    /// What found no parent: the user call may not be in the log at all.
    fn fall_back(&mut self, children: &[Child<'_>], knowledge: &Knowledge) {
        let found: Vec<(usize, Synthesized)> = children
            .par_iter()
            .filter(|child| child.kind == CallerKind::ForwardAccessSession)
            .filter(|child| self.link(child.index).is_none())
            .filter_map(|child| {
                let context = super::kms::encryption_context(child.event);
                Some((child.index, knowledge.synthesize(child.event, &context)?))
            })
            .collect();
        self.synthesized = found.into_iter().collect();
    }

    /// Chains of events whose links are known.
    pub fn assemble(
        events: &[Event],
        knowledge: &Knowledge,
        learned: Learned,
        settled: Vec<Settled>,
    ) -> Chains {
        let Learned { roles, habits, keys, runs, hasher } = learned;
        let names = Names::new(events, knowledge);
        let mut chains = Chains { copies: copies(events, &hasher), ..Chains::default() };
        chains.links.resize_with(events.len(), || None);
        let mut sessions = Sessions::new(events, &names, &hasher);
        sessions.learn_handed((events, &[]), &names, &roles, knowledge.table(), &hasher);
        chains.failed_work = failed_work::failed(events, &names, knowledge.table());
        chains.kms = names.all().iter().map(|name| name.is_kms).collect();
        chains.runs = names.all().iter().map(|name| name.runs).collect();
        (chains.names, chains.kinds) = names.into_numbers();
        chains.settle(settled.into_iter().enumerate());
        chains.sessions = sessions;
        (chains.roles, chains.habits) = (roles, habits);
        (chains.known_keys, chains.known_runs) = (keys, runs);
        chains.hasher = hasher;
        chains
    }

    /// Names the keys of calls that lost theirs by what the other events tell: a stretch may lack the
    /// calls that show which key a thing is used with. `lost` are positions.
    pub fn name_keys(&mut self, events: &[Event], knowledge: &Knowledge, lost: &[usize]) {
        if lost.is_empty() {
            return;
        }
        let again = {
            let (roles, habits) = (self.roles.clone(), self.habits.clone());
            let (keys, runs) = (self.known_keys.clone(), self.known_runs.clone());
            let learned = Learned { roles, habits, keys, runs, hasher: self.hasher.clone() };
            Chains::build_with(events, &[], knowledge, learned, &|_| Turn::Before)
        };
        for at in lost {
            let parent = |chains: &Chains| chains.link(*at).map(|link| link.parent);
            if let Some(key) = again.keys.get(at).filter(|_| parent(&again) == parent(self)) {
                self.keys.entry(*at).or_insert_with(|| key.clone());
            }
        }
    }
}

/// Copies of one call: same `sharedEventID`, different `eventID`. The original is the caller's own.
fn copies(events: &[Event], hasher: &IdHasher) -> BTreeMap<usize, usize> {
    let shared = events.par_iter().enumerate().filter_map(|(i, event)| {
        let shared = event.get(event::Field::SharedEventId)?;
        Some((hasher.of(shared), i))
    });
    let mut shared: Vec<(IdHash, usize)> = shared.collect();
    shared.par_sort_unstable();
    let is_own = |(_, i): &&(IdHash, usize)| {
        events.get(*i).is_some_and(|e| {
            e.caller_account().is_some()
                && e.caller_account() == e.get(event::Field::RecipientAccountId)
        })
    };
    let mut copies = BTreeMap::new();
    for group in shared.chunk_by(|(one, _), (other, _)| one == other).filter(|g| g.len() > 1) {
        if let Some((_, original)) = group.iter().find(is_own).or_else(|| group.first()) {
            let others = group.iter().map(|(_, i)| *i).filter(|i| i != original);
            copies.extend(others.map(|i| (i, *original)));
        }
    }
    copies
}

/// An `AssumeRole` by a service says little of what the service is about to do; what is then done
/// with the session says it (the table to back up, the group to scale).
fn lend_tokens(children: &mut [Child<'_>], sessions: &Sessions, hasher: &IdHasher) {
    let mut lent: BTreeMap<usize, Vec<Token>> = BTreeMap::new();
    for child in children.iter() {
        if matches!(child.kind, CallerKind::ServiceRole | CallerKind::ServiceLinkedRole)
            && let Some(issuer) = sessions
                .issuer_by_key(child.event, hasher)
                .or_else(|| sessions.issuer_by_date(child.event, hasher))
        {
            let lent = lent.entry(issuer).or_default();
            // A session that does a thousand things is not told by what it does.
            if lent.len() < MOST_LENT {
                lent.extend_from_slice(&child.tokens);
            }
        }
    }
    for child in children.iter_mut() {
        if let Some(tokens) = lent.remove(&child.index) {
            child.borrow_tokens(&tokens);
        }
    }
}

/// Tokens of its session that an `AssumeRole` is told by.
const MOST_LENT: usize = 256;

/// Numbers the calls by what the table is asked about them, and asks it once for each.
fn asked(
    children: &mut [Child<'_>],
    knowledge: &Knowledge,
    names: &Names<'_>,
) -> Vec<ParentCriteria> {
    let mut numbers: Map<(ActionId, CallerKind, IdHash), u32> = Map::default();
    let mut criteria = Vec::new();
    for child in children {
        let next = criteria.len() as u32;
        let told = (child.action, child.kind, child.invokers);
        child.criteria = *numbers.entry(told).or_insert_with(|| {
            let context = super::kms::encryption_context(child.event);
            let keys = context.iter().map(|(key, _)| key.as_str());
            let invokers = knowledge.invokers(child.event.invoked_by(), keys);
            let action = names.action_text(child.action);
            criteria.push(knowledge.criteria(invokers, action, child.kind, names));
            next
        });
    }
    criteria
}
