//! The chain as a Mermaid sequence diagram: who called which service, and where it was refused.

use crate::report::sanitize::{clip, mermaid};
use crate::report::{Incident, Outcome, Step, words};
use crate::wording::{Sentence, Wording};

/// Steps drawn; a fan-out of hundreds would be no picture.
const MOST_STEPS: usize = 24;

/// Longest label.
const LONGEST: usize = 80;

/// The diagram's text; `None` for an incident without a chain.
pub(super) fn sequence(incident: &Incident, wording: &Wording) -> Option<String> {
    let root = incident.chain.first()?;
    let mut drawing = Drawing {
        steps: incident.chain.get(..MOST_STEPS).unwrap_or(&incident.chain),
        services: Vec::new(),
        lines: Vec::new(),
        wording,
    };
    drawing.draw(0, "caller");
    let root_service = drawing.service(&root.action);
    for action in &incident.missing_steps {
        let never = wording.say(&Sentence::new("chain-never-came"));
        let label = mermaid(&format!("{action}: {never}"));
        drawing.lines.push(format!("Note over {root_service}: {label}"));
    }
    let more = incident.chain.len().saturating_sub(MOST_STEPS) as u64 + incident.chain_left_out;
    if more > 0 {
        let more = wording.say(&Sentence::new("and-more").arg("count", more));
        drawing.lines.push(format!("Note over {root_service}: {}", mermaid(&more)));
    }
    Some(drawing.into_text(root))
}

struct Drawing<'a> {
    steps: &'a [Step],
    /// Service prefixes in the order they appear; the index makes the participant's id.
    services: Vec<String>,
    lines: Vec<String>,
    wording: &'a Wording,
}

impl Drawing<'_> {
    /// The call, the calls made for it, and its answer.
    fn draw(&mut self, index: usize, from: &str) {
        let Some(step) = self.steps.get(index) else { return };
        let to = self.service(&step.action);
        self.lines.push(format!("{from}->>{to}: {}", label(&step.action)));
        for child in self.children(index) {
            self.draw(child, &to);
        }
        let answer = match &step.error_code {
            Some(code) => code.clone(),
            None => self.wording.say(&step.outcome.into()),
        };
        let arrow = match step.outcome {
            Outcome::Success | Outcome::Unknown => "-->>",
            Outcome::Denied | Outcome::Error => "--x",
        };
        self.lines.push(format!("{to}{arrow}{from}: {}", label(&answer)));
    }

    fn children(&self, index: usize) -> Vec<usize> {
        words::children(self.steps, index)
    }

    /// The participant for an action's service.
    fn service(&mut self, action: &str) -> String {
        let service = action.split(':').next().unwrap_or(action);
        let known = self.services.iter().position(|known| known == service);
        let index = known.unwrap_or_else(|| {
            self.services.push(service.to_owned());
            self.services.len() - 1
        });
        format!("service{index}")
    }

    fn into_text(self, root: &Step) -> String {
        let caller = words::made_by(root).unwrap_or("?");
        // The ARN in full is in the timeline; a lane wants the name.
        let caller = caller.rsplit_once(":").map_or(caller, |(_, name)| name);
        let mut text = format!("sequenceDiagram\n    actor caller as {}\n", label(caller));
        for (index, service) in self.services.iter().enumerate() {
            text.push_str(&format!("    participant service{index} as {}\n", label(service)));
        }
        for line in self.lines {
            text.push_str(&format!("    {line}\n"));
        }
        text
    }
}

fn label(text: &str) -> String {
    mermaid(&clip(text, LONGEST))
}
