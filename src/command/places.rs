//! In which files the records and statements of a report stand, for the formats that show files. Looked
//! up when such a report is written, since nothing else needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::config::Config;
use super::reading;
use crate::cli::ReadArguments;
use crate::error::Result;
use crate::event::Time;
use crate::ingest::{self, DELIVERY_SLACK, Input, Options, Source};
use crate::report::sarif::{Lines, Places, lines};
use crate::report::{Incident, Report};

/// Bytes of files that are looked through once more, at most: a file whose name tells no time may hold
/// any record.
const MOST: u64 = 512 << 20;
/// Bytes of a policy file whose lines are looked at.
const POLICY: u64 = 64 << 20;

/// The places of what a report names; what is not found has none.
///
/// # Errors
/// When the inputs cannot be listed any more.
pub(super) fn of(report: &Report, given: Given<'_>, config: &Config) -> Result<Places> {
    let records = match given.read {
        Some(read) => records(report, read, config)?,
        None => BTreeMap::new(),
    };
    Ok(Places { records, statements: statements(report, given.policies) })
}

/// What can be looked into once more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given<'a> {
    /// The export.
    pub(super) read: Option<&'a ReadArguments>,
    /// Files and folders of policies.
    pub(super) policies: &'a [PathBuf],
}

/// Events that a report names, and when they were.
fn wanted(report: &Report) -> BTreeMap<&str, Time> {
    let named = report.incidents.iter().flat_map(|incident: &Incident| {
        let denied = incident.denied.iter().map(|call| (&call.event_id, &call.event_time));
        let change = incident.change.iter().map(|call| (&call.event_id, &call.event_time));
        let root = incident.root.iter();
        let root = root.filter_map(|call| Some((call.event_id.as_ref()?, &call.event_time)));
        let chain = incident.chain.iter();
        let chain = chain.filter_map(|call| Some((call.event_id.as_ref()?, &call.event_time)));
        denied.chain(change).chain(root).chain(chain)
    });
    named.filter_map(|(id, time)| Some((id.as_str(), Time::parse(time)?))).collect()
}

fn records(
    report: &Report,
    read: &ReadArguments,
    config: &Config,
) -> Result<BTreeMap<String, String>> {
    let (inputs, options) = reading::asked(read, config)?;
    let mut wanted = wanted(report);
    let mut places = BTreeMap::new();
    let mut left = MOST;
    for source in ingest::discover(&inputs, &options.roots)?.sources {
        let Some(path) = source.path() else { continue };
        let size = source.size().unwrap_or_default();
        if wanted.is_empty() || size > left {
            break;
        }
        if !wanted.values().any(|time| may_hold(&source, *time)) {
            continue;
        }
        left -= size;
        for id in held(path, &options)? {
            if wanted.remove(id.as_str()).is_some() {
                places.insert(id, source.name());
            }
        }
    }
    Ok(places)
}

/// Whether a file may hold a record of this time, by its name.
fn may_hold(source: &Source, time: Time) -> bool {
    source.delivery.as_ref().is_none_or(|delivery| {
        let (oldest, newest) = (-DELIVERY_SLACK, 60);
        time >= delivery.stamp.plus_seconds(oldest) && time <= delivery.stamp.plus_seconds(newest)
    })
}

/// The events of one file.
fn held(path: &Path, options: &Options) -> Result<BTreeSet<String>> {
    let own = Options { caps: options.caps, ..Options::default() };
    let read = ingest::read(&[Input::Path(path.to_path_buf())], &own, &())?;
    Ok(read.events.iter().map(|event| event.id().to_owned()).collect())
}

/// The deciding statements that stand in the files of policies given, each in one of them.
fn statements(report: &Report, policies: &[PathBuf]) -> BTreeMap<String, (String, Lines)> {
    let mut places: BTreeMap<String, Vec<(String, Lines)>> = BTreeMap::new();
    for (name, text) in policies.iter().flat_map(texts) {
        for incident in &report.incidents {
            let policy = incident.verdict.policy.as_ref();
            if let Some(lines) = policy.and_then(|policy| lines(&name, &text, policy)) {
                places.entry(incident.id.clone()).or_default().push((name.clone(), lines));
            }
        }
    }
    let alone = |(id, mut places): (String, Vec<(String, Lines)>)| {
        let last = places.pop()?;
        places.is_empty().then_some((id, last))
    };
    places.into_iter().filter_map(alone).collect()
}

/// The files of policies below a path, as they are named, with what is in them.
fn texts(path: &PathBuf) -> impl Iterator<Item = (String, String)> {
    let files = WalkDir::new(path).sort_by_file_name().into_iter().filter_map(|entry| entry.ok());
    files.filter_map(|file| {
        let is_small = file.metadata().is_ok_and(|of| of.is_file() && of.len() <= POLICY);
        let text = is_small.then(|| fs::read_to_string(file.path()).ok()).flatten()?;
        Some((file.path().to_string_lossy().into_owned(), text))
    })
}
