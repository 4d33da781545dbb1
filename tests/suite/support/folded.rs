//! The report of what was read or folded.

use serde_json::Value;
use trailwhy::chain::{Chains, Knowledge};
use trailwhy::diagnose::{self, Folded};
use trailwhy::event::Event;
use trailwhy::history::{History, dump::Dump};
use trailwhy::ingest::Ledger;
use trailwhy::remedy;
use trailwhy::report::{self, Material, json as json_report};
use trailwhy::wording::{Language, Wording};

/// The report.
pub fn report(
    events: &[Event],
    chains: &Chains,
    folded: Option<&Folded>,
    ledger: &Ledger,
) -> Value {
    let knowledge = Knowledge::default();
    let history = History::new(events, Dump::default());
    let diagnosis = diagnose::diagnose(events, chains, &knowledge, &history, folded);
    let remedies = remedy::remedies(&diagnosis, events, chains, &history);
    let material = Material {
        events,
        chains,
        diagnosis: &diagnosis,
        remedies: &remedies,
        history: &history,
        ledger,
        folded,
        max_occurrences: None,
    };
    let report = report::build(&material, &Wording::new(Language::En));
    serde_json::from_str(&json_report::render(&report).unwrap()).unwrap()
}
