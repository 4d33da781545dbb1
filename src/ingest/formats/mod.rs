//! What people have instead of delivery files: wrappers, tables, other schemas, other logs.
//!
//! Goes in: JSON values, rows and lines in which a record may be hidden. Comes out: records in CloudTrail's own
//! form, or the name of what the file is instead. What holds no record gives none; nothing here is an error.

pub(crate) mod athena_struct;
pub(crate) mod base64_text;
pub(crate) mod column;
pub(crate) mod csv_table;
pub(crate) mod envelope;
pub(crate) mod json_table;
pub(crate) mod notification;
pub(crate) mod object;
pub(crate) mod other_logs;
pub(crate) mod python_literal;
pub(crate) mod row_record;
pub(crate) mod schema_mapping;
