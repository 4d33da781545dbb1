//! `collect`: what would settle the incidents, and how it is read. Nothing is run.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Wrong, parts};
use super::held::Held;
use super::inputs::{Given, Input, Takes};
use super::outside::{FROM_LOG, Teller, escaped};
use crate::collect::{self, Wanted};
use crate::diagnose::Certainty;
use crate::wording::shell::quote;

/// How a report names the export in the command that stands for all others, which is told with its paths.
const EXPORT: &str = "'<EXPORT>'";

/// Commands of an answer.
const MOST: usize = 20;

/// Characters of a command.
const LONGEST: usize = 2_000;

/// Characters of a script.
const LONGEST_SCRIPT: usize = 60_000;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "incident",
        takes: Takes::Text,
        required: false,
        says: "only the commands that this incident asks for (inc-…)",
    },
    Input {
        name: "script",
        takes: Takes::Flag,
        required: false,
        says: "the whole script, too (long)",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    if held.redacts() {
        return Err(
            "names are replaced (--redact), so the commands would name nothing: whoever has the \
                    log runs `trailwhy collect` on it"
                .to_owned()
                .into(),
        );
    }
    let wanted_id = given.text("incident");
    let incidents: Vec<_> = held
        .report
        .incidents
        .iter()
        .filter(|incident| wanted_id.is_none_or(|id| incident.id == id))
        .collect();
    if let (Some(_), []) = (wanted_id, incidents.as_slice()) {
        return Err("no incident has this id: the tool incidents lists them".to_owned().into());
    }
    let mut commands: Vec<&String> = Vec::new();
    for command in incidents.iter().flat_map(|incident| &incident.verdict.next_evidence) {
        if !commands.contains(&command) && !command.contains(EXPORT) {
            commands.push(command);
        }
    }
    let analysis = &held.analysis;
    let wanted = Wanted::of(
        &analysis.diagnosis,
        &analysis.ingested.events,
        &analysis.chains,
        &analysis.history,
    );
    let mut answer = Answer::default();
    if wanted.is_empty() && commands.is_empty() {
        answer.line("Nothing is missing that would settle an incident.");
        answer.put("missing", false);
        return Ok(answer);
    }
    let paths: Vec<String> = held.paths.iter().map(|path| quote(path)).collect();
    let how =
        format!("trailwhy collect {} > collect.sh && bash collect.sh policies", paths.join(" "));
    answer.line(
        "Read-only commands, for a person with credentials of the account to look at and run:",
    );
    answer.line(format!("All at once: ⟦{}⟧", escaped(&how, LONGEST)));
    let proven = incidents.iter().filter(|one| one.verdict.certainty == Certainty::Proven).count();
    answer.line(format!(
        "Then the server is started again with --policies policies, and evaluating them settles what they \
         decide. Proven already: {proven} of {} incidents.",
        incidents.len()
    ));
    let left_out = commands.len().saturating_sub(MOST);
    let commands: Vec<String> =
        commands.into_iter().take(MOST).map(|command| escaped(command, LONGEST)).collect();
    for command in &commands {
        answer.line(format!("- ⟦{command}⟧"));
    }
    answer.put("missing", true);
    answer.put("accounts", missing(&wanted));
    answer.put("commands_left_out", left_out);
    let permissions = json!({ "permissions": collect::permissions(&wanted, None) });
    let permissions = Teller::without_marks().told(permissions);
    let mut outside = parts_of(&permissions);
    outside.insert("all_at_once".to_owned(), escaped(&how, LONGEST).into());
    outside.insert("commands".to_owned(), commands.into());
    if given.flag("script") {
        let script = collect::script(&wanted, None);
        let lines: Vec<String> = script.lines().map(|line| escaped(line, LONGEST)).collect();
        let script = lines.join("\n");
        match script.len() > LONGEST_SCRIPT {
            true => answer.line("The script is too long to be passed on: let a person make it."),
            false => {
                outside.insert("script".to_owned(), script.into());
            }
        }
    }
    answer.put(FROM_LOG, outside);
    Ok(answer)
}

fn parts_of(told: &Value) -> Map<String, Value> {
    told.get(FROM_LOG).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What is missing, by account.
fn missing(wanted: &Wanted) -> Value {
    let accounts = wanted.accounts.iter().map(|(account, of)| {
        json!({
            "account_id": account,
            "principals": of.entities.len(),
            "resources": of.resources.iter().collect::<Vec<_>>(),
            "endpoints": of.endpoints.len(),
            "organization_policies": of.organization,
        })
    });
    let told = Teller::without_marks().told(json!({ "accounts": accounts.collect::<Value>() }));
    parts(&told, &["accounts"]).to_vec().into()
}
