//! What the caller can do so that the rule lets the call through as it stands: another Region, the
//! boundary on the new role, a tag, a second factor. Nothing is changed for that.
//!
//! All of it is read from the conditions of the statement that decides: a Deny spares a call as soon
//! as one of its conditions does not hold, an Allow reaches it once all of them do.

use serde_json::{Value, json};

use super::candidate::Candidate;
use super::protection;
use super::situation::Situation;
use super::statement::{Tested, tested};
use crate::diagnose::evaluated::{Case, policies};
use crate::diagnose::optimistic::{alone, optimistic};
use crate::event::{Effect, Event, Layer};
use crate::iam::{ContextValue, DecisionResult, StatementEffect, Values, evaluate};
use crate::wording::Sentence;
use crate::wording::shell::quote;

/// Ways shown per incident.
const MOST: usize = 3;
/// Conditions met at once; a call that misses more is another call.
const TOGETHER: usize = 4;

/// Whose call a way can be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// The caller's own: the key tells from where and how the caller itself came.
    Own,
    /// Whoever makes it: the key tells what the call asks for.
    Any,
}

/// What a caller does about a condition key.
struct Row {
    /// The key, or its head up to a `/` where any tag follows.
    key: &'static str,
    calls: For,
    does: Does,
    /// Whether the condition guards something: meeting it then goes before widening an Allow.
    guards: bool,
    command: Option<fn(&Need<'_>) -> Option<String>>,
}

/// What a caller does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    GoElsewhere,
    CarryBoundary,
    SignInWithMfa,
    SendTag,
    SendTagKeys,
    UseTagged,
    UseImdsV2,
    UseCredentialsOfImdsV2,
    Encrypt,
    UseTls,
    UseEndpoint,
    UseNetwork,
    AskAnother,
    SendParameter,
}

const fn row(key: &'static str, calls: For, does: Does, guards: bool) -> Row {
    Row { key, calls, does, guards, command: None }
}

/// Condition keys, and what a caller does about them (IAM User Guide, "AWS global condition context
/// keys", "Permissions boundaries for IAM entities", "MFA-protected API access"; Service Authorization
/// Reference, condition keys of EC2, S3, RDS, EFS and IAM; EC2 User Guide, "Use the Instance Metadata
/// Service": `HttpTokens`).
const ROWS: &[Row] = &[
    Row { command: Some(region), ..row("aws:RequestedRegion", For::Own, Does::GoElsewhere, true) },
    Row {
        command: Some(boundary),
        ..row("iam:PermissionsBoundary", For::Any, Does::CarryBoundary, true)
    },
    Row {
        command: Some(session_with_mfa),
        ..row("aws:MultiFactorAuthPresent", For::Own, Does::SignInWithMfa, true)
    },
    Row {
        command: Some(session_with_mfa),
        ..row("aws:MultiFactorAuthAge", For::Own, Does::SignInWithMfa, true)
    },
    row("aws:RequestTag/", For::Any, Does::SendTag, true),
    row("aws:TagKeys", For::Any, Does::SendTagKeys, true),
    row("aws:ResourceTag/", For::Own, Does::UseTagged, false),
    row("ec2:ResourceTag/", For::Own, Does::UseTagged, false),
    row("s3:ExistingObjectTag/", For::Own, Does::UseTagged, false),
    Row {
        command: Some(metadata),
        ..row("ec2:MetadataHttpTokens", For::Any, Does::UseImdsV2, true)
    },
    row("ec2:RoleDelivery", For::Own, Does::UseCredentialsOfImdsV2, true),
    row("s3:x-amz-server-side-encryption", For::Any, Does::Encrypt, true),
    row("s3:x-amz-server-side-encryption-aws-kms-key-id", For::Any, Does::Encrypt, true),
    row("ec2:Encrypted", For::Any, Does::Encrypt, true),
    row("rds:StorageEncrypted", For::Any, Does::Encrypt, true),
    row("elasticfilesystem:Encrypted", For::Any, Does::Encrypt, true),
    row("aws:SecureTransport", For::Own, Does::UseTls, true),
    row("s3:TlsVersion", For::Own, Does::UseTls, true),
    row("aws:SourceVpce", For::Own, Does::UseEndpoint, true),
    row("aws:SourceVpc", For::Own, Does::UseNetwork, true),
    row("aws:SourceIp", For::Own, Does::UseNetwork, true),
    row("aws:VpcSourceIp", For::Own, Does::UseNetwork, true),
    row("aws:PrincipalArn", For::Own, Does::AskAnother, false),
];

