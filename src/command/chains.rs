//! `trailwhy chains`: lists chains, a call and the calls services made for it, as trees.

use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use super::config::Config;
use super::{analysis, reading};
use crate::chain::Chains;
use crate::cli::{ChainsArguments, ListFormat};
use crate::report::{self, Outcome, Step, sanitize};
use crate::wording::{Language, Wording};

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
    let knowledge = reading::knowledge(arguments.services.as_deref())?;
    let ingested = reading::read(&arguments.read, &Config::of(arguments.read.config.as_deref())?)?;
    let chains = Chains::build(&ingested.events, &knowledge);
    let wording = Wording::new(Language::En);
    let listing = Listing {
        chains: chains
            .roots()
            .map(|root| report::chain_steps(&ingested.events, &chains, root, &wording))
            .filter(|chain| analysis::shows_chain(&arguments.show, chain))
            .filter(|chain| {
                !arguments.failed || chain.iter().any(|s| s.outcome != Outcome::Success)
            })
            .map(|chain| Listed {
                root_event_id: chain.first().and_then(|s| s.event_id.clone()),
                chain,
            })
            .collect(),
    };
    let text = match arguments.format {
        ListFormat::Json => sanitize::json(&serde_json::to_string_pretty(&listing)?) + "\n",
        ListFormat::Text => trees(&listing),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn trees(listing: &Listing) -> String {
    let mut text = String::new();
    for listed in &listing.chains {
        if let Some(root) = listed.chain.first() {
            branch(&mut text, &listed.chain, root, "", "");
            text.push('\n');
        }
    }
    let steps: usize = listing.chains.iter().map(|l| l.chain.len()).sum();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{} chains, {steps} calls", listing.chains.len());
    text
}

fn branch(text: &mut String, chain: &[Step], step: &Step, first: &str, rest: &str) {
    let outcome = match step.outcome {
        Outcome::Success => String::new(),
        Outcome::Denied | Outcome::Error | Outcome::Unknown => {
            format!("  FAILED {}", step.error_code.as_deref().unwrap_or_default())
        }
    };
    let line = format!(
        "{} {}{outcome}  {}",
        step.event_time,
        step.action,
        step.principal_arn.as_deref().unwrap_or("-")
    );
    let _ = writeln!(text, "{first}{}", sanitize::line(&line));
    if let Some(link) = &step.link {
        let kind = serde_json::to_value(link.kind).ok();
        let kind = kind.as_ref().and_then(|k| k.as_str()).unwrap_or_default().to_owned();
        let why = link.evidence.first().map(String::as_str).unwrap_or_default();
        let tied = match link.tied_with.len() {
            0 => String::new(),
            ties => format!(", {ties} others fit as well"),
        };
        let line = format!("{kind} {:.2}: {why}{tied}", link.confidence);
        let _ = writeln!(text, "{rest}  {}", sanitize::line(&line));
    }
    let children: Vec<&Step> = chain
        .iter()
        .filter(|c| c.parent_event_id.is_some() && c.parent_event_id == step.event_id)
        .collect();
    let last = children.len();
    for (position, child) in children.into_iter().enumerate() {
        let (mark, line) =
            if position + 1 == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        branch(text, chain, child, &format!("{rest}{mark}"), &format!("{rest}{line}"));
    }
}
