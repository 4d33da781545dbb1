//! Small edits of one statement, on its JSON as it was written, so that everything else in it stays
//! as the owner knows it.

use serde_json::{Map, Value, json};

/// The statement with one more condition; conditions are joined by "and". `None` where the
/// operator already tests the key, as a second value there would be joined by "or".
pub(super) fn with_condition(
    statement: &Value,
    operator: &str,
    key: &str,
    value: Value,
) -> Option<Value> {
    let mut changed = statement.clone();
    let members = changed.as_object_mut()?;
    let block = members.entry("Condition").or_insert_with(|| Value::Object(Map::new()));
    let keys = block
        .as_object_mut()?
        .entry(operator)
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut()?;
    if keys.keys().any(|name| name.eq_ignore_ascii_case(key)) {
        return None;
    }
    keys.insert(key.to_owned(), value);
    Some(changed)
}

/// One tested key of a statement: operator, key, values as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tested {
    pub operator: String,
    pub key: String,
    pub values: Vec<String>,
}

impl Tested {
    /// Whether the operator is one of the `…Not…` ones.
    pub(super) fn is_negated(&self) -> bool {
        self.bare().contains("not")
    }

    /// Whether the operator compares texts, ARNs or addresses, so that its values are a list of
    /// what is meant.
    pub(super) fn is_list(&self) -> bool {
        let bare = self.bare();
        bare.starts_with("string") || bare.starts_with("arn") || bare.ends_with("ipaddress")
    }

    pub(super) fn is_key(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    fn bare(&self) -> String {
        let name = self.operator.to_ascii_lowercase();
        name.rsplit(':').next().unwrap_or_default().to_owned()
    }
}

/// Every key a statement tests.
pub(super) fn tested(statement: &Value) -> Vec<Tested> {
    let mut found = Vec::new();
    let Some(block) = statement.get("Condition").and_then(Value::as_object) else { return found };
    for (operator, keys) in block {
        for (key, values) in keys.as_object().into_iter().flatten() {
            found.push(Tested {
                operator: operator.clone(),
                key: key.clone(),
                values: texts(values),
            });
        }
    }
    found
}

/// The statement with `value` added to the list of one tested key.
pub(super) fn with_value(statement: &Value, tested: &Tested, value: &str) -> Option<Value> {
    if tested.values.iter().any(|v| v == value) {
        return None;
    }
    let mut values = tested.values.clone();
    values.push(value.to_owned());
    with_values(statement, tested, values)
}

/// The statement with `value` taken from the list of one tested key; `None` when it is not listed
/// or alone.
pub(super) fn without_value(statement: &Value, tested: &Tested, value: &str) -> Option<Value> {
    let values: Vec<String> = tested.values.iter().filter(|v| *v != value).cloned().collect();
    if values.is_empty() || values.len() == tested.values.len() {
        return None;
    }
    with_values(statement, tested, values)
}

fn with_values(statement: &Value, tested: &Tested, values: Vec<String>) -> Option<Value> {
    let mut changed = statement.clone();
    let place = changed.get_mut("Condition")?.get_mut(&tested.operator)?.get_mut(&tested.key)?;
    *place = json!(values);
    Some(changed)
}

/// The statement with values added to a list element such as `Action` or `Resource`.
pub(super) fn with_entries(statement: &Value, element: &str, added: &[String]) -> Option<Value> {
    let mut entries = texts(statement.get(element)?);
    let before = entries.len();
    for one in added {
        if !entries.contains(one) {
            entries.push(one.clone());
        }
    }
    if entries.len() == before {
        return None;
    }
    let mut changed = statement.clone();
    *changed.get_mut(element)? = json!(entries);
    Some(changed)
}

/// The statement without some values of a list element; `None` when none of them is listed or
/// nothing would be left.
pub(super) fn without_entries(statement: &Value, element: &str, taken: &[String]) -> Option<Value> {
    let entries = texts(statement.get(element)?);
    let left: Vec<String> = entries
        .iter()
        .filter(|e| !taken.iter().any(|t| t.eq_ignore_ascii_case(e)))
        .cloned()
        .collect();
    if left.is_empty() || left.len() == entries.len() {
        return None;
    }
    let mut changed = statement.clone();
    *changed.get_mut(element)? = json!(left);
    Some(changed)
}

/// The statement with `Resource: "*"` turned into everything but some resources.
pub(super) fn sparing_resources(statement: &Value, spared: &[String]) -> Option<Value> {
    if spared.is_empty() {
        return None;
    }
    if statement.get("NotResource").is_some() {
        return with_entries(statement, "NotResource", spared);
    }
    if texts(statement.get("Resource")?) != ["*"] {
        return without_entries(statement, "Resource", spared);
    }
    let changed = statement
        .as_object()?
        .iter()
        .map(|(key, value)| match key.as_str() {
            "Resource" => ("NotResource".to_owned(), one_or_many(spared)),
            _ => (key.clone(), value.clone()),
        })
        .collect();
    Some(Value::Object(changed))
}

/// The statement with more principals of a kind (`AWS`, `Service`).
pub(super) fn with_principals(statement: &Value, kind: &str, added: &[String]) -> Option<Value> {
    let mut changed = statement.clone();
    let principals = changed.get_mut("Principal")?.as_object_mut()?;
    let mut names = principals.get(kind).map(texts).unwrap_or_default();
    let before = names.len();
    let fresh = added.iter().filter(|name| !names.contains(*name)).cloned().collect::<Vec<_>>();
    if names.iter().any(|name| name == "*") {
        return None;
    }
    names.extend(fresh);
    if names.len() == before {
        return None;
    }
    principals.insert(kind.to_owned(), one_or_many(&names));
    Some(changed)
}

/// One text as a text, several as a list, as people write policies.
pub(super) fn one_or_many(texts: &[String]) -> Value {
    match texts {
        [one] => json!(one),
        many => json!(many),
    }
}

/// One text or a list of them.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => {
            values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Value::Bool(flag) => vec![flag.to_string()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]
mod tests {
    use super::*;

