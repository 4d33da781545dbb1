//! A fix of a document that was changed since the failure: it is built on the newest one that is
//! known, keeps what came later, and names it. What was repaired since needs no fix.

use std::sync::Arc;

use serde_json::Value;

use super::candidate::{Candidate, patch};
use super::place::last_of;
use super::proof::{self, Edit};
use super::situation::Situation;
use crate::diagnose::evaluated::Case;
use crate::event::{Layer, Time};
use crate::history::History;
use crate::history::change::Change;
use crate::history::subject::{Entity, Subject, resource_name};
use crate::iam::{DecisionResult, Policy, PolicyLabel};
use crate::wording::Sentence;

/// The end of all that is recorded.
pub(super) const LAST: Time = Time(i64::MAX);

/// The candidates as the newest documents take them; where the newest document of one lets through
/// what was denied, that it was repaired is told in their place. `true` where it was.
pub(super) fn built_on(
    candidates: Vec<Candidate>,
    situation: &Situation<'_>,
) -> (Vec<Candidate>, bool) {
    let (mut open, mut done): (Vec<Candidate>, Vec<Candidate>) = (Vec::new(), Vec::new());
    for candidate in candidates {
        match rebased(candidate, situation) {
            Rebased::Open(candidate) => open.push(*candidate),
            Rebased::Done(repaired) => {
                if done.iter().all(|other| other.document != repaired.document) {
                    done.push(*repaired);
                }
            }
            Rebased::Lost => {}
        }
    }
    if done.is_empty() { (open, false) } else { (done, true) }
}

enum Rebased {
    Open(Box<Candidate>),
    /// Somebody carried it out, or what does the same.
    Done(Box<Candidate>),
    /// Later changes took away what it would change.
    Lost,
}

fn rebased(mut candidate: Candidate, situation: &Situation<'_>) -> Rebased {
    let Some((subject, since)) = subject(&candidate).zip(Some(situation.event.time)) else {
        return Rebased::Open(Box::new(candidate));
    };
    let later = later(&subject, since, situation.history);
    let Some(last) = later.last() else { return Rebased::Open(Box::new(candidate)) };
    let newest = document(&subject, situation.history);
    let Some((policy, amendment)) = newest.zip(candidate.amendment.clone()) else {
        keep(&mut candidate, &later);
        return Rebased::Open(Box::new(candidate));
    };
    if let Some(edit) = repair(&candidate, &policy, situation) {
        return Rebased::Done(Box::new(done(&candidate, &policy, edit, last, &later)));
    }
    if !amendment.changes(policy.document()) {
        return Rebased::Lost;
    }
    let after = amendment.applied(policy.document());
    let Ok(compiled) = Policy::from_value(&after) else { return Rebased::Lost };
    candidate.patch = Some(patch(policy.document(), &after));
    candidate.document = Some(after);
    for edit in &mut candidate.edits {
        if let Edit::Replace { before, after, .. } = edit {
            *before = Arc::clone(&policy);
            *after = Arc::new(compiled.clone());
        }
    }
    if amendment.misses(policy.document()) {
        candidate.notes.push(Sentence::new("remedy-note-touched-since"));
    }
    keep(&mut candidate, &later);
    Rebased::Open(Box::new(candidate))
}

/// Names the later changes, which stay.
pub(super) fn keep(candidate: &mut Candidate, later: &[&Change]) {
    for change in later {
        let note = Sentence::new("remedy-note-changed-since")
            .arg("action", change.action.as_str())
            .arg("time", change.time.to_string())
            .arg("principal", who(change));
        candidate.notes.push(note);
        candidate.changed_since.push((*change).clone());
    }
}

/// Who made a change; where nobody is named, the event that tells of it.
fn who(change: &Change) -> &str {
    change.by.as_deref().or(change.account.as_deref()).unwrap_or(&change.event_id)
}

