//! Exports that have very much of one thing, each at a size and at twice the size: time and peak
//! memory of the whole analysis, and how much more the double takes. Nothing may grow faster than
//! the records do.
//!
//! `GROWTH=16` divides all sizes by 16, `GROWTH_ONLY=roots` runs one kind, and `GROWTH_BIN` names
//! another program to compare with.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;
mod many;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use many::{SORTS, Sort};
use serde_json::{Value, json};

const PER_FILE: usize = 10_000;

/// Writes an export of a sort, unless it is there.
fn export_of(sort: &Sort, many: usize) -> anyhow::Result<PathBuf> {
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("growth-{}-{many}", sort.name));
    let done = folder.join("done");
    let logs = folder.join("logs");
    if !done.exists() {
        fs::create_dir_all(&logs)?;
        for (n, records) in (sort.records)(many).chunks(PER_FILE).enumerate() {
            let file = fs::File::create(logs.join(format!("{n:04}.json.gz")))?;
            let mut writing = GzEncoder::new(file, Compression::fast());
            writing.write_all(json!({ "Records": records }).to_string().as_bytes())?;
            writing.finish()?.flush()?;
        }
        fs::write(&done, "")?;
    }
    Ok(logs)
}

/// What one analysis took.
struct Taken {
    time: Duration,
    peak: Option<u64>,
    incidents: usize,
}

fn analyze(logs: &Path) -> anyhow::Result<Taken> {
    let program = std::env::var("GROWTH_BIN");
    let mut command = Command::new(program.unwrap_or(env!("CARGO_BIN_EXE_trailwhy").to_owned()));
    command.args(["analyze", "--whole", "--quiet", "--format", "json", "--exit-zero"]).arg(logs);
    let begun = Instant::now();
    let run = ground::run(&mut command)?;
    let time = begun.elapsed();
    let report: Value = serde_json::from_slice(&run.output).context("the report is no JSON")?;
    let incidents = report.get("incidents").and_then(Value::as_array).map_or(0, Vec::len);
    Ok(Taken { time, peak: run.peak, incidents })
}

fn main() -> anyhow::Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let divisor = number("GROWTH").unwrap_or(1).max(1);
    let only = std::env::var("GROWTH_ONLY").ok();
    println!("| export | size | time | memory | double: time | memory | ratio | incidents |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for sort in SORTS.iter().filter(|sort| only.as_deref().is_none_or(|only| only == sort.name)) {
        let many = sort.many / divisor;
        let once = analyze(&export_of(sort, many)?)?;
        let twice = analyze(&export_of(sort, 2 * many)?)?;
        println!(
            "| {} | {many} | {:.2} s | {} | {:.2} s | {} | {:.2} | {}, {} |",
            sort.name,
            once.time.as_secs_f64(),
            ground::megabytes(once.peak),
            twice.time.as_secs_f64(),
            ground::megabytes(twice.peak),
            twice.time.as_secs_f64() / once.time.as_secs_f64(),
            once.incidents,
            twice.incidents,
        );
    }
    Ok(())
}
