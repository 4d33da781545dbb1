//! `--time-zone`: in which zone times are told.

use jiff::tz::TimeZone;

use super::config::Config;
use crate::error::{Error, Result};
use crate::report::sanitize;
use crate::report::zone::Zone;
use crate::wording::Sentence;

/// The zone of the machine.
const LOCAL: &str = "local";

/// The zone that was typed, else that of the configuration, else UTC.
///
/// # Errors
/// When it is no time zone, or the machine's own is not known.
pub(super) fn of(typed: Option<&str>, config: &Config) -> Result<Zone> {
    let Some(name) = typed.or(config.time_zone.as_deref()) else { return Ok(Zone::utc()) };
    if name.eq_ignore_ascii_case(LOCAL) {
        let rules = TimeZone::try_system();
        let rules = rules.map_err(|_| Error::Said(Sentence::new("message-no-local-zone")))?;
        return Ok(Zone::with(rules, LOCAL));
    }
    Zone::named(name).ok_or_else(|| {
        let name = sanitize::clip(&sanitize::line(name), LONGEST);
        Error::Said(Sentence::new("message-no-zone").arg("zone", name))
    })
}

/// Characters of a wrong name that are repeated.
const LONGEST: usize = 100;
