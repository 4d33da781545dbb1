//! `--redact` and `--redact-map`: what leaves the program without what identifies.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::gate;
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

    /// Saves which stand-in means what, where that was asked for.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn keep_mapping(&self, arguments: &RedactArguments) -> anyhow::Result<()> {
        if let (Some(redactor), Some(path)) = (&self.0, &arguments.redact_map) {
            gate::save(path, &(serde_json::to_string_pretty(&redactor.mapping())? + "\n"))?;
        }
        Ok(())
    }
}
