//! The request, as AWS saw it: from one call of the trail, what IAM had to decide on.
//!
//! The log shows little of what AWS evaluated. What it does not show is unknown here, never absent;
//! only where AWS documents that a key is not in the request of such a caller is it absent.

use serde_json::Value as Json;

use super::inventory::Inventory;
use crate::event::arn::{self, Arn};
use crate::event::{CallerKind, Denial, Event, Field, IdentityType, denial, partition, resource};
use crate::iam::{Principal, Request, Resource, RoleSession};

mod caller_keys;
mod network_keys;
mod service_keys;
mod several;
mod via;
mod web_identity;

pub use several::{needed_beside, resources};

/// What the calls around one tell of it.
#[derive(Debug, Clone, Default)]
pub struct Around<'e> {
    /// Who signed it, where the chain knows better than the record alone.
    pub kind: Option<CallerKind>,
    /// The user's call it was made for.
    pub root: Option<&'e Event>,
    /// The services that passed the call on, first one first; `None` where the chain is not known.
    pub via: Option<Vec<String>>,
    /// The call that issued the session (`AssumeRole`, …).
    pub issuer: Option<&'e Event>,
    /// The resource, where the record does not show it and its siblings do.
    pub resource: Option<&'e str>,
    /// The one of several resources (see [`resources`]) that is meant, whatever the record names first.
    pub one_of: Option<&'e str>,
    /// An action needed beside the call's own (see [`needed_beside`]) that is meant instead of it.
    pub beside: Option<&'e str>,
    /// `requestParameters` as a sibling shows them: a denied KMS call has none (KMS "Logging AWS
    /// KMS API calls"). Only what siblings are sure to share belongs here.
    pub request: Option<&'e str>,
}

/// The resource part of the ARN policies and `aws:PrincipalArn` have for EC2 acting for an instance.
const EC2_INFRASTRUCTURE: &str = "role/aws:ec2-infrastructure";

/// One call with what is needed to read it.
struct Reading<'r> {
    event: &'r Event,
    around: &'r Around<'r>,
    inventory: &'r Inventory<'r>,
    kind: CallerKind,
    /// `requestParameters`, of the call or its sibling; null where not known.
    parameters: Json,
}

/// The request behind a call; `None` where the log does not say who made it.
pub fn request_of(
    event: &Event,
    around: &Around<'_>,
    inventory: &Inventory<'_>,
) -> Option<Request> {
    let denial = denial(event);
    let parameters = event
        .request()
        .or(around.request)
        .and_then(|raw| serde_json::from_str(raw).ok())
        .unwrap_or(Json::Null);
    let kind = around.kind.unwrap_or_else(|| event.caller_kind());
    let reading = Reading { event, around, inventory, kind, parameters };
    let principal = reading.principal()?;
    let action = around.beside.map(str::to_owned);
    let action = action.or_else(|| denial.as_ref()?.action.clone());
    let action = action.unwrap_or_else(|| crate::event::action(event));
    let resource = match denial.as_ref() {
        _ if around.one_of.is_some() => reading.resource(&action, around.one_of),
        Some(denied) if is_on_no_resource(event, denied) => Resource::new("*"),
        denied => reading.resource(&action, denied.and_then(|denied| denied.resource.as_deref())),
    };
    let wildcard = resource.arn.as_deref() == Some("*");
    let mut request = Request::new(principal, action, resource);
    request.wildcard_only_action = wildcard;
    request.context = reading.context(&request);
    Some(request)
}

