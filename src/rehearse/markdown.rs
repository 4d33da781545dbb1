//! The rehearsal as Markdown, for a pull request.

use std::fmt::Write;

use super::view::{Fares, Report, Told};
use crate::sanitize::{markdown, markdown_block, markdown_code};
use crate::wording::{Sentence, Wording};

/// Findings told in full; a comment on a pull request holds 65,536 characters.
const MOST: usize = 30;

/// The text.
pub fn text(report: &Report, wording: &Wording) -> String {
    let mut out = String::new();
    let say = |sentence: Sentence| wording.say(&sentence);
    let _ = writeln!(out, "## {}\n", markdown(&report.headline));
    for change in &report.changes {
        let _ = writeln!(out, "- {}", markdown(&change.what));
    }
    for one in &report.not_understood {
        let said = Sentence::new("rehearse-not-understood")
            .arg("file", &one.file)
            .arg("name", &one.name)
            .arg("because", &one.because);
        let _ = writeln!(out, "- ⚠ {}", markdown(&say(said)));
    }
    for finding in report.findings.iter().take(MOST) {
        write_finding(&mut out, finding, wording);
    }
    if let Some(more) = report.findings.len().checked_sub(MOST).filter(|more| *more > 0) {
        let said = say(Sentence::new("rehearse-more").arg("more", more));
        let _ = writeln!(out, "\n{}", markdown(&said));
    }
    let _ = writeln!(out, "\n{}\n", markdown(&say(report.calls.tally())));
    for spot in &report.blind_spots {
        let _ = writeln!(out, "- {}", markdown(spot));
    }
    out
}

fn write_finding(out: &mut String, finding: &Told, wording: &Wording) {
    let mark = match (finding.is_meant, finding.reason) {
        (true, _) => "☑",
        (_, Fares::WouldBeDenied) => "❌",
        (_, Fares::CannotTell) => "❓",
        (_, Fares::NewlyAllowed) => "🔓",
    };
    let _ = writeln!(out, "\n### {mark} {}\n", markdown(&finding.headline));
    if let Some(because) = &finding.because {
        let _ = writeln!(out, "{}\n", markdown(because));
    }
    for reason in &finding.hangs_on {
        let said = Sentence::new("rehearse-hangs-on").arg("what", reason);
        let _ = writeln!(out, "- {}", markdown(&wording.say(&said)));
    }
    let statement = finding.policy.as_ref().and_then(|policy| policy.statement.as_ref());
    if let Some(text) = statement.and_then(|one| serde_json::to_string_pretty(one).ok()) {
        let _ = writeln!(out, "{}", markdown_block("json", &text));
    }
    if let Some(exception) = &finding.exception {
        let said = Sentence::new("rehearse-exception")
            .arg("what", &exception.what)
            .arg("kept", exception.kept);
        let _ = writeln!(out, "\n{}\n", markdown(&wording.say(&said)));
        if let Ok(text) = serde_json::to_string_pretty(&exception.statement) {
            let _ = writeln!(out, "{}", markdown_block("json", &text));
        }
    }
    let events: Vec<String> = finding.event_ids.iter().map(|id| markdown_code(id)).collect();
    let _ = writeln!(out, "{} – {}: {}", finding.first, finding.last, events.join(", "));
}
