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
    /// Position of the last event of it.
    pub index: usize,
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
    key: Arc<str>,
    index: usize,
    time: Time,
    id: Arc<str>,
    requests: Vec<Request>,
    worked: bool,
    of: Use,
    root: usize,
    is_data: bool,
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
    /// Adds one event.
    pub fn add(&mut self, one: Described) {
        let time = one.time;
        self.span = match self.span {
            None => Some((time, time)),
            Some((first, last)) => Some((first.min(time), last.max(time))),
        };
        self.data_events += u64::from(one.is_data);
        let next = self.found.len();
        let place = match self.places.entry(one.key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let (worked, index) = (one.worked, one.index);
                let uses = BTreeMap::new();
                let (key, requests) = (Arc::clone(new.key()), one.requests);
                self.found.push(Call { key, index, requests, worked, uses });
                *new.insert(next)
            }
        };
        let Some(call) = self.found.get_mut(place) else { return };
        call.index = one.index;
        call.uses.entry(one.of).or_default().add(time, &one.id, one.root);
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
    let is_call = matches!(event.get(Field::EventType), None | Some("AwsApiCall" | "AwsMcpEvent"));
    if !is_call || event.is_notification() || trail.chains.copy_of(index).is_some() {
        return None;
    }
    let worked = match event::failure(event) {
        None | Some(Failure::DryRun) => true,
        Some(Failure::Denied | Failure::KeyState(_)) => false,
        Some(_) => return None,
    };
    let around = around(trail.events, trail.chains, index)?;
    let requests = requests(event, &around, inventory);
    if requests.is_empty() {
        return None;
    }
    let root = trail.chains.asked(index, trail.events);
    Some(Described {
        key: mentioned.key(event, &around, &requests).into(),
        index,
        time: event.time,
        id: event.id().into(),
        requests,
        worked,
        of: use_of(trail, index, root),
        root,
        is_data: event.get(Field::EventCategory) == Some("Data"),
    })
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
