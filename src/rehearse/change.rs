//! What is to be changed, as people have it: a policy document and what it belongs to, a document that
//! goes, a policy attached or detached.

mod kind;
mod template;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

pub use kind::{KINDS, PolicyKind};
pub use template::{Plan, Template};

use crate::error::{Error, Result};
use crate::event::Time;
use crate::event::arn::{self, Arn};
use crate::given::{self, Cap};
use crate::history::History;
use crate::history::amend::Amendment;
use crate::history::change::Value;
use crate::history::dump::{Dump, PolicyInfo};
use crate::history::replay::{Source, State, same};
use crate::history::subject::{Entity, PolicyType, Subject, key_name_of, queue_arn, resource_name};
use crate::iam::{Policy, PolicyError};
use crate::wording::Sentence;

/// A policy is a few kilobytes; the largest that AWS takes (a bucket's) are 20.
const LARGEST: Cap = Cap { bytes: 1 << 20, instead: "give one policy document" };

/// The version that a managed policy would have.
const NEXT_VERSION: &str = "rehearsed";

/// The id of an organization policy that has none yet.
const NEW_POLICY: &str = "p-rehearsed";

/// Members in which the CLI and APIs hand a document over.
const WRAPPED: [&str; 9] = [
    "Policy",
    "PolicyDocument",
    "ResourcePolicy",
    "AssumeRolePolicyDocument",
    "PolicyText",
    "Content",
    "policy",
    "policyText",
    "resourcePolicy",
];

/// Everything that is to be changed together.
#[derive(Debug, Default)]
pub struct Changes {
    /// What would be set.
    pub amendments: Vec<Amendment>,
    /// The same for people, in order.
    pub told: Vec<Told>,
    /// What was there and could not be understood.
    pub unread: Vec<Unread>,
}

impl Changes {
    /// Adds one change.
    pub fn add(&mut self, (amendments, told): (Vec<Amendment>, Told)) {
        self.amendments.extend(amendments);
        self.told.push(told);
    }
}

/// One change, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What is done to what.
    pub sentence: Sentence,
    /// Of what kind the policy is.
    pub kind: &'static str,
    /// What it belongs to.
    pub of: String,
    /// The file that says so.
    pub source: String,
}

/// Something that says a change and could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The file.
    pub source: String,
    /// Where in it.
    pub place: String,
    /// Why.
    pub because: Sentence,
}

/// What a change is made to, as somebody names it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// ARN, id, account or name.
    pub on: &'t str,
    /// Of what kind the policy is, where that was said.
    pub kind: Option<PolicyKind>,
    /// The name of an inline policy, where that was said.
    pub name: Option<&'t str>,
}

/// A document read from a file.
#[derive(Debug, Clone)]
pub struct Document {
    text: Arc<str>,
    source: String,
    /// Its statements name principals.
    names_principals: bool,
    stem: String,
}

impl Document {
    /// Reads a file that holds a policy document, or one answer of the CLI that does.
    ///
    /// # Errors
    /// When it cannot be read, or not all of it as a policy.
    pub fn read(path: &Path) -> Result<Document> {
        let text = given::text(path, LARGEST)?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let source = path.to_string_lossy().into_owned();
        let json: Json = serde_json::from_str(&text)
            .map_err(|error| Error::document(path, format!("line {}: {error}", error.line())))?;
        let inner = unwrapped(&json);
        let text = if inner.is_some() { inner } else { Some(text) };
        let made = Document::new(text.unwrap_or_default(), source, stem.unwrap_or_default());
        made.map_err(|error| Error::document(path, error.to_string()))
    }

    /// A document with the name of where it was found.
    ///
    /// # Errors
    /// When it is no policy, or part of it cannot be read: what is not understood must not be taken
    /// to change nothing.
    pub fn new(
        text: String,
        source: String,
        stem: String,
    ) -> std::result::Result<Self, PolicyError> {
        let policy = Policy::parse(&text)?;
        let lost = policy.warnings().iter().find(|warning| warning.loses);
        if let Some(lost) = lost {
            let (line, column) = lost.place.unwrap_or((1, 1));
            return Err(PolicyError { line, column, message: lost.message.clone() });
        }
        if policy.document().get("Statement").is_none() {
            let message = "the policy has no `Statement`".to_owned();
            return Err(PolicyError { line: 1, column: 1, message });
        }
        let names_principals = policy.statements().iter().any(|statement| {
            ["Principal", "NotPrincipal"].iter().any(|name| statement.raw().get(name).is_some())
        });
        Ok(Document { text: text.into(), source, names_principals, stem })
    }

