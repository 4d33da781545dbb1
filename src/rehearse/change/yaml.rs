//! CloudFormation templates in YAML, as the same template would read in JSON (AWS CloudFormation user
//! guide, "CloudFormation template formats"): the short forms of functions become the long ones.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value as Json};

/// CloudFormation takes templates of 1 MB; no document in them goes nearly as deep.
const DEEPEST: usize = 64;

/// Why a text is no template in YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Where, from 1 on.
    pub line: usize,
    /// Why.
    pub message: String,
}

impl Wrong {
    fn new(at: Marker, message: impl Into<String>) -> Wrong {
        Wrong { line: at.line(), message: message.into() }
    }
}

/// Reads one document.
pub(super) fn read(text: &str) -> Result<Json, Wrong> {
    let mut reading = Reading::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Wrong::new(*error.marker(), error.info()))?;
        reading.take(event, span.start)?;
    }
    reading.whole.ok_or_else(|| Wrong { line: 1, message: "nothing in it".to_owned() })
}

/// What was begun and has not ended.
enum Open {
    List(Vec<Json>),
    Members {
        members: Map<String, Json>,
        /// The name whose value comes next.
        name: Option<String>,
    },
}

#[derive(Default)]
struct Reading {
    open: Vec<(Open, Option<String>)>,
    whole: Option<Json>,
}

impl Reading {
    fn take(&mut self, event: Event<'_>, at: Marker) -> Result<(), Wrong> {
        match event {
            Event::Scalar(text, style, _, tag) => {
                let tag = tag.as_deref();
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(is_text);
                let value = match is_text || self.awaits_name() {
                    true => Json::String(text.into_owned()),
                    false => plain(&text),
                };
                self.put(function(value, tag.and_then(short).as_deref()), at)
            }
            Event::SequenceStart(_, tag) => self.begin(Open::List(Vec::new()), tag.as_deref(), at),
            Event::MappingStart(_, tag) => {
                let members = Open::Members { members: Map::new(), name: None };
                self.begin(members, tag.as_deref(), at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            // "Not supported: aliases, hash merges" (same page); they can also be made to grow without end.
            Event::Alias(_) => Err(Wrong::new(at, "CloudFormation takes no aliases")),
            Event::DocumentStart(_) if self.whole.is_some() => {
                Err(Wrong::new(at, "a second document"))
            }
            _ => Ok(()),
        }
    }

    fn awaits_name(&self) -> bool {
        matches!(self.open.last(), Some((Open::Members { name: None, .. }, _)))
    }

    fn begin(&mut self, open: Open, tag: Option<&Tag>, at: Marker) -> Result<(), Wrong> {
        if self.awaits_name() {
            return Err(Wrong::new(at, "a name that is no text"));
        }
        if self.open.len() >= DEEPEST {
            return Err(Wrong::new(at, format!("more than {DEEPEST} levels deep")));
        }
        self.open.push((open, tag.and_then(short)));
        Ok(())
    }

    fn end(&mut self, at: Marker) -> Result<(), Wrong> {
        let Some((open, called)) = self.open.pop() else { return Ok(()) };
        let value = match open {
            Open::List(all) => Json::Array(all),
            Open::Members { members, .. } => Json::Object(members),
        };
        self.put(function(value, called.as_deref()), at)
    }

    fn put(&mut self, value: Json, at: Marker) -> Result<(), Wrong> {
        match self.open.last_mut() {
            None => self.whole = Some(value),
            Some((Open::List(all), _)) => all.push(value),
            Some((Open::Members { members, name }, _)) => match (name.take(), value) {
                (None, Json::String(next)) if members.contains_key(&next) => {
                    return Err(Wrong::new(at, format!("`{next}` twice")));
                }
                (None, Json::String(next)) => *name = Some(next),
                (None, _) => return Err(Wrong::new(at, "a name that is no text")),
                (Some(name), value) => {
                    members.insert(name, value);
                }
            },
        }
        Ok(())
    }
}

fn is_text(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "str"
}

/// The long name of a function's short form: `!Sub` is `Fn::Sub`, and two have no `Fn::` before them.
fn short(tag: &Tag) -> Option<String> {
    if tag.handle != "!" || tag.suffix.is_empty() {
        return None;
    }
    Some(match tag.suffix.as_str() {
        "Ref" | "Condition" => tag.suffix.clone(),
        name => format!("Fn::{name}"),
    })
}

fn function(value: Json, called: Option<&str>) -> Json {
    match called {
        None => value,
        Some(name) => Json::Object(Map::from_iter([(name.to_owned(), value)])),
    }
}

/// What a word without quotes is: CloudFormation reads YAML 1.1. A number that JSON does not write so (an
/// account's id that begins with a zero) and a date (a policy's `Version`) stay as they are written.
fn plain(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Json::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Json::Bool(false);
        }
        _ => {}
    }
    let number = text.parse::<serde_json::Number>().ok();
    number.map_or_else(|| Json::String(text.to_owned()), Json::Number)
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::{Value as Json, json};

