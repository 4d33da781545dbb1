//! `trailwhy chains`: lists chains as trees.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::reading;
use crate::chain::{Chains, Knowledge};
use crate::cli::{ChainsArguments, Format};
use crate::report::{self, Step};

#[derive(Serialize)]
struct Listed {
    root_event_id: Option<String>,
    chain: Vec<Step>,
}

#[derive(Serialize)]
struct Listing {
    chains: Vec<Listed>,
}

/// Reads, links and lists.
pub fn run(arguments: &ChainsArguments) -> anyhow::Result<ExitCode> {
    let ingested = reading::read(&arguments.read)?;
    let chains = Chains::build(&ingested.events, &Knowledge::default());
    let listing = Listing {
        chains: chains
            .roots()
            .map(|root| {
                let chain = report::chain_steps(&ingested.events, &chains, root);
                Listed { root_event_id: chain.first().and_then(|s| s.event_id.clone()), chain }
            })
            .collect(),
    };
    let mut out = std::io::stdout().lock();
    match arguments.format {
        Format::Json | Format::Terminal => serde_json::to_writer_pretty(&mut out, &listing)?,
    }
    out.write_all(b"\n")?;
    Ok(ExitCode::SUCCESS)
}
