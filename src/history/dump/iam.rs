//! `aws iam get-account-authorization-details`, and the entries AWS Config keeps, which have the
//! same members with a small first letter. Other IAM reads (`get-role`, `get-policy-version`, …)
//! that name what they show are taken too.

use serde_json::Value as Json;

use super::super::change::{Value, at, document_value, text_at};
use super::super::subject::{Entity, EntityKind, Subject};
use super::{Dump, Page, Scope};
use crate::event::arn::Arn;
use crate::history::document::Hidden;

const LISTS: [(&str, EntityKind); 3] = [
    ("UserDetailList", EntityKind::User),
    ("RoleDetailList", EntityKind::Role),
    ("GroupDetailList", EntityKind::Group),
];

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    account_details(page, dump) || single(page, dump)
}

fn account_details(page: &Page<'_>, dump: &mut Dump) -> bool {
    let lists: Vec<_> =
        LISTS.iter().filter_map(|(name, kind)| Some((page.list(name)?, *kind))).collect();
    let policies = page.list("Policies").filter(|_| !lists.is_empty());
    if lists.is_empty() {
        return false;
    }
    let mut accounts: Vec<String> = Vec::new();
    for (entries, kind) in &lists {
        for entry in *entries {
            if let Some(found) = entity(page, dump, entry, *kind) {
                accounts.push(found.account);
            }
        }
    }
    for policy in policies.unwrap_or_default() {
        if let Some(arn) = managed_policy(page, dump, policy) {
            accounts.extend(arn.split(':').nth(4).map(str::to_owned));
        }
    }
    accounts.retain(|account| account != "aws");
    accounts.sort();
    accounts.dedup();
    // With `--filter` whole lists are empty; every real account has a role, so an empty list says
    // nothing while others are filled.
    let mut scopes = Vec::new();
    for account in &accounts {
        for (entries, kind) in &lists {
            if !entries.is_empty() {
                scopes.push(Scope::Entities(account.clone(), *kind));
            }
        }
        if policies.is_some_and(|policies| !policies.is_empty()) {
            scopes.push(Scope::ManagedPolicies(account.clone()));
        }
    }
    dump.listed(page, scopes);
    true
}

fn list<'j>(entry: &'j Json, names: &[&str]) -> &'j [Json] {
    names.iter().find_map(|name| at(entry, name)?.as_array()).map(Vec::as_slice).unwrap_or_default()
}

/// One user, role or group with all that belongs to it.
pub(super) fn entity(
    page: &Page<'_>,
    dump: &mut Dump,
    entry: &Json,
    kind: EntityKind,
) -> Option<Entity> {
    let arn = text_at(entry, "Arn")?;
    let entity = Entity::from_arn(arn).filter(|entity| entity.kind == kind)?;
    dump.arns.push(arn.to_owned());
    let id = text_at(entry, &format!("{}Id", kind.as_str()));
    dump.fact(page, Subject::Entity(entity.clone()), id.map_or(Value::Present, Value::text));

    let word = kind.as_str();
    for policy in list(entry, &[&format!("{word}PolicyList"), &format!("{word}Policies")]) {
        let Some(name) = text_at(policy, "PolicyName") else { continue };
        let value = at(policy, "PolicyDocument")
            .and_then(document_value)
            .unwrap_or(Value::Hidden(Hidden::NotInDump));
        let subject = Subject::InlinePolicy { of: entity.clone(), name: name.to_owned() };
        dump.fact(page, subject, value);
    }
    for policy in list(entry, &["AttachedManagedPolicies"]) {
        if let Some(arn) = text_at(policy, "PolicyArn") {
            let subject = Subject::Attachment { to: entity.clone(), policy: arn.to_owned() };
            dump.fact(page, subject, Value::Present);
        }
    }
    if kind == EntityKind::User {
        for group in list(entry, &["GroupList"]).iter().filter_map(Json::as_str) {
            let group = Entity::new(&entity.account, EntityKind::Group, group);
            let subject = Subject::Membership { user: entity.clone(), group };
            dump.fact(page, subject, Value::Present);
        }
    }
    if kind != EntityKind::Group {
        let boundary = text_at(entry, "PermissionsBoundary.PermissionsBoundaryArn");
        let value = boundary.map_or(Value::Absent, Value::text);
        dump.fact(page, Subject::Boundary(entity.clone()), value);
        tags(page, dump, &without_path(&entity, arn), at(entry, "Tags"));
    }
    if kind == EntityKind::Role
        && let Some(trust) = at(entry, "AssumeRolePolicyDocument").and_then(document_value)
    {
        dump.fact(page, Subject::TrustPolicy(entity.clone()), trust);
    }
    dump.scope(page, Scope::Entity(entity.clone()));
    Some(entity)
}

/// The ARN under which tags are known, which has no path.
fn without_path(entity: &Entity, arn: &str) -> String {
    entity.arn_in(Arn::parse(arn).map_or("aws", |arn| arn.partition))
}

/// Tags as `[{"Key": …, "Value": …}]`; a missing list says nothing, an empty one that there are
/// none.
pub(super) fn tags(page: &Page<'_>, dump: &mut Dump, of: &str, tags: Option<&Json>) {
    let Some(Json::Array(tags)) = tags else { return };
    for tag in tags {
        let key = text_at(tag, "Key").or_else(|| text_at(tag, "TagKey"));
        let value = at(tag, "Value").or_else(|| at(tag, "TagValue")).and_then(Json::as_str);
        let Some(key) = key else { continue };
        let subject = Subject::Tag { of: of.to_owned(), key: key.to_owned() };
        dump.fact(page, subject, Value::text(value.unwrap_or_default()));
    }
    dump.scope(page, Scope::Tags(of.to_owned()));
}

