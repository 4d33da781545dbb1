//! Condition keys about the caller: who, since when, with which tags, in which organization (IAM
//! "AWS global condition context keys", properties of the principal and of a role session).

use super::super::change::{at, text_at};
use super::Reading;
use crate::event::{CallerKind, Field, IdentityType, Time};
use crate::iam::{Context, Principal, Request};

impl Reading<'_> {
    /// All condition keys that the record tells of.
    pub(super) fn context(&self, request: &Request) -> Context {
        let mut context = Context::partial();
        self.time_keys(&mut context);
        self.principal_keys(&mut context, &request.principal);
        self.session_keys(&mut context, &request.principal);
        self.organization_keys(&mut context, request);
        self.principal_tags(&mut context, &request.principal);
        self.network_keys(&mut context);
        self.via_keys(&mut context, request);
        self.resource_keys(&mut context, request);
        self.service_keys(&mut context, request);
        context
    }

    /// `aws:CurrentTime` and `aws:EpochTime` are those of the evaluation; `eventTime` is when the
    /// request completed, which is the closest the log has.
    fn time_keys(&self, context: &mut Context) {
        let Time(milliseconds) = self.event.time;
        context.insert("aws:CurrentTime", self.event.time.to_string());
        context.insert("aws:EpochTime", (milliseconds / 1000).to_string());
        if let Some(region) = self.event.region() {
            context.insert("aws:RequestedRegion", region);
        }
    }

    fn principal_keys(&self, context: &mut Context, principal: &Principal) {
        let is_service = self.kind == CallerKind::ServicePrincipal;
        context.insert("aws:PrincipalIsAWSService", is_service);
        if let Principal::Service { name } = principal {
            context.insert("aws:PrincipalServiceName", name.as_str());
            for key in ["aws:PrincipalArn", "aws:PrincipalAccount", "aws:userid", "aws:username"] {
                context.mark_absent(key);
            }
            return;
        }
        context.mark_absent("aws:PrincipalServiceName");
        context.mark_absent("aws:PrincipalServiceNamesList");
        put(context, "aws:PrincipalArn", self.principal_arn(principal).as_deref());
        put(context, "aws:PrincipalAccount", principal.account());
        put(context, "aws:userid", self.event.principal_id());
        // The value per kind of principal: IAM "Policy variables", principal key values.
        let kind = match principal {
            Principal::Root { .. } => Some("Account"),
            Principal::User { .. } => Some("User"),
            Principal::RoleSession(_) | Principal::Role { .. } => Some("AssumedRole"),
            Principal::FederatedUser { .. } => Some("FederatedUser"),
            Principal::Anonymous => Some("Anonymous"),
            Principal::Federated { .. } | Principal::Service { .. } => None,
        };
        put(context, "aws:PrincipalType", kind);
        match principal {
            Principal::User { arn, .. } => {
                put(context, "aws:username", arn.rsplit('/').next());
            }
            _ => {
                context.mark_absent("aws:username");
            }
        }
    }

    /// For a session the role's ARN, with its path, not the session's.
    fn principal_arn(&self, principal: &Principal) -> Option<String> {
        match principal {
            Principal::Root { account, partition } => {
                let partition = partition.as_deref().unwrap_or("aws");
                Some(format!("arn:{partition}:iam::{account}:root"))
            }
            Principal::RoleSession(session) => session.role_arn.clone(),
            other => other.arn().map(str::to_owned),
        }
    }

    /// `aws:MultiFactorAuthPresent` is absent for long-term credentials. The session a service
    /// mints for a call it passes on has the key, and says false where the caller had none.
    fn session_keys(&self, context: &mut Context, principal: &Principal) {
        let event = self.event;
        let has_session = self.kind != CallerKind::ServicePrincipal
            && self.is_long_term() != Some(true)
            && *principal != Principal::Anonymous;
        if !has_session {
            for key in SESSION_KEYS {
                context.mark_absent(key);
            }
            return;
        }
        if let Some(mfa) = event.mfa {
            context.insert("aws:MultiFactorAuthPresent", mfa);
            if !mfa {
                context.mark_absent("aws:MultiFactorAuthAge");
            }
        }
        let is_minted = self.kind == CallerKind::ForwardAccessSession
            && event.identity_type == IdentityType::IamUser;
        if let (Some(created), false) = (event.session_created, is_minted) {
            context.insert("aws:TokenIssueTime", created.to_string());
        }
        match event.get(Field::SourceIdentity) {
            Some(identity) => context.insert("aws:SourceIdentity", identity),
            None => context.mark_absent("aws:SourceIdentity"),
        };
        let federation = event.get(Field::WebIdFederationData);
        let provider =
            federation.and_then(|raw| crate::event::json::find(raw, "federatedProvider"));
        if let Some(provider) = provider {
            context.insert("aws:FederatedProvider", provider);
        }
        if let Some(delivery) = event.get(Field::Ec2RoleDelivery) {
            context.insert("ec2:RoleDelivery", delivery);
        }
    }

    /// Services and anonymous callers have no organization.
    fn organization_keys(&self, context: &mut Context, request: &Request) {
        let resource_owner = request.resource.owner();
        put(context, "aws:ResourceAccount", resource_owner);
        for (account, id_key, paths_key) in [
            (request.principal.account(), "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"),
            (resource_owner, "aws:ResourceOrgID", "aws:ResourceOrgPaths"),
        ] {
            let has_account = account.is_some() || id_key.starts_with("aws:Resource");
            match account.map(|account| self.inventory.organization_of(account)) {
                Some(Some(Some(id))) => {
                    context.insert(id_key, id);
                    let path = account.and_then(|a| self.inventory.organization_path(a));
                    if let Some(path) = path {
                        context.insert(paths_key, vec![path]);
                    }
                }
                Some(Some(None)) => {
                    context.mark_absent(id_key);
                    context.mark_absent(paths_key);
                }
                Some(None) => {}
                None if has_account => {}
                None => {
                    context.mark_absent(id_key);
                    context.mark_absent(paths_key);
                }
            }
        }
    }

    /// Tags of the principal, and over them those of the session (IAM "Passing session tags").
    fn principal_tags(&self, context: &mut Context, principal: &Principal) {
        const FAMILY: &str = "aws:PrincipalTag/";
        let owner = match principal {
            Principal::User { arn, .. } => arn.clone(),
            Principal::RoleSession(session) => session.session_arn.clone(),
            Principal::Service { .. } | Principal::Anonymous | Principal::Root { .. } => {
                context.mark_family_complete(FAMILY);
                return;
            }
            _ => return,
        };
        let tags = self.inventory.tags(&owner);
        for (key, value) in &tags.tags {
            context.insert(&format!("{FAMILY}{key}"), value.as_str());
        }
        let Some(issuer) = self.around.issuer else {
            // A user has no session tags; those of a role session only its issuer shows.
            if tags.complete && matches!(principal, Principal::User { .. }) {
                context.mark_family_complete(FAMILY);
            }
            return;
        };
        let request: serde_json::Value =
            issuer.request().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
        for tag in at(&request, "tags").and_then(|tags| tags.as_array()).into_iter().flatten() {
            if let (Some(key), Some(value)) = (text_at(tag, "key"), at(tag, "value")) {
                let value = value.as_str().unwrap_or_default();
                context.insert(&format!("{FAMILY}{key}"), value);
            }
        }
        if tags.complete {
            context.mark_family_complete(FAMILY);
        }
    }
}

/// Keys that only temporary credentials bring.
const SESSION_KEYS: [&str; 6] = [
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "aws:TokenIssueTime",
    "aws:SourceIdentity",
    "aws:FederatedProvider",
    "ec2:RoleDelivery",
];

/// Inserts what is known; what is not stays unknown.
pub(super) fn put(context: &mut Context, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        context.insert(key, value);
    }
}
