//! What happened when, in UTC, and the chain as a sequence diagram.

use super::{Draft, code, diagram, prose};
use crate::event::Time;
use crate::report::{Incident, Step, words};
use crate::wording::Sentence;

/// One line of the timeline: time, what, who, event id. All but the time are Markdown.
struct Entry {
    time: String,
    what: String,
    who: Option<String>,
    event_id: Option<String>,
}

pub(super) fn put(draft: &mut Draft<'_>, incident: &Incident) {
    draft.section(Sentence::new("markdown-timeline"));
    let mut entries = entries(draft, incident);
    // Entries of one second stay in the order of cause and effect.
    entries.sort_by_key(|entry| Time::parse(&entry.time));
    let row = |entry: Entry| {
        let cell = |text: &Option<String>| text.as_deref().map(code).unwrap_or_default();
        [code(&entry.time), entry.what, cell(&entry.who), cell(&entry.event_id)]
    };
    let rows: Vec<[String; 4]> = entries.into_iter().map(row).collect();
    let head = [
        Sentence::new("markdown-time").arg("zone", draft.zone.name()),
        Sentence::new("markdown-what"),
        Sentence::new("markdown-who"),
        Sentence::new("markdown-event"),
    ];
    draft.table(head, &rows);
    if let Some(diagram) = diagram::sequence(incident, draft.wording) {
        draft.block("mermaid", &diagram);
    }
}

fn entries(draft: &Draft<'_>, incident: &Incident) -> Vec<Entry> {
    let mut entries = Vec::new();
    let success = incident.comparison.nearest_success.as_ref();
    if let Some(step) = success.and_then(|success| success.chain.first()) {
        entries.push(Entry {
            what: labelled(draft, Sentence::new("markdown-nearest"), &step.action),
            ..of(draft, step)
        });
    }
    if let Some(change) = &incident.change {
        entries.push(Entry {
            time: change.event_time.clone(),
            what: labelled(draft, Sentence::new("markdown-change"), &change.action),
            who: change.principal_arn.clone(),
            event_id: Some(change.event_id.clone()),
        });
    }
    entries.extend(incident.chain.iter().map(|step| of(draft, step)));
    let bare = |time: &str, sentence: Sentence| Entry {
        time: time.to_owned(),
        what: prose(&draft.say(&sentence)),
        who: None,
        event_id: None,
    };
    let shown = |time: &str| incident.chain.iter().any(|step| step.event_time == time);
    if !shown(&incident.first_seen) {
        entries.push(bare(&incident.first_seen, Sentence::new("markdown-first")));
    }
    if incident.last_seen != incident.first_seen {
        let last = Sentence::new("markdown-last").arg("count", incident.count);
        entries.push(bare(&incident.last_seen, last));
    }
    entries
}

fn of(draft: &Draft<'_>, step: &Step) -> Entry {
    let outcome = prose(&draft.say(&step.outcome.into()));
    let told = [step.error_code.as_deref(), step.error_message.as_deref()];
    let error: String = told.iter().flatten().map(|told| format!(" · {}", code(told))).collect();
    Entry {
        time: step.event_time.clone(),
        what: format!("{}: {outcome}{}", code(&step.action), error),
        who: words::made_by(step).map(str::to_owned),
        event_id: step.event_id.clone(),
    }
}

fn labelled(draft: &Draft<'_>, label: Sentence, action: &str) -> String {
    format!("{}: {}", prose(&draft.say(&label)), code(action))
}
