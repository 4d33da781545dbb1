//! What was typed: clap structs only. What it means is decided in `command`.

use clap::{Parser, Subcommand};
use clap_complete::Shell;

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
    /// Print shell completions or the manual page
    #[command(subcommand)]
    Generate(Generate),
    /// Evaluate IAM requests: one JSON case per line in, one verdict per line out
    Simulate,
}

/// What `generate` writes.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Completions for a shell
    #[command(after_help = "Example: trailwhy generate completions bash > \
                            ~/.local/share/bash-completion/completions/trailwhy")]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// The manual page, in roff
    #[command(after_help = "Example: trailwhy generate man > trailwhy.1")]
    Man,
}