    fn value(&self) -> Value {
        Value::Text(Arc::clone(&self.text))
    }
}

/// The document inside what the CLI prints around it.
fn unwrapped(json: &Json) -> Option<String> {
    if json.get("Statement").is_some() {
        return None;
    }
    let inner = WRAPPED.iter().find_map(|name| json.get(name))?;
    match inner {
        Json::String(text) => Some(text.clone()),
        Json::Object(_) if inner.get("Statement").is_some() => Some(inner.to_string()),
        Json::Object(_) => unwrapped(inner),
        _ => None,
    }
}

/// What holds now, to say what a name stands for and what is there already.
#[derive(Clone, Copy)]
pub struct Now<'n> {
    /// The history.
    pub history: &'n History,
    /// The moment.
    pub present: Time,
}

impl Now<'_> {
    /// A document is put.
    ///
    /// # Errors
    /// When it cannot be told what the target is.
    pub fn put(&self, target: Target<'_>, document: &Document) -> Result<(Vec<Amendment>, Told)> {
        let place = self.place(target, Some(document))?;
        let source = document.source.as_str();
        let value = document.value();
        let set = |subject, value| Amendment::set(subject, value, source);
        let amendments = match &place {
            Place::Managed(arn) => version(arn, value, source),
            Place::Boundary(entity) => {
                let arn = boundary_arn(entity);
                let mut all = version(&arn, value, source);
                all.push(set(Subject::Boundary(entity.clone()), Value::text(arn)));
                all
            }
            Place::Subject(subject) => vec![set(subject.clone(), value)],
            Place::Organization { id, kind } => {
                let subject = Subject::OrganizationPolicy(id.clone());
                vec![set(subject, value).of_kind(*kind)]
            }
            Place::NewAt { target, kind } => {
                let policy = NEW_POLICY.to_owned();
                let hangs = Subject::OrganizationAttachment {
                    policy: policy.clone(),
                    target: target.clone(),
                };
                let made = Subject::OrganizationPolicy(policy);
                vec![
                    set(made, value).of_kind(Some(*kind)),
                    set(hangs, Value::Present).of_kind(Some(*kind)),
                ]
            }
        };
        let (kind, of) = (place.word(target.kind), target.on.to_owned());
        let sentence = match &place {
            Place::NewAt { .. } => {
                Sentence::new("rehearse-change-new").arg("kind", kind).arg("of", &of)
            }
            _ => Sentence::new("rehearse-change-put").arg("kind", kind).arg("of", &of),
        };
        Ok((amendments, Told { sentence, kind, of, source: source.to_owned() }))
    }

    /// A document goes.
    ///
    /// # Errors
    /// As [`Now::put`].
    pub fn delete(&self, target: Target<'_>) -> Result<(Vec<Amendment>, Told)> {
        let place = self.place(target, None)?;
        let source = DELETED;
        let gone = |subject| Amendment::set(subject, Value::Absent, source);
        let amendments = match &place {
            Place::Managed(arn) => vec![gone(Subject::ManagedPolicy(arn.clone()))],
            Place::Boundary(entity) => vec![gone(Subject::Boundary(entity.clone()))],
            Place::Subject(subject) => vec![gone(subject.clone())],
            Place::Organization { id, kind } => {
                vec![gone(Subject::OrganizationPolicy(id.clone())).of_kind(*kind)]
            }
            Place::NewAt { target, .. } => {
                let said = Sentence::new("message-rehearse-which").arg("on", target);
                return Err(Error::Said(said));
            }
        };
        let (kind, of) = (place.word(target.kind), target.on.to_owned());
        let sentence = Sentence::new("rehearse-change-deleted").arg("kind", kind).arg("of", &of);
        Ok((amendments, Told { sentence, kind, of, source: source.to_owned() }))
    }

    /// A managed policy or one of the organization is attached to something, or detached from it.
    ///
    /// # Errors
    /// When the target is nothing that policies are attached to.
    pub fn attach(
        &self,
        policy: &str,
        on: &str,
        kind: Option<PolicyKind>,
        is_there: bool,
    ) -> Result<(Vec<Amendment>, Told)> {
        let value = if is_there { Value::Present } else { Value::Absent };
        let (subject, kind, word) = if let Some(to) = self.entity(on) {
            (Subject::Attachment { to, policy: policy.to_owned() }, None, "identity")
        } else if is_target(on) {
            let id = policy.rsplit('/').next().unwrap_or(policy).to_owned();
            let kind = organization_kind(kind).or_else(|| PolicyType::of_arn(policy));
            let word = kind.map_or("scp", type_word);
            (Subject::OrganizationAttachment { policy: id, target: on.to_owned() }, kind, word)
        } else {
            return Err(Error::Said(Sentence::new("message-rehearse-where").arg("on", on)));
        };
        let sentence = match is_there {
            true => Sentence::new("rehearse-change-attached").arg("policy", policy).arg("of", on),
            false => Sentence::new("rehearse-change-detached").arg("policy", policy).arg("of", on),
        };
        let told = Told { sentence, kind: word, of: on.to_owned(), source: String::new() };
        Ok((vec![Amendment::set(subject, value, ATTACHED).of_kind(kind)], told))
    }

    /// A managed policy becomes somebody's permissions boundary, or there is none any more.
    ///
    /// # Errors
    /// When the target is no user or role.
    pub fn boundary(&self, on: &str, policy: Option<&str>) -> Result<(Vec<Amendment>, Told)> {
        let entity = self
            .entity(on)
            .ok_or_else(|| Error::Said(Sentence::new("message-rehearse-where").arg("on", on)))?;
        let (value, sentence) = match policy {
            Some(policy) => (
                Value::text(policy),
                Sentence::new("rehearse-change-attached").arg("policy", policy).arg("of", on),
            ),
            None => (
                Value::Absent,
                Sentence::new("rehearse-change-deleted")
                    .arg("kind", PolicyKind::Boundary.word())
                    .arg("of", on),
            ),
        };
        let kind = PolicyKind::Boundary.word();
        let told = Told { sentence, kind, of: on.to_owned(), source: ATTACHED.to_owned() };
        Ok((vec![Amendment::set(Subject::Boundary(entity), value, ATTACHED)], told))
    }

    /// A folder of documents in the shapes that policies are dumped in, each named by what it belongs
    /// to: what differs from what holds now.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn folder(&self, path: &Path, changes: &mut Changes) -> Result<()> {
        let dump = Dump::read(&[path.to_owned()], Some(self.present))?;
        for gap in &dump.gaps {
            changes.unread.push(Unread {
                source: gap.file.to_string(),
                place: gap.line.map_or_else(String::new, |line| line.to_string()),
                because: Sentence::new("rehearse-unread-document").arg("message", &gap.message),
            });
        }
        for fact in dump.facts.into_iter().filter(|fact| is_policy(&fact.subject)) {
            let now = self.state(&fact.subject).and_then(State::value);
            if now.is_some_and(|now| same(now, &fact.value)) {
                continue;
            }
            let source = match &fact.source {
                Source::File(file) => file.to_string(),
                _ => path.to_string_lossy().into_owned(),
            };
            let of = self.history.owner(&fact.subject).unwrap_or_default();
            let kind = kind_of(&fact.subject);
            let kind_of_organization =
                organization_type(&fact.subject, &dump.organization_policies);
            let sentence = Sentence::new("rehearse-change-put").arg("kind", kind).arg("of", &of);
            changes.add((
                vec![
                    Amendment::set(fact.subject, fact.value, source.as_str())
                        .of_kind(kind_of_organization),
                ],
                Told { sentence, kind, of, source },
            ));
        }
        Ok(())
    }

    /// What an event changed, as if it were still to be made.
    ///
    /// # Errors
    /// When the event changed nothing that is known.
    pub fn of_event(&self, id: &str) -> Result<(Vec<Amendment>, Vec<Told>)> {
        let changes = self.history.changes().iter().filter(|one| one.event_id.as_ref() == id);
        let (mut amendments, mut told) = (Vec::new(), Vec::new());
        for change in changes {
            amendments.push(Amendment {
                subject: change.subject.clone(),
                operation: change.operation.clone(),
                source: Arc::clone(&change.event_id),
                kind: None,
            });
            let of = self.history.owner(&change.subject).unwrap_or_default();
            let one = Told {
                sentence: change.summary.clone(),
                kind: change.layer.as_str(),
                of,
                source: id.to_owned(),
            };
            if !told.contains(&one) {
                told.push(one);
            }
        }
        if amendments.is_empty() {
            return Err(Error::Said(Sentence::new("message-rehearse-no-change").arg("id", id)));
        }
        Ok((amendments, told))
    }

    /// What a target and a document are, together.
    fn place(&self, target: Target<'_>, document: Option<&Document>) -> Result<Place> {
        let Target { on, kind, name } = target;
        let names_principals = document.is_some_and(|document| document.names_principals);
        if let Some(parsed) = Arn::parse(on)
            && parsed.service == "iam"
            && parsed.resource.starts_with("policy/")
        {
            return Ok(Place::Managed(on.to_owned()));
        }
        if let Some(entity) = self.entity(on) {
            return Ok(match kind {
                Some(PolicyKind::Trust) => Place::Subject(Subject::TrustPolicy(entity)),
                Some(PolicyKind::Boundary) => Place::Boundary(entity),
                None if names_principals => Place::Subject(Subject::TrustPolicy(entity)),
                _ => {
                    let name = name.map(str::to_owned);
                    let only = || self.only_inline(&entity).filter(|_| document.is_none());
                    let stem = || document.map(|document| document.stem.clone());
                    let name = name.or_else(only).or_else(stem).ok_or_else(|| {
                        Error::Said(Sentence::new("message-rehearse-which").arg("on", on))
                    })?;
                    Place::Subject(Subject::InlinePolicy { of: entity, name })
                }
            });
        }
        if let Some(id) = organization_policy(on) {
            let kind = organization_kind(kind).or_else(|| PolicyType::of_arn(on));
            return Ok(Place::Organization { id, kind });
        }
        if let Some(endpoint) = on.rsplit('/').next().filter(|id| id.starts_with("vpce-")) {
            return Ok(Place::Subject(Subject::VpcEndpointPolicy(endpoint.to_owned())));
        }
        if is_target(on) {
            let kind = organization_kind(kind).unwrap_or(match names_principals {
                true => PolicyType::Rcp,
                false => PolicyType::Scp,
            });
            return Ok(Place::NewAt { target: on.to_owned(), kind });
        }
        self.resource(on, kind)
            .map(|name| Place::Subject(Subject::ResourcePolicy(name)))
            .ok_or_else(|| Error::Said(Sentence::new("message-rehearse-where").arg("on", on)))
    }

    /// The name under which the policy of a resource is known.
    fn resource(&self, on: &str, kind: Option<PolicyKind>) -> Option<String> {
        if on.starts_with("https://") {
            return queue_arn(on, None).map(|arn| resource_name(&arn));
        }
        if Arn::parse(on).is_some() {
            let key = on.contains(":kms:").then(|| self.history.at(self.present).key(on)).flatten();
            return Some(key.unwrap_or_else(|| resource_name(on)));
        }
        match kind {
            Some(PolicyKind::Bucket) => Some(format!("arn:aws:s3:::{on}")),
            Some(PolicyKind::Key) => key_name_of(on, None),
            _ => self
                .history
                .keys()
                .any(|key| key.ends_with(&format!("/{on}")))
                .then(|| key_name_of(on, None).unwrap_or_else(|| on.to_owned())),
        }
    }

    /// The user, role or group that is named.
    fn entity(&self, on: &str) -> Option<Entity> {
        Entity::from_arn(on).filter(|_| on.contains(":iam:") || on.contains(":sts:"))
    }

    /// The name of the inline policy of an entity that has only one.
    fn only_inline(&self, entity: &Entity) -> Option<String> {
        let arn = self.history.owner_of(entity);
        let found = self.history.at(self.present).identity_policies(&arn);
        let mut inline = found.documents.iter().filter_map(|document| match &document.subject {
            Subject::InlinePolicy { name, .. } => Some(name.clone()),
            _ => None,
        });
        let first = inline.next();
        first.filter(|_| inline.next().is_none())
    }

    /// Whether a subject is known to be there, or not to be.
    pub fn state(&self, subject: &Subject) -> Option<&State> {
        self.history.at(self.present).state(subject)
    }
}

