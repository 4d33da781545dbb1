//! The time machine: what policies, grants and key states were in force at a moment, from the
//! changes a trail records and the dumps a person has.
//!
//! `change` reads events, `dump` reads files, `replay` carries states over time, `inventory` answers
//! what held at one moment.

pub mod amend;
pub mod answer;
pub mod change;
pub mod document;
pub mod dump;
pub mod evidence;
pub mod inventory;
pub mod layers;
mod owned;
mod partitions;
pub mod passing;
mod permission_sets;
pub mod replay;
pub mod request;
pub mod subject;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde_json::Value as Json;

use rayon::prelude::*;

use crate::event::{Event, Field, IdentityType, Time};
use crate::iam::{Policy, PolicyError};
use change::{Call, Change, Value};
use dump::coverage::Given;
use dump::{Dump, Endpoint, Gap, Organization, PolicyInfo, Scope};
pub use inventory::Inventory;
use owned::Owned;
use partitions::Partitions;
use permission_sets::PermissionSets;
use replay::{Known, Mark, Source, State, Timeline};
use subject::{Entity, PolicyType, Subject, resource_name};

/// Everything that is known of policies over time.
#[derive(Debug, Clone, Default)]
pub struct History {
    timelines: BTreeMap<Subject, Timeline>,
    changes: Vec<Change>,
    owned: Owned,
    /// Full ARNs of entities, with paths.
    entities: BTreeMap<Entity, String>,
    /// ARNs of keys by name.
    keys: BTreeMap<String, String>,
    /// Resources that the trail saw being made.
    created: BTreeSet<String>,
    listed: BTreeSet<Scope>,
    /// Lists of which pages are missing.
    cut_off: BTreeSet<Scope>,
    /// The organizations in which the targets of one of AWS's own policies are listed, by its id.
    targets_listed: BTreeSet<(String, usize)>,
    /// What the dumps and AWS's own accounts gave.
    given: Option<Vec<Given>>,
    /// Accounts of which a dump lists grants of some key.
    grant_accounts: BTreeSet<String>,
    organizations: Vec<Organization>,
    organization_policies: BTreeMap<String, PolicyInfo>,
    /// Those of them that a dump shows; of the others the trail shows where they were attached.
    dumped_policies: BTreeSet<String>,
    /// Organization policies that ever hung at a target.
    at_target: BTreeMap<String, BTreeSet<String>>,
    key_metadata: BTreeMap<String, Json>,
    /// Names of keys that records name by an alias of AWS (`alias/aws/ebs`).
    aws_managed_keys: BTreeSet<String>,
    endpoints: BTreeMap<String, Endpoint>,
    /// Accounts of resources whose ARNs have none.
    owners: BTreeMap<String, String>,
    /// Every document, compiled once.
    compiled: HashMap<Arc<str>, Arc<Policy>, FixedState>,
    /// Entities that had more than one unique id, or were deleted.
    replaced: Vec<Entity>,
    gaps: Vec<Gap>,
    /// What AWS told when asked.
    evidence: evidence::Evidence,
    /// Where accounts are.
    partitions: Partitions,
}

/// Unique ids seen in use, by the ARN of their owner.
type Sightings<'e> = HashMap<&'e str, Vec<Sighting<'e>>, FixedState>;

/// A unique id seen in use, with its first and last call.
#[derive(Debug)]
struct Sighting<'e> {
    id: &'e str,
    first: &'e Event,
    last: &'e Event,
}

