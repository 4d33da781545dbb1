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

/// Actions that the root user of the owning account may always take, whatever the resource's own
/// policy says; only policies of the organization and of VPC endpoints keep it out.
const BEYOND_OWN_POLICY: &[(&str, &[&str])] = &[
    // Amazon S3 User Guide, Bucket policies for Amazon S3: "the root principal in a bucket owner's
    // AWS account can perform the GetBucketPolicy, PutBucketPolicy, and DeleteBucketPolicy API
    // actions, even if their bucket policy explicitly denies the root principal's access".
    ("s3", &["getbucketpolicy", "putbucketpolicy", "deletebucketpolicy"]),
];

/// Whether the resource's own policy cannot keep the caller out, if its account owns the resource.
pub(super) fn is_beyond_own_policy(principal: &Principal, action: &ActionName) -> bool {
    let is_listed = |(service, names): &(&str, &[&str])| {
        *service == action.service() && names.contains(&action.name())
    };
    matches!(principal, Principal::Root { .. }) && BEYOND_OWN_POLICY.iter().any(is_listed)
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
    // "No permissions are required for users to perform this operation […] You cannot use policies
    // to control authentication operations" (STS, GetSessionToken); who may call the two is in IAM
    // User Guide, Compare AWS STS credentials: users and the root user.
    let is_session = matches!(
        principal,
        Principal::Role { .. } | Principal::RoleSession(_) | Principal::FederatedUser { .. }
    );
    if is_session && (action.is("sts", "getsessiontoken") || action.is("sts", "getfederationtoken"))
    {
        return Some(ServiceRule::Denies("a session cannot get a session token"));
    }
    if action.is("sts", "getsessiontoken") && principal.account().is_some() {
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
