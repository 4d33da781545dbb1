//! `Principal` and `NotPrincipal` (IAM User Guide, the pages of these elements): whom a statement
//! of a resource-based policy means, and how closely it means the caller.

use serde_json::Value;

use super::principal::Principal;
use super::ternary::Ternary;

/// How closely a statement names the caller. A same-account grant bypasses the more of the
/// caller's other policies the closer it is (IAM User Guide, Policy evaluation logic; Permissions
/// boundaries for IAM entities; Session policies).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    /// Does not mean the caller.
    None,
    /// Means the caller's account, which leaves it to the account's own policies.
    Account,
    /// Means the role or the federating user behind the session: needs no identity-based policy,
    /// but boundary and session policy limit it.
    Entity,
    /// Means the caller itself: IAM user, session, service, or everyone.
    Caller,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PrincipalPattern {
    Everyone,
    Account {
        /// `None` where the account stands by its id alone, which means the policy's partition.
        partition: Option<Box<str>>,
        id: Box<str>,
    },
    Role {
        partition: Option<Box<str>>,
        account: Box<str>,
        name: Box<str>,
    },
    /// A user, session or other ARN, compared as it is.
    Arn(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
    /// Matches nobody: a unique id (its entity was deleted), a canonical user, a partial wildcard.
    Nobody,
}

/// `Principal` or `NotPrincipal` of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PrincipalElement {
    negated: bool,
    patterns: Vec<PrincipalPattern>,
}

