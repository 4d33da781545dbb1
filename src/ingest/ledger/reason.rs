//! Why a file was passed over, or gave only some of its records.

use crate::wording::Sentence;

/// Why a file was passed over, or gave only part of its records.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[allow(missing_docs, reason = "the words say it")]
pub enum Reason {
    Unreadable,
    SymlinkLoop,
    Empty,
    /// The gzip stream ends too early.
    TruncatedGzip,
    /// The gzip stream is damaged.
    CorruptGzip,
    /// The file inflates to more than the cap allows.
    GzipBomb,
    /// The text ends in the middle of a record.
    TruncatedJson,
    /// Some records could not be understood.
    MalformedRecords,
    /// Bytes that are no UTF-8 were replaced.
    InvalidUtf8,
    /// A digest file of log file validation.
    Digest,
    /// CloudTrail Insights events.
    Insight,
    /// Aggregated data events: counts, no calls.
    Aggregated,
    /// The console's CSV download, which has lost what is needed.
    ConsoleCsv,
    /// An archive or table format that is not read.
    UnsupportedFormat,
    FlowLogs,
    ConfigFile,
    LoadBalancerLogs,
    AccessLogs,
    NotCloudtrail,
}

impl Reason {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Reason; 19] = [
        Reason::Unreadable,
        Reason::SymlinkLoop,
        Reason::Empty,
        Reason::TruncatedGzip,
        Reason::CorruptGzip,
        Reason::GzipBomb,
        Reason::TruncatedJson,
        Reason::MalformedRecords,
        Reason::InvalidUtf8,
        Reason::Digest,
        Reason::Insight,
        Reason::Aggregated,
        Reason::ConsoleCsv,
        Reason::UnsupportedFormat,
        Reason::FlowLogs,
        Reason::ConfigFile,
        Reason::LoadBalancerLogs,
        Reason::AccessLogs,
        Reason::NotCloudtrail,
    ];

    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Unreadable => "unreadable",
            Reason::SymlinkLoop => "symlink_loop",
            Reason::Empty => "empty",
            Reason::TruncatedGzip => "truncated_gzip",
            Reason::CorruptGzip => "corrupt_gzip",
            Reason::GzipBomb => "gzip_bomb",
            Reason::TruncatedJson => "truncated_json",
            Reason::MalformedRecords => "malformed_records",
            Reason::InvalidUtf8 => "invalid_utf8",
            Reason::Digest => "digest",
            Reason::Insight => "insight",
            Reason::Aggregated => "aggregated",
            Reason::ConsoleCsv => "console_csv",
            Reason::UnsupportedFormat => "unsupported_format",
            Reason::FlowLogs => "flow_logs",
            Reason::ConfigFile => "config",
            Reason::LoadBalancerLogs => "load_balancer_logs",
            Reason::AccessLogs => "access_logs",
            Reason::NotCloudtrail => "not_cloudtrail",
        }
    }

    /// Whether something was lost that should have been there. Digests and the like are
    /// passed over because they hold no calls; a damaged file is worth a warning.
    pub fn is_damage(self) -> bool {
        matches!(
            self,
            Reason::Unreadable
                | Reason::TruncatedGzip
                | Reason::CorruptGzip
                | Reason::GzipBomb
                | Reason::TruncatedJson
                | Reason::MalformedRecords
                | Reason::InvalidUtf8
                | Reason::ConsoleCsv
                | Reason::UnsupportedFormat
        )
    }
}

/// A file that was passed over, or that gave only part of its records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Skip {
    /// As found below what the user named.
    pub path: String,
    /// Why.
    pub reason: Reason,
    /// What happened, for a person.
    #[serde(with = "crate::ingest::ledger::sentence_codec")]
    pub detail: Option<Sentence>,
    /// Records that could be read from it all the same.
    pub recovered: u64,
}
