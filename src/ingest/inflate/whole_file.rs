//! Inflates a small gzip file in one call, with a library that is faster but knows no streams and gives nothing
//! of damaged text. Any file but one sound member is inflated piece by piece (module `stream`).

use std::fmt;

use libdeflater::Decompressor;

use crate::ingest::inflate::caps::Caps;
use crate::ingest::inflate::gzip::{self, Header};
use crate::ingest::inflate::read_ahead::ReadAhead;
use crate::ingest::inflate::window::Window;

/// A larger file is inflated piece by piece.
const LARGEST_STORED: usize = 1 << 20;

/// A larger text is inflated piece by piece.
pub(crate) const LARGEST: usize = 4 << 20;

/// The most bytes that deflate gives for one: 258 for two codes of a bit each.
const MOST_FOR_ONE: usize = 1032;

/// The decoder.
#[derive(Default)]
pub(crate) struct WholeFile(Decompressor);

impl fmt::Debug for WholeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WholeFile")
    }
}

/// A file that was inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inflated {
    pub(crate) stored: usize,
    pub(crate) given: usize,
}

impl WholeFile {
    /// Inflates a file into the window if all of it is one sound member. Otherwise the window is unchanged, and
    /// what was read of the file can be read again.
    pub(crate) fn inflate(
        &mut self,
        file: &mut ReadAhead<'_>,
        window: &mut Window,
        caps: Caps,
    ) -> Option<Inflated> {
        if !file.gather(gzip::MAGIC.len()).starts_with(&gzip::MAGIC) {
            return None;
        }
        file.gather(LARGEST_STORED + 1);
        let stored = file.all().filter(|stored| stored.len() <= LARGEST_STORED)?;
        let given = claimed_length(stored).filter(|length| {
            let plausible = LARGEST.min(stored.len().saturating_mul(MOST_FOR_ONE));
            (1..=plausible).contains(length) && *length as u64 <= caps.bytes
        })?;
        let free = window.room(given).get_mut(..given)?;
        // The library compares the length and the checksum of the member.
        if self.0.gzip_decompress(stored, free).ok()? != given {
            return None;
        }
        let done = Inflated { stored: stored.len(), given };
        window.filled(given);
        file.clear();
        Some(done)
    }
}

