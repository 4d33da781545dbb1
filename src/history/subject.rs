//! What a change changes, named so that an event, a dump and a request mean the same thing: a key
//! by id or ARN, a role with or without its path, a queue by URL or ARN.

use std::fmt;

use crate::event::Layer;
use crate::event::arn::{self, Arn};
use crate::event::partition;
use crate::wording::Sentence;

/// What kind of IAM entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityKind {
    /// An IAM user.
    User,
    /// An IAM role.
    Role,
    /// An IAM group.
    Group,
}

impl EntityKind {
    /// The word in an ARN.
    pub fn as_str(self) -> &'static str {
        match self {
            EntityKind::User => "user",
            EntityKind::Role => "role",
            EntityKind::Group => "group",
        }
    }

    fn parse(word: &str) -> Option<EntityKind> {
        [EntityKind::User, EntityKind::Role, EntityKind::Group]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// An IAM user, role or group.
///
/// Names are unique in an account whatever the path (IAM identifiers: "friendly names and paths"),
/// and calls and session ARNs give the name alone, so the path is no part of what it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity {
    /// The account that owns it.
    pub account: String,
    /// User, role or group.
    pub kind: EntityKind,
    /// Its name, without path.
    pub name: String,
}

impl Entity {
    /// An entity of `account`.
    pub fn new(account: &str, kind: EntityKind, name: &str) -> Entity {
        Entity { account: account.to_owned(), kind, name: name.to_owned() }
    }

    /// Reads `arn:aws:iam::ACCOUNT:role/path/NAME`, the same for users and groups, and a role
    /// session's `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`.
    ///
    /// `arn:aws:iam::ACCOUNT:role/aws:ec2-infrastructure` is read like any role.
    pub fn from_arn(arn: &str) -> Option<Entity> {
        let parts = Arn::parse(arn)?;
        let (kind, rest) = parts.resource.split_once('/')?;
        match (parts.service, kind) {
            ("iam", kind) => {
                let name = rest.rsplit('/').next()?;
                Some(Entity::new(parts.account, EntityKind::parse(kind)?, name))
            }
            ("sts", "assumed-role") => {
                Some(Entity::new(parts.account, EntityKind::Role, rest.split('/').next()?))
            }
            _ => None,
        }
    }

    /// The ARN in a partition, as it reads without a path.
    pub fn arn_in(&self, partition: &str) -> String {
        format!("arn:{partition}:iam::{}:{}/{}", self.account, self.kind.as_str(), self.name)
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

/// The two types of organization policy that take part in authorization; others (backup, tag, AI
/// opt-out, declarative policies, …) do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyType {
    /// `SERVICE_CONTROL_POLICY`.
    Scp,
    /// `RESOURCE_CONTROL_POLICY`.
    Rcp,
    /// Any other.
    Other,
}

impl PolicyType {
    /// Reads the API's word or the part of an ARN.
    pub fn parse(word: &str) -> PolicyType {
        if word.eq_ignore_ascii_case("SERVICE_CONTROL_POLICY") {
            PolicyType::Scp
        } else if word.eq_ignore_ascii_case("RESOURCE_CONTROL_POLICY") {
            PolicyType::Rcp
        } else {
            PolicyType::Other
        }
    }

    /// Reads `arn:aws:organizations::MANAGEMENT:policy/o-…/service_control_policy/p-…`, and the
    /// AWS managed `arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess`.
    pub fn of_arn(arn: &str) -> Option<PolicyType> {
        let (_, path) = arn.split_once(":policy/")?;
        path.rsplit('/').nth(1).map(PolicyType::parse)
    }

