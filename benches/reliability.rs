//! How far the confidences of verdicts can be believed: the Brier score and a table of what was said
//! beside what was true, over exports whose truth is known.
//!
//! `BENCH_CASES` names the folder of cases (else `../shared/cases`): each has `logs/` and `truth.json`,
//! whose incidents list their denied calls and the acceptable layers. Without the folder nothing is
//! measured. `BENCH_WEIGHTS=1` also prints, for every number of linking, in how many cases a link
//! changes without it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;
use trailwhy::chain::{Chains, Knowledge, Weights};
use trailwhy::ingest::{self, Input, Options};

/// Lower ends of the rows of the table.
const BINS: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 0.9];

/// A verdict: how sure it was, whether the layer was right, and for what share of an incident it stands.
struct Judged {
    said: f64,
    is_right: bool,
    share: f64,
}

fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn cases() -> Vec<PathBuf> {
    let folder = std::env::var_os("BENCH_CASES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases"),
        PathBuf::from,
    );
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|case| case.join("truth.json").is_file())
        .collect();
    cases.sort();
    cases
}

fn report(case: &Path) -> anyhow::Result<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command.args(["analyze", "--format", "json", "--exit-zero"]).arg(case.join("logs"));
    let output = command.output().context("the program does not run")?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The denied calls of a reported incident.
fn denied(incident: &Value) -> impl Iterator<Item = &str> {
    list(incident, "occurrences").iter().map(|one| text(one, "denied_event_id"))
}

/// The verdicts on the incidents of a case, each weighed by the share of the incident it covers.
fn judged(truth: &Value, report: &Value) -> Vec<Judged> {
    let mut found = Vec::new();
    for incident in list(truth, "incidents").iter().filter(|one| text(one, "kind") != "ghost") {
        let pairs = list(incident, "pairs");
        let covered = |reported: &Value| {
            let is_its = |id: &&str| pairs.iter().any(|pair| text(pair, "denied") == *id);
            denied(reported).filter(|id| !id.is_empty()).filter(is_its).count()
        };
        let reported = list(report, "incidents").iter().map(|one| (one, covered(one)));
        let reported: Vec<(&Value, usize)> = reported.filter(|(_, count)| *count > 0).collect();
        let all: usize = reported.iter().map(|(_, count)| count).sum();
        let whole = all.max(pairs.len()) as f64;
        for (one, count) in reported {
            let verdict = one.get("verdict").unwrap_or(&Value::Null);
            let layer = verdict.get("layer").and_then(Value::as_str).unwrap_or("unknown");
            let Some(said) = verdict.get("confidence").and_then(Value::as_f64) else { continue };
            let is_right = list(incident, "layers_acceptable").iter().any(|right| right == layer);
            found.push(Judged { said, is_right, share: count as f64 / whole });
        }
    }
    found
}

fn print(all: &[Judged]) {
    let total: f64 = all.iter().map(|one| one.share).sum();
    let right = |one: &Judged| f64::from(u8::from(one.is_right));
    let apart = |one: &Judged| one.share * (one.said - right(one)).powi(2);
    println!(
        "Brier score {:.3} over {total:.1} incidents",
        all.iter().map(apart).sum::<f64>() / total
    );
    println!("| confidence | incidents | said | was right |\n|---|---|---|---|");
    for (at, low) in BINS.iter().enumerate() {
        let high = BINS.get(at + 1).copied().unwrap_or(f64::INFINITY);
        let row: Vec<&Judged> = all.iter().filter(|j| (*low..high).contains(&j.said)).collect();
        let weight: f64 = row.iter().map(|one| one.share).sum();
        if weight > 0.0 {
            let said = row.iter().map(|one| one.share * one.said).sum::<f64>() / weight;
            let was = row.iter().map(|one| one.share * right(one)).sum::<f64>() / weight;
            let high = high.min(1.0);
            println!("| {low:.1} to {high:.1} | {weight:.1} | {said:.3} | {was:.3} |");
        }
    }
}

/// In how many cases a link changes without each number.
fn ablate(cases: &[PathBuf]) -> anyhow::Result<()> {
    let without: Vec<(&str, Knowledge)> = Weights::NAMES
        .iter()
        .filter_map(|name| Some((*name, Weights::without(name)?)))
        .map(|(name, weights)| (name, Knowledge::default().with_weights(weights)))
        .collect();
    let mut changed: BTreeMap<&str, usize> = without.iter().map(|(name, _)| (*name, 0)).collect();
    for case in cases {
        let inputs = [Input::Path(case.join("logs"))];
        let events = ingest::read(&inputs, &Options::default(), &())?.events;
        let links = |knowledge: &Knowledge| -> Vec<Option<(usize, f64, usize)>> {
            let chains = Chains::build(&events, knowledge);
            let link = |at| chains.link(at).map(|l| (l.parent, l.confidence, l.tied_with.len()));
            (0..events.len()).map(link).collect()
        };
        let whole = links(&Knowledge::default());
        for (name, knowledge) in &without {
            *changed.entry(name).or_default() += usize::from(links(knowledge) != whole);
        }
    }
    println!("\n| without | cases in which a link changes, of {} |\n|---|---|", cases.len());
    changed.iter().for_each(|(name, count)| println!("| {name} | {count} |"));
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let cases = cases();
    if cases.is_empty() {
        println!("no cases: name their folder in BENCH_CASES");
        return Ok(());
    }
    let mut all = Vec::new();
    for case in &cases {
        let truth: Value = serde_json::from_slice(&fs::read(case.join("truth.json"))?)?;
        all.extend(judged(&truth, &report(case)?));
    }
    print(&all);
    if std::env::var_os("BENCH_WEIGHTS").is_some() { ablate(&cases) } else { Ok(()) }
}
