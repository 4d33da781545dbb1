//! Events by column. What says who called, or what sort of call it was, is the same in many of them:
//! such fields are written once for each combination, and an event only names the combination.

use foldhash::HashMap;

use super::bytes::{self, Reader, Writer};
use super::column::{Column, ColumnReader, ColumnWriter};
use crate::event::{Event, Field, IdentityType, Time};

/// What sort of call it was; [`call_flags`] go with it.
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

/// Who called; [`session`] goes with it.
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

/// What each event has for itself, in order of time.
const OWN: &[Field] = &[Field::RequestId, Field::EventId, Field::SharedEventId];

/// What resembles that of other events of the same sort, so that it is written beside theirs. It
/// often repeats the request id.
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

/// Milliseconds of a second: nearly all times are whole seconds.
const SECOND: i64 = 1_000;

/// Writes events. They come back in the order in which they are given.
pub(super) fn write(events: &[Event], to: &mut Writer) {
    let mut columns = ColumnWriter::default();
    let mut body = Writer::default();
    write_times(events, &mut body);
    let calls = Combinations::of(events, CALL, |event| vec![call_flags(event)]);
    let callers = Combinations::of(events, CALLER, session);
    let places = Combinations::of(events, PLACE, |_| Vec::new());
    for combinations in [&calls, &callers, &places] {
        combinations.write(&mut columns, &mut body);
    }
    for field in OWN {
        columns.write(events.iter().map(|event| (event.get(*field), None)), &mut body);
    }
    let order = order(&calls.numbers, &callers.numbers);
    let sorted: Vec<&Event> = order.iter().filter_map(|at| events.get(*at)).collect();
    for field in SAID {
        columns.write(
            sorted.iter().map(|event| (event.get(*field), event.get(Field::RequestId))),
            &mut body,
        );
    }
    to.count(events.len());
    to.bytes(&columns.finish());
    to.bytes(&body.finish());
}

/// Reads events; columns and events together take at most so much memory.
pub(super) fn read(from: &mut Reader<'_>, budget: usize) -> Option<Vec<Event>> {
    let count = usize::try_from(from.number()?).ok()?;
    let mut columns = ColumnReader::new(from.bytes()?, budget);
    let mut body = Reader::new(from.bytes()?);
    // An event takes several bytes, so there cannot be more of them.
    if count > body.rest().len() {
        return None;
    }
    // Numbers of combinations, and places.
    columns.spend(count.checked_mul(5 * size_of::<usize>())?)?;
    let times = read_times(count, &mut body)?;
    let calls = Rows::read(count, CALL, 1, &mut columns, &mut body)?;
    let callers = Rows::read(count, CALLER, SESSION, &mut columns, &mut body)?;
    let places = Rows::read(count, PLACE, 0, &mut columns, &mut body)?;
    let mut own = Vec::with_capacity(OWN.len());
    for _ in OWN {
        own.push(columns.read(count, &mut body, |_| None)?);
    }
    let order = order(&calls.numbers, &callers.numbers);
    let requests = own.first()?;
    let mut said = Vec::with_capacity(SAID.len());
    for _ in SAID {
        let about = |row: usize| requests.get(*order.get(row)?);
        said.push(columns.read(count, &mut body, about)?);
    }
    if !columns.is_done() || !body.is_empty() {
        return None;
    }
    let mut sorted = vec![0; count];
    for (row, at) in order.iter().enumerate() {
        *sorted.get_mut(*at)? = row;
    }
    let table = Table { calls, callers, places, own, said, sorted };
    times.into_iter().enumerate().map(|(at, time)| table.event(at, time, &mut columns)).collect()
}

fn write_times(events: &[Event], to: &mut Writer) {
    let whole = events.iter().all(|event| event.time.0 % SECOND == 0);
    let unit = if whole { SECOND } else { 1 };
    to.byte(u8::from(whole));
    let mut before = 0;
    for event in events {
        let time = event.time.0 / unit;
        to.signed(time.wrapping_sub(before));
        before = time;
    }
}

