//! Lines for a terminal: spans of text with a role, wrapped to a width as both languages need it,
//! coloured only if asked. Everything that enters a line is escaped here.

use anstyle::{AnsiColor, Effects};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::sanitize;

/// How a terminal report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Write colours. Without them nothing is lost: every mark is a character too.
    pub color: bool,
    /// Columns to fill. Identifiers and commands are never broken, so that they can be copied.
    pub width: usize,
}

impl Style {
    /// No colour, for pipes and files.
    pub fn plain(width: usize) -> Self {
        Style { color: false, width }
    }
}

/// The narrowest page; below it, wrapping would hurt more than it helps.
const NARROWEST: usize = 40;

/// Longest piece without a blank that is printed whole.
const LONGEST_WORD: usize = 600;

/// What a span is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Strong,
    Quiet,
    Failed,
    Succeeded,
    Command,
}

impl Ink {
    fn style(self) -> anstyle::Style {
        let style = anstyle::Style::new();
        match self {
            Ink::Plain => style,
            Ink::Strong => style.effects(Effects::BOLD),
            Ink::Quiet => style.effects(Effects::DIMMED),
            Ink::Failed => style.fg_color(Some(AnsiColor::Red.into())).effects(Effects::BOLD),
            Ink::Succeeded => style.fg_color(Some(AnsiColor::Green.into())),
            Ink::Command => style.fg_color(Some(AnsiColor::Cyan.into())),
        }
    }
}

/// Some text of one line, escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    text: String,
    ink: Ink,
}

impl Span {
    pub(super) fn new(ink: Ink, text: impl AsRef<str>) -> Self {
        Span { text: sanitize::line(text.as_ref()), ink }
    }

    pub(super) fn width(&self) -> usize {
        self.text.width()
    }
}

/// Spans in a row, each with its ink: `spans![Strong "a", Plain "b"]`.
macro_rules! spans {
    ($($ink:ident $text:expr),* $(,)?) => {
        Vec::from([
            $($crate::report::layout::Span::new($crate::report::layout::Ink::$ink, $text)),*
        ])
    };
}
pub(super) use spans;

/// What stands left of a paragraph: before its first line, and before the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Margin<'a> {
    pub(super) first: &'a str,
    pub(super) rest: &'a str,
}

impl<'a> Margin<'a> {
    /// The same before every line.
    pub(super) fn of(margin: &'a str) -> Self {
        Margin { first: margin, rest: margin }
    }
}

/// A page being written.
pub(super) struct Page {
    text: String,
    style: Style,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Page { text: String::new(), style: Style { width: style.width.max(NARROWEST), ..style } }
    }

    pub(super) fn width(&self) -> usize {
        self.style.width
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// An empty line, unless the page ends in one.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A wrapped paragraph.
    pub(super) fn put(&mut self, margin: Margin<'_>, spans: &[Span]) {
        let width = self.width().saturating_sub(margin.first.width()).max(NARROWEST / 2);
        self.put_lines(margin, &wrap(spans, width));
    }

    /// Lines that are wrapped already.
    pub(super) fn put_lines(&mut self, margin: Margin<'_>, lines: &[Vec<Span>]) {
        for (index, line) in lines.iter().enumerate() {
            self.ink(Ink::Quiet, if index == 0 { margin.first } else { margin.rest });
            for span in line {
                self.ink(span.ink, &span.text);
            }
            self.end_line();
        }
    }

    /// Labels in one column, what they label in the other.
    pub(super) fn fields(&mut self, indent: &str, fields: &[(String, Vec<Span>)]) {
        let column = fields.iter().map(|(label, _)| label.width()).max().unwrap_or_default() + 2;
        let rest = format!("{indent}{}", " ".repeat(column));
        for (label, spans) in fields {
            let gap = " ".repeat(column.saturating_sub(label.width()));
            let first = format!("{indent}{label}{gap}");
            self.put(Margin { first: &first, rest: &rest }, spans);
        }
    }

    /// Lines as they are, never wrapped: documents, commands, tables.
    pub(super) fn verbatim(&mut self, indent: &str, ink: Ink, text: &str) {
        for line in sanitize::lines(text).lines() {
            self.text.push_str(indent);
            self.ink(ink, line.trim_end());
            self.end_line();
        }
    }

    /// A line across the page that begins with a title.
    pub(super) fn rule(&mut self, title: &[Span]) {
        self.blank();
        let used: usize = title.iter().map(Span::width).sum();
        self.ink(Ink::Quiet, "━━ ");
        for span in title {
            self.ink(span.ink, &span.text);
        }
        let rest = self.width().saturating_sub(used + 4).max(2);
        self.ink(Ink::Quiet, &format!(" {}", "━".repeat(rest)));
        self.end_line();
    }

    fn end_line(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        self.text.push('\n');
    }

    fn ink(&mut self, ink: Ink, text: &str) {
        if !self.style.color || ink == Ink::Plain || text.trim().is_empty() {
            self.text.push_str(text);
            return;
        }
        let style = ink.style();
        self.text.push_str(&format!("{style}{text}{style:#}"));
    }
}

