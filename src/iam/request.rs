//! One request as IAM sees it.

use crate::event::Layer;

use super::context::Context;
use super::principal::Principal;
use super::resource::Resource;

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who makes it.
    pub principal: Principal,
    /// The IAM action, `service:Name`.
    pub action: String,
    /// What it is about.
    pub resource: Resource,
    /// The action has no resource types, so that the resource is `*` and only a lone `*` (or
    /// `NotResource`) matches.
    pub wildcard_only_action: bool,
    /// The condition keys.
    pub context: Context,
}

/// Which resource policy a request needs an allow from, also within one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demands {
    /// The key policy (AWS KMS Developer Guide, Determining access to AWS KMS keys).
    KeyPolicy,
    /// The role's trust policy (IAM User Guide, Granting permissions to switch roles).
    TrustPolicy,
    /// None.
    Nothing,
}

impl Demands {
    /// The layer that the resource's own policy counts as.
    pub(super) fn layer(self) -> Layer {
        match self {
            Demands::TrustPolicy => Layer::RoleTrustPolicy,
            Demands::KeyPolicy | Demands::Nothing => Layer::ResourcePolicy,
        }
    }
}

impl Request {
    /// A request with an empty, complete context.
    pub fn new(principal: Principal, action: impl Into<String>, resource: Resource) -> Request {
        Request {
            principal,
            action: action.into(),
            resource,
            wildcard_only_action: false,
            context: Context::complete(),
        }
    }

    /// Which resource policy must allow the request. Aliases are not keys: who may change them is
    /// up to identity-based policies.
    pub(super) fn demands(&self) -> Demands {
        let action = self.action.to_ascii_lowercase();
        let path = self.resource.path();
        if self.wildcard_only_action {
            return Demands::Nothing;
        }
        if action.starts_with("kms:") {
            let is_key = match &self.resource.arn {
                Some(_) => path.is_some_and(|path| path.starts_with("key/")),
                None => true,
            };
            return if is_key { Demands::KeyPolicy } else { Demands::Nothing };
        }
        let is_role = match &self.resource.arn {
            Some(_) => path.is_some_and(|path| path.starts_with("role/")),
            None => true,
        };
        match action.as_str() {
            "sts:assumerole"
            | "sts:assumerolewithsaml"
            | "sts:assumerolewithwebidentity"
            | "sts:setsourceidentity"
            | "sts:setcontext"
            | "sts:tagsession"
                if is_role =>
            {
                Demands::TrustPolicy
            }
            _ => Demands::Nothing,
        }
    }
}
