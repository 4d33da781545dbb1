//! What `compare` tells of one failed and one successful chain: step by step and field by field,
//! what differs first.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::build::{Material, difference};
use super::explanation::{ChainTold, chain_told};
use super::groups::changes;
use super::html::record_without_secrets;
use super::pair::Pair;
use super::{Change, Difference, Outcome, Step};
use crate::contrast::{self, Attribute, Ground, Observation, Property};
use crate::diagnose::{self, Incident};
use crate::event::{self, Event};
use crate::wording::Wording;

/// The value of `schema`.
const SCHEMA: &str = "trailwhy.comparison/1";

/// A failed chain beside a successful one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideBySide {
    /// `trailwhy.comparison/1`.
    pub schema: String,
    /// The failed chain.
    pub failed: ChainTold,
    /// The successful one; absent where no comparable call ever worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<ChainTold>,
    /// Why this success, where the program chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Position in `steps` of the first that does not end alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts_at: Option<usize>,
    /// Both chains, step by step, in the order of the success.
    pub steps: Vec<StepPair>,
    /// Changes of policies, grants and key states between the two, last first.
    pub changes: Vec<Change>,
    /// Changes left out of `changes`.
    pub changes_left_out: u64,
}

/// One step of both chains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepPair {
    /// In the failure; absent where it has no such step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Step>,
    /// In the success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<Step>,
    /// What policies could tell apart, most telling first.
    pub differences: Vec<Difference>,
    /// Members of the two records that differ, by their path, without those above.
    pub record_differences: Vec<RecordDifference>,
    /// Members of the two records that are the same.
    pub same: Vec<RecordMember>,
}

/// A member in which two records differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDifference {
    /// Where it stands, `requestParameters.keyId`.
    pub member: String,
    /// In the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// In the success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded: Option<String>,
}

/// A member that two records have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordMember {
    /// Where it stands.
    pub member: String,
    /// What it says.
    pub value: String,
}

impl SideBySide {
    /// Without the members of the records: they hold what people chose in places nobody knows.
    #[must_use]
    pub fn without_records(mut self) -> Self {
        for pair in &mut self.steps {
            pair.record_differences.clear();
            pair.same.clear();
        }
        self
    }
}

/// A success to compare with.
#[derive(Debug, Clone, Copy)]
pub enum With {
    /// This call, or a call of this chain.
    This(usize),
    /// The comparable success that differs least.
    Nearest,
}

/// Sets the chain of the failed call at `failed` beside a success.
pub fn side_by_side(
    material: &Material<'_>,
    wording: &Wording,
    failed: usize,
    with: With,
) -> SideBySide {
    let (events, chains) = (material.events, material.chains);
    let (succeeded, because) = match with {
        With::This(index) => (Some(index), None),
        With::Nearest => {
            nearest(material, wording, failed).map(|found| (found.index, found.because)).unzip()
        }
    };
    let told =
        |index: usize| chain_told(material, chains.asked(index, events), &[index].into(), wording);
    let members = |index: usize| chains.members(chains.asked(index, events));
    let left = members(failed);
    let right = succeeded.map(members).unwrap_or_default();
    let (failed_told, succeeded_told) = (told(failed), succeeded.map(told));
    let right_steps = succeeded_told.as_ref().map(|told| told.chain.as_slice()).unwrap_or_default();
    let pairs = Pairs { events, chains, left: &left, right: &right };
    let steps: Vec<StepPair> = align(&failed_told.chain, right_steps)
        .into_iter()
        .map(|(l, r)| pairs.pair(l, r, &failed_told.chain, right_steps))
        .collect();
    let time = |index: usize| events.get(index).map(|event| event.time);
    let (changes, changes_left_out) = match succeeded.and_then(time).zip(time(failed)) {
        Some((one, other)) => changes(material, wording, one.min(other), one.max(other)),
        None => (Vec::new(), 0),
    };
    SideBySide {
        schema: SCHEMA.to_owned(),
        parts_at: succeeded.and_then(|_| steps.iter().position(StepPair::parts)),
        steps,
        failed: failed_told,
        succeeded: succeeded_told,
        because,
        changes,
        changes_left_out,
    }
}