/// One entry of a `Principal` element: its kind (`AWS`, `Service`, `Federated`, `CanonicalUser`)
/// and value. A bare string counts as `AWS`.
pub(super) fn entries(value: &Value) -> Vec<(&str, &str)> {
    match value {
        Value::String(text) => vec![("AWS", text)],
        Value::Object(kinds) => kinds
            .iter()
            .flat_map(|(kind, values)| match values {
                Value::Array(values) => values
                    .iter()
                    .filter_map(|value| Some((kind.as_str(), value.as_str()?)))
                    .collect::<Vec<_>>(),
                value => value.as_str().map(|text| (kind.as_str(), text)).into_iter().collect(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

impl PrincipalPattern {
    fn new(kind: &str, text: &str) -> PrincipalPattern {
        match kind {
            "AWS" => PrincipalPattern::aws(text),
            "Service" => PrincipalPattern::Service(text.into()),
            "Federated" => PrincipalPattern::Federated(text.into()),
            "*" if text == "*" => PrincipalPattern::Everyone,
            _ => PrincipalPattern::Nobody,
        }
    }

    fn aws(text: &str) -> PrincipalPattern {
        if text == "*" {
            return PrincipalPattern::Everyone;
        }
        let named = Principal::parse(text);
        let partition = named.as_ref().and_then(Principal::partition).map(Box::from);
        match named {
            Some(Principal::Root { account, .. }) => {
                PrincipalPattern::Account { partition, id: account.into() }
            }
            Some(Principal::Role { account, arn }) => match arn.rsplit('/').next() {
                Some(name) => {
                    PrincipalPattern::Role { partition, account: account.into(), name: name.into() }
                }
                None => PrincipalPattern::Nobody,
            },
            Some(
                Principal::User { arn, .. }
                | Principal::FederatedUser { arn, .. }
                | Principal::Federated { provider: arn },
            ) => PrincipalPattern::Arn(arn.into()),
            Some(Principal::RoleSession(session)) => {
                PrincipalPattern::Arn(session.session_arn.into())
            }
            Some(Principal::Service { .. } | Principal::Anonymous) | None => {
                PrincipalPattern::Nobody
            }
        }
    }

    fn closeness(&self, caller: &Principal) -> Closeness {
        let matched = |found: bool, closeness| if found { closeness } else { Closeness::None };
        match (self, caller) {
            (PrincipalPattern::Everyone, _) => Closeness::Caller,
            (PrincipalPattern::Nobody, _) => Closeness::None,
            // The root user is the account.
            (PrincipalPattern::Account { partition, id }, Principal::Root { account, .. }) => {
                let found = id.as_ref() == account && can_be_in(partition.as_deref(), caller);
                matched(found, Closeness::Caller)
            }
            (PrincipalPattern::Account { partition, id }, caller) => {
                let found = caller.account() == Some(id) && can_be_in(partition.as_deref(), caller);
                matched(found, Closeness::Account)
            }
            // A session's ARN has no path, so only account and name can compare; names of roles
            // are unique in an account without regard to case.
            (PrincipalPattern::Role { partition, account, name }, caller) => {
                let found = caller.account() == Some(account)
                    && can_be_in(partition.as_deref(), caller)
                    && caller.role_name().is_some_and(|role| role.eq_ignore_ascii_case(name));
                matched(found, Closeness::Entity)
            }
            (PrincipalPattern::Arn(arn), caller) if caller.arn() == Some(arn) => Closeness::Caller,
            (PrincipalPattern::Arn(arn), caller) => {
                matched(is_federating_user(arn, caller), Closeness::Entity)
            }
            (PrincipalPattern::Service(service), Principal::Service { name }) => {
                matched(service.as_ref() == name, Closeness::Caller)
            }
            (PrincipalPattern::Federated(named), Principal::Federated { provider }) => {
                matched(named.as_ref() == provider, Closeness::Caller)
            }
            (PrincipalPattern::Service(_) | PrincipalPattern::Federated(_), _) => Closeness::None,
        }
    }
}

/// Whether the caller is of the partition, as far as both are told: "You cannot use IAM credentials
/// from one partition to interact with resources in a different partition" (AWS Fault Isolation
/// Boundaries, Partitions).
fn can_be_in(partition: Option<&str>, caller: &Principal) -> bool {
    partition.is_none_or(|named| caller.partition().is_none_or(|own| own == named))
}

/// Whether `arn` is the IAM user whose credentials the federated user session was made with.
fn is_federating_user(arn: &str, caller: &Principal) -> bool {
    let (Some(name), Some(account)) = (caller.federated_name(), caller.account()) else {
        return false;
    };
    match Principal::parse(arn) {
        Some(user @ Principal::User { .. }) => {
            user.account() == Some(account)
                && can_be_in(user.partition(), caller)
                && arn.rsplit('/').next() == Some(name)
        }
        _ => false,
    }
}

impl PrincipalElement {
    pub(super) fn new(value: &Value, negated: bool) -> PrincipalElement {
        let patterns =
            entries(value).into_iter().map(|(kind, text)| PrincipalPattern::new(kind, text));
        PrincipalElement { negated, patterns: patterns.collect() }
    }

    /// Whether the element is `NotPrincipal`.
    pub(super) fn is_negated(&self) -> bool {
        self.negated
    }

    /// How closely a `Principal` element means the caller. `NotPrincipal` with Allow means
    /// everyone who is not listed, anonymous callers too.
    pub(super) fn closeness(&self, caller: &Principal) -> Closeness {
        let closest = self
            .patterns
            .iter()
            .map(|pattern| pattern.closeness(caller))
            .max()
            .unwrap_or(Closeness::None);
        match (self.negated, closest) {
            (false, closest) => closest,
            (true, Closeness::None) => Closeness::Caller,
            (true, _) => Closeness::None,
        }
    }

    /// Whether a Deny with `NotPrincipal` spares the caller. Listing the account alone spares
    /// nobody but its root user (the page's example denies everyone but Bob though it lists Bob's
    /// account). AWS may check account, role and session one after the other, so with some of
    /// them listed and not all the outcome depends on the service: "you must also specify the
    /// account ARN of the not-denied principal. Otherwise, the policy might deny access".
    pub(super) fn spares(&self, caller: &Principal) -> Ternary {
        let lists = |wanted: Closeness| {
            self.patterns.iter().any(|pattern| pattern.closeness(caller) == wanted)
        };
        let (account, entity, itself) =
            (lists(Closeness::Account), lists(Closeness::Entity), lists(Closeness::Caller));
        let needed: &[bool] = match caller {
            _ if self.patterns.contains(&PrincipalPattern::Everyone) => return Ternary::True,
            Principal::RoleSession(_) => &[itself, entity, account],
            Principal::Role { .. } => &[entity, account],
            Principal::User { .. } | Principal::FederatedUser { .. } => &[itself, account],
            _ => &[itself],
        };
        let is_named = entity || itself;
        match (is_named, needed.iter().all(|listed| *listed)) {
            (false, _) => Ternary::False,
            (true, true) => Ternary::True,
            (true, false) => Ternary::Unknown,
        }
    }
}
