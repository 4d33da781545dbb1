//! How long after a call a service takes on the role for it, where that is always as long: a job's
//! role is taken on when its machine is ready, and neither record names the other.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::call::Child;
use super::index::Index;
use super::knowledge::Sort;
use super::mark::Mark;
use super::names::Names;
use crate::event::CallerKind;

/// Fewer runs than this are no habit.
const FEWEST: usize = 3;
/// At least this share of the runs must have the habit.
const MOSTLY: f64 = 0.75;
/// Seconds by which runs may differ, however short they are.
const SLACK: i64 = 2;

/// The usual seconds between a call, by the number of its names, and the role taken on for it.
#[derive(Debug, Default)]
pub(super) struct Lags(HashMap<(u32, Mark), i64, RandomState>);

impl Lags {
    /// Learns from every role that a service took on after a call which may begin such work.
    pub(super) fn learn(
        children: &[Child<'_>],
        sorts: &[Sort],
        index: &Index,
        names: &Names<'_>,
    ) -> Lags {
        let seen: Vec<((u32, Mark), i64)> = children
            .par_iter()
            .filter(|child| child.is_sts && child.kind == CallerKind::ServicePrincipal)
            .filter_map(|child| {
                let sort = sorts.get(child.sort as usize)?;
                let (root, lag) = last_before(child, sort, index, names)?;
                Some(((root, child.role?), lag))
            })
            .collect();
        let mut runs: HashMap<(u32, Mark), Vec<i64>, RandomState> = HashMap::default();
        for (key, lag) in seen {
            runs.entry(key).or_default().push(lag);
        }
        let habit = |(key, mut lags): ((u32, Mark), Vec<i64>)| {
            lags.sort_unstable();
            let usual = *lags.get(lags.len() / 2)?;
            let alike = lags.iter().filter(|lag| (*lag - usual).abs() <= slack(usual)).count();
            let is_habit = alike >= FEWEST && alike as f64 >= MOSTLY * lags.len() as f64;
            is_habit.then_some((key, usual))
        };
        Lags(runs.into_iter().filter_map(habit).collect())
    }

    /// Whether a service takes on the role so many seconds after each such call.
    pub(super) fn is_usual(&self, root: u32, role: Mark, lag: i64) -> bool {
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
    sort: &Sort,
    index: &Index,
    names: &Names<'_>,
) -> Option<(u32, i64)> {
    let mut found = Vec::new();
    index.by_circumstance(child, sort, true, &mut found);
    let begins = |at: &u32| {
        let facts = index.at(*at)?;
        let for_another = child.role.is_some_and(|role| facts.runs_with_another(role));
        let fits = facts.is_root && !for_another && sort.fit(names.get(facts.names)?).listed;
        let lag = child.event.time.seconds_since(facts.time);
        (fits && lag >= 0).then_some((facts.names, lag))
    };
    found.iter().rev().find_map(begins)
}
