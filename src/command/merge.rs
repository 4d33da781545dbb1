//! `trailwhy merge`: the report of an export that was read in parts.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::analysis::{Analysis, Besides};
use super::config::Config;
use super::reading;
use super::reporting::Reporting;
use crate::cli::MergeArguments;
use crate::error::{Error, Result};
use crate::ingest::{self, Budget, Contribution, Parts, Terms};
use crate::sampling::Sorts;

/// Puts parts together, diagnoses and reports.
pub fn run(arguments: &MergeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.config.as_deref())?;
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
    reading::look_through(&ingested.ledger, arguments.quiet || arguments.report.redact.redact)?;
    let analysis = Analysis::of(ingested, besides, &arguments.known.dumps, &config)?;
    reporting.publish(analysis, &config)
}

/// Files of parts; read whenever they are asked for, so that of thousands one is in memory.
struct Files<'f> {
    paths: &'f [PathBuf],
    /// Standard input comes only once.
    stdin: Option<Vec<u8>>,
    services: Option<String>,
}

impl<'f> Files<'f> {
    fn new(paths: &'f [PathBuf], services: Option<String>) -> Result<Files<'f>> {
        let named = paths.iter().any(|path| path.as_os_str() == "-");
        let stdin = named.then(|| bytes(Path::new("-"))).transpose()?;
        Ok(Files { paths, stdin, services })
    }

    /// The parts, with what is said of those that do not go together.
    fn read(&self, path: &Path) -> Result<Contribution> {
        let part = match self.stdin.as_ref().filter(|_| path.as_os_str() == "-") {
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
                            .map(|path| path.display().to_string())
                            .unwrap_or_default()
                    ),
                ));
            }
            take(part)?;
        }
        Ok(())
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes),
        false => fs::read(path),
    };
    read.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::Usage(format!(
            "`{}` is not there; hint: name files that `trailwhy analyze --partial` wrote",
            path.display()
        )),
        std::io::ErrorKind::IsADirectory => Error::document(
            path,
            "a folder\nhint: name the files in it that `trailwhy analyze --partial` wrote",
        ),
        _ => Error::io(path, error),
    })
}
