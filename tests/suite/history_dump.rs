//! Every form of policy dump, as what is read from it. The files lie in
//! `data/history/dump-files.ndjson`: one more line there is one more case here.

use std::path::Path;

use trailwhy::event::Time;
use trailwhy::history::change::Value;
use trailwhy::history::dump::Dump;
use trailwhy::wording::{Language, Wording};

const FILES: &str = include_str!("../data/history/dump-files.ndjson");

/// The document that most files carry.
const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

fn take(path: &str, text: &str) -> Dump {
    let mut dump = Dump::default();
    dump.take(Path::new(path), text.as_bytes(), Time::parse("2026-02-01").unwrap(), false);
    dump
}

fn value(value: &Value) -> String {
    match value {
        Value::Text(text) if text.as_ref() == DOCUMENT => "the document".to_owned(),
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_form_of_dump_is_read() {
    let mut shown = String::new();
    for line in FILES.lines() {
        let file: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = file["path"].as_str().unwrap();
        let dump = take(path, &file["body"].to_string());
        shown += &format!("{path}\n");
        for fact in &dump.facts {
            shown += &format!("  {:?} = {}", fact.subject, value(&fact.value));
            let day = fact.time.to_string();
            shown += if day.starts_with("2026-02-01") { "\n" } else { " (dated itself)\n" };
        }
        for (scope, ..) in &dump.scopes {
            shown += &format!("  complete: {scope:?}\n");
        }
        for organization in &dump.organizations {
            shown += &format!("  {organization:?}\n");
        }
        let english = Wording::new(Language::En);
        for gap in &dump.gaps {
            shown += &format!("  gap: {}\n", gap.say(&english));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn damage_is_told_with_its_place_and_the_rest_is_used() {
    let cases = [
        ("broken.json", "{\"Policy\":\n \"x\", }"),
        ("list.json", "{\"Grants\": []}\n{\"Parents\": [}"),
        (
            "0a1b2c3d-0000-1111-2222-333344445555.json",
            "{\n \"PolicyName\": \"default\",\n \"Policy\": \"{\\n \\\"Statement\\\": [}\"\n}",
        ),
        (
            "details.json",
            r#"{"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/Build", "RoleId": "AROA1",
  "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {
    "Statement": [
      {"Sid": "odd", "Effect": "Deny", "Action": "*", "Resource": "*",
       "Condition": {"StringResembles": {"aws:username": "x"}}},
      {"Sid": "fine", "Effect": "Allow", "Action": "*", "Resource": "*"}]}}]}]}"#,
        ),
        ("notes.json", "{\"hello\": 1}"),
        ("notes.txt", "hello"),
    ];
    let mut shown = String::new();
    for (path, text) in cases {
        let dump = take(path, text);
        shown += &format!("{path}: {} facts\n", dump.facts.len());
        let english = Wording::new(Language::En);
        for gap in &dump.gaps {
            shown += &format!("  {}\n", gap.say(&english));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_document_of_a_megabyte_is_read() {
    let statement = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
    let many = vec![statement; 18_000].join(",");
    let text = format!(
        r#"{{"Policy":{}}}"#,
        serde_json::to_string(&format!(r#"{{"Statement":[{many}]}}"#)).unwrap()
    );
    assert!(text.len() > 1 << 20);
    let dump = take("s3/large.json", &text);
    assert_eq!((dump.facts.len(), dump.gaps.len()), (1, 0));
}
