//! What stands between the diagnosis and the exit status: the configuration, the rules for harmless
//! denials, the incidents known before, the kinds that count, and what is shared without names.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use super::baseline::{Baseline, failing};
use super::config::Config;
use super::ignore::ignore;
use crate::cli::{GateArguments, RedactArguments};
use crate::error::{Error, Result};
use crate::report::redact::Redactor;
use crate::report::{Kind, Report};
use crate::wording::Wording;

/// What decides whether a run fails.
#[derive(Debug, Default)]
pub struct Gate {
    /// The configuration that was found, for default paths, policies and the language.
    pub config: Config,
    fail_on: Vec<Kind>,
    baseline: Option<Baseline>,
}

impl Gate {
    /// Reads the configuration and the baseline. What was typed goes before what the file says.
    ///
    /// # Errors
    /// When a file cannot be read or says something wrong.
    pub fn new(arguments: &GateArguments) -> anyhow::Result<Gate> {
        let config = match &arguments.config {
            Some(path) => Config::read(path)?,
            None => {
                let folder = std::env::current_dir().context("the current folder is unreadable")?;
                let found = Config::find(&folder);
                found.map(|path| Config::read(&path)).transpose()?.unwrap_or_default()
            }
        };
        let typed = !arguments.fail_on.is_empty();
        let fail_on = if typed { arguments.fail_on.clone() } else { config.fail_on.clone() };
        let baseline = arguments.baseline.as_ref().or(config.baseline.as_ref());
        let baseline = baseline.map(|path| Baseline::read(path)).transpose()?;
        Ok(Gate { config, fail_on, baseline })
    }

    /// Moves incidents that the rules of the configuration fit to the noise; gives what to tell the
    /// user about rules that have expired, one line each.
    pub fn ignore(&self, report: &mut Report, wording: &Wording) -> Vec<String> {
        let ignored = ignore(report, &self.config.ignore, wording);
        let line = |reason: &str| format!("the ignore rule with the reason `{reason}` has expired");
        ignored.expired.into_iter().map(|rule| line(&rule.reason)).collect()
    }

    /// True when the report holds an incident that counts: of the kinds asked for, and new.
    pub fn fails(&self, report: &Report) -> bool {
        !failing(report, &self.fail_on, self.baseline.as_ref()).is_empty()
    }
}

/// The report as it may be shared, with the mapping saved where that was asked for; `None` when
/// nothing is to be taken out. Pass no raw records to the page then: they hold it all.
///
/// # Errors
/// When the mapping cannot be written.
pub fn redacted(report: &Report, arguments: &RedactArguments) -> anyhow::Result<Option<Report>> {
    if !arguments.redact {
        return Ok(None);
    }
    let mut redactor = Redactor::new();
    let redacted = redactor.redact(report)?;
    if let Some(path) = &arguments.redact_map {
        save(path, &(serde_json::to_string_pretty(&redactor.mapping())? + "\n"))?;
    }
    Ok(Some(redacted))
}

/// Writes a file whole. A full disk may show only when the file is closed: `sync_all` asks.
///
/// # Errors
/// When the file cannot be written; the message names it.
pub fn save(path: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(text.as_bytes())?;
        match file.sync_all() {
            // Pipes and devices cannot be synchronized, and need not be.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        }
    };
    write().map_err(|error| Error::io(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;
    use std::fs;

    fn report() -> Report {
        let text = include_str!("../../tests/data/report/auto-scaling-keys.json");
        serde_json::from_str(text).unwrap()
    }

    fn gate(config: &str, fail_on: &[Kind]) -> Gate {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trailwhy.toml");
        fs::write(&path, config).unwrap();
        let known = serde_json::to_string(&report()).unwrap();
        fs::write(folder.path().join("known.json"), known).unwrap();
        let arguments =
            GateArguments { config: Some(path), fail_on: fail_on.to_vec(), baseline: None };
        Gate::new(&arguments).unwrap()
    }

    #[test]
    fn what_was_typed_goes_before_what_the_file_says() {
        assert!(gate("", &[]).fails(&report()));
        assert!(!gate("fail_on = ['direct']", &[]).fails(&report()));
        assert!(gate("fail_on = ['direct']", &[Kind::Ghost]).fails(&report()));
        assert!(!gate("baseline = 'known.json'", &[]).fails(&report()));
    }

    #[test]
    fn rules_take_incidents_out_and_expired_ones_are_told() {
        let wording = Wording::new(Language::En);
        let rule = |expires| {
            format!("[[ignore]]\naction = '*'\nreason = 'a sandbox'\nexpires = {expires}")
        };
        let mut all = report();
        let gate_holding = gate(&rule("2027-01-01"), &[]);
        assert_eq!(gate_holding.ignore(&mut all, &wording), [""; 0]);
        assert!(!gate_holding.fails(&all));
        let mut all = report();
        let told = gate(&rule("2020-01-01"), &[]).ignore(&mut all, &wording);
        assert_eq!(told, ["the ignore rule with the reason `a sandbox` has expired"]);
        assert_eq!(all, report());
    }

    #[test]
    fn a_redacted_report_comes_with_its_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.json");
        let arguments = RedactArguments { redact: true, redact_map: Some(path.clone()) };
        let redacted = redacted(&report(), &arguments).unwrap().unwrap();
        assert!(!serde_json::to_string(&redacted).unwrap().contains("111122223333"));
        let mapping = fs::read_to_string(path).unwrap();
        assert!(mapping.contains("\"000000000001\": \"111122223333\""), "{mapping}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let error = save(Path::new("no/such/folder/map.json"), "").unwrap_err();
        assert!(error.to_string().starts_with("`no/such/folder/map.json`: "), "{error}");
    }
}
