//! How one distinct call would fare: evaluated with the policies as they are, and as they would be. What
//! is not known stays unknown, unless nothing that the call depends on changes.

mod address;
mod touched;

use std::cell::Cell;
use std::sync::Arc;

use super::Trail;
use super::call::{Call, requests};
use crate::event::{Effect, Event, Layer, Time};
use crate::history::History;
use crate::history::amend::Amendment;
use crate::history::change::Value;
use crate::history::layers::{Alters, Likelihood, Moment, layers_of};
use crate::history::replay::Known;
use crate::history::request::Around;
use crate::history::subject::Subject;
use crate::iam::{
    Applying, AttachedPolicy, Decision, DecisionResult, EndpointPolicy, Layers, Level, Missing,
    PolicyLabel, Presence, Request, Statement, StatementEffect, applying, evaluate,
};
use touched::Touched;

/// The policies before and after.
pub struct Policies<'p> {
    /// Without and with the changes; what is likely taken for true.
    assumed: [Moment<'p>; 2],
    /// The same, nothing taken for true.
    doubted: [Moment<'p>; 2],
    history: &'p History,
    alters: Alters,
    touched: Touched<'p>,
    /// Policies of callers are changed that were there, or may have been.
    may_lose_identity: bool,
    /// Grants are changed.
    changes_grants: bool,
    /// What is changed goes into the request itself: tags, where an account lies.
    changes_requests: bool,
}

impl<'p> Policies<'p> {
    /// Those of a moment, without and with the changes.
    pub fn new(
        history: &'p History,
        after: &'p History,
        amendments: &'p [Amendment],
        present: Time,
    ) -> Policies<'p> {
        let is_of_request = |one: &Amendment| {
            matches!(
                one.subject,
                Subject::Tag { .. } | Subject::Parent(_) | Subject::Entity(_) | Subject::Alias(_)
            )
        };
        let moments =
            |likelihood| [history, after].map(|one| Moment::new(one.at(present), likelihood));
        let changes_requests = amendments.iter().any(is_of_request);
        Policies {
            assumed: moments(Likelihood::Assumed),
            doubted: moments(Likelihood::Unknown),
            history,
            alters: match changes_requests {
                true => Alters::ANY,
                false => Alters::by_all(amendments.iter().map(|one| &one.subject)),
            },
            touched: Touched::by(amendments),
            may_lose_identity: amendments.iter().any(|one| !is_added(history, one, present)),
            changes_grants: amendments
                .iter()
                .any(|one| matches!(one.subject, Subject::Grant { .. })),
            changes_requests,
        }
    }
}

/// Whether a policy of a caller comes to those that are there: that takes no Allow away.
fn is_added(history: &History, amendment: &Amendment, present: Time) -> bool {
    if !matches!(amendment.subject, Subject::InlinePolicy { .. } | Subject::Attachment { .. }) {
        return false;
    }
    let inventory = history.at(present);
    let known = inventory.state(&amendment.subject).map(|state| &state.known);
    match known {
        None | Some(Known::Is(Value::Absent)) => true,
        Some(Known::Unknown { likely: Some(Value::Absent), .. }) => true,
        Some(_) => false,
    }
}

/// How a call would fare.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// Nothing that it depends on changes.
    Untouched {
        /// What is known of the policies explains that it works.
        is_certain: bool,
    },
    /// It stays allowed.
    Allowed,
    /// It would be denied.
    Denied(Box<Why>),
    /// Whether it would be denied cannot be told.
    Unclear(Box<Why>),
    /// It was refused and would be allowed.
    Opened,
    /// It was refused, and nothing says that it would be allowed.
    Refused,
    /// It worked once; the policies of today deny it already.
    DeniedAlready,
    /// It worked, though the policies of its moment, as far as they are known, deny it.
    Unexplained,
}

impl Fate {
    /// Of several things asked for at once, the worst decides.
    fn badness(&self) -> u8 {
        match self {
            Fate::Denied(_) => 7,
            Fate::Unclear(_) => 6,
            Fate::DeniedAlready => 5,
            Fate::Unexplained => 4,
            Fate::Refused => 3,
            Fate::Untouched { is_certain: false } => 2,
            Fate::Allowed => 1,
            Fate::Untouched { is_certain: true } => 0,
            Fate::Opened => 0,
        }
    }
}

