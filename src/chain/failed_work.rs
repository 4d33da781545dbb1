//! How work ended that a service did after it had answered, where an event of its own tells.
//!
//! The call that began the work succeeded and so did the record of its end: that the work itself
//! failed stands only in what that record says.

use std::collections::BTreeMap;

use super::names::{EventKind, Names};
use super::service::{Completion, Ending, Table};
use crate::event::Event;

/// That work failed, as a service event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedWork {
    /// The state it ended in, in the service's own word; `None` where the event's name says all.
    pub state: Option<String>,
    /// Why, in the service's own words.
    pub message: Option<String>,
}

/// The events among these that tell of failed work.
pub(super) fn failed(
    events: &[Event],
    names: &Names<'_>,
    table: &Table,
) -> BTreeMap<usize, FailedWork> {
    let rows: Vec<_> = table.services().iter().filter(|row| !row.completion.is_empty()).collect();
    let told = |event: &Event| {
        let completion = rows.iter().find_map(|row| row.completion_of(event))?;
        (completion.ending(event) == Some(Ending::Failed)).then(|| work(completion, event))
    };
    let of_kind = |kind: EventKind| {
        let is_it = move |(index, _): &(usize, &Event)| {
            names.brief(*index).is_some_and(|brief| brief.kind == kind)
        };
        events.iter().enumerate().filter(is_it)
    };
    let reports = of_kind(EventKind::ServiceEvent);
    let reports = reports.filter_map(|(index, event)| Some((index, told(event)?)));
    let notified = of_kind(EventKind::Notification).filter_map(|(index, event)| {
        let told = event.notification().filter(|told| told.failed)?;
        Some((index, FailedWork { state: told.state, message: told.cause }))
    });
    reports.chain(notified).collect()
}

fn work(completion: &Completion, event: &Event) -> FailedWork {
    let value = |place: &Option<_>| {
        let values = place.as_ref().map(|place: &super::service::Place| place.values(event));
        values.unwrap_or_default().into_iter().next()
    };
    FailedWork { state: value(&completion.state), message: value(&completion.message) }
}
