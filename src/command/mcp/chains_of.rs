//! `chains`: the call that a person or program made, and the calls that services made for it.

use super::answer::{Answer, Wrong, parts};
use super::explained::tell_chain;
use super::held::Held;
use super::inputs::{Given, Input, Takes};
use crate::report::explanation;

/// Chains of an answer.
const USUAL: usize = 5;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "id",
        takes: Takes::Text,
        required: true,
        says: "the id of an event, incident or request in the chain, or what its calls were about",
    },
    Input { name: "limit", takes: Takes::Count(20), required: false, says: "how many (default 5)" },
    Input {
        name: "cursor",
        takes: Takes::Text,
        required: false,
        says: "the next_cursor of the answer before",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let mut asked = held.find(given.text("id").unwrap_or_default())?;
    let page = given.page(std::mem::take(&mut asked.events), USUAL)?;
    let mut answer = Answer::default();
    answer.put("found", page.found);
    if let Some(next) = &page.next {
        answer.put("next_cursor", next.clone());
    }
    asked.events = page.parts;
    let material = held.analysis.material(Some(0));
    let told = held.told(|words| explanation::explain(&material, words, &asked).chains)?;
    let told = serde_json::json!({ "chains": told });
    answer.line(format!(
        "{} events are named by it; the chains of {} are shown.",
        page.found,
        asked.events.len()
    ));
    for chain in parts(&told, &["chains"]) {
        tell_chain(chain, &mut answer);
    }
    answer.line(
        "A link carries its confidence, 0 to 1: below 1 the call may belong to another one. What a log \
         does not hold is in no chain.",
    );
    if let Some(next) = page.next {
        answer.line(format!("More: ask again with cursor {next}."));
    }
    answer.put("chains", parts(&told, &["chains"]).to_vec());
    Ok(answer)
}
