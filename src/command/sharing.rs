//! `--redact` and `--redact-map`: what leaves the program without what identifies.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::output::{self, Access};
use super::tell;
use crate::cli::{ReadArguments, RedactArguments};
use crate::report::redact::Redactor;
use crate::wording::{Language, Wording};

/// What is taken out of everything that leaves the program, where that was asked for. One redactor
/// serves all formats: the same thing has the same stand-in in each of them.
pub(super) struct Sharing(Option<Redactor>);

/// What is to be read, told of without the paths of files where names are taken out: folders of an export
/// are named by accounts. The report lists the damage.
pub(super) fn read(arguments: &ReadArguments, redact: &RedactArguments) -> ReadArguments {
    ReadArguments { quiet: arguments.quiet || redact.redact, ..arguments.clone() }
}

/// An error as it may be shown: where names are taken out, what a message quotes (paths, and pieces of
/// what was read) is left out of it. Options stay, as they are the program's own.
pub(super) fn told(error: anyhow::Error, redact: &RedactArguments) -> anyhow::Error {
    let error = tell::said(error);
    if !redact.redact || error.is::<std::io::Error>() {
        return error;
    }
    let message = error.to_string();
    let pieces = message.split('`').enumerate().map(|(at, piece)| match at % 2 {
        1 if !piece.starts_with("--") => "…",
        _ => piece,
    });
    anyhow::Error::msg(pieces.collect::<Vec<_>>().join("`"))
}

impl Sharing {
    pub(super) fn new(arguments: &RedactArguments) -> Self {
        Sharing(arguments.redact.then(Redactor::new))
    }

    /// Whether something is taken out: then no record may leave as it was logged.
    pub(super) fn redacts(&self) -> bool {
        self.0.is_some()
    }

    /// The words of a language for a document that is to be shared.
    pub(super) fn wording(&self, language: Language) -> Wording {
        match self.redacts() {
            true => Wording::marking(language),
            false => Wording::new(language),
        }
    }

    /// The document as it may be shared.
    ///
    /// # Errors
    /// When it cannot be written as JSON and read back.
    pub(super) fn shared<T: Serialize + DeserializeOwned>(
        &mut self,
        document: T,
    ) -> serde_json::Result<T> {
        match &mut self.0 {
            Some(redactor) => redactor.redact(&document),
            None => Ok(document),
        }
    }

    /// Which stand-in means what.
    pub(super) fn mapping(&self) -> BTreeMap<String, String> {
        self.0.as_ref().map(Redactor::mapping).unwrap_or_default()
    }

    /// Saves which stand-in means what, where that was asked for.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn keep_mapping(&self, arguments: &RedactArguments) -> anyhow::Result<()> {
        if let (Some(redactor), Some(path)) = (&self.0, &arguments.redact_map) {
            let text = serde_json::to_string_pretty(&redactor.mapping())? + "\n";
            output::save(path, text, Access::Owner)?;
        }
        Ok(())
    }
}
