//! `--redact`: nothing that identifies survives in any format, and the story stays the same.

use crate::support::reports as report_samples;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use proptest::prelude::*;
use report_samples::{hostile, samples};
use serde_json::Value;
use trailwhy::report::card::Telling;
use trailwhy::report::redact::Redactor;
use trailwhy::report::schema::REPORT_SCHEMA;
use trailwhy::report::terminal::Style;
use trailwhy::report::zone::Zone;
use trailwhy::report::{Report, csv, html, json, markdown, sarif, summary, terminal};
use trailwhy::wording::{Language, Wording};

/// The report in every format and language.
fn formats(report: &Report) -> Vec<(String, String)> {
    let mut texts = vec![
        ("json".to_owned(), json::render(report).unwrap()),
        ("csv".to_owned(), csv::render(report)),
    ];
    for language in Language::ALL {
        let wording = Wording::new(language);
        let tag = language.tag();
        let zone = Zone::utc();
        let telling = Telling { wording: &wording, zone: &zone, again: None };
        texts.extend([
            (format!("cards {tag}"), terminal::render(report, &telling, Style::plain(100))),
            (format!("summary {tag}"), summary::render(report, &telling)),
            (
                format!("terminal {tag}"),
                terminal::full(report, &wording, &Zone::utc(), Style::plain(100)),
            ),
            (format!("markdown {tag}"), markdown::render(report, &wording, &Zone::utc())),
            (format!("sarif {tag}"), sarif::render(report, &wording)),
            (format!("html {tag}"), html::render(report, &wording, &Zone::utc(), None)),
        ]);
    }
    texts
}

/// What people named in the samples.
const NAMES: [&str; 22] = [
    "storage-operator",
    "OfficeNetworkOnly",
    "DenyOutsideOffice",
    "office-network-only",
    "deploy-4711",
    "inventory-scanner",
    "web-deployer",
    "web-network",
    "cf-templates",
    "network.template",
    "AWSBackupDefaultServiceRole",
    "table/orders",
    "restore-operator",
    "OnlyRestoreOperator",
    "OnlyRestore",
    "security-baseline",
    "batch-worker",
    "orders-blue",
    "orders-green",
    "orders-partner",
    "orders-own-key",
    "pipeline",
];

/// Words that look like ids or addresses: with digits, and neither times nor the like.
fn identifiers(report: &Report) -> BTreeSet<String> {
    let text = serde_json::to_string(report).unwrap();
    let outside = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.';
    text.split(outside)
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| word.len() >= 8 && word.contains(|c: char| c.is_ascii_digit()))
        .filter(|word| !word.starts_with("2026-") && !word.starts_with("2012-10"))
        .filter(|word| !word.starts_with("ap-northeast-1") && *word != "us-east-1")
        .filter(|word| !word.ends_with(".amazonaws.com"))
        .filter(|word| word.parse::<f64>().is_err() || word.len() == 12)
        .map(str::to_owned)
        .collect()
}

#[test]
fn nothing_that_identifies_survives_in_any_format() {
    for (name, report) in samples() {
        let identifiers = identifiers(&report);
        if name == "ebs-source-ip" {
            for known in ["111122223333", "203.0.113.25", "vol-0a1b2c3d4e5f60718"] {
                assert!(identifiers.contains(known), "the search finds {known}");
            }
        }
        let redacted = Redactor::new().redact(&report).unwrap();
        for (format, text) in formats(&redacted) {
            for original in identifiers.iter().map(String::as_str).chain(NAMES) {
                assert!(!text.contains(original), "{original} survives in {name} as {format}");
            }
        }
    }
}

/// Without sentences: which of their words are kept depends on the catalogues of the day.
#[test]
fn a_redacted_report_tells_the_same_story() {
    let (_, mut report) = samples().into_iter().find(|(name, _)| name == "ebs-source-ip").unwrap();
    report.benign.clear();
    report.coverage.files.skipped.clear();
    report.coverage.blind_spots.clear();
    let incident = &mut report.incidents[0];
    incident.occurrences.truncate(1);
    incident.refuted_fixes.clear();
    incident.change = None;
    incident.fixes.truncate(1);
    incident.fixes[0].title = "x".to_owned();
    incident.fixes[0].note = None;
    incident.comparison.nearest_success = None;
    incident.comparison.factors.clear();
    incident.verdict.explanation = "The policy OfficeNetworkOnly denies.".to_owned();
    incident.verdict.evidence.clear();
    incident.verdict.alternatives.clear();
    incident.verdict.ruled_out.clear();
    incident.chain[1].link.as_mut().unwrap().evidence.clear();
    let redacted = Redactor::new().redact(&report).unwrap();
    insta::assert_snapshot!(json::render(&redacted).unwrap());
}

