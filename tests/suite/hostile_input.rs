//! Whatever is wrong with a file: no panic, nothing lost uncounted, the rest read.

use crate::support::ingest as ingest_support;

use std::path::Path;

use ingest_support::{Export, balanced, delivery, gzip, read_bytes, record, skipped, with};
use proptest::prelude::*;
use serde_json::{Value, json};
use trailwhy::event::Field;
use trailwhy::ingest::{self, Caps, Ingested, Input, Options};

fn many(count: u32) -> Vec<Value> {
    (0..count).map(record).collect()
}

/// Bytes that do not compress, so that damage hits something.
fn noise(count: usize) -> String {
    let mut state = 1_u64;
    let mut text = String::new();
    while text.len() < count {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{:x}", state >> 20));
    }
    text
}

fn noisy(count: u32) -> Vec<Value> {
    let text = noise(count as usize * 64);
    many(count)
        .into_iter()
        .enumerate()
        .map(|(at, r)| with(r, &[("userAgent", json!(&text[at * 64..at * 64 + 64]))]))
        .collect()
}

#[test]
fn truncated_gzip_gives_what_was_there() {
    let whole = gzip(delivery(&noisy(200)).as_bytes());
    let mut before = 0;
    for tenths in 1..10 {
        let Ingested { events, ledger, .. } = read_bytes(&whole[..whole.len() * tenths / 10]);
        let words: Vec<_> = ledger.skipped.iter().map(|s| s.reason.as_str()).collect();
        assert_eq!(words, ["truncated_gzip"]);
        assert_eq!(ledger.skipped[0].recovered, events.len() as u64);
        assert!(events.len() >= before);
        before = events.len();
    }
    assert!(before > 150, "{before}");
}

