//! Reads a record as CloudTrail itself writes it, without blanks between the parts, by jumping from quote to
//! quote (module `structural_index`). Nothing is copied, unescaped or converted, yet broken JSON is noticed.
//!
//! Anything unusual, such as a blank or a number where a text belongs, is left to the parser (module `wire`),
//! which gives the same result for what is read here. A property test compares the two.

use crate::event::Field;
use crate::ingest::record::fields::Fields;
use crate::ingest::record::structural_index::StructuralIndex;

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The text ends inside the record.
    More,
    /// Something that only the parser reads.
    Unusual,
}

/// The offset at which reading goes on.
type Next = Result<usize, Stop>;

/// Deeper nesting is left to the parser.
const DEPTH: u32 = 64;

/// A text and its structural index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastPath<'t, 'm> {
    pub(crate) text: &'t str,
    pub(crate) index: &'m StructuralIndex,
}

/// Reads an object whose members mostly come in the given order. Each name of the table is tried in turn at
/// the present offset, so in the usual order only the names of missing members fail to match. Members that
/// come in another order are found when the table is gone through again; a name that is not in the table is
/// skipped. An object with a name twice is left to the parser.
macro_rules! object {
    ($reader:ident, $start:expr; $($name:literal => $read:ident($($into:tt)*),)*) => {{
        let mut at = $reader.expect($start, b'{')?;
        if $reader.byte(at) == Some(b'}') {
            return Ok(at + 1);
        }
        let mut seen = 0_u64;
        loop {
            let before = at;
            let mut bit = 1_u64;
            $(
                if let Some(value) = $reader.named(at, concat!("\"", $name, "\":").as_bytes()) {
                    if seen & bit != 0 {
                        return Err(Stop::Unusual);
                    }
                    seen |= bit;
                    let next = $reader.$read(value, $($into)*)?;
                    if $reader.ends(next)? {
                        return Ok(next + 1);
                    }
                    at = next + 1;
                }
                bit <<= 1;
            )*
            let _ = bit;
            if at == before {
                let next = $reader.unknown(at)?;
                if $reader.ends(next)? {
                    return Ok(next + 1);
                }
                at = next + 1;
            }
        }
    }};
}

