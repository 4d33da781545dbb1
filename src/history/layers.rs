//! The policies around one request, from the inventory of its moment, for [`crate::iam::evaluate`].

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::answer::{Document, Documents, Held, Levels, Likely, Missing, Naming, Why};
use super::change::{Value, at, document_value, flag};
use super::document;
use super::inventory::Inventory;
use super::replay::Source;
use super::request::Around;
use super::subject::{PolicyType, Subject, resource_name};
use crate::aws;
use crate::event::{CallerKind, Event, Field, Layer};
use crate::history::document::Hidden;
use crate::iam::{
    AttachedPolicy, BlockPublicAccess, EndpointPolicy, Layers, Level, Policy, PolicyLabel,
    PolicySource, Presence, Principal, Request,
};
use crate::wording::Sentence;

mod kms;
mod memory;
mod stated;

use memory::Memory;
pub use memory::{Alters, Moment};

/// What to make of what was only probably so, such as that a policy put for the first time the
/// trail shows was not there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likelihood {
    /// It is unknown.
    Unknown,
    /// It is taken for true, and reported as assumed.
    Assumed,
}

/// The layers around a request, and what was assumed for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Surroundings {
    /// The layers.
    pub layers: Layers,
    /// What is not known and was taken for likely.
    pub assumed: Vec<Missing>,
}

/// The policies around a request at the moment of the inventory.
///
/// A role session whose `AssumeRole` the trail does not show is taken to have no session policy
/// under [`Likelihood::Assumed`]: few sessions have one.
pub fn layers_of(
    event: &Event,
    request: &Request,
    around: &Around<'_>,
    inventory: &Inventory<'_>,
    likelihood: Likelihood,
) -> Surroundings {
    layers_with(Gather::new(event, request, around, inventory, likelihood), None)
}

/// The layers, each as it was before where nothing can alter it.
fn layers_with(mut gather: Gather<'_>, unaltered: Option<(&Layers, Alters)>) -> Surroundings {
    let before = |is_altered: fn(Alters) -> bool| {
        unaltered.filter(|(_, alters)| !is_altered(*alters)).map(|(before, _)| before)
    };
    let mut layers = Layers::none();
    match before(|alters| alters.caller) {
        Some(before) => {
            layers.identity = before.identity.clone();
            layers.boundary = before.boundary.clone();
            layers.session = before.session.clone();
        }
        None => {
            layers.identity = gather.identity();
            layers.boundary = gather.boundary();
            layers.session = gather.session();
        }
    }
    layers.resource = match before(|alters| alters.resource) {
        Some(before) => before.resource.clone(),
        None => gather.resource(),
    };
    match before(|alters| alters.organization) {
        Some(before) => {
            layers.scps = before.scps.clone();
            layers.rcps = before.rcps.clone();
        }
        None => {
            layers.scps = gather.scps();
            layers.rcps = gather.rcps();
        }
    }
    layers.vpc_endpoint = match before(|alters| alters.endpoint) {
        Some(before) => before.vpc_endpoint.clone(),
        None => gather.vpc_endpoint(),
    };
    layers.kms_grants = match before(|alters| alters.grants) {
        Some(before) => before.kms_grants.clone(),
        None => gather.grants(),
    };
    layers.key_state = match before(|alters| alters.key_state) {
        Some(before) => before.key_state.clone(),
        None => gather.key_state(),
    };
    layers.block_public_access = match before(|alters| alters.public_access) {
        Some(before) => before.block_public_access.clone(),
        None => gather.public_access(),
    };
    gather.add_stated(&mut layers);
    Surroundings { layers, assumed: gather.assumed }
}

