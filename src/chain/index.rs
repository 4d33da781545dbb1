//! Finds the calls that may be the parent of another: by id, by session, by request id, and by
//! service and account.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::{self, Child, Region, role_hash, tokens_of};
use super::criteria::ParentCriteria;
use super::id_hash::{IdFilter, IdHash, IdHasher, IdLists};
use super::kms::{alias_in, names_key_member, place};
use super::knowledge::Knowledge;
use super::learned::Keys;
use super::names::{EventKind, Name, Names, SourceId};
use super::roles::Roles;
use crate::event::{self, CallerKind, Event, Failure, Field, IdentityType, Time, json};

/// What a possible parent says, as far as some child asks for it.
#[derive(Debug)]
pub(super) struct RootFacts {
    /// Position among the events.
    pub index: usize,
    pub time: Time,
    /// Number of its names.
    pub names: u32,
    pub principal: Option<IdHash>,
    pub request: Option<IdHash>,
    pub account: Option<IdHash>,
    pub region: Option<Region>,
    pub caller_account: Option<IdHash>,
    pub invoked_by: Option<IdHash>,
    pub session_created: Option<Time>,
    /// Whether it is a user's own call.
    pub is_root: bool,
    /// Signed by a service as itself.
    pub by_service: bool,
    /// No call, but a service's note of its own work.
    pub is_service_event: bool,
    /// Refused as such, so that no service began to work on it.
    pub refused: bool,
    pub failed: bool,
    /// Says that it needs no key.
    pub keyless: bool,
    /// Names of the roles that what it names runs with.
    runs_with: Vec<IdHash>,
    pub sign_in: Option<IdHash>,
    words: Vec<IdHash>,
    /// Names of roles among the words.
    roles: Vec<IdHash>,
    named_keys: NamedKeys,
    /// Keys that what it names was seen with.
    usual_keys: Vec<IdHash>,
}

/// KMS keys that a call names.
#[derive(Debug, Default)]
struct NamedKeys {
    /// Ids at the end of ARNs, or alone.
    ids: Vec<IdHash>,
    /// Aliases, with where they apply.
    aliases: Vec<IdHash>,
    /// ARNs of the keys that the aliases lead to.
    behind: Vec<IdHash>,
}

impl RootFacts {
    pub(super) fn says_something(&self) -> bool {
        !self.words.is_empty()
    }

    pub(super) fn has(&self, token: IdHash) -> bool {
        self.words.binary_search(&token).is_ok()
    }

    /// Whether `token` is the name of a role it names by ARN.
    pub(super) fn has_role(&self, token: IdHash) -> bool {
        self.roles.contains(&token)
    }

    /// Whether something that it names runs with the role, or it names the role.
    pub(super) fn runs_with(&self, role: IdHash) -> bool {
        self.runs_with.contains(&role)
    }

    /// Whether it names another role to run with, or something that runs with another.
    pub(super) fn runs_with_another(&self, role: IdHash) -> bool {
        !self.runs_with.is_empty() && !self.runs_with(role)
    }

    /// Whether one of the keys it names is `key`: the ARN, the id at its end, or an alias known to
    /// lead to it. `None` when it names no key or only aliases that are not known.
    pub(super) fn names_key(&self, key: call::KeyHashes) -> Option<bool> {
        let keys = &self.named_keys;
        if keys.ids.contains(&key.id) || keys.behind.contains(&key.arn) {
            return Some(true);
        }
        (!keys.ids.is_empty() || !keys.behind.is_empty()).then_some(false)
    }

    /// Whether `key` was seen with what the call names; `None` when no key was.
    pub(super) fn usually_uses(&self, key: call::KeyHashes) -> Option<bool> {
        (!self.usual_keys.is_empty()).then(|| self.usual_keys.contains(&key.arn))
    }

    pub(super) fn usual_keys(&self) -> &[IdHash] {
        &self.usual_keys
    }
}

/// The possible parents of an export.
#[derive(Debug)]
pub(super) struct Index {
    /// In order of time.
    facts: Vec<RootFacts>,
    by_token: IdLists,
    by_session: IdLists,
    by_request: IdLists,
    by_service: Vec<(IdHash, SourceId, u32)>,
}

