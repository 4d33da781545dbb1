//! Candidates in, chains out: for every call that a service made, weighs the calls it may have been
//! made for and takes the best, one parent each.
//!
//! No single key works for every service, so evidence adds up. Ids that stand in both records,
//! a shared request id and issued credentials decide at once. What they decide teaches how the
//! rest behaves (which key belongs to which secret, how many children a root has), and the calls
//! that lost their parameters, as denied KMS calls do, are then assigned together so that two of
//! them do not claim the same root.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::{self, Child};
use super::index::{Index, RootFacts};
use super::knowledge::{Fit, Invokers, Knowledge};
use super::link::{Link, LinkKind, Synthesized};
use crate::event::{self, CallerKind, Event, Failure, IdentityType, Time};

/// Session ARN -> when it began and by which call.
type Dated = Map<String, Vec<(Time, usize)>>;
type Map<K, V> = HashMap<K, V, RandomState>;

/// Every link of an export, by position among its events.
#[derive(Debug, Default)]
pub struct Chains {
    links: Vec<Option<Box<Link>>>,
    kinds: BTreeMap<usize, CallerKind>,
    children: BTreeMap<usize, Vec<usize>>,
    copies: BTreeMap<usize, usize>,
    synthesized: BTreeMap<usize, Synthesized>,
    keys: BTreeMap<usize, String>,
    issued_keys: Map<String, usize>,
    issued_sessions: Dated,
}

impl Chains {
    /// Links `events`, which must be sorted by time and id.
    pub fn build(events: &[Event], knowledge: &Knowledge) -> Chains {
        let mut chains = Chains { links: vec![None; events.len()], ..Chains::default() };
        chains.copies = copies(events);
        let sessions = Sessions::new(events);
        let issued = sessions.issued();
        let children: Vec<Child> = events
            .par_iter()
            .enumerate()
            .filter(|(i, e)| !chains.copies.contains_key(i) && sessions.is_child(e))
            .map(|(i, e)| Child::new(i, e))
            .collect();
        let mut children: Vec<Child> = children;
        for child in &mut children {
            let kind = sessions.caller_kind(child.event);
            child.kind = kind;
            if kind != child.event.caller_kind() {
                chains.kinds.insert(child.index, kind);
            }
        }
        lend_tokens(&mut children, &sessions);
        let index = Index::new(events, &children, &chains.copies, knowledge);
        Assignment {
            events,
            children: &children,
            index,
            sessions,
            knowledge,
            learned: Learned::default(),
        }
        .run(&mut chains);
        chains.issued_keys = issued.0;
        chains.issued_sessions = issued.1;
        for (child, link) in chains.links.iter().enumerate() {
            if let Some(link) = link {
                chains.children.entry(link.parent).or_default().push(child);
            }
        }
        chains
    }

    /// How the call at `index` belongs to its parent; `None` for roots.
    pub fn link(&self, index: usize) -> Option<&Link> {
        self.links.get(index)?.as_deref()
    }

    /// The calls made directly for the call at `index`, in order of time.
    pub fn children(&self, index: usize) -> &[usize] {
        self.children.get(&index).map(Vec::as_slice).unwrap_or_default()
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

    /// Roots that have at least one call below them, in order of time.
    pub fn roots(&self) -> impl Iterator<Item = usize> {
        self.children.keys().copied().filter(|&i| self.link(i).is_none())
    }

    /// Who signed the call, with what its chain tells: a session that a service's `AssumeRole`
    /// issued is a service role, though the record alone looks like a forward access session.
    pub fn caller_kind(&self, index: usize, event: &Event) -> CallerKind {
        self.kinds.get(&index).copied().unwrap_or_else(|| event.caller_kind())
    }

    /// The call that the one at `index` is another account's copy of.
    pub fn copy_of(&self, index: usize) -> Option<usize> {
        self.copies.get(&index).copied()
    }

    /// Position of the call that issued the session of `event`, by its access key or by session and
    /// creation date.
    pub fn issuer(&self, event: &Event) -> Option<usize> {
        if let Some(issuer) = event.access_key().and_then(|key| self.issued_keys.get(key)) {
            return Some(*issuer);
        }
        let created = event.session_created?;
        self.issued_sessions
            .get(event.arn()?)?
            .iter()
            .filter(|(time, _)| time.seconds_since(created).abs() <= 1)
            .map(|(_, index)| *index)
            .min()
    }

    /// The KMS key of a denied call whose text does not name it, as its chain tells: the key that
    /// the parent names, or the only key ever used for what the parent was about.
    pub fn inferred_key(&self, index: usize) -> Option<&str> {
        self.keys.get(&index).map(String::as_str)
    }

    /// The unlogged user call behind the call at `index`.
    pub fn synthesized(&self, index: usize) -> Option<&Synthesized> {
        self.synthesized.get(&index)
    }
}

/// Copies of one call: same `sharedEventID`, different `eventID`. The original is the caller's own.
fn copies(events: &[Event]) -> BTreeMap<usize, usize> {
    let mut groups: Map<&str, Vec<usize>> = Map::default();
    for (i, event) in events.iter().enumerate() {
        if let Some(shared) = event.get(event::Field::SharedEventId) {
            groups.entry(shared).or_default().push(i);
        }
    }
    let mut copies = BTreeMap::new();
    for group in groups.into_values().filter(|g| g.len() > 1) {
        let original = group
            .iter()
            .copied()
            .find(|&i| {
                events.get(i).is_some_and(|e| {
                    e.caller_account().is_some()
                        && e.caller_account() == e.get(event::Field::RecipientAccountId)
                })
            })
            .or_else(|| group.iter().copied().min());
        if let Some(original) = original {
            copies.extend(group.into_iter().filter(|&i| i != original).map(|i| (i, original)));
        }
    }
    copies
}

/// An `AssumeRole` by a service says little of what the service is about to do; what is then done
/// with the session says it (the table to back up, the group to scale).
fn lend_tokens(children: &mut [Child<'_>], sessions: &Sessions<'_>) {
    let mut lent: BTreeMap<usize, Vec<call::Token>> = BTreeMap::new();
    for child in children.iter() {
        if matches!(child.kind, CallerKind::ServiceRole | CallerKind::ServiceLinkedRole)
            && let Some(issuer) =
                sessions.issuer_by_key(child.event).or_else(|| sessions.issuer_by_date(child.event))
        {
            lent.entry(issuer).or_default().extend(child.tokens.iter().cloned());
        }
    }
    for child in children.iter_mut() {
        if let Some(tokens) = lent.remove(&child.index) {
            child.borrow_tokens(&tokens);
        }
    }
}

/// Which call issued which credentials.
struct Sessions<'e> {
    by_key: Map<String, Vec<usize>>,
    by_arn: Map<String, Vec<usize>>,
    events: &'e [Event],
}

impl<'e> Sessions<'e> {
    fn new(events: &'e [Event]) -> Self {
        let issued: Vec<(usize, Option<String>, Option<String>)> = events
            .par_iter()
            .enumerate()
            .filter(|(_, e)| e.source() == "sts.amazonaws.com" && !e.failed())
            .map(|(i, e)| {
                (
                    i,
                    e.response_value("credentials.accessKeyId"),
                    e.response_value("assumedRoleUser.arn"),
                )
            })
            .collect();
        let mut by_key: Map<String, Vec<usize>> = Map::default();
        let mut by_arn: Map<String, Vec<usize>> = Map::default();
        for (i, key, arn) in issued {
            if let Some(key) = key {
                by_key.entry(key).or_default().push(i);
            }
            if let Some(arn) = arn {
                by_arn.entry(arn).or_default().push(i);
            }
        }
        Sessions { by_key, by_arn, events }
    }

