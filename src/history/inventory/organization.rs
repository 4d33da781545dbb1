//! Where an account lies in the organization, and which policies hang above it.

use super::super::answer::{
    Documents, Held, Level, Levels, Likely, Missing, Naming, Why, held, missing,
};
use super::super::change::Value;
use super::super::dump::Organization;
use super::super::replay::{Source, State};
use super::super::subject::{PolicyType, Subject};
use super::{Inventory, MANAGED_POLICY_REFERENCE, well_known};

impl<'h> Inventory<'h> {
    /// The service control policies an account is under.
    pub fn scps(&self, account: &str) -> Levels {
        self.organization_policies(account, PolicyType::Scp)
    }

    /// The resource control policies an account's resources are under.
    pub fn rcps(&self, account: &str) -> Levels {
        self.organization_policies(account, PolicyType::Rcp)
    }

    fn organization_policies(&self, account: &str, kind: PolicyType) -> Levels {
        let mut found = Levels::default();
        let organization = self.organization(account);
        if organization.none {
            return found;
        }
        if let Some(root) = &organization.root {
            let enabled = Subject::PolicyTypeEnabled { root: root.clone(), kind };
            if self.state(&enabled).and_then(State::value) == Some(&Value::Absent) {
                return found;
            }
        }
        let (targets, missing) = self.way_up(account);
        found.missing = missing;
        found.levels = targets
            .into_iter()
            .rev()
            .map(|target| Level { policies: self.attached(&target, kind), target })
            .collect();
        found
    }

    /// The account, its organizational units, and the root, from below.
    fn way_up(&self, account: &str) -> (Vec<String>, Vec<Missing>) {
        let mut targets = vec![account.to_owned()];
        loop {
            let here = targets.last().cloned().unwrap_or_default();
            // Nesting is at most five levels deep (Organizations quotas); a loop is damage.
            if here.starts_with("r-") || targets.len() > 16 {
                return (targets, Vec::new());
            }
            let subject = Subject::Parent(here);
            let state = self.state(&subject);
            if let Some(parent) = state.and_then(State::value).and_then(Value::as_text) {
                targets.push(parent.to_owned());
                continue;
            }
            if state.and_then(State::value) == Some(&Value::Absent) {
                return (Vec::new(), Vec::new());
            }
            let gap = match state {
                Some(state) => missing(&subject, state),
                None => Missing { subject, why: Why::NotRecorded, likely: Likely::Unknown },
            };
            // What hangs at the root holds for every account, whatever lies between.
            targets.extend(self.organization(account).root.clone());
            return (targets, vec![gap]);
        }
    }

    fn attached(&self, target: &str, kind: PolicyType) -> Documents {
        let mut all = Documents::default();
        let mut any_of_kind = false;
        for policy in self.history.policies_ever_at(target) {
            let info = self.history.organization_policy(policy);
            if info.and_then(|info| info.kind).is_some_and(|k| k != kind) {
                continue;
            }
            any_of_kind = true;
            let subject = Subject::OrganizationAttachment {
                policy: policy.to_owned(),
                target: target.to_owned(),
            };
            let Some(state) = self.state(&subject) else { continue };
            all.add(self.if_present(&subject, state, || {
                let naming = Naming {
                    name: info.and_then(|info| info.name.clone()),
                    arn: info.and_then(|info| info.arn.clone()),
                    to: Some(target.to_owned()),
                };
                self.organization_document(policy, naming)
            }));
        }
        if !self.history.is_level_listed(target, kind) {
            all.missing.push(Missing {
                subject: Subject::OrganizationAttachment {
                    policy: if any_of_kind { "…" } else { "*" }.to_owned(),
                    target: target.to_owned(),
                },
                why: Why::ListIncomplete,
                likely: Likely::Unknown,
            });
        }
        all
    }

    /// An SCP or RCP by its id, wherever it is attached.
    pub(in crate::history) fn organization_policy(&self, id: &str, naming: Naming) -> Held {
        let info = self.history.organization_policy(id);
        let name = naming.name.clone().or_else(|| info.and_then(|info| info.name.clone()));
        let arn = naming.arn.clone().or_else(|| info.and_then(|info| info.arn.clone()));
        self.organization_document(id, Naming { name, arn, ..naming })
    }

    fn organization_document(&self, policy: &str, naming: Naming) -> Held {
        let subject = Subject::OrganizationPolicy(policy.to_owned());
        if let Some(state) = self.state(&subject) {
            return held(&subject, state, naming);
        }
        match well_known(policy) {
            Some(text) => {
                let source = Source::Default(MANAGED_POLICY_REFERENCE);
                Held::known(naming.document(subject, text.into(), source, None))
            }
            None => Held::not_recorded(subject),
        }
    }

    /// What is known of the organization of an account.
    pub fn organization(&self, account: &str) -> &'h Organization {
        self.history.organization(account)
    }

    /// The ids from the organization to the account as `aws:PrincipalOrgPaths` has them:
    /// `o-…/r-…/ou-…/`. `None` where a part is not known.
    pub fn organization_path(&self, account: &str) -> Option<String> {
        let id = self.organization(account).id.as_deref()?;
        let (targets, missing) = self.way_up(account);
        if !missing.is_empty() || targets.len() < 2 {
            return None;
        }
        let above: Vec<&str> = targets.iter().skip(1).rev().map(String::as_str).collect();
        Some(format!("{id}/{}/", above.join("/")))
    }

    /// Whether an account is in an organization, and which: `Some(None)` for one that is in none;
    /// `None` where that is not known.
    pub fn organization_of(&self, account: &str) -> Option<Option<&'h str>> {
        let organization = self.organization(account);
        if organization.none {
            return Some(None);
        }
        let parent = self.state(&Subject::Parent(account.to_owned())).and_then(State::value);
        if parent == Some(&Value::Absent) {
            return Some(None);
        }
        let is_member = parent.is_some()
            || organization.management_account.as_deref() == Some(account)
            || organization.accounts.iter().any(|known| known == account);
        is_member.then(|| organization.id.as_deref().map(Some)).flatten()
    }
}
