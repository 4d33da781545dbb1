//! One CloudTrail call, compact: every text of it lies in one allocation, reached by field.
//!
//! An export holds millions of calls and most of them are never looked at twice, so an [`Event`]
//! costs two allocations whatever it holds, and the JSON inside it (`requestParameters`, …) stays
//! text until somebody asks (see [`super::json`]).

use std::fmt;

use super::identity::{self, CallerKind, IdentityType};
use super::time::Time;

/// The texts an event can hold. The order is the order they are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "each is the CloudTrail member of that name")]
pub enum Field {
    EventId,
    EventVersion,
    EventSource,
    EventName,
    EventType,
    EventCategory,
    AwsRegion,
    SourceIpAddress,
    UserAgent,
    ErrorCode,
    ErrorMessage,
    RequestId,
    SharedEventId,
    RecipientAccountId,
    ApiVersion,
    VpcEndpointId,
    VpcEndpointAccountId,
    PrincipalId,
    Arn,
    AccountId,
    AccessKeyId,
    UserName,
    InvokedBy,
    IssuerType,
    IssuerPrincipalId,
    IssuerArn,
    IssuerAccountId,
    IssuerUserName,
    SourceIdentity,
    /// `sessionContext.ec2RoleDelivery`.
    Ec2RoleDelivery,
    /// `sessionContext.webIdFederationData`, raw JSON; absent when empty.
    WebIdFederationData,
    /// `userIdentity.inScopeOf`, raw JSON.
    InScopeOf,
    /// `userIdentity.onBehalfOf`, raw JSON.
    OnBehalfOf,
    /// Raw JSON, as are all that follow.
    RequestParameters,
    ResponseElements,
    AdditionalEventData,
    ServiceEventDetails,
    Resources,
    TlsDetails,
    Addendum,
    EventContext,
}

/// How many fields there are.
const FIELDS: usize = Field::EventContext as usize + 1;

/// One call as CloudTrail recorded it.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// When the request completed, by the endpoint's clock; one-second resolution
    /// (CloudTrail record contents). A child can therefore be stamped before its parent.
    pub time: Time,
    /// `userIdentity.type`.
    pub identity_type: IdentityType,
    /// `readOnly`; unknown in old records.
    pub read_only: Option<bool>,
    /// `managementEvent`; unknown in old records.
    pub management_event: Option<bool>,
    /// `sessionContext.attributes.mfaAuthenticated`.
    pub mfa: Option<bool>,
    /// `sessionContext.attributes.creationDate`: when the session's credentials were issued.
    pub session_created: Option<Time>,
    /// `sessionCredentialFromConsole`.
    pub from_console: bool,
    text: Box<str>,
    ends: Box<[u32; FIELDS]>,
    present: u64,
}

impl Event {
    /// The text of a field; `None` when the record lacks it, has `null`, or an empty text.
    pub fn get(&self, field: Field) -> Option<&str> {
        let index = field as usize;
        if self.present & (1 << index) == 0 {
            return None;
        }
        let end = *self.ends.get(index)? as usize;
        let start = match index {
            0 => 0,
            _ => *self.ends.get(index - 1)? as usize,
        };
        self.text.get(start..end)
    }

    /// `eventID`; every kept event has one (ingest makes one from the content where it is missing).
    pub fn id(&self) -> &str {
        self.get(Field::EventId).unwrap_or_default()
    }

    /// `eventSource`, e.g. `kms.amazonaws.com`.
    pub fn source(&self) -> &str {
        self.get(Field::EventSource).unwrap_or_default()
    }

    /// `eventName` as recorded, which may carry an API date (`CreateFunction20150331`).
    pub fn name(&self) -> &str {
        self.get(Field::EventName).unwrap_or_default()
    }

    /// `awsRegion`.
    pub fn region(&self) -> Option<&str> {
        self.get(Field::AwsRegion)
    }

    /// `errorCode`, as recorded.
    pub fn error_code(&self) -> Option<&str> {
        self.get(Field::ErrorCode)
    }

    /// `errorMessage`, as recorded (CloudTrail cuts it at 1 KB).
    pub fn error_message(&self) -> Option<&str> {
        self.get(Field::ErrorMessage)
    }

    /// `userIdentity.arn`: for a role, the session's ARN, which never shows the role's path.
    pub fn arn(&self) -> Option<&str> {
        self.get(Field::Arn)
    }

    /// `userIdentity.principalId`.
    pub fn principal_id(&self) -> Option<&str> {
        self.get(Field::PrincipalId)
    }

    /// `userIdentity.accessKeyId`.
    pub fn access_key(&self) -> Option<&str> {
        self.get(Field::AccessKeyId)
    }

    /// `userIdentity.invokedBy`: the AWS service that made the call; not `kms:ViaService`.
    pub fn invoked_by(&self) -> Option<&str> {
        self.get(Field::InvokedBy).filter(|by| !identity::is_console_sign_in(by))
    }

    /// The account of the caller.
    pub fn caller_account(&self) -> Option<&str> {
        self.get(Field::AccountId)
    }

