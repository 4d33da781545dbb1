//! The JSON Schemas (draft 2020-12) of the report and of comparisons, kept as files that people can read too.

use serde_json::Value;

/// The schema's text, as `trailwhy schema` prints it.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

/// The schema of the tables, and of the file that lies beside them.
pub const TABLES_SCHEMA: &str = include_str!("tables.schema.json");

const COMPARISON_SCHEMA: &str = include_str!("comparison.schema.json");

/// The schema of what `compare` prints, with what it shares with the report.
///
/// # Errors
/// When one of the files is no JSON, which a test rules out.
pub fn comparison() -> serde_json::Result<Value> {
    let mut schema: Value = serde_json::from_str(COMPARISON_SCHEMA)?;
    let report: Value = serde_json::from_str(REPORT_SCHEMA)?;
    let shared = report.get("$defs").and_then(Value::as_object);
    if let Some(own) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in shared.into_iter().flatten() {
            own.entry(name.clone()).or_insert_with(|| definition.clone());
        }
    }
    Ok(schema)
}
