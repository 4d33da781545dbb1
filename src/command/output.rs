//! What is written to files: whole or not at all, to the owner alone where it names what others
//! must not know, and never over something that is read.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::wording::Sentence;

/// Links followed to the file behind them.
const LINKS: usize = 40;

/// The names of what a process has open, which no other file can take the place of.
const HANDLES: [&str; 2] = ["/dev", "/proc"];

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever could read the file before, or may read new files.
    Everyone,
    /// Who wrote it: it holds records, or what was taken out of a report.
    Owner,
}

/// The file that is being written beside its place.
static PENDING: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Removes what is half written, before the process ends.
pub(super) fn abandon() {
    if let Some(path) = pending(None) {
        // It may have got its place in this moment.
        let _ = fs::remove_file(path);
    }
}

fn pending(next: Option<PathBuf>) -> Option<PathBuf> {
    std::mem::replace(&mut PENDING.lock().unwrap_or_else(PoisonError::into_inner), next)
}

/// Writes a file whole, or leaves what was there. Pipes and devices take what comes.
///
/// # Errors
/// When the file cannot be written; the message names it.
pub(super) fn save(path: &Path, content: impl AsRef<[u8]>, access: Access) -> Result<()> {
    write(path, content.as_ref(), access).map_err(|error| Error::io(path, error))
}

fn write(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let Some(place) = place(path) else { return stream(path, content) };
    let before = fs::metadata(&place).ok();
    if before.is_some() {
        // A file that may not be written is not replaced either.
        OpenOptions::new().write(true).open(&place)?;
    }
    match beside(&place, before.as_ref(), content, access) {
        // The folder takes no new file, or the file cannot be moved (one mounted by itself).
        Err(error)
            if before.is_some()
                && matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied
                        | ErrorKind::ReadOnlyFilesystem
                        | ErrorKind::ResourceBusy
                ) =>
        {
            over(&place, content, access)
        }
        other => other,
    }
}

/// Where the bytes of a file go, behind links; `None` for pipes, devices and open handles.
fn place(path: &Path) -> Option<PathBuf> {
    if HANDLES.iter().any(|handles| path.starts_with(handles)) {
        return None;
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::canonicalize(path).ok(),
        Ok(_) => None,
        Err(_) => Some(behind_links(path)),
    }
}

/// The file that a link to nothing names.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder(&path).join(target);
    }
    path
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn stream(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(content)?;
    file.flush()
}

fn beside(
    place: &Path,
    before: Option<&Metadata>,
    content: &[u8],
    access: Access,
) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".trailwhy-").suffix(".tmp");
    if let (Access::Everyone, Some(mode)) = (access, new_file()) {
        builder.permissions(mode);
    }
    let mut file = builder.tempfile_in(folder(place))?;
    pending(Some(file.path().to_path_buf()));
    let written = (|| {
        if let (Access::Everyone, Some(before)) = (access, before) {
            file.as_file().set_permissions(before.permissions())?;
        }
        // By itself, the error of a write names the temporary file.
        file.as_file_mut().write_all(content)?;
        // A full disk may show only now.
        file.as_file().sync_all()
    })();
    let ended = written.and_then(|()| file.persist(place).map(drop).map_err(|error| error.error));
    pending(None);
    ended
}

/// The permissions of a new file, less what the user's mask takes.
#[cfg(unix)]
fn new_file() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn new_file() -> Option<Permissions> {
    None
}

/// Writes in place, where nothing else can be done.
fn over(place: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(place)?;
    if access == Access::Owner {
        to_owner(&file)?;
    }
    file.set_len(0)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn to_owner(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn to_owner(_: &File) -> io::Result<()> {
    Ok(())
}

/// Refuses, before anything is read, to write a file twice or over something that is read.
///
/// # Errors
/// When an output is one of the inputs, lies among the files of one, or is named twice.
pub(super) fn refuse_overlap<'p>(
    outputs: impl IntoIterator<Item = &'p PathBuf>,
    inputs: impl IntoIterator<Item = &'p PathBuf>,
) -> Result<()> {
    let inputs: Vec<&PathBuf> = inputs.into_iter().filter(|path| !is_standard(path)).collect();
    let mut met: Vec<(Target, &PathBuf)> = Vec::new();
    for output in outputs.into_iter().filter(|path| !is_standard(path)) {
        let Some(file) = place(output).map(|place| Target::at(&place)) else { continue };
        let shown = || Error::shown(output);
        if let Some(input) = inputs.iter().find(|input| file.is_or_lies_in(input)) {
            let other = Error::shown(input);
            return Err(Error::Said(match input.is_dir() {
                true => Sentence::new("message-overwrites-in-folder")
                    .arg("path", shown())
                    .arg("other", other),
                false => Sentence::new("message-overwrites-input")
                    .arg("path", shown())
                    .arg("other", other),
            }));
        }
        if let Some((_, other)) = met.iter().find(|(other, _)| other.is(&file)) {
            let other = Error::shown(other);
            return Err(Error::Said(
                Sentence::new("message-written-twice").arg("path", shown()).arg("other", other),
            ));
        }
        met.push((file, output));
    }
    Ok(())
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file by what it is, whatever it is called.
struct Target {
    path: PathBuf,
    id: Option<(u64, u64)>,
    exists: bool,
}

impl Target {
    fn at(path: &Path) -> Target {
        let metadata = fs::metadata(path).ok();
        let full = fs::canonicalize(path)
            .ok()
            .or_else(|| Some(fs::canonicalize(folder(path)).ok()?.join(path.file_name()?)));
        Target {
            path: full.unwrap_or_else(|| path.to_path_buf()),
            id: metadata.as_ref().and_then(id),
            exists: metadata.is_some(),
        }
    }

    fn is(&self, other: &Target) -> bool {
        self.path == other.path || (self.id.is_some() && self.id == other.id)
    }

    /// A page in the folder of an export is yesterday's report, and no log.
    fn is_or_lies_in(&self, input: &Path) -> bool {
        let input = Target::at(input);
        let suffix = self.path.extension().unwrap_or_default();
        let is_page = ["html", "htm", "md", "markdown", "sarif"].iter().any(|page| suffix == *page);
        self.is(&input) || (self.exists && !is_page && self.path.starts_with(&input.path))
    }
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> Option<(u64, u64)> {
    None
}
