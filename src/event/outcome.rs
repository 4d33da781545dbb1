//! How a call ended: turns an error code and text into one of a few kinds of failure.
//!
//! CloudTrail has no field that says "denied": every service spells its codes its own way, with
//! and without prefix and suffix, and some put the text into `responseElements`. The words below
//! are data: a row is a piece of a code or text, and what it means.

use std::borrow::Cow;

use super::error_code::plain_code;
use super::layer::Outcome;
use super::record::{Event, Field};
use super::refusals::{self, Instead, Telling};
use super::{action, json};

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The caller was not authorized.
    Denied,
    /// KMS would have allowed the call, but the key cannot be used in its state.
    KeyState(KeyState),
    /// A permission probe that found the permission: the call would have succeeded.
    DryRun,
    /// What the call named does not exist (or is not shown to the caller).
    NotFound,
    /// Rate or request limits; usually repeated with success.
    Throttled,
    /// The request itself was wrong.
    InvalidRequest,
    /// A service reports that KMS refused it; the refused KMS call is another event.
    ConsequenceOfKms(KmsRefusal),
    /// A service reports that another call it made (to S3, STS, SNS, …) was denied.
    ConsequenceOfDenial,
    /// Anything else: authentication, conflicts, quotas, internal errors.
    Other,
}

/// What a service says KMS answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KmsRefusal {
    /// Not authorized.
    Denied,
    /// The key's state.
    KeyState(KeyState),
    /// No such key, as far as the caller may know.
    NotFound,
    /// The service does not say which of these.
    Unknown,
}

/// The state of a KMS key that makes it unusable (AWS KMS developer guide, "Key states").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// `Disabled`.
    Disabled,
    /// `PendingDeletion` or `PendingReplicaDeletion`; KMS's text names both at once.
    PendingDeletion,
    /// `PendingImport`: no key material.
    PendingImport,
    /// `Unavailable`: the custom key store cannot be reached.
    Unavailable,
    /// `Creating`.
    Creating,
    /// `Updating`.
    Updating,
    /// The key is for another use: `KeyUsage` and operation do not fit (KMS API Reference,
    /// `InvalidKeyUsageException`). No state, but it makes the key as unusable as one.
    WrongUsage,
    /// An invalid state that the text does not name.
    Unknown,
}

impl Failure {
    /// Whether an authorization decision or a key state lies behind this failure, here or in a
    /// call below it.
    pub fn is_refusal(self) -> bool {
        !matches!(
            self,
            Failure::DryRun
                | Failure::NotFound
                | Failure::Throttled
                | Failure::InvalidRequest
                | Failure::Other
        )
    }
}

impl KeyState {
    /// The state as the KMS console and API write it.
    pub fn as_str(self) -> &'static str {
        match self {
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion => "PendingDeletion",
            KeyState::PendingImport => "PendingImport",
            KeyState::Unavailable => "Unavailable",
            KeyState::Creating => "Creating",
            KeyState::Updating => "Updating",
            KeyState::WrongUsage => "of another usage",
            KeyState::Unknown => "unknown",
        }
    }
}

/// Why the call failed; `None` when it succeeded.
pub fn failure(event: &Event) -> Option<Failure> {
    let text = error_text(event);
    let code = event.error_code();
    if code.is_none() && text.is_none() {
        let text = unsuccessful(event)?;
        let told = classify_call(event.source(), Some(event.name()), None, Some(&text));
        return Some(told).filter(|failure| failure.is_refusal());
    }
    Some(classify_call(event.source(), Some(event.name()), code, text.as_deref()))
}

/// How the call ended, in the report's words. A permission probe that passed is a success; a
/// service's report of somebody else's denial is an error, as the denied call is another event.
pub fn outcome(event: &Event) -> Outcome {
    match failure(event) {
        None | Some(Failure::DryRun) => Outcome::Success,
        Some(Failure::Denied | Failure::KeyState(_)) => Outcome::Denied,
        Some(_) => Outcome::Error,
    }
}

/// The error text: `errorMessage`, else, where there is an error code, the message some services
/// (EKS, `GuardDuty`, `AppSync`, Bedrock, Security Hub) leave in `responseElements`.
pub fn error_text(event: &Event) -> Option<Cow<'_, str>> {
    if let Some(message) = event.error_message() {
        return Some(unwrap_json(message));
    }
    event.error_code()?;
    text_in_json(event.get(Field::ResponseElements)?).map(Cow::Owned)
}