/// Where the source of a change is the command line.
const DELETED: &str = "--delete";
/// The same.
const ATTACHED: &str = "--attach";

/// Where a document goes.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// One subject.
    Subject(Subject),
    /// The default version of a managed policy.
    Managed(String),
    /// A permissions boundary of its own.
    Boundary(Entity),
    /// A policy of the organization.
    Organization { id: String, kind: Option<PolicyType> },
    /// A new one at a root, organizational unit or account.
    NewAt { target: String, kind: PolicyType },
}

impl Place {
    /// The word for its kind.
    fn word(&self, said: Option<PolicyKind>) -> &'static str {
        match self {
            Place::Managed(_) => PolicyKind::Managed.word(),
            Place::Boundary(_) => PolicyKind::Boundary.word(),
            Place::Organization { kind, .. } => kind.map_or("scp", type_word),
            Place::NewAt { kind, .. } => type_word(*kind),
            Place::Subject(Subject::TrustPolicy(_)) => PolicyKind::Trust.word(),
            Place::Subject(Subject::InlinePolicy { .. }) => PolicyKind::Identity.word(),
            Place::Subject(Subject::VpcEndpointPolicy(_)) => PolicyKind::Endpoint.word(),
            Place::Subject(Subject::ResourcePolicy(name)) => {
                said.map_or_else(|| kind::of_resource(name), PolicyKind::word)
            }
            Place::Subject(_) => PolicyKind::Resource.word(),
        }
    }
}

