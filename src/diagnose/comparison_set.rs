//! What the log shows around one sort of failure: who else, on what else, through what else and
//! when else the same call worked or failed.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::failing::Failing;
use super::folded::{Folded, with_others};
use super::refusals::Refusals;
use super::tally::Tally;
use crate::chain::Chains;
use crate::contrast::{Attribute, Crowd, Observation};
use crate::event::{self, CallerKind, Event, Failure, Time, Whose};

type Map<K, V> = HashMap<K, V, RandomState>;

/// Every call with which failures can be compared, by event source and name.
pub struct Pool<'e> {
    folded: Option<&'e Folded>,
    /// By event source, with the names in order.
    successes: Map<&'e str, Vec<(&'e str, Crowd<'e>)>>,
}

impl<'e> Pool<'e> {
    /// Gathers the calls of the names that failed; of KMS all calls, as its operations are denied
    /// and allowed together.
    pub fn new(
        events: &'e [Event],
        chains: &Chains,
        failing: &[Failing],
        folded: Option<&'e Folded>,
    ) -> Self {
        let names: HashSet<u32, RandomState> =
            failing.iter().filter_map(|f| chains.name(f.denied)).collect();
        let kms = failing.iter().any(|f| chains.is_kms(f.denied));
        let found: Vec<Observation<'e>> = events
            .par_iter()
            .enumerate()
            .filter(|(i, _)| {
                chains.name(*i).is_some_and(|name| names.contains(&name))
                    || (kms && chains.is_kms(*i))
            })
            .filter(|(i, e)| worked(e) && chains.copy_of(*i).is_none())
            .filter_map(|(i, _)| Observation::new(events, chains, i))
            .collect();
        let mut successes: Map<(&str, &str), Vec<Observation<'e>>> = Map::default();
        for observation in found {
            let key = (observation.event.source(), observation.event.name());
            successes.entry(key).or_default().push(observation);
        }
        let mut by_source: Map<&str, Vec<(&str, Crowd<'e>)>> = Map::default();
        for ((source, name), found) in successes {
            let all = with_others(found, folded);
            by_source.entry(source).or_default().push((name, Crowd::new(all)));
        }
        by_source.values_mut().for_each(|names| names.sort_unstable_by_key(|(name, _)| *name));
        Pool { folded, successes: by_source }
    }

    /// What was found of an export of which the events are left.
    pub(super) fn folded(&self) -> Option<&'e Folded> {
        self.folded
    }

    /// Calls of the same name that worked.
    pub fn of(&self, event: &Event) -> Option<&Crowd<'e>> {
        let names = self.successes.get(event.source())?;
        let at = names.binary_search_by_key(&event.name(), |(name, _)| *name).ok()?;
        names.get(at).map(|(_, crowd)| crowd)
    }

    /// Calls of the same service that worked, by name.
    pub fn of_service(&self, event: &Event) -> impl Iterator<Item = (&str, &Crowd<'e>)> {
        let names = self.successes.get(event.source()).into_iter().flatten();
        names.map(|(name, crowd)| (*name, crowd))
    }
}

/// Refused calls, and those that they stand for, in order of time.
pub(super) fn observed<'e>(
    events: &'e [Event],
    chains: &Chains,
    failing: &[impl std::borrow::Borrow<Failing>],
    folded: Option<&Folded>,
) -> Vec<Observation<'e>> {
    let mut all: Vec<Observation<'e>> = Vec::with_capacity(failing.len());
    for one in failing {
        let denied = one.borrow().denied;
        let Some(one) = Observation::new(events, chains, denied) else { continue };
        let stood = folded.and_then(|folded| folded.stood.get(&denied));
        all.extend(stood.into_iter().flatten().map(|stood| one.at(stood.time)));
        all.push(one);
    }
    if folded.is_some() {
        all.sort_by_key(|one| (one.time, one.index));
    }
    all
}

/// A permission probe that passed has worked as well.
fn worked(event: &Event) -> bool {
    matches!(event::failure(event), None | Some(Failure::DryRun))
}

