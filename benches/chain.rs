//! Building chains from events in memory: by kind of export, and by size, since no step may grow
//! faster than the records do.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use criterion::{BenchmarkId, Criterion, Throughput};
use export::volume::Kind;
use ground::Ground;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::event::Event;
use trailwhy::ingest::{self, Input, Options};

/// The sizes, in MB: each twice the one before.
const SIZES: [u64; 3] = [50, 100, 200];

fn events(ground: &Ground) -> anyhow::Result<Vec<Event>> {
    let inputs = [Input::Path(ground.folder.join("AWSLogs"))];
    Ok(ingest::read(&inputs, &Options::default(), &())?.events)
}

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let knowledge = Knowledge::default();
    for kind in [Kind::Typical, Kind::Hard] {
        let mut group = criterion.benchmark_group(format!("chain {kind:?}"));
        for megabytes in SIZES {
            let events = events(&Ground::sized(kind, megabytes)?)?;
            group.throughput(Throughput::Elements(events.len() as u64));
            group.bench_function(BenchmarkId::from_parameter(megabytes), |bench| {
                bench.iter(|| std::hint::black_box(Chains::build(&events, &knowledge)));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
