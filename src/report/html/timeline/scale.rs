//! Seconds to places, shared by the chains that are compared. Calls of one second share a band;
//! the blank between bands grows with the logarithm of the pause, so that a chain of minutes and
//! one of milliseconds both fit a page.

use std::collections::BTreeMap;

use super::super::label::width;
use super::super::text::after;
use super::frame::{Frame, round};

/// Largest distance between two calls of one band.
const SPREAD: f64 = 150.0;
/// Blank between a band's edge and its outer marks.
const BAND_PAD: f64 = 16.0;

/// All calls of one second.
#[derive(Debug)]
pub(in crate::report::html) struct Band {
    pub(in crate::report::html) x: f64,
    pub(in crate::report::html) width: f64,
    /// `+3 s`; absent where it would touch the one before.
    pub(in crate::report::html) label: Option<String>,
}

/// Where each second starts, and how far apart its calls stand.
#[derive(Debug)]
pub(super) struct Scale {
    columns: BTreeMap<i64, Column>,
    unit: f64,
    pad: f64,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    slots: usize,
    x: f64,
}

impl Column {
    fn gaps(self) -> f64 {
        self.slots.saturating_sub(1) as f64
    }
}

impl Scale {
    /// A scale for seconds with so many calls each, `tail` wide free at the right for labels.
    pub(super) fn new(calls: &BTreeMap<i64, usize>, frame: Frame, tail: f64) -> Scale {
        let mut columns: BTreeMap<i64, Column> = calls
            .iter()
            .map(|(second, slots)| (*second, Column { slots: *slots, x: 0.0 }))
            .collect();
        let pauses = pauses(&columns);
        let start = frame.gutter + 6.0;
        let room = frame.width - start - tail;
        let bands = columns.len().max(1) as f64;
        let pad = BAND_PAD.min(room / (4.0 * bands));
        let gaps: f64 = columns.values().map(|column| column.gaps()).sum();
        let units = gaps + pauses.iter().sum::<f64>();
        let unit = if units > 0.0 { ((room - 2.0 * pad * bands) / units).min(SPREAD) } else { 0.0 };
        let mut x = start;
        for (column, pause) in columns.values_mut().zip(pauses) {
            x += pause * unit;
            column.x = x;
            x += 2.0 * pad + column.gaps() * unit;
        }
        Scale { columns, unit, pad }
    }

    /// Where the call stands that is the `slot`th of its second.
    pub(super) fn place(&self, second: i64, slot: usize) -> f64 {
        let start = self.columns.get(&second).map_or(0.0, |column| column.x);
        start + self.pad + slot as f64 * self.unit
    }

    pub(super) fn bands(&self, frame: Frame) -> Vec<Band> {
        let mut free = 0.0;
        self.columns
            .iter()
            .map(|(second, column)| {
                let label = after(*second);
                let end = column.x + width(&label, frame.letter - 1.0);
                let fits = column.x >= free && end <= frame.width;
                if fits {
                    free = end + 8.0;
                }
                Band {
                    x: round(column.x),
                    width: round(2.0 * self.pad + column.gaps() * self.unit),
                    label: fits.then_some(label),
                }
            })
            .collect()
    }
}

/// The blank before each column, in units.
fn pauses(columns: &BTreeMap<i64, Column>) -> Vec<f64> {
    let mut before: Option<i64> = None;
    columns
        .keys()
        .map(|second| {
            let pause = before.map_or(0.0, |before| {
                let seconds = second.saturating_sub(before).max(1) as f64;
                0.35 + 0.25 * (1.0 + seconds).log2()
            });
            before = Some(*second);
            pause
        })
        .collect()
}
