//! The report for a person at three in the morning: a summary line, then each incident in four
//! blocks (what happened, the chain, why, what to do), then what was read and what cannot be seen.

mod action;
mod actions;
mod chain;
mod comparison;
mod coverage;
mod explanation;
mod groups;
mod happened;
mod side_by_side;
mod table;
mod verdict;

pub use self::explanation::render as explanation;
pub use self::groups::render as groups;
pub use self::side_by_side::render as side_by_side;
pub use super::layout::Style;

use super::layout::{Margin, Page, spans};
use super::zone::Zone;
use super::{Incident, Kind, Report, title, words};
use crate::wording::{Sentence, Wording};

/// The margin of what stands under a block's title.
const INDENT: &str = "  ";

/// The whole report as text, ending in a line end.
pub fn render(report: &Report, wording: &Wording, zone: &Zone, style: Style) -> String {
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

/// `2 silent`, `1 direct`: the kinds that occur, worst first.
fn kinds(report: &Report) -> Vec<Sentence> {
    let count =
        |kind: Kind| report.incidents.iter().filter(|incident| incident.kind == kind).count();
    Kind::ALL
        .into_iter()
        .filter(|kind| count(*kind) > 0)
        .map(|kind| {
            Sentence::new("terminal-kind-count").arg("count", count(kind)).arg("kind", kind)
        })
        .collect()
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
