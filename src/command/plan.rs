//! `trailwhy plan`: an export cut into parts for several machines, without reading it.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::config::Config;
use super::{reading, tell};
use crate::cli::PlanArguments;
use crate::error::{Error, Result};
use crate::ingest::{self, Cut, Input, Parcel};
use crate::wording::Sentence;

/// One line of the plan.
#[derive(Debug, Serialize)]
struct Line<'p> {
    part: usize,
    parts: usize,
    files: Vec<&'p str>,
    bytes: u64,
    accounts: Vec<&'p str>,
    regions: Vec<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<Span>,
}

#[derive(Debug, Serialize)]
struct Span {
    first: String,
    last: String,
}

/// Prints one line of JSON for each part.
pub fn run(arguments: &PlanArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    let (inputs, options) = reading::asked(&arguments.read, &config)?;
    if inputs.contains(&Input::Stdin) {
        return Err(Error::Said(Sentence::new("message-plan-of-pipe")).into());
    }
    let how = arguments.parts.map_or(Cut::Bytes(arguments.part_bytes), Cut::Parts);
    let (parcels, ledger) = ingest::cut(&inputs, &options, how)?;
    if !arguments.read.quiet {
        reading::warn(&ledger);
    }
    let parts = parcels.len();
    let mut out = std::io::stdout().lock();
    for (parcel, part) in parcels.iter().zip(1..) {
        serde_json::to_writer(&mut out, &line(parcel, part, parts)?)?;
        writeln!(out)?;
    }
    out.flush()?;
    let files: usize = parcels.iter().map(|parcel| parcel.sources.len()).sum();
    if files == 0 {
        return Err(Error::Said(Sentence::new("message-no-files")).into());
    }
    if !arguments.read.quiet {
        let bytes: u64 = parcels.iter().map(|parcel| parcel.bytes).sum();
        tell::say(
            &Sentence::new("message-planned")
                .arg("parts", parts)
                .arg("files", files)
                .arg("bytes", bytes),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn line(parcel: &Parcel, part: usize, parts: usize) -> Result<Line<'_>> {
    let address = |source: &'_ ingest::Source| -> Result<()> {
        let said = || Sentence::new("message-plan-of-name").arg("path", source.name());
        source
            .address()
            .and_then(|name| name.to_str())
            .map(|_| ())
            .ok_or_else(|| Error::Said(said()))
    };
    parcel.sources.iter().try_for_each(address)?;
    let files = parcel.sources.iter().filter_map(|source| source.address()?.to_str()).collect();
    let delivered = parcel
        .delivered()
        .map(|(first, last)| Span { first: first.to_string(), last: last.to_string() });
    Ok(Line {
        part,
        parts,
        files,
        bytes: parcel.bytes,
        accounts: parcel.accounts().into_iter().collect(),
        regions: parcel.regions().into_iter().collect(),
        delivered,
    })
}
