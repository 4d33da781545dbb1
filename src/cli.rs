//! What was typed: clap structs only. What it means is decided in `command`.

use clap::{Parser, Subcommand};

/// Why did the call to AWS fail? Reads CloudTrail, offline, without credentials.
#[derive(Debug, Parser)]
#[command(name = "trailwhy", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the JSON Schema of the report
    Schema,
    /// Evaluate IAM requests: one JSON case per line in, one verdict per line out
    Simulate,
}
