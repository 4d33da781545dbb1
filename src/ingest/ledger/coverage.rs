//! Counts which hours, accounts, Regions and categories of events an export covers, and concludes what it
//! cannot show. Counted for each file and added up, so that neither threads nor order matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::event::arn::is_account_id;
use crate::event::{Event, Field, Time, partition};
use crate::ingest::ledger::blind_spot::{BlindSpot, BlindSpotKind};
use crate::ingest::ledger::totals::united;
use crate::ingest::ledger::trail_change::{self, TrailChange};
use crate::ingest::record::header::Header;
use crate::wording::Sentence;

/// Milliseconds.
const HOUR: i64 = 3_600_000;

/// What the records of an export cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Coverage {
    pub(crate) span: Option<(Time, Time)>,
    pub(crate) streams: Vec<Stream>,
    /// The index of the stream that the last record was counted in: a delivery file mostly holds one account
    /// and one Region.
    #[serde(skip)]
    pub(crate) last: usize,
    pub(crate) kms: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) data: u64,
    /// Records that do not say who called.
    pub(crate) without_caller: u64,
    /// Accounts that call but are no recipients, and accounts that own what was called.
    pub(crate) callers: BTreeMap<String, Mention>,
    pub(crate) owners: BTreeMap<String, Mention>,
    pub(crate) changes: Vec<TrailChange>,
}

/// The records of one account and Region, hour by hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Stream {
    pub(crate) account: Option<String>,
    pub(crate) region: Option<String>,
    /// The hour of the last record, and how many of it are not yet in `hours`.
    #[serde(skip)]
    pub(crate) now: (i64, u64),
    pub(crate) hours: BTreeMap<i64, u64>,
}

impl Stream {
    fn count(&mut self, hour: i64, count: u64) {
        if self.now.0 != hour {
            self.flush();
            self.now.0 = hour;
        }
        self.now.1 += count;
    }

    fn flush(&mut self) {
        if self.now.1 > 0 {
            *self.hours.entry(self.now.0).or_default() += self.now.1;
            self.now.1 = 0;
        }
    }
}

/// How often an account is mentioned, and by which event first.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Mention {
    pub(crate) count: u64,
    pub(crate) first: (Time, String),
}

impl Coverage {
    /// Counts one record with that id.
    pub(crate) fn count(&mut self, header: &Header<'_>, id: &str) {
        let time = header.time();
        self.span = united(self.span, Some((time, time)));
        let hour = time.0.div_euclid(HOUR);
        self.stream(header.account(), header.get(Field::AwsRegion)).count(hour, 1);
        self.kms += u64::from(header.source() == "kms.amazonaws.com");
        self.without_caller += u64::from(!header.names_caller());
        self.count_category(header);
        self.count_accounts(header, id);
    }

    /// Notes the change that an event made to a trail, if it made one.
    pub(crate) fn change(&mut self, event: &Event) {
        self.changes.extend(trail_change::of(event));
    }

    fn count_category(&mut self, header: &Header<'_>) {
        let category = header.get(Field::EventCategory);
        if category == Some("Data") || header.management_event() == Some(false) {
            self.data += 1;
            return;
        }
        match header.read_only() {
            Some(true) => self.reads += 1,
            Some(false) => self.writes += 1,
            None => {}
        }
    }

    fn count_accounts(&mut self, header: &Header<'_>, id: &str) {
        let Some(recipient) = header.get(Field::RecipientAccountId) else { return };
        let caller = header.get(Field::AccountId);
        if let Some(caller) = caller.filter(|a| *a != recipient && is_account_id(a)) {
            mention(&mut self.callers, caller, 1, (header.time(), id));
        }
        let Some(resources) = header.get(Field::Resources) else { return };
        for owner in owners(resources).filter(|owner| *owner != recipient) {
            mention(&mut self.owners, owner, 1, (header.time(), id));
        }
    }

    fn stream(&mut self, account: Option<&str>, region: Option<&str>) -> &mut Stream {
        let is = |s: &Stream| s.account.as_deref() == account && s.region.as_deref() == region;
        if !self.streams.get(self.last).is_some_and(is) {
            self.last = self.streams.iter().position(is).unwrap_or(self.streams.len());
        }
        if self.last == self.streams.len() {
            let (account, region) = (account.map(str::to_owned), region.map(str::to_owned));
            self.streams.push(Stream { account, region, ..Stream::default() });
        }
        #[expect(clippy::indexing_slicing, reason = "found or made just now")]
        &mut self.streams[self.last]
    }

