//! Calls of one name that worked, in order of time, and who made them on what: what is asked of one
//! failure looks at the calls of its principal, on its resource or of its account, and at no others.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::ops::Range;

use foldhash::fast::FixedState;

use super::attribute::{Attribute, Observation};
use super::nearest::apart;
use crate::event::{Field, Time};

/// What the calls looked at share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among {
    /// The principal, by its mark.
    Principal(u64),
    /// The resource.
    Resource(u64),
    /// Principal and resource.
    Both(u64, u64),
    /// The account of the caller.
    Account(u64),
}

/// Positions of calls that agree in what may be asked of them, in order.
type List = Vec<u32>;

/// Lists by what their calls share.
#[derive(Debug, Default)]
struct Groups(HashMap<u64, Vec<List>, FixedState>);

impl Groups {
    fn of(sorts: impl Iterator<Item = (u64, u64)>) -> Groups {
        let mut places: HashMap<(u64, u64), usize, FixedState> = HashMap::default();
        let mut groups = Groups::default();
        for (at, sort) in (0..).zip(sorts) {
            let lists = groups.0.entry(sort.0).or_default();
            let place = *places.entry(sort).or_insert_with(|| {
                lists.push(List::new());
                lists.len() - 1
            });
            if let Some(list) = lists.get_mut(place) {
                list.push(at);
            }
        }
        groups
    }

    fn get(&self, key: u64) -> &[List] {
        self.0.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

fn hash(of: impl Hash) -> u64 {
    FixedState::default().hash_one(of)
}

/// Calls of one name that worked.
#[derive(Debug, Default)]
pub struct Crowd<'e> {
    all: Vec<Observation<'e>>,
    principals: Groups,
    resources: Groups,
    both: Groups,
    accounts: Groups,
    /// Calls that have the same value of every attribute.
    alike: Vec<List>,
    every: List,
}

impl<'e> Crowd<'e> {
    /// Of these calls, which are in order of time.
    pub fn new(all: Vec<Observation<'e>>) -> Crowd<'e> {
        use Attribute::{CallerAccount, Mfa, Principal, Region, Resource, VpcEndpoint};
        let principals = all.iter().map(|o| {
            let id = o.event.get(Field::IssuerPrincipalId);
            let hashes = [CallerAccount, Region, Mfa].map(|attribute| o.value_hash(attribute));
            (
                o.value_hash(Principal),
                hash((hashes, o.caller_kind, id, o.value_hash(Resource) == 0)),
            )
        });
        let way = |o: &Observation<'_>| {
            hash((o.value_hash(CallerAccount), o.caller_kind, o.value_hash(VpcEndpoint)))
        };
        let resources = all.iter().map(|o| (o.value_hash(Resource), way(o)));
        let both =
            all.iter().map(|o| (hash((o.value_hash(Principal), o.value_hash(Resource))), way(o)));
        let accounts = all
            .iter()
            .map(|o| (o.value_hash(CallerAccount), hash((o.caller_kind, o.value_hash(Region)))));
        let mut alike = Groups::of(all.iter().map(|o| (0, hash(o.value_hashes()))));
        let alike = alike.0.remove(&0).unwrap_or_default();
        let [principals, resources] = [Groups::of(principals), Groups::of(resources)];
        let [both, accounts] = [Groups::of(both), Groups::of(accounts)];
        let every = (0..position(all.len())).collect();
        Crowd { all, principals, resources, both, accounts, alike, every }
    }

    /// All of them, in order of time.
    pub fn all(&self) -> &[Observation<'e>] {
        &self.all
    }

    /// The call at a position.
    pub fn at(&self, position: u32) -> Option<&Observation<'e>> {
        self.all.get(position as usize)
    }

    /// Positions of the calls from one moment to another, both included.
    pub fn within(&self, from: Time, to: Time) -> Range<u32> {
        self.before(from).end..self.until(to).end
    }

    /// Positions of the calls before a moment.
    pub fn before(&self, time: Time) -> Range<u32> {
        0..position(self.all.partition_point(|o| o.time < time))
    }

    /// Positions of the calls after a moment.
    pub fn after(&self, time: Time) -> Range<u32> {
        self.until(time).end..position(self.all.len())
    }

    fn until(&self, time: Time) -> Range<u32> {
        0..position(self.all.partition_point(|o| o.time <= time))
    }

    /// Positions of all.
    pub fn ever(&self) -> Range<u32> {
        0..position(self.all.len())
    }

