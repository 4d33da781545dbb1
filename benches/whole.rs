//! The whole of `trailwhy analyze`, as a user runs it: the program, from files to the JSON report,
//! and its ratio to inflating the same files in turns with it.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use std::process::{Command, Stdio};

use anyhow::ensure;
use criterion::{Criterion, Throughput};
use export::volume::Kind;
use ground::{Ground, compare};

fn analyze(ground: &Ground) -> anyhow::Result<()> {
    let status = Command::new(env!("CARGO_BIN_EXE_trailwhy"))
        .args(["analyze", "--quiet", "--format", "json", "--exit-zero", "--threads"])
        .arg(rayon::current_num_threads().to_string())
        .arg(ground.folder.join("AWSLogs"))
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "trailwhy ended with {status}");
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for kind in [Kind::Typical, Kind::Hard] {
        let ground = Ground::of(kind)?;
        let mut group = criterion.benchmark_group("whole");
        group.throughput(Throughput::Bytes(ground.bytes));
        group.bench_function(format!("{kind:?}"), |bench| {
            bench.iter(|| analyze(&ground).is_ok());
        });
        group.finish();
        compare(&format!("whole {kind:?}"), 7, &ground, || analyze(&ground))?;
    }
    criterion.final_summary();
    Ok(())
}
