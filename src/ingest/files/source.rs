//! Finds the files below what the user named, in an order that does not depend on the file system.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, Result};
#[cfg(feature = "s3")]
use crate::ingest::files::bucket;
use crate::ingest::files::delivery::Delivery;
use crate::ingest::files::fetch_hint;
use crate::ingest::files::system_error::said_by_system;
use crate::ingest::ledger::reason::{Reason, Skip};
use crate::wording::Sentence;

/// Something to read records from, as the user named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a folder to be searched through.
    Path(PathBuf),
    /// Standard input (`-`).
    Stdin,
    /// Objects in Amazon S3: `s3://BUCKET/PREFIX`.
    #[cfg(feature = "s3")]
    Bucket(String),
}

/// A folder whose files are named by where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    folder: PathBuf,
    name: String,
}

impl Root {
    /// What is below the folder is named `name/…`, and the folder itself `name`.
    pub fn new(folder: &Path, name: &str) -> Root {
        Root { folder: absolute(folder), name: name.trim_end_matches('/').to_owned() }
    }

    fn name(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(&self.folder).ok()?;
        let names = below.iter().map(|name| name.to_string_lossy());
        Some(names.fold(self.name.clone(), |whole, name| format!("{whole}/{name}")))
    }
}

/// The same place by one spelling; links stay what they are.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// How a path is displayed: relative to the innermost root it is below, else as it is, with bytes that are no
/// UTF-8 replaced.
fn display_name(path: &Path, roots: &[Root]) -> String {
    let innermost = || {
        let path = absolute(path);
        let named = roots.iter().filter_map(|root| Some((root, root.name(&path)?)));
        named.max_by_key(|(root, _)| root.folder.as_os_str().len()).map(|(_, name)| name)
    };
    let named = if roots.is_empty() { None } else { innermost() };
    named.unwrap_or_else(|| path.to_string_lossy().into_owned())
}

/// Where records are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Standard input.
    Stdin,
    /// A file, as it is spelled.
    File(PathBuf),
    /// An object in Amazon S3.
    #[cfg(feature = "s3")]
    Object(bucket::Object),
}

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub place: Place,
    /// What its name says, where it has a delivery name.
    pub delivery: Option<Delivery>,
    /// Its name in the ledger.
    name: String,
}

impl Source {
    fn file(path: &Path, roots: &[Root]) -> Source {
        let (delivery, name) = (Delivery::of(path), display_name(path, roots));
        Source { place: Place::File(path.to_path_buf()), delivery, name }
    }

    fn stdin() -> Source {
        Source { place: Place::Stdin, delivery: None, name: "-".to_owned() }
    }

    #[cfg(feature = "s3")]
    pub(crate) fn object(object: bucket::Object) -> Source {
        let (delivery, name) = (object.delivery(), object.url().to_owned());
        Source { place: Place::Object(object), delivery, name }
    }

    /// The name of the file in the ledger.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Stored bytes; `None` where the size is unknown before reading.
    pub fn size(&self) -> Option<u64> {
        match &self.place {
            Place::Stdin => None,
            Place::File(path) => path.metadata().ok().map(|metadata| metadata.len()),
            #[cfg(feature = "s3")]
            Place::Object(object) => object.size(),
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Stdin => None,
            #[cfg(feature = "s3")]
            Place::Object(_) => None,
        }
    }

    /// Whether a second reading gives the same: pipes do not. What has a delivery name is a file, because discovery
    /// finds no pipes; asking the system about each of many files would take time.
    pub(crate) fn can_be_read_again(&self) -> bool {
        match &self.place {
            Place::Stdin => false,
            Place::File(path) => {
                self.delivery.is_some() || path.metadata().is_ok_and(|metadata| metadata.is_file())
            }
            #[cfg(feature = "s3")]
            Place::Object(_) => true,
        }
    }

    /// The bytes from the first on.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read>> {
        match &self.place {
            Place::Stdin => Ok(Box::new(io::stdin())),
            Place::File(path) => Ok(Box::new(File::open(path)?)),
            #[cfg(feature = "s3")]
            Place::Object(object) => object.open(),
        }
    }

    /// The path or `s3://` address, as other programs and `--files-from` take it; `None` for standard input.
    pub fn address(&self) -> Option<&OsStr> {
        match &self.place {
            Place::Stdin => None,
            Place::File(path) => Some(path.as_os_str()),
            #[cfg(feature = "s3")]
            Place::Object(object) => Some(object.address()),
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

/// Finds the files below the inputs. Symbolic links are followed; loops, and what cannot be read below a
/// folder, are only noted.
///
/// # Errors
/// When a path that the user named does not exist, or is a pipe, a device or a socket: those cannot be read
/// twice and may never end.
pub fn discover(inputs: &[Input], roots: &[Root]) -> Result<Found> {
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for input in inputs {
        match input {
            Input::Stdin => found.sources.push(Source::stdin()),
            // Listed by the plan, which knows the days that are wanted.
            #[cfg(feature = "s3")]
            Input::Bucket(_) => {}
            Input::Path(path) => {
                let real = path.canonicalize().map_err(|e| not_readable(path, e))?;
                let kind = path.metadata().map_err(|e| not_readable(path, e))?;
                if !kind.is_file() && !kind.is_dir() {
                    let said = Sentence::new("message-endless").arg("path", Error::shown(path));
                    return Err(Error::Said(said));
                }
                if seen.insert(real) {
                    walk(path, roots, &mut found);
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

impl Found {
    pub(crate) fn sort(&mut self) {
        self.sources.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        self.sources.dedup_by(|a, b| order(a) == order(b));
    }
}

/// By delivery time, so that memory can be bounded, then by the path as it is spelled.
fn order(source: &Source) -> (bool, i64, Option<&OsStr>) {
    let stamp = source.delivery.as_ref().map(|d| d.stamp.0);
    (stamp.is_none(), stamp.unwrap_or(0), source.address())
}

fn walk(top: &Path, roots: &[Root], found: &mut Found) {
    for entry in WalkDir::new(top).follow_links(true) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                found.sources.push(Source::file(entry.path(), roots));
            }
            // A pipe or a device inside a folder would block forever.
            Ok(_) => {}
            Err(error) => found.unreadable.push(unreadable(top, roots, &error)),
        }
    }
}

fn unreadable(top: &Path, roots: &[Root], error: &walkdir::Error) -> Skip {
    let path = display_name(error.path().unwrap_or(top), roots);
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
        io::ErrorKind::NotFound => {
            Error::Said(fetch_hint::of(&path.to_string_lossy()).unwrap_or_else(|| {
                Sentence::new("message-not-there").arg("path", Error::shown(path))
            }))
        }
        _ => Error::io(path, error),
    }
}
