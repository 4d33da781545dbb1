//! What every format says of the call at the top: one that is the denied call itself, one that is
//! not known, one that belongs by little, one of two; and of what is not known of the denied call.

use serde_json::json;
use trailwhy::report::redact::Redactor;
use trailwhy::report::terminal::Style;
use trailwhy::report::zone::Zone;
use trailwhy::report::{
    DeniedAction, Incident, Kind, LinkKind, Outcome, Report, SortOfFailure, csv, html, markdown,
    retitle, sarif, terminal,
};
use trailwhy::wording::{Language, Wording};

fn report() -> Report {
    serde_json::from_str(include_str!("../data/report/ebs-source-ip.json")).unwrap()
}

/// The report with its incident changed.
fn with(change: impl FnOnce(&mut Incident)) -> Report {
    let mut report = report();
    change(&mut report.incidents[0]);
    report.incidents[0].verdict.explanation = "Something was denied.".to_owned();
    report
}

/// Every format that people read, by name; blanks folded, markup of words taken away.
fn read(report: &Report, language: Language) -> Vec<(&'static str, String)> {
    let wording = Wording::new(language);
    let mut titled = report.clone();
    retitle(&mut titled.incidents, &wording);
    let texts = [
        ("title", titled.incidents[0].title.clone()),
        ("terminal", terminal::full(report, &wording, &Zone::utc(), Style::plain(100))),
        ("markdown", markdown::render(report, &wording, &Zone::utc())),
        ("html", html::render(report, &wording, &Zone::utc(), None)),
        ("sarif", sarif::render(report, &wording)),
    ];
    let plain = |text: String| {
        let text = text.replace(['`', '\\'], "").replace("<code>", "").replace("</code>", "");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    texts.into_iter().map(|(name, text)| (name, plain(text))).collect()
}

#[test]
fn a_call_whose_text_hides_the_refused_one_is_told_as_one() {
    let hiding = with(|incident| {
        incident.kind = Kind::Opaque;
        let denied = incident.denied.as_mut().unwrap();
        let root = incident.root.as_mut().unwrap();
        root.event_id = Some(denied.event_id.clone());
        root.action = "lambda:CreateEventSourceMapping".to_owned();
        root.outcome = Outcome::Error;
        root.error_code = Some("InvalidParameterValueException".to_owned());
        denied.action = "sqs:ReceiveMessage".to_owned();
        denied.event_name = Some("CreateEventSourceMapping20150331".to_owned());
        denied.principal_arn = Some("arn:aws:iam::111122223333:role/jobs/order-worker".to_owned());
    });
    let sentence = "lambda:CreateEventSourceMapping failed with InvalidParameterValueException: \
                    the role order-worker was not allowed sqs:ReceiveMessage";
    for (format, text) in read(&hiding, Language::En) {
        assert!(text.contains(sentence), "{format}: {text}");
        assert!(!text.contains("reported success"), "{format}");
        assert!(!text.contains("recorded as"), "{format}");
    }
    for (format, text) in read(&hiding, Language::Ja) {
        assert!(text.contains("ロール order-worker に sqs:ReceiveMessage が許可"), "{format}");
    }
    let text = csv::render(&hiding);
    assert!(text.contains("\"CreateEventSourceMapping20150331\""), "{text}");
}

#[test]
fn nothing_is_claimed_of_a_call_that_is_not_known() {
    for kind in [Kind::Background, Kind::Silent, Kind::Opaque] {
        let rootless = with(|incident| {
            incident.kind = kind;
            incident.root = None;
            incident.chain.drain(..1);
            incident.comparison.nearest_success = None;
        });
        for (format, text) in read(&rootless, Language::En) {
            if kind == Kind::Background || format == "title" {
                assert!(!text.contains("reported success"), "{format}: {text}");
            }
            if format != "title" {
                assert!(
                    text.contains("not known: no call in the log asked for this"),
                    "{format}: {text}"
                );
            }
        }
        csv::render(&rootless);
    }
}

#[test]
fn how_surely_the_call_belongs_stands_beside_it_and_not_beside_the_layer() {
    let tied = with(|incident| {
        let root = incident.root.as_mut().unwrap();
        root.confidence = Some(0.6);
        root.belongs_by = Some(LinkKind::Time);
        root.tied_with = vec!["0f0f0f0f-1111-4222-8333-444455556666".to_owned()];
    });
    for (format, text) in read(&tied, Language::En) {
        match format {
            "title" => {}
            "sarif" => {
                assert!(text.contains("\"rootConfidence\": 0.6"), "{text}");
                assert!(text.contains("0f0f0f0f-1111-4222-8333-444455556666"), "{text}");
            }
            _ => {
                let belongs = "60 % sure that the denied call was made for it, by time; \
                               0f0f0f0f-1111-4222-8333-444455556666 would fit as well";
                assert!(text.contains(belongs), "{format}: {text}");
                assert!(text.to_lowercase().contains("the layer"), "{format}");
            }
        }
    }
    let row = csv::render(&tied).lines().nth(1).unwrap().to_owned();
    assert!(row.ends_with("\"0.6\""), "{row}");
}

#[test]
fn what_is_not_known_of_the_denied_call_is_said() {
    let candidates = ["arn:aws:kms:eu-west-1:111122223333:key/1", "alias/orders"];
    let unsure = with(|incident| {
        let denied = incident.denied.as_mut().unwrap();
        denied.resource = None;
        denied.resource_candidates = candidates.map(str::to_owned).to_vec();
        denied.action = "s3:PutObject".to_owned();
        denied.event_name = Some("UploadPart".to_owned());
    });
    for (format, text) in read(&unsure, Language::En) {
        if format == "title" {
            continue;
        }
        assert!(text.contains("UploadPart"), "{format}: {text}");
        for candidate in candidates {
            assert!(text.contains(candidate), "{format}: {text}");
        }
        assert!(format == "sarif" || text.contains("one of"), "{format}: {text}");
    }
}

#[test]
fn every_action_is_named_or_counted() {
    let many = |count: usize| {
        with(|incident| {
            let denied = incident.denied.clone().unwrap();
            incident.actions = (0..count)
                .map(|number| DeniedAction {
                    action: format!("service{}:Act{number}", number % 4),
                    count: (count - number) as u64,
                    resource: Some(format!("arn:aws:sqs:eu-west-1:111122223333:queue-{number}")),
                    first_event_id: denied.event_id.clone(),
                    event_names: Vec::new(),
                    root_action: Some("ec2:CreateVolume".to_owned()),
                    sorts: vec![SortOfFailure {
                        signature: format!("sig-{number:016x}"),
                        count: 1,
                        resource: None,
                        principal_arn: None,
                        first_event_id: denied.event_id.clone(),
                    }],
                })
                .collect();
        })
    };
    for (format, text) in read(&many(12), Language::En) {
        assert!(text.contains("12 actions of 4 services"), "{format}: {text}");
        if format != "title" {
            for number in 0..12 {
                assert!(text.contains(&format!("Act{number}")), "{format} {number}: {text}");
                assert!(text.contains(&format!("queue-{number}")), "{format} {number}: {text}");
            }
        }
    }
    for (format, text) in read(&many(2), Language::En) {
        assert!(text.contains("service0:Act0 and service1:Act1"), "{format}: {text}");
    }
}

#[test]
fn what_a_baseline_knows_is_told() {
    let marked = |new: &[&str]| {
        let mut report = with(|incident| {
            incident.signatures = ["a", "b"].map(|one| format!("sig-{one:0>16}")).to_vec();
        });
        let new = new.iter().map(|one| format!("sig-{one:0>16}")).collect();
        report.incidents[0].new_signatures = Some(new);
        report
    };
    for (new, said, state) in [
        (&[][..], "Known to the baseline.", "unchanged"),
        (&["b"], "Known to the baseline but for 1 of 2 sorts of failure", "updated"),
        (&["a", "b"], "New: the baseline has nothing of this.", "new"),
    ] {
        for (format, text) in read(&marked(new), Language::En) {
            match format {
                "title" => {}
                "sarif" => {
                    assert!(text.contains(&format!("\"baselineState\": \"{state}\"")), "{text}");
                }
                _ => assert!(text.contains(said), "{format}: {text}"),
            }
        }
    }
}

#[test]
fn signatures_and_ids_of_a_redacted_report_are_no_hashes() {
    let signature = "sig-0123456789abcdef";
    let mut secret = with(|incident| {
        incident.id = "inc-0123456789abcdef".to_owned();
        incident.signatures = vec![signature.to_owned()];
        incident.new_signatures = Some(vec![signature.to_owned()]);
        let denied = incident.denied.as_mut().unwrap();
        denied.resource = None;
        denied.resource_candidates = vec!["arn:aws:s3:::payroll-archive".to_owned()];
        denied.event_name = Some("UploadPart".to_owned());
        incident.root.as_mut().unwrap().tied_with =
            vec!["0f0f0f0f-1111-4222-8333-444455556666".to_owned()];
        let sort = json!({"signature": signature, "count": 1, "first_event_id": "0f0f0f0f-1111-4222-8333-444455556666",
            "resource": "payroll-queue", "principal_arn": "arn:aws:iam::111122223333:role/payroll"});
        incident.actions = serde_json::from_value(json!([{
            "action": "s3:PutObject", "count": 1, "resource": "payroll-queue", "event_names": ["UploadPart"],
            "first_event_id": "0f0f0f0f-1111-4222-8333-444455556666", "sorts": [sort],
        }]))
        .unwrap();
    });
    retitle(&mut secret.incidents, &Wording::new(Language::En));
    let mut redactor = Redactor::new();
    let redacted = redactor.redact(&secret).unwrap();
    let text = serde_json::to_string(&redacted).unwrap();
    for secret in ["0123456789abcdef", "payroll", "0f0f0f0f-1111"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let incident = &redacted.incidents[0];
    assert_eq!(incident.signatures, [incident.actions[0].sorts[0].signature.clone()]);
    assert_eq!(incident.signatures, ["sig-000000000001"]);
    assert_eq!(incident.denied.as_ref().unwrap().event_name.as_deref(), Some("UploadPart"));
    assert_eq!(redactor.mapping()["sig-000000000001"], signature);
}
