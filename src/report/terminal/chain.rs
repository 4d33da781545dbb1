//! Second block: the chain as a tree, the failed step marked, and the steps that never came.

use super::INDENT;
use crate::event::Time;
use crate::report::layout::{Margin, Page, Span, spans};
use crate::report::{Incident, Link, Outcome, Step, words};
use crate::wording::{Sentence, Wording, duration};

pub(super) fn put(page: &mut Page, incident: &Incident, wording: &Wording) {
    if incident.chain.is_empty() {
        let nothing = wording.say(&Sentence::new("chain-empty"));
        return page.put(Margin::of(INDENT), &spans![Plain nothing]);
    }
    let tree = Tree {
        steps: &incident.chain,
        missing: &incident.missing_steps,
        denied: incident.denied.as_ref().map(|denied| denied.event_id.as_str()),
        named: &[],
        wording,
    };
    tree.put_whole(page);
    if incident.chain_left_out > 0 {
        let more = Sentence::new("chain-more-calls").arg("count", incident.chain_left_out);
        page.put(Margin::of(INDENT), &spans![Quiet wording.say(&more)]);
    }
}

/// A chain as a tree.
pub(super) struct Tree<'a> {
    /// Its calls, parents before children.
    pub(super) steps: &'a [Step],
    /// Steps that never came.
    pub(super) missing: &'a [String],
    /// The call to mark as the denied one.
    pub(super) denied: Option<&'a str>,
    /// The calls to mark as naming what was asked about.
    pub(super) named: &'a [String],
    /// The words.
    pub(super) wording: &'a Wording,
}

impl Tree<'_> {
    /// From its root.
    pub(super) fn put_whole(&self, page: &mut Page) {
        self.put(page, 0, INDENT, INDENT);
    }

    /// The step at `index` and what hangs from it. `first` stands before its first line, `rest`
    /// before all others.
    fn put(&self, page: &mut Page, index: usize, first: &str, rest: &str) {
        let Some(step) = self.steps.get(index) else { return };
        let children = words::children(self.steps, index);
        let missing: &[String] = if index == 0 { self.missing } else { &[] };
        let below = if children.is_empty() && missing.is_empty() { "    " } else { "│   " };
        page.put(Margin { first, rest: &format!("{rest}{below}") }, &self.line(step, index));
        let margin = format!("{rest}{below}");
        for detail in self.details(step) {
            page.put(Margin { first: &margin, rest: &format!("{margin}  ") }, &detail);
        }
        let count = children.len() + missing.len();
        for (place, child) in children.into_iter().enumerate() {
            let (first, rest) = branch(rest, place + 1 == count);
            self.put(page, child, &first, &rest);
        }
        for (place, action) in missing.iter().enumerate() {
            let (first, rest) = branch(rest, place + 1 == missing.len());
            let never = self.wording.say(&Sentence::new("chain-never-came"));
            page.put(
                Margin { first: &first, rest: &rest },
                &spans![Failed format!("∅ {action}"), Failed format!("  ◀ {never}")],
            );
        }
    }

    fn line(&self, step: &Step, index: usize) -> Vec<Span> {
        let mut line = match step.outcome {
            Outcome::Success => spans![Succeeded "✓ ", Plain &step.action],
            Outcome::Unknown => spans![Quiet "? ", Plain &step.action],
            Outcome::Denied | Outcome::Error => spans![Failed "✗ ", Failed &step.action],
        };
        line.extend(spans![Quiet format!("  {}", self.time(step, index))]);
        if let Some(code) = &step.error_code {
            line.extend(spans![Failed format!("  {code}")]);
        }
        if step.event_id.is_some() && step.event_id.as_deref() == self.denied {
            let here = self.wording.say(&Sentence::new("chain-denied-here"));
            line.extend(spans![Failed format!("  ◀ {here}")]);
        }
        if step.event_id.as_ref().is_some_and(|id| self.named.contains(id)) {
            let named = self.wording.say(&Sentence::new("told-names-it"));
            line.extend(spans![Strong format!("  ◀ {named}")]);
        }
        line
    }

    /// The root's time in full, the others' distance from it.
    fn time(&self, step: &Step, index: usize) -> String {
        let start = self.steps.first().and_then(|root| Time::parse(&root.event_time));
        let distance = start.zip(Time::parse(&step.event_time));
        match distance {
            Some((start, time)) if index > 0 => {
                let sign = if time < start { "−" } else { "+" };
                let length = duration(time.0.abs_diff(start.0));
                format!("{sign}{}", self.wording.say(&length))
            }
            _ => step.event_time.clone(),
        }
    }

    fn details(&self, step: &Step) -> Vec<Vec<Span>> {
        let mut details = Vec::new();
        if let Some(resource) = &step.resource {
            details.push(spans![Plain resource]);
        }
        if let Some(who) = words::made_by(step) {
            let kind = self.wording.say(&step.caller_kind.into());
            details.push(spans![Plain who, Quiet format!(" · {kind}")]);
        }
        if let Some(message) = &step.error_message {
            details.push(spans![Failed message]);
        }
        if let Some(link) = &step.link {
            details.push(spans![Quiet self.link(link)]);
        }
        if let Some(id) = &step.event_id {
            let event = self.wording.say(&Sentence::new("event-named").arg("id", id));
            details.push(spans![Quiet event]);
        }
        details
    }

    fn link(&self, link: &Link) -> String {
        let belongs = Sentence::new("chain-belongs")
            .arg("kind", link.kind)
            .arg("percent", words::percent(link.confidence));
        let mut text = self.wording.say(&belongs);
        if !link.evidence.is_empty() {
            text = format!("{text}: {}", link.evidence.join("; "));
        }
        if !link.tied_with.is_empty() {
            let tied = Sentence::new("chain-tied").arg("events", link.tied_with.clone());
            text = format!("{text}; {}", self.wording.say(&tied));
        }
        text
    }
}

/// What stands before a branch, and before what hangs from it.
fn branch(rest: &str, last: bool) -> (String, String) {
    match last {
        true => (format!("{rest}└─ "), format!("{rest}   ")),
        false => (format!("{rest}├─ "), format!("{rest}│  ")),
    }
}