/// What a call asks for, by the keys of the service that is called.
const PARAMETER: Row = row("", For::Any, Does::SendParameter, false);

/// Keys of services that tell of the hop and not of what the call asks for (Service Authorization
/// Reference).
const OF_THE_HOP: [&str; 5] = [
    "s3:ResourceAccount",
    "s3:DataAccessPointAccount",
    "ec2:SourceInstanceARN",
    "lambda:SourceFunctionArn",
    "s3:authType",
];

/// What a condition needs in order to hold, or not to.
#[derive(Debug, Clone, PartialEq)]
enum Wants {
    OneOf(Vec<String>),
    NoneOf(Vec<String>),
    Present,
    AtMost(String),
    AtLeast(String),
    /// Something that only the policy tells, which is not known.
    Untold,
}

/// One condition that has to be met, and by what.
struct Need<'n> {
    row: &'static Row,
    test: Tested,
    wants: Wants,
    situation: &'n Situation<'n>,
}

/// The ways, best first; none where the rule leaves none.
pub(super) fn candidates(situation: &Situation<'_>) -> Vec<Candidate> {
    let mut found = match situation.effect {
        Effect::ExplicitDeny => around_deny(situation),
        Effect::ImplicitDeny => into_allow(situation),
        _ => Vec::new(),
    };
    if found.is_empty() && situation.effect == Effect::ExplicitDeny {
        found.extend(by_key_alone(situation));
    }
    if found.is_empty() && is_boundary_unread(situation) {
        found.extend(way_to_carry(situation));
    }
    found.dedup_by(|one, other| one.title == other.title);
    found.truncate(MOST);
    found
}

/// Out of reach of every Deny that keeps the call out: for each condition of the first one a way.
fn around_deny(situation: &Situation<'_>) -> Vec<Candidate> {
    let (Some(case), Some((_, statement))) = (situation.first(), super::deciding(situation)) else {
        return Vec::new();
    };
    let first: Vec<Need<'_>> = needs(situation, statement.raw(), false).collect();
    let mut order: Vec<usize> = (0..first.len()).collect();
    // What the call asks for is easier to change than who makes it.
    order.sort_by_key(|at| first.get(*at).map(|need| (!need.row.guards, need.row.key)));
    let ways = order.into_iter().filter_map(|at| {
        let mut met = vec![first.get(at)?.again()];
        let mut changed = case.clone();
        met.first()?.meet(&mut changed);
        while met.len() < TOGETHER {
            let Some(next) = next_need(situation, &changed, &met) else { break };
            next.meet(&mut changed);
            met.push(next);
        }
        way(situation, &met, &changed)
    });
    ways.collect()
}

/// A condition of another Deny that still keeps the changed call out.
fn next_need<'s>(
    situation: &'s Situation<'s>,
    changed: &Case,
    met: &[Need<'_>],
) -> Option<Need<'s>> {
    let decision = evaluate(&changed.request, &optimistic(&changed.request, &changed.layers));
    let deny = decision.statements.iter().find(|deciding| {
        decision.result == DecisionResult::ExplicitlyDenied
            && deciding.effect() == StatementEffect::Deny
    })?;
    let raw = deny.statement.as_ref()?.raw().clone();
    needs(situation, &raw, false).find(|need| !met.iter().any(|m| m.test.is_key(&need.test.key)))
}

/// Into reach of an Allow that stands in the layer and would hold but for its conditions.
fn into_allow(situation: &Situation<'_>) -> Vec<Candidate> {
    let Some(case) = situation.first() else { return Vec::new() };
    let layers = optimistic(&case.request, &case.layers);
    let limits = !matches!(
        situation.layer,
        Layer::IdentityPolicy | Layer::ResourcePolicy | Layer::RoleTrustPolicy
    );
    let mut found = Vec::new();
    for policy in policies(&case.layers, situation.layer) {
        for statement in policy.policy.statements() {
            let raw = statement.raw();
            if statement.effect() != StatementEffect::Allow || raw.get("Condition").is_none() {
                continue;
            }
            let passes = |raw: &Value| {
                alone(&layers, situation.layer, &policy.policy, raw)
                    .is_some_and(|layers| evaluate(&case.request, &layers).is_allowed())
            };
            if !passes(&with_tests(raw, &[])) {
                continue;
            }
            let open: Vec<Tested> = tested(raw)
                .into_iter()
                .filter(|test| !passes(&with_tests(raw, std::slice::from_ref(test))))
                .collect();
            let met: Vec<Need<'_>> =
                open.iter().filter_map(|test| need(situation, test, true)).collect();
            let is_meant = met.iter().all(|need| limits || need.row.guards);
            if met.is_empty() || met.len() != open.len() || met.len() > TOGETHER || !is_meant {
                continue;
            }
            let mut changed = case.clone();
            met.iter().for_each(|need| need.meet(&mut changed));
            found.extend(way(situation, &met, &changed));
        }
    }
    found
}

