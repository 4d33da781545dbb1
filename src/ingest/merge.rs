//! Puts the events of all files together: copies removed, corrections applied, order restored, all
//! of it independent of which file was read first.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::event::{Event, Field, json};

/// Sorted by time, then by `eventID`: a total order, since no two events share an id.
pub(super) fn order(a: &Event, b: &Event) -> Ordering {
    a.time.cmp(&b.time).then_with(|| a.id().cmp(b.id()))
}

/// Removes copies and what corrections replace, sorts the rest, and returns how many were removed.
pub(super) fn unite(events: Vec<Event>) -> (Vec<Event>, u64) {
    let met = events.len();
    let mut best: HashMap<u128, Event> = HashMap::default();
    best.reserve(met);
    let mut replaced = Vec::new();
    for event in events {
        if let Some(original) = corrected(&event) {
            replaced.push(original);
        }
        match best.entry(key(event.id())) {
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(event);
            }
            std::collections::hash_map::Entry::Occupied(mut slot) => {
                if prefer(&event, slot.get()) == Ordering::Greater {
                    slot.insert(event);
                }
            }
        }
    }
    for original in &replaced {
        best.remove(&key(original));
    }
    let mut kept: Vec<Event> = best.into_values().collect();
    kept.sort_unstable_by(order);
    let removed = met - kept.len();
    (kept, removed as u64)
}

/// An `eventID` as a number: a GUID as it stands, anything else by a hash of 128 bits.
pub(super) fn key(id: &str) -> u128 {
    match guid(id) {
        Some(number) => number,
        None => id.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        }),
    }
}

fn guid(id: &str) -> Option<u128> {
    if id.len() != 36 {
        return None;
    }
    let mut number = 0_u128;
    for (at, byte) in id.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        number = number << 4 | u128::from(char::from(byte).to_digit(16)?);
    }
    Some(number)
}

/// Which of two copies of one record is the better: a correction before what it corrects, then the
/// more complete one; between copies that are equally good the text decides, so that it never
/// matters which came first.
fn prefer(a: &Event, b: &Event) -> Ordering {
    let rank = |event: &Event| {
        let (fields, text) = event.content();
        (event.get(Field::Addendum).is_some(), fields, text.len())
    };
    rank(a).cmp(&rank(b)).then_with(|| b.content().1.cmp(a.content().1)).then_with(|| {
        let flags = |e: &Event| {
            (e.time, e.identity_type, e.read_only, e.management_event, e.mfa, e.session_created)
        };
        flags(b).cmp(&flags(a))
    })
}

/// The event that this one corrects (CloudTrail record contents: `addendum.originalEventID`), if it
/// is another one.
fn corrected(event: &Event) -> Option<String> {
    let addendum = event.get(Field::Addendum)?;
    json::find(addendum, "originalEventID").filter(|original| original != event.id())
}

/// Copies of one call that were delivered to several accounts, by `sharedEventID`: indices into
/// `events`. Every call of a service principal has such an id, copies or not; only those with at
/// least two records are groups.
pub(super) fn shared(events: &[Event]) -> BTreeMap<String, Vec<usize>> {
    let mut first: HashMap<u128, usize> = HashMap::default();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let Some(id) = event.get(Field::SharedEventId) else { continue };
        match first.entry(key(id)) {
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(index);
            }
            std::collections::hash_map::Entry::Occupied(slot) => {
                groups.entry(id.to_owned()).or_insert_with(|| vec![*slot.get()]).push(index);
            }
        }
    }
    groups
}
