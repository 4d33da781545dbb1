//! Why it was denied, how sure that is and from what, and what had been changed.

use super::names::{self, brief};
use super::writer::{NAMED, Writer};
use super::{Line, Tone};
use crate::event::{Effect, arn};
use crate::report::{Certainty, words};
use crate::wording::Sentence;

/// Longest value of a factor.
const LONGEST_VALUE: usize = 80;

impl Writer<'_, '_> {
    /// Which layer, by which statement; how sure and from what; what else is possible.
    pub(super) fn why(&self) -> Vec<Line> {
        let verdict = &self.incident.verdict;
        if verdict.certainty == Certainty::Unknown {
            let why = Sentence::new("card-why-unknown").arg("layers", self.possible());
            return vec![self.line(Tone::Failed, &why)];
        }
        let layer = names::layer(words::layer(self.incident, verdict.layer));
        let mut named = match verdict.effect {
            Effect::ExplicitDeny | Effect::ImplicitDeny => {
                Sentence::new("layer-with-effect").arg("layer", layer).arg("effect", verdict.effect)
            }
            Effect::NotApplicable | Effect::Unknown => layer,
        };
        if let Some(statement) = self.statement() {
            named =
                Sentence::new("card-why-statement").arg("why", named).arg("statement", statement);
        }
        let mut line = self.line(Tone::Failed, &named);
        if !verdict.condition_keys.is_empty() {
            let keys = Sentence::new("card-keys").arg("keys", verdict.condition_keys.clone());
            line.pieces.push((Tone::Plain, self.say(&keys)));
        }
        let mut lines = vec![line, self.sureness()];
        if let Some(contradiction) = &verdict.contradiction {
            lines.push(Line::new(Tone::Failed, self.shortened(contradiction)));
        }
        let is_open = verdict.certainty == Certainty::Inferred && !verdict.alternatives.is_empty();
        if is_open {
            let possible = Sentence::new("card-possible").arg("layers", self.possible());
            lines.push(self.line(Tone::Quiet, &possible).within(1).ranked(2));
        }
        if let Some(related) = words::related(self.incident) {
            let related = self.say(&related);
            lines.push(Line::new(Tone::Plain, related).within(1).ranked(3));
        }
        lines
    }

    /// The statement, its policy, and what that hangs on, where the card does not name it already.
    fn statement(&self) -> Option<Sentence> {
        let policy = self.incident.verdict.policy.as_ref()?;
        let name = policy.name.clone().or_else(|| policy.arn.as_deref().map(|arn| self.name(arn)));
        let target = policy.attached_to.as_deref().filter(|target| !self.is_named(target));
        let named = match (name, target.map(|target| self.name(target))) {
            (Some(name), Some(target)) => {
                Some(Sentence::new("card-policy-on").arg("policy", name).arg("target", target))
            }
            (Some(name), None) | (None, Some(name)) => {
                Some(Sentence::new("card-policy").arg("policy", name))
            }
            (None, None) => None,
        };
        match (policy.statement_sid.as_deref(), named) {
            (Some(sid), Some(policy)) => {
                Some(Sentence::new("card-statement").arg("sid", sid).arg("policy", policy))
            }
            (Some(sid), None) => Some(Sentence::new("card-statement-alone").arg("sid", sid)),
            (None, named) => named,
        }
    }

    /// Whether the card names this as what was denied on, or as who was.
    pub(super) fn is_named(&self, arn: &str) -> bool {
        let Some(denied) = &self.incident.denied else { return false };
        let role = |arn: &str| arn::role_name(arn).map(|(a, n)| (a.to_owned(), n.to_owned()));
        let principal = denied.principal_arn.as_deref();
        denied.resource.as_deref() == Some(arn)
            || principal == Some(arn)
            || (role(arn).is_some() && role(arn) == principal.and_then(role))
    }

