//! Adds up what speaks for and against one call being the parent of another.

use super::call::Child;
use super::criteria::{Fit, ParentCriteria};
use super::id_hash::IdHasher;
use super::index::{Index, RootFacts, early};
use super::knowledge::Knowledge;
use super::lags::Lags;
use super::link::{Basis, LinkKind};
use super::names::{Direction, Name, Names};
use super::session::Sessions;
use crate::event::{CallerKind, Event, Field, IdentityType};

/// One possible parent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// Position among the children.
    pub child: u32,
    /// Position of the parent among the events.
    pub parent: u32,
    pub score: f64,
    /// Seconds from parent to child.
    pub lag: i64,
    pub kind: LinkKind,
    pub decisive: bool,
    pub basis: Basis,
    /// How many of the values by which the child is told it says, roles aside.
    says: u16,
}

/// Best first; what scores alike goes by nearness in time, then by position.
pub(super) fn sort_pairs(pairs: &mut [Pair]) {
    pairs.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.lag.abs().cmp(&b.lag.abs()))
            .then(a.parent.cmp(&b.parent))
            .then(a.child.cmp(&b.child))
    });
}

/// Seconds within which a service takes on the role for work that was just begun.
const HANDED_OVER: i64 = 5;
/// Seconds after which a call that failed has nothing done for it any more.
const ANSWERED: i64 = 5;
/// What it says at least that what a call started runs with the role.
const ROLE: f64 = 3.0;
/// What it says against a call that what it started runs with another role.
const OTHER_ROLE: f64 = 2.5;
/// What it says against a call that another names more of what the child is about: as much as that
/// one can lose by being minutes earlier.
const SAYS_LESS: f64 = 2.0;
/// What it says that the role is taken on as long after such a call as always.
const USUAL: f64 = 1.5;
/// What it says against a call that it was made in another account or Region.
const ELSEWHERE: f64 = 2.5;
/// Below this what the rest teaches cannot make a pair acceptable.
const CONSIDER: f64 = 0.0;
/// Seconds within which an operation that no row names is taken to have made a service act.
const SOON: i64 = 30;
/// How much better the best must be for a link to be decided before the rest is known.
pub(super) const CLEAR: f64 = 2.0;
/// Most pairs remembered of one child.
const MOST: usize = 24;

/// Everything that weighing looks at.
pub(super) struct Scales<'s, 'e> {
    pub events: &'e [Event],
    pub index: &'s Index,
    pub lags: &'s Lags,
    pub sessions: &'s Sessions,
    pub knowledge: &'s Knowledge,
    pub names: &'s Names<'e>,
    pub criteria: &'s [ParentCriteria],
    pub hasher: &'s IdHasher,
}

/// What is used again from one call to the next.
#[derive(Default)]
pub(super) struct Scratch {
    found: Vec<u32>,
    near: Vec<u32>,
    worth: Vec<f64>,
}

/// A call whose parent is looked for.
struct Call<'c, 'e> {
    position: u32,
    child: &'c Child<'e>,
    wanted_parent: &'c ParentCriteria,
    /// How much each of its tokens says.
    worth: &'c [f64],
}

/// What has been found for one pair so far.
#[derive(Default)]
struct Weight {
    score: f64,
    ids: f64,
    role_ids: f64,
    /// The ids are of a kind that ties calls however far apart.
    lasting: bool,
    /// It comes as long after the call as always.
    is_usual: bool,
    decisive: bool,
    says: u16,
    kind: Option<LinkKind>,
    basis: Basis,
}

impl Weight {
    fn note(&mut self, kind: LinkKind, basis: Basis) {
        self.kind = Some(self.kind.map_or(kind, |had| had.min(kind)));
        self.basis |= basis;
    }

    /// Ids that tie calls over time; a role is taken on again and again.
    fn own_ids(&self) -> f64 {
        self.ids - self.role_ids
    }
}

