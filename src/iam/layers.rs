//! The policies around one request, layer by layer, each layer known, not applicable, or unknown.

use std::sync::Arc;

use super::block_public_access::BlockPublicAccess;
use super::document::Policy;
use super::grant::KmsGrant;
use super::kms_key_state::KeyState;
use crate::wording::Sentence;

/// What is known of a layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Presence<T> {
    /// This is all of it.
    Known(T),
    /// There is none: no boundary set, no session policy passed, no endpoint used, account in no
    /// organization.
    NotApplicable,
    /// This is some of it, and the sentence says what else there may be. What is known can still
    /// decide: one Deny is enough.
    Partly(T, Sentence),
    /// There may be something; the sentence says what is missing.
    Unknown(Sentence),
}

impl<T> Presence<T> {
    /// What is known, all of it or some.
    pub fn known(&self) -> Option<&T> {
        match self {
            Presence::Known(value) | Presence::Partly(value, _) => Some(value),
            Presence::NotApplicable | Presence::Unknown(_) => None,
        }
    }

    /// Changes what is known, if it is; for trying a fix.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Presence::Known(value) | Presence::Partly(value, _) => Some(value),
            Presence::NotApplicable | Presence::Unknown(_) => None,
        }
    }
}

/// What a policy is known by and where it was read, for reports; evaluation does not look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyLabel {
    /// The policy's name.
    pub name: Option<String>,
    /// The policy's ARN.
    pub arn: Option<String>,
    /// The ARN or id of what it is attached to.
    pub attached_to: Option<String>,
    /// Where the document is from.
    pub source: Option<PolicySource>,
}

impl PolicyLabel {
    /// A label with just a name.
    pub fn named(name: impl Into<String>) -> PolicyLabel {
        PolicyLabel { name: Some(name.into()), ..PolicyLabel::default() }
    }
}

/// Where a policy document was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicySource {
    /// The CloudTrail event with this id.
    Event(String),
    /// A file, by the path the user named.
    File(String),
}

/// A policy in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct AttachedPolicy {
    /// What it is known by.
    pub label: Arc<PolicyLabel>,
    /// The compiled document.
    pub policy: Arc<Policy>,
}

impl AttachedPolicy {
    /// Puts a policy in its place.
    pub fn new(label: PolicyLabel, policy: Policy) -> AttachedPolicy {
        AttachedPolicy { label: Arc::new(label), policy: Arc::new(policy) }
    }
}

/// The policies attached to one level of an organization: root, organizational unit, or account.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The level's id (`r-…`, `ou-…`, an account).
    pub id: String,
    /// The policies attached to it.
    pub policies: Vec<AttachedPolicy>,
}

/// The policy of the VPC endpoint that a request came through.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointPolicy {
    /// The endpoint's policies; AWS allows one.
    pub policies: Vec<AttachedPolicy>,
    /// Whether it is a gateway endpoint. There an account as principal means its root user only
    /// (Amazon VPC User Guide, Control access to VPC endpoints using endpoint policies).
    pub is_gateway: bool,
}

/// The policies around one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Layers {
    /// The caller's inline, managed and group policies, in order of attachment.
    pub identity: Presence<Vec<AttachedPolicy>>,
    /// The caller's permissions boundary.
    pub boundary: Presence<Vec<AttachedPolicy>>,
    /// The policies passed when the session was made.
    pub session: Presence<Vec<AttachedPolicy>>,
    /// The resource's own policy: key policy, bucket policy, trust policy, …
    pub resource: Presence<AttachedPolicy>,
    /// Service control policies, root first, the caller's account last.
    pub scps: Presence<Vec<Level>>,
    /// Resource control policies, root first, the resource's account last. `RCPFullAWSAccess`,
    /// which is always attached, may be left out.
    pub rcps: Presence<Vec<Level>>,
    /// The policy of the VPC endpoint.
    pub vpc_endpoint: Presence<EndpointPolicy>,
    /// The grants on the KMS key.
    pub kms_grants: Presence<Vec<KmsGrant>>,
    /// The state of the KMS key.
    pub key_state: Presence<KeyState>,
    /// Block Public Access of bucket and account.
    pub block_public_access: Presence<BlockPublicAccess>,
}

impl Layers {
    /// No policy anywhere.
    pub fn none() -> Layers {
        Layers {
            identity: Presence::NotApplicable,
            boundary: Presence::NotApplicable,
            session: Presence::NotApplicable,
            resource: Presence::NotApplicable,
            scps: Presence::NotApplicable,
            rcps: Presence::NotApplicable,
            vpc_endpoint: Presence::NotApplicable,
            kms_grants: Presence::NotApplicable,
            key_state: Presence::NotApplicable,
            block_public_access: Presence::NotApplicable,
        }
    }

    /// Nothing known of any layer, for the reason `why`.
    pub fn unknown(why: &Sentence) -> Layers {
        Layers {
            identity: Presence::Unknown(why.clone()),
            boundary: Presence::Unknown(why.clone()),
            session: Presence::Unknown(why.clone()),
            resource: Presence::Unknown(why.clone()),
            scps: Presence::Unknown(why.clone()),
            rcps: Presence::Unknown(why.clone()),
            vpc_endpoint: Presence::Unknown(why.clone()),
            kms_grants: Presence::Unknown(why.clone()),
            key_state: Presence::Unknown(why.clone()),
            block_public_access: Presence::Unknown(why.clone()),
        }
    }
}
