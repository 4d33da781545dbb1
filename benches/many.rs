//! Exports that have very much of one thing: of refused calls, of refused principals, of calls below one
//! root or within one second, of changes of one key.

use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// Midnight of 2026-11-02, in seconds of the epoch.
const BEGIN: u64 = 1_793_577_600;

/// A kind of export: its name, how many it has of what it has much of, and its records.
pub struct Sort {
    pub name: &'static str,
    pub many: usize,
    pub records: fn(usize) -> Vec<Value>,
}

pub const SORTS: &[Sort] = &[
    Sort { name: "one-principal", many: 50_000, records: one_principal },
    Sort { name: "principals", many: 50_000, records: principals },
    Sort { name: "one-root", many: 50_000, records: one_root },
    Sort { name: "assume-role", many: 20_000, records: assume_role },
    Sort { name: "key-policies", many: 10_000, records: key_policies },
    Sort { name: "one-second", many: 100_000, records: one_second },
];

/// Refused calls of one role, each on an object of its own, while another role reads them.
pub fn one_principal(many: usize) -> Vec<Value> {
    let calls = (0..many).flat_map(|n| {
        let object = format!("reports/{n:06}.csv");
        let refused = get_object("nightly", "one", &object, BEGIN + 2 * n as u64).refused();
        let reader = get_object("reader", "two", &object, BEGIN + 2 * n as u64 + 1);
        [Some(refused), (n % 10 == 0).then_some(reader)]
    });
    finish(calls.flatten())
}

/// Roles that are refused one call each; some others succeed.
pub fn principals(many: usize) -> Vec<Value> {
    let calls = (0..many).flat_map(|n| {
        let role = format!("tenant-{n:06}");
        let refused = get_object(&role, "one", "shared/index.json", BEGIN + 2 * n as u64).refused();
        let reader = get_object("reader", "two", "shared/index.json", BEGIN + 2 * n as u64 + 1);
        [Some(refused), (n % 10 == 0).then_some(reader)]
    });
    finish(calls.flatten())
}

/// One run of a job, in whose session very many calls are refused: on queues that it makes, and on such
/// as are there.
pub fn one_root(many: usize) -> Vec<Value> {
    let glue = "glue.amazonaws.com";
    let role = format!("arn:aws:iam::{ACCOUNT}:role/etl");
    let start = Call::new("deploy", "one", glue, "StartJobRun", BEGIN)
        .asks(json!({ "jobName": "etl" }))
        .answers(json!({ "jobRunId": "jr_0a1b2c3d4e5f60718293a4b5c6d7e8f9" }));
    let taken_on = Call::new("", "", "sts.amazonaws.com", "AssumeRole", BEGIN + 2)
        .with("userIdentity", json!({ "type": "AWSService", "invokedBy": glue }))
        .with("sourceIPAddress", json!(glue))
        .asks(json!({ "roleArn": role, "roleSessionName": "GlueJobRunnerSession" }))
        .answers(json!({ "credentials": { "accessKeyId": "ASIAEXAMPLEetl", "sessionToken": "EXAMPLE" } }))
        .on("AWS::IAM::Role", &role);
    let refused = (0..many).map(|n| {
        let queue = format!("etl-{n:06}");
        let resource = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}");
        let (name, asked) = match n % 2 {
            0 => ("CreateQueue", json!({ "queueName": queue })),
            _ => ("TagQueue", json!({ "queueUrl": format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}") })),
        };
        let at = BEGIN + 10 + n as u64 / 50;
        let call = Call::new("etl", "GlueJobRunnerSession", "sqs.amazonaws.com", name, at);
        call.asks(asked).denied(&format!("sqs:{name}"), &resource)
    });
    finish([start, taken_on].into_iter().chain(refused))
}

/// One role taken on very often in one second, and sometimes refused.
pub fn assume_role(many: usize) -> Vec<Value> {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/worker");
    let calls = (0..many).map(|n| {
        let call = Call::new("queue", "one", "sts.amazonaws.com", "AssumeRole", BEGIN);
        let asked = json!({ "roleArn": role, "roleSessionName": format!("job-{n:06}") });
        if n % 1_000 == 999 {
            return call.asks(asked).denied("sts:AssumeRole", &role);
        }
        let access = format!("ASIAEXAMPLE{n:09}");
        let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/worker/job-{n:06}");
        call.asks(asked).answers(json!({
            "credentials": { "accessKeyId": access, "sessionToken": "EXAMPLE" },
            "assumedRoleUser": { "arn": session, "assumedRoleId": format!("AROAEXAMPLEworker:job-{n:06}") },
        }))
    });
    finish(calls)
}

/// One key whose policy is put again and again, and calls on it that are refused in between.
pub fn key_policies(many: usize) -> Vec<Value> {
    let put = |n: usize| {
        let policy = json!({ "Version": "2012-10-17", "Id": format!("v{n}"), "Statement": [
            { "Sid": "Owner", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
              "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:role/security") } },
            { "Sid": "Use", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
              "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:role/reader-{}", n % 7) } },
        ] });
        Call::new("security", "one", "kms.amazonaws.com", "PutKeyPolicy", BEGIN + 10 * n as u64)
            .asks(json!({ "keyId": KEY, "policyName": "default", "policy": policy.to_string() }))
            .on("AWS::KMS::Key", KEY)
    };
    let decrypt = |n: usize, role: &str| {
        let at = BEGIN + 10 * n as u64 + 5;
        Call::new(role, "two", "kms.amazonaws.com", "Decrypt", at)
            .asks(json!({ "encryptionContext": { "order": format!("{n}") } }))
            .on("AWS::KMS::Key", KEY)
    };
    let calls = (0..many).flat_map(|n| {
        let worked = (n % 10 == 3).then(|| decrypt(n, "reader-3"));
        let refused = (n % 10 == 7).then(|| decrypt(n, "app").denied("kms:Decrypt", KEY));
        [Some(put(n)), worked, refused]
    });
    finish(calls.flatten())
}

