//! Which calls can be the parent of a service's call, as the service table says.
//!
//! The table is asked once for all calls of one action by one set of services; each call then
//! refers to the answer by number.

use super::knowledge::{HOUR, Invokers, Knowledge, Rows};
use super::names::{Name, Names, SourceId};
use super::service::Service;
use crate::event::CallerKind;

/// Calls of one action by one set of invokers: all that the table is asked about a call.
#[derive(Debug)]
pub(super) struct ParentCriteria {
    invokers: Invokers,
    rows: Rows,
    /// Rows that list the action.
    pub may_call: Rows,
    /// Seconds after which such a call no longer belongs to a parent that shares no id with it.
    pub reach: i64,
    /// By number of the root's names: whether such a root can be the parent without sharing an id.
    fitting: Vec<bool>,
    /// Event sources of the invokers themselves.
    own: Vec<SourceId>,
    /// Event sources whose calls the invokers answer.
    pub answered: Vec<SourceId>,
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

impl ParentCriteria {
    /// Whether rows of the table tell who called.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.invokers, Invokers::Rows(_))
    }

    fn may_fit(&self, root: &Name) -> bool {
        let fit = self.fit(root);
        // The last: a service that works through a second one.
        fit.row.is_some() || fit.same_source || fit.untold || root.started.meets(&self.may_call)
    }

    /// Whether a root with these names can be the parent without sharing an id.
    pub(super) fn fits(&self, names: u32) -> bool {
        self.fitting.get(names as usize).copied().unwrap_or(false)
    }

    /// How well a call of that name fits as the start of one of this sort.
    pub(super) fn fit(&self, root: &Name) -> Fit {
        let mut fit = Fit { row: None, listed: false, same_source: false, untold: false };
        match self.invokers {
            Invokers::Any => {
                fit.untold = true;
                fit.row = root.started.first_common(&self.may_call);
                fit.listed = fit.row.is_some();
            }
            Invokers::Source(_) => fit.same_source = self.own.contains(&root.source),
            Invokers::Rows(_) => {
                let listed = Rows::first_of([&root.started, &self.rows, &self.may_call]);
                fit.listed = listed.is_some();
                fit.row = listed.or_else(|| root.started.first_common(&self.rows));
                fit.same_source = self.own.contains(&root.source);
            }
        }
        fit
    }
}

impl Knowledge {
    /// What the table says of calls of `action` by `invokers`.
    pub(super) fn criteria(
        &self,
        invokers: Invokers,
        action: &str,
        kind: CallerKind,
        names: &Names<'_>,
    ) -> ParentCriteria {
        let services = self.table().services().iter().enumerate();
        // What makes calls for assistants makes no others.
        let signs = |s: &Service| s.signs_as(CallerKind::Agent) == (kind == CallerKind::Agent);
        let may_call = services.filter(|(_, s)| s.may_call(action) && signs(s));
        let may_call = Rows::of(may_call.map(|(row, _)| row));
        let mut own: Vec<SourceId> = match &invokers {
            Invokers::Any => Vec::new(),
            Invokers::Source(source) => names.source(source).into_iter().collect(),
            Invokers::Rows(rows) => rows
                .iter()
                .filter_map(|row| self.row(*row))
                .flat_map(|service| &service.event_source)
                .filter_map(|source| names.source(source))
                .collect(),
        };
        own.sort_unstable();
        own.dedup();
        let answered = self.sources(&invokers).iter().filter_map(|s| names.source(s)).collect();
        let rows = match &invokers {
            Invokers::Rows(rows) => Rows::of(rows.iter().copied()),
            _ => Rows::default(),
        };
        let lag = |row: usize| self.max_lag(Some(row), kind);
        let reach = match &invokers {
            Invokers::Any => {
                (0..self.table().services().len()).filter(|row| may_call.has(*row)).map(lag).max()
            }
            Invokers::Source(_) => None,
            Invokers::Rows(rows) => rows.iter().copied().map(lag).max(),
        };
        // A parent that no row speaks of, or one of a service behind, has the usual time.
        let reach = reach.unwrap_or(0).max(self.max_lag(None, kind)).min(HOUR);
        let mut wanted_parent =
            ParentCriteria { invokers, rows, may_call, reach, own, answered, fitting: Vec::new() };
        wanted_parent.fitting =
            names.all().iter().map(|root| wanted_parent.may_fit(root)).collect();
        wanted_parent
    }
}
