//! The edits that the program writes for `jq`: its words and the members of policies stay, and each
//! piece of JSON in them is judged as a part of a policy.

use serde_json::Value;

use super::Redactor;
use super::policy::{Member, is_member};

/// What `jq` calls things, as far as the program uses it (jq manual).
const WORDS: [&str; 15] = [
    "as", "was", "flatten", "map", "select", "if", "then", "else", "end", "any", "del", "tojson",
    "fromjson", "null", "or",
];

impl Redactor {
    /// An edit with everything in it that names somebody replaced.
    pub(super) fn jq(&mut self, program: &str) -> String {
        let mut told = String::with_capacity(program.len());
        let mut rest = program;
        while let Some(character) = rest.chars().next() {
            if matches!(character, '"' | '{' | '[')
                && let Some((value, length)) = json(rest)
            {
                told.push_str(&self.piece(value).to_string());
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            let word: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if word.is_empty() {
                told.push(character);
                rest = rest.get(character.len_utf8()..).unwrap_or_default();
                continue;
            }
            let number = word.bytes().all(|byte| byte.is_ascii_digit()) && word.len() < 3;
            match number || WORDS.contains(&word.as_str()) || is_member(&word) {
                true => told.push_str(&word),
                false => told.push_str(&self.name(&word)),
            }
            rest = rest.get(word.len()..).unwrap_or_default();
        }
        told
    }

    fn piece(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) if matches!(text.as_str(), "true" | "false") => text.into(),
            Value::String(text) if self.is_action(&text) => text.into(),
            Value::String(text) if super::policy::is_operator(&text) => text.into(),
            Value::String(text) => self.key(&text).into(),
            Value::Array(parts) => parts.into_iter().map(|part| self.piece(part)).collect(),
            mut object => {
                self.policy(&mut object, &Member::default());
                object
            }
        }
    }
}

/// The JSON at the beginning of a text, and how long it is.
fn json(text: &str) -> Option<(Value, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    Some((value, values.byte_offset()))
}
