//! What the policies of that moment say: evaluates the denied call and the successes around it, and
//! finds the one layer whose removal would have let the call through.
//!
//! Where a condition key is not known, the observed outcome decides: the call was denied, so if
//! only one layer can have denied it, that layer did.

use super::case::unknown_layers;
use super::changed::Suspects;
use super::comparison_set::ComparisonSet;
use super::deciding::found;
use super::evidence::{Evidence, Witness};
use super::failing::Failing;
use super::optimistic::{opened, optimistic};
use super::org_policy_hypothesis::org_policy_hypothesis;
use super::recreated_principal::grant_of_predecessor;
use super::worked::{Compared, Worked};
use crate::chain::Chains;
use crate::contrast::Observation;
use crate::event::{Effect, Event, Layer};
use crate::history::History;
use crate::history::change::Change;
use crate::history::layers::Likelihood;
use crate::history::subject::Subject;
use crate::iam::{DecisionResult, evaluate};
use crate::wording::Sentence;

pub use super::case::{Case, Found, policies, replaced};
use super::cases::{Moment, case_at, each_case};
pub(crate) use super::cases::{around, asked_at_once};
pub use super::cases::{case, case_of, cases_of};

/// What evaluating showed.
#[derive(Debug, Default)]
pub struct Evaluated {
    /// What denied.
    pub found: Option<Found>,
    /// The failures of the comparison set, ready for trying fixes.
    pub denied: Vec<Case>,
    /// Successes whose policies are known, for trying fixes.
    pub successes: Compared,
    /// Successes that evaluating would deny: then something is not known rightly.
    pub contradicted: usize,
    /// Successes that evaluating allows.
    pub confirmed: usize,
    /// All layers are known, and evaluating allows the very call that was denied.
    pub is_allowed: bool,
    /// The change before which evaluating allows the very call that was denied.
    pub turned_by: Option<Change>,
}

impl Evaluated {
    /// Whether evaluating reproduces the denial and the comparable successes.
    pub fn is_proof(&self) -> bool {
        self.found.as_ref().is_some_and(|f| f.complete) && self.contradicted == 0
    }
}

/// Failures evaluated per incident.
const FAILURES: usize = 12;
/// Of the changes that may have caused a failure so many are tried, the last ones first.
const MOST_CHANGES: usize = 500;

/// The last change before which evaluating allows the call that was denied after it.
fn turned_by<'h>(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &'h History,
    layer: Layer,
    suspects: &Suspects<'h>,
) -> Option<&'h Change> {
    let index = set.observation().index;
    // Services revoke grants all the time: that this one mattered is clear only where no call can
    // have worked without it.
    let worked = set.last_success_before().is_some();
    // A role loses its policies before it is deleted and gets them back when it is made anew: where
    // another layer is at fault it is the new role that this layer does not know.
    let is_remade = suspects
        .last_first()
        .any(|change| matches!(change.subject, Subject::Entity(_)) && change.concerns(layer));
    suspects.last_first().take(MOST_CHANGES).find(|change| {
        if is_remade && !change.concerns(layer) {
            return false;
        }
        // What a revoked grant said is often not recorded; that the call worked until then says it.
        if worked && matches!(change.subject, Subject::Grant { .. }) {
            return true;
        }
        let moment = Moment {
            time: change.time.plus_seconds(-1),
            resource: set.one().arn(),
            likelihood: Likelihood::Assumed,
            behind: set.one().behind.as_ref(),
        };
        case_at(events, chains, history, index, &moment).is_some_and(|case| {
            evaluate(&case.request, &optimistic(&case.request, &case.layers)).is_allowed()
        })
    })
}

/// Evaluates a comparison set's failures and the successes nearest to them.
pub fn evaluated(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &History,
    suspects: &Suspects<'_>,
    worked: &Worked,
) -> Evaluated {
    let mut result = Evaluated::default();
    for failing in set.failing.iter().take(FAILURES) {
        let resource = failing.arn();
        result.denied.extend(case_of(events, chains, history, failing, resource));
    }
    let stated = set.one().denial.stated.as_ref().map(|s| s.layer);
    result.found = result.denied.first().and_then(|case| found(case, stated));
    if let (None, Some(first)) = (&result.found, result.denied.first_mut()) {
        // Of several things asked for at once, the one of which something can be told.
        let each = each_case(events, chains, history, set.one().denied);
        let is_several = each.len() > 1 && set.one().behind.is_none();
        let told = each.into_iter().find_map(|case| Some((found(&case, stated)?, case)));
        if let Some((found, case)) = told.filter(|_| is_several) {
            result.found = Some(found);
            *first = case;
        }
    }
    if result.found.as_ref().is_none_or(|found| !found.complete && found.statement.is_none())
        && let Some((found, cases)) =
            org_policy_hypothesis(set, events, chains, history, &result.denied, suspects)
    {
        result.found = Some(found);
        result.denied = cases;
    }
    let Some(layer) = result.found.as_ref().map(|found| found.layer) else {
        result.is_allowed = result.denied.first().is_some_and(|case| {
            case.complete && evaluate(&case.request, &case.layers).is_allowed()
        });
        return result;
    };
    result.turned_by = turned_by(set, events, chains, history, layer, suspects).cloned();
    let is_revoked =
        result.turned_by.as_ref().is_some_and(|c| matches!(c.subject, Subject::Grant { .. }));
    if let Some(found) = result.found.as_mut().filter(|found| {
        let is_missed = found.effect == Effect::ImplicitDeny
            && matches!(found.layer, Layer::ResourcePolicy | Layer::IdentityPolicy);
        is_revoked || (is_missed && grant_of_predecessor(set, history).is_some())
    }) {
        // AWS names the layer where an Allow was missed last; what went away is the grant.
        found.layer = Layer::KmsGrant;
        found.effect = Effect::NotApplicable;
        found.label = None;
        found.condition_keys.clear();
    }
    for success in set.nearest_successes() {
        let Some(tried) = worked.at(success.index, events, chains, history) else { continue };
        match tried.decided {
            DecisionResult::Allowed => result.confirmed += 1,
            DecisionResult::Unknown => {}
            // A change made seconds before may not have been in force yet.
            _ if recently_changed(history, success) => {}
            _ => result.contradicted += 1,
        }
        result.successes.add(success.index);
    }
    result
}

