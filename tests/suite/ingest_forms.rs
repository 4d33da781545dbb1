//! Every form people keep CloudTrail in gives the same event.

use crate::support::ingest as ingest_support;

use ingest_support::{Export, delivery, gzip, read_bytes, record, skipped, with};
use serde_json::{Value, json};
use trailwhy::event::{Event, Field};

/// The event as a delivery file gives it.
fn expected() -> Event {
    let ingested = read_bytes(delivery(&[record(1)]));
    assert_eq!(ingested.events.len(), 1);
    ingested.events[0].clone()
}

fn text() -> String {
    record(1).to_string()
}

/// Every form that holds the whole record.
fn whole() -> Vec<(&'static str, String)> {
    let record = record(1);
    let text = text();
    let pretty = serde_json::to_string_pretty(&json!({ "Records": [record] })).unwrap();
    let sorted = serde_json::to_string(&sorted(&record)).unwrap();
    let wrapped = |name: &str| json!({ name: record }).to_string();
    let quoted = |name: &str| json!({ name: text }).to_string();
    vec![
        ("delivery", delivery(std::slice::from_ref(&record))),
        ("pretty", pretty),
        ("bare", text.clone()),
        ("keys sorted", sorted),
        ("array", json!([record]).to_string()),
        ("array of files", json!([{ "Records": [record] }, { "Records": [] }]).to_string()),
        ("lines", format!("{text}\n\n{}\r\n", with(record.clone(), &[]))),
        ("lines of files", format!("{}\n{}\n", delivery(std::slice::from_ref(&record)), delivery(&[]))),
        ("values without line ends", format!("{text}{text}")),
        ("byte order mark", format!("\u{feff}{text}")),
        (
            "lookup-events",
            json!({ "Events": [{
                "EventId": "00000000-0000-0000-0000-000000000001", "EventName": "Decrypt",
                "ReadOnly": "true", "EventTime": 1779083270.0, "EventSource": "kms.amazonaws.com",
                "Username": "x", "Resources": [{ "ResourceType": "t", "ResourceName": "n" }],
                "CloudTrailEvent": text
            }], "NextToken": "t" })
            .to_string(),
        ),
        (
            "filter-log-events",
            json!({ "events": [{
                "logStreamName": "s", "timestamp": 1, "message": text, "ingestionTime": 1,
                "eventId": "1"
            }], "searchedLogStreams": [] })
            .to_string(),
        ),
        (
            "get-log-events, token first",
            json!({ "nextForwardToken": "f/1", "events": [{ "timestamp": 1, "message": text }] })
                .to_string(),
        ),
        ("log export lines", format!("2026-05-18T05:47:50.000Z {text}\n")),
        ("aws logs tail", format!("2026-05-18T05:47:50.000000+00:00 stream_1 {text}\n")),
        (
            "subscription payload",
            json!({
                "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "g",
                "logStream": "s", "subscriptionFilters": ["f"],
                "logEvents": [{ "id": "1", "timestamp": 1, "message": text }]
            })
            .to_string(),
        ),
        (
            "Insights rows",
            json!([[{ "field": "@timestamp", "value": "x" }, { "field": "@message", "value": text },
                    { "field": "@ptr", "value": "p" }]])
            .to_string(),
        ),
        (
            "get-query-results",
            json!({
                "results": [[{ "field": "@message", "value": text }]],
                "statistics": { "recordsMatched": 1.0 }, "status": "Complete"
            })
            .to_string(),
        ),
        ("Insights CSV", format!("@timestamp,@message\n2026-05-18,{}\n", cell(&text))),
        (
            "EventBridge",
            json!({
                "version": "0", "id": "i", "detail-type": "AWS API Call via CloudTrail",
                "source": "aws.kms", "account": "111122223333", "time": "2026-05-18T05:47:50Z",
                "region": "eu-west-1", "resources": [], "detail": record
            })
            .to_string(),
        ),
        ("Lake eventJson", json!({ "QueryResultRows": [[{ "eventJson": text }]] }).to_string()),
        ("Event", wrapped("Event")),
        ("Splunk", json!({ "preview": false, "result": { "_raw": text } }).to_string()),
        ("Splunk raw, parsed", json!({ "result": { "_raw": text, "eventName": "Decrypt" } }).to_string()),
        ("Splunk CSV", format!("\"_time\",\"_raw\"\n\"x\",{}\n", cell(&text))),
        (
            "Elastic original",
            json!({ "hits": { "total": { "value": 1 }, "hits": [{ "_index": "i", "_source": {
                "@timestamp": "2026-05-18T05:47:50Z",
                "event": { "action": "Decrypt", "original": text },
                "aws": { "cloudtrail": { "event_version": "1.11" } }
            } }] } })
            .to_string(),
        ),
        ("Elastic lines", json!({ "_source": { "event.original": text } }).to_string()),
        ("message of a shipper", quoted("message")),
        ("Panther", with(record.clone(), &[
            ("p_event_time", json!("2026-05-18 05:47:50")), ("p_log_type", json!("AWS.CloudTrail")),
        ]).to_string()),
        ("Datadog", json!({ "data": [{ "id": "x", "type": "log", "attributes": {
            "service": "cloudtrail", "attributes": record } }] }).to_string()),
        ("Grimoire", json!([with(record.clone(), &[("evidence", json!(1))])]).to_string()),
        ("unknown wrapper", json!({ "a": { "b": [{ "c": record }] } }).to_string()),
        ("syslog", format!("<14>May 18 05:47:50 host app[1]: {text}\n")),
        ("SNS to SQS", json!({ "Type": "Notification", "Message": text }).to_string()),
    ]
}

fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut names: Vec<_> = map.keys().collect();
            names.sort();
            // What is inside stays raw text in the event, so only the record's members move.
            Value::Object(names.into_iter().map(|n| (n.clone(), map[n].clone())).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn every_whole_form_gives_the_same_event() {
    let expected = expected();
    for (form, content) in whole() {
        for (how, bytes) in
            [("plain", content.clone().into_bytes()), ("gzip", gzip(content.as_bytes()))]
        {
            let ingested = read_bytes(bytes);
            assert_eq!(ingested.events.len(), 1, "{form}, {how}: {:?}", skipped(&ingested.ledger));
            let event = &ingested.events[0];
            assert_eq!(event.content().1, expected.content().1, "{form}, {how}");
            assert_eq!(event, &expected, "{form}, {how}");
            assert_eq!(ingested.ledger.records.malformed, 0, "{form}, {how}");
            assert_eq!(ingested.ledger.files_read, 1, "{form}, {how}");
        }
    }
}

#[test]
fn utf_16_is_read_as_powershell_writes_it() {
    let expected = expected();
    let text = delivery(&[record(1)]).replace("ops", "öps😀");
    let reference = read_bytes(&text);
    assert_ne!(reference.events[0], expected);
    let units: Vec<u16> = format!("\u{feff}{text}").encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let bare = little[2..].to_vec();
    for bytes in [little.clone(), big, bare, gzip(&little)] {
        assert_eq!(read_bytes(bytes).events, reference.events);
    }
}

#[test]
fn gzip_members_and_gzip_in_gzip_are_read() {
    let (one, two) = (delivery(&[record(1)]), delivery(&[record(2)]));
    let mut members = gzip(one.as_bytes());
    members.extend(gzip(two.as_bytes()));
    assert_eq!(read_bytes(&members).events.len(), 2);
    let twice = read_bytes(gzip(&members));
    assert_eq!(twice.events.len(), 2);
    assert_eq!(skipped(&twice.ledger), Vec::<String>::new());
    let mut padded = members.clone();
    padded.extend([0; 1024]);
    assert_eq!(skipped(&read_bytes(&padded).ledger), Vec::<String>::new());
}

/// Columns of CloudTrail Lake and Athena, with structs printed without quotes.
fn printed_identity() -> String {
    "{type=AssumedRole, principalid=AROAEXAMPLE:ops,team=7@x.org, \
     arn=arn:aws:sts::111122223333:assumed-role/Ops/ops,team=7@x.org, accountid=111122223333, \
     invokedby=fas.s3.amazonaws.com, accesskeyid=ASIAEXAMPLE, username=null, \
     sessioncontext={attributes={mfaauthenticated=true, creationdate=2026-05-18T05:00:00Z}, \
     sessionissuer={type=Role, principalid=AROAEXAMPLE, \
     arn=arn:aws:iam::111122223333:role/team/Ops, accountid=111122223333, username=Ops}, \
     ec2roledelivery=null, webidfederationdata=null}}"
        .to_owned()
}

/// Names and values of a row as SQL engines return it.
fn columns(lower: bool) -> Vec<(String, String)> {
    let record = record(1);
    let mut columns = Vec::new();
    for (name, value) in record.as_object().unwrap() {
        let text = match (name.as_str(), value) {
            ("userIdentity", _) => printed_identity(),
            ("resources", _) => "[{arn=arn:aws:kms:eu-west-1:111122223333:key/k, \
                                 accountid=111122223333, type=AWS::KMS::Key}]"
                .to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Null) => "null".to_owned(),
            (_, other) => other.to_string(),
        };
        let name = if lower { name.to_lowercase() } else { name.clone() };
        columns.push((name, text));
    }
    columns
}

