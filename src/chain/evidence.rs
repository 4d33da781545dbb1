//! Says what matched between a call and its parent. Links are many and read links are few, so the
//! words are made from the two records when somebody asks.

use std::collections::BTreeSet;

use super::call::{Texts, tokens_of};
use super::chains::Chains;
use super::kms::{encryption_context, kms_key};
use super::link::{Basis, Link};
use crate::event::{Event, Field, json};
use crate::wording::Sentence;

impl Chains {
    /// What matched between the call at `index` and its parent, strongest first; empty for roots.
    pub fn evidence(&self, index: usize, events: &[Event]) -> Vec<Sentence> {
        evidence(self, index, events)
    }
}

/// What spoke for the link of the call at `index`, strongest first.
fn evidence(chains: &Chains, index: usize, events: &[Event]) -> Vec<Sentence> {
    let Some(link) = chains.link(index) else { return Vec::new() };
    let (Some(child), Some(parent)) = (events.get(index), events.get(link.parent)) else {
        return Vec::new();
    };
    let mut said = Vec::new();
    if link.basis.has(Basis::ISSUED_KEY) {
        let key = child.access_key().unwrap_or_default();
        said.push(Sentence::new("tied-by-issued-key").arg("key", key));
    }
    if link.basis.has(Basis::ISSUED_SESSION) {
        let session = child.arn().unwrap_or_default();
        said.push(Sentence::new("tied-by-issued-session").arg("session", session));
    }
    if link.basis.has(Basis::IDS) {
        said.extend(ids(chains, index, child, parent, events));
    }
    if link.basis.has(Basis::REQUEST) {
        let id = child.get(Field::RequestId).unwrap_or_default();
        said.push(Sentence::new("tied-by-request").arg("id", id));
    }
    said.extend(circumstances(link, child, parent));
    said
}

fn circumstances(link: &Link, child: &Event, parent: &Event) -> Vec<Sentence> {
    let mut said = Vec::new();
    let principal = parent.arn().unwrap_or_default();
    let key = kms_key(child).unwrap_or_default();
    if link.basis.has(Basis::PRINCIPAL) {
        said.push(Sentence::new("tied-by-principal").arg("principal", principal));
    }
    if link.basis.has(Basis::SESSION) {
        said.push(Sentence::new("tied-by-session").arg("session", principal));
    }
    if link.basis.has(Basis::SIGN_IN) {
        said.push(Sentence::new("tied-by-sign-in"));
    }
    if link.basis.has(Basis::PREPARED) {
        said.push(Sentence::new("tied-by-preparation").arg("call", parent.name()));
    }
    if link.basis.has(Basis::ROLE) {
        let taken_on = child.request_value("roleArn");
        let role = taken_on.or_else(|| child.principal_arn().map(str::to_owned));
        let role = role.unwrap_or_default();
        said.push(Sentence::new("tied-by-role").arg("role", role));
    }
    if link.basis.has(Basis::USUAL_LAG) {
        let apart = child.time.seconds_since(parent.time);
        said.push(Sentence::new("tied-by-usual-lag").arg("seconds", apart as f64));
    }
    if link.basis.has(Basis::KEY_NAMED) {
        said.push(Sentence::new("tied-by-key").arg("key", key));
    }
    if link.basis.has(Basis::KEY_USUAL) {
        said.push(Sentence::new("tied-by-usual-key").arg("key", key));
    }
    if link.basis.has(Basis::TIME) {
        let apart = child.time.seconds_since(parent.time);
        said.push(Sentence::new("tied-by-time").arg("seconds", apart as f64));
    }
    said
}

/// The ids that stand in both, one form of each value.
fn ids(
    chains: &Chains,
    index: usize,
    child: &Event,
    parent: &Event,
    events: &[Event],
) -> Vec<Sentence> {
    let theirs = words(chains, parent, events);
    let mut seen = BTreeSet::new();
    let mut said = Vec::new();
    let mut say = |event: &Event, kind| {
        let is_kms = event.source() == "kms.amazonaws.com";
        let texts = Texts::of(event, is_kms);
        let context = texts.context.clone();
        for value in texts.values(event, is_kms, kind) {
            let Some(form) = tokens_of(&value).find(|form| theirs.contains(*form)) else {
                continue;
            };
            if !seen.insert(form.to_owned()) {
                continue;
            }
            said.push(match context.iter().find(|(_, v)| v.ends_with(form)) {
                Some((key, _)) => {
                    Sentence::new("tied-by-context").arg("key", key.as_str()).arg("value", form)
                }
                None => Sentence::new("tied-by-id").arg("value", form),
            });
        }
    };
    say(child, chains.caller_kind(index, child));
    // A role is taken on for what its session then does.
    if child.source() == "sts.amazonaws.com" {
        for &used in chains.children(index) {
            if let Some(event) = events.get(used) {
                say(event, chains.caller_kind(used, event));
            }
        }
    }
    said
}

/// Everything a parent says that could be an id; of a launch also the volumes that grants name.
fn words(chains: &Chains, parent: &Event, events: &[Event]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut add = |value: &str| words.extend(tokens_of(value).map(str::to_owned));
    for field in [Field::RequestParameters, Field::ResponseElements, Field::Resources] {
        json::leaves(parent.get(field).unwrap_or_default(), |_, value| add(value));
    }
    if parent.name() == "RunInstances"
        && let Ok(at) =
            events.binary_search_by(|e| (e.time, e.id()).cmp(&(parent.time, parent.id())))
    {
        for grant in chains.children(at).iter().filter_map(|&i| events.get(i)) {
            for (_, value) in encryption_context(grant) {
                add(&value);
            }
        }
    }
    words
}
