//! From single calls to chains: which call was made because of which.

pub mod service;
