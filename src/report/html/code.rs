//! Blocks of code: documents, commands and diffs. The page's script gives each a button that copies it.

use askama::Template;
use serde_json::Value;

use super::escape::between_tags;
use crate::report::document::compact;
use crate::report::sanitize;

/// Lines of two documents that are compared one by one; longer ones are shown as they are.
const COMPARED_LINES: usize = 600;
/// Letters of a line of JSON, above which its members get lines of their own.
const LINE: usize = 88;

/// A block of code.
#[derive(Template)]
#[template(path = "code.html")]
pub(super) struct Code {
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
    /// Nothing: nobody can use a diff.
    Nothing,
}

/// A line of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// `added`, `removed`, `place` (of a diff's hunk), or nothing in particular.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl Line {
    fn written(&self) -> String {
        between_tags(&self.text)
    }
}

impl Code {
    /// Text as it is.
    pub(super) fn plain(title: String, text: &str) -> Self {
        let lines = text.lines().map(|line| Line { class: "", text: line.to_owned() }).collect();
        Code { title, lines, copy: Copy::Shown }
    }

    /// A JSON document.
    pub(super) fn json(title: String, document: &Value) -> Self {
        Code::plain(title, &pretty(document))
    }

    /// A line diff in the unified form.
    pub(super) fn diff(title: String, diff: &str) -> Self {
        // `\ No newline at end of file` says nothing about a policy.
        let lines = diff.lines().filter(|line| !line.starts_with('\\')).map(unified_line).collect();
        Code { title, lines, copy: Copy::Nothing }
    }

    /// What a document becomes, line by line.
    pub(super) fn change(title: String, (before, after): (&Value, &Value)) -> Self {
        let lines = compared(&pretty(before), &pretty(after));
        Code { title, lines, copy: Copy::Nothing }
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

/// A document with what fits a line on one, and with nothing hidden in it: the same document still,
/// for those who copy it.
pub(super) fn pretty(document: &Value) -> String {
    sanitize::json(&compact(document, LINE))
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
