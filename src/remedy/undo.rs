//! Undoing a change of any kind, told from the change alone: a policy attached or detached, a grant
//! ended, a key taken out of use, a document replaced, public access blocked.

use serde_json::{Value as Json, json};

use super::candidate::Candidate;
use super::commands::Amendment;
use super::commands::amendment::statements;
use super::newest;
use super::place::{Place, in_region};
use super::proof::Edit;
use crate::event::Layer;
use crate::history::History;
use crate::history::change::{Change, Grant, Operation, Value};
use crate::history::replay::{State, same};
use crate::history::subject::{Entity, Subject};
use crate::iam::{AttachedPolicy, BlockPublicAccess, KeyState, KmsGrant, Policy, PolicyLabel};
use crate::wording::Sentence;
use crate::wording::shell::quote;

/// Undoes everything a change brought, wanted or not.
pub(super) const BREADTH: u8 = 50;

/// What takes the change back; `None` where what was before is not known.
pub(super) fn candidate(change: &Change, history: &History) -> Option<Candidate> {
    let (before, after) = history.around(change)?;
    let title = Sentence::new("remedy-revert")
        .arg("action", change.action.as_str())
        .arg("time", change.time.to_string());
    let is_document = matches!(
        change.subject,
        Subject::InlinePolicy { .. }
            | Subject::TrustPolicy(_)
            | Subject::ResourcePolicy(_)
            | Subject::VpcEndpointPolicy(_)
            | Subject::OrganizationPolicy(_)
    );
    if !is_document && !is_last_word(change, after, history) {
        return None;
    }
    let mut candidate = match &change.subject {
        Subject::Grant { key, .. } => grant(before, history.key_name(key)),
        Subject::KeyState(key) => key_state(after, history.key_name(key)),
        Subject::Attachment { to, policy } => attachment(change, to, policy, history),
        Subject::Boundary(of) => boundary(before, of, change, history),
        Subject::OrganizationAttachment { policy, target } => {
            organization(change, policy, target, history)
        }
        Subject::PublicAccessBlock(of) => public_access(before, of),
        _ => document(change, (before, after), history),
    }?;
    candidate.title = title;
    candidate.breadth = BREADTH;
    Some(candidate.note(Sentence::new("remedy-note-revert")))
}

/// A candidate of one command; the caller gives it its title.
fn by_command(layer: Layer, at: &str, command: String, edits: Vec<Edit>) -> Candidate {
    let mut candidate = Candidate::text(Sentence::new("remedy-statement"), layer, BREADTH);
    candidate.attach_to = Some(at.to_owned());
    candidate.commands = vec![command];
    if !edits.is_empty() {
        candidate.edits = edits;
    }
    candidate
}

/// The grant as it was, made anew (KMS API Reference, CreateGrant).
fn grant(before: &State, key: String) -> Option<Candidate> {
    let Some(Value::Grant(grant)) = before.value() else { return None };
    let value = spelled(grant, &key);
    let mut command = format!(
        "aws kms create-grant --name as-before --key-id {} --grantee-principal {} --operations {}",
        quote(&key),
        quote(&grant.grantee),
        grant.operations.iter().map(|o| quote(o)).collect::<Vec<_>>().join(" "),
    );
    if let Some(constraints) = value.get("Constraints") {
        command.push_str(&format!(" --constraints {}", quote(&constraints.to_string())));
    }
    command.push_str(&in_region(&key));
    let edit = KmsGrant::from_value(&value, PolicyLabel::named(grant.id.as_str()))?;
    let mut candidate = by_command(Layer::KmsGrant, &key, command, vec![Edit::Grant(edit)]);
    candidate.document = Some(value);
    Some(candidate)
}

fn spelled(grant: &Grant, key: &str) -> Json {
    let mut value =
        json!({"KeyId": key, "GranteePrincipal": grant.grantee, "Operations": grant.operations});
    let constraints = [
        ("EncryptionContextEquals", &grant.context_equals),
        ("EncryptionContextSubset", &grant.context_subset),
    ];
    for (name, pairs) in constraints {
        if let (Some(pairs), Some(members)) = (pairs, value.as_object_mut()) {
            members.insert("Constraints".into(), json!({ name: pairs }));
        }
    }
    value
}

