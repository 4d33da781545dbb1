//! Exports too large to be analysed whole: what is concluded from a sample, what is not, and how
//! the report says so.
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
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose::{self, CountBasis, Diagnosis, Implied, Kind};
use trailwhy::event::{Event, Time};
use trailwhy::history::{History, dump::Dump};
use trailwhy::ingest::{self, Ingested, Input, Ledger, Options, Sample, Total};
use trailwhy::report::{self, Material, Report, terminal::Style};
use trailwhy::wording::{Language, Wording};

/// Events with what was found in them.
struct Run {
    events: Vec<Event>,
    ledger: Ledger,
    chains: Chains,
    history: History,
    sample: Option<Sample>,
    diagnosis: Diagnosis,
}

impl Run {
    fn of(events: Vec<Event>, ledger: Ledger, sample: Option<Sample>) -> Run {
        let knowledge = Knowledge::default();
        let chains = Chains::build(&events, &knowledge);
        let history = History::new(&events, Dump::default());
        let diagnosis =
            diagnose::diagnose(&events, &chains, &knowledge, &history, sample.as_ref(), None);
        Run { events, ledger, chains, history, sample, diagnosis }
    }

    fn read(path: &Path, sample: impl FnOnce(&[Event]) -> Option<Sample>) -> Run {
        let inputs = [Input::Path(path.to_owned())];
        let Ingested { events, ledger, .. } =
            ingest::read(&inputs, &Options::default(), &()).unwrap();
        let sample = sample(&events);
        Run::of(events, ledger, sample)
    }

    fn report(&self, wording: &Wording) -> Report {
        let material = Material {
            events: &self.events,
            chains: &self.chains,
            diagnosis: &self.diagnosis,
            remedies: &[],
            history: &self.history,
            ledger: &self.ledger,
            sample: self.sample.as_ref(),
            folded: None,
            max_occurrences: None,
        };
        report::build(&material, wording)
    }

    /// Positions of the refused calls of each incident.
    fn refused(&self) -> Vec<Vec<usize>> {
        let calls = |incident: &diagnose::Incident| {
            incident.occurrences.iter().filter_map(|o| Some(o.failing.as_ref()?.denied)).collect()
        };
        self.diagnosis.incidents.iter().map(calls).collect()
    }
}

fn folders() -> Vec<PathBuf> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let all = fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path().join("logs"));
    let mut folders: Vec<PathBuf> = all.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn total(count: u64, events: &[Event]) -> Total {
    let times = || events.iter().map(|event| event.time);
    let (first, last) = (times().min().unwrap(), times().max().unwrap());
    Total { count, first: first.plus_seconds(-3600), last: last.plus_seconds(3600) }
}

/// A sample in which the refused calls of each incident stand for a thousand times as many.
fn thousandfold(whole: &Run, surrounded: Vec<bool>) -> Sample {
    let of_incident = |(stratum, calls): (u64, &Vec<usize>)| {
        calls.iter().map(|call| (*call, stratum)).collect::<Vec<_>>()
    };
    let refused = whole.refused();
    let strata = (0..).zip(&refused).flat_map(of_incident);
    let totals = (0..)
        .zip(&refused)
        .map(|(stratum, calls)| (stratum, total(calls.len() as u64 * 1000, &whole.events)));
    Sample::new(whole.events.len() as u64 * 1000, strata, totals, surrounded)
}

#[test]
fn refused_calls_are_told_by_the_number_that_was_counted() {
    for folder in folders() {
        let whole = Run::read(&folder, |_| None);
        let sample = thousandfold(&whole, vec![true; whole.events.len()]);
        let sampled = Run::of(whole.events.clone(), whole.ledger.clone(), Some(sample));
        let wording = Wording::new(Language::En);
        let (whole_report, report) = (whole.report(&wording), sampled.report(&wording));
        assert_eq!(report.incidents.len(), whole_report.incidents.len());
        assert_eq!(report.coverage.sample.unwrap().of, whole.events.len() as u64 * 1000);
        for (incident, alone) in report.incidents.iter().zip(&whole_report.incidents) {
            assert_eq!((&incident.id, incident.kind), (&alone.id, alone.kind));
            assert_eq!(incident.count, alone.count * 1000);
            assert_eq!(incident.occurrences, alone.occurrences);
            let drawn = incident.sample.unwrap();
            assert_eq!((drawn.analysed, drawn.count), (alone.count, CountBasis::Counted));
            assert_eq!(alone.sample, None);
            let first = Time::parse(&incident.first_seen).unwrap();
            assert!(first < whole.events[0].time, "the first that was counted");
        }
    }
}

