//! Reads an export of any size and keeps of it what can be analysed in a moment.
//!
//! A small export is kept whole. Of a large one every record is read and counted, and a sample is
//! kept that depends on nothing but which records there are: some calls of every sort, every sort of
//! refused call, what changes policies, and whole minutes with all their chains. Then what surrounds
//! the refused calls is fetched from the files that hold it. So time is that of reading and a
//! constant, and memory does not grow with what is read.

mod conclude;
mod facts;
mod files;
mod gather;
mod minutes;
mod near;
mod parts;
mod scout;
mod strata;
mod trace;

pub use facts::{Facts, number};
pub(super) use gather::Cuts;
pub use near::{By, Near};
pub use parts::Parts;
pub(super) use scout::{Scout, Watch};
pub(super) use trace::{Held, Trace, room};

use super::contribution::{Contribution, Terms};
use super::plan::Plan;
use super::reading::Part;
use super::{Ingested, Input, Options, Progress};
use crate::error::Result;
use crate::event::Event;
use files::Files;

/// What tells records apart, for those that choose among them.
pub trait Sorter: Sync {
    /// What calls of such a name are.
    fn role(&self, source: &str, name: &str) -> Role;

    /// The number of the sort that a refused call is of: all that are judged alike have the same;
    /// `None` when the call was not refused. It must not hang on when the call was made, on ids of it
    /// and its record, and on the access key.
    fn refused(&self, event: &Event) -> Option<u64>;

    /// Where the calls are that a refused one belongs to, the one that began its session, and other
    /// accounts' copies; of the first of its sort also those that it can be compared with. Of a call
    /// in a minute that is kept whole only what can be outside of it.
    fn near(&self, refused: &Event, is_first: bool, in_minute: bool) -> Vec<Near>;
}

/// What calls of a name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// They can start the work of a service, or issue credentials.
    pub starts: bool,
    /// They can change what is allowed.
    pub changes: bool,
    /// Services make such calls by the thousand.
    pub routine: bool,
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Up to so many records everything is kept.
    pub whole: usize,
    /// Refused calls, and how many of each sort.
    pub refused: usize,
    /// The same, of one sort, at most.
    pub refused_each: usize,
    /// Calls that change what is allowed.
    pub changes: usize,
    /// The same, of one sort, at most.
    pub changes_each: usize,
    /// Other calls.
    pub calls: usize,
    /// The same, of one sort, at most.
    pub calls_each: usize,
    /// Calls in whole minutes.
    pub minutes: usize,
    /// Calls that surround refused ones.
    pub surroundings: usize,
    /// Of a part, calls at its edges: what lies across may belong to them.
    pub edges: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            whole: 500_000,
            refused: 2_000,
            refused_each: 8,
            changes: 4_000,
            changes_each: 4_096,
            calls: 6_000,
            calls_each: 16,
            minutes: 5_000,
            surroundings: 8_000,
            edges: 6_000,
        }
    }
}

/// Reads everything below the inputs; of a large export a sample is kept.
///
/// Errs only when an input that the user named does not exist; damaged files are in the ledger.
pub fn survey(
    inputs: &[Input],
    options: &Options,
    sorter: &dyn Sorter,
    budget: &Budget,
    progress: &dyn Progress,
) -> Result<Ingested> {
    let mut plan = Plan::make(inputs, options)?;
    // What is to be fetched has to be read again.
    if !plan.can_be_read_again() {
        return super::read(inputs, options, progress);
    }
    plan.find_bounds();
    match Files::read(&plan, sorter, budget, progress) {
        Some((met, mut files)) => met.ingested(&mut files, sorter, budget),
        None => super::read(inputs, options, progress),
    }
}

/// Reads everything below the inputs as a part of an export; of a large part a sample is kept.
/// `services` is the text of a service table of the user's.
///
/// Errs when an input that the user named does not exist, and when a bound hangs on the last event;
/// damaged files are in the ledger.
pub fn contribute(
    inputs: &[Input],
    options: &Options,
    services: Option<&str>,
    sorter: &dyn Sorter,
    budget: &Budget,
    progress: &dyn Progress,
) -> Result<Contribution> {
    let terms = Terms::new(options, services)?;
    let plan = Plan::make(inputs, options)?;
    let read = match plan.can_be_read_again() {
        true => Files::read(&plan, sorter, budget, progress),
        false => None,
    };
    match read {
        Some((met, mut files)) => met.contribution(terms, &mut files, sorter, budget),
        None => Contribution::gather(inputs, options, services, progress),
    }
}

/// The same of parts, that they become one: neither their order nor how they were put together
/// before matters.
///
/// Errs when a part cannot be had, or was made under other terms than the first.
pub fn merge(parts: &mut dyn Parts, sorter: &dyn Sorter, budget: &Budget) -> Result<Contribution> {
    let (met, terms) = parts::read(parts, sorter, budget)?;
    met.contribution(terms, &mut parts::Again(parts), sorter, budget)
}

/// What one reading of all parts would have given.
///
/// Errs when a part cannot be had, or was made under other terms than the first.
pub fn conclude(parts: &mut dyn Parts, sorter: &dyn Sorter, budget: &Budget) -> Result<Ingested> {
    let (met, _) = parts::read(parts, sorter, budget)?;
    met.ingested(&mut parts::Again(parts), sorter, budget)
}

/// What the reading threads hand over.
pub(super) enum Given {
    /// Some records of a file.
    Part(Part),
    /// The file is done with; what it holds.
    Done(Option<Held>),
}
