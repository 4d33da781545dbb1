//! IAM: entities, inline and managed policies, attachments, boundaries, trust, groups, tags.

use serde_json::Value as Json;

use super::call::text_at;
use super::{Before, Call, Draft, Row, Value};
use crate::event::Layer;
use crate::history::document::Hidden;
use crate::history::subject::{Entity, EntityKind, Subject};
use crate::wording::Sentence;

use EntityKind::{Group, Role, User};

pub(super) fn row(name: &str) -> Option<Row> {
    Some(match name {
        "CreateUser" => |call| create(call, User),
        "CreateRole" => |call| create(call, Role),
        "CreateGroup" => |call| create(call, Group),
        "CreateServiceLinkedRole" => create_service_linked_role,
        "DeleteUser" => |call| delete(call, User),
        "DeleteRole" => |call| delete(call, Role),
        "DeleteGroup" => |call| delete(call, Group),
        "DeleteServiceLinkedRole" => |call| delete(call, Role),
        "PutUserPolicy" => |call| put_inline(call, User),
        "PutRolePolicy" => |call| put_inline(call, Role),
        "PutGroupPolicy" => |call| put_inline(call, Group),
        "DeleteUserPolicy" => |call| delete_inline(call, User),
        "DeleteRolePolicy" => |call| delete_inline(call, Role),
        "DeleteGroupPolicy" => |call| delete_inline(call, Group),
        "AttachUserPolicy" => |call| attach(call, User),
        "AttachRolePolicy" => |call| attach(call, Role),
        "AttachGroupPolicy" => |call| attach(call, Group),
        "DetachUserPolicy" => |call| detach(call, User),
        "DetachRolePolicy" => |call| detach(call, Role),
        "DetachGroupPolicy" => |call| detach(call, Group),
        "CreatePolicy" => create_policy,
        "CreatePolicyVersion" => create_policy_version,
        "SetDefaultPolicyVersion" => set_default_policy_version,
        "DeletePolicy" => delete_policy,
        "UpdateAssumeRolePolicy" => update_trust,
        "PutUserPermissionsBoundary" => |call| put_boundary(call, User),
        "PutRolePermissionsBoundary" => |call| put_boundary(call, Role),
        "DeleteUserPermissionsBoundary" => |call| delete_boundary(call, User),
        "DeleteRolePermissionsBoundary" => |call| delete_boundary(call, Role),
        "AddUserToGroup" => |call| membership(call, Value::Present),
        "RemoveUserFromGroup" => |call| membership(call, Value::Absent),
        "TagUser" => |call| tag(call, User),
        "TagRole" => |call| tag(call, Role),
        "UntagUser" => |call| untag(call, User),
        "UntagRole" => |call| untag(call, Role),
        "AddRoleToInstanceProfile" | "RemoveRoleFromInstanceProfile" => instance_profile,
        _ => return None,
    })
}

fn name_of(entity: &Entity) -> String {
    entity.to_string()
}

/// `CreateUser`, `CreateRole`, `CreateGroup`: nothing of that name was there before, or the call
/// had failed with `EntityAlreadyExists`; the new unique id makes grants and policies that named a
/// predecessor useless.
fn create(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let Some(entity) = call.entity(kind) else { return Vec::new() };
    let word = kind.as_str();
    let id = call.answer(&format!("{word}.{word}Id"));
    let created = |subject, value, layer| {
        let summary = Sentence::new("change-entity-created").arg("entity", name_of(&entity));
        Draft::set(subject, value, layer, summary).after(Before::Certain(Value::Absent))
    };
    let mut drafts = vec![created(
        Subject::Entity(entity.clone()),
        id.map_or(Value::Present, Value::text),
        Layer::Unknown,
    )];
    if let Some(trust) = call.document("assumeRolePolicyDocument") {
        drafts.push(created(Subject::TrustPolicy(entity.clone()), trust, Layer::RoleTrustPolicy));
    }
    if kind != Group {
        let boundary = call.text("permissionsBoundary");
        drafts.push(created(
            Subject::Boundary(entity.clone()),
            boundary.map_or(Value::Absent, Value::text),
            Layer::PermissionsBoundary,
        ));
        drafts.extend(tags(call, &entity));
    }
    drafts
}

