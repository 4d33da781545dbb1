//! An organization policy that was changed just before the first failure, and of which it is not
//! known whether it hangs above the account: a trail shows where policies are attached and not where
//! accounts lie. Where its text denies the very call that worked until then, and none that went on
//! working, it is taken to hang there.

use super::case::{Case, Found};
use super::cases::each_case;
use super::changed::{PROPAGATION_SECONDS, Suspects};
use super::comparison_set::ComparisonSet;
use super::deciding::found;
use crate::chain::Chains;
use crate::event::{Event, Layer};
use crate::history::History;
use crate::history::change::{Change, Operation, Value};
use crate::history::layers::with_organization_policy;
use crate::history::subject::Subject;
use crate::iam::{DecisionResult, evaluate};

/// What denied under the supposition, and the cases with the policy in its place.
pub(super) fn org_policy_hypothesis(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &History,
    denied: &[Case],
    suspects: &Suspects<'_>,
) -> Option<(Found, Vec<Case>)> {
    set.last_success_before()?;
    let stated = set.one().denial.stated.as_ref().map(|stated| stated.layer);
    suspects.last_first().find_map(|change| {
        let (id, layer) = policy_of(change)?;
        let place = |case: &Case| {
            let inventory = history.at(set.first);
            let layers = with_organization_policy(&case.layers, &inventory, id, layer)?;
            Some(Case { layers, complete: false, ..case.clone() })
        };
        let by_policy = |case: &Case| {
            found(case, stated).filter(|found| found.layer == layer && found.statement.is_some())
        };
        let mut cases: Vec<Case> = denied.iter().filter_map(place).collect();
        let first = cases.first_mut()?;
        let mut found = by_policy(first).or_else(|| {
            // Of several things asked for at once it need not be the one that was doubted most before.
            let each = each_case(events, chains, history, set.one().denied).into_iter();
            let (case, found) = each
                .filter_map(|case| place(&case))
                .find_map(|case| Some((case.clone(), by_policy(&case)?)))?;
            *first = case;
            Some(found)
        })?;
        found.complete = false;
        let settled = change.time.plus_seconds(PROPAGATION_SECONDS);
        let later =
            set.nearest_successes().into_iter().filter(|success| success.event.time > settled);
        let refuted = later
            .flat_map(|success| each_case(events, chains, history, success.index))
            .filter_map(|case| place(&case))
            .any(|case| {
                evaluate(&case.request, &case.layers).result == DecisionResult::ExplicitlyDenied
            });
        (!refuted).then_some((found, cases))
    })
}

/// The SCP or RCP that a change put in force.
fn policy_of(change: &Change) -> Option<(&str, Layer)> {
    let is_put = !matches!(change.operation, Operation::Set(Value::Absent));
    let id = match &change.subject {
        Subject::OrganizationPolicy(id) => id,
        Subject::OrganizationAttachment { policy, .. } => policy,
        _ => return None,
    };
    let is_of_calls = matches!(change.layer, Layer::Scp | Layer::Rcp);
    (is_put && is_of_calls).then_some((id.as_str(), change.layer))
}