fn key_state(after: &State, key: String) -> Option<Candidate> {
    let state = KeyState::parse(after.value()?.as_text()?)?;
    let (word, region) = (quote(&key), in_region(&key));
    let enable = format!("aws kms enable-key --key-id {word}{region}");
    let cancel = format!("aws kms cancel-key-deletion --key-id {word}{region}");
    let edits = vec![Edit::KeyState(KeyState::Enabled)];
    match state {
        KeyState::Disabled => Some(by_command(Layer::KmsKeyState, &key, enable, edits)),
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            let mut candidate = by_command(Layer::KmsKeyState, &key, cancel, edits);
            // A key whose deletion is cancelled stays disabled (KMS, Cancel key deletion).
            candidate.commands.push(enable);
            Some(candidate)
        }
        _ => None,
    }
}

/// Whether a policy of AWS gives so much that it is taken away on purpose, and never given back for
/// one call (AWS Managed Policy Reference).
fn gives_everything(arn: &str) -> bool {
    const ALL: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"];
    let name = arn.rsplit('/').next().unwrap_or_default();
    arn.contains(":iam::aws:policy/") && ALL.contains(&name)
}

/// A managed policy in place again, or taken away again.
fn attachment(change: &Change, to: &Entity, arn: &str, history: &History) -> Option<Candidate> {
    let kind = to.kind.as_str();
    let of = |verb: &str| {
        format!(
            "aws iam {verb}-{kind}-policy --{kind}-name {} --policy-arn {}",
            quote(&to.name),
            quote(arn)
        )
    };
    let at = history.owner(&change.subject)?;
    let place = Place { layer: Layer::IdentityPolicy, arn: None, name: None, at: Some(at.clone()) };
    let is_given_back = matches!(change.operation, Operation::Set(Value::Absent));
    if is_given_back && gives_everything(arn) {
        return None;
    }
    if place.is_kept_by_aws() {
        return None;
    }
    match change.operation {
        Operation::Set(Value::Absent) => {
            let edits = managed(arn, change, history).map(|policy| Edit::Attach {
                layer: Layer::IdentityPolicy,
                policy,
                level: None,
            });
            let edits = edits.into_iter().collect();
            Some(by_command(Layer::IdentityPolicy, &at, of("attach"), edits))
        }
        Operation::Set(_) => {
            let edit =
                Edit::Detach { layer: Layer::IdentityPolicy, policy: arn.to_owned(), level: None };
            Some(by_command(Layer::IdentityPolicy, &at, of("detach"), vec![edit]))
        }
        _ => None,
    }
}

/// The managed policy of this ARN, as it was at the change.
fn managed(arn: &str, change: &Change, history: &History) -> Option<AttachedPolicy> {
    let document = history.at(change.time).managed_policy(arn).document?;
    let label = PolicyLabel { arn: Some(arn.to_owned()), ..PolicyLabel::default() };
    Some(AttachedPolicy::new(label, Policy::parse(&document.text).ok()?))
}

fn boundary(before: &State, of: &Entity, change: &Change, history: &History) -> Option<Candidate> {
    let kind = of.kind.as_str();
    let at = history.owner(&change.subject)?;
    let name = quote(&of.name);
    match before.value()? {
        Value::Absent => {
            let command =
                format!("aws iam delete-{kind}-permissions-boundary --{kind}-name {name}");
            let edits = vec![Edit::Boundary(None)];
            Some(by_command(Layer::PermissionsBoundary, &at, command, edits))
        }
        Value::Text(arn) => {
            let command = format!(
                "aws iam put-{kind}-permissions-boundary --{kind}-name {name} --permissions-boundary {}",
                quote(arn)
            );
            let edits = managed(arn, change, history).map(|policy| Edit::Boundary(Some(policy)));
            let edits = edits.into_iter().collect();
            Some(by_command(Layer::PermissionsBoundary, &at, command, edits))
        }
        _ => None,
    }
}

fn organization(
    change: &Change,
    policy: &str,
    target: &str,
    history: &History,
) -> Option<Candidate> {
    let layer = change.layer;
    let of = |verb: &str| {
        format!(
            "aws organizations {verb}-policy --policy-id {} --target-id {}",
            quote(policy),
            quote(target)
        )
    };
    match change.operation {
        Operation::Set(Value::Absent) => {
            let level = Some(target.to_owned());
            let edits = organization_policy(policy, change, history).map(|policy| Edit::Attach {
                layer,
                policy,
                level,
            });
            Some(by_command(layer, target, of("attach"), edits.into_iter().collect()))
        }
        Operation::Set(_) => {
            let level = Some(target.to_owned());
            let edit = Edit::Detach { layer, policy: policy.to_owned(), level };
            Some(by_command(layer, target, of("detach"), vec![edit]))
        }
        _ => None,
    }
}

