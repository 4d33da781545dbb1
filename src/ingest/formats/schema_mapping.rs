//! Schemas that spread a record's members over other names: OCSF and the Elastic Common Schema.
//! Data, not code: a new schema or version is a row.

use serde_json::{Map, Value};

use crate::ingest::formats::row_record::RowRecord;

/// From a path in the other schema to a member of the record.
type Table = &'static [(&'static str, &'static str)];

/// OCSF API Activity (6003), Account Change (3001), Authentication (3002), as Security Lake and
/// ocsf/examples map CloudTrail. Where versions differ, the first path that holds something counts.
const OCSF: Table = &[
    ("metadata.uid", "eventID"),
    ("metadata.product.version", "eventVersion"),
    ("metadata.log_name", "eventType"),
    ("metadata.product.feature.name", "eventCategory"),
    ("time_dt", "eventTime"),
    ("time", "eventTime"),
    ("api.service.name", "eventSource"),
    ("api.operation", "eventName"),
    ("api.version", "apiVersion"),
    ("api.request.uid", "requestID"),
    ("api.request.data", "requestParameters"),
    ("api.response.error", "errorCode"),
    ("api.response.message", "errorMessage"),
    ("api.response.data", "responseElements"),
    ("cloud.region", "awsRegion"),
    ("cloud.account.uid", "recipientAccountId"),
    ("src_endpoint.uid", "vpcEndpointId"),
    ("src_endpoint.domain", "sourceIPAddress"),
    ("src_endpoint.ip", "sourceIPAddress"),
    ("http_request.user_agent", "userAgent"),
    ("actor.user.type", "userIdentity.type"),
    ("actor.user.uuid", "userIdentity.arn"),
    ("actor.user.uid_alt", "userIdentity.principalId"),
    ("actor.user.uid", "userIdentity.arn"),
    ("actor.user.account.uid", "userIdentity.accountId"),
    ("actor.user.account_uid", "userIdentity.accountId"),
    ("actor.user.credential_uid", "userIdentity.accessKeyId"),
    ("actor.user.name", "userIdentity.userName"),
    ("actor.invoked_by", "userIdentity.invokedBy"),
    ("actor.session.created_time_dt", "userIdentity.sessionContext.attributes.creationDate"),
    ("actor.session.created_time", "userIdentity.sessionContext.attributes.creationDate"),
    ("actor.session.is_mfa", "userIdentity.sessionContext.attributes.mfaAuthenticated"),
    ("actor.session.mfa", "userIdentity.sessionContext.attributes.mfaAuthenticated"),
    ("actor.session.issuer", "userIdentity.sessionContext.sessionIssuer.arn"),
    ("unmapped.eventType", "eventType"),
    ("unmapped.recipientAccountId", "recipientAccountId"),
    ("unmapped.sharedEventID", "sharedEventID"),
    ("unmapped.readOnly", "readOnly"),
    ("unmapped.managementEvent", "managementEvent"),
    ("unmapped.requestParameters", "requestParameters"),
    ("unmapped.responseElements", "responseElements"),
    ("unmapped.additionalEventData", "additionalEventData"),
    ("unmapped.serviceEventDetails", "serviceEventDetails"),
    ("unmapped.resources", "resources"),
    ("unmapped.tlsDetails", "tlsDetails"),
    ("unmapped.addendum", "addendum"),
    ("unmapped.vpcEndpointAccountId", "vpcEndpointAccountId"),
    (
        "unmapped.userIdentity.sessionContext.sessionIssuer.principalId",
        "userIdentity.sessionContext.sessionIssuer.principalId",
    ),
    (
        "unmapped.userIdentity.sessionContext.sessionIssuer.type",
        "userIdentity.sessionContext.sessionIssuer.type",
    ),
];

