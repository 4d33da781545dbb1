//! A postmortem draft in Markdown: what a colleague needs the next day, with the ids that prove it
//! and a list of what is left to do. Renders on GitHub and GitLab, and survives a paste elsewhere.

mod cause;
mod diagram;
mod leaf;
mod remedy;
mod timeline;

use std::collections::BTreeSet;

pub use self::leaf::{groups, side_by_side};

use super::card::{Cards, Telling};
use super::title::Top;
use super::zone::Zone;
use super::{
    Certainty, DeniedAction, Incident, Kind, Layer, Report, piece, sanitize, summary, title, words,
};
use crate::event::Time;
use crate::wording::{Sentence, Wording, duration};

/// Actions in the list of an incident; the others are in the JSON report.
const MOST_ACTIONS: usize = 50;

/// Longest text taken from a log in one place.
const LONGEST: usize = 2000;

/// The draft, one section for each incident.
pub fn render(report: &Report, wording: &Wording, zone: &Zone) -> String {
    let report = &*zone.of(report);
    let mut draft = Draft { text: String::new(), wording, zone };
    draft.heading(1, &wording.say(&Sentence::new("markdown-title")));
    draft.paragraph(&opening(report, wording, zone));
    if !report.incidents.is_empty() {
        first_screen(&mut draft, report);
    }
    if report.incidents.len() > 1 {
        overview(&mut draft, report);
    }
    for (index, incident) in report.incidents.iter().enumerate() {
        self::incident(&mut draft, report, incident, index);
    }
    coverage(&mut draft, report);
    draft.text
}

/// Markdown being written; everything that enters it is escaped here.
struct Draft<'a> {
    text: String,
    wording: &'a Wording,
    zone: &'a Zone,
}

impl Draft<'_> {
    fn say(&self, sentence: &Sentence) -> String {
        self.wording.say(sentence)
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.blank();
        self.text.push_str(&format!("{} {}\n\n", "#".repeat(level), prose(text)));
    }

    /// A section of one incident.
    fn section(&mut self, title: Sentence) {
        let title = self.say(&title);
        self.heading(3, &title);
    }

    fn paragraph(&mut self, text: &str) {
        self.blank();
        self.text.push_str(&format!("{}\n\n", prose(text)));
    }

    /// One entry of a list; the text is Markdown already.
    fn item(&mut self, markdown: &str) {
        self.text.push_str(&format!("- {markdown}\n"));
    }

    fn block(&mut self, language: &str, text: &str) {
        self.blank();
        self.text.push_str(&sanitize::markdown_block(language, text));
        self.text.push('\n');
    }

    /// A table; the cells are Markdown already.
    fn table<const N: usize>(&mut self, head: [Sentence; N], rows: &[[String; N]]) {
        if rows.is_empty() {
            return;
        }
        self.blank();
        let head = head.map(|title| prose(&self.say(&title)));
        self.row(&head);
        self.row(&[const { "---" }; N].map(str::to_owned));
        rows.iter().for_each(|row| self.row(row));
        self.text.push('\n');
    }

    fn row<const N: usize>(&mut self, cells: &[String; N]) {
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

/// Text that reads as prose.
fn prose(text: &str) -> String {
    let text = sanitize::clip(text, LONGEST);
    let blank = |there: bool| if there { " " } else { "" };
    let said = piece::pieces(&text).into_iter().map(|piece| match piece.is_arn {
        true => code(piece.text),
        // Escaping takes the blanks at the ends, which part the words from the ARNs.
        false => format!(
            "{}{}{}",
            blank(piece.text.starts_with(char::is_whitespace)),
            sanitize::markdown(piece.text),
            blank(piece.text.trim_start().ends_with(char::is_whitespace)),
        ),
    });
    said.collect::<String>().trim().to_owned()
}

/// An identifier: as code, so that nothing in it is a link or a mention.
fn code(text: &str) -> String {
    sanitize::markdown_code(&sanitize::clip(text, LONGEST))
}

/// Several identifiers.
fn codes<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(|text| code(text.as_ref())).collect::<Vec<_>>().join(", ")
}

