//! From arguments to everything that is known of an export: the stations in their order.

use std::collections::BTreeSet;

use super::config::Config;
use super::{ask, reading};
use crate::chain::{Chains, Knowledge};
use crate::cli::{DumpArguments, KnownArguments, Lang, ReadArguments, ShowArguments};
use crate::diagnose::{self, Diagnosis, Folded};
use crate::error::{Error, Result};
use crate::event::arn::{self, Arn};
use crate::event::{Event, Time};
use crate::fold::{Export, Read};
use crate::history::History;
use crate::history::dump::Dump;
use crate::history::evidence::Evidence;
use crate::ingest::{Ingested, Moment};
use crate::remedy::{self, Remedy};
use crate::report::{self, Incident, Material, Report, Step};
use crate::wording::{Language, Wording};

/// What is known besides the export, and read before it: a wrong name is told before an hour of
/// reading.
pub(super) struct Besides {
    knowledge: Knowledge,
    evidence: Evidence,
}

impl Besides {
    /// Reads the service table and the evidence, and looks whether the policies are there.
    ///
    /// # Errors
    /// When one of them cannot be read at all.
    pub(super) fn read(known: &KnownArguments) -> Result<Besides> {
        let knowledge = reading::knowledge(known.services.as_deref())?;
        for path in &known.dumps.policies {
            std::fs::metadata(path).map_err(|error| Error::io(path, error))?;
        }
        Ok(Besides { knowledge, evidence: Evidence::read(&known.evidence)? })
    }

    /// The service table.
    pub(super) fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }
}

/// An export, read, linked and diagnosed.
pub(super) struct Analysis {
    pub ingested: Ingested,
    pub chains: Chains,
    pub history: History,
    pub diagnosis: Diagnosis,
    pub remedies: Vec<Remedy>,
    /// What was found while the records went by, where only some of them are left.
    pub folded: Option<Folded>,
}

impl Analysis {
    /// Runs all stations; `memory` is how many bytes reading and linking may take.
    ///
    /// # Errors
    /// When inputs, policies or the service table cannot be read at all.
    pub(super) fn run(
        read: &ReadArguments,
        known: &KnownArguments,
        config: &Config,
        memory: u64,
    ) -> Result<Analysis> {
        let besides = Besides::read(known)?;
        let read = reading::folded(read, config, &besides.knowledge, memory, None)?;
        Analysis::of_read(read, besides, &known.dumps, config)
    }

    /// The same for questions about what some ids name, however large the export is.
    ///
    /// # Errors
    /// As [`Analysis::run`].
    pub(super) fn run_for(
        ids: &[&str],
        read: &ReadArguments,
        known: &KnownArguments,
        config: &Config,
        memory: u64,
    ) -> Result<Analysis> {
        let besides = Besides::read(known)?;
        let names: Vec<_> = ids.iter().map(|id| ask::naming(id)).collect();
        let asks = |event: &Event| names.iter().any(|names| names(event));
        let read = reading::folded(read, config, &besides.knowledge, memory, Some(&asks))?;
        Analysis::of_read(read, besides, &known.dumps, config)
    }

    /// Runs the stations after reading, however large the export was.
    ///
    /// # Errors
    /// When policies cannot be read at all.
    pub(super) fn of_read(
        read: Read,
        besides: Besides,
        dumps: &DumpArguments,
        config: &Config,
    ) -> Result<Analysis> {
        match read {
            Read::Whole(ingested) => Analysis::of(*ingested, besides, dumps, config),
            Read::Folded(export) => Analysis::of_folded(*export, besides, dumps, config),
        }
    }

    /// Runs all stations on every event, for questions about any one of them.
    ///
    /// # Errors
    /// As [`Analysis::run`].
    pub(super) fn run_on_all(
        read: &ReadArguments,
        known: &KnownArguments,
        config: &Config,
    ) -> Result<Analysis> {
        let besides = Besides::read(known)?;
        let ingested = reading::read(read, config)?;
        Analysis::of(ingested, besides, &known.dumps, config)
    }

    /// Runs the stations after reading, wherever the events came from.
    ///
    /// # Errors
    /// When policies cannot be read at all.
    fn of(
        ingested: Ingested,
        besides: Besides,
        dumps: &DumpArguments,
        config: &Config,
    ) -> Result<Analysis> {
        let Besides { knowledge, evidence } = besides;
        let dump = dump(dumps, config, &ingested.events)?;
        let chains = Chains::build(&ingested.events, &knowledge);
        let history = History::new(&ingested.events, dump).with_evidence(evidence);
        let diagnosis = diagnose::diagnose(&ingested.events, &chains, &knowledge, &history, None);
        let remedies = remedy::remedies(&diagnosis, &ingested.events, &chains, &history);
        Ok(Analysis { ingested, chains, history, diagnosis, remedies, folded: None })
    }

    /// Runs the stations after reading on what a large export was folded to.
    ///
    /// # Errors
    /// When policies cannot be read at all.
    fn of_folded(
        export: Export,
        besides: Besides,
        dumps: &DumpArguments,
        config: &Config,
    ) -> Result<Analysis> {
        let Besides { knowledge, evidence } = besides;
        let Export { events, chains, folded, ledger, .. } = export;
        let dump = dump(dumps, config, &events)?;
        let history = History::new(&events, dump).with_evidence(evidence);
        let found = Some(&folded);
        let diagnosis = diagnose::diagnose(&events, &chains, &knowledge, &history, found);
        let remedies = remedy::remedies(&diagnosis, &events, &chains, &history);
        let ingested = Ingested { events, ledger, ..Ingested::default() };
        Ok(Analysis { ingested, chains, history, diagnosis, remedies, folded: Some(folded) })
    }

