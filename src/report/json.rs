//! The report as JSON: the contract itself, printable anywhere.

use serde_json::Value;

use super::{Report, sanitize};

/// The report as one indented JSON document, ending in a line end.
///
/// Invisible characters are escaped, so that the document is safe to print on a terminal and reads
/// back the same.
///
/// # Errors
/// When a policy statement holds what JSON cannot (it never does: it was read from JSON).
pub fn render(report: &Report) -> serde_json::Result<String> {
    // Where ids repeat, records are told apart by "#2", "#3" behind them; the contract's ids are those of
    // the records.
    if report.coverage.blind_spots.iter().any(|spot| spot.kind == "ids_repeat") {
        let mut value = serde_json::to_value(report)?;
        as_recorded(&mut value, false);
        return Ok(ended(serde_json::to_string_pretty(&value)?));
    }
    Ok(ended(serde_json::to_string_pretty(report)?))
}

/// The text, made safe to print, with a line end. Most texts are safe, and a long one is not copied.
fn ended(mut text: String) -> String {
    if !sanitize::is_plain(&text) {
        text = sanitize::json(&text);
    }
    text.push('\n');
    text
}

/// Takes the number off every id of an event.
fn as_recorded(value: &mut Value, is_id: bool) {
    match value {
        Value::String(id) if is_id => {
            if let Some((recorded, number)) = id.rsplit_once('#')
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
            {
                *id = recorded.to_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| as_recorded(value, is_id)),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| {
            let names_events = name.ends_with("event_id") || name.ends_with("event_ids");
            as_recorded(value, names_events || name == "tied_with");
        }),
        _ => {}
    }
}
