//! The state of one subject over time: changes and observations in order, carried forwards, and
//! backwards as far as they can be undone.
//!
//! A change says what the state is from then on. What it was before is known from an earlier change
//! or observation, from the nature of the call (what was created was not there), or not at all.

use std::sync::Arc;

use serde_json::Value as Json;

use super::change::{Before, Operation, Value};
use super::document;
use crate::event::Time;
use crate::history::document::Hidden;

/// Where a state is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A call that set it.
    Event(Arc<str>),
    /// A call that could not have succeeded had it been otherwise.
    Before(Arc<str>),
    /// A file of a dump.
    File(Arc<str>),
    /// What AWS documents as the default; the documentation page.
    Default(&'static str),
}

/// A state, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Known.
    Is(Value),
    /// A document of which these statements are known, and there are or were others.
    Partly(Arc<str>),
    /// Not known.
    Unknown {
        /// What it probably was.
        likely: Option<Value>,
        /// The first recorded change, after the moment asked for; `None` where nothing is recorded.
        until: Option<Arc<str>>,
    },
}

/// A state with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// What is known.
    pub known: Known,
    /// From where.
    pub source: Option<Source>,
    /// Since when, where a recorded change began it.
    pub since: Option<Time>,
}

impl State {
    fn unknown(likely: Option<Value>, until: Option<Arc<str>>) -> State {
        State { known: Known::Unknown { likely, until }, source: None, since: None }
    }

    /// The value, if it is known.
    pub fn value(&self) -> Option<&Value> {
        match &self.known {
            Known::Is(value) => Some(value),
            _ => None,
        }
    }
}

/// Something recorded about a subject.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    /// A call changed it.
    Changed { operation: Operation, before: Before, event: Arc<str> },
    /// A dump shows it.
    Seen { value: Value, source: Source },
}

/// One subject's states between its marks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    marks: Vec<(Time, Mark)>,
    /// One more than marks, once settled: `states[i]` holds before mark `i`.
    states: Vec<State>,
}

impl Timeline {
    /// Adds a mark; [`Timeline::settle`] must follow before the next question.
    pub fn add(&mut self, time: Time, mark: Mark) {
        self.marks.push((time, mark));
    }

    /// Whether a dump shows it in this file.
    pub fn seen_in(&self, file: &Source) -> bool {
        self.marks
            .iter()
            .any(|(_, mark)| matches!(mark, Mark::Seen { source, .. } if source == file))
    }

    /// Works the states out. Marks of one second keep the order they were added in.
    pub fn settle(&mut self) {
        self.marks.sort_by_key(|(time, _)| *time);
        self.carry_forward();
        self.carry_backward();
    }

    fn carry_forward(&mut self) {
        let mut state = State::unknown(None, None);
        self.states = Vec::with_capacity(self.marks.len() + 1);
        for (time, mark) in &self.marks {
            let next = applied(&state, *time, mark);
            self.states.push(std::mem::replace(&mut state, next));
        }
        self.states.push(state);
    }

    fn carry_backward(&mut self) {
        for index in (0..self.marks.len()).rev() {
            let (Some((_, mark)), Some(here), Some(after)) =
                (self.marks.get(index), self.states.get(index), self.states.get(index + 1))
            else {
                continue;
            };
            if matches!(here.known, Known::Is(_)) {
                continue;
            }
            let next = self.marks.get(index + 1).map(|(_, mark)| mark);
            let earlier = undone(here, mark, after, next);
            if let Some(slot) = self.states.get_mut(index) {
                *slot = earlier;
            }
        }
    }

    /// The state at a moment; a change counts from its own second on.
    pub fn at(&self, time: Time) -> Option<&State> {
        let index = self.marks.partition_point(|(mark, _)| *mark <= time);
        self.states.get(index)
    }

    /// The states before and after the change that this event made at that time.
    pub fn around(&self, time: Time, event: &str) -> Option<(&State, &State)> {
        let first = self.marks.partition_point(|(mark, _)| *mark < time);
        let mut of_then = self.marks.get(first..)?.iter().take_while(|(mark, _)| *mark == time);
        let index = first
            + of_then.position(
                |(_, mark)| matches!(mark, Mark::Changed { event: id, .. } if id.as_ref() == event),
            )?;
        Some((self.states.get(index)?, self.states.get(index + 1)?))
    }

