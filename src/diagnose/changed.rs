//! Who changed what just before: a policy, grant or key change between the last success and the
//! first failure, of something the failure depends on.

use std::collections::BTreeSet;

use super::case::Found;
use super::comparison_set::ComparisonSet;
use super::evidence::{Evidence, Witness};
use crate::event::{CallerKind, Effect, Layer, Time};
use crate::history::History;
use crate::history::change::{Change, Operation, Value};
use crate::history::subject::{Entity, Subject, resource_name};
use crate::iam::PolicySource;
use crate::wording::Sentence;

/// IAM, KMS and Organizations are eventually consistent: a call may still succeed for a while after
/// the change that will stop it (IAM user guide, "Troubleshooting": changes are not always
/// immediately visible).
pub(super) const PROPAGATION_SECONDS: i64 = 120;

/// What the failure depends on, by layer.
pub(super) struct Owners {
    principal: BTreeSet<String>,
    resource: BTreeSet<String>,
    organization: BTreeSet<String>,
    endpoint: BTreeSet<String>,
    /// Where the accounts lie in the organization is not known.
    is_place_unknown: bool,
    /// What account-wide settings against public access can refuse.
    public: Public,
}

/// A call that may make something public, or come from outside.
struct Public {
    action: String,
    /// Of the caller and of what it calls.
    accounts: BTreeSet<String>,
    region: Option<String>,
    is_from_outside: bool,
}

impl Public {
    fn new(set: &ComparisonSet<'_, '_>) -> Public {
        let event = set.observation().event;
        let caller = event.caller_account();
        let owner = set.one().resource.as_deref().and_then(crate::contrast::account_of);
        let owner = owner.or_else(|| event.account());
        Public {
            action: set.one().action.clone(),
            accounts: [caller, owner].into_iter().flatten().map(str::to_owned).collect(),
            region: event.region().map(str::to_owned),
            is_from_outside: owner.is_some() && caller != owner,
        }
    }

    /// Whether a change set something, for one of the accounts, that can refuse the call.
    fn is_met_by(&self, change: &Change, of: &str) -> bool {
        let call = change.action.split_once(':').unwrap_or_default();
        let Some(set) = crate::aws::block_set_by(call.0, call.1) else { return false };
        let mut blocks = crate::aws::blocks_of(&self.action, self.is_from_outside);
        let (account, region) = of.split_once('/').map_or((of, None), |(a, r)| (a, Some(r)));
        blocks.any(|block| block.name == set.name)
            && self.accounts.contains(account)
            && (region.is_none() || region == self.region.as_deref())
    }
}

impl Owners {
    pub(super) fn new(set: &ComparisonSet<'_, '_>, history: &History) -> Owners {
        let inventory = history.at(set.first);
        let mut principal: BTreeSet<String> = set.one().principal.iter().cloned().collect();
        // The policy that AWS's text names is at work whatever is known to be attached.
        let stated = set.one().denial.stated.as_ref();
        let stated = stated.and_then(|stated| stated.policy_arn.clone());
        for arn in principal.clone() {
            let documents = inventory.identity_policies(&arn);
            principal.extend(documents.documents.into_iter().filter_map(|d| d.arn));
            principal.extend(inventory.boundary(&arn).document.and_then(|d| d.arn));
        }
        principal.extend(stated.clone());
        let resource = set.one().resource.iter().cloned().collect();
        let mut organization = BTreeSet::new();
        let mut is_place_unknown = false;
        organization.extend(stated.and_then(|arn| arn.rsplit('/').next().map(str::to_owned)));
        for account in [
            set.observation().event.caller_account(),
            set.one().resource.as_deref().and_then(crate::contrast::account_of),
        ]
        .into_iter()
        .flatten()
        {
            for levels in [inventory.scps(account), inventory.rcps(account)] {
                is_place_unknown |= !levels.missing.is_empty();
                for level in levels.levels {
                    organization.insert(level.target);
                    for document in level.policies.documents {
                        organization.extend(history.owner(&document.subject));
                    }
                }
            }
            organization.insert(account.to_owned());
        }
        let endpoint = set
            .failures
            .iter()
            .filter_map(|o| o.event.get(crate::event::Field::VpcEndpointId))
            .map(str::to_owned)
            .collect();
        is_place_unknown |= organization.len() <= 2;
        let public = Public::new(set);
        Owners { principal, resource, organization, endpoint, is_place_unknown, public }
    }

