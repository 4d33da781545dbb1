//! Records read in place from Amazon S3: the only thing that trailwhy ever talks to over a network, and
//! only for a path that names a bucket, in a build with the feature `s3`.
//!
//! Only listing and getting are asked for (`s3:ListBucket`, `s3:GetObject`).

mod connection;
mod fetch;
mod list;
mod object;
mod profile;
pub(super) mod trouble;

pub use object::{Object, is_address};
pub(crate) use object::{find, line_up};
