//! Who signed a call: `userIdentity.type`, and which of the ways a downstream call can look.

use std::net::IpAddr;

use super::record::{Event, Field};

/// `userIdentity.type` (CloudTrail userIdentity element).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[allow(missing_docs, reason = "each is CloudTrail's word")]
pub enum IdentityType {
    Root,
    IamUser,
    AssumedRole,
    Role,
    FederatedUser,
    Directory,
    AwsAccount,
    AwsService,
    SamlUser,
    WebIdentityUser,
    IdentityCenterUser,
    Unknown,
    /// The record has no type, as service events have none.
    Missing,
}

impl IdentityType {
    /// All of them, in their own order.
    #[cfg(test)]
    pub(crate) const ALL: [IdentityType; 13] = [
        IdentityType::Root,
        IdentityType::IamUser,
        IdentityType::AssumedRole,
        IdentityType::Role,
        IdentityType::FederatedUser,
        IdentityType::Directory,
        IdentityType::AwsAccount,
        IdentityType::AwsService,
        IdentityType::SamlUser,
        IdentityType::WebIdentityUser,
        IdentityType::IdentityCenterUser,
        IdentityType::Unknown,
        IdentityType::Missing,
    ];

    /// Reads CloudTrail's word; a word that is not known gives [`IdentityType::Unknown`].
    pub fn parse(word: Option<&str>) -> IdentityType {
        match word {
            None | Some("") => IdentityType::Missing,
            Some("Root") => IdentityType::Root,
            Some("IAMUser") => IdentityType::IamUser,
            Some("AssumedRole") => IdentityType::AssumedRole,
            Some("Role") => IdentityType::Role,
            Some("FederatedUser") => IdentityType::FederatedUser,
            Some("Directory") => IdentityType::Directory,
            Some("AWSAccount") => IdentityType::AwsAccount,
            Some("AWSService") => IdentityType::AwsService,
            Some("SAMLUser") => IdentityType::SamlUser,
            Some("WebIdentityUser") => IdentityType::WebIdentityUser,
            Some("IdentityCenterUser") => IdentityType::IdentityCenterUser,
            Some(_) => IdentityType::Unknown,
        }
    }
}

/// The ways a call can be signed. The words are those of the report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// The principal itself.
    Direct,
    /// A service on behalf of the principal, with the principal's permissions.
    ForwardAccessSession,
    /// A service as itself (`AWSService`).
    ServicePrincipal,
    /// A role under `/aws-service-role/`.
    ServiceLinkedRole,
    /// An ordinary role that was handed to a service.
    ServiceRole,
    /// `aws:ec2-infrastructure`: EC2 acting for one instance.
    Ec2Infrastructure,
    /// An assistant, for the person whose permissions it has, through the AWS MCP server.
    Agent,
}

impl CallerKind {
    /// Every way, in the order of the report's contract.
    pub const ALL: [CallerKind; 7] = [
        CallerKind::Direct,
        CallerKind::ForwardAccessSession,
        CallerKind::ServicePrincipal,
        CallerKind::ServiceLinkedRole,
        CallerKind::ServiceRole,
        CallerKind::Ec2Infrastructure,
        CallerKind::Agent,
    ];

    /// The report's word.
    pub fn as_str(self) -> &'static str {
        match self {
            CallerKind::Direct => "direct",
            CallerKind::ForwardAccessSession => "forward_access_session",
            CallerKind::ServicePrincipal => "service_principal",
            CallerKind::ServiceLinkedRole => "service_linked_role",
            CallerKind::ServiceRole => "service_role",
            CallerKind::Ec2Infrastructure => "ec2_infrastructure",
            CallerKind::Agent => "agent",
        }
    }

    /// Whether a principal asked for the call itself, by its own hand or through an assistant.
    pub fn is_own(self) -> bool {
        matches!(self, CallerKind::Direct | CallerKind::Agent)
    }
}

/// `invokedBy` of the calls that assistants make for people (agent toolkit user guide, "Logging
/// using CloudTrail").
const AGENT: &str = "aws-mcp.amazonaws.com";

/// `invokedBy: signin.amazonaws.com` on old console calls is the console, no service chain.
pub(super) fn is_console_sign_in(invoked_by: &str) -> bool {
    invoked_by == "signin.amazonaws.com"
}

/// The kind of caller as far as one record tells.
///
/// A role session with `invokedBy` is a forward access session here; whether it is really a role
/// handed to the service shows only from the `AssumeRole` that issued its key (module `chain`).
pub(super) fn caller_kind(event: &Event) -> CallerKind {
    if event.identity_type == IdentityType::AwsService {
        return CallerKind::ServicePrincipal;
    }
    if event.identity_type == IdentityType::Missing {
        return match event.get(Field::EventType) {
            Some("AwsServiceEvent") => CallerKind::ServicePrincipal,
            _ if event.invoked_by().is_some() => CallerKind::ServicePrincipal,
            _ => CallerKind::Direct,
        };
    }
    if is_ec2_infrastructure(event) {
        return CallerKind::Ec2Infrastructure;
    }
    if is_service_linked_role(event) {
        return CallerKind::ServiceLinkedRole;
    }
    match event.invoked_by() {
        None => CallerKind::Direct,
        Some(AGENT) => CallerKind::Agent,
        Some(_) => CallerKind::ForwardAccessSession,
    }
}

/// Whether code of the account's own made the call from where it runs: a principal by itself, or a
/// program that holds a role's credentials (function, container, job). A service that uses the role
/// from its own network has `AWS Internal` or its name as address, or an agent that only services
/// have.
pub(super) fn is_own_hop(event: &Event, kind: CallerKind) -> bool {
    match kind {
        CallerKind::Direct | CallerKind::Agent => true,
        CallerKind::ServiceRole => {
            let source = event.get(Field::SourceIpAddress);
            let has_address = source.is_some_and(|text| text.parse::<IpAddr>().is_ok());
            event.invoked_by().is_none() && has_address && !has_internal_agent(event)
        }
        _ => false,
    }
}

/// `aws-internal/3 …`: the AWS SDK inside a service, as Lambda decrypts environment variables.
pub(crate) fn has_internal_agent(event: &Event) -> bool {
    event.get(Field::UserAgent).is_some_and(|agent| agent.contains("aws-internal/"))
}

/// `arn:…:assumed-role/aws:ec2-infrastructure/i-…`, or the old principal id
/// `ACCOUNT:aws:ec2-infrastructure:i-…`.
fn is_ec2_infrastructure(event: &Event) -> bool {
    let by_id = |id: &str| {
        id.split_once(':').is_some_and(|(_, rest)| rest.starts_with("aws:ec2-infrastructure:"))
    };
    event
        .arn()
        .and_then(resource_part)
        .is_some_and(|part| part.starts_with("assumed-role/aws:ec2-infrastructure/"))
        || event.principal_id().is_some_and(by_id)
}

/// What follows the account in an ARN. Asked of every event, so nothing is searched for.
fn resource_part(arn: &str) -> Option<&str> {
    arn.splitn(6, ':').nth(5)
}

/// The issuer's path says it; session ARNs have no path, so the reserved name prefix
/// `AWSServiceRoleFor` stands in where the issuer is missing.
fn is_service_linked_role(event: &Event) -> bool {
    match event.get(Field::IssuerArn) {
        Some(arn) => {
            resource_part(arn).is_some_and(|part| part.starts_with("role/aws-service-role/"))
        }
        None => event
            .arn()
            .and_then(resource_part)
            .is_some_and(|part| part.starts_with("assumed-role/AWSServiceRoleFor")),
    }
}
