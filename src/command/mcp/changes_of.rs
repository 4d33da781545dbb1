//! `changes`: who changed what is allowed.

use serde_json::Value;

use super::super::changes;
use super::answer::{Answer, Wrong, known};
use super::held::Held;
use super::inputs::{Given, Input, Takes};

/// Changes of an answer.
const USUAL: usize = 20;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "since",
        takes: Takes::Time,
        required: false,
        says: "from this moment on: RFC 3339, a date, or 2h, 3d before the last event",
    },
    Input { name: "until", takes: Takes::Time, required: false, says: "up to this moment" },
    Input {
        name: "entity",
        takes: Takes::Text,
        required: false,
        says: "only changes of this principal, policy, resource, account or organizational unit: an ARN, \
               an id, a name, or a part with *",
    },
    Input {
        name: "limit",
        takes: Takes::Count(100),
        required: false,
        says: "how many (default 20)",
    },
    Input {
        name: "cursor",
        takes: Takes::Text,
        required: false,
        says: "the next_cursor of the answer before",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let entity = given.text("entity").map(|entity| held.named(entity)).transpose()?;
    let (since, until) = (held.moment(given.moment("since")), held.moment(given.moment("until")));
    let history = &held.analysis.history;
    let fitting = changes::within(history, since, until, entity.as_deref());
    let page = given.page(fitting, USUAL)?;
    let mut told: Vec<Value> = Vec::new();
    for change in &page.parts {
        told.push(held.told(|words| changes::listed(history, change, words))?);
    }
    let mut answer = Answer::default();
    answer.line(format!(
        "{} changes of policies, grants and key states fit; {} are shown, in order of time.",
        page.found,
        told.len()
    ));
    for change in &told {
        answer.line(format!(
            "- {} event {} {} by {}: {}",
            known(change, "event_time"),
            known(change, "event_id"),
            known(change, "action"),
            known(change, "principal_arn"),
            known(change, "summary"),
        ));
    }
    answer.line("Only changes that the trail holds are listed.");
    if let Some(next) = &page.next {
        answer.line(format!("More: ask again with cursor {next}."));
        answer.put("next_cursor", next.clone());
    }
    answer.put("found", page.found);
    answer.put("changes", told);
    Ok(answer)
}
