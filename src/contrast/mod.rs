//! Finds, for each failed chain, the successful calls that answer best "what is different?", learns
//! what a successful chain consists of (so that a step that never came shows), and ranks the
//! differences.

mod attribute;
mod compared;
mod crowd;
mod factor;
mod nearest;
mod needed;
mod parameter;
mod property;
mod ranking;
mod shape;
mod split;
mod trail_coverage;
mod vanished;
mod window;

pub use attribute::{
    Attribute, Observation, Refused, account_of, policy_holder, principal, refused, resource,
};
pub use compared::{
    Contrast, Difference, Ground, are_few, compare, differences, factors, nearest_success, needs,
};
pub use crowd::{Among, Crowd, Found};
pub use factor::{Factor, Known, Ranking};
pub use nearest::{comparable, nearest};
pub use property::{PRESENT, Property};
pub use shape::{Export, Gap, Shapes, gaps};
pub use vanished::{End, Vanished, vanished};
