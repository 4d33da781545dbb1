//! Why a success stands beside a failure, in words: what it differs in, and where that is nothing but time, what
//! was changed in between.

use super::build::Material;
use super::groups::changed;
use super::words;
use crate::contrast::Difference;
use crate::event::Time;
use crate::history;
use crate::wording::{Language, Sentence, Wording};

/// A failure and a success, by position among the events.
pub(super) struct Pair<'p> {
    pub(super) failed: usize,
    pub(super) succeeded: usize,
    pub(super) differences: &'p [Difference],
    /// The change that is to blame, where one is.
    pub(super) change: Option<&'p history::change::Change>,
}

/// Properties that are named; the others are in the table.
const NAMED: usize = 8;

impl Pair<'_> {
    /// Why it was chosen of so many successes.
    pub(super) fn chosen(
        &self,
        successes: usize,
        material: &Material<'_>,
        wording: &Wording,
    ) -> String {
        let chosen = match self.differences {
            [] => self.alike(successes, material),
            _ => Some(self.differing(successes, wording)),
        };
        let said: Vec<String> = chosen
            .into_iter()
            .chain(self.between(material))
            .map(|sentence| wording.say(&sentence))
            .collect();
        said.join(match wording.language() {
            Language::Ja => "",
            Language::En => " ",
        })
    }

    fn differing(&self, successes: usize, wording: &Wording) -> Sentence {
        let named = |one: &Difference| words::attribute(&one.property.name(), wording);
        let mut fields: Vec<String> = self.differences.iter().take(NAMED).map(named).collect();
        let more = self.differences.len().saturating_sub(fields.len());
        if more > 0 {
            fields.push(wording.say(&Sentence::new("and-more").arg("count", more)));
        }
        Sentence::new("nearest-because").arg("count", successes).arg("fields", fields)
    }

    fn alike(&self, successes: usize, material: &Material<'_>) -> Option<Sentence> {
        let (_, succeeded) = self.times(material)?;
        Some(
            Sentence::new("nearest-alike")
                .arg("count", successes)
                .arg("time", succeeded.to_string()),
        )
    }

    fn times(&self, material: &Material<'_>) -> Option<(Time, Time)> {
        let time = |index: usize| material.events.get(index).map(|event| event.time);
        Some((time(self.failed)?, time(self.succeeded)?))
    }

    /// The change to blame, if it lies between the two; else, where nothing else differs, what was changed.
    fn between(&self, material: &Material<'_>) -> Option<Sentence> {
        let (failed, succeeded) = self.times(material)?;
        let (first, last) = (failed.min(succeeded), failed.max(succeeded));
        let blamed = self.change.filter(|change| (first..=last).contains(&change.time));
        if let Some(change) = blamed {
            return Some(
                Sentence::new("nearest-blamed-between")
                    .arg("time", change.time.to_string())
                    .arg("summary", change.summary.clone()),
            );
        }
        if !self.differences.is_empty() {
            return None;
        }
        let (changes, _) = changed(material, first, last);
        Some(match changes.first() {
            Some(change) => Sentence::new("nearest-change-between")
                .arg("count", changes.len())
                .arg("time", change.time.to_string())
                .arg("summary", change.summary.clone()),
            None => Sentence::new("nearest-no-change-between"),
        })
    }
}
