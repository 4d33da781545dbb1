//! Which role a thing runs with: the role of a function, a job, a pipeline, as the calls that made or
//! changed it show it.
//!
//! No list of services: a call that names both a thing and a role in one place says that the one has
//! the other. `CreateFunction` has `functionName` beside `role`, `CreatePipeline` has `pipeline.name`
//! beside `pipeline.roleArn`, and a service's `AssumeRole` for an instance or function names it as
//! the session.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::id_hash::{IdHash, IdHasher};
use super::knowledge::Knowledge;
use super::names::{Names, SourceId};
use crate::event::action::operation;
use crate::event::arn::{self, Arn};
use crate::event::{Event, IdentityType, Time, json};

/// A role that a thing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN; without the path where the call gave only the name.
    pub arn: String,
    /// The member that named it, in the service's own word: `executionRoleArn`, `serviceRole`.
    pub member: String,
    /// Since when the log says so.
    pub since: Time,
}

/// What the calls of an export tell of roles, by the things that have them.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// Roles of a thing, in order of time. A thing is known by service, account, Region, and a name or
    /// id in lower case.
    held: HashMap<IdHash, Vec<Role>, RandomState>,
    /// Service, account and name of every role that something has.
    had: HashSet<IdHash, RandomState>,
    /// Services of which something has a role.
    services: HashSet<String, RandomState>,
    hasher: IdHasher,
}

/// What one call says.
struct Said {
    service: String,
    things: Vec<IdHash>,
    roles: Vec<Role>,
}

impl Roles {
    /// Learns from every call that succeeded; `events` must be sorted by time.
    pub fn learn(events: &[Event]) -> Roles {
        Roles::default().and(events)
    }

    /// The same with what later events tell.
    #[must_use]
    pub fn and(self, events: &[Event]) -> Roles {
        self.and_named(events, &Names::new(events, &Knowledge::default()))
    }

    /// The same of events whose names are known.
    fn and_named(mut self, events: &[Event], names: &Names<'_>) -> Roles {
        let roles = &mut self;
        let said: Vec<Said> = events.par_iter().filter_map(|event| roles.said(event)).collect();
        for said in said {
            roles.take(said);
        }
        // What is made of things that have roles runs with theirs: the task of a location, the
        // trigger of a job.
        let has_roles =
            |source: &str| source != "sts.amazonaws.com" && roles.services.contains(label(source));
        let sources: HashSet<SourceId, RandomState> =
            names.sources().filter(|(source, _)| has_roles(source)).map(|(_, id)| id).collect();
        let may_make = |index: usize| {
            names.of(index).is_some_and(|name| !name.reads && sources.contains(&name.source))
        };
        let made: Vec<Said> = events
            .par_iter()
            .enumerate()
            .filter(|(index, event)| may_make(*index) && makes(event))
            .filter_map(|(_, event)| roles.made_of(event))
            .collect();
        for said in made {
            roles.take(said);
        }
        self
    }

    /// Whether something of one of these services, by event source, runs with the role whose session
    /// made the call.
    pub(super) fn has(&self, sources: &[String], event: &Event) -> bool {
        let role = event.principal_arn().and_then(arn::role_name);
        let Some((account, name)) = role.filter(|_| !self.had.is_empty()) else { return false };
        let key = |source: &String| self.hasher.of_four([label(source), account, name, ""]);
        sources.iter().any(|source| self.had.contains(&key(source)))
    }

    fn take(&mut self, said: Said) {
        let Said { service, things, roles } = said;
        for (account, name) in roles.iter().filter_map(|role| arn::role_name(&role.arn)) {
            self.had.insert(self.hasher.of_four([&service, account, name, ""]));
        }
        self.services.insert(service);
        for thing in things {
            let held = self.held.entry(thing).or_default();
            for role in &roles {
                let last = held.iter().rev().find(|known| known.member == role.member);
                if last.is_none_or(|known| known.arn != role.arn) {
                    held.push(role.clone());
                }
            }
        }
    }

    /// Roles of what the call made, by what it is made of.
    fn made_of(&self, event: &Event) -> Option<Said> {
        let mentioned = mentioned(event);
        // Few calls mention what has a role.
        if !mentioned.iter().any(|name| self.held_by(event.source(), event, name).is_some()) {
            return None;
        }
        let names = things_of(event);
        let parts = mentioned.into_iter().filter(|name| !names.contains(name));
        let mut roles: Vec<Role> = Vec::new();
        for held in parts.flat_map(|part| self.all_of(event, &part).into_iter().cloned()) {
            if !roles.iter().any(|known| known.arn == held.arn) {
                roles.push(Role { since: event.time, ..held });
            }
        }
        self.saying(event.source(), event, &names, roles)
    }

    fn held_by(&self, service: &str, asking: &Event, thing: &str) -> Option<&Vec<Role>> {
        let held = |form| self.held.get(&self.thing(service, asking, form));
        forms(thing).into_iter().find_map(held)
    }

