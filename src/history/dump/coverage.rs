//! What the policies and accounts given to the program hold and lack, by account and layer: the part
//! of the coverage that no log tells.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::super::change::Value;
use super::super::evidence::Evidence;
use super::super::inventory::well_known;
use super::super::subject::{PolicyType, Subject};
use super::collected::Unanswered;
use super::{Dump, Fact, Gap, Names, Scope};
use crate::event::{Layer, Time};
use crate::history::replay::Source;
use crate::wording::Sentence;

/// What is given of one account and layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// The account; of organization policies the management account. `None`: not known.
    pub account: Option<String>,
    /// What it decides; `None` for what could not be placed, and for AWS's own accounts.
    pub layer: Option<Layer>,
    /// Whether these are AWS's own accounts of decisions.
    pub is_evidence: bool,
    /// Policy documents, grants or decisions.
    pub documents: usize,
    /// The date of the latest of them.
    pub as_of: Option<Time>,
    /// What the dumps speak of and do not show.
    pub missing: Vec<Sentence>,
    /// Files of which some part could not be read.
    pub unreadable: Vec<Gap>,
}

/// Account and layer.
type Place = (Option<String>, Option<Layer>);

/// Entries being filled, and what it takes to find the place of something.
struct Filling<'d> {
    dump: &'d Dump,
    /// The first account that a file names in what it shows.
    accounts: BTreeMap<Arc<str>, String>,
    entries: BTreeMap<Place, Given>,
}

impl Given {
    /// What dumps hold and lack; `None` where none was given.
    pub(in crate::history) fn of(dump: &Dump) -> Option<Vec<Given>> {
        if !dump.is_given {
            return None;
        }
        let mut filling = Filling { dump, accounts: BTreeMap::new(), entries: BTreeMap::new() };
        for fact in &dump.facts {
            if let (Some(file), Some(account)) = (file_of(fact), filling.account_in(&fact.subject))
            {
                filling.accounts.entry(file).or_insert(account);
            }
        }
        filling.count();
        filling.miss_identity_policies();
        filling.miss_organization_policies();
        filling.miss_pages();
        filling.miss_answers();
        for gap in dump.gaps.iter().filter(|gap| !is_of_cut_page(gap, dump)) {
            filling.entry(gap.about.as_ref(), &gap.file).unreadable.push(gap.clone());
        }
        let entries = filling.entries.into_iter();
        Some(entries.map(|((account, layer), given)| Given { account, layer, ..given }).collect())
    }

    /// What AWS's own accounts of decisions hold and lack.
    pub(in crate::history) fn of_evidence(evidence: &Evidence) -> Given {
        Given {
            is_evidence: true,
            documents: evidence.findings.len(),
            unreadable: evidence.gaps.clone(),
            ..Given::default()
        }
    }
}

fn file_of(fact: &Fact) -> Option<Arc<str>> {
    match &fact.source {
        Source::File(file) => Some(file.clone()),
        _ => None,
    }
}

fn is_of_cut_page(gap: &Gap, dump: &Dump) -> bool {
    gap.about.is_none()
        && gap.message.starts_with(super::CUT_OFF)
        && dump.cut_off.iter().any(|cut| cut.file == gap.file)
}

