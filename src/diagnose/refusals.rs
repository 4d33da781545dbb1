//! All refusals of an export, by what judging one of them asks of the others: how many things an action
//! was refused on to one principal, how many principals were refused it on one thing or in one account.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::FixedState;

use super::failing::Failing;
use crate::contrast::account_of;
use crate::event::{CallerKind, Effect, Event, Form, Time};

type Map<K, V> = HashMap<K, V, FixedState>;

/// What one action was refused on, or to whom: each once.
struct Different<K, V> {
    counts: Map<K, usize>,
    seen: HashSet<(K, V), FixedState>,
}

impl<K: Hash + Eq + Copy, V: Hash + Eq + Copy> Different<K, V> {
    fn new() -> Self {
        Different { counts: Map::default(), seen: HashSet::default() }
    }

    fn add(&mut self, key: K, value: V) {
        if self.seen.insert((key, value)) {
            *self.counts.entry(key).or_default() += 1;
        }
    }

    /// How many different ones each has.
    fn counts(self) -> Map<K, usize> {
        self.counts
    }
}

/// An action and what it was refused to or on.
type Pair<'f> = (&'f str, &'f str);

/// The refusals of an export.
pub struct Refusals<'f> {
    /// By action and principal, the things it was refused on.
    things: Map<(&'f str, Option<&'f str>), usize>,
    /// By action and thing, the principals it was refused to.
    principals: Map<Pair<'f>, usize>,
    /// By action and thing, the endpoint that all came through.
    endpoints: Map<Pair<'f>, Option<&'f str>>,
    /// By action and account of the caller, the principals and things.
    callers: Map<Pair<'f>, usize>,
    targets: Map<Pair<'f>, usize>,
    /// By service and account, when a text named an explicit deny, and where.
    explicit: Map<Pair<'f>, Vec<(Time, usize)>>,
}

impl<'f> Refusals<'f> {
    /// Of all failures, which are in order of time.
    pub fn of(all: &'f [Failing], events: &'f [Event]) -> Refusals<'f> {
        let mut things = Different::new();
        let (mut principals, mut callers, mut targets) =
            (Different::new(), Different::new(), Different::new());
        let mut endpoints: Map<Pair<'_>, Option<&str>> = Map::default();
        let mut explicit: Map<Pair<'_>, Vec<(Time, usize)>> = Map::default();
        for one in all {
            let (action, principal) = (one.action.as_str(), one.principal.as_deref());
            if let Some(thing) = one.resource.as_deref() {
                things.add((action, principal), thing);
                principal.into_iter().for_each(|who| principals.add((action, thing), who));
                let through = one.endpoint.as_deref();
                let common = endpoints.entry((action, thing)).or_insert(through);
                *common = common.filter(|_| *common == through);
            }
            let account = principal.and_then(account_of).filter(|_| is_principal(one.caller_kind));
            if let (Some(account), Some(who)) = (account, principal) {
                callers.add((action, account), who);
                one.resource
                    .iter()
                    .for_each(|thing| targets.add((action, account), thing.as_str()));
            }
            if let (true, Some(event)) = (says_explicit(one), events.get(one.denied))
                && let Some(account) = event.account()
            {
                let place = explicit.entry((service(action), account)).or_default();
                place.push((event.time, one.denied));
            }
        }
        Refusals {
            things: things.counts(),
            principals: principals.counts(),
            endpoints,
            callers: callers.counts(),
            targets: targets.counts(),
            explicit,
        }
    }

    /// How many things the action of a failure was refused on to its principal.
    pub fn things(&self, one: &Failing) -> usize {
        let key = (one.action.as_str(), one.principal.as_deref());
        self.things.get(&key).copied().unwrap_or_default()
    }

    /// How many principals were refused the action of a failure on what it was on.
    pub fn principals(&self, one: &Failing) -> usize {
        pair(one).and_then(|pair| self.principals.get(&pair)).copied().unwrap_or_default()
    }

    /// The endpoint that all of these came through.
    pub fn common_endpoint(&self, one: &Failing) -> Option<&'f str> {
        self.endpoints.get(&pair(one)?).copied().flatten()
    }

    /// How many principals of an account were refused an action, and on how many things.
    pub fn of_account(&self, action: &str, account: &str) -> (usize, usize) {
        let count = |map: &Map<Pair<'_>, usize>| map.get(&(action, account)).copied();
        (count(&self.callers).unwrap_or_default(), count(&self.targets).unwrap_or_default())
    }

    /// The refusals of a service in an account, between two moments, both included, whose text says
    /// that something denied explicitly: the first, and how many.
    pub fn explicit(
        &self,
        action: &str,
        account: &str,
        (from, to): (Time, Time),
    ) -> Option<(usize, usize)> {
        let all = self.explicit.get(&(service(action), account))?;
        let first = all.partition_point(|(time, _)| *time < from);
        let after = all.partition_point(|(time, _)| *time <= to);
        let within = all.get(first..after)?;
        Some((within.first()?.1, within.len()))
    }
}

fn pair(one: &Failing) -> Option<Pair<'_>> {
    Some((one.action.as_str(), one.resource.as_deref()?))
}

fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

fn says_explicit(one: &Failing) -> bool {
    let stated = one.denial.stated.as_ref();
    stated.is_some_and(|stated| stated.effect == Effect::ExplicitDeny)
        && matches!(one.denial.form, Form::Stated | Form::StatedWithArn)
}

/// Whether a caller is a role or user of somebody.
pub(super) fn is_principal(kind: CallerKind) -> bool {
    !matches!(kind, CallerKind::ServicePrincipal | CallerKind::Ec2Infrastructure)
}