/// No child looks at more parents of one list than this, nearest in time first.
const MOST: usize = 48;
/// So many of a list are looked at for those that fit.
const LOOKED_AT: usize = 512;
/// How much earlier than its parent a child can be stamped.
const EARLY: i64 = 3;
/// The same of an assistant's call, whose parent is stamped when the tool has answered.
const EARLY_AGENT: i64 = 120;
/// So many calls may say an id that still ties them over a day.
const FEW: usize = 32;
/// So many may say an id by which they are looked for.
const SOME: usize = 256;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

impl Index {
    pub(super) fn new(
        events: &[Event],
        children: &[Child<'_>],
        criteria: &[ParentCriteria],
        copies: &BTreeMap<usize, usize>,
        sources: &Sources<'_, '_>,
    ) -> Self {
        let names = sources.names;
        let tokens = children.iter().flat_map(|c| c.tokens.iter().map(|t| t.hash));
        let about: usize = children.iter().map(|c| c.tokens.len()).sum();
        let wanted = IdFilter::new(tokens, about * 16);
        let requests =
            IdFilter::new(children.iter().filter_map(|c| c.request), children.len() * 16);
        let principals = IdFilter::new(children.iter().filter_map(|c| c.principal), children.len());
        let scope = Scope {
            sources,
            names,
            hasher: sources.hasher,
            wanted: &wanted,
            requests: &requests,
            principals: &principals,
            services: &asked_by_service(children, criteria),
        };
        let facts: Vec<RootFacts> = events
            .par_iter()
            .enumerate()
            .filter(|(i, e)| scope.takes(*i, e) && !copies.contains_key(i))
            .map(|(i, e)| scope.facts(i, e))
            .filter(|facts| scope.is_asked_for(facts))
            .collect();
        let mut index = Index {
            by_session: listed(&facts, |f| f.principal.filter(|who| principals.has(*who))),
            by_request: listed(&facts, |f| f.request.filter(|id| requests.has(*id))),
            by_token: IdLists::default(),
            by_service: facts
                .iter()
                .zip(0..)
                .filter_map(|(f, at)| Some((f.account?, names.get(f.names)?.source, at)))
                .filter(|(account, source, _)| scope.services.contains(&(*account, *source)))
                .collect(),
            facts,
        };
        index.by_service.par_sort_unstable();
        index.list_words();
        if index.follow_grants(children, names) {
            index.list_words();
        }
        index
    }

    fn list_words(&mut self) {
        let entries: Vec<(IdHash, u32)> = self
            .facts
            .par_iter()
            .enumerate()
            .flat_map_iter(|(at, f)| f.words.iter().map(move |w| (*w, at as u32)))
            .collect();
        self.by_token = IdLists::new(entries);
    }

    /// A volume made by `RunInstances` stands in no response; the grant for it names both the
    /// volume and the instance, so who asks for the volume finds the instance's launch.
    fn follow_grants(&mut self, children: &[Child<'_>], names: &Names<'_>) -> bool {
        let mut lent: Vec<(u32, IdHash)> = Vec::new();
        let mut launches: HashMap<IdHash, Vec<(u32, Time)>, RandomState> = HashMap::default();
        for child in children {
            let Some(instance) = child.grantee else { continue };
            let launches = launches.entry(instance).or_insert_with(|| {
                let sayers = self.by_token.get(instance).iter();
                let facts = sayers.filter_map(|(_, at)| Some((*at, self.at(*at)?)));
                let is_launch = |f: &RootFacts| {
                    let name = names.get(f.names);
                    name.is_some_and(|n| names.action_text(n.action) == "ec2:RunInstances")
                };
                facts.filter(|(_, f)| is_launch(f)).map(|(at, f)| (at, f.time)).collect()
            });
            let near =
                |(_, time): &&(u32, Time)| child.event.time.seconds_since(*time).abs() < HOUR;
            for (launch, _) in launches.iter().filter(near) {
                let volumes = child.tokens.iter().take(child.in_context);
                lent.extend(volumes.map(|volume| (*launch, volume.hash)));
            }
        }
        for (launch, volume) in &lent {
            if let Some(facts) = self.facts.get_mut(*launch as usize)
                && let Err(place) = facts.words.binary_search(volume)
            {
                facts.words.insert(place, *volume);
            }
        }
        !lent.is_empty()
    }

    /// Adds what is known of keys: which aliases lead where, and what was used with which.
    pub(super) fn learn_keys(&mut self, keys: &Keys) {
        self.facts.par_iter_mut().for_each(|facts| {
            let named = &mut facts.named_keys;
            named.behind = named.aliases.iter().flat_map(|a| keys.behind(*a)).copied().collect();
            facts.usual_keys =
                facts.words.iter().flat_map(|w| keys.used_with(*w)).copied().collect();
            facts.usual_keys.sort_unstable();
            facts.usual_keys.dedup();
        });
    }

    /// The facts at a position of a candidate list.
    pub(super) fn at(&self, position: u32) -> Option<&RootFacts> {
        self.facts.get(position as usize)
    }

    /// The facts of the event at `index`.
    pub(super) fn facts(&self, index: usize) -> Option<&RootFacts> {
        let at = self.facts.binary_search_by_key(&index, |f| f.index).ok()?;
        self.facts.get(at)
    }

    /// Every call that shares an id or the request id with the child, each once, in order of time.
    /// `worth` is told how much each token of the child says.
    pub(super) fn by_id(
        &self,
        child: &Child<'_>,
        wanted_parent: &ParentCriteria,
        found: &mut Vec<u32>,
        worth: &mut Vec<f64>,
    ) {
        for token in &child.tokens {
            let sayers = self.by_token.get(token.hash);
            worth.push(worth_of(sayers.len()));
            // What half the export says ties nothing over time, or at all.
            match sayers.len() {
                few if few <= FEW => self.add_near(found, sayers, child, DAY),
                some if some <= SOME => self.add_near(found, sayers, child, wanted_parent.reach),
                _ => {}
            }
        }
        if let Some(request) = child.request {
            self.add_near(found, self.by_request.get(request), child, HOUR);
        }
        found.sort_unstable();
        found.dedup();
    }

    /// Every call that may be the child's parent by session or by service, in order of time. A role's
    /// session whose beginning the log has is looked for by that alone.
    pub(super) fn by_circumstance(
        &self,
        child: &Child<'_>,
        wanted_parent: &ParentCriteria,
        begun: bool,
        found: &mut Vec<u32>,
    ) {
        if let Some(principal) = child.principal {
            self.add_fitting(found, self.by_session.get(principal), child, wanted_parent);
        }
        let by_service = match child.kind {
            CallerKind::ServicePrincipal => true,
            CallerKind::ServiceRole => !begun,
            _ => false,
        };
        if by_service && let Some(account) = child.account {
            for source in &wanted_parent.answered {
                self.add_fitting(found, self.of_service(account, *source), child, wanted_parent);
            }
        }
        found.sort_unstable();
        found.dedup();
    }

    fn add_fitting<E: Entry>(
        &self,
        found: &mut Vec<u32>,
        list: &[E],
        child: &Child<'_>,
        wanted_parent: &ParentCriteria,
    ) {
        let from = child.event.time.plus_seconds(-wanted_parent.reach);
        let facts = self.until(list, child).filter_map(|at| Some((at, self.at(at)?)));
        let near = facts.take(LOOKED_AT).take_while(|(_, f)| f.time >= from);
        found
            .extend(near.filter(|(_, f)| wanted_parent.fits(f.names)).map(|(at, _)| at).take(MOST));
    }

    fn of_service(&self, account: IdHash, source: SourceId) -> &[(IdHash, SourceId, u32)] {
        let list = &self.by_service;
        let from = list.partition_point(|(a, s, _)| (*a, *s) < (account, source));
        let to = list.partition_point(|(a, s, _)| (*a, *s) <= (account, source));
        list.get(from..to).unwrap_or_default()
    }

    /// The entries of a time-ordered list from `before` seconds before the child to just after it.
    fn add_near<E: Entry>(&self, found: &mut Vec<u32>, list: &[E], child: &Child<'_>, before: i64) {
        let from = child.event.time.plus_seconds(-before);
        let near = self.until(list, child).take(MOST);
        found.extend(near.take_while(|at| self.at(*at).is_some_and(|f| f.time >= from)));
    }

    /// The entries of a time-ordered list up to just after the child, nearest first.
    fn until<'l, E: Entry>(
        &'l self,
        list: &'l [E],
        child: &Child<'_>,
    ) -> impl Iterator<Item = u32> + use<'l, E> {
        let latest = child.event.time.plus_seconds(early(child.kind));
        let at = |entry: &E| self.at(entry.position()).map(|f| f.time).unwrap_or_default();
        let to = match list.last() {
            Some(last) if at(last) <= latest => list.len(),
            _ => list.partition_point(|e| at(e) <= latest),
        };
        list.get(..to).unwrap_or_default().iter().rev().map(Entry::position)
    }
}

