//! `trailwhy changes`: who changed what is allowed, and how, as a readable diff.

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value as Json;
use similar::TextDiff;

use super::config::Config;
use super::{analysis, policies};
use crate::cli::{ChangesArguments, ListFormat, ReadArguments};
use crate::event::Time;
use crate::history::change::{Change, Value};
use crate::history::replay::{Known, State};
use crate::history::subject::{Entity, Subject, resource_name};
use crate::history::{History, document};
use crate::ingest::Moment;
use crate::report::sanitize;
use crate::wording::{Sentence, Wording};

/// One change as JSON gives it. A state that is not known is `null`, one that is nothing `"none"`.
#[derive(Serialize)]
pub(super) struct Listed {
    event_id: String,
    event_time: String,
    action: String,
    principal_arn: Option<String>,
    account_id: Option<String>,
    layer: &'static str,
    of: Option<String>,
    summary: String,
    before: Option<Json>,
    after: Option<Json>,
    diff: Option<String>,
}

#[derive(Serialize)]
struct Listing {
    changes: Vec<Listed>,
}

/// Reads the whole export, since what was before a change may be far back, and lists the changes
/// asked for.
pub fn run(arguments: &ChangesArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    let (history, last) = policies::history(&arguments.read, &arguments.dumps, &config)?;
    let ReadArguments { since, until, .. } = &arguments.read;
    let moment = |asked: Option<Moment>| asked.and_then(|asked| analysis::moment(asked, last));
    let (since, until) = (moment(*since), moment(*until));
    let wording = Wording::new(analysis::language(arguments.lang, &config));
    let changes = within(&history, since, until, arguments.only_for.as_deref());
    let changes: Vec<Listed> =
        changes.into_iter().map(|change| listed(&history, change, &wording)).collect();
    let mut out = std::io::stdout().lock();
    match arguments.format {
        ListFormat::Json => {
            let json = serde_json::to_string_pretty(&Listing { changes })?;
            writeln!(out, "{}", sanitize::json(&json))?;
        }
        ListFormat::Text => write_text(&mut out, &changes, &wording)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The changes of a time, and of what is named so.
pub(super) fn within<'h>(
    history: &'h History,
    since: Option<Time>,
    until: Option<Time>,
    named: Option<&str>,
) -> Vec<&'h Change> {
    let wanted = named.map(|named| analysis::owners(history, named));
    history
        .changes()
        .iter()
        .filter(|change| since.is_none_or(|since| change.time >= since))
        .filter(|change| until.is_none_or(|until| change.time <= until))
        .filter(|change| {
            wanted.as_ref().is_none_or(|all| all.iter().any(|one| is_of(history, change, one)))
        })
        .collect()
}

/// Whether a change is about this principal, policy, resource, account or target: by ARN, also a
/// session's, or by id.
fn is_of(history: &History, change: &Change, wanted: &str) -> bool {
    if history.owner(&change.subject).as_deref() == Some(wanted) {
        return true;
    }
    let entity = Entity::from_arn(wanted);
    match &change.subject {
        Subject::Entity(of)
        | Subject::InlinePolicy { of, .. }
        | Subject::Attachment { to: of, .. }
        | Subject::Boundary(of)
        | Subject::TrustPolicy(of)
        | Subject::Membership { user: of, .. } => entity.as_ref() == Some(of),
        Subject::ManagedPolicy(policy) | Subject::PolicyVersion { policy, .. } => entity
            .is_some_and(|to| {
                let subject = Subject::Attachment { to, policy: policy.clone() };
                let state = history.at(change.time).state(&subject).cloned();
                state.is_some_and(|state| state.value() == Some(&Value::Present))
            }),
        Subject::ResourcePolicy(name)
        | Subject::KeyState(name)
        | Subject::Grant { key: name, .. }
        | Subject::Tag { of: name, .. } => *name == resource_name(wanted),
        Subject::OrganizationAttachment { policy, .. } => policy == wanted,
        _ => false,
    }
}