#[test]
fn calls_whose_chain_was_left_out_are_counted_but_not_judged() {
    let mut dropped = 0;
    for folder in folders() {
        let whole = Run::read(&folder, |_| None);
        // Of each incident the first call keeps its chain; of the others the chain is left out.
        let refused = whole.refused();
        let shown: BTreeSet<usize> = refused.iter().filter_map(|c| c.first().copied()).collect();
        let kept_roots: BTreeSet<usize> = shown.iter().map(|c| whole.chains.root(*c)).collect();
        let is_kept = |index: &usize| {
            let others = refused.iter().flatten().filter(|call| !shown.contains(call));
            kept_roots.contains(index)
                || others.clone().any(|call| call == index)
                || others.clone().all(|call| whole.chains.root(*call) != *index)
        };
        let kept: Vec<usize> = (0..whole.events.len()).filter(is_kept).collect();
        dropped += whole.events.len() - kept.len();
        let events: Vec<Event> = kept.iter().map(|index| whole.events[*index].clone()).collect();
        let at = |call: &usize| kept.binary_search(call).unwrap();
        let strata: Vec<(usize, u64)> = (0..)
            .zip(&refused)
            .flat_map(|(stratum, calls)| calls.iter().map(move |call| (call, stratum)))
            .filter(|(call, _)| shown.contains(call))
            .map(|(call, stratum)| (at(call), stratum))
            .collect();
        let totals = (0..).zip(&refused).map(|(stratum, _)| (stratum, total(5000, &events)));
        let surrounded = kept.iter().map(|index| shown.contains(index)).collect();
        let sample = Sample::new(1_000_000, strata, totals, surrounded);
        let sampled = Run::of(events, whole.ledger.clone(), Some(sample));
        let kinds = |run: &Run| -> BTreeSet<Kind> {
            run.diagnosis.incidents.iter().map(|incident| incident.kind).collect()
        };
        assert_eq!(kinds(&sampled), kinds(&whole), "{}", folder.display());
        let calls: u64 = sampled.diagnosis.incidents.iter().map(|i| i.tally.count).sum();
        assert_eq!(calls, 5000 * refused.len() as u64, "{}", folder.display());
    }
    assert!(dropped > 0, "nothing was left out");
}

/// The stories of a file.
fn stories(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/verdicts");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    serde_json::from_str(&story::expanded(&text)).unwrap()
}

fn written(story: &Value, folder: &Path) -> PathBuf {
    let path = folder.join("trail.json");
    let records = story::Trail::of(story).records;
    fs::write(&path, json!({ "Records": records }).to_string()).unwrap();
    path
}

/// The export of a story in which calls go on reporting success and a step stops coming.
fn ghost_story(folder: &Path) -> PathBuf {
    written(&stories("ghosts.json")[0], folder)
}

