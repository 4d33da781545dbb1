//! Nothing is lost uncounted, copies are removed, corrections applied, and what an export cannot
//! show is said.

use crate::support::ingest as ingest_support;

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use ingest_support::{
    Export, balanced, delivery, gzip, read_bytes, record, record_at, skipped, with,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use trailwhy::event::{Event, Time};
use trailwhy::ingest::{
    self, Batch, BlindSpotKind, Ingested, Input, Moment, Needs, Options, Records,
};
use trailwhy::wording::{Language, Wording};

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::id).collect()
}

#[test]
fn copies_are_removed_and_counted() {
    let export = Export::new();
    export.file("a.json", delivery(&[record(1), record(2)]));
    export.file("b.json", delivery(&[record(2), record(3), record(2)]));
    let Ingested { events, ledger, .. } = export.read();
    assert_eq!(events.len(), 3);
    let want = Records { read: 5, kept: 3, duplicates: 2, malformed: 0, ..Records::default() };
    assert_eq!(ledger.records, want);
}

/// Ids that somebody masked, or wrote in every record, tell no records apart.
#[test]
fn records_that_share_an_id_are_copies_only_if_they_say_the_same() {
    let masked = |id: &str, request: Option<&str>, changes: &[(&str, Value)]| {
        let mut members = vec![("eventID", json!(id)), ("requestID", json!(request))];
        members.extend(changes.iter().cloned());
        with(record(1), &members)
    };
    let later = ("eventTime", json!("2026-05-18T05:47:51Z"));
    let other = ("eventName", json!("Encrypt"));
    let worked = ("errorCode", Value::Null);
    let file = |name: &str| ("requestParameters", json!({ "key": name }));
    let arn = |name: &str| {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        ("userIdentity", json!({ "type": "IAMUser", "arn": arn }))
    };
    let real = "0123abcd-4567-89ab-cdef-fedcba987654";
    // Masked in several ways, and a real one that was copied into records of a story.
    for id in ["…", "EXAMPLE", "********-****-****-****-************", real] {
        for request in [None, Some("…"), Some(id), Some("99999999-9999-9999-9999-999999999999")] {
            let different = [
                masked(id, request, &[]),
                masked(id, request, from_ref(&later)),
                masked(id, request, from_ref(&other)),
                masked(id, request, from_ref(&worked)),
                masked(id, request, &[arn("Alice")]),
                masked(id, request, &[arn("Bob")]),
            ];
            let export = Export::new();
            export.file("a.json", delivery(&different));
            export.file("b.json", delivery(&different.iter().rev().cloned().collect::<Vec<_>>()));
            let Ingested { events, ledger, .. } = export.read();
            assert_eq!((events.len(), ledger.records.duplicates), (6, 6), "{id} {request:?}");
            let all: BTreeSet<&str> = ids(&events).into_iter().collect();
            let named = (2..=6).map(|n| format!("{id}#{n}")).chain([id.to_owned()]);
            assert_eq!(all, named.collect::<Vec<_>>().iter().map(String::as_str).collect());
            assert!(events.is_sorted_by_key(|event| (event.time, event.id().to_owned())));
            let spot = ledger.blind_spots.iter().find(|s| s.kind == BlindSpotKind::IdsRepeat);
            assert_eq!(spot.and_then(|spot| spot.event_id.as_deref()), Some(id));
        }
    }
    // A request id tells calls of one second apart, else what was asked for does.
    let request = |n: u32| format!("0123abcd-4567-89ab-cdef-fedcba98765{n}");
    let calls = [masked("…", Some(&request(1)), &[]), masked("…", Some(&request(2)), &[])];
    assert_eq!(read_bytes(delivery(&calls)).events.len(), 2);
    let calls = [masked("…", None, &[file("a")]), masked("…", None, &[file("b")])];
    assert_eq!(read_bytes(delivery(&calls)).events.len(), 2);
}

/// However many records have one id, in one second: none waits for all the others.
#[test]
fn a_masked_export_of_any_size_is_read() {
    let masked = |n: u32| {
        let ids = [("eventID", json!("…")), ("requestID", Value::Null)];
        with(with(record(1), &ids), &[("requestParameters", json!({ "key": n }))])
    };
    let records: Vec<Value> = (0..20_000).map(masked).collect();
    let Ingested { events, ledger, .. } = read_bytes(delivery(&records));
    assert_eq!((events.len(), ledger.records.duplicates), (20_000, 0));
    assert_eq!(ids(&events).into_iter().collect::<BTreeSet<_>>().len(), 20_000);
}

