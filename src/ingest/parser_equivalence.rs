//! Compares the fast path with the parser: whatever the text, both must keep, count and report the same.
//! Neither may the size of the window matter.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::ingest::formats::column::RECORD_MEMBERS;
use crate::ingest::record::fast_path::{FastPath, Stop};
use crate::ingest::record::fields::Fields;
use crate::ingest::record::structural_index::StructuralIndex;
use crate::ingest::record::wire::Record;
use crate::ingest::trial::{WINDOW, outcome};

/// Whole files, to be cut and garbled.
fn files() -> Vec<String> {
    let record = |id: usize| {
        format!(
            "{{\"eventVersion\":\"1.08\",\"userIdentity\":{{\"type\":\"AWSService\"}},\
             \"eventTime\":\"2026-05-18T05:47:50Z\",\"eventSource\":\"kms.amazonaws.com\",\
             \"eventName\":\"Décrypt {{\\\"]\",\"requestParameters\":{{\"a\":[{{\"b\":\"}}\"}}]}},\
             \"eventID\":\"{id}\"}}"
        )
    };
    let (a, b) = (record(1), record(2));
    let text = serde_json::Value::String(record(7)).to_string();
    let cell = record(3).replace('"', "\"\"");
    vec![
        format!("{{\"Records\":[{a},{b}]}}"),
        format!("{a}\r\n\n2026-05-18T05:47:50.000Z {b}\nnothing\n"),
        format!("{{\"a\":[1],\"events\":[{{\"message\":{text}}}],\"token\":\"x\"}}"),
        format!("@timestamp,@message\n1,\"{cell}\"\n2,\"{cell}\"\n"),
        format!("{{\"Records\":[{a},{{\"eventVersion\":oops}},{b}]}}"),
        format!("[{{\"eventVersion\":\"1\"}},{a},{{\"x\":[{b}]}}]"),
    ]
}

/// Values of every sort, proper ones and others.
fn value() -> impl Strategy<Value = String> {
    let scalar = select(vec![
        "\"plain\"",
        "\"kms.amazonaws.com\"",
        "\"2026-05-18T05:47:50Z\"",
        "\"\"",
        "\"123\"",
        "null",
        "true",
        "false",
        "\"true\"",
        "\"False\"",
        "0",
        "-1.5e+7",
        "12",
        "1.0",
        "\"a\\\"b\"",
        "\"\\u00e9\\ud83d\\ude00\"",
        "\"é}{]\"",
        "\"\\\\\"",
        "\"{\\\"eventVersion\\\":1}\"",
        "\"AwsApiCall\"",
        "\"Insight\"",
        "\"aws:s3\"",
        "{}",
        "[]",
        "{\"eventVersion\":\"1.0\"}",
    ]);
    let broken = select(vec![
        "oops",
        "01",
        "1.",
        "-",
        "1e",
        "tru",
        "nul",
        "\"\\q\"",
        "\"\\u12g4\"",
        "\"\\u12\"",
        "\"tab\there\"",
        "\"open",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "[1,]",
        "[1 2]",
        "{1:2}",
        "{]",
        "[}",
        "",
        "+1",
        ".5",
        "\u{1}",
        "Infinity",
        "'x'",
        "{\"a\":\"\u{0}\"}",
        "{\"a\":1\n}",
        "\"\\",
    ]);
    let leaf = prop_oneof![12 => scalar, 1 => broken].prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = (name(), inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            prop::collection::vec(member, 0..4).prop_map(|all| format!("{{{}}}", all.join(","))),
            prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
        ]
    })
}

/// Names as they stand in text, quotes included.
fn name() -> impl Strategy<Value = String> {
    const OTHERS: &[&str] = &[
        "eventId",
        "type",
        "principalId",
        "arn",
        "accountId",
        "accessKeyId",
        "userName",
        "sessionContext",
        "invokedBy",
        "inScopeOf",
        "onBehalfOf",
        "identityProvider",
        "sessionIssuer",
        "webIdFederationData",
        "attributes",
        "sourceIdentity",
        "ec2RoleDelivery",
        "signInSessionArn",
        "creationDate",
        "mfaAuthenticated",
        "credentials",
        "sessionToken",
        "accessKeyId",
        "detail",
        "Records",
        "x",
        "é",
        "event\\u004eame",
        "a\\\"b",
        "",
    ];
    let names = [RECORD_MEMBERS, OTHERS].concat();
    select(names).prop_map(|name| format!("\"{name}\""))
}

/// `userIdentity` with whatever below it.
fn identity() -> impl Strategy<Value = String> {
    let plain = |names: &'static [&'static str]| {
        let member =
            (select(names), value()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(",")))
    };
    let issuer = plain(&["type", "principalId", "arn", "accountId", "userName", "x"]);
    let attributes = plain(&["creationDate", "mfaAuthenticated"]);
    let rest =
        plain(&["sourceIdentity", "ec2RoleDelivery", "signInSessionArn", "webIdFederationData"]);
    let session =
        (issuer, attributes, rest, any::<bool>()).prop_map(|(issuer, attributes, rest, more)| {
            let rest =
                if more { format!(",{}", rest.trim_matches(['{', '}'])) } else { String::new() };
            format!(
                "{{\"sessionIssuer\":{issuer},\"attributes\":{attributes}{}}}",
                rest.trim_end_matches(',')
            )
        });
    let flat =
        plain(&["type", "principalId", "arn", "accountId", "invokedBy", "userName", "inScopeOf"]);
    (flat, session).prop_map(|(flat, session)| match flat.strip_suffix('}') {
        Some("{") | None => format!("{{\"sessionContext\":{session}}}"),
        Some(start) => format!("{start},\"sessionContext\":{session}}}"),
    })
}