    /// The account the record was delivered to, else the caller's.
    pub fn account(&self) -> Option<&str> {
        self.get(Field::RecipientAccountId).or_else(|| self.caller_account())
    }

    /// The ARN to attach policies to: the role (with path) behind a session, else the caller's own
    /// ARN. `None` for services and anonymous callers.
    pub fn principal_arn(&self) -> Option<&str> {
        self.get(Field::IssuerArn).or_else(|| self.arn())
    }

    /// The name after the last slash of a role session's ARN.
    pub fn session_name(&self) -> Option<&str> {
        if self.identity_type != IdentityType::AssumedRole {
            return None;
        }
        match self.arn().and_then(|arn| arn.rsplit_once('/')) {
            Some((_, name)) => Some(name),
            None => self.principal_id()?.split_once(':').map(|(_, name)| name),
        }
    }

    /// Who signed the call, as far as the record itself tells (facts of `userIdentity`).
    pub fn caller_kind(&self) -> CallerKind {
        identity::caller_kind(self)
    }

    /// Whether the call failed in any way.
    pub fn failed(&self) -> bool {
        self.present & (1 << Field::ErrorCode as u64 | 1 << Field::ErrorMessage as u64) != 0
    }

    /// `requestParameters` as raw JSON.
    pub fn request(&self) -> Option<&str> {
        self.get(Field::RequestParameters)
    }

    /// `responseElements` as raw JSON.
    pub fn response(&self) -> Option<&str> {
        self.get(Field::ResponseElements)
    }

    /// A scalar of `requestParameters` by dotted path, ignoring letter case.
    pub fn request_value(&self, path: &str) -> Option<String> {
        super::json::find(self.request()?, path)
    }

    /// A scalar of `responseElements` by dotted path, ignoring letter case.
    pub fn response_value(&self, path: &str) -> Option<String> {
        super::json::find(self.response()?, path)
    }

    /// Every text of the record by itself.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(self.ends.iter());
        let ranges = starts.zip(self.ends.iter());
        ranges.filter_map(|(start, end)| self.text.get(*start as usize..*end as usize))
    }

    /// How many texts the record holds, and all of them one after another: to choose between copies
    /// of one call, which need not be equally complete.
    pub fn content(&self) -> (u32, &str) {
        (self.present.count_ones(), &self.text)
    }

    /// Bytes this event keeps allocated.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.text.len() + size_of::<[u32; FIELDS]>()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} {} {}:{})", self.id(), self.time, self.source(), self.name())
    }
}

/// Builds an [`Event`]; fields must be given in the order of [`Field`].
#[derive(Debug)]
pub struct EventBuilder {
    text: String,
    ends: Box<[u32; FIELDS]>,
    present: u64,
    next: usize,
}

impl Default for EventBuilder {
    fn default() -> Self {
        EventBuilder { text: String::new(), ends: Box::new([0; FIELDS]), present: 0, next: 0 }
    }
}

impl EventBuilder {
    /// A builder whose texts will take about `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        EventBuilder { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Stores one field. Empty text, JSON `null`, and a field out of order are passed over.
    pub fn put(&mut self, field: Field, value: Option<&str>) {
        let index = field as usize;
        debug_assert!(index >= self.next, "{field:?} comes too late");
        let Some(value) = value.filter(|v| !v.is_empty()) else { return };
        if index < self.next || self.text.len() + value.len() > u32::MAX as usize {
            return;
        }
        self.fill(index);
        self.text.push_str(value);
        if let Some(end) = self.ends.get_mut(index) {
            *end = self.text.len() as u32;
        }
        self.present |= 1 << index;
        self.next = index + 1;
    }

    fn fill(&mut self, until: usize) {
        let here = self.text.len() as u32;
        for end in self.ends.iter_mut().take(until).skip(self.next) {
            *end = here;
        }
    }

    /// The event. Flags that are no text start out unknown; the caller sets them.
    pub fn finish(mut self, time: Time, identity_type: IdentityType) -> Event {
        self.fill(FIELDS);
        Event {
            time,
            identity_type,
            read_only: None,
            management_event: None,
            mfa: None,
            session_created: None,
            from_console: false,
            text: self.text.into_boxed_str(),
            ends: self.ends,
            present: self.present,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_put_and_knows_what_was_not() {
        let mut b = EventBuilder::default();
        b.put(Field::EventId, Some("e1"));
        b.put(Field::EventName, Some("Decrypt"));
        b.put(Field::ErrorCode, Some(""));
        b.put(Field::Arn, Some("arn:aws:sts::1:assumed-role/R/s"));
        b.put(Field::EventContext, Some("{}"));
        let e = b.finish(Time(0), IdentityType::AssumedRole);
        assert_eq!((e.id(), e.name(), e.source()), ("e1", "Decrypt", ""));
        assert_eq!(e.get(Field::ErrorCode), None);
        assert!(!e.failed());
        assert_eq!(e.session_name(), Some("s"));
        assert_eq!(e.get(Field::EventContext), Some("{}"));
        assert_eq!(e.get(Field::Addendum), None);
    }
}
