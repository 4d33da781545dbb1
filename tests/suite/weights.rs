//! Every number that linking weighs with decides something: without it another link is made, or one
//! is as sure as it was not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::export::volume::{Kind, Plan};
use rayon::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use trailwhy::chain::{Chains, Knowledge, Weights};
use trailwhy::event::Event;
use trailwhy::ingest::{self, Input, Options};

use crate::support::story;

fn here(below: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn events(path: &Path) -> Vec<Event> {
    ingest::read(&[Input::Path(path.to_owned())], &Options::default(), &()).unwrap().events
}

/// The events of records as they stand in a file of CloudTrail's.
fn events_of(records: &Value) -> Vec<Event> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("trail.json");
    fs::write(&file, json!({ "Records": records }).to_string()).unwrap();
    events(&file)
}

/// Stretches of a made export, in which half of the records are calls that services made.
fn made() -> impl Iterator<Item = Vec<Event>> {
    let folder = TempDir::new().unwrap();
    let plan = Plan { kind: Kind::Hard, seed: 7, bytes: 1, small_files: false };
    plan.write(folder.path()).unwrap();
    let all = events(folder.path());
    let stretches: Vec<Vec<Event>> = all.chunks(STRETCH).map(<[Event]>::to_vec).collect();
    stretches.into_iter()
}

/// Events of one stretch.
const STRETCH: usize = 2000;

/// The exports of the tests: stories of links first, then those of verdicts, then the samples.
fn exports() -> impl Iterator<Item = Vec<Event>> {
    let lines = fs::read_to_string(here("tests/data/links.jsonl")).unwrap();
    let links: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut files: Vec<_> = fs::read_dir(here("tests/data/verdicts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let stories = files.into_iter().flat_map(|file| {
        let text = story::expanded(&fs::read_to_string(file).unwrap());
        let stories: Vec<Value> = serde_json::from_str(&text).unwrap();
        stories
    });
    let mut samples: Vec<_> =
        fs::read_dir(here("samples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    samples.sort();
    let samples =
        samples.into_iter().map(|sample| sample.join("logs")).filter(|logs| logs.is_dir());
    let links = links.into_iter().map(|records| events_of(&records));
    let stories = stories.map(|story| events_of(&json!(story::Trail::of(&story).records)));
    links.chain(stories).chain(samples.map(|logs| events(&logs))).chain(made())
}

/// Of every call its parent, how sure that is, and how many other parents fit as well.
fn links(events: &[Event], knowledge: &Knowledge) -> Vec<Option<(usize, f64, usize)>> {
    let chains = Chains::build(events, knowledge);
    let link =
        |at| chains.link(at).map(|link| (link.parent, link.confidence, link.tied_with.len()));
    (0..events.len()).map(link).collect()
}

/// Those of which no export of the tests shows yet that they decide anything: each wants a story in
/// `links.jsonl`, or goes.
const WITHOUT_STORY: [&str; 10] = [
    "accept_alone",
    "frequent_id",
    "most_ids",
    "most_waiting",
    "parent_refused",
    "same_service",
    "same_session",
    "second_before_waiting",
    "succeeded_though_denied",
    "through_second_service",
];

#[test]
fn every_weight_decides_something() {
    let mut idle: Vec<(&str, Knowledge)> = Weights::NAMES
        .iter()
        .filter(|name| !WITHOUT_STORY.contains(name))
        .map(|name| {
            let weights = Weights::without(name).unwrap();
            (*name, Knowledge::default().with_weights(weights))
        })
        .collect();
    let whole = Knowledge::default();
    for events in exports() {
        let with_all = links(&events, &whole);
        idle = idle
            .into_par_iter()
            .filter(|(_, without)| links(&events, without) == with_all)
            .collect();
        if idle.is_empty() {
            return;
        }
    }
    let idle: BTreeSet<&str> = idle.iter().map(|(name, _)| *name).collect();
    panic!("without these nothing changes: {idle:?}");
}

#[test]
fn a_row_is_taken_out_by_its_name() {
    assert_eq!(Weights::without("no_such_row"), None);
    assert!(Weights::NAMES.len() >= 40);
    for name in Weights::NAMES {
        assert_ne!(Weights::without(name), Some(Weights::DEFAULT), "{name}");
    }
}
