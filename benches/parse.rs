//! Reading an export into events: inflating, finding the records, parsing what is kept, removing
//! copies; and its ratio to inflating alone.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use criterion::{Criterion, Throughput};
use export::volume::Kind;
use ground::{Ground, compare};
use trailwhy::ingest::{self, Input, Options};

fn read(ground: &Ground) -> anyhow::Result<usize> {
    let inputs = [Input::Path(ground.folder.join("AWSLogs"))];
    Ok(ingest::read(&inputs, &Options::default(), &())?.events.len())
}

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for kind in [Kind::Typical, Kind::Hard] {
        let ground = Ground::of(kind)?;
        let mut group = criterion.benchmark_group("parse");
        group.throughput(Throughput::Bytes(ground.bytes));
        group.bench_function(format!("{kind:?}"), |bench| {
            bench.iter(|| read(&ground).map(std::hint::black_box).is_ok());
        });
        group.finish();
        compare(&format!("parse {kind:?}"), 7, &ground, || read(&ground).map(drop))?;
    }
    criterion.final_summary();
    Ok(())
}
