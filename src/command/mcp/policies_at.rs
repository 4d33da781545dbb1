//! `policies_at`: what was in force for somebody or something at a moment.

use serde_json::Value;

use super::super::analysis;
use super::answer::{Answer, Wrong, known, parts, said};
use super::held::Held;
use super::inputs::{Given, Input, Takes};
use crate::report::in_force;

/// Principals or resources of an answer.
const MOST: usize = 5;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "entity",
        takes: Takes::Text,
        required: true,
        says: "a principal, managed policy, resource, VPC endpoint, account or organizational unit: an \
               ARN, an id, a name, or a part with *",
    },
    Input {
        name: "time",
        takes: Takes::Time,
        required: false,
        says: "the moment: RFC 3339, a date, or 2h, 3d before the last event (default: the last event)",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let entity = held.named(given.text("entity").unwrap_or_default())?;
    let history = &held.analysis.history;
    let at = held.moment(given.moment("time")).or(held.last()).unwrap_or_default();
    let owners = analysis::owners(history, &entity);
    let inventory = history.at(at);
    let told = held.told(|words| {
        owners.iter().take(MOST).map(|one| in_force::of(&inventory, one, words)).collect::<Vec<_>>()
    })?;
    let mut answer = Answer::default();
    answer.line(format!("In force at {at}, as far as it is known:"));
    let told: Vec<Value> = told.as_array().cloned().unwrap_or_default();
    for holding in &told {
        tell(holding, &mut answer);
    }
    if owners.len() > MOST {
        answer.line(format!("{} more are named so: ask with the whole ARN.", owners.len() - MOST));
    }
    answer.line(
        "Known are documents that were given (--policies) or that the trail shows being written; of all \
         others nothing is said, and an absent policy is not known to be absent.",
    );
    answer.put("at", at.to_string());
    answer.put("in_force", told);
    Ok(answer)
}

fn tell(holding: &Value, answer: &mut Answer) {
    answer.line(format!("- {}", known(holding, "of")));
    let policies = parts(holding, &["policies"]);
    for policy in policies {
        let name = said(policy, "name").or_else(|| said(policy, "arn"));
        answer.line(format!(
            "  {} {}, since {}, {} {}",
            known(policy, "layer"),
            name.unwrap_or_default(),
            known(policy, "since"),
            "document in the structured answer, from",
            origin(policy),
        ));
    }
    for missing in parts(holding, &["missing"]) {
        answer.line(format!(
            "  not known: {} {} ({})",
            known(missing, "layer"),
            known(missing, "what"),
            known(missing, "why")
        ));
    }
    if policies.is_empty() && parts(holding, &["missing"]).is_empty() {
        answer.line("  nothing is known of it");
    }
}

/// From where a document is known.
fn origin(policy: &Value) -> String {
    let source = super::answer::at(policy, &["source"]);
    ["event_id", "file", "default"]
        .into_iter()
        .find_map(|name| said(source, name).map(|told| format!("{name} {told}")))
        .unwrap_or_default()
}
