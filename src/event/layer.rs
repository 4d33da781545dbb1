//! The words the whole program shares: policy layers, how they deny, how a call ends.

use serde::{Deserialize, Serialize};

/// The policy layer that denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is AWS's term")]
pub enum Layer {
    IdentityPolicy,
    PermissionsBoundary,
    SessionPolicy,
    /// A KMS key policy, bucket policy, queue policy, …
    ResourcePolicy,
    RoleTrustPolicy,
    Scp,
    Rcp,
    VpcEndpointPolicy,
    KmsGrant,
    KmsKeyState,
    BlockPublicAccess,
    Unknown,
}

/// How the layer denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A Deny statement matched.
    ExplicitDeny,
    /// No Allow statement matched.
    ImplicitDeny,
    /// Key state, a missing grant.
    NotApplicable,
    /// Not known.
    Unknown,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No error recorded.
    Success,
    /// Denied by authorization or key state.
    Denied,
    /// Failed in another way.
    Error,
    /// Inferred, not logged.
    Unknown,
}

impl Layer {
    /// Every layer but [`Layer::Unknown`], in the order of the report's contract.
    pub const ALL: [Layer; 11] = [
        Layer::IdentityPolicy,
        Layer::PermissionsBoundary,
        Layer::SessionPolicy,
        Layer::ResourcePolicy,
        Layer::RoleTrustPolicy,
        Layer::Scp,
        Layer::Rcp,
        Layer::VpcEndpointPolicy,
        Layer::KmsGrant,
        Layer::KmsKeyState,
        Layer::BlockPublicAccess,
    ];

    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::IdentityPolicy => "identity_policy",
            Layer::PermissionsBoundary => "permissions_boundary",
            Layer::SessionPolicy => "session_policy",
            Layer::ResourcePolicy => "resource_policy",
            Layer::RoleTrustPolicy => "role_trust_policy",
            Layer::Scp => "scp",
            Layer::Rcp => "rcp",
            Layer::VpcEndpointPolicy => "vpc_endpoint_policy",
            Layer::KmsGrant => "kms_grant",
            Layer::KmsKeyState => "kms_key_state",
            Layer::BlockPublicAccess => "block_public_access",
            Layer::Unknown => "unknown",
        }
    }
}