    /// What was issued, to keep beyond the building.
    fn issued(&self) -> (Map<String, usize>, Dated) {
        let sessions = self.by_arn.iter().map(|(arn, list)| {
            let dated = list.iter().filter_map(|&i| Some((self.events.get(i)?.time, i)));
            (arn.clone(), dated.collect())
        });
        let keys = self.by_key.iter().filter_map(|(key, list)| Some((key.clone(), *list.first()?)));
        (keys.collect(), sessions.collect())
    }

    /// The call whose response issued the very access key that signed `event`.
    fn issuer_by_key(&self, event: &Event) -> Option<usize> {
        let issuers = self.by_key.get(event.access_key()?)?;
        // Publishers of logs mask keys, and then many sessions share one: the creation date tells.
        let apart = |i: &usize| {
            let time = self.events.get(*i).map(|e| e.time).unwrap_or_default();
            (time.seconds_since(event.session_created.unwrap_or(event.time)).abs(), *i)
        };
        issuers.iter().copied().min_by_key(apart)
    }

    /// The `AssumeRole` that began the session of `event`: same session ARN, answered at the
    /// session's creation date.
    fn issuer_by_date(&self, event: &Event) -> Option<usize> {
        let created = event.session_created?;
        self.by_arn
            .get(event.arn()?)?
            .iter()
            .copied()
            .filter_map(|i| Some((self.events.get(i)?.time.seconds_since(created).abs(), i)))
            .filter(|(apart, _)| *apart <= 1)
            .min()
            .map(|(_, i)| i)
    }

    /// Whether `event` may have a parent at all.
    fn is_child(&self, event: &Event) -> bool {
        call::is_made_by_service(event)
            || self.issuer_by_key(event).is_some()
            || is_service_role_without_invoker(event)
    }

