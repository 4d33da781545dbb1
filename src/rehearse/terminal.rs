//! The rehearsal for a terminal: what it comes to, a card for each finding, and what was not seen.

use unicode_width::UnicodeWidthChar;

use super::view::{Fares, OwnerTag, Report, Told};
use crate::sanitize;
use crate::wording::{Sentence, Wording};

/// No line is longer, however wide the terminal is.
const WIDEST: usize = 100;

/// Findings that are shown as cards; of the others there is a line each.
const CARDS: usize = 12;

/// Changes and blind spots named.
const LISTED: usize = 12;

/// The text.
pub fn text(report: &Report, wording: &Wording, width: usize) -> String {
    let mut page = Page { out: String::new(), width: width.clamp(40, WIDEST) };
    page.line("", &report.headline);
    page.blank();
    for change in report.changes.iter().take(LISTED) {
        page.line("  ", &change.what);
    }
    more(&mut page, report.changes.len(), wording);
    for one in &report.not_understood {
        let said = Sentence::new("rehearse-not-understood")
            .arg("file", &one.file)
            .arg("name", &one.name)
            .arg("because", &one.because);
        page.line("  ", &wording.say(&said));
    }
    for (at, finding) in report.findings.iter().enumerate() {
        if at < CARDS {
            page.blank();
            card(&mut page, finding, wording);
        } else {
            if at == CARDS {
                page.blank();
            }
            page.line("  ", &format!("{} {}", badge(finding, wording), finding.headline));
        }
    }
    if !report.owners.is_empty() {
        page.blank();
        let owners: Vec<String> = report
            .owners
            .iter()
            .take(LISTED)
            .map(|owner| match &owner.owner {
                Some(OwnerTag { tag, value }) => {
                    format!("{} ({}, {tag}: {value})", owner.principal_arn, owner.records)
                }
                None => format!("{} ({})", owner.principal_arn, owner.records),
            })
            .collect();
        let said = Sentence::new("rehearse-owners").arg("who", owners);
        page.line("", &wording.say(&said));
    }
    page.blank();
    page.line("", &wording.say(&report.calls.tally()));
    for spot in &report.blind_spots {
        page.line("  ", spot);
    }
    page.out
}

fn more(page: &mut Page, all: usize, wording: &Wording) {
    if let Some(more) = all.checked_sub(LISTED).filter(|more| *more > 0) {
        page.line("  ", &wording.say(&Sentence::new("rehearse-more").arg("more", more)));
    }
}

fn badge(finding: &Told, wording: &Wording) -> String {
    let sentence = match (finding.is_meant, finding.reason) {
        (true, _) => Sentence::new("rehearse-badge-meant"),
        (_, Fares::WouldBeDenied) => Sentence::new("rehearse-badge-denied"),
        (_, Fares::CannotTell) => Sentence::new("rehearse-badge-unclear"),
        (_, Fares::NewlyAllowed) => Sentence::new("rehearse-badge-opened"),
    };
    wording.say(&sentence)
}

/// One finding, in at most fourteen lines of a usual terminal.
fn card(page: &mut Page, finding: &Told, wording: &Wording) {
    page.line("", &format!("{} {}", badge(finding, wording), finding.headline));
    if let Some(because) = &finding.because {
        page.line("  ", because);
    }
    for reason in &finding.hangs_on {
        let said = Sentence::new("rehearse-hangs-on").arg("what", reason);
        page.line("  ", &wording.say(&said));
    }
    if let Some(exception) = &finding.exception {
        let said = Sentence::new("rehearse-exception")
            .arg("what", &exception.what)
            .arg("kept", exception.kept);
        page.line("  ", &wording.say(&said));
    }
    let seen = Sentence::new("rehearse-seen")
        .arg("records", finding.records)
        .arg("first", &finding.first)
        .arg("last", &finding.last)
        .arg("events", finding.event_ids.clone());
    page.line("  ", &wording.say(&seen));
}

/// Lines, broken at blanks.
struct Page {
    out: String,
    width: usize,
}

impl Page {
    fn blank(&mut self) {
        self.out.push('\n');
    }

    fn line(&mut self, indent: &str, text: &str) {
        let text = sanitize::line(text);
        let room = self.width.saturating_sub(indent.len()).max(20);
        let mut line = String::new();
        let mut used = 0;
        for word in pieces(&text) {
            let long: usize = word.chars().filter_map(UnicodeWidthChar::width).sum();
            if used > 0 && used + long > room {
                self.put(indent, &line);
                line.clear();
                used = 0;
            }
            let word = if used == 0 { word.trim_start() } else { word };
            let mut rest = word;
            // A word that is longer than the line is cut.
            while let Some(cut) = cut(rest, room - used.min(room)).filter(|_| used == 0) {
                let (head, tail) = rest.split_at(cut);
                self.put(indent, head);
                rest = tail;
            }
            line.push_str(rest);
            used += rest.chars().filter_map(UnicodeWidthChar::width).sum::<usize>();
        }
        if !line.is_empty() {
            self.put(indent, &line);
        }
    }

    fn put(&mut self, indent: &str, line: &str) {
        self.out.push_str(indent);
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }
}

/// Where a text is too long for a line, the place of the first character that does not fit.
fn cut(text: &str, room: usize) -> Option<usize> {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().unwrap_or_default();
        if used > room {
            return Some(at).filter(|at| *at > 0);
        }
    }
    None
}

/// A text in pieces between which a line may be broken: before a blank, and between wide characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = vec![0];
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        let is_wide = |c: char| c.width() == Some(2);
        let closes = "、。）」』".contains(character);
        let opens = "（「『".contains(before);
        let is_break = character == ' '
            || ((is_wide(character) || is_wide(before)) && !closes && !opens && before != ' ');
        if at > 0 && is_break {
            starts.push(at);
        }
        before = character;
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).filter_map(|(from, to)| text.get(*from..to)).collect()
}
