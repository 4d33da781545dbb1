//! What a fix has to solve: the denied requests with the policies around them, and the words a
//! policy would use for the caller, the actions and the resources.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::origin;
use super::proof::unknown_layers;
use super::{Calls, Log};
use crate::chain::Chains;
use crate::diagnose::evaluated::{self, Case, Found};
use crate::diagnose::worked::{Success, Worked};
use crate::diagnose::{Failing, Incident, optimistic};
use crate::event::arn::{Arn, partition_of};
use crate::event::{CallerKind, Effect, Event, Field, Layer, partition};
use crate::history::History;
use crate::history::subject::Subject;
use crate::iam::{Context, ContextValue, Principal};

/// Denied requests tried per incident; more of the same sort add nothing.
const DENIED: usize = 16;
/// So many successes are held while fixes are tried; more are evaluated anew for each.
const HELD: usize = 1_000;

/// One incident, seen by who wants to repair it.
pub(super) struct Situation<'s> {
    pub incident: &'s Incident,
    pub history: &'s History,
    pub events: &'s [Event],
    pub chains: &'s Chains,
    worked: &'s Worked,
    calls: &'s Calls<'s>,
    /// Those of the incident, where they are few enough to be held.
    successes: OnceCell<Vec<(Arc<Success>, usize)>>,
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
    /// Layers of the denied requests of which something is not known, sorted.
    pub unchecked: Vec<Layer>,
    /// The conditions under which a service that calls as itself is to be admitted.
    pub origin: Option<Value>,
    /// Each action with the ARN that it was denied on, where one is known.
    pub pairs: BTreeSet<(String, Option<String>)>,
}

