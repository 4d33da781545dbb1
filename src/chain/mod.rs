//! Builds chains: a user's call, the calls services made for it, and theirs. Each link carries its
//! kind, its evidence and a confidence; ties are reported as ties.

mod assign;
mod build;
mod call;
mod chains;
mod criteria;
mod evidence;
mod failed_work;
mod id_hash;
mod index;
mod keys;
mod kms;
mod knowledge;
mod lags;
mod learned;
mod link;
mod names;
mod prepared;
mod roles;
pub mod service;
mod session;
mod weigh;

pub use assign::Turn;
pub use chains::{Chains, Learned, Settled};
pub use failed_work::FailedWork;
pub use kms::{encryption_context, kms_key};
pub use knowledge::{Knowledge, Origins};
pub use link::{Link, LinkKind, Synthesized};
pub use roles::{Role, Roles, named_by};
