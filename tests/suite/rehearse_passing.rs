//! A trail that goes by is rehearsed as one that is held: the same findings, counts, times and examples,
//! however small the window over it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::event::Time;
use trailwhy::fold::{self, Bounds, Settled};
use trailwhy::history::History;
use trailwhy::history::amend::Amendment;
use trailwhy::history::change::Value;
use trailwhy::history::dump::Dump;
use trailwhy::history::passing::Teaching;
use trailwhy::history::subject::{PolicyType, Subject};
use trailwhy::ingest::{self, Batch, Input, Options};
use trailwhy::rehearse::change::Changes;
use trailwhy::rehearse::passing::{Asked, Passing};
use trailwhy::rehearse::{self, Rehearsal, Trail, view};
use trailwhy::wording::{Language, Wording};

use crate::support::export::volume::{Kind, Plan};

/// One export, the policies beside it, and what is tried on it.
struct Stage {
    logs: PathBuf,
    policies: Option<PathBuf>,
    since: Option<Time>,
}

/// What is tried: the changes and the moment just before them, as the history has them.
type Tried<'t> = &'t dyn Fn(&History) -> (Vec<Amendment>, Time);

impl Stage {
    fn of_sample(name: &str) -> Stage {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        Stage { logs: folder.join("logs"), policies: Some(folder.join("policies")), since: None }
    }

    fn inputs(&self) -> [Input; 1] {
        [Input::Path(self.logs.clone())]
    }

    fn dump(&self) -> Dump {
        let policies: Vec<PathBuf> = self.policies.iter().cloned().collect();
        Dump::read(&policies, None).unwrap()
    }

    /// All records held.
    fn held(&self, tried: Tried<'_>) -> Json {
        let events = ingest::read(&self.inputs(), &Options::default(), &()).unwrap().events;
        let knowledge = Knowledge::default();
        let chains = Chains::build(&events, &knowledge);
        let history = History::new(&events, self.dump());
        let trail = Trail::new(&events, &chains, &knowledge);
        let (amendments, present) = tried(&history);
        told(&rehearse::rehearse(&trail, &history, &amendments, present, self.since))
    }

    /// Read twice, once for the policies and once for the calls, and none of it held.
    fn passing(&self, tried: Tried<'_>, bounds: &Bounds) -> Json {
        let mut teaching = Teaching::default();
        let mut each = |batch: Batch| {
            batch.late.into_iter().chain(batch.events).for_each(|event| teaching.take(event));
        };
        ingest::stream(&self.inputs(), &Options::default(), &(), &mut each).unwrap();
        let history = History::new(&teaching.finish(), self.dump());
        let (amendments, present) = tried(&history);
        let after = history.amended(&amendments, present);
        let knowledge = Knowledge::default();
        let asked = Asked {
            history: &history,
            after: &after,
            amendments: &amendments,
            present,
            since: self.since,
        };
        let mut passing = Passing::new(asked, &knowledge);
        let mut each = |settled: Settled<'_>| {
            let Settled { events, chains, numbers, fresh, quiet, quiet_numbers } = settled;
            let numbers = Some(numbers);
            let trail = Trail { events, chains, knowledge: &knowledge, quiet, numbers };
            passing.take(&trail, fresh, quiet_numbers);
        };
        let knows = (&knowledge, bounds);
        fold::watch(&self.inputs(), &Options::default(), knows, &(), &mut each).unwrap();
        told(&passing.finish())
    }
}

/// Everything that is said of it.
fn told(rehearsal: &Rehearsal) -> Json {
    let wording = Wording::new(Language::En);
    serde_json::to_value(view::report(rehearsal, &Changes::default(), &wording)).unwrap()
}

/// Steps of so many events. What belongs together comes within fewer than are looked ahead and back; where
/// it does not, no window of any size gives the same.
fn bounds(step: usize) -> Bounds {
    Bounds { step, ahead: AHEAD, behind: 2 * AHEAD, quiet: step, ..Bounds::default() }
}

/// Some minutes of the exports tried.
const AHEAD: usize = 800;

