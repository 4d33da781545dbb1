//! Somebody masks every event id of an export before sharing it: the same is found in it, and parts
//! of it still give the report of the whole.

use std::fs;
use std::io::Read;
use std::path::Path;

use assert_cmd::Command;
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

fn records(sample: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample).join("logs");
    let mut files: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let mut records = Vec::new();
    for file in files {
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        records.extend(file["Records"].as_array().cloned().unwrap_or_default());
    }
    records
}

fn run(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(folder).args(arguments).output().unwrap().stdout
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_slice(&run(folder, arguments)).unwrap()
}

/// What was found, without the ids of events and of what is named after them.
fn found(report: &Value) -> Vec<Value> {
    let incidents = report["incidents"].as_array().unwrap();
    let said = |incident: &Value| {
        json!([
            incident["kind"],
            incident["count"],
            incident["root"]["action"],
            incident["denied"]["action"],
            incident["verdict"]["layer"],
            incident["verdict"]["certainty"],
        ])
    };
    incidents.iter().map(said).collect()
}

#[test]
fn a_masked_export_shows_what_it_showed_before() {
    for sample in ["1-ebs-source-ip", "3-backup-vault-key", "5-auto-scaling-own-key"] {
        let records = records(sample);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for mask in ["…", "EXAMPLE", "0123abcd-4567-89ab-cdef-fedcba987654"] {
            let mut masked = records.clone();
            masked.iter_mut().for_each(|record| record["eventID"] = json!(mask));
            let third = masked.len() / 3;
            let write = |name: &str, records: &[Value]| {
                fs::write(folder.join(name), json!({ "Records": records }).to_string()).unwrap();
            };
            write("plain.json", &records);
            let parts = [&masked[..third], &masked[third..2 * third], &masked[2 * third..]];
            for (name, part) in ["a", "b", "c"].iter().zip(parts) {
                write(&format!("{name}.json"), part);
                let (part, file) = (format!("{name}.part"), format!("{name}.json"));
                run(folder, &["analyze", "--partial", &part, &file]);
            }
            let plain = report(folder, &["analyze", "--format", "json", "plain.json"]);
            let whole =
                report(folder, &["analyze", "--format", "json", "a.json", "b.json", "c.json"]);
            let counts = |report: &Value| report["coverage"]["events"].clone();
            assert_eq!(counts(&plain), counts(&whole), "{sample} {mask}");
            assert_eq!(found(&plain), found(&whole), "{sample} {mask}");
            let spots = whole["coverage"]["blind_spots"].as_array().unwrap();
            assert!(spots.iter().any(|spot| spot["kind"] == "ids_repeat"));
            for order in [["a.part", "b.part", "c.part"], ["c.part", "a.part", "b.part"]] {
                let merged =
                    report(folder, &["merge", "--format", "json", order[0], order[1], order[2]]);
                assert_eq!(merged["incidents"], whole["incidents"], "{sample} {mask}");
                assert_eq!(merged["coverage"], whole["coverage"], "{sample} {mask}");
            }
        }
    }
}
