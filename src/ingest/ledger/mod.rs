//! What was read, kept and dropped, and what the export cannot show.

pub(crate) mod blind_spot;
pub(crate) mod books;
pub(crate) mod coverage;
pub(crate) mod reason;
pub(crate) mod sentence_codec;
pub(crate) mod totals;
pub(crate) mod trail_change;
