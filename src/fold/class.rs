//! Which calls that worked are alike: calls that no policy and no comparison tells apart.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use foldhash::quality::FixedState;

use crate::aws;
use crate::chain::Chains;
use crate::contrast;
use crate::event::arn::Arn;
use crate::event::{self, CallerKind, Event, Failure, Field};

/// The class of a call that worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    /// Who did what on what, in which way.
    pub(super) kind: u64,
    /// What differs among such calls without telling much: session, address, program.
    pub(super) shade: u64,
    /// Who called what.
    pub(super) caller: u64,
}

impl Class {
    /// The class of the call at `index`; `None` where it did not work or is a copy.
    pub(super) fn of(events: &[Event], chains: &Chains, index: usize) -> Option<Class> {
        let event = events.get(index)?;
        let worked = matches!(event::failure(event), None | Some(Failure::DryRun));
        if !worked || event.is_notification() || chains.copy_of(index).is_some() {
            return None;
        }
        let top = chains.asked(index, events);
        let root = events.get(top).filter(|_| top != index);
        let resource = contrast::resource(event);
        let resource = hashed(resource.as_deref().map(with_policy));
        Some(Class::told(event, root, chains.caller_kind(index, event), resource))
    }

    /// The class of a call of its caller's own that worked.
    pub(super) fn of_own(event: &Event, resources: &mut Resources) -> Class {
        Class::told(event, None, CallerKind::Direct, resources.of(event))
    }

    fn told(event: &Event, root: Option<&Event>, kind: CallerKind, resource: u64) -> Class {
        let principal = contrast::principal(event);
        let asked = root.map(|root| (root.source(), root.name()));
        let root = root.unwrap_or(event);
        let kind = hashed((
            (event.source(), event.name(), principal.as_deref(), event.caller_account()),
            (event.get(Field::IssuerPrincipalId), event.invoked_by(), event.region()),
            (kind.as_str(), event.get(Field::VpcEndpointId)),
            (resource, asked, root.mfa, root.get(Field::VpcEndpointId)),
        ));
        let shade = hashed((
            (root.session_name(), root.get(Field::SourceIpAddress), root.get(Field::UserAgent)),
            (root.get(Field::SourceIdentity), root.from_console),
        ));
        Class { kind, shade, caller: caller(event) }
    }
}

/// What calls are on that have policies, by what they say: most calls say what others have said.
#[derive(Debug, Default)]
pub(super) struct Resources(HashMap<u64, u64, FixedState>);

/// So many are remembered.
const REMEMBERED: usize = 1 << 16;

impl Resources {
    fn of(&mut self, event: &Event) -> u64 {
        let said = hashed((
            (event.source(), event.name(), event.account(), event.region()),
            (event.request(), event.get(Field::Resources), event.arn()),
        ));
        if let Some(known) = self.0.get(&said) {
            return *known;
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        let resource = hashed(contrast::resource(event).as_deref().map(with_policy));
        self.0.insert(said, resource);
        resource
    }
}

/// Who called what.
pub(super) fn caller(event: &Event) -> u64 {
    hashed((event.source(), event.name(), contrast::principal(event).as_deref()))
}

/// The same number in every run.
pub(super) fn hashed(what: impl Hash) -> u64 {
    FixedState::default().hash_one(what)
}

/// Of a resource without a policy of its own only what is common to all of its type: it is not at
/// fault, and there may be millions of them.
fn with_policy(resource: &str) -> &str {
    let Some(arn) = Arn::parse(resource) else { return "" };
    if aws::service_carries_policies(arn.service) {
        return resource;
    }
    let name = arn.resource.len() - arn.resource.find([':', '/']).unwrap_or(arn.resource.len());
    resource.get(..resource.len() - name).unwrap_or(resource)
}
