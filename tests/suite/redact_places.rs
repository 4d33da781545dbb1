//! Redaction by place: two namings of one world give the same redacted output, byte for byte, in every
//! format, language and command, whatever the names look like.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use assert_cmd::Command;

/// What people named in the samples.
const NAMES: [&str; 51] = [
    "ops",
    "ReadOnly",
    "ci-pipeline",
    "dashboard",
    "build-runner",
    "datapoint-collector",
    "platform-admin",
    "platform-oncall",
    "shop-worker",
    "shop-web",
    "deploy",
    "shop-exports-91be44",
    "release-manager",
    "release-pipeline",
    "backup-operator",
    "orders-engineer",
    "reports-engineer",
    "office-network-only",
    "DenyOutsideOffice",
    "DenyUseByOthers",
    "Enable IAM User Permissions",
    "ReportsKey",
    "AllowUseByAccount",
    "Administration",
    "deploy-templates-5c1f0e",
    "workbench-1",
    "workbench-2",
    "nightly",
    // A function, stacks, tables, vaults, groups, services, buckets, sessions.
    "shop-mailer",
    "shop-0",
    "shop-1",
    "shop-2",
    "shop-net-0",
    "orders",
    "ledger",
    "customers",
    "daily",
    "compliance",
    "render",
    "web",
    "api",
    "catalog",
    "checkout",
    "order-lines",
    "shop-latency",
    "shop-assets-3f9c2a",
    "release",
    "key-admin",
    "Monitoring",
    "shop",
    "database",
];

/// Words that the program, policies and AWS's texts are made of.
const WORDS: [&str; 28] = [
    "denied",
    "key",
    "Allow",
    "kms",
    "role",
    "policy",
    "Deny",
    "principal",
    "statement",
    "the",
    "user",
    "condition",
    "Sid",
    "Null",
    "aws",
    "action",
    "layer",
    "call",
    "session",
    "explicit",
    "resource-based",
    "proven",
    "Effect",
    "s3",
    "KMS",
    "succeeded",
    "not",
    "authorized",
];

/// Shapes of what is harmless elsewhere.
const SHAPES: [&str; 28] = [
    "12345678901",
    "7",
    "eu-west-9",
    "2026-01-02",
    "1e5",
    "x.amazonaws.com",
    "AWSServiceRoleForX",
    "aws_kms_key",
    "ec2.amazonaws.com",
    "v1",
    "true",
    "us-east-1",
    "0x10",
    "AWSServiceRole_a",
    "console.amazonaws.com",
    "3.14",
    "20260102T030405Z",
    "NaN",
    "aws-service-role",
    "nota.gz",
    "StringEquals",
    "default",
    "fixed",
    "GenerateDataKey",
    "root",
    "AdministratorAccess",
    "aws-reserved",
    "assumed-role",
];

/// What was seen to survive once, names with every sign that IAM allows, and the report's own words.
const HOSTILE: [&str; 28] = [
    "7",
    "99999999999",
    "eu-west-9",
    "2026-05-01",
    "1e5",
    "0.5",
    "y.amazonaws.com",
    "sqs.amazonaws.com",
    "AWSServiceRoleX",
    "aws_x",
    "a+b",
    "c=d",
    "e,f",
    "g.h",
    "i@j",
    "k-l_m",
    "+=,.@-_",
    "denied",
    "allow",
    "explicit",
    "implicit",
    "policy",
    "action",
    "resource",
    "no",
    "role",
    "key",
    "scp",
];

/// Words of both languages' catalogues that can be names of IAM's.
fn said() -> Vec<String> {
    trailwhy::wording::vocabulary()
        .into_iter()
        .filter(|word| word.len() > 1 && word.len() < 40)
        .collect()
}

