//! Refusals in other words: services that tell of a refused call, the caller's or their own, by a
//! code of their own and in prose; and texts that only look like a refusal (`refusals.toml`).
//!
//! The table is data. A row says which code and words of which service it is about, which IAM action
//! is behind them, whose permission that is, and on which resource.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::arn::{self, Arn};
use super::error_code::plain_code;
use super::layer::Layer;
use super::record::Event;
use super::{action, json, partition};

/// What a text that looks like a refusal means where it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// What the call named is not there, or no longer.
    Missing,
    /// A feature, service, Region or model is not switched on, or its terms are not accepted.
    NotEnabled,
    /// A quota or limit.
    Limit,
    /// The request is wrong in itself, or comes at the wrong time.
    Invalid,
    /// The credentials are not accepted, so that no policy was asked.
    Authentication,
    /// Anything else.
    Other,
}

/// How well a row is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The text stands in a real error.
    Seen,
    /// AWS's documentation states it.
    Documented,
    /// Spelled like a text that is known.
    Assumed,
}

/// A row of `refusals.toml`; the comments at the head of that file explain every field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Event sources; none: any service.
    #[serde(default)]
    pub event_source: Vec<String>,
    /// Operations without API date, `Create*` for a prefix; none: any.
    #[serde(default)]
    pub event: Vec<String>,
    /// Error codes; none: any.
    #[serde(default)]
    pub code: Vec<String>,
    /// Patterns of which one has to occur in the text; none: the code alone decides.
    #[serde(default)]
    pub words: Vec<String>,
    /// Whether a permission was refused.
    #[serde(default = "yes")]
    pub refused: bool,
    /// What it is where none was.
    pub is: Option<Instead>,
    /// The IAM actions that have to be allowed, the main one first.
    #[serde(default)]
    pub action: Vec<String>,
    /// Templates of whose permission it is; none: the caller's.
    #[serde(default)]
    pub principal: Vec<String>,
    /// Templates of the resource.
    #[serde(default)]
    pub resource: Vec<String>,
    /// The layer, where the text leaves just one.
    pub layer: Option<Layer>,
    /// How well it is known.
    pub status: Status,
    /// A public address where it stands.
    pub source: String,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
struct Rows {
    refusal: Vec<Row>,
}

/// A row with its patterns taken apart.
#[derive(Debug)]
struct Ready {
    row: Row,
    patterns: Vec<Pattern>,
    codes: Vec<String>,
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Ready>,
    by_source: BTreeMap<String, Vec<usize>>,
    of_any: Vec<usize>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Table> = LazyLock::new(|| match rows() {
    Ok(rows) => Table::of(rows),
    Err(_) => Table::default(),
});

fn rows() -> Result<Vec<Row>, toml::de::Error> {
    toml::from_str(include_str!("refusals.toml")).map(|rows: Rows| rows.refusal)
}

impl Table {
    fn of(rows: Vec<Row>) -> Table {
        let mut table = Table::default();
        for (number, row) in rows.into_iter().enumerate() {
            for source in &row.event_source {
                table.by_source.entry(source.clone()).or_default().push(number);
            }
            if row.event_source.is_empty() {
                table.of_any.push(number);
            }
            let patterns = row.words.iter().map(|words| Pattern::parse(words)).collect();
            let codes = row.code.iter().map(|code| code.to_ascii_lowercase()).collect();
            table.rows.push(Ready { row, patterns, codes });
        }
        // Words say more than a code alone.
        for numbers in table.by_source.values_mut() {
            numbers.sort_by_key(|n| table.rows.get(*n).is_some_and(|r| r.patterns.is_empty()));
        }
        table
    }
}

/// Every row of the table, in its order.
pub fn all() -> impl Iterator<Item = &'static Row> {
    TABLE.rows.iter().map(|ready| &ready.row)
}

/// What an error is told by: a row with what its words captured, or a text that names an action and
/// speaks of a permission.
#[derive(Debug, Clone)]
pub struct Telling {
    /// The row; `None` where no row is of the text.
    row: Option<&'static Row>,
    captured: Vec<(&'static str, String)>,
    text: String,
}

/// Whose permission a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The caller's.
    Caller,
    /// A role's or user's, by its ARN.
    Principal(String),
    /// A service's, by its name (`logs.eu-west-1.amazonaws.com`).
    Service(String),
    /// The role's that the thing of this name or id runs with, which other records may show.
    RoleOf(String),
    /// Somebody else's than the caller's, who is not named.
    NotTold,
}

