//! The one error type of the crate. Every input/output error carries the path it happened at.
//! Names of files and texts out of them are shown escaped.

use std::path::{Path, PathBuf};

use crate::sanitize;
use crate::wording::{Language, Sentence, Wording};

/// What can go wrong beyond a single record or file.
///
/// A damaged file or record is not an error: it is counted in the ledger and the rest is analysed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading or writing a path failed.
    #[error("`{}`: {source}", sanitize::line(&path.to_string_lossy()))]
    Io {
        /// The path as the user named it.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A document that the user handed over cannot be used.
    #[error("`{}`: {}", sanitize::line(&path.to_string_lossy()), sanitize::lines(message))]
    Document {
        /// The path as the user named it.
        path: PathBuf,
        /// What is wrong, with line and column where known.
        message: String,
    },
    /// The command line asks for something impossible; the text says what to do instead.
    #[error("{}", sanitize::lines(.0))]
    Usage(String),
    /// The same as a sentence that can be said in the reader's language; here it is English.
    #[error("{}", sanitize::lines(&Wording::new(Language::En).say(.0)))]
    Said(Sentence),
}

impl Error {
    /// An input/output error at `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Error::Io { path: path.as_ref().to_path_buf(), source }
    }

    /// What was put away cannot be written or read again, or a part that was made elsewhere holds
    /// something else than it says.
    pub fn temporary(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::InvalidData => Error::Usage(format!(
                "{source}\nhint: make the parts again with `trailwhy analyze --partial`"
            )),
            _ => Error::io(std::env::temp_dir(), source),
        }
    }

    /// A path as messages show it.
    pub(crate) fn shown(path: &Path) -> String {
        sanitize::line(&path.to_string_lossy())
    }

    /// A document at `path` that cannot be used, and why.
    pub fn document(path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Error::Document { path: path.as_ref().to_path_buf(), message: message.into() }
    }
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;
