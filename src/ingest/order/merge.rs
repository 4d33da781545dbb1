//! Puts the events of all files together: copies removed, corrections applied, order restored, all
//! of it independent of which file was read first.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashSet};

use crate::event::{Event, Field, json};
use crate::ingest::ledger::blind_spot::{BlindSpot, BlindSpotKind};
use crate::ingest::record::identifier::Identifier;
use crate::ingest::record::identifier::number;
use crate::ingest::record::known::{Known, sort};
use crate::wording::Sentence;

/// Removes copies from sorted events and keeps the best of each. `is_new` is called once for every record, and
/// returns whether it is called for that record for the first time.
pub(crate) fn remove_copies(events: &mut Vec<Known>, mut is_new: impl FnMut(Identifier) -> bool) {
    // Copies mostly have the same time, so they are neighbours after sorting.
    events.dedup_by(|later, kept| {
        let same = later.id.number() == kept.id.number();
        if same && prefer(&later.event, &kept.event) == Ordering::Greater {
            std::mem::swap(later, kept);
        }
        same
    });
    let mut again: HashSet<u128> = HashSet::default();
    for known in events.iter() {
        if !is_new(known.id) {
            again.insert(known.id.number());
        }
    }
    if !again.is_empty() {
        keep_best(events, &again);
    }
}

/// Of the copies in `again`, keeps the best one of those whose first copy is among these events.
fn keep_best(events: &mut Vec<Known>, again: &HashSet<u128>) {
    let mut copies: HashMap<u128, Vec<usize>> = HashMap::default();
    for (at, known) in events.iter().enumerate() {
        if again.contains(&known.id.number()) {
            copies.entry(known.id.number()).or_default().push(at);
        }
    }
    let mut best: HashSet<usize> = HashSet::default();
    for places in copies.values().filter(|places| places.len() > 1) {
        let all = places.iter().filter_map(|at| Some((at, &events.get(*at)?.event)));
        best.extend(all.max_by(|(_, a), (_, b)| prefer(a, b)).map(|(at, _)| *at));
    }
    let mut at = 0;
    events.retain(|known| {
        at += 1;
        !again.contains(&known.id.number()) || best.contains(&(at - 1))
    });
}

/// Removes what corrections replace, and copies that lack what another copy has; returns how many were removed.
/// Only for the finished whole, because what replaces a record may be in another part.
pub(crate) fn remove_replaced(events: &mut Vec<Known>) -> u64 {
    let before = events.len();
    remove_corrected(events);
    remove_incomplete(events);
    (before - events.len()) as u64
}

fn remove_corrected(events: &mut Vec<Known>) {
    // Where ids are masked, many calls may share one, so a correction must also name the same call.
    let call = |event: &Event| number([Some(event.source()), Some(event.name())]);
    let mut others: HashSet<(u128, u64)> = HashSet::default();
    let mut own: HashMap<(u128, u64), usize> = HashMap::default();
    for (at, known) in events.iter().enumerate() {
        let Some(original) = corrected(&known.event) else { continue };
        let key = (Identifier::of(&original).event_number(), call(&known.event));
        if key.0 != known.id.event_number() {
            others.insert(key);
            continue;
        }
        let best = own.entry(key).or_insert(at);
        let held = events.get(*best).map(|held| &held.event);
        if held.is_some_and(|held| prefer(&known.event, held) == Ordering::Greater) {
            *best = at;
        }
    }
    if others.is_empty() && own.is_empty() {
        return;
    }
    let own: HashMap<(u128, u64), Known> =
        own.into_iter().filter_map(|(key, at)| Some((key, events.get(at)?.clone()))).collect();
    events.retain(|known| {
        let key = (known.id.event_number(), call(&known.event));
        let replaced = |correction: &Known| {
            known.event.time == correction.event.time && known.id != correction.id
        };
        !others.contains(&key) && !own.get(&key).is_some_and(replaced)
    });
}

/// Removes copies from forms of export that have lost the caller, the request or its id, if another copy with that id
/// says the same and more.
fn remove_incomplete(events: &mut Vec<Known>) {
    // Grouped by what no form of export lacks, then by the members that are present, so that many records with the
    // same masked id can be compared.
    let mut alike: BTreeMap<(u128, u64), BTreeMap<u8, Vec<&Known>>> = BTreeMap::new();
    for (id, places) in repeated(events) {
        for known in places.iter().filter_map(|at| events.get(*at)) {
            let by_members = alike.entry((id, call_and_outcome(&known.event))).or_default();
            by_members.entry(present_members(&known.event)).or_default().push(known);
        }
    }
    let mut incomplete: HashSet<u128> = HashSet::default();
    for by_members in alike.values() {
        for (own, poor) in by_members {
            let richer = by_members.iter().filter(|(present_members, _)| {
                **present_members != *own && **present_members & own == *own
            });
            let richer = richer.flat_map(|(_, records)| records);
            let digests: HashSet<u64> =
                richer.map(|known| members_digest(&known.event, *own)).collect();
            let poor =
                poor.iter().filter(|known| digests.contains(&members_digest(&known.event, *own)));
            incomplete.extend(poor.map(|known| known.id.number()));
        }
    }
    if !incomplete.is_empty() {
        events.retain(|known| !incomplete.contains(&known.id.number()));
    }
}

/// Members that some forms of export have lost.
const MAY_LACK: [Field; 7] = [
    Field::Arn,
    Field::PrincipalId,
    Field::InvokedBy,
    Field::RequestId,
    Field::RequestParameters,
    Field::ServiceEventDetails,
    Field::ErrorMessage,
];