    /// The time of the last mark.
    pub fn latest(&self) -> Option<Time> {
        self.marks.last().map(|(time, _)| *time)
    }

    /// The states over time, for a subject whose every value matters (unique ids).
    pub fn states(&self) -> impl Iterator<Item = &State> {
        self.states.iter()
    }
}

fn applied(before: &State, time: Time, mark: &Mark) -> State {
    let (operation, event) = match mark {
        Mark::Changed { operation, event, .. } => (operation, event),
        Mark::Seen { value, .. } if before.value().is_some_and(|known| same(known, value)) => {
            return before.clone();
        }
        Mark::Seen { value, source } => {
            return State {
                known: Known::Is(value.clone()),
                source: Some(source.clone()),
                since: None,
            };
        }
    };
    let known = match operation {
        Operation::Set(value) => Known::Is(value.clone()),
        Operation::AddStatement { sid, statement: Some(statement) } => {
            added(&before.known, sid, statement)
        }
        Operation::AddStatement { statement: None, .. } => {
            Known::Is(Value::Hidden(Hidden::NoStatement))
        }
        Operation::RemoveStatement { sid } => removed(&before.known, sid),
    };
    State { known, source: Some(Source::Event(event.clone())), since: Some(time) }
}

fn added(before: &Known, sid: &str, statement: &Json) -> Known {
    let with = |text: Option<&str>| document::with_statement(text, sid, statement);
    let merged = match before {
        Known::Is(Value::Text(text)) => with(Some(text)).map(|t| Known::Is(Value::text(t))),
        Known::Is(Value::Absent) => with(None).map(|t| Known::Is(Value::text(t))),
        Known::Partly(text) => with(Some(text)).map(|t| Known::Partly(t.into())),
        _ => with(None).map(|t| Known::Partly(t.into())),
    };
    merged.unwrap_or(Known::Is(Value::Hidden(Hidden::DamagedBefore)))
}

fn removed(before: &Known, sid: &str) -> Known {
    let (text, whole) = match before {
        Known::Is(Value::Text(text)) => (text, true),
        Known::Partly(text) => (text, false),
        other => return other.clone(),
    };
    match document::without_statement(text, sid) {
        Some(Some(rest)) if whole => Known::Is(Value::text(rest)),
        Some(Some(rest)) => Known::Partly(rest.into()),
        Some(None) if whole => Known::Is(Value::Absent),
        Some(None) => Known::Unknown { likely: None, until: None },
        None => Known::Is(Value::Hidden(Hidden::DamagedBefore)),
    }
}

/// What held before `mark`, where nothing earlier says so. `here` is what little is known already.
fn undone(here: &State, mark: &Mark, after: &State, next: Option<&Mark>) -> State {
    let (operation, before, event) = match mark {
        Mark::Seen { value, source } => {
            return State {
                known: Known::Is(value.clone()),
                source: Some(source.clone()),
                since: None,
            };
        }
        Mark::Changed { operation, before, event } => (operation, before, event),
    };
    let known = match (operation, &after.known) {
        (Operation::AddStatement { sid, .. }, Known::Is(Value::Text(text))) => {
            match document::without_statement(text, sid) {
                Some(rest) => Known::Is(rest.map_or(Value::Absent, Value::text)),
                None => here.known.clone(),
            }
        }
        (Operation::RemoveStatement { .. }, Known::Is(Value::Text(text))) => {
            Known::Partly(text.clone())
        }
        _ => match before {
            Before::Certain(value) => Known::Is(value.clone()),
            Before::Likely(value) => {
                Known::Unknown { likely: Some(value.clone()), until: Some(event.clone()) }
            }
            Before::Unknown | Before::Existed => {
                Known::Unknown { likely: contradicted(after, next), until: Some(event.clone()) }
            }
        },
    };
    match known {
        Known::Is(_) => State { known, source: Some(Source::Before(event.clone())), since: None },
        known => State { known, source: here.source.clone(), since: None },
    }
}

/// A dump dated after a change that shows something else than the change made was probably taken
/// before it (a copied file carries the time of the copy): then it shows what was before.
fn contradicted(after: &State, next: Option<&Mark>) -> Option<Value> {
    let Some(Mark::Seen { value: seen @ Value::Text(_), .. }) = next else { return None };
    let set = after.value()?;
    (!same(set, seen)).then(|| seen.clone())
}

