//! Each story is rehearsed on the trail before its change: what is foretold is compared with what
//! happened. The samples stand here; a folder of exports whose truth is known is measured where
//! `TRAILWHY_CASES` names one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use trailwhy::chain::service::Table;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::event::{CallerKind, Event, Field, Time};
use trailwhy::history::History;
use trailwhy::history::amend::Amendment;
use trailwhy::history::change::{Change, Operation};
use trailwhy::history::dump::Dump;
use trailwhy::ingest::{self, Input, Options};
use trailwhy::rehearse::call::{Call, Calls};
use trailwhy::rehearse::fate::{Fate, Policies};
use trailwhy::rehearse::finding::{holder, principal};
use trailwhy::rehearse::key::Mentioned;
use trailwhy::rehearse::{self, Trail};

/// One export whose truth is known.
struct Case {
    name: String,
    folder: PathBuf,
    stories: Vec<Story>,
}

/// A change, and what was refused because of it.
struct Story {
    fault: String,
    changes: Vec<String>,
    denied: BTreeSet<String>,
    /// The resource that it was about, where that is known apart from the records.
    on: Option<String>,
}

/// What a rehearsal of it was worth.
#[derive(Debug, Default, Clone)]
struct Worth {
    /// Refusals whose like worked before.
    like: usize,
    /// Of them foretold.
    foretold: usize,
    /// Of them foretold, or said that it cannot be told.
    warned: usize,
    /// Distinct calls foretold to be denied, that were refused or worked.
    right: usize,
    wrong: usize,
    /// The same of those of which it was said that it cannot be told.
    unclear_right: usize,
    unclear_wrong: usize,
    /// Records that worked though the policies known deny them, and all.
    unexplained: u64,
    records: u64,
    /// Distinct calls that taking the change back would break.
    broken_by_repair: usize,
}

impl Worth {
    fn add(&mut self, other: &Worth) {
        self.like += other.like;
        self.foretold += other.foretold;
        self.warned += other.warned;
        self.right += other.right;
        self.wrong += other.wrong;
        self.unclear_right += other.unclear_right;
        self.unclear_wrong += other.unclear_wrong;
        self.unexplained += other.unexplained;
        self.records += other.records;
        self.broken_by_repair += other.broken_by_repair;
    }

    fn line(&self) -> String {
        let share = |part: usize, whole: usize| match whole {
            0 => "   -".to_owned(),
            whole => format!("{:4.2}", part as f64 / whole as f64),
        };
        format!(
            "like {:3} recall {} warned {} | right {:3} wrong {:3} precision {} | unclear {:3} / {:3} | \
             unexplained {:5.3} | broken by repair {}",
            self.like,
            share(self.foretold, self.like),
            share(self.warned, self.like),
            self.right,
            self.wrong,
            share(self.right, self.right + self.wrong),
            self.unclear_right,
            self.unclear_wrong,
            self.unexplained as f64 / self.records.max(1) as f64,
            self.broken_by_repair
        )
    }
}

/// Calls alike as far as a refused record still shows it: a refused call to KMS has lost its parameters.
type Like = (String, String, Option<String>, CallerKind);

struct Read {
    events: Vec<Event>,
    chains: Chains,
    knowledge: Knowledge,
    history: History,
}

impl Read {
    fn of(case: &Case) -> Read {
        let input = Input::Path(case.folder.join("logs"));
        let events = ingest::read(&[input], &Options::default(), &()).unwrap().events;
        let knowledge = Knowledge::new(Table::builtin().clone());
        let chains = Chains::build(&events, &knowledge);
        let dump = Dump::read(&[case.folder.join("policies")], None).unwrap();
        let history = History::new(&events, dump);
        Read { events, chains, knowledge, history }
    }

    fn trail(&self) -> Trail<'_> {
        Trail::new(&self.events, &self.chains, &self.knowledge)
    }

    fn like(&self, call: &Call) -> Like {
        let request = &call.requests[0];
        let kind = call.caller_kind(&self.trail()).unwrap();
        (principal(request), request.action.clone(), holder(request), kind)
    }

    fn calls(&self, asked: &Mentioned, present: Time, among: std::ops::Range<usize>) -> Calls {
        rehearse::calls(&self.trail(), asked, &self.history.at(present), among)
    }

    fn fates(
        &self,
        after: &History,
        amendments: &[Amendment],
        present: Time,
        calls: &Calls,
    ) -> Vec<Fate> {
        let policies = Policies::new(&self.history, after, amendments, present);
        rehearse::fates(&self.trail(), &policies, calls)
    }
}

