//! Failures are known again in another export: signatures depend on the refused records alone, and a
//! baseline hides what was there before and nothing else.

use crate::support::{dump, story};

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use flate2::read::MultiGzDecoder;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose::{self, Signature};
use trailwhy::event::Time;
use trailwhy::history::{History, dump::Dump};
use trailwhy::ingest::{self, Input, Options};
use trailwhy::report::{self, Material, Report};
use trailwhy::wording::{Language, Wording};

/// An export: its records in order of time, and where its policies lie.
struct Export {
    name: String,
    records: Vec<Value>,
    policies: Option<PathBuf>,
    /// Holds the policies of a story as long as they are needed.
    _folder: Option<tempfile::TempDir>,
}

fn time_of(record: &Value) -> &str {
    record["eventTime"].as_str().unwrap_or_default()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample_names() -> Vec<String> {
    let all = fs::read_dir(root().join("samples")).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = all
        .filter(|entry| entry.path().join("logs").is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn sample(name: &str) -> Export {
    let folder = root().join("samples").join(name);
    let mut records = Vec::new();
    for entry in walkdir::WalkDir::new(folder.join("logs")) {
        let path = entry.unwrap().into_path();
        let mut text = String::new();
        if !path.is_file() {
            continue;
        }
        MultiGzDecoder::new(fs::read(path).unwrap().as_slice()).read_to_string(&mut text).unwrap();
        let Ok(mut body) = serde_json::from_str::<Value>(&text) else { continue };
        if let Some(list) = body.get_mut("Records").and_then(Value::as_array_mut) {
            records.append(list);
        }
    }
    records.sort_by(|a, b| time_of(a).cmp(time_of(b)));
    Export {
        name: name.to_owned(),
        records,
        policies: Some(folder.join("policies")),
        _folder: None,
    }
}

fn stories() -> Vec<Value> {
    let folder = root().join("tests/data/verdicts");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let read = |file: PathBuf| -> Vec<Value> {
        let text = story::expanded(&fs::read_to_string(file).unwrap());
        serde_json::from_str(&text).unwrap()
    };
    files.into_iter().flat_map(read).collect()
}

fn export_of(story: &Value) -> Export {
    let folder = tempfile::tempdir().unwrap();
    dump::write(&story["policies"], folder.path());
    let mut records = story::Trail::of(story).records;
    records.sort_by(|a, b| time_of(a).cmp(time_of(b)));
    Export {
        name: story["name"].as_str().unwrap().to_owned(),
        records,
        policies: Some(folder.path().to_owned()),
        _folder: Some(folder),
    }
}

/// What an analysis of some records tells.
struct Told {
    report: Report,
    /// The signature of every record, by its event id, made of it alone; several where records share
    /// a masked id.
    alone: BTreeMap<String, BTreeSet<String>>,
}

impl Told {
    fn of(records: &[Value], policies: Option<&Path>) -> Told {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("trail.json");
        fs::write(&logs, json!({ "Records": records }).to_string()).unwrap();
        let read = ingest::read(&[Input::Path(logs)], &Options::default(), &()).unwrap();
        let (events, ledger) = (read.events, read.ledger);
        let dump = match policies {
            Some(path) => Dump::read(&[path.to_owned()], Time::parse("2027-01-01T00:00:00Z")),
            None => Ok(Dump::default()),
        };
        let history = History::new(&events, dump.unwrap());
        let knowledge = Knowledge::default();
        let chains = Chains::build(&events, &knowledge);
        let diagnosis = diagnose::diagnose(&events, &chains, &knowledge, &history, None);
        let material = Material {
            events: &events,
            chains: &chains,
            diagnosis: &diagnosis,
            remedies: &[],
            history: &history,
            ledger: &ledger,
            folded: None,
            max_occurrences: None,
        };
        let report = report::build(&material, &Wording::new(Language::En));
        let mut alone: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in &events {
            let signature = Signature::of(event).to_string();
            alone.entry(event.id().to_owned()).or_default().insert(signature);
        }
        Told { report, alone }
    }

    /// The records by which the incidents are known.
    fn refused(&self) -> BTreeSet<&str> {
        let occurrences = self.report.incidents.iter().flat_map(|one| &one.occurrences);
        let id = |one: &'_ report::Occurrence| {
            one.denied_event_id.as_ref().or(one.root_event_id.as_ref()).cloned()
        };
        let ids: BTreeSet<String> = occurrences.filter_map(id).collect();
        self.alone.keys().map(String::as_str).filter(|known| ids.contains(*known)).collect()
    }

    fn signatures(&self) -> BTreeSet<&str> {
        let incidents = self.report.incidents.iter();
        incidents.flat_map(|incident| &incident.signatures).map(String::as_str).collect()
    }
}

/// Cuts records in time; those of one second stay together.
fn cut<'r>(records: &'r [Value], places: &[usize]) -> Vec<&'r [Value]> {
    let mut ends: Vec<usize> = places
        .iter()
        .map(|place| {
            let at = place % (records.len() + 1);
            let time = records.get(at).map_or("", time_of);
            records.partition_point(|record| !time.is_empty() && time_of(record) < time)
        })
        .collect();
    ends.extend([0, records.len()]);
    ends.sort_unstable();
    ends.dedup();
    ends.windows(2).map(|pair| &records[pair[0]..pair[1]]).collect()
}

