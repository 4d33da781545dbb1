//! `trailwhy merge`: the report of an export that was read in parts.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::analysis::{Analysis, Besides};
use super::config::Config;
use super::places::Given;
use super::reporting::Reporting;
use super::{named, output, reading};
use crate::cli::MergeArguments;
use crate::error::{Error, Result};
use crate::fold;
use crate::given::{self, Cap};
use crate::ingest::{Contribution, Terms};
use crate::report::sanitize;
use crate::wording::Sentence;

/// A part is about a quarter of the compressed files that it was made of.
const CAP: Cap = Cap {
    bytes: 8 << 30,
    instead: "name what `trailwhy analyze --partial` wrote, or make parts of fewer days or accounts",
};

/// Bytes that tell whether a file is a part.
const START: u64 = 64;

/// Puts parts together, diagnoses and reports.
pub fn run(arguments: &MergeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.config.as_deref())?;
    let written = &arguments.report;
    output::refuse_overlap(
        written.output.iter().chain(&written.redact.redact_map).chain(&arguments.partial),
        arguments
            .files
            .iter()
            .chain(reading::besides(&arguments.known))
            .chain(&written.gate.baseline)
            .chain(config.files()),
    )?;
    named::refuse_terminal(arguments.partial.as_deref())?;
    let services = reading::services(arguments.known.services.as_deref())?;
    let mut parts = Files::new(&arguments.files, services);
    if let Some(to) = &arguments.partial {
        let merged = Contribution::merge(&mut parts)?;
        return reading::save_part(&merged, to, arguments.quiet);
    }
    let reporting = Reporting::new(&arguments.report, &config, arguments.quiet)?
        .of_files(Given { read: None, policies: &arguments.known.dumps.policies });
    let besides = Besides::read(&arguments.known)?;
    let bounds = fold::Bounds::within(arguments.memory);
    let read = fold::merge(&mut parts, besides.knowledge(), &bounds)?;
    // Warnings name files, and the folders of an export are named by accounts.
    let quiet = arguments.quiet || arguments.report.redact.redact;
    reading::look_through(read.ledger(), None, quiet)?;
    let analysis = Analysis::of_read(read, besides, &arguments.known.dumps, &config)?;
    reporting.publish(analysis, &config)
}

/// Files of parts, read one after the other.
struct Files<'f> {
    paths: std::slice::Iter<'f, PathBuf>,
    services: Option<String>,
    first: Option<(&'f Path, Terms)>,
}

impl<'f> Files<'f> {
    fn new(paths: &'f [PathBuf], services: Option<String>) -> Files<'f> {
        Files { paths: paths.iter(), services, first: None }
    }

    /// A part, where it goes together with the others.
    fn read(&mut self, path: &'f Path) -> Result<Contribution> {
        let part = Contribution::decode(&bytes(path)?, path)?;
        if let Some(difference) = part.difference_of_services(self.services.as_deref()) {
            return Err(Error::document(
                path,
                format!("made with another service table: {difference}\nhint: give merge the same"),
            ));
        }
        let (named, first) = self.first.get_or_insert_with(|| (path, part.terms().clone()));
        match part.terms().difference(first) {
            None => Ok(part),
            Some(difference) => Err(Error::document(
                path,
                format!(
                    "made with other options than `{}`: {difference}\nhint: make all parts with the \
                     same options",
                    sanitize::line(&named.to_string_lossy())
                ),
            )),
        }
    }
}

impl Iterator for Files<'_> {
    type Item = Result<Contribution>;

    fn next(&mut self) -> Option<Self::Item> {
        let path = self.paths.next()?;
        Some(self.read(path))
    }
}

/// A part whole; of anything else only as much as tells that it is none, for it may never end.
fn part(mut source: impl Read, path: &Path) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let begun = source.by_ref().take(START).read_to_end(&mut start);
    begun.map_err(|error| Error::io(path, error))?;
    if !Contribution::begins_as(&start) {
        return Ok(start);
    }
    given::bytes_of(start.as_slice().chain(source), path, CAP)
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let read = match path.as_os_str() == "-" {
        true => part(std::io::stdin().lock(), path),
        false => File::open(path)
            .map_err(|error| Error::io(path, error))
            .and_then(|file| part(file, path)),
    };
    read.map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
            Error::Said(Sentence::new("message-no-part-there").arg("path", Error::shown(path)))
        }
        Error::Io { source, .. } if source.kind() == ErrorKind::IsADirectory => {
            Error::Said(Sentence::new("message-parts-in-folder").arg("path", Error::shown(path)))
        }
        error => error,
    })
}
