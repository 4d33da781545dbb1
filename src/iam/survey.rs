//! What each layer says of a request, before anything is combined. Layers that do not speak of
//! the caller are silent here whatever they hold (Organizations User Guide, SCP and RCP effects).

use std::sync::Arc;

use crate::aws;
use crate::event::Layer;
use crate::event::arn::is_account_id;

use super::action::ActionName;
use super::block_public_access::is_public;
use super::grant::KmsGrant;
use super::layers::{AttachedPolicy, Layers, Level, Presence};
use super::principal::Principal;
use super::principal_element::Closeness;
use super::request::{Demands, Request};
use super::resource::ShortArn;
use super::service_rule::is_beyond_own_policy;
use super::statement::{Applies, Call, Reading, Statement, StatementEffect};
use super::ternary::Ternary;
use crate::wording::Sentence;

const IDENTITY: Reading = Reading {
    has_principal: false,
    is_attached_to_resource: false,
    account_is_root: false,
    names_service: false,
    short_arn: ShortArn::Completed,
};
const SCP: Reading = Reading { short_arn: ShortArn::CompletedWithFinalStar, ..IDENTITY };
const RCP: Reading = Reading { has_principal: true, short_arn: ShortArn::Refused, ..IDENTITY };
const RESOURCE: Reading = Reading {
    has_principal: true,
    is_attached_to_resource: true,
    account_is_root: false,
    names_service: false,
    short_arn: ShortArn::CompletedWithStar,
};
const ENDPOINT: Reading = Reading { is_attached_to_resource: false, ..RESOURCE };

/// What a layer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Says {
    pub allow: Ternary,
    pub deny: Ternary,
}

impl Says {
    /// A layer that limits nothing.
    const SILENT: Says = Says { allow: Ternary::True, deny: Ternary::False };
    /// A layer that grants nothing.
    const EMPTY: Says = Says { allow: Ternary::False, deny: Ternary::False };
    const UNKNOWN: Says = Says { allow: Ternary::Unknown, deny: Ternary::Unknown };

    /// What policies say when there may be others beside them.
    fn or_more(self) -> Says {
        Says { allow: self.allow.or(Ternary::Unknown), deny: self.deny.or(Ternary::Unknown) }
    }
}

/// What the resource's side grants, by how closely it means the caller; each includes the closer
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Granted {
    pub caller: Ternary,
    pub entity: Ternary,
    pub account: Ternary,
}

impl Granted {
    const NOTHING: Granted =
        Granted { caller: Ternary::False, entity: Ternary::False, account: Ternary::False };
    const UNKNOWN: Granted =
        Granted { caller: Ternary::Unknown, entity: Ternary::Unknown, account: Ternary::Unknown };

    fn add(&mut self, closeness: Closeness, matches: Ternary) {
        if closeness >= Closeness::Caller {
            self.caller = self.caller.or(matches);
        }
        if closeness >= Closeness::Entity {
            self.entity = self.entity.or(matches);
        }
        if closeness >= Closeness::Account {
            self.account = self.account.or(matches);
        }
    }

    /// Granted by one or the other.
    pub(super) fn or(self, other: Granted) -> Granted {
        Granted {
            caller: self.caller.or(other.caller),
            entity: self.entity.or(other.entity),
            account: self.account.or(other.account),
        }
    }
}

/// A statement that applies, or of which that is unknown.
#[derive(Debug)]
pub(super) struct Hit<'a> {
    pub layer: Layer,
    pub policy: &'a AttachedPolicy,
    pub statement: &'a Arc<Statement>,
    pub matches: Ternary,
    pub closeness: Closeness,
}

/// A grant that applies, or of which that is unknown.
#[derive(Debug)]
pub(super) struct GrantHit<'a> {
    pub grant: &'a KmsGrant,
    pub matches: Ternary,
}

