//! A sample of a large export depends on which records there are and on nothing else; what is counted
//! is counted rightly; and an export that is small is kept whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

#[path = "../benches/export/mod.rs"]
#[allow(dead_code, reason = "the benches use the rest")]
mod export;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use export::volume::{Kind, Plan};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use trailwhy::chain::Knowledge;
use trailwhy::event::Event;
use trailwhy::ingest::{self, Budget, Contribution, Ingested, Input, Options, Sorter};
use trailwhy::sampling::Sorts;

/// So little that a few thousand records are too many.
const SMALL: Budget = Budget {
    whole: 500,
    refused: 60,
    refused_each: 4,
    changes: 40,
    changes_each: 64,
    calls: 300,
    calls_each: 4,
    minutes: 900,
    surroundings: 200,
    edges: 9_000,
};

fn make(kind: Kind, seed: u64, folder: &Path) {
    let plan = Plan { kind, seed, bytes: 3_000_000, small_files: false };
    plan.write(folder).unwrap();
}

fn survey(folder: &Path, threads: usize, budget: &Budget) -> Ingested {
    let knowledge = Knowledge::default();
    let options = Options { threads: Some(threads), ..Options::default() };
    let inputs = [Input::Path(folder.to_owned())];
    ingest::survey(&inputs, &options, &Sorts::new(&knowledge), budget, &()).unwrap()
}

fn read(folder: &Path) -> Ingested {
    ingest::read(&[Input::Path(folder.to_owned())], &Options::default(), &()).unwrap()
}

fn records(folder: &Path) -> Vec<Value> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    let mut records = Vec::new();
    for file in files.filter(|path| path.extension().is_some_and(|e| e == "gz")) {
        let mut text = String::new();
        MultiGzDecoder::new(fs::read(file).unwrap().as_slice()).read_to_string(&mut text).unwrap();
        let mut body: Value = serde_json::from_str(&text).unwrap();
        records.append(body["Records"].as_array_mut().unwrap());
    }
    records
}

fn write(folder: &Path, name: &str, records: &[Value]) {
    let body = serde_json::to_vec(&json!({ "Records": records })).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&body).unwrap();
    fs::write(folder.join(name), encoder.finish().unwrap()).unwrap();
}

/// What a sample says, in a fixed order.
fn said(ingested: &Ingested) -> impl PartialEq + std::fmt::Debug + use<> {
    let sample = ingested.sample.as_ref().unwrap();
    let events: Vec<String> = ingested.events.iter().map(|e| e.id().to_owned()).collect();
    let all = 0..ingested.events.len();
    let surrounded: Vec<bool> = all.clone().map(|index| sample.is_surrounded(index)).collect();
    let judged: Vec<_> =
        all.filter(|i| sample.is_judged(*i)).map(|i| (i, sample.total([i]))).collect();
    (events, surrounded, judged, sample.records(), ingested.ledger.records)
}

#[test]
fn a_small_export_is_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 3, folder.path());
    let (read, survey) = (read(folder.path()), survey(folder.path(), 2, &Budget::default()));
    assert!(survey.sample.is_none());
    assert_eq!(read.events, survey.events);
    assert_eq!(read.ledger, survey.ledger);
}

#[test]
fn every_refused_call_is_counted_and_every_sort_of_them_judged() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 5, folder.path());
    let whole = read(folder.path());
    // As much as that export asks for.
    let budget = Budget { surroundings: 3_000, refused: 600, ..SMALL };
    let survey = survey(folder.path(), 2, &budget);
    let sample = survey.sample.as_ref().unwrap();
    assert!(survey.events.len() < whole.events.len());
    assert_eq!(sample.records(), whole.events.len() as u64);
    assert_eq!(survey.ledger.records, whole.ledger.records);

    let knowledge = Knowledge::default();
    let sorts = Sorts::new(&knowledge);
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for stratum in whole.events.iter().filter_map(|event| sorts.refused(event)) {
        *counts.entry(stratum).or_default() += 1;
    }
    assert!(counts.len() > 10, "{}", counts.len());
    let mut met = BTreeSet::new();
    for (index, event) in survey.events.iter().enumerate().filter(|(i, _)| sample.is_judged(*i)) {
        let stratum = sorts.refused(event).unwrap();
        assert_eq!(sample.total([index]).map(|total| total.count), counts.get(&stratum).copied());
        met.insert(stratum);
    }
    assert_eq!(met, counts.into_keys().collect());
}