    /// Lists of the calls within a range that share something and of which `which` holds. It is asked
    /// once for calls that agree in caller kind and account, and in Region, second factor, the
    /// principal's unique id and whether there is a resource (those of one principal), in the endpoint
    /// (those on one resource) or in the Region (those of an account); only of these it may tell.
    pub fn lists<'c>(
        &'c self,
        among: Among,
        range: Range<u32>,
        which: impl Fn(&Observation<'e>) -> bool + 'c,
    ) -> impl Iterator<Item = &'c [u32]> {
        let lists = match among {
            Among::Principal(principal) => self.principals.get(principal),
            Among::Resource(resource) => self.resources.get(resource),
            Among::Both(principal, resource) => self.both.get(hash((principal, resource))),
            Among::Account(account) => self.accounts.get(account),
        };
        lists.iter().filter_map(move |list| {
            let first = list.partition_point(|at| *at < range.start);
            let after = list.partition_point(|at| *at < range.end);
            let part = list.get(first..after).filter(|part| !part.is_empty())?;
            self.at(*part.first()?).is_some_and(&which).then_some(part)
        })
    }

    /// How many there are in such lists, and positions of the first few.
    pub fn count(
        &self,
        among: Among,
        range: Range<u32>,
        which: impl Fn(&Observation<'e>) -> bool,
    ) -> Found {
        Found::of(self.lists(among, range, which).map(|list| (list.len(), list.iter().copied())))
    }

    /// The same without those of which `but` holds, all of which are `among_those`.
    pub fn count_but(
        &self,
        (among, among_those): (Among, Among),
        range: Range<u32>,
        which: impl Fn(&Observation<'e>) -> bool,
        but: impl Fn(&Observation<'e>) -> bool,
    ) -> Found {
        let left = |at: &u32| self.at(*at).is_some_and(|o| !but(o));
        let lists = self.lists(among, range.clone(), &which);
        let mut found =
            Found::of(lists.map(|list| (list.len(), list.iter().copied().filter(&left))));
        let others = self.count(among_those, range, |o| which(o) && but(o));
        found.count = found.count.saturating_sub(others.count);
        found
    }

    /// The call that differs least from one that failed; of several the nearest in time, and of these
    /// the one with the smallest id, so that the answer does not depend on the order of files.
    pub fn nearest(&self, failed: &Observation<'_>) -> Option<&Observation<'e>> {
        let one = |list: &List| list.first().and_then(|at| self.at(*at));
        let apart: Vec<Option<u32>> =
            self.alike.iter().map(|list| one(list).map(|one| apart(failed, one))).collect();
        let least = apart.iter().flatten().min()?;
        let alike =
            self.alike.iter().zip(&apart).filter(|(_, apart)| apart.as_ref() == Some(least));
        let nearest = alike.flat_map(|(list, _)| {
            let mut outward = self.outward(list, failed.time).peekable();
            let first = outward.peek().map(|(seconds, _)| *seconds);
            outward.take_while(move |(seconds, _)| Some(*seconds) == first)
        });
        let calls = nearest.filter_map(|(seconds, at)| Some((seconds, self.at(at)?)));
        calls.min_by_key(|(seconds, o)| (*seconds, o.event.id())).map(|(_, call)| call)
    }

    /// All of them, the nearest to a moment first.
    pub fn around(&self, time: Time) -> impl Iterator<Item = (i64, u32)> {
        self.outward(&self.every, time)
    }

    /// Positions of a list with their distance from a moment in seconds, the nearest first; of equal ones
    /// the earlier first.
    pub fn outward<'c>(
        &'c self,
        list: &'c [u32],
        time: Time,
    ) -> impl Iterator<Item = (i64, u32)> + use<'c, 'e> {
        let at = move |place: usize| {
            let position = *list.get(place)?;
            let call = self.at(position)?;
            Some((call.time.seconds_since(time).abs(), position))
        };
        let mut after =
            list.partition_point(|position| self.at(*position).is_some_and(|o| o.time < time));
        // What lies before is gone through by stretches of one distance, each from its first call.
        let mut rest = after;
        let mut stretch = 0..0;
        std::iter::from_fn(move || {
            if stretch.is_empty() && rest > 0 {
                let seconds = at(rest - 1)?.0;
                let earlier = list.get(..rest)?;
                let first = earlier.partition_point(|position| {
                    self.at(*position).is_some_and(|o| o.time.seconds_since(time).abs() > seconds)
                });
                stretch = first..rest;
                rest = first;
            }
            let before = if stretch.is_empty() { None } else { at(stretch.start) };
            match (before, at(after)) {
                (Some(one), other) if other.is_none_or(|other| one <= other) => {
                    stretch.start += 1;
                    Some(one)
                }
                (_, other) => {
                    after += 1;
                    other
                }
            }
        })
    }

    /// The last of such lists.
    pub fn last(
        &self,
        among: Among,
        range: Range<u32>,
        which: impl Fn(&Observation<'e>) -> bool,
    ) -> Option<&Observation<'e>> {
        let last = self.lists(among, range, which).filter_map(<[u32]>::last).max()?;
        self.at(*last)
    }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Calls that were found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: usize,
    /// Positions of the first ones.
    pub first: Vec<u32>,
}

/// So many are named.
const NAMED: usize = 3;

impl Found {
    fn of(lists: impl Iterator<Item = (usize, impl Iterator<Item = u32>)>) -> Found {
        let mut found = Found::default();
        for (count, list) in lists {
            found.count += count;
            found.first.extend(list.take(NAMED));
        }
        found.first.sort_unstable();
        found.first.truncate(NAMED);
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chain::{Chains, Knowledge};
    use crate::event::{Event, EventBuilder, IdentityType};

    fn event(second: i64, role: u8, bucket: u8, region: u8) -> Event {
        let arn = format!("arn:aws:sts::111122223333:assumed-role/role-{role}/one");
        let request = format!(r#"{{"bucketName":"bucket-{bucket}"}}"#);
        let (id, region) =
            (format!("{second}-{role}-{bucket}-{region}"), format!("region-{region}"));
        let mut fields = [
            (Field::EventSource, "s3.amazonaws.com"),
            (Field::EventName, "GetObject"),
            (Field::EventId, id.as_str()),
            (Field::Arn, arn.as_str()),
            (Field::AccountId, "111122223333"),
            (Field::AwsRegion, region.as_str()),
            (Field::RequestParameters, request.as_str()),
        ];
        // A builder takes them in their order.
        fields.sort_by_key(|(field, _)| *field as usize);
        let mut b = EventBuilder::default();
        fields.into_iter().for_each(|(field, value)| b.put(field, Some(value)));
        b.finish(Time(second * 1000), IdentityType::AssumedRole)
    }

    proptest! {
        #[test]
        fn looking_at_few_finds_what_looking_at_all_does(
            calls in prop::collection::vec((0..20_i64, 0..3_u8, 0..3_u8, 0..2_u8), 1..40),
            asked in (0..20_i64, 0..3_u8, 0..3_u8, 0..2_u8),
        ) {
            let mut calls = calls;
            calls.sort();
            calls.dedup();
            calls.push(asked);
            let events: Vec<Event> =
                calls.iter().map(|(s, role, bucket, region)| event(*s, *role, *bucket, *region)).collect();
            let chains = Chains::build(&events, &Knowledge::default());
            let observed: Vec<_> =
                (0..events.len()).filter_map(|at| Observation::new(&events, &chains, at)).collect();
            let (one, all) = observed.split_last().unwrap();
            let crowd = Crowd::new(all.to_vec());
            let time = one.event.time;
            prop_assert_eq!(
                crowd.nearest(one).map(|o| o.index),
                super::super::nearest(one, all).and_then(|at| all.get(at)).map(|o| o.index)
            );
            let mut around: Vec<(i64, u32)> = (0..)
                .zip(all)
                .map(|(at, o)| (o.event.time.seconds_since(time).abs(), at))
                .collect();
            around.sort_unstable();
            prop_assert_eq!(crowd.around(time).collect::<Vec<_>>(), around);
            let (who, what) = (one.value_hash(Attribute::Principal), one.value_hash(Attribute::Resource));
            let same_who = |o: &Observation<'_>| one.agrees(o, Attribute::Principal);
            let same_what = |o: &Observation<'_>| one.agrees(o, Attribute::Resource);
            let expected = |range: Range<u32>, which: &dyn Fn(&Observation<'_>) -> bool| {
                let within = (0..).zip(all).filter(|(at, o)| range.contains(at) && which(o));
                let first: Vec<u32> = within.map(|(at, _)| at).collect();
                Found { count: first.len(), first: first.into_iter().take(NAMED).collect() }
            };
            for range in [crowd.ever(), crowd.before(time), crowd.after(time), crowd.within(time, time)] {
                let both = Among::Both(who, what);
                for (among, which) in [
                    (Among::Principal(who), &same_who as &dyn Fn(&Observation<'_>) -> bool),
                    (Among::Resource(what), &same_what),
                    (both, &|o: &Observation<'_>| same_who(o) && same_what(o)),
                ] {
                    prop_assert_eq!(
                        crowd.count(among, range.clone(), |_| true),
                        expected(range.clone(), which)
                    );
                }
                prop_assert_eq!(
                    crowd.count_but((Among::Resource(what), both), range.clone(), |_| true, same_who),
                    expected(range.clone(), &|o| same_what(o) && !same_who(o))
                );
                prop_assert_eq!(
                    crowd.count_but((Among::Principal(who), both), range.clone(), |_| true, same_what),
                    expected(range, &|o| same_who(o) && !same_what(o))
                );
            }
        }
    }
}
