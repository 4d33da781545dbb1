//! Rendering only: terminal, JSON, and what else people pass on. It decides nothing.

pub mod csv;
mod document;
pub mod json;
mod layout;
pub mod sanitize;
pub mod sarif;
pub mod schema;
pub mod terminal;
mod view;
mod words;

pub use view::*;
