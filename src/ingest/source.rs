//! Finds the files below what the user named, in an order that does not depend on the file system.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::inflate::said_by_system;
use super::layout::Delivery;
use super::ledger::{Reason, Skip};
use crate::error::{Error, Result};
use crate::wording::Sentence;

/// Something to read records from, as the user named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a folder to be searched through.
    Path(PathBuf),
    /// Standard input (`-`).
    Stdin,
}

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it is; `None` is standard input.
    pub path: Option<PathBuf>,
    /// What its name says, where it has a delivery name.
    pub delivery: Option<Delivery>,
}

impl Source {
    fn file(path: &Path) -> Source {
        Source { path: Some(path.to_path_buf()), delivery: Delivery::of(path) }
    }

    /// How the file is called in the ledger: its path, with what is no UTF-8 replaced.
    pub fn name(&self) -> String {
        match &self.path {
            Some(path) => path.to_string_lossy().into_owned(),
            None => "-".to_owned(),
        }
    }
}

/// What was found below the inputs.
#[derive(Debug, Default)]
pub struct Found {
    /// Files, by delivery stamp where they have one, then by path; those without come last.
    pub sources: Vec<Source>,
    /// Folders and files that could not be looked into.
    pub unreadable: Vec<Skip>,
}

/// What is said of a pipe, a device or a socket: it cannot be looked at beforehand nor read twice, and
/// it may never end.
const ENDLESS: &str = "neither a file nor a folder\n\
    hint: hand it over on standard input, named `-`: trailwhy analyze - < PATH";

/// Walks the inputs. A path that does not exist is an error, because the user named it, and so is one
/// of a device; what cannot
/// be read below a folder is only noted. Symbolic links are followed, loops are noted.
pub fn discover(inputs: &[Input]) -> Result<Found> {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for input in inputs {
        match input {
            Input::Stdin => found.sources.push(Source { path: None, delivery: None }),
            Input::Path(path) => {
                let real = path.canonicalize().map_err(|e| not_readable(path, e))?;
                let kind = path.metadata().map_err(|e| not_readable(path, e))?;
                if !kind.is_file() && !kind.is_dir() {
                    return Err(Error::document(path, ENDLESS));
                }
                if seen.insert(real) {
                    walk(path, &mut found);
                }
            }
        }
    }
    found.sources.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
    found.sources.dedup_by(|a, b| order(a) == order(b));
    Ok(found)
}

/// By delivery time, so that memory can be bounded; the path, as it is spelled, makes the order
/// total.
fn order(source: &Source) -> (bool, i64, Option<&OsStr>) {
    let stamp = source.delivery.as_ref().map(|d| d.stamp.0);
    (stamp.is_none(), stamp.unwrap_or(0), source.path.as_deref().map(Path::as_os_str))
}

fn walk(top: &Path, found: &mut Found) {
    for entry in WalkDir::new(top).follow_links(true) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                found.sources.push(Source::file(entry.path()));
            }
            // A pipe or a device inside a folder would block for ever.
            Ok(_) => {}
            Err(error) => found.unreadable.push(unreadable(top, &error)),
        }
    }
}

fn unreadable(top: &Path, error: &walkdir::Error) -> Skip {
    let path = error.path().unwrap_or(top).to_string_lossy().into_owned();
    let reason = match error.loop_ancestor() {
        Some(_) => Reason::SymlinkLoop,
        None => Reason::Unreadable,
    };
    let detail = match error.io_error() {
        Some(cause) => said_by_system(cause),
        None => Sentence::new("log-system").arg("error", error.to_string()),
    };
    Skip { path, reason, detail: Some(detail), recovered: 0 }
}

fn not_readable(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::Usage(format!(
            "`{}` is not there; hint: name a file or folder of CloudTrail records, such as the \
             AWSLogs folder of an S3 export, or - for standard input",
            path.display()
        )),
        _ => Error::io(path, error),
    }
}
