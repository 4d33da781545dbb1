//! One file per subcommand: what was typed, what is meant, the library calls, the report.

mod analysis;
mod analyze;
mod ask;
pub mod baseline;
mod chains;
mod changes;
mod compare;
pub mod config;
mod explain;
pub mod gate;
mod generate;
pub mod ignore;
mod merge;
mod output;
mod policies;
mod progress;
mod reading;
mod reporting;
mod schema;
mod sharing;
mod simulate;
mod tell;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
pub use tell::tell;

/// Runs what was typed; the exit status follows the report's contract.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Generate(what) => generate::run(&what),
        Command::Schema => schema::run(),
        Command::Simulate => simulate::run(),
        Command::Analyze(arguments) => {
            analyze::run(&arguments).map_err(|error| sharing::told(error, &arguments.report.redact))
        }
        Command::Merge(arguments) => {
            merge::run(&arguments).map_err(|error| sharing::told(error, &arguments.report.redact))
        }
        Command::Explain(arguments) => {
            explain::run(&arguments).map_err(|error| sharing::told(error, &arguments.redact))
        }
        Command::Compare(arguments) => {
            compare::run(&arguments).map_err(|error| sharing::told(error, &arguments.redact))
        }
        Command::Chains(arguments) => chains::run(&arguments),
        Command::Policies(arguments) => policies::run(&arguments),
        Command::Changes(arguments) => changes::run(&arguments),
    }
}