/// Why a part of what was asked for failed, where the answer of a call that succeeded lists it: EC2's
/// `unsuccessful` items, the `failures` of ECS, the `failedResourcesMap` of tagging (API references,
/// `CreateFlowLogs`, `RunTask`, `TagResources`).
pub fn unsuccessful(event: &Event) -> Option<String> {
    if event.failed() || event.read_only == Some(true) {
        return None;
    }
    let response = event.response()?;
    let lists = |word: &str| memchr::memmem::find(response.as_bytes(), word.as_bytes()).is_some();
    if !["\"unsuccessful", "\"failures\"", "\"failed", "\"FailedResourcesMap"]
        .iter()
        .any(|word| lists(word))
    {
        return None;
    }
    let mut found = None;
    json::leaves(response, |path, value| {
        let mut members = path.split('.');
        let is_listed = members.any(|member| {
            let member = member.to_ascii_lowercase();
            member.starts_with("unsuccessful") || member.starts_with("fail")
        });
        let is_text = members.next_back().is_some_and(|last| {
            ["message", "reason", "errormessage"].contains(&last.to_ascii_lowercase().as_str())
        });
        if is_listed && is_text && found.is_none() && !value.is_empty() {
            found = Some(value.to_owned());
        }
    });
    found
}

/// Members that carry an error text, best first.
const TEXT_MEMBERS: [&str; 3] = ["message", "errormessage", "error"];

/// `AppSync` puts a JSON document where the text should be.
fn unwrap_json(message: &str) -> Cow<'_, str> {
    if message.trim_start().starts_with('{')
        && let Some(inner) = text_in_json(message)
    {
        return Cow::Owned(inner);
    }
    Cow::Borrowed(message)
}

fn text_in_json(raw: &str) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    json::leaves(raw, |path, value| {
        let member = path.rsplit('.').next().unwrap_or(path);
        let rank = TEXT_MEMBERS.iter().position(|name| member.eq_ignore_ascii_case(name));
        let Some(rank) = rank.filter(|_| !value.is_empty()) else { return };
        if best.as_ref().is_none_or(|(held, _)| rank < *held) {
            best = Some((rank, value.to_owned()));
        }
    });
    best.map(|(_, text)| text)
}

/// Classifies an error by the service that answered, its code and its text.
pub fn classify(source: &str, code: Option<&str>, text: Option<&str>) -> Failure {
    classify_call(source, None, code, text)
}

/// The same of a call whose event name is known.
fn classify_call(
    source: &str,
    name: Option<&str>,
    code: Option<&str>,
    text: Option<&str>,
) -> Failure {
    let recorded = text.unwrap_or_default();
    let code = plain_code(code.unwrap_or_default());
    let text = recorded.to_ascii_lowercase();
    if code.contains("dryrun") || text.contains("would have succeeded, but") {
        return Failure::DryRun;
    }
    if has_any(&code, THROTTLED) {
        return Failure::Throttled;
    }
    if has_any(&code, AUTHENTICATION_CODES) || has_any(&text, AUTHENTICATION_TEXTS) {
        return Failure::Other;
    }
    if let Some(telling) = refusals::telling(source, name, &code, recorded) {
        return told(&telling, source, &code, &text);
    }
    if source.starts_with("kms.") || source.is_empty() && code.starts_with("kms") {
        return classify_kms(&code, &text);
    }
    if let Some(refusal) = kms_refusal(&code, &text) {
        return Failure::ConsequenceOfKms(refusal);
    }
    if has_any(&code, CONSEQUENCE_CODES) || has_any(&text, CONSEQUENCE_TEXTS) {
        return Failure::ConsequenceOfDenial;
    }
    general(&code, &text)
}

/// What a row of the table of refusals says.
fn told(telling: &Telling, source: &str, code: &str, text: &str) -> Failure {
    match telling.row().and_then(|row| row.is) {
        Some(Instead::Missing) => return Failure::NotFound,
        // The state or protection of a thing forbids it: the request comes at the wrong time.
        Some(Instead::Invalid | Instead::Other) => return Failure::InvalidRequest,
        Some(_) => return Failure::Other,
        None => {}
    }
    let action = telling.first_action();
    let service = action.split_once(':').map_or("", |(service, _)| service);
    let state = key_state(code, text);
    let is_own = telling.is_of_caller() && service == action::service_prefix(source);
    match (service == "kms", is_own, state) {
        (true, true, KeyState::Unknown) | (false, true, _) => Failure::Denied,
        (true, true, state) => Failure::KeyState(state),
        (true, false, KeyState::Unknown) => Failure::ConsequenceOfKms(KmsRefusal::Denied),
        (true, false, state) => Failure::ConsequenceOfKms(KmsRefusal::KeyState(state)),
        (false, false, _) => Failure::ConsequenceOfDenial,
    }
}