/// Forms of export lose members, or write times with fractions.
#[test]
fn a_copy_that_lacks_the_caller_or_the_request_id_is_a_copy() {
    let without = |members: &[&str]| {
        let mut poor = record(1);
        members.iter().for_each(|member| drop(poor.as_object_mut().unwrap().remove(*member)));
        poor
    };
    let poor = [
        without(&["requestID"]),
        with(record(1), &[("userIdentity", json!({ "type": "AssumedRole" }))]),
        without(&["requestParameters", "resources", "userAgent"]),
        with(record(1), &[("eventTime", json!("2026-05-18T05:47:50.123Z"))]),
    ];
    for copy in poor {
        for order in [[record(1), copy.clone()], [copy.clone(), record(1)]] {
            let Ingested { events, ledger, .. } = read_bytes(delivery(&order));
            assert_eq!((events.len(), ledger.records.duplicates), (1, 1), "{copy}");
            assert!(events[0].request().is_some() && events[0].arn().is_some());
            assert!(ledger.blind_spots.iter().all(|s| s.kind != BlindSpotKind::IdsRepeat));
        }
    }
}

/// A correction of a record whose id is masked replaces no other call.
#[test]
fn a_correction_replaces_the_call_that_it_corrects() {
    let masked =
        |changes: &[(&str, Value)]| with(with(record(1), &[("eventID", json!("…"))]), changes);
    let reason = json!({ "reason": "UPDATED_DATA", "updatedFields": "errorCode" });
    let right = masked(&[("addendum", reason), ("errorCode", json!("Throttling"))]);
    let other = masked(&[("eventName", json!("Encrypt"))]);
    for order in
        [[masked(&[]), right.clone(), other.clone()], [other.clone(), right.clone(), masked(&[])]]
    {
        let Ingested { events, ledger, .. } = read_bytes(delivery(&order));
        let mut codes: Vec<_> = events.iter().map(|e| (e.name(), e.error_code())).collect();
        codes.sort();
        let want = [("Decrypt", Some("Throttling")), ("Encrypt", Some("AccessDenied"))];
        assert_eq!((codes.as_slice(), ledger.records.duplicates), (want.as_slice(), 1));
    }
}

#[test]
fn of_two_copies_the_more_complete_is_kept_whichever_comes_first() {
    let mut poor = record(1);
    poor.as_object_mut().unwrap().remove("errorMessage");
    for (first, second) in [(record(1), poor.clone()), (poor, record(1))] {
        let export = Export::new();
        export.file("a.json", delivery(&[first]));
        export.file("b.json", delivery(&[second]));
        assert!(export.read().events[0].error_message().is_some());
    }
}

#[test]
fn a_correction_replaces_the_original() {
    let addendum = |original: u32| {
        json!({
            "reason": "UPDATED_DATA", "updatedFields": "errorCode",
            "originalEventID": format!("00000000-0000-0000-0000-{original:012}")
        })
    };
    let right = [("addendum", addendum(1)), ("errorCode", json!("AccessDeniedException"))];
    // Under an id of its own, and under that of the original.
    for corrected in [with(record(2), &right), with(record(1), &right)] {
        for order in [[record(1), corrected.clone()], [corrected.clone(), record(1)]] {
            let Ingested { events, ledger, .. } = read_bytes(delivery(&order));
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].error_code(), Some("AccessDeniedException"));
            assert_eq!((ledger.records.read, ledger.records.duplicates), (2, 1));
        }
    }
    let late = with(record(3), &[("addendum", json!({ "reason": "DELIVERY_DELAY" }))]);
    assert_eq!(read_bytes(delivery(&[record(1), late])).events.len(), 2);
}

#[test]
fn copies_for_two_accounts_are_kept_and_joined() {
    let shared = |id: u32, account: &str, share: &str| {
        with(record(id), &[("sharedEventID", json!(share)), ("recipientAccountId", json!(account))])
    };
    let ingested = read_bytes(delivery(&[
        shared(1, "111122223333", "s-1"),
        shared(2, "444455556666", "s-1"),
        shared(3, "111122223333", "s-2"),
    ]));
    assert_eq!(ingested.events.len(), 3);
    assert_eq!(ingested.shared, BTreeMap::from([("s-1".to_owned(), vec![0, 1])]));
}

