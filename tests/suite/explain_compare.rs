//! `explain` and `compare` on the samples, through the command line.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

const VOLUME: &str = "1-ebs-source-ip";
const VAULT: &str = "3-backup-vault-key";
const SCALING: &str = "5-auto-scaling-own-key";

/// Exit status, standard output and standard error of a subcommand on the logs of a sample.
fn run(command: &str, sample: &str, arguments: &[&str]) -> (i32, String, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::cargo_bin("trailwhy")
        .unwrap()
        .current_dir(root.join("samples").join(sample))
        .env("LC_ALL", "C")
        .env_remove("COLUMNS")
        .arg(command)
        .arg("logs")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn answer(command: &str, sample: &str, arguments: &[&str]) -> String {
    let (status, shown, said) = run(command, sample, arguments);
    assert_eq!((status, said.as_str()), (0, ""), "{arguments:?}");
    shown
}

fn json(command: &str, sample: &str, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&answer(command, sample, &arguments)).unwrap()
}

/// The first incident of a sample.
fn incident(sample: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(root.join("samples").join(sample));
    let done = command.args(["analyze", "logs", "--format", "json"]).assert().code(1);
    let report: Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    report["incidents"][0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn what_happened_to_a_volume_is_told_from_its_id() {
    let shown = answer("explain", VOLUME, &["vol-01c9806da071c38fe", "--policies", "policies"]);
    insta::assert_snapshot!(shown);
}

#[test]
fn the_same_is_told_in_japanese() {
    let shown = answer("explain", VOLUME, &["vol-01c9806da071c38fe", "--lang", "ja"]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_volume_that_came_to_be_is_told_as_well() {
    let told = json("explain", VOLUME, &["vol-072bec31119b7d4b0"]);
    assert_eq!(told["found_as"], "resource");
    assert_eq!(told["incidents"], serde_json::json!([]));
    let chains = told["chains"].as_array().unwrap();
    assert!(!chains.is_empty());
    assert!(chains.iter().all(|chain| chain["ending"] == "success"), "{chains:#?}");
    assert!(!told["in_force"].as_array().unwrap().is_empty());
    let shown = answer("explain", VOLUME, &["vol-072bec31119b7d4b0"]);
    insta::assert_snapshot!(shown);
}

#[test]
fn an_event_a_request_an_incident_and_a_resource_lead_to_the_same_denial() {
    let incident = incident(VOLUME);
    let denied = text(&incident["denied"]["event_id"]);
    let root = text(&incident["root"]["event_id"]);
    let volume = text(&incident["root"]["resources"][0]);
    let told = json("explain", VOLUME, &[denied]);
    let request = text(&told["event"]["request_id"]).to_owned();
    let upper = denied.to_ascii_uppercase();
    for (id, found_as) in [
        (denied, "event"),
        (&upper, "event"),
        (root, "event"),
        (text(&incident["id"]), "incident"),
        (&request, "request"),
        (volume, "resource"),
    ] {
        let told = json("explain", VOLUME, &[id]);
        assert_eq!(told["found_as"], found_as, "{id}");
        assert_eq!(told["event"]["event_id"], denied, "{id}");
        assert_eq!(told["incidents"][0]["id"], incident["id"], "{id}");
        assert_eq!(told["incidents"][0]["denied"]["event_id"], denied, "{id}");
    }
}

#[test]
fn options_may_stand_before_between_and_after_paths_and_id() {
    let id = "vol-01c9806da071c38fe";
    let told = json("explain", VOLUME, &[id]);
    for arguments in [&["--quiet", id][..], &["--policies", "policies", id], &[id, "--quiet"]] {
        assert_eq!(json("explain", VOLUME, arguments)["asked"], told["asked"]);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.current_dir(root.join("samples").join(VOLUME)).arg("explain").args(arguments);
        command.output().unwrap()
    };
    assert_eq!(run(&["--quiet", "logs", "--quiet", "logs", id]).status.code(), Some(2));
    assert_eq!(run(&["--quiet", "logs", "logs", id]).status.code(), Some(0));
    for wrong in [&[][..], &["logs"], &[id]] {
        let output = run(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("explain") && said.contains("ID"), "{said}");
    }
}

#[test]
fn every_layer_is_weighed_with_what_speaks_for_and_against_it() {
    let incident = incident(VAULT);
    let told = json("explain", VAULT, &[text(&incident["id"]), "--policies", "policies"]);
    let weighed = told["weighed"][0].as_array().unwrap();
    let layers: Vec<&str> = weighed.iter().map(|one| text(&one["layer"])).collect();
    assert_eq!(layers.first(), Some(&"resource_policy"));
    for layer in ["identity_policy", "scp", "vpc_endpoint_policy", "kms_grant", "kms_key_state"] {
        assert!(layers.contains(&layer), "{layer}");
    }
    assert!(!weighed[0]["evidence_for"].as_array().unwrap().is_empty());
    assert_eq!(told["evaluated"]["denied_request"], "denied");
}

#[test]
fn an_id_that_nothing_has_is_answered_with_those_like_it() {
    let denied = incident(VOLUME)["denied"]["event_id"].as_str().unwrap().to_owned();
    let wrong = format!("{}x", &denied.strip_suffix(|_: char| true).unwrap());
    for id in [wrong.as_str(), denied.get(..30).unwrap()] {
        let (status, shown, said) = run("explain", VOLUME, &[id]);
        assert_eq!((status, shown.as_str()), (2, ""));
        assert!(said.contains(&format!("`{denied}`")), "{said}");
    }
    for command in [&["nonsense"][..], &["--failed", "nonsense"]] {
        let name = if command.len() == 1 { "explain" } else { "compare" };
        let (status, _, said) = run(name, VOLUME, command);
        assert_eq!(status, 2);
        assert!(said.contains("hint: "), "{said}");
    }
}

#[test]
fn a_failed_chain_stands_beside_the_success_that_differs_least() {
    let incident = incident(SCALING);
    let shown = answer("compare", SCALING, &["--failed", text(&incident["id"])]);
    insta::assert_snapshot!(shown);
    let found = json("compare", SCALING, &["--failed", text(&incident["id"])]);
    assert!(text(&found["because"]).contains("differs least"), "{}", found["because"]);
    // What differs is told, what is the same is folded unless asked for.
    assert!(!shown.contains("eventSource"), "{shown}");
    let all = answer("compare", SCALING, &["--failed", text(&incident["id"]), "--all"]);
    assert!(all.contains("eventSource"), "{all}");
}

#[test]
fn a_success_may_be_named() {
    let arguments = ["--failed", "vol-01c9806da071c38fe", "--with", "vol-072bec31119b7d4b0"];
    let found = json("compare", VOLUME, &arguments);
    assert!(found.get("because").is_none());
    assert_eq!(found["parts_at"], 1);
    assert_eq!(found["steps"][1]["failed"]["outcome"], "denied");
    assert_eq!(found["steps"][1]["succeeded"]["outcome"], "success");
    let changed: Vec<&str> =
        found["changes"].as_array().unwrap().iter().map(|change| text(&change["action"])).collect();
    assert!(changed.contains(&"iam:PutUserPolicy"), "{changed:?}");
}

#[test]
fn two_time_ranges_are_compared() {
    let arguments =
        ["--failed-since", "2026-09-15T10:15:00Z", "--with-until", "2026-09-15T10:15:00Z"];
    insta::assert_snapshot!(answer("compare", VOLUME, &arguments));
    let found = json("compare", VOLUME, &arguments);
    let denied = found["actions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["action"] == "kms:GenerateDataKeyWithoutPlaintext")
        .unwrap();
    assert_eq!(denied["fails_more"], true);
    assert_eq!(denied["succeeded"]["failures"], 0);
    let (status, _, said) =
        run("compare", VOLUME, &["--failed-since", "2030-01-01", "--with-until", "2026-09-15"]);
    assert_eq!(status, 2);
    assert!(said.contains("no call is in the failing group"), "{said}");
}

#[test]
fn two_principals_are_compared() {
    let found = json("compare", VOLUME, &["--principal", "deploy", "--with-principal", "*:role/*"]);
    assert_eq!(found["failed"]["principal_arn"], "deploy");
    assert!(found["failed"]["calls"].as_u64().unwrap() > 0);
    let (_, _, said) = run("compare", VOLUME, &["--with-principal", "deploy"]);
    assert!(said.contains("--principal"), "{said}");
}

/// Every way of comparing two sides.
const SIDES: [(&str, &[&str]); 4] = [
    (VOLUME, &["--failed", "vol-01c9806da071c38fe"]),
    (VOLUME, &["--failed", "vol-01c9806da071c38fe", "--with", "vol-072bec31119b7d4b0"]),
    (VOLUME, &["--failed-since", "2026-09-15T10:15:00Z", "--with-until", "2026-09-15T10:15:00Z"]),
    (VOLUME, &["--principal", "deploy", "--with-principal", "*:role/*"]),
];

#[test]
fn a_comparison_fits_on_a_screen_unless_all_of_it_is_asked_for() {
    for (sample, sides) in SIDES {
        let shown = answer("compare", sample, sides);
        assert!(shown.lines().count() <= 50, "{sides:?}: {shown}");
        let full = answer("compare", sample, &[sides, &["--full"]].concat());
        assert!(full.len() > shown.len(), "{sides:?}: {full}");
    }
}

#[test]
fn a_comparison_in_json_is_what_its_schema_says() {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let done = command.args(["schema", "comparison"]).assert().code(0);
    let schema: Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (sample, sides) in SIDES {
        let found = json("compare", sample, sides);
        let wrong: Vec<String> = validator.iter_errors(&found).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{sides:?}: {wrong:?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({ "schema": "trailwhy.comparison/1" })));
}

#[test]
fn a_comparison_can_be_passed_on_as_markdown_and_as_a_page() {
    for (sample, sides) in SIDES {
        for (lang, title) in [("en", "What failed beside what worked"), ("ja", "失敗例と成功例")]
        {
            let print = |format: &str| {
                answer("compare", sample, &[sides, &["--format", format, "--lang", lang]].concat())
            };
            let markdown = print("markdown");
            assert!(markdown.starts_with(&format!("# {title}")), "{markdown}");
            assert!(markdown.contains("| --- |"), "{markdown}");
            let page = print("html");
            assert!(page.contains(title) && page.contains("<table"), "{page}");
            assert!(!page.contains("<script"), "{page}");
        }
    }
}

#[test]
fn one_side_has_to_be_named_and_only_one_way() {
    for wrong in [&[][..], &["--failed", "x", "--principal", "y"], &["--with", "vol-1"]] {
        let (status, _, said) = run("compare", VOLUME, wrong);
        assert_eq!(status, 2, "{wrong:?}");
        assert!(said.contains("Usage: trailwhy compare"), "{said}");
    }
}

#[test]
fn what_is_shared_holds_neither_names_nor_records() {
    for (command, arguments) in [
        ("explain", &["vol-01c9806da071c38fe"][..]),
        ("compare", &["--failed", "vol-01c9806da071c38fe"]),
        ("compare", &["--principal", "deploy", "--with-principal", "deploy"]),
    ] {
        let arguments = [arguments, &["--redact", "--policies", "policies"]].concat();
        let formats = match command {
            "compare" => &["text", "json", "markdown", "html"][..],
            _ => &["text", "json"],
        };
        for format in formats {
            let arguments = [arguments.as_slice(), &["--format", format]].concat();
            let shown = answer(command, VOLUME, &arguments);
            for name in [
                "111122223333",
                "vol-01c9806da071c38fe",
                "office-network-only",
                "203.0.113",
                "user/deploy",
            ] {
                assert!(!shown.contains(name), "{name} in {command}: {shown}");
            }
        }
    }
}

/// The logs of a sample without its denied KMS calls, as where the trail leaves them out.
fn without_denials(sample: &str) -> tempfile::TempDir {
    use flate2::read::MultiGzDecoder;
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample).join("logs");
    let folder = tempfile::tempdir().unwrap();
    for (number, entry) in walkdir::WalkDir::new(logs).into_iter().enumerate() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let file = std::fs::File::open(entry.path()).unwrap();
        let mut document: Value = serde_json::from_reader(MultiGzDecoder::new(file)).unwrap();
        if let Some(records) = document["Records"].as_array_mut() {
            records.retain(|record| {
                record["errorCode"] != "AccessDenied"
                    || record["eventSource"] != "kms.amazonaws.com"
            });
        }
        std::fs::write(folder.path().join(format!("{number}.json")), document.to_string()).unwrap();
    }
    folder
}

#[test]
fn a_step_that_never_came_is_told_and_compared_with_where_it_came() {
    let folder = without_denials(VOLUME);
    let answer = |arguments: &[&str]| -> Value {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let command = command.arg(arguments[0]).arg(folder.path()).args(&arguments[1..]);
        let done = command.args(["--format", "json", "--quiet"]).assert().code(0);
        serde_json::from_slice(&done.get_output().stdout).unwrap()
    };
    let step = "kms:GenerateDataKeyWithoutPlaintext";
    let told = answer(&["explain", "vol-01c9806da071c38fe"]);
    assert_eq!(told["chains"][0]["ending"], "step_missing");
    assert_eq!(told["chains"][0]["missing_steps"], serde_json::json!([step]));
    let found = answer(&["compare", "--failed", "vol-01c9806da071c38fe"]);
    let success = &found["succeeded"]["chain"];
    assert_ne!(found["failed"]["root_event_id"], found["succeeded"]["root_event_id"]);
    assert!(success.as_array().unwrap().iter().any(|call| call["action"] == step), "{success}");
    let parting = &found["steps"][found["parts_at"].as_u64().unwrap() as usize];
    assert_eq!(parting["succeeded"]["action"], step);
    assert!(parting.get("failed").is_none());
}

/// What reading and linking say comes in the reader's language as well.
#[test]
fn no_english_is_left_in_a_japanese_report() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("samples")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("logs").is_dir() {
            continue;
        }
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let done = command.current_dir(&folder).args(["analyze", "logs", "--lang", "ja"]).assert();
        let shown = String::from_utf8(done.get_output().stdout.clone()).unwrap();
        let command = |line: &str| line.trim_start().starts_with("$ ");
        let quoted = |line: &str| line.contains("not authorized") || line.contains("an explicit");
        for line in shown.lines().filter(|line| !command(line) && !quoted(line)) {
            for word in [" same ", " began ", " belongs to ", " nothing ", " record", " cannot "] {
                assert!(!line.contains(word), "{}: {line}", folder.display());
            }
        }
    }
}

/// An attacker chooses names, user agents and error texts; none of them may act on the terminal.
#[test]
fn hostile_records_stay_text() {
    let record = |number: u32, error: &str| {
        serde_json::json!({
            "eventVersion": "1.11", "eventTime": format!("2026-09-14T09:36:{number:02}Z"),
            "userIdentity": {
                "type": "IAMUser", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:user/a\u{1b}[2J\u{202e}b",
                "userName": "a\u{1b}[2J\u{202e}b",
            },
            "eventSource": "s3.amazonaws.com", "eventName": "PutObject",
            "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.9",
            "userAgent": format!("x\u{1b}]0;owned\u{7}{}", "y".repeat(100_000)),
            "requestParameters": { "bucketName": "b-\u{9b}31m", "key": format!("k{number}\u{200b}") },
            "errorCode": if error.is_empty() { Value::Null } else { error.into() },
            "errorMessage": if error.is_empty() { Value::Null } else { "no \u{1b}[31m".into() },
            "requestID": format!("R{number}"), "recipientAccountId": "111122223333",
            "eventID": format!("623b7d41-6f0f-4505-8041-a59eeb1668{number:02}"),
            "eventType": "AwsApiCall", "eventCategory": "Data", "managementEvent": false,
        })
    };
    let records: Vec<Value> =
        (10..18).map(|n| record(n, if n > 13 { "AccessDenied" } else { "" })).collect();
    let folder = tempfile::tempdir().unwrap();
    let export = serde_json::json!({ "Records": records });
    std::fs::write(folder.path().join("export.json"), export.to_string()).unwrap();
    let failed = "623b7d41-6f0f-4505-8041-a59eeb166815";
    for arguments in [
        &["explain", failed][..],
        &["explain", "203.0.113.9"],
        &["compare", "--failed", failed, "--all"],
        &[
            "compare",
            "--failed-since",
            "2026-09-14T09:36:14Z",
            "--with-until",
            "2026-09-14T09:36:13Z",
        ],
        &["compare", "--principal", "*"],
    ] {
        for format in ["text", "json"] {
            let mut command = Command::cargo_bin("trailwhy").unwrap();
            command.env("LC_ALL", "C").arg(arguments[0]).arg(folder.path()).args(&arguments[1..]);
            let done = command.args(["--format", format]).assert().code(0);
            let shown = String::from_utf8(done.get_output().stdout.clone()).unwrap();
            let acts = |c: &char| trailwhy::wording::shell::is_invisible(*c) && *c != '\n';
            assert_eq!(shown.chars().find(acts), None, "{arguments:?} as {format}");
            if format == "text" {
                assert!(shown.len() < 60_000, "{arguments:?}: {} bytes", shown.len());
            }
        }
    }
}
