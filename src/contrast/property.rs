//! Everything by which a call is compared with others: its attributes, what it and the user's call asked for, how
//! old its session was, which steps came before it. What the log cannot show of a call is unknown, which is no
//! difference.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Attribute, Observation, policy_holder};
use super::parameter::parameters;
use crate::chain::{Chains, Link, LinkKind};
use crate::event::arn::Arn;
use crate::event::resource::{Origin, resources_of};
use crate::event::{self, CallerKind, Event, Time};

/// What is compared. The order is the order of interest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// When it was.
    Time,
    /// An attribute.
    Attribute(Attribute),
    /// A member of its request, by path.
    Parameter(Box<str>),
    /// A member of the request of a call above it, by the action of that call and the path.
    Above(Box<str>, Box<str>),
    /// A step of the chain before the call, by action.
    Step(Box<str>),
    /// How long before the call the session's credentials were issued.
    SessionAge,
}

impl Property {
    /// The name in the report.
    pub fn name(&self) -> String {
        match self {
            Property::Time => "time".to_owned(),
            Property::Attribute(attribute) => attribute.as_str().to_owned(),
            Property::Parameter(path) => format!("requestParameters.{path}"),
            Property::Above(action, path) => format!("{action} requestParameters.{path}"),
            Property::Step(action) => format!("step {action}"),
            Property::SessionAge => "session_age".to_owned(),
        }
    }

    /// How much a difference sets two calls apart when looking for the nearest success.
    pub(super) fn distance(&self) -> u32 {
        match self {
            Property::Attribute(attribute) => attribute.distance(),
            Property::Parameter(_) | Property::Above(..) => 6,
            Property::Time | Property::Step(_) | Property::SessionAge => 0,
        }
    }
}

/// What a call has of a property.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PropertyValue {
    /// Values; none where only that there is one can be compared.
    pub(super) texts: BTreeSet<Box<str>>,
    /// The same as a number.
    pub(super) number: Option<f64>,
    /// How it is shown, where that says more than what is compared.
    shown: Option<Box<str>>,
}

impl PropertyValue {
    fn text(text: &str) -> PropertyValue {
        PropertyValue { texts: BTreeSet::from([text.into()]), ..PropertyValue::default() }
    }

    /// Whether every value stands in one of another property.
    pub(super) fn is_in(&self, other: &PropertyValue) -> bool {
        let shown = other.shown();
        !self.texts.is_empty() && self.texts.iter().all(|text| is_part(text, &shown))
    }

    /// Whether both can be compared: not an image with an instance.
    pub(super) fn is_like(&self, other: &PropertyValue) -> bool {
        match (resource_type(self), resource_type(other)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    }

    /// As it is shown.
    pub(super) fn shown(&self) -> String {
        if let Some(shown) = &self.shown {
            return shown.to_string();
        }
        let texts: Vec<&str> = self.texts.iter().map(AsRef::as_ref).collect();
        if texts.is_empty() { PRESENT.to_owned() } else { texts.join(", ") }
    }
}

/// Stands for a value that is there and not compared.
pub const PRESENT: &str = "present";

/// What the log says of a property of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State<'c> {
    /// It cannot say.
    Unknown,
    /// The call has none.
    Absent,
    /// It has this.
    Known(&'c PropertyValue),
}

/// A call with everything by which it is compared.
#[derive(Debug)]
pub(super) struct Profile<'e> {
    /// Position among the events.
    pub(super) index: usize,
    pub(super) event: &'e Event,
    pub(super) time: Time,
    values: BTreeMap<Property, PropertyValue>,
    /// Attributes that the log cannot show.
    lost: BTreeSet<Attribute>,
    /// Its record has no request.
    lost_request: bool,
    /// Actions of the calls above it that have one.
    above: BTreeSet<Box<str>>,
    lost_steps: bool,
}

/// A link must be this sure for what is above it to be compared.
const SURE: f64 = 0.7;
/// Of more calls below one nobody can tell what is a step.
const MOST_STEPS: usize = 100;
/// So many calls are looked at upwards.
const DEPTH: usize = 8;

/// What a call shows only by the one at the top of its chain.
const OF_ROOT: [Attribute; 6] = [
    Attribute::RootAction,
    Attribute::RootVpcEndpoint,
    Attribute::SourceAddress,
    Attribute::Network,
    Attribute::UserAgent,
    Attribute::Tls,
];
/// What a service passes on in the calls that it makes with its caller's permissions.
const OF_SESSION: [Attribute; 4] =
    [Attribute::Mfa, Attribute::SessionName, Attribute::SourceIdentity, Attribute::Credentials];

