//! What AWS's documentation says applies to each kind of caller: which layers cannot be at fault
//! whatever the log shows (facts about policy evaluation, not guesses).

use super::comparison_set::ComparisonSet;
use super::evidence::{Evidence, Witness};
use crate::aws;
use crate::event::arn::{Arn, is_account_id};
use crate::event::{CallerKind, Effect, Failure, Field, Form, IdentityType, Layer};
use crate::history::History;
use crate::wording::Sentence;

/// A weight no other evidence outweighs.
const IMPOSSIBLE: f64 = -12.0;

/// What is ruled out or set by the sort of caller, action and resource.
pub fn evidence(set: &ComparisonSet<'_, '_>, history: &History) -> Vec<Evidence> {
    let mut found = vec![by_caller(set.one().caller_kind, set.is_own_hop())];
    found.extend(root_user(set));
    found.extend(by_endpoint(set));
    found.extend(by_action(set));
    found.extend(by_resource(set));
    found.extend(by_session(set));
    found.extend(by_account(set));
    found.extend(by_manager(set, history));
    found.extend(key_state(set));
    found
}

/// Who is subject to what (IAM user guide, "Policy evaluation logic"; AWS Organizations user guide,
/// "Service control policies" and "Resource control policies").
fn by_caller(kind: CallerKind, is_own_hop: bool) -> Evidence {
    let evidence = |text| Evidence::new(Witness::Documented, text);
    match kind {
        CallerKind::ServicePrincipal => evidence(Sentence::new("documented-service-principal"))
            .layer(Layer::IdentityPolicy, IMPOSSIBLE)
            .layer(Layer::PermissionsBoundary, IMPOSSIBLE)
            .layer(Layer::SessionPolicy, IMPOSSIBLE)
            .layer(Layer::Scp, IMPOSSIBLE)
            .layer(Layer::VpcEndpointPolicy, IMPOSSIBLE)
            .layer(Layer::ResourcePolicy, 1.0),
        CallerKind::ServiceLinkedRole => evidence(Sentence::new("documented-service-linked-role"))
            .layer(Layer::PermissionsBoundary, IMPOSSIBLE)
            .layer(Layer::SessionPolicy, -3.0)
            .layer(Layer::Scp, IMPOSSIBLE)
            .layer(Layer::Rcp, IMPOSSIBLE)
            // AWS writes the permissions of a service-linked role; the customer's part is the
            // resource's policy or a grant.
            .layer(Layer::IdentityPolicy, -1.5)
            .layer(Layer::ResourcePolicy, 1.0),
        CallerKind::ForwardAccessSession => evidence(Sentence::new("documented-forward-access"))
            .layer(Layer::VpcEndpointPolicy, IMPOSSIBLE),
        CallerKind::Ec2Infrastructure => evidence(Sentence::new("documented-ec2-infrastructure"))
            .layer(Layer::IdentityPolicy, -4.0)
            .layer(Layer::PermissionsBoundary, IMPOSSIBLE)
            .layer(Layer::SessionPolicy, IMPOSSIBLE)
            .layer(Layer::VpcEndpointPolicy, IMPOSSIBLE)
            .layer(Layer::ResourcePolicy, 1.0),
        CallerKind::ServiceRole if is_own_hop => evidence(Sentence::new("documented-program-role")),
        CallerKind::ServiceRole => evidence(Sentence::new("documented-service-role"))
            .layer(Layer::VpcEndpointPolicy, -3.0)
            .layer(Layer::SessionPolicy, -1.0),
        CallerKind::Direct => evidence(Sentence::new("documented-direct")),
        CallerKind::Agent => {
            evidence(Sentence::new("documented-agent")).layer(Layer::VpcEndpointPolicy, IMPOSSIBLE)
        }
    }
}

