//! Files and lines: where code scanning shows a result.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::report::{Incident, PolicyRef};

/// What relative paths are relative to: the root of the repository that holds the files.
pub(super) const BASE: &str = "%SRCROOT%";

/// Where things stand, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The file with the record of each event, by `eventID`.
    pub records: BTreeMap<String, String>,
    /// The file in which the deciding statement stands, and where, by incident.
    pub statements: BTreeMap<String, (String, Lines)>,
}

/// A stretch of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// From 1 on.
    pub line: usize,
    /// The first letter, from 1 on.
    pub from: usize,
    /// The letter after the last.
    pub to: usize,
}

impl Lines {
    /// Where it is only known that it is somewhere in the file: code scanning wants a place in any case.
    const START: Lines = Lines { line: 1, from: 1, to: 1 };
}

impl Places {
    /// The file of the deciding policy, and where in it.
    pub(super) fn statement<'a>(&'a self, incident: &'a Incident) -> Option<(&'a str, Lines)> {
        if let Some((file, lines)) = self.statements.get(&incident.id) {
            return Some((file.as_str(), *lines));
        }
        let file = incident.verdict.policy.as_ref()?.source.as_ref()?.file.as_deref()?;
        Some((file, Lines::START))
    }

    /// The file of a record. Logs are compressed, and their lines mean nothing.
    pub(super) fn record(&self, event_id: &str) -> Option<(&str, Lines)> {
        Some((self.records.get(event_id)?.as_str(), Lines::START))
    }
}

/// A `physicalLocation`. Code scanning wants all four members of the region.
pub(super) fn physical(file: &str, lines: Lines) -> Value {
    json!({
        "artifactLocation": artifact(file),
        "region": {
            "startLine": lines.line,
            "startColumn": lines.from,
            "endLine": lines.line,
            "endColumn": lines.to,
        },
    })
}

/// A file: a relative path below the repository, an absolute one or an address as it is.
pub(super) fn artifact(path: &str) -> Value {
    if path.starts_with('/') {
        return json!({ "uri": format!("file://{}", encoded(path)) });
    }
    match path.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            json!({ "uri": format!("{scheme}://{}", encoded(rest)) })
        }
        _ => {
            let below = path.trim_start_matches("./");
            json!({ "uri": encoded(below), "uriBaseId": BASE })
        }
    }
}

/// All but plain characters in per cent (RFC 3986).
fn encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Members that name whose policy follows, and which, in the outputs of the AWS CLI.
const NAMES: [&[&str]; 2] = [&["UserName", "RoleName", "GroupName"], &["PolicyName", "Name"]];

/// Where the deciding statement of a policy stands in the text of a file of policies: the line of its
/// `Sid`, if that is told from all others, and if the file, by its name or by what it says before, is
/// about what the policy is called or attached to. In the outputs of the AWS CLI documents are objects
/// or texts.
pub fn lines(file: &str, text: &str, policy: &PolicyRef) -> Option<Lines> {
    let sid = serde_json::to_string(policy.statement_sid.as_deref()?).ok()?;
    let mut found: Vec<(usize, usize)> = Vec::new();
    let within_text = serde_json::to_string(&sid).ok()?;
    let within_text = within_text.strip_prefix('"')?.strip_suffix('"')?;
    found.extend(members(text, "\"Sid\"", &sid));
    found.extend(members(text, "\\\"Sid\\\"", within_text));
    let is_own_file = names(policy).any(|name| file.contains(name));
    let place = match found.as_slice() {
        [only] if is_own_file => *only,
        _ => {
            let own = |place: &&(usize, usize)| is_of(text, place.0, policy);
            let mut own = found.iter().filter(own);
            own.next().copied().filter(|_| own.next().is_none())?
        }
    };
    stretch(text, place)
}

/// Where a member with this value stands, from its name to the end of the value.
fn members(text: &str, name: &str, value: &str) -> Vec<(usize, usize)> {
    let after = |start: usize| {
        let rest = text.get(start + name.len()..)?;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix(value)?;
        Some((start, text.len() - rest.len()))
    };
    text.match_indices(name).filter_map(|(start, _)| after(start)).collect()
}

