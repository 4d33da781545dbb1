//! Proposes the smallest change in the layer that denied, and proves it offline: the denied
//! requests pass with it, every success still passes, and what must stay denied stays denied.

mod allow;
mod candidate;
mod commands;
mod deny;
mod following;
mod key;
mod need;
mod newest;
mod origin;
mod place;
mod probe;
mod proof;
mod protection;
mod public;
mod refute;
mod revert;
mod situation;
mod statement;
mod template;
mod twofold;
mod undo;
mod within;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use rayon::prelude::*;

use crate::chain::Chains;
use crate::diagnose::evaluated::policies;
use crate::diagnose::worked::Worked;
use crate::diagnose::{Diagnosis, Healing, Incident, Kind};
use crate::event::{Effect, Event, Layer};
use crate::history::History;
use crate::history::change::Change;
use crate::iam::{AttachedPolicy, DecisionResult, Statement, StatementEffect, evaluate};
use crate::wording::Sentence;
use candidate::Candidate;
pub use proof::{Proof, Strangers};
use situation::Situation;

/// Fixes shown per incident.
const MOST: usize = 4;
/// Refuted fixes shown per incident.
const MOST_REFUTED: usize = 3;

/// What repairs one incident, and what looks as if it did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remedy {
    /// Proven ones and narrow ones first.
    pub fixes: Vec<Fix>,
    /// Tempting changes that do not help.
    pub refuted: Vec<Refuted>,
}

/// One way to repair an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// What to do, in one line.
    pub title: Sentence,
    /// The layer it changes.
    pub layer: Layer,
    /// ARN or id of what the policy belongs to.
    pub attach_to: Option<String>,
    /// The whole new policy, or the statement or condition to add where the present one is not
    /// known.
    pub document: Option<Value>,
    /// The change as JSON Patch (RFC 6902), where the present policy is known.
    pub patch: Option<Value>,
    /// Commands of the AWS CLI.
    pub commands: Vec<String>,
    /// What stands above the commands from this place on: whose credentials they need.
    pub run_by: Vec<(usize, Sentence)>,
    /// Changes of the document after the failure, which the fix keeps.
    pub changed_since: Vec<Change>,
    /// The same for Terraform.
    pub terraform: Option<String>,
    /// What it opens, how to confirm it.
    pub notes: Vec<Sentence>,
    /// What evaluating with the fix showed; `None` where nothing could be proven.
    pub proof: Option<Proof>,
    /// Whose it is to make.
    pub way: Way,
}

/// Whose a fix is to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Whoever owns the policy that is wrong.
    Repair,
    /// The caller's: nothing is changed but the call.
    WithinRule,
    /// The owner's of a rule that does its work, if it is made at all.
    Exemption,
}

/// A change that looks right and is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Refuted {
    /// What one would try.
    pub title: Sentence,
    /// Why it does not help.
    pub because: Sentence,
}

impl Remedy {
    /// Leaves out how exemptions from a guardrail are made: what lies ready to be pasted gets pasted.
    pub fn withhold_exemptions(&mut self) {
        let exemptions = self.fixes.iter_mut().filter(|fix| fix.way == Way::Exemption);
        for fix in exemptions.filter(|fix| !fix.commands.is_empty() || fix.terraform.is_some()) {
            fix.commands.clear();
            fix.terraform = None;
            fix.notes.push(Sentence::new("remedy-note-withheld"));
        }
    }
}

/// The remedies of the incidents of a diagnosis, in their order.
pub fn remedies(
    diagnosis: &Diagnosis,
    events: &[Event],
    chains: &Chains,
    history: &History,
) -> Vec<Remedy> {
    let calls = Calls::of(&diagnosis.incidents, events);
    let log = Log { events, chains, history, calls: &calls, worked: &diagnosis.worked };
    let mut all: Vec<Remedy> = diagnosis.incidents.par_iter().map(|i| remedy(i, &log)).collect();
    for (at, incident) in diagnosis.incidents.iter().enumerate() {
        if incident.kind == Kind::Ghost
            && let Some(remedy) = of_ghost(at, diagnosis, &all, history)
            && let Some(place) = all.get_mut(at)
        {
            *place = remedy;
        }
    }
    all
}

/// A ghost has no denied call to try a fix on. What repairs the logged denials of the same cause
/// repairs it; else the change that did the harm can be undone.
fn of_ghost(at: usize, diagnosis: &Diagnosis, all: &[Remedy], history: &History) -> Option<Remedy> {
    let ghost = diagnosis.incidents.get(at)?;
    let twin = diagnosis
        .incidents
        .iter()
        .zip(all)
        .find(|(other, remedy)| {
            other.kind != Kind::Ghost && other.cause == ghost.cause && !remedy.fixes.is_empty()
        })
        .map(|(_, remedy)| remedy.clone());
    twin.or_else(|| {
        let candidate = undo::candidate(ghost.change.as_ref()?, history)?;
        Some(Remedy { fixes: vec![fix(candidate, None)], refuted: Vec::new() })
    })
}

