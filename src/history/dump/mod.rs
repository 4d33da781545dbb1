//! Policies people have on disk: outputs of the AWS CLI, AWS Config, iam-collect, bare documents.
//! Recognised by content; the file's name and folders say what the content leaves out.
//!
//! A damaged file or document is a gap, not an error: the rest is used, and the gap is told.

mod bare;
mod collect;
pub mod collected;
mod config;
pub mod coverage;
mod iam;
mod kms;
mod names;
mod organizations;
mod permission_sets;
mod place;
mod resource;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::change::Value;
use super::change::{at, text_at};
use super::partitions::Partitions;
use super::replay::Source;
use super::subject::{Entity, PolicyType, Subject};
use crate::error::{Error, Result};
use crate::event::Time;
use crate::event::arn::Arn;
use crate::event::partition::{self, Partition};
use crate::given::{self, Cap};
use crate::iam::{Policy, PolicyError};
use crate::wording::{Sentence, Wording};
pub(crate) use names::Names;
pub(crate) use permission_sets::{Set, SetFact};

/// Largest file read, unpacked: a dump of a large account has tens of megabytes.
const LARGEST: Cap = Cap { bytes: 512 << 20, instead: "dump each account to a file of its own" };

/// Faults of one document that are told one by one; finding the place of one is reading the file.
const FAULTS: usize = 100;

/// What is said of a page that is not the last one.
const CUT_OFF: &str = "the list goes on on another page";

/// What a dump shows of one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Of what.
    pub subject: Subject,
    /// The state shown.
    pub value: Value,
    /// As of when.
    pub time: Time,
    /// The file.
    pub source: Source,
}

/// Which subjects a file lists completely: those it does not show were absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All entities of this kind in an account.
    Entities(String, super::subject::EntityKind),
    /// All customer managed policies of an account.
    ManagedPolicies(String),
    /// What belongs to one entity: inline policies, attachments, groups, tags.
    Entity(Entity),
    /// The grants of a key.
    Grants(String),
    /// The targets of an organization policy.
    TargetsOf(String),
    /// All organization policies of a type.
    OrganizationPolicies(PolicyType),
    /// The organization policies of a type at a target.
    PoliciesAt(String, PolicyType),
    /// The tags of a resource or principal.
    Tags(String),
}

impl Scope {
    /// Whether the subject would be in the list if it existed.
    pub fn covers(&self, subject: &Subject, types: &BTreeMap<String, PolicyInfo>) -> bool {
        match (self, subject) {
            (Scope::Entities(account, kind), Subject::Entity(entity)) => {
                entity.account == *account && entity.kind == *kind
            }
            (Scope::Entities(account, kind), Subject::InlinePolicy { of, .. }) => {
                of.account == *account && of.kind == *kind
            }
            (Scope::Entities(account, kind), Subject::Attachment { to, .. }) => {
                to.account == *account && to.kind == *kind
            }
            (
                Scope::Entities(account, kind),
                Subject::Boundary(entity) | Subject::TrustPolicy(entity),
            ) => entity.account == *account && entity.kind == *kind,
            (Scope::Entities(account, kind), Subject::Membership { user, .. }) => {
                user.account == *account && user.kind == *kind
            }
            (Scope::ManagedPolicies(account), Subject::ManagedPolicy(arn)) => {
                arn.split(':').nth(4) == Some(account.as_str())
            }
            (Scope::Entity(entity), Subject::InlinePolicy { of, .. }) => of == entity,
            (Scope::Entity(entity), Subject::Attachment { to, .. }) => to == entity,
            (Scope::Entity(entity), Subject::Boundary(of)) => of == entity,
            (Scope::Entity(entity), Subject::Membership { user, .. }) => user == entity,
            (Scope::Grants(key), Subject::Grant { key: of, .. }) => of == key,
            (Scope::TargetsOf(policy), Subject::OrganizationAttachment { policy: p, .. }) => {
                p == policy
            }
            (
                Scope::PoliciesAt(target, kind),
                Subject::OrganizationAttachment { policy, target: t },
            ) => t == target && types.get(policy).is_none_or(|info| info.kind == Some(*kind)),
            (Scope::Tags(of), Subject::Tag { of: tagged, .. }) => tagged == of,
            _ => false,
        }
    }
}