fn recently_changed(history: &History, success: &Observation<'_>) -> bool {
    let time = success.event.time;
    !history.changes_within(time.plus_seconds(-300), time).is_empty()
}

/// Whether the policies deny a case as AWS's text says.
pub(super) fn denies(case: &Case, failing: &Failing) -> bool {
    let stated = failing.denial.stated.as_ref().map(|s| s.layer);
    let Some(found) = found(case, stated) else { return false };
    match &failing.denial.stated {
        Some(stated) => stated.layer == found.layer && stated.effect == found.effect,
        // KMS is vague only about what the key's own policy says.
        None if failing.denial.vague => found.layer == Layer::ResourcePolicy,
        None => true,
    }
}

/// Whether the call is denied without what was found as well: by another statement, or since nothing
/// allows it.
fn is_denied_besides(case: &Case, found: &Found) -> bool {
    let layers = optimistic(&case.request, &case.layers);
    let without = match (&found.label, &found.statement) {
        (Some(label), Some(statement)) => {
            let here = policies(&layers, found.layer);
            let policy = here.iter().find(|policy| policy.label == *label);
            let changed = policy.and_then(|policy| {
                let index = statement.index();
                let kept = |all: &mut Vec<_>| drop((index < all.len()).then(|| all.remove(index)));
                policy.policy.with_statements(kept).ok()
            });
            let Some(changed) = changed else { return false };
            replaced(&layers, found.layer, label, changed)
        }
        _ if found.layer == Layer::KmsGrant => return false,
        _ => opened(&layers, found.layer),
    };
    evaluate(&case.request, &without).is_denied()
}

/// What evaluating says about the layers.
pub fn evidence(evaluated: &Evaluated, set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let found = evaluated.found.as_ref()?;
    let repeats = evaluated.denied.first().is_some_and(|case| case.is_as_stated);
    if repeats && found.statement.is_none() && found.layer != Layer::KmsGrant {
        return None;
    }
    let id = set.observation().event.id();
    let policy = found
        .label
        .as_ref()
        .and_then(|l| l.name.clone().or_else(|| l.arn.clone()).or_else(|| l.attached_to.clone()));
    let is_alone = evaluated.denied.first().is_none_or(|case| !is_denied_besides(case, found));
    let text = match (&found.statement, policy) {
        (Some(statement), Some(policy)) if !is_alone => {
            Sentence::new("evaluated-statement-besides")
                .arg("sid", statement.sid().unwrap_or("?"))
                .arg("number", (statement.index() + 1) as f64)
                .arg("policy", policy)
                .arg("layer", found.layer)
        }
        (Some(statement), Some(policy)) => Sentence::new("evaluated-statement")
            .arg("sid", statement.sid().unwrap_or("?"))
            .arg("number", (statement.index() + 1) as f64)
            .arg("policy", policy)
            .arg("layer", found.layer),
        _ if !is_alone => Sentence::new("evaluated-layer-besides")
            .arg("layer", found.layer)
            .arg("effect", found.effect),
        _ => Sentence::new("evaluated-layer").arg("layer", found.layer).arg("effect", found.effect),
    };
    let trust = match (found.complete, evaluated.contradicted) {
        (true, 0) => 9.0,
        (true, _) => 4.0,
        (false, 0) if found.statement.is_some() => 7.0,
        (false, 0) => 4.0,
        (false, _) => 2.0,
    };
    Some(Evidence::new(Witness::Evaluated, text).weigh(found.layer, found.effect, trust).event(id))
}

/// What the evaluation hangs on: what was assumed, and what is not known. It weighs nothing.
///
/// Where evaluating found nothing, what is not known is still told to whoever gave policies.
pub fn reservations(evaluated: &Evaluated, history: &History) -> Vec<Evidence> {
    let has_found = evaluated.found.is_some();
    let is_told = has_found || !history.is_without_dumps();
    let Some(case) = evaluated.denied.first().filter(|_| is_told) else { return Vec::new() };
    let unknown = unknown_layers(&case.layers);
    let mut told = Vec::new();
    if let Some((what, more)) = shortened(&case.assumed).filter(|_| has_found) {
        told.push(Sentence::new("evaluated-assumed").arg("what", what).arg("more", more));
    }
    if let Some((what, more)) = shortened(&unknown) {
        told.push(Sentence::new("evaluated-unknown").arg("what", what).arg("more", more));
    }
    told.into_iter().map(|text| Evidence::new(Witness::Evaluated, text)).collect()
}

/// The first of them, and how many more there are; `None` where there are none.
fn shortened(what: &[Sentence]) -> Option<(Sentence, usize)> {
    let shown = what.iter().take(MOST_RESERVATIONS).cloned();
    let shown = shown
        .reduce(|one, next| Sentence::new("log-together").arg("before", one).arg("after", next))?;
    Some((shown, what.len().saturating_sub(MOST_RESERVATIONS)))
}

/// Reservations named; more are counted.
const MOST_RESERVATIONS: usize = 4;
