//! What a record says of KMS keys: the encryption context, the key that a call used, and the keys
//! that a call to another service names.

use crate::event::{Event, Field, json};

/// The key of an encryption context pair at a path of a KMS request: `encryptionContext`, both
/// contexts of `ReEncrypt`, or the constraint of `CreateGrant`.
pub(super) fn context_key(path: &str) -> Option<&str> {
    let (head, key) = path.split_once('.')?;
    match head {
        "encryptionContext" | "sourceEncryptionContext" | "destinationEncryptionContext" => {
            Some(key)
        }
        "constraints" => key
            .strip_prefix("encryptionContextSubset.")
            .or_else(|| key.strip_prefix("encryptionContextEquals.")),
        _ => None,
    }
}

/// The alias in a key's name or ARN.
pub(super) fn alias_in(key_id: &str) -> Option<&str> {
    key_id.find("alias/").and_then(|at| key_id.get(at..))
}

/// The encryption context of a KMS call; empty for other calls.
pub fn encryption_context(event: &Event) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if event.source() == "kms.amazonaws.com" {
        json::leaves(event.request().unwrap_or_default(), |path, value| {
            if let Some(key) = context_key(path) {
                pairs.push((key.to_owned(), value.to_owned()));
            }
        });
    }
    pairs
}

/// The ARN of the KMS key a call used: `resources`, else the request, else the error text (a denied
/// KMS call has lost both members, and only its text names the key).
pub fn kms_key(event: &Event) -> Option<&str> {
    [event.get(Field::Resources), event.request(), event.error_message()]
        .into_iter()
        .flatten()
        .find_map(key_arn_in)
}

/// The first KMS key ARN in a text.
pub(super) fn key_arn_in(text: &str) -> Option<&str> {
    for (start, _) in text.match_indices("arn:aws") {
        let rest = text.get(start..)?;
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '/' | '_')))
            .unwrap_or(rest.len());
        let arn = rest.get(..end)?;
        if arn.contains(":kms:") && arn.contains(":key/") {
            return Some(arn);
        }
    }
    None
}

/// Account and Region in which an alias has its meaning.
pub(super) fn place(event: &Event) -> String {
    format!("{}/{}", event.account().unwrap_or_default(), event.region().unwrap_or_default())
}

/// KMS keys that a call names, as ARN, id or alias, in the order of their text.
pub(super) fn keys_named_by(event: &Event) -> Vec<String> {
    let mut keys = Vec::new();
    for field in [Field::RequestParameters, Field::ResponseElements, Field::Resources] {
        json::leaves(event.get(field).unwrap_or_default(), |path, value| {
            if names_key_member(path) {
                keys.push(value.to_owned());
            }
        });
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Members that carry a KMS key by AWS's usual names (`kmsKeyId`, `kMSMasterKeyId`,
/// `x-amz-server-side-encryption-aws-kms-key-id`, …).
pub(super) fn names_key_member(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).as_bytes();
    // IdFilter of every member of every call.
    let has = |word: &[u8]| {
        last.iter().any(|byte| matches!(byte, b'k' | b'K'))
            && last.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
    };
    (has(b"kms") && has(b"key")) || last.eq_ignore_ascii_case(b"masterkeyid")
}
