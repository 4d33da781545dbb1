//! The chain as a Mermaid sequence diagram: who called which service, and where it was refused. A call
//! that nothing was made for is told in a line and needs none.

use crate::event::{CallerKind, partition};
use crate::report::sanitize::{clip, mermaid};
use crate::report::{Incident, LinkKind, Outcome, Step, words};
use crate::wording::{Sentence, Wording};

/// Steps drawn; a fan-out of hundreds would be no picture.
const MOST_STEPS: usize = 24;

/// Longest label.
const LONGEST: usize = 80;

/// The diagram's text; `None` for an incident without a chain, or of a single call after which nothing
/// is missing.
pub(super) fn sequence(incident: &Incident, wording: &Wording) -> Option<String> {
    let root = incident.chain.first()?;
    if incident.chain.len() == 1 && incident.missing_steps.is_empty() {
        return None;
    }
    let mut drawing = Drawing {
        steps: incident.chain.get(..MOST_STEPS).unwrap_or(&incident.chain),
        others: Vec::new(),
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
    /// Who takes part beside the caller, in the order they come up; the index makes the id.
    others: Vec<Other>,
    lines: Vec<String>,
    wording: &'a Wording,
}

/// Who takes part.
#[derive(PartialEq, Eq)]
enum Other {
    /// A service, by the prefix of its actions.
    Service(String),
    /// Who works with the credentials that a call handed out.
    Session(String),
}

impl Other {
    /// Its id in the diagram.
    fn id(&self, index: usize) -> String {
        match self {
            Other::Service(_) => format!("service{index}"),
            Other::Session(_) => format!("session{index}"),
        }
    }
}

impl Drawing<'_> {
    /// The call, the calls made for it, and its answer. What is made with the credentials that it
    /// handed out comes after its answer, and from whoever holds them.
    fn draw(&mut self, index: usize, from: &str) {
        let Some(step) = self.steps.get(index) else { return };
        let to = self.service(&step.action);
        if to == from {
            // What a service does or tells within itself is no call of another.
            let told = format!("{}: {}", step.action, self.answer(step));
            self.lines.push(format!("Note over {to}: {}", label(&told)));
            for child in words::children(self.steps, index) {
                self.draw(child, &to);
            }
            return;
        }
        let steps = self.steps;
        let is_by_credentials = |child: &usize| {
            let link = steps.get(*child).and_then(|child| child.link.as_ref());
            link.is_some_and(|link| link.kind == LinkKind::IssuedCredentials)
        };
        let (later, within): (Vec<usize>, Vec<usize>) =
            words::children(steps, index).into_iter().partition(is_by_credentials);
        self.lines.push(format!("{from}->>{to}: {}", label(&step.action)));
        for child in within {
            self.draw(child, &to);
        }
        let arrow = match step.outcome {
            Outcome::Success | Outcome::Unknown => "-->>",
            Outcome::Denied | Outcome::Error => "--x",
        };
        self.lines.push(format!("{to}{arrow}{from}: {}", label(&self.answer(step))));
        for child in later {
            let session = self.session(child);
            self.draw(child, &session);
        }
    }

    fn answer(&self, step: &Step) -> String {
        match &step.error_code {
            Some(code) => code.clone(),
            None => self.wording.say(&step.outcome.into()),
        }
    }

    /// The participant for an action's service.
    fn service(&mut self, action: &str) -> String {
        let service = action.split(':').next().unwrap_or(action);
        self.other(Other::Service(service.to_owned()))
    }

    /// The participant who made a call with credentials handed out to it.
    fn session(&mut self, index: usize) -> String {
        let who = self.steps.get(index).and_then(|step| step.principal_arn.as_deref());
        self.other(Other::Session(name(who.unwrap_or("?")).to_owned()))
    }

    fn other(&mut self, other: Other) -> String {
        let known = self.others.iter().position(|known| *known == other);
        let index = known.unwrap_or_else(|| {
            self.others.push(other);
            self.others.len() - 1
        });
        self.others.get(index).map(|other| other.id(index)).unwrap_or_default()
    }

    fn into_text(self, root: &Step) -> String {
        let is_person = matches!(root.caller_kind, CallerKind::Direct | CallerKind::Agent);
        let sort = if is_person { "actor" } else { "participant" };
        let caller = name(words::made_by(root).unwrap_or("?"));
        let mut text = format!("sequenceDiagram\n    {sort} caller as {}\n", label(caller));
        for (index, other) in self.others.iter().enumerate() {
            let (Other::Service(name) | Other::Session(name)) = other;
            text.push_str(&format!("    participant {} as {}\n", other.id(index), label(name)));
        }
        for line in self.lines {
            text.push_str(&format!("    {line}\n"));
        }
        text
    }
}