/// The layers with an SCP or RCP that is not known to hang above the account; `None` where the layer
/// does not apply, the policy is there already, or its text is not known.
pub(crate) fn with_organization_policy(
    layers: &Layers,
    inventory: &Inventory<'_>,
    id: &str,
    layer: Layer,
) -> Option<Layers> {
    let document = inventory.organization_policy(id, Naming::default()).document?;
    let policy = inventory.history().compiled(&document.text)?;
    let mut layers = layers.clone();
    let levels = match layer {
        Layer::Scp => &mut layers.scps,
        Layer::Rcp => &mut layers.rcps,
        _ => return None,
    };
    let one = AttachedPolicy { label: Arc::new(label(&document)), policy };
    let is_there = |level: &Level| level.policies.iter().any(|known| known.policy == one.policy);
    let has_it = levels.known().is_some_and(|levels| levels.iter().any(is_there));
    if has_it || *levels == Presence::NotApplicable {
        return None;
    }
    stated::add(levels, Level { id: id.to_owned(), policies: vec![one] });
    Some(layers)
}

struct Gather<'g> {
    event: &'g Event,
    request: &'g Request,
    around: &'g Around<'g>,
    inventory: &'g Inventory<'g>,
    kind: CallerKind,
    likelihood: Likelihood,
    assumed: Vec<Missing>,
    memory: Option<&'g Memory>,
}

