//! What a file holds, in short: enough to tell, without opening it a second time, that nothing in it
//! surrounds a refused call.
//!
//! Callers, services and calls leave marks in a filter (B. H. Bloom, "Space/time trade-offs in hash
//! coding with allowable errors", 1970). It never misses what is there and seldom tells of what is
//! not, so it decides only how many files are opened for nothing.

use super::Role;
use super::facts::{Facts, number};
use super::scout::links;
use crate::event::Time;

/// What a file holds.
#[derive(Debug, Clone)]
pub(in super::super) struct Held {
    /// The time of its first record.
    pub(in super::super) from: Time,
    /// The time of its last record.
    pub(in super::super) to: Time,
    /// The number of the account, where there is only one.
    pub(in super::super) account: Option<u64>,
    /// Who calls what in it; `None` where that was not noted.
    pub(in super::super) trace: Option<Trace>,
}

/// Memory for the traces of all files, in bytes.
const MEMORY: usize = 4 << 20;

/// Bits that are looked at while a file is read.
const BITS: usize = 1 << 14;

/// Of a finished trace one bit in so many may be set.
const SPARSE: usize = 6;

/// Words that make up a finished trace of an export of so many files, at most.
pub(in super::super) fn room(files: usize) -> usize {
    let words = (MEMORY / 8 / files.max(1)).max(1);
    // The greatest power of two that is not greater.
    1 << words.ilog2()
}

/// Marks of what is in a file.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Trace(Vec<u64>);

impl Trace {
    fn leave(&mut self, mark: u64) {
        if self.0.is_empty() {
            self.0.resize(BITS / 64, 0);
        }
        for at in places(mark) {
            if let Some(word) = self.0.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
    }

    /// Notes a record, a call of that name.
    pub(super) fn note(&mut self, facts: &Facts<'_>, name: u64, role: Role) {
        self.leave(name);
        if !links(facts, role) {
            return;
        }
        let source = text(facts.source);
        if facts.by_service {
            self.leave(by_service(source));
        }
        if role.starts {
            self.leave(start(source));
        }
        if let Some(actor) = facts.actor.map(text) {
            self.leave(actor);
            if role.starts {
                self.leave(pair(actor, source));
            }
        }
        if let Some(invoker) = facts.invoked_by.map(text) {
            self.leave(invoker);
        }
    }

    /// The same in less memory: as small as its marks allow, and no more than `room` words.
    pub(in super::super) fn fold(mut self, room: usize) -> Trace {
        let set: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        let words = (set as usize * SPARSE).div_ceil(64).next_power_of_two().min(room);
        while self.0.len() > words {
            let half = self.0.split_off(self.0.len() / 2);
            self.0.iter_mut().zip(half).for_each(|(word, other)| *word |= other);
        }
        self.0.shrink_to_fit();
        self
    }

    /// Whether a mark may have been left.
    fn has(&self, mark: u64) -> bool {
        let words = self.0.len();
        places(mark).into_iter().all(|at| {
            // As `fold` laid the halves over each other; the length is a power of two.
            let at = at & (words * 64).wrapping_sub(1);
            self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
        })
    }
}

/// Three bits for each mark.
fn places(mark: u64) -> [usize; 3] {
    [mark, mark >> 14, mark >> 28].map(|bits| bits as usize % BITS)
}

/// The number of a text.
pub(super) fn text(text: &str) -> u64 {
    number([Some(text)])
}

fn by_service(source: u64) -> u64 {
    source.rotate_left(11)
}

fn start(source: u64) -> u64 {
    source.rotate_left(23)
}

fn pair(actor: u64, source: u64) -> u64 {
    actor ^ source.rotate_left(35)
}

/// The marks that something leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks(u64, Option<u64>);

impl Marks {
    /// Calls of a caller, with the number of its text.
    pub(super) fn actor(actor: u64) -> Marks {
        Marks(actor, None)
    }

    /// Calls of a service by a service.
    pub(super) fn source(source: u64) -> Marks {
        Marks(by_service(source), None)
    }

    /// Calls of a service that start work.
    pub(super) fn start(source: u64) -> Marks {
        Marks(start(source), None)
    }

    /// The same of one caller. Its own mark is asked for first: mostly that is not there either.
    pub(super) fn actor_and_source(actor: u64, source: u64) -> Marks {
        Marks(actor, Some(pair(actor, source)))
    }

    /// Calls by a service.
    pub(super) fn invoker(invoker: u64) -> Marks {
        Marks(invoker, None)
    }

    /// The same on a caller's behalf.
    pub(super) fn actor_and_invoker(actor: u64, invoker: u64) -> Marks {
        Marks(actor, Some(invoker))
    }

    /// Calls of that name.
    pub(super) fn call(source: &str, name: &str) -> Marks {
        Marks(number([Some(source), Some(name)]), None)
    }

    /// Whether they may all have been left.
    pub(super) fn are_in(self, trace: &Trace) -> bool {
        trace.has(self.0) && self.1.is_none_or(|other| trace.has(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts<'f>(source: &'f str, name: &'f str, actor: &'f str) -> Facts<'f> {
        Facts {
            time: Time(0),
            account: None,
            region: None,
            source,
            name,
            actor: Some(actor),
            principal: None,
            invoked_by: Some("autoscaling.amazonaws.com"),
            endpoint: None,
            shared: None,
            error_code: None,
            failed: false,
            read_only: None,
            by_service: true,
        }
    }

    proptest! {
        #[test]
        fn whatever_was_noted_is_found_however_small_the_trace(
            met in prop::collection::vec(("[a-d]{1,2}", "[A-D]{1,2}", "[a-z]{1,4}"), 1..40),
            room in (0..9_u32).prop_map(|power| 1_usize << power),
        ) {
            let role = Role { starts: true, changes: false, routine: false };
            let mut trace = Trace::default();
            for (source, name, actor) in &met {
                let number = number([Some(source.as_str()), Some(name.as_str())]);
                trace.note(&facts(source, name, actor), number, role);
            }
            let trace = trace.fold(room);
            for (source, name, actor) in &met {
                let invoker = text("autoscaling.amazonaws.com");
                let (source_, actor) = (text(source), text(actor));
                for marks in [
                    Marks::actor(actor),
                    Marks::source(source_),
                    Marks::start(source_),
                    Marks::actor_and_source(actor, source_),
                    Marks::invoker(invoker),
                    Marks::actor_and_invoker(actor, invoker),
                    Marks::call(source, name),
                ] {
                    prop_assert!(marks.are_in(&trace), "{source} {name} {marks:?}");
                }
            }
        }
    }

    #[test]
    fn what_was_not_noted_is_seldom_found() {
        let role = Role { starts: true, changes: false, routine: false };
        let mut trace = Trace::default();
        let callers: Vec<String> = (0..200).map(|n| format!("caller-{n}")).collect();
        for caller in &callers {
            trace.note(&facts("sqs.amazonaws.com", "SendMessage", caller), 7, role);
        }
        let trace = trace.fold(room(2_000));
        let others = (0..10_000).map(|n| Marks::actor(text(&format!("other-{n}"))));
        let found = others.filter(|marks| marks.are_in(&trace)).count();
        assert!(found < 200, "{found}");
    }
}
