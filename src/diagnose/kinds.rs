//! The words of a diagnosis: kinds of incident, and kinds of certainty.

use serde::{Deserialize, Serialize};

/// What sort of failure an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The root call reported success, a call made for it was denied.
    Silent,
    /// The root failed with an error that does not name the denial below it.
    Opaque,
    /// No user call to blame: a service, by its own principal or role, was denied.
    Background,
    /// The root reported success and a step that every comparable success has never happened.
    Ghost,
    /// The user's own call was denied.
    Direct,
}

/// How sure a verdict is, in kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Evaluating the known policies reproduces the denial and the comparable successes.
    Proven,
    /// AWS's own text names it and nothing contradicts it.
    Stated,
    /// From contrast.
    Inferred,
    /// The log cannot tell.
    Unknown,
}
