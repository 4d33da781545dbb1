//! Builds chains: a user's call, the calls services made for it, and theirs. Each link carries its
//! kind, its evidence and a confidence; ties are reported as ties.

mod build;
mod call;
mod index;
mod knowledge;
mod link;
pub mod service;

pub use build::Chains;
pub use call::{encryption_context, kms_key};
pub use knowledge::Knowledge;
pub use link::{Link, LinkKind, Synthesized};