#[test]
fn query_results_with_printed_structs_give_the_same_event() {
    let expected = expected();
    let header = |lower| columns(lower).iter().map(|(n, _)| cell(n)).collect::<Vec<_>>().join(",");
    let row = |lower| columns(lower).iter().map(|(_, v)| cell(v)).collect::<Vec<_>>().join(",");
    let cells: Vec<Value> = columns(false).iter().map(|(n, v)| json!({ n: v })).collect();
    let object: serde_json::Map<String, Value> =
        columns(true).into_iter().map(|(n, v)| (n, Value::String(v))).collect();
    for (form, content) in [
        ("Athena CSV", format!("{}\r\n{}\r\n", header(true), row(true))),
        ("Lake CSV", format!("{}\n{}\n", header(false), row(false))),
        ("tabs", format!("{}\n{}\n", header(true), row(true)).replace("\",\"", "\"\t\"")),
        (
            "Lake JSON",
            json!({
                "QueryStatus": "FINISHED", "QueryStatistics": { "ResultsCount": 1 },
                "QueryResultRows": [cells]
            })
            .to_string(),
        ),
        ("lower case object", Value::Object(object).to_string()),
    ] {
        let ingested = read_bytes(&content);
        assert_eq!(ingested.events.len(), 1, "{form}: {:?}", skipped(&ingested.ledger));
        let event = &ingested.events[0];
        for field in [Field::Arn, Field::IssuerArn, Field::InvokedBy, Field::RequestParameters] {
            assert_eq!(event.get(field), expected.get(field), "{form}");
        }
        let resources = r#"[{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/k","accountId":"111122223333","type":"AWS::KMS::Key"}]"#;
        assert_eq!(event.get(Field::Resources), Some(resources), "{form}");
        assert_eq!((event.read_only, event.mfa), (Some(true), Some(true)), "{form}");
        assert_eq!(event.session_created, expected.session_created, "{form}");
    }
}

