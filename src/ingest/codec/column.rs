//! Texts of one kind below each other. Texts that were there before are only pointed at, and GUIDs,
//! half of what a record is made of and nothing that can be compressed, are written as the 16 bytes
//! they are.
//!
//! UTF-8 never has the bytes from `0xF8` on, so those say what is no text.

use std::borrow::Cow;
use std::ops::Range;

use foldhash::HashMap;
use memchr::memmem;

use super::super::identifier;
use super::bytes::{Reader, Writer};

/// The text ends.
const END: u8 = 0xff;
/// There is no text.
const NONE: u8 = 0xfe;
/// The whole text was there before in this column.
const AGAIN: u8 = 0xfd;
/// A GUID.
const GUID: u8 = 0xfc;
/// The text that the whole row is about: a response repeats the id of its request.
const OWN: u8 = 0xfb;

/// Shorter ones are not looked for in other texts.
const OWN_LEAST: usize = 8;

/// Bytes of a GUID as text.
const DIGITS: usize = 36;

/// One text of a column, and the text that its row is about.
pub(super) type Cell<'t> = (Option<&'t str>, Option<&'t str>);

/// Writes columns; they share the GUIDs in them.
#[derive(Debug, Default)]
pub(super) struct ColumnWriter {
    guids: Writer,
    places: HashMap<u128, usize>,
}

impl ColumnWriter {
    /// The GUIDs of all columns; they are to be read first.
    pub(super) fn finish(self) -> Vec<u8> {
        self.guids.finish()
    }

    /// Writes a column.
    pub(super) fn write<'t>(&mut self, cells: impl Iterator<Item = Cell<'t>>, to: &mut Writer) {
        let (mut texts, mut again, mut guids) =
            (Writer::default(), Writer::default(), Writer::default());
        let mut known: HashMap<Cow<'t, [u8]>, usize> = HashMap::default();
        for (text, own) in cells {
            let Some(text) = text else {
                texts.byte(NONE);
                continue;
            };
            let text = without_own(text, own);
            let count = known.len();
            match known.get(&text) {
                Some(place) => {
                    texts.byte(AGAIN);
                    again.count(count - place);
                }
                None => {
                    self.write_text(&text, &mut texts, &mut guids);
                    known.insert(text, count);
                }
            }
        }
        for part in [texts, again, guids] {
            to.bytes(&part.finish());
        }
    }

    fn write_text(&mut self, text: &[u8], texts: &mut Writer, guids: &mut Writer) {
        let mut written = 0;
        for hyphen in memchr::memchr_iter(b'-', text) {
            // `xxxxxxxx-…`: the first hyphen is the ninth character.
            let Some(start) = hyphen.checked_sub(8).filter(|start| *start >= written) else {
                continue;
            };
            let found = text.get(start..start + DIGITS).and_then(identifier::guid);
            let (Some(number), Some(before)) = (found, text.get(written..start)) else { continue };
            texts.raw(before);
            texts.byte(GUID);
            self.write_guid(number, guids);
            written = start + DIGITS;
        }
        texts.raw(text.get(written..).unwrap_or_default());
        texts.byte(END);
    }

    fn write_guid(&mut self, number: u128, to: &mut Writer) {
        let count = self.places.len();
        match self.places.get(&number) {
            Some(place) => to.count(count - place),
            None => {
                self.places.insert(number, count);
                self.guids.raw(&number.to_be_bytes());
                to.number(0);
            }
        }
    }
}

/// The text with [`OWN`] wherever it repeats what its row is about.
fn without_own<'t>(text: &'t str, own: Option<&str>) -> Cow<'t, [u8]> {
    let bytes = text.as_bytes();
    let Some(own) = own.filter(|own| own.len() >= OWN_LEAST) else { return Cow::Borrowed(bytes) };
    let (mut shorter, mut written) = (Vec::new(), 0);
    for place in memmem::find_iter(bytes, own) {
        shorter.extend_from_slice(bytes.get(written..place).unwrap_or_default());
        shorter.push(OWN);
        written = place + own.len();
    }
    if written == 0 {
        return Cow::Borrowed(bytes);
    }
    shorter.extend_from_slice(bytes.get(written..).unwrap_or_default());
    Cow::Owned(shorter)
}

/// A column that was read.
#[derive(Debug, Default)]
pub(super) struct Column {
    text: String,
    places: Vec<Option<Range<usize>>>,
}

impl Column {
    /// The text in that row.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        let place = self.places.get(row)?.as_ref()?;
        self.text.get(place.clone())
    }
}

/// Reads columns.
#[derive(Debug)]
pub(super) struct ColumnReader<'b> {
    guids: Vec<u128>,
    /// Those that no column has shown yet.
    fresh: Reader<'b>,
    /// Bytes that may still be taken: what points at other texts can be made up so that a small file
    /// gives more than there is memory.
    budget: usize,
}

/// A text before it is known what its row is about.
#[derive(Debug, Clone)]
struct Template {
    bytes: Range<usize>,
    own: bool,
}

