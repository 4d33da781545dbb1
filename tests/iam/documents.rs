//! Policy documents as strangers write them: whatever the text, reading it gives a policy or an
//! error with a place, and evaluating what was read gives a decision.

use crate::support::attached;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trailwhy::iam::{Layers, Policy, Presence, Principal, Request, Resource, evaluate};

/// JSON with the words of the policy language in it, in places where they may not stand.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "Version",
        "2012-10-17",
        "Statement",
        "Sid",
        "Effect",
        "Allow",
        "Deny",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
        "AWS",
        "StringLike",
        "ForAllValues:IpAddress",
        "NullIfExists",
        "aws:SourceIp",
        "*",
        "kms:*",
        "${aws:username",
        "${a, 'b'}",
        "arn:aws:s3:::b/${x}",
        "",
        "\u{1b}[31m",
        "é\n\"",
    ]);
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        4 => word.clone().prop_map(|word| json!(word)),
        1 => "\\PC{0,6}".prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| {
                let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(members.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// Puts the policy into every layer.
fn evaluate_everywhere(policy: &Value) {
    let known = || Presence::Known(vec![attached("p", policy)]);
    let layers = Layers {
        identity: known(),
        boundary: known(),
        session: known(),
        resource: Presence::Known(attached("p", policy)),
        ..Layers::none()
    };
    let bucket = Resource::new("arn:aws:s3:::b/k").owned_by("111122223333");
    for principal in [Principal::parse("111122223333"), Principal::parse("ec2.amazonaws.com")] {
        let request = Request::new(principal.unwrap(), "s3:GetObject", bucket.clone());
        evaluate(&request, &layers);
    }
}

proptest! {
    #[test]
    fn no_document_is_too_strange(value in anything()) {
        if let Ok(policy) = Policy::from_value(&value) {
            prop_assert_eq!(policy.document(), &value);
            evaluate_everywhere(&value);
            let text = serde_json::to_string_pretty(&value).unwrap();
            let from_text = Policy::parse(&text).unwrap();
            let lines = text.lines().count();
            for warning in from_text.warnings() {
                let (line, column) = warning.place.unwrap();
                prop_assert!((1..=lines).contains(&line) && column >= 1);
            }
            prop_assert_eq!(from_text.warnings().len(), policy.warnings().len());
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,80}|[{}\\[\\]\",:a-z*$ \\n]{0,80}") {
        if let Err(error) = Policy::parse(&text) {
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}

#[test]
fn an_error_names_line_and_column() {
    let error = Policy::parse("{\n  \"Statement\": [\n    {,}\n  ]\n}").unwrap_err();
    assert_eq!((error.line, error.column), (3, 6));
    assert_eq!(error.to_string(), "line 3, column 6: key must be a string");
    for text in ["[]", "7", "null"] {
        let error = Policy::parse(text).unwrap_err();
        assert_eq!(error.message, "a policy is a JSON object with `Statement`", "{text}");
    }
}

#[test]
fn nesting_without_end_is_an_error() {
    let text = format!("{{\"Statement\": {}", "[".repeat(100_000));
    assert!(Policy::parse(&text).unwrap_err().message.contains("recursion"));
}

#[test]
fn a_document_of_a_megabyte_is_read_and_matched() {
    let statement = |at: usize| {
        json!({"Sid": format!("S{at}"), "Effect": "Allow", "Action": "s3:GetObject",
               "Resource": format!("arn:aws:s3:::b/{at}/{}", "a*".repeat(40))})
    };
    let statements: Vec<Value> = (0..6000).map(statement).collect();
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let text = document.to_string();
    assert!(text.len() > 1_000_000);
    let policy = Policy::parse(&text).unwrap();
    assert!(policy.warnings().is_empty());
    let layers =
        Layers { identity: Presence::Known(vec![attached("big", &document)]), ..Layers::none() };
    let object = format!("arn:aws:s3:::b/5999/{}b", "a".repeat(2000));
    let request = Request::new(
        Principal::parse("arn:aws:iam::111122223333:user/ana").unwrap(),
        "s3:GetObject",
        Resource::new(object).owned_by("111122223333"),
    );
    let decision = evaluate(&request, &layers);
    assert!(decision.is_allowed());
    assert_eq!(decision.statements[0].index(), 5999);
}
