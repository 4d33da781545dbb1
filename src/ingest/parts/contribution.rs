//! What one part of an export contributes to the whole: `trailwhy analyze --partial` writes it to a file, and
//! `trailwhy merge` puts the files together.
//!
//! However an export is split and in whatever order its parts are merged, the outcome is the same:
//! counts are added, copies are removed wherever they lie, and only the finished whole applies
//! corrections and draws conclusions from what is missing.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::event::Time;
use crate::ingest::files::selection::Moment;
use crate::ingest::files::source::Input;
use crate::ingest::ledger::books::Books;
use crate::ingest::ledger::coverage::Coverage;
use crate::ingest::ledger::totals::Ledger;
use crate::ingest::options::{Options, Progress};
use crate::ingest::order::merge;
use crate::ingest::order::reorder::Reorder;
use crate::ingest::order::run::{Run, RunWriter};
use crate::ingest::packing::compress;
use crate::ingest::plan::Plan;

/// What must be the same in all parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Terms {
    /// Not before.
    pub(crate) since: Option<Time>,
    /// Not after.
    pub(crate) until: Option<Time>,
    /// Accounts; none means all.
    pub(crate) accounts: BTreeSet<String>,
    /// Regions; none means all.
    pub(crate) regions: BTreeSet<String>,
    /// The checksum of a service table of the user's own.
    pub(crate) services: Option<u32>,
}

impl Terms {
    /// What was asked for; `services` is the text of a service table.
    ///
    /// # Errors
    /// When a bound depends on the last event, because each part has another one.
    pub fn new(options: &Options, services: Option<&str>) -> Result<Terms> {
        Ok(Terms {
            since: bound(options.since, "--since")?,
            until: bound(options.until, "--until")?,
            accounts: options.accounts.iter().cloned().collect(),
            regions: options.regions.iter().cloned().collect(),
            services: Terms::services(services),
        })
    }

    fn services(text: Option<&str>) -> Option<u32> {
        text.map(|text| compress::checksum(text.as_bytes()))
    }

    /// What differs, for a person; `None` when nothing does.
    pub fn difference(&self, other: &Terms) -> Option<String> {
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let names = |names: &BTreeSet<String>| {
            (!names.is_empty()).then(|| names.iter().cloned().collect::<Vec<_>>().join(","))
        };
        let services = |terms: &Terms| terms.services.map(|sum| format!("(checksum {sum:08x})"));
        let options = [
            ("--since", time(self.since), time(other.since)),
            ("--until", time(self.until), time(other.until)),
            ("--account", names(&self.accounts), names(&other.accounts)),
            ("--region", names(&self.regions), names(&other.regions)),
            ("--services", services(self), services(other)),
        ];
        let said = |option: &str, value: Option<String>| match value {
            Some(value) => format!("{option} {value}"),
            None => format!("no {option}"),
        };
        let (option, own, others) = options.into_iter().find(|(_, own, others)| own != others)?;
        Some(format!("{} here, {} there", said(option, own), said(option, others)))
    }
}

fn bound(moment: Option<Moment>, option: &str) -> Result<Option<Time>> {
    match moment {
        None => Ok(None),
        Some(Moment::At(time)) => Ok(Some(time)),
        Some(Moment::BeforeLast(_)) => Err(Error::Usage(format!(
            "`{option}` is before the last event, which each part has another of\nhint: give a time, \
             such as 2026-05-18T05:47:50Z"
        ))),
    }
}

/// What one part of an export contributes.
#[derive(Debug, Clone, Default)]
pub struct Contribution {
    /// The terms under which it was made.
    pub(crate) terms: Terms,
    /// In the order of time, then of ids; no id twice. What corrections replace is still there,
    /// because a part cannot know the correction of a correction in another one.
    pub(crate) runs: Vec<Run>,
    /// The ledger so far: `records.kept` counts what corrections replace, duplicates are not known yet, and what
    /// [`Coverage`] gives is left empty.
    pub(crate) ledger: Ledger,
    /// What the part covers.
    pub(crate) coverage: Coverage,
}

