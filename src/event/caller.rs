//! Who signed a call, as far as its own record tells.
//!
//! In goes one event, out comes its [`CallerKind`]; nothing fails. A session that a service's
//! `AssumeRole` issued shows only from other records, which module `chain` reads.

use std::net::IpAddr;

use super::identity::{CallerKind, IdentityType};
use super::record::{Event, Field};

/// `invokedBy` of the calls that assistants make for people (agent toolkit user guide, "Logging
/// using CloudTrail").
const AGENT: &str = "aws-mcp.amazonaws.com";

impl Event {
    /// The kind of caller as far as one record tells.
    ///
    /// A role session with `invokedBy` is a forward access session here; whether it is really a role
    /// handed to the service shows only from the `AssumeRole` that issued its key (module `chain`).
    pub fn caller_kind(&self) -> CallerKind {
        if self.identity_type == IdentityType::AwsService {
            return CallerKind::ServicePrincipal;
        }
        if self.identity_type == IdentityType::Missing {
            return match self.get(Field::EventType) {
                Some("AwsServiceEvent") => CallerKind::ServicePrincipal,
                _ if self.invoked_by().is_some() => CallerKind::ServicePrincipal,
                _ => CallerKind::Direct,
            };
        }
        if is_ec2_infrastructure(self) {
            return CallerKind::Ec2Infrastructure;
        }
        if is_service_linked_role(self) {
            return CallerKind::ServiceLinkedRole;
        }
        match self.invoked_by() {
            None => CallerKind::Direct,
            Some(AGENT) => CallerKind::Agent,
            Some(_) => CallerKind::ForwardAccessSession,
        }
    }

    /// Whether code of the account's own made the call from where it runs: a principal by itself, or a
    /// program that holds a role's credentials (function, container, job). A service that uses the role
    /// from its own network has `AWS Internal` or its name as address, or an agent that only services
    /// have.
    pub fn is_own_hop(&self, kind: CallerKind) -> bool {
        match kind {
            CallerKind::Direct | CallerKind::Agent => true,
            CallerKind::ServiceRole => {
                let source = self.get(Field::SourceIpAddress);
                let has_address = source.is_some_and(|text| text.parse::<IpAddr>().is_ok());
                self.invoked_by().is_none() && has_address && !has_internal_agent(self)
            }
            _ => false,
        }
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
