//! Events that change what is allowed, as typed changes: which document of whom, and to what.
//!
//! Where the decisive member of an event is only inferred from the API model, the row says so in
//! its file; both spellings CloudTrail uses (first letter small or large, wrapped in `…Request` or
//! not) are read everywhere.

mod blocks;
mod call;
mod iam;
mod kms;
mod organizations;
mod permission_set;
mod resource;
mod surroundings;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::subject::Subject;
use crate::event::{Event, Layer, Time, action};
use crate::history::document::Hidden;
use crate::wording::Sentence;
pub(crate) use call::{Call, at, document_value, flag, text_at};
pub(crate) use kms::{context as grant_context, operations as grant_operations};
pub(crate) use organizations::type_in as organization_policy_type;
pub use permission_set::Part;
pub(crate) use permission_set::{Edit, boundary, edit, permission_set, reference};
pub(crate) use surroundings::FULL_ACCESS;

/// What a subject's state can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// It does not exist, is not attached, is no member.
    Absent,
    /// It exists, is attached, is a member; nothing more is to be known or is known.
    Present,
    /// A document, a unique id, a version, a key state, a parent, a tag's value.
    Text(Arc<str>),
    /// A grant.
    Grant(Arc<Grant>),
    /// It exists, but what it says is not shown; why.
    Hidden(Hidden),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A grant on a KMS key (KMS `CreateGrant`, `GrantListEntry`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Grant {
    /// The grant's id.
    pub id: String,
    /// The key's name (see [`super::subject::resource_name`]).
    pub key: String,
    /// The grantee as recorded: ARN, service principal, or `AROA…:name` of a deleted role.
    pub grantee: String,
    /// Who may retire it.
    pub retiring: Option<String>,
    /// KMS operations (`Decrypt`, `CreateGrant`, …).
    pub operations: Vec<String>,
    /// `EncryptionContextEquals`.
    pub context_equals: Option<BTreeMap<String, String>>,
    /// `EncryptionContextSubset`.
    pub context_subset: Option<BTreeMap<String, String>>,
    /// `SourceArn`: the resource that a service must be working for.
    pub source_arn: Option<String>,
    /// When it was created, which decides which incarnation of a role it names.
    pub created: Option<Time>,
}

/// What a change does to its subject.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// The subject is this from now on.
    Set(Value),
    /// A statement is added to the document (Lambda, SQS and SNS `AddPermission`).
    AddStatement {
        /// Its Sid.
        sid: String,
        /// The statement, where the event shows it.
        statement: Option<Json>,
    },
    /// The statement of this Sid is taken out.
    RemoveStatement {
        /// Its Sid.
        sid: String,
    },
}

/// What the success of a call says about the state before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Nothing.
    Unknown,
    /// It was certainly this, or the call would have failed.
    Certain(Value),
    /// It existed, whatever it said.
    Existed,
    /// Probably this: the call would have succeeded otherwise too, but that is rarely done.
    Likely(Value),
}

/// One change of what is allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The event that made it.
    pub event_id: Arc<str>,
    /// When the call completed; it takes effect seconds to minutes later (IAM and KMS are
    /// eventually consistent).
    pub time: Time,
    /// Service prefix and operation, e.g. `iam:PutUserPolicy`.
    pub action: String,
    /// The ARN of who made it; for a role session the role's.
    pub by: Option<String>,
    /// The account the change was made in.
    pub account: Option<String>,
    /// What changed.
    pub subject: Subject,
    /// How.
    pub operation: Operation,
    /// What must have been before.
    pub before: Before,
    /// The policy layer the change speaks for; unknown where it touches several or none.
    pub layer: Layer,
    /// What was done, for people.
    pub summary: Sentence,
}

/// One change before the event's own data are added.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub subject: Subject,
    pub operation: Operation,
    pub before: Before,
    pub layer: Layer,
    pub summary: Sentence,
}

impl Draft {
    pub(crate) fn set(subject: Subject, value: Value, layer: Layer, summary: Sentence) -> Draft {
        Draft { subject, operation: Operation::Set(value), before: Before::Unknown, layer, summary }
    }

    pub(crate) fn after(mut self, before: Before) -> Draft {
        self.before = before;
        self
    }
}

/// Reads the changes one kind of call makes.
type Row = fn(&Call<'_>) -> Vec<Draft>;

/// Whether the event may change something: a cheap look at source and name, before anything is
/// parsed.
pub fn is_change(event: &Event) -> bool {
    !event.failed() && row(event).is_some()
}

/// Whether calls of that event source and name may change something.
pub fn may_change(source: &str, name: &str) -> bool {
    row_of(source, name).is_some()
}

fn row(event: &Event) -> Option<Row> {
    if event.read_only == Some(true) {
        return None;
    }
    row_of(event.source(), event.name())
}

fn row_of(source: &str, name: &str) -> Option<Row> {
    let service = source.strip_suffix(".amazonaws.com")?;
    let name = action::operation(name);
    if let Some(row) = blocks::row(service, name) {
        return Some(row);
    }
    match service {
        "iam" => iam::row(name),
        "kms" => kms::row(name),
        "organizations" => organizations::row(name),
        "ec2" | "sso" | "cloudtrail" => surroundings::row(service, name),
        _ => resource::row(service, name),
    }
}

/// The changes an event made, the one people would name first in front. A failed call changes
/// nothing.
pub fn changes_of(event: &Event) -> Vec<Change> {
    if event.failed() {
        return Vec::new();
    }
    let Some(row) = row(event) else { return Vec::new() };
    let call = Call::new(event);
    let drafts = row(&call);
    let event_id: Arc<str> = event.id().into();
    let service = action::service_prefix(event.source());
    let action = format!("{service}:{}", action::operation(event.name()));
    drafts
        .into_iter()
        .map(|draft| Change {
            event_id: event_id.clone(),
            time: event.time,
            action: action.clone(),
            by: event.principal_arn().map(str::to_owned),
            account: event.account().map(str::to_owned),
            subject: draft.subject,
            operation: draft.operation,
            before: draft.before,
            layer: draft.layer,
            summary: draft.summary,
        })
        .collect()
}

impl Change {
    /// Whether the change can matter for a denial in this layer.
    ///
    /// A managed policy can be a boundary too, a role made anew leaves grants and resource policies
    /// that named its predecessor without effect, and a tag can decide any condition.
    pub fn concerns(&self, layer: Layer) -> bool {
        match (&self.subject, layer) {
            (_, Layer::Unknown) => true,
            (Subject::ManagedPolicy(_), Layer::PermissionsBoundary) => true,
            (Subject::Entity(_), layer) => matches!(
                layer,
                Layer::ResourcePolicy
                    | Layer::RoleTrustPolicy
                    | Layer::KmsGrant
                    | Layer::IdentityPolicy
            ),
            (Subject::Parent(_), layer) => matches!(layer, Layer::Scp | Layer::Rcp),
            (Subject::OrganizationPolicy(_) | Subject::OrganizationAttachment { .. }, layer)
                if self.layer == Layer::Unknown =>
            {
                matches!(layer, Layer::Scp | Layer::Rcp)
            }
            (Subject::Grant { .. }, Layer::ResourcePolicy) => true,
            (Subject::Tag { .. }, _) => true,
            _ => self.layer == layer,
        }
    }
}
