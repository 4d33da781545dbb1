//! The time zone in which the reports for people tell times. The JSON contract is UTC in any case, and
//! what a log says in its own words stays as it was said.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    /// `None` for UTC, in which times stand already.
    rules: Option<TimeZone>,
}

/// Members that are shown as they were recorded, or are run as commands.
const VERBATIM: [&str; 14] = [
    "commands",
    "diff",
    "document",
    "error_message",
    "file",
    "likely",
    "next_evidence",
    "patch",
    "path",
    "principal_arn",
    "resource",
    "resources",
    "statement",
    "terraform",
];

/// Names that UTC has in the IANA database.
const UTC: [&str; 6] = ["UTC", "Etc/UTC", "Etc/Zulu", "Etc/Universal", "Zulu", "Universal"];

/// Members that hold `attribute = value`.
const SPLITS: [&str; 2] = ["same_split", "together_with"];

/// The attribute whose value is a time of the trail; others repeat what was requested.
const TIME: &str = "time";

impl Zone {
    /// Coordinated Universal Time.
    pub fn utc() -> Zone {
        Zone { name: "UTC".to_owned(), rules: None }
    }

    /// `UTC`, an offset such as `+09:00`, or a name of the IANA database such as `Asia/Tokyo`; `None`
    /// for anything else. The database is the program's own, so that a report does not depend on the
    /// machine.
    pub fn named(text: &str) -> Option<Zone> {
        let text = text.trim();
        if ["utc", "z", "gmt"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Some(Zone::utc());
        }
        if let Some(seconds) = offset(text) {
            let rules = Offset::from_seconds(seconds).ok()?.to_time_zone();
            return Some(Zone { name: text.to_owned(), rules: Some(rules) });
        }
        Some(Zone::with(TimeZoneDatabase::bundled().get(text).ok()?, text))
    }

    /// With these rules, as the system has them; `name` is for rules that have none.
    pub fn with(rules: TimeZone, name: &str) -> Zone {
        let name = rules.iana_name().unwrap_or(name);
        match rules == TimeZone::UTC || UTC.contains(&name) {
            true => Zone::utc(),
            false => Zone { name: name.to_owned(), rules: Some(rules) },
        }
    }

    /// What it is called: `UTC`, `Asia/Tokyo`, `+09:00`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A report, or another document made of a report's parts, with its times in this zone.
    pub fn of<'d, T>(&self, document: &'d T) -> Cow<'d, T>
    where
        T: Clone + Serialize + DeserializeOwned,
    {
        if self.rules.is_none() {
            return Cow::Borrowed(document);
        }
        let told = serde_json::to_value(document).and_then(|mut value| {
            self.tell(&mut value);
            serde_json::from_value(value)
        });
        // A report can always be written and read back.
        told.map_or(Cow::Borrowed(document), Cow::Owned)
    }

    /// A text with the times in it in this zone: RFC 3339 as before, with the zone's offset.
    pub fn in_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(rules) = &self.rules else { return Cow::Borrowed(text) };
        let mut told = String::new();
        let mut rest = 0;
        for (at, _) in text.match_indices('T') {
            let Some((start, end)) = moment(text, at).filter(|(start, _)| *start >= rest) else {
                continue;
            };
            let (Some(before), Some(utc)) = (text.get(rest..start), text.get(start..end)) else {
                continue;
            };
            let Some(local) = local(utc, rules) else { continue };
            told.push_str(before);
            told.push_str(&local);
            rest = end;
        }
        if rest == 0 {
            return Cow::Borrowed(text);
        }
        told.push_str(text.get(rest..).unwrap_or_default());
        Cow::Owned(told)
    }

    fn tell(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(told) = self.in_text(text) {
                    *text = told;
                }
            }
            Value::Array(parts) => parts.iter_mut().for_each(|part| self.tell(part)),
            Value::Object(members) => {
                let compared = members.get("attribute").or(members.get("field"));
                let is_other = compared.is_some_and(|attribute| attribute != TIME);
                for (name, member) in members {
                    match name.as_str() {
                        name if VERBATIM.contains(&name) => {}
                        "value" | "failed" | "succeeded" if is_other => {}
                        name if SPLITS.contains(&name) => self.tell_splits(member),
                        _ => self.tell(member),
                    }
                }
            }
            _ => {}
        }
    }

    fn tell_splits(&self, splits: &mut Value) {
        let all = splits.as_array_mut().into_iter().flatten();
        let of_time = |split: &&mut Value| {
            let text = split.as_str().unwrap_or_default();
            text.strip_prefix(TIME).is_some_and(|rest| rest.starts_with(' '))
        };
        all.filter(of_time).for_each(|split| self.tell(split));
    }
}

