//! What an export cannot show, found from the records themselves.

/// One thing the log is blind to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindSpot {
    /// What sort.
    pub kind: BlindSpotKind,
    /// What it means, for a person.
    pub detail: String,
    /// The event that shows it, if one does.
    pub event_id: Option<String>,
}

/// The sorts of blindness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the words say it")]
pub enum BlindSpotKind {
    NoKmsEvents,
}

impl BlindSpotKind {
    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            BlindSpotKind::NoKmsEvents => "no_kms_events",
        }
    }
}
