//! `--baseline` and `--fail-on`: which incidents make a run fail, for use in CI.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::report::{Incident, Kind, Report};

/// The incidents of a report of before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    ids: BTreeSet<String>,
}

/// What is needed of a report, so that one of another version does as well.
#[derive(Deserialize)]
struct KnownReport {
    incidents: Vec<KnownIncident>,
}

#[derive(Deserialize)]
struct KnownIncident {
    id: String,
}

impl Baseline {
    /// Reads a JSON report.
    ///
    /// # Errors
    /// When the file cannot be read or is no JSON report.
    pub fn read(path: &Path) -> Result<Baseline> {
        let bytes = fs::read(path).map_err(|error| Error::io(path, error))?;
        let report: KnownReport = serde_json::from_slice(&bytes).map_err(|error| {
            Error::document(
                path,
                format!(
                    "no JSON report: {error}\nhint: write one with `trailwhy analyze … --format json`"
                ),
            )
        })?;
        Ok(Baseline { ids: report.incidents.into_iter().map(|incident| incident.id).collect() })
    }

    /// True for an incident that was there before.
    pub fn knows(&self, incident: &Incident) -> bool {
        self.ids.contains(&incident.id)
    }
}

/// The incidents that make the run fail: of the kinds in `fail_on` (all kinds when it is empty),
/// and not known to the baseline.
pub fn failing<'r>(
    report: &'r Report,
    fail_on: &[Kind],
    baseline: Option<&Baseline>,
) -> Vec<&'r Incident> {
    let asked = |incident: &Incident| fail_on.is_empty() || fail_on.contains(&incident.kind);
    let known = |incident: &Incident| baseline.is_some_and(|known| known.knows(incident));
    report.incidents.iter().filter(|incident| asked(incident) && !known(incident)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn report() -> Report {
        let text = include_str!("../../tests/data/report/auto-scaling-keys.json");
        serde_json::from_str(text).unwrap()
    }

    fn baseline(text: &str) -> Result<Baseline> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Baseline::read(file.path())
    }

    #[test]
    fn every_incident_fails_a_run_unless_something_narrows_it() {
        let report = report();
        let count = |fail_on: &[Kind], baseline: Option<&Baseline>| {
            failing(&report, fail_on, baseline).len()
        };
        assert_eq!(count(&[], None), 2);
        assert_eq!(count(&[Kind::Ghost], None), 1);
        assert_eq!(count(&[Kind::Direct], None), 0);
        let first = format!(r#"{{"incidents":[{{"id":"{}"}}]}}"#, report.incidents[0].id);
        let known = baseline(&first).unwrap();
        assert_eq!(count(&[], Some(&known)), 1);
        assert_eq!(count(&[report.incidents[0].kind], Some(&known)), 0);
    }

    #[test]
    fn a_baseline_is_any_json_report() {
        let known = baseline(&serde_json::to_string(&report()).unwrap()).unwrap();
        assert!(report().incidents.iter().all(|incident| known.knows(incident)));
        let said = baseline("[]").unwrap_err().to_string();
        assert!(said.contains("no JSON report") && said.contains("hint: "), "{said}");
    }
}
