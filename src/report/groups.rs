//! What `compare` tells of two groups of calls, by time or by principal: which actions fail in the
//! one and work in the other, what sets those calls apart, and what changed in between.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::build::{Material, change, factor};
use super::{Change, Factor};
use crate::contrast::{self, Attribute, Ground, Observation, Property};
use crate::event::{self, Failure, Time};
use crate::history;
use crate::history::subject::Subject;
use crate::wording::Wording;

/// The value of `schema`.
const SCHEMA: &str = "trailwhy.groups/1";

/// Actions whose factors are told.
const MOST: usize = 10;

/// Changes told.
const MOST_CHANGES: usize = 5;

/// Two groups of calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Groups {
    /// `trailwhy.groups/1`.
    pub schema: String,
    /// The group asked about.
    pub failed: Group,
    /// The group beside it.
    pub succeeded: Group,
    /// Every action of either group; those that fail more in the first come first.
    pub actions: Vec<ActionCounts>,
    /// What sets the failures of the first apart from the successes of the second, by action.
    pub factors: Vec<ActionFactors>,
    /// Changes of policies, grants and key states from the first call of either group to the first
    /// failure, last first.
    pub changes: Vec<Change>,
    /// Changes left out of `changes`.
    pub changes_left_out: u64,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The calls of this principal only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_arn: Option<String>,
    /// Time of its first call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Time of its last call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Its calls.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
}

/// How often an action was called and failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionCounts {
    /// IAM action.
    pub action: String,
    /// In the first group.
    pub failed: Counts,
    /// In the second.
    pub succeeded: Counts,
    /// Whether a larger part of the calls fails in the first than in the second.
    pub fails_more: bool,
}

/// Calls of one action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All of them.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
}

/// What sets failures of an action apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionFactors {
    /// IAM action.
    pub action: String,
    /// Best first; empty where there are too few calls to tell.
    pub factors: Vec<Factor>,
    /// A failure, for `explain` and `compare --failed`.
    pub failed_event_id: String,
}

/// Positions of the calls of a group, and whose they are.
#[derive(Debug, Clone)]
pub struct Selected {
    /// As asked for.
    pub principal: Option<String>,
    /// They are those of a stretch of time.
    pub by_time: bool,
    /// In order of time.
    pub calls: Vec<usize>,
}

/// Compares the failures of one group with the successes of another.
pub fn groups(
    material: &Material<'_>,
    wording: &Wording,
    failed: &Selected,
    succeeded: &Selected,
) -> Groups {
    let actions = counts(material, failed, succeeded);
    let factors: Vec<ActionFactors> = actions
        .iter()
        .filter(|counts| counts.fails_more)
        .filter_map(|counts| factors(material, &counts.action, failed, succeeded))
        .take(MOST)
        .collect();
    let (changes, changes_left_out) = match between(material, failed, succeeded, &actions) {
        Some((first, last)) => changes(material, wording, first, last),
        None => (Vec::new(), 0),
    };
    Groups {
        schema: SCHEMA.to_owned(),
        failed: group(material, failed),
        succeeded: group(material, succeeded),
        actions,
        factors,
        changes,
        changes_left_out,
    }
}

/// The changes from one moment to another, last first, and how many more there are. Services make
/// and retire grants all day: they are told only where nothing else changed.
pub(super) fn changes(
    material: &Material<'_>,
    wording: &Wording,
    first: Time,
    last: Time,
) -> (Vec<Change>, u64) {
    let (found, grants) = changed(material, first, last);
    let count = found.len() + grants;
    let told: Vec<Change> = found
        .into_iter()
        .take(MOST_CHANGES)
        .map(|found| change(material, wording, found))
        .collect();
    let left_out = count.saturating_sub(told.len()) as u64;
    (told, left_out)
}

/// The same as they were found, and how many grants are left out.
pub(super) fn changed<'m>(
    material: &'m Material<'_>,
    first: Time,
    last: Time,
) -> (Vec<&'m history::change::Change>, usize) {
    let all = material.history.changes();
    let from = all.partition_point(|change| change.time < first);
    let to = all.partition_point(|change| change.time <= last);
    let found = all.get(from..to).unwrap_or_default().iter().rev();
    let is_grant =
        |change: &&history::change::Change| matches!(change.subject, Subject::Grant { .. });
    let (grants, others): (Vec<_>, Vec<_>) = found.partition(is_grant);
    match others.is_empty() {
        true => (grants, 0),
        false => (others, grants.len()),
    }
}

