//! A link from a call to the call it was made for: what kind of evidence, how sure, and what
//! exactly matched.

use serde::{Deserialize, Serialize};

/// How a call is known to belong to its parent. The words are those of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// An id in the child stands in the parent's request or response.
    ResourceId,
    /// The child's access key was issued by the parent's response.
    IssuedCredentials,
    /// Both carry one request id.
    RequestId,
    /// Same principal and session, and the parent's service made the child.
    Session,
    /// Same service, and both name one KMS key.
    Key,
    /// Same service and account, close in time; the weakest.
    Time,
    /// Copies of one call delivered to two accounts; no parent link.
    SharedEvent,
}

/// Why a call belongs to its parent.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Index of the parent among the events.
    pub parent: usize,
    /// The strongest evidence.
    pub kind: LinkKind,
    /// Probability that the link is right, 0 to 1.
    pub confidence: f64,
    pub(super) basis: Basis,
    /// Other parents that fit equally well.
    pub tied_with: Vec<usize>,
}

/// What spoke for a link. The words are made when somebody reads them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Basis(u16);

impl Basis {
    pub(super) const IDS: Basis = Basis(1);
    pub(super) const REQUEST: Basis = Basis(2);
    pub(super) const PRINCIPAL: Basis = Basis(4);
    pub(super) const SESSION: Basis = Basis(8);
    pub(super) const KEY_NAMED: Basis = Basis(16);
    pub(super) const KEY_USUAL: Basis = Basis(32);
    pub(super) const TIME: Basis = Basis(64);
    pub(super) const ISSUED_KEY: Basis = Basis(128);
    pub(super) const ISSUED_SESSION: Basis = Basis(256);
    pub(super) const ROLE: Basis = Basis(512);
    pub(super) const USUAL_LAG: Basis = Basis(1024);
    pub(super) const SIGN_IN: Basis = Basis(2048);
    pub(super) const PREPARED: Basis = Basis(4096);

    pub(super) fn has(self, other: Basis) -> bool {
        self.0 & other.0 != 0
    }
}

impl std::ops::BitOrAssign for Basis {
    fn bitor_assign(&mut self, other: Basis) {
        self.0 |= other.0;
    }
}

/// A user call that is not in the log (data events are off) but must have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synthesized {
    /// The likeliest IAM action, e.g. `s3:GetObject`.
    pub action: String,
    /// What it was on, from the encryption context.
    pub resource: Option<String>,
    /// The encryption context pair that tells, `aws:s3:arn = …`.
    pub evidence: Option<String>,
}
