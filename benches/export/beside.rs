//! What else happens in the accounts and Regions of a case while it happens: calls of others, with
//! roles, keys and things of their own, none of which fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use flate2::Compression;
use rayon::prelude::*;
use trailwhy::event::{self, Event, Failure, Field, Time};

use super::deeds::{Deed, Teams};
use super::delivery::{self, Cut, File};
use super::noise::Cast;
use super::random::Random;
use super::record::Trail;

/// What to make beside a case.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Accounts and Regions, with how many records the case has of each.
    places: BTreeMap<(String, String), usize>,
    /// First and last second.
    span: (i64, i64),
    /// Whether the trail has data events.
    data: bool,
    /// Calls of which the case has refused ones: that others may make them would be evidence.
    refused: BTreeSet<String>,
    /// At least so many records.
    pub records: usize,
    /// The same seed makes the same.
    pub seed: u64,
}

const HOUR: i64 = 3600;
/// What the names of everything beside a case begin with.
const PREFIX: &str = "other-";
/// Things that services do, in a thousand.
const DEEDS: u64 = 60;

impl Beside {
    /// Beside the case that has these events; `None` where it has none.
    pub fn new(case: &[Event], records: usize, seed: u64) -> Option<Beside> {
        let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
        for event in case {
            let account = event.get(Field::RecipientAccountId).or_else(|| event.account());
            if let (Some(account), Some(region)) = (account, event.region()) {
                *places.entry((account.to_owned(), region.to_owned())).or_default() += 1;
            }
        }
        // An organisation may forbid Regions in which next to nothing happens.
        let of_region = |region: &str| {
            places.iter().filter(|((_, other), _)| other == region).map(|(_, count)| count).sum()
        };
        let is_quiet = |region: &str| -> bool {
            let count: usize = of_region(region);
            count * 8 < case.len()
        };
        let quiet: BTreeSet<String> =
            places.keys().map(|(_, region)| region.clone()).filter(|r| is_quiet(r)).collect();
        places.retain(|(_, region), _| !quiet.contains(region));
        let is_refused = |event: &&Event| {
            event.caller_kind().is_own() && event::failure(event) == Some(Failure::Denied)
        };
        let call = |event: &Event| format!("{}:{}", event.source(), event.name());
        let refused = case.iter().filter(is_refused).map(call).collect();
        let span = (seconds(case.first()?), seconds(case.last()?));
        let data = case.iter().any(|event| event.management_event == Some(false));
        (!places.is_empty()).then_some(Beside { places, span, data, refused, records, seed })
    }

    /// Writes it below `folder`; returns the number of records.
    pub fn write(&self, folder: &Path) -> io::Result<usize> {
        let cut = Cut { duplicates: 100, records: 20_000 };
        self.parts()
            .into_par_iter()
            .map(|part| {
                let mut trail = self.part(&part);
                trail.entries.retain(|entry| self.data || !entry.data);
                let mut random = trail.random.clone();
                let files: Vec<File> = delivery::files(&mut random, &trail.entries, cut);
                delivery::write(folder, &files, Compression::fast())?;
                Ok(trail.entries.len())
            })
            .try_reduce(|| 0, |one, other| Ok(one + other))
    }

    /// Every hour of every place, with its share of the records by how busy the place is.
    fn parts(&self) -> Vec<Part<'_>> {
        let (first, last) = self.span;
        let starts: Vec<i64> = (0..).map(|n| first + n * HOUR).take_while(|s| *s <= last).collect();
        let busy: usize = self.places.values().sum();
        let mut parts = Vec::new();
        for ((account, region), share) in &self.places {
            for start in &starts {
                let end = (start + HOUR - 1).min(last);
                let seconds = (end - start + 1) as usize;
                let records = self.records * share / busy * seconds / (last - first + 1) as usize;
                let number = parts.len() as u64;
                parts.push(Part {
                    account,
                    region,
                    start: *start,
                    end,
                    records: records + 1,
                    number,
                });
            }
        }
        parts
    }

    fn part(&self, part: &Part<'_>) -> Trail {
        let Part { account, region, start, end, records, number } = *part;
        let place = account
            .bytes()
            .chain(region.bytes())
            .fold(self.seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        let mut trail = Trail::new(Random::part(self.seed, number));
        // What there is in a place is the same in every hour; who is at work is not.
        let cast = Cast::apart(&mut Random::new(place), (account, region), PREFIX, start);
        let teams = Teams { account, region, start, prefix: PREFIX, seed: place };
        let counted = |trail: &Trail| match self.data {
            true => trail.entries.len(),
            false => trail.entries.iter().filter(|entry| !entry.data).count(),
        };
        let mut missing = records;
        while missing > 0 {
            for _ in 0..missing.div_ceil(2) {
                let before = trail.entries.len();
                let at = trail.random.between(start, end);
                match trail.random.per_mille(DEEDS) {
                    true => {
                        let deed = Deed::any(&mut trail.random);
                        teams.have(&mut trail, at, deed, false);
                    }
                    false => cast.calm(&mut trail, at),
                }
                let new = trail.entries.get(before..).unwrap_or_default();
                if new.iter().any(|entry| self.refused.contains(&entry.call)) {
                    trail.entries.truncate(before);
                }
            }
            missing = records.saturating_sub(counted(&trail));
        }
        trail
    }
}

fn seconds(event: &Event) -> i64 {
    event.time.seconds_since(Time::default())
}

/// An hour of a place.
#[derive(Debug, Clone, Copy)]
struct Part<'a> {
    account: &'a str,
    region: &'a str,
    start: i64,
    end: i64,
    records: usize,
    number: u64,
}
