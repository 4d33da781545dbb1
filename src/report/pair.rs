//! Why a success stands beside a failure, in words: what it differs in, and where that is nothing but time, what
//! was changed in between.

use super::build::Material;
use super::groups::changes;
use super::words;
use crate::contrast::Difference;
use crate::wording::{Sentence, Wording};

/// A failure and a success, by position among the events.
pub(super) struct Pair<'p> {
    pub(super) failed: usize,
    pub(super) succeeded: usize,
    pub(super) differences: &'p [Difference],
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
        let time = |index: usize| material.events.get(index).map(|event| event.time);
        if !self.differences.is_empty() {
            let named = |one: &Difference| words::attribute(&one.property.name(), wording);
            let mut fields: Vec<String> = self.differences.iter().take(NAMED).map(named).collect();
            let more = self.differences.len().saturating_sub(fields.len());
            if more > 0 {
                fields.push(wording.say(&Sentence::new("and-more").arg("count", more)));
            }
            let sentence =
                Sentence::new("nearest-because").arg("count", successes).arg("fields", fields);
            return wording.say(&sentence);
        }
        let (Some(failed), Some(succeeded)) = (time(self.failed), time(self.succeeded)) else {
            return String::new();
        };
        let (changes, more) =
            changes(material, wording, failed.min(succeeded), failed.max(succeeded));
        let alike = Sentence::new("nearest-alike")
            .arg("count", successes)
            .arg("time", succeeded.to_string());
        let between = match changes.first() {
            Some(change) => Sentence::new("nearest-change-between")
                .arg("count", changes.len() + more as usize)
                .arg("time", &change.event_time)
                .arg("summary", &change.summary),
            None => Sentence::new("nearest-no-change-between"),
        };
        let space = match wording.language() {
            crate::wording::Language::Ja => "",
            crate::wording::Language::En => " ",
        };
        format!("{}{space}{}", wording.say(&alike), wording.say(&between))
    }
}
