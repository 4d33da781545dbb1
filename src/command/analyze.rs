//! `trailwhy analyze`: the main job, from files to verdict; or, of a part of an export, to what it
//! contributes to the verdict.

use std::path::Path;
use std::process::ExitCode;

use super::analysis::Analysis;
use super::config::Config;
use super::places::Given;
use super::reporting::Reporting;
use super::{again, named, output, reading, sharing};
use crate::cli::AnalyzeArguments;

/// Reads, diagnoses and reports.
pub fn run(arguments: &AnalyzeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    let written = &arguments.report;
    output::refuse_overlap(
        written.output.iter().chain(&written.redact.redact_map).chain(&arguments.partial),
        reading::paths(&arguments.read, &config)
            .iter()
            .chain(reading::besides(&arguments.known))
            .chain(&written.gate.baseline)
            .chain(&arguments.read.files_from)
            .chain(config.files()),
    )?;
    named::refuse_terminal(arguments.partial.as_deref())?;
    if let Some(to) = &arguments.partial {
        return contribute(arguments, &config, to);
    }
    let again = again::words(&arguments.read, &arguments.known);
    let given = Given { read: Some(&arguments.read), policies: &arguments.known.dumps.policies };
    let reporting = Reporting::new(&arguments.report, &config, arguments.read.quiet)?;
    let reporting = reporting.of_files(given).of(again);
    let read = sharing::read(&arguments.read, &arguments.report.redact);
    let analysis = Analysis::run(&read, &arguments.known, &config, arguments.memory)?;
    reporting.publish(analysis, &config)
}

/// Reads, and writes what was read for `trailwhy merge`.
fn contribute(
    arguments: &AnalyzeArguments,
    config: &Config,
    to: &Path,
) -> anyhow::Result<ExitCode> {
    let services = arguments.known.services.as_deref();
    let services = reading::services(services)?;
    let part = reading::contribute(&arguments.read, services.as_deref(), config, arguments.memory)?;
    reading::save_part(&part, to, arguments.read.quiet)
}