    fn caller_kind(&self, event: &Event) -> CallerKind {
        let kind = event.caller_kind();
        match kind {
            CallerKind::ForwardAccessSession => {
                let by_key = self.issuer_by_key(event);
                let by_date =
                    || self.issuer_by_date(event).filter(|_| event.access_key().is_none());
                match by_key.or_else(by_date).and_then(|i| self.events.get(i)) {
                    Some(issuer) if issuer.identity_type == IdentityType::AwsService => {
                        CallerKind::ServiceRole
                    }
                    _ => kind,
                }
            }
            CallerKind::Direct if is_service_role_without_invoker(event) => CallerKind::ServiceRole,
            CallerKind::Direct => {
                match self.issuer_by_key(event).and_then(|i| self.events.get(i)) {
                    // Code that runs with a role (on an instance, in a container) makes its own
                    // calls; the service itself shows by its user agent.
                    Some(issuer)
                        if issuer.identity_type == IdentityType::AwsService
                            && is_internal_agent(event) =>
                    {
                        CallerKind::ServiceRole
                    }
                    _ => kind,
                }
            }
            _ => kind,
        }
    }
}

/// `aws-internal/3 …`: the AWS SDK inside a service, as Lambda decrypts environment variables.
fn is_internal_agent(event: &Event) -> bool {
    event.get(event::Field::UserAgent).is_some_and(|agent| agent.contains("aws-internal/"))
}

/// A role session that only a service can hold though `invokedBy` is absent: the call comes from
/// inside AWS, or carries an encryption context that services reserve for themselves (`aws:…`).
fn is_service_role_without_invoker(event: &Event) -> bool {
    event.identity_type == IdentityType::AssumedRole
        && event.invoked_by().is_none()
        && event.source() == "kms.amazonaws.com"
        && (event.get(event::Field::SourceIpAddress) == Some("AWS Internal")
            || event.get(event::Field::EventType) == Some("AwsServiceEvent"))
}

/// What decided links teach about the rest.
#[derive(Default)]
struct Learned {
    /// Context value -> KMS keys seen with it.
    keys: Map<String, Vec<String>>,
    /// Alias (with account and Region of the caller) -> keys it led to.
    aliases: Map<(String, String), Vec<String>>,
    /// (root action, child action) -> most children of that action under one root, and how many
    /// roots had any.
    fan_out: Map<(String, String), (usize, usize)>,
    /// (root action, child action) -> usual seconds between them.
    lags: Map<(String, String), i64>,
    /// Root action -> roots that have any decided child.
    parents: Map<String, usize>,
}

/// One possible parent.
#[derive(Debug, Clone)]
struct Pair {
    child: usize,
    parent: usize,
    score: f64,
    lag: i64,
    kind: LinkKind,
    decisive: bool,
    evidence: Vec<String>,
}

struct Assignment<'a> {
    events: &'a [Event],
    children: &'a [Child<'a>],
    index: Index<'a>,
    sessions: Sessions<'a>,
    knowledge: &'a Knowledge,
    learned: Learned,
}

/// Below this no parent is claimed.
const ACCEPT: f64 = 1.5;
/// Below this what the rest teaches cannot make a pair acceptable.
const CONSIDER: f64 = 0.0;
/// How much worse two crossed links may score when uncrossed.
const CROSSING: f64 = 0.8;
/// How much better the best must be for a link to be decided before the rest is known.
const CLEAR: f64 = 2.0;

