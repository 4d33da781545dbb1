//! Who else succeeded, on what else and when: what a comparison set is asked of the calls that worked.

use std::ops::Range;

use super::comparison_set::{ComparisonSet, Seen, When, makes_new};
use crate::contrast::{Among, Attribute, Crowd, Found, Observation};
use crate::event::Time;

impl<'p, 'e> ComparisonSet<'p, 'e> {
    /// Successes of the same call by anybody on anything, in order of time.
    pub fn successes(&self) -> &'p [Observation<'e>] {
        self.crowd.map(Crowd::all).unwrap_or_default()
    }

    /// Those of the same principal.
    pub fn by_principal(&self) -> Among {
        Among::Principal(self.observation().value_hash(Attribute::Principal))
    }

    /// Those on the same resource.
    pub fn on_resource(&self) -> Among {
        Among::Resource(self.resource_hash())
    }

    /// Those of the same principal on the same resource.
    pub fn of_both(&self) -> Among {
        Among::Both(self.observation().value_hash(Attribute::Principal), self.resource_hash())
    }

    /// Those of the same account.
    pub fn in_account(&self) -> Among {
        Among::Account(self.observation().value_hash(Attribute::CallerAccount))
    }

    fn resource_hash(&self) -> u64 {
        Observation::value_hash_of(self.one().resource.as_deref())
    }

    /// Positions in a crowd that lie in a period.
    pub fn range(&self, crowd: &Crowd<'_>, when: When) -> Range<u32> {
        match when {
            When::Ever => crowd.ever(),
            When::During => crowd.within(self.first, self.last),
            When::After => crowd.after(self.last),
        }
    }

    /// Successes in a period of which `which` holds (see [`Crowd::lists`]).
    pub fn seen(&self, when: When, among: Among, which: impl Fn(&Observation<'e>) -> bool) -> Seen {
        self.seen_in(among, |crowd| self.range(crowd, when), which)
    }

    /// The same, in whatever period.
    pub fn seen_in(
        &self,
        among: Among,
        range: impl Fn(&Crowd<'e>) -> Range<u32>,
        which: impl Fn(&Observation<'e>) -> bool,
    ) -> Seen {
        let Some(crowd) = self.crowd else { return Seen::default() };
        named(crowd, &crowd.count(among, range(crowd), which))
    }

    /// Successes in a period of which `which` holds and `but` does not (see [`Crowd::count_but`]).
    pub fn seen_but(
        &self,
        when: When,
        among: (Among, Among),
        which: impl Fn(&Observation<'e>) -> bool,
        but: impl Fn(&Observation<'e>) -> bool,
    ) -> Seen {
        let Some(crowd) = self.crowd else { return Seen::default() };
        named(crowd, &crowd.count_but(among, self.range(crowd, when), which, but))
    }

    /// When the same call by the same principal on the same resource last worked before the first
    /// failure. What makes something new is never on the same resource; there any success counts.
    pub fn last_success_before(&self) -> Option<Time> {
        let crowd = self.crowd?;
        let any = makes_new(self.observation().event)
            && crowd.lists(self.on_resource(), crowd.ever(), |_| true).next().is_none();
        let among = if any { self.by_principal() } else { self.of_both() };
        let last = crowd.last(among, crowd.before(self.first), |o| self.same_principal(o))?;
        Some(last.time)
    }

    /// Successes of the same principal or on the same resource first, then by nearness in time.
    pub fn nearest_successes(&self) -> Vec<&'p Observation<'e>> {
        let Some(crowd) = self.crowd else { return Vec::new() };
        let own = |o: &Observation<'e>| self.same_principal(o);
        let there = |o: &Observation<'e>| self.same_resource(o);
        let near = |among: Among, skip: &dyn Fn(&Observation<'e>) -> bool| {
            let lists = crowd.lists(among, crowd.ever(), |_| true);
            // Of calls that another one stands for nothing more is known.
            let is_left =
                |at: &(i64, u32)| crowd.at(at.1).is_some_and(|o| o.is_itself() && !skip(o));
            let near = lists.flat_map(|list| {
                crowd.outward(list, self.first).filter(is_left).take(MOST_EVALUATED)
            });
            near.collect::<Vec<_>>()
        };
        let mut both = near(self.of_both(), &|o| !own(o));
        both.sort_unstable();
        let mut one = near(self.by_principal(), &|o| !own(o) || there(o));
        one.extend(near(self.on_resource(), &|o| own(o)));
        one.sort_unstable();
        let mut found: Vec<(i64, u32)> = both.into_iter().chain(one).take(MOST_EVALUATED).collect();
        let left = MOST_EVALUATED - found.len();
        let is_other =
            |at: &(i64, u32)| crowd.at(at.1).is_some_and(|o| o.is_itself() && !own(o) && !there(o));
        found.extend(crowd.around(self.first).filter(is_other).take(left));
        found.into_iter().filter_map(|(_, at)| crowd.at(at)).collect()
    }
}

/// Successes that are evaluated per incident.
const MOST_EVALUATED: usize = 60;

fn named(crowd: &Crowd<'_>, found: &Found) -> Seen {
    let calls = found.first.iter().filter_map(|at| crowd.at(*at));
    Seen { count: found.count, ids: calls.map(|o| o.event.id().to_owned()).collect() }
}
