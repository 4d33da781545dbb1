//! Changes that made a thing use another KMS key, or another role: a topic's key, a function's role.
//! They touch no policy, and yet what is asked from then on is the other key's or role's policies.
//!
//! No list says which calls do so. A call that sets something up names the thing and what it is to
//! use, so it is told by both standing in one request.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::changed::PROPAGATION_SECONDS;
use super::comparison_set::{ComparisonSet, makes_new};
use crate::chain::service::Table;
use crate::chain::{Chains, encryption_context};
use crate::contrast::{Attribute, Observation};
use crate::event::arn::{Arn, same_resource};
use crate::event::resource::resources_of;
use crate::event::{self, CallerKind, Event, Layer, Time, action, json};
use crate::history::History;
use crate::history::change::{self, Before, Change, Operation, Value};
use crate::history::subject::{Entity, Subject, key_name_of, resource_name};
use crate::wording::Sentence;

/// What these services' calls change are policies, keys and sessions, of which the history tells.
const OTHERWISE_TOLD: [&str; 4] =
    ["iam.amazonaws.com", "kms.amazonaws.com", "organizations.amazonaws.com", "sts.amazonaws.com"];

/// A request that names a key or role has one of these, in the value's ARN or in the member's name.
const HINTS: [&str; 5] = ["key", "Key", "KEY", "role", "Role"];

/// Of more that name a key or role the last ones are looked at.
const MOST: usize = 50;

/// Failures of one sort whose chains are asked what they are about.
const MOST_CHAINS: usize = 20;

/// The calls of a log that may have set something up.
pub(super) struct Configurations<'e>(Vec<&'e Event>);

impl<'e> Configurations<'e> {
    /// In order of time, as the events are.
    pub(super) fn new(events: &'e [Event]) -> Self {
        Configurations(events.par_iter().filter(|event| is_configuration(event)).collect())
    }
}

/// What data events are on is used, not set up (CloudTrail user guide, "Logging data events").
fn is_configuration(event: &Event) -> bool {
    !event.failed()
        && event.read_only != Some(true)
        && event.management_event != Some(false)
        && !OTHERWISE_TOLD.contains(&event.source())
        && !event::is_read_like(event.name())
        && event.request().is_some_and(|request| HINTS.iter().any(|hint| request.contains(hint)))
}

/// The call that made what the failing calls are for use the key or role that is at fault.
pub(super) fn reconfigured(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &History,
    configurations: &Configurations<'_>,
) -> Option<Change> {
    let log = Log { set, events, chains, history };
    Used::of(set).into_iter().find_map(|used| {
        let until = set.first;
        let earlier = configurations.0.partition_point(|event| event.time <= until);
        let earlier = configurations.0.get(..earlier).unwrap_or_default().iter();
        let naming: Vec<&Event> = earlier
            .rev()
            .copied()
            .filter(|event| used.is_named_by(event, history))
            .take(MOST)
            .collect();
        // Looks at every success, so only where something may be found.
        if naming.is_empty() {
            return None;
        }
        let around = Around::new(&log, &used);
        naming.into_iter().find_map(|event| {
            let thing = around.reconfigured_by(event)?;
            Some(told(event, &thing, &used))
        })
    })
}

fn told(event: &Event, thing: &str, used: &Used) -> Change {
    let service = action::service_prefix(event.source());
    let resource = used.arn.as_str();
    Change {
        event_id: event.id().into(),
        time: event.time,
        action: format!("{service}:{}", action::operation(event.name())),
        by: event.principal_arn().map(str::to_owned),
        account: event.account().map(str::to_owned),
        subject: Subject::Setting { name: used.setting(), of: thing.to_owned() },
        operation: Operation::Set(Value::text(resource)),
        before: Before::Unknown,
        layer: Layer::Unknown,
        summary: Sentence::new("change-use").arg("thing", thing).arg("resource", resource),
    }
}

/// What is at fault, being used by something.
struct Used {
    arn: String,
    used_as: Use,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// The key that the refused call is on.
    Key,
    /// The role that a service is refused to take on.
    TakenOn,
    /// The role that a service was handed and calls with.
    Caller,
}

