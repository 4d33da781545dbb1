//! What lies around the policies: VPC endpoints, instance profiles of instances, default keys,
//! permission sets of IAM Identity Center, and what a trail records.

use serde_json::Value as Json;

use super::call::at;
use super::{Before, Call, Draft, Row, Value, permission_set};
use crate::event::Layer;
use crate::history::subject::Subject;
use crate::wording::Sentence;

/// The policy of an endpoint that was made without one: full access (VPC endpoint policies).
pub(crate) const FULL_ACCESS: &str =
    r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

pub(super) fn row(service: &str, name: &str) -> Option<Row> {
    Some(match (service, name) {
        ("ec2", "CreateVpcEndpoint") => create_endpoint,
        ("ec2", "ModifyVpcEndpoint") => modify_endpoint,
        ("ec2", "DeleteVpcEndpoints") => delete_endpoints,
        ("ec2", "ModifyEbsDefaultKmsKeyId" | "ResetEbsDefaultKmsKeyId") => default_key,
        ("ec2", "EnableEbsEncryptionByDefault" | "DisableEbsEncryptionByDefault") => {
            default_encryption
        }
        (
            "ec2",
            "AssociateIamInstanceProfile"
            | "ReplaceIamInstanceProfileAssociation"
            | "DisassociateIamInstanceProfile",
        ) => instance_profile,
        ("sso", name) if permission_set::is_edit(name) => edited_set,
        (
            "cloudtrail",
            "PutEventSelectors" | "StopLogging" | "StartLogging" | "DeleteTrail" | "UpdateTrail"
            | "CreateTrail",
        ) => trail,
        _ => return None,
    })
}

fn endpoint(id: &str, value: Value, before: Before) -> Draft {
    let summary = match value {
        Value::Absent => Sentence::new("change-endpoint-deleted").arg("endpoint", id),
        _ => Sentence::new("change-endpoint-policy").arg("endpoint", id),
    };
    let subject = Subject::VpcEndpointPolicy(id.to_owned());
    Draft::set(subject, value, Layer::VpcEndpointPolicy, summary).after(before)
}

/// The endpoint's id is in the answer, which is wrapped too.
fn create_endpoint(call: &Call<'_>) -> Vec<Draft> {
    let id = ["vpcEndpoint.vpcEndpointId", "CreateVpcEndpointResponse.vpcEndpoint.vpcEndpointId"]
        .iter()
        .find_map(|path| call.answer(path));
    let Some(id) = id else { return Vec::new() };
    let document = call.document("policyDocument").unwrap_or(Value::text(FULL_ACCESS));
    vec![endpoint(id, document, Before::Certain(Value::Absent))]
}

/// `ResetPolicy` brings the default back; without either member the policy stays as it is.
fn modify_endpoint(call: &Call<'_>) -> Vec<Draft> {
    let Some(id) = call.text("vpcEndpointId") else { return Vec::new() };
    let value = match (call.document("policyDocument"), call.flag("resetPolicy")) {
        (Some(document), _) => document,
        (None, Some(true)) => Value::text(FULL_ACCESS),
        (None, _) => return Vec::new(),
    };
    vec![endpoint(id, value, Before::Existed)]
}

fn delete_endpoints(call: &Call<'_>) -> Vec<Draft> {
    let mut ids = Vec::new();
    let given = at(&call.request, "vpcEndpointId").or_else(|| at(&call.request, "vpcEndpointIds"));
    collect_ids(given, &mut ids);
    ids.iter().map(|id| endpoint(id, Value::Absent, Before::Existed)).collect()
}

/// Lists of EC2 come as `[…]`, `{"tag": 1, "content": "…"}` or `{"items": [{…}]}`.
fn collect_ids<'j>(json: Option<&'j Json>, ids: &mut Vec<&'j str>) {
    match json {
        Some(Json::String(id)) if id.starts_with("vpce-") => ids.push(id),
        Some(Json::Array(items)) => items.iter().for_each(|item| collect_ids(Some(item), ids)),
        Some(Json::Object(members)) => {
            members.values().for_each(|member| collect_ids(Some(member), ids));
        }
        _ => {}
    }
}

fn setting(name: &'static str, of: &str, value: Value, layer: Layer) -> Draft {
    let summary = Sentence::new("change-setting").arg("setting", name).arg("of", of);
    let subject = Subject::Setting { name, of: of.to_owned() };
    Draft::set(subject, value, layer, summary)
}

fn here(call: &Call<'_>) -> String {
    format!("{} {}", call.account(), call.region())
}

fn default_key(call: &Call<'_>) -> Vec<Draft> {
    let key = call.answer("kmsKeyId").or_else(|| call.text("kmsKeyId"));
    let value = key.map_or(Value::Absent, Value::text);
    vec![setting("default EBS encryption key", &here(call), value, Layer::Unknown)]
}

fn default_encryption(call: &Call<'_>) -> Vec<Draft> {
    let value = match call.name() {
        "EnableEbsEncryptionByDefault" => Value::Present,
        _ => Value::Absent,
    };
    vec![setting("EBS encryption by default", &here(call), value, Layer::Unknown)]
}

fn instance_profile(call: &Call<'_>) -> Vec<Draft> {
    let answers = ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"]
        .map(|name| format!("{name}Response.iamInstanceProfileAssociation.instanceId"));
    let instance = call
        .text("instanceId")
        .or_else(|| answers.iter().find_map(|path| call.answer(path)))
        .or_else(|| call.text("associationId"));
    let Some(instance) = instance else { return Vec::new() };
    let profile =
        call.text("iamInstanceProfile.name").or_else(|| call.text("iamInstanceProfile.arn"));
    let value = profile.map_or(Value::Absent, Value::text);
    vec![setting("instance profile", instance, value, Layer::IdentityPolicy)]
}

/// The set by itself; what that is for the roles made of it, `permission_sets` tells.
fn edited_set(call: &Call<'_>) -> Vec<Draft> {
    let Some(set) = permission_set(call) else { return Vec::new() };
    let value = call
        .document("inlinePolicy")
        .or_else(|| call.text("managedPolicyArn").map(Value::text))
        .or_else(|| at(&call.request, "permissionsBoundary").map(|b| Value::text(b.to_string())))
        .unwrap_or(match call.name().starts_with("De") {
            true => Value::Absent,
            false => Value::Present,
        });
    let (name, layer) = match call.name().contains("Boundary") {
        true => ("boundary of the permission set", Layer::PermissionsBoundary),
        false => ("policies of the permission set", Layer::IdentityPolicy),
    };
    vec![setting(name, set, value, layer)]
}

fn trail(call: &Call<'_>) -> Vec<Draft> {
    let Some(trail) = call.text("trailName").or_else(|| call.text("name")) else {
        return Vec::new();
    };
    let value = match call.name() {
        "StopLogging" | "DeleteTrail" => Value::Absent,
        "PutEventSelectors" => ["eventSelectors", "advancedEventSelectors"]
            .iter()
            .find_map(|name| at(&call.request, name).filter(|v| !v.is_null()))
            .map_or(Value::Present, |selectors| Value::text(selectors.to_string())),
        _ => Value::Present,
    };
    vec![setting("recording", trail, value, Layer::Unknown)]
}