impl Scope {
    /// The first subjects of each stretch of the order of subjects that the scope covers; `None`
    /// where they lie scattered.
    pub(super) fn starts(&self) -> Option<Vec<Subject>> {
        let lowest = Entity::new("", super::subject::EntityKind::User, "");
        let empty = String::new;
        Some(match self {
            Scope::Entity(of) => vec![
                Subject::InlinePolicy { of: of.clone(), name: empty() },
                Subject::Attachment { to: of.clone(), policy: empty() },
                Subject::Boundary(of.clone()),
                Subject::Membership { user: of.clone(), group: lowest },
            ],
            Scope::Grants(key) => vec![Subject::Grant { key: key.clone(), id: empty() }],
            Scope::TargetsOf(policy) => {
                vec![Subject::OrganizationAttachment { policy: policy.clone(), target: empty() }]
            }
            Scope::Tags(of) => vec![Subject::Tag { of: of.clone(), key: empty() }],
            Scope::Entities(..)
            | Scope::ManagedPolicies(_)
            | Scope::PoliciesAt(..)
            | Scope::OrganizationPolicies(_) => return None,
        })
    }
}

/// What is known of an organization policy besides its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyInfo {
    /// Its type.
    pub kind: Option<PolicyType>,
    /// Its name.
    pub name: Option<String>,
    /// Its ARN.
    pub arn: Option<String>,
}

/// The organization, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// `o-…`.
    pub id: Option<String>,
    /// The management account, which SCPs and RCPs leave alone.
    pub management_account: Option<String>,
    /// `r-…`.
    pub root: Option<String>,
    /// Accounts known to belong to it.
    pub accounts: Vec<String>,
    /// A dump says that the account asked is in no organization.
    pub none: bool,
}

impl Organization {
    /// Whether a root, organizational unit or account is said to belong to it. The id of an
    /// organizational unit begins with that of its root (Organizations API reference,
    /// `OrganizationalUnit`, `Id`).
    pub fn holds(&self, target: &str) -> bool {
        let root = self.root.as_deref().and_then(|root| root.strip_prefix("r-"));
        let of = target.strip_prefix("ou-").and_then(|rest| rest.split('-').next());
        match of.or_else(|| target.strip_prefix("r-")) {
            Some(of) => root == Some(of),
            None => {
                self.management_account.as_deref() == Some(target)
                    || self.accounts.iter().any(|account| account == target)
            }
        }
    }

    /// Notes an account that belongs to it.
    pub(crate) fn add_account(&mut self, account: &str) {
        if !self.accounts.iter().any(|known| known == account) {
            self.accounts.push(account.to_owned());
        }
    }
}

/// An organization of which nothing is known.
pub(super) static UNKNOWN: Organization = Organization {
    id: None,
    management_account: None,
    root: None,
    accounts: Vec::new(),
    none: false,
};

/// A list of which a file shows only the first part, or another part than the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOff {
    /// What the whole list would have shown completely.
    pub scopes: Vec<Scope>,
    /// The file, as named by the user.
    pub file: Arc<str>,
}

/// What is known of a VPC endpoint besides its policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Its VPC.
    pub vpc: Option<String>,
    /// Whether it is a gateway endpoint, not an interface.
    pub gateway: Option<bool>,
}

/// Something a dump should have said and does not: damage, or a document that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The file, as named by the user.
    pub file: Arc<str>,
    /// Line of the damage, from 1.
    pub line: Option<usize>,
    /// Column of the damage, from 1.
    pub column: Option<usize>,
    /// The document it is in, where it is in one.
    pub about: Option<Subject>,
    /// What is wrong, in English as parsers say it.
    pub message: String,
}

impl Gap {
    /// What is wrong, and with which document.
    pub fn what(&self, wording: &Wording) -> String {
        let Some(about) = &self.about else { return self.message.clone() };
        let sentence = Sentence::new("log-flawed-document")
            .arg("what", about.sentence())
            .arg("message", &self.message);
        wording.say(&sentence)
    }

    /// The same behind the place.
    pub fn say(&self, wording: &Wording) -> String {
        let what = self.what(wording);
        match (self.line, self.column) {
            (Some(line), Some(column)) => {
                format!("`{}`, line {line}, column {column}: {what}", self.file)
            }
            _ => format!("`{}`: {what}", self.file),
        }
    }
}

