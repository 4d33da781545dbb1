//! The report as tables that others join: rows of JSON, each table with all its columns in every row
//! (null where something is unknown), so that an engine finds the same columns whatever was found.
//!
//! Columns and their meaning: `trailwhy schema tables`. Ids are those of the report.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{Change, Incident, Report, Step, words};
use crate::event::arn::Arn;

/// What `schema` says in [`Index`]. Columns may be added, never renamed.
pub const SCHEMA: &str = "trailwhy.tables/1";

/// With more rows a table is cut by account and date.
pub const LARGE: usize = 200_000;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it is called: `incidents`, `occurrences`, …
    pub name: &'static str,
    /// What it holds.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The account it belongs to, where one is known.
    pub account: Option<String>,
    /// Its day, `2026-09-15`.
    pub date: Option<String>,
    /// Its columns.
    pub value: Value,
}

/// A file of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Its path below the folder of the tables, without a suffix; folders are named as Hive names partitions.
    pub path: String,
    /// One object a line.
    pub lines: String,
}

/// What lies beside the tables.
#[derive(Debug, Serialize)]
struct Index<'r> {
    schema: &'static str,
    tool: &'r super::Tool,
    /// Rows by table.
    tables: BTreeMap<&'static str, usize>,
}

/// What tells of the tables, as JSON.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn index(report: &Report, tables: &[Table]) -> serde_json::Result<String> {
    let tables = tables.iter().map(|table| (table.name, table.rows.len())).collect();
    let index = Index { schema: SCHEMA, tool: &report.tool, tables };
    Ok(serde_json::to_string_pretty(&index)? + "\n")
}

#[derive(Serialize)]
struct IncidentRow<'r> {
    incident_id: &'r str,
    kind: &'r str,
    title: &'r str,
    guardrail: bool,
    first_seen: &'r str,
    last_seen: &'r str,
    count: u64,
    account_id: Option<&'r str>,
    region: Option<&'r str>,
    root_event_id: Option<&'r str>,
    root_action: Option<&'r str>,
    root_principal_arn: Option<&'r str>,
    denied_event_id: Option<&'r str>,
    denied_action: Option<&'r str>,
    denied_resource: Option<&'r str>,
    denied_principal_arn: Option<&'r str>,
    caller_kind: Option<&'r str>,
    invoked_by: Option<&'r str>,
    layer: &'r str,
    effect: &'r str,
    certainty: &'r str,
    confidence: f64,
    policy_arn: Option<&'r str>,
    policy_name: Option<&'r str>,
    statement_sid: Option<&'r str>,
    condition_keys: &'r [String],
    change_event_id: Option<&'r str>,
    change_time: Option<&'r str>,
    change_principal_arn: Option<&'r str>,
    change_summary: Option<&'r str>,
    healed_by_event_id: Option<&'r str>,
    fix: Option<&'r str>,
    missing_steps: &'r [String],
    signatures: &'r [String],
    related: &'r [String],
}

#[derive(Serialize)]
struct OccurrenceRow<'r> {
    incident_id: &'r str,
    time: &'r str,
    root_event_id: Option<&'r str>,
    denied_event_id: Option<&'r str>,
    denied_action: Option<&'r str>,
}

#[derive(Serialize)]
struct DeniedRow<'r> {
    event_id: &'r str,
    incident_id: &'r str,
    time: &'r str,
    action: Option<&'r str>,
    resource: Option<&'r str>,
    principal_arn: Option<&'r str>,
    caller_kind: Option<&'r str>,
    invoked_by: Option<&'r str>,
    error_code: Option<&'r str>,
    layer: &'r str,
    is_representative: bool,
}

#[derive(Serialize)]
struct LinkRow<'r> {
    incident_id: &'r str,
    chain: &'r str,
    event_id: Option<&'r str>,
    parent_event_id: Option<&'r str>,
    event_time: &'r str,
    action: &'r str,
    outcome: Value,
    error_code: Option<&'r str>,
    principal_arn: Option<&'r str>,
    caller_kind: &'r str,
    invoked_by: Option<&'r str>,
    resource: Option<&'r str>,
    link_kind: Option<Value>,
    confidence: Option<f64>,
    evidence: &'r [String],
}

