//! What is put in the place of an original: numbered in the order of appearance, of the same shape,
//! never equal to anything the report holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

/// What an original is, which decides the shape of its stand-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Shape {
    /// Twelve digits.
    Account,
    /// Event ids, key ids, request ids.
    Uuid,
    /// `i-…`, `vol-…`: the prefix stays.
    Resource,
    /// `AKIA…`, `AROA…`: the first four letters stay, they say what it is.
    UniqueId,
    /// `o-…`, `ou-…`, `p-…`.
    Organization,
    /// The report's own incident id: a hash of names, by which they could be guessed.
    Incident,
    /// The report's own signature of a failure: the same.
    Signature,
    /// A path in the file system of whoever ran the program.
    File,
    /// An address or a network.
    Address,
    /// Everything else that someone named.
    Name,
}

/// Originals and their stand-ins.
#[derive(Debug, Default)]
pub(super) struct StandIns {
    of: HashMap<String, String>,
    counts: BTreeMap<(Shape, String), u64>,
    /// Words of the original report, and the stand-ins given.
    taken: BTreeSet<String>,
}

impl StandIns {
    /// Remembers every word of the report: no stand-in may look like an original.
    pub(super) fn avoid(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                let word = |character: char| !character.is_ascii_alphanumeric() && character != '-';
                self.taken.extend(text.split(word).map(str::to_owned));
                let address = |c: char| !c.is_ascii_hexdigit() && c != '.' && c != ':';
                self.taken.extend(text.split(address).map(str::to_owned));
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.avoid(part)),
            Value::Object(fields) => fields.values().for_each(|field| self.avoid(field)),
            _ => {}
        }
    }

    /// The stand-in already given.
    pub(super) fn get(&self, original: &str) -> Option<&str> {
        self.of.get(original).map(String::as_str)
    }

    /// The stand-in for an original; `prefix` is what of it stays.
    pub(super) fn of(&mut self, shape: Shape, prefix: &str, original: &str) -> String {
        if let Some(known) = self.get(original) {
            return known.to_owned();
        }
        loop {
            let number = self.next(shape, prefix);
            let candidate = shape.write(prefix, number, original);
            if self.give(original, &candidate) {
                return candidate;
            }
        }
    }

    /// Gives the stand-in unless it is taken.
    pub(super) fn give(&mut self, original: &str, candidate: &str) -> bool {
        if !self.taken.insert(candidate.to_owned()) {
            return false;
        }
        self.of.insert(original.to_owned(), candidate.to_owned());
        true
    }

    /// The next number in a series.
    pub(super) fn next(&mut self, shape: Shape, series: &str) -> u64 {
        let count = self.counts.entry((shape, series.to_owned())).or_default();
        *count += 1;
        *count
    }

    pub(super) fn mapping(&self) -> BTreeMap<String, String> {
        self.of.iter().map(|(original, stand_in)| (stand_in.clone(), original.clone())).collect()
    }
}

impl Shape {
    fn write(self, prefix: &str, number: u64, original: &str) -> String {
        match self {
            Shape::Account => format!("{number:012}"),
            Shape::Uuid => format!("00000000-0000-4000-8000-{number:012}"),
            Shape::Resource => {
                let digits = original.len().saturating_sub(prefix.len() + 1);
                format!("{prefix}-{number:0digits$}")
            }
            Shape::UniqueId => {
                let digits = original.len().saturating_sub(prefix.len());
                format!("{prefix}{number:0digits$}")
            }
            Shape::Organization => format!("{prefix}-redacted{number}"),
            Shape::Incident => format!("inc-{number:012}"),
            Shape::Signature => format!("sig-{number:012}"),
            Shape::File => format!("file-{number}"),
            // Letters and digits only: valid as a name of anything, also as a Sid.
            Shape::Address | Shape::Name => format!("name{number}"),
        }
    }
}
