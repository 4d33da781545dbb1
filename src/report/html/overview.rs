//! The first page: what was found, what was read, what could not be seen.

use std::collections::BTreeMap;

use super::Whole;
use super::chart::{OverTime, share};
use super::list::{ROWS, Row};
use super::text::{grouped, moment, principal};
use crate::event::Layer;
use crate::report::words::{nothing_found, policies};
use crate::report::{Benign, BlindSpot, Coverage, Incident, SkippedFile};
use crate::wording::{Sentence, Wording};

/// Incidents in full, above which a browser is slow to lay out all of them.
const LONG: usize = 24;
/// Accounts or regions that are named.
const NAMES: usize = 24;

/// What the first page shows.
pub(super) struct Overview<'a> {
    pub(super) title: String,
    pub(super) lead: String,
    /// How much could not be seen.
    pub(super) blind: Option<String>,
    /// Whether there is a list: one incident needs none.
    pub(super) has_list: bool,
    /// Whether a reader has to choose among the incidents.
    pub(super) has_many: bool,
    /// Whether so many are shown in full that a browser should lay out only what is in view.
    pub(super) is_long: bool,
    /// Whether the page links into the AWS console.
    pub(super) has_console: bool,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) more_rows: usize,
    pub(super) layers: Vec<LayerRow>,
    pub(super) over_time: Option<OverTime>,
    pub(super) drawn_of: Option<String>,
    pub(super) records: Vec<Figure>,
    pub(super) facts: Vec<Fact>,
    pub(super) skipped: &'a [SkippedFile],
    pub(super) more_skipped: usize,
    pub(super) blind_spots: &'a [BlindSpot],
    pub(super) more_blind_spots: usize,
    pub(super) benign: Vec<BenignRow<'a>>,
    pub(super) more_benign: usize,
}

/// How much a layer denied.
pub(super) struct LayerRow {
    pub(super) name: String,
    pub(super) share: f64,
    pub(super) says: String,
}

/// Where the records went.
pub(super) struct Figure {
    pub(super) name: String,
    pub(super) count: String,
    pub(super) share: f64,
}

/// A line about what was read.
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

/// Noise of one caller.
pub(super) struct BenignRow<'a> {
    pub(super) who: &'a str,
    pub(super) actions: String,
    pub(super) count: String,
    pub(super) because: &'a str,
}

impl<'a> Overview<'a> {
    pub(super) fn new(whole: &Whole<'a>, in_full: usize) -> Self {
        let Whole { report, words, .. } = *whole;
        let coverage = &report.coverage;
        let calls: u64 = report.incidents.iter().map(|incident| incident.count).sum();
        let incidents = report.incidents.len();
        let title = match incidents {
            0 => nothing_found(report, "html"),
            _ => Sentence::new("html-title").arg("incidents", incidents).arg("calls", calls),
        };
        let times = || report.incidents.iter().flat_map(|incident| &incident.occurrences);
        let listed = times().count() as u64;
        let drawn_of = (listed < calls).then(|| {
            let drawn = Sentence::new("html-drawn-of").arg("drawn", listed).arg("calls", calls);
            words.say(&drawn)
        });
        Overview {
            title: words.say(&title),
            lead: lead(coverage, words),
            blind: blind(coverage, words),
            has_list: incidents != 1,
            has_many: whole.has_many(),
            is_long: in_full > LONG,
            has_console: whole.raw.is_some() && incidents > 0,
            rows: Row::of(whole, in_full),
            more_rows: incidents.saturating_sub(ROWS),
            layers: layers(&report.incidents, words),
            over_time: coverage.span.as_ref().and_then(|span| {
                let times = times().map(|occurrence| occurrence.time.as_str());
                OverTime::of(times, (&span.first, &span.last), None, words)
            }),
            drawn_of,
            records: records(coverage, words),
            facts: facts(coverage, words),
            skipped: first(&coverage.files.skipped),
            more_skipped: coverage.files.skipped.len().saturating_sub(ROWS),
            blind_spots: first(&coverage.blind_spots),
            more_blind_spots: coverage.blind_spots.len().saturating_sub(ROWS),
            benign: first(&report.benign).iter().map(|benign| benign_row(benign, words)).collect(),
            more_benign: report.benign.len().saturating_sub(ROWS),
        }
    }
}

fn first<T>(all: &[T]) -> &[T] {
    all.get(..ROWS).unwrap_or(all)
}

fn blind(coverage: &Coverage, words: &Wording) -> Option<String> {
    let spots = coverage.blind_spots.len();
    (spots > 0).then(|| words.say(&Sentence::new("html-blind").arg("count", spots)))
}

