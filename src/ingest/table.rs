//! Tables: CSV results of Athena, CloudTrail Lake and CloudWatch Logs Insights, a row at a time
//! (RFC 4180).

use std::borrow::Cow;

use super::draft;

/// A column that holds a whole record as JSON.
const RAW: &[&str] =
    &["@message", "message", "cloudtrailevent", "eventjson", "_raw", "raw", "detail", "event"];

/// What the header of a table promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Table {
    /// A column holds whole records.
    Raw {
        /// Which.
        column: usize,
        /// Between columns.
        delimiter: u8,
    },
    /// Members of a record in columns.
    Columns {
        /// Their names, as the header has them.
        names: Vec<String>,
        /// Between columns.
        delimiter: u8,
    },
    /// Names and times only: who called and with what is not there.
    Summary,
}

impl Table {
    /// Reads the first line of a file; `None` when it is no header of a table of CloudTrail events.
    pub(super) fn of(line: &str) -> Option<Table> {
        // A record behind a time stamp has the same names between the same commas.
        if line.contains('{') {
            return None;
        }
        [b',', b'\t', b';'].into_iter().find_map(|delimiter| Table::with(line, delimiter))
    }

    fn with(line: &str, delimiter: u8) -> Option<Table> {
        let (names, _) = row(line, delimiter, true)?;
        let folded = |name: &str| name.trim().to_ascii_lowercase();
        let raw = RAW.iter().find_map(|raw| names.iter().position(|name| folded(name) == **raw));
        if let Some(column) = raw {
            return Some(Table::Raw { column, delimiter });
        }
        let has = |member: &str| names.iter().any(|name| draft::spelled(name) == Some(member));
        let starts = |member: &str| {
            let head = |name: &str| name.split('.').next().and_then(draft::spelled);
            names.iter().any(|name| head(name) == Some(member))
        };
        if !has("eventName") || !has("eventTime") {
            return None;
        }
        if !starts("userIdentity") {
            return Some(Table::Summary);
        }
        let names = names.into_iter().map(Cow::into_owned).collect();
        Some(Table::Columns { names, delimiter })
    }
}

/// The cells of the first row of `text` and the bytes it takes; `None` when the row goes on beyond
/// the text, unless this is the `last` of it.
pub(super) fn row(text: &str, delimiter: u8, last: bool) -> Option<(Vec<Cow<'_, str>>, usize)> {
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
        let athena = "\"eventversion\",\"useridentity\",\"eventtime\",\"eventname\"";
        assert!(matches!(Table::of(athena), Some(Table::Columns { .. })));
        let insights = "@timestamp,@message";
        assert_eq!(Table::of(insights), Some(Table::Raw { column: 1, delimiter: b',' }));
        let console = "User name,Event time,Event source,Event name,AWS region,User agent";
        assert_eq!(Table::of(console), Some(Table::Summary));
        assert_eq!(Table::of("id,price,customer"), None);
        assert_eq!(Table::of("a line of text"), None);
    }
}