#[test]
fn records_without_an_id_get_one_from_their_content() {
    let mut nameless = record(1);
    nameless.as_object_mut().unwrap().remove("eventID");
    let spread = serde_json::to_string_pretty(&nameless).unwrap();
    let other = with(nameless.clone(), &[("eventName", json!("Encrypt"))]);
    let export = Export::new();
    export.file("a.json", format!("{nameless}\n{other}\n"));
    export.file("b.json", spread);
    let Ingested { events, ledger, .. } = export.read();
    assert_eq!((events.len(), ledger.records.duplicates), (2, 1));
    assert!(events.iter().all(|event| event.id().starts_with("no-id-")));
}

#[test]
fn secrets_are_not_kept() {
    let response = json!({
        "credentials": {
            "accessKeyId": "ASIAEXAMPLE", "expiration": "May 18, 2026, 6:47:50 AM",
            "sessionToken": "very secret", "secretAccessKey": "also secret", "other": "secret"
        },
        "assumedRoleUser": { "arn": "arn:aws:sts::1:assumed-role/R/s" },
        "list": [{ "SessionToken": "secret too", "kept": 1 }]
    });
    let record = with(record(1), &[("responseElements", response)]);
    let lake = json!({ "eventName": "AssumeRole", "eventTime": "2026-05-18T05:47:50Z",
        "eventSource": "sts.amazonaws.com", "eventID": "e", "userIdentity": "{type=AWSService}",
        "responseElements": record["responseElements"].to_string() });
    for content in [delivery(from_ref(&record)), record.to_string(), lake.to_string()] {
        let events = read_bytes(content).events;
        let kept = events[0].content().1;
        for secret in ["very secret", "also secret", "secret too", "\"secret\""] {
            assert!(!kept.contains(secret), "{kept}");
        }
        assert_eq!(
            events[0].response(),
            Some(concat!(
                r#"{"credentials":{"accessKeyId":"ASIAEXAMPLE","expiration":"May 18, 2026, 6:47:50 AM","#,
                r#""sessionToken":"***","secretAccessKey":"***","other":"***"},"#,
                r#""assumedRoleUser":{"arn":"arn:aws:sts::1:assumed-role/R/s"},"#,
                r#""list":[{"SessionToken":"***","kept":1}]}"#
            ))
        );
    }
}

#[test]
fn filters_count_what_they_leave_out() {
    let global = with(
        record(5),
        &[("awsRegion", json!("us-east-1")), ("eventSource", json!("iam.amazonaws.com"))],
    );
    let content = delivery(&[
        record_at(1, "2026-05-18T05:00:00Z"),
        record_at(2, "2026-05-18T06:00:00Z"),
        record_at(3, "2026-05-18T07:00:00Z"),
        with(record(4), &[("awsRegion", json!("us-east-2"))]),
        global,
    ]);
    let export = Export::new();
    export.file("a.json", content);
    let read = |options: &Options| {
        let ingested = export.read_with(options);
        let numbers: Vec<_> = ingested.events.iter().map(|e| e.id()[35..].to_owned()).collect();
        (numbers.join(""), ingested.ledger.records.out_of_range)
    };
    let moment = |text: &str| Some(text.parse::<Moment>().unwrap());
    let all = Options::default();
    assert_eq!(read(&all), ("14523".to_owned(), 0));
    let since = Options { since: moment("2026-05-18T06:00:00Z"), ..all.clone() };
    assert_eq!(read(&since), ("23".to_owned(), 3));
    let until = Options { until: moment("2026-05-18T06:00:00Z"), ..all.clone() };
    assert_eq!(read(&until), ("1452".to_owned(), 1));
    let relative = Options { since: moment("1h"), until: moment("30m"), ..all.clone() };
    assert_eq!(read(&relative), ("2".to_owned(), 4));
    let region = Options { regions: vec!["eu-west-1".to_owned()], ..all.clone() };
    assert_eq!(read(&region), ("1523".to_owned(), 1), "IAM is recorded elsewhere");
    let account = Options { accounts: vec!["999999999999".to_owned()], ..all };
    assert_eq!(read(&account), (String::new(), 5));
}

