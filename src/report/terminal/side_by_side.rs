//! `compare` of two chains for a terminal: where they part, then step by step what differs; what is
//! the same is folded into a count.

use super::comparison::{ABSENT, field, mark, put_fields, value};
use super::groups::put_changes;
use super::{INDENT, table};
use crate::report::explanation::ChainTold;
use crate::report::layout::{Margin, Page, Span, Style, spans};
use crate::report::side_by_side::{SideBySide, StepPair};
use crate::report::{Outcome, Step};
use crate::wording::{Sentence, Wording};

/// What is the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// Only how much it is.
    Folded,
    /// All of it.
    Shown,
}

/// The comparison as text, ending in a line end.
pub fn render(found: &SideBySide, same: Same, wording: &Wording, style: Style) -> String {
    let mut page = Page::new(style);
    let mut chains = vec![named(Sentence::new("beside-failed"), &found.failed, wording)];
    let succeeded = found.succeeded.as_ref();
    chains.extend(succeeded.map(|it| named(Sentence::new("beside-succeeded"), it, wording)));
    page.fields("", &chains);
    if let Some(because) = &found.because {
        page.put(Margin::of(""), &spans![Plain because]);
    }
    page.blank();
    page.put(Margin::of(""), &spans![Strong wording.say(&parting(found, wording))]);
    for (number, pair) in found.steps.iter().enumerate() {
        page.blank();
        step(&mut page, number + 1, pair, same, wording);
    }
    if !found.changes.is_empty() {
        page.blank();
        put_changes(&mut page, &found.changes, found.changes_left_out, wording);
    }
    page.into_text()
}

fn named(label: Sentence, told: &ChainTold, wording: &Wording) -> (String, Vec<Span>) {
    let root = told.chain.first();
    let chain = Sentence::new("beside-chain")
        .arg("action", root.map_or("?", |root| root.action.as_str()))
        .arg("time", root.map_or("?", |root| root.event_time.as_str()))
        .arg("id", &told.root_event_id);
    (wording.say(&label), spans![Plain wording.say(&chain)])
}

fn parting(found: &SideBySide, wording: &Wording) -> Sentence {
    if found.succeeded.is_none() {
        return Sentence::new("beside-no-success");
    }
    let Some(pair) = found.parts_at.and_then(|at| found.steps.get(at)) else {
        return Sentence::new("beside-do-not-part");
    };
    Sentence::new("beside-part-at")
        .arg("action", action(pair))
        .arg("failed", outcome(pair.failed.as_ref(), wording))
        .arg("succeeded", outcome(pair.succeeded.as_ref(), wording))
}

fn outcome(step: Option<&Step>, wording: &Wording) -> String {
    wording.say(&match step {
        Some(step) => step.outcome.into(),
        None => Sentence::new("beside-not-there"),
    })
}

fn action(pair: &StepPair) -> &str {
    pair.succeeded.as_ref().or(pair.failed.as_ref()).map_or("?", |step| step.action.as_str())
}

fn step(page: &mut Page, number: usize, pair: &StepPair, same: Same, wording: &Wording) {
    let title = Sentence::new("beside-step").arg("number", number).arg("action", action(pair));
    let ended = format!("  {} / {}", mark(pair.failed.as_ref()), mark(pair.succeeded.as_ref()));
    let bad =
        |step: &Option<Step>| step.as_ref().is_none_or(|step| step.outcome != Outcome::Success);
    let mut line = spans![Strong wording.say(&title)];
    line.extend(if bad(&pair.failed) { spans![Failed ended] } else { spans![Succeeded ended] });
    if let Some(code) = pair.failed.as_ref().and_then(|step| step.error_code.as_ref()) {
        line.extend(spans![Failed format!("  {code}")]);
    }
    page.put(Margin::of(INDENT), &line);
    let rows: Vec<[String; 3]> = pair.differences.iter().map(|one| field(one, wording)).collect();
    put_fields(page, &rows, wording);
    records(page, pair, wording);
    if pair.same.is_empty() {
        return;
    }
    match same {
        Same::Folded => {
            let folded = Sentence::new("beside-same").arg("count", pair.same.len());
            page.put(Margin::of("    "), &spans![Quiet wording.say(&folded)]);
        }
        Same::Shown => {
            let title = wording.say(&Sentence::new("beside-same-shown"));
            page.put(Margin::of("    "), &spans![Quiet title]);
            let rows = pair.same.iter().map(|one| [one.member.clone(), value(&one.value)]);
            table::put(page, "      ", rows.collect());
        }
    }
}

fn records(page: &mut Page, pair: &StepPair, wording: &Wording) {
    if pair.record_differences.is_empty() {
        return;
    }
    let title = wording.say(&Sentence::new("beside-in-record"));
    page.put(Margin::of("    "), &spans![Quiet title]);
    let side = |side: &Option<String>| side.as_deref().map_or(ABSENT.to_owned(), value);
    let rows: Vec<[String; 3]> = pair
        .record_differences
        .iter()
        .map(|one| [one.member.clone(), side(&one.failed), side(&one.succeeded)])
        .collect();
    put_fields(page, &rows, wording);
}
