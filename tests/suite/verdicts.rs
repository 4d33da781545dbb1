//! Many services, many faults: small exports with their policies, and what the verdict on each must
//! be. The stories are data; a new one needs no Rust.
//!
//! `expect` is about the one incident of the refused calls, or, in `incidents`, about several: `of`
//! names the calls of each by label. `none`, `count`, `quiet` (labels of what makes no incident) and
//! `duplicates` are about the whole report. Without `policies` the log alone is told.

use crate::support::{dump, story};

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::Trail;

/// The stories of every file, by name of the file.
fn stories() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = story::expanded(&fs::read_to_string(&file).unwrap());
        let list: Value =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        for story in list.as_array().unwrap() {
            found.push((format!("{stem}: {}", story["name"].as_str().unwrap()), story.clone()));
        }
    }
    found
}

/// The report of a story, with its policies or from the log alone.
fn report(story: &Value, trail: &Trail, with_policies: bool) -> Value {
    let folder = TempDir::new().unwrap();
    let logs = folder.path().join("trail.json");
    fs::write(&logs, json!({"Records": trail.records}).to_string()).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--format", "json", "--lang", "en", "--exit-zero"]).arg(&logs);
    command.arg("--all-fixes");
    if with_policies {
        let dumps = folder.path().join("policies");
        dump::write(&story["policies"], &dumps);
        command.arg("--policies").arg(&dumps).args(["--policies-as-of", "2026-05-05T00:00:00Z"]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A story without policies is told by the log alone.
fn has_policies(story: &Value) -> bool {
    story["policies"].is_object()
}

fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// Whether an expectation, one word or several, holds for a word; `*` in it stands for anything.
fn meets(expected: &Value, actual: &Value) -> bool {
    match expected {
        Value::Array(any) => any.iter().any(|one| meets(one, actual)),
        Value::String(pattern) => actual.as_str().is_some_and(|text| like(pattern, text)),
        one => one == actual,
    }
}

fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).any(|n| left.get(n..).is_some_and(|tail| like(rest, tail)))
        }),
    }
}

/// What a story's report does not say as expected.
fn wrong(story: &Value, trail: &Trail, report: &Value) -> Vec<String> {
    let expected = &story["expect"];
    let mut wrong = wrong_as_a_whole(expected, trail, report);
    if expected["none"] == true {
        return wrong;
    }
    match expected["incidents"].as_array() {
        Some(each) => {
            for one in each {
                wrong.extend(wrong_incident(one, trail, report));
            }
            wrong.extend(mixed(each, trail, report));
        }
        None => wrong.extend(wrong_incident(expected, trail, report)),
    }
    wrong
}

/// What all incidents together are not as expected: how many, and which calls make none.
fn wrong_as_a_whole(expected: &Value, trail: &Trail, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let incidents = list(report, "incidents");
    let count = if expected["none"] == true { Some(0) } else { expected["count"].as_u64() };
    if let Some(count) = count.filter(|count| *count != incidents.len() as u64) {
        wrong.push(format!("{} incidents for {count}: {:?}", incidents.len(), titles(report)));
    }
    for label in list(expected, "quiet") {
        let ids = labelled(trail, label.as_str().unwrap());
        if incidents.iter().any(|incident| holds(incident, ids, trail)) {
            wrong.push(format!("an incident is made of {label}"));
        }
    }
    let duplicates = &report["coverage"]["events"]["duplicates"];
    if let Some(expected) = expected.get("duplicates").filter(|e| *e != duplicates) {
        wrong.push(format!("{duplicates} duplicates for {expected}"));
    }
    wrong
}

/// An incident that holds calls of two expectations is two matters under one title.
fn mixed(each: &[Value], trail: &Trail, report: &Value) -> Vec<String> {
    let groups: Vec<Vec<String>> = each.iter().map(|one| ids_of(one, trail)).collect();
    list(report, "incidents")
        .iter()
        .filter(|incident| groups.iter().filter(|ids| holds(incident, ids, trail)).count() > 1)
        .map(|incident| format!("different matters under {}", incident["denied"]["action"]))
        .collect()
}

