//! What the service table says, in the questions that linking asks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::link::Synthesized;
use super::service::{Service, Table, Timing, key_of};
use crate::event::{self, CallerKind, Event, partition};

/// The service table, indexed for linking.
#[derive(Debug)]
pub struct Knowledge {
    table: Table,
    /// `source:Name` -> rows that it starts work of.
    exact: HashMap<String, Vec<usize>, RandomState>,
    /// The same for names that end in `*`.
    prefixes: Vec<(String, usize)>,
    /// First labels of event sources that any row has roots of.
    covered: BTreeSet<String>,
    /// Of every row the rows that may make the calls which start its work; asked for by few.
    behind: OnceLock<Vec<Vec<usize>>>,
}

impl Default for Knowledge {
    fn default() -> Self {
        Knowledge::new(Table::builtin().clone())
    }
}

/// Without an id no call is tied to one longer ago than this.
pub(super) const HOUR: i64 = 3600;

/// Rows of the table, one bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows(Vec<u64>);

impl Rows {
    pub(super) fn of(rows: impl IntoIterator<Item = usize>) -> Rows {
        let mut bits: Vec<u64> = Vec::new();
        for row in rows {
            if bits.len() <= row / 64 {
                bits.resize(row / 64 + 1, 0);
            }
            if let Some(word) = bits.get_mut(row / 64) {
                *word |= 1 << (row % 64);
            }
        }
        Rows(bits)
    }

    pub(super) fn has(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The first row that is in all of them.
    pub(super) fn first_of(sets: [&Rows; 3]) -> Option<usize> {
        let [a, b, c] = sets;
        a.0.iter().zip(&b.0).zip(&c.0).position(|((a, b), c)| a & b & c != 0).map(|at| {
            let word = |rows: &Rows| rows.0.get(at).copied().unwrap_or(0);
            at * 64 + (word(a) & word(b) & word(c)).trailing_zeros() as usize
        })
    }

    pub(super) fn first_common(&self, other: &Rows) -> Option<usize> {
        Rows::first_of([self, other, other])
    }

    pub(super) fn meets(&self, other: &Rows) -> bool {
        self.first_common(other).is_some()
    }
}

/// Which services may have made a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Invokers {
    /// Not told: "AWS Internal" or nothing.
    Any,
    /// Rows of the table.
    Rows(Vec<usize>),
    /// A service without a row, by its event source.
    Source(String),
}

/// Where the call is that a service's call was made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// The event sources that it can have, and how many seconds ago it was at most.
    pub sources: BTreeMap<String, i64>,
    /// The same of a call behind that one.
    pub behind: BTreeMap<String, i64>,
}

fn note(sources: &mut BTreeMap<String, i64>, source: String, seconds: i64) {
    let held = sources.entry(source).or_insert(seconds);
    *held = seconds.max(*held);
}

impl Knowledge {
    /// Indexes a table.
    pub fn new(table: Table) -> Self {
        let mut exact: HashMap<String, Vec<usize>, RandomState> = HashMap::default();
        let mut prefixes = Vec::new();
        let mut covered = BTreeSet::new();
        for (row, service) in table.services().iter().enumerate() {
            for root in &service.roots {
                if let Some((source, _)) = root.split_once(':') {
                    covered.insert(source.to_owned());
                }
                match root.strip_suffix('*') {
                    Some(prefix) => prefixes.push((prefix.to_owned(), row)),
                    None => exact.entry(root.clone()).or_default().push(row),
                }
            }
        }
        Knowledge { table, exact, prefixes, covered, behind: OnceLock::new() }
    }

    /// The table itself.
    pub fn table(&self) -> &Table {
        &self.table
    }

    pub(super) fn row(&self, row: usize) -> Option<&Service> {
        self.table.services().get(row)
    }

    /// Rows that such a call starts work of.
    pub(super) fn started_by(&self, event_source: &str, event_name: &str) -> Rows {
        let key = key_of(event_source, event_name);
        let exact = self.exact.get(&key).into_iter().flatten().copied();
        let by_prefix = self.prefixes.iter().filter(|(p, _)| key.starts_with(p.as_str()));
        Rows::of(exact.chain(by_prefix.map(|(_, row)| *row)))
    }

    /// Whether a call can be the start of others: of work of a service, or of a session.
    pub fn starts(&self, event_source: &str, event_name: &str) -> bool {
        event_source == "sts.amazonaws.com" || !self.started_by(event_source, event_name).is_empty()
    }

