//! Chains: for every call that a service made, the call it was made for.
//!
//! No single key works for every service, so evidence adds up. Ids that stand in both records,
//! a shared request id and issued credentials decide at once. What they decide teaches how the
//! rest behaves (which key belongs to which secret, how many children a root has), and the calls
//! that lost their parameters, as denied KMS calls do, are then assigned together so that two of
//! them do not claim the same root.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::assign::{Assignment, Turn};
use super::call::{Child, Token};
use super::evidence;
use super::failed_work::{self, FailedWork};
use super::id_hash::{IdHash, IdHasher};
use super::index::{Index, Sources};
use super::keys::{self, InferredKey};
use super::knowledge::{Knowledge, ParentCriteria};
use super::lags::{Lags, Runs};
use super::learned::{Habits, Keys, Remembered};
use super::link::{Link, LinkKind, Synthesized};
use super::names::{ActionId, EventKind, Names};
use super::prepared;
use super::roles::Roles;
use super::session::Sessions;
use super::weigh::Scales;
use crate::event::{self, CallerKind, Event};
use crate::wording::Sentence;

type Map<K, V> = HashMap<K, V, RandomState>;

/// Every link of an export, by position among its events.
#[derive(Debug, Default)]
pub struct Chains {
    links: Vec<Option<Box<Link>>>,
    /// Who signed each call.
    kinds: Vec<CallerKind>,
    /// Calls that were made for others, ordered by parent and time.
    children: Vec<usize>,
    /// Parents in order, and where in `children` theirs begin; one more at the end.
    parents: Vec<(usize, usize)>,
    /// Number of the pair of event source and event name of each call.
    names: Vec<u32>,
    /// Whether calls of that number are calls to KMS.
    kms: Vec<bool>,
    /// Whether calls of that number start one run of a program.
    runs: Vec<bool>,
    copies: BTreeMap<usize, usize>,
    synthesized: BTreeMap<usize, Synthesized>,
    keys: BTreeMap<usize, InferredKey>,
    failed_work: BTreeMap<usize, FailedWork>,
    roles: Roles,
    habits: [Remembered; 2],
    known_keys: Keys,
    known_runs: Runs,
    sessions: Sessions,
    hasher: IdHasher,
}

/// What stretches of an export teach those that follow.
#[derive(Debug, Default, Clone)]
pub struct Learned {
    /// Which role a thing runs with.
    pub roles: Roles,
    /// What regularly follows what.
    habits: [Remembered; 2],
    /// Which keys are used with what.
    keys: Keys,
    /// How soon services take on roles.
    runs: Runs,
    /// What marks are made with: the same text has the same in every stretch.
    hasher: IdHasher,
}

