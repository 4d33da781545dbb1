//! What was read, kept and dropped, and what the export cannot show.
//!
//! Goes in: the account of each file and the header of each record. Comes out: a [`totals::Ledger`] in which
//! read = kept + duplicates + malformed + out of range, and blind spots. Nothing here can fail.

pub(crate) mod blind_spot;
pub(crate) mod books;
pub(crate) mod coverage;
pub(crate) mod reason;
pub(crate) mod sentence_codec;
pub(crate) mod totals;
pub(crate) mod trail_change;