/// The ARN in full is in the timeline; a lane wants the name.
fn name(who: &str) -> &str {
    let name = who.rsplit_once(':').map_or(who, |(_, name)| name);
    let name = name.strip_prefix("assumed-role/").unwrap_or(name);
    partition::without_domain(name).unwrap_or(name)
}

fn label(text: &str) -> String {
    mermaid(&clip(text, LONGEST))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wording::Language;

    /// `id parent action outcome [link]`, one call a line; the caller of the first is a user, of the
    /// others a role.
    fn incident(calls: &str) -> Incident {
        let chain: Vec<serde_json::Value> = calls
            .lines()
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let is_root = words[1] == "-";
                json!({
                    "event_id": words[0],
                    "parent_event_id": (!is_root).then_some(words[1]),
                    "action": words[2],
                    "outcome": words[3],
                    "event_time": "2026-10-07T00:00:00Z",
                    "error_code": (words[3] == "denied").then_some("AccessDenied"),
                    "caller_kind": if is_root { "direct" } else { "service_role" },
                    "principal_arn": match is_root {
                        true => "arn:aws:iam::111122223333:user/dana",
                        false => "arn:aws:sts::111122223333:assumed-role/Backup/run",
                    },
                    "link": (!is_root).then(|| json!({
                        "kind": words.get(4).unwrap_or(&"session"), "confidence": 1.0, "evidence": [],
                    })),
                })
            })
            .collect();
        serde_json::from_value(json!({
            "id": "inc-1", "kind": "opaque", "count": 1, "occurrences": [], "chain": chain,
            "first_seen": "2026-10-07T00:00:00Z", "last_seen": "2026-10-07T00:00:00Z",
            "missing_steps": [], "change": null, "fixes": [],
            "comparison": { "failures": 1, "successes": 0, "factors": [] },
            "verdict": {
                "layer": "unknown", "effect": "unknown", "certainty": "unknown", "confidence": 0.0,
                "condition_keys": [], "explanation": "", "alternatives": [], "ruled_out": [],
                "next_evidence": [],
            },
        }))
        .unwrap()
    }

    fn drawn(calls: &str) -> Option<String> {
        sequence(&incident(calls), &Wording::new(Language::En))
    }

    #[test]
    fn work_with_credentials_comes_from_who_holds_them_and_news_is_a_note() {
        let diagram = drawn(
            "a - backup:StartBackupJob success
            b a sts:AssumeRole success
            c b dynamodb:StartAwsBackupJob success issued_credentials
            d c kms:GenerateDataKey denied
            e a backup:BackupJobCompleted error",
        );
        let expected = "sequenceDiagram
    actor caller as user/dana
    participant service0 as backup
    participant service1 as sts
    participant session2 as Backup/run
    participant service3 as dynamodb
    participant service4 as kms
    caller->>service0: backup#58;StartBackupJob
    service0->>service1: sts#58;AssumeRole
    service1-->>service0: succeeded
    session2->>service3: dynamodb#58;StartAwsBackupJob
    service3->>service4: kms#58;GenerateDataKey
    service4--xservice3: AccessDenied
    service3-->>session2: succeeded
    Note over service0: backup#58;BackupJobCompleted#58; failed
    service0-->>caller: succeeded
";
        assert_eq!(diagram.unwrap(), expected);
    }

    #[test]
    fn one_call_after_which_nothing_is_missing_needs_no_diagram() {
        assert_eq!(drawn("a - s3:PutObject denied"), None);
    }

    #[test]
    fn everybody_named_takes_part() {
        for calls in [
            "a - ec2:CreateVolume success\nb a kms:CreateGrant denied",
            "a - ec2:CreateVolume success\nb x kms:CreateGrant denied\nc b sts:AssumeRole success",
            "a - s3:GetObject denied\nb a s3:Other success",
        ] {
            let diagram = drawn(calls).unwrap();
            let (named, lines): (Vec<&str>, Vec<&str>) =
                diagram.lines().map(str::trim).skip(1).partition(|line| line.contains(" as "));
            for line in named {
                let id = line.split_whitespace().nth(1).unwrap();
                let takes_part = lines.iter().any(|line| {
                    line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == id)
                });
                assert!(takes_part, "{id} does nothing in\n{diagram}");
            }
        }
    }
}
