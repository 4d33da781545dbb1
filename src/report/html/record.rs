//! Events as CloudTrail writes them, from what was kept of them: the page shows the records behind
//! an incident, and the files may be gone when it is opened.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{RawEvents, records_wanted};
use crate::event::{Event, Field, IdentityType};
use crate::report::Report;

/// The events that a page of one report shows.
#[derive(Debug)]
pub struct KeptRecords<'e> {
    events: BTreeMap<&'e str, &'e Event>,
}

impl<'e> KeptRecords<'e> {
    /// Those of `events` that [`records_wanted`] names.
    pub fn of(report: &Report, events: &'e [Event]) -> Self {
        let wanted = records_wanted(report);
        let events = events.iter().filter(|event| wanted.contains(event.id()));
        KeptRecords { events: events.map(|event| (event.id(), event)).collect() }
    }
}

impl RawEvents for KeptRecords<'_> {
    fn record(&self, event_id: &str) -> Option<Cow<'_, str>> {
        self.events.get(event_id).map(|event| Cow::Owned(record(event).to_string()))
    }
}

/// How a text of an event stands in its record.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Json,
}

/// The members of a record in the order in which CloudTrail writes them. `userIdentity` and the
/// time come in between (CloudTrail record contents).
const BEFORE: [(&str, Field, Form); 1] = [("eventVersion", Field::EventVersion, Form::Text)];
const AFTER: [(&str, Field, Form); 23] = [
    ("eventSource", Field::EventSource, Form::Text),
    ("eventName", Field::EventName, Form::Text),
    ("awsRegion", Field::AwsRegion, Form::Text),
    ("sourceIPAddress", Field::SourceIpAddress, Form::Text),
    ("userAgent", Field::UserAgent, Form::Text),
    ("errorCode", Field::ErrorCode, Form::Text),
    ("errorMessage", Field::ErrorMessage, Form::Text),
    ("requestParameters", Field::RequestParameters, Form::Json),
    ("responseElements", Field::ResponseElements, Form::Json),
    ("additionalEventData", Field::AdditionalEventData, Form::Json),
    ("requestID", Field::RequestId, Form::Text),
    ("eventID", Field::EventId, Form::Text),
    ("resources", Field::Resources, Form::Json),
    ("eventType", Field::EventType, Form::Text),
    ("apiVersion", Field::ApiVersion, Form::Text),
    ("recipientAccountId", Field::RecipientAccountId, Form::Text),
    ("sharedEventID", Field::SharedEventId, Form::Text),
    ("vpcEndpointId", Field::VpcEndpointId, Form::Text),
    ("vpcEndpointAccountId", Field::VpcEndpointAccountId, Form::Text),
    ("serviceEventDetails", Field::ServiceEventDetails, Form::Json),
    ("eventCategory", Field::EventCategory, Form::Text),
    ("addendum", Field::Addendum, Form::Json),
    ("tlsDetails", Field::TlsDetails, Form::Json),
];
const IDENTITY: [(&str, Field, Form); 5] = [
    ("principalId", Field::PrincipalId, Form::Text),
    ("arn", Field::Arn, Form::Text),
    ("accountId", Field::AccountId, Form::Text),
    ("accessKeyId", Field::AccessKeyId, Form::Text),
    ("userName", Field::UserName, Form::Text),
];
const IDENTITY_AFTER_SESSION: [(&str, Field, Form); 3] = [
    ("invokedBy", Field::InvokedBy, Form::Text),
    ("inScopeOf", Field::InScopeOf, Form::Json),
    ("onBehalfOf", Field::OnBehalfOf, Form::Json),
];
const ISSUER: [(&str, Field, Form); 5] = [
    ("type", Field::IssuerType, Form::Text),
    ("principalId", Field::IssuerPrincipalId, Form::Text),
    ("arn", Field::IssuerArn, Form::Text),
    ("accountId", Field::IssuerAccountId, Form::Text),
    ("userName", Field::IssuerUserName, Form::Text),
];
const SESSION: [(&str, Field, Form); 4] = [
    ("sourceIdentity", Field::SourceIdentity, Form::Text),
    ("ec2RoleDelivery", Field::Ec2RoleDelivery, Form::Text),
    ("signInSessionArn", Field::SignInSessionArn, Form::Text),
    ("webIdFederationData", Field::WebIdFederationData, Form::Json),
];

pub(super) fn record(event: &Event) -> Value {
    let mut record = Map::new();
    put(&mut record, event, &BEFORE);
    put_object(&mut record, "userIdentity", identity(event));
    record.insert("eventTime".to_owned(), Value::from(event.time.to_string()));
    put(&mut record, event, &AFTER);
    put_flag(&mut record, "readOnly", event.read_only);
    put_flag(&mut record, "managementEvent", event.management_event);
    let console = event.from_console.then(|| Value::from("true"));
    record.extend(console.map(|yes| ("sessionCredentialFromConsole".to_owned(), yes)));
    put(&mut record, event, &[("eventContext", Field::EventContext, Form::Json)]);
    Value::Object(record)
}

