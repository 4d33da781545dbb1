//! The kinds of things that an export cannot show.

use crate::wording::Sentence;

/// One thing that the export cannot show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlindSpot {
    /// Its kind.
    pub kind: BlindSpotKind,
    /// What it means, for a person.
    pub detail: Sentence,
    /// The event that is the evidence, if there is one.
    pub event_id: Option<String>,
}

impl BlindSpot {
    pub(crate) fn new(kind: BlindSpotKind, detail: Sentence, event_id: Option<&str>) -> BlindSpot {
        BlindSpot { kind, detail, event_id: event_id.map(str::to_owned) }
    }
}

/// What can be missing from an export.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum BlindSpotKind {
    /// An event selector keeps KMS events out of the trail.
    KmsEventsExcluded,
    /// There is no KMS event at all.
    NoKmsEvents,
    /// An event selector keeps read events out, or there are none.
    ReadEventsMissing,
    /// An event selector keeps write events out, or there are none.
    WriteEventsMissing,
    /// An event selector keeps all management events out.
    ManagementEventsExcluded,
    /// There is no data event.
    DataEventsMissing,
    /// A trail was stopped or deleted.
    LoggingStopped,
    /// A busy account and Region has empty hours.
    HoursMissing,
    /// The Region in which global services are recorded is not there.
    RegionMissing,
    /// An account calls whose own records, its denials among them, are not there.
    CallerAccountMissing,
    /// An account owns resources whose policy changes are not there.
    OwnerAccountMissing,
    /// Records that say different things have the same id, so that the id alone is ambiguous.
    IdsRepeat,
    /// Records do not say who called.
    CallersMissing,
    /// No record lies in the range asked for.
    NothingInRange,
}

impl BlindSpotKind {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [BlindSpotKind; 14] = [
        BlindSpotKind::KmsEventsExcluded,
        BlindSpotKind::NoKmsEvents,
        BlindSpotKind::ReadEventsMissing,
        BlindSpotKind::WriteEventsMissing,
        BlindSpotKind::ManagementEventsExcluded,
        BlindSpotKind::DataEventsMissing,
        BlindSpotKind::LoggingStopped,
        BlindSpotKind::HoursMissing,
        BlindSpotKind::RegionMissing,
        BlindSpotKind::CallerAccountMissing,
        BlindSpotKind::OwnerAccountMissing,
        BlindSpotKind::IdsRepeat,
        BlindSpotKind::CallersMissing,
        BlindSpotKind::NothingInRange,
    ];

    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            BlindSpotKind::KmsEventsExcluded => "kms_events_excluded",
            BlindSpotKind::NoKmsEvents => "no_kms_events",
            BlindSpotKind::ReadEventsMissing => "read_events_missing",
            BlindSpotKind::WriteEventsMissing => "write_events_missing",
            BlindSpotKind::ManagementEventsExcluded => "management_events_excluded",
            BlindSpotKind::DataEventsMissing => "data_events_missing",
            BlindSpotKind::LoggingStopped => "logging_stopped",
            BlindSpotKind::HoursMissing => "hours_missing",
            BlindSpotKind::RegionMissing => "region_missing",
            BlindSpotKind::CallerAccountMissing => "caller_account_missing",
            BlindSpotKind::OwnerAccountMissing => "owner_account_missing",
            BlindSpotKind::IdsRepeat => "ids_repeat",
            BlindSpotKind::CallersMissing => "callers_missing",
            BlindSpotKind::NothingInRange => "nothing_in_range",
        }
    }
}