/// A piece that is never broken.
#[derive(Default)]
struct Atom {
    spans: Vec<Span>,
    width: usize,
    blank_before: bool,
}

impl Atom {
    /// The same in at most `room` columns.
    fn within(self, room: usize) -> Atom {
        if self.width <= room {
            return self;
        }
        let ink = self.spans.first().map_or(Ink::Plain, |span| span.ink);
        let text: String = self.spans.iter().map(|span| span.text.as_str()).collect();
        let text = shortened(&text, room);
        Atom { width: text.width(), spans: vec![Span { text, ink }], ..self }
    }

    fn push(&mut self, character: char, ink: Ink) {
        self.width += character.width().unwrap_or_default();
        match self.spans.last_mut() {
            Some(span) if span.ink == ink => span.text.push(character),
            _ => self.spans.push(Span { text: character.into(), ink }),
        }
    }
}

/// Spans as they stand in `room` columns and at most `rows` lines: a word that is wider loses its middle,
/// and what has no place its end, which an ellipsis tells.
pub(super) fn fitted(spans: &[Span], room: usize, rows: usize) -> Vec<Vec<Span>> {
    let atoms = atoms(spans).into_iter().map(|atom| atom.within(room)).collect();
    let mut lines = lines_of(atoms, room);
    if lines.len() > rows {
        lines.truncate(rows.max(1));
        if let Some(last) = lines.last_mut() {
            ellipsis(last, room);
        }
    }
    lines
}

/// Ends a line in an ellipsis, for which it gives up as much as that takes.
fn ellipsis(line: &mut Vec<Span>, room: usize) {
    let ink = line.last().map_or(Ink::Plain, |span| span.ink);
    while line.iter().map(Span::width).sum::<usize>() + 1 > room {
        let Some(last) = line.last_mut() else { break };
        if last.text.pop().is_none() {
            line.pop();
        }
    }
    line.push(Span { text: "…".into(), ink });
}

/// A text in at most `room` columns, without its middle where it is longer: what names begin and end
/// with tells them apart.
pub(super) fn shortened(text: &str, room: usize) -> String {
    let text = sanitize::line(text);
    if text.width() <= room {
        return text;
    }
    let room = room.saturating_sub(1);
    let head = prefix(text.chars(), room.div_ceil(2));
    let tail: String = prefix(text.chars().rev(), room - head.width()).chars().rev().collect();
    format!("{head}…{tail}")
}

fn prefix(characters: impl Iterator<Item = char>, room: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for character in characters {
        used += character.width().unwrap_or_default();
        if used > room {
            break;
        }
        text.push(character);
    }
    text
}

/// Breaks spans into lines of at most `width` columns, at blanks and between wide characters.
fn wrap(spans: &[Span], width: usize) -> Vec<Vec<Span>> {
    lines_of(atoms(spans), width)
}

