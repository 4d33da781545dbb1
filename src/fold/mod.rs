//! Analyses an export of any size in bounded memory.
//!
//! Events come in order of time. A window over them is linked and looked at; what is old enough that
//! nothing later can change it is settled and leaves the window. Of what leaves, everything is counted,
//! and kept is what a diagnosis is made of: every change of policies, of every sort of refused call
//! the first and the last with their chains, of every kind of call that worked some that stand for the
//! others, and what may be a ghost. How much the window holds hangs on the order of events alone,
//! so that neither threads nor memory nor the order of files show in a report.

mod class;
mod store;
mod window;

use crate::chain::{Chains, Knowledge};
use crate::diagnose::Folded;
use crate::error::Result;
use crate::event::Event;
use crate::ingest::{self, Batch, Ingested, Input, Ledger, Options, Parts, Progress, Streamed};
use window::Window;

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Up to so many records everything is held.
    pub whole: usize,
    /// So many new events are settled together.
    pub step: usize,
    /// The same of calls on which nothing hangs.
    pub quiet: usize,
    /// Events are settled when so many seconds lie after them, or so many events.
    pub ahead_seconds: i64,
    /// The same, of events.
    pub ahead: usize,
    /// What was settled stays so many seconds, but no more than so many events.
    pub behind_seconds: i64,
    /// The same, of events.
    pub behind: usize,
    /// Of calls by which services took on roles so many stay for a day.
    pub issuers: usize,
    /// Of calls that start work of services so many stay for hours.
    pub starts: usize,
    /// Of calls that somebody asks for so many stay.
    pub asked_for: usize,
}

/// Says of a call whether somebody asks for it: such calls stay with their chains, whatever they were.
pub type AsksFor<'a> = &'a dyn Fn(&Event) -> bool;

/// Bytes that records that are held may take, where nobody says.
pub const MEMORY: u64 = 256 << 20;

/// Bytes that a record takes while it is held, about.
const RECORD: u64 = 1_024;

impl Bounds {
    /// Those under which records that are held take about so many bytes.
    #[must_use]
    pub fn within(memory: u64) -> Bounds {
        let whole = usize::try_from(memory / RECORD).unwrap_or(usize::MAX);
        Bounds { whole, ..Bounds::default() }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            whole: 1 << 18,
            step: 65_536,
            quiet: 65_536,
            ahead_seconds: 900,
            ahead: 8_192,
            behind_seconds: 3_600,
            behind: 8_192,
            issuers: 4_096,
            starts: 4_096,
            asked_for: 1_024,
        }
    }
}

/// A large export: what is left of its events, and what was found while they went by.
#[derive(Debug)]
pub struct Export {
    /// Sorted by time and id.
    pub events: Vec<Event>,
    /// How they belong together.
    pub chains: Chains,
    /// What the others were.
    pub folded: Folded,
    /// Where everything went.
    pub ledger: Ledger,
    /// How many calls were asked for that are not among the events: [`Bounds::asked_for`] says how many
    /// are.
    pub beyond: u64,
}

/// Folds events that are sorted by time and id, as if they had been read from a large export; what is
/// asked for stays.
pub fn fold(
    events: Vec<Event>,
    knowledge: &Knowledge,
    bounds: &Bounds,
    asks: Option<AsksFor<'_>>,
) -> (Vec<Event>, Chains, Folded) {
    let mut window = Window::new(knowledge, *bounds, asks);
    window.take(Batch { events, ..Batch::default() });
    let (events, chains, folded, _) = window.finish();
    (events, chains, folded)
}

/// A stretch of an export of which some events are settled: nothing that comes later changes what is
/// known of them.
#[derive(Debug, Clone, Copy)]
pub struct Settled<'s> {
    /// The stretch.
    pub events: &'s [Event],
    /// How they belong together.
    pub chains: &'s Chains,
    /// Their numbers in the order in which they came.
    pub numbers: &'s [usize],
    /// Positions of those that were settled now.
    pub fresh: &'s [usize],
    /// Calls of the same time on which nothing hangs.
    pub quiet: &'s [Event],
    /// Their numbers.
    pub quiet_numbers: &'s [usize],
}

/// Reads everything below the inputs and shows each event once it is settled; nothing is kept.
///
/// Errs as [`read`] does.
pub fn watch(
    inputs: &[Input],
    options: &Options,
    (knowledge, bounds): (&Knowledge, &Bounds),
    progress: &dyn Progress,
    each: &mut dyn FnMut(Settled<'_>),
) -> Result<Ledger> {
    let mut window = Window::new(knowledge, *bounds, None).watched_by(each);
    let ledger = ingest::stream(inputs, options, progress, &mut |batch| window.take(batch))?;
    window.finish();
    Ok(ledger)
}

/// What was read.
#[derive(Debug)]
pub enum Read {
    /// Every event.
    Whole(Box<Ingested>),
    /// What a large export was folded to.
    Folded(Box<Export>),
}

impl Read {
    /// Where everything went.
    pub fn ledger(&self) -> &Ledger {
        match self {
            Read::Whole(ingested) => &ingested.ledger,
            Read::Folded(export) => &export.ledger,
        }
    }
}

/// Reads everything below the inputs.
///
/// Errs only when an input that the user named does not exist, or a temporary file cannot be written;
/// damaged files are in the ledger.
pub fn read(
    inputs: &[Input],
    options: &Options,
    knowledge: &Knowledge,
    bounds: &Bounds,
    progress: &dyn Progress,
) -> Result<Read> {
    read_for(inputs, options, knowledge, bounds, None, progress)
}

/// The same for a question about some calls, which stay however large the export is.
///
/// Errs as [`read`].
pub fn read_for(
    inputs: &[Input],
    options: &Options,
    knowledge: &Knowledge,
    bounds: &Bounds,
    asks: Option<AsksFor<'_>>,
    progress: &dyn Progress,
) -> Result<Read> {
    folded(knowledge, bounds, asks, |each| {
        ingest::whole_or_stream(inputs, options, bounds.whole, progress, each)
    })
}

/// What one reading of all parts would have given.
///
/// Errs when a part cannot be had, is damaged, or was made under other terms than the first.
pub fn merge(parts: Parts<'_>, knowledge: &Knowledge, bounds: &Bounds) -> Result<Read> {
    folded(knowledge, bounds, None, |each| ingest::conclude(parts, bounds.whole, each))
}

fn folded(
    knowledge: &Knowledge,
    bounds: &Bounds,
    asks: Option<AsksFor<'_>>,
    reading: impl FnOnce(&mut dyn FnMut(Batch)) -> Result<Streamed>,
) -> Result<Read> {
    let mut window = Window::new(knowledge, *bounds, asks);
    Ok(match reading(&mut |batch| window.take(batch))? {
        Streamed::Whole(ingested) => Read::Whole(Box::new(ingested)),
        Streamed::Batches(ledger) => {
            let (events, chains, folded, beyond) = window.finish();
            Read::Folded(Box::new(Export { events, chains, folded, ledger, beyond }))
        }
    })
}
