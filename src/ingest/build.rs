//! Makes an [`Event`] of a record: one text buffer, secrets left out.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::Value;
use serde_json::value::RawValue;

use super::compact::compact;
use super::wire::{Identity, Issuer, Record, SessionContext, Text};
use crate::event::{Event, EventBuilder, Field, IdentityType, Time};

/// How many texts an event can have.
const FIELDS: usize = Field::EventContext as usize + 1;

/// Why a record is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// `eventTime` is missing or is no time.
    NoTime,
    /// `eventName` or `eventSource` is missing.
    NoName,
    /// No JSON.
    NoJson,
    /// A summary: the caller and the parameters are left out.
    Summary,
}

impl Flaw {
    /// For a person.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Flaw::NoTime => "no readable eventTime",
            Flaw::NoName => "no eventName or eventSource",
            Flaw::NoJson => "no valid JSON",
            Flaw::Summary => "summaries without caller and parameters",
        }
    }
}

/// Makes an event of a record.
pub(super) fn event(record: &Record<'_>) -> Result<Event, Flaw> {
    let time = record.event_time.get().and_then(Time::parse).ok_or(Flaw::NoTime)?;
    if record.event_name.get().is_none() || record.event_source.get().is_none() {
        return Err(Flaw::NoName);
    }
    let identity = record.user_identity.object();
    let session = identity.and_then(|i| i.session_context.object());
    let accounts = Accounts::of(record, identity, session);
    let raws = Raws::of(record, identity, session);
    let mut texts = Texts::default();
    texts.record(record, &accounts);
    if let Some(identity) = identity {
        texts.identity(identity, &accounts);
    }
    if let Some(session) = session {
        texts.session(session, &accounts);
    }
    for (field, raw) in &raws.0 {
        texts.set(*field, raw.as_deref());
    }
    let made_up = match record.event_id.get() {
        Some(_) => None,
        None => Some(texts.fingerprint(time)),
    };
    if made_up.is_some() {
        texts.set(Field::EventId, made_up.as_deref());
    }
    let kind = identity.and_then(|i| i.kind.get());
    let mut event = texts.builder().finish(time, IdentityType::parse(kind));
    event.read_only = record.read_only.flag();
    event.management_event = record.management_event.flag();
    event.from_console = record.session_credential_from_console.flag() == Some(true);
    if let Some(attributes) = session.and_then(|s| s.attributes.object()) {
        event.mfa = attributes.mfa_authenticated.flag();
        event.session_created = attributes.creation_date.get().and_then(Time::parse);
    }
    Ok(event)
}

/// The members that stay JSON.
struct Raws<'a>([(Field, Option<Cow<'a, str>>); 11]);

impl<'a> Raws<'a> {
    fn of(
        record: &Record<'a>,
        identity: Option<&Identity<'a>>,
        session: Option<&SessionContext<'a>>,
    ) -> Raws<'a> {
        let plain = |raw: Option<&'a RawValue>| raw.map(|raw| compact(raw.get()));
        // Older records carry an empty object where there was no federation.
        let federation = session.and_then(|s| s.web_id_federation_data);
        let federation = plain(federation).filter(|raw| raw != "{}");
        let response = plain(record.response_elements).and_then(without_secrets);
        Raws([
            (Field::WebIdFederationData, federation),
            (Field::InScopeOf, plain(identity.and_then(|i| i.in_scope_of))),
            (Field::OnBehalfOf, plain(identity.and_then(|i| i.on_behalf_of))),
            (Field::RequestParameters, plain(record.request_parameters)),
            (Field::ResponseElements, response),
            (Field::AdditionalEventData, plain(record.additional_event_data)),
            (Field::ServiceEventDetails, plain(record.service_event_details)),
            (Field::Resources, plain(record.resources)),
            (Field::TlsDetails, plain(record.tls_details)),
            (Field::Addendum, plain(record.addendum)),
            (Field::EventContext, plain(record.event_context)),
        ])
    }
}

/// Account ids, with the leading zeros back that a tool lost which took them for numbers.
#[derive(Default)]
struct Accounts {
    recipient: Option<String>,
    caller: Option<String>,
    issuer: Option<String>,
}

impl Accounts {
    fn of(
        record: &Record<'_>,
        identity: Option<&Identity<'_>>,
        session: Option<&SessionContext<'_>>,
    ) -> Accounts {
        let issuer = session.and_then(|s| s.session_issuer.object());
        Accounts {
            recipient: padded(&record.recipient_account_id),
            caller: identity.and_then(|i| padded(&i.account_id)),
            issuer: issuer.and_then(|i| padded(&i.account_id)),
        }
    }
}

fn padded(account: &Text<'_>) -> Option<String> {
    let text = account.get()?;
    let short = text.len() < 12 && text.bytes().all(|b| b.is_ascii_digit());
    short.then(|| format!("{text:0>12}"))
}

/// The texts of an event to be, by field.
struct Texts<'a>([Option<&'a str>; FIELDS]);

impl Default for Texts<'_> {
    fn default() -> Self {
        Texts([None; FIELDS])
    }
}

