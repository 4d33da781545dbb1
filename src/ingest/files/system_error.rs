//! What the operating system, or S3, says of a file that cannot be read.

use std::io;

#[cfg(feature = "s3")]
use super::bucket::trouble::Said;
use crate::wording::Sentence;

/// The operating system's own words, in whatever language it has them.
pub(crate) fn said_by_system(error: &io::Error) -> Sentence {
    #[cfg(feature = "s3")]
    if let Some(said) = error.get_ref().and_then(|e| e.downcast_ref::<Said>()) {
        return said.0.clone();
    }
    Sentence::new("log-system").arg("error", error.to_string())
}
