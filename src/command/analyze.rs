//! `trailwhy analyze`: the main job, from files to verdict; or, of a part of an export, to what it
//! contributes to the verdict.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use super::analysis::Analysis;
use super::config::Config;
use super::gate;
use super::reading;
use super::reporting::Reporting;
use crate::cli::AnalyzeArguments;

/// Reads, diagnoses and reports.
pub fn run(arguments: &AnalyzeArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    if let Some(to) = &arguments.partial {
        return contribute(arguments, &config, to);
    }
    let reporting = Reporting::new(&arguments.report, &config, arguments.read.quiet)?;
    let analysis = Analysis::run(&arguments.read, &arguments.known, &config)?;
    reporting.publish(analysis, &config)
}

/// Reads, and writes what was read for `trailwhy merge`.
fn contribute(
    arguments: &AnalyzeArguments,
    config: &Config,
    to: &Path,
) -> anyhow::Result<ExitCode> {
    // A wrong table is told now and not when all parts are there.
    reading::knowledge(arguments.known.services.as_deref())?;
    let services = reading::services(arguments.known.services.as_deref())?;
    let contribution = reading::gather(&arguments.read, services.as_deref(), config)?;
    let file = contribution.encode()?;
    if to.as_os_str() == "-" {
        let mut out = std::io::stdout().lock();
        out.write_all(&file)?;
        out.flush()?;
    } else {
        gate::save(to, &file)?;
    }
    if !arguments.read.quiet {
        anstream::eprintln!(
            "trailwhy: {} records in {} bytes; hint: `trailwhy merge` makes the report of all parts",
            contribution.ledger().records.kept,
            file.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}