impl Scales<'_, '_> {
    /// Every acceptable parent of the child at a position, best first.
    pub(super) fn pairs(
        &self,
        position: u32,
        child: &Child<'_>,
        scratch: &mut Scratch,
    ) -> Vec<Pair> {
        let Some(wanted_parent) = self.criteria.get(child.criteria as usize) else {
            return Vec::new();
        };
        let mut pairs = Vec::new();
        let Scratch { found, near, worth } = scratch;
        found.clear();
        worth.clear();
        self.index.by_id(child, wanted_parent, found, worth);
        let call = Call { position, child, wanted_parent, worth };
        self.weigh_all(&call, found, &mut pairs);
        let best = pairs.iter().filter(|p| p.decisive).map(|p| p.score).fold(f64::MIN, f64::max);
        // Where an id decides and nothing without one can come near, nothing else is looked at.
        if best < most_without_id(child) + CLEAR {
            near.clear();
            let begun = self.issued(position, child).is_some();
            self.index.by_circumstance(child, wanted_parent, begun, near);
            near.retain(|at| found.binary_search(at).is_err());
            self.weigh_all(&call, near, &mut pairs);
        }
        if !has_its_principal(child) {
            prefer_who_says_most(&mut pairs);
        }
        if let Some(pair) = self.issued(position, child) {
            // The very key was issued by that call: what is not of the same session is no parent.
            if child.kind != CallerKind::ForwardAccessSession {
                pairs.retain(|p| {
                    self.events.get(p.parent as usize).is_some_and(|e| e.arn() == child.event.arn())
                });
            }
            pairs.push(pair);
        }
        sort_pairs(&mut pairs);
        pairs.truncate(MOST);
        pairs
    }

    fn weigh_all(&self, call: &Call<'_, '_>, found: &[u32], pairs: &mut Vec<Pair>) {
        let weighed = found
            .iter()
            .filter_map(|at| self.index.at(*at))
            .filter(|facts| facts.index != call.child.index)
            .filter_map(|facts| self.weigh(call, facts))
            .filter(|pair| pair.score >= CONSIDER);
        pairs.extend(weighed);
    }

    /// The call that issued the child's credentials, as a parent.
    fn issued(&self, position: u32, child: &Child<'_>) -> Option<Pair> {
        let by_key = self.sessions.issuer_by_key(child.event, self.hasher);
        let service_session =
            matches!(child.kind, CallerKind::ServiceLinkedRole | CallerKind::ServiceRole);
        let parent = match by_key {
            Some(parent) => parent,
            None if service_session => self.sessions.issuer_by_date(child.event, self.hasher)?,
            None => return None,
        };
        let issuer = self.events.get(parent)?;
        let lag = child.event.time.seconds_since(issuer.time);
        if parent == child.index || lag < -2 {
            return None;
        }
        let by_access_key = child.event.access_key().is_some() && by_key.is_some();
        Some(Pair {
            child: position,
            parent: parent as u32,
            score: 3.5,
            lag,
            kind: LinkKind::IssuedCredentials,
            decisive: by_key.is_some() || service_session,
            basis: if by_access_key { Basis::ISSUED_KEY } else { Basis::ISSUED_SESSION },
            says: 0,
        })
    }

    /// `None` when it cannot be the parent.
    fn weigh(&self, call: &Call<'_, '_>, facts: &RootFacts) -> Option<Pair> {
        let Call { position, child, wanted_parent, worth } = *call;
        let lag = child.event.time.seconds_since(facts.time);
        if lag < -early(child.kind) {
            return None;
        }
        // Most of what is looked at is somebody else's call.
        if has_its_principal(child) && child.principal != facts.principal {
            return None;
        }
        let name = self.names.get(facts.names)?;
        let mut weight = Weight::default();
        weigh_ids(child, worth, facts, &mut weight);
        let fit = wanted_parent.fit(name);
        self.weigh_role(call, facts, &fit, &mut weight);
        self.weigh_time(lag, child, &fit, &mut weight)?;
        weigh_session(child, facts, &mut weight)?;
        weigh_place(child, facts, &mut weight);
        self.weigh_service(child, wanted_parent, facts, name, &fit, &mut weight)?;
        self.weigh_key(child, facts, &mut weight)?;
        self.weigh_outcome(child, facts, &fit, &mut weight)?;
        if weight.kind.is_none() {
            weight.note(LinkKind::Time, Basis::TIME);
        }
        Some(Pair {
            child: position,
            parent: facts.index as u32,
            score: weight.score,
            lag,
            kind: weight.kind?,
            decisive: weight.decisive,
            basis: weight.basis,
            says: weight.says,
        })
    }

