//! The distinct calls of a trail, gathered one event at a time: what policies could tell apart, with how
//! often each was made, for what, and how it ended.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::Trail;
use super::key::Mentioned;
use crate::chain::service::Timing;
use crate::diagnose::Kind;
use crate::diagnose::evaluated::{around, asked_at_once};
use crate::event::{self, CallerKind, Event, Failure, Field, Time};
use crate::history::inventory::Inventory;
use crate::history::request::{Around, request_of};
use crate::iam::Request;

/// Events named of what was seen.
const EXAMPLES: usize = 3;

/// Seconds after which a call is not made while the one it is made for is answered: CloudTrail gives the
/// time at which a call was completed, in whole seconds.
const AFTERWARDS: i64 = 2;

/// One distinct call.
#[derive(Debug)]
pub struct Call {
    /// What tells it from others.
    pub key: Arc<str>,
    /// The last event of it.
    pub last: Last,
    /// What it asks for: several things, where it makes several at once.
    pub requests: Vec<Request>,
    /// Whether it worked.
    pub worked: bool,
    /// For what it was made.
    pub uses: BTreeMap<Use, Seen>,
}

impl Call {
    /// How many records of it there are.
    pub fn records(&self) -> u64 {
        self.uses.values().map(|seen| seen.count).sum()
    }

    /// The last event of it with what is around it; `None` where the trail does not have it.
    pub(super) fn exemplar<'e>(&'e self, trail: &Trail<'e>) -> Option<(&'e Event, Around<'e>)> {
        match &self.last {
            Last::At(at) => {
                Some((trail.events.get(*at)?, around(trail.events, trail.chains, *at)?))
            }
            Last::OfOwn(at) => {
                let event = trail.quiet.get(*at)?;
                Some((event, around_own(trail, event)))
            }
            Last::Kept(kept) => Some((&kept.event, kept.around())),
        }
    }

    /// Who signed it.
    pub fn caller_kind(&self, trail: &Trail<'_>) -> Option<CallerKind> {
        let (event, around) = self.exemplar(trail)?;
        Some(around.kind.unwrap_or_else(|| event.caller_kind()))
    }

    /// Keeps the last event where the trail goes on without it.
    pub(super) fn keep(&mut self, trail: &Trail<'_>) {
        if let Last::Kept(_) = self.last {
            return;
        }
        let kept = self.exemplar(trail).map(|(event, around)| Exemplar::of(event, &around));
        self.last = kept.map_or(Last::At(usize::MAX), |kept| Last::Kept(Box::new(kept)));
    }
}

/// Where the last event of a call is.
#[derive(Debug)]
pub enum Last {
    /// At this position of the trail.
    At(usize),
    /// At this position of the calls on which nothing hangs.
    OfOwn(usize),
    /// Here, for the trail went on.
    Kept(Box<Exemplar>),
}

/// An event with what the calls around it tell of it.
#[derive(Debug)]
pub struct Exemplar {
    event: Event,
    kind: Option<CallerKind>,
    root: Option<Event>,
    via: Option<Vec<String>>,
    issuer: Option<Event>,
    resource: Option<String>,
    request: Option<String>,
}

impl Exemplar {
    fn of(event: &Event, around: &Around<'_>) -> Exemplar {
        Exemplar {
            event: event.clone(),
            kind: around.kind,
            root: around.root.cloned(),
            via: around.via.clone(),
            issuer: around.issuer.cloned(),
            resource: around.resource.map(str::to_owned),
            request: around.request.map(str::to_owned),
        }
    }

    fn around(&self) -> Around<'_> {
        Around {
            kind: self.kind,
            root: self.root.as_ref(),
            via: self.via.clone(),
            issuer: self.issuer.as_ref(),
            resource: self.resource.as_deref(),
            request: self.request.as_deref(),
            ..Around::default()
        }
    }
}

/// For what a call was made, and what becomes of that when the call is denied.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Use {
    /// What sort of failure it would be.
    pub kind: Kind,
    /// The call that was asked for; `None` where that is the call itself, or nobody's.
    pub root: Option<Root>,
}

/// A call that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Root {
    /// Its IAM action.
    pub action: String,
    /// Who made it, by the ARN of user or role.
    pub principal: Option<String>,
}