impl Reading<'_> {
    fn principal(&self) -> Option<Principal> {
        if self.kind == CallerKind::ServicePrincipal {
            return self.service().map(|name| Principal::Service { name });
        }
        let event = self.event;
        let account = event.caller_account().map(str::to_owned);
        match event.identity_type {
            IdentityType::Root => {
                let named = event.arn().and_then(Principal::parse);
                let partition = named.as_ref().and_then(Principal::partition).map(str::to_owned);
                Some(Principal::Root { account: account?, partition })
            }
            IdentityType::AssumedRole | IdentityType::Role => self.session(),
            IdentityType::AwsAccount if account.as_deref() == Some("anonymous") => {
                Some(Principal::Anonymous)
            }
            IdentityType::WebIdentityUser => {
                let provider = self.web_identity()?.provider.to_owned();
                Some(Principal::Federated { provider })
            }
            IdentityType::SamlUser => {
                let provider = event.principal_id()?.split(':').next()?.to_owned();
                Some(Principal::Federated { provider })
            }
            IdentityType::AwsAccount => self.foreign(),
            _ => Principal::parse(event.arn()?),
        }
    }

    /// A caller of another account, as the owner of the resource sees it: account and unique id
    /// alone, which a dump of the caller's account may know (CloudTrail `userIdentity`,
    /// `AWSAccount`).
    fn foreign(&self) -> Option<Principal> {
        let account = self.event.caller_account()?;
        let (id, name) = self.event.principal_id()?.split_once(':')?;
        if let Some(instance) = name.strip_prefix("aws:ec2-infrastructure:") {
            let role = "assumed-role/aws:ec2-infrastructure";
            let arn = format!("arn:{}:sts::{id}:{role}/{instance}", self.partition());
            return self.role_session(&arn, Some(EC2_INFRASTRUCTURE));
        }
        let role = self.inventory.arn_of_unique_id(id)?;
        let session = role.rsplit('/').next()?;
        let arn = format!("arn:{}:sts::{account}:assumed-role/{session}/{name}", self.partition());
        self.role_session(&arn, Some(&role))
    }

    /// The partition of the call's Region.
    fn partition(&self) -> &'static str {
        arn::partition_of(self.event.region().unwrap_or_default())
    }

    fn role_session(&self, arn: &str, role: Option<&str>) -> Option<Principal> {
        let named = arn::role_session(arn)?;
        let role_arn = match role {
            Some(EC2_INFRASTRUCTURE) => {
                let arn::RoleSession { partition, account, .. } = named;
                Some(format!("arn:{partition}:iam::{account}:{EC2_INFRASTRUCTURE}"))
            }
            Some(role) => Some(role.to_owned()),
            None => self.inventory.role_arn(arn),
        };
        let unique_id = self
            .event
            .get(Field::IssuerPrincipalId)
            .or_else(|| self.event.principal_id()?.split(':').next())
            .filter(|id| id.starts_with("AROA"));
        Some(Principal::RoleSession(RoleSession {
            account: named.account.to_owned(),
            role_name: named.role.to_owned(),
            role_arn,
            unique_id: unique_id.map(str::to_owned),
            session_arn: arn.to_owned(),
        }))
    }

    /// The service principal. EC2 calls KMS as itself only for Fargate, whose key policies name
    /// `fargate.amazonaws.com` (Amazon ECS "Customer managed keys for Fargate ephemeral storage").
    /// `AWS Internal` does not say which service it was.
    fn service(&self) -> Option<String> {
        let name = self.event.invoked_by().or_else(|| {
            let source = self.event.get(Field::SourceIpAddress);
            source.filter(|name| partition::without_domain(name).is_some())
        })?;
        match name {
            "ec2-frontend-api.amazonaws.com" => Some("fargate.amazonaws.com".to_owned()),
            name => partition::without_domain(name).map(|_| name.to_owned()),
        }
    }

    /// A role session, with the role's path where issuer or inventory have it.
    fn session(&self) -> Option<Principal> {
        let event = self.event;
        let issuer = event.get(Field::IssuerArn);
        let made_up = || {
            let (account, role) = issuer.and_then(arn::role_name)?;
            let partition = issuer.and_then(Arn::parse)?.partition;
            let name = event.session_name().unwrap_or("*");
            Some(format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}"))
        };
        let arn = event.arn().filter(|arn| arn::role_session(arn).is_some());
        let arn = arn.map(str::to_owned).or_else(made_up)?;
        match self.kind {
            CallerKind::Ec2Infrastructure => self.role_session(&arn, Some(EC2_INFRASTRUCTURE)),
            _ => self.role_session(&arn, issuer),
        }
    }

    /// What the call was on: as the denial says, else as the record shows. An alias stands for its
    /// key (KMS "Controlling access to aliases").
    fn resource(&self, action: &str, denied: Option<&str>) -> Resource {
        let found = match denied {
            Some(arn) => Some(arn.to_owned()),
            None if action.starts_with("s3:") => self.bucket_or_object(action),
            None => resource::resource_of(self.event).map(|found| found.id),
        };
        let found = found.or_else(|| self.around.resource.map(str::to_owned));
        let Some(id) = found else { return self.owned(Resource::unknown()) };
        if id == "*" {
            return Resource::new("*");
        }
        if id.contains(":alias/") && id.contains(":kms:") {
            let key = self.inventory.key(&id);
            let arn = key.and_then(|name| self.inventory.key_arn(&name));
            return arn.map_or_else(|| self.owned(Resource::unknown()), Resource::new);
        }
        match Arn::parse(&id) {
            Some(parsed) if parsed.account.is_empty() => self.owned(Resource::new(id.clone())),
            Some(_) => Resource::new(id),
            None => self.owned(Resource::unknown()),
        }
    }

    /// `resources` lists bucket and object in any order; which of them the action is on, its name
    /// says (service authorization reference, Amazon S3).
    fn bucket_or_object(&self, action: &str) -> Option<String> {
        let name = action.strip_prefix("s3:").unwrap_or(action);
        let on_object = name.contains("Object") && !name.contains("Bucket")
            || ["AbortMultipartUpload", "ListMultipartUploadParts"].contains(&name);
        let is_object = |arn: &str| Arn::parse(arn).is_some_and(|arn| arn.resource.contains('/'));
        let found: Vec<String> =
            resource::resources_of(self.event).into_iter().map(|found| found.id).collect();
        if let Some(fitting) = found.iter().find(|arn| is_object(arn) == on_object) {
            return Some(fitting.clone());
        }
        let bucket = found.into_iter().find(|arn| Arn::parse(arn).is_some())?;
        match (on_object, super::change::text_at(&self.parameters, "key")) {
            (true, Some(key)) => Some(format!("{bucket}/{key}")),
            (true, None) => None,
            (false, _) => Some(super::subject::resource_name(&bucket)),
        }
    }

    /// Names the owner of a resource whose ARN does not: as `resources` lists it (S3 gives the
    /// bucket's account), else, where the call stayed within one account as far as the record
    /// shows, that account.
    fn owned(&self, resource: Resource) -> Resource {
        let bucket = resource.arn.as_deref().map(super::subject::resource_name);
        let listed =
            self.event.get(Field::Resources).and_then(|raw| owner_in(raw, bucket.as_deref()));
        let known = listed.or_else(|| self.inventory.owner_of(bucket.as_deref()?));
        let recorded = self.event.get(Field::RecipientAccountId);
        let here = || match &resource.arn {
            // A bucket name says nothing of where it is.
            Some(arn) if arn.contains(":s3:") => None,
            // What else has no account in its ARN (images, hosted zones) has no policy of its own,
            // so that the caller's account decides (service authorization reference, resource
            // types of Amazon EC2 and Route 53).
            Some(_) => self.caller_account().map(str::to_owned),
            None => recorded.or_else(|| self.event.caller_account()).map(str::to_owned),
        };
        match known.or_else(here) {
            Some(account) => resource.owned_by(account),
            None => resource,
        }
    }

    /// The account of the caller; services have none.
    fn caller_account(&self) -> Option<&str> {
        match self.kind {
            CallerKind::ServicePrincipal => None,
            _ => self.event.caller_account(),
        }
    }

    /// Whether the caller used long-term credentials: an access key `AKIA…` (IAM identifiers).
    /// `None`: the record does not show it.
    fn is_long_term(&self) -> Option<bool> {
        match self.event.access_key() {
            Some(key) if key.starts_with("AKIA") => Some(true),
            Some(key) if key.starts_with("ASIA") => Some(false),
            _ if self.event.identity_type == IdentityType::AssumedRole => Some(false),
            _ => None,
        }
    }

    /// Whether a service made the call with somebody's permissions, or a role's, from its own
    /// network.
    fn is_made_by_service(&self) -> bool {
        match self.kind {
            CallerKind::Direct => false,
            CallerKind::ServiceRole => !self.event.is_own_hop(self.kind),
            _ => true,
        }
    }
}

