//! Tells a rule that does its work from one that is in the way: a caller's own call that was refused,
//! that never worked before, and that the rules of an organization or of any careful owner are made
//! to stop. What hits a call that a service made, or began with a change, is a defect.

use std::collections::{BTreeMap, BTreeSet};

use super::benign;
use super::comparison_set::{Pool, makes_new};
use super::failing::Failing;
use super::guardrail_reason::{Guardrail, SWEEP_SECONDS};
use super::incident::{Incident, Verdict};
use super::kinds::{Certainty, Kind};
use super::sensitive::{Deed, SENSITIVE, When, is_like};
use crate::aws;
use crate::chain::Chains;
use crate::contrast::{Among, Attribute, Observation};
use crate::event::{self, Effect, Event, Failure, Layer};

/// A sweep: so many different actions of so many services are refused to one caller within this time,
/// and it succeeds with fewer. What misses a policy is refused what it needs, and no more.
const SWEEP_ACTIONS: usize = 10;
const SWEEP_SERVICES: usize = 4;

/// Marks the incidents that look like a guardrail doing its work.
pub(super) fn flag(incidents: &mut [Incident], log: &Log<'_>) {
    let sweeps = Sweeps::of(incidents, log);
    for incident in incidents {
        incident.guardrail = guardrail(incident, log, &sweeps);
    }
}

/// What is asked of the log.
pub(super) struct Log<'l> {
    pub events: &'l [Event],
    pub chains: &'l Chains,
    pub pool: &'l Pool<'l>,
}

fn guardrail(incident: &Incident, log: &Log<'_>, sweeps: &Sweeps<'_>) -> Option<Guardrail> {
    let all: Vec<(&Failing, &Event)> = incident
        .occurrences
        .iter()
        .map(|occurrence| {
            let failing = occurrence.failing.as_ref()?;
            Some((failing, log.events.get(failing.denied)?))
        })
        .collect::<Option<_>>()?;
    let is_own = |(failing, event): &(&Failing, &Event)| is_own_call(failing, event);
    if all.is_empty() || !all.iter().all(is_own) {
        return None;
    }
    let why = reason(incident, &all, sweeps)?;
    // A change that took away what had worked is a defect, whatever it took away; one that the
    // forbidden had not yet met is the rule being made.
    let whose = match (&why, &incident.change) {
        (Guardrail::Sensitive(_), Some(_)) => Whose::Account,
        (_, Some(_)) => return None,
        (_, None) => Whose::Caller,
    };
    let worked = all.iter().any(|(failing, _)| worked_before(failing, whose, log));
    (!worked).then_some(why)
}

fn is_own_call(failing: &Failing, event: &Event) -> bool {
    failing.kind == Kind::Direct
        && failing.behind.is_none()
        && failing.failure == Failure::Denied
        && event.is_own_hop(failing.caller_kind)
}

fn reason(
    incident: &Incident,
    all: &[(&Failing, &Event)],
    sweeps: &Sweeps<'_>,
) -> Option<Guardrail> {
    let verdict = &incident.verdict;
    let deeds = all.iter().map(|(failing, event)| deed(failing, event, verdict));
    if let Some(deed) = deeds.collect::<Option<Vec<_>>>().and_then(|deeds| deeds.first().copied()) {
        return Some(Guardrail::Sensitive(deed));
    }
    if let Some(sweep) = sweeps.hold(all) {
        return Some(sweep);
    }
    let is_sure = matches!(verdict.certainty, Certainty::Proven | Certainty::Stated);
    let layer = verdict.ranked.first().filter(|_| is_sure)?.layer;
    matches!(layer, Layer::Scp | Layer::Rcp | Layer::PermissionsBoundary)
        .then_some(Guardrail::Limit(layer))
}

/// What a refused call would have done, where that is sensitive.
fn deed(failing: &Failing, event: &Event, verdict: &Verdict) -> Option<Deed> {
    let is_forbidden = verdict.certainty != Certainty::Unknown
        && verdict.ranked.first().is_some_and(|h| h.effect == Effect::ExplicitDeny);
    let action = failing.action.as_str();
    let row = SENSITIVE.iter().find(|(actions, _, when)| {
        actions.iter().any(|pattern| is_like(pattern, action))
            && applies(*when, failing, event, is_forbidden)
    });
    // A Deny of what hands out permissions guards them, whichever service has them.
    let manages = || is_forbidden && aws::action(action).is_some_and(|a| a.manages_permissions());
    let is_read = event.read_only == Some(true)
        || event::is_read_like(event::action::operation(event.name()));
    match row {
        _ if is_read => None,
        Some((_, deed, _)) => Some(*deed),
        None => manages().then_some(Deed::Empower),
    }
}