/// What remedies are worked out from.
#[derive(Clone, Copy)]
struct Log<'l> {
    events: &'l [Event],
    chains: &'l Chains,
    history: &'l History,
    worked: &'l Worked,
    calls: &'l Calls<'l>,
}

/// Every call of the names that failed after a change, in order of time.
struct Calls<'e> {
    by_name: BTreeMap<(&'e str, &'e str), Vec<usize>>,
}

impl<'e> Calls<'e> {
    fn of(incidents: &[Incident], events: &'e [Event]) -> Calls<'e> {
        let shown = incidents.iter().filter(|incident| incident.change.is_some());
        let shown = shown.filter_map(|i| i.occurrences.get(i.shown)?.failing.as_ref());
        let shown = shown.filter_map(|failing| events.get(failing.denied));
        let mut by_name: BTreeMap<(&str, &str), Vec<usize>> =
            shown.map(|event| ((event.source(), event.name()), Vec::new())).collect();
        if !by_name.is_empty() {
            for (at, event) in events.iter().enumerate() {
                if let Some(calls) = by_name.get_mut(&(event.source(), event.name())) {
                    calls.push(at);
                }
            }
        }
        Calls { by_name }
    }

    /// Positions of the calls that have the name of this one.
    fn like<'q>(&'q self, event: &'q Event) -> &'q [usize] {
        let by_name: &BTreeMap<(&'q str, &'q str), Vec<usize>> = &self.by_name;
        by_name.get(&(event.source(), event.name())).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The remedy of one incident; empty where no call was denied or no layer can be blamed.
fn remedy(incident: &Incident, log: &Log<'_>) -> Remedy {
    // Waiting was enough: every change of a policy would be one too many.
    let healed = incident.verdict.healed.as_ref();
    if healed.is_some_and(|healed| healed.why == Healing::Propagation) {
        return Remedy::default();
    }
    let Some(situation) = Situation::new(incident, log) else {
        return Remedy::default();
    };
    let (candidates, is_repaired) = newest::built_on(candidates(&situation), &situation);
    let mut tried: Vec<(Candidate, Option<Proof>)> = candidates
        .into_iter()
        .map(|mut candidate| {
            let proof = proof::prove(&situation, &candidate.edits);
            let restored = match proof {
                Some(_) => None,
                None => proof::restored(&situation, &candidate),
            };
            if restored.is_some() {
                candidate.notes.push(Sentence::new("remedy-note-restores"));
            }
            (candidate, proof.or(restored))
        })
        .collect();
    let refuted = refute::refuted(&situation, &tried);
    let passes = |(_, proof): &(Candidate, Option<Proof>)| {
        proof.as_ref().is_some_and(|proof| !proof::is_denied(proof.denied_request))
    };
    if !tried.iter().any(passes) {
        tried.extend(twofold::candidates(&situation, &tried));
    }
    // A change that evaluating shows to be useless is no fix.
    tried.retain(|(candidate, proof)| match proof {
        Some(proof) => !proof::is_denied(proof.denied_request),
        None => !candidate.is_guess,
    });
    tried.retain(|(candidate, _)| !protection::is_given_up(&situation, candidate));
    for (candidate, _) in &mut tried {
        if protection::opens_boundary(&situation, candidate) {
            candidate.notes.push(Sentence::new("remedy-note-boundary"));
        }
    }
    drop_wide(&mut tried, situation.effect);
    keep_strangers_out(&situation, &mut tried);
    tried.sort_by_key(|(candidate, proof)| rank(candidate, proof.as_ref()));
    let within = if is_repaired { Vec::new() } else { within::candidates(&situation) };
    let mut fixes: Vec<Fix> =
        within.into_iter().map(|way| Fix { way: Way::WithinRule, ..fix(way, None) }).collect();
    // A rule that leaves its caller a way is meant as it is, unless it came in between. Of an Allow
    // only a second factor is such a rule: other conditions say what somebody thought of.
    let asks_for_more = match situation.effect {
        Effect::ExplicitDeny => true,
        _ => fixes.iter().any(|fix| fix.title.id() == "within-mfa"),
    };
    let leaves_way =
        asks_for_more && situation.is_own() && incident.change.is_none() && !fixes.is_empty();
    if (incident.guardrail.is_some() && !is_repaired) || leaves_way {
        if fixes.is_empty() {
            fixes.push(Fix { way: Way::WithinRule, ..fix(leave(&situation), None) });
        }
        fixes.extend(exemption(tried));
        return Remedy { fixes, refuted };
    }
    for (candidate, proof) in tried {
        let fix = fix(candidate, proof);
        let is_new = fixes.iter().all(|f| f.document != fix.document || f.document.is_none());
        if is_new && fixes.len() < MOST {
            fixes.push(fix);
        }
    }
    Remedy { fixes, refuted }
}

/// The narrowest exemption: of two that are as sure, the one that lets less through.
fn exemption(tried: Vec<(Candidate, Option<Proof>)>) -> Option<Fix> {
    let of = |(candidate, proof): &(Candidate, Option<Proof>)| {
        let (worth, harmful, strangers, breadth, opened) = rank(candidate, proof.as_ref());
        (worth, harmful, strangers, opened, breadth)
    };
    let (candidate, proof) = tried.into_iter().min_by_key(of)?;
    let mut fix = fix(candidate, proof);
    fix.notes.insert(0, Sentence::new("remedy-note-owner"));
    Some(Fix { way: Way::Exemption, ..fix })
}

/// Nothing to change: where no way is left within a rule that does its work, the question is who
/// tried and why. CloudTrail keeps what the caller did for 90 days (CloudTrail API Reference,
/// LookupEvents).
fn leave(situation: &Situation<'_>) -> Candidate {
    let title = Sentence::new("remedy-leave").arg("action", situation.failing.action.as_str());
    let mut candidate = Candidate::text(title, situation.layer, 0);
    let event = situation.event;
    let attribute = match (event.access_key(), event.session_name(), event.principal_arn()) {
        (Some(key), _, _) => Some(("AccessKeyId", key)),
        (None, Some(session), _) => Some(("Username", session)),
        (None, None, Some(arn)) => arn.rsplit('/').next().map(|name| ("Username", name)),
        (None, None, None) => None,
    };
    let quote = crate::wording::shell::quote;
    candidate.commands.extend(attribute.map(|(kind, value)| {
        let region = event.region().map(|region| format!(" --region {}", quote(region)));
        format!(
            "aws cloudtrail lookup-events --lookup-attributes AttributeKey={kind},AttributeValue={}{}",
            quote(value),
            region.unwrap_or_default()
        )
    }));
    candidate
}

/// From this breadth on a change gives up what the statement is for.
const WIDE: u8 = 20;

/// Where a narrow change is proven, wider ones and open ones only distract; undoing the change that
/// did the harm stays, as people ask for it first.
fn drop_wide(tried: &mut Vec<(Candidate, Option<Proof>)>, effect: Effect) {
    let holds = |proof: &Option<Proof>| proof.as_ref().is_some_and(Proof::holds);
    let is_proven = tried.iter().any(|(candidate, proof)| candidate.breadth < WIDE && holds(proof));
    // Of exceptions of which none can be proven the wide ones only give up more.
    let is_open = |(candidate, proof): &(Candidate, Option<Proof>)| {
        candidate.breadth < WIDE
            && proof.as_ref().is_some_and(|p| p.denied_request == DecisionResult::Unknown)
    };
    if !is_proven && effect == Effect::ExplicitDeny && tried.iter().any(is_open) {
        tried.retain(|(candidate, proof)| {
            let is_narrow = candidate.breadth < WIDE || candidate.breadth == revert::BREADTH;
            is_narrow || proof.as_ref().is_some_and(Proof::holds)
        });
    }
    if is_proven {
        tried.retain(|(candidate, proof)| {
            let is_narrow = candidate.breadth < WIDE || candidate.breadth == revert::BREADTH;
            is_narrow && proof.as_ref().is_none_or(|p| p.denied_request == DecisionResult::Allowed)
        });
    }
}

/// An Allow that lets in who did not ask is no fix. An exception to a Deny that does is none where
/// another does not; taking back the change that did the harm opens what was open before it.
fn keep_strangers_out(situation: &Situation<'_>, tried: &mut Vec<(Candidate, Option<Proof>)>) {
    let lets_in = |proof: &Option<Proof>| {
        proof.as_ref().is_some_and(|proof| proof.strangers != Strangers::Nobody)
    };
    let admits = situation.effect == Effect::ImplicitDeny
        && matches!(situation.layer, Layer::ResourcePolicy | Layer::RoleTrustPolicy);
    let holds = |(_, proof): &(Candidate, Option<Proof>)| {
        proof.as_ref().is_some_and(Proof::holds) && !lets_in(proof)
    };
    if admits || tried.iter().any(holds) {
        tried.retain(|(candidate, proof)| {
            !lets_in(proof) || candidate.is_restoring || candidate.breadth == revert::BREADTH
        });
    }
}

/// Proven before open, harmless before harmful, nobody else before others, narrow before wide.
fn rank(candidate: &Candidate, proof: Option<&Proof>) -> (u8, bool, Strangers, u8, usize) {
    let worth = match proof.map(|proof| proof.denied_request) {
        Some(DecisionResult::Allowed) => 0,
        Some(DecisionResult::Unknown) | None => 1,
        Some(_) => 2,
    };
    let harmful = proof.is_some_and(|proof| proof.successes_broken > 0);
    let strangers = proof.map_or(Strangers::Nobody, |proof| proof.strangers);
    (worth, harmful, strangers, candidate.breadth, proof.map_or(0, |proof| proof.opened))
}

fn fix(mut candidate: Candidate, proof: Option<Proof>) -> Fix {
    candidate.whose_all();
    let edits = candidate.amendment.is_some();
    let run_by = candidate.runs.iter().map(|(at, whose)| (*at, whose.sentence(edits))).collect();
    let mut notes = candidate.notes;
    match proof.as_ref().map(|proof| proof.strangers) {
        Some(Strangers::Account) => notes.push(Sentence::new("remedy-note-opens-account")),
        Some(Strangers::Anybody) => notes.push(Sentence::new("remedy-note-opens-anybody")),
        Some(Strangers::Nobody) | None => {}
    }
    Fix {
        title: candidate.title,
        layer: candidate.layer,
        attach_to: candidate.attach_to,
        document: candidate.document,
        patch: candidate.patch,
        commands: candidate.commands,
        run_by,
        changed_since: candidate.changed_since,
        terraform: candidate.terraform,
        notes,
        proof,
        way: Way::Repair,
    }
}

fn candidates(situation: &Situation<'_>) -> Vec<Candidate> {
    let mut found = match (situation.layer, situation.effect) {
        (Layer::Unknown, _) => Vec::new(),
        (Layer::BlockPublicAccess, _) => public::candidates(situation),
        (Layer::KmsKeyState, _) => key::enable(situation).into_iter().collect(),
        (Layer::KmsGrant, _) => key::grant(situation).into_iter().collect(),
        (_, Effect::ExplicitDeny) => match deciding(situation) {
            Some((policy, statement)) => deny::candidates(situation, &policy, &statement),
            None => deny::unread(situation),
        },
        _ => allow::candidates(situation),
    };
    if situation.layer == Layer::ResourcePolicy
        && situation.effect != Effect::ExplicitDeny
        && situation.is_kms()
        // A key that no record names may be of another account.
        && (situation.is_cross_account() || situation.resource().is_none())
    {
        found.extend(key::grant(situation));
    }
    found.extend(revert::candidate(situation));
    if situation.is_on_aws_managed_key() {
        // AWS writes the policies of its managed keys, and only its services make grants on them.
        let is_of_key = |candidate: &Candidate| {
            matches!(candidate.layer, Layer::ResourcePolicy | Layer::KmsGrant)
        };
        let before = found.len();
        found.retain(|candidate| !is_of_key(candidate));
        if found.len() < before {
            let title = Sentence::new("remedy-own-key");
            found.push(Candidate::text(title, situation.layer, WIDE - 1));
        }
    }
    for candidate in &mut found {
        commands::whose::settle(candidate, situation);
        template::note(candidate, situation);
    }
    found
}

/// The policy and the Deny statement that keep the call out: the one evaluating found, else one
/// that applies.
fn deciding(situation: &Situation<'_>) -> Option<(AttachedPolicy, Arc<Statement>)> {
    let case = situation.first()?;
    let here = policies(&case.layers, situation.layer);
    if let Some((label, statement)) =
        situation.found.and_then(|found| found.label.as_ref().zip(found.statement.as_ref()))
    {
        let policy = here.iter().find(|p| p.label == *label)?;
        return Some(((*policy).clone(), Arc::clone(statement)));
    }
    let layers = crate::diagnose::optimistic::optimistic(&case.request, &case.layers);
    let decision = evaluate(&case.request, &layers);
    let deciding = decision.statements.iter().find(|d| {
        d.layer == situation.layer && d.effect() == StatementEffect::Deny && d.statement.is_some()
    })?;
    let policy = here.into_iter().find(|p| p.label == deciding.label)?;
    Some((policy.clone(), Arc::clone(deciding.statement.as_ref()?)))
}
