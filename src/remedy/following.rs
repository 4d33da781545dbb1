//! What has to be allowed besides the denied call so that the chain does not stop at its next step:
//! what comparable successes went on with, and what AWS documents.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::proof;
use super::situation::Situation;
use crate::event;
use crate::iam::DecisionResult;

/// One sort of call, and what it does with its key.
#[derive(Debug, Deserialize)]
struct Row {
    calls: Vec<String>,
    kms: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test reads it"))]
    source: String,
}

#[derive(Debug, Default, Deserialize)]
struct Rows {
    row: Vec<Row>,
}

/// Part of the program text: read once, never changed. A test proves that it can be read.
static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows: Rows = toml::from_str(include_str!("following.toml")).unwrap_or_default();
    rows.row
});

/// KMS actions that the same caller goes on with on the same key, sorted: seen in the nearest success
/// or documented for the call that was asked for, not seen to work for the caller, and not allowed
/// already where the policies tell.
pub(super) fn following(situation: &Situation<'_>) -> Vec<String> {
    if !situation.is_kms() {
        return Vec::new();
    }
    let mut found = seen(situation);
    found.extend(documented(situation));
    let works = working(situation, situation.failing.denied);
    found
        .into_iter()
        .filter(|action| !situation.actions.contains(action) && !works.contains(action))
        .filter(|action| !is_allowed(situation, action))
        .collect()
}

/// What the nearest success went on with.
fn seen(situation: &Situation<'_>) -> BTreeSet<String> {
    match &situation.incident.comparison.nearest {
        Some((nearest, _)) => working(situation, *nearest),
        None => BTreeSet::new(),
    }
}

/// The KMS actions that worked in the chain of a call, by callers of the kind of the one that failed.
fn working(situation: &Situation<'_>, index: usize) -> BTreeSet<String> {
    let chains = situation.chains;
    let root = chains.asked(index, situation.events);
    let member = |at: usize| situation.events.get(at).map(|event| (at, event));
    let members = chains.members(root).into_iter().filter_map(member);
    members
        .filter(|(_, event)| event.source() == "kms.amazonaws.com")
        .filter(|(at, event)| chains.caller_kind(*at, event) == situation.caller_kind())
        .filter(|(_, event)| event::failure(event).is_none())
        .map(|(_, event)| event::action(event))
        .collect()
}

/// What AWS asks of whoever makes the call; a service or its own role needs what it is seen to need.
fn documented(situation: &Situation<'_>) -> BTreeSet<String> {
    if !situation.is_forwarded() {
        return BTreeSet::new();
    }
    let Some(root) = situation.root() else { return BTreeSet::new() };
    let asked = event::action(root);
    let rows = TABLE.iter().filter(|row| row.calls.contains(&asked));
    rows.flat_map(|row| &row.kms).map(|name| format!("kms:{name}")).collect()
}

fn is_allowed(situation: &Situation<'_>, action: &str) -> bool {
    let Some(case) = situation.first() else { return false };
    let mut next = case.clone();
    next.request.action = action.to_owned();
    // What is not known is taken to allow the denied call too, and says nothing of this one.
    case.complete && proof::result(&next, &[]) == DecisionResult::Allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws;

    #[test]
    fn every_row_names_actions_that_exist_and_where_that_is_said() {
        assert!(TABLE.len() > 4);
        for row in TABLE.iter() {
            assert!(row.source.starts_with("https://docs.aws.amazon.com/"), "{row:?}");
            let kms = row.kms.iter().map(|name| format!("kms:{name}"));
            for action in row.calls.iter().cloned().chain(kms) {
                // An event of S3 has names of its own; its permission is another.
                let is_event = action.starts_with("s3:") || action.ends_with("Batch");
                assert!(is_event || aws::action(&action).is_some(), "{action}");
            }
        }
    }
}
