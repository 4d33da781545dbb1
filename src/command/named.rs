//! What is to be read, where it is named otherwise than by arguments: names in a list, and names that
//! files had elsewhere.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::cli::ReadArguments;
use crate::error::{Error, Result};
use crate::given::{self, Cap};
use crate::ingest::Root;
use crate::report::sanitize;
use crate::wording::Sentence;

const LIST: Cap =
    Cap { bytes: 256 << 20, instead: "name the folders in which the files are, not each of them" };

/// Puts the names of the list before those that were typed, of which the last may mean something else.
///
/// # Errors
/// When the list cannot be read or names nothing, or standard input is to be both list and records.
pub(super) fn add(arguments: &mut ReadArguments) -> Result<()> {
    let Some(list) = &arguments.files_from else { return Ok(()) };
    let of_stdin = is_dash(list);
    let bytes = match of_stdin {
        true => given::bytes_of(io::stdin().lock(), list, LIST)?,
        false => given::bytes(list, LIST)?,
    };
    let mut names = names(&bytes, list)?;
    if names.is_empty() {
        return Err(Error::Said(
            Sentence::new("message-names-nothing").arg("path", Error::shown(list)),
        ));
    }
    names.append(&mut arguments.paths);
    if of_stdin && names.iter().any(|name| is_dash(name)) {
        return Err(Error::Said(Sentence::new("message-list-and-file")));
    }
    arguments.paths = names;
    Ok(())
}

/// Whether a path stands for standard input or output.
fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The files of a part, as `trailwhy plan` prints it.
#[derive(serde::Deserialize)]
struct Part {
    files: Vec<PathBuf>,
}

/// The names in lines of a plan; `None` where the list is none.
fn planned(list: &[u8]) -> Option<Vec<PathBuf>> {
    let lines = list.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let parts = lines.filter(|line| !line.is_empty()).map(|line| {
        line.starts_with(b"{").then(|| serde_json::from_slice::<Part>(line).ok()).flatten()
    });
    Some(parts.collect::<Option<Vec<Part>>>()?.into_iter().flat_map(|part| part.files).collect())
}

fn names(list: &[u8], path: &Path) -> Result<Vec<PathBuf>> {
    if let Some(names) = planned(list) {
        return Ok(names);
    }
    let end = if memchr::memchr(0, list).is_some() { 0 } else { b'\n' };
    list.split(|byte| *byte == end)
        .map(|name| match end {
            // Lists are also written on Windows.
            b'\n' => name.strip_suffix(b"\r").unwrap_or(name),
            _ => name,
        })
        .filter(|name| !name.is_empty())
        .map(|name| word(name).map(PathBuf::from).ok_or_else(|| Error::document(path, "not UTF-8")))
        .collect()
}

#[cfg(unix)]
fn word(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Some(std::ffi::OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn word(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

/// What `--source-root` says.
///
/// # Errors
/// When there is no such folder, or no name for it.
pub(super) fn roots(written: &[String]) -> Result<Vec<Root>> {
    written.iter().map(|written| root(written)).collect()
}

/// Folders of exports have `=` in their names (`region=eu-west-1`), so the first one behind which
/// stands the name is the first before which there is something.
fn root(written: &str) -> Result<Root> {
    let pairs = || {
        let places = written.match_indices('=').filter_map(|(at, _)| written.split_at_checked(at));
        places.filter_map(|(folder, rest)| Some((folder, rest.strip_prefix('=')?)))
    };
    let there = pairs().find(|(folder, _)| Path::new(folder).exists());
    let shown = || sanitize::line(written);
    match there {
        Some((folder, name)) if !name.trim_end_matches('/').is_empty() => {
            Ok(Root::new(Path::new(folder), name))
        }
        None if pairs().next().is_some() => {
            Err(Error::Said(Sentence::new("message-no-root").arg("written", shown())))
        }
        _ => Err(Error::Said(Sentence::new("message-root-of-what").arg("written", shown()))),
    }
}

/// Refuses to write a part to a terminal, which would act on some of its bytes.
///
/// # Errors
/// When it would be.
pub(super) fn refuse_terminal(partial: Option<&Path>) -> Result<()> {
    refuse(partial, io::stdout().is_terminal())
}

fn refuse(partial: Option<&Path>, terminal: bool) -> Result<()> {
    match partial.is_some_and(is_dash) && terminal {
        true => Err(Error::Said(Sentence::new("message-part-is-binary"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_not_written_to_terminals() {
        let (dash, file) = (Path::new("-"), Path::new("a.part"));
        assert!(refuse(Some(dash), true).unwrap_err().to_string().contains("--partial FILE"));
        for (partial, terminal) in
            [(Some(dash), false), (Some(file), true), (None, true), (None, false)]
        {
            assert!(refuse(partial, terminal).is_ok());
        }
    }

    #[test]
    fn names_are_lines_or_end_in_nul() {
        let read = |list: &[u8]| {
            let names = names(list, Path::new("list")).unwrap();
            names.iter().map(|name| name.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(read(b"a\r\n\n-b c\n"), ["a", "-b c"]);
        assert_eq!(read(b"a\nb\r\0c\0"), ["a\nb\r", "c"]);
        assert!(read(b"\n\r\n").is_empty() && read(b"").is_empty());
        let plan = b"{\"part\":1,\"files\":[\"a\",\"b\\nc\"]}\n{\"files\":[\"d\"]}\n";
        assert_eq!(read(plan), ["a", "b\nc", "d"]);
        assert_eq!(read(b"{a}\n{\"files\":[\"d\"]}\n"), ["{a}", "{\"files\":[\"d\"]}"]);
    }
}
