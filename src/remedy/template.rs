//! What a tool made is changed in the tool: the next deployment would take a change by hand back.

use super::candidate::Candidate;
use super::newest;
use super::situation::Situation;
use crate::event::{Event, Field, Time};
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
    let change = newest::of(&subject, situation.history).next_back()?;
    let event = at(situation.events, change.time, &change.event_id)?;
    Some(Sentence::new("remedy-note-template").arg("what", named(event)?))
}

/// The event of an id and time; events are in order of time.
fn at<'e>(events: &'e [Event], time: Time, id: &str) -> Option<&'e Event> {
    let first = events.partition_point(|event| event.time < time);
    let mut of_then = events.get(first..)?.iter().take_while(|event| event.time == time);
    of_then.find(|event| event.id() == id)
}

fn named(event: &Event) -> Option<&'static str> {
    let agent = event.get(Field::UserAgent).unwrap_or_default().to_ascii_lowercase();
    let invoker = event.invoked_by().unwrap_or_default();
    TOOLS.iter().find(|(word, _)| agent.contains(word) || invoker == *word).map(|(_, name)| *name)
}
