//! Which calls a change may concern: most calls have nothing to do with it, and need no second look. In
//! doubt a call is looked at.

use std::collections::BTreeSet;

use crate::event::{Event, Field};
use crate::history::amend::Amendment;
use crate::history::subject::{Entity, EntityKind, Subject, resource_name};
use crate::iam::{Principal, Request};

/// What is changed, by what a call shows of itself.
#[derive(Debug, Default)]
pub(super) struct Touched<'a> {
    callers: BTreeSet<&'a Entity>,
    /// Accounts of groups, whose users are hit.
    accounts: BTreeSet<&'a str>,
    resources: BTreeSet<&'a str>,
    roles: BTreeSet<&'a Entity>,
    endpoints: BTreeSet<&'a str>,
    /// Managed policies, which hang on whom they hang.
    any_identity: bool,
    anything: bool,
}

impl<'a> Touched<'a> {
    pub(super) fn by(amendments: &'a [Amendment]) -> Touched<'a> {
        let mut all = Touched::default();
        for amendment in amendments {
            all.add(&amendment.subject);
        }
        all
    }

    fn add(&mut self, subject: &'a Subject) {
        match subject {
            Subject::InlinePolicy { of, .. }
            | Subject::Attachment { to: of, .. }
            | Subject::Boundary(of) => {
                if of.kind == EntityKind::Group {
                    self.accounts.insert(&of.account);
                }
                self.callers.insert(of);
            }
            Subject::ManagedPolicy(_) | Subject::PolicyVersion { .. } => self.any_identity = true,
            Subject::TrustPolicy(of) => {
                self.roles.insert(of);
            }
            Subject::ResourcePolicy(name)
            | Subject::KeyState(name)
            | Subject::Grant { key: name, .. } => {
                self.resources.insert(name);
            }
            Subject::VpcEndpointPolicy(id) => {
                self.endpoints.insert(id);
            }
            _ => self.anything = true,
        }
    }

    /// Whether the change may concern a call.
    pub(super) fn may_concern(&self, event: &Event, request: &Request) -> bool {
        self.anything
            || self.is_of_caller(&request.principal)
            || self.is_of_resource(request)
            || event.get(Field::VpcEndpointId).is_some_and(|id| self.endpoints.contains(id))
    }

    fn is_of_caller(&self, principal: &Principal) -> bool {
        if matches!(principal, Principal::Service { .. } | Principal::Anonymous) {
            return false;
        }
        let entity = principal.arn().and_then(Entity::from_arn);
        let is_named = match &entity {
            Some(entity) => self.callers.contains(entity),
            // A federated session has the policies of the user who made it.
            None => !self.callers.is_empty(),
        };
        self.any_identity
            || is_named
            || principal.account().is_some_and(|account| self.accounts.contains(account))
    }

    fn is_of_resource(&self, request: &Request) -> bool {
        if self.resources.is_empty() && self.roles.is_empty() {
            return false;
        }
        let Some(arn) = &request.resource.arn else { return true };
        // All policies of CloudWatch Logs in an account and Region speak together.
        self.resources.contains(resource_name(arn).as_str())
            || (request.action.starts_with("logs:")
                && self.resources.iter().any(|name| name.contains(":resource-policy:")))
            || Entity::from_arn(arn).is_some_and(|role| self.roles.contains(&role))
    }
}
