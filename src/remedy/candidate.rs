//! A change that may help, before it is tried: what it edits, and how a person would make it.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::commands::{Amendment, Whose, carried_out};
use super::place::Place;
use super::proof::Edit;
use crate::event::Layer;
use crate::history::change::Change;
use crate::iam::{AttachedPolicy, Policy, PolicyLabel};
use crate::wording::Sentence;

/// A change that may help.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub title: Sentence,
    pub notes: Vec<Sentence>,
    pub layer: Layer,
    pub attach_to: Option<String>,
    pub document: Option<Value>,
    pub patch: Option<Value>,
    pub commands: Vec<String>,
    /// Whose credentials run the commands from this place on.
    pub runs: Vec<(usize, Whose)>,
    /// What it does to the document of its first edit, whatever that says by then.
    pub amendment: Option<Amendment>,
    /// Changes of that document after the failure, which it keeps.
    pub changed_since: Vec<Change>,
    pub terraform: Option<String>,
    pub edits: Vec<Edit>,
    /// How much it opens by its nature: smaller is narrower.
    pub breadth: u8,
    /// A guess from how a present statement reads; without proof it is not worth showing.
    pub is_guess: bool,
    /// It gives back what a whole account had, which others have use for as well.
    pub is_restoring: bool,
}

impl Candidate {
    /// Words and nothing else: what to do where the present policy is not known.
    pub(super) fn text(title: Sentence, layer: Layer, breadth: u8) -> Candidate {
        Candidate {
            title,
            notes: Vec::new(),
            layer,
            attach_to: None,
            document: None,
            patch: None,
            commands: Vec::new(),
            runs: Vec::new(),
            amendment: None,
            changed_since: Vec::new(),
            terraform: None,
            edits: vec![Edit::Untried],
            breadth,
            is_guess: false,
            is_restoring: false,
        }
    }

    /// Another document for a policy that is there; `None` where AWS owns it or nothing changes.
    pub(super) fn replace(
        title: Sentence,
        layer: Layer,
        policy: &AttachedPolicy,
        after: Policy,
        breadth: u8,
    ) -> Option<Candidate> {
        let amendment = Amendment::between(policy.policy.document(), after.document());
        Candidate::amend(title, layer, policy, amendment, breadth)
    }

    /// A policy that is there, amended.
    pub(super) fn amend(
        title: Sentence,
        layer: Layer,
        policy: &AttachedPolicy,
        amendment: Amendment,
        breadth: u8,
    ) -> Option<Candidate> {
        let place = place_of(layer, &policy.label);
        let before = policy.policy.document();
        // What is proven is what the commands leave.
        let document = amendment.applied(before);
        if place.is_managed_by_aws() || *before == document {
            return None;
        }
        let after = Policy::from_value(&document).ok()?;
        let mut candidate = Candidate::text(title, layer, breadth);
        candidate.attach_to = place.at.clone().or_else(|| place.arn.clone());
        candidate.patch = Some(patch(before, &document));
        candidate.carry_out(&place, amendment, true)?;
        candidate.terraform = place.terraform(&document);
        candidate.document = Some(document);
        candidate.edits = vec![Edit::Replace {
            layer,
            label: Arc::clone(&policy.label),
            before: Arc::clone(&policy.policy),
            after: Arc::new(after),
        }];
        Some(candidate)
    }

    /// Takes the commands of an amendment; `None` where the document cannot be changed there.
    pub(super) fn carry_out(
        &mut self,
        place: &Place,
        amendment: Amendment,
        is_there: bool,
    ) -> Option<()> {
        match carried_out(place, &amendment, is_there) {
            Some((whose, commands)) => {
                if whose == Whose::IdentityCenter {
                    self.notes.push(Sentence::new("remedy-note-permission-set"));
                }
                self.runs = vec![(0, whose)];
                self.commands = commands;
            }
            None if place.is_kept_by_aws() => return None,
            None => {}
        }
        self.amendment = Some(amendment);
        Some(())
    }

    /// The commands of another candidate after its own, under the credentials that they need.
    pub(super) fn then_run(&mut self, other: &Candidate) {
        let from = self.commands.len();
        self.whose_all();
        let mut other = other.clone();
        other.whose_all();
        for (at, whose) in other.runs {
            if self.runs.last().is_none_or(|(_, last)| *last != whose) {
                self.runs.push((from + at, whose));
            }
        }
        self.commands.append(&mut other.commands);
    }

