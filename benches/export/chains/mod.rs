//! What AWS services do for a caller, one file per family: the root call and the calls made for it.

pub mod autoscaling;
pub mod backup;
pub mod ebs;
pub mod kms;
pub mod secrets;
pub mod stacks;

pub use kms::Key;

use super::caller::{Client, Principal};

/// Somebody calling from somewhere.
#[derive(Debug, Clone)]
pub struct Actor {
    pub principal: Principal,
    pub client: Client,
}

impl Actor {
    /// Somebody calling from somewhere.
    pub fn new(principal: Principal, client: Client) -> Self {
        Actor { principal, client }
    }

    /// The actor's own calls.
    pub fn direct(&self) -> super::caller::Caller {
        super::caller::Caller::direct(&self.principal, &self.client)
    }
}

/// When and where something happens.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub at: i64,
    pub region: &'a str,
}

impl Scene<'_> {
    /// The same place, so many seconds later.
    pub fn after(self, seconds: i64) -> Self {
        Scene { at: self.at + seconds, ..self }
    }
}

/// A denied call by event id, and the calls it may be said to have been made for, nearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub roots: Vec<String>,
    pub denied: String,
}

impl Pair {
    /// A call and the one made for it.
    pub fn new(root: String, denied: String) -> Self {
        Pair { roots: vec![root], denied }
    }
}
