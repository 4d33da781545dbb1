//! An export cut by `trailwhy plan`, its parts made by `trailwhy analyze --partial` and put together by
//! `trailwhy merge`, as a user runs them, against one reading: how long that takes, how large the parts are,
//! how much memory it needs.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use export::volume::Kind;
use ground::{Ground, Spread, megabytes, timed};

/// Into how many parts an export is cut, unless `BENCH_PARTS` says otherwise: `1,8,64`.
const DEFAULT_PARTS: [usize; 3] = [1, 8, 64];

/// How often the parts are merged.
const ROUNDS: usize = 3;

fn trailwhy(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command.args(arguments);
    command
}

/// The lines of a plan, each in a file of its own.
fn plan(export: &Path, count: usize, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let count = count.to_string();
    let output = trailwhy(&["plan", "--quiet", "--parts", &count]).arg(export).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    let mut files = Vec::new();
    for line in lines.lines() {
        let file = folder.join(format!("{}.jsonl", files.len()));
        fs::write(&file, line)?;
        files.push(file);
    }
    Ok(files)
}

/// Makes the contribution of the files of a line.
fn contribute(line: &Path, to: &Path) -> anyhow::Result<Option<u64>> {
    let mut command = trailwhy(&["analyze", "--quiet", "--files-from"]);
    Ok(ground::run(command.arg(line).arg("--partial").arg(to))?.peak)
}

fn merge(parts: &[PathBuf]) -> anyhow::Result<Option<u64>> {
    let mut command = trailwhy(&["merge", "--quiet", "--format", "json", "--exit-zero"]);
    Ok(ground::run(command.args(parts))?.peak)
}

fn one_reading(export: &Path) -> anyhow::Result<Option<u64>> {
    let mut command = trailwhy(&["analyze", "--quiet", "--format", "json", "--exit-zero"]);
    Ok(ground::run(command.arg(export))?.peak)
}

fn bytes(files: &[PathBuf]) -> anyhow::Result<u64> {
    files.iter().try_fold(0, |sum, file| Ok(sum + fs::metadata(file)?.len()))
}

fn counts() -> Vec<usize> {
    let wanted = std::env::var("BENCH_PARTS").unwrap_or_default();
    let wanted: Vec<usize> =
        wanted.split(',').filter_map(|text| text.trim().parse().ok()).collect();
    if wanted.is_empty() { DEFAULT_PARTS.into() } else { wanted }
}

fn measure(kind: Kind) -> anyhow::Result<()> {
    let ground = Ground::of(kind)?;
    let export = ground.folder.join("AWSLogs");
    let stored = bytes(&ground.files)?;
    let mut peak = None;
    let reading = timed(|| {
        peak = one_reading(&export)?;
        Ok(())
    })?;
    println!(
        "merge {kind:?}: {} MB, {} compressed; one reading {:.1} s, peak memory {}",
        ground.bytes / 1_000_000,
        megabytes(Some(stored)),
        reading.as_secs_f64(),
        megabytes(peak),
    );
    for count in counts() {
        in_parts(&export, stored, count)?;
    }
    Ok(())
}

fn in_parts(export: &Path, stored: u64, count: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let lines = plan(export, count, folder.path())?;
    let mut parts = Vec::new();
    let (mut making, mut longest, mut peak) = (Duration::ZERO, Duration::ZERO, None);
    for line in &lines {
        let part = line.with_extension("part");
        let took = timed(|| {
            peak = peak.max(contribute(line, &part)?);
            Ok(())
        })?;
        (making, longest) = (making + took, longest.max(took));
        parts.push(part);
    }
    let size = bytes(&parts)?;
    let mut merging = Vec::new();
    let mut most = None;
    for _ in 0..ROUNDS {
        merging.push(timed(|| {
            most = most.max(merge(&parts)?);
            Ok(())
        })?);
    }
    println!(
        "  {} parts made in {:.1} s, the longest in {:.1} s, peak memory {}; {} ({:.1} % of the compressed \
         input); merged to the report in {}, peak memory {}",
        parts.len(),
        making.as_secs_f64(),
        longest.as_secs_f64(),
        megabytes(peak),
        megabytes(Some(size)),
        size as f64 * 100.0 / stored as f64,
        Spread::of(merging),
        megabytes(most),
    );
    Ok(())
}

fn main() -> anyhow::Result<()> {
    [Kind::Typical, Kind::Hard].into_iter().try_for_each(measure)
}
