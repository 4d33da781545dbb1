//! What evaluating a request gives, and why.

use std::sync::Arc;

use serde::Serialize;

use crate::event::{Effect, Layer};

use super::layers::PolicyLabel;
use super::statement::{Statement, StatementEffect};
use crate::wording::Sentence;

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum DecisionResult {
    /// Allowed.
    Allowed,
    /// A Deny statement (or Block Public Access) applies.
    ExplicitlyDenied,
    /// Something that must allow does not.
    ImplicitlyDenied,
    /// Depends on what is not known.
    Unknown,
}

impl DecisionResult {
    /// The word of `simulate`.
    pub fn as_str(self) -> &'static str {
        match self {
            DecisionResult::Allowed => "Allowed",
            DecisionResult::ExplicitlyDenied => "ExplicitlyDenied",
            DecisionResult::ImplicitlyDenied => "ImplicitlyDenied",
            DecisionResult::Unknown => "Unknown",
        }
    }
}

/// A statement, or a grant, that decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Deciding {
    /// The layer it stands in.
    pub layer: Layer,
    /// What its policy, or the grant, is known by.
    pub label: Arc<PolicyLabel>,
    /// The statement; a grant has none.
    pub statement: Option<Arc<Statement>>,
}

impl Deciding {
    /// The statement's `Sid`.
    pub fn sid(&self) -> Option<&str> {
        self.statement.as_ref().and_then(|statement| statement.sid())
    }

    /// The statement's place in its document, counted from 0; 0 for a grant.
    pub fn index(&self) -> usize {
        self.statement.as_ref().map_or(0, |statement| statement.index())
    }

    /// Allow or Deny; grants allow.
    pub fn effect(&self) -> StatementEffect {
        self.statement.as_ref().map_or(StatementEffect::Allow, |statement| statement.effect())
    }

    /// The condition keys that the statement tests, as written.
    pub fn condition_keys(&self) -> Vec<&str> {
        self.statement.as_ref().map(|statement| statement.condition_keys()).unwrap_or_default()
    }
}

/// Something unknown that a decision hangs on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Whether the request has this condition key, and its value.
    ContextKey(String),
    /// The policies of a layer, and why they are not known.
    Policies {
        /// The layer.
        layer: Layer,
        /// Why they are not known.
        why: Sentence,
    },
    /// Which resource the request is about.
    Resource,
    /// Which account owns the resource.
    ResourceAccount,
    /// Whether a Deny with `NotPrincipal` that lists the caller and not its account, or role or
    /// session and not both, spares the caller; AWS documents only that it may not.
    NotPrincipal,
}

impl Missing {
    /// What it is, for a person.
    pub fn sentence(&self) -> Sentence {
        match self {
            Missing::ContextKey(name) => Sentence::new("log-hangs-on-key").arg("name", name),
            Missing::Policies { layer, why } => Sentence::new("log-hangs-on-policies")
                .arg("layer", layer.as_str())
                .arg("why", why.clone()),
            Missing::Resource => Sentence::new("log-hangs-on-resource"),
            Missing::ResourceAccount => Sentence::new("log-hangs-on-owner"),
            Missing::NotPrincipal => Sentence::new("log-hangs-on-not-principal"),
        }
    }
}

/// What evaluating a request gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// How it ends.
    pub result: DecisionResult,
    /// The layer that denies; the first in AWS's order of evaluation when several do. `None` when
    /// allowed, unknown, or denied by a rule of the service.
    pub layer: Option<Layer>,
    /// How that layer denies; `None` when allowed.
    pub effect: Option<Effect>,
    /// The layers that keep out a request that is otherwise granted; taking all of them away would
    /// allow it. Empty where nothing grants the request, or nothing blocks it.
    pub blocked_by: Vec<Layer>,
    /// The Deny statements that apply, or the Allow statements and grants that grant, or the
    /// statements of which it is unknown whether they apply.
    pub statements: Vec<Deciding>,
    /// Levels of the organization none of whose service control policies allows the request.
    pub levels_without_allow: Vec<String>,
    /// What an unknown result hangs on. Of an implicit denial: what decides whether there is an
    /// explicit one, too, so that the layer is not certain.
    pub unknown: Vec<Missing>,
    /// The rule of the service that decided, where one did.
    pub service_rule: Option<&'static str>,
}

impl Decision {
    /// Whether the request is certainly allowed.
    pub fn is_allowed(&self) -> bool {
        self.result == DecisionResult::Allowed
    }

    /// Whether the request is certainly denied.
    pub fn is_denied(&self) -> bool {
        matches!(self.result, DecisionResult::ExplicitlyDenied | DecisionResult::ImplicitlyDenied)
    }
}
