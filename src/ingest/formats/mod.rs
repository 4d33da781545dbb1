//! What people have instead of delivery files: wrappers, tables, other schemas, other logs.

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