impl History {
    /// The history that events and dumps tell together. The order of the events does not matter.
    pub fn new<'e>(events: impl IntoIterator<Item = &'e Event>, mut dump: Dump) -> History {
        let events: Vec<&Event> = events.into_iter().collect();
        let sightings = events
            .par_iter()
            .fold(Sightings::default, |mut sightings, event| {
                sight(event, &mut sightings);
                sightings
            })
            .reduce(Sightings::default, unite);
        let arns = sightings.keys().copied().chain(dump.arns.iter().map(String::as_str));
        let partitions = Partitions::new(arns, &events);
        dump.settle_partitions(&partitions);
        let changing = events.par_iter().copied().filter(|event| change::is_change(event));
        let changing = changing.collect::<Vec<&Event>>();
        let arns = sightings.keys().copied().chain(dump.arns.iter().map(String::as_str));
        let sets = PermissionSets::new(arns, &changing, &dump);
        let of_sets = sets.expand(&mut dump, &partitions);
        let mut history = History {
            cut_off: dump.cut_off.iter().flat_map(|cut| cut.scopes.iter().cloned()).collect(),
            given: Given::of(&dump),
            organizations: dump.organizations,
            dumped_policies: dump.organization_policies.keys().cloned().collect(),
            organization_policies: dump.organization_policies,
            key_metadata: dump.keys,
            endpoints: dump.endpoints,
            owners: dump.owners,
            gaps: dump.gaps,
            partitions,
            ..History::default()
        };
        history.aws_managed_keys =
            events.par_iter().filter_map(|event| managed_key(event)).collect();
        for event in changing {
            history.learn(event);
            let changes = change::changes_of(event);
            let of_roles = sets.changes(event, &changes, &history.partitions);
            history.changes.extend(changes.into_iter().chain(of_roles));
        }
        history.finish_changes();
        history.add_sightings(sightings);
        dump.arns.iter().for_each(|arn| history.learn_arn(arn));
        for change in history.changes.clone() {
            history.add_change(change);
        }
        for fact in dump.facts {
            let mark = Mark::Seen { value: fact.value, source: fact.source };
            history.timelines.entry(fact.subject).or_default().add(fact.time, mark);
        }
        history.add_scopes(dump.scopes);
        history.listed.extend(of_sets);
        history.index();
        history.timelines.values_mut().for_each(Timeline::settle);
        history.compile();
        history.find_replaced();
        let owned = history.changes.iter().map(|change| (change, history.owner(&change.subject)));
        history.owned = Owned::of(owned);
        history
    }

    /// The same history with what AWS told about single decisions.
    #[must_use]
    pub fn with_evidence(mut self, mut told: evidence::Evidence) -> History {
        if told.is_given {
            self.given.get_or_insert_default().push(Given::of_evidence(&told));
        }
        self.gaps.append(&mut told.gaps);
        self.evidence = told;
        self
    }

    /// What AWS told about single decisions.
    pub fn evidence(&self) -> &evidence::Evidence {
        &self.evidence
    }

    /// What was in force at a moment. A change counts from its own second on.
    pub fn at(&self, time: Time) -> Inventory<'_> {
        Inventory { history: self, time }
    }

    /// The changes in order of time.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    fn changes_at<'h>(
        &'h self,
        positions: &'h [u32],
    ) -> impl DoubleEndedIterator<Item = &'h Change> {
        positions.iter().filter_map(|at| self.changes.get(*at as usize))
    }

    /// Positions of the first change of a period and of the first after it; both ends are included.
    fn period(&self, from: Time, to: Time) -> std::ops::Range<u32> {
        let first = self.changes.partition_point(|change| change.time < from);
        let after = self.changes.partition_point(|change| change.time <= to);
        let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        position(first)..position(after)
    }

    /// The changes of what is called exactly so, in order of time.
    pub fn changes_of(&self, owner: &str) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes_at(self.owned.by_owner(owner))
    }

    /// Every change in a period, in order of time, of what one of these texts may name by ARN, id or
    /// name; and changes of some other things.
    pub fn changes_naming<'h, 'n>(
        &'h self,
        names: impl Iterator<Item = &'n str>,
        from: Time,
        to: Time,
    ) -> Vec<&'h Change> {
        let found = self.owned.by_names(names, self.period(from, to));
        found.into_iter().filter_map(|at| self.changes.get(at as usize)).collect()
    }

    /// The changes in a period of policies of organizations and of where they hang, in order of time.
    pub fn changes_of_organizations(&self, from: Time, to: Time) -> impl Iterator<Item = &Change> {
        self.changes_at(self.owned.of_organizations(self.period(from, to)))
    }

    /// The changes of aliases, in order of time.
    pub fn changes_of_aliases(&self) -> impl DoubleEndedIterator<Item = &Change> {
        self.changes_at(self.owned.aliases())
    }

    /// The first change that an event made.
    pub fn change_by(&self, event_id: &str) -> Option<&Change> {
        self.changes.get(self.owned.by_event(event_id)? as usize)
    }

    /// The changes of a period, both ends included, in order of time.
    pub fn changes_within(&self, from: Time, to: Time) -> &[Change] {
        let first = self.changes.partition_point(|change| change.time < from);
        let after = self.changes.partition_point(|change| change.time <= to);
        self.changes.get(first..after).unwrap_or_default()
    }

    /// The states before and after a change.
    pub fn around(&self, change: &Change) -> Option<(&State, &State)> {
        self.timelines.get(&change.subject)?.around(change.time, &change.event_id)
    }

    /// Damage in the dumps.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Principals and resources of which anything is recorded, by ARN or id, in order.
    pub fn owners(&self) -> BTreeSet<String> {
        self.timelines.keys().filter_map(|subject| self.owner(subject)).collect()
    }

    /// The ARN or id a subject belongs to.
    pub fn owner(&self, subject: &Subject) -> Option<String> {
        let entity = |entity: &Entity| Some(self.arn_of(entity));
        match subject {
            Subject::Entity(of)
            | Subject::InlinePolicy { of, .. }
            | Subject::Attachment { to: of, .. }
            | Subject::Boundary(of)
            | Subject::TrustPolicy(of)
            | Subject::Membership { user: of, .. } => entity(of),
            Subject::ManagedPolicy(arn) | Subject::PolicyVersion { policy: arn, .. } => {
                Some(arn.clone())
            }
            Subject::ResourcePolicy(name)
            | Subject::KeyState(name)
            | Subject::Grant { key: name, .. }
            | Subject::Tag { of: name, .. } => {
                Some(self.key_arn(name).map_or_else(|| name.clone(), str::to_owned))
            }
            Subject::Alias(of)
            | Subject::PublicAccessBlock(of)
            | Subject::VpcEndpointPolicy(of)
            | Subject::OrganizationPolicy(of)
            | Subject::OrganizationAttachment { target: of, .. }
            | Subject::Parent(of)
            | Subject::SessionPolicy(of)
            | Subject::PolicyTypeEnabled { root: of, .. }
            | Subject::Setting { of, .. } => Some(of.clone()),
        }
    }

    /// The ARNs of the keys that trail or dumps tell of, in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.keys.values()
    }

    /// Whether no list of a dump is known, so that there is only the trail.
    pub fn is_without_dumps(&self) -> bool {
        self.listed.is_empty()
    }

    /// The ARN of a key, where it is known, for its name.
    pub fn key_name(&self, name: &str) -> String {
        self.key_arn(name).map_or_else(|| name.to_owned(), str::to_owned)
    }

    /// Types and names of organization policies, and who manages the organization.
    fn learn(&mut self, event: &Event) {
        let call = Call::new(event);
        if let Some(arn) = call.key_arn().filter(|_| event.source().starts_with("kms.")) {
            self.learn_arn(&arn);
        }
        if !event.source().starts_with("organizations.") {
            return;
        }
        let arn = call.answer("policy.policySummary.arn");
        let id = arn.and_then(|arn| arn.split('/').find(|part| part.starts_with("o-")));
        let at = self.organization_of_call(id, event.account());
        let Some(organization) = self.organizations.get_mut(at) else { return };
        if event.name() != "LeaveOrganization" {
            let account = event.account().map(str::to_owned);
            let known = organization.management_account.take();
            organization.management_account = known.or(account);
        }
        organization.id = organization.id.take().or(id.map(str::to_owned));
        let targets = ["targetId", "parentId", "rootId", "sourceParentId", "destinationParentId"];
        let mut targets = targets.into_iter().filter_map(|name| call.text(name));
        if let Some(root) = targets.find(|target| target.starts_with("r-")) {
            organization.root.get_or_insert_with(|| root.to_owned());
        }
        let id = call.answer("policy.policySummary.id").or_else(|| call.text("policyId"));
        let Some(id) = id else { return };
        let info = self.organization_policies.entry(id.to_owned()).or_default();
        info.kind = info.kind.or_else(|| change::organization_policy_type(&call));
        let summary = |member: &str| call.answer(&format!("policy.policySummary.{member}"));
        info.name = info.name.take().or_else(|| summary("name").map(str::to_owned));
        info.arn = info.arn.take().or_else(|| summary("arn").map(str::to_owned));
    }

    /// The place of the organization that a call of Organizations acts on: the one with the id its
    /// answer has, or the one that the calling account manages; else the first.
    fn organization_of_call(&mut self, id: Option<&str>, caller: Option<&str>) -> usize {
        if self.organizations.is_empty() {
            self.organizations.push(Organization::default());
        }
        let all = &self.organizations;
        let same = |one: &Organization| id.is_some() && one.id.as_deref() == id;
        let managed = |one: &Organization| one.management_account.as_deref() == caller;
        all.iter().position(same).or_else(|| all.iter().position(managed)).unwrap_or(0)
    }

    fn learn_arn(&mut self, arn: &str) {
        if let Some(entity) = Entity::from_arn(arn).filter(|_| arn.contains(":iam:")) {
            self.entities.entry(entity).or_insert_with(|| arn.to_owned());
        } else if arn.contains(":kms:") && arn.contains(":key/") {
            self.keys.entry(resource_name(arn)).or_insert_with(|| arn.to_owned());
        }
    }

    /// Orders the changes, gives those of organization policies the layer that only other events or
    /// a dump tell, and leaves out policies that decide nothing.
    fn finish_changes(&mut self) {
        let policies = &self.organization_policies;
        let kind = |subject: &Subject| match subject {
            Subject::OrganizationPolicy(policy)
            | Subject::OrganizationAttachment { policy, .. } => policies.get(policy)?.kind,
            _ => None,
        };
        self.changes.retain(|change| kind(&change.subject) != Some(PolicyType::Other));
        for change in &mut self.changes {
            if let Some(kind) = kind(&change.subject) {
                change.layer = kind.layer();
            }
        }
        // One call delivered to two accounts is two events with one effect.
        self.changes.sort_by(|a, b| {
            (a.time, &a.event_id, &a.subject).cmp(&(b.time, &b.event_id, &b.subject))
        });
        self.changes.dedup_by(|later, earlier| {
            later.event_id == earlier.event_id && later.subject == earlier.subject
        });
    }

    fn add_change(&mut self, change: Change) {
        let was_absent = matches!(&change.before, change::Before::Certain(Value::Absent));
        if let (true, Subject::ResourcePolicy(name)) = (was_absent, &change.subject) {
            self.created.insert(name.clone());
            if let Some(account) = change.account.as_ref().filter(|_| name.contains(":s3:::")) {
                self.owners.insert(name.clone(), account.clone());
            }
        }
        let mark = Mark::Changed {
            operation: change.operation,
            before: change.before,
            event: change.event_id,
        };
        self.timelines.entry(change.subject).or_default().add(change.time, mark);
    }

    fn add_sightings(&mut self, sightings: Sightings<'_>) {
        let mut sightings: Vec<_> = sightings.into_iter().collect();
        sightings.sort_by_key(|(arn, _)| *arn);
        for (arn, mut ids) in sightings {
            let Some(entity) = Entity::from_arn(arn) else { continue };
            self.learn_arn(arn);
            ids.sort_by_key(|sighting| sighting.id);
            let timeline = self.timelines.entry(Subject::Entity(entity)).or_default();
            for Sighting { id, first, last } in ids {
                for event in [first, last] {
                    let value = Value::text(id);
                    let source = Source::Event(event.id().into());
                    timeline.add(event.time, Mark::Seen { value, source });
                }
            }
        }
    }

    /// What a complete list does not show was absent.
    fn add_scopes(&mut self, scopes: Vec<(Scope, Time, Source)>) {
        for (scope, time, source) in scopes {
            let elsewhere = self.other_organizations(&scope, &source);
            let add = |timeline: &mut Timeline| {
                if !timeline.seen_in(&source) {
                    let mark = Mark::Seen { value: Value::Absent, source: source.clone() };
                    timeline.add(time, mark);
                }
            };
            let policies = &self.organization_policies;
            let covered = |subject: &Subject| scope.covers(subject, policies);
            match scope.starts() {
                // What one thing owns stands together, so that a dump of thousands of roles does
                // not look at every subject for each of them.
                Some(starts) => starts.into_iter().for_each(|first| {
                    let together = self.timelines.range_mut(first..);
                    let covered = together.take_while(|(s, _)| covered(s));
                    covered.filter(|(s, _)| !elsewhere.contains(s)).for_each(|(_, t)| add(t));
                }),
                None => {
                    let all = self.timelines.iter_mut();
                    all.filter(|(s, _)| covered(s)).for_each(|(_, t)| add(t));
                }
            }
            if let Scope::Grants(key) = &scope {
                let account = self.keys.get(key).and_then(|arn| arn.split(':').nth(4));
                self.grant_accounts.extend(account.map(str::to_owned));
            }
            self.listed.insert(scope);
        }
    }

    fn index(&mut self) {
        for subject in self.timelines.keys() {
            if let Subject::OrganizationAttachment { policy, target } = subject {
                self.at_target.entry(target.clone()).or_default().insert(policy.clone());
            }
        }
    }

    pub(crate) fn timeline(&self, subject: &Subject) -> Option<&Timeline> {
        self.timelines.get(subject)
    }

    fn timelines_from(&self, first: Subject) -> impl Iterator<Item = (&Subject, &Timeline)> {
        self.timelines.range(first..)
    }

    fn is_listed(&self, scope: &Scope) -> bool {
        self.listed.contains(scope)
    }

    fn is_created(&self, resource: &str) -> bool {
        self.created.contains(resource)
    }

    /// Whether a dump has the grants of other keys of the key's account: then a key without such a
    /// file most likely has no grants.
    fn lists_grants_of_others(&self, key: &str) -> bool {
        let account = self.keys.get(key).and_then(|arn| arn.split(':').nth(4));
        account.is_some_and(|account| self.grant_accounts.contains(account))
    }

    /// Whether all policies of a type at a target are known: a dump lists them by target, or lists
    /// the targets of every policy of the type, that of AWS included, which every organization has
    /// (Organizations user guide, "Managing AWS Organizations policies": `FullAWSAccess` and
    /// `RCPFullAWSAccess`). A policy whose targets are missing may hang anywhere.
    fn is_level_listed(&self, target: &str, kind: PolicyType) -> bool {
        if self.listed.contains(&Scope::PoliciesAt(target.to_owned(), kind)) {
            return true;
        }
        let Some(organization) = self.organization_at(target) else { return false };
        let lists = |policy: &str| self.listed.contains(&Scope::TargetsOf(policy.to_owned()));
        let of_aws = match kind {
            PolicyType::Rcp => "p-RCPFullAWSAccess",
            _ => "p-FullAWSAccess",
        };
        let here = self.organizations.get(organization).and_then(|one| one.id.as_deref());
        let is_of_kind = |policy: &&String| {
            let info = self.organization_policy(policy).filter(|info| info.kind == Some(kind));
            let arn = info.and_then(|info| info.arn.as_deref()).unwrap_or_default();
            let of = arn.split('/').find(|part| part.starts_with("o-"));
            info.is_some() && (of.is_none() || here.is_none() || of == here)
        };
        self.targets_listed.contains(&(of_aws.to_owned(), organization))
            && !self.cut_off.contains(&Scope::OrganizationPolicies(kind))
            && self.dumped_policies.iter().filter(is_of_kind).all(|policy| lists(policy))
    }

    /// The place, among the organizations known, of the one that a root, organizational unit or
    /// account belongs to; where one is known, everything is taken to belong to it.
    fn organization_at(&self, target: &str) -> Option<usize> {
        if self.organizations.len() <= 1 {
            return Some(0);
        }
        let mut target = target;
        // Nesting is at most five levels deep (Organizations quotas); a loop is damage.
        for _ in 0..16 {
            if let Some(at) = self.organizations.iter().position(|one| one.holds(target)) {
                return Some(at);
            }
            let above = self.timelines.get(&Subject::Parent(target.to_owned()))?;
            target = above.states().find_map(|state| state.value()?.as_text())?;
        }
        None
    }

    /// Where AWS's own policies of the same id hang in other organizations than the one whose
    /// targets a file lists.
    fn other_organizations(&mut self, scope: &Scope, source: &Source) -> BTreeSet<Subject> {
        let Scope::TargetsOf(policy) = scope else { return BTreeSet::new() };
        let first =
            Subject::OrganizationAttachment { policy: policy.clone(), target: String::new() };
        let targets: Vec<(Subject, Option<usize>, bool)> = self
            .timelines
            .range(first..)
            .map_while(|(subject, timeline)| match subject {
                Subject::OrganizationAttachment { policy: of, target } if of == policy => {
                    let at = self.organization_at(target);
                    Some((subject.clone(), at, timeline.seen_in(source)))
                }
                _ => None,
            })
            .collect();
        let mut here: BTreeSet<Option<usize>> =
            targets.iter().filter(|(_, _, shown)| *shown).map(|(_, at, _)| *at).collect();
        if self.organizations.len() <= 1 {
            here.insert(Some(0));
        }
        self.targets_listed.extend(here.iter().flatten().map(|at| (policy.clone(), *at)));
        let is_elsewhere = |at: &Option<usize>| self.organizations.len() > 1 && !here.contains(at);
        targets.into_iter().filter(|(_, at, _)| is_elsewhere(at)).map(|(s, ..)| s).collect()
    }

    fn policies_ever_at(&self, target: &str) -> impl Iterator<Item = &str> {
        self.at_target.get(target).into_iter().flatten().map(String::as_str)
    }

    fn organization_policy(&self, id: &str) -> Option<&PolicyInfo> {
        self.organization_policies.get(id)
    }

    /// Reads every document once; what cannot be read becomes a gap that says where.
    fn compile(&mut self) {
        let mut compiled = HashMap::with_hasher(FixedState::default());
        let mut gaps = Vec::new();
        for (subject, timeline) in self.timelines.iter().filter(|(s, _)| s.is_document()) {
            for state in timeline.states() {
                let Some(text) = text_of(&state.known) else { continue };
                if compiled.contains_key(text) {
                    continue;
                }
                let file = place(state.source.as_ref());
                let complain = |place, message: &str| {
                    file.as_ref().map(|file| gap(file, place, subject, message))
                };
                match Policy::parse(text) {
                    Ok(policy) => {
                        let warnings = policy.warnings().iter();
                        gaps.extend(warnings.filter_map(|w| complain(w.place, &w.message)));
                        compiled.insert(text.clone(), Arc::new(policy));
                    }
                    Err(PolicyError { line, column, message }) => {
                        gaps.extend(complain(Some((line, column)), &message));
                    }
                }
            }
        }
        self.compiled = compiled;
        self.gaps.append(&mut gaps);
        self.gaps.sort();
        self.gaps.dedup();
    }

    fn find_replaced(&mut self) {
        self.replaced = self
            .timelines
            .iter()
            .filter_map(|(subject, timeline)| match subject {
                Subject::Entity(entity) => Some((entity, timeline)),
                _ => None,
            })
            .filter(|(_, timeline)| {
                let mut known = timeline.states().filter_map(State::value);
                let first = known.next();
                known.any(|value| Some(value) != first)
            })
            .map(|(entity, _)| entity.clone())
            .collect();
    }

    /// A document, compiled; `None` where it cannot be read.
    pub(crate) fn compiled(&self, text: &Arc<str>) -> Option<Arc<Policy>> {
        match self.compiled.get(text) {
            Some(policy) => Some(policy.clone()),
            None => Policy::parse(text).ok().map(Arc::new),
        }
    }

    /// What is known of the organization that a root, organizational unit or account belongs to.
    pub fn organization(&self, target: &str) -> &Organization {
        let found = self.organization_at(target).and_then(|at| self.organizations.get(at));
        found.unwrap_or(&dump::UNKNOWN)
    }

    /// What dumps and AWS's own accounts gave; `None` where there are none.
    pub fn given(&self) -> Option<&[Given]> {
        self.given.as_deref()
    }

    /// The owner of what belongs to a role, user or group.
    pub fn owner_of(&self, entity: &Entity) -> String {
        self.arn_of(entity)
    }

    /// The full ARN of an entity; without its path where that is not known.
    fn arn_of(&self, entity: &Entity) -> String {
        let made_up = || entity.arn_in(self.partitions.of(&entity.account));
        self.entities.get(entity).cloned().unwrap_or_else(made_up)
    }

    fn key_arn(&self, name: &str) -> Option<&str> {
        self.keys.get(name).map(String::as_str)
    }

    fn key_metadata(&self, name: &str) -> Option<&Json> {
        self.key_metadata.get(name)
    }
}

