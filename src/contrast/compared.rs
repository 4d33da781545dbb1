//! Which successes a failure is compared with, the nearest of them, and what sets failures and successes apart.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Attribute, Observation};
use super::crowd::{Among, Crowd};
use super::factor::{Known, Ranking};
use super::property::{Profile, Property, PropertyValue, State};
use super::ranking::{FEWEST, rank};
use crate::chain::Chains;
use crate::event::{self, Event};

/// What lies farther from the failure may have met other policies.
const NEAR_SECONDS: i64 = 30 * 86_400;
/// So many successes are compared, nearest in time first.
const MOST: usize = 500;
/// Of these, so many of the same principal and as many on the same resource, whenever they were.
const MOST_OF_OWN: usize = 150;
/// Of more failures than this some are compared, the first and the last among them.
const MOST_FAILURES: usize = 500;
/// A member that has another value in more than this share of the calls is new each time.
const VARIED: f64 = 0.5;
/// In fewer calls nobody can tell what is new each time.
const FEWEST_VARIED: usize = 4;

/// One property in which a failure and a success differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub property: Property,
    /// In the failure, where it has the property.
    pub failed: Option<String>,
    /// In the success.
    pub succeeded: Option<String>,
}

/// Failures beside successes.
#[derive(Debug, Default)]
pub struct Contrast {
    /// Successes that were compared.
    pub successes: usize,
    /// Successes that were not: too far away, or so many are nearer.
    pub left_out: usize,
    /// Successes that did not need what was refused.
    pub not_needed: usize,
    /// Position of the nearest success among the events, and in what it differs.
    pub nearest: Option<(usize, Vec<Difference>)>,
    /// What sets the failures apart, and what could not be compared.
    pub ranking: Ranking,
}

/// Where calls are compared.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'g> {
    /// The events.
    pub events: &'g [Event],
    /// Their chains.
    pub chains: &'g Chains,
}

/// Compares the failures, of which `one` is shown, with the successes of a crowd. `needs` tells whether a success
/// needed what was refused.
pub fn compare(
    ground: Ground<'_>,
    one: &Observation<'_>,
    failures: &[Observation<'_>],
    crowd: &Crowd<'_>,
    needs: impl Fn(&Event) -> bool,
    known: &Known<'_>,
) -> Contrast {
    let near = near(one, crowd);
    let (needed, not_needed): (Vec<_>, Vec<_>) = near.into_iter().partition(|o| needs(o.event));
    let all = crowd.all().len();
    let successes: Vec<Profile<'_>> = needed.iter().map(|o| ground.profile(o)).collect();
    let failed: Vec<Profile<'_>> =
        some(failures).into_iter().map(|o| ground.failure(o, known)).collect();
    Contrast {
        successes: successes.len(),
        left_out: all - successes.len() - not_needed.len(),
        not_needed: not_needed.len(),
        nearest: nearest_of(&ground.failure(one, known), &successes),
        ranking: rank(&failed, &successes, known),
    }
}

/// Ranks what sets failures apart from successes, but for what they were chosen by.
pub fn factors(
    ground: Ground<'_>,
    failures: &[Observation<'_>],
    successes: &[Observation<'_>],
    chosen_by: &[Property],
) -> Ranking {
    let known = Known { chosen_by, ..Known::default() };
    rank(&ground.profiles(failures), &ground.profiles(successes), &known)
}

/// Whether so few of either side tell nothing by numbers.
pub fn are_few(failures: usize, successes: usize) -> bool {
    failures < FEWEST || successes < FEWEST
}

/// Position among the events of the success nearest to a failure, and in what it differs.
pub fn nearest_success(
    ground: Ground<'_>,
    failed: &Observation<'_>,
    successes: &[Observation<'_>],
) -> Option<(usize, Vec<Difference>)> {
    let mut near: Vec<&Observation<'_>> = successes.iter().filter(|o| is_near(failed, o)).collect();
    near.sort_by_key(|o| (o.time.seconds_since(failed.time).unsigned_abs(), o.event.id()));
    let profiles: Vec<Profile<'_>> =
        near.into_iter().take(MOST).map(|o| ground.profile(o)).collect();
    nearest_of(&ground.profile(failed), &profiles)
}

/// In what two calls differ, most telling first.
pub fn differences(
    ground: Ground<'_>,
    failed: &Observation<'_>,
    succeeded: &Observation<'_>,
) -> Vec<Difference> {
    differing(&ground.profile(failed), &ground.profile(succeeded), &BTreeSet::new())
}

impl Ground<'_> {
    fn profile<'e>(&self, one: &Observation<'e>) -> Profile<'e> {
        Profile::of(one, self.events, self.chains)
    }

    fn failure<'e>(&self, one: &Observation<'e>, known: &Known<'_>) -> Profile<'e> {
        let mut profile = self.profile(one);
        if let Some(resource) = known.resources.get(&one.index) {
            profile.is_on(resource);
        }
        profile
    }

    fn profiles<'e>(&self, all: &[Observation<'e>]) -> Vec<Profile<'e>> {
        all.iter().take(MOST).map(|one| self.profile(one)).collect()
    }
}

/// Evenly drawn of those that are too many, in their order.
fn some<T>(all: &[T]) -> Vec<&T> {
    let step = all.len().div_ceil(MOST_FAILURES).max(1);
    let mut drawn: Vec<&T> = all.iter().step_by(step).collect();
    if step > 1 {
        drawn.extend(all.last());
    }
    drawn
}