fn opening(report: &Report, wording: &Wording, zone: &Zone) -> String {
    let count = match report.incidents.len() {
        0 => words::nothing_found(report, "markdown"),
        count => Sentence::new("markdown-opening").arg("count", count),
    };
    let version = &report.tool.version;
    let by = match words::rests_on_policies(report) {
        true => Sentence::new("markdown-made-by-policies")
            .arg("version", version)
            .arg("zone", zone.name()),
        false => Sentence::new("markdown-made-by").arg("version", version).arg("zone", zone.name()),
    };
    wording.paragraph(&[wording.say(&count), wording.say(&by)])
}

/// What decides, before everything else: of one incident its card, of several the worst.
fn first_screen(draft: &mut Draft<'_>, report: &Report) {
    let telling = Telling { wording: draft.wording, zone: draft.zone, again: None };
    let cards = Cards::new(report, &telling);
    for said in summary::lines(&cards) {
        let text = prose(&said.text);
        match said.label {
            Some(label) => draft.item(&format!("**{}** {text}", prose(&label))),
            None => draft.item(&text),
        }
    }
}

fn overview(draft: &mut Draft<'_>, report: &Report) {
    let mut rows = Vec::new();
    for (index, incident) in report.incidents.iter().enumerate() {
        let verdict = &incident.verdict;
        let denied = match &incident.denied {
            Some(_) => code(&title::denied_in_short(incident, draft.wording)),
            None if incident.missing_steps.is_empty() => {
                prose(&draft.say(&Sentence::new("overview-gone")))
            }
            None => codes(&incident.missing_steps),
        };
        rows.push([
            (index + 1).to_string(),
            prose(&draft.say(&incident.kind.into())),
            incident.count.to_string(),
            denied,
            prose(&draft.say(&words::why(incident, verdict.layer, verdict.effect))),
        ]);
    }
    let head = [
        Sentence::new("column-number"),
        Sentence::new("column-kind"),
        Sentence::new("column-times"),
        Sentence::new("column-denied"),
        Sentence::new("column-why"),
    ];
    draft.table(head, &rows);
}

fn incident(draft: &mut Draft<'_>, report: &Report, incident: &Incident, index: usize) {
    let headline = draft.say(&title::headline(incident));
    let title =
        Sentence::new("markdown-incident").arg("number", index + 1).arg("headline", headline);
    let title = draft.say(&title);
    draft.heading(2, &title);
    in_short(draft, incident);
    impact(draft, incident);
    timeline::put(draft, incident);
    cause::put(draft, incident);
    changed(draft, incident);
    silent(draft, incident);
    remedy::put(draft, incident);
    unknown(draft, report, incident);
    remedy::follow_ups(draft, report, incident);
}

fn in_short(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-summary"));
    if let Some(guardrail) = title::guardrail(incident) {
        let guardrail = draft.say(&guardrail);
        draft.text.push_str(&format!("**{}**\n\n", prose(&guardrail)));
    }
    draft.paragraph(&incident.verdict.explanation);
    let verdict = draft.say(&words::verdict(incident));
    draft.text.push_str(&format!("**{}**\n\n", prose(&verdict)));
    let id = Sentence::new("markdown-incident-id");
    draft.text.push_str(&format!("{} {}\n", prose(&draft.say(&id)), code(&incident.id)));
    if let Some(known) = title::known(incident) {
        let known = draft.say(&known);
        draft.paragraph(&known);
    }
    actions(draft, incident);
}

/// Each denied action of an incident that holds several, at a glance.
fn actions(draft: &mut Draft<'_>, incident: &Incident) {
    if !title::is_mixed(incident) {
        return;
    }
    let row = |action: &DeniedAction| {
        [
            action.count.to_string(),
            code(&title::named(incident, action, draft.wording)),
            action.root_action.as_deref().map_or_else(|| "–".to_owned(), code),
            code(&title::resources(action, draft.wording)),
        ]
    };
    let rows: Vec<[String; 4]> = incident.actions.iter().take(MOST_ACTIONS).map(row).collect();
    let head = [
        Sentence::new("column-times"),
        Sentence::new("column-denied"),
        Sentence::new("column-asked"),
        Sentence::new("column-on"),
    ];
    draft.table(head, &rows);
    let more = incident.actions.len().saturating_sub(MOST_ACTIONS);
    if more > 0 {
        let more = draft.say(&Sentence::new("and-more").arg("count", more));
        draft.paragraph(&more);
    }
}

