//! The six samples: the generator still makes them, and the program gives the answer of each story,
//! from the logs alone and with the policies beside them.

use crate::support::stories;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
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

/// What the program says of a sample, with the policies or without.
fn analyzed(folder: &Path, with_policies: bool) -> Value {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--format", "json"]).arg(folder.join("logs"));
    if with_policies {
        command.arg("--policies").arg(folder.join("policies"));
    }
    let done = command.assert().code(1);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// Every way in which an answer differs from the expected one.
struct Comparison<'a> {
    expected: &'a Value,
    with_policies: bool,
    differences: Vec<String>,
}

impl Comparison<'_> {
    fn of(expected: &Value, report: &Value, with_policies: bool) -> Vec<String> {
        let mut comparison = Comparison { expected, with_policies, differences: Vec::new() };
        comparison.ledger(&report["coverage"]["events"]);
        let incidents = list(report, "incidents");
        comparison.require(
            incidents.len() as u64 <= expected["incidents"].as_u64().unwrap(),
            format!("{} incidents", incidents.len()),
        );
        for incident in incidents {
            comparison.incident(incident);
            comparison.statement(&incident["verdict"]);
        }
        comparison.fixes(incidents);
        comparison.occurrences(incidents);
        comparison.differences
    }

    fn require(&mut self, holds: bool, difference: String) {
        if !holds {
            self.differences.push(difference);
        }
    }

    /// The value is one of those expected.
    fn one_of(&mut self, member: &str, value: &Value) {
        let holds = list(self.expected, member).contains(value);
        self.require(holds, format!("{member}: {value}"));
    }

    fn ledger(&mut self, events: &Value) {
        let count = |member: &str| events[member].as_u64().unwrap();
        let accounted = count("kept") + count("duplicates");
        self.require(count("read") == accounted, format!("not accounted for: {events}"));
    }

    fn incident(&mut self, incident: &Value) {
        self.one_of("kinds", &incident["kind"]);
        if let Some(root) = incident.get("root") {
            self.one_of("root_actions", &root["action"]);
        }
        self.one_of("denied_actions", &incident["denied"]["action"]);
        let caller = &incident["denied"]["caller_kind"];
        self.require(*caller == self.expected["caller_kind"], format!("caller: {caller}"));
        self.one_of("layers", &incident["verdict"]["layer"]);
        self.one_of("effects", &incident["verdict"]["effect"]);
        let change = &incident["change"]["event_id"];
        self.require(*change == self.expected["change_event_id"], format!("change: {change}"));
    }

    /// With the policies the verdict is proven and names the statement; where the trail alone holds
    /// the document, it names it too, and where not it names none.
    fn statement(&mut self, verdict: &Value) {
        let sid = &verdict["policy"]["statement_sid"];
        let name = &verdict["policy"]["name"];
        let keys = &verdict["condition_keys"];
        if self.with_policies {
            let certainty = &verdict["certainty"];
            self.require(certainty == "proven", format!("certainty: {certainty}"));
        }
        let is_silent = !self.with_policies && sid.is_null();
        let expected = self.expected;
        self.require(is_silent || *sid == expected["statement_sid"], format!("sid: {sid}"));
        let is_named = expected["policy_name"].is_null() || *name == expected["policy_name"];
        self.require(is_silent || is_named, format!("policy: {name}"));
        self.require(is_silent || *keys == expected["condition_keys"], format!("keys: {keys}"));
    }

    /// The fix of the story is proposed, with the policies also proven, and never refuted; the
    /// tempting wrong one is refuted.
    fn fixes(&mut self, incidents: &[Value]) {
        let fixes: Vec<&Value> = incidents.iter().flat_map(|i| list(i, "fixes")).collect();
        let refuted: Vec<&Value> =
            incidents.iter().flat_map(|i| list(i, "refuted_fixes")).collect();
        let text = |all: &[&Value]| all.iter().map(|fix| fix.to_string()).collect::<String>();
        let (fixes_text, refuted_text) = (text(&fixes), text(&refuted));
        for word in list(&self.expected["fix"], "words") {
            let found = fixes_text.contains(word.as_str().unwrap());
            self.require(found, format!("no fix speaks of {word}"));
        }
        for word in list(self.expected, "refuted") {
            let found = refuted_text.contains(word.as_str().unwrap());
            self.require(found, format!("{word} is not refuted"));
        }
        let layer = &self.expected["fix"]["layer"];
        let is_proven = fixes.iter().any(|fix| {
            fix["layer"] == *layer
                && fix["verified"]["denied_request"] == "allowed"
                && fix["verified"]["successes_broken"] == 0
                && fix["verified"]["still_denied"].as_u64() > Some(0)
        });
        self.require(!self.with_policies || is_proven, "no proven fix".to_owned());
        let both = fixes.iter().find(|fix| refuted.iter().any(|r| r["title"] == fix["title"]));
        self.require(both.is_none(), format!("proposed and refuted: {both:?}"));
    }

    /// The incidents together hold exactly the denied calls of the story, each with a fair root.
    fn occurrences(&mut self, incidents: &[Value]) {
        let mut missing: BTreeMap<&str, &[Value]> = list(self.expected, "occurrences")
            .iter()
            .map(|pair| (pair["denied"].as_str().unwrap(), list(pair, "roots")))
            .collect();
        for found in incidents.iter().flat_map(|incident| list(incident, "occurrences")) {
            let denied = found["denied_event_id"].as_str().unwrap_or_default();
            let root = &found["root_event_id"];
            match missing.remove(denied) {
                None => self.differences.push(format!("not of the story: {found}")),
                Some([]) => {
                    let none = root.is_null() || root.as_str() == Some(denied);
                    self.require(none, format!("a root where there is none: {found}"));
                }
                Some(roots) => self.require(roots.contains(root), format!("root: {found}")),
            }
        }
        self.require(missing.is_empty(), format!("not found: {:?}", missing.keys()));
    }
}

fn answers_hold(with_policies: bool) {
    for story in stories::all() {
        let report = analyzed(&folder(story.folder), with_policies);
        let differences = Comparison::of(&story.expected, &report, with_policies);
        assert!(differences.is_empty(), "{}: {differences:#?}", story.folder);
    }
}

#[test]
fn the_logs_alone_give_the_answer_of_every_story() {
    answers_hold(false);
}

#[test]
fn the_logs_with_the_policies_give_the_answer_of_every_story() {
    answers_hold(true);
}