/// Whether what was last named before this place is what the policy is called or attached to.
fn is_of(text: &str, place: usize, policy: &PolicyRef) -> bool {
    let Some(before) = text.get(..place) else { return false };
    let fits = |value: &str| names(policy).any(|name| name == value);
    let last = |members: &&[&str]| {
        let rests = members.iter().filter_map(|member| {
            before.rsplit_once(&format!("\"{member}\"")).map(|(_, rest)| rest)
        });
        let rest = rests.min_by_key(|rest| rest.len())?;
        rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?.split('"').next()
    };
    let mut names = NAMES.iter().filter_map(last).peekable();
    names.peek().is_some() && names.all(fits)
}

/// What the policy is called, and what it is attached to: the last part of an ARN.
fn names(policy: &PolicyRef) -> impl Iterator<Item = &str> {
    let named = [policy.name.as_deref(), policy.arn.as_deref(), policy.attached_to.as_deref()];
    named.into_iter().flatten().filter_map(|name| name.rsplit(['/', ':']).next())
}

/// Bytes as a stretch of a line.
fn stretch(text: &str, (start, end): (usize, usize)) -> Option<Lines> {
    let before = text.get(..start)?;
    let line = before.rsplit('\n').next().unwrap_or(before);
    let from = line.chars().count() + 1;
    let shown = text.get(start..end)?.lines().next().unwrap_or_default();
    Some(Lines { line: before.matches('\n').count() + 1, from, to: from + shown.chars().count() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, attached_to: &str, sid: &str) -> PolicyRef {
        PolicyRef {
            name: Some(name.to_owned()),
            attached_to: Some(attached_to.to_owned()),
            statement_sid: Some(sid.to_owned()),
            ..PolicyRef::default()
        }
    }

    #[test]
    fn a_statement_is_found_by_its_sid_as_object_and_as_text() {
        let user = "arn:aws:iam::111122223333:user/alice";
        let object =
            "{\n  \"Statement\": [\n    { \"Sid\" : \"Own\", \"Effect\": \"Deny\" }\n  ]\n}";
        let place = lines("alice.json", object, &policy("p", user, "Own"));
        assert_eq!(place, Some(Lines { line: 3, from: 7, to: 20 }));
        let text = r#"{ "é": 1, "Policy": "{\"Statement\":[{\"Sid\":\"Own\"}]}" }"#;
        let place = lines("a/alice/p.json", text, &policy("p", user, "Own"));
        assert_eq!(place, Some(Lines { line: 1, from: 39, to: 54 }));
        assert_eq!(lines("alice.json", text, &policy("p", user, "Other")), None);
        assert_eq!(lines("bob.json", text, &policy("long", user, "Own")), None);
        assert_eq!(lines("alice.json", text, &PolicyRef::default()), None);
    }

    #[test]
    fn of_two_statements_with_one_sid_the_policys_own_is_taken_or_none() {
        let text = r#"[
            { "UserName": "bob", "PolicyName": "p", "Sid": "Own" },
            { "UserName": "alice", "PolicyName": "q", "Sid": "Own" },
            { "UserName": "alice", "PolicyName": "p", "Sid": "Own" } ]"#;
        let of = |name, user: &str| {
            let user = format!("arn:aws:iam::111122223333:user/{user}");
            lines("all.json", text, &policy(name, &user, "Own")).map(|place| place.line)
        };
        assert_eq!(of("p", "bob"), Some(2));
        assert_eq!(of("q", "alice"), Some(3));
        assert_eq!(of("p", "alice"), Some(4));
        assert_eq!(of("p", "carol"), None);
    }

    #[test]
    fn files_are_relative_to_the_repository_absolute_or_addresses() {
        let uri = |path| artifact(path).to_string();
        assert_eq!(uri("./logs/a b.json"), r#"{"uri":"logs/a%20b.json","uriBaseId":"%SRCROOT%"}"#);
        assert_eq!(uri("/srv/logs/a"), r#"{"uri":"file:///srv/logs/a"}"#);
        assert_eq!(uri("s3://bucket/a#b"), r#"{"uri":"s3://bucket/a%23b"}"#);
    }
}
