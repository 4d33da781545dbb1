//! The denial texts of AWS and what is read from them. A new wording is a new line in
//! `data/denials.jsonl`: the text, and every field that must be read; all others must stay empty.

use proptest::prelude::*;
use serde_json::{Map, Value};
use trailwhy::event::denial::{Denial, parse};

const CASES: &str = include_str!("../data/denials.jsonl");

/// What was read, in the words of the data file.
fn read(denial: &Denial) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), Value::from(value));
        }
    };
    put("principal", denial.principal.clone());
    put("action", denial.action.clone());
    put("resource", denial.resource.clone());
    put("resource_text", denial.resource_text.clone());
    put("authorization_id", denial.authorization_id.clone());
    put("form", Some(format!("{:?}", denial.form)));
    if let Some(stated) = &denial.stated {
        put("layer", Some(stated.layer.as_str().to_owned()));
        let effect = serde_json::to_value(stated.effect).unwrap();
        put("effect", Some(effect.as_str().unwrap().to_owned()));
        put("policy_arn", stated.policy_arn.clone());
        put("via", stated.via.map(|layer| layer.as_str().to_owned()));
    }
    for (name, flag) in
        [("vague", denial.vague), ("encoded", denial.encoded), ("truncated", denial.truncated)]
    {
        if flag {
            out.insert(name.to_owned(), Value::from(true));
        }
    }
    Value::Object(out)
}

fn texts() -> Vec<(String, Value)> {
    let rows: Vec<(String, Value)> = CASES
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            (row["text"].as_str().unwrap().to_owned(), row["want"].clone())
        })
        .collect();
    assert!(rows.len() > 80, "the data file lost its cases");
    rows
}

#[test]
fn every_known_wording_is_read() {
    for (text, want) in texts() {
        assert_eq!(read(&parse(&text)), want, "{text}");
    }
}

proptest! {
    /// Damaged, cut and joined texts are read without a panic, and what is read is well formed.
    #[test]
    fn damaged_texts_are_harmless(
        which in 0usize..80,
        other in 0usize..80,
        cut in any::<prop::sample::Index>(),
        insert in "\\PC{0,12}|\"| because | with an explicit deny|User: |arn:|not authorized to perform",
    ) {
        let texts = texts();
        let (one, two) = (&texts[which].0, &texts[other].0);
        let chars: Vec<char> = one.chars().collect();
        let at = cut.index(chars.len() + 1);
        let head: String = chars[..at].iter().collect();
        let tail: String = chars[at..].iter().collect();
        for text in [head.clone(), tail.clone(), format!("{head}{insert}{tail}"), format!("{head}{insert}{two}")] {
            let denial = parse(&text);
            if let Some(action) = &denial.action {
                let (service, name) = action.split_once(':').unwrap();
                prop_assert_eq!(service, service.to_ascii_lowercase());
                prop_assert!(!name.is_empty());
            }
            if let Some(principal) = &denial.principal {
                prop_assert!(!principal.contains(' '));
            }
        }
    }
}