/// `CreateServiceLinkedRole` names only the service; the role is in the answer.
fn create_service_linked_role(call: &Call<'_>) -> Vec<Draft> {
    let Some(entity) = call.answer("role.arn").and_then(Entity::from_arn) else {
        return Vec::new();
    };
    let id = call.answer("role.roleId").map_or(Value::Present, Value::text);
    let summary = Sentence::new("change-entity-created").arg("entity", name_of(&entity));
    vec![
        Draft::set(Subject::Entity(entity), id, Layer::Unknown, summary)
            .after(Before::Certain(Value::Absent)),
    ]
}

/// An entity can only be deleted once its policies are gone (IAM `DeleteRole`), except that
/// `DeleteServiceLinkedRole` and the console take them along; what belongs to it ends with it.
fn delete(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let Some(entity) = call.entity(kind) else { return Vec::new() };
    let gone = |subject, layer| {
        let summary = Sentence::new("change-entity-deleted").arg("entity", name_of(&entity));
        Draft::set(subject, Value::Absent, layer, summary)
    };
    let mut drafts =
        vec![gone(Subject::Entity(entity.clone()), Layer::Unknown).after(Before::Existed)];
    if kind == Role {
        let trust = Subject::TrustPolicy(entity.clone());
        drafts.push(gone(trust, Layer::RoleTrustPolicy).after(Before::Existed));
    }
    if kind != Group {
        drafts.push(gone(Subject::Boundary(entity.clone()), Layer::PermissionsBoundary));
    }
    drafts
}

/// `Put…Policy` adds or replaces; which of both, the call does not say.
fn put_inline(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let (Some(of), Some(name)) = (call.entity(kind), call.text("policyName")) else {
        return Vec::new();
    };
    let document = call.document("policyDocument").unwrap_or(Value::Hidden(Hidden::NotInEvent));
    let summary =
        Sentence::new("change-inline-policy-put").arg("policy", name).arg("entity", name_of(&of));
    let subject = Subject::InlinePolicy { of, name: name.to_owned() };
    vec![Draft::set(subject, document, Layer::IdentityPolicy, summary)]
}

fn delete_inline(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let (Some(of), Some(name)) = (call.entity(kind), call.text("policyName")) else {
        return Vec::new();
    };
    let summary = Sentence::new("change-inline-policy-deleted")
        .arg("policy", name)
        .arg("entity", name_of(&of));
    let subject = Subject::InlinePolicy { of, name: name.to_owned() };
    vec![Draft::set(subject, Value::Absent, Layer::IdentityPolicy, summary).after(Before::Existed)]
}

/// Attaching what is attached succeeds too (IAM `AttachRolePolicy`), but is rarely done.
fn attach(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let (Some(to), Some(policy)) = (call.entity(kind), call.text("policyArn")) else {
        return Vec::new();
    };
    let summary =
        Sentence::new("change-policy-attached").arg("policy", policy).arg("entity", name_of(&to));
    let subject = Subject::Attachment { to, policy: policy.to_owned() };
    vec![
        Draft::set(subject, Value::Present, Layer::IdentityPolicy, summary)
            .after(Before::Likely(Value::Absent)),
    ]
}

/// Detaching what is not attached fails with `NoSuchEntity`.
fn detach(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let (Some(to), Some(policy)) = (call.entity(kind), call.text("policyArn")) else {
        return Vec::new();
    };
    let summary =
        Sentence::new("change-policy-detached").arg("policy", policy).arg("entity", name_of(&to));
    let subject = Subject::Attachment { to, policy: policy.to_owned() };
    vec![
        Draft::set(subject, Value::Absent, Layer::IdentityPolicy, summary)
            .after(Before::Certain(Value::Present)),
    ]
}