impl<'g> Gather<'g> {
    fn new(
        event: &'g Event,
        request: &'g Request,
        around: &'g Around<'g>,
        inventory: &'g Inventory<'g>,
        likelihood: Likelihood,
    ) -> Gather<'g> {
        let kind = around.kind.unwrap_or_else(|| event.caller_kind());
        let (assumed, memory) = (Vec::new(), None);
        Gather { event, request, around, inventory, kind, likelihood, assumed, memory }
    }

    /// The ARN policies hang on: a user's, or the role's behind a session.
    fn owner(&self) -> Option<String> {
        match &self.request.principal {
            Principal::User { arn, .. } | Principal::Role { arn, .. } => Some(arn.clone()),
            Principal::RoleSession(session) => Some(session.session_arn.clone()),
            // "The permissions are the intersection of the IAM user's policies and the session
            // policies" (STS GetFederationToken); the user has the name of the session.
            Principal::FederatedUser { account, arn } => {
                let (partition, name) =
                    (self.request.principal.partition()?, arn.rsplit('/').next()?);
                Some(format!("arn:{partition}:iam::{account}:user/{name}"))
            }
            _ => None,
        }
    }

    /// EC2 acting for an instance has no policies; it lives on grants (KMS "How Amazon EBS uses AWS
    /// KMS").
    fn identity(&mut self) -> Presence<Vec<AttachedPolicy>> {
        if self.kind == CallerKind::Ec2Infrastructure {
            return Presence::NotApplicable;
        }
        match self.owner() {
            Some(owner) => {
                let find = |gather: &mut Gather<'g>| {
                    let documents = gather.inventory.identity_policies(&owner);
                    gather.documents(documents)
                };
                self.once(|memory| &memory.identity, || without_session(&owner), find)
            }
            None => Presence::NotApplicable,
        }
    }

    /// Service-linked roles cannot have a boundary (IAM "Permissions boundaries").
    fn boundary(&mut self) -> Presence<Vec<AttachedPolicy>> {
        let has_none = self.kind == CallerKind::Ec2Infrastructure
            || self.request.principal.is_service_linked_role();
        match self.owner().filter(|_| !has_none) {
            Some(owner) => {
                let find = |gather: &mut Gather<'g>| {
                    let held = gather.inventory.boundary(&owner);
                    gather.documents(documents_of(held))
                };
                self.once(|memory| &memory.boundary, || without_session(&owner), find)
            }
            None => Presence::NotApplicable,
        }
    }

    fn documents(&mut self, found: Documents) -> Presence<Vec<AttachedPolicy>> {
        let mut known = found.documents;
        let mut missing = Vec::new();
        for gap in found.missing {
            match self.likely(&gap) {
                Some(document) => known.extend(document),
                None => missing.push(gap),
            }
        }
        let mut policies = Vec::new();
        for document in known {
            match self.attached(&document) {
                Some(policy) => {
                    if !policy.policy.is_whole() {
                        missing.push(unreadable(document.subject.clone()));
                    }
                    policies.push(policy);
                }
                None => missing.push(unreadable(document.subject.clone())),
            }
        }
        presence(policies, &reasons(&missing))
    }

    /// What stands in for something missing: `Some(None)` for nothing, `None` if it stays missing.
    fn likely(&mut self, gap: &Missing) -> Option<Option<Document>> {
        if self.likelihood == Likelihood::Unknown {
            return None;
        }
        let document = match &gap.likely {
            Likely::Nothing => None,
            Likely::Document(document) => Some((**document).clone()),
            Likely::Unknown | Likely::Value(_) => return None,
        };
        self.assumed.push(gap.clone());
        Some(document)
    }

    /// `None` where the document cannot be read.
    fn attached(&self, document: &Document) -> Option<AttachedPolicy> {
        let text = self.inventory.current_principals(document);
        let policy = match &text {
            Some(text) => Arc::new(Policy::parse(text).ok()?),
            None => self.inventory.history().compiled(&document.text)?,
        };
        Some(AttachedPolicy { label: Arc::new(label(document)), policy })
    }

    fn one(&mut self, held: Held) -> Presence<AttachedPolicy> {
        let Held { document, missing } = held;
        let mut gap = missing;
        let mut document = document;
        if let Some(missing) = gap.clone()
            && let Some(likely) = self.likely(&missing)
        {
            document = document.or(likely);
            gap = None;
        }
        match (document, gap) {
            (None, None) => Presence::NotApplicable,
            (None, Some(gap)) => Presence::Unknown(why(&[gap])),
            (Some(document), gap) => match (self.attached(&document), gap) {
                (Some(policy), None) if !policy.policy.is_whole() => {
                    Presence::Partly(policy, why(&[unreadable(document.subject)]))
                }
                (Some(policy), None) => Presence::Known(policy),
                (Some(policy), Some(gap)) => Presence::Partly(policy, why(&[gap])),
                (None, _) => Presence::Unknown(why(&[unreadable(document.subject)])),
            },
        }
    }

    /// Policies passed when the session was made, as its `AssumeRole` or `GetFederationToken`
    /// shows them.
    fn session(&mut self) -> Presence<Vec<AttachedPolicy>> {
        let is_session = matches!(
            self.request.principal,
            Principal::RoleSession(_) | Principal::FederatedUser { .. }
        );
        if !is_session || self.kind == CallerKind::Ec2Infrastructure {
            return Presence::NotApplicable;
        }
        let Some(issuer) = self.around.issuer else {
            let subject = Subject::SessionPolicy(self.event.arn().unwrap_or_default().to_owned());
            let gap = Missing { subject, why: Why::NotRecorded, likely: Likely::Nothing };
            return match self.likely(&gap) {
                Some(_) => Presence::NotApplicable,
                None => Presence::Unknown(why(&[gap])),
            };
        };
        let request: Json =
            issuer.request().and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
        self.session_policies(&request, issuer)
    }

    fn session_policies(
        &mut self,
        request: &Json,
        issuer: &Event,
    ) -> Presence<Vec<AttachedPolicy>> {
        let mut policies = Vec::new();
        let mut missing = Vec::new();
        let source = Some(PolicySource::Event(issuer.id().to_owned()));
        let hidden = |name: &str| unreadable(Subject::SessionPolicy(name.to_owned()));
        match at(request, "policy").and_then(document_value) {
            Some(Value::Text(text)) => match Policy::parse(&text) {
                Ok(policy) => {
                    let label = PolicyLabel { source, ..PolicyLabel::named("session policy") };
                    policies.push(AttachedPolicy::new(label, policy));
                }
                Err(_) => missing.push(hidden(issuer.id())),
            },
            Some(_) => missing.push(hidden(issuer.id())),
            None => {}
        }
        let arns = at(request, "policyArns").and_then(Json::as_array).into_iter().flatten();
        for arn in arns.filter_map(|entry| at(entry, "arn").unwrap_or(entry).as_str()) {
            match self
                .inventory
                .managed_policy(arn)
                .document
                .and_then(|found| self.attached(&found))
            {
                Some(policy) => policies.push(policy),
                None => missing.push(hidden(arn)),
            }
        }
        presence(policies, &reasons(&missing))
    }

    fn service(&self) -> &str {
        self.request.action.split(':').next().unwrap_or_default()
    }

    fn resource(&mut self) -> Presence<AttachedPolicy> {
        let service = self.service();
        if self.request.wildcard_only_action || !self.can_policy_decide() {
            return Presence::NotApplicable;
        }
        let Some(arn) = self.request.resource.arn.clone() else {
            return Presence::Unknown(Sentence::new("log-no-resource"));
        };
        if service == "sts" && !arn.contains(":role/") || service == "kms" && !arn.contains(":key/")
        {
            return Presence::NotApplicable;
        }
        let key = || {
            let name = if service == "logs" { arn.clone() } else { resource_name(&arn) };
            let owner = self.request.resource.owner();
            format!("{service}|{}|{name}", owner.unwrap_or_default())
        };
        let key = key();
        let service = service.to_owned();
        let find = |gather: &mut Gather<'g>| match service.as_str() {
            "sts" => gather.one(gather.inventory.trust_policy(&arn)),
            "logs" => gather.logs(&arn),
            _ => gather.one(gather.own_policy(&service, &arn)),
        };
        self.once(|memory| &memory.resource, || key, find)
    }

    /// Whether a policy of the resource, or of what may be the resource, can decide; where AWS
    /// publishes nothing of them, whether one of the service's can.
    fn can_policy_decide(&self) -> bool {
        let Request { action, resource, principal, .. } = self.request;
        let told = match &resource.arn {
            Some(arn) => {
                let caller = principal.account();
                aws::can_decide(action, arn, caller.is_some() && caller == resource.owner())
            }
            None => aws::can_be_decided(action),
        };
        told.unwrap_or_else(|| aws::service_carries_policies(self.service()))
    }

    /// Keys and roles always have a policy; other resources mostly have none, and where the dumps
    /// of the account show none it is taken not to be there.
    fn own_policy(&self, service: &str, arn: &str) -> Held {
        let mut held = self.inventory.resource_policy(arn);
        let owner = self.request.resource.owner();
        let is_dumped = match service {
            "kms" => false,
            "s3" => owner.is_some_and(|owner| self.inventory.has_bucket_policies_of(owner)),
            _ => owner.is_some_and(|owner| self.inventory.has_dump_of(owner)),
        };
        if let Some(missing) = held.missing.as_mut().filter(|_| is_dumped)
            && missing.why == Why::NotRecorded
            && missing.likely == Likely::Unknown
        {
            missing.likely = Likely::Nothing;
        }
        held
    }

    /// All resource policies of CloudWatch Logs in the account and Region speak, as one.
    fn logs(&mut self, arn: &str) -> Presence<AttachedPolicy> {
        let found = self.inventory.logs_policies(arn);
        let own = self.inventory.resource_policy(arn).document;
        let statements: Vec<Json> = found
            .documents
            .iter()
            .chain(&own)
            .filter_map(|document| document::statements(&document.text))
            .flatten()
            .map(|(_, statement)| statement)
            .collect();
        let text = json!({ "Version": "2012-10-17", "Statement": statements });
        match Policy::from_value(&text) {
            Ok(policy) => {
                let policy = AttachedPolicy::new(PolicyLabel::named("resource policies"), policy);
                match found.missing.as_slice() {
                    [] => Presence::Known(policy),
                    missing => Presence::Partly(policy, why(missing)),
                }
            }
            Err(_) => Presence::Unknown(why(&found.missing)),
        }
    }

    /// Neither service principals nor service-linked roles nor the management account are under
    /// SCPs (Organizations "SCP effects on permissions").
    fn scps(&mut self) -> Presence<Vec<Level>> {
        let principal = &self.request.principal;
        let Some(account) = principal.account().map(str::to_owned) else {
            return Presence::NotApplicable;
        };
        if principal.is_service_linked_role() {
            return Presence::NotApplicable;
        }
        let key = account.clone();
        self.once(|memory| &memory.scps, || key, |gather| gather.levels(&account, PolicyType::Scp))
    }

    /// RCPs are those of the account that owns the resource; they leave AWS managed keys alone
    /// (Organizations "Resources and entities not restricted by RCPs").
    fn rcps(&mut self) -> Presence<Vec<Level>> {
        if self.is_aws_managed_key() || self.event.time < RCP_LAUNCH {
            return Presence::NotApplicable;
        }
        match self.request.resource.owner().map(str::to_owned) {
            Some(account) if account == "aws" => Presence::NotApplicable,
            Some(account) => {
                let (key, kind) = (account.clone(), PolicyType::Rcp);
                self.once(|memory| &memory.rcps, || key, |gather| gather.levels(&account, kind))
            }
            None if self.request.wildcard_only_action => Presence::NotApplicable,
            None => Presence::Unknown(Sentence::new("log-no-owner")),
        }
    }

    fn levels(&mut self, account: &str, kind: PolicyType) -> Presence<Vec<Level>> {
        let organization = self.inventory.organization(account);
        if organization.management_account.as_deref() == Some(account) || organization.none {
            return Presence::NotApplicable;
        }
        let found = match kind {
            PolicyType::Rcp => self.inventory.rcps(account),
            _ => self.inventory.scps(account),
        };
        let Levels { levels, missing } = found;
        let mut reasons: Vec<Sentence> = missing.iter().map(Missing::sentence).collect();
        let mut known = Vec::new();
        for level in levels {
            let policies = match self.documents(level.policies) {
                Presence::Known(policies) => policies,
                Presence::NotApplicable => Vec::new(),
                Presence::Partly(policies, why) => {
                    reasons.push(why);
                    policies
                }
                Presence::Unknown(why) => {
                    reasons.push(why);
                    Vec::new()
                }
            };
            known.push(Level { id: level.target, policies });
        }
        if known.is_empty() && reasons.is_empty() {
            return Presence::NotApplicable;
        }
        presence(known, &reasons)
    }

    fn is_aws_managed_key(&self) -> bool {
        let key = self.request.resource.arn.as_deref().filter(|arn| arn.contains(":kms:"));
        key.is_some_and(|key| self.inventory.is_aws_managed(key))
    }

    /// The endpoint's policy binds the caller's own hop, not what services do for it later (IAM
    /// "Forward access sessions").
    fn vpc_endpoint(&mut self) -> Presence<EndpointPolicy> {
        let own_hop = self.event.is_own_hop(self.kind);
        let id = self.event.get(Field::VpcEndpointId).filter(|id| id.starts_with("vpce-"));
        let Some(id) = id.filter(|_| own_hop).map(str::to_owned) else {
            return Presence::NotApplicable;
        };
        let is_gateway = self.inventory.endpoint(&id).is_some_and(|e| e.gateway == Some(true));
        let held = self.inventory.vpc_endpoint_policy(&id);
        match self.one(held) {
            Presence::Known(policy) => {
                Presence::Known(EndpointPolicy { policies: vec![policy], is_gateway })
            }
            Presence::Partly(policy, why) => {
                Presence::Partly(EndpointPolicy { policies: vec![policy], is_gateway }, why)
            }
            Presence::NotApplicable => Presence::NotApplicable,
            Presence::Unknown(why) => Presence::Unknown(why),
        }
    }

    /// Bucket and account settings together: either suffices (S3 "Blocking public access").
    fn public_access(&mut self) -> Presence<BlockPublicAccess> {
        let bucket = self.request.resource.arn.as_deref().filter(|arn| arn.contains(":s3:::"));
        let Some(bucket) = bucket.filter(|_| self.service() == "s3") else {
            return Presence::NotApplicable;
        };
        let of = |held: Held| {
            let text = held.document.map(|document| document.text);
            let settings = text.and_then(|text| serde_json::from_str::<Json>(&text).ok());
            let restricts =
                settings.as_ref().and_then(|s| at(s, "RestrictPublicBuckets")).and_then(flag);
            match held.missing {
                None => Some(restricts.unwrap_or(false)),
                Some(_) => restricts.filter(|restricts| *restricts),
            }
        };
        let own = of(self.inventory.public_access_block(bucket));
        let owner = self.request.resource.owner();
        let account = owner.and_then(|owner| of(self.inventory.public_access_block(owner)));
        match (own, account) {
            (Some(true), _) | (_, Some(true)) => {
                Presence::Known(BlockPublicAccess { restrict_public_buckets: true })
            }
            (Some(false), Some(false)) => {
                Presence::Known(BlockPublicAccess { restrict_public_buckets: false })
            }
            _ => Presence::Unknown(Sentence::new("log-no-access-block")),
        }
    }
}

