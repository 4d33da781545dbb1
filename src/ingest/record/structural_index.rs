//! Where the quotes and backslashes of JSON text are, found for 64 bytes at a time.
//!
//! Most of an export is strings that only have to be skipped. Going from bit to bit of this index does that
//! several times as fast as reading byte by byte (the idea of simdjson's first stage;
//! Langdale and Lemire, "Parsing Gigabytes of JSON per Second").

use std::ops::Range;

use wide::u8x16;

/// One bit for each byte of a text.
#[derive(Debug, Default)]
pub(crate) struct StructuralIndex {
    /// Quotes and backslashes; behind the last block of 64 is an empty one.
    stops: Vec<u64>,
    /// Control characters, which no JSON string holds and compact JSON lacks altogether: by number
    /// of the block of 64, for blocks that have any.
    controls: Vec<(usize, u64)>,
}

impl StructuralIndex {
    /// Builds the index of a text, in the memory of the one before.
    pub(crate) fn build(&mut self, text: &[u8]) {
        let StructuralIndex { stops, controls } = self;
        stops.clear();
        controls.clear();
        let (blocks, rest) = text.as_chunks::<64>();
        let mut note = |(at, block): (usize, &[u8; 64])| {
            let found = Block::of(block);
            if found.controls != 0 {
                controls.push((at, found.controls));
            }
            found.stops
        };
        stops.extend(blocks.iter().enumerate().map(&mut note));
        let mut last = [b' '; 64];
        if let (Some(to), false) = (last.get_mut(..rest.len()), rest.is_empty()) {
            to.copy_from_slice(rest);
            let word = note((blocks.len(), &last));
            stops.push(word);
        }
        stops.push(0);
    }

    /// The first quote or backslash at or behind `from`.
    #[inline]
    pub(crate) fn stop(&self, from: usize) -> Option<usize> {
        self.near_stop(from).or_else(|| self.far_stop(from / 64 + 1))
    }

    /// The first quote or backslash at or behind `from`, if it is within 64 bytes.
    ///
    /// The 64 bytes lie in two blocks. Both are always looked at: most strings end within them, but a branch on
    /// whether one ends in the first block would be mispredicted.
    #[inline]
    pub(crate) fn near_stop(&self, from: usize) -> Option<usize> {
        let (at, bit) = (from / 64, from % 64);
        let [low, high] = *self.stops.get(at..)?.first_chunk::<2>()?;
        let near = low >> bit | (high << 1 << (63 - bit));
        (near != 0).then(|| from + near.trailing_zeros() as usize)
    }

    /// The first quote or backslash in a block or behind.
    #[cold]
    #[inline(never)]
    fn far_stop(&self, block: usize) -> Option<usize> {
        let behind = self.stops.get(block..)?.iter();
        let (count, word) = behind.enumerate().find(|(_, word)| **word != 0)?;
        Some((block + count) * 64 + word.trailing_zeros() as usize)
    }

    /// Whether there is a control character in a range.
    #[inline]
    pub(crate) fn has_control(&self, range: Range<usize>) -> bool {
        !self.controls.is_empty() && self.finds_control(range)
    }

    fn finds_control(&self, range: Range<usize>) -> bool {
        let first = self.controls.partition_point(|(at, _)| *at < range.start / 64);
        let behind = self.controls.get(first..).unwrap_or_default();
        let after = |(at, word): &(usize, u64)| match *at == range.start / 64 {
            true => (*at, word >> (range.start % 64) << (range.start % 64)),
            false => (*at, *word),
        };
        let place = |(at, word): (usize, u64)| at * 64 + word.trailing_zeros() as usize;
        let next = behind.iter().map(after).find(|(_, word)| *word != 0).map(place);
        next.is_some_and(|next| next < range.end)
    }
}

/// The bytes of interest in 64, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    stops: u64,
    controls: u64,
}

impl Block {
    #[inline]
    fn of(block: &[u8; 64]) -> Block {
        let (parts, _) = block.as_chunks::<16>();
        let mut stops = 0;
        let mut least = u8x16::splat(u8::MAX);
        for (at, part) in parts.iter().enumerate() {
            let bytes = u8x16::new(*part);
            let quotes = bytes.simd_eq(u8x16::splat(b'"'));
            stops |= bits(at, quotes | bytes.simd_eq(u8x16::splat(b'\\')));
            least = least.min(bytes);
        }
        // Control characters are rare, so one test for all 64 bytes comes first.
        let controls = match below_blank(least).to_bitmask() {
            0 => 0,
            _ => parts.iter().enumerate().fold(0, |controls, (at, part)| {
                controls | bits(at, below_blank(u8x16::new(*part)))
            }),
        };
        Block { stops, controls }
    }
}

#[inline]
fn below_blank(bytes: u8x16) -> u8x16 {
    bytes.min(u8x16::splat(0x1f)).simd_eq(bytes)
}

#[inline]
fn bits(at: usize, mask: u8x16) -> u64 {
    u64::from(mask.to_bitmask()) << (16 * at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn maps_what_reading_byte_by_byte_finds(
            text in prop::collection::vec(
                prop::sample::select(b"\"\\[a \n\x1f\x7f\x80\x9f\xa2\xff\0".to_vec()), 0..300),
            from in 0..300_usize,
            length in 0..200_usize,
        ) {
            let mut index = StructuralIndex::default();
            index.build(&text);
            let stop = (from..text.len()).find(|at| b"\"\\".contains(&text[*at]));
            prop_assert_eq!(index.stop(from), stop);
            let range = from.min(text.len())..(from + length).min(text.len());
            let control = text[range.clone()].iter().any(|byte| *byte < 0x20);
            prop_assert_eq!(index.has_control(range), control);
        }
    }
}