impl<'e> Profile<'e> {
    /// That of an observed call.
    pub(super) fn of(one: &Observation<'e>, events: &[Event], chains: &Chains) -> Profile<'e> {
        let mut profile = Profile {
            index: one.index,
            event: one.event,
            time: one.time,
            values: BTreeMap::new(),
            lost: BTreeSet::new(),
            lost_request: false,
            above: BTreeSet::new(),
            lost_steps: true,
        };
        let is_own = one.event.is_own_hop(one.caller_kind);
        let root = profile.root(one, events, chains).filter(|_| !is_own);
        profile.attributes(one, chains, is_own, root.is_some());
        // A call that stands for others is like them in its attributes only.
        if !one.is_itself() {
            profile.lost_request = true;
            return profile;
        }
        profile.lost_request = profile.parameters(one.event, Property::Parameter);
        if !is_own {
            profile.above(one, events, chains);
        }
        let session = root.filter(|_| one.caller_kind == CallerKind::ForwardAccessSession);
        let session = session.unwrap_or(one.event).session_created;
        if let Some(age) = session.map(|created| one.time.seconds_since(created)) {
            let told = PropertyValue { number: Some(age as f64), ..PropertyValue::default() };
            profile.values.insert(Property::SessionAge, told);
        }
        profile
    }

    /// The user's call above it, where evidence and not time alone tells of it.
    fn root<'r>(
        &self,
        one: &Observation<'_>,
        events: &'r [Event],
        chains: &Chains,
    ) -> Option<&'r Event> {
        let root = events.get(one.root).filter(|_| one.root != one.index)?;
        let is_sure = chains.root_confidence(one.index, events).is_some_and(|sure| sure >= SURE);
        let kind = chains.caller_kind(one.root, root);
        (is_sure && root.is_own_hop(kind)).then_some(root)
    }

    fn attributes(&mut self, one: &Observation<'_>, chains: &Chains, is_own: bool, has_root: bool) {
        for attribute in Attribute::ALL {
            let value = match attribute {
                Attribute::Resource => continue,
                _ => one.get(attribute),
            };
            if let Some(value) = value {
                self.values.insert(Property::Attribute(attribute), PropertyValue::text(value));
            }
        }
        if !is_own && !has_root {
            self.lose(&OF_ROOT);
            if one.caller_kind != CallerKind::ForwardAccessSession {
                self.lose(&OF_SESSION);
            }
        }
        if one.event.request().is_none() {
            self.lose(&[Attribute::EncryptionContextKeys]);
        }
        match resource(one, chains) {
            Some(told) => {
                self.values.insert(Property::Attribute(Attribute::Resource), told);
            }
            None => self.lose(&[Attribute::Resource]),
        }
        if one.get(Attribute::ResourceAccount).is_none() {
            self.lose(&[Attribute::ResourceAccount]);
        }
    }

    /// What it was on is known from elsewhere.
    pub(super) fn is_on(&mut self, resource: &str) {
        if !resource.contains('*') && self.lost.remove(&Attribute::Resource) {
            let told = resource_value(resource, self.event.source() == KMS);
            self.values.insert(Property::Attribute(Attribute::Resource), told);
        }
    }

    fn lose(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            self.values.remove(&Property::Attribute(*attribute));
            self.lost.insert(*attribute);
        }
    }

    /// Adds what a call asks for; whether that is lost.
    fn parameters(&mut self, event: &Event, named: impl Fn(Box<str>) -> Property) -> bool {
        let Some(all) = parameters(event) else { return true };
        for (path, texts) in all {
            let number = match texts.first() {
                Some(text) if texts.len() == 1 => text.parse().ok().filter(|n: &f64| n.is_finite()),
                _ => None,
            };
            self.values.insert(named(path), PropertyValue { texts, number, shown: None });
        }
        false
    }

    /// Adds what the calls above ask for and the steps beside this one that came before it, as far as evidence
    /// and not time alone ties them together.
    fn above(&mut self, one: &Observation<'_>, events: &[Event], chains: &Chains) {
        let mut at = one.index;
        for depth in 0..DEPTH {
            let is_tied = |link: &&Link| link.kind != LinkKind::Time && link.confidence >= SURE;
            let Some(link) = chains.link(at).filter(is_tied) else { return };
            let Some(parent) = events.get(link.parent) else { return };
            let action = event::action(parent).into_boxed_str();
            // Of two calls of one action the nearer one counts.
            if !self.above.contains(&action)
                && !self.parameters(parent, |path| Property::Above(action.clone(), path))
            {
                self.above.insert(action);
            }
            if depth == 0 {
                self.steps(one, link.parent, events, chains);
            }
            at = link.parent;
        }
    }

    fn steps(&mut self, one: &Observation<'_>, parent: usize, events: &[Event], chains: &Chains) {
        let beside = chains.children(parent);
        if beside.len() > MOST_STEPS {
            return;
        }
        self.lost_steps = false;
        for at in beside {
            let Some(step) = events.get(*at) else { continue };
            let is_tied = chains.link(*at).is_some_and(|link| link.kind != LinkKind::Time);
            if is_tied && *at != one.index && step.time <= one.event.time && !step.failed() {
                let action = event::action(step).into_boxed_str();
                self.values.insert(Property::Step(action), PropertyValue::default());
            }
        }
    }

    /// What the log says of a property.
    pub(super) fn state(&self, property: &Property) -> State<'_> {
        if let Some(told) = self.values.get(property) {
            return State::Known(told);
        }
        let is_lost = match property {
            Property::Time => true,
            Property::Attribute(attribute) => self.lost.contains(attribute),
            Property::Parameter(_) => self.lost_request,
            Property::Above(action, _) => !self.above.contains(action),
            Property::Step(_) => self.lost_steps,
            Property::SessionAge => true,
        };
        if is_lost { State::Unknown } else { State::Absent }
    }

    /// How far it is from another one: asked of every success, so that nothing is allocated.
    pub(super) fn apart(&self, other: &Profile<'_>, varied: &BTreeSet<Property>) -> u32 {
        let mut sum = 0;
        for (property, told) in &self.values {
            let differs = match other.state(property) {
                State::Unknown => false,
                State::Absent => true,
                State::Known(theirs) => {
                    told.texts != theirs.texts && told.is_like(theirs) && !varied.contains(property)
                }
            };
            sum += if differs { property.distance() } else { 0 };
        }
        let more = other.values.keys().filter(|property| !self.values.contains_key(*property));
        let absent = more.filter(|property| self.state(property) == State::Absent);
        sum + absent.map(Property::distance).sum::<u32>()
    }

    /// The properties that it has.
    pub(super) fn properties(&self) -> impl Iterator<Item = &Property> {
        self.values.keys()
    }
}

