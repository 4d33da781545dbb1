//! Makes an [`Event`] of the fields of a record: one text buffer, secrets left out.

use std::borrow::Cow;

use crate::event::{Event, Field, IdentityType, Time, secrets};
use crate::ingest::record::fields::{Fields, flag};
use crate::ingest::record::identifier::fnv;
use crate::wording::Sentence;

/// Why no event can be made of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// `eventTime` is missing or is no time.
    NoTime,
    /// `eventName` or `eventSource` is missing.
    NoName,
    /// No JSON.
    NoJson,
    /// A summary: the caller and the parameters are left out.
    Summary,
    /// Larger than any record.
    TooLarge,
}

impl Flaw {
    /// For a person.
    pub(crate) fn sentence(self) -> Sentence {
        match self {
            Flaw::NoTime => Sentence::new("log-no-time"),
            Flaw::NoName => Sentence::new("log-no-name"),
            Flaw::NoJson => Sentence::new("log-no-json"),
            Flaw::Summary => Sentence::new("log-summary"),
            Flaw::TooLarge => Sentence::new("log-too-large"),
        }
    }
}

/// When the call of a record was made.
///
/// # Errors
/// When the record has no readable time, or does not name a call.
pub(crate) fn time(fields: &Fields<'_>) -> Result<Time, Flaw> {
    let time = fields.time.and_then(Time::parse).ok_or(Flaw::NoTime)?;
    match (fields.get(Field::EventName), fields.get(Field::EventSource)) {
        (Some(_), Some(_)) => Ok(time),
        _ => Err(Flaw::NoName),
    }
}

type Hide = for<'t> fn(&'t str) -> Option<Cow<'t, str>>;

/// The members in which people and services write secrets, and how secrets are removed from each.
const HIDING: [(Field, Hide); 7] = [
    (Field::UserAgent, |text| Some(secrets::masked(text))),
    (Field::ErrorMessage, |text| Some(secrets::masked(text))),
    (Field::RequestParameters, secrets::without),
    (Field::ResponseElements, secrets::without),
    (Field::AdditionalEventData, secrets::without),
    (Field::ServiceEventDetails, secrets::without),
    (Field::EventContext, secrets::without),
];

/// Makes an event of a record with that time.
pub(crate) fn event(fields: &Fields<'_>, time: Time) -> Event {
    let kind = IdentityType::parse(fields.identity_type);
    // Older records carry an empty object where there was no federation.
    let unfederated = fields.get(Field::WebIdFederationData) == Some("{}");
    let open = !HIDING.iter().any(|(field, _)| fields.get(*field).is_some_and(secrets::mentioned));
    let plain = open && !unfederated && fields.get(Field::EventId).is_some();
    let mut event = match plain {
        true => Event::of(fields.texts(), time, kind),
        false => {
            let hidden = HIDING.map(|(field, hide)| fields.get(field).and_then(hide));
            let mut whole = *fields;
            for ((field, _), text) in HIDING.iter().zip(&hidden) {
                *whole.slot(*field) = text.as_deref();
            }
            if unfederated {
                *whole.slot(Field::WebIdFederationData) = None;
            }
            let made_up = match whole.get(Field::EventId) {
                Some(_) => None,
                None => Some(fingerprint(&whole, time)),
            };
            if made_up.is_some() {
                *whole.slot(Field::EventId) = made_up.as_deref();
            }
            Event::of(whole.texts(), time, kind)
        }
    };
    event.read_only = flag(fields.read_only);
    event.management_event = flag(fields.management_event);
    event.from_console = flag(fields.from_console) == Some(true);
    event.mfa = flag(fields.mfa);
    event.session_created = fields.session_created.and_then(Time::parse);
    event
}

const ACCOUNTS: [Field; 3] = [Field::RecipientAccountId, Field::AccountId, Field::IssuerAccountId];

/// Account ids with their leading zeros restored, which tools lose that take an id for a number; `None` where
/// no id is too short.
pub(crate) fn padded(fields: &Fields<'_>) -> Option<[Option<String>; 3]> {
    let accounts = ACCOUNTS.map(|field| fields.get(field).filter(|text| text.len() < 12));
    if accounts == [None; 3] {
        return None;
    }
    let digits = |text: &&str| text.bytes().all(|b| b.is_ascii_digit());
    Some(accounts.map(|account| account.filter(digits).map(|text| format!("{text:0>12}"))))
}

/// The fields with these account ids in place of their own, where there are any.
pub(crate) fn with_accounts<'f>(
    fields: &Fields<'f>,
    accounts: &'f [Option<String>; 3],
) -> Fields<'f> {
    let mut whole = *fields;
    for (field, account) in ACCOUNTS.iter().zip(accounts) {
        if account.is_some() {
            *whole.slot(*field) = account.as_deref();
        }
    }
    whole
}

/// A stable id for a record that has none: the same content gives the same id, so that copies are
/// still recognised.
fn fingerprint(fields: &Fields<'_>, time: Time) -> String {
    let texts = fields.texts().iter();
    let texts = texts.flat_map(|text| text.unwrap_or_default().bytes().chain([0xff]));
    let hash = fnv(time.0.to_le_bytes().into_iter().chain(texts));
    format!("no-id-{hash:032x}")
}
