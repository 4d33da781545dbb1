//! AWS Organizations: service and resource control policies, where they hang, who lies where.
//!
//! These calls are logged in the management account alone, in us-east-1 (Organizations "Logging API
//! calls"). The type of a policy is in the request of `CreatePolicy` only; elsewhere the answer's
//! summary or an ARN tells, or another event.

use super::call::{at, document_value};
use super::{Before, Call, Draft, Row, Value};
use crate::event::Layer;
use crate::history::document::Hidden;
use crate::history::subject::{PolicyType, Subject};
use crate::wording::Sentence;

pub(super) fn row(name: &str) -> Option<Row> {
    Some(match name {
        "CreatePolicy" => create_policy,
        "UpdatePolicy" => update_policy,
        "DeletePolicy" => delete_policy,
        "AttachPolicy" => |call| attachment(call, Value::Present),
        "DetachPolicy" => |call| attachment(call, Value::Absent),
        "MoveAccount" => move_account,
        "CreateOrganizationalUnit" => create_unit,
        "LeaveOrganization" | "RemoveAccountFromOrganization" => leave,
        "EnablePolicyType" | "DisablePolicyType" => policy_type,
        _ => return None,
    })
}

/// What the event says about the type of the policy.
pub(crate) fn type_in(call: &Call<'_>) -> Option<PolicyType> {
    call.answer("policy.policySummary.type")
        .or_else(|| call.text("type"))
        .map(PolicyType::parse)
        .or_else(|| PolicyType::of_arn(call.answer("policy.policySummary.arn")?))
}

fn layer(call: &Call<'_>) -> Layer {
    type_in(call).map_or(Layer::Unknown, PolicyType::layer)
}

fn content(call: &Call<'_>) -> Value {
    call.document("content")
        .or_else(|| at(&call.response, "policy.content").and_then(document_value))
        .unwrap_or(Value::Hidden(Hidden::NotInEvent))
}

fn create_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(id) = call.answer("policy.policySummary.id") else { return Vec::new() };
    if type_in(call) == Some(PolicyType::Other) {
        return Vec::new();
    }
    let summary = Sentence::new("change-organization-policy-created")
        .arg("policy", call.text("name").unwrap_or(id));
    let subject = Subject::OrganizationPolicy(id.to_owned());
    vec![
        Draft::set(subject, content(call), layer(call), summary)
            .after(Before::Certain(Value::Absent)),
    ]
}

/// `UpdatePolicy` without `content` renames the policy only.
fn update_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(id) = call.text("policyId") else { return Vec::new() };
    if type_in(call) == Some(PolicyType::Other) || at(&call.request, "content").is_none() {
        return Vec::new();
    }
    let name = call.answer("policy.policySummary.name").or(call.text("name")).unwrap_or(id);
    let summary = Sentence::new("change-organization-policy-updated").arg("policy", name);
    let subject = Subject::OrganizationPolicy(id.to_owned());
    vec![Draft::set(subject, content(call), layer(call), summary).after(Before::Existed)]
}

fn delete_policy(call: &Call<'_>) -> Vec<Draft> {
    let Some(id) = call.text("policyId") else { return Vec::new() };
    let summary = Sentence::new("change-organization-policy-deleted").arg("policy", id);
    let subject = Subject::OrganizationPolicy(id.to_owned());
    vec![Draft::set(subject, Value::Absent, layer(call), summary).after(Before::Existed)]
}

/// Attaching twice fails with `DuplicatePolicyAttachmentException`, detaching what is not attached
/// with `PolicyNotAttachedException`.
fn attachment(call: &Call<'_>, value: Value) -> Vec<Draft> {
    let (Some(policy), Some(target)) = (call.text("policyId"), call.text("targetId")) else {
        return Vec::new();
    };
    let (summary, before) = match value {
        Value::Present => (
            Sentence::new("change-organization-policy-attached")
                .arg("policy", policy)
                .arg("target", target),
            Value::Absent,
        ),
        _ => (
            Sentence::new("change-organization-policy-detached")
                .arg("policy", policy)
                .arg("target", target),
            Value::Present,
        ),
    };
    let subject =
        Subject::OrganizationAttachment { policy: policy.to_owned(), target: target.to_owned() };
    vec![Draft::set(subject, value, layer(call), summary).after(Before::Certain(before))]
}

fn move_account(call: &Call<'_>) -> Vec<Draft> {
    let (Some(account), Some(to)) = (call.text("accountId"), call.text("destinationParentId"))
    else {
        return Vec::new();
    };
    let before = call
        .text("sourceParentId")
        .map_or(Before::Existed, |from| Before::Certain(Value::text(from)));
    let summary = Sentence::new("change-account-moved").arg("account", account).arg("parent", to);
    let subject = Subject::Parent(account.to_owned());
    vec![Draft::set(subject, Value::text(to), Layer::Scp, summary).after(before)]
}

fn create_unit(call: &Call<'_>) -> Vec<Draft> {
    let (Some(unit), Some(parent)) = (call.answer("organizationalUnit.id"), call.text("parentId"))
    else {
        return Vec::new();
    };
    let summary = Sentence::new("change-unit-created").arg("unit", unit).arg("parent", parent);
    let subject = Subject::Parent(unit.to_owned());
    vec![
        Draft::set(subject, Value::text(parent), Layer::Unknown, summary)
            .after(Before::Certain(Value::Absent)),
    ]
}

/// `LeaveOrganization` is called by the account itself, `RemoveAccountFromOrganization` names it.
fn leave(call: &Call<'_>) -> Vec<Draft> {
    let account = call.text("accountId").unwrap_or(call.account());
    let summary = Sentence::new("change-account-left").arg("account", account);
    let subject = Subject::Parent(account.to_owned());
    vec![Draft::set(subject, Value::Absent, Layer::Scp, summary).after(Before::Existed)]
}

fn policy_type(call: &Call<'_>) -> Vec<Draft> {
    let (Some(root), Some(word)) = (call.text("rootId"), call.text("policyType")) else {
        return Vec::new();
    };
    let kind = PolicyType::parse(word);
    let (value, before) = match call.name() {
        "EnablePolicyType" => (Value::Present, Value::Absent),
        _ => (Value::Absent, Value::Present),
    };
    let summary = match value {
        Value::Present => Sentence::new("change-policy-type-enabled").arg("type", word),
        _ => Sentence::new("change-policy-type-disabled").arg("type", word),
    };
    if kind == PolicyType::Other {
        return Vec::new();
    }
    let subject = Subject::PolicyTypeEnabled { root: root.to_owned(), kind };
    vec![Draft::set(subject, value, kind.layer(), summary).after(Before::Certain(before))]
}