fn read_times(count: usize, from: &mut Reader<'_>) -> Option<Vec<Time>> {
    let unit = if from.flag()? { SECOND } else { 1 };
    let mut time = 0_i64;
    let mut next = || {
        time = time.wrapping_add(from.signed()?);
        bytes::time(time.checked_mul(unit)?)
    };
    (0..count).map(|_| next()).collect()
}

/// Events in the order of what they are, and of who made them: what such calls say is alike.
fn order(calls: &[usize], callers: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|at| (calls.get(*at), callers.get(*at)));
    order
}

/// Three values in two bits.
fn maybe(flag: Option<bool>) -> u8 {
    flag.map_or(0, |flag| 1 + u8::from(flag))
}

fn flag(bits: u8) -> Option<Option<bool>> {
    match bits {
        0 => Some(None),
        1 => Some(Some(false)),
        2 => Some(Some(true)),
        _ => None,
    }
}

fn call_flags(event: &Event) -> u8 {
    maybe(event.read_only) | maybe(event.management_event) << 2
}

/// Bytes of what [`session`] gives.
const SESSION: usize = 2 + 9;

/// What of a caller is no text.
fn session(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SESSION);
    bytes.push(event.identity_type as u8);
    bytes.push(maybe(event.mfa) | u8::from(event.from_console) << 2);
    bytes.push(u8::from(event.session_created.is_some()));
    bytes.extend(event.session_created.unwrap_or_default().0.to_be_bytes());
    bytes
}

/// The combinations in which some fields occur, in a fixed order.
struct Combinations<'e> {
    fields: &'static [Field],
    /// For each combination an event that has it, and what of it is no text.
    rows: Vec<(&'e Event, Vec<u8>)>,
    /// For each event the number of its combination.
    numbers: Vec<usize>,
}

impl<'e> Combinations<'e> {
    fn of(
        events: &'e [Event],
        fields: &'static [Field],
        rest: impl Fn(&Event) -> Vec<u8>,
    ) -> Combinations<'e> {
        let mut first: HashMap<Vec<u8>, usize> = HashMap::default();
        let mut rows = Vec::new();
        let mut numbers = Vec::with_capacity(events.len());
        for event in events {
            let rest = rest(event);
            let mut key = Vec::new();
            for field in fields {
                let text = event.get(*field);
                key.extend(text.unwrap_or_default().bytes());
                // No byte of a text.
                key.push(0xff);
            }
            key.extend(&rest);
            let next = first.len();
            let number = *first.entry(key).or_insert(next);
            if number == next {
                rows.push((event, rest));
            }
            numbers.push(number);
        }
        // Neighbours that begin alike take less.
        let mut keys: Vec<(Vec<u8>, usize)> = first.into_iter().collect();
        keys.sort_unstable();
        let mut place = vec![0; keys.len()];
        let mut sorted = Vec::with_capacity(keys.len());
        for (at, (_, number)) in keys.into_iter().enumerate() {
            if let (Some(place), Some(row)) = (place.get_mut(number), rows.get(number)) {
                *place = at;
                sorted.push(row.clone());
            }
        }
        for number in &mut numbers {
            *number = place.get(*number).copied().unwrap_or_default();
        }
        Combinations { fields, rows: sorted, numbers }
    }

    fn write(&self, columns: &mut ColumnWriter, to: &mut Writer) {
        to.count(self.rows.len());
        for field in self.fields {
            columns.write(self.rows.iter().map(|(event, _)| (event.get(*field), None)), to);
        }
        let width = self.rows.first().map_or(0, |(_, rest)| rest.len());
        for place in 0..width {
            self.rows
                .iter()
                .filter_map(|(_, rest)| rest.get(place))
                .for_each(|byte| to.byte(*byte));
        }
        // The higher bytes of all, then the lower ones: each sort has its own statistics.
        for place in (0..bytes_for(self.rows.len())).rev() {
            self.numbers.iter().for_each(|number| to.byte((number >> (8 * place)) as u8));
        }
    }
}

