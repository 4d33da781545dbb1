//! Text in base64, compressed or not, as CloudWatch Logs, Kinesis and Firehose deliver records
//! (CloudWatch Logs user guide, "Subscription filters": `awslogs.data`; Lambda developer guide,
//! "Kinesis": `kinesis.data`).

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use crate::ingest::inflate::gzip;

/// Far above any payload of these services: Lambda takes 6 MB, Kinesis 10 MB.
const LARGEST: u64 = 64 << 20;

/// The first characters of base64 of gzip, of a JSON object and of a JSON array.
const STARTS: &[&str] = &["H4sI", "eyJ", "eyA", "ewo", "ew0", "W3s", "WyB", "Wwo"];

/// Whether the text may be an encoded one.
pub(crate) fn begins(text: &str) -> bool {
    STARTS.iter().any(|start| text.starts_with(start))
}

/// The text inside; `None` when there is none.
pub(crate) fn text(encoded: &str) -> Option<String> {
    if !begins(encoded) {
        return None;
    }
    let bytes = decode(encoded)?;
    if !bytes.starts_with(&gzip::MAGIC) {
        return String::from_utf8(bytes).ok();
    }
    let mut text = String::new();
    // What was inflated before damage is kept.
    let read = MultiGzDecoder::new(bytes.as_slice()).take(LARGEST).read_to_string(&mut text);
    (read.is_ok() || !text.is_empty()).then_some(text)
}

/// Decodes both alphabets of RFC 4648; padding and line ends are skipped.
fn decode(encoded: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in encoded.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' | b'\r' | b'\n' => continue,
            _ => return None,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_encoded() {
        assert_eq!(text("eyJhIjoxfQ==").as_deref(), Some("{\"a\":1}"));
        assert_eq!(text("eyJhIjoiw7w_In0").as_deref(), Some("{\"a\":\"ü?\"}"));
        for other in ["", "plain text", "eyJ.eyJ.x", "H4sIAAAA", "eyJ\u{e9}"] {
            assert_eq!(text(other), None, "{other}");
        }
    }
}
