//! What a request asks for, member by member: no list of members, but every leaf of `requestParameters`, without
//! secrets, without what only says which request it is, without times and free text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::event::arn::Arn;
use crate::event::secrets::MASK;
use crate::event::{Event, Time};

/// Members that are looked at in one request.
const MOST_MEMBERS: usize = 300;
/// A request that is longer is not looked at.
const LONGEST_REQUEST: usize = 64 << 10;
/// A longer text is compared only by whether it is there.
const LONGEST_TEXT: usize = 200;
/// Deepest nesting followed.
const DEPTH: usize = 24;

/// The members of a request by their path: the values they have, none where only that they are there can
/// be compared.
pub(super) type Parameters = BTreeMap<Box<str>, BTreeSet<Box<str>>>;

/// The parameters of a call; `None` where the record has no request, as that of a refused call often.
pub(super) fn parameters(event: &Event) -> Option<Parameters> {
    let raw = event.request().filter(|raw| raw.len() <= LONGEST_REQUEST)?;
    let request: Value = serde_json::from_str(raw).ok()?;
    let mut found = Parameters::new();
    put(&mut found, "", &request, 0);
    Some(found)
}

fn put(found: &mut Parameters, path: &str, value: &Value, depth: usize) {
    if depth > DEPTH || found.len() >= MOST_MEMBERS {
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(members) => put_members(found, path, members, depth),
        Value::Array(parts) => {
            for part in parts {
                match keyed(part) {
                    Some((key, value)) => put(found, &format!("{path}[{key}]"), value, depth + 1),
                    None => put(found, path, part, depth + 1),
                }
            }
        }
        Value::String(text) => put_text(found, path, text),
        Value::Bool(_) | Value::Number(_) => put_text(found, path, &value.to_string()),
    }
}

fn put_members(found: &mut Parameters, path: &str, members: &Map<String, Value>, depth: usize) {
    let names_are_chosen = is_map(last(path));
    for (name, value) in members {
        if !names_are_chosen && is_of_request_itself(name) {
            continue;
        }
        let path = match (path, names_are_chosen) {
            ("", _) => name.clone(),
            (path, true) => format!("{path}[{name}]"),
            (path, false) => format!("{path}.{name}"),
        };
        put(found, &path, value, depth + 1);
    }
}

fn put_text(found: &mut Parameters, path: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let values = found.entry(path.into()).or_default();
    if text == MASK || is_free(last(path), text) {
        return;
    }
    values.insert(text.into());
    if let Some(arn) = Arn::parse(text) {
        let parts = [
            ("account", arn.account),
            ("Region", arn.region),
            ("type", arn.split().0.unwrap_or_default()),
        ];
        for (part, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            found.entry(format!("{path} ({part})").into()).or_default().insert(value.into());
        }
    }
}

/// The key and the value of an element that is a pair: a tag, a parameter of a template, a filter.
fn keyed(part: &Value) -> Option<(&str, &Value)> {
    let members = part.as_object().filter(|members| (2..=4).contains(&members.len()))?;
    let ends = |end: &str| {
        let mut named = members.iter().filter(|(name, _)| name.to_ascii_lowercase().ends_with(end));
        named.next().map(|(_, value)| value)
    };
    let key = ends("key").or_else(|| ends("name"))?.as_str()?;
    let value = ends("value").or_else(|| ends("valueset")).or_else(|| ends("values"))?;
    Some((key, value))
}

/// Whether the names of the members below a member are chosen by people.
fn is_map(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["tags", "labels", "variables", "metadata"].iter().any(|end| name.ends_with(end))
}

/// Whether a member says which request it is, by which a repeated one is known.
fn is_of_request_itself(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "idempoten", "callerreference", "requestid", "nonce"].iter().any(|p| name.contains(p))
}

/// Whether only that the value is there can be compared: a moment, a document, words for people.
fn is_free(name: &str, text: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_prose = ["description", "comment", "message", "reason", "querystring", "sql", "script"];
    let is_moment = ["time", "date", "timestamp"].iter().any(|end| name.ends_with(end));
    text.len() > LONGEST_TEXT
        || text.starts_with(['{', '['])
        || text.contains('\n')
        || is_prose.iter().any(|end| name.ends_with(end))
        || (is_moment && text.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        || (text.contains('T') && Time::parse(text).is_some())
}

/// The last member of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventBuilder, Field, IdentityType};

    fn told(request: &str) -> Vec<String> {
        let mut builder = EventBuilder::default();
        builder.put(Field::RequestParameters, Some(request));
        let event = builder.finish(Time(0), IdentityType::IamUser);
        let all = parameters(&event).unwrap_or_default();
        let shown = |(path, values): (Box<str>, BTreeSet<Box<str>>)| {
            format!("{path}={}", values.into_iter().collect::<Vec<_>>().join("|"))
        };
        all.into_iter().map(shown).collect()
    }

    #[test]
    fn every_member_is_compared_but_what_says_nothing() {
        for (request, want) in [
            (
                r#"{"instanceType":"m5.large","clientToken":"x","tagSpecificationSet":{"items":[
                    {"resourceType":"instance","tags":[{"key":"Owner","value":"a"}]}]}}"#,
                vec![
                    "instanceType=m5.large",
                    "tagSpecificationSet.items.resourceType=instance",
                    "tagSpecificationSet.items.tags[Owner]=a",
                ],
            ),
            (r#"{"tags":{"token":"x"}}"#, vec!["tags[token]=x"]),
            (r#"{"securityGroupIds":["sg-2","sg-1"]}"#, vec!["securityGroupIds=sg-1|sg-2"]),
            (
                r#"{"startTime":1757900000,"endTime":"2026-09-15T10:00:00Z","description":"a b"}"#,
                vec!["description=", "endTime=", "startTime="],
            ),
            (
                r#"{"policyDocument":"{\"Statement\":[]}","size":8}"#,
                vec!["policyDocument=", "size=8"],
            ),
            (r#"{"password":"***","size":null}"#, vec!["password="]),
            (
                r#"{"kmsKeyId":"arn:aws:kms:eu-west-1:444455556666:key/1"}"#,
                vec![
                    "kmsKeyId=arn:aws:kms:eu-west-1:444455556666:key/1",
                    "kmsKeyId (Region)=eu-west-1",
                    "kmsKeyId (account)=444455556666",
                    "kmsKeyId (type)=key",
                ],
            ),
            (
                r#"{"parameters":[{"parameterKey":"Size","parameterValue":"big"}]}"#,
                vec!["parameters[Size]=big"],
            ),
            (r#"{"a":"#, vec![]),
        ] {
            assert_eq!(told(request), want, "{request}");
        }
    }
}