/// Why a call would be denied, or may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Why {
    /// The layer.
    pub layer: Option<Layer>,
    /// Whether a statement would deny it, or nothing allow it any more.
    pub effect: Option<Effect>,
    /// The policy that would deny it, or that allowed it so far.
    pub label: Option<Arc<PolicyLabel>>,
    /// The statement that would deny it, or that allowed it so far and is gone.
    pub statement: Option<Arc<Statement>>,
    /// The statement allowed it so far, and is gone.
    pub is_lost: bool,
    /// What it hangs on, where it cannot be told.
    pub missing: Vec<Missing>,
    /// It hangs on whose address AWS takes for a call that a service passes on.
    pub by_address: bool,
}

/// How a call would fare.
pub fn of(trail: &Trail<'_>, policies: &Policies<'_>, call: &Call) -> Fate {
    told(trail, policies, call).0
}

/// The same, and whether every record of the call would fare so, whenever it was made and for what.
pub(super) fn told(trail: &Trail<'_>, policies: &Policies<'_>, call: &Call) -> (Fate, bool) {
    let Some((event, around)) = call.exemplar(trail) else {
        return (Fate::Untouched { is_certain: false }, false);
    };
    let asked_after = match policies.changes_requests {
        true => requests(event, &around, &policies.assumed[1].inventory),
        false => Vec::new(),
    };
    let is_plain = Cell::new(!policies.changes_requests);
    let each = call.requests.iter().enumerate().map(|(at, request)| {
        let one = One {
            event,
            around: Around { one_of: None, ..around.clone() },
            policies,
            request,
            request_after: asked_after.get(at).unwrap_or(request),
            is_plain: &is_plain,
        };
        one.fate(call.worked)
    });
    let worst = each.max_by_key(Fate::badness);
    (worst.unwrap_or(Fate::Untouched { is_certain: false }), is_plain.get())
}

/// One request of a call.
struct One<'o> {
    event: &'o Event,
    around: Around<'o>,
    policies: &'o Policies<'o>,
    request: &'o Request,
    request_after: &'o Request,
    /// Nothing but the policies and the request was looked at.
    is_plain: &'o Cell<bool>,
}

