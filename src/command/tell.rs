//! The one way to standard error. File names and texts out of files pass here, so what a terminal
//! would act on is written out, and sentences are said in the language of the report.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::OnceLock;

use crate::error::Error;
use crate::report::sanitize;
use crate::wording::{Language, Sentence, Wording};

/// The language of the report that was asked for.
static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// Says everything from now on in this language.
pub(super) fn speak(language: Language) {
    // A second time nothing changes: one run makes one report.
    let _ = LANGUAGE.set(language);
}

/// The words for what is told.
pub(super) fn wording() -> Wording {
    Wording::new(LANGUAGE.get().copied().unwrap_or(Language::En))
}

/// Tells the user something.
pub fn tell(what: impl Display) {
    #[expect(clippy::disallowed_macros, reason = "the one place that escapes what it writes")]
    {
        anstream::eprintln!("trailwhy: {}", sanitize::lines(&what.to_string()));
    }
}

/// Tells the user a sentence.
pub(super) fn say(sentence: &Sentence) {
    tell(wording().say(sentence));
}

/// Warns the user of something, on one line.
pub fn warn(of: impl Display) {
    let what = sanitize::line(&of.to_string());
    say(&Sentence::new("message-warning").arg("what", what));
}

/// An error in the language of the report, where it is a sentence or one of the system's common ones.
pub(super) fn said(error: anyhow::Error) -> anyhow::Error {
    let sentence = match error.downcast_ref::<Error>() {
        Some(Error::Said(sentence)) => Some(sentence.clone()),
        // English is what the system speaks here.
        Some(Error::Io { path, source }) if wording().language() != Language::En => {
            of_system(path, source)
        }
        _ => None,
    };
    match sentence {
        Some(sentence) => anyhow::Error::msg(sanitize::lines(&wording().say(&sentence))),
        None => error,
    }
}

fn of_system(path: &Path, error: &io::Error) -> Option<Sentence> {
    let why = match error.kind() {
        ErrorKind::NotFound => Sentence::new("message-system-not-there"),
        ErrorKind::PermissionDenied => Sentence::new("message-system-forbidden"),
        ErrorKind::IsADirectory => Sentence::new("message-system-folder"),
        ErrorKind::StorageFull => Sentence::new("message-system-full"),
        _ => return None,
    };
    Some(
        Sentence::new("message-system")
            .arg("path", Error::shown(path))
            .arg("why", why)
            .arg("error", error.to_string()),
    )
}
