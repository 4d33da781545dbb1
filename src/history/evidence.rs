//! What AWS itself can be asked about a denial, saved to files: `aws sts
//! decode-authorization-message` and `aws iam-toolbox get-request-authorization-details`.
//!
//! Both tell the result, the statements and the condition keys as AWS evaluated them. Neither names
//! the call: it is found by who did what on what, or by an id in the file's name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::change::{at, text_at};
use super::dump::Gap;
use crate::error::{Error, Result};
use crate::event::{Effect, Event, Field, Layer, Time, denial};
use crate::given::{self, Cap};
use crate::iam::{Context, Values};

/// A statement AWS names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedStatement {
    /// Its Sid.
    pub sid: Option<String>,
    /// Whether it denies.
    pub denies: bool,
    /// The policy: an ARN, or an opaque name of an inline policy.
    pub policy: Option<String>,
    /// The layer of the policy, where AWS tells it.
    pub layer: Option<Layer>,
    /// What the policy is attached to.
    pub attached_to: Option<String>,
    /// The condition keys it tests, where they are told.
    pub condition_keys: Vec<String>,
}

/// AWS's own account of one decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The file it is from.
    pub file: String,
    /// How the decision ended.
    pub effect: Effect,
    /// Whether it was an allow.
    pub allowed: bool,
    /// The layer that decided, where AWS tells it.
    pub layer: Option<Layer>,
    /// The ARN of who asked.
    pub principal: Option<String>,
    /// The action, as `service:Name` where the file has it so.
    pub action: Option<String>,
    /// The resource.
    pub resource: Option<String>,
    /// Statements that matched.
    pub statements: Vec<NamedStatement>,
    /// Condition keys with their values.
    pub context: BTreeMap<String, Vec<String>>,
    /// The file's name, which may hold an authorization id, request id or event id.
    stem: String,
}

/// Evidence is of a few kilobytes.
const CAP: Cap = Cap {
    bytes: 64 << 20,
    instead: "give what `sts decode-authorization-message` printed, one call to a file",
};

/// Everything the evidence files say.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The decisions.
    pub findings: Vec<Finding>,
    /// Files that could not be used.
    pub gaps: Vec<Gap>,
    /// Whether any path was given.
    pub is_given: bool,
}

impl Evidence {
    /// Reads evidence files and folders of them.
    ///
    /// # Errors
    /// A path that does not exist or cannot be read.
    pub fn read(paths: &[PathBuf]) -> Result<Evidence> {
        let mut evidence = Evidence { is_given: !paths.is_empty(), ..Evidence::default() };
        for path in paths {
            for entry in walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name() {
                let entry = entry.map_err(|e| {
                    let at = e.path().unwrap_or(path).to_path_buf();
                    let source = e.into_io_error();
                    Error::io(at, source.unwrap_or_else(|| std::io::Error::other("a loop")))
                })?;
                if entry.file_type().is_file() {
                    evidence.read_file(entry.path())?;
                } else if entry.depth() == 0 && !entry.file_type().is_dir() {
                    // A pipe that was named is meant (`<(aws sts …)`).
                    let bytes = given::bytes(path, CAP)?;
                    evidence.take(path, &String::from_utf8_lossy(&bytes));
                }
            }
        }
        Ok(evidence)
    }

