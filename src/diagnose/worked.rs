//! Calls that worked, evaluated with the policies of their moments. Failures of many sorts are compared
//! with the same successes, so what was evaluated is kept for a while.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::FixedState;

use super::case::Case;
use super::cases::{Moment, case, case_at, is_denied};
use super::optimistic::optimistic;
use crate::chain::Chains;
use crate::event::Event;
use crate::history::History;
use crate::history::layers::Likelihood;
use crate::iam::{DecisionResult, Layers, evaluate};

/// So many are kept in each part; when it is full it begins anew, so that any number of them takes no
/// more memory than these.
const MOST: usize = 128;
const PARTS: usize = 16;

type Part = Mutex<HashMap<usize, Option<Arc<Success>>, FixedState>>;

/// A call that worked, as the policies known have it.
#[derive(Debug)]
pub struct Success {
    /// What was asked, with the policies of the moment.
    pub case: Case,
    /// What they say.
    pub decided: DecisionResult,
    /// The policies with what is not known taken to let it through.
    pub optimistic: Layers,
}

/// The successes that were evaluated.
#[derive(Debug)]
pub struct Worked {
    parts: [Part; PARTS],
}

impl Default for Worked {
    fn default() -> Worked {
        Worked { parts: std::array::from_fn(|_| Part::default()) }
    }
}

impl Worked {
    /// The success at `index`; `None` where nothing can be evaluated. The answer depends on the call
    /// alone.
    pub fn at(
        &self,
        index: usize,
        events: &[Event],
        chains: &Chains,
        history: &History,
    ) -> Option<Arc<Success>> {
        let part = self.parts.get(index % PARTS)?;
        let lock = || part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&index) {
            return known.clone();
        }
        let found = success_at(events, chains, history, index).map(Arc::new);
        let mut known = lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(index, found.clone());
        found
    }
}

/// A call that worked, with the policies of its moment.
fn success_at(
    events: &[Event],
    chains: &Chains,
    history: &History,
    index: usize,
) -> Option<Success> {
    let mut case = case(events, chains, history, index, None)?;
    let mut decided = evaluate(&case.request, &case.layers).result;
    if is_denied(decided) {
        // It worked, so that what was only taken for likely is the first thing to doubt.
        let time = events.get(index)?.time;
        let resource = chains.inferred_key(index);
        let moment = Moment { time, resource, likelihood: Likelihood::Unknown, behind: None };
        case = case_at(events, chains, history, index, &moment).unwrap_or(case);
        decided = evaluate(&case.request, &case.layers).result;
    }
    let optimistic = optimistic(&case.request, &case.layers);
    Some(Success { case, decided, optimistic })
}

/// Positions of successes, with how often each was compared.
#[derive(Debug, Clone, Default)]
pub struct Compared(BTreeMap<usize, usize>);

impl Compared {
    /// Adds one.
    pub fn add(&mut self, index: usize) {
        *self.0.entry(index).or_default() += 1;
    }

    /// Adds those of others.
    pub fn extend(&mut self, others: Compared) {
        for (index, times) in others.0 {
            *self.0.entry(index).or_default() += times;
        }
    }

    /// Each with how often it was compared.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        self.0.iter().map(|(index, times)| (*index, *times))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
