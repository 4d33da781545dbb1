//! Finds the calls that may be the parent of another: by id, by session, by request id, and by
//! service and account.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::{self, Child, tokens_of};
use super::knowledge::{Invokers, Knowledge};
use crate::event::{self, CallerKind, Event, Field, json};

type Map<K, V> = HashMap<K, V, RandomState>;

/// What a possible parent says, as far as some child asks for it.
#[derive(Debug, Default)]
pub(super) struct RootFacts {
    /// KMS keys it names, as ARN or id.
    pub keys: Vec<String>,
    /// Whether it is a user's own call.
    pub is_root: bool,
    /// Rows of the service table that it starts work of.
    pub started: Vec<usize>,
    words: Vec<String>,
}

impl RootFacts {
    pub(super) fn has(&self, token: &str) -> bool {
        self.words.binary_search_by(|w| w.as_str().cmp(token)).is_ok()
    }

    /// Whether `token` is the name of a role it names by ARN.
    pub(super) fn has_role(&self, token: &str) -> bool {
        self.words.iter().any(|w| w.contains(":role/") && w.rsplit('/').next() == Some(token))
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// Whether one of the keys it names is `key`: the ARN, the id at its end, or an alias known to
    /// lead to it. `None` when it names no key or only aliases that are not known.
    pub(super) fn names_key(
        &self,
        key: &str,
        alias: impl Fn(&str) -> Option<bool>,
    ) -> Option<bool> {
        let id = key.rsplit('/').next().unwrap_or(key);
        let mut answer = None;
        for named in &self.keys {
            let this = match named.find("alias/") {
                Some(at) => alias(named.get(at..).unwrap_or_default()),
                None => Some(named == key || named.rsplit('/').next() == Some(id)),
            };
            match this {
                Some(true) => return Some(true),
                Some(false) => answer = Some(false),
                None => {}
            }
        }
        answer
    }
}

/// The possible parents of an export.
pub(super) struct Index<'e> {
    events: &'e [Event],
    facts: Map<usize, RootFacts>,
    by_token: Map<String, Vec<usize>>,
    by_session: Map<&'e str, Vec<usize>>,
    by_request: Map<&'e str, Vec<usize>>,
    by_service: Map<(&'e str, &'e str), Vec<usize>>,
}

/// No child looks at more parents than this, nearest in time first.
const MOST: usize = 48;

