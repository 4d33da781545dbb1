//! Lists what is below a prefix: by the folders of the delivery layout where a range was asked for, so
//! that only its days are listed.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore};

use super::connection::{Bucket, Listed};
use crate::error::{Error, Result};
use crate::event::Time;
use crate::ingest::files::delivery::Delivery;
use crate::ingest::files::selection::{Bounds, Moment, Selection};

/// Listings under way together.
const TOGETHER: usize = 16;

/// With more folders than this, what is below them is listed without looking into each.
const MOST_FOLDERS: usize = 20_000;

/// Deeper than this no folder of a trail lies: prefix, AWSLogs, organisation, account, CloudTrail, Region,
/// year, month, day, and what people put before them.
const DEEPEST: usize = 24;

/// Milliseconds, as times are.
const DAY: i64 = 86_400_000;

/// A folder that is listed with everything below it, and the day it holds.
struct Leaf {
    folder: Path,
    day: Option<i64>,
}

/// The folder of a year or a month.
struct Span {
    folder: Path,
    first: i64,
    last: i64,
}

/// Every object below a prefix, without those in folders of other days and Regions.
pub(super) fn below(
    bucket: &Arc<Bucket>,
    prefix: &Path,
    selection: &Selection,
    bounds: Bounds,
) -> Result<Vec<Listed>> {
    let found = bucket.runtime.block_on(async {
        let is_bounded = bounds.since.is_some() || bounds.until.is_some();
        if !is_bounded && selection.regions.is_empty() {
            return all(bucket, prefix).await;
        }
        narrowed(bucket, prefix, selection, bounds).await
    });
    let found = found.map_err(|error| Error::Said(bucket.trouble.sentence(None, &error)))?;
    let objects = found.into_iter().filter(|meta| !meta.location.as_ref().is_empty());
    let listed = |meta: ObjectMeta| Listed {
        bucket: Arc::clone(bucket),
        key: meta.location,
        size: Some(meta.size),
        e_tag: meta.e_tag,
    };
    Ok(objects.map(listed).collect())
}

async fn all(bucket: &Bucket, prefix: &Path) -> object_store::Result<Vec<ObjectMeta>> {
    bucket.store.list(Some(prefix)).try_collect().await
}

async fn narrowed(
    bucket: &Bucket,
    prefix: &Path,
    selection: &Selection,
    bounds: Bounds,
) -> object_store::Result<Vec<ObjectMeta>> {
    let mut found: Vec<ObjectMeta> = Vec::new();
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut open = vec![prefix.clone()];
    for _ in 0..DEEPEST {
        if open.is_empty() || open.len() > MOST_FOLDERS {
            break;
        }
        let listed: Vec<ListResult> = stream::iter(&open)
            .map(|folder| bucket.store.list_with_delimiter(Some(folder)))
            .buffer_unordered(TOGETHER)
            .try_collect()
            .await?;
        let (mut next, mut spans): (Vec<Path>, Vec<Span>) = (Vec::new(), Vec::new());
        for ListResult { common_prefixes, objects, .. } in listed {
            found.extend(objects);
            for folder in common_prefixes {
                match Level::of(&folder) {
                    Level::Region(region) if !selection.takes_home_of(&region) => {}
                    Level::Span(first, last) if !overlaps(selection, first, last) => {}
                    Level::Day(day) if !overlaps(selection, day, day + DAY) => {}
                    Level::Day(day) => leaves.push(Leaf { folder, day: Some(day) }),
                    Level::Span(first, last) => spans.push(Span { folder, first, last }),
                    Level::Region(_) | Level::Other => next.push(folder),
                }
            }
        }
        // A range before the last event, which is no earlier than the beginning of the last of these folders.
        if let Some(Moment::BeforeLast(seconds)) = bounds.since {
            let last = spans.iter().map(|span| span.first).max().unwrap_or(i64::MIN);
            let from = day_before(last, seconds);
            spans.retain(|span| span.last >= from);
        }
        next.extend(spans.into_iter().map(|span| span.folder));
        open = next;
    }
    leaves.extend(open.into_iter().map(|folder| Leaf { folder, day: None }));
    // A range before the last event, which is no earlier than the beginning of the last day with a folder.
    if let Some(Moment::BeforeLast(seconds)) = bounds.since {
        let last = leaves.iter().filter_map(|leaf| leaf.day).max().unwrap_or(i64::MIN);
        let from = day_before(last, seconds);
        leaves.retain(|leaf| leaf.day.is_none_or(|day| day >= from));
    }
    let listed: Vec<Vec<ObjectMeta>> = stream::iter(&leaves)
        .map(|leaf| all(bucket, &leaf.folder))
        .buffer_unordered(TOGETHER)
        .try_collect()
        .await?;
    found.extend(listed.into_iter().flatten());
    found.retain(|meta| {
        let delivery = Delivery::of(std::path::Path::new(meta.location.as_ref()));
        delivery.is_none_or(|delivery| selection.takes_delivery(&delivery))
    });
    Ok(found)
}