/// Everything the given dumps say.
#[derive(Debug, Clone, Default)]
pub struct Dump {
    /// States, each of one subject at one time.
    pub facts: Vec<Fact>,
    /// What is listed completely, when, and where.
    pub scopes: Vec<(Scope, Time, Source)>,
    /// Damage.
    pub gaps: Vec<Gap>,
    /// Full ARNs of things that are named by less elsewhere: roles with paths, keys.
    pub arns: Vec<String>,
    /// Lists of which pages are missing.
    pub cut_off: Vec<CutOff>,
    /// The organizations, in the order in which they were met.
    pub organizations: Vec<Organization>,
    /// Types and names of organization policies.
    pub organization_policies: BTreeMap<String, PolicyInfo>,
    /// `describe-key`: metadata of keys by name.
    pub keys: BTreeMap<String, Json>,
    /// VPC endpoints by id.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Accounts of buckets, whose ARNs have none.
    pub owners: BTreeMap<String, String>,
    /// Folders of iam-collect that hold one managed policy, with its ARN.
    pub(crate) folders: BTreeMap<String, String>,
    /// Files that were recognised.
    pub files: usize,
    /// Whether any path was given.
    pub is_given: bool,
    /// Whether the user said when it was made. When files were last written differs from copy to copy.
    is_dated: bool,
    /// Versions of managed policies whose file says the policy's name and not its path.
    pub(crate) named: BTreeSet<String>,
    /// Permission sets by id or name.
    pub(crate) permission_sets: BTreeMap<String, Set>,
    /// What is shown of them.
    pub(crate) set_facts: Vec<SetFact>,
    /// ARNs that were made of names, where nothing said the partition.
    guessed: BTreeSet<String>,
    /// Calls of a collection that were answered in none of its runs.
    pub unanswered: Vec<collected::Unanswered>,
    /// What is known of collections while they are read.
    pub(crate) collection: collected::Collection,
}

/// One JSON document of a file, and what its surroundings say about it.
pub(crate) struct Page<'p> {
    pub json: &'p Json,
    pub names: &'p Names,
    pub time: Time,
    pub source: Source,
    pub file: Arc<str>,
    /// The whole file.
    pub text: &'p str,
}

impl<'p> Page<'p> {
    /// The same surroundings around another part of the file.
    pub fn with(&self, json: &'p Json) -> Page<'p> {
        Page { json, source: self.source.clone(), file: self.file.clone(), ..*self }
    }

    /// The text at a dotted path, ignoring letter case.
    pub fn text(&self, path: &str) -> Option<&str> {
        text_at(self.json, path)
    }

    /// The member at a dotted path, ignoring letter case.
    pub fn get(&self, path: &str) -> Option<&Json> {
        at(self.json, path)
    }

    /// The member that says that the list goes on on another page. Services mark a page in one of
    /// two ways: a truth value, or a token that only a page with a successor has (AWS CLI user
    /// guide, "Using the pagination options in the AWS CLI"; IAM `IsTruncated`, KMS `Truncated`).
    pub fn cut_off(&self) -> Option<&'static str> {
        const TRUTHS: [&str; 2] = ["IsTruncated", "Truncated"];
        const TOKENS: [&str; 3] = ["NextToken", "NextMarker", "Marker"];
        let truth = TRUTHS.iter().find_map(|name| Some((*name, self.get(name)?.as_bool()?)));
        match truth {
            Some((name, is_cut)) => is_cut.then_some(name),
            None => {
                let has = |name: &&str| self.text(name).is_some_and(|token| !token.is_empty());
                TOKENS.into_iter().find(|name| has(name))
            }
        }
    }

    /// The partition, as a folder, the Region or an ARN in the file tells it.
    pub fn partition(&self) -> Option<&'static Partition> {
        // Only what is not called `aws` as well as many a folder.
        let named = |folder: &String| partition::named(folder).filter(|found| found.name != "aws");
        let region = self.names.region.as_deref();
        let folder = self.names.folders.iter().find_map(named);
        let told = folder.or_else(|| region.map(partition::of_region));
        told.or_else(|| partition::first_in(self.text))
    }

    /// The list at a dotted path.
    pub fn list(&self, path: &str) -> Option<&[Json]> {
        self.get(path)?.as_array().map(Vec::as_slice)
    }
}

