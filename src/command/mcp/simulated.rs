//! `simulate`: one request against the policies that come with it.

use serde_json::{Map, Value};

use super::super::simulate;
use super::answer::{Answer, Wrong, said, without};
use super::held::Held;
use super::inputs::{Given, Input, Takes};
use super::outside::Teller;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "request",
        takes: Takes::Object,
        required: true,
        says: "principal (an ARN or a service), action, resource ({arn, accountId}), context (condition \
               keys to values; null: known to be absent), unknown_keys (a list)",
    },
    Input {
        name: "policies",
        takes: Takes::Object,
        required: true,
        says: "any of identity, boundary, scps, rcps (lists of {name, policy}; scps and rcps of {ou, \
               policies}), session, resource (a document), vpc_endpoint, kms_grants, key_state. What is \
               left out is taken to be absent; the word \"unknown\" says that it is not known",
    },
    Input {
        name: "settings",
        takes: Takes::Object,
        required: false,
        says: "s3_block_public_access",
    },
];

/// What decides, if it is handed in.
const LAYERS: [&str; 9] = [
    "identity",
    "boundary",
    "session",
    "resource",
    "scps",
    "rcps",
    "vpc_endpoint",
    "kms_grants",
    "key_state",
];

/// It asks nothing of the log: what was not handed in is not known to it.
pub(super) fn answer(_: &Held, given: &Given) -> Result<Answer, Wrong> {
    let mut case = Map::from_iter([("id".to_owned(), Value::Null)]);
    for name in ["request", "policies", "settings"] {
        if let Some(value) = given.object(name) {
            case.insert(name.to_owned(), value);
        }
    }
    let policies = case.get("policies").cloned().unwrap_or_default();
    let verdict: Value = simulate::verdict_on(&Value::Object(case).to_string())
        .map_err(|error| Wrong::Raised(format!("the case cannot be read: {error}")))?;
    // A word of the program's, though it is not spelled as those of reports are.
    let result = verdict.get("result").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut told = Teller::without_marks().told(without(verdict, &["result"]));
    let mut answer = Answer::default();
    answer.line(format!(
        "{result}{}.",
        said(&told, "layer").map(|layer| format!(" by {layer}")).unwrap_or_default()
    ));
    let absent: Vec<&str> =
        LAYERS.into_iter().filter(|layer| policies.get(layer).is_none()).collect();
    if !absent.is_empty() {
        answer.line(format!(
            "Taken to be absent, since it was not handed in: {}. A layer that is there in truth makes \
             another result; a KMS key always has a key policy (resource).",
            absent.join(", ")
        ));
    }
    answer.put("taken_to_be_absent", absent);
    if let Some(unknown) = said(&told, "unknown") {
        answer.line(format!("It hangs on what is not known: {unknown}"));
    }
    if let Some(warnings) = said(&told, "warnings") {
        answer
            .line(format!("Not understood of the policies, so the verdict may differ: {warnings}"));
    }
    answer.line("It holds for exactly the policies handed in; AWS may know others.");
    if let Some(members) = told.as_object_mut() {
        members.insert("result".to_owned(), result.into());
    }
    answer.put("verdict", told);
    Ok(answer)
}