fn applies(when: When, failing: &Failing, event: &Event, is_forbidden: bool) -> bool {
    match when {
        When::Always => true,
        When::Forbidden => is_forbidden,
        When::With(values) => is_forbidden || carries(event, values),
        When::ForOneself => is_forbidden || is_for_oneself(failing, event),
        When::ForAnother => is_forbidden || is_for_another(failing, event),
    }
}

/// Whether a parameter of the call has one of these values: `=value`, `name=value`, or `name=verb` of
/// the call itself.
fn carries(event: &Event, values: &[&str]) -> bool {
    let name = event::action::operation(event.name()).to_ascii_lowercase();
    if values.contains(&"name=delete") && name.starts_with("delete") {
        return true;
    }
    let mut found = false;
    event::json::leaves(event.request().unwrap_or_default(), |path, value| {
        let last = path.rsplit('.').next().unwrap_or_default();
        found |= values.iter().any(|wanted| match wanted.split_once('=') {
            Some(("", wanted)) => value.eq_ignore_ascii_case(wanted),
            Some((name, wanted)) => {
                last.eq_ignore_ascii_case(name) && value.eq_ignore_ascii_case(wanted)
            }
            None => false,
        });
    });
    found
}

/// Managed policies with which everything, or IAM, is open (AWS managed policies for job functions).
const ADMINISTRATORS: [&str; 3] =
    ["policy/AdministratorAccess", "policy/IAMFullAccess", "policy/PowerUserAccess"];

fn is_for_oneself(failing: &Failing, event: &Event) -> bool {
    let hands_out = event
        .request_value("policyArn")
        .is_some_and(|arn| ADMINISTRATORS.iter().any(|end| arn.ends_with(end)));
    hands_out || target(failing, event).is_some_and(|name| Some(name.as_str()) == own_name(event))
}

fn is_for_another(failing: &Failing, event: &Event) -> bool {
    target(failing, event).is_some_and(|name| Some(name.as_str()) != own_name(event))
}

/// The user or role that an IAM call is on; a refused one may have lost its parameters.
fn target(failing: &Failing, event: &Event) -> Option<String> {
    let named = |name: &str| event.request_value(name);
    let told = || {
        let arn = failing.arn()?;
        let is_entity = arn.contains(":user/") || arn.contains(":role/");
        arn.rsplit('/').next().filter(|_| is_entity).map(str::to_owned)
    };
    named("userName").or_else(|| named("roleName")).or_else(told)
}

fn own_name(event: &Event) -> Option<&str> {
    event.principal_arn()?.rsplit('/').next()
}

/// Whose success tells that a call worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Caller,
    Account,
}

/// Whether the like of a call worked before: the same action in the same Region, on the same thing
/// where it is not made by the call.
fn worked_before(failing: &Failing, whose: Whose, log: &Log<'_>) -> bool {
    let Some(one) = Observation::new(log.events, log.chains, failing.denied) else { return true };
    let Some(crowd) = log.pool.of(one.event) else { return false };
    let earlier = crowd.before(one.event.time);
    let any = makes_new(one.event) || failing.resource.is_none();
    let resource = Observation::value_hash_of(failing.resource.as_deref());
    let (principal, account) =
        (one.value_hash(Attribute::Principal), one.value_hash(Attribute::CallerAccount));
    let among = match (whose, any) {
        (Whose::Caller, true) => Among::Principal(principal),
        (Whose::Caller, false) => Among::Both(principal, resource),
        (Whose::Account, true) => Among::Account(account),
        (Whose::Account, false) => Among::Resource(resource),
    };
    let same_account = |o: &Observation<'_>| one.agrees(o, Attribute::CallerAccount);
    let mut lists = crowd.lists(among, earlier, |o| whose == Whose::Caller || same_account(o));
    let is_there = |at: &u32| crowd.at(*at).is_some_and(|o| o.event.region() == one.event.region());
    lists.any(|list| list.iter().any(is_there))
}

/// Who was refused one thing after another, and when.
struct Sweeps<'e> {
    by_caller: BTreeMap<&'e str, Vec<(i64, i64, Guardrail)>>,
}

