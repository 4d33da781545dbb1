//! Puts the events of all files together: copies removed, corrections applied, order restored, all
//! of it independent of which file was read first.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashSet};

use super::identifier::Identifier;
use crate::event::{Event, Field, json};

/// An event and its id as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: Identifier,
    pub(super) event: Event,
}

impl Known {
    pub(super) fn of(event: Event) -> Known {
        Known { id: Identifier::of(event.id()), event }
    }
}

/// Sorted by time, then by `eventID`. The numbers are compared where they have the order of the
/// texts, because the texts lie far away.
pub(super) fn order(a: &Known, b: &Known) -> Ordering {
    a.event.time.cmp(&b.event.time).then_with(|| match a.id.ordered && b.id.ordered {
        true => a.id.cmp(&b.id),
        false => a.event.id().cmp(b.event.id()),
    })
}

/// Sorts. What comes from one file is in order already, which this way of sorting makes use of.
pub(super) fn sort(events: &mut [Known]) {
    events.sort_by(order);
}

/// Removes copies and what corrections replace from sorted events. `is_new` is asked once for every
/// id and says whether it has not been asked for before. Returns how many of those that were new
/// are replaced by corrections.
pub(super) fn unite(events: &mut Vec<Known>, is_new: impl FnMut(Identifier) -> bool) -> u64 {
    remove_copies(events, is_new);
    remove_corrected(events)
}

/// Removes copies from sorted events; the best of each is left.
pub(super) fn remove_copies(events: &mut Vec<Known>, mut is_new: impl FnMut(Identifier) -> bool) {
    // Copies mostly have the same time and are neighbours now.
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
        best_of(events, &again);
    }
}

/// Of the copies in `again` the best is left, if it was here that the first was met.
fn best_of(events: &mut Vec<Known>, again: &HashSet<u128>) {
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

/// Removes what corrections replace; returns how many those were.
pub(super) fn remove_corrected(events: &mut Vec<Known>) -> u64 {
    let before = events.len();
    let originals = events.iter().filter_map(|known| corrected(&known.event));
    let replaced: HashSet<u128> = originals.map(|id| Identifier::of(&id).number()).collect();
    if !replaced.is_empty() {
        events.retain(|known| !replaced.contains(&known.id.number()));
    }
    (before - events.len()) as u64
}

/// Of two copies leaves the better one.
pub(super) fn keep_better(held: &mut Known, copy: &Known) {
    if prefer(&copy.event, &held.event) == Ordering::Greater {
        *held = copy.clone();
    }
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
