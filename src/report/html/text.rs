//! Short forms of what the report says in full: moments, principals, counts, shares.

use crate::event::{Time, partition};
use crate::report::words;

/// RFC 3339 as a person reads it: `2026-10-07 18:03:32 UTC`, or with the offset that it has. Text that
/// is no time stays as it is.
pub(super) fn moment(time: &str) -> String {
    let Some(parsed) = Time::parse(time) else { return time.to_owned() };
    moment_in(parsed, offset(time))
}

/// The offset of an RFC 3339 time, `+09:00`; `None` for UTC.
pub(super) fn offset(time: &str) -> Option<&str> {
    let (_, clock) = time.split_once('T')?;
    clock.find(['+', '-']).and_then(|at| clock.get(at..))
}

/// A moment as it is told with this offset.
pub(super) fn moment_in(time: Time, offset: Option<&str>) -> String {
    let local = time.plus_seconds(offset.map_or(0, seconds)).to_string();
    local.replace('T', " ").replace('Z', &format!(" {}", offset.unwrap_or("UTC")))
}

/// An offset in seconds east of UTC.
pub(super) fn seconds(offset: &str) -> i64 {
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
    let east = number(hours.trim_start_matches(['+', '-'])) * 3600 + number(minutes) * 60;
    if offset.starts_with('-') { -east } else { east }
}

/// The date of a moment.
pub(super) fn date(time: &str) -> String {
    moment(time).chars().take_while(|letter| *letter != ' ').collect()
}

/// Who it is, without account and path: the user's name, `role/session` for a session, the
/// service's name without the domain that all of them share.
pub(super) fn principal(arn: &str) -> &str {
    if let Some((_, session)) = arn.split_once(":assumed-role/") {
        let service_linked = session.strip_prefix("AWSServiceRoleFor").and(session.split_once('/'));
        // EC2 acting for an instance: the instance says more than the role of all of them.
        let infrastructure = session.strip_prefix("aws:ec2-infrastructure/");
        return infrastructure.or(service_linked.map(|(role, _)| role)).unwrap_or(session);
    }
    if arn.starts_with("arn:") {
        return arn.rsplit([':', '/']).next().unwrap_or(arn);
    }
    partition::without_domain(arn).unwrap_or(arn)
}

/// A share of one as whole per cent, rounded down: what is not certain is never written as 100 %.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", words::percent(share))
}

/// Digits in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Lines of a text that shows when the pointer rests on a part of the picture.
pub(super) fn hover<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

/// Seconds after the first call, as an axis says it: `+0 s`, `+4 min 10 s`, `−1 s`.
pub(super) fn after(seconds: i64) -> String {
    let sign = if seconds < 0 { '−' } else { '+' };
    let length = seconds.unsigned_abs();
    let (days, hours, minutes) = (length / 86_400, length / 3600 % 24, length / 60 % 60);
    let (first, second) = match (days, hours, minutes) {
        (0, 0, 0) => ((length, "s"), (0, "")),
        (0, 0, _) => ((minutes, "min"), (length % 60, "s")),
        (0, _, _) => ((hours, "h"), (minutes, "min")),
        _ => ((days, "d"), (hours, "h")),
    };
    let rest = if second.0 > 0 { format!(" {} {}", second.0, second.1) } else { String::new() };
    format!("{sign}{} {}{rest}", first.0, first.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_named_without_account_and_path() {
        let cases = [
            ("arn:aws:iam::111122223333:user/team/alice", "alice"),
            ("arn:aws:sts::111122223333:assumed-role/Deploy/run-7", "Deploy/run-7"),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
                "AWSServiceRoleForAutoScaling",
            ),
            ("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0a1b", "i-0a1b"),
            ("arn:aws:iam::111122223333:root", "root"),
            ("backup-storage.amazonaws.com", "backup-storage"),
            ("AWS Internal", "AWS Internal"),
        ];
        for (arn, expected) in cases {
            assert_eq!(principal(arn), expected);
        }
    }

    #[test]
    fn times_and_shares_read_well() {
        assert_eq!(moment("2026-10-07T18:03:32Z"), "2026-10-07 18:03:32 UTC");
        assert_eq!(moment("2026-10-08T03:03:32+09:00"), "2026-10-08 03:03:32 +09:00");
        assert_eq!(moment("2026-10-07T14:33:32-03:30"), "2026-10-07 14:33:32 -03:30");
        assert_eq!(moment("whenever"), "whenever");
        assert_eq!(
            [0, 41, 250, 3600, -1, 90_000].map(after).join(", "),
            "+0 s, +41 s, +4 min 10 s, +1 h, −1 s, +1 d 1 h"
        );
        assert_eq!([0.0, 0.944, 0.999, 1.0].map(percent).join(", "), "0 %, 94 %, 99 %, 100 %");
        assert_eq!(grouped(800_123), "800,123");
    }
}