/// One sort of failure with everything around it.
pub struct ComparisonSet<'p, 'e> {
    /// The failures of this sort, as observations, in order of time.
    pub failures: Vec<Observation<'e>>,
    /// The same, as found.
    pub failing: Vec<&'p Failing>,
    /// How often it failed so, whether analysed or not.
    pub count: u64,
    /// All failures of the export, of whatever sort.
    pub all: &'p Refusals<'p>,
    /// Successes of the same call by anybody on anything, where they tell something of this one.
    pub crowd: Option<&'p Crowd<'e>>,
    one: &'p Failing,
    observed: Observation<'e>,
    /// First denial.
    pub first: Time,
    /// Last denial.
    pub last: Time,
}

/// Successes in one relation to the failure.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// How many.
    pub count: usize,
    /// Events, at most a handful.
    pub ids: Vec<String>,
}

impl Seen {
    /// Whether there is none.
    pub fn none(&self) -> bool {
        self.count == 0
    }
}

impl<'p, 'e> ComparisonSet<'p, 'e> {
    /// The comparison set of `failing`, which happened as often as `tally` says; `None` when it is empty.
    pub fn new(
        events: &'e [Event],
        chains: &Chains,
        pool: &'p Pool<'e>,
        (failing, tally): (Vec<&'p Failing>, Tally),
        all: &'p Refusals<'p>,
    ) -> Option<Self> {
        let failures = observed(events, chains, &failing, pool.folded);
        let Tally { count, first, last, .. } = tally;
        let one = *failing.first()?;
        // What the caller can do says nothing of somebody else's permission.
        let is_own = one.denial.whose == Whose::Caller;
        let crowd = failures.first().filter(|_| is_own).and_then(|o| pool.of(o.event));
        let observation = Observation::new(events, chains, one.denied)?;
        Some(ComparisonSet {
            failures,
            failing,
            count,
            all,
            crowd,
            one,
            observed: observation,
            first,
            last,
        })
    }

    /// A failure that stands for all.
    pub fn one(&self) -> &Failing {
        self.one
    }

    /// The observation of [`ComparisonSet::one`].
    pub fn observation(&self) -> &Observation<'e> {
        &self.observed
    }

    /// Same role, user or service as the failure.
    pub fn same_principal(&self, other: &Observation<'_>) -> bool {
        self.observed.agrees(other, Attribute::Principal)
            && (self.observed.caller_kind == other.caller_kind || !is_service(other))
    }

    /// Same resource as the failure.
    pub fn same_resource(&self, other: &Observation<'_>) -> bool {
        self.one().resource.as_deref() == other.get(Attribute::Resource)
    }

    /// Same account as the failing caller.
    pub fn same_account(&self, other: &Observation<'_>) -> bool {
        self.observed.agrees(other, Attribute::CallerAccount)
    }

    /// Whether the failing calls were made from where the caller's code runs.
    pub fn is_own_hop(&self) -> bool {
        self.observed.event.is_own_hop(self.one.caller_kind)
    }

    /// Values of an attribute among the failures.
    pub fn values(&self, attribute: Attribute) -> BTreeMap<Option<&str>, usize> {
        let mut values = BTreeMap::new();
        for failure in &self.failures {
            *values.entry(failure.get(attribute)).or_default() += 1;
        }
        values
    }
}

/// Whether a call is one that makes what it is on (naming of AWS operations; KMS operations are on a
/// key that is there before).
pub(super) fn makes_new(event: &Event) -> bool {
    let verbs = ["Create", "Run", "Copy", "Restore", "Register", "Import", "Allocate", "Request"];
    event.source() != "kms.amazonaws.com" && verbs.iter().any(|verb| event.name().starts_with(verb))
}

fn is_service(observation: &Observation<'_>) -> bool {
    matches!(observation.caller_kind, CallerKind::ServicePrincipal)
}

/// A period, seen from the failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The whole log.
    Ever,
    /// Between the first and the last failure.
    During,
    /// After the last failure.
    After,
}
