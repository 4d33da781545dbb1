//! What linking needs to know of one call, worked out once: its encryption context, the key it
//! used, the ids in its request.

use super::id_hash::{IdHash, IdHasher};
use super::kms::{alias_in, context_key, kms_key};
use super::names::{ActionId, Names};
use crate::event::{self, CallerKind, Event, Failure, Field, arn, json, partition};

/// A string that can stand in the parent. Forms of one value count once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub hash: IdHash,
    /// The value it is a form of.
    pub value: u32,
    /// It names a role.
    pub is_role: bool,
}

/// The Region a call was made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    name: IdHash,
    /// Services without Regions record their calls there.
    is_home: bool,
}

impl Region {
    pub(super) fn of(event: &Event, hasher: &IdHasher) -> Option<Region> {
        let name = event.region()?;
        Some(Region { name: hasher.of(name), is_home: partition::of_region(name).home == name })
    }

    /// Whether work asked for in one of them is not done in the other by itself.
    pub(super) fn is_apart(self, other: Region) -> bool {
        self.name != other.name && !self.is_home && !other.is_home
    }
}

/// The KMS key a call used.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyHashes {
    pub arn: IdHash,
    /// The id at the end of the ARN.
    pub id: IdHash,
}

/// A role that a service takes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct TakenOn {
    pub session: IdHash,
    /// The session is named for an instance.
    pub for_instance: bool,
}

/// Tokens kept of one call. What names thousands of things is told by none of them, and a stranger
/// can write a record that is nothing but names.
const MOST: usize = 512;

/// A call made for another one, with what can tie it to its parent.
#[derive(Debug)]
pub(super) struct Child<'e> {
    pub event: &'e Event,
    pub index: usize,
    pub kind: CallerKind,
    pub action: ActionId,
    /// What the table is asked about it, by number; set once all are known.
    pub criteria: u32,
    /// Its invokers, as one mark of everything they are told from.
    pub invokers: IdHash,
    pub invoked_by: Option<IdHash>,
    pub principal: Option<IdHash>,
    pub request: Option<IdHash>,
    pub account: Option<IdHash>,
    pub region: Option<Region>,
    pub caller_account: Option<IdHash>,
    /// Key of the call: from the resources, else from the error text.
    pub key: Option<KeyHashes>,
    /// Alias by which the request names the key.
    pub alias: Option<IdHash>,
    /// Strings that can stand in the parent: context values first, then ids in the request, the
    /// instance of an infrastructure session.
    pub tokens: Vec<Token>,
    /// How many of them are values of the encryption context.
    pub in_context: usize,
    /// Whether the call has an encryption context.
    pub has_context: bool,
    pub taken_on: Option<TakenOn>,
    /// The role that it takes on, or in whose session a service makes it.
    pub role: Option<IdHash>,
    pub sign_in: Option<IdHash>,
    /// The instance that a grant is for.
    pub grantee: Option<IdHash>,
    pub denied: bool,
    pub is_kms: bool,
    pub is_sts: bool,
}

impl<'e> Child<'e> {
    pub(super) fn new(
        index: usize,
        event: &'e Event,
        kind: CallerKind,
        names: &Names<'_>,
        hasher: &IdHasher,
    ) -> Self {
        let name = names.of(index);
        let is_kms = name.is_some_and(|n| n.is_kms);
        let mut texts = Texts::of(event, is_kms);
        let mut invokers = event.invoked_by().unwrap_or_default().to_owned();
        for (key, _) in &texts.context {
            invokers.push('|');
            invokers.push_str(key);
        }
        let mut child = Child {
            event,
            index,
            kind,
            action: names.action_of(index, event),
            criteria: 0,
            invokers: hasher.of(&invokers),
            invoked_by: event.invoked_by().map(|by| hasher.of(by)),
            principal: event.arn().map(|arn| hasher.of(arn)),
            request: event.get(Field::RequestId).map(|id| hasher.of(id)),
            account: event.account().map(|account| hasher.of(account)),
            region: Region::of(event, hasher),
            caller_account: event.caller_account().map(|account| hasher.of(account)),
            key: is_kms.then(|| kms_key(event)).flatten().map(|arn| KeyHashes {
                arn: hasher.of(arn),
                id: hasher.of(arn.rsplit('/').next().unwrap_or(arn)),
            }),
            alias: texts.alias.take().map(|alias| hasher.of(&alias)),
            tokens: Vec::new(),
            in_context: 0,
            has_context: !texts.context.is_empty(),
            taken_on: texts.session.take().map(|session| TakenOn {
                session: hasher.of(&session),
                for_instance: session.starts_with("i-"),
            }),
            sign_in: event.get(Field::SignInSessionArn).map(|session| hasher.of(session)),
            role: match kind {
                CallerKind::ServiceRole => event.principal_arn().map(str::to_owned),
                _ => texts.role.take(),
            }
            // A service-linked role is taken on for whatever the service does.
            .filter(|role| !role.contains(":role/aws-service-role/"))
            .and_then(|role| role_hash(&role, hasher)),
            grantee: texts.grantee.as_deref().map(|instance| hasher.of(instance)),
            denied: matches!(event::failure(event), Some(Failure::Denied | Failure::KeyState(_))),
            is_kms,
            is_sts: name.is_some_and(|n| n.is_sts),
        };
        let in_context = texts.context.len();
        for (number, value) in texts.values(event, is_kms, kind).enumerate() {
            child.add_token(&value, number as u32, hasher);
            if number + 1 == in_context {
                child.in_context = child.tokens.len();
            }
        }
        child
    }