/// An entry of a list: the position of a possible parent.
trait Entry {
    fn position(&self) -> u32;
}

impl Entry for (IdHash, u32) {
    fn position(&self) -> u32 {
        self.1
    }
}

impl Entry for (IdHash, SourceId, u32) {
    fn position(&self) -> u32 {
        self.2
    }
}

/// How much earlier than its parent a call so signed can be stamped.
pub(super) fn early(kind: CallerKind) -> i64 {
    if kind == CallerKind::Agent { EARLY_AGENT } else { EARLY }
}

/// How much it says that two records share a token that `sayers` possible parents have: the rarer,
/// the more.
fn worth_of(sayers: usize) -> f64 {
    match sayers {
        0 => 0.0,
        1..=4 => 6.0,
        few if few <= FEW => 3.0,
        some if some <= SOME => 1.0,
        _ => 0.2,
    }
}

fn listed(facts: &[RootFacts], hash: impl Fn(&RootFacts) -> Option<IdHash>) -> IdLists {
    IdLists::new(facts.iter().zip(0..).filter_map(|(f, at)| Some((hash(f)?, at))).collect())
}

/// What the possible parents are read with.
pub(super) struct Sources<'s, 'e> {
    pub names: &'s Names<'e>,
    pub knowledge: &'s Knowledge,
    pub roles: &'s Roles,
    pub hasher: &'s IdHasher,
}

