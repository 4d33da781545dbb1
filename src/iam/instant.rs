//! The date forms that policies and requests use: W3C profiles of ISO 8601, from a year alone to
//! fractions of a second with an offset, or seconds since 1970 (IAM User Guide, Date condition
//! operators). A time without an offset is read as UTC.

use chrono::{NaiveDate, NaiveTime};

/// A point in time: seconds since 1970 and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Instant {
    /// Reads a date; `None` when it has none of the forms. Four digits are a year, any other
    /// number of digits counts seconds.
    pub(super) fn parse(text: &str) -> Option<Instant> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && text.len() != 4 {
            return Some(Instant { seconds: text.parse().ok()?, nanoseconds: 0 });
        }
        match text.split_once(['T', 't']) {
            None => Some(Instant { seconds: midnight(text)?, nanoseconds: 0 }),
            Some((date, time)) if date.len() == 10 => {
                let (time, offset) = split_offset(time)?;
                let (within, nanoseconds) = time_of_day(time)?;
                Some(Instant { seconds: midnight(date)? + within - offset, nanoseconds })
            }
            Some(_) => None,
        }
    }
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, at 00:00 UTC.
fn midnight(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| number(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| number(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    Some(date.and_time(NaiveTime::MIN).and_utc().timestamp())
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f…`: seconds since midnight, nanoseconds.
fn time_of_day(time: &str) -> Option<(i64, u32)> {
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let mut parts = time.split(':');
    let hours = number(parts.next()?, 2)?;
    let minutes = number(parts.next()?, 2)?;
    let seconds = parts.next().map(|part| number(part, 2));
    if parts.next().is_some() || (fraction.is_some() && seconds.is_none()) {
        return None;
    }
    let seconds = seconds.unwrap_or(Some(0))?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let nanoseconds = fraction.map_or(Some(0), nanoseconds)?;
    Some((i64::from(hours * 3600 + minutes * 60 + seconds), nanoseconds))
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nine: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().ok()
}

/// The time without its offset, and the offset in seconds.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at_checked(at)?;
    let (sign, offset) = match offset.strip_prefix('-') {
        Some(offset) => (-1, offset),
        None => (1, offset.strip_prefix('+')?),
    };
    let (hours, minutes) = match offset.split_once(':') {
        Some(parts) => parts,
        None => offset.split_at_checked(2)?,
    };
    Some((time, sign * i64::from(number(hours, 2)? * 3600 + number(minutes, 2)? * 60)))
}

fn number(text: &str, digits: usize) -> Option<u32> {
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn all_forms_of_one_moment_are_equal() {
        for text in [
            "2024",
            "2024-01",
            "2024-01-01",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00.000Z",
            "2024-01-01T01:00:00+01:00",
            "2023-12-31T19:00:00-0500",
            "1704067200",
        ] {
            assert_eq!(Instant::parse(text), Instant::parse("2024-01-01"), "{text}");
        }
        assert!(Instant::parse("2024-01-01T00:00:00.5Z") > Instant::parse("2024"));
        assert!(Instant::parse("-1") < Instant::parse("1970"));
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in ["", "-", "now", "2024-13", "2024-1-1", "2024-01-01T", "2024-01T00:00Z", "20x4"]
        {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }
}
