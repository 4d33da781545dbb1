//! How policies of resources are read with the AWS CLI (`reads.toml`).

use std::sync::LazyLock;

use serde::Deserialize;

/// How one kind of policy is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    service: String,
    #[serde(default, rename = "type")]
    kind: String,
    first: Option<String>,
    read: String,
    policy: String,
    none: Option<String>,
    of: Option<String>,
    needs: Vec<String>,
    list: Option<String>,
    listed: Option<String>,
    makes: Option<String>,
    list_needs: Option<String>,
    #[serde(default)]
    pages: bool,
    source: String,
}

/// How all resources of a kind are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing<'r> {
    /// The words of the command.
    pub words: &'r str,
    /// Where its answer has names or ARNs (JMESPath).
    pub query: &'r str,
    /// The ARN of one that is listed by its name or URL, with places to be filled.
    pub makes: Option<&'r str>,
    /// Whether later pages have to be asked for one by one.
    pub is_paged: bool,
    /// The IAM action.
    pub needs: &'r str,
}

#[derive(Debug, Default, Deserialize)]
struct Rows {
    row: Vec<Read>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Vec<Read>> = LazyLock::new(|| {
    let rows: Rows = toml::from_str(include_str!("reads.toml")).unwrap_or_default();
    rows.row
});

impl Read {
    /// The service's word in ARNs.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The type in an ARN of what carries the policy; empty where any is meant.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The words of a command that has to be asked before, with places to be filled.
    pub fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// The words of the command behind `aws`, with places to be filled.
    pub fn words(&self) -> &str {
        &self.read
    }

    /// Service and operation of the command.
    pub fn call(&self) -> &str {
        call(&self.read)
    }

    /// Where the answer has the document: names of members, outermost first.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The error that says that there is no policy.
    pub fn none(&self) -> Option<&str> {
        self.none.as_deref()
    }

    /// The resource part of the ARN that the policy belongs to, where there is one for account and
    /// Region.
    pub fn of(&self) -> Option<&str> {
        self.of.as_deref()
    }

    /// The IAM actions that it takes.
    pub fn needs(&self) -> &[String] {
        &self.needs
    }

    /// How all such resources are found.
    pub fn listing(&self) -> Option<Listing<'_>> {
        Some(Listing {
            words: self.list.as_deref()?,
            query: self.listed.as_deref()?,
            makes: self.makes.as_deref(),
            is_paged: self.pages,
            needs: self.list_needs.as_deref()?,
        })
    }

    /// The page of the API that tells of it.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn is_of(&self, service: &str, kind: Option<&str>) -> bool {
        self.service == service && (self.kind.is_empty() || kind == Some(&self.kind))
    }
}

/// Service and operation: the first two words of a command.
fn call(words: &str) -> &str {
    let end = words.match_indices(' ').nth(1).map_or(words.len(), |(at, _)| at);
    words.get(..end).unwrap_or(words)
}

/// How the policy of the resource with this ARN is read, if it can be; `service` and `kind` are those
/// of the ARN.
pub fn read_of(service: &str, kind: Option<&str>) -> Option<&'static Read> {
    TABLE.iter().find(|row| row.is_of(service, kind))
}

/// The row of a command (`kms get-key-policy`) that was asked of a resource.
pub fn read_by(call: &str) -> Option<&'static Read> {
    TABLE.iter().find(|row| row.call() == call)
}

/// Every row.
pub fn reads() -> impl Iterator<Item = &'static Read> {
    TABLE.iter()
}

#[cfg(test)]
mod tests {
    use super::super::action;
    use super::*;

    #[test]
    fn every_row_names_what_exists() {
        let rows: Rows = toml::from_str(include_str!("reads.toml")).unwrap();
        assert!(rows.row.len() > 30);
        for row in &rows.row {
            let listed = row.list_needs.iter();
            for name in row.needs.iter().chain(listed) {
                assert!(action(name).is_some(), "{}: {name}", row.service);
            }
            assert!(row.source.starts_with("https://docs.aws.amazon.com/"), "{row:?}");
            assert_eq!(row.list.is_some(), row.listed.is_some() && row.list_needs.is_some());
            assert_eq!(row.first.is_some(), row.read.contains("{first}"), "{row:?}");
        }
    }

    #[test]
    fn only_what_reads_is_asked() {
        let reading = ["get-", "list-", "describe-"];
        for row in reads() {
            let all = [Some(row.words()), row.first(), row.listing().map(|list| list.words)];
            for words in all.into_iter().flatten() {
                let operation = call(words).split(' ').nth(1).unwrap();
                assert!(reading.iter().any(|start| operation.starts_with(start)), "{words}");
                let options = words.split(' ').skip(2);
                assert!(options.into_iter().all(|word| word.starts_with("--")), "{words}");
            }
        }
    }
}
