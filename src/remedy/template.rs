//! What a tool made is changed in the tool: the next deployment would take a change by hand back.

use super::candidate::Candidate;
use super::newest;
use super::situation::Situation;
use crate::event::{Event, Field};
use crate::wording::Sentence;

/// What the calls of tools say in their user agents or as their invoker, and what the tools are
/// called (CloudFormation user guide, "Logging calls with CloudTrail"; the tools' own sources).
const TOOLS: [(&str, &str); 6] = [
    ("cloudformation.amazonaws.com", "CloudFormation"),
    ("aws-cdk", "AWS CDK"),
    ("terraform", "Terraform"),
    ("opentofu", "OpenTofu"),
    ("pulumi", "Pulumi"),
    ("crossplane", "Crossplane"),
];
/// The tag that CloudFormation gives what it makes (CloudFormation user guide, "Resource tag").
const STACK: &str = "aws:cloudformation:stack-name";

/// Adds where the fix belongs, as far as tags or the trail tell it.
pub(super) fn note(candidate: &mut Candidate, situation: &Situation<'_>) {
    let note = stack(candidate, situation).or_else(|| tool(candidate, situation));
    candidate.notes.extend(note);
}

fn stack(candidate: &Candidate, situation: &Situation<'_>) -> Option<Sentence> {
    let at = candidate.attach_to.as_deref().filter(|at| at.starts_with("arn:"))?;
    let tags = situation.history.at(situation.event.time).tags(at);
    let stack = tags.tags.get(STACK)?;
    Some(Sentence::new("remedy-note-template-stack").arg("stack", stack.as_str()))
}

/// The tool that wrote the document last.
fn tool(candidate: &Candidate, situation: &Situation<'_>) -> Option<Sentence> {
    let subject = newest::subject(candidate)?;
    let change = situation.history.changes().iter().rfind(|change| change.subject == subject)?;
    let event = situation.events.iter().find(|event| event.id() == &*change.event_id)?;
    Some(Sentence::new("remedy-note-template").arg("what", named(event)?))
}

fn named(event: &Event) -> Option<&'static str> {
    let agent = event.get(Field::UserAgent).unwrap_or_default().to_ascii_lowercase();
    let invoker = event.invoked_by().unwrap_or_default();
    TOOLS.iter().find(|(word, _)| agent.contains(word) || invoker == *word).map(|(_, name)| *name)
}