/// Every field, in the order in which they are stored.
const ORDER: [Field; FIELDS] = [
    Field::EventId,
    Field::EventVersion,
    Field::EventSource,
    Field::EventName,
    Field::EventType,
    Field::EventCategory,
    Field::AwsRegion,
    Field::SourceIpAddress,
    Field::UserAgent,
    Field::ErrorCode,
    Field::ErrorMessage,
    Field::RequestId,
    Field::SharedEventId,
    Field::RecipientAccountId,
    Field::ApiVersion,
    Field::VpcEndpointId,
    Field::VpcEndpointAccountId,
    Field::PrincipalId,
    Field::Arn,
    Field::AccountId,
    Field::AccessKeyId,
    Field::UserName,
    Field::InvokedBy,
    Field::IssuerType,
    Field::IssuerPrincipalId,
    Field::IssuerArn,
    Field::IssuerAccountId,
    Field::IssuerUserName,
    Field::SourceIdentity,
    Field::Ec2RoleDelivery,
    Field::WebIdFederationData,
    Field::InScopeOf,
    Field::OnBehalfOf,
    Field::RequestParameters,
    Field::ResponseElements,
    Field::AdditionalEventData,
    Field::ServiceEventDetails,
    Field::Resources,
    Field::TlsDetails,
    Field::Addendum,
    Field::EventContext,
];

impl<'a> Texts<'a> {
    fn set(&mut self, field: Field, text: Option<&'a str>) {
        if let Some(slot) = self.0.get_mut(field as usize) {
            *slot = text.filter(|t| !t.is_empty());
        }
    }

    fn record(&mut self, record: &'a Record<'_>, accounts: &'a Accounts) {
        let recipient = accounts.recipient.as_deref().or(record.recipient_account_id.get());
        self.set(Field::EventId, record.event_id.get());
        self.set(Field::EventVersion, record.event_version.get());
        self.set(Field::EventSource, record.event_source.get());
        self.set(Field::EventName, record.event_name.get());
        self.set(Field::EventType, record.event_type.get());
        self.set(Field::EventCategory, record.event_category.get());
        self.set(Field::AwsRegion, record.aws_region.get());
        self.set(Field::SourceIpAddress, record.source_ip_address.get());
        self.set(Field::UserAgent, record.user_agent.get());
        self.set(Field::ErrorCode, record.error_code.get());
        self.set(Field::ErrorMessage, record.error_message.get());
        self.set(Field::RequestId, record.request_id.get());
        self.set(Field::SharedEventId, record.shared_event_id.get());
        self.set(Field::RecipientAccountId, recipient);
        self.set(Field::ApiVersion, record.api_version.get());
        self.set(Field::VpcEndpointId, record.vpc_endpoint_id.get());
        self.set(Field::VpcEndpointAccountId, record.vpc_endpoint_account_id.get());
    }

    fn identity(&mut self, identity: &'a Identity<'_>, accounts: &'a Accounts) {
        let account = accounts.caller.as_deref().or(identity.account_id.get());
        self.set(Field::PrincipalId, identity.principal_id.get());
        self.set(Field::Arn, identity.arn.get());
        self.set(Field::AccountId, account);
        self.set(Field::AccessKeyId, identity.access_key_id.get());
        self.set(Field::UserName, identity.user_name.get());
        self.set(Field::InvokedBy, identity.invoked_by.get());
    }

    fn session(&mut self, session: &'a SessionContext<'_>, accounts: &'a Accounts) {
        if let Some(issuer) = session.session_issuer.object() {
            self.issuer(issuer, accounts);
        }
        self.set(Field::SourceIdentity, session.source_identity.get());
        self.set(Field::Ec2RoleDelivery, session.ec2_role_delivery.get());
    }

    fn issuer(&mut self, issuer: &'a Issuer<'_>, accounts: &'a Accounts) {
        let account = accounts.issuer.as_deref().or(issuer.account_id.get());
        self.set(Field::IssuerType, issuer.kind.get());
        self.set(Field::IssuerPrincipalId, issuer.principal_id.get());
        self.set(Field::IssuerArn, issuer.arn.get());
        self.set(Field::IssuerAccountId, account);
        self.set(Field::IssuerUserName, issuer.user_name.get());
    }

    /// A stable id for a record that has none: the same content gives the same id, so that copies
    /// are still recognised (FNV-1a, 128 bits).
    fn fingerprint(&self, time: Time) -> String {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        let texts = self.0.iter().flat_map(|text| text.unwrap_or_default().bytes().chain([0xff]));
        for byte in time.0.to_le_bytes().into_iter().chain(texts) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
        format!("no-id-{hash:032x}")
    }

    fn builder(&self) -> EventBuilder {
        let bytes = self.0.iter().flatten().map(|text| text.len()).sum();
        let mut builder = EventBuilder::with_capacity(bytes);
        for (field, text) in ORDER.iter().zip(self.0) {
            builder.put(*field, text);
        }
        builder
    }
}

/// `responseElements` without what must not be kept: under `credentials` only the access key id and
/// the expiration stay, and secrets under those names go wherever they stand.
fn without_secrets(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !mentions_secrets(&text) {
        return Some(text);
    }
    // Text too deeply nested to be rewritten is dropped rather than kept with its secrets.
    let mut value: Value = serde_json::from_str(&text).ok()?;
    strip(&mut value);
    serde_json::to_string(&value).ok().map(Cow::Owned)
}

fn mentions_secrets(text: &str) -> bool {
    SECRETS.iter().any(|name| name.find(text.as_bytes()).is_some())
}

/// Without the first letter, which is a capital in some services' answers.
static SECRETS: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| {
    [Finder::new("essionToken"), Finder::new("ecretAccessKey"), Finder::new("redentials")]
});

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| {
                !["sessionToken", "secretAccessKey"].iter().any(|s| name.eq_ignore_ascii_case(s))
            });
            for (name, member) in members.iter_mut() {
                if let (true, Value::Object(inside)) =
                    (name.eq_ignore_ascii_case("credentials"), &mut *member)
                {
                    inside.retain(|name, _| {
                        ["accessKeyId", "expiration"].iter().any(|s| name.eq_ignore_ascii_case(s))
                    });
                }
                strip(member);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
