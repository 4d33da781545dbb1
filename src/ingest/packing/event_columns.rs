//! Events by column. Many events share who called, or what kind of call it was: such fields are written once for each
//! combination, and an event refers to its combination.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Event, Field, IdentityType, Time};
use crate::ingest::packing::text_column::{Column, Guids, Opened, Unpacking};

/// The kind of call; [`Flags`] belong to it.
const CALL: &[Field] = &[
    Field::EventVersion,
    Field::EventSource,
    Field::EventName,
    Field::EventType,
    Field::EventCategory,
    Field::AwsRegion,
    Field::RecipientAccountId,
    Field::ApiVersion,
];

/// Who called; [`Session`] belongs to it.
const CALLER: &[Field] = &[
    Field::PrincipalId,
    Field::Arn,
    Field::AccountId,
    Field::AccessKeyId,
    Field::UserName,
    Field::InvokedBy,
    Field::IssuerType,
    Field::IssuerPrincipalId,
    Field::IssuerArn,
    Field::IssuerAccountId,
    Field::IssuerUserName,
    Field::SourceIdentity,
    Field::Ec2RoleDelivery,
    Field::SignInSessionArn,
    Field::WebIdFederationData,
    Field::InScopeOf,
    Field::OnBehalfOf,
];

/// From where.
const PLACE: &[Field] =
    &[Field::SourceIpAddress, Field::UserAgent, Field::VpcEndpointId, Field::VpcEndpointAccountId];

/// What differs in every event, in order of time.
const OWN: &[Field] = &[Field::RequestId, Field::EventId, Field::SharedEventId];

/// What resembles that of other events of the same kind, so that it compresses well next to theirs.
const SAID: &[Field] = &[
    Field::ErrorCode,
    Field::ErrorMessage,
    Field::RequestParameters,
    Field::ResponseElements,
    Field::AdditionalEventData,
    Field::ServiceEventDetails,
    Field::Resources,
    Field::TlsDetails,
    Field::Addendum,
    Field::EventContext,
];

/// Events as they are written; they come back in the order in which they are given.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Columns {
    /// The GUIDs of all columns, in the order of the members below.
    guids: Guids,
    /// By how many milliseconds each event is later than the one before.
    times: Vec<i64>,
    calls: Combinations<Flags>,
    callers: Combinations<Session>,
    places: Combinations<()>,
    /// Of [`OWN`].
    own: Vec<Column>,
    /// Of [`SAID`], in the order of [`order`].
    said: Vec<Column>,
}

/// The members of a call that are no texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Flags {
    read_only: Option<bool>,
    management_event: Option<bool>,
}

/// The members of a caller that are no texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Session {
    identity_type: IdentityType,
    mfa: Option<bool>,
    from_console: bool,
    created: Option<Time>,
}

/// The combinations in which some fields occur, sorted.
#[derive(Debug, Serialize, Deserialize)]
struct Combinations<R> {
    columns: Vec<Column>,
    /// For each combination, its members that are no texts.
    rest: Vec<R>,
    /// For each event, the number of its combination.
    numbers: Vec<u32>,
}

impl<R> Default for Combinations<R> {
    fn default() -> Self {
        Combinations { columns: Vec::new(), rest: Vec::new(), numbers: Vec::new() }
    }
}

impl Columns {
    /// Makes columns of these events.
    pub(crate) fn of(events: &[Event]) -> Columns {
        let mut guids = Guids::new();
        let flags = |event: &Event| Flags {
            read_only: event.read_only,
            management_event: event.management_event,
        };
        let session = |event: &Event| Session {
            identity_type: event.identity_type,
            mfa: event.mfa,
            from_console: event.from_console,
            created: event.session_created,
        };
        let calls = Combinations::of(events, CALL, flags, &mut guids);
        let callers = Combinations::of(events, CALLER, session, &mut guids);
        let places = Combinations::of(events, PLACE, |_| (), &mut guids);
        let own = columns(events.iter(), OWN, &mut guids);
        let order = order(&calls.numbers, &callers.numbers);
        let sorted = order.iter().filter_map(|at| events.get(*at));
        let said = columns(sorted, SAID, &mut guids);
        let mut before = 0;
        let times = events.iter().map(|event| {
            let later = event.time.0.wrapping_sub(before);
            before = event.time.0;
            later
        });
        Columns { times: times.collect(), calls, callers, places, own, said, guids }
    }