/// The calls an expectation is about: those of its labels, else the denied ones, else the roots.
fn ids_of(expected: &Value, trail: &Trail) -> Vec<String> {
    let labels = list(expected, "of");
    if !labels.is_empty() {
        return labels.iter().flat_map(|l| labelled(trail, l.as_str().unwrap()).to_vec()).collect();
    }
    let ids = if trail.denied.is_empty() { &trail.roots } else { &trail.denied };
    ids.clone()
}

/// The ids of the calls that a label stands for.
fn labelled<'t>(trail: &'t Trail, label: &str) -> &'t [String] {
    trail.labels.get(label).unwrap_or_else(|| panic!("no call is labelled {label}"))
}

/// Whether an incident is made of one of these calls: of its refusal, or, where nothing was refused
/// in so many words, of the call above.
fn holds(incident: &Value, ids: &[String], trail: &Trail) -> bool {
    list(incident, "occurrences").iter().any(|o| {
        let by_root = trail.denied.is_empty() || o["denied_event_id"].is_null();
        ids.iter().any(|id| o["denied_event_id"] == **id || (by_root && o["root_event_id"] == **id))
    })
}

fn titles(report: &Value) -> Vec<String> {
    list(report, "incidents")
        .iter()
        .map(|i| format!("{} {} {}", i["kind"], i["denied"]["action"], i["verdict"]["layer"]))
        .collect()
}

/// What the one incident of an expectation does not say as expected.
fn wrong_incident(expected: &Value, trail: &Trail, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let ids = ids_of(expected, trail);
    let incidents: Vec<&Value> =
        list(report, "incidents").iter().filter(|incident| holds(incident, &ids, trail)).collect();
    let [incident] = incidents.as_slice() else {
        let of = &expected["of"];
        return vec![format!("{} incidents of {of} among {:?}", incidents.len(), titles(report))];
    };
    let verdict = &incident["verdict"];
    let mut check = |name: &str, expected: Option<&Value>, actual: &Value| {
        if let Some(expected) = expected.filter(|e| !e.is_null() && !meets(e, actual)) {
            wrong.push(format!("{name}: {actual} for {expected}"));
        }
    };
    let denied = &incident["denied"];
    check("kind", expected.get("kind"), &incident["kind"]);
    check("action", expected.get("action"), &denied["action"]);
    check("resource", expected.get("resource"), &denied["resource"]);
    check("principal", expected.get("principal"), &denied["principal_arn"]);
    check("caller", expected.get("caller"), &denied["caller_kind"]);
    check("occurrences", expected.get("occurrences"), &incident["count"]);
    check("layer", expected.get("layer"), &verdict["layer"]);
    check("effect", expected.get("effect"), &verdict["effect"]);
    check("certainty", expected.get("certainty"), &verdict["certainty"]);
    check("sid", expected.get("sid"), &verdict["policy"]["statement_sid"]);
    check("why it healed", expected.get("healed"), &verdict["healed"]["why"]);
    if expected["none_healed"] == true && !verdict["healed"].is_null() {
        wrong.push(format!("healed: {}", verdict["healed"]));
    }
    if let Some(count) =
        expected["fixes"].as_u64().filter(|n| *n != list(incident, "fixes").len() as u64)
    {
        wrong.push(format!("{} fixes for {count}", list(incident, "fixes").len()));
    }
    wrong.extend(wrong_root(expected, trail, incident));
    wrong.extend(wrong_evidence(expected, verdict));
    wrong.extend(wrong_keys(expected, verdict));
    if expected.get("change") != Some(&json!("any")) {
        let change = trail.change.as_ref().map_or(Value::Null, |id| json!(id));
        if incident["change"]["event_id"] != change {
            wrong.push(format!("change: {} for {change}", incident["change"]["summary"]));
        }
    }
    if let Some(fix) = expected.get("fix") {
        wrong.extend(wrong_fix(fix, incident));
    }
    wrong
}

