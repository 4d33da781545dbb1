//! What is too large to be held gives the same whatever its files are called, in whatever order and by
//! how many threads they are read, however little may wait in memory, and in whatever parts it is
//! read.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod folded_support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use tempfile::TempDir;
use trailwhy::chain::Knowledge;
use trailwhy::event::Event;
use trailwhy::fold::{self, Bounds};
use trailwhy::ingest::{self, Contribution, Input, Options, Streamed};

const SAMPLES: [&str; 3] = ["1-ebs-source-ip", "3-backup-vault-key", "5-auto-scaling-own-key"];

/// The records of the samples: reading them takes longer than most of what is tried with them.
static RECORDS: LazyLock<Vec<Vec<Value>>> =
    LazyLock::new(|| SAMPLES.iter().map(|sample| records(sample)).collect());

/// The records of a sample, in order of time.
fn records(sample: &str) -> Vec<Value> {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample).join("logs");
    let entries = walkdir::WalkDir::new(logs).sort_by_file_name().into_iter();
    let mut records = Vec::new();
    for entry in entries.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().is_file()) {
        let mut text = String::new();
        let bytes = fs::read(entry.path()).unwrap();
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        let mut body: Value = serde_json::from_str(&text).unwrap();
        if let Some(list) = body["Records"].as_array_mut() {
            records.append(list);
        }
    }
    records.sort_by_key(|record| record["eventTime"].as_str().unwrap().to_owned());
    records
}

fn write(folder: &Path, name: &str, records: &[&Value]) {
    let body = serde_json::to_vec(&json!({ "Records": records })).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&body).unwrap();
    fs::write(folder.join(name), encoder.finish().unwrap()).unwrap();
}

/// Deals records out among files whose names tell nothing.
fn deal(records: &[Value], deal: &[usize], files: usize) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in 0..files {
        let own =
            records.iter().enumerate().filter(|(at, _)| deal[at % deal.len()] % files == file);
        let own: Vec<&Value> = own.map(|(_, record)| record).collect();
        write(folder.path(), &format!("{file}.json.gz"), &own);
    }
    folder
}

/// Files as CloudTrail delivers them, with the times in their names; so many records in each.
fn deliver(records: &[Value], each: usize) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (number, own) in records.chunks(each).enumerate() {
        let last = own.last().unwrap()["eventTime"].as_str().unwrap();
        let stamp: String = last.chars().take(16).filter(|c| c.is_ascii_alphanumeric()).collect();
        let name = format!("111122223333_CloudTrail_us-east-1_{stamp}Z_{number:016}.json.gz");
        write(folder.path(), &name, &own.iter().collect::<Vec<_>>());
    }
    folder
}

fn ids(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.id().to_owned()).collect()
}

/// Ids in the order in which they are handed over, and how many records were kept and are copies.
fn streamed(folder: &Path, threads: usize, most: usize) -> (Vec<String>, u64, u64) {
    let options = Options { threads: Some(threads), ..Options::default() };
    let inputs = [Input::Path(folder.to_owned())];
    let mut handed = Vec::new();
    let mut each = |batch: ingest::Batch| {
        assert_eq!(batch.late.len(), 0);
        handed.append(&mut ids(&batch.events));
    };
    let streamed = ingest::whole_or_stream(&inputs, &options, most, &(), &mut each).unwrap();
    told(streamed, handed)
}

fn told(streamed: Streamed, handed: Vec<String>) -> (Vec<String>, u64, u64) {
    match streamed {
        Streamed::Whole(all) => {
            let records = all.ledger.records;
            (ids(&all.events), records.kept, records.duplicates)
        }
        Streamed::Batches(ledger) => (handed, ledger.records.kept, ledger.records.duplicates),
    }
}

fn part(folder: &Path, most: usize) -> Contribution {
    let inputs = [Input::Path(folder.to_owned())];
    let part = Contribution::gather(&inputs, &Options::default(), None, most, &()).unwrap();
    Contribution::decode(&part.encode().unwrap(), folder).unwrap()
}

/// Records around a place of a sample, some of them twice, dealt out.
fn export() -> impl Strategy<Value = (usize, usize, usize, Vec<usize>, Vec<usize>)> {
    let deal = prop::collection::vec(0..12_usize, 1..40);
    let twice = prop::collection::vec(0..200_usize, 0..20);
    (0..SAMPLES.len(), 0..1_000_usize, 20..200_usize, deal, twice)
}

