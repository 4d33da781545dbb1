//! Weighs hypotheses, one per policy layer. Evidence comes from AWS's text, from contrast, from the
//! history and from evaluation; every piece names the events behind it and says which layers it
//! speaks for and against. The verdict and its confidence follow from the pieces.

mod actions;
mod alias;
mod behind;
mod benign;
pub(crate) mod changed;
mod contrasted;
mod deciding;
mod documented;
pub mod evaluated;
mod explain;
mod failing;
mod folded;
mod ghost;
mod group;
mod guardrail;
mod healed;
pub mod hopeful;
mod implied;
mod incarnation;
mod incident;
mod moved;
mod next;
mod picture;
mod rank;
mod refusals;
mod reported;
mod seen;
mod sensitive;
pub mod signature;
mod stated;
mod supposed;
mod tally;
mod testimony;
mod told;
mod words;
pub mod worked;
mod workload;

pub use actions::{Actions, DeniedAction, SortOfFailure, is_own_name};
pub use behind::Behind;
pub use benign::Worth;
pub use explain::{explain, explain_occurrence};
pub use failing::{Failing, Implied, failing};
pub use folded::{Folded, Look, Stood, look, with_others};
pub use group::diagnose;
pub use guardrail::Guardrail;
pub use healed::{Healed, Healing};
pub use incident::{Benign, Comparison, Diagnosis, Incident, Occurrence, Verdict};
pub use next::Command;
pub use rank::Hypothesis;
pub use sensitive::Deed;
pub use signature::Signature;
pub use tally::Tally;
pub use testimony::{Testimony, Witness};
pub use words::{Certainty, Kind};
