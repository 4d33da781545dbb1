//! Recognises files that lie beside CloudTrail's logs in a bucket, so that the ledger names them and does not
//! call them damaged.

use serde_json::Value;

use crate::ingest::formats::object::Object;
use crate::ingest::ledger::reason::Reason;
use crate::wording::{Argument, Sentence};

/// Kinds of objects, each by members that no other kind has together.
const OBJECTS: &[(&[&str], Reason, Sentence)] = &[
    (&["digestStartTime"], Reason::Digest, Sentence::new("log-digest")),
    (&["hashAlgorithm", "hashSignature"], Reason::Digest, Sentence::new("log-signature")),
    // What CloudTrail publishes to a topic, and EventBridge's "Object Created".
    (&["s3Bucket", "s3ObjectKey"], Reason::NotCloudtrail, Sentence::new("log-delivery-notice")),
    (
        &["bucket", "object", "requester"],
        Reason::NotCloudtrail,
        Sentence::new("log-delivery-notice"),
    ),
    (&["insightDetails"], Reason::Insight, Sentence::new("log-insights")),
    (&["timeWindow", "summary"], Reason::Aggregated, Sentence::new("log-aggregated")),
    (&["fileVersion", "configurationItems"], Reason::ConfigFile, Sentence::new("log-config-file")),
    (&["configSnapshotId"], Reason::ConfigFile, Sentence::new("log-config-snapshot")),
    (&["configurationItem"], Reason::ConfigFile, Sentence::new("log-config-item")),
    (
        &["schemaVersion", "partition", "service"],
        Reason::NotCloudtrail,
        Sentence::new("log-guardduty"),
    ),
    (&["webaclId"], Reason::AccessLogs, Sentence::new("log-waf")),
    (&["query_name", "query_type"], Reason::AccessLogs, Sentence::new("log-resolver")),
    (&["srcaddr", "dstaddr"], Reason::FlowLogs, Sentence::new("log-flow-logs")),
];

/// What an object that is no record is instead.
pub(crate) fn object(object: &Object<'_>) -> Option<(Reason, Sentence)> {
    let row = OBJECTS
        .iter()
        .find(|(members, ..)| members.iter().all(|member| object.get(member).is_some()))?;
    Some((row.1, row.2.clone()))
}

/// What a list without a record is instead.
pub(crate) fn list(text: &str) -> Option<(Reason, Sentence)> {
    let cells: Vec<Value> = serde_json::from_str(text).ok()?;
    let rows = cells.len() > 1 && cells.iter().all(|cell| !cell.is_array());
    rows.then(|| (Reason::UnsupportedFormat, Sentence::new("log-rows-unnamed")))
}

/// What a line without JSON is instead.
pub(crate) fn line(line: &str) -> Option<(Reason, Sentence)> {
    let words: Vec<&str> = line.split(' ').take(6).collect();
    match words.as_slice() {
        // VPC flow log records: `version account-id interface-id …`, or the header itself.
        ["version", "account-id", ..] | ["account-id", "action", ..] => Some(FLOW),
        [version, account, interface, ..]
            if version.len() == 1 && account.len() == 12 && interface.starts_with("eni-") =>
        {
            Some(FLOW)
        }
        ["http" | "https" | "h2" | "grpcs" | "ws" | "wss" | "tls", time, ..] if is_time(time) => {
            Some((Reason::LoadBalancerLogs, Sentence::new("log-load-balancer")))
        }
        [time, _, client, ..] if is_time(time) && client.contains(':') => {
            Some((Reason::LoadBalancerLogs, Sentence::new("log-load-balancer")))
        }
        // S3 server access logs start with the canonical id of the bucket's owner.
        [owner, _, date, ..] if is_canonical(owner) && date.starts_with('[') => {
            Some((Reason::AccessLogs, Sentence::new("log-s3-access")))
        }
        ["#Version:", ..] => Some((Reason::AccessLogs, Sentence::new("log-cloudfront"))),
        _ => None,
    }
}

const FLOW: (Reason, Sentence) = (Reason::FlowLogs, Sentence::new("log-flow-logs"));

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z')
}

fn is_canonical(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The first bytes of a partial result. They are no text, and a tool that converts text damages them, which
/// makes such damage visible.
pub(crate) const PARTIAL_RESULT: &[u8; 10] = b"\x8ftrailwhy\n";

/// Formats that are recognised by their first bytes and not read.
const FORMATS: &[(&[u8], Said)] = &[
    (b"PK\x03\x04", || packed(Sentence::new("log-zip"), "unzip FILE -d unpacked")),
    (b"PK\x05\x06", || Sentence::new("log-empty-zip")),
    (b"\x28\xb5\x2f\xfd", || packed("zstd", "zstd -d FILE")),
    (b"BZh", || packed("bzip2", "bunzip2 -k FILE")),
    (b"\xfd7zXZ\0", || packed("xz", "unxz -k FILE")),
    (b"7z\xbc\xaf", || packed(Sentence::new("log-seven-zip"), "7z x FILE -ounpacked")),
    (b"PAR1", || columns("Parquet")),
    (b"Obj\x01", || columns("Avro")),
    (b"ORC", || columns("ORC")),
    (b"SQLite format 3", || Sentence::new("log-sqlite")),
    (PARTIAL_RESULT, || Sentence::new("log-part")),
    (b"%PDF", || Sentence::new("log-pdf")),
];

/// Makes the sentence that names a format.
type Said = fn() -> Sentence;

/// The placeholder for the file in the command that unpacks it.
pub const PACKED_FILE: &str = "FILE";

/// An archive, with the command that unpacks it.
fn packed(what: impl Into<Argument>, command: &str) -> Sentence {
    Sentence::new("log-archive").arg("what", what).arg("command", command)
}

/// A binary result of a query, which can be exported as text instead.
fn columns(what: &str) -> Sentence {
    Sentence::new("log-query-result").arg("what", what)
}

/// Where a tar archive has its magic (POSIX.1, "ustar Interchange Format").
const USTAR: std::ops::Range<usize> = 257..262;

/// Where a zip archive has the name of its first file (APPNOTE.TXT, "Local file header").
const FIRST_NAME: usize = 30;

/// The first file in a workbook of Excel.
const WORKBOOK: &[u8] = b"[Content_Types].xml";

/// What a file of these first bytes is, if it is of a format that is not read.
pub(crate) fn format(start: &[u8]) -> Option<Sentence> {
    if start.get(USTAR).is_some_and(|magic| magic == b"ustar") {
        let command = "mkdir unpacked && tar -xf FILE -C unpacked";
        return Some(packed(Sentence::new("log-tar"), command));
    }
    if start.starts_with(b"PK")
        && start.get(FIRST_NAME..).is_some_and(|name| name.starts_with(WORKBOOK))
    {
        return Some(Sentence::new("log-workbook"));
    }
    FORMATS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, said)| said())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_neighbours_in_a_bucket() {
        for (text, want) in [
            ("2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641", Reason::FlowLogs),
            ("version account-id interface-id srcaddr dstaddr srcport", Reason::FlowLogs),
            (
                "https 2018-07-02T22:23:00.186641Z app/lb/50 192.168.1.1:28",
                Reason::LoadBalancerLogs,
            ),
            (
                "2015-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 10.0",
                Reason::LoadBalancerLogs,
            ),
        ] {
            assert_eq!(line(text).map(|found| found.0), Some(want), "{text}");
        }
        assert_eq!(line("a line of something else"), None);
        assert!(format(b"PK\x03\x04rest").is_some());
        assert_eq!(format(b"{\"Records\""), None);
    }
}