/// The statement with these conditions and no others.
fn with_tests(raw: &Value, tests: &[Tested]) -> Value {
    let mut changed = raw.clone();
    if let Some(members) = changed.as_object_mut() {
        members.remove("Condition");
    }
    for test in tests {
        let added = super::statement::with_condition(
            &changed,
            &test.operator,
            &test.key,
            json!(test.values),
        );
        changed = added.unwrap_or(changed);
    }
    changed
}

/// Where only the keys are known that the refusal hangs on, and not what is asked of them.
fn by_key_alone(situation: &Situation<'_>) -> Vec<Candidate> {
    let keys = situation.incident.verdict.condition_keys.iter();
    let of_key = |key: &String| {
        let test = Tested { operator: String::new(), key: key.clone(), values: Vec::new() };
        let row = row_of(situation, key)?;
        let need = Need { row, test, wants: Wants::Untold, situation };
        let mut candidate = Candidate::text(need.title(), situation.layer, 0);
        candidate.commands = need.command().into_iter().collect();
        Some(candidate)
    };
    keys.filter_map(of_key).collect()
}

/// A boundary that is not known lets no role or user be made: such a boundary mostly does where what is
/// made carries it (IAM User Guide, "Permissions boundaries for IAM entities").
fn is_boundary_unread(situation: &Situation<'_>) -> bool {
    let known = situation
        .first()
        .is_some_and(|case| !policies(&case.layers, Layer::PermissionsBoundary).is_empty());
    situation.layer == Layer::PermissionsBoundary
        && situation.effect == Effect::ImplicitDeny
        && !known
        && protection::asks_for_boundary(&situation.failing.action)
}

fn way_to_carry(situation: &Situation<'_>) -> Option<Candidate> {
    let key = protection::KEY.to_owned();
    let row = row_of(situation, &key)?;
    let test = Tested { operator: String::new(), key, values: Vec::new() };
    let need = Need { row, test, wants: Wants::Untold, situation };
    let mut candidate = Candidate::text(need.title(), situation.layer, 0);
    candidate.notes = need.notes();
    candidate.notes.push(Sentence::new("remedy-note-unread"));
    Some(candidate)
}

/// The way that meets all of these; `None` where the changed call is certain to be refused still.
fn way(situation: &Situation<'_>, met: &[Need<'_>], changed: &Case) -> Option<Candidate> {
    let decision = evaluate(&changed.request, &optimistic(&changed.request, &changed.layers));
    if decision.is_denied() && met.iter().all(Need::is_tried) {
        return None;
    }
    let title = met
        .iter()
        .map(Need::title)
        .reduce(|one, other| Sentence::new("remedy-both").arg("first", one).arg("second", other))?;
    let mut candidate = Candidate::text(title, situation.layer, 0);
    candidate.commands = met.iter().filter_map(Need::command).collect();
    candidate.commands.dedup();
    candidate.notes = met.iter().flat_map(Need::notes).collect();
    if decision.is_allowed() && met.iter().all(Need::is_tried) {
        candidate.notes.push(Sentence::new("within-evaluated"));
    }
    Some(candidate)
}

fn needs<'s>(
    situation: &'s Situation<'s>,
    raw: &Value,
    holds: bool,
) -> impl Iterator<Item = Need<'s>> {
    tested(raw).into_iter().filter_map(move |test| need(situation, &test, holds))
}

fn need<'s>(situation: &'s Situation<'s>, test: &Tested, holds: bool) -> Option<Need<'s>> {
    let row = row_of(situation, &test.key)?;
    let wants = wants(test, holds)?;
    // Who is to be anybody else, or anywhere else, is no way to take.
    let is_vague = matches!(wants, Wants::NoneOf(_))
        && !matches!(row.does, Does::GoElsewhere | Does::SendParameter);
    (!is_vague).then(|| Need { row, test: test.clone(), wants, situation })
}