/// A policy of the organization that comes to an account.
fn guardrail(account: &str, statements: Json) -> Vec<Amendment> {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let hangs = Subject::OrganizationAttachment { policy: "p-new".into(), target: account.into() };
    let set =
        |subject, value| Amendment::set(subject, value, "guardrail").of_kind(Some(PolicyType::Scp));
    vec![
        set(Subject::OrganizationPolicy("p-new".into()), Value::text(document)),
        set(hangs, Value::Present),
    ]
}

/// Where two values differ, and how; the first few of such places.
fn differences(wanted: &Json, found: &Json, at: &str, all: &mut Vec<String>) {
    match (wanted, found) {
        (Json::Object(one), Json::Object(other)) => {
            for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                differences(&wanted[name], &found[name], &format!("{at}/{name}"), all);
            }
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            for (place, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{at}/{place}"), all);
            }
        }
        _ if wanted != found => all.push(format!("{at}: {wanted} became {found}")),
        _ => {}
    }
    all.truncate(12);
}

/// Compares, and says how many findings there are.
fn compare(name: &str, stage: &Stage, tried: Tried<'_>, steps: &[usize]) -> usize {
    let held = stage.held(tried);
    for step in steps {
        let passing = stage.passing(tried, &bounds(*step));
        let mut all = Vec::new();
        differences(&held, &passing, "", &mut all);
        assert!(all.is_empty(), "{name}, steps of {step}: {all:#?}");
    }
    held["findings"].as_array().unwrap().len()
}

#[test]
fn the_change_of_each_sample_is_rehearsed_alike() {
    let mut found = 0;
    for name in [
        "1-ebs-source-ip",
        "3-backup-vault-key",
        "4-kms-vpc-endpoint",
        "5-auto-scaling-own-key",
        "6-auto-scaling-other-account-key",
    ] {
        let stage = Stage::of_sample(name);
        let expected = stage.logs.with_file_name("expected.json");
        let expected: Json = serde_json::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
        let Some(id) = expected["change_event_id"].as_str() else { continue };
        let tried = |history: &History| {
            let change = history.change_by(id).unwrap();
            let (subject, operation) = (change.subject.clone(), change.operation.clone());
            let amendment = Amendment { subject, operation, source: id.into(), kind: None };
            (vec![amendment], change.time.plus_seconds(-1))
        };
        found += compare(name, &stage, &tried, &[70, 400]);
    }
    assert!(found >= 4, "{found}");
}

#[test]
#[ignore = "a window that ends within a second gives a call to another root"]
fn a_guardrail_for_everybody_is_rehearsed_alike_from_any_moment_on() {
    let mut stage = Stage::of_sample("2-same-condition-other-services");
    let denied = json!([{"Effect": "Deny", "Action": ["kms:*", "s3:*", "ec2:Describe*"],
        "Resource": "*"}]);
    for since in [None, Some("2026-09-15T02:00:00Z")] {
        stage.since = since.map(|time| Time::parse(time).unwrap());
        let tried =
            |history: &History| (guardrail("111122223333", denied.clone()), history.latest());
        let found = compare("guardrail", &stage, &tried, &[70, 400]);
        assert!(found >= 3, "{found}");
    }
}

#[test]
#[ignore = "a window that ends within a second gives a call to another root"]
fn a_large_export_is_rehearsed_alike() {
    let folder = TempDir::new().unwrap();
    let plan = Plan { kind: Kind::Hard, seed: 7, bytes: 3_000_000, small_files: false };
    plan.write(folder.path()).unwrap();
    let stage = Stage { logs: folder.path().to_owned(), policies: None, since: None };
    let denied = json!([
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*",
            "Condition": {"StringNotLike": {"aws:PrincipalArn": "*:role/a*"}}},
        {"Effect": "Deny", "Action": ["s3:Get*", "ec2:Run*"], "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}},
    ]);
    let tried = |history: &History| {
        let accounts = history.owners().into_iter().filter_map(|owner| {
            owner.split(':').nth(4).filter(|account| account.len() == 12).map(str::to_owned)
        });
        let accounts: BTreeSet<String> = accounts.collect();
        let all = accounts.iter().flat_map(|account| guardrail(account, denied.clone()));
        (all.collect(), history.latest())
    };
    let found = compare("hard export", &stage, &tried, &[500]);
    assert!(found > 20, "{found}");
}
