//! A case alone and the same among other records: putting it there, and what is then reported otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;
use trailwhy::ingest::{self, Input, Options};

use super::export::beside::Beside;

/// Copies a case (`logs/` and what lies beside it) to `to`, with other records in `logs/`; returns how
/// many those are.
pub fn embed(case: &Path, to: &Path, records: usize, seed: u64) -> anyhow::Result<usize> {
    let logs = case.join("logs");
    let read = ingest::read(&[Input::Path(logs.clone())], &Options::default(), &())?;
    let beside = Beside::new(&read.events, records, seed)
        .with_context(|| format!("no call in `{}`", logs.display()))?;
    for entry in walkdir::WalkDir::new(case) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(case)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(target)?,
            false => fs::copy(entry.path(), target).map(drop)?,
        }
    }
    Ok(beside.write(&to.join("logs/beside"))?)
}

/// What must be the same of an incident: a name, and where it stands in the report.
const SAME: &[(&str, &str)] = &[
    ("kind", "/kind"),
    ("root", "/root/event_id"),
    ("denied", "/denied/event_id"),
    ("layer", "/verdict/layer"),
    ("effect", "/verdict/effect"),
    ("change", "/change/event_id"),
    ("first fix", "/fixes/0/title"),
    ("count", "/count"),
    ("occurrences", "/occurrences"),
];

/// What is told otherwise among other records, a line each.
pub fn differences(alone: &Value, among: &Value) -> anyhow::Result<Vec<String>> {
    let (alone, among) = (incidents(alone)?, incidents(among)?);
    let mut lines = Vec::new();
    for (id, incident) in &alone {
        let Some(other) = among.get(id) else {
            lines.push(format!("{id}: not reported"));
            continue;
        };
        for (name, place) in SAME {
            let (one, other) = (incident.pointer(place), other.pointer(place));
            if one != other {
                lines.push(format!("{id}: {name}: {} -> {}", brief(one), brief(other)));
            }
        }
    }
    let new = among.keys().filter(|id| !alone.contains_key(*id));
    lines.extend(new.map(|id| format!("{id}: reported only among others")));
    Ok(lines)
}

fn incidents(report: &Value) -> anyhow::Result<BTreeMap<&str, &Value>> {
    let list =
        report.get("incidents").and_then(Value::as_array).context("no incidents in the report")?;
    let named: BTreeMap<&str, &Value> = list
        .iter()
        .filter_map(|incident| Some((incident.get("id")?.as_str()?, incident)))
        .collect();
    ensure!(named.len() == list.len(), "incidents without an id of their own");
    Ok(named)
}

fn brief(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
