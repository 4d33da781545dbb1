//! What would break, put back into what it was made for: calls that a change denies for the same reason,
//! to the same caller and on the same thing, worst first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::call::{Call, Root, Seen};
use super::exception::Exception;
use super::fate::{Fate, Why};
use super::owner::OwnerTag;
use crate::diagnose::Kind;
use crate::event::{Effect, Layer};
use crate::history::subject::resource_name;
use crate::iam::{Principal, Request};

/// What is said of a group of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// They would be denied.
    Denied,
    /// Whether they would be denied cannot be told.
    Unclear,
    /// They were refused and would be allowed.
    Opened,
}

/// Calls that would fare alike, for the same reason.
#[derive(Debug, Clone)]
pub struct Finding {
    /// How they would fare.
    pub verdict: Verdict,
    /// What sort of failure it would be.
    pub kind: Kind,
    /// The call that was asked for.
    pub root: Option<Root>,
    /// Who makes the calls.
    pub principal: String,
    /// What they are on; empty where no resource is known.
    pub on: BTreeSet<String>,
    /// The actions, with how many records of each.
    pub actions: BTreeMap<String, u64>,
    /// Why.
    pub why: Option<Why>,
    /// How often, and when.
    pub seen: Seen,
    /// A position of each distinct call among the calls.
    pub calls: Vec<usize>,
    /// The smallest exception that keeps them working.
    pub exception: Option<Exception>,
    /// Whose they are, as tags tell it.
    pub owner: Option<OwnerTag>,
    /// Records by the sort of failure that each would be.
    kinds: BTreeMap<Kind, u64>,
}

/// By what findings are told apart.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    verdict: Verdict,
    class: Class,
    root: Option<Root>,
    principal: String,
    layer: Option<Layer>,
    effect: Option<Effect>,
    policy: Option<(Option<String>, Option<String>)>,
    statement: Option<String>,
}

/// What sort of failure, as far as it does not vary from call to call: of one operation the records of
/// what is done afterwards may come within the second, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Below,
    Background,
    Own,
}

impl Class {
    fn of(kind: Kind) -> Class {
        match kind {
            Kind::Silent | Kind::Opaque | Kind::Ghost => Class::Below,
            Kind::Background => Class::Background,
            Kind::Direct => Class::Own,
        }
    }
}

/// The findings, worst first.
pub(super) fn findings(calls: &[Call], fates: &[Fate]) -> Vec<Finding> {
    let mut all: BTreeMap<Key, Finding> = BTreeMap::new();
    for (at, (call, fate)) in calls.iter().zip(fates).enumerate() {
        let (verdict, why) = match fate {
            Fate::Denied(why) => (Verdict::Denied, Some(why.as_ref())),
            Fate::Unclear(why) => (Verdict::Unclear, Some(why.as_ref())),
            Fate::Opened => (Verdict::Opened, None),
            _ => continue,
        };
        let Some(request) = call.requests.first() else { continue };
        let principal = principal(request);
        let on = holder(request);
        for (of, seen) in &call.uses {
            let label = why.and_then(|why| why.label.as_ref());
            let statement = why.and_then(|why| why.statement.as_ref());
            let key = Key {
                verdict,
                class: Class::of(of.kind),
                root: of.root.clone(),
                principal: principal.clone(),
                layer: why.and_then(|why| why.layer),
                effect: why.and_then(|why| why.effect),
                policy: label.map(|label| (label.arn.clone(), label.name.clone())),
                statement: statement.map(|statement| statement.raw().to_string()),
            };
            let finding = all.entry(key).or_insert_with(|| Finding {
                verdict,
                kind: of.kind,
                root: of.root.clone(),
                principal: principal.clone(),
                on: BTreeSet::new(),
                actions: BTreeMap::new(),
                why: why.cloned(),
                seen: Seen::default(),
                calls: Vec::new(),
                exception: None,
                owner: None,
                kinds: BTreeMap::new(),
            });
            *finding.actions.entry(request.action.clone()).or_default() += seen.count;
            finding.on.extend(on.clone());
            finding.seen.unite(seen);
            *finding.kinds.entry(of.kind).or_default() += seen.count;
            finding.calls.push(at);
            if let (Some(all), Some(why)) = (&mut finding.why, why) {
                all.missing.extend(why.missing.iter().cloned());
                all.missing.sort();
                all.missing.dedup();
            }
        }
    }
    let mut all: Vec<Finding> = all.into_values().collect();
    for finding in &mut all {
        // The sort that most of them would be; of as many the worse.
        let kinds = finding.kinds.iter();
        let most = kinds.max_by_key(|(kind, count)| (**count, Reverse(rank(**kind))));
        finding.kind = most.map_or(finding.kind, |(kind, _)| *kind);
    }
    drop_what_does_not_come(&mut all);
    all.sort_by_key(|one| (one.verdict, rank(one.kind), Reverse(one.seen.roots.len())));
    all
}

/// Worst first: what nobody would notice, then what nobody asked for, then what fails without saying
/// why.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Silent => 0,
        Kind::Ghost => 1,
        Kind::Background => 2,
        Kind::Opaque => 3,
        Kind::Direct => 4,
    }
}

/// A call that is denied itself makes no calls: what would be denied below every one of its records is
/// told with it.
fn drop_what_does_not_come(all: &mut Vec<Finding>) {
    let denied: BTreeSet<usize> = all
        .iter()
        .filter(|one| one.verdict == Verdict::Denied && one.kind == Kind::Direct)
        .flat_map(|one| one.seen.roots.iter().copied())
        .collect();
    all.retain(|one| {
        let is_below = |root: &usize| denied.contains(root);
        one.kind == Kind::Direct
            || one.verdict == Verdict::Opened
            || one.seen.roots.is_empty()
            || !one.seen.roots.iter().all(is_below)
    });
}

/// Who makes a call: the role, not its session.
pub fn principal(request: &Request) -> String {
    match &request.principal {
        Principal::RoleSession(session) => {
            session.role_arn.clone().unwrap_or_else(|| session.session_arn.clone())
        }
        Principal::Service { name } => name.clone(),
        Principal::Federated { provider } => provider.clone(),
        Principal::Anonymous => "anonymous".to_owned(),
        other => other.arn().map_or_else(|| "?".to_owned(), str::to_owned),
    }
}

/// What carries policies of what a call is on: the bucket of an object, the group of a stream; `None`
/// where no resource is known.
pub fn holder(request: &Request) -> Option<String> {
    let arn = request.resource.arn.as_deref()?;
    match arn {
        "*" => None,
        // A key is called by its ARN, not by its bare id.
        arn if arn.contains(":kms:") => Some(arn.to_owned()),
        arn => Some(resource_name(arn)),
    }
}
