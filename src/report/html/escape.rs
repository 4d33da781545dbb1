//! What every text goes through on its way into the page: markup becomes text, and characters that
//! cannot be seen or that reorder their neighbours become visible. The templates escape with
//! [`Visible`] by themselves, so no place can forget it.

use std::fmt::{self, Write};

/// Askama's escaper for the report.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visible;

impl askama::filters::Escaper for Visible {
    fn write_escaped_str<W: Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        string.chars().try_for_each(|letter| write_letter(&mut dest, letter))
    }
}

fn write_letter<W: Write>(dest: &mut W, letter: char) -> fmt::Result {
    match letter {
        '<' => dest.write_str("&lt;"),
        '>' => dest.write_str("&gt;"),
        '&' => dest.write_str("&amp;"),
        '"' => dest.write_str("&quot;"),
        '\'' => dest.write_str("&#39;"),
        _ if hidden(letter) => write!(dest, "‹U+{:04X}›", u32::from(letter)),
        _ => dest.write_char(letter),
    }
}

/// The text with hidden characters spelled out, not yet escaped: what the reader will see, for
/// measuring it.
pub(super) fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for letter in text.chars() {
        if hidden(letter) {
            seen.push_str(&format!("‹U+{:04X}›", u32::from(letter)));
        } else {
            seen.push(letter);
        }
    }
    seen
}

/// JSON with hidden characters as `\u` escapes: it reads the same, and what is copied from the page
/// is still the same document.
pub(super) fn visible_json(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for letter in text.chars() {
        if hidden(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                seen.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            seen.push(letter);
        }
    }
    seen
}

/// Controls other than line feed and tab, bidirectional controls (Unicode Standard Annex 9),
/// characters without a width, and those that Unicode sets aside.
fn hidden(letter: char) -> bool {
    if letter.is_control() {
        return !matches!(letter, '\n' | '\t');
    }
    matches!(
        u32::from(letter),
        0x00AD
            | 0x034F
            | 0x061C
            | 0x115F
            | 0x1160
            | 0x17B4
            | 0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200F
            | 0x2028..=0x202E
            | 0x2060..=0x206F
            | 0x3164
            | 0xFEFF
            | 0xFFA0
            | 0xFFF0..=0xFFFB
            | 0xFFFE
            | 0xFFFF
            | 0xE0000..=0xE0FFF
    )
}

#[cfg(test)]
mod tests {
    use askama::filters::Escaper;
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Visible.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn markup_and_hidden_characters_become_text() {
        let cases = [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload='x", "&quot; onload=&#39;x"),
            ("a\u{202e}b", "a‹U+202E›b"),
            ("\u{1b}[31mred", "‹U+001B›[31mred"),
            ("one\r\ntwo\tthree", "one‹U+000D›\ntwo\tthree"),
            ("日本語 café", "日本語 café"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_escaped_can_open_a_tag_leave_an_attribute_or_turn_text_around(text: String) {
            let out = escaped(&text);
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            prop_assert!(!out.chars().any(hidden));
        }

        #[test]
        fn json_reads_the_same_with_hidden_characters_escaped(text: String) {
            let json = serde_json::Value::String(format!("{text}\u{202e}\u{e0041}")).to_string();
            let seen = visible_json(&json);
            prop_assert!(!seen.chars().any(hidden));
            let (before, after): (serde_json::Value, serde_json::Value) =
                (serde_json::from_str(&json).unwrap(), serde_json::from_str(&seen).unwrap());
            prop_assert_eq!(before, after);
        }
    }
}