/// A delivery name for a file stamped so many minutes after midnight.
fn name(minutes: u32, unique: &str) -> String {
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!(
        "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/05/18/\
         111122223333_CloudTrail_eu-west-1_20260518T{hour:02}{minute:02}Z_{unique}.json.gz"
    )
}

fn clock(minutes: u32, seconds: u32) -> String {
    format!("2026-05-18T{:02}:{:02}:{:02}Z", minutes / 60, minutes % 60, seconds)
}

#[test]
fn delivery_files_outside_the_window_are_not_opened() {
    let export = Export::new();
    for minutes in (0..600).step_by(30) {
        // A file whose content contradicts its name shows whether it was opened.
        let broken = !(290..=350).contains(&minutes);
        let content = match broken {
            true => b"no json".to_vec(),
            false => gzip(delivery(&[record_at(minutes, &clock(minutes - 5, 0))]).as_bytes()),
        };
        export.file(&name(minutes, "A"), content);
    }
    let moment = |text: &str| Some(text.parse::<Moment>().unwrap());
    let options = Options {
        since: moment("2026-05-18T04:55:00Z"),
        until: moment("2026-05-18T05:27:00Z"),
        ..Options::default()
    };
    let Ingested { events, ledger, .. } = export.read_with(&options);
    assert_eq!(events.len(), 2);
    assert_eq!((ledger.files_found, ledger.files_read, ledger.files_out_of_range), (20, 2, 18));
    assert!(ledger.skipped.is_empty(), "{:?}", ledger.skipped);
}

#[test]
fn a_span_before_the_last_event_is_found_from_the_last_files() {
    let export = Export::new();
    for minutes in (20..600).step_by(20) {
        let content = match minutes {
            // The newest files hold nothing.
            540.. => delivery(&[]),
            _ => delivery(&[record_at(minutes, &clock(minutes - 10, 30))]),
        };
        export.file(&name(minutes, "A"), gzip(content.as_bytes()));
    }
    let options = Options { since: Some(Moment::BeforeLast(3_600)), ..Options::default() };
    let Ingested { events, ledger, .. } = export.read_with(&options);
    // The last event is at 08:30:30 in the file stamped 08:40.
    let times: Vec<_> = events.iter().map(|event| event.time.to_string()).collect();
    assert_eq!(times.first().map(String::as_str), Some("2026-05-18T07:30:30Z"));
    assert_eq!(times.len(), 4);
    assert_eq!(ledger.files_out_of_range, 22);
}

fn stream(export: &Export, options: &Options) -> (Vec<Event>, Vec<Batch>, ingest::Ledger) {
    let inputs = [Input::Path(export.path().to_path_buf())];
    let mut batches = Vec::new();
    let ledger = ingest::stream(&inputs, options, &(), &mut |batch| batches.push(batch)).unwrap();
    balanced(&ledger);
    let events = batches.iter().flat_map(|batch| batch.events.clone()).collect();
    (events, batches, ledger)
}

#[test]
fn a_stream_gives_the_same_events_in_the_same_order_as_reading_at_once() {
    let export = Export::new();
    let mut number = 0;
    for minutes in (15..900).step_by(5) {
        let records: Vec<Value> = (0..40)
            .map(|n: u32| {
                number += 1;
                // Up to 14 minutes older than the stamp, in no order; every tenth twice.
                let id = if n % 10 == 9 { number - 1 } else { number };
                record_at(id, &clock(minutes - 1 - (id * 7) % 14, id % 60))
            })
            .collect();
        export.file(&name(minutes, "A"), gzip(delivery(&records).as_bytes()));
    }
    let at_once = export.read();
    for threads in [1, 2, 8] {
        let options = Options { threads: Some(threads), ..Options::default() };
        let (events, batches, ledger) = stream(&export, &options);
        assert_eq!(ids(&events), ids(&at_once.events));
        assert_eq!(ledger, at_once.ledger);
        assert!(batches.len() > 2, "{} batches", batches.len());
        assert!(batches.iter().all(|batch| batch.late.is_empty()));
        for batch in &batches {
            let complete = batch.complete_before.unwrap_or(Time(i64::MAX));
            assert!(batch.events.iter().all(|event| event.time < complete));
        }
    }
}