    /// The changes that touched it between two moments, both included, oldest first.
    fn changes<'h>(&self, history: &'h History, from: Time, to: Time) -> Vec<&'h Change> {
        let names = self.names();
        let own = history.changes_naming(names.iter().map(String::as_str), from, to);
        // Where the accounts lie is not known, so that each policy may hold for them.
        let of_organizations = history.changes_of_organizations(from, to);
        let mut found: Vec<&Change> = own
            .into_iter()
            .filter(|change| !is_of_organization(change))
            .chain(of_organizations)
            .filter(|change| self.include(change, history))
            .collect();
        found.sort_by(|one, other| {
            (one.time, &one.event_id, &one.subject).cmp(&(
                other.time,
                &other.event_id,
                &other.subject,
            ))
        });
        found
    }

    /// What the owner of a change may be called, to be one of those it depends on.
    fn names(&self) -> BTreeSet<String> {
        let named = [&self.principal, &self.resource, &self.organization, &self.endpoint];
        let mut names: BTreeSet<String> = named.into_iter().flatten().cloned().collect();
        for account in &self.public.accounts {
            names.extend(self.public.region.iter().map(|region| format!("{account}/{region}")));
            names.insert(account.clone());
        }
        names
    }

    /// Whether what a change touched is something the failure depends on; organization policies
    /// whose targets are not known count too.
    fn include(&self, change: &Change, history: &History) -> bool {
        let Some(owner) = history.owner(&change.subject) else { return false };
        match &change.subject {
            Subject::OrganizationPolicy(_) | Subject::OrganizationAttachment { .. } => {
                // What hangs at the root holds for every account of the organization.
                let is_at_root = matches!(
                    &change.subject,
                    Subject::OrganizationAttachment { target, .. } if target.starts_with("r-")
                );
                is_at_root || self.organization.contains(&owner) || self.is_place_unknown
            }
            Subject::Parent(_) => self.organization.contains(&owner),
            Subject::VpcEndpointPolicy(_) => self.endpoint.contains(&owner),
            Subject::Setting { .. } => self.public.is_met_by(change, &owner),
            Subject::PublicAccessBlock(of) if !of.contains(':') => {
                self.public.is_met_by(change, of)
            }
            _ => {
                self.principal.iter().chain(&self.resource).any(|mine| same(mine, &owner))
                    || self.resource.iter().any(|mine| {
                        crate::event::arn::same_resource(mine, &owner)
                            || resource_name(mine) == resource_name(&owner)
                    })
            }
        }
    }
}

/// Whether two ARNs name one user or role, with or without its path.
fn same(one: &str, other: &str) -> bool {
    one == other || Entity::from_arn(one).is_some_and(|e| Entity::from_arn(other) == Some(e))
}

/// The changes of what a failure depends on.
pub struct Suspects<'h> {
    owners: Owners,
    /// Those that may have caused it, oldest first.
    all: Vec<&'h Change>,
}

impl<'h> Suspects<'h> {
    /// Those of a comparison set.
    pub fn of(set: &ComparisonSet<'_, '_>, history: &'h History) -> Suspects<'h> {
        let owners = Owners::new(set, history);
        let all = suspects(set, history, &owners);
        Suspects { owners, all }
    }

    /// Those that may have caused it, the last one first.
    pub fn last_first(&self) -> impl Iterator<Item = &'h Change> {
        self.all.iter().rev().copied()
    }

    /// Changes of what the failure depends on, between two moments, both included, oldest first.
    pub(super) fn touching(&self, history: &'h History, from: Time, to: Time) -> Vec<&'h Change> {
        self.owners.changes(history, from, to)
    }
}

fn suspects<'h>(
    set: &ComparisonSet<'_, '_>,
    history: &'h History,
    owners: &Owners,
) -> Vec<&'h Change> {
    let from = set.last_success_before().map(|time| time.plus_seconds(-PROPAGATION_SECONDS));
    let until = set.first.plus_seconds(2);
    let mut suspects = owners.changes(history, from.unwrap_or(Time(i64::MIN)), until);
    suspects.retain(|change| can_take_away(change) && !is_made_without_policy(change, set));
    // Who is deleted has lost all policies before, and who is made anew gets them afterwards (IAM
    // "DeleteRole"): it is the new one that counts.
    let remade: BTreeSet<&Entity> = suspects
        .iter()
        .filter_map(|change| match &change.subject {
            Subject::Entity(entity) => Some(entity),
            _ => None,
        })
        .collect();
    suspects.retain(|change| match &change.subject {
        Subject::InlinePolicy { of, .. } | Subject::Attachment { to: of, .. } => {
            !remade.contains(of)
        }
        _ => true,
    });
    suspects
}

