//! UTF-16: what `aws … > file.json` writes in Windows PowerShell.

use crate::ingest::inflate::stream::Bytes;
use crate::ingest::inflate::window::Window;

/// How text is encoded, recognised by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Utf16Little,
    Utf16Big,
}

/// Bytes asked for at a time.
const CHUNK: usize = 64 << 10;

impl Charset {
    /// By the byte order mark, or by a first character that takes two bytes.
    pub(crate) fn of(start: &[u8]) -> Charset {
        match start {
            [0xff, 0xfe, ..] | [b'{' | b'[', 0, ..] => Charset::Utf16Little,
            [0xfe, 0xff, ..] | [0, b'{' | b'[', ..] => Charset::Utf16Big,
            _ => Charset::Utf8,
        }
    }

    /// Fills the window with UTF-8 until it holds `target` bytes; false at the end. `more` says
    /// whether `bytes` has more than what is in `raw`.
    pub(crate) fn fill(
        self,
        bytes: &mut Bytes<'_>,
        mut more: bool,
        raw: &mut Window,
        window: &mut Window,
        target: usize,
    ) -> bool {
        loop {
            self.decode(raw, window);
            if !more || window.len() >= target {
                return more;
            }
            more = bytes.fill(raw, raw.len() + CHUNK);
        }
    }

    /// Moves all complete characters from `raw` to `window`. A lone surrogate becomes U+FFFD.
    fn decode(self, raw: &mut Window, window: &mut Window) {
        let (pairs, _) = raw.bytes().as_chunks::<2>();
        let unit = |pair: &[u8; 2]| match self {
            Charset::Utf16Big => u16::from_be_bytes(*pair),
            Charset::Utf16Little | Charset::Utf8 => u16::from_le_bytes(*pair),
        };
        // The first half of a character of two units waits for the second.
        let open = pairs.last().is_some_and(|pair| (0xd800..0xdc00).contains(&unit(pair)));
        let take = pairs.len() - usize::from(open);
        let units = pairs.iter().take(take).map(unit);
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        window.extend(text.as_bytes());
        raw.consume(take * 2);
    }
}
