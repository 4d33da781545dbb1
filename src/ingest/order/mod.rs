//! Events of many files in order of time: sorted, copies removed, corrections applied.

pub(crate) mod batch;
pub(crate) mod merge;
pub(crate) mod reorder;
pub(crate) mod run;
