//! Rendering only: terminal, JSON, and what else people pass on. It decides nothing.

pub mod sanitize;
mod view;

pub use view::*;
