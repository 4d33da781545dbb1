//! From records to the files CloudTrail delivers: one folder per account, region and day, a file
//! per delivery, records not in order, a call and what it caused often in different files, some
//! records delivered twice.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;

use super::random::Random;
use super::record::{Entry, format, stamp};

/// One delivery file: its path below the export, and the records in it.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub body: String,
}

/// How an export is cut into files.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Records that come a second time, in a thousand.
    pub duplicates: u64,
    /// Most records of one file.
    pub records: usize,
}

/// CloudTrail gathers for about five minutes.
const WINDOW_SECONDS: i64 = 300;

/// Account, region, whether data events, and the delivery's moment.
type Slot = (String, String, bool, i64);

/// Cuts records into delivery files. In public logs 99.96 % of the records arrive within ten
/// minutes; here they take two to nine, so that half of the calls of one second part ways.
pub fn files(random: &mut Random, entries: &[Entry], cut: Cut) -> Vec<File> {
    let mut slots: BTreeMap<Slot, Vec<&str>> = BTreeMap::new();
    for entry in entries {
        let times = if random.per_mille(cut.duplicates) { 2 } else { 1 };
        for time in 0..times {
            let ready = entry.at + random.between(120, 420);
            let window = ready.div_euclid(WINDOW_SECONDS) + 1 + time;
            let slot = (entry.account.clone(), entry.region.clone(), entry.data, window);
            slots.entry(slot).or_default().push(&entry.text);
        }
    }
    let mut made = Vec::new();
    for ((account, region, _, window), mut records) in slots {
        if random.per_mille(350) {
            random.shuffle(&mut records);
        }
        let delivered = window * WINDOW_SECONDS;
        for part in records.chunks(cut.records.max(1)) {
            let path = path(random, &account, &region, delivered);
            made.push(File { path, body: format!(r#"{{"Records":[{}]}}"#, part.join(",")) });
        }
    }
    made
}

fn path(random: &mut Random, account: &str, region: &str, delivered: i64) -> String {
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}_{}.json.gz",
        format(delivered, "%Y/%m/%d"),
        format(delivered, "%Y%m%dT%H%MZ"),
        random.base62(16),
    )
}

/// A digest file, as trails with log file validation have them beside the logs.
pub fn digest(random: &mut Random, account: &str, region: &str, at: i64) -> File {
    let path = format!(
        "AWSLogs/{account}/CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_organization_{region}_{}.json.gz",
        format(at, "%Y/%m/%d"),
        format(at, "%Y%m%dT%H%M%SZ"),
    );
    let body = format!(
        r#"{{"awsAccountId":"{account}","digestStartTime":"{}","digestEndTime":"{}","digestS3Bucket":"trail-logs-{account}","digestSignatureAlgorithm":"SHA256withRSA","previousDigestHashValue":"{}","logFiles":[]}}"#,
        stamp(at - 3600),
        stamp(at),
        random.hex(64),
    );
    File { path, body }
}

/// Writes the files below `folder`, compressed; returns their compressed size.
pub fn write(folder: &Path, files: &[File], level: Compression) -> io::Result<u64> {
    let sizes: io::Result<Vec<u64>> =
        files.par_iter().map(|file| write_one(folder, file, level)).collect();
    Ok(sizes?.iter().sum())
}

fn write_one(folder: &Path, file: &File, level: Compression) -> io::Result<u64> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(file.body.len() / 6), level);
    encoder.write_all(file.body.as_bytes())?;
    let bytes = encoder.finish()?;
    fs::write(path, &bytes)?;
    Ok(bytes.len() as u64)
}
