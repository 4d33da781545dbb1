//! The same records in every form that tools export them in give the same incidents, through the
//! command line; what has lost too much is refused with what to do instead.

use crate::support::ingest as ingest_support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use assert_cmd::Command;
use flate2::read::MultiGzDecoder;
use ingest_support::gzip;
use serde_json::{Map, Value, json};

type Record = Map<String, Value>;

/// Records around the refused calls of a sample.
fn records(sample: &str) -> Vec<Record> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(sample).join("logs");
    let mut all: Vec<Record> = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in walkdir::WalkDir::new(folder) {
        let path = entry.unwrap().into_path();
        if !path.is_file() {
            continue;
        }
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        let file: Value = serde_json::from_str(&text).unwrap();
        let file = file["Records"].as_array().cloned().unwrap_or_default();
        let records = file.into_iter().map(|record| record.as_object().unwrap().clone());
        all.extend(records.filter(|record| seen.insert(record["eventID"].to_string())));
    }
    all.sort_by_key(|record| (record["eventTime"].to_string(), record["eventID"].to_string()));
    let refused = |record: &Record| {
        let message = record.get("errorMessage").and_then(Value::as_str);
        message.is_some_and(|message| message.contains("not authorized"))
    };
    let failed = |at: usize| all.get(at).is_some_and(refused);
    let near: Vec<bool> =
        (0..all.len()).map(|at| (at.saturating_sub(3)..at + 4).any(failed)).collect();
    let mut near = near.into_iter();
    all.retain(|_| near.next().unwrap());
    all
}

/// Exit status, report and standard error of `analyze` over one file.
fn analyze(content: &[u8], arguments: &[&str]) -> (i32, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("export"), content).unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(&folder).args(["analyze", "export", "--format", "json"]).args(arguments);
    let output = command.output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), report, String::from_utf8(output.stderr).unwrap())
}

fn lines(values: impl IntoIterator<Item = Value>) -> String {
    values.into_iter().map(|value| format!("{value}\n")).collect()
}

/// The names of all members, in their order of coming.
fn columns(records: &[Record]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let names = records.iter().flat_map(|record| record.keys());
    names.filter(|name| seen.insert(name.as_str())).cloned().collect()
}

fn cell(record: &Record, column: &str) -> Value {
    record.get(column).cloned().unwrap_or(Value::Null)
}

/// RFC 4180.
fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let quoted = |cell: &String| match cell.contains(['"', ',', '\n', ';', '\t']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    let line = |row: Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
    rows.into_iter().map(line).collect()
}

/// A table of the records with these columns, each cell made by `write`.
fn table(records: &[Record], write: impl Fn(&str, &Value) -> String) -> String {
    let columns = columns(records);
    let row =
        |record: &Record| columns.iter().map(|name| write(name, &cell(record, name))).collect();
    csv(std::iter::once(columns.clone()).chain(records.iter().map(row)))
}

/// As Python prints a value.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::String(text) => {
            format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(python).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let members = map.iter().map(|(name, v)| format!("'{name}': {}", python(v)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// As a data frame writes a cell.
fn pandas(_: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => python(other),
    }
}

/// As Athena prints a struct.
fn printed(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let members =
                map.iter().map(|(name, v)| format!("{}={}", name.to_lowercase(), printed(v)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(printed).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A cell as SQL engines return it; nothing for nothing.
fn sql(column: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        _ if matches!(column, "userIdentity" | "resources" | "tlsDetails") => Some(printed(value)),
        other => Some(other.to_string()),
    }
}

/// Nested members under joined names.
fn flat(record: &Record, joint: &str, lists: bool) -> Record {
    fn go(path: &str, value: &Value, joint: &str, lists: bool, out: &mut Record) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}{joint}{name}") };
                    go(&path, value, joint, lists, out);
                }
            }
            Value::Array(list) if lists => {
                for (at, value) in list.iter().enumerate() {
                    go(&format!("{path}{joint}{at}"), value, joint, lists, out);
                }
            }
            Value::Null => {}
            other => {
                out.insert(path.to_owned(), other.clone());
            }
        }
    }
    let mut out = Record::new();
    go("", &Value::Object(record.clone()), joint, lists, &mut out);
    out
}