    /// Where the call is that a service's call was made for.
    pub fn origins(&self, child: &Event) -> Origins {
        let kind = child.caller_kind();
        let context = super::kms::encryption_context(child);
        let invokers = match self.invokers_of(child, &context) {
            Invokers::Any => Invokers::Rows(self.calling(&[event::action(child)])),
            told => told,
        };
        // A parent that no row speaks of has the usual time.
        let usual = self.max_lag(None, kind);
        let lag = |row: usize| self.max_lag(Some(row), kind).max(usual).min(HOUR);
        let mut origins = Origins::default();
        match invokers {
            Invokers::Any => {}
            Invokers::Source(source) => note(&mut origins.sources, source, usual),
            Invokers::Rows(rows) => {
                for row in rows {
                    self.note_sources(&mut origins.sources, row, lag(row));
                    for behind in self.behind(row).iter().copied() {
                        let seconds = (lag(behind) + lag(row)).min(HOUR);
                        self.note_sources(&mut origins.behind, behind, seconds);
                    }
                }
            }
        }
        origins
    }

    /// Rows that may make one of these calls.
    fn calling(&self, actions: &[String]) -> Vec<usize> {
        let may_call = |s: &Service| actions.iter().any(|action| s.may_call(action));
        let rows = self.table.services().iter().enumerate().filter(|(_, s)| may_call(s));
        rows.map(|(row, _)| row).collect()
    }

    /// Rows that may make the calls which start the work of this one.
    fn behind(&self, row: usize) -> &[usize] {
        let services = self.table.services().iter();
        let all = || services.map(|service| self.calling(&service.roots)).collect();
        self.behind.get_or_init(all).get(row).map(Vec::as_slice).unwrap_or_default()
    }

    /// Notes the event sources of calls that start the work of a row.
    fn note_sources(&self, sources: &mut BTreeMap<String, i64>, row: usize, seconds: i64) {
        let Some(service) = self.row(row) else { return };
        let roots = service.roots.iter().filter_map(|root| root.split_once(':'));
        let roots = roots.map(|(source, _)| format!("{source}.amazonaws.com"));
        for source in service.event_source.iter().cloned().chain(roots) {
            note(sources, source, seconds);
        }
    }

    /// Whether the table speaks of calls to this service at all.
    pub(super) fn covers(&self, event_source: &str) -> bool {
        self.covered.contains(event_source.split('.').next().unwrap_or(event_source))
    }

