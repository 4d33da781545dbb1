//! `explain`: one incident, event, request or resource in full, and what repairs it.

use serde_json::Value;

use super::answer::{Answer, Wrong, at, known, only, parts, said, without, worth};
use super::held::Held;
use super::inputs::{Given, Input, Takes};
use crate::report::{explanation, retitle};
use crate::wording::{Language, Wording};

/// Incidents and chains of an answer.
const MOST: usize = 3;

pub(super) const INPUTS: &[Input] = &[Input {
    name: "id",
    takes: Takes::Text,
    required: true,
    says: "the id of an incident (inc-…), an event or a request, or what calls were about: vol-…, an \
           ARN, a name",
}];

/// What belongs to another tool, or tells nothing to a model.
const LEFT_OUT: [&str; 5] = ["signatures", "new_signatures", "occurrences", "chain", "related"];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let id = given.text("id").unwrap_or_default();
    let asked = held.find(id)?;
    let material = held.analysis.material(Some(MOST));
    let told = held.told(|words| {
        let mut told = explanation::explain(&material, words, &asked);
        told.asked.clear();
        told.chains.truncate(MOST);
        told.incidents.truncate(MOST);
        told.weighed.truncate(MOST);
        told.in_force.clear();
        if held.redacts() {
            retitle(&mut told.incidents, &Wording::new(Language::En));
        }
        told
    })?;
    let mut answer = Answer::default();
    answer.line(format!("Found as: {}.", known(&told, "found_as")));
    let incidents = parts(&told, &["incidents"]);
    if incidents.is_empty() {
        answer
            .line("It belongs to no incident: nothing was denied in its chain as far as was read.");
    }
    for incident in incidents {
        tell(incident, &mut answer);
    }
    for chain in parts(&told, &["chains"]) {
        tell_chain(chain, &mut answer);
    }
    // Of a failure the verdict has weighed it, with what evaluation alone does not know.
    let evaluated = told.get("evaluated").filter(|_| incidents.is_empty());
    if let Some(evaluated) = evaluated {
        answer.line(format!("Evaluated with the policies known: {}", known(evaluated, "text")));
    }
    let incidents: Vec<Value> = incidents.iter().map(pruned).collect();
    answer.put("incidents", incidents);
    for name in ["found_as", "event", "chains"] {
        if let Some(value) = told.get(name) {
            answer.put(name, value.clone());
        }
    }
    if let Some(evaluated) = evaluated {
        answer.put("evaluated", evaluated.clone());
    }
    Ok(answer)
}

fn pruned(incident: &Value) -> Value {
    let mut pruned = without(incident.clone(), &LEFT_OUT);
    if let Some(members) = pruned.as_object_mut() {
        let comparison =
            members.get("comparison").map(|one| only(one, &["failures", "successes", "factors"]));
        if let Some(comparison) = comparison {
            members.insert("comparison".to_owned(), comparison);
        }
        let fixes = parts(incident, &["fixes"]).iter();
        let fixes: Vec<Value> =
            fixes.map(|fix| without(fix.clone(), &["terraform", "patch"])).collect();
        members.insert("fixes".to_owned(), fixes.into());
    }
    pruned
}

fn tell(incident: &Value, answer: &mut Answer) {
    let verdict = at(incident, &["verdict"]);
    let certainty = known(verdict, "certainty");
    answer.line(super::incidents::line(incident));
    if at(incident, &["guardrail"]) == true {
        answer.line(
            "It looks like a guardrail doing its work: offer what the caller can do within the rule; an \
             exemption is its owner's decision.",
        );
    }
    answer.line(format!("  Why: {}", known(verdict, "explanation")));
    answer.line(format!("  How sure: {}.", worth(&certainty)));
    let policy = at(verdict, &["policy"]);
    let named = ["name", "arn", "attached_to", "statement_sid"];
    let named: Vec<String> = named
        .iter()
        .filter_map(|name| said(policy, name).map(|text| format!("{name} {text}")))
        .collect();
    if !named.is_empty() {
        answer.line(format!("  Policy: {}", named.join(", ")));
    }
    if let Some(keys) = said(verdict, "condition_keys") {
        answer.line(format!("  Condition keys: {keys}"));
    }
    let change = at(incident, &["change"]);
    if change.is_object() {
        answer.line(format!(
            "  Changed before: event {} at {} by {}: {}",
            known(change, "event_id"),
            known(change, "event_time"),
            known(change, "principal_arn"),
            known(change, "summary"),
        ));
    }
    tell_fixes(incident, answer);
    if let Some(next) = said(verdict, "next_evidence").filter(|_| certainty != "proven") {
        answer.line(format!("  Would settle it: {next}"));
    }
}

fn tell_fixes(incident: &Value, answer: &mut Answer) {
    let fixes = parts(incident, &["fixes"]);
    if fixes.is_empty() {
        answer.line("  Fix: none can be told from what was read.");
    }
    for (place, fix) in fixes.iter().enumerate() {
        answer.line(format!("  Fix {}: {}", place + 1, known(fix, "title")));
        match fix.get("verified") {
            Some(verified) => answer.line(format!(
                "    checked by evaluating again: the denied request is then {}; {} successes are kept, \
                 {} would break",
                known(verified, "denied_request"),
                known(verified, "successes_kept"),
                known(verified, "successes_broken"),
            )),
            None => answer.line("    NOT checked: a proposal, since the policies are not known"),
        }
        if let Some(note) = said(fix, "note") {
            answer.line(format!("    note: {note}"));
        }
        let commands = parts(fix, &["from_log", "commands"]);
        if !commands.is_empty() {
            answer.line("    commands, to be read by a person first:");
        }
        for command in commands.iter().filter_map(Value::as_str) {
            let command = super::outside::escaped(command, usize::MAX);
            answer.line(format!("      ⟦{command}⟧"));
        }
    }
    for refuted in parts(incident, &["refuted_fixes"]) {
        answer.line(format!(
            "  Does not help: {} ({})",
            known(refuted, "title"),
            known(refuted, "because")
        ));
    }
}

/// A chain as a tree, with why each call belongs to the one above it.
pub(super) fn tell_chain(chain: &Value, answer: &mut Answer) {
    answer.line(format!(
        "Chain of event {}: {}",
        known(chain, "root_event_id"),
        known(chain, "ending")
    ));
    for step in parts(chain, &["chain"]) {
        let link = at(step, &["link"]);
        let tied = match link.is_object() {
            true => format!(
                " · belongs to event {} by {} ({})",
                known(step, "parent_event_id"),
                known(link, "kind"),
                known(link, "confidence")
            ),
            false => String::new(),
        };
        let error = said(step, "error_code").map(|code| format!(" {code}")).unwrap_or_default();
        answer.line(format!(
            "  {} {} {}{error} by {} · event {}{tied}",
            known(step, "event_time"),
            known(step, "action"),
            known(step, "outcome"),
            known(step, "principal_arn"),
            known(step, "event_id"),
        ));
    }
}