/// A grant only ever adds permission, and enabling a key cannot make it unusable.
pub(crate) fn can_take_away(change: &Change) -> bool {
    !matches!(
        change.action.as_str(),
        "kms:CreateGrant" | "kms:EnableKey" | "kms:CancelKeyDeletion" | "kms:CreateAlias"
    ) && !is_block_lifted(change)
}

/// Whether a change switched off what keeps things from becoming public.
fn is_block_lifted(change: &Change) -> bool {
    // Of VPCs, EMR, and Systems Manager, whose setting is whether sharing is enabled.
    const OFF: [&str; 3] = ["off", "false", "Enable"];
    change.layer == Layer::BlockPublicAccess
        && match &change.operation {
            Operation::Set(Value::Absent) => true,
            Operation::Set(Value::Text(state)) => OFF.contains(&state.as_ref()),
            _ => false,
        }
}

/// One policy more beside those that stay takes nothing away but by a Deny of its own (IAM User
/// Guide, "Policy evaluation logic").
fn only_adds(change: &Change) -> bool {
    let is_attachment = matches!(
        change.subject,
        Subject::Attachment { .. } | Subject::OrganizationAttachment { .. }
    );
    let is_set = matches!(&change.operation, Operation::Set(value) if *value != Value::Absent);
    is_attachment && is_set
}

fn is_of_organization(change: &Change) -> bool {
    matches!(
        change.subject,
        Subject::OrganizationPolicy(_) | Subject::OrganizationAttachment { .. }
    )
}

/// Whether a change made the resource, without a policy and in the caller's own account: there the
/// caller's own policies are enough, so that this took nothing away. A key needs its policy to allow
/// even that (IAM user guide, "Policy evaluation logic"; KMS developer guide, "Key policies").
fn is_made_without_policy(change: &Change, set: &ComparisonSet<'_, '_>) -> bool {
    let Subject::ResourcePolicy(arn) = &change.subject else { return false };
    let made = change.action.split_once(':').is_some_and(|(service, name)| {
        service != "kms" && service != "iam" && name.starts_with("Create")
    });
    let account_of = crate::contrast::account_of;
    let owner = account_of(arn).or(change.account.as_deref());
    let caller = set.one().principal.as_deref().and_then(account_of);
    made && change.operation == Operation::Set(Value::Absent) && owner.is_some() && owner == caller
}

/// Which layers the changes speak for.
pub fn evidence(
    set: &ComparisonSet<'_, '_>,
    history: &History,
    suspects: &Suspects<'_>,
) -> Vec<Evidence> {
    let worked_before = set.last_success_before().is_some();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for change in suspects.last_first() {
        for layer in Layer::ALL {
            // What a grant gave, its key's policy did not need to give.
            let is_grant = matches!(change.subject, Subject::Grant { .. });
            if is_grant && layer != Layer::KmsGrant {
                continue;
            }
            if !change.concerns(layer) || !fits(set, layer) || !seen.insert(layer) {
                continue;
            }
            let text = Sentence::new("changed-before")
                .arg("action", change.action.as_str())
                .arg("time", change.time.to_string())
                .arg("summary", change.summary.clone());
            let worked = if worked_before { 3.5 } else { 1.5 };
            let weight = match has_policies_again(set, history, change) {
                true => worked * 0.4,
                false => worked * directness(change, layer),
            };
            // When the grant that let a call through is gone, AWS's text names the identity policy:
            // that is where an Allow was missed last.
            let revoked =
                layer == Layer::KmsGrant && matches!(change.subject, Subject::Grant { .. });
            let weight = if revoked && worked_before { 6.5 } else { weight };
            let effect = match layer {
                Layer::KmsGrant | Layer::KmsKeyState => Effect::NotApplicable,
                Layer::BlockPublicAccess => Effect::ExplicitDeny,
                _ if only_adds(change) => Effect::ExplicitDeny,
                _ => Effect::Unknown,
            };
            found.push(
                Evidence::new(Witness::Changed, text)
                    .weigh(layer, effect, weight)
                    .event(&change.event_id),
            );
        }
    }
    found.extend(elsewhere(set, suspects, worked_before));
    found.extend(unchanged(set, worked_before, found.is_empty()));
    found
}