/// No IAM policy and no boundary can be attached to the root user; what limits it are SCPs, RCPs and
/// policies of resources (IAM user guide, "AWS account root user"; Organizations user guide, "SCP
/// effects on permissions"). It cannot take on roles or pass session policies either.
fn root_user(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let event = set.observation().event;
    let is_root = event.identity_type == IdentityType::Root
        && set.one().caller_kind != CallerKind::ServicePrincipal;
    is_root.then(|| {
        Evidence::new(Witness::Documented, Sentence::new("documented-root-user"))
            .layer(Layer::IdentityPolicy, IMPOSSIBLE)
            .layer(Layer::PermissionsBoundary, IMPOSSIBLE)
            .layer(Layer::SessionPolicy, IMPOSSIBLE)
            .event(event.id())
    })
}

/// An endpoint's policy binds only what passes it.
fn by_endpoint(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let through = set
        .failures
        .iter()
        .filter(|o| o.event.get(Field::VpcEndpointId).is_some_and(|id| id.starts_with("vpce-")))
        .count();
    (through < set.failures.len()).then(|| {
        Evidence::new(Witness::Documented, Sentence::new("documented-no-endpoint"))
            .layer(Layer::VpcEndpointPolicy, IMPOSSIBLE)
            .event(set.observation().event.id())
    })
}

/// Taking on a role asks the role's trust policy; nothing else does. Grants and key states belong
/// to KMS.
fn by_action(set: &ComparisonSet<'_, '_>) -> Vec<Evidence> {
    let action = set.one().action.as_str();
    let mut found = Vec::new();
    if action.starts_with("sts:AssumeRole")
        || action == "sts:TagSession"
        || action == "sts:SetSourceIdentity"
    {
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-assume-role"))
                .layer(Layer::ResourcePolicy, IMPOSSIBLE)
                .layer(Layer::RoleTrustPolicy, 2.2),
        );
    } else {
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-no-assume-role"))
                .layer(Layer::RoleTrustPolicy, IMPOSSIBLE),
        );
    }
    let kms = action.starts_with("kms:");
    if !kms {
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-not-kms"))
                .layer(Layer::KmsGrant, IMPOSSIBLE)
                .layer(Layer::KmsKeyState, IMPOSSIBLE),
        );
    }
    if matches!(action, "sts:AssumeRoleWithWebIdentity" | "sts:AssumeRoleWithSAML") {
        // Whoever calls has no principal yet: what signs in is outside of AWS (STS API reference,
        // "does not require the use of AWS security credentials").
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-federated"))
                .layer(Layer::IdentityPolicy, IMPOSSIBLE)
                .layer(Layer::PermissionsBoundary, IMPOSSIBLE)
                .layer(Layer::SessionPolicy, IMPOSSIBLE)
                .layer(Layer::Scp, IMPOSSIBLE),
        );
    }
    found
}

/// Resources of most types carry no policy, and RCPs reach few services (`crate::aws`).
fn by_resource(set: &ComparisonSet<'_, '_>) -> Vec<Evidence> {
    let one = set.one();
    let action = one.action.as_str();
    let resource = one.resource.as_deref();
    let mut found = Vec::new();
    let owner = resource.and_then(crate::contrast::account_of);
    let caller = one.principal.as_deref().and_then(crate::contrast::account_of);
    let decides = match resource.filter(|arn| arn.starts_with("arn:")) {
        Some(arn) => {
            let can = |same| aws::can_decide(action, arn, same);
            match (owner, caller) {
                (Some(owner), Some(caller)) if is_account_id(owner) && is_account_id(caller) => {
                    can(owner == caller)
                }
                // What is AWS's own, such as a document of Systems Manager, nobody shares.
                _ if Arn::parse(arn).is_some_and(|arn| arn.account.is_empty()) => can(true),
                _ => can(true).zip(can(false)).map(|(one, other)| one || other),
            }
        }
        None => None,
    };
    // Who may start an image is no policy, and yet AWS's text tells that this was what refused.
    let is_stated = one.denial.stated.as_ref().is_some_and(|s| s.layer == Layer::ResourcePolicy);
    let cannot = decides.or_else(|| aws::can_be_decided(action)) == Some(false);
    if cannot && !is_stated {
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-no-policy-there"))
                .layer(Layer::ResourcePolicy, IMPOSSIBLE),
        );
    } else if resource.is_none() && !action.starts_with("kms:") {
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-no-resource"))
                .layer(Layer::ResourcePolicy, -2.0)
                .layer(Layer::Rcp, -2.0),
        );
    }
    if !aws::rcp_reaches(action) {
        found.push(
            Evidence::new(Witness::Documented, Sentence::new("documented-no-rcp"))
                .layer(Layer::Rcp, IMPOSSIBLE),
        );
    }
    found
}

