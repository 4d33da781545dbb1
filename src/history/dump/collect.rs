//! The folder iam-collect writes: `…/accounts/ACCOUNT/SERVICE/[REGION/][TYPE/]NAME/*.json` and
//! `…/organizations/ID/…` (its documentation, "Storage layout"). Names are in small letters there;
//! where a `metadata.json` has the ARN it is read for it, otherwise the folders make it.

use serde_json::Value as Json;

use super::super::change::{Value, document_value, text_at};
use super::super::replay::Source;
use super::super::subject::{Entity, EntityKind, PolicyType, Subject};
use super::{Dump, Page, PolicyInfo, Scope, resource};
use crate::history::document::Hidden;

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    let folders: Vec<&str> = page.names.folders.iter().map(String::as_str).collect();
    if let Some(at) = folders.iter().position(|folder| *folder == "organizations") {
        return organization(page, dump, folders.get(..at).unwrap_or_default());
    }
    let Some(at) = folders.iter().position(|folder| *folder == "accounts") else { return false };
    // From the account inwards: account, service, then Region, type and name as far as they exist.
    let inner: Vec<&str> = folders.get(..at).unwrap_or_default().iter().rev().copied().collect();
    match inner.as_slice() {
        [account, "iam", kind, name] => iam(page, dump, account, kind, name),
        [account, "iam", "aws", "policy", name] => iam(page, dump, account, "policy", name),
        [account, service, rest @ ..] => of_service(page, dump, account, service, rest),
        _ => false,
    }
}

/// A folder's name as it was before URL encoding; small letters stay small.
fn decoded(name: &str) -> String {
    name.replace("%2f", "/").replace("%2F", "/").replace("%3a", ":").replace("%3A", ":")
}

/// The entity of the files in a folder. iam-collect writes names in small letters, IAM keeps their
/// case: the file `metadata.json` has the true one, which [`Dump`] learns as an ARN.
fn entity(account: &str, kind: &str, folder: &str) -> Option<Entity> {
    let name = decoded(folder);
    let name = name.rsplit('/').next()?;
    let kind = match kind {
        "role" => EntityKind::Role,
        "user" => EntityKind::User,
        "group" => EntityKind::Group,
        _ => return None,
    };
    Some(Entity::new(account, kind, name))
}

/// The files of one folder are one source: what they list together is complete.
fn iam(page: &Page<'_>, dump: &mut Dump, account: &str, kind: &str, folder: &str) -> bool {
    let page = &Page { source: Source::File(folder_of(page).into()), ..page.with(page.json) };
    if kind == "policy" {
        return managed_policy(page, dump);
    }
    let Some(entity) = entity(account, kind, folder) else { return false };
    let list = page.json.as_array().map(Vec::as_slice).unwrap_or_default();
    match page.names.stem.as_str() {
        "metadata" => {
            let Some(arn) = page.text("arn") else { return false };
            dump.arns.push(arn.to_owned());
            let id = page.text("id").map_or(Value::Present, Value::text);
            dump.fact(page, Subject::Entity(entity.clone()), id);
            let boundary = page.text("permissionBoundary").map_or(Value::Absent, Value::text);
            dump.fact(page, Subject::Boundary(entity.clone()), boundary);
            dump.scope(page, Scope::Entity(entity));
        }
        "inline-policies" => {
            for policy in list {
                let Some(name) = text_at(policy, "PolicyName") else { continue };
                let document = policy
                    .get("PolicyDocument")
                    .and_then(document_value)
                    .unwrap_or(Value::Hidden(Hidden::NotInDump));
                let subject = Subject::InlinePolicy { of: entity.clone(), name: name.to_owned() };
                dump.fact(page, subject, document);
            }
        }
        "managed-policies" => {
            for arn in list.iter().filter_map(Json::as_str) {
                let subject = Subject::Attachment { to: entity.clone(), policy: arn.to_owned() };
                dump.fact(page, subject, Value::Present);
            }
        }
        "groups" => {
            for group in list.iter().filter_map(Json::as_str).filter_map(Entity::from_arn) {
                let subject = Subject::Membership { user: entity.clone(), group };
                dump.fact(page, subject, Value::Present);
            }
        }
        "trust-policy" => {
            if let Some(document) = document_value(page.json) {
                dump.fact(page, Subject::TrustPolicy(entity), document);
            }
        }
        "tags" => {
            let partition = page.partition().map_or("aws", |found| found.name);
            tags(page, dump, &entity.arn_in(partition));
        }
        _ => {}
    }
    true
}

fn tags(page: &Page<'_>, dump: &mut Dump, of: &str) {
    let Some(tags) = page.json.as_object() else { return };
    for (key, value) in tags {
        let subject = Subject::Tag { of: of.to_owned(), key: key.clone() };
        dump.fact(page, subject, Value::text(value.as_str().unwrap_or_default()));
    }
    dump.scope(page, Scope::Tags(of.to_owned()));
}

fn folder_of<'p>(page: &'p Page<'_>) -> &'p str {
    page.file.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder)
}

/// `metadata.json` has the ARN and the default version; `current-policy.json` beside it is the
/// document. Both are read into the same version.
fn managed_policy(page: &Page<'_>, dump: &mut Dump) -> bool {
    let folder = folder_of(page);
    match page.names.stem.as_str() {
        "metadata" => {
            let Some(arn) = page.text("arn") else { return false };
            dump.arns.push(arn.to_owned());
            dump.fact(page, Subject::ManagedPolicy(arn.to_owned()), Value::text(folder));
            dump.folders.insert(folder.to_owned(), arn.to_owned());
            true
        }
        "current-policy" | "policy" => {
            let Some(document) = document_value(page.json) else { return false };
            let subject =
                Subject::PolicyVersion { policy: folder.to_owned(), version: folder.to_owned() };
            dump.fact(page, subject, document);
            true
        }
        _ => true,
    }
}

