//! Every case among at least 150,000 records of other calls of the same days, accounts and Regions
//! gives the incidents that it gives alone: prints what differs, and fails where anything does.
//! `BENCH_CASES` is a folder of cases (else the samples), `BENCH_RECORDS` the number of other records,
//! `BENCH_KEEP` a folder to leave the embedded cases in, for other measurements.

mod alone;
#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

const RECORDS: usize = 150_000;

fn report(folder: &Path) -> anyhow::Result<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command.args(["analyze", "--quiet", "--whole", "--format", "json", "--exit-zero"]);
    let policies = folder.join("policies");
    if policies.is_dir() && std::env::var_os("BENCH_POLICIES").is_some() {
        command.arg("--policies").arg(policies);
    }
    let run = command.arg(folder.join("logs")).output()?;
    ensure!(run.status.success(), "`{}`: {}", folder.display(), run.status);
    Ok(serde_json::from_slice(&run.stdout)?)
}

fn main() -> anyhow::Result<()> {
    let setting = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let samples = || Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let cases = setting("BENCH_CASES").unwrap_or_else(samples);
    let records = std::env::var("BENCH_RECORDS").ok().and_then(|text| text.parse().ok());
    let records = records.unwrap_or(RECORDS);
    let kept = setting("BENCH_KEEP");
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut folders: Vec<PathBuf> = fs::read_dir(&cases)
        .with_context(|| format!("`{}`", cases.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("logs").is_dir())
        .collect();
    folders.sort();
    let mut differing = 0;
    for case in &folders {
        let name = case.file_name().unwrap_or_default();
        let among = kept.as_deref().unwrap_or(scratch.path()).join(name);
        let made = match among.exists() {
            true => 0,
            false => alone::embed(case, &among, records, 1)?,
        };
        let lines = alone::differences(&report(case)?, &report(&among)?)?;
        println!("{}: {made} records beside it, {} differences", name.display(), lines.len());
        lines.iter().for_each(|line| println!("    {line}"));
        differing += usize::from(!lines.is_empty());
        if kept.is_none() {
            fs::remove_dir_all(&among)?;
        }
    }
    ensure!(differing == 0, "{differing} of {} are told otherwise among others", folders.len());
    println!("{} told alike", folders.len());
    Ok(())
}