#[test]
fn that_nobody_succeeded_weighs_less_where_calls_were_left_out() {
    let absence = ["contrast-region", "contrast-mfa", "contrast-forwarded-only"];
    let absence: Vec<&str> = absence.into_iter().chain(["contrast-whole-account"]).collect();
    // By story and sentence, how loud it is.
    let loudness = |run: &Run| -> Vec<(String, f64)> {
        let testimony = run.diagnosis.incidents.iter().flat_map(|i| &i.verdict.testimony);
        testimony
            .filter(|t| t.text.id().starts_with("contrast-"))
            .map(|t| (t.text.id().to_owned(), t.weights.iter().map(|w| w.2.abs()).sum()))
            .collect()
    };
    let layers = |run: &Run| -> Vec<_> {
        let verdicts = run.diagnosis.incidents.iter().map(|i| &i.verdict);
        verdicts.map(|v| v.ranked[0].layer).collect()
    };
    let concludes_from_change = |run: &Run| {
        let occurrences = run.diagnosis.incidents.iter().flat_map(|i| &i.occurrences);
        let mut failing = occurrences.filter_map(|o| o.failing.as_ref());
        failing.any(|failing| failing.implied_by == Some(Implied::Change))
    };
    let mut concluded = 0;
    let (mut seen, mut same, mut all) = (BTreeSet::new(), 0, 0);
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/verdicts")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let refused = |role: &str, secret: &str| {
        json!({
            "do": "secretsmanager:GetSecretValue", "by": role, "denied": "old",
            "on": format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:{secret}"),
        })
    };
    let nobody = json!({
        "name": "nobody of the account succeeds",
        "after": [refused("shop", "one-AbCdEf"), refused("bank", "two-AbCdEf")],
    });
    for story in names.flat_map(|name| stories(&name)).chain([nobody]) {
        let folder = tempfile::tempdir().unwrap();
        let path = written(&story, folder.path());
        let whole = Run::read(&path, |_| None);
        let every = 0..whole.events.len();
        let strata = every.clone().zip(0..);
        let sample = Sample::new(1_000_000, strata, [], every.map(|_| true).collect());
        let sampled = Run::of(whole.events.clone(), whole.ledger.clone(), Some(sample));
        all += 1;
        same += usize::from(layers(&whole) == layers(&sampled));
        // What a thing was that is no longer used is not concluded where its use may be left out.
        if concludes_from_change(&whole) {
            assert!(!concludes_from_change(&sampled), "{}", story["name"]);
            concluded += 1;
            continue;
        }
        let halved: Vec<(String, f64)> = loudness(&whole)
            .into_iter()
            .map(
                |(id, loud)| {
                    if absence.contains(&id.as_str()) { (id, loud / 2.0) } else { (id, loud) }
                },
            )
            .collect();
        seen.extend(
            halved.iter().map(|(id, _)| id.clone()).filter(|id| absence.contains(&id.as_str())),
        );
        let told = loudness(&sampled);
        let is_note = |(id, _): &&(String, f64)| id == "contrast-sampled";
        let notes = told.iter().filter(is_note).count();
        assert_eq!(told.iter().filter(|t| !is_note(t)).cloned().collect::<Vec<_>>(), halved);
        let rests = halved.iter().any(|(id, _)| absence.contains(&id.as_str()));
        assert_eq!(notes > 0, rests, "{}", story["name"]);
    }
    assert!(concluded > 0);
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen, ["contrast-mfa", "contrast-region", "contrast-whole-account"]);
    // The stories are small: each has little to go by but what never happened or just changed.
    assert!(same * 10 >= all * 9, "{same} of {all} verdicts are the same");
}

#[test]
fn a_step_is_missing_only_where_all_around_the_call_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = ghost_story(folder.path());
    let ghosts = |run: &Run| -> Vec<(usize, Option<CountBasis>)> {
        let incidents = run.diagnosis.incidents.iter();
        let ghosts = incidents.filter(|incident| incident.kind == Kind::Ghost);
        ghosts.map(|ghost| (ghost.occurrences.len(), ghost.tally.basis)).collect()
    };
    let whole = Run::read(&path, |_| None);
    let gaps: BTreeSet<usize> = whole
        .diagnosis
        .incidents
        .iter()
        .flat_map(|incident| incident.occurrences.iter().filter_map(|o| o.root))
        .collect();
    assert_eq!(ghosts(&whole), [(gaps.len(), None)]);
    let sampled = |is_surrounded: &dyn Fn(usize) -> bool| {
        let surrounded = (0..whole.events.len()).map(is_surrounded).collect();
        let sample = Sample::new(1_000_000, [], [], surrounded);
        Run::of(whole.events.clone(), whole.ledger.clone(), Some(sample))
    };
    let found = Some(CountBasis::Found);
    assert_eq!(ghosts(&sampled(&|_| true)), [(gaps.len(), found)]);
    assert_eq!(ghosts(&sampled(&|index| !gaps.contains(&index))), [], "gaps without surroundings");
    assert_eq!(ghosts(&sampled(&|index| gaps.contains(&index))), [], "nothing to compare with");
    let first = *gaps.first().unwrap();
    let is_alone = |index: usize| index == first || !gaps.contains(&index);
    assert_eq!(ghosts(&sampled(&is_alone)), [], "one alone is no stretch");
}

