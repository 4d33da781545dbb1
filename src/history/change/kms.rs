//! KMS: key policies, key states, grants, aliases, tags.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::call::{at, text_at};
use super::{Before, Call, Draft, Grant, Row, Value};
use crate::event::{Field, Layer};
use crate::history::document::Hidden;
use crate::history::subject::{self, Subject};
use crate::wording::Sentence;

pub(super) fn row(name: &str) -> Option<Row> {
    Some(match name {
        "CreateKey" => |call| created(call, "keyMetadata", "policy"),
        "ReplicateKey" => replicated,
        "PutKeyPolicy" => put_key_policy,
        "CreateGrant" => create_grant,
        "RevokeGrant" | "RetireGrant" => end_grant,
        "DisableKey" => |call| state(call, "Disabled", Before::Likely(Value::text("Enabled"))),
        "EnableKey" => |call| state(call, "Enabled", Before::Likely(Value::text("Disabled"))),
        // The answer says which: `PendingDeletion`, or `PendingReplicaDeletion` of a primary key.
        "ScheduleKeyDeletion" => |call| {
            let word = call.answer("keyState").unwrap_or("PendingDeletion").to_owned();
            state(call, &word, Before::Likely(Value::text("Enabled")))
        },
        // "The key state of the key is Disabled" afterwards (KMS `CancelKeyDeletion`).
        "CancelKeyDeletion" => {
            |call| state(call, "Disabled", Before::Certain(Value::text("PendingDeletion")))
        }
        "ImportKeyMaterial" => |call| state(call, "Enabled", Before::Unknown),
        "DeleteImportedKeyMaterial" | "DeleteExpiredKeyMaterial" => {
            |call| state(call, "PendingImport", Before::Unknown)
        }
        "DeleteKey" => delete_key,
        "CreateAlias" | "UpdateAlias" | "DeleteAlias" => alias,
        "ConnectCustomKeyStore" | "DisconnectCustomKeyStore" => key_store,
        "TagResource" => tag,
        "UntagResource" => untag,
        _ => return None,
    })
}

/// The key of a call, also where only `serviceEventDetails.keyId` names it.
fn key_of(call: &Call<'_>) -> Option<String> {
    call.key().or_else(|| {
        let details: Json =
            serde_json::from_str(call.event.get(Field::ServiceEventDetails)?).ok()?;
        subject::key_name_of(text_at(&details, "keyId")?, call.event.region())
    })
}

/// How people know the key: the full ARN where the event has it.
fn label(call: &Call<'_>, key: &str) -> String {
    call.key_arn().unwrap_or_else(|| key.to_owned())
}

/// A new key has the policy given, else the default one that opens it to its account's IAM
/// policies (KMS "Default key policy").
fn created(call: &Call<'_>, metadata: &str, policy_member: &str) -> Vec<Draft> {
    let answer = |member: &str| call.answer(&format!("{metadata}.{member}"));
    let Some(arn) = answer("arn").map(str::to_owned).or_else(|| call.key_arn()) else {
        return Vec::new();
    };
    let key = subject::resource_name(&arn);
    let account = answer("awsAccountId").unwrap_or(call.account()).to_owned();
    let policy = call.document(policy_member).unwrap_or_else(|| {
        let partition = call.partition();
        Value::text(format!(
            r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:{partition}:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#
        ))
    });
    let state = answer("keyState").unwrap_or("Enabled");
    let draft = |subject, value, layer| {
        let summary = Sentence::new("change-key-created").arg("key", arn.as_str());
        Draft::set(subject, value, layer, summary).after(Before::Certain(Value::Absent))
    };
    let mut drafts = vec![
        draft(Subject::ResourcePolicy(key.clone()), policy, Layer::ResourcePolicy),
        draft(Subject::KeyState(key.clone()), Value::text(state), Layer::KmsKeyState),
    ];
    drafts.extend(tags(call, &key));
    drafts
}

