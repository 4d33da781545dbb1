//! A CloudTrail record as `serde_json` reads it, borrowed from the text.
//!
//! Every member takes any scalar, because exports turn numbers into strings and back, and `null` counts as
//! missing. So only broken JSON makes a record unreadable.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value};
use serde_json::value::RawValue;

use crate::event::Field;
use crate::ingest::record::compact::compact;
use crate::ingest::record::fields::Fields;

/// A scalar as text; `None` for `null`, and for an object or array where a scalar belongs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(v)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v.to_owned())))
    }

    fn visit_string<E>(self, v: String) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v)))
    }

    fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if v { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v.to_string())))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v.to_string())))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(v.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A member that should be an object.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Part<T> {
    /// No member, or `null`.
    #[default]
    Absent,
    /// An object, as it should be.
    Object(T),
    /// A scalar or an array: the record comes from a tool that rewrites structures.
    Other,
}

impl<T> Part<T> {
    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Part::Object(object) => Some(object),
            Part::Absent | Part::Other => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor(std::marker::PhantomData))
    }
}

struct PartVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PartVisitor<T> {
    type Value = Part<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(value::MapAccessDeserializer::new(map)).map(Part::Object)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Part::Absent)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Part::Absent)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Part::Other)
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(if v.is_empty() { Part::Absent } else { Part::Other })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Part::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Part::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Part::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Part::Other)
    }
}

/// One record (CloudTrail record contents).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Record<'a> {
    #[serde(borrow)]
    pub(crate) event_version: Text<'a>,
    #[serde(borrow)]
    pub(crate) user_identity: Part<Identity<'a>>,
    pub(crate) event_time: Text<'a>,
    pub(crate) event_source: Text<'a>,
    pub(crate) event_name: Text<'a>,
    pub(crate) aws_region: Text<'a>,
    #[serde(rename = "sourceIPAddress")]
    pub(crate) source_ip_address: Text<'a>,
    pub(crate) user_agent: Text<'a>,
    pub(crate) error_code: Text<'a>,
    pub(crate) error_message: Text<'a>,
    pub(crate) request_parameters: Option<&'a RawValue>,
    pub(crate) response_elements: Option<&'a RawValue>,
    pub(crate) additional_event_data: Option<&'a RawValue>,
    #[serde(rename = "requestID")]
    pub(crate) request_id: Text<'a>,
    #[serde(rename = "eventID")]
    pub(crate) event_id: Text<'a>,
    pub(crate) read_only: Text<'a>,
    pub(crate) resources: Option<&'a RawValue>,
    pub(crate) event_type: Text<'a>,
    pub(crate) management_event: Text<'a>,
    pub(crate) api_version: Text<'a>,
    pub(crate) recipient_account_id: Text<'a>,
    #[serde(rename = "sharedEventID")]
    pub(crate) shared_event_id: Text<'a>,
    pub(crate) vpc_endpoint_id: Text<'a>,
    pub(crate) vpc_endpoint_account_id: Text<'a>,
    pub(crate) service_event_details: Option<&'a RawValue>,
    pub(crate) event_category: Text<'a>,
    pub(crate) addendum: Option<&'a RawValue>,
    pub(crate) session_credential_from_console: Text<'a>,
    pub(crate) tls_details: Option<&'a RawValue>,
    pub(crate) event_context: Option<&'a RawValue>,
    /// Aggregated events spell it so.
    #[serde(rename = "eventId")]
    pub(crate) aggregated_event_id: Option<&'a RawValue>,
}

impl Record<'_> {
    /// Whether a structure has become text, as in results of Athena and CloudTrail Lake.
    pub(crate) fn has_text_for_structure(&self) -> bool {
        let session = self.user_identity.object().map(|i| &i.session_context);
        let raws = [
            self.request_parameters,
            self.response_elements,
            self.additional_event_data,
            self.resources,
            self.service_event_details,
            self.addendum,
            self.tls_details,
            self.event_context,
        ];
        matches!(self.user_identity, Part::Other)
            || matches!(session, Some(Part::Other))
            || raws.iter().flatten().any(|raw| raw.get().starts_with('"'))
    }
}

impl Record<'_> {
    /// Whether it says what every record says (see [`Fields::is_whole`]).
    pub(crate) fn is_whole(&self) -> bool {
        let caller = self.user_identity.object().is_some_and(|caller| {
            let says = [
                &caller.kind,
                &caller.arn,
                &caller.principal_id,
                &caller.account_id,
                &caller.invoked_by,
            ];
            says.into_iter().any(|text| text.get().is_some())
        });
        caller
            && self.event_time.get().is_some()
            && self.event_name.get().is_some()
            && self.event_source.get().is_some_and(|source| !source.starts_with("aws:"))
    }
}

/// The members that stay JSON, without white space.
#[derive(Debug)]
pub(crate) struct Raws<'a>([(Field, Option<Cow<'a, str>>); 11]);

