//! What to do, and what does not help.

use super::names;
use super::writer::Writer;
use super::{Line, Tone};
use crate::report::{Certainty, Change, Fix, Verified, Way, words};
use crate::wording::Sentence;

/// What stands in commands for the paths that were read.
const EXPORT: &str = "'<EXPORT>'";

impl Writer<'_, '_> {
    /// What to do, how that was checked, what does not help, and what would settle it. Where the layer is
    /// not known, what settles it comes first.
    pub(super) fn fix(&self) -> Vec<Line> {
        let is_unknown = self.incident.verdict.certainty == Certainty::Unknown;
        let settles = self.settles(if is_unknown { 0 } else { 3 });
        let mut lines: Vec<Line> = settles.clone().filter(|_| is_unknown).into_iter().collect();
        for (at, fix) in self.incident.fixes.iter().take(2).enumerate() {
            lines.extend(self.one_fix(at, fix));
        }
        if self.incident.fixes.is_empty() {
            lines.push(self.line(Tone::Plain, &self.no_fix()));
        }
        lines.extend(self.refuted());
        lines.extend(settles.filter(|_| !is_unknown));
        lines
    }

    fn one_fix(&self, at: usize, fix: &Fix) -> Vec<Line> {
        let is_first = at == 0;
        let mut lines = vec![self.title(fix, !is_first)];
        // Of another fix it is told only what speaks against it.
        let is_bad = |line: &Line| line.pieces.iter().any(|(tone, _)| *tone == Tone::Failed);
        let checked = self.checked(fix).filter(|line| is_first || is_bad(line));
        lines.extend(checked.map(|line| line.ranked(if is_first { 0 } else { 1 })));
        if !is_first {
            return lines;
        }
        lines.extend(fix.changed_since.first().map(|change| self.changed_since(change)));
        let note = fix.note.as_deref();
        lines.extend(note.map(|note| Line::new(Tone::Quiet, self.shortened(note)).ranked(4)));
        lines
    }

    fn no_fix(&self) -> Sentence {
        let healed = self.incident.verdict.healed.as_ref();
        match healed.is_some_and(|healed| healed.why == "propagation") {
            true => Sentence::new("card-no-fix-wait"),
            false => Sentence::new("card-no-fix"),
        }
    }

    /// What looks right and does not help.
    fn refuted(&self) -> impl Iterator<Item = Line> {
        let refuted = self.incident.refuted_fixes.iter().take(2).enumerate();
        refuted.map(|(at, refuted)| {
            let told = Sentence::new("card-no-help")
                .arg("title", self.shortened(&refuted.title))
                .arg("because", self.shortened(&refuted.because));
            self.line(Tone::Failed, &told).ranked(if at == 0 { 0 } else { 6 })
        })
    }

    /// The command that would tell what is not known yet.
    fn settles(&self, rank: u8) -> Option<Line> {
        let verdict = &self.incident.verdict;
        let command = verdict.next_evidence.first()?;
        if verdict.certainty == Certainty::Proven {
            return None;
        }
        let again = self.cards.telling.again.filter(|again| !again.is_empty());
        let command = clause_of_command(command).replace(EXPORT, again.unwrap_or(EXPORT));
        let settle = Sentence::new("card-settle").arg("command", command);
        Some(self.line(Tone::Command, &settle).ranked(rank))
    }

    fn title(&self, fix: &Fix, is_other: bool) -> Line {
        let mut title = self.shortened(&fix.title);
        let target = fix.attach_to.as_deref().filter(|target| {
            fix.way.is_none() && !self.is_named(target) && !fix.title.contains(target)
        });
        if let Some(target) = target {
            let of = Sentence::new("card-of").arg("title", title).arg("target", self.name(target));
            title = self.say(&of);
        }
        let is_withheld = fix.way == Some(Way::Exemption) && fix.commands.is_empty();
        if is_withheld {
            title = self.say(&Sentence::new("card-withheld").arg("title", title));
        }
        let verdict = &self.incident.verdict;
        if verdict.certainty == Certainty::Unknown && fix.way.is_none() {
            let layer = names::layer(words::layer(self.incident, fix.layer));
            let sentence = Sentence::new("card-if").arg("layer", layer).arg("title", title);
            return self.line(Tone::Plain, &sentence).ranked(u8::from(is_other));
        }
        let sentence = match (fix.way, is_other) {
            (Some(Way::Exemption), _) => Sentence::new("card-owner").arg("title", title),
            (_, true) => Sentence::new("card-or").arg("title", title),
            (_, false) => return Line::new(Tone::Strong, title),
        };
        self.line(Tone::Plain, &sentence).ranked(1)
    }

    fn checked(&self, fix: &Fix) -> impl Iterator<Item = Line> {
        let told = match (&fix.verified, fix.way) {
            (Some(verified), _) => self.verified(verified),
            (None, Some(Way::WithinRule)) => Vec::new(),
            (None, _) => vec![self.line(Tone::Quiet, &Sentence::new("card-not-checked"))],
        };
        told.into_iter()
    }

    fn verified(&self, verified: &Verified) -> Vec<Line> {
        let total = verified.successes_kept + verified.successes_broken;
        let (told, tone) = match verified.denied_request.as_str() {
            "allowed" if verified.successes_broken > 0 => (
                Sentence::new("card-checked-broken").arg("count", verified.successes_broken),
                Tone::Failed,
            ),
            "allowed" if total > 0 => (
                Sentence::new("card-checked")
                    .arg("kept", verified.successes_kept)
                    .arg("total", total),
                Tone::Succeeded,
            ),
            "allowed" => (Sentence::new("card-checked-alone"), Tone::Succeeded),
            "denied" => (Sentence::new("card-checked-denied"), Tone::Failed),
            _ => (Sentence::new("card-checked-unknown"), Tone::Failed),
        };
        let mut line = self.line(tone, &told);
        if !verified.unchecked_layers.is_empty() {
            let layers = words::layers(self.incident, &verified.unchecked_layers);
            let layers: Vec<Sentence> = layers.into_iter().map(names::brief_layer).collect();
            let unchecked = Sentence::new("card-unchecked-layers").arg("layers", layers);
            line.pieces.push((Tone::Plain, self.say(&unchecked)));
        }
        vec![line]
    }

    fn changed_since(&self, change: &Change) -> Line {
        let who =
            change.principal_arn.as_deref().map_or_else(|| "?".to_owned(), |arn| self.name(arn));
        let since = Sentence::new("card-changed-since")
            .arg("time", self.cards.second(&change.event_time, &self.incident.first_seen))
            .arg("who", who);
        self.line(Tone::Plain, &since)
    }
}

/// A command without what is said of it.
fn clause_of_command(command: &str) -> &str {
    command.split_once("  # ").map_or(command, |(command, _)| command)
}
