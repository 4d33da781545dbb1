//! `trailwhy simulate`: one request with its policies per line of JSON in, one verdict per line
//! out, in the same order. A line that cannot be read gets an error of its own and does not stop
//! the rest.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::LazyLock;

use foldhash::fast::RandomState;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::event::Layer;
use crate::iam::{
    AttachedPolicy, BlockPublicAccess, Context, Deciding, Decision, EndpointPolicy, KeyState,
    KmsGrant, Layers, Level, Policy, PolicyLabel, Presence, Principal, Request, Resource, Values,
    evaluate,
};
use crate::wording::{Language, Wording};

/// Longest case: what comes without a line's end must not fill the memory.
const LONGEST: usize = 16 << 20;

/// So many lines without a case among them are no list of cases, and a device never ends.
const STRANGE: u64 = 10_000;

/// Bytes that are read at once, if as many are there.
const CHUNK: usize = 1 << 20;

/// Fewer lines than these are not worth sharing among threads.
const SHARED: usize = 8;

/// Built when the first verdict hangs on something: reading the texts costs more than a thousand
/// verdicts.
static ENGLISH: LazyLock<Wording> = LazyLock::new(|| Wording::new(Language::En));

/// Answers every line of standard input; the exit status is 2 when some could not be read.
pub fn run() -> anyhow::Result<ExitCode> {
    let all_read = answer_lines(io::stdin().lock(), io::stdout().lock())?;
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// The verdict on one case, or why it cannot be read.
pub(super) fn verdict_on(case: &str) -> Result<Value, String> {
    let verdict = as_a_whole(case.as_bytes()).map_err(|unreadable| unreadable.error)?;
    serde_json::to_value(verdict).map_err(|error| error.to_string())
}

/// Whether every line could be read. Whoever asks line by line gets each answer before the next
/// question: what has come is answered, however little it is, before more is awaited.
fn answer_lines(input: impl io::Read, output: impl Write) -> anyhow::Result<bool> {
    let mut input = Batches { input, buffer: Vec::new(), given: 0 };
    let mut answers = Answers { output: BufWriter::new(output), number: 0, strange: 0, lost: 0 };
    while let Some(batch) = input.next()? {
        let lines: Vec<&[u8]> = batch.split_inclusive(|byte| *byte == b'\n').collect();
        let fitting = lines.iter().take_while(|line| line.len() <= LONGEST).count();
        let (lines, too_long) = lines.split_at_checked(fitting).unwrap_or_default();
        let written: Vec<Written> =
            lines.par_iter().with_min_len(SHARED).map(|line| written(line)).collect();
        answers.write(&written)?;
        if !too_long.is_empty() {
            return Err(answers.too_long());
        }
        answers.output.flush()?;
    }
    Ok(answers.lost == 0)
}

/// Input, in runs of whole lines.
struct Batches<R> {
    input: R,
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that were given out.
    given: usize,
}

impl<R: io::Read> Batches<R> {
    /// The lines that have come, at least one; the last may lack its end, where the input ends or
    /// the line is too long. `None` at the end.
    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        self.buffer.drain(..self.given);
        self.given = 0;
        let mut searched = 0;
        loop {
            let fresh = self.buffer.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memrchr(b'\n', fresh) {
                self.given = searched + at + 1;
                break;
            }
            searched = self.buffer.len();
            if searched > LONGEST || self.read()? == 0 {
                self.given = searched;
                break;
            }
        }
        Ok(self.buffer.get(..self.given).filter(|batch| !batch.is_empty()))
    }

    fn read(&mut self) -> io::Result<usize> {
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK, 0);
        let read = loop {
            match self.input.read(self.buffer.get_mut(length..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(length + read.as_ref().copied().unwrap_or_default());
        read
    }
}

/// A line's answer, as JSON.
enum Written {
    /// Nothing but space was asked.
    Blank,
    Verdict(Vec<u8>),
    Unreadable(Vec<u8>),
}

fn written(line: &[u8]) -> Written {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Written::Blank;
    }
    match answer(line) {
        Ok(verdict) => Written::Verdict(json(&verdict)),
        Err(unreadable) => Written::Unreadable(json(&unreadable)),
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Writes the answers in the order of the questions.
struct Answers<W: Write> {
    output: BufWriter<W>,
    /// Lines answered.
    number: u64,
    /// Unreadable lines since the last case.
    strange: u64,
    /// Lines that could not be read.
    lost: u64,
}

impl<W: Write> Answers<W> {
    fn write(&mut self, answers: &[Written]) -> anyhow::Result<()> {
        for answer in answers {
            self.number += 1;
            match answer {
                Written::Blank => {}
                Written::Verdict(text) => {
                    self.strange = 0;
                    self.output.write_all(text)?;
                }
                Written::Unreadable(_) if self.strange == STRANGE => return Err(self.too_strange()),
                Written::Unreadable(text) => {
                    self.strange += 1;
                    self.lost += 1;
                    self.output.write_all(text)?;
                }
            }
        }
        Ok(())
    }

    fn too_strange(&mut self) -> anyhow::Error {
        self.stop(format!(
            "the {STRANGE} lines of standard input before line {} are no cases; what comes after \
             them was not read\nhint: one case is one line of JSON",
            self.number
        ))
    }

    fn too_long(&mut self) -> anyhow::Error {
        self.stop(format!(
            "line {} of standard input is longer than {} MiB; the cases after it were not \
             read\nhint: one case is one line, and its policies are no larger than AWS takes them",
            self.number + 1,
            LONGEST >> 20
        ))
    }

    /// The error that ends the answers, once those given are out.
    fn stop(&mut self, why: String) -> anyhow::Error {
        match self.output.flush() {
            Ok(()) => Error::Usage(why).into(),
            Err(error) => error.into(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Verdict {
    id: Value,
    result: &'static str,
    layer: Option<&'static str>,
    blocked_by: Vec<&'static str>,
    statements: Vec<DecidingStatement>,
    unknown: Vec<String>,
    /// The rule of the service that denies; left out when policies decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What of the policies could not be used; left out when all could.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct DecidingStatement {
    layer: &'static str,
    policy: Option<String>,
    sid: Option<String>,
    index: usize,
    effect: &'static str,
}

#[derive(Debug, Serialize)]
struct Unreadable {
    id: Value,
    error: String,
}

/// A case in parts, as text: most of it is policies, which the cases of one list share.
#[derive(Deserialize)]
struct Parts<'l> {
    #[serde(borrow, default)]
    id: Option<&'l RawValue>,
    #[serde(borrow)]
    request: &'l RawValue,
    #[serde(borrow, default)]
    policies: Option<&'l RawValue>,
    #[serde(borrow, default)]
    settings: Option<&'l RawValue>,
}

/// Policies that were read for an earlier case.
struct Read {
    settings: Option<Box<str>>,
    layers: Layers,
    warnings: Vec<String>,
}

/// Longer policies are hardly shared by many cases.
const LONGEST_KEPT: usize = 16 << 10;

/// Policies that a thread keeps.
const MOST_KEPT: usize = 1_000;

thread_local! {
    static KEPT: RefCell<HashMap<Box<str>, Read, RandomState>> = RefCell::default();
}

fn answer(line: &[u8]) -> Result<Verdict, Unreadable> {
    // Whatever is wrong with a case, reading it as a whole tells.
    by_parts(line).map_or_else(|| as_a_whole(line), Ok)
}

/// The verdict on a case in which nothing is wrong; its policies are read only once.
fn by_parts(line: &[u8]) -> Option<Verdict> {
    let parts: Parts<'_> = serde_json::from_slice(line).ok()?;
    let text = parts.policies?.get();
    let settings = parts.settings.map(RawValue::get);
    if text.len() > LONGEST_KEPT {
        return None;
    }
    let id = match parts.id {
        Some(id) => serde_json::from_str(id.get()).ok()?,
        None => Value::Null,
    };
    let asked: Value = serde_json::from_str(parts.request.get()).ok()?;
    let request = request(Some(&asked).filter(|asked| asked.is_object())?).ok()?;
    KEPT.with_borrow_mut(|kept| {
        if kept.get(text).is_none_or(|read| read.settings.as_deref() != settings) {
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(text.into(), read(text, settings)?);
        }
        let read = kept.get(text)?;
        Some(verdict(id, &evaluate(&request, &read.layers), read.warnings.clone()))
    })
}

fn read(policies: &str, settings: Option<&str>) -> Option<Read> {
    let mut members = Map::new();
    members.insert("policies".to_owned(), serde_json::from_str(policies).ok()?);
    if let Some(settings) = settings {
        members.insert("settings".to_owned(), serde_json::from_str(settings).ok()?);
    }
    let mut case = Value::Object(members);
    let mut reader = PolicyReader::default();
    let layers = reader.layers(&mut case).ok()?;
    Some(Read { settings: settings.map(Into::into), layers, warnings: reader.warnings })
}

fn as_a_whole(line: &[u8]) -> Result<Verdict, Unreadable> {
    let mut case: Value = serde_json::from_slice(line)
        .map_err(|error| Unreadable { id: Value::Null, error: format!("not JSON: {error}") })?;
    let id = case.get_mut("id").map(Value::take).unwrap_or_default();
    let mut reader = PolicyReader::default();
    match decide(&mut case, &mut reader) {
        Ok(decision) => Ok(verdict(id, &decision, reader.warnings)),
        Err(error) => Err(Unreadable { id, error }),
    }
}

fn decide(case: &mut Value, reader: &mut PolicyReader) -> Result<Decision, String> {
    let asked = case.get("request").filter(|request| request.is_object());
    let request = request(asked.ok_or("the case has no `request`")?)?;
    Ok(evaluate(&request, &reader.layers(case)?))
}

fn verdict(id: Value, decision: &Decision, warnings: Vec<String>) -> Verdict {
    let ruled = decision.service_rule.map(|_| SERVICE_RULE);
    Verdict {
        id,
        result: decision.result.as_str(),
        layer: decision.layer.map(slot).or(ruled),
        blocked_by: decision.blocked_by.iter().copied().map(slot).collect(),
        statements: decision.statements.iter().map(statement).collect(),
        unknown: decision.unknown.iter().map(|missing| ENGLISH.say(&missing.sentence())).collect(),
        reason: decision.service_rule,
        warnings,
    }
}

fn statement(deciding: &Deciding) -> DecidingStatement {
    DecidingStatement {
        layer: slot(deciding.layer),
        policy: deciding.label.name.clone(),
        sid: deciding.sid().map(str::to_owned),
        index: deciding.index(),
        effect: deciding.effect().as_str(),
    }
}

/// What stands for a layer where a service denies whatever the policies say.
const SERVICE_RULE: &str = "service_rule";

/// The word for a layer. A trust policy is handed in as `resource` like any other policy of a
/// resource, so the answer calls it that, too.
fn slot(layer: Layer) -> &'static str {
    match layer {
        Layer::RoleTrustPolicy => Layer::ResourcePolicy.as_str(),
        layer => layer.as_str(),
    }
}

fn request(value: &Value) -> Result<Request, String> {
    let mut context = context(value)?;
    for key in list(value.get("unknown_keys"), "`unknown_keys`")? {
        context.mark_unknown(key.as_str().ok_or("`unknown_keys` is not a list of strings")?);
    }
    let principal = principal(value.get("principal").unwrap_or(&Value::Null), &context)?;
    let action =
        value.get("action").and_then(Value::as_str).ok_or("the request has no `action`")?;
    let resource = value.get("resource").unwrap_or(&Value::Null);
    let arn = resource.as_str().or_else(|| resource.get("arn")?.as_str());
    let mut resource_asked = Resource::new(arn.ok_or("the request has no `resource.arn`")?);
    if let Some(account) = resource.get("accountId").and_then(Value::as_str) {
        resource_asked = resource_asked.owned_by(account);
    }
    let wildcard_only = value.get("wildcard_only_action").and_then(Value::as_bool);
    Ok(Request {
        wildcard_only_action: wildcard_only.unwrap_or(false),
        context,
        ..Request::new(principal, action, resource_asked)
    })
}

fn context(request: &Value) -> Result<Context, String> {
    let mut context = Context::complete();
    let keys = match request.get("context") {
        None | Some(Value::Null) => return Ok(context),
        Some(keys) => keys.as_object().ok_or("`context` is not an object")?,
    };
    for (key, value) in keys {
        match value {
            Value::Null => context.mark_absent(key),
            Value::Array(values) => {
                let values: Option<Vec<String>> = values.iter().map(scalar).collect();
                let values = values.ok_or_else(|| format!("`context`: {key:?} is no list"))?;
                context.insert(key, Values::Many(values))
            }
            value => {
                let value =
                    scalar(value).ok_or_else(|| format!("`context`: {key:?} is no text"))?;
                context.insert(key, value)
            }
        };
    }
    Ok(context)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A session's ARN lacks the role's path; `aws:PrincipalArn` has it.
fn principal(value: &Value, context: &Context) -> Result<Principal, String> {
    let unknown = || format!("not a principal: {value}");
    let mut principal = match value {
        Value::Object(members) if members.get("type").is_some_and(|kind| kind == "Anonymous") => {
            Principal::Anonymous
        }
        value => Principal::parse(value.as_str().ok_or_else(unknown)?).ok_or_else(unknown)?,
    };
    if let Principal::RoleSession(session) = &mut principal {
        let named = context.known().find(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"));
        if let Some((_, Values::One(arn))) = named {
            let is_role = arn.contains(":role/");
            session.role_arn = is_role.then(|| arn.clone());
        }
    }
    Ok(principal)
}

fn list<'a>(value: Option<&'a Value>, what: &str) -> Result<&'a [Value], String> {
    match value {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(values)) => Ok(values),
        Some(_) => Err(format!("{what} is not a list")),
    }
}

/// Reads the policies and keeps what is wrong with them.
#[derive(Debug, Default)]
struct PolicyReader {
    warnings: Vec<String>,
}

impl PolicyReader {
    fn layers(&mut self, case: &mut Value) -> Result<Layers, String> {
        let block_public_access = Presence::Known(block_public_access(case)?);
        let mut policies = case.get_mut("policies").map(Value::take).unwrap_or_default();
        let mut take = |name: &str| policies.get_mut(name).map(Value::take).unwrap_or_default();
        let endpoint = self.named(take("vpc_endpoint"), "vpc_endpoint")?;
        let endpoint = presence(endpoint, |policies| policies.is_empty());
        Ok(Layers {
            identity: Presence::Known(self.named(take("identity"), "identity")?),
            boundary: presence(self.named(take("boundary"), "boundary")?, Vec::is_empty),
            session: presence(self.named(take("session"), "session")?, Vec::is_empty),
            resource: match take("resource") {
                Value::Null => Presence::NotApplicable,
                policy => Presence::Known(self.policy(policy, None, "resource")?),
            },
            scps: presence(self.levels(take("scps"), "scps")?, Vec::is_empty),
            rcps: presence(self.levels(take("rcps"), "rcps")?, Vec::is_empty),
            vpc_endpoint: match endpoint {
                Presence::Known(policies) => {
                    Presence::Known(EndpointPolicy { policies, is_gateway: false })
                }
                _ => Presence::NotApplicable,
            },
            kms_grants: Presence::Known(grants(&policies)?),
            key_state: key_state(&policies)?,
            block_public_access,
        })
    }

    /// `[{"name", "policy"}, …]`, or a document by itself.
    fn named(&mut self, value: Value, what: &str) -> Result<Vec<AttachedPolicy>, String> {
        if value.is_object() {
            return Ok(vec![self.policy(value, None, what)?]);
        }
        let entries = owned_list(value, what)?.into_iter();
        entries
            .map(|mut entry| {
                let name = entry.get("name").and_then(Value::as_str).map(str::to_owned);
                let document = entry.get_mut("policy").map(Value::take);
                self.policy(document.unwrap_or(entry), name, what)
            })
            .collect()
    }

    fn levels(&mut self, value: Value, what: &str) -> Result<Vec<Level>, String> {
        let entries = owned_list(value, what)?.into_iter();
        entries
            .map(|mut level| {
                let id = level.get("ou").and_then(Value::as_str).unwrap_or_default().to_owned();
                let policies = level.get_mut("policies").map(Value::take).unwrap_or_default();
                Ok(Level { id, policies: self.named(policies, what)? })
            })
            .collect()
    }

    fn policy(
        &mut self,
        document: Value,
        name: Option<String>,
        what: &str,
    ) -> Result<AttachedPolicy, String> {
        let place = || match &name {
            Some(name) => format!("`{what}` {name:?}"),
            None => format!("`{what}`"),
        };
        let policy =
            Policy::from_owned(document).map_err(|error| format!("{}: {error}", place()))?;
        self.warnings.extend(policy.warnings().iter().map(|warning| match warning.statement {
            Some(index) => format!("{}, statement {index}: {warning}", place()),
            None => format!("{}: {warning}", place()),
        }));
        Ok(AttachedPolicy::new(PolicyLabel { name, ..PolicyLabel::default() }, policy))
    }
}

fn owned_list(value: Value, what: &str) -> Result<Vec<Value>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => Ok(values),
        _ => Err(format!("`{what}` is not a list")),
    }
}

fn presence<T>(value: T, is_nothing: impl FnOnce(&T) -> bool) -> Presence<T> {
    if is_nothing(&value) { Presence::NotApplicable } else { Presence::Known(value) }
}

fn grants(policies: &Value) -> Result<Vec<KmsGrant>, String> {
    list(policies.get("kms_grants"), "`kms_grants`")?
        .iter()
        .map(|grant| {
            let name = grant.get("name").and_then(Value::as_str).map(str::to_owned);
            let label = PolicyLabel { name, ..PolicyLabel::default() };
            KmsGrant::from_value(grant, label)
                .ok_or_else(|| "`kms_grants`: a grant has no `grantee_principal`".to_owned())
        })
        .collect()
}

fn key_state(policies: &Value) -> Result<Presence<KeyState>, String> {
    match policies.get("key_state").and_then(Value::as_str) {
        None => Ok(Presence::NotApplicable),
        Some(word) => match KeyState::parse(word) {
            Some(state) => Ok(Presence::Known(state)),
            None => Err(format!("`key_state`: {word:?} is no state of a key")),
        },
    }
}

/// The four settings of Block Public Access, in lower case (Amazon S3 API Reference,
/// PublicAccessBlockConfiguration); the first is the one that decides on requests.
const SETTINGS: [&str; 4] =
    ["restrictpublicbuckets", "blockpublicacls", "blockpublicpolicy", "ignorepublicacls"];

/// Words for all settings on, and for all off.
const ON: &[&str] = &["true", "all", "on", "enabled"];
const OFF: &[&str] = &["false", "none", "off", "disabled"];

/// What the settings are called, among the others.
const SETTINGS_NAMES: &[&str] = &[
    "s3blockpublicaccess",
    "blockpublicaccess",
    "publicaccessblock",
    "publicaccessblockconfiguration",
];

/// The strictest of the settings given for bucket and account, however they are nested. Settings
/// that cannot be read are an error: "off" would be the unsafe guess.
fn block_public_access(case: &Value) -> Result<BlockPublicAccess, String> {
    let given = match case.get("settings") {
        None | Some(Value::Null) => return Ok(BlockPublicAccess::default()),
        Some(settings) => settings.as_object().ok_or("`settings` is not an object")?,
    };
    let mut restrict_public_buckets = false;
    for (key, value) in given {
        if SETTINGS_NAMES.contains(&folded(key).as_str()) {
            let restricts =
                restricts(value).map_err(|error| format!("`settings.{key}`: {error}"))?;
            restrict_public_buckets |= restricts;
        }
    }
    Ok(BlockPublicAccess { restrict_public_buckets })
}

fn restricts(value: &Value) -> Result<bool, String> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(is_on) => Ok(*is_on),
        Value::String(word) => setting(word),
        Value::Number(number) => Err(format!("{number} is neither on nor off")),
        Value::Array(values) => any(values.iter().map(restricts)),
        Value::Object(members) => any(members.iter().map(|(key, value)| {
            let key = folded(key);
            match SETTINGS.iter().position(|setting| *setting == key) {
                Some(at) => Ok(is_on(value)? && at == 0),
                None => restricts(value),
            }
        })),
    }
}

