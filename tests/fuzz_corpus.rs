//! The corpus of the fuzzer, through the functions that it runs: what it found once is tried with every run
//! of the tests. A file that made a target fail is put there with what mends it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected fails"
)]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_corpus_makes_no_target_fail() {
    for (name, target) in targets::TARGETS {
        let files = below(&corpus().join(name));
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            // A panic shows the file that it was met in.
            println!("{}", file.display());
            target(&fs::read(&file).unwrap());
        }
    }
}

#[test]
fn every_folder_is_of_a_target() {
    let known: BTreeSet<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    for folder in below(&corpus()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(known.contains(&*name), "{name} is no target");
    }
    for name in known {
        let file = corpus().join(format!("../fuzz_targets/{name}.rs"));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(&format!("targets::{name}(data)")), "{name} runs another target");
    }
}

/// What the targets hold against each other must be met, or they would hold nothing.
#[test]
fn the_corpus_reaches_what_it_is_for() {
    let read = |name: &str| -> Vec<Vec<u8>> {
        below(&corpus().join(name)).iter().map(|file| fs::read(file).unwrap()).collect()
    };
    let events = |name: &str| -> usize {
        let window = trailwhy::ingest::trial::WINDOW;
        let read = read(name);
        read.iter()
            .map(|file| trailwhy::ingest::trial::outcome(file, window, true).events.len())
            .sum()
    };
    for name in ["envelopes", "csv", "gzip", "scanner"] {
        assert!(events(name) > 0, "no file of {name} holds an event");
    }
    let text = |file: &Vec<u8>| String::from_utf8_lossy(file).into_owned();
    let policies = read("policies").iter().map(text).collect::<Vec<_>>();
    assert!(policies.iter().any(|one| trailwhy::iam::Policy::parse(one).is_ok()));
    let parts = read("part_files");
    assert!(parts.iter().any(|one| trailwhy::ingest::trial::opened(one).is_some()));
    let made = read("parts");
    let is_read = |data: &Vec<u8>| {
        let (length, rest) = data.split_first_chunk::<2>().unwrap();
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        trailwhy::ingest::trial::part(&rest[..length], &rest[length..]).is_ok()
    };
    assert!(made.iter().any(is_read), "no part can be read");
}
