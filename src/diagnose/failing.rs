//! One denied call: what was denied to whom on what, and what sort of failure that makes.

use super::behind::Behind;
use super::kinds::Kind;
use crate::chain::Chains;
use crate::event::{CallerKind, Denial, Event, Failure, Field};

/// One denied call.
#[derive(Debug, Clone)]
pub struct Failing {
    /// Position of the denied call.
    pub denied: usize,
    /// Position of the call at the top of its chain; `None` when the call itself is the top.
    pub root: Option<usize>,
    /// What sort of failure.
    pub kind: Kind,
    /// Who signed the denied call.
    pub caller_kind: CallerKind,
    /// The denied action, which need not be the event's name.
    pub action: String,
    /// The role, user or service that was denied; `None` where nothing tells whose permission it was.
    pub principal: Option<String>,
    /// What it was denied on.
    pub resource: Option<String>,
    /// What it may have been, where no record names it; `resource` is then only the likeliest.
    pub candidates: Vec<String>,
    /// From what the resource is concluded, where neither the record nor the chain tells it.
    pub implied_by: Option<Implied>,
    /// The VPC endpoint that the call came through.
    pub endpoint: Option<String>,
    /// The refused call behind the recorded one, where that hides it.
    pub behind: Option<Behind>,
    /// What AWS's text says.
    pub denial: Denial,
    /// The kind of failure.
    pub failure: Failure,
}

/// From what the resource of a denied call was concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implied {
    /// Of those known the policies deny the call on this one alone.
    Policies,
    /// Of those the call asks for at once, it is the first that the policies keep it from.
    Several,
    /// Of those the caller used before, this one alone was changed and not used since.
    Change,
}

impl Failing {
    /// Fills in the key that the chain of a denied KMS call tells, where nothing else told what it was
    /// on.
    pub fn name_key(&mut self, chains: &Chains) {
        let Some(key) = chains.inferred_key(self.denied).filter(|_| self.resource.is_none()) else {
            return;
        };
        self.resource = Some(key.to_owned());
        if !chains.is_key_named(self.denied) {
            self.candidates = vec![key.to_owned()];
        }
    }

    /// The ARN of what it was denied on, where that is known.
    pub fn arn(&self) -> Option<&str> {
        self.resource.as_deref().filter(|resource| resource.starts_with("arn:"))
    }
}

/// Network activity events tell of a call from the side of the endpoint.
pub(super) fn is_network_activity(event: &Event) -> bool {
    event.get(Field::EventType) == Some("AwsVpceEvent")
}
