//! Combines what the layers say into one decision (IAM User Guide, Policy evaluation logic;
//! Cross-account policy evaluation logic). Everything is three-valued, so evaluating with all
//! known is just a special case of evaluating with some unknown.

use std::sync::Arc;

use crate::event::{Effect, Layer};

use super::action::ActionName;
use super::decision::{Deciding, Decision, DecisionResult, Missing};
use super::layers::{Layers, PolicyLabel, Presence};
use super::principal_element::Closeness;
use super::request::{Demands, Request};
use super::resource::{RequestResource, fold_arn};
use super::service_rule::{self, ServiceRule};
use super::statement::{Call, Statement, StatementEffect};
use super::survey::{Hit, Survey};
use super::ternary::Ternary;

/// Evaluates one request against the policies around it.
///
/// ```
/// use trailwhy::iam::{evaluate, AttachedPolicy, Layers, Policy, PolicyLabel, Presence, Principal,
///     Request, Resource};
///
/// let policy = Policy::parse(
///     r#"{"Version": "2012-10-17", "Statement": {
///         "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#,
/// )?;
/// let mut layers = Layers::none();
/// layers.identity =
///     Presence::Known(vec![AttachedPolicy::new(PolicyLabel::named("read"), policy)]);
/// let caller = Principal::parse("arn:aws:iam::111122223333:user/ana").unwrap();
/// let object = Resource::new("arn:aws:s3:::reports/2026").owned_by("111122223333");
/// let request = Request::new(caller, "s3:GetObject", object);
/// assert!(evaluate(&request, &layers).is_allowed());
/// # Ok::<(), trailwhy::iam::PolicyError>(())
/// ```
pub fn evaluate(request: &Request, layers: &Layers) -> Decision {
    let action = ActionName::new(&request.action);
    let rule = service_rule::find(&request.principal, &action, &request.resource);
    if rule == Some(ServiceRule::Allows) {
        return Decision::new(DecisionResult::Allowed);
    }
    surveyed(request, layers, action, |survey, call| match rule {
        Some(ServiceRule::Denies(why)) => survey.decide_under_rule(why, call),
        _ => survey.decide(call),
    })
}

/// A statement that speaks of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Applying {
    /// The layer it stands in.
    pub layer: Layer,
    /// What its policy is known by.
    pub label: Arc<PolicyLabel>,
    /// The statement.
    pub statement: Arc<Statement>,
    /// It certainly applies; else that hangs on what is not known.
    pub is_certain: bool,
}

/// The statements of all layers that apply to a request, or may.
pub fn applying(request: &Request, layers: &Layers) -> Vec<Applying> {
    surveyed(request, layers, ActionName::new(&request.action), |survey, _| {
        let one = |hit: &Hit<'_>| Applying {
            layer: hit.layer,
            label: Arc::clone(&hit.policy.label),
            statement: Arc::clone(hit.statement),
            is_certain: hit.matches.is_true(),
        };
        survey.hits.iter().map(one).collect()
    })
}

/// What the layers say of a request, handed to `then`.
fn surveyed<T>(
    request: &Request,
    layers: &Layers,
    action: ActionName,
    then: impl FnOnce(&Survey<'_>, &Call<'_>) -> T,
) -> T {
    let arn =
        if request.wildcard_only_action { Some("*") } else { request.resource.arn.as_deref() };
    let folded = arn.map(fold_arn);
    let call = Call {
        principal: &request.principal,
        action,
        resource: RequestResource::new(folded.as_deref()),
        context: &request.context,
        has_boundary: match &layers.boundary {
            Presence::Known(policies) => (!policies.is_empty()).into(),
            Presence::Partly(policies, _) if !policies.is_empty() => Ternary::True,
            Presence::NotApplicable => Ternary::False,
            Presence::Partly(..) | Presence::Unknown(_) => Ternary::Unknown,
        },
    };
    then(&Survey::new(request, &call, layers), &call)
}

impl Decision {
    fn new(result: DecisionResult) -> Decision {
        Decision {
            result,
            layer: None,
            effect: None,
            blocked_by: Vec::new(),
            statements: Vec::new(),
            levels_without_allow: Vec::new(),
            unknown: Vec::new(),
            service_rule: None,
        }
    }
}

