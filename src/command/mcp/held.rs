//! What the server holds: the analysis of everything named at the start, read once, while the first
//! questions come in already.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::analysis::{self, Analysis};
use super::super::config::Config;
use super::super::sharing::Sharing;
use super::super::{reading, tell};
use super::outside::{self, Teller};
use crate::chain::Knowledge;
use crate::cli::{McpArguments, ReadArguments};
use crate::event::Time;
use crate::ingest::Moment;
use crate::report::explanation::Asked;
use crate::report::{Incident, Report, retitle};
use crate::wording::{Language, Sentence, Wording};

/// How long a question waits for the export to be read: clients give up after a minute.
const PATIENCE: Duration = Duration::from_secs(45);

/// Occurrences that are held of an incident.
const OCCURRENCES: usize = 5;

/// An export, read and analysed.
pub(super) struct Held {
    pub analysis: Analysis,
    pub knowledge: Knowledge,
    /// As it is, which ids are looked up in.
    pub report: Report,
    /// As it may be shown: filters see nothing else, or they would tell what a stand-in stands for.
    pub shown: Vec<Incident>,
    /// The same with everything from outside marked.
    pub told: Vec<Value>,
    /// What was read, and what could not be seen.
    pub coverage: Value,
    /// As typed, to be named in commands.
    pub paths: Vec<String>,
    sharing: Mutex<Sharing>,
    redacts: bool,
}

impl Held {
    /// Reads and analyses.
    ///
    /// # Errors
    /// When nothing can be read, or the policies cannot.
    fn read(arguments: &McpArguments, config: &Config) -> anyhow::Result<Held> {
        let read = ReadArguments { quiet: true, ..arguments.read.clone() };
        let mut analysis = Analysis::run_on_all(&read, &arguments.known, config)?;
        reading::distrust(&analysis.ingested.ledger, analysis.diagnosis.incidents.len())?;
        if !arguments.all_fixes {
            analysis.withhold_exemptions();
        }
        let knowledge = reading::knowledge(arguments.known.services.as_deref())?;
        let mut sharing = Sharing::new(&arguments.redact());
        let redacts = sharing.redacts();
        let words = Wording::new(Language::En);
        let report = analysis.report(&words, Some(OCCURRENCES));
        let mut marked = analysis.report(&Wording::marking(Language::En), Some(OCCURRENCES));
        let (teller, shown) = match redacts {
            true => {
                marked = sharing.shared(marked)?;
                retitle(&mut marked.incidents, &words);
                (Teller::without_marks(), marked.incidents.clone())
            }
            false => (Teller::beside(&serde_json::to_value(&report)?), report.incidents.clone()),
        };
        let told = |part: serde_json::Result<Value>| Ok(teller.told(part?));
        let paths = reading::paths(&arguments.read, config).iter();
        Ok(Held {
            told: marked
                .incidents
                .iter()
                .map(|one| told(serde_json::to_value(one)))
                .collect::<serde_json::Result<_>>()?,
            coverage: told(serde_json::to_value(&marked.coverage))?,
            paths: paths.map(|path| path.to_string_lossy().into_owned()).collect(),
            sharing: Mutex::new(sharing),
            knowledge,
            report,
            shown,
            redacts,
            analysis,
        })
    }

    /// Whether names are taken out.
    pub(super) fn redacts(&self) -> bool {
        self.redacts
    }

    /// What is taken out of everything that is told.
    pub(super) fn sharing(&self) -> MutexGuard<'_, Sharing> {
        self.sharing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A document with everything from outside marked.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(super) fn told<T: serde::Serialize>(
        &self,
        make: impl Fn(&Wording) -> T,
    ) -> serde_json::Result<Value> {
        outside::told(&mut self.sharing(), make)
    }

    /// The time of the last event.
    pub(super) fn last(&self) -> Option<Time> {
        self.analysis.ingested.events.last().map(|event| event.time)
    }

    /// A moment that was asked for.
    pub(super) fn moment(&self, asked: Option<Moment>) -> Option<Time> {
        asked.and_then(|asked| analysis::moment(asked, self.last()))
    }