/// Taking changes back.
fn repair(history: &History, changes: &[&Change]) -> Vec<Amendment> {
    let before = |change: &&Change| {
        let (before, _) = history.around(change)?;
        let operation = Operation::Set(before.value()?.clone());
        let subject = change.subject.clone();
        Some(Amendment { subject, operation, source: "repair".into(), kind: None })
    };
    changes.iter().filter_map(before).collect()
}

fn measure(read: &Read, story: &Story, say: bool) -> Option<Worth> {
    let of_story = |change: &&Change| story.changes.iter().any(|id| **id == *change.event_id);
    let changes: Vec<&Change> = read.history.changes().iter().filter(of_story).collect();
    let first = changes.iter().map(|change| change.time).min()?;
    let last = changes.iter().map(|change| change.time).max()?;
    let present = first.plus_seconds(-1);
    let amendments: Vec<Amendment> = changes
        .iter()
        .map(|change| Amendment {
            subject: change.subject.clone(),
            operation: change.operation.clone(),
            source: change.event_id.clone(),
            kind: None,
        })
        .collect();
    let after = read.history.amended(&amendments, present);
    let asked = Mentioned::by([&read.history, &after]);
    let cut = read.events.partition_point(|event| event.time <= present);
    let calls = read.calls(&asked, present, 0..cut);
    let fates = read.fates(&after, &amendments, present, &calls);

    let denied: Vec<usize> = (0..read.events.len())
        .filter(|at| story.denied.contains(read.events[*at].id()) && read.events[*at].time >= last)
        .collect();
    let end = denied.iter().max().map_or(cut, |at| at + 1);
    let mut worth = Worth::default();
    let mut before: BTreeMap<Like, (bool, bool)> = BTreeMap::new();
    for (call, fate) in calls.found().iter().zip(&fates) {
        worth.records += call.records();
        if matches!(fate, Fate::Unexplained) {
            worth.unexplained += call.records();
            if say {
                println!("    unexplained {:?}", read.like(call));
            }
        }
        if call.worked {
            let (foretold, warned) = before.entry(read.like(call)).or_default();
            *foretold |= matches!(fate, Fate::Denied(_));
            *warned |= matches!(fate, Fate::Denied(_) | Fate::Unclear(_));
        }
    }
    let mut refused: BTreeSet<Like> = BTreeSet::new();
    for at in denied {
        let one = read.calls(&asked, present, at..at + 1);
        let Some(call) = one.found().first() else { continue };
        let mut like = read.like(call);
        // Where a record names no key, the one taken for it is a guess, and the truth knows better.
        let event = &read.events[at];
        let is_named = event.error_message().is_some_and(|text| text.contains("arn:"))
            || event.get(Field::Resources).is_some();
        let key = story.on.as_ref().filter(|on| on.contains(":kms:") && like.1.starts_with("kms:"));
        if let Some(key) = key.filter(|_| !is_named) {
            like.2 = Some(key.clone());
        }
        refused.insert(like.clone());
        let Some((foretold, warned)) = before.get(&like) else { continue };
        worth.like += 1;
        worth.foretold += usize::from(*foretold);
        worth.warned += usize::from(*warned);
        if say && !foretold {
            let fates: Vec<_> = calls
                .found()
                .iter()
                .zip(&fates)
                .filter(|(call, _)| call.worked && read.like(call) == like)
                .map(|(_, fate)| fate)
                .collect();
            println!("    not foretold {like:?}\n      {fates:?}");
        }
    }
    let first_after = read.events.partition_point(|event| event.time <= last);
    let later = read.calls(&asked, present, first_after..end.max(first_after));
    let worked: BTreeSet<&str> =
        later.found().iter().filter(|call| call.worked).map(|call| &*call.key).collect();
    for call in later.found().iter().filter(|call| !call.worked) {
        refused.insert(read.like(call));
    }
    for (call, fate) in calls.found().iter().zip(&fates).filter(|(call, _)| call.worked) {
        let (right, wrong) = match fate {
            Fate::Denied(_) => (&mut worth.right, &mut worth.wrong),
            Fate::Unclear(_) => (&mut worth.unclear_right, &mut worth.unclear_wrong),
            _ => continue,
        };
        let is_wrong = worked.contains(&*call.key);
        *wrong += usize::from(is_wrong);
        *right += usize::from(!is_wrong && refused.contains(&read.like(call)));
        if say && is_wrong {
            println!("    wrong {:?} {fate:?}", read.like(call));
        }
    }
    let repair = repair(&read.history, &changes);
    let repaired = read.history.amended(&repair, last);
    let all = read.calls(&asked, last, 0..end);
    let fates = read.fates(&repaired, &repair, last, &all);
    for (call, fate) in all.found().iter().zip(&fates) {
        if matches!(fate, Fate::Denied(_)) {
            worth.broken_by_repair += 1;
            if say {
                println!("    broken by repair {:?} {fate:?}", read.like(call));
            }
        }
    }
    Some(worth)
}

