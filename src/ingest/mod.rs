//! Finds the CloudTrail records in whatever a person has, and gives every file and record an
//! account: read = kept + duplicates + malformed + out of range.
//!
//! Files are recognised by content, never by name, read in parallel, and walked through a window at
//! a time, so that neither a huge file nor a bomb takes more memory than a window or a small file.

mod files;
mod formats;
mod inflate;
mod ledger;
mod options;
mod order;
mod packing;
#[cfg(test)]
mod parser_equivalence;
mod parts;
mod plan;
mod reading;
mod record;
#[doc(hidden)]
pub mod trial;

use std::collections::BTreeMap;
use std::io;

#[cfg(feature = "s3")]
pub use files::bucket::{Object, is_address};
pub use files::delivery::{DELIVERY_SLACK, Delivery};
pub use files::selection::{Moment, Selection};
pub use files::source::{Found, Input, Place, Root, Source, discover};
pub use formats::other_logs::PACKED_FILE;
pub use inflate::caps::Caps;
pub use ledger::blind_spot::{BlindSpot, BlindSpotKind};
pub use ledger::reason::{Reason, Skip};
pub use ledger::totals::{Ledger, Records};
pub use options::{Options, Progress};
pub use order::batch::Batch;
pub use parts::contribution::{Contribution, Parts, Terms};
pub use parts::cut::{Cut, Parcel, cut};
pub use record::header::{Header, Needs};
pub use record::identifier::number;

use crate::error::{Error, Result};
use crate::event::{Event, Time};
use ledger::books::Books;
use order::merge;
use order::reorder::Reorder;
use parts::contribution;
use plan::Plan;
use record::known::{Known, Part};

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
}

/// Reads everything below the inputs into memory.
///
/// Errs only when an input that the user named does not exist; damaged files are in the ledger.
pub fn read(inputs: &[Input], options: &Options, progress: &dyn Progress) -> Result<Ingested> {
    let mut plan = Plan::make(inputs, options)?;
    let mut reorder = Reorder::default();
    let books = plan.run(progress, |_, part| reorder.push(part.unwrap_or_default()));
    Ok(whole(&mut plan, reorder, books))
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
/// is larger is handed over in order of time, first those that were held. Where more wait, since the names
/// of the files do not tell when they were delivered or much happened at once, a temporary file
/// takes them.
///
/// Errs when an input that the user named does not exist, or a temporary file cannot be written;
/// damaged files are in the ledger.
pub fn whole_or_stream(
    inputs: &[Input],
    options: &Options,
    most: usize,
    progress: &dyn Progress,
    each: &mut dyn FnMut(Batch),
) -> Result<Streamed> {
    let mut plan = Plan::make(inputs, options)?;
    if plan.can_be_read_again() && !plan.may_hold(most as u64) {
        plan.find_bounds();
    }
    let mut handing = Handing::new(each);
    let books = handing.read(&plan, most, progress)?;
    match handing.is_large {
        false => Ok(Streamed::Whole(whole(&mut plan, handing.reorder, books))),
        true => handing.finish(&mut plan, books).map(Streamed::Batches),
    }
}

/// Reads everything below the inputs and hands it over in order of time, holding only what the
/// delivery slack asks for.
///
/// Errs as [`whole_or_stream`] does.
pub fn stream(
    inputs: &[Input],
    options: &Options,
    progress: &dyn Progress,
    each: &mut dyn FnMut(Batch),
) -> Result<Ledger> {
    let mut plan = Plan::make(inputs, options)?;
    let mut handing = Handing::new(each);
    handing.is_large = true;
    let books = handing.read(&plan, WAITING, progress)?;
    handing.finish(&mut plan, books)
}

/// What one reading of all parts would have given; as long as there are no more than `most` records
/// they are held.
///
/// Errs when a part cannot be had, is damaged, or was made under other terms than the first.
pub fn conclude(parts: Parts<'_>, most: usize, each: &mut dyn FnMut(Batch)) -> Result<Streamed> {
    let (_, reorder, books) = contribution::together(parts, Reorder::default())?;
    let mut plan = Plan::make(&[], &Options::default())?;
    let is_large = reorder.absent() > most;
    let mut handing = Handing { reorder, is_large, ..Handing::new(each) };
    if is_large {
        return handing.finish(&mut plan, books).map(Streamed::Batches);
    }
    handing.reorder.fetch().map_err(Error::temporary)?;
    Ok(Streamed::Whole(whole(&mut plan, handing.reorder, books)))
}

/// So many events wait in memory where it is not said how many may.
const WAITING: usize = 131_072;

/// Hands events over in order.
struct Handing<'e> {
    reorder: Reorder,
    /// Whether there is too much to be held.
    is_large: bool,
    notifications: u64,
    each: &'e mut dyn FnMut(Batch),
}

