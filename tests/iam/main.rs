//! The policy engine: documented cases, properties over generated cases beside a second, naive
//! evaluator, unknown layers, and documents that strangers wrote.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected fails"
)]

mod cases;
mod documents;
mod generate;
mod layers;
mod naive;
mod properties;
mod support;