/// Every name gets another; accounts and folders too.
fn namings() -> Vec<(String, Vec<String>)> {
    let own = |names: &[&str]| {
        let more = (names.len()..NAMES.len()).map(|at| format!("{}-{at}", names[at % names.len()]));
        names.iter().map(|name| (*name).to_owned()).chain(more).collect::<Vec<_>>()
    };
    let ordinary = (0..NAMES.len()).map(|at| format!("qz{at}-wxyz{at}"));
    let said = said();
    let step = said.len() / NAMES.len();
    // What resources are called decides which calls belong together (a group called `0.5` is not taken
    // for one that two calls name): those keep ordinary names.
    let ordinary: Vec<String> = ordinary.collect();
    let drawn = (0..HOSTILE.len()).map(|at| said[at * step + step / 2].clone());
    let from_catalogue = drawn.chain(ordinary.iter().skip(HOSTILE.len()).cloned()).collect();
    let hostile = |by: usize| {
        let mut names = HOSTILE.map(str::to_owned);
        names.rotate_left(by);
        names.into_iter().chain(ordinary.iter().skip(HOSTILE.len()).cloned()).collect::<Vec<_>>()
    };
    vec![
        ("ordinary".to_owned(), ordinary.clone()),
        ("words".to_owned(), own(&WORDS)),
        ("shapes".to_owned(), own(&SHAPES)),
        ("catalogue".to_owned(), from_catalogue),
        ("hostile".to_owned(), hostile(0)),
        ("turned".to_owned(), hostile(13)),
    ]
}

/// What the folders of logs and policies are called, by naming.
const FOLDERS: [[&str; 2]; 6] = [
    ["qzlogs-wxyz", "qzpolicies-wxyz"],
    ["denied", "policy"],
    ["eu-west-9", "1e5"],
    ["error", "no"],
    ["s3.amazonaws.com", "12345678901"],
    ["aws_x", "allow"],
];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// The text with every name replaced where it is a whole word.
fn renamed(text: &str, names: &BTreeMap<&str, String>) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let sentence = "Enable IAM User Permissions";
        if let Some(after) = rest.strip_prefix(sentence) {
            result.push_str(names.get(sentence).map_or(sentence, String::as_str));
            rest = after;
            continue;
        }
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let end = end.max(rest.chars().next().unwrap().len_utf8());
        let (word, after) = rest.split_at(end);
        result.push_str(names.get(word).map_or(word, String::as_str));
        rest = after;
    }
    result
}

/// Writes the sample under other names.
fn write_world(sample: &Path, to: &Path, names: &BTreeMap<&str, String>) {
    for entry in fs::read_dir(sample).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let to = to.join(renamed(&name, names));
            fs::create_dir_all(&to).unwrap();
            write_world(&path, &to, names);
            continue;
        }
        let mut text = String::new();
        let file = fs::File::open(&path).unwrap();
        match name.strip_suffix(".gz") {
            Some(_) => flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap(),
            None => std::io::BufReader::new(file).read_to_string(&mut text).unwrap(),
        };
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        // The report tells sizes: they must not follow from the names.
        let size = 2 * text.len() + 4096;
        let mut text = renamed(&text, names);
        text.push_str(&" ".repeat(size.saturating_sub(text.len())));
        let path = to.join(name);
        fs::write(&path, text).unwrap();
        // Nor must they tell when the world was written, which dates the policies of a report.
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    }
}

/// A world on disk.
struct World<'w> {
    sample: &'w str,
    at: &'w Path,
    logs: &'w str,
    policies: &'w str,
}

/// The ways to let the program speak. The first two of a sample are its analyses in both languages.
const ASKED: [&str; 7] = [
    "analyze en",
    "analyze ja",
    "explain an event",
    "explain an incident",
    "compare text",
    "compare json",
    "merge",
];

/// Which of them are compared for a naming: an analysis, and for every second one another, by turns.
/// The first naming is what the others are compared with.
fn asked(sample: &str, naming: usize) -> Vec<&'static str> {
    let turn = naming + usize::from(sample.as_bytes()[0]);
    match (naming, turn % 2) {
        (0, _) => {
            let all: BTreeSet<_> =
                (1..FOLDERS.len()).flat_map(|naming| asked(sample, naming)).collect();
            all.into_iter().collect()
        }
        (_, 0) => vec![ASKED[(turn / 2) % 2], ASKED[2 + turn % 5]],
        _ => vec![ASKED[(turn / 2) % 2]],
    }
}

