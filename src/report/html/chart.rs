//! The small charts: bars for shares, and how often something happened over time.

use crate::event::Time;
use crate::wording::{Sentence, Wording, duration};

/// Bars of a chart over time, at most.
const BARS: i64 = 72;
/// Size of a chart over time; it is stretched to the width of the page.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 64.0;

/// Lengths a bar may stand for, in seconds, from one second to a year.
const LENGTHS: [i64; 20] = [
    1, 5, 15, 60, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    1_209_600, 2_592_000, 7_776_000, 15_552_000, 31_536_000,
];

/// How often something happened over time.
#[derive(Debug)]
pub(super) struct OverTime {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) bars: Vec<Bar>,
    /// Where the change stands, if it lies within the time shown.
    pub(super) change: Option<f64>,
    pub(super) first: String,
    pub(super) last: String,
    /// What a bar is, and how many the highest stands for.
    pub(super) caption: String,
}

/// One bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) hover: String,
}

impl OverTime {
    /// Counts `times` between `first` and `last`, which must be times; `None` when nothing is in
    /// between.
    pub(super) fn of<'a>(
        times: impl Iterator<Item = &'a str>,
        (first, last): (&str, &str),
        change: Option<&str>,
        words: &Wording,
    ) -> Option<OverTime> {
        let seconds = |time: &str| Time::parse(time).map(|time| time.seconds_since(Time(0)));
        let (start, end) = (seconds(first)?, seconds(last)?);
        let length = (end - start).max(1);
        let bar = LENGTHS.into_iter().find(|bar| length / bar < BARS)?;
        // Days begin where the times are told.
        let offset = super::text::offset(first);
        let east = offset.map_or(0, super::text::seconds);
        let origin = (start + east).div_euclid(bar) * bar - east;
        let bars = usize::try_from((end - origin).div_euclid(bar) + 1).ok()?;
        let mut counts = vec![0_u64; bars];
        for time in times.filter_map(seconds) {
            let index = usize::try_from((time - origin).div_euclid(bar)).ok();
            if let Some(count) = index.and_then(|index| counts.get_mut(index)) {
                *count += 1;
            }
        }
        let most = counts.iter().copied().max().filter(|most| *most > 0)?;
        let step = WIDTH / bars as f64;
        let change = change.and_then(seconds).filter(|at| (start..=end).contains(at));
        let caption = Sentence::new("html-bar-stands-for")
            .arg("length", duration(bar.unsigned_abs() * 1000))
            .arg("most", most);
        Some(OverTime {
            width: WIDTH,
            height: HEIGHT,
            bars: drawn(&counts, most, step, |index| moment(origin + index * bar, offset)),
            change: change.map(|at| round((at - origin) as f64 / bar as f64 * step)),
            first: minute(start, offset),
            last: minute(end, offset),
            caption: words.say(&caption),
        })
    }
}

fn drawn(counts: &[u64], most: u64, step: f64, start: impl Fn(i64) -> String) -> Vec<Bar> {
    let bars = counts.iter().zip(0_i64..).filter(|(count, _)| **count > 0);
    bars.map(|(count, index)| {
        // One of a thousand still shows.
        let height = (*count as f64 / most as f64 * HEIGHT).max(2.0);
        Bar {
            x: round(index as f64 * step),
            y: round(HEIGHT - height),
            width: round((step - 1.5).max(step * 0.6)),
            height: round(height),
            hover: format!("{}: {}", start(index), super::text::grouped(*count)),
        }
    })
    .collect()
}

/// A moment without its seconds: `2026-10-07 18:03`.
fn minute(seconds: i64, offset: Option<&str>) -> String {
    moment(seconds, offset).chars().take(16).collect()
}

fn moment(seconds: i64, offset: Option<&str>) -> String {
    super::text::moment_in(Time(seconds.saturating_mul(1000)), offset)
}

/// The share of `part` in `whole` as percent for a bar; nothing of nothing is nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { round(part.min(whole) as f64 / whole as f64 * 100.0) }
}

fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Language;

    #[test]
    fn counts_into_bars_of_a_round_length() {
        let words = Wording::new(Language::En);
        let times = ["2026-10-07T01:10:00Z", "2026-10-07T01:50:00Z", "2026-10-09T00:00:00Z"];
        let span = ("2026-10-07T00:00:00Z", "2026-10-09T00:00:00Z");
        let chart =
            OverTime::of(times.into_iter(), span, Some("2026-10-08T00:00:00Z"), &words).unwrap();
        let bars: Vec<(&str, f64)> =
            chart.bars.iter().map(|bar| (bar.hover.as_str(), bar.height)).collect();
        assert_eq!(
            bars,
            [("2026-10-07 01:00:00 UTC: 2", HEIGHT), ("2026-10-09 00:00:00 UTC: 1", HEIGHT / 2.0)]
        );
        assert_eq!(chart.caption, "Each bar is 1 hour; the highest stands for 2.");
        assert!(chart.change.is_some_and(|x| x > 300.0 && x < 400.0));
    }

    #[test]
    fn nothing_in_time_gives_no_chart() {
        let words = Wording::new(Language::En);
        let span = ("2026-10-07T00:00:00Z", "2026-10-07T00:00:00Z");
        assert!(OverTime::of(std::iter::empty(), span, None, &words).is_none());
        let one = std::iter::once("2026-10-07T00:00:00Z");
        assert_eq!(OverTime::of(one, span, None, &words).unwrap().bars.len(), 1);
    }
}
