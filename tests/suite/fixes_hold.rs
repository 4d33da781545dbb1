//! Every fix that is called verified is carried out, command by command, on the policies of its
//! story; evaluated again, the denied calls pass, what worked still does, and a stranger who was
//! kept out still is.

use crate::support::{dump, shell, story};

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

use story::Trail;

fn stories() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            let text = story::expanded(&fs::read_to_string(file).unwrap());
            serde_json::from_str::<Vec<Value>>(&text).unwrap()
        })
        .collect()
}

/// The story as it is from the change on, with the policies of its end; among them a stranger's, who
/// has every right of its own.
fn afterwards(story: &Value) -> Value {
    let mut story = story.clone();
    let members = story.as_object_mut().unwrap();
    members.remove("change");
    members.insert("before".into(), json!([]));
    if !story["policies"]["roles"].is_object() {
        story["policies"]["roles"] = json!({});
    }
    story["policies"]["roles"]["stranger"] = json!({"allow": ["*"]});
    story
}

/// The stranger trying what was denied.
fn attempts(story: &Value) -> Vec<Value> {
    let mut attempts = Vec::new();
    denied_calls(&story["after"], &mut attempts);
    for call in &mut attempts {
        let members = call.as_object_mut().unwrap();
        for member in ["via", "as_role", "then", "after", "session", "key"] {
            members.remove(member);
        }
        members.insert("by".into(), json!("stranger"));
    }
    let trail = Trail::of(&json!({"after": attempts}));
    let text = Value::from(trail.records).to_string().replace("-5a5a-", "-6b6b-");
    serde_json::from_str(&text).unwrap()
}

fn denied_calls(calls: &Value, found: &mut Vec<Value>) {
    for call in calls.as_array().into_iter().flatten() {
        if call.get("denied").is_some() {
            found.push(call.clone());
        }
        denied_calls(&call["then"], found);
    }
}

struct Told {
    folder: TempDir,
}

impl Told {
    fn of(records: &[Value], policies: &Value) -> Told {
        let folder = TempDir::new().unwrap();
        let logs = json!({"Records": records}).to_string();
        fs::write(folder.path().join("trail.json"), logs).unwrap();
        dump::write(policies, &folder.path().join("policies"));
        Told { folder }
    }

    fn run(&self, command: &str, more: &[&str]) -> Value {
        let mut run = Command::cargo_bin("trailwhy").unwrap();
        run.arg(command).arg(self.folder.path().join("trail.json")).args(more);
        run.arg("--policies").arg(self.folder.path().join("policies"));
        run.args(["--policies-as-of", "2026-05-05T00:00:00Z", "--format", "json", "--lang", "en"]);
        let output = run.output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// How evaluating a call ends.
    fn evaluated(&self, id: &str) -> String {
        let told = self.run("explain", &[id]);
        let word = told.pointer("/evaluated/denied_request");
        word.and_then(Value::as_str).unwrap_or("nothing").to_owned()
    }
}

fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// What is wrong with the verified fixes of one story, and how many were carried out.
fn wrong(story: &Value) -> (Vec<String>, usize) {
    let story = afterwards(story);
    let policies = &story["policies"];
    let trail = Trail::of(&story);
    let report = Told::of(&trail.records, policies).run("analyze", &["--exit-zero", "--all-fixes"]);
    let strangers = attempts(&story);
    let all = [trail.records.as_slice(), strangers.as_slice()].concat();
    let before = Told::of(&all, policies);
    let kept_out: Vec<&str> = strangers
        .iter()
        .map(|r| r["eventID"].as_str().unwrap())
        .filter(|id| before.evaluated(id) == "denied")
        .take(1)
        .collect();
    let worked: Vec<&str> = trail
        .records
        .iter()
        .filter(|r| r["errorCode"].is_null())
        .map(|r| r["eventID"].as_str().unwrap())
        .filter(|id| before.evaluated(id) == "allowed")
        .take(2)
        .collect();
    let (mut wrong, mut carried_out) = (Vec::new(), 0);
    for incident in list(&report, "incidents") {
        let ids: BTreeMap<&str, ()> = list(incident, "occurrences")
            .iter()
            .filter_map(|o| Some((o["denied_event_id"].as_str()?, ())))
            .collect();
        for fix in list(incident, "fixes") {
            let verified = &fix["verified"];
            if verified["denied_request"] != "allowed" || ids.is_empty() {
                continue;
            }
            let mut fixed = policies.clone();
            let at = fix["attach_to"].as_str().unwrap_or_default();
            let name = format!("{}: {}", story["name"], fix["title"]);
            let commands: Vec<&str> =
                list(fix, "commands").iter().map(|command| command.as_str().unwrap()).collect();
            let done = shell::run(&commands, at, &mut fixed);
            if !done.errors.is_empty() && !done.errors.contains("there is none") {
                wrong.push(format!("{name}: {}", done.errors));
            }
            if done.puts == 0 {
                if commands.iter().any(|command| command.contains("jq -c")) {
                    wrong.push(format!("{name}: nothing is put by {commands:#?}"));
                }
                continue;
            }
            carried_out += 1;
            let once = fixed.clone();
            shell::run(&commands, at, &mut fixed);
            if fixed != once && !commands.iter().any(|c| c.contains("create-grant")) {
                wrong.push(format!("{name}: done twice it is not what it was once"));
            }
            let after = Told::of(&all, &fixed);
            for id in ids.keys().take(1) {
                let word = after.evaluated(id);
                // What the log does not show may stay unknown; a proof takes the usual for it.
                if word != "allowed" && word != "unknown" {
                    wrong.push(format!("{name}: the denied call is {word}"));
                }
            }
            for id in &worked {
                if after.evaluated(id) == "denied" {
                    wrong.push(format!("{name}: {id} worked and is denied now"));
                }
            }
            let opens = fix.to_string().contains("It also lets in ");
            for id in &kept_out {
                if after.evaluated(id) == "allowed" && !opens {
                    wrong.push(format!("{name}: a stranger gets in"));
                }
            }
        }
    }
    (wrong, carried_out)
}

#[test]
fn a_verified_fix_carried_out_does_what_it_says() {
    if !shell::is_there() {
        return println!("no jq or no bash to run commands with");
    }
    let only = std::env::var("STORY").unwrap_or_default();
    let (mut failures, mut all) = (Vec::new(), 0);
    let told =
        |s: &&Value| s["policies"].is_object() && s["name"].as_str().unwrap().contains(&only);
    for story in stories().iter().filter(told) {
        let (wrong, carried_out) = wrong(story);
        failures.extend(wrong);
        all += carried_out;
    }
    println!("{all} fixes carried out");
    assert!(all > 60 || !only.is_empty(), "only {all} fixes could be carried out");
    assert!(failures.is_empty(), "{} of {all} fixes:\n{}", failures.len(), failures.join("\n"));
}
