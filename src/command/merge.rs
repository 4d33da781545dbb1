//! `trailwhy merge`: the report of an export that was read in parts.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::analysis::{Analysis, Besides};
use super::config::Config;
use super::reporting::Reporting;
use super::{named, output, reading};
use crate::cli::MergeArguments;
use crate::error::{Error, Result};
use crate::given::{self, Cap};
use crate::ingest::{self, Budget, Contribution, Parts, Terms};
use crate::report::sanitize;
use crate::sampling::Sorts;
use crate::wording::Sentence;

/// A part holds a sample, however large the export was.
const CAP: Cap = Cap {
    bytes: 2 << 30,
    instead: "name what `trailwhy analyze --partial` wrote; a part holds at most a sample",
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
    let mut parts = Files::new(&arguments.files, services)?;
    if let Some(to) = &arguments.partial {
        let knowledge = reading::knowledge(arguments.known.services.as_deref())?;
        let sorts = Sorts::new(&knowledge);
        let merged = ingest::merge_parts(&mut parts, &sorts, &Budget::default())?;
        return reading::save_part(&merged, to, arguments.quiet);
    }
    let reporting = Reporting::new(&arguments.report, &config, arguments.quiet)?;
    let besides = Besides::read(&arguments.known)?;
    let sorts = Sorts::new(besides.knowledge());
    let ingested = ingest::conclude(&mut parts, &sorts, &Budget::default())?;
    // Warnings name files, and the folders of an export are named by accounts.
    let quiet = arguments.quiet || arguments.report.redact.redact;
    reading::look_through(&ingested.ledger, None, quiet)?;
    let analysis = Analysis::of(ingested, besides, &arguments.known.dumps, &config)?;
    reporting.publish(analysis, &config)
}

/// Files of parts; read whenever they are asked for, so that of thousands one is in memory.
struct Files<'f> {
    paths: &'f [PathBuf],
    /// Standard input and pipes come only once.
    kept: BTreeMap<&'f Path, Vec<u8>>,
    services: Option<String>,
}

impl<'f> Files<'f> {
    fn new(paths: &'f [PathBuf], services: Option<String>) -> Result<Files<'f>> {
        let mut kept = BTreeMap::new();
        for path in paths.iter().filter(|path| comes_once(path)) {
            if !kept.contains_key(path.as_path()) {
                kept.insert(path.as_path(), bytes(path)?);
            }
        }
        Ok(Files { paths, kept, services })
    }

    /// The parts, with what is said of those that do not go together.
    fn read(&self, path: &Path) -> Result<Contribution> {
        let part = match self.kept.get(path) {
            Some(bytes) => Contribution::decode(bytes, path)?,
            None => Contribution::decode(&bytes(path)?, path)?,
        };
        match part.difference_of_services(self.services.as_deref()) {
            None => Ok(part),
            Some(difference) => Err(Error::document(
                path,
                format!("made with another service table: {difference}\nhint: give merge the same"),
            )),
        }
    }
}

impl Parts for Files<'_> {
    fn each(&mut self, take: &mut dyn FnMut(Contribution) -> Result<()>) -> Result<()> {
        let mut first: Option<Terms> = None;
        for path in self.paths {
            let part = self.read(path)?;
            let first = first.get_or_insert_with(|| part.terms().clone());
            if let Some(difference) = part.terms().difference(first) {
                return Err(Error::document(
                    path,
                    format!(
                        "made with other options than `{}`: {difference}\nhint: make all parts with \
                         the same options",
                        self.paths
                            .first()
                            .map(|path| sanitize::line(&path.to_string_lossy()))
                            .unwrap_or_default()
                    ),
                ));
            }
            take(part)?;
        }
        Ok(())
    }
}

fn comes_once(path: &Path) -> bool {
    let other = |kind: Metadata| !kind.is_file() && !kind.is_dir();
    path.as_os_str() == "-" || fs::metadata(path).is_ok_and(other)
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
