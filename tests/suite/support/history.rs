//! Builds events from CloudTrail records for tests of `history`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "a test that meets the unexpected fails"
)]

use serde_json::Value;
use trailwhy::event::{Event, EventBuilder, Field, IdentityType, Time};

/// One event from a record.
pub fn event(record: &Value) -> Event {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str);
    let raw =
        |path: &str| record.pointer(path).filter(|value| !value.is_null()).map(Value::to_string);
    let mut builder = EventBuilder::default();
    for (field, path) in TEXTS {
        builder.put(*field, text(path));
    }
    for (field, path) in RAW {
        builder.put(*field, raw(path).as_deref());
    }
    let time = Time::parse(text("/eventTime").unwrap()).unwrap();
    let mut event = builder.finish(time, IdentityType::parse(text("/userIdentity/type")));
    let attribute = |name: &str| text(&format!("/userIdentity/sessionContext/attributes/{name}"));
    event.read_only = record["readOnly"].as_bool();
    event.management_event = record["managementEvent"].as_bool();
    event.mfa = attribute("mfaAuthenticated").map(|mfa| mfa == "true");
    event.session_created = attribute("creationDate").and_then(Time::parse);
    event.from_console = text("/sessionCredentialFromConsole") == Some("true");
    event
}

/// Events of a text with one record per line.
pub fn events(lines: &str) -> Vec<Event> {
    lines.lines().map(|line| event(&serde_json::from_str(line).unwrap())).collect()
}

const TEXTS: &[(Field, &str)] = &[
    (Field::EventId, "/eventID"),
    (Field::EventVersion, "/eventVersion"),
    (Field::EventSource, "/eventSource"),
    (Field::EventName, "/eventName"),
    (Field::EventType, "/eventType"),
    (Field::EventCategory, "/eventCategory"),
    (Field::AwsRegion, "/awsRegion"),
    (Field::SourceIpAddress, "/sourceIPAddress"),
    (Field::UserAgent, "/userAgent"),
    (Field::ErrorCode, "/errorCode"),
    (Field::ErrorMessage, "/errorMessage"),
    (Field::RequestId, "/requestID"),
    (Field::SharedEventId, "/sharedEventID"),
    (Field::RecipientAccountId, "/recipientAccountId"),
    (Field::VpcEndpointId, "/vpcEndpointId"),
    (Field::VpcEndpointAccountId, "/vpcEndpointAccountId"),
    (Field::PrincipalId, "/userIdentity/principalId"),
    (Field::Arn, "/userIdentity/arn"),
    (Field::AccountId, "/userIdentity/accountId"),
    (Field::AccessKeyId, "/userIdentity/accessKeyId"),
    (Field::UserName, "/userIdentity/userName"),
    (Field::InvokedBy, "/userIdentity/invokedBy"),
    (Field::IssuerType, "/userIdentity/sessionContext/sessionIssuer/type"),
    (Field::IssuerPrincipalId, "/userIdentity/sessionContext/sessionIssuer/principalId"),
    (Field::IssuerArn, "/userIdentity/sessionContext/sessionIssuer/arn"),
    (Field::IssuerAccountId, "/userIdentity/sessionContext/sessionIssuer/accountId"),
    (Field::IssuerUserName, "/userIdentity/sessionContext/sessionIssuer/userName"),
    (Field::SourceIdentity, "/userIdentity/sessionContext/sourceIdentity"),
];

const RAW: &[(Field, &str)] = &[
    (Field::InScopeOf, "/userIdentity/inScopeOf"),
    (Field::OnBehalfOf, "/userIdentity/onBehalfOf"),
    (Field::RequestParameters, "/requestParameters"),
    (Field::ResponseElements, "/responseElements"),
    (Field::AdditionalEventData, "/additionalEventData"),
    (Field::ServiceEventDetails, "/serviceEventDetails"),
    (Field::Resources, "/resources"),
    (Field::TlsDetails, "/tlsDetails"),
];