/// It worked until something was changed, and in other layers nothing was: these are less likely to
/// have denied, though a condition may have.
fn elsewhere(
    set: &ComparisonSet<'_, '_>,
    suspects: &Suspects<'_>,
    worked_before: bool,
) -> Option<Evidence> {
    let suspects: Vec<&Change> = suspects
        .last_first()
        .filter(|change| !matches!(change.subject, Subject::Tag { .. }))
        .collect();
    if !worked_before || suspects.is_empty() {
        return None;
    }
    let untouched =
        |layer: &Layer| fits(set, *layer) && !suspects.iter().any(|change| change.concerns(*layer));
    let others = [Layer::IdentityPolicy, Layer::PermissionsBoundary, Layer::ResourcePolicy];
    let evidence = Evidence::new(Witness::Changed, Sentence::new("changed-elsewhere"));
    let evidence = others
        .into_iter()
        .filter(untouched)
        .fold(evidence, |evidence, layer| evidence.layer(layer, -0.7));
    (!evidence.weights.is_empty()).then_some(evidence)
}

/// Whether a change made a role or user that was given policies before the first failure.
fn has_policies_again(set: &ComparisonSet<'_, '_>, history: &History, change: &Change) -> bool {
    let Subject::Entity(entity) = &change.subject else { return false };
    history.changes_of(&history.owner_of(entity)).any(|given| {
        let of = match &given.subject {
            Subject::InlinePolicy { of, .. } | Subject::Attachment { to: of, .. } => of,
            _ => return false,
        };
        let is_given = !matches!(given.operation, Operation::Set(Value::Absent));
        of == entity && is_given && given.time >= change.time && given.time <= set.first
    })
}

/// A change of the very thing counts in full; one that could play a part, less.
fn directness(change: &Change, layer: Layer) -> f64 {
    if change.layer == layer { 1.0 } else { 0.4 }
}

/// Grants and states matter only to KMS, trust policies only to who takes on a role.
fn fits(set: &ComparisonSet<'_, '_>, layer: Layer) -> bool {
    let action = set.one().action.as_str();
    match layer {
        Layer::KmsGrant | Layer::KmsKeyState => action.starts_with("kms:"),
        Layer::RoleTrustPolicy => action.starts_with("sts:"),
        Layer::IdentityPolicy | Layer::PermissionsBoundary => {
            !matches!(set.one().caller_kind, CallerKind::ServicePrincipal)
        }
        _ => true,
    }
}

/// It worked before, and nothing it depends on was changed in the log: then the cause lies in a
/// condition, or in a change that another account's log holds.
fn unchanged(set: &ComparisonSet<'_, '_>, worked_before: bool, none: bool) -> Option<Evidence> {
    if !none || !worked_before {
        return None;
    }
    Some(
        Evidence::new(Witness::Changed, Sentence::new("changed-nothing"))
            .event(set.observation().event.id()),
    )
}

/// The change that wrote the policy in which evaluating found the denial.
pub fn origin<'h>(
    found: &Found,
    set: &ComparisonSet<'_, '_>,
    history: &'h History,
) -> Option<&'h Change> {
    let Some(PolicySource::Event(id)) = found.label.as_ref()?.source.as_ref() else { return None };
    history.change_by(id).filter(|change| change.time <= set.first.plus_seconds(2))
}

/// The change to blame once the layer is known: the last one of that layer before the first failure.
pub fn culprit<'h>(suspects: &Suspects<'h>, layer: Layer) -> Option<&'h Change> {
    let direct = suspects.last_first().find(|c| c.layer == layer);
    direct.or_else(|| suspects.last_first().find(|c| c.concerns(layer)))
}
