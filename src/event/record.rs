//! One CloudTrail call, compact: every text of it lies in one allocation, reached by field.
//!
//! An export holds millions of calls and most of them are never looked at twice, so an [`Event`]
//! costs one allocation whatever it holds, and the JSON inside it (`requestParameters`, …) stays
//! text until somebody asks (see [`super::json`]). Where each field ends stands in the event itself:
//! of the events that are looked at, most are not in the processor's cache, and each place in memory
//! that has to be asked is waited for.

use std::fmt;
use std::ops::Range;

use super::identity::{IdentityType, is_console_sign_in};
use super::time::Time;

/// Declares [`Field`] and its list from one list of names.
macro_rules! fields {
    ($($(#[$about:meta])* $name:ident,)+) => {
        /// The texts an event can hold. The order is the order they are stored in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "each is the CloudTrail member of that name")]
        pub enum Field {
            $($(#[$about])* $name,)+
        }

        impl Field {
            /// All of them, in their order.
            pub(crate) const ALL: [Field; FIELDS] = [$(Field::$name,)+];
        }

        /// How many fields there are.
        const FIELDS: usize = [$(stringify!($name),)+].len();
    };
}

fields! {
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
    /// `sessionContext.signInSessionArn`: stays while access keys are refreshed.
    SignInSessionArn,
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

/// Where each field ends among the texts; one that is not there ends where the one before it does.
#[derive(Clone, PartialEq, Eq)]
enum Ends {
    /// Texts of 64 KB at most, as nearly all are.
    Near([u16; FIELDS]),
    /// Longer ones.
    Far(Box<[u32; FIELDS]>),
}

impl Ends {
    fn of(ends: &[u32; FIELDS]) -> Ends {
        if ends.last().is_some_and(|end| *end > u32::from(u16::MAX)) {
            return Ends::Far(Box::new(*ends));
        }
        // Plain loops: what the compiler makes of `map` over an array of this size is slower.
        let mut near = [0; FIELDS];
        for (near, end) in near.iter_mut().zip(ends) {
            *near = *end as u16;
        }
        Ends::Near(near)
    }

    #[inline]
    fn range(&self, at: usize) -> Range<usize> {
        let end = |at: usize| match self {
            Ends::Near(ends) => ends.get(at).map_or(0, |end| usize::from(*end)),
            Ends::Far(ends) => ends.get(at).map_or(0, |end| *end as usize),
        };
        at.checked_sub(1).map_or(0, end)..end(at)
    }
}

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
    /// The texts of the fields that are there, in the order of [`Field`].
    text: Box<str>,
    ends: Ends,
}

impl Event {
    /// How many fields there are.
    pub(crate) const FIELDS: usize = FIELDS;

    /// The text of a field; `None` when the record lacks it, has `null`, or an empty text.
    #[inline]
    pub fn get(&self, field: Field) -> Option<&str> {
        let range = self.ends.range(field as usize);
        if range.is_empty() {
            return None;
        }
        self.text.get(range)
    }

    fn has(&self, field: Field) -> bool {
        !self.ends.range(field as usize).is_empty()
    }

    /// An event of texts in the order of [`Field`]. Empty ones are none, and what no longer fits
    /// (see [`EventBuilder::put`]) is passed over. Flags that are no text start out unknown.
    pub(crate) fn of(
        texts: &[Option<&str>; FIELDS],
        time: Time,
        identity_type: IdentityType,
    ) -> Event {
        let mut length = 0;
        let mut ends = [0; FIELDS];
        for (end, text) in ends.iter_mut().zip(texts) {
            length = fitting(length, *text).unwrap_or(length);
            *end = length as u32;
        }
        let mut text = String::with_capacity(length);
        for field in texts {
            if let Some(field) = field
                && fitting(text.len(), Some(field)).is_some()
            {
                text.push_str(field);
            }
        }
        Event {
            time,
            identity_type,
            read_only: None,
            management_event: None,
            mfa: None,
            session_created: None,
            from_console: false,
            text: text.into_boxed_str(),
            ends: Ends::of(&ends),
        }
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
        self.get(Field::InvokedBy).filter(|by| !is_console_sign_in(by))
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

    /// Whether the call failed in any way.
    pub fn failed(&self) -> bool {
        self.has(Field::ErrorCode) || self.has(Field::ErrorMessage)
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

    /// The same event under another id.
    pub(crate) fn with_id(&self, id: &str) -> Event {
        let texts = Field::ALL.map(|field| match field {
            Field::EventId => Some(id),
            other => self.get(other),
        });
        let Event { read_only, management_event, mfa, session_created, from_console, .. } = *self;
        let event = Event::of(&texts, self.time, self.identity_type);
        Event { read_only, management_event, mfa, session_created, from_console, ..event }
    }

    /// Every text of the record by itself.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        Field::ALL.into_iter().filter_map(|field| self.get(field))
    }

    /// How many texts the record holds, and all of them one after another: to choose between copies
    /// of one call, which need not be equally complete.
    pub fn content(&self) -> (u32, &str) {
        let there = Field::ALL.into_iter().map(|field| u32::from(self.has(field)));
        (there.sum(), &self.text)
    }

    /// Bytes this event keeps allocated.
    pub fn size(&self) -> usize {
        let far = match self.ends {
            Ends::Near(_) => 0,
            Ends::Far(_) => size_of::<[u32; FIELDS]>(),
        };
        size_of::<Self>() + self.text.len() + far
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} {} {}:{})", self.id(), self.time, self.source(), self.name())
    }
}

/// Bytes that an event can hold; a record takes 256 KB at most (CloudTrail quotas), what a stranger
/// made up can be larger.
const MOST: usize = (1 << 28) - 1;

/// The length of the texts with one more; `None` when that one no longer fits.
fn fitting(length: usize, text: Option<&str>) -> Option<usize> {
    Some(length + text.map_or(0, str::len)).filter(|length| *length <= MOST)
}

/// Builds an [`Event`]; fields must be given in the order of [`Field`].
#[derive(Debug)]
pub struct EventBuilder {
    text: String,
    /// What of `text` belongs to which field.
    places: [Range<usize>; FIELDS],
    next: usize,
}

impl Default for EventBuilder {
    fn default() -> Self {
        EventBuilder { text: String::new(), places: [const { 0..0 }; FIELDS], next: 0 }
    }
}

impl EventBuilder {
    /// A builder whose texts will take about `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        EventBuilder { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// Stores one field. Empty text, a field out of order, and what goes beyond 256 MB are passed
    /// over.
    pub fn put(&mut self, field: Field, value: Option<&str>) {
        let index = field as usize;
        debug_assert!(index >= self.next, "{field:?} comes too late");
        let Some(value) = value.filter(|v| !v.is_empty()) else { return };
        if index < self.next {
            return;
        }
        let start = self.text.len();
        self.text.push_str(value);
        if let Some(place) = self.places.get_mut(index) {
            *place = start..self.text.len();
        }
        self.next = index + 1;
    }

    /// The event. Flags that are no text start out unknown; the caller sets them.
    pub fn finish(self, time: Time, identity_type: IdentityType) -> Event {
        let mut texts = [None; FIELDS];
        for (text, place) in texts.iter_mut().zip(&self.places) {
            *text = self.text.get(place.clone()).filter(|text| !text.is_empty());
        }
        Event::of(&texts, time, identity_type)
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
        assert_eq!(e.content(), (4, "e1Decryptarn:aws:sts::1:assumed-role/R/s{}"));
    }

    #[test]
    fn long_texts_are_found_again() {
        let long = "ü".repeat(3_000_000);
        let mut b = EventBuilder::default();
        b.put(Field::EventName, Some("Decrypt"));
        b.put(Field::RequestParameters, Some(&long));
        b.put(Field::Resources, Some("[]"));
        let e = b.finish(Time(0), IdentityType::Missing);
        assert_eq!(
            (e.name(), e.request(), e.get(Field::Resources)),
            ("Decrypt", Some(&*long), Some("[]"))
        );
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let huge = "x".repeat(MOST);
        let mut b = EventBuilder::default();
        b.put(Field::EventName, Some("Decrypt"));
        b.put(Field::RequestParameters, Some(&huge));
        b.put(Field::Resources, Some("[]"));
        let e = b.finish(Time(0), IdentityType::Missing);
        assert_eq!((e.name(), e.request(), e.get(Field::Resources)), ("Decrypt", None, Some("[]")));
    }
}