    /// The layer policies of this type belong to.
    pub fn layer(self) -> Layer {
        match self {
            PolicyType::Scp => Layer::Scp,
            PolicyType::Rcp => Layer::Rcp,
            PolicyType::Other => Layer::Unknown,
        }
    }
}

/// One thing whose state changes over time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// Whether the entity exists, and with which unique id (`AROA…`).
    Entity(Entity),
    /// An inline policy.
    InlinePolicy {
        /// Whose.
        of: Entity,
        /// The policy's name.
        name: String,
    },
    /// Whether a managed policy is attached.
    Attachment {
        /// To whom.
        to: Entity,
        /// The policy's ARN.
        policy: String,
    },
    /// The ARN of the permissions boundary.
    Boundary(Entity),
    /// A role's trust policy.
    TrustPolicy(Entity),
    /// Whether a user is in a group.
    Membership {
        /// The user.
        user: Entity,
        /// The group.
        group: Entity,
    },
    /// Which version of a managed policy is the default one; the policy by its ARN.
    ManagedPolicy(String),
    /// The document of one version of a managed policy, which never changes (IAM "Versioning IAM
    /// policies").
    PolicyVersion {
        /// The policy's ARN.
        policy: String,
        /// `v1`, `v2`, …
        version: String,
    },
    /// A resource policy, a key policy among them, by [`resource_name`].
    ResourcePolicy(String),
    /// The state of a KMS key (`Enabled`, `Disabled`, …), by [`resource_name`].
    KeyState(String),
    /// A grant on a KMS key.
    Grant {
        /// The key, by [`resource_name`].
        key: String,
        /// The grant's id.
        id: String,
    },
    /// The key an alias stands for; the alias by its ARN.
    Alias(String),
    /// S3 Block Public Access of a bucket (its ARN) or of an account (its number).
    PublicAccessBlock(String),
    /// The content of an SCP or RCP, by id.
    OrganizationPolicy(String),
    /// Whether an SCP or RCP is attached.
    OrganizationAttachment {
        /// The policy's id.
        policy: String,
        /// Root, organizational unit or account.
        target: String,
    },
    /// Whether a root has a policy type enabled.
    PolicyTypeEnabled {
        /// The organization's root.
        root: String,
        /// SCP or RCP.
        kind: PolicyType,
    },
    /// Root or organizational unit that an account or organizational unit lies in.
    Parent(String),
    /// The policy of a VPC endpoint.
    VpcEndpointPolicy(String),
    /// A tag of a principal or resource.
    Tag {
        /// ARN, or [`resource_name`] of a key.
        of: String,
        /// The tag's key.
        key: String,
    },
    /// The policies passed when a session was made; the session by its ARN, or the event that made
    /// it.
    SessionPolicy(String),
    /// Something else a change can touch that evaluation does not need: the default EBS key, the
    /// role of an instance profile, what a trail records.
    Setting {
        /// What it is.
        name: &'static str,
        /// Of what.
        of: String,
    },
}

impl Subject {
    /// What it is, in short technical terms.
    pub fn sentence(&self) -> Sentence {
        match self {
            Subject::Entity(entity) => Sentence::new("log-of-policies-of").arg("of", said(entity)),
            Subject::InlinePolicy { of, name } => {
                Sentence::new("log-of-inline").arg("name", name).arg("of", said(of))
            }
            Subject::Attachment { to, policy } => {
                Sentence::new("log-of-attachment").arg("policy", policy).arg("to", said(to))
            }
            Subject::Boundary(entity) => {
                Sentence::new("log-of-permissions-boundary").arg("of", said(entity))
            }
            Subject::TrustPolicy(role) => Sentence::new("log-of-trust").arg("role", said(role)),
            Subject::Membership { user, group } => {
                Sentence::new("log-of-membership").arg("user", said(user)).arg("group", said(group))
            }
            Subject::ManagedPolicy(arn) => Sentence::new("log-of-managed").arg("policy", arn),
            Subject::PolicyVersion { policy, version } => {
                Sentence::new("log-of-version").arg("version", version).arg("policy", policy)
            }
            Subject::ResourcePolicy(of) => Sentence::new("log-of-resource-policy").arg("of", of),
            Subject::KeyState(key) => Sentence::new("log-of-state-of-key").arg("key", key),
            Subject::Grant { key, .. } => Sentence::new("log-of-grants").arg("key", key),
            Subject::Alias(arn) => Sentence::new("log-of-key-behind").arg("alias", arn),
            Subject::PublicAccessBlock(of) => Sentence::new("log-of-access-block").arg("of", of),
            Subject::OrganizationPolicy(id) => {
                Sentence::new("log-of-organization-policy").arg("policy", id)
            }
            Subject::OrganizationAttachment { target, .. } => {
                Sentence::new("log-of-organization-policies").arg("target", target)
            }
            Subject::PolicyTypeEnabled { root, .. } => {
                Sentence::new("log-of-policy-types").arg("root", root)
            }
            Subject::Parent(of) => Sentence::new("log-of-organizational-unit").arg("of", of),
            Subject::VpcEndpointPolicy(id) => {
                Sentence::new("log-of-policy-of-endpoint").arg("endpoint", id)
            }
            Subject::Tag { of, key } => Sentence::new("log-of-tag").arg("key", key).arg("of", of),
            Subject::SessionPolicy(of) => Sentence::new("log-of-session").arg("session", of),
            Subject::Setting { name, of } => {
                Sentence::new("log-of-setting").arg("name", *name).arg("of", of)
            }
        }
    }