#[test]
fn dotted_columns_are_put_together() {
    let rows = json!({ "results": [[
        { "field": "eventTime", "value": "2026-05-18 05:47:50.000" },
        { "field": "eventSource", "value": "kms.amazonaws.com" },
        { "field": "eventName", "value": "Decrypt" },
        { "field": "userIdentity.arn", "value": "arn:aws:iam::111122223333:user/u" },
        { "field": "userIdentity.sessionContext.sessionIssuer.arn", "value": "arn:role" },
        { "field": "requestParameters.keyId", "value": "k" },
        { "field": "eventID", "value": "e-1" }
    ]], "status": "Complete" });
    let events = read_bytes(rows.to_string()).events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].arn(), Some("arn:aws:iam::111122223333:user/u"));
    assert_eq!(events[0].get(Field::IssuerArn), Some("arn:role"));
    assert_eq!(events[0].request(), Some(r#"{"keyId":"k"}"#));
}

#[test]
fn other_schemas_are_mapped_back() {
    let expected = expected();
    let r = record(1);
    let ocsf = json!({
        "class_uid": 6003, "class_name": "API Activity", "time": 1779083270000_i64,
        "metadata": {
            "uid": r["eventID"], "log_name": "AwsApiCall",
            "product": { "name": "CloudTrail", "version": "1.11", "feature": { "name": "Management" } }
        },
        "actor": {
            "user": {
                "type": "AssumedRole", "uid": r["userIdentity"]["arn"],
                "uid_alt": r["userIdentity"]["principalId"],
                "account": { "uid": "111122223333" }, "credential_uid": "ASIAEXAMPLE"
            },
            "session": {
                "created_time_dt": "2026-05-18T05:00:00Z", "is_mfa": true,
                "issuer": "arn:aws:iam::111122223333:role/team/Ops"
            },
            "invoked_by": "fas.s3.amazonaws.com"
        },
        "api": {
            "operation": "Decrypt", "service": { "name": "kms.amazonaws.com" },
            "request": { "uid": r["requestID"], "data": r["requestParameters"].to_string() },
            "response": { "error": "AccessDenied", "message": r["errorMessage"] }
        },
        "cloud": { "provider": "AWS", "region": "eu-west-1" },
        "src_endpoint": { "domain": "fas.s3.amazonaws.com" },
        "http_request": { "user_agent": "fas.s3.amazonaws.com" },
        "unmapped": { "recipientAccountId": "111122223333", "readOnly": "true" }
    });
    let elastic = json!({
        "@timestamp": "2026-05-18T05:47:50.000Z",
        "event": { "id": r["eventID"], "action": "Decrypt", "provider": "kms.amazonaws.com" },
        "cloud": { "region": "eu-west-1", "account": { "id": "111122223333" } },
        "source": { "address": "fas.s3.amazonaws.com" },
        "user": { "id": r["userIdentity"]["principalId"] },
        "user_agent": { "original": "fas.s3.amazonaws.com" },
        "aws": { "cloudtrail": {
            "error_code": "AccessDenied", "error_message": r["errorMessage"],
            "request_id": r["requestID"], "read_only": true, "recipient_account_id": "111122223333",
            "request_parameters": "{encryptionContext={aws:s3:arn=ignored}}",
            "flattened": { "request_parameters": r["requestParameters"] },
            "user_identity": {
                "type": "AssumedRole", "arn": r["userIdentity"]["arn"],
                "access_key_id": "ASIAEXAMPLE", "invoked_by": "fas.s3.amazonaws.com",
                "session_context": {
                    "creation_date": "2026-05-18T05:00:00Z", "mfa_authenticated": "true",
                    "session_issuer": { "arn": "arn:aws:iam::111122223333:role/team/Ops" }
                }
            }
        } }
    });
    for (schema, content) in [
        ("OCSF", ocsf.to_string()),
        ("OCSF lines", format!("{ocsf}\n{ocsf}\n")),
        ("Elastic", elastic.to_string()),
        ("Elastic hits", json!({ "hits": { "hits": [{ "_source": elastic }] } }).to_string()),
    ] {
        let ingested = read_bytes(&content);
        assert_eq!(ingested.events.len(), 1, "{schema}: {:?}", skipped(&ingested.ledger));
        let event = &ingested.events[0];
        for field in [
            Field::EventId,
            Field::EventSource,
            Field::EventName,
            Field::AwsRegion,
            Field::SourceIpAddress,
            Field::UserAgent,
            Field::ErrorCode,
            Field::ErrorMessage,
            Field::RequestId,
            Field::RecipientAccountId,
            Field::PrincipalId,
            Field::Arn,
            Field::AccountId,
            Field::AccessKeyId,
            Field::InvokedBy,
            Field::IssuerArn,
            Field::RequestParameters,
        ] {
            assert_eq!(event.get(field), expected.get(field), "{schema} {field:?}");
        }
        assert_eq!(event.time, expected.time, "{schema}");
        assert_eq!(event.read_only, Some(true), "{schema}");
        assert_eq!((event.mfa, event.session_created), (Some(true), expected.session_created));
    }
}

#[test]
fn summaries_are_refused_with_what_to_get_instead() {
    let csv = "User name,Event time,Event source,Event name,AWS region,User agent\n\
               u,2026-05-18T05:47:50Z,kms.amazonaws.com,Decrypt,eu-west-1,agent\n";
    let ingested = read_bytes(csv);
    assert!(ingested.events.is_empty());
    insta::assert_debug_snapshot!(skipped(&ingested.ledger), @r#"
    [
        "console_csv: this table leaves out who called and with what; hint: in the console's Event history choose Download events, Download as JSON, or use the files of a trail (0 recovered)",
    ]
    "#);
    let query = json!([{ "EventName": "Decrypt", "EventTime": "2026-05-18T05:47:50Z",
                         "EventSource": "kms.amazonaws.com", "Username": "u" }]);
    assert!(read_bytes(query.to_string()).events.is_empty());
}

#[test]
fn neighbours_in_the_bucket_are_named_and_are_no_damage() {
    let flow =
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249\n";
    let load_balancer =
        "https 2018-07-02T22:23:00.186641Z app/lb/50dc6c495c0c9188 192.168.131.39:2817 -\n";
    let export = Export::new();
    for (name, content) in [
        ("a", json!({ "awsAccountId": "1", "digestStartTime": "x", "logFiles": [] }).to_string()),
        (
            "b",
            delivery(&[json!({ "eventVersion": "1.08", "eventTime": "2023-07-10T01:42:00Z",
            "eventType": "AwsCloudTrailInsight", "insightDetails": {} })]),
        ),
        (
            "c",
            delivery(&[json!({ "eventVersion": "1.0", "eventId": "x", "timeWindow": {},
            "eventType": "AwsAggregatedEvent", "summary": {} })]),
        ),
        (
            "d",
            json!({ "fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": [{}] })
                .to_string(),
        ),
        ("e", flow.to_owned()),
        ("f", load_balancer.to_owned()),
        (
            "g",
            delivery(&[json!({ "eventVersion": "2.1", "eventSource": "aws:s3",
            "eventTime": "2026-05-18T05:47:50Z", "eventName": "ObjectCreated:Put" })]),
        ),
        ("h", delivery(&[])),
        ("i", String::new()),
        ("j", "# Notes\nnothing here\n".to_owned()),
        ("k", "PK\u{3}\u{4}…".to_owned()),
        ("l", json!({ "Version": "2012-10-17", "Statement": [] }).to_string()),
    ] {
        export.file(name, gzip(content.as_bytes()));
    }
    let ledger = export.read().ledger;
    assert_eq!((ledger.files_found, ledger.files_read), (12, 3));
    assert_eq!(ledger.records.read, 0);
    insta::assert_debug_snapshot!(skipped(&ledger), @r#"
    [
        "digest: a digest file of log file validation (0 recovered)",
        "insight: 1 record passed over (0 recovered)",
        "aggregated: 1 record passed over (0 recovered)",
        "config: an AWS Config file (0 recovered)",
        "flow_logs: VPC flow logs (0 recovered)",
        "load_balancer_logs: load balancer access logs (0 recovered)",
        "not_cloudtrail: notices that log files were delivered, not the files; hint: fetch the objects they name: aws s3 cp s3://BUCKET/KEY . (0 recovered)",
        "empty (0 recovered)",
        "not_cloudtrail (0 recovered)",
        "unsupported_format: a zip archive; hint: unpack it first: unzip FILE -d unpacked (0 recovered)",
        "not_cloudtrail (0 recovered)",
    ]
    "#);
}

#[test]
fn network_activity_is_evidence() {
    let record = with(
        record(1),
        &[
            ("eventType", json!("AwsVpceEvent")),
            ("eventCategory", json!("NetworkActivity")),
            ("errorCode", json!("VpceAccessDenied")),
            ("vpcEndpointId", json!("vpce-0123456789abcdef0")),
            ("vpcEndpointAccountId", json!("444455556666")),
        ],
    );
    let text = record.to_string();
    for form in [
        delivery(std::slice::from_ref(&record)),
        serde_json::to_string_pretty(&record).unwrap(),
        json!({ "Events": [{ "EventId": "1", "CloudTrailEvent": text }] }).to_string(),
        json!({ "events": [{ "message": text }] }).to_string(),
    ] {
        let events = read_bytes(form).events;
        let get = |field| events[0].get(field);
        assert_eq!(get(Field::EventType), Some("AwsVpceEvent"));
        assert_eq!(get(Field::VpcEndpointId), Some("vpce-0123456789abcdef0"));
        assert_eq!(get(Field::VpcEndpointAccountId), Some("444455556666"));
    }
}
