//! Makes a realistic export of any size, to measure with:
//! `cargo run --release --example make-export -- --bytes 1GB --kind typical --out DIR`.

#[path = "export/mod.rs"]
#[allow(dead_code, reason = "the samples use what this program does not")]
mod export;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use export::volume::{Kind, Plan};

#[derive(Debug, Parser)]
#[command(name = "make-export", about = "Makes a realistic CloudTrail export of any size")]
struct Arguments {
    /// Uncompressed size to come close to, such as 300MB or 10GB
    #[arg(long, value_parser = bytes, default_value = "100MB")]
    bytes: u64,
    /// Nine tenths noise, or half service calls and one in twenty denied
    #[arg(long, value_enum, default_value = "typical")]
    kind: Sort,
    /// The same seed gives the same export
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Files of about 3 KB
    #[arg(long)]
    small_files: bool,
    /// Where to write; AWSLogs/ is made below it
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    Typical,
    Hard,
}

fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit = match text.trim_start_matches(digits) {
        "" | "B" => 1,
        "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        other => return Err(format!("unknown unit `{other}`: use KB, MB or GB")),
    };
    let number: f64 = digits.parse().map_err(|error| format!("`{digits}`: {error}"))?;
    Ok((number * f64::from(unit)) as u64)
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let kind = match arguments.kind {
        Sort::Typical => Kind::Typical,
        Sort::Hard => Kind::Hard,
    };
    let Arguments { bytes, seed, small_files, out, .. } = arguments;
    let begun = Instant::now();
    let made = Plan { kind, seed, bytes, small_files }.write(&out)?;
    println!(
        "{} files, {:.1} MB, {:.1} MB compressed, {:.1} s",
        made.files,
        made.bytes as f64 / 1e6,
        made.compressed as f64 / 1e6,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
