//! The state of a KMS key, which decides after authorization whether an operation can use the key
//! (AWS KMS Developer Guide, Key states of AWS KMS keys).

/// The state of a KMS key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is AWS's word")]
pub enum KeyState {
    Enabled,
    Disabled,
    PendingDeletion,
    PendingReplicaDeletion,
    PendingImport,
    Unavailable,
    Creating,
    Updating,
}

/// Actions that use the key material, in lower case.
const CRYPTOGRAPHIC: &[&str] = &[
    "decrypt",
    "derivesharedsecret",
    "encrypt",
    "generatedatakey",
    "generatedatakeypair",
    "generatedatakeypairwithoutplaintext",
    "generatedatakeywithoutplaintext",
    "generatemac",
    "reencrypt",
    "reencryptfrom",
    "reencryptto",
    "sign",
    "verify",
    "verifymac",
];

/// Other actions that some state forbids, in lower case, and the states. An action that is not
/// here is management that every state allows (`DescribeKey`, `PutKeyPolicy`, `ListGrants`, …).
const MANAGEMENT: &[(&str, &[KeyState])] = {
    use KeyState::{
        Creating, Disabled, Enabled, PendingDeletion, PendingImport, PendingReplicaDeletion,
        Unavailable, Updating,
    };
    &[
        ("cancelkeydeletion", &[Enabled, Disabled, PendingImport, Unavailable, Creating, Updating]),
        ("createalias", &[PendingDeletion, PendingReplicaDeletion]),
        (
            "creategrant",
            &[Disabled, PendingImport, PendingDeletion, PendingReplicaDeletion, Creating],
        ),
        ("disablekey", &[PendingImport, PendingDeletion, PendingReplicaDeletion, Creating]),
        (
            "disablekeyrotation",
            &[Disabled, PendingImport, PendingDeletion, PendingReplicaDeletion, Unavailable],
        ),
        ("enablekey", &[PendingImport, PendingDeletion, PendingReplicaDeletion, Creating]),
        (
            "enablekeyrotation",
            &[Disabled, PendingImport, PendingDeletion, PendingReplicaDeletion, Unavailable],
        ),
        ("getpublickey", &[Disabled, PendingDeletion, PendingReplicaDeletion, Creating]),
        ("schedulekeydeletion", &[PendingDeletion, Creating]),
        ("tagresource", &[PendingDeletion, PendingReplicaDeletion]),
        ("untagresource", &[PendingDeletion, PendingReplicaDeletion]),
        ("updatekeydescription", &[PendingDeletion, PendingReplicaDeletion]),
    ]
};

impl KeyState {
    /// Reads the word of `KeyMetadata.KeyState`.
    pub fn parse(word: &str) -> Option<KeyState> {
        match word {
            "Enabled" => Some(KeyState::Enabled),
            "Disabled" => Some(KeyState::Disabled),
            "PendingDeletion" => Some(KeyState::PendingDeletion),
            "PendingReplicaDeletion" => Some(KeyState::PendingReplicaDeletion),
            "PendingImport" => Some(KeyState::PendingImport),
            "Unavailable" => Some(KeyState::Unavailable),
            "Creating" => Some(KeyState::Creating),
            "Updating" => Some(KeyState::Updating),
            _ => None,
        }
    }

    /// The word of `KeyMetadata.KeyState`.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion => "PendingDeletion",
            KeyState::PendingReplicaDeletion => "PendingReplicaDeletion",
            KeyState::PendingImport => "PendingImport",
            KeyState::Unavailable => "Unavailable",
            KeyState::Creating => "Creating",
            KeyState::Updating => "Updating",
        }
    }

    /// Whether a key in this state makes the action fail; `name` is the action without `kms:`, in
    /// lower case.
    pub(super) fn forbids(self, name: &str) -> bool {
        if CRYPTOGRAPHIC.contains(&name) {
            return !matches!(self, KeyState::Enabled | KeyState::Updating);
        }
        MANAGEMENT.iter().any(|(action, states)| *action == name && states.contains(&self))
    }
}

#[cfg(test)]
mod tests {
    use super::KeyState;

    #[test]
    fn a_disabled_key_can_be_managed_and_not_used() {
        assert!(KeyState::Disabled.forbids("generatedatakeywithoutplaintext"));
        assert!(KeyState::Disabled.forbids("creategrant"));
        assert!(!KeyState::Disabled.forbids("enablekey"));
        assert!(!KeyState::Disabled.forbids("describekey"));
        assert!(!KeyState::Unavailable.forbids("creategrant"));
        assert!(KeyState::Enabled.forbids("cancelkeydeletion"));
        assert!(!KeyState::Updating.forbids("decrypt"));
    }
}