    /// Adds what was counted in another file.
    pub(crate) fn add(&mut self, other: Coverage) {
        self.span = united(self.span, other.span);
        for mut theirs in other.streams {
            theirs.flush();
            let stream = self.stream(theirs.account.as_deref(), theirs.region.as_deref());
            for (hour, count) in theirs.hours {
                stream.count(hour, count);
            }
            stream.flush();
        }
        self.kms += other.kms;
        self.reads += other.reads;
        self.writes += other.writes;
        self.data += other.data;
        self.without_caller += other.without_caller;
        for (mine, others) in [(&mut self.callers, other.callers), (&mut self.owners, other.owners)]
        {
            for (account, mention) in others {
                let (time, id) = &mention.first;
                self::mention(mine, &account, mention.count, (*time, id));
            }
        }
        self.changes.extend(other.changes);
    }

    /// Sorts what was counted, so that the order of counting leaves no trace.
    pub(crate) fn flush(&mut self) {
        for stream in &mut self.streams {
            stream.flush();
            stream.now = (0, 0);
        }
        self.streams.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
        self.last = 0;
        self.changes.sort();
        self.changes.dedup();
    }

    /// First and last event time.
    pub(crate) fn span(&self) -> Option<(Time, Time)> {
        self.span
    }

    /// Accounts the records were delivered to.
    pub(crate) fn accounts(&self) -> BTreeSet<String> {
        self.streams.iter().filter_map(|s| s.account.clone()).collect()
    }

    /// Regions of the records.
    pub(crate) fn regions(&self) -> BTreeSet<String> {
        self.streams.iter().filter_map(|s| s.region.clone()).collect()
    }

    /// What the export cannot show, in a fixed order.
    pub(crate) fn blind_spots(&self) -> Vec<BlindSpot> {
        if self.span.is_none() {
            return Vec::new();
        }
        let mut spots = trail_change::blind_spots(&self.changes);
        self.missing_categories(&mut spots);
        self.missing_region(&mut spots);
        self.missing_hours(&mut spots);
        self.missing_accounts(&mut spots);
        spots.sort();
        spots.dedup();
        spots
    }

    fn missing_categories(&self, spots: &mut Vec<BlindSpot>) {
        let mut push = |kind, detail| spots.push(BlindSpot::new(kind, detail, None));
        if self.kms == 0 {
            push(BlindSpotKind::NoKmsEvents, Sentence::new("log-no-kms"));
        }
        if self.reads == 0 && self.writes >= FEW {
            push(BlindSpotKind::ReadEventsMissing, Sentence::new("log-no-reads"));
        }
        if self.writes == 0 && self.reads >= FEW {
            push(BlindSpotKind::WriteEventsMissing, Sentence::new("log-no-writes"));
        }
        if self.data == 0 {
            push(BlindSpotKind::DataEventsMissing, Sentence::new("log-no-data"));
        }
        if self.without_caller > 0 {
            let records = match self.without_caller {
                1 => Sentence::new("log-nameless-once"),
                count => Sentence::new("log-nameless").arg("count", count.to_string()),
            };
            let detail = Sentence::new("log-no-callers").arg("records", records);
            push(BlindSpotKind::CallersMissing, detail);
        }
    }

    /// IAM and Organizations are recorded in one Region of the partition (CloudTrail user guide,
    /// "Global service events").
    fn missing_region(&self, spots: &mut Vec<BlindSpot>) {
        let regions = self.regions();
        for partition in partition::all() {
            let is_there = |region: &String| partition::of_region(region) == partition;
            if regions.iter().any(is_there) && !regions.contains(partition.home) {
                let detail = Sentence::new("log-no-home-region").arg("region", partition.home);
                spots.push(BlindSpot::new(BlindSpotKind::RegionMissing, detail, None));
            }
        }
    }

    fn missing_hours(&self, spots: &mut Vec<BlindSpot>) {
        for stream in &self.streams {
            for (from, to) in gaps(&stream.hours) {
                let detail = Sentence::new("log-empty-hours")
                    .arg("account", stream.account.as_deref().unwrap_or("unknown"))
                    .arg("region", stream.region.as_deref().unwrap_or("unknown"))
                    .arg("from", Time(from * HOUR).to_string())
                    .arg("to", Time(to * HOUR).to_string())
                    .arg("hours", hours(to - from));
                spots.push(BlindSpot::new(BlindSpotKind::HoursMissing, detail, None));
            }
        }
    }

