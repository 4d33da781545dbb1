//! The index of many incidents: a row for each, as wide as the page. Columns that say the same of all
//! are said once; where there is no room the widest are shortened, then the least needed left out.

use unicode_width::UnicodeWidthStr;

use super::INDENT;
use crate::report::card::{self, Cards};
use crate::report::layout::{Ink, Margin, Page, shortened, spans};
use crate::report::{Certainty, Incident, title, words};
use crate::wording::Sentence;

/// Incidents that have a card beside an index.
pub(super) const CARDS: usize = 3;

/// Rows of an index.
const MOST: usize = 200;

/// Columns between two columns.
const GAP: usize = 2;

/// A column of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Incident,
    Kind,
    Times,
    When,
    Where,
    Who,
    Denied,
    Why,
    Sure,
}

impl Column {
    const ALL: [Column; 9] = [
        Column::Incident,
        Column::Kind,
        Column::Times,
        Column::When,
        Column::Where,
        Column::Who,
        Column::Denied,
        Column::Why,
        Column::Sure,
    ];

    /// In which order columns go where there is no room.
    const DISPENSABLE: [Column; 5] =
        [Column::When, Column::Where, Column::Times, Column::Sure, Column::Who];

    fn title(self) -> Sentence {
        match self {
            Column::Incident => Sentence::new("index-incident"),
            Column::Kind => Sentence::new("column-kind"),
            Column::Times => Sentence::new("column-times"),
            Column::When => Sentence::new("index-when"),
            Column::Where => Sentence::new("index-where"),
            Column::Who => Sentence::new("index-who"),
            Column::Denied => Sentence::new("column-denied"),
            Column::Why => Sentence::new("column-why"),
            Column::Sure => Sentence::new("index-sure"),
        }
    }

    /// To how few columns it may be shortened; `None` where it stays whole.
    fn least(self) -> Option<usize> {
        match self {
            Column::Where | Column::Who => Some(12),
            Column::Denied => Some(14),
            Column::Kind | Column::Why => Some(10),
            _ => None,
        }
    }

    fn cell(self, incident: &Incident, cards: &Cards<'_>) -> String {
        let verdict = &incident.verdict;
        match self {
            Column::Incident => cards.bare_id(&incident.id).to_owned(),
            Column::Kind => cards.say(&incident.kind.into()),
            Column::Times => incident.count.to_string(),
            Column::When => cards.moment(&incident.first_seen),
            Column::Where => Cards::whereabouts(incident).join(" "),
            Column::Who => cards.who(incident),
            Column::Denied => title::denied_in_short(incident, cards.wording()),
            Column::Why => cards.say(&card::brief(incident, verdict.layer, verdict.effect)),
            Column::Sure => match verdict.certainty {
                Certainty::Unknown => "?".to_owned(),
                _ => format!("{}%", words::percent(verdict.confidence)),
            },
        }
    }
}

/// One column with its cells, the title first.
struct Filled {
    column: Column,
    cells: Vec<String>,
    /// As wide as the longest cell.
    natural: usize,
    width: usize,
}

/// Puts the index of all, and what stands below it.
pub(super) fn put(page: &mut Page, cards: &Cards<'_>, incidents: &[&Incident]) {
    page.blank();
    let shown = incidents.get(..incidents.len().min(MOST)).unwrap_or(incidents);
    let mut columns: Vec<Filled> = Column::ALL.map(|column| fill(column, shown, cards)).into();
    if let Some(place) = common(&columns, Column::Where) {
        let all_in = cards.say(&Sentence::new("index-all-in").arg("where", place));
        page.put(Margin::of(INDENT), &spans![Quiet all_in]);
        columns.retain(|filled| filled.column != Column::Where);
    }
    let gap = fit(&mut columns, page.width().saturating_sub(INDENT.len()));
    for row in 0..=shown.len() {
        let ink = if row == 0 { Ink::Quiet } else { Ink::Plain };
        page.verbatim(INDENT, ink, &line(&columns, row, gap));
    }
    let more = incidents.len() - shown.len();
    if more > 0 {
        let more = cards.say(&Sentence::new("index-more").arg("count", more));
        page.put(Margin::of(INDENT), &spans![Quiet more]);
    }
    let id = cards.say(&Sentence::new("index-incident")).to_uppercase();
    let below = match cards.explain(&id) {
        Some(explain) => Sentence::new("index-cards").arg("explain", explain).arg("cards", CARDS),
        None => Sentence::new("index-cards-plain").arg("cards", CARDS),
    };
    page.blank();
    page.put(Margin::of(""), &spans![Quiet cards.say(&below)]);
}

fn fill(column: Column, incidents: &[&Incident], cards: &Cards<'_>) -> Filled {
    let mut cells = vec![cards.say(&column.title())];
    cells.extend(incidents.iter().map(|incident| {
        // A blank cell would look like a fault of the table.
        let cell = crate::report::sanitize::line(&column.cell(incident, cards));
        if cell.is_empty() { "–".to_owned() } else { cell }
    }));
    let natural = cells.iter().map(|cell| cell.width()).max().unwrap_or_default();
    let width = column.least().map_or(natural, |least| natural.min(least));
    Filled { column, cells, natural, width }
}

/// What stands in every row of a column.
fn common(columns: &[Filled], of: Column) -> Option<String> {
    let filled = columns.iter().find(|filled| filled.column == of)?;
    let (first, others) = filled.cells.get(1..)?.split_first()?;
    (first != "–" && others.iter().all(|other| other == first)).then(|| first.clone())
}

/// Makes the columns fit: with narrow gaps before one goes, then as wide as there is room for.
fn fit(columns: &mut Vec<Filled>, room: usize) -> usize {
    let mut dispensable = Column::DISPENSABLE.into_iter();
    let gap = loop {
        if let Some(gap) = [GAP, 1].into_iter().find(|gap| taken(columns, *gap) <= room) {
            break gap;
        }
        let Some(column) = dispensable.next() else { break 1 };
        columns.retain(|filled| filled.column != column);
    };
    let mut left = room.saturating_sub(taken(columns, gap));
    while left > 0 {
        // The narrowest first, so that long texts share what there is.
        let cut = columns.iter_mut().filter(|filled| filled.width < filled.natural);
        let Some(filled) = cut.min_by_key(|filled| filled.width) else { break };
        filled.width += 1;
        left -= 1;
    }
    gap
}

fn taken(columns: &[Filled], gap: usize) -> usize {
    columns.iter().map(|filled| filled.width + gap).sum::<usize>().saturating_sub(gap)
}

fn line(columns: &[Filled], row: usize, gap: usize) -> String {
    let mut line = String::new();
    for filled in columns {
        let cell = filled.cells.get(row).map_or("", String::as_str);
        let cell = match filled.column {
            // An account without its Region says more than the ends of both.
            Column::Where if cell.width() > filled.width => cell.split(' ').next().unwrap_or(cell),
            _ => cell,
        };
        let cell = shortened(cell, filled.width);
        let blank = " ".repeat(filled.width.saturating_sub(cell.width()));
        let gap = " ".repeat(gap);
        line.push_str(&match filled.column {
            // Numbers end under each other.
            Column::Times => format!("{blank}{cell}{gap}"),
            _ => format!("{cell}{blank}{gap}"),
        });
    }
    line
}