fn taken(
    (sample, from, count, _, twice): &(usize, usize, usize, Vec<usize>, Vec<usize>),
) -> Vec<Value> {
    let all = &RECORDS[*sample];
    let from = from % all.len().saturating_sub(*count).max(1);
    let mut some: Vec<Value> = all.iter().skip(from).take(*count).cloned().collect();
    let copies: Vec<Value> = twice.iter().filter_map(|at| some.get(*at).cloned()).collect();
    some.extend(copies);
    some
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn events_come_in_order_however_they_lie(
        export in export(),
        files in 1..12_usize,
        most in 1..150_usize,
        threads in prop::sample::select(vec![1_usize, 2, 8]),
    ) {
        let records = taken(&export);
        let folder = deal(&records, &export.3, files);
        let inputs = [Input::Path(folder.path().to_owned())];
        let all = ingest::read(&inputs, &Options::default(), &()).unwrap();
        let wanted = (ids(&all.events), all.ledger.records.kept, all.ledger.records.duplicates);
        prop_assert_eq!(&streamed(folder.path(), threads, most), &wanted);
        let mut sorted = records;
        sorted.sort_by_key(|record| record["eventTime"].as_str().unwrap().to_owned());
        let delivered = deliver(&sorted, 1 + most / 2);
        prop_assert_eq!(&streamed(delivered.path(), threads, most), &wanted);
    }

    #[test]
    fn parts_give_what_one_reading_gives(
        export in export(),
        files in 1..12_usize,
        most in 1..150_usize,
        way in 0..3_usize,
    ) {
        let records = taken(&export);
        let folder = deal(&records, &export.3, files);
        let wanted = streamed(folder.path(), 2, most);
        // By account, by hour, and any other way.
        let key = |at: usize, record: &Value| match way {
            0 => record["recipientAccountId"].as_str().unwrap_or_default().to_owned(),
            1 => record["eventTime"].as_str().unwrap().chars().take(13).collect(),
            _ => (export.3[at % export.3.len()] % 5).to_string(),
        };
        let mut cuts: std::collections::BTreeMap<String, Vec<Value>> = Default::default();
        for (at, record) in records.iter().enumerate() {
            cuts.entry(key(at, record)).or_default().push(record.clone());
        }
        let parts: Vec<Contribution> = cuts
            .values()
            .map(|records| part(deal(records, &export.3, files).path(), most))
            .collect();
        let mut handed = Vec::new();
        let mut each = |batch: ingest::Batch| handed.append(&mut ids(&batch.events));
        let (early, late) = parts.split_at(parts.len() / 2);
        let early = Contribution::merge(&mut early.iter().cloned().map(Ok)).unwrap();
        let late = late.iter().cloned().chain([early]);
        let streamed = ingest::conclude(&mut late.map(Ok), most, &mut each).unwrap();
        prop_assert_eq!(told(streamed, handed), wanted);
    }
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_report_is_the_same_however_the_records_lie(
        sample in 0..SAMPLES.len(),
        from in 0..1_000_usize,
        cards in prop::collection::vec(0..12_usize, 1..40),
        files in 2..12_usize,
        step in 20..120_usize,
    ) {
        let all = &RECORDS[sample];
        let from = from % all.len().saturating_sub(400).max(1);
        let records: Vec<Value> = all.iter().skip(from).take(400).cloned().collect();
        let knowledge = Knowledge::default();
        let bounds = Bounds {
            whole: 50,
            step,
            ahead: step / 2,
            behind: step,
            quiet: 2 * step,
            ..Bounds::default()
        };
        let incidents = |read: fold::Read| {
            let fold::Read::Folded(export) = read else { panic!("was held whole") };
            let fold::Export { events, chains, folded, ledger, .. } = *export;
            folded_support::report(&events, &chains, Some(&folded), &ledger)["incidents"].clone()
        };
        let read = |folder: &Path, threads: usize| {
            let options = Options { threads: Some(threads), ..Options::default() };
            let inputs = [Input::Path(folder.to_owned())];
            incidents(fold::read(&inputs, &options, &knowledge, &bounds, &()).unwrap())
        };
        let delivered = deliver(&records, 30);
        let wanted = read(delivered.path(), 1);
        let dealt = deal(&records, &cards, files);
        prop_assert_eq!(&read(dealt.path(), 8), &wanted);
        prop_assert_eq!(&read(delivered.path(), 2), &wanted);
        let parts = (0..files).map(|file| {
            let own = records.iter().enumerate();
            let own = own.filter(|(at, _)| cards[at % cards.len()] % files == file);
            let own: Vec<Value> = own.map(|(_, record)| record.clone()).collect();
            Ok(part(deal(&own, &[0], 1).path(), 10))
        });
        let merged = fold::merge(&mut parts.rev(), &knowledge, &bounds).unwrap();
        prop_assert_eq!(&incidents(merged), &wanted);
    }
}
