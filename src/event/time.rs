//! Points in time: milliseconds since the Unix epoch, read from and written as RFC 3339 UTC.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
///
/// CloudTrail's `eventTime` has a resolution of one second; milliseconds keep what log wrappers
/// (CloudWatch Logs, `EventBridge`) add.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(try_from = "i64")]
pub struct Time(pub i64);

impl TryFrom<i64> for Time {
    type Error = &'static str;

    /// A time that the calendar does not have is made up.
    fn try_from(milliseconds: i64) -> Result<Time, &'static str> {
        Time(milliseconds).in_calendar().ok_or("no time")
    }
}

/// 0000-01-02T00:00:00Z.
const FIRST: Time = Time(-62_167_132_800_000);

/// 9999-12-31T00:00:00Z.
const LAST: Time = Time(253_402_214_400_000);

impl Time {
    /// Reads what CloudTrail and its wrappers write: RFC 3339 with any offset, a blank instead of
    /// `T`, no offset at all (then UTC), a bare date, or epoch seconds or milliseconds as digits.
    ///
    /// `None` also of the first and the last day that four digits of a year can write (a leap second
    /// or an offset there leads out of it), so that what is reckoned from a time can be written too.
    pub fn parse(text: &str) -> Option<Time> {
        Time::read(text).and_then(Time::in_calendar)
    }

    /// This moment, if the calendar has it (see [`Time::parse`]).
    pub(crate) fn in_calendar(self) -> Option<Time> {
        (FIRST..LAST).contains(&self).then_some(self)
    }

    fn read(text: &str) -> Option<Time> {
        if let Some(time) = plain(text) {
            return Some(time);
        }
        let text = text.trim();
        if let Ok(t) = DateTime::parse_from_rfc3339(text) {
            return Some(Time(t.timestamp_millis()));
        }
        if let Ok(number) = text.parse::<f64>() {
            return Time::from_epoch(number);
        }
        let text = text.strip_suffix(" UTC").unwrap_or(text);
        for format in [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
            "%Y%m%dT%H%M%SZ",
        ] {
            if let Ok(t) = NaiveDateTime::parse_from_str(text, format) {
                return Some(Time(t.and_utc().timestamp_millis()));
            }
        }
        for format in ["%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%dT%H:%M:%S%.f%z"] {
            if let Ok(t) = DateTime::parse_from_str(text, format) {
                return Some(Time(t.timestamp_millis()));
            }
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Time(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()))
    }

    /// Epoch seconds, or milliseconds where the number is too large to be seconds.
    pub fn from_epoch(number: f64) -> Option<Time> {
        if !number.is_finite() || number < 0.0 {
            return None;
        }
        let millis = if number > 1e11 { number } else { number * 1000.0 };
        (millis < 2.5e14).then_some(Time(millis.round() as i64))
    }

    /// Whole seconds from `earlier` to `self`; negative when `self` is the earlier one.
    pub fn seconds_since(self, earlier: Time) -> i64 {
        (self.0 - earlier.0).div_euclid(1000)
    }

    /// This moment moved by so many seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

/// `2023-10-07T18:03:32Z`, which is what CloudTrail writes, by its places: a fifth of the time that
/// the general way takes. Leap seconds and impossible dates are left to that.
fn plain(text: &str) -> Option<Time> {
    let text: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let [a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l, b':', m, n, b'Z'] = *text
    else {
        return None;
    };
    let year = two(a, b)? * 100 + two(c, d)?;
    let (month, day) = (two(e, f)?, two(g, h)?);
    let (hour, minute, second) = (two(i, j)?, two(k, l)?, two(m, n)?);
    // No month is shorter than 28 days; the rest is for the calendar.
    let day_exists = (1..=28).contains(&day) || (day <= 30 && month != 2 && day > 28);
    if !(1..=12).contains(&month) || !day_exists || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Time(seconds * 1000))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp_millis(self.0) {
            Some(t) => f.write_str(&t.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Both ways of reading agree on what one of them reads.
        #[test]
        fn places_give_what_the_calendar_gives(
            year in 0..10_000_i32, month in 0..14_u32, day in 0..33_u32,
            hour in 0..26_u32, minute in 0..62_u32, second in 0..62_u32,
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
            let calendar = DateTime::parse_from_rfc3339(&text).ok().map(|t| Time(t.timestamp_millis()));
            if let Some(time) = plain(&text) {
                prop_assert_eq!(Some(time), calendar);
            }
            let usual = (1..=28).contains(&day) && second < 60;
            prop_assert_eq!(plain(&text).is_some() || !usual, calendar.is_some() || !usual);
        }
    }

    #[test]
    fn reads_the_forms_exports_use() {
        let want = Time::parse("2023-10-07T18:03:32Z").unwrap();
        for text in [
            "2023-10-07T18:03:32.000Z",
            "2023-10-07 18:03:32",
            "2023-10-07 18:03:32.000 UTC",
            "2023-10-07T20:03:32+02:00",
            "2023-10-07T20:03:32+0200",
            "2023-10-07 20:03:32+02:00",
            "20231007T180332Z",
            "1696701812",
            "1696701812000",
            "1696701812.0",
        ] {
            assert_eq!(Time::parse(text), Some(want), "{text}");
        }
        assert_eq!(want.to_string(), "2023-10-07T18:03:32Z");
        assert_eq!(Time::parse("yesterday"), None);
        for outside in
            ["9999-12-31T23:59:60Z", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"]
        {
            assert_eq!(Time::parse(outside), None, "{outside}");
        }
        for inside in ["9999-12-30T23:59:59Z", "0000-01-02T00:00:00Z"] {
            assert_eq!(Time::parse(inside).map(|time| time.to_string()).as_deref(), Some(inside));
        }
        assert_eq!(Time::parse("2023-10-07").unwrap().to_string(), "2023-10-07T00:00:00Z");
    }
}
