//! Reads the rows of a service table that a person wrote, and says what is wrong with them.

use serde::Deserialize;

use super::{Completion, Keyless, Prepared, Service, TableError};
use crate::event::CallerKind;

pub(super) fn read_internal(table: toml::Table) -> Result<Vec<String>, TableError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Internal {
        spellings: Vec<String>,
    }
    let read: Result<Internal, _> = toml::Value::Table(table).try_into();
    read.map(|internal| internal.spellings).map_err(|error| TableError {
        row: None,
        field: Some("internal".to_owned()),
        message: one_line(&error),
    })
}

pub(super) fn read_rows(rows: Vec<toml::Value>) -> Result<Vec<Service>, TableError> {
    let mut services: Vec<Service> = Vec::with_capacity(rows.len());
    for (number, row) in rows.into_iter().enumerate() {
        let service = read_row(number + 1, row)?;
        if services.iter().any(|held| held.id == service.id) {
            return Err(fault(&service.id, "id", "another row has the same id"));
        }
        services.push(service);
    }
    Ok(services)
}

/// Reads one row; the reader of the format names the field an error is at.
fn read_row(number: usize, row: toml::Value) -> Result<Service, TableError> {
    let id = row
        .get("id")
        .and_then(toml::Value::as_str)
        .map_or_else(|| format!("number {number}"), |id| format!("`{id}`"));
    let service: Service = row.try_into().map_err(|error: toml::de::Error| TableError {
        row: Some(id),
        field: None,
        message: one_line(&error),
    })?;
    check(&service)?;
    Ok(service)
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn fault(id: &str, field: &str, message: impl Into<String>) -> TableError {
    TableError {
        row: Some(format!("`{id}`")),
        field: Some(field.to_owned()),
        message: message.into(),
    }
}

/// What the form alone does not ensure.
fn check(service: &Service) -> Result<(), TableError> {
    let id = service.id.as_str();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        return Err(fault(id, "id", "must be lower-case letters, digits and hyphens"));
    }
    for (field, list) in [
        ("event_source", &service.event_source),
        ("invoked_by", &service.invoked_by),
        ("calls", &service.calls),
        ("source", &service.source),
    ] {
        if list.is_empty() || list.iter().any(String::is_empty) {
            return Err(fault(id, field, "must not be empty"));
        }
    }
    if service.callers.is_empty() || service.callers.contains(&CallerKind::Direct) {
        return Err(fault(id, "callers", "must name the ways the service signs; `direct` is none"));
    }
    for (field, list) in [
        ("calls", &service.calls),
        ("roots", &service.roots),
        ("needs", &service.needs),
        ("in_part", &service.in_part),
        ("runs", &service.runs),
    ] {
        for entry in list {
            check_pattern(entry).map_err(|message| fault(id, field, message))?;
        }
    }
    for keyless in &service.keyless {
        check_keyless(keyless).map_err(|message| fault(id, "keyless", message))?;
    }
    for prepared in &service.prepared {
        check_prepared(prepared).map_err(|message| fault(id, "prepared", message))?;
    }
    for completion in &service.completion {
        check_completion(completion).map_err(|message| fault(id, "completion", message))?;
    }
    Ok(())
}

fn check_pattern(entry: &str) -> Result<(), String> {
    if entry.trim_end_matches('*').contains('*') || entry.ends_with("**") {
        return Err(format!("`{entry}`: a `*` can only stand at the end, once"));
    }
    if entry != "*" && !entry.contains(':') {
        return Err(format!("`{entry}`: write service:Name"));
    }
    Ok(())
}

fn check_keyless(keyless: &Keyless) -> Result<(), String> {
    keyless.roots.iter().try_for_each(|root| check_pattern(root))?;
    if keyless.at.is_empty() || keyless.is.is_empty() {
        return Err("give both at and is".to_owned());
    }
    Ok(())
}

fn check_prepared(prepared: &Prepared) -> Result<(), String> {
    for call in [&prepared.call, &prepared.by] {
        check_pattern(call)?;
        if call.ends_with('*') {
            return Err(format!("`{call}`: name one call"));
        }
    }
    if prepared.shared.is_empty() || prepared.shared.iter().any(|shared| shared.earlier.is_empty())
    {
        return Err(format!("`{}`: say what both name", prepared.call));
    }
    Ok(())
}

fn check_completion(completion: &Completion) -> Result<(), String> {
    check_pattern(&completion.event)?;
    let told = completion.state.is_some() && !completion.failed.is_empty();
    if told == completion.always.is_some() {
        return Err(format!("`{}`: give either state and failed, or always", completion.event));
    }
    Ok(())
}
