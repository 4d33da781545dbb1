//! The bytes of a file that are in memory: a window that moves forward over the text.
//!
//! The memory stays allocated and initialised from file to file, so that neither is paid for again.

/// A stretch of bytes, refilled at the end and consumed at the start.
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

    /// Replaces every byte that is no UTF-8 by a question mark, in place, so that offsets stay as they
    /// are; true when there was one. A character cut by the end of the window is left alone unless
    /// this is the `last` window.
    pub fn make_valid(&mut self, last: bool) -> bool {
        let mut from = self.start;
        let mut any = false;
        while let Some(Err(error)) = self.bytes.get(from..self.end).map(str::from_utf8) {
            let at = from + error.valid_up_to();
            let length = match error.error_len() {
                Some(length) => length,
                None if last => self.end - at,
                None => break,
            };
            any = true;
            from = at + length;
            if let Some(wrong) = self.bytes.get_mut(at..from) {
                wrong.fill(b'?');
            }
        }
        any
    }

    /// The window as text, without a character cut by its end. Call [`Window::make_valid`] first.
    pub fn text(&self) -> &str {
        match str::from_utf8(self.bytes()) {
            Ok(text) => text,
            Err(error) => {
                let valid = self.bytes().get(..error.valid_up_to()).unwrap_or_default();
                str::from_utf8(valid).unwrap_or_default()
            }
        }
    }

    /// Free memory behind what is in the window, some in any case.
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

    /// Says that so many bytes of [`Window::free`] were written.
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
        window.consume(9);
        assert_eq!(window.bytes(), b"");
    }
}