impl World<'_> {
    fn run(&self, arguments: &[&str], codes: &[i32]) -> [String; 2] {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let output = command.current_dir(self.at).args(arguments).output().unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let code = output.status.code().unwrap();
        assert!(codes.contains(&code), "{arguments:?} of {} ends with {code}: {err}", self.sample);
        [out, err]
    }

    /// The first incident's id, as the program tells it when nothing is taken out. It follows from
    /// names.
    fn incident(&self) -> String {
        let known = ["--policies", self.policies, "--format", "json", "-q"];
        let [out, _] = self.run(&[&["analyze", self.logs], &known[..]].concat(), &[1]);
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        report["incidents"][0]["id"].as_str().unwrap().to_owned()
    }

    /// What leaves the program, by what was asked.
    fn tells(&self, asked: &[&str]) -> BTreeMap<String, String> {
        let mut told = BTreeMap::new();
        let known = ["--policies", self.policies, "--redact"];
        let event = event(self.sample);
        for what in asked {
            let [out, err] = match *what {
                "analyze en" | "analyze ja" => {
                    let mut arguments =
                        vec!["analyze", self.logs, "--lang", what.rsplit(' ').next().unwrap()];
                    arguments.extend(known);
                    for output in FILES {
                        arguments.extend(["-o", output]);
                    }
                    let said = self.run(&arguments, &[1]);
                    for output in FILES {
                        let text = fs::read_to_string(self.at.join(output)).unwrap();
                        told.insert(format!("{what}, {output}"), text);
                    }
                    said
                }
                "explain an event" => {
                    let asked = ["explain", "--lang", "ja", self.logs, &event];
                    self.run(&[&asked, &known[..]].concat(), &[0])
                }
                "explain an incident" => {
                    let asked = ["explain", self.logs, &self.incident()];
                    self.run(&[&asked, &known[..]].concat(), &[0])
                }
                "compare text" | "compare json" => {
                    let asked = ["compare", self.logs, "--failed", &event, "--redact"];
                    self.run(
                        &[&asked, &["--format", what.rsplit(' ').next().unwrap()][..]].concat(),
                        &[0],
                    )
                }
                _ => {
                    self.run(&["analyze", self.logs, "-q", "--partial", "logs.part"], &[0, 1]);
                    let asked = ["merge", "logs.part", "-o", "merged.html", "--format", "json"];
                    let said = self.run(&[&asked, &known[..]].concat(), &[1]);
                    let text = fs::read_to_string(self.at.join("merged.html")).unwrap();
                    told.insert("merge, html".to_owned(), text);
                    said
                }
            };
            told.insert(format!("{what}, stdout"), out);
            told.insert(format!("{what}, stderr"), err);
        }
        told
    }
}

/// Every format that a report is written in.
const FILES: [&str; 6] = ["out.json", "out.html", "out.md", "out.csv", "out.sarif", "out.txt"];

