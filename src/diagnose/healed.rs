//! The same call succeeded later: because something was changed, because what had just been made
//! became known everywhere, or by trying again. What made it work says what was wrong.

use super::changed::Suspects;
use super::comparison_set::{ComparisonSet, Pool};
use super::evidence::{Evidence, Witness};
use crate::contrast::{Attribute, Observation};
use crate::event::{Layer, Time, Whose};
use crate::history::History;
use crate::history::change::{Change, Operation, Value};
use crate::history::subject::Subject;
use crate::wording::Sentence;

/// Why a call that was refused succeeded later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Healing {
    /// What it needed had been made seconds before and was not known everywhere yet.
    Propagation,
    /// Something it depends on was changed in between.
    Change,
    /// Nothing that the log shows.
    Retry,
}

impl Healing {
    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Healing::Propagation => "propagation",
            Healing::Change => "change",
            Healing::Retry => "retry",
        }
    }
}

/// The success that ended a failure.
#[derive(Debug, Clone)]
pub struct Healed {
    /// The event of the success.
    pub event_id: String,
    /// When.
    pub time: Time,
    /// Seconds since the last failure.
    pub after: i64,
    /// Why.
    pub why: Healing,
    /// What was changed in between, or had just been made.
    pub change: Option<Change>,
}

/// How young a thing is that may not be known everywhere: IAM's changes take seconds, rarely minutes
/// (IAM user guide, "Changes that I make are not always immediately visible"; KMS developer guide,
/// "Grants": up to five minutes).
const YOUNG: i64 = 120;
/// The longest that it has been seen to take, generously.
const SETTLED: i64 = 900;
/// A success so soon after the failure, with nothing changed, was a retry.
const SOON: i64 = 60;

/// The first success of the same call after the last failure, and why it came.
pub(super) fn healed(
    set: &ComparisonSet<'_, '_>,
    pool: &Pool<'_>,
    history: &History,
    suspects: &Suspects<'_>,
) -> Option<Healed> {
    let event = set.observation().event;
    let crowd = pool.of(event)?;
    let is_callers = set.one().denial.whose == Whose::Caller;
    let among = if is_callers { set.of_both() } else { set.by_principal() };
    let later = crowd.lists(among, crowd.after(set.last), |o| set.same_principal(o));
    let is_same = |at: &&u32| crowd.at(**at).is_some_and(|o| o.is_itself() && is_same_call(set, o));
    let first = later.filter_map(|list| list.iter().find(is_same)).min()?;
    let success = crowd.at(*first)?;
    let time = success.event.time;
    let after = time.seconds_since(set.last);
    let gives = |change: &&Change| can_give(change);
    let between = suspects.touching(history, set.last, time);
    let made = suspects.touching(history, set.first.plus_seconds(-YOUNG), set.last);
    // What was taken away just before is a cause and nothing that spreads.
    let made = made.into_iter().rfind(|change| {
        !matches!(
            change.operation,
            Operation::Set(Value::Absent) | Operation::RemoveStatement { .. }
        )
    });
    let turned = between
        .into_iter()
        .filter(gives)
        // Tags and settings are written while a thing is being made.
        .rfind(|change| made.is_none() || !matches!(change.subject, Subject::Tag { .. }));
    let (why, change) = match (turned, made) {
        (Some(change), _) => (Healing::Change, Some(change.clone())),
        // What worked before was known already.
        (None, Some(change)) if after <= SETTLED && set.last_success_before().is_none() => {
            (Healing::Propagation, Some(change.clone()))
        }
        _ if after <= SOON => (Healing::Retry, None),
        _ => return None,
    };
    Some(Healed { event_id: success.event.id().to_owned(), time, after, why, change })
}

/// Whether a success is what was refused, tried again: by the same principal, on the same resource
/// or, where the refusal was somebody else's, with the same one named in the request.
fn is_same_call(set: &ComparisonSet<'_, '_>, success: &Observation<'_>) -> bool {
    let one = set.one();
    // By another way, other policies are asked.
    let same_way = set.observation().agrees(success, Attribute::VpcEndpoint);
    if !same_way || !set.same_principal(success) {
        return false;
    }
    if one.denial.whose != Whose::Caller {
        let request = success.event.request().unwrap_or_default();
        let named = [one.principal.as_deref(), one.resource.as_deref()].into_iter().flatten();
        let mut names = named.filter_map(|arn| arn.rsplit(['/', ':']).next());
        return names.any(|name| !name.is_empty() && request.contains(name));
    }
    one.resource.is_some() && set.same_resource(success)
}

/// Whether a change can have allowed something: what was taken away did so only with a statement.
fn can_give(change: &Change) -> bool {
    let is_gone = matches!(change.operation, Operation::Set(Value::Absent));
    !is_gone || !matches!(change.subject, Subject::Entity(_) | Subject::Grant { .. })
}

impl Healed {
    /// What made the call work speaks for the layer it changed.
    pub(super) fn evidence(&self) -> Option<Evidence> {
        let change = self.change.as_ref().filter(|_| self.why == Healing::Change)?;
        let text = Sentence::new("healed-evidence")
            .arg("time", change.time.to_string())
            .arg("action", change.action.as_str())
            .arg("summary", change.summary.clone());
        let evidence =
            Evidence::new(Witness::Changed, text).event(&change.event_id).event(&self.event_id);
        Some(match change.layer {
            Layer::Unknown => evidence,
            layer => evidence.layer(layer, 2.5),
        })
    }

    /// For the paragraph that a tired engineer reads.
    pub fn sentence(&self) -> Sentence {
        let (time, seconds) = (self.time.to_string(), self.after as f64);
        match (self.why, &self.change) {
            (Healing::Change, Some(change)) => Sentence::new("healed-change")
                .arg("time", time)
                .arg("action", change.action.as_str())
                .arg("by", change.by.as_deref().unwrap_or("?"))
                .arg("summary", change.summary.clone()),
            (Healing::Propagation, Some(change)) => Sentence::new("healed-propagation")
                .arg("time", time)
                .arg("seconds", seconds)
                .arg("action", change.action.as_str())
                .arg("summary", change.summary.clone()),
            _ => Sentence::new("healed-retry").arg("time", time).arg("seconds", seconds),
        }
    }
}
