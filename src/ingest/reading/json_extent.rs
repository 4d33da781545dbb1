//! Finds where a JSON value ends from its quotes and brackets alone: for text that no parser accepts, and for
//! values that need not be parsed.

/// How far a value reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It takes this many bytes.
    Ends(usize),
    /// The text ends first.
    Open,
    /// There is no value here.
    Broken,
}

/// The extent of the value at the start of `text`.
pub(crate) fn value(text: &str) -> Extent {
    match text.as_bytes().first() {
        None => Extent::Open,
        Some(b'"') => string(text),
        Some(b'{' | b'[') => nested(text),
        Some(b'}' | b']' | b':' | b',') => Extent::Broken,
        Some(_) => scalar(text),
    }
}

/// The extent of the string at the start of `text`, quotes included.
pub(crate) fn string(text: &str) -> Extent {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return Extent::Broken;
    }
    match string_end(bytes, 1) {
        Some(end) => Extent::Ends(end),
        None => Extent::Open,
    }
}

/// The offset behind the closing quote of a string whose inside starts at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = bytes.get(at..)?;
        let offset = memchr::memchr2(b'"', b'\\', rest)?;
        at += offset + 1;
        match rest.get(offset) {
            Some(b'"') => return Some(at),
            _ => at += 1,
        }
    }
}

fn nested(text: &str) -> Extent {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => match string_end(bytes, at) {
                Some(end) => at = end,
                None => return Extent::Open,
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Extent::Ends(at);
                }
            }
            _ => {}
        }
    }
    Extent::Open
}

fn scalar(text: &str) -> Extent {
    let ends = |b: u8| b.is_ascii_whitespace() || matches!(b, b',' | b'}' | b']' | b'{' | b'[');
    match text.bytes().position(ends) {
        Some(end) => Extent::Ends(end),
        None => Extent::Open,
    }
}

/// Where the next record as CloudTrail writes it starts in `text`.
///
/// `{"eventVersion"` cannot stand inside a JSON string, where its quotes would be escaped, so even
/// in damaged text this is the start of an object.
pub(crate) fn next_record(text: &str) -> Option<usize> {
    memchr::memmem::find(text.as_bytes(), RECORD)
}

/// Whether a record as CloudTrail writes it starts here.
pub(crate) fn is_record(text: &str) -> bool {
    text.as_bytes().starts_with(RECORD)
}

const RECORD: &[u8] = b"{\"eventVersion\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_where_values_end() {
        for (text, want) in [
            (r#""a\"b" x"#, Extent::Ends(6)),
            (r#"{"a":"}"},"#, Extent::Ends(9)),
            ("[1,[2]] ", Extent::Ends(7)),
            ("true,", Extent::Ends(4)),
            ("12", Extent::Open),
            ("{\"a", Extent::Open),
            ("}", Extent::Broken),
            ("", Extent::Open),
        ] {
            assert_eq!(value(text), want, "{text}");
        }
        assert_eq!(value(&"[".repeat(1_000_000)), Extent::Open);
    }
}
