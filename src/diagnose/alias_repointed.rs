//! Changes of which key an alias stands for. They touch no policy, and yet who names the alias gets
//! another key with another policy, and who may use keys by their alias may no longer (KMS developer
//! guide, "Controlling access to aliases" and "Using aliases to control access to KMS keys").

use super::comparison_set::ComparisonSet;
use crate::chain::Chains;
use crate::event::Event;
use crate::history::History;
use crate::history::change::{Change, Operation, Value};
use crate::history::subject::{Subject, resource_name};

/// The condition key that a change of an alias bears on for every caller.
pub(super) const CONDITION_KEY: &str = "kms:ResourceAliases";

/// The change that made the alias, by which a call of the failing chain names its key, stand for the
/// key that refuses.
pub(super) fn repointed<'h>(
    set: &ComparisonSet<'_, '_>,
    events: &[Event],
    chains: &Chains,
    history: &'h History,
) -> Option<&'h Change> {
    let key = resource_name(set.one().arn()?);
    let changes = earlier(set, history);
    let change = changes.rev().find(|change| {
        matches!(&change.operation, Operation::Set(Value::Text(to)) if to.as_ref() == key)
            && change.action != "kms:CreateAlias"
    })?;
    let Subject::Alias(alias) = &change.subject else { return None };
    let name = alias.rsplit_once(":alias/").map(|(_, name)| format!("alias/{name}\""))?;
    let mut at = set.one().denied;
    loop {
        let request = events.get(at).and_then(Event::request);
        if request.is_some_and(|request| request.contains(&name)) {
            return Some(change);
        }
        at = chains.link(at)?.parent;
    }
}

/// The last change that took an alias from the key that refuses, after it last worked.
pub(super) fn taken<'h>(set: &ComparisonSet<'_, '_>, history: &'h History) -> Option<&'h Change> {
    let key = resource_name(set.one().arn()?);
    let worked = set.last_success_before()?;
    let mut changes = earlier(set, history).rev().take_while(|change| change.time >= worked);
    changes.find(|change| {
        history.around(change).is_some_and(|(before, after)| {
            let stands = |state: Option<&Value>| state.and_then(Value::as_text) == Some(&*key);
            stands(before.value()) && !stands(after.value())
        })
    })
}

fn earlier<'h>(
    set: &ComparisonSet<'_, '_>,
    history: &'h History,
) -> impl DoubleEndedIterator<Item = &'h Change> {
    let until = set.first.plus_seconds(2);
    history.changes_of_aliases().filter(move |change| change.time <= until)
}
