//! Where everything went that was read, as the report says it, in the language of the report.

use super::view::{
    BlindSpot, Bytes, Coverage, Events, Files, PoliciesGiven, SkippedFile, Span, UnreadableFile,
};
use crate::history::History;
use crate::history::dump::coverage::Given;
use crate::ingest::Ledger;
use crate::wording::Wording;

/// The ledger and the policies given, put into words.
pub(super) fn coverage(ledger: &Ledger, history: &History, wording: &Wording) -> Coverage {
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
        policies: history
            .given()
            .map(|given| given.iter().map(|given| policies(given, wording)).collect()),
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

fn policies(given: &Given, wording: &Wording) -> PoliciesGiven {
    PoliciesGiven {
        account: given.account.clone(),
        kind: match given.layer {
            Some(layer) => layer.as_str(),
            None if given.is_evidence => "evidence",
            None => "other",
        }
        .to_owned(),
        documents: given.documents as u64,
        as_of: given.as_of.map(|time| time.to_string()),
        missing: given.missing.iter().map(|what| wording.say(what)).collect(),
        unreadable: given
            .unreadable
            .iter()
            .map(|gap| UnreadableFile { path: gap.file.to_string(), why: gap.what(wording) })
            .collect(),
    }
}
