//! The fixes, how they were checked, what does not help, and the list of what is left to do.

use super::{Draft, code, labelled, prose};
use crate::report::{Fix, Incident, Report, Way, document, words};
use crate::wording::Sentence;

pub(super) fn put(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-fix"));
    if incident.fixes.is_empty() {
        let none = draft.say(&Sentence::new("fix-none"));
        draft.paragraph(&none);
    }
    for (index, fix) in incident.fixes.iter().enumerate() {
        self::fix(draft, incident, index + 1, fix);
    }
    for refuted in &incident.refuted_fixes {
        let label = prose(&draft.say(&Sentence::new("fix-refuted")));
        draft.item(&format!("{label} {}: {}", prose(&refuted.title), prose(&refuted.because)));
    }
    if !incident.fixes.is_empty() {
        verification(draft, incident);
    }
}

fn fix(draft: &mut Draft<'_>, incident: &Incident, number: usize, fix: &Fix) {
    let title =
        Sentence::new("markdown-fix-numbered").arg("number", number).arg("title", &fix.title);
    let title = draft.say(&title);
    draft.blank();
    draft.text.push_str(&format!("**{}**\n\n", prose(&title)));
    let layer = prose(&draft.say(&words::layer(incident, fix.layer)));
    let place = match &fix.attach_to {
        _ if fix.way == Some(Way::WithinRule) => {
            prose(&draft.say(&Sentence::new("fix-within-rule")))
        }
        Some(target) => format!("{layer}, {}", code(target)),
        None => layer,
    };
    labelled(draft, Sentence::new("markdown-where"), &place);
    if let Some(note) = &fix.note {
        labelled(draft, Sentence::new("markdown-note"), &prose(note));
    }
    if let Some(policy) = &fix.document {
        draft.block("json", &document::compact(policy, 80));
    }
    if !fix.commands.is_empty() {
        draft.block("sh", &fix.commands.join("\n"));
    }
    if let Some(terraform) = &fix.terraform {
        draft.block("hcl", terraform);
    }
}

fn verification(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-verified"));
    for (index, fix) in incident.fixes.iter().enumerate() {
        let said = match &fix.verified {
            _ if fix.way == Some(Way::WithinRule) => draft.say(&Sentence::new("fix-within-rule")),
            Some(verified) => {
                let said: Vec<String> = words::verified(incident, verified)
                    .iter()
                    .map(|sentence| draft.say(sentence))
                    .collect();
                draft.wording.paragraph(&said)
            }
            None => draft.say(&Sentence::new("fix-unchecked")),
        };
        let said =
            Sentence::new("markdown-fix-numbered").arg("number", index + 1).arg("title", said);
        let said = prose(&draft.say(&said));
        draft.item(&said);
    }
}

/// Boxes to tick; each comes from something the report says.
pub(super) fn follow_ups(draft: &mut Draft<'_>, report: &Report, incident: &Incident) {
    draft.section(Sentence::new("markdown-follow-ups"));
    let mut tasks = Vec::new();
    if incident.guardrail {
        tasks.push(Sentence::new("task-who"));
    }
    if let Some(fix) = incident.fixes.first() {
        tasks.push(match fix.way {
            Some(Way::WithinRule) => Sentence::new("task-within").arg("title", &fix.title),
            _ => Sentence::new("task-apply").arg("title", &fix.title),
        });
    }
    if !incident.verdict.next_evidence.is_empty() {
        tasks.push(Sentence::new("task-settle"));
    }
    if let Some(change) = &incident.change {
        tasks.push(Sentence::new("task-review").arg("action", &change.action));
    }
    if incident.count > 1 {
        tasks.push(Sentence::new("task-repeat").arg("count", incident.count));
    }
    for spot in &report.coverage.blind_spots {
        tasks.push(Sentence::new("task-see").arg("detail", &spot.detail));
    }
    if tasks.is_empty() {
        tasks.push(Sentence::new("task-none"));
    }
    for task in tasks {
        let task = prose(&draft.say(&task));
        draft.item(&format!("[ ] {task}"));
    }
}