impl Contribution {
    /// Reads everything below the inputs and packs it. `services` is the text of a service table of the user's. If more
    /// than `most` events wait in memory, they go to a temporary file. Damaged files are in the ledger.
    ///
    /// # Errors
    /// When an input that the user named does not exist, when a bound depends on the last event, or when a temporary
    /// file cannot be written.
    pub fn gather(
        inputs: &[Input],
        options: &Options,
        services: Option<&str>,
        most: usize,
        progress: &dyn Progress,
    ) -> Result<Contribution> {
        let terms = Terms::new(options, services)?;
        let plan = Plan::make(inputs, &Options { needs: None, ..options.clone() })?;
        let mut reorder = Reorder::keeping_replaced();
        let mut room = Ok(());
        let books = plan.run(progress, |_, part| {
            reorder.push(part.unwrap_or_default());
            if reorder.waiting() > most && room.is_ok() {
                room = reorder.make_room();
            }
        });
        room.map_err(Error::temporary)?;
        Contribution::pack(terms, reorder, books)
    }

    /// Merges parts into one. Neither their order matters nor how they were merged before.
    ///
    /// # Errors
    /// When a part cannot be read, is damaged, or was made under other terms than the first.
    pub fn merge(parts: Parts<'_>) -> Result<Contribution> {
        let (terms, reorder, books) = together(parts, Reorder::keeping_replaced())?;
        Contribution::pack(terms, reorder, books)
    }

    fn pack(terms: Terms, mut reorder: Reorder, books: Books) -> Result<Contribution> {
        let Books { mut ledger, mut coverage } = books;
        let mut writer = RunWriter::new(compress::LEVEL);
        ledger.records.notifications = 0;
        loop {
            let batch = reorder.rest(&|_| true, &mut 0).map_err(Error::temporary)?;
            let notifications =
                merge::notifications(&batch.events) + merge::notifications(&batch.late);
            ledger.records.notifications += notifications;
            for event in batch.late.into_iter().chain(batch.events) {
                writer.push(event).map_err(Error::temporary)?;
            }
            if batch.complete_before.is_none() {
                break;
            }
        }
        ledger.records.kept = reorder.kept;
        ledger.skipped.sort();
        coverage.flush();
        let runs = writer.runs().map_err(Error::temporary)?;
        Ok(Contribution { terms, runs, ledger, coverage })
    }

    /// The terms under which it was made.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How a service table differs from the one this part was made with, for a person.
    pub fn difference_of_services(&self, services: Option<&str>) -> Option<String> {
        let services = Terms::services(services);
        self.terms.difference(&Terms { services, ..self.terms.clone() })
    }

