//! Finds the CloudTrail records in whatever a person has, and gives every file and record an
//! account: read = kept + duplicates + malformed + out of range.
//!
//! Files are recognised by content, never by name, read in parallel, and walked through a window at
//! a time, so that neither a huge file nor a bomb takes more memory than a window.

mod blind_spot;
mod build;
mod envelope;
mod extent;
mod gzip;
mod inflate;
mod layout;
mod ledger;
mod merge;
mod reading;
mod scan;
mod selection;
mod source;
mod window;
mod wire;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use rayon::prelude::*;

pub use blind_spot::{BlindSpot, BlindSpotKind};
pub use inflate::Caps;
pub use layout::{DELIVERY_SLACK, Delivery};
pub use ledger::{Ledger, Reason, Records, Skip};
pub use selection::{Moment, Selection};
pub use source::{Found, Input, Source, discover};

use crate::error::{Error, Result};
use crate::event::Event;
use inflate::{Bytes, Damage, Inflate};
use reading::Reading;
use scan::Scan;
use window::Window;

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
    /// How far a file may inflate.
    pub caps: Caps,
}

/// Told how the reading goes; called from several threads.
pub trait Progress: Sync {
    /// So many files will be read.
    fn found(&self, _files: u64) {}
    /// A file is done with; it took so many bytes on disk.
    fn done(&self, _stored: u64) {}
}

/// Nobody watches.
impl Progress for () {}

/// What an export holds.
#[derive(Debug, Default)]
pub struct Ingested {
    /// Sorted by time, then by `eventID`; no id twice.
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
    let found = discover(inputs)?;
    progress.found(found.sources.len() as u64);
    let selection = Selection {
        since: absolute(options.since),
        until: absolute(options.until),
        accounts: options.accounts.iter().cloned().collect(),
        regions: options.regions.iter().cloned().collect(),
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()
        .map_err(|e| Error::Usage(format!("cannot start threads: {e}")))?;
    let readings: Vec<_> = pool.install(|| {
        found
            .sources
            .par_iter()
            .map_init(Desk::default, |desk, source| {
                let reading = read_source(source, &selection, options.caps, desk);
                progress.done(reading.stored);
                reading
            })
            .collect()
    });
    let mut ledger = Ledger {
        files_found: (found.sources.len() + found.unreadable.len()) as u64,
        skipped: found.unreadable,
        ..Ledger::default()
    };
    let mut events = Vec::new();
    for (source, mut reading) in found.sources.iter().zip(readings) {
        events.append(&mut reading.reading.events);
        reading.enter(source, &mut ledger);
    }
    ledger.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    let (events, duplicates) = pool.install(|| merge::unite(events));
    ledger.records.duplicates = duplicates;
    ledger.records.kept = events.len() as u64;
    for event in &events {
        ledger.see(event);
    }
    let shared = merge::shared(&events);
    Ok(Ingested { events, ledger, shared })
}

fn absolute(moment: Option<Moment>) -> Option<crate::event::Time> {
    match moment {
        Some(Moment::At(time)) => Some(time),
        _ => None,
    }
}

/// One file's reading with what the reading of bytes came to.
struct FileReading<'s> {
    reading: Reading<'s>,
    stored: u64,
    inflated: u64,
    damage: Option<Damage>,
    invalid_utf8: bool,
}

/// What a worker keeps from file to file.
#[derive(Default)]
struct Desk {
    inflate: Inflate,
    window: Window,
}

fn read_source<'s>(
    source: &Source,
    selection: &'s Selection,
    caps: Caps,
    desk: &mut Desk,
) -> FileReading<'s> {
    let opened: io::Result<Box<dyn Read>> = match &source.path {
        Some(path) => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
        None => Ok(Box::new(io::stdin())),
    };
    match opened {
        Ok(mut bytes) => walk(desk.inflate.open(&mut *bytes, caps), selection, &mut desk.window),
        Err(error) => FileReading {
            reading: Reading::new(selection),
            stored: 0,
            inflated: 0,
            damage: Some(Damage { reason: Reason::Unreadable, detail: error.to_string() }),
            invalid_utf8: false,
        },
    }
}

/// Bytes looked at together: small enough to stay in the processor's cache between inflating and
/// parsing, large enough that a record cut by its end costs little.
const WINDOW: usize = 512 << 10;

fn walk<'s>(
    mut bytes: Bytes<'_>,
    selection: &'s Selection,
    window: &mut Window,
) -> FileReading<'s> {
    window.shrink(4 * WINDOW);
    let mut scan = Scan::default();
    let mut reading = Reading::new(selection);
    let mut invalid_utf8 = false;
    let mut target = WINDOW;
    loop {
        let last = !bytes.fill(window, target);
        invalid_utf8 |= window.make_valid(last);
        let consumed = scan.scan(window.text(), last, &mut reading);
        if last {
            break;
        }
        window.consume(consumed);
        target = WINDOW.max(window.len() * 2);
    }
    FileReading {
        stored: bytes.stored(),
        inflated: bytes.given(),
        damage: bytes.damage().cloned(),
        reading,
        invalid_utf8,
    }
}

impl FileReading<'_> {
    /// Writes this file's account.
    fn enter(&self, source: &Source, ledger: &mut Ledger) {
        let reading = &self.reading;
        let recognised = reading.recognised();
        ledger.bytes_stored += self.stored;
        ledger.bytes_inflated += self.inflated;
        let mut skip = |reason: Reason, detail: Option<String>| {
            let path = source.name();
            ledger.skipped.push(Skip { path, reason, detail, recovered: reading.understood });
        };
        if let Some(damage) = &self.damage {
            skip(damage.reason, Some(damage.detail.clone()));
        } else if self.inflated == 0 {
            return skip(Reason::Empty, None);
        } else if !recognised {
            return skip(Reason::NotCloudtrail, None);
        } else if reading.cut {
            skip(Reason::TruncatedJson, None);
        } else if reading.malformed > 0 {
            skip(Reason::MalformedRecords, Some(format!("{} records", reading.malformed)));
        } else if self.invalid_utf8 {
            skip(Reason::InvalidUtf8, None);
        }
        for (reason, count) in &reading.passed_over {
            skip(*reason, Some(format!("{count} records")));
        }
        if !recognised {
            return;
        }
        ledger.files_read += 1;
        ledger.records.read += reading.understood + reading.malformed;
        ledger.records.malformed += reading.malformed;
        ledger.records.out_of_range += reading.out_of_range;
    }
}
