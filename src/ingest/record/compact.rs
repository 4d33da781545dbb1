//! JSON without the white space that tools put between its parts, so that a file somebody made
//! readable gives the same events as the one CloudTrail delivered.

use std::borrow::Cow;

/// The text without white space outside strings, and with plain slashes where a tool escaped them
/// (pandas, PHP). It is borrowed where nothing changes. Only the first name is checked for white space:
/// tools that spread JSON out do so throughout.
pub(crate) fn compact(text: &str) -> Cow<'_, str> {
    let text = match is_spread(text.as_bytes()) {
        true => Cow::Owned(without_blanks(text)),
        false => Cow::Borrowed(text),
    };
    match memchr::memmem::find(text.as_bytes(), b"\\/") {
        Some(_) => Cow::Owned(with_plain_slashes(&text)),
        None => text,
    }
}

fn with_plain_slashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some('/')) => {}
            ('\\', Some(escaped)) => {
                plain.extend([c, escaped]);
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}

fn is_spread(text: &[u8]) -> bool {
    if text.get(1).is_some_and(u8::is_ascii_whitespace) {
        return true;
    }
    let name = memchr::memmem::find(text, b"\":");
    let after = |at: usize| text.get(at + 2).is_some_and(u8::is_ascii_whitespace);
    name.is_some_and(after)
}

fn without_blanks(text: &str) -> String {
    let mut inside = false;
    let mut escaped = false;
    let keep = |c: &char| {
        let blank = !inside && c.is_ascii_whitespace();
        if inside {
            inside = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
        } else {
            inside = *c == '"';
        }
        !blank
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_inside_strings() {
        for (spread, want) in [
            ("{ \"a b\" : [ 1 , \"x \\\" y\" ] }", "{\"a b\":[1,\"x \\\" y\"]}"),
            ("{\"a\": \"b c\\\\\", \"d\": { }}", "{\"a\":\"b c\\\\\",\"d\":{}}"),
            ("[\n 1\n]", "[1]"),
            ("{\"a\":\"b: c\"}", "{\"a\":\"b: c\"}"),
            ("{}", "{}"),
            ("null", "null"),
            (r#"{"a":"b\/c\\/d\"\/"}"#, r#"{"a":"b/c\\/d\"/"}"#),
        ] {
            assert_eq!(compact(spread), want);
        }
        assert!(matches!(compact("{\"a\":\"b: c\"}"), Cow::Borrowed(_)));
    }
}
