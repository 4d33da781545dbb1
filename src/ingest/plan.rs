//! Which files are read, in which order, and which need not be opened; and the reading of all of them.
//!
//! Goes in: inputs and options. Comes out: parts of files in order, and the books of what was read. An input that
//! does not exist is an error; a damaged file is an entry in the ledger.

use std::thread;

use crate::error::Result;
use crate::event::Time;
#[cfg(feature = "s3")]
use crate::ingest::files::bucket;
use crate::ingest::files::delivery::DELIVERY_SLACK;
#[cfg(feature = "s3")]
use crate::ingest::files::selection::Bounds;
use crate::ingest::files::selection::{Moment, Selection};
#[cfg(feature = "s3")]
use crate::ingest::files::source::{Found, Place};
use crate::ingest::files::source::{Input, Source, discover};
use crate::ingest::ledger::books::Books;
use crate::ingest::ledger::coverage::Coverage;
use crate::ingest::ledger::totals::Ledger;
use crate::ingest::options::{Options, Progress};
use crate::ingest::reading::file::{self, FileAccount, ReadOptions, ReaderState};
use crate::ingest::reading::pipeline;
use crate::ingest::record::header::Needs;
use crate::ingest::record::known::Part;

/// What a job read of its files.
struct JobResult {
    part: Part,
    /// The numbers and the accounts of the files that are read to the end; only in the last result of a job.
    accounts: Vec<(usize, FileAccount)>,
}

/// The most files that one job reads: handing over costs more than reading a file of 3 KB.
const MOST_FILES_IN_JOB: usize = 16;

/// Bytes that a record takes in a file, as a high estimate: about 150 where it is compressed. Where a record takes
/// more, everything is read twice.
const MOST_STORED: u64 = 600;

/// With this many jobs every thread has work to the end.
const ENOUGH_JOBS: usize = 256;

/// The work to be done.
pub(crate) struct Plan {
    sources: Vec<Source>,
    pub(crate) selection: Selection,
    /// Seconds before the last event, as long as that event is not known.
    pub(crate) since: Option<i64>,
    pub(crate) until: Option<i64>,
    options: Options,
    ledger: Ledger,
}

impl Plan {
    pub(crate) fn make(inputs: &[Input], options: &Options) -> Result<Plan> {
        let selection = Selection {
            since: moment_at(options.since),
            until: moment_at(options.until),
            accounts: options.accounts.iter().cloned().collect(),
            regions: options.regions.iter().cloned().collect(),
        };
        #[cfg_attr(not(feature = "s3"), allow(unused_mut, reason = "only buckets add to it"))]
        let mut found = discover(inputs, &options.roots)?;
        #[cfg(feature = "s3")]
        let bounds = Bounds { since: options.since, until: options.until };
        #[cfg(feature = "s3")]
        in_buckets(inputs, &selection, bounds, &mut found)?;
        let mut plan = Plan {
            selection,
            since: before_last(options.since),
            until: before_last(options.until),
            options: options.clone(),
            ledger: Ledger {
                files_found: (found.sources.len() + found.unreadable.len()) as u64,
                skipped: found.unreadable,
                ..Ledger::default()
            },
            sources: found.sources,
        };
        plan.line_up();
        plan.resolve();
        let all = plan.sources.len();
        let selection = &plan.selection;
        let ledger = &mut plan.ledger;
        plan.sources.retain(|source| {
            let Some(delivery) = &source.delivery else { return true };
            let takes = selection.takes_delivery(delivery);
            if !takes {
                ledger.leave_out(Some((delivery.stamp, delivery.stamp)));
            }
            takes
        });
        plan.ledger.ordered = plan.sources.iter().all(|source| source.delivery.is_some());
        plan.ledger.files_out_of_range = (all - plan.sources.len()) as u64;
        plan.line_up();
        Ok(plan)
    }

    /// Tells the fetching from S3 in which order objects will be read.
    fn line_up(&mut self) {
        #[cfg(feature = "s3")]
        bucket::line_up(self.sources.iter_mut().filter_map(|source| match &mut source.place {
            Place::Object(object) => Some(object),
            Place::Stdin | Place::File(_) => None,
        }));
    }

    /// Finds the last event, if the names of the files allow that without reading everything.
    fn resolve(&mut self) {
        let ordered = self.sources.iter().all(|source| source.delivery.is_some());
        if !ordered || (self.since.is_none() && self.until.is_none()) {
            return;
        }
        if let Some(last) = self.last_event() {
            self.bound(last);
        }
    }

    /// Turns spans before the last event into moments.
    pub(crate) fn bound(&mut self, last: Time) {
        if let Some(seconds) = self.since.take() {
            self.selection.since = Some(last.plus_seconds(-seconds));
        }
        if let Some(seconds) = self.until.take() {
            self.selection.until = Some(last.plus_seconds(-seconds));
        }
    }

    /// Reads from the last file backwards. A file holds no event later than its stamp, so reading can stop once an
    /// event is found that is later than the next stamp.
    fn last_event(&self) -> Option<Time> {
        let everything = Selection::default();
        let how = ReadOptions::new(&everything, self.options.caps);
        let mut state = ReaderState::default();
        let mut last: Option<Time> = None;
        for source in self.sources.iter().rev() {
            let stamp = source.delivery.as_ref()?.stamp.plus_seconds(60);
            if last.is_some_and(|last| last >= stamp) {
                break;
            }
            let mut emit = |part: Part| {
                last = last.max(part.events.iter().map(|known| known.event.time).max());
            };
            file::read(source, how, &mut state, &mut emit);
        }
        last
    }

