//! One statement of a policy: compiled once, matched often, and kept as it was written for those
//! who explain or change it.

use serde::Serialize;
use serde_json::Value;

use crate::event::Layer;

use super::action::{ActionElement, ActionName};
use super::condition::Condition;
use super::context::Context;
use super::decision::Missing;
use super::principal::Principal;
use super::principal_element::{self, Closeness, PrincipalElement};
use super::resource::{RequestResource, ResourceElement, ShortArn};
use super::ternary::Ternary;
use crate::wording::Sentence;

/// `Effect` of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[allow(missing_docs, reason = "each is AWS's word")]
pub enum StatementEffect {
    Allow,
    Deny,
}

impl StatementEffect {
    /// The policy language's word.
    pub fn as_str(self) -> &'static str {
        match self {
            StatementEffect::Allow => "Allow",
            StatementEffect::Deny => "Deny",
        }
    }
}

/// What a statement is matched against: a request, taken apart once for all policies.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub principal: &'a Principal,
    pub action: ActionName,
    pub resource: RequestResource<'a>,
    pub context: &'a Context,
    /// Whether the caller has a permissions boundary.
    pub has_boundary: Ternary,
}

/// How the kind of policy that a statement stands in reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// The statement says whom it means; without that it means nobody.
    pub has_principal: bool,
    /// A statement without `Resource` means the resource that the policy is attached to.
    pub is_attached_to_resource: bool,
    /// An account as principal means its root user, not everyone in it.
    pub account_is_root: bool,
    /// The statement counts only if it names the action's service.
    pub names_service: bool,
    pub short_arn: ShortArn,
}

/// Whether, and how closely, a statement speaks of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applies {
    pub matches: Ternary,
    pub closeness: Closeness,
}

/// The parts of a statement that decide whether it applies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Elements {
    pub principal: Option<PrincipalElement>,
    /// `None` when the statement has neither `Action` nor `NotAction`, or not in a usable form.
    pub action: Option<ActionElement>,
    pub resource: Option<ResourceElement>,
    pub conditions: Vec<Condition>,
    /// Whether the statement is so malformed that nothing can be said of what it applies to.
    pub unusable: bool,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub(super) index: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: StatementEffect,
    pub(super) raw: Value,
    pub(super) elements: Elements,
}

impl Statement {
    /// Its place in the document, counted from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// `Sid`; an empty one counts as none.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// `Effect`.
    pub fn effect(&self) -> StatementEffect {
        self.effect
    }

    /// The statement as it was written.
    pub fn raw(&self) -> &Value {
        &self.raw
    }

    /// The entries of `Action`, as written.
    pub fn actions(&self) -> Vec<&str> {
        texts(self.raw.get("Action"))
    }

    /// The entries of `NotAction`, as written.
    pub fn not_actions(&self) -> Vec<&str> {
        texts(self.raw.get("NotAction"))
    }

    /// The entries of `Resource`, as written.
    pub fn resources(&self) -> Vec<&str> {
        texts(self.raw.get("Resource"))
    }

    /// The entries of `Principal`: kind (`AWS`, `Service`, …) and value; a bare string is `AWS`.
    pub fn principals(&self) -> Vec<(&str, &str)> {
        self.raw.get("Principal").map(principal_element::entries).unwrap_or_default()
    }

    /// The entries of `NotPrincipal`, as [`Statement::principals`].
    pub fn not_principals(&self) -> Vec<(&str, &str)> {
        self.raw.get("NotPrincipal").map(principal_element::entries).unwrap_or_default()
    }

    /// The condition keys that the statement tests, as written, each once, in order.
    pub fn condition_keys(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for condition in &self.elements.conditions {
            if !names.iter().any(|name| name.eq_ignore_ascii_case(condition.name())) {
                names.push(condition.name());
            }
        }
        names
    }

    /// Whether the statement speaks of the request. The cheap elements go first.
    pub(super) fn applies(&self, call: &Call<'_>, reading: Reading) -> Applies {
        let nothing = Applies { matches: Ternary::False, closeness: Closeness::None };
        let elements = &self.elements;
        let Some(action) = elements.action.as_ref().filter(|_| !elements.unusable) else {
            return nothing;
        };
        let mut matches = action.matches(&call.action);
        let is_unread = reading.names_service && !action.names_service_of(&call.action);
        if matches.is_false() || is_unread {
            return nothing;
        }
        matches = matches.and(match &elements.resource {
            Some(resource) => resource.matches(&call.resource, reading.short_arn, call.context),
            None => reading.is_attached_to_resource.into(),
        });
        if matches.is_false() {
            return nothing;
        }
        let (means_caller, closeness) = self.means_caller(call, reading);
        matches = matches.and(means_caller);
        for condition in &elements.conditions {
            if matches.is_false() {
                return nothing;
            }
            matches = matches.and(condition.holds(call.context));
        }
        Applies { matches, closeness }
    }

    fn means_caller(&self, call: &Call<'_>, reading: Reading) -> (Ternary, Closeness) {
        if !reading.has_principal {
            return (Ternary::True, Closeness::Caller);
        }
        match &self.elements.principal {
            None => (Ternary::False, Closeness::None),
            Some(element) if element.is_negated() && self.effect == StatementEffect::Deny => {
                // NotPrincipal with Deny denies every principal that has a boundary, listed or
                // not (IAM User Guide, Permissions boundaries for IAM entities).
                let spared = element.spares(call.principal).and(!call.has_boundary);
                (!spared, Closeness::Caller)
            }
            Some(element) => {
                let closeness = element.closeness(call.principal);
                let too_far = reading.account_is_root && closeness == Closeness::Account;
                ((closeness > Closeness::None && !too_far).into(), closeness)
            }
        }
    }

    /// What is unknown of the request and keeps it open whether the statement applies.
    pub(super) fn missing(&self, call: &Call<'_>) -> Vec<Missing> {
        let mut missing = Vec::new();
        if matches!(call.resource, RequestResource::Unknown) {
            missing.push(Missing::Resource);
        }
        let resource = self.elements.resource.iter();
        let variables = resource.flat_map(|resource| resource.unknown_variables(call.context));
        missing.extend(variables.map(|name| Missing::ContextKey(name.to_owned())));
        for condition in &self.elements.conditions {
            if condition.holds(call.context).is_unknown() {
                let names = condition.unknown_keys(call.context).into_iter();
                missing.extend(names.map(|name| Missing::ContextKey(name.to_owned())));
            }
        }
        let element = self.elements.principal.as_ref().filter(|element| element.is_negated());
        if element.is_some_and(|element| element.spares(call.principal).is_unknown()) {
            missing.push(Missing::NotPrincipal);
        }
        if element.is_some() && call.has_boundary.is_unknown() {
            let why = Sentence::new("log-boundary-unknown");
            missing.push(Missing::Policies { layer: Layer::PermissionsBoundary, why });
        }
        missing
    }
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
