//! The formats for machines: SARIF against the public schema, CSV as a spreadsheet reads it.

use crate::support::reports as report_samples;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use report_samples::{hostile, samples};
use serde_json::Value;
use trailwhy::report::{Report, csv, sarif};
use trailwhy::wording::{Language, Wording, shell::is_invisible};

/// The schema OASIS publishes with SARIF 2.1.0.
const SARIF_SCHEMA: &str = include_str!("../data/sarif-schema-2.1.0.json");

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

/// The stories under `samples`, each with what SARIF makes of it and its policies.
fn sarif_of_samples(more: &[&str]) -> Vec<(PathBuf, Value)> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("policies").is_dir());
    folders.sort();
    let document = |folder: PathBuf| {
        let mut command = assert_cmd::Command::cargo_bin("trailwhy").unwrap();
        command.current_dir(&folder).args(["analyze", "./logs", "--policies", "policies"]);
        command.args(["--quiet", "--exit-zero", "--format", "sarif"]).args(more);
        let text = String::from_utf8(command.assert().success().get_output().stdout.clone());
        let text = text.unwrap();
        assert_eq!(sarif_errors(&text), [""; 0], "{}", folder.display());
        (folder, serde_json::from_str(&text).unwrap())
    };
    folders.into_iter().map(document).collect()
}

/// What a region of a file holds; files that are compressed are read as what they hold.
fn held(folder: &Path, location: &Value) -> (String, String) {
    let artifact = &location["physicalLocation"]["artifactLocation"];
    assert_eq!(artifact["uriBaseId"], "%SRCROOT%");
    let path = folder.join(artifact["uri"].as_str().unwrap());
    let mut whole = String::new();
    if path.extension().is_some_and(|suffix| suffix == "gz") {
        let file = fs::File::open(&path).unwrap();
        flate2::read::MultiGzDecoder::new(file).read_to_string(&mut whole).unwrap();
    } else {
        whole = fs::read_to_string(&path).unwrap();
    }
    let region = &location["physicalLocation"]["region"];
    let member = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap();
    assert_eq!(member("startLine"), member("endLine"));
    let line = whole.lines().nth(member("startLine") - 1).unwrap_or_default();
    let (from, to) = (member("startColumn") - 1, member("endColumn") - 1);
    let stretch = line.chars().skip(from).take(to - from).collect();
    (whole, stretch)
}

#[test]
fn sarif_shows_the_line_of_the_statement_and_the_file_of_the_record() {
    let (mut statements, mut records) = (0, 0);
    for (folder, document) in sarif_of_samples(&[]) {
        for result in document["runs"][0]["results"].as_array().unwrap() {
            let primary = &result["locations"][0];
            assert!(primary.get("physicalLocation").is_some(), "{}: {result:#}", folder.display());
            held(&folder, primary);
            for place in result["relatedLocations"].as_array().unwrap() {
                let (whole, stretch) = held(&folder, place);
                let said = place["message"]["text"].as_str().unwrap();
                if said.contains("denied call") {
                    records += 1;
                    let flow = result["codeFlows"][0]["threadFlows"][0]["locations"].as_array();
                    let ids = flow.unwrap().iter().map(|step| &step["properties"]["eventId"]);
                    assert!(ids.filter_map(Value::as_str).any(|id| whole.contains(id)));
                } else if said.contains("statement") && !stretch.is_empty() {
                    statements += 1;
                    assert!(stretch.contains("Sid"), "{stretch}");
                }
            }
        }
    }
    assert!(statements >= 2 && records >= 6, "{statements} statements, {records} records");
}

#[test]
fn sarif_that_is_shared_names_no_file() {
    for (folder, document) in sarif_of_samples(&["--redact"]) {
        for result in document["runs"][0]["results"].as_array().unwrap() {
            assert_eq!(result["codeFlows"].to_string().matches("artifactLocation").count(), 0);
            let places = [&result["locations"], &result["relatedLocations"]];
            for place in places.iter().flat_map(|places| places.as_array().unwrap()) {
                let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str();
                assert!(uri.is_none_or(|uri| !folder.join(uri).exists()), "{uri:?}");
            }
        }
    }
}

#[test]
fn sarif_rules_tell_what_code_scanning_shows() {
    for language in Language::ALL {
        let (_, report) = samples().into_iter().next().unwrap();
        let document = sarif::render(&report, &Wording::new(language));
        let document: Value = serde_json::from_str(&document).unwrap();
        for rule in document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
            for text in ["shortDescription", "fullDescription", "help"] {
                let text = rule[text]["text"].as_str().unwrap();
                assert!(!text.is_empty() && text.chars().count() <= 1024, "{text}");
            }
            let page = rule["helpUri"].as_str().unwrap();
            let is_of_aws = |host| page.starts_with(&format!("https://{host}/"));
            assert!(["docs.aws.amazon.com", "aws.amazon.com"].into_iter().any(is_of_aws), "{page}");
            assert!(rule["name"].as_str().unwrap().chars().all(char::is_alphanumeric));
            assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
        }
    }
}

#[test]
fn sarif_keeps_to_what_code_scanning_shows_and_counts_the_rest() {
    let (_, mut report) =
        samples().into_iter().find(|(_, report)| !report.incidents.is_empty()).unwrap();
    let mut incident = report.incidents[0].clone();
    incident.chain = incident.chain.iter().cycle().take(1_234).cloned().collect();
    report.incidents = vec![report.incidents[0].clone(); 5_010];
    report.incidents[0] = incident;
    let document = sarif::render(&report, &Wording::new(Language::En));
    let document: Value = serde_json::from_str(&document).unwrap();
    let run = &document["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    let steps = &results[0]["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(steps.as_array().unwrap().len(), 1_000);
    let said = run["invocations"][0]["toolExecutionNotifications"].to_string();
    for part in ["10 more incidents are left out", "234 more calls are left out"] {
        assert!(said.contains(part), "{part}");
    }
    // Without the files nothing could be shown, and that is said.
    assert!(said.contains("incidents no file is known"));
}