#[test]
fn refused_calls_of_sorts_that_there_is_no_room_for_are_told() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 5, folder.path());
    let knowledge = Knowledge::default();
    let sorts = Sorts::new(&knowledge);
    let refused = read(folder.path()).events.iter().filter_map(|e| sorts.refused(e)).count();
    let told = |surroundings| {
        let ingested = survey(folder.path(), 2, &Budget { surroundings, refused: 600, ..SMALL });
        let sample = ingested.sample.unwrap();
        let judged = (0..ingested.events.len()).filter(|index| sample.is_judged(*index));
        let judged = sample.total(judged).map_or(0, |total| total.count);
        assert_eq!(judged + sample.unjudged(), refused as u64);
        sample.unjudged()
    };
    assert_eq!(told(3_000), 0);
    assert!(told(10) > 0);
}

#[test]
fn what_surrounds_a_refused_call_is_there() {
    let folder = tempfile::tempdir().unwrap();
    make(Kind::Hard, 8, folder.path());
    let whole = read(folder.path());
    let survey = survey(folder.path(), 2, &Budget { surroundings: 3_000, ..SMALL });
    let knowledge = Knowledge::default();
    let links = |events: &[Event]| {
        let chains = trailwhy::chain::Chains::build(events, &knowledge);
        let id = |index: usize| events[index].id().to_owned();
        let parent = |index: usize| chains.link(index).map(|link| id(link.parent));
        (0..events.len()).map(|index| (id(index), parent(index))).collect::<BTreeMap<_, _>>()
    };
    let (all, some) = (links(&whole.events), links(&survey.events));
    let sample = survey.sample.as_ref().unwrap();
    let judged = (0..survey.events.len()).filter(|index| sample.is_judged(*index));
    let judged: Vec<&str> = judged.map(|index| survey.events[index].id()).collect();
    assert!(judged.len() > 20, "{}", judged.len());
    let (mut same, mut other) = (0, Vec::new());
    for id in judged {
        match all.get(id) == some.get(id) {
            true => same += 1,
            false => other.push((id, &all[id], &some[id])),
        }
    }
    // Calls that share no id with their parent are told by what else there is, which is less here.
    assert!(other.len() * 10 <= same, "{same} linked alike, others: {other:?}");
}

/// The files of an export, in the order of their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    files.filter(|path| path.extension().is_some_and(|e| e == "gz")).collect()
}

fn part(files: &[PathBuf], budget: &Budget) -> Contribution {
    let knowledge = Knowledge::default();
    let inputs: Vec<Input> = files.iter().cloned().map(Input::Path).collect();
    let sorts = Sorts::new(&knowledge);
    let part = ingest::contribute(&inputs, &Options::default(), None, &sorts, budget, &()).unwrap();
    // As it comes back from a file.
    Contribution::decode(&part.encode().unwrap(), Path::new("part")).unwrap()
}

fn concluded(mut parts: Vec<Contribution>, budget: &Budget) -> Ingested {
    let knowledge = Knowledge::default();
    ingest::conclude(&mut parts, &Sorts::new(&knowledge), budget).unwrap()
}

fn merged(parts: &[Contribution], budget: &Budget) -> Contribution {
    let knowledge = Knowledge::default();
    ingest::merge_parts(&mut parts.to_vec(), &Sorts::new(&knowledge), budget).unwrap()
}

/// Leaves every record in the first file only that has it: copies of records that are only counted
/// cannot be told when they lie in another part.
fn without_copies(folder: &Path) {
    let mut met = BTreeSet::new();
    for file in files(folder) {
        let records = records(&file).into_iter();
        let first: Vec<Value> =
            records.filter(|r| met.insert(r["eventID"].as_str().unwrap().to_owned())).collect();
        write(file.parent().unwrap(), file.file_name().unwrap().to_str().unwrap(), &first);
    }
}

