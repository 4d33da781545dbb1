//! What goes with failing: raw counts, ranked, and only what chance does not make as well.
//!
//! Fisher's exact test says how likely a split is by chance. Having looked at many values is paid for by Tarone's
//! correction: of the splits only those count that could have told anything at all, and what splits the calls
//! in the same way counts once.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::Attribute;
use super::factor::{Factor, Known, Ranking};
use super::property::{PRESENT, Profile, Property, PropertyValue, State, is_part, resource_type};
use super::split::{LogFactorials, Members};
use super::window::{self, Window};
use crate::event::arn::Arn;

/// Fewer failures or successes than this tell nothing by numbers.
pub const FEWEST: usize = 3;
/// What chance makes more often is not told.
const CHANCE: f64 = 0.05;
/// The same of two values together, of which there are very many.
const CHANCE_TOGETHER: f64 = 0.01;
/// Rows kept.
const MOST: usize = 6;
/// Of what holds of all failures so much is combined.
const MOST_COMMON: usize = 40;
/// Values named on one row.
const MOST_ALIKE: usize = 8;

/// Ranks what failures have more often than successes.
pub(super) fn rank(
    failures: &[Profile<'_>],
    successes: &[Profile<'_>],
    known: &Known<'_>,
) -> Ranking {
    if failures.is_empty() || successes.is_empty() {
        return Ranking::default();
    }
    let mut table = Table::of(failures, successes);
    table.columns.retain(|property, _| !known.chosen_by.contains(property));
    let logs = LogFactorials::new(failures.len() + successes.len());
    let windows = match known.chosen_by.contains(&Property::Time) {
        true => Vec::new(),
        false => window::windows(failures, successes, known.change),
    };
    let is_few = failures.len() < FEWEST || successes.len() < FEWEST;
    let tests = table.tests(&logs) + windows.len();
    let mut factors: Vec<Factor> = if is_few { Vec::new() } else { table.singles(&logs, tests) };
    factors.extend(windows.iter().filter_map(|window| window.alone(table.sides(), tests, is_few)));
    let separated = factors.iter().any(Factor::separates);
    if !separated {
        factors.extend(table.together(&logs, &windows, is_few, &|factor| known.hang_on(factor)));
    }
    let is_changed = windows.iter().any(|window| window.is_known);
    let mut factors = joined(factors, &table, is_changed);
    order(&mut factors, known);
    factors.truncate(MOST);
    Ranking { factors, not_compared: table.not_compared }
}

/// Those that separate come first, of these a known change; then what the verdict hangs on.
fn order(factors: &mut [Factor], known: &Known<'_>) {
    factors.sort_by(|a, b| {
        b.separates()
            .cmp(&a.separates())
            .then(known.hang_on(b).cmp(&known.hang_on(a)))
            .then(b.score.total_cmp(&a.score))
            .then(a.p_value.total_cmp(&b.p_value))
            .then(a.property.cmp(&b.property))
            .then(a.value.cmp(&b.value))
    });
}

/// A split of the calls, and what has it.
struct Split {
    factor: Factor,
    members: Members,
    /// What says the same of the calls in fewer words comes first.
    rank: (bool, bool, usize, usize),
}

/// All calls by everything that is compared.
struct Table<'t> {
    columns: BTreeMap<&'t Property, Column<'t>>,
    failures: usize,
    calls: usize,
    not_compared: Vec<Property>,
}

/// What the calls have of a property: the failures first.
struct Column<'t> {
    states: Vec<State<'t>>,
    failed: usize,
    succeeded: usize,
    /// How many different values there are.
    variety: usize,
}