/// A record of members in any order, one of them now and then a second time.
fn record() -> impl Strategy<Value = String> {
    let known =
        ["eventTime\":\"2026-05-18T05:47:50Z", "eventSource\":\"kms", "eventName\":\"Decrypt"];
    let member = prop_oneof![
        4 => (name(), value()).prop_map(|(name, value)| format!("{name}:{value}")),
        2 => identity().prop_map(|identity| format!("\"userIdentity\":{identity}")),
    ];
    let simple = select(vec!["null", "\"plain\"", "true", "{}", "[{\"a\":1}]"]);
    let twice = prop::option::weighted(0.3, (name(), simple.clone(), simple));
    let members = (prop::collection::vec(member, 0..8), twice).prop_map(move |(mut all, twice)| {
        all.extend(known.iter().map(|member| format!("\"{member}\"")));
        if let Some((name, first, second)) = twice {
            // Few others, so that this one decides.
            all.truncate(2);
            all.extend([format!("{name}:{first}"), format!("{name}:{second}")]);
        }
        all
    });
    let blank = select(vec!["", "", "", "", " ", "\n  "]);
    (members.prop_shuffle(), blank).prop_map(|(all, blank)| {
        let members = all.join(&format!(",{blank}"));
        format!("{{\"eventVersion\":\"1.11\",{members}}}")
    })
}

/// The text with a few characters taken out, put in or exchanged.
fn garbled(text: String, wounds: &[(Index, u8, char)]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (place, how, letter) in wounds {
        let at = place.index(letters.len().max(1));
        match how {
            0 if at < letters.len() => drop(letters.remove(at)),
            1 => letters.insert(at, *letter),
            2 => letters.truncate(at),
            _ if at < letters.len() => letters[at] = *letter,
            _ => {}
        }
    }
    letters.into_iter().collect()
}

fn wounds(most: usize) -> impl Strategy<Value = Vec<(Index, u8, char)>> {
    let letter = select("\"\\{}[],:é \n\u{1}0u".chars().collect::<Vec<_>>());
    let how = prop_oneof![3 => Just(0_u8), 3 => Just(1_u8), 1 => Just(2_u8), 3 => Just(3_u8)];
    prop::collection::vec((any::<Index>(), how, letter), 0..=most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What the fast path reads, the parser reads, to the same end and with the same result; where the fast path
    /// needs more text, the parser finds no record either.
    #[test]
    fn the_fast_path_says_what_the_parser_says(text in record(), wounds in wounds(2)) {
        let text = garbled(text, &wounds);
        let mut index = StructuralIndex::default();
        index.build(text.as_bytes());
        let mut fields = Fields::default();
        let mut parsed = serde_json::Deserializer::from_str(&text).into_iter::<Record<'_>>();
        match (FastPath { text: &text, index: &index }).record(0, &mut fields) {
            Ok(end) => {
                let record = parsed.next().unwrap().unwrap();
                prop_assert_eq!(parsed.byte_offset(), end);
                prop_assert!(!record.has_text_for_structure());
                let raws = record.raws();
                prop_assert_eq!(fields.filled(), record.fields(&raws).filled());
            }
            Err(Stop::More) => {
                prop_assert!(!matches!(parsed.next(), Some(Ok(_))));
            }
            Err(Stop::Unusual) => {}
        }
    }

    /// Files of such records give the same, however they are read.
    #[test]
    fn files_come_to_the_same_either_way(
        records in prop::collection::vec(record(), 0..4),
        wounds in wounds(3),
        array in any::<bool>(),
    ) {
        let file = match array {
            true => format!("{{\"Records\":[{}]}}", records.join(",")),
            false => records.join("\n"),
        };
        let file = garbled(file, &wounds);
        let fast = outcome(file.as_bytes(), WINDOW, true);
        prop_assert_eq!(fast, outcome(file.as_bytes(), WINDOW, false));
    }

    /// However small the window, the same is found.
    #[test]
    fn windows_do_not_matter(
        file in select(files()), window in 1..700_usize, wide in any::<bool>(), fast in any::<bool>(),
    ) {
        let content = match wide {
            true => file.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            false => file.into_bytes(),
        };
        prop_assert_eq!(outcome(&content, window, fast), outcome(&content, WINDOW, false));
    }
}

/// A usual record takes the fast path: otherwise the tests above would compare nothing.
#[test]
fn usual_records_take_the_fast_path() {
    let text = concat!(
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","sessionContext":"#,
        r#"{"sessionIssuer":{"type":"Role"},"attributes":{"mfaAuthenticated":"false"}}},"#,
        r#""eventTime":"2026-05-18T05:47:50Z","eventSource":"kms.amazonaws.com","#,
        r#""eventName":"Decrypt","requestParameters":{"a":["\u00e9\\",1.5e3,null,{}]},"#,
        r#""responseElements":null,"readOnly":true,"newMember":[{"a":false}]}"#,
    );
    let mut index = StructuralIndex::default();
    index.build(text.as_bytes());
    let mut fields = Fields::default();
    let end = FastPath { text, index: &index }.record(0, &mut fields);
    assert_eq!(end, Ok(text.len()));
    assert_eq!(fields.identity_type, Some("AssumedRole"));
    assert_eq!(fields.filled().len(), 9);
}
