//! Which partition an account is in: an account lies in one, and names without ARNs do not tell it.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::arn::{self, Arn};
use crate::event::{Event, partition};

/// The partitions of accounts.
#[derive(Debug, Clone, Default)]
pub(super) struct Partitions {
    known: BTreeMap<String, &'static str>,
    /// That of an account of which nothing is known.
    usual: Option<&'static str>,
}

impl Partitions {
    /// Learns them from ARNs, or, where there are none, from the Regions of the events.
    pub fn new<'a>(arns: impl Iterator<Item = &'a str>, events: &[&Event]) -> Partitions {
        let mut known: BTreeMap<String, &'static str> = BTreeMap::new();
        for arn in arns.filter_map(Arn::parse).filter(|arn| arn::is_account_id(arn.account)) {
            let Some(found) = partition::named(arn.partition) else { continue };
            // One that stands in two is masked or made up; what is told of it must not depend on
            // the order.
            let told = known.entry(arn.account.to_owned()).or_insert(found.name);
            *told = found.name.max(*told);
        }
        let of_arns: BTreeSet<&'static str> = known.values().copied().collect();
        let of_regions = || events.iter().filter_map(|event| event.region()).map(arn::partition_of);
        let usual = match of_arns.len() {
            0 => one(&of_regions().collect()),
            _ => one(&of_arns),
        };
        Partitions { known, usual }
    }

    /// The partition of an account.
    pub fn of(&self, account: &str) -> &'static str {
        self.known.get(account).copied().or(self.usual).unwrap_or("aws")
    }
}

fn one(all: &BTreeSet<&'static str>) -> Option<&'static str> {
    all.first().copied().filter(|_| all.len() == 1)
}