fn ids(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The folders below one that hold logs, policies and what is true of them.
fn cases(root: &Path) -> Vec<Case> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| case(folder)).collect()
}

fn case(folder: &Path) -> Option<Case> {
    let read = |name: &str| -> Option<Json> {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).ok()?).ok()
    };
    let stories = match (read("truth.json"), read("expected.json")) {
        (Some(truth), _) => truth["incidents"].as_array()?.iter().map(of_truth).collect(),
        (None, Some(expected)) => vec![of_sample(&expected)],
        (None, None) => return None,
    };
    let name = folder.file_name()?.to_string_lossy().into_owned();
    Some(Case { name, folder: folder.to_owned(), stories })
}

fn of_truth(incident: &Json) -> Story {
    let mut changes = ids(&incident["change_event_ids_acceptable"]);
    changes.extend(incident["change_event_id"].as_str().map(str::to_owned));
    Story {
        fault: incident["fault"].as_str().unwrap_or_default().to_owned(),
        changes,
        denied: ids(&incident["denied_event_ids"]).into_iter().collect(),
        on: incident["policy_arn_or_name"].as_str().map(str::to_owned),
    }
}

fn of_sample(expected: &Json) -> Story {
    let denied = expected["occurrences"].as_array().into_iter().flatten();
    Story {
        fault: String::new(),
        changes: expected["change_event_id"].as_str().map(str::to_owned).into_iter().collect(),
        denied: denied.filter_map(|one| one["denied"].as_str()).map(str::to_owned).collect(),
        on: None,
    }
}

/// Measures every story of a folder that has a change, and prints the table.
fn table(root: &Path) -> (Worth, usize) {
    let say = std::env::var_os("TRAILWHY_SAY").is_some();
    let only = std::env::var("TRAILWHY_ONLY").unwrap_or_default();
    let (mut sum, mut count) = (Worth::default(), 0);
    for case in cases(root) {
        let has_change = case.stories.iter().any(|story| !story.changes.is_empty());
        if !has_change || !case.name.contains(&only) {
            continue;
        }
        let read = Read::of(&case);
        for story in case.stories.iter().filter(|story| !story.changes.is_empty()) {
            let Some(worth) = measure(&read, story, say) else { continue };
            println!("{:32} {:28} {}", case.name, story.fault, worth.line());
            sum.add(&worth);
            count += 1;
        }
    }
    println!("{:32} {:28} {}", "all", count, sum.line());
    (sum, count)
}

#[test]
fn what_follows_in_the_samples_is_foretold() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let (sum, count) = table(&samples);
    assert!(count >= 4, "{count} samples have a change");
    assert!(sum.like > 0 && sum.warned == sum.like, "{sum:?}");
    assert_eq!((sum.wrong, sum.broken_by_repair), (0, 0), "{sum:?}");
}

#[test]
fn what_follows_in_other_exports_is_foretold() {
    let Some(root) = std::env::var_os("TRAILWHY_CASES") else {
        println!("TRAILWHY_CASES names no folder of exports whose truth is known: not measured");
        return;
    };
    let (sum, count) = table(Path::new(&root));
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    assert!(count > 0);
    assert!(share(sum.warned, sum.like) >= 0.95, "{sum:?}");
    assert!(share(sum.right, sum.right + sum.wrong) >= 0.95, "{sum:?}");
    assert_eq!(sum.broken_by_repair, 0, "{sum:?}");
}
