//! The formats for machines: SARIF against the public schema, CSV as a spreadsheet reads it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod report_samples;

use report_samples::{hostile, samples};
use serde_json::Value;
use trailwhy::report::{Report, csv, sarif};
use trailwhy::wording::{Language, Wording, shell::is_invisible};

/// The schema OASIS publishes with SARIF 2.1.0.
const SARIF_SCHEMA: &str = include_str!("data/sarif-schema-2.1.0.json");

fn sarif_errors(document: &str) -> Vec<String> {
    // A stray `]` in a published pattern, which only JavaScript forgives.
    let schema = SARIF_SCHEMA.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn sarif_is_valid_in_both_languages_and_with_hostile_text() {
    for language in Language::ALL {
        let wording = Wording::new(language);
        let hostile = ("hostile".to_owned(), hostile());
        for (name, report) in samples().into_iter().chain([hostile]) {
            let document = sarif::render(&report, &wording);
            assert_eq!(sarif_errors(&document), [""; 0], "{name}");
            assert!(!document.chars().any(|c| is_invisible(c) && c != '\n'), "{name}");
        }
    }
}

#[test]
fn the_sarif_schema_is_able_to_refuse() {
    let document = r#"{ "version": "2.1.0", "runs": [{ "tool": {} }] }"#;
    assert_eq!(sarif_errors(document), ["/runs/0/tool: \"driver\" is a required property"]);
}

#[test]
fn sarif_has_one_rule_for_each_layer_and_one_result_for_each_incident() {
    let wording = Wording::new(Language::En);
    for (name, report) in samples() {
        let document: Value = serde_json::from_str(&sarif::render(&report, &wording)).unwrap();
        let run = &document["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 12);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), report.incidents.len(), "{name}");
        for (result, incident) in results.iter().zip(&report.incidents) {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], incident.verdict.layer.as_str());
            assert_eq!(result["ruleId"], rule["id"]);
        }
    }
}

#[test]
fn a_sarif_document_looks_like_this() {
    let (_, report) = samples().into_iter().find(|(name, _)| name == "kms-vpc-endpoint").unwrap();
    let mut document: Value =
        serde_json::from_str(&sarif::render(&report, &Wording::new(Language::En))).unwrap();
    // The rules are the same in every document.
    document["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap().truncate(1);
    insta::assert_snapshot!(format!("{document:#}"));
}

/// Reads RFC 4180 with every cell quoted.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    text.strip_suffix("\r\n")
        .unwrap()
        .split("\r\n")
        .map(|line| {
            let inner = line.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            inner.split("\",\"").map(|cell| cell.replace("\"\"", "\"")).collect()
        })
        .collect()
}

#[test]
fn csv_has_one_row_for_each_occurrence() {
    for (name, report) in samples() {
        let rows = read_csv(&csv::render(&report));
        assert_eq!(rows[0], csv::COLUMNS, "{name}");
        let occurrences: usize = report.incidents.iter().map(|i| i.occurrences.len()).sum();
        assert_eq!(rows.len(), 1 + occurrences, "{name}");
        assert!(rows.iter().all(|row| row.len() == csv::COLUMNS.len()), "{name}");
    }
}

#[test]
fn csv_rows_look_like_this() {
    let (_, report) = samples().into_iter().find(|(name, _)| name == "backup-vault-key").unwrap();
    insta::assert_snapshot!(csv::render(&report));
}

#[test]
fn no_csv_cell_is_a_formula() {
    let mut report: Report = hostile();
    report.incidents[0].denied.as_mut().unwrap().resource = Some("=1+1".into());
    report.incidents[0].denied.as_mut().unwrap().principal_arn = Some(" \t@SUM(A1)".into());
    let text = csv::render(&report);
    assert!(!text.chars().any(|c| is_invisible(c) && c != '\r' && c != '\n'));
    for cell in read_csv(&text).concat() {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
    }
}
