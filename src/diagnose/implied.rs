//! What a denied call was on, where neither its record nor its chain says so.
//!
//! A denied KMS call loses its key and a denied `AssumeRole` its role (KMS "Logging AWS KMS API
//! calls"; seen in records of STS). The user's call often names the role; and of the keys that are
//! known, the policies may deny just one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::changed::PROPAGATION_SECONDS;
use super::evidence::{Evidence, Witness};
use super::failing::{Failing, Implied};
use super::{cases, evaluated};
use crate::chain::{Chains, encryption_context, kms_key};
use crate::contrast;
use crate::event::arn::Arn;
use crate::event::{Event, Time, partition};
use crate::history::History;
use crate::history::change::{Change, Operation, Value};
use crate::history::subject::{Entity, Subject};
use crate::wording::Sentence;

/// A success this near to a failure was under the same policies, unless these were changed.
const NEAR_SECONDS: i64 = 900;

/// Of more keys than that one alone is hardly denied.
const MOST_KEYS: usize = 200;

/// Fills in the resources of the failures that lack one.
pub(super) fn fill(failing: &mut [Failing], events: &[Event], chains: &Chains, history: &History) {
    let lost = |one: &Failing| {
        let has_lost = one.action.starts_with("kms:") || takes_on_role(one);
        one.denial.resource.is_none()
            && has_lost
            && events.get(one.denied).is_some_and(|event| event.request().is_none())
    };
    // Looks at every use of every key and role, so only where it is asked.
    let used = match failing.iter().any(lost) {
        true => Used::new(events, chains),
        false => Used::default(),
    };
    // Alike calls of one hour are on the same key; a busy trail has thousands of them.
    let mut concluded: BTreeMap<Alike, Option<(String, Implied)>> = BTreeMap::new();
    for one in failing {
        let Some(event) = events.get(one.denied) else { continue };
        if one.denial.resource.is_some() {
            continue;
        }
        if takes_on_role(one) && one.resource.is_none() {
            one.resource = role_of_chain(events, chains, one.denied);
        }
        // Asked for several at once, it is the one that the policies keep it from.
        let refused = cases::refused_on(events, chains, history, one);
        let is_among =
            |arn: &str| refused.iter().any(|c| c.request.resource.arn.as_deref() == Some(arn));
        let first = refused.first().and_then(|case| case.request.resource.arn.clone());
        if let Some(first) = first.filter(|_| !one.resource.as_deref().is_some_and(is_among)) {
            one.resource = Some(first);
            one.implied_by = Some(Implied::Several);
            one.candidates.clear();
            continue;
        }
        let is_kms = one.action.starts_with("kms:") && !needs_no_key(&one.action);
        if event.request().is_some() || !(is_kms || takes_on_role(one)) {
            continue;
        }
        let is_refuted = |key: &str| used.worked_nearby(event, key, history);
        if is_kms && one.resource.as_deref().is_some_and(is_refuted) {
            one.resource = None;
            one.candidates.clear();
        }
        if one.resource.is_none() {
            let alike = alike(one, event);
            let found = concluded.entry(alike).or_insert_with(|| {
                let by_policies = || {
                    let key = used.only_denied(one, event, events, chains, history)?;
                    Some((key, Implied::Policies))
                };
                let by_change = || {
                    let stopped = used.only_stopped(event, history)?;
                    Some((stopped, Implied::Change))
                };
                if is_kms { by_policies().or_else(by_change) } else { by_change() }
            });
            one.implied_by = found.as_ref().map(|(_, by)| *by);
            one.resource = found.as_ref().map(|(resource, _)| resource.clone());
            one.candidates = one.resource.iter().cloned().collect();
        }
    }
}

fn takes_on_role(one: &Failing) -> bool {
    one.action.starts_with("sts:AssumeRole")
}

/// That the resource is a conclusion, and from what.
pub(super) fn evidence(one: &Failing) -> Option<Evidence> {
    let resource = one.resource.as_deref()?;
    let (text, witness) = match one.implied_by? {
        Implied::Policies => {
            (Sentence::new("evaluated-implied").arg("resource", resource), Witness::Evaluated)
        }
        Implied::Several => {
            (Sentence::new("evaluated-several").arg("resource", resource), Witness::Evaluated)
        }
        Implied::Change => {
            (Sentence::new("changed-implied").arg("resource", resource), Witness::Changed)
        }
    };
    Some(Evidence::new(witness, text))
}

/// Caller, action, service in between, Region, text and hour.
type Alike = (Option<String>, String, Option<String>, Option<String>, Option<String>, i64);

