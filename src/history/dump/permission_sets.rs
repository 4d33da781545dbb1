//! `aws sso-admin describe-permission-set`, `get-inline-policy-for-permission-set`,
//! `list-managed-policies-in-permission-set`,
//! `list-customer-managed-policy-references-in-permission-set`,
//! `get-permissions-boundary-for-permission-set`. Only the first names the set; of the others the
//! name of the file or of its folder tells which it is, by id or by name.

use serde_json::Value as Json;

use super::super::change::{self, Part, Value, document_value, text_at};
use super::super::permission_sets::id_of;
use super::super::replay::Source;
use super::{Dump, Page};
use crate::event::Time;
use crate::history::document::Hidden;

const COMMANDS: [&str; 5] = [
    "describe-permission-set",
    "get-inline-policy-for-permission-set",
    "list-managed-policies-in-permission-set",
    "list-customer-managed-policy-references-in-permission-set",
    "get-permissions-boundary-for-permission-set",
];

/// What a dump shows of one permission set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Set {
    /// Its name.
    pub name: Option<String>,
    has_inline: bool,
    has_managed: bool,
    has_customer: bool,
}

impl Set {
    /// Whether all its policies are shown.
    pub fn is_whole(set: &Set) -> bool {
        set.has_inline && set.has_managed && set.has_customer
    }
}

/// What a dump shows of one part of a permission set.
#[derive(Debug, Clone)]
pub(crate) struct SetFact {
    /// The set, by id or name.
    pub set: String,
    pub part: Part,
    pub value: Value,
    pub time: Time,
    pub source: Source,
}

pub(super) fn read(page: &Page<'_>, dump: &mut Dump) -> bool {
    // The ARNs of all sets, which say nothing of them.
    if page.list("PermissionSets").is_some() {
        return true;
    }
    let shown = page.get("PermissionSet").filter(|set| text_at(set, "PermissionSetArn").is_some());
    let inline = page.get("InlinePolicy").filter(|policy| policy.is_string());
    let managed = page.list("AttachedManagedPolicies").filter(|_| page.text("Arn").is_none());
    let customer = page.list("CustomerManagedPolicyReferences");
    let boundary = page.get("PermissionsBoundary").filter(|_| page.text("Arn").is_none());
    let boundary = boundary.and_then(change::boundary);
    let is_any = shown.is_some()
        || inline.is_some()
        || managed.is_some()
        || customer.is_some()
        || boundary.is_some();
    if !is_any {
        return false;
    }
    let told = shown.and_then(|set| text_at(set, "PermissionSetArn"));
    let Some(id) = told.map(|arn| id_of(arn).to_owned()).or_else(|| in_names(page)) else {
        dump.complain(page, "part of a permission set, but neither name nor content says of which");
        return true;
    };
    let is_last = page.cut_off().is_none();
    let set = dump.permission_sets.entry(id.clone()).or_default();
    let name = shown.and_then(|set| text_at(set, "Name")).map(str::to_owned);
    set.name = set.name.take().or(name);
    set.has_inline |= inline.is_some();
    set.has_managed |= managed.is_some() && is_last;
    set.has_customer |= customer.is_some() && is_last;

    let mut add = |part, value| {
        let (time, source) = (page.time, page.source.clone());
        dump.set_facts.push(SetFact { set: id.clone(), part, value, time, source });
    };
    if let Some(inline) = inline {
        add(Part::Inline, document(inline));
    }
    for policy in managed.unwrap_or_default() {
        if let Some(arn) = text_at(policy, "Arn") {
            add(Part::Attached(arn.to_owned()), Value::Present);
        }
    }
    for policy in customer.unwrap_or_default().iter().filter_map(change::reference) {
        add(Part::Attached(policy), Value::Present);
    }
    if let Some(policy) = boundary {
        add(Part::Boundary, Value::text(policy));
    }
    true
}

/// A set without an inline policy shows an empty one.
fn document(inline: &Json) -> Value {
    match inline.as_str().is_some_and(str::is_empty) {
        true => Value::Absent,
        false => document_value(inline).unwrap_or(Value::Hidden(Hidden::Unreadable)),
    }
}

fn in_names(page: &Page<'_>) -> Option<String> {
    let names = page.names;
    let is_id = |word: &&String| word.starts_with("ps-");
    let id =
        names.id("ps-").map(str::to_owned).or_else(|| names.folders.iter().find(is_id).cloned());
    let in_stem = || Some(names.subject(&COMMANDS)).filter(|name| !COMMANDS.contains(name));
    let name = || in_stem().or(names.folders.first().map(String::as_str)).map(str::to_owned);
    id.or_else(name)
}