/// The inflated length that a file of a single member claims; `None` where it may hold more than one.
///
/// The decoder does not say where a member ended. A member ends with its length, so if the four bytes of the
/// length occur only at the end of the file, the member ends there.
fn claimed_length(file: &[u8]) -> Option<usize> {
    let Header::Ends(_) = gzip::header(file) else { return None };
    let length = file.last_chunk::<4>()?;
    let (_, before) = file.split_last()?;
    if memchr::memmem::find(before, length).is_some() {
        return None;
    }
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use proptest::test_runner::Config;

    use super::*;
    use crate::ingest::inflate::stream::{Bytes, Damage, Inflate};

    /// What reading a file gives: its text, bytes stored and given, and what damage was met.
    type Outcome = (Vec<u8>, u64, u64, Option<Damage>);

    fn outcome(mut bytes: Bytes<'_>, step: usize) -> Outcome {
        let (mut window, mut text) = (Window::default(), Vec::new());
        loop {
            let more = bytes.fill(&mut window, step);
            text.extend_from_slice(window.bytes());
            window.clear();
            if !more {
                return (text, bytes.stored(), bytes.given(), bytes.damage().cloned());
            }
        }
    }

    /// What both ways give of a file, and whether it was inflated at once.
    fn both(file: &[u8], caps: Caps) -> ([Outcome; 2], bool) {
        let mut inflate = Inflate::default();
        let whole_file = outcome(inflate.open(&mut &*file, caps), 1 << 12);
        let in_pieces = outcome(inflate.open(&mut &*file, caps).in_pieces(), 1 << 12);
        let mut window = Window::default();
        let done = {
            let (mut source, mut ahead) = (file, Window::default());
            let mut ahead = ReadAhead::new(&mut source, &mut ahead);
            WholeFile::default().inflate(&mut ahead, &mut window, caps)
        };
        assert_eq!(done.is_some(), window.len() > 0);
        ([whole_file, in_pieces], done.is_some())
    }

    fn member(text: &[u8]) -> Vec<u8> {
        let mut file = GzEncoder::new(Vec::new(), Compression::fast());
        file.write_all(text).unwrap();
        file.finish().unwrap()
    }

    /// Says whether the file is inflated at once, having seen that both ways give the same. Of a file
    /// whose damage changed nothing (a length for a code that no byte has, say) the decoder for whole
    /// files may give more: all of it, as the checksum says.
    fn goes_whole(file: &[u8], caps: Caps) -> bool {
        let ([whole_file, in_pieces], done) = both(file, caps);
        if done && in_pieces.3.is_some() {
            assert_eq!(
                gzip::checksum(&file[file.len() - 8..]),
                Some(libdeflater::crc32(&whole_file.0))
            );
            assert!(whole_file.0.starts_with(&in_pieces.0), "the texts differ");
            return true;
        }
        assert!(whole_file.0 == in_pieces.0, "the texts differ");
        assert_eq!(
            (whole_file.1, whole_file.2, whole_file.3),
            (in_pieces.1, in_pieces.2, in_pieces.3)
        );
        done
    }

    #[test]
    fn only_one_sound_member_is_inflated_at_once() {
        let caps = Caps::default();
        let one = member(b"{\"Records\":[]}");
        let with = |end: &[u8]| [&one, end].concat();
        let length = &one[one.len() - 4..].to_owned();
        let mut lying = one.clone();
        lying[one.len() - 4] += 1;
        let mut damaged = one.clone();
        damaged[one.len() - 8] ^= 1;
        assert!(goes_whole(&one, caps));
        for other in [
            with(&one),
            with(&member(b"other")),
            with(&member(b"")),
            with(b"garbage"),
            with(&[0; 7]),
            with(length),
            with(&[&one[one.len() - 8..], length].concat()),
            lying,
            damaged,
            one[..one.len() - 1].to_vec(),
            one[..7].to_vec(),
            member(b""),
            b"plain".to_vec(),
            Vec::new(),
        ] {
            assert!(!goes_whole(&other, caps), "{:?}", other.get(..40));
        }
        // The length and what follows it look like one length: 0, 1, 1, 0, and 1, 1, 0.
        let odd = member(&vec![b'x'; 0x01_01_00]);
        assert!(goes_whole(&odd, caps));
        assert!(!goes_whole(&[&odd[..], &[1, 1, 0]].concat(), caps));
    }

    #[test]
    fn caps_hold_and_what_is_large_goes_in_pieces() {
        let text = vec![b'x'; 3_000];
        let file = member(&text);
        let caps = |bytes| Caps { bytes, ..Caps::default() };
        assert!(goes_whole(&file, caps(3_000)));
        assert!(!goes_whole(&file, caps(2_999)));
        let ([stopped, _], _) = both(&file, caps(2_999));
        assert!(stopped.3.is_some());
        assert!(goes_whole(&member(&vec![b'x'; LARGEST]), Caps::default()));
        assert!(!goes_whole(&member(&vec![b'x'; LARGEST + 1]), Caps::default()));
        let stored = |bytes: usize| {
            let mut file = GzEncoder::new(Vec::new(), Compression::none());
            file.write_all(&vec![b'x'; bytes]).unwrap();
            file.finish().unwrap()
        };
        assert!(goes_whole(&stored(LARGEST_STORED - 1_000), Caps::default()));
        assert!(!goes_whole(&stored(LARGEST_STORED), Caps::default()));
        // A bomb claims little, or so much that it is not believed.
        let mut bomb = member(&vec![0; 70 << 20]);
        assert!(!goes_whole(&bomb, Caps::default()));
        let end = bomb.len() - 4;
        bomb[end..].copy_from_slice(&1_000_000_u32.to_le_bytes());
        assert!(!goes_whole(&bomb, Caps::default()));
    }

    fn change() -> impl Strategy<Value = (u8, Index, u8)> {
        (0..4_u8, any::<Index>(), any::<u8>())
    }

    proptest! {
        #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

        /// Of random members, several or one, whole or damaged, both ways give the same.
        #[test]
        fn both_ways_give_the_same(
            texts in prop::collection::vec(prop::collection::vec(0..4_u8, 0..400), 1..3),
            twice in any::<bool>(),
            changes in prop::collection::vec(change(), 0..3),
            near_end in any::<bool>(),
        ) {
            let mut file: Vec<u8> = texts.iter().flat_map(|text| member(text)).collect();
            if twice {
                file.extend(file.clone());
            }
            for (what, place, byte) in changes {
                let span = if near_end { file.len().min(12) } else { file.len() };
                let at = file.len() - 1 - place.index(span.max(1));
                match what {
                    0 => file[at] = byte,
                    1 => file.insert(at, byte),
                    2 => drop(file.remove(at)),
                    _ => file.truncate(at.max(4)),
                }
            }
            goes_whole(&file, Caps::default());
        }

        /// Of a damaged file that takes several readings, too, and no more of it is read.
        #[test]
        fn damage_in_a_larger_file_is_the_same(seed in any::<u32>(), place in any::<Index>()) {
            let mut state = u64::from(seed);
            let text: Vec<u8> = (0..60_000)
                .flat_map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    state.to_be_bytes()
                })
                .collect();
            let mut file = member(&text);
            let at = place.index(file.len());
            file[at] ^= 0x10;
            goes_whole(&file, Caps::default());
        }
    }
}