#[test]
fn corrupt_gzip_gives_what_came_before_the_damage() {
    let mut bytes = gzip(delivery(&noisy(200)).as_bytes());
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    let Ingested { events, ledger, .. } = read_bytes(&bytes);
    assert!(events.len() > 80, "{}", events.len());
    assert_eq!(ledger.skipped[0].reason.as_str(), "corrupt_gzip");

    let mut checksum = gzip(delivery(&many(3)).as_bytes());
    let end = checksum.len();
    checksum[end - 6] ^= 1;
    let Ingested { events, ledger, .. } = read_bytes(&checksum);
    assert_eq!(events.len(), 3);
    insta::assert_debug_snapshot!(skipped(&ledger), @r#"
    [
        "corrupt_gzip: the checksum does not match the content (3 recovered)",
    ]
    "#);

    let mut trailing = gzip(delivery(&many(3)).as_bytes());
    trailing.extend_from_slice(b"rubbish");
    assert_eq!(read_bytes(&trailing).events.len(), 3);
}

#[test]
fn a_bomb_stops_at_the_cap_and_the_rest_is_read() {
    let export = Export::new();
    let mut bomb = delivery(&many(2));
    bomb.push_str(&" ".repeat(100 << 20));
    export.file("bomb.json.gz", gzip(bomb.as_bytes()));
    export.file("good.json", delivery(&[record(7)]));
    let Ingested { events, ledger, .. } = export.read();
    assert_eq!(events.len(), 3);
    assert_eq!(ledger.skipped.len(), 1);
    assert_eq!(ledger.skipped[0].reason.as_str(), "gzip_bomb");
    assert!(ledger.bytes_inflated < 70 << 20, "{}", ledger.bytes_inflated);

    let small = Options { caps: Caps { bytes: 10_000, ..Caps::default() }, ..Options::default() };
    let ledger = export.read_with(&small).ledger;
    assert!(ledger.bytes_inflated < 2 << 20, "{}", ledger.bytes_inflated);
}

#[test]
fn names_do_not_matter() {
    let export = Export::new();
    export.file("plain.json.gz", delivery(&[record(1)]));
    export.file("packed.json", gzip(delivery(&[record(2)]).as_bytes()));
    export.file("no name at all", delivery(&[record(3)]));
    let Ingested { events, ledger, .. } = export.read();
    assert_eq!((events.len(), ledger.skipped.len()), (3, 0));
}

#[test]
fn line_ends_marks_and_padding_do_not_matter() {
    let lines = format!("\u{feff}{}\r\n\r\n{}\r\n\0\0\0\0", record(1), record(2));
    let Ingested { events, ledger, .. } = read_bytes(lines);
    assert_eq!((events.len(), ledger.skipped.len()), (2, 0));
    let padded = format!("\0\0{}\0\0", delivery(&many(2)));
    assert_eq!(read_bytes(padded).events.len(), 2);
}

/// One record of three is broken in some way; whether it can be mended.
fn broken() -> Vec<(&'static str, Vec<u8>, bool)> {
    let text = record(2).to_string();
    let replace = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let mut invalid = replace("fas.s3", "f\u{1}s.s3");
    let at = invalid.iter().position(|b| *b == 1).unwrap();
    invalid[at] = 0xff;
    vec![
        ("invalid UTF-8", invalid, true),
        ("NUL inside a string", replace("fas.s3", "f\0as.s3"), true),
        ("line end inside a string", replace("fas.s3", "f\nas.s3"), true),
        ("a member twice", replace("\"readOnly\"", "\"eventName\":\"Decrypt\",\"readOnly\""), true),
        ("lost quote at the start of a name", replace("\"eventName\"", "eventName\""), false),
        ("lost quote at the end of a value", replace("\"Decrypt\"", "\"Decrypt"), false),
        ("lost comma", replace(",\"eventName\"", "\"eventName\""), false),
        ("lost bracket", replace("},\"eventTime\"", ",\"eventTime\""), false),
        ("bracket too many", replace("\"eventTime\"", "}\"eventTime\""), false),
        ("no value", replace("\"Decrypt\"", ""), false),
        ("bad escape", replace("fas.s3", "\\x"), false),
        ("bad number", replace("\"readOnly\":true", "\"readOnly\":01"), false),
        ("no JSON", b"{???}".to_vec(), false),
        ("not an object", b"17".to_vec(), false),
        ("half a record", text.as_bytes()[..text.len() / 2].to_vec(), false),
    ]
}

#[test]
fn a_broken_record_costs_only_itself() {
    for (what, bytes, mended) in broken() {
        let (one, three) = (record(1).to_string(), record(3).to_string());
        let join = |start: &str, between: &str, end: &str| {
            let mut all = start.as_bytes().to_vec();
            for part in [one.as_bytes(), between.as_bytes(), &bytes, between.as_bytes()] {
                all.extend_from_slice(part);
            }
            all.extend_from_slice(three.as_bytes());
            all.extend_from_slice(end.as_bytes());
            all
        };
        for (form, content) in [
            ("delivery", join("{\"Records\":[", ",", "]}")),
            ("lines", join("", "\n", "\n")),
            ("array", join("[", ",\n", "]")),
        ] {
            let Ingested { events, ledger, .. } = read_bytes(&content);
            let ids: Vec<_> = events.iter().map(|event| &event.id()[35..]).collect();
            let want: &[&str] = if mended { &["1", "2", "3"] } else { &["1", "3"] };
            assert_eq!(ids, want, "{what} in {form}: {:?}", skipped(&ledger));
            let damaged = what != "a member twice";
            let told = !ledger.skipped.is_empty() || (mended && what != "invalid UTF-8");
            assert!(told || !damaged, "{what} in {form}");
        }
    }
}

#[test]
fn scalars_of_the_wrong_type_are_read() {
    let record = with(
        record(1),
        &[
            ("readOnly", json!("true")),
            ("managementEvent", json!("False")),
            ("eventVersion", json!(1.08)),
            ("eventTime", json!(1_779_083_270)),
            ("recipientAccountId", json!(12_345_678_901_u64)),
            ("sessionCredentialFromConsole", json!(true)),
            ("requestID", json!(77)),
            ("errorCode", json!(false)),
            ("userAgent", json!({ "unexpected": ["object"] })),
            ("apiVersion", json!(["x"])),
            ("awsRegion", json!("")),
            (
                "userIdentity",
                json!({ "type": "IAMUser", "accountId": 1_234, "sessionContext": [],
            "userName": 7 }),
            ),
        ],
    );
    let Ingested { events, ledger, .. } = read_bytes(delivery(&[record]));
    assert_eq!(ledger.skipped, []);
    let event = &events[0];
    assert_eq!((event.read_only, event.management_event), (Some(true), Some(false)));
    assert_eq!(event.time.to_string(), "2026-05-18T05:47:50Z");
    assert!(event.from_console);
    for (field, want) in [
        (Field::EventVersion, Some("1.08")),
        (Field::RecipientAccountId, Some("012345678901")),
        (Field::AccountId, Some("000000001234")),
        (Field::UserName, Some("7")),
        (Field::RequestId, Some("77")),
        (Field::ErrorCode, Some("false")),
        (Field::UserAgent, None),
        (Field::ApiVersion, None),
        (Field::AwsRegion, None),
    ] {
        assert_eq!(event.get(field), want, "{field:?}");
    }
}

#[test]
fn null_anywhere_is_no_member() {
    let full = record(1);
    for name in full.as_object().unwrap().keys() {
        let needed = ["eventTime", "eventSource", "eventName"].contains(&name.as_str());
        let Ingested { events, ledger, .. } =
            read_bytes(delivery(&[with(full.clone(), &[(name, Value::Null)])]));
        assert_eq!(events.len(), usize::from(!needed), "{name}");
        assert_eq!(ledger.records.malformed, u64::from(needed), "{name}");
    }
    let hollow = with(
        full,
        &[(
            "userIdentity",
            json!({
                "type": null, "arn": null, "sessionContext": { "attributes": null, "sessionIssuer": null }
            }),
        )],
    );
    assert_eq!(read_bytes(delivery(&[hollow])).events.len(), 1);
}

#[test]
fn odd_times_are_read() {
    let want = read_bytes(delivery(&[record(1)])).events[0].time;
    for time in [
        json!("2026-05-18T05:47:50.000Z"),
        json!("2026-05-18 05:47:50"),
        json!("2026-05-18 05:47:50.000"),
        json!("2026-05-18T07:47:50+02:00"),
        json!("2026-05-18T07:47:50+0200"),
        json!("20260518T054750Z"),
        json!("1779083270"),
        json!(1_779_083_270_000_u64),
        json!(1_779_083_270.0),
        json!(" 2026-05-18T05:47:50Z "),
    ] {
        let events =
            read_bytes(delivery(&[with(record(1), &[("eventTime", time.clone())])])).events;
        assert_eq!(events.first().map(|event| event.time), Some(want), "{time}");
    }
    for time in [json!("yesterday"), json!(""), json!(-1), json!({}), json!("2026-13-45T99:00:00Z")]
    {
        let ledger =
            read_bytes(delivery(&[with(record(1), &[("eventTime", time.clone())])])).ledger;
        assert_eq!((ledger.records.read, ledger.records.malformed), (1, 1), "{time}");
    }
}

#[test]
fn deep_nesting_neither_overflows_nor_hides_what_follows() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    for nested in [&deep, &objects] {
        let text = record(1).to_string().replacen("null", nested, 1);
        assert!(text.contains(nested.as_str()));
        let Ingested { events, .. } = read_bytes(format!("{{\"Records\":[{text},{}]}}", record(2)));
        assert_eq!(events.len(), 2);
        // As a secret it goes alone; with one beside it everything is dropped rather than kept.
        for (beside, stays) in [("", true), ("\"s\",\"x\":", false)] {
            let with_secret = format!("{{\"sessionToken\":{beside}{nested}}}");
            let events = read_bytes(text.replacen(nested.as_str(), &with_secret, 1)).events;
            let response = events.first().unwrap().response();
            assert_eq!(response.is_some(), stays, "{response:?}");
            assert!(response.is_none_or(|text| text.contains("***") && !text.contains('1')));
        }
        // At the top, in a wrapper, in text.
        for hostile in [
            format!("{nested}\n{}", record(2)),
            format!("{{\"x\":{nested}}}\n{}", record(2)),
            format!("{{\"message\":{}}}\n{}", json!(format!("event {nested}")), record(2)),
        ] {
            let Ingested { events, .. } = read_bytes(hostile);
            assert_eq!(events.len(), 1);
        }
    }
    for open in ["[", "{\"Records\":[", "{\"a\":", "{\"eventVersion\":[", "{\"message\":\"{"] {
        read_bytes(open.repeat(50_000));
    }
}