/// Whether two values say the same; documents by their JSON, since a dump formats them anew.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    if one == other {
        return true;
    }
    let (Value::Text(one), Value::Text(other)) = (one, other) else { return false };
    if !one.trim_start().starts_with('{') || !other.trim_start().starts_with('{') {
        return false;
    }
    let parsed = |text: &str| serde_json::from_str::<Json>(text).ok();
    parsed(one).is_some_and(|one| parsed(other).is_some_and(|other| one == other))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(value: Value, before: Before, event: &str) -> Mark {
        Mark::Changed { operation: Operation::Set(value), before, event: event.into() }
    }

    fn seen(value: Value) -> Mark {
        Mark::Seen { value, source: Source::File("dump".into()) }
    }

    fn timeline(marks: Vec<(i64, Mark)>) -> Timeline {
        let mut timeline = Timeline::default();
        marks.into_iter().for_each(|(time, mark)| timeline.add(Time(time), mark));
        timeline.settle();
        timeline
    }

    fn known(timeline: &Timeline, time: i64) -> Known {
        timeline.at(Time(time)).unwrap().known.clone()
    }

    #[test]
    fn a_policy_put_and_later_deleted_was_in_force_between() {
        let doc = Value::text("{}");
        let t = timeline(vec![
            (10, set(doc.clone(), Before::Likely(Value::Absent), "put")),
            (20, set(Value::Absent, Before::Existed, "delete")),
            (30, seen(Value::Absent)),
        ]);
        assert_eq!(
            known(&t, 5),
            Known::Unknown { likely: Some(Value::Absent), until: Some("put".into()) }
        );
        assert_eq!(known(&t, 10), Known::Is(doc));
        assert_eq!(known(&t, 25), Known::Is(Value::Absent));
        assert_eq!(t.at(Time(40)).unwrap().source, Some(Source::Event("delete".into())));
    }

    #[test]
    fn a_dump_holds_back_to_the_last_change_before_it_and_on_to_the_next() {
        let t = timeline(vec![
            (10, seen(Value::text("{\"a\":1}"))),
            (20, set(Value::text("{\"b\":1}"), Before::Existed, "put")),
        ]);
        assert_eq!(known(&t, 0), Known::Is(Value::text("{\"a\":1}")));
        assert_eq!(known(&t, 15), Known::Is(Value::text("{\"a\":1}")));
        assert_eq!(known(&t, 20), Known::Is(Value::text("{\"b\":1}")));
    }

    #[test]
    fn what_a_replaced_document_said_is_not_known_unless_the_dump_contradicts_the_change() {
        let put = || set(Value::text("{\"b\":1}"), Before::Existed, "put");
        let agrees = timeline(vec![(20, put()), (30, seen(Value::text("{ \"b\": 1 }")))]);
        assert_eq!(known(&agrees, 0), Known::Unknown { likely: None, until: Some("put".into()) });
        let older = timeline(vec![(20, put()), (30, seen(Value::text("{\"a\":1}")))]);
        assert_eq!(
            known(&older, 0),
            Known::Unknown { likely: Some(Value::text("{\"a\":1}")), until: Some("put".into()) }
        );
    }

    #[test]
    fn statements_are_added_and_taken_back() {
        let statement = json!({"Sid": "b", "Effect": "Allow"});
        let add = Mark::Changed {
            operation: Operation::AddStatement { sid: "b".into(), statement: Some(statement) },
            before: Before::Unknown,
            event: "add".into(),
        };
        let now = r#"{"Statement":[{"Sid":"a","Effect":"Allow"},{"Sid":"b","Effect":"Allow"}]}"#;
        let t = timeline(vec![(10, add.clone()), (20, seen(Value::text(now)))]);
        let before = r#"{"Statement":[{"Sid":"a","Effect":"Allow"}]}"#;
        assert_eq!(known(&t, 5), Known::Is(Value::text(before)));
        let alone = timeline(vec![(10, add)]);
        assert!(matches!(known(&alone, 10), Known::Partly(_)));
    }

    #[test]
    fn what_was_created_was_not_there_before() {
        let t =
            timeline(vec![(10, set(Value::text("AROA1"), Before::Certain(Value::Absent), "new"))]);
        assert_eq!(known(&t, 5), Known::Is(Value::Absent));
        assert_eq!(t.at(Time(5)).unwrap().source, Some(Source::Before("new".into())));
    }
}
