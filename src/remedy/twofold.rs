//! Two layers that deny at once: no change of one of them helps, one of each does.

use super::candidate::Candidate;
use super::proof::{self, Proof};
use super::situation::Situation;
use crate::diagnose::evaluated::Case;
use crate::diagnose::optimistic::optimistic;
use crate::event::{Effect, Layer};
use crate::iam::{DecisionResult, evaluate};
use crate::wording::Sentence;

/// Changes tried of each of the two layers; narrower ones come first.
const TRIED: usize = 4;

/// Pairs of changes, one in the layer that was found and one in the layer that denies without it.
pub(super) fn candidates(
    situation: &Situation<'_>,
    tried: &[(Candidate, Option<Proof>)],
) -> Vec<(Candidate, Option<Proof>)> {
    let mut found = Vec::new();
    let denied = tried.iter().filter(|(_, proof)| {
        proof.as_ref().is_some_and(|proof| proof::is_denied(proof.denied_request))
    });
    let mut first: Vec<&Candidate> = denied.map(|(candidate, _)| candidate).collect();
    first.sort_by_key(|candidate| candidate.breadth);
    for one in first.into_iter().take(TRIED) {
        let Some(rest) = without(situation, one) else { continue };
        if rest.layer == situation.layer {
            continue;
        }
        let mut second = super::candidates(&rest);
        second.sort_by_key(|candidate| candidate.breadth);
        for other in second.into_iter().take(TRIED) {
            let both = joined(one, &other);
            let proof = proof::prove(situation, &both.edits);
            if proof.as_ref().is_some_and(|p| p.denied_request == DecisionResult::Allowed) {
                found.push((both, proof));
            }
        }
    }
    found
}

/// The situation that is left once a change is made: another layer denies.
fn without<'s>(situation: &Situation<'s>, change: &Candidate) -> Option<Situation<'s>> {
    let denied: Vec<Case> = situation
        .denied
        .iter()
        .map(|case| Case { layers: proof::edited(&case.layers, &change.edits), ..case.clone() })
        .collect();
    let case = denied.first()?;
    let decision = evaluate(&case.request, &optimistic(&case.request, &case.layers));
    let layer: Layer = decision.layer?;
    let effect = decision.effect.filter(|effect| *effect != Effect::Unknown)?;
    Some(situation.left_with(layer, effect, denied))
}

fn joined(one: &Candidate, other: &Candidate) -> Candidate {
    let mut both = one.clone();
    both.title = Sentence::new("remedy-both")
        .arg("first", one.title.clone())
        .arg("second", other.title.clone());
    both.breadth = one.breadth.saturating_add(other.breadth);
    both.then_run(other);
    both.terraform = match (&one.terraform, &other.terraform) {
        (Some(one), Some(other)) => Some(format!("{one}\n{other}")),
        _ => None,
    };
    both.notes.push(Sentence::new("remedy-note-both"));
    both.notes.extend(other.notes.iter().cloned());
    both.edits.extend(other.edits.iter().cloned());
    both.is_guess = false;
    both
}
