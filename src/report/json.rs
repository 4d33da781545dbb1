//! The report as JSON: the contract itself, printable anywhere.

use super::{Report, sanitize};

/// The report as one indented JSON document, ending in a line end.
///
/// Invisible characters are escaped, so that the document is safe to print on a terminal and reads
/// back the same.
///
/// # Errors
/// When a policy statement holds what JSON cannot (it never does: it was read from JSON).
pub fn render(report: &Report) -> serde_json::Result<String> {
    Ok(sanitize::json(&serde_json::to_string_pretty(report)?) + "\n")
}