/// What each layer says of a request.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    /// Which resource policy the request needs an allow from.
    pub demands: Demands,
    /// Whether the caller's account owns the resource.
    pub is_same_account: Ternary,
    /// Whether policies of the caller's own speak for it at all.
    pub has_identity: bool,
    pub identity: Says,
    pub boundary: Says,
    pub session: Says,
    pub resource: Granted,
    pub resource_deny: Ternary,
    /// Whether the resource's own policy cannot keep the caller out.
    pub beyond_own_policy: Ternary,
    pub scp: Says,
    pub rcp: Says,
    pub vpc_endpoint: Says,
    pub kms_grants: Granted,
    /// Whether Block Public Access keeps the caller out.
    pub public_access_blocked: Ternary,
    /// Whether the state of the key lets the action use it.
    pub key_usable: Ternary,
    pub levels_without_allow: Vec<&'a str>,
    pub hits: Vec<Hit<'a>>,
    pub grant_hits: Vec<GrantHit<'a>>,
    /// Layers that are unknown and speak of the caller, and why they are unknown.
    pub unknown_layers: Vec<(Layer, &'a Sentence)>,
}

/// Reads layers and notes what it comes across.
struct Reader<'a, 'c> {
    call: &'c Call<'a>,
    hits: Vec<Hit<'a>>,
    grant_hits: Vec<GrantHit<'a>>,
    unknown_layers: Vec<(Layer, &'a Sentence)>,
    levels_without_allow: Vec<&'a str>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(request: &'a Request, call: &Call<'a>, layers: &'a Layers) -> Survey<'a> {
        let demands = request.demands();
        let is_same_account = is_same_account(request);
        let principal = &request.principal;
        let has_identity = principal.has_identity();
        let by_linked_role = principal.is_service_linked_role();
        let mut reader = Reader {
            call,
            hits: Vec::with_capacity(8),
            grant_hits: Vec::new(),
            unknown_layers: Vec::new(),
            levels_without_allow: Vec::new(),
        };
        let silent = Says::SILENT;
        let identity = if has_identity { reader.identity(&layers.identity) } else { Says::EMPTY };
        let boundary = if has_identity { reader.boundary(&layers.boundary) } else { silent };
        let session = if has_identity { reader.session(&layers.session) } else { silent };
        let beyond_own_policy =
            is_same_account.and(is_beyond_own_policy(principal, &call.action).into());
        let (resource, resource_deny) = if beyond_own_policy.is_true() {
            (Granted::NOTHING, Ternary::False)
        } else {
            let (resource, deny) = reader.resource(&layers.resource, demands);
            (resource, deny.and(!beyond_own_policy))
        };
        let under_scps = has_identity && !by_linked_role;
        let scp = if under_scps { reader.scps(&layers.scps) } else { silent };
        let rcp = match reach_of_rcps(&call.action, by_linked_role, &layers.rcps) {
            RcpReach::All => reader.rcps(&layers.rcps),
            RcpReach::Naming => reader.rcps_that_name(&layers.rcps),
            RcpReach::None => silent,
        };
        let through_endpoint = !matches!(principal, Principal::Service { .. });
        let vpc_endpoint = if through_endpoint { reader.endpoint(layers) } else { silent };
        let is_kms = call.action.service() == "kms";
        let kms_grants =
            if is_kms { reader.grants(&layers.kms_grants, request) } else { Granted::NOTHING };
        let key_usable = if is_kms { reader.key_state(layers) } else { Ternary::True };
        let public_access_blocked = reader.public_access_blocked(layers, is_same_account);
        Survey {
            demands,
            is_same_account,
            has_identity,
            identity,
            boundary,
            session,
            resource,
            resource_deny,
            beyond_own_policy,
            scp,
            rcp,
            vpc_endpoint,
            kms_grants,
            public_access_blocked,
            key_usable,
            levels_without_allow: reader.levels_without_allow,
            hits: reader.hits,
            grant_hits: reader.grant_hits,
            unknown_layers: reader.unknown_layers,
        }
    }
}