/// An event that was denied: ids are not renamed.
fn event(sample: &str) -> String {
    let text = fs::read_to_string(samples().join(sample).join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    expected["occurrences"][0]["denied"].as_str().unwrap().to_owned()
}

fn first_difference(one: &str, other: &str) -> String {
    let pair = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    let (one, other) = pair.unwrap_or(("the lengths differ", ""));
    let clip = |text: &str| text.chars().take(600).collect::<String>();
    format!("{}\n{}", clip(one), clip(other))
}

fn every_naming_gives_the_same(sample: &str) {
    let mut differing = Vec::new();
    let mut first: Option<BTreeMap<String, String>> = None;
    for (number, (naming, others)) in namings().into_iter().enumerate() {
        let mut names: BTreeMap<&str, String> = NAMES.into_iter().zip(others).collect();
        names.insert("111122223333", format!("9{:011}", naming.len() * 77_777_777));
        names.insert("444455556666", format!("8{:011}", naming.len() * 88_888_888));
        let folder = tempfile::tempdir().unwrap();
        write_world(&samples().join(sample), folder.path(), &names);
        let [logs, policies] = FOLDERS[number];
        fs::rename(folder.path().join("logs"), folder.path().join(logs)).unwrap();
        fs::rename(folder.path().join("policies"), folder.path().join(policies)).unwrap();
        let world = World { sample, at: folder.path(), logs, policies };
        let told = world.tells(&asked(sample, number));
        for (what, text) in &told {
            let unique = [
                "qz",
                "wxyz",
                "77777777",
                "88888888",
                "12345678901",
                "AWSServiceRoleX",
                "AWSServiceRoleForX",
                "99999999999",
            ];
            for name in unique {
                assert!(!text.contains(name), "{name} survives in {what} of {sample}");
            }
        }
        match &first {
            None => first = Some(told),
            Some(first) => {
                for (what, text) in told.iter().filter(|(what, text)| &first[*what] != *text) {
                    let how = first_difference(&first[what], text);
                    differing.push(format!("{sample} named by {naming}, {what}:\n{how}"));
                }
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

macro_rules! worlds {
    ($($test:ident: $sample:literal;)*) => {$(
        #[test]
        fn $test() {
            every_naming_gives_the_same($sample);
        }
    )*};
}

worlds! {
    names_do_not_matter_in_1: "1-ebs-source-ip";
    names_do_not_matter_in_2: "2-same-condition-other-services";
    names_do_not_matter_in_3: "3-backup-vault-key";
    names_do_not_matter_in_4: "4-kms-vpc-endpoint";
    names_do_not_matter_in_5: "5-auto-scaling-own-key";
    names_do_not_matter_in_6: "6-auto-scaling-other-account-key";
}

/// The words that are stand-ins by their shape.
fn stand_ins(text: &str) -> BTreeSet<&str> {
    let numbered = |word: &str| {
        let beginnings = ["name", "inc-", "sig-", "file-", "00000000-0000-4000-8000-", "0000"];
        let rest = beginnings.iter().find_map(|beginning| word.strip_prefix(beginning));
        let digits = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
        rest.is_some_and(|rest| !rest.is_empty() && digits(rest))
            && (!word.starts_with("0000") || word.len() == 12 || word.contains('-'))
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| numbered(word)).collect()
}

#[test]
fn every_stand_in_leads_back() {
    for sample in fs::read_dir(samples()).unwrap() {
        let sample = sample.unwrap().path();
        if !sample.join("logs").is_dir() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let names = ["out.json", "out.md", "out.csv", "out.sarif", "out.txt"];
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        command.current_dir(&sample).args(["analyze", "logs", "--policies", "policies"]);
        command.args(["--redact", "--redact-map", &file("map.json"), "-q"]);
        for name in names {
            command.args(["-o", &file(name)]);
        }
        command.assert().code(1);
        let map: BTreeMap<String, String> =
            serde_json::from_str(&fs::read_to_string(file("map.json")).unwrap()).unwrap();
        for name in names {
            let text = fs::read_to_string(file(name)).unwrap();
            let seen = stand_ins(&text);
            assert!(name == "out.csv" || seen.len() > 3, "{name} of {sample:?}: {seen:?}");
            let unknown: Vec<_> = seen.iter().filter(|word| !map.contains_key(**word)).collect();
            assert!(unknown.is_empty(), "{name} of {sample:?}: {unknown:?}");
        }
    }
}

#[test]
fn an_account_in_the_name_of_a_service_or_a_call_does_not_survive() {
    let account = "777788889999";
    let schema = serde_json::from_str(trailwhy::report::schema::REPORT_SCHEMA).unwrap();
    let schema =
        jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
    let hostile = [
        (format!("{account}.amazonaws.com"), "GetObject".to_owned()),
        (format!("x{account}.amazonaws.com"), "GetObject".to_owned()),
        ("s3.amazonaws.com".to_owned(), format!("Get{account}")),
        ("kms.amazonaws.com".to_owned(), account.to_owned()),
    ];
    for (source, call) in hostile {
        let record = serde_json::json!({"Records": [{
            "eventVersion": "1.09",
            "userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLEEXAMPLE123",
                "arn": "arn:aws:iam::111122223333:user/reader", "accountId": "111122223333",
                "userName": "reader"},
            "eventTime": "2026-09-15T10:16:20Z", "eventSource": source, "eventName": call,
            "awsRegion": "eu-west-1", "sourceIPAddress": source, "userAgent": source,
            "errorCode": "AccessDenied", "errorMessage": "Access Denied",
            "requestParameters": null, "responseElements": null, "readOnly": true,
            "eventID": "47aa4706-445a-4bdb-8518-c9abbde21270", "eventType": "AwsApiCall",
            "managementEvent": true, "recipientAccountId": "111122223333",
            "eventCategory": "Management"
        }]});
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("one.json"), record.to_string()).unwrap();
        for format in ["terminal", "json", "markdown", "html", "sarif", "csv"] {
            let mut command = Command::cargo_bin("trailwhy").unwrap();
            command.current_dir(folder.path());
            let output = command.args(["analyze", "one.json", "--redact", "--format", format]);
            let output = output.output().unwrap();
            if format == "json" {
                let report = serde_json::from_slice(&output.stdout).unwrap();
                let errors: Vec<_> =
                    schema.iter_errors(&report).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{source} {call}: {errors:?}");
            }
            for text in [output.stdout, output.stderr] {
                let text = String::from_utf8(text).unwrap();
                assert!(!text.contains(account), "{source} {call} in {format}: {text}");
            }
        }
    }
}
