//! What was in force at one moment: every question about policies, grants, key states, tags and the
//! organization, answered with its source, or with what is missing.

use std::collections::BTreeMap;

use super::History;
use super::answer::Document;
use super::answer::{
    Documents, GrantInForce, Grants, Held, Likely, Missing, Naming, Tags, Why, held, missing,
};
use super::change::{FULL_ACCESS, Grant, Value};
use super::dump::{Endpoint, Scope};
use super::replay::{Known, Source, State};
use super::subject::{Entity, EntityKind, Subject, key_name_of, resource_name};
use crate::event::Time;
use crate::event::arn::{self, Arn};

mod organization;

/// What was in force at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Inventory<'h> {
    pub(super) history: &'h History,
    pub(super) time: Time,
}

/// AWS managed policies whose documents are known without a dump: AWS documents them, and they have
/// not changed since they exist (AWS managed policy reference; Organizations, "FullAWSAccess").
const WELL_KNOWN: [(&str, &str); 3] = [
    (
        ":iam::aws:policy/AdministratorAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "p-FullAWSAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "p-RCPFullAWSAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
    ),
];

pub(super) fn well_known(name: &str) -> Option<&'static str> {
    WELL_KNOWN.iter().find(|(suffix, _)| name.ends_with(suffix)).map(|(_, text)| *text)
}

/// Source of [`WELL_KNOWN`].
const MANAGED_POLICY_REFERENCE: &str = "AWS managed policy reference";