/// Which resource control policies speak of a request.
enum RcpReach {
    /// All that are attached.
    All,
    /// Those that name the service: AWS takes no policy for a service that it does not reach, so
    /// such a policy is newer than what is known of the service here.
    Naming,
    /// None.
    None,
}

/// RCPs reach resources of the services that support them, whoever asks but service-linked roles,
/// and no retiring of grants (Organizations User Guide, Resource control policies).
fn reach_of_rcps(
    action: &ActionName,
    by_linked_role: bool,
    presence: &Presence<Vec<Level>>,
) -> RcpReach {
    let is_there = !matches!(presence, Presence::NotApplicable);
    if by_linked_role || !is_there || action.is("kms", "retiregrant") {
        RcpReach::None
    } else if aws::rcp_reaches_service(action.service()) {
        RcpReach::All
    } else {
        RcpReach::Naming
    }
}

/// Actions on no resource in particular work on the caller's account; `aws` owns what everybody
/// may use.
fn is_same_account(request: &Request) -> Ternary {
    let Some(account) = request.principal.account() else { return Ternary::False };
    if request.wildcard_only_action || request.resource.arn.as_deref() == Some("*") {
        return Ternary::True;
    }
    match request.resource.owner() {
        None => Ternary::Unknown,
        Some("aws") => Ternary::True,
        Some(owner) if owner == account => Ternary::True,
        // An id that was masked or cut may be anybody's.
        Some(owner) if !is_account_id(owner) || !is_account_id(account) => Ternary::Unknown,
        Some(_) => Ternary::False,
    }
}

