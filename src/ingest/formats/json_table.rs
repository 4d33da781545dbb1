//! Tables written as JSON: rows that are lists of cells, below a list of names; and transposed tables, with a
//! list or a map of cells for each column.

use std::borrow::Cow;

use foldhash::HashMap;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ingest::formats::column;
use crate::ingest::formats::object::Object;
use crate::ingest::formats::schema_mapping;

/// One row: its columns' names and its cells.
pub(crate) type Row = Vec<(String, Value)>;

/// Members that name the columns of the rows that follow them.
const HEADERS: &[&str] = &[
    // pandas `to_json(orient="split")`; Elasticsearch SQL and ES|QL; Azure Monitor Logs API.
    "columns",
    // BigQuery jobs.getQueryResults: `schema.fields`.
    "schema",
    // Splunk `output_mode=json_rows`.
    "fields",
    // ClickHouse `JSONCompact`.
    "meta",
    // Snowflake SQL API: `resultSetMetaData.rowType`.
    "resultSetMetaData",
    // Redshift Data API and RDS Data API.
    "ColumnMetadata",
    "columnMetadata",
];

/// Members below those that hold the list of names.
const LISTS: &[&str] = &["fields", "rowType", "ColumnInfo"];

/// What a column is called in such a list.
const NAMES: &[&str] = &["name", "Name"];

/// Members that hold the cells of a row, and those that hold the value of a cell: Athena
/// GetQueryResults, BigQuery.
const CELLS: &[(&str, &str)] = &[("Data", "VarCharValue"), ("f", "v")];

/// The names of columns that a member holds, if they are columns of records.
pub(crate) fn names(member: &str, raw: &str) -> Option<Vec<String>> {
    if !HEADERS.contains(&member) {
        return None;
    }
    let value: Value = serde_json::from_str(raw).ok()?;
    let list =
        value.as_array().or_else(|| LISTS.iter().find_map(|list| value.get(list)?.as_array()));
    let name = |cell: &Value| {
        let text = cell.as_str().or_else(|| NAMES.iter().find_map(|name| cell.get(name)?.as_str()));
        text.map(str::to_owned)
    };
    list?.iter().map(name).collect::<Option<Vec<String>>>().filter(|names| are_of_records(names))
}

/// Whether columns of these names hold records: whole ones, or a call and when it was.
pub(crate) fn are_of_records(names: &[String]) -> bool {
    let has = |member: &str| {
        names.iter().any(|name| column::place(name).is_some_and(|place| place.member == member))
    };
    let whole = names.len() > 1 && names.iter().any(|name| column::holds_records(name));
    whole || (has("eventName") && has("eventTime")) || schema_mapping::are_columns(names)
}

/// The cells of a row that is a list; `None` for any other value.
pub(crate) fn cells(raw: &str) -> Option<Vec<Value>> {
    match serde_json::from_str(raw).ok()? {
        Value::Array(cells) => Some(cells),
        Value::Object(mut row) => {
            let (list, value) = CELLS.iter().find(|(list, _)| row.contains_key(*list))?;
            let Some(Value::Array(cells)) = row.remove(*list) else { return None };
            let cell = |cell: Value| match cell {
                Value::Object(mut cell) => Some(cell.remove(*value).unwrap_or(Value::Null)),
                _ => None,
            };
            cells.into_iter().map(cell).collect()
        }
        _ => None,
    }
}

/// The names of columns that a first row gives, if it is a row of names.
pub(crate) fn header(cells: &[Value]) -> Option<Vec<String>> {
    let texts = cells.iter().map(|cell| cell.as_str().map(str::to_owned));
    texts.collect::<Option<Vec<String>>>().filter(|names| are_of_records(names))
}

/// The rows of a transposed table, in which `eventName` is a list or a map of the names of all calls
/// (pandas `to_json()`, `to_dict("list")`); `None` for any other object.
pub(crate) fn transposed(object: &Object<'_>) -> Option<Vec<Row>> {
    let is_name = |name: &str| {
        column::place(name)
            .is_some_and(|place| place.member == "eventName" && place.below.is_empty())
    };
    let whole = |raw: &RawValue| raw.get().starts_with(['{', '[']);
    let keys = match object.get("eventName") {
        Some(raw) if !whole(raw) => return None,
        Some(raw) => raw,
        None => object.0.iter().find(|(name, raw)| whole(raw) && is_name(name))?.1,
    };
    let keys = entries(keys)?;
    if keys.is_empty() || !keys.iter().all(|(_, raw)| is_scalar(raw)) {
        return None;
    }
    let mut rows: Vec<Row> = keys.iter().map(|_| Row::new()).collect();
    let numbers: HashMap<&str, usize> =
        keys.iter().enumerate().map(|(at, (key, _))| (key.as_ref(), at)).collect();
    for (name, raw) in &object.0 {
        let Some(cells) = entries(raw).filter(|_| whole(raw)) else { continue };
        for (key, cell) in cells {
            let at = numbers.get(key.as_ref()).copied();
            let Some(row) = at.and_then(|at| rows.get_mut(at)) else { continue };
            row.push((name.to_string(), serde_json::from_str(cell.get()).ok()?));
        }
    }
    Some(rows)
}

fn is_scalar(raw: &RawValue) -> bool {
    !raw.get().starts_with(['{', '['])
}

/// What a list or a map holds, each with its key.
fn entries(raw: &RawValue) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    if raw.get().starts_with('{') {
        return serde_json::from_str::<Object<'_>>(raw.get()).ok().map(|object| object.0);
    }
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    Some(list.into_iter().enumerate().map(|(at, raw)| (at.to_string().into(), raw)).collect())
}
