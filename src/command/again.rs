//! How the same is read once more: the paths and options of a command that goes on from a report.

use crate::cli::{KnownArguments, ReadArguments};
use crate::wording::shell;

/// Longer commands are not typed again.
const LONGEST: usize = 48;

/// What stands for paths that are too long to be repeated.
const PATHS: &str = "PATH…";

/// The words behind `trailwhy explain`; `None` where standard input or a list of files was read.
pub(super) fn words(read: &ReadArguments, known: &KnownArguments) -> Option<String> {
    let is_pipe = read.paths.iter().any(|path| path.as_os_str() == "-");
    if is_pipe || read.files_from.is_some() {
        return None;
    }
    let quoted = |path: &std::path::PathBuf| shell::quote(&path.to_string_lossy());
    let options = [
        ("--policies", known.dumps.policies.as_slice()),
        ("--evidence", known.evidence.as_slice()),
        ("--services", known.services.as_slice()),
        ("--config", read.config.as_slice()),
    ];
    let options = options.iter().flat_map(|(option, paths)| {
        paths.iter().map(move |path| format!("{option} {}", quoted(path)))
    });
    let words: Vec<String> = read.paths.iter().map(quoted).chain(options).collect();
    let words = words.join(" ");
    Some(if words.chars().count() > LONGEST { PATHS.to_owned() } else { words })
}