/// The comparable success that differs least from a failure.
pub(super) struct Nearest {
    /// Its position.
    pub(super) index: usize,
    /// In what it differs.
    pub(super) differences: Vec<Difference>,
    /// Why it is that one.
    pub(super) because: String,
}

/// The comparable success nearest to the call at `failed`.
pub(super) fn nearest(
    material: &Material<'_>,
    wording: &Wording,
    failed: usize,
) -> Option<Nearest> {
    let (events, chains) = (material.events, material.chains);
    let observed = Observation::new(events, chains, failed)?;
    let successes = successes(material, failed);
    let ground = Ground { events, chains };
    let (index, found) = contrast::nearest_success(ground, &observed, &successes)?;
    let is_of = |incident: &&Incident| {
        let mut calls = incident.occurrences.iter().filter_map(|o| o.failing.as_ref());
        calls.any(|failing| failing.denied == failed)
    };
    let incident = material.diagnosis.incidents.iter().find(is_of);
    let change = incident.and_then(|incident| incident.change.as_ref());
    let pair = Pair { failed, succeeded: index, differences: &found, change };
    Some(Nearest {
        index,
        because: pair.chosen(successes.len(), material, wording),
        differences: found.iter().map(difference).collect(),
    })
}

/// The calls that the one at `failed` can be compared with. One that failed is compared with all
/// that worked; one that worked, and was not followed by what always follows, with those that were.
fn successes<'m>(material: &'m Material<'_>, failed: usize) -> Vec<Observation<'m>> {
    let (events, chains) = (material.events, material.chains);
    let found = contrast::comparable(events, chains, failed);
    let mut found = diagnose::with_others(found, material.folded);
    if events.get(failed).is_some_and(Event::failed) {
        return found;
    }
    let mut lacking = BTreeSet::from([chains.asked(failed, events)]);
    let mut missing: &[String] = &[];
    for incident in &material.diagnosis.incidents {
        for occurrence in &incident.occurrences {
            let call = occurrence.failing.as_ref().map(|failing| failing.denied);
            let Some(root) = call.or(occurrence.root).map(|call| chains.asked(call, events)) else {
                continue;
            };
            lacking.insert(root);
            if root == chains.asked(failed, events) {
                missing = &incident.missing_steps;
            }
        }
    }
    found.retain(|success| {
        let members = chains.members(success.root);
        let calls = || members.iter().filter_map(|member| events.get(*member));
        let actions: BTreeSet<String> = calls().map(event::action).collect();
        !lacking.contains(&success.root)
            && !calls().any(Event::failed)
            && missing.iter().all(|step| actions.contains(step))
    });
    found
}

/// Both chains step by step, in the order of the second, as positions in each. What only the first
/// has comes before the next step that both have.
pub(super) fn align(left: &[Step], right: &[Step]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut rows = Vec::new();
    let mut rest = left.iter().enumerate().peekable();
    for (place, step) in right.iter().enumerate() {
        let common = rest.clone().any(|(_, other)| other.action == step.action);
        while let Some((other, _)) = rest.next_if(|(_, o)| common && o.action != step.action) {
            rows.push((Some(other), None));
        }
        rows.push((rest.next_if(|_| common).map(|(other, _)| other), Some(place)));
    }
    rows.extend(rest.map(|(other, _)| (Some(other), None)));
    rows
}

impl StepPair {
    /// The two do not end alike.
    fn parts(&self) -> bool {
        let outcome = |step: &Option<Step>| step.as_ref().map(|step| step.outcome);
        outcome(&self.failed) != outcome(&self.succeeded)
            || outcome(&self.failed) == Some(Outcome::Denied)
    }
}

struct Pairs<'p> {
    events: &'p [Event],
    chains: &'p crate::chain::Chains,
    left: &'p [usize],
    right: &'p [usize],
}