impl<'e> Sweeps<'e> {
    fn of(incidents: &[Incident], log: &Log<'e>) -> Sweeps<'e> {
        let mut refused: BTreeMap<&str, Vec<(i64, String)>> = BTreeMap::new();
        let failing =
            incidents.iter().flat_map(|i| &i.occurrences).filter_map(|o| o.failing.as_ref());
        for failing in failing {
            let Some(event) = log.events.get(failing.denied) else { continue };
            // What builds everything is refused everything while its role is not yet there.
            if is_own_call(failing, event) && !benign::has_any(event, benign::BUILDERS) {
                let times = refused.entry(caller(event)).or_default();
                times.push((event.time.0 / 1000, failing.action.clone()));
            }
        }
        refused.retain(|_, calls| sorts(calls.iter()).len() >= SWEEP_ACTIONS);
        let mut worked: BTreeMap<&str, Vec<(i64, String)>> = BTreeMap::new();
        if !refused.is_empty() {
            for event in log.events.iter().filter(|event| !event.failed()) {
                if refused.contains_key(caller(event)) {
                    let call = (event.time.0 / 1000, event::action(event));
                    worked.entry(caller(event)).or_default().push(call);
                }
            }
        }
        let by_caller = refused.into_iter().map(|(caller, mut calls)| {
            calls.sort();
            let worked = worked.remove(caller).unwrap_or_default();
            (caller, stretches(&calls, &worked))
        });
        Sweeps { by_caller: by_caller.collect() }
    }

    /// The sweep that all of these calls are part of.
    fn hold(&self, all: &[(&Failing, &Event)]) -> Option<Guardrail> {
        let mut found = None;
        for (_, event) in all {
            let second = event.time.0 / 1000;
            let stretches = self.by_caller.get(caller(event))?;
            // They are of one length, in order of their beginnings.
            let at = stretches.partition_point(|(_, last, _)| *last < second);
            let sweep = stretches.get(at).filter(|(first, ..)| *first <= second)?;
            found.get_or_insert(sweep.2.clone());
        }
        found
    }
}

/// The stretches of time in which a caller was refused too many sorts of calls, the longest of those
/// that begin with a call; both lists are in order of time.
fn stretches(calls: &[(i64, String)], worked: &[(i64, String)]) -> Vec<(i64, i64, Guardrail)> {
    let mut found: Vec<(i64, i64, Guardrail)> = Vec::new();
    let (mut refused, mut succeeded) = (Window::of(calls), Window::of(worked));
    for (first, _) in calls {
        let last = first + SWEEP_SECONDS;
        if found.last().is_some_and(|(same, ..)| same == first) {
            continue;
        }
        refused.slide(*first, last);
        succeeded.slide(*first, last);
        let (actions, succeeded) = (refused.sorts.len(), succeeded.sorts.len());
        if actions < SWEEP_ACTIONS || succeeded >= actions {
            continue;
        }
        let services: BTreeSet<&str> =
            refused.sorts.keys().filter_map(|action| action.split(':').next()).collect();
        let services = services.len();
        if services >= SWEEP_SERVICES {
            found.push((*first, last, Guardrail::Sweep { actions, services }));
        }
    }
    found
}

/// The calls of a stretch of time, which only ever moves on: how often each sort is there.
struct Window<'c> {
    calls: &'c [(i64, String)],
    first: usize,
    after: usize,
    sorts: BTreeMap<&'c str, usize>,
}

impl<'c> Window<'c> {
    fn of(calls: &'c [(i64, String)]) -> Window<'c> {
        Window { calls, first: 0, after: 0, sorts: BTreeMap::new() }
    }

    /// Takes in what is before `last` or then, and leaves out what is before `first`.
    fn slide(&mut self, first: i64, last: i64) {
        while let Some((_, action)) = self.calls.get(self.after).filter(|(at, _)| *at <= last) {
            *self.sorts.entry(action).or_default() += 1;
            self.after += 1;
        }
        while let Some((_, action)) = self.calls.get(self.first).filter(|(at, _)| *at < first) {
            if let Some(count) = self.sorts.get_mut(action.as_str()) {
                *count = count.saturating_sub(1);
            }
            if self.sorts.get(action.as_str()) == Some(&0) {
                self.sorts.remove(action.as_str());
            }
            self.first += 1;
        }
    }
}

fn sorts<'c>(calls: impl Iterator<Item = &'c (i64, String)>) -> BTreeSet<&'c str> {
    calls.map(|(_, action)| action.as_str()).collect()
}

fn caller(event: &Event) -> &str {
    event.principal_id().or_else(|| event.arn()).unwrap_or_default()
}
