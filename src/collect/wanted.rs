//! What would settle the incidents of an export: the policies around each denied call, by account.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::aws;
use crate::chain::Chains;
use crate::diagnose::evaluated::{self, Case};
use crate::diagnose::{Diagnosis, Failing};
use crate::event::arn::{self, Arn};
use crate::event::{Event, Field, partition};
use crate::history::History;
use crate::history::subject::{Entity, EntityKind, permission_set_of, resource_name};
use crate::iam::{Presence, Principal};

/// The role of EC2's own doing, which is none of the account.
const INFRASTRUCTURE: &str = "aws:ec2-infrastructure";

/// What is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// By account.
    pub accounts: BTreeMap<String, OfAccount>,
    /// Permission sets by the Region of their instance of IAM Identity Center.
    pub permission_sets: BTreeMap<String, BTreeSet<String>>,
    /// Whether what is wholly known is left out.
    leaves_known: bool,
}

/// What is to be read of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfAccount {
    /// Its partition.
    pub partition: String,
    /// The Regions in which something of it is looked for.
    pub regions: BTreeSet<String>,
    /// Users and roles.
    pub entities: BTreeSet<Entity>,
    /// ARNs of keys, and of what carries a policy of its own.
    pub resources: BTreeSet<String>,
    /// VPC endpoints, by Region and id.
    pub endpoints: BTreeSet<(String, String)>,
    /// Regions whose resource policies of CloudWatch Logs are wanted.
    pub logs: BTreeSet<String>,
    /// Whether S3 Block Public Access of the account counts.
    pub public_access: bool,
    /// Whether what hangs above it in the organization counts.
    pub organization: bool,
    /// Whether all of it is wanted, whatever failed.
    pub all: bool,
}

impl Wanted {
    /// What the denied calls of the incidents hang on; where policies were given, what of it they do not
    /// show.
    pub fn of(
        diagnosis: &Diagnosis,
        events: &[Event],
        chains: &Chains,
        history: &History,
    ) -> Wanted {
        let mut wanted = Wanted { leaves_known: !history.is_without_dumps(), ..Wanted::default() };
        let mut seen = HashSet::new();
        for incident in &diagnosis.incidents {
            for occurrence in &incident.occurrences {
                let Some(failing) = &occurrence.failing else {
                    let root = occurrence.root.filter(|root| seen.insert((None, Some(*root))));
                    wanted.call(root, events, chains, history);
                    continue;
                };
                if seen.insert((Some(sort_of(failing, events)), None)) {
                    wanted.failing(failing, events, chains, history);
                }
            }
            let nearest = incident.comparison.nearest.as_ref().map(|(index, _)| *index);
            wanted.call(nearest, events, chains, history);
        }
        wanted
    }

    /// Everything of these accounts and Regions.
    pub fn all(accounts: impl IntoIterator<Item = String>, regions: &[String]) -> Wanted {
        let mut wanted = Wanted::default();
        for account in accounts {
            let name = regions.first().map_or("aws", |first| partition::of_region(first).name);
            let Some(of) = wanted.account(&account, name) else { continue };
            of.regions.extend(regions.iter().filter(|name| partition::is_region(name)).cloned());
            of.all = true;
            of.organization = true;
            of.public_access = true;
        }
        wanted
    }

