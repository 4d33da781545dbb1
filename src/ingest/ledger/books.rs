//! The ledger while files are still being read.

use crate::ingest::ledger::blind_spot::{BlindSpot, BlindSpotKind};
use crate::ingest::ledger::coverage::Coverage;
use crate::ingest::ledger::totals::Ledger;

/// The ledger and the coverage while they are added up.
pub(crate) struct Books {
    pub(crate) ledger: Ledger,
    pub(crate) coverage: Coverage,
}

impl Books {
    /// Adds what was counted elsewhere, except for what is concluded only at the end.
    pub(crate) fn add(&mut self, other: Ledger, coverage: Coverage) {
        let own = &mut self.ledger;
        own.files_found += other.files_found;
        own.files_read += other.files_read;
        own.files_out_of_range += other.files_out_of_range;
        own.skipped.extend(other.skipped);
        own.records.read += other.records.read;
        own.records.malformed += other.records.malformed;
        own.records.out_of_range += other.records.out_of_range;
        own.leave_out(other.outside);
        own.ordered &= other.ordered;
        own.late += other.late;
        own.bytes_stored += other.bytes_stored;
        own.bytes_inflated += other.bytes_inflated;
        self.coverage.add(coverage);
    }

    /// The finished ledger.
    pub(crate) fn close(mut self, kept: u64, duplicates: u64, out_of_range: u64) -> Ledger {
        let ledger = &mut self.ledger;
        ledger.records.kept = kept;
        ledger.records.duplicates = duplicates;
        ledger.records.out_of_range += out_of_range;
        ledger.skipped.sort();
        ledger.span = self.coverage.span();
        ledger.accounts = self.coverage.accounts();
        ledger.regions = self.coverage.regions();
        ledger.blind_spots = self.coverage.blind_spots();
        let nothing = ledger.nothing_in_range();
        ledger.note(
            nothing.map(|detail| BlindSpot::new(BlindSpotKind::NothingInRange, detail, None)),
        );
        self.ledger
    }
}