impl<'a> Record<'a> {
    /// The members that stay JSON.
    pub(crate) fn raws(&self) -> Raws<'a> {
        let plain = |raw: Option<&'a RawValue>| raw.map(|raw| compact(raw.get()));
        let identity = self.user_identity.object();
        let session = identity.and_then(|i| i.session_context.object());
        Raws([
            (Field::WebIdFederationData, plain(session.and_then(|s| s.web_id_federation_data))),
            (Field::InScopeOf, plain(identity.and_then(|i| i.in_scope_of))),
            (Field::OnBehalfOf, plain(identity.and_then(|i| i.on_behalf_of))),
            (Field::RequestParameters, plain(self.request_parameters)),
            (Field::ResponseElements, plain(self.response_elements)),
            (Field::AdditionalEventData, plain(self.additional_event_data)),
            (Field::ServiceEventDetails, plain(self.service_event_details)),
            (Field::Resources, plain(self.resources)),
            (Field::TlsDetails, plain(self.tls_details)),
            (Field::Addendum, plain(self.addendum)),
            (Field::EventContext, plain(self.event_context)),
        ])
    }

    /// What the record says; `raws` are its own.
    pub(crate) fn fields<'f>(&'f self, raws: &'f Raws<'a>) -> Fields<'f> {
        let mut fields = Fields::default();
        self.call(&mut fields);
        if let Some(identity) = self.user_identity.object() {
            identity.enter(&mut fields);
        }
        for (field, raw) in &raws.0 {
            *fields.slot(*field) = raw.as_deref();
        }
        fields
    }

    fn call<'f>(&'f self, fields: &mut Fields<'f>) {
        *fields.slot(Field::EventId) = self.event_id.get();
        *fields.slot(Field::EventVersion) = self.event_version.get();
        *fields.slot(Field::EventSource) = self.event_source.get();
        *fields.slot(Field::EventName) = self.event_name.get();
        *fields.slot(Field::EventType) = self.event_type.get();
        *fields.slot(Field::EventCategory) = self.event_category.get();
        *fields.slot(Field::AwsRegion) = self.aws_region.get();
        *fields.slot(Field::SourceIpAddress) = self.source_ip_address.get();
        *fields.slot(Field::UserAgent) = self.user_agent.get();
        *fields.slot(Field::ErrorCode) = self.error_code.get();
        *fields.slot(Field::ErrorMessage) = self.error_message.get();
        *fields.slot(Field::RequestId) = self.request_id.get();
        *fields.slot(Field::SharedEventId) = self.shared_event_id.get();
        *fields.slot(Field::RecipientAccountId) = self.recipient_account_id.get();
        *fields.slot(Field::ApiVersion) = self.api_version.get();
        *fields.slot(Field::VpcEndpointId) = self.vpc_endpoint_id.get();
        *fields.slot(Field::VpcEndpointAccountId) = self.vpc_endpoint_account_id.get();
        fields.time = self.event_time.get();
        fields.read_only = self.read_only.get();
        fields.management_event = self.management_event.get();
        fields.from_console = self.session_credential_from_console.get();
    }
}

impl Identity<'_> {
    fn enter<'f>(&'f self, fields: &mut Fields<'f>) {
        fields.identity_type = self.kind.get();
        *fields.slot(Field::PrincipalId) = self.principal_id.get();
        *fields.slot(Field::Arn) = self.arn.get();
        *fields.slot(Field::AccountId) = self.account_id.get();
        *fields.slot(Field::AccessKeyId) = self.access_key_id.get();
        *fields.slot(Field::UserName) = self.user_name.get();
        *fields.slot(Field::InvokedBy) = self.invoked_by.get();
        let Some(session) = self.session_context.object() else { return };
        *fields.slot(Field::SourceIdentity) = session.source_identity.get();
        *fields.slot(Field::Ec2RoleDelivery) = session.ec2_role_delivery.get();
        *fields.slot(Field::SignInSessionArn) = session.sign_in_session_arn.get();
        if let Some(attributes) = session.attributes.object() {
            fields.mfa = attributes.mfa_authenticated.get();
            fields.session_created = attributes.creation_date.get();
        }
        if let Some(issuer) = session.session_issuer.object() {
            *fields.slot(Field::IssuerType) = issuer.kind.get();
            *fields.slot(Field::IssuerPrincipalId) = issuer.principal_id.get();
            *fields.slot(Field::IssuerArn) = issuer.arn.get();
            *fields.slot(Field::IssuerAccountId) = issuer.account_id.get();
            *fields.slot(Field::IssuerUserName) = issuer.user_name.get();
        }
    }
}

/// `userIdentity` (CloudTrail userIdentity element).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Identity<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Text<'a>,
    pub(crate) principal_id: Text<'a>,
    pub(crate) arn: Text<'a>,
    pub(crate) account_id: Text<'a>,
    pub(crate) access_key_id: Text<'a>,
    pub(crate) user_name: Text<'a>,
    pub(crate) invoked_by: Text<'a>,
    #[serde(borrow)]
    pub(crate) session_context: Part<SessionContext<'a>>,
    #[serde(borrow)]
    pub(crate) in_scope_of: Option<&'a RawValue>,
    pub(crate) on_behalf_of: Option<&'a RawValue>,
    /// Some tools flatten the context's issuer; `identityProvider` names a federated caller.
    pub(crate) identity_provider: Text<'a>,
}

/// `userIdentity.sessionContext`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SessionContext<'a> {
    #[serde(borrow)]
    pub(crate) attributes: Part<Attributes<'a>>,
    #[serde(borrow)]
    pub(crate) session_issuer: Part<Issuer<'a>>,
    #[serde(borrow)]
    pub(crate) web_id_federation_data: Option<&'a RawValue>,
    pub(crate) source_identity: Text<'a>,
    pub(crate) ec2_role_delivery: Text<'a>,
    pub(crate) sign_in_session_arn: Text<'a>,
}

/// `sessionContext.attributes`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Attributes<'a> {
    #[serde(borrow)]
    pub(crate) creation_date: Text<'a>,
    pub(crate) mfa_authenticated: Text<'a>,
}

/// `sessionContext.sessionIssuer`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Issuer<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) kind: Text<'a>,
    pub(crate) principal_id: Text<'a>,
    pub(crate) arn: Text<'a>,
    pub(crate) account_id: Text<'a>,
    pub(crate) user_name: Text<'a>,
}