impl<'b> ColumnReader<'b> {
    pub(super) fn new(guids: &'b [u8], budget: usize) -> ColumnReader<'b> {
        ColumnReader { guids: Vec::new(), fresh: Reader::new(guids), budget }
    }

    /// Whether all GUIDs were shown.
    pub(super) fn is_done(&self) -> bool {
        self.fresh.is_empty()
    }

    /// Reads a column with so many rows; `own` tells what a row is about.
    pub(super) fn read<'o>(
        &mut self,
        rows: usize,
        from: &mut Reader<'b>,
        own: impl Fn(usize) -> Option<&'o str>,
    ) -> Option<Column> {
        let (mut texts, mut again, mut guids) =
            (Reader::new(from.bytes()?), Reader::new(from.bytes()?), Reader::new(from.bytes()?));
        self.spend(rows.checked_mul(size_of::<Option<Range<usize>>>())?)?;
        let mut column = Column::default();
        // Texts with `OWN` in them, and where the finished ones are.
        let mut open: Vec<u8> = Vec::new();
        let mut known: Vec<Template> = Vec::new();
        for row in 0..rows {
            let template = match *texts.rest().first()? {
                NONE => {
                    texts.byte()?;
                    column.places.push(None);
                    continue;
                }
                AGAIN => {
                    texts.byte()?;
                    let back = usize::try_from(again.number()?).ok()?;
                    known.get(known.len().checked_sub(back)?)?.clone()
                }
                _ => {
                    let template = self.read_text(&mut texts, &mut guids, &mut open)?;
                    let template = match template.own {
                        true => template,
                        false => {
                            let start = column.text.len();
                            column
                                .text
                                .push_str(str::from_utf8(open.get(template.bytes.clone())?).ok()?);
                            open.truncate(template.bytes.start);
                            Template { bytes: start..column.text.len(), own: false }
                        }
                    };
                    known.push(template.clone());
                    template
                }
            };
            let place = match template.own {
                false => template.bytes,
                true => {
                    let start = column.text.len();
                    self.fill(open.get(template.bytes)?, own(row)?, &mut column.text)?;
                    start..column.text.len()
                }
            };
            column.places.push(Some(place));
        }
        (texts.is_empty() && again.is_empty() && guids.is_empty()).then_some(column)
    }

    /// Reads a text up to its end; GUIDs are text again, [`OWN`] stays.
    fn read_text(
        &mut self,
        texts: &mut Reader<'b>,
        guids: &mut Reader<'b>,
        to: &mut Vec<u8>,
    ) -> Option<Template> {
        let (start, mut own) = (to.len(), false);
        loop {
            let special = texts.rest().iter().position(|byte| *byte >= OWN)?;
            to.extend_from_slice(texts.raw(special)?);
            match texts.byte()? {
                END => break,
                OWN => {
                    own = true;
                    to.push(OWN);
                }
                GUID => {
                    let number = self.read_guid(guids)?;
                    to.extend_from_slice(&digits(number));
                }
                _ => return None,
            }
        }
        self.spend(to.len() - start)?;
        Some(Template { bytes: start..to.len(), own })
    }

    fn read_guid(&mut self, from: &mut Reader<'_>) -> Option<u128> {
        match usize::try_from(from.number()?).ok()? {
            0 => {
                let number = u128::from_be_bytes(self.fresh.array()?);
                self.guids.push(number);
                Some(number)
            }
            back => self.guids.get(self.guids.len().checked_sub(back)?).copied(),
        }
    }

    fn fill(&mut self, template: &[u8], own: &str, to: &mut String) -> Option<()> {
        let mut pieces = template.split(|byte| *byte == OWN);
        let mut piece = pieces.next()?;
        loop {
            self.spend(piece.len() + own.len())?;
            to.push_str(str::from_utf8(piece).ok()?);
            piece = match pieces.next() {
                Some(next) => next,
                None => return Some(()),
            };
            to.push_str(own);
        }
    }

    /// Takes bytes off the budget.
    pub(super) fn spend(&mut self, bytes: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(bytes)?;
        Some(())
    }
}

/// A GUID as text, in lower case.
fn digits(number: u128) -> Vec<u8> {
    let hex = format!("{number:032x}");
    let mut text = Vec::with_capacity(DIGITS);
    for (at, digit) in hex.bytes().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push(b'-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(cells: &[(Option<String>, Option<String>)]) -> (Vec<u8>, Vec<u8>) {
        let (mut columns, mut to) = (ColumnWriter::default(), Writer::default());
        let borrowed = cells.iter().map(|(text, own)| (text.as_deref(), own.as_deref()));
        columns.write(borrowed, &mut to);
        (columns.finish(), to.finish())
    }

    fn cell() -> impl Strategy<Value = (Option<String>, Option<String>)> {
        let guid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        let own = prop::option::of(prop_oneof![Just("same-same".to_owned()), guid.boxed()]);
        let text = prop_oneof![
            Just("same".to_owned()),
            guid.boxed(),
            ".{0,30}".boxed(),
            "[-0-9a-f]{0,80}".boxed()
        ];
        (prop::option::of((text, any::<bool>())), own).prop_map(|(text, own)| {
            let text = text.map(|(text, twice)| match (&own, twice) {
                (Some(own), true) => format!("{own}{text}\"{own}{own}"),
                _ => text,
            });
            (text, own)
        })
    }

    proptest! {
        #[test]
        fn columns_come_back(cells in prop::collection::vec(cell(), 0..30)) {
            let (guids, bytes) = written(&cells);
            let (mut columns, mut from) = (ColumnReader::new(&guids, 1 << 20), Reader::new(&bytes));
            let own = |row: usize| cells.get(row).and_then(|(_, own)| own.as_deref());
            let column = columns.read(cells.len(), &mut from, own).unwrap();
            prop_assert!(columns.is_done() && from.is_empty());
            for (row, (text, _)) in cells.iter().enumerate() {
                prop_assert_eq!(column.get(row), text.as_deref());
            }
        }
    }

    #[test]
    fn what_a_row_is_about_costs_a_byte() {
        let id = |n: u8| format!("0123abcd-4567-89ab-cdef-fedcba9876{n:02x}");
        let cell = |n: u8| (Some(format!("{{\"requestId\":\"{}\"}}", id(n))), Some(id(n)));
        let (guids, bytes) = written(&[cell(1), cell(2), cell(3), cell(4)]);
        assert!(guids.is_empty());
        assert!(bytes.len() < 30, "{bytes:?}");
    }
}
