//! What was read, what could not be seen, and the denials that are noise: the end of every report,
//! because "no incident" says nothing without it.

use super::INDENT;
use crate::report::layout::{Margin, Page, spans};
use crate::report::{Benign, Report, SkippedFile, words};
use crate::wording::{Sentence, Wording};

/// Blind spots and noise groups listed.
const MOST_LISTED: usize = 10;

/// Files listed by name for one reason.
const MOST_OF_A_REASON: usize = 3;

/// Actions named for one group of noise.
const MOST_ACTIONS: usize = 8;

/// A pointer from the top to the bottom, where there is something to know.
pub(super) fn caveats(report: &Report) -> Option<Sentence> {
    let (skipped, blind) = (report.coverage.files.skipped.len(), report.coverage.blind_spots.len());
    (skipped + blind > 0)
        .then(|| Sentence::new("coverage-caveats").arg("skipped", skipped).arg("blind", blind))
}

pub(super) fn put(page: &mut Page, report: &Report, wording: &Wording) {
    page.rule(&spans![Strong wording.say(&Sentence::new("coverage-title"))]);
    page.put(Margin::of(""), &spans![Plain words::coverage(report, wording)]);
    places(page, report, wording);
    policies(page, report, wording);
    skipped(page, report, wording);
    blind_spots(page, report, wording);
    benign(page, &report.benign, wording);
}

fn places(page: &mut Page, report: &Report, wording: &Wording) {
    let coverage = &report.coverage;
    let mut fields = Vec::new();
    if !coverage.accounts.is_empty() {
        let accounts = spans![Plain wording.list(&coverage.accounts)];
        fields.push((wording.say(&Sentence::new("field-accounts")), accounts));
    }
    if !coverage.regions.is_empty() {
        let regions = spans![Plain wording.list(&coverage.regions)];
        fields.push((wording.say(&Sentence::new("field-regions")), regions));
    }
    page.fields("", &fields);
}

/// The policies given, one line for each account and layer.
fn policies(page: &mut Page, report: &Report, wording: &Wording) {
    let given = words::policies(&report.coverage, wording);
    list(page, wording, Sentence::new("coverage-policies"), given.len(), |page, index| {
        let Some((whose, holdings)) = given.get(index) else { return };
        let line = spans![Plain format!("{whose}: {holdings}")];
        page.put(Margin { first: "  • ", rest: "    " }, &line);
    });
}

/// By reason, a few of each by name.
fn skipped(page: &mut Page, report: &Report, wording: &Wording) {
    let reasons = words::skipped_by_reason(&report.coverage);
    if !reasons.is_empty() {
        let title = wording.say(&Sentence::new("coverage-skipped"));
        page.put(Margin::of(""), &spans![Strong title]);
    }
    for (reason, files) in reasons {
        let count =
            Sentence::new("coverage-reason").arg("reason", reason).arg("count", files.len());
        page.put(Margin { first: "  • ", rest: "    " }, &spans![Plain wording.say(&count)]);
        for file in files.iter().take(MOST_OF_A_REASON) {
            skipped_file(page, file, wording);
        }
        if files.len() > MOST_OF_A_REASON {
            let more = Sentence::new("and-more").arg("count", files.len() - MOST_OF_A_REASON);
            page.put(Margin::of("    "), &spans![Quiet wording.say(&more)]);
        }
    }
}

fn skipped_file(page: &mut Page, file: &SkippedFile, wording: &Wording) {
    let mut line = spans![Plain & file.path];
    if let Some(detail) = &file.detail {
        line.extend(spans![Quiet format!(" · {detail}")]);
    }
    if file.events_recovered > 0 {
        let kept = Sentence::new("coverage-recovered").arg("count", file.events_recovered);
        line.extend(spans![Quiet format!(" · {}", wording.say(&kept))]);
    }
    page.put(Margin { first: "    ", rest: "      " }, &line);
}

fn blind_spots(page: &mut Page, report: &Report, wording: &Wording) {
    let spots = &report.coverage.blind_spots;
    list(page, wording, Sentence::new("coverage-blind"), spots.len(), |page, index| {
        let Some(spot) = spots.get(index) else { return };
        let mut line = spans![Plain &spot.detail, Quiet format!(" · {}", spot.kind)];
        if let Some(id) = &spot.event_id {
            let event = wording.say(&Sentence::new("event-named").arg("id", id));
            line.extend(spans![Quiet format!(" · {event}")]);
        }
        page.put(Margin { first: "  • ", rest: "    " }, &line);
    });
}

fn benign(page: &mut Page, groups: &[Benign], wording: &Wording) {
    list(page, wording, Sentence::new("coverage-benign"), groups.len(), |page, index| {
        let Some(group) = groups.get(index) else { return };
        let times = wording.say(&Sentence::new("times").arg("count", group.count));
        let mut line = spans![Plain actions(group, wording), Plain format!(" · {times}")];
        if let Some(principal) = &group.principal_arn {
            line.extend(spans![Plain format!(" · {principal}")]);
        }
        line.extend(spans![Quiet format!(" · {}", group.because)]);
        page.put(Margin { first: "  • ", rest: "    " }, &line);
    });
}

fn actions(group: &Benign, wording: &Wording) -> String {
    let mut named: Vec<String> = group.actions.iter().take(MOST_ACTIONS).cloned().collect();
    let more = group.actions.len() - named.len();
    if more > 0 {
        named.push(wording.say(&Sentence::new("and-more").arg("count", more)));
    }
    wording.list(&named)
}

/// A title and the first few entries, if there are any.
fn list(
    page: &mut Page,
    wording: &Wording,
    title: Sentence,
    count: usize,
    entry: impl Fn(&mut Page, usize),
) {
    if count == 0 {
        return;
    }
    page.put(Margin::of(""), &spans![Strong wording.say(&title)]);
    (0..count.min(MOST_LISTED)).for_each(|index| entry(page, index));
    if count > MOST_LISTED {
        let more = Sentence::new("and-more").arg("count", count - MOST_LISTED);
        page.put(Margin::of(INDENT), &spans![Quiet wording.say(&more)]);
    }
}
