//! `trailwhy schema`: prints the JSON Schema of the report.

use std::io::Write;
use std::process::ExitCode;

use crate::report::schema::REPORT_SCHEMA;

/// Writes the schema to standard output.
pub fn run() -> anyhow::Result<ExitCode> {
    std::io::stdout().lock().write_all(REPORT_SCHEMA.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
