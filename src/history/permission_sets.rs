//! Permission sets of IAM Identity Center: what they hold is what the roles have that Identity
//! Center makes of them, one in each account (IAM Identity Center user guide, "Permission sets" and
//! "Referencing permission sets in resource policies").
//!
//! A set is known by its id (`ps-…`), or, where a file says no more, by its name. A role tells the
//! name of its set.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Call, Change, Edit, Operation, Part, Value, edit, permission_set};
use super::dump::{Dump, Fact, Scope, Set};
use super::partitions::Partitions;
use super::subject::{Entity, Subject, permission_set_of};
use crate::event::{Event, Layer, Time};
use crate::wording::Sentence;

/// The name under which a role has the inline policy of its set.
const INLINE: &str = "AwsSSOInlinePolicy";

/// The permission sets of trail and dumps, and the roles made of them.
#[derive(Debug, Default)]
pub(super) struct PermissionSets {
    names: BTreeMap<String, String>,
    roles: BTreeMap<String, BTreeSet<Entity>>,
    provisioned: BTreeMap<String, BTreeSet<Time>>,
}

/// The id of a set by its ARN, `arn:aws:sso:::permissionSet/ssoins-…/ps-…`.
pub(super) fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl PermissionSets {
    /// What the trail tells of sets and roles; `roles` are ARNs, of which those of Identity Center's
    /// roles count.
    pub fn new<'a>(roles: impl Iterator<Item = &'a str>, changes: &[&Event], dump: &Dump) -> Self {
        let mut found = PermissionSets::default();
        for (id, set) in &dump.permission_sets {
            found.names.extend(set.name.clone().map(|name| (id.clone(), name)));
        }
        roles.for_each(|arn| found.learn_role(arn));
        for event in changes {
            match event.source() {
                "iam.amazonaws.com" if event.name() == "CreateRole" => {
                    found.learn_role(Call::new(event).answer("role.arn").unwrap_or_default());
                }
                "sso.amazonaws.com" => found.learn_set(&Call::new(event)),
                _ => {}
            }
        }
        found
    }

    fn learn_role(&mut self, arn: &str) {
        if let (Some(set), Some(role)) = (permission_set_of(arn), Entity::from_arn(arn)) {
            self.roles.entry(set.to_owned()).or_default().insert(role);
        }
    }

    fn learn_set(&mut self, call: &Call<'_>) {
        let Some(id) = permission_set(call).map(id_of) else { return };
        match (call.name(), call.text("name")) {
            ("CreatePermissionSet", Some(name)) => {
                self.names.insert(id.to_owned(), name.to_owned());
            }
            ("ProvisionPermissionSet", _) => {
                self.provisioned.entry(id.to_owned()).or_default().insert(call.event.time);
            }
            _ => {}
        }
    }

    fn roles_of(&self, set: &str) -> impl Iterator<Item = &Entity> {
        let name = self.names.get(set).map_or(set, String::as_str);
        self.roles.get(name).into_iter().flatten()
    }

    /// The changes of roles that a change of their set is. A set is in force as it was provisioned
    /// last (Identity Center API reference, `ProvisionPermissionSet`); the console does so at once.
    pub fn changes(
        &self,
        event: &Event,
        of_set: &[Change],
        partitions: &Partitions,
    ) -> Vec<Change> {
        let call = Call::new(event);
        let (Some(first), Some(Edit { set, part, value, before })) = (of_set.first(), edit(&call))
        else {
            return Vec::new();
        };
        let id = id_of(&set);
        let provisioned = self.provisioned.get(id);
        let after = provisioned.and_then(|times| times.range(first.time..).next());
        let name = self.names.get(id).map_or(id, String::as_str);
        let roles = self.roles_of(id).map(|role| {
            let partition = partitions.of(&role.account);
            Change {
                time: after.copied().unwrap_or(first.time),
                subject: subject(&part, role, partition),
                operation: Operation::Set(resolved(&value, &part, role, partition)),
                before: before.clone(),
                layer: part.layer(),
                summary: Sentence::new("change-permission-set")
                    .arg("change", first.summary.clone())
                    .arg("name", name)
                    .arg("entity", role.to_string()),
                account: Some(role.account.clone()),
                ..first.clone()
            }
        });
        roles.collect()
    }

    /// Puts what dumps show of sets to the roles made of them, before what they show of the roles
    /// themselves, and tells of which roles all policies are shown.
    pub fn expand(&self, dump: &mut Dump, partitions: &Partitions) -> Vec<Scope> {
        let mut facts = Vec::new();
        for shown in &dump.set_facts {
            for role in self.roles_of(&shown.set) {
                let partition = partitions.of(&role.account);
                facts.push(Fact {
                    subject: subject(&shown.part, role, partition),
                    value: resolved(&shown.value, &shown.part, role, partition),
                    time: shown.time,
                    source: shown.source.clone(),
                });
            }
        }
        facts.append(&mut dump.facts);
        dump.facts = facts;
        let whole = dump.permission_sets.iter().filter(|(_, set)| Set::is_whole(set));
        whole.flat_map(|(id, _)| self.roles_of(id)).cloned().map(Scope::Entity).collect()
    }
}

fn subject(part: &Part, role: &Entity, partition: &str) -> Subject {
    match part {
        Part::Inline => Subject::InlinePolicy { of: role.clone(), name: INLINE.to_owned() },
        Part::Attached(policy) => {
            Subject::Attachment { to: role.clone(), policy: arn_of(policy, role, partition) }
        }
        Part::Boundary => Subject::Boundary(role.clone()),
    }
}

/// A boundary is the ARN of a policy.
fn resolved(value: &Value, part: &Part, role: &Entity, partition: &str) -> Value {
    match (part, value.as_text()) {
        (Part::Boundary, Some(policy)) => Value::text(arn_of(policy, role, partition)),
        _ => value.clone(),
    }
}

/// A customer managed policy is named by path and name, and each account has its own.
fn arn_of(policy: &str, role: &Entity, partition: &str) -> String {
    match policy.starts_with('/') {
        true => format!("arn:{partition}:iam::{}:policy{policy}", role.account),
        false => policy.to_owned(),
    }
}

impl Part {
    fn layer(&self) -> Layer {
        match self {
            Part::Inline | Part::Attached(_) => Layer::IdentityPolicy,
            Part::Boundary => Layer::PermissionsBoundary,
        }
    }
}
