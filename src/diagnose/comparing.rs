//! The comparison of an incident: its failures beside the successes of the same call, and what of the difference
//! the verdict hangs on.

use std::collections::BTreeMap;

use super::comparison_set::{self, Pool};
use super::failing::Failing;
use super::incident::{Comparison, Verdict};
use super::kinds::Certainty;
use super::tally::Counter;
use crate::chain::Chains;
use crate::contrast::{self, Attribute, Crowd, Ground, Known, Observation};
use crate::event::{Event, Layer};
use crate::history::change::Change;

/// What is compared, and within what.
pub(super) struct Compared<'c, 'e> {
    pub(super) events: &'e [Event],
    pub(super) chains: &'c Chains,
    pub(super) pool: &'c Pool<'e>,
    pub(super) counter: &'c Counter<'e>,
    /// Every failure of the incident, and the position of the one that is shown.
    pub(super) failing: &'c [Failing],
    pub(super) shown: usize,
}

/// What a layer's verdict hangs on (IAM user guide, "Policy evaluation logic").
const TELLING: [(Layer, &[Attribute]); 12] = [
    (Layer::VpcEndpointPolicy, &[Attribute::VpcEndpoint, Attribute::RootVpcEndpoint]),
    (Layer::IdentityPolicy, &[Attribute::Principal]),
    (Layer::PermissionsBoundary, &[Attribute::Principal]),
    (Layer::SessionPolicy, &[Attribute::SessionName, Attribute::Principal]),
    (Layer::RoleTrustPolicy, &[Attribute::Principal]),
    (Layer::ResourcePolicy, &[Attribute::Resource]),
    (Layer::KmsGrant, &[Attribute::Resource]),
    (Layer::KmsKeyState, &[Attribute::Resource]),
    (Layer::BlockPublicAccess, &[Attribute::Resource]),
    (Layer::Rcp, &[Attribute::ResourceAccount, Attribute::Resource]),
    (Layer::Scp, &[Attribute::Region, Attribute::CallerAccount]),
    (Layer::Unknown, &[]),
];

/// Compares the failures of an incident with the successes of the same call.
pub(super) fn compare(
    compared: &Compared<'_, '_>,
    verdict: Option<&Verdict>,
    change: Option<&Change>,
) -> Comparison {
    let Compared { events, chains, pool, counter, failing, shown } = *compared;
    let Some(one) = Observation::new(events, chains, shown) else { return Comparison::default() };
    let is_alike =
        |f: &&Failing| events.get(f.denied).is_some_and(|e| e.name() == one.event.name());
    let alike: Vec<&Failing> = failing.iter().filter(is_alike).collect();
    let failures = comparison_set::observed(events, chains, &alike, pool.folded());
    let stood: usize = failing.iter().map(|f| counter.stood(f.denied).len()).sum();
    let none = Crowd::default();
    let crowd = pool.of(one.event).unwrap_or(&none);
    let action = failing.iter().find(|f| f.denied == shown).map_or("", |f| f.action.as_str());
    let found = contrast::compare(
        Ground { events, chains },
        &one,
        &failures,
        crowd,
        contrast::needs(one.event, action),
        &Known {
            change: change.map(|change| change.time),
            telling: telling(verdict),
            resources: proven(verdict, failing),
            ..Known::default()
        },
    );
    Comparison {
        failures: failing.len() + stood,
        successes: found.successes,
        left_out: found.left_out,
        not_needed: found.not_needed,
        nearest: found.nearest,
        ranking: found.ranking,
    }
}

/// What failures were on where only the verdict proves it.
fn proven<'f>(verdict: Option<&Verdict>, failing: &'f [Failing]) -> BTreeMap<usize, &'f str> {
    let is_proven = verdict.is_some_and(|verdict| verdict.certainty == Certainty::Proven);
    let all = failing.iter().filter(|_| is_proven);
    all.filter_map(|f| Some((f.denied, f.resource.as_deref()?))).collect()
}

fn telling(verdict: Option<&Verdict>) -> &'static [Attribute] {
    let verdict = verdict.filter(|verdict| verdict.certainty != Certainty::Unknown);
    let layer = verdict.and_then(|verdict| verdict.ranked.first()).map(|first| first.layer);
    let row = TELLING.iter().find(|(of, _)| Some(*of) == layer);
    row.map(|(_, attributes)| *attributes).unwrap_or_default()
}