    /// The ledger so far: what is kept is final only when all parts are merged.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

/// Parts of an export, one after the other.
pub type Parts<'p> = &'p mut dyn Iterator<Item = Result<Contribution>>;

/// Adds up the counts of parts and gives their runs to `reorder`.
///
/// # Errors
/// When a part cannot be read, is damaged, or was made under other terms than the first.
pub(crate) fn together(parts: Parts<'_>, mut reorder: Reorder) -> Result<(Terms, Reorder, Books)> {
    let ledger = Ledger { ordered: true, ..Ledger::default() };
    let mut books = Books { ledger, coverage: Coverage::default() };
    let mut terms: Option<Terms> = None;
    for part in parts {
        let Contribution { terms: own, runs, ledger, coverage } = part?;
        let first = terms.get_or_insert_with(|| own.clone());
        if let Some(difference) = first.difference(&own) {
            return Err(Error::Usage(format!(
                "the parts were made with different options: {difference}"
            )));
        }
        books.add(ledger, coverage);
        runs.into_iter().for_each(|run| reorder.add_run(run));
    }
    Ok((terms.unwrap_or_default(), reorder, books))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::{Path, PathBuf};

    use proptest::prelude::*;
    use proptest::test_runner::Config;

    use super::*;
    use crate::event::{Event, Field, IdentityType};
    use crate::ingest::ledger::blind_spot::BlindSpotKind;
    use crate::ingest::ledger::coverage::{Mention, Stream};
    use crate::ingest::ledger::reason::{Reason, Skip};
    use crate::ingest::ledger::totals::Records;
    use crate::ingest::ledger::trail_change::{Effect, TrailChange};
    use crate::ingest::order::run::RunWriter;
    use crate::ingest::record::known::{self, Known};
    use crate::ingest::{Ingested, Streamed, conclude};
    use crate::wording::Sentence;

    const GUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

    fn time() -> impl Strategy<Value = Time> {
        prop_oneof![
            (0..5_000_i64).prop_map(|seconds| Time(1_790_000_000_000 + seconds * 1_000)),
            any::<i32>().prop_map(|milliseconds| Time(i64::from(milliseconds)))
        ]
    }

    /// The few ids that there are come in several parts.
    fn id() -> impl Strategy<Value = String> {
        prop_oneof![
            (0..6_u8).prop_map(|n| format!("0123abcd-4567-89ab-cdef-fedcba98765{n}")),
            (0..3_u8).prop_map(|n| format!("0123ABCD-4567-89AB-CDEF-FEDCBA98765{n}")),
            GUID,
            "[a-z]{1,2}"
        ]
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-c]{1,3}",
            ".{1,20}",
            GUID,
            GUID.prop_map(|id| format!("{{\"k\":\"{id}\"}}"))
        ]
    }

    fn event() -> impl Strategy<Value = Event> {
        let texts = prop::collection::vec((0..Event::FIELDS, text()), 0..12);
        let flag = prop::option::of(any::<bool>());
        let flags = (flag.clone(), flag.clone(), flag, any::<bool>(), prop::option::of(time()));
        let kind = 0..IdentityType::ALL.len();
        let corrects = prop::option::weighted(0.2, id());
        (id(), texts, time(), kind, flags, corrects).prop_map(
            |(id, others, time, kind, flags, corrects)| {
                let mut texts: [Option<&str>; Event::FIELDS] = [None; Event::FIELDS];
                for (field, text) in &others {
                    texts[*field] = Some(text);
                }
                let addendum = corrects.map(|id| format!("{{\"originalEventID\":\"{id}\"}}"));
                texts[Field::Addendum as usize] = addendum.as_deref();
                texts[Field::EventId as usize] = Some(&id);
                let mut event = Event::of(&texts, time, IdentityType::ALL[kind]);
                let (read_only, management_event, mfa, from_console, created) = flags;
                event.read_only = read_only;
                event.management_event = management_event;
                event.mfa = mfa;
                event.from_console = from_console;
                event.session_created = created;
                event
            },
        )
    }

    fn skip() -> impl Strategy<Value = Skip> {
        let detail = prop_oneof![
            Just(Sentence::new("log-digest")),
            (0..3_u64).prop_map(|count| Sentence::new("log-flaw")
                .arg("count", count.to_string())
                .arg("flaw", Sentence::new("log-no-time"))),
            any::<u32>().prop_map(|bytes| Sentence::new("log-deflate-ends").arg("bytes", bytes)),
        ];
        (text(), 0..Reason::ALL.len(), prop::option::of(detail), 0..9_u64).prop_map(
            |(path, reason, detail, recovered)| Skip {
                path,
                reason: Reason::ALL[reason],
                detail,
                recovered,
            },
        )
    }

    fn coverage() -> impl Strategy<Value = Coverage> {
        let account = || prop::option::of("[1-3]{2}");
        let hours = prop::collection::btree_map(-9..500_000_i64, 1..60_u64, 0..6);
        let stream = (account(), account(), hours).prop_map(|(account, region, hours)| Stream {
            account,
            region,
            hours,
            ..Stream::default()
        });
        let mentions = || {
            let mention = (1..9_u64, time(), id())
                .prop_map(|(count, time, id)| Mention { count, first: (time, id) });
            prop::collection::btree_map("[1-3]{2}", mention, 0..3)
        };
        let kinds = prop::collection::vec(0..BlindSpotKind::ALL.len(), 0..3)
            .prop_map(|kinds| kinds.into_iter().map(|kind| BlindSpotKind::ALL[kind]).collect());
        let effect = prop_oneof![
            Just(Effect::Started),
            Just(Effect::Stopped),
            Just(Effect::Deleted),
            kinds.prop_map(Effect::Selected)
        ];
        let change = (time(), id(), text(), effect).prop_map(|(time, event_id, trail, effect)| {
            TrailChange { time, event_id, trail, effect }
        });
        let counts = prop::array::uniform5(0..200_u64);
        let streams = prop::collection::vec(stream, 0..4);
        let changes = prop::collection::vec(change, 0..4);
        let span = prop::option::of((time(), time()));
        (span, streams, counts, mentions(), mentions(), changes).prop_map(
            |(
                span,
                streams,
                [kms, reads, writes, data, without_caller],
                callers,
                owners,
                changes,
            )| {
                let mut coverage = Coverage::default();
                let span = span.map(|(a, b)| (a.min(b), a.max(b)));
                let seen = Coverage {
                    span,
                    streams,
                    kms,
                    reads,
                    writes,
                    data,
                    without_caller,
                    callers,
                    owners,
                    changes,
                    last: 0,
                };
                // Streams of one account and Region become one.
                coverage.add(seen);
                coverage.flush();
                coverage
            },
        )
    }

    /// A part as reading might give it, under no terms.
    pub(crate) fn contribution() -> impl Strategy<Value = Contribution> {
        let events = prop::collection::vec(event(), 0..12);
        let skipped = prop::collection::vec(skip(), 0..4);
        let counts = prop::array::uniform8(0..1_000_000_u64);
        (events, skipped, counts, any::<bool>(), coverage()).prop_map(
            |(events, mut skipped, counts, ordered, coverage)| {
                let met = events.len() as u64;
                let events = united(events);
                skipped.sort();
                let [files, read, out, malformed, out_of_range, late, stored, inflated] = counts;
                let records = Records {
                    read: met + malformed + out_of_range,
                    kept: events.len() as u64,
                    duplicates: 0,
                    malformed,
                    out_of_range,
                    notifications: 0,
                };
                let ledger = Ledger {
                    files_found: files,
                    files_read: read,
                    files_out_of_range: out,
                    skipped,
                    records,
                    ordered,
                    late,
                    bytes_stored: stored,
                    bytes_inflated: inflated,
                    ..Ledger::default()
                };
                let terms = Terms::default();
                Contribution { terms, runs: packed(events), ledger, coverage }
            },
        )
    }

    /// In order, no id twice.
    fn united(events: Vec<Event>) -> Vec<Event> {
        let mut events: Vec<Known> = events.into_iter().map(Known::of).collect();
        known::sort(&mut events);
        let mut met = std::collections::HashSet::new();
        merge::remove_copies(&mut events, |id| met.insert(id.number()));
        events.into_iter().map(|known| known.event).collect()
    }

    fn packed(events: Vec<Event>) -> Vec<Run> {
        let mut writer = RunWriter::new(compress::LEVEL);
        events.into_iter().for_each(|event| writer.push(event).unwrap());
        writer.runs().unwrap()
    }

    fn merged(parts: &[&Contribution]) -> Contribution {
        Contribution::merge(&mut parts.iter().map(|part| Ok((*part).clone()))).unwrap()
    }

    /// All of them, however few may be held.
    pub(crate) fn concluded(parts: Vec<Contribution>) -> Ingested {
        match conclude(&mut parts.into_iter().map(Ok), usize::MAX, &mut |_| {}).unwrap() {
            Streamed::Whole(ingested) => ingested,
            Streamed::Batches(_) => panic!("was handed over in batches"),
        }
    }

    fn bytes(part: &Contribution) -> Vec<u8> {
        part.encode().unwrap()
    }

    proptest! {
        #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

        #[test]
        fn how_parts_are_put_together_does_not_matter(
            a in contribution(),
            b in contribution(),
            c in contribution(),
        ) {
            let whole = merged(&[&a, &b, &c]);
            prop_assert_eq!(bytes(&merged(&[&c, &a, &b])), bytes(&whole));
            prop_assert_eq!(bytes(&merged(&[&merged(&[&a, &b]), &c])), bytes(&whole));
            prop_assert_eq!(bytes(&merged(&[&merged(&[&c, &b]), &a])), bytes(&whole));
            prop_assert_eq!(bytes(&merged(&[&b, &merged(&[&c, &a])])), bytes(&whole));
            prop_assert_eq!(bytes(&merged(&[&a])), bytes(&a));
            let count: usize = whole.runs.iter().map(|run| run.count).sum();
            let ingested = concluded(vec![whole]);
            let records = ingested.ledger.records;
            prop_assert_eq!(records.kept, ingested.events.len() as u64);
            prop_assert!(ingested.events.len() <= count);
            let dropped = records.duplicates + records.malformed + records.out_of_range;
            prop_assert_eq!(records.read, records.kept + dropped);
        }
    }

    fn samples() -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
        let mut logs: Vec<PathBuf> = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path().join("logs"))
            .filter(|path| path.is_dir())
            .collect();
        logs.sort();
        logs
    }

    #[test]
    fn a_part_is_small_and_gives_what_reading_gives() {
        let samples = samples();
        assert_eq!(samples.len(), 6);
        for logs in samples {
            let inputs = [Input::Path(logs.clone())];
            let options = Options::default();
            let part = Contribution::gather(&inputs, &options, None, usize::MAX, &()).unwrap();
            let file = part.encode().unwrap();
            let events: usize = part.runs.iter().map(|run| run.count).sum();
            assert!(file.len() < events * 70, "{}: {} bytes", logs.display(), file.len());
            let decoded = Contribution::decode(&file, &logs).unwrap();
            assert_eq!(bytes(&decoded), file);
            // However little may wait in memory.
            let poor = Contribution::gather(&inputs, &options, None, 10, &()).unwrap();
            assert_eq!(bytes(&poor), file);
            let (now, once) =
                (concluded(vec![decoded]), crate::ingest::read(&inputs, &options, &()).unwrap());
            assert_eq!(now.events, once.events);
            assert_eq!(now.ledger, once.ledger);
            assert_eq!(now.shared, once.shared);
        }
    }

    #[test]
    fn corrections_reach_into_other_parts() {
        let event = |id: &str, corrects: Option<&str>| {
            let mut texts = [None; Event::FIELDS];
            let addendum = corrects.map(|id| format!("{{\"originalEventID\":\"{id}\"}}"));
            texts[Field::EventId as usize] = Some(id);
            texts[Field::Addendum as usize] = addendum.as_deref();
            Event::of(&texts, Time(0), IdentityType::Missing)
        };
        let part = |events: Vec<Event>| {
            let records = Records { read: 2, kept: 2, ..Records::default() };
            let ledger = Ledger { records, ..Ledger::default() };
            Contribution { runs: packed(events), ledger, ..Contribution::default() }
        };
        let first = part(vec![event("a", None), event("c", None)]);
        // `c` corrects `b`, which corrects `a`.
        let second = part(vec![event("b", Some("a")), event("c", Some("b"))]);
        let ingested = concluded(vec![merged(&[&first, &second])]);
        let ids: Vec<&str> = ingested.events.iter().map(Event::id).collect();
        assert_eq!(ids, ["c"]);
        let records = ingested.ledger.records;
        assert_eq!((records.read, records.kept, records.duplicates), (4, 1, 3));
    }

    #[test]
    fn parts_made_differently_are_told() {
        let part = |region: Vec<&str>, services: Option<&str>| {
            let regions = region.into_iter().map(str::to_owned).collect();
            let options = Options { regions, ..Options::default() };
            let terms = Terms::new(&options, services).unwrap();
            Contribution { terms, ..Contribution::default() }
        };
        let differs = |one: &Contribution, other: &Contribution| one.terms.difference(&other.terms);
        let whole = part(vec![], None);
        let europe = part(vec!["eu-west-1", "eu-central-1"], None);
        assert_eq!(differs(&europe, &part(vec!["eu-central-1", "eu-west-1"], None)), None);
        assert_eq!(
            differs(&whole, &europe).as_deref(),
            Some("no --region here, --region eu-central-1,eu-west-1 there")
        );
        let error = Contribution::merge(&mut [whole, europe].into_iter().map(Ok));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("--region eu-central-1,eu-west-1"), "{error}");
        assert!(part(vec![], Some("a")).difference_of_services(Some("a")).is_none());
        assert!(part(vec![], Some("a")).difference_of_services(None).is_some());
        let since = Options { since: Some(Moment::BeforeLast(60)), ..Options::default() };
        let error = Terms::new(&since, None).unwrap_err().to_string();
        assert!(error.contains("`--since` is before the last event"), "{error}");
    }
}
