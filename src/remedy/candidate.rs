//! A change that may help, before it is tried: what it edits, and how a person would make it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::place::Place;
use super::proof::Edit;
use crate::event::Layer;
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
        let place = place_of(layer, &policy.label);
        if place.is_managed_by_aws() || policy.policy.document() == after.document() {
            return None;
        }
        let document = after.document().clone();
        let mut candidate = Candidate::text(title, layer, breadth);
        candidate.attach_to = place.at.clone().or_else(|| place.arn.clone());
        candidate.patch = Some(patch(policy.policy.document(), &document));
        candidate.commands = place.commands(&document);
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
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let policy = Policy::from_value(&document).ok()?;
        let label = PolicyLabel { name: place.name.clone(), ..PolicyLabel::default() };
        let mut candidate = Candidate::text(title, place.layer, breadth);
        candidate.attach_to = place.at.clone();
        candidate.commands = place.commands(&document);
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
