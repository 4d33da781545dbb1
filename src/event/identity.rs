//! The words for who signed a call: `userIdentity.type`, and the ways in which a call can be signed.

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

/// `invokedBy: signin.amazonaws.com` on old console calls is the console, no service chain.
pub(super) fn is_console_sign_in(invoked_by: &str) -> bool {
    invoked_by == "signin.amazonaws.com"
}