impl Assignment<'_> {
    fn run(mut self, chains: &mut Chains) {
        self.learn_keys();
        let pairs: Vec<Vec<Pair>> = self.children.par_iter().map(|c| self.pairs(c)).collect();
        let mut slots = Slots::default();
        let mut open: Vec<Vec<Pair>> = Vec::new();
        for list in pairs {
            match decided(&list).filter(|pair| !self.makes_cycle(chains, pair)) {
                Some(pair) => {
                    self.take(chains, &mut slots, &pair, &[]);
                }
                None => open.push(list),
            }
        }
        // Calls that still have their request are assigned next; what they teach helps with those
        // that have lost it.
        let (whole, lost): (Vec<_>, Vec<_>) = open.into_iter().partition(|list| {
            list.first()
                .and_then(|p| self.events.get(p.child))
                .is_some_and(|e| e.request().is_some())
        });
        self.learn_lags(
            whole.iter().filter_map(|list| list.iter().min_by_key(|p| (p.lag.abs(), p.parent))),
        );
        self.learn_fan_out(&slots);
        self.assign_rest(chains, &mut slots, whole);
        let linked = self.linked(chains);
        self.learn_lags(linked.iter());
        self.learn_fan_out(&slots);
        self.assign_rest(chains, &mut slots, lost);
        self.fall_back(chains);
        self.infer_keys(chains);
    }

    fn learn_keys(&mut self) {
        for child in self.children {
            let Some(key) = child.key.as_deref().filter(|_| child.is_kms()) else { continue };
            if let Some(alias) = child.event.request_value("keyId").as_deref().and_then(alias_in) {
                let keys =
                    self.learned.aliases.entry((place(child.event), alias.to_owned())).or_default();
                if !keys.iter().any(|k| k == key) {
                    keys.push(key.to_owned());
                }
            }
            for (_, value) in &child.context {
                for token in call::tokens_of(value) {
                    let keys = self.learned.keys.entry(token.to_owned()).or_default();
                    if !keys.iter().any(|k| k == key) {
                        keys.push(key.to_owned());
                    }
                }
            }
        }
    }

    fn learn_fan_out(&mut self, slots: &Slots) {
        for ((parent, action), count) in &slots.taken {
            let Some(root) = self.events.get(*parent) else { continue };
            let seen =
                self.learned.fan_out.entry((event::action(root), action.clone())).or_default();
            seen.0 = seen.0.max(*count);
            seen.1 += 1;
        }
        let parents: std::collections::BTreeSet<usize> =
            slots.taken.keys().map(|(p, _)| *p).collect();
        for root in parents.into_iter().filter_map(|p| self.events.get(p)) {
            *self.learned.parents.entry(event::action(root)).or_default() += 1;
        }
    }

    /// How long after such a root such a call usually comes.
    fn learn_lags<'p>(&mut self, pairs: impl Iterator<Item = &'p Pair>) {
        let mut lags: Map<(String, String), Vec<i64>> = Map::default();
        for pair in pairs {
            if let (Some(child), Some(root)) =
                (self.events.get(pair.child), self.events.get(pair.parent))
            {
                lags.entry((event::action(root), event::action(child))).or_default().push(pair.lag);
            }
        }
        for (key, mut seen) in lags {
            seen.sort_unstable();
            if let Some(median) = seen.get(seen.len() / 2).filter(|_| seen.len() >= 4) {
                self.learned.lags.insert(key, *median);
            }
        }
    }

    /// The links decided so far, as pairs.
    fn linked(&self, chains: &Chains) -> Vec<Pair> {
        self.children
            .iter()
            .filter_map(|child| {
                let link = chains.link(child.index)?;
                let root = self.events.get(link.parent)?;
                Some(Pair {
                    child: child.index,
                    parent: link.parent,
                    score: 0.0,
                    lag: child.event.time.seconds_since(root.time),
                    kind: link.kind,
                    decisive: false,
                    evidence: Vec::new(),
                })
            })
            .collect()
    }

    /// What regularly follows such a root counts for a pair; what never does, against it.
    fn apply_learned(&self, pair: &mut Pair) {
        let (Some(child), Some(root)) = (self.events.get(pair.child), self.events.get(pair.parent))
        else {
            return;
        };
        let root_action = event::action(root);
        let child_action = event::action(child);
        if let Some(usual) = self.learned.lags.get(&(root_action.clone(), child_action.clone()))
            && !pair.decisive
            && pair.lag > usual * 4 + 20
        {
            pair.score -= 6.0;
        }
        let parents = self.learned.parents.get(&root_action).copied().unwrap_or(0);
        let seen = self.learned.fan_out.get(&(root_action, child_action)).map_or(0, |s| s.1);
        if seen >= 2 && seen * 4 >= parents {
            pair.score += 1.5;
        } else if seen == 0 && parents >= 5 {
            pair.score -= 1.5;
        }
    }

    /// Every acceptable parent of a child, best first.
    fn pairs(&self, child: &Child) -> Vec<Pair> {
        let invokers = self.knowledge.invokers(child.event, &child.context);
        let action = event::action(child.event);
        let mut pairs: Vec<Pair> = self
            .index
            .candidates(child, &invokers, self.knowledge)
            .into_iter()
            .filter(|&parent| parent != child.index)
            .filter_map(|parent| self.weigh(child, parent, &invokers, &action))
            .filter(|pair| pair.score >= CONSIDER)
            .collect();
        if let Some(pair) = self.issued(child) {
            // The very key was issued by that call: what is not of the same session is no parent.
            if child.kind != CallerKind::ForwardAccessSession {
                pairs.retain(|p| {
                    self.events.get(p.parent).is_some_and(|e| e.arn() == child.event.arn())
                });
            }
            pairs.push(pair);
        }
        sort(&mut pairs);
        pairs.truncate(24);
        pairs
    }

    /// The call that issued the child's credentials, as a parent.
    fn issued(&self, child: &Child) -> Option<Pair> {
        let by_key = self.sessions.issuer_by_key(child.event);
        let service_session =
            matches!(child.kind, CallerKind::ServiceLinkedRole | CallerKind::ServiceRole);
        let parent = match by_key {
            Some(parent) => parent,
            None if service_session => self.sessions.issuer_by_date(child.event)?,
            None => return None,
        };
        let issuer = self.events.get(parent)?;
        if parent == child.index || child.event.time.seconds_since(issuer.time) < -2 {
            return None;
        }
        let evidence = match child.event.access_key().filter(|_| by_key.is_some()) {
            Some(key) => format!("accessKeyId {key} issued by this call"),
            None => {
                format!("session {} began with this call", child.event.arn().unwrap_or_default())
            }
        };
        Some(Pair {
            child: child.index,
            parent,
            score: 3.5,
            lag: child.event.time.seconds_since(issuer.time),
            kind: LinkKind::IssuedCredentials,
            decisive: by_key.is_some() || service_session,
            evidence: vec![evidence],
        })
    }

    /// Adds up what speaks for and against `parent`; `None` when it cannot be.
    fn weigh(
        &self,
        child: &Child,
        parent: usize,
        invokers: &Invokers,
        action: &str,
    ) -> Option<Pair> {
        let root = self.events.get(parent)?;
        let facts = self.index.facts(parent)?;
        let lag = child.event.time.seconds_since(root.time);
        if lag < -3 {
            return None;
        }
        let mut weight = Weight::default();
        self.weigh_ids(child, root, facts, &mut weight);
        self.weigh_session(child, root, &mut weight)?;
        let fit = self.knowledge.fit(root, &facts.started, invokers, action);
        self.weigh_service(child, root, facts, &fit, action, &mut weight)?;
        self.weigh_key(child, root, facts, &mut weight);
        self.weigh_outcome(child, root, &fit, &mut weight)?;
        self.weigh_time(lag, child, &fit, &mut weight)?;
        let kind = weight.kind?;
        Some(Pair {
            child: child.index,
            parent,
            score: weight.score,
            lag,
            kind,
            decisive: weight.decisive,
            evidence: weight.evidence,
        })
    }

    fn weigh_ids(&self, child: &Child, root: &Event, facts: &RootFacts, weight: &mut Weight) {
        let mut total: f64 = 0.0;
        let mut seen = None;
        for token in &child.tokens {
            if seen == Some(token.value) || !facts.has(&token.text) {
                continue;
            }
            let text = token.text.as_str();
            let worth = self.index.worth(text);
            if worth <= 0.0 {
                continue;
            }
            seen = Some(token.value);
            total += worth;
            // A role is taken on again and again: that both name it ties nothing over time.
            if text.contains(":role/") || text.starts_with("role/") || facts.has_role(text) {
                weight.role_ids += worth;
            }
            let name =
                child.context.iter().find(|(_, v)| v.ends_with(text)).map(|(k, _)| k.as_str());
            weight.note(
                LinkKind::ResourceId,
                match name {
                    Some(name) => format!("{name} = {text}"),
                    None => text.to_owned(),
                },
            );
        }
        weight.score += total.min(30.0);
        weight.ids = total.min(30.0);
        weight.decisive |=
            total - weight.role_ids >= 5.0 && child.event.source() != "sts.amazonaws.com";
        weight.lasting = total - weight.role_ids >= 5.0 && !child.context.is_empty()
            || child.event.request().is_none() && total >= 5.0;
        let request = child.event.get(event::Field::RequestId);
        if request.is_some() && request == root.get(event::Field::RequestId) {
            weight.score += 5.0;
            weight.decisive = true;
            weight.note(LinkKind::RequestId, format!("requestID {}", request.unwrap_or_default()));
        }
    }

    /// Forwarded and role calls keep the principal; a role session keeps its creation date.
    fn weigh_session(&self, child: &Child, root: &Event, weight: &mut Weight) -> Option<()> {
        match child.kind {
            CallerKind::ForwardAccessSession => {
                if child.event.arn() != root.arn()
                    || child.event.caller_account() != root.caller_account()
                {
                    return None;
                }
                if child.event.identity_type == IdentityType::AssumedRole {
                    match (child.event.session_created, root.session_created) {
                        (Some(a), Some(b)) if a.seconds_since(b).abs() > 1 => return None,
                        (Some(_), Some(_)) => weight.score += 0.5,
                        _ => {}
                    }
                }
                weight.score += 2.0;
                weight.note(
                    LinkKind::Session,
                    format!("same principal {}", root.arn().unwrap_or_default()),
                );
            }
            CallerKind::ServiceLinkedRole | CallerKind::ServiceRole => {
                let same = child.event.arn() == root.arn()
                    && match (child.event.session_created, root.session_created) {
                        (Some(a), Some(b)) => a.seconds_since(b).abs() <= 1,
                        _ => true,
                    };
                if same {
                    weight.score += 2.0;
                    weight.note(
                        LinkKind::Session,
                        format!("same session {}", root.arn().unwrap_or_default()),
                    );
                } else if weight.ids < 2.0 {
                    return None;
                }
            }
            CallerKind::Direct => return None,
            CallerKind::ServicePrincipal | CallerKind::Ec2Infrastructure => {
                if weight.kind.is_none() && child.event.account() != root.account() {
                    return None;
                }
            }
        }
        Some(())
    }

    /// The parent's service must be one that `invokedBy` can mean, and its operation one that makes
    /// such calls.
    fn weigh_service(
        &self,
        child: &Child,
        root: &Event,
        facts: &RootFacts,
        fit: &Fit,
        action: &str,
        weight: &mut Weight,
    ) -> Option<()> {
        let same_request = child.event.get(event::Field::RequestId).is_some()
            && child.event.get(event::Field::RequestId) == root.get(event::Field::RequestId);
        if is_sibling(child, root) && !(same_request && facts.is_root)
            || takes_on_another(child, facts, weight)
        {
            return None;
        }
        let strong = weight.decisive || weight.ids - weight.role_ids >= 3.0;
        weight.score -= against_direction(child, root);
        match fit {
            Fit { listed: true, .. } => weight.score += 3.0,
            Fit { row: Some(_), .. } => weight.score += if strong { 1.5 } else { 0.0 },
            // The service is right, the operation is in no row: new operations come every week.
            Fit { same_source: true, .. } => {
                let principal = child.kind == CallerKind::ServicePrincipal;
                if self.knowledge.covers(root) && (principal || !strong)
                    || event::is_read_like(root.name())
                {
                    return None;
                }
                weight.score += if self.knowledge.covers(root) { 0.0 } else { 1.5 };
            }
            Fit { untold: true, .. } => {
                if !strong && (self.knowledge.covers(root) || event::is_read_like(root.name())) {
                    return None;
                }
            }
            _ => {
                // A service that works through a second one: Auto Scaling runs instances, and EC2
                // calls KMS in the same session and by the same invoker.
                let through = root.invoked_by().is_some()
                    && root.invoked_by() == child.event.invoked_by()
                    && child.is_kms()
                    && child.context.is_empty()
                    && matches!(
                        child.kind,
                        CallerKind::ServiceLinkedRole | CallerKind::ServiceRole
                    )
                    && self.knowledge.may_start(&facts.started, action);
                if through {
                    weight.score += 2.0;
                } else if !(strong && facts.is_root && facts.started.is_empty()) {
                    return None;
                }
            }
        }
        Some(())
    }

    fn weigh_key(&self, child: &Child, root: &Event, facts: &RootFacts, weight: &mut Weight) {
        let Some(key) = child.key.as_deref().filter(|_| child.is_kms()) else { return };
        let place = place(root);
        let alias = |name: &str| {
            let keys = self.learned.aliases.get(&(place.clone(), name.to_owned()))?;
            Some(keys.iter().any(|k| k == key))
        };
        match facts.names_key(key, alias) {
            Some(true) => {
                weight.score += 3.0;
                weight.note(LinkKind::Key, format!("KMS key {key}"));
                return;
            }
            Some(false) => {
                weight.score -= 4.0;
                return;
            }
            None => {}
        }
        let mut known = false;
        let mut same = false;
        for token in facts.tokens() {
            if let Some(keys) = self.learned.keys.get(token) {
                known = true;
                same |= keys.iter().any(|k| k == key);
            }
        }
        if same {
            weight.score += 2.5;
            weight.note(LinkKind::Key, format!("KMS key {key} belongs to what this call used"));
        } else if known && weight.ids < 3.0 {
            weight.score -= 3.5;
        }
    }

    /// A call that was itself refused or malformed never reached the service that makes others.
    fn weigh_outcome(
        &self,
        child: &Child,
        root: &Event,
        fit: &Fit,
        weight: &mut Weight,
    ) -> Option<()> {
        let own_denial = event::denial(root).and_then(|d| d.action).is_some_and(|action| {
            action.split(':').next() == event::action(root).split(':').next()
        });
        let refused = match event::failure(root) {
            Some(Failure::DryRun | Failure::Throttled) => true,
            Some(Failure::Denied) => own_denial,
            _ => false,
        };
        if refused {
            if weight.ids < 5.0 {
                return None;
            }
            weight.score -= 6.0;
        }
        let denied =
            matches!(event::failure(child.event), Some(Failure::Denied | Failure::KeyState(_)));
        match (denied, root.failed()) {
            (true, true) => weight.score += 1.5,
            (true, false) if self.knowledge.waits(fit.row) == Some(true) => {
                weight.score -= 1.5;
            }
            (false, true) => weight.score -= 0.5,
            _ => {}
        }
        Some(())
    }

    /// Calls in a principal's session follow within seconds or, under a long operation, minutes;
    /// what a service does as itself may come much later, and then only an id can tie it.
    fn weigh_time(&self, lag: i64, child: &Child, fit: &Fit, weight: &mut Weight) -> Option<()> {
        let usual = self.knowledge.max_lag(fit.row, child.kind);
        let lasting = weight.ids - weight.role_ids;
        let forwarded = child.kind == CallerKind::ForwardAccessSession;
        let bound = match lasting {
            _ if weight.lasting && !forwarded => usual.max(86_400),
            ids if ids >= 2.0 => usual * 4,
            _ => usual,
        };
        if lag > bound {
            return None;
        }
        let seconds = lag.unsigned_abs() as f64;
        let scale = usual.clamp(1, 900) as f64;
        // An operation that waits for its calls has them within its own second or two.
        if self.knowledge.waits(fit.row) == Some(true) {
            weight.score -= ((seconds - 1.0).max(0.0) * 0.5).min(5.0);
        }
        weight.score -= (seconds / scale * 1.5).min(2.5) + (seconds * 0.05).min(1.5);
        if weight.kind.is_none() {
            weight.note(LinkKind::Time, format!("{lag} s apart, same account and service"));
        }
        Some(())
    }

    /// Records a link.
    fn take(&self, chains: &mut Chains, slots: &mut Slots, pair: &Pair, ties: &[usize]) {
        let Some(child) = self.events.get(pair.child) else { return };
        slots.add(pair.parent, child);
        let confidence = confidence(pair, ties.len());
        if let Some(place) = chains.links.get_mut(pair.child) {
            *place = Some(Box::new(Link {
                parent: pair.parent,
                kind: pair.kind,
                confidence,
                evidence: pair.evidence.clone(),
                tied_with: ties.to_vec(),
            }));
        }
    }

    /// Assigns what is left, best pair first, so that no root takes more calls of one kind than
    /// roots of its sort do.
    fn assign_rest(&self, chains: &mut Chains, slots: &mut Slots, open: Vec<Vec<Pair>>) {
        let mut pairs: Vec<Pair> = open.into_iter().flatten().collect();
        for pair in &mut pairs {
            self.apply_learned(pair);
        }
        pairs.retain(|pair| pair.score >= ACCEPT);
        sort(&mut pairs);
        for strict in [true, false] {
            for i in 0..pairs.len() {
                let Some(pair) = pairs.get(i) else { continue };
                if chains.link(pair.child).is_some() || self.makes_cycle(chains, pair) {
                    continue;
                }
                if strict && !self.has_room(slots, pair) {
                    continue;
                }
                let pair = pair.clone();
                let ties = self.ties(slots, &pairs, &pair);
                self.take(chains, slots, &pair, &ties);
            }
        }
        self.uncross(chains, &pairs);
    }

    /// Where two calls of one kind and their parents cross in time and nothing but time tells them
    /// apart, the earlier call goes to the earlier parent: services work in order more often than
    /// not.
    fn uncross(&self, chains: &mut Chains, pairs: &[Pair]) {
        let by_ends: Map<(usize, usize), &Pair> =
            pairs.iter().map(|p| ((p.child, p.parent), p)).collect();
        let score = |child: usize, parent: usize| by_ends.get(&(child, parent)).map(|p| p.score);
        let mut weak: Vec<usize> = pairs
            .iter()
            .filter(|p| !p.decisive && chains.link(p.child).is_some_and(|l| l.parent == p.parent))
            .map(|p| p.child)
            .collect();
        weak.sort_unstable();
        weak.dedup();
        for (position, &first) in weak.iter().enumerate() {
            for &second in weak.iter().skip(position + 1).take(8) {
                let (Some(a), Some(b)) = (chains.link(first), chains.link(second)) else {
                    continue;
                };
                let (a, b) = (a.parent, b.parent);
                if a <= b || !self.is_same_call(first, second) || !self.is_same_call(a, b) {
                    continue;
                }
                let now = score(first, a).zip(score(second, b)).map(|(x, y)| x + y);
                let then = score(first, b).zip(score(second, a)).map(|(x, y)| x + y);
                let (Some(now), Some(then)) = (now, then) else { continue };
                if then < now - CROSSING {
                    continue;
                }
                for (child, parent) in [(first, b), (second, a)] {
                    let Some(pair) = by_ends.get(&(child, parent)) else { continue };
                    let link = Link {
                        parent,
                        kind: pair.kind,
                        confidence: confidence(pair, 1),
                        evidence: pair.evidence.clone(),
                        tied_with: vec![if parent == a { b } else { a }],
                    };
                    if let Some(place) = chains.links.get_mut(child) {
                        *place = Some(Box::new(link));
                    }
                }
            }
        }
    }

    fn is_same_call(&self, one: usize, other: usize) -> bool {
        match (self.events.get(one), self.events.get(other)) {
            (Some(one), Some(other)) => {
                one.source() == other.source() && one.name() == other.name()
            }
            _ => false,
        }
    }

    fn makes_cycle(&self, chains: &Chains, pair: &Pair) -> bool {
        let mut at = pair.parent;
        for _ in 0..64 {
            if at == pair.child {
                return true;
            }
            match chains.link(at) {
                Some(link) => at = link.parent,
                None => return false,
            }
        }
        true
    }

    fn has_room(&self, slots: &Slots, pair: &Pair) -> bool {
        let (Some(child), Some(root)) = (self.events.get(pair.child), self.events.get(pair.parent))
        else {
            return false;
        };
        // An id that stands in both needs no counting: one call may ask for ten parameters.
        if pair.decisive || matches!(event::failure(child), Some(Failure::Throttled)) {
            return true;
        }
        let action = event::action(child);
        let room = self
            .learned
            .fan_out
            .get(&(event::action(root), action.clone()))
            .map_or(1, |seen| seen.0.max(1));
        slots.count(pair.parent, &action) < room
    }

    fn ties(&self, slots: &Slots, pairs: &[Pair], best: &Pair) -> Vec<usize> {
        let mut ties: Vec<usize> = pairs
            .iter()
            .filter(|p| p.child == best.child && p.parent != best.parent)
            .filter(|p| best.score - p.score < 0.05 && self.has_room(slots, p))
            .map(|p| p.parent)
            .collect();
        ties.sort_unstable();
        ties
    }

    /// Names the key of calls that lost it, from what their parents say.
    fn infer_keys(&self, chains: &mut Chains) {
        let lost: Vec<&Child> =
            self.children.iter().filter(|c| c.is_kms() && c.key.is_none()).collect();
        let alike = self.keys_of_alike(chains, &lost);
        for child in lost {
            let mut at = child.index;
            while let Some(link) = chains.link(at) {
                at = link.parent;
                let by_alike =
                    || self.events.get(at).and_then(|root| key_by_features(root, &alike));
                if let Some(key) = self.key_of_parent(at).or_else(by_alike) {
                    chains.keys.insert(child.index, key);
                    break;
                }
            }
        }
    }

    /// For the parents of calls that lost their key: which keys other calls with the same request
    /// parameter (a launch template, a function, a group) led to.
    fn keys_of_alike(&self, chains: &Chains, lost: &[&Child]) -> Alike {
        let parent = |index: usize| chains.link(index).and_then(|l| self.events.get(l.parent));
        let names: std::collections::BTreeSet<(&str, &str)> =
            lost.iter().filter_map(|c| parent(c.index)).map(|e| (e.source(), e.name())).collect();
        let mut keys = Alike::default();
        for child in self.children.iter().filter(|c| c.is_kms()) {
            let (Some(key), Some(root)) = (&child.key, parent(child.index)) else { continue };
            if names.contains(&(root.source(), root.name())) {
                for feature in parameters(root) {
                    *keys.entry(feature).or_default().entry(key.clone()).or_default() += 1;
                }
            }
        }
        keys
    }

    /// The one key that a call names or is known to use.
    fn key_of_parent(&self, parent: usize) -> Option<String> {
        let root = self.events.get(parent)?;
        let facts = self.index.facts(parent)?;
        let mut keys: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
        for named in &facts.keys {
            if let Some(alias) = alias_in(named) {
                let known = self.learned.aliases.get(&(place(root), alias.to_owned()));
                keys.extend(known.into_iter().flatten().cloned());
            } else if call::key_arn_in(named).is_some() {
                keys.insert(named.clone());
            } else if let (Some(account), Some(region)) = (root.account(), root.region()) {
                let partition = event::arn::partition_of(region);
                keys.insert(format!("arn:{partition}:kms:{region}:{account}:key/{named}"));
            }
        }
        if keys.is_empty() {
            let tokens = facts.tokens().filter_map(|token| self.learned.keys.get(token));
            keys.extend(tokens.flatten().cloned());
        }
        (keys.len() == 1).then(|| keys.pop_first()).flatten()
    }

    /// What found no parent: the user call may not be in the log at all.
    fn fall_back(&self, chains: &mut Chains) {
        for child in self.children {
            if chains.link(child.index).is_some() {
                continue;
            }
            if let Some(synthesized) = self.knowledge.synthesize(child.event, &child.context) {
                chains.synthesized.insert(child.index, synthesized);
            }
        }
    }
}