    /// Says whose credentials the commands need, where nobody said so yet.
    pub(super) fn whose_all(&mut self) {
        let Some(at) = self.attach_to.as_deref().filter(|_| !self.commands.is_empty()) else {
            return;
        };
        if self.runs.first().is_none_or(|(first, _)| *first > 0) {
            self.runs.insert(0, (0, Whose::of(self.layer, at)));
        }
    }

    /// The policy with one statement put in place of the one at `index`, or added at its end.
    pub(super) fn restate(
        title: Sentence,
        layer: Layer,
        policy: &AttachedPolicy,
        index: usize,
        statement: Value,
        breadth: u8,
    ) -> Option<Candidate> {
        let after = policy.policy.with_statement(index, statement).ok()?;
        Candidate::replace(title, layer, policy, after, breadth)
    }

    /// A new policy besides those that are there.
    pub(super) fn attach(
        title: Sentence,
        place: &Place,
        statements: Vec<Value>,
        breadth: u8,
    ) -> Option<Candidate> {
        let mut statements = statements;
        statements.iter_mut().for_each(give_name);
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let policy = Policy::from_value(&document).ok()?;
        let label = PolicyLabel { name: place.name.clone(), ..PolicyLabel::default() };
        let mut candidate = Candidate::text(title, place.layer, breadth);
        candidate.attach_to = place.at.clone();
        candidate.carry_out(place, Amendment::adding(&statements), false)?;
        candidate.terraform = place.terraform(&document);
        candidate.document = Some(document);
        candidate.edits = vec![Edit::Attach {
            layer: place.layer,
            policy: AttachedPolicy::new(label, policy),
            level: None,
        }];
        Some(candidate)
    }

    #[must_use]
    pub(super) fn note(mut self, note: Sentence) -> Candidate {
        self.notes.push(note);
        self
    }
}

/// Where the policy of a label lives.
pub(super) fn place_of(layer: Layer, label: &PolicyLabel) -> Place {
    Place {
        layer,
        arn: label.arn.clone().filter(|_| layer != Layer::ResourcePolicy),
        name: label.name.clone(),
        at: label.attached_to.clone().or_else(|| label.arn.clone()),
    }
}

/// Gives a statement a name that no other statement has: its Sid, with digits that follow from all
/// that it says. Put again it is found by that name, and nobody else's statement is taken for it.
pub(super) fn give_name(statement: &mut Value) {
    let Some(members) = statement.as_object_mut() else { return };
    let Some(Value::String(sid)) = members.shift_remove("Sid") else { return };
    let said = Sha256::digest(Value::Object(members.clone()).to_string());
    let digits: String = said.iter().take(2).map(|byte| format!("{byte:02x}")).collect();
    members.shift_insert(0, "Sid".into(), json!(format!("{sid}{digits}")));
}

/// The change of a document as JSON Patch (RFC 6902).
pub(super) fn patch(before: &Value, after: &Value) -> Value {
    let (Some(old), Some(new)) =
        (before.get("Statement").and_then(Value::as_array), after.get("Statement"))
    else {
        return json!([{"op": "replace", "path": "", "value": after}]);
    };
    let new = new.as_array().cloned().unwrap_or_default();
    let mut operations = Vec::new();
    if new.len() < old.len() {
        // The ones taken out, from the end, so that the places before them stay what they are.
        for (at, _) in old.iter().enumerate().filter(|(_, s)| !new.contains(s)).rev() {
            operations.push(json!({"op": "remove", "path": format!("/Statement/{at}")}));
        }
        if old.len() - operations.len() != new.len() {
            return json!([{"op": "replace", "path": "/Statement", "value": new}]);
        }
        return Value::Array(operations);
    }
    for (at, statement) in new.iter().enumerate() {
        match old.get(at) {
            Some(present) if present == statement => {}
            Some(_) => operations.push(
                json!({"op": "replace", "path": format!("/Statement/{at}"), "value": statement}),
            ),
            None => {
                operations.push(json!({"op": "add", "path": "/Statement/-", "value": statement}))
            }
        }
    }
    Value::Array(operations)
}
