//! `trailwhy mcp`: a server of tools for assistants, over standard input and output (Model Context
//! Protocol). It reads what was named at the start, writes nothing and contacts nothing.

mod answer;
mod chains_of;
mod changes_of;
mod collected;
mod compared;
mod explained;
mod held;
mod incidents;
mod inputs;
mod outside;
mod policies_at;
mod rehearsed;
mod server;
mod simulated;

use std::path::Path;
use std::process::ExitCode;

use super::config::Config;
use super::{named, reading};
use crate::cli::McpArguments;
use crate::error::{Error, Result};
use crate::report::sanitize;
use crate::wording::{Sentence, shell};
use held::Reading;

/// Serves until whoever asks hangs up.
pub fn run(mut arguments: McpArguments) -> anyhow::Result<ExitCode> {
    if arguments.read.files_from.as_deref() == Some(Path::new("-")) {
        return Err(standard_input().into());
    }
    let config = Config::of(arguments.read.config.as_deref())?;
    named::add(&mut arguments.read)?;
    let paths = reading::paths(&arguments.read, &config);
    if paths.is_empty() {
        return Err(Error::Said(Sentence::new("message-no-path")).into());
    }
    paths.iter().try_for_each(|path| look_at(path))?;
    let reading = Reading::begin(arguments, config);
    server::serve(reading)?;
    Ok(ExitCode::SUCCESS)
}

/// Errs where a path cannot be read from here: what is wrong is told before an assistant asks.
fn look_at(path: &Path) -> Result<()> {
    if path == Path::new("-") {
        return Err(standard_input());
    }
    let shown = sanitize::line(&path.to_string_lossy());
    if is_in_bucket(&path.to_string_lossy()) {
        let from = shell::quote(&path.to_string_lossy());
        let said = Sentence::new("message-mcp-in-s3").arg("path", shown).arg("from", from);
        return Err(Error::Said(said));
    }
    match path.exists() {
        true => Ok(()),
        false => Err(Error::Said(Sentence::new("message-not-there").arg("path", shown))),
    }
}

/// Whether a path names what is in Amazon S3, also as Hadoop spells it.
fn is_in_bucket(path: &str) -> bool {
    let scheme = path.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["s3", "s3a", "s3n"].contains(&scheme.as_str()))
}

fn standard_input() -> Error {
    Error::Said(Sentence::new("message-mcp-standard-input"))
}
