//! What stands between the diagnosis and the exit status: the rules for harmless denials, the
//! incidents known before, the kinds that count.

use super::baseline::{Baseline, failing, mark};
use super::config::Config;
use super::ignore::{IgnoreRule, ignore};
use crate::cli::GateArguments;
use crate::error::Result;
use crate::report::{Kind, Report};
use crate::wording::Wording;

/// What decides whether a run fails.
#[derive(Debug, Default)]
pub struct Gate {
    ignore: Vec<IgnoreRule>,
    fail_on: Vec<Kind>,
    baseline: Option<Baseline>,
}

impl Gate {
    /// Reads the baseline. What was typed goes before what the configuration says.
    ///
    /// # Errors
    /// When the baseline cannot be read or is no report.
    pub fn new(arguments: &GateArguments, config: &Config) -> Result<Gate> {
        let typed = !arguments.fail_on.is_empty();
        let fail_on = if typed { arguments.fail_on.clone() } else { config.fail_on.clone() };
        let baseline = arguments.baseline.as_ref().or(config.baseline.as_ref());
        let baseline = baseline.map(|path| Baseline::read(path)).transpose()?;
        Ok(Gate { ignore: config.ignore.clone(), fail_on, baseline })
    }

    /// Moves incidents that the rules of the configuration fit to the noise; gives what to tell the
    /// user about rules that have expired, one line each.
    pub fn ignore(&self, report: &mut Report, wording: &Wording) -> Vec<String> {
        let ignored = ignore(report, &self.ignore, wording);
        let line = |reason: &str| format!("the ignore rule with the reason `{reason}` has expired");
        ignored.expired.into_iter().map(|rule| line(&rule.reason)).collect()
    }

    /// Writes into each incident what of it is new, where a baseline was given.
    pub fn mark(&self, report: &mut Report) {
        if let Some(baseline) = &self.baseline {
            mark(report, baseline);
        }
    }

    /// How many incidents count: those of the kinds asked for, and new.
    pub fn counting(&self, report: &Report) -> usize {
        failing(report, &self.fail_on, self.baseline.as_ref()).len()
    }
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
        let arguments = GateArguments { fail_on: fail_on.to_vec(), baseline: None };
        Gate::new(&arguments, &Config::read(&path).unwrap()).unwrap()
    }

    #[test]
    fn what_was_typed_goes_before_what_the_file_says() {
        assert_eq!(gate("", &[]).counting(&report()), 2);
        assert_eq!(gate("fail_on = ['direct']", &[]).counting(&report()), 0);
        assert_eq!(gate("fail_on = ['direct']", &[Kind::Ghost]).counting(&report()), 1);
        assert_eq!(gate("baseline = 'known.json'", &[]).counting(&report()), 0);
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
        assert_eq!(gate_holding.counting(&all), 0);
        let mut all = report();
        let told = gate(&rule("2020-01-01"), &[]).ignore(&mut all, &wording);
        assert_eq!(told, ["the ignore rule with the reason `a sandbox` has expired"]);
        assert_eq!(all, report());
    }
}