/// The row that the error of a call is told by: of its service first, then of any. `name` is the
/// recorded event name, where it is known.
pub fn telling(source: &str, name: Option<&str>, code: &str, text: &str) -> Option<Telling> {
    let code = plain_code(code);
    let text = beginning(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = text.to_ascii_lowercase();
    let operation = name.map(action::operation);
    let own = TABLE.by_source.get(source).map(Vec::as_slice).unwrap_or_default();
    // What the ordinary sentence says is read by its own grammar.
    let is_sentence = lower.contains("not authorized to perform: ");
    // KMS speaks for itself; the general rows are about services that repeat it.
    let of_any = TABLE.of_any.iter().filter(|_| !is_sentence && source != "kms.amazonaws.com");
    let rows = own.iter().chain(of_any).filter_map(|number| TABLE.rows.get(*number));
    let by_row = rows.filter_map(|ready| {
        let is_of_event = ready.row.event.is_empty()
            || operation.is_some_and(|name| ready.row.event.iter().any(|e| covers(e, name)));
        let has_code =
            ready.codes.is_empty() || ready.codes.iter().any(|wanted| covers(wanted, &code));
        if !is_of_event || !has_code {
            return None;
        }
        let captured = match ready.patterns.is_empty() {
            // A code alone does not go before what the sentence says.
            true if is_sentence && ready.row.refused => return None,
            true => Vec::new(),
            false => ready.patterns.iter().find_map(|pattern| pattern.find(&text, &lower))?,
        };
        Some((&ready.row, captured))
    });
    if let Some((row, captured)) = by_row.into_iter().next() {
        return Some(Telling { row: Some(row), captured, text });
    }
    let is_about_text = ABOUT_TEXT_CODES.iter().any(|word| code.contains(word));
    let speaks = !is_sentence
        && !is_about_text
        && source != "kms.amazonaws.com"
        && PERMISSION.iter().any(|word| lower.contains(word))
        && !ABOUT_TEXTS.iter().any(|word| lower.contains(word))
        && spoken_action(&text).is_some();
    speaks.then(|| Telling { row: None, captured: Vec::new(), text })
}

/// CloudTrail cuts texts at 1 KB; longer ones are nobody's.
const MOST: usize = 4096;

fn beginning(text: &str) -> &str {
    let mut end = text.len().min(MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Codes of texts about the wording of a policy.
const ABOUT_TEXT_CODES: &[&str] = &["malformed", "policydocument", "invalidpolicy"];

/// Words of texts that speak of a permission, in lower case.
const PERMISSION: &[&str] = &[
    "permission",
    "not authorized",
    "unauthorized",
    "access denied",
    "accessdenied",
    "access is denied",
    "is not allowed",
    "privilege",
];

/// Words of texts about the wording of a policy, which name actions and refuse nothing.
const ABOUT_TEXTS: &[&str] = &[
    "policy document",
    "malformed",
    "syntax",
    "invalid action",
    "not a valid",
    "unsupported action",
    "validation error detected",
];

/// The first IAM action that a text names: `service:Name`.
fn action_in(text: &str) -> Option<&str> {
    let around = |c: char| c.is_whitespace() || "'\"`()[]<>,;".contains(c);
    text.split(around).map(|word| word.trim_matches(['.', ':', '!'])).find(|word| {
        let Some((service, name)) = word.split_once(':') else { return false };
        let is_service = service.len() >= 2
            && service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let is_name = name.len() >= 4
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '*');
        is_service
            && is_name
            && !["http", "https", "arn", "aws", "error", "code", "status"].contains(&service)
    })
}

/// The IAM action that a text names: written as one, or as an operation beside the word permission with
/// the name of its service somewhere in the text.
fn spoken_action(text: &str) -> Option<String> {
    if let Some(action) = action_in(text) {
        return Some(of_iam(action));
    }
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "'\"`()[]<>,;:".contains(c))
        .map(|word| word.trim_matches(['.', '!']))
        .filter(|word| !word.is_empty())
        .collect();
    let beside = words.windows(2).find_map(|pair| match pair {
        [name, word] if is_operation(name) && word.to_lowercase().starts_with("permission") => {
            Some(*name)
        }
        _ => None,
    })?;
    let lower = text.to_ascii_lowercase();
    let (_, service) = SPOKEN_SERVICES.iter().find(|(word, _)| lower.contains(word))?;
    Some(of_iam(&format!("{service}:{beside}")))
}

/// `BatchGetImage`: two words or more written as one.
fn is_operation(word: &str) -> bool {
    let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = word.bytes().filter(u8::is_ascii_lowercase).count();
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && capitals >= 2
        && lower > capitals
}

/// By which words a text speaks of a service, in lower case, and its IAM prefix.
const SPOKEN_SERVICES: &[(&str, &str)] = &[
    (".dkr.ecr.", "ecr"),
    ("amazon ecr", "ecr"),
    ("cmk", "kms"),
    ("kms", "kms"),
    ("sqs", "sqs"),
    ("sns", "sns"),
    ("dynamodb", "dynamodb"),
    ("kinesis", "kinesis"),
    ("secrets manager", "secretsmanager"),
    ("cloudwatch logs", "logs"),
    ("log group", "logs"),
    ("lambda", "lambda"),
    ("glue", "glue"),
    ("amazon efs", "elasticfilesystem"),
    ("amazon ec2", "ec2"),
    ("s3", "s3"),
];

/// The first ARN of an IAM role in a text.
fn role_in(text: &str) -> Option<&str> {
    let around = |c: char| c.is_whitespace() || "'\"`()[]<>,;".contains(c);
    let words = text.split(around).map(|word| word.trim_matches(['.', ':', '!']));
    let mut roles = words.filter(|word| {
        Arn::parse(word)
            .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"))
    });
    roles.next()
}

/// The first service principal in a text.
fn service_in(text: &str) -> Option<&str> {
    let around = |c: char| c.is_whitespace() || "'\"`()[]<>,;:".contains(c);
    let words = text.split(around).map(|word| word.trim_matches(['.', '!']));
    let mut services = words.filter(|word| {
        let label = partition::without_domain(word);
        label.is_some_and(|label| {
            label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        })
    });
    services.next()
}

/// The only role that a request names.
fn role_in_request(event: &Event) -> Option<String> {
    let mut roles: Vec<String> = Vec::new();
    json::leaves(event.request()?, |_, value| {
        if role_in(value) == Some(value) && !roles.iter().any(|role| role == value) {
            roles.push(value.to_owned());
        }
    });
    if roles.len() == 1 { roles.pop() } else { None }
}

/// Words by which a text speaks to the caller, in lower case.
const OF_THE_CALLER: &[&str] = &["you are using", "you don't have", "you do not have"];

/// Words by which a text speaks of a role without naming it, in lower case.
const OF_A_ROLE: &[&str] = &[
    "role has",
    "role must",
    "role needs",
    "role doesn't",
    "role does not",
    "role is not",
    "role lacks",
    "role to have",
    "execution role",
    "service role",
    "access role",
    "task role",
    "instance role",
    "iam role",
];

/// Whether a name is the wanted one, or begins with it where that ends in `*`.
fn covers(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => wanted == name,
    }
}

