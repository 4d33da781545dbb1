//! `responseElements` without what must not be kept: under `credentials` only the access key id and
//! the expiration stay, and secrets under those names go wherever they stand.
//!
//! Every `AssumeRole` has some, so the text is rewritten without being parsed where that can be done.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::Value;

use super::extent::{self, Extent};

/// Whether there may be something to leave out.
pub(super) fn mentioned(text: &str) -> bool {
    NAMES.iter().any(|name| name.find(text.as_bytes()).is_some())
}

/// Without the first letter, which is a capital in some services' answers.
static NAMES: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| {
    [Finder::new("essionToken"), Finder::new("ecretAccessKey"), Finder::new("redentials")]
});

/// The text without secrets.
pub(super) fn without(text: &str) -> Option<String> {
    let mut rest = Rest { text, out: String::with_capacity(text.len()) };
    match rest.value(Names::All, 0) {
        Some(()) if rest.text.is_empty() => Some(rest.out),
        _ => parsed(text),
    }
}

fn is_secret(name: &str) -> bool {
    ["sessionToken", "secretAccessKey"].iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

fn is_harmless(name: &str) -> bool {
    ["accessKeyId", "expiration"].iter().any(|harmless| name.eq_ignore_ascii_case(harmless))
}

fn holds_secrets(name: &str) -> bool {
    name.eq_ignore_ascii_case("credentials")
}

/// Which members of an object stay.
#[derive(Debug, Clone, Copy)]
enum Names {
    /// All that are no secrets.
    All,
    /// Only those that are known to be harmless.
    Harmless,
}

/// Deeper nesting is for the parser, which has its own bound.
const DEPTH: usize = 64;

/// What is left of compact JSON, and what was copied of it. Whatever is unusual, from a blank to an
/// escape in a name, ends the walk with `None`.
struct Rest<'t> {
    text: &'t str,
    out: String,
}

impl<'t> Rest<'t> {
    fn value(&mut self, names: Names, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match self.text.as_bytes().first()? {
            b'{' => self.object(names, depth),
            b'[' => self.array(depth),
            _ => {
                let value = self.cut()?;
                self.out.push_str(value);
                Some(())
            }
        }
    }

    fn object(&mut self, names: Names, depth: usize) -> Option<()> {
        self.copy('{')?;
        if self.copy('}').is_some() {
            return Some(());
        }
        let mut first = true;
        loop {
            let name = self.cut()?;
            let bare = name.strip_prefix('"')?.strip_suffix('"').filter(|n| !n.contains('\\'))?;
            self.text = self.text.strip_prefix(':')?;
            let stays = match names {
                Names::All => !is_secret(bare),
                Names::Harmless => is_harmless(bare),
            };
            if stays {
                self.out.push_str(if first { "" } else { "," });
                first = false;
                self.out.push_str(name);
                self.out.push(':');
                let below = if holds_secrets(bare) { Names::Harmless } else { Names::All };
                self.value(below, depth + 1)?;
            } else {
                self.cut()?;
            }
            match self.text.strip_prefix(',') {
                Some(rest) => self.text = rest,
                None => return self.copy('}'),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.copy('[')?;
        if self.copy(']').is_some() {
            return Some(());
        }
        loop {
            self.value(Names::All, depth + 1)?;
            if self.copy(',').is_none() {
                return self.copy(']');
            }
        }
    }

    fn copy(&mut self, letter: char) -> Option<()> {
        self.text = self.text.strip_prefix(letter)?;
        self.out.push(letter);
        Some(())
    }

    /// Takes a value away.
    fn cut(&mut self) -> Option<&'t str> {
        let Extent::Ends(length) = extent::value(self.text) else { return None };
        let (value, rest) = self.text.split_at_checked(length)?;
        self.text = rest;
        Some(value)
    }
}

/// The same by way of the parser. Text too deeply nested for it is dropped rather than kept with its
/// secrets.
fn parsed(text: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    strip(&mut value);
    serde_json::to_string(&value).ok()
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !is_secret(name));
            for (name, member) in members.iter_mut() {
                if let (true, Value::Object(inside)) = (holds_secrets(name), &mut *member) {
                    inside.retain(|name, _| is_harmless(name));
                }
                strip(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = select(vec![json!(null), json!(1), json!("a \"b\" }"), json!(""), json!("\\")]);
        let name = select(vec![
            "credentials",
            "Credentials",
            "sessionToken",
            "SecretAccessKey",
            "accessKeyId",
            "expiration",
            "x",
            "é",
            "a\"b",
        ]);
        leaf.prop_recursive(5, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((name.clone(), inner), 0..5).prop_map(|members| {
                    Value::Object(members.into_iter().map(|(n, v)| (n.to_owned(), v)).collect())
                }),
            ]
        })
    }

    proptest! {
        /// With and without the parser, compact or not, the same stays.
        #[test]
        fn both_ways_leave_the_same(value in values()) {
            let compact = value.to_string();
            prop_assert_eq!(without(&compact), parsed(&compact));
            let spread = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(without(&spread), parsed(&compact));
        }
    }

    #[test]
    fn keeps_the_key_id_and_nothing_secret() {
        let text = r#"{"credentials":{"accessKeyId":"ASIA","sessionToken":"s","other":"o","expiration":"e"},"SessionToken":"t","n":{"secretAccessKey":"k","a":[1.50]}}"#;
        let want = r#"{"credentials":{"accessKeyId":"ASIA","expiration":"e"},"n":{"a":[1.50]}}"#;
        assert_eq!(without(text).as_deref(), Some(want));
        assert_eq!(without(&"[".repeat(1_000)), None);
        assert_eq!(without("{\"credentials\":{\"sessionToken\":\"s\"}} x"), None);
    }
}
