//! `trailwhy help`: the help of a subcommand, or what the words of a report mean.

use std::io::Write;
use std::process::ExitCode;

use clap::CommandFactory;

use super::analysis;
use super::config::Config;
use super::reporting::terminal_style;
use crate::cli::{Cli, HelpArguments};
use crate::error::Error;
use crate::report::sanitize;
use crate::report::terminal::lexicon::{self, Topic};
use crate::wording::{Sentence, Wording};

/// Writes the help that was asked for to standard output.
pub fn run(arguments: &HelpArguments) -> anyhow::Result<ExitCode> {
    let topic = match arguments.of.as_slice() {
        [word] => Topic::parse(word),
        _ => None,
    };
    if let Some(topic) = topic {
        // Words are explained whatever a configuration says.
        let config = Config::of(None).unwrap_or_default();
        let wording = Wording::new(analysis::language(arguments.lang, &config));
        write(&lexicon::render(topic, &wording, terminal_style()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut command = Cli::command();
    command.build();
    let mut asked = &mut command;
    for word in &arguments.of {
        asked = asked.find_subcommand_mut(word).ok_or_else(|| unknown(word))?;
    }
    let help = asked.render_long_help();
    let mut out = anstream::stdout().lock();
    write!(out, "{}", help.ansi())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn write(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn unknown(word: &str) -> Error {
    let topics = Topic::ALL.map(Topic::as_str).join(", ");
    let word = sanitize::clip(&sanitize::line(word), 100);
    Error::Said(Sentence::new("message-no-help").arg("word", word).arg("topics", topics))
}
