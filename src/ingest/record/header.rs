//! The plain members of a record before anything is copied out of the file: enough to decide whether
//! the record is needed.

use crate::event::notification::EVENT_TYPE;
use crate::event::{Field, IdentityType, Time};
use crate::ingest::record::fields::{Fields, flag};

/// The plain members of a record, borrowed from the file.
#[derive(Debug, Clone, Copy)]
pub struct Header<'r> {
    fields: &'r Fields<'r>,
    time: Time,
}

/// Decides whether a record is needed. It sees each record alone, so the order of files does not matter.
pub type Needs = fn(&Header<'_>) -> bool;

impl<'r> Header<'r> {
    pub(crate) fn new(fields: &'r Fields<'r>, time: Time) -> Header<'r> {
        Header { fields, time }
    }

    /// What a member says; `None` when it is missing or empty. `responseElements` still holds its
    /// secrets here and must not be kept.
    pub fn get(&self, field: Field) -> Option<&'r str> {
        self.fields.get(field)
    }

    /// `eventTime`.
    pub fn time(&self) -> Time {
        self.time
    }

    /// `eventSource`.
    pub fn source(&self) -> &'r str {
        self.get(Field::EventSource).unwrap_or_default()
    }

    /// `eventName`.
    pub fn name(&self) -> &'r str {
        self.get(Field::EventName).unwrap_or_default()
    }

    /// The account the record was delivered to, else the caller's.
    pub fn account(&self) -> Option<&'r str> {
        self.get(Field::RecipientAccountId).or_else(|| self.get(Field::AccountId))
    }

    /// Whether the call failed in any way.
    pub fn failed(&self) -> bool {
        self.get(Field::ErrorCode).is_some() || self.get(Field::ErrorMessage).is_some()
    }

    /// Whether it is a notification that a service sent to Amazon EventBridge, not a call.
    pub fn is_notification(&self) -> bool {
        self.get(Field::EventType) == Some(EVENT_TYPE)
    }

    /// Whether it says anything about who made the call.
    pub fn names_caller(&self) -> bool {
        self.fields.names_caller()
    }

    /// `readOnly`.
    pub fn read_only(&self) -> Option<bool> {
        flag(self.fields.read_only)
    }

    /// `managementEvent`.
    pub fn management_event(&self) -> Option<bool> {
        flag(self.fields.management_event)
    }

    /// `userIdentity.type`.
    pub fn identity_type(&self) -> IdentityType {
        IdentityType::parse(self.fields.identity_type)
    }
}