pub(super) fn listed(history: &History, change: &Change, wording: &Wording) -> Listed {
    let states = history.around(change);
    let (before, after) = match states {
        Some((before, after)) => (shown(before), shown(after)),
        None => (None, None),
    };
    let diff = difference(before.as_deref(), after.as_deref());
    let json = |text: Option<String>| {
        text.map(|text| serde_json::from_str(&text).unwrap_or(Json::String(text)))
    };
    Listed {
        event_id: change.event_id.to_string(),
        event_time: change.time.to_string(),
        action: change.action.clone(),
        principal_arn: change.by.clone(),
        account_id: change.account.clone(),
        layer: change.layer.as_str(),
        of: history.owner(&change.subject),
        summary: wording.say(&change.summary),
        before: json(before),
        after: json(after),
        diff,
    }
}

/// A state over lines; `None` where it is not known.
fn shown(state: &State) -> Option<String> {
    match &state.known {
        Known::Is(Value::Absent) => Some("none".to_owned()),
        Known::Is(Value::Present) => Some("present".to_owned()),
        Known::Is(Value::Text(text)) => Some(document::pretty(text)),
        Known::Is(Value::Grant(grant)) => {
            Some(format!("{} may {}", grant.grantee, grant.operations.join(", ")))
        }
        Known::Is(Value::Hidden(_)) | Known::Partly(_) | Known::Unknown { .. } => None,
    }
}

/// Both states as a line diff; only where both are known and one of them is a document.
fn difference(before: Option<&str>, after: Option<&str>) -> Option<String> {
    let (before, after) = (before?, after?);
    if !before.starts_with('{') && !after.starts_with('{') {
        return None;
    }
    let empty_if_none =
        |text: &'_ str| if text == "none" { String::new() } else { format!("{text}\n") };
    let (before, after) = (empty_if_none(before), empty_if_none(after));
    let diff = TextDiff::from_lines(&before, &after);
    Some(diff.unified_diff().context_radius(3).to_string())
}

fn write_text(out: &mut dyn Write, changes: &[Listed], wording: &Wording) -> std::io::Result<()> {
    if changes.is_empty() {
        return writeln!(out, "{}", wording.say(&Sentence::new("changes-none")));
    }
    let mut event = "";
    let mut said: Vec<&str> = Vec::new();
    for change in changes {
        if change.event_id != event {
            event = &change.event_id;
            said.clear();
            let by = change.principal_arn.as_deref().unwrap_or("?");
            writeln!(
                out,
                "{}  {}  {}  {}",
                change.event_time,
                sanitize::line(&change.action),
                sanitize::line(by),
                sanitize::line(event),
            )?;
        }
        if !said.contains(&change.summary.as_str()) {
            said.push(&change.summary);
            writeln!(out, "  {}", sanitize::line(&change.summary))?;
        }
        write_states(out, change, wording)?;
    }
    Ok(())
}

/// A document with what changed in it, or as a whole where what was before is not known; short
/// states side by side.
fn write_states(out: &mut dyn Write, change: &Listed, wording: &Wording) -> std::io::Result<()> {
    match (&change.diff, &change.before, &change.after) {
        (Some(diff), ..) => indented(out, diff),
        (None, None, Some(after @ (Json::Object(_) | Json::Array(_)))) => {
            writeln!(out, "    {}", wording.say(&Sentence::new("changes-before-unknown")))?;
            indented(out, &serde_json::to_string_pretty(after).unwrap_or_default())
        }
        (None, Some(Json::String(before)), Some(Json::String(after))) if before != after => {
            indented(out, &format!("{before} -> {after}"))
        }
        _ => Ok(()),
    }
}

fn indented(out: &mut dyn Write, text: &str) -> std::io::Result<()> {
    for line in sanitize::lines(text).lines() {
        writeln!(out, "    {line}")?;
    }
    Ok(())
}