/// The moment `seconds`, and a day to be safe, before the last folder begins; in milliseconds, as `last` is.
fn day_before(last: i64, seconds: i64) -> i64 {
    Time(last).plus_seconds(-seconds).0.saturating_sub(DAY)
}

/// Whether a folder may hold records of the selection. Files lie in the folder of the day of their delivery, so a day
/// is added on both sides, which costs little.
fn overlaps(selection: &Selection, first: i64, last: i64) -> bool {
    selection.since.is_none_or(|since| last + DAY >= since.0)
        && selection.until.is_none_or(|until| first - DAY <= until.0)
}

/// What a folder of the delivery layout holds: `…/CloudTrail/REGION/YYYY/MM/DD` (AWS CloudTrail user guide,
/// "Finding your CloudTrail log files"). Milliseconds since 1970.
#[derive(Debug, PartialEq, Eq)]
enum Level {
    Region(String),
    /// A year or a month.
    Span(i64, i64),
    Day(i64),
    Other,
}

impl Level {
    fn of(folder: &Path) -> Level {
        let parts: Vec<String> = folder.parts().map(|part| part.as_ref().to_owned()).collect();
        let trail = parts.iter().rposition(|part| part.starts_with("CloudTrail"));
        let below = trail.and_then(|at| parts.get(at + 1..)).unwrap_or_default();
        let begins = |year: i32, month: u32, day: u32| {
            Time::parse(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z")).map(|time| time.0)
        };
        let level = || match below {
            [region] => Some(Level::Region(region.clone())),
            [_, year] => {
                let year: i32 = year.parse().ok()?;
                Some(Level::Span(begins(year, 1, 1)?, begins(year + 1, 1, 1)?))
            }
            [_, year, month] => {
                let (year, month): (i32, u32) = (year.parse().ok()?, month.parse().ok()?);
                let (after, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                Some(Level::Span(begins(year, month, 1)?, begins(after, next, 1)?))
            }
            [_, year, month, day] => {
                let day = begins(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
                Some(Level::Day(day))
            }
            _ => None,
        };
        level().unwrap_or(Level::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A range may begin and end at any hour of a day, and reach back over days.
    #[test]
    fn every_day_that_holds_part_of_a_range_is_listed() {
        let at = |text: &str| Time::parse(text).unwrap();
        let day = at("2026-02-28").0;
        for (since, until, holds) in [
            (Some("2026-02-28T12:00:00Z"), None, true),
            (Some("2026-02-28T23:59:59Z"), Some("2026-03-01T00:10:00Z"), true),
            (None, Some("2026-02-28T00:00:01Z"), true),
            (Some("2026-03-03T00:00:00Z"), None, false),
            (None, Some("2026-02-26T12:00:00Z"), false),
        ] {
            let (since, until) = (since.map(at), until.map(at));
            let selection = Selection { since, until, ..Selection::default() };
            assert_eq!(overlaps(&selection, day, day + DAY), holds, "{since:?} {until:?}");
        }
        let hours = 60 * 60;
        assert!(day_before(at("2026-03-02").0, 40 * hours) <= day);
        assert!(day_before(at("2026-03-02").0, 2 * hours) > day);
        assert_eq!(day_before(i64::MIN, 2 * hours), i64::MIN);
    }

    #[test]
    fn folders_of_a_trail_tell_what_is_in_them() {
        let of = |path: &str| Level::of(&Path::from(path));
        let at = |text: &str| Time::parse(text).unwrap().0;
        assert_eq!(of("p/AWSLogs/o-1/111122223333/CloudTrail"), Level::Other);
        assert_eq!(
            of("AWSLogs/111122223333/CloudTrail/eu-west-1"),
            Level::Region("eu-west-1".to_owned())
        );
        let trail = "AWSLogs/111122223333/CloudTrail/eu-west-1";
        assert_eq!(of(&format!("{trail}/2026")), Level::Span(at("2026-01-01"), at("2027-01-01")));
        assert_eq!(
            of(&format!("{trail}/2026/12")),
            Level::Span(at("2026-12-01"), at("2027-01-01"))
        );
        assert_eq!(of(&format!("{trail}/2026/02/28")), Level::Day(at("2026-02-28")));
        for other in ["2026/02/28", "a/CloudTrail/r/2026/13", "a/CloudTrail/r/x/02/28", ""] {
            assert_eq!(of(other), Level::Other, "{other}");
        }
    }
}
