//! The report for a person at three in the morning: what was read, and a card for each incident, which
//! answers in a few lines; in full each incident in four blocks (what happened, the chain, why, what to
//! do), then what was read and what cannot be seen.

mod action;
mod actions;
mod card;
mod chain;
mod comparison;
mod coverage;
mod explanation;
mod groups;
mod happened;
mod index;
pub mod lexicon;
mod side_by_side;
mod table;
mod verdict;

pub use self::explanation::render as explanation;
pub use self::groups::render as groups;
pub use self::side_by_side::render as side_by_side;
pub use super::layout::Style;

use super::card::{Cards, Telling, kinds};
use super::layout::{Margin, Page, spans};
use super::zone::Zone;
use super::{Incident, Report, title, words};
use crate::wording::{Sentence, Wording};

/// The margin of what stands under a block's title.
const INDENT: &str = "  ";

/// A card for each incident, up to a few; of many an index first.
pub fn render(report: &Report, telling: &Telling<'_>, style: Style) -> String {
    let localized = telling.zone.of(report);
    let report = &*localized;
    let mut page = Page::new(style);
    let cards = Cards::new(report, telling);
    let head = card::put_head(&mut page, &cards);
    match cards.in_order().as_slice() {
        // Without an incident the answer is what was read and what cannot be seen.
        [] => coverage::put(&mut page, report, telling.wording),
        [one] => {
            page.blank();
            card::put(&mut page, &cards.card(one, true), card::MOST.saturating_sub(head + 1));
        }
        several => {
            let shown = several.len().min(index::CARDS);
            if several.len() > index::CARDS {
                index::put(&mut page, &cards, several);
            }
            let mut told = Vec::new();
            for incident in several.iter().take(shown) {
                let is_first = !told.contains(&incident.kind);
                told.push(incident.kind);
                page.blank();
                card::put(&mut page, &cards.card(incident, is_first), card::MOST);
            }
        }
    }
    page.into_text()
}

/// The whole report as text, ending in a line end.
pub fn full(report: &Report, wording: &Wording, zone: &Zone, style: Style) -> String {
    let report = &*zone.of(report);
    let mut page = Page::new(style);
    summary(&mut page, report, wording);
    for (index, incident) in report.incidents.iter().enumerate() {
        put_title(&mut page, report, incident, index, wording);
        self::incident(&mut page, incident, wording);
    }
    coverage::put(&mut page, report, wording);
    page.into_text()
}

/// One incident, in four blocks.
fn incident(page: &mut Page, incident: &Incident, wording: &Wording) {
    page.put(Margin::of(""), &spans![Strong wording.say(&title::headline(incident))]);
    if let Some(guardrail) = title::guardrail(incident) {
        page.put(Margin::of(""), &spans![Strong wording.say(&guardrail)]);
    }
    if let Some(known) = title::known(incident) {
        page.put(Margin::of(""), &spans![Plain wording.say(&known)]);
    }
    actions::put(page, incident, wording);
    block(page, wording, Sentence::new("terminal-happened"));
    happened::put(page, incident, wording);
    block(page, wording, Sentence::new("terminal-chain"));
    chain::put(page, incident, wording);
    block(page, wording, Sentence::new("terminal-why"));
    verdict::put(page, incident, wording);
    comparison::put(page, incident, wording);
    verdict::put_evidence(page, incident, wording);
    block(page, wording, Sentence::new("terminal-what-to-do"));
    action::put(page, incident, wording);
}

/// Counts first, worst kind first; without an incident, what that rests on.
fn summary(page: &mut Page, report: &Report, wording: &Wording) {
    let line = match report.incidents.len() {
        0 => words::nothing_found(report, "terminal"),
        count => {
            Sentence::new("terminal-incidents").arg("count", count).arg("kinds", kinds(report))
        }
    };
    page.put(Margin::of(""), &spans![Strong wording.say(&line)]);
    page.put(Margin::of(""), &spans![Plain words::coverage(report, wording)]);
    if let Some(caveats) = coverage::caveats(report) {
        page.put(Margin::of(""), &spans![Plain wording.say(&caveats)]);
    }
    if report.incidents.len() > 1 {
        page.blank();
        table::put(page, INDENT, overview(report, wording));
    }
}

/// One row for each incident.
fn overview(report: &Report, wording: &Wording) -> Vec<[String; 5]> {
    let mut rows = vec![[
        wording.say(&Sentence::new("column-number")),
        wording.say(&Sentence::new("column-kind")),
        wording.say(&Sentence::new("column-times")),
        wording.say(&Sentence::new("column-denied")),
        wording.say(&Sentence::new("column-why")),
    ]];
    for (index, incident) in report.incidents.iter().enumerate() {
        let verdict = &incident.verdict;
        rows.push([
            (index + 1).to_string(),
            wording.say(&incident.kind.into()),
            incident.count.to_string(),
            title::denied_in_short(incident, wording),
            wording.say(&words::why(incident, verdict.layer, verdict.effect)),
        ]);
    }
    rows
}

fn put_title(
    page: &mut Page,
    report: &Report,
    incident: &Incident,
    index: usize,
    wording: &Wording,
) {
    let place = Sentence::new("terminal-incident")
        .arg("number", index + 1)
        .arg("of", report.incidents.len())
        .arg("kind", incident.kind);
    page.rule(&spans![Strong wording.say(&place), Quiet format!(" · {}", incident.id)]);
}

fn block(page: &mut Page, wording: &Wording, title: Sentence) {
    page.blank();
    page.put(Margin::of(""), &spans![Strong wording.say(&title)]);
}
