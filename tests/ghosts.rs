//! Ghosts: what is one, what is none, and that an export which shows less never shows more of them.
//! The stories are data; a new one needs no Rust.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected fails"
)]

#[path = "verdict_support/story.rs"]
#[allow(dead_code, reason = "only the records of a story are needed here")]
mod story;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use serde_json::{Value, json};
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose::{self, Kind};
use trailwhy::event::Time;
use trailwhy::history::{History, dump::Dump};
use trailwhy::ingest::{self, Ingested, Input, Options};

use story::Trail;

/// What a diagnosis names, by event id.
#[derive(Debug, Default)]
struct Found {
    /// The calls that ghosts are about.
    ghosts: BTreeSet<String>,
    /// The same of those that were gone later, with the event that tells so.
    gone: BTreeSet<(String, String)>,
    /// Every call in the chains of the other incidents.
    others: BTreeSet<String>,
}

fn found(records: &[Value]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trail.json");
    fs::write(&path, json!({"Records": records}).to_string()).unwrap();
    let read = ingest::read(&[Input::Path(path)], &Options::default(), &()).unwrap();
    let Ingested { events, .. } = read;
    let knowledge = Knowledge::default();
    let chains = Chains::build(&events, &knowledge);
    let history = History::new(&events, Dump::default());
    let diagnosis = diagnose::diagnose(&events, &chains, &knowledge, &history, None);
    let mut found = Found::default();
    for incident in &diagnosis.incidents {
        let failing = |o: &diagnose::Occurrence| o.failing.as_ref().map(|f| f.denied);
        let calls = incident.occurrences.iter().flat_map(|o| [o.root, failing(o)]).flatten();
        if incident.kind != Kind::Ghost {
            let chain = |call: usize| chains.members(chains.asked(call, &events));
            let ids = calls.flat_map(chain).map(|call| events[call].id().to_owned());
            found.others.extend(ids);
            continue;
        }
        let ids = calls.map(|call| events[call].id().to_owned());
        let ids: BTreeSet<String> = ids.collect();
        if incident.missing_steps.is_empty() {
            let behind = incident.verdict.evidence.iter().flat_map(|t| &t.event_ids);
            let told = behind.filter(|id| !ids.contains(*id));
            let pairs = told.flat_map(|told| ids.iter().map(move |id| (id.clone(), told.clone())));
            found.gone.extend(pairs);
        }
        found.ghosts.extend(ids);
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The stories of a file.
fn stories(path: &Path) -> Vec<Value> {
    serde_json::from_str(&story::expanded(&fs::read_to_string(path).unwrap())).unwrap()
}

#[test]
fn a_ghost_is_told_from_what_has_a_reason() {
    let mut wrong = Vec::new();
    let stories = stories(&root().join("tests/data/ghosts.json"));
    for story in &stories {
        let trail = Trail::of(story);
        let want: BTreeSet<String> = trail.roots.iter().cloned().collect();
        let found = found(&trail.records);
        if found.ghosts != want {
            wrong.push(format!("{}: {} for {}", story["name"], found.ghosts.len(), want.len()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), stories.len(), wrong.join("\n"));
}

fn text<'v>(record: &'v Value, member: &str) -> &'v str {
    record[member].as_str().unwrap_or_default()
}

fn time(record: &Value) -> Time {
    Time::parse(text(record, "eventTime")).unwrap()
}

fn is_kms(record: &Value) -> bool {
    text(record, "eventSource") == "kms.amazonaws.com"
}

/// The records of a folder with delivered files.
fn delivered(folder: &Path) -> Vec<Value> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = files.map(|entry| entry.unwrap().into_path());
    let mut records = Vec::new();
    for file in files.filter(|path| path.to_str().unwrap().ends_with(".json.gz")) {
        let mut text = String::new();
        let bytes = fs::read(&file).unwrap();
        if MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).is_err() {
            continue;
        }
        let Ok(Value::Object(mut file)) = serde_json::from_str(&text) else { continue };
        if let Some(Value::Array(list)) = file.remove("Records") {
            records.extend(list.into_iter().filter(|r| r["eventTime"].is_string()));
        }
    }
    records
}

/// Every export that is thinned, by name.
fn exports() -> Vec<(String, Vec<Value>)> {
    let mut exports = Vec::new();
    let verdicts = root().join("tests/data/verdicts");
    let mut files: Vec<PathBuf> =
        fs::read_dir(verdicts).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.push(root().join("tests/data/ghosts.json"));
    for file in files {
        // Where only what comes later tells that nothing was lost, a cut takes that away.
        for story in stories(&file).into_iter().filter(|story| story["told_later"] != true) {
            exports.push((text(&story, "name").to_owned(), Trail::of(&story).records));
        }
    }
    let samples = fs::read_dir(root().join("samples")).unwrap();
    let mut samples: Vec<PathBuf> = samples.map(|entry| entry.unwrap().path()).collect();
    samples.sort();
    for sample in samples.iter().filter(|path| path.join("logs").is_dir()) {
        exports.push((sample.display().to_string(), delivered(&sample.join("logs"))));
    }
    exports
}