/// A hash of what was called, when, and how it ended, which no form of export has lost.
fn call_and_outcome(event: &Event) -> u64 {
    let plain = [Field::EventSource, Field::EventName, Field::ErrorCode].map(|f| event.get(f));
    let second = event.time.0.div_euclid(1_000).to_string();
    number(plain.into_iter().chain([Some(second.as_str())]))
}

/// Which of [`MAY_LACK`] are present, a bit for each.
fn present_members(event: &Event) -> u8 {
    let there = MAY_LACK.iter().enumerate().filter(|(_, field)| event.get(**field).is_some());
    there.fold(0, |present_members, (at, _)| present_members | 1 << at)
}

/// A hash of those of [`MAY_LACK`] whose bits are set.
fn members_digest(event: &Event, present_members: u8) -> u64 {
    let fields = MAY_LACK.iter().enumerate().filter(|(at, _)| present_members >> at & 1 == 1);
    number(fields.map(|(_, field)| event.get(*field)))
}

/// The indices of records whose id other records with other content have, by that id.
fn repeated(events: &[Known]) -> BTreeMap<u128, Vec<usize>> {
    let mut first: HashMap<u128, usize> = HashMap::default();
    let mut places: BTreeMap<u128, Vec<usize>> = BTreeMap::new();
    for (at, known) in events.iter().enumerate() {
        match first.entry(known.id.event_number()) {
            Entry::Vacant(slot) => {
                slot.insert(at);
            }
            Entry::Occupied(slot) => {
                let number = known.id.event_number();
                places.entry(number).or_insert_with(|| vec![*slot.get()]).push(at);
            }
        }
    }
    places
}

/// Gives every record an id of its own where records with different content have the same one: the second
/// becomes `ID#2`, the third `ID#3`, in their order. Returns the blind spot that says so.
pub(crate) fn tell_apart(events: &mut [Known]) -> Option<BlindSpot> {
    let repeated = repeated(events);
    let (ids, records) = (repeated.len(), repeated.values().map(Vec::len).sum::<usize>());
    let first = repeated.values().filter_map(|places| places.first()).min()?;
    let example = events.get(*first)?.event.id().to_owned();
    let mut taken: HashSet<String> = events
        .iter()
        .filter(|k| k.event.id().contains('#'))
        .map(|k| k.event.id().to_owned())
        .collect();
    for places in repeated.values() {
        let mut count = 1;
        for at in places.iter().skip(1) {
            let Some(known) = events.get_mut(*at) else { continue };
            let id = loop {
                count += 1;
                let id = format!("{}#{count}", known.event.id());
                if taken.insert(id.clone()) {
                    break id;
                }
            };
            known.event = known.event.with_id(&id);
            known.id = known.id.renamed();
        }
    }
    sort(events);
    let detail = Sentence::new("log-ids-repeat")
        .arg("records", records.to_string())
        .arg("ids", ids.to_string());
    Some(BlindSpot::new(BlindSpotKind::IdsRepeat, detail, Some(&example)))
}

/// Which of two copies of one record is the better one: a correction over what it corrects, then the more complete
/// one. Between equally good copies the text decides, so that it does not matter which came first.
fn prefer(a: &Event, b: &Event) -> Ordering {
    let rank = |event: &Event| {
        let (fields, text) = event.content();
        (event.get(Field::Addendum).is_some(), fields, text.len())
    };
    rank(a).cmp(&rank(b)).then_with(|| b.content().1.cmp(a.content().1)).then_with(|| {
        let flags = |e: &Event| {
            let session = (e.mfa, e.session_created, e.from_console);
            (e.time, e.identity_type, e.read_only, e.management_event, session)
        };
        flags(b).cmp(&flags(a)).then_with(|| fields(b).cmp(fields(a)))
    })
}

/// What stands in each field.
fn fields(event: &Event) -> impl Iterator<Item = Option<&str>> {
    Field::ALL.into_iter().map(|field| event.get(field))
}

/// The id of the event that this one corrects (CloudTrail record contents:
/// `addendum.originalEventID`, of data that was updated); its own where no other is named. A record
/// that only came late corrects none.
fn corrected(event: &Event) -> Option<String> {
    let addendum = event.get(Field::Addendum)?;
    json::find(addendum, "originalEventID").or_else(|| {
        let updated = json::find(addendum, "reason").is_some_and(|why| why == "UPDATED_DATA");
        updated.then(|| event.id().to_owned())
    })
}

/// How many of these are notifications of services and no calls.
pub(crate) fn notifications(events: &[Event]) -> u64 {
    events.iter().filter(|event| event.is_notification()).count() as u64
}

/// Copies of one call that were delivered to several accounts, by `sharedEventID`: indices into
/// `events`. Every call of a service principal has such an id, copies or not; only those with at
/// least two records are groups.
pub(crate) fn shared(events: &[Event]) -> BTreeMap<String, Vec<usize>> {
    let mut first: HashMap<u128, usize> = HashMap::default();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let Some(id) = event.get(Field::SharedEventId) else { continue };
        match first.entry(Identifier::of(id).number()) {
            Entry::Vacant(slot) => {
                slot.insert(index);
            }
            Entry::Occupied(slot) => {
                groups.entry(id.to_owned()).or_insert_with(|| vec![*slot.get()]).push(index);
            }
        }
    }
    groups
}