impl Telling {
    /// The row.
    pub fn row(&self) -> Option<&'static Row> {
        self.row
    }

    /// Whether a permission was refused.
    pub fn is_refused(&self) -> bool {
        self.row.is_none_or(|row| row.refused)
    }

    /// The main action as far as it can be told without the call: a template where words fill it.
    pub fn first_action(&self) -> String {
        let told = match self.row {
            Some(row) => row.action.first().cloned(),
            None => spoken_action(&self.text),
        };
        told.unwrap_or_default()
    }

    /// Whether the row or the text leaves it to the caller's own permissions.
    pub fn is_of_caller(&self) -> bool {
        match self.row {
            Some(row) => row.principal.is_empty(),
            None => !self.speaks_of_another(),
        }
    }

    /// Whether a text without a row speaks of somebody else's permission. Who may not pass or make a
    /// role is the caller.
    fn speaks_of_another(&self) -> bool {
        let lower = self.text.to_ascii_lowercase();
        let is_of_iam = self.first_action().starts_with("iam:");
        let is_said_to_caller = OF_THE_CALLER.iter().any(|words| lower.contains(words));
        let named = role_in(&self.text).is_some() || service_in(&self.text).is_some();
        !is_of_iam
            && !is_said_to_caller
            && (named || OF_A_ROLE.iter().any(|words| lower.contains(words)))
    }

    /// The IAM actions that have to be allowed, the main one first; those that the words do not tell
    /// are left out.
    pub fn actions(&self, event: &Event) -> Vec<String> {
        let Some(row) = self.row else {
            return spoken_action(&self.text).into_iter().collect();
        };
        let filled = row.action.iter().filter_map(|template| self.fill(template, event));
        let mut actions: Vec<String> = filled.filter_map(|action| spelled(&action)).collect();
        // Of several destinations that one text is about, the one named is meant.
        let named = row.resource.iter().find_map(|template| self.fill(template, event));
        let service = named.as_deref().and_then(Arn::parse).map(|arn| arn.service);
        let is_of = |action: &String| action.split_once(':').map(|(prefix, _)| prefix) == service;
        let takes_on = actions.first().is_some_and(|first| first == "sts:AssumeRole");
        if let Some(at) = actions.iter().position(is_of).filter(|_| !takes_on) {
            actions.rotate_left(at);
        }
        actions
    }

    /// Whose permission it is.
    pub fn whose(&self, event: &Event) -> Whose {
        if self.is_of_caller() {
            return Whose::Caller;
        }
        let Some(row) = self.row else {
            let role = role_in(&self.text).map(str::to_owned);
            let service = service_in(&self.text).map(str::to_owned);
            return match role.or_else(|| role_in_request(event).filter(|_| service.is_none())) {
                Some(role) if !self.first_action().starts_with("sts:") => Whose::Principal(role),
                _ => service.map_or(Whose::NotTold, Whose::Service),
            };
        };
        let mut filled = row.principal.iter().filter_map(|template| {
            let of_thing = template.strip_prefix("role of ");
            let name = self.fill(of_thing.unwrap_or(template), event)?;
            Some(match of_thing {
                Some(_) => Whose::RoleOf(name),
                None => principal(name, event),
            })
        });
        filled.next().unwrap_or(Whose::NotTold)
    }

    /// The resource, as an ARN where that can be told.
    pub fn resource(&self, event: &Event) -> Option<String> {
        let actions = self.actions(event);
        let action = actions.first()?;
        let service = action.split_once(':').map_or("", |(service, _)| service);
        let rows = self.row.map(|row| row.resource.as_slice()).unwrap_or_default();
        let filled = rows.iter().find_map(|template| self.fill(template, event));
        if action.starts_with("sts:AssumeRole") || action == "iam:PassRole" {
            let is_role = |name: &String| !name.starts_with("arn:") && is_role_name(name);
            let named = filled.as_deref().and_then(role_in).map(str::to_owned);
            // A row that names no resource knows of none.
            let is_told = self.row.is_none_or(|row| !row.resource.is_empty())
                || action.starts_with("sts:AssumeRole");
            let elsewhere = || role_in(&self.text).map(str::to_owned);
            return named
                .or_else(|| elsewhere().filter(|_| is_told))
                .or_else(|| role_in_request(event).filter(|_| is_told))
                .or_else(|| filled.filter(is_role).and_then(|name| role_arn(&name, event)));
        }
        if service == "kms" {
            let in_text = arn::kms_key_in(&self.text).map(str::to_owned);
            return in_text.or_else(|| filled.map(|found| key(&found, event)));
        }
        let filled =
            filled.map(|found| if service == "s3" { bucket(&found, event) } else { found });
        filled.or_else(|| named_in_text(&self.text, service))
    }

    /// A template with its placeholders filled; `None` where one cannot be.
    fn fill(&self, template: &str, event: &Event) -> Option<String> {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = after.split_once('}')?;
            out.push_str(&self.value(name, event)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    fn value(&self, name: &str, event: &Event) -> Option<String> {
        if let Some(path) = name.strip_prefix("request.") {
            return leaf(event.request()?, path);
        }
        match name {
            "partition" => Some(arn::partition_of(event.region().unwrap_or_default()).to_owned()),
            "role in request" => role_in_request(event),
            "service in text" => service_in(&self.text).map(str::to_owned),
            "event_source" => Some(event.source().to_owned()),
            "region" => event.region().map(str::to_owned),
            "account" => event.account().map(str::to_owned),
            _ => {
                let (_, value) = self.captured.iter().find(|(captured, _)| *captured == name)?;
                Some(value.clone())
            }
        }
    }
}

/// `s3://bucket/key` -> the ARN of the bucket.
fn bucket(name: &str, event: &Event) -> String {
    match name.strip_prefix("s3://") {
        Some(path) => {
            let partition = arn::partition_of(event.region().unwrap_or_default());
            format!("arn:{partition}:s3:::{}", path.split('/').next().unwrap_or(path))
        }
        None => name.to_owned(),
    }
}

/// The only ARN of a service that a text names.
fn named_in_text(text: &str, service: &str) -> Option<String> {
    let around = |c: char| c.is_whitespace() || "'\"`()[]<>,;".contains(c);
    let words = text.split(around).map(|word| word.trim_matches(['.', ':', '!']));
    let mut named = words.filter(|word| Arn::parse(word).is_some_and(|arn| arn.service == service));
    let first = named.next()?;
    named.all(|other| other == first).then(|| first.to_owned())
}

/// Names of roles (IAM API reference, CreateRole): they may have a path in front.
fn is_role_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c))
}

