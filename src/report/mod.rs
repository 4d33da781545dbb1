//! Rendering only: terminal, JSON, and what else people pass on. It decides nothing.

mod view;

pub use view::*;
