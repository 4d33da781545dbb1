//! Numbers and texts as bytes, and back. What is read may be damaged or made up, so every step can
//! fail, and nothing is allocated that the bytes at hand could not fill.

use crate::event::Time;

/// Bytes being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// What was written.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Bytes as they are; whoever reads them knows how many there are.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Seven bits a byte, the lowest first; the last byte has the highest bit clear.
    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    /// A number that may be negative: small ones of either sign are short.
    pub(super) fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(super) fn time(&mut self, time: Time) {
        self.signed(time.0);
    }

    /// Bytes with their number in front.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Whether something is there, and if so what.
    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// How many there are, and each of them.
    pub(super) fn list<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Writer, T),
    ) {
        self.count(values.len());
        values.for_each(|value| write(self, value));
    }
}

/// More than all that was ever logged.
const MOST: u64 = 1 << 48;

/// A time; one that the calendar does not have is made up.
pub(super) fn time(milliseconds: i64) -> Option<Time> {
    Time(milliseconds).in_calendar()
}

/// Bytes being read; every step gives `None` where they are not what was expected.
#[derive(Debug, Clone)]
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Reader<'b> {
        Reader { rest: bytes }
    }

    /// Whether everything was read.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What was not yet read.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(super) fn raw(&mut self, count: usize) -> Option<&'b [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            let seven = u64::from(byte & 0x7f);
            let placed = seven << (7 * place);
            if placed >> (7 * place) != seven {
                return None;
            }
            number |= placed;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// How many follow. Each of them takes a byte or more, so there cannot be more than bytes.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    /// A number of records, files or bytes, such that some thousands of them can be added up.
    pub(super) fn tally(&mut self) -> Option<u64> {
        self.number().filter(|number| *number <= MOST)
    }

    pub(super) fn time(&mut self) -> Option<Time> {
        time(self.signed()?)
    }

    pub(super) fn bytes(&mut self) -> Option<&'b [u8]> {
        let count = self.count()?;
        self.raw(count)
    }

    pub(super) fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// The outer `None` is damage, the inner one is what was written.
    pub(super) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'b>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.flag()? {
            true => read(self).map(Some),
            false => Some(None),
        }
    }

    pub(super) fn list<T, L: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Reader<'b>) -> Option<T>,
    ) -> Option<L> {
        let count = self.count()?;
        (0..count).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(plain in any::<u64>(), signed in any::<i64>(), small in -70..70_i64) {
            let mut to = Writer::default();
            to.number(plain);
            to.signed(signed);
            to.signed(small);
            let bytes = to.finish();
            prop_assert!(bytes.len() <= 22, "small numbers take few bytes");
            let mut from = Reader::new(&bytes);
            let read = (from.number(), from.signed(), from.signed());
            prop_assert_eq!(read, (Some(plain), Some(signed), Some(small)));
            prop_assert!(from.is_empty());
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert_eq!(Reader::new(&[0xff; 10]).number(), None);
        assert_eq!(Reader::new(&[0x80, 0x80]).number(), None);
        assert_eq!(Reader::new(&[5, 1, 2]).bytes(), None);
        assert_eq!(Reader::new(&[2, 0xff, 0xff]).text(), None);
        assert_eq!(Reader::new(&[2]).flag(), None);
    }
}
