//! Which call issued which credentials, and what that tells of who signed a call.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::id_hash::{IdHash, IdHasher};
use super::names::Names;
use super::roles::Roles;
use super::service::{Service, Table};
use crate::event::{CallerKind, Event, Field, IdentityType, Time, has_internal_agent, json};

/// How far a session's creation date and the time of the call that issued it can be apart.
const SAME_SECOND: i64 = 1;

/// With so many rivals a link is worth nothing any more, and more are not named.
const MOST_RIVALS: usize = 256;

/// Calls that issued credentials, by key and by session.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_key: HashMap<IdHash, Vec<Issue>, RandomState>,
    by_arn: HashMap<IdHash, Vec<Issue>, RandomState>,
    /// ARNs of sessions that only services can have, though the call that began them is not in the log.
    handed: HashSet<IdHash, RandomState>,
}

/// One call that issued credentials.
#[derive(Debug, Clone, Copy)]
struct Issue {
    time: Time,
    index: usize,
    /// The service that took the role on for itself.
    to_service: Option<IdHash>,
}

impl Sessions {
    pub(super) fn new(events: &[Event], names: &Names<'_>, hasher: &IdHasher) -> Self {
        let issued: Vec<(Issue, Option<IdHash>, Option<IdHash>)> = events
            .par_iter()
            .enumerate()
            .filter(|(i, e)| names.of(*i).is_some_and(|n| n.is_sts) && !e.failed())
            .map(|(index, event)| {
                let (mut key, mut arn) = (None, None);
                json::leaves(event.response().unwrap_or_default(), |path, value| {
                    if path.eq_ignore_ascii_case("credentials.accessKeyId") {
                        key = key.or(Some(hasher.of(value)));
                    } else if path.eq_ignore_ascii_case("assumedRoleUser.arn") {
                        arn = arn.or(Some(hasher.of(value)));
                    }
                });
                let by = event.invoked_by().or_else(|| event.get(Field::SourceIpAddress));
                let to_service = by
                    .filter(|_| event.identity_type == IdentityType::AwsService)
                    .map(|by| hasher.of(by));
                (Issue { time: event.time, index, to_service }, key, arn)
            })
            .collect();
        let mut sessions = Sessions::default();
        for (issue, key, arn) in issued {
            if let Some(key) = key {
                sessions.by_key.entry(key).or_default().push(issue);
            }
            if let Some(arn) = arn {
                sessions.by_arn.entry(arn).or_default().push(issue);
            }
        }
        sessions
    }

    /// Finds the sessions of roles that were handed to a service, of which the log lacks the beginning:
    /// the service forwards no calls, or names its sessions so, or something of it runs with the
    /// role; and nobody used the session but a service.
    pub(super) fn learn_handed(
        &mut self,
        (events, quiet): (&[Event], &[Event]),
        names: &Names<'_>,
        roles: &Roles,
        table: &Table,
        hasher: &IdHasher,
    ) {
        let is_signed = |index: usize, kind: CallerKind| {
            names.brief(index).is_some_and(|brief| brief.signed == kind)
        };
        let is_forwarded = |(index, event): &(usize, &Event)| {
            is_signed(*index, CallerKind::ForwardAccessSession)
                && event.identity_type == IdentityType::AssumedRole
        };
        let is_handed = |event: &Event| {
            let Some(by) = event.invoked_by().filter(|by| !table.is_internal(by)) else {
                return false;
            };
            let name = event.session_name().unwrap_or_default();
            let rows: Vec<&Service> = table.by_invoked_by(by).collect();
            let forwards = rows.iter().any(|row| row.signs_as(CallerKind::ForwardAccessSession));
            let is_its_own =
                |row: &&Service| row.names_session(name) || roles.has(&row.event_source, event);
            !rows.is_empty() && !forwards || rows.iter().any(is_its_own)
        };
        let arn = |event: &Event| event.arn().map(|arn| hasher.of(arn));
        let mut handed: HashSet<IdHash, RandomState> = events
            .par_iter()
            .enumerate()
            .filter(is_forwarded)
            .map(|(_, event)| event)
            .filter(|event| self.begun(event, hasher).is_none() && is_handed(event))
            .filter_map(arn)
            .collect();
        if !handed.is_empty() {
            let own = events.par_iter().enumerate();
            let own = own.filter(|(index, _)| is_signed(*index, CallerKind::Direct));
            let own = own.filter_map(|(_, event)| arn(event));
            let own = own.chain(quiet.par_iter().filter_map(arn));
            let used: Vec<IdHash> = own.filter(|arn| handed.contains(arn)).collect();
            for arn in used {
                handed.remove(&arn);
            }
        }
        self.handed = handed;
    }

    fn begun(&self, event: &Event, hasher: &IdHasher) -> Option<Issue> {
        self.by_key(event, hasher).or_else(|| self.by_date(event, hasher))
    }

    fn is_handed(&self, event: &Event, hasher: &IdHasher) -> bool {
        !self.handed.is_empty()
            && event.arn().is_some_and(|arn| self.handed.contains(&hasher.of(arn)))
    }

