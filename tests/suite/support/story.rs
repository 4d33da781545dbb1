//! From a compact story to the records of a trail: calls with the calls services made for them,
//! before a change, the change itself, and after it.
//!
//! A call: `do` (service and event), `by` (who, see [`Caller`]), `session`, `key`, `via` (the service
//! that forwards it) or `as_role` (a role that the service of `via` or `issued_to` took on for it),
//! `request`, `response`, `then` (calls made for it), `after` (seconds later), `once`, `times` and
//! `every` (how often within the hour), `agent`, `console`, `ip`, `vpce`, `region`, `account`,
//! `label` (a name for expectations), `record` (members of the record word for word, null for none).
//! It fails by `denied` (why, in AWS's grammar) or by `error` and `message` word for word; `refused`
//! makes such an error a refusal. `#` stands for the number of the run.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub const ACCOUNT: &str = "111122223333";
pub const OTHER: &str = "444455556666";
pub const REGION: &str = "eu-west-1";
const PROVIDER: &str = "tokens.ci.example";

/// Stand-ins that stories use, and what they stand for.
pub fn expanded(text: &str) -> String {
    let key = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-1111-4222-8333-444455556666");
    let other = format!("arn:aws:kms:{REGION}:{OTHER}:key/9f8e7d6c-2222-4333-8444-555566667777");
    let second = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/5e5e5e5e-3333-4444-8555-666677778888");
    let endpoint = "vpce-0a1b2c3d4e5f60718";
    [
        ("$KEY2", second.as_str()),
        ("$KEYB", &other),
        ("$KEY", &key),
        ("$VPCE", endpoint),
        ("$A", ACCOUNT),
        ("$B", OTHER),
        ("$R", REGION),
    ]
    .iter()
    .fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
}

/// The records of a story, and the ids of its denied calls, of the calls with a label and of the change.
#[derive(Debug, Default)]
pub struct Trail {
    pub records: Vec<Value>,
    pub denied: Vec<String>,
    pub roots: Vec<String>,
    pub change: Option<String>,
    pub labels: BTreeMap<String, Vec<String>>,
    next: u64,
}

/// Hours at which what works and what fails happens.
const BEFORE: [u64; 3] = [1, 2, 3];
const CHANGE: u64 = 4;
const AFTER: [u64; 3] = [5, 6, 7];

impl Trail {
    pub fn of(story: &Value) -> Trail {
        let mut trail = Trail::default();
        for (number, hour) in BEFORE.iter().enumerate() {
            trail.spell(&story["before"], number, *hour, false);
        }
        if let Some(change) = story.get("change") {
            let id = trail.call(change, None, 0, CHANGE * 3600);
            trail.change = Some(id);
        }
        for (number, hour) in AFTER.iter().enumerate() {
            trail.spell(&story["after"], number + BEFORE.len(), *hour, true);
        }
        for (number, hour) in BEFORE.iter().chain(&AFTER).enumerate() {
            trail.spell(&story["always"], number, *hour, false);
        }
        for call in story["calls"].as_array().into_iter().flatten() {
            trail.timed(call);
        }
        trail
    }

    /// Adds a call at the second `at`, and again `times` times `every` so many seconds.
    fn timed(&mut self, call: &Value) {
        let number = |member: &str| call.get(member).and_then(Value::as_u64);
        for time in 0..number("times").unwrap_or(1) {
            let second = number("at").unwrap() + time * number("every").unwrap_or(0);
            let first = number("from").unwrap_or(0) + time;
            let id = self.call(call, None, usize::try_from(first).unwrap(), second);
            if call["ghost"] == true {
                self.roots.push(id);
            }
        }
    }

    /// One hour's calls: `once` keeps a call to the first hour of its kind, `times` and `every` repeat
    /// it within the hour.
    fn spell(&mut self, calls: &Value, number: usize, hour: u64, after: bool) {
        let first = hour == BEFORE[0] || hour == AFTER[0];
        for (place, call) in calls.as_array().into_iter().flatten().enumerate() {
            if call["once"] == true && !first {
                continue;
            }
            let second = hour * 3600 + 120 * place as u64 + if after { 0 } else { 600 };
            let times = call["times"].as_u64().unwrap_or(1);
            for turn in 0..times {
                let later = turn * call["every"].as_u64().unwrap_or(60);
                let number =
                    number * usize::try_from(times).unwrap() + usize::try_from(turn).unwrap();
                let id = self.call(call, None, number, second + later);
                if after {
                    self.roots.push(id);
                }
            }
        }
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("{:08x}-5a5a-4b4b-8c8c-{:012x}", self.next, self.next * 7919)
    }