impl Used {
    fn of(set: &ComparisonSet<'_, '_>) -> Vec<Used> {
        let one = set.one();
        let is_key = |arn: &&str| arn.contains(":kms:") && arn.contains(":key/");
        let is_role = |arn: &&str| arn.starts_with("arn:") && arn.contains(":role/");
        let takes_on = one.caller_kind == CallerKind::ServicePrincipal
            && one.action.starts_with("sts:AssumeRole");
        let used = |used_as: Use| move |arn: &str| Used { arn: arn.to_owned(), used_as };
        let caller = one.principal.as_deref().filter(is_role);
        let caller = caller.filter(|_| one.caller_kind == CallerKind::ServiceRole);
        [
            one.arn().filter(is_key).map(used(Use::Key)),
            one.arn().filter(is_role).filter(|_| takes_on).map(used(Use::TakenOn)),
            caller.map(used(Use::Caller)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn setting(&self) -> &'static str {
        if self.used_as == Use::Key { "key" } else { "role" }
    }

    /// Whether a value of the request names it.
    fn is_named_by(&self, event: &Event, history: &History) -> bool {
        let Some(request) = event.request() else { return false };
        let name = resource_name(&self.arn);
        let id = name.rsplit('/').next().unwrap_or(&name);
        let by_alias = self.used_as == Use::Key && request.contains("alias/");
        if !(request.contains(id) || by_alias) || is_of_policy(event) {
            return false;
        }
        let mut found = false;
        json::leaves(request, |path, value| {
            found |= self.is(path, value, event, history);
        });
        found
    }

    fn is(&self, path: &str, value: &str, event: &Event, history: &History) -> bool {
        if self.used_as == Use::Key {
            let name = resource_name(&self.arn);
            return key_name_of(value, event.region()).is_some_and(|named| named == name)
                || behind_alias(value, event, history).is_some_and(|key| key == name);
        }
        let role = Entity::from_arn(&self.arn);
        let member = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
        let is_name = member.ends_with("role") || member.ends_with("rolename");
        let name = self.arn.rsplit('/').next();
        (value.starts_with("arn:") && Entity::from_arn(value) == role && role.is_some())
            || is_name && name == Some(value)
    }

    /// Whether a call that worked used it.
    fn is_used(&self, success: &Observation<'_>) -> bool {
        match self.used_as {
            Use::Key => success
                .get(Attribute::Resource)
                .is_some_and(|key| resource_name(key) == resource_name(&self.arn)),
            Use::TakenOn => is_one_role(success.get(Attribute::Resource), &self.arn),
            Use::Caller => is_one_role(success.get(Attribute::Principal), &self.arn),
        }
    }
}

fn is_one_role(one: Option<&str>, other: &str) -> bool {
    one.and_then(Entity::from_arn).is_some_and(|one| Entity::from_arn(other) == Some(one))
}

/// Who is named in a policy does not use it.
fn is_of_policy(event: &Event) -> bool {
    change::is_change(event)
        && change::changes_of(event).iter().any(|change| change.subject.is_document())
}

/// The name of the key that an alias stood for at that time.
fn behind_alias(value: &str, event: &Event, history: &History) -> Option<String> {
    let arn = match value.starts_with("alias/") {
        true => format!(
            "arn:{}:kms:{}:{}:{value}",
            event::arn::partition_of(event.region()?),
            event.region()?,
            event.account()?
        ),
        false => value.contains(":alias/").then(|| value.to_owned())?,
    };
    history.at(event.time).key(&arn)
}

struct Log<'l, 'p, 'e> {
    set: &'l ComparisonSet<'p, 'e>,
    events: &'l [Event],
    chains: &'l Chains,
    history: &'l History,
}

/// What the failing calls are for, and for what the same calls worked.
struct Around<'l, 'p, 'e> {
    log: &'l Log<'l, 'p, 'e>,
    used: &'l Used,
    /// What the failing calls are about.
    own: BTreeSet<String>,
    /// Names of the calls at the top of failing chains: these use what was set up.
    roots: BTreeSet<(&'l str, &'l str)>,
    /// The service that made the failing calls with a role, or was to.
    service: Option<&'l str>,
    successes: Vec<Success<'l, 'e>>,
}

