//! Points in time: milliseconds since the Unix epoch, read from and written as RFC 3339 UTC.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
///
/// CloudTrail's `eventTime` has a resolution of one second; milliseconds keep what log wrappers
/// (CloudWatch Logs, `EventBridge`) add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// Reads what CloudTrail and its wrappers write: RFC 3339 with any offset, a blank instead of
    /// `T`, no offset at all (then UTC), a bare date, or epoch seconds or milliseconds as digits.
    pub fn parse(text: &str) -> Option<Time> {
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
    use super::*;

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
        assert_eq!(Time::parse("2023-10-07").unwrap().to_string(), "2023-10-07T00:00:00Z");
    }
}
