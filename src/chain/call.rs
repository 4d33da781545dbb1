//! What linking needs to know of one call, worked out once: its encryption context, the key it
//! used, the ids in its request.

use crate::event::{self, CallerKind, Event, Field, IdentityType, json};

/// A string that can stand in the parent. Forms of one value count once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token {
    pub text: String,
    /// The value it is a form of.
    pub value: usize,
}

/// A call made for another one, with what can tie it to its parent.
#[derive(Debug)]
pub(super) struct Child<'e> {
    pub event: &'e Event,
    pub index: usize,
    pub kind: CallerKind,
    /// Encryption context pairs, of whatever member carries them.
    pub context: Vec<(String, String)>,
    /// ARN of the KMS key: from the resources, else from the error text.
    pub key: Option<String>,
    /// Strings that can stand in the parent: context values, ids in the request, the instance of
    /// an infrastructure session.
    pub tokens: Vec<Token>,
}

impl<'e> Child<'e> {
    pub(super) fn new(index: usize, event: &'e Event) -> Self {
        let context = encryption_context(event);
        let mut child = Child {
            event,
            index,
            kind: event.caller_kind(),
            key: kms_key(event),
            tokens: Vec::new(),
            context,
        };
        child.collect_tokens();
        child
    }

    fn collect_tokens(&mut self) {
        let values: Vec<String> = self.context.iter().map(|(_, v)| v.clone()).collect();
        for value in values {
            self.add_token(&value);
        }
        // A denied call has lost its request; what it was on may survive in the text.
        if let Some(resource) =
            event::denial(self.event).and_then(|d| d.resource).filter(|_| !self.is_kms())
        {
            self.add_token(&resource);
        }
        if self.kind == CallerKind::Ec2Infrastructure
            && let Some(instance) = self.event.session_name()
        {
            self.add_token(instance);
        }
        let mut found = Vec::new();
        for raw in [self.event.request(), self.event.get(Field::ServiceEventDetails)] {
            json::leaves(raw.unwrap_or_default(), |path, value| {
                if !path.starts_with("encryptionContext") && !is_kms_setting(path) {
                    found.push(value.to_owned());
                }
            });
        }
        for value in found {
            self.add_token(&value);
        }
    }

    fn add_token(&mut self, value: &str) {
        let number = self.tokens.last().map_or(0, |t| t.value + 1);
        for form in tokens_of(value) {
            if !self.tokens.iter().any(|t| t.text == form) {
                self.tokens.push(Token { text: form.to_owned(), value: number });
            }
        }
    }

    /// Takes over what another call says, as far as it is new.
    pub(super) fn borrow_tokens(&mut self, lent: &[Token]) {
        let base = self.tokens.last().map_or(0, |t| t.value + 1);
        for token in lent {
            if !self.tokens.iter().any(|t| t.text == token.text) {
                self.tokens.push(Token { text: token.text.clone(), value: base + token.value });
            }
        }
    }

    /// Whether the call is one of KMS.
    pub(super) fn is_kms(&self) -> bool {
        self.event.source() == "kms.amazonaws.com"
    }
}

/// Members of KMS requests that never identify anything.
fn is_kms_setting(path: &str) -> bool {
    matches!(
        path,
        "keyId"
            | "keySpec"
            | "numberOfBytes"
            | "encryptionAlgorithm"
            | "operations"
            | "dryRun"
            | "retiringPrincipal"
    )
}

/// The forms in which a value may stand in another record: itself, and the parts of an ARN or URL
/// by which other services name the same thing. Values too short or too common to identify
/// anything give none.
pub(super) fn tokens_of(value: &str) -> impl Iterator<Item = &str> {
    let mut forms = [Some(value), None, None, None, None];
    if let Some(resource) = value.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4)) {
        let tail = resource.rsplit(['/', ':']).next();
        // Secrets Manager puts six random characters behind a secret's name.
        let secret = resource
            .strip_prefix("secret:")
            .and_then(|name| name.rsplit_once('-'))
            .filter(|(_, random)| random.len() == 6)
            .map(|(name, _)| name);
        // A parameter's ARN joins `parameter` and its name, which begins with a slash.
        let parameter = resource.strip_prefix("parameter").filter(|name| name.starts_with('/'));
        // An object's ARN begins with its bucket.
        let bucket = value
            .starts_with("arn:aws:s3:::")
            .then(|| resource.split_once('/').map(|(bucket, _)| bucket))
            .flatten();
        forms = [Some(value), Some(resource), tail, secret.or(parameter).or(bucket), None];
    } else if value.starts_with("https://") {
        forms = [Some(value), value.rsplit('/').next(), None, None, None];
    }
    let copy = forms;
    forms.into_iter().enumerate().filter_map(move |(i, form)| {
        let form = form.filter(|f| identifies(f))?;
        let seen = copy.iter().take(i).flatten().any(|earlier| *earlier == form);
        (!seen).then_some(form)
    })
}

fn identifies(value: &str) -> bool {
    let length = value.len();
    (4..=2048).contains(&length)
        && !is_account(value)
        && value.parse::<f64>().is_err()
        && !matches!(value, "true" | "false" | "HIDDEN_DUE_TO_SECURITY_REASONS")
}

/// Twelve digits.
fn is_account(value: &str) -> bool {
    value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit())
}

/// The encryption context of a KMS call: `encryptionContext`, both contexts of `ReEncrypt`, or the
/// constraint of `CreateGrant`.
pub fn encryption_context(event: &Event) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    if event.source() != "kms.amazonaws.com" {
        return pairs;
    }
    json::leaves(event.request().unwrap_or_default(), |path, value| {
        for prefix in [
            "encryptionContext.",
            "constraints.encryptionContextSubset.",
            "constraints.encryptionContextEquals.",
            "sourceEncryptionContext.",
            "destinationEncryptionContext.",
        ] {
            if let Some(key) = path.strip_prefix(prefix) {
                pairs.push((key.to_owned(), value.to_owned()));
            }
        }
    });
    pairs
}

/// The ARN of the KMS key a call used: `resources`, else the request, else the error text (a denied
/// KMS call has lost both members, and only its text names the key).
pub fn kms_key(event: &Event) -> Option<String> {
    for raw in [event.get(Field::Resources), event.request(), event.error_message()] {
        let Some(raw) = raw else { continue };
        if let Some(arn) = key_arn_in(raw) {
            return Some(arn.to_owned());
        }
    }
    None
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

/// Whether a service made this call, by whichever of the five ways.
pub(super) fn is_made_by_service(event: &Event) -> bool {
    event.invoked_by().is_some()
        || matches!(event.identity_type, IdentityType::AwsService)
        || !matches!(event.caller_kind(), CallerKind::Direct | CallerKind::ForwardAccessSession)
}
