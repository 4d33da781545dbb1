//! CSV tables (RFC 4180) with a header, as Athena, CloudTrail Lake, CloudWatch Logs Insights and others write
//! them, read a row at a time.

use std::borrow::Cow;

use crate::ingest::formats::column::{self, Place};
use crate::ingest::formats::schema_mapping;
use crate::ingest::ledger::reason::Reason;
use crate::wording::Sentence;

/// Members without which a row is no record.
const NEEDED: [&str; 4] = ["eventTime", "eventSource", "eventName", "userIdentity"];

/// Delimiters that are tried.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// How a quoted cell that holds a record begins.
const RECORDS: [&str; 2] = ["\"{\"\"event", "\"{\"\"user"];

/// With this many columns of a record, a table is one of CloudTrail events and not of something else.
const FEW: usize = 3;

/// What the header of a table promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Table {
    /// Rows that hold records.
    Rows(Rows),
    /// Rows that lack members without which they are no records: what to say of them.
    Refused(Reason, Sentence),
}

/// How the rows of a table are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The names of the columns, as the header has them.
    pub(crate) names: Vec<String>,
    /// The member that each column holds, if it holds one.
    pub(crate) places: Vec<Option<Place>>,
    /// The column that holds whole records, if one does.
    pub(crate) whole: Option<usize>,
    /// What separates columns.
    pub(crate) delimiter: u8,
}

impl Rows {
    /// Whether a column holds that member, or something below it.
    pub(crate) fn has(&self, member: &str) -> bool {
        self.places.iter().flatten().any(|place| place.member == member)
    }
}

impl Table {
    /// Reads the first two lines of a file; `None` when they are not the header of a table of
    /// CloudTrail events and a row.
    pub(crate) fn of(header: &str, row: &str) -> Option<Table> {
        // A line with a time stamp and a record has the same names between the same commas.
        if header.contains('{') && !header.contains("{}") {
            return None;
        }
        let named = |delimiter| Table::with(header, delimiter);
        let holding = |delimiter| Table::holding(header, row, delimiter);
        DELIMITERS.into_iter().find_map(named).or_else(|| DELIMITERS.into_iter().find_map(holding))
    }

    /// A table with whole records in a column of any name.
    fn holding(header: &str, line: &str, delimiter: u8) -> Option<Table> {
        if !RECORDS.iter().any(|start| line.contains(start)) {
            return None;
        }
        let (names, _) = row(header, delimiter, true)?;
        let (cells, _) = row(line, delimiter, true)?;
        let whole = cells.iter().position(|cell| cell.starts_with("{\""))?;
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        (whole < names.len()).then(|| {
            let places = names.iter().map(|_| None).collect();
            Table::Rows(Rows { names, places, whole: Some(whole), delimiter })
        })
    }

    fn with(line: &str, delimiter: u8) -> Option<Table> {
        let (names, _) = row(line, delimiter, true)?;
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        let places: Vec<Option<Place>> = names.iter().map(|name| column::place(name)).collect();
        let whole = names.iter().position(|name| column::holds_records(name));
        let schema = schema_mapping::are_columns(&names);
        let rows = Rows { names, places, whole, delimiter };
        let missing: Vec<&str> = NEEDED.into_iter().filter(|member| !rows.has(member)).collect();
        if whole.is_some() || schema || missing.is_empty() {
            return Some(Table::Rows(rows));
        }
        if missing == ["userIdentity"] {
            return Some(Table::Refused(Reason::ConsoleCsv, Sentence::new("log-console-table")));
        }
        let known = rows.places.iter().flatten().count();
        (known >= FEW).then(|| {
            let detail = Sentence::new("log-columns-missing").arg("columns", missing.join(", "));
            Table::Refused(Reason::UnsupportedFormat, detail)
        })
    }
}

/// The cells of the first row of `text` and the bytes it takes; `None` when the row goes on beyond the text,
/// which it cannot where the text is the `last` of the file. Damaged rows give what can be had of them: what
/// stands between a closing quote and the next delimiter is dropped, and a quote that is never closed takes the
/// rest of the file.
///
/// `csv-core` would keep what stands after a closing quote, so that a cell padded with blanks would name another call.
pub(crate) fn row(text: &str, delimiter: u8, last: bool) -> Option<(Vec<Cow<'_, str>>, usize)> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let (cell, end) = cell(text.get(at..)?, delimiter, last)?;
        cells.push(cell);
        at += end;
        match text.as_bytes().get(at) {
            Some(b) if *b == delimiter => at += 1,
            Some(_) => return Some((cells, at + 1)),
            None if last => return Some((cells, at)),
            None => return None,
        }
    }
}

/// One cell and where it ends, before its delimiter or the end of the line.
fn cell(text: &str, delimiter: u8, last: bool) -> Option<(Cow<'_, str>, usize)> {
    if text.starts_with('"') {
        return quoted(text, delimiter, last);
    }
    let end = match memchr::memchr2(delimiter, b'\n', text.as_bytes()) {
        Some(end) => end,
        None if last => text.len(),
        None => return None,
    };
    let cell = text.get(..end)?;
    Some((cell.strip_suffix('\r').unwrap_or(cell).into(), end))
}

fn quoted(text: &str, delimiter: u8, last: bool) -> Option<(Cow<'_, str>, usize)> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        let Some(offset) = memchr::memchr(b'"', bytes.get(at..)?) else {
            // A quote that is never closed: the rest of the file is the cell.
            return last.then(|| (text.get(1..).unwrap_or_default().into(), text.len()));
        };
        at += offset + 1;
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            continue;
        }
        if at == bytes.len() && !last {
            return None;
        }
        let inner = text.get(1..at - 1)?;
        let rest = text.get(at..)?;
        let more = memchr::memchr2(delimiter, b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let cell = match inner.contains("\"\"") {
            true => Cow::Owned(inner.replace("\"\"", "\"")),
            false => Cow::Borrowed(inner),
        };
        return Some((cell, at + more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows() {
        let text = "a,\"b \"\"c\"\",\n d\",\r\n\"x\"\n";
        let (cells, end) = row(text, b',', false).unwrap();
        assert_eq!(cells, ["a", "b \"c\",\n d", ""]);
        let rest = text.get(end..).unwrap();
        assert_eq!(row(rest, b',', false).unwrap().0, ["x"]);
        assert_eq!(row("a,\"b", b',', false), None);
        assert_eq!(row("a,\"b", b',', true).unwrap().0, ["a", "b"]);
        assert_eq!(row("a,b", b',', false), None);
    }

    #[test]
    fn tells_tables_apart() {
        let read = |header: &str| matches!(Table::of(header, ""), Some(Table::Rows(_)));
        assert!(read(
            "\"eventversion\",\"useridentity\",\"eventtime\",\"eventsource\",\"eventname\""
        ));
        assert!(read("@timestamp,@message"));
        assert!(read("TimeGenerated,EventName,EventSource,UserIdentityArn"));
        assert!(read("@timestamp;event.action;event.provider;aws.cloudtrail.user_identity.arn"));
        let refused = |header: &str| match Table::of(header, "") {
            Some(Table::Refused(reason, _)) => Some(reason),
            _ => None,
        };
        let console = "User name,Event time,Event source,Event name,AWS region,User agent";
        assert_eq!(refused(console), Some(Reason::ConsoleCsv));
        let chosen = "eventName,awsRegion,userIdentity.arn";
        assert_eq!(refused(chosen), Some(Reason::UnsupportedFormat));
        assert_eq!(Table::of("id,price,customer", "1,2,3"), None);
        assert_eq!(Table::of("a line of text", "another"), None);
    }
}