fn text_of(known: &Known) -> Option<&Arc<str>> {
    match known {
        Known::Is(Value::Text(text)) | Known::Partly(text) => Some(text),
        Known::Unknown { likely: Some(Value::Text(text)), .. } => Some(text),
        _ => None,
    }
}

/// What a complaint about a document from the trail names; dumps complain themselves, with the
/// place in the file.
fn place(source: Option<&Source>) -> Option<Arc<str>> {
    match source? {
        Source::Event(id) | Source::Before(id) => Some(format!("event {id}").into()),
        Source::File(_) | Source::Default(_) => None,
    }
}

fn gap(file: &Arc<str>, place: Option<(usize, usize)>, about: &Subject, message: &str) -> Gap {
    Gap {
        file: file.clone(),
        line: place.map(|(line, _)| line),
        column: place.map(|(_, column)| column),
        about: Some(about.clone()),
        message: message.to_owned(),
    }
}

/// Notes which unique id a user or role called with, and when.
/// The key that a record names by an alias of AWS: these stand for AWS managed keys only (KMS
/// developer guide, "AWS managed keys").
fn managed_key(event: &Event) -> Option<String> {
    if event.source() != "kms.amazonaws.com" {
        return None;
    }
    event.request().filter(|request| request.contains(AWS_ALIAS))?;
    let key = crate::chain::kms_key(event)?;
    subject::key_name_of(key, event.region())
}

