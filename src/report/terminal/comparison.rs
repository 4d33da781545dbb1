//! The comparison that carries the verdict: what separates failures from successes, and the
//! nearest success beside the failure.

use super::{INDENT, table};
use crate::report::layout::{Margin, Page, spans};
use crate::report::side_by_side::align;
use crate::report::{Difference, Factor, Incident, NearestSuccess, Outcome, Step, sanitize, words};
use crate::wording::{Sentence, Wording};

/// Factors shown; the others are in the JSON report.
const MOST_FACTORS: usize = 6;

/// The margin of tables.
const UNDER: &str = "    ";

/// Longest value shown in a table.
pub(super) const LONGEST_VALUE: usize = 160;

pub(super) fn put(page: &mut Page, incident: &Incident, wording: &Wording) {
    let comparison = &incident.comparison;
    let title = words::compared(incident);
    page.blank();
    page.put(Margin::of(INDENT), &spans![Strong wording.say(&title)]);
    factors(page, &comparison.factors, wording);
    for bound in words::bounds(incident, wording) {
        page.put(Margin::of(UNDER), &spans![Quiet wording.say(&bound)]);
    }
    if let Some(success) = &comparison.nearest_success {
        nearest(page, incident, success, wording);
    }
}

/// One factor in words, several as a table.
pub(super) fn factors(page: &mut Page, factors: &[Factor], wording: &Wording) {
    let shown = words::telling(factors, MOST_FACTORS);
    if let ([best], 1) = (shown.as_slice(), factors.len()) {
        let carried = Sentence::new("factor-in-words")
            .arg("failed_with", best.failed_with)
            .arg("failed", best.failed)
            .arg("succeeded_with", best.succeeded_with)
            .arg("succeeded", best.succeeded)
            .arg("what", words::factor(best, LONGEST_VALUE, wording));
        return page.put(Margin::of(UNDER), &spans![Plain wording.say(&carried)]);
    }
    if shown.is_empty() {
        return;
    }
    let mut rows = vec![[
        wording.say(&Sentence::new("column-failed")),
        wording.say(&Sentence::new("column-succeeded")),
        wording.say(&Sentence::new("column-p")),
        wording.say(&Sentence::new("column-what")),
    ]];
    for factor in &shown {
        rows.push([
            ratio(factor.failed_with, factor.failed, wording),
            ratio(factor.succeeded_with, factor.succeeded, wording),
            words::p_value(factor.p_value),
            words::factor(factor, LONGEST_VALUE, wording),
        ]);
    }
    table::put(page, UNDER, rows);
    let more = factors.len().saturating_sub(shown.len());
    if more > 0 {
        let more = wording.say(&Sentence::new("and-more").arg("count", more));
        page.put(Margin::of(UNDER), &spans![Quiet more]);
    }
}

fn ratio(with: u64, all: u64, wording: &Wording) -> String {
    wording.say(&Sentence::new("ratio").arg("with", with).arg("all", all))
}

pub(super) fn value(text: &str) -> String {
    sanitize::clip(&sanitize::line(text), LONGEST_VALUE)
}

/// The success beside the failure: step by step, then field by field.
fn nearest(page: &mut Page, incident: &Incident, success: &NearestSuccess, wording: &Wording) {
    let id = success.root_event_id.as_deref().unwrap_or("?");
    let title = wording.say(&Sentence::new("nearest-success").arg("id", id));
    let mut line = spans![Strong title];
    if let Some(because) = &success.because {
        line.extend(spans![Plain " ", Plain because]);
    }
    page.blank();
    page.put(Margin::of(INDENT), &line);
    table::put(page, UNDER, steps(incident, success, wording));
    let rows: Vec<[String; 3]> =
        success.differences.iter().map(|difference| field(difference, wording)).collect();
    put_fields(page, &rows, wording);
}

/// Field by field: what it is called, and what it is in the failure and in the success.
pub(super) fn put_fields(page: &mut Page, rows: &[[String; 3]], wording: &Wording) {
    if rows.is_empty() {
        return;
    }
    let mut whole = vec![[
        wording.say(&Sentence::new("column-differs")),
        wording.say(&Sentence::new("column-failed")),
        wording.say(&Sentence::new("column-succeeded")),
    ]];
    whole.extend(rows.iter().cloned());
    if table::width(&whole) + UNDER.len() <= page.width() {
        table::put(page, UNDER, whole);
    } else {
        put_stacked(page, rows, wording);
    }
}

/// One difference as a row.
pub(super) fn field(difference: &Difference, wording: &Wording) -> [String; 3] {
    let side = |side: &Option<String>| match side {
        Some(text) => value(&words::attribute_value(&difference.field, text, wording)),
        None => ABSENT.to_owned(),
    };
    [
        words::attribute(&difference.field, wording),
        side(&difference.failed),
        side(&difference.succeeded),
    ]
}

/// Both chains step by step, in the order of the success: how each step ended in the failure and
/// in the success.
fn steps(incident: &Incident, success: &NearestSuccess, wording: &Wording) -> Vec<[String; 3]> {
    let mut rows = vec![[
        wording.say(&Sentence::new("column-failed")),
        wording.say(&Sentence::new("column-succeeded")),
        wording.say(&Sentence::new("column-step")),
    ]];
    for (left, right) in align(&incident.chain, &success.chain) {
        let left = left.and_then(|at| incident.chain.get(at));
        let right = right.and_then(|at| success.chain.get(at));
        let action = right.or(left).map_or("", |step| step.action.as_str());
        rows.push([mark(left).to_owned(), mark(right).to_owned(), value(action)]);
    }
    rows
}

/// Stands for a step or a value that one side has not.
pub(super) const ABSENT: &str = "–";

/// How a step ended, in one character.
pub(super) fn mark(step: Option<&Step>) -> &'static str {
    match step.map(|step| step.outcome) {
        Some(Outcome::Success) => "✓",
        Some(Outcome::Denied | Outcome::Error) => "✗",
        Some(Outcome::Unknown) => "?",
        None => ABSENT,
    }
}

/// Too narrow for columns: the two values under each other, so that the eye finds the difference.
fn put_stacked(page: &mut Page, rows: &[[String; 3]], wording: &Wording) {
    let label = |sentence| format!("{} ", wording.say(&sentence));
    for [name, failed, succeeded] in rows {
        page.put(Margin::of(UNDER), &spans![Quiet name]);
        let fields = [
            (label(Sentence::new("column-failed")), spans![Failed failed]),
            (label(Sentence::new("column-succeeded")), spans![Succeeded succeeded]),
        ];
        page.fields("      ", &fields);
    }
}
