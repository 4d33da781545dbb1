//! A sample of a large export depends on which records there are and on nothing else; what is counted
//! is counted rightly; and an export that is small is kept whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

#[path = "../benches/export/mod.rs"]
#[allow(dead_code, reason = "the benches use the rest")]
mod export;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use export::volume::{Kind, Plan};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use trailwhy::chain::Knowledge;
use trailwhy::event::Event;
use trailwhy::ingest::{self, Budget, Ingested, Input, Options, Sorter};
use trailwhy::sampling::Sorts;

/// So little that a few thousand records are too many.
const SMALL: Budget = Budget {
    whole: 500,
    refused: 60,
    refused_each: 4,
    changes: 40,
    changes_each: 64,
    calls: 300,
    calls_each: 4,
    minutes: 900,
    surroundings: 200,
};

fn make(kind: Kind, seed: u64, folder: &Path) {
    let plan = Plan { kind, seed, bytes: 4_000_000, small_files: false };
    plan.write(folder).unwrap();
}

fn survey(folder: &Path, threads: usize, budget: &Budget) -> Ingested {
    let knowledge = Knowledge::default();
    let options = Options { threads: Some(threads), ..Options::default() };
    let inputs = [Input::Path(folder.to_owned())];
    ingest::survey(&inputs, &options, &Sorts::new(&knowledge), budget, &()).unwrap()
}

fn read(folder: &Path) -> Ingested {
    ingest::read(&[Input::Path(folder.to_owned())], &Options::default(), &()).unwrap()
}

fn records(folder: &Path) -> Vec<Value> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    let mut records = Vec::new();
    for file in files.filter(|path| path.extension().is_some_and(|e| e == "gz")) {
        let mut text = String::new();
        MultiGzDecoder::new(fs::read(file).unwrap().as_slice()).read_to_string(&mut text).unwrap();
        let mut body: Value = serde_json::from_str(&text).unwrap();
        records.append(body["Records"].as_array_mut().unwrap());
    }
    records
}

fn write(folder: &Path, name: &str, records: &[Value]) {
    let body = serde_json::to_vec(&json!({ "Records": records })).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&body).unwrap();
    fs::write(folder.join(name), encoder.finish().unwrap()).unwrap();
}

/// What a sample says, in a fixed order.
fn said(ingested: &Ingested) -> impl PartialEq + std::fmt::Debug + use<> {
    let sample = ingested.sample.as_ref().unwrap();
    let events: Vec<String> = ingested.events.iter().map(|e| e.id().to_owned()).collect();
    let all = 0..ingested.events.len();
    let surrounded: Vec<bool> = all.clone().map(|index| sample.is_surrounded(index)).collect();
    let judged: Vec<_> =
        all.filter(|i| sample.is_judged(*i)).map(|i| (i, sample.total([i]))).collect();
    (events, surrounded, judged, sample.records(), ingested.ledger.records)
}

#[test]
fn a_small_export_is_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 3, folder.path());
    let (read, survey) = (read(folder.path()), survey(folder.path(), 2, &Budget::default()));
    assert!(survey.sample.is_none());
    assert_eq!(read.events, survey.events);
    assert_eq!(read.ledger, survey.ledger);
}

#[test]
fn every_refused_call_is_counted_and_every_sort_of_them_judged() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 5, folder.path());
    let whole = read(folder.path());
    // As much as that export asks for.
    let budget = Budget { surroundings: 3_000, refused: 600, ..SMALL };
    let survey = survey(folder.path(), 2, &budget);
    let sample = survey.sample.as_ref().unwrap();
    assert!(survey.events.len() < whole.events.len());
    assert_eq!(sample.records(), whole.events.len() as u64);
    assert_eq!(survey.ledger.records, whole.ledger.records);

    let knowledge = Knowledge::default();
    let sorts = Sorts::new(&knowledge);
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for stratum in whole.events.iter().filter_map(|event| sorts.refused(event)) {
        *counts.entry(stratum).or_default() += 1;
    }
    assert!(counts.len() > 10, "{}", counts.len());
    let mut met = BTreeSet::new();
    for (index, event) in survey.events.iter().enumerate().filter(|(i, _)| sample.is_judged(*i)) {
        let stratum = sorts.refused(event).unwrap();
        assert_eq!(sample.total([index]).map(|total| total.count), counts.get(&stratum).copied());
        met.insert(stratum);
    }
    assert_eq!(met, counts.into_keys().collect());
}

#[test]
fn what_surrounds_a_refused_call_is_there() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 8, folder.path());
    let whole = read(folder.path());
    let survey = survey(folder.path(), 2, &Budget { surroundings: 3_000, ..SMALL });
    let knowledge = Knowledge::default();
    let links = |events: &[Event]| {
        let chains = trailwhy::chain::Chains::build(events, &knowledge);
        let id = |index: usize| events[index].id().to_owned();
        let parent = |index: usize| chains.link(index).map(|link| id(link.parent));
        (0..events.len()).map(|index| (id(index), parent(index))).collect::<BTreeMap<_, _>>()
    };
    let (all, some) = (links(&whole.events), links(&survey.events));
    let sample = survey.sample.as_ref().unwrap();
    let judged = (0..survey.events.len()).filter(|index| sample.is_judged(*index));
    let judged: Vec<&str> = judged.map(|index| survey.events[index].id()).collect();
    assert!(judged.len() > 20, "{}", judged.len());
    let (mut same, mut other) = (0, Vec::new());
    for id in judged {
        match all.get(id) == some.get(id) {
            true => same += 1,
            false => other.push((id, &all[id], &some[id])),
        }
    }
    // Calls that share no id with their parent are told by what else there is, which is less here.
    assert!(other.len() * 10 <= same, "{same} linked alike, others: {other:?}");
}

proptest! {
    #![proptest_config(Config { cases: 6, ..Config::default() })]

    #[test]
    fn neither_order_nor_files_nor_threads_matter(
        seed in 0_u64..1000,
        hard in any::<bool>(),
        mixed in any::<prop::sample::Index>(),
        files in 1_usize..12,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let delivered = folder.path().join("delivered");
        make(if hard { Kind::Hard } else { Kind::Typical }, seed, &delivered);
        let wanted = said(&survey(&delivered, 1, &SMALL));
        prop_assert_eq!(&said(&survey(&delivered, 3, &SMALL)), &wanted);

        // Dealt out to other files, which do not tell when they were delivered.
        let dealt: PathBuf = folder.path().join("dealt");
        fs::create_dir(&dealt).unwrap();
        let mut records = records(&delivered);
        let turn = mixed.index(records.len());
        records.rotate_left(turn);
        for file in 0..files {
            let part: Vec<Value> = records.iter().skip(file).step_by(files).cloned().collect();
            write(&dealt, &format!("{}.json.gz", 100 - file), &part);
        }
        prop_assert_eq!(&said(&survey(&dealt, 2, &SMALL)), &wanted);
    }
}
