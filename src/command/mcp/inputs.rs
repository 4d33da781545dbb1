//! What a tool may be asked with: one table makes its schema and checks what came, so that a wrong input
//! is answered with what would be right.

use serde_json::{Map, Value, json};

use super::outside;
use crate::event::Layer;
use crate::ingest::Moment;
use crate::rehearse::change::KINDS;
use crate::report::Kind;

/// One input of a tool.
pub(super) struct Input {
    pub name: &'static str,
    pub takes: Takes,
    pub required: bool,
    /// For the model.
    pub says: &'static str,
}

/// What an input takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Text,
    /// RFC 3339, a date, or a span before the last event.
    Time,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A list of them.
    Words(fn() -> Vec<&'static str>),
    /// A number from 1 to this.
    Count(usize),
    Flag,
    /// A JSON object, also as text.
    Object,
}

/// The kinds of incidents.
pub(super) fn kinds() -> Vec<&'static str> {
    Kind::ALL.map(Kind::as_str).to_vec()
}

/// The layers.
pub(super) fn layers() -> Vec<&'static str> {
    Layer::ALL.map(Layer::as_str).to_vec()
}

/// The kinds of policies.
pub(super) fn policy_kinds() -> Vec<&'static str> {
    KINDS.map(|(word, _)| word).to_vec()
}

/// The JSON Schema of a tool's inputs.
pub(super) fn schema(inputs: &[Input]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        inputs.iter().map(|input| (input.name.to_owned(), input.schema())).collect();
    let required: Vec<&str> =
        inputs.iter().filter(|input| input.required).map(|input| input.name).collect();
    Map::from_iter([
        ("type".to_owned(), "object".into()),
        ("properties".to_owned(), properties.into()),
        ("required".to_owned(), required.into()),
        ("additionalProperties".to_owned(), false.into()),
    ])
}

impl Input {
    fn schema(&self) -> Value {
        let mut schema = match self.takes {
            Takes::Text | Takes::Time => json!({ "type": "string" }),
            Takes::Word(words) => json!({ "type": "string", "enum": words() }),
            Takes::Words(words) => json!({
                "type": "array", "items": { "type": "string", "enum": words() },
            }),
            Takes::Count(most) => json!({ "type": "integer", "minimum": 1, "maximum": most }),
            Takes::Flag => json!({ "type": "boolean" }),
            Takes::Object => json!({ "type": ["object", "string"] }),
        };
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), self.says.into());
        }
        schema
    }

    /// What is wrong with a value, and what would be right.
    fn wrong(&self, value: &Value) -> Option<String> {
        let name = self.name;
        let one_of = |words: Vec<&str>, value: &Value| {
            let known = value.as_str().is_some_and(|word| words.contains(&word));
            (!known).then(|| format!("{name} takes one of: {}", words.join(", ")))
        };
        match self.takes {
            Takes::Text => (value.as_str().is_none_or(|text| text.trim().is_empty()))
                .then(|| format!("{name} takes text: {}", self.says)),
            Takes::Time => {
                let moment = value.as_str().and_then(|text| text.parse::<Moment>().ok());
                moment.is_none().then(|| {
                    format!(
                        "{name} takes a time: 2026-05-18T05:47:50Z, a date, or 2h or 3d before the \
                         last event"
                    )
                })
            }
            Takes::Word(words) => one_of(words(), value),
            Takes::Words(words) => match value {
                Value::Array(parts) => parts.iter().find_map(|part| one_of(words(), part)),
                value => one_of(words(), value),
            },
            Takes::Count(most) => {
                let count = value.as_u64().is_some_and(|n| (1..=most as u64).contains(&n));
                (!count).then(|| format!("{name} takes a whole number from 1 to {most}"))
            }
            Takes::Flag => value.as_bool().is_none().then(|| format!("{name} takes true or false")),
            Takes::Object => object(value)
                .is_none()
                .then(|| format!("{name} takes a JSON object: {}", self.says)),
        }
    }
}

/// A JSON object, or one written as text.
fn object(value: &Value) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::String(text) => {
            serde_json::from_str(text).ok().filter(|inner: &Value| inner.is_object())
        }
        _ => None,
    }
}

/// What came, looked through.
pub(super) struct Given(Map<String, Value>);