impl Sources<'_, '_> {
    fn runs_with(&self, name: &Name, event: &Event) -> Vec<IdHash> {
        if !name.takes_on {
            return Vec::new();
        }
        let roles = self.roles.all_behind(event);
        roles.iter().filter_map(|role| role_hash(&role.arn, self.hasher)).collect()
    }
}

/// What decides which calls are looked at, and for what.
struct Scope<'s, 'e> {
    sources: &'s Sources<'s, 'e>,
    names: &'s Names<'e>,
    hasher: &'s IdHasher,
    wanted: &'s IdFilter,
    requests: &'s IdFilter,
    principals: &'s IdFilter,
    services: &'s HashSet<(IdHash, SourceId), RandomState>,
}

/// Accounts and event sources of which some child looks at all calls.
fn asked_by_service(
    children: &[Child<'_>],
    criteria: &[ParentCriteria],
) -> HashSet<(IdHash, SourceId), RandomState> {
    let is_told = |kind| matches!(kind, CallerKind::ServicePrincipal | CallerKind::ServiceRole);
    let told = children.iter().filter(|child| is_told(child.kind));
    let told: HashSet<(IdHash, u32), RandomState> =
        told.filter_map(|child| Some((child.account?, child.criteria))).collect();
    let answered = told.into_iter().flat_map(|(account, wanted_parent)| {
        let sources = criteria
            .get(wanted_parent as usize)
            .map(|wanted_parent| wanted_parent.answered.as_slice());
        sources.unwrap_or_default().iter().map(move |source| (account, *source))
    });
    answered.collect()
}

impl Scope<'_, '_> {
    /// KMS calls, service events and plain reads start no other calls; everything else may, and so
    /// may a principal's own call of whatever sort whose request id stands in a service's call, and
    /// the service event that says work began for the one that says it ended.
    fn takes(&self, index: usize, event: &Event) -> bool {
        let (Some(name), Some(brief)) = (self.names.of(index), self.names.brief(index)) else {
            return false;
        };
        if name.is_kms || brief.kind == EventKind::Notification {
            return false;
        }
        // Most calls are reads that start nothing: they are asked for as little as possible.
        let starts = !name.reads || !name.started.is_empty();
        if !starts && !self.shares(event) {
            return false;
        }
        if brief.kind == EventKind::ServiceEvent {
            return !name.ends && self.shares(event);
        }
        starts || brief.signed.is_own()
    }

    /// Whether some list has it: what nobody can find is no parent.
    fn is_asked_for(&self, facts: &RootFacts) -> bool {
        let name = self.names.get(facts.names);
        let by_service = || {
            facts
                .account
                .zip(name.map(|name| name.source))
                .is_some_and(|place| self.services.contains(&place))
        };
        // Those are parents without being looked for here.
        name.is_some_and(|name| name.is_sts || name.prepares)
            || facts.says_something()
            || facts.request.is_some_and(|id| self.requests.has(id))
            || facts.principal.is_some_and(|who| self.principals.has(who))
            || by_service()
    }

    fn shares(&self, event: &Event) -> bool {
        event.get(Field::RequestId).is_some_and(|id| self.requests.has(self.hasher.of(id)))
    }

    fn facts(&self, index: usize, event: &Event) -> RootFacts {
        let hasher = self.hasher;
        let name = self.names.of(index);
        let brief = self.names.brief(index);
        let mut words = Vec::new();
        let mut roles = Vec::new();
        let mut named_keys = NamedKeys::default();
        for field in [Field::RequestParameters, Field::ResponseElements, Field::Resources] {
            json::leaves(event.get(field).unwrap_or_default(), |path, value| {
                for token in tokens_of(value) {
                    let hash = hasher.of(token);
                    if self.wanted.has(hash) {
                        words.push(hash);
                        if token.contains(":role/") {
                            roles.extend(token.rsplit('/').next().map(|name| hasher.of(name)));
                        }
                    }
                }
                if names_key_member(path) {
                    match alias_in(value) {
                        Some(alias) => {
                            named_keys.aliases.push(hasher.of_pair(&place(event), alias));
                        }
                        None => {
                            named_keys.ids.extend(value.rsplit('/').next().map(|id| hasher.of(id)));
                        }
                    }
                }
            });
        }
        words.sort_unstable();
        words.dedup();
        roles.sort_unstable();
        roles.dedup();
        let refused = match event::failure(event) {
            Some(Failure::DryRun | Failure::Throttled) => true,
            Some(Failure::Denied) => is_own_denial(event),
            _ => false,
        };
        RootFacts {
            index,
            time: event.time,
            names: self.names.number_of(index),
            principal: event.arn().map(|arn| hasher.of(arn)),
            request: event.get(Field::RequestId).map(|id| hasher.of(id)),
            account: event.account().map(|account| hasher.of(account)),
            region: Region::of(event, hasher),
            caller_account: event.caller_account().map(|account| hasher.of(account)),
            invoked_by: event.invoked_by().map(|by| hasher.of(by)),
            session_created: event.session_created,
            is_root: brief.is_none_or(|brief| brief.signed.is_own()),
            is_service_event: brief.is_some_and(|brief| brief.kind == EventKind::ServiceEvent),
            by_service: event.identity_type == IdentityType::AwsService,
            refused,
            failed: event.failed(),
            keyless: name
                .filter(|name| name.may_be_keyless)
                .is_some_and(|name| self.sources.knowledge.is_keyless(&name.started, event)),
            runs_with: name.map(|name| self.sources.runs_with(name, event)).unwrap_or_default(),
            sign_in: event.get(Field::SignInSessionArn).map(|session| hasher.of(session)),
            words,
            roles,
            named_keys,
            usual_keys: Vec::new(),
        }
    }
}

/// The text of a denial names an action of the service that was called, not of one behind it.
fn is_own_denial(event: &Event) -> bool {
    let denied = event::denial(event).and_then(|denial| denial.action);
    denied.is_some_and(|denied| denied.split(':').next() == event::action(event).split(':').next())
}
