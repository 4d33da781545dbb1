//! `trailwhy simulate`: one request with its policies per line of JSON in, one verdict per line
//! out, in the same order. A line that cannot be read gets an error of its own and does not stop
//! the rest.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::event::Layer;
use crate::iam::{
    AttachedPolicy, BlockPublicAccess, Context, Deciding, Decision, EndpointPolicy, KeyState,
    KmsGrant, Layers, Level, Policy, PolicyLabel, Presence, Principal, Request, Resource, Values,
    evaluate,
};
use crate::wording::{Language, Wording};

/// Longest case: what comes without a line's end must not fill the memory.
const LONGEST: u64 = 16 << 20;

/// So many lines without a case among them are no list of cases, and a device never ends.
const STRANGE: u64 = 10_000;

/// Answers every line of standard input; the exit status is 2 when some could not be read.
pub fn run() -> anyhow::Result<ExitCode> {
    let all_read = answer_lines(BufReader::new(io::stdin().lock()), io::stdout().lock())?;
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Whether every line could be read.
fn answer_lines(input: BufReader<impl Read>, output: impl Write) -> anyhow::Result<bool> {
    let mut input = input;
    let mut output = BufWriter::new(output);
    let mut all_read = true;
    let mut line = Vec::new();
    let mut number = 0_u64;
    let mut strange = 0_u64;
    loop {
        // Whoever asks line by line gets each answer before the next question.
        if input.buffer().is_empty() {
            output.flush()?;
        }
        line.clear();
        if input.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line)? == 0 {
            output.flush()?;
            return Ok(all_read);
        }
        number += 1;
        if line.len() as u64 > LONGEST {
            output.flush()?;
            return Err(Error::Usage(format!(
                "line {number} of standard input is longer than {} MiB; the cases after it were \
                 not read\nhint: one case is one line, and its policies are no larger than AWS \
                 takes them",
                LONGEST >> 20
            ))
            .into());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match answer(&line) {
            Ok(verdict) => {
                strange = 0;
                serde_json::to_writer(&mut output, &verdict)?;
            }
            Err(_) if strange == STRANGE => {
                output.flush()?;
                return Err(Error::Usage(format!(
                    "the {STRANGE} lines of standard input before line {number} are no cases; what comes \
                     after them was not read\nhint: one case is one line of JSON"
                ))
                .into());
            }
            Err(unreadable) => {
                all_read = false;
                strange += 1;
                serde_json::to_writer(&mut output, &unreadable)?;
            }
        }
        output.write_all(b"\n")?;
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

fn answer(line: &[u8]) -> Result<Verdict, Unreadable> {
    let case: Value = serde_json::from_slice(line)
        .map_err(|error| Unreadable { id: Value::Null, error: format!("not JSON: {error}") })?;
    let id = case.get("id").cloned().unwrap_or(Value::Null);
    let unreadable = |error: String| Unreadable { id: id.clone(), error };
    let asked = case.get("request").filter(|request| request.is_object());
    let asked = asked.ok_or_else(|| unreadable("the case has no `request`".to_owned()))?;
    let request = request(asked).map_err(unreadable)?;
    let mut reader = PolicyReader::default();
    let layers = reader.layers(&case).map_err(unreadable)?;
    Ok(verdict(id, &evaluate(&request, &layers), reader.warnings))
}

fn verdict(id: Value, decision: &Decision, warnings: Vec<String>) -> Verdict {
    let english = Wording::new(Language::En);
    Verdict {
        id,
        result: decision.result.as_str(),
        layer: decision.layer.map(slot),
        blocked_by: decision.blocked_by.iter().copied().map(slot).collect(),
        statements: decision.statements.iter().map(statement).collect(),
        unknown: decision.unknown.iter().map(|missing| english.say(&missing.sentence())).collect(),
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
    fn layers(&mut self, case: &Value) -> Result<Layers, String> {
        let policies = case.get("policies").unwrap_or(&Value::Null);
        let endpoint = self.named(policies.get("vpc_endpoint"), "vpc_endpoint")?;
        let endpoint = presence(endpoint, |policies| policies.is_empty());
        Ok(Layers {
            identity: Presence::Known(self.named(policies.get("identity"), "identity")?),
            boundary: presence(self.named(policies.get("boundary"), "boundary")?, Vec::is_empty),
            session: presence(self.named(policies.get("session"), "session")?, Vec::is_empty),
            resource: match policies.get("resource") {
                None | Some(Value::Null) => Presence::NotApplicable,
                Some(policy) => Presence::Known(self.policy(policy, None, "resource")?),
            },
            scps: presence(self.levels(policies.get("scps"), "scps")?, Vec::is_empty),
            rcps: presence(self.levels(policies.get("rcps"), "rcps")?, Vec::is_empty),
            vpc_endpoint: match endpoint {
                Presence::Known(policies) => {
                    Presence::Known(EndpointPolicy { policies, is_gateway: false })
                }
                _ => Presence::NotApplicable,
            },
            kms_grants: Presence::Known(grants(policies)?),
            key_state: key_state(policies)?,
            block_public_access: Presence::Known(block_public_access(case)),
        })
    }

    /// `[{"name", "policy"}, …]`, or a document by itself.
    fn named(&mut self, value: Option<&Value>, what: &str) -> Result<Vec<AttachedPolicy>, String> {
        if let Some(document @ Value::Object(_)) = value {
            return Ok(vec![self.policy(document, None, what)?]);
        }
        let entries = list(value, &format!("`{what}`"))?;
        entries
            .iter()
            .map(|entry| {
                let name = entry.get("name").and_then(Value::as_str);
                self.policy(entry.get("policy").unwrap_or(entry), name, what)
            })
            .collect()
    }

    fn levels(&mut self, value: Option<&Value>, what: &str) -> Result<Vec<Level>, String> {
        list(value, &format!("`{what}`"))?
            .iter()
            .map(|level| {
                let id = level.get("ou").and_then(Value::as_str).unwrap_or_default().to_owned();
                Ok(Level { id, policies: self.named(level.get("policies"), what)? })
            })
            .collect()
    }

    fn policy(
        &mut self,
        document: &Value,
        name: Option<&str>,
        what: &str,
    ) -> Result<AttachedPolicy, String> {
        let place = match name {
            Some(name) => format!("`{what}` {name:?}"),
            None => format!("`{what}`"),
        };
        let policy = Policy::from_value(document).map_err(|error| format!("{place}: {error}"))?;
        self.warnings.extend(policy.warnings().iter().map(|warning| match warning.statement {
            Some(index) => format!("{place}, statement {index}: {warning}"),
            None => format!("{place}: {warning}"),
        }));
        let label = PolicyLabel { name: name.map(str::to_owned), ..PolicyLabel::default() };
        Ok(AttachedPolicy::new(label, policy))
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

/// The strictest of the settings given for bucket and account, however they are nested.
fn block_public_access(case: &Value) -> BlockPublicAccess {
    fn restricts(value: &Value) -> bool {
        match value {
            Value::Object(members) => members.iter().any(|(key, value)| {
                let key = key.replace('_', "");
                let is_setting = key.eq_ignore_ascii_case("RestrictPublicBuckets");
                (is_setting && *value == Value::Bool(true)) || restricts(value)
            }),
            _ => false,
        }
    }
    let settings = case.get("settings").and_then(|all| all.get("s3_block_public_access"));
    BlockPublicAccess { restrict_public_buckets: settings.is_some_and(restricts) }
}
