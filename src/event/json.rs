//! Looks into the raw JSON text an event keeps (`requestParameters` and its like) without
//! building a tree for every event.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Deepest nesting followed; deeper text is passed over (a hostile record can nest without end).
const DEPTH: usize = 64;

/// Calls `each` with the dotted path and text of every scalar in `raw`, in document order.
///
/// Numbers and booleans are given as JSON writes them; `null` is passed over; array elements have
/// the path of their array. Text that is no JSON gives nothing.
pub fn leaves(raw: &str, mut each: impl FnMut(&str, &str)) {
    let mut path = String::new();
    let mut reader = serde_json::Deserializer::from_str(raw);
    // A parse error only ends the walk: what came before it has been seen.
    let _ = Walk { path: &mut path, each: &mut each, depth: 0 }.deserialize(&mut reader);
}

struct Walk<'w, F> {
    path: &'w mut String,
    each: &'w mut F,
    depth: usize,
}

impl<'de, F: FnMut(&str, &str)> DeserializeSeed<'de> for Walk<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Walk<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, v: &str) -> Result<(), E> {
        (self.each)(self.path, v);
        Ok(())
    }

    fn visit_bool<E>(self, v: bool) -> Result<(), E> {
        (self.each)(self.path, if v { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, v: i64) -> Result<(), E> {
        (self.each)(self.path, &v.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, v: u64) -> Result<(), E> {
        (self.each)(self.path, &v.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, v: f64) -> Result<(), E> {
        (self.each)(self.path, &v.to_string());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.depth >= DEPTH {
            return Err(A::Error::custom("nested too deeply"));
        }
        while seq
            .next_element_seed(Walk { path: self.path, each: self.each, depth: self.depth + 1 })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.depth >= DEPTH {
            return Err(A::Error::custom("nested too deeply"));
        }
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(&key);
            map.next_value_seed(Walk { path: self.path, each: self.each, depth: self.depth + 1 })?;
            self.path.truncate(length);
        }
        Ok(())
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