/// `+09:00`, `+0900`, `+9`, `-03:30`: seconds east of UTC.
fn offset(text: &str) -> Option<i32> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = text.get(1..)?;
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number = |text: &str, most: i32| {
        let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i32>().ok().filter(|number| is_number && *number <= most)
    };
    Some(sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60))
}

/// Where `2026-09-14T07:00:00Z` stands around its `T`, where it is a word of its own.
fn moment(text: &str, at: usize) -> Option<(usize, usize)> {
    const DATE: &str = "0000-00-00";
    const TIME: &str = "00:00:00";
    let bytes = text.as_bytes();
    let is_like = |from: usize, pattern: &str| {
        bytes.get(from..from + pattern.len()).is_some_and(|found| {
            found.iter().zip(pattern.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                _ => *byte == like,
            })
        })
    };
    let start = at.checked_sub(DATE.len())?;
    let mut end = at + 1 + TIME.len();
    if !is_like(start, DATE) || !is_like(at + 1, TIME) {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = bytes.get(end + 1..)?.iter().take_while(|byte| byte.is_ascii_digit());
        end += 1 + fraction.count();
    }
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_/.:".contains(byte);
    let is_free =
        start.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|b| !joins(b));
    let goes_on = bytes
        .get(end + 1)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(byte));
    (bytes.get(end) == Some(&b'Z') && is_free && !goes_on).then_some((start, end + 1))
}

fn local(utc: &str, rules: &TimeZone) -> Option<String> {
    let time: Timestamp = utc.parse().ok()?;
    Some(time.display_with_offset(rules.to_offset(time)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(zone: &str, text: &str) -> String {
        Zone::named(zone).unwrap().in_text(text).into_owned()
    }

    #[test]
    fn times_in_a_text_are_told_in_the_zone() {
        let text = "from 2026-09-14T22:30:00Z to 2026-09-15T00:00:00.250Z, é";
        assert_eq!(
            told("Asia/Tokyo", text),
            "from 2026-09-15T07:30:00+09:00 to 2026-09-15T09:00:00.25+09:00, é"
        );
        assert_eq!(told("UTC", text), text);
    }

    #[test]
    fn summer_time_is_that_of_the_moment() {
        assert_eq!(told("Europe/Berlin", "2026-07-01T10:00:00Z"), "2026-07-01T12:00:00+02:00");
        assert_eq!(told("Europe/Berlin", "2026-12-01T10:00:00Z"), "2026-12-01T11:00:00+01:00");
    }

    #[test]
    fn what_is_part_of_a_name_is_no_time() {
        for name in [
            "logs/2026-09-14T22:30:00Z",
            "run-2026-09-14T22:30:00Z",
            "2026-09-14T22:30:00Z/part",
            "2026-09-14T22:30:00+02:00",
            "20260914T223000Z",
            "2026-99-14T22:30:00Z",
        ] {
            assert_eq!(told("Asia/Tokyo", name), name);
        }
    }

    #[test]
    fn zones_are_offsets_and_names() {
        for zone in ["+09:00", "+0900", "+9", "asia/tokyo"] {
            assert_eq!(told(zone, "2026-09-14T22:30:00Z"), "2026-09-15T07:30:00+09:00", "{zone}");
        }
        assert_eq!(told("-03:30", "2026-09-14T22:30:00Z"), "2026-09-14T19:00:00-03:30");
        assert_eq!(Zone::named("asia/tokyo").unwrap().name(), "Asia/Tokyo");
        for wrong in ["", "Mars/Olympus", "+25:00", "+09:60", "+9:0:0", "+", "+é1", "9"] {
            assert_eq!(Zone::named(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_log_says_stays_as_it_was_said() {
        let document = serde_json::json!({
            "text": "since 2026-09-14T22:30:00Z",
            "error_message": "expired at 2026-09-14T22:30:00Z",
            "statement": { "Condition": { "aws:CurrentTime": "2026-09-14T22:30:00Z" } },
            "factors": [
                { "attribute": "time", "value": "≥ 2026-09-14T22:30:00Z" },
                { "attribute": "request startTime", "value": "2026-09-14T22:30:00Z",
                  "same_split": ["time ≥ 2026-09-14T22:30:00Z", "end = 2026-09-14T22:30:00Z"] }
            ]
        });
        let told = Zone::named("+1").unwrap().of(&document).into_owned();
        let local = "2026-09-14T23:30:00+01:00";
        assert_eq!(told["text"], format!("since {local}"));
        assert_eq!(told["error_message"], document["error_message"]);
        assert_eq!(told["statement"], document["statement"]);
        assert_eq!(told["factors"][0]["value"], format!("≥ {local}"));
        assert_eq!(told["factors"][1]["value"], document["factors"][1]["value"]);
        assert_eq!(told["factors"][1]["same_split"][0], format!("time ≥ {local}"));
        assert_eq!(told["factors"][1]["same_split"][1], "end = 2026-09-14T22:30:00Z");
    }
}