#[test]
fn one_huge_line_is_read_a_window_at_a_time() {
    let records = many(5_000);
    let content = delivery(&records);
    assert!(content.len() > 6 << 20 && !content.contains('\n'));
    assert_eq!(read_bytes(content).events.len(), 5_000);
    // A wrapper whose only line holds everything, and one record larger than any window.
    let text = Value::Array(many(500)).to_string();
    assert_eq!(read_bytes(json!({ "message": text }).to_string()).events.len(), 500);
    let large = with(record(1), &[("requestParameters", json!({ "x": "y".repeat(3 << 20) }))]);
    assert_eq!(read_bytes(delivery(&[record(0), large, record(2)])).events.len(), 3);
}

#[test]
fn empty_records_are_fine() {
    for content in ["{\"Records\":[]}", "{\"Records\": [ ] }\n", "{\"Events\":[]}"] {
        let Ingested { ledger, .. } = read_bytes(content);
        assert_eq!((ledger.files_read, ledger.skipped.len()), (1, 0), "{content}");
    }
}

#[test]
fn what_the_user_names_must_exist() {
    let missing = [Input::Path("no/such/export".into())];
    let error = ingest::read(&missing, &Options::default(), &()).unwrap_err().to_string();
    assert!(error.starts_with("`no/such/export` is not there; hint: "), "{error}");
}