    /// A file that is too large is one that cannot be used; the others can.
    fn read_file(&mut self, path: &Path) -> Result<()> {
        match given::bytes(path, CAP) {
            Ok(bytes) => self.take(path, &String::from_utf8_lossy(&bytes)),
            Err(Error::Document { message, .. }) => self.gaps.push(Gap {
                file: path.display().to_string().into(),
                line: None,
                column: None,
                about: None,
                message,
            }),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes one file's text.
    pub fn take(&mut self, path: &Path, text: &str) {
        let file = path.display().to_string();
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let json: Json = match serde_json::from_str(text) {
            Ok(json) => json,
            Err(error) => {
                let (line, column) = (Some(error.line()), Some(error.column()));
                let message = "no JSON".to_owned();
                return self.gaps.push(Gap {
                    file: file.into(),
                    line,
                    column,
                    about: None,
                    message,
                });
            }
        };
        let found = decoded_message(&json).or_else(|| authorization_details(&json));
        match found {
            Some(findings) => self.findings.extend(findings.into_iter().map(|finding| Finding {
                file: file.clone(),
                stem: stem.clone(),
                ..finding
            })),
            None => self.gaps.push(Gap {
                file: file.into(),
                line: None,
                column: None,
                about: None,
                message: "neither a decoded authorization message nor authorization details"
                    .to_owned(),
            }),
        }
    }

    /// What AWS said about this call: by an id of the call in the file's name, else by principal,
    /// action and resource together.
    pub fn for_event(&self, event: &Event) -> Option<&Finding> {
        let denied = denial(event)?;
        let ids =
            [denied.authorization_id.as_deref(), event.get(Field::RequestId), Some(event.id())];
        let named = |finding: &&Finding| {
            ids.iter().flatten().any(|id| id.len() >= 8 && finding.stem.contains(id))
        };
        let denials = || self.findings.iter().filter(|finding| !finding.allowed);
        denials()
            .find(named)
            .or_else(|| {
                let action = denied.action.clone().unwrap_or_else(|| crate::event::action(event));
                let same = |finding: &&Finding| {
                    finding.is_by(event)
                        && finding
                            .action
                            .as_deref()
                            .is_some_and(|found| same_action(found, &action))
                        && denied.resource.as_deref().is_none_or(|resource| {
                            finding
                                .resource
                                .as_deref()
                                .is_none_or(|found| same_resource(found, resource))
                        })
                        && finding.is_near(event)
                };
                denials().find(same)
            })
            .or_else(|| {
                // The message that is decoded tells another action than the call's where that one is what
                // was refused (EC2 asks for `ec2:CreateTags` and `iam:PassRole` within a launch).
                let is_sealed = denied.encoded && denied.action.is_none();
                let mut fitting =
                    denials().filter(|f| is_sealed && f.is_by(event) && f.is_near(event));
                let first = fitting.next()?;
                let tells = |f: &Finding| (f.action.clone(), f.resource.clone());
                fitting.all(|other| tells(other) == tells(first)).then_some(first)
            })
    }

    /// Why a decision tells of none of these refused calls.
    pub fn unused(&self, calls: &[&Event]) -> Vec<(&Finding, Unused)> {
        let used = |finding: &Finding| {
            calls.iter().any(|event| {
                self.for_event(event).is_some_and(|found| std::ptr::eq(found, finding))
            })
        };
        let why = |finding: &Finding| {
            let by: Vec<&&Event> = calls.iter().filter(|event| finding.is_by(event)).collect();
            match () {
                () if finding.allowed => Unused::Allowed,
                () if by.is_empty() => Unused::Principal,
                () if !by.iter().any(|event| finding.is_near(event)) => Unused::Time,
                () => Unused::Call,
            }
        };
        let left = self.findings.iter().filter(|finding| !used(finding));
        left.map(|finding| (finding, why(finding))).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Why a decision tells of no refused call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unused {
    /// It was an allow.
    Allowed,
    /// Nobody of that name was refused anything.
    Principal,
    /// They were refused nothing at that time.
    Time,
    /// They were refused something else.
    Call,
}

/// A decision and its record are seconds apart; clocks and late records leave room.
const NEAR_SECONDS: i64 = 300;

impl Finding {
    /// Whether the caller is the one named: a session by its own ARN, or its role by the role's.
    fn is_by(&self, event: &Event) -> bool {
        let Some(principal) = self.principal.as_deref() else { return false };
        Some(principal) == event.arn() || Some(principal) == event.principal_arn()
    }

    /// Whether the decision was made when the event happened; one that does not tell its time may
    /// have been.
    fn is_near(&self, event: &Event) -> bool {
        let told = ["aws:CurrentTime", "aws:EpochTime"].into_iter().find_map(|name| {
            let mut keys = self.context.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
            Time::parse(keys.next()?.1.first()?)
        });
        told.is_none_or(|time| time.seconds_since(event.time).abs() <= NEAR_SECONDS)
    }

    /// Puts the condition keys AWS saw into a context; they beat what was read from the log.
    pub fn complete(&self, context: &mut Context) {
        for (key, values) in &self.context {
            let values = match values.as_slice() {
                [one] => Values::One(one.clone()),
                many => Values::Many(many.to_vec()),
            };
            context.insert(key, values);
        }
    }
}

/// Decoded messages name the action without the service in old forms (`RunInstances`).
fn same_action(found: &str, action: &str) -> bool {
    let bare = action.split_once(':').map_or(action, |(_, name)| name);
    found.eq_ignore_ascii_case(action) || found.eq_ignore_ascii_case(bare)
}

/// The same resource, or one that a wildcard of the told one covers (EC2 tells `volume/*` of a volume
/// that is not made).
fn same_resource(found: &str, resource: &str) -> bool {
    found == resource
        || [(found, resource), (resource, found)].iter().any(|(pattern, arn)| {
            pattern.strip_suffix('*').is_some_and(|start| arn.starts_with(start))
        })
}

/// `{"DecodedMessage": "{…}"}`, or the message by itself (STS `DecodeAuthorizationMessage`).
fn decoded_message(json: &Json) -> Option<Vec<Finding>> {
    let inner = match at(json, "DecodedMessage") {
        Some(Json::String(text)) => serde_json::from_str(text).ok()?,
        Some(object) => object.clone(),
        None => json.clone(),
    };
    let allowed = at(&inner, "allowed")?.as_bool()?;
    let explicit = at(&inner, "explicitDeny").and_then(Json::as_bool) == Some(true);
    let statements = items(&inner, "matchedStatements")
        .iter()
        .map(|statement| NamedStatement {
            sid: text_at(statement, "statementId").map(str::to_owned),
            denies: text_at(statement, "effect").is_some_and(|e| e.eq_ignore_ascii_case("deny")),
            policy: None,
            layer: None,
            attached_to: None,
            condition_keys: keys_of(statement),
        })
        .collect();
    let context = items(&inner, "context.conditions")
        .iter()
        .filter_map(|condition| {
            let values = items(condition, "values");
            let values = values.iter().filter_map(|value| text_at(value, "value"));
            Some((text_at(condition, "key")?.to_owned(), values.map(str::to_owned).collect()))
        })
        .collect();
    Some(vec![Finding {
        file: String::new(),
        effect: effect(allowed, explicit),
        allowed,
        layer: None,
        principal: text_at(&inner, "context.principal.arn").map(str::to_owned),
        action: text_at(&inner, "context.action").map(str::to_owned),
        resource: text_at(&inner, "context.resource").map(str::to_owned),
        statements,
        context,
        stem: String::new(),
    }])
}

/// The list in `{"items": […]}`.
fn items<'j>(json: &'j Json, path: &str) -> &'j [Json] {
    let list = at(json, path).and_then(|holder| at(holder, "items").or(Some(holder)));
    list.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn effect(allowed: bool, explicit: bool) -> Effect {
    match (allowed, explicit) {
        (true, _) => Effect::NotApplicable,
        (false, true) => Effect::ExplicitDeny,
        (false, false) => Effect::ImplicitDeny,
    }
}

/// `{"requestContext": …, "evaluations": […], "policies": […]}` (IAM Toolbox
/// `GetRequestAuthorizationDetails`): one finding per evaluated pair of action and resource.
fn authorization_details(json: &Json) -> Option<Vec<Finding>> {
    let evaluations = at(json, "evaluations")?.as_array()?;
    let shared = values(at(json, "requestContext"));
    let policies = at(json, "policies").and_then(Json::as_array).map(Vec::as_slice);
    let policies = policies.unwrap_or_default();
    Some(evaluations.iter().map(|entry| evaluation(entry, &shared, policies)).collect())
}

fn evaluation(entry: &Json, shared: &BTreeMap<String, Vec<String>>, policies: &[Json]) -> Finding {
    let word = text_at(entry, "evaluatedEffect").unwrap_or_default();
    let (allowed, explicit) = (word == "ALLOW", word == "EXPLICIT_DENY");
    let matched = at(entry, "matchedPolicies").and_then(Json::as_array).into_iter().flatten();
    let statements: Vec<NamedStatement> =
        matched.flat_map(|policy| matched_statements(policy, policies)).collect();
    let deciding = statements.iter().find(|statement| statement.denies != allowed);
    let mut context = shared.clone();
    context.extend(values(at(entry, "context")));
    let principal = context
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"))
        .and_then(|(_, values)| values.first().cloned());
    Finding {
        file: String::new(),
        effect: effect(allowed, explicit),
        allowed,
        layer: deciding.filter(|_| !allowed).and_then(|statement| statement.layer),
        principal,
        action: text_at(entry, "action").map(str::to_owned),
        resource: text_at(entry, "resource").map(str::to_owned),
        statements,
        context,
        stem: String::new(),
    }
}

fn matched_statements(matched: &Json, policies: &[Json]) -> Vec<NamedStatement> {
    let uri = text_at(matched, "uri");
    let info = policies.iter().find(|policy| uri.is_some() && text_at(policy, "uri") == uri);
    let layer = info.and_then(|info| text_at(info, "type")).and_then(layer_of);
    let attached_to = info
        .and_then(|info| at(info, "attachedTo")?.as_array()?.first())
        .and_then(|target| text_at(target, "arn"));
    let statements = at(matched, "matchedStatements").and_then(Json::as_array);
    statements
        .into_iter()
        .flatten()
        .map(|statement| NamedStatement {
            sid: text_at(statement, "sid").map(str::to_owned),
            denies: text_at(statement, "evaluatedEffect").is_some_and(|e| e.contains("DENY")),
            policy: uri.map(str::to_owned),
            layer,
            attached_to: attached_to.map(str::to_owned),
            condition_keys: keys_of(statement),
        })
        .collect()
}

/// The keys in a statement's `conditions`, each once.
fn keys_of(statement: &Json) -> Vec<String> {
    let conditions = items(statement, "conditions").iter();
    let keys = conditions.filter_map(|condition| text_at(condition, "key"));
    let mut keys: Vec<String> = keys.map(str::to_owned).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// The types of policy of the IAM Toolbox API (`PolicyInfo`).
fn layer_of(kind: &str) -> Option<Layer> {
    Some(match kind {
        "IDENTITY_BASED_POLICY" => Layer::IdentityPolicy,
        "PERMISSIONS_BOUNDARY" => Layer::PermissionsBoundary,
        "RESOURCE_BASED_POLICY" => Layer::ResourcePolicy,
        "RESOURCE_CONTROL_POLICY" => Layer::Rcp,
        "SERVICE_CONTROL_POLICY" => Layer::Scp,
        "SESSION_POLICY" => Layer::SessionPolicy,
        "VPC_ENDPOINT_POLICY" => Layer::VpcEndpointPolicy,
        "ROLE_TRUST_POLICY" => Layer::RoleTrustPolicy,
        _ => return None,
    })
}

/// A map of condition keys to a value or values of any JSON type.
fn values(context: Option<&Json>) -> BTreeMap<String, Vec<String>> {
    let scalar = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    };
    let pairs = context.and_then(Json::as_object).into_iter().flatten();
    pairs
        .map(|(key, value)| {
            let values = match value {
                Json::Array(many) => many.iter().filter_map(scalar).collect(),
                one => scalar(one).into_iter().collect(),
            };
            (key.clone(), values)
        })
        .collect()
}
