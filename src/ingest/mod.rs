//! Finds the CloudTrail records in whatever a person has, and gives every file and record an
//! account: read = kept + duplicates + malformed + out of range.
//!
//! Files are recognised by content, never by name, read in parallel, and walked through a window at
//! a time, so that neither a huge file nor a bomb takes more memory than a window or a small file.

#[cfg(test)]
mod agreement;
mod ahead;
mod at_once;
mod blind_spot;
mod build;
mod charset;
mod codec;
mod column;
mod compact;
mod contribution;
mod draft;
mod elsewhere;
mod encoded;
mod envelope;
mod extent;
mod fields;
mod file;
mod foreign;
mod grid;
mod gzip;
mod header;
mod identifier;
mod inflate;
mod layout;
mod ledger;
mod literal;
mod mapping;
mod marks;
mod merge;
mod notification;
mod outline;
mod pipeline;
mod plan;
mod reading;
mod reorder;
mod sample;
mod scan;
mod selection;
mod sight;
mod source;
mod structs;
mod survey;
mod table;
mod trail_change;
mod window;
mod wire;

use std::collections::BTreeMap;

pub use blind_spot::{BlindSpot, BlindSpotKind};
pub use contribution::{Contribution, Terms};
pub use foreign::PACKED_FILE;
pub use header::{Header, Needs};
pub use inflate::Caps;
pub use layout::{DELIVERY_SLACK, Delivery};
pub use ledger::{Ledger, Reason, Records, Skip};
pub use sample::{Sample, Total};
pub use selection::{Moment, Selection};
use sight::Sight;
pub use source::{Found, Input, Root, Source, discover};
pub use survey::{
    Budget, By, Facts, Near, Parts, Role, Sorter, conclude, contribute, merge as merge_parts,
    number, survey,
};

use crate::error::Result;
use crate::event::{Event, Time};
use merge::Known;
use plan::{Books, Plan};
use reorder::Reorder;

/// What is wanted, and how far to go for it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Not before this moment.
    pub since: Option<Moment>,
    /// Not after this moment.
    pub until: Option<Moment>,
    /// Accounts, as caller or as recipient; empty means all.
    pub accounts: Vec<String>,
    /// Regions; empty means all.
    pub regions: Vec<String>,
    /// Files read at the same time; `None` means as many as there are processors.
    pub threads: Option<usize>,
    /// Folders whose files are named by where they came from.
    pub roots: Vec<Root>,
    /// How far a file may inflate.
    pub caps: Caps,
    /// Decides which records are needed; without it all are. Those that are not are accounted for
    /// like the others, but no event is made of them.
    pub needs: Option<Needs>,
}

/// Told how the reading goes; called from several threads.
pub trait Progress: Sync {
    /// So many files will be read.
    fn found(&self, _files: u64) {}
    /// A file is done with; it took so many bytes on disk and held so many records.
    fn done(&self, _stored: u64, _records: u64) {}
}

/// Nobody watches.
impl Progress for () {}

/// What an export holds.
#[derive(Debug, Default)]
pub struct Ingested {
    /// Sorted by time, then by `eventID`; no id twice: where records that say different things have
    /// the same, the second is called `ID#2`, the third `ID#3`.
    pub events: Vec<Event>,
    /// Where everything went.
    pub ledger: Ledger,
    /// Copies of one call delivered to several accounts, by `sharedEventID`: indices into `events`.
    pub shared: BTreeMap<String, Vec<usize>>,
    /// How `events` stand for all records; `None` when they are all.
    pub sample: Option<Sample>,
}

/// Reads everything below the inputs into memory.
///
/// Errs only when an input that the user named does not exist; damaged files are in the ledger.
pub fn read(inputs: &[Input], options: &Options, progress: &dyn Progress) -> Result<Ingested> {
    let plan = Plan::make(inputs, options)?;
    let mut reorder = Reorder::default();
    let books = plan.run(progress, |_, part| reorder.push(part.unwrap_or_default()));
    Ok(whole(plan, reorder, books))
}

/// An export as it came.
#[derive(Debug)]
pub enum Streamed {
    /// It was small: all of it.
    Whole(Ingested),
    /// It was handed over batch by batch; the account of it.
    Batches(Ledger),
}