/// What linking found for one event. Positions are those of the events it was found among.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// What it was made for.
    pub link: Option<Link>,
    /// Who signed it.
    kind: Option<CallerKind>,
    /// The call behind it that is not in the log.
    synthesized: Option<Synthesized>,
    /// The key that it lost.
    key: Option<InferredKey>,
}

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
                let context = super::call::encryption_context(child.event);
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

    /// Puts what is settled of some events in the place of what was found for them.
    pub fn settle(&mut self, settled: impl Iterator<Item = (usize, Settled)>) {
        for (index, one) in settled {
            if let Some(place) = self.links.get_mut(index) {
                *place = one.link.map(Box::new);
            }
            if let (Some(place), Some(kind)) = (self.kinds.get_mut(index), one.kind) {
                *place = kind;
            }
            self.synthesized.remove(&index);
            self.synthesized.extend(one.synthesized.map(|call| (index, call)));
            self.keys.remove(&index);
            self.keys.extend(one.key.map(|key| (index, key)));
        }
        self.list_children();
    }

    /// What was found for the event at `index`.
    pub fn settled(&self, index: usize) -> Settled {
        Settled {
            link: self.link(index).cloned(),
            kind: self.kinds.get(index).copied(),
            synthesized: self.synthesized.get(&index).cloned(),
            key: self.keys.get(&index).cloned(),
        }
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

    /// What was learned, taken out.
    pub fn take_learned(&mut self) -> Learned {
        Learned {
            roles: std::mem::take(&mut self.roles),
            habits: std::mem::take(&mut self.habits),
            keys: {
                self.known_keys.forget();
                std::mem::take(&mut self.known_keys)
            },
            runs: std::mem::take(&mut self.known_runs),
            hasher: self.hasher.clone(),
        }
    }

    fn list_children(&mut self) {
        self.parents.clear();
        let mut pairs: Vec<(usize, usize)> = self
            .links
            .iter()
            .enumerate()
            .filter_map(|(child, link)| Some((link.as_ref()?.parent, child)))
            .collect();
        pairs.par_sort_unstable();
        for (at, (parent, _)) in pairs.iter().enumerate() {
            if self.parents.last().is_none_or(|(last, _)| last != parent) {
                self.parents.push((*parent, at));
            }
        }
        self.parents.push((usize::MAX, pairs.len()));
        self.children = pairs.into_iter().map(|(_, child)| child).collect();
    }

    /// Every link, by position of the child, for those that put one parent for another.
    pub(super) fn links_mut(&mut self) -> impl Iterator<Item = (usize, &mut Link)> {
        let links = self.links.iter_mut().enumerate();
        links.filter_map(|(child, link)| Some((child, link.as_deref_mut()?)))
    }

    pub(super) fn set_link(&mut self, child: usize, link: Link) {
        if let Some(place) = self.links.get_mut(child) {
            *place = Some(Box::new(link));
        }
    }

    /// How the call at `index` belongs to its parent; `None` for roots.
    pub fn link(&self, index: usize) -> Option<&Link> {
        self.links.get(index)?.as_deref()
    }

    /// What matched between the call at `index` and its parent, strongest first; empty for roots.
    pub fn evidence(&self, index: usize, events: &[Event]) -> Vec<Sentence> {
        evidence::evidence(self, index, events)
    }

    /// A number that calls share which have the same event source and event name.
    pub fn name(&self, index: usize) -> Option<u32> {
        self.names.get(index).copied()
    }

    /// Whether the call at `index` is one to KMS.
    pub fn is_kms(&self, index: usize) -> bool {
        self.name(index).and_then(|name| self.kms.get(name as usize)).copied().unwrap_or(false)
    }

    /// Calls that have any below them, in order of time.
    pub fn parents(&self) -> impl Iterator<Item = usize> {
        self.parents.iter().map(|(parent, _)| *parent).filter(|parent| *parent != usize::MAX)
    }

    /// The calls made directly for the call at `index`, in order of time.
    pub fn children(&self, index: usize) -> &[usize] {
        let Ok(at) = self.parents.binary_search_by_key(&index, |(parent, _)| *parent) else {
            return &[];
        };
        match (self.parents.get(at), self.parents.get(at + 1)) {
            (Some((_, from)), Some((_, to))) => self.children.get(*from..*to).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The topmost logged call that the call at `index` was made for; itself when it is a root.
    pub fn root(&self, index: usize) -> usize {
        let mut at = index;
        // A chain is never deeper than it has calls; the bound only guards against a cycle.
        for _ in 0..64 {
            match self.link(at) {
                Some(link) => at = link.parent,
                None => break,
            }
        }
        at
    }

    /// The call that was asked for: the first on the way up that a person or a program made itself,
    /// else the top of the chain. What is above a principal's own call only made it possible: it
    /// began the session, or prepared what the call then carried out. But what a program does in
    /// a run that a call started is what that call asked for.
    pub fn asked(&self, index: usize, events: &[Event]) -> usize {
        let is_own = |at: usize| {
            events.get(at).is_some_and(|event| event.is_own_hop(self.caller_kind(at, event)))
        };
        let mut at = index;
        for _ in 0..64 {
            match self.link(at).filter(|link| !is_own(at) || self.is_of_run(link)) {
                Some(link) => at = link.parent,
                None => break,
            }
        }
        at
    }

    /// Whether the session in which a call was made began with a run that another call started.
    fn is_of_run(&self, link: &Link) -> bool {
        let start = self.link(link.parent).map(|begun| begun.parent);
        let name = start.and_then(|start| self.name(start));
        link.kind == LinkKind::IssuedCredentials
            && name.is_some_and(|name| self.runs.get(name as usize) == Some(&true))
    }

    /// How sure it is that the call at `index` was made for the call that was asked for, 0 to 1: its
    /// weakest link. A link that other parents fit as well is worth its share. `None` where
    /// the call itself is what was asked for, or nothing above it is in the log.
    pub fn root_confidence(&self, index: usize, events: &[Event]) -> Option<f64> {
        let asked = self.asked(index, events);
        let mut weakest: Option<f64> = None;
        let mut at = index;
        while at != asked {
            let link = self.link(at)?;
            weakest = Some(weakest.map_or(link.confidence, |least| least.min(link.confidence)));
            at = link.parent;
        }
        weakest
    }

    /// Which role a thing runs with, as the calls of the log tell.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The call at `root` and all calls made for it, parents before children.
    pub fn members(&self, root: usize) -> Vec<usize> {
        let mut members = vec![root];
        let mut next = 0;
        while let Some(&at) = members.get(next) {
            members.extend_from_slice(self.children(at));
            next += 1;
        }
        members
    }

    /// The calls made for what the call at `index` was made for, parents before children, without
    /// what else was only read in a long session that a service took on for it.
    pub fn work(&self, index: usize, events: &[Event]) -> Vec<usize> {
        let root = self.asked(index, events);
        let members = self.members(root);
        if index == root {
            return members;
        }
        let mut line = HashSet::from([index]);
        let mut at = index;
        while let Some(link) = self.link(at).filter(|_| at != root) {
            at = link.parent;
            line.insert(at);
        }
        let is_aside = |at: usize| {
            let in_session =
                self.link(at).is_some_and(|link| link.kind == LinkKind::IssuedCredentials);
            let reads = |e: &Event| !e.failed() && event::is_read_like(e.name());
            in_session
                && !line.contains(&at)
                && !self.is_kms(at)
                && self.children(at).is_empty()
                && events.get(at).is_some_and(reads)
        };
        let aside: HashSet<usize> = members.iter().copied().filter(|at| is_aside(*at)).collect();
        match aside.len() > MOST_ASIDE {
            true => members.into_iter().filter(|at| !aside.contains(at)).collect(),
            false => members,
        }
    }

    /// Roots that have at least one call below them, in order of time.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        self.parents().filter(|&i| self.link(i).is_none())
    }

    /// Who signed the call, with what its chain tells: a session that a service's `AssumeRole`
    /// issued is a service role, though the record alone looks like a forward access session.
    pub fn caller_kind(&self, index: usize, event: &Event) -> CallerKind {
        self.kinds.get(index).copied().unwrap_or_else(|| event.caller_kind())
    }

    /// The call that the one at `index` is another account's copy of.
    pub fn copy_of(&self, index: usize) -> Option<usize> {
        self.copies.get(&index).copied()
    }

    /// Position of the call that issued the session of `event`, by its access key or by session and
    /// creation date.
    pub fn issuer(&self, event: &Event) -> Option<usize> {
        self.sessions
            .issuer_by_key(event, &self.hasher)
            .or_else(|| self.sessions.issuer_by_date(event, &self.hasher))
    }

    /// The KMS key of a denied call whose text does not name it, as its chain tells: the key that
    /// the parent names, or the only key ever used for what the parent was about.
    pub fn inferred_key(&self, index: usize) -> Option<&str> {
        self.keys.get(&index).map(|key| key.arn.as_str())
    }

    /// Whether the record of a call above names the key of [`Chains::inferred_key`].
    pub fn is_key_named(&self, index: usize) -> bool {
        self.keys.get(&index).is_some_and(|key| key.is_named)
    }

    /// The unlogged user call behind the call at `index`.
    pub fn synthesized(&self, index: usize) -> Option<&Synthesized> {
        self.synthesized.get(&index)
    }

    /// That work failed, if the event at `index` is one in which a service tells of its end.
    pub fn failed_work(&self, index: usize) -> Option<&FailedWork> {
        self.failed_work.get(&index)
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

/// So many reads of a session are shown with its work.
const MOST_ASIDE: usize = 12;

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
            let context = super::call::encryption_context(child.event);
            let keys = context.iter().map(|(key, _)| key.as_str());
            let invokers = knowledge.invokers(child.event.invoked_by(), keys);
            let action = names.action_text(child.action);
            criteria.push(knowledge.criteria(invokers, action, child.kind, names));
            next
        });
    }
    criteria
}
