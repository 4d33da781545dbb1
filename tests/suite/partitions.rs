//! A report does not depend on the partition: the samples, rewritten to every other partition, give
//! the same report, rewritten in the same way.

use std::cmp::Ordering;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::LazyLock;

use assert_cmd::Command;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rayon::prelude::*;
use regex::{Captures, Regex};
use serde_json::Value;

const SAMPLES: [&str; 6] = [
    "1-ebs-source-ip",
    "2-same-condition-other-services",
    "3-backup-vault-key",
    "4-kms-vpc-endpoint",
    "5-auto-scaling-own-key",
    "6-auto-scaling-other-account-key",
];

/// A partition as the samples are rewritten to it.
struct Partition {
    name: &'static str,
    /// What its Regions begin with.
    regions: &'static str,
    domain: &'static str,
    /// The Region that records global services.
    home: &'static str,
}

const PARTITIONS: [Partition; 7] = [
    Partition { name: "aws-cn", regions: "cn-", domain: "amazonaws.com.cn", home: "cn-north-1" },
    Partition {
        name: "aws-us-gov",
        regions: "us-gov-",
        domain: "amazonaws.com",
        home: "us-gov-west-1",
    },
    Partition {
        name: "aws-eusc",
        regions: "eusc-de-",
        domain: "amazonaws.eu",
        home: "eusc-de-east-1",
    },
    Partition { name: "aws-iso", regions: "us-iso-", domain: "c2s.ic.gov", home: "us-iso-east-1" },
    Partition {
        name: "aws-iso-b",
        regions: "us-isob-",
        domain: "sc2s.sgov.gov",
        home: "us-isob-east-1",
    },
    Partition {
        name: "aws-iso-e",
        regions: "eu-isoe-",
        domain: "cloud.adc-e.uk",
        home: "eu-isoe-west-1",
    },
    Partition {
        name: "aws-iso-f",
        regions: "us-isof-",
        domain: "csp.hci.ic.gov",
        home: "us-isof-south-1",
    },
];

static REGION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:us|eu|ap)-[a-z]+-[1-9]").unwrap());

static HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(r"({})((?:\.[a-z]+)*)\.amazonaws\.com", REGION.as_str())).unwrap()
});

impl Partition {
    /// The name of a Region there. It keeps its place in the order of Regions, in which lists are,
    /// and need not exist: AWS makes new ones.
    fn region(&self, region: &str) -> String {
        let (area, place) = region.split_once('-').unwrap();
        match region.cmp("us-east-1") {
            Ordering::Less => format!("{}a{area}{place}", self.regions),
            Ordering::Equal => self.home.to_owned(),
            Ordering::Greater => format!("{}z{area}{place}", self.regions),
        }
    }

    /// ARNs, Regions, and the hosts that have a Region in their names. `eventSource` and most
    /// service principals are the same everywhere.
    fn rewritten(&self, text: &str) -> String {
        let text = HOST.replace_all(text, |found: &Captures<'_>| {
            format!("{}{}.{}", &found[1], &found[2], self.domain)
        });
        let text = text.replace("arn:aws:", &format!("arn:{}:", self.name));
        REGION.replace_all(&text, |found: &Captures<'_>| self.region(&found[0])).into_owned()
    }

    /// Copies a sample, rewritten.
    fn copy(&self, sample: &Path, to: &Path) {
        for part in ["logs", "policies"] {
            for entry in walkdir::WalkDir::new(sample.join(part)) {
                let entry = entry.unwrap();
                if !entry.file_type().is_file() {
                    continue;
                }
                let path = entry.path().strip_prefix(sample).unwrap().to_str().unwrap();
                let path = to.join(self.rewritten(path));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                let bytes = fs::read(entry.path()).unwrap();
                if !bytes.starts_with(&[0x1f, 0x8b]) {
                    let text = String::from_utf8(bytes).unwrap();
                    fs::write(path, self.rewritten(&text)).unwrap();
                    continue;
                }
                let mut text = String::new();
                MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
                let file = fs::File::create(path).unwrap();
                let mut packed = GzEncoder::new(file, Compression::fast());
                packed.write_all(self.rewritten(&text).as_bytes()).unwrap();
                packed.finish().unwrap();
            }
        }
    }
}