/// `sourceIPAddress` as `source_ip_address`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = 'A';
    for c in name.replace("ID", "Id").replace("IPA", "IpA").chars() {
        if c.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let number =
            chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// What CloudWatch Logs sends to a subscriber.
fn subscription(records: &[Record]) -> String {
    let event = |(at, record): (usize, &Record)| json!({ "id": at.to_string(), "timestamp": 1, "message": json!(record).to_string() });
    let events: Vec<Value> = records.iter().enumerate().map(event).collect();
    let payload = json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "g", "logStream": "s",
        "subscriptionFilters": ["f"], "logEvents": events
    });
    base64(&gzip(payload.to_string().as_bytes()))
}

/// What EventBridge sends of a record.
fn bridged(record: &Record) -> Value {
    json!({
        "version": "0", "id": "i", "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2", "account": "111122223333", "time": record["eventTime"],
        "region": "eu-west-1", "resources": [], "detail": record
    })
}

/// A row of Microsoft Sentinel's table AWSCloudTrail.
fn sentinel(record: &Record) -> Vec<(String, Value)> {
    let record = json!(record);
    let identity = &record["userIdentity"];
    let session = &identity["sessionContext"];
    let issuer = &session["sessionIssuer"];
    let text = |value: &Value| match value {
        Value::Null => Value::Null,
        other => json!(other.to_string()),
    };
    [
        ("TenantId", json!("t")),
        ("SourceSystem", json!("Sentinel")),
        ("AwsEventId", record["eventID"].clone()),
        ("EventVersion", record["eventVersion"].clone()),
        ("EventSource", record["eventSource"].clone()),
        ("EventTypeName", record["eventType"].clone()),
        ("EventName", record["eventName"].clone()),
        ("UserIdentityType", identity["type"].clone()),
        ("UserIdentityPrincipalid", identity["principalId"].clone()),
        ("UserIdentityArn", identity["arn"].clone()),
        ("UserIdentityAccountId", identity["accountId"].clone()),
        ("UserIdentityInvokedBy", identity["invokedBy"].clone()),
        ("UserIdentityAccessKeyId", identity["accessKeyId"].clone()),
        ("UserIdentityUserName", identity["userName"].clone()),
        ("SessionMfaAuthenticated", session["attributes"]["mfaAuthenticated"].clone()),
        ("SessionCreationDate", session["attributes"]["creationDate"].clone()),
        ("SessionIssuerType", issuer["type"].clone()),
        ("SessionIssuerPrincipalId", issuer["principalId"].clone()),
        ("SessionIssuerArn", issuer["arn"].clone()),
        ("SessionIssuerAccountId", issuer["accountId"].clone()),
        ("SessionIssuerUserName", issuer["userName"].clone()),
        ("AWSRegion", record["awsRegion"].clone()),
        ("SourceIpAddress", record["sourceIPAddress"].clone()),
        ("UserAgent", record["userAgent"].clone()),
        ("ErrorCode", record["errorCode"].clone()),
        ("ErrorMessage", record["errorMessage"].clone()),
        ("RequestParameters", text(&record["requestParameters"])),
        ("ResponseElements", text(&record["responseElements"])),
        ("AdditionalEventData", text(&record["additionalEventData"])),
        ("AwsRequestId_", record["requestID"].clone()),
        ("Resources", text(&record["resources"])),
        ("ReadOnly", record["readOnly"].clone()),
        ("RecipientAccountId", record["recipientAccountId"].clone()),
        ("SharedEventId", record["sharedEventID"].clone()),
        ("VpcEndpointId", record["vpcEndpointId"].clone()),
        ("ManagementEvent", record["managementEvent"].clone()),
        ("OperationName", json!("CloudTrail")),
        ("TimeGenerated", record["eventTime"].clone()),
        ("Type", json!("AWSCloudTrail")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `2026-09-14T07:00:21Z` as Azure's portal writes it.
fn as_read_by_people(time: &str) -> String {
    let number = |at: std::ops::Range<usize>| time[at].parse::<u32>().unwrap();
    let (hour, half) = (number(11..13), if number(11..13) < 12 { "AM" } else { "PM" });
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    let (month, day) = (number(5..7), number(8..10));
    format!("{month}/{day}/{}, {hour}:{}.000 {half}", &time[..4], &time[14..19])
}

/// A document of Elastic's data stream `aws.cloudtrail`, without the original.
fn elastic(record: &Record) -> Value {
    let r = json!(record);
    let (identity, session) = (&r["userIdentity"], &r["userIdentity"]["sessionContext"]);
    let issuer = &session["sessionIssuer"];
    let resource = |resource: &Value| json!({ "arn": resource["ARN"], "account_id": resource["accountId"], "type": resource["type"] });
    let resources =
        r["resources"].as_array().map(|list| list.iter().map(resource).collect::<Vec<_>>());
    json!({
        "@timestamp": r["eventTime"],
        "event": { "id": r["eventID"], "action": r["eventName"], "provider": r["eventSource"] },
        "cloud": { "region": r["awsRegion"], "account": { "id": identity["accountId"] } },
        "source": { "address": r["sourceIPAddress"] },
        "user": { "id": identity["principalId"], "name": identity["userName"] },
        "user_agent": { "original": r["userAgent"] },
        "aws": { "cloudtrail": {
            "event_version": r["eventVersion"], "event_type": r["eventType"],
            "event_category": r["eventCategory"], "error_code": r["errorCode"],
            "error_message": r["errorMessage"], "request_id": r["requestID"],
            "read_only": r["readOnly"], "management_event": r["managementEvent"],
            "recipient_account_id": r["recipientAccountId"], "shared_event_id": r["sharedEventID"],
            "vpc_endpoint_id": r["vpcEndpointId"], "resources": resources,
            "flattened": {
                "request_parameters": r["requestParameters"],
                "response_elements": r["responseElements"],
                "additional_eventdata": r["additionalEventData"]
            },
            "user_identity": {
                "type": identity["type"], "arn": identity["arn"],
                "access_key_id": identity["accessKeyId"], "invoked_by": identity["invokedBy"],
                "session_context": {
                    "creation_date": session["attributes"]["creationDate"],
                    "mfa_authenticated": session["attributes"]["mfaAuthenticated"],
                    "session_issuer": {
                        "type": issuer["type"], "principal_id": issuer["principalId"],
                        "arn": issuer["arn"], "account_id": issuer["accountId"]
                    }
                }
            }
        } }
    })
}

/// Rows that are records under the names of data frames: what `to_json` makes of them, by `orient`.
fn frames(name: &str, rows: &[Record]) -> Vec<(String, String)> {
    let columns = columns(rows);
    let numbers = || (0..rows.len()).map(|at| at.to_string());
    let whole = |row: &Record| -> Record {
        columns.iter().map(|name| (name.clone(), cell(row, name))).collect()
    };
    let by_number: Record = numbers().zip(rows.iter().map(|row| json!(whole(row)))).collect();
    let column = |name: &String| -> Record {
        numbers().zip(rows.iter().map(|row| cell(row, name))).collect()
    };
    let on_side: Record = columns.iter().map(|name| (name.clone(), json!(column(name)))).collect();
    let listed: Record = columns
        .iter()
        .map(|name| (name.clone(), rows.iter().map(|row| cell(row, name)).collect()))
        .collect();
    let cells = |row: &Record| columns.iter().map(|name| cell(row, name)).collect::<Value>();
    let fields: Vec<Value> =
        columns.iter().map(|name| json!({ "name": name, "type": "string" })).collect();
    let numbered = |(at, row): (usize, &Record)| {
        let mut row = whole(row);
        row.shift_insert(0, "index".to_owned(), json!(at));
        json!(row)
    };
    let slashes = |value: Value| value.to_string().replace('/', "\\/");
    [
        ("index", slashes(json!(by_number))),
        ("columns", slashes(json!(on_side))),
        (
            "split",
            slashes(json!({ "columns": columns, "index": numbers().collect::<Vec<_>>(), "data": rows.iter().map(cells).collect::<Vec<_>>() })),
        ),
        ("records", slashes(rows.iter().map(|row| json!(whole(row))).collect())),
        ("lines", lines(rows.iter().map(|row| json!(whole(row)))).replace('/', "\\/")),
        (
            "table",
            slashes(json!({ "schema": { "fields": fields, "pandas_version": "1.4.0" }, "data": rows.iter().enumerate().map(numbered).collect::<Vec<_>>() })),
        ),
        ("to_dict list", json!(listed).to_string()),
        ("CSV", table(rows, pandas)),
    ]
    .map(|(orient, content)| (format!("{name} {orient}"), content))
    .into()
}

/// Every form, with what it makes of the records.
fn forms(records: &[Record]) -> Vec<(String, String)> {
    let texts: Vec<String> = records.iter().map(|record| json!(record).to_string()).collect();
    let names = columns(records);
    let normal: Vec<Record> = records.iter().map(|record| flat(record, ".", false)).collect();
    let under: Vec<Record> = records.iter().map(|record| flat(record, "_", true)).collect();
    let dotted: Vec<Record> = records.iter().map(|record| flat(record, ".", true)).collect();
    let run_together: Vec<Record> = records
        .iter()
        .map(|record| {
            let mut row = record.clone();
            let identity = row.remove("userIdentity").unwrap();
            let flat = flat(&Record::from_iter([("userIdentity".to_owned(), identity)]), "", false);
            row.into_iter().chain(flat).collect()
        })
        .collect();
    let mut forms = frames("pandas", records);
    forms.extend(frames("pandas json_normalize", &normal));
    let mut more = |name: &str, content: String| forms.push((name.to_owned(), content));

    more("pandas of the file", json!({ "Records": records.iter().enumerate().map(|(at, r)| (at.to_string(), json!(r))).collect::<Record>() }).to_string());
    more(
        "pandas by id",
        json!(records.iter().map(|r| (text(&r["eventID"]), json!(r))).collect::<Record>())
            .to_string(),
    );
    more("flattened with underscores", lines(under.into_iter().map(|row| json!(row))));
    more("names run together", table(&run_together, pandas));
    let strings =
        |row: &Record| -> Record { row.iter().map(|(n, v)| (n.clone(), json!(text(v)))).collect() };
    more(
        "Splunk fields",
        lines(dotted.iter().map(|row| json!({ "preview": false, "result": strings(row) }))),
    );
    more(
        "Splunk multivalue",
        lines(records.iter().map(|record| {
            let mut row = flat(record, ".", false);
            if let Some(Value::Array(list)) = row.remove("resources") {
                for name in ["ARN", "accountId", "type"] {
                    let values: Vec<Value> = list.iter().map(|r| r[name].clone()).collect();
                    row.insert(format!("resources{{}}.{name}"), json!(values));
                }
            }
            json!({ "preview": false, "result": row })
        })),
    );

    let steampipe = |record: &Record, event: Value| {
        json!({
            "log_group_name": "g", "event_name": record["eventName"],
            "event_source": record["eventSource"], "event_time": record["eventTime"],
            "username": "u", "cloudtrail_event": event
        })
    };
    more("Steampipe", json!({
        "columns": [{ "name": "event_name", "data_type": "text" }, { "name": "cloudtrail_event", "data_type": "jsonb" }],
        "rows": records.iter().map(|r| steampipe(r, json!(r))).collect::<Vec<_>>()
    }).to_string());
    more(
        "Steampipe, text",
        records
            .iter()
            .zip(&texts)
            .map(|(r, t)| steampipe(r, json!(t)))
            .collect::<Value>()
            .to_string(),
    );
    more(
        "Steampipe CSV",
        csv(std::iter::once(vec!["event_name".to_owned(), "cloudtrail_event".to_owned()]).chain(
            records.iter().zip(&texts).map(|(r, t)| vec![text(&r["eventName"]), t.clone()]),
        )),
    );
    more("Steampipe columns", json!({ "rows": records.iter().map(|r| r.iter().map(|(n, v)| (snake(n), v.clone())).collect::<Record>()).collect::<Vec<_>>() }).to_string());

    let payload = subscription(records);
    let body = |text: &str| base64(text.as_bytes());
    more("Lambda awslogs", json!({ "awslogs": { "data": payload } }).to_string());
    more("Lambda Kinesis", json!({ "Records": [{
        "kinesis": { "partitionKey": "p", "data": payload }, "eventSource": "aws:kinesis",
        "eventID": "shardId-0:1", "eventName": "aws:kinesis:record", "awsRegion": "eu-west-1", "eventVersion": "1.0"
    }] }).to_string());
    more(
        "Kinesis get-records",
        json!({ "Records": [{ "SequenceNumber": "1", "Data": payload, "PartitionKey": "p" }] })
            .to_string(),
    );
    more(
        "Firehose transformation",
        json!({ "invocationId": "i", "records": [{ "recordId": "1", "data": payload }] })
            .to_string(),
    );
    more("Lambda Kafka", json!({ "eventSource": "aws:kafka", "records": { "t-0": texts.iter().map(|t| json!({ "topic": "t", "value": body(t) })).collect::<Vec<_>>() } }).to_string());
    let queued = |inner: String| json!({ "messageId": "m", "body": inner, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:q", "awsRegion": "eu-west-1" });
    more("Lambda SQS", json!({ "Records": records.iter().map(|r| queued(bridged(r).to_string())).collect::<Vec<_>>() }).to_string());
    let notice = |r: &Record| json!({ "Type": "Notification", "Message": bridged(r).to_string() });
    more("SQS receive-message", json!({ "Messages": records.iter().map(|r| json!({ "MessageId": "m", "Body": notice(r).to_string() })).collect::<Vec<_>>() }).to_string());
    more("Lambda SNS", json!({ "Records": records.iter().map(|r| json!({ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": notice(r) })).collect::<Vec<_>>() }).to_string());

    let athena =
        |value: Option<String>| value.map_or(json!({}), |value| json!({ "VarCharValue": value }));
    let header =
        names.iter().map(|name| json!({ "VarCharValue": name.to_lowercase() })).collect::<Vec<_>>();
    let row = |r: &Record| json!({ "Data": names.iter().map(|n| athena(sql(n, &cell(r, n)))).collect::<Vec<_>>() });
    more("Athena get-query-results", json!({ "UpdateCount": 0, "ResultSet": {
        "Rows": std::iter::once(json!({ "Data": header })).chain(records.iter().map(row)).collect::<Vec<_>>(),
        "ResultSetMetadata": { "ColumnInfo": [] }
    } }).to_string());
    let values = |r: &Record| names.iter().map(|n| json!(sql(n, &cell(r, n)))).collect::<Value>();
    more("BigQuery", json!({
        "schema": { "fields": names.iter().map(|n| json!({ "name": n })).collect::<Vec<_>>() }, "totalRows": "1",
        "rows": records.iter().map(|r| json!({ "f": names.iter().map(|n| json!({ "v": sql(n, &cell(r, n)) })).collect::<Vec<_>>() })).collect::<Vec<_>>()
    }).to_string());
    more("Snowflake", json!({
        "resultSetMetaData": { "numRows": 1, "rowType": names.iter().map(|n| json!({ "name": snake(n).to_uppercase() })).collect::<Vec<_>>() },
        "data": records.iter().map(values).collect::<Vec<_>>()
    }).to_string());
    more(
        "Snowflake variant",
        texts.iter().map(|t| json!({ "V": t })).collect::<Value>().to_string(),
    );
    more(
        "CSV with a column of records",
        csv(std::iter::once(vec!["n".to_owned(), "v".to_owned()])
            .chain(texts.iter().enumerate().map(|(at, t)| vec![at.to_string(), t.clone()]))),
    );
    more(
        "rows below a header",
        std::iter::once(json!(names))
            .chain(records.iter().map(|r| names.iter().map(|n| cell(r, n)).collect()))
            .collect::<Value>()
            .to_string(),
    );

    let fields = |row: &Record| {
        row.iter().map(|(n, v)| json!({ "field": n, "value": text(v) })).collect::<Value>()
    };
    more(
        "Insights, chosen fields",
        json!({ "results": dotted.iter().map(fields).collect::<Vec<_>>(), "status": "Complete" })
            .to_string(),
    );
    let timed = |row: &Record| {
        let mut row = row.clone();
        let time = text(&row.remove("eventTime").unwrap()).replace('T', " ").replace('Z', ".000");
        row.insert("@timestamp".to_owned(), json!(time));
        fields(&row)
    };
    more("Insights, @timestamp", dotted.iter().map(timed).collect::<Value>().to_string());

    let rows: Vec<_> = records.iter().map(sentinel).collect();
    let head: Vec<String> = rows[0].iter().map(|(name, _)| name.clone()).collect();
    let cells = |row: &Vec<(String, Value)>| row.iter().map(|(_, v)| text(v)).collect::<Vec<_>>();
    more("Sentinel CSV", csv(std::iter::once(head.clone()).chain(rows.iter().map(cells))));
    let time = head.iter().position(|name| name == "TimeGenerated").unwrap();
    let portal = |row: &Vec<(String, Value)>| {
        let mut row = cells(row);
        row[time] = as_read_by_people(&row[time]);
        row
    };
    let mut portal_head = head.clone();
    portal_head[time] = "TimeGenerated [UTC]".to_owned();
    more(
        "Sentinel CSV of the portal",
        format!("\u{feff}{}", csv(std::iter::once(portal_head).chain(rows.iter().map(portal)))),
    );
    more("Azure Monitor Logs API", json!({ "tables": [{
        "name": "PrimaryResult", "columns": head.iter().map(|n| json!({ "name": n, "type": "string" })).collect::<Vec<_>>(),
        "rows": rows.iter().map(|row| row.iter().map(|(_, v)| v.clone()).collect::<Value>()).collect::<Vec<_>>()
    }] }).to_string());

    let stashed = |record: &Record| {
        let mut record = record.clone();
        let time = record.remove("eventTime").unwrap();
        record.insert("@timestamp".to_owned(), time);
        record.insert("@version".to_owned(), json!("1"));
        json!(record)
    };
    more("Logstash", lines(records.iter().map(stashed)));
    more("Logstash hits", json!({ "hits": { "hits": records.iter().map(|r| json!({ "_source": stashed(r) })).collect::<Vec<_>>() } }).to_string());
    more("Elastic", lines(records.iter().map(elastic)));
    let flattened: Vec<Record> =
        records.iter().map(|r| flat(elastic(r).as_object().unwrap(), ".", true)).collect();
    more(
        "Elastic, flattened",
        flattened.iter().map(|row| json!({ "_source": row })).collect::<Value>().to_string(),
    );
    more(
        "Kibana CSV",
        table(&flattened, |_, value| match value {
            Value::Null => "-".to_owned(),
            other => text(other),
        }),
    );
    more("Datadog", json!({ "data": records.iter().map(|r| json!({ "type": "log", "attributes": { "service": "cloudtrail", "attributes": r } })).collect::<Vec<_>>() }).to_string());
    forms
}

/// What was found: which calls, by whom, why they failed and what helps. Of what is compared and what is
/// evidence a form may keep less, or the members of a request in another order.
fn found(report: &Value) -> Vec<Value> {
    let step = |step: &Value| json!([step["event_id"], step["action"], step["principal_arn"]]);
    let incident = |incident: &Value| {
        let chain: Vec<Value> = incident["chain"].as_array().unwrap().iter().map(step).collect();
        let fixes = incident["fixes"].as_array().unwrap().iter().map(|fix| fix["title"].clone());
        json!([
            [incident["id"], incident["kind"], incident["count"], incident["title"]],
            [incident["signatures"], incident["change"]],
            chain,
            incident["denied"],
            [incident["verdict"]["layer"], incident["verdict"]["certainty"]],
            fixes.collect::<Vec<_>>(),
        ])
    };
    report["incidents"].as_array().into_iter().flatten().map(incident).collect()
}

#[test]
fn every_form_of_an_export_gives_the_same_incidents() {
    for sample in ["1-ebs-source-ip", "3-backup-vault-key"] {
        let records = records(sample);
        let (_, plain, _) = analyze(json!({ "Records": records }).to_string().as_bytes(), &[]);
        assert!(!plain["incidents"].as_array().unwrap().is_empty(), "{sample}");
        let mut wrong = Vec::new();
        for (form, content) in forms(&records) {
            let (_, report, said) = analyze(content.as_bytes(), &[]);
            let events = &report["coverage"]["events"];
            if found(&report) != found(&plain) || *events != plain["coverage"]["events"] {
                wrong.push(format!("{form}: {events} {said}"));
            }
        }
        assert!(wrong.is_empty(), "{sample}:\n{}", wrong.join("\n"));
    }
}

/// What has lost too much, or is something else, and the word that says what to do.
#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let records = records("1-ebs-source-ip");
    let row = |r: &Record| json!([{ "field": "@timestamp", "value": r["eventTime"] }, { "field": "eventName", "value": r["eventName"] }, { "field": "eventSource", "value": r["eventSource"] }]);
    let some = |names: &[&str]| {
        csv(std::iter::once(names.iter().map(|n| (*n).to_owned()).collect())
            .chain(records.iter().map(|r| names.iter().map(|n| text(&cell(r, n))).collect())))
    };
    let names = columns(&records);
    let delivery =
        json!({ "s3Bucket": "b", "s3ObjectKey": ["AWSLogs/111122223333/CloudTrail/x.json.gz"] });
    let created = json!({ "Records": [{ "eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": "2026-05-18T05:47:50Z", "eventName": "ObjectCreated:Put", "s3": { "object": { "key": "k" } } }] });
    for (form, content, word) in [
        ("topic's delivery notice", json!({ "Type": "Notification", "Message": delivery.to_string() }).to_string(), "aws s3 cp"),
        ("queue's delivery notice", json!({ "Messages": [{ "Body": created.to_string() }] }).to_string(), "aws s3 cp"),
        ("bucket's notice", created.to_string(), "aws s3 cp"),
        ("EventBridge's notice", json!({ "detail-type": "Object Created", "source": "aws.s3", "detail": { "bucket": { "name": "b" }, "object": { "key": "k" }, "requester": "r" } }).to_string(), "aws s3 cp"),
        ("rows without names", records.iter().map(|r| names.iter().map(|n| cell(r, n)).collect::<Value>()).collect::<Value>().to_string(), "CSV with a header"),
        ("Redshift Data API", json!({ "Records": records.iter().map(|r| names.iter().map(|n| json!({ "stringValue": text(&cell(r, n)) })).collect::<Value>()).collect::<Vec<_>>(), "ColumnMetadata": [] }).to_string(), "CSV with a header"),
        ("Insights, few fields", records.iter().map(row).collect::<Value>().to_string(), "export whole records"),
        ("lookup-events without the event", json!({ "Events": records.iter().map(|r| json!({ "EventId": r["eventID"], "EventName": r["eventName"], "EventTime": r["eventTime"], "EventSource": r["eventSource"], "Username": "u" })).collect::<Vec<_>>() }).to_string(), "export whole records"),
        ("few columns", some(&["eventName", "errorCode", "awsRegion"]), "eventTime, eventSource, userIdentity"),
        ("no caller", some(&["eventTime", "eventName", "eventSource", "errorCode"]), "who called"),
        ("workbook", "PK\u{3}\u{4}..........................[Content_Types].xml".to_owned(), "save the sheet as CSV"),
    ] {
        let (status, report, said) = analyze(content.as_bytes(), &["--quiet"]);
        assert_eq!((status, &report), (2, &Value::Null), "{form}: {said}");
        assert!(said.contains(word), "{form}: {said}");
    }
}

#[test]
fn records_without_a_caller_are_said_to_be() {
    let mut records = records("1-ebs-source-ip");
    records.iter_mut().take(7).for_each(|record| {
        record.remove("userIdentity");
    });
    let (_, report, _) = analyze(json!({ "Records": records }).to_string().as_bytes(), &[]);
    assert_eq!(report["coverage"]["events"]["kept"], records.len());
    let spots = report["coverage"]["blind_spots"].as_array().unwrap();
    let spot = spots.iter().find(|spot| spot["kind"] == "callers_missing").unwrap();
    assert!(spot["detail"].as_str().unwrap().starts_with("7 records do not say who called"));
}

#[test]
fn what_is_mostly_malformed_is_no_basis_for_finding_nothing() {
    let good: Vec<Value> = (1..=10).map(|id| with_no_error(ingest_support::record(id))).collect();
    let file = |broken: usize, good: &[Value]| {
        let broken =
            (0..broken).map(|at| json!({ "eventVersion": "1.11", "eventName": at.to_string() }));
        json!({ "Records": broken.chain(good.iter().cloned()).collect::<Vec<_>>() }).to_string()
    };
    for (broken, want) in [(0, 0), (10, 0), (11, 2)] {
        let (status, _, said) = analyze(file(broken, &good).as_bytes(), &[]);
        assert_eq!(status, want, "{broken}: {said}");
        assert_eq!(said.contains("11 of 21 records could not be understood"), want == 2, "{said}");
    }
    // With an incident there is something to say.
    let refused = [ingest_support::record(1)];
    assert_eq!(analyze(file(10, &refused).as_bytes(), &[]).0, 1);
}

fn with_no_error(record: Value) -> Value {
    ingest_support::with(record, &[("errorCode", Value::Null), ("errorMessage", Value::Null)])
}

#[test]
fn nothing_in_the_range_asked_for_is_said() {
    let records = records("1-ebs-source-ip");
    let content = json!({ "Records": records }).to_string();
    let ends = records.first().zip(records.last()).unwrap();
    let (first, last) = (text(&ends.0["eventTime"]), text(&ends.1["eventTime"]));
    let span = format!("from {first} to {last}");
    for arguments in
        [["--since", "2030-01-01"], ["--until", "2020-01-01"], ["--account", "444455556666"]]
    {
        for format in ["terminal", "markdown", "json", "html"] {
            let arguments = [&arguments[..], &["--format", format, "--lang", "en"]].concat();
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("export"), &content).unwrap();
            let mut command = Command::cargo_bin("trailwhy").unwrap();
            command.current_dir(&folder).args(["analyze", "export"]).args(&arguments);
            let output = command.output().unwrap();
            let (out, err) = (
                String::from_utf8(output.stdout).unwrap(),
                String::from_utf8(output.stderr).unwrap(),
            );
            assert_eq!(output.status.code(), Some(0), "{arguments:?} {err}");
            assert!(err.contains(&span), "{arguments:?} {err}");
            assert!(err.contains(&format!("{} ", records.len())), "{arguments:?} {err}");
            assert!(!out.to_lowercase().contains("no incident"), "{arguments:?} {out}");
            assert!(out.contains("nothing_in_range") || format == "html", "{arguments:?} {out}");
        }
    }
    // By their names alone.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/1-ebs-source-ip/logs");
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    let output =
        command.arg("analyze").arg(sample).args(["--since", "2030-01-01"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no file is in what was asked for"), "{said}");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_read_only_as_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
        let mut command = Command::cargo_bin("trailwhy").unwrap();
        let output = command.current_dir(&folder).arg("analyze").arg(path).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("neither a file nor a folder\nhint: hand it over on standard input"),
            "{said}"
        );
    }
    let content = json!({ "Records": records("1-ebs-source-ip") }).to_string();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(&folder).args(["analyze", "-"]).write_stdin(content).assert().code(1);
    // Inside a folder they are passed over.
    fs::write(
        folder.path().join("log"),
        json!({ "Records": records("1-ebs-source-ip") }).to_string(),
    )
    .unwrap();
    let mut command = Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(&folder).args(["analyze", "."]).assert().code(1);
}

#[test]
fn a_value_above_the_cap_is_called_what_it_is() {
    let good = json!(records("1-ebs-source-ip")).to_string();
    let huge = "x".repeat(66 << 20);
    for content in [
        format!("{{\"Records\":[{{\"eventVersion\":\"{huge}\"}},{}", &good[1..]),
        format!("eventTime,eventName,eventSource,userIdentity\n\"{huge}"),
    ] {
        let (status, _, said) = analyze(content.as_bytes(), &[]);
        assert!(
            said.contains("more than 64 MB in one value, which no record takes; hint:"),
            "{said}"
        );
        assert!(matches!(status, 1 | 2), "{said}");
    }
}