fn row_of(situation: &Situation<'_>, key: &str) -> Option<&'static Row> {
    let is_named = |row: &&Row| match row.key.ends_with('/') {
        true => key.get(..row.key.len()).is_some_and(|head| head.eq_ignore_ascii_case(row.key)),
        false => row.key.eq_ignore_ascii_case(key),
    };
    let service = key.split(':').next().unwrap_or_default();
    let of_the_call = |action: &String| {
        action.split(':').next().is_some_and(|prefix| prefix.eq_ignore_ascii_case(service))
    };
    let is_parameter = || {
        situation.actions.iter().any(of_the_call)
            && !OF_THE_HOP.iter().any(|hop| hop.eq_ignore_ascii_case(key))
            // Those of KMS tell of the key, of the hop, or of data that is encrypted already.
            && !service.eq_ignore_ascii_case("kms")
    };
    let row = ROWS.iter().find(is_named).or_else(|| is_parameter().then_some(&PARAMETER))?;
    let is_own = situation.is_own();
    let is_open = match row.calls {
        For::Own => is_own,
        // A service's own call is made as the service makes it.
        For::Any => !situation.is_by_service(),
    };
    is_open.then_some(row)
}

/// What makes the test hold, or not hold (IAM User Guide, "IAM JSON policy elements: Condition
/// operators").
fn wants(test: &Tested, holds: bool) -> Option<Wants> {
    let name = test.operator.to_ascii_lowercase();
    let name = name.rsplit(':').next().unwrap_or_default();
    let name = name.strip_suffix("ifexists").unwrap_or(name);
    let values = test.values.clone();
    if values.is_empty() || values.iter().any(|value| value.contains("${")) {
        return None;
    }
    let one = values.first()?.clone();
    let flag = |value: &str| if value.eq_ignore_ascii_case("true") { "false" } else { "true" };
    Some(match name {
        "bool" if holds => Wants::OneOf(vec![one]),
        "bool" => Wants::OneOf(vec![flag(&one).to_owned()]),
        "null" => match one.eq_ignore_ascii_case("true") == holds {
            true => return None,
            false => Wants::Present,
        },
        "numericlessthan" | "numericlessthanequals" if holds => Wants::AtMost(one),
        "numericlessthan" | "numericlessthanequals" => Wants::AtLeast(one),
        "numericgreaterthan" | "numericgreaterthanequals" if holds => Wants::AtLeast(one),
        "numericgreaterthan" | "numericgreaterthanequals" => Wants::AtMost(one),
        _ if test.is_list() && test.is_negated() != holds => Wants::OneOf(values),
        _ if test.is_list() => Wants::NoneOf(values),
        _ => return None,
    })
}

impl<'n> Need<'n> {
    fn again(&self) -> Need<'n> {
        Need {
            row: self.row,
            test: self.test.clone(),
            wants: self.wants.clone(),
            situation: self.situation,
        }
    }

    /// A value that meets it; `None` where only patterns are known.
    fn value(&self) -> Option<String> {
        let is_plain = |value: &&String| !value.contains(['*', '?']);
        match &self.wants {
            Wants::OneOf(values) => {
                let value = values.iter().find(is_plain)?;
                let is_address = self.test.operator.to_ascii_lowercase().contains("ipaddress");
                let address = value.split('/').next().filter(|_| is_address);
                Some(address.unwrap_or(value).to_owned())
            }
            Wants::NoneOf(_) => Some("another".to_owned()),
            Wants::Present => Some("value".to_owned()),
            Wants::AtMost(value) | Wants::AtLeast(value) => Some(value.clone()),
            Wants::Untold => None,
        }
    }

    fn is_tried(&self) -> bool {
        self.value().is_some()
    }

    /// The call as it is once the condition is met.
    fn meet(&self, case: &mut Case) {
        let context = &mut case.request.context;
        let Some(value) = self.value() else {
            context.mark_unknown(&self.test.key);
            return;
        };
        let is_many = matches!(context.get(&self.test.key), ContextValue::Known(Values::Many(_)))
            || self.test.operator.to_ascii_lowercase().starts_with("for");
        match is_many {
            true => context.insert(&self.test.key, vec![value]),
            false => context.insert(&self.test.key, value),
        };
    }

    fn title(&self) -> Sentence {
        let values = match &self.wants {
            Wants::OneOf(values) | Wants::NoneOf(values) => values.clone(),
            Wants::AtMost(value) | Wants::AtLeast(value) => vec![value.clone()],
            Wants::Present | Wants::Untold => Vec::new(),
        };
        let is_other = matches!(self.wants, Wants::NoneOf(_));
        let key = self.test.key.as_str();
        let tag = key.split_once('/').map_or(key, |(_, tag)| tag);
        let action = self.situation.failing.action.as_str();
        match (self.row.does, values.is_empty()) {
            (Does::GoElsewhere, true) => Sentence::new("within-region"),
            (Does::GoElsewhere, false) if is_other => {
                Sentence::new("within-region-other").arg("region", values)
            }
            (Does::GoElsewhere, false) => {
                Sentence::new("within-region-one-of").arg("region", values)
            }
            (Does::CarryBoundary, true) => Sentence::new("within-boundary").arg("action", action),
            (Does::CarryBoundary, false) => {
                Sentence::new("within-boundary-of").arg("action", action).arg("values", values)
            }
            (Does::SignInWithMfa, _) => Sentence::new("within-mfa").arg("action", action),
            (Does::SendTag, true) => Sentence::new("within-tag").arg("tag", tag),
            (Does::SendTag, false) => {
                Sentence::new("within-tag-of").arg("tag", tag).arg("values", values)
            }
            (Does::SendTagKeys, true) => Sentence::new("within-tag-keys"),
            (Does::SendTagKeys, false) => Sentence::new("within-tag-keys-of").arg("values", values),
            (Does::UseTagged, true) => Sentence::new("within-tagged").arg("tag", tag),
            (Does::UseTagged, false) => {
                Sentence::new("within-tagged-of").arg("tag", tag).arg("values", values)
            }
            (Does::UseImdsV2, _) => Sentence::new("within-imds"),
            (Does::UseCredentialsOfImdsV2, _) => Sentence::new("within-imds-credentials"),
            (Does::Encrypt, true) => Sentence::new("within-encrypt").arg("key", key),
            (Does::Encrypt, false) => {
                Sentence::new("within-encrypt-with").arg("key", key).arg("values", values)
            }
            (Does::UseTls, _) => Sentence::new("within-tls"),
            (Does::UseEndpoint, true) => Sentence::new("within-endpoint"),
            (Does::UseEndpoint, false) => Sentence::new("within-endpoint-of").arg("values", values),
            (Does::UseNetwork, true) => Sentence::new("within-network"),
            (Does::UseNetwork, false) => Sentence::new("within-network-of").arg("values", values),
            (Does::AskAnother, true) => Sentence::new("within-principal").arg("action", action),
            (Does::AskAnother, false) => {
                Sentence::new("within-principal-of").arg("action", action).arg("values", values)
            }
            (Does::SendParameter, true) => Sentence::new("within-parameter").arg("key", key),
            (Does::SendParameter, false) if is_other => {
                Sentence::new("within-parameter-other").arg("key", key).arg("values", values)
            }
            (Does::SendParameter, false) => {
                Sentence::new("within-parameter-of").arg("key", key).arg("values", values)
            }
        }
    }

    /// A negated condition holds for a key that the call does not carry (IAM User Guide, "Condition
    /// operators": negated matching), which people take for being out of reach.
    fn notes(&self) -> Vec<Sentence> {
        let mut notes = Vec::new();
        let is_negated_deny = self.test.is_negated() && matches!(self.wants, Wants::OneOf(_));
        if is_negated_deny && self.row.calls == For::Any {
            notes.push(Sentence::new("within-note-absent").arg("key", self.test.key.as_str()));
        }
        if self.row.does == Does::CarryBoundary && !self.is_own() {
            notes.push(Sentence::new("within-note-template"));
        }
        notes
    }

    fn is_own(&self) -> bool {
        self.situation.is_own()
    }

    fn command(&self) -> Option<String> {
        self.row.command.filter(|_| self.is_own()).and_then(|command| command(self))
    }

    /// The one value without a wildcard that is asked for.
    fn plain(&self) -> Option<&str> {
        match &self.wants {
            Wants::OneOf(values) => {
                values.iter().find(|value| !value.contains(['*', '?'])).map(String::as_str)
            }
            _ => None,
        }
    }
}

