//! Where records lie: files, standard input, objects in S3; and which of them are wanted.

#[cfg(feature = "s3")]
pub(crate) mod bucket;
pub(crate) mod delivery;
pub(crate) mod fetch_hint;
pub(crate) mod selection;
pub(crate) mod source;
pub(crate) mod system_error;
