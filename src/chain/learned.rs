//! What decided links teach about the rest: which key belongs to what, how many children a root
//! has, and how soon they come.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::call::Child;
use super::id_hash::{IdHash, IdHasher};
use super::kms::{alias_in, kms_key, place};
use super::names::{ActionId, Names};

type Map<K, V> = HashMap<K, V, RandomState>;

/// Which keys were used with what.
#[derive(Debug, Default, Clone)]
pub(super) struct Keys {
    /// Context value -> KMS keys seen with it.
    used_with: Used,
    /// Alias, with account and Region of the caller -> keys it led to.
    behind: Used,
    texts: Map<IdHash, String>,
    /// Stretches of an export that were looked at.
    stretches: u32,
}

/// Keys that were used with something, and in which stretch last.
type Used = Map<IdHash, (Vec<IdHash>, u32)>;

/// So many values are remembered from stretch to stretch; of more those that were met last.
const MOST_VALUES: usize = 1 << 17;

impl Keys {
    /// The same with what the children in another stretch tell.
    pub(super) fn and(mut self, children: &[Child<'_>], hasher: &IdHasher) -> Keys {
        self.stretches += 1;
        let keys = &mut self;
        let now = keys.stretches;
        for child in children.iter().filter(|c| c.key.is_some()) {
            let Some(key) = child.key else { continue };
            keys.texts
                .entry(key.arn)
                .or_insert_with(|| kms_key(child.event).unwrap_or_default().to_owned());
            if child.alias.is_some()
                && let Some(alias) =
                    child.event.request_value("keyId").as_deref().and_then(alias_in)
            {
                let alias = hasher.of_pair(&place(child.event), alias);
                add(keys.behind.entry(alias).or_default(), key.arn, now);
            }
            for token in child.tokens.iter().take(child.in_context) {
                add(keys.used_with.entry(token.hash).or_default(), key.arn, now);
            }
        }
        self
    }

    /// Forgets what was not met for long, where there is too much of it.
    pub(super) fn forget(&mut self) {
        for used in [&mut self.used_with, &mut self.behind] {
            if used.len() <= MOST_VALUES {
                continue;
            }
            let mut last: Vec<u32> = used.values().map(|(_, last)| *last).collect();
            let (_, middle, _) = last.select_nth_unstable(used.len() / 2);
            let middle = *middle;
            used.retain(|_, (_, last)| *last > middle);
        }
    }

    pub(super) fn used_with(&self, value: IdHash) -> &[IdHash] {
        few(self.used_with.get(&value))
    }

    pub(super) fn behind(&self, alias: IdHash) -> &[IdHash] {
        few(self.behind.get(&alias))
    }

    /// The ARN of a key.
    pub(super) fn arn(&self, key: IdHash) -> Option<&str> {
        self.texts.get(&key).map(String::as_str)
    }
}

/// Values used with very many keys tell nothing, and remembering them all would be quadratic.
const MOST_KEYS: usize = 8;

fn add((keys, last): &mut (Vec<IdHash>, u32), key: IdHash, now: u32) {
    *last = now;
    if keys.len() <= MOST_KEYS && !keys.contains(&key) {
        keys.push(key);
    }
}

fn few(keys: Option<&(Vec<IdHash>, u32)>) -> &[IdHash] {
    keys.map(|(keys, _)| keys.as_slice()).filter(|keys| keys.len() <= MOST_KEYS).unwrap_or_default()
}

/// What regularly follows what.
#[derive(Debug, Default, Clone)]
pub(super) struct Habits {
    /// (root action, child action) -> most children of that action under one root, and how many
    /// roots had any.
    fan_out: Map<(ActionId, ActionId), (usize, usize)>,
    /// (root action, child action) -> usual seconds between them.
    lags: Map<(ActionId, ActionId), i64>,
    /// Root action -> roots that have any decided child.
    parents: Map<ActionId, usize>,
}

/// Children of an action that a parent has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// The parent, where it did not count before.
    pub parent: Option<usize>,
    /// The action of the parent.
    pub root: ActionId,
    /// The action of the children.
    pub child: ActionId,
    /// How many of them.
    pub count: usize,
}

