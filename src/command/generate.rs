//! `trailwhy generate`: shell completions and the manual page, written to standard output.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Generate};

/// Writes what was asked for to standard output.
pub fn run(what: &Generate) -> anyhow::Result<ExitCode> {
    let mut text = Vec::new();
    match what {
        Generate::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "trailwhy", &mut text);
        }
        Generate::Man => manual(&mut text)?,
    }
    // Written at once, so that a closed pipe ends in an error instead of a panic in clap_complete.
    io::stdout().lock().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// One page for the program and all its subcommands.
fn manual(text: &mut Vec<u8>) -> io::Result<()> {
    let command = Cli::command();
    let page = clap_mangen::Man::new(command.clone());
    page.render(text)?;
    for subcommand in command.get_subcommands().filter(|each| !each.is_hide_set()) {
        let name = subcommand.get_name().to_uppercase();
        writeln!(text, ".SH \"TRAILWHY {name}\"")?;
        let page = clap_mangen::Man::new(subcommand.clone());
        page.render_description_section(text)?;
        page.render_options_section(text)?;
    }
    Ok(())
}
