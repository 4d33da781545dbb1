//! `--redact`: a report that can be shown to strangers. Accounts, ARNs, names, addresses and ids are
//! replaced, the same thing by the same stand-in everywhere; what matters for the story stays:
//! services, actions, conditions, times, whether two things are equal, whether an address is private
//! or public, whether a call came through an endpoint.
//!
//! What a piece is follows from where it stands and not from what it looks like: a name in an ARN is a
//! name, a field that holds names holds one, and what goes into a sentence is told from the sentence by
//! the marks of [`Wording::marking`](crate::wording::Wording::marking). Where nothing tells, a word is
//! kept only if the program or AWS says it. Signatures and
//! incident ids are hashes of names, and whoever guesses a name could prove it by them: they become
//! numbers, as everything else.

mod address;
mod command;
mod jq;
mod policy;
mod recorded;
mod stand_in;
mod text;
mod vocabulary;
mod word;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use policy::Member;
use stand_in::StandIns;
use text::Place;
use vocabulary::Vocabulary;

/// Replaces what identifies, consistently over all that passes through it.
#[derive(Debug)]
pub struct Redactor {
    stand_ins: StandIns,
    vocabulary: Vocabulary,
    /// Names that are no single word, longest first.
    phrases: Vec<String>,
    /// Stand-ins of phrases, which the words of a text may be already.
    given: BTreeSet<String>,
    /// Networks and their stand-ins.
    networks: Vec<(IpNet, IpNet)>,
    /// Service-linked roles, by the names that their ARNs prove to be AWS's.
    linked: BTreeSet<String>,
}

impl Redactor {
    /// A redactor that has replaced nothing yet.
    pub fn new() -> Self {
        Redactor {
            stand_ins: StandIns::default(),
            vocabulary: Vocabulary::new(),
            phrases: Vec::new(),
            given: BTreeSet::new(),
            networks: Vec::new(),
            linked: BTreeSet::new(),
        }
    }

    /// The report (or another document made of the report's parts) without what identifies.
    ///
    /// # Errors
    /// When it cannot be written as JSON and read back (a report always can).
    pub fn redact<T: Serialize + DeserializeOwned>(&mut self, report: &T) -> serde_json::Result<T> {
        let mut value = serde_json::to_value(report)?;
        self.stand_ins.avoid(&value);
        self.collect(&value, &Place::default());
        self.replace(&mut value, &Place::default());
        serde_json::from_value(value)
    }

    /// Stand-in to original, for whoever has to ask back. Keep it where the logs are kept.
    pub fn mapping(&self) -> BTreeMap<String, String> {
        self.stand_ins.mapping()
    }

    /// First pass: networks, so that the addresses in them are found to be in them, and names that
    /// are whole values, so that they are found inside texts even where they hold blanks.
    fn collect(&mut self, value: &Value, place: &Place) {
        match value {
            Value::String(text) => {
                self.collect_networks(text);
                self.collect_linked(text);
                if place.is_service() && word::is_service(text) {
                    self.vocabulary.learn_principal(text);
                }
                if place.is_name() {
                    self.collect_name(text);
                }
                if place.is_action() {
                    self.vocabulary.learn_service(text);
                }
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.collect(part, place)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.collect(field, &place.inside(name));
                }
            }
            _ => {}
        }
    }

    fn replace(&mut self, value: &mut Value, place: &Place) {
        if place.is_policy() {
            return self.policy(value, &Member::default().inside(place.field()));
        }
        match value {
            Value::String(text) => *text = self.text(text, place),
            Value::Array(parts) => parts.iter_mut().for_each(|part| self.replace(part, place)),
            Value::Object(fields) => self.replace_fields(fields, place),
            _ => {}
        }
    }

    fn replace_fields(&mut self, fields: &mut Map<String, Value>, place: &Place) {
        let compared = fields.get("attribute").or(fields.get("field"));
        let compared = compared.and_then(Value::as_str).map(str::to_owned);
        // Signatures are listed in the order of their hashes, which follows from the names: they are
        // numbered where they stand beside what they are of.
        let is_hashes = |name: &str| matches!(name, "signatures" | "new_signatures");
        for (name, field) in fields.iter_mut().filter(|(name, _)| !is_hashes(name)) {
            match (&compared, name.as_str(), field) {
                (Some(attribute), "value" | "failed" | "succeeded", Value::String(text)) => {
                    *text = self.attribute(attribute, text);
                }
                (Some(attribute), "attribute" | "field", Value::String(text)) => {
                    *text = text::member(attribute);
                }
                (_, "same_split" | "together_with", Value::Array(splits)) => {
                    for split in splits {
                        if let Value::String(text) = split {
                            *text = self.split(text);
                        }
                    }
                }
                (_, _, field) => self.replace(field, &place.inside(name)),
            }
        }
        for (name, field) in fields.iter_mut().filter(|(name, _)| is_hashes(name)) {
            self.replace(field, &place.inside(name));
            if let Value::Array(parts) = field {
                parts.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
        }
    }
}

/// Whether this is what stands for a signature in a redacted report: a number, shorter than one.
pub fn is_stand_in(signature: &str) -> bool {
    let number = signature.strip_prefix("sig-").unwrap_or_default();
    number.len() == 12 && number.bytes().all(|byte| byte.is_ascii_digit())
}

impl Default for Redactor {
    fn default() -> Self {
        Redactor::new()
    }
}
