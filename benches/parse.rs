//! Reading an export: inflating, finding the records, parsing them, removing copies; and the ratio of
//! each way of reading to inflating alone.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use criterion::{Criterion, Throughput};
use export::volume::Kind;
use ground::{Ground, compare};
use trailwhy::ingest::{self, Input, Needs, Options};

fn inputs(ground: &Ground) -> [Input; 1] {
    [Input::Path(ground.folder.join("AWSLogs"))]
}

/// Everything into memory.
fn read(ground: &Ground) -> anyhow::Result<usize> {
    Ok(ingest::read(&inputs(ground), &Options::default(), &())?.events.len())
}

/// Everything in order of time, each event forgotten after it was seen.
fn stream(ground: &Ground, needs: Option<Needs>) -> anyhow::Result<usize> {
    let options = Options { needs, ..Options::default() };
    let mut events = 0;
    ingest::stream(&inputs(ground), &options, &(), &mut |batch| events += batch.events.len())?;
    Ok(events)
}

/// As if no event were needed: what it costs to read every record and to account for it.
fn count(ground: &Ground) -> anyhow::Result<usize> {
    stream(ground, Some(|_| false))
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
        compare(&format!("read {kind:?}"), 7, &ground, || read(&ground).map(drop))?;
        compare(&format!("stream {kind:?}"), 7, &ground, || stream(&ground, None).map(drop))?;
        compare(&format!("count {kind:?}"), 7, &ground, || count(&ground).map(drop))?;
    }
    criterion.final_summary();
    Ok(())
}