    /// Adds a call and those below it; answers the id of the call.
    fn call(&mut self, call: &Value, above: Option<&Value>, number: usize, second: u64) -> String {
        let text = call.to_string().replace('#', &number.to_string());
        let mut call: Value = serde_json::from_str(&text).unwrap();
        if let Some(above) = above {
            for member in ["by", "session"] {
                if call.get(member).is_none() {
                    call[member] = above[member].clone();
                }
            }
        }
        let own = self.id();
        let id = call["record"]["eventID"].as_str().map_or(own, str::to_owned);
        if let Some(role) = call.get("as_role").and_then(Value::as_str).map(str::to_owned) {
            let key = format!("ASIAROLE{:012}", self.next);
            let session = call.get("session").and_then(Value::as_str).unwrap_or("run").to_owned();
            let taker = if call["via"].is_string() { "via" } else { "issued_to" };
            let issue = json!({
                "do": "sts:AssumeRole", "by": format!("service:{}", text_of(&call, taker)),
                "request": {"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "roleSessionName": session},
                "response": {"credentials": {"accessKeyId": key},
                    "assumedRoleUser": {"arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"),
                        "assumedRoleId": format!("{}:{session}", unique_id(&role))}},
            });
            let issued = self.id();
            self.records.push(record(&issue, &issued, second));
            self.labels.entry("session".into()).or_default().push(issued);
            call["by"] = json!(role);
            call["key"] = json!(key);
        }
        let offset = call.get("after").and_then(Value::as_u64).unwrap_or(0);
        self.records.push(record(&call, &id, second + offset));
        let refused = call.get("denied").is_some() || call["refused"] == true;
        if refused && call.get("consequence").is_none() {
            self.denied.push(id.clone());
        }
        if let Some(label) = call["label"].as_str() {
            self.labels.entry(label.to_owned()).or_default().push(id.clone());
        }
        for (place, child) in call["then"].as_array().into_iter().flatten().enumerate() {
            self.call(child, Some(&call), number, second + offset + place as u64);
        }
        id
    }
}

fn text_of<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// A unique id made of a role's name.
pub fn unique_id(role: &str) -> String {
    let letters: String = role.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("AROA{:X<17}", letters.to_uppercase().chars().take(17).collect::<String>())
}

/// `service:HOST`, `web:SUBJECT`, `user:NAME`, `slr:HOST/NAME`, `root`, `NAME@ACCOUNT` or a role's name.
struct Caller {
    identity: Value,
    arn: String,
    account: String,
}

fn caller(call: &Value) -> Caller {
    let by = text_of(call, "by");
    let via = call.get("via").and_then(Value::as_str);
    let (name, account) = by.split_once('@').unwrap_or((by, ACCOUNT));
    if let Some(host) = name.strip_prefix("service:") {
        return Caller {
            identity: json!({"type": "AWSService", "invokedBy": host}),
            arn: host.to_owned(),
            account: account.to_owned(),
        };
    }
    if name == "anonymous" {
        return Caller {
            identity: json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}),
            arn: "anonymous".into(),
            account: account.to_owned(),
        };
    }
    if let Some(subject) = name.strip_prefix("web:") {
        let provider = format!("arn:aws:iam::{account}:oidc-provider/{PROVIDER}");
        return Caller {
            identity: json!({"type": "WebIdentityUser", "userName": subject, "identityProvider": provider,
                "principalId": format!("{provider}:sts.amazonaws.com:{subject}")}),
            arn: subject.to_owned(),
            account: account.to_owned(),
        };
    }
    if name == "root" {
        let arn = format!("arn:aws:iam::{account}:root");
        let identity = json!({"type": "Root", "principalId": account, "arn": arn, "accountId": account,
            "accessKeyId": "ASIAROOTEXAMPLE00001"});
        return Caller { identity, arn, account: account.to_owned() };
    }
    let long_term = via.is_none();
    let (mut identity, arn) = if let Some(user) = name.strip_prefix("user:") {
        let arn = format!("arn:aws:iam::{account}:user/{user}");
        let key = if long_term { "AKIAUSEREXAMPLE00001" } else { "ASIAFORWARDED0000001" };
        (
            json!({"type": "IAMUser", "principalId": format!("AIDA{:X<17}", user.to_uppercase()), "arn": arn,
            "accountId": account, "accessKeyId": key, "userName": user}),
            arn,
        )
    } else {
        let (path, role) = match name.strip_prefix("slr:").and_then(|n| n.split_once('/')) {
            Some((host, role)) => (format!("aws-service-role/{host}/"), role),
            None => (String::new(), name),
        };
        let session = call.get("session").and_then(Value::as_str).unwrap_or("run");
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
        let key = call.get("key").and_then(Value::as_str).map_or_else(
            || format!("ASIA{}EXAMPLE01", if long_term { "DIRECT" } else { "FORWRD" }),
            str::to_owned,
        );
        let mut attributes = Map::new();
        attributes.insert("creationDate".into(), json!("2026-05-04T00:30:00Z"));
        attributes.insert(
            "mfaAuthenticated".into(),
            json!(if call["mfa"] == true { "true" } else { "false" }),
        );
        let id = call.get("id").and_then(Value::as_str);
        let id = id.map_or_else(|| unique_id(role), str::to_owned);
        (
            json!({"type": "AssumedRole", "principalId": format!("{id}:{session}"), "arn": arn, "accountId": account,
            "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": id, "accountId": account, "userName": role,
                    "arn": format!("arn:aws:iam::{account}:role/{path}{role}")},
                "attributes": attributes,
            }}),
            arn,
        )
    };
    if let Some(via) = via {
        identity["invokedBy"] = json!(via);
    }
    Caller { identity, arn, account: account.to_owned() }
}

