//! What the service table says, in the questions that linking asks.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::link::Synthesized;
use super::service::{Service, Table, Timing, event_key};
use crate::event::{self, CallerKind, Event};

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
}

impl Default for Knowledge {
    fn default() -> Self {
        Knowledge::new(Table::builtin().clone())
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

/// How well a call fits as the start of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    /// The row, where one says that this call starts work of the invoking service.
    pub row: Option<usize>,
    /// The row also lists the action.
    pub listed: bool,
    /// The call belongs to the invoking service by its event source.
    pub same_source: bool,
    /// The invoking service is not told, so anything may fit.
    pub untold: bool,
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
        Knowledge { table, exact, prefixes, covered }
    }

    /// The table itself.
    pub fn table(&self) -> &Table {
        &self.table
    }

    fn row(&self, row: usize) -> Option<&Service> {
        self.table.services().get(row)
    }

    /// Rows that a call starts work of.
    pub(super) fn started_by(&self, root: &Event) -> Vec<usize> {
        let key = event_key(root);
        let mut rows = self.exact.get(&key).cloned().unwrap_or_default();
        rows.extend(
            self.prefixes.iter().filter(|(p, _)| key.starts_with(p.as_str())).map(|(_, row)| *row),
        );
        rows
    }

    /// Whether the table speaks of calls to this service at all.
    pub(super) fn covers(&self, root: &Event) -> bool {
        let source = root.source();
        self.covered.contains(source.split('.').next().unwrap_or(source))
    }

    /// Services that can have made `child`: the encryption context tells best, then `invokedBy`.
    pub(super) fn invokers(&self, child: &Event, context: &[(String, String)]) -> Invokers {
        let position =
            |service: &Service| self.table.services().iter().position(|s| s.id == service.id);
        for (key, _) in context {
            let rows: Vec<usize> = self.table.by_context_key(key).filter_map(position).collect();
            if !rows.is_empty() {
                return Invokers::Rows(rows);
            }
        }
        let Some(by) = child.invoked_by() else { return Invokers::Any };
        if self.table.is_internal(by) {
            return Invokers::Any;
        }
        let rows: Vec<usize> = self.table.by_invoked_by(by).filter_map(position).collect();
        if rows.is_empty() { Invokers::Source(without_region(by)) } else { Invokers::Rows(rows) }
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

    /// How well `root` fits as the start of a call of `action` that `invokers` made.
    pub(super) fn fit(
        &self,
        root: &Event,
        started: &[usize],
        invokers: &Invokers,
        action: &str,
    ) -> Fit {
        let may_call = |row: &usize| self.row(*row).is_some_and(|s| s.may_call(action));
        let mut fit = Fit { row: None, listed: false, same_source: false, untold: false };
        match invokers {
            Invokers::Any => {
                fit.untold = true;
                fit.row = started.iter().find(|row| may_call(row)).copied();
                fit.listed = fit.row.is_some();
            }
            Invokers::Source(source) => fit.same_source = root.source() == source,
            Invokers::Rows(rows) => {
                let both = || started.iter().filter(|row| rows.contains(row));
                fit.row = both().find(|row| may_call(row)).or_else(|| both().next()).copied();
                fit.listed = both().any(may_call);
                fit.same_source = rows
                    .iter()
                    .filter_map(|row| self.row(*row))
                    .any(|s| s.event_source.iter().any(|source| source == root.source()));
            }
        }
        fit
    }

    /// Whether some row that `root` starts lists the action.
    pub(super) fn may_start(&self, started: &[usize], action: &str) -> bool {
        started.iter().filter_map(|row| self.row(*row)).any(|s| s.may_call(action))
    }

    /// Whether the operation waits for the calls it makes; `None` without a row.
    pub(super) fn waits(&self, row: Option<usize>) -> Option<bool> {
        Some(self.row(row?)?.timing == Timing::Synchronous)
    }

    /// Seconds after which a call is no longer taken to belong to the operation.
    pub(super) fn max_lag(&self, row: Option<usize>, kind: CallerKind) -> i64 {
        match (row.and_then(|row| self.row(row)), kind) {
            (Some(service), _) => i64::from(service.max_lag_seconds),
            (None, CallerKind::ForwardAccessSession) => 30,
            (None, _) => 600,
        }
    }

    /// Whether the user's own call behind a service's call waits for it: `None` when not known or
    /// when the services it may be differ.
    pub fn waits_for(&self, child: &Event) -> Option<bool> {
        match self.invokers(child, &super::call::encryption_context(child)) {
            Invokers::Rows(rows) => {
                let mut timings = rows.iter().filter_map(|row| self.row(*row)).map(|s| s.timing);
                let first = timings.next()?;
                timings.all(|t| t == first).then_some(first == Timing::Synchronous)
            }
            _ => None,
        }
    }

    /// The unlogged user call behind a forwarded call whose parent is not in the log, as far as
    /// encryption context and service tell.
    pub(super) fn synthesize(
        &self,
        child: &Event,
        context: &[(String, String)],
    ) -> Option<Synthesized> {
        let invokers = self.invokers(child, context);
        let Invokers::Rows(rows) = &invokers else { return None };
        let service = rows.iter().find_map(|row| self.row(*row).filter(|s| !s.roots.is_empty()))?;
        let known = context
            .iter()
            .find(|(key, _)| service.context.iter().any(|c| c.key.eq_ignore_ascii_case(key)));
        Some(Synthesized {
            action: likely_root(service, child)?,
            resource: known.map(|(_, value)| value.clone()),
            evidence: known.map(|(key, value)| format!("{key} = {value}")),
        })
    }
}

/// The operation of a service that most plainly leads to such a call: one that reads for a
/// decryption, one that writes for a new data key.
fn likely_root(service: &Service, child: &Event) -> Option<String> {
    let reads = child.name() == "Decrypt";
    let fits = |root: &&String| {
        let name = root.split_once(':').map_or("", |(_, name)| name);
        !name.ends_with('*') && (event::is_read_like(name) || name.starts_with("Receive")) == reads
    };
    let root = service.roots.iter().find(fits).or_else(|| service.roots.first())?;
    let (source, name) = root.split_once(':')?;
    Some(event::action::of_names(&format!("{source}.amazonaws.com"), name).into_owned())
}

/// `logs.eu-west-1.amazonaws.com` -> `logs.amazonaws.com`.
fn without_region(invoked_by: &str) -> String {
    match invoked_by.split_once('.') {
        Some((first, rest)) if rest != "amazonaws.com" && rest.ends_with(".amazonaws.com") => {
            format!("{first}.amazonaws.com")
        }
        _ => invoked_by.to_owned(),
    }
}
