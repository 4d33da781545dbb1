//! What the benches stand on: exports made once and kept, inflating as the floor every other time
//! is compared with, and medians of alternating runs.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use flate2::bufread::MultiGzDecoder;
use rayon::prelude::*;

use super::export::volume::{Kind, Plan};

/// An export on disk.
#[derive(Debug)]
pub struct Ground {
    /// Its folder.
    pub folder: PathBuf,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Its uncompressed size.
    pub bytes: u64,
}

/// How many MB to measure with, unless `BENCH_MB` says otherwise.
const DEFAULT_MB: u64 = 200;

impl Ground {
    /// The export of a kind, of the size the environment asks for; made if it is not there.
    pub fn of(kind: Kind) -> anyhow::Result<Ground> {
        let wanted = std::env::var("BENCH_MB").ok().and_then(|text| text.parse().ok());
        let megabytes = wanted.unwrap_or(DEFAULT_MB);
        Ground::sized(kind, megabytes)
    }

    /// The export of a kind and size.
    pub fn sized(kind: Kind, megabytes: u64) -> anyhow::Result<Ground> {
        let name = format!("export-{kind:?}-{megabytes}").to_lowercase();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let done = folder.join("done");
        if !done.exists() {
            let plan = Plan { kind, seed: 1, bytes: megabytes * 1_000_000, small_files: false };
            plan.write(&folder).with_context(|| format!("`{}`", folder.display()))?;
            fs::write(&done, "")?;
        }
        let mut files: Vec<PathBuf> = walkdir::WalkDir::new(&folder)
            .into_iter()
            .filter_map(Result::ok)
            .map(walkdir::DirEntry::into_path)
            .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
            .collect();
        files.sort();
        let bytes = inflate(&files)?;
        Ok(Ground { folder, files, bytes })
    }
}

/// Inflates every file, in parallel, and keeps nothing: the floor.
pub fn inflate(files: &[PathBuf]) -> anyhow::Result<u64> {
    files
        .par_iter()
        .map_init(
            || vec![0_u8; 256 * 1024],
            |window, path| {
                let stored = fs::read(path)?;
                let mut inflating = MultiGzDecoder::new(stored.as_slice());
                let mut bytes = 0;
                loop {
                    match inflating.read(window)? {
                        0 => return Ok(bytes),
                        read => bytes += read as u64,
                    }
                }
            },
        )
        .try_reduce(|| 0, |one, other| Ok(one + other))
}

/// Runs two things in turns, so that both meet the same machine, and says how they compare: in time
/// that passed, and in time that processors worked, which a busy machine changes less.
pub fn compare(
    name: &str,
    rounds: usize,
    ground: &Ground,
    mut work: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (mut floor, mut whole) = (Vec::new(), Vec::new());
    let (mut floor_ticks, mut whole_ticks) = (0, 0);
    for _ in 0..rounds {
        let begun = ticks();
        floor.push(timed(|| inflate(&ground.files).map(drop))?);
        let between = ticks();
        whole.push(timed(&mut work)?);
        floor_ticks += between - begun;
        whole_ticks += ticks() - between;
    }
    let (floor, whole) = (Spread::of(floor), Spread::of(whole));
    println!(
        "{name}: {whole}; inflating only: {floor}; ratio of the medians {:.2}, of processor time {:.2}; {} MB in {} files, {} threads",
        whole.median.as_secs_f64() / floor.median.as_secs_f64(),
        whole_ticks as f64 / floor_ticks as f64,
        ground.bytes / 1_000_000,
        ground.files.len(),
        rayon::current_num_threads(),
    );
    Ok(())
}

/// What a program that ran to its end said, and the most memory it had, in bytes; `None` where the
/// system does not tell.
#[derive(Debug)]
pub struct Run {
    /// Standard output.
    pub output: Vec<u8>,
    /// The peak of its resident set.
    pub peak: Option<u64>,
}

/// Runs a program and watches its memory.
pub fn run(command: &mut Command) -> anyhow::Result<Run> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut said = child.stdout.take().context("no standard output")?;
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        said.read_to_end(&mut output).map(|_| output)
    });
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    let ended = loop {
        // The system keeps the peak itself, but no longer tells it once the program has ended.
        peak = peak.max(fs::read_to_string(&status).ok().as_deref().and_then(high_water));
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        thread::sleep(Duration::from_millis(2));
    };
    ensure!(ended.success(), "{:?} ended with {ended}", command.get_program());
    let output = reader.join().map_err(|_| anyhow!("nobody read standard output"))??;
    Ok(Run { output, peak })
}

/// `VmHWM` of proc(5), `/proc/pid/status`: in kB.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok().map(|kilobytes: u64| kilobytes * 1024)
}

/// Bytes, for a person.
pub fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or("unknown".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6))
}

/// Processor time of this program and of those it ran and waited for, in ticks of the system clock
/// (proc(5), `/proc/pid/stat`); 0 where there is no such file.
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold blanks; `utime` to `cstime` are the twelfth to
    // fifteenth behind it.
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    behind.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// How long something takes.
pub fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

/// Median and extremes of some runs.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    median: Duration,
    least: Duration,
    most: Duration,
}

impl Spread {
    /// Of the times of the runs.
    pub fn of(mut times: Vec<Duration>) -> Spread {
        times.sort();
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        Spread { median: at(times.len() / 2), least: at(0), most: at(times.len().max(1) - 1) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, least, most] =
            [self.median, self.least, self.most].map(|time| time.as_secs_f64() * 1000.0);
        write!(out, "{median:.0} ms ({least:.0} to {most:.0})")
    }
}
