//! Rendering only: terminal, JSON, and what else people pass on. It decides nothing.

pub mod json;
pub mod sanitize;
pub mod schema;
mod view;

pub use view::*;
