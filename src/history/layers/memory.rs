//! Many requests at one moment: most callers call often and most resources are called by many, so what
//! hangs on them is put together once.

use std::collections::HashMap;
use std::sync::RwLock;

use foldhash::fast::RandomState;

use super::{Gather, Likelihood, Surroundings, layers_with};
use crate::event::Event;
use crate::history::answer::Missing;
use crate::history::inventory::Inventory;
use crate::history::request::Around;
use crate::history::subject::Subject;
use crate::iam::{AttachedPolicy, Layers, Level, Presence, Request};

/// So many callers, accounts and resources are remembered at once.
const MOST: usize = 1 << 16;

/// The inventory of a moment, with what was already asked of it.
#[derive(Debug)]
pub struct Moment<'m> {
    /// What was in force.
    pub inventory: Inventory<'m>,
    likelihood: Likelihood,
    memory: Memory,
}

impl<'m> Moment<'m> {
    /// A moment of which nothing was asked yet.
    pub fn new(inventory: Inventory<'m>, likelihood: Likelihood) -> Moment<'m> {
        Moment { inventory, likelihood, memory: Memory::default() }
    }

    /// The policies around a request, as [`super::layers_of`] finds them.
    pub fn layers_of(&self, event: &Event, request: &Request, around: &Around<'_>) -> Surroundings {
        layers_with(self.gather(event, request, around), None)
    }

    /// The same, where another moment differs from this one by changes alone that alter some layers.
    pub fn layers_after(
        &self,
        event: &Event,
        request: &Request,
        around: &Around<'_>,
        (before, alters): (&Layers, Alters),
    ) -> Surroundings {
        layers_with(self.gather(event, request, around), Some((before, alters)))
    }

    fn gather<'g>(
        &'g self,
        event: &'g Event,
        request: &'g Request,
        around: &'g Around<'g>,
    ) -> Gather<'g> {
        let memory = Some(&self.memory);
        Gather { memory, ..Gather::new(event, request, around, &self.inventory, self.likelihood) }
    }
}

/// Which layers changes can alter, of a request that itself stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alters {
    /// Policies of callers, their boundaries, and those passed with a session.
    pub caller: bool,
    /// SCPs and RCPs.
    pub organization: bool,
    /// The policy of the resource.
    pub resource: bool,
    /// Grants.
    pub grants: bool,
    /// States of keys.
    pub key_state: bool,
    /// Policies of endpoints.
    pub endpoint: bool,
    /// Block Public Access.
    pub public_access: bool,
}

impl Alters {
    /// Any of them.
    pub const ANY: Alters = Alters {
        caller: true,
        organization: true,
        resource: true,
        grants: true,
        key_state: true,
        endpoint: true,
        public_access: true,
    };

    /// What a change of a subject can alter.
    fn by(subject: &Subject) -> Alters {
        let none = Alters::default();
        match subject {
            Subject::InlinePolicy { .. }
            | Subject::Attachment { .. }
            | Subject::Boundary(_)
            | Subject::Membership { .. }
            | Subject::ManagedPolicy(_)
            | Subject::PolicyVersion { .. } => Alters { caller: true, ..none },
            Subject::OrganizationPolicy(_)
            | Subject::OrganizationAttachment { .. }
            | Subject::PolicyTypeEnabled { .. } => Alters { organization: true, ..none },
            Subject::ResourcePolicy(_) | Subject::TrustPolicy(_) => {
                Alters { resource: true, ..none }
            }
            Subject::Grant { .. } => Alters { grants: true, ..none },
            Subject::VpcEndpointPolicy(_) => Alters { endpoint: true, ..none },
            Subject::PublicAccessBlock(_) => Alters { public_access: true, ..none },
            // That a key was made here says that its grants are all known.
            Subject::KeyState(_) => Alters { key_state: true, grants: true, ..none },
            _ => Alters::ANY,
        }
    }

    /// What changes of some subjects can alter together.
    pub fn by_all<'s>(subjects: impl Iterator<Item = &'s Subject>) -> Alters {
        subjects.map(Alters::by).fold(Alters::default(), |one, other| Alters {
            caller: one.caller || other.caller,
            organization: one.organization || other.organization,
            resource: one.resource || other.resource,
            grants: one.grants || other.grants,
            key_state: one.key_state || other.key_state,
            endpoint: one.endpoint || other.endpoint,
            public_access: one.public_access || other.public_access,
        })
    }
}

/// What was found, by what it hangs on.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) identity: Found<Presence<Vec<AttachedPolicy>>>,
    pub(super) boundary: Found<Presence<Vec<AttachedPolicy>>>,
    pub(super) scps: Found<Presence<Vec<Level>>>,
    pub(super) rcps: Found<Presence<Vec<Level>>>,
    pub(super) resource: Found<Presence<AttachedPolicy>>,
}

/// Layers of one sort, each with what was taken for likely to find it.
#[derive(Debug)]
pub(super) struct Found<T>(RwLock<HashMap<String, (T, Vec<Missing>), RandomState>>);

impl<T> Default for Found<T> {
    fn default() -> Self {
        Found(RwLock::default())
    }
}

impl<T: Clone> Found<T> {
    fn get(&self, key: &str) -> Option<(T, Vec<Missing>)> {
        self.0.read().ok()?.get(key).cloned()
    }

    fn put(&self, key: String, found: (T, Vec<Missing>)) {
        let Ok(mut known) = self.0.write() else { return };
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, found);
    }
}

impl<'g> Gather<'g> {
    /// What was found before for the same, else what `find` finds. All that it looks at of the request
    /// must be in the key.
    pub(super) fn once<T: Clone>(
        &mut self,
        of: fn(&Memory) -> &Found<T>,
        key: impl FnOnce() -> String,
        find: impl FnOnce(&mut Gather<'g>) -> T,
    ) -> T {
        let Some(memory) = self.memory else { return find(self) };
        let key = key();
        if let Some((found, assumed)) = of(memory).get(&key) {
            self.assumed.extend(assumed);
            return found;
        }
        let before = self.assumed.len();
        let found = find(self);
        let assumed = self.assumed.get(before..).unwrap_or_default().to_vec();
        of(memory).put(key, (found.clone(), assumed));
        found
    }
}
