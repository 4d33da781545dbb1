//! A grant that was made for an earlier role or user of the caller's name: it binds the unique id that
//! its grantee had then, so that the one of that name now has nothing of it (KMS developer guide,
//! "Grants"; IAM user guide, "Unique identifiers").

use std::collections::BTreeSet;

use super::comparison_set::ComparisonSet;
use super::evidence::{Evidence, Witness};
use crate::contrast::Observation;
use crate::event::{Effect, Field, Layer};
use crate::history::History;
use crate::history::answer::GrantInForce;
use crate::history::change::Grant;
use crate::history::subject::Entity;
use crate::wording::Sentence;

/// It names the very cause, which the other layers only share in: a key's policy that leaves out a
/// caller does so because the grant was there.
const LOUD: f64 = 8.0;

/// The grant that the caller's predecessor had, where the caller has none of its own for the call.
pub(super) fn grant_of_predecessor(
    set: &ComparisonSet<'_, '_>,
    history: &History,
) -> Option<GrantInForce> {
    let one = set.one();
    let name = one.action.strip_prefix("kms:")?;
    let key = one.arn().filter(|arn| arn.contains(":key/"))?;
    let caller = Entity::from_arn(one.principal.as_deref()?)?;
    let ids = Ids::of(set);
    let covers = |grant: &Grant| grant.operations.iter().any(|o| o.eq_ignore_ascii_case(name));
    let had = |grant: &Grant| {
        let then = history.at(grant.created?);
        then.unique_id(one.principal.as_deref()?).map(str::to_owned)
    };
    let is_for = |grant: &Grant| match Entity::from_arn(&grant.grantee) {
        Some(grantee) => grantee == caller,
        None => {
            let before = had(grant);
            let known = ids.earlier.iter().chain(&ids.now).chain(&before);
            known.into_iter().any(|id| names(&grant.grantee, id))
        }
    };
    let grants = history.at(set.first).grants_where(key, |g| covers(g) && is_for(g)).grants;
    let (stale, own): (Vec<GrantInForce>, Vec<GrantInForce>) =
        grants.into_iter().partition(|grant| ids.are_earlier(grant));
    stale.into_iter().next_back().filter(|_| own.is_empty())
}

/// A grantee that was deleted is shown by its unique id: `AROA…:session`.
fn names(grantee: &str, id: &str) -> bool {
    grantee.split(':').next() == Some(id)
}

/// The unique ids that principals of the caller's name had.
struct Ids {
    /// Of those that were refused.
    now: BTreeSet<String>,
    /// Of those that had succeeded before, and were others.
    earlier: BTreeSet<String>,
    /// When the last of the others succeeded.
    until: Option<crate::event::Time>,
}

impl Ids {
    fn of(set: &ComparisonSet<'_, '_>) -> Ids {
        let id = |o: &Observation<'_>| o.event.get(Field::IssuerPrincipalId).map(str::to_owned);
        let now: BTreeSet<String> = set.failures.iter().filter_map(id).collect();
        let mut earlier = BTreeSet::new();
        let mut until = None;
        if let Some(crowd) = set.crowd {
            let before = crowd.before(set.first);
            let own = crowd.lists(set.by_principal(), before, |o| set.same_principal(o));
            for list in own {
                let first = list.first().and_then(|at| crowd.at(*at));
                let last = list.last().and_then(|at| crowd.at(*at));
                if let Some(id) = first.and_then(id).filter(|id| !now.contains(id)) {
                    earlier.insert(id);
                    until = until.max(last.map(|o| o.time));
                }
            }
        }
        Ids { now, earlier, until }
    }

    /// Whether a grant was made for one of the others: the id tells, the history knows, or it was
    /// there while the other was.
    fn are_earlier(&self, found: &GrantInForce) -> bool {
        let grantee = &found.grant.grantee;
        if !grantee.starts_with("arn:") {
            return !self.now.is_empty() && !self.now.iter().any(|id| names(grantee, id));
        }
        let was_there =
            found.grant.created.zip(self.until).is_some_and(|(made, until)| made <= until);
        found.stale.unwrap_or(!self.now.is_empty() && was_there)
    }
}

/// That such a grant is there, which speaks for grants.
pub(super) fn evidence(set: &ComparisonSet<'_, '_>, history: &History) -> Option<Evidence> {
    let found = grant_of_predecessor(set, history)?;
    let text = Sentence::new("grant-of-predecessor")
        .arg("grant", found.grant.id.as_str())
        .arg("principal", set.one().principal.as_deref().unwrap_or("?"))
        .arg("operations", found.grant.operations.as_slice());
    Some(
        Evidence::new(Witness::Changed, text)
            .weigh(Layer::KmsGrant, Effect::NotApplicable, LOUD)
            .event(set.observation().event.id()),
    )
}
