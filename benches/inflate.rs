//! The floor: inflating the files of an export, with the library and the threads the program uses for
//! whatever comes, and with the one it uses for small files that are sound.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;
#[allow(dead_code, reason = "each bench uses a part of its ground")]
mod ground;

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use criterion::{Criterion, Throughput};
use export::volume::Kind;
use ground::Ground;
use libdeflater::Decompressor;
use rayon::prelude::*;

/// Inflates every file at once, in parallel, and keeps nothing.
fn at_once(files: &[PathBuf]) -> anyhow::Result<u64> {
    files
        .par_iter()
        .map_init(
            || (Decompressor::new(), Vec::new()),
            |(inflating, text), path| {
                let stored = fs::read(path)?;
                let length = *stored.last_chunk().context("no gzip file")?;
                text.resize(u32::from_le_bytes(length) as usize, 0);
                Ok(inflating.gzip_decompress(&stored, text)? as u64)
            },
        )
        .try_reduce(|| 0, |one, other| Ok(one + other))
}

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for kind in [Kind::Typical, Kind::Hard] {
        let ground = Ground::of(kind)?;
        let mut group = criterion.benchmark_group("inflate");
        group.throughput(Throughput::Bytes(ground.bytes));
        group.bench_function(format!("{kind:?}"), |bench| {
            bench.iter(|| ground::inflate(&ground.files).map(std::hint::black_box).is_ok());
        });
        group.bench_function(format!("{kind:?} at once"), |bench| {
            bench.iter(|| at_once(&ground.files).map(std::hint::black_box).is_ok());
        });
        group.finish();
        ground::compare(&format!("inflate {kind:?} at once"), 7, &ground, || {
            at_once(&ground.files).map(drop)
        })?;
    }
    criterion.final_summary();
    Ok(())
}