    /// The events; columns and events together take at most so much memory.
    pub(crate) fn events(self, budget: usize) -> Option<Vec<Event>> {
        let count = self.times.len();
        let mut unpacking = Unpacking::new(self.guids, budget);
        let order = order(&self.calls.numbers, &self.callers.numbers);
        let calls = self.calls.opened(count, CALL, &mut unpacking)?;
        let callers = self.callers.opened(count, CALLER, &mut unpacking)?;
        let places = self.places.opened(count, PLACE, &mut unpacking)?;
        let own = opened(self.own, count, OWN, &mut unpacking)?;
        let said = opened(self.said, count, SAID, &mut unpacking)?;
        if !unpacking.is_done() {
            return None;
        }
        let mut rows = vec![0; count];
        for (row, at) in order.into_iter().enumerate() {
            *rows.get_mut(at)? = row;
        }
        let mut time = 0_i64;
        let mut events = Vec::new();
        for (at, later) in self.times.iter().enumerate() {
            time = time.wrapping_add(*later);
            let mut texts = [None; Event::FIELDS];
            let (flags, row) = calls.of_event(at)?;
            put(&calls.columns, CALL, row, &mut texts);
            let (session, row) = callers.of_event(at)?;
            put(&callers.columns, CALLER, row, &mut texts);
            put(&places.columns, PLACE, places.of_event(at)?.1, &mut texts);
            put(&own, OWN, at, &mut texts);
            put(&said, SAID, *rows.get(at)?, &mut texts);
            let length: usize = texts.iter().flatten().map(|text| text.len()).sum();
            unpacking.spend(size_of::<Event>() + length)?;
            let mut event = Event::of(&texts, Time(time).in_calendar()?, session.identity_type);
            event.read_only = flags.read_only;
            event.management_event = flags.management_event;
            event.mfa = session.mfa;
            event.session_created = session.created;
            event.from_console = session.from_console;
            events.push(event);
        }
        Some(events)
    }
}

/// Puts what a row of some columns holds among the texts of an event.
fn put<'c>(
    columns: &'c [Opened],
    fields: &[Field],
    row: usize,
    texts: &mut [Option<&'c str>; Event::FIELDS],
) {
    for (field, column) in fields.iter().zip(columns) {
        if let Some(place) = texts.get_mut(*field as usize) {
            *place = column.get(row);
        }
    }
}

fn columns<'e>(
    events: impl Iterator<Item = &'e Event> + Clone,
    fields: &[Field],
    guids: &mut Guids,
) -> Vec<Column> {
    fields
        .iter()
        .map(|field| Column::of(events.clone().map(|event| event.get(*field)), guids))
        .collect()
}

fn opened(
    columns: Vec<Column>,
    rows: usize,
    fields: &[Field],
    unpacking: &mut Unpacking,
) -> Option<Vec<Opened>> {
    let count = columns.len();
    let opened = columns.into_iter().map(|column| column.opened(rows, unpacking));
    opened.collect::<Option<Vec<_>>>().filter(|_| count == fields.len())
}

/// The indices of events by kind of call, then by caller: such calls have similar requests.
fn order(calls: &[u32], callers: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|at| (calls.get(*at), callers.get(*at)));
    order
}

impl<R: Copy + Ord + std::hash::Hash> Combinations<R> {
    fn of(
        events: &[Event],
        fields: &[Field],
        rest: impl Fn(&Event) -> R,
        guids: &mut Guids,
    ) -> Combinations<R> {
        // Sorted, because neighbours that begin alike compress better.
        let mut sorted: BTreeMap<(Vec<Option<&str>>, R), u32> = BTreeMap::new();
        let key = |event| {
            let texts: Vec<Option<&str>> =
                fields.iter().map(|field| Event::get(event, *field)).collect();
            (texts, rest(event))
        };
        for event in events {
            sorted.entry(key(event)).or_default();
        }
        (0..).zip(sorted.values_mut()).for_each(|(number, value)| *value = number);
        let numbers = events.iter().filter_map(|event| sorted.get(&key(event)).copied());
        let numbers = numbers.collect();
        let cell =
            |at: usize| sorted.keys().map(move |(texts, _)| texts.get(at).copied().flatten());
        let columns = (0..fields.len()).map(|at| Column::of(cell(at), guids)).collect();
        Combinations { columns, rest: sorted.keys().map(|(_, rest)| *rest).collect(), numbers }
    }
}

impl<R: Copy> Combinations<R> {
    fn opened(self, events: usize, fields: &[Field], unpacking: &mut Unpacking) -> Option<Rows<R>> {
        let columns = opened(self.columns, self.rest.len(), fields, unpacking)?;
        let rows = Rows { columns, rest: self.rest, numbers: self.numbers };
        (rows.numbers.len() == events).then_some(rows)
    }
}

/// Combinations that were read.
struct Rows<R> {
    columns: Vec<Opened>,
    rest: Vec<R>,
    numbers: Vec<u32>,
}

impl<R: Copy> Rows<R> {
    /// What is no text, and the number of the combination.
    fn of_event(&self, event: usize) -> Option<(R, usize)> {
        let number = *self.numbers.get(event)? as usize;
        Some((*self.rest.get(number)?, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_one_place() {
        let mut all: Vec<usize> = [CALL, CALLER, PLACE, OWN, SAID]
            .into_iter()
            .flatten()
            .map(|field| *field as usize)
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..Event::FIELDS).collect::<Vec<_>>());
    }

    #[test]
    fn what_points_at_itself_too_often_is_refused() {
        let long = "x".repeat(1 << 20);
        let mut texts = [None; Event::FIELDS];
        texts[Field::ErrorMessage as usize] = Some(long.as_str());
        let event = Event::of(&texts, Time(0), IdentityType::Missing);
        let columns = || Columns::of(&vec![event.clone(); 100]);
        assert!(columns().events(110 << 20).is_some_and(|events| events.len() == 100));
        assert!(columns().events(90 << 20).is_none());
    }
}
