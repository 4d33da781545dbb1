//! The frame of a gzip member (RFC 1952): header, and the checksum and length that follow.
//!
//! Read here and not by a decoder of whole gzip streams, because such a decoder gives nothing of what it had
//! inflated before damage, and allocates memory for every file.

/// Every member starts with these bytes; the third is the only method there is.
pub(crate) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// Bytes behind the deflate stream: CRC-32 and length, both little endian.
pub(crate) const TRAILER: usize = 8;

/// A longer header is no header: names and comments in it have no limit of their own.
const LONGEST: usize = 64 << 10;

const CHECKSUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// What stands where a member should start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// A header of this many bytes.
    Ends(usize),
    /// It goes on beyond these bytes.
    More,
    /// No gzip header.
    None,
}

/// Measures the header at the start of `bytes`.
pub(crate) fn header(bytes: &[u8]) -> Header {
    let start = bytes.get(..MAGIC.len().min(bytes.len())).unwrap_or_default();
    if !MAGIC.starts_with(start) {
        return Header::None;
    }
    match end(bytes) {
        Some(end) if end <= bytes.len() => Header::Ends(end),
        _ if bytes.len() > LONGEST => Header::None,
        _ => Header::More,
    }
}

fn end(bytes: &[u8]) -> Option<usize> {
    let flags = *bytes.get(3)?;
    let mut at = 10;
    if flags & EXTRA != 0 {
        let length = [*bytes.get(at)?, *bytes.get(at + 1)?];
        at += 2 + usize::from(u16::from_le_bytes(length));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += memchr::memchr(0, bytes.get(at..)?)? + 1;
        }
    }
    if flags & CHECKSUM != 0 {
        at += 2;
    }
    Some(at)
}

/// The CRC-32 that the trailer gives.
pub(crate) fn checksum(trailer: &[u8]) -> Option<u32> {
    let bytes = trailer.get(..4)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_headers() {
        let plain = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        assert_eq!(header(&plain), Header::Ends(10));
        assert_eq!(header(&plain[..9]), Header::More);
        assert_eq!(header(&[]), Header::More);
        assert_eq!(header(b"{}"), Header::None);
        let mut named = plain.to_vec();
        named[3] = EXTRA | NAME | CHECKSUM;
        named.extend_from_slice(b"\x02\0xxname\0cc");
        assert_eq!(header(&named), Header::Ends(named.len()));
        assert_eq!(header(&named[..named.len() - 3]), Header::More);
    }
}
