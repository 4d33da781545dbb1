//! Blocks of code: documents, commands and diffs, each with a button that copies it.

use askama::Template;
use serde_json::Value;

use super::escape::visible_json;
use crate::wording::{Sentence, Wording};

/// Lines of two documents that are compared one by one; longer ones are shown as they are.
const COMPARED_LINES: usize = 600;
/// Letters of a line of JSON, above which its members get lines of their own.
const LINE: usize = 88;

/// A block of code.
#[derive(Template)]
#[template(path = "code.html")]
pub(super) struct Code<'a> {
    words: &'a Wording,
    /// Unique in the page.
    id: String,
    title: String,
    lines: Vec<Line>,
    copy: Copy,
}

/// What the button copies.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Copy {
    /// What is shown.
    Shown,
    /// Another text.
    Other(String),
    /// There is no button: nobody can use a diff.
    Nothing,
}

/// A line of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// `added`, `removed`, `place` (of a diff's hunk), or nothing in particular.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl<'a> Code<'a> {
    /// Text as it is.
    pub(super) fn plain(words: &'a Wording, id: String, title: String, text: &str) -> Self {
        let lines = text.lines().map(|line| Line { class: "", text: line.to_owned() }).collect();
        Code { words, id, title, lines, copy: Copy::Shown }
    }

    /// A JSON document.
    pub(super) fn json(words: &'a Wording, id: String, title: String, document: &Value) -> Self {
        Code::plain(words, id, title, &pretty(document))
    }

    /// A line diff in the unified form.
    pub(super) fn diff(words: &'a Wording, id: String, title: String, diff: &str) -> Self {
        let lines = diff.lines().map(unified_line).collect();
        Code { words, id, title, lines, copy: Copy::Nothing }
    }

    /// What a document becomes, line by line.
    pub(super) fn change(
        words: &'a Wording,
        id: String,
        title: String,
        (before, after): (&Value, &Value),
    ) -> Self {
        let lines = compared(&pretty(before), &pretty(after));
        Code { words, id, title, lines, copy: Copy::Nothing }
    }

    /// The same, with a button that copies a document.
    pub(super) fn copying(self, document: &Value) -> Self {
        Code { copy: Copy::Other(pretty(document)), ..self }
    }
}

fn unified_line(line: &str) -> Line {
    let class = match line.chars().next() {
        Some('+') => "added",
        Some('-') => "removed",
        Some('@') => "place",
        _ => "",
    };
    Line { class, text: line.to_owned() }
}

/// A document as policies are written by hand: what fits a line stays on one. Hidden characters
/// are spelled out.
pub(super) fn pretty(document: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, document, 0, 0);
    visible_json(&text)
}

/// Writes a value that starts `used` letters into a line of a level.
fn write_value(text: &mut String, value: &Value, level: usize, used: usize) {
    let inline = inline(value);
    if used + inline.chars().count() <= LINE || inline.len() <= 2 {
        text.push_str(&inline);
        return;
    }
    let indent = |level: usize| format!("\n{}", "  ".repeat(level));
    let inner = indent(level + 1);
    match value {
        Value::Object(members) => {
            text.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                let name = format!("{}: ", Value::from(name.as_str()));
                text.push_str(&inner);
                text.push_str(&name);
                write_value(text, value, level + 1, 2 * (level + 1) + name.chars().count());
            }
            text.push_str(&indent(level));
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&inner);
                write_value(text, value, level + 1, 2 * (level + 1));
            }
            text.push_str(&indent(level));
            text.push(']');
        }
        _ => text.push_str(&inline),
    }
}

/// A value on one line, with blanks where people put them.
fn inline(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Object(members) if !members.is_empty() => {
            let member = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), inline(value))
            };
            format!("{{ {} }}", joined(members.iter().map(member).collect()))
        }
        Value::Array(values) => format!("[{}]", joined(values.iter().map(inline).collect())),
        other => other.to_string(),
    }
}

/// Line by line: the longest common lines stay, what is before them in the old document goes, what
/// is before them in the new one comes.
fn compared(before: &str, after: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len().max(new.len()) > COMPARED_LINES {
        return after.lines().map(|line| Line { class: "", text: line.to_owned() }).collect();
    }
    let line = |class, sign: &str, text: &str| Line { class, text: format!("{sign} {text}") };
    let common = common_lengths(&old, &new);
    let length = |i: usize, j: usize| common.get(i).and_then(|row| row.get(j)).copied();
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    loop {
        match (old.get(i), new.get(j)) {
            (Some(left), Some(right)) if left == right => {
                lines.push(line("", " ", left));
                (i, j) = (i + 1, j + 1);
            }
            (Some(left), right) if right.is_none() || length(i + 1, j) >= length(i, j + 1) => {
                lines.push(line("removed", "-", left));
                i += 1;
            }
            (_, Some(right)) => {
                lines.push(line("added", "+", right));
                j += 1;
            }
            (_, None) => return lines,
        }
    }
}

/// How many lines the rests of both documents have in common, from each pair of lines on.
fn common_lengths(old: &[&str], new: &[&str]) -> Vec<Vec<u16>> {
    let mut rows = vec![vec![0_u16; new.len() + 1]];
    for left in old.iter().rev() {
        let below = rows.last().cloned().unwrap_or_default();
        let mut row = vec![0_u16];
        for (right, pair) in new.iter().rev().zip(below.windows(2).rev()) {
            let (here, diagonal) = (pair.first().copied(), pair.last().copied());
            let beside = row.last().copied().unwrap_or_default();
            row.push(if left == right {
                diagonal.unwrap_or_default() + 1
            } else {
                here.unwrap_or_default().max(beside)
            });
        }
        row.reverse();
        rows.push(row);
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{}\n", line.text)).collect()
    }

    #[test]
    fn a_changed_document_shows_what_goes_and_what_comes() {
        let lines = compared("{\n  a\n  b\n  c\n}", "{\n  a\n  x\n  c\n  d\n}");
        assert_eq!(text(&lines), "  {\n    a\n-   b\n+   x\n    c\n+   d\n  }\n");
    }

    #[test]
    fn json_that_fits_a_line_stays_on_it() {
        let document = serde_json::json!({
            "Sid": "Use",
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
            "Condition": { "Bool": { "aws:PrincipalIsAWSService": "false" } },
            "Empty": {},
        });
        let expected = r#"{
  "Sid": "Use",
  "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"],
  "Condition": { "Bool": { "aws:PrincipalIsAWSService": "false" } },
  "Empty": {}
}"#;
        assert_eq!(pretty(&document), expected);
        assert_eq!(serde_json::from_str::<Value>(expected).unwrap(), document);
    }

    proptest::proptest! {
        #[test]
        fn the_kept_and_new_lines_are_the_new_document(
            old in proptest::collection::vec("[abc]", 0..12),
            new in proptest::collection::vec("[abc]", 0..12),
        ) {
            let lines = compared(&old.join("\n"), &new.join("\n"));
            let side = |gone: &str| -> Vec<String> {
                lines.iter().filter(|line| line.class != gone)
                    .map(|line| line.text.chars().skip(2).collect()).collect()
            };
            proptest::prop_assert_eq!(side("removed"), new);
            proptest::prop_assert_eq!(side("added"), old);
        }
    }
}
