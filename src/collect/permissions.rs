//! The IAM policy that lets a script read what it asks for, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::task::{self, IDENTITY_CENTER, ORGANIZATION};
use super::wanted::Wanted;

/// The policy; with `role`, whoever runs the script also has to be allowed to take that role on.
pub fn permissions(wanted: &Wanted, role: Option<&str>) -> Value {
    let mut statements = Vec::new();
    let mut add = |sid: &str, actions: BTreeSet<String>| {
        if !actions.is_empty() {
            statements.push(json!({
                "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*",
            }));
        }
    };
    let owned = |actions: &[&str]| actions.iter().map(|name| (*name).to_owned()).collect();
    let all = task::tasks(wanted).into_iter().flat_map(|(_, _, tasks)| tasks);
    add("ReadPolicies", all.flat_map(|task| task.needs).collect());
    if wanted.accounts.values().any(|of| of.organization) {
        add("ReadOrganizationInItsManagementAccount", owned(&ORGANIZATION));
    }
    if !wanted.permission_sets.is_empty() {
        add("ReadPermissionSetsWhereTheyAreManaged", owned(&IDENTITY_CENTER));
    }
    if let Some(role) = role {
        let roles: BTreeSet<String> = wanted
            .accounts
            .iter()
            .map(|(account, of)| format!("arn:{}:iam::{account}:role/{role}", of.partition))
            .collect();
        statements.push(json!({
            "Sid": "TakeTheRoleOn", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles,
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}
