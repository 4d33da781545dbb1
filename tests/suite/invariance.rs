//! The report depends on what was recorded and on nothing else: not on which file a record lies in,
//! what the files are called, in what order records and files come, or on how many threads read.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};

/// Samples with every kind of incident between them.
const SAMPLES: [&str; 6] = [
    "1-ebs-source-ip",
    "2-same-condition-other-services",
    "3-backup-vault-key",
    "4-kms-vpc-endpoint",
    "5-auto-scaling-own-key",
    "6-auto-scaling-other-account-key",
];

fn folder(sample: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample)
}

/// The records of a sample's delivery files, in the order of files and records.
fn records(sample: &str) -> Vec<Value> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder(sample).join("logs"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let mut records = Vec::new();
    for file in files {
        let mut text = String::new();
        MultiGzDecoder::new(fs::read(file).unwrap().as_slice()).read_to_string(&mut text).unwrap();
        let Ok(mut body) = serde_json::from_str::<Value>(&text) else { continue };
        if let Some(list) = body.get_mut("Records").and_then(Value::as_array_mut) {
            records.append(list);
        }
    }
    records
}

fn write(folder: &Path, name: &str, records: &[Value], packed: bool) {
    let body = serde_json::to_vec(&json!({ "Records": records })).unwrap();
    let body = match packed {
        true => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&body).unwrap();
            encoder.finish().unwrap()
        }
        false => body,
    };
    fs::write(folder.join(name), body).unwrap();
}

/// The report on a folder, from there, so that no path differs.
fn report(logs: &Path, sample: &str, policies: bool, threads: usize) -> String {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(logs).args(["analyze", ".", "--format", "json", "--exit-zero"]);
    command.args(["--threads", &threads.to_string()]);
    if policies {
        command.arg("--policies").arg(folder(sample).join("policies"));
        command.args(["--policies-as-of", "2027-01-01"]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a report says of the records, without what it says of the files they lay in.
fn answer(report: &str) -> Value {
    let report: Value = serde_json::from_str(report).unwrap();
    assert_ne!(report["incidents"], json!([]), "a report of nothing would prove nothing");
    let coverage = &report["coverage"];
    json!([
        report["incidents"],
        report["benign"],
        coverage["events"],
        coverage["span"],
        coverage["accounts"],
        coverage["regions"]
    ])
}

/// A small generator of numbers from a seed (xorshift64).
fn number(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 16) as usize
}

proptest! {
    #![proptest_config(Config { cases: 16, failure_persistence: None, ..Config::default() })]

    #[test]
    fn files_names_order_and_threads_do_not_matter(
        sample in 0..SAMPLES.len(),
        files in 1..40usize,
        seed in 1..u64::MAX,
        threads in 1..9usize,
        policies in any::<bool>(),
    ) {
        let sample = SAMPLES[sample];
        let records = records(sample);
        let whole = tempfile::tempdir().unwrap();
        write(whole.path(), "all.json", &records, false);
        let mut state = seed;
        let mut parts: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let names: Vec<String> =
            (0..files).map(|_| format!("{:x}-{:x}", number(&mut state), number(&mut state))).collect();
        for record in &records {
            let part = parts.entry(names[number(&mut state) % files].clone()).or_default();
            let place = number(&mut state) % (part.len() + 1);
            part.insert(place, record.clone());
        }
        let split = tempfile::tempdir().unwrap();
        for (name, part) in &parts {
            write(split.path(), name, part, number(&mut state).is_multiple_of(2));
        }
        prop_assert_eq!(
            answer(&report(split.path(), sample, policies, threads)),
            answer(&report(whole.path(), sample, policies, 1))
        );
    }
}

#[test]
fn other_names_and_threads_give_the_same_bytes() {
    for sample in SAMPLES {
        let records = records(sample);
        let size = records.len() / 7 + 1;
        let reports: Vec<String> = [("a", 1, false), ("zz-", 8, true), ("", 3, false)]
            .into_iter()
            .map(|(prefix, threads, backwards)| {
                let folder = tempfile::tempdir().unwrap();
                for (number, part) in records.chunks(size).enumerate() {
                    let number = if backwards { 90 - number } else { number };
                    write(folder.path(), &format!("{prefix}{number}.json.gz"), part, true);
                }
                report(folder.path(), sample, true, threads)
            })
            .collect();
        assert!(reports[0].contains("\"incidents\""));
        assert!(reports.iter().all(|report| *report == reports[0]), "{sample}");
    }
}