fn region(need: &Need<'_>) -> Option<String> {
    Some(format!("export AWS_REGION={}", quote(need.plain()?)))
}

/// `iam create-role` and `create-user` take the boundary; other calls are on what has to have it
/// already (IAM API Reference, CreateRole, PutRolePermissionsBoundary).
fn boundary(need: &Need<'_>) -> Option<String> {
    let arn = quote(need.plain()?);
    let event: &Event = need.situation.event;
    let name = |path: &str| event.request_value(path).map(|name| quote(&name));
    let (role, user) = (name("roleName"), name("userName"));
    match need.situation.failing.action.as_str() {
        "iam:CreateRole" => Some(format!(
            "aws iam create-role --role-name {} --assume-role-policy-document file://trust.json --permissions-boundary {arn}",
            role.unwrap_or_else(|| quote("<ROLE_NAME>"))
        )),
        "iam:CreateUser" => Some(format!(
            "aws iam create-user --user-name {} --permissions-boundary {arn}",
            user.unwrap_or_else(|| quote("<USER_NAME>"))
        )),
        _ => match (role, user) {
            (Some(role), _) => Some(format!(
                "aws iam put-role-permissions-boundary --role-name {role} --permissions-boundary {arn}"
            )),
            (None, Some(user)) => Some(format!(
                "aws iam put-user-permissions-boundary --user-name {user} --permissions-boundary {arn}"
            )),
            (None, None) => None,
        },
    }
}