fn impact(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-impact"));
    let often = Sentence::new("occurred-times")
        .arg("count", incident.count)
        .arg("first", &incident.first_seen)
        .arg("last", &incident.last_seen);
    let mut often = prose(&draft.say(&often));
    if let Some(length) = length(incident) {
        often = format!("{often} ({})", prose(&draft.say(&length)));
    }
    draft.item(&often);
    if let Some(root) = &incident.root {
        let note = title::belongs(root).map(|note| format!(" ({})", prose(&draft.say(&note))));
        let asked = format!("{}{}", code(&root.action), note.unwrap_or_default());
        labelled(draft, Sentence::new("field-asked"), &asked);
        if let Some(principal) = &root.principal_arn {
            labelled(draft, Sentence::new("field-by"), &code(principal));
        }
        if !root.resources.is_empty() {
            labelled(draft, Sentence::new("field-about"), &codes(&root.resources));
        }
    }
    if let Some(rootless) = title::rootless(incident) {
        let rootless = prose(&draft.say(&rootless));
        labelled(draft, Sentence::new("field-asked"), &rootless);
    }
    denied(draft, incident);
    if !incident.missing_steps.is_empty() {
        labelled(draft, Sentence::new("field-never-came"), &codes(&incident.missing_steps));
    }
    if incident.comparison.successes > 0 {
        let kept =
            Sentence::new("markdown-still-worked").arg("count", incident.comparison.successes);
        let kept = prose(&draft.say(&kept));
        draft.item(&kept);
    }
}

/// What was denied, on what, and to whom where the caller was somebody else.
fn denied(draft: &mut Draft<'_>, incident: &Incident) {
    let Some(denied) = &incident.denied else { return };
    let mut action = code(&denied.action);
    if let Some(recorded) = title::recorded_as(incident) {
        action = format!("{action} ({})", prose(&draft.say(&recorded)));
    }
    labelled(draft, Sentence::new("field-denied"), &action);
    if let Some(resource) = &denied.resource {
        labelled(draft, Sentence::new("field-on"), &code(resource));
    } else if let Some(on) = title::denied_on(incident, draft.wording) {
        labelled(draft, Sentence::new("field-on"), &prose(&on));
    }
    if let (Top::Hiding, Some(principal)) = (Top::of(incident), &denied.principal_arn) {
        labelled(draft, Sentence::new("field-denied-to"), &code(principal));
    }
}

fn labelled(draft: &mut Draft<'_>, label: Sentence, markdown: &str) {
    let label = prose(&draft.say(&label));
    draft.item(&format!("{label}: {markdown}"));
}

/// How long it went on, if it happened more than once.
fn length(incident: &Incident) -> Option<Sentence> {
    let (first, last) = (Time::parse(&incident.first_seen)?, Time::parse(&incident.last_seen)?);
    (last > first).then(|| duration(last.0.abs_diff(first.0)))
}

fn changed(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-changed"));
    let Some(change) = &incident.change else {
        let none = draft.say(&Sentence::new("markdown-no-change"));
        return draft.paragraph(&none);
    };
    draft.paragraph(&change.summary);
    labelled(draft, Sentence::new("field-when"), &code(&change.event_time));
    labelled(draft, Sentence::new("markdown-call"), &code(&change.action));
    if let Some(principal) = &change.principal_arn {
        labelled(draft, Sentence::new("field-by"), &code(principal));
    }
    labelled(draft, Sentence::new("markdown-event"), &code(&change.event_id));
    if let Some(diff) = &change.diff {
        draft.block("diff", diff);
    }
}

