//! `--baseline` and `--fail-on`: which incidents make a run fail, for use in CI.
//!
//! A baseline knows sorts of failure, by their signatures, and not incidents: how failures are put
//! together to incidents depends on what else is in the log.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::event::arn;
use crate::given::{self, Cap};
use crate::report::{Incident, Kind, Report, redact};

const CAP: Cap = Cap {
    bytes: 256 << 20,
    instead: "a baseline needs no occurrences: write it with `--max-occurrences 1 --format json`",
};

/// What failed in a report of before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    signatures: BTreeSet<String>,
    /// Of incidents that an older program wrote.
    refusals: BTreeSet<Refusal>,
}

/// A refused call as far as every report tells of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Refusal {
    action: String,
    /// The role without path and session, the user, or the service.
    principal: String,
    account: String,
}

/// What is needed of a report, so that one of another version does as well.
#[derive(Deserialize)]
struct KnownReport {
    incidents: Vec<KnownIncident>,
}

#[derive(Deserialize)]
struct KnownIncident {
    #[serde(default)]
    signatures: Vec<String>,
    denied: Option<KnownCall>,
    root: Option<KnownCall>,
}

#[derive(Deserialize)]
struct KnownCall {
    action: String,
    principal_arn: Option<String>,
    account_id: Option<String>,
}

impl Baseline {
    /// Reads a JSON report.
    ///
    /// # Errors
    /// When the file cannot be read or is no JSON report.
    pub fn read(path: &Path) -> Result<Baseline> {
        let bytes = given::bytes(path, CAP)?;
        let report: KnownReport = serde_json::from_slice(&bytes).map_err(|error| {
            Error::document(
                path,
                format!(
                    "no JSON report: {error}\nhint: write one with `trailwhy analyze … --format json`"
                ),
            )
        })?;
        let mut baseline = Baseline::default();
        for incident in report.incidents {
            if incident.signatures.iter().any(|signature| redact::is_stand_in(signature)) {
                let why = "written with --redact, so that nothing in it can be known again\n\
                           hint: keep the report without --redact as the baseline";
                return Err(Error::document(path, why));
            }
            if incident.signatures.is_empty() {
                baseline.refusals.extend(incident.refusal());
            }
            baseline.signatures.extend(incident.signatures);
        }
        Ok(baseline)
    }

    /// The signatures of an incident that were not there before.
    pub fn new_signatures(&self, incident: &Incident) -> Vec<String> {
        let older = self.known_to_older(incident);
        let is_new = |signature: &&String| {
            !self.signatures.contains(*signature) && !older.contains(signature.as_str())
        };
        incident.signatures.iter().filter(is_new).cloned().collect()
    }

    /// True for an incident of which everything was there before.
    pub fn knows(&self, incident: &Incident) -> bool {
        match incident.signatures.is_empty() {
            true => Refusal::of(incident).is_some_and(|refusal| self.refusals.contains(&refusal)),
            false => self.new_signatures(incident).is_empty(),
        }
    }

    /// The signatures of what a report of an older program tells of.
    fn known_to_older<'i>(&self, incident: &'i Incident) -> BTreeSet<&'i str> {
        let mut known = BTreeSet::new();
        if self.refusals.is_empty() {
            return known;
        }
        let account = account(incident);
        for action in &incident.actions {
            for sort in &action.sorts {
                let who = sort.principal_arn.as_deref();
                let refusal = Refusal::new(&action.action, who, account);
                if self.refusals.contains(&refusal) {
                    known.insert(sort.signature.as_str());
                }
            }
        }
        // A ghost has no denied call.
        let refusal = Refusal::of(incident).filter(|_| incident.actions.is_empty());
        if refusal.is_some_and(|refusal| self.refusals.contains(&refusal)) {
            known.extend(incident.signatures.iter().map(String::as_str));
        }
        known
    }
}

impl KnownIncident {
    fn refusal(&self) -> Option<Refusal> {
        let call = self.denied.as_ref().or(self.root.as_ref())?;
        let account = call.account_id.as_deref();
        let account = account.or_else(|| self.root.as_ref()?.account_id.as_deref());
        Some(Refusal::new(&call.action, call.principal_arn.as_deref(), account))
    }
}

impl Refusal {
    fn new(action: &str, principal: Option<&str>, account: Option<&str>) -> Refusal {
        let principal = principal.unwrap_or_default();
        let role = arn::role_name(principal);
        // The principal's own account tells as well, where it has one.
        let of_arn = arn::Arn::parse(principal).map(|arn| arn.account);
        let account = of_arn.filter(|account| !account.is_empty()).or(account);
        Refusal {
            action: action.to_owned(),
            principal: role.map_or_else(
                || principal.to_owned(),
                |(account, name)| format!("{account}/{name}"),
            ),
            account: account.unwrap_or_default().to_owned(),
        }
    }

