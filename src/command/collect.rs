//! `trailwhy collect`: the script that reads what would settle the incidents of an export, or the
//! permissions that it takes.

use std::io::Write;
use std::process::ExitCode;

use super::analysis::Analysis;
use super::config::Config;
use super::{reading, tell};
use crate::cli::CollectArguments;
use crate::collect::{self, Wanted};
use crate::error::Error;
use crate::fold;
use crate::wording::Sentence;

/// Finds what is missing, and prints how it is read.
pub fn run(arguments: &CollectArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    let wanted = wanted(arguments, &config)?;
    if wanted.is_empty() {
        if !arguments.read.quiet {
            tell::say(&match arguments.known.dumps.policies.as_slice() {
                [] => Sentence::new("message-collect-nothing-failed"),
                _ => Sentence::new("message-collect-nothing-missing"),
            });
        }
        return Ok(ExitCode::SUCCESS);
    }
    let role = arguments.role_name.as_deref();
    let text = match arguments.permissions {
        true => serde_json::to_string_pretty(&collect::permissions(&wanted, role))? + "\n",
        false => collect::script(&wanted, role),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn wanted(arguments: &CollectArguments, config: &Config) -> anyhow::Result<Wanted> {
    let read = &arguments.read;
    let is_named = !read.account.is_empty() && !read.region.is_empty();
    if arguments.all && reading::paths(read, config).is_empty() {
        if !is_named {
            return Err(Error::Said(Sentence::new("message-collect-all-of-what")).into());
        }
        return Ok(Wanted::all(read.account.iter().cloned(), &read.region));
    }
    let analysis = Analysis::run(read, &arguments.known, config, fold::MEMORY)?;
    if !read.quiet {
        reading::warn_of_gaps(&analysis.history);
    }
    if arguments.all {
        let ledger = &analysis.ingested.ledger;
        let regions: Vec<String> = ledger.regions.iter().cloned().collect();
        return Ok(Wanted::all(ledger.accounts.iter().cloned(), &regions));
    }
    Ok(Wanted::of(
        &analysis.diagnosis,
        &analysis.ingested.events,
        &analysis.chains,
        &analysis.history,
    ))
}