impl<'s> Situation<'s> {
    /// `None` for an incident without a denied call or without a layer to blame.
    pub(super) fn new(incident: &'s Incident, log: &Log<'s>) -> Option<Situation<'s>> {
        let Log { events, chains, history, worked, calls } = *log;
        let winner = incident.verdict.ranked.first()?;
        let failing = incident.occurrences.get(incident.shown)?.failing.as_ref()?;
        let mut situation = Situation {
            incident,
            history,
            events,
            chains,
            worked,
            calls,
            successes: OnceCell::new(),
            layer: winner.layer,
            effect: winner.effect,
            found: incident.verdict.found.as_ref(),
            failing,
            event: events.get(failing.denied)?,
            denied: Vec::new(),
            actions: Vec::new(),
            resources: Vec::new(),
            unchecked: Vec::new(),
            origin: None,
            pairs: BTreeSet::new(),
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
            worked: self.worked,
            calls: self.calls,
            successes: OnceCell::new(),
            layer,
            effect,
            found: None,
            failing: self.failing,
            event: self.event,
            denied,
            actions: self.actions.clone(),
            resources: self.resources.clone(),
            unchecked: self.unchecked.clone(),
            origin: self.origin.clone(),
            pairs: self.pairs.clone(),
        }
    }

    fn gather(&mut self) {
        let mut sorts = HashSet::new();
        let all = self.incident.occurrences.iter().filter_map(|o| o.failing.as_ref());
        // The shown one first, so that it speaks for all.
        for failing in std::iter::once(self.failing).chain(all) {
            let sort = (&failing.principal, &failing.action, &failing.resource);
            if !sorts.insert(sort) {
                continue;
            }
            let mut on = failing.arn().map(str::to_owned);
            if self.denied.len() < DENIED {
                let (events, chains) = (self.events, self.chains);
                let resource = failing.arn();
                let cases = evaluated::cases_of(events, chains, self.history, failing, resource);
                for mut case in cases {
                    let named = case.request.resource.arn.clone().filter(|a| a.starts_with("arn:"));
                    on = on.or_else(|| named.clone());
                    // What is evaluated is named most closely: the object, not its bucket.
                    if case.request.action == failing.action {
                        on = named.clone().or(on);
                        self.pairs.insert((failing.action.clone(), on.clone()));
                    } else if case.request.action.contains(':') {
                        self.pairs.insert((case.request.action.clone(), named.or(on.clone())));
                    }
                    self.unchecked.extend(unknown_layers(&case.layers));
                    self.take_as_blamed(&mut case);
                    self.denied.push(case);
                }
            }
            self.pairs.insert((failing.action.clone(), on));
        }
        self.actions = self.pairs.iter().map(|(action, _)| action.clone()).collect();
        self.resources = self.pairs.iter().filter_map(|(_, on)| on.clone()).collect();
        self.origin = origin::origin(self);
        for (key, value) in origin::keys(self) {
            for case in &mut self.denied {
                if case.request.context.get(&key) == ContextValue::Unknown {
                    case.request.context.insert(&key, value.as_str());
                }
            }
        }
        self.unchecked.sort();
        self.unchecked.dedup();
        for list in [&mut self.actions, &mut self.resources] {
            list.sort();
            list.dedup();
        }
    }

    /// The calls of the name of this one, with their positions, in order of time.
    pub(super) fn calls_like<'q>(
        &'q self,
        event: &'q Event,
    ) -> impl Iterator<Item = (usize, &'s Event)> + 'q {
        let events = self.events;
        self.calls.like(event).iter().filter_map(move |at| Some((*at, events.get(*at)?)))
    }

    /// Goes through the successes of the incident, each with how often it counts.
    pub(super) fn each_success(&self, mut go: impl FnMut(&Success, usize)) {
        let compared = &self.incident.successes;
        let at = |index| self.worked.at(index, self.events, self.chains, self.history);
        let all = || compared.iter().filter_map(|(index, times)| Some((at(index)?, times)));
        if compared.len() > HELD {
            return all().for_each(|(success, times)| go(&success, times));
        }
        let held = self.successes.get_or_init(|| all().collect());
        held.iter().for_each(|(success, times)| go(success, *times));
    }

    /// What the verdict says of the blamed layer, so that a repair of it can be tried.
    fn take_as_blamed(&self, case: &mut Case) {
        optimistic::as_blamed(self.layer, self.effect, &case.request, &mut case.layers);
        // What worked until a grant was taken back worked through it, and through nothing else.
        let change = self.incident.change.as_ref().map(|change| &change.subject);
        if self.layer == Layer::KmsGrant && matches!(change, Some(Subject::Grant { .. })) {
            optimistic::as_granted(&mut case.layers);
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

    /// The caller made the call itself, from where its code runs.
    pub(super) fn is_own(&self) -> bool {
        self.event.is_own_hop(self.caller_kind())
    }

    pub(super) fn is_by_service(&self) -> bool {
        self.caller_kind() == CallerKind::ServicePrincipal
    }

    /// All denied calls are KMS's.
    pub(super) fn is_kms(&self) -> bool {
        !self.actions.is_empty() && self.actions.iter().all(|action| action.starts_with("kms:"))
    }

    /// Whether the denied calls are on a key that AWS manages.
    pub(super) fn is_on_aws_managed_key(&self) -> bool {
        let key = self.resource().filter(|arn| arn.contains(":kms:"));
        let inventory = self.history.at(self.event.time);
        key.is_some_and(|key| key.contains(":alias/aws/") || inventory.is_aws_managed(key))
    }

    /// Kind and name of the caller in a `Principal` element: never a role where an AWS service
    /// called as itself.
    pub(super) fn principal(&self) -> Option<(&'static str, String)> {
        if self.is_by_service() {
            return Some(("Service", self.service()?));
        }
        if let Some(arn) = self.failing.principal.as_ref().filter(|p| p.contains(":iam:")) {
            return is_of_account(arn).then(|| ("AWS", arn.clone()));
        }
        let arn = match &self.first()?.request.principal {
            Principal::RoleSession(session) => session.role_arn.clone().unwrap_or_else(|| {
                let partition = self.partition();
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
            names.extend(others.filter(|name| name.contains(":iam:") && is_of_account(name)));
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
            .filter(|p| partition::without_domain(p).is_some())
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

    /// The partition of what was denied.
    pub(super) fn partition(&self) -> &'s str {
        let of_caller = || self.failing.principal.as_deref().and_then(Arn::parse);
        let named = self.failing.arn().and_then(Arn::parse).or_else(of_caller);
        named.map_or_else(|| partition_of(self.event.region().unwrap_or_default()), |a| a.partition)
    }

    /// The principal of a whole account.
    pub(super) fn whole(&self, account: &str) -> String {
        format!("arn:{}:iam::{account}:root", self.partition())
    }

    pub(super) fn endpoint(&self) -> Option<&str> {
        self.event.get(Field::VpcEndpointId)
    }

    /// The root call above the shown failure.
    pub(super) fn root(&self) -> Option<&Event> {
        self.events.get(self.failing.root?)
    }
}

/// Whether a policy can name it as a principal of an account: whom an identity provider vouches for
/// it names by the provider.
fn is_of_account(arn: &str) -> bool {
    !arn.contains(":oidc-provider/") && !arn.contains(":saml-provider/")
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