/// What is not as it should be; whether the parts told of every record that the whole told of.
fn compare(export: &Export, places: &[usize], policies: bool) -> (Vec<String>, bool) {
    let policies = export.policies.as_deref().filter(|_| policies);
    let whole = Told::of(&export.records, policies);
    let parts: Vec<Told> =
        cut(&export.records, places).iter().map(|part| Told::of(part, policies)).collect();
    let texts: BTreeSet<String> = export.records.iter().map(Value::to_string).collect();
    let ids: BTreeSet<String> =
        export.records.iter().map(|record| record["eventID"].to_string()).collect();
    let masked = ids.len() < texts.len();
    let mut wrong = Vec::new();
    for told in parts.iter().chain([&whole]) {
        // Of the record alone, as the whole export has it.
        // Records under a masked id get ids of their own, which depend on what else is read.
        let by_id = if masked { &told.alone } else { &whole.alone };
        let alone: BTreeSet<&str> =
            told.refused().iter().flat_map(|id| &by_id[*id]).map(String::as_str).collect();
        if told.signatures() != alone {
            wrong.push(format!("{}: {:?} for {alone:?}", export.name, told.signatures()));
        }
        let ids: BTreeSet<&String> = told.report.incidents.iter().map(|one| &one.id).collect();
        if ids.len() != told.report.incidents.len() {
            wrong.push(format!("{}: an id twice", export.name));
        }
        for incident in &told.report.incidents {
            let counted: u64 = incident.actions.iter().map(|action| action.count).sum();
            if incident.denied.is_some() && counted != incident.count {
                wrong.push(format!("{}: {counted} of {}", export.name, incident.count));
            }
        }
    }
    let refused: BTreeSet<&str> = parts.iter().flat_map(Told::refused).collect();
    let same = refused == whole.refused();
    let union: BTreeSet<&str> = parts.iter().flat_map(Told::signatures).collect();
    let same = same && !masked;
    if same && union != whole.signatures() {
        wrong.push(format!("{}: {union:?} of the parts", export.name));
    }
    (wrong, same)
}

proptest! {
    #![proptest_config(Config { cases: 12, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_cut_in_time_gives_the_signatures_of_the_whole(
        which in 0..usize::MAX,
        places in prop::collection::vec(0..usize::MAX, 1..3),
        policies in any::<bool>(),
    ) {
        let names = sample_names();
        let (wrong, _) = compare(&sample(&names[which % names.len()]), &places, policies);
        prop_assert_eq!(wrong, [""; 0]);
    }
}

#[test]
fn parts_of_every_story_give_the_signatures_of_the_whole() {
    let (mut wrong, mut whole, mut all) = (Vec::new(), 0, 0);
    for (number, story) in stories().iter().enumerate() {
        let export = export_of(story);
        let records = export.records.len();
        // Two or three parts, cut in another place for each story.
        let places = [records * (number % 5 + 2) / 8, records * 7 / 8];
        let places = if number % 2 == 0 { &places[..1] } else { &places[..] };
        for policies in [false, true] {
            let (found, same) = compare(&export, places, policies);
            wrong.extend(found);
            all += 1;
            whole += usize::from(same);
        }
    }
    assert_eq!(wrong, [""; 0]);
    // Most cuts part nothing that belongs together: the test is not about nothing.
    assert!(whole * 4 > all * 3, "{whole} of {all}");
}

#[test]
fn policies_change_no_signature() {
    for name in sample_names() {
        let export = sample(&name);
        let (without, with) = (
            Told::of(&export.records, None),
            Told::of(&export.records, export.policies.as_deref()),
        );
        assert_eq!(without.signatures(), with.signatures(), "{name}");
    }
}

/// A call of a role, refused: `(role, session, event source, event name, action, resource, second)`.
fn refused(call: [&str; 6], second: u32) -> Value {
    let [role, session, service, name, action, resource] = call;
    json!({
        "eventVersion": "1.09", "eventType": "AwsApiCall", "eventCategory": "Management",
        "eventID": format!("{second:08x}-5a5a-4b4b-8c8c-{:012x}", second * 7919),
        "eventTime": format!("2026-05-0{}T10:00:{:02}Z", 1 + second / 60, second % 60),
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-sdk-java/2.20", "readOnly": false,
        "errorCode": "AccessDenied",
        "errorMessage": format!("User: arn:aws:sts::111122223333:assumed-role/{role}/{session} is not \
            authorized to perform: {action} on resource: {resource} because no identity-based \
            policy allows the {action} action"),
        "requestParameters": null, "responseElements": null,
        "userIdentity": {
            "type": "AssumedRole", "principalId": format!("AROAEXAMPLE{role}:{session}"),
            "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}"),
            "accountId": "111122223333", "accessKeyId": format!("ASIAEXAMPLE{session}"),
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": format!("AROAEXAMPLE{role}"),
                "arn": format!("arn:aws:iam::111122223333:role/{role}"),
                "accountId": "111122223333", "userName": role,
            }, "attributes": {"creationDate": "2026-05-01T09:00:00Z", "mfaAuthenticated": "false"}},
        },
    })
}

