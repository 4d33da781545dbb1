//! The HTML report of the sample reports under `tests/data/html`: what must be in it, what must
//! never be, and how large it may grow. What only a browser can tell is in `tests/browser`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use trailwhy::report::zone::Zone;
use trailwhy::report::{Report, html, schema};
use trailwhy::wording::{Language, Wording};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/html")
}

fn sample(name: &str) -> Report {
    serde_json::from_str(&fs::read_to_string(data().join(name)).unwrap()).unwrap()
}

/// The sample reports by name, in order.
fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn rendered(report: &Report, language: Language) -> String {
    html::render(report, &Wording::new(language), &Zone::utc(), None)
}

/// Tags with their attributes, without what is between them.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

#[test]
fn pages_hold_no_reference_to_a_network_and_no_style_or_handler_of_their_own() {
    for name in names() {
        for language in Language::ALL {
            let page = rendered(&sample(&name), language);
            let body = page.split_once("</style>").unwrap().1.split_once("<script>").unwrap().0;
            for tag in tags(body) {
                for word in [" style=", " onload", " onclick", " src=", "://", "javascript:"] {
                    // What strangers wrote may stand in the text of an attribute, in quotes.
                    let outside: String = tag.split('"').step_by(2).collect();
                    assert!(!outside.contains(word), "{name}: <{tag}>");
                }
                if let Some(target) = tag.split("href=\"").nth(1) {
                    assert!(target.starts_with('#'), "{name}: <{tag}>");
                }
            }
        }
    }
}

