//! Writes a notification of Amazon EventBridge as a record, so that it is read, counted and kept like one.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::event::notification::{EVENT_TYPE, row};
use crate::ingest::formats::object::Object;

/// The notification as a record.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    user_identity: Service<'a>,
    event_time: Option<String>,
    event_source: &'a str,
    event_name: &'a str,
    event_type: &'a str,
    aws_region: Option<String>,
    recipient_account_id: Option<String>,
    #[serde(rename = "eventID")]
    event_id: Option<String>,
    resources: Vec<Resource>,
    service_event_details: &'a RawValue,
}

/// The service that sent it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Service<'a> {
    r#type: &'a str,
    invoked_by: &'a str,
}

#[derive(Serialize)]
struct Resource {
    #[serde(rename = "ARN")]
    arn: String,
}

/// The record, as JSON, for an EventBridge envelope; `None` when its notification is not a known one, as when it
/// holds a CloudTrail record.
pub(crate) fn record(envelope: &Object<'_>) -> Option<String> {
    let text = |name: &str| serde_json::from_str::<String>(envelope.get(name)?.get()).ok();
    let row = row(&text("detail-type")?, &text("source")?)?;
    let detail = envelope.get("detail").filter(|detail| detail.get().starts_with('{'))?;
    let resources = envelope.get("resources").map(|raw| raw.get());
    let resources = resources.and_then(|raw| serde_json::from_str::<Vec<String>>(raw).ok());
    let resources = resources.unwrap_or_default().into_iter().map(|arn| Resource { arn });
    let record = Record {
        user_identity: Service { r#type: "AWSService", invoked_by: &row.event_source },
        event_time: text("time"),
        event_source: &row.event_source,
        event_name: &row.name,
        event_type: EVENT_TYPE,
        aws_region: text("region"),
        recipient_account_id: text("account"),
        event_id: text("id"),
        resources: resources.collect(),
        service_event_details: detail,
    };
    serde_json::to_string(&record).ok()
}