    fn error(text: &str) -> (usize, String) {
        let wrong = read(text).unwrap_err();
        (wrong.line, wrong.message)
    }

    #[test]
    fn it_reads_as_the_same_in_json() {
        let yaml = "\
Version: 2012-10-17
Statement:
  - Sid: \"123\"
    Effect: Deny
    Principal: {AWS: '*'}
    Action: [s3:GetObject, 's3:Put*'] # both
    Resource: >-
      arn:aws:s3:::logs/*
    Condition:
      Bool: {aws:SecureTransport: no}
      StringEquals:
        aws:SourceAccount: [012345670123, 111122223333]
";
        let wanted = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "123", "Effect": "Deny", "Principal": {"AWS": "*"},
            "Action": ["s3:GetObject", "s3:Put*"], "Resource": "arn:aws:s3:::logs/*",
            "Condition": {"Bool": {"aws:SecureTransport": false},
                "StringEquals": {"aws:SourceAccount": ["012345670123", 111_122_223_333_u64]}},
        }]});
        assert_eq!(read(yaml).unwrap(), wanted);
        assert_eq!(read(&wanted.to_string()).unwrap(), wanted, "JSON is YAML");
    }

    #[test]
    fn short_functions_become_long_ones() {
        let of = |text: &str| -> Json { read(&format!("A: {text}")).unwrap()["A"].clone() };
        assert_eq!(of("!Ref Bucket"), json!({"Ref": "Bucket"}));
        assert_eq!(of("!Condition Is"), json!({"Condition": "Is"}));
        assert_eq!(of("!Sub 'a-${B}'"), json!({"Fn::Sub": "a-${B}"}));
        assert_eq!(of("!GetAtt Key.Arn"), json!({"Fn::GetAtt": "Key.Arn"}));
        assert_eq!(
            of("!Join ['', ['arn:', !Ref 'AWS::Partition']]"),
            json!({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}]]})
        );
        assert_eq!(of("!Transform {Name: Include}"), json!({"Fn::Transform": {"Name": "Include"}}));
        assert_eq!(of("!!str 12"), json!("12"));
    }

    #[test]
    fn what_cloudformation_takes_not_is_said_with_its_line() {
        assert_eq!(error("A: &a [1]\nB: *a").0, 2);
        assert_eq!(error("A: 1\nB: 2\nA: 3"), (3, "`A` twice".to_owned()));
        assert_eq!(error("? [a]\n: 1").1, "a name that is no text");
        assert_eq!(error("A: 1\n---\nB: 2").1, "a second document");
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(error(&deep(100)).1, "more than 64 levels deep");
        // The parser has a limit of its own, which may come first.
        assert!(!error(&deep(10_000)).1.is_empty());
        assert_eq!(error("# nothing\n").1, "nothing in it");
        assert!(!error("A: [1").1.is_empty());
    }
}
