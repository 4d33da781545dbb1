//! The cards: short for every story and sample in both languages, and all that decides stands on them.

use crate::support::{dump, reports as report_samples, story};

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use rayon::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;
use trailwhy::report::card::Telling;
use trailwhy::report::terminal::{self, Style};
use trailwhy::report::zone::Zone;
use trailwhy::report::{Kind, Report, summary};
use trailwhy::wording::shell::is_invisible;
use trailwhy::wording::{Language, Wording};
use unicode_width::UnicodeWidthStr;

use report_samples::{hostile, samples};
use story::Trail;

/// Lines of a card, and of the report of one incident.
const MOST: usize = 14;

/// An export on disk, what is known besides, and what to call it.
struct Export {
    name: String,
    folder: PathBuf,
    has_policies: bool,
    _kept: Option<TempDir>,
}

/// Every story and every sample, the samples with and without their policies.
fn exports() -> Vec<Export> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = fs::read_dir(root.join("tests/data/verdicts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut exports = Vec::new();
    for file in files {
        let text = story::expanded(&fs::read_to_string(&file).unwrap());
        let list: Value = serde_json::from_str(&text).unwrap();
        for story in list.as_array().unwrap() {
            let kept = TempDir::new().unwrap();
            let records = json!({"Records": Trail::of(story).records}).to_string();
            fs::create_dir(kept.path().join("logs")).unwrap();
            fs::write(kept.path().join("logs/trail.json"), records).unwrap();
            let has_policies = story["policies"].is_object();
            if has_policies {
                dump::write(&story["policies"], &kept.path().join("policies"));
            }
            exports.push(Export {
                name: format!("{}: {}", file.display(), story["name"]),
                folder: kept.path().to_path_buf(),
                has_policies,
                _kept: Some(kept),
            });
        }
    }
    for folder in fs::read_dir(root.join("samples")).unwrap().map(|entry| entry.unwrap().path()) {
        for has_policies in [false, true] {
            if folder.join("logs").is_dir() && (!has_policies || folder.join("policies").is_dir()) {
                let name = folder.display().to_string();
                exports.push(Export { name, folder: folder.clone(), has_policies, _kept: None });
            }
        }
    }
    exports
}

/// The cards and the report of an export.
fn told(export: &Export, language: Language) -> (String, Value) {
    let folder = TempDir::new().unwrap();
    let (cards, report) = (folder.path().join("cards.txt"), folder.path().join("report.json"));
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(&export.folder).args(["analyze", "logs", "-q", "--exit-zero"]);
    command.args(["--lang", language.tag()]).arg("-o").arg(&cards).arg("-o").arg(&report);
    if export.has_policies {
        command.args(["--policies", "policies", "--policies-as-of", "2026-05-05T00:00:00Z"]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", export.name);
    let report = fs::read_to_string(report).unwrap();
    (fs::read_to_string(cards).unwrap(), serde_json::from_str(&report).unwrap())
}

/// What is wrong with the lines of a card report.
fn overlong(text: &str, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let incidents = report["incidents"].as_array().unwrap().len();
    if incidents == 1 && text.lines().count() > MOST {
        wrong.push(format!("{} lines", text.lines().count()));
    }
    for block in text.split("\n\n").filter(|block| incidents > 0 && block.starts_with('●')) {
        if block.lines().count() > MOST {
            wrong.push(format!("a card of {} lines", block.lines().count()));
        }
    }
    let wide = text.lines().filter(|line| incidents > 0 && line.width() > 100);
    wrong.extend(wide.map(|line| format!("too wide: {line}")));
    wrong
}

/// What an incident holds and what its card has to say of it, in English.
fn unsaid(text: &str, incident: &Value) -> Vec<&'static str> {
    let verdict = &incident["verdict"];
    let some = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    let fix = &incident["fixes"][0];
    let is_unchecked = some(&incident["fixes"]) && fix["verified"].is_null();
    let broken = fix["verified"]["successes_broken"].as_u64().unwrap_or(0);
    let change = incident["change"]["event_time"].as_str().map(|time| &time[11..19]);
    let decides = [
        (incident["guardrail"] == true, "guardrail"),
        (verdict["healed"]["why"] == "propagation", "propagation"),
        (verdict["healed"]["why"] == "propagation", "no policy has to change"),
        (verdict["healed"]["why"] == "change", "It has worked since"),
        (verdict["healed"]["why"] == "retry", "without a change that the log shows"),
        (!verdict["contradiction"].is_null(), "evaluating the policies"),
        (verdict["certainty"] == "unknown", "the log cannot tell which layer denied"),
        (verdict["certainty"] == "proven", "proven"),
        (verdict["certainty"] == "stated", "stated by AWS"),
        (verdict["certainty"] == "inferred", "inferred"),
        (
            verdict["certainty"] != "unknown" && incident["comparison"]["successes"] == 0,
            "no comparable success",
        ),
        (some(&incident["refuted_fixes"]), "no help: "),
        (!some(&incident["fixes"]) && verdict["healed"].is_null(), "none that can be proposed"),
        (is_unchecked && fix["way"].is_null(), "not checked: the policies are not known"),
        (some(&fix["verified"]["unchecked_layers"]), "not known: "),
        (broken > 0 && fix["verified"]["denied_request"] == "allowed", "would break"),
        (some(&fix["changed_since"]), "changed again"),
        (fix["way"] == "exemption", "by the owner of the rule"),
    ];
    let mut missing: Vec<&str> = decides
        .into_iter()
        .filter(|(holds, words)| *holds && !text.contains(words))
        .map(|(_, words)| words)
        .collect();
    if change.is_some_and(|time| !text.contains(time)) {
        missing.push("the change");
    }
    missing
}

#[test]
fn every_card_is_short_and_says_all_that_decides() {
    let failures: Vec<String> = exports()
        .par_iter()
        .flat_map(|export| {
            let mut wrong = Vec::new();
            for language in Language::ALL {
                let (text, report) = told(export, language);
                let mut found = overlong(&text, &report);
                let incidents = report["incidents"].as_array().unwrap();
                if let ([incident], Language::En) = (incidents.as_slice(), language) {
                    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
                    let unsaid = unsaid(&folded, incident);
                    found.extend(unsaid.iter().map(|words| format!("does not say: {words}")));
                }
                if !found.is_empty() {
                    wrong.push(format!("{}: {}\n{text}", export.name, found.join("; ")));
                }
            }
            wrong
        })
        .collect();
    assert!(failures.is_empty(), "{}\n{} cards", failures.join("\n"), failures.len());
}

/// A report of many incidents of all kinds, accounts, and names in both widths of letters.
fn many() -> Report {
    let mut report = samples().remove(0).1;
    let one = report.incidents.remove(0);
    for (at, kind) in Kind::ALL.iter().rev().cycle().take(17).enumerate() {
        let mut incident = one.clone();
        incident.id = format!("inc-{:016x}", (at as u64 + 1) << 40);
        incident.kind = *kind;
        incident.count = 10_u64.pow(at as u32 % 6);
        let root = incident.root.as_mut().unwrap();
        root.account_id = Some(format!("{:012}", 111_122_223_333_u64 + at as u64 % 3));
        root.principal_arn =
            Some(format!("arn:aws:iam::111122223333:user/倉庫の担当者-{}", "x".repeat(at * 3)));
        report.incidents.push(incident);
    }
    report
}

#[test]
fn an_index_fits_its_page_and_leaves_no_incident_out() {
    let (report, zone) = (many(), Zone::utc());
    for language in Language::ALL {
        let wording = Wording::new(language);
        let telling = Telling { wording: &wording, zone: &zone, again: Some("exports/") };
        for width in [60, 80, 100, 140] {
            let text = terminal::render(&report, &telling, Style::plain(width));
            let index: Vec<&str> = text.split("\n\n").nth(1).unwrap().lines().skip(1).collect();
            assert_eq!(index.len(), report.incidents.len(), "{text}");
            let wide = index.iter().find(|line| line.width() > width);
            assert_eq!(wide, None, "{width}");
            for incident in &report.incidents {
                let id = &incident.id["inc-".len()..][..8];
                assert!(index.iter().any(|line| line.contains(id)), "{id}: {text}");
            }
            let kinds: Vec<usize> = index
                .iter()
                .map(|line| {
                    let id = line.split_whitespace().next().unwrap();
                    let incident = report.incidents.iter().find(|i| i.id.contains(id)).unwrap();
                    Kind::ALL.iter().position(|kind| *kind == incident.kind).unwrap()
                })
                .collect();
            assert!(kinds.is_sorted(), "{kinds:?}");
            assert_eq!(text.matches('●').count(), 3);
        }
    }
    let wording = Wording::new(Language::En);
    let telling = Telling { wording: &wording, zone: &zone, again: Some("exports/") };
    insta::assert_snapshot!(terminal::render(&report, &telling, Style::plain(100)));
}

#[test]
fn ids_in_an_index_are_as_long_as_tells_them_apart() {
    let mut report = many();
    for (at, incident) in report.incidents.iter_mut().enumerate() {
        incident.id = format!("inc-1234567890{at:06x}");
    }
    let (wording, zone) = (Wording::new(Language::En), Zone::utc());
    let telling = Telling { wording: &wording, zone: &zone, again: Some("exports/") };
    for width in [60, 100] {
        let text = terminal::render(&report, &telling, Style::plain(width));
        let index = text.split("\n\n").nth(1).unwrap().lines().skip(1);
        let ids: BTreeSet<&str> = index.map(|row| row.split_whitespace().next().unwrap()).collect();
        assert_eq!(ids.len(), report.incidents.len(), "{text}");
    }
}

#[test]
fn cards_keep_within_narrow_and_wide_pages_and_escape_what_a_log_says() {
    let zone = Zone::named("Asia/Tokyo").unwrap();
    let reports = samples().into_iter().map(|(_, report)| report).chain([hostile()]);
    for report in reports {
        for language in Language::ALL {
            let wording = Wording::new(language);
            let telling = Telling { wording: &wording, zone: &zone, again: Some("-") };
            for width in [60, 80, 100, 200] {
                let text = terminal::render(&report, &telling, Style::plain(width));
                let cards = text.split("\n\n").filter(|block| block.starts_with('●'));
                let wide = cards.flat_map(str::lines).find(|line| line.width() > width);
                assert_eq!(wide, None, "{width}");
                let bad = text.chars().find(|c| is_invisible(*c) && *c != '\n');
                assert_eq!(bad, None);
                assert!(report.incidents.is_empty() || text.contains("Asia/Tokyo"), "{text}");
            }
        }
    }
}

#[test]
fn a_summary_has_fifteen_lines_and_no_markup() {
    let zone = Zone::utc();
    let reports = samples().into_iter().map(|(_, report)| report).chain([hostile(), many()]);
    for report in reports {
        for language in Language::ALL {
            let wording = Wording::new(language);
            let telling = Telling { wording: &wording, zone: &zone, again: None };
            let text = summary::render(&report, &telling);
            assert!(text.lines().count() <= 15, "{text}");
            let acts = |c: char| "<>`[]|@~".contains(c) || (is_invisible(c) && c != '\n');
            assert_eq!(text.chars().find(|c| acts(*c)), None, "{text}");
            assert!(text.ends_with('\n') && !text.contains("://"), "{text}");
        }
    }
}

/// Standard output of a run over a sample, in a folder of its own.
fn output(folder: &Path, arguments: &[&str]) -> String {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/1-ebs-source-ip/logs");
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let (first, others) = arguments.split_first().unwrap();
    let command = command.current_dir(folder).args([first, logs.to_str().unwrap()]);
    let output = command.args(others).args(["-q", "--lang", "en"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_file_a_pipe_and_the_configuration_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let cards = output(folder.path(), &["analyze"]);
    output(folder.path(), &["analyze", "-o", "report.txt"]);
    assert_eq!(cards, fs::read_to_string(folder.path().join("report.txt")).unwrap());
    let full = output(folder.path(), &["analyze", "--full"]);
    assert!(full.contains("WHAT TO DO") && !cards.contains("WHAT TO DO"));
    fs::write(folder.path().join("trailwhy.toml"), "full = true").unwrap();
    assert_eq!(output(folder.path(), &["analyze"]), full);
    assert_eq!(output(folder.path(), &["analyze", "--full=false"]), cards);
}

#[test]
fn explain_goes_on_from_what_a_card_and_an_index_show() {
    let folder = tempfile::tempdir().unwrap();
    let json = output(folder.path(), &["analyze", "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    let id = report["incidents"][0]["id"].as_str().unwrap();
    let cards = output(folder.path(), &["analyze"]);
    assert!(cards.contains(id) || cards.contains(&id[..12]), "{cards}");
    let logs = output(folder.path(), &["explain", id]);
    assert!(logs.contains(id) && logs.contains("WHAT TO DO"), "{logs}");
    for begun in [&id[..12], &id[4..12]] {
        let told = output(folder.path(), &["explain", begun]);
        assert!(told.contains("WHAT TO DO"), "{begun}: {told}");
    }
}

#[test]
fn a_redacted_card_names_nobody_and_no_path() {
    let folder = tempfile::tempdir().unwrap();
    for format in [&["analyze", "--redact"][..], &["analyze", "--redact", "--format", "summary"]] {
        let text = output(folder.path(), format);
        for name in ["deploy", "111122223333", "office-network-only", "samples", "203.0.113.10"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
    }
}

#[test]
fn the_words_of_a_report_are_explained_in_both_languages() {
    let help = |words: &[&str]| {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let output = command.arg("help").args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    for language in Language::ALL {
        let tag = language.tag();
        let (status, kinds, _) = help(&["kinds", "--lang", tag]);
        assert_eq!(status, Some(0));
        for kind in Kind::ALL {
            assert!(kinds.contains(kind.as_str()), "{kinds}");
        }
        let (_, layers, _) = help(&["layers", "--lang", tag]);
        assert!(layers.contains("SCP") && layers.contains("VPC"), "{layers}");
        let (_, certainty, _) = help(&["certainty", "--lang", tag]);
        assert!(certainty.contains("AWS"), "{certainty}");
    }
    let (_, analyze, _) = help(&["analyze"]);
    assert!(analyze.contains("--time-zone") && analyze.contains("--full"), "{analyze}");
    let (status, text, errors) = help(&["nothing-of-this-name", "--lang", "en"]);
    assert_eq!((status, text.as_str()), (Some(2), ""));
    assert!(errors.contains("`nothing-of-this-name`") && errors.contains("kinds"), "{errors}");
}