fn type_word(kind: PolicyType) -> &'static str {
    if kind == PolicyType::Rcp { "rcp" } else { "scp" }
}

fn organization_kind(kind: Option<PolicyKind>) -> Option<PolicyType> {
    match kind? {
        PolicyKind::Scp => Some(PolicyType::Scp),
        PolicyKind::Rcp => Some(PolicyType::Rcp),
        _ => None,
    }
}

/// A new default version of a managed policy (IAM "Versioning IAM policies").
fn version(arn: &str, value: Value, source: &str) -> Vec<Amendment> {
    let subject =
        Subject::PolicyVersion { policy: arn.to_owned(), version: NEXT_VERSION.to_owned() };
    let chosen = Subject::ManagedPolicy(arn.to_owned());
    vec![
        Amendment::set(subject, value, source),
        Amendment::set(chosen, Value::text(NEXT_VERSION), source),
    ]
}

/// The ARN of a boundary that nobody else has.
fn boundary_arn(entity: &Entity) -> String {
    let Entity { account, name, .. } = entity;
    format!("arn:aws:iam::{account}:policy/rehearsed-boundary-of-{name}")
}

/// Whether organization policies are attached to it (Organizations API reference, `AttachPolicy`).
fn is_target(on: &str) -> bool {
    on.starts_with("r-") || on.starts_with("ou-") || arn::is_account_id(on)
}

