//! `trailwhy merge`: the report of an export that was read in parts.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use super::analysis::{Analysis, Besides};
use super::config::Config;
use super::reading;
use super::reporting::Reporting;
use crate::cli::MergeArguments;
use crate::error::{Error, Result};
use crate::ingest::Contribution;

/// Puts parts together, diagnoses and reports.
pub fn run(arguments: &MergeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.config.as_deref())?;
    let reporting = Reporting::new(&arguments.report, &config, arguments.quiet)?;
    let besides = Besides::read(&arguments.known)?;
    let services = reading::services(arguments.known.services.as_deref())?;
    let ingested = whole(arguments, services.as_deref())?.ingested();
    reading::look_through(&ingested.ledger, arguments.quiet)?;
    let analysis = Analysis::of(ingested, besides, &arguments.known.dumps, &config)?;
    reporting.publish(analysis, &config)
}

/// All parts as one.
///
/// # Errors
/// When one of them cannot be read, or was made with other options than the first.
fn whole(arguments: &MergeArguments, services: Option<&str>) -> Result<Contribution> {
    let mut parts: Vec<Contribution> = Vec::new();
    for path in &arguments.files {
        let part = Contribution::decode(&bytes(path)?, path)?;
        if let Some(difference) = parts.first().and_then(|first| part.difference(first)) {
            let first = arguments.files.first().map(|path| path.display().to_string());
            return Err(Error::document(
                path,
                format!(
                    "made with other options than `{}`: {difference}\nhint: make all parts with the \
                     same options",
                    first.unwrap_or_default()
                ),
            ));
        }
        if let Some(difference) = part.difference_of_services(services) {
            return Err(Error::document(
                path,
                format!("made with another service table: {difference}\nhint: give merge the same"),
            ));
        }
        parts.push(part);
    }
    Contribution::merge(parts)
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