#[derive(Serialize)]
struct ChangeRow<'r> {
    incident_id: &'r str,
    event_id: &'r str,
    event_time: &'r str,
    action: &'r str,
    principal_arn: Option<&'r str>,
    summary: &'r str,
    part: &'r str,
}

/// All tables, in the order of their names; `coverage` has one row.
///
/// # Errors
/// When something cannot be written as JSON.
pub fn tables(report: &Report) -> serde_json::Result<Vec<Table>> {
    let mut changes = Rows::default();
    let mut denied = Rows::default();
    let mut incidents = Rows::default();
    let mut links = Rows::default();
    let mut occurrences = Rows::default();
    for incident in &report.incidents {
        let account = account(incident);
        let put = |rows: &mut Rows, time: &str, row: Value| rows.put(account, Some(time), row);
        put(&mut incidents, &incident.first_seen, incident_row(incident)?);
        let mut met = BTreeSet::new();
        for occurrence in &incident.occurrences {
            let row = OccurrenceRow {
                incident_id: &incident.id,
                time: &occurrence.time,
                root_event_id: occurrence.root_event_id.as_deref(),
                denied_event_id: occurrence.denied_event_id.as_deref(),
                denied_action: occurrence
                    .denied_action
                    .as_deref()
                    .or_else(|| incident.denied.as_ref().map(|denied| &*denied.action)),
            };
            put(&mut occurrences, &occurrence.time, serde_json::to_value(row)?);
            let id = occurrence.denied_event_id.as_deref().filter(|id| met.insert(*id));
            if let Some(id) = id {
                let row = denied_row(incident, occurrence, id);
                put(&mut denied, &occurrence.time, serde_json::to_value(row)?);
            }
        }
        let worked = incident.comparison.nearest_success.as_ref().map(|near| &near.chain);
        let worked = worked.into_iter().flatten().map(|step| ("worked", step));
        for (chain, step) in incident.chain.iter().map(|step| ("failed", step)).chain(worked) {
            put(
                &mut links,
                &step.event_time,
                serde_json::to_value(link_row(incident, chain, step)?)?,
            );
        }
        let since = incident.fixes.iter().flat_map(|fix| &fix.changed_since);
        let mut met = BTreeSet::new();
        let all = incident.change.iter().map(|change| ("cause", change));
        for (part, change) in all.chain(since.map(|change| ("since", change))) {
            if met.insert((part, &change.event_id)) {
                put(
                    &mut changes,
                    &change.event_time,
                    serde_json::to_value(change_row(incident, part, change))?,
                );
            }
        }
    }
    let mut coverage = Rows::default();
    coverage.put(None, None, serde_json::to_value(&report.coverage)?);
    let named = [
        ("changes", changes),
        ("coverage", coverage),
        ("denied_calls", denied),
        ("incidents", incidents),
        ("links", links),
        ("occurrences", occurrences),
    ];
    Ok(named.map(|(name, rows)| Table { name, rows: rows.0 }).into())
}

#[derive(Default)]
struct Rows(Vec<Row>);

impl Rows {
    fn put(&mut self, account: Option<&str>, time: Option<&str>, value: Value) {
        let date = time.and_then(|time| time.get(..10)).map(str::to_owned);
        self.0.push(Row { account: account.map(str::to_owned), date, value });
    }
}

impl Table {
    /// The files of the table: one, or of more than `large` rows one for each account and day.
    #[must_use]
    pub fn files(&self, large: usize) -> Vec<File> {
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        if self.rows.len() <= large {
            files.entry(self.name.to_owned()).or_default();
        }
        for row in &self.rows {
            let path = match self.rows.len() > large {
                true => {
                    let of = |value: &Option<String>| {
                        value.clone().unwrap_or_else(|| UNKNOWN.to_owned())
                    };
                    let (account, date) = (of(&row.account), of(&row.date));
                    format!("{}/account={}/date={}/rows", self.name, plain(&account), plain(&date))
                }
                false => self.name.to_owned(),
            };
            let lines = files.entry(path).or_default();
            lines.push_str(&row.value.to_string());
            lines.push('\n');
        }
        files.into_iter().map(|(path, lines)| File { path, lines }).collect()
    }
}