    /// The refused call that an incident shows.
    fn of(incident: &Incident) -> Option<Refusal> {
        let root = incident.root.as_ref();
        let account = account(incident);
        match &incident.denied {
            Some(denied) => {
                Some(Refusal::new(&denied.action, denied.principal_arn.as_deref(), account))
            }
            None => {
                root.map(|root| Refusal::new(&root.action, root.principal_arn.as_deref(), account))
            }
        }
    }
}

fn account(incident: &Incident) -> Option<&str> {
    incident.root.as_ref().and_then(|root| root.account_id.as_deref())
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

/// Writes into each incident what of it is new to the baseline.
pub fn mark(report: &mut Report, baseline: &Baseline) {
    for incident in &mut report.incidents {
        incident.new_signatures = Some(baseline.new_signatures(incident));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::redact::Redactor;
    use crate::report::{DeniedAction, SortOfFailure};
    use std::io::Write;

    fn report() -> Report {
        let text = include_str!("../../tests/data/report/auto-scaling-keys.json");
        serde_json::from_str(text).unwrap()
    }

    /// The report with signatures, as the program writes it.
    fn signed() -> Report {
        let mut report = report();
        for (number, incident) in report.incidents.iter_mut().enumerate() {
            incident.signatures =
                ["a", "b"].map(|letter| format!("sig-{letter}{number:015}")).to_vec();
            let Some(denied) = &incident.denied else { continue };
            let sort = |signature: &String| SortOfFailure {
                signature: signature.clone(),
                count: 1,
                resource: None,
                principal_arn: denied.principal_arn.clone(),
                first_event_id: denied.event_id.clone(),
            };
            incident.actions = vec![DeniedAction {
                action: denied.action.clone(),
                count: 2,
                resource: None,
                first_event_id: denied.event_id.clone(),
                event_names: Vec::new(),
                root_action: None,
                sorts: incident.signatures.iter().map(sort).collect(),
            }];
        }
        report
    }

    fn baseline(text: &str) -> Result<Baseline> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Baseline::read(file.path())
    }

    #[test]
    fn every_incident_fails_a_run_unless_something_narrows_it() {
        let report = signed();
        let count = |fail_on: &[Kind], baseline: Option<&Baseline>| {
            failing(&report, fail_on, baseline).len()
        };
        assert_eq!(count(&[], None), 2);
        assert_eq!(count(&[Kind::Ghost], None), 1);
        assert_eq!(count(&[Kind::Direct], None), 0);
        let known =
            baseline(r#"{"incidents":[{"id":"inc-1","signatures":["sig-b000000000000000","sig-a000000000000000"]}]}"#).unwrap();
        assert_eq!(count(&[], Some(&known)), 1);
        assert_eq!(count(&[report.incidents[0].kind], Some(&known)), 0);
    }

    #[test]
    fn what_is_new_in_a_known_incident_counts_and_is_told() {
        let mut report = signed();
        let known = baseline(
            r#"{"incidents":[{"id":"x","signatures":["sig-a000000000000000"]},{"id":"y","signatures":["sig-a000000000000001","sig-b000000000000001"]}]}"#,
        )
        .unwrap();
        assert_eq!(failing(&report, &[], Some(&known)).len(), 1);
        mark(&mut report, &known);
        let new: Vec<_> =
            report.incidents.iter().map(|one| one.new_signatures.clone().unwrap()).collect();
        assert_eq!(new, [vec!["sig-b000000000000000".to_owned()], Vec::new()]);
    }

    #[test]
    fn a_baseline_of_an_older_program_is_compared_by_action_principal_and_account() {
        let older = baseline(&serde_json::to_string(&report()).unwrap()).unwrap();
        assert!(signed().incidents.iter().all(|incident| older.knows(incident)));
        assert!(report().incidents.iter().all(|incident| older.knows(incident)));
        let mut other = signed();
        for incident in &mut other.incidents {
            for action in &mut incident.actions {
                action.action = "sqs:SendMessage".to_owned();
            }
        }
        let new = failing(&other, &[], Some(&older));
        assert!(new.iter().all(|incident| incident.kind != Kind::Ghost) && !new.is_empty());
    }

    #[test]
    fn a_baseline_is_any_json_report() {
        let said = baseline("[]").unwrap_err().to_string();
        assert!(said.contains("no JSON report") && said.contains("hint: "), "{said}");
        assert_eq!(baseline(r#"{"incidents":[]}"#).unwrap(), Baseline::default());
        let redacted = Redactor::new().redact(&signed()).unwrap();
        let said = baseline(&serde_json::to_string(&redacted).unwrap()).unwrap_err().to_string();
        assert!(said.contains("--redact"), "{said}");
    }
}
