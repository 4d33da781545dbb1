//! `rehearse`: what a change of policies would break, before it is made.

use serde_json::Value;

use super::answer::{Answer, Wrong, at, known, parts, said};
use super::held::Held;
use super::inputs::{Given, Input, Takes, policy_kinds};
use crate::rehearse::change::{Changes, Document, Now, PolicyKind, Target};
use crate::rehearse::{Trail, rehearse, view};

/// Findings that are told.
const MOST: usize = 10;

pub(super) const INPUTS: &[Input] = &[
    Input {
        name: "on",
        takes: Takes::Text,
        required: false,
        says: "what the change is made to: the ARN of a role, user, policy, key, bucket, queue …, a VPC \
               endpoint (vpce-…), an organization policy (p-…), or what one hangs on (r-…, ou-…, an account)",
    },
    Input {
        name: "document",
        takes: Takes::Object,
        required: false,
        says: "the policy document as it would be, with on",
    },
    Input {
        name: "kind",
        takes: Takes::Word(policy_kinds),
        required: false,
        says: "the kind of policy, where the ARN alone does not tell",
    },
    Input {
        name: "name",
        takes: Takes::Text,
        required: false,
        says: "the name of an inline policy (default: the only one there is)",
    },
    Input {
        name: "attach",
        takes: Takes::Text,
        required: false,
        says: "instead of a document: the ARN or id of a policy that would be attached to on",
    },
    Input {
        name: "detach",
        takes: Takes::Text,
        required: false,
        says: "instead of a document: the ARN or id of a policy that would be detached from on",
    },
    Input {
        name: "delete",
        takes: Takes::Flag,
        required: false,
        says: "instead of a document: the policy of on would be deleted",
    },
    Input {
        name: "change_event",
        takes: Takes::Text,
        required: false,
        says: "instead of all that: the id of an event of the trail that changed a policy, as if it were \
               still to be made",
    },
    Input {
        name: "time",
        takes: Takes::Time,
        required: false,
        says: "rehearse as of this moment, with the calls until then (default: the end)",
    },
];

pub(super) fn answer(held: &Held, given: &Given) -> Result<Answer, Wrong> {
    let analysis = &held.analysis;
    let (events, history) = (&analysis.ingested.events, &analysis.history);
    let event = given.text("change_event").map(|id| held.named(id)).transpose()?;
    let before =
        event.as_deref().and_then(|id| history.change_by(id)).map(|one| one.time.plus_seconds(-1));
    let end = || history.latest().max(held.last().unwrap_or_default());
    let present = held.moment(given.moment("time")).or(before).unwrap_or_else(end);
    let now = Now { history, present };
    let changes = changes(held, given, &now, event.as_deref())?;
    let trail = Trail::new(events, &analysis.chains, &held.knowledge);
    let rehearsal = rehearse(&trail, history, &changes.amendments, present, None);
    let told = held.told(|words| view::report(&rehearsal, &changes, words))?;
    let mut answer = Answer::default();
    answer.line(format!("{}: {}", known(&told, "result"), known(&told, "headline")));
    for change in parts(&told, &["changes"]) {
        let what = known(change, "what");
        answer.line(format!("Change: {}", what.strip_prefix("Change: ").unwrap_or(&what)));
    }
    for part in parts(&told, &["not_understood"]) {
        answer.line(format!("NOT understood: {}", known(part, "because")));
    }
    for finding in parts(&told, &["findings"]).iter().take(MOST) {
        tell(finding, &mut answer);
    }
    let calls = |name: &str| at(&told, &["calls", name, "records"]).to_string();
    answer.line(format!(
        "Of {} records {} are not touched, {} stay allowed, {} would be denied, {} cannot be told, {} \
         would be newly allowed.",
        calls("all"),
        calls("untouched"),
        calls("still_allowed"),
        calls("would_be_denied"),
        calls("cannot_tell"),
        calls("newly_allowed"),
    ));
    for spot in parts(&told, &["blind_spots"]).iter().filter_map(Value::as_str) {
        answer.line(format!("Not seen: {spot}"));
    }
    answer.line(
        "cannot_tell never means fine. Nothing was changed: a rehearsal only evaluates what the trail shows.",
    );
    for name in [
        "result",
        "headline",
        "changes",
        "not_understood",
        "as_of",
        "span",
        "calls",
        "findings",
        "owners",
        "blind_spots",
        "unexplained_share",
        "findings_left_out",
    ] {
        if let Some(value) = told.get(name) {
            answer.put(name, value.clone());
        }
    }
    Ok(answer)
}

/// What would be changed.
fn changes(
    held: &Held,
    given: &Given,
    now: &Now<'_>,
    event: Option<&str>,
) -> Result<Changes, Wrong> {
    let mut changes = Changes::default();
    if let Some(id) = event {
        let (amendments, told) = now.of_event(id)?;
        changes.amendments.extend(amendments);
        changes.told.extend(told);
    }
    let on = given.text("on").map(|on| held.named(on)).transpose()?;
    let kind = given.text("kind").and_then(PolicyKind::parse);
    let named = |name: &str| given.text(name).map(|policy| held.named(policy)).transpose();
    let (attach, detach) = (named("attach")?, named("detach")?);
    let document = given.object("document");
    let wants = document.is_some() || attach.is_some() || detach.is_some() || given.flag("delete");
    let Some(on) = on else {
        return match wants || event.is_none() {
            true => {
                Err("on is required: the ARN or id of what the change is made to, with one of \
                         document, attach, detach, delete; or change_event alone"
                    .to_owned()
                    .into())
            }
            false => Ok(changes),
        };
    };
    if !wants {
        return Err("say what is changed: document, attach, detach or delete".to_owned().into());
    }
    let target = || Target { on: &on, kind, name: given.text("name") };
    if let Some(document) = document {
        let text = serde_json::to_string_pretty(&document)?;
        let read = Document::new(text, String::new(), "rehearsed".to_owned());
        let read =
            read.map_err(|error| Wrong::Raised(format!("document is no policy: {error}")))?;
        changes.add(now.put(target(), &read)?);
    }
    for (policy, is_there) in [(attach, true), (detach, false)] {
        if let Some(policy) = policy {
            changes.add(now.attach(&policy, &on, kind, is_there)?);
        }
    }
    if given.flag("delete") {
        changes.add(now.delete(target())?);
    }
    Ok(changes)
}

fn tell(finding: &Value, answer: &mut Answer) {
    answer.line(format!(
        "- {} ({}): {}",
        known(finding, "reason"),
        known(finding, "kind"),
        known(finding, "headline")
    ));
    if let Some(because) = said(finding, "because") {
        answer.line(format!("  {because}"));
    }
    if let Some(hangs_on) = said(finding, "hangs_on") {
        answer.line(format!("  it hangs on {hangs_on}"));
    }
    if let Some(exception) = finding.get("exception") {
        answer.line(format!(
            "  smallest exception, checked by evaluating again: {} (keeps {} records)",
            known(exception, "what"),
            known(exception, "kept")
        ));
    }
    answer.line(format!(
        "  {} records, {} to {}, e.g. events {}",
        known(finding, "records"),
        known(finding, "first"),
        known(finding, "last"),
        known(finding, "event_ids"),
    ));
}