/// How Hive calls the partition of what is unknown.
const UNKNOWN: &str = "__HIVE_DEFAULT_PARTITION__";

/// The name of a folder: a log is written by strangers.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// The account in which it failed, as far as is known.
fn account(incident: &Incident) -> Option<&str> {
    let of_root = incident.root.as_ref().and_then(|root| root.account_id.as_deref());
    let denied = incident.denied.as_ref();
    of_root
        .or_else(|| account_in(denied?.principal_arn.as_deref()?))
        .or_else(|| account_in(denied?.resource.as_deref()?))
}

fn account_in(arn: &str) -> Option<&str> {
    Some(Arn::parse(arn)?.account).filter(|account| !account.is_empty())
}

fn incident_row(incident: &Incident) -> serde_json::Result<Value> {
    let (root, denied) = (incident.root.as_ref(), incident.denied.as_ref());
    let (verdict, policy) = (&incident.verdict, incident.verdict.policy.as_ref());
    let change = incident.change.as_ref();
    serde_json::to_value(IncidentRow {
        incident_id: &incident.id,
        kind: incident.kind.as_str(),
        title: &incident.title,
        guardrail: incident.guardrail,
        first_seen: &incident.first_seen,
        last_seen: &incident.last_seen,
        count: incident.count,
        account_id: account(incident),
        region: root.and_then(|root| root.region.as_deref()),
        root_event_id: root.and_then(|root| root.event_id.as_deref()),
        root_action: root.map(|root| &*root.action),
        root_principal_arn: root.and_then(|root| root.principal_arn.as_deref()),
        denied_event_id: denied.map(|denied| &*denied.event_id),
        denied_action: denied.map(|denied| &*denied.action),
        denied_resource: denied.and_then(|denied| denied.resource.as_deref()),
        denied_principal_arn: denied.and_then(|denied| denied.principal_arn.as_deref()),
        caller_kind: denied.map(|denied| denied.caller_kind.as_str()),
        invoked_by: denied.and_then(|denied| denied.invoked_by.as_deref()),
        layer: verdict.layer.as_str(),
        effect: words::effect(verdict.effect),
        certainty: verdict.certainty.as_str(),
        confidence: verdict.confidence,
        policy_arn: policy.and_then(|policy| policy.arn.as_deref()),
        policy_name: policy.and_then(|policy| policy.name.as_deref()),
        statement_sid: policy.and_then(|policy| policy.statement_sid.as_deref()),
        condition_keys: &verdict.condition_keys,
        change_event_id: change.map(|change| &*change.event_id),
        change_time: change.map(|change| &*change.event_time),
        change_principal_arn: change.and_then(|change| change.principal_arn.as_deref()),
        change_summary: change.map(|change| &*change.summary),
        healed_by_event_id: verdict.healed.as_ref().map(|healed| &*healed.event_id),
        fix: incident.fixes.first().map(|fix| &*fix.title),
        missing_steps: &incident.missing_steps,
        signatures: &incident.signatures,
        related: &incident.related,
    })
}

