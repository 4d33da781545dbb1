//! `parts` of `targets.rs`.
#![no_main]
#[path = "../targets.rs"]
#[allow(dead_code, reason = "one of the targets is run")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::parts(data));
