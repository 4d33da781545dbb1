//! Recognises what lies beside CloudTrail's logs in a bucket, so that it is passed over by name and
//! not called damaged.

use super::envelope::Object;
use super::ledger::Reason;

/// Objects, by members that only they have together.
const OBJECTS: &[(&[&str], Reason, &str)] = &[
    (&["digestStartTime"], Reason::Digest, "a digest file of log file validation"),
    (&["hashAlgorithm", "hashSignature"], Reason::Digest, "a signature file of a query result"),
    (&["insightDetails"], Reason::Insight, "CloudTrail Insights events"),
    (&["timeWindow", "summary"], Reason::Aggregated, "aggregated data events"),
    (&["fileVersion", "configurationItems"], Reason::ConfigFile, "an AWS Config file"),
    (&["configSnapshotId"], Reason::ConfigFile, "an AWS Config snapshot"),
    (&["configurationItem"], Reason::ConfigFile, "an AWS Config item"),
    (&["schemaVersion", "partition", "service"], Reason::NotCloudtrail, "GuardDuty findings"),
    (&["webaclId"], Reason::AccessLogs, "AWS WAF logs"),
    (&["query_name", "query_type"], Reason::AccessLogs, "Route 53 Resolver query logs"),
    (&["srcaddr", "dstaddr"], Reason::FlowLogs, "VPC flow logs"),
];

/// What an object is that is no record.
pub(super) fn object(object: &Object<'_>) -> Option<(Reason, &'static str)> {
    let row = OBJECTS
        .iter()
        .find(|(members, ..)| members.iter().all(|member| object.get(member).is_some()))?;
    Some((row.1, row.2))
}

/// What a line is that holds no JSON.
pub(super) fn line(line: &str) -> Option<(Reason, &'static str)> {
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
            Some((Reason::LoadBalancerLogs, "load balancer access logs"))
        }
        [time, _, client, ..] if is_time(time) && client.contains(':') => {
            Some((Reason::LoadBalancerLogs, "load balancer access logs"))
        }
        // S3 server access logs start with the canonical id of the bucket's owner.
        [owner, _, date, ..] if is_canonical(owner) && date.starts_with('[') => {
            Some((Reason::AccessLogs, "S3 server access logs"))
        }
        ["#Version:", ..] => Some((Reason::AccessLogs, "CloudFront access logs")),
        _ => None,
    }
}

const FLOW: (Reason, &str) = (Reason::FlowLogs, "VPC flow logs");

fn is_time(text: &str) -> bool {
    text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z')
}

fn is_canonical(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Formats told by their first bytes that are not read.
const FORMATS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive; hint: unpack it first"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x28\xb5\x2f\xfd", "zstd; hint: unpack it first"),
    (b"BZh", "bzip2; hint: unpack it first"),
    (b"\xfd7zXZ\0", "xz; hint: unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; hint: unpack it first"),
    (b"PAR1", "Parquet; hint: export the query result as CSV or JSON"),
    (b"Obj\x01", "Avro; hint: export the query result as CSV or JSON"),
    (b"ORC", "ORC; hint: export the query result as CSV or JSON"),
    (b"SQLite format 3", "a SQLite database"),
    (b"%PDF", "a PDF"),
];

/// What a file of these first bytes is, if it is of a format that is not read.
pub(super) fn format(start: &[u8]) -> Option<&'static str> {
    if start.get(257..262) == Some(b"ustar") {
        return Some("a tar archive; hint: unpack it first");
    }
    FORMATS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
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
