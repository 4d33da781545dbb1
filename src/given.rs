//! What people hand over besides the export: a configuration, a baseline, a table, parts, policies.
//! Each is read whole, so each has a cap; what never ends is told instead of filling the memory.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// So much is read of a device before it is taken for one that never ends.
const OF_A_DEVICE: u64 = 1 << 20;

/// How much is read, and what to do where there is more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cap {
    /// Bytes.
    pub bytes: u64,
    /// Ends the hint.
    pub instead: &'static str,
}

/// A file, a pipe or a device, up to the cap.
///
/// # Errors
/// When it cannot be read or goes beyond the cap.
pub(crate) fn bytes(path: &Path, cap: Cap) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    let device = file.metadata().is_ok_and(|metadata| is_device(&metadata));
    match device {
        true => up_to(file, path, OF_A_DEVICE)?.ok_or_else(|| {
            Error::document(path, format!("a device, which may never end\nhint: {}", cap.instead))
        }),
        false => bytes_of(file, path, cap),
    }
}

/// The same from what is open already; `name` is what it is called in an error.
///
/// # Errors
/// As [`bytes`].
pub(crate) fn bytes_of(source: impl Read, name: &Path, cap: Cap) -> Result<Vec<u8>> {
    up_to(source, name, cap.bytes)?.ok_or_else(|| too_much(name, cap))
}

/// The same as text.
///
/// # Errors
/// As [`bytes`], and where it is not UTF-8.
pub(crate) fn text(path: &Path, cap: Cap) -> Result<String> {
    String::from_utf8(bytes(path, cap)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::document(path, format!("not UTF-8 from byte {at}"))
    })
}

/// What is said of more than the cap.
pub(crate) fn too_much(name: &Path, cap: Cap) -> Error {
    let size = match cap.bytes >> 20 {
        0 => format!("{} KiB", cap.bytes >> 10),
        size => format!("{size} MiB"),
    };
    Error::document(
        name,
        format!("more than {size}, which is all that is read of it\nhint: {}", cap.instead),
    )
}

/// `None` where there is more.
fn up_to(source: impl Read, name: &Path, cap: u64) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source
        .take(cap + 1)
        .read_to_end(&mut bytes)
        .map_err(|error: io::Error| Error::io(name, error))?;
    Ok((bytes.len() as u64 <= cap).then_some(bytes))
}

/// Whether it is a device of characters or blocks.
#[cfg(unix)]
pub(crate) fn is_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_block_device()
}

/// Whether it is a device of characters or blocks.
#[cfg(not(unix))]
pub(crate) fn is_device(_: &Metadata) -> bool {
    false
}
