//! Arguments in, exit status out; a closed pipe is success.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use trailwhy::{cli::Cli, command};

fn main() -> ExitCode {
    match command::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("trailwhy: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whoever read our output has seen enough (`trailwhy … | head`).
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}
