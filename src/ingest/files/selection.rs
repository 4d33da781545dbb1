//! Which records are wanted: a range of time, accounts, Regions.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::error::Error;
use crate::event::{Field, Time, partition};
use crate::ingest::files::delivery::{DELIVERY_SLACK, Delivery};
use crate::ingest::record::header::Header;

/// A moment as a person gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(Time),
    /// A number of seconds before the last event of the export.
    BeforeLast(i64),
}

impl FromStr for Moment {
    type Err = Error;

    /// Reads RFC 3339, a date, or a span before the last event: `90s`, `30m`, `2h`, `3d`, `1w`.
    fn from_str(text: &str) -> Result<Moment, Error> {
        if let Some(seconds) = span(text) {
            return Ok(Moment::BeforeLast(seconds));
        }
        // A bare number would be read as an epoch, which nobody types on purpose.
        let bare = text.bytes().all(|b| b.is_ascii_digit());
        match Time::parse(text).filter(|_| !bare) {
            Some(time) => Ok(Moment::At(time)),
            None => Err(Error::Usage(format!(
                "`{text}` is no time; hint: 2026-05-18T05:47:50Z, 2026-05-18, or 2h, 3d before the \
                 last event"
            ))),
        }
    }
}

fn span(text: &str) -> Option<i64> {
    const UNITS: [(char, i64); 5] =
        [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400), ('w', 604_800)];
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
    let number: i64 = text.strip_suffix(*unit)?.trim().parse().ok()?;
    number.checked_mul(*seconds).filter(|span| *span >= 0)
}

/// The range of time as a person gave it, before the last event is known.
#[cfg(feature = "s3")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Not before.
    pub(crate) since: Option<Moment>,
    /// Not after.
    pub(crate) until: Option<Moment>,
}

/// Which records are wanted. Empty sets want all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Not before.
    pub since: Option<Time>,
    /// Not after.
    pub until: Option<Time>,
    /// Accounts, as caller or as recipient of the record.
    pub accounts: BTreeSet<String>,
    /// Regions.
    pub regions: BTreeSet<String>,
}

/// Records of these services are made in one Region whatever Region the caller works in, so a
/// Region filter lets them pass: the change that broke a Region is often one of them.
const GLOBAL: &[&str] = &["iam.amazonaws.com", "organizations.amazonaws.com"];

impl Selection {
    /// Whether a record is wanted.
    pub fn takes(&self, header: &Header<'_>) -> bool {
        self.takes_time(header.time()) && self.takes_account(header) && self.takes_region(header)
    }

    /// Whether a moment lies in the wanted range of time.
    pub fn takes_time(&self, time: Time) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
    }

    /// Service control policies are changed in the management account, so records of Organizations pass any
    /// account filter.
    fn takes_account(&self, header: &Header<'_>) -> bool {
        let named = |account: Option<&str>| account.is_some_and(|a| self.accounts.contains(a));
        self.accounts.is_empty()
            || named(header.get(Field::RecipientAccountId))
            || named(header.get(Field::AccountId))
            || header.source() == "organizations.amazonaws.com"
    }

    fn takes_region(&self, header: &Header<'_>) -> bool {
        self.regions.is_empty()
            || header.get(Field::AwsRegion).is_none_or(|region| self.regions.contains(region))
            || GLOBAL.contains(&header.source())
    }

    /// Whether a delivery file can hold a wanted record. Its records are at most
    /// [`DELIVERY_SLACK`] older than its stamp, and never newer than the minute it names.
    pub fn takes_delivery(&self, delivery: &Delivery) -> bool {
        let newest = delivery.stamp.plus_seconds(60);
        let oldest = delivery.stamp.plus_seconds(-DELIVERY_SLACK);
        self.since.is_none_or(|since| newest >= since)
            && self.until.is_none_or(|until| oldest <= until)
            && self.takes_home_of(&delivery.region)
    }

    /// Files of the Regions in which global services are recorded are opened whatever the filter.
    pub(crate) fn takes_home_of(&self, region: &str) -> bool {
        self.regions.is_empty()
            || self.regions.contains(region)
            || partition::of_region(region).home == region
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_moments() {
        assert_eq!("2h".parse::<Moment>().unwrap(), Moment::BeforeLast(7_200));
        assert_eq!("3d".parse::<Moment>().unwrap(), Moment::BeforeLast(259_200));
        let date = Time::parse("2026-05-18").unwrap();
        assert_eq!("2026-05-18".parse::<Moment>().unwrap(), Moment::At(date));
        for wrong in ["yesterday", "", "-2h", "20", "h", "é"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