fn organization_policy(id: &str, change: &Change, history: &History) -> Option<AttachedPolicy> {
    let subject = Subject::OrganizationPolicy(id.to_owned());
    let text = history.at(change.time).state(&subject)?.value()?.as_text()?.to_owned();
    Some(AttachedPolicy::new(PolicyLabel::named(id), Policy::parse(&text).ok()?))
}

/// The settings of before; where there were none, none.
fn public_access(before: &State, of: &str) -> Option<Candidate> {
    let bucket = of.split_once(":::").map(|(_, name)| name);
    let settings = match before.value() {
        Some(Value::Text(text)) => Some(serde_json::from_str::<Json>(text).ok()?),
        Some(Value::Absent) | None => None,
        Some(_) => return None,
    };
    let (command, place) = match bucket {
        Some(bucket) => ("s3api", format!("--bucket {}", quote(bucket))),
        None => ("s3control", format!("--account-id {}", quote(of))),
    };
    let command = match &settings {
        Some(settings) => format!(
            "aws {command} put-public-access-block {place} --public-access-block-configuration {}",
            quote(&settings.to_string())
        ),
        None => format!("aws {command} delete-public-access-block {place}"),
    };
    let restricts = settings.as_ref().and_then(|s| s.get("RestrictPublicBuckets")?.as_bool());
    let access = BlockPublicAccess { restrict_public_buckets: restricts.unwrap_or(false) };
    let edits = vec![Edit::PublicAccess(access)];
    Some(by_command(Layer::BlockPublicAccess, of, command, edits))
}

/// The document of before, put the way its kind is put. Whether it helps is not tried here.
fn document(
    change: &Change,
    (before, after): (&State, &State),
    history: &History,
) -> Option<Candidate> {
    let text = before.value()?.as_text().filter(|text| text.trim_start().starts_with('{'))?;
    let document: Json = serde_json::from_str(text).ok()?;
    let owner = history.owner(&change.subject)?;
    let (arn, name) = match &change.subject {
        Subject::InlinePolicy { name, .. } => (None, Some(name.clone())),
        Subject::ManagedPolicy(arn) => (Some(arn.clone()), None),
        Subject::OrganizationPolicy(id) => (Some(id.clone()), Some(id.clone())),
        _ => (None, None),
    };
    let place = Place { layer: change.layer, arn, name, at: Some(owner.clone()) };
    let mut candidate = Candidate::text(Sentence::new("remedy-statement"), change.layer, BREADTH);
    candidate.attach_to = Some(owner);
    let after = after.value().and_then(Value::as_text).and_then(|t| serde_json::from_str(t).ok());
    let amendment = match after {
        Some(after) => Amendment::between(&after, &document).only_untouched(&after),
        // It was taken away whole: what it said is put where nothing is.
        None => Amendment::adding(&statements(&document)),
    };
    let newest = newest::document(&change.subject, history);
    let present = newest.as_ref().map(|policy| policy.document());
    let left = match present {
        Some(present) if !amendment.changes(present) => return None,
        Some(present) => amendment.applied(present),
        None => document,
    };
    if present.is_some_and(|present| amendment.misses(present)) {
        candidate.notes.push(Sentence::new("remedy-note-touched-since"));
    }
    candidate.carry_out(&place, amendment, present.is_some())?;
    candidate.terraform = place.terraform(&left);
    candidate.document = Some(left);
    newest::keep(&mut candidate, &newest::later(&change.subject, change.time, history));
    Some(candidate)
}

/// Whether what the change left is what there is at the end: else somebody went on from there, and
/// undoing it would undo that.
fn is_last_word(change: &Change, after: &State, history: &History) -> bool {
    let newest = history.at(newest::LAST).state(&change.subject).and_then(State::value);
    match (newest, after.value()) {
        (Some(newest), Some(after)) => same(newest, after),
        _ => true,
    }
}