impl One<'_> {
    fn fate(&self, worked: bool) -> Fate {
        let assumed = self.around_it(&self.policies.assumed);
        if !worked {
            return self.of_refused(&assumed);
        }
        if !assumed.was.is_denied() {
            return self.of_worked(&assumed);
        }
        self.is_plain.set(false);
        // Services make a grant for each thing they work on and end it afterwards; for the next one they
        // make another.
        if let Some(granted) = self.as_granted(&assumed) {
            return self.of_worked(&granted);
        }
        // It worked, so that what was only taken for likely is the first thing to doubt.
        let doubted = self.around_it(&self.policies.doubted);
        if doubted.was.is_denied() {
            return self.of_worked(&assumed);
        }
        match self.of_worked(&doubted) {
            // What is known denies it already, so that no more can be said.
            Fate::Denied(why) if why.statement.is_none() => Fate::Unclear(why),
            fate => fate,
        }
    }

    /// The layers before and after, and what they say.
    fn around_it(&self, [before, after]: &[Moment<'_>; 2]) -> Both {
        let (event, around) = (self.event, &self.around);
        let before = before.layers_of(event, self.request, around).layers;
        let was = evaluate(self.request, &before);
        if !self.policies.touched.may_concern(self.event, self.request) {
            return Both { before, after: Layers::none(), was, is_touched: false };
        }
        let unaltered = (&before, self.policies.alters);
        let after = after.layers_after(event, self.request_after, around, unaltered).layers;
        let is_touched =
            !same(&before, &after) || (self.policies.changes_requests && self.is_asked_anew());
        Both { before, after, was, is_touched }
    }

    /// The layers with the grants that there were when the call was made, if these explain that it worked
    /// and the change is about none of them.
    fn as_granted(&self, both: &Both) -> Option<Both> {
        if !self.request.action.starts_with("kms:") || self.policies.changes_grants {
            return None;
        }
        let then = self.policies.history.at(self.event.time);
        let then = layers_of(self.event, self.request, &self.around, &then, Likelihood::Assumed);
        let with = |layers: &Layers| Layers {
            kms_grants: then.layers.kms_grants.clone(),
            ..layers.clone()
        };
        let (before, after) = (with(&both.before), with(&both.after));
        let was = evaluate(self.request, &before);
        (!was.is_denied()).then_some(Both { before, after, was, is_touched: both.is_touched })
    }

    fn is_asked_anew(&self) -> bool {
        self.request != self.request_after
    }

    fn of_refused(&self, both: &Both) -> Fate {
        if !both.is_touched || both.was.is_allowed() {
            return Fate::Refused;
        }
        match evaluate(self.request_after, &both.after).is_allowed() {
            true => Fate::Opened,
            false => Fate::Refused,
        }
    }

    fn of_worked(&self, both: &Both) -> Fate {
        if !both.is_touched {
            return match both.was.result {
                DecisionResult::Allowed => Fate::Untouched { is_certain: true },
                DecisionResult::Unknown => Fate::Untouched { is_certain: false },
                _ => self.denied_before(),
            };
        }
        let will = evaluate(self.request_after, &both.after);
        if will.is_allowed() {
            return Fate::Allowed;
        }
        let harm = match (self.harm(both, &will), both.was.result) {
            // What was allowed for certain and is so no longer is harmed, whatever does it.
            (None, DecisionResult::Allowed) => Harm { statement: None, is_lost: true },
            // Nothing harmful comes: the change makes known what was not, and it worked.
            (None, DecisionResult::Unknown) if !will.is_denied() => {
                return Fate::Untouched { is_certain: false };
            }
            (None, _) => return self.denied_before(),
            // It was denied before, and no statement that comes denies it.
            (Some(harm), _) if harm.statement.is_none() && both.was.is_denied() => {
                return self.denied_before();
            }
            (Some(harm), _) => harm,
        };
        match will.is_denied() {
            true => Fate::Denied(Box::new(denied(&will, Some(harm)))),
            false => self.by_address(&will, harm, both),
        }
    }

    /// Where all hangs on the address that a service calls from, each that it may be is tried.
    fn by_address(&self, will: &Decision, harm: Harm, both: &Both) -> Fate {
        self.is_plain.set(false);
        let tried: Vec<Decision> = match will.unknown.iter().all(is_address) {
            true => address::tried(self.event, &self.around, self.request_after, &both.after),
            false => Vec::new(),
        };
        let is_denied = |one: &Decision| one.is_denied();
        match tried.as_slice() {
            [] => Fate::Unclear(Box::new(unclear(will, harm, false))),
            [first, ..] if tried.iter().all(is_denied) => {
                Fate::Denied(Box::new(denied(first, Some(harm))))
            }
            all if all.iter().all(Decision::is_allowed) => Fate::Allowed,
            _ => Fate::Unclear(Box::new(unclear(will, harm, true))),
        }
    }

    /// It worked, and the policies of today deny it: since they were changed, or since they are not
    /// known rightly.
    fn denied_before(&self) -> Fate {
        self.is_plain.set(false);
        let then = self.policies.history.at(self.event.time);
        let layers = layers_of(self.event, self.request, &self.around, &then, Likelihood::Assumed);
        match evaluate(self.request, &layers.layers).is_denied() {
            true => Fate::Unexplained,
            false => Fate::DeniedAlready,
        }
    }

    /// What the change does that could keep the call out: a Deny that comes, or an Allow that goes.
    /// `None` where it does neither, so that a call that worked goes on working.
    fn harm(&self, both: &Both, will: &Decision) -> Option<Harm> {
        let before = applying(self.request, &both.before);
        let after = applying(self.request_after, &both.after);
        let is_in = |one: &Applying, all: &[Applying]| {
            all.iter().any(|other| {
                other.layer == one.layer
                    && other.is_certain == one.is_certain
                    && other.statement.raw() == one.statement.raw()
                    // Every level of an organization must allow.
                    && (!matches!(one.layer, Layer::Scp | Layer::Rcp)
                        || other.label.attached_to == one.label.attached_to)
            })
        };
        let is = |one: &&Applying, effect| one.statement.effect() == effect;
        let comes = after
            .iter()
            .filter(|one| is(one, StatementEffect::Deny) && !is_in(one, &before))
            .max_by_key(|one| one.is_certain);
        if let Some(comes) = comes {
            return Some(Harm { statement: Some(comes.clone()), is_lost: false });
        }
        let goes = before
            .iter()
            .filter(|one| is(one, StatementEffect::Allow) && !is_in(one, &after))
            // Another Allow of the layer that certainly applies does as well.
            .filter(|one| {
                let does = |other: &&Applying| {
                    is(other, StatementEffect::Allow)
                        && other.layer == one.layer
                        && other.is_certain
                        && !is_guarded(one.layer)
                };
                !after.iter().any(|other| does(&other))
            })
            .max_by_key(|one| one.is_certain);
        if let Some(goes) = goes {
            return Some(Harm { statement: Some(goes.clone()), is_lost: true });
        }
        self.is_lost_elsewhere(both, will, &after)
            .then_some(Harm { statement: None, is_lost: true })
    }

    /// Whether something that is no statement of a known policy changes so that it may keep a call out:
    /// a limit that comes or says something else and does not certainly allow the call; grants, the
    /// state of a key, public access; a policy that was not known and is replaced.
    fn is_lost_elsewhere(&self, both: &Both, will: &Decision, applying: &[Applying]) -> bool {
        let Both { before, after, .. } = both;
        // Where the call would be denied for certain, an Allow that applies does not suffice: it may leave
        // to the caller's account what was allowed to the caller itself.
        let allows_at = |layer: Layer, at: Option<&str>| {
            let mut applying = applying.iter().filter(|_| !will.is_denied());
            applying.any(|one| {
                one.layer == layer
                    && one.is_certain
                    && one.statement.effect() == StatementEffect::Allow
                    && at.is_none_or(|at| one.label.attached_to.as_deref() == Some(at))
            })
        };
        let allows = |layer: Layer| allows_at(layer, None);
        let at_every_level = |layer: Layer, levels: &Presence<Vec<Level>>| match levels {
            Presence::Known(levels) => {
                levels.iter().all(|level| allows_at(layer, Some(level.id.as_str())))
            }
            Presence::NotApplicable => true,
            _ => false,
        };
        let is_replaced = !is_same(&before.resource, &after.resource, same_policy)
            && !matches!(before.resource, Presence::Known(_));
        before.kms_grants != after.kms_grants
            || before.key_state != after.key_state
            || before.block_public_access != after.block_public_access
            || (self.policies.may_lose_identity
                && !is_same(&before.identity, &after.identity, same_policies)
                && !matches!(before.identity, Presence::Known(_))
                && !allows(Layer::IdentityPolicy))
            || (is_replaced && !allows(Layer::ResourcePolicy) && !allows(Layer::RoleTrustPolicy))
            || (!is_same(&before.boundary, &after.boundary, same_policies)
                && !allows(Layer::PermissionsBoundary))
            || (!is_same(&before.session, &after.session, same_policies)
                && !allows(Layer::SessionPolicy))
            || (!is_same(&before.vpc_endpoint, &after.vpc_endpoint, same_endpoint)
                && !allows(Layer::VpcEndpointPolicy))
            || (!is_same(&before.scps, &after.scps, same_levels)
                && !at_every_level(Layer::Scp, &after.scps))
            || (!is_same(&before.rcps, &after.rcps, same_levels)
                && !at_every_level(Layer::Rcp, &after.rcps))
    }
}