/// What differs between two samples, few enough to be read.
fn difference(one: &Ingested, other: &Ingested) -> Vec<String> {
    let ids = |of: &Ingested| of.events.iter().map(|e| e.id().to_owned()).collect::<BTreeSet<_>>();
    let (ones, others) = (ids(one), ids(other));
    let named = |ids: &BTreeSet<String>, from: &Ingested, sign: &str| -> Vec<String> {
        let events = from.events.iter().filter(|event| !ids.contains(event.id()));
        events.take(5).map(|e| format!("{sign} {} {} {}", e.time, e.source(), e.name())).collect()
    };
    [named(&others, one, "-"), named(&ones, other, "+")].concat()
}

#[test]
fn parts_of_a_large_export_give_the_sample_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    Plan { kind: Kind::Hard, seed: 11, bytes: 21_000_000, small_files: false }
        .write(folder.path())
        .unwrap();
    without_copies(folder.path());
    let budget = Budget { surroundings: 9_000, ..SMALL };
    let whole = survey(folder.path(), 2, &budget);
    // By account and by time of delivery. Deliveries overlap by minutes, so chains cross parts.
    let mut stretches: BTreeMap<(String, bool), Vec<PathBuf>> = BTreeMap::new();
    for file in files(folder.path()) {
        // `ACCOUNT_CloudTrail_REGION_STAMP_…`
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let words: Vec<&str> = name.split('_').collect();
        stretches.entry((words[0].to_owned(), words[3] > "20260907T0007Z")).or_default().push(file);
    }
    let parts: Vec<Contribution> = stretches.values().map(|files| part(files, &budget)).collect();
    let kept: Vec<u64> = parts.iter().map(|part| part.ledger().records.kept).collect();
    assert!(parts.len() > 3 && parts.iter().all(|part| !part.is_whole()), "{kept:?}");
    let (first, rest) = parts.split_at(2);
    let nested = vec![merged(rest, &budget), merged(first, &budget)];
    let turned: Vec<Contribution> = parts.iter().rev().cloned().collect();
    for parts in [parts.clone(), turned, nested] {
        let concluded = concluded(parts, &budget);
        assert_eq!(difference(&concluded, &whole), Vec::<String>::new());
        assert!(said(&concluded) == said(&whole));
    }
}

