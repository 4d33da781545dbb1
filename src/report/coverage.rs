//! Where everything went that was read, as the report says it, in the language of the report.

use super::view::{BlindSpot, Bytes, Coverage, Events, Files, SkippedFile, Span};
use crate::ingest::Ledger;
use crate::wording::Wording;

/// The ledger, put into words.
pub(super) fn coverage(ledger: &Ledger, wording: &Wording) -> Coverage {
    Coverage {
        files: Files {
            found: ledger.files_found,
            read: ledger.files_read,
            skipped: ledger
                .skipped
                .iter()
                .map(|skip| SkippedFile {
                    path: skip.path.clone(),
                    reason: skip.reason.as_str().to_owned(),
                    detail: skip.detail.as_ref().map(|detail| wording.say(detail)),
                    events_recovered: skip.recovered,
                })
                .collect(),
        },
        events: Events {
            read: ledger.records.read,
            kept: ledger.records.kept,
            duplicates: ledger.records.duplicates,
            malformed: ledger.records.malformed,
            out_of_range: ledger.records.out_of_range,
            notifications: ledger.records.notifications,
        },
        bytes: Bytes { compressed: ledger.bytes_stored, uncompressed: ledger.bytes_inflated },
        span: ledger
            .span
            .map(|(first, last)| Span { first: first.to_string(), last: last.to_string() }),
        accounts: ledger.accounts.iter().cloned().collect(),
        regions: ledger.regions.iter().cloned().collect(),
        sample: None,
        blind_spots: ledger
            .blind_spots
            .iter()
            .map(|spot| BlindSpot {
                kind: spot.kind.as_str().to_owned(),
                detail: wording.say(&spot.detail),
                event_id: spot.event_id.clone(),
            })
            .collect(),
    }
}