#[cfg(unix)]
#[test]
fn links_and_names_of_all_sorts_are_survived() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    let export = Export::new();
    export.file("deep/er/good.json", delivery(&[record(1)]));
    export.file("a.json", delivery(&[record(2)]));
    std::fs::write(export.path().join(OsStr::from_bytes(b"n\xff.json")), delivery(&[record(3)]))
        .unwrap();
    symlink(export.path(), export.path().join("deep/loop")).unwrap();
    symlink("nowhere", export.path().join("dangling")).unwrap();
    symlink(export.path().join("a.json"), export.path().join("again.json")).unwrap();
    let Ingested { events, ledger, .. } = export.read();
    assert_eq!(events.len(), 3);
    assert_eq!(ledger.records.duplicates, 1);
    let words: Vec<_> = ledger
        .skipped
        .iter()
        .map(|s| (Path::new(&s.path).file_name().unwrap().to_str().unwrap(), s.reason.as_str()))
        .collect();
    assert_eq!(words, [("dangling", "unreadable"), ("loop", "symlink_loop")]);
}

#[cfg(unix)]
#[test]
fn folders_that_may_not_be_read_are_noted() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let export = Export::new();
    export.file("closed/a.json", delivery(&[record(1)]));
    let file = export.file("b.json", delivery(&[record(2)]));
    export.file("c.json", delivery(&[record(3)]));
    let closed = export.path().join("closed");
    set_permissions(&closed, Permissions::from_mode(0o0)).unwrap();
    set_permissions(&file, Permissions::from_mode(0o0)).unwrap();
    let root = std::fs::read_dir(&closed).is_ok();
    let Ingested { events, ledger, .. } = export.read();
    set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();
    if root {
        // Root may read everything.
        assert_eq!(events.len(), 3);
        return;
    }
    assert_eq!(events.len(), 1);
    let words: Vec<_> = ledger.skipped.iter().map(|s| s.reason.as_str()).collect();
    assert_eq!(words, ["unreadable", "unreadable"]);
}