#[test]
fn a_redacted_report_is_valid_and_keeps_the_contract() {
    let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
    let validator =
        jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
    for (name, report) in samples() {
        let redacted = Redactor::new().redact(&report).unwrap();
        let value = serde_json::to_value(&redacted).unwrap();
        assert!(validator.is_valid(&value), "{name}");
        for (before, after) in report.incidents.iter().zip(&redacted.incidents) {
            assert_eq!(before.kind, after.kind);
            assert_eq!(before.verdict.layer, after.verdict.layer);
            assert_eq!(before.verdict.condition_keys, after.verdict.condition_keys);
            assert_eq!(before.missing_steps, after.missing_steps);
            let actions = |report: &Report| -> Vec<String> {
                report.incidents.iter().flat_map(|i| &i.chain).map(|s| s.action.clone()).collect()
            };
            assert_eq!(actions(&report), actions(&redacted));
        }
    }
}

/// All texts of a value, in order.
fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(parts) => parts.iter().for_each(|part| leaves(part, into)),
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, into)),
        _ => {}
    }
}

#[test]
fn equal_things_stay_equal_and_different_things_different() {
    for (name, report) in samples() {
        let mut redactor = Redactor::new();
        let redacted = redactor.redact(&report).unwrap();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        leaves(&serde_json::to_value(&report).unwrap(), &mut before);
        leaves(&serde_json::to_value(&redacted).unwrap(), &mut after);
        assert_eq!(before.len(), after.len());
        let (mut there, mut back) = (BTreeMap::new(), BTreeMap::new());
        for (original, stand_in) in before.iter().zip(&after) {
            assert_eq!(there.entry(original).or_insert(stand_in), &stand_in, "{name}");
            assert_eq!(back.entry(stand_in).or_insert(original), &original, "{name}");
        }
    }
}

#[test]
fn the_mapping_leads_back() {
    let (_, report) = samples().into_iter().find(|(name, _)| name == "ebs-source-ip").unwrap();
    let mut redactor = Redactor::new();
    let redacted = redactor.redact(&report).unwrap();
    let mapping = redactor.mapping();
    let root = redacted.incidents[0].root.as_ref().unwrap();
    assert_eq!(mapping[root.account_id.as_ref().unwrap()], "111122223333");
    assert_eq!(mapping[root.source_ip.as_ref().unwrap()], "203.0.113.25");
    assert_eq!(mapping[root.event_id.as_ref().unwrap()], "ecfa4259-691e-4aea-a355-005e4495a8ac");
}

/// What one redactor makes of a value as `source_ip`, with a policy that names a network.
fn address_in(network: &str, address: &str) -> (String, String) {
    let (_, mut report) = samples().into_iter().find(|(name, _)| name == "ebs-source-ip").unwrap();
    let incident = &mut report.incidents[0];
    incident.root.as_mut().unwrap().source_ip = Some(address.to_owned());
    incident.verdict.policy.as_mut().unwrap().statement =
        Some(serde_json::json!({ "Condition": { "IpAddress": { "aws:SourceIp": network } } }));
    let redacted = Redactor::new().redact(&report).unwrap();
    let incident = &redacted.incidents[0];
    let statement = incident.verdict.policy.as_ref().unwrap().statement.as_ref().unwrap();
    let network = statement["Condition"]["IpAddress"]["aws:SourceIp"].as_str().unwrap();
    let address = incident.root.as_ref().unwrap().source_ip.clone().unwrap();
    (network.to_owned(), address)
}