impl<'a> Reader<'a, '_> {
    /// What policies of which any may allow say together, with how closely each allow means the
    /// caller.
    fn policies(
        &mut self,
        layer: Layer,
        policies: &'a [AttachedPolicy],
        reading: Reading,
    ) -> (Granted, Ternary) {
        let mut granted = Granted::NOTHING;
        let mut deny = Ternary::False;
        for policy in policies {
            for statement in policy.policy.statements() {
                let applies = statement.applies(self.call, reading);
                if applies.matches.is_false() {
                    continue;
                }
                match statement.effect() {
                    StatementEffect::Allow => granted.add(applies.closeness, applies.matches),
                    StatementEffect::Deny => deny = deny.or(applies.matches),
                }
                let Applies { matches, closeness } = applies;
                self.hits.push(Hit { layer, policy, statement, matches, closeness });
            }
        }
        (granted, deny)
    }

    fn says(&mut self, layer: Layer, policies: &'a [AttachedPolicy], reading: Reading) -> Says {
        let (granted, deny) = self.policies(layer, policies, reading);
        Says { allow: granted.account, deny }
    }

    fn unknown(&mut self, layer: Layer, why: &'a Sentence) -> Says {
        self.unknown_layers.push((layer, why));
        Says::UNKNOWN
    }

    /// The root user may do everything in its account (IAM User Guide, Root user).
    fn identity(&mut self, presence: &'a Presence<Vec<AttachedPolicy>>) -> Says {
        if matches!(self.call.principal, Principal::Root { .. }) {
            return Says::SILENT;
        }
        match presence {
            Presence::Known(policies) => self.says(Layer::IdentityPolicy, policies, IDENTITY),
            Presence::Partly(policies, why) => {
                self.unknown(Layer::IdentityPolicy, why);
                self.says(Layer::IdentityPolicy, policies, IDENTITY).or_more()
            }
            Presence::NotApplicable => Says::EMPTY,
            Presence::Unknown(why) => self.unknown(Layer::IdentityPolicy, why),
        }
    }

    fn boundary(&mut self, presence: &'a Presence<Vec<AttachedPolicy>>) -> Says {
        match presence {
            Presence::Known(policies) if !policies.is_empty() => {
                self.says(Layer::PermissionsBoundary, policies, IDENTITY)
            }
            Presence::Partly(policies, why) => {
                self.unknown(Layer::PermissionsBoundary, why);
                self.says(Layer::PermissionsBoundary, policies, IDENTITY).or_more()
            }
            Presence::Known(_) | Presence::NotApplicable => Says::SILENT,
            Presence::Unknown(why) => self.unknown(Layer::PermissionsBoundary, why),
        }
    }

    /// A federated user session that was made without a session policy has no permissions of its
    /// own (AWS STS API Reference, GetFederationToken); a role session has those of the role.
    fn session(&mut self, presence: &'a Presence<Vec<AttachedPolicy>>) -> Says {
        match presence {
            Presence::Known(policies) if !policies.is_empty() => {
                self.says(Layer::SessionPolicy, policies, IDENTITY)
            }
            Presence::Partly(policies, why) => {
                self.unknown(Layer::SessionPolicy, why);
                self.says(Layer::SessionPolicy, policies, IDENTITY).or_more()
            }
            Presence::Known(_) | Presence::NotApplicable => match self.call.principal {
                Principal::FederatedUser { .. } => Says::EMPTY,
                _ => Says::SILENT,
            },
            Presence::Unknown(why) => self.unknown(Layer::SessionPolicy, why),
        }
    }

    fn resource(
        &mut self,
        presence: &'a Presence<AttachedPolicy>,
        demands: Demands,
    ) -> (Granted, Ternary) {
        let layer = demands.layer();
        match presence {
            Presence::Known(policy) => self.policies(layer, std::slice::from_ref(policy), RESOURCE),
            Presence::Partly(policy, why) => {
                self.unknown(layer, why);
                let (granted, deny) = self.policies(layer, std::slice::from_ref(policy), RESOURCE);
                (granted.or(Granted::UNKNOWN), deny.or(Ternary::Unknown))
            }
            Presence::NotApplicable => (Granted::NOTHING, Ternary::False),
            Presence::Unknown(why) => {
                self.unknown(layer, why);
                (Granted::UNKNOWN, Ternary::Unknown)
            }
        }
    }

    /// Every level must allow; a level without policies does not.
    fn scps(&mut self, presence: &'a Presence<Vec<Level>>) -> Says {
        match presence {
            Presence::Known(levels) => {
                let mut together = Says::SILENT;
                for level in levels {
                    let says = self.says(Layer::Scp, &level.policies, SCP);
                    if says.allow.is_false() {
                        self.levels_without_allow.push(&level.id);
                    }
                    together.allow = together.allow.and(says.allow);
                    together.deny = together.deny.or(says.deny);
                }
                together
            }
            // Which levels lack policies is not known, so none of them is sure to lack an allow.
            Presence::Partly(levels, why) => {
                self.unknown(Layer::Scp, why);
                let deny = levels.iter().fold(Ternary::Unknown, |deny, level| {
                    deny.or(self.says(Layer::Scp, &level.policies, SCP).deny)
                });
                Says { allow: Ternary::Unknown, deny }
            }
            Presence::NotApplicable => Says::SILENT,
            Presence::Unknown(why) => self.unknown(Layer::Scp, why),
        }
    }

    /// `RCPFullAWSAccess` is attached everywhere and cannot be detached, so resource control
    /// policies only deny.
    fn rcps(&mut self, presence: &'a Presence<Vec<Level>>) -> Says {
        let deny = match presence {
            Presence::Known(levels) => levels.iter().fold(Ternary::False, |deny, level| {
                deny.or(self.says(Layer::Rcp, &level.policies, RCP).deny)
            }),
            Presence::Partly(levels, why) => {
                self.unknown(Layer::Rcp, why);
                levels.iter().fold(Ternary::Unknown, |deny, level| {
                    deny.or(self.says(Layer::Rcp, &level.policies, RCP).deny)
                })
            }
            Presence::NotApplicable => Ternary::False,
            Presence::Unknown(why) => self.unknown(Layer::Rcp, why).deny,
        };
        Says { allow: Ternary::True, deny }
    }

    /// As [`Reader::rcps`], for a service that RCPs are not known to reach: what is not known of
    /// them is no reason to doubt.
    fn rcps_that_name(&mut self, presence: &'a Presence<Vec<Level>>) -> Says {
        let reading = Reading { names_service: true, ..RCP };
        let levels = presence.known().into_iter().flatten();
        let deny = levels.fold(Ternary::False, |deny, level| {
            deny.or(self.says(Layer::Rcp, &level.policies, reading).deny)
        });
        Says { allow: Ternary::True, deny }
    }

    fn endpoint(&mut self, layers: &'a Layers) -> Says {
        match &layers.vpc_endpoint {
            Presence::Known(endpoint) => {
                let reading = Reading { account_is_root: endpoint.is_gateway, ..ENDPOINT };
                self.says(Layer::VpcEndpointPolicy, &endpoint.policies, reading)
            }
            Presence::Partly(endpoint, why) => {
                self.unknown(Layer::VpcEndpointPolicy, why);
                let reading = Reading { account_is_root: endpoint.is_gateway, ..ENDPOINT };
                self.says(Layer::VpcEndpointPolicy, &endpoint.policies, reading).or_more()
            }
            Presence::NotApplicable => Says::SILENT,
            Presence::Unknown(why) => self.unknown(Layer::VpcEndpointPolicy, why),
        }
    }

    fn grants(&mut self, presence: &'a Presence<Vec<KmsGrant>>, request: &Request) -> Granted {
        let (grants, may_be_more) = match presence {
            Presence::Known(grants) => (grants.as_slice(), false),
            Presence::Partly(grants, why) => {
                self.unknown(Layer::KmsGrant, why);
                (grants.as_slice(), true)
            }
            Presence::NotApplicable => (&[][..], false),
            Presence::Unknown(why) => {
                self.unknown(Layer::KmsGrant, why);
                (&[][..], true)
            }
        };
        let mut granted = if may_be_more { Granted::UNKNOWN } else { Granted::NOTHING };
        for grant in grants {
            let applies = grant.applies(self.call, &request.resource);
            if !applies.matches.is_false() {
                granted.add(applies.closeness, applies.matches);
                self.grant_hits.push(GrantHit { grant, matches: applies.matches });
            }
        }
        granted
    }

    fn key_state(&mut self, layers: &'a Layers) -> Ternary {
        match &layers.key_state {
            Presence::Known(state) => (!state.forbids(self.call.action.name())).into(),
            Presence::NotApplicable => Ternary::True,
            Presence::Partly(_, why) | Presence::Unknown(why) => {
                self.unknown(Layer::KmsKeyState, why).allow
            }
        }
    }

    /// `RestrictPublicBuckets` on a bucket with a public policy leaves only services and the
    /// owner's account.
    fn public_access_blocked(&mut self, layers: &'a Layers, is_same_account: Ternary) -> Ternary {
        let is_service = matches!(self.call.principal, Principal::Service { .. });
        if self.call.action.service() != "s3" || is_service || is_same_account.is_true() {
            return Ternary::False;
        }
        let restricted = match &layers.block_public_access {
            Presence::Known(settings) => settings.restrict_public_buckets.into(),
            Presence::Partly(settings, _) if settings.restrict_public_buckets => Ternary::True,
            Presence::NotApplicable => Ternary::False,
            Presence::Partly(_, why) | Presence::Unknown(why) => {
                self.unknown(Layer::BlockPublicAccess, why).deny
            }
        };
        if restricted.is_false() {
            return Ternary::False;
        }
        let public = match &layers.resource {
            Presence::Known(policy) => is_public(&policy.policy).into(),
            Presence::Partly(policy, _) if is_public(&policy.policy) => Ternary::True,
            Presence::NotApplicable => Ternary::False,
            Presence::Partly(..) | Presence::Unknown(_) => Ternary::Unknown,
        };
        restricted.and(public).and(!is_same_account)
    }
}
