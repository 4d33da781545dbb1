//! `trailwhy schema`: prints the JSON Schema of the report, of a comparison or of a rehearsal.

use std::io::Write;
use std::process::ExitCode;

use crate::cli::SchemaOf;
use crate::rehearse::view::REHEARSAL_SCHEMA;
use crate::report::schema::{REPORT_SCHEMA, TABLES_SCHEMA, comparison};

/// Writes the schema to standard output.
pub fn run(of: SchemaOf) -> anyhow::Result<ExitCode> {
    let schema = match of {
        SchemaOf::Report => REPORT_SCHEMA.to_owned(),
        SchemaOf::Tables => TABLES_SCHEMA.to_owned(),
        SchemaOf::Rehearsal => REHEARSAL_SCHEMA.to_owned(),
        SchemaOf::Comparison => serde_json::to_string_pretty(&comparison()?)? + "\n",
    };
    std::io::stdout().lock().write_all(schema.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
