//! Where records lie: files, standard input, objects in S3; and which of them are wanted.
//!
//! Goes in: what the user typed. Comes out: sources in the order in which they are read, each with what its
//! name says. A path that does not exist is an error; what cannot be read below a folder is only noted.

#[cfg(feature = "s3")]
pub(crate) mod bucket;
pub(crate) mod delivery;
pub(crate) mod fetch_hint;
pub(crate) mod selection;
pub(crate) mod source;
pub(crate) mod system_error;