    /// Denials across accounts are recorded only for the caller (KMS developer guide, "Logging AWS
    /// KMS API calls"), policies only in the account that owns them.
    fn missing_accounts(&self, spots: &mut Vec<BlindSpot>) {
        let seen = self.accounts();
        let unseen = |(account, _): &(&String, &Mention)| !seen.contains(*account);
        let callers = self.callers.iter().filter(unseen).map(|(account, mention)| {
            let detail = Sentence::new("log-caller-account")
                .arg("account", account)
                .arg("records", mention.sentence());
            BlindSpot::new(BlindSpotKind::CallerAccountMissing, detail, Some(&mention.first.1))
        });
        let owners = self.owners.iter().filter(unseen).map(|(account, mention)| {
            let detail = Sentence::new("log-owner-account")
                .arg("account", account)
                .arg("records", mention.sentence());
            BlindSpot::new(BlindSpotKind::OwnerAccountMissing, detail, Some(&mention.first.1))
        });
        spots.extend(callers.chain(owners));
    }
}

impl Mention {
    fn sentence(&self) -> Sentence {
        match self.count {
            1 => Sentence::new("log-mentioned-once"),
            count => Sentence::new("log-mentioned").arg("count", count.to_string()),
        }
    }
}

fn hours(count: i64) -> Sentence {
    match count {
        1 => Sentence::new("log-one-hour"),
        _ => Sentence::new("log-hours").arg("count", count.to_string()),
    }
}

/// Among fewer records than this, the absence of a category says nothing.
const FEW: u64 = 50;

fn mention(
    map: &mut BTreeMap<String, Mention>,
    account: &str,
    count: u64,
    (time, id): (Time, &str),
) {
    match map.get_mut(account) {
        Some(mention) => {
            mention.count += count;
            if (time, id) < (mention.first.0, mention.first.1.as_str()) {
                mention.first = (time, id.to_owned());
            }
        }
        None => {
            map.insert(account.to_owned(), Mention { count, first: (time, id.to_owned()) });
        }
    }
}

/// The accounts named in `resources`, without parsing it: `"accountId":"111122223333"`.
fn owners(resources: &str) -> impl Iterator<Item = &str> {
    let after = |at: usize| resources.get(at + NAME.len()..);
    let names = FINDER.find_iter(resources.as_bytes()).filter_map(after);
    names
        .filter_map(|rest| rest.trim_start_matches([':', ' ', '"']).get(..12))
        .filter(|account| is_account_id(account))
}

const NAME: &str = "\"accountId\"";

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(NAME));

/// A stream with fewer hours than this is too short to call an empty hour a gap.
const SHORTEST_STREAM_HOURS: usize = 12;

/// A stream is busy if nine in ten of its hours hold at least this many records: an empty hour is then no
/// coincidence.
const BUSY_HOUR_RECORDS: u64 = 20;

/// Runs of empty hours in a stream that is busy otherwise: from which hour to before which, since 1970.
fn gaps(hours: &BTreeMap<i64, u64>) -> Vec<(i64, i64)> {
    let (Some((first, _)), Some((last, _))) = (hours.first_key_value(), hours.last_key_value())
    else {
        return Vec::new();
    };
    let mut counts: Vec<u64> = hours.values().copied().collect();
    counts.sort_unstable();
    let quiet = counts.get(counts.len() / 10).copied().unwrap_or(0);
    let is_short = last - first < SHORTEST_STREAM_HOURS as i64;
    if is_short || quiet < BUSY_HOUR_RECORDS || counts.len() < SHORTEST_STREAM_HOURS {
        return Vec::new();
    }
    let present: Vec<i64> = hours.keys().copied().collect();
    let pairs = present.iter().zip(present.iter().skip(1));
    pairs.filter(|(a, b)| **b - **a > 1).map(|(a, b)| (a + 1, *b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_hour_of_a_busy_stream_is_a_gap() {
        let busy: BTreeMap<i64, u64> =
            (100..130).filter(|h| !(110..112).contains(h)).map(|h| (h, 50)).collect();
        assert_eq!(gaps(&busy), [(110, 112)]);
        let sparse: BTreeMap<i64, u64> =
            (100..130).filter(|h| h % 3 == 0).map(|h| (h, 2)).collect();
        assert_eq!(gaps(&sparse), []);
        assert_eq!(gaps(&BTreeMap::new()), []);
    }

    #[test]
    fn owners_are_found_in_resources() {
        let resources =
            r#"[{"ARN":"arn:aws:kms:x","accountId":"111122223333"},{"accountId":"AWS Internal"}]"#;
        assert_eq!(owners(resources).collect::<Vec<_>>(), ["111122223333"]);
    }
}
