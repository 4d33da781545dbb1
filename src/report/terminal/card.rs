//! A card on a terminal: labels in one column, and so many lines as fit on a screen beside others.

use unicode_width::UnicodeWidthStr;

use super::INDENT;
use crate::report::card::{Card, Cards, Line, Tone};
use crate::report::layout::{Ink, Margin, Page, Span, fitted};

/// Lines of a card, at [`WIDE`] columns and more.
pub(super) const MOST: usize = 14;

/// Columns from which on a card keeps to its lines; where there are fewer, nothing is left out.
const WIDE: usize = 100;

/// What stands before the rest of a first line that is too long.
const UNDER: &str = "    ";

/// Columns between a label and what it labels.
const GAP: usize = 2;

/// What was found and read; returns how many lines it took.
pub(super) fn put_head(page: &mut Page, cards: &Cards<'_>) -> usize {
    let mut taken = 0;
    for line in cards.head() {
        let lines = fitted(&spans(&line), page.width(), rows(page, &line));
        taken += lines.len();
        page.put_lines(Margin::of(""), &lines);
    }
    taken
}

/// A card in at most so many lines.
pub(super) fn put(page: &mut Page, card: &Card, most: usize) {
    let head: Vec<Span> =
        card.head.iter().map(|(tone, text)| Span::new(ink(*tone), text)).collect();
    let head = without_id(head, page.width(), card);
    let is_one_line = head.iter().map(Span::width).sum::<usize>() <= page.width();
    let room = page.width().saturating_sub(if is_one_line { 0 } else { UNDER.len() });
    let head = fitted(&head, room, usize::MAX);
    let labels = card.rows.iter().filter_map(|row| row.label.as_deref());
    let column = labels.map(UnicodeWidthStr::width).max().unwrap_or_default() + GAP;
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for row in &card.rows {
        for (at, line) in row.lines.iter().enumerate() {
            let label = row.label.as_deref().map(|label| if at == 0 { label } else { "" });
            let taken = INDENT.len() + if label.is_some() { column } else { 0 };
            let room = page.width().saturating_sub(taken);
            entries.push(Entry { label, line, room, rows: rows(page, line) });
        }
    }
    if page.width() >= WIDE {
        reduce(&mut entries, most.saturating_sub(head.len()));
    }
    page.put_lines(Margin { first: "", rest: UNDER }, &head);
    let mut label_before = None;
    for entry in &entries {
        let margin = entry.margin(column, &mut label_before);
        let rest = " ".repeat(margin.width());
        page.put_lines(Margin { first: &margin, rest: &rest }, &entry.lines());
    }
}

/// The first line without the id, where it takes a second one and the card names it below.
fn without_id(mut head: Vec<Span>, width: usize, card: &Card) -> Vec<Span> {
    let taken: usize = head.iter().map(Span::width).sum();
    if taken > width && card.names_itself {
        head.pop();
    }
    head
}

/// A line, what stands before it, and how many rows it may take.
struct Entry<'c> {
    label: Option<&'c str>,
    line: &'c Line,
    room: usize,
    rows: usize,
}

impl<'c> Entry<'c> {
    fn lines(&self) -> Vec<Vec<Span>> {
        let plain = fitted(&spans(self.line), self.room, self.rows);
        let Some(tail) = &self.line.tail else { return plain };
        let mut whole = spans(self.line);
        whole.push(Span::new(Ink::Quiet, tail));
        let whole = fitted(&whole, self.room, usize::MAX);
        if whole.len() > plain.len() { plain } else { whole }
    }

    /// The label stands before the first line under it that is shown.
    fn margin(&self, column: usize, before: &mut Option<&'c str>) -> String {
        let Some(label) = self.label else { return INDENT.to_owned() };
        if !label.is_empty() {
            *before = Some(label);
        }
        let shown = if label.is_empty() { "" } else { label };
        format!("{INDENT}{shown}{}", " ".repeat(column.saturating_sub(shown.width())))
    }
}

/// Leaves lines out, the least needed first, and then shortens the longest, until all have room.
fn reduce(entries: &mut Vec<Entry<'_>>, most: usize) {
    let mut taken: Vec<usize> = entries.iter().map(|entry| entry.lines().len()).collect();
    while taken.iter().sum::<usize>() > most {
        let least = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.line.rank > 0)
            .max_by_key(|(at, entry)| (entry.line.rank, *at))
            .map(|(at, _)| at);
        if let Some(at) = least {
            entries.remove(at);
            taken.remove(at);
            continue;
        }
        let Some((at, rows)) =
            taken.iter().copied().enumerate().max_by_key(|(at, rows)| (*rows, *at))
        else {
            return;
        };
        let (Some(entry), Some(taken)) = (entries.get_mut(at), taken.get_mut(at)) else { return };
        if rows < 2 {
            return;
        }
        entry.rows = rows - 1;
        *taken = rows - 1;
    }
}

/// The rows that a line may take on this page.
fn rows(page: &Page, line: &Line) -> usize {
    if page.width() >= WIDE { line.rows } else { usize::MAX }
}

fn spans(line: &Line) -> Vec<Span> {
    line.pieces.iter().map(|(tone, text)| Span::new(ink(*tone), text)).collect()
}

fn ink(tone: Tone) -> Ink {
    match tone {
        Tone::Plain => Ink::Plain,
        Tone::Strong => Ink::Strong,
        Tone::Quiet => Ink::Quiet,
        Tone::Failed => Ink::Failed,
        Tone::Succeeded => Ink::Succeeded,
        Tone::Command => Ink::Command,
    }
}
