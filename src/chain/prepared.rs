//! Calls that carry out what an earlier call prepared, as `ExecuteChangeSet` does with what
//! `CreateChangeSet` made: the work below belongs to the later call, and the earlier one is above it.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::chains::Chains;
use super::link::{Basis, Link, LinkKind};
use super::names::Names;
use super::service::{Prepared, Table};
use crate::event::Event;

/// Seconds by which a call of the work can be stamped before the call that began it.
const EARLY: i64 = 3;

/// Links what carries out to what prepared it, and gives it the work that came after.
pub(super) fn link(chains: &mut Chains, events: &[Event], names: &Names<'_>, table: &Table) {
    let is_either = |at: &usize| names.of(*at).is_some_and(|name| name.prepares);
    let calls: Vec<(usize, &Event)> = (0..events.len())
        .into_par_iter()
        .filter(is_either)
        .filter_map(|at| Some((at, events.get(at)?)))
        .collect();
    let mut carried: HashMap<usize, Vec<usize>, RandomState> = HashMap::default();
    for prepared in table.services().iter().flat_map(|service| &service.prepared) {
        for (earlier, later) in pairs(&calls, prepared) {
            carried.entry(earlier).or_default().push(later);
            chains.set_link(later, prepared_link(earlier));
        }
    }
    if carried.is_empty() {
        return;
    }
    for (child, link) in chains.links_mut() {
        let (Some(later), Some(event)) = (carried.get(&link.parent), events.get(child)) else {
            continue;
        };
        let began = |at: &&usize| {
            events.get(**at).is_some_and(|e| event.time.seconds_since(e.time) >= -EARLY)
        };
        if let Some(later) = later.iter().filter(|later| **later != child).rfind(began)
            && !link.basis.has(Basis::PREPARED)
        {
            link.parent = *later;
        }
    }
}

/// Each call that carries out with the last call before it that prepared the same.
fn pairs(calls: &[(usize, &Event)], prepared: &Prepared) -> Vec<(usize, usize)> {
    let mut earlier: Vec<(usize, &Event)> = Vec::new();
    let mut pairs = Vec::new();
    for (index, event) in calls {
        if prepared.is_earlier(event) && !event.failed() {
            earlier.push((*index, event));
        } else if prepared.is_later(event) {
            let is_it = |(_, known): &&(usize, &Event)| {
                known.account() == event.account() && prepared.is_carried_out(known, event)
            };
            let near = earlier.iter().rev().take(MOST).find(is_it);
            pairs.extend(near.map(|(at, _)| (*at, *index)));
        }
    }
    pairs
}

/// Earlier calls that are looked at for one that carries out.
const MOST: usize = 1000;

fn prepared_link(earlier: usize) -> Link {
    Link {
        parent: earlier,
        kind: LinkKind::ResourceId,
        confidence: 0.99,
        basis: Basis::PREPARED,
        tied_with: Vec::new(),
    }
}
