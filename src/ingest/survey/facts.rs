//! What is asked of every record to tell whether it is worth keeping, of a record still in its file
//! and of an event alike.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::super::header::Header;
use super::super::identifier::Identifier;
use crate::event::{Event, Field, IdentityType, Time, partition};

/// Plain members of a record.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'r> {
    /// `eventTime`.
    pub time: Time,
    /// The account the record was delivered to, else the caller's.
    pub account: Option<&'r str>,
    /// `awsRegion`.
    pub region: Option<&'r str>,
    /// `eventSource`.
    pub source: &'r str,
    /// `eventName`.
    pub name: &'r str,
    /// The ARN of the caller, of a role that of the session.
    pub actor: Option<&'r str>,
    /// The caller without its session: role, user, service.
    pub principal: Option<&'r str>,
    /// `userIdentity.invokedBy`.
    pub invoked_by: Option<&'r str>,
    /// `vpcEndpointId`.
    pub endpoint: Option<&'r str>,
    /// `sharedEventID`: the same in the copies of a call that other accounts get.
    pub shared: Option<&'r str>,
    /// `errorCode`.
    pub error_code: Option<&'r str>,
    /// Whether the call failed in any way.
    pub failed: bool,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// Whether a service made the call.
    pub by_service: bool,
}

impl<'r> Facts<'r> {
    /// Of a record.
    pub(in super::super) fn of_header(header: &Header<'r>) -> Facts<'r> {
        Facts {
            time: header.time(),
            failed: header.failed(),
            read_only: header.read_only(),
            ..Facts::new(|field| header.get(field), header.identity_type())
        }
    }

    /// Of an event.
    pub fn of(event: &'r Event) -> Facts<'r> {
        Facts {
            time: event.time,
            failed: event.failed(),
            read_only: event.read_only,
            ..Facts::new(|field| event.get(field), event.identity_type)
        }
    }

    fn new(get: impl Fn(Field) -> Option<&'r str>, identity: IdentityType) -> Facts<'r> {
        let (actor, invoked_by) = (get(Field::Arn), get(Field::InvokedBy));
        let principal = get(Field::IssuerArn).or(actor).or_else(|| get(Field::PrincipalId));
        let internal =
            |text: &str| partition::without_domain(text).is_some() || text == "AWS Internal";
        let by_service = invoked_by.is_some()
            || identity == IdentityType::AwsService
            || get(Field::EventType) == Some("AwsServiceEvent")
            || get(Field::SourceIpAddress).is_some_and(internal);
        Facts {
            time: Time::default(),
            account: get(Field::RecipientAccountId).or_else(|| get(Field::AccountId)),
            region: get(Field::AwsRegion),
            source: get(Field::EventSource).unwrap_or_default(),
            name: get(Field::EventName).unwrap_or_default(),
            actor,
            principal,
            invoked_by,
            endpoint: get(Field::VpcEndpointId),
            shared: get(Field::SharedEventId),
            error_code: get(Field::ErrorCode),
            failed: false,
            read_only: None,
            by_service,
        }
    }
}

/// A number for some texts, the same on every machine: parts of an export that were read apart are
/// put together by it (XXH3).
pub fn number<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> u64 {
    texts.into_iter().fold(0, |seed, text| match text {
        Some(text) => xxh3_64_with_seed(text.as_bytes(), seed),
        None => mix(seed, u64::MAX),
    })
}

/// Two numbers as one.
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let mut bytes = [0_u8; 16];
    let (head, tail) = bytes.split_at_mut(8);
    head.copy_from_slice(&one.to_le_bytes());
    tail.copy_from_slice(&other.to_le_bytes());
    xxh3_64(&bytes)
}

/// What decides which records of a stratum are kept: nobody can guess it, and every copy has the
/// same.
pub(super) fn priority(id: Identifier) -> u64 {
    xxh3_64(&id.number().to_le_bytes())
}

/// The same for refused calls: those in minutes that are kept come first, because all that they
/// belong to is kept with them.
pub(super) fn priority_of_refused(lot: u64, id: Identifier) -> u64 {
    lot & !LOW | priority(id) & LOW
}

const LOW: u64 = 0xf_ffff;
