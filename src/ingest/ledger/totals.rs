//! What was read, kept and dropped, and why: no record disappears without a count.

use std::collections::BTreeSet;

use crate::event::Time;
use crate::ingest::ledger::blind_spot::BlindSpot;
use crate::ingest::ledger::reason::Skip;
use crate::wording::Sentence;

/// Where every record went: `read = kept + duplicates + malformed + out_of_range`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Records {
    /// All records that were found.
    pub read: u64,
    /// Records that are analysed.
    pub kept: u64,
    /// Copies of a kept record, and records that a later correction replaces.
    #[serde(skip)]
    pub duplicates: u64,
    /// Records that could not be understood.
    pub malformed: u64,
    /// Records outside the window or the filters.
    pub out_of_range: u64,
    /// How many of those kept are notifications that services sent to EventBridge.
    pub notifications: u64,
}

/// The account of one reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ledger {
    /// Files found below the paths given.
    pub files_found: u64,
    /// Files of which at least a part was understood.
    pub files_read: u64,
    /// Files not opened because their name places them outside the window or the Regions.
    pub files_out_of_range: u64,
    /// Files passed over or damaged, sorted by path.
    pub skipped: Vec<Skip>,
    /// Records.
    pub records: Records,
    /// Whether the names of all files give the time of delivery, so that reading holds only some minutes at a time.
    pub ordered: bool,
    /// Records that came so long after their time that those around them had been handed over.
    pub late: u64,
    /// Bytes as stored.
    pub bytes_stored: u64,
    /// Bytes after inflating.
    pub bytes_inflated: u64,
    /// First and last event time among the kept.
    #[serde(skip)]
    pub span: Option<(Time, Time)>,
    /// First and last time outside the range asked for: of events, and of the delivery of files that were not
    /// opened.
    pub outside: Option<(Time, Time)>,
    /// Accounts the records were delivered to.
    #[serde(skip)]
    pub accounts: BTreeSet<String>,
    /// Regions of the records.
    #[serde(skip)]
    pub regions: BTreeSet<String>,
    /// What the export cannot show.
    #[serde(skip)]
    pub blind_spots: Vec<BlindSpot>,
}

/// The span that covers two spans of time.
pub(crate) fn united(
    one: Option<(Time, Time)>,
    other: Option<(Time, Time)>,
) -> Option<(Time, Time)> {
    match (one, other) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

impl Ledger {
    /// Extends the span of what lies outside the range asked for.
    pub(crate) fn leave_out(&mut self, span: Option<(Time, Time)>) {
        self.outside = united(self.outside, span);
    }

    /// What to say when the export holds records but none in the range asked for; `None` otherwise.
    pub fn nothing_in_range(&self) -> Option<Sentence> {
        let Records { read, kept, malformed, out_of_range, .. } = self.records;
        let left_out = out_of_range > 0 || (read == 0 && self.files_out_of_range > 0);
        if kept > 0 || !left_out || malformed > out_of_range {
            return None;
        }
        let (from, to) = united(self.outside, self.span)?;
        let (from, to) = (from.to_string(), to.to_string());
        Some(match out_of_range {
            0 => Sentence::new("log-files-out-of-range")
                .arg("count", self.files_out_of_range.to_string())
                .arg("from", from)
                .arg("to", to),
            count => Sentence::new("log-nothing-in-range")
                .arg("count", count.to_string())
                .arg("from", from)
                .arg("to", to),
        })
    }

    /// What to say when most records could not be understood, so that finding no incident means nothing; `None`
    /// otherwise.
    pub fn mostly_malformed(&self) -> Option<Sentence> {
        let Records { read, malformed, .. } = self.records;
        let understood = read.saturating_sub(malformed);
        (malformed > understood).then(|| {
            Sentence::new("log-mostly-malformed")
                .arg("malformed", malformed.to_string())
                .arg("read", read.to_string())
        })
    }

    /// Adds a blind spot that was found after reading.
    pub(crate) fn note(&mut self, spot: Option<BlindSpot>) {
        self.blind_spots.extend(spot);
        self.blind_spots.sort();
    }
}