impl<'t> Table<'t> {
    fn of(failures: &'t [Profile<'t>], successes: &'t [Profile<'t>]) -> Table<'t> {
        let all = || failures.iter().chain(successes);
        let properties: BTreeSet<&Property> = all().flat_map(Profile::properties).collect();
        let mut table = Table {
            columns: BTreeMap::new(),
            failures: failures.len(),
            calls: failures.len() + successes.len(),
            not_compared: Vec::new(),
        };
        for property in properties {
            let mut states: Vec<State<'_>> = all().map(|profile| profile.state(property)).collect();
            if *property == Property::Attribute(Attribute::Resource) {
                keep_one_type(&mut states);
            }
            if matches!(property, Property::Step(_)) {
                seen_at_that_time(&mut states, failures, successes);
            }
            let known = |of: &[State<'_>]| of.iter().filter(|s| **s != State::Unknown).count();
            let (first, second) = states.split_at(failures.len());
            let (failed, succeeded) = (known(first), known(second));
            // Of some only it is no picture of all.
            let is_lost = (failed * 2 < failures.len(), succeeded * 2 < successes.len());
            if is_lost.0 != is_lost.1 {
                table.not_compared.push(property.clone());
            }
            if is_lost.0 || is_lost.1 || failed == 0 || succeeded == 0 {
                continue;
            }
            let variety = variety(&states);
            table.columns.insert(property, Column { states, failed, succeeded, variety });
        }
        table
    }

    /// Every value of a property that more than one call has, and that there is none, with the calls.
    fn values(&self, column: &Column<'_>) -> Vec<(Option<String>, Members)> {
        let mut by_text: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for (at, state) in column.states.iter().enumerate() {
            let mut put = |text| by_text.entry(text).or_default().push(at);
            match state {
                State::Unknown => {}
                State::Absent => put(None),
                State::Known(told) => told.texts.iter().for_each(|text| put(Some(text.as_ref()))),
            }
        }
        let members = |calls: Vec<usize>| {
            let mut members = Members::new(self.calls);
            calls.into_iter().for_each(|at| members.add(at));
            members
        };
        by_text
            .into_iter()
            .filter(|(_, calls)| calls.len() > 1)
            .map(|(text, calls)| (text.map(str::to_owned), members(calls)))
            .collect()
    }

    fn known(&self, column: &Column<'_>) -> Members {
        let mut known = Members::new(self.calls);
        let all = column.states.iter().enumerate();
        all.filter(|(_, s)| **s != State::Unknown).for_each(|(at, _)| known.add(at));
        known
    }

    /// How many different splits could have told anything, by Tarone's count.
    fn tests(&self, logs: &LogFactorials) -> usize {
        let mut least: BTreeMap<Members, f64> = BTreeMap::new();
        let mut known_least: BTreeMap<(usize, usize, usize), f64> = BTreeMap::new();
        let mut orders = 0;
        for column in self.columns.values() {
            let known = self.known(column);
            for (_, members) in self.values(column) {
                let with = members.count(0..self.calls);
                let margins = (column.failed, column.succeeded, with);
                let p = *known_least
                    .entry(margins)
                    .or_insert_with(|| logs.least(column.failed, column.succeeded, with));
                if p <= CHANCE {
                    let others = known.without(&members);
                    least.insert(members.min(others), p);
                }
            }
            orders += usize::from(column.states.iter().any(|state| number(state).is_some()));
        }
        let p: Vec<f64> = least.into_values().collect();
        (1..).find(|k| p.iter().filter(|p| **p <= CHANCE / *k as f64).count() <= *k).unwrap_or(1)
            + orders
    }

    fn singles(&self, logs: &LogFactorials, tests: usize) -> Vec<Factor> {
        let mut splits: BTreeMap<Members, Vec<Split>> = BTreeMap::new();
        for (property, column) in &self.columns {
            for mut split in self.splits(property, column) {
                let factor = &mut split.factor;
                let p = logs.fisher(
                    factor.failed_with,
                    factor.failed,
                    factor.succeeded_with,
                    factor.succeeded,
                );
                factor.p_value = (p * tests as f64).min(1.0);
                if factor.p_value < CHANCE {
                    splits.entry(split.members.clone()).or_default().push(split);
                }
            }
            if let Some(mut split) = self.threshold(property, column, logs) {
                split.factor.p_value = (split.factor.p_value * tests as f64).min(1.0);
                if split.factor.p_value < CHANCE {
                    splits.entry(split.members.clone()).or_default().push(split);
                }
            }
        }
        splits.into_values().filter_map(alike).collect()
    }

    /// What at least half of the failures and a smaller part of the successes have, or have not.
    fn splits(&self, property: &Property, column: &Column<'_>) -> Vec<Split> {
        let known = self.known(column);
        let mut found = Vec::new();
        let all = self.values(column);
        for (value, members) in &all {
            let others = known.without(members);
            for (is_not, members) in [(false, members), (true, &others)] {
                let failed_with = members.count(0..self.failures);
                let succeeded_with = members.count(self.failures..self.calls);
                let is_more = failed_with * column.succeeded > succeeded_with * column.failed;
                if failed_with * 2 < column.failed || !is_more {
                    continue;
                }
                let (value, is_not) = match (value, is_not) {
                    (None, true) => (Some(PRESENT.to_owned()), false),
                    (value, is_not) => (self.shown(column, value.as_deref()), is_not),
                };
                let score = ochiai(failed_with, column.failed, succeeded_with);
                let factor = Factor {
                    property: property.clone(),
                    value,
                    is_not,
                    together_with: Vec::new(),
                    failed_with,
                    failed: column.failed,
                    succeeded_with,
                    succeeded: column.succeeded,
                    score,
                    p_value: 1.0,
                    same_split: Vec::new(),
                };
                let is_echo = is_echo(&factor, &all, members);
                let rank = (is_echo, is_not, column.variety, usize::from(is_derived(property)));
                found.push(Split { factor, members: members.clone(), rank });
            }
        }
        found
    }

    fn shown(&self, column: &Column<'_>, value: Option<&str>) -> Option<String> {
        let value = value?;
        let named = column.states.iter().find_map(|state| match state {
            State::Known(told) if told.texts.len() == 1 && told.texts.contains(value) => {
                Some(told.shown())
            }
            _ => None,
        });
        Some(named.unwrap_or_else(|| value.to_owned()))
    }

    /// Where all failures lie on one side of a number and all successes on the other.
    fn threshold(
        &self,
        property: &Property,
        column: &Column<'_>,
        logs: &LogFactorials,
    ) -> Option<Split> {
        let numbers = |states: &[State<'_>]| -> Option<(f64, f64)> {
            let all: Option<Vec<f64>> =
                states.iter().filter(|s| **s != State::Unknown).map(number).collect();
            let all = all?;
            let low = all.iter().copied().reduce(f64::min)?;
            Some((low, all.iter().copied().reduce(f64::max)?))
        };
        let (failed, succeeded) = column.states.split_at(self.failures);
        let (failed, succeeded) = (numbers(failed)?, numbers(succeeded)?);
        let value = match (failed.0 > succeeded.1, failed.1 < succeeded.0) {
            (true, _) => bound("≥", failed.0, property),
            (_, true) => bound("≤", failed.1, property),
            _ => return None,
        };
        let mut members = Members::new(self.calls);
        let known = |at: &usize| column.states.get(*at).is_some_and(|s| *s != State::Unknown);
        (0..self.failures).filter(known).for_each(|at| members.add(at));
        // Either side could have been the higher one.
        let p = 2.0 * logs.fisher(column.failed, column.failed, 0, column.succeeded);
        let factor = Factor {
            property: property.clone(),
            value: Some(value),
            is_not: false,
            together_with: Vec::new(),
            failed_with: column.failed,
            failed: column.failed,
            succeeded_with: 0,
            succeeded: column.succeeded,
            score: 1.0,
            p_value: p,
            same_split: Vec::new(),
        };
        Some(Split { factor, members, rank: (false, false, 2, 0) })
    }

    /// Two values that only together set the failures apart, of which every failure has both: the same
    /// principal works and the same time works, not that principal at that time.
    fn together(
        &self,
        logs: &LogFactorials,
        windows: &[Window],
        is_few: bool,
        tells: &dyn Fn(&Factor) -> bool,
    ) -> Option<Factor> {
        let mut common: BTreeMap<Members, Split> = BTreeMap::new();
        for (property, column) in &self.columns {
            for split in self.splits(property, column) {
                let Factor { failed_with, succeeded_with, succeeded, .. } = split.factor;
                let tells = succeeded_with > 0 && succeeded_with < succeeded;
                if failed_with != self.failures || !tells {
                    continue;
                }
                // What is not known of a success may be so.
                let mut having = split.members.clone();
                let all = column.states.iter().enumerate();
                all.filter(|(_, s)| **s == State::Unknown).for_each(|(at, _)| having.add(at));
                let key = |split: &Split| (split.rank, split.factor.property.clone());
                match common.get(&having) {
                    Some(known) if key(known) <= key(&split) => {}
                    _ => {
                        common.insert(having, split);
                    }
                }
            }
        }
        let mut common: Vec<(Members, Split)> = common.into_iter().collect();
        common.sort_by(|(_, one), (_, other)| {
            let key = |split: &Split| (!tells(&split.factor), split.factor.property.clone());
            key(one).cmp(&key(other)).then_with(|| one.factor.value.cmp(&other.factor.value))
        });
        common.truncate(MOST_COMMON);
        let within = windows.iter().find_map(|window| self.within(window, &common, is_few));
        let alone = || self.both(logs, &common).filter(|_| !is_few);
        within.or_else(alone)
    }

    /// What holds of all failures, alone or with another such thing, and of no success within a window.
    fn within(&self, window: &Window, common: &[(Members, Split)], is_few: bool) -> Option<Factor> {
        let (failures, calls) = (self.failures, self.calls);
        let row = |members: &Members, tried: usize, with: &[&Split]| {
            if !window.parts(members, failures, calls) {
                return None;
            }
            let p = window.chance(members, failures, calls) * tried as f64;
            let is_claim = window.is_known || (!is_few && p < CHANCE_TOGETHER);
            is_claim.then(|| Factor {
                together_with: with.iter().map(|split| said(&split.factor)).collect(),
                ..window.factor(failures, calls - failures, p.min(1.0))
            })
        };
        let one = |(members, split): &(Members, Split)| row(members, common.len(), &[split]);
        if let Some(found) = common.iter().find_map(one) {
            return Some(found);
        }
        let tried = common.len() * common.len();
        common.iter().enumerate().find_map(|(at, (one, first))| {
            common
                .iter()
                .skip(at + 1)
                .find_map(|(other, second)| row(&one.and(other), tried, &[first, second]))
        })
    }

    /// Two things that hold of all failures, and of no success together.
    fn both(&self, logs: &LogFactorials, common: &[(Members, Split)]) -> Option<Factor> {
        let (failures, successes) = self.sides();
        let tried = (common.len() * common.len() * 2).max(1) as f64;
        let p = logs.fisher(failures, failures, 0, successes) * tried;
        if p >= CHANCE_TOGETHER {
            return None;
        }
        common.iter().enumerate().find_map(|(at, (one, first))| {
            let (_, second) = common
                .iter()
                .skip(at + 1)
                .find(|(other, _)| one.shared(other, failures..self.calls) == 0)?;
            Some(Factor {
                together_with: vec![said(&second.factor)],
                failed: failures,
                succeeded: successes,
                succeeded_with: 0,
                score: 1.0,
                p_value: p.min(1.0),
                ..first.factor.clone()
            })
        })
    }

    /// How many failures and successes there are.
    fn sides(&self) -> (usize, usize) {
        (self.failures, self.calls - self.failures)
    }
}

