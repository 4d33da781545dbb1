//! Where a call needs more than the action it is named after, or none at all (`quirks.toml`).

use std::sync::LazyLock;

use serde::Deserialize;

/// A second action that a call needs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Also {
    event: String,
    action: String,
    versioned: Option<String>,
    version: Option<String>,
    at: String,
    when: String,
    #[allow(dead_code, reason = "for those who read the table")]
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Without {
    service: String,
    events: Vec<String>,
    #[allow(dead_code, reason = "for those who read the table")]
    source: String,
}

#[derive(Debug, Default, Deserialize)]
struct Table {
    also: Vec<Also>,
    without: Vec<Without>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("quirks.toml")).unwrap_or_default());

impl Also {
    /// The action, e.g. `s3:GetObject`.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The action in its place, and the sign that a version is named: a member of the request, or
    /// what stands in the value at [`Also::at`] where it begins with `?`.
    pub fn versioned(&self) -> Option<(&str, &str)> {
        self.versioned.as_deref().zip(self.version.as_deref())
    }

    /// The member of the request that names the resource it is needed on; `None`: the call's own.
    pub fn at(&self) -> Option<&str> {
        Some(self.at.as_str()).filter(|at| !at.is_empty())
    }

    /// Whether every such call needs it.
    pub fn is_always(&self) -> bool {
        self.when == "always"
    }
}

/// What calls of that name need beside their own action; `service` is the IAM prefix.
pub fn also(service: &str, event_name: &str) -> impl Iterator<Item = &'static Also> {
    let is_of_it = move |also: &&Also| also.event.split_once(':') == Some((service, event_name));
    TABLE.also.iter().filter(is_of_it).collect::<Vec<_>>().into_iter()
}

/// Whether no IAM action stands for events of that name, so that no policy decides on them.
pub fn is_without_action(service: &str, event_name: &str) -> bool {
    let is_of_it =
        |row: &Without| row.service == service && row.events.iter().any(|e| e == event_name);
    TABLE.without.iter().any(is_of_it)
}

#[cfg(test)]
mod tests {
    use super::super::action;
    use super::*;

    #[test]
    fn every_row_names_what_exists() {
        let table: Table = toml::from_str(include_str!("quirks.toml")).unwrap();
        for row in &table.also {
            assert!(action(&row.action).is_some(), "{row:?}");
            assert!(row.versioned.as_deref().is_none_or(|name| action(name).is_some()), "{row:?}");
            assert_eq!(row.versioned.is_some(), row.version.is_some(), "{row:?}");
            assert!(row.source.starts_with("https://"), "{row:?}");
        }
        for row in &table.without {
            assert!(row.events.is_sorted(), "{row:?}");
            assert!(row.source.starts_with("https://"), "{row:?}");
        }
    }

    #[test]
    fn a_copy_reads_its_source() {
        let needed: Vec<&str> = also("s3", "UploadPartCopy").map(Also::action).collect();
        assert_eq!(needed, ["s3:GetObject"]);
        assert_eq!(also("s3", "PutObject").count(), 0);
        assert!(is_without_action("signin", "ConsoleLogin"));
        assert!(!is_without_action("s3", "GetObject"));
    }
}
