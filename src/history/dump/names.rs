//! What a file's name and folders say: account, Region, service, and the resource's name.

use std::path::Path;

use crate::event::{arn, partition};

/// Words of a path that name things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// A folder or part of the name with twelve digits.
    pub account: Option<String>,
    /// A folder or part of the name like `eu-central-1`.
    pub region: Option<String>,
    /// Folders from the nearest outwards.
    pub folders: Vec<String>,
    /// The file's name without `.json` and `.gz`.
    pub stem: String,
}

impl Names {
    pub fn of(path: &Path) -> Names {
        let file = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mut stem: &str = &file;
        for suffix in [".gz", ".json", ".jsonc", ".ndjson", ".txt"] {
            stem = stem.strip_suffix(suffix).unwrap_or(stem);
        }
        let folders: Vec<String> = path
            .ancestors()
            .skip(1)
            .filter_map(|folder| folder.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        let words =
            || stem.split(['.', '_', ' ']).chain([stem]).chain(folders.iter().map(String::as_str));
        let digits =
            || stem.split(|c: char| !c.is_ascii_digit()).find(|word| arn::is_account_id(word));
        let account =
            words().find(|word| arn::is_account_id(word)).or_else(digits).map(str::to_owned);
        let region = words().find(|word| partition::is_region(word)).map(str::to_owned);
        Names { account, region, stem: stem.to_owned(), folders }
    }

    /// The stem without the words of an AWS CLI command before or after the name:
    /// `get-bucket-policy-NAME`, `NAME.get-bucket-policy`, `NAME.policy`.
    pub fn subject(&self, commands: &[&str]) -> &str {
        let mut rest = self.stem.as_str();
        for command in commands {
            for separator in ['-', '.', '_'] {
                if let Some(name) =
                    rest.strip_prefix(command).and_then(|name| name.strip_prefix(separator))
                {
                    rest = name;
                }
                if let Some(name) =
                    rest.strip_suffix(command).and_then(|name| name.strip_suffix(separator))
                {
                    rest = name;
                }
            }
        }
        rest
    }

    /// A KMS key id in the name, or in a folder's name.
    pub fn key_id(&self) -> Option<String> {
        std::iter::once(&self.stem).chain(&self.folders).find_map(|word| key_id_in(word))
    }

    /// An id with this prefix (`ou-`, `p-`, `r-`) in the name.
    pub fn id(&self, prefix: &str) -> Option<&str> {
        let starts_word = |at: &usize| {
            let before = at.checked_sub(1).and_then(|before| self.stem.as_bytes().get(before));
            before.is_none_or(|byte| !byte.is_ascii_alphanumeric())
        };
        let from = self.stem.match_indices(prefix).map(|(at, _)| at).find(starts_word)?;
        self.stem.get(from..)?.split(['.', '_', ' ']).next()
    }

    /// Whether a folder has this name.
    pub fn in_folder(&self, name: &str) -> bool {
        self.folders.iter().any(|folder| folder.eq_ignore_ascii_case(name))
    }
}

/// A UUID or `mrk-` and 32 hexadecimal digits anywhere in a word.
fn key_id_in(word: &str) -> Option<String> {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let multi_region = word.find("mrk-").and_then(|at| word.get(at..at + 36));
    if let Some(id) = multi_region.filter(|id| id.get(4..).is_some_and(is_hex)) {
        return Some(id.to_owned());
    }
    (0..word.len().saturating_sub(35)).find_map(|at| {
        let id = word.get(at..at + 36)?;
        let groups: Vec<&str> = id.split('-').collect();
        let shape = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
        (shape && groups.iter().all(|group| is_hex(group))).then(|| id.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_account_region_and_names() {
        let names =
            Names::of(Path::new("dump/111122223333/eu-central-1/get-bucket-policy-logs.json"));
        assert_eq!(names.account.as_deref(), Some("111122223333"));
        assert_eq!(names.region.as_deref(), Some("eu-central-1"));
        assert_eq!(names.subject(&["get-bucket-policy"]), "logs");
        let names = Names::of(Path::new("logs.get-bucket-policy.json.gz"));
        assert_eq!(names.subject(&["get-bucket-policy"]), "logs");
    }

    #[test]
    fn ids_are_found_inside_names() {
        let id = "0a1b2c3d-0000-1111-2222-333344445555";
        let names = Names::of(Path::new(&format!("kms/{id}.describe-key.json")));
        assert_eq!(names.key_id().as_deref(), Some(id));
        let names = Names::of(Path::new("kms/mrk-0123456789abcdef0123456789abcdef.json"));
        assert_eq!(names.key_id().as_deref(), Some("mrk-0123456789abcdef0123456789abcdef"));
        let names = Names::of(Path::new("list-parents-ou-ab12-12345678.json"));
        assert_eq!(names.id("ou-"), Some("ou-ab12-12345678"));
        assert_eq!(names.id("r-"), None);
        let names = Names::of(Path::new("list-policies-for-target-r-ab12.json"));
        assert_eq!(names.id("r-"), Some("r-ab12"));
        assert_eq!(
            Names::of(Path::new("list-parents-111122223333.json")).account.as_deref(),
            Some("111122223333")
        );
    }
}
