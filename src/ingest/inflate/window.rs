//! The bytes of a file that are in memory: a window that moves forward over the text.
//!
//! The memory is allocated and initialised once and used for file after file.

/// A buffer of bytes, refilled at the end and consumed at the start.
#[derive(Debug, Default)]
pub struct Window {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Window {
    /// The smallest step by which the window grows.
    const STEP: usize = 256 << 10;

    /// What is in the window.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// How much is in the window.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// Drops `count` bytes from the start.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.clear();
        }
    }

    /// Moves bytes from the start of the window into a buffer, as many as fit; returns how many.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), self.bytes().get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        count
    }

    /// Calls `show` with the window as text, and returns whether bytes that are no UTF-8 had to be replaced by
    /// question marks; that is done in place, so that offsets stay the same. A character cut by the end of the
    /// window is left out unless this is the `last` window.
    pub fn with_text<T>(&mut self, last: bool, show: impl FnOnce(&str) -> T) -> (T, bool) {
        match str::from_utf8(self.bytes()) {
            Ok(text) => return (show(text), false),
            Err(error) if error.error_len().is_none() && !last => {
                let valid = self.bytes().get(..error.valid_up_to()).unwrap_or_default();
                return (show(str::from_utf8(valid).unwrap_or_default()), false);
            }
            Err(_) => {}
        }
        let valid = self.mend(last);
        let text = self.bytes().get(..valid).map(str::from_utf8);
        (show(text.and_then(Result::ok).unwrap_or_default()), true)
    }

    /// Replaces what is no UTF-8; how many bytes are valid then.
    fn mend(&mut self, last: bool) -> usize {
        let mut from = self.start;
        while let Some(Err(error)) = self.bytes.get(from..self.end).map(str::from_utf8) {
            let at = from + error.valid_up_to();
            let length = match error.error_len() {
                Some(length) => length,
                None if last => self.end - at,
                None => return at - self.start,
            };
            from = at + length;
            if let Some(wrong) = self.bytes.get_mut(at..from) {
                wrong.fill(b'?');
            }
        }
        self.len()
    }

    /// Free memory behind what is in the window, never empty.
    pub fn free(&mut self) -> &mut [u8] {
        if self.end == self.bytes.len() && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.bytes.len() {
            let grown = (self.bytes.len() * 2).max(Self::STEP);
            self.bytes.resize(grown, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Free memory behind what is in the window, at least `count` bytes.
    pub fn room(&mut self, count: usize) -> &mut [u8] {
        let lacking = (self.end + count).saturating_sub(self.bytes.len());
        if lacking > 0 && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end + count > self.bytes.len() {
            self.bytes.resize(self.end + count, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Takes in `count` bytes that were written to [`Window::free`] or [`Window::room`].
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// Adds bytes at the end.
    pub fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let free = self.free();
            let count = free.len().min(bytes.len());
            let (now, rest) = bytes.split_at(count);
            if let Some(to) = free.get_mut(..count) {
                to.copy_from_slice(now);
            }
            self.filled(count);
            bytes = rest;
        }
    }

    /// Gives memory back that an unusually large record needed.
    pub fn shrink(&mut self, most: usize) {
        self.clear();
        if self.bytes.len() > most {
            self.bytes.truncate(most);
            self.bytes.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_forward_and_keeps_what_is_left() {
        let mut window = Window::default();
        let size = window.free().len();
        window.free().fill(b'a');
        window.filled(size);
        window.consume(size - 2);
        window.free().iter_mut().take(1).for_each(|b| *b = b'b');
        window.filled(1);
        assert_eq!(window.bytes(), b"aab");
        assert_eq!(window.len(), 3);
        assert!(window.room(size).len() >= size);
        assert_eq!(window.bytes(), b"aab");
        window.consume(9);
        assert_eq!(window.bytes(), b"");
    }

    #[test]
    fn shows_text_and_replaces_what_is_none() {
        let show = |bytes: &[u8], last| {
            let mut window = Window::default();
            window.extend(bytes);
            window.with_text(last, str::to_owned)
        };
        assert_eq!(show("aü".as_bytes(), true), ("aü".to_owned(), false));
        assert_eq!(show(b"a\xc3", false), ("a".to_owned(), false));
        assert_eq!(show(b"a\xc3", true), ("a?".to_owned(), true));
        assert_eq!(show(b"\xffa\xfe\xc3", false), ("?a?".to_owned(), true));
    }
}