fn record(call: &Value, id: &str, second: u64) -> Value {
    let (service, name) = text_of(call, "do").split_once(':').unwrap();
    let caller = caller(call);
    let via = call.get("via").or(caller.identity.get("invokedBy")).and_then(Value::as_str);
    let (day, rest) = (4 + second / 86_400, second % 86_400);
    let time =
        format!("2026-05-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60);
    let reads = ["Get", "Describe", "List", "Decrypt", "Generate"];
    let is_read = reads.iter().any(|verb| name.starts_with(verb));
    let mut record = json!({
        "eventVersion": "1.11", "userIdentity": caller.identity, "eventTime": time,
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "awsRegion": call.get("region").and_then(Value::as_str).unwrap_or(REGION),
        "sourceIPAddress": via.map_or_else(|| call.get("ip").and_then(Value::as_str).unwrap_or("198.51.100.7").to_owned(), str::to_owned),
        "userAgent": via.unwrap_or("aws-cli/2.31.0"),
        "requestParameters": call.get("request"), "responseElements": call.get("response"),
        "requestID": format!("{id}-r"), "eventID": id, "eventType": "AwsApiCall", "managementEvent": true,
        "readOnly": is_read,
        "recipientAccountId": call.get("account").and_then(Value::as_str).unwrap_or(&caller.account),
        "eventCategory": "Management",
    });
    let extra = |record: &mut Value, member: &str, value: Value| record[member] = value;
    if let Some(endpoint) = call.get("vpce") {
        extra(&mut record, "vpcEndpointId", endpoint.clone());
    }
    if let Some(resources) = call.get("resources") {
        extra(&mut record, "resources", resources.clone());
    }
    let succeeded = call.get("denied").is_none() && call.get("error").is_none();
    if service == "kms" && succeeded && call["record"].get("resources").is_none() {
        let key = call.get("on").cloned().unwrap_or_else(|| json!(expanded("$KEY")));
        let owner = key.as_str().and_then(|k| k.split(':').nth(4)).unwrap_or(ACCOUNT).to_owned();
        extra(
            &mut record,
            "resources",
            json!([{"ARN": key, "accountId": owner, "type": "AWS::KMS::Key"}]),
        );
    }
    if let Some(agent) = call.get("agent") {
        extra(&mut record, "userAgent", agent.clone());
    }
    if call["console"] == true {
        extra(&mut record, "sessionCredentialFromConsole", json!("true"));
    }
    failure(&mut record, call, &caller);
    as_told(&mut record, &call["record"]);
    record
}

/// Members of the record as the story tells them; null takes one away.
fn as_told(record: &mut Value, members: &Value) {
    for (member, value) in members.as_object().into_iter().flatten() {
        if value.is_null() {
            record.as_object_mut().unwrap().remove(member);
        } else {
            record[member] = value.clone();
        }
    }
}

/// Error code and text, as the service words it.
fn failure(record: &mut Value, call: &Value, caller: &Caller) {
    if let Some(error) = call.get("error") {
        record["errorCode"] = error.clone();
        record["errorMessage"] = call.get("message").cloned().unwrap_or(Value::Null);
        record["responseElements"] = Value::Null;
        return;
    }
    let Some(because) = call.get("denied").and_then(Value::as_str) else { return };
    let action = call.get("action").or(call.get("do")).and_then(Value::as_str).unwrap();
    let on = match text_of(call, "on") {
        "" => String::new(),
        resource => format!(" on resource: {resource}"),
    };
    let arn = &caller.arn;
    record["errorCode"] = json!("AccessDenied");
    record["errorMessage"] = json!(match because {
        "bare" => "Access Denied".to_owned(),
        "vague" => format!(
            "User: {arn} is not authorized to perform: {action} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
        ),
        "old" => format!("User: {arn} is not authorized to perform: {action}{on}"),
        because => format!("User: {arn} is not authorized to perform: {action}{on} {because}"),
    });
    if action.starts_with("kms:") {
        record["requestParameters"] = Value::Null;
    }
    record["responseElements"] = Value::Null;
}