#[test]
fn addresses_keep_their_sort_and_their_network() {
    for (network, address, inside) in [
        ("8.8.4.0/24", "8.8.4.77", true),
        ("8.8.4.0/24", "8.8.8.8", false),
        ("52.0.0.0/11", "52.1.2.3", true),
        ("10.20.0.0/16", "10.20.30.40", true),
        ("10.20.0.0/16", "10.21.30.40", false),
        ("192.168.7.0/28", "192.168.7.3", true),
        ("2600:1f18::/32", "2600:1f18::1234", true),
    ] {
        let (hidden_network, hidden) = address_in(network, address);
        assert_ne!(hidden_network, network);
        assert_ne!(hidden, address);
        let parsed: IpAddr = hidden.parse().unwrap();
        let holds = hidden_network.parse::<ipnet::IpNet>().unwrap().contains(&parsed);
        assert_eq!(holds, inside, "{address} in {network}: {hidden} in {hidden_network}");
        let private = |address: IpAddr| matches!(address, IpAddr::V4(a) if a.is_private());
        assert_eq!(private(parsed), private(address.parse().unwrap()), "{address}: {hidden}");
    }
    assert_eq!(address_in("10.0.0.0/8", "169.254.169.254").0, "10.0.0.0/8");
    assert_eq!(address_in("0.0.0.0/0", "autoscaling.amazonaws.com").1, "autoscaling.amazonaws.com");
}

/// A name no program says.
fn name() -> impl Strategy<Value = String> {
    "[A-Za-z]{3}[A-Za-z0-9]{2,6}[-_]?[xqz][0-9][A-Za-z0-9]{2,5}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_survives_nowhere(names in prop::collection::vec(name(), 10), tag in name()) {
        let (_, mut report) =
            samples().into_iter().find(|(name, _)| name == "ebs-source-ip").unwrap();
        let incident = &mut report.incidents[0];
        let n = |index: usize| names[index].clone();
        let root = incident.root.as_mut().unwrap();
        root.principal_arn = Some(format!("arn:aws:sts::111122223333:assumed-role/{}/{}@{}.example", n(0), n(1), n(2)));
        root.resources = vec![n(3), format!("arn:aws:s3:::{}/{}/a b.txt", n(4), n(5)), format!("two words {}", n(6))];
        let denied = incident.denied.as_mut().unwrap();
        denied.error_message = Some(format!(
            "User: {} is not authorized to perform: sqs:SendMessage on resource: \"{}\" for \u{540d}{}; bucket {}.s3.amazonaws.com", n(0), n(3), n(7), n(8)
        ));
        incident.verdict.explanation = format!("The policy of {} says so: {}, two words {}.", n(4), n(9), n(6));
        incident.verdict.condition_keys = vec![format!("aws:PrincipalTag/{tag}")];
        incident.verdict.policy.as_mut().unwrap().statement = Some(serde_json::json!({
            "Sid": n(1),
            "Resource": format!("arn:aws:s3:::{}-*", n(5)),
            "Condition": { "StringEquals": { format!("aws:ResourceTag/{tag}"): [n(2)] } },
        }));
        incident.fixes[0].commands = vec![format!("aws iam put-role-policy --role-name {} --policy-name '{}'", n(0), n(8))];
        incident.fixes[0].terraform = Some(format!("resource \"aws_iam_role\" \"{}\" {{}}", n(7)));
        report.coverage.files.skipped[0].path = format!("/home/{}/{}.json.gz", n(8), n(9));
        let redacted = Redactor::new().redact(&report).unwrap();
        for (format, text) in formats(&redacted) {
            for original in names.iter().chain([&tag]) {
                prop_assert!(!text.contains(original), "{} survives as {}", original, format);
            }
        }
    }
}

#[test]
fn hostile_reports_are_redacted_too() {
    let redacted = Redactor::new().redact(&hostile()).unwrap();
    for (format, text) in formats(&redacted) {
        for word in ["111122223333", "storage-operator", "evil", "tracker", "owned"] {
            assert!(!text.contains(word), "{word} survives as {format}");
        }
    }
}

#[test]
fn redacting_twice_with_one_redactor_says_the_same() {
    let (_, report) = samples().into_iter().find(|(name, _)| name == "kms-vpc-endpoint").unwrap();
    let mut redactor = Redactor::new();
    let first = redactor.redact(&report).unwrap();
    assert_eq!(first, redactor.redact(&report).unwrap());
    assert_eq!(first, Redactor::new().redact(&report).unwrap());
}