/// A call like the failing ones that worked.
struct Success<'l, 'e> {
    call: &'l Observation<'e>,
    /// It used the key or role at fault.
    is_with_it: bool,
    /// It was made by the same caller; of calls with a role, for the same service.
    is_alike: bool,
    about: BTreeSet<String>,
}

impl Success<'_, '_> {
    fn time(&self) -> Time {
        self.call.time
    }
}

impl<'l, 'p, 'e> Around<'l, 'p, 'e> {
    fn new(log: &'l Log<'l, 'p, 'e>, used: &'l Used) -> Self {
        let Log { set, events, chains, .. } = *log;
        let failing = set.failing.iter().take(MOST_CHAINS);
        let own = failing.flat_map(|f| about(f.denied, events, chains)).collect();
        let tops = set.failing.iter().filter_map(|f| events.get(chains.asked(f.denied, events)));
        let roots = tops.map(|top| (top.source(), top.name())).collect();
        let service = service_of(set.observation().event, events, chains);
        let mut around = Around { log, used, own, roots, service, successes: Vec::new() };
        around.successes = set.successes().iter().map(|call| around.success(call)).collect();
        around
    }

    fn success(&self, call: &'l Observation<'e>) -> Success<'l, 'e> {
        let Log { set, events, chains, .. } = *self.log;
        let is_alike = match self.used.used_as {
            Use::Caller => {
                self.service.is_some()
                    && service_of(call.event, events, chains) == self.service
                    && set.same_account(call)
            }
            _ => set.same_principal(call),
        };
        let is_with_it = self.used.is_used(call);
        let about = match is_alike || is_with_it {
            true => about(call.index, events, chains),
            false => BTreeSet::new(),
        };
        Success { call, is_with_it, is_alike, about }
    }

    /// The thing that the call made use the key or role at fault, if that explains the failures.
    fn reconfigured_by(&self, event: &Event) -> Option<String> {
        if self.roots.contains(&(event.source(), event.name())) {
            return None;
        }
        let things = things(event);
        let own = things.iter().find(|thing| has(&self.own, thing));
        let thing = match (own, self.used.used_as) {
            (Some(own), _) => own,
            // A refused KMS call loses its encryption context; those that worked tell what for.
            (None, Use::Key) if self.own.is_empty() && !self.is_for_caller(event) => {
                things.iter().find(|thing| self.used_another(event, Some(thing)))?
            }
            (None, Use::Key) => {
                let is_new = self.is_for_caller(event) && self.used_another(event, None);
                things.first().filter(|_| is_new && self.is_new_to_caller(event))?
            }
            (None, _) => {
                let is_new = self.is_of_service(event)
                    && self.used_another(event, None)
                    && !self.was_taken_on(event);
                things.first().filter(|_| is_new)?
            }
        };
        // Where others can use it for the thing, it stopped only who used another before.
        let is_clear = self.used_another(event, Some(thing))
            || !makes_new(event) && !self.is_used_by_others(thing);
        (self.is_new_to(event, thing) && (own.is_none() || is_clear)).then(|| thing.clone())
    }

    /// The same call worked before, for the thing if there is one, and with another key or role.
    fn used_another(&self, event: &Event, thing: Option<&str>) -> bool {
        self.successes.iter().any(|success| {
            success.is_alike
                && !success.is_with_it
                && success.time() < event.time
                && thing.is_none_or(|thing| has(&success.about, thing))
        })
    }

    /// Anybody used the key or role for the thing before it failed.
    fn is_used_by_others(&self, thing: &str) -> bool {
        let earlier = |success: &&Success<'_, '_>| success.time() < self.log.set.first;
        let mut with_it = self.successes.iter().filter(|s| s.is_with_it).filter(earlier);
        with_it.any(|success| has(&success.about, thing))
    }