/// Elastic's `aws.cloudtrail` data stream, for documents that no longer hold `event.original`.
const ELASTIC: Table = &[
    ("event.id", "eventID"),
    ("aws.cloudtrail.event_version", "eventVersion"),
    ("aws.cloudtrail.event_type", "eventType"),
    ("aws.cloudtrail.event_category", "eventCategory"),
    ("@timestamp", "eventTime"),
    ("event.provider", "eventSource"),
    ("event.action", "eventName"),
    // SOF-ELK and OpenSearch Security Analytics keep these two below `aws.cloudtrail`.
    ("aws.cloudtrail.event_source", "eventSource"),
    ("aws.cloudtrail.event_name", "eventName"),
    ("cloud.region", "awsRegion"),
    ("source.address", "sourceIPAddress"),
    ("source.ip", "sourceIPAddress"),
    ("user_agent.original", "userAgent"),
    ("aws.cloudtrail.error_code", "errorCode"),
    ("aws.cloudtrail.error_message", "errorMessage"),
    ("aws.cloudtrail.flattened.request_parameters", "requestParameters"),
    ("aws.cloudtrail.request_parameters", "requestParameters"),
    ("aws.cloudtrail.flattened.response_elements", "responseElements"),
    ("aws.cloudtrail.response_elements", "responseElements"),
    ("aws.cloudtrail.flattened.additional_eventdata", "additionalEventData"),
    ("aws.cloudtrail.additional_eventdata", "additionalEventData"),
    ("aws.cloudtrail.flattened.service_event_details", "serviceEventDetails"),
    ("aws.cloudtrail.service_event_details", "serviceEventDetails"),
    ("aws.cloudtrail.request_id", "requestID"),
    ("aws.cloudtrail.read_only", "readOnly"),
    ("aws.cloudtrail.resources", "resources"),
    ("aws.cloudtrail.management_event", "managementEvent"),
    ("aws.cloudtrail.api_version", "apiVersion"),
    ("aws.cloudtrail.recipient_account_id", "recipientAccountId"),
    ("aws.cloudtrail.shared_event_id", "sharedEventID"),
    ("aws.cloudtrail.vpc_endpoint_id", "vpcEndpointId"),
    ("aws.cloudtrail.user_identity.type", "userIdentity.type"),
    ("user.id", "userIdentity.principalId"),
    ("aws.cloudtrail.user_identity.arn", "userIdentity.arn"),
    ("cloud.account.id", "userIdentity.accountId"),
    ("aws.cloudtrail.user_identity.access_key_id", "userIdentity.accessKeyId"),
    ("user.name", "userIdentity.userName"),
    ("aws.cloudtrail.user_identity.invoked_by", "userIdentity.invokedBy"),
    (
        "aws.cloudtrail.user_identity.session_context.creation_date",
        "userIdentity.sessionContext.attributes.creationDate",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.mfa_authenticated",
        "userIdentity.sessionContext.attributes.mfaAuthenticated",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.type",
        "userIdentity.sessionContext.sessionIssuer.type",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.principal_id",
        "userIdentity.sessionContext.sessionIssuer.principalId",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.arn",
        "userIdentity.sessionContext.sessionIssuer.arn",
    ),
    (
        "aws.cloudtrail.user_identity.session_context.session_issuer.account_id",
        "userIdentity.sessionContext.sessionIssuer.accountId",
    ),
];

/// Where a document of Elastic's holds the name of the call.
const NAMES: &[&str] = &["event.action", "aws.cloudtrail.event_name"];

/// Whether an object with these member names may be one of the schemas.
pub(crate) fn may_map<'n>(mut names: impl Iterator<Item = &'n str>) -> bool {
    names.any(|name| name == "class_uid" || name == "aws" || name.starts_with("aws.cloudtrail."))
}

/// Whether columns with these names are those of one of the schemas, whole enough for a record.
pub(crate) fn are_columns(names: &[String]) -> bool {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    has("class_uid") && has("api.operation") || has("event.action") && has("event.provider")
}

/// The CloudTrail record, as JSON, that an object of one of the schemas was made from; `None` when the object is
/// of neither schema, or holds something other than a CloudTrail record.
pub(crate) fn record(value: &Value) -> Option<String> {
    let nested;
    let value = match value.as_object().is_some_and(|map| map.keys().any(|name| name.contains('.')))
    {
        true => {
            nested = unflattened(value);
            &nested
        }
        false => value,
    };
    let class = value_at(value, "class_uid");
    let number = class.and_then(|class| class.as_u64().or_else(|| class.as_str()?.parse().ok()));
    let table = match number {
        Some(3001 | 3002 | 3005 | 6003) => OCSF,
        Some(_) => return None,
        None if NAMES.iter().any(|name| value_at(value, name).is_some()) => ELASTIC,
        None => return None,
    };
    let mut row_record = RowRecord::default();
    for (from, to) in table {
        if let Some(found) = value_at(value, from) {
            row_record.set(to, found.clone());
        }
    }
    if !row_record.has("eventName") || !row_record.has("eventTime") {
        return None;
    }
    row_record.json()
}

/// The value at a dotted path; a list of one scalar gives the scalar, because search engines return lists.
fn value_at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut found = value;
    for name in path.split('.') {
        found = found.get(name)?;
    }
    match found.as_array().map(Vec::as_slice) {
        Some([one]) if !one.is_object() => Some(one),
        _ => Some(found),
    }
}

/// More levels than any schema has.
const LEVELS: usize = 24;

/// Turns names with dots into nested objects. Where a name is both that of a value and of an object, the first
/// one counts.
fn unflattened(value: &Value) -> Value {
    let mut nested = Value::Object(Map::new());
    for (name, value) in value.as_object().into_iter().flatten() {
        let mut slot = &mut nested;
        for part in name.splitn(LEVELS, '.') {
            let Value::Object(map) = slot else { break };
            slot = map.entry(part).or_insert_with(|| Value::Object(Map::new()));
        }
        if slot.as_object().is_some_and(Map::is_empty) {
            *slot = value.clone();
        }
    }
    nested
}