#[test]
fn a_service_that_works_with_a_role_is_known_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let role = "arn:aws:sts::111122223333:assumed-role/worker/worker";
    let call = |number: u32, at: &str, of: Value| {
        let mut record = json!({
            "eventVersion": "1.11", "eventTime": format!("2026-05-04T{at}Z"),
            "awsRegion": "eu-west-1", "eventType": "AwsApiCall", "managementEvent": true,
            "recipientAccountId": "111122223333", "readOnly": true,
            "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        });
        record.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
        record
    };
    let mut records = Vec::new();
    // Neither the first of its sort nor the last: each has a session of its own.
    for hour in 0..20_u32 {
        let begun = format!("{hour:02}:00:00");
        records.push(call(
            hour * 2,
            &begun,
            json!({
                "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
                "userIdentity": {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"},
                "sourceIPAddress": "lambda.amazonaws.com",
                "responseElements": {
                    "credentials": {"accessKeyId": format!("ASIAEXAMPLE{hour:09}")},
                    "assumedRoleUser": {"arn": role},
                },
            }),
        ));
        records.push(call(hour * 2 + 1, &format!("{hour:02}:10:00"), json!({
            "eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue",
            "userIdentity": {
                "type": "AssumedRole", "arn": role, "accountId": "111122223333",
                "accessKeyId": format!("ASIAEXAMPLE{hour:09}"),
                "sessionContext": {"attributes": {
                    "creationDate": format!("2026-05-04T{begun}Z"), "mfaAuthenticated": "false",
                }},
            },
            "sourceIPAddress": "10.0.0.1", "errorCode": "AccessDenied",
            "userAgent": "aws-internal/3 aws-sdk-java/1.12",
            "errorMessage": format!("User: {role} is not authorized to perform: secretsmanager:GetSecretValue"),
        })));
    }
    let noise = (100..800).map(|number| {
        call(
            number,
            &format!("{:02}:{:02}:30", number % 24, number % 60),
            json!({
                "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances",
                "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ada"},
                "sourceIPAddress": "198.51.100.7",
            }),
        )
    });
    records.extend(noise);
    write(folder.path(), "all.json.gz", &records);
    let survey = survey(folder.path(), 1, &Budget { minutes: 0, calls_each: 1, ..SMALL });
    let sample = survey.sample.as_ref().unwrap();
    let chains = trailwhy::chain::Chains::build(&survey.events, &Knowledge::default());
    let judged: Vec<usize> =
        (0..survey.events.len()).filter(|index| sample.is_judged(*index)).collect();
    assert!((4..20).contains(&judged.len()), "{}", judged.len());
    for index in judged {
        let issuer =
            chains.issuer(&survey.events[index]).map(|issuer| survey.events[issuer].name());
        assert_eq!(issuer, Some("AssumeRole"), "{}", survey.events[index].id());
    }
    assert!(survey.events.len() < 40, "{}", survey.events.len());
}

proptest! {
    #![proptest_config(Config { cases: 3, ..Config::default() })]

    #[test]
    fn small_parts_give_the_sample_however_they_were_dealt(
        seed in 0_u64..1000,
        hard in any::<bool>(),
        step in 1_usize..7,
        whole in 0_usize..7,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let delivered = folder.path().join("delivered");
        make(if hard { Kind::Hard } else { Kind::Typical }, seed, &delivered);
        let budget = Budget { whole: 2_500, ..SMALL };
        let wanted = said(&survey(&delivered, 2, &budget));
        let records = records(&delivered);
        let mut paths = Vec::new();
        for number in 0..7 {
            let own = records.iter().enumerate().filter(|(at, _)| at / step % 7 == number);
            let own: Vec<Value> = own.map(|(_, record)| record.clone()).collect();
            let name = format!("{number}.json.gz");
            write(folder.path(), &name, &own);
            paths.push(folder.path().join(name));
        }
        let parts: Vec<Contribution> =
            paths.iter().map(|path| part(std::slice::from_ref(path), &budget)).collect();
        prop_assert!(parts.iter().all(Contribution::is_whole));
        let (first, rest) = parts.split_at(whole);
        let mut turned = rest.to_vec();
        turned.extend_from_slice(first);
        let ingested = concluded(turned, &budget);
        prop_assert!(ingested.sample.is_some());
        // The files that the records lay in are others.
        prop_assert_eq!(said(&ingested), wanted);
    }
}

proptest! {
    #![proptest_config(Config { cases: 4, ..Config::default() })]

    #[test]
    fn neither_order_nor_files_nor_threads_matter(
        seed in 0_u64..1000,
        hard in any::<bool>(),
        mixed in any::<prop::sample::Index>(),
        files in 1_usize..12,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let delivered = folder.path().join("delivered");
        make(if hard { Kind::Hard } else { Kind::Typical }, seed, &delivered);
        let wanted = said(&survey(&delivered, 1, &SMALL));
        prop_assert_eq!(&said(&survey(&delivered, 3, &SMALL)), &wanted);

        // Dealt out to other files, which do not tell when they were delivered.
        let dealt: PathBuf = folder.path().join("dealt");
        fs::create_dir(&dealt).unwrap();
        let mut records = records(&delivered);
        let turn = mixed.index(records.len());
        records.rotate_left(turn);
        for file in 0..files {
            let part: Vec<Value> = records.iter().skip(file).step_by(files).cloned().collect();
            write(&dealt, &format!("{}.json.gz", 100 - file), &part);
        }
        prop_assert_eq!(&said(&survey(&dealt, 2, &SMALL)), &wanted);
    }
}
