//! Looks into the raw JSON text an event keeps (`requestParameters` and its like) without
//! building a tree for every event.

use std::borrow::Cow;

/// Deepest nesting followed; deeper text is passed over (a hostile record can nest without end).
const DEPTH: usize = 64;

/// Calls `each` with the dotted path and text of every scalar in `raw`, in document order.
///
/// Numbers and booleans are given as JSON writes them; `null` is passed over; array elements have
/// the path of their array. Text that is no JSON gives nothing more from the damage on.
pub fn leaves(raw: &str, mut each: impl FnMut(&str, &str)) {
    let mut walk = Walk { raw, at: 0, path: String::new() };
    // Damage only ends the walk: what came before it has been seen.
    let _ = walk.value(0, &mut each);
}

/// A walk over JSON text. Every event of an export may be asked for its leaves, so nothing is
/// allocated but the path, and a text with escapes.
struct Walk<'r> {
    raw: &'r str,
    at: usize,
    path: String,
}

impl<'r> Walk<'r> {
    fn next(&mut self) -> Option<u8> {
        let bytes = self.raw.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// One value; `None` at damage.
    fn value(&mut self, depth: usize, each: &mut impl FnMut(&str, &str)) -> Option<()> {
        match self.next()? {
            b'"' => {
                let text = self.string()?;
                each(&self.path, &text);
                Some(())
            }
            b'{' => self.object(depth, each),
            b'[' => self.array(depth, each),
            _ => {
                let word = self.word()?;
                if word != "null" {
                    each(&self.path, word);
                }
                Some(())
            }
        }
    }

    fn object(&mut self, depth: usize, each: &mut impl FnMut(&str, &str)) -> Option<()> {
        if depth >= DEPTH {
            return None;
        }
        self.at += 1;
        if self.next()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            if self.next()? != b'"' {
                return None;
            }
            let name = self.string()?;
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&name);
            if self.next()? != b':' {
                return None;
            }
            self.at += 1;
            self.value(depth + 1, each)?;
            self.path.truncate(length);
            match self.next()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn array(&mut self, depth: usize, each: &mut impl FnMut(&str, &str)) -> Option<()> {
        if depth >= DEPTH {
            return None;
        }
        self.at += 1;
        if self.next()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.value(depth + 1, each)?;
            match self.next()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A text; the walk stands on its opening quote.
    fn string(&mut self) -> Option<Cow<'r, str>> {
        let from = self.at;
        let rest = self.raw.as_bytes().get(from + 1..)?;
        let mut seen = 0;
        let mut plain = true;
        loop {
            let hit = memchr::memchr2(b'"', b'\\', rest.get(seen..)?)?;
            seen += hit;
            if rest.get(seen) == Some(&b'"') {
                break;
            }
            plain = false;
            seen += 2;
        }
        self.at = from + seen + 2;
        if plain {
            return self.raw.get(from + 1..from + 1 + seen).map(Cow::Borrowed);
        }
        serde_json::from_str(self.raw.get(from..self.at)?).ok().map(Cow::Owned)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<&'r str> {
        let from = self.at;
        let rest = self.raw.as_bytes().get(from..)?;
        let in_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
        let length = rest.iter().position(|b| !in_word(b)).unwrap_or(rest.len());
        self.at += length;
        let word = self.raw.get(from..from + length)?;
        let number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        (number || matches!(word, "true" | "false" | "null")).then_some(word)
    }
}

/// The first scalar whose dotted path equals `path`, ignoring letter case.
pub fn find(raw: &str, path: &str) -> Option<String> {
    let mut found = None;
    leaves(raw, |at, value| {
        if found.is_none() && at.eq_ignore_ascii_case(path) {
            found = Some(value.to_owned());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_every_scalar_with_its_path() {
        let mut seen = Vec::new();
        leaves(r#"{"a":{"b":[1,{"c":"x"}],"d":null},"e":true,"f":1.5}"#, |p, v| {
            seen.push(format!("{p}={v}"))
        });
        assert_eq!(seen, ["a.b=1", "a.b.c=x", "e=true", "f=1.5"]);
        assert_eq!(find(r#"{"keyId":"k"}"#, "keyid").as_deref(), Some("k"));
    }

    #[test]
    fn damage_and_depth_end_the_walk_quietly() {
        let mut seen = 0;
        leaves("{\"a\":1,", |_, _| seen += 1);
        assert_eq!(seen, 1);
        leaves(&"[".repeat(100_000), |_, _| seen += 1);
        assert_eq!(seen, 1);
    }
}