    #[test]
    fn a_statement_changes_in_one_place_only() {
        let deny = json!({"Sid": "D", "Effect": "Deny", "Action": ["s3:Get*", "s3:PutObject"], "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/a"}}});
        let principals = &tested(&deny)[0];
        assert!(
            principals.is_negated()
                && principals.is_list()
                && principals.is_key("AWS:principalarn")
        );
        let rows = [
            (
                with_value(&deny, principals, "arn:aws:iam::1:role/b"),
                "/Condition/StringNotEquals/aws:PrincipalArn",
                json!(["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"]),
            ),
            (
                with_condition(&deny, "Bool", "aws:ViaAWSService", json!("false")),
                "/Condition/Bool",
                json!({"aws:ViaAWSService": "false"}),
            ),
            (
                without_entries(&deny, "Action", &["s3:putobject".into()]),
                "/Action",
                json!(["s3:Get*"]),
            ),
            (sparing_resources(&deny, &["arn:b".into()]), "/NotResource", json!("arn:b")),
        ];
        for (changed, place, expected) in rows {
            let changed = changed.unwrap();
            assert_eq!(changed.pointer(place), Some(&expected), "{changed}");
            assert_eq!(changed["Sid"], "D");
        }
    }

    #[test]
    fn what_would_change_nothing_or_leave_nothing_is_no_change() {
        let deny =
            json!({"Action": "s3:*", "Resource": ["a"], "Condition": {"Bool": {"k": "true"}}});
        assert_eq!(with_condition(&deny, "Bool", "K", json!("false")), None);
        assert_eq!(without_entries(&deny, "Action", &["s3:*".into()]), None);
        assert_eq!(with_entries(&deny, "Resource", &["a".into()]), None);
        assert_eq!(with_principals(&deny, "AWS", &["x".into()]), None);
    }
}