/// The lines that a format has of a sample and not of the whole.
fn added(whole: &str, sampled: &str) -> String {
    let known: BTreeSet<&str> = whole.lines().collect();
    sampled.lines().filter(|line| !known.contains(line)).collect::<Vec<_>>().join("\n")
}

/// The report in every format.
fn rendered(run: &Run, language: Language) -> Vec<(&'static str, String)> {
    let wording = Wording::new(language);
    let report = run.report(&wording);
    vec![
        ("terminal", report::terminal::render(&report, &wording, Style::plain(300))),
        ("markdown", report::markdown::render(&report, &wording)),
        ("html", report::html::render(&report, &wording, None)),
        ("sarif", report::sarif::render(&report, &wording)),
        ("csv", report::csv::render(&report).lines().take(2).collect::<Vec<_>>().join("\n")),
        ("json", report::json::render(&report).unwrap()),
    ]
}

#[test]
fn every_format_says_what_of_the_export_was_analysed() {
    let whole = Run::read(&folders()[0], |_| None);
    let sample = thousandfold(&whole, vec![true; whole.events.len()]);
    let sampled = Run::of(whole.events.clone(), whole.ledger.clone(), Some(sample));
    let mut shown = String::new();
    for language in [Language::En, Language::Ja] {
        let formats = rendered(&whole, language).into_iter().zip(rendered(&sampled, language));
        for ((name, whole), (_, sampled)) in formats {
            let added = added(&whole, &sampled);
            assert!(!added.is_empty(), "{name} says nothing of the sample");
            shown.push_str(&format!("== {name} {}\n{added}\n\n", language.tag()));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn no_format_says_that_nothing_was_found_where_refused_calls_were_not_judged() {
    let whole = Run::read(&folders()[0], |_| None);
    let events: Vec<Event> = whole.events.iter().filter(|event| !event.failed()).cloned().collect();
    let sample = |unjudged| {
        let surrounded = vec![false; events.len()];
        Some(Sample::new(1_000_000, [], [], surrounded).with_unjudged(unjudged))
    };
    for (language, nothing, unjudged) in [
        (Language::En, "No incident", "1,234 refused calls were not judged"),
        (Language::Ja, "インシデントは見つかりませんでした。", "判定していません"),
    ] {
        let run = Run::of(events.clone(), whole.ledger.clone(), sample(0));
        assert!(run.diagnosis.incidents.is_empty());
        for (name, text) in rendered(&run, language).into_iter().take(2) {
            assert!(text.contains(nothing) && !text.contains(unjudged), "{name}: {text}");
        }
        let run = Run::of(events.clone(), whole.ledger.clone(), sample(1_234));
        for (name, text) in rendered(&run, language).into_iter().take(3) {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(unjudged), "{name}: {text}");
            assert!(!text.contains("No incident found"), "{name}: {text}");
        }
    }
}

#[test]
fn the_report_of_a_sample_is_as_the_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let everything = |events: &[Event]| {
        Some(
            Sample::new(1_000_000, [], [], vec![true; events.len()])
                .with_unjudged(5)
                .with_all_changes(),
        )
    };
    let run = Run::read(&ghost_story(folder.path()), everything);
    let text = report::json::render(&run.report(&Wording::new(Language::En))).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["coverage"]["sample"]["of"], 1_000_000);
    assert_eq!(value["coverage"]["sample"]["unjudged"], 5);
    for (name, text) in rendered(&run, Language::En) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let told = words.join(" ").contains("5 of them are of kinds");
        assert!(told || ["json", "csv"].contains(&name), "{name}: {text}");
    }
    assert_eq!(value["incidents"][0]["sample"]["count"], "found");
    let mut schema: Value = serde_json::from_str(report::schema::REPORT_SCHEMA).unwrap();
    for definition in schema["$defs"].as_object_mut().unwrap().values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = json!(false);
        }
    }
    let validator = jsonschema::draft202012::options().build(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, [""; 0]);
}
