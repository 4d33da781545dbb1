//! What a fix has to solve: the denied requests with the policies around them, and the words a
//! policy would use for the caller, the actions and the resources.

use crate::chain::Chains;
use crate::diagnose::evaluated::{self, Case, Found};
use crate::diagnose::{Failing, Incident};
use crate::event::{CallerKind, Effect, Event, Field, Layer};
use crate::history::History;
use crate::iam::{Context, ContextValue, Principal};

/// Denied requests tried per incident; more of the same sort add nothing.
const DENIED: usize = 16;

/// One incident, seen by who wants to repair it.
pub(super) struct Situation<'s> {
    pub incident: &'s Incident,
    pub history: &'s History,
    pub events: &'s [Event],
    pub chains: &'s Chains,
    pub layer: Layer,
    pub effect: Effect,
    pub found: Option<&'s Found>,
    /// The failure that is shown.
    pub failing: &'s Failing,
    pub event: &'s Event,
    /// The denied requests, each sort once.
    pub denied: Vec<Case>,
    /// IAM actions that were denied, sorted.
    pub actions: Vec<String>,
    /// ARNs they were denied on, sorted.
    pub resources: Vec<String>,
}

impl<'s> Situation<'s> {
    /// `None` for an incident without a denied call or without a layer to blame.
    pub(super) fn new(
        incident: &'s Incident,
        events: &'s [Event],
        chains: &'s Chains,
        history: &'s History,
    ) -> Option<Situation<'s>> {
        let winner = incident.verdict.ranked.first()?;
        let failing = incident.occurrences.get(incident.shown)?.failing.as_ref()?;
        let mut situation = Situation {
            incident,
            history,
            events,
            chains,
            layer: winner.layer,
            effect: winner.effect,
            found: incident.verdict.found.as_ref(),
            failing,
            event: events.get(failing.denied)?,
            denied: Vec::new(),
            actions: Vec::new(),
            resources: Vec::new(),
        };
        situation.gather();
        Some(situation)
    }

    /// The same incident with another layer to repair, as the cases are now.
    pub(super) fn left_with(
        &self,
        layer: Layer,
        effect: Effect,
        denied: Vec<Case>,
    ) -> Situation<'s> {
        Situation {
            incident: self.incident,
            history: self.history,
            events: self.events,
            chains: self.chains,
            layer,
            effect,
            found: None,
            failing: self.failing,
            event: self.event,
            denied,
            actions: self.actions.clone(),
            resources: self.resources.clone(),
        }
    }

    fn gather(&mut self) {
        let mut sorts = Vec::new();
        let all = self.incident.occurrences.iter().filter_map(|o| o.failing.as_ref());
        // The shown one first, so that it speaks for all.
        for failing in std::iter::once(self.failing).chain(all) {
            let sort = (&failing.principal, &failing.action, &failing.resource);
            if sorts.contains(&sort) {
                continue;
            }
            sorts.push(sort);
            self.actions.push(failing.action.clone());
            self.resources.extend(failing.resource.clone().filter(|arn| arn.starts_with("arn:")));
            if self.denied.len() < DENIED {
                let (events, chains) = (self.events, self.chains);
                let resource = failing.arn();
                let case = evaluated::case_of(events, chains, self.history, failing, resource);
                self.denied.extend(case);
            }
        }
        for case in &self.denied {
            self.resources
                .extend(case.request.resource.arn.clone().filter(|a| a.starts_with("arn:")));
            if case.request.action.contains(':') {
                self.actions.push(case.request.action.clone());
            }
        }
        for list in [&mut self.actions, &mut self.resources] {
            list.sort();
            list.dedup();
        }
    }

    /// The request that speaks for all.
    pub(super) fn first(&self) -> Option<&Case> {
        self.denied.first()
    }

    /// What is known of a condition key of the first request.
    pub(super) fn key(&self, key: &str) -> Option<&str> {
        value_of(&self.first()?.request.context, key)
    }

    pub(super) fn caller_kind(&self) -> CallerKind {
        self.failing.caller_kind
    }

    /// A service made the call with the caller's own permissions.
    pub(super) fn is_forwarded(&self) -> bool {
        self.caller_kind() == CallerKind::ForwardAccessSession
    }

    pub(super) fn is_by_service(&self) -> bool {
        self.caller_kind() == CallerKind::ServicePrincipal
    }

    /// All denied calls are KMS's.
    pub(super) fn is_kms(&self) -> bool {
        !self.actions.is_empty() && self.actions.iter().all(|action| action.starts_with("kms:"))
    }

    /// Kind and name of the caller in a `Principal` element: never a role where an AWS service
    /// called as itself.
    pub(super) fn principal(&self) -> Option<(&'static str, String)> {
        if self.is_by_service() {
            return Some(("Service", self.service()?));
        }
        if let Some(arn) = self.failing.principal.as_ref().filter(|p| p.contains(":iam:")) {
            return Some(("AWS", arn.clone()));
        }
        let arn = match &self.first()?.request.principal {
            Principal::RoleSession(session) => session.role_arn.clone().unwrap_or_else(|| {
                let partition = super::place::partition(Some(&session.session_arn));
                format!("arn:{partition}:iam::{}:role/{}", session.account, session.role_name)
            }),
            other => other.arn()?.to_owned(),
        };
        Some(("AWS", arn))
    }

    /// Every caller that was denied, as in [`Situation::principal`], for which the kind is the same.
    pub(super) fn principals(&self) -> Option<(&'static str, Vec<String>)> {
        let (kind, first) = self.principal()?;
        let mut names = vec![first];
        if kind == "AWS" {
            let others = self.incident.occurrences.iter().filter_map(|o| o.failing.as_ref());
            let others = others.filter_map(|f| f.principal.clone());
            names.extend(others.filter(|name| name.contains(":iam:")));
        }
        names.sort();
        names.dedup();
        Some((kind, names))
    }

    fn service(&self) -> Option<String> {
        if let Some(Principal::Service { name }) = self.first().map(|c| &c.request.principal) {
            return Some(name.clone());
        }
        self.failing
            .principal
            .clone()
            .filter(|p| p.contains(".amazonaws.com"))
            .or_else(|| self.event.invoked_by().map(str::to_owned))
    }

    /// The ARN of the caller's role or user; `None` for services.
    pub(super) fn caller_arn(&self) -> Option<String> {
        self.principal().filter(|(kind, _)| *kind == "AWS").map(|(_, arn)| arn)
    }

    /// The account of the caller.
    pub(super) fn caller_account(&self) -> Option<&str> {
        let known = self.first().and_then(|case| case.request.principal.account());
        known.or_else(|| self.event.caller_account())
    }

    /// The account of the denied resource.
    pub(super) fn owner(&self) -> Option<&str> {
        let known = self.first().and_then(|case| case.request.resource.owner());
        known.or_else(|| self.resource().and_then(crate::contrast::account_of))
    }

    pub(super) fn is_cross_account(&self) -> bool {
        self.caller_account().zip(self.owner()).is_some_and(|(caller, owner)| caller != owner)
    }

    /// The ARN of the denied resource.
    pub(super) fn resource(&self) -> Option<&str> {
        let known = self.failing.resource.as_deref().filter(|arn| arn.starts_with("arn:"));
        known.or_else(|| self.resources.first().map(String::as_str))
    }

    pub(super) fn endpoint(&self) -> Option<&str> {
        self.event.get(Field::VpcEndpointId)
    }

    /// The root call above the shown failure.
    pub(super) fn root(&self) -> Option<&Event> {
        self.events.get(self.failing.root?)
    }
}

/// The value of a single-valued key.
pub(super) fn value_of<'c>(context: &'c Context, key: &str) -> Option<&'c str> {
    match context.get(key) {
        ContextValue::Known(values) => match values.as_slice() {
            [one] => Some(one),
            _ => None,
        },
        ContextValue::Absent | ContextValue::Unknown => None,
    }
}