fn create_policy(call: &Call<'_>) -> Vec<Draft> {
    let arn = call.answer("policy.arn").map(str::to_owned).or_else(|| {
        let path = call.text("path").unwrap_or("/");
        let name = call.text("policyName")?;
        Some(format!("arn:{}:iam::{}:policy{path}{name}", call.partition(), call.account()))
    });
    let Some(arn) = arn else { return Vec::new() };
    let version = call.answer("policy.defaultVersionId").unwrap_or("v1").to_owned();
    let document = call.document("policyDocument").unwrap_or(Value::Hidden(Hidden::NotInEvent));
    let summary = || Sentence::new("change-managed-policy-created").arg("policy", arn.as_str());
    vec![
        Draft::set(
            Subject::ManagedPolicy(arn.clone()),
            Value::text(version.as_str()),
            Layer::IdentityPolicy,
            summary(),
        )
        .after(Before::Certain(Value::Absent)),
        Draft::set(
            Subject::PolicyVersion { policy: arn.clone(), version },
            document,
            Layer::IdentityPolicy,
            summary(),
        )
        .after(Before::Certain(Value::Absent)),
    ]
}

/// A version that is not made the default changes nothing yet. Without the answer the version's
/// number is not known.
fn create_policy_version(call: &Call<'_>) -> Vec<Draft> {
    let Some(policy) = call.text("policyArn") else { return Vec::new() };
    let version = call.answer("policyVersion.versionId").unwrap_or(call.event.id()).to_owned();
    let document = call.document("policyDocument").unwrap_or(Value::Hidden(Hidden::NotInEvent));
    let is_default = call.flag("setAsDefault") == Some(true);
    let summary = || {
        Sentence::new("change-managed-policy-version")
            .arg("policy", policy)
            .arg("version", version.as_str())
    };
    let mut drafts = Vec::new();
    if is_default {
        drafts.push(Draft::set(
            Subject::ManagedPolicy(policy.to_owned()),
            Value::text(version.as_str()),
            Layer::IdentityPolicy,
            summary(),
        ));
    }
    drafts.push(
        Draft::set(
            Subject::PolicyVersion { policy: policy.to_owned(), version: version.clone() },
            document,
            Layer::IdentityPolicy,
            summary(),
        )
        .after(Before::Certain(Value::Absent)),
    );
    drafts
}

fn set_default_policy_version(call: &Call<'_>) -> Vec<Draft> {
    let (Some(policy), Some(version)) = (call.text("policyArn"), call.text("versionId")) else {
        return Vec::new();
    };
    let summary = Sentence::new("change-managed-policy-version")
        .arg("policy", policy)
        .arg("version", version);
    let subject = Subject::ManagedPolicy(policy.to_owned());
    vec![Draft::set(subject, Value::text(version), Layer::IdentityPolicy, summary)]
}

fn delete_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(policy) = call.text("policyArn") else { return Vec::new() };
    let summary = Sentence::new("change-managed-policy-deleted").arg("policy", policy);
    let subject = Subject::ManagedPolicy(policy.to_owned());
    vec![Draft::set(subject, Value::Absent, Layer::IdentityPolicy, summary).after(Before::Existed)]
}

fn update_trust(call: &Call<'_>) -> Vec<Draft> {
    let Some(role) = call.entity(Role) else { return Vec::new() };
    let document = call.document("policyDocument").unwrap_or(Value::Hidden(Hidden::NotInEvent));
    let summary = Sentence::new("change-trust-policy").arg("entity", name_of(&role));
    vec![
        Draft::set(Subject::TrustPolicy(role), document, Layer::RoleTrustPolicy, summary)
            .after(Before::Existed),
    ]
}