/// Of different sorts of things, as the texts of refusals name them, none is like another.
fn keep_one_type(states: &mut [State<'_>]) {
    let sort = states.iter().find_map(|state| match state {
        State::Known(told) => resource_type(told),
        _ => None,
    });
    let Some(sort) = sort else { return };
    for state in states {
        if let State::Known(told) = state
            && resource_type(told).is_some_and(|other| other != sort)
        {
            *state = State::Unknown;
        }
    }
}

/// Steps of successes are expected from failures only where the log shows them at about that time.
const NEAR_SECONDS: i64 = 86_400;

fn seen_at_that_time(
    states: &mut [State<'_>],
    failures: &[Profile<'_>],
    successes: &[Profile<'_>],
) {
    let times = || failures.iter().map(|profile| profile.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return };
    let (from, to) = (first.plus_seconds(-NEAR_SECONDS), last.plus_seconds(NEAR_SECONDS));
    let (failed, succeeded) = states.split_at_mut(failures.len());
    let is_seen = succeeded.iter().zip(successes).any(|(state, profile)| {
        matches!(state, State::Known(_)) && (from..=to).contains(&profile.time)
    });
    let is_missing = |state: &State<'_>| *state == State::Absent;
    if !is_seen && failed.iter().any(is_missing) {
        failed.iter_mut().filter(|s| is_missing(s)).for_each(|state| *state = State::Unknown);
    }
}

fn variety(states: &[State<'_>]) -> usize {
    let texts: BTreeSet<Option<&BTreeSet<Box<str>>>> = states
        .iter()
        .filter_map(|state| match state {
            State::Unknown => None,
            State::Absent => Some(None),
            State::Known(told) => Some(Some(&told.texts)),
        })
        .collect();
    texts.len()
}

fn number(state: &State<'_>) -> Option<f64> {
    match state {
        State::Known(PropertyValue { number, .. }) => *number,
        _ => None,
    }
}

fn bound(sign: &str, number: f64, property: &Property) -> String {
    if *property != Property::SessionAge {
        return format!("{sign} {number}");
    }
    let minutes = (number / 60.0) as i64;
    format!("{sign} {} h {} min", minutes / 60, minutes % 60)
}

/// An account or Region that is read out of an ARN says less than one that the record has by itself.
fn is_derived(property: &Property) -> bool {
    match property {
        Property::Parameter(path) | Property::Above(_, path) => path.ends_with(')'),
        _ => false,
    }
}

/// Whether an ARN differs from those of the others in account and Region only, which are compared by
/// themselves.
fn is_echo(factor: &Factor, all: &[(Option<String>, Members)], members: &Members) -> bool {
    let bare = |text: &str| Arn::parse(text).map(|arn| format!("{}:{}", arn.service, arn.resource));
    let Some(own) = factor.value.as_deref().and_then(bare) else { return false };
    all.iter().any(|(value, others)| {
        others != members && value.as_deref().and_then(bare).as_ref() == Some(&own)
    })
}

/// Splits that are the same, as one.
fn alike(mut splits: Vec<Split>) -> Option<Factor> {
    splits.sort_by(|a, b| {
        let key = |split: &Split| (split.rank, split.factor.property.clone(), split.factor.is_not);
        key(a).cmp(&key(b)).then_with(|| a.factor.value.cmp(&b.factor.value))
    });
    let mut splits = splits.into_iter();
    let mut factor = splits.next()?.factor;
    let mut told = BTreeSet::from([factor.property.clone()]);
    let mut values: Vec<String> = factor.value.iter().cloned().collect();
    // One property says it once, and one value; what the others are not says less.
    let others = splits.filter(|split| !split.factor.is_not || factor.is_not).filter(|split| {
        let value = split.factor.value.clone().unwrap_or_default();
        let is_member =
            matches!(split.factor.property, Property::Parameter(_) | Property::Above(..));
        let is_said = values.iter().any(|known| is_part(&value, known) || is_part(known, &value));
        let is_new = !(is_said && is_member);
        is_new && {
            values.push(value);
            told.insert(split.factor.property.clone())
        }
    });
    let others: Vec<String> = others.map(|split| said(&split.factor)).take(MOST_ALIKE).collect();
    factor.same_split = others;
    Some(factor)
}

/// What separates completely is one row, wherever it comes from.
fn joined(factors: Vec<Factor>, table: &Table<'_>, is_changed: bool) -> Vec<Factor> {
    let (failures, successes) = table.sides();
    let whole = |factor: &Factor| {
        factor.separates() && factor.failed == failures && factor.succeeded == successes
    };
    let (mut separating, mut rest): (Vec<Factor>, Vec<Factor>) =
        factors.into_iter().partition(|f| whole(f) && f.together_with.is_empty());
    // A known change goes before, any other time after what the calls themselves differ in.
    separating.sort_by_key(|factor| (factor.property == Property::Time) != is_changed);
    let mut separating = separating.into_iter();
    if let Some(mut first) = separating.next() {
        for other in separating {
            first.same_split.push(said(&other));
            first.same_split.extend(other.same_split);
        }
        first.same_split.truncate(MOST_ALIKE);
        rest.insert(0, first);
    }
    rest
}

/// `attribute = value`, `attribute ≠ value`, or `no attribute`.
fn said(factor: &Factor) -> String {
    let name = factor.property.name();
    match &factor.value {
        Some(value) => format!("{name} {} {value}", if factor.is_not { "≠" } else { "=" }),
        None => format!("no {name}"),
    }
}

fn ochiai(failed_with: usize, failed: usize, succeeded_with: usize) -> f64 {
    let all = (failed as f64) * ((failed_with + succeeded_with) as f64);
    if all <= 0.0 { 0.0 } else { failed_with as f64 / all.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ochiai_is_one_for_a_perfect_separator() {
        assert!((ochiai(12, 12, 0) - 1.0).abs() < 1e-12);
        assert!(ochiai(12, 12, 12) < 0.75);
    }
}
