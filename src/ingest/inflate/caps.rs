//! How far a file may inflate before it counts as a gzip bomb.

/// How far a file may inflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Most bytes one file may give.
    pub bytes: u64,
    /// Most bytes given for one byte stored, looked at beyond the first [`Caps::FREE`] bytes.
    /// Deflate cannot exceed about 1,030; real trails stay below 60.
    pub ratio: u64,
}

impl Caps {
    /// Bytes that are always given: small files of a few repeated records compress extremely well.
    pub const FREE: u64 = 64 << 20;
}

impl Default for Caps {
    fn default() -> Self {
        Caps { bytes: 32 << 30, ratio: 400 }
    }
}