/// `Put…PermissionsBoundary` (member inferred from the API model).
fn put_boundary(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let (Some(entity), Some(policy)) = (call.entity(kind), call.text("permissionsBoundary")) else {
        return Vec::new();
    };
    let summary =
        Sentence::new("change-boundary-put").arg("policy", policy).arg("entity", name_of(&entity));
    vec![
        Draft::set(
            Subject::Boundary(entity),
            Value::text(policy),
            Layer::PermissionsBoundary,
            summary,
        )
        .after(Before::Likely(Value::Absent)),
    ]
}

fn delete_boundary(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let Some(entity) = call.entity(kind) else { return Vec::new() };
    let summary = Sentence::new("change-boundary-deleted").arg("entity", name_of(&entity));
    let subject = Subject::Boundary(entity);
    vec![
        Draft::set(subject, Value::Absent, Layer::PermissionsBoundary, summary)
            .after(Before::Existed),
    ]
}

/// Adding a member twice succeeds (IAM `AddUserToGroup`); removing whom the group has not fails.
fn membership(call: &Call<'_>, value: Value) -> Vec<Draft> {
    let (Some(user), Some(group)) = (call.entity(User), call.entity(Group)) else {
        return Vec::new();
    };
    let (names, groups) = (user.name.clone(), group.name.clone());
    let (summary, before) = match value {
        Value::Present => (
            Sentence::new("change-group-joined").arg("user", names).arg("group", groups),
            Before::Likely(Value::Absent),
        ),
        _ => (
            Sentence::new("change-group-left").arg("user", names).arg("group", groups),
            Before::Certain(Value::Present),
        ),
    };
    let subject = Subject::Membership { user, group };
    vec![Draft::set(subject, value, Layer::IdentityPolicy, summary).after(before)]
}

fn tags(call: &Call<'_>, entity: &Entity) -> Vec<Draft> {
    let Some(Json::Array(tags)) = super::call::at(&call.request, "tags") else {
        return Vec::new();
    };
    let pairs = tags.iter().filter_map(|tag| {
        Some((text_at(tag, "key")?, super::call::at(tag, "value")?.as_str().unwrap_or_default()))
    });
    pairs
        .map(|(key, value)| {
            let summary =
                Sentence::new("change-tag-put").arg("tag", key).arg("of", name_of(entity));
            let of = entity.arn_in(call.partition());
            let subject = Subject::Tag { of, key: key.to_owned() };
            Draft::set(subject, Value::text(value), Layer::Unknown, summary)
        })
        .collect()
}

fn tag(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    call.entity(kind).map(|entity| tags(call, &entity)).unwrap_or_default()
}

fn untag(call: &Call<'_>, kind: EntityKind) -> Vec<Draft> {
    let Some(entity) = call.entity(kind) else { return Vec::new() };
    let Some(Json::Array(keys)) = super::call::at(&call.request, "tagKeys") else {
        return Vec::new();
    };
    keys.iter()
        .filter_map(Json::as_str)
        .map(|key| {
            let summary =
                Sentence::new("change-tag-removed").arg("tag", key).arg("of", name_of(&entity));
            let of = entity.arn_in(call.partition());
            let subject = Subject::Tag { of, key: key.to_owned() };
            Draft::set(subject, Value::Absent, Layer::Unknown, summary)
        })
        .collect()
}

fn instance_profile(call: &Call<'_>) -> Vec<Draft> {
    let Some(profile) = call.text("instanceProfileName") else { return Vec::new() };
    let value = match call.name() {
        "AddRoleToInstanceProfile" => call.text("roleName").map_or(Value::Absent, Value::text),
        _ => Value::Absent,
    };
    let summary = Sentence::new("change-instance-profile").arg("profile", profile);
    let of = format!("arn:{}:iam::{}:instance-profile/{profile}", call.partition(), call.account());
    let subject = Subject::Setting { name: "role of the instance profile", of };
    vec![Draft::set(subject, value, Layer::Unknown, summary)]
}
