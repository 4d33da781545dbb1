//! Peels a record out of what tools wrap around it: `lookup-events`, CloudWatch Logs, EventBridge,
//! SIEM exports. Wrappers are recognised by what is inside, because their outsides are countless.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Deepest nesting of wrappers followed.
const DEPTH: usize = 8;

/// Members that only a record has: an object with one of them first is parsed as a record at once.
const RECORD_MEMBERS: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "eventID",
    "recipientAccountId",
];

/// Members that hold a whole record, as an object or as text, the most faithful copy first.
const WRAPPER_MEMBERS: &[&str] = &[
    "CloudTrailEvent",
    "eventJson",
    "detail",
    "_raw",
    "message",
    "@message",
    "original",
    "event",
    "_source",
    "result",
    "Event",
];

/// Whether only a CloudTrail record has a member of this name.
pub(super) fn is_record_member(name: &str) -> bool {
    RECORD_MEMBERS.contains(&name)
}

/// Whether a member of this name holds a record in some known export.
pub(super) fn is_wrapper_member(name: &str) -> bool {
    WRAPPER_MEMBERS.contains(&name)
}

/// The members of an object, one level deep, in their order.
#[derive(Debug)]
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The last member of that name, as JSON parsers have it.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, map.next_value::<&'de RawValue>()?));
        }
        Ok(Object(members))
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name;

impl<'de> serde::de::DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }
}

/// The elements of an array, one level deep.
struct Elements<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element::<&'de RawValue>()? {
            elements.push(element);
        }
        Ok(Elements(elements))
    }
}

/// Takes what is found inside wrappers: the text of an object that looks like a record.
pub(super) trait Peeled {
    /// An object with at least two of a record's members.
    fn record(&mut self, text: &str, object: &Object<'_>);
}

/// Looks for records in `text` and hands each to `out`. False when `text` is no JSON.
pub(super) fn peel(text: &str, out: &mut dyn Peeled) -> bool {
    let text = text.trim_start();
    match text.as_bytes().first() {
        Some(b'{') => match serde_json::from_str::<Object<'_>>(text) {
            Ok(object) => {
                object_in(text, &object, DEPTH, out);
                true
            }
            Err(_) => false,
        },
        Some(_) => match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => {
                value_in(raw.get(), DEPTH, out);
                true
            }
            Err(_) => false,
        },
        None => true,
    }
}

/// True when a record was found.
fn value_in(raw: &str, depth: usize, out: &mut dyn Peeled) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match raw.as_bytes().first() {
        Some(b'{') => match serde_json::from_str::<Object<'_>>(raw) {
            Ok(object) => object_in(raw, &object, depth, out),
            Err(_) => false,
        },
        Some(b'[') => match serde_json::from_str::<Elements<'_>>(raw) {
            Ok(Elements(elements)) => array_in(&elements, depth, out),
            Err(_) => false,
        },
        Some(b'"') if mentions_a_record(raw) => match serde_json::from_str::<String>(raw) {
            Ok(inner) => text_in(&inner, depth, out),
            Err(_) => false,
        },
        _ => false,
    }
}

/// JSON as text, possibly behind a time stamp or a syslog header.
fn text_in(text: &str, depth: usize, out: &mut dyn Peeled) -> bool {
    let Some(start) = text.find(['{', '[']) else { return false };
    let json = text.get(start..).unwrap_or_default();
    let mut parsed = serde_json::Deserializer::from_str(json).into_iter::<&RawValue>();
    match parsed.next() {
        Some(Ok(raw)) => value_in(raw.get(), depth, out),
        // `[timestamp] {…}`: the bracket was no array.
        _ => match json.find('{').filter(|at| *at > 0) {
            Some(at) => text_in(json.get(at..).unwrap_or_default(), depth.saturating_sub(1), out),
            None => false,
        },
    }
}

fn object_in(text: &str, object: &Object<'_>, depth: usize, out: &mut dyn Peeled) -> bool {
    if object.0.iter().filter(|(name, _)| is_record_member(name)).count() >= 2 {
        out.record(text, object);
        return true;
    }
    let known = WRAPPER_MEMBERS.iter().filter_map(|name| object.get(name));
    let others = object.0.iter().filter(|(name, _)| !is_wrapper_member(name)).map(|(_, raw)| *raw);
    for raw in known.chain(others) {
        if mentions_a_record(raw.get()) && value_in(raw.get(), depth, out) {
            return true;
        }
    }
    false
}

fn array_in(elements: &[&RawValue], depth: usize, out: &mut dyn Peeled) -> bool {
    let mut any = false;
    for element in elements {
        any |= value_in(element.get(), depth, out);
    }
    any
}

/// Whether it is worth looking inside.
fn mentions_a_record(raw: &str) -> bool {
    memmem::find(raw.as_bytes(), b"event").is_some()
}