/// What KMS itself answered.
fn classify_kms(code: &str, text: &str) -> Failure {
    if has_any(code, KEY_STATE_CODES) {
        // The external key store proxy uses the state code for ciphertexts it cannot read
        // (KMS developer guide, external key stores).
        if text.contains("ciphertext") {
            return Failure::InvalidRequest;
        }
        return Failure::KeyState(key_state(code, text));
    }
    if code.contains("invalidkeyusage") {
        return Failure::KeyState(KeyState::WrongUsage);
    }
    general(code, text)
}

/// What another service says KMS answered.
fn kms_refusal(code: &str, text: &str) -> Option<KmsRefusal> {
    let by_code = code.contains("kms") || has_any(code, KEY_CODES);
    if !by_code && !has_any(text, KMS_TEXTS) {
        return None;
    }
    let state = key_state(code, text);
    let refusal = if has_any(code, DENIED_CODES) {
        match state {
            KeyState::Unknown => KmsRefusal::Denied,
            state => KmsRefusal::KeyState(state),
        }
    } else if has_any(code, KEY_STATE_CODES) || state != KeyState::Unknown {
        KmsRefusal::KeyState(state)
    } else if has_any(text, DENIED_TEXTS) {
        KmsRefusal::Denied
    } else if code.contains("notfound") || text.contains("does not exist") {
        KmsRefusal::NotFound
    } else {
        KmsRefusal::Unknown
    };
    Some(refusal)
}

fn general(code: &str, text: &str) -> Failure {
    if code.contains("notpermitted") {
        // EC2 uses this code for termination protection and the like as well
        // (EC2 API reference, error codes), so the text decides where there is one.
        let about_rights = text.is_empty() || has_any(text, RIGHTS_TEXTS);
        return if about_rights { Failure::Denied } else { Failure::InvalidRequest };
    }
    if has_any(code, DENIED_CODES) || has_any(text, DENIED_TEXTS) {
        return Failure::Denied;
    }
    if has_any(code, NOT_FOUND) {
        return Failure::NotFound;
    }
    if text == "rate exceeded" {
        return Failure::Throttled;
    }
    if has_any(code, INVALID) {
        return Failure::InvalidRequest;
    }
    Failure::Other
}

/// The state of a key as code and lower-case text tell.
pub(super) fn key_state(code: &str, text: &str) -> KeyState {
    STATES
        .iter()
        .find(|(word, _)| text.contains(word))
        .or_else(|| STATE_CODES.iter().find(|(word, _)| code.contains(word)))
        .map_or(KeyState::Unknown, |(_, state)| *state)
}

fn has_any(text: &str, words: &[&str]) -> bool {
    !text.is_empty() && words.iter().any(|word| text.contains(word))
}

// ---- the words, in lower case ------------------------------------------------------------------

/// Codes of authorization failures. Sources: IAM user guide "Troubleshoot access denied error
/// messages"; EC2 API error codes (`UnauthorizedOperation`, `AuthFailure`); SNS API
/// (`AuthorizationError`); Cognito (`NotAuthorizedException`); CloudTrail record contents
/// (`VpceAccessDenied`).
const DENIED_CODES: &[&str] = &[
    "accessdenied",
    "unauthorized",
    "unauthorised",
    "notauthorized",
    "notauthorised",
    "forbidden",
    "authorizationerror",
    "authfailure",
    "insufficientprivileges",
    "insufficientpermissions",
];

/// Codes of credentials that are not accepted at all: nobody looked at a policy
/// (IAM API reference, "Common errors").
const AUTHENTICATION_CODES: &[&str] = &[
    "invalidclienttokenid",
    "expiredtoken",
    "unrecognizedclient",
    "signaturedoesnotmatch",
    "incompletesignature",
    "invalidaccesskeyid",
    "missingauthenticationtoken",
    "requestexpired",
];

/// The same in words, where the code is one of authorization: EC2's `AuthFailure`, Cognito's
/// `NotAuthorizedException`, the access portal's `UnauthorizedException`.
const AUTHENTICATION_TEXTS: &[&str] = &[
    "not able to validate the provided access credentials",
    "incorrect username or password",
    "token has been revoked",
    "token has expired",
    "session token not found",
    "security token included in the request",
];