/// A session policy is passed where a session is made; users and services have none (IAM user guide,
/// "Policies and permissions", Session policies).
fn by_session(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let event = set.observation().event;
    let is_callers = set.one().principal.as_deref() == event.principal_arn();
    let has_none = is_callers && event.identity_type == IdentityType::IamUser;
    has_none.then(|| {
        Evidence::new(Witness::Documented, Sentence::new("documented-no-session"))
            .layer(Layer::SessionPolicy, IMPOSSIBLE)
            .event(event.id())
    })
}

/// A key of another account needs its owner's permission as well; so does every key, but inside an
/// account the default key policy delegates to IAM.
fn by_account(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let resource = set.one().resource.as_deref().and_then(crate::contrast::account_of)?;
    let caller = set.observation().event.caller_account()?;
    // An id that was masked or cut is nobody's: whether it is another's cannot be told.
    if resource == caller || !is_account_id(resource) || !is_account_id(caller) {
        return None;
    }
    let mut evidence = Evidence::new(
        Witness::Documented,
        Sentence::new("documented-cross-account").arg("owner", resource).arg("caller", caller),
    )
    .layer(Layer::ResourcePolicy, 1.2)
    .event(set.observation().event.id());
    if set.one().caller_kind == CallerKind::ServiceLinkedRole {
        evidence = evidence.weigh(Layer::KmsGrant, Effect::NotApplicable, 2.5);
    }
    Some(evidence)
}

/// AWS writes the policies of its managed keys, which give their own account the use of the key through
/// one service; RCPs do not reach them (KMS developer guide, "AWS managed keys"; Organizations user
/// guide, "Resource control policies").
fn by_manager(set: &ComparisonSet<'_, '_>, history: &History) -> Option<Evidence> {
    let one = set.one();
    let key = one.arn().filter(|_| one.action.starts_with("kms:"))?;
    history.at(set.first).is_aws_managed(key).then(|| {
        Evidence::new(Witness::Documented, Sentence::new("documented-aws-managed-key"))
            .layer(Layer::Rcp, IMPOSSIBLE)
            .event(set.observation().event.id())
    })
}

/// KMS looks at the state after it has authorized the call: such an error is no denial at all
/// (AWS KMS developer guide, "Key states of AWS KMS keys").
fn key_state(set: &ComparisonSet<'_, '_>) -> Option<Evidence> {
    let one = set.one();
    let state = match one.failure {
        Failure::KeyState(state) => Some(state.as_str()),
        _ if one.denial.form == Form::KeyState => Some("unknown"),
        _ => None,
    };
    let Some(state) = state else {
        return (one.failure == Failure::Denied).then(|| {
            Evidence::new(Witness::Documented, Sentence::new("documented-not-key-state"))
                .layer(Layer::KmsKeyState, IMPOSSIBLE)
        });
    };
    Some(
        Evidence::new(
            Witness::Stated,
            Sentence::new("stated-key-state")
                .arg("key", one.resource.as_deref().unwrap_or("?"))
                .arg("state", state),
        )
        .weigh(Layer::KmsKeyState, Effect::NotApplicable, 14.0)
        .event(set.observation().event.id()),
    )
}
