//! How long after a call a service takes on the role for it, where that is always as long: a job's
//! role is taken on when its machine is ready, and neither record names the other.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::Child;
use super::criteria::ParentCriteria;
use super::id_hash::{IdHash, IdHasher};
use super::index::Index;
use super::names::Names;
use crate::event::CallerKind;

/// Fewer runs than this are no habit.
const FEWEST: usize = 3;
/// At least this share of the runs must have the habit.
const MOSTLY: f64 = 0.75;
/// Seconds by which runs may differ, however short they are.
const SLACK: i64 = 2;

/// So many runs of each sort are remembered.
const REMEMBERED: usize = 256;

/// The usual seconds between a call, by the number of its names, and the role taken on for it.
#[derive(Debug, Default)]
pub(super) struct Lags(HashMap<(u32, IdHash), i64, RandomState>);

/// Runs so far, by action of the call and role taken on: what tells the record, and how many seconds
/// lay between. The same run is seen by more than one stretch of an export.
#[derive(Debug, Default, Clone)]
pub(super) struct Runs(HashMap<(IdHash, IdHash), Vec<(IdHash, i64)>, RandomState>);

impl Runs {
    fn add(&mut self, key: (IdHash, IdHash), run: (IdHash, i64)) {
        let runs = self.0.entry(key).or_default();
        if runs.contains(&run) {
            return;
        }
        if runs.len() >= REMEMBERED {
            runs.remove(0);
        }
        runs.push(run);
    }
}

impl Lags {
    /// Learns from every role that a service took on after a call which may begin such work, and from
    /// the runs of earlier stretches; returns these with those that came to them.
    pub(super) fn learn(
        children: &[Child<'_>],
        criteria: &[ParentCriteria],
        index: &Index,
        names: &Names<'_>,
        (hasher, mut runs): (&IdHasher, Runs),
    ) -> (Lags, Runs) {
        let actions = names.all().iter().map(|name| hasher.of(names.action_text(name.action)));
        let actions: Vec<IdHash> = actions.collect();
        let seen: Vec<((IdHash, IdHash), (IdHash, i64))> = children
            .par_iter()
            .filter(|child| child.is_sts && child.kind == CallerKind::ServicePrincipal)
            .filter_map(|child| {
                let wanted_parent = criteria.get(child.criteria as usize)?;
                let (root, lag) = last_before(child, wanted_parent, index, names)?;
                let action = *actions.get(root as usize)?;
                Some(((action, child.role?), (hasher.of(child.event.id()), lag)))
            })
            .collect();
        seen.into_iter().for_each(|(key, run)| runs.add(key, run));
        let habit = |runs: &Vec<(IdHash, i64)>| {
            let mut lags: Vec<i64> = runs.iter().map(|(_, lag)| *lag).collect();
            lags.sort_unstable();
            let usual = *lags.get(lags.len() / 2)?;
            let alike = lags.iter().filter(|lag| (*lag - usual).abs() <= slack(usual)).count();
            let is_habit = alike >= FEWEST && alike as f64 >= MOSTLY * lags.len() as f64;
            is_habit.then_some(usual)
        };
        let mut numbers: HashMap<IdHash, Vec<u32>, RandomState> = HashMap::default();
        for (action, number) in actions.iter().zip(0..) {
            numbers.entry(*action).or_default().push(number);
        }
        let usual = runs.0.iter().filter_map(|((action, role), runs)| {
            let (numbers, usual) = (numbers.get(action)?, habit(runs)?);
            Some(numbers.iter().map(move |number| ((*number, *role), usual)))
        });
        let lags = Lags(usual.flatten().collect());
        (lags, runs)
    }

    /// Whether a service takes on the role so many seconds after each such call.
    pub(super) fn is_usual(&self, root: u32, role: IdHash, lag: i64) -> bool {
        self.0.get(&(root, role)).is_some_and(|usual| (usual - lag).abs() <= slack(*usual))
    }
}

/// By how many seconds runs with this lag may differ.
fn slack(usual: i64) -> i64 {
    SLACK.max(usual / 10)
}

/// The last call before, of those that begin work of the service, and the seconds since.
fn last_before(
    child: &Child<'_>,
    wanted_parent: &ParentCriteria,
    index: &Index,
    names: &Names<'_>,
) -> Option<(u32, i64)> {
    let mut found = Vec::new();
    index.by_circumstance(child, wanted_parent, true, &mut found);
    let begins = |at: &u32| {
        let facts = index.at(*at)?;
        let for_another = child.role.is_some_and(|role| facts.runs_with_another(role));
        let fits =
            facts.is_root && !for_another && wanted_parent.fit(names.get(facts.names)?).listed;
        let lag = child.event.time.seconds_since(facts.time);
        (fits && lag >= 0).then_some((facts.names, lag))
    };
    found.iter().rev().find_map(begins)
}