    /// The call whose response issued the very access key that signed `event`.
    pub(super) fn issuer_by_key(&self, event: &Event, hasher: &IdHasher) -> Option<usize> {
        self.by_key(event, hasher).map(|issue| issue.index)
    }

    fn by_key(&self, event: &Event, hasher: &IdHasher) -> Option<Issue> {
        if self.by_key.is_empty() {
            return None;
        }
        let issues = self.by_key.get(&hasher.of(event.access_key()?))?;
        // Publishers of logs mask keys, and then many sessions share one: the creation date tells.
        nearest(issues, event.session_created.unwrap_or(event.time))
    }

    /// The `AssumeRole` that began the session of `event`: same session ARN, answered at the
    /// session's creation date.
    pub(super) fn issuer_by_date(&self, event: &Event, hasher: &IdHasher) -> Option<usize> {
        self.by_date(event, hasher).map(|issue| issue.index)
    }

    fn by_date(&self, event: &Event, hasher: &IdHasher) -> Option<Issue> {
        let created = event.session_created?;
        let issues = self.by_arn.get(&hasher.of(event.arn()?))?;
        nearest(issues, created)
            .filter(|issue| issue.time.seconds_since(created).abs() <= SAME_SECOND)
    }

    /// Other calls that may as well have begun the session of `event` as the one at `chosen`: services
    /// take on one role under one session name several times a second.
    pub(super) fn rivals_by_date(
        &self,
        event: &Event,
        chosen: usize,
        hasher: &IdHasher,
    ) -> Vec<usize> {
        let issues = || {
            let created = event.session_created?;
            let issues = self.by_arn.get(&hasher.of(event.arn()?))?;
            let time = issues.iter().find(|issue| issue.index == chosen)?.time;
            let from = issues.partition_point(|i| i.time < created.plus_seconds(-SAME_SECOND));
            let near = issues.get(from..)?.iter().take_while(|i| i.time <= time);
            let same = near.filter(|i| i.time == time && i.index != chosen);
            Some(same.map(|i| i.index).take(MOST_RIVALS).collect())
        };
        issues().unwrap_or_default()
    }

    /// Whether a program signed the call with credentials that a service got for it: it is a service
    /// role's, though nothing but the `AssumeRole` tells (CloudTrail shows no `invokedBy`).
    pub(super) fn is_program(&self, event: &Event, kind: CallerKind, hasher: &IdHasher) -> bool {
        kind == CallerKind::Direct
            && self.by_key(event, hasher).is_some_and(|issue| issue.to_service.is_some())
    }

    /// Who signed a call that may have a parent, where the record alone looks like `kind`; `None` for
    /// calls that cannot have one. A session
    /// that a service's `AssumeRole` issued is a service role, though the record alone looks like a
    /// forward access session.
    pub(super) fn child_kind(
        &self,
        event: &Event,
        kind: CallerKind,
        is_kms: bool,
        hasher: &IdHasher,
    ) -> Option<CallerKind> {
        match kind {
            CallerKind::ForwardAccessSession => {
                let by_key = self.by_key(event, hasher).filter(|issue| issue.to_service.is_some());
                // Another service than the one that took the role on works on that one's behalf.
                let by = event.invoked_by().map(|by| hasher.of(by));
                let by_date = || {
                    let issue =
                        self.by_date(event, hasher).filter(|_| event.access_key().is_none());
                    issue.filter(|issue| issue.to_service.is_some() && issue.to_service == by)
                };
                let is_role =
                    by_key.is_some() || by_date().is_some() || self.is_handed(event, hasher);
                Some(if is_role { CallerKind::ServiceRole } else { kind })
            }
            CallerKind::Direct if is_kms && is_service_role_without_invoker(event) => {
                Some(CallerKind::ServiceRole)
            }
            // Code that runs with a role (on an instance, in a container) makes its own calls; the
            // service itself shows by its user agent.
            CallerKind::Direct => match self.by_key(event, hasher)?.to_service {
                Some(_) if has_internal_agent(event) => Some(CallerKind::ServiceRole),
                _ => Some(kind),
            },
            _ => Some(kind),
        }
    }
}

/// The call nearest in time to `time`, the earlier of two, of a list in order of time.
fn nearest(issues: &[Issue], time: Time) -> Option<Issue> {
    let at = issues.partition_point(|i| i.time < time);
    let after = issues.get(at).copied();
    // Of several in one second the first counts.
    let before = at
        .checked_sub(1)
        .and_then(|last| issues.get(last))
        .and_then(|last| issues.get(issues.partition_point(|i| i.time < last.time)).copied());
    match (before, after) {
        (Some(b), Some(a)) => {
            let apart = |issue: Issue| issue.time.seconds_since(time).abs();
            Some(if apart(b) <= apart(a) { b } else { a })
        }
        (before, after) => before.or(after),
    }
}

/// A role session that only a service can hold though `invokedBy` is absent: the KMS call comes
/// from inside AWS.
fn is_service_role_without_invoker(event: &Event) -> bool {
    event.identity_type == IdentityType::AssumedRole
        && event.invoked_by().is_none()
        && (event.get(Field::SourceIpAddress) == Some("AWS Internal")
            || event.get(Field::EventType) == Some("AwsServiceEvent"))
}