    /// The thing did not use the key or role before, nor another afterwards.
    fn is_new_to(&self, event: &Event, thing: &str) -> bool {
        let settled = event.time.plus_seconds(PROPAGATION_SECONDS);
        !self.successes.iter().any(|success| {
            let is_of_thing = has(&success.about, thing);
            let is_unknown = success.about.is_empty() && success.is_alike;
            match success.is_with_it {
                true if self.used.used_as != Use::Key => {
                    success.is_alike && success.time() < self.log.set.first
                }
                true if success.time() < event.time => is_of_thing,
                true => {
                    success.time() < self.log.set.first
                        && success.is_alike
                        && (is_of_thing || is_unknown)
                }
                false => {
                    success.is_alike
                        && is_of_thing
                        && success.time() > settled
                        && success.time() <= self.log.set.last
                }
            }
        })
    }

    /// Whether the call names the caller's role together with the key: what runs with the one is to
    /// use the other.
    fn is_for_caller(&self, event: &Event) -> bool {
        let caller = self.log.set.one().principal.as_deref();
        let caller = caller.filter(|arn| Entity::from_arn(arn).is_some());
        caller.is_some_and(|arn| {
            let caller = Used { arn: arn.to_owned(), used_as: Use::Caller };
            caller.is_named_by(event, self.log.history)
        })
    }

    /// The caller did not use the key before it failed, nor another after the call.
    fn is_new_to_caller(&self, event: &Event) -> bool {
        let settled = event.time.plus_seconds(PROPAGATION_SECONDS);
        let (first, last) = (self.log.set.first, self.log.set.last);
        !self.successes.iter().any(|success| {
            let time = success.time();
            let is_earlier = success.is_with_it && time < first;
            let is_another = !success.is_with_it && time > settled && time <= last;
            success.is_alike && (is_earlier || is_another)
        })
    }

    /// Whether the call is one to the service that uses the role.
    fn is_of_service(&self, event: &Event) -> bool {
        let Some(service) = self.service else { return false };
        let mut rows = Table::builtin().by_invoked_by(service);
        service == event.source()
            || rows.any(|row| row.event_source.iter().any(|source| source == event.source()))
    }

    /// A service took on the role before, be it for this thing or another.
    fn was_taken_on(&self, event: &Event) -> bool {
        let until = self.log.events.partition_point(|earlier| earlier.time < event.time);
        let earlier = self.log.events.get(..until).unwrap_or_default();
        earlier.par_iter().any(|earlier| {
            earlier.source() == "sts.amazonaws.com"
                && earlier.invoked_by().is_some()
                && !earlier.failed()
                && self.used.is_named_by(earlier, self.log.history)
        })
    }
}

/// The service that made a call with a role, or is to take one on.
fn service_of<'l>(event: &'l Event, events: &'l [Event], chains: &Chains) -> Option<&'l str> {
    let issuer = chains.issuer(event).and_then(|issuer| events.get(issuer));
    issuer.and_then(Event::invoked_by).or_else(|| event.invoked_by())
}

/// What a call sets up, as far as it is no key or role.
fn things(event: &Event) -> Vec<String> {
    let is_thing = |id: &String| {
        !id.starts_with("alias/")
            && Arn::parse(id).is_none_or(|arn| !matches!(arn.service, "kms" | "iam" | "sts"))
    };
    let named = resources_of(event).into_iter().map(|found| found.id);
    named.filter(is_thing).map(|id| resource_name(&id)).collect()
}

/// What a call, and those it was made for, are about.
fn about(index: usize, events: &[Event], chains: &Chains) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut at = index;
    loop {
        if let Some(event) = events.get(at) {
            found.extend(things(event));
            let context = encryption_context(event).into_iter();
            found.extend(context.map(|(_, value)| resource_name(&value)));
        }
        if let Some(resource) = chains.synthesized(at).and_then(|call| call.resource.as_deref()) {
            found.insert(resource_name(resource));
        }
        match chains.link(at) {
            Some(link) => at = link.parent,
            None => return found,
        }
    }
}

fn has(names: &BTreeSet<String>, thing: &str) -> bool {
    names.iter().any(|name| same_resource(name, thing))
}
