//! From one file to its records and the account of them; many files in parallel.

pub(crate) mod collector;
pub(crate) mod file;
pub(crate) mod json_extent;
#[cfg(test)]
mod parser_equivalence;
pub(crate) mod pipeline;
pub(crate) mod scan;