/// The replica is another key with its own policy, in the Region the request names; while it is
/// made its state is `Creating`, soon after `Enabled`, which no event reports.
fn replicated(call: &Call<'_>) -> Vec<Draft> {
    let Some(arn) = call.answer("replicaKeyMetadata.arn") else { return Vec::new() };
    let key = subject::resource_name(arn);
    let policy = call
        .document("policy")
        .or_else(|| at(&call.response, "replicaPolicy").and_then(super::call::document_value))
        .unwrap_or(Value::Hidden(Hidden::NotInEvent));
    let draft = |subject, value, layer| {
        let summary = Sentence::new("change-key-created").arg("key", arn);
        Draft::set(subject, value, layer, summary).after(Before::Certain(Value::Absent))
    };
    vec![
        draft(Subject::ResourcePolicy(key.clone()), policy, Layer::ResourcePolicy),
        draft(Subject::KeyState(key), Value::text("Enabled"), Layer::KmsKeyState),
    ]
}

/// A key always has a policy, so the one before existed.
fn put_key_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(key) = call.key() else { return Vec::new() };
    let document = call.document("policy").unwrap_or(Value::Hidden(Hidden::NotInEvent));
    let summary = Sentence::new("change-key-policy").arg("key", label(call, &key));
    let subject = Subject::ResourcePolicy(key);
    vec![Draft::set(subject, document, Layer::ResourcePolicy, summary).after(Before::Existed)]
}

fn state(call: &Call<'_>, word: &str, before: Before) -> Vec<Draft> {
    let Some(key) = key_of(call) else { return Vec::new() };
    let summary =
        Sentence::new("change-key-state").arg("key", label(call, &key)).arg("state", word);
    let subject = Subject::KeyState(key);
    vec![Draft::set(subject, Value::text(word), Layer::KmsKeyState, summary).after(before)]
}

/// The waiting period is over: the key is gone, and with it its policy.
fn delete_key(call: &Call<'_>) -> Vec<Draft> {
    let Some(key) = key_of(call) else { return Vec::new() };
    let gone = |subject, layer, before| {
        let summary = Sentence::new("change-key-deleted").arg("key", label(call, &key));
        Draft::set(subject, Value::Absent, layer, summary).after(before)
    };
    let pending = Before::Certain(Value::text("PendingDeletion"));
    vec![
        gone(Subject::KeyState(key.clone()), Layer::KmsKeyState, pending),
        gone(Subject::ResourcePolicy(key.clone()), Layer::ResourcePolicy, Before::Existed),
    ]
}

fn create_grant(call: &Call<'_>) -> Vec<Draft> {
    let (Some(key), Some(id)) = (call.key(), call.answer("grantId")) else { return Vec::new() };
    let Some(grantee) = call.text("granteePrincipal").or(call.text("granteeServicePrincipal"))
    else {
        return Vec::new();
    };
    let grant = Grant {
        id: id.to_owned(),
        key: key.clone(),
        grantee: grantee.to_owned(),
        retiring: call
            .text("retiringPrincipal")
            .or(call.text("retiringServicePrincipal"))
            .map(str::to_owned),
        operations: operations(&call.request),
        context_equals: context(&call.request, "constraints.encryptionContextEquals"),
        context_subset: context(&call.request, "constraints.encryptionContextSubset"),
        source_arn: text_at(&call.request, "constraints.sourceArn").map(str::to_owned),
        created: Some(call.event.time),
    };
    let summary = Sentence::new("change-grant-created")
        .arg("key", label(call, &key))
        .arg("grantee", grantee)
        .arg("operations", grant.operations.as_slice());
    let subject = Subject::Grant { key, id: id.to_owned() };
    // A repeated CreateGrant with the same name and parameters answers with the old grant.
    vec![
        Draft::set(subject, Value::Grant(grant.into()), Layer::KmsGrant, summary)
            .after(Before::Likely(Value::Absent)),
    ]
}

/// The operations of a grant, each once: they may be repeated in the request.
pub(crate) fn operations(grant: &Json) -> Vec<String> {
    let Some(Json::Array(operations)) = at(grant, "operations") else { return Vec::new() };
    let mut seen: Vec<String> = Vec::new();
    for operation in operations.iter().filter_map(Json::as_str) {
        if !seen.iter().any(|known| known == operation) {
            seen.push(operation.to_owned());
        }
    }
    seen
}

/// A map of encryption context pairs at a path.
pub(crate) fn context(json: &Json, path: &str) -> Option<BTreeMap<String, String>> {
    let pairs = at(json, path)?.as_object()?;
    let pairs = pairs.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
    Some(pairs.collect())
}