fn alike(one: &Failing, event: &Event) -> Alike {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (
        one.principal.clone(),
        one.action.clone(),
        owned(event.invoked_by()),
        owned(event.region()),
        owned(event.error_message()),
        event.time.0 / 3_600_000,
    )
}

/// KMS actions on no key (service authorization reference, AWS Key Management Service).
fn needs_no_key(action: &str) -> bool {
    let name = action.strip_prefix("kms:").unwrap_or(action);
    ["CreateKey", "ListKeys", "ListAliases", "GenerateRandom"].contains(&name)
        || name.contains("CustomKeyStore")
}

/// The one role that a call above names: its request, or its answer (what was started shows the role
/// it runs with).
fn role_of_chain(events: &[Event], chains: &Chains, index: usize) -> Option<String> {
    let mut at = index;
    while let Some(link) = chains.link(at) {
        at = link.parent;
        let event = events.get(at)?;
        for raw in [event.request(), event.response()].into_iter().flatten() {
            let mut roles = BTreeSet::new();
            let json: Option<Json> = serde_json::from_str(raw).ok();
            json.iter().for_each(|json| collect_roles(json, &mut roles));
            if roles.len() == 1 {
                return roles.pop_first();
            }
        }
    }
    None
}

fn collect_roles(value: &Json, roles: &mut BTreeSet<String>) {
    match value {
        Json::String(text) if text.starts_with("arn:") && text.contains(":role/") => {
            roles.insert(text.clone());
        }
        Json::Array(values) => values.iter().for_each(|value| collect_roles(value, roles)),
        Json::Object(members) => members.values().for_each(|value| collect_roles(value, roles)),
        _ => {}
    }
}

/// Which keys were used how: by whom, for what, and when.
#[derive(Default)]
struct Used<'e> {
    /// Names of encryption context pairs, by key.
    purposes: BTreeMap<String, BTreeSet<String>>,
    /// Successes by principal, operation and service in between.
    successes: BTreeMap<Who<'e>, Vec<(&'e Event, String)>>,
}

type Who<'e> = (String, &'e str, Option<&'e str>);