/// The edit that puts the newest document in force, where that alone lets everything through that
/// was denied.
fn repair(candidate: &Candidate, newest: &Arc<Policy>, situation: &Situation<'_>) -> Option<Edit> {
    let Some(Edit::Replace { layer, label, before, .. }) = candidate.edits.first() else {
        return None;
    };
    let newer = Edit::Replace {
        layer: *layer,
        label: Arc::clone(label),
        before: Arc::clone(before),
        after: Arc::clone(newest),
    };
    // What keeps the call out may hang on what no record shows.
    let was_kept_out = |case: &Case| proof::result(case, &[]) != DecisionResult::Allowed;
    let passes =
        |case: &Case| proof::result(case, std::slice::from_ref(&newer)) == DecisionResult::Allowed;
    let is_repaired =
        situation.denied.iter().any(was_kept_out) && situation.denied.iter().all(passes);
    is_repaired.then_some(newer)
}

/// What somebody did since: nothing is left to run, and the document that works is told.
fn done(
    candidate: &Candidate,
    newest: &Policy,
    edit: Edit,
    by: &Change,
    later: &[&Change],
) -> Candidate {
    let title = Sentence::new("remedy-repaired")
        .arg("action", by.action.as_str())
        .arg("time", by.time.to_string())
        .arg("principal", who(by));
    let mut repaired = Candidate::text(title, candidate.layer, 0);
    repaired.attach_to = candidate.attach_to.clone();
    repaired.document = Some(newest.document().clone());
    if let Edit::Replace { before, .. } = &edit {
        repaired.patch = Some(patch(before.document(), newest.document()));
    }
    repaired.is_restoring = true;
    repaired.edits = vec![edit];
    repaired.changed_since = later.iter().map(|change| (*change).clone()).collect();
    repaired
}

/// What the candidate's first edit changes.
pub(super) fn subject(candidate: &Candidate) -> Option<Subject> {
    match candidate.edits.first()? {
        Edit::Replace { layer, label, .. } => of_label(*layer, label),
        Edit::Attach {
            layer: layer @ (Layer::ResourcePolicy | Layer::RoleTrustPolicy), ..
        } => {
            let at = candidate.attach_to.clone();
            of_label(*layer, &PolicyLabel { attached_to: at, ..PolicyLabel::default() })
        }
        _ => None,
    }
}

fn of_label(layer: Layer, label: &PolicyLabel) -> Option<Subject> {
    let at = label.attached_to.as_deref();
    Some(match layer {
        Layer::Scp | Layer::Rcp => {
            Subject::OrganizationPolicy(last_of(label.arn.as_deref()?).to_owned())
        }
        Layer::VpcEndpointPolicy => Subject::VpcEndpointPolicy(at?.to_owned()),
        Layer::RoleTrustPolicy => Subject::TrustPolicy(Entity::from_arn(at?)?),
        Layer::ResourcePolicy => Subject::ResourcePolicy(resource_name(at?)),
        Layer::IdentityPolicy | Layer::PermissionsBoundary => match &label.arn {
            Some(arn) => Subject::ManagedPolicy(arn.clone()),
            None => Subject::InlinePolicy { of: Entity::from_arn(at?)?, name: label.name.clone()? },
        },
        _ => return None,
    })
}

/// The changes of a subject after a moment, in order.
pub(super) fn later<'h>(subject: &Subject, since: Time, history: &'h History) -> Vec<&'h Change> {
    of(subject, history).filter(|change| change.time > since).collect()
}

/// The changes of a subject, in order.
pub(super) fn of<'h>(
    subject: &Subject,
    history: &'h History,
) -> impl DoubleEndedIterator<Item = &'h Change> {
    let owner = history.owner(subject).unwrap_or_default();
    let subject = subject.clone();
    let all: Vec<&Change> = history.changes_of(&owner).collect();
    all.into_iter().filter(move |change| change.subject == subject)
}

/// The newest document of a subject.
pub(super) fn document(subject: &Subject, history: &History) -> Option<Arc<Policy>> {
    let last = history.at(LAST);
    let text = match subject {
        Subject::ManagedPolicy(arn) => last.managed_policy(arn).document?.text.to_string(),
        _ => last.state(subject)?.value()?.as_text()?.to_owned(),
    };
    let policy = Policy::parse(&text).ok()?;
    matches!(policy.document(), Value::Object(_)).then(|| Arc::new(policy))
}
