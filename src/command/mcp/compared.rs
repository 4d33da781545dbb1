//! `compare`: a failed chain beside one that worked.

use serde_json::Value;

use super::super::compare;
use super::answer::{Answer, Wrong, at, known, parts, said, without};
use super::held::Held;
use super::inputs::{Given, Input, Takes};
use crate::report::side_by_side::{With, side_by_side};

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "failed",
        takes: Takes::Text,
        required: true,
        says: "the id of an incident, event or request that failed, or what it was about",
    },
    Input {
        name: "worked",
        takes: Takes::Text,
        required: false,
        says: "the id of one that worked (default: the comparable success that differs least)",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let failed = held.named(given.text("failed").unwrap_or_default())?;
    let failed = compare::failed_call(&failed, &held.analysis, &held.report)?;
    let with = match given.text("worked") {
        None => With::Nearest,
        Some(id) => {
            With::This(compare::working_call(&held.named(id)?, &held.analysis, &held.report)?)
        }
    };
    let material = held.analysis.material(None);
    let told = held.told(|words| {
        let found = side_by_side(&material, words, failed, with);
        let mut found = if held.redacts() { found.without_records() } else { found };
        found.steps.iter_mut().for_each(|step| step.same.clear());
        found
    })?;
    let mut answer = Answer::default();
    match told.get("succeeded") {
        Some(succeeded) => {
            answer.line(format!(
                "The failed chain of event {} beside the one of event {} that ended in {}.",
                known(at(&told, &["failed"]), "root_event_id"),
                known(succeeded, "root_event_id"),
                known(succeeded, "ending"),
            ));
            if let Some(because) = said(&told, "because") {
                answer.line(format!("Why this one: {because}"));
            }
        }
        None => {
            answer.line("No comparable call ever worked in what was read: nothing to compare with.")
        }
    }
    for step in parts(&told, &["steps"]) {
        tell(step, &mut answer);
    }
    let changes = parts(&told, &["changes"]);
    for change in changes {
        answer.line(format!(
            "Changed between the two: event {} at {} by {}: {}",
            known(change, "event_id"),
            known(change, "event_time"),
            known(change, "principal_arn"),
            known(change, "summary"),
        ));
    }
    answer.line("A difference is what was seen together with failing; it is no proof of the cause by itself.");
    for name in ["failed", "succeeded", "because", "parts_at", "steps", "changes"] {
        if let Some(value) = told.get(name) {
            answer.put(name, without(value.clone(), &["chain"]));
        }
    }
    Ok(answer)
}

fn tell(step: &Value, answer: &mut Answer) {
    let action = |side: &str| said(at(step, &[side]), "action");
    let name = action("failed").or_else(|| action("succeeded")).unwrap_or_default();
    let outcome = |side: &str| match step.get(side) {
        Some(one) => known(one, "outcome"),
        None => "has no such step".to_owned(),
    };
    answer.line(format!(
        "{name}: failed chain: {}; other: {}",
        outcome("failed"),
        outcome("succeeded")
    ));
    let differences = parts(step, &["differences"]);
    for difference in differences {
        let side = |name: &str| said(difference, name).unwrap_or_else(|| "absent".to_owned());
        answer.line(format!(
            "  {}: failed {}, worked {}",
            known(difference, "field"),
            side("failed"),
            side("succeeded")
        ));
    }
}