fn of_service(
    page: &Page<'_>,
    dump: &mut Dump,
    account: &str,
    service: &str,
    rest: &[&str],
) -> bool {
    let arn = match (service, rest) {
        ("s3", [bucket]) => dump.arn(page, &format!("s3:::{}", decoded(bucket))),
        ("s3", [_, bucket]) => dump.arn(page, &format!("s3:::{}", decoded(bucket))),
        ("sqs" | "sns", [region, name]) => {
            dump.arn(page, &format!("{service}:{region}:{account}:{}", decoded(name)))
        }
        (_, [region, kind, name]) => {
            let separator = match service {
                "lambda" | "secretsmanager" | "logs" | "backup" => ':',
                _ => '/',
            };
            let name = decoded(name);
            dump.arn(page, &format!("{service}:{region}:{account}:{kind}{separator}{name}"))
        }
        _ => return false,
    };
    match page.names.stem.as_str() {
        "metadata" => {
            if let Some(arn) = page.text("arn") {
                dump.arns.push(arn.to_owned());
            }
        }
        "tags" => tags(page, dump, &super::super::subject::resource_name(&arn)),
        "endpoint-policy" | "policy" if arn.contains(":vpc-endpoint/") => {
            let id = arn.rsplit('/').next().unwrap_or_default().to_owned();
            let document = document_value(page.json).unwrap_or(Value::Absent);
            dump.fact(page, Subject::VpcEndpointPolicy(id), document);
        }
        "policy" | "resource-policy" => {
            if let Some(document) = document_value(page.json) {
                resource::policy(page, dump, &arn, document);
            }
        }
        "bpa" | "block-public-access" => {
            let name = super::super::subject::resource_name(&arn);
            dump.fact(page, Subject::PublicAccessBlock(name), Value::text(page.json.to_string()));
        }
        _ => {}
    }
    true
}

fn organization(page: &Page<'_>, dump: &mut Dump, inner: &[&str]) -> bool {
    // From the file outwards: `scps/p-…/` or the organization's own folder.
    match inner {
        [id, "scps", _] => organization_policy(page, dump, id, PolicyType::Scp),
        [id, "rcps", _] => organization_policy(page, dump, id, PolicyType::Rcp),
        [organization] => match page.names.stem.as_str() {
            "metadata" => organization_metadata(page, dump, organization),
            "accounts" => members(page, dump, organization, "ou"),
            "ous" => members(page, dump, organization, "parent"),
            _ => true,
        },
        [_, "ous", _] => true,
        _ => false,
    }
}

fn organization_policy(page: &Page<'_>, dump: &mut Dump, id: &str, kind: PolicyType) -> bool {
    match page.names.stem.as_str() {
        "policy" => {
            let document = document_value(page.json).unwrap_or(Value::Hidden(Hidden::NotInDump));
            dump.fact(page, Subject::OrganizationPolicy(id.to_owned()), document);
        }
        "metadata" => {
            let info = PolicyInfo {
                kind: Some(kind),
                name: page.text("name").map(str::to_owned),
                arn: page.text("arn").map(str::to_owned),
            };
            dump.organization_policies.insert(id.to_owned(), info);
        }
        _ => {}
    }
    true
}

fn organization_metadata(page: &Page<'_>, dump: &mut Dump, folder: &str) -> bool {
    let id = page.text("id").unwrap_or(folder);
    let root = page.text("rootOu");
    dump.organization(Some(id), page.text("rootAccountId"), |organization| {
        organization.root = organization.root.take().or(root.map(str::to_owned));
    });
    let Some(root) = root else { return true };
    for kind in [PolicyType::Scp, PolicyType::Rcp] {
        let feature = match kind {
            PolicyType::Scp => "features.SERVICE_CONTROL_POLICY",
            _ => "features.RESOURCE_CONTROL_POLICY",
        };
        let Some(enabled) = page.get(feature).and_then(Json::as_bool) else { continue };
        let value = if enabled { Value::Present } else { Value::Absent };
        dump.fact(page, Subject::PolicyTypeEnabled { root: root.to_owned(), kind }, value);
    }
    true
}

/// Accounts and organizational units with parent and the ARNs of their policies.
fn members(page: &Page<'_>, dump: &mut Dump, organization: &str, parent_member: &str) -> bool {
    let Some(entries) = page.json.as_object() else { return false };
    for (id, entry) in entries {
        if let Some(parent) = text_at(entry, parent_member) {
            dump.fact(page, Subject::Parent(id.clone()), Value::text(parent));
        }
        if parent_member == "ou" {
            dump.organization(Some(organization), None, |known| known.add_account(id));
        }
        for (list, kind) in [("scps", PolicyType::Scp), ("rcps", PolicyType::Rcp)] {
            let Some(Json::Array(arns)) = entry.get(list) else { continue };
            for arn in arns.iter().filter_map(Json::as_str) {
                let policy = arn.rsplit('/').next().unwrap_or(arn).to_owned();
                let info = dump.organization_policies.entry(policy.clone()).or_default();
                info.kind = Some(kind);
                info.arn = Some(arn.to_owned());
                let subject = Subject::OrganizationAttachment { policy, target: id.clone() };
                dump.fact(page, subject, Value::Present);
            }
            dump.scope(page, Scope::PoliciesAt(id.clone(), kind));
        }
    }
    true
}
