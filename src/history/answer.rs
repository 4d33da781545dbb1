//! The shapes of answers about one moment: documents with their sources, and what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::{Grant, Value};
use super::replay::{Known, Source, State};
use super::subject::Subject;
use crate::event::Time;
use crate::history::document::Hidden;
use crate::wording::Sentence;

/// A policy document in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its JSON text.
    pub text: Arc<str>,
    /// What it is.
    pub subject: Subject,
    /// Its name, where policies of the kind have names.
    pub name: Option<String>,
    /// Its ARN, where it has one.
    pub arn: Option<String>,
    /// The ARN or id of what it is attached to.
    pub attached_to: Option<String>,
    /// From where it is known.
    pub source: Source,
    /// Since when, where a recorded change began it.
    pub since: Option<Time>,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Neither the trail nor a dump shows it.
    NotRecorded,
    /// The first that is recorded is this later event.
    BeforeChange(Arc<str>),
    /// It is recorded, but not what it says.
    Hidden(Hidden),
    /// Some are known, but there may be more.
    ListIncomplete,
    /// Only statements that were added one by one are known.
    Partly,
}

impl Missing {
    /// What is missing and why, in short technical terms.
    pub fn sentence(&self) -> Sentence {
        let what = self.subject.sentence();
        match &self.why {
            Why::NotRecorded => Sentence::new("log-missing-not-recorded").arg("what", what),
            Why::BeforeChange(event) => {
                Sentence::new("log-missing-before").arg("what", what).arg("event", event.as_ref())
            }
            Why::Hidden(why) => {
                Sentence::new("log-missing-hidden").arg("what", what).arg("why", why.sentence())
            }
            Why::ListIncomplete => Sentence::new("log-missing-more").arg("what", what),
            Why::Partly => Sentence::new("log-missing-part").arg("what", what),
        }
    }
}

/// What was probably there.
#[derive(Debug, Clone, PartialEq)]
pub enum Likely {
    /// No telling.
    Unknown,
    /// Nothing.
    Nothing,
    /// This document.
    Document(Box<Document>),
    /// Another value.
    Value(Value),
}

/// Something that is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// What.
    pub subject: Subject,
    /// Why.
    pub why: Why,
    /// What it probably was.
    pub likely: Likely,
}

/// The policies of a layer, as far as they are known. A Deny in one of `documents` decides even
/// where others are missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Documents {
    /// The known ones, in a fixed order.
    pub documents: Vec<Document>,
    /// What is missing; empty where all is known.
    pub missing: Vec<Missing>,
}

/// A place for one policy: a boundary, a trust policy, the policy of a resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Held {
    /// The policy; with `missing` set, only part of it.
    pub document: Option<Document>,
    /// What is missing; `None` where the answer is complete, also where there is no policy.
    pub missing: Option<Missing>,
}

/// A grant in force.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantInForce {
    /// The grant.
    pub grant: Arc<Grant>,
    /// From where it is known.
    pub source: Source,
    /// Whether its grantee was deleted since, and perhaps made anew: then nobody can use it (a
    /// grant names a role by unique id; KMS "Grants", IAM "unique identifiers"). `None`: not known.
    pub stale: Option<bool>,
}

/// The grants of a key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grants {
    /// The known ones.
    pub grants: Vec<GrantInForce>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// The policies at one level of the organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Root, organizational unit or account.
    pub target: String,
    /// What hangs there.
    pub policies: Documents,
}

/// The levels from the root to an account.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Levels {
    /// Root first, the account last; with `missing`, levels between or above are not known.
    pub levels: Vec<Level>,
    /// Why levels are not known.
    pub missing: Vec<Missing>,
}

/// Tags of a principal or resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tags {
    /// The known ones.
    pub tags: BTreeMap<String, String>,
    /// Whether these are all.
    pub complete: bool,
}

/// How a document is called.
#[derive(Debug, Clone, Default)]
pub(super) struct Naming {
    pub name: Option<String>,
    pub arn: Option<String>,
    pub to: Option<String>,
}

impl Naming {
    pub fn document(
        &self,
        subject: Subject,
        text: Arc<str>,
        source: Source,
        since: Option<Time>,
    ) -> Document {
        Document {
            text,
            subject,
            name: self.name.clone(),
            arn: self.arn.clone(),
            attached_to: self.to.clone(),
            source,
            since,
        }
    }
}

impl Held {
    pub(super) fn known(document: Document) -> Held {
        Held { document: Some(document), missing: None }
    }

    pub(super) fn not_recorded(subject: Subject) -> Held {
        let missing = Missing { subject, why: Why::NotRecorded, likely: Likely::Unknown };
        Held { document: None, missing: Some(missing) }
    }
}

impl Documents {
    pub(super) fn add(&mut self, held: Held) {
        self.documents.extend(held.document);
        self.missing.extend(held.missing);
    }
}

pub(super) fn held(subject: &Subject, state: &State, naming: Naming) -> Held {
    let document = |text: &Arc<str>| {
        let source = state.source.clone().unwrap_or(Source::Default("unknown"));
        naming.document(subject.clone(), text.clone(), source, state.since)
    };
    match &state.known {
        Known::Is(Value::Absent) => Held::default(),
        Known::Is(Value::Text(text)) => Held::known(document(text)),
        Known::Partly(text) => {
            Held { document: Some(document(text)), missing: Some(missing(subject, state)) }
        }
        Known::Unknown { likely: Some(Value::Text(text)), .. } => {
            let mut gap = missing(subject, state);
            gap.likely = Likely::Document(document(text).into());
            Held { document: None, missing: Some(gap) }
        }
        _ => Held { document: None, missing: Some(missing(subject, state)) },
    }
}

pub(super) fn missing(subject: &Subject, state: &State) -> Missing {
    let (why, likely) = match &state.known {
        Known::Is(Value::Hidden(why)) => (Why::Hidden(*why), Likely::Unknown),
        Known::Is(_) => (Why::NotRecorded, Likely::Unknown),
        Known::Partly(_) => (Why::Partly, Likely::Unknown),
        Known::Unknown { likely, until } => {
            let why = until.clone().map_or(Why::NotRecorded, Why::BeforeChange);
            let likely = match likely {
                None => Likely::Unknown,
                Some(Value::Absent) => Likely::Nothing,
                Some(value) => Likely::Value(value.clone()),
            };
            (why, likely)
        }
    };
    Missing { subject: subject.clone(), why, likely }
}
