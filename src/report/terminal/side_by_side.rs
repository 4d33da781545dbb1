//! `compare` of two chains for a terminal: where they part, then step by step what differs; what is
//! the same is folded into a count.

use super::comparison::{mark, put_fields, value};
use super::groups::put_changes;
use super::{INDENT, table};
use crate::report::explanation::ChainTold;
use crate::report::layout::{Margin, Page, Span, Style, spans};
use crate::report::leaf::{CHANGES, DIFFERENCES, Detail, differing, parting};
use crate::report::side_by_side::{SideBySide, StepPair};
use crate::report::{Outcome, Step};
use crate::wording::{Sentence, Wording};

/// The comparison as text, ending in a line end.
pub fn render(found: &SideBySide, detail: Detail, wording: &Wording, style: Style) -> String {
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
    if let Some(weakest) = found.weakest(wording) {
        page.put(Margin::of(""), &spans![Quiet weakest]);
    }
    if detail == Detail::Screen {
        list(&mut page, found, wording);
    }
    for (at, pair) in found.told(detail) {
        if detail != Detail::Screen || !differing(pair, detail, wording).is_empty() {
            page.blank();
            step(&mut page, at + 1, pair, detail, wording);
        }
    }
    let most = if detail == Detail::Screen { CHANGES } else { usize::MAX };
    if let Some(changes) = found.changes.get(..found.changes.len().min(most))
        && !changes.is_empty()
    {
        page.blank();
        let more = found.changes_left_out + (found.changes.len() - changes.len()) as u64;
        put_changes(&mut page, changes, more, detail, wording);
    }
    let hidden = found.hidden(detail);
    if hidden > 0 {
        page.blank();
        let more = Sentence::new("beside-more").arg("count", hidden);
        page.put(Margin::of(""), &spans![Quiet wording.say(&more)]);
    }
    page.into_text()
}

/// The steps of both, one a line.
fn list(page: &mut Page, found: &SideBySide, wording: &Wording) {
    let mut rows = vec![[
        wording.say(&Sentence::new("column-failed")),
        wording.say(&Sentence::new("column-succeeded")),
        wording.say(&Sentence::new("column-step")),
    ]];
    rows.extend(found.shown_steps(Detail::Screen).map(|(_, pair)| {
        let [failed, succeeded] = [&pair.failed, &pair.succeeded].map(|step| mark(step.as_ref()));
        [failed.to_owned(), succeeded.to_owned(), value(pair.action())]
    }));
    table::put(page, INDENT, rows);
}

fn named(label: Sentence, told: &ChainTold, wording: &Wording) -> (String, Vec<Span>) {
    let root = told.chain.first();
    let chain = Sentence::new("beside-chain")
        .arg("action", root.map_or("?", |root| root.action.as_str()))
        .arg("time", root.map_or("?", |root| root.event_time.as_str()))
        .arg("id", &told.root_event_id);
    (wording.say(&label), spans![Plain wording.say(&chain)])
}

fn step(page: &mut Page, number: usize, pair: &StepPair, detail: Detail, wording: &Wording) {
    let title = Sentence::new("beside-step").arg("number", number).arg("action", pair.action());
    let ended = format!("  {} / {}", mark(pair.failed.as_ref()), mark(pair.succeeded.as_ref()));
    let bad =
        |step: &Option<Step>| step.as_ref().is_none_or(|step| step.outcome != Outcome::Success);
    let mut line = spans![Strong wording.say(&title)];
    line.extend(if bad(&pair.failed) { spans![Failed ended] } else { spans![Succeeded ended] });
    if let Some(code) = pair.failed.as_ref().and_then(|step| step.error_code.as_ref()) {
        line.extend(spans![Failed format!("  {code}")]);
    }
    page.put(Margin::of(INDENT), &line);
    let differing = differing(pair, detail, wording);
    let most = if detail == Detail::Screen { DIFFERENCES } else { usize::MAX };
    let told = pair.differences.len().min(most);
    let mut rows = differing.into_iter().take(most).map(|cells| {
        let mut cells = cells.into_iter().map(|cell| value(&cell.text));
        [(); 3].map(|()| cells.next().unwrap_or_default())
    });
    put_fields(page, &rows.by_ref().take(told).collect::<Vec<_>>(), wording);
    let records: Vec<[String; 3]> = rows.collect();
    if !records.is_empty() {
        let title = wording.say(&Sentence::new("beside-in-record"));
        page.put(Margin::of("    "), &spans![Quiet title]);
        put_fields(page, &records, wording);
    }
    if pair.same.is_empty() {
        return;
    }
    match detail {
        Detail::Screen => {}
        Detail::Full => {
            let folded = Sentence::new("beside-same").arg("count", pair.same.len());
            page.put(Margin::of("    "), &spans![Quiet wording.say(&folded)]);
        }
        Detail::All => {
            let title = wording.say(&Sentence::new("beside-same-shown"));
            page.put(Margin::of("    "), &spans![Quiet title]);
            let rows = pair.same.iter().map(|one| [one.member.clone(), value(&one.value)]);
            table::put(page, "      ", rows.collect());
        }
    }
}
