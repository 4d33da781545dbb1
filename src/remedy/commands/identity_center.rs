//! Roles that IAM Identity Center makes: nobody can change them but through the permission set they
//! come from, which makes them anew in every account (IAM Identity Center user guide, "Permission
//! sets").

use super::kinds::Absent;
use super::{Access, Whose, after};
use crate::history::subject::{Entity, EntityKind};
use crate::wording::shell::quote;

/// How the names of such roles begin; what the set is called and sixteen digits follow.
const PREFIX: &str = "AWSReservedSSO_";

/// The permission set behind a role.
pub(super) fn permission_set(role: &Entity) -> Option<&str> {
    if role.kind != EntityKind::Role {
        return None;
    }
    let (set, id) = role.name.strip_prefix(PREFIX)?.rsplit_once('_')?;
    let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && !set.is_empty()).then_some(set)
}

/// The inline policy of a permission set, found by the set's name.
pub(super) fn access(set: &str) -> Access {
    let file = "permission-set-policy";
    let named = "--instance-arn \"$instance\" --permission-set-arn \"$set\"";
    Access {
        file,
        first: vec![
            "instance=$(aws sso-admin list-instances --query 'Instances[0].InstanceArn' --output text)".to_owned(),
            format!(
                "name={}; set=$(for each in $(aws sso-admin list-permission-sets --instance-arn \"$instance\" --query 'PermissionSets[]' --output text); do aws sso-admin describe-permission-set --instance-arn \"$instance\" --permission-set-arn \"$each\" --query PermissionSet --output json; done | jq -r --arg name \"$name\" 'select(.Name == $name).PermissionSetArn')",
                quote(set)
            ),
        ],
        read: format!("aws sso-admin get-inline-policy-for-permission-set {named}"),
        query: "InlinePolicy".to_owned(),
        is_parsed: false,
        absent: Absent::Empty,
        write: vec![
            format!(
                "aws sso-admin put-inline-policy-to-permission-set {named} --inline-policy file://{}",
                after(file)
            ),
            format!(
                "aws sso-admin provision-permission-set {named} --target-type ALL_PROVISIONED_ACCOUNTS"
            ),
        ],
        whose: Whose::IdentityCenter,
    }
}
