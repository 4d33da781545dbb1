//! `trailwhy simulate` over cases written from AWS's documentation (each names its page): adding a
//! case needs no Rust. A case's `expected` has `result`, and what else it has is compared, too:
//! `layer`, `blocked_by`, `unknown`, and `sids` of the deciding statements.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn simulate(input: &str) -> (Vec<Value>, Option<i32>) {
    let output =
        Command::cargo_bin("trailwhy").unwrap().arg("simulate").write_stdin(input).output();
    let output = output.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (answers, output.status.code())
}

/// What differs between a case and its answer, as text; empty when nothing does.
fn differences(case: &Value, answer: &Value) -> Vec<String> {
    let expected = case["expected"].as_object().unwrap();
    let mut differences = Vec::new();
    for (name, wanted) in expected {
        let got = match name.as_str() {
            "sids" => answer["statements"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|statement| statement["sid"].clone())
                .collect(),
            name => answer[name].clone(),
        };
        if got != *wanted {
            differences.push(format!("{}: {name} is {got}, not {wanted}", case["id"]));
        }
    }
    if answer["id"] != case["id"] {
        differences.push(format!("{} is answered as {}", case["id"], answer["id"]));
    }
    differences
}

#[test]
fn every_documented_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/iam");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the cases are missing");
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let (answers, status) = simulate(&text);
        assert_eq!(status, Some(0), "{}", file.display());
        assert_eq!(answers.len(), text.lines().count(), "{}", file.display());
        for (line, answer) in text.lines().zip(&answers) {
            let case: Value = serde_json::from_str(line).unwrap();
            assert!(case["doc"].is_string(), "{} names no page", case["id"]);
            wrong.extend(differences(&case, answer));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads a case of `evaluation.jsonl`, to change it.
fn a_case() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/iam/evaluation.jsonl");
    serde_json::from_str(std::fs::read_to_string(file).unwrap().lines().next().unwrap()).unwrap()
}

#[test]
fn a_malformed_line_gets_an_error_and_does_not_stop_the_rest() {
    let good = a_case();
    let mut nobody = a_case();
    nobody["id"] = "nobody".into();
    nobody["request"]["principal"] = "no one".into();
    let mut broken_policy = a_case();
    broken_policy["id"] = 7.into();
    broken_policy["policies"]["resource"] =
        "{\"Version\": \"2012-10-17\",\n \"Statement\": [}".into();
    let input = format!("{{oops\n\n{nobody}\n{broken_policy}\n[]\n{good}");
    let (answers, status) = simulate(&input);
    assert_eq!(status, Some(2));
    let shown: Vec<String> = answers.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    {"id":null,"error":"not JSON: key must be a string at line 1 column 2"}
    {"id":"nobody","error":"not a principal: \"no one\""}
    {"id":7,"error":"`resource`: line 2, column 16: expected value"}
    {"id":null,"error":"the case has no `request`"}
    {"id":"identity/allows","result":"Allowed","layer":null,"blocked_by":[],"statements":[{"layer":"identity_policy","policy":"send","sid":"Send","index":0,"effect":"Allow"}],"unknown":[]}
    "#);
}

/// A setting that would be taken for off would let the public in, in the answer at least.
#[test]
fn settings_that_cannot_be_read_are_refused() {
    for settings in [
        serde_json::json!({"s3_block_public_access": "maybe"}),
        serde_json::json!({"s3_block_public_access": 1}),
        serde_json::json!({"s3_block_public_access": {"RestrictPublicBuckets": "yes, mostly"}}),
        serde_json::json!({"s3_block_public_access": {"RestrictPublicBuckets": [true]}}),
        serde_json::json!({"s3_block_public_access": {"account": {"BlockPublicAcls": {}}}}),
        serde_json::json!({"BlockPublicAccess": ["RestrictEverything"]}),
        serde_json::json!(true),
    ] {
        let mut case = a_case();
        case["settings"] = settings.clone();
        let (answers, status) = simulate(&case.to_string());
        assert_eq!(status, Some(2), "{settings}");
        assert_eq!(answers[0]["id"], case["id"], "{settings}");
        assert!(answers[0]["error"].as_str().unwrap().contains("`settings"), "{}", answers[0]);
    }
}