fn report(folder: &Path, format: &str, with_policies: bool) -> String {
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    // Text is broken where the line is full, and names are longer in other partitions.
    command.current_dir(folder).env("COLUMNS", "2000");
    command.args(["analyze", "--lang", "en", "--format", format, "logs"]);
    if with_policies {
        command.args(["--policies", "policies", "--policies-as-of", "2026-10-01"]);
    }
    let done = command.assert().code(1);
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

/// Signatures are hashes of ARNs and Regions.
fn without_hashes(text: &str) -> String {
    let text = Regex::new(r"\b(inc|sig)-[0-9a-f]+").unwrap().replace_all(text, "$1-HASH");
    // The Sid of an added statement ends in digits that follow from what it says.
    let named = r"\b(Allow(?:WhatWasDenied|Use|TheNextStep|GrantsForServices|UseByAccount|GrantsByAccount|AssumeRole)|EnableIAMPolicies)[0-9a-f]{4}\b";
    Regex::new(named).unwrap().replace_all(&text, "$1").into_owned()
}

/// Spaces and lines fill up what names leave.
fn words(text: &str) -> Vec<String> {
    let is_line = |word: &&str| word.chars().all(|sign| "━─".contains(sign));
    let text = without_hashes(text);
    text.split_whitespace().filter(|word| !is_line(word)).map(str::to_owned).collect()
}

/// The paths at which two values differ, with both.
fn differences(path: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(one), Value::Object(other)) => {
            let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let (one, other) = (&want[name], &got[name]);
                differences(&format!("{path}.{name}"), one, other, found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}[{at}]"), one, other, found);
            }
        }
        _ if want == got => {}
        _ => found.push(format!("{path}:\n  want {want}\n  got  {got}")),
    }
}

/// Without what depends on the length of names.
fn comparable(text: &str) -> Value {
    let mut report: Value = serde_json::from_str(&without_hashes(text)).unwrap();
    report["coverage"]["bytes"] = Value::Null;
    report
}

/// Where the reports of one sample differ between its own partition and others.
fn compare(sample: &str, partitions: &[&Partition], with_policies: bool) -> Vec<String> {
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample);
    let [json, text] = ["json", "terminal"].map(|format| report(&original, format, with_policies));
    let mut found = Vec::new();
    for partition in partitions {
        let copy = tempfile::tempdir().unwrap();
        partition.copy(&original, copy.path());
        let about = format!("{sample} in {} (policies: {with_policies})", partition.name);
        let want = comparable(&partition.rewritten(&json));
        let got = comparable(&report(copy.path(), "json", with_policies));
        differences(&about, &want, &got, &mut found);
        let want = words(&partition.rewritten(&text));
        let got = words(&report(copy.path(), "terminal", with_policies));
        if want != got {
            let at = want.iter().zip(&got).take_while(|(one, other)| one == other).count();
            let near = |words: &[String]| {
                let from = at.saturating_sub(8);
                words.iter().skip(from).take(24).cloned().collect::<Vec<_>>().join(" ")
            };
            found.push(format!("{about}, text:\n  want {}\n  got  {}", near(&want), near(&got)));
        }
    }
    found
}

/// Every sample in China, where the domain is another, and in one of the other partitions.
#[test]
fn the_samples_are_reported_alike_in_every_partition() {
    let [china, others @ ..] = &PARTITIONS;
    let all: Vec<(&str, [&Partition; 2], bool)> = SAMPLES
        .iter()
        .zip(others)
        .flat_map(|(sample, other)| [false, true].map(|with| (*sample, [china, other], with)))
        .collect();
    let compared =
        all.par_iter().map(|(sample, partitions, with)| compare(sample, partitions, *with));
    let found: Vec<String> = compared.collect::<Vec<_>>().concat();
    assert!(found.is_empty(), "{} differences:\n{}", found.len(), found.join("\n"));
}