/// The same by the names of the actions, from one stretch of an export to the next.
#[derive(Debug, Default, Clone)]
pub(super) struct Remembered {
    fan_out: Map<(Box<str>, Box<str>), (usize, usize)>,
    lags: Map<(Box<str>, Box<str>), i64>,
    parents: Map<Box<str>, usize>,
}

impl Habits {
    /// What was learned before, of the actions that there are.
    pub(super) fn of(remembered: &Remembered, names: &Names<'_>) -> Habits {
        let ids: Map<&str, ActionId> = names.actions().collect();
        let both =
            |(root, child): &(Box<str>, Box<str>)| Some((*ids.get(&**root)?, *ids.get(&**child)?));
        let fan_out = remembered.fan_out.iter().filter_map(|(of, seen)| Some((both(of)?, *seen)));
        let lags = remembered.lags.iter().filter_map(|(of, lag)| Some((both(of)?, *lag)));
        let parents = remembered.parents.iter();
        let parents = parents.filter_map(|(of, count)| Some((*ids.get(&**of)?, *count)));
        Habits { fan_out: fan_out.collect(), lags: lags.collect(), parents: parents.collect() }
    }

    /// What is known by now, of these actions and of those of earlier stretches.
    pub(super) fn remember(&self, earlier: Remembered, names: &Names<'_>) -> Remembered {
        let text = |id: ActionId| Box::from(names.action_text(id));
        let both = |(root, child): &(ActionId, ActionId)| (text(*root), text(*child));
        let mut all = earlier;
        all.fan_out.extend(self.fan_out.iter().map(|(of, seen)| (both(of), *seen)));
        all.lags.extend(self.lags.iter().map(|(of, lag)| (both(of), *lag)));
        all.parents.extend(self.parents.iter().map(|(of, count)| (text(*of), *count)));
        all
    }

    /// Learns from how many children of each action each parent has.
    pub(super) fn learn_fan_out(&mut self, taken: impl Iterator<Item = Taken>) {
        let mut parents: BTreeMap<usize, ActionId> = BTreeMap::new();
        for Taken { parent, root, child, count } in taken {
            let seen = self.fan_out.entry((root, child)).or_default();
            seen.0 = seen.0.max(count);
            seen.1 += 1;
            parents.extend(parent.map(|parent| (parent, root)));
        }
        for root in parents.into_values() {
            *self.parents.entry(root).or_default() += 1;
        }
    }

    /// Learns how long after such a root such a call usually comes.
    pub(super) fn learn_lags(&mut self, seen: impl Iterator<Item = (ActionId, ActionId, i64)>) {
        let mut lags: Map<(ActionId, ActionId), Vec<i64>> = Map::default();
        for (root, child, lag) in seen {
            lags.entry((root, child)).or_default().push(lag);
        }
        for (key, mut seen) in lags {
            seen.sort_unstable();
            if let Some(median) = seen.get(seen.len() / 2).filter(|_| seen.len() >= 4) {
                self.lags.insert(key, *median);
            }
        }
    }

    /// Takes over how long it usually takes.
    pub(super) fn take_lags(&mut self, other: Habits) {
        self.lags = other.lags;
    }

    /// What regularly follows such a root counts for a pair; what never does, against it.
    pub(super) fn adjust(&self, root: ActionId, child: ActionId, lag: i64, decisive: bool) -> f64 {
        let mut score = 0.0;
        if let Some(usual) = self.lags.get(&(root, child))
            && !decisive
            && lag > usual * 4 + 20
        {
            score -= 6.0;
        }
        let parents = self.parents.get(&root).copied().unwrap_or(0);
        let seen = self.fan_out.get(&(root, child)).map_or(0, |s| s.1);
        if seen >= 2 && seen * 4 >= parents {
            score += 1.5;
        } else if seen == 0 && parents >= 5 {
            score -= 1.5;
        }
        score
    }

    /// How many children of an action such a root may take.
    pub(super) fn room(&self, root: ActionId, child: ActionId) -> usize {
        self.fan_out.get(&(root, child)).map_or(1, |seen| seen.0.max(1))
    }
}
