//! A policy document by itself. Whose it is, its file's name or its statements must say.

use super::super::change::{Value, document_value};
use super::super::document;
use super::super::subject::{Entity, EntityKind, Subject};
use super::{Dump, Page, resource};

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    let is_policy = page.get("Statement").is_some_and(|s| s.is_array() || s.is_object());
    let Some(document) = document_value(page.json).filter(|_| is_policy) else { return false };
    match subject(page, dump, &document) {
        Some(subject) => dump.fact(page, subject, document),
        None => dump.complain(
            page,
            "a policy document, but neither its name nor its content says whose it is",
        ),
    }
    true
}

fn subject(page: &Page<'_>, dump: &mut Dump, document: &Value) -> Option<Subject> {
    let names = page.names;
    if has_principals(document) {
        if let Some(id) = names.key_id() {
            let key = super::super::subject::key_name_of(&id, names.region.as_deref())?;
            return Some(Subject::ResourcePolicy(key));
        }
        if let Some(id) = names.id("vpce-") {
            return Some(Subject::VpcEndpointPolicy(id.to_owned()));
        }
        let by_content = resource::resource_in(document);
        let arn = by_content.or_else(|| {
            let bucket = names.subject(&["bucket-policy", "policy"]);
            names.in_folder("s3").then(|| dump.arn(page, &format!("s3:::{bucket}")))
        })?;
        return Some(Subject::ResourcePolicy(super::super::subject::resource_name(&arn)));
    }
    if let Some(id) = names.id("p-") {
        return Some(Subject::OrganizationPolicy(id.to_owned()));
    }
    // `ACCOUNT/role/NAME/POLICY.json`, as people keep them.
    let account = names.account.as_deref()?;
    let mut folders = names.folders.iter().map(String::as_str);
    let (owner, kind) = (folders.next()?, folders.next()?);
    let kind = [EntityKind::Role, EntityKind::User, EntityKind::Group]
        .into_iter()
        .find(|k| kind.trim_end_matches('s').eq_ignore_ascii_case(k.as_str()))?;
    let of = Entity::new(account, kind, owner);
    Some(Subject::InlinePolicy { of, name: names.stem.clone() })
}

/// Resource, endpoint and trust policies name principals, others must not.
fn has_principals(document: &Value) -> bool {
    let statements = document.as_text().and_then(document::statements).unwrap_or_default();
    statements.iter().any(|(_, statement)| {
        ["Principal", "NotPrincipal"].iter().any(|name| statement.get(name).is_some())
    })
}
