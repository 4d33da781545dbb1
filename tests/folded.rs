//! An export that is folded while it goes by gives the incidents that it gives whole, however small
//! the window over it is.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

mod folded_support;
#[path = "verdict_support/story.rs"]
#[allow(dead_code, reason = "only the records of a story are needed here")]
mod story;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose::Folded;
use trailwhy::event::Event;
use trailwhy::fold::{Bounds, fold};
use trailwhy::ingest::{self, Input, Ledger, Options};

fn read(path: &Path) -> (Vec<Event>, Ledger) {
    let read = ingest::read(&[Input::Path(path.to_owned())], &Options::default(), &()).unwrap();
    (read.events, read.ledger)
}

/// What the report says of each incident, by its id.
fn incidents(
    events: &[Event],
    chains: &Chains,
    folded: Option<&Folded>,
    ledger: &Ledger,
) -> Vec<Value> {
    let report = folded_support::report(events, chains, folded, ledger);
    let told = |incident: &Value| {
        json!({
            "id": incident["id"],
            "kind": incident["kind"],
            "root": incident.pointer("/root/event_id"),
            "denied": incident["denied"],
            "layer": incident.pointer("/verdict/layer"),
            "effect": incident.pointer("/verdict/effect"),
            "certainty": incident.pointer("/verdict/certainty"),
            "change": incident.pointer("/change/event_id"),
            "fix": incident.pointer("/fixes/0/title"),
            "count": incident["count"],
            "first": incident["first_seen"],
            "last": incident["last_seen"],
            "occurrences": incident["occurrences"],
            "missing": incident["missing_steps"],
            "successes": incident.pointer("/comparison/successes"),
        })
    };
    report["incidents"].as_array().unwrap().iter().map(told).collect()
}

fn bounds(step: usize) -> Bounds {
    Bounds { step, ahead: step / 2, behind: step, quiet: 2 * step, ..Bounds::default() }
}

/// Compares an export whole with the same folded in steps of so many events.
fn compare(name: &str, (events, ledger): (Vec<Event>, Ledger), steps: &[usize]) {
    let knowledge = Knowledge::default();
    let chains = Chains::build(&events, &knowledge);
    let whole = incidents(&events, &chains, None, &ledger);
    for step in steps {
        let (left, chains, folded) = fold(events.clone(), &knowledge, &bounds(*step), None);
        let found = incidents(&left, &chains, Some(&folded), &ledger);
        let brief = |all: &[Value]| -> Vec<String> {
            let one = |i: &Value| {
                let (action, on) = (&i["denied"]["action"], &i["denied"]["resource"]);
                let candidates = &i["denied"]["resource_candidates"];
                format!("{} {} x {} {action} on {on} {candidates}", i["id"], i["kind"], i["count"])
            };
            all.iter().map(one).collect()
        };
        assert_eq!(brief(&whole), brief(&found), "{name}, in steps of {step}");
        for (one, other) in whole.iter().zip(&found) {
            assert_eq!(one, other, "{name}, in steps of {step}");
        }
        assert_eq!(whole.len(), found.len(), "{name}, in steps of {step}");
    }
}

#[test]
fn every_sample_gives_the_same_folded() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for sample in fs::read_dir(samples).unwrap() {
        let logs = sample.unwrap().path().join("logs");
        if logs.is_dir() {
            compare(&logs.to_string_lossy(), read(&logs), &[100_000, 500]);
        }
    }
}

#[test]
fn every_story_gives_the_same_folded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts");
    let scratch = TempDir::new().unwrap();
    for file in fs::read_dir(folder).unwrap() {
        let text = story::expanded(&fs::read_to_string(file.unwrap().path()).unwrap());
        let list: Value = serde_json::from_str(&text).unwrap();
        for story in list.as_array().unwrap() {
            let trail = story::Trail::of(story);
            let logs = scratch.path().join("trail.json");
            fs::write(&logs, json!({ "Records": trail.records }).to_string()).unwrap();
            compare(story["name"].as_str().unwrap(), read(&logs), &[100_000, 40]);
        }
    }
}

/// A call with what hangs below it, by their ids in order.
fn chain(id: &str, events: &[Event], chains: &Chains) -> Vec<String> {
    let at = events.iter().position(|event| event.id() == id).unwrap();
    let members = chains.members(at).into_iter().map(|at| events[at].id().to_owned());
    let mut all: Vec<String> = members.chain([id.to_owned()]).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn what_is_asked_for_stays_with_its_chain() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/3-backup-vault-key/logs");
    let (events, ledger) = read(&logs);
    let knowledge = Knowledge::default();
    let whole = Chains::build(&events, &knowledge);
    let found = incidents(&events, &whole, None, &ledger);
    let mut lost_unasked = 0;
    let asked: Vec<usize> = (0..events.len()).step_by(events.len() / 12).collect();
    // And what was refused in the middle of an incident.
    let refused: Vec<usize> = (0..events.len()).filter(|at| events[*at].failed()).collect();
    for at in asked.into_iter().chain([refused[refused.len() / 2]]) {
        let id = events[at].id().to_owned();
        let (left, _, _) = fold(events.clone(), &knowledge, &bounds(200), None);
        lost_unasked += usize::from(!left.iter().any(|event| event.id() == id));
        let asks = |event: &Event| event.id() == id;
        let (left, chains, folded) = fold(events.clone(), &knowledge, &bounds(200), Some(&asks));
        assert_eq!(chain(&id, &left, &chains), chain(&id, &events, &whole), "{id}");
        let place = left.iter().position(|event| event.id() == id).unwrap();
        let parent = |at: usize, events: &[Event], chains: &Chains| {
            chains.link(at).map(|link| events[link.parent].id().to_owned())
        };
        assert_eq!(parent(place, &left, &chains), parent(at, &events, &whole), "{id}");
        assert_eq!(incidents(&left, &chains, Some(&folded), &ledger), found, "{id}");
    }
    assert!(lost_unasked > 3, "the window is too large to lose anything");
}