    /// The role that a service takes on is that of what was started, or is taken on as long after the
    /// call as always.
    fn weigh_role(&self, call: &Call<'_, '_>, facts: &RootFacts, fit: &Fit, weight: &mut Weight) {
        let Call { child, worth, .. } = *call;
        let takes_on = child.is_sts || child.kind == CallerKind::ServiceRole;
        let Some(role) = child.role.filter(|_| takes_on && fit.listed) else {
            return;
        };
        let lag = child.event.time.seconds_since(facts.time);
        if facts.runs_with_another(role) {
            weight.score -= OTHER_ROLE;
            return;
        }
        if facts.runs_with(role) && weight.role_ids <= 0.0 {
            // As much as if the call named the role itself.
            let named = child.tokens.iter().zip(worth).filter(|(token, _)| token.is_role);
            let most = named.map(|(_, worth)| *worth).fold(ROLE, f64::max);
            weight.ids += most;
            weight.role_ids += most;
            weight.score += most;
            weight.note(LinkKind::Time, Basis::ROLE);
        }
        if self.lags.is_usual(facts.names, role, lag) {
            weight.is_usual = true;
            weight.score += USUAL;
            weight.note(LinkKind::Time, Basis::USUAL_LAG);
        }
    }

    /// The parent's service must be one that `invokedBy` can mean, and its operation one that makes
    /// such calls.
    fn weigh_service(
        &self,
        child: &Child<'_>,
        wanted_parent: &ParentCriteria,
        facts: &RootFacts,
        root: &Name,
        fit: &Fit,
        weight: &mut Weight,
    ) -> Option<()> {
        let lag = child.event.time.seconds_since(facts.time);
        let same_request = child.request.is_some() && child.request == facts.request;
        if facts.is_service_event {
            // The beginning and the end of one piece of work.
            let is_service_event = child.event.get(Field::EventType) == Some("AwsServiceEvent");
            return (same_request && is_service_event).then_some(());
        }
        if self.is_sibling(child, facts) && !(same_request && facts.is_root)
            || takes_on_another(child, facts, weight)
                && !weight.is_usual
                && !is_handed_over(child, lag, fit)
        {
            return None;
        }
        let strong = weight.decisive || weight.own_ids() >= 3.0;
        weight.score -= self.against_direction(child, root);
        match fit {
            Fit { listed: true, .. } => weight.score += 3.0,
            Fit { row: Some(_), .. } => weight.score += if strong { 1.5 } else { 0.0 },
            // The service is right, the operation is in no row: new operations come every week.
            Fit { same_source: true, .. } => {
                let late = child.kind == CallerKind::ServicePrincipal && lag > SOON;
                // Rows tell which operations need a key; of what else a service does for its caller
                // at once, they tell little.
                let at_once = child.kind == CallerKind::ForwardAccessSession
                    && !child.is_kms
                    && (0..=SOON).contains(&lag);
                if root.reads || root.covered && !at_once && (late || !strong) {
                    return None;
                }
                weight.score += if root.covered { 0.0 } else { 1.5 };
            }
            Fit { untold: true, .. } => {
                if !strong && (root.covered || root.reads) {
                    return None;
                }
            }
            _ => {
                // A service that works through a second one: Auto Scaling runs instances, and EC2
                // calls KMS in the same session and by the same invoker.
                let through = facts.invoked_by.is_some()
                    && facts.invoked_by == child.invoked_by
                    && child.is_kms
                    && !child.has_context
                    && matches!(
                        child.kind,
                        CallerKind::ServiceLinkedRole | CallerKind::ServiceRole
                    )
                    && root.started.meets(&wanted_parent.may_call);
                // What a known service does as itself, it does for calls to itself, or at once: that
                // a bucket's policy was written did not make CloudTrail deliver to it minutes later.
                let on_its_own =
                    child.kind == CallerKind::ServicePrincipal && wanted_parent.is_known();
                let new = strong && facts.is_root && root.started.is_empty();
                if through {
                    weight.score += 2.0;
                } else if !new || on_its_own && !same_request && lag > SOON {
                    return None;
                }
            }
        }
        Some(())
    }

    /// Two calls that one service made side by side, neither for the other.
    fn is_sibling(&self, child: &Child<'_>, facts: &RootFacts) -> bool {
        let same_call = self.names.number_of(child.index) == facts.names;
        let same_service = facts.by_service && facts.invoked_by == child.invoked_by;
        same_call || same_service
    }

    /// Reads decrypt and writes encrypt; a read never encrypts.
    fn against_direction(&self, child: &Child<'_>, root: &Name) -> f64 {
        match self.names.of(child.index).map(|name| name.direction) {
            Some(Direction::Decrypts) if !root.reads => 0.5,
            Some(Direction::Encrypts) if root.reads => 2.0,
            _ => 0.0,
        }
    }