    /// Whether its text is a policy document.
    pub fn is_document(&self) -> bool {
        matches!(
            self,
            Subject::InlinePolicy { .. }
                | Subject::TrustPolicy(_)
                | Subject::PolicyVersion { .. }
                | Subject::ResourcePolicy(_)
                | Subject::OrganizationPolicy(_)
                | Subject::VpcEndpointPolicy(_)
        )
    }
}

/// As text, because it is the same in every language.
fn said(entity: &Entity) -> String {
    entity.to_string()
}

/// The name a resource has wherever it is named: ARN, id or sub-resource ARN.
///
/// - KMS keys: the bare id, which is unique; multi-Region ids (`mrk-…`) are not, so the Region
///   stays with them (KMS "multi-Region keys": each replica has its own key policy).
/// - S3: the bucket of an object.
/// - Secrets: without the six characters that Secrets Manager appends, since calls name secrets
///   with and without them (Secrets Manager `GetSecretValue`, `SecretId`).
/// - Lambda functions, tables, log groups: without version, index, stream or `:*`.
pub fn resource_name(arn: &str) -> String {
    let Some(parts) = Arn::parse(arn) else { return arn.to_owned() };
    let Arn { partition, service, region, account, resource } = parts;
    match service {
        "kms" => match resource.strip_prefix("key/") {
            Some(id) => key_name(id, Some(region)),
            None => arn.to_owned(),
        },
        "s3" => {
            let bucket = resource.split('/').next().unwrap_or(resource);
            format!("arn:{partition}:s3:{region}:{account}:{bucket}")
        }
        "secretsmanager" => without_random_suffix(arn).to_owned(),
        "lambda" => {
            let name: Vec<&str> = resource.split(':').take(2).collect();
            format!("arn:{partition}:lambda:{region}:{account}:{}", name.join(":"))
        }
        "dynamodb" => {
            let name: Vec<&str> = resource.split('/').take(2).collect();
            format!("arn:{partition}:dynamodb:{region}:{account}:{}", name.join("/"))
        }
        "logs" => {
            let group = resource.split(":log-stream:").next().unwrap_or(resource);
            let group = group.strip_suffix(":*").unwrap_or(group);
            format!("arn:{partition}:logs:{region}:{account}:{group}")
        }
        _ => arn.to_owned(),
    }
}

/// The name of a key given by bare id or ARN; `None` for an alias or nothing.
pub fn key_name_of(id_or_arn: &str, region: Option<&str>) -> Option<String> {
    if id_or_arn.is_empty() || id_or_arn.starts_with("alias/") {
        return None;
    }
    if !id_or_arn.starts_with("arn:") {
        return Some(key_name(id_or_arn, region));
    }
    let parts = Arn::parse(id_or_arn)?;
    Some(key_name(parts.resource.strip_prefix("key/")?, Some(parts.region)))
}

fn key_name(id: &str, region: Option<&str>) -> String {
    match region {
        Some(region) if id.starts_with("mrk-") => format!("{region}/{id}"),
        _ => id.to_owned(),
    }
}

/// `…:secret:NAME-AbCdEf` without the hyphen and the six characters.
///
/// Six small letters are taken for a word of the name (`my-secret`): the appended characters look
/// like that once in two hundred times, names often do.
fn without_random_suffix(arn: &str) -> &str {
    let Some((name, suffix)) = arn.rsplit_once('-') else { return arn };
    let random = suffix.len() == 6
        && suffix.bytes().all(|b| b.is_ascii_alphanumeric())
        && suffix.bytes().any(|b| !b.is_ascii_lowercase());
    if random { name } else { arn }
}

/// The ARN of a queue given by URL or ARN; the old host `queue.amazonaws.com` leaves the Region to
/// the call.
pub fn queue_arn(url: &str, region: Option<&str>) -> Option<String> {
    if url.starts_with("arn:") {
        return Some(url.to_owned());
    }
    arn::queue_arn(url).or_else(|| {
        let (host, path) = url.split_once("://")?.1.split_once('/')?;
        let (account, name) = path.split_once('/')?;
        let region = region.filter(|_| partition::without_domain(host) == Some("queue"))?;
        Some(format!("arn:{}:sqs:{region}:{account}:{name}", arn::partition_of(region)))
    })
}