    fn thing(&self, service: &str, of: &Event, name: &str) -> IdHash {
        self.hasher.of_four([
            &lower(label(service)),
            of.account().unwrap_or_default(),
            of.region().unwrap_or_default(),
            &lower(name),
        ])
    }

    fn said(&self, event: &Event) -> Option<Said> {
        // Most calls name no role, and their text tells that fastest.
        if event.failed() || !may_name_role(event) {
            return None;
        }
        let roles = named_by(event);
        if roles.is_empty() {
            return None;
        }
        let (service, names) = match taken_on(event) {
            Some((service, session)) => (service, vec![session]),
            None => (event.source().to_owned(), things_of(event)),
        };
        self.saying(&service, event, &names, roles)
    }

    fn saying(
        &self,
        service: &str,
        event: &Event,
        names: &[String],
        roles: Vec<Role>,
    ) -> Option<Said> {
        let forms = names.iter().flat_map(|name| forms(name));
        let mut things: Vec<IdHash> = Vec::new();
        for thing in forms.map(|form| self.thing(service, event, form)) {
            if !things.contains(&thing) {
                things.push(thing);
            }
        }
        let service = lower(label(service)).into_owned();
        (!roles.is_empty() && !things.is_empty()).then_some(Said { service, things, roles })
    }

    /// Every role that a thing of the service of `asking` has at the time of `asking`, by the members
    /// that name them. A thing is named by its name, id or ARN. What is said first counts for the time
    /// before it as well.
    pub fn all_of(&self, asking: &Event, thing: &str) -> Vec<&Role> {
        self.all_of_service(asking.source(), asking, thing)
    }

    /// The same of another service, named by its event source or the first label of it.
    pub fn all_of_service(&self, service: &str, asking: &Event, thing: &str) -> Vec<&Role> {
        let held = self.held_by(service, asking, thing);
        held.map(|held| at(held, asking.time)).unwrap_or_default()
    }

    /// The role of a thing of the service of `asking`; `None` where the log tells none, or several.
    pub fn of(&self, asking: &Event, thing: &str) -> Option<&Role> {
        only(self.all_of(asking, thing))
    }

    /// The same of another service, named by its event source or the first label of it.
    pub fn of_service(&self, service: &str, asking: &Event, thing: &str) -> Option<&Role> {
        only(self.all_of_service(service, asking, thing))
    }

    /// The role of what a call is about: the one that it names itself, else that of the thing which it
    /// names; `None` where neither tells one, or several.
    pub fn behind(&self, event: &Event) -> Option<Role> {
        let own = named_by(event);
        if !own.is_empty() {
            return only(own.iter().collect()).cloned();
        }
        let held = mentioned(event).into_iter().filter_map(|name| self.of(event, &name).cloned());
        let held: Vec<Role> = held.collect();
        only(held.iter().collect()).cloned()
    }

    /// Every role that something which the call names runs with, and those that it names itself.
    pub(super) fn all_behind(&self, event: &Event) -> Vec<Role> {
        let mut roles = if may_name_role(event) { named_by(event) } else { Vec::new() };
        if self.services.contains(label(event.source())) {
            let names = mentioned(event);
            let held = names.iter().flat_map(|name| self.all_of(event, name)).cloned();
            roles.extend(held);
        }
        roles
    }
}

/// The roles that a call's own request names.
pub fn named_by(event: &Event) -> Vec<Role> {
    let mut shallowest: Vec<(usize, Role)> = Vec::new();
    json::leaves(event.request().unwrap_or_default(), |path, value| {
        let Some(found) = role_in(event, path, value) else { return };
        let depth = path.matches('.').count();
        // What a part of the thing runs with is not what the thing runs with.
        let held = shallowest.iter().find(|(_, role)| role.member == found.member);
        if held.is_none_or(|(above, _)| *above == depth) {
            shallowest.push((depth, found));
        }
    });
    shallowest.into_iter().map(|(_, role)| role).collect()
}

/// Whether two ARNs name one role, of which one may have lost its path.
fn is_same_role(one: &str, other: &str) -> bool {
    one == other || arn::role_name(one).is_some() && arn::role_name(one) == arn::role_name(other)
}

/// The roles in force at a time: of each member the last that was said until then, else the first.
fn at(held: &[Role], time: Time) -> Vec<&Role> {
    let members: BTreeSet<&str> = held.iter().map(|role| role.member.as_str()).collect();
    let mut roles = Vec::new();
    for member in members {
        let of_member = || held.iter().filter(|role| role.member == member);
        let since = of_member().filter(|role| role.since <= time).map(|role| role.since).max();
        let since = since.or_else(|| of_member().map(|role| role.since).min());
        roles.extend(of_member().filter(|role| Some(role.since) == since));
    }
    roles
}

/// The one role that all of them are.
fn only(roles: Vec<&Role>) -> Option<&Role> {
    let first = *roles.first()?;
    roles.iter().all(|role| is_same_role(&role.arn, &first.arn)).then_some(first)
}

fn may_name_role(event: &Event) -> bool {
    event.request().is_some_and(|request| request.contains("ole"))
}

