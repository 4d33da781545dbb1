//! What a history is made of, kept from a trail that is too large to be held: the changes, and of every
//! user and role the first and last call with each unique id.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

use foldhash::fast::{FixedState, RandomState};

use super::{change, managed_key, sighted};
use crate::event::Event;

/// Grants of one key to one grantee: so many of the first and of the last are kept.
const FIRST_GRANTS: usize = 8;
const LAST_GRANTS: usize = 24;

/// The events that teach a history something.
#[derive(Debug, Default)]
pub struct Teaching {
    changes: Vec<Event>,
    grants: HashMap<u64, (Vec<Event>, VecDeque<Event>), RandomState>,
    sighted: HashMap<u64, (Event, Option<Event>), RandomState>,
    managed: HashSet<String, RandomState>,
    regions: HashSet<u64, RandomState>,
    last: Option<Event>,
}

impl Teaching {
    /// Takes in the next event.
    pub fn take(&mut self, event: Event) {
        let mut is_needed = managed_key(&event).is_some_and(|key| self.managed.insert(key));
        is_needed |= event.region().is_some_and(|region| self.regions.insert(hashed(region)));
        if let Some(of) = sighted(&event).map(hashed) {
            match self.sighted.get_mut(&of) {
                None => {
                    self.sighted.insert(of, (event.clone(), None));
                }
                Some((first, last)) => {
                    let order = |one: &Event| (one.time, one.id().to_owned());
                    if event.time < first.time {
                        let was = std::mem::replace(first, event.clone());
                        last.get_or_insert(was);
                    } else if last.as_ref().is_none_or(|last| order(last) < order(&event)) {
                        *last = Some(event.clone());
                    }
                }
            }
        }
        if self.last.as_ref().is_none_or(|last| last.time <= event.time) {
            self.last = Some(event.clone());
        }
        if change::is_change(&event) {
            match routine_grant(&event) {
                Some(of) => {
                    let (first, last) = self.grants.entry(of).or_default();
                    if first.len() < FIRST_GRANTS {
                        first.push(event);
                    } else {
                        last.push_back(event);
                    }
                    if last.len() > LAST_GRANTS {
                        last.pop_front();
                    }
                }
                None => self.changes.push(event),
            }
        } else if is_needed {
            self.changes.push(event);
        }
    }

    /// Those that teach something, and the very last one, in order of time.
    pub fn finish(self) -> Vec<Event> {
        let mut all = self.changes;
        all.extend(
            self.grants
                .into_values()
                .flat_map(|(first, last)| first.into_iter().chain(last).collect::<Vec<Event>>()),
        );
        let sighted = self.sighted.into_values();
        all.extend(sighted.flat_map(|(first, last)| std::iter::once(first).chain(last)));
        all.extend(self.last);
        all.sort_by(|one, other| (one.time, one.id()).cmp(&(other.time, other.id())));
        all.dedup();
        all
    }
}

/// Services make grants by the thousand, which only ever allow, and retire them when the work is done
/// (KMS developer guide, "Grants in AWS KMS"): whose and on what; `None` of anything else.
pub(crate) fn routine_grant(event: &Event) -> Option<u64> {
    let is_grant = event.source() == "kms.amazonaws.com"
        && matches!(event.name(), "CreateGrant" | "RetireGrant" | "RevokeGrant");
    event.invoked_by().filter(|_| is_grant)?;
    let key = crate::contrast::resource(event);
    let grantee = event.request_value("granteePrincipal");
    Some(hashed((event.name(), key, grantee, event.invoked_by())))
}

fn hashed(what: impl Hash) -> u64 {
    FixedState::default().hash_one(what)
}
