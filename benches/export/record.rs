//! One CloudTrail record (version 1.11, as trails write them in 2026), and the trail that collects
//! them. Member order and presence follow "CloudTrail record contents" of the CloudTrail user guide.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::DateTime;
use serde_json::{Value, json};

use super::caller::{Caller, Principal};
use super::random::Random;

/// `2026-09-14T08:05:00Z`.
pub fn stamp(at: i64) -> String {
    format(at, "%Y-%m-%dT%H:%M:%SZ")
}

/// A moment in any format that chrono knows.
pub fn format(at: i64, pattern: &str) -> String {
    DateTime::from_timestamp(at, 0).map_or(String::new(), |time| time.format(pattern).to_string())
}

/// Seconds since 1970 of a moment written like [`stamp`] writes it.
pub fn moment(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).map_or(0, |time| time.timestamp())
}

/// A record in the making.
#[derive(Debug, Clone)]
pub struct Record {
    at: i64,
    region: String,
    source: String,
    name: String,
    caller: Caller,
    read_only: bool,
    data: bool,
    event_type: &'static str,
    request: Value,
    response: Value,
    additional: Option<Value>,
    details: Option<Value>,
    resources: Vec<Value>,
    error: Option<(String, Option<String>)>,
    request_id: Option<String>,
}

impl Record {
    /// A call that changes something, with no parameters, that succeeds.
    pub fn call(at: i64, region: &str, source: &str, name: &str, caller: &Caller) -> Self {
        Record {
            at,
            region: region.into(),
            source: format!("{source}.amazonaws.com"),
            name: name.into(),
            caller: caller.clone(),
            read_only: false,
            data: false,
            event_type: "AwsApiCall",
            request: Value::Null,
            response: Value::Null,
            additional: None,
            details: None,
            resources: Vec::new(),
            error: None,
            request_id: None,
        }
    }

    /// A call that reads.
    pub fn read(at: i64, region: &str, source: &str, name: &str, caller: &Caller) -> Self {
        Record { read_only: true, ..Record::call(at, region, source, name, caller) }
    }

    /// What a service reports of its own work.
    pub fn service_event(at: i64, region: &str, service: &str, name: &str, account: &str) -> Self {
        let caller = Caller::service_event(&format!("{service}.amazonaws.com"), account);
        let call = Record::call(at, region, service, name, &caller);
        Record { event_type: "AwsServiceEvent", ..call }
    }

    /// `requestParameters`.
    pub fn with(mut self, request: Value) -> Self {
        self.request = request;
        self
    }

    /// `responseElements`.
    pub fn returning(mut self, response: Value) -> Self {
        self.response = response;
        self
    }

