//! What one record says, member by member, borrowed from the text it was read from.
//!
//! Both readers, the fast path and the parser, fill these fields; headers and events are made of them.

use crate::event::{Event, Field};

/// The members of a record. An empty text counts as missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fields<'t> {
    texts: [Option<&'t str>; Event::FIELDS],
    /// `eventTime`.
    pub(crate) time: Option<&'t str>,
    /// `userIdentity.type`.
    pub(crate) identity_type: Option<&'t str>,
    /// `readOnly`.
    pub(crate) read_only: Option<&'t str>,
    /// `managementEvent`.
    pub(crate) management_event: Option<&'t str>,
    /// `sessionCredentialFromConsole`.
    pub(crate) from_console: Option<&'t str>,
    /// `sessionContext.attributes.mfaAuthenticated`.
    pub(crate) mfa: Option<&'t str>,
    /// `sessionContext.attributes.creationDate`.
    pub(crate) session_created: Option<&'t str>,
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Fields {
            texts: [None; Event::FIELDS],
            time: None,
            identity_type: None,
            read_only: None,
            management_event: None,
            from_console: None,
            mfa: None,
            session_created: None,
        }
    }
}

impl<'t> Fields<'t> {
    /// What a member says; `None` when it is missing or empty.
    #[inline]
    pub(crate) fn get(&self, field: Field) -> Option<&'t str> {
        self.texts.get(field as usize).copied().flatten().filter(|text| !text.is_empty())
    }

    /// Where the text of a member goes.
    #[inline]
    pub(crate) fn slot(&mut self, field: Field) -> &mut Option<&'t str> {
        #[expect(clippy::indexing_slicing, reason = "there is a slot for every field")]
        &mut self.texts[field as usize]
    }

    /// Whether it says what every record says: which call, when, and by whom. A record that does not may
    /// say so under names that a tool gave.
    #[inline]
    pub(crate) fn is_whole(&self) -> bool {
        self.time.is_some()
            && self.get(Field::EventName).is_some()
            && self.get(Field::EventSource).is_some_and(|source| !source.starts_with("aws:"))
            && self.names_caller()
    }

    /// Whether it says anything about who made the call.
    #[inline]
    pub(crate) fn names_caller(&self) -> bool {
        self.identity_type.is_some()
            || [Field::Arn, Field::PrincipalId, Field::AccountId, Field::InvokedBy]
                .into_iter()
                .any(|field| self.get(field).is_some())
    }

    /// The texts, in the order of [`Field`].
    pub(crate) fn texts(&self) -> &[Option<&'t str>; Event::FIELDS] {
        &self.texts
    }

    /// Everything that is filled, by number, for tests to compare.
    #[cfg(test)]
    pub(crate) fn filled(&self) -> Vec<(usize, &'t str)> {
        let others = [
            self.time,
            self.identity_type,
            self.read_only,
            self.management_event,
            self.from_console,
            self.mfa,
            self.session_created,
        ];
        let all = self.texts.iter().copied().chain(others).enumerate();
        all.filter_map(|(at, text)| Some((at, text.filter(|text| !text.is_empty())?))).collect()
    }
}

/// `true` and `false`, also as words in any letter case.
pub(crate) fn flag(text: Option<&str>) -> Option<bool> {
    match text? {
        "true" => Some(true),
        "false" => Some(false),
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text => text.eq_ignore_ascii_case("false").then_some(false),
    }
}
