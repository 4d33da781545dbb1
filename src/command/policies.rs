//! `trailwhy policies`: what was in force at a moment, from where it is known, and its gaps.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::config::Config;
use super::{analysis, reading};
use crate::cli::{DumpArguments, ListFormat, PoliciesArguments, ReadArguments};
use crate::event::Time;
use crate::history::History;
use crate::history::dump::Gap;
use crate::report::in_force::{self, InForce};
use crate::report::sanitize;
use crate::wording::{Language, Sentence, Wording};

#[derive(Serialize)]
struct Damage {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

#[derive(Serialize)]
struct Listing {
    at: String,
    in_force: Vec<InForce>,
    gaps: Vec<Damage>,
}

/// Reads export and dumps, and shows the moment.
pub fn run(arguments: &PoliciesArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    let (history, last) = history(&arguments.read, &arguments.dumps, &config)?;
    let at = analysis::moment(arguments.at, last).unwrap_or_default();
    let inventory = history.at(at);
    let language = match arguments.format {
        ListFormat::Json => Language::En,
        ListFormat::Text => analysis::language(arguments.lang, &config),
    };
    let wording = Wording::new(language);
    let owners = match &arguments.only_for {
        Some(named) => analysis::owners(&history, named),
        None => history.owners(),
    };
    let mut in_force: Vec<InForce> =
        owners.iter().map(|owner| in_force::of(&inventory, owner, &wording)).collect();
    if arguments.only_for.is_none() {
        in_force.retain(|holding| {
            !holding.policies.is_empty()
                || !holding.grants.is_empty()
                || holding.key_state.is_some()
        });
    }
    let listing = Listing {
        at: at.to_string(),
        in_force,
        gaps: damage(history.gaps(), &Wording::new(Language::En)),
    };
    let mut out = std::io::stdout().lock();
    match arguments.format {
        ListFormat::Json => {
            let json = serde_json::to_string_pretty(&listing)?;
            writeln!(out, "{}", sanitize::json(&json))?;
        }
        ListFormat::Text => write_text(&mut out, &listing, &wording, arguments.only_for.is_some())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The history of export and dumps, and the time of the last event. All of the export is read,
/// whatever part was asked for: what holds now may have been set long ago.
pub(super) fn history(
    read: &ReadArguments,
    dumps: &DumpArguments,
    config: &Config,
) -> anyhow::Result<(History, Option<Time>)> {
    let whole = ReadArguments { since: None, until: None, ..read.clone() };
    let ingested = reading::read(&whole, config)?;
    let dump = analysis::dump(dumps, config, &ingested.events)?;
    let last = ingested.events.last().map(|event| event.time);
    let history = History::new(&ingested.events, dump);
    if !read.quiet {
        reading::warn_of_gaps(&history);
    }
    Ok((history, last))
}

fn damage(gaps: &[Gap], english: &Wording) -> Vec<Damage> {
    gaps.iter()
        .map(|gap| Damage {
            file: gap.file.to_string(),
            line: gap.line,
            column: gap.column,
            message: gap.what(english),
        })
        .collect()
}

fn write_text(
    out: &mut dyn Write,
    listing: &Listing,
    wording: &Wording,
    in_full: bool,
) -> std::io::Result<()> {
    let heading = Sentence::new("policies-in-force").arg("time", listing.at.as_str());
    writeln!(out, "{}\n", wording.say(&heading))?;
    if listing.in_force.is_empty() {
        writeln!(out, "{}", wording.say(&Sentence::new("policies-nothing-known")))?;
    }
    for holding in &listing.in_force {
        writeln!(out, "{}", in_force::text(holding, wording, in_full))?;
    }
    Ok(())
}