/// Bytes that the number of one of so many takes.
fn bytes_for(rows: usize) -> u32 {
    rows.saturating_sub(1).checked_ilog2().map_or(0, |bits| bits / 8 + 1)
}

/// Combinations that were read.
struct Rows {
    columns: Vec<(Field, Column)>,
    /// What is no text.
    rest: Vec<Vec<u8>>,
    numbers: Vec<usize>,
}

impl Rows {
    fn read<'b>(
        events: usize,
        fields: &'static [Field],
        width: usize,
        columns: &mut ColumnReader<'b>,
        from: &mut Reader<'b>,
    ) -> Option<Rows> {
        let rows = from.count()?;
        let mut texts = Vec::with_capacity(fields.len());
        for field in fields {
            texts.push((*field, columns.read(rows, from, |_| None)?));
        }
        columns.spend(rows.checked_mul(size_of::<Vec<u8>>() + width)?)?;
        let mut rest = vec![Vec::with_capacity(width); rows];
        for _ in 0..width {
            let bytes = from.raw(rows)?;
            rest.iter_mut().zip(bytes).for_each(|(rest, byte)| rest.push(*byte));
        }
        let mut numbers = vec![0; events];
        for _ in 0..bytes_for(rows) {
            let bytes = from.raw(events)?;
            for (number, byte) in numbers.iter_mut().zip(bytes) {
                *number = *number << 8 | usize::from(*byte);
            }
        }
        let known = numbers.iter().all(|number| *number < rows);
        known.then_some(Rows { columns: texts, rest, numbers })
    }

    fn rest(&self, event: usize) -> Option<&[u8]> {
        self.rest.get(*self.numbers.get(event)?).map(Vec::as_slice)
    }
}

/// Everything that was read, by event.
struct Table {
    calls: Rows,
    callers: Rows,
    places: Rows,
    own: Vec<Column>,
    said: Vec<Column>,
    /// Where an event stands in `said`.
    sorted: Vec<usize>,
}

impl Table {
    fn event(&self, at: usize, time: Time, columns: &mut ColumnReader<'_>) -> Option<Event> {
        let mut texts = [None; Event::FIELDS];
        let mut put = |field: Field, text| {
            if let Some(place) = texts.get_mut(field as usize) {
                *place = text;
            }
        };
        for rows in [&self.calls, &self.callers, &self.places] {
            let row = *rows.numbers.get(at)?;
            rows.columns.iter().for_each(|(field, column)| put(*field, column.get(row)));
        }
        OWN.iter().zip(&self.own).for_each(|(field, column)| put(*field, column.get(at)));
        let row = *self.sorted.get(at)?;
        SAID.iter().zip(&self.said).for_each(|(field, column)| put(*field, column.get(row)));
        let mut caller = Reader::new(self.callers.rest(at)?);
        let identity_type = *IdentityType::ALL.get(usize::from(caller.byte()?))?;
        columns
            .spend(size_of::<Event>() + texts.iter().flatten().map(|t| t.len()).sum::<usize>())?;
        let mut event = Event::of(&texts, time, identity_type);
        let flags = caller.byte()?;
        event.mfa = flag(flags & 3)?;
        event.from_console = match flags >> 2 {
            0 => false,
            1 => true,
            _ => return None,
        };
        let created = caller.flag()?;
        let time = i64::from_be_bytes(caller.array()?);
        event.session_created = if created { Some(bytes::time(time)?) } else { None };
        let flags = *self.calls.rest(at)?.first()?;
        event.read_only = flag(flags & 3)?;
        event.management_event = flag(flags >> 2)?;
        Some(event)
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
    fn numbers_take_as_many_bytes_as_they_need() {
        for (rows, bytes) in [(0, 0), (1, 0), (2, 1), (256, 1), (257, 2), (65_536, 2), (65_537, 3)]
        {
            assert_eq!(bytes_for(rows), bytes, "{rows}");
        }
        for (at, kind) in IdentityType::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at);
        }
    }
}
