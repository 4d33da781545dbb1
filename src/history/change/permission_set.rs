//! Changes of permission sets of IAM Identity Center (`sso.amazonaws.com`; members after the API
//! model).

use serde_json::Value as Json;

use super::call::{at, text_at};
use super::{Before, Call, Value};
use crate::history::document::Hidden;

/// One part of a permission set.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Its inline policy.
    Inline,
    /// A managed policy by ARN, or one of each account's own by path and name (`/team/Extra`).
    Attached(String),
    /// Its permissions boundary, which is a managed policy named in the same way.
    Boundary,
}

/// What a call does to a part of a permission set.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    /// The set's ARN.
    pub set: String,
    pub part: Part,
    pub value: Value,
    pub before: Before,
}

/// Whether calls of this name change a permission set.
pub(super) fn is_edit(name: &str) -> bool {
    const VERBS: [&str; 7] = ["Create", "Put", "Delete", "Attach", "Detach", "Provision", "Update"];
    name.ends_with("PermissionSet") && VERBS.iter().any(|verb| name.starts_with(verb))
}

/// The ARN of the permission set a call is about; of a new one it is in the answer.
pub(crate) fn permission_set<'c>(call: &'c Call<'_>) -> Option<&'c str> {
    let made = || call.answer("permissionSet.permissionSetArn");
    call.text("permissionSetArn").or_else(made)
}

/// What a call does to a part of a set; `None` where it changes no part by itself. Attaching what is
/// attached fails with `ConflictException`, detaching what is not with `ResourceNotFoundException`.
pub(crate) fn edit(call: &Call<'_>) -> Option<Edit> {
    let attached = || {
        let own = at(&call.request, "customerManagedPolicyReference").and_then(reference);
        call.text("managedPolicyArn").map(str::to_owned).or(own).map(Part::Attached)
    };
    let absent = || Before::Certain(Value::Absent);
    let present = || Before::Certain(Value::Present);
    let (part, value, before) = match call.name() {
        "PutInlinePolicyToPermissionSet" => {
            let document =
                call.document("inlinePolicy").unwrap_or(Value::Hidden(Hidden::NotInEvent));
            (Part::Inline, document, Before::Unknown)
        }
        "DeleteInlinePolicyFromPermissionSet" => (Part::Inline, Value::Absent, Before::Unknown),
        "AttachManagedPolicyToPermissionSet"
        | "AttachCustomerManagedPolicyReferenceToPermissionSet" => {
            (attached()?, Value::Present, absent())
        }
        "DetachManagedPolicyFromPermissionSet"
        | "DetachCustomerManagedPolicyReferenceFromPermissionSet" => {
            (attached()?, Value::Absent, present())
        }
        "PutPermissionsBoundaryToPermissionSet" => {
            let policy = at(&call.request, "permissionsBoundary").and_then(boundary);
            let value = policy.map_or(Value::Hidden(Hidden::NotInEvent), Value::text);
            (Part::Boundary, value, Before::Unknown)
        }
        "DeletePermissionsBoundaryFromPermissionSet" => {
            (Part::Boundary, Value::Absent, Before::Existed)
        }
        _ => return None,
    };
    Some(Edit { set: permission_set(call)?.to_owned(), part, value, before })
}

/// A `CustomerManagedPolicyReference` as path and name; the path is `/` unless it is given.
pub(crate) fn reference(json: &Json) -> Option<String> {
    let name = text_at(json, "Name")?;
    Some(format!("{}{name}", text_at(json, "Path").unwrap_or("/")))
}

/// The policy of a `PermissionsBoundary`.
pub(crate) fn boundary(json: &Json) -> Option<String> {
    let own = || reference(at(json, "CustomerManagedPolicyReference")?);
    text_at(json, "ManagedPolicyArn").map(str::to_owned).or_else(own)
}
