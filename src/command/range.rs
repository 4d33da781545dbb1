//! Why nothing of what was asked for was found, where the bounds that were typed tell.

use crate::cli::ReadArguments;
use crate::event::Time;
use crate::ingest::{Ledger, Moment};
use crate::report::sanitize;
use crate::wording::{Argument, Sentence};

/// What to say: of the bound that leaves everything out, and of Regions and accounts of which there is
/// nothing.
pub(super) fn said(ledger: &Ledger, asked: Option<&ReadArguments>) -> Vec<Sentence> {
    let nothing = ledger.nothing_in_range();
    let Some(asked) = asked else { return nothing.into_iter().collect() };
    let time = nothing.as_ref().and_then(|nothing| outside(nothing, asked));
    let is_told = time.is_some();
    let mut said: Vec<Sentence> = time.into_iter().collect();
    if !is_told {
        said.extend(unmet(ledger, asked));
        // Where from and to when there is something, and what to widen.
        said.extend(nothing);
    }
    said
}

/// All records lie on one side of a bound.
fn outside(nothing: &Sentence, asked: &ReadArguments) -> Option<Sentence> {
    let text = |name: &str| match nothing.arguments().iter().find(|(known, _)| *known == name)? {
        (_, Argument::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    // Of files that were not opened only the hours of their delivery are known.
    let count = text("count").filter(|_| nothing.id() == "log-nothing-in-range")?;
    let count: f64 = count.parse().ok()?;
    let (first, last) = (text("from")?, text("to")?);
    if let Some(Moment::At(since)) = asked.since
        && Time::parse(last)? < since
    {
        let since = shown(since);
        return Some(
            Sentence::new("message-all-before")
                .arg("count", count)
                .arg("since", since)
                .arg("first", first)
                .arg("last", last),
        );
    }
    let Some(Moment::At(until)) = asked.until else { return None };
    (Time::parse(first)? > until).then(|| {
        Sentence::new("message-all-after")
            .arg("count", count)
            .arg("until", shown(until))
            .arg("first", first)
            .arg("last", last)
    })
}

/// Regions and accounts of which no record is. What is recorded for all Regions passes a filter, so that
/// something may have been found all the same.
fn unmet(ledger: &Ledger, asked: &ReadArguments) -> Vec<Sentence> {
    // Only what was looked into tells that something is not there.
    if ledger.records.read == 0 {
        return Vec::new();
    }
    let regions = asked.region.iter().filter(|region| !ledger.regions.contains(*region));
    let regions = regions
        .map(|region| Sentence::new("message-no-region").arg("region", sanitize::line(region)));
    let accounts = asked.account.iter().filter(|account| !ledger.accounts.contains(*account));
    let accounts = accounts
        .map(|account| Sentence::new("message-no-account").arg("account", sanitize::line(account)));
    regions.chain(accounts).collect()
}

/// A day as it is typed, without the hour at which it begins.
fn shown(time: Time) -> String {
    let text = time.to_string();
    text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
}
