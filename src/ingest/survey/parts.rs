//! An export in parts that were read apart.

use foldhash::HashSet;

use super::super::contribution::{Contribution, Terms};
use super::super::merge::Known;
use super::super::plan::Books;
use super::conclude::{Again as Look, Edge, Met, enter};
use super::facts::{Facts, number};
use super::gather::Gather;
use super::near::Wanted;
use super::{Budget, Sorter};
use crate::error::{Error, Result};
use crate::ingest::{Ledger, Sight};

/// Parts of an export, one after the other, so that they need not be in memory together.
pub trait Parts {
    /// Hands over every part; asked several times.
    ///
    /// # Errors
    /// When a part cannot be had.
    fn each(&mut self, take: &mut dyn FnMut(Contribution) -> Result<()>) -> Result<()>;
}

impl Parts for Vec<Contribution> {
    fn each(&mut self, take: &mut dyn FnMut(Contribution) -> Result<()>) -> Result<()> {
        self.iter().cloned().try_for_each(take)
    }
}

/// Looks at all parts. Those that are not whole come first: what they counted they may not have
/// kept, so that of a record in two parts the one that is sure to be there is taken for the copy.
pub(super) fn read<'s>(
    parts: &mut dyn Parts,
    sorter: &'s dyn Sorter,
    budget: &Budget,
) -> Result<(Met<'s>, Terms)> {
    let mut reading = Reading {
        gather: Gather::new(sorter, budget),
        all: Some(Vec::new()),
        seen: HashSet::default(),
        kept: 0,
        notifications: 0,
        books: Books {
            ledger: Ledger { ordered: true, ..Ledger::default() },
            sight: Sight::default(),
        },
    };
    let mut terms: Option<Terms> = None;
    parts.each(&mut |part| {
        let first = terms.get_or_insert_with(|| part.terms.clone());
        if let Some(difference) = first.difference(&part.terms) {
            return Err(Error::Usage(format!(
                "the parts were made with different options: {difference}"
            )));
        }
        if part.cuts.is_some() {
            reading.sampled(part);
        }
        Ok(())
    })?;
    parts.each(&mut |part| {
        if part.cuts.is_none() {
            reading.whole(part, budget);
        }
        Ok(())
    })?;
    let terms = terms.ok_or_else(|| Error::Usage("no parts to merge".to_owned()))?;
    let Reading { gather, all, kept, notifications, books, .. } = reading;
    Ok((Met { all, gather, kept, notifications, books }, terms))
}

struct Reading<'s> {
    gather: Gather<'s>,
    all: Option<Vec<Known>>,
    seen: HashSet<u128>,
    kept: u64,
    notifications: u64,
    books: Books,
}

impl Reading<'_> {
    fn sampled(&mut self, part: Contribution) {
        self.all = None;
        if let Some(cuts) = part.cuts {
            self.gather.deepen(cuts);
        }
        let (mut copies, mut told) = (0, 0);
        for event in part.events {
            let known = Known::of(event);
            let copy = !self.seen.insert(known.id.number());
            copies += u64::from(copy);
            told += u64::from(copy && known.event.is_notification());
            self.gather.offer(&known);
        }
        self.kept += part.ledger.records.kept.saturating_sub(copies);
        self.notifications += part.ledger.records.notifications.saturating_sub(told);
        for (stratum, total) in part.totals {
            self.gather.add(stratum, total);
        }
        self.books.add(part.ledger, part.sight);
    }

    fn whole(&mut self, part: Contribution, budget: &Budget) {
        self.books.add(part.ledger, part.sight);
        for event in part.events {
            let known = Known::of(event);
            match &mut self.all {
                Some(all) => all.push(known),
                None => self.enter(&known),
            }
        }
        let Some(all) = self.all.as_ref().filter(|all| all.len() > budget.whole) else { return };
        let ids: HashSet<u128> = all.iter().map(|known| known.id.number()).collect();
        if ids.len() > budget.whole {
            for known in self.all.take().unwrap_or_default() {
                self.enter(&known);
            }
        }
    }

    fn enter(&mut self, known: &Known) {
        let Reading { gather, seen, kept, notifications, .. } = self;
        let is_new = |known: &Known| {
            let new = seen.insert(known.id.number());
            *kept += u64::from(new);
            *notifications += u64::from(new && known.event.is_notification());
            new
        };
        enter(gather, is_new, known);
    }
}

/// All parts, looked at again.
pub(super) struct Again<'p>(pub(super) &'p mut dyn Parts);

impl Look for Again<'_> {
    fn again(&mut self, _: &Wanted, take: &mut dyn FnMut(Known)) -> Result<()> {
        self.0.each(&mut |part| {
            part.events.into_iter().map(Known::of).for_each(&mut *take);
            Ok(())
        })
    }

    fn edges(&mut self) -> Result<Vec<Edge>> {
        let mut spans = Vec::new();
        self.0.each(&mut |part| {
            let one = |event: &crate::event::Event| {
                (number([Facts::of(event).account]), event.time, event.time)
            };
            let edges = Edge::outermost(part.events.iter().map(one));
            spans.extend(edges.into_iter().map(|edge| (edge.account, edge.first, edge.last)));
            Ok(())
        })?;
        Ok(Edge::outermost(spans.into_iter()))
    }
}
