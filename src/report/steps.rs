//! The calls of a chain that a report shows. Of a job with thousands of calls those around the one in
//! question are enough, and how many more there are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::build::step;
use super::view::Step;
use crate::chain::{Chains, LinkKind};
use crate::event::{self, Event};
use crate::wording::Wording;

/// A chain of so many calls is shown whole.
const WHOLE: usize = 100;
/// Of a longer one so many calls are shown: thousands of incidents may hang below one root.
const AROUND: usize = 12;

/// The calls of a chain that are shown, and how many more it has.
pub(super) struct Shown {
    pub(super) steps: Vec<Step>,
    pub(super) left_out: u64,
}

/// Shows chains; what is long is gone through once.
pub(super) struct Steps<'s> {
    events: &'s [Event],
    chains: &'s Chains,
    wording: &'s Wording,
    long: RefCell<BTreeMap<usize, Option<Rc<Long>>>>,
}

/// A chain that is too long to be shown whole.
struct Long {
    members: Vec<usize>,
    /// Where each member stands.
    place: HashMap<usize, usize>,
    /// Places of those that are not only read aside, in their order.
    work: Vec<usize>,
}

impl<'s> Steps<'s> {
    pub(super) fn new(events: &'s [Event], chains: &'s Chains, wording: &'s Wording) -> Self {
        Steps { events, chains, wording, long: RefCell::default() }
    }

    /// The chain of the call at `index`, parents before children.
    pub(super) fn of(&self, index: usize) -> Shown {
        let root = self.chains.asked(index, self.events);
        match self.long(root) {
            Some(long) => self.around(&long, index, root),
            None => self.shown(self.chains.work(index, self.events), 0),
        }
    }

    fn shown(&self, calls: Vec<usize>, left_out: usize) -> Shown {
        let step = |index| step(self.events, self.chains, index, self.wording);
        Shown { steps: calls.into_iter().filter_map(step).collect(), left_out: left_out as u64 }
    }

    fn long(&self, root: usize) -> Option<Rc<Long>> {
        let mut all = self.long.borrow_mut();
        all.entry(root).or_insert_with(|| Long::of(root, self.events, self.chains)).clone()
    }

    /// The line from the root to the call, and the calls nearest to it.
    fn around(&self, long: &Long, index: usize, root: usize) -> Shown {
        let line = self.line(index, root);
        let place = |call: &usize| long.place.get(call).copied();
        let mut shown: BTreeSet<usize> = line.iter().filter_map(place).collect();
        let all = long.work.len()
            + shown.iter().filter(|place| long.work.binary_search(place).is_err()).count();
        let here = place(&index).unwrap_or(0);
        let mut after = long.work.partition_point(|place| *place <= here);
        let mut before = long.work.partition_point(|place| *place < here);
        while shown.len() < AROUND.min(all) {
            let (earlier, later) = (before.checked_sub(1), long.work.get(after));
            if earlier.is_none() && later.is_none() {
                break;
            }
            if let Some(at) = earlier {
                before = at;
                shown.extend(long.work.get(at));
            }
            if let Some(later) = later.filter(|_| shown.len() < AROUND) {
                after += 1;
                shown.insert(*later);
            }
        }
        let left_out = all.saturating_sub(shown.len());
        let calls = shown.into_iter().filter_map(|place| long.members.get(place)).copied();
        self.shown(calls.collect(), left_out)
    }

    fn line(&self, index: usize, root: usize) -> Vec<usize> {
        let mut line = vec![index];
        let mut at = index;
        while let Some(link) = self.chains.link(at).filter(|_| at != root) {
            at = link.parent;
            line.push(at);
        }
        line
    }
}

impl Long {
    fn of(root: usize, events: &[Event], chains: &Chains) -> Option<Rc<Long>> {
        let members = chains.members(root);
        if members.len() <= WHOLE {
            return None;
        }
        let work = (0..members.len())
            .filter(|place| !members.get(*place).is_some_and(|at| is_aside(*at, events, chains)));
        let work = work.collect();
        let place = members.iter().enumerate().map(|(place, call)| (*call, place)).collect();
        Some(Rc::new(Long { members, place, work }))
    }
}

/// Whether a call was only read in a session that was taken on, beside what the chain is about.
fn is_aside(at: usize, events: &[Event], chains: &Chains) -> bool {
    let in_session = chains.link(at).is_some_and(|link| link.kind == LinkKind::IssuedCredentials);
    in_session
        && !chains.is_kms(at)
        && chains.children(at).is_empty()
        && events.get(at).is_some_and(|call| !call.failed() && event::is_read_like(call.name()))
}