    /// Whether nothing would settle anything.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    fn failing(&mut self, one: &Failing, events: &[Event], chains: &Chains, history: &History) {
        let Some(event) = events.get(one.denied) else { return };
        let cases = evaluated::cases_of(events, chains, history, one, one.arn());
        let partition = partition_of(event);
        for case in &cases {
            self.case(case, event, partition);
        }
        let is_named = |case: &Case| case.request.resource.arn.is_some();
        if self.leaves_known && cases.iter().any(is_named) {
            return;
        }
        let caller = event.caller_account().unwrap_or_default();
        for named in one.principal.iter().chain(&one.resource).chain(&one.candidates) {
            self.named(named, caller, event);
        }
    }

    fn call(
        &mut self,
        index: Option<usize>,
        events: &[Event],
        chains: &Chains,
        history: &History,
    ) -> Option<()> {
        let event = events.get(index?)?;
        let case = evaluated::case(events, chains, history, index?, None)?;
        self.case(&case, event, partition_of(event));
        Some(())
    }

    /// What of a request's policies AWS looked at.
    fn case(&mut self, case: &Case, event: &Event, partition: &str) {
        let (request, layers) = (&case.request, &case.layers);
        let caller = request.principal.account().unwrap_or_default().to_owned();
        if self.counts(&layers.identity) || self.counts(&layers.boundary) {
            self.principal(&request.principal, event);
        }
        let owner = request.resource.owner().map(str::to_owned).unwrap_or_else(|| caller.clone());
        let of_resource = self.counts(&layers.resource)
            || self.counts(&layers.kms_grants)
            || self.counts(&layers.key_state);
        if let Some(arn) = request.resource.arn.as_deref().filter(|_| of_resource) {
            self.resource(arn, &owner, event);
        }
        let levels = [(self.counts(&layers.scps), &caller), (self.counts(&layers.rcps), &owner)];
        for (_, account) in levels.into_iter().filter(|(is_wanted, _)| *is_wanted) {
            if let Some(of) = self.account(account, partition) {
                of.organization = true;
            }
        }
        if self.counts(&layers.block_public_access)
            && let Some(of) = self.account(&owner, partition)
        {
            of.public_access = true;
        }
        if self.counts(&layers.vpc_endpoint)
            && let (Some(id), Some(region)) = (event.get(Field::VpcEndpointId), event.region())
        {
            let account = event.get(Field::VpcEndpointAccountId).unwrap_or(&caller).to_owned();
            if let Some(of) = self.account(&account, partition) {
                of.regions.insert(region.to_owned());
                of.endpoints.insert((region.to_owned(), id.to_owned()));
            }
        }
    }

    /// Whether AWS looked at a layer, and whether that is to be read.
    fn counts<T>(&self, layer: &Presence<T>) -> bool {
        match layer {
            Presence::NotApplicable => false,
            Presence::Known(_) => !self.leaves_known,
            Presence::Partly(..) | Presence::Unknown(_) => true,
        }
    }

    fn principal(&mut self, principal: &Principal, event: &Event) {
        match principal {
            Principal::User { arn, .. } | Principal::Role { arn, .. } => self.entity(arn, event),
            Principal::RoleSession(session) => {
                self.entity(session.role_arn.as_deref().unwrap_or(&session.session_arn), event);
            }
            Principal::FederatedUser { account, arn } => {
                if let (Some(partition), Some(name)) =
                    (principal.partition(), arn.rsplit('/').next())
                {
                    let user = Entity::new(account, EntityKind::User, name);
                    self.entity(&user.arn_in(partition), event);
                }
            }
            _ => {}
        }
    }

    /// A user or role, with the permission set that it was made of.
    fn entity(&mut self, arn: &str, event: &Event) {
        let (Some(entity), Some(parsed)) = (Entity::from_arn(arn), Arn::parse(arn)) else { return };
        if entity.name == INFRASTRUCTURE {
            return;
        }
        if let Some(set) = permission_set_of(arn) {
            let region = region_of_set(parsed.resource);
            self.permission_sets.entry(region.to_owned()).or_default().insert(set.to_owned());
        }
        let account = entity.account.clone();
        let Some(of) = self.account(&account, parsed.partition) else { return };
        of.regions
            .extend(event.region().filter(|name| partition::is_region(name)).map(str::to_owned));
        of.entities.insert(entity);
    }

    /// What carries a policy: its trust policy for a role, its own for others.
    fn resource(&mut self, arn: &str, owner: &str, event: &Event) {
        let Some(parsed) = Arn::parse(arn) else { return };
        if parsed.service == "iam" {
            return self.entity(arn, event);
        }
        let account = if arn::is_account_id(parsed.account) { parsed.account } else { owner };
        let region = Some(parsed.region).filter(|region| !region.is_empty()).or(event.region());
        let region = region.filter(|name| partition::is_region(name)).map(str::to_owned);
        let name = match parsed.service {
            // Without its six last characters a secret may not be found.
            "secretsmanager" | "kms" => arn.to_owned(),
            _ => resource_name(arn),
        };
        let Some(of) = self.account(account, parsed.partition) else { return };
        of.regions.extend(region.clone());
        match parsed.service {
            "logs" => of.logs.extend(region),
            _ => drop(of.resources.insert(name)),
        }
    }

    /// What a denial names beside the request that was made of it.
    fn named(&mut self, named: &str, caller: &str, event: &Event) {
        let Some(parsed) = Arn::parse(named) else { return };
        match parsed.service {
            "iam" | "sts" => self.entity(named, event),
            _ if aws::carries_policy(named) == Some(true) || parsed.service == "kms" => {
                self.resource(named, caller, event);
            }
            _ => {}
        }
    }

    /// `None` for what is no account.
    fn account(&mut self, account: &str, partition: &str) -> Option<&mut OfAccount> {
        if !arn::is_account_id(account) {
            return None;
        }
        let of = self.accounts.entry(account.to_owned()).or_default();
        if of.partition.is_empty() {
            // What is no partition becomes none, so that nothing else stands in a command.
            of.partition = partition::named(partition).map_or("aws", |known| known.name).to_owned();
        }
        Some(of)
    }
}

/// Calls that are denied for the same reason by the same policies.
type Sort<'s> = (Option<&'s str>, &'s str, Option<&'s str>, Option<&'s str>, Option<&'s str>);

fn sort_of<'s>(failing: &'s Failing, events: &'s [Event]) -> Sort<'s> {
    let event = events.get(failing.denied);
    (
        failing.principal.as_deref(),
        &failing.action,
        failing.resource.as_deref(),
        event.and_then(|event| event.get(Field::VpcEndpointId)),
        // One role has many sessions.
        event.and_then(Event::arn).filter(|_| failing.principal.is_none()),
    )
}

fn partition_of(event: &Event) -> &'static str {
    arn::partition_of(event.region().unwrap_or_default())
}

/// The Region of the instance of IAM Identity Center that made the role, which its path has but for
/// one (IAM Identity Center user guide, "Referencing permission sets in resource policies").
fn region_of_set(role: &str) -> &str {
    role.split('/').find(|part| partition::is_region(part)).unwrap_or("us-east-1")
}
