//! Events with the number that identifies them, and their order.

use std::cmp::Ordering;

use crate::event::Event;
use crate::ingest::record::identifier::Identifier;

/// An event and what identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: Identifier,
    pub(crate) event: Event,
}

impl Known {
    pub(crate) fn of(event: Event) -> Known {
        Known { id: Identifier::of_event(&event), event }
    }
}

/// By time, then by `eventID`, then by the hash of the content. Ids are compared as numbers where these have
/// the order of the texts, because reading the texts costs a cache miss.
pub(crate) fn order(a: &Known, b: &Known) -> Ordering {
    let by_id = || match a.id.ordered && b.id.ordered {
        true => a.id.event_number().cmp(&b.id.event_number()),
        false => a.event.id().cmp(b.event.id()),
    };
    let by_time = a.event.time.cmp(&b.event.time);
    by_time.then_with(by_id).then_with(|| a.id.content().cmp(&b.id.content()))
}

/// Sorts. Events of one file are mostly in order already, which a merge sort makes use of.
pub(crate) fn sort(events: &mut [Known]) {
    events.sort_by(order);
}

/// Records of one file, or of a few small ones, that are handed over together.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Those that are needed.
    pub(crate) events: Vec<Known>,
    /// The identifiers of those that are not, which are counted and compared with copies all the same.
    pub(crate) unneeded: Vec<Identifier>,
}

impl Part {
    /// Adds what follows.
    pub(crate) fn append(&mut self, mut next: Part) {
        if self.len() == 0 {
            *self = next;
            return;
        }
        self.events.append(&mut next.events);
        self.unneeded.append(&mut next.unneeded);
    }

    /// Records in it.
    pub(crate) fn len(&self) -> usize {
        self.events.len() + self.unneeded.len()
    }
}
