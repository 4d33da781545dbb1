//! The history with changes in it that nobody has made yet, so that every question about a moment can
//! be asked of what would be in force.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{Before, Operation, Value};
use super::replay::{Mark, Source, Timeline};
use super::subject::{PolicyType, Subject};
use super::{History, text_of};
use crate::event::Time;
use crate::iam::Policy;

/// One thing that would be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Amendment {
    /// What.
    pub subject: Subject,
    /// How.
    pub operation: Operation,
    /// The file, or the event, that says so.
    pub source: Arc<str>,
    /// Whether a policy of the organization is an SCP or an RCP, where only the change tells.
    pub kind: Option<PolicyType>,
}

impl Amendment {
    /// The subject would be this.
    pub fn set(subject: Subject, value: Value, source: impl Into<Arc<str>>) -> Amendment {
        Amendment { subject, operation: Operation::Set(value), source: source.into(), kind: None }
    }

    /// The same of a policy of the organization of this type.
    #[must_use]
    pub fn of_kind(self, kind: Option<PolicyType>) -> Amendment {
        Amendment { kind, ..self }
    }

    fn mark(&self) -> Mark {
        match &self.operation {
            Operation::Set(value) => {
                Mark::Seen { value: value.clone(), source: Source::File(Arc::clone(&self.source)) }
            }
            operation => Mark::Changed {
                operation: operation.clone(),
                before: Before::Unknown,
                event: Arc::clone(&self.source),
            },
        }
    }
}

impl History {
    /// The same history with changes that are made at a moment. What it says of other moments does
    /// not count.
    #[must_use]
    pub fn amended(&self, amendments: &[Amendment], at: Time) -> History {
        let mut history = self.clone();
        for amendment in amendments {
            let subject = amendment.subject.clone();
            if let (
                Subject::OrganizationPolicy(id)
                | Subject::OrganizationAttachment { policy: id, .. },
                Some(kind),
            ) = (&subject, amendment.kind)
            {
                let info = history.organization_policies.entry(id.clone()).or_default();
                info.kind.get_or_insert(kind);
            }
            history.timelines.entry(subject).or_default().add(at, amendment.mark());
        }
        let touched: BTreeSet<&Subject> = amendments.iter().map(|one| &one.subject).collect();
        for subject in touched {
            let Some(timeline) = history.timelines.get_mut(subject) else { continue };
            timeline.settle();
            for text in timeline.states().filter_map(|state| text_of(&state.known)) {
                if let Some(policy) = subject.is_document().then(|| Policy::parse(text).ok()) {
                    let policy = policy.map(Arc::new);
                    history.compiled.extend(policy.map(|policy| (Arc::clone(text), policy)));
                }
            }
        }
        history.index();
        history
    }

    /// The last moment of which anything is recorded.
    pub fn latest(&self) -> Time {
        let all = self.timelines.values().filter_map(Timeline::latest);
        all.max().unwrap_or_default()
    }

    /// Every document that was or is in force at some time, with its text, in no order.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &Policy)> {
        self.compiled.iter().map(|(text, policy)| (text.as_ref(), policy.as_ref()))
    }

    /// The names of the keys that ever had a grant which asks something of the encryption context or
    /// of the resource that a service works for.
    pub fn keys_with_constrained_grants(&self) -> BTreeSet<&str> {
        let first = Subject::Grant { key: String::new(), id: String::new() };
        let grants = self.timelines.range(first..).map_while(|(subject, timeline)| match subject {
            Subject::Grant { key, .. } => Some((key.as_str(), timeline)),
            _ => None,
        });
        let is_constrained = |value: &Value| match value {
            Value::Grant(grant) => {
                grant.context_equals.is_some()
                    || grant.context_subset.is_some()
                    || grant.source_arn.is_some()
            }
            _ => false,
        };
        grants
            .filter(|(_, timeline)| {
                timeline.states().filter_map(|state| state.value()).any(is_constrained)
            })
            .map(|(key, _)| key)
            .collect()
    }
}
