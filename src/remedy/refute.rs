//! Changes that look right and do not help, each tried before it is called so.

use serde_json::{Value, json};

use super::candidate::Candidate;
use super::deny::{self, VIA_KMS};
use super::proof::{Edit, Proof, is_denied, result};
use super::situation::Situation;
use super::statement::{tested, with_condition, with_value};
use super::{MOST_REFUTED, Refuted};
use crate::event::{CallerKind, Effect, Layer};
use crate::iam::{AttachedPolicy, DecisionResult, Policy, PolicyLabel, Statement};
use crate::wording::{Sentence, layer_on};

/// The tempting changes that do not help.
pub(super) fn refuted(
    situation: &Situation<'_>,
    tried: &[(Candidate, Option<Proof>)],
) -> Vec<Refuted> {
    let mut found = Vec::new();
    found.extend(via_kms(situation));
    found.extend(role_in_exception(situation));
    found.extend(allow_against_deny(situation));
    found.extend(administrator(situation));
    // Of a Deny every change is told; an Allow that does not come close is no temptation.
    let denied = tried.iter().filter(|_| situation.effect == Effect::ExplicitDeny);
    for (candidate, proof) in denied {
        // That the call passes without the statement is what the verdict says of the shown call; that
        // another statement or call stands in the way besides makes it no less true.
        let is_without = candidate.breadth >= deny::TAKES_OUT;
        if !is_without && proof.as_ref().is_some_and(|proof| is_denied(proof.denied_request)) {
            found.push(Refuted {
                title: candidate.title.clone(),
                because: Sentence::new("remedy-refuted-evaluated"),
            });
        }
    }
    found.truncate(MOST_REFUTED);
    found
}

/// Not every request passes with the edits. One of which a condition key is unknown was denied all
/// the same, so what does not certainly let it through does not help.
fn stays_denied(situation: &Situation<'_>, edits: &[Edit]) -> bool {
    situation.denied.iter().any(|case| result(case, edits) != DecisionResult::Allowed)
}

fn restated(
    situation: &Situation<'_>,
    policy: &AttachedPolicy,
    statement: &Statement,
    changed: Option<Value>,
) -> Option<Vec<Edit>> {
    let candidate = Candidate::restate(
        Sentence::new("remedy-statement"),
        situation.layer,
        policy,
        statement.index(),
        changed?,
        0,
    )?;
    Some(candidate.edits)
}

/// `kms:ViaService` is a key of KMS requests; in any other it is absent, so that `Null` holds and
/// the Deny stays (KMS Developer Guide, kms:ViaService).
fn via_kms(situation: &Situation<'_>) -> Option<Refuted> {
    if situation.effect != Effect::ExplicitDeny || !situation.is_forwarded() || situation.is_kms() {
        return None;
    }
    if let Some((policy, statement)) = super::deciding(situation) {
        let (operator, key, value) = VIA_KMS;
        let changed = with_condition(statement.raw(), operator, key, json!(value));
        let edits = restated(situation, &policy, &statement, changed)?;
        if !stays_denied(situation, &edits) {
            return None;
        }
    }
    let other = situation.actions.iter().find(|action| !action.starts_with("kms:"))?;
    Some(Refuted {
        title: deny::spare_title(VIA_KMS, None),
        because: Sentence::new("remedy-refuted-via-kms").arg("action", other.as_str()),
    })
}

/// Naming the role that the user handed to the service does not help when the service itself calls.
fn role_in_exception(situation: &Situation<'_>) -> Option<Refuted> {
    if !situation.is_by_service() || situation.effect != Effect::ExplicitDeny {
        return None;
    }
    let role = role_of_root(situation)?;
    if let Some((policy, statement)) = super::deciding(situation) {
        let test = tested(statement.raw())
            .into_iter()
            .find(|t| t.is_key("aws:PrincipalArn") && t.is_negated());
        let changed = match &test {
            Some(test) => with_value(statement.raw(), test, &role),
            None => {
                with_condition(statement.raw(), "ArnNotEquals", "aws:PrincipalArn", json!(role))
            }
        };
        let edits = restated(situation, &policy, &statement, changed)?;
        if !stays_denied(situation, &edits) {
            return None;
        }
    }
    let (_, service) = situation.principal()?;
    Some(Refuted {
        title: Sentence::new("remedy-except-principal")
            .arg("principal", role.as_str())
            .arg("statement", Sentence::new("remedy-statement")),
        because: Sentence::new("remedy-refuted-role")
            .arg("service", service)
            .arg("role", super::place::last_of(&role)),
    })
}

/// The role that the root call hands to the service, or under which the service made other calls
/// of the chain.
fn role_of_root(situation: &Situation<'_>) -> Option<String> {
    let request = situation.root().and_then(|root| root.request());
    let value: Option<Value> = request.and_then(|raw| serde_json::from_str(raw).ok());
    value.as_ref().and_then(role_in).or_else(|| {
        let root = situation.chains.asked(situation.failing.denied, situation.events);
        situation
            .chains
            .members(root)
            .into_iter()
            .filter_map(|i| situation.events.get(i).map(|event| (i, event)))
            .filter(|(i, event)| situation.chains.caller_kind(*i, event) == CallerKind::ServiceRole)
            .find_map(|(_, event)| event.get(crate::event::Field::IssuerArn).map(str::to_owned))
    })
}

fn role_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            (text.starts_with("arn:") && text.contains(":role/")).then(|| text.clone())
        }
        Value::Array(values) => values.iter().find_map(role_in),
        Value::Object(members) => members.values().find_map(role_in),
        _ => None,
    }
}

/// An explicit deny beats every Allow (IAM User Guide, Policy evaluation logic).
fn allow_against_deny(situation: &Situation<'_>) -> Option<Refuted> {
    let (Effect::ExplicitDeny, Some(arn)) = (situation.effect, situation.caller_arn()) else {
        return None;
    };
    let edits = [administrator_access()?];
    let is_evaluated = super::deciding(situation).is_some();
    if is_evaluated && !stays_denied(situation, &edits) {
        return None;
    }
    Some(Refuted {
        title: Sentence::new("remedy-try-allow")
            .arg("actions", situation.actions.join(", "))
            .arg("principal", arn),
        because: Sentence::new("remedy-refuted-allow"),
    })
}

/// More rights for the caller do not help where another layer lacks the Allow.
fn administrator(situation: &Situation<'_>) -> Option<Refuted> {
    if situation.effect != Effect::ImplicitDeny
        || matches!(situation.layer, Layer::IdentityPolicy | Layer::Unknown)
    {
        return None;
    }
    let arn = situation.caller_arn()?;
    if situation.caller_kind() == CallerKind::ServiceLinkedRole {
        return None;
    }
    if !situation.denied.is_empty() && !stays_denied(situation, &[administrator_access()?]) {
        return None;
    }
    Some(Refuted {
        title: Sentence::new("remedy-try-administrator").arg("principal", arn),
        because: Sentence::new("remedy-refuted-administrator")
            .arg("layer", layer_on(situation.layer, situation.resource())),
    })
}

fn administrator_access() -> Option<Edit> {
    let document = json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let policy = Policy::from_value(&document).ok()?;
    let policy = AttachedPolicy::new(PolicyLabel::named("AdministratorAccess"), policy);
    Some(Edit::Attach { layer: Layer::IdentityPolicy, policy, level: None })
}