const AWS_ALIAS: &str = "alias/aws/";

fn sight<'e>(event: &'e Event, sightings: &mut Sightings<'e>) {
    if let Some((arn, id)) = sighted(event) {
        add(sightings.entry(arn).or_default(), Sighting { id, first: event, last: event });
    }
}

/// The user or role that made a call, and its unique id.
fn sighted(event: &Event) -> Option<(&str, &str)> {
    let (arn, id) = match event.identity_type {
        IdentityType::IamUser => (event.arn(), event.principal_id()),
        _ => (event.get(Field::IssuerArn), event.get(Field::IssuerPrincipalId)),
    };
    let (arn, id) = (arn?, id?);
    (id.starts_with("AROA") || id.starts_with("AIDA")).then_some((arn, id))
}

fn add<'e>(ids: &mut Vec<Sighting<'e>>, new: Sighting<'e>) {
    // The id of the event decides a tie, so that the order of events does not.
    let is_before = |one: &Event, other: &Event| {
        one.time.cmp(&other.time).then_with(|| one.id().cmp(other.id())).is_lt()
    };
    match ids.iter_mut().find(|seen| seen.id == new.id) {
        Some(seen) => {
            if is_before(new.first, seen.first) {
                seen.first = new.first;
            }
            if is_before(seen.last, new.last) {
                seen.last = new.last;
            }
        }
        None => ids.push(new),
    }
}

fn unite<'e>(mut one: Sightings<'e>, other: Sightings<'e>) -> Sightings<'e> {
    for (arn, ids) in other {
        let known = one.entry(arn).or_default();
        ids.into_iter().for_each(|new| add(known, new));
    }
    one
}