impl<'h> Inventory<'h> {
    /// The moment.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The history this is a moment of.
    pub fn history(&self) -> &'h History {
        self.history
    }

    /// The state of a subject; `None` where nothing was ever recorded of it.
    pub fn state(&self, subject: &Subject) -> Option<&'h State> {
        self.history.timeline(subject)?.at(self.time)
    }

    /// The identity policies of a user, role or group, by its ARN or that of a role session: inline
    /// and managed ones, and for users those of their groups.
    pub fn identity_policies(&self, principal: &str) -> Documents {
        match Entity::from_arn(principal) {
            Some(entity) => self.policies_of(&entity),
            None => Documents::default(),
        }
    }

    fn policies_of(&self, entity: &Entity) -> Documents {
        let mut all = Documents::default();
        let owner = self.arn_of(entity);
        let first = Subject::InlinePolicy { of: entity.clone(), name: String::new() };
        for (subject, state) in self.from(first) {
            match subject {
                Subject::InlinePolicy { of, name } if of == entity => {
                    let named =
                        Naming { name: Some(name.clone()), arn: None, to: Some(owner.clone()) };
                    all.add(held(subject, state, named));
                }
                _ => break,
            }
        }
        let first = Subject::Attachment { to: entity.clone(), policy: String::new() };
        for (subject, state) in self.from(first) {
            match subject {
                Subject::Attachment { to, policy } if to == entity => {
                    all.add(self.if_present(subject, state, || self.managed(policy, &owner)));
                }
                _ => break,
            }
        }
        if entity.kind == EntityKind::User {
            self.add_groups(entity, &mut all);
        }
        if !self.is_list_complete(entity) {
            all.missing.push(Missing {
                subject: Subject::Entity(entity.clone()),
                why: Why::ListIncomplete,
                likely: Likely::Unknown,
            });
        }
        all
    }

    fn add_groups(&self, user: &Entity, all: &mut Documents) {
        let lowest = Entity::new("", EntityKind::User, "");
        let first = Subject::Membership { user: user.clone(), group: lowest };
        for (subject, state) in self.from(first) {
            let Subject::Membership { user: of, group } = subject else { break };
            if of != user {
                break;
            }
            match &state.known {
                Known::Is(Value::Absent) => {}
                Known::Is(_) => {
                    let group = self.policies_of(group);
                    all.documents.extend(group.documents);
                    all.missing.extend(group.missing);
                }
                _ => all.missing.push(missing(subject, state)),
            }
        }
    }

    /// Whether all policies of the entity are recorded: a dump lists them, or the trail saw the
    /// entity being made.
    fn is_list_complete(&self, entity: &Entity) -> bool {
        let listed = self.history.is_listed(&Scope::Entity(entity.clone()))
            || self.history.is_listed(&Scope::Entities(entity.account.clone(), entity.kind));
        let state = self.state(&Subject::Entity(entity.clone()));
        listed || state.is_some_and(|state| state.since.is_some())
    }

    /// What an attachment or boundary leads to, if it is there.
    fn if_present(&self, subject: &Subject, state: &State, then: impl FnOnce() -> Held) -> Held {
        match &state.known {
            Known::Is(Value::Absent) => Held::default(),
            Known::Is(_) => then(),
            _ => Held { document: None, missing: Some(missing(subject, state)) },
        }
    }

    /// The default version of a managed policy.
    fn managed(&self, arn: &str, attached_to: &str) -> Held {
        let subject = Subject::ManagedPolicy(arn.to_owned());
        let naming = Naming {
            name: arn.rsplit('/').next().map(str::to_owned),
            arn: Some(arn.to_owned()),
            to: Some(attached_to.to_owned()),
        };
        let state = self.state(&subject);
        if let Some(version) = state.and_then(State::value).and_then(Value::as_text)
            && let Some(found) = self.version(arn, version, &subject, state, &naming)
        {
            return found;
        }
        if let Some(text) = well_known(arn) {
            let source = Source::Default(MANAGED_POLICY_REFERENCE);
            return Held::known(naming.document(subject, text.into(), source, None));
        }
        let until = match state.map(|state| &state.known) {
            Some(Known::Unknown { until, .. }) => until.clone(),
            _ => None,
        };
        let likely = until.as_deref().and_then(|event| self.version_before(arn, event, &naming));
        let missing = Missing {
            subject,
            why: until.map_or(Why::NotRecorded, Why::BeforeChange),
            likely: likely.map_or(Likely::Unknown, |document| Likely::Document(document.into())),
        };
        Held { document: None, missing: Some(missing) }
    }

    /// The document of a version, which is the same at all times.
    fn version(
        &self,
        arn: &str,
        version: &str,
        subject: &Subject,
        state: Option<&State>,
        naming: &Naming,
    ) -> Option<Held> {
        let of = Subject::PolicyVersion { policy: arn.to_owned(), version: version.to_owned() };
        let known =
            self.history.timeline(&of)?.states().find(|state| {
                matches!(state.known, Known::Is(Value::Text(_) | Value::Hidden(_)))
            })?;
        let since = state.and_then(|state| state.since);
        let source = match since {
            Some(_) => state.and_then(|state| state.source.clone()),
            None => known.source.clone(),
        };
        let shown = State { known: known.known.clone(), source, since };
        Some(held(subject, &shown, naming.clone()))
    }

    /// Before another version became the default, it was probably the one with the next lower
    /// number of those that still exist.
    fn version_before(&self, arn: &str, event: &str, naming: &Naming) -> Option<Document> {
        let subject = Subject::ManagedPolicy(arn.to_owned());
        let time = self.history.change_by(event)?.time;
        let (_, after) = self.history.timeline(&subject)?.around(time, event)?;
        let number = |version: &str| version.strip_prefix('v')?.parse::<u32>().ok();
        let next = after.value().and_then(Value::as_text).and_then(number)?;
        let first = Subject::PolicyVersion { policy: arn.to_owned(), version: String::new() };
        let version = self
            .from(first)
            .map_while(|(subject, _)| match subject {
                Subject::PolicyVersion { policy, version } if policy == arn => Some(version),
                _ => None,
            })
            .filter_map(|version| Some((number(version)?, version)))
            .filter(|(number, _)| *number < next)
            .max()?
            .1;
        self.version(arn, version, &subject, None, naming)?.document
    }

    /// The permissions boundary of a user or role.
    pub fn boundary(&self, principal: &str) -> Held {
        let Some(entity) = Entity::from_arn(principal) else { return Held::default() };
        let owner = self.arn_of(&entity);
        let subject = Subject::Boundary(entity);
        match self.state(&subject) {
            None => Held::not_recorded(subject),
            Some(state) => match state.value().and_then(Value::as_text) {
                Some(policy) => self.managed(policy, &owner),
                None => self.if_present(&subject, state, || Held::not_recorded(subject.clone())),
            },
        }
    }

    /// The trust policy of a role.
    pub fn trust_policy(&self, role: &str) -> Held {
        let Some(entity) = Entity::from_arn(role) else { return Held::default() };
        let to = Some(self.arn_of(&entity));
        self.one(Subject::TrustPolicy(entity), Naming { to, ..Naming::default() })
    }

    /// The policy of a resource; of a KMS key its key policy; for an S3 object its bucket's.
    pub fn resource_policy(&self, arn: &str) -> Held {
        let name = resource_name(arn);
        let to = Some(self.history.key_arn(&name).map_or(name.clone(), str::to_owned));
        self.one(Subject::ResourcePolicy(name), Naming { to, ..Naming::default() })
    }

    /// Whether a dump has the account's identities and policies.
    pub fn has_dump_of(&self, account: &str) -> bool {
        let is_listed = |scope| self.history.is_listed(&scope);
        is_listed(Scope::ManagedPolicies(account.to_owned()))
            || [EntityKind::Role, EntityKind::User]
                .into_iter()
                .any(|kind| is_listed(Scope::Entities(account.to_owned(), kind)))
    }

    /// Whether a dump of the account has policies of buckets.
    pub fn has_bucket_policies_of(&self, account: &str) -> bool {
        self.has_dump_of(account) && self.history.owners.values().any(|owner| owner == account)
    }

    /// Account-wide resource policies of CloudWatch Logs in the Region of this ARN.
    pub fn logs_policies(&self, arn: &str) -> Documents {
        let Some(Arn { partition, region, account, .. }) = Arn::parse(arn) else {
            return Documents::default();
        };
        let prefix = format!("arn:{partition}:logs:{region}:{account}:resource-policy:");
        let mut all = Documents::default();
        for (subject, state) in self.from(Subject::ResourcePolicy(prefix.clone())) {
            match subject {
                Subject::ResourcePolicy(name) if name.starts_with(&prefix) => {
                    let short = name.get(prefix.len()..).map(str::to_owned);
                    let naming = Naming { name: short, arn: None, to: Some(account.to_owned()) };
                    all.add(held(subject, state, naming));
                }
                _ => break,
            }
        }
        all.missing.push(Missing {
            subject: Subject::ResourcePolicy(prefix),
            why: Why::ListIncomplete,
            likely: Likely::Unknown,
        });
        all
    }

    /// The policy of a VPC endpoint.
    pub fn vpc_endpoint_policy(&self, id: &str) -> Held {
        let to = Some(id.to_owned());
        let subject = Subject::VpcEndpointPolicy(id.to_owned());
        let mut held = self.one(subject.clone(), Naming { to: to.clone(), ..Naming::default() });
        // An endpoint always has a policy; the default one lets everything through.
        if held.document.is_none() && held.missing.is_none() {
            let source = Source::Default("VPC endpoint policies");
            let naming = Naming { to, ..Naming::default() };
            held.document = Some(naming.document(subject, FULL_ACCESS.into(), source, None));
        }
        held
    }

    /// The settings of S3 Block Public Access, of a bucket by ARN or an account by number.
    pub fn public_access_block(&self, of: &str) -> Held {
        let name = if of.starts_with("arn:") { resource_name(of) } else { of.to_owned() };
        let to = Some(name.clone());
        self.one(Subject::PublicAccessBlock(name), Naming { to, ..Naming::default() })
    }

    fn one(&self, subject: Subject, naming: Naming) -> Held {
        match self.state(&subject) {
            Some(state) => held(&subject, state, naming),
            None => Held::not_recorded(subject),
        }
    }

    /// The state of a KMS key by ARN or id, as KMS words it (`Enabled`, `Disabled`, …).
    pub fn key_state(&self, key: &str) -> Option<&'h State> {
        self.state(&Subject::KeyState(self.key(key)?))
    }

    /// The name of a key given by ARN, id or alias ARN.
    pub fn key(&self, key: &str) -> Option<String> {
        if let Some(name) = key_name_of(key, None) {
            return Some(name);
        }
        let state = self.state(&Subject::Alias(key.to_owned()))?;
        state.value()?.as_text().map(str::to_owned)
    }

    /// Whether AWS manages the key, so that nobody else can change its policy (KMS developer guide,
    /// "AWS managed keys"): as its description, a record, or an alias that stands for it tells.
    pub fn is_aws_managed(&self, key: &str) -> bool {
        let Some(name) = self.key(key) else { return false };
        let manager = self.history.key_metadata(&name).and_then(|m| m.get("KeyManager"));
        if let Some(manager) = manager {
            return manager == "AWS";
        }
        self.history.aws_managed_keys.contains(&name)
            || self
                .from(Subject::Alias(String::new()))
                .take_while(|(subject, _)| matches!(subject, Subject::Alias(_)))
                .any(|(subject, state)| {
                    let stands = state.value().and_then(Value::as_text) == Some(name.as_str());
                    stands && matches!(subject, Subject::Alias(arn) if arn.contains(":alias/aws/"))
                })
    }

    /// The grants on a key.
    pub fn grants(&self, key: &str) -> Grants {
        self.grants_where(key, |_| true)
    }

    /// Those grants on a key that are of interest: a key of many volumes has thousands.
    pub fn grants_where(&self, key: &str, is_wanted: impl Fn(&Grant) -> bool) -> Grants {
        let Some(key) = self.key(key) else { return Grants::default() };
        let mut all = Grants::default();
        let first = Subject::Grant { key: key.clone(), id: String::new() };
        for (subject, state) in self.from(first) {
            let Subject::Grant { key: of, .. } = subject else { break };
            if *of != key {
                break;
            }
            match &state.known {
                Known::Is(Value::Grant(grant)) if !is_wanted(grant) => {}
                Known::Is(Value::Grant(grant)) => all.grants.push(GrantInForce {
                    grant: grant.clone(),
                    source: state.source.clone().unwrap_or(Source::Default("unknown")),
                    stale: self.is_stale(grant),
                }),
                Known::Is(_) | Known::Unknown { likely: Some(Value::Absent), .. } => {}
                _ => all.missing.push(missing(subject, state)),
            }
        }
        let made_here = self
            .state(&Subject::KeyState(key.clone()))
            .is_some_and(|state| state.since.is_some() && self.history.is_created(&key));
        if !made_here && !self.history.is_listed(&Scope::Grants(key.clone())) {
            let likely = match self.history.lists_grants_of_others(&key) {
                true => Likely::Nothing,
                false => Likely::Unknown,
            };
            let subject = Subject::Grant { key, id: "*".to_owned() };
            all.missing.push(Missing { subject, why: Why::ListIncomplete, likely });
        }
        all
    }

    /// A grant binds the unique id its grantee had when it was made.
    fn is_stale(&self, grant: &Grant) -> Option<bool> {
        let entity = Entity::from_arn(&grant.grantee)?;
        if entity.name == "aws:ec2-infrastructure" {
            return Some(false);
        }
        let subject = Subject::Entity(entity);
        let timeline = self.history.timeline(&subject)?;
        let then = timeline.at(grant.created?)?.value()?.as_text()?;
        let now = timeline.at(self.time)?.value()?;
        Some(now.as_text() != Some(then))
    }

    /// The unique id (`AROA…`, `AIDA…`) a principal had.
    pub fn unique_id(&self, principal: &str) -> Option<&'h str> {
        let subject = Subject::Entity(Entity::from_arn(principal)?);
        self.state(&subject)?.value()?.as_text()
    }

    /// The full ARN of an entity, with its path where that is known.
    pub fn arn_of(&self, entity: &Entity) -> String {
        self.history.arn_of(entity)
    }

    /// The tags of a principal or resource by ARN.
    pub fn tags(&self, arn: &str) -> Tags {
        let (of, listed) = match Entity::from_arn(arn) {
            Some(entity) => {
                let made_here = self
                    .state(&Subject::Entity(entity.clone()))
                    .is_some_and(|state| state.since.is_some());
                let partition = Arn::parse(arn).map_or("aws", |arn| arn.partition);
                (entity.arn_in(partition), made_here)
            }
            None => {
                let name = resource_name(arn);
                let made_here = self.history.is_created(&name);
                (name, made_here)
            }
        };
        let mut all = Tags {
            tags: BTreeMap::new(),
            complete: listed || self.history.is_listed(&Scope::Tags(of.clone())),
        };
        let first = Subject::Tag { of: of.clone(), key: String::new() };
        for (subject, state) in self.from(first) {
            let Subject::Tag { of: tagged, key } = subject else { break };
            if *tagged != of {
                break;
            }
            match &state.known {
                Known::Is(Value::Text(value)) => {
                    all.tags.insert(key.clone(), value.to_string());
                }
                Known::Is(_) => {}
                _ => all.complete = false,
            }
        }
        all
    }

    /// The metadata `describe-key` shows of a key.
    pub fn key_metadata(&self, key: &str) -> Option<&'h serde_json::Value> {
        self.history.key_metadata(&self.key(key)?)
    }

    /// The ARN of a key by its name.
    pub fn key_arn(&self, name: &str) -> Option<&'h str> {
        self.history.key_arn(name)
    }

    /// The account of a resource whose ARN does not say it.
    pub fn owner_of(&self, name: &str) -> Option<String> {
        self.history.owners.get(name).cloned()
    }

    /// What is known of a VPC endpoint besides its policy.
    pub fn endpoint(&self, id: &str) -> Option<&'h Endpoint> {
        self.history.endpoints.get(id)
    }

    /// A managed policy by ARN, whatever it is attached to.
    pub fn managed_policy(&self, arn: &str) -> Held {
        self.managed(arn, arn)
    }

    /// The ARN of the user or role that has this unique id now.
    pub fn arn_of_unique_id(&self, id: &str) -> Option<String> {
        let first = Subject::Entity(Entity::new("", EntityKind::User, ""));
        for (subject, state) in self.from(first) {
            let Subject::Entity(entity) = subject else { break };
            if state.value().and_then(Value::as_text) == Some(id) {
                return Some(self.arn_of(entity));
            }
        }
        None
    }

    /// The document with its principals as AWS reads them now, where that differs from its text.
    ///
    /// IAM keeps a user or role in a policy by unique id: one that was deleted is nobody, also when
    /// another of the same name is made, and a document shown later has the id instead of the ARN
    /// (IAM "Principal", "unique identifiers").
    pub fn current_principals(&self, document: &Document) -> Option<String> {
        if !matches!(document.subject, Subject::ResourcePolicy(_) | Subject::TrustPolicy(_)) {
            return None;
        }
        let mut text: Option<String> = None;
        for entity in &self.history.replaced {
            let subject = Subject::Entity(entity.clone());
            let Some(timeline) = self.history.timeline(&subject) else { continue };
            let id_at = |time| timeline.at(time)?.value()?.as_text();
            let now = id_at(self.time);
            let arn = self.arn_of(entity);
            let current = text.as_deref().unwrap_or(&document.text);
            let quoted = format!("\"{arn}\"");
            let then = document.since.and_then(id_at);
            if let Some(then) = then.filter(|then| Some(*then) != now)
                && current.contains(&quoted)
            {
                text = Some(current.replace(&quoted, &format!("\"{then}\"")));
            } else if let Some(now) = now
                && current.contains(&format!("\"{now}\""))
            {
                text = Some(current.replace(&format!("\"{now}\""), &quoted));
            }
        }
        text
    }

    /// The subjects from `first` on, with their states.
    fn from(&self, first: Subject) -> impl Iterator<Item = (&'h Subject, &'h State)> {
        let time = self.time;
        self.history
            .timelines_from(first)
            .filter_map(move |(subject, timeline)| Some((subject, timeline.at(time)?)))
    }

    /// The ARN of a role session's role, with its path where that is known.
    pub fn role_arn(&self, session: &str) -> Option<String> {
        let (account, name) = arn::role_name(session)?;
        Some(self.arn_of(&Entity::new(account, EntityKind::Role, name)))
    }
}
