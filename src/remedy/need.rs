//! What the denied calls need: each action with the resources that it was denied on itself, never
//! every action on every resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::situation::Situation;
use super::statement::one_or_many;
use crate::aws;
use crate::event::arn::Arn;

/// Actions that one fix names at most. Whoever needs more wants a role of its own and no list.
pub(super) const MOST_ACTIONS: usize = 20;

/// What one action is needed on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    /// The action is on no resource: AWS takes nothing but `*` (Service Authorization Reference).
    Everything,
    /// These resources, as a policy names them.
    Named(Vec<String>),
    /// No record names the resource: the ARN with its blanks, such as `<KEY_ID>`.
    Unnamed(String),
}

impl On {
    /// As the value of a `Resource` element.
    pub(super) fn resource(&self) -> Value {
        match self {
            On::Everything => json!("*"),
            On::Named(arns) => one_or_many(arns),
            On::Unnamed(blank) => json!(blank),
        }
    }
}

/// Actions that are needed on the same.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub on: On,
    /// Sorted.
    pub actions: Vec<String>,
}

/// The denied actions, those together that are needed on the same.
pub(super) fn needs(situation: &Situation<'_>) -> Vec<Need> {
    let mut by_action: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (action, resource) in &situation.pairs {
        let on = by_action.entry(action).or_default();
        on.extend(resource.as_deref());
    }
    let mut together: BTreeMap<On, Vec<String>> = BTreeMap::new();
    for (action, resources) in by_action {
        let on = on(situation, action, &resources);
        together.entry(on).or_default().push(action.to_owned());
    }
    together.into_iter().map(|(on, actions)| Need { on, actions }).collect()
}

/// What an action of the situation is needed on.
pub(super) fn on(situation: &Situation<'_>, action: &str, resources: &BTreeSet<&str>) -> On {
    if aws::supports_resource(action) == Some(false) {
        return On::Everything;
    }
    // A policy names keys by their ARN; an alias there holds for nothing (KMS Developer Guide,
    // "Specifying KMS keys in IAM policy statements").
    let is_alias = |arn: &str| arn.contains(":alias/") && action.starts_with("kms:");
    // An object's action on the bucket's ARN allows nothing.
    let patterns = aws::action(action).map(|action| action.arns()).unwrap_or_default();
    let fits = |arn: &str| {
        let kinds = aws::types_of(arn);
        let is_of_it = |kind: &aws::ResourceType| kind.arns.iter().any(|a| patterns.contains(a));
        patterns.is_empty() || kinds.is_empty() || kinds.iter().any(is_of_it)
    };
    let all: Vec<&str> = resources.iter().copied().filter(|arn| !is_alias(arn)).collect();
    let fitting: Vec<String> = all.iter().filter(|arn| fits(arn)).map(|arn| literal(arn)).collect();
    if !fitting.is_empty() {
        return On::Named(fitting);
    }
    // Of what is allowed on nothing in particular a record names nothing either.
    let asks = aws::action(action).is_none_or(|a| a.types().iter().any(|kind| kind.required));
    if all.is_empty() && !asks {
        return On::Everything;
    }
    On::Unnamed(blank(situation, action, all.first().copied()))
}

/// An S3 object's key may hold what a policy reads as a pattern (IAM User Guide, "Policy variables",
/// special characters).
fn literal(arn: &str) -> String {
    let is_object = Arn::parse(arn).is_some_and(|a| a.service == "s3" && a.resource.contains('/'));
    if !is_object || !arn.contains(['*', '?', '$']) {
        return arn.to_owned();
    }
    // `bucket/*` is how AWS writes all objects of a bucket.
    if arn.ends_with("/*") {
        return arn.to_owned();
    }
    let escaped = |sign: char| match sign {
        '*' | '?' | '$' => format!("${{{sign}}}"),
        other => other.to_string(),
    };
    arn.chars().map(escaped).collect()
}

/// The ARN of what an action is on, with blanks for what nobody recorded; under what is known of it.
fn blank(situation: &Situation<'_>, action: &str, under: Option<&str>) -> String {
    let service = action.split(':').next().unwrap_or_default();
    if let (Some(bucket), "s3") = (under.filter(|arn| !arn.contains('/')), service) {
        return format!("{bucket}/<OBJECT>");
    }
    let pattern = aws::action(action).and_then(|action| action.arns().into_iter().next());
    let pattern = pattern.unwrap_or_else(|| format!("arn:$P:{service}:$R:$A:*"));
    let blank = match kind_of(&pattern) {
        "" => "<NAME>".to_owned(),
        kind => format!("<{}_ID>", kind.replace('-', "_").to_uppercase()),
    };
    pattern
        .replace("$P", situation.partition())
        .replace("$R", situation.event.region().unwrap_or("<REGION>"))
        .replace("$A", "<ACCOUNT_ID>")
        .replace('*', &blank)
}

/// The word before the name in the pattern of an ARN, such as `key`; none for a bucket.
fn kind_of(pattern: &str) -> &str {
    pattern.split(':').nth(5).and_then(|rest| rest.split(['/', '*']).next()).unwrap_or_default()
}

/// Statements with the blanks filled in by everything, to try what a person fills in later.
pub(super) fn filled(statements: &[Value]) -> Option<Vec<Value>> {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.contains('<'));
    let filled: Vec<Value> = statements
        .iter()
        .map(|statement| match statement.get("Resource") {
            Some(resource) if is_blank(resource) => {
                let mut members: Map<String, Value> =
                    statement.as_object().cloned().unwrap_or_default();
                members.insert("Resource".into(), json!("*"));
                Value::Object(members)
            }
            _ => statement.clone(),
        })
        .collect();
    (filled != statements).then_some(filled)
}
