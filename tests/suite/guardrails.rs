//! Guardrails that do their work, and defects that look like one: what leads the report, what is
//! offered first, and what is left to the owner of the rule. The stories are data; a new one needs no
//! Rust.
//!
//! `expect`: `guardrail`; `first` (a part of the first fix's title) and `first_way`; `never` (parts of no
//! fix); `exemption` (the last fix is one, without commands, and `--all-fixes` adds them); `commands` (some
//! ordinary fix can be pasted); `said` (a part of the explanation) and `unsaid` (parts of no word of the
//! verdict). A story may have `alone`: the same from
//! the log alone.

use crate::support::{dump, story};

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::Trail;

const LEAD: &str = "This looks like a guardrail doing its work: check who did this.";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stories_of(file: &Path) -> Vec<Value> {
    let text = story::expanded(&fs::read_to_string(file).unwrap());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// A story on disk.
struct World {
    folder: TempDir,
    has_policies: bool,
}

impl World {
    fn of(story: &Value) -> World {
        let folder = TempDir::new().unwrap();
        let records = Trail::of(story).records;
        let logs = json!({"Records": records}).to_string();
        fs::write(folder.path().join("trail.json"), logs).unwrap();
        let has_policies = story["policies"].is_object();
        if has_policies {
            dump::write(&story["policies"], &folder.path().join("policies"));
        }
        World { folder, has_policies }
    }

    fn told(&self, with_policies: bool, more: &[&str]) -> String {
        let mut run = Command::cargo_bin("trailwhy").unwrap();
        run.args(["analyze", "--exit-zero", "--quiet", "--lang", "en"]).args(more);
        run.arg(self.folder.path().join("trail.json"));
        if with_policies && self.has_policies {
            run.arg("--policies").arg(self.folder.path().join("policies"));
            run.args(["--policies-as-of", "2026-05-05T00:00:00Z"]);
        }
        let output = run.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn report(&self, with_policies: bool, more: &[&str]) -> Value {
        let more = [more, &["--format", "json"]].concat();
        serde_json::from_str(&self.told(with_policies, &more)).unwrap()
    }
}

fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn has(value: &Value, part: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(part.as_str().unwrap()))
}

/// What the one incident of a story does not say as expected.
fn wrong(expected: &Value, world: &World, with_policies: bool) -> Vec<String> {
    let report = world.report(with_policies, &[]);
    let mut wrong = Vec::new();
    let is_guardrail = expected["guardrail"] == true;
    let all = list(&report, "incidents");
    if all.is_empty() || (all.len() > 1 && expected["several"] != true) {
        return vec![format!("{} incidents", all.len())];
    }
    for incident in all {
        if (incident["guardrail"] == true) != is_guardrail {
            wrong.push(format!("guardrail: {}", incident["guardrail"]));
        }
        let fixes = list(incident, "fixes");
        let titles: Vec<&Value> = fixes.iter().map(|fix| &fix["title"]).collect();
        let first = fixes.first().unwrap_or(&Value::Null);
        if let Some(part) = expected.get("first").filter(|part| !has(&first["title"], part)) {
            wrong.push(format!("first is not {part}: {titles:?}"));
        }
        if expected.get("first_way").is_some_and(|way| first["way"] != *way) {
            wrong.push(format!("the first fix is {}: {titles:?}", first["way"]));
        }
        let texts: Vec<String> = fixes.iter().map(Value::to_string).collect();
        for part in list(expected, "never") {
            if texts.iter().any(|text| text.contains(part.as_str().unwrap())) {
                wrong.push(format!("a fix says {part}: {titles:?}"));
            }
        }
        if expected.get("said").is_some_and(|said| !has(&incident["verdict"]["explanation"], said))
        {
            wrong.push(format!("explained: {}", incident["verdict"]["explanation"]));
        }
        let verdict = incident["verdict"].to_string();
        for part in list(expected, "unsaid") {
            if verdict.contains(part.as_str().unwrap()) {
                wrong.push(format!("it says {part}"));
            }
        }
        let exempts = |fix: &&Value| fix["way"] == "exemption";
        let can_be_pasted = |fix: &Value| !list(fix, "commands").is_empty();
        if fixes.iter().filter(exempts).any(&can_be_pasted) {
            wrong.push("an exemption can be pasted".to_owned());
        }
        if expected["exemption"] == true && !fixes.last().is_some_and(|fix| exempts(&fix)) {
            wrong.push(format!("the last fix is no exemption: {titles:?}"));
        }
        if expected["exemption"] == false && fixes.iter().any(|fix| exempts(&fix)) {
            wrong.push(format!("a fix is an exemption: {titles:?}"));
        }
        let is_ready = |fix: &Value| fix["way"].is_null() && can_be_pasted(fix);
        if expected["commands"] == true && !fixes.iter().any(is_ready) {
            wrong.push(format!("no ordinary fix can be pasted: {titles:?}"));
        }
    }
    if expected["exemption"] == true && expected["pasted"] != false {
        let report = world.report(with_policies, &["--all-fixes"]);
        let last = report["incidents"][0]["fixes"].as_array().unwrap().last().unwrap();
        if list(last, "commands").is_empty() {
            wrong.push("--all-fixes adds no commands".to_owned());
        }
    }
    let shared = world.report(with_policies, &["--redact"]);
    let ways = |report: &Value| -> Vec<Value> {
        let fixes = list(report, "incidents").iter().flat_map(|one| list(one, "fixes"));
        fixes.map(|fix| fix["way"].clone()).collect()
    };
    if ways(&shared) != ways(&report) {
        wrong.push(format!("redacted: {:?}", ways(&shared)));
    }
    for format in ["terminal", "markdown", "html"] {
        let told = world.told(with_policies, &["--format", format]);
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        if told.contains(LEAD) != is_guardrail {
            wrong.push(format!("{format} leads wrongly"));
        }
    }
    wrong
}

#[test]
fn a_guardrail_is_told_from_a_defect() {
    let only = std::env::var("STORY").unwrap_or_default();
    let (mut failures, mut all) = (Vec::new(), 0);
    let stories = stories_of(&root().join("tests/data/guardrails.json"));
    for story in stories.iter().filter(|s| s["name"].as_str().unwrap().contains(&only)) {
        let world = World::of(story);
        all += 1;
        let told = [(true, &story["expect"]), (false, &story["alone"])];
        for (with_policies, expected) in told.into_iter().filter(|(_, e)| e.is_object()) {
            let wrong = wrong(expected, &world, with_policies);
            if !wrong.is_empty() {
                let which = if with_policies { "" } else { " (log alone)" };
                failures.push(format!("{}{which}\n    {}", story["name"], wrong.join("\n    ")));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {all} stories:\n{}", failures.len(), failures.join("\n"));
}

/// Logs and policies of every sample.
fn samples() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("samples")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("logs").is_dir()).collect();
    folders.sort();
    folders
}

/// What of a report contradicts itself: a statement without which the call passes, and that taking it
/// away does not help.
fn contradictions(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for incident in list(report, "incidents") {
        let told = incident["verdict"].to_string();
        let passes = ["without it the call passes", "with it opened, the call passes"];
        let evaluated = "Evaluated with this change, the denied call stays denied.";
        if !passes.iter().any(|word| told.contains(word)) {
            continue;
        }
        let fixes: Vec<&str> =
            list(incident, "fixes").iter().filter_map(|fix| fix["title"].as_str()).collect();
        for refuted in list(incident, "refuted_fixes") {
            let title = refuted["title"].as_str().unwrap();
            let takes_away = title.starts_with("Remove ") || title.starts_with("Take ");
            let is_tried = refuted["because"] == evaluated && fixes.is_empty();
            if takes_away || is_tried || fixes.contains(&title) {
                found.push(title.to_owned());
            }
        }
    }
    found
}

#[test]
fn what_lets_the_call_pass_is_never_said_not_to_help() {
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("tests/data/verdicts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.push(root().join("tests/data/guardrails.json"));
    files.sort();
    for story in files.iter().flat_map(|file| stories_of(file)) {
        let world = World::of(&story);
        for found in contradictions(&world.report(true, &[])) {
            wrong.push(format!("{}: {found}", story["name"]));
        }
    }
    for sample in samples() {
        let mut run = Command::cargo_bin("trailwhy").unwrap();
        run.args(["analyze", "--exit-zero", "--quiet", "--lang", "en", "--format", "json"]);
        run.arg(sample.join("logs")).arg("--policies").arg(sample.join("policies"));
        let report = serde_json::from_slice(&run.output().unwrap().stdout).unwrap();
        for found in contradictions(&report) {
            wrong.push(format!("{}: {found}", sample.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nobody_is_advised_to_lift_a_condition() {
    for language in ["en", "ja"] {
        let folder = root().join("locales").join(language);
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for word in ["for a moment", "lift the", "一時的に外"] {
                assert!(!text.contains(word), "{}: {word}", path.display());
            }
        }
    }
}
