//! From one file to its records and the account of them; many files in parallel.
//!
//! Goes in: a source and what is wanted of it. Comes out: events, part by part, and a [`file::FileAccount`]. A
//! damaged file or record never ends the reading: it is counted, and what is sound around it is kept.

pub(crate) mod collector;
pub(crate) mod file;
pub(crate) mod json_extent;
pub(crate) mod pipeline;
pub(crate) mod scan;
