//! The JSON Schema (draft 2020-12) of the report, kept as a file that people can read too.

/// The schema's text, as `trailwhy schema` prints it.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");