/// Very many calls of one role in one second, few of which are refused.
pub fn one_second(many: usize) -> Vec<Value> {
    let calls = (0..many).map(|n| {
        let object = format!("reports/{n:06}.csv");
        let call = get_object("nightly", "one", &object, BEGIN);
        if n % 10_000 == 9_999 { call.refused() } else { call }
    });
    finish(calls)
}

fn get_object(role: &str, session: &str, object: &str, at: u64) -> Call {
    let arn = format!("arn:aws:s3:::example-reports/{object}");
    Call::new(role, session, "s3.amazonaws.com", "GetObject", at)
        .asks(json!({ "bucketName": "example-reports", "key": object }))
        .on("AWS::S3::Object", &arn)
}

/// A record in the making.
struct Call {
    record: Value,
    caller: String,
    action: String,
    resource: String,
}

impl Call {
    fn new(role: &str, session: &str, source: &str, name: &str, at: u64) -> Call {
        let caller = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}");
        let service = source.split('.').next().unwrap_or_default();
        let id = format!("AROAEXAMPLE{role}");
        let time = chrono::DateTime::from_timestamp(at as i64, 0).unwrap_or_default();
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole", "principalId": format!("{id}:{session}"), "arn": caller,
                "accountId": ACCOUNT, "accessKeyId": format!("ASIAEXAMPLE{role}"),
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role", "principalId": id, "userName": role, "accountId": ACCOUNT,
                        "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
                    },
                    "attributes": { "creationDate": "2026-11-01T23:30:00Z", "mfaAuthenticated": "false" },
                },
            },
            "eventTime": time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "eventSource": source, "eventName": name, "awsRegion": REGION,
            "sourceIPAddress": "203.0.113.7", "userAgent": "aws-cli/2.31.12",
            "requestParameters": null, "responseElements": null,
            "readOnly": name.starts_with("Get"), "eventType": "AwsApiCall", "managementEvent": true,
            "recipientAccountId": ACCOUNT, "eventCategory": "Management",
        });
        let action = format!("{service}:{name}");
        Call { record, caller, action, resource: String::new() }
    }

    fn with(mut self, field: &str, value: Value) -> Call {
        if let Some(members) = self.record.as_object_mut() {
            members.insert(field.to_owned(), value);
        }
        self
    }

    fn asks(self, parameters: Value) -> Call {
        self.with("requestParameters", parameters)
    }

    fn answers(self, elements: Value) -> Call {
        self.with("responseElements", elements)
    }

    fn on(mut self, kind: &str, arn: &str) -> Call {
        arn.clone_into(&mut self.resource);
        self.with("resources", json!([{ "accountId": ACCOUNT, "type": kind, "ARN": arn }]))
    }

    fn refused(self) -> Call {
        let (action, resource) = (self.action.clone(), self.resource.clone());
        self.denied(&action, &resource)
    }

    fn denied(self, action: &str, resource: &str) -> Call {
        // A denied KMS call shows neither its parameters nor its key but in the text.
        let is_kms = action.starts_with("kms:");
        let policy = if is_kms { "resource-based" } else { "identity-based" };
        let message = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no {policy} policy allows the {action} action",
            self.caller
        );
        let denied =
            self.with("errorCode", json!("AccessDenied")).with("errorMessage", json!(message));
        if is_kms { denied.asks(Value::Null).with("resources", Value::Null) } else { denied }
    }
}

/// Gives every record ids of its own.
fn finish(calls: impl Iterator<Item = Call>) -> Vec<Value> {
    let numbered = calls.enumerate().map(|(n, call)| {
        call.with("requestID", json!(format!("00000000-0000-4000-9000-{n:012x}")))
            .with("eventID", json!(format!("00000000-0000-4000-8000-{n:012x}")))
            .record
    });
    numbered.collect()
}
