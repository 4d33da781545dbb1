//! Rendering only: terminal, JSON, and what else people pass on. It decides nothing.

mod build;
pub mod card;
mod coverage;
pub mod csv;
mod document;
pub mod explanation;
mod fixes;
pub mod groups;
pub mod html;
pub mod in_force;
pub mod json;
mod layout;
pub mod leaf;
pub mod markdown;
mod pair;
mod piece;
pub mod redact;
mod root;
pub use crate::sanitize;
pub mod sarif;
pub mod schema;
pub mod short;
pub mod side_by_side;
mod steps;
pub mod summary;
pub mod tables;
pub mod terminal;
mod title;
mod view;
mod words;
pub mod zone;

pub use build::{Material, build, chain_steps};
pub use title::retitle;
pub use view::*;