/// Whether a layer has levels of which each must allow, or closeness counts in it, so that one Allow does
/// not stand for another.
fn is_guarded(layer: Layer) -> bool {
    matches!(layer, Layer::Scp | Layer::Rcp | Layer::ResourcePolicy | Layer::RoleTrustPolicy)
}

/// The layers before and after.
struct Both {
    before: Layers,
    after: Layers,
    was: Decision,
    is_touched: bool,
}

/// What could keep a call out.
struct Harm {
    statement: Option<Applying>,
    is_lost: bool,
}

fn denied(will: &Decision, harm: Option<Harm>) -> Why {
    let explicit = will.effect == Some(Effect::ExplicitDeny);
    // The statement that comes decides, if it does; else the first that denies.
    let named = harm.as_ref().and_then(|harm| harm.statement.as_ref());
    let decides = |one: &Applying| {
        let here = will.statements.iter().filter_map(|deciding| deciding.statement.as_ref());
        here.into_iter().any(|statement| *statement == one.statement)
    };
    if explicit {
        let own = named.filter(|one| decides(one));
        let first = will.statements.first();
        return Why {
            layer: own.map(|one| one.layer).or(will.layer),
            effect: will.effect,
            label: own
                .map(|one| Arc::clone(&one.label))
                .or_else(|| first.map(|one| Arc::clone(&one.label))),
            statement: own
                .map(|one| Arc::clone(&one.statement))
                .or_else(|| first.and_then(|one| one.statement.clone())),
            is_lost: false,
            missing: Vec::new(),
            by_address: false,
        };
    }
    let lost = harm.filter(|harm| harm.is_lost).and_then(|harm| harm.statement);
    let layer = lost.as_ref().map(|one| one.layer).or(will.layer);
    Why {
        layer,
        effect: will.effect,
        label: lost.as_ref().map(|one| Arc::clone(&one.label)),
        statement: lost.map(|one| one.statement),
        is_lost: true,
        missing: Vec::new(),
        by_address: false,
    }
}