    /// `serviceEventDetails`.
    pub fn detailing(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// `additionalEventData`.
    pub fn also(mut self, additional: Value) -> Self {
        self.additional = Some(additional);
        self
    }

    /// One more of `resources`.
    pub fn on(mut self, arn: &str, account: &str, kind: &str) -> Self {
        self.resources.push(json!({"accountId": account, "type": kind, "ARN": arn}));
        self
    }

    /// An S3 object among `resources`, which is recorded without an account.
    pub fn on_object(mut self, arn: &str) -> Self {
        self.resources.push(json!({"type": "AWS::S3::Object", "ARN": arn}));
        self
    }

    /// `errorCode` and `errorMessage`.
    pub fn failing(mut self, code: &str, message: Option<&str>) -> Self {
        self.error = Some((code.into(), message.map(String::from)));
        self
    }

    /// The request id, where a service hands its own down.
    pub fn within(mut self, request_id: &str) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// A data event.
    pub fn data(mut self) -> Self {
        self.data = true;
        self
    }

    /// The record's text, for the trail of `recipient`.
    fn text(&self, recipient: &str, ids: &Ids) -> String {
        let caller = &self.caller;
        let mut text = String::with_capacity(1536);
        let mut put = |name: &str, value: &str| {
            let comma = if text.is_empty() { "{" } else { "," };
            let _ = write!(text, r#"{comma}"{name}":{value}"#);
        };
        put("eventVersion", r#""1.11""#);
        put("userIdentity", &caller.identity);
        put("eventTime", &quoted(&stamp(self.at)));
        put("eventSource", &quoted(&self.source));
        put("eventName", &quoted(&self.name));
        put("awsRegion", &quoted(&self.region));
        put("sourceIPAddress", &quoted(&caller.address));
        put("userAgent", &quoted(&caller.agent));
        if let Some((code, message)) = &self.error {
            put("errorCode", &quoted(code));
            if let Some(message) = message {
                put("errorMessage", &Value::from(message.as_str()).to_string());
            }
        }
        put("requestParameters", &self.request.to_string());
        put("responseElements", &self.response.to_string());
        if let Some(additional) = &self.additional {
            put("additionalEventData", &additional.to_string());
        }
        let is_call = self.event_type == "AwsApiCall";
        if is_call {
            put("requestID", &quoted(&ids.request));
        }
        put("eventID", &quoted(&ids.event));
        put("readOnly", if self.read_only { "true" } else { "false" });
        if !self.resources.is_empty() {
            put("resources", &Value::from(self.resources.clone()).to_string());
        }
        put("eventType", &quoted(self.event_type));
        put("managementEvent", if self.data { "false" } else { "true" });
        put("recipientAccountId", &quoted(recipient));
        if let Some(shared) = &ids.shared {
            put("sharedEventID", &quoted(shared));
        }
        if let Some(details) = &self.details {
            put("serviceEventDetails", &details.to_string());
        }
        if let Some((endpoint, owner)) = &caller.endpoint {
            put("vpcEndpointId", &quoted(endpoint));
            put("vpcEndpointAccountId", &quoted(owner));
        }
        put("eventCategory", if self.data { r#""Data""# } else { r#""Management""# });
        if caller.tls {
            put("tlsDetails", &self.tls_details());
        }
        if caller.console {
            put("sessionCredentialFromConsole", r#""true""#);
        }
        text.push('}');
        text
    }

    fn tls_details(&self) -> String {
        let service = self.source.trim_end_matches(".amazonaws.com");
        let host = match service {
            "iam" => String::from("iam.amazonaws.com"),
            _ => format!("{service}.{}.amazonaws.com", self.region),
        };
        format!(
            r#"{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{host}"}}"#
        )
    }
}

/// A text without anything to escape, as JSON.
fn quoted(text: &str) -> String {
    format!(r#""{text}""#)
}

struct Ids {
    event: String,
    request: String,
    shared: Option<String>,
}

/// A record on its way to a delivery file.
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: i64,
    pub account: String,
    pub region: String,
    pub data: bool,
    /// Event source and event name, as `s3.amazonaws.com:GetObject`.
    pub call: String,
    pub text: String,
}

/// What CloudTrail has seen, in the order it was made, and the randomness that made it.
#[derive(Debug)]
pub struct Trail {
    pub random: Random,
    pub entries: Vec<Entry>,
    /// Sessions that services minted for users, reused for ten minutes as services do.
    minted: BTreeMap<(String, String), (String, i64)>,
}

/// How long a service reuses a session it minted; the longest reuse seen in public logs is 585 s.
const REUSE_SECONDS: i64 = 585;

impl Trail {
    /// An empty trail.
    pub fn new(random: Random) -> Self {
        Trail { random, entries: Vec::new(), minted: BTreeMap::new() }
    }

    /// Records a call; returns its event id.
    pub fn log(&mut self, record: Record) -> String {
        let recipient = record.caller.account.clone();
        let ids = self.ids(&record);
        self.deliver(&record, &recipient, &ids);
        ids.event
    }

    /// Records a call on another account's resource: successful ones reach the owner's trail too,
    /// as a copy with its own event id and the same `sharedEventID`; returns the caller's event id.
    pub fn log_shared(&mut self, record: Record, owner: &str) -> String {
        let recipient = record.caller.account.clone();
        let mut ids = self.ids(&record);
        let shared = ids.shared.take().unwrap_or_else(|| self.random.uuid());
        ids.shared = Some(shared);
        self.deliver(&record, &recipient, &ids);
        let original = std::mem::replace(&mut ids.event, self.random.uuid());
        if owner != recipient {
            self.deliver(&record, owner, &ids);
        }
        original
    }

    fn ids(&mut self, record: &Record) -> Ids {
        let random = &mut self.random;
        Ids {
            event: random.uuid(),
            request: match &record.request_id {
                Some(given) => given.clone(),
                None if record.source == "s3.amazonaws.com" => random.s3_request(),
                None => random.uuid(),
            },
            shared: record.caller.shared.then(|| random.uuid()),
        }
    }

    fn deliver(&mut self, record: &Record, recipient: &str, ids: &Ids) {
        self.entries.push(Entry {
            at: record.at,
            account: recipient.into(),
            region: record.region.clone(),
            data: record.data,
            call: format!("{}:{}", record.source, record.name),
            text: record.text(recipient, ids),
        });
    }

    /// `service` calling on behalf of `principal`, with the session it holds for it.
    pub fn forwarded(&mut self, principal: &Principal, service: &str, at: i64) -> Caller {
        let place = (principal.arn(), String::from(service));
        let held = self.minted.get(&place).filter(|(_, minted)| at - minted <= REUSE_SECONDS);
        let (key, minted) = match held {
            Some(held) => held.clone(),
            None => (self.random.session_key(), at),
        };
        self.minted.insert(place, (key.clone(), minted));
        Caller::forwarded(principal, service, &key, minted)
    }
}
