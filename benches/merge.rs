//! Parts of an export, made by `trailwhy analyze --partial` and put together by `trailwhy merge`, as a
//! user runs them: how long that takes, how large the parts are, how much memory it needs.

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

/// Parts that an export is split into, unless `BENCH_PARTS` says otherwise.
const DEFAULT_PARTS: usize = 8;

/// How often the parts are merged.
const ROUNDS: usize = 5;

/// Makes the contribution of some files.
fn contribute(files: &[PathBuf], to: &Path) -> anyhow::Result<Option<u64>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command.args(["analyze", "--quiet", "--partial"]).arg(to).args(files);
    Ok(ground::run(&mut command)?.peak)
}

fn merge(parts: &[PathBuf]) -> anyhow::Result<Option<u64>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command.args(["merge", "--quiet", "--format", "json", "--exit-zero"]).args(parts);
    Ok(ground::run(&mut command)?.peak)
}

fn bytes(files: &[PathBuf]) -> anyhow::Result<u64> {
    files.iter().try_fold(0, |sum, file| Ok(sum + fs::metadata(file)?.len()))
}

fn measure(kind: Kind) -> anyhow::Result<()> {
    let ground = Ground::of(kind)?;
    let wanted = std::env::var("BENCH_PARTS").ok().and_then(|text| text.parse().ok());
    let count: usize = wanted.unwrap_or(DEFAULT_PARTS).max(1);
    let folder = ground.folder.join("parts");
    fs::create_dir_all(&folder)?;
    let mut parts = Vec::new();
    let (mut making, mut peak) = (Duration::ZERO, None);
    for files in ground.files.chunks(ground.files.len().div_ceil(count).max(1)) {
        let part = folder.join(format!("{}.part", parts.len()));
        making += timed(|| {
            peak = peak.max(contribute(files, &part)?);
            Ok(())
        })?;
        parts.push(part);
    }
    let (stored, size) = (bytes(&ground.files)?, bytes(&parts)?);
    let mut merging = Vec::new();
    let mut most = None;
    for _ in 0..ROUNDS {
        merging.push(timed(|| {
            most = most.max(merge(&parts)?);
            Ok(())
        })?);
    }
    println!(
        "merge {kind:?}: {} parts of {} MB made in {:.1} s, peak memory {}; {} of {} compressed input \
         ({:.2} %); merged to the report in {}, peak memory {}",
        parts.len(),
        ground.bytes / 1_000_000,
        making.as_secs_f64(),
        megabytes(peak),
        megabytes(Some(size)),
        megabytes(Some(stored)),
        size as f64 * 100.0 / stored as f64,
        Spread::of(merging),
        megabytes(most),
    );
    Ok(())
}

fn main() -> anyhow::Result<()> {
    [Kind::Typical, Kind::Hard].into_iter().try_for_each(measure)
}
