//! What every text goes through on its way into the page: markup becomes text, and characters that
//! cannot be seen or that reorder their neighbours become visible. The templates escape with
//! [`Visible`] by themselves, so no place can forget it.

use std::fmt::{self, Write};

use crate::wording::shell::is_invisible;

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

/// The text as it stands between tags, never in an attribute: as the templates would write it, but
/// with its quotes, of which documents are full.
pub(super) fn between_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        // Writing into a String does not fail.
        let _ = match letter {
            '"' | '\'' => out.write_char(letter),
            _ => write_letter(&mut out, letter),
        };
    }
    out
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

/// What cannot be seen or turns the writing direction, but for the ends of lines and tabs.
fn hidden(letter: char) -> bool {
    is_invisible(letter) && !matches!(letter, '\n' | '\t')
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
        fn what_stands_between_tags_can_open_none_and_differs_in_quotes_alone(text: String) {
            let out = between_tags(&text);
            prop_assert!(!out.contains(['<', '>']));
            prop_assert!(!out.chars().any(hidden));
            prop_assert_eq!(out.replace('"', "&quot;").replace('\'', "&#39;"), escaped(&text));
        }
    }
}