/// Reads one kind of document; whether it was that kind.
type Reader = fn(&Page<'_>, &mut Dump) -> bool;

/// In this order; the first that knows the document takes it.
const READERS: [Reader; 10] = [
    collected::read,
    config::read,
    collect::read,
    iam::read,
    permission_sets::read,
    kms::read,
    organizations::read,
    resource::read,
    config::read_item,
    bare::read,
];

impl Dump {
    /// Reads files and folders. `as_of` dates them all; otherwise each is dated by its
    /// modification time, or by the latest creation date it shows, if that is later.
    ///
    /// # Errors
    /// A path that does not exist or cannot be read.
    pub fn read(paths: &[PathBuf], as_of: Option<Time>) -> Result<Dump> {
        let mut dump =
            Dump { is_given: !paths.is_empty(), is_dated: as_of.is_some(), ..Dump::default() };
        for path in paths {
            for file in files_below(path)? {
                let modified = fs::metadata(&file)
                    .and_then(|meta| meta.modified())
                    .map_err(|e| Error::io(&file, e))?;
                let modified = as_of.unwrap_or_else(|| milliseconds(modified));
                let bytes = match bytes_of(&file) {
                    // One that is too large is a gap; where it alone was named, nothing is left.
                    Err(Error::Document { message, .. }) if file != *path => {
                        dump.gap(&file.display().to_string().into(), None, &message);
                        continue;
                    }
                    bytes => bytes?,
                };
                dump.take(&file, &bytes, modified, as_of.is_some());
            }
        }
        dump.finish();
        Ok(dump)
    }

    /// Takes one file's content.
    pub fn take(&mut self, path: &Path, bytes: &[u8], time: Time, time_is_certain: bool) {
        let file: Arc<str> = path.display().to_string().into();
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(e) => {
                return self.gap(&file, None, &format!("not UTF-8 from byte {}", e.valid_up_to()));
            }
        };
        if !text.trim_start().starts_with(['{', '[']) {
            return;
        }
        let names = Names::of(path);
        let mut known = false;
        let mut read_any = false;
        for json in serde_json::Deserializer::from_str(text).into_iter::<Json>() {
            let json = match json {
                Ok(json) => json,
                Err(e) => {
                    self.gap(&file, Some((e.line(), e.column())), &plain(&e));
                    break;
                }
            };
            read_any = true;
            let time = match time_is_certain {
                true => time,
                false => latest_date(&json).map_or(time, |date| date.max(time)),
            };
            let page = Page {
                json: &json,
                names: &names,
                time,
                source: Source::File(file.clone()),
                file: file.clone(),
                text,
            };
            known |= self.page(&page);
        }
        match known {
            true => self.files += 1,
            false if read_any => self.gap(&file, None, "no policy dump this program knows"),
            false => {}
        }
    }

    /// Gives what iam-collect names in small letters the name it has: IAM names differ by more
    /// than case (IAM "quotas": names are not distinguished by case), so the ARNs shown tell.
    ///
    /// A list of which some page is missing is complete nowhere, also not on its last page, which
    /// nothing marks.
    pub(crate) fn finish(&mut self) {
        self.finish_collection();
        let cut: BTreeSet<&Scope> = self.cut_off.iter().flat_map(|cut| &cut.scopes).collect();
        self.scopes.retain(|(scope, ..)| !cut.contains(scope));
        self.find_named();
        let entities: BTreeMap<Entity, Entity> = self
            .arns
            .iter()
            .filter_map(|arn| Entity::from_arn(arn))
            .map(|entity| (lower(&entity), entity))
            .collect();
        let folders = std::mem::take(&mut self.folders);
        for fact in &mut self.facts {
            rename(&mut fact.subject, &entities, &folders);
        }
        for (scope, ..) in &mut self.scopes {
            match scope {
                Scope::Entity(entity) => true_name(entity, &entities),
                Scope::Tags(of) => true_tag_owner(of, &entities),
                _ => {}
            }
        }
    }

    /// Finds the policies that files name without their paths, among those known by ARN.
    fn find_named(&mut self) {
        let known: BTreeSet<&str> = self
            .facts
            .iter()
            .filter_map(|fact| match (&fact.subject, &fact.value) {
                (Subject::ManagedPolicy(arn), _) => Some(arn.as_str()),
                (Subject::Attachment { policy, .. }, _) => Some(policy.as_str()),
                (Subject::Boundary(_), value) => value.as_text(),
                _ => None,
            })
            .filter(|arn| !self.named.contains(*arn))
            .collect();
        let name = |arn: &str| arn.rsplit('/').next().map(str::to_owned);
        let account = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
        for named in &self.named {
            let same = |arn: &&&str| name(arn) == name(named);
            let own = known.iter().find(|arn| same(arn) && account(arn) == account(named));
            let of_aws = || known.iter().filter(same).find(|arn| arn.contains(":iam::aws:"));
            if let Some(arn) = own.or_else(of_aws) {
                self.folders.insert(named.clone(), (*arn).to_owned());
            }
        }
    }

    fn page(&mut self, page: &Page<'_>) -> bool {
        if self.document(page) {
            return true;
        }
        let Json::Array(items) = page.json else { return false };
        let mut known = false;
        for json in items {
            let item = page.with(json);
            known |= self.document(&item);
        }
        known
    }

    fn document(&mut self, page: &Page<'_>) -> bool {
        let known = READERS.iter().any(|reader| reader(page, self));
        if let Some(mark) = page.cut_off().filter(|_| known) {
            self.complain(page, &format!("{CUT_OFF} (`{mark}`)"));
        }
        known
    }

    fn gap(&mut self, file: &Arc<str>, place: Option<(usize, usize)>, message: &str) {
        self.flaw(file, place, None, message);
    }

    fn flaw(
        &mut self,
        file: &Arc<str>,
        place: Option<(usize, usize)>,
        about: Option<Subject>,
        message: &str,
    ) {
        self.gaps.push(Gap {
            file: file.clone(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            about,
            message: message.to_owned(),
        });
    }

    pub(crate) fn fact(&mut self, page: &Page<'_>, subject: Subject, value: Value) {
        if let Some(text) = value.as_text().filter(|_| subject.is_document()) {
            self.check(page, &subject, text);
        }
        let source = page.source.clone();
        self.facts.push(Fact { subject, value, time: page.time, source });
    }

    /// Complains of what is wrong with a document, at its place in the file. A statement that
    /// cannot be read leaves the others in force.
    fn check(&mut self, page: &Page<'_>, subject: &Subject, text: &str) {
        let mut complain = |place: Option<(usize, usize)>, message: &str| {
            let place = place.and_then(|place| place::in_file(page.text, text, place));
            self.flaw(&page.file, place, Some(subject.clone()), message);
        };
        match Policy::parse(text) {
            Ok(policy) => {
                let warnings = policy.warnings();
                for warning in warnings.iter().take(FAULTS) {
                    complain(warning.place, &warning.message);
                }
                if let Some(more @ 1..) = warnings.len().checked_sub(FAULTS) {
                    complain(None, &format!("{more} more faults in this document"));
                }
            }
            Err(PolicyError { line, column, message }) => complain(Some((line, column)), &message),
        }
    }

    /// The ARN of something that a file names by less: all that follows the partition.
    pub(crate) fn arn(&mut self, page: &Page<'_>, rest: &str) -> String {
        let partition = page.partition();
        let arn = format!("arn:{}:{rest}", partition.map_or("aws", |found| found.name));
        if partition.is_none() {
            self.guessed.insert(arn.clone());
        }
        arn
    }

    /// Gives the ARNs that were made of names the partition their accounts are in.
    pub(super) fn settle_partitions(&mut self, partitions: &Partitions) {
        let owners = &self.owners;
        let settled: BTreeMap<String, String> = std::mem::take(&mut self.guessed)
            .into_iter()
            .filter_map(|arn| {
                let parts = Arn::parse(&arn)?;
                let account = owners.get(&arn).map_or(parts.account, String::as_str);
                let Arn { service, region, account: own, resource, .. } = parts;
                let partition = partitions.of(account);
                let settled = format!("arn:{partition}:{service}:{region}:{own}:{resource}");
                Some((arn, settled))
            })
            .collect();
        let settle = |arn: &mut String| {
            if let Some(settled) = settled.get(arn) {
                arn.clone_from(settled);
            }
        };
        for fact in &mut self.facts {
            match &mut fact.subject {
                Subject::ResourcePolicy(arn)
                | Subject::PublicAccessBlock(arn)
                | Subject::ManagedPolicy(arn)
                | Subject::PolicyVersion { policy: arn, .. } => settle(arn),
                _ => {}
            }
        }
        let owners = std::mem::take(&mut self.owners).into_iter();
        self.owners =
            owners.map(|(arn, of)| (settled.get(&arn).cloned().unwrap_or(arn), of)).collect();
    }

    pub(crate) fn scope(&mut self, page: &Page<'_>, scope: Scope) {
        self.scopes.push((scope, page.time, page.source.clone()));
    }

    /// What a page lists completely, if it is the whole list.
    pub(crate) fn listed(&mut self, page: &Page<'_>, scopes: Vec<Scope>) {
        match page.cut_off() {
            None => scopes.into_iter().for_each(|scope| self.scope(page, scope)),
            Some(_) => self.cut_off.push(CutOff { scopes, file: page.file.clone() }),
        }
    }

    /// Notes something of the organization that a document tells of, by its id or its management
    /// account; one that no document tells of yet is a new one.
    pub(crate) fn organization(
        &mut self,
        id: Option<&str>,
        management: Option<&str>,
        note: impl FnOnce(&mut Organization),
    ) {
        let agree = |known: &Option<String>, told: Option<&str>| {
            told.is_none() || known.is_none() || known.as_deref() == told
        };
        let same = |known: &Organization| id.is_some() && known.id.as_deref() == id;
        let like = |known: &Organization| {
            agree(&known.id, id) && agree(&known.management_account, management)
        };
        let all = &self.organizations;
        let at = all.iter().position(same).or_else(|| all.iter().position(like));
        let fill = |found: &mut Organization| {
            found.id = found.id.take().or(id.map(str::to_owned));
            let known = found.management_account.take();
            found.management_account = known.or(management.map(str::to_owned));
            note(found);
        };
        match at.and_then(|at| self.organizations.get_mut(at)) {
            Some(found) => fill(found),
            None => {
                let mut new = Organization::default();
                fill(&mut new);
                self.organizations.push(new);
            }
        }
    }

    pub(crate) fn complain(&mut self, page: &Page<'_>, message: &str) {
        self.gap(&page.file, None, message);
    }
}

fn lower(entity: &Entity) -> Entity {
    Entity { name: entity.name.to_ascii_lowercase(), ..entity.clone() }
}

fn true_name(entity: &mut Entity, entities: &BTreeMap<Entity, Entity>) {
    if let Some(known) = entities.get(&lower(entity)) {
        *entity = known.clone();
    }
}

fn true_tag_owner(of: &mut String, entities: &BTreeMap<Entity, Entity>) {
    if let Some(mut entity) = Entity::from_arn(of) {
        true_name(&mut entity, entities);
        *of = entity.arn_in(Arn::parse(of).map_or("aws", |arn| arn.partition));
    }
}

fn rename(
    subject: &mut Subject,
    entities: &BTreeMap<Entity, Entity>,
    folders: &BTreeMap<String, String>,
) {
    match subject {
        Subject::Entity(of)
        | Subject::InlinePolicy { of, .. }
        | Subject::Attachment { to: of, .. }
        | Subject::Boundary(of)
        | Subject::TrustPolicy(of) => true_name(of, entities),
        Subject::Membership { user, group } => {
            true_name(user, entities);
            true_name(group, entities);
        }
        Subject::Tag { of, .. } => true_tag_owner(of, entities),
        Subject::PolicyVersion { policy, .. } | Subject::ManagedPolicy(policy) => {
            if let Some(arn) = folders.get(policy) {
                policy.clone_from(arn);
            }
        }
        _ => {}
    }
}

/// Serde's message without the place, which the gap has itself.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn milliseconds(time: std::time::SystemTime) -> Time {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(since.as_millis().try_into().unwrap_or(i64::MAX))
}

