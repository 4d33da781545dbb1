//! What every command that reads an export shares: its arguments turned into ingest's options, a
//! progress bar on standard error, and the coverage of the report.

use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::ReadArguments;
use crate::error::Result;
use crate::ingest::{self, Ingested, Input, Ledger, Options, Progress};
use crate::report::{BlindSpot, Bytes, Coverage, Events, Files, SkippedFile, Span};

/// Reads what the arguments name.
pub(super) fn read(arguments: &ReadArguments) -> Result<Ingested> {
    let inputs: Vec<Input> = arguments
        .paths
        .iter()
        .map(|path| if path.as_os_str() == "-" { Input::Stdin } else { Input::Path(path.clone()) })
        .collect();
    let options = Options {
        since: arguments.since,
        until: arguments.until,
        accounts: arguments.account.clone(),
        regions: arguments.region.clone(),
        threads: arguments.threads,
        ..Options::default()
    };
    let bar = Bar::new(arguments.quiet);
    let ingested = ingest::read(&inputs, &options, &bar)?;
    bar.finish();
    Ok(ingested)
}

/// Where everything went, as the report says it.
pub(super) fn coverage(ledger: &Ledger) -> Coverage {
    Coverage {
        files: Files {
            found: ledger.files_found,
            read: ledger.files_read,
            skipped: ledger
                .skipped
                .iter()
                .map(|skip| SkippedFile {
                    path: skip.path.clone(),
                    reason: skip.reason.as_str().to_owned(),
                    detail: skip.detail.clone(),
                    events_recovered: skip.recovered,
                })
                .collect(),
        },
        events: Events {
            read: ledger.records.read,
            kept: ledger.records.kept,
            duplicates: ledger.records.duplicates,
            malformed: ledger.records.malformed,
            out_of_range: ledger.records.out_of_range,
        },
        bytes: Bytes { compressed: ledger.bytes_stored, uncompressed: ledger.bytes_inflated },
        span: ledger
            .span
            .map(|(first, last)| Span { first: first.to_string(), last: last.to_string() }),
        accounts: ledger.accounts.iter().cloned().collect(),
        regions: ledger.regions.iter().cloned().collect(),
        blind_spots: ledger
            .blind_spots
            .iter()
            .map(|spot| BlindSpot {
                kind: spot.kind.as_str().to_owned(),
                detail: spot.detail.clone(),
                event_id: spot.event_id.clone(),
            })
            .collect(),
    }
}

/// A bar on standard error, shown only to a person.
struct Bar(Option<Mutex<ProgressBar>>);

impl Bar {
    fn new(quiet: bool) -> Bar {
        if quiet || !std::io::stderr().is_terminal() {
            return Bar(None);
        }
        let bar = ProgressBar::new(0);
        let style = "{wide_bar} {pos}/{len} files  {per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Bar(Some(Mutex::new(bar)))
    }

    fn with(&self, act: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.0.as_ref().and_then(|bar| bar.lock().ok()) {
            act(&bar);
        }
    }

    fn finish(&self) {
        self.with(ProgressBar::finish_and_clear);
    }
}

impl Progress for Bar {
    fn found(&self, files: u64) {
        self.with(|bar| bar.set_length(files));
    }

    fn done(&self, _stored: u64) {
        self.with(|bar| bar.inc(1));
    }
}
