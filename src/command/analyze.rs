//! `trailwhy analyze`: the main job, from files to verdict.

use std::io::Write;
use std::process::ExitCode;

use super::reading;
use crate::chain::{Chains, Knowledge};
use crate::cli::{AnalyzeArguments, Format};
use crate::diagnose;
use crate::history::{History, dump::Dump};
use crate::report::{self, Material};
use crate::wording::{Language, Wording};

/// Exit status when incidents were found.
const FOUND: u8 = 1;

/// Colour and width as the terminal has them; plain and 100 columns wide in a pipe.
fn terminal_style() -> report::terminal::Style {
    report::terminal::Style::plain(100)
}

/// Reads, diagnoses and reports.
pub fn run(arguments: &AnalyzeArguments) -> anyhow::Result<ExitCode> {
    let ingested = reading::read(&arguments.read)?;
    let knowledge = Knowledge::default();
    let chains = Chains::build(&ingested.events, &knowledge);
    let dump = Dump::read(&arguments.policies, None)?;
    let history = History::new(&ingested.events, dump);
    let diagnosis = diagnose::diagnose(&ingested.events, &chains, &knowledge, &history);
    let material = Material {
        events: &ingested.events,
        chains: &chains,
        diagnosis: &diagnosis,
        history: &history,
        coverage: reading::coverage(&ingested.ledger),
        max_occurrences: arguments.max_occurrences,
    };
    let wording = Wording::new(Language::En);
    let report = report::build(&material, &wording);
    let mut out = std::io::stdout().lock();
    match arguments.format {
        Format::Json => out.write_all(report::json::render(&report)?.as_bytes())?,
        Format::Terminal => {
            let text = report::terminal::render(&report, &wording, terminal_style());
            out.write_all(text.as_bytes())?;
        }
    }
    out.flush()?;
    let found = !report.incidents.is_empty() && !arguments.exit_zero;
    Ok(if found { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}
