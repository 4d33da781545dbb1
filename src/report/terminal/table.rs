//! Tables without lines. `tabled` is used without its `ansi` feature, so colour is put on whole
//! lines afterwards.

use tabled::builder::Builder;
use tabled::settings::{Alignment, Padding, Style, object::Columns};
use unicode_width::UnicodeWidthStr;

use crate::report::layout::{Ink, Page};
use crate::report::sanitize;

/// Blanks between two columns.
const GAP: usize = 2;

/// Columns the table needs; the first row is the head.
pub(super) fn width<const N: usize>(rows: &[[String; N]]) -> usize {
    let column = |index: usize| {
        rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.width()).max().unwrap_or(0)
    };
    (0..N).map(|index| column(index) + GAP).sum::<usize>().saturating_sub(GAP)
}

/// Puts the table; its last column may run on, so that its values can be copied whole.
pub(super) fn put<const N: usize>(page: &mut Page, margin: &str, rows: Vec<[String; N]>) {
    let mut builder = Builder::default();
    for row in rows {
        builder.push_record(row.map(|cell| sanitize::line(&cell)));
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(0, GAP, 0, 0)).with(Alignment::left());
    table.modify(Columns::last(), Padding::zero());
    let text = table.to_string();
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    page.verbatim(margin, Ink::Quiet, head);
    page.verbatim(margin, Ink::Plain, body);
}
