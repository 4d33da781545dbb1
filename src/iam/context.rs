//! The request context: the condition keys of a request, each known, absent, or unknown.
//!
//! CloudTrail records few of the keys that AWS evaluated, so a context says of every key that it
//! does not mention whether that means absent (a complete context, as `simulate` gets) or unknown
//! (a context read from a log).

use std::collections::BTreeMap;
use std::ops::Bound;

/// The value of a key that is present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// A single-valued key.
    One(String),
    /// A multivalued key (IAM User Guide, Multivalued context keys).
    Many(Vec<String>),
}

impl Values {
    /// All values, one or many.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Many(values) => values,
        }
    }

    /// Whether the key resolves to an empty set. The guide counts an empty string as one
    /// ("if the key values resolve to an empty data set (for example, an empty string)").
    pub fn is_empty_set(&self) -> bool {
        self.as_slice().iter().all(String::is_empty)
    }
}

impl From<&str> for Values {
    fn from(value: &str) -> Values {
        Values::One(value.to_owned())
    }
}

impl From<String> for Values {
    fn from(value: String) -> Values {
        Values::One(value)
    }
}

impl From<bool> for Values {
    fn from(value: bool) -> Values {
        Values::One(value.to_string())
    }
}

impl From<Vec<String>> for Values {
    fn from(values: Vec<String>) -> Values {
        Values::Many(values)
    }
}

/// What is known of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextValue<'a> {
    /// Present with this value.
    Known(&'a Values),
    /// Not in the request.
    Absent,
    /// Perhaps present, perhaps not; its value is not known.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Known { name: String, values: Values },
    Absent,
    Unknown,
}

/// What a key means that the context does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unmentioned {
    Absent,
    Unknown,
}

/// The condition keys of one request. Key names compare without case, tag keys too (IAM User
/// Guide, IAM JSON policy elements: Condition).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    entries: BTreeMap<Box<str>, Entry>,
    complete_families: Vec<Box<str>>,
    unmentioned: Unmentioned,
}

impl Context {
    /// A context in which a key that is not mentioned is absent.
    pub fn complete() -> Context {
        Context::new(Unmentioned::Absent)
    }

    /// A context in which a key that is not mentioned is unknown.
    pub fn partial() -> Context {
        Context::new(Unmentioned::Unknown)
    }

    fn new(unmentioned: Unmentioned) -> Context {
        Context { entries: BTreeMap::new(), complete_families: Vec::new(), unmentioned }
    }

    /// Says that `key` is present with this value.
    pub fn insert(&mut self, key: &str, values: impl Into<Values>) -> &mut Context {
        let entry = Entry::Known { name: key.to_owned(), values: values.into() };
        self.entries.insert(fold(key), entry);
        self
    }

    /// Says that `key` is not in the request.
    pub fn mark_absent(&mut self, key: &str) -> &mut Context {
        self.entries.insert(fold(key), Entry::Absent);
        self
    }

    /// Says that nothing is known of `key`.
    pub fn mark_unknown(&mut self, key: &str) -> &mut Context {
        self.entries.insert(fold(key), Entry::Unknown);
        self
    }

    /// Says that of the keys that start with `prefix` (`kms:EncryptionContext:`, `aws:RequestTag/`)
    /// all that are present have been inserted, so that any other is absent.
    pub fn mark_family_complete(&mut self, prefix: &str) -> &mut Context {
        self.complete_families.push(fold(prefix));
        self
    }

    /// What is known of `key`.
    pub fn get(&self, key: &str) -> ContextValue<'_> {
        self.get_folded(&fold(key))
    }

    /// As [`Context::get`], for a name that is in lower case already. A key without any value is
    /// absent.
    pub(super) fn get_folded(&self, key: &str) -> ContextValue<'_> {
        match self.entries.get(key) {
            Some(Entry::Known { values, .. }) if values.as_slice().is_empty() => {
                ContextValue::Absent
            }
            Some(Entry::Known { values, .. }) => ContextValue::Known(values),
            Some(Entry::Absent) => ContextValue::Absent,
            Some(Entry::Unknown) => ContextValue::Unknown,
            None if self.is_family_complete(key) => ContextValue::Absent,
            None => ContextValue::Unknown,
        }
    }

    /// The keys known to be present that start with `prefix` (in lower case), by the name they
    /// were given, with their values.
    pub(super) fn family(&self, prefix: &str) -> impl Iterator<Item = (&str, &Values)> {
        self.entries
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter_map(|(_, entry)| match entry {
                Entry::Known { name, values } => Some((name.as_str(), values)),
                Entry::Absent | Entry::Unknown => None,
            })
    }

    /// Whether every key that starts with `prefix` (in lower case) is known or known to be absent.
    pub(super) fn is_family_complete(&self, prefix: &str) -> bool {
        self.unmentioned == Unmentioned::Absent
            || self.complete_families.iter().any(|family| prefix.starts_with(family.as_ref()))
    }

    /// The keys known to be present, by the name they were given, in a fixed order.
    pub fn known(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.family("")
    }
}

impl Default for Context {
    fn default() -> Context {
        Context::complete()
    }
}

/// The form in which key names compare.
pub(super) fn fold(key: &str) -> Box<str> {
    key.to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::{Context, ContextValue, Values};

    #[test]
    fn a_key_that_is_not_mentioned_is_absent_or_unknown_as_the_context_says() {
        assert_eq!(Context::complete().get("aws:SourceIp"), ContextValue::Absent);
        let mut partial = Context::partial();
        assert_eq!(partial.get("aws:SourceIp"), ContextValue::Unknown);
        partial.mark_absent("AWS:sourceip").mark_family_complete("aws:RequestTag/");
        assert_eq!(partial.get("aws:SourceIp"), ContextValue::Absent);
        assert_eq!(partial.get("aws:requesttag/team"), ContextValue::Absent);
        assert_eq!(partial.get("aws:ResourceTag/team"), ContextValue::Unknown);
    }

    #[test]
    fn names_compare_without_case_and_an_empty_list_is_absent() {
        let mut context = Context::partial();
        context.insert("aws:ResourceTag/TagKey1", "v").insert("aws:TagKeys", Vec::new());
        assert_eq!(
            context.get("AWS:resourcetag/tagkey1"),
            ContextValue::Known(&Values::One("v".into()))
        );
        assert_eq!(context.get("aws:TagKeys"), ContextValue::Absent);
    }
}