/// Users with long-term keys get a session that knows of the second factor (STS API Reference,
/// GetSessionToken); who has a session signs in anew.
fn session_with_mfa(need: &Need<'_>) -> Option<String> {
    let arn = need.situation.caller_arn().filter(|arn| arn.contains(":user/"))?;
    let name = arn.rsplit('/').next()?;
    Some(format!(
        "aws sts get-session-token --token-code '<CODE>' --serial-number \"$(aws iam list-mfa-devices --user-name {} --query 'MFADevices[0].SerialNumber' --output text)\"",
        quote(name)
    ))
}

/// A launch template says it for everything that is launched by it; else each call does (EC2 API
/// Reference, RunInstances, CreateLaunchTemplateVersion: `MetadataOptions`).
fn metadata(need: &Need<'_>) -> Option<String> {
    let template = need.situation.resource().and_then(|arn| arn.split_once(":launch-template/"));
    let value = need.plain().unwrap_or("required");
    let id = template.map(|(_, id)| id).filter(|id| !id.contains('*'))?;
    Some(format!(
        "aws ec2 create-launch-template-version --launch-template-id {} --source-version '$Latest' --launch-template-data {}",
        quote(id),
        quote(&json!({"MetadataOptions": {"HttpTokens": value}}).to_string())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(operator: &str, values: &[&str]) -> Tested {
        Tested {
            operator: operator.to_owned(),
            key: "k:k".to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn a_condition_says_what_it_needs_to_hold_and_not_to() {
        let one_of = |values: &[&str]| {
            Some(Wants::OneOf(values.iter().map(|value| (*value).to_owned()).collect()))
        };
        let none_of = |value: &str| Some(Wants::NoneOf(vec![value.to_owned()]));
        let rows = [
            (test("StringNotEquals", &["a", "b"]), false, one_of(&["a", "b"])),
            (test("StringNotEqualsIfExists", &["a"]), true, none_of("a")),
            (test("ForAnyValue:StringLike", &["a"]), true, one_of(&["a"])),
            (test("StringEquals", &["a"]), false, none_of("a")),
            (test("BoolIfExists", &["false"]), false, one_of(&["true"])),
            (test("Bool", &["true"]), true, one_of(&["true"])),
            (test("Null", &["true"]), false, Some(Wants::Present)),
            (test("Null", &["false"]), true, Some(Wants::Present)),
            (test("Null", &["false"]), false, None),
            (test("NumericGreaterThan", &["5"]), false, Some(Wants::AtMost("5".to_owned()))),
            (test("NotIpAddress", &["192.0.2.0/24"]), false, one_of(&["192.0.2.0/24"])),
            (test("StringNotEquals", &["${aws:username}"]), false, None),
        ];
        for (test, holds, expected) in rows {
            assert_eq!(wants(&test, holds), expected, "{test:?} {holds}");
        }
    }
}