/// The id of an organization policy, by id or ARN.
fn organization_policy(on: &str) -> Option<String> {
    let id = match Arn::parse(on) {
        Some(arn) if arn.service == "organizations" => arn.resource.rsplit('/').next()?,
        Some(_) => return None,
        None => on,
    };
    id.starts_with("p-").then(|| id.to_owned())
}

/// Whether a subject says what is allowed, and not only that something exists.
fn is_policy(subject: &Subject) -> bool {
    subject.is_document()
        || matches!(
            subject,
            Subject::Attachment { .. }
                | Subject::Boundary(_)
                | Subject::ManagedPolicy(_)
                | Subject::OrganizationAttachment { .. }
        )
}

/// The word for the kind of policy that a subject is.
fn kind_of(subject: &Subject) -> &'static str {
    match subject {
        Subject::TrustPolicy(_) => PolicyKind::Trust.word(),
        Subject::Boundary(_) => PolicyKind::Boundary.word(),
        Subject::ManagedPolicy(_) | Subject::PolicyVersion { .. } => PolicyKind::Managed.word(),
        Subject::ResourcePolicy(name) => kind::of_resource(name),
        Subject::VpcEndpointPolicy(_) => PolicyKind::Endpoint.word(),
        Subject::OrganizationPolicy(_) | Subject::OrganizationAttachment { .. } => {
            PolicyKind::Scp.word()
        }
        _ => PolicyKind::Identity.word(),
    }
}

fn organization_type(
    subject: &Subject,
    known: &BTreeMap<String, PolicyInfo>,
) -> Option<PolicyType> {
    match subject {
        Subject::OrganizationPolicy(id) | Subject::OrganizationAttachment { policy: id, .. } => {
            known.get(id)?.kind
        }
        _ => None,
    }
}
