//! The fixes of an incident, put into words.

use super::view::{Change, Fix, RefutedFix, Verified, Way};
use crate::iam::DecisionResult;
use crate::remedy::{self, Proof, Remedy};
use crate::wording::Wording;

/// The fixes as the report has them.
pub(super) fn fixes(remedy: Option<&Remedy>, wording: &Wording) -> Vec<Fix> {
    remedy.into_iter().flat_map(|r| &r.fixes).map(|fix| self::fix(fix, wording)).collect()
}

/// What does not help.
pub(super) fn refuted(remedy: Option<&Remedy>, wording: &Wording) -> Vec<RefutedFix> {
    remedy
        .into_iter()
        .flat_map(|r| &r.refuted)
        .map(|r| RefutedFix { title: wording.say(&r.title), because: wording.say(&r.because) })
        .collect()
}

fn fix(fix: &remedy::Fix, wording: &Wording) -> Fix {
    let notes: Vec<String> = fix.notes.iter().map(|note| wording.say(note)).collect();
    Fix {
        title: wording.say(&fix.title),
        layer: fix.layer,
        attach_to: fix.attach_to.clone(),
        document: fix.document.clone(),
        patch: fix.patch.clone(),
        commands: commands(fix, wording),
        changed_since: fix.changed_since.iter().map(|change| changed(change, wording)).collect(),
        terraform: fix.terraform.clone(),
        note: (!notes.is_empty()).then(|| wording.paragraph(&notes)),
        way: match fix.way {
            remedy::Way::Repair => None,
            remedy::Way::WithinRule => Some(Way::WithinRule),
            remedy::Way::Exemption => Some(Way::Exemption),
        },
        verified: fix.proof.as_ref().map(verified),
    }
}

fn changed(change: &crate::history::change::Change, wording: &Wording) -> Change {
    Change {
        event_id: change.event_id.to_string(),
        event_time: change.time.to_string(),
        action: change.action.clone(),
        principal_arn: change.by.clone(),
        summary: wording.say(&change.summary),
        diff: None,
    }
}

/// The commands, with comments above them that say whose credentials run them.
fn commands(fix: &remedy::Fix, wording: &Wording) -> Vec<String> {
    let mut told = Vec::new();
    for (index, command) in fix.commands.iter().enumerate() {
        let above = fix.run_by.iter().filter(|(at, _)| *at == index);
        told.extend(above.map(|(_, sentence)| format!("# {}", wording.say(sentence))));
        told.push(command.clone());
    }
    told
}

fn verified(proof: &Proof) -> Verified {
    let denied_request = match proof.denied_request {
        DecisionResult::Allowed => "allowed",
        DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied => "denied",
        DecisionResult::Unknown => "unknown",
    };
    Verified {
        denied_request: denied_request.to_owned(),
        successes_kept: proof.successes_kept as u64,
        successes_broken: proof.successes_broken as u64,
        still_denied: proof.still_denied as u64,
        unchecked_layers: proof.unchecked_layers.clone(),
    }
}
