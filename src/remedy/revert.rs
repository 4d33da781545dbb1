//! Undoing the change that did the harm, where the document of before is known.

use super::candidate::Candidate;
use super::commands::Amendment;
use super::proof::{Edit, is_same_policy};
use super::situation::Situation;
use super::undo;
pub(super) use super::undo::BREADTH;
use crate::diagnose::evaluated::policies;
use crate::history::change::{Change, Value};
use crate::history::subject::Subject;
use crate::iam::{AttachedPolicy, Policy};
use crate::wording::Sentence;

/// The document of before the change in place of the one of after it; what is no document is
/// undone as its kind is.
pub(super) fn candidate(situation: &Situation<'_>) -> Option<Candidate> {
    let change = situation.incident.change.as_ref()?;
    document_before(situation, change)
        .or_else(|| undo::candidate(change, situation.history))
        .filter(|candidate| is_no_document(change) || !is_untried(candidate))
}

fn document_before(situation: &Situation<'_>, change: &Change) -> Option<Candidate> {
    let (before, after) = situation.history.around(change)?;
    let before = Policy::parse(document(before.value()?)?).ok()?;
    let after = Policy::parse(document(after.value()?)?).ok()?;
    let policy = present(situation, &after)?;
    let title = Sentence::new("remedy-revert")
        .arg("action", change.action.as_str())
        .arg("time", change.time.to_string());
    let present = policy.policy.document();
    let amendment = Amendment::between(present, before.document()).only_untouched(present);
    let candidate = Candidate::amend(title, situation.layer, &policy, amendment, BREADTH)?;
    Some(candidate.note(Sentence::new("remedy-note-revert")))
}

/// A document can be tried, and is worth nothing untried; what was attached or taken away is undone
/// in one call, which people ask for first.
fn is_no_document(change: &Change) -> bool {
    matches!(change.subject, Subject::Attachment { .. } | Subject::OrganizationAttachment { .. })
}

fn is_untried(candidate: &Candidate) -> bool {
    candidate.edits.iter().any(|edit| matches!(edit, Edit::Untried))
}

fn document(value: &Value) -> Option<&str> {
    value.as_text().filter(|text| text.trim_start().starts_with('{'))
}

/// The policy in force that says what the change wrote.
fn present(situation: &Situation<'_>, after: &Policy) -> Option<AttachedPolicy> {
    let case = situation.first()?;
    let here = policies(&case.layers, situation.layer);
    let found = here.iter().find(|p| p.policy.document() == after.document())?;
    // Versions of one policy share its name; two policies that say the same do not.
    let twins = here.iter().filter(|p| !is_same_policy(&p.label, &found.label));
    let is_only = twins.filter(|p| p.policy.document() == after.document()).count() == 0;
    is_only.then(|| (*found).clone())
}