fn unclear(will: &Decision, harm: Harm, by_address: bool) -> Why {
    let Harm { statement, is_lost } = harm;
    let mut missing = will.unknown.clone();
    missing.sort();
    missing.dedup();
    let effect = match is_lost {
        true => Effect::ImplicitDeny,
        false => Effect::ExplicitDeny,
    };
    Why {
        layer: statement.as_ref().map(|one| one.layer),
        effect: Some(effect),
        label: statement.as_ref().map(|one| Arc::clone(&one.label)),
        statement: statement.map(|one| one.statement),
        is_lost,
        missing,
        by_address,
    }
}

fn is_address(missing: &Missing) -> bool {
    matches!(missing, Missing::ContextKey(name) if name.eq_ignore_ascii_case(address::KEY))
}

/// Whether the layers are the same.
fn same(one: &Layers, other: &Layers) -> bool {
    is_same(&one.identity, &other.identity, same_policies)
        && is_same(&one.boundary, &other.boundary, same_policies)
        && is_same(&one.session, &other.session, same_policies)
        && is_same(&one.resource, &other.resource, same_policy)
        && is_same(&one.scps, &other.scps, same_levels)
        && is_same(&one.rcps, &other.rcps, same_levels)
        && is_same(&one.vpc_endpoint, &other.vpc_endpoint, same_endpoint)
        && one.kms_grants == other.kms_grants
        && one.key_state == other.key_state
        && one.block_public_access == other.block_public_access
}

fn is_same<T>(one: &Presence<T>, other: &Presence<T>, same: fn(&T, &T) -> bool) -> bool {
    match (one, other) {
        (Presence::Known(one), Presence::Known(other)) => same(one, other),
        (Presence::Partly(one, why), Presence::Partly(other, because)) => {
            same(one, other) && why == because
        }
        (Presence::NotApplicable, Presence::NotApplicable) => true,
        (Presence::Unknown(one), Presence::Unknown(other)) => one == other,
        _ => false,
    }
}

/// Documents are compiled once, so that most are told by their place.
fn same_policy(one: &AttachedPolicy, other: &AttachedPolicy) -> bool {
    (Arc::ptr_eq(&one.policy, &other.policy) || one.policy == other.policy)
        && one.label == other.label
}

#[allow(clippy::ptr_arg, reason = "it is what a presence holds")]
fn same_policies(one: &Vec<AttachedPolicy>, other: &Vec<AttachedPolicy>) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_policy(one, other))
}

#[allow(clippy::ptr_arg, reason = "it is what a presence holds")]
fn same_levels(one: &Vec<Level>, other: &Vec<Level>) -> bool {
    let is_same = |(one, other): (&Level, &Level)| {
        one.id == other.id && same_policies(&one.policies, &other.policies)
    };
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}

fn same_endpoint(one: &EndpointPolicy, other: &EndpointPolicy) -> bool {
    one.is_gateway == other.is_gateway && same_policies(&one.policies, &other.policies)
}