    /// What somebody named, as the log has it. Where names are taken out, only what was shown can be
    /// asked for: who guesses a name shall not learn whether it is one.
    ///
    /// # Errors
    /// With what can be asked for.
    pub(super) fn named(&self, asked: &str) -> Result<String, String> {
        if !self.redacts {
            return Ok(asked.to_owned());
        }
        let mapping = self.sharing().mapping();
        original(asked, &mapping).ok_or_else(|| {
            "names and ids are replaced (--redact): ask with one that an answer showed".to_owned()
        })
    }

    /// What an id names.
    ///
    /// # Errors
    /// With ids that look like it.
    pub(super) fn find(&self, id: &str) -> Result<Asked, String> {
        let original = self.named(id)?;
        super::super::ask::find(&original, &self.analysis.ingested.events, &self.report).map_err(
            |error| match self.redacts {
                true => "nothing has this id: take one that an answer showed".to_owned(),
                false => error.to_string(),
            },
        )
    }
}

/// What stand-ins stand for in a text of which every name is one; `None` where none is.
fn original(text: &str, mapping: &BTreeMap<String, String>) -> Option<String> {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let (mut out, mut found) = (String::new(), false);
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let known = mapping.get(word);
        found |= known.is_some();
        out.push_str(known.map_or(word, String::as_str));
        let gap = after.find(is_inside).unwrap_or(after.len());
        let (between, after) = after.split_at(gap);
        out.push_str(between);
        rest = after;
    }
    found.then_some(out)
}

/// Where reading stands.
enum Stand {
    Reading,
    Read(Arc<Held>),
    Failed(String),
}

/// What is read in the background.
pub(super) struct Reading {
    stand: Mutex<Stand>,
    changed: Condvar,
    since: Instant,
}

impl Reading {
    /// Begins to read.
    pub(super) fn begin(arguments: McpArguments, config: Config) -> Arc<Reading> {
        let reading = Arc::new(Reading {
            stand: Mutex::new(Stand::Reading),
            changed: Condvar::new(),
            since: Instant::now(),
        });
        let own = Arc::clone(&reading);
        std::thread::spawn(move || own.read(&arguments, &config));
        reading
    }

    fn read(&self, arguments: &McpArguments, config: &Config) {
        let read = std::panic::catch_unwind(|| Held::read(arguments, config));
        let stand = match read {
            Ok(Ok(held)) => {
                let records = held.analysis.ingested.ledger.records.kept;
                let seconds = self.since.elapsed().as_secs();
                if !arguments.read.quiet {
                    tell::say(
                        &Sentence::new("message-mcp-read")
                            .arg("records", records)
                            .arg("incidents", held.report.incidents.len())
                            .arg("seconds", seconds),
                    );
                }
                Stand::Read(Arc::new(held))
            }
            Ok(Err(error)) => {
                let error = super::super::sharing::told(error, &arguments.redact());
                tell(&error);
                Stand::Failed(error.to_string())
            }
            Err(_) => Stand::Failed("what was named could not be read".to_owned()),
        };
        *self.stand.lock().unwrap_or_else(PoisonError::into_inner) = stand;
        self.changed.notify_all();
    }

    /// What was read, when it is.
    ///
    /// # Errors
    /// When it could not be read, or reading takes longer than whoever asks would wait.
    pub(super) fn held(&self) -> Result<Arc<Held>, String> {
        let stand = self.stand.lock().unwrap_or_else(PoisonError::into_inner);
        let (stand, _) = self
            .changed
            .wait_timeout_while(stand, PATIENCE, |stand| matches!(stand, Stand::Reading))
            .unwrap_or_else(PoisonError::into_inner);
        match &*stand {
            Stand::Read(held) => Ok(Arc::clone(held)),
            Stand::Failed(why) => Err(outside::message(&format!(
                "the export cannot be read: {why}\nThe server has to be started with other paths"
            ))),
            Stand::Reading => Err(format!(
                "the export is still being read, for {} seconds so far: ask again",
                self.since.elapsed().as_secs()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_lead_back_and_names_do_not() {
        let pairs = [("000000000001", "111122223333"), ("name1", "deploy")];
        let mapping = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let arn = "arn:aws:iam::000000000001:user/name1";
        let expected = Some("arn:aws:iam::111122223333:user/deploy".to_owned());
        assert_eq!(original(arn, &mapping), expected);
        assert_eq!(original("deploy", &mapping), None);
        assert_eq!(original("", &mapping), None);
    }
}