/// A managed policy with its versions.
pub(super) fn managed_policy(page: &Page<'_>, dump: &mut Dump, entry: &Json) -> Option<String> {
    let arn = text_at(entry, "Arn")?.to_owned();
    let mut default = text_at(entry, "DefaultVersionId").map(str::to_owned);
    for version in list(entry, &["PolicyVersionList"]) {
        let Some(id) = text_at(version, "VersionId") else { continue };
        if at(version, "IsDefaultVersion").and_then(Json::as_bool) == Some(true) {
            default = Some(id.to_owned());
        }
        if let Some(document) = at(version, "Document").and_then(document_value) {
            let subject = Subject::PolicyVersion { policy: arn.clone(), version: id.to_owned() };
            dump.fact(page, subject, document);
        }
    }
    let default = default.map_or(Value::Present, Value::text);
    dump.fact(page, Subject::ManagedPolicy(arn.clone()), default);
    Some(arn)
}

/// Answers about one thing: `get-role`, `get-user`, `get-role-policy`, `get-policy-version`.
fn single(page: &Page<'_>, dump: &mut Dump) -> bool {
    for (member, kind) in
        [("Role", EntityKind::Role), ("User", EntityKind::User), ("Group", EntityKind::Group)]
    {
        let Some(entry) = page.get(member).filter(|entry| text_at(entry, "Arn").is_some()) else {
            continue;
        };
        return one_entity(page, dump, entry, kind);
    }
    if page.text("PolicyName").is_some() && page.get("PolicyDocument").is_some() {
        return inline_policy(page, dump);
    }
    if let Some(version) = page.get("PolicyVersion").filter(|v| at(v, "Document").is_some()) {
        return policy_version(page, dump, version);
    }
    if let Some(policies) = page.list("AttachedPolicies") {
        return attached(page, dump, policies);
    }
    if let Some(policy) = page.get("Policy").filter(|policy| text_at(policy, "Arn").is_some()) {
        return managed_policy(page, dump, policy).is_some();
    }
    false
}

/// `get-role` and `get-user` show trust policy, boundary, tags and id, but no policies.
fn one_entity(page: &Page<'_>, dump: &mut Dump, entry: &Json, kind: EntityKind) -> bool {
    let before = dump.scopes.len();
    let found = entity(page, dump, entry, kind);
    dump.scopes.truncate(before);
    if let (Some(entity), Some(arn)) = (&found, text_at(entry, "Arn"))
        && kind != EntityKind::Group
    {
        tags(page, dump, &without_path(entity, arn), at(entry, "Tags"));
    }
    found.is_some()
}

/// `get-role-policy`, `get-user-policy`, `get-group-policy`; the account is in the path.
fn inline_policy(page: &Page<'_>, dump: &mut Dump) -> bool {
    let Some(account) = &page.names.account else { return false };
    for (member, kind) in [
        ("RoleName", EntityKind::Role),
        ("UserName", EntityKind::User),
        ("GroupName", EntityKind::Group),
    ] {
        let (Some(owner), Some(name)) = (page.text(member), page.text("PolicyName")) else {
            continue;
        };
        let Some(document) = page.get("PolicyDocument").and_then(document_value) else {
            return false;
        };
        let of = Entity::new(account, kind, owner);
        dump.fact(page, Subject::InlinePolicy { of, name: name.to_owned() }, document);
        return true;
    }
    false
}

/// `get-policy-version`, whose answer does not name the policy: the file's name does.
fn policy_version(page: &Page<'_>, dump: &mut Dump, shown: &Json) -> bool {
    let (Some(version), Some(document)) =
        (text_at(shown, "VersionId"), at(shown, "Document").and_then(document_value))
    else {
        return false;
    };
    let name = page.names.subject(&["get-policy-version", version, "get-policy-version"]);
    let (Some(account), false) = (&page.names.account, name.is_empty() || name == version) else {
        dump.complain(page, "a policy version, but the file's name does not say of which policy");
        return true;
    };
    let policy = dump.arn(page, &format!("iam::{account}:policy/{name}"));
    dump.named.insert(policy.clone());
    let subject = Subject::PolicyVersion { policy: policy.clone(), version: version.to_owned() };
    dump.fact(page, subject, document);
    if at(shown, "IsDefaultVersion").and_then(Json::as_bool) == Some(true) {
        dump.fact(page, Subject::ManagedPolicy(policy), Value::text(version));
    }
    true
}

/// `list-attached-role-policies` and the like: whose they are is in the file's name.
fn attached(page: &Page<'_>, dump: &mut Dump, policies: &[Json]) -> bool {
    let Some(account) = &page.names.account else { return false };
    for (command, kind) in [
        ("list-attached-role-policies", EntityKind::Role),
        ("list-attached-user-policies", EntityKind::User),
        ("list-attached-group-policies", EntityKind::Group),
    ] {
        if !page.names.stem.contains(command) {
            continue;
        }
        let to = Entity::new(account, kind, page.names.subject(&[command]));
        for policy in policies {
            if let Some(arn) = text_at(policy, "PolicyArn") {
                let subject = Subject::Attachment { to: to.clone(), policy: arn.to_owned() };
                dump.fact(page, subject, Value::Present);
            }
        }
        return true;
    }
    false
}
