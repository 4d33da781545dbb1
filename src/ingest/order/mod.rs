//! Events of many files in order of time: sorted, copies removed, corrections applied.
//!
//! Goes in: parts of files as they are read, in any order. Comes out: batches in order of time. The only error
//! is a temporary file that cannot be written or read.

pub(crate) mod batch;
pub(crate) mod merge;
pub(crate) mod reorder;
pub(crate) mod run;
