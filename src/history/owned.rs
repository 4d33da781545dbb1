//! Changes by what they belong to, so that a question about one role or key looks at its changes alone
//! and not at those of everything else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;

use super::change::Change;
use super::subject::{Entity, Subject, resource_name};
use crate::event::arn::{self, Arn};

/// Positions among the changes, by owner, kind and event.
#[derive(Debug, Clone, Default)]
pub(super) struct Owned {
    /// The changes of each owner, in order of time.
    changes: Vec<Vec<u32>>,
    by_owner: BTreeMap<String, u32>,
    /// Owners by the marks of everything that may name them.
    by_name: HashMap<u64, Vec<u32>, FixedState>,
    /// Changes of policies of organizations and of where these hang.
    of_organizations: Vec<u32>,
    aliases: Vec<u32>,
    /// The first change of each event.
    by_event: HashMap<Box<str>, u32, FixedState>,
}

impl Owned {
    /// Of changes in order of time, each with its owner.
    pub(super) fn of<'c>(all: impl Iterator<Item = (&'c Change, Option<String>)>) -> Owned {
        let mut owned = Owned::default();
        for (at, (change, owner)) in (0..).zip(all) {
            owned.by_event.entry(change.event_id.as_ref().into()).or_insert(at);
            match &change.subject {
                Subject::OrganizationPolicy(_) | Subject::OrganizationAttachment { .. } => {
                    owned.of_organizations.push(at);
                }
                Subject::Alias(_) => owned.aliases.push(at),
                _ => {}
            }
            let Some(owner) = owner else { continue };
            let place = owned.place(owner);
            if let Some(changes) = owned.changes.get_mut(place as usize) {
                changes.push(at);
            }
        }
        owned
    }

    fn place(&mut self, owner: String) -> u32 {
        if let Some(place) = self.by_owner.get(&owner) {
            return *place;
        }
        let place = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        for name in marks(&owner) {
            self.by_name.entry(name).or_default().push(place);
        }
        self.changes.push(Vec::new());
        self.by_owner.insert(owner, place);
        place
    }

    /// Positions of the changes of what is called exactly so.
    pub(super) fn by_owner(&self, owner: &str) -> &[u32] {
        let place = self.by_owner.get(owner);
        place.and_then(|at| self.changes.get(*at as usize)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Positions within a range, in order, of every change of what one of these texts may name, by ARN, id or name,
    /// and of some others.
    pub(super) fn by_names<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
        within: Range<u32>,
    ) -> Vec<u32> {
        let named = names.flat_map(marks).filter_map(|mark| self.by_name.get(&mark)).flatten();
        let places: BTreeSet<u32> = named.copied().collect();
        let lists = places.iter().filter_map(|place| self.changes.get(*place as usize));
        let mut found: Vec<u32> = lists.flat_map(|list| part(list, &within)).copied().collect();
        if places.len() > 1 {
            found.sort_unstable();
        }
        found
    }

    pub(super) fn of_organizations(&self, within: Range<u32>) -> &[u32] {
        part(&self.of_organizations, &within)
    }

    pub(super) fn aliases(&self) -> &[u32] {
        &self.aliases
    }

    pub(super) fn by_event(&self, event_id: &str) -> Option<u32> {
        self.by_event.get(event_id).copied()
    }
}

/// The part of a list in order that lies within a range.
fn part<'l>(list: &'l [u32], within: &Range<u32>) -> &'l [u32] {
    let first = list.partition_point(|at| *at < within.start);
    let after = list.partition_point(|at| *at < within.end);
    list.get(first..after).unwrap_or_default()
}

/// Marks of every text by which something may be named; two names of one thing share one
/// (`arn::same_resource`, `resource_name`, `Entity`).
fn marks(text: &str) -> BTreeSet<u64> {
    let mark = |name: &str| FixedState::default().hash_one(name);
    let mut marks = BTreeSet::from([mark(text), mark(&resource_name(text))]);
    if let Some(entity) = Entity::from_arn(text) {
        marks.insert(mark(&format!("{} {} {}", entity.account, entity.kind.as_str(), entity.name)));
    }
    let queue = arn::queue_arn(text);
    let Some(parsed) = Arn::parse(queue.as_deref().unwrap_or(text)) else { return marks };
    for name in parsed.names() {
        marks.insert(mark(name));
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_of_one_thing_share_a_mark() {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let function = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
        let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders";
        let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-AbCdEf";
        for (one, other) in [
            (key, "1234abcd-12ab-34cd-56ef-1234567890ab"),
            (key, "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            (function, "orders"),
            (function, "arn:aws:lambda:eu-west-1:111122223333:function:orders:7"),
            (queue, "arn:aws:sqs:eu-west-1:111122223333:orders"),
            (queue, "orders"),
            (secret, "db/main"),
            (secret, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main"),
            ("arn:aws:ssm:eu-west-1:111122223333:parameter/a/b", "/a/b"),
            ("arn:aws:s3:::shop/a/b", "arn:aws:s3:::shop"),
            (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/a/index/b",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/a",
            ),
            ("arn:aws:logs:eu-west-1:111122223333:log-group:/a:*", "/a"),
            (
                "arn:aws:iam::111122223333:role/path/app",
                "arn:aws:sts::111122223333:assumed-role/app/one",
            ),
        ] {
            let related = arn::same_resource(one, other)
                || resource_name(one) == resource_name(other)
                || Entity::from_arn(one).is_some_and(|e| Entity::from_arn(other) == Some(e));
            assert!(related, "{one} {other}");
            assert!(!marks(one).is_disjoint(&marks(other)), "{one} {other}");
        }
        assert!(marks(key).is_disjoint(&marks(function)));
    }
}
