//! `trailwhy.toml`: what a team decides once. Denials known to be harmless (each with a reason and
//! an expiry), default paths, language, what makes a run fail.
//!
//! ```toml
//! language = "ja"
//! time_zone = "Asia/Tokyo"
//! full = true
//! paths = ["exports/"]
//! policies = ["policies/"]
//! fail_on = ["silent", "ghost"]
//! baseline = "known.json"
//!
//! [[ignore]]
//! action = "s3:GetObject"
//! principal = "arn:aws:iam::*:role/inventory-*"
//! reason = "the scanner tries every bucket"
//! expires = "2027-03-31"
//! ```

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ignore::IgnoreRule;
use crate::error::{Error, Result};
use crate::given::{self, Cap};
use crate::report::{Kind, sanitize};
use crate::wording::Language;

/// The name under which the file is looked for.
pub const FILE_NAME: &str = "trailwhy.toml";

/// What `trailwhy.toml` says. What it does not say is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The language of reports.
    pub language: Option<Language>,
    /// Whether a terminal shows everything and not only the cards.
    pub full: Option<bool>,
    /// Where times are told in.
    pub time_zone: Option<String>,
    /// What to read when no path is typed; relative ones start at the file's folder.
    pub paths: Vec<PathBuf>,
    /// Policy dumps to read as well.
    pub policies: Vec<PathBuf>,
    /// Kinds of incident that make a run fail; empty means every kind.
    pub fail_on: Vec<Kind>,
    /// A report of before: its incidents are known.
    pub baseline: Option<PathBuf>,
    /// Denials known to be harmless.
    pub ignore: Vec<IgnoreRule>,
    /// Where this was written.
    pub(super) read_from: Option<PathBuf>,
}

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    language: Option<String>,
    time_zone: Option<String>,
    full: Option<bool>,
    #[serde(default)]
    paths: Vec<PathBuf>,
    #[serde(default)]
    policies: Vec<PathBuf>,
    #[serde(default)]
    fail_on: Vec<Kind>,
    baseline: Option<PathBuf>,
    #[serde(default)]
    ignore: Vec<IgnoreRule>,
}

const CAP: Cap = Cap { bytes: 1 << 20, instead: "a configuration is TOML of a few lines" };

impl Config {
    /// The file that was named, else the nearest one above the current folder, else nothing.
    ///
    /// # Errors
    /// When the file cannot be read or says something wrong.
    pub fn of(named: Option<&Path>) -> Result<Config> {
        let found = match named {
            Some(path) => Some(path.to_path_buf()),
            // Without a current folder there is nothing to search; paths typed in full still work.
            None => std::env::current_dir().ok().and_then(|folder| Config::find(&folder)),
        };
        found.map_or_else(|| Ok(Config::default()), |path| Config::read(&path))
    }

    /// The files that it names, and itself.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.policies.iter().chain(&self.baseline).chain(&self.read_from)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, holds a word that is not known, or an ignore rule that
    /// says nothing, lacks its reason, or lacks its expiry.
    pub fn read(path: &Path) -> Result<Config> {
        let text = given::text(path, CAP)?;
        Ok(Config { read_from: Some(path.to_path_buf()), ..Config::parse(&text, path)? })
    }

    /// The nearest file in `folder` or above it; `None` where there is none.
    pub fn find(folder: &Path) -> Option<PathBuf> {
        folder.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file())
    }

    fn parse(text: &str, path: &Path) -> Result<Config> {
        let wrong = |message: String| Error::document(path, message);
        let written: Written =
            toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        if let Some(rule) = written.ignore.iter().find(|rule| !rule.says_something()) {
            return Err(wrong(format!(
                "the ignore rule with the reason `{}` would ignore everything\n\
                 hint: give it an action, a principal, a resource, a kind, a layer or an incident",
                sanitize::line(&rule.reason)
            )));
        }
        let language = match written.language.as_deref() {
            None => None,
            Some(tag) => Some(Language::from_tag(tag).ok_or_else(|| {
                wrong(format!("`{}` is no language; `en` and `ja` are", sanitize::line(tag)))
            })?),
        };
        let base = path.parent().unwrap_or(Path::new(""));
        let beside = |paths: Vec<PathBuf>| paths.iter().map(|path| base.join(path)).collect();
        Ok(Config {
            language,
            time_zone: written.time_zone,
            full: written.full,
            paths: beside(written.paths),
            policies: beside(written.policies),
            fail_on: written.fail_on,
            baseline: written.baseline.map(|path| base.join(path)),
            ignore: written.ignore,
            read_from: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::event::Layer;

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Path::new("team/trailwhy.toml"))
    }

    #[test]
    fn paths_start_at_the_folder_of_the_file() {
        let config = parse("paths = ['exports', '/var/log']\nbaseline = 'known.json'").unwrap();
        assert_eq!(config.paths, [Path::new("team/exports"), Path::new("/var/log")]);
        assert_eq!(config.baseline.as_deref(), Some(Path::new("team/known.json")));
    }

    #[test]
    fn every_word_is_read() {
        let config = parse(
            "language = 'ja'\nfail_on = ['silent', 'ghost']\n\
             [[ignore]]\nlayer = 'scp'\nreason = 'sandbox'\nexpires = 2027-03-31\n",
        )
        .unwrap();
        assert_eq!(config.language, Some(Language::Ja));
        assert_eq!(config.fail_on, [Kind::Silent, Kind::Ghost]);
        assert_eq!(config.ignore[0].layer, Some(Layer::Scp));
        assert_eq!(parse("").unwrap(), Config::default());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let said = |text: &str| parse(text).unwrap_err().to_string();
        assert!(said("langauge = 'ja'").contains("unknown field `langauge`"));
        assert!(said("\n\nfail_on = ['loud']").contains("line 3"));
        assert!(said("language = 'fr'").contains("`fr` is no language"));
        let rule = "[[ignore]]\naction = 's3:GetObject'\n";
        assert!(said(rule).contains("missing field `reason`"));
        assert!(said(&format!("{rule}reason = 'x'")).contains("missing field `expires`"));
        let soon = format!("{rule}reason = 'x'\nexpires = 'soon'");
        assert!(said(&soon).contains("`soon` is no date"), "{}", said(&soon));
        let all = "[[ignore]]\nreason = 'x'\nexpires = '2027-01-01'";
        assert!(said(all).contains("would ignore everything"));
        assert!(said("x").starts_with("`team/trailwhy.toml`: "));
    }

    #[test]
    fn the_file_is_found_upward() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        assert_eq!(Config::find(&below), None);
        let file = folder.path().join(FILE_NAME);
        fs::write(&file, "").unwrap();
        assert_eq!(Config::find(&below), Some(file));
    }
}
