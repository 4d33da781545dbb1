//! Redaction by place: two namings of one world give the same redacted output, byte for byte, in every
//! format, language and command, whatever the names look like.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// What people named in the samples.
const NAMES: [&str; 28] = [
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

/// Words of both languages' catalogues that can be names of IAM's.
fn said() -> Vec<String> {
    trailwhy::wording::vocabulary()
        .into_iter()
        .filter(|word| word.len() > 1 && word.len() < 40)
        .collect()
}

/// Every name gets another; accounts too.
fn namings() -> Vec<(String, Vec<String>)> {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let ordinary = (0..NAMES.len()).map(|at| format!("qz{at}-wxyz{at}"));
    let said = said();
    let step = said.len() / NAMES.len();
    let from_catalogue = (0..NAMES.len()).map(|at| said[at * step + step / 2].clone()).collect();
    vec![
        ("ordinary".to_owned(), ordinary.collect()),
        ("words".to_owned(), own(&WORDS)),
        ("shapes".to_owned(), own(&SHAPES)),
        ("catalogue".to_owned(), from_catalogue),
    ]
}

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
        fs::write(to.join(name), text).unwrap();
    }
}

/// What leaves the program, by what was asked.
fn outputs(world: &Path) -> BTreeMap<String, String> {
    let mut told = BTreeMap::new();
    let mut run = |what: &str, arguments: &[&str]| {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let output = command.current_dir(world).args(arguments).output().unwrap();
        let (out, err) = (output.stdout, output.stderr);
        told.insert(format!("{what}, stdout"), String::from_utf8(out).unwrap());
        told.insert(format!("{what}, stderr"), String::from_utf8(err).unwrap());
    };
    let known = ["--policies", "policies", "--redact"];
    for lang in ["en", "ja"] {
        let mut arguments = vec!["analyze", "logs", "--lang", lang];
        arguments.extend(known);
        for output in ["out.json", "out.html", "out.md", "out.csv", "out.sarif", "out.txt"] {
            arguments.extend(["-o", output]);
        }
        run(&format!("analyze {lang}"), &arguments);
    }
    run("explain", &[&["explain"], &known[..], &["logs", "kms:Decrypt"]].concat());
    for output in ["out.json", "out.html", "out.md", "out.csv", "out.sarif", "out.txt"] {
        told.insert(output.to_owned(), fs::read_to_string(world.join(output)).unwrap());
    }
    told
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
    for (naming, others) in namings() {
        let mut names: BTreeMap<&str, String> = NAMES.into_iter().zip(others).collect();
        names.insert("111122223333", format!("9{:011}", naming.len() * 77_777_777));
        names.insert("444455556666", format!("8{:011}", naming.len() * 88_888_888));
        let folder = tempfile::tempdir().unwrap();
        write_world(&samples().join(sample), folder.path(), &names);
        let told = outputs(folder.path());
        for (what, text) in &told {
            let unique =
                ["qz", "wxyz", "77777777", "88888888", "12345678901", "AWSServiceRoleForX"];
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
