//! `trailwhy explain`: one event, request, incident or resource in full.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;

use super::analysis::{self, Analysis};
use super::ask;
use super::config::Config;
use super::reporting::terminal_style;
use super::sharing::Sharing;
use super::{output, reading};
use crate::cli::{ExplainArguments, ListFormat};
use crate::error::Error;
use crate::report::{explanation, retitle, sanitize, terminal};
use crate::wording::{Language, Sentence, Wording};

/// Reads, finds what the id names, and tells all about it.
pub fn run(arguments: &ExplainArguments) -> anyhow::Result<ExitCode> {
    let mut read = super::sharing::read(&arguments.read, &arguments.redact);
    let id = read.paths.pop().context("an id is required")?;
    let id = id.to_string_lossy();
    let config = Config::of(read.config.as_deref())?;
    let zone = super::zone::of(arguments.time_zone.as_deref(), &config)?;
    if read.paths.is_empty() && config.paths.is_empty() {
        let said = Sentence::new("message-explain-what").arg("id", sanitize::line(&id));
        return Err(Error::Said(said).into());
    }
    output::refuse_overlap(
        &arguments.redact.redact_map,
        reading::paths(&read, &config)
            .iter()
            .chain(reading::besides(&arguments.known))
            .chain(&read.files_from)
            .chain(config.files()),
    )?;
    let mut analysis =
        Analysis::run_for(&[&id], &read, &arguments.known, &config, arguments.memory)?;
    if !arguments.all_fixes {
        analysis.withhold_exemptions();
    }
    let mut sharing = Sharing::new(&arguments.redact);
    let language = match arguments.format {
        ListFormat::Json => Language::En,
        ListFormat::Text => analysis::language(arguments.lang, &config),
    };
    let wording = Wording::new(language);
    let report = analysis.report(&wording, None);
    let asked = ask::find(&id, &analysis.ingested.events, &report)?;
    let explanation =
        explanation::explain(&analysis.material(None), &sharing.wording(language), &asked);
    let mut explanation = sharing.shared(explanation)?;
    retitle(&mut explanation.incidents, &wording);
    sharing.keep_mapping(&arguments.redact)?;
    let text = match arguments.format {
        ListFormat::Json => sanitize::json(&serde_json::to_string_pretty(&explanation)?) + "\n",
        ListFormat::Text => {
            terminal::explanation(&zone.of(&explanation), &wording, terminal_style())
        }
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
