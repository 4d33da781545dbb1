//! Chains: for every call that a service made, the call it was made for.
//!
//! This is the result of linking, and what is asked of it. [`Chains::build`] makes it. Positions are
//! those of the events that it was built of; a position beyond them has no link and no children.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;

use super::failed_work::FailedWork;
use super::id_hash::IdHasher;
use super::lags::Runs;
use super::learned::{Keys, Remembered};
use super::link::{Link, LinkKind, Synthesized};
use super::roles::Roles;
use super::session::Sessions;
use crate::event::{self, CallerKind, Event};

/// Every link of an export, by position among its events.
#[derive(Debug, Default)]
pub struct Chains {
    pub(super) links: Vec<Option<Box<Link>>>,
    /// Who signed each call.
    pub(super) kinds: Vec<CallerKind>,
    /// Calls that were made for others, ordered by parent and time.
    pub(super) children: Vec<usize>,
    /// Parents in order, and where in `children` theirs begin; one more at the end.
    pub(super) parents: Vec<(usize, usize)>,
    /// Number of the pair of event source and event name of each call.
    pub(super) names: Vec<u32>,
    /// Whether calls of that number are calls to KMS.
    pub(super) kms: Vec<bool>,
    /// Whether calls of that number start one run of a program.
    pub(super) runs: Vec<bool>,
    pub(super) copies: BTreeMap<usize, usize>,
    pub(super) synthesized: BTreeMap<usize, Synthesized>,
    pub(super) keys: BTreeMap<usize, InferredKey>,
    pub(super) failed_work: BTreeMap<usize, FailedWork>,
    pub(super) roles: Roles,
    pub(super) habits: [Remembered; 2],
    pub(super) known_keys: Keys,
    pub(super) known_runs: Runs,
    pub(super) sessions: Sessions,
    pub(super) hasher: IdHasher,
}

/// What stretches of an export teach those that follow.
#[derive(Debug, Default, Clone)]
pub struct Learned {
    /// Which role a thing runs with.
    pub roles: Roles,
    /// What regularly follows what.
    pub(super) habits: [Remembered; 2],
    /// Which keys are used with what.
    pub(super) keys: Keys,
    /// How soon services take on roles.
    pub(super) runs: Runs,
    /// What marks are made with: the same text has the same in every stretch.
    pub(super) hasher: IdHasher,
}

/// What linking found for one event. Positions are those of the events it was found among.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// What it was made for.
    pub link: Option<Link>,
    /// Who signed it.
    pub(super) kind: Option<CallerKind>,
    /// The call behind it that is not in the log.
    pub(super) synthesized: Option<Synthesized>,
    /// The key that it lost.
    pub(super) key: Option<InferredKey>,
}

/// A key that a call does not name itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InferredKey {
    /// Its ARN.
    pub arn: String,
    /// Whether the record of a call above names it; else it is only the key that was always used there.
    pub is_named: bool,
}

impl Chains {
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

    pub(super) fn list_children(&mut self) {
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

/// So many reads of a session are shown with its work.
const MOST_ASIDE: usize = 12;