impl<'e> Handing<'e> {
    fn new(each: &'e mut dyn FnMut(Batch)) -> Handing<'e> {
        Handing { reorder: Reorder::default(), is_large: false, notifications: 0, each }
    }

    /// Reads everything; as long as no more than `most` records wait, they are held.
    fn read(&mut self, plan: &Plan, most: usize, progress: &dyn Progress) -> Result<Books> {
        let mut done = Ok(());
        let books = plan.run(progress, |number, part| {
            if done.is_ok() {
                done = self.take(part, most, |is_read| match is_read {
                    true => plan.complete_after(number),
                    false => plan.complete_after(number.checked_sub(1)?),
                });
            }
        });
        done.map(|()| books).map_err(Error::temporary)
    }

    /// Takes in some records of a file, or its end. `complete` is the moment before which everything is
    /// there once the file is read, or before that.
    fn take(
        &mut self,
        part: Option<Part>,
        most: usize,
        complete: impl FnOnce(bool) -> Option<Time>,
    ) -> io::Result<()> {
        let is_read = part.is_none();
        let was_large = self.is_large;
        if let Some(part) = part {
            self.reorder.push(part);
            self.is_large |= self.reorder.waiting() > most;
        }
        // Once there is too much, what is complete is handed over before room is made for the rest.
        if is_read || self.is_large != was_large {
            let complete = complete(is_read).filter(|_| self.is_large);
            while let Some(complete) = complete
                && let Some(batch) = self.reorder.advance(complete)?
            {
                self.hand_over(batch);
            }
        }
        match self.reorder.waiting() > most.max(WAITING) {
            true => self.reorder.make_room(),
            false => Ok(()),
        }
    }

    fn hand_over(&mut self, batch: Batch) {
        self.notifications +=
            merge::notifications(&batch.events) + merge::notifications(&batch.late);
        (self.each)(batch);
    }

    /// Hands over the rest; the account of everything.
    fn finish(mut self, plan: &mut Plan, books: Books) -> Result<Ledger> {
        if let Some(last) = self.reorder.last() {
            plan.bound(last);
        }
        let mut out_of_range = 0;
        let mut is_last = false;
        while !is_last {
            let takes = |event: &Event| plan.selection.takes_time(event.time);
            let batch = self.reorder.rest(&takes, &mut out_of_range).map_err(Error::temporary)?;
            is_last = batch.complete_before.is_none();
            self.hand_over(batch);
        }
        let mut ledger = close(&self.reorder, books, out_of_range);
        ledger.records.notifications = self.notifications;
        Ok(ledger)
    }
}

/// Everything that was held, as one.
fn whole(plan: &mut Plan, mut reorder: Reorder, books: Books) -> Ingested {
    if let Some(last) = reorder.last() {
        plan.bound(last);
    }
    let takes = |event: &Event| plan.selection.takes_time(event.time);
    let (batch, out_of_range) = reorder.all(&takes);
    let mut ledger = close(&reorder, books, out_of_range);
    let mut known: Vec<Known> = batch.events.into_iter().map(Known::of).collect();
    ledger.note(merge::tell_apart(&mut known));
    let events: Vec<Event> = known.into_iter().map(|known| known.event).collect();
    ledger.records.notifications = merge::notifications(&events);
    let shared = merge::shared(&events);
    Ingested { events, ledger, shared }
}

/// The account of everything. Times are in the span of what was seen.
fn close(reorder: &Reorder, books: Books, out_of_range: u64) -> Ledger {
    let records = books.ledger.records;
    let outside = records.malformed + records.out_of_range + out_of_range;
    let met = records.read.saturating_sub(outside);
    let copies = met.saturating_sub(reorder.kept);
    let mut ledger = books.close(reorder.kept, copies, out_of_range);
    ledger.late = reorder.late_ones;
    ledger
}