/// Why nobody saw it, or how it showed.
fn silent(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(match incident.kind {
        Kind::Direct => Sentence::new("markdown-how-it-showed"),
        _ => Sentence::new("markdown-why-silent"),
    });
    let meaning = draft.say(&title::meaning(incident));
    draft.paragraph(&meaning);
    if let Some(root) = &incident.root {
        let mut answer = prose(&draft.say(&root.outcome.into()));
        for part in [&root.error_code, &root.error_message].into_iter().flatten() {
            answer = format!("{answer} · {}", code(part));
        }
        labelled(draft, Sentence::new("markdown-answer-to-caller"), &answer);
    }
    if let Some(end) = words::end(incident) {
        labelled(draft, Sentence::new("field-ended"), &code(&end));
    }
    if let Some(denied) = incident.denied.as_ref().filter(|_| !Top::of(incident).is_one_record()) {
        let message = denied.error_message.as_deref().or(denied.error_code.as_deref());
        if let Some(message) = message {
            labelled(draft, Sentence::new("markdown-answer-below"), &code(message));
        }
    }
}

fn unknown(draft: &mut Draft<'_>, report: &Report, incident: &Incident) {
    draft.section(Sentence::new("markdown-unknown"));
    let certainty = draft.say(&match incident.verdict.certainty {
        Certainty::Proven => Sentence::new("markdown-layer-known"),
        other => other.meaning(incident.comparison.successes),
    });
    draft.item(&prose(&certainty));
    let unchecked: BTreeSet<Layer> = incident
        .fixes
        .iter()
        .filter_map(|fix| fix.verified.as_ref())
        .flat_map(|verified| verified.unchecked_layers.iter().copied())
        .collect();
    if !unchecked.is_empty() {
        let layers: Vec<Layer> = unchecked.into_iter().collect();
        let layers = words::layers(incident, &layers);
        let unchecked = draft.say(&Sentence::new("verified-unchecked").arg("layers", layers));
        labelled(draft, Sentence::new("markdown-verified"), &prose(&unchecked));
    }
    if let Some(contradiction) = &incident.verdict.contradiction {
        labelled(draft, Sentence::new("verdict-contradiction-short"), &prose(contradiction));
    }
    for (others, because) in incident.verdict.alternatives_together() {
        let named = Sentence::new("ruled-out-named")
            .arg("layer", words::alternatives(incident, &others))
            .arg("because", because);
        let named = draft.say(&named);
        labelled(draft, Sentence::new("verdict-alternatives"), &prose(&named));
    }
    for spot in &report.coverage.blind_spots {
        labelled(draft, Sentence::new("coverage-blind"), &prose(&spot.detail));
    }
    if !incident.verdict.next_evidence.is_empty() {
        let title = draft.say(&Sentence::new("next-evidence"));
        draft.paragraph(&format!("{title}:"));
        draft.block("sh", &incident.verdict.next_evidence.join("\n"));
    }
}

fn coverage(draft: &mut Draft<'_>, report: &Report) {
    let title = draft.say(&Sentence::new("coverage-title"));
    draft.heading(2, &title);
    draft.paragraph(&words::coverage(report, draft.wording));
    let coverage = &report.coverage;
    if !coverage.accounts.is_empty() {
        labelled(draft, Sentence::new("field-accounts"), &codes(&coverage.accounts));
    }
    if !coverage.regions.is_empty() {
        labelled(draft, Sentence::new("field-regions"), &codes(&coverage.regions));
    }
    for (whose, holdings) in words::policies(coverage, draft.wording) {
        let said = prose(&format!("{whose}: {holdings}"));
        labelled(draft, Sentence::new("coverage-policies"), &said);
    }
    for spot in &coverage.blind_spots {
        let detail = format!("{} ({})", prose(&spot.detail), code(&spot.kind));
        labelled(draft, Sentence::new("coverage-blind"), &detail);
    }
    for (reason, files) in words::skipped_by_reason(coverage) {
        let count =
            Sentence::new("coverage-reason").arg("reason", reason).arg("count", files.len());
        let count = prose(&draft.say(&count));
        labelled(draft, Sentence::new("coverage-skipped"), &count);
    }
    for group in &report.benign {
        let times = prose(&draft.say(&Sentence::new("times").arg("count", group.count)));
        let text = format!("{} · {times} · {}", codes(&group.actions), prose(&group.because));
        labelled(draft, Sentence::new("coverage-benign"), &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_in_prose_are_code_with_the_blanks_around_them() {
        assert_eq!(
            prose("denied on arn:aws:s3:::b. The *layer* (arn:aws:s3:::c) "),
            r"denied on `arn:aws:s3:::b`. The \*layer\* (`arn:aws:s3:::c`)"
        );
    }
}