#[test]
fn what_is_not_needed_is_counted_all_the_same() {
    let export = Export::new();
    for minutes in (15..600).step_by(5) {
        let records: Vec<Value> = (0..60_u32)
            .map(|n| {
                // Every sixth twice, in this file and in the next; one in four fails.
                let id = (minutes - minutes % 10) * 100 + n - n % 6 / 5;
                let record = record_at(id, &clock(minutes - 6 - minutes % 10, id % 60));
                let fails = if id % 4 == 0 { json!("AccessDenied") } else { Value::Null };
                with(record, &[("errorCode", fails), ("errorMessage", Value::Null)])
            })
            .collect();
        export.file(&name(minutes, "A"), gzip(delivery(&records).as_bytes()));
    }
    for since in [None, Some(Moment::BeforeLast(7_200))] {
        let all = export.read_with(&Options { since, ..Options::default() });
        assert!(all.ledger.records.duplicates > 500, "{:?}", all.ledger.records);
        let failed: Vec<Event> = all.events.into_iter().filter(Event::failed).collect();
        assert!(failed.len() > 100, "{}", failed.len());
        for threads in [1, 2, 8] {
            let needs: Option<Needs> = Some(|header| header.failed());
            let options = Options { since, threads: Some(threads), needs, ..Options::default() };
            let (events, _, ledger) = stream(&export, &options);
            assert_eq!(events, failed);
            assert_eq!(ledger, all.ledger);
        }
    }
}

