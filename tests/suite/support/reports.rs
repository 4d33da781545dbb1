//! The sample reports, and one in which every text is hostile.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use trailwhy::report::Report;

/// Name and report of every file in `tests/data/report`, by name.
pub fn samples() -> Vec<(String, Report)> {
    sample_values()
        .into_iter()
        .map(|(name, value)| (name, serde_json::from_value(value).unwrap()))
        .collect()
}

/// The same as JSON values.
pub fn sample_values() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/report");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())
        })
        .collect()
}

/// What an attacker would put wherever the log lets him.
pub const HOSTILE: [&str; 8] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31m\u{202e}txt.exe\u{2066}",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![y](http://tracker.example/p.png)",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "a|b\r\n| c | d |\n```\n# heading\n@everyone",
    "$(touch /tmp/x) `id` '; rm -rf /; '",
    "\u{200b}\u{feff}zero\u{2060}width",
];

/// The first sample with every free text replaced: words of the contract, ids and times stay.
pub fn hostile() -> Report {
    let (_, mut value) =
        sample_values().into_iter().find(|(name, _)| name == "ebs-source-ip").unwrap();
    let mut count = 0;
    poison(&mut value, &mut count);
    let mut report: Report = serde_json::from_value(value).unwrap();
    let incident = &mut report.incidents[0];
    incident.root.as_mut().unwrap().principal_arn = Some("M".repeat(1_000_000));
    incident.comparison.factors[0].value = "user agent ".repeat(100_000);
    incident.verdict.explanation.push_str(&"x".repeat(1_000_000));
    report
}

const FIXED: [&str; 18] = [
    "schema",
    "name",
    "version",
    "kind",
    "outcome",
    "caller_kind",
    "layer",
    "effect",
    "certainty",
    "first_seen",
    "last_seen",
    "time",
    "event_time",
    "first",
    "last",
    "reason",
    "witness",
    "denied_request",
];

fn poison(value: &mut Value, count: &mut usize) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let layers =
                    ["speaks_for", "speaks_against", "unchecked_layers"].contains(&name.as_str());
                if !layers && !FIXED.contains(&name.as_str()) {
                    poison(field, count);
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| poison(part, count)),
        Value::String(text) => {
            *text = format!("{text}{}", HOSTILE[*count % HOSTILE.len()]);
            *count += 1;
        }
        _ => {}
    }
}