/// Many lines are shared among threads, which must not show.
#[test]
fn answers_keep_the_order_of_the_questions() {
    let mut case = a_case();
    let lines: Vec<String> = (0..5000)
        .map(|number| {
            case["id"] = number.into();
            // Some lines are longer to answer, some cannot be read, and some ask nothing.
            case["request"]["principal"] = if number % 7 == 0 {
                "no one".into()
            } else {
                a_case()["request"]["principal"].clone()
            };
            let blank = if number % 11 == 0 { "\n \n" } else { "" };
            format!("{blank}{case}")
        })
        .collect();
    let (answers, status) = simulate(&lines.join("\n"));
    assert_eq!(status, Some(2));
    let ids: Vec<u64> = answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (0..5000).collect::<Vec<u64>>());
    assert!(answers.iter().all(|answer| {
        answer.get("error").is_some() == (answer["id"].as_u64().unwrap() % 7 == 0)
    }));
}

/// Whoever asks one by one waits for the answer before the next question.
#[test]
fn each_question_is_answered_before_the_next() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("trailwhy"))
        .arg("simulate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for number in 0..20 {
        let mut case = a_case();
        case["id"] = number.into();
        let line = case.to_string();
        // In two pieces, as a pipe may deliver it.
        let (start, end) = line.split_at(line.len() / 2);
        input.write_all(start.as_bytes()).unwrap();
        input.flush().unwrap();
        input.write_all(format!("{end}\n").as_bytes()).unwrap();
        input.flush().unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["id"], number);
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_cannot_be_used_of_a_policy_is_said_and_the_rest_is_used() {
    let mut case = a_case();
    case["policies"]["identity"][0]["policy"] = "{\"Version\": \"2012-10-17\",
  \"Statement\": [
    {\"Sid\": \"A\", \"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\"},
    {\"Sid\": \"B\", \"Effect\": \"Allow\", \"Action\": [\"sns:Publish\", 7], \"Resource\": \"*\",
     \"Condition\": {\"StringLikes\": {\"aws:username\": \"m*\"}}},
    {\"Sid\": \"B\", \"Effect\": \"Allow\", \"Action\": \"sns:*\", \"Resource\": \"*\",
     \"Condition\": {\"IpAddressIfExists\": {\"aws:SourceIp\": \"office\"}}},
    []
  ]}"
    .into();
    let (answers, status) = simulate(&case.to_string());
    assert_eq!(status, Some(0));
    insta::assert_snapshot!(serde_json::to_string_pretty(&answers[0]).unwrap(), @r#"
    {
      "id": "identity/allows",
      "result": "Allowed",
      "layer": null,
      "blocked_by": [],
      "statements": [
        {
          "layer": "identity_policy",
          "policy": "send",
          "sid": "B",
          "index": 2,
          "effect": "Allow"
        }
      ],
      "unknown": [],
      "warnings": [
        "`identity` \"send\", statement 0: line 3, column 28: `Effect` is neither \"Allow\" nor \"Deny\"; statement not used",
        "`identity` \"send\", statement 1: line 4, column 63: expected a string; left out",
        "`identity` \"send\", statement 1: line 5, column 35: \"StringLikes\" is no condition operator; it never matches",
        "`identity` \"send\", statement 2: line 7, column 58: no value of `aws:SourceIp` is of the operator's type; none matches",
        "`identity` \"send\", statement 3: line 8, column 5: a statement is a JSON object",
        "`identity` \"send\", statement 2: line 6, column 13: `Sid` \"B\" stands more than once"
      ]
    }
    "#);
}

#[test]
fn answers_keep_the_fields_of_the_contract() {
    let (answers, _) = simulate(&a_case().to_string());
    insta::assert_snapshot!(answers[0], @r#"{"id":"identity/allows","result":"Allowed","layer":null,"blocked_by":[],"statements":[{"layer":"identity_policy","policy":"send","sid":"Send","index":0,"effect":"Allow"}],"unknown":[]}"#);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("trailwhy"))
        .arg("simulate")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let line = a_case().to_string();
    for _ in 0..200 {
        // The program may have left already, which closes this end as well.
        if writeln!(input, "{line}").is_err() {
            break;
        }
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}