impl Pairs<'_> {
    fn pair(
        &self,
        left: Option<usize>,
        right: Option<usize>,
        failed: &[Step],
        succeeded: &[Step],
    ) -> StepPair {
        let mut pair = StepPair {
            failed: left.and_then(|at| failed.get(at)).cloned(),
            succeeded: right.and_then(|at| succeeded.get(at)).cloned(),
            differences: Vec::new(),
            record_differences: Vec::new(),
            same: Vec::new(),
        };
        let left = left.and_then(|at| self.left.get(at)).copied();
        let right = right.and_then(|at| self.right.get(at)).copied();
        if let (Some(left), Some(right)) = (left, right) {
            self.compare(left, right, &mut pair);
        }
        pair
    }

    fn compare(&self, left: usize, right: usize, pair: &mut StepPair) {
        let observed = |index| Observation::new(self.events, self.chains, index);
        let (Some(failed), Some(succeeded)) = (observed(left), observed(right)) else { return };
        // What a step has from the call at the top is told there.
        let at_top = failed.root == left && succeeded.root == right;
        let ground = Ground { events: self.events, chains: self.chains };
        pair.differences = contrast::differences(ground, &failed, &succeeded)
            .into_iter()
            .filter(|one| at_top || !is_of_root(&one.property))
            .map(|one| difference(&one))
            .collect();
        let record = |event: &Event| record_without_secrets(event, "***");
        let mut members = Members::default();
        members.collect("", Some(&record(failed.event)), Some(&record(succeeded.event)));
        members.differences.retain(|one| !pair.tells(&one.failed, &one.succeeded));
        pair.record_differences = members.differences;
        pair.same = members.same;
    }
}

impl StepPair {
    /// Whether one of the differences has these two values already.
    fn tells(&self, failed: &Option<String>, succeeded: &Option<String>) -> bool {
        self.differences
            .iter()
            .any(|known| known.failed == *failed && known.succeeded == *succeeded)
    }
}

/// What a step has from the call at the top.
fn is_of_root(property: &Property) -> bool {
    match property {
        Property::Above(..) => true,
        Property::Attribute(attribute) => OF_ROOT.contains(attribute),
        _ => false,
    }
}

const OF_ROOT: [Attribute; 10] = [
    Attribute::RootAction,
    Attribute::RootVpcEndpoint,
    Attribute::Mfa,
    Attribute::SourceAddress,
    Attribute::Network,
    Attribute::SessionName,
    Attribute::SourceIdentity,
    Attribute::Credentials,
    Attribute::UserAgent,
    Attribute::Tls,
];

/// Members that differ between any two records, wherever they stand, and say nothing.
const ALWAYS_DIFFERENT: [&str; 8] = [
    "eventID",
    "eventTime",
    "requestID",
    "requestId",
    "sharedEventID",
    "accessKeyId",
    "creationDate",
    "clientToken",
];

/// Two records member by member.
#[derive(Default)]
struct Members {
    differences: Vec<RecordDifference>,
    same: Vec<RecordMember>,
}

impl Members {
    fn collect(&mut self, path: &str, failed: Option<&Value>, succeeded: Option<&Value>) {
        let last = path.rsplit('.').next().unwrap_or(path);
        // An answer echoes the request, and is new each time.
        if ALWAYS_DIFFERENT.contains(&last) || path == "responseElements" {
            return;
        }
        match (failed, succeeded) {
            (Some(Value::Object(failed)), Some(Value::Object(succeeded))) => {
                let more = succeeded.keys().filter(|name| !failed.contains_key(*name));
                for name in failed.keys().chain(more) {
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.collect(&path, failed.get(name), succeeded.get(name));
                }
            }
            (Some(Value::Array(failed)), Some(Value::Array(succeeded))) => {
                for at in 0..failed.len().max(succeeded.len()) {
                    self.collect(&format!("{path}[{at}]"), failed.get(at), succeeded.get(at));
                }
            }
            // What only one record has is told whole.
            (failed, succeeded) if failed == succeeded => {
                let value = text(failed).unwrap_or_default();
                self.same.push(RecordMember { member: path.to_owned(), value });
            }
            (failed, succeeded) => self.differences.push(RecordDifference {
                member: path.to_owned(),
                failed: text(failed),
                succeeded: text(succeeded),
            }),
        }
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
