//! What is known of the files and of the records that were not kept.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashMap;

use super::super::blind_spot::BlindSpotKind;
use super::super::contribution::Terms;
use super::super::ledger::{Ledger, Reason, Records, Skip};
use super::super::sample::Total;
use super::super::sight::{Mention, Sight, Stream};
use super::super::survey::{Cut, Cuts};
use super::super::trail_change::{TrailChange, What};
use super::bytes::{self, Reader, Writer};
use super::words;
use crate::wording::Sentence;

/// Hours that are times.
const FARTHEST_HOUR: u64 = 2_500_000_000;

pub(super) fn write_terms(terms: &Terms, to: &mut Writer) {
    to.maybe(terms.since, Writer::time);
    to.maybe(terms.until, Writer::time);
    to.list(terms.accounts.iter(), |to, account| to.text(account));
    to.list(terms.regions.iter(), |to, region| to.text(region));
    to.maybe(terms.services, |to, services| to.number(u64::from(services)));
}

pub(super) fn read_terms(from: &mut Reader<'_>) -> Option<Terms> {
    Some(Terms {
        since: from.maybe(Reader::time)?,
        until: from.maybe(Reader::time)?,
        accounts: from.list(owned)?,
        regions: from.list(owned)?,
        services: from.maybe(|from| u32::try_from(from.number()?).ok())?,
    })
}

fn owned(from: &mut Reader<'_>) -> Option<String> {
    from.text().map(str::to_owned)
}

/// Writes what of a ledger is known before the account is closed.
pub(super) fn write_ledger(ledger: &Ledger, to: &mut Writer) {
    to.number(ledger.files_found);
    to.number(ledger.files_read);
    to.number(ledger.files_out_of_range);
    to.number(ledger.records.read);
    to.number(ledger.records.kept);
    to.number(ledger.records.malformed);
    to.number(ledger.records.out_of_range);
    to.number(ledger.records.notifications);
    to.byte(u8::from(ledger.ordered));
    to.number(ledger.late);
    to.number(ledger.bytes_stored);
    to.number(ledger.bytes_inflated);
    to.maybe(ledger.outside, |to, (first, last)| {
        to.time(first);
        to.time(last);
    });
    // Thousands of digests are passed over for one reason.
    let details: BTreeSet<&Sentence> =
        ledger.skipped.iter().filter_map(|skip| skip.detail.as_ref()).collect();
    let numbers: BTreeMap<&Sentence, usize> =
        details.iter().enumerate().map(|(at, detail)| (*detail, at)).collect();
    to.list(details.iter(), |to, detail| words::write(detail, to));
    to.list(ledger.skipped.iter(), |to, skip| {
        to.text(&skip.path);
        to.text(skip.reason.as_str());
        to.maybe(skip.detail.as_ref().and_then(|detail| numbers.get(detail)), |to, number| {
            to.count(*number);
        });
        to.number(skip.recovered);
    });
}

pub(super) fn read_ledger(from: &mut Reader<'_>) -> Option<Ledger> {
    Some(Ledger {
        files_found: from.tally()?,
        files_read: from.tally()?,
        files_out_of_range: from.tally()?,
        records: Records {
            read: from.tally()?,
            kept: from.tally()?,
            malformed: from.tally()?,
            out_of_range: from.tally()?,
            notifications: from.tally()?,
            duplicates: 0,
        },
        ordered: from.flag()?,
        late: from.tally()?,
        bytes_stored: from.tally()?,
        bytes_inflated: from.tally()?,
        outside: from.maybe(|from| Some((from.time()?, from.time()?)))?,
        skipped: read_skips(from)?,
        ..Ledger::default()
    })
}

fn read_skips(from: &mut Reader<'_>) -> Option<Vec<Skip>> {
    let details: Vec<Sentence> = from.list(words::read)?;
    from.list(|from| {
        let path = owned(from)?;
        let word = from.text()?;
        let reason = Reason::ALL.into_iter().find(|reason| reason.as_str() == word)?;
        let number = from.maybe(|from| usize::try_from(from.number()?).ok())?;
        let detail = match number {
            Some(number) => Some(details.get(number)?.clone()),
            None => None,
        };
        Some(Skip { path, reason, detail, recovered: from.tally()? })
    })
}