/// The refused call of an occurrence. Of the one that stands for all everything is known; of another, what
/// most calls of its action were on, and no more.
fn denied_row<'r>(
    incident: &'r Incident,
    occurrence: &'r super::Occurrence,
    id: &'r str,
) -> DeniedRow<'r> {
    let whole = incident.denied.as_ref().filter(|denied| denied.event_id == id);
    let stands = incident.denied.as_ref();
    let named =
        occurrence.denied_action.as_deref().or_else(|| stands.map(|denied| &*denied.action));
    let own = incident.actions.iter().find(|one| Some(&*one.action) == named);
    let sorts = own.map(|own| &*own.sorts).unwrap_or_default();
    let sort = sorts.iter().find(|sort| sort.first_event_id == id);
    // Who was refused is part of what makes a sort.
    let only = sorts.first().map(|sort| &sort.principal_arn);
    let only = only.filter(|only| sorts.iter().all(|sort| sort.principal_arn == **only));
    DeniedRow {
        event_id: id,
        incident_id: &incident.id,
        time: &occurrence.time,
        action: named,
        resource: whole
            .and_then(|denied| denied.resource.as_deref())
            .or_else(|| sort.and_then(|sort| sort.resource.as_deref()))
            .or_else(|| own.and_then(|own| own.resource.as_deref())),
        principal_arn: whole
            .and_then(|denied| denied.principal_arn.as_deref())
            .or_else(|| sort.and_then(|sort| sort.principal_arn.as_deref()))
            .or_else(|| only.and_then(|only| only.as_deref())),
        caller_kind: whole.map(|denied| denied.caller_kind.as_str()),
        invoked_by: whole.and_then(|denied| denied.invoked_by.as_deref()),
        error_code: whole.and_then(|denied| denied.error_code.as_deref()),
        layer: incident.verdict.layer.as_str(),
        is_representative: whole.is_some(),
    }
}

fn link_row<'r>(
    incident: &'r Incident,
    chain: &'r str,
    step: &'r Step,
) -> serde_json::Result<LinkRow<'r>> {
    let link = step.link.as_ref();
    Ok(LinkRow {
        incident_id: &incident.id,
        chain,
        event_id: step.event_id.as_deref(),
        parent_event_id: step.parent_event_id.as_deref(),
        event_time: &step.event_time,
        action: &step.action,
        outcome: serde_json::to_value(step.outcome)?,
        error_code: step.error_code.as_deref(),
        principal_arn: step.principal_arn.as_deref(),
        caller_kind: step.caller_kind.as_str(),
        invoked_by: step.invoked_by.as_deref(),
        resource: step.resource.as_deref(),
        link_kind: link.map(|link| serde_json::to_value(link.kind)).transpose()?,
        confidence: link.map(|link| link.confidence),
        evidence: link.map(|link| &*link.evidence).unwrap_or_default(),
    })
}

fn change_row<'r>(incident: &'r Incident, part: &'r str, change: &'r Change) -> ChangeRow<'r> {
    ChangeRow {
        incident_id: &incident.id,
        event_id: &change.event_id,
        event_time: &change.event_time,
        action: &change.action,
        principal_arn: change.principal_arn.as_deref(),
        summary: &change.summary,
        part,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(rows: &[(Option<&str>, &str)]) -> Table {
        let rows = rows.iter().zip(0..).map(|((account, date), number)| Row {
            account: account.map(str::to_owned),
            date: Some((*date).to_owned()),
            value: json!({ "number": number }),
        });
        Table { name: "occurrences", rows: rows.collect() }
    }

    #[test]
    fn what_is_large_is_cut_by_account_and_day() {
        let table = table(&[
            (Some("111122223333"), "2026-09-15"),
            (None, "2026-09-15"),
            (Some("../x"), "2026-09-16"),
            (Some("111122223333"), "2026-09-15"),
        ]);
        let [whole] = &table.files(4)[..] else { panic!("one file") };
        assert_eq!((&*whole.path, whole.lines.lines().count()), ("occurrences", 4));
        let files: Vec<(String, usize)> =
            table.files(3).into_iter().map(|f| (f.path, f.lines.lines().count())).collect();
        assert_eq!(
            files,
            [
                ("occurrences/account=111122223333/date=2026-09-15/rows".to_owned(), 2),
                (
                    "occurrences/account=__HIVE_DEFAULT_PARTITION__/date=2026-09-15/rows"
                        .to_owned(),
                    1
                ),
                ("occurrences/account=___x/date=2026-09-16/rows".to_owned(), 1),
            ]
        );
        let empty = Table { name: "links", rows: Vec::new() };
        assert_eq!(empty.files(3), [File { path: "links".to_owned(), lines: String::new() }]);
    }
}