fn role_arn(name: &str, event: &Event) -> Option<String> {
    let partition = arn::partition_of(event.region().unwrap_or_default());
    let name = name.trim_start_matches('/');
    Some(format!("arn:{partition}:iam::{}:role/{name}", event.account()?))
}

/// A role or user by ARN or by bare name, or a service.
fn principal(name: String, event: &Event) -> Whose {
    if partition::without_domain(&name).is_some() {
        return Whose::Service(name);
    }
    if let Some(role) = role_in(&name) {
        return Whose::Principal(role.to_owned());
    }
    if name.starts_with("arn:") && !name.contains(char::is_whitespace) {
        return Whose::Principal(name);
    }
    match role_arn(&name, event).filter(|_| is_role_name(&name)) {
        Some(role) => Whose::Principal(role),
        None => Whose::NotTold,
    }
}

/// A KMS key by its ARN; ids are of the account and Region of the call, aliases stay what they are.
fn key(name: &str, event: &Event) -> String {
    if name.starts_with("arn:") || name.starts_with("alias/") {
        return name.to_owned();
    }
    match (event.account(), event.region()) {
        (Some(account), Some(region)) => {
            let partition = arn::partition_of(region);
            format!("arn:{partition}:kms:{region}:{account}:key/{name}")
        }
        _ => name.to_owned(),
    }
}

