//! Puts a case among other records: `cargo run --release --example embed -- --out DIR CASE...` writes
//! every CASE (a folder with `logs/`) below DIR, with calls of others of the same days, accounts and
//! Regions in its logs.

#[allow(dead_code, reason = "this program compares nothing")]
mod alone;
#[path = "export/mod.rs"]
#[allow(dead_code, reason = "each program uses a part of the generator")]
mod export;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "embed", about = "Puts a case among records of other calls")]
struct Arguments {
    /// How many other records at least
    #[arg(long, default_value_t = 150_000)]
    records: usize,
    /// The same seed gives the same records
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where to write; a folder of the case's name is made below it
    #[arg(long)]
    out: PathBuf,
    /// Folders of cases, each with logs/
    #[arg(required = true)]
    cases: Vec<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let Arguments { records, seed, out, cases } = Arguments::parse();
    for case in cases {
        let name = case.file_name().with_context(|| format!("`{}`", case.display()))?;
        let made = alone::embed(&case, &out.join(name), records, seed)?;
        println!("{}: {made} other records", name.display());
    }
    Ok(())
}