/// What a call was on, as the record of a call that worked would name it as well: by name, since one spells
/// out what another shortens. `None` where nothing names one thing.
fn resource(one: &Observation<'_>, chains: &Chains) -> Option<PropertyValue> {
    let named = || {
        let all = resources_of(one.event);
        let own = all.into_iter().find(|found| found.origin != Origin::ErrorText);
        own.map(|found| policy_holder(&found.id))
    };
    let is_kms = one.event.source() == KMS;
    let is_named = || crate::chain::kms_key(one.event).is_some() || chains.is_key_named(one.index);
    let id = match is_kms {
        // What was only supposed is no evidence.
        true => one.get(Attribute::Resource).filter(|_| is_named()).map(str::to_owned),
        false => named().or_else(|| one.get(Attribute::Resource).map(str::to_owned)),
    };
    Some(resource_value(&id.filter(|id| !id.contains('*'))?, is_kms))
}

const KMS: &str = "kms.amazonaws.com";

fn resource_value(id: &str, is_kms: bool) -> PropertyValue {
    let name = match Arn::parse(id) {
        Some(arn) if !is_kms => arn.id(),
        _ => id,
    };
    PropertyValue { shown: Some(id.into()), ..PropertyValue::text(name) }
}

/// Whether a value is the other one, or stands at its begin or end by itself, as a name in an ARN does.
pub(super) fn is_part(value: &str, of: &str) -> bool {
    let is_apart = |rest: &str, at_end: bool| {
        let beside = if at_end { rest.chars().next_back() } else { rest.chars().next() };
        beside.is_none_or(|letter| !letter.is_alphanumeric() && letter != '-' && letter != '_')
    };
    let ends = of.strip_suffix(value).is_some_and(|rest| is_apart(rest, true));
    let begins = of.strip_prefix(value).is_some_and(|rest| is_apart(rest, false));
    !value.is_empty() && (ends || begins)
}

/// The sort of thing that a resource is: service and type of an ARN.
pub(super) fn resource_type(told: &PropertyValue) -> Option<(String, Option<String>)> {
    let arn = told.shown.as_deref().and_then(Arn::parse)?;
    Some((arn.service.to_owned(), arn.split().0.map(str::to_owned)))
}
