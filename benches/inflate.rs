//! The floor: inflating the files of an export, with the library and the threads the program uses.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use criterion::{Criterion, Throughput};
use export::volume::Kind;
use ground::Ground;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for kind in [Kind::Typical, Kind::Hard] {
        let ground = Ground::of(kind)?;
        let mut group = criterion.benchmark_group("inflate");
        group.throughput(Throughput::Bytes(ground.bytes));
        group.bench_function(format!("{kind:?}"), |bench| {
            bench.iter(|| ground::inflate(&ground.files).map(std::hint::black_box).is_ok());
        });
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