/// How often something was seen, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Records.
    pub count: u64,
    /// Calls that they were made for, by position; the records themselves where there are none.
    pub roots: BTreeSet<usize>,
    /// When first and last.
    pub span: Option<(Time, Time)>,
    /// Ids of the last events.
    pub examples: Vec<Arc<str>>,
}

impl Seen {
    fn add(&mut self, time: Time, id: &str, root: usize) {
        self.count += 1;
        self.roots.insert(root);
        self.span = match self.span {
            None => Some((time, time)),
            Some((first, last)) => Some((first.min(time), last.max(time))),
        };
        if self.examples.len() == EXAMPLES {
            self.examples.remove(0);
        }
        self.examples.push(id.into());
    }

    /// Both together.
    pub fn unite(&mut self, other: &Seen) {
        self.count += other.count;
        self.roots.extend(&other.roots);
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
        self.examples.extend(other.examples.iter().cloned());
        self.examples.truncate(EXAMPLES);
    }
}

/// One event as it is added.
#[derive(Debug)]
pub struct Described {
    pub(super) key: Arc<str>,
    last: Last,
    pub(super) time: Time,
    id: Arc<str>,
    requests: Vec<Request>,
    worked: bool,
    of: Use,
    root: usize,
    pub(super) is_data: bool,
}

/// The distinct calls.
#[derive(Debug, Default)]
pub struct Calls {
    places: HashMap<Arc<str>, usize, RandomState>,
    found: Vec<Call>,
    span: Option<(Time, Time)>,
    data_events: u64,
}

impl Calls {
    /// Adds one event; the place of its call.
    pub fn add(&mut self, one: Described) -> usize {
        let time = one.time;
        self.see(&one);
        let next = self.found.len();
        let place = match self.places.entry(one.key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let worked = one.worked;
                let (key, requests) = (Arc::clone(new.key()), one.requests);
                let (last, uses) = (Last::At(usize::MAX), BTreeMap::new());
                self.found.push(Call { key, last, requests, worked, uses });
                *new.insert(next)
            }
        };
        if let Some(call) = self.found.get_mut(place) {
            call.last = one.last;
            call.uses.entry(one.of).or_default().add(time, &one.id, one.root);
        }
        place
    }

    /// Notes when an event was, and of what sort.
    pub(super) fn see(&mut self, one: &Described) {
        let time = one.time;
        self.span = match self.span {
            None => Some((time, time)),
            Some((first, last)) => Some((first.min(time), last.max(time))),
        };
        self.data_events += u64::from(one.is_data);
    }

    /// Takes out the calls from a place on.
    pub(super) fn take_from(&mut self, place: usize) -> Vec<Call> {
        let taken = self.found.split_off(place.min(self.found.len()));
        for call in &taken {
            self.places.remove(&call.key);
        }
        taken
    }

    /// Puts a call back at the end.
    pub(super) fn put_back(&mut self, call: Call) {
        self.places.insert(Arc::clone(&call.key), self.found.len());
        self.found.push(call);
    }

    /// Keeps the last events of some calls.
    pub(super) fn keep(&mut self, trail: &Trail<'_>, places: impl Iterator<Item = usize>) {
        for place in places {
            if let Some(call) = self.found.get_mut(place) {
                call.keep(trail);
            }
        }
    }

    /// The distinct calls, in the order in which they were first met.
    pub fn found(&self) -> &[Call] {
        &self.found
    }

    /// The times of the first and last call.
    pub fn span(&self) -> Option<(Time, Time)> {
        self.span
    }

    /// Records of data events.
    pub fn data_events(&self) -> u64 {
        self.data_events
    }
}

/// What an event adds; `None` where it is no call, a copy of another, or ended in a way that tells
/// nothing of policies.
pub(super) fn describe(
    trail: &Trail<'_>,
    inventory: &Inventory<'_>,
    mentioned: &Mentioned,
    index: usize,
) -> Option<Described> {
    let event = trail.events.get(index)?;
    if trail.chains.copy_of(index).is_some() {
        return None;
    }
    let worked = worked(event)?;
    let around = around(trail.events, trail.chains, index)?;
    let requests = requests(event, &around, inventory);
    let root = trail.chains.asked(index, trail.events);
    let root_number = trail.number(root);
    let of = || use_of(trail, index, root);
    let last = Last::At(index);
    described(mentioned, (event, &around), (worked, requests), (last, root_number), of)
}

