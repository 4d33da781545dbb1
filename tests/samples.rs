//! The six samples: the generator still makes them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

#[path = "../benches/export/mod.rs"]
#[allow(dead_code, reason = "the samples use a part of the generator")]
mod export;
#[path = "../samples/generator/policies.rs"]
mod policies;
#[path = "../samples/generator/stories/mod.rs"]
mod stories;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// Every file below a folder, by its path from there.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path =
                entry.path().strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn inflated(bytes: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_generator_makes_the_samples_that_are_in_the_repository() {
    for story in stories::all() {
        let root = folder(story.folder);
        let stored: BTreeMap<String, String> = files(&root.join("logs"))
            .into_iter()
            .map(|(path, bytes)| (path, inflated(&bytes)))
            .collect();
        let made: BTreeMap<String, String> =
            story.logs.into_iter().map(|file| (file.path, file.body)).collect();
        assert!(stored == made, "{}: make the samples again, or undo the change", story.folder);
        let stored: BTreeMap<String, Value> = files(&root.join("policies"))
            .into_iter()
            .map(|(path, bytes)| (path, serde_json::from_slice(&bytes).unwrap()))
            .collect();
        assert_eq!(stored, story.policies, "{}", story.folder);
        let expected = fs::read(root.join("expected.json")).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&expected).unwrap(), story.expected);
    }
}

#[test]
fn every_story_lies_in_several_files_among_noise() {
    for story in stories::all() {
        let mut places: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (number, file) in story.logs.iter().enumerate() {
            let body: Value = serde_json::from_str(&file.body).unwrap();
            for record in body.get("Records").and_then(Value::as_array).into_iter().flatten() {
                let id = record["eventID"].as_str().unwrap();
                places.entry(id.into()).or_default().insert(number);
            }
        }
        let pairs = story.expected["occurrences"].as_array().unwrap();
        let place = |id: &Value| &places[id.as_str().unwrap()];
        let parted = pairs
            .iter()
            .filter(|pair| {
                pair["roots"]
                    .get(0)
                    .is_some_and(|root| place(root).is_disjoint(place(&pair["denied"])))
            })
            .count();
        let direct = story.expected["caller_kind"] == "direct";
        assert!(direct || parted > 0, "{}: every pair shares a file", story.folder);
        assert!(places.len() > 40 * pairs.len(), "{}: too little noise", story.folder);
        if let Some(change) = story.expected["change_event_id"].as_str() {
            assert!(places.contains_key(change), "{}: no change", story.folder);
        }
    }
}
