//! From the bytes of a file to its text: gzip, UTF-16, windows of bounded size.
//!
//! Goes in: a reader of stored bytes. Comes out: text, a [`window::Window`] at a time. Damage and bombs end the
//! text early and are noted; what was inflated before them is kept.

pub(crate) mod caps;
pub(crate) mod gzip;
pub(crate) mod read_ahead;
pub(crate) mod stream;
pub(crate) mod utf16;
pub(crate) mod whole_file;
pub(crate) mod window;