#[test]
fn the_policy_names_the_style_and_the_script_by_their_hashes() {
    let page = rendered(&sample("ebs_source_ip.json"), Language::En);
    for (element, directive) in [("style", "style-src"), ("script", "script-src")] {
        let open = format!("<{element}>");
        let text =
            page.split_once(&open).unwrap().1.split_once(&format!("</{element}>")).unwrap().0;
        let hash = base64(&Sha256::digest(text.as_bytes()));
        let expected = format!("{directive} 'sha256-{hash}';");
        assert!(page.contains(&expected), "html/mod.rs must have {expected}");
    }
    assert!(page.contains("content=\"default-src 'none';"));
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0, |sum, i| sum << 8 | u32::from(*three.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for name in names() {
        let report = sample(&name);
        assert_eq!(rendered(&report, Language::En), rendered(&report, Language::En), "{name}");
    }
}

#[test]
fn ten_thousand_occurrences_stay_a_small_page_and_are_counted() {
    let mut report = sample("ebs_source_ip.json");
    let incident = &mut report.incidents[0];
    let occurrence = incident.occurrences[0].clone();
    incident.occurrences = vec![occurrence; 10_000];
    incident.count = 10_000;
    let page = rendered(&report, Language::En);
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(page.contains("All 10,000 occurrences"));
    assert!(page.contains("200 of 10,000 are listed."));
}

/// `list` repeated until it has five thousand things.
fn swell<T: Clone>(list: &mut Vec<T>) {
    let once = list.clone();
    assert!(!once.is_empty());
    *list = once.into_iter().cycle().take(5_000).collect();
}

#[test]
fn no_list_can_swell_the_page() {
    let mut report = sample("ebs_source_ip.json");
    swell(&mut report.coverage.blind_spots);
    swell(&mut report.coverage.accounts);
    let incident = &mut report.incidents[0];
    swell(&mut incident.chain);
    for (index, step) in incident.chain.iter_mut().enumerate().skip(2) {
        step.event_id = Some(format!("event-{index}"));
        step.action = format!("kms:Action{index}");
        step.principal_arn = Some(format!("arn:aws:iam::111122223333:user/user-{index}"));
    }
    incident.missing_steps = (0..5_000).map(|index| format!("kms:Missing{index}")).collect();
    swell(&mut incident.occurrences);
    swell(&mut incident.root.as_mut().unwrap().resources);
    swell(&mut incident.comparison.factors);
    let success = incident.comparison.nearest_success.as_mut().unwrap();
    swell(&mut success.chain);
    swell(&mut success.differences);
    let verdict = &mut incident.verdict;
    swell(&mut verdict.condition_keys);
    swell(&mut verdict.evidence);
    swell(&mut verdict.evidence[0].event_ids);
    swell(&mut verdict.alternatives);
    swell(&mut verdict.ruled_out);
    swell(&mut verdict.next_evidence);
    swell(&mut incident.fixes);
    swell(&mut incident.refuted_fixes);
    let page = rendered(&report, Language::En);
    assert!(page.len() < 600_000, "{} bytes", page.len());
}

#[test]
fn a_thousand_incidents_stay_a_page_that_opens_and_are_counted() {
    let mut report = sample("autoscaling_own_key.json");
    let incident = report.incidents[0].clone();
    report.incidents = vec![incident; 1_000];
    let page = rendered(&report, Language::En);
    assert!(page.len() < 12_000_000, "{} bytes", page.len());
    let in_full = page.matches("<article").count();
    assert!(in_full > 50, "{in_full} in full");
    assert!(page.contains(&format!("{} more incidents are not shown in full", 1_000 - in_full)));
}

#[test]
fn a_megabyte_of_user_agent_is_cut_and_its_length_is_said() {
    let mut report = sample("ebs_source_ip.json");
    let agent = "x y ".repeat(1 << 18);
    let incident = &mut report.incidents[0];
    incident.comparison.factors[0].value = agent.clone();
    incident.verdict.evidence[0].text = agent.clone();
    incident.chain[1].principal_arn = Some(agent.clone());
    incident.denied.as_mut().unwrap().error_message = Some(agent);
    let page = rendered(&report, Language::En);
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(page.contains("(1,046,576 more letters not shown)"));
}

#[test]
fn what_a_reader_asks_first_is_answered() {
    for name in names().iter().filter(|name| *name != "hostile.json") {
        let report = sample(name);
        let page = rendered(&report, Language::En);
        let incident = &report.incidents[0];
        let mut answers =
            vec![incident.verdict.explanation.clone(), incident.fixes[0].title.clone()];
        answers.extend(incident.root.iter().map(|root| root.action.clone()));
        answers.extend(incident.denied.iter().map(|denied| denied.action.clone()));
        answers.extend(incident.change.iter().map(|change| change.summary.clone()));
        answers.extend(incident.missing_steps.clone());
        answers.extend(incident.refuted_fixes.iter().map(|fix| fix.because.clone()));
        for answer in answers {
            let answer = answer.replace('\'', "&#39;");
            assert!(page.contains(&answer), "{name} does not say: {answer}");
        }
    }
}

#[test]
fn records_are_folded_in_without_their_secrets() {
    let report = sample("ebs_source_ip.json");
    let wanted = html::records_wanted(&report);
    let denied = report.incidents[0].denied.as_ref().unwrap().event_id.as_str();
    let change = report.incidents[0].change.as_ref().unwrap().event_id.as_str();
    assert!(wanted.contains(denied) && wanted.contains(change));
    let records: HashMap<String, String> = wanted
        .iter()
        .map(|id| {
            let record = serde_json::json!({
                "eventID": id,
                "sourceIPAddress": "192.0.2.1",
                "responseElements": { "credentials": { "accessKeyId": "ASIA", "sessionToken": "tok" } },
            });
            ((*id).to_owned(), record.to_string())
        })
        .collect();
    let page = html::render(&report, &Wording::new(Language::En), &Zone::utc(), Some(&records));
    assert_eq!(page.matches("192.0.2.1").count(), wanted.len());
    assert!(page.contains("\"accessKeyId\": \"ASIA\""));
    assert!(!page.contains("\"tok\""));
}

#[test]
fn samples_keep_the_contract() {
    let validator =
        jsonschema::validator_for(&serde_json::from_str(schema::REPORT_SCHEMA).unwrap()).unwrap();
    // The hostile one breaks the contract on purpose: the page must bear even that.
    for name in names().into_iter().filter(|name| name != "hostile.json") {
        let report: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(data().join(&name)).unwrap()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{name}");
    }
}

#[test]
fn an_empty_report_says_what_it_rests_on() {
    let mut report = sample("ebs_source_ip.json");
    report.incidents.clear();
    let page = rendered(&report, Language::En);
    for part in ["No incident found", "41,233", "412 read of 412 found", "No S3 data events"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn times_are_told_in_the_zone_asked_for_and_the_page_names_it() {
    let report = sample("ebs_source_ip.json");
    let page = |zone: &Zone| html::render(&report, &Wording::new(Language::En), zone, None);
    let utc = page(&Zone::utc());
    let times = utc.matches(" UTC").count();
    assert!(times > 10 && utc.contains("All times are UTC."));
    for (name, offset) in [("Asia/Tokyo", "+09:00"), ("-03:30", "-03:30")] {
        let local = page(&Zone::named(name).unwrap());
        assert!(local.contains(&format!("All times are {name}.")), "{name}");
        // What is left is in a text of the sample that has another form.
        assert!(local.matches(" UTC").count() < 2, "{name}");
        assert!(local.matches(&format!(" {offset}")).count() > 10, "{name}");
    }
}