fn worked(material: &Material<'_>, index: usize) -> bool {
    let event = material.events.get(index);
    event.is_some_and(|event| matches!(event::failure(event), None | Some(Failure::DryRun)))
}

fn group(material: &Material<'_>, selected: &Selected) -> Group {
    let time = |index: Option<&usize>| {
        index.and_then(|index| material.events.get(*index)).map(|event| event.time.to_string())
    };
    let failures = selected.calls.iter().filter(|index| !worked(material, **index)).count();
    Group {
        principal_arn: selected.principal.clone(),
        first: time(selected.calls.first()),
        last: time(selected.calls.last()),
        calls: selected.calls.len() as u64,
        failures: failures as u64,
    }
}

fn counts(material: &Material<'_>, failed: &Selected, succeeded: &Selected) -> Vec<ActionCounts> {
    let mut actions: BTreeMap<String, (Counts, Counts)> = BTreeMap::new();
    for (selected, first) in [(failed, true), (succeeded, false)] {
        for index in &selected.calls {
            let Some(event) = material.events.get(*index) else { continue };
            let entry = actions.entry(event::action(event)).or_default();
            let counts = if first { &mut entry.0 } else { &mut entry.1 };
            counts.calls += 1;
            counts.failures += u64::from(!worked(material, *index));
        }
    }
    let mut actions: Vec<ActionCounts> = actions
        .into_iter()
        .map(|(action, (failed, succeeded))| ActionCounts {
            action,
            failed,
            succeeded,
            fails_more: failed.failures > 0 && failed.rate() > succeeded.rate(),
        })
        .collect();
    let more = |counts: &ActionCounts| counts.failed.rate() - counts.succeeded.rate();
    actions.sort_by(|a, b| {
        more(b)
            .total_cmp(&more(a))
            .then(b.failed.failures.cmp(&a.failed.failures))
            .then_with(|| a.action.cmp(&b.action))
    });
    actions
}

impl Counts {
    fn rate(self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.failures as f64 / self.calls as f64 }
    }
}

fn factors(
    material: &Material<'_>,
    action: &str,
    failed: &Selected,
    succeeded: &Selected,
) -> Option<ActionFactors> {
    let observed = |selected: &Selected, ended_well: bool| -> Vec<Observation<'_>> {
        let of_action = |index: &&usize| {
            worked(material, **index) == ended_well
                && material.events.get(**index).is_some_and(|e| event::action(e) == action)
        };
        let calls = selected.calls.iter().filter(of_action);
        calls.filter_map(|i| Observation::new(material.events, material.chains, *i)).collect()
    };
    let failures = observed(failed, false);
    let successes = observed(succeeded, true);
    Some(ActionFactors {
        action: action.to_owned(),
        failed_event_id: failures.first()?.event.id().to_owned(),
        factors: contrast::factors(
            Ground { events: material.events, chains: material.chains },
            &failures,
            &successes,
            &chosen_by(failed, succeeded),
        )
        .factors
        .iter()
        .map(factor)
        .collect(),
    })
}

/// By what the two groups were chosen: it sets them apart and tells nothing.
fn chosen_by(failed: &Selected, succeeded: &Selected) -> Vec<Property> {
    let of_time = failed.by_time || succeeded.by_time;
    let of_principal = failed.principal != succeeded.principal;
    let time = of_time.then_some(Property::Time);
    let principal = of_principal.then_some(Property::Attribute(Attribute::Principal));
    time.into_iter().chain(principal).collect()
}

/// From the first call of either group to the first of the failures that the other has less often.
fn between(
    material: &Material<'_>,
    failed: &Selected,
    succeeded: &Selected,
    actions: &[ActionCounts],
) -> Option<(Time, Time)> {
    let event = |index: &usize| material.events.get(*index);
    let first = |group: &Selected| group.calls.first().and_then(event).map(|event| event.time);
    let more: Vec<&str> =
        actions.iter().filter(|one| one.fails_more).map(|one| one.action.as_str()).collect();
    let failure =
        failed.calls.iter().filter(|index| !worked(material, **index)).find_map(|index| {
            let event = event(index)?;
            more.contains(&event::action(event).as_str()).then_some(event.time)
        })?;
    Some((first(failed).min(first(succeeded))?, failure))
}