/// Two calls that one service made side by side, neither for the other.
fn is_sibling(child: &Child<'_>, root: &Event) -> bool {
    let same_call = root.source() == child.event.source() && root.name() == child.event.name();
    let same_service = root.identity_type == IdentityType::AwsService
        && root.invoked_by() == child.event.invoked_by();
    same_call || same_service
}

/// Reads decrypt and writes encrypt; a read never encrypts.
fn against_direction(child: &Child<'_>, root: &Event) -> f64 {
    let reads = event::is_read_like(root.name());
    match child.event.name() {
        "Decrypt" if child.is_kms() && !reads => 0.5,
        "Encrypt" | "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext"
            if child.is_kms() && reads =>
        {
            2.0
        }
        _ => 0.0,
    }
}

/// A role taken on for somebody else: nothing that the request names stands in the parent, or the
/// session is for an instance that the parent did not launch.
fn takes_on_another(child: &Child<'_>, facts: &RootFacts, weight: &Weight) -> bool {
    if child.event.source() != "sts.amazonaws.com" {
        return false;
    }
    // A denied call has lost its request and can only be told by service and time.
    let Some(session) = child.event.request_value("roleSessionName") else { return false };
    weight.ids <= 0.0 || session.starts_with("i-") && !facts.has(&session)
}