/// The same of a call on which nothing hangs.
pub(super) fn describe_own(
    trail: &Trail<'_>,
    inventory: &Inventory<'_>,
    mentioned: &Mentioned,
    (at, number): (usize, usize),
) -> Option<Described> {
    let event = trail.quiet.get(at)?;
    let worked = worked(event)?;
    let around = around_own(trail, event);
    let requests = requests(event, &around, inventory);
    let of = || Use { kind: Kind::Direct, root: None };
    let last = Last::OfOwn(at);
    described(mentioned, (event, &around), (worked, requests), (last, number), of)
}

fn around_own<'e>(trail: &Trail<'e>, event: &'e Event) -> Around<'e> {
    Around {
        kind: Some(CallerKind::Direct),
        issuer: trail.chains.issuer(event).and_then(|at| trail.events.get(at)),
        ..Around::default()
    }
}

fn described(
    mentioned: &Mentioned,
    (event, around): (&Event, &Around<'_>),
    (worked, requests): (bool, Vec<Request>),
    (last, root): (Last, usize),
    of: impl FnOnce() -> Use,
) -> Option<Described> {
    if requests.is_empty() {
        return None;
    }
    Some(Described {
        key: mentioned.key(event, around, &requests).into(),
        last,
        time: event.time,
        id: event.id().into(),
        requests,
        worked,
        of: of(),
        root,
        is_data: event.get(Field::EventCategory) == Some("Data"),
    })
}

/// Whether a call worked; `None` where it is none, or ended in a way that tells nothing of policies.
fn worked(event: &Event) -> Option<bool> {
    let is_call = matches!(event.get(Field::EventType), None | Some("AwsApiCall" | "AwsMcpEvent"));
    if !is_call || event.is_notification() {
        return None;
    }
    match event::failure(event) {
        None | Some(Failure::DryRun) => Some(true),
        Some(Failure::Denied | Failure::KeyState(_)) => Some(false),
        Some(_) => None,
    }
}

/// What a call asks for, each thing that it asks for at once.
pub(super) fn requests(
    event: &Event,
    around: &Around<'_>,
    inventory: &Inventory<'_>,
) -> Vec<Request> {
    let all = asked_at_once(event);
    if all.is_empty() {
        return request_of(event, around, inventory).into_iter().collect();
    }
    let of = |one: &String| {
        request_of(event, &Around { one_of: Some(one), ..around.clone() }, inventory)
    };
    all.iter().filter_map(of).collect()
}

/// What becomes of the call that was asked for.
fn use_of(trail: &Trail<'_>, index: usize, top: usize) -> Use {
    let own = |at: usize| {
        trail.events.get(at).is_some_and(|e| e.is_own_hop(trail.chains.caller_kind(at, e)))
    };
    let (Some(event), Some(asked)) = (trail.events.get(index), trail.events.get(top)) else {
        return Use { kind: Kind::Background, root: None };
    };
    if top == index {
        let kind = match trail.chains.caller_kind(index, event) {
            _ if own(index) => Kind::Direct,
            _ if trail.chains.synthesized(index).is_none() => Kind::Background,
            CallerKind::ForwardAccessSession => match trail.knowledge.waits_for(event) {
                Some(false) => Kind::Silent,
                _ => Kind::Opaque,
            },
            _ => Kind::Background,
        };
        let root = trail.chains.synthesized(index).map(|made_up| Root {
            action: made_up.action.clone(),
            principal: event.principal_arn().map(str::to_owned),
        });
        return Use { kind, root };
    }
    let root =
        Root { action: event::action(asked), principal: asked.principal_arn().map(str::to_owned) };
    if !own(top) {
        return Use { kind: Kind::Background, root: Some(root) };
    }
    // Where no row of the table tells whether the operation waits, the times of the records do.
    let waits = waits(trail, asked)
        .or_else(|| trail.knowledge.waits_for(event))
        .unwrap_or_else(|| event.time.seconds_since(asked.time) < AFTERWARDS);
    let kind = if waits { Kind::Opaque } else { Kind::Silent };
    Use { kind, root: Some(root) }
}

/// Whether a call waits for what services do for it, where all rows of the table that it starts work of
/// agree.
fn waits(trail: &Trail<'_>, asked: &Event) -> Option<bool> {
    let mut timings = trail.knowledge.table().started_by(asked).map(|service| service.timing);
    let first = timings.next()?;
    timings.all(|timing| timing == first).then_some(first == Timing::Synchronous)
}