/// `SQS:ReceiveMessage` -> `sqs:ReceiveMessage`; services are written in many ways in prose.
fn spelled(text: &str) -> Option<String> {
    let (service, name) = text.split_once(':')?;
    let service = service.trim().to_ascii_lowercase();
    let service = service.strip_prefix("amazon ").unwrap_or(&service);
    let service = service.strip_prefix("aws ").unwrap_or(service);
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '-'))
    };
    // Written for people; IAM's prefix is another (service authorization reference).
    let prefix = match service {
        "cloudwatch logs" | "cloudwatchlogs" => "logs",
        "eventbridge" => "events",
        "step functions" | "stepfunctions" => "states",
        "secrets manager" => "secretsmanager",
        "systems manager" => "ssm",
        "msk" => "kafka-cluster",
        "efs" => "elasticfilesystem",
        other => other,
    };
    (is_name(prefix) && is_name(name)).then(|| of_iam(&format!("{prefix}:{name}")))
}

/// The IAM action of an operation: services write `s3:ListObjectsV2` where `s3:ListBucket` is meant.
fn of_iam(operation: &str) -> String {
    match operation.split_once(':') {
        Some((prefix, name)) if !name.contains('*') => {
            action::of_names(&action::event_source(prefix), name).into_owned()
        }
        _ => operation.to_owned(),
    }
}