/// Reads everything below the inputs. As long as no more than `most` records wait they are held; what
/// is larger is handed over in order of time, first those that were held. `None` where there is
/// more and the names of the files do not tell when they were delivered, or where the files take
/// more than `stored` bytes on disk. What cannot be read twice is held however much it is.
///
/// Errs only when an input that the user named does not exist; damaged files are in the ledger.
pub fn whole_or_stream(
    inputs: &[Input],
    options: &Options,
    (most, stored): (usize, u64),
    progress: &dyn Progress,
    each: &mut dyn FnMut(Batch),
) -> Result<Option<Streamed>> {
    let mut plan = Plan::make(inputs, options)?;
    if !plan.can_be_read_again() {
        return read(inputs, options, progress).map(|all| Some(Streamed::Whole(all)));
    }
    if !plan.may_hold(most as u64) && (!plan.is_ordered() || plan.stored() > stored) {
        return Ok(None);
    }
    plan.find_bounds();
    let mut reorder = Reorder::default();
    let mut is_large = false;
    let mut notifications = 0;
    let books = plan.run(progress, |number, part| match part {
        Some(part) => reorder.push(part),
        None => {
            is_large |= reorder.waiting() > most;
            let complete = plan.complete_after(number).filter(|_| is_large);
            if let Some(batch) = complete.and_then(|complete| reorder.advance(complete)) {
                notifications +=
                    merge::notifications(&batch.events) + merge::notifications(&batch.late);
                each(batch);
            }
        }
    });
    if !is_large {
        return Ok(Some(Streamed::Whole(whole(plan, reorder, books))));
    }
    if !plan.is_ordered() {
        return Ok(None);
    }
    let (batch, mut ledger) = finish(&mut plan, reorder, books);
    notifications += merge::notifications(&batch.events) + merge::notifications(&batch.late);
    each(batch);
    ledger.records.notifications = notifications;
    Ok(Some(Streamed::Batches(ledger)))
}

/// Everything that was held, as one.
fn whole(mut plan: Plan, reorder: Reorder, books: Books) -> Ingested {
    let (batch, mut ledger) = finish(&mut plan, reorder, books);
    let mut known: Vec<Known> = batch.events.into_iter().map(Known::of).collect();
    ledger.note(merge::tell_apart(&mut known));
    let events: Vec<Event> = known.into_iter().map(|known| known.event).collect();
    ledger.records.notifications = merge::notifications(&events);
    let shared = merge::shared(&events);
    Ingested { events, ledger, shared, sample: None }
}

/// The last batch, and the account of everything.
fn finish(plan: &mut Plan, mut reorder: Reorder, books: Books) -> (Batch, Ledger) {
    if let Some(last) = reorder.last() {
        plan.bound(last);
    }
    let (batch, out_of_range) = reorder.finish(|event| plan.selection.takes_time(event.time));
    // Their times are in the span of what was seen.
    let mut ledger = books.close(reorder.kept, reorder.duplicates(), out_of_range);
    ledger.late = reorder.late_ones;
    (batch, ledger)
}

/// Some events in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// Sorted by time, then by `eventID`; none older than those of the batch before. Ids are as
    /// recorded: where they were masked or reused, several events have the same.
    pub events: Vec<Event>,
    /// Events that came too late for the batch they belong to: CloudTrail delivered them more than
    /// [`DELIVERY_SLACK`] after their time, as it does with corrections.
    pub late: Vec<Event>,
    /// No event before this moment will follow but late ones; `None` in the last batch.
    pub complete_before: Option<Time>,
}

/// Reads everything below the inputs and hands it over in order of time, holding only what the
/// delivery slack asks for. Where a file's name does not tell when it was delivered there is no
/// order to rely on: then everything comes in one batch.
///
/// Errs only when an input that the user named does not exist; damaged files are in the ledger.
pub fn stream(
    inputs: &[Input],
    options: &Options,
    progress: &dyn Progress,
    each: &mut dyn FnMut(Batch),
) -> Result<Ledger> {
    let mut plan = Plan::make(inputs, options)?;
    let mut reorder = Reorder::default();
    let mut notifications = 0;
    let mut each = |batch: Batch| {
        notifications += merge::notifications(&batch.events) + merge::notifications(&batch.late);
        each(batch);
    };
    let books = plan.run(progress, |number, part| match part {
        Some(part) => reorder.push(part),
        None => {
            let complete = plan.complete_after(number);
            if let Some(batch) = complete.and_then(|complete| reorder.advance(complete)) {
                each(batch);
            }
        }
    });
    let (batch, mut ledger) = finish(&mut plan, reorder, books);
    each(batch);
    ledger.records.notifications = notifications;
    Ok(ledger)
}