/// The root is one of the calls with these labels; null among them: none is claimed, nor inferred.
fn wrong_root(expected: &Value, trail: &Trail, incident: &Value) -> Vec<String> {
    let labels = list(expected, "root");
    let root = &incident["root"];
    let claimed = !root["event_id"].is_null() || !root["action"].is_null();
    let right = labels.is_empty()
        || labels.iter().any(|label| match label.as_str() {
            None => !claimed,
            Some(label) => labelled(trail, label).iter().any(|id| root["event_id"] == **id),
        });
    let chain = list(incident, "chain").iter().map(|step| step["action"].to_string());
    let chain = chain.collect::<Vec<_>>().join(", ");
    if right {
        return Vec::new();
    }
    vec![format!("root: {} for {}, chain {chain}", root["action"], expected["root"])]
}

/// Every piece of evidence is listed once; some speak of what `says` has, none of what `never_says` has.
fn wrong_evidence(expected: &Value, verdict: &Value) -> Vec<String> {
    let texts: Vec<&str> = list(verdict, "evidence").iter().map(|e| text(&e["text"])).collect();
    let mut wrong = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        if texts[..place].contains(text) {
            wrong.push(format!("evidence listed twice: {text}"));
        }
    }
    let told = format!("{}\n{}", texts.join("\n"), text(&verdict["explanation"]));
    for words in list(expected, "says").iter().filter(|words| !told.contains(text(words))) {
        wrong.push(format!("nothing says {words}"));
    }
    for words in list(expected, "never_says").iter().filter(|words| told.contains(text(words))) {
        wrong.push(format!("something says {words}"));
    }
    wrong
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn wrong_keys(expected: &Value, verdict: &Value) -> Vec<String> {
    let sorted = |of: &Value, member: &str| {
        let mut keys: Vec<String> =
            list(of, member).iter().map(|k| k.as_str().unwrap().to_ascii_lowercase()).collect();
        keys.sort();
        keys
    };
    let (expected_keys, actual) = (sorted(expected, "keys"), sorted(verdict, "condition_keys"));
    if expected.get("keys").is_none() || expected_keys == actual {
        return Vec::new();
    }
    vec![format!("keys: {actual:?} for {expected_keys:?}")]
}

/// The fix of the expected layer is proven and speaks of what it must.
fn wrong_fix(expected: &Value, incident: &Value) -> Vec<String> {
    let layer = expected.get("layer").unwrap_or(&incident["verdict"]["layer"]);
    let fixes: Vec<&Value> =
        list(incident, "fixes").iter().filter(|f| meets(layer, &f["layer"])).collect();
    let verified = |fix: &&&Value| {
        fix["verified"]["denied_request"] == "allowed" && fix["verified"]["successes_broken"] == 0
    };
    let mut wrong = Vec::new();
    if expected.get("verified") != Some(&json!(false)) && !fixes.iter().any(|f| verified(&f)) {
        let all: Vec<String> = list(incident, "fixes")
            .iter()
            .map(|f| format!("{} {} {}", f["layer"], f["title"], f["verified"]["denied_request"]))
            .collect();
        wrong.push(format!("no verified fix of {layer}: {all:?}"));
    }
    let text = Value::from(fixes.iter().map(|f| (*f).clone()).collect::<Vec<_>>()).to_string();
    for word in list(expected, "words") {
        if !text.contains(word.as_str().unwrap()) {
            wrong.push(format!("no fix speaks of {word}"));
        }
    }
    for word in list(expected, "nowhere") {
        if text.contains(word.as_str().unwrap()) {
            wrong.push(format!("a fix holds {word}: {text}"));
        }
    }
    let titles: Vec<&str> = fixes.iter().filter_map(|fix| fix["title"].as_str()).collect();
    for word in list(expected, "never") {
        if titles.iter().any(|title| title.contains(word.as_str().unwrap())) {
            wrong.push(format!("a fix speaks of {word}: {titles:?}"));
        }
    }
    wrong
}