fn lines_of(atoms: Vec<Atom>, width: usize) -> Vec<Vec<Span>> {
    let mut lines = Vec::new();
    let mut line: Vec<Span> = Vec::new();
    let mut used = 0;
    for atom in atoms {
        let needed = atom.width + usize::from(atom.blank_before && used > 0);
        if used > 0 && used + needed > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if atom.blank_before && used > 0 {
            // The blank belongs to neither side's ink unless both agree.
            line.push(Span { text: " ".into(), ink: Ink::Plain });
            used += 1;
        }
        used += atom.width;
        line.extend(atom.spans);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(merged).collect()
}

/// Joins neighbours of one ink, and the blanks between them, to keep escape sequences few.
fn merged(line: Vec<Span>) -> Vec<Span> {
    let mut result: Vec<Span> = Vec::new();
    let mut spans = line.into_iter().peekable();
    while let Some(mut span) = spans.next() {
        let before = result.last().map(|last| last.ink);
        if span.text == " " && before.is_some() && before == spans.peek().map(|next| next.ink) {
            span.ink = before.unwrap_or(span.ink);
        }
        match result.last_mut() {
            Some(last) if last.ink == span.ink => last.text.push_str(&span.text),
            _ => result.push(span),
        }
    }
    result
}

fn atoms(spans: &[Span]) -> Vec<Atom> {
    let mut atoms = Vec::new();
    let mut atom = Atom::default();
    let mut before: Option<char> = None;
    let mut length = 0_usize;
    for span in spans {
        for character in span.text.chars() {
            let blank = character == ' ';
            if blank || before.is_some_and(|before| may_break(before, character)) {
                let ended = Atom { blank_before: blank, ..Atom::default() };
                let ended = std::mem::replace(&mut atom, ended);
                if !ended.spans.is_empty() {
                    atoms.push(ended);
                } else if ended.blank_before {
                    atom.blank_before = true;
                }
                length = 0;
            }
            length += 1;
            match length {
                _ if blank => {}
                ..=LONGEST_WORD => atom.push(character, span.ink),
                _ if length == LONGEST_WORD + 1 => atom.push('…', span.ink),
                _ => {}
            }
            before = (!blank).then_some(character);
        }
    }
    if !atom.spans.is_empty() {
        atoms.push(atom);
    }
    atoms
}

/// True where a line may end between two characters without a blank: next to a wide one, but not
/// after an opening bracket nor before what may not begin a line (JIS X 4051, kinsoku).
fn may_break(before: char, after: char) -> bool {
    const OPENING: &str = "([{（「『【〈《〔［｛";
    const CLOSING: &str =
        ")]},.:;!?%、。，．・：；！？）」』】〉》〕］｝ーっゃゅょァィゥェォッャュョ々〜";
    let wide = |character: char| character.width() == Some(2);
    (wide(before) || wide(after)) && !OPENING.contains(before) && !CLOSING.contains(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> Vec<String> {
        wrap(&spans![Plain text], width)
            .into_iter()
            .map(|line| line.into_iter().map(|span| span.text).collect())
            .collect()
    }

    #[test]
    fn breaks_at_blanks_and_never_inside_a_word() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(
            wrapped("a arn:aws:iam::111122223333:user/x b", 10),
            ["a", "arn:aws:iam::111122223333:user/x", "b"]
        );
        assert_eq!(wrapped("", 10), [""; 0]);
    }

    #[test]
    fn breaks_between_wide_characters_but_not_before_a_full_stop() {
        assert_eq!(wrapped("明示的な拒否。次", 12), ["明示的な拒", "否。次"]);
        assert_eq!(wrapped("キー kms:Decrypt は「許可」", 18), ["キー kms:Decrypt", "は「許可」"]);
    }

    #[test]
    fn inks_survive_wrapping_and_blanks_between_equal_inks_are_joined() {
        let lines = wrap(&spans![Failed "very wrong", Plain ", here"], 20);
        assert_eq!(lines, [spans![Failed "very wrong", Plain ", here"]]);
    }

    #[test]
    fn colour_is_written_only_if_asked() {
        let write = |color| {
            let mut page = Page::new(Style { color, width: 60 });
            page.put(Margin::of("  "), &spans![Failed "denied"]);
            page.into_text()
        };
        assert_eq!(write(false), "  denied\n");
        assert_eq!(write(true), "  \u{1b}[1m\u{1b}[31mdenied\u{1b}[0m\n");
    }

    #[test]
    fn what_has_no_room_loses_the_middle_of_words_and_the_end_of_texts() {
        assert_eq!(shortened("role/a-long-name", 9), "role…name");
        assert_eq!(shortened("アカウント設定", 9), "アカ…設定");
        let text = |rows| -> Vec<String> {
            let lines = fitted(&spans![Plain "one two-and-a-half three four"], 10, rows);
            lines.iter().map(|line| line.iter().map(|span| span.text.as_str()).collect()).collect()
        };
        assert_eq!(text(9), ["one", "two-a…half", "three four"]);
        assert_eq!(text(2), ["one", "two-a…hal…"]);
    }

    #[test]
    fn a_word_without_end_is_cut() {
        let lines = wrapped(&"x.".repeat(1_000_000), 60);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].chars().count(), LONGEST_WORD + 1);
    }
}
