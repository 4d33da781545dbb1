//! Whether a comparison tells the one thing that differs: 200 generated pairs of failures and successes
//! in which exactly one thing does, and 100 in which nothing does (`BENCH_PAIRS` says how many).

#![allow(clippy::indexing_slicing, reason = "a bench that meets the unexpected fails")]

#[path = "compared/mod.rs"]
mod pairs;

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked = std::env::var("BENCH_PAIRS").ok().and_then(|text| text.parse().ok());
    let count: u64 = asked.unwrap_or(200);
    let folder = tempfile::tempdir()?;
    let binary = Path::new(env!("CARGO_BIN_EXE_trailwhy"));
    let found = pairs::measure(binary, folder.path(), count, count / 2)?;
    for miss in &found.misses {
        println!("{miss}");
    }
    println!(
        "first {} and among the first three {} of {}",
        found.first, found.among_three, found.pairs
    );
    println!("nothing claimed in {} of {} in which nothing differs", found.silent, found.alike);
    Ok(())
}