/// The permission set that IAM Identity Center made a role of: `Auditors` of
/// `AWSReservedSSO_Auditors_0123456789abcdef`, by the role's name, ARN or a session's ARN.
///
/// Only Identity Center may make roles with this name, one in each account, with sixteen
/// hexadecimal digits behind (IAM Identity Center user guide, "Referencing permission sets in
/// resource policies").
pub fn permission_set_of(role: &str) -> Option<&str> {
    let name = match Arn::parse(role) {
        Some(_) => arn::role_name(role)?.1,
        None => role.rsplit('/').next()?,
    };
    let (set, suffix) = name.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    let generated = suffix.len() == 16 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit());
    (generated && !set.is_empty()).then_some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_of_identity_center_tells_its_permission_set() {
        let path = "aws-reserved/sso.amazonaws.com";
        for (role, set) in [
            ("AWSReservedSSO_Auditors_0123456789abcdef".to_owned(), Some("Auditors")),
            ("AWSReservedSSO_Read_Only_0123456789abcdef".to_owned(), Some("Read_Only")),
            (
                format!(
                    "arn:aws:iam::111122223333:role/{path}/AWSReservedSSO_A@b+c_0123456789abcdef"
                ),
                Some("A@b+c"),
            ),
            (
                format!(
                    "arn:aws-cn:iam::111122223333:role/{path}/cn-north-1/AWSReservedSSO_A_0123456789abcdef"
                ),
                Some("A"),
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_A_0123456789abcdef/example"
                    .to_owned(),
                Some("A"),
            ),
            ("AWSReservedSSO_Auditors".to_owned(), None),
            ("AWSReservedSSO__0123456789abcdef".to_owned(), None),
            ("AWSReservedSSO_Auditors_0123456789abcdeg".to_owned(), None),
            ("Auditors_0123456789abcdef".to_owned(), None),
            ("arn:aws:s3:::AWSReservedSSO_A_0123456789abcdef".to_owned(), None),
        ] {
            assert_eq!(permission_set_of(&role), set, "{role}");
        }
    }

    #[test]
    fn an_entity_is_the_same_by_any_of_its_arns() {
        let role = Entity::new("111122223333", EntityKind::Role, "Builder");
        for arn in [
            "arn:aws:iam::111122223333:role/Builder",
            "arn:aws:iam::111122223333:role/team/ci/Builder",
            "arn:aws:sts::111122223333:assumed-role/Builder/session",
        ] {
            assert_eq!(Entity::from_arn(arn).as_ref(), Some(&role), "{arn}");
        }
        assert_eq!(Entity::from_arn("arn:aws:iam::111122223333:root"), None);
        assert_eq!(Entity::from_arn("arn:aws:iam::111122223333:policy/p"), None);
    }

    #[test]
    fn a_resource_has_one_name() {
        for (arn, name) in [
            ("arn:aws:kms:eu-west-1:111122223333:key/0a1b", "0a1b"),
            ("arn:aws:kms:eu-west-1:111122223333:key/mrk-0a", "eu-west-1/mrk-0a"),
            ("arn:aws:s3:::bucket/some/key", "arn:aws:s3:::bucket"),
            (
                "arn:aws:secretsmanager:eu-west-1:1:secret:a/b-Ab12Cd",
                "arn:aws:secretsmanager:eu-west-1:1:secret:a/b",
            ),
            ("arn:aws:lambda:eu-west-1:1:function:f:live", "arn:aws:lambda:eu-west-1:1:function:f"),
            (
                "arn:aws:dynamodb:eu-west-1:1:table/t/index/i",
                "arn:aws:dynamodb:eu-west-1:1:table/t",
            ),
            (
                "arn:aws:logs:eu-west-1:1:log-group:g:log-stream:s",
                "arn:aws:logs:eu-west-1:1:log-group:g",
            ),
            ("arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:eu-west-1:1:q"),
            (
                "arn:aws:secretsmanager:eu-west-1:1:secret:my-secret",
                "arn:aws:secretsmanager:eu-west-1:1:secret:my-secret",
            ),
        ] {
            assert_eq!(resource_name(arn), name);
            assert_eq!(resource_name(name), name);
        }
        assert_eq!(key_name_of("mrk-0a", Some("eu-west-1")).as_deref(), Some("eu-west-1/mrk-0a"));
        assert_eq!(key_name_of("alias/a", None), None);
    }

    #[test]
    fn a_queue_is_found_by_its_url() {
        let arn = "arn:aws:sqs:us-east-2:111122223333:q";
        for url in [
            "https://sqs.us-east-2.amazonaws.com/111122223333/q",
            "https://us-east-2.queue.amazonaws.com/111122223333/q",
            "https://queue.amazonaws.com/111122223333/q",
            arn,
        ] {
            assert_eq!(queue_arn(url, Some("us-east-2")).as_deref(), Some(arn), "{url}");
        }
    }
}