/// Request parameters with where they apply, as far as they look like names or ids.
fn parameters(root: &Event) -> Vec<String> {
    let mut found = Vec::new();
    event::json::leaves(root.request().unwrap_or_default(), |path, value| {
        if call::tokens_of(value).next().is_some() && found.len() < 60 {
            found.push(format!("{}|{path}|{value}", place(root)));
        }
    });
    found
}

/// Request parameter -> KMS keys that calls with it led to, and how often.
type Alike = Map<String, BTreeMap<String, usize>>;

/// The key that all calls sharing a parameter led to; of several such parameters the one with most
/// calls behind it decides.
fn key_by_features(root: &Event, alike: &Alike) -> Option<String> {
    let mut best: Option<(usize, &String)> = None;
    for feature in parameters(root) {
        let Some(seen) = alike.get(&feature).filter(|seen| seen.len() == 1) else { continue };
        let Some((key, count)) = seen.first_key_value() else { continue };
        match best {
            Some((most, other)) if *count == most && other != key => return None,
            Some((most, _)) if *count <= most => {}
            _ => best = Some((*count, key)),
        }
    }
    best.map(|(_, key)| key.clone())
}

/// Account and Region in which an alias has its meaning.
fn place(event: &Event) -> String {
    format!("{}/{}", event.account().unwrap_or_default(), event.region().unwrap_or_default())
}