fn is_near(one: &Observation<'_>, other: &Observation<'_>) -> bool {
    other.time.seconds_since(one.time).abs() <= NEAR_SECONDS
}

/// Those of the last and next days, nearest first up to a bound, and some of the same principal and on the
/// same resource, which may lie farther among so many; in order of time.
fn near<'c, 'e>(one: &Observation<'_>, crowd: &'c Crowd<'e>) -> Vec<&'c Observation<'e>> {
    let mut found: BTreeSet<u32> = BTreeSet::new();
    let is_near = |(seconds, _): &(i64, u32)| *seconds <= NEAR_SECONDS;
    found.extend(crowd.around(one.time).take_while(is_near).take(MOST).map(|(_, at)| at));
    let own = [
        Among::Principal(one.value_hash(Attribute::Principal)),
        Among::Resource(one.value_hash(Attribute::Resource)),
    ];
    for among in own {
        let lists = crowd.lists(among, crowd.ever(), |_| true);
        let mut near: Vec<(i64, u32)> = lists
            .flat_map(|list| crowd.outward(list, one.time).take_while(is_near).take(MOST_OF_OWN))
            .collect();
        near.sort_unstable();
        found.extend(near.into_iter().take(MOST_OF_OWN).map(|(_, at)| at));
    }
    found.into_iter().filter_map(|at| crowd.at(at)).collect()
}

/// The one that differs least; of several the nearest in time, then the one with the smallest id, so that the
/// answer does not depend on the order of files.
fn nearest_of(failed: &Profile<'_>, successes: &[Profile<'_>]) -> Option<(usize, Vec<Difference>)> {
    let varied = varied(successes);
    let apart = |success: &Profile<'_>| failed.apart(success, &varied);
    let nearest = successes.iter().min_by_key(|success| {
        let seconds = success.time.seconds_since(failed.time).unsigned_abs();
        (apart(success), seconds, success.event.id())
    })?;
    Some((nearest.index, differing(failed, nearest, &varied)))
}

fn differing(
    failed: &Profile<'_>,
    succeeded: &Profile<'_>,
    varied: &BTreeSet<Property>,
) -> Vec<Difference> {
    let shown = |state: State<'_>| match state {
        State::Known(told) => Some(told.shown()),
        _ => None,
    };
    differing_in(failed, succeeded, varied)
        .into_iter()
        .map(|property| Difference {
            property: property.clone(),
            failed: shown(failed.state(property)),
            succeeded: shown(succeeded.state(property)),
        })
        .collect()
}

/// The properties in which both are known and differ, in their order.
fn differing_in<'c>(
    failed: &'c Profile<'_>,
    succeeded: &'c Profile<'_>,
    varied: &BTreeSet<Property>,
) -> Vec<&'c Property> {
    let all: BTreeSet<&Property> = failed.properties().chain(succeeded.properties()).collect();
    let mut found = Vec::new();
    // What a call is on stands in its request as well.
    let mut said: Vec<(&PropertyValue, &PropertyValue)> = Vec::new();
    for property in all {
        match (failed.state(property), succeeded.state(property)) {
            (State::Unknown, _) | (_, State::Unknown) => {}
            (State::Known(one), State::Known(other)) => {
                let is_member = matches!(property, Property::Parameter(_) | Property::Above(..));
                let repeats = |known: &&(&PropertyValue, &PropertyValue)| {
                    one.is_in(known.0) && other.is_in(known.1)
                };
                let is_new = !is_member || !said.iter().any(|known| repeats(&known));
                if one.texts != other.texts
                    && one.is_like(other)
                    && is_new
                    && !varied.contains(property)
                {
                    said.push((one, other));
                    found.push(property);
                }
            }
            (one, other) if one == other => {}
            _ => found.push(property),
        }
    }
    // Sessions are of any age, and steps are told one by one.
    found.retain(|property| !matches!(property, Property::SessionAge | Property::Step(_)));
    found
}

/// Members of requests that have another value in most calls: names, ids.
fn varied(calls: &[Profile<'_>]) -> BTreeSet<Property> {
    let mut values: BTreeMap<&Property, Vec<&BTreeSet<Box<str>>>> = BTreeMap::new();
    for call in calls {
        for property in call.properties() {
            let is_member = matches!(property, Property::Parameter(_) | Property::Above(..));
            if let State::Known(told) = call.state(property)
                && is_member
            {
                values.entry(property).or_default().push(&told.texts);
            }
        }
    }
    values
        .into_iter()
        .filter(|(_, all)| {
            let different: BTreeSet<_> = all.iter().collect();
            all.len() >= FEWEST_VARIED && different.len() as f64 > VARIED * all.len() as f64
        })
        .map(|(property, _)| property.clone())
        .collect()
}

/// Whether a call needed what was refused behind another one like it: it names something of that service, as
/// the refused one does. A launch that names no role hands none on.
pub fn needs(refused: &Event, action: &str) -> impl Fn(&Event) -> bool + use<> {
    let service = action.split_once(':').map_or(action, |(service, _)| service).to_owned();
    let own = event::action::service_prefix(refused.source()) == service;
    let is_named = !own && event::refusals::named_in_request(refused, &service).is_some();
    move |success| !is_named || event::refusals::named_in_request(success, &service).is_some()
}