impl Given {
    /// # Errors
    /// With what is wrong and what would be right.
    pub(super) fn new(
        arguments: Option<Map<String, Value>>,
        inputs: &[Input],
    ) -> Result<Given, String> {
        let mut arguments = arguments.unwrap_or_default();
        arguments.retain(|_, value| !value.is_null());
        for (name, value) in &arguments {
            let Some(input) = inputs.iter().find(|input| input.name == name) else {
                return Err(unknown(name, inputs));
            };
            if let Some(wrong) = input.wrong(value) {
                return Err(wrong);
            }
        }
        let lacks = |input: &&Input| input.required && !arguments.contains_key(input.name);
        match inputs.iter().find(lacks) {
            Some(input) => Err(format!("{} is required: {}", input.name, input.says)),
            None => Ok(Given(arguments)),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().map(str::trim)
    }

    pub(super) fn words(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(word)) => vec![word.as_str()],
            _ => Vec::new(),
        }
    }

    pub(super) fn moment(&self, name: &str) -> Option<Moment> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn count(&self, name: &str) -> Option<usize> {
        usize::try_from(self.0.get(name)?.as_u64()?).ok()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    pub(super) fn object(&self, name: &str) -> Option<Value> {
        object(self.0.get(name)?)
    }
}

fn unknown(name: &str, inputs: &[Input]) -> String {
    let known: Vec<&str> = inputs.iter().map(|input| input.name).collect();
    let known = match known.as_slice() {
        [] => "it takes none".to_owned(),
        known => format!("it takes {}", known.join(", ")),
    };
    let shown = outside::quoted(name);
    format!(
        "the tool has no input {shown}; {known}. No tool takes the path of a file: what is read was \
         named when the server was started"
    )
}

/// One page of a list.
pub(super) struct Page<T> {
    pub parts: Vec<T>,
    /// All that fit.
    pub found: usize,
    /// Where the next page begins.
    pub next: Option<String>,
}

impl Page<usize> {
    /// Adds how many there are, and where it goes on.
    pub(super) fn note(&self, name: &str, answer: &mut Map<String, Value>) {
        answer.insert(name.to_owned(), self.found.into());
        if let Some(next) = &self.next {
            answer.insert("next_cursor".to_owned(), next.clone().into());
        }
    }
}

impl Given {
    /// The page asked for, of `all`.
    ///
    /// # Errors
    /// When the cursor is none.
    pub(super) fn page<T>(&self, all: Vec<T>, usual: usize) -> Result<Page<T>, String> {
        let found = all.len();
        let start: usize = match self.text("cursor") {
            None => 0,
            Some(cursor) => cursor.parse().ok().filter(|at| *at <= found).ok_or_else(|| {
                "cursor takes the next_cursor of an answer to the same question; leave it out to \
                 begin at the start"
                    .to_owned()
            })?,
        };
        let limit = self.count("limit").unwrap_or(usual);
        let end = start.saturating_add(limit).min(found);
        let parts = all.into_iter().skip(start).take(limit).collect();
        Ok(Page { parts, found, next: (end < found).then(|| end.to_string()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUTS: [Input; 3] = [
        Input { name: "kind", takes: Takes::Words(kinds), required: false, says: "" },
        Input { name: "id", takes: Takes::Text, required: true, says: "an id" },
        Input { name: "limit", takes: Takes::Count(50), required: false, says: "" },
    ];

    fn read(value: Value) -> Result<Given, String> {
        Given::new(value.as_object().cloned(), &INPUTS)
    }

    #[test]
    fn wrong_inputs_are_told_what_would_be_right() {
        for (given, told) in [
            (json!({ "id": "x", "kind": "loud" }), "kind takes one of: silent"),
            (json!({ "id": "x", "kind": ["silent", "loud"] }), "kind takes one of"),
            (json!({ "kind": "silent" }), "id is required: an id"),
            (json!({ "id": " " }), "id takes text: an id"),
            (json!({ "id": "x", "limit": 0 }), "from 1 to 50"),
            (json!({ "id": "x", "limit": "ten" }), "from 1 to 50"),
            (json!({ "id": "x", "path": "/etc/passwd" }), "No tool takes the path of a file"),
        ] {
            let error = read(given).err().unwrap();
            assert!(error.contains(told), "{error}");
        }
        let given = read(json!({ "id": " x ", "kind": "silent", "limit": null })).ok().unwrap();
        assert_eq!(given.text("id"), Some("x"));
        assert_eq!(given.words("kind"), ["silent"]);
        assert_eq!(given.count("limit"), None);
    }

    #[test]
    fn a_list_is_given_page_by_page() {
        let all: Vec<usize> = (0..5).collect();
        let given = |value| read(value).ok().unwrap();
        let first = given(json!({ "id": "x", "limit": 3 })).page(all.clone(), 10).ok().unwrap();
        assert_eq!(
            (first.parts, first.found, first.next),
            (vec![0, 1, 2], 5, Some("3".to_owned()))
        );
        let whole = given(json!({ "id": "x" })).page(all, 10).ok().unwrap();
        assert_eq!((whole.parts.len(), whole.next), (5, None));
    }
}
