//! Reads structs as Athena and CloudTrail Lake print them in text: `{type=IAMUser, arn=arn:…}`.
//!
//! The form has no quotes, so a value ends before a closing bracket, or before a comma, a blank and the next
//! name with its equals sign. Names in AWS contain no blanks, which makes this safe for identities.

use serde_json::{Map, Value};

/// Deepest nesting followed.
const DEPTH: usize = 32;

/// Reads a whole text; `None` when it is no struct and no list of structs.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let (value, rest) = value(text, DEPTH, Inside::List)?;
    rest.trim().is_empty().then_some(value)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Struct,
    List,
}

fn value(text: &str, depth: usize, inside: Inside) -> Option<(Value, &str)> {
    let depth = depth.checked_sub(1)?;
    let may_be_json = ["{\"", "[{\"", "[\""].iter().any(|start| text.starts_with(start));
    if let Some(found) = may_be_json.then(|| json(text)).flatten() {
        return Some(found);
    }
    if let Some(rest) = text.strip_prefix('{') {
        return members(rest, depth);
    }
    if let Some(rest) = text.strip_prefix('[') {
        return elements(rest, depth);
    }
    let end = scalar_end(text, inside);
    let scalar = text.get(..end)?.trim();
    let value = match scalar {
        "null" => Value::Null,
        _ => Value::String(scalar.to_owned()),
    };
    Some((value, text.get(end..)?))
}

/// JSON inside a struct: a policy document in a request parameter.
fn json(text: &str) -> Option<(Value, &str)> {
    let mut parsed = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = parsed.next()?.ok()?;
    Some((value, text.get(parsed.byte_offset()..)?))
}

fn members(mut text: &str, depth: usize) -> Option<(Value, &str)> {
    let mut map = Map::new();
    loop {
        text = text.trim_start_matches([' ', ',']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((Value::Object(map), rest));
        }
        let (name, rest) = text.split_once('=')?;
        let (member, rest) = value(rest, depth, Inside::Struct)?;
        map.insert(name.trim().to_owned(), member);
        text = rest;
    }
}

fn elements(mut text: &str, depth: usize) -> Option<(Value, &str)> {
    let mut list = Vec::new();
    loop {
        text = text.trim_start_matches([' ', ',']);
        if let Some(rest) = text.strip_prefix(']') {
            return Some((Value::Array(list), rest));
        }
        if text.is_empty() {
            return None;
        }
        let (element, rest) = value(text, depth, Inside::List)?;
        list.push(element);
        text = rest;
    }
}

fn scalar_end(text: &str, inside: Inside) -> usize {
    let closing = match inside {
        Inside::Struct => '}',
        Inside::List => ']',
    };
    for (at, c) in text.char_indices() {
        let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
        let ends = match c {
            ',' if inside == Inside::Struct => names_a_member(rest),
            ',' => true,
            _ => c == closing,
        };
        if ends {
            return at;
        }
    }
    text.len()
}

/// Whether ` name=` follows.
fn names_a_member(text: &str) -> bool {
    let name = text.trim_start_matches(' ');
    let length = name.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    length > 0 && text.len() > name.len() && name.as_bytes().get(length) == Some(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_identities_as_athena_prints_them() {
        let text = "{type=AssumedRole, principalid=AROAX:me@x.org,dept=7, username=null, \
                    sessioncontext={attributes={mfaauthenticated=false, \
                    creationdate=2023-11-04T00:56:08Z}, sessionissuer={type=Role}}}";
        let want = serde_json::json!({
            "type": "AssumedRole", "principalid": "AROAX:me@x.org,dept=7", "username": null,
            "sessioncontext": {
                "attributes": { "mfaauthenticated": "false", "creationdate": "2023-11-04T00:56:08Z" },
                "sessionissuer": { "type": "Role" }
            }
        });
        assert_eq!(parse(text), Some(want));
    }

    #[test]
    fn reads_lists_and_json_inside() {
        assert_eq!(
            parse("[{arn=arn:aws:s3:::b, accountid=1}, {arn=x}]"),
            Some(serde_json::json!([{"arn": "arn:aws:s3:::b", "accountid": "1"}, {"arn": "x"}]))
        );
        assert_eq!(
            parse(r#"{policy={"Version":"a, b=c}"}, name=n}"#),
            Some(serde_json::json!({"policy": {"Version": "a, b=c}"}, "name": "n"}))
        );
        assert_eq!(parse("[a, b]"), Some(serde_json::json!(["a", "b"])));
    }

    #[test]
    fn damage_gives_nothing() {
        for text in ["", "x", "{", "{a", "{a=1", "[", "{a=1}}", "null"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"{a=".repeat(100_000)), None);
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }
}