impl Filling<'_> {
    fn entry(&mut self, subject: Option<&Subject>, file: &Arc<str>) -> &mut Given {
        let own = subject.and_then(|subject| self.account_in(subject));
        let account = own
            .or_else(|| self.accounts.get(file).cloned())
            .or_else(|| Names::of(Path::new(&**file)).account);
        let layer = subject.and_then(|subject| self.layer(subject));
        self.entries.entry((account, layer)).or_default()
    }

    /// The account that a subject names.
    fn account_in(&self, subject: &Subject) -> Option<String> {
        let of_arn = |arn: &str| {
            let account = arn.split(':').nth(4).filter(|part| !part.is_empty() && *part != "aws");
            account.map(str::to_owned).or_else(|| self.dump.owners.get(arn).cloned())
        };
        match subject {
            Subject::Entity(of)
            | Subject::InlinePolicy { of, .. }
            | Subject::Attachment { to: of, .. }
            | Subject::Boundary(of)
            | Subject::TrustPolicy(of)
            | Subject::Membership { user: of, .. } => Some(of.account.clone()),
            Subject::ManagedPolicy(arn) | Subject::PolicyVersion { policy: arn, .. } => of_arn(arn),
            Subject::OrganizationPolicy(policy)
            | Subject::OrganizationAttachment { policy, .. } => self.manager(policy),
            Subject::ResourcePolicy(name) | Subject::Grant { key: name, .. } => {
                let is_it = |arn: &&String| {
                    arn.contains(":kms:") && super::super::subject::resource_name(arn) == *name
                };
                of_arn(name).or_else(|| of_arn(self.dump.arns.iter().find(is_it)?))
            }
            Subject::PublicAccessBlock(of) if !of.contains(':') => Some(of.clone()),
            Subject::PublicAccessBlock(of) => of_arn(of),
            _ => None,
        }
    }

    /// The management account of the organization a policy is of.
    fn manager(&self, policy: &str) -> Option<String> {
        let info = self.dump.organization_policies.get(policy);
        let arn = info.and_then(|info| info.arn.as_deref()).unwrap_or_default();
        let named = arn.split(':').nth(4).filter(|part| !part.is_empty() && *part != "aws");
        let of = arn.split('/').find(|part| part.starts_with("o-"));
        let all = &self.dump.organizations;
        let of_id = || all.iter().find(|one| of.is_some() && one.id.as_deref() == of);
        let only = || all.first().filter(|_| all.len() == 1);
        named
            .map(str::to_owned)
            .or_else(|| of_id().or_else(only).and_then(|one| one.management_account.clone()))
    }

    fn layer(&self, subject: &Subject) -> Option<Layer> {
        Some(match subject {
            Subject::Entity(_)
            | Subject::InlinePolicy { .. }
            | Subject::Attachment { .. }
            | Subject::Membership { .. }
            | Subject::ManagedPolicy(_)
            | Subject::PolicyVersion { .. } => Layer::IdentityPolicy,
            Subject::Boundary(_) => Layer::PermissionsBoundary,
            Subject::TrustPolicy(_) => Layer::RoleTrustPolicy,
            Subject::ResourcePolicy(_) => Layer::ResourcePolicy,
            Subject::Grant { .. } => Layer::KmsGrant,
            Subject::VpcEndpointPolicy(_) => Layer::VpcEndpointPolicy,
            Subject::PublicAccessBlock(_) => Layer::BlockPublicAccess,
            Subject::OrganizationPolicy(policy)
            | Subject::OrganizationAttachment { policy, .. } => {
                self.dump.organization_policies.get(policy)?.kind?.layer()
            }
            _ => return None,
        })
    }

    fn count(&mut self) {
        let mut counted = BTreeSet::new();
        for fact in &self.dump.facts {
            let shown = match &fact.value {
                Value::Text(_) => {
                    fact.subject.is_document()
                        || matches!(fact.subject, Subject::PublicAccessBlock(_))
                }
                Value::Grant(_) => true,
                _ => false,
            };
            let Some(file) = file_of(fact).filter(|_| shown) else { continue };
            let is_new = counted.insert(&fact.subject);
            let told = Some(fact.time).filter(|_| self.dump.is_dated);
            let entry = self.entry(Some(&fact.subject), &file);
            entry.documents += usize::from(is_new);
            entry.as_of = entry.as_of.max(told);
        }
    }

    fn miss(&mut self, subject: &Subject, file: &Arc<str>, what: Sentence) {
        let entry = self.entry(Some(subject), file);
        if !entry.missing.contains(&what) {
            entry.missing.push(what);
        }
    }

    /// Managed policies that are attached and not shown, or not in the version in force.
    fn miss_identity_policies(&mut self) {
        let facts = &self.dump.facts;
        let shown: BTreeSet<&Subject> = facts
            .iter()
            .filter(|fact| matches!(fact.value, Value::Text(_)))
            .map(|fact| &fact.subject)
            .collect();
        for fact in facts {
            let wanted = match (&fact.subject, &fact.value) {
                (Subject::ManagedPolicy(arn), Value::Text(version)) => {
                    Subject::PolicyVersion { policy: arn.clone(), version: version.to_string() }
                }
                (Subject::Attachment { policy, .. }, Value::Present) => {
                    Subject::ManagedPolicy(policy.clone())
                }
                (Subject::Boundary(_), Value::Text(arn)) => Subject::ManagedPolicy(arn.to_string()),
                _ => continue,
            };
            let arn = match &wanted {
                Subject::ManagedPolicy(arn) | Subject::PolicyVersion { policy: arn, .. } => arn,
                _ => continue,
            };
            if shown.contains(&wanted) || well_known(arn).is_some() {
                continue;
            }
            if let Some(file) = file_of(fact) {
                self.miss(&fact.subject, &file, wanted.sentence());
            }
        }
    }

    /// Organization policies without their content, or whose targets nothing shows.
    fn miss_organization_policies(&mut self) {
        let dump = self.dump;
        let shown = |subject: &Subject| dump.facts.iter().any(|fact| fact.subject == *subject);
        let by_target = |kind| {
            dump.scopes
                .iter()
                .any(|(scope, ..)| matches!(scope, Scope::PoliciesAt(_, k) if *k == kind))
        };
        for (policy, info) in &dump.organization_policies {
            let Some(kind @ (PolicyType::Scp | PolicyType::Rcp)) = info.kind else { continue };
            let content = Subject::OrganizationPolicy(policy.clone());
            let no_file = "".into();
            if well_known(policy).is_none() && !shown(&content) {
                self.miss(&content, &no_file, content.sentence());
            }
            let is_listed = dump
                .scopes
                .iter()
                .any(|(scope, ..)| matches!(scope, Scope::TargetsOf(of) if of == policy));
            if !is_listed && !by_target(kind) {
                let targets = Sentence::new("log-of-targets").arg("policy", policy);
                self.miss(&content, &no_file, targets);
            }
        }
    }

    /// The rest of lists that go on on a page that is not there.
    fn miss_pages(&mut self) {
        for cut in &self.dump.cut_off {
            let rest = || Sentence::new("log-rest-of-list").arg("file", &*cut.file);
            for scope in &cut.scopes {
                let place = self.place_of(scope);
                let entry = self.entries.entry(place).or_default();
                if !entry.missing.contains(&rest()) {
                    entry.missing.push(rest());
                }
            }
            if cut.scopes.is_empty() {
                self.entry(None, &cut.file).missing.push(rest());
            }
        }
    }

    /// What a collection asked for and was not told.
    fn miss_answers(&mut self) {
        // What was asked in vain of one thing for one reason is one gap.
        let mut gaps: BTreeMap<(Place, &str, &str), Vec<&Unanswered>> = BTreeMap::new();
        for one in &self.dump.unanswered {
            let place = (one.account().map(str::to_owned), one.layer());
            gaps.entry((place, &one.of, &one.why)).or_default().push(one);
        }
        for ((place, ..), all) in gaps {
            let entry = self.entries.entry(place).or_default();
            entry.missing.extend(Unanswered::sentence(&all));
        }
    }

    /// Where a list belongs.
    fn place_of(&self, scope: &Scope) -> Place {
        let of_kind = |kind: PolicyType| {
            let known = &self.dump.organization_policies;
            let policy = known.iter().find(|(_, info)| info.kind == Some(kind));
            (policy.and_then(|(policy, _)| self.manager(policy)), Some(kind.layer()))
        };
        match scope {
            Scope::Entities(account, _) | Scope::ManagedPolicies(account) => {
                (Some(account.clone()), Some(Layer::IdentityPolicy))
            }
            Scope::Entity(entity) => (Some(entity.account.clone()), Some(Layer::IdentityPolicy)),
            Scope::Grants(key) => {
                let subject = Subject::Grant { key: key.clone(), id: String::new() };
                (self.account_in(&subject), Some(Layer::KmsGrant))
            }
            Scope::TargetsOf(policy) => {
                let subject = Subject::OrganizationPolicy(policy.clone());
                (self.manager(policy), self.layer(&subject))
            }
            Scope::OrganizationPolicies(kind) | Scope::PoliciesAt(_, kind) => of_kind(*kind),
            Scope::Tags(_) => (None, None),
        }
    }
}
