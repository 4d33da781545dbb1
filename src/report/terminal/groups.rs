//! `compare` of two groups of calls for a terminal: what fails more in the one, what sets those
//! failures apart, and what changed in between.

use super::comparison::factors;
use super::{INDENT, action, table};
use crate::report::Change;
use crate::report::groups::{ActionCounts, Counts, Group, Groups};
use crate::report::layout::{Margin, Page, Span, Style, spans};
use crate::report::leaf::{ACTIONS, CHANGES, Detail, FACTORS, said};
use crate::wording::{Sentence, Wording};

/// Actions shown.
const MOST: usize = 20;

/// The comparison as text, ending in a line end.
pub fn render(groups: &Groups, detail: Detail, wording: &Wording, style: Style) -> String {
    let is_screen = detail == Detail::Screen;
    let mut page = Page::new(style);
    page.fields(
        "",
        &[
            group(Sentence::new("groups-failed"), &groups.failed, wording),
            group(Sentence::new("groups-succeeded"), &groups.succeeded, wording),
        ],
    );
    counts(&mut page, groups, if is_screen { ACTIONS } else { MOST }, wording);
    let most = if is_screen { FACTORS } else { usize::MAX };
    for found in groups.factors.iter().take(most) {
        page.blank();
        let title = match found.factors.is_empty() {
            true => Sentence::new("groups-factors-none")
                .arg("action", &found.action)
                .arg("id", &found.failed_event_id),
            false => Sentence::new("groups-factors").arg("action", &found.action),
        };
        page.put(Margin::of(""), &spans![Strong wording.say(&title)]);
        let rows = found.factors.get(..found.factors.len().min(most)).unwrap_or(&found.factors);
        factors(&mut page, rows, wording);
    }
    changes(&mut page, groups, detail, wording);
    let left = groups.factors.len().saturating_sub(most);
    if left > 0 {
        page.blank();
        let more = Sentence::new("beside-more").arg("count", left);
        page.put(Margin::of(""), &spans![Quiet wording.say(&more)]);
    }
    page.into_text()
}

fn group(label: Sentence, group: &Group, wording: &Wording) -> (String, Vec<Span>) {
    (wording.say(&label), spans![Plain said(group, wording)])
}

fn counts(page: &mut Page, groups: &Groups, most: usize, wording: &Wording) {
    page.blank();
    let (more, alike): (Vec<&ActionCounts>, Vec<&ActionCounts>) =
        groups.actions.iter().partition(|counts| counts.fails_more);
    if more.is_empty() {
        let none = wording.say(&Sentence::new("groups-no-difference"));
        return page.put(Margin::of(""), &spans![Strong none]);
    }
    let title = wording.say(&Sentence::new("groups-fails-more"));
    page.put(Margin::of(""), &spans![Strong title]);
    let ratio = |counts: Counts| {
        let ratio = Sentence::new("ratio").arg("with", counts.failures).arg("all", counts.calls);
        wording.say(&ratio)
    };
    let mut rows = vec![[
        wording.say(&Sentence::new("column-one")),
        wording.say(&Sentence::new("column-other")),
        wording.say(&Sentence::new("column-action")),
    ]];
    let shown = more.iter().take(most);
    rows.extend(shown.map(|one| [ratio(one.failed), ratio(one.succeeded), one.action.clone()]));
    table::put(page, INDENT, rows);
    let left = more.len().saturating_sub(most);
    if left > 0 {
        let left = wording.say(&Sentence::new("and-more").arg("count", left));
        page.put(Margin::of(INDENT), &spans![Quiet left]);
    }
    if !alike.is_empty() {
        let alike = wording.say(&Sentence::new("groups-alike").arg("count", alike.len()));
        page.put(Margin::of(INDENT), &spans![Quiet alike]);
    }
}

fn changes(page: &mut Page, groups: &Groups, detail: Detail, wording: &Wording) {
    page.blank();
    if groups.changes.is_empty() {
        let none = wording.say(&Sentence::new("groups-changes-none"));
        return page.put(Margin::of(""), &spans![Strong none]);
    }
    let most = if detail == Detail::Screen { CHANGES } else { usize::MAX };
    let shown = groups.changes.get(..groups.changes.len().min(most)).unwrap_or(&groups.changes);
    let more = groups.changes_left_out + (groups.changes.len() - shown.len()) as u64;
    put_changes(page, shown, more, detail, wording);
}

/// Changes, and how many more there are.
pub(super) fn put_changes(
    page: &mut Page,
    changes: &[Change],
    more: u64,
    detail: Detail,
    wording: &Wording,
) {
    let title = wording.say(&Sentence::new("groups-changes"));
    page.put(Margin::of(""), &spans![Strong title]);
    for change in changes {
        // On a screen the difference of two documents has no place.
        let short = Change { diff: None, ..change.clone() };
        let shown = if detail == Detail::Screen { &short } else { change };
        action::change(page, None, shown, wording);
    }
    if more > 0 {
        let more = wording.say(&Sentence::new("and-more").arg("count", more));
        page.put(Margin::of(INDENT), &spans![Quiet more]);
    }
}
