//! What AWS decides whatever the policies say.

use super::action::ActionName;
use super::principal::Principal;
use super::resource::Resource;

/// What a rule of a service says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceRule {
    /// Allowed whatever the policies say.
    Allows,
    /// Denied even where the policies allow.
    Denies(&'static str),
}

/// The rule that applies to a request, if one does.
pub(super) fn find(
    principal: &Principal,
    action: &ActionName,
    resource: &Resource,
) -> Option<ServiceRule> {
    // "No permissions are required to perform this operation. If an administrator attaches a
    // policy that explicitly denies access, you can still perform it" (STS, GetCallerIdentity).
    if action.is("sts", "getcalleridentity") {
        return Some(ServiceRule::Allows);
    }
    // "You cannot use AWS account root user credentials to call AssumeRole" (STS, AssumeRole).
    if action.is("sts", "assumerole") && matches!(principal, Principal::Root { .. }) {
        return Some(ServiceRule::Denies("the root user cannot assume roles"));
    }
    let path = resource.path()?;
    match action.service() {
        "iam" if is_reading(action.name()) => None,
        // IAM User Guide, Managed policies and inline policies: only AWS changes AWS managed ones.
        "iam" if resource.owner() == Some("aws") || is_aws_managed(resource) => path
            .starts_with("policy/")
            .then_some(ServiceRule::Denies("only AWS can change an AWS managed policy")),
        // IAM Identity Center: the roles under /aws-reserved/ are changed by the service alone.
        "iam" => path.starts_with("role/aws-reserved/").then_some(ServiceRule::Denies(
            "only the service can change a role under /aws-reserved/",
        )),
        // AWS KMS API Reference, CreateAlias: alias/aws/ is reserved for AWS managed keys.
        "kms" if matches!(action.name(), "createalias" | "deletealias" | "updatealias") => path
            .starts_with("alias/aws/")
            .then_some(ServiceRule::Denies("aliases under alias/aws/ are reserved")),
        _ => None,
    }
}

fn is_reading(name: &str) -> bool {
    ["get", "list", "simulate", "generate"].iter().any(|verb| name.starts_with(verb))
}

/// `arn:aws:iam::aws:policy/…`: `owner` may say whose copy of it the request names.
fn is_aws_managed(resource: &Resource) -> bool {
    let arn = resource.arn.as_deref().unwrap_or_default();
    arn.split(':').nth(4) == Some("aws")
}
