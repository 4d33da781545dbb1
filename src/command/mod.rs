//! One file per subcommand: what was typed, what is meant, the library calls, the report.

mod again;
mod analysis;
mod analyze;
mod ask;
pub mod baseline;
mod chains;
mod changes;
mod collect;
mod compare;
pub mod config;
mod explain;
pub mod gate;
mod generate;
mod help;
pub mod ignore;
mod mcp;
mod merge;
mod named;
mod output;
mod places;
mod plan;
mod policies;
mod progress;
mod range;
mod reading;
mod rehearse;
mod reporting;
mod schema;
mod sharing;
mod simulate;
mod tables;
mod tell;
mod zone;

use std::process::ExitCode;

use crate::cli::{Cli, Command, ReadArguments};
use crate::wording::Language;
pub use tell::tell;

/// Runs what was typed; the exit status follows the report's contract.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    tell::speak(language(&cli.command));
    carried_out(cli.command).map_err(tell::said)
}

/// The language of what a command reports: what is told besides is told in it too. A configuration that
/// cannot be read is told of when it is needed.
fn language(command: &Command) -> Language {
    let (lang, config) = match command {
        Command::Analyze(all) => (all.report.lang, &all.read.config),
        Command::Merge(all) => (all.report.lang, &all.config),
        Command::Explain(all) => (all.lang, &all.read.config),
        Command::Compare(all) => (all.lang, &all.read.config),
        Command::Chains(all) => (None, &all.read.config),
        Command::Policies(all) => (all.lang, &all.read.config),
        Command::Changes(all) => (all.lang, &all.read.config),
        Command::Collect(all) => (all.lang, &all.read.config),
        Command::Plan(all) => (None, &all.read.config),
        Command::Rehearse(all) => (all.lang, &all.read.config),
        Command::Mcp(all) => (None, &all.read.config),
        Command::Help(all) => (all.lang, &None),
        Command::Schema { .. } | Command::Generate(_) | Command::Simulate => (None, &None),
    };
    // A pipe can be read once, by who needs what it says.
    let is_once = config.as_deref().is_some_and(|path| !path.is_file());
    let config = match is_once {
        true => config::Config::default(),
        false => config::Config::of(config.as_deref()).unwrap_or_default(),
    };
    analysis::language(lang, &config)
}

fn carried_out(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Generate(what) => generate::run(&what),
        Command::Help(what) => help::run(&what),
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
        Command::Collect(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, collect::run)
        }
        Command::Plan(mut arguments) => with_names(&mut *arguments, |all| &mut all.read, plan::run),
        Command::Rehearse(mut arguments) => {
            with_names(&mut *arguments, |all| &mut all.read, rehearse::run)
                .map_err(|error| sharing::told(error, &arguments.redact))
        }
        Command::Mcp(arguments) => {
            let redact = arguments.redact();
            mcp::run(*arguments).map_err(|error| sharing::told(error, &redact))
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