/// The ARN of who has the policies: that of a role session without the session's name.
fn without_session(owner: &str) -> String {
    match owner.split_once(":assumed-role/") {
        Some((head, rest)) => {
            format!("{head}:assumed-role/{}", rest.split('/').next().unwrap_or_default())
        }
        None => owner.to_owned(),
    }
}

/// Resource control policies exist since 13 November 2024 (AWS "What's new", Organizations).
const RCP_LAUNCH: crate::event::Time = crate::event::Time(1_731_456_000_000);

fn unreadable(subject: Subject) -> Missing {
    Missing { subject, why: Why::Hidden(Hidden::Unreadable), likely: Likely::Unknown }
}

fn documents_of(held: Held) -> Documents {
    Documents {
        documents: held.document.into_iter().collect(),
        missing: held.missing.into_iter().collect(),
    }
}

fn presence<T>(known: Vec<T>, reasons: &[Sentence]) -> Presence<Vec<T>> {
    match together(reasons) {
        None => Presence::Known(known),
        Some(why) if known.is_empty() => Presence::Unknown(why),
        Some(why) => Presence::Partly(known, why),
    }
}

/// The reasons as one; of many the first three.
fn together(reasons: &[Sentence]) -> Option<Sentence> {
    let shown = reasons.iter().take(3).cloned();
    let all = shown
        .reduce(|one, next| Sentence::new("log-together").arg("before", one).arg("after", next))?;
    Some(match reasons.len().saturating_sub(3) {
        0 => all,
        more => Sentence::new("log-and-more").arg("before", all).arg("more", more.to_string()),
    })
}

fn reasons(missing: &[Missing]) -> Vec<Sentence> {
    missing.iter().map(Missing::sentence).collect()
}

/// What is missing, for the engine's list of what a decision hangs on.
fn why(missing: &[Missing]) -> Sentence {
    together(&reasons(missing)).unwrap_or_else(|| Hidden::Unreadable.sentence())
}

fn label(document: &Document) -> PolicyLabel {
    PolicyLabel {
        name: document.name.clone(),
        arn: document.arn.clone(),
        attached_to: document.attached_to.clone(),
        source: policy_source(&document.source),
    }
}

fn policy_source(source: &Source) -> Option<PolicySource> {
    match source {
        Source::Event(id) | Source::Before(id) => Some(PolicySource::Event(id.to_string())),
        Source::File(path) => Some(PolicySource::File(path.to_string())),
        Source::Default(_) => None,
    }
}