/// Whether a call that is no read may make a thing of others and names no role itself.
fn makes(event: &Event) -> bool {
    !event.failed()
        && event.management_event != Some(false)
        && event.request().is_some()
        && (!may_name_role(event) || named_by(event).is_empty())
}

/// The service that took on a role, and the name it gave the session.
fn taken_on(event: &Event) -> Option<(String, String)> {
    if event.source() != "sts.amazonaws.com" {
        return None;
    }
    let by = event.invoked_by().filter(|_| event.identity_type == IdentityType::AwsService);
    let session = event.request_value("roleSessionName").filter(|_| by.is_some());
    Some((by.unwrap_or_default().to_owned(), session.unwrap_or_default()))
}

/// A role at this member of a request.
fn role_in(event: &Event, path: &str, value: &str) -> Option<Role> {
    let member = path.rsplit('.').next().unwrap_or(path);
    let told = member.to_ascii_lowercase();
    let told = told.trim_end_matches('s').trim_end_matches("arn");
    if !told.ends_with("role") {
        return None;
    }
    let arn = match Arn::parse(value) {
        Some(arn) if arn.service == "iam" && arn.resource.starts_with("role/") => value.to_owned(),
        Some(_) => return None,
        None if is_role_name(value) => {
            let partition = arn::partition_of(event.region()?);
            format!("arn:{partition}:iam::{}:role/{value}", event.account()?)
        }
        None => return None,
    };
    Some(Role { arn, member: member.to_owned(), since: event.time })
}

/// The form of a role's name or path and name (IAM quotas, "IAM name requirements").
fn is_role_name(value: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c);
    !value.is_empty() && value.len() <= 512 && value.chars().all(allowed)
}

/// Names, ids and ARNs of what a call is about: members named for the noun in the call's own name
/// (`functionName` of `UpdateFunctionConfiguration`), and the plain `name`, `arn` or `id` at the top
/// or in the one member named for it (`pipeline.name` of `CreatePipeline`).
pub(super) fn things_of(event: &Event) -> Vec<String> {
    let noun = noun_of(operation(event.name())).to_ascii_lowercase();
    let mut names = Vec::new();
    for raw in [event.request(), event.response()].into_iter().flatten() {
        json::leaves(raw, |path, value| {
            if names_thing(path, &noun) && value.len() >= 2 && !names.iter().any(|n| n == value) {
                names.push(value.to_owned());
            }
        });
    }
    names
}

/// Everything short that a request names at the top or one level below: what it is about, and what
/// that is made of (the definition of a task, the job of a run).
fn mentioned(event: &Event) -> Vec<String> {
    let mut names = Vec::new();
    json::leaves(event.request().unwrap_or_default(), |path, value| {
        let is_near = path.matches('.').count() <= 1 && names.len() < MOST_MENTIONED;
        if is_near && (2..=512).contains(&value.len()) {
            names.push(value.to_owned());
        }
    });
    names
}

/// Names of one request that are looked up.
const MOST_MENTIONED: usize = 64;

/// `CreateDBInstance` -> `DBInstance`.
fn noun_of(operation: &str) -> &str {
    let verb = operation.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase());
    verb.and_then(|(at, _)| operation.get(at..)).unwrap_or(operation)
}

fn names_thing(path: &str, noun: &str) -> bool {
    let (above, last) = path.rsplit_once('.').map_or((None, path), |(a, last)| (Some(a), last));
    let last = last.to_ascii_lowercase();
    // One level of wrapping, which is named for the thing itself: `pipeline.name`, `cluster.arn`.
    let is_own = match above {
        None => true,
        Some(above) => !above.contains('.') && is_of_noun(&above.to_ascii_lowercase(), noun),
    };
    if !is_own {
        return false;
    }
    if matches!(last.as_str(), "name" | "arn" | "id" | "family") {
        return true;
    }
    let stem = ["name", "arn", "identifier", "id"].iter().find_map(|end| last.strip_suffix(end));
    let stem = stem.unwrap_or(last.as_str());
    is_of_noun(stem, noun)
}

/// `job` of `jobrun`, `instance` of `dbinstance`, and the plural of either.
fn is_of_noun(stem: &str, noun: &str) -> bool {
    let stem = stem.trim_end_matches('s').trim_end_matches("request");
    stem.len() >= 3 && (noun.starts_with(stem) || noun.trim_end_matches('s').ends_with(stem))
}

/// The forms by which a thing may be asked for: as it stands, and of an ARN or a name with a revision
/// the name alone.
fn forms(value: &str) -> Vec<&str> {
    let mut forms = vec![value];
    match Arn::parse(value) {
        Some(arn) => {
            let (_, id) = arn.split();
            forms.extend([id, id.split([':', '/']).next().unwrap_or(id)]);
        }
        None => forms.extend(value.split(':').next()),
    }
    forms.retain(|form| form.len() >= 2);
    forms
}

fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

fn label(service: &str) -> &str {
    service.split('.').next().unwrap_or(service)
}
