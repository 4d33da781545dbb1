//! Events that are handed over together while an export is read.

use crate::event::{Event, Time};

/// Some events in order of time.
#[derive(Debug, Default)]
pub struct Batch {
    /// Sorted by time, then by `eventID`; none older than those of the batch before. Ids are as
    /// recorded: where they were masked or reused, several events have the same.
    pub events: Vec<Event>,
    /// Events that came too late for the batch they belong to: CloudTrail delivered them more than
    /// [`DELIVERY_SLACK`](crate::ingest::DELIVERY_SLACK) after their time, as it does with corrections.
    pub late: Vec<Event>,
    /// No event before this moment will follow but late ones; `None` in the last batch.
    pub complete_before: Option<Time>,
}