/// Whether one is on; all must be legible.
fn any(mut settings: impl Iterator<Item = Result<bool, String>>) -> Result<bool, String> {
    settings.try_fold(false, |any, setting| Ok(any | setting?))
}

/// One setting's value.
fn is_on(value: &Value) -> Result<bool, String> {
    match value {
        Value::Object(_) | Value::Array(_) => Err(format!("{value} is neither on nor off")),
        value => restricts(value),
    }
}

/// A word for all settings, or the name of one that is on.
fn setting(word: &str) -> Result<bool, String> {
    let name = folded(word);
    let name = name.as_str();
    match SETTINGS.iter().position(|setting| *setting == name) {
        Some(at) => Ok(at == 0),
        None if ON.contains(&name) => Ok(true),
        None if OFF.contains(&name) => Ok(false),
        None => Err(format!("{word:?} is neither on nor off")),
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Whether the policies were read for an earlier case makes no difference.
    #[test]
    fn a_case_in_parts_gets_the_verdict_of_the_whole() {
        let allow = |action: &str| {
            json!({"identity": [{"name": "p", "policy": {"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*", "Bogus": 1}]}}]})
        };
        let open = json!({"resource": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}});
        let request = |user: &str| {
            json!({"principal": format!("arn:aws:iam::111122223333:user/{user}"),
                "action": "s3:GetObject",
                "resource": {"arn": "arn:aws:s3:::b/k", "accountId": "444455556666"}})
        };
        let on = json!({"s3_block_public_access": true});
        let mut lines: Vec<String> = Vec::new();
        for policies in [allow("s3:*"), allow("sqs:*"), open, json!(null), json!({"identity": 7})] {
            for settings in
                [json!(null), on.clone(), json!({"s3_block_public_access": 3}), on.clone()]
            {
                for user in ["ana", "ben"] {
                    let case = json!({"id": user, "request": request(user), "policies": policies,
                        "settings": settings});
                    lines.push(case.to_string());
                }
            }
        }
        lines.push("[]".to_owned());
        lines.push("{\"id\": 1, \"request\": {}, \"policies\": {}}".to_owned());
        lines.push("{\"request\": 1, \"request\": 2, \"policies\": {}}".to_owned());
        for line in lines {
            let told = |answer: Result<Verdict, Unreadable>| match answer {
                Ok(verdict) => json(&verdict),
                Err(unreadable) => json(&unreadable),
            };
            let whole = told(as_a_whole(line.as_bytes()));
            assert_eq!(told(answer(line.as_bytes())), whole, "{line}");
        }
    }
}