    /// Services that can have made a call: its encryption context keys tell best, then `invokedBy`.
    pub(super) fn invokers<'k>(
        &self,
        invoked_by: Option<&str>,
        context_keys: impl Iterator<Item = &'k str>,
    ) -> Invokers {
        let position =
            |service: &Service| self.table.services().iter().position(|s| s.id == service.id);
        for key in context_keys {
            let rows: Vec<usize> = self.table.by_context_key(key).filter_map(position).collect();
            if !rows.is_empty() {
                return Invokers::Rows(rows);
            }
        }
        let Some(by) = invoked_by else { return Invokers::Any };
        if self.table.is_internal(by) {
            return Invokers::Any;
        }
        let rows: Vec<usize> = self.table.by_invoked_by(by).filter_map(position).collect();
        if rows.is_empty() { Invokers::Source(without_region(by)) } else { Invokers::Rows(rows) }
    }

    fn invokers_of(&self, child: &Event, context: &[(String, String)]) -> Invokers {
        self.invokers(child.invoked_by(), context.iter().map(|(key, _)| key.as_str()))
    }

    /// Event sources whose calls the invokers answer.
    pub(super) fn sources(&self, invokers: &Invokers) -> Vec<String> {
        match invokers {
            Invokers::Any => Vec::new(),
            Invokers::Source(source) => vec![source.clone()],
            Invokers::Rows(rows) => {
                let mut sources: Vec<String> = Vec::new();
                for service in rows.iter().filter_map(|row| self.row(*row)) {
                    sources.extend(service.event_source.iter().cloned());
                    let roots = service.roots.iter().filter_map(|r| r.split_once(':'));
                    sources.extend(roots.map(|(source, _)| format!("{source}.amazonaws.com")));
                }
                sources.sort_unstable();
                sources.dedup();
                sources
            }
        }
    }

    /// Whether the operation waits for the calls it makes; `None` without a row.
    pub(super) fn waits(&self, row: Option<usize>) -> Option<bool> {
        Some(self.row(row?)?.timing == Timing::Synchronous)
    }

    /// Seconds after which a call is no longer taken to belong to the operation.
    pub(super) fn max_lag(&self, row: Option<usize>, kind: CallerKind) -> i64 {
        match (row.and_then(|row| self.row(row)), kind) {
            (Some(service), _) => i64::from(service.max_lag_seconds),
            (None, CallerKind::ForwardAccessSession | CallerKind::Agent) => 30,
            (None, _) => 600,
        }
    }

    /// Whether the user's own call behind a service's call waits for it: `None` when not known or
    /// when the services it may be differ.
    pub fn waits_for(&self, child: &Event) -> Option<bool> {
        match self.invokers_of(child, &super::kms::encryption_context(child)) {
            Invokers::Rows(rows) => {
                let mut timings = rows.iter().filter_map(|row| self.row(*row)).map(|s| s.timing);
                let first = timings.next()?;
                timings.all(|t| t == first).then_some(first == Timing::Synchronous)
            }
            _ => None,
        }
    }

    /// Whether a root that succeeded was not refused such a call, by its row.
    pub(super) fn had(&self, row: Option<usize>, root: &Event, action: &str) -> bool {
        row.and_then(|row| self.row(row)).is_some_and(|service| service.had(root, action))
    }

    fn rows_of<'k>(&'k self, rows: &'k Rows) -> impl Iterator<Item = &'k Service> {
        let services = self.table.services().iter().enumerate();
        services.filter(|(row, _)| rows.has(*row)).map(|(_, service)| service)
    }

    /// Whether a call says that the work it starts needs no key.
    pub(super) fn is_keyless(&self, started: &Rows, root: &Event) -> bool {
        let told = |service: &Service| service.keyless.iter().any(|told| told.told_by(root));
        self.rows_of(started).any(told)
    }

    /// Whether such a call may say so.
    pub(super) fn may_be_keyless(&self, started: &Rows) -> bool {
        self.rows_of(started).any(|service| !service.keyless.is_empty())
    }

    /// Whether such a call starts one run of a program.
    pub(super) fn starts_run(&self, event_source: &str, event_name: &str) -> bool {
        self.table.services().iter().any(|service| service.starts_run(event_source, event_name))
    }

    /// Whether such a call prepares what another carries out, or is that other.
    pub(super) fn prepares(&self, event_source: &str, event_name: &str) -> bool {
        let key = key_of(event_source, event_name);
        let prepared = self.table.services().iter().flat_map(|service| &service.prepared);
        prepared.into_iter().any(|p| [&p.call, &p.by].iter().any(|call| **call == key))
    }

    /// Whether such a call may make a service take on a role.
    pub(super) fn takes_on(&self, started: &Rows) -> bool {
        self.rows_of(started).any(|service| service.may_call("sts:AssumeRole"))
    }

    /// The unlogged user call behind a forwarded call whose parent is not in the log: only where the
    /// encryption context says what it was about and the table what sort of call that takes.
    pub(super) fn synthesize(
        &self,
        child: &Event,
        context: &[(String, String)],
    ) -> Option<Synthesized> {
        let Invokers::Rows(rows) = self.invokers_of(child, context) else { return None };
        let by = child.invoked_by().filter(|by| !self.table.is_internal(by));
        let is_invoker = |service: &&Service| {
            by.is_none_or(|by| self.table.by_invoked_by(by).any(|other| other.id == service.id))
        };
        let services = rows.iter().filter_map(|row| self.row(*row)).filter(is_invoker);
        services.into_iter().find_map(|service| {
            let is_known =
                |key: &str| service.context.iter().any(|c| c.key.eq_ignore_ascii_case(key));
            let (key, value) = context.iter().find(|(key, _)| is_known(key))?;
            Some(Synthesized {
                action: likely_root(service, child)?,
                resource: Some(value.clone()),
                evidence: Some(format!("{key} = {value}")),
            })
        })
    }
}

/// The operation that leads to such a call: of a service whose operations wait for their calls the
/// first in the table that reads for a decryption, or writes for a new data key; of any other only
/// one that is alone in that. Grants and the like are made for too many reasons.
fn likely_root(service: &Service, child: &Event) -> Option<String> {
    let reads = match child.name() {
        "Decrypt" => true,
        "Encrypt" | "GenerateDataKey" | "GenerateDataKeyWithoutPlaintext" => false,
        _ => return None,
    };
    let fits = |name: &str| (event::is_read_like(name) || name.starts_with("Receive")) == reads;
    let mut actions: Vec<String> = Vec::new();
    for root in &service.roots {
        let Some((source, name)) = root.trim_end_matches('*').split_once(':') else { continue };
        let action = event::action::of_names(&format!("{source}.amazonaws.com"), name).into_owned();
        if fits(name) && !actions.contains(&action) {
            actions.push(action);
        }
    }
    let is_clear = service.timing == Timing::Synchronous || actions.len() == 1;
    actions.into_iter().next().filter(|_| is_clear)
}

/// `logs.eu-west-1.amazonaws.com` -> `logs.amazonaws.com`, which is the event source in every
/// partition.
fn without_region(invoked_by: &str) -> String {
    let name = partition::without_domain(invoked_by);
    match name.and_then(|name| name.split('.').next()) {
        Some(first) => format!("{first}.amazonaws.com"),
        None => invoked_by.to_owned(),
    }
}