impl<'t> FastPath<'t, '_> {
    /// Reads the record that starts at `at`; where it ends.
    pub(crate) fn record(self, at: usize, fields: &mut Fields<'t>) -> Next {
        let end = self.members(at, fields);
        let reached = end.unwrap_or(self.text.len());
        match end {
            Err(Stop::Unusual) => end,
            _ if self.index.has_control(at..reached) => Err(Stop::Unusual),
            _ => end,
        }
    }

    fn members(self, at: usize, fields: &mut Fields<'t>) -> Next {
        object!(self, at;
            "eventVersion" => text(fields.slot(Field::EventVersion)),
            "userIdentity" => identity(fields),
            "eventTime" => text(&mut fields.time),
            "eventSource" => text(fields.slot(Field::EventSource)),
            "eventName" => text(fields.slot(Field::EventName)),
            "awsRegion" => text(fields.slot(Field::AwsRegion)),
            "sourceIPAddress" => text(fields.slot(Field::SourceIpAddress)),
            "userAgent" => text(fields.slot(Field::UserAgent)),
            "errorCode" => text(fields.slot(Field::ErrorCode)),
            "errorMessage" => text(fields.slot(Field::ErrorMessage)),
            "requestParameters" => raw(fields.slot(Field::RequestParameters)),
            "responseElements" => raw(fields.slot(Field::ResponseElements)),
            "additionalEventData" => raw(fields.slot(Field::AdditionalEventData)),
            "requestID" => text(fields.slot(Field::RequestId)),
            "eventID" => text(fields.slot(Field::EventId)),
            "readOnly" => text(&mut fields.read_only),
            "resources" => raw(fields.slot(Field::Resources)),
            "eventType" => text(fields.slot(Field::EventType)),
            "apiVersion" => text(fields.slot(Field::ApiVersion)),
            "managementEvent" => text(&mut fields.management_event),
            "recipientAccountId" => text(fields.slot(Field::RecipientAccountId)),
            "sharedEventID" => text(fields.slot(Field::SharedEventId)),
            "serviceEventDetails" => raw(fields.slot(Field::ServiceEventDetails)),
            "vpcEndpointId" => text(fields.slot(Field::VpcEndpointId)),
            "vpcEndpointAccountId" => text(fields.slot(Field::VpcEndpointAccountId)),
            "eventCategory" => text(fields.slot(Field::EventCategory)),
            "addendum" => raw(fields.slot(Field::Addendum)),
            "tlsDetails" => raw(fields.slot(Field::TlsDetails)),
            "sessionCredentialFromConsole" => text(&mut fields.from_console),
            "eventContext" => raw(fields.slot(Field::EventContext)),
            "eventId" => unusual(),
        )
    }

    fn identity(self, at: usize, fields: &mut Fields<'t>) -> Next {
        if self.byte(at) == Some(b'n') {
            return self.literal(at, b"null");
        }
        object!(self, at;
            "type" => text(&mut fields.identity_type),
            "principalId" => text(fields.slot(Field::PrincipalId)),
            "arn" => text(fields.slot(Field::Arn)),
            "accountId" => text(fields.slot(Field::AccountId)),
            "accessKeyId" => text(fields.slot(Field::AccessKeyId)),
            "userName" => text(fields.slot(Field::UserName)),
            "sessionContext" => session(fields),
            "invokedBy" => text(fields.slot(Field::InvokedBy)),
            "inScopeOf" => raw(fields.slot(Field::InScopeOf)),
            "onBehalfOf" => raw(fields.slot(Field::OnBehalfOf)),
            "identityProvider" => text(&mut None),
        )
    }

    fn session(self, at: usize, fields: &mut Fields<'t>) -> Next {
        if self.byte(at) == Some(b'n') {
            return self.literal(at, b"null");
        }
        object!(self, at;
            "sessionIssuer" => issuer(fields),
            "webIdFederationData" => raw(fields.slot(Field::WebIdFederationData)),
            "attributes" => attributes(fields),
            "sourceIdentity" => text(fields.slot(Field::SourceIdentity)),
            "ec2RoleDelivery" => text(fields.slot(Field::Ec2RoleDelivery)),
            "signInSessionArn" => text(fields.slot(Field::SignInSessionArn)),
        )
    }

    fn issuer(self, at: usize, fields: &mut Fields<'t>) -> Next {
        if self.byte(at) == Some(b'n') {
            return self.literal(at, b"null");
        }
        object!(self, at;
            "type" => text(fields.slot(Field::IssuerType)),
            "principalId" => text(fields.slot(Field::IssuerPrincipalId)),
            "arn" => text(fields.slot(Field::IssuerArn)),
            "accountId" => text(fields.slot(Field::IssuerAccountId)),
            "userName" => text(fields.slot(Field::IssuerUserName)),
        )
    }

    fn attributes(self, at: usize, fields: &mut Fields<'t>) -> Next {
        if self.byte(at) == Some(b'n') {
            return self.literal(at, b"null");
        }
        object!(self, at;
            "creationDate" => text(&mut fields.session_created),
            "mfaAuthenticated" => text(&mut fields.mfa),
        )
    }

    #[inline]
    fn byte(self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    #[inline]
    fn expect(self, at: usize, byte: u8) -> Next {
        match self.byte(at) {
            Some(found) if found == byte => Ok(at + 1),
            Some(_) => Err(Stop::Unusual),
            None => Err(Stop::More),
        }
    }

    /// Where the value starts, if the member at `at` has this name.
    #[inline]
    fn named(self, at: usize, name: &'static [u8]) -> Option<usize> {
        let rest = self.text.as_bytes().get(at..)?;
        rest.starts_with(name).then_some(at + name.len())
    }

    /// Whether the object ends here; otherwise another member follows.
    #[inline]
    fn ends(self, at: usize) -> Result<bool, Stop> {
        match self.byte(at) {
            Some(b',') => Ok(false),
            Some(b'}') => Ok(true),
            Some(_) => Err(Stop::Unusual),
            None => Err(Stop::More),
        }
    }

    fn unusual(self, _: usize) -> Next {
        Err(Stop::Unusual)
    }

    /// A text; `true` and `false` are taken as texts, `null` as missing. A text with escapes is left to the
    /// parser.
    ///
    /// Thirty members of each record are read here. The unusual cases are in a function of their own, so that
    /// this one does not run out of registers.
    #[inline]
    fn text(self, at: usize, slot: &mut Option<&'t str>) -> Next {
        if self.byte(at) == Some(b'"')
            && let Some(end) = self.index.near_stop(at + 1)
            && self.byte(end) == Some(b'"')
        {
            *slot = self.text.get(at + 1..end);
            return Ok(end + 1);
        }
        self.other_text(at, slot)
    }

    #[inline(never)]
    fn other_text(self, at: usize, slot: &mut Option<&'t str>) -> Next {
        if self.byte(at) != Some(b'"') {
            return self.word(at, slot);
        }
        let end = self.index.stop(at + 1).ok_or(Stop::More)?;
        if self.byte(end) != Some(b'"') {
            return Err(Stop::Unusual);
        }
        *slot = self.text.get(at + 1..end);
        Ok(end + 1)
    }

    #[inline]
    fn word(self, at: usize, slot: &mut Option<&'t str>) -> Next {
        let end = match self.byte(at) {
            Some(b'n') => return self.literal(at, b"null"),
            Some(b't') => self.literal(at, b"true")?,
            Some(b'f') => self.literal(at, b"false")?,
            Some(_) => return Err(Stop::Unusual),
            None => return Err(Stop::More),
        };
        *slot = self.text.get(at..end);
        Ok(end)
    }

    /// An object or array that stays JSON.
    #[inline]
    fn raw(self, at: usize, slot: &mut Option<&'t str>) -> Next {
        match self.byte(at) {
            Some(b'{' | b'[') => {
                let end = self.value(at)?;
                *slot = self.text.get(at..end);
                Ok(end)
            }
            Some(b'n') => self.literal(at, b"null"),
            Some(_) => Err(Stop::Unusual),
            None => Err(Stop::More),
        }
    }

    /// Skips a member that no field takes.
    fn unknown(self, at: usize) -> Next {
        if self.byte(at) != Some(b'"') {
            return self.expect(at, b'"');
        }
        // A name with an escape may be one of the table's.
        let end = self.text(at, &mut None)?;
        self.value(self.expect(end, b':')?)
    }

    /// Skips any value.
    fn value(self, mut at: usize) -> Next {
        let mut open = Open::default();
        loop {
            at = match self.byte(at).ok_or(Stop::More)? {
                b'"' => self.string(at)?,
                b'{' => {
                    open.push(true)?;
                    match self.byte(at + 1).ok_or(Stop::More)? {
                        b'}' => at + 1,
                        _ => {
                            at = self.name(at + 1)?;
                            continue;
                        }
                    }
                }
                b'[' => {
                    open.push(false)?;
                    at += 1;
                    match self.byte(at).ok_or(Stop::More)? {
                        b']' => at,
                        _ => continue,
                    }
                }
                b't' => self.literal(at, b"true")?,
                b'f' => self.literal(at, b"false")?,
                b'n' => self.literal(at, b"null")?,
                _ => self.number(at)?,
            };
            loop {
                if open.depth == 0 {
                    return Ok(at);
                }
                match (self.byte(at).ok_or(Stop::More)?, open.in_object()) {
                    (b',', true) => at = self.name(at + 1)?,
                    (b',', false) => at += 1,
                    (b'}', true) | (b']', false) => {
                        open.pop();
                        at += 1;
                        continue;
                    }
                    _ => return Err(Stop::Unusual),
                }
                break;
            }
        }
    }

    /// Skips the name of a member and its colon.
    #[inline]
    fn name(self, at: usize) -> Next {
        if self.byte(at) != Some(b'"') {
            return self.expect(at, b'"');
        }
        self.expect(self.string(at)?, b':')
    }

    /// Skips a string.
    #[inline]
    fn string(self, at: usize) -> Next {
        match self.index.near_stop(at + 1) {
            Some(end) if self.byte(end) == Some(b'"') => Ok(end + 1),
            _ => self.other_string(at),
        }
    }

    /// Skips a string that is long or has escapes in it.
    #[inline(never)]
    fn other_string(self, at: usize) -> Next {
        let mut from = at + 1;
        loop {
            let stop = self.index.stop(from).ok_or(Stop::More)?;
            if self.byte(stop) == Some(b'"') {
                return Ok(stop + 1);
            }
            from = self.escape(stop)?;
        }
    }

    /// Skips a backslash and what it escapes.
    fn escape(self, at: usize) -> Next {
        match self.byte(at + 1).ok_or(Stop::More)? {
            // CloudTrail escapes no slash. Tools do, and the parser unescapes them.
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' => {
                let digits = self.text.as_bytes().get(at + 2..at + 6).ok_or(Stop::More)?;
                let proper = digits.iter().all(u8::is_ascii_hexdigit);
                if proper { Ok(at + 6) } else { Err(Stop::Unusual) }
            }
            _ => Err(Stop::Unusual),
        }
    }

    #[inline]
    fn literal(self, at: usize, word: &'static [u8]) -> Next {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        if rest.starts_with(word) {
            return Ok(at + word.len());
        }
        Err(if word.starts_with(rest) { Stop::More } else { Stop::Unusual })
    }

    /// Skips a number as JSON has it (RFC 8259, section 6).
    fn number(self, at: usize) -> Next {
        let mut at = at + usize::from(self.byte(at) == Some(b'-'));
        at = match self.byte(at).ok_or(Stop::More)? {
            b'0' => at + 1,
            b'1'..=b'9' => self.digits(at)?,
            _ => return Err(Stop::Unusual),
        };
        if self.byte(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            let signed = matches!(self.byte(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(signed))?;
        }
        // At the end of the text the number may go on.
        self.byte(at).map(|_| at).ok_or(Stop::More)
    }

    /// Skips at least one digit.
    fn digits(self, at: usize) -> Next {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 if rest.is_empty() => Err(Stop::More),
            0 => Err(Stop::Unusual),
            count => Ok(at + count),
        }
    }
}

/// The objects and arrays that are open, the innermost in the lowest bit; objects are ones.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    kinds: u64,
    depth: u32,
}

impl Open {
    #[inline]
    fn push(&mut self, object: bool) -> Result<(), Stop> {
        if self.depth == DEPTH {
            return Err(Stop::Unusual);
        }
        self.kinds = self.kinds << 1 | u64::from(object);
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn pop(&mut self) {
        self.kinds >>= 1;
        self.depth -= 1;
    }

    #[inline]
    fn in_object(self) -> bool {
        self.kinds & 1 == 1
    }
}
