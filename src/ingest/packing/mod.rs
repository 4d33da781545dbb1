//! Events packed into columns and compressed, for temporary files and partial results.
//!
//! Goes in: sorted events. Comes out: bytes, and the same events again. Bytes that were changed or made up by a
//! stranger are refused, and never take more memory than their size allows.

pub(crate) mod compress;
pub(crate) mod event_columns;
pub(crate) mod text_column;
