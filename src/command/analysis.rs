//! From arguments to everything that is known of an export: the stations in their order.

use super::reading;
use crate::chain::{Chains, Knowledge};
use crate::cli::{AnalyzeArguments, ShowArguments};
use crate::diagnose::{self, Diagnosis};
use crate::error::{Error, Result};
use crate::event::Time;
use crate::history::History;
use crate::history::dump::Dump;
use crate::ingest::Ingested;
use crate::remedy::{self, Remedy};
use crate::report::{self, Incident, Material, Report, Step};
use crate::wording::{Language, Wording};

/// An export, read, linked and diagnosed.
pub(super) struct Analysis {
    pub ingested: Ingested,
    pub chains: Chains,
    pub history: History,
    pub diagnosis: Diagnosis,
    pub remedies: Vec<Remedy>,
}

impl Analysis {
    /// Runs all stations.
    ///
    /// # Errors
    /// When inputs, policies or the service table cannot be read at all.
    pub(super) fn run(arguments: &AnalyzeArguments) -> Result<Analysis> {
        let knowledge: Knowledge = reading::knowledge(arguments.services.as_deref())?;
        let as_of = match &arguments.policies_as_of {
            Some(text) => Some(Time::parse(text).ok_or_else(|| {
                Error::Usage(format!(
                    "`{text}` is no time; hint: 2026-05-18T05:47:50Z or 2026-05-18"
                ))
            })?),
            None => None,
        };
        let dump = Dump::read(&arguments.policies, as_of)?;
        let ingested = reading::read(&arguments.read)?;
        let chains = Chains::build(&ingested.events, &knowledge);
        let history = History::new(&ingested.events, dump);
        let diagnosis = diagnose::diagnose(&ingested.events, &chains, &knowledge, &history);
        let remedies = remedy::remedies(&diagnosis, &ingested.events, &chains, &history);
        Ok(Analysis { ingested, chains, history, diagnosis, remedies })
    }

    /// The report in a language.
    pub(super) fn report(&self, wording: &Wording, max_occurrences: Option<usize>) -> Report {
        let material = Material {
            events: &self.ingested.events,
            chains: &self.chains,
            diagnosis: &self.diagnosis,
            remedies: &self.remedies,
            history: &self.history,
            coverage: reading::coverage(&self.ingested.ledger),
            max_occurrences,
        };
        report::build(&material, wording)
    }
}

/// The language asked for, else that of the locale.
pub(super) fn language(asked: Option<crate::cli::Lang>) -> Language {
    match asked {
        Some(crate::cli::Lang::En) => Language::En,
        Some(crate::cli::Lang::Ja) => Language::Ja,
        None => ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
            .map_or(Language::En, |locale| Language::from_locale(&locale)),
    }
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
fn asked<'v>(pattern: Option<&str>, mut values: impl Iterator<Item = &'v str>) -> bool {
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