impl<'e> Index<'e> {
    pub(super) fn new(
        events: &'e [Event],
        children: &[Child<'e>],
        copies: &BTreeMap<usize, usize>,
        knowledge: &Knowledge,
    ) -> Self {
        let wanted: HashSet<&str, RandomState> =
            children.iter().flat_map(|c| c.tokens.iter().map(|t| t.text.as_str())).collect();
        let requests: HashSet<&str, RandomState> =
            children.iter().filter_map(|c| c.event.get(Field::RequestId)).collect();
        let found: Vec<(usize, RootFacts)> = events
            .par_iter()
            .enumerate()
            .filter(|(i, e)| {
                !copies.contains_key(i)
                    && (is_possible_parent(e, knowledge) || shares_request(e, &requests))
            })
            .map(|(i, e)| (i, root_facts(e, &wanted, knowledge)))
            .collect();
        let mut index = Index {
            events,
            facts: Map::default(),
            by_token: Map::default(),
            by_session: Map::default(),
            by_request: Map::default(),
            by_service: Map::default(),
        };
        for (i, facts) in found {
            let Some(event) = events.get(i) else { continue };
            for word in &facts.words {
                index.by_token.entry(word.clone()).or_default().push(i);
            }
            if let Some(arn) = event.arn() {
                index.by_session.entry(arn).or_default().push(i);
            }
            if let Some(request) = event.get(Field::RequestId) {
                index.by_request.entry(request).or_default().push(i);
            }
            if let Some(account) = event.account() {
                index.by_service.entry((account, event.source())).or_default().push(i);
            }
            index.facts.insert(i, facts);
        }
        index.follow_grants(children);
        index
    }

    /// A volume made by `RunInstances` stands in no response; the grant for it names both the
    /// volume and the instance, so who asks for the volume finds the instance's launch.
    fn follow_grants(&mut self, children: &[Child<'e>]) {
        for child in children.iter().filter(|c| c.event.name() == "CreateGrant") {
            let Some(grantee) = child.event.request_value("granteePrincipal") else { continue };
            let Some(instance) = grantee.rsplit(['/', ':']).next().filter(|i| i.starts_with("i-"))
            else {
                continue;
            };
            let Some(launches) = self.by_token.get(instance).cloned() else { continue };
            for (_, volume) in &child.context {
                for &launch in &launches {
                    let near = self.events.get(launch).is_some_and(|e| {
                        child.event.time.seconds_since(e.time).abs() < 3600
                            && e.name() == "RunInstances"
                    });
                    let Some(facts) = self.facts.get_mut(&launch).filter(|_| near) else {
                        continue;
                    };
                    if let Err(place) = facts.words.binary_search(volume) {
                        facts.words.insert(place, volume.clone());
                        self.by_token.entry(volume.clone()).or_default().push(launch);
                    }
                }
            }
        }
    }

    pub(super) fn facts(&self, index: usize) -> Option<&RootFacts> {
        self.facts.get(&index)
    }

    /// How much it says that two records share `token`: the rarer, the more.
    pub(super) fn worth(&self, token: &str) -> f64 {
        match self.by_token.get(token).map_or(0, Vec::len) {
            0 => 0.0,
            1..=4 => 6.0,
            5..=32 => 3.0,
            33..=256 => 1.0,
            _ => 0.2,
        }
    }

    /// Every call that may be the child's parent, nearest in time first, each once.
    pub(super) fn candidates(
        &self,
        child: &Child,
        invokers: &Invokers,
        knowledge: &Knowledge,
    ) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        for token in &child.tokens {
            if let Some(list) = self.by_token.get(&token.text) {
                self.add_near(&mut found, list, child, 86_400);
            }
        }
        if let Some(list) = child.event.get(Field::RequestId).and_then(|r| self.by_request.get(r)) {
            self.add_near(&mut found, list, child, 3600);
        }
        if let Some(list) = child.event.arn().and_then(|arn| self.by_session.get(arn)) {
            self.add_near(&mut found, list, child, 3600);
        }
        if matches!(child.kind, CallerKind::ServicePrincipal)
            && let Some(account) = child.event.account()
        {
            for source in &knowledge.sources(invokers) {
                if let Some(list) = self.by_service.get(&(account, source.as_str())) {
                    self.add_near(&mut found, list, child, 3600);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The entries of a time-ordered list from `before` seconds before the child to just after it.
    fn add_near(&self, found: &mut Vec<usize>, list: &[usize], child: &Child, before: i64) {
        let time = child.event.time;
        let at = |i: &usize| self.events.get(*i).map(|e| e.time).unwrap_or_default();
        let from = list.partition_point(|i| at(i) < time.plus_seconds(-before));
        let to = list.partition_point(|i| at(i) <= time.plus_seconds(3));
        let near = list.get(from..to).unwrap_or_default();
        found.extend(near.iter().rev().take(MOST));
    }
}

/// KMS calls, service events and plain reads start no other calls; everything else may.
fn is_possible_parent(event: &Event, knowledge: &Knowledge) -> bool {
    if event.source() == "kms.amazonaws.com"
        || event.get(Field::EventType) == Some("AwsServiceEvent")
    {
        return false;
    }
    !event::is_read_like(event.name()) || !knowledge.started_by(event).is_empty()
}

/// A principal's own call of whatever sort whose request id stands in a service's call as well.
fn shares_request(event: &Event, requests: &HashSet<&str, RandomState>) -> bool {
    event.get(Field::RequestId).is_some_and(|id| requests.contains(id))
        && !call::is_made_by_service(event)
        && event.source() != "kms.amazonaws.com"
}

fn root_facts(
    event: &Event,
    wanted: &HashSet<&str, RandomState>,
    knowledge: &Knowledge,
) -> RootFacts {
    let mut facts = RootFacts {
        is_root: !call::is_made_by_service(event),
        started: knowledge.started_by(event),
        ..RootFacts::default()
    };
    for field in [Field::RequestParameters, Field::ResponseElements, Field::Resources] {
        json::leaves(event.get(field).unwrap_or_default(), |path, value| {
            for token in tokens_of(value) {
                if wanted.contains(token) {
                    facts.words.push(token.to_owned());
                }
            }
            if names_key_member(path) {
                facts.keys.push(value.to_owned());
            }
        });
    }
    facts.words.sort_unstable();
    facts.words.dedup();
    facts.keys.sort_unstable();
    facts.keys.dedup();
    facts
}

/// Members that carry a KMS key by AWS's usual names (`kmsKeyId`, `kMSMasterKeyId`,
/// `x-amz-server-side-encryption-aws-kms-key-id`, …).
fn names_key_member(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    (last.contains("kms") && last.contains("key")) || last == "masterkeyid"
}
