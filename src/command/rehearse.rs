//! `trailwhy rehearse`: what a policy change would break, before it is made.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Deserialize;

use super::analysis::{self, Besides};
use super::config::Config;
use super::reading::Taught;
use super::reporting::terminal_style;
use super::sharing::{self, Sharing};
use super::{output, reading};
use crate::chain::Chains;
use crate::cli::{ReadArguments, RehearseArguments, RehearseFormat};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::fold::Settled;
use crate::given::{self, Cap};
use crate::history::History;
use crate::rehearse::change::{Changes, Document, Now, Plan, Target, Template};
use crate::rehearse::passing::{Asked, Passing};
use crate::rehearse::view::{self, Fares, Outcome, Report};
use crate::rehearse::{Trail, markdown, rehearse, terminal};
use crate::report::sanitize;
use crate::wording::{Language, Sentence, Wording};

/// Exit status when something would or may break.
const BREAKS: u8 = 1;

/// Records up to which all are held.
const WHOLE: usize = 1 << 18;

/// What is meant to break is a short list.
const ALLOWED: Cap = Cap { bytes: 1 << 20, instead: "one [[allow]] for each thing that may break" };

/// What is meant to break.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meant {
    #[serde(default)]
    allow: Vec<Rule>,
}

/// One thing that is meant to break: all that is said of it must fit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    principal: Option<String>,
    action: Option<String>,
    resource: Option<String>,
    /// For who reads the file.
    #[serde(default, rename = "reason")]
    _reason: Option<String>,
}

/// Reads, rehearses and reports.
pub fn run(arguments: &RehearseArguments) -> anyhow::Result<ExitCode> {
    let config = Config::of(arguments.read.config.as_deref())?;
    output::refuse_overlap(
        &arguments.redact.redact_map,
        reading::paths(&arguments.read, &config)
            .iter()
            .chain(reading::besides(&arguments.known))
            .chain(&arguments.read.files_from)
            .chain(&arguments.change)
            .chain(config.files()),
    )?;
    let typed = Typed::read(arguments)?;
    let meant = meant(arguments.allow.as_ref())?;
    let besides = Besides::read(&arguments.known)?;
    // What holds now may have been set long ago, so that all of the export is read.
    let read = ReadArguments { since: None, until: None, ..arguments.read.clone() };
    let read = sharing::read(&read, &arguments.redact);
    let (events, is_whole) = match reading::taught(&read, &config, WHOLE)? {
        Taught::Whole(ingested) => (ingested.events, true),
        Taught::Teaching(events) => (events, false),
    };
    let events = events.as_slice();
    let dump = analysis::dump(&arguments.known.dumps, &config, events)?;
    let history = History::new(events, dump);
    let now = now(arguments, &history, events);
    let changes = changes(arguments, &now, &typed)?;
    let last = events.last().map(|event| event.time);
    let since = arguments.read.since.and_then(|since| analysis::moment(since, last));
    let knowledge = besides.knowledge();
    let rehearsal = if is_whole {
        let chains = Chains::build(events, knowledge);
        let trail = Trail::new(events, &chains, knowledge);
        rehearse(&trail, &history, &changes.amendments, now.present, since)
    } else {
        let after = &history.amended(&changes.amendments, now.present);
        let (amendments, present) = (changes.amendments.as_slice(), now.present);
        let asked = Asked { history: &history, after, amendments, present, since };
        let mut passing = Passing::new(asked, knowledge);
        reading::watched(&read, &config, knowledge, &mut |settled| {
            let Settled { events, chains, numbers, fresh, quiet, quiet_numbers } = settled;
            let trail = Trail { events, chains, knowledge, quiet, numbers: Some(numbers) };
            passing.take(&trail, fresh, quiet_numbers);
        })?;
        passing.finish()
    };

    let language = match arguments.format {
        RehearseFormat::Json => Language::En,
        _ => analysis::language(arguments.lang, &config),
    };
    let wording = Wording::new(language);
    let mut sharing = Sharing::new(&arguments.redact);
    let mut report = view::report(&rehearsal, &changes, &sharing.wording(language));
    for finding in &mut report.findings {
        finding.is_meant = meant.allow.iter().any(|rule| rule.fits(finding));
    }
    report.conclude(&sharing.wording(language));
    let fails = fails(&report, arguments);
    let report = sharing.shared(report)?;
    sharing.keep_mapping(&arguments.redact)?;
    if !arguments.read.quiet && !sharing.redacts() {
        reading::warn_of_gaps(&history);
    }
    let text = match arguments.format {
        RehearseFormat::Json => sanitize::json(&serde_json::to_string_pretty(&report)?) + "\n",
        RehearseFormat::Terminal => terminal::text(&report, &wording, terminal_style().width),
        RehearseFormat::Markdown => markdown::text(&report, &wording),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    let status = fails && !arguments.exit_zero;
    Ok(if status { ExitCode::from(BREAKS) } else { ExitCode::SUCCESS })
}

/// The moment whose policies are changed: just before the first event that is rehearsed, else the one
/// asked for, else after everything that is known.
fn now<'h>(arguments: &RehearseArguments, history: &'h History, events: &[Event]) -> Now<'h> {
    let last = events.last().map(|event| event.time);
    let at = arguments.at.or(arguments.read.until);
    let asked = at.and_then(|at| analysis::moment(at, last));
    let of_event = |id: &String| history.change_by(id).map(|change| change.time.plus_seconds(-1));
    let before = arguments.change_event.iter().filter_map(of_event).min();
    let present =
        asked.or(before).unwrap_or_else(|| history.latest().max(last.unwrap_or_default()));
    Now { history, present }
}

