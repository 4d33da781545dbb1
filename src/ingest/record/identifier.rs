//! The number that identifies a record. Records are compared far more often than they are read, and
//! numbers compare faster than texts.
//!
//! An `eventID` alone does not identify a record: people mask ids, or write the same one everywhere, before
//! they share an export, and documentation repeats them. So the number also covers what was called, when,
//! by whom, and how it ended.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::event::{Event, Field, Time};

/// A hash of some texts (XXH3). It is the same on every machine, because parts of an export that were read
/// on different machines are merged by it.
pub fn number<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> u64 {
    texts.into_iter().fold(0, |seed, text| match text {
        Some(text) => xxh3_64_with_seed(text.as_bytes(), seed),
        None => mix(seed, u64::MAX),
    })
}

/// Hashes two numbers into one.
fn mix(one: u64, other: u64) -> u64 {
    let mut bytes = [0_u8; 16];
    let (head, tail) = bytes.split_at_mut(8);
    head.copy_from_slice(&one.to_le_bytes());
    tail.copy_from_slice(&other.to_le_bytes());
    xxh3_64(&bytes)
}

/// Identifies a record: by its `eventID` (a GUID as the number it is, any other text as a hash of 128 bits)
/// and by a hash of the content that all copies of a record share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identifier {
    // Two halves, because a `u128` would have to be aligned to 16 bytes.
    high: u64,
    low: u64,
    content: u64,
    /// Whether it is a GUID in lower case, so that numbers have the order of their texts.
    pub(crate) ordered: bool,
}

impl Identifier {
    /// The identifier of an event.
    pub(crate) fn of_event(event: &Event) -> Identifier {
        let get = |field| event.get(field);
        let content =
            content(get, event.time).unwrap_or_else(|| content_without_request_id(get, event.time));
        Identifier { content, ..Identifier::of(event.id()) }
    }

    /// Of a record from its plain members; `None` where they do not distinguish it from other calls, so that
    /// the whole event has to be made. `id` is its `eventID`.
    pub(crate) fn of_members<'r>(
        id: &str,
        get: impl Fn(Field) -> Option<&'r str>,
        time: Time,
    ) -> Option<Identifier> {
        Some(Identifier { content: content(get, time)?, ..Identifier::of(id) })
    }

    /// The identifier that an id alone gives, with nothing of the content.
    pub(crate) fn of(id: &str) -> Identifier {
        if let Some(number) = guid(id.as_bytes()) {
            return Identifier::new(number, true);
        }
        let digits = id.to_ascii_lowercase();
        match guid(digits.as_bytes()) {
            Some(number) => Identifier::new(number, false),
            None => Identifier::new(fnv(id.bytes()), false),
        }
    }

    fn new(number: u128, ordered: bool) -> Identifier {
        Identifier { high: (number >> 64) as u64, low: number as u64, content: 0, ordered }
    }

    /// The number that copies of one record share.
    pub(crate) fn number(self) -> u128 {
        u128::from(self.high ^ self.content) << 64
            | u128::from(self.low ^ self.content.rotate_left(29))
    }

    /// The number of the `eventID` alone.
    pub(crate) fn event_number(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    /// The same record under an id of another text.
    pub(crate) fn renamed(self) -> Identifier {
        Identifier { ordered: false, ..self }
    }

    /// A hash of what the record says beside its id.
    pub(crate) fn content(self) -> u64 {
        self.content
    }

    /// 64 bits of the number, evenly distributed even for ids that count up. Of ten million different
    /// ids two have the same with a probability of 3 in a million (n²/2⁶⁵).
    #[inline]
    pub(crate) fn digest(self) -> u64 {
        let number = self.number();
        // Digits of π: constants without a hidden structure.
        let high = u128::from((number >> 64) as u64 ^ 0x243f_6a88_85a3_08d3);
        let product = high * u128::from(number as u64 ^ 0x1319_8a2e_0370_7344);
        product as u64 ^ (product >> 64) as u64
    }
}

/// A hash of what all copies of a record share, whichever form of export they come from; `None` where the
/// record has no request id, because the rest may be that of another call of the same second.
fn content<'r>(get: impl Fn(Field) -> Option<&'r str>, time: Time) -> Option<u64> {
    let request = get(Field::RequestId).filter(|id| looks_like_request_id(id))?;
    Some(with_second(number(call_members(get, Some(request))), time))
}

/// The same for a record without a request id: its request and its error distinguish it from others.
fn content_without_request_id<'r>(
    get: impl Fn(Field) -> Option<&'r str> + Copy,
    time: Time,
) -> u64 {
    let asked =
        [Field::RequestParameters, Field::ServiceEventDetails, Field::ErrorMessage].map(get);
    with_second(number(call_members(get, None).into_iter().chain(asked)), time)
}

/// What was called, by whom, and how it ended.
fn call_members<'r>(
    get: impl Fn(Field) -> Option<&'r str>,
    request: Option<&'r str>,
) -> [Option<&'r str>; 5] {
    // A copy in which only the account was masked is still a copy.
    let named = |arn: &'r str| arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let caller = get(Field::Arn).map(named).or_else(|| get(Field::PrincipalId));
    let caller = caller.or_else(|| get(Field::InvokedBy));
    [get(Field::EventSource), get(Field::EventName), caller, get(Field::ErrorCode), request]
}

