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
mod named;
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

use crate::cli::{Cli, Command, ReadArguments};
pub use tell::tell;

/// Runs what was typed; the exit status follows the report's contract.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Generate(what) => generate::run(&what),
        Command::Schema { of } => schema::run(of),
        Command::Simulate => simulate::run(),
        Command::Analyze(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, analyze::run)
                .map_err(|error| sharing::told(error, &arguments.report.redact))
        }
        Command::Merge(arguments) => {
            merge::run(&arguments).map_err(|error| sharing::told(error, &arguments.report.redact))
        }
        Command::Explain(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, explain::run)
                .map_err(|error| sharing::told(error, &arguments.redact))
        }
        Command::Compare(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, compare::run)
                .map_err(|error| sharing::told(error, &arguments.redact))
        }
        Command::Chains(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, chains::run)
        }
        Command::Policies(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, policies::run)
        }
        Command::Changes(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, changes::run)
        }
    }
}

/// Runs a command that reads an export, with the names that a list holds among its paths.
fn with_names<A>(
    arguments: &mut A,
    read: impl Fn(&mut A) -> &mut ReadArguments,
    run: impl Fn(&A) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    named::add(read(arguments))?;
    run(arguments)
}
