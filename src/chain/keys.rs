//! Names the key of calls that lost it, from what their parents say: denied KMS calls whose text has
//! no key ARN.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::call::{self, Child};
use super::chains::{Chains, InferredKey};
use super::id_hash::IdHasher;
use super::index::Index;
use super::kms::{alias_in, key_arn_in, keys_named_by, kms_key, place};
use super::learned::Keys;
use crate::event::{self, Event};

/// Request parameter -> KMS keys that calls with it led to, and how often.
type Alike = HashMap<String, BTreeMap<String, usize>, RandomState>;

/// Position of a call -> its key.
pub(super) fn inferred(
    events: &[Event],
    children: &[Child<'_>],
    chains: &Chains,
    index: &Index,
    keys: &Keys,
    hasher: &IdHasher,
) -> BTreeMap<usize, InferredKey> {
    let mut found = BTreeMap::new();
    let lost: Vec<&Child<'_>> = children.iter().filter(|c| c.is_kms && c.key.is_none()).collect();
    if lost.is_empty() {
        return found;
    }
    let alike = keys_of_alike(events, children, chains, &lost);
    let mut above: HashMap<usize, Option<InferredKey>, RandomState> = HashMap::default();
    for child in lost {
        let mut at = child.index;
        while let Some(link) = chains.link(at) {
            at = link.parent;
            let Some(root) = events.get(at) else { break };
            let told = above.entry(at).or_insert_with(|| {
                let by_features = || {
                    let arn = key_by_features(root, &alike)?;
                    Some(InferredKey { arn, is_named: false })
                };
                key_of_parent(root, at, index, keys, hasher).or_else(by_features)
            });
            if let Some(key) = told {
                found.insert(child.index, key.clone());
                break;
            }
        }
    }
    found
}

/// For the parents of calls that lost their key: which keys other calls with the same request
/// parameter (a launch template, a function, a group) led to.
fn keys_of_alike(
    events: &[Event],
    children: &[Child<'_>],
    chains: &Chains,
    lost: &[&Child<'_>],
) -> Alike {
    let parent = |index: usize| chains.link(index).and_then(|l| events.get(l.parent));
    let names: BTreeSet<(&str, &str)> =
        lost.iter().filter_map(|c| parent(c.index)).map(|e| (e.source(), e.name())).collect();
    let mut keys = Alike::default();
    for child in children.iter().filter(|c| c.is_kms) {
        let (Some(key), Some(root)) = (kms_key(child.event), parent(child.index)) else {
            continue;
        };
        if names.contains(&(root.source(), root.name())) {
            for feature in parameters(root) {
                *keys.entry(feature).or_default().entry(key.to_owned()).or_default() += 1;
            }
        }
    }
    keys
}

/// The one key that a call names or is known to use.
fn key_of_parent(
    root: &Event,
    at: usize,
    index: &Index,
    known: &Keys,
    hasher: &IdHasher,
) -> Option<InferredKey> {
    let facts = index.facts(at)?;
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for named in keys_named_by(root) {
        if let Some(alias) = alias_in(&named) {
            let behind = known.behind(hasher.of_pair(&place(root), alias));
            keys.extend(behind.iter().filter_map(|key| known.arn(*key)).map(str::to_owned));
        } else if key_arn_in(&named).is_some() {
            keys.insert(named);
        } else if let (Some(account), Some(region)) = (root.account(), root.region()) {
            let partition = event::arn::partition_of(region);
            keys.insert(format!("arn:{partition}:kms:{region}:{account}:key/{named}"));
        }
    }
    let is_named = !keys.is_empty();
    if keys.is_empty() {
        let usual = facts.usual_keys().iter().filter_map(|key| known.arn(*key));
        keys.extend(usual.map(str::to_owned));
    }
    let arn = (keys.len() == 1).then(|| keys.pop_first()).flatten()?;
    Some(InferredKey { arn, is_named })
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
