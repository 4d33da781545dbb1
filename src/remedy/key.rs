//! Grants on a KMS key and its state: no policies, and so repaired with calls of their own.

use serde_json::json;

use super::candidate::Candidate;
use super::place::{block, in_region, text};
use super::proof::Edit;
use super::situation::Situation;
use crate::event::{self, CallerKind, Failure, Layer};
use crate::iam::{KeyState, KmsGrant, PolicyLabel};
use crate::wording::Sentence;
use crate::wording::shell::quote;

/// Operations that a service needs which keeps data under the key.
const OF_A_SERVICE: [&str; 8] = [
    "Encrypt",
    "Decrypt",
    "ReEncryptFrom",
    "ReEncryptTo",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "DescribeKey",
    "CreateGrant",
];

/// A grant for the caller (KMS API Reference, CreateGrant).
pub(super) fn grant(situation: &Situation<'_>) -> Option<Candidate> {
    let (_, grantee) = situation.principal()?;
    let operations = operations(situation);
    if operations.is_empty() {
        return None;
    }
    let key = match situation.resource() {
        Some(arn) => Some(arn).filter(|arn| arn.contains(":key/"))?,
        None => return Some(on_unnamed_key(&grantee, &operations)),
    };
    let value = json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": operations});
    let grant = KmsGrant::from_value(&value, PolicyLabel::named("new grant"))?;
    let title = Sentence::new("remedy-grant").arg("grantee", grantee.as_str());
    let mut candidate = Candidate::text(title, Layer::KmsGrant, 6);
    candidate.attach_to = Some(key.to_owned());
    candidate.commands = vec![format!(
        "aws kms create-grant --name allow-what-was-denied --key-id {} --grantee-principal {} --operations {}{}",
        quote(key),
        quote(&grantee),
        operations.join(" "),
        in_region(key)
    )];
    candidate.terraform = Some(block(
        "aws_kms_grant",
        &[
            ("key_id", text(key)),
            ("grantee_principal", text(&grantee)),
            ("operations", json!(operations).to_string()),
        ],
    ));
    candidate.document = Some(value);
    candidate.edits = vec![Edit::Grant(grant)];
    Some(candidate.note(Sentence::new("remedy-note-grant")))
}

/// The same for a key that no record names: whoever pastes it has to look the key up first.
fn on_unnamed_key(grantee: &str, operations: &[String]) -> Candidate {
    let title = Sentence::new("remedy-grant").arg("grantee", grantee);
    let mut candidate = Candidate::text(title, Layer::KmsGrant, 6);
    candidate.commands = vec![format!(
        "aws kms create-grant --name allow-what-was-denied --key-id '<KEY_ID>' --grantee-principal {} --operations {}",
        quote(grantee),
        operations.join(" "),
    )];
    candidate.note(Sentence::new("remedy-note-grant-unnamed"))
}

/// KMS operations without the `kms:`, as grants name them.
fn operations(situation: &Situation<'_>) -> Vec<String> {
    if situation.caller_kind() == CallerKind::ServiceLinkedRole {
        return OF_A_SERVICE.map(str::to_owned).to_vec();
    }
    situation.actions.iter().filter_map(|a| a.strip_prefix("kms:")).map(str::to_owned).collect()
}

/// The calls that make a key usable again (KMS Developer Guide, Key states of AWS KMS keys).
pub(super) fn enable(situation: &Situation<'_>) -> Option<Candidate> {
    let key = situation.resource()?;
    let (region, word) = (in_region(key), quote(key));
    let enable = format!("aws kms enable-key --key-id {word}{region}");
    let cancel = format!("aws kms cancel-key-deletion --key-id {word}{region}");
    if situation.failing.failure == Failure::KeyState(event::KeyState::WrongUsage) {
        return Some(other_key(key));
    }
    let state = stated(situation)?;
    let (title, commands) = match state {
        KeyState::Disabled => (Sentence::new("remedy-enable-key"), vec![enable]),
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            (Sentence::new("remedy-cancel-deletion"), vec![cancel, enable])
        }
        KeyState::PendingImport => (
            Sentence::new("remedy-import-key"),
            vec![
                format!(
                    "aws kms get-parameters-for-import --key-id {word} --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_4096{region}"
                ),
                format!(
                    "aws kms import-key-material --key-id {word} --encrypted-key-material fileb://material.bin --import-token fileb://token.bin{region}"
                ),
            ],
        ),
        _ => (
            Sentence::new("remedy-repair-key"),
            vec![format!("aws kms describe-key --key-id {word}{region}")],
        ),
    };
    let mut candidate = Candidate::text(title, Layer::KmsKeyState, 0);
    candidate.attach_to = Some(key.to_owned());
    candidate.commands = commands;
    candidate.terraform = (state == KeyState::Disabled)
        .then(|| block("aws_kms_key", &[("is_enabled", "true".to_owned())]));
    candidate.edits = vec![Edit::KeyState(KeyState::Enabled)];
    Some(candidate.note(Sentence::new("remedy-note-key-state")))
}

/// `KeyUsage` is set when a key is made and stays (KMS API Reference, CreateKey).
fn other_key(key: &str) -> Candidate {
    let mut candidate = Candidate::text(Sentence::new("remedy-other-key"), Layer::KmsKeyState, 0);
    candidate.attach_to = Some(key.to_owned());
    candidate.commands = vec![format!(
        "aws kms describe-key --key-id {} --query KeyMetadata.KeyUsage{}",
        quote(key),
        in_region(key)
    )];
    candidate
}

/// The state that the history knows, else the one in KMS's own text.
fn stated(situation: &Situation<'_>) -> Option<KeyState> {
    let known = situation.first().and_then(|case| case.layers.key_state.known().copied());
    known.filter(|state| *state != KeyState::Enabled).or_else(|| match situation.failing.failure {
        Failure::KeyState(state) => Some(as_evaluated(state)),
        _ => None,
    })
}

fn as_evaluated(state: event::KeyState) -> KeyState {
    match state {
        event::KeyState::Disabled => KeyState::Disabled,
        event::KeyState::PendingDeletion => KeyState::PendingDeletion,
        event::KeyState::PendingImport => KeyState::PendingImport,
        event::KeyState::Creating => KeyState::Creating,
        event::KeyState::Updating => KeyState::Updating,
        event::KeyState::Unavailable | event::KeyState::WrongUsage | event::KeyState::Unknown => {
            KeyState::Unavailable
        }
    }
}
