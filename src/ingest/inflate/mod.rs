//! From the bytes of a file to its text: gzip, UTF-16, windows of bounded size.

pub(crate) mod caps;
pub(crate) mod gzip;
pub(crate) mod read_ahead;
pub(crate) mod stream;
pub(crate) mod utf16;
pub(crate) mod whole_file;
pub(crate) mod window;