#[test]
fn a_late_record_is_handed_over_as_such_and_counted() {
    let export = Export::new();
    for minutes in (15..900).step_by(5) {
        let records: Vec<Value> =
            (0..40).map(|n| record_at(minutes * 1000 + n, &clock(minutes - 5, n % 60))).collect();
        export.file(&name(minutes, "A"), gzip(delivery(&records).as_bytes()));
    }
    let late = record_at(7, &clock(30, 0));
    export.file(&name(899, "B"), delivery(&[late.clone(), late]));
    let (events, batches, ledger) = stream(&export, &Options::default());
    let late: Vec<&str> = batches.iter().flat_map(|b| b.late.iter().map(Event::id)).collect();
    assert_eq!(late, ["00000000-0000-0000-0000-000000000007"]);
    assert_eq!(ledger.late, 1);
    assert_eq!(ledger.records.duplicates, 1);
    assert_eq!(ledger.records.kept, events.len() as u64 + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However records are spread over files, whatever the files are called, on any number of
    /// threads: the same events and the same counts.
    #[test]
    fn files_threads_and_names_do_not_matter(
        places in prop::collection::vec((0..5_usize, 0..24_u32, any::<bool>()), 1..60),
        threads in 1..9_usize,
    ) {
        let mut files: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for (file, number, complete) in &places {
            let mut record = record_at(*number, &clock(300 + number % 3, number % 7));
            if !complete {
                record.as_object_mut().unwrap().remove("userAgent");
            }
            files.entry(*file).or_default().push(record);
        }
        let one = Export::new();
        let other = Export::new();
        for (file, mut records) in files {
            one.file(&format!("{file}.json"), delivery(&records));
            records.reverse();
            other.file(&format!("x/{}.log", 9 - file), gzip(delivery(&records).as_bytes()));
        }
        let one = one.read_with(&Options { threads: Some(1), ..Options::default() });
        let other = other.read_with(&Options { threads: Some(threads), ..Options::default() });
        prop_assert_eq!(&one.events, &other.events);
        prop_assert_eq!(one.ledger.records, other.ledger.records);
        prop_assert_eq!(one.ledger.blind_spots, other.ledger.blind_spots);
    }
}

fn blind(records: &[Value]) -> Vec<String> {
    let ledger = read_bytes(delivery(records)).ledger;
    let english = Wording::new(Language::En);
    let line = |s: &ingest::BlindSpot| {
        let (kind, detail) = (s.kind.as_str(), english.say(&s.detail));
        format!("{kind} [{}] {detail}", s.event_id.as_deref().unwrap_or(""))
    };
    ledger.blind_spots.iter().map(line).collect()
}

#[test]
fn blind_spots_are_found_from_the_records() {
    let trail = |id: u32, name: &str, minute: u32, request: Value| {
        with(
            record_at(id, &clock(minute, 0)),
            &[
                ("eventSource", json!("cloudtrail.amazonaws.com")),
                ("eventName", json!(name)),
                ("errorCode", Value::Null),
                ("errorMessage", Value::Null),
                ("requestParameters", request),
                ("readOnly", json!(false)),
                ("eventID", json!(format!("trail-{id}"))),
            ],
        )
    };
    let selectors = |sources: Value| {
        json!({ "trailName": "org", "eventSelectors": [{
            "readWriteType": "All", "includeManagementEvents": true,
            "excludeManagementEventSources": sources }] })
    };
    let foreign = with(
        record(9),
        &[
            ("recipientAccountId", json!("444455556666")),
            ("userIdentity", json!({ "type": "AWSAccount", "accountId": "777788889999" })),
            ("resources", json!([{ "accountId": "999900001111", "ARN": "a" }])),
        ],
    );
    let denied = with(
        trail(6, "StopLogging", 360, json!({ "name": "other" })),
        &[("errorCode", json!("AccessDenied"))],
    );
    insta::assert_debug_snapshot!(blind(&[
        trail(1, "PutEventSelectors", 310, selectors(json!(["kms.amazonaws.com"]))),
        trail(2, "PutEventSelectors", 320, selectors(json!([]))),
        trail(3, "StopLogging", 330, json!({ "name": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/org" })),
        trail(4, "StartLogging", 340, json!({ "name": "org" })),
        trail(5, "DeleteTrail", 350, json!({ "name": "org" })),
        denied,
        foreign,
    ]), @r#"
    [
        "kms_events_excluded [trail-1] trail org of account 111122223333 was told to leave out AWS KMS events at 2026-05-18T05:10:00Z, until 2026-05-18T05:20:00Z",
        "data_events_missing [] no data event: calls on S3 objects, Lambda functions, queues, topics and table items cannot be seen, so that the user's call behind a KMS call may be missing",
        "logging_stopped [trail-5] trail org of account 111122223333 was deleted at 2026-05-18T05:50:00Z, to the end of what was read",
        "logging_stopped [trail-3] trail org of account 111122223333 was stopped at 2026-05-18T05:30:00Z, until 2026-05-18T05:40:00Z",
        "region_missing [] no record from us-east-1, where changes of IAM and Organizations policies are recorded",
        "caller_account_missing [00000000-0000-0000-0000-000000000009] account 777788889999 calls into these accounts, but its own trail is not here: a call of its that was denied is recorded only there (1 record mentions it)",
        "owner_account_missing [00000000-0000-0000-0000-000000000009] account 999900001111 owns resources that are called, but its own trail is not here: changes of its policies cannot be seen (1 record mentions it)",
    ]
    "#);
    let writes: Vec<Value> = (0..60)
        .map(|n| {
            with(
                record(n),
                &[
                    ("eventSource", json!("ec2.amazonaws.com")),
                    ("awsRegion", json!("us-east-1")),
                    ("readOnly", json!(false)),
                    ("eventCategory", json!(if n == 7 { "Data" } else { "Management" })),
                ],
            )
        })
        .collect();
    insta::assert_debug_snapshot!(blind(&writes), @r#"
    [
        "no_kms_events [] no AWS KMS event at all: denied and successful uses of keys cannot be seen",
        "read_events_missing [] no read-only management event: Decrypt, GenerateDataKey, AssumeRole checks and Describe calls cannot be seen",
    ]
    "#);
    assert_eq!(blind(&[]), Vec::<String>::new());
}

#[test]
fn damaged_and_mixed_files_are_accounted_for() {
    let good = record(1).to_string();
    let lines = format!(
        "{good}\n{{\"eventVersion\":\"1.08\",\"eventTime\":\"never\"}}\nnot json\n{{\"other\":1}}\n"
    );
    let Ingested { events, ledger, .. } = read_bytes(lines);
    assert_eq!(events.len(), 1);
    assert_eq!((ledger.records.read, ledger.records.malformed), (2, 1));
    insta::assert_debug_snapshot!(skipped(&ledger), @r#"
    [
        "malformed_records: 1 record with no readable eventTime (1 recovered)",
        "not_cloudtrail: 2 values or lines that are no records (1 recovered)",
    ]
    "#);
}
