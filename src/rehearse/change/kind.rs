//! The kinds of policies, by the words that people type and reports show.

use crate::event::arn::Arn;

/// What a policy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the word of the table below")]
pub enum PolicyKind {
    Identity,
    Managed,
    Trust,
    Boundary,
    Key,
    Bucket,
    Queue,
    Topic,
    Secret,
    Repository,
    Vault,
    /// Of any other resource.
    Resource,
    Endpoint,
    Scp,
    Rcp,
}

/// The words.
pub const KINDS: [(&str, PolicyKind); 15] = [
    ("identity", PolicyKind::Identity),
    ("managed", PolicyKind::Managed),
    ("trust", PolicyKind::Trust),
    ("boundary", PolicyKind::Boundary),
    ("key", PolicyKind::Key),
    ("bucket", PolicyKind::Bucket),
    ("queue", PolicyKind::Queue),
    ("topic", PolicyKind::Topic),
    ("secret", PolicyKind::Secret),
    ("repository", PolicyKind::Repository),
    ("vault", PolicyKind::Vault),
    ("resource", PolicyKind::Resource),
    ("endpoint", PolicyKind::Endpoint),
    ("scp", PolicyKind::Scp),
    ("rcp", PolicyKind::Rcp),
];

/// What the service of an ARN keeps policies on (service authorization reference, resource types).
const BY_SERVICE: [(&str, &str); 7] = [
    ("kms", "key"),
    ("s3", "bucket"),
    ("sqs", "queue"),
    ("sns", "topic"),
    ("secretsmanager", "secret"),
    ("ecr", "repository"),
    ("backup", "vault"),
];

impl PolicyKind {
    /// Reads a word.
    pub fn parse(word: &str) -> Option<PolicyKind> {
        KINDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("resource", |(word, _)| word)
    }
}

/// The kind of policy that a resource has, by the name it is known under.
pub(super) fn of_resource(name: &str) -> &'static str {
    // Keys are known by their bare ids.
    let Some(arn) = Arn::parse(name) else { return "key" };
    BY_SERVICE.iter().find(|(service, _)| *service == arn.service).map_or("resource", |(_, w)| w)
}