impl Survey<'_> {
    /// The whole of it: a deny anywhere decides; else something must grant, nothing may limit, and
    /// a KMS key must be usable.
    fn decide(&self, call: &Call<'_>) -> Decision {
        let denied = Ternary::any(self.denies().map(|(_, deny)| deny));
        if denied.is_true() {
            return self.explicitly_denied();
        }
        let allowed = self.granted().and(self.limits_allow());
        match (allowed, self.key_usable, denied) {
            (Ternary::False, ..) => self.implicitly_denied(call),
            (Ternary::True, Ternary::False, Ternary::False) => self.key_unusable(),
            (_, Ternary::False, _) => Decision {
                // Denied in any case, but by the key's state only if nothing else denies.
                effect: Some(Effect::Unknown),
                unknown: self.missing(call),
                ..Decision::new(DecisionResult::ImplicitlyDenied)
            },
            (Ternary::True, Ternary::True, Ternary::False) => {
                Decision { statements: self.granting(), ..Decision::new(DecisionResult::Allowed) }
            }
            _ => Decision {
                effect: Some(Effect::Unknown),
                statements: self.deciding(|hit| hit.matches.is_unknown()),
                unknown: self.missing(call),
                ..Decision::new(DecisionResult::Unknown)
            },
        }
    }

    /// Where a rule of the service denies, just an explicit deny goes before it.
    fn decide_under_rule(&self, why: &'static str, call: &Call<'_>) -> Decision {
        if self.denies().any(|(_, deny)| deny.is_true()) {
            return self.explicitly_denied();
        }
        Decision {
            effect: Some(Effect::NotApplicable),
            unknown: self.missing_of_denies(call),
            service_rule: Some(why),
            ..Decision::new(DecisionResult::ImplicitlyDenied)
        }
    }

    /// Explicit denies, in the order in which AWS names a layer when several deny.
    fn denies(&self) -> impl Iterator<Item = (Layer, Ternary)> {
        [
            (Layer::Rcp, self.rcp.deny),
            (Layer::Scp, self.scp.deny),
            (Layer::VpcEndpointPolicy, self.vpc_endpoint.deny),
            (Layer::BlockPublicAccess, self.public_access_blocked),
            (self.demands.layer(), self.resource_deny),
            (Layer::IdentityPolicy, self.identity.deny),
            (Layer::PermissionsBoundary, self.boundary.deny),
            (Layer::SessionPolicy, self.session.deny),
        ]
        .into_iter()
    }

    /// Layers that grant nothing and must allow whatever else grants.
    fn limits(&self) -> [(Layer, Ternary); 2] {
        [(Layer::Scp, self.scp.allow), (Layer::VpcEndpointPolicy, self.vpc_endpoint.allow)]
    }

    fn limits_allow(&self) -> Ternary {
        Ternary::all(self.limits().map(|(_, allow)| allow))
    }

    fn granted(&self) -> Ternary {
        self.granted_under(self.boundary.allow, self.session.allow)
    }

    /// Whether something grants the request, under what boundary and session policy say. With the
    /// owner of the resource unknown, only if it makes no difference.
    fn granted_under(&self, boundary: Ternary, session: Ternary) -> Ternary {
        let limits = boundary.and(session);
        match self.is_same_account {
            Ternary::True => self.granted_within_account(limits),
            Ternary::False => self.granted_across_accounts(limits),
            Ternary::Unknown => {
                let within = self.granted_within_account(limits);
                let across = self.granted_across_accounts(limits);
                if within == across { within } else { Ternary::Unknown }
            }
        }
    }

    /// In one account either side suffices, but a key policy and a trust policy must allow or
    /// leave it to the account. The more closely the resource's side names the caller, the less of
    /// the caller's own policies counts.
    fn granted_within_account(&self, limits: Ternary) -> Ternary {
        let resource = self.resource.or(self.kms_grants);
        let by_identity = self.identity.allow.and(limits);
        let by_identity = match self.demands {
            Demands::Nothing => by_identity,
            Demands::KeyPolicy | Demands::TrustPolicy => by_identity.and(resource.account),
        };
        resource.caller.or(resource.entity.and(limits)).or(by_identity)
    }

    /// Across accounts both sides must allow. Callers without policies of their own (services,
    /// anonymous and web identities) need just the resource's. A KMS grant needs no
    /// identity-based policy in the grantee's account: that is how a service-linked role, whose
    /// policies do not name the key, uses one of another account (Amazon EC2 Auto Scaling User
    /// Guide, Required AWS KMS key policy for use with encrypted volumes).
    fn granted_across_accounts(&self, limits: Ternary) -> Ternary {
        let granted = self.kms_grants.caller.or(self.kms_grants.entity.and(limits));
        if !self.has_identity {
            return self.resource.caller.or(granted);
        }
        let resource = self.resource.or(self.kms_grants);
        granted.or(resource.account.and(self.identity.allow).and(limits))
    }

    fn explicitly_denied(&self) -> Decision {
        let layer = self.denies().find(|(_, deny)| deny.is_true()).map(|(layer, _)| layer);
        Decision {
            layer,
            effect: Some(Effect::ExplicitDeny),
            blocked_by: self.blocked_by(),
            statements: self.deciding(|hit| {
                hit.matches.is_true() && hit.statement.effect() == StatementEffect::Deny
            }),
            ..Decision::new(DecisionResult::ExplicitlyDenied)
        }
    }

    fn implicitly_denied(&self, call: &Call<'_>) -> Decision {
        Decision {
            layer: self.lacking_layer(),
            effect: Some(Effect::ImplicitDeny),
            blocked_by: self.blocked_by(),
            levels_without_allow: self
                .levels_without_allow
                .iter()
                .map(|level| (*level).to_owned())
                .collect(),
            unknown: self.missing_of_denies(call),
            ..Decision::new(DecisionResult::ImplicitlyDenied)
        }
    }

    fn key_unusable(&self) -> Decision {
        Decision {
            layer: Some(Layer::KmsKeyState),
            effect: Some(Effect::NotApplicable),
            blocked_by: vec![Layer::KmsKeyState],
            ..Decision::new(DecisionResult::ImplicitlyDenied)
        }
    }

    /// The first layer, in AWS's order of evaluation, that had to allow and certainly does not.
    fn lacking_layer(&self) -> Option<Layer> {
        let limit = self.limits().into_iter().find(|(_, allow)| allow.is_false());
        if let Some((layer, _)) = limit {
            return Some(layer);
        }
        match self.is_same_account {
            Ternary::True => self.lacking_within_account(),
            Ternary::False => self.lacking_across_accounts(),
            Ternary::Unknown => {
                let within = self.lacking_within_account();
                within.filter(|layer| self.lacking_across_accounts() == Some(*layer))
            }
        }
    }

    fn lacking_within_account(&self) -> Option<Layer> {
        let resource = self.resource.or(self.kms_grants);
        if self.demands != Demands::Nothing && resource.account.is_false() {
            return Some(self.demands.layer());
        }
        let needs_limits = self.identity.allow.or(resource.entity);
        if needs_limits.is_false() {
            return Some(Layer::IdentityPolicy);
        }
        self.lacking_limit()
    }

    fn lacking_across_accounts(&self) -> Option<Layer> {
        let resource = self.resource.or(self.kms_grants);
        if resource.account.is_false() {
            return Some(self.demands.layer());
        }
        if !self.has_identity {
            return resource.caller.is_false().then_some(self.demands.layer());
        }
        if self.identity.allow.is_false() {
            return Some(Layer::IdentityPolicy);
        }
        self.lacking_limit()
    }

    fn lacking_limit(&self) -> Option<Layer> {
        let limits = [
            (Layer::PermissionsBoundary, self.boundary.allow),
            (Layer::SessionPolicy, self.session.allow),
        ];
        limits.into_iter().find(|(_, allow)| allow.is_false()).map(|(layer, _)| layer)
    }

    /// The layers that keep out a request that is granted otherwise.
    fn blocked_by(&self) -> Vec<Layer> {
        if !self.granted_under(Ternary::True, Ternary::True).is_true() {
            return Vec::new();
        }
        let limits = self.limits().into_iter().filter(|(_, allow)| allow.is_false());
        let denies = self.denies().filter(|(_, deny)| deny.is_true());
        let mut layers: Vec<Layer> = limits.chain(denies).map(|(layer, _)| layer).collect();
        if self.granted_under(self.boundary.allow, Ternary::True).is_false() {
            layers.push(Layer::PermissionsBoundary);
        }
        if self.granted_under(Ternary::True, self.session.allow).is_false() {
            layers.push(Layer::SessionPolicy);
        }
        if self.key_usable.is_false() {
            layers.push(Layer::KmsKeyState);
        }
        layers.sort_unstable();
        layers.dedup();
        layers
    }

    fn deciding(&self, chosen: impl Fn(&Hit<'_>) -> bool) -> Vec<Deciding> {
        let chosen = self.hits.iter().filter(|hit| chosen(hit));
        chosen
            .map(|hit| Deciding {
                layer: hit.layer,
                label: Arc::clone(&hit.policy.label),
                statement: Some(Arc::clone(hit.statement)),
            })
            .collect()
    }

    /// The statements and grants that allow on the sides that grant: caller's and resource's. One
    /// that just leaves it to the account's policies counts only where these allow.
    fn granting(&self) -> Vec<Deciding> {
        let by_account = self.identity.allow.is_true();
        let mut granting = self.deciding(|hit| {
            if hit.closeness == Closeness::Account && !by_account {
                return false;
            }
            let grants = matches!(
                hit.layer,
                Layer::IdentityPolicy | Layer::ResourcePolicy | Layer::RoleTrustPolicy
            );
            grants && hit.matches.is_true() && hit.statement.effect() == StatementEffect::Allow
        });
        let grants = self.grant_hits.iter().filter(|hit| hit.matches.is_true());
        granting.extend(grants.map(|hit| Deciding {
            layer: Layer::KmsGrant,
            label: Arc::clone(hit.grant.label()),
            statement: None,
        }));
        granting
    }

    /// What an explicit deny hangs on, where there may be one.
    fn missing_of_denies(&self, call: &Call<'_>) -> Vec<Missing> {
        let might_deny = self.denies().any(|(_, deny)| deny.is_unknown());
        if might_deny { self.missing(call) } else { Vec::new() }
    }

    /// What the outcome hangs on: of every layer that leaves something open, what it is that is
    /// unknown. Layers that could only grant are left out where something grants for certain.
    fn missing(&self, call: &Call<'_>) -> Vec<Missing> {
        let is_granted = self.granted().is_true();
        let mut missing: Vec<Missing> = Vec::new();
        for hit in self.hits.iter().filter(|hit| hit.matches.is_unknown()) {
            let is_deny = hit.statement.effect() == StatementEffect::Deny;
            let is_limit = matches!(hit.layer, Layer::Scp | Layer::VpcEndpointPolicy);
            if is_deny || is_limit || !is_granted {
                missing.extend(hit.statement.missing(call));
            }
        }
        if !is_granted {
            for hit in self.grant_hits.iter().filter(|hit| hit.matches.is_unknown()) {
                let names = hit.grant.unknown_keys(call.context).into_iter();
                missing.extend(names.map(Missing::ContextKey));
            }
        }
        let hangs_on_owner = if is_granted {
            self.beyond_own_policy.is_unknown() && self.resource_deny.is_unknown()
        } else {
            self.is_same_account.is_unknown()
        };
        if hangs_on_owner {
            missing.push(Missing::ResourceAccount);
        }
        let layers = self.unknown_layers.iter();
        missing.extend(
            layers
                .filter(|(layer, _)| !(is_granted && *layer == Layer::KmsGrant))
                .map(|(layer, why)| Missing::Policies { layer: *layer, why: (*why).clone() }),
        );
        in_order(missing)
    }
}

/// Each thing once, however it is spelled, in a fixed order.
fn in_order(mut missing: Vec<Missing>) -> Vec<Missing> {
    let folded = |item: &Missing| match item {
        Missing::ContextKey(name) => Missing::ContextKey(name.to_ascii_lowercase()),
        other => other.clone(),
    };
    missing.sort_by_cached_key(|item| (folded(item), item.clone()));
    missing.dedup_by_key(|item| folded(item));
    missing
}
