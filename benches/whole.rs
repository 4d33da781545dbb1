//! The whole of `trailwhy analyze`, as a user runs it: the program, from files to the JSON report,
//! and its ratio to inflating the same files in turns with it; then its peak memory, and of how many
//! records the report is.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use std::process::{Command, Stdio};

use anyhow::ensure;
use criterion::{Criterion, Throughput};
use export::volume::Kind;
use ground::{Ground, compare, megabytes};
use serde_json::Value;

fn command(ground: &Ground) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailwhy"));
    command
        .args(["analyze", "--quiet", "--format", "json", "--exit-zero", "--threads"])
        .arg(rayon::current_num_threads().to_string())
        .arg(ground.folder.join("AWSLogs"));
    command
}

fn analyze(ground: &Ground) -> anyhow::Result<()> {
    let status = command(ground).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "trailwhy ended with {status}");
    Ok(())
}

/// Says what memory it takes, and whether all records were analysed or a sample.
fn tell(name: &str, ground: &Ground) -> anyhow::Result<()> {
    let run = ground::run(&mut command(ground))?;
    let report: Value = serde_json::from_slice(&run.output)?;
    let count = |name: &str| report.pointer(&format!("/coverage/sample/{name}"))?.as_u64();
    let of = match (count("analysed"), count("of")) {
        (Some(analysed), Some(of)) => format!("a sample of {analysed} of {of} records"),
        _ => "all records".to_owned(),
    };
    println!("{name}: peak memory {}; {of} analysed", megabytes(run.peak));
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
        let name = format!("whole {kind:?}");
        compare(&name, 7, &ground, || analyze(&ground))?;
        tell(&name, &ground)?;
    }
    criterion.final_summary();
    Ok(())
}