    /// Reads everything. Calls `take` with the number of a file and what it holds, part by part, and with `None` at the
    /// end of each file; in the order of the files.
    pub(crate) fn run(
        &self,
        progress: &dyn Progress,
        mut take: impl FnMut(usize, Option<Part>),
    ) -> Books {
        // Of records that are not needed no event is made, so a bound that is found later could not be applied to
        // them.
        let bounded = self.since.is_none() && self.until.is_none();
        let needs = self.options.needs.filter(|_| bounded);
        let how = ReadOptions { needs, ..ReadOptions::new(&self.selection, self.options.caps) };
        self.read_all(how, progress, &mut take)
    }

    fn read_all(
        &self,
        how: ReadOptions<'_>,
        progress: &dyn Progress,
        take: &mut dyn FnMut(usize, Option<Part>),
    ) -> Books {
        progress.found(self.sources.len() as u64);
        let mut books = Books { ledger: self.ledger.clone(), coverage: Coverage::default() };
        // Must not depend on the number of threads, which would show in the count of late events.
        let together = (self.sources.len() / ENOUGH_JOBS).clamp(1, MOST_FILES_IN_JOB);
        let jobs = self.sources.len().div_ceil(together);
        let job = |number: usize, state: &mut ReaderState, emit: &mut dyn FnMut(JobResult)| {
            let mut gathered = Part::default();
            let mut accounts = Vec::with_capacity(together);
            let sources = self.sources.iter().enumerate();
            for (at, source) in sources.skip(number * together).take(together) {
                let account = file::read(source, how, state, &mut |part| {
                    gathered.append(part);
                    if gathered.len() >= file::PART {
                        emit(JobResult {
                            part: std::mem::take(&mut gathered),
                            accounts: Vec::new(),
                        });
                    }
                });
                progress.done(account.stored, account.tally.understood);
                accounts.push((at, account));
            }
            emit(JobResult { part: gathered, accounts });
        };
        pipeline::in_order(jobs, self.threads(), job, |number, given| {
            take(number * together, Some(given.part));
            for (at, account) in given.accounts {
                if let Some(source) = self.sources.get(at) {
                    account.enter(source, &mut books);
                }
                take(at, None);
            }
        });
        books
    }

    /// Whether the files are so small that they may hold no more than `records` records.
    pub(crate) fn may_hold(&self, records: u64) -> bool {
        let mut left = records.saturating_mul(MOST_STORED);
        self.sources.iter().filter_map(Source::size).all(|size| {
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        })
    }

    /// Whether everything can be read twice, as pipes cannot.
    pub(crate) fn can_be_read_again(&self) -> bool {
        self.sources.iter().all(Source::can_be_read_again)
    }

    /// Finds the last event by reading everything, if bounds depend on it.
    pub(crate) fn find_bounds(&mut self) {
        if self.since.is_none() && self.until.is_none() {
            return;
        }
        let needs: Needs = |_| false;
        let how = ReadOptions {
            needs: Some(needs),
            ..ReadOptions::new(&self.selection, self.options.caps)
        };
        let books = self.read_all(how, &(), &mut |_, _| {});
        if let Some((_, last)) = books.coverage.span() {
            self.bound(last);
        }
    }

    /// The files, in the order in which they are read, and those that could not be looked at.
    pub(crate) fn into_sources(self) -> (Vec<Source>, Ledger) {
        (self.sources, self.ledger)
    }

    pub(crate) fn threads(&self) -> usize {
        let all = || thread::available_parallelism().map_or(1, usize::from);
        self.options.threads.filter(|threads| *threads > 0).unwrap_or_else(all)
    }

    /// The moment before which every event has been read once this file is; `None` when the names of the files that
    /// follow do not say, or when bounds depend on the last event.
    pub(crate) fn complete_after(&self, number: usize) -> Option<Time> {
        let next = self.sources.get(number + 1)?.delivery.as_ref()?;
        let is_bounded = self.since.is_none() && self.until.is_none();
        let stamp = (self.ledger.ordered && is_bounded).then_some(next.stamp)?;
        Some(stamp.plus_seconds(-DELIVERY_SLACK))
    }
}

/// Adds the objects of the inputs that name buckets.
#[cfg(feature = "s3")]
fn in_buckets(
    inputs: &[Input],
    selection: &Selection,
    bounds: Bounds,
    found: &mut Found,
) -> Result<()> {
    let urls: Vec<&str> = inputs
        .iter()
        .filter_map(|input| match input {
            Input::Bucket(url) => Some(&**url),
            Input::Stdin | Input::Path(_) => None,
        })
        .collect();
    found.sources.extend(bucket::find(&urls, selection, bounds)?.into_iter().map(Source::object));
    found.sort();
    Ok(())
}

fn moment_at(moment: Option<Moment>) -> Option<Time> {
    match moment {
        Some(Moment::At(time)) => Some(time),
        Some(Moment::BeforeLast(_)) | None => None,
    }
}

fn before_last(moment: Option<Moment>) -> Option<i64> {
    match moment {
        Some(Moment::BeforeLast(seconds)) => Some(seconds),
        Some(Moment::At(_)) | None => None,
    }
}