/// Texts that say "denied" whatever the code is.
const DENIED_TEXTS: &[&str] = &[
    "not authorized to perform",
    "not authorized to make this call",
    "explicit deny in",
    "access denied",
    "accessdenied",
    "you are not allowed to access",
    "pass role is not allowed",
    "access to kms is not allowed",
    "you do not have permission",
    "you don't have permission",
    "do not have sufficient permission",
];

/// Texts that make "not permitted" a matter of rights.
const RIGHTS_TEXTS: &[&str] = &["authoriz", "permission", "access", "policy", "denied"];

/// Codes of rate limits.
const THROTTLED: &[&str] = &[
    "throttl",
    "requestlimitexceeded",
    "toomanyrequests",
    "slowdown",
    "throughputexceeded",
    "ratelimit",
    "rateexceeded",
];

/// Codes of KMS, also as other services repeat them, for an unusable key state
/// (KMS API reference, `Decrypt` and `CreateGrant` errors).
const KEY_STATE_CODES: &[&str] =
    &["disabled", "invalidstate", "keyunavailable", "invalidkeystate", "encryptionkeyunavailable"];

/// Codes without the word KMS by which a service reports a key it could not use.
/// EC2 `Client.CustomerKeyHasBeenRevoked`; CodeCommit `EncryptionKeyAccessDeniedException`, …;
/// Secrets Manager `DecryptionFailure`, `EncryptionFailure`.
const KEY_CODES: &[&str] =
    &["customerkeyhasbeenrevoked", "encryptionkey", "decryptionfailure", "encryptionfailure"];

/// Texts by which a service reports that KMS refused it.
const KMS_TEXTS: &[&str] = &[
    "not authorized to perform: kms:",
    "kms key access denied",
    "the ciphertext refers to a",
    "access to kms is not allowed",
    "awskmsexception",
    "service: awskms",
    "service: kms,",
    "kms exception:",
    "kms key disabled error",
    "kms validation error",
    "unable to access the kms key",
    "kms key is not accessible",
    "access denied to kms",
    "kms access denied",
    "kms access was denied",
];

/// Codes of services that checked another service's policy and found it wanting
/// (CloudTrail API reference, `CreateTrail` errors).
const CONSEQUENCE_CODES: &[&str] = &[
    "insufficients3bucketpolicy",
    "insufficientsnstopicpolicy",
    "insufficientencryptionpolicy",
    "insufficientdeliverypolicy",
    "s3accessdenied",
    "snsnoauthorization",
    "invalidcloudwatchlogsrolearn",
];

/// Texts of services that were denied themselves: CloudFormation reading a template, Lambda and
/// others assuming the role they were given.
const CONSEQUENCE_TEXTS: &[&str] = &[
    "s3 error: access denied",
    "cannot be assumed by",
    "can't be assumed by",
    "unable to assume role",
    "unable to assume the role",
    "not able to assume role",
    "could not assume role",
    "is not authorized to assume the",
    "check the trust relationships",
];

/// Key states in KMS's texts (KMS developer guide, "Key states", notes below the table).
const STATES: &[(&str, KeyState)] = &[
    ("is pending deletion", KeyState::PendingDeletion),
    ("pendingdeletion", KeyState::PendingDeletion),
    ("is pending replica deletion", KeyState::PendingDeletion),
    ("is pending import", KeyState::PendingImport),
    ("pendingimport", KeyState::PendingImport),
    ("is disabled", KeyState::Disabled),
    ("key disabled error", KeyState::Disabled),
    ("is unavailable", KeyState::Unavailable),
    ("is creating", KeyState::Creating),
    ("is updating", KeyState::Updating),
];

/// Key states in codes, for records without text.
const STATE_CODES: &[(&str, KeyState)] =
    &[("disabled", KeyState::Disabled), ("keyunavailable", KeyState::Unavailable)];

/// Codes of things that are not there.
const NOT_FOUND: &[&str] =
    &["notfound", "nosuch", "doesnotexist", "nonexistent", "notexist", "unknownresource"];

/// Codes of requests that are wrong in themselves.
const INVALID: &[&str] = &[
    "invalid",
    "validation",
    "malformed",
    "missingparameter",
    "missingaction",
    "badrequest",
    "unknownparameter",
    "unsupported",
    "serialization",
    "incorrectkey",
];
