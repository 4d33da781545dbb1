//! What a denied call was on, where neither its record nor its chain says so.
//!
//! A denied KMS call loses its key and a denied `AssumeRole` its role (KMS "Logging AWS KMS API
//! calls"; seen in records of STS). The user's call often names the role; and of the keys that are
//! known, the policies may deny just one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::evaluated;
use super::failing::Failing;
use super::testimony::{Testimony, Witness};
use crate::chain::{Chains, encryption_context, kms_key};
use crate::contrast;
use crate::event::arn::Arn;
use crate::event::{Event, Time};
use crate::history::History;
use crate::history::change::{Change, Operation, Value};
use crate::wording::Sentence;

/// A success this near to a failure was under the same policies, unless these were changed.
const NEAR_SECONDS: i64 = 900;

/// Of more keys than that one alone is hardly denied.
const MOST_KEYS: usize = 200;

/// Fills in the resources of the failures that lack one.
pub(super) fn fill(failing: &mut [Failing], events: &[Event], chains: &Chains, history: &History) {
    let lost = |one: &Failing| {
        one.denial.resource.is_none()
            && one.action.starts_with("kms:")
            && events.get(one.denied).is_some_and(|event| event.request().is_none())
    };
    // Looks at every use of every key, so only where it is asked.
    let used = match failing.iter().any(lost) {
        true => Used::new(events, chains),
        false => Used::default(),
    };
    // Alike calls of one hour are on the same key; a busy trail has thousands of them.
    let mut concluded: BTreeMap<Alike, Option<String>> = BTreeMap::new();
    for one in failing {
        let Some(event) = events.get(one.denied) else { continue };
        if one.denial.resource.is_some() {
            continue;
        }
        if one.action.starts_with("sts:AssumeRole") && one.resource.is_none() {
            one.resource = role_of_chain(events, chains, one.denied);
        }
        if !one.action.starts_with("kms:") || event.request().is_some() || needs_no_key(&one.action)
        {
            continue;
        }
        let is_refuted = |key: &str| used.worked_nearby(event, key, history);
        if one.resource.as_deref().is_some_and(is_refuted) {
            one.resource = None;
        }
        if one.resource.is_none() {
            let alike = alike(one, event);
            let key = concluded
                .entry(alike)
                .or_insert_with(|| used.only_denied(one, event, events, chains, history));
            one.is_implied = key.is_some();
            one.resource = key.clone();
        }
    }
}

/// That the resource is a conclusion, and from what.
pub(super) fn testimony(one: &Failing) -> Option<Testimony> {
    let resource = one.resource.as_deref().filter(|_| one.is_implied)?;
    let text = Sentence::new("evaluated-implied").arg("resource", resource);
    Some(Testimony::new(Witness::Evaluated, text))
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

/// The one role that a call above names.
fn role_of_chain(events: &[Event], chains: &Chains, index: usize) -> Option<String> {
    let mut at = index;
    while let Some(link) = chains.link(at) {
        at = link.parent;
        let request = events.get(at).and_then(Event::request);
        let request: Option<Json> = request.and_then(|raw| serde_json::from_str(raw).ok());
        let mut roles = BTreeSet::new();
        request.iter().for_each(|request| collect_roles(request, &mut roles));
        if roles.len() == 1 {
            return roles.pop_first();
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
            if event.source() != "kms.amazonaws.com" || event.failed() {
                continue;
            }
            let Some(key) = kms_key(event).map(str::to_owned) else { continue };
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

    /// Of the known keys that serve the same purpose, the one that the policies deny.
    fn only_denied(
        &self,
        one: &Failing,
        event: &Event,
        events: &[Event],
        chains: &Chains,
        history: &History,
    ) -> Option<String> {
        if history.is_without_dumps() {
            return None;
        }
        let purposes: BTreeSet<&str> = self
            .successes_like(event)
            .iter()
            .flat_map(|(success, _)| encryption_context(success))
            .filter_map(|(name, _)| self.name_of(&name))
            .collect();
        let fitting = |key: &&String| {
            Arn::parse(key).is_some_and(|arn| Some(arn.region) == event.region())
                && (purposes.is_empty()
                    || self.purposes.get(*key).is_some_and(|names| {
                        names.iter().any(|name| purposes.contains(name.as_str()))
                    }))
                && !self.worked_nearby(event, key, history)
        };
        let fitting: Vec<&String> = history.keys().filter(fitting).take(MOST_KEYS + 1).collect();
        if fitting.len() > MOST_KEYS {
            return None;
        }
        let mut denied: Vec<&String> = fitting
            .into_iter()
            .filter(|key| {
                let case = evaluated::case(events, chains, history, one.denied, Some(key));
                case.is_some_and(|case| evaluated::denies(&case, one))
            })
            .collect();
        match denied.as_slice() {
            [_] => denied.pop().cloned(),
            _ => None,
        }
    }

    fn name_of(&self, name: &str) -> Option<&str> {
        self.purposes.values().flatten().find(|known| *known == name).map(String::as_str)
    }
}

/// Whether something was changed in that time that bears on the call's use of the key.
fn is_changed(history: &History, key: &str, event: &Event, from: Time, to: Time) -> bool {
    let changes = history.changes();
    let start = changes.partition_point(|change| change.time < from);
    let within = changes.get(start..).unwrap_or_default().iter();
    within.take_while(|change| change.time <= to).any(|change| {
        history.owner(&change.subject).as_deref() == Some(key) && concerns(change, event)
    })
}

/// A grant that services make for one another says nothing of other callers.
fn concerns(change: &Change, event: &Event) -> bool {
    match &change.operation {
        Operation::Set(Value::Grant(grant)) => {
            let principal = contrast::principal(event);
            principal.is_some_and(|principal| principal == grant.grantee)
        }
        _ => true,
    }
}

fn who(event: &Event) -> Option<Who<'_>> {
    Some((contrast::principal(event)?, event.name(), event.invoked_by()))
}