/// Writes what was seen; it must be settled.
pub(super) fn write_sight(sight: &Sight, to: &mut Writer) {
    to.maybe(sight.span, |to, (first, last)| {
        to.time(first);
        to.time(last);
    });
    to.list(sight.streams.iter(), |to, stream| {
        to.maybe(stream.account.as_deref(), Writer::text);
        to.maybe(stream.region.as_deref(), Writer::text);
        let mut before = 0_i64;
        to.list(stream.hours.iter(), |to, (hour, count)| {
            to.signed(hour.wrapping_sub(before));
            before = *hour;
            to.number(*count);
        });
    });
    for count in [sight.kms, sight.reads, sight.writes, sight.data, sight.nameless] {
        to.number(count);
    }
    for mentions in [&sight.callers, &sight.owners] {
        to.list(mentions.iter(), |to, (account, mention)| {
            to.text(account);
            to.number(mention.count);
            to.time(mention.first.0);
            to.text(&mention.first.1);
        });
    }
    to.list(sight.changes.iter(), |to, change| {
        to.time(change.time);
        to.text(&change.event_id);
        to.text(&change.trail);
        write_change(&change.what, to);
    });
}

fn write_change(what: &What, to: &mut Writer) {
    match what {
        What::Started => to.byte(0),
        What::Stopped => to.byte(1),
        What::Deleted => to.byte(2),
        What::Selected(kinds) => {
            to.byte(3);
            to.list(kinds.iter(), |to, kind| to.text(kind.as_str()));
        }
    }
}

pub(super) fn read_sight(from: &mut Reader<'_>) -> Option<Sight> {
    Some(Sight {
        span: from.maybe(|from| Some((from.time()?, from.time()?)))?,
        streams: from.list(read_stream)?,
        kms: from.tally()?,
        reads: from.tally()?,
        writes: from.tally()?,
        data: from.tally()?,
        nameless: from.tally()?,
        callers: read_mentions(from)?,
        owners: read_mentions(from)?,
        changes: from.list(read_change)?,
        ..Sight::default()
    })
}

fn read_stream(from: &mut Reader<'_>) -> Option<Stream> {
    let (account, region) = (from.maybe(owned)?, from.maybe(owned)?);
    let mut hour = 0_i64;
    let hours = from.list(|from| {
        hour = hour.wrapping_add(from.signed()?);
        let far = hour.unsigned_abs() > FARTHEST_HOUR;
        Some((hour, from.tally()?)).filter(|_| !far)
    })?;
    Some(Stream { account, region, hours, ..Stream::default() })
}

fn read_mentions(from: &mut Reader<'_>) -> Option<BTreeMap<String, Mention>> {
    from.list(|from| {
        let account = owned(from)?;
        Some((account, Mention { count: from.tally()?, first: (from.time()?, owned(from)?) }))
    })
}

fn read_change(from: &mut Reader<'_>) -> Option<TrailChange> {
    Some(TrailChange {
        time: from.time()?,
        event_id: owned(from)?,
        trail: owned(from)?,
        what: match from.byte()? {
            0 => What::Started,
            1 => What::Stopped,
            2 => What::Deleted,
            3 => What::Selected(from.list(read_kind)?),
            _ => return None,
        },
    })
}

fn read_kind(from: &mut Reader<'_>) -> Option<BlindSpotKind> {
    let word = from.text()?;
    BlindSpotKind::ALL.into_iter().find(|kind| kind.as_str() == word)
}

pub(super) fn write_cuts(cuts: Option<Cuts>, to: &mut Writer) {
    to.maybe(cuts, |to, cuts| {
        for cut in [cuts.refused, cuts.changes, cuts.calls] {
            to.count(cut.cap);
            to.raw(&cut.below.to_be_bytes());
        }
        to.raw(&cuts.minutes.to_be_bytes());
    });
}

pub(super) fn read_cuts(from: &mut Reader<'_>) -> Option<Option<Cuts>> {
    from.maybe(|from| {
        let cut = |from: &mut Reader<'_>| {
            let cap = usize::try_from(from.number()?).ok()?;
            Some(Cut { cap, below: u64::from_be_bytes(from.array()?) })
        };
        Some(Cuts {
            refused: cut(from)?,
            changes: cut(from)?,
            calls: cut(from)?,
            minutes: u64::from_be_bytes(from.array()?),
        })
    })
}

pub(super) fn write_totals(totals: &HashMap<u64, Total>, to: &mut Writer) {
    let mut sorted: Vec<(u64, Total)> = totals.iter().map(|(key, total)| (*key, *total)).collect();
    sorted.sort_unstable_by_key(|(stratum, _)| *stratum);
    to.list(sorted.iter(), |to, (stratum, total)| {
        to.raw(&stratum.to_be_bytes());
        to.number(total.count);
        to.time(total.first);
        to.signed(total.last.0.wrapping_sub(total.first.0));
    });
}

pub(super) fn read_totals(from: &mut Reader<'_>) -> Option<HashMap<u64, Total>> {
    from.list(|from| {
        let stratum = u64::from_be_bytes(from.array()?);
        let (count, first) = (from.tally()?, from.time()?);
        let last = bytes::time(first.0.wrapping_add(from.signed()?))?;
        Some((stratum, Total { count, first, last }))
    })
}
