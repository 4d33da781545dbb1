//! Says why a call to AWS failed, from CloudTrail alone: ties user calls to the service calls they
//! triggered, compares the chains that failed with those that worked, and names the policy layer
//! that denied.

pub mod aws;
pub mod chain;
pub mod cli;
pub mod collect;
pub mod command;
pub mod contrast;
pub mod diagnose;
pub mod error;
pub mod event;
pub mod fold;
mod given;
pub mod history;
pub mod iam;
pub mod ingest;
pub mod rehearse;
pub mod remedy;
pub mod report;
pub mod sanitize;
pub mod wording;

pub use error::{Error, Result};
