//! Reads values as Python prints them, `{'type': 'IAMUser', 'mfa': None}`: what pandas writes
//! for a nested member in a cell of a CSV file (Python language reference, "Literals").

use serde_json::{Map, Number, Value};

/// Deepest nesting followed.
const DEPTH: usize = 64;

/// Words that Python and its libraries print for values.
const WORDS: &[(&str, Value)] = &[
    ("None", Value::Null),
    ("nan", Value::Null),
    ("NaT", Value::Null),
    ("True", Value::Bool(true)),
    ("False", Value::Bool(false)),
];

/// Whether the text begins as a printed dictionary or list, and not as JSON does.
pub(crate) fn begins(text: &str) -> bool {
    ["{'", "['", "[{'", "(", "{None", "[None"].iter().any(|start| text.starts_with(start))
}

/// Reads a whole text; `None` when it is no printed value.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let (value, rest) = value(text.trim(), DEPTH)?;
    rest.trim().is_empty().then_some(value)
}

fn value(text: &str, depth: usize) -> Option<(Value, &str)> {
    let depth = depth.checked_sub(1)?;
    match text.chars().next()? {
        '{' => members(text.get(1..)?, depth),
        '[' => elements(text.get(1..)?, ']', depth),
        '(' => elements(text.get(1..)?, ')', depth),
        '\'' | '"' => string(text).map(|(text, rest)| (Value::String(text), rest)),
        _ => word(text),
    }
}

fn members(mut text: &str, depth: usize) -> Option<(Value, &str)> {
    let mut map = Map::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix('}') {
            return Some((Value::Object(map), rest));
        }
        let (name, rest) = string(text)?;
        let (member, rest) = value(rest.trim_start().strip_prefix(':')?.trim_start(), depth)?;
        map.insert(name, member);
        text = next(rest, '}')?;
    }
}

fn elements(mut text: &str, end: char, depth: usize) -> Option<(Value, &str)> {
    let mut list = Vec::new();
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix(end) {
            return Some((Value::Array(list), rest));
        }
        let (element, rest) = value(text, depth)?;
        list.push(element);
        text = next(rest, end)?;
    }
}

/// Skips a comma; at the end of the list there is none.
fn next(text: &str, end: char) -> Option<&str> {
    let text = text.trim_start();
    match text.strip_prefix(',') {
        Some(rest) => Some(rest),
        None => text.starts_with(end).then_some(text),
    }
}

fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(escaped(chars.next()?.1, &mut chars)?),
            c if c == quote => return Some((out, text.get(at + 1..)?)),
            c => out.push(c),
        }
    }
    None
}

fn escaped(c: char, chars: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let digits = match c {
        'n' => return Some('\n'),
        't' => return Some('\t'),
        'r' => return Some('\r'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        other => return Some(other),
    };
    let mut number = 0;
    for _ in 0..digits {
        number = number * 16 + chars.next()?.1.to_digit(16)?;
    }
    char::from_u32(number)
}

fn word(text: &str) -> Option<(Value, &str)> {
    let end = text.find([',', '}', ']', ')', ':']).unwrap_or(text.len());
    let (word, rest) = (text.get(..end)?.trim(), text.get(end..)?);
    if let Some((_, value)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Some((value.clone(), rest));
    }
    let number: Number = serde_json::from_str(word).ok()?;
    Some((Value::Number(number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_python_prints() {
        let text = r#"{'type': 'IAMUser', 'a': None, 'b': [True, 1, 1.5, -2], 'c': "it's", 'd': 'q"\'\\\n\xe9', 'e': {}, 'f': ('x',)}"#;
        let want = serde_json::json!({
            "type": "IAMUser", "a": null, "b": [true, 1, 1.5, -2], "c": "it's", "d": "q\"'\\\né",
            "e": {}, "f": ["x"]
        });
        assert_eq!(parse(text), Some(want));
    }

    #[test]
    fn damage_gives_nothing() {
        for text in
            ["", "{", "{'a'", "{'a': }", "{'a': 1", "['a' 'b']", "{'a': 1}}", "x", "{'\\u12"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
        assert_eq!(parse(&"{'a': ".repeat(100_000)), None);
    }
}