/// All files below a path, or the path itself, in the order of their names.
fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|e| {
            let at = e.path().unwrap_or(path).to_path_buf();
            Error::io(at, e.into_io_error().unwrap_or_else(|| std::io::Error::other("a loop")))
        })?;
        // A pipe that was named is meant (`<(aws iam …)`).
        let named = entry.depth() == 0 && !entry.file_type().is_dir();
        if entry.file_type().is_file() || named {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    let bytes = given::bytes(path, LARGEST)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let packed = flate2::bufread::MultiGzDecoder::new(bytes.as_slice());
        return given::bytes_of(packed, path, LARGEST);
    }
    Ok(bytes)
}

/// The latest date at which something shown was created: the dump is not older than that.
fn latest_date(json: &Json) -> Option<Time> {
    match json {
        Json::Object(members) => members
            .iter()
            .filter_map(|(key, value)| match value {
                Json::String(text) if is_creation_date(key) => Time::parse(text),
                Json::Number(number) if is_creation_date(key) => {
                    number.as_f64().and_then(Time::from_epoch)
                }
                nested => latest_date(nested),
            })
            .max(),
        Json::Array(items) => items.iter().filter_map(latest_date).max(),
        _ => None,
    }
}

fn is_creation_date(key: &str) -> bool {
    ["CreateDate", "CreationDate", "UpdateDate"].iter().any(|name| key.eq_ignore_ascii_case(name))
}
