//! Fourth block: who changed what, the fixes with what was checked, what does not help, and what
//! would settle it.

use super::INDENT;
use crate::report::layout::{Ink, Margin, Page, spans};
use crate::report::{Change, Fix, Incident, Way, document, words};
use crate::wording::{Sentence, Wording};

/// The margin of what belongs to a numbered fix.
const UNDER: &str = "     ";

pub(super) fn put(page: &mut Page, incident: &Incident, wording: &Wording) {
    if let Some(change) = &incident.change {
        self::change(page, Some(Sentence::new("change-before")), change, wording);
        page.blank();
    }
    if incident.fixes.is_empty() {
        let none = wording.say(&Sentence::new("fix-none"));
        page.put(Margin::of(INDENT), &spans![Plain none]);
    }
    for (index, fix) in incident.fixes.iter().enumerate() {
        self::fix(page, incident, index + 1, fix, wording);
    }
    page.blank();
    for refuted in &incident.refuted_fixes {
        let label = wording.say(&Sentence::new("fix-refuted"));
        page.put(
            Margin { first: "  ✗ ", rest: "    " },
            &spans![Failed label, Plain format!(" {}: {}", refuted.title, refuted.because)],
        );
    }
    if !incident.verdict.next_evidence.is_empty() {
        page.blank();
        let title = wording.say(&Sentence::new("next-evidence"));
        page.put(Margin::of(INDENT), &spans![Strong title]);
        commands(page, &incident.verdict.next_evidence, "    ");
    }
}

/// Who changed what, with the difference.
pub(super) fn change(page: &mut Page, label: Option<Sentence>, change: &Change, wording: &Wording) {
    let who = words::changed_by(change);
    let event = wording.say(&Sentence::new("event-named").arg("id", &change.event_id));
    let mut line = Vec::new();
    if let Some(label) = label {
        line.extend(spans![Strong wording.say(&label), Plain " "]);
    }
    line.extend(spans![Plain & change.summary]);
    page.put(Margin { first: INDENT, rest: "    " }, &line);
    page.put(Margin::of("    "), &spans![Plain wording.say(&who), Quiet format!(" · {event}")]);
    for line in change.diff.iter().flat_map(|diff| diff.lines()) {
        let ink = match line.chars().next() {
            Some('+') => Ink::Succeeded,
            Some('-') => Ink::Failed,
            _ => Ink::Quiet,
        };
        page.verbatim("    ", ink, line);
    }
}

fn fix(page: &mut Page, incident: &Incident, number: usize, fix: &Fix, wording: &Wording) {
    let layer = words::layer(incident, fix.layer);
    if number > 1 {
        page.blank();
    }
    let title = Sentence::new("fix-numbered").arg("number", number).arg("title", &fix.title);
    page.put(Margin { first: INDENT, rest: UNDER }, &spans![Strong wording.say(&title)]);
    let place = match &fix.attach_to {
        _ if fix.way == Some(Way::WithinRule) => Sentence::new("fix-within-rule"),
        Some(target) => Sentence::new("fix-in").arg("layer", layer).arg("target", target),
        None => Sentence::new("fix-in-layer").arg("layer", layer),
    };
    page.put(Margin::of(UNDER), &spans![Plain wording.say(&place)]);
    if let Some(policy) = &fix.document {
        let text = document::compact(policy, page.width().saturating_sub(UNDER.len()));
        page.verbatim(UNDER, Ink::Plain, &text);
    }
    // Several lines that belong together are pasted together, and so stand without a prompt.
    for command in &fix.commands {
        page.verbatim(UNDER, Ink::Command, command);
    }
    if fix.way != Some(Way::WithinRule) {
        checked(page, incident, fix, wording);
    }
    if let Some(note) = &fix.note {
        page.put(Margin::of(UNDER), &spans![Plain note]);
    }
}

fn checked(page: &mut Page, incident: &Incident, fix: &Fix, wording: &Wording) {
    let Some(verified) = &fix.verified else {
        let unchecked = wording.say(&Sentence::new("fix-unchecked"));
        return page.put(Margin::of(UNDER), &spans![Quiet unchecked]);
    };
    let said: Vec<String> =
        words::verified(incident, verified).iter().map(|sentence| wording.say(sentence)).collect();
    let said = wording.paragraph(&said);
    let good = verified.denied_request == "allowed" && verified.successes_broken == 0;
    let line = if good { spans![Succeeded said] } else { spans![Failed said] };
    page.put(Margin::of(UNDER), &line);
}

fn commands(page: &mut Page, commands: &[String], indent: &str) {
    for command in commands {
        page.verbatim(indent, Ink::Command, &format!("$ {command}"));
    }
}
