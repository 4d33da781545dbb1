//! Which call issued a session: by the access key in its answer, or by the session's ARN and the
//! time of issue (services mint further keys for the session, which keep that time).

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::request::Around;
use crate::chain::Chains;
use crate::event::{Event, Time};

/// The calls that issued sessions: `AssumeRole` and its kin, `GetFederationToken`.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    by_key: HashMap<String, usize, FixedState>,
    by_arn: HashMap<String, Vec<(Time, usize)>, FixedState>,
}

/// Seconds between `eventTime` of the issuing call and `creationDate` of the session.
const SLACK_SECONDS: i64 = 2;

impl Sessions {
    /// Finds the issuing calls among the events.
    pub fn new(events: &[Event]) -> Sessions {
        let mut sessions = Sessions::default();
        for (index, event) in events.iter().enumerate() {
            let issues = event.source() == "sts.amazonaws.com" && !event.failed();
            if !issues {
                continue;
            }
            if let Some(key) = event.response_value("credentials.accessKeyId") {
                sessions.by_key.insert(key, index);
            }
            let arn = event
                .response_value("assumedRoleUser.arn")
                .or_else(|| event.response_value("federatedUser.arn"));
            if let Some(arn) = arn {
                sessions.by_arn.entry(arn).or_default().push((event.time, index));
            }
        }
        sessions
    }

    /// The index of the call that issued the session of this one.
    pub fn issuer(&self, event: &Event) -> Option<usize> {
        if let Some(index) = event.access_key().and_then(|key| self.by_key.get(key)) {
            return Some(*index);
        }
        let created = event.session_created?;
        let issued = self.by_arn.get(event.arn()?)?;
        let fitting = issued
            .iter()
            .filter(|(time, _)| (time.0 - created.0).abs() <= SLACK_SECONDS * 1000)
            .min_by_key(|(time, index)| ((time.0 - created.0).abs(), *index));
        fitting.map(|(_, index)| *index)
    }
}

impl<'e> Around<'e> {
    /// What the chain of a call, and the call that issued its session, tell of it.
    pub fn of(
        index: usize,
        events: &'e [Event],
        chains: &'e Chains,
        sessions: &Sessions,
    ) -> Around<'e> {
        let Some(event) = events.get(index) else { return Around::default() };
        let root = chains.root(index);
        Around {
            kind: Some(chains.caller_kind(index, event)),
            root: events.get(root).filter(|_| root != index),
            via: (root != index).then(|| via(index, events, chains)),
            issuer: sessions.issuer(event).and_then(|issuer| events.get(issuer)),
            resource: chains.inferred_key(index),
            request: None,
        }
    }
}

/// The services that forwarded the call, first one first: up the chain as long as the same
/// principal calls.
fn via(index: usize, events: &[Event], chains: &Chains) -> Vec<String> {
    let mut services = Vec::new();
    let mut at = index;
    while let (Some(event), Some(link)) = (events.get(at), chains.link(at)) {
        services.extend(event.invoked_by().map(str::to_owned));
        let parent = events.get(link.parent);
        if parent.and_then(Event::arn) != event.arn() || services.len() > 32 {
            break;
        }
        at = link.parent;
    }
    services.reverse();
    services
}
