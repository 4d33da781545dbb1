//! Events packed into columns and compressed, for temporary files and partial results.

pub(crate) mod compress;
pub(crate) mod event_columns;
pub(crate) mod text_column;