/// Adds the time to a hash, in whole seconds: some forms of export have fractions where others have none.
fn with_second(number: u64, time: Time) -> u64 {
    number.rotate_left(1) ^ (time.0.div_euclid(1_000) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Bytes of a request id, at least: those of S3 have 16.
const SHORTEST_REQUEST_ID: usize = 12;

/// Different letters and digits in a request id, at least: random ones have more.
const FEWEST_CHARACTERS: u32 = 6;

/// Whether a text is a request id and no mask: masks are short, or repeat a few characters.
fn looks_like_request_id(id: &str) -> bool {
    let letters = id.bytes().filter(u8::is_ascii_alphanumeric);
    let different = letters.fold(0_u64, |met, byte| met | 1 << (byte & 63));
    id.len() >= SHORTEST_REQUEST_ID
        && different.count_ones() >= FEWEST_CHARACTERS
        && id.bytes().any(|byte| byte.is_ascii_digit())
}

/// FNV-1a in 128 bits.
pub(crate) fn fnv(bytes: impl Iterator<Item = u8>) -> u128 {
    bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

/// `8-4-4-4-12` hexadecimal digits in lower case.
pub(crate) fn guid(id: &[u8]) -> Option<u128> {
    let (first, rest) = id.split_first_chunk::<8>()?;
    let (second, rest) = middle(rest)?;
    let (third, rest) = middle(rest)?;
    let last: [u8; 8] = rest.try_into().ok()?;
    let high = u64::from(hexadecimal(*first)?) << 32 | u64::from(hexadecimal(second)?);
    let low = u64::from(hexadecimal(third)?) << 32 | u64::from(hexadecimal(last)?);
    Some(u128::from(high) << 64 | u128::from(low))
}

/// `-xxxx-xxxx`: eight digits around a hyphen.
fn middle(text: &[u8]) -> Option<([u8; 8], &[u8])> {
    let (part, rest) = text.split_first_chunk::<10>()?;
    let [dash, a, b, c, d, hyphen, e, f, g, h] = *part;
    (dash == b'-' && hyphen == b'-').then_some(([a, b, c, d, e, f, g, h], rest))
}

/// The number that eight hexadecimal digits spell, read at once: one by one, this was the most expensive step of
/// finding copies.
fn hexadecimal(digits: [u8; 8]) -> Option<u32> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(digits);
    // `0`–`9` are 0x30–0x39, `a`–`f` are 0x61–0x66: letters have bit 6 set and start at ten.
    let letters = text >> 6 & EACH;
    let values = (text & (0x0f * EACH)) + letters * 9;
    // `g` to `o` make sixteen and more; of the rest, written back, only digits give the same text.
    let ten_and_more = values.wrapping_add(0x76 * EACH) >> 7 & EACH;
    let written = values.wrapping_add(0x30 * EACH).wrapping_add(ten_and_more * 0x27);
    if values & (0xf0 * EACH) != 0 || written != text {
        return None;
    }
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((fours | fours >> 16) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_guids_from_other_ids() {
        let id = Identifier::of("0123abcd-4567-89ab-cdef-fedcba987654");
        assert_eq!(id.number(), 0x0123_abcd_4567_89ab_cdef_fedc_ba98_7654);
        let upper = Identifier::of("0123ABCD-4567-89AB-CDEF-FEDCBA987654");
        assert_eq!((upper.number(), upper.ordered), (id.number(), false));
        assert_eq!(id.event_number(), id.number());
        for other in [
            "0123abcd-4567-89ab-cdef_fedcba987654",
            "0123abcg-4567-89ab-cdef-fedcba987654",
            "0123abc:-4567-89ab-cdef-fedcba987654",
            "0123abcd-4567-89ab-cdef-fedcba9876540",
            "EXAMPLE",
            "",
        ] {
            assert_eq!(Identifier::of(other).number(), fnv(other.bytes()), "{other}");
        }
        assert_ne!(Identifier::of("a"), Identifier::of("b"));
    }

    #[test]
    fn tells_request_ids_from_what_masks_them() {
        for id in [
            "0123abcd-4567-89ab-cdef-fedcba987654",
            "EXAMPLE463D56D4C",
            "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG",
            "79104EXAMPLEB723",
        ] {
            assert!(looks_like_request_id(id), "{id}");
        }
        for mask in [
            "",
            "…",
            "EXAMPLE",
            "REDACTED",
            "<request-id>",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(!looks_like_request_id(mask), "{mask}");
        }
    }

    proptest! {
        #[test]
        fn reads_eight_digits_as_the_library_does(digits in any::<[u8; 8]>(), hex in any::<bool>()) {
            let near = |d: u8| b"0123456789abcdef0123456789abcdefgoAF:/`@"[usize::from(d % 40)];
            let digits = if hex { digits.map(near) } else { digits };
            let lower = digits.iter().all(|d| matches!(d, b'0'..=b'9' | b'a'..=b'f'));
            let text = String::from_utf8_lossy(&digits).into_owned();
            let want = u32::from_str_radix(&text, 16).ok().filter(|_| lower);
            prop_assert_eq!(hexadecimal(digits), want);
        }
    }
}