/// Exit status and report of the records, with a baseline or without.
fn analyzed(folder: &Path, records: &[Value], baseline: Option<&Path>) -> (i32, Value) {
    let logs = folder.join("trail.json");
    fs::write(&logs, json!({ "Records": records }).to_string()).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.args(["analyze", "--quiet", "--format", "json"]).arg(&logs);
    if let Some(baseline) = baseline {
        command.arg("--baseline").arg(baseline);
    }
    let output = command.output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

const QUEUE: [&str; 6] = [
    "worker",
    "run-1",
    "sqs",
    "SendMessage",
    "sqs:SendMessage",
    "arn:aws:sqs:eu-west-1:111122223333:orders",
];

#[test]
fn a_baseline_knows_the_same_failure_and_hides_no_other() {
    let volume = |id| {
        let arn = format!("arn:aws:ec2:eu-west-1:111122223333:volume/{id}");
        move |session: &'static str, second: u32| {
            refused(["worker", session, "ec2", "AttachVolume", "ec2:AttachVolume", &arn], second)
        }
    };
    let object = |bucket: &str, key: &str, second: u32| {
        let arn = format!("arn:aws:s3:::{bucket}/{key}");
        refused(["worker", "run-1", "s3", "PutObject", "s3:PutObject", &arn], second)
    };
    let changed = |at: usize, value: &'static str| {
        let mut call = QUEUE;
        call[at] = value;
        refused(call, 90)
    };
    let before = [
        refused(QUEUE, 1),
        volume("vol-0a1b2c3d4e5f60718")("run-1", 5),
        object("invoices", "2026/05/01.pdf", 20),
    ];
    for (name, after, is_new) in [
        ("the same on another day", changed(1, "run-1"), false),
        ("another session", changed(1, "run-2"), false),
        ("another volume", volume("vol-0fffffffffffffff1")("run-9", 91), false),
        ("another object of the bucket", object("invoices", "2026/05/02.pdf", 92), false),
        ("another bucket", object("payslips", "2026/05/02.pdf", 93), true),
        ("another role", changed(0, "reporter"), true),
        ("another queue", changed(5, "arn:aws:sqs:eu-west-1:111122223333:returns"), true),
        (
            "another service",
            refused(
                [
                    "worker",
                    "run-1",
                    "dynamodb",
                    "PutItem",
                    "dynamodb:PutItem",
                    "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
                ],
                95,
            ),
            true,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (_, known) = analyzed(folder.path(), &before, None);
        assert!(known["incidents"][0].get("new_signatures").is_none());
        let baseline = folder.path().join("known.json");
        fs::write(&baseline, known.to_string()).unwrap();
        // Alone, and within what was known.
        for records in [vec![after.clone()], [&before[..], std::slice::from_ref(&after)].concat()] {
            let (status, report) = analyzed(folder.path(), &records, Some(&baseline));
            assert_eq!(status, i32::from(is_new), "{name}");
            let incidents = report["incidents"].as_array().unwrap();
            let new: usize =
                incidents.iter().map(|one| one["new_signatures"].as_array().unwrap().len()).sum();
            assert_eq!(new, usize::from(is_new), "{name}");
        }
    }
}

#[test]
fn consecutive_days_know_each_other() {
    for name in sample_names() {
        let export = sample(&name);
        let folder = tempfile::tempdir().unwrap();
        let half = cut(&export.records, &[export.records.len() * 4 / 5]);
        let (status, known) = analyzed(folder.path(), half[0], None);
        assert_eq!(status, 1, "{name}");
        let baseline = folder.path().join("yesterday.json");
        fs::write(&baseline, known.to_string()).unwrap();
        let (_, today) = analyzed(folder.path(), half[1], Some(&baseline));
        let signatures = |report: &Value| -> BTreeSet<String> {
            let incidents = report["incidents"].as_array().unwrap().iter();
            incidents
                .flat_map(|one| one["signatures"].as_array().unwrap())
                .map(|signature| signature.as_str().unwrap().to_owned())
                .collect()
        };
        let new: BTreeSet<String> = today["incidents"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|one| one["new_signatures"].as_array().unwrap())
            .map(|signature| signature.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            new,
            signatures(&today).difference(&signatures(&known)).cloned().collect(),
            "{name}"
        );
    }
}