impl<'e> Used<'e> {
    fn new(events: &'e [Event], chains: &Chains) -> Used<'e> {
        let mut used = Used::default();
        for (index, event) in events.iter().enumerate() {
            if event.failed() {
                continue;
            }
            let key = match event.source() {
                "kms.amazonaws.com" => kms_key(event).map(str::to_owned),
                "sts.amazonaws.com" => event.request_value("roleArn"),
                _ => None,
            };
            let Some(key) = key else { continue };
            let names = encryption_context(event).into_iter().map(|(name, _)| name);
            used.purposes.entry(key.clone()).or_default().extend(names);
            if let (Some(who), None) = (who(event), chains.copy_of(index)) {
                used.successes.entry(who).or_default().push((event, key));
            }
        }
        used
    }

    /// In order of time, as the events are.
    fn successes_like<'q>(&'q self, event: &'q Event) -> &'q [(&'e Event, String)] {
        let successes: &BTreeMap<Who<'q>, Vec<(&'e Event, String)>> = &self.successes;
        who(event).and_then(|who| successes.get(&who)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The same call worked with the key at that time, so that it was denied on another.
    fn worked_nearby(&self, event: &Event, key: &str, history: &History) -> bool {
        let all = self.successes_like(event);
        let from = event.time.plus_seconds(-NEAR_SECONDS);
        let to = event.time.plus_seconds(NEAR_SECONDS);
        let start = all.partition_point(|(success, _)| success.time < from);
        let near = all.get(start..).unwrap_or_default().iter();
        near.take_while(|(success, _)| success.time <= to).any(|(success, of)| {
            let (first, last) = (event.time.min(success.time), event.time.max(success.time));
            of == key && !is_changed(history, key, event, first.plus_seconds(-NEAR_SECONDS), last)
        })
    }

    /// The same call worked with the key before and after, and the key was not changed in between.
    fn is_steady(&self, event: &Event, key: &str, history: &History) -> bool {
        let all = self.successes_like(event);
        let at = all.partition_point(|(success, _)| success.time < event.time);
        let with_key = |(_, of): &&(&Event, String)| of == key;
        let before = all.get(..at).unwrap_or_default().iter().rev().find(with_key);
        let after = all.get(at..).unwrap_or_default().iter().find(with_key);
        before.zip(after).is_some_and(|((before, _), (after, _))| {
            let from = before.time.plus_seconds(-NEAR_SECONDS);
            !is_changed(history, key, event, from, after.time)
        })
    }

    /// Of the known keys that serve the same purpose, the one that the policies deny. From the trail
    /// alone few policies are known, so only keys count that the caller used so before.
    fn only_denied(
        &self,
        one: &Failing,
        event: &Event,
        events: &[Event],
        chains: &Chains,
        history: &History,
    ) -> Option<String> {
        let purposes: BTreeSet<&str> = self
            .successes_like(event)
            .iter()
            .flat_map(|(success, _)| encryption_context(success))
            .filter_map(|(name, _)| self.name_of(&name))
            .collect();
        let is_used = |key: &str| {
            !history.is_without_dumps()
                || self
                    .successes_like(event)
                    .iter()
                    .any(|(success, of)| of == key && success.time < event.time)
        };
        let fitting = |key: &&String| {
            is_used(key)
                && Arn::parse(key).is_some_and(|arn| Some(arn.region) == event.region())
                && (purposes.is_empty()
                    || self.purposes.get(*key).is_some_and(|names| {
                        names.iter().any(|name| purposes.contains(name.as_str()))
                    }))
                && !self.worked_nearby(event, key, history)
                && !self.is_steady(event, key, history)
        };
        let fitting: Vec<&String> = history.keys().filter(fitting).take(MOST_KEYS + 1).collect();
        if fitting.len() > MOST_KEYS {
            return None;
        }
        let mut denied: Vec<&String> = fitting
            .into_iter()
            .filter(|key| {
                let case = cases::case_of(events, chains, history, one, Some(key));
                case.is_some_and(|case| evaluated::denies(&case, one))
            })
            .collect();
        match denied.as_slice() {
            [_] => denied.pop().cloned(),
            _ => None,
        }
    }

    /// Of what the caller used for the same before, the one thing that was changed since its last use
    /// and not used again until it was changed once more.
    fn only_stopped(&self, event: &Event, history: &History) -> Option<String> {
        let all = self.successes_like(event);
        let at = all.partition_point(|(success, _)| success.time < event.time);
        let (before, after) = all.split_at_checked(at)?;
        let used: BTreeSet<&String> = before.iter().map(|(_, of)| of).collect();
        let mut stopped = used.into_iter().filter(|of| {
            let time_of = |(success, _): &(&Event, String)| success.time;
            let last = before.iter().rev().find(|(_, key)| key == *of).map(time_of);
            let next = after.iter().find(|(_, key)| key == *of).map(time_of);
            let in_region = Arn::parse(of)
                .is_some_and(|arn| arn.region.is_empty() || Some(arn.region) == event.region());
            in_region
                && last.is_some_and(|last| {
                    // A change takes a while to take effect.
                    is_changed(
                        history,
                        of,
                        event,
                        last.plus_seconds(-PROPAGATION_SECONDS),
                        event.time,
                    )
                })
                && next.is_none_or(|next| is_changed(history, of, event, event.time, next))
        });
        let found = stopped.next()?;
        stopped.next().is_none().then(|| found.clone())
    }

    fn name_of(&self, name: &str) -> Option<&str> {
        self.purposes.values().flatten().find(|known| *known == name).map(String::as_str)
    }
}

/// Whether something was changed in that time that bears on the call's use of the key.
fn is_changed(history: &History, key: &str, event: &Event, from: Time, to: Time) -> bool {
    history.changes_naming(std::iter::once(key), from, to).into_iter().any(|change| {
        let owner = history.owner(&change.subject);
        owner.is_some_and(|owner| owner == key || is_same_role(&owner, key))
            && concerns(change, event, history)
    })
}

fn is_same_role(one: &str, other: &str) -> bool {
    Entity::from_arn(one).is_some_and(|entity| Entity::from_arn(other) == Some(entity))
}

/// A grant, made or ended, says nothing of others than its grantee; tags say little of anybody.
fn concerns(change: &Change, event: &Event, history: &History) -> bool {
    let grant = match &change.operation {
        Operation::Set(Value::Grant(grant)) => Some(grant),
        _ => match history.around(change).map(|(before, _)| before.value()) {
            Some(Some(Value::Grant(grant))) => Some(grant),
            _ => None,
        },
    };
    match (grant, &change.subject) {
        (Some(grant), _) => {
            contrast::principal(event).is_some_and(|caller| is_grantee(&grant.grantee, &caller))
        }
        (None, Subject::Tag { .. }) => false,
        _ => true,
    }
}

/// Grants name a service by its Region (`dynamodb.eu-west-1.amazonaws.com`).
fn is_grantee(grantee: &str, caller: &str) -> bool {
    let service = |name: &str| {
        let label = partition::without_domain(name)?.split('.').next()?;
        Some(label.to_owned())
    };
    grantee == caller
        || is_same_role(grantee, caller)
        || service(grantee).is_some_and(|label| service(caller) == Some(label))
}

fn who(event: &Event) -> Option<Who<'_>> {
    Some((contrast::principal(event)?, event.name(), event.invoked_by()))
}