/// A record of a trail that leaves out KMS from then on, after the pattern of another record.
fn excludes_kms(at: &Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": at["eventTime"], "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "PutEventSelectors", "awsRegion": at["awsRegion"], "readOnly": false,
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAKEEPEREXAMPLE", "userName": "keeper",
            "arn": "arn:aws:iam::111122223333:user/keeper", "accountId": "111122223333"},
        "requestParameters": {"trailName": "main", "eventSelectors": [{"readWriteType": "All",
            "includeManagementEvents": true, "excludeManagementEventSources": ["kms.amazonaws.com"]}]},
        "responseElements": null, "eventID": "00000000-0000-4000-8000-00000000feed",
        "requestID": "r", "eventType": "AwsApiCall", "managementEvent": true,
        "recipientAccountId": at["recipientAccountId"], "eventCategory": "Management",
    })
}

/// Of the ghosts of an export, the moments of so many are cut at.
const MOST_ROOTS: usize = 3;

/// A larger export is cut at one moment only, to save time.
const LARGE: usize = 300;

/// What an export would be that shows less.
fn variants(records: &[Value], roots: &[&Value]) -> Vec<(String, Vec<Value>)> {
    let kept = |keep: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        records.iter().filter(|record| keep(record)).cloned().collect()
    };
    let values = |member: &'static str| -> BTreeSet<&str> {
        records.iter().map(|record| text(record, member)).collect()
    };
    let mut made = vec![
        ("no KMS".to_owned(), kept(&|r| !is_kms(r))),
        ("no data events".to_owned(), kept(&|r| r["managementEvent"] != false)),
        ("no reads".to_owned(), kept(&|r| r["readOnly"] != true)),
    ];
    for member in ["awsRegion", "recipientAccountId"] {
        for value in values(member) {
            made.push((format!("without {value}"), kept(&|r| text(r, member) != value)));
        }
    }
    let mut in_time: Vec<&Value> = records.iter().collect();
    in_time.sort_by_key(|record| time(record));
    let moments = if records.len() > LARGE { 1 } else { 3 };
    let spread = (1..=moments).filter_map(|part| in_time.get(in_time.len() * part / (moments + 1)));
    let spread = spread.copied();
    for at in spread.chain(roots.iter().copied().take(MOST_ROOTS)) {
        let moment = time(at);
        let without_kms = kept(&|r| !is_kms(r) || time(r) < moment);
        let mut told = without_kms.clone();
        told.push(excludes_kms(at));
        made.push((format!("no KMS from {moment}"), without_kms));
        made.push((format!("no KMS from {moment}, and the call that says so"), told));
        let reads = kept(&|r| r["readOnly"] != true || time(r) < moment);
        made.push((format!("no reads from {moment}"), reads));
        let account = text(at, "recipientAccountId");
        let ends = kept(&|r| text(r, "recipientAccountId") != account || time(r) < moment);
        made.push((format!("{account} ends at {moment}"), ends));
        for minutes in [1, 5] {
            let end = moment.plus_seconds(60 * minutes);
            made.push((format!("the end is at {end}"), kept(&|r| time(r) <= end)));
        }
    }
    made
}

#[test]
fn an_export_that_shows_less_shows_no_more_ghosts() {
    let thinned: Vec<(usize, usize, Vec<String>)> =
        exports().into_par_iter().map(|(name, records)| thinned(&name, &records)).collect();
    let count: usize = thinned.iter().map(|one| one.0).sum();
    let ghosts: usize = thinned.iter().map(|one| one.1).sum();
    let wrong: Vec<String> = thinned.into_iter().flat_map(|one| one.2).collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 2000 && ghosts > 100, "{count} variants with {ghosts} ghosts mean little");
}

/// How many variants of an export there are, how many ghosts they show, and what is wrong with that.
fn thinned(name: &str, records: &[Value]) -> (usize, usize, Vec<String>) {
    let (mut count, mut ghosts, mut wrong) = (0, 0, Vec::new());
    let whole = found(records);
    let roots: Vec<&Value> =
        records.iter().filter(|r| whole.ghosts.contains(text(r, "eventID"))).collect();
    for (what, variant) in variants(records, &roots) {
        let less = found(&variant);
        count += 1;
        ghosts += less.ghosts.len();
        let is_there = |id: &str| variant.iter().any(|r| text(r, "eventID") == id);
        // A call whose refusal is no longer in the log is a ghost when what it made was gone.
        let known = |id: &&String| !whole.ghosts.contains(*id) && !whole.others.contains(*id);
        for id in less.ghosts.iter().filter(known) {
            wrong.push(format!("{name}, {what}: {id} is new"));
        }
        for (made, told) in whole.gone.iter().filter(|(m, t)| is_there(m) && is_there(t)) {
            let alone = whole.gone.iter().filter(|(m, _)| m == made).count() == 1;
            if alone && !less.ghosts.contains(made) {
                wrong.push(format!("{name}, {what}: {made} is lost, though {told} tells"));
            }
        }
    }
    (count, ghosts, wrong)
}
