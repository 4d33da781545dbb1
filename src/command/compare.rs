//! `trailwhy compare`: a failed chain beside a successful one, or one time range or principal
//! beside another.

use std::io::Write;
use std::process::ExitCode;

use super::analysis::{self, Analysis};
use super::ask;
use super::config::Config;
use super::reporting::terminal_style;
use super::sharing::{self, Sharing};
use super::{output, reading};
use crate::cli::{CompareArguments, CompareFormat};
use crate::diagnose::Incident;
use crate::error::{Error, Result};
use crate::event::{Event, Time};
use crate::ingest::Moment;
use crate::report::explanation::FoundAs;
use crate::report::groups::{Selected, groups};
use crate::report::leaf::Detail;
use crate::report::side_by_side::{With, side_by_side};
use crate::report::{Report, html, markdown, sanitize, terminal};
use crate::wording::{Language, Wording};

/// In the place of an id: the comparable call that differs least.
const NEAREST: &str = "auto";

/// Reads and compares.
pub fn run(arguments: &CompareArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    output::refuse_overlap(
        &arguments.redact.redact_map,
        reading::paths(&arguments.read, &config)
            .iter()
            .chain(reading::besides(&arguments.known))
            .chain(&arguments.read.files_from)
            .chain(config.files()),
    )?;
    let read = sharing::read(&arguments.read, &arguments.redact);
    let known = &arguments.known;
    let analysis = match &arguments.failed {
        Some(failed) => {
            let ids = [failed.as_str(), arguments.with.as_str()];
            let named = if arguments.with == NEAREST { 1 } else { 2 };
            let ids = ids.get(..named).unwrap_or_default();
            Analysis::run_for(ids, &read, known, &config, arguments.memory)?
        }
        None => Analysis::run_on_all(&read, known, &config)?,
    };
    let wording = Wording::new(match arguments.format {
        CompareFormat::Json => Language::En,
        _ => analysis::language(arguments.lang, &config),
    });
    let mut sharing = Sharing::new(&arguments.redact);
    let text = match &arguments.failed {
        Some(failed) => chains(arguments, failed, &analysis, &wording, &mut sharing)?,
        None => both_groups(arguments, &analysis, &wording, &mut sharing)?,
    };
    sharing.keep_mapping(&arguments.redact)?;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn json<T: serde::Serialize>(document: &T) -> serde_json::Result<String> {
    Ok(sanitize::json(&serde_json::to_string_pretty(document)?) + "\n")
}

fn chains(
    arguments: &CompareArguments,
    failed: &str,
    analysis: &Analysis,
    wording: &Wording,
    sharing: &mut Sharing,
) -> anyhow::Result<String> {
    let report = analysis.report(wording, None);
    let failed = failed_call(failed, analysis, &report)?;
    let with = match arguments.with.as_str() {
        NEAREST => With::Nearest,
        id => With::This(working_call(id, analysis, &report)?),
    };
    let material = analysis.material(None);
    let found = side_by_side(&material, &sharing.wording(wording.language()), failed, with);
    let found = if sharing.redacts() { found.without_records() } else { found };
    let found = sharing.shared(found)?;
    let detail = detail(arguments);
    Ok(match arguments.format {
        CompareFormat::Json => json(&found)?,
        CompareFormat::Text => terminal::side_by_side(&found, detail, wording, terminal_style()),
        CompareFormat::Markdown => markdown::side_by_side(&found, detail, wording),
        CompareFormat::Html => html::side_by_side(&found, detail, wording),
    })
}

/// A terminal shows a screen unless asked for more; what is passed on has room.
fn detail(arguments: &CompareArguments) -> Detail {
    let is_page = matches!(arguments.format, CompareFormat::Markdown | CompareFormat::Html);
    match (arguments.all, arguments.full || is_page) {
        (true, _) => Detail::All,
        (false, true) => Detail::Full,
        (false, false) => Detail::Screen,
    }
}

/// The call that failed in what the id names: the event itself, else the denied call of its
/// incident, else the first that failed in its chains, else the call at the top, which lacks a step
/// then.
pub(super) fn failed_call(id: &str, analysis: &Analysis, report: &Report) -> Result<usize> {
    let (events, chains) = (&analysis.ingested.events, &analysis.chains);
    let asked = ask::find(id, events, report)?;
    let failed = |index: &usize| events.get(*index).is_some_and(Event::failed);
    if let (FoundAs::Event, [index]) = (asked.found_as, asked.events.as_slice())
        && failed(index)
        && chains.children(*index).is_empty()
    {
        return Ok(*index);
    }
    let roots: Vec<usize> = asked.events.iter().map(|index| chains.asked(*index, events)).collect();
    let in_chain = |incident: &Incident| {
        incident.occurrences.iter().find_map(|occurrence| {
            let call = occurrence.failing.as_ref().map(|failing| failing.denied);
            call.or(occurrence.root).filter(|index| roots.contains(&chains.asked(*index, events)))
        })
    };
    let of_incident = analysis.diagnosis.incidents.iter().find_map(in_chain);
    let below = || roots.iter().flat_map(|root| chains.members(*root)).find(failed);
    let named = of_incident.or_else(below).or_else(|| asked.events.first().copied());
    named.ok_or_else(|| Error::Usage(format!("`{id}` names no call")))
}

/// A call in what the id names whose chain worked throughout, where there is one.
pub(super) fn working_call(id: &str, analysis: &Analysis, report: &Report) -> Result<usize> {
    let (events, chains) = (&analysis.ingested.events, &analysis.chains);
    let asked = ask::find(id, events, report)?;
    let works = |index: &usize| {
        let members = chains.members(chains.asked(*index, events));
        !members.iter().any(|member| events.get(*member).is_some_and(Event::failed))
    };
    let found = asked.events.iter().copied().find(works).or_else(|| asked.events.first().copied());
    found.ok_or_else(|| Error::Usage(format!("`{id}` names no call")))
}

fn both_groups(
    arguments: &CompareArguments,
    analysis: &Analysis,
    wording: &Wording,
    sharing: &mut Sharing,
) -> anyhow::Result<String> {
    let select = |principal: Option<&String>, since, until| {
        Selection::new(principal, since, until, analysis).select(analysis)
    };
    let principal = arguments.principal.as_ref();
    let failed = select(principal, arguments.failed_since, arguments.failed_until);
    let other = arguments.with_principal.as_ref().or(principal);
    let succeeded = select(other, arguments.with_since, arguments.with_until);
    for (which, selected) in [("failing", &failed), ("other", &succeeded)] {
        if selected.calls.is_empty() {
            return Err(Error::Usage(format!(
                "no call is in the {which} group\nhint: the export has calls from {} to {}",
                edge(analysis.ingested.events.first()),
                edge(analysis.ingested.events.last()),
            ))
            .into());
        }
    }
    let words = sharing.wording(wording.language());
    let found = sharing.shared(groups(&analysis.material(None), &words, &failed, &succeeded))?;
    let detail = detail(arguments);
    Ok(match arguments.format {
        CompareFormat::Json => json(&found)?,
        CompareFormat::Text => terminal::groups(&found, detail, wording, terminal_style()),
        CompareFormat::Markdown => markdown::groups(&found, detail, wording),
        CompareFormat::Html => html::groups(&found, detail, wording),
    })
}

fn edge(event: Option<&Event>) -> String {
    event.map_or_else(|| "?".to_owned(), |event| event.time.to_string())
}

/// Which calls belong to a group.
struct Selection<'s> {
    principal: Option<&'s String>,
    since: Option<Time>,
    until: Option<Time>,
}