    /// A call that was itself refused or malformed never reached the service that makes others.
    fn weigh_outcome(
        &self,
        child: &Child<'_>,
        facts: &RootFacts,
        fit: &Fit,
        weight: &mut Weight,
    ) -> Option<()> {
        if facts.refused {
            if weight.ids < 5.0 {
                return None;
            }
            weight.score -= 6.0;
        }
        let lag = child.event.time.seconds_since(facts.time);
        match (child.denied, facts.failed) {
            (_, true) if lag > ANSWERED => weight.score -= 2.0,
            (true, true) => weight.score += 1.5,
            (true, false) if self.had(child, facts, fit) => return None,
            (true, false) if self.knowledge.waits(fit.row) == Some(true) => {
                weight.score -= 1.5;
            }
            (false, true) => weight.score -= 0.5,
            _ => {}
        }
        Some(())
    }

    /// `None` where the call needs no key, or makes something with another one.
    fn weigh_key(&self, child: &Child<'_>, facts: &RootFacts, weight: &mut Weight) -> Option<()> {
        let is_named = child.key.and_then(|key| facts.names_key(key)) == Some(true);
        if child.is_kms && facts.keyless && !is_named && weight.own_ids() < 3.0 {
            return None;
        }
        let Some(key) = child.key else { return Some(()) };
        let name = self.names.of(child.index);
        let encrypts = name.is_some_and(|name| name.direction == Direction::Encrypts);
        match facts.names_key(key) {
            Some(true) => {
                weight.score += 3.0;
                weight.note(LinkKind::Key, Basis::KEY_NAMED);
            }
            Some(false) if encrypts && weight.ids <= 0.0 && !weight.decisive => return None,
            Some(false) => weight.score -= 4.0,
            None => match facts.usually_uses(key) {
                Some(true) => {
                    weight.score += 2.5;
                    weight.note(LinkKind::Key, Basis::KEY_USUAL);
                }
                Some(false) if weight.ids < 3.0 => weight.score -= 3.5,
                _ => {}
            },
        }
        Some(())
    }

    /// What succeeded had what it waits for, so that a refusal of that belongs to something else.
    fn had(&self, child: &Child<'_>, facts: &RootFacts, fit: &Fit) -> bool {
        let action = self.names.action_text(child.action);
        let root = self.events.get(facts.index);
        root.is_some_and(|root| self.knowledge.had(fit.row, root, action))
    }

    /// Calls in a principal's session follow within seconds or, under a long operation, minutes;
    /// what a service does as itself may come much later, and then only an id can tie it.
    fn weigh_time(
        &self,
        lag: i64,
        child: &Child<'_>,
        fit: &Fit,
        weight: &mut Weight,
    ) -> Option<()> {
        let usual = self.knowledge.max_lag(fit.row, child.kind);
        let forwarded = child.kind == CallerKind::ForwardAccessSession;
        let bound = match weight.own_ids() {
            _ if weight.lasting && !forwarded => usual.max(86_400),
            ids if ids >= 2.0 => usual * 4,
            _ => usual,
        };
        if lag > bound {
            return None;
        }
        let seconds = lag.unsigned_abs() as f64;
        let scale = usual.clamp(1, 900) as f64;
        // An operation that waits for its calls has them within its own second or two, and is itself
        // stamped when it has answered.
        if self.knowledge.waits(fit.row) == Some(true) && child.kind != CallerKind::Agent {
            let each = if lag > 0 { 2.0 } else { 0.5 };
            weight.score -= ((seconds - 1.0).max(0.0) * each).min(6.0);
        }
        weight.score -= (seconds / scale * 1.5).min(2.5) + (seconds * 0.05).min(1.5);
        Some(())
    }
}

/// Whether the call is made with the permissions, and in the name, of whoever it is made for.
fn has_its_principal(child: &Child<'_>) -> bool {
    matches!(child.kind, CallerKind::ForwardAccessSession | CallerKind::Agent)
}

/// A call that names less of what the child is about than another does is not its parent for being
/// nearer in time: in a long export every name is said so often that it is worth next to nothing.
fn prefer_who_says_most(pairs: &mut Vec<Pair>) {
    let most = pairs.iter().map(|pair| pair.says).max().unwrap_or(0);
    for pair in pairs.iter_mut().filter(|pair| pair.says > 0 && pair.says < most) {
        pair.score -= SAYS_LESS;
    }
    pairs.retain(|pair| pair.score >= CONSIDER);
}