    /// What else it could be, each with how likely it is.
    fn possible(&self) -> Vec<Sentence> {
        let others = self.incident.verdict.alternatives.iter().take(NAMED);
        let told = others.map(|other| {
            Sentence::new("card-likely")
                .arg("layer", brief(self.incident, other.layer, other.effect))
                .arg("percent", words::percent(other.confidence))
        });
        told.collect()
    }

    fn sureness(&self) -> Line {
        let verdict = &self.incident.verdict;
        let comparison = &self.incident.comparison;
        let mut because = match verdict.certainty {
            Certainty::Proven => vec![self.say(&Sentence::new("card-because-proven"))],
            Certainty::Stated => vec![self.say(&Sentence::new("card-because-stated"))],
            Certainty::Inferred | Certainty::Unknown => self.compared(),
        };
        because.push(self.say(&match comparison.successes {
            0 => Sentence::new("card-nothing-compared"),
            count => Sentence::new("card-compared").arg("count", count),
        }));
        let sure = Sentence::new("card-sureness")
            .arg("certainty", verdict.certainty)
            .arg("percent", words::percent(verdict.confidence))
            .arg("because", self.cards.joined(&because));
        self.line(Tone::Plain, &sure)
    }

    /// What speaks for the layer where neither AWS's text nor the policies settle it.
    fn compared(&self) -> Vec<String> {
        let told = [self.told_by_evidence(), self.factor()];
        let told: Vec<String> = told.into_iter().flatten().take(1).collect();
        let is_bare = told.is_empty() && self.incident.comparison.successes == 0;
        match is_bare {
            true => vec![self.say(&Sentence::new("card-because-inferred"))],
            false => told,
        }
    }

    /// The first piece of evidence that was seen in the log and speaks for the layer.
    fn told_by_evidence(&self) -> Option<String> {
        const SEEN: [&str; 4] = ["contrasted", "absent_step", "changed", "stated"];
        let verdict = &self.incident.verdict;
        // What changed has a line of its own.
        let is_told = |witness: &&str| *witness != "changed" || self.incident.change.is_none();
        let speaks = SEEN.into_iter().filter(is_told).find_map(|witness| {
            verdict
                .evidence
                .iter()
                .find(|piece| piece.witness == witness && piece.speaks_for.contains(&verdict.layer))
        })?;
        let text = self.shortened(&speaks.text);
        Some(text.trim_end_matches(['.', '。']).to_owned())
    }

    /// What goes with failing, where it tells all failures from all successes or is no chance.
    fn factor(&self) -> Option<String> {
        let factors = &self.incident.comparison.factors;
        let best = words::telling(factors, 1).into_iter().next()?;
        let what = words::factor(best, LONGEST_VALUE, self.wording());
        let factor = Sentence::new("card-factor")
            .arg("failed_with", best.failed_with)
            .arg("failed", best.failed)
            .arg("succeeded_with", best.succeeded_with)
            .arg("succeeded", best.succeeded)
            .arg("what", self.shortened(&what));
        Some(self.say(&factor))
    }

    pub(super) fn changed(&self) -> Vec<Line> {
        let first = &self.incident.first_seen;
        let Some(change) = &self.incident.change else {
            let nothing = Sentence::new("card-changed-nothing");
            return vec![self.line(Tone::Quiet, &nothing).ranked(3)];
        };
        let length = names::between(&change.event_time, first).unwrap_or_else(|| names::length(0));
        let time = self.cards.second(&change.event_time, first);
        let summary = self.shortened(&change.summary);
        let told = match &change.principal_arn {
            Some(who) => Sentence::new("card-changed")
                .arg("time", time)
                .arg("who", self.name(who))
                .arg("summary", summary),
            None => Sentence::new("card-changed-nobody").arg("time", time).arg("summary", summary),
        };
        let before = self.say(&Sentence::new("card-before").arg("length", length));
        vec![self.line(Tone::Plain, &told).ending(Some(before))]
    }
}