/// The scalar of a document whose path is `path` or ends in it, the shortest path first.
fn leaf(raw: &str, path: &str) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    json::leaves(raw, |at, value| {
        let ends = at.len() >= path.len()
            && at.is_char_boundary(at.len() - path.len())
            && at.get(at.len() - path.len()..).is_some_and(|end| end.eq_ignore_ascii_case(path))
            && (at.len() == path.len()
                || at.as_bytes().get(at.len() - path.len() - 1) == Some(&b'.'));
        if ends && !value.is_empty() && best.as_ref().is_none_or(|(length, _)| at.len() < *length) {
            best = Some((at.len(), value.to_owned()));
        }
    });
    best.map(|(_, value)| value)
}

/// Where a resource of that service stands in a request, for calls that a service makes on
/// something the request names: the only ARN of the service, or for KMS the only member that names
/// a key.
pub fn named_in_request(event: &Event, service: &str) -> Option<String> {
    let raw = event.request()?;
    let mut found: Vec<String> = Vec::new();
    json::leaves(raw, |path, value| {
        let is_of_service = Arn::parse(value).is_some_and(|arn| arn.service == service);
        let named = match service {
            "kms" if !is_of_service => {
                is_key_member(path).then(|| key(value, event)).filter(|_| is_key_name(value))
            }
            "s3" if value.starts_with("s3://") => Some(bucket(value, event)),
            _ => is_of_service.then(|| value.to_owned()),
        };
        if let Some(named) = named.filter(|named| !found.contains(named)) {
            found.push(named);
        }
    });
    if found.len() == 1 { found.pop() } else { None }
}

/// `kmsKeyId`, `KMSMasterKeyID`, `sSEKMSKeyId`, `kMSKeyArn`, `encryptionKey`: services spell it
/// in many ways (API references).
fn is_key_member(path: &str) -> bool {
    let member = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    let of_kms = member.contains("kms") && (member.contains("key") || member.contains("cmk"));
    of_kms || member == "masterkeyid" || member == "encryptionkey" || member == "encryptionkeyarn"
}

fn is_key_name(value: &str) -> bool {
    let is_id = value.len() == 36 && value.matches('-').count() == 4;
    is_id || value.starts_with("mrk-") || value.starts_with("alias/")
}

// ---- patterns ----------------------------------------------------------------------------------

/// Words to find in a text, with places that capture.
#[derive(Debug)]
struct Pattern(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    /// In lower case.
    Words(String),
    /// Captures what stands there.
    Name(String),
    /// Anything.
    Any,
}

/// Longer captures than that name nothing.
const LONGEST: usize = 2048;

impl Pattern {
    fn parse(words: &str) -> Pattern {
        let mut pieces = Vec::new();
        let mut rest = words;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Words(before.to_ascii_lowercase()));
            }
            let Some((name, after)) = after.split_once('}') else { break };
            pieces.push(if name == "..." { Piece::Any } else { Piece::Name(name.to_owned()) });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Words(rest.to_ascii_lowercase()));
        }
        Pattern(pieces)
    }

    /// What is captured where the pattern occurs; `lower` is `text` in ASCII lower case.
    fn find(&'static self, text: &str, lower: &str) -> Option<Vec<(&'static str, String)>> {
        let first = self.0.iter().find_map(|piece| match piece {
            Piece::Words(words) => Some(words),
            _ => None,
        })?;
        lower.match_indices(first.as_str()).find_map(|(at, _)| self.at(at, text, lower))
    }

    /// The captures where the first words of the pattern stand at `at`.
    fn at(
        &'static self,
        at: usize,
        text: &str,
        lower: &str,
    ) -> Option<Vec<(&'static str, String)>> {
        let mut captured: Vec<(&'static str, String)> = Vec::new();
        // Where the text is read on, and the name that what comes next belongs to.
        let mut from: Option<usize> = None;
        let mut pending: Option<Option<&'static str>> = None;
        for piece in &self.0 {
            match piece {
                Piece::Name(name) => pending = Some(Some(name.as_str())),
                Piece::Any => pending = Some(None),
                Piece::Words(words) => {
                    let start = match (from, &pending) {
                        (None, _) => at,
                        (Some(from), Some(_)) => from + lower.get(from..)?.find(words.as_str())?,
                        (Some(from), None) => {
                            lower.get(from..)?.starts_with(words.as_str()).then_some(from)?
                        }
                    };
                    if let Some(Some(name)) = pending.take() {
                        let value = match from {
                            Some(from) => text.get(from..start)?,
                            None => text.get(..start)?.trim_end().rsplit(' ').next()?,
                        };
                        captured.push((name, clean(value)?));
                    }
                    from = Some(start + words.len());
                }
            }
        }
        if let Some(Some(name)) = pending {
            let rest = text.get(from?..)?.trim_start();
            captured.push((name, clean(rest.split(' ').next()?)?));
        }
        Some(captured)
    }
}