    /// Leaves out how exemptions from guardrails are made.
    pub(super) fn withhold_exemptions(&mut self) {
        self.remedies.iter_mut().for_each(Remedy::withhold_exemptions);
    }

    /// What a report is made of.
    pub(super) fn material(&self, max_occurrences: Option<usize>) -> Material<'_> {
        Material {
            events: &self.ingested.events,
            chains: &self.chains,
            diagnosis: &self.diagnosis,
            remedies: &self.remedies,
            history: &self.history,
            ledger: &self.ingested.ledger,
            folded: self.folded.as_ref(),
            max_occurrences,
        }
    }

    /// The report in a language.
    pub(super) fn report(&self, wording: &Wording, max_occurrences: Option<usize>) -> Report {
        report::build(&self.material(max_occurrences), wording)
    }
}

/// The policies typed and configured, as of the moment asked for.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn dump(typed: &DumpArguments, config: &Config, events: &[Event]) -> Result<Dump> {
    let last = || events.last().map(|event| event.time);
    let as_of = typed.policies_as_of.and_then(|asked| moment(asked, last()));
    let paths: Vec<_> = typed.policies.iter().chain(&config.policies).cloned().collect();
    Dump::read(&paths, as_of)
}

/// A moment, where it is meant from the last event; `None` when there is none.
pub(super) fn moment(moment: Moment, last: Option<Time>) -> Option<Time> {
    match moment {
        Moment::At(time) => Some(time),
        Moment::BeforeLast(seconds) => Some(last?.plus_seconds(-seconds)),
    }
}

/// The language typed, else that of the configuration, else that of the locale.
pub(super) fn language(typed: Option<Lang>, config: &Config) -> Language {
    match typed {
        Some(Lang::En) => Language::En,
        Some(Lang::Ja) => Language::Ja,
        None => config.language.unwrap_or_else(spoken_here),
    }
}

/// The language of the locale.
fn spoken_here() -> Language {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .map_or(Language::En, |locale| Language::from_locale(&locale))
}

/// Whether an incident is one of those asked for.
pub(super) fn shows(show: &ShowArguments, incident: &Incident) -> bool {
    let denied = incident.denied.as_ref();
    let root = incident.root.as_ref();
    let principals = [
        denied.and_then(|d| d.principal_arn.as_deref()),
        denied.and_then(|d| d.invoked_by.as_deref()),
        root.and_then(|r| r.principal_arn.as_deref()),
    ];
    let actions = [denied.map(|d| d.action.as_str()), root.map(|r| r.action.as_str())];
    let mut resources: Vec<&str> = denied.and_then(|d| d.resource.as_deref()).into_iter().collect();
    resources.extend(root.into_iter().flat_map(|r| r.resources.iter().map(String::as_str)));
    asked(show.principal.as_deref(), principals.into_iter().flatten())
        && asked(show.action.as_deref(), actions.into_iter().flatten())
        && asked(show.resource.as_deref(), resources.into_iter())
}

/// Whether a chain is one of those asked for.
pub(super) fn shows_chain(show: &ShowArguments, chain: &[Step]) -> bool {
    asked(show.principal.as_deref(), chain.iter().filter_map(|s| s.principal_arn.as_deref()))
        && asked(show.action.as_deref(), chain.iter().map(|s| s.action.as_str()))
        && asked(show.resource.as_deref(), chain.iter().filter_map(|s| s.resource.as_deref()))
}

/// Whether one of `values` is what was asked for: equal, the name at its end, or matched by `*`,
/// ignoring letter case.
pub(super) fn asked<'v>(pattern: Option<&str>, mut values: impl Iterator<Item = &'v str>) -> bool {
    let Some(pattern) = pattern else { return true };
    let pattern = pattern.to_ascii_lowercase();
    values.any(|value| {
        let value = value.to_ascii_lowercase();
        if pattern.contains('*') {
            glob(&pattern, &value)
        } else {
            value == pattern || value.split(['/', ':']).any(|part| part == pattern)
        }
    })
}

/// The principals, policies, resources and targets of a history that are named so: by ARN or id as they
/// are, else as [`asked`] has it. What is not known stays as it was typed.
pub(super) fn owners(history: &History, named: &str) -> BTreeSet<String> {
    let itself = || BTreeSet::from([named.to_owned()]);
    let known = history.owners();
    let is_exact = Arn::parse(named).is_some() && !named.contains('*');
    if is_exact || arn::is_account_id(named) || known.contains(named) {
        return itself();
    }
    let all: BTreeSet<String> = known
        .into_iter()
        .filter(|owner| asked(Some(named), std::iter::once(owner.as_str())))
        .collect();
    if all.is_empty() { itself() } else { all }
}

/// `*` stands for anything.
fn glob(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| value.strip_prefix(head)) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_name_arn_and_pattern() {
        let arn = "arn:aws:iam::111122223333:role/platform/Deploy";
        for pattern in ["Deploy", "deploy", arn, "*:role/platform/*", "*deploy"] {
            assert!(asked(Some(pattern), [arn].into_iter()), "{pattern}");
        }
        for pattern in ["Dep", "role/*", "*:user/*"] {
            assert!(!asked(Some(pattern), [arn].into_iter()), "{pattern}");
        }
        assert!(asked(None, std::iter::empty()));
    }
}