/// Whether AWS's text names an action and no resource at all, as it does for actions that have no
/// resource types (EC2 `Describe…`).
fn is_on_no_resource(event: &Event, denied: &Denial) -> bool {
    let (Some(action), None, None) = (&denied.action, &denied.resource, &denied.resource_text)
    else {
        return false;
    };
    let Some(text) = event.error_message().filter(|_| !denied.vague && !denied.truncated) else {
        return false;
    };
    let text = text.to_ascii_lowercase();
    let after = text.split_once(&action.to_ascii_lowercase()).map(|(_, after)| after);
    after.is_some_and(|after| !after.trim_start().starts_with("on "))
}

/// The account that the event's `resources` give for a bucket (by name) or for anything.
fn owner_in(raw: &str, bucket: Option<&str>) -> Option<String> {
    let resources: Vec<Json> = serde_json::from_str(raw).ok()?;
    resources
        .iter()
        .filter(|entry| {
            let arn = entry.get("ARN").or_else(|| entry.get("arn")).and_then(Json::as_str);
            bucket.is_none_or(|bucket| {
                arn.is_some_and(|arn| super::subject::resource_name(arn) == bucket)
            })
        })
        .filter_map(|entry| entry.get("accountId")?.as_str())
        .find(|account| arn::is_account_id(account))
        .map(str::to_owned)
}
