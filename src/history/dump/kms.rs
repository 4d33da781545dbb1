//! `aws kms get-key-policy`, `describe-key`, `list-grants`, `list-resource-tags`, `list-aliases`.
//! The first and the tags do not name their key: the file's name does.

use serde_json::Value as Json;

use super::super::change::{
    Grant, Value, at, document_value, grant_context, grant_operations, text_at,
};
use super::super::subject::{self, Subject};
use super::{Dump, Page, Scope};
use crate::event::Time;

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    if let Some(metadata) = page.get("KeyMetadata").filter(|m| text_at(m, "KeyId").is_some()) {
        return describe_key(page, dump, metadata);
    }
    if let Some(grants) = page.list("Grants") {
        return list_grants(page, dump, grants);
    }
    if let Some(aliases) = page.list("Aliases").filter(|a| is_of_kms(a)) {
        return list_aliases(page, dump, aliases);
    }
    if let Some(tags) = page.list("Tags").filter(|tags| has_kms_tags(page, tags)) {
        return resource_tags(page, dump, tags);
    }
    let names_key = page.text("PolicyName") == Some("default") || page.names.in_folder("kms");
    match (names_key, page.get("Policy").and_then(document_value)) {
        (true, Some(document)) => key_policy(page, dump, document),
        _ => false,
    }
}

fn key_in_name(page: &Page<'_>) -> Option<String> {
    let id = page.names.key_id()?;
    subject::key_name_of(&id, page.names.region.as_deref())
}

fn key_policy(page: &Page<'_>, dump: &mut Dump, document: Value) -> bool {
    let Some(key) = key_in_name(page) else {
        dump.complain(page, "a key policy, but neither name nor folder says of which key");
        return true;
    };
    dump.fact(page, Subject::ResourcePolicy(key), document);
    true
}

fn describe_key(page: &Page<'_>, dump: &mut Dump, metadata: &Json) -> bool {
    let arn = text_at(metadata, "Arn");
    let key = match arn {
        Some(arn) => {
            dump.arns.push(arn.to_owned());
            subject::resource_name(arn)
        }
        None => match text_at(metadata, "KeyId").and_then(|id| subject::key_name_of(id, None)) {
            Some(key) => key,
            None => return false,
        },
    };
    let enabled = at(metadata, "Enabled").and_then(Json::as_bool);
    let state = text_at(metadata, "KeyState").or(match enabled {
        Some(true) => Some("Enabled"),
        Some(false) => Some("Disabled"),
        None => None,
    });
    if let Some(state) = state {
        dump.fact(page, Subject::KeyState(key.clone()), Value::text(state));
    }
    dump.keys.insert(key, metadata.clone());
    true
}

/// An empty list says that the key has no grants, if the file's name says which key.
fn list_grants(page: &Page<'_>, dump: &mut Dump, grants: &[Json]) -> bool {
    let mut keys: Vec<String> = key_in_name(page).into_iter().collect();
    for entry in grants {
        let Some(id) = text_at(entry, "GrantId") else { continue };
        let shown = text_at(entry, "KeyId");
        if let Some(arn) = shown.filter(|id| id.starts_with("arn:")) {
            dump.arns.push(arn.to_owned());
        }
        let named = shown.and_then(|id| subject::key_name_of(id, page.names.region.as_deref()));
        let Some(key) = named.or_else(|| keys.first().cloned()) else { continue };
        let grant = grant(entry, id, &key);
        if !keys.contains(&key) {
            keys.push(key.clone());
        }
        let subject = Subject::Grant { key, id: id.to_owned() };
        dump.fact(page, subject, Value::Grant(grant.into()));
    }
    dump.listed(page, keys.into_iter().map(Scope::Grants).collect());
    true
}

fn grant(entry: &Json, id: &str, key: &str) -> Grant {
    let created = at(entry, "CreationDate").and_then(|date| match date {
        Json::String(text) => Time::parse(text),
        Json::Number(number) => number.as_f64().and_then(Time::from_epoch),
        _ => None,
    });
    let grantee =
        text_at(entry, "GranteePrincipal").or_else(|| text_at(entry, "GranteeServicePrincipal"));
    Grant {
        id: id.to_owned(),
        key: key.to_owned(),
        grantee: grantee.unwrap_or_default().to_owned(),
        retiring: text_at(entry, "RetiringPrincipal")
            .or_else(|| text_at(entry, "RetiringServicePrincipal"))
            .map(str::to_owned),
        operations: grant_operations(entry),
        context_equals: grant_context(entry, "Constraints.EncryptionContextEquals"),
        context_subset: grant_context(entry, "Constraints.EncryptionContextSubset"),
        source_arn: text_at(entry, "Constraints.SourceArn").map(str::to_owned),
        created,
    }
}

fn is_of_kms(aliases: &[Json]) -> bool {
    aliases.iter().any(|alias| text_at(alias, "AliasArn").is_some_and(|arn| arn.contains(":kms:")))
}

fn list_aliases(page: &Page<'_>, dump: &mut Dump, aliases: &[Json]) -> bool {
    for alias in aliases {
        let (Some(arn), Some(target)) = (text_at(alias, "AliasArn"), text_at(alias, "TargetKeyId"))
        else {
            continue;
        };
        let region = arn.split(':').nth(3);
        if let Some(key) = subject::key_name_of(target, region) {
            dump.fact(page, Subject::Alias(arn.to_owned()), Value::text(key));
        }
    }
    true
}

fn has_kms_tags(page: &Page<'_>, tags: &[Json]) -> bool {
    match tags.first() {
        Some(tag) => text_at(tag, "TagKey").is_some(),
        None => page.names.in_folder("kms") && key_in_name(page).is_some(),
    }
}

fn resource_tags(page: &Page<'_>, dump: &mut Dump, tags: &[Json]) -> bool {
    let Some(key) = key_in_name(page) else {
        dump.complain(page, "tags of a key, but neither name nor folder says of which");
        return true;
    };
    let list = Json::Array(tags.to_vec());
    let before = dump.scopes.len();
    super::iam::tags(page, dump, &key, Some(&list));
    dump.scopes.truncate(before);
    dump.listed(page, vec![Scope::Tags(key)]);
    true
}