/// The documents typed, each read before an hour of reading.
struct Typed {
    documents: Vec<Document>,
    plan: Option<Plan>,
    templates: Vec<Template>,
}

impl Typed {
    fn read(arguments: &RehearseArguments) -> Result<Typed> {
        let RehearseArguments { change, on, attach, detach, .. } = arguments;
        let others = [
            arguments.delete.len(),
            arguments.change_event.len(),
            arguments.change_dir.len(),
            arguments.cloudformation.len(),
            usize::from(arguments.terraform_plan.is_some()),
        ];
        let paired = change.len() + attach.len() + detach.len();
        if paired == 0 && others.iter().sum::<usize>() == 0 {
            return Err(Error::Said(Sentence::new("message-rehearse-nothing")));
        }
        if paired != on.len() {
            return Err(Error::Said(Sentence::new("message-rehearse-pairs")));
        }
        Ok(Typed {
            documents: change.iter().map(|path| Document::read(path)).collect::<Result<_>>()?,
            plan: arguments.terraform_plan.as_deref().map(Plan::read).transpose()?,
            templates: arguments
                .cloudformation
                .iter()
                .map(|path| Template::read(path))
                .collect::<Result<_>>()?,
        })
    }
}

/// Everything typed, together.
fn changes(arguments: &RehearseArguments, now: &Now<'_>, typed: &Typed) -> Result<Changes> {
    let RehearseArguments { kind, name, .. } = arguments;
    let target = |on| Target { on, kind: *kind, name: name.as_deref() };
    let mut on = arguments.on.iter();
    let mut changes = Changes::default();
    for (document, on) in typed.documents.iter().zip(on.by_ref()) {
        changes.add(now.put(target(on), document)?);
    }
    for (policy, on) in arguments.attach.iter().zip(on.by_ref()) {
        changes.add(now.attach(policy, on, *kind, true)?);
    }
    for (policy, on) in arguments.detach.iter().zip(on.by_ref()) {
        changes.add(now.attach(policy, on, *kind, false)?);
    }
    for on in &arguments.delete {
        changes.add(now.delete(target(on))?);
    }
    for path in &arguments.change_dir {
        now.folder(path, &mut changes)?;
    }
    if let Some(plan) = &typed.plan {
        plan.add_to(&mut changes, now);
    }
    for template in &typed.templates {
        template.add_to(&mut changes, now);
    }
    for id in &arguments.change_event {
        let (amendments, told) = now.of_event(id)?;
        changes.amendments.extend(amendments);
        changes.told.extend(told);
    }
    Ok(changes)
}

fn meant(path: Option<&PathBuf>) -> Result<Meant> {
    let Some(path) = path else { return Ok(Meant::default()) };
    let text = given::text(path, ALLOWED)?;
    toml::from_str(&text).map_err(|error| Error::document(path, error.to_string()))
}

impl Rule {
    /// Everything that is hit must be meant.
    fn is_on(&self, resources: &[String]) -> bool {
        let pattern = self.resource.as_deref();
        let is_meant = |one: &String| analysis::asked(pattern, std::iter::once(one.as_str()));
        pattern.is_none() || (!resources.is_empty() && resources.iter().all(is_meant))
    }

    fn fits(&self, finding: &view::Told) -> bool {
        let asked = |pattern: &Option<String>, values: Vec<&str>| {
            analysis::asked(pattern.as_deref(), values.into_iter())
        };
        let says_something =
            self.principal.is_some() || self.action.is_some() || self.resource.is_some();
        // Every action of the finding must be meant.
        let actions = |action: &String| asked(&self.action, vec![action]);
        says_something
            && asked(&self.principal, vec![&finding.principal_arn])
            && finding.actions.iter().all(actions)
            && self.is_on(&finding.resources)
    }
}

/// Whether something breaks, or may, that is not meant to, of the kinds that count.
fn fails(report: &Report, arguments: &RehearseArguments) -> bool {
    if arguments.fail_on.is_empty() {
        return report.result != Outcome::Holds;
    }
    report.findings.iter().any(|finding| {
        !finding.is_meant
            && finding.reason != Fares::NewlyAllowed
            && arguments.fail_on.contains(&finding.kind)
    })
}