impl<'s> Selection<'s> {
    fn new(
        principal: Option<&'s String>,
        since: Option<Moment>,
        until: Option<Moment>,
        analysis: &Analysis,
    ) -> Self {
        let last = analysis.ingested.events.last().map(|event| event.time);
        let moment = |asked: Option<Moment>| asked.and_then(|asked| analysis::moment(asked, last));
        Selection { principal, since: moment(since), until: moment(until) }
    }

    /// A call made for a principal's call is the principal's too.
    fn select(&self, analysis: &Analysis) -> Selected {
        let (events, chains) = (&analysis.ingested.events, &analysis.chains);
        let whose = |index: usize| {
            let of = |index: usize| events.get(index).is_some_and(|event| self.is_of(event));
            of(index) || of(chains.root(index))
        };
        let calls = events
            .iter()
            .enumerate()
            .filter(|(_, event)| self.since.is_none_or(|since| event.time >= since))
            .filter(|(_, event)| self.until.is_none_or(|until| event.time <= until))
            .map(|(index, _)| index)
            .filter(|index| chains.copy_of(*index).is_none() && whose(*index))
            .collect();
        let by_time = self.since.is_some() || self.until.is_some();
        Selected { principal: self.principal.cloned(), by_time, calls }
    }

    fn is_of(&self, event: &Event) -> bool {
        let known = [event.arn(), event.principal_arn(), event.invoked_by()];
        analysis::asked(self.principal.map(String::as_str), known.into_iter().flatten())
    }
}