#[test]
fn the_policies_of_the_moment_give_the_verdict_and_a_proven_fix() {
    let only = std::env::var("STORY").unwrap_or_default();
    let (mut failures, mut all) = (Vec::new(), 0);
    for (name, story) in stories().iter().filter(|(name, _)| name.contains(&only)) {
        let trail = Trail::of(story);
        let told = report(story, &trail, has_policies(story));
        all += 1;
        let wrong = wrong(story, &trail, &told);
        println!("{} {name}", if wrong.is_empty() { "ok    " } else { "FAILED" });
        if !wrong.is_empty() {
            failures.push(format!("{name}\n    {}", wrong.join("\n    ")));
        }
        if let Ok(folder) = std::env::var("STORY_OUT") {
            let folder = Path::new(&folder);
            fs::write(folder.join("trail.json"), json!({"Records": trail.records}).to_string())
                .unwrap();
            if has_policies(story) {
                dump::write(&story["policies"], &folder.join("policies"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {all} stories:\n{}", failures.len(), failures.join("\n"));
}

/// From the log alone the layer is often a guess; it is right where the story says so, and where the
/// story has an expectation of its own for the log alone, so is what that says.
#[test]
fn the_log_alone_gives_the_layer_where_it_can() {
    let (mut failures, mut all) = (Vec::new(), 0);
    for (name, story) in stories().iter().filter(|(_, story)| has_alone(story)) {
        let trail = Trail::of(story);
        let told = report(story, &trail, false);
        all += 1;
        let alone = &story["expect"]["alone"];
        if alone.is_object() {
            let mut story = story.clone();
            story["expect"] = alone.clone();
            let wrong = wrong(&story, &trail, &told);
            if !wrong.is_empty() {
                failures.push(format!("{name}\n    {}", wrong.join("\n    ")));
            }
            continue;
        }
        let layers: Vec<&Value> =
            list(&told, "incidents").iter().map(|i| &i["verdict"]["layer"]).collect();
        if !layers.iter().any(|layer| meets(&story["expect"]["layer"], layer)) {
            failures.push(format!("{name}: {layers:?} for {}", story["expect"]["layer"]));
        }
    }
    assert!(failures.is_empty(), "{} of {all} stories:\n{}", failures.len(), failures.join("\n"));
}

fn has_alone(story: &Value) -> bool {
    let alone = &story["expect"]["alone"];
    *alone == json!(true) || alone.is_object()
}

/// AWS's reason is often missing; the policies then tell the layer all the same.
#[test]
fn without_a_reason_in_the_text_the_policies_give_the_layer() {
    let (mut failures, mut all) = (Vec::new(), 0);
    for (name, story) in stories().iter().filter(|(_, story)| is_about_a_layer(story)) {
        let mut story = story.clone();
        without_reasons(&mut story["after"]);
        let trail = Trail::of(&story);
        let told = report(&story, &trail, true);
        all += 1;
        let expected = &story["expect"];
        story["expect"] = json!({"layer": expected["layer"], "effect": expected["effect"], "change": "any", "sid": expected["sid"]});
        let wrong = wrong(&story, &trail, &told);
        if !wrong.is_empty() {
            failures.push(format!("{name}\n    {}", wrong.join("\n    ")));
        }
    }
    assert!(failures.is_empty(), "{} of {all} stories:\n{}", failures.len(), failures.join("\n"));
}

fn is_about_a_layer(story: &Value) -> bool {
    has_policies(story) && !story["expect"]["layer"].is_null()
}

fn without_reasons(calls: &mut Value) {
    for call in calls.as_array_mut().into_iter().flatten() {
        let worded =
            call.get("denied").and_then(Value::as_str).is_some_and(|text| text.contains(' '));
        if worded {
            call["denied"] = json!("old");
        }
        without_reasons(&mut call["then"]);
    }
}