fn alias_in(key_id: &str) -> Option<&str> {
    key_id.find("alias/").and_then(|at| key_id.get(at..))
}

/// What has been found for one pair so far.
#[derive(Default)]
struct Weight {
    score: f64,
    ids: f64,
    role_ids: f64,
    /// The ids are of a kind that ties calls however far apart.
    lasting: bool,
    decisive: bool,
    kind: Option<LinkKind>,
    evidence: Vec<String>,
}

impl Weight {
    fn note(&mut self, kind: LinkKind, evidence: String) {
        self.kind = Some(self.kind.map_or(kind, |had| had.min(kind)));
        self.evidence.push(evidence);
    }
}

/// How many children of each action a root has so far.
#[derive(Default)]
struct Slots {
    taken: BTreeMap<(usize, String), usize>,
}

impl Slots {
    fn add(&mut self, parent: usize, child: &Event) {
        // A throttled call is repeated: it does not use up the root's place for that action.
        if !matches!(event::failure(child), Some(Failure::Throttled)) {
            *self.taken.entry((parent, event::action(child))).or_default() += 1;
        }
    }

    fn count(&self, parent: usize, action: &str) -> usize {
        self.taken.get(&(parent, action.to_owned())).copied().unwrap_or(0)
    }
}

/// Best first; what scores alike goes by nearness in time, then by position.
fn sort(pairs: &mut [Pair]) {
    pairs.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.lag.abs().cmp(&b.lag.abs()))
            .then(a.parent.cmp(&b.parent))
            .then(a.child.cmp(&b.child))
    });
}

/// The best pair when nothing still to be learned could change it.
fn decided(list: &[Pair]) -> Option<Pair> {
    let best = list.first().filter(|p| p.decisive)?;
    let clear = list.get(1).is_none_or(|second| best.score - second.score >= CLEAR);
    clear.then(|| best.clone())
}

/// Probability that a link is right, by its kind and how contested it was.
fn confidence(pair: &Pair, ties: usize) -> f64 {
    let base = match pair.kind {
        LinkKind::ResourceId | LinkKind::IssuedCredentials if pair.decisive => 0.99,
        LinkKind::RequestId => 0.98,
        LinkKind::ResourceId | LinkKind::IssuedCredentials => 0.95,
        LinkKind::Session => 0.9,
        LinkKind::Key => 0.88,
        LinkKind::Time => 0.6,
        LinkKind::SharedEvent => 1.0,
    };
    let shared: f64 = base / (ties as f64 + 1.0);
    (shared * 100.0).round() / 100.0
}