/// A captured text without what surrounds it; `None` where nothing is left.
fn clean(value: &str) -> Option<String> {
    let around = |c: char| c.is_whitespace() || "'\"`()[]<>.,;:!".contains(c);
    let value = value.trim_matches(around);
    (!value.is_empty() && value.len() <= LONGEST).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let rows = rows().unwrap();
        for row in &rows {
            let name = format!("{:?} {:?} {:?}", row.event_source, row.code, row.words);
            assert!(row.source.starts_with("https://"), "{name}: no address");
            assert!(!row.code.is_empty() || !row.words.is_empty(), "{name}: matches anything");
            assert_eq!(row.refused, row.is.is_none(), "{name}: `is` belongs to what is no refusal");
            assert!(!row.refused || !row.action.is_empty(), "{name}: no action");
            for words in &row.words {
                let plain: usize = Pattern::parse(words)
                    .0
                    .iter()
                    .map(|piece| if let Piece::Words(words) = piece { words.len() } else { 0 })
                    .sum();
                assert!(plain >= 12, "{name}: `{words}` says too little");
            }
        }
    }

    #[test]
    fn words_capture_what_stands_between_them() {
        for (words, text, want) in [
            (
                "does not have permissions to call {operation} on {service}",
                "The provided execution role does not have permissions to call ReceiveMessage on SQS",
                Some(vec![("operation", "ReceiveMessage"), ("service", "SQS")]),
            ),
            (
                "role {role} cannot be assumed",
                "Role 'arn:aws:iam::1:role/r' cannot be assumed.",
                Some(vec![("role", "arn:aws:iam::1:role/r")]),
            ),
            (
                "{role} is not trusted here",
                "The role ci is NOT trusted  here",
                Some(vec![("role", "ci")]),
            ),
            (
                "bucket {bucket} or {...}denied",
                "no bucket b-1 or key is denied",
                Some(vec![("bucket", "b-1")]),
            ),
            ("bucket {bucket} or {...}denied", "no bucket b-1 or key", None),
            ("one two", "one  two", Some(vec![])),
            ("one two", "one and two", None),
        ] {
            let pattern: &'static Pattern = Box::leak(Box::new(Pattern::parse(words)));
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let found = pattern.find(&text, &text.to_ascii_lowercase());
            let want = want.map(|want| {
                want.into_iter().map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>()
            });
            assert_eq!(found, want, "{words} in {text}");
        }
    }

    #[test]
    fn a_member_is_found_by_the_end_of_its_path() {
        let raw = r#"{"a":{"roleArn":"deep"},"roleArn":"top","xroleArn":"no"}"#;
        assert_eq!(leaf(raw, "roleArn").as_deref(), Some("top"));
        assert_eq!(leaf(raw, "a.rolearn").as_deref(), Some("deep"));
        assert_eq!(leaf(raw, "Arn"), None);
    }

    #[test]
    fn services_in_prose_become_prefixes() {
        for (text, want) in [
            ("SQS:ReceiveMessage", Some("sqs:ReceiveMessage")),
            ("Amazon S3:GetObject", Some("s3:GetObject")),
            ("CloudWatch Logs:PutLogEvents", Some("logs:PutLogEvents")),
            ("sts:AssumeRole", Some("sts:AssumeRole")),
            ("no action", None),
            ("s3:get object", None),
        ] {
            assert_eq!(spelled(text).as_deref(), want, "{text}");
        }
    }
}
