//! Finds, for each failed chain, the successful calls that answer best "what is different?", learns
//! what a successful chain consists of (so that a step that never came shows), and ranks the
//! differences.

mod attribute;
mod crowd;
mod factor;
mod nearest;
mod needed;
mod seen;
mod shape;
mod vanished;

pub use attribute::{
    Attribute, Observation, Refused, account_of, policy_holder, principal, refused, resource,
};
pub use crowd::{Among, Crowd, Found};
pub use factor::{Factor, factors};
pub use nearest::{Difference, comparable, differences, nearest};
pub use shape::{Export, Gap, Shapes, gaps};
pub use vanished::{End, Vanished, vanished};