/// Contents of every sort to be damaged.
fn seeds() -> Vec<Vec<u8>> {
    let text = record(1).to_string();
    let files = [
        delivery(&many(3)),
        format!("{}\n{}\n", record(1), record(2)),
        serde_json::to_string_pretty(&json!([record(1), record(2)])).unwrap(),
        json!({ "Events": [{ "CloudTrailEvent": text }, { "CloudTrailEvent": text }] }).to_string(),
        format!("2026-05-18T05:47:50.000Z {text}\n2026-05-18T05:47:50.000Z {text}\n"),
        format!("@timestamp,@message\n1,\"{}\"\n", text.replace('"', "\"\"")),
        "eventname,eventtime,eventsource,useridentity\nDecrypt,2026-05-18T05:47:50Z,kms,\
         \"{type=IAMUser, sessioncontext={attributes={mfaauthenticated=true}}}\"\n"
            .to_owned(),
        json!({ "QueryResultRows": [[{ "eventName": "D" }, { "userIdentity": "{type=Root}" }]] })
            .to_string(),
        json!({ "class_uid": 6003, "metadata": { "uid": "x" }, "api": { "operation": "D" } })
            .to_string(),
    ];
    let mut seeds: Vec<Vec<u8>> = files.iter().map(|file| file.clone().into_bytes()).collect();
    seeds.extend(files.iter().map(|file| gzip(file.as_bytes())));
    seeds
}

#[derive(Debug, Clone)]
enum Damage {
    Set(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Insert(usize, &'static str),
}

fn damage() -> impl Strategy<Value = Damage> {
    let word = prop::sample::select(vec![
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\",
        "\0",
        "\n",
        "null",
        "{\"eventVersion\"",
        "\u{feff}",
        "{\"Records\":[",
        "\\ud800",
        "{k=v, ",
        "\"\"",
    ]);
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), 1..40_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        (any::<usize>(), 1..400_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        (any::<usize>(), word).prop_map(|(at, word)| Damage::Insert(at, word)),
    ]
}

fn apply(mut bytes: Vec<u8>, damage: &[Damage]) -> Vec<u8> {
    for one in damage {
        let length = bytes.len().max(1);
        match one {
            Damage::Set(at, byte) => {
                if let Some(slot) = bytes.get_mut(at % length) {
                    *slot = *byte;
                }
            }
            Damage::Cut(at) => bytes.truncate(at % length),
            Damage::Remove(at, count) => {
                let from = at % length;
                let to = (from + count).min(bytes.len());
                if from < to {
                    bytes.drain(from..to);
                }
            }
            Damage::Repeat(at, count) => {
                let from = (at % length).min(bytes.len());
                let to = (from + count).min(bytes.len());
                let part = bytes[from..to].to_vec();
                bytes.splice(from..from, part);
            }
            Damage::Insert(at, word) => {
                let from = (at % length).min(bytes.len());
                bytes.splice(from..from, word.bytes());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_damage_panics_or_loses_count(
        seed in prop::sample::select(seeds()),
        damage in prop::collection::vec(damage(), 1..4),
    ) {
        let ledger = read_bytes(apply(seed, &damage)).ledger;
        balanced(&ledger);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_bytes(bytes);
    }

    /// Damage to one record never touches the others.
    #[test]
    fn damage_stays_where_it_is(at in any::<usize>(), byte in any::<u8>(), lines in any::<bool>()) {
        let mut hurt = record(2).to_string().into_bytes();
        let place = at % hurt.len();
        hurt[place] = byte;
        let (start, between, end) = if lines { ("", "\n", "\n") } else { ("{\"Records\":[", ",", "]}") };
        let mut content = start.as_bytes().to_vec();
        for part in [record(1).to_string().as_bytes(), &hurt, record(3).to_string().as_bytes()] {
            content.extend_from_slice(part);
            content.extend_from_slice(between.as_bytes());
        }
        content.extend_from_slice(end.as_bytes());
        let ingested = read_bytes(&content);
        for id in ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000003"] {
            prop_assert!(ingested.events.iter().any(|event| event.id() == id));
        }
    }
}