/// `RetireGrant` has no request parameters when the grant token was used: the id is in
/// `additionalEventData` (KMS "RetireGrant" log entry).
fn end_grant(call: &Call<'_>) -> Vec<Draft> {
    let additional: Json = call
        .event
        .get(Field::AdditionalEventData)
        .and_then(|raw| serde_json::from_str(raw).ok())
        .unwrap_or(Json::Null);
    let id = call.text("grantId").or_else(|| text_at(&additional, "grantId"));
    let (Some(key), Some(id)) = (call.key(), id) else { return Vec::new() };
    let summary =
        Sentence::new("change-grant-ended").arg("key", label(call, &key)).arg("grant", id);
    let subject = Subject::Grant { key, id: id.to_owned() };
    vec![Draft::set(subject, Value::Absent, Layer::KmsGrant, summary).after(Before::Existed)]
}

fn alias(call: &Call<'_>) -> Vec<Draft> {
    let Some(alias) = call.text("aliasName") else { return Vec::new() };
    let target =
        call.text("targetKeyId").and_then(|id| subject::key_name_of(id, call.event.region()));
    let (value, before) = match (call.name(), target) {
        ("DeleteAlias", _) => (Value::Absent, stood_for(call)),
        ("CreateAlias", Some(key)) => (Value::text(key), Before::Certain(Value::Absent)),
        (_, Some(key)) => (Value::text(key), Before::Existed),
        (_, None) => return Vec::new(),
    };
    let summary = Sentence::new("change-alias").arg("alias", alias);
    let subject = Subject::Alias(call.arn("kms", alias));
    vec![Draft::set(subject, value, Layer::Unknown, summary).after(before)]
}

/// The key that the alias stood for: the request does not name it, `resources` lists it (KMS "Logging
/// AWS KMS API calls", DeleteAlias).
fn stood_for(call: &Call<'_>) -> Before {
    match call.key_arn().filter(|arn| arn.contains(":key/")) {
        Some(key) => Before::Certain(Value::text(subject::resource_name(&key))),
        None => Before::Existed,
    }
}

/// A disconnected store makes all its keys `Unavailable`; which ones those are, no event says.
fn key_store(call: &Call<'_>) -> Vec<Draft> {
    let Some(store) = call.text("customKeyStoreId") else { return Vec::new() };
    let word = match call.name() {
        "ConnectCustomKeyStore" => "CONNECTED",
        _ => "DISCONNECTED",
    };
    let summary = Sentence::new("change-key-store").arg("store", store).arg("state", word);
    let subject =
        Subject::Setting { name: "connection of the custom key store", of: store.to_owned() };
    vec![Draft::set(subject, Value::text(word), Layer::KmsKeyState, summary)]
}

fn tags(call: &Call<'_>, key: &str) -> Vec<Draft> {
    let Some(Json::Array(tags)) = at(&call.request, "tags") else { return Vec::new() };
    tags.iter()
        .filter_map(|tag| Some((text_at(tag, "tagKey")?, at(tag, "tagValue")?.as_str()?)))
        .map(|(name, value)| {
            let summary =
                Sentence::new("change-tag-put").arg("tag", name).arg("of", label(call, key));
            let subject = Subject::Tag { of: key.to_owned(), key: name.to_owned() };
            Draft::set(subject, Value::text(value), Layer::Unknown, summary)
        })
        .collect()
}

fn tag(call: &Call<'_>) -> Vec<Draft> {
    call.key().map(|key| tags(call, &key)).unwrap_or_default()
}

fn untag(call: &Call<'_>) -> Vec<Draft> {
    let (Some(key), Some(Json::Array(names))) = (call.key(), at(&call.request, "tagKeys")) else {
        return Vec::new();
    };
    names
        .iter()
        .filter_map(Json::as_str)
        .map(|name| {
            let summary =
                Sentence::new("change-tag-removed").arg("tag", name).arg("of", label(call, &key));
            let subject = Subject::Tag { of: key.clone(), key: name.to_owned() };
            Draft::set(subject, Value::Absent, Layer::Unknown, summary)
        })
        .collect()
}