fn identity(event: &Event) -> Map<String, Value> {
    let mut identity = Map::new();
    let word = type_word(event.identity_type).map(Value::from);
    identity.extend(word.map(|word| ("type".to_owned(), word)));
    put(&mut identity, event, &IDENTITY);
    put_object(&mut identity, "sessionContext", session(event));
    put(&mut identity, event, &IDENTITY_AFTER_SESSION);
    identity
}

fn session(event: &Event) -> Map<String, Value> {
    let (mut session, mut issuer, mut attributes) = (Map::new(), Map::new(), Map::new());
    put(&mut issuer, event, &ISSUER);
    put_object(&mut session, "sessionIssuer", issuer);
    let created = event.session_created.map(|time| Value::from(time.to_string()));
    attributes.extend(created.map(|time| ("creationDate".to_owned(), time)));
    // CloudTrail writes this one as a word.
    let mfa = event.mfa.map(|mfa| Value::from(mfa.to_string()));
    attributes.extend(mfa.map(|mfa| ("mfaAuthenticated".to_owned(), mfa)));
    put_object(&mut session, "attributes", attributes);
    put(&mut session, event, &SESSION);
    session
}

fn put(members: &mut Map<String, Value>, event: &Event, fields: &[(&str, Field, Form)]) {
    for (name, field, form) in fields {
        let Some(text) = event.get(*field) else { continue };
        let value = match form {
            Form::Text => Value::from(text),
            Form::Json => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        members.insert((*name).to_owned(), value);
    }
}

fn put_object(members: &mut Map<String, Value>, name: &str, object: Map<String, Value>) {
    if !object.is_empty() {
        members.insert(name.to_owned(), Value::Object(object));
    }
}

fn put_flag(members: &mut Map<String, Value>, name: &str, flag: Option<bool>) {
    members.extend(flag.map(|flag| (name.to_owned(), Value::from(flag))));
}

/// CloudTrail's word for who signed; `None` where the record has none, or one that is not known.
fn type_word(identity: IdentityType) -> Option<&'static str> {
    Some(match identity {
        IdentityType::Root => "Root",
        IdentityType::IamUser => "IAMUser",
        IdentityType::AssumedRole => "AssumedRole",
        IdentityType::Role => "Role",
        IdentityType::FederatedUser => "FederatedUser",
        IdentityType::Directory => "Directory",
        IdentityType::AwsAccount => "AWSAccount",
        IdentityType::AwsService => "AWSService",
        IdentityType::SamlUser => "SAMLUser",
        IdentityType::WebIdentityUser => "WebIdentityUser",
        IdentityType::IdentityCenterUser => "IdentityCenterUser",
        IdentityType::Unknown | IdentityType::Missing => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventBuilder;
    use crate::event::Time;

    #[test]
    fn every_field_that_was_kept_is_in_the_record() {
        let mut builder = EventBuilder::with_capacity(64);
        builder.put(Field::EventId, Some("11111111-0000-4000-8000-000000000001"));
        builder.put(Field::EventSource, Some("kms.amazonaws.com"));
        builder.put(Field::EventName, Some("Decrypt"));
        builder.put(Field::Arn, Some("arn:aws:sts::111122223333:assumed-role/R/s"));
        builder.put(Field::IssuerArn, Some("arn:aws:iam::111122223333:role/path/R"));
        builder
            .put(Field::RequestParameters, Some(r#"{"keyId":"k","encryptionContext":{"a":"b"}}"#));
        let time = Time::parse("2026-10-07T18:03:32Z").unwrap();
        let mut event = builder.finish(time, IdentityType::AssumedRole);
        event.mfa = Some(false);
        let expected = serde_json::json!({
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/R/s",
                "sessionContext": {
                    "sessionIssuer": { "arn": "arn:aws:iam::111122223333:role/path/R" },
                    "attributes": { "mfaAuthenticated": "false" },
                },
            },
            "eventTime": "2026-10-07T18:03:32Z",
            "eventSource": "kms.amazonaws.com",
            "eventName": "Decrypt",
            "requestParameters": { "keyId": "k", "encryptionContext": { "a": "b" } },
            "eventID": "11111111-0000-4000-8000-000000000001",
        });
        assert_eq!(record(&event), expected);
    }

    /// A field added to [`Event`] must not be missing from the records.
    #[test]
    fn no_field_is_forgotten() {
        let tables: [&[(&str, Field, Form)]; 6] =
            [&BEFORE, &AFTER, &IDENTITY, &IDENTITY_AFTER_SESSION, &ISSUER, &SESSION];
        let mut fields: Vec<usize> =
            tables.concat().iter().map(|(_, field, _)| *field as usize).collect();
        fields.push(Field::EventContext as usize);
        fields.sort_unstable();
        let all: Vec<usize> = (0..=Field::EventContext as usize).collect();
        assert_eq!(fields, all);
    }
}