    fn add_token(&mut self, value: &str, number: u32, hasher: &IdHasher) {
        for form in tokens_of(value) {
            let hash = hasher.of(form);
            if self.tokens.len() < MOST && !self.tokens.iter().any(|t| t.hash == hash) {
                let is_role = form.contains(":role/") || form.starts_with("role/");
                self.tokens.push(Token { hash, value: number, is_role });
            }
        }
    }

    /// Takes over what another call says, as far as it is new.
    pub(super) fn borrow_tokens(&mut self, lent: &[Token]) {
        let base = self.tokens.last().map_or(0, |t| t.value + 1);
        for token in lent {
            if !self.tokens.iter().any(|t| t.hash == token.hash) {
                self.tokens.push(Token { value: base + token.value, ..*token });
            }
        }
    }
}

/// The texts by which a call can be tied to its parent.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Encryption context, of whatever member carries it.
    pub context: Vec<(String, String)>,
    /// What else the request says.
    request: Vec<String>,
    alias: Option<String>,
    session: Option<String>,
    role: Option<String>,
    grantee: Option<String>,
}

impl Texts {
    pub(super) fn of(event: &Event, is_kms: bool) -> Texts {
        let mut texts = Texts::default();
        json::leaves(event.request().unwrap_or_default(), |path, value| {
            texts.take(path, value, is_kms);
        });
        json::leaves(event.get(Field::ServiceEventDetails).unwrap_or_default(), |_, value| {
            texts.request.push(value.to_owned());
        });
        texts
    }

    fn take(&mut self, path: &str, value: &str, is_kms: bool) {
        if is_kms {
            if let Some(key) = context_key(path) {
                self.context.push((key.to_owned(), value.to_owned()));
                return;
            }
            match path {
                "keyId" => self.alias = alias_in(value).map(str::to_owned),
                "granteePrincipal" => {
                    let last = value.rsplit(['/', ':']).next();
                    self.grantee = last.filter(|i| i.starts_with("i-")).map(str::to_owned);
                }
                _ => {}
            }
        }
        match path {
            "roleSessionName" => self.session = Some(value.to_owned()),
            "roleArn" => self.role = Some(value.to_owned()),
            _ => {}
        }
        if !is_kms_setting(path) {
            self.request.push(value.to_owned());
        }
    }

    /// Every value that can stand in the parent, the context first.
    pub(super) fn values(
        self,
        event: &Event,
        is_kms: bool,
        kind: CallerKind,
    ) -> impl Iterator<Item = String> {
        // A denied call has lost its request; what it was on may survive in the text.
        let resource =
            event::failure(event).and_then(|_| event::denial(event)?.resource).filter(|_| !is_kms);
        let instance = match kind {
            CallerKind::Ec2Infrastructure => event.session_name().map(str::to_owned),
            _ => None,
        };
        let context = self.context.into_iter().map(|(_, value)| value);
        context.chain(resource).chain(instance).chain(self.request)
    }
}

/// A role by its account and name: records that name it may have lost its path.
pub(super) fn role_hash(arn: &str, hasher: &IdHasher) -> Option<IdHash> {
    let (account, name) = arn::role_name(arn)?;
    Some(hasher.of_pair(account, name))
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
            .split(':')
            .nth(2)
            .filter(|service| *service == "s3")
            .and_then(|_| resource.split_once('/').map(|(bucket, _)| bucket));
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
        && !arn::is_account_id(value)
        && value.parse::<f64>().is_err()
        && !matches!(value, "true" | "false" | "HIDDEN_DUE_TO_SECURITY_REASONS")
}
