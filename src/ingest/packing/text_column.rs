//! A column of texts of one kind. A text that occurred before is written as a reference to it. GUIDs, which are half
//! of a record and cannot be compressed, are kept as 16 bytes each.

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use crate::ingest::record::identifier;

/// Stands for a GUID.
const GUID: char = '\u{1}';
/// Stands before a character that would stand for something else.
const ESCAPE: char = '\u{2}';

/// Bytes of a GUID as text.
const DIGITS: usize = 36;

/// A row without a text.
const NONE: u32 = 0;
/// A row with the next of the texts; higher numbers give the distance back to the text.
const NEXT: u32 = 1;

/// A column as it is written.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Column {
    rows: Vec<u32>,
    texts: Vec<String>,
}

/// The GUIDs of all columns, in the order in which they are met.
pub(crate) type Guids = Vec<[u8; 16]>;

impl Column {
    /// Makes a column of the texts of its rows.
    pub(crate) fn of<'t>(
        cells: impl Iterator<Item = Option<&'t str>>,
        guids: &mut Guids,
    ) -> Column {
        let mut column = Column::default();
        let mut known: HashMap<&'t str, usize> = HashMap::default();
        for cell in cells {
            let row = match cell {
                None => NONE,
                Some(text) => {
                    let place = *known.entry(text).or_insert(column.texts.len());
                    let back = column.texts.len() - place;
                    if back == 0 {
                        column.texts.push(packed(text, guids));
                    }
                    NEXT + back as u32
                }
            };
            column.rows.push(row);
        }
        column
    }

    /// The column with its texts as they were; `None` when it does not have this many rows.
    pub(crate) fn opened(self, rows: usize, unpacking: &mut Unpacking) -> Option<Opened> {
        let mut texts = self.texts.iter();
        let mut opened = Opened::default();
        for row in &self.rows {
            let count = opened.texts.len();
            opened.rows.push(match *row {
                NONE => None,
                NEXT => {
                    opened.texts.push(unpacking.text(texts.next()?)?);
                    Some(u32::try_from(count).ok()?)
                }
                back => {
                    let place = count.checked_sub((back - NEXT) as usize)?;
                    Some(u32::try_from(place).ok()?)
                }
            });
        }
        (opened.rows.len() == rows && texts.next().is_none()).then_some(opened)
    }
}

/// A column that was read.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    rows: Vec<Option<u32>>,
    texts: Vec<String>,
}

impl Opened {
    /// The text in that row.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let place = (*self.rows.get(row)?)?;
        self.texts.get(place as usize).map(String::as_str)
    }
}

/// What is needed to read columns.
#[derive(Debug)]
pub(crate) struct Unpacking {
    guids: std::vec::IntoIter<[u8; 16]>,
    /// Bytes that may still be used: a made-up file could refer to one text so often that the rows exceed memory.
    budget: usize,
}

impl Unpacking {
    pub(crate) fn new(guids: Guids, budget: usize) -> Unpacking {
        Unpacking { guids: guids.into_iter(), budget }
    }

    /// Takes `bytes` from the budget; `None` when too few are left.
    pub(crate) fn spend(&mut self, bytes: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(bytes)?;
        Some(())
    }

    /// Whether all GUIDs were used.
    pub(crate) fn is_done(&self) -> bool {
        self.guids.as_slice().is_empty()
    }

    fn text(&mut self, packed: &str) -> Option<String> {
        let mut text = String::with_capacity(packed.len());
        let mut letters = packed.chars();
        while let Some(letter) = letters.next() {
            match letter {
                GUID => text.push_str(&spelled(self.guids.next()?)),
                ESCAPE => text.push(letters.next()?),
                other => text.push(other),
            }
        }
        self.spend(text.len())?;
        Some(text)
    }
}

fn spelled(guid: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(guid));
    let mut text = String::with_capacity(DIGITS);
    for (at, digit) in digits.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// A text whose GUIDs are kept elsewhere.
fn packed(text: &str, guids: &mut Guids) -> String {
    let mut packed = String::with_capacity(text.len());
    let mut written = 0;
    for hyphen in memchr::memchr_iter(b'-', text.as_bytes()) {
        // `xxxxxxxx-…`: the first hyphen is the ninth character.
        let Some(start) = hyphen.checked_sub(8).filter(|start| *start >= written) else { continue };
        let found = text.get(start..start + DIGITS).map(str::as_bytes).and_then(identifier::guid);
        let (Some(number), Some(before)) = (found, text.get(written..start)) else { continue };
        escape(before, &mut packed);
        packed.push(GUID);
        guids.push(number.to_be_bytes());
        written = start + DIGITS;
    }
    escape(text.get(written..).unwrap_or_default(), &mut packed);
    packed
}

fn escape(text: &str, to: &mut String) {
    for part in text.split_inclusive([GUID, ESCAPE]) {
        match part.chars().next_back().filter(|last| [GUID, ESCAPE].contains(last)) {
            Some(last) => {
                to.push_str(part.strip_suffix(last).unwrap_or_default());
                to.extend([ESCAPE, last]);
            }
            None => to.push_str(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn columns_come_back(cells in prop::collection::vec(prop::option::of(prop_oneof![
            "[a\u{1}\u{2}\u{ff}-]{0,3}",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[a\u{1}-]{0,2}[0-9a-f]{7,9}-[0-9a-fA]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[-a]?",
        ]), 0..9)) {
            let mut guids = Guids::new();
            let column = Column::of(cells.iter().map(Option::as_deref), &mut guids);
            let mut unpacking = Unpacking::new(guids, 1 << 20);
            let opened = column.opened(cells.len(), &mut unpacking).unwrap();
            prop_assert!(unpacking.is_done());
            for (row, cell) in cells.iter().enumerate() {
                prop_assert_eq!(opened.get(row), cell.as_deref());
            }
        }
    }
}