fn weigh_ids(child: &Child<'_>, worth: &[f64], facts: &RootFacts, weight: &mut Weight) {
    let mut total: f64 = 0.0;
    let mut seen = None;
    if facts.says_something() {
        for (token, worth) in child.tokens.iter().zip(worth) {
            if seen == Some(token.value) || *worth <= 0.0 || !facts.has(token.hash) {
                continue;
            }
            seen = Some(token.value);
            total += worth;
            if token.is_role || facts.has_role(token.hash) {
                weight.role_ids += worth;
            } else {
                weight.says += 1;
            }
            weight.note(LinkKind::ResourceId, Basis::IDS);
        }
    }
    weight.ids = total.min(30.0);
    weight.score += weight.ids;
    let own = total - weight.role_ids;
    weight.decisive |= own >= 5.0 && !child.is_sts;
    weight.lasting =
        own >= 5.0 && child.has_context || child.event.request().is_none() && total >= 5.0;
    if child.request.is_some() && child.request == facts.request {
        weight.score += 5.0;
        weight.decisive = true;
        weight.note(LinkKind::RequestId, Basis::REQUEST);
    }
}

/// The best that a parent which shares no id with the child can score: session, service, key and
/// outcome all speaking for it.
fn most_without_id(child: &Child<'_>) -> f64 {
    let key = if child.key.is_some() { 3.0 } else { 0.0 };
    let outcome = if child.denied { 1.5 } else { 0.0 };
    let session = if child.kind == CallerKind::ServicePrincipal { 0.0 } else { 2.5 };
    session + 3.0 + key + outcome
}

/// Work is done where it was asked for, unless something says otherwise: things in other accounts and
/// Regions have the same names.
fn weigh_place(child: &Child<'_>, facts: &RootFacts, weight: &mut Weight) {
    let accounts = child.account.zip(facts.account);
    let regions = child.region.zip(facts.region);
    if accounts.is_some_and(|(one, other)| one != other)
        || regions.is_some_and(|(one, other)| one.is_apart(other))
    {
        weight.score -= ELSEWHERE;
    }
}

/// Forwarded and role calls keep the principal; a role session keeps its creation date.
fn weigh_session(child: &Child<'_>, facts: &RootFacts, weight: &mut Weight) -> Option<()> {
    let dates = (child.event.session_created, facts.session_created);
    // A sign-in keeps its name while access keys are refreshed.
    match (child.sign_in, facts.sign_in) {
        (Some(one), Some(other)) if one != other && child.principal == facts.principal => {
            return None;
        }
        (Some(one), Some(other)) if one == other => {
            weight.score += 0.5;
            weight.note(LinkKind::Session, Basis::SIGN_IN);
        }
        _ => {}
    }
    match child.kind {
        CallerKind::ForwardAccessSession | CallerKind::Agent => {
            if child.caller_account != facts.caller_account {
                return None;
            }
            if child.event.identity_type == IdentityType::AssumedRole {
                match dates {
                    (Some(a), Some(b)) if a.seconds_since(b).abs() > 1 => return None,
                    (Some(_), Some(_)) => weight.score += 0.5,
                    _ => {}
                }
            }
            weight.score += 2.0;
            weight.note(LinkKind::Session, Basis::PRINCIPAL);
        }
        CallerKind::ServiceLinkedRole | CallerKind::ServiceRole => {
            let same = child.principal == facts.principal
                && match dates {
                    (Some(a), Some(b)) => a.seconds_since(b).abs() <= 1,
                    _ => true,
                };
            if same {
                weight.score += 2.0;
                weight.note(LinkKind::Session, Basis::SESSION);
            } else if weight.ids < 2.0 {
                return None;
            }
        }
        CallerKind::Direct => return None,
        CallerKind::ServicePrincipal | CallerKind::Ec2Infrastructure => {
            if weight.kind.is_none() && child.account != facts.account {
                return None;
            }
        }
    }
    Some(())
}

/// A service takes on the role for its work at once where its operation is known to need one, though
/// the call may name the work and not the role: the definition names that.
fn is_handed_over(child: &Child<'_>, lag: i64, fit: &Fit) -> bool {
    let for_instance = child.taken_on.as_ref().is_some_and(|session| session.for_instance);
    fit.listed && !for_instance && (0..=HANDED_OVER).contains(&lag)
}

/// A role taken on for somebody else: nothing that the request names stands in the parent, or the
/// session is for an instance that the parent did not launch.
fn takes_on_another(child: &Child<'_>, facts: &RootFacts, weight: &Weight) -> bool {
    // A denied call has lost its request and can only be told by service and time.
    let Some(session) = child.taken_on.filter(|_| child.is_sts) else { return false };
    weight.ids <= 0.0 || session.for_instance && !facts.has(session.session)
}
