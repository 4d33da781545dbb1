//! Who makes a request, as IAM tells principals apart (IAM User Guide, IAM JSON policy elements:
//! Principal; IAM identifiers).

use crate::event::partition;

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The root user of an account.
    Root {
        /// The account.
        account: String,
        /// The partition (`aws`, `aws-cn`, …); `None` where an account stands by its id alone.
        partition: Option<String>,
    },
    /// An IAM user.
    User {
        /// The account.
        account: String,
        /// `arn:aws:iam::ACCOUNT:user/PATH/NAME`.
        arn: String,
    },
    /// A role, named without a session. Requests are made by sessions; this is for asking what a
    /// role may do.
    Role {
        /// The account.
        account: String,
        /// `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
        arn: String,
    },
    /// A session of a role.
    RoleSession(RoleSession),
    /// A federated user session (`sts:GetFederationToken`), which acts within the permissions of
    /// the IAM user of the same name and of its session policies.
    FederatedUser {
        /// The account.
        account: String,
        /// `arn:aws:sts::ACCOUNT:federated-user/NAME`.
        arn: String,
    },
    /// An identity provider's user who has no role yet: SAML or OpenID Connect, as in
    /// `sts:AssumeRoleWithWebIdentity`.
    Federated {
        /// The provider's ARN or domain.
        provider: String,
    },
    /// An AWS service by its own principal (`delivery.logs.amazonaws.com`).
    Service {
        /// The service principal.
        name: String,
    },
    /// Nobody in particular: an unsigned request.
    Anonymous,
}

/// A session of a role. Its ARN has the role's name and not its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSession {
    /// The account.
    pub account: String,
    /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub session_arn: String,
    /// The role's name.
    pub role_name: String,
    /// The role's ARN with its path, when known.
    pub role_arn: Option<String>,
    /// The role's unique id (`AROA…`), when known.
    pub unique_id: Option<String>,
}

/// The identity providers that policies name by domain (IAM User Guide, Web identity federation).
const PROVIDER_DOMAINS: &[&str] = &[
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];

impl Principal {
    /// Reads the ARN or name of a principal; `None` when it is neither.
    ///
    /// ```
    /// use trailwhy::iam::Principal;
    ///
    /// let session = "arn:aws:sts::111122223333:assumed-role/deploy/build-7";
    /// assert!(matches!(Principal::parse(session), Some(Principal::RoleSession(_))));
    /// assert_eq!(
    ///     Principal::parse("ec2.amazonaws.com"),
    ///     Some(Principal::Service { name: "ec2.amazonaws.com".to_owned() })
    /// );
    /// ```
    pub fn parse(text: &str) -> Option<Principal> {
        if text.starts_with("arn:") {
            return Principal::from_arn(text);
        }
        if PROVIDER_DOMAINS.contains(&text) {
            return Some(Principal::Federated { provider: text.to_owned() });
        }
        if partition::without_domain(text).is_some() {
            return Some(Principal::Service { name: text.to_owned() });
        }
        let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_account.then(|| Principal::Root { account: text.to_owned(), partition: None })
    }

    fn from_arn(arn: &str) -> Option<Principal> {
        let mut parts = arn.splitn(6, ':').skip(1);
        let (partition, service, _, account, rest) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?.to_owned(), parts.next()?);
        let (kind, name) = rest.split_once('/').unwrap_or((rest, ""));
        let arn = arn.to_owned();
        match (service, kind, name) {
            ("iam", "root", "") => {
                Some(Principal::Root { account, partition: Some(partition.to_owned()) })
            }
            ("iam", "user", name) if !name.is_empty() => Some(Principal::User { account, arn }),
            ("iam", "role", name) if !name.is_empty() => Some(Principal::Role { account, arn }),
            ("sts", "assumed-role", name) => {
                let (role, _) = name.split_once('/')?;
                let role_name = role.to_owned();
                Some(Principal::RoleSession(RoleSession {
                    account,
                    session_arn: arn,
                    role_name,
                    role_arn: None,
                    unique_id: None,
                }))
            }
            ("sts", "federated-user", name) if !name.is_empty() => {
                Some(Principal::FederatedUser { account, arn })
            }
            ("iam", "saml-provider" | "oidc-provider", _) => {
                Some(Principal::Federated { provider: arn })
            }
            _ => None,
        }
    }

    /// The account that the principal belongs to.
    pub fn account(&self) -> Option<&str> {
        match self {
            Principal::Root { account, .. }
            | Principal::User { account, .. }
            | Principal::Role { account, .. }
            | Principal::FederatedUser { account, .. } => Some(account),
            Principal::RoleSession(session) => Some(&session.account),
            Principal::Federated { .. } | Principal::Service { .. } | Principal::Anonymous => None,
        }
    }

    /// The principal's own ARN: of the session where there is one.
    pub fn arn(&self) -> Option<&str> {
        match self {
            Principal::User { arn, .. }
            | Principal::Role { arn, .. }
            | Principal::FederatedUser { arn, .. } => Some(arn),
            Principal::RoleSession(session) => Some(&session.session_arn),
            Principal::Federated { provider } => Some(provider),
            Principal::Root { .. } | Principal::Service { .. } | Principal::Anonymous => None,
        }
    }

    /// The partition that the principal belongs to, where its ARN says it.
    pub fn partition(&self) -> Option<&str> {
        match self {
            Principal::Root { partition, .. } => partition.as_deref(),
            other => other.arn()?.strip_prefix("arn:")?.split(':').next(),
        }
    }

    /// The name of the role behind the principal.
    pub fn role_name(&self) -> Option<&str> {
        match self {
            Principal::Role { arn, .. } => arn.rsplit('/').next(),
            Principal::RoleSession(session) => Some(&session.role_name),
            _ => None,
        }
    }

    /// Whether the principal is a service-linked role: the path `/aws-service-role/`, or, where no
    /// path is known, the reserved name prefix (IAM User Guide, Using service-linked roles).
    pub fn is_service_linked_role(&self) -> bool {
        let role_arn = match self {
            Principal::Role { arn, .. } => Some(arn.as_str()),
            Principal::RoleSession(session) => session.role_arn.as_deref(),
            _ => None,
        };
        match role_arn {
            Some(arn) => arn.contains(":role/aws-service-role/"),
            None => self.role_name().is_some_and(|name| name.starts_with("AWSServiceRoleFor")),
        }
    }

    /// Whether identity-based policies speak for the principal at all.
    pub(super) fn has_identity(&self) -> bool {
        self.account().is_some()
    }

    /// The user name of a federated user session.
    pub(super) fn federated_name(&self) -> Option<&str> {
        match self {
            Principal::FederatedUser { arn, .. } => arn.split_once(":federated-user/").map(|p| p.1),
            _ => None,
        }
    }
}
