//! What the name of a delivery file says before the file is opened.
//!
//! `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz` (AWS CloudTrail user guide, "Finding
//! your CloudTrail log files"). Names never decide what a file is, only whether it needs to be
//! opened and in which order; a renamed export is read all the same.

use std::path::Path;

use crate::event::Time;
use crate::event::arn::is_account_id;

/// The longest time from a call to the stamp of the file that holds its record, in seconds. CloudTrail promises
/// "an average of about 5 minutes"; under 15 is what is observed.
pub const DELIVERY_SLACK: i64 = 15 * 60;

/// What a delivery file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The account the records were delivered for.
    pub account: String,
    /// The Region of the records.
    pub region: String,
    /// The minute of delivery.
    pub stamp: Time,
}

impl Delivery {
    /// Reads a file name; `None` for anything that is no trail delivery, digests among them.
    pub fn of(path: &Path) -> Option<Delivery> {
        let name = path.file_name()?.to_str()?;
        let mut parts = name.split('_');
        let account = parts.next().filter(|account| is_account_id(account))?;
        if !matches!(parts.next()?, "CloudTrail" | "CloudTrail-NetworkActivity") {
            return None;
        }
        let region = parts.next()?;
        let stamp = parse_stamp(parts.next()?)?;
        Some(Delivery { account: account.to_owned(), region: region.to_owned(), stamp })
    }
}

/// `YYYYMMDDTHHmmZ`.
fn parse_stamp(text: &str) -> Option<Time> {
    let digits = text.strip_suffix('Z')?;
    let (date, clock) = digits.split_once('T')?;
    let all_digits = date.bytes().chain(clock.bytes()).all(|b| b.is_ascii_digit());
    if !all_digits || date.len() != 8 || clock.len() != 4 {
        return None;
    }
    let (year, month, day) = (date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    let (hour, minute) = (clock.get(..2)?, clock.get(2..)?);
    Time::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_delivery_names_and_nothing_else() {
        let path = "x/AWSLogs/o-1/111122223333/CloudTrail/eu-west-1/2026/05/18/\
                    111122223333_CloudTrail_eu-west-1_20260518T0547Z_AbCdEf0123456789.json.gz";
        let delivery = Delivery::of(Path::new(path)).unwrap();
        assert_eq!(delivery.account, "111122223333");
        assert_eq!(delivery.region, "eu-west-1");
        assert_eq!(delivery.stamp.to_string(), "2026-05-18T05:47:00Z");
        for other in [
            "111122223333_CloudTrail-Digest_eu-west-1_t_eu-west-1_20260518T054700Z.json.gz",
            "111122223333_CloudTrail_eu-west-1_20261318T0547Z_A.json.gz",
            "111122223333_CloudTrail_eu-west-1_2026051éT047Z_A.json.gz",
            "events.json",
        ] {
            assert_eq!(Delivery::of(Path::new(other)), None, "{other}");
        }
    }
}
