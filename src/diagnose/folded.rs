//! What was found of an export while its records went by, where those that are left stand for the
//! others: everything was linked and looked at, and what is alike is kept as a few and counted.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::benign::{Callers, Worth};
use super::failing::Failing;
use super::finding::failing;
use crate::chain::{Chains, Knowledge};
use crate::contrast::{self, Gap, Observation, Vanished};
use crate::event::{Event, Time};

/// A refused call that another one stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// When it was.
    pub time: Time,
    /// Its `eventID`.
    pub id: Box<str>,
    /// The `eventID` of the call at the top of its chain, where there is one above it.
    pub root: Option<Box<str>>,
}

/// What was found, by position among the events that are left.
#[derive(Debug, Default)]
pub struct Folded {
    /// Every refused call that is left, in order of time, and what it is worth.
    pub failing: Vec<(Failing, Worth)>,
    /// The refused calls that one stands for, in order of time.
    pub stood: HashMap<usize, Vec<Stood>, RandomState>,
    /// The times of the calls that worked and that one stands for, in order.
    pub worked: HashMap<usize, Vec<Time>, RandomState>,
    /// Calls that lack a step that comparable ones have.
    pub gaps: Vec<Gap>,
    /// Calls whose work was gone later.
    pub gone: Vec<Vanished>,
}

/// Calls that worked, and after each those that it stands for, in order of time.
pub fn with_others<'e>(
    found: Vec<Observation<'e>>,
    folded: Option<&Folded>,
) -> Vec<Observation<'e>> {
    let Some(folded) = folded else { return found };
    let mut all = Vec::with_capacity(found.len());
    for one in found {
        let others = folded.worked.get(&one.index).into_iter().flatten();
        all.extend(others.map(|time| one.at(*time)));
        all.push(one);
    }
    all.sort_by_key(|one| (one.time, one.index));
    all
}

/// What shows in a stretch of an export.
#[derive(Debug)]
pub struct Look {
    /// Every refused call, in order of time, and what it is worth.
    pub failing: Vec<(Failing, Worth)>,
    /// Calls whose work was gone later.
    pub gone: Vec<Vanished>,
}

/// Looks at a stretch of an export, as if it were all of it; `quiet` are calls of the same time that
/// nothing hangs on.
pub fn look(events: &[Event], quiet: &[Event], chains: &Chains, knowledge: &Knowledge) -> Look {
    let all = failing(events, chains, knowledge);
    let callers = Callers::new((events, quiet), chains, &all);
    let worth: Vec<Worth> = all.iter().map(|one| callers.worth(one, events)).collect();
    let gone = contrast::vanished(events, chains);
    Look { failing: all.into_iter().zip(worth).collect(), gone }
}