fn lead(coverage: &Coverage, words: &Wording) -> String {
    let records = coverage.events.kept;
    let lead = match &coverage.span {
        Some(span) => Sentence::new("html-lead")
            .arg("records", records)
            .arg("first", moment(&span.first))
            .arg("last", moment(&span.last)),
        None => Sentence::new("html-lead-without-span").arg("records", records),
    };
    words.say(&lead)
}

/// Failed calls by layer, most first.
fn layers(incidents: &[Incident], words: &Wording) -> Vec<LayerRow> {
    let mut by_layer: BTreeMap<Layer, (u64, u64)> = BTreeMap::new();
    for incident in incidents {
        let (causes, calls) = by_layer.entry(incident.verdict.layer).or_default();
        *causes += 1;
        *calls += incident.count;
    }
    let most = by_layer.values().map(|(_, calls)| *calls).max().unwrap_or(0);
    let mut rows: Vec<(Layer, (u64, u64))> = by_layer.into_iter().collect();
    rows.sort_by_key(|(layer, (causes, calls))| (u64::MAX - *calls, u64::MAX - *causes, *layer));
    let row = |(layer, (causes, calls)): (Layer, (u64, u64))| LayerRow {
        name: words.say(&layer.into()),
        share: share(calls, most),
        says: words
            .say(&Sentence::new("html-causes-and-calls").arg("causes", causes).arg("calls", calls)),
    };
    rows.into_iter().map(row).collect()
}

fn records(coverage: &Coverage, words: &Wording) -> Vec<Figure> {
    let events = coverage.events;
    let figures = [
        (Sentence::new("html-records-kept"), events.kept),
        (Sentence::new("html-records-duplicate"), events.duplicates),
        (Sentence::new("html-records-out-of-range"), events.out_of_range),
        (Sentence::new("html-records-malformed"), events.malformed),
    ];
    let figure = |(name, count): (Sentence, u64)| Figure {
        name: words.say(&name),
        count: grouped(count),
        share: share(count, events.read),
    };
    figures.into_iter().map(figure).collect()
}

fn facts(coverage: &Coverage, words: &Wording) -> Vec<Fact> {
    let files = Sentence::new("html-files-read")
        .arg("read", coverage.files.read)
        .arg("found", coverage.files.found);
    let records = Sentence::new("html-records-read").arg("count", coverage.events.read);
    let sizes = Sentence::new("html-sizes")
        .arg("compressed", bytes(coverage.bytes.compressed))
        .arg("uncompressed", bytes(coverage.bytes.uncompressed));
    let facts = [
        Some((Sentence::new("html-files"), words.say(&files))),
        Some((Sentence::new("html-records"), words.say(&records))),
        (coverage.bytes.uncompressed > 0).then(|| (Sentence::new("html-size"), words.say(&sizes))),
        names(&coverage.accounts, words).map(|names| (Sentence::new("html-accounts"), names)),
        names(&coverage.regions, words).map(|names| (Sentence::new("html-regions"), names)),
    ];
    let fact = |(name, value): (Sentence, String)| Fact { name: words.say(&name), value };
    let given = policies(coverage, words).into_iter().take(ROWS);
    let given = given.map(|(name, value)| Fact { name, value });
    facts.into_iter().flatten().map(fact).chain(given).collect()
}

/// The names, or the first of them and how many more there are; `None` when there are none.
fn names(names: &[String], words: &Wording) -> Option<String> {
    let shown = names.get(..NAMES).unwrap_or(names).join(", ");
    match names.len().saturating_sub(NAMES) {
        _ if names.is_empty() => None,
        0 => Some(shown),
        more => {
            let more = Sentence::new("html-and-more").arg("count", more);
            Some(format!("{shown} {}", words.say(&more)))
        }
    }
}

/// A size with a unit of 1,024.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = count as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for larger in units {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    if size < 10.0 && unit != "B" {
        format!("{size:.1} {unit}")
    } else {
        format!("{size:.0} {unit}")
    }
}

fn benign_row<'a>(benign: &'a Benign, words: &Wording) -> BenignRow<'a> {
    BenignRow {
        who: benign.principal_arn.as_deref().map(principal).unwrap_or("–"),
        actions: names(&benign.actions, words).unwrap_or_default(),
        count: grouped(benign.count),
        because: &benign.because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let shown: Vec<String> =
            [0, 1023, 1536, 88 << 20, 5 << 40].into_iter().map(bytes).collect();
        assert_eq!(shown, ["0 B", "1023 B", "1.5 KiB", "88 MiB", "5.0 TiB"]);
    }
}
