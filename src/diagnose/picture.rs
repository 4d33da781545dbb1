//! What the log shows around one sort of failure: who else, on what else, through what else and
//! when else the same call worked or failed.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::failing::Failing;
use super::refusals::Refusals;
use super::tally::Tally;
use crate::chain::Chains;
use crate::contrast::{Attribute, Observation};
use crate::event::{self, CallerKind, Event, Failure, Time, Whose};
use crate::ingest::Sample;

type Map<K, V> = HashMap<K, V, RandomState>;

/// Every call with which failures can be compared, by event source and name.
pub struct Pool<'e> {
    sample: Option<&'e Sample>,
    successes: Map<(&'e str, &'e str), Vec<Observation<'e>>>,
}

impl<'e> Pool<'e> {
    /// Gathers the calls of the names that failed; of KMS all calls, as its operations are denied
    /// and allowed together.
    pub fn new(
        events: &'e [Event],
        chains: &Chains,
        failing: &[Failing],
        sample: Option<&'e Sample>,
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
        Pool { sample, successes }
    }

    /// Calls of the same name that worked, in order of time.
    pub fn of(&self, event: &Event) -> &[Observation<'e>] {
        // A key borrowed from this event would have to live as long as the pool's events.
        self.successes
            .iter()
            .find(|((source, name), _)| *source == event.source() && *name == event.name())
            .map(|(_, list)| list.as_slice())
            .unwrap_or_default()
    }

    /// Calls of the same service that worked, of whatever name.
    pub fn of_service(&self, event: &Event) -> impl Iterator<Item = &Observation<'e>> {
        let mut names: Vec<(&str, &Vec<Observation<'e>>)> = self
            .successes
            .iter()
            .filter(|((source, _), _)| *source == event.source())
            .map(|((_, name), list)| (*name, list))
            .collect();
        names.sort_unstable_by_key(|(name, _)| *name);
        names.into_iter().flat_map(|(_, list)| list)
    }
}

/// A permission probe that passed has worked as well.
fn worked(event: &Event) -> bool {
    matches!(event::failure(event), None | Some(Failure::DryRun))
}

/// One sort of failure with everything around it.
pub struct Picture<'p, 'e> {
    /// The failures of this sort, as observations, in order of time; of a sample those first whose
    /// surroundings were kept.
    pub failures: Vec<Observation<'e>>,
    /// The same, as found.
    pub failing: Vec<&'p Failing>,
    /// How often it failed so, whether analysed or not.
    pub count: u64,
    /// All failures of the export, of whatever sort.
    pub all: &'p Refusals<'p>,
    /// Every call of the export is there. Where only a sample is, that nobody else succeeded may
    /// be for those left out.
    pub is_whole: bool,
    /// Every change of policies and key states of the export is there.
    pub has_all_changes: bool,
    /// Successes of the same call by anybody on anything.
    pub successes: &'p [Observation<'e>],
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
    fn of<'o, 'e: 'o>(found: impl Iterator<Item = &'o Observation<'e>>) -> Seen {
        let mut seen = Seen::default();
        for observation in found {
            seen.count += 1;
            if seen.ids.len() < 3 {
                seen.ids.push(observation.event.id().to_owned());
            }
        }
        seen
    }

    /// Whether there is none.
    pub fn none(&self) -> bool {
        self.count == 0
    }
}

impl<'p, 'e> Picture<'p, 'e> {
    /// The picture of `failing`, which happened as often as `tally` says; `None` when it is empty.
    pub fn new(
        events: &'e [Event],
        chains: &Chains,
        pool: &'p Pool<'e>,
        (failing, tally): (Vec<&'p Failing>, Tally),
        all: &'p Refusals<'p>,
    ) -> Option<Self> {
        let failures: Vec<Observation<'e>> =
            failing.iter().filter_map(|f| Observation::new(events, chains, f.denied)).collect();
        let Tally { count, first, last, .. } = tally;
        let one = *failing.first()?;
        // What the caller can do says nothing of somebody else's permission.
        let is_own = one.denial.whose == Whose::Caller;
        let alike = failures.first().filter(|_| is_own).map(|o| pool.of(o.event));
        let successes = alike.unwrap_or_default();
        let observed = Observation::new(events, chains, one.denied)?;
        Some(Picture {
            failures,
            failing,
            count,
            all,
            is_whole: pool.sample.is_none(),
            has_all_changes: pool.sample.is_none_or(Sample::has_all_changes),
            successes,
            one,
            observed,
            first,
            last,
        })
    }

    /// A failure that stands for all.
    pub fn one(&self) -> &Failing {
        self.one
    }

    /// The observation of [`Picture::one`].
    pub fn observation(&self) -> &Observation<'e> {
        &self.observed
    }

    /// Successes for which `when` and `which` hold.
    pub fn seen(&self, when: When, which: impl Fn(&Observation<'e>) -> bool) -> Seen {
        Seen::of(self.successes.iter().filter(|o| self.holds(when, o)).filter(|o| which(o)))
    }

    /// Whether a success lies in the period.
    pub fn holds(&self, when: When, success: &Observation<'_>) -> bool {
        let time = success.event.time;
        match when {
            When::Ever => true,
            When::During => time >= self.first && time <= self.last,
            When::After => time > self.last,
        }
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

    /// When the same call by the same principal on the same resource last worked before the first
    /// failure. What makes something new is never on the same resource; there any success counts.
    pub fn last_success_before(&self) -> Option<Time> {
        let any = makes_new(self.observed.event)
            && !self.successes.iter().any(|success| self.same_resource(success));
        self.successes
            .iter()
            .filter(|o| {
                o.event.time < self.first
                    && self.same_principal(o)
                    && (any || self.same_resource(o))
            })
            .map(|o| o.event.time)
            .max()
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
